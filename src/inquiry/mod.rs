//! Puts a question about one subject to a lake: who is meant, which rows are theirs, what else proves something, and
//! what the lake could show at all.
//!
//! The thinking is [`crate::investigate`]'s, which knows no engine; the reading is [`crate::query`]'s. This module joins
//! them.

mod cover;
mod resolve;
mod survey;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use crate::investigate::{FollowUp, Investigation, Investigator, Limits, Relation, SubjectInfo};
use crate::lake::{Column, Session};
use crate::query::{self, Filter, QueryError};

pub use cover::{cover, gaps};
pub use resolve::{Candidate, ResolveError, Resolved, resolve};
pub use survey::{AccountSurvey, RegionSurvey, Survey, survey};

/// A half-open window of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The first instant inside; None for no bound.
    pub from: Option<DateTime<Utc>>,
    /// The first instant behind; None for no bound.
    pub to: Option<DateTime<Utc>>,
}

impl Window {
    /// Whether a time is inside.
    #[must_use]
    pub fn holds(self, time: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }

    fn bounds(self) -> query::measure::Bounds {
        query::measure::Bounds { from: self.from, to: self.to }
    }

    /// The window as a condition.
    fn filter(self) -> Filter {
        let from = self.from.map(Filter::From);
        let to = self.to.map(Filter::Before);
        Filter::All(from.into_iter().chain(to).collect())
    }
}

/// Investigates a resolved subject: its own rows in the window, then the rows of others that prove something about them.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn investigate(
    ctx: &Session,
    subject: &Resolved,
    window: Window,
    limits: Limits,
) -> Result<Investigation, QueryError> {
    let info = SubjectInfo { kind: subject.kind, id: subject.id.clone(), asked: subject.asked.clone() };
    let mut investigator = Investigator::new(info, limits);
    let own = Filter::All(vec![subject.filter.clone(), window.filter()]);
    push(ctx, &own, Relation::Own, &mut investigator).await?;
    if let Some(related) = related(&investigator.follow_up()) {
        // What became of things later than the window is still worth knowing; so it has no end here.
        let others = Filter::All(vec![related, Filter::Not(Box::new(own))]);
        push(ctx, &others, Relation::Related, &mut investigator).await?;
    }
    let coverage = cover(ctx).await?;
    Ok(investigator.finish(coverage))
}

async fn push(
    ctx: &Session,
    filter: &Filter,
    relation: Relation,
    investigator: &mut Investigator,
) -> Result<(), QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let mut stream = query::select(ctx, filter).await?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        for row in query::rows(&batch)? {
            investigator.push(&row, relation);
        }
    }
    Ok(())
}

/// The rows of others that an investigation asks for; None where it asks for none.
fn related(follow: &FollowUp) -> Option<Filter> {
    let one_of =
        |column, values: &BTreeSet<String>| (!values.is_empty()).then(|| Filter::In(column, values.clone()));
    let forwarded = one_of(Column::IdentityArn, &follow.forwarded_arns)
        .map(|arns| Filter::All(vec![arns, Filter::Some(Column::InvokedBy)]));
    // Keys and sessions are used across accounts; names of operations mean the subject's things only in its own.
    let named = one_of(Column::EventName, &follow.event_names).map(|names| {
        let accounts = one_of(Column::Account, &follow.accounts);
        Filter::All(accounts.into_iter().chain([names]).collect())
    });
    let any: Vec<Filter> = [
        one_of(Column::AccessKeyId, &follow.access_keys),
        one_of(Column::IdentityArn, &follow.session_arns),
        forwarded,
        named,
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut either = Vec::new();
    if !any.is_empty() {
        let from = follow.from.map(|time| Filter::From(time.0));
        either.push(Filter::All(from.into_iter().chain([Filter::Any(any)]).collect()));
    }
    either.extend(one_of(Column::EventName, &follow.origin_event_names));
    (!either.is_empty()).then_some(Filter::Any(either))
}
