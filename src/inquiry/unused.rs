//! Asks a lake what users and roles did with what they may do.
//!
//! Every event is looked at once with few columns; those of which only the whole record tells the requests or the statements
//! are read again, see [`crate::unused`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Window;
use super::replay::{ReplayOptions, each, issuances, replay};
use crate::catalog::catalog;
use crate::catalog::event::{Mapping, Presence};
use crate::lake::{Column, Session};
use crate::query::{Filter, QueryError, measure};
use crate::replay::{Fields, Issuances, Proposed};
use crate::snapshot::Snapshot;
use crate::unused::suggest::{self, Suggestion};
use crate::unused::{
    Assumptions, Census, Detail, FIELDS_OF_ORIGINAL, Material, OriginUse, Originals, Plan, SubjectError,
    Subjects, Trusts, Unused, Wanted, WantedEvents, finish, original,
};

/// What is looked for.
#[derive(Debug, Clone)]
pub struct UnusedOptions {
    /// The window of events.
    pub window: Window,
    /// Whose.
    pub wanted: Wanted,
    /// The policies of today.
    pub snapshot: Arc<Snapshot>,
    /// Whether the origins behind the sessions of roles are told: that takes a look at all issuances of the lake.
    pub origins: bool,
    /// How policies are suggested; None for no suggestions.
    pub suggest: Option<suggest::Options>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum UnusedError {
    /// Nobody is named so.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The lake cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// What users and roles may do and never did, and what else is unused.
///
/// # Errors
///
/// [`UnusedError`] where nobody is named as asked for, or the lake cannot be read.
pub async fn unused(ctx: &Session, options: UnusedOptions) -> Result<Unused, UnusedError> {
    let UnusedOptions { window, wanted, snapshot, origins, suggest } = options;
    let subjects = Arc::new(Subjects::of(&snapshot, &wanted)?);
    let issued = Arc::new(Issuances::default());
    let plan = Plan::new(Arc::clone(&snapshot), Arc::clone(&subjects), issued, suggest.is_some());
    let plan = Arc::new(Plan { originals: Arc::new(originals(ctx, window).await?), ..plan });
    let trusts = Arc::new(Trusts::of(&snapshot, &subjects));
    let First { census, detail: mut seen, assumptions } = first(ctx, window, &plan, &trusts).await?;
    let events = Arc::new(census.wanted(&plan));
    // Tags of sessions may decide conditions; the records that tell them are read only where something depends on them.
    let plan = if events.is_empty() || !plan.asks_for_session_tags() {
        plan
    } else {
        let issued = Arc::new(issuances(ctx, window).await?);
        Arc::new(Plan { issuances: issued, ..(*plan).clone() })
    };
    seen.merge(second(ctx, window, &plan, &events).await?);
    let behind = if origins { behind(ctx, window).await? } else { BTreeMap::new() };
    let material =
        Material { census, detail: seen, assumptions, origins: behind, from: window.from, to: window.to };
    let (mut answer, needed) = finish(&plan, material);
    if !origins {
        let words = "Who is behind the sessions of roles was not looked for (--origins).";
        answer.limits.push(words.to_owned());
    }
    if let Some(how) = suggest {
        let principals = answer.principals.iter().enumerate();
        let of = principals.filter(|(_, own)| own.apart != Some(crate::unused::Apart::ServiceLinked));
        let mut suggestions: Vec<Suggestion> =
            of.map(|(place, own)| suggest::suggest(&plan, own, &needed, place, how)).collect();
        prove(ctx, window, &snapshot, &mut suggestions).await?;
        answer.suggestions = suggestions;
    }
    Ok(answer)
}

/// The requests that two accounts' logs have, of which the caller's own is here.
async fn originals(ctx: &Session, window: Window) -> Result<Originals, QueryError> {
    let filter = Filter::All(vec![window.filter(), Filter::Some(Column::SharedEventId)]);
    let fields = Fields::of(FIELDS_OF_ORIGINAL);
    let parts = each(ctx, &filter, fields, Originals::default, |found, record| {
        found.extend(original(record));
        Ok(())
    })
    .await?;
    Ok(parts.into_iter().flatten().collect())
}

/// The first look, as far as it has come.
struct First {
    census: Census,
    detail: Detail,
    assumptions: Assumptions,
}

/// The first look.
async fn first(
    ctx: &Session,
    window: Window,
    plan: &Arc<Plan>,
    trusts: &Arc<Trusts>,
) -> Result<First, QueryError> {
    let start = || First {
        census: Census::new(Arc::clone(plan)),
        detail: Detail::new(Arc::clone(plan), Arc::default()),
        assumptions: Assumptions::new(Arc::clone(trusts)),
    };
    let fields = Census::fields(plan).and(Assumptions::fields());
    let parts = each(ctx, &window.filter(), fields, start, |first, record| {
        if let Some(key) = first.census.take(record) {
            first.detail.take_light(record, key);
        }
        first.assumptions.take(record);
        Ok(())
    })
    .await?;
    let mut first = start();
    for part in parts {
        first.census.merge(part.census);
        first.detail.merge(part.detail);
        first.assumptions.merge(part.assumptions);
    }
    Ok(first)
}

/// The second look.
async fn second(
    ctx: &Session,
    window: Window,
    plan: &Arc<Plan>,
    wanted: &Arc<WantedEvents>,
) -> Result<Detail, QueryError> {
    let start = || Detail::new(Arc::clone(plan), Arc::clone(wanted));
    let mut detail = start();
    if wanted.is_empty() {
        return Ok(detail);
    }
    let named = Filter::In(Column::EventName, wanted.event_names.clone());
    let filter = Filter::All(vec![window.filter(), named]);
    let parts = each(ctx, &filter, wanted.fields, start, |detail, record| {
        detail.take(record);
        Ok(())
    })
    .await?;
    for part in parts {
        detail.merge(part);
    }
    Ok(detail)
}

/// Who is behind the sessions of roles, by the role's ARN.
async fn behind(ctx: &Session, window: Window) -> Result<BTreeMap<String, Vec<OriginUse>>, QueryError> {
    let mut found: BTreeMap<String, BTreeMap<(String, String), OriginUse>> = BTreeMap::new();
    for row in measure::origins_of_roles(ctx, window.bounds()).await? {
        let key = (row.kind.clone(), row.origin.clone());
        let own = found.entry(row.role).or_default().entry(key).or_insert_with(|| OriginUse {
            kind: row.kind,
            origin: row.origin,
            calls: 0,
            actions: Vec::new(),
            certain: true,
        });
        own.calls += row.calls;
        own.certain &= row.certain;
        if let Mapping::Actions(actions, _) = catalog().actions_of_event(&row.event_source, &row.event_name) {
            let certain = actions.iter().filter(|mapped| mapped.presence == Presence::Certain);
            own.actions.extend(certain.map(|mapped| mapped.action.full_name()));
        }
    }
    let listed = |origins: BTreeMap<(String, String), OriginUse>| {
        let mut origins: Vec<OriginUse> = origins.into_values().collect();
        for origin in &mut origins {
            origin.actions.sort();
            origin.actions.dedup();
        }
        origins.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.origin.cmp(&b.origin)));
        origins
    };
    Ok(found.into_iter().map(|(role, origins)| (role, listed(origins))).collect())
}

/// Replays the window with the suggested policies in the place of today's.
async fn prove(
    ctx: &Session,
    window: Window,
    snapshot: &Arc<Snapshot>,
    suggestions: &mut [Suggestion],
) -> Result<(), QueryError> {
    let proposed = Arc::new(suggest::propose(snapshot, suggestions));
    let said = Proposed { path: "suggested policies".to_owned(), changes: Vec::new() };
    // Only the callers' own accounts record all of their calls.
    let options = ReplayOptions {
        window,
        filters: Vec::new(),
        action: None,
        snapshot: Arc::clone(snapshot),
        proposed: Some((proposed, said)),
        save: None,
    };
    let answer = replay(ctx, options).await?;
    suggest::prove(suggestions, &answer);
    Ok(())
}
