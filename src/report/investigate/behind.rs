//! Who is behind the subject, for the first lines.

use super::words::{listed, several};
use crate::aws::{Arn, Principal};
use crate::investigate::{Behind, Investigation, SubjectKind};
use crate::lineage::{Above, Link, Node, Origin, OriginKind, Rule, configures};
use crate::report::{Facts, Mark, figure};

/// Steps above the origin that are told; `trace` tells all.
const ABOVE_MAX: usize = 2;
/// Different origins that are named.
const ORIGINS_MAX: usize = 3;
/// Source identities that are not borne out, of those that are told.
const MISMATCHES_MAX: usize = 2;
/// Rules of links that are named one by one.
const RULES_MAX: usize = 4;

/// The line `behind`; none where the subject is its own origin and nobody is known to have made it.
pub(super) fn fact(answer: &Investigation, facts: &mut Facts) {
    let Some(behind) = &answer.behind else { return };
    if behind.origins.len() > 1 {
        facts.line(Mark::Claim, "behind", &several_origins(behind));
    } else if is_own(behind, answer) {
        let made = above(behind, answer, Whose::Subject);
        if !made.is_empty() {
            let mark = if is_proven_above(behind) { Mark::None } else { Mark::Claim };
            facts.line(mark, "behind", &made.join("; "));
        }
    } else {
        let origin = &behind.origin.origin;
        let is_sure = origin.complete && origin.certain && !is_apart(behind) && is_proven_above(behind);
        facts.line(if is_sure { Mark::None } else { Mark::Claim }, "behind", &words(behind, answer));
    }
    for limit in &behind.limits {
        facts.more(limit);
    }
    for one in behind.mismatches.iter().take(MISMATCHES_MAX) {
        facts.line(Mark::Look, "source", &one.text);
    }
}

/// Whether a link is of a neighbour: its session was created seconds from the record that is taken for its making.
fn is_apart(behind: &Behind) -> bool {
    behind.delegations().any(|link| link.seconds_apart > 0)
}

/// Whether the line says by which record the subject was made: then nothing else needs to.
pub(super) fn says_making(answer: &Investigation, event_id: Option<&str>) -> bool {
    answer.behind.as_ref().is_some_and(|behind| {
        let told = behind.origin.above.as_ref().map(|above| above.record.event_id.as_str());
        is_own(behind, answer) && told.is_some() && told == event_id
    })
}

/// Whether the subject acted itself: a user, root, or their long-term key.
fn is_own(behind: &Behind, answer: &Investigation) -> bool {
    let origin = &behind.origin.origin;
    let delegated = behind.delegations().next().is_some();
    let is_arn =
        |arn: &String| arn == &answer.subject.id || answer.subject.arns.iter().any(|seen| seen.value == *arn);
    let same = origin.arn.as_ref().is_some_and(is_arn)
        || origin.access_key.as_ref().is_some_and(|key| *key == answer.subject.id);
    let is_principal = matches!(origin.kind, OriginKind::IamUser | OriginKind::Root);
    let by_name =
        matches!(answer.subject.kind, SubjectKind::User | SubjectKind::Root | SubjectKind::UniqueId);
    is_principal && origin.complete && (by_name && same || !delegated && (same || by_name))
}

/// `3 different origins: IAM user dana (20 calls), IAM user eve (3 calls), 1 more`. The workloads of one service are
/// counted together.
fn several_origins(behind: &Behind) -> String {
    let mut groups: Vec<(String, Vec<&Origin>, u64)> = Vec::new();
    for seen in &behind.origins {
        let origin = &seen.origin;
        let name = match (origin.kind, &origin.name) {
            (OriginKind::Service, Some(service)) if origin.on_behalf_of.is_some() => service.clone(),
            _ => origin.words_among(behind.origins.iter().map(|seen| &seen.origin)),
        };
        match groups.iter_mut().find(|(known, _, _)| *known == name) {
            Some((_, origins, calls)) => {
                origins.push(origin);
                *calls += seen.calls;
            }
            None => groups.push((name, vec![origin], seen.calls)),
        }
    }
    groups.sort_by_key(|(_, _, calls)| std::cmp::Reverse(*calls));
    let parts = groups.iter().map(|(name, origins, calls)| {
        let calls = several(*calls, "call");
        match origins.as_slice() {
            [one] if one.on_behalf_of.is_some() => format!("{} ({calls})", one.words()),
            [_] => format!("{name} ({calls})"),
            many => format!("{name} for {} ({calls})", several(many.len() as u64, "workload")),
        }
    });
    let parts: Vec<String> = parts.collect();
    let least = if behind.limits.is_empty() { "" } else { "at least " };
    let count = figure::grouped(behind.origins.len() as u64);
    format!("{least}{count} different origins: {}", listed(&parts, ORIGINS_MAX, ""))
}

/// `IAM user dana, key AKIA…, by 2 links (key, key); complete`.
fn words(behind: &Behind, answer: &Investigation) -> String {
    let origin = &behind.origin.origin;
    let gap = origin.gap.as_ref().map(|gap| gap_words(origin, &gap.text));
    if origin.kind == OriginKind::Unknown && origin.name.is_none() {
        let gap = gap.unwrap_or("nothing tells");
        return if behind.chains > 1 {
            let chains = figure::grouped(behind.chains);
            format!("unknown for each of {chains} chains; for the one with most calls: {gap}")
        } else {
            format!("unknown: {gap}")
        };
    }
    let links: Vec<&Link> = behind.delegations().collect();
    let mut words = named(origin, answer);
    if behind.chains > 1 {
        words.push_str(&format!(", by each of {} chains", figure::grouped(behind.chains)));
    } else if !links.is_empty() {
        words.push_str(&format!(", by {} ({})", several(links.len() as u64, "link"), rules(&links)));
    }
    let mut parts = vec![words];
    match (origin.sign_in.is_some(), origin.mfa) {
        (true, Some(true)) => parts.push("signed in with MFA".to_owned()),
        (true, Some(false)) => parts.push("signed in without MFA".to_owned()),
        (true, None) => parts.push("signed in".to_owned()),
        (false, _) => {}
    }
    parts.push(match gap {
        None if origin.complete && origin.certain && !is_apart(behind) => "complete".to_owned(),
        None if origin.complete => "complete, not certain".to_owned(),
        None => "incomplete".to_owned(),
        Some(gap) => format!("incomplete: {gap}"),
    });
    parts.extend(above(behind, answer, Whose::Origin));
    parts.join("; ")
}

/// What is missing, without the origin's name before it.
fn gap_words<'a>(origin: &Origin, text: &'a str) -> &'a str {
    text.strip_prefix(&origin.words()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text)
}

/// The origin, and the key that began the chain where that is not the subject's name anyway.
fn named(origin: &Origin, answer: &Investigation) -> String {
    match origin.access_key.as_deref().filter(|key| *key != answer.subject.id) {
        Some(key) => format!("{}, key {key}", origin.words()),
        None => origin.words(),
    }
}

/// `key, key`, or `key 11, session 1` for many.
fn rules(links: &[&Link]) -> String {
    if links.len() <= RULES_MAX {
        let word = |link: &&Link| match link.seconds_apart {
            0 => link.rule.word().to_owned(),
            seconds => format!("{} {seconds} s apart", link.rule.word()),
        };
        return links.iter().map(word).collect::<Vec<String>>().join(", ");
    }
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for link in links {
        match counts.iter_mut().find(|(word, _)| *word == link.rule.word()) {
            Some((_, count)) => *count += 1,
            None => counts.push((link.rule.word(), 1)),
        }
    }
    let parts: Vec<String> =
        counts.iter().map(|(word, count)| format!("{word} {}", figure::grouped(*count))).collect();
    parts.join(", ")
}

/// Whether all that is told above the origin is proven: of one origin at each step, and complete.
fn is_proven_above(behind: &Behind) -> bool {
    let steps = std::iter::successors(behind.origin.above.as_deref(), |step| step.origin.above.as_deref());
    steps.take(ABOVE_MAX).chain(&behind.origin.others_above).all(|step| {
        let origin = &step.origin.origin;
        let is_open =
            link_of(step, behind).is_some_and(|link| link.ambiguous.len() > 1 || link.role_untold.is_some());
        origin.complete && origin.certain && !is_open
    })
}

/// The link of a step above the origin.
fn link_of<'a>(step: &Above, behind: &'a Behind) -> Option<&'a Link> {
    behind.links.iter().find(|link| {
        link.above_origin
            && link.record.event_id == step.record.event_id
            && link.record.object == step.record.object
    })
}

/// Of whom it is told who made them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Subject,
    Origin,
}

/// Who made the origin's key or launched its workload, and so on upwards.
fn above(behind: &Behind, answer: &Investigation, whose: Whose) -> Vec<String> {
    let first = behind.origin.above.as_deref();
    let mut parts = above_by(first, behind, answer, whose);
    let others = &behind.origin.others_above;
    parts.extend(others.iter().take(ABOVE_MAX).map(|one| step_words(one, behind, answer, whose)));
    if others.len() > ABOVE_MAX {
        parts.push(format!("{} more: trace", figure::grouped((others.len() - ABOVE_MAX) as u64)));
    }
    parts
}

/// The same of one record.
fn above_by(first: Option<&Above>, behind: &Behind, answer: &Investigation, whose: Whose) -> Vec<String> {
    let mut parts = Vec::new();
    let mut next = first;
    let mut whose = whose;
    while let Some(step) = next.filter(|_| parts.len() < ABOVE_MAX) {
        parts.push(step_words(step, behind, answer, whose));
        whose = Whose::Origin;
        next = step.origin.above.as_deref();
    }
    if next.is_some() {
        parts.push("and so on: trace".to_owned());
    }
    parts
}

fn step_words(step: &Above, behind: &Behind, answer: &Investigation, whose: Whose) -> String {
    let link = link_of(step, behind);
    let is_likely = link.is_some_and(|link| link.role_untold.is_some());
    let verb = match (step.rule, step.record.event_name.as_str()) {
        (Rule::Launched, event) if configures(event) => "given role or layers by",
        (Rule::Launched, _) if is_likely => "likely launched by",
        (Rule::Launched, _) => "launched by",
        (_, "CreateLoginProfile" | "UpdateLoginProfile") => "its password set by",
        (_, "ChangePassword") => "its password changed by",
        (Rule::Key, event) if event != "CreateAccessKey" => "its key fetched by",
        (Rule::Key, _) if whose == Whose::Origin || !is_key(answer) => "its key made by",
        _ => "made by",
    };
    let role = link.and_then(|link| role_of(&link.to));
    let role = role.map(|role| format!(", as role {role}")).unwrap_or_default();
    let origin = &step.origin.origin;
    let end = match &origin.gap {
        Some(gap) => format!(", incomplete: {}", gap_words(origin, &gap.text)),
        None => String::new(),
    };
    let time = step.record.event_time.0;
    let same_day = answer.activity.span.first.is_some_and(|first| first.0.date_naive() == time.date_naive());
    let at = if same_day { figure::clock(time) + "Z" } else { figure::moment(time) };
    let given = link.map(given_words).unwrap_or_default();
    format!("{verb} {} ({} {at}{role}){given}{end}", named(origin, answer), step.record.event_name)
}

/// Who else is behind a launch, where that is somebody else, or may be: none acts without the others.
fn given_words(link: &Link) -> String {
    let is_other = |id: &String| link.ambiguous.contains(id);
    let given = link.role_given.iter().filter(|given| is_other(&given.record.event_id));
    let given = given.map(|given| {
        format!(" or {}, who gave it the role ({})", given.origin.words(), given.record.event_name)
    });
    let beside = link.beside.iter().filter(|beside| is_other(&beside.record.event_id));
    let beside = beside.map(|beside| {
        let version =
            beside.version.as_ref().map_or_else(String::new, |version| format!(" of version {version}"));
        let (who, what, event) = (beside.origin.words(), beside.what, &beside.record.event_name);
        format!(" or {who}, who gave it the {what}{version} ({event})")
    });
    let mut all = given.chain(beside);
    let shown: String = all.by_ref().take(ORIGINS_MAX).collect();
    if all.next().is_some() { shown + " or others: trace" } else { shown }
}

fn is_key(answer: &Investigation) -> bool {
    answer.subject.kind == SubjectKind::AccessKey
}

fn role_of(node: &Node) -> Option<&str> {
    match Arn::parse(node.arn.as_deref()?)?.principal()? {
        Principal::RoleSession { role, .. } => Some(role),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
