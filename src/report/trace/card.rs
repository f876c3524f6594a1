//! Boxes: who was asked about, and each credential above it.

use std::borrow::Cow;

use super::chain::identity_bar;
use super::words::{self, Signs, push_line};
use crate::aws::Principal;
use crate::lineage::{Node, NodeKind, Proof, Trace, TraceSubject, Usage};
use crate::report::{Facts, Mark, Style, figure, text};

/// Whether accounts are said: not where all is in one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accounts {
    One,
    Several,
}

/// Who was asked about.
pub(super) fn card(trace: &Trace, style: Style) -> String {
    let subject = &trace.subject;
    if let Some(event) = &subject.event {
        return event_card(subject, event, style);
    }
    let mut what = words::subject_words(subject);
    // What it did the logs of another account would tell.
    if subject.gap.is_none() {
        what.push_str(&format!(", {}", words::usage_words(&subject.usage)));
    }
    if subject.session_keys > 1 && subject.kind == "access-key" {
        what.push_str(&format!("; one of {} keys of one session", figure::grouped(subject.session_keys)));
    }
    let mut facts = Facts::new();
    if let Some(node) = &subject.node {
        node_facts(node, Accounts::One, &mut facts, subject.claim.as_deref());
        if let Some(key) = node.access_key.as_deref().filter(|key| *key != subject.id) {
            facts.line(Mark::None, "key", key);
        }
        session_fact(subject, node, &mut facts);
        identity_fact(node, &mut facts);
    }
    if let Some(user) = &subject.acts_for {
        facts.line(Mark::None, "for", user);
    }
    if subject.credentials > 1 {
        facts.line(Mark::None, "has", &figure::counted(subject.credentials, "credential", "credentials"));
    }
    used_fact(&subject.usage, &mut facts, style);
    if let Some(outside) = &subject.outside_window {
        facts.line(Mark::None, "window", &words::outside_words(outside, style));
    }
    if let Some(assumed) = &subject.assumed_root {
        facts.line(Mark::Look, "assumed", &words::assumed_words(assumed));
    }
    if let Some(gap) = &subject.gap {
        facts.line(Mark::None, "then", &format!("{}; {}", gap.text, gap.hint));
    }
    titled(&subject.id, &what, style) + &facts.render(style)
}

/// An event, and the caller that its record names.
fn event_card(subject: &TraceSubject, event: &Proof, style: Style) -> String {
    let signs = Signs::of(style);
    let mut out = titled(&subject.id, "event", style);
    let mut facts = Facts::new();
    let place = [event.region.as_deref(), event.account.as_deref()];
    let place: Vec<&str> = place.into_iter().flatten().collect();
    let call = format!("{} {} {}", event.event_name, figure::moment(event.event_time.0), place.join(", "));
    facts.line(Mark::None, "call", call.trim_end());
    if let Some(address) = words::address_words(&subject.usage) {
        facts.line(Mark::None, "from", &address);
    }
    out.push_str(&facts.render(style));
    if let Some(node) = &subject.node {
        identity_bar("certain: the record itself names its caller", signs, style, &mut out);
        let mut facts = Facts::new();
        node_facts(node, Accounts::One, &mut facts, subject.claim.as_deref());
        session_fact(subject, node, &mut facts);
        identity_fact(node, &mut facts);
        if let Some(user) = &subject.acts_for {
            facts.line(Mark::None, "for", user);
        }
        // All that it did, of which the event is one call.
        let whole = subject.credential_usage.as_ref().unwrap_or(&subject.usage);
        used_fact(whole, &mut facts, style);
        let what = format!("{}, {} in all", words::kind_words(node), words::usage_words(whole));
        out.push_str(&titled(&node.id, &what, style));
        out.push_str(&facts.render(style));
    }
    out
}

/// An id and what it is; the id is never cut. One that could be taken for a line of this screen is quoted.
fn titled(id: &str, what: &str, style: Style) -> String {
    let is_plain = id.starts_with(char::is_alphanumeric) && !id.contains("  ");
    let quoted = if is_plain { Cow::Borrowed(id) } else { Cow::Owned(format!("`{id}`")) };
    let shown = style.shown(&quoted);
    let mut out = String::new();
    let room = style.columns().saturating_sub(text::width(&shown));
    if text::width(&style.shown(what)) + 3 <= room {
        push_line(&mut out, &format!("{shown}   {}", style.shown(what)));
        return out;
    }
    push_line(&mut out, &shown);
    for line in text::wrap(what, style.columns().saturating_sub(2), style) {
        push_line(&mut out, &format!("  {line}"));
    }
    out
}

/// Whose it is: role and session, or user.
fn node_facts(node: &Node, accounts: Accounts, facts: &mut Facts, claim: Option<&str>) {
    let account = node.account.as_deref().filter(|_| accounts == Accounts::Several);
    let account = account.map_or_else(String::new, |account| format!("   (account {account})"));
    let claim = match claim {
        None | Some("name") => String::new(),
        Some(made) if made.starts_with("made by") => format!("   (name {made})"),
        Some(words) => format!("   (name: {words})"),
    };
    let arn = node.arn.as_deref();
    match words::principal(arn) {
        Some(Principal::RoleSession { role, session }) => {
            facts.line(Mark::None, "role", &format!("{role}{account}"));
            facts.line(Mark::None, "session", &format!("{session}{claim}"));
        }
        Some(Principal::FederatedUser { name }) => {
            facts.line(Mark::None, "session", &format!("{name}{claim}   (federated user)"));
        }
        Some(Principal::User { .. } | Principal::Root) => {
            if let Some(arn) = arn.filter(|arn| *arn != node.id) {
                facts.line(Mark::None, "user", arn);
            }
        }
        _ => {
            if let Some(session) = &node.session_name {
                // Of a principal of another account only the id is told, which stands above.
                if let (NodeKind::Account, Some(account)) = (node.kind, &node.account) {
                    facts.line(Mark::None, "account", account);
                } else {
                    let role = node.name.as_deref().unwrap_or("unknown");
                    facts.line(Mark::None, "role", &format!("{role}{account}"));
                }
                facts.line(Mark::None, "session", &format!("{session}{claim}"));
            } else {
                let name = node.name.as_deref().filter(|name| *name != node.id);
                if let Some(name) = name.or_else(|| arn.filter(|arn| *arn != node.id)) {
                    facts.line(Mark::None, "name", name);
                }
                if let Some(account) = node.account.as_deref().filter(|_| node.kind != NodeKind::Service) {
                    facts.line(Mark::None, "account", account);
                }
            }
        }
    }
}

/// The source identity of a session, which whoever began its chain chose.
fn identity_fact(node: &Node, facts: &mut Facts) {
    if let Some(identity) = &node.source_identity {
        facts.line(Mark::None, "identity", &format!("{identity}   (source identity)"));
    }
}

/// The session that the subject's key belongs to, where it says more than key and name.
fn session_fact(subject: &TraceSubject, node: &Node, facts: &mut Facts) {
    let mut parts = Vec::new();
    if let Some(mfa) = subject.mfa {
        parts.push(format!("MFA {}", if mfa { "yes" } else { "no" }));
    }
    if subject.session_keys > 1 {
        let calls = figure::counted(subject.session_calls, "call", "calls");
        parts.push(format!("{calls} with {} keys", figure::grouped(subject.session_keys)));
    }
    // The name of a session tells it apart, and the link above it says when it was made.
    let created = node.created.filter(|_| node.session_name.is_none() || !parts.is_empty());
    if let Some(created) = created {
        parts.insert(0, figure::moment(created.0));
    }
    if !parts.is_empty() {
        facts.line(Mark::None, if created.is_some() { "created" } else { "session" }, &parts.join(", "));
    }
}

fn used_fact(usage: &Usage, facts: &mut Facts, style: Style) {
    let used = words::used_words(usage, style);
    if !used.is_empty() {
        facts.line(Mark::None, "used", &used);
    }
}

/// What a box counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// All that it did.
    Whole,
    /// What it did around a link, where it has no end.
    NearLink,
}

/// One credential, or whoever else called.
pub(super) fn node_box(
    node: &Node,
    usage: Option<&Usage>,
    counted: Counted,
    accounts: Accounts,
    style: Style,
) -> String {
    let what = match usage.filter(|usage| usage.calls > 0) {
        // What has no end is counted around the link, see `Link::to_usage`.
        Some(usage) if counted == Counted::NearLink && node.created.is_none() => {
            format!("{}, {} within an hour", words::kind_words(node), words::usage_words(usage))
        }
        Some(usage) => format!("{}, {}", words::kind_words(node), words::usage_words(usage)),
        None => words::kind_words(node).to_owned(),
    };
    let mut facts = Facts::new();
    node_facts(node, accounts, &mut facts, None);
    identity_fact(node, &mut facts);
    if let Some(usage) = usage {
        used_fact(usage, &mut facts, style);
    }
    titled(&node.id, &what, style) + &facts.render(style)
}
