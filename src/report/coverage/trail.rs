//! Trails that were switched off or deleted: what only they would log is missing then.

use super::unseen::at;
use super::{Page, logging};
use crate::investigate::LoggingEvent;

/// So many trails are named.
const TRAILS_MAX: usize = 4;

/// Calls that end a trail or an event data store, what they do to it, and the call that lets it go on.
const ENDS: [(&str, &str, Option<&str>); 4] = [
    ("DeleteEventDataStore", "deleted", Some("RestoreEventDataStore")),
    ("DeleteTrail", "deleted", None),
    ("StopEventDataStoreIngestion", "stopped", Some("StartEventDataStoreIngestion")),
    ("StopLogging", "stopped", Some("StartLogging")),
];

/// The times in which trails were off, in words, as far as the changes in these logs tell; and how many more there are.
pub(super) fn switched_off(page: &Page<'_>) -> (Vec<String>, u64) {
    let changes = &page.survey.logging_changes;
    let mut off: Vec<Off<'_>> = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let Some((_, how, _)) = ENDS.iter().find(|(name, ..)| *name == change.evidence.event_name) else {
            continue;
        };
        let by_then = |on: &LoggingEvent| on.evidence.at <= change.evidence.at;
        if off.iter().any(|off| same(off.by, change) && off.how == *how && !off.until.is_some_and(by_then)) {
            continue;
        }
        let (before, after) = changes.split_at_checked(place).unwrap_or((changes, &[]));
        let lets_go_on = |later: &&LoggingEvent| again(change) == Some(&later.evidence.event_name);
        let until = after.iter().filter(lets_go_on).find(|later| same(change, later));
        let made =
            before.iter().rev().find(|made| made.evidence.event_name == "CreateTrail" && same(change, made));
        off.push(Off { by: change, how, until, made });
    }
    let shown = if page.options.all { off.len() } else { TRAILS_MAX };
    let more = off.len().saturating_sub(shown) as u64;
    (off.iter().take(shown).map(|off| words(off, page)).collect(), more)
}

/// A trail that is off.
struct Off<'a> {
    by: &'a LoggingEvent,
    how: &'static str,
    until: Option<&'a LoggingEvent>,
    made: Option<&'a LoggingEvent>,
}

fn words(off: &Off<'_>, page: &Page<'_>) -> String {
    let store = off.by.evidence.event_name.contains("EventDataStore");
    let kind = if store { "event data store" } else { "trail" };
    let target = logging::target(off.by.target.as_deref().unwrap_or_default(), page);
    let name =
        target.strip_prefix("trail/").or_else(|| target.strip_prefix("eventdatastore/")).unwrap_or(&target);
    let (how, since) = (off.how, at(off.by.evidence.at));
    let then = match off.until {
        Some(on) => format!("{how} {since}, on again {}", at(on.evidence.at)),
        None => match again(off.by) {
            Some(again) => format!("{how} {since}, no {again} after it here"),
            None => format!("{how} {since}"),
        },
    };
    let made = off.made.map_or(String::new(), |made| format!(", made {}", at(made.evidence.at)));
    format!("what only {kind} {name} would log: {then}{made}").replace("  ", " ")
}

/// The call that lets go on what this call ended.
fn again(change: &LoggingEvent) -> Option<&'static str> {
    ENDS.iter().find(|(name, ..)| *name == change.evidence.event_name).and_then(|(_, _, again)| *again)
}

/// Whether two calls are about the same trail. Some name it by ARN, some by name; a name is one of the caller's account.
fn same(left: &LoggingEvent, right: &LoggingEvent) -> bool {
    let (left_name, right_name) =
        (left.target.as_deref().unwrap_or_default(), right.target.as_deref().unwrap_or_default());
    if left_name.starts_with("arn:") && right_name.starts_with("arn:") {
        return left_name == right_name;
    }
    let last = |name: &'_ str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let accounts = account(left).zip(account(right));
    last(left_name) == last(right_name) && accounts.is_none_or(|(left, right)| left == right)
}

/// The account of the trail: that of its ARN, or the caller's.
fn account(change: &LoggingEvent) -> Option<&str> {
    let of = |arn: &'_ str| arn.starts_with("arn:");
    let target = change.target.as_deref().filter(|target| of(target));
    let arn = target.or_else(|| change.by.identity.as_deref().filter(|arn| of(arn)))?;
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}
