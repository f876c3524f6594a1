//! The tree below the subject: how much of it is counted, and who of it did what.

use super::words::{Page, listed, several};
use crate::aws::{Arn, Principal};
use crate::investigate::{Deeds, Follow, Followed, Investigation};
use crate::lineage::session_name::{self, Claim};
use crate::lineage::{NodeKind, is_instance_id};
use crate::report::{Column, Cut, Facts, Mark, Table, figure, section};

/// Rows below the subject at most.
const ROWS_MAX: usize = 15;

/// The line `follows`.
pub(super) fn fact(answer: &Investigation, facts: &mut Facts) {
    let Some(follow) = &answer.follow else { return };
    if follow.below.is_empty() {
        facts.line(
            Mark::None,
            "follows",
            "nothing: no credential, user or workload came of it in these logs",
        );
    } else {
        let mut words = format!("{} below it", several(follow.credentials(), "credential"));
        for (sign, kinds) in [(": ", kinds(follow, |one| one.credentials)), ("; ", others(follow))] {
            if !kinds.is_empty() {
                words.push_str(sign);
                words.push_str(&kinds.join(", "));
            }
        }
        facts.line(Mark::None, "follows", &words);
    }
    if !follow.limits.is_empty() {
        facts.line(Mark::Claim, "", &format!("not all of it: {}", follow.limits.join("; ")));
    }
}

/// What is no credential itself: users, workloads.
fn others(follow: &Follow) -> Vec<String> {
    kinds(follow, |one| u64::from(one.credentials == 0))
}

/// How many there are of each kind, most first.
fn kinds(follow: &Follow, count: impl Fn(&Followed) -> u64) -> Vec<String> {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for one in &follow.below {
        let kind = kind(one);
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += count(one),
            None => counts.push((kind, count(one))),
        }
    }
    counts.retain(|(_, count)| *count > 0);
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().map(|(kind, count)| several(*count, kind)).collect()
}

fn kind(one: &Followed) -> &str {
    match one.kind {
        NodeKind::AccessKey => "key",
        NodeKind::Console => "console session",
        NodeKind::Session | NodeKind::Role if is_role(one) => "role session",
        NodeKind::Session | NodeKind::Role => "session",
        NodeKind::User => "user",
        NodeKind::Password => "password",
        NodeKind::OtherWay => "other way in",
        NodeKind::Workload => workload_kind(one),
        _ => "credential",
    }
}

fn is_role(one: &Followed) -> bool {
    matches!(principal(one), Some(Principal::RoleSession { .. } | Principal::Role { .. }))
}

/// Whom its ARN names.
fn principal(one: &Followed) -> Option<Principal<'_>> {
    let arn = one.node.as_ref().and_then(|node| node.arn.as_deref()).unwrap_or(&one.id);
    Arn::parse(arn)?.principal()
}

fn workload_kind(one: &Followed) -> &str {
    const KINDS: [&str; 5] = ["instance", "function", "task", "build", "automation"];
    let name = one.node.as_ref().and_then(|node| node.name.as_deref()).unwrap_or_default();
    let kind = name.split(' ').next().unwrap_or_default();
    match KINDS.iter().find(|known| **known == kind) {
        Some(kind) => kind,
        None if is_instance_id(&one.id) => "instance",
        None => "workload",
    }
}

/// The subject itself and each line of the tree that did something, in order of time.
pub(super) fn table(answer: &Investigation, page: &Page) -> String {
    let Some(follow) = answer.follow.as_ref().filter(|follow| !follow.below.is_empty()) else {
        return String::new();
    };
    let mut table = Table::new([
        Column::left("").cut(Cut::Middle),
        Column::right("calls"),
        Column::right("write"),
        Column::right("denied"),
        Column::left("first"),
        Column::left("last"),
    ])
    .title("Who did it");
    push(&mut table, "itself", &follow.subject, page);
    let mut acted: Vec<&Followed> = follow.below.iter().filter(|one| one.deeds.counts.calls > 0).collect();
    acted.sort_by_key(|one| one.deeds.first);
    for one in acted.iter().take(ROWS_MAX) {
        push(&mut table, &name(one, page), &one.deeds, page);
    }
    let mut rest = Vec::new();
    if acted.len() > ROWS_MAX {
        let calls: u64 = acted.iter().skip(ROWS_MAX).map(|one| one.deeds.counts.calls).sum();
        let more = figure::grouped((acted.len() - ROWS_MAX) as u64);
        rest.push(format!("{more} more: {}", several(calls, "call")));
    }
    let idle = kinds(follow, |one| if one.deeds.counts.calls == 0 { one.credentials } else { 0 });
    if !idle.is_empty() {
        rest.push(format!("no call of {}", listed(&idle, 4, " kinds")));
    }
    let mut out = table.render(page.style);
    if !rest.is_empty() {
        out.push_str(&section::heading(&format!("  {}", rest.join("; ")), "all: --format json", page.style));
    }
    out
}

fn push(table: &mut Table, name: &str, deeds: &Deeds, page: &Page) {
    let mark = if deeds.counts.denied > 0 { Mark::Refused } else { Mark::None };
    let count = |value| figure::count(value, page.style);
    let stamp = |time| page.stamp_of(time);
    let counts = deeds.counts;
    table.row(
        mark,
        [
            name.to_owned(),
            count(counts.calls),
            count(counts.writes),
            count(counts.denied),
            stamp(deeds.first),
            stamp(deeds.last),
        ],
    );
}

fn name(one: &Followed, page: &Page) -> String {
    let own = one.node.as_ref().and_then(|node| node.name.as_deref()).unwrap_or(&one.id);
    match (one.kind, principal(one)) {
        (NodeKind::AccessKey, _) => format!("key {}", one.id),
        (NodeKind::Console, _) => format!("console session of {own}"),
        (NodeKind::Password, _) => format!("sign-in of {own}"),
        (NodeKind::Workload, _) => own.to_owned(),
        (NodeKind::User, _) => format!("user {own}, with other keys"),
        (_, Some(Principal::RoleSession { role, session })) => {
            let role = page.name(role);
            match &one.workload {
                Some(workload) => workload.clone(),
                None if one.credentials > 1 => {
                    format!("role {role}, {}", several(one.credentials, "session"))
                }
                // A name that a tool made tells nobody apart.
                None if matches!(session_name::claim(session), Claim::Tool(_)) => format!("role {role}"),
                None => format!("role {role} as {session}"),
            }
        }
        (_, Some(Principal::FederatedUser { name })) => format!("federated user {name}"),
        _ => format!("{} {own}", kind(one)),
    }
}

#[cfg(test)]
mod tests;
