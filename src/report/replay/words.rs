//! What callers, decisions and shares are called.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::{Arn, Principal};
use crate::replay::answer::{Decided, How, Lack, Verdict};
use crate::report::prefix::Prefix;
use crate::report::text::{self, Cut};
use crate::report::{Mark, Style, section};

/// No name of AWS's is longer: ARNs of IAM have at most 2,048 characters
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html>). What is, is cut in its middle.
const NAME_MAX: usize = 2048;

/// Whether so much and no more: one long name must not push the answer off the screen.
pub(in crate::report) fn whole(name: &str, style: Style) -> String {
    if style.wide { name.to_owned() } else { text::truncate(name, NAME_MAX, Cut::Middle, style).into_owned() }
}

/// Whether a name can stand in a `next:` line: a shell takes it as one word, and it does not flood the screen.
pub(in crate::report) fn pasted(name: &str) -> bool {
    name.len() <= NAME_MAX && section::pastable(name)
}

/// Words behind a head, wrapped under their own beginning.
pub(in crate::report) fn hang(head: &str, words: &str, style: Style) -> String {
    let indent = text::width(head);
    let room = style.columns().saturating_sub(indent);
    let mut out = String::new();
    for (at, line) in text::wrap(words, room, style).iter().enumerate() {
        let lead = if at == 0 { head.to_owned() } else { " ".repeat(indent) };
        out.push_str(format!("{lead}{line}").trim_end_matches(' '));
        out.push('\n');
    }
    out
}

/// A verdict for people.
pub(in crate::report) fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::NowDenied => "would now be denied",
        Verdict::NowAllowed => "would now be allowed",
        Verdict::Undetermined => "undetermined",
        Verdict::NotARequest => "not a request",
    }
}

/// What the first column says of a verdict.
pub(in crate::report) fn verdict_mark(verdict: Verdict) -> Mark {
    match verdict {
        Verdict::NowDenied | Verdict::NowAllowed => Mark::Look,
        Verdict::Undetermined => Mark::Claim,
        Verdict::Same | Verdict::NotARequest => Mark::None,
    }
}

/// In which way something decided, as JSON and CSV have it.
pub(in crate::report) fn how_word(how: How) -> &'static str {
    match how {
        How::Allow => "allow",
        How::Deny => "deny",
        How::NoAllow => "no-allow",
        How::Rule => "rule",
    }
}

/// A statement by policy and `Sid`, else by its index; empty where there is none.
pub(in crate::report) fn statement_words(
    policy: Option<&str>,
    sid: Option<&str>,
    index: Option<usize>,
    style: Style,
) -> String {
    let policy = policy.map(|policy| whole(policy, style));
    match (policy, sid, index) {
        (Some(policy), Some(sid), _) => format!("`{policy}` statement `{}`", whole(sid, style)),
        (Some(policy), None, Some(index)) => format!("`{policy}` statement {index}"),
        (Some(policy), None, None) => format!("`{policy}`"),
        (None, _, _) => String::new(),
    }
}

/// What decided, in a sentence without a stop; empty where nothing did.
pub(in crate::report) fn decided_words(decided: &[Decided], style: Style) -> String {
    let one = |(at, own): (usize, &Decided)| {
        let layer = own.layer.as_deref().map_or_else(|| "policies".to_owned(), |layer| whole(layer, style));
        let statement = statement_words(own.policy.as_deref(), own.sid.as_deref(), own.index, style);
        match own.how {
            How::Allow if at > 0 => format!("with {statement} ({layer})"),
            How::Allow => format!("allowed by {statement} ({layer})"),
            How::Deny => format!("denied by {statement} ({layer})"),
            How::NoAllow => format!("no statement of the {layer} allows it"),
            How::Rule => {
                own.rule.as_deref().map_or_else(|| "a rule of AWS's".to_owned(), |rule| whole(rule, style))
            }
        }
    };
    decided.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
}

/// What would decide; empty where nothing is missing.
pub(in crate::report) fn needs_words(needs: &[Lack], style: Style) -> String {
    let one = |lack: &Lack| match lack.why.as_str() {
        "" => whole(&lack.what, style),
        why => format!("{} ({})", whole(&lack.what, style), whole(why, style)),
    };
    needs.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A part of a whole to a tenth of a percent: `98.8 %`; `<0.1 %` and `>99.9 %` rather than a 0 or 100 that is not so,
/// and the sign for nothing where there is nothing.
pub(super) fn share(part: u64, whole: u64, style: Style) -> String {
    if part == 0 || whole == 0 {
        return style.dot().to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    match (part * 1000 + whole / 2) / whole {
        0 => "<0.1 %".to_owned(),
        1000.. if part < whole => ">99.9 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// The callers of a screen: as short as tells them apart.
pub(super) struct Names {
    labels: BTreeMap<String, String>,
    /// What most of the names share, for a heading.
    pub(super) prefix: Prefix,
}

impl Names {
    pub(super) fn of<'a>(principals: impl IntoIterator<Item = &'a str>, style: Style) -> Self {
        let arns: BTreeSet<&str> = principals.into_iter().collect();
        let prefix = Prefix::of(arns.iter().filter_map(|arn| named(arn)).map(|(_, name)| name));
        let mut bearers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for arn in &arns {
            bearers.entry(short(arn)).or_default().push(arn);
        }
        let mut labels = BTreeMap::new();
        for arn in &arns {
            let namesakes = bearers.get(&short(arn)).map_or(&[][..], Vec::as_slice);
            labels.insert((*arn).to_owned(), label(arn, namesakes, &prefix, style));
        }
        Self { labels, prefix }
    }

    /// The caller in words. None is a record that names nobody.
    pub(super) fn label(&self, principal: Option<&str>) -> String {
        match principal {
            Some(arn) => self.labels.get(arn).cloned().unwrap_or_else(|| arn.to_owned()),
            None => "(nobody named)".to_owned(),
        }
    }
}

/// Kind and name of a user, role or session.
fn named(arn: &str) -> Option<(&'static str, &str)> {
    match Arn::parse(arn)?.principal()? {
        Principal::User { name, .. } => Some(("user", name)),
        Principal::Role { name, .. } => Some(("role", name)),
        Principal::FederatedUser { name } => Some(("federated user", name)),
        Principal::RoleSession { role, .. } => Some(("session of role", role)),
        Principal::Root => None,
    }
}

/// `role deploy`; what is no principal's ARN as it is.
pub(in crate::report) fn short(arn: &str) -> String {
    match (named(arn), Arn::parse(arn)) {
        (Some((kind, name)), _) => format!("{kind} {name}"),
        (None, Some(parsed)) if parsed.principal() == Some(Principal::Root) => {
            format!("root of {}", parsed.account)
        }
        _ => arn.to_owned(),
    }
}

/// The account of an ARN.
fn account(arn: &str) -> Option<&str> {
    Arn::parse(arn).map(|arn| arn.account).filter(|account| !account.is_empty())
}

/// What tells a caller from those that are called the same, itself among them.
fn label(arn: &str, namesakes: &[&str], prefix: &Prefix, style: Style) -> String {
    if style.wide {
        return arn.to_owned();
    }
    let Some((kind, name)) = named(arn) else { return short(arn) };
    let label = format!("{kind} {}", prefix.shorten(name, style));
    if namesakes.len() < 2 {
        return label;
    }
    // Two accounts may each have a role of this name, and one account two with different paths.
    let twins = namesakes.iter().filter(|other| account(other) == account(arn)).count();
    match account(arn) {
        Some(account) if twins == 1 => format!("{label} of {account}"),
        _ => arn.to_owned(),
    }
}
