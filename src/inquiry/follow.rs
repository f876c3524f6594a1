//! What a subject led to: which rows are those of the tree below it, and whose each is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Window;
use super::trace::{Held, Traced, earlier, later, one_of};
use crate::investigate::{Deeds, Follow, Followed};
use crate::lake::Column;
use crate::lineage::{Caller, Class, KEY_LIFE_SECONDS, NodeKind, SLACK_SECONDS};
use crate::query::{EventRow, Filter};

/// So many callers of a tree are followed.
const CALLERS_MAX: usize = 20_000;

/// The tree below a subject, and who acted as each of its lines.
#[derive(Debug, Default)]
pub(super) struct Following {
    pub(super) follow: Follow,
    callers: BTreeMap<i64, Follower>,
    window: Window,
    /// Selects the rows of the callers and some others.
    any: Vec<Filter>,
}

/// A caller of the tree.
#[derive(Debug)]
struct Follower {
    line: usize,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Following {
    /// The tree of a trace that went down; rows outside of the window are not its.
    pub(super) fn of(traced: &Traced, window: Window) -> Following {
        let mut following = Following::below(&traced.held, &traced.own, window);
        following.follow.limits.splice(0..0, traced.limits.iter().cloned());
        following
    }

    /// The tree of these lines, without the subject's own callers.
    fn below(held: &[Held], own: &BTreeSet<i64>, window: Window) -> Following {
        let mut held: Vec<&Held> = held.iter().filter(|one| is_led_to(one, own)).collect();
        held.sort_by(|a, b| by_time(a).cmp(&by_time(b)));
        let mut following = Following { window, ..Following::default() };
        following.follow.below = held.iter().map(|one| line(one)).collect();
        let mut names: BTreeMap<Column, BTreeSet<String>> = BTreeMap::new();
        // What a user did with a key or password that is a line of its own belongs to that.
        let is_user = |kind| kind == NodeKind::User;
        for of_users in [false, true] {
            for (at, one) in held.iter().enumerate().filter(|(_, one)| is_user(one.kind) == of_users) {
                for caller in one.callers.iter().filter(|caller| !own.contains(&caller.id)) {
                    following.add(caller, at, one, &mut names);
                }
            }
        }
        following.any = names.into_iter().map(|(column, values)| one_of(column, values)).collect();
        following
    }

    fn add(
        &mut self,
        caller: &Caller,
        line: usize,
        held: &Held,
        names: &mut BTreeMap<Column, BTreeSet<String>>,
    ) {
        if caller.class != Class::Credential || self.callers.contains_key(&caller.id) {
            return;
        }
        if self.callers.len() >= CALLERS_MAX {
            let limit = format!("{CALLERS_MAX} callers of the tree were followed, not all");
            if !self.follow.limits.contains(&limit) {
                self.follow.limits.push(limit);
            }
            return;
        }
        let Some((column, name)) = named(caller) else { return };
        names.entry(column).or_default().insert(name);
        // Key ids are given out again: the id of a caller tells its key, ARN and session, and its time does the rest.
        let made = held.made.as_ref().map(|made| made.event_time.0);
        let begun = caller.created.or(made);
        let ends = caller.created.is_some() || caller.has_temporary_key();
        let follower = Follower {
            line,
            from: begun.map_or(DateTime::<Utc>::MIN_UTC, |begun| earlier(begun, SLACK_SECONDS)),
            to: match begun.filter(|_| ends) {
                Some(begun) => later(begun, KEY_LIFE_SECONDS + SLACK_SECONDS),
                None => held.until.unwrap_or(DateTime::<Utc>::MAX_UTC),
            },
        };
        self.callers.insert(caller.id, follower);
    }

    /// Selects every row of the tree, and some others that [`Following::line_of`] tells apart; None where there are none.
    pub(super) fn filter(&self) -> Option<Filter> {
        let from = self.callers.values().map(|caller| caller.from).min()?;
        Some(Filter::All(vec![Filter::From(from), self.window.filter(), Filter::Any(self.any.clone())]))
    }

    /// The line of the tree that made a call, if one did.
    pub(super) fn line_of(&self, row: &EventRow<'_>) -> Option<usize> {
        let caller = self.callers.get(&row.caller_id()?)?;
        let time = row.event_time;
        (self.window.holds(time) && time >= caller.from && time < caller.to).then_some(caller.line)
    }
}

/// Whether a line is more than the subject itself: a session of a role may lead to one of the same role.
fn is_led_to(held: &Held, own: &BTreeSet<i64>) -> bool {
    held.callers.is_empty() || held.callers.iter().any(|caller| !own.contains(&caller.id))
}

fn by_time(held: &Held) -> (bool, Option<DateTime<Utc>>, NodeKind, &str) {
    let made = held.made.as_ref().map(|made| made.event_time.0);
    (made.is_none(), made, held.kind, &held.id)
}

fn line(held: &Held) -> Followed {
    Followed {
        kind: held.kind,
        id: held.id.clone(),
        node: held.node.clone(),
        made: held.made.clone(),
        credentials: match held.kind {
            NodeKind::User | NodeKind::Workload | NodeKind::OtherWay => 0,
            _ => held.folded,
        },
        workload: held.workload.clone(),
        access_keys: BTreeSet::new(),
        deeds: Deeds::default(),
    }
}

/// The column that selects a caller's rows best. Sign-in records name a user and no key.
fn named(caller: &Caller) -> Option<(Column, String)> {
    let names = [
        (Column::AccessKeyId, &caller.access_key),
        (Column::IdentityArn, &caller.arn),
        (Column::PrincipalId, &caller.principal_id),
        (Column::UserName, &caller.user_name),
    ];
    names.into_iter().find_map(|(column, name)| Some((column, name.clone()?)))
}

#[cfg(test)]
mod tests;
