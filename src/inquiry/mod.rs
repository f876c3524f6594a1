//! Puts a question about one subject to a lake: who is meant, which rows are theirs, what else proves something, and
//! what the lake could show at all.
//!
//! The thinking is [`crate::investigate`]'s, which knows no engine; the reading is [`crate::query`]'s. This module joins
//! them.

mod behind;
mod cover;
mod explain;
mod follow;
mod portion;
mod replay;
mod resolve;
mod sessions;
mod share;
mod survey;
mod trace;
mod unused;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::investigate::{ASSUMING, FollowUp, Investigation, Investigator, Limits, Relation, SubjectInfo};
use crate::lake::{Column, Session};
use crate::query::{self, Filter};
use follow::Following;

pub use cover::{cover, gaps};
pub use explain::{ExplainOptions, explain};
pub use replay::{ReplayOptions, VERDICT_COLUMNS, replay};
pub use resolve::{Candidate, ResolveError, Resolved, resolve};
pub use sessions::{SessionsOptions, sessions};
pub use share::Shares;
pub use survey::{AccountSurvey, RegionSurvey, Survey, survey};
pub use trace::{TraceOptions, trace};
pub use unused::{EVENTS_AT_ONCE, UnusedError, UnusedOptions, unused};

/// The tree below a subject is followed so many steps.
const FOLLOW_DEPTH_MAX: usize = 64;

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

    /// Both ends.
    fn ends(self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.from, self.to)
    }

    fn bounds(self) -> query::measure::Bounds {
        query::measure::Bounds { from: self.from, to: self.to }
    }

    /// The window as a condition.
    fn filter(self) -> Filter {
        self.bounds().filter()
    }
}

/// What is investigated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InvestigateOptions {
    /// The window of the subject's rows.
    pub window: Window,
    /// Whether the rows of all that the subject led to count as well.
    pub follow: bool,
    /// How much is kept.
    pub limits: Limits,
}

/// Investigates a resolved subject: its own rows in the window and, if asked for, those of the tree below it; then the
/// rows of others that prove something about them; and who is behind it.
///
/// # Errors
///
/// [`ResolveError::NotFollowed`] when a tree is asked for below somebody without credentials; [`ResolveError::Ambiguous`]
/// where users bore the name one after another; [`ResolveError::Query`] when the lake cannot be read.
pub async fn investigate(
    ctx: &Session,
    subject: &Resolved,
    options: InvestigateOptions,
) -> Result<Investigation, ResolveError> {
    let InvestigateOptions { window, follow, limits } = options;
    if follow && !behind::has_credentials(subject) {
        return Err(ResolveError::NotFollowed { asked: subject.asked.clone() });
    }
    let info = SubjectInfo { kind: subject.kind, id: subject.id.clone(), asked: subject.asked.clone() };
    let mut investigator = Investigator::new(info, limits);
    let up = TraceOptions { depth: 0, down: false, window };
    let (above, mut following) = (behind::traced(ctx, subject, up).await?, Following::default());
    if let Some(above) = &above {
        investigator.note_behind(behind::behind(above));
        if let Some(assumed) = &above.trace.subject.assumed_root {
            investigator.note_assumed_root(assumed.clone());
        }
    }
    if follow {
        // What was done in the window may come of what the subject did before it.
        let down = TraceOptions { depth: FOLLOW_DEPTH_MAX, down: true, window: Window::default() };
        if let Some(below) = &behind::traced(ctx, subject, down).await? {
            following = Following::of(below, window);
        }
        investigator.follow(following.follow.clone());
    }
    let all_own = Box::pin(trace::own_rows(ctx, subject)).await?;
    let own = Filter::All(vec![all_own.clone(), window.filter()]);
    let not_own = || Filter::Not(Box::new(own.clone()));
    let mut acted = false;
    query::each(ctx, &own, |row| {
        acted = true;
        investigator.push(row, Relation::Own);
    })
    .await?;
    if !acted && window != Window::default() {
        // Who is known is not said to be nobody.
        query::each_named(ctx, &all_own, &BTreeSet::new(), |row| investigator.note_outside_window(row))
            .await?;
    }
    if let Some(followed) = following.filter() {
        query::each(ctx, &Filter::All(vec![followed, not_own()]), |row| {
            if let Some(line) = following.line_of(row) {
                investigator.push(row, Relation::Followed(line));
            }
        })
        .await?;
    }
    let follow_up = investigator.follow_up();
    if let Some(related) = related(&follow_up) {
        // What became of things later than the window is still worth knowing; so it has no end here.
        let filter = Filter::All(vec![related, not_own()]);
        query::each_named(ctx, &filter, &follow_up.read_names(), |row| {
            if following.line_of(row).is_none() {
                investigator.push(row, Relation::Related);
            }
        })
        .await?;
    }
    let coverage = cover(ctx).await?;
    Ok(investigator.finish(coverage))
}

/// Makes sure that some record names whoever is asked about, be it only as what somebody made.
///
/// # Errors
///
/// [`ResolveError::Unknown`] as [`trace()`] gives it; [`ResolveError::Query`] when the lake cannot be read.
pub async fn known(ctx: &Session, who: &str) -> Result<(), ResolveError> {
    let up = TraceOptions { depth: 0, down: false, window: Window::default() };
    match Box::pin(trace(ctx, who, up)).await {
        Err(error @ (ResolveError::Unknown { .. } | ResolveError::Query(_))) => Err(error),
        _ => Ok(()),
    }
}

/// The rows of others that an investigation asks for; None where it asks for none.
fn related(follow: &FollowUp) -> Option<Filter> {
    let one_of =
        |column, values: &BTreeSet<String>| (!values.is_empty()).then(|| Filter::In(column, values.clone()));
    let forwarded = one_of(Column::IdentityArn, &follow.forwarded_arns)
        .map(|arns| Filter::All(vec![arns, Filter::Some(Column::InvokedBy)]));
    // Keys and sessions are used across accounts; names of operations mean the subject's things only in its own.
    let assuming = (!follow.role_names.is_empty()).then(|| {
        let role = Column::AssumedRoleArn;
        let told = Filter::Begins(role, "arn:".to_owned());
        let named = Filter::RoleName(role, follow.role_names.clone());
        let assumed = Filter::Any(vec![named, Filter::Not(Box::new(told))]);
        Filter::All(vec![Filter::In(Column::EventName, ASSUMING.map(str::to_owned).into()), assumed])
    });
    let names = one_of(Column::EventName, &follow.event_names);
    let named: Vec<Filter> = names.into_iter().chain(assuming).collect();
    let named = (!named.is_empty()).then(|| {
        let accounts = one_of(Column::Account, &follow.accounts);
        Filter::All(accounts.into_iter().chain([Filter::Any(named)]).collect())
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
    either.extend(one_of(Column::IssuedAccessKeyId, &follow.origin_access_keys));
    (!either.is_empty()).then_some(Filter::Any(either))
}
