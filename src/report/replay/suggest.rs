//! A change of a proposal that would break far less: the caller that breaks most, exempted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Page;
use super::words::{statement_words, whole};
use crate::aws::{Arn, Principal};
use crate::replay::answer::{Change, ChangeGroup, Decided, How, LayerKind, Proposal};
use crate::report::{Mark, figure, section};

/// Statements named at most.
const STATEMENTS_MAX: usize = 3;

/// What exempting one caller would leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exemption<'a> {
    /// The caller's ARN, or name.
    pub(super) principal: &'a str,
    /// Events of the caller that break.
    pub(super) own: u64,
    /// Events that break.
    pub(super) broken: u64,
    /// The statements to exempt it from, in order; empty where something else than a `Deny` of an SCP, an RCP or a
    /// resource's policy breaks some of them.
    pub(super) statements: Vec<&'a Decided>,
    /// Whether such a statement reads `aws:PrincipalArn` already.
    pub(super) reads_principal: bool,
}

/// The caller that breaks most, if exempting it leaves at most a quarter of what breaks. Of equals the first by name.
pub(super) fn exemption(proposal: &Proposal) -> Option<Exemption<'_>> {
    let broken = || proposal.groups.iter().filter(|group| group.change == Change::Broken);
    let total: u64 = broken().map(|group| group.seen.events).sum();
    let mut callers: BTreeMap<&str, u64> = BTreeMap::new();
    for group in broken() {
        if let Some(principal) = group.principal.as_deref() {
            *callers.entry(principal).or_default() += group.seen.events;
        }
    }
    let (principal, own) = callers.into_iter().rev().max_by_key(|(_, events)| *events)?;
    if total - own > total / 4 {
        return None;
    }
    let groups = || broken().filter(|group| group.principal.as_deref() == Some(principal));
    let can = can_be_exempted(principal) && groups().all(is_ceiling_deny);
    let statements: BTreeSet<&Decided> =
        if can { groups().flat_map(|group| &group.decided).collect() } else { BTreeSet::new() };
    let reads =
        |group: &ChangeGroup| group.keys.iter().any(|key| key.eq_ignore_ascii_case("aws:principalarn"));
    Some(Exemption {
        principal,
        own,
        broken: total,
        statements: statements.into_iter().collect(),
        reads_principal: groups().any(reads),
    })
}

/// Whether `aws:PrincipalArn` is this ARN for every request of the caller, and it means itself alone as a pattern
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn>).
fn can_be_exempted(principal: &str) -> bool {
    let parsed = Arn::parse(principal).filter(|arn| arn.account_id().is_some()).and_then(Arn::principal);
    matches!(parsed, Some(Principal::User { .. } | Principal::Role { .. })) && section::pastable(principal)
}

/// Whether a `Deny` that a condition could narrow, and that is not the caller's own policy, breaks these events.
fn is_ceiling_deny(group: &ChangeGroup) -> bool {
    let deny = |own: &Decided| {
        own.how == How::Deny
            && matches!(own.kind, Some(LayerKind::Scp | LayerKind::Rcp | LayerKind::Resource))
    };
    !group.decided.is_empty() && group.decided.iter().all(deny)
}

/// What to change, and what it would leave.
pub(super) fn suggestion(proposal: &Proposal, page: &Page<'_>) -> String {
    let style = page.style;
    let Some(found) = exemption(proposal) else { return String::new() };
    let caller = whole(&page.names.label(Some(found.principal)), style);
    let left = found.broken - found.own;
    let broken = figure::grouped(found.broken);
    if found.statements.is_empty() {
        let words =
            format!("{caller} alone makes {} of the {broken} calls that break", figure::grouped(found.own));
        return section::item(Mark::None, &words, style);
    }
    let breaks = if left == 1 { "call breaks" } else { "calls break" };
    let words =
        format!("Suggested change: exempt {caller}, then {} {breaks}, not {broken}", figure::grouped(left));
    let mut out = format!("\n{}", page.hang("", &words));
    let snippet = json!({ "aws:PrincipalArn": found.principal }).to_string();
    let inner = snippet.trim_start_matches('{').trim_end_matches('}').replacen("\":", "\": ", 1);
    out.push_str(&format!("    {{ \"ArnNotLike\": {{\n        {inner} }} }}\n"));
    let statements: Vec<String> = found
        .statements
        .iter()
        .take(STATEMENTS_MAX)
        .map(|own| statement_words(own.policy.as_deref(), own.sid.as_deref(), own.index, style))
        .collect();
    let more = match found.statements.len().saturating_sub(STATEMENTS_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let merged =
        if found.reads_principal { ", which reads aws:PrincipalArn already: merge them" } else { "" };
    let place = format!("in the `Condition` of {}{more}{merged}", statements.join(", "));
    out.push_str(&page.hang("  ", &place));
    out.push_str(&page.hang("  ", "unless another statement denies these calls, too: replay it to prove it"));
    out
}
