//! Suggested policies: what they come to, what they leave out, and what a replay says of them.

use super::Page;
use crate::report::figure::{counted, grouped};
use crate::report::{Mark, json as documents, section};
use crate::unused::Unused;
use crate::unused::suggest::{
    CHARACTERS_MAX, Exceeded, INLINE_MAX, KeptWhole, Limit, Proof, Suggestion, UnknownRole, WhyUnknown,
};

/// So many names stand in a line.
const NAMES_FEW: usize = 6;

/// All suggestions.
pub(super) fn section(unused: &Unused, page: &Page<'_>) -> String {
    let all = unused.suggestions.iter();
    let is_logged = |own: &Suggestion| !unused.unlogged().any(|account| account == own.account);
    all.map(|own| one(own, is_logged(own), page)).collect::<Vec<_>>().join("\n")
}

fn one(own: &Suggestion, is_logged: bool, page: &Page<'_>) -> String {
    let (style, all) = (page.style, page.options.all);
    let title = format!("Suggested policy for {}", page.names.label(&own.arn));
    let size: Vec<String> = own.policies.iter().map(|policy| grouped(policy.characters)).collect();
    let note = format!(
        "{}, {}",
        counted(own.actions, "action", "actions"),
        counted(own.statements, "statement", "statements")
    );
    let mut out = section::heading(&title, &note, style);
    let mut item = |mark, words: String| out.push_str(&section::item(mark, &words, style));
    if !is_logged {
        let words = "no log of its account is in the window: what it used is not known, and this is no policy to put in place";
        item(Mark::Look, words.to_owned());
    } else if own.policies.is_empty() {
        item(Mark::None, "nothing that today's policies grant was used: no policy is needed".to_owned());
    } else {
        let most = if own.permission_set.is_some() { INLINE_MAX } else { CHARACTERS_MAX };
        item(Mark::None, format!("{} of {} characters", size.join(" + "), grouped(most as u64)));
    }
    if let Some(set) = &own.permission_set {
        let words = format!(
            "for the inline policy of the permission set {set}, in the place of all others of the set; it is made of what this account's role did, and the set may have roles in other accounts"
        );
        item(Mark::Claim, words);
    }
    if !own.guards.is_empty() {
        item(
            Mark::None,
            format!("{} of today's denies stay", own.guards.iter().map(|own| own.statements).sum::<u64>()),
        );
    }
    for arn in &own.kept_attached {
        item(Mark::Look, format!("stays attached, as the snapshot does not tell what it grants: {arn}"));
    }
    for limit in &own.limits {
        item(Mark::Look, exceeded(limit));
    }
    for kept in &own.kept_whole {
        item(Mark::Claim, kept_whole(kept));
    }
    let perhaps = own.policies.iter().flat_map(|policy| &policy.unproven);
    let perhaps: Vec<String> = perhaps.filter(|sid| sid.starts_with("Perhaps")).cloned().collect();
    if !perhaps.is_empty() {
        let of = counted(perhaps.len() as u64, "statement", "statements");
        let words =
            format!("stay, though it is not known which of them calls needed: {of}, {}", few(&perhaps, all));
        item(Mark::Claim, words);
    }
    for role in &own.unknown_roles {
        item(Mark::Claim, unknown_role(role));
    }
    if let Some(proof) = &own.proof {
        for (mark, words) in proved(proof) {
            item(mark, words);
        }
    }
    for (action, count) in &own.not_granted {
        item(Mark::Look, format!("not granted anew: {action}, used {}", counted(*count, "time", "times")));
    }
    if !own.perhaps.is_empty() {
        item(Mark::Claim, format!("left out, perhaps needed: {}", few(&own.perhaps, all)));
    }
    if !own.unseen.is_empty() {
        item(
            Mark::Look,
            format!("left out, and no log could show whether it was used: {}", few(&own.unseen, all)),
        );
    }
    for (region, actions) in &own.unseen_in {
        item(Mark::Look, format!("left out, and not observable in {region}: {}", few(actions, all)));
    }
    for removed in &own.removed {
        let mark = if removed.risk.is_privileged() { Mark::Look } else { Mark::None };
        item(
            mark,
            format!(
                "leaves out {} {}: {}",
                grouped(removed.actions.len() as u64),
                removed.risk.word(),
                few(&removed.actions, all)
            ),
        );
    }
    out
}

/// What the replay says. The figures of the first line and of those that today's policies deny add up to all.
fn proved(proof: &Proof) -> Vec<(Mark, String)> {
    let mark = if proof.broken + proof.may_break > 0 { Mark::Look } else { Mark::None };
    let [broken, undecided, kept] = [proof.broken, proof.undecided, proof.kept].map(grouped);
    let of = counted(proof.replayed - proof.denied_today, "request", "requests");
    let words =
        format!("replayed over the window: {broken} of {of} would break, {undecided} undecided, {kept} kept");
    let mut lines = vec![(mark, words)];
    if proof.undecided > 0 {
        let requests = counted(proof.undecided, "undecided request", "undecided requests");
        let gone = match proof.may_break {
            0 => String::new(),
            some if some == proof.undecided => "; what may allow it today is gone".to_owned(),
            some => format!("; what may allow {} of them today is gone", grouped(some)),
        };
        let words = format!(
            "nothing is proved of {requests}: the policies, as far as they were supplied, decide nothing{gone}"
        );
        lines.push((Mark::Claim, words));
    }
    if proof.denied_today > 0 {
        let requests = counted(proof.denied_today, "more request", "more requests");
        lines.push((Mark::Claim, format!("today's policies already deny {requests} that worked then")));
    }
    for group in &proof.groups {
        let would = if group.certain { "would break" } else { "may break" };
        let on = group.resource.as_deref().map(|own| format!(" on {own}")).unwrap_or_default();
        lines.push((Mark::Look, format!("{would}: {} {}{on}", grouped(group.events), group.action)));
    }
    lines
}

/// A limit of IAM that a suggestion does not keep.
fn exceeded(own: &Exceeded) -> String {
    let (found, most) = (grouped(own.found), grouped(own.most));
    match (own.limit, &own.policy) {
        (Limit::PolicySize, name) => {
            let name = name.as_deref().unwrap_or("a policy");
            format!(
                "not valid as it is: {name} has {found} characters where IAM takes {most}, and a statement of it cannot be divided"
            )
        }
        (Limit::InlinePolicySize, _) => {
            format!(
                "not valid as it is: {found} characters where the inline policy of a permission set may have {most}"
            )
        }
        (Limit::AttachedPolicies, _) => {
            let raised = own.raised.map(grouped).unwrap_or_default();
            let more =
                if own.is_final() { "and not more than" } else { "until the quota is raised, to at most" };
            format!("{found} managed policies, of which {most} may be attached {more} {raised}")
        }
    }
}

/// A role that was passed and is not known.
fn unknown_role(own: &UnknownRole) -> String {
    let times = counted(own.requests, "request", "requests");
    let why = match own.why {
        WhyUnknown::InstanceProfile => "the snapshot lacks the instance profile that they name",
        WhyUnknown::Path => "they give its name, and the snapshot does not tell its path",
    };
    format!("not known which role {times} passed, {}: {why}", own.role)
}

/// A service that stays as it is.
fn kept_whole(own: &KeptWhole) -> String {
    let calls = counted(own.events, "call", "calls");
    format!(
        "{} stays as it is granted today: {calls} of which no action is known ({})",
        own.service,
        few(&own.calls, false)
    )
}

/// The policies themselves, as JSON, each below its name.
pub(super) fn written(unused: &Unused, page: &Page<'_>) -> String {
    let style = page.style;
    let mut out = String::new();
    for policy in unused.suggestions.iter().flat_map(|own| own.policies.iter().chain(&own.guards)) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&section::heading(&policy.name, "", style));
        let text = documents::document(&policy.document).unwrap_or_default();
        for line in text.lines() {
            out.push_str(&style.shown(line));
            out.push('\n');
        }
    }
    out
}

/// Names, of many only some.
pub(super) fn few(names: &[String], all: bool) -> String {
    let most = if all { usize::MAX } else { NAMES_FEW };
    let mut words = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most {
        words.push_str(&format!(", {} more", grouped((names.len() - most) as u64)));
    }
    words
}

/// The policies of all suggestions as one JSON document: a list of principals with their policies, ready to be put in place.
///
/// # Errors
///
/// None that these values can cause.
pub fn policies(unused: &Unused) -> serde_json::Result<String> {
    documents::document(&unused.suggestions)
}
