//! What nodes, links and usage are called, on the screen, in rows and in graphs.

use std::fmt::Write as _;

use crate::aws::{AccessKeyId, Arn, Principal};
use crate::lineage::{
    AssumedRoot, Descendant, Link, Node, NodeKind, Origin, Rule, SLACK_SECONDS, TraceSubject, Usage,
    configures, is_instance_id,
};
use crate::report::{Style, figure, text};

/// The column at which the words of a line begin, as those of [`crate::report::Facts`] do.
const WORDS_AT: usize = 11;

/// The signs that chains and trees are drawn with.
pub(super) struct Signs {
    /// A link, drawn downwards.
    pub(super) bar: &'static str,
    /// Its end.
    pub(super) arrow: &'static str,
    /// The origin.
    pub(super) origin: &'static str,
    /// A branch with others below it.
    pub(super) branch: &'static str,
    /// The last branch.
    pub(super) last: &'static str,
    /// What passes by a line.
    pub(super) pass: &'static str,
}

impl Signs {
    pub(super) fn of(style: Style) -> &'static Self {
        const LINES: Signs =
            Signs {
                bar: "│", arrow: "▼", origin: "■", branch: "├─ ", last: "└─ ", pass: "│  "
            };
        const ASCII: Signs =
            Signs { bar: "|", arrow: "v", origin: "*", branch: "+- ", last: "+- ", pass: "|  " };
        if style.unicode { &LINES } else { &ASCII }
    }
}

/// Words behind a head of signs and a label, wrapped under their own beginning; `below` stands before the further lines.
pub(super) fn hang(head: &str, below: &str, words: &str, style: Style) -> String {
    let room = style.columns().saturating_sub(WORDS_AT);
    let mut out = String::new();
    for (at, line) in text::wrap(words, room, style).iter().enumerate() {
        let head = if at == 0 { head } else { below };
        push_line(&mut out, &format!("{}{line}", text::pad_end(head, WORDS_AT)));
    }
    out
}

pub(super) fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end_matches(' '));
    out.push('\n');
}

/// What an access key id stands for.
fn key_words(key: &str) -> &'static str {
    AccessKeyId::parse(key).map_or("access key", |key| key.kind().words())
}

/// What a node is.
pub(super) fn kind_words(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::AccessKey => key_words(&node.id),
        NodeKind::Session if is_federated(&node.id) => "session of a federated user",
        NodeKind::Session if node.session_name.is_some() => "role session",
        NodeKind::Session => "session without a key",
        NodeKind::Console if node.access_key.as_deref() == Some(node.id.as_str()) => "console key",
        NodeKind::Console => "console session",
        NodeKind::User => "IAM user",
        NodeKind::Password => "password",
        NodeKind::OtherWay => "way in",
        NodeKind::Root => "root user",
        NodeKind::Role => "role",
        NodeKind::Workload => "workload",
        NodeKind::Service => "AWS service",
        NodeKind::SamlSubject => "SAML subject",
        NodeKind::WebIdentity => "web identity",
        NodeKind::IdentityCenterUser => "Identity Center user",
        NodeKind::Account => "principal of another account",
        NodeKind::Event => "event",
        NodeKind::Forwarded => "forwarded calls",
        NodeKind::Unknown if node.id == "anonymous" => "nobody signed",
        NodeKind::Unknown => "unknown caller",
    }
}

/// Whether an ARN is that of a user of a federation token.
fn is_federated(arn: &str) -> bool {
    matches!(principal(Some(arn)), Some(Principal::FederatedUser { .. }))
}

/// What the subject is.
pub(super) fn subject_words(subject: &TraceSubject) -> String {
    match (subject.kind.as_str(), &subject.node) {
        ("access-key", Some(node)) if node.id == subject.id => kind_words(node).to_owned(),
        ("access-key", _) => key_words(&subject.id).to_owned(),
        ("user", _) => "IAM user".to_owned(),
        ("session", _) if is_federated(&subject.id) => "federated user".to_owned(),
        ("session", _) => "role session".to_owned(),
        ("root", _) => "root user".to_owned(),
        ("service", _) => "AWS service".to_owned(),
        ("identity-center-user", _) => "Identity Center user".to_owned(),
        ("subject", Some(node)) => kind_words(node).to_owned(),
        ("subject", None) => "subject of an identity provider".to_owned(),
        (other, _) => other.replace('-', " "),
    }
}

/// `29 calls, 29 denied, 3 failed`.
pub(super) fn usage_words(usage: &Usage) -> String {
    let mut words = figure::counted(usage.calls, "call", "calls");
    for (count, what) in [(usage.denied, "denied"), (usage.failed, "failed"), (usage.forwarded, "forwarded")]
    {
        if count > 0 {
            write_words(&mut words, &format!(", {} {what}", figure::grouped(count)));
        }
    }
    words
}

/// `2023-07-10 11:54:47Z → 11:54:50Z from 192.168.10.20`; empty where nothing was done.
pub(super) fn used_words(usage: &Usage, style: Style) -> String {
    let Some((first, last)) = usage.first.zip(usage.last) else { return String::new() };
    let mut words = figure::range(first.0, last.0, style);
    if let Some(address) = address_words(usage) {
        write_words(&mut words, &format!(" from {address}"));
    }
    words
}

/// What a subject did that did nothing in the window: `no call in this window; 5 calls outside it, 2023-07-10 11:54:47Z`.
pub(super) fn outside_words(outside: &Usage, style: Style) -> String {
    let calls = figure::counted(outside.calls, "call", "calls");
    format!("no call in this window; {calls} outside it, {}", used_words(outside, style))
}

/// What was done in sessions that AssumeRoot made of a root, with one of their keys.
pub(in crate::report) fn assumed_words(assumed: &AssumedRoot) -> String {
    let calls = figure::counted(assumed.usage.calls, "call", "calls");
    let mut words = format!("{calls} in sessions of AssumeRoot, which are somebody else's");
    if let Some(key) = assumed.access_keys.first() {
        write_words(&mut words, &format!(": trace {key}"));
    }
    if let others @ 1.. = assumed.access_keys.len().saturating_sub(1) {
        write_words(
            &mut words,
            &format!(" and {}", figure::counted(others as u64, "other key", "other keys")),
        );
    }
    words
}

/// The address of most calls, and how many others there are.
pub(super) fn address_words(usage: &Usage) -> Option<String> {
    let (address, calls) = main_address(usage)?;
    Some(match usage.addresses.len() {
        1 => address.to_owned(),
        count => {
            let others = figure::counted(count as u64 - 1, "other address", "other addresses");
            format!("{address} ({}) and {others}", figure::grouped(calls))
        }
    })
}

/// The address of most calls; of equals the first.
pub(super) fn main_address(usage: &Usage) -> Option<(&str, u64)> {
    let addresses = usage.addresses.iter().map(|(address, calls)| (address.as_str(), *calls));
    addresses.rev().max_by_key(|(_, calls)| *calls)
}

fn write_words(words: &mut String, more: &str) {
    let written = words.write_str(more);
    debug_assert!(written.is_ok(), "writing to a String does not fail");
}

/// Whom a node's ARN names.
pub(super) fn principal(arn: Option<&str>) -> Option<Principal<'_>> {
    Arn::parse(arn?)?.principal()
}

/// A name for an ARN or id: `user dana`, `role deploy`.
pub(super) fn short_subject(subject: &TraceSubject) -> String {
    match principal(Some(&subject.id)) {
        Some(Principal::User { name, .. }) => format!("user {name}"),
        Some(Principal::Role { name, .. }) => format!("role {name}"),
        Some(Principal::RoleSession { role, session }) => format!("role {role} as {session}"),
        Some(Principal::FederatedUser { name }) => format!("federated user {name}"),
        Some(Principal::Root) => "root".to_owned(),
        None if subject.kind == "access-key" => format!("key {}", subject.id),
        None => format!("{} {}", subject.kind.replace('-', " "), subject.id),
    }
}

/// A node in a few words: `key ASIA…`, `role deploy as laptop`.
pub(super) fn short_node(node: &Node) -> String {
    let named = || node.name.as_deref().unwrap_or(&node.id);
    match (node.kind, principal(node.arn.as_deref())) {
        (NodeKind::AccessKey, _) => format!("key {}", node.id),
        (NodeKind::Console, _) => format!("console {}", node.id),
        (_, Some(Principal::RoleSession { role, session })) => format!("role {role} as {session}"),
        (NodeKind::Session, _) => format!("session {}", node.session_name.as_deref().unwrap_or(&node.id)),
        (NodeKind::User, _) => format!("user {}", named()),
        (NodeKind::Role, _) => format!("role {}", named()),
        (NodeKind::Account, _) => {
            format!("account {}, {}", node.account.as_deref().unwrap_or("unknown"), node.id)
        }
        _ => format!("{} {}", kind_words(node), node.id),
    }
}

/// Who made a record, with the key that signed it: `user dana with key AKIA…`.
pub(super) fn signer(node: &Node) -> String {
    let who = match principal(node.arn.as_deref()) {
        Some(Principal::User { name, .. }) => format!("user {name}"),
        Some(Principal::RoleSession { role, session }) => format!("role {role} as {session}"),
        Some(Principal::FederatedUser { name }) => format!("federated user {name}"),
        Some(Principal::Root) => "root".to_owned(),
        Some(Principal::Role { .. }) | None => return short_node(node),
    };
    match &node.access_key {
        Some(key) => format!("{who} with key {key}"),
        None => who,
    }
}

/// A descendant in the words of the tree, and whether they hold an id that someone must copy.
pub(super) struct Label {
    /// The kind, with a blank behind it; empty where the name says enough.
    pub(super) kind: String,
    /// The name or id.
    pub(super) name: String,
    /// Whether the name is an id that is never cut.
    pub(super) is_id: bool,
}

/// What a descendant is called. `parent` is the id of what stands above it.
pub(super) fn label(one: &Descendant, parent: &str) -> Label {
    let by = |kind: &str, name: &str, is_id| Label { kind: format!("{kind} "), name: name.to_owned(), is_id };
    let arn = one.node.as_ref().and_then(|node| node.arn.as_deref()).or(Some(one.id.as_str()));
    let node_name = one.node.as_ref().and_then(|node| node.name.as_deref());
    match (one.kind, principal(arn)) {
        (NodeKind::AccessKey, _) => by("key", &one.id, true),
        (NodeKind::Session | NodeKind::Role, Some(Principal::RoleSession { role, .. })) => {
            by("role", role, false)
        }
        (NodeKind::Session, Some(Principal::FederatedUser { name })) => by("federated user", name, false),
        (NodeKind::Session, _) => by("session", node_name.unwrap_or(&one.id), false),
        (NodeKind::Role, Some(Principal::Role { name, .. })) => by("role", name, false),
        (NodeKind::Role, _) => by("role", node_name.unwrap_or(&one.id), false),
        (NodeKind::User, Some(Principal::User { name, .. })) => by("user", name, false),
        (NodeKind::User, _) => by("user", node_name.unwrap_or(&one.id), false),
        (NodeKind::Console, _) => {
            let made = one.node.as_ref().and_then(|node| node.created);
            let made = made.or_else(|| one.made.as_ref().map(|made| made.event_time));
            by("console", &made.map_or_else(|| one.id.clone(), |made| figure::clock(made.0) + "Z"), true)
        }
        (NodeKind::Password | NodeKind::OtherWay, _) => way_in(one, parent),
        (NodeKind::Workload, _) => workload(one),
        // Of a user they are its own; which of its keys they are of no record tells.
        (NodeKind::Forwarded, _) => {
            let name = if one.rule == Rule::Claim { "? forwarded calls" } else { "forwarded calls" };
            Label { kind: String::new(), name: name.to_owned(), is_id: false }
        }
        (NodeKind::Unknown, _) => {
            Label { kind: String::new(), name: "? unknown caller".to_owned(), is_id: false }
        }
        (NodeKind::Account, _) => by("account", &one.id, true),
        (NodeKind::Event, _) if one.made.is_none() => {
            Label { kind: String::new(), name: one.id.clone(), is_id: false }
        }
        (NodeKind::Event, _) => by("event", &one.id, true),
        (NodeKind::Root, _) => by("root of", &one.id, true),
        (NodeKind::Service, _) => by("service", &one.id, false),
        (NodeKind::SamlSubject | NodeKind::WebIdentity | NodeKind::IdentityCenterUser, _) => {
            by("person", node_name.unwrap_or(&one.id), false)
        }
    }
}

/// A way in that is no key, by the record that made it.
fn way_in(one: &Descendant, parent: &str) -> Label {
    let event = one.made.as_ref().map_or("", |made| made.event_name.as_str());
    let kind = match event {
        "CreateServiceSpecificCredential" => "service password",
        "ResetServiceSpecificCredential" => "new service password",
        "UploadSigningCertificate" => "signing certificate",
        "UploadSSHPublicKey" => "SSH key",
        _ if one.kind == NodeKind::Password => "password",
        _ => "way in",
    };
    if one.id.is_empty() || one.id == parent {
        return Label { kind: String::new(), name: kind.to_owned(), is_id: false };
    }
    let is_id =
        one.id.len() <= 32 && !one.id.contains(' ') && one.id.starts_with(|c: char| c.is_ascii_uppercase());
    Label { kind: format!("{kind} of "), name: one.id.clone(), is_id }
}

/// The sign before the remarks of a line: what is only claimed, or of one of several sign-ins, is open.
pub(super) fn remark_sign(one: &Descendant) -> char {
    let is_open = one.kind == NodeKind::Console && !one.made_again.is_empty();
    if one.rule == Rule::Claim || is_open { '?' } else { '!' }
}

/// An instance, function, task, build or automation: the id may name its kind already.
fn workload(one: &Descendant) -> Label {
    let (kind, id) = one.id.split_once(' ').unwrap_or(("", &one.id));
    let event = one.made.as_ref().map_or("", |made| made.event_name.as_str());
    if event == "RegisterTaskDefinition" {
        let name = id.split_once(":task-definition/").map_or(id, |(_, name)| name);
        return Label { kind: "task definition ".to_owned(), name: name.to_owned(), is_id: false };
    }
    let kind = match kind {
        "" if is_instance_id(id) => "instance",
        "" if event.contains("Function") => "function",
        "" if event.contains("Task") => "task",
        "" if event.contains("Build") => "build",
        "" if event.contains("Execution") => "automation",
        "" => "workload",
        kind => kind,
    };
    Label { kind: format!("{kind} "), name: id.to_owned(), is_id: is_instance_id(id) }
}

/// How sure a link is, and why, in words.
pub(super) fn link_words(link: &Link) -> String {
    let event = &link.record.event_name;
    let apart = match link.seconds_apart {
        0 => String::new(),
        seconds => format!(", {seconds} s apart from the session's creation"),
    };
    let certain = if link.seconds_apart == 0 { "certain" } else { "likely" };
    match link.rule {
        Rule::Claim if matches!(event.as_str(), "Federate" | "GetRoleCredentials") => format!(
            "? a claim, no proof: role and second agree with this {event}, but it names a person by an id whose name nothing \
             tells"
        ),
        Rule::Claim if link.from.created.is_some() => {
            format!(
                "? a claim, no proof: names and second agree with this {event}, but it answered with another key"
            )
        }
        Rule::Claim => format!("? a claim, no proof: only the names agree with this {event}"),
        Rule::Launched => launched_words(link, event),
        // Who switched roles in the console signed in before.
        Rule::Session if link.from.kind == NodeKind::User && event == "ConsoleLogin" => {
            match link.ambiguous.len() {
                0 | 1 => format!("certain: {event} is the user's only one in the 12 hours before"),
                some => format!(
                    "one of {}: the user's {event} in the 12 hours before",
                    figure::grouped(some as u64)
                ),
            }
        }
        _ if link.ambiguous.len() > 1 => {
            let count = figure::grouped(link.ambiguous.len() as u64);
            format!("one of {count}: {event} calls that fit alike; nothing tells which it was{apart}")
        }
        Rule::Key if link.above_origin && event == "CreateAccessKey" => {
            format!("certain: {event} made exactly this key")
        }
        Rule::Key => format!("certain: {event} answered with exactly this key{apart}"),
        Rule::SharedEvent => format!("certain: both accounts recorded this one {event}"),
        Rule::Session if is_of_sign_in(link) => {
            format!("certain: {event} bears the same sign-in session (signInSessionArn)")
        }
        Rule::Session if link.seconds_apart == 0 => {
            format!("certain: {event} made this session, in the second of its creation")
        }
        Rule::Session => format!("{certain}: {event} made this session{apart}"),
        Rule::Identity => format!("certain: {}", made_words(event)),
    }
}

/// Whether a link ties a session to its sign-in by the sign-in session that both name: only then may it have been created
/// at another moment.
fn is_of_sign_in(link: &Link) -> bool {
    let made = link.record.event_time.0.timestamp();
    link.from.created.is_some_and(|created| (created.0.timestamp() - made).abs() > SLACK_SECONDS)
}

/// So many calls that stand beside a launch are told in words.
const BESIDE_MAX: usize = 4;

/// What a record launched, or gave a role; and who else is behind it or may be, where others are.
fn launched_words(link: &Link, event: &str) -> String {
    let words = launch_words(link, event);
    // None acts without the others: of two origins none is said to be the one.
    let mut words = match link.ambiguous.len() {
        0 => words,
        some => words.replacen("certain:", &format!("one of {}:", figure::grouped(some as u64)), 1),
    };
    let sure = |id: &String| if link.ambiguous.contains(id) { "another origin" } else { "as well" };
    if let Some(given) = &link.role_given {
        let (gave, id, by) = (&given.record.event_name, &given.record.event_id, given.origin.words());
        let role = given.role.as_deref().unwrap_or_default();
        write_words(&mut words, &format!("; the role {role} is of {gave} {id} by {by} ({})", sure(id)));
    }
    for beside in link.beside.iter().take(BESIDE_MAX) {
        let (gave, id, by) = (&beside.record.event_name, &beside.record.event_id, beside.origin.words());
        let part = match (&beside.version, beside.what) {
            (Some(version), what) => format!("version {version} may have run: its {what} of"),
            (None, "layers") => "its layers are of".to_owned(),
            (None, "definition") => "its task definition is of".to_owned(),
            (None, what) => format!("its {what} is of"),
        };
        write_words(&mut words, &format!("; {part} {gave} {id} by {by} ({})", sure(id)));
    }
    if let Some(more) = link.beside.len().checked_sub(BESIDE_MAX).filter(|more| *more > 0) {
        write_words(&mut words, &format!("; {} more: --format json", figure::grouped(more as u64)));
    }
    words
}

fn launch_words(link: &Link, event: &str) -> String {
    if event.starts_with("UpdateFunctionCode") {
        return match &link.role_passed {
            Some(role) => format!("certain: {event} replaced the function's code; its role was {role}"),
            None => format!("certain: {event} replaced the function's code"),
        };
    }
    let anew = configures(event);
    // Such a record only leads up where none of a launch does.
    let (gave_else, untold) = match (anew, event.starts_with("Update")) {
        (false, _) => ("launched it", ""),
        (true, true) => ("put layers on it", "; who put its code no record tells"),
        (true, false) => ("gave it a role", "; who launched it no record tells"),
    };
    let given = link.role_given.as_ref().map(|given| given.record.event_name.as_str());
    let by_definition = given == Some("RegisterTaskDefinition");
    // What EC2 is passed is a profile: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
    let of_profile = event == "RunInstances" || event.contains("IamInstanceProfile");
    match (&link.role_passed, &link.role_untold) {
        (Some(passed), Some(role)) => {
            let gave = match (anew, by_definition) {
                (true, _) => "gave it",
                (_, true) => "launched it, whose task definition names",
                _ => "launched it and passed it",
            };
            if of_profile {
                return format!(
                    "likely: {event} {gave} the instance profile {passed}; no record tells that this holds the role \
                     {role}{untold}"
                );
            }
            format!(
                "likely: {event} {gave} {passed}; no record tells that this holds the role {role}{untold}"
            )
        }
        (Some(profile), None) if of_profile && !profile.contains(":role/") => {
            let gave = if anew { "gave it" } else { "launched it and passed it" };
            let is_told = given == Some("AddRoleToInstanceProfile")
                || link.beside.iter().any(|one| one.record.event_name == "AddRoleToInstanceProfile");
            let called = if is_told { "" } else { ", called like its role" };
            format!("certain: {event} {gave} the instance profile {profile}{called}{untold}")
        }
        (Some(role), None) if anew => format!("certain: {event} gave it the role {role}{untold}"),
        (Some(_), None) if by_definition => format!("certain: {event} launched it"),
        (Some(role), None) => format!("certain: {event} launched it and passed it the role {role}"),
        (None, _) => format!("certain: {event} {gave_else}{untold}"),
    }
}

/// What a record made that names for whom.
fn made_words(event: &str) -> String {
    match event {
        "CreateUser" => "CreateUser made this user".to_owned(),
        "CreateLoginProfile" => "CreateLoginProfile gave the user a password".to_owned(),
        "UpdateLoginProfile" => "UpdateLoginProfile set the user's password anew".to_owned(),
        "ChangePassword" => "ChangePassword: the user chose the password".to_owned(),
        event => format!("the record of {event} itself names whom it is for"),
    }
}

/// The rule and what weakens it, as the label of an edge.
pub(super) fn rule_words(rule: Rule, ambiguous: usize, seconds_apart: i64) -> String {
    let mut words = rule.word().to_owned();
    if ambiguous > 1 {
        write_words(&mut words, &format!(", one of {ambiguous}"));
    }
    if seconds_apart > 0 {
        write_words(&mut words, &format!(", {seconds_apart} s apart"));
    }
    words
}

/// `IAM user dana, complete`, and how the user signed in.
pub(super) fn origin_words(origin: &Origin) -> String {
    let mut words =
        format!("{}, {}", origin.words(), if origin.complete { "complete" } else { "incomplete" });
    if !origin.certain && origin.complete {
        write_words(&mut words, ", not certain");
    }
    match (origin.sign_in.is_some(), origin.mfa) {
        (_, Some(true)) => write_words(&mut words, "; session with MFA"),
        (_, Some(false)) => write_words(&mut words, "; session without MFA"),
        (true, None) => write_words(&mut words, "; signed in at the console"),
        (false, None) => {}
    }
    words
}
