//! The hand-written tables of events, read once. A line that cannot be read is a fault of the build: it is left out and
//! counted, and a test says that there are none.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Call, MappedAction, Presence};
use crate::catalog::resource::Noted;
use crate::catalog::service::Action;
use crate::catalog::tsv::rows;
use crate::catalog::{catalog, matches};

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    Tables::read(
        include_str!("../tables/sources.tsv"),
        include_str!("../tables/events.tsv"),
        include_str!("../tables/not_requests.tsv"),
    )
});

/// Why a record is no authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotRequest {
    /// The kind of reason.
    pub reason: Reason,
    /// The page of AWS that says so.
    pub page: &'static str,
}

/// The kinds of reasons why a record is no authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A service did something by itself; no caller asked.
    ServiceEvent,
    /// A step of signing in: password, MFA or identity provider decide, not IAM policies.
    SignIn,
    /// An action of the console that is no call of an API.
    ConsoleAction,
    /// Insights compare rates of calls; they report no call of their own.
    Insight,
    /// A call that needs no permission: no policy can keep it from its caller.
    NoPermission,
    /// A call that IAM does not authorize: the caller shows a token or password of the service's own, or nothing.
    NotByIam,
    /// A call whose caller could not prove who it is: it was turned away before any policy was asked.
    NotAuthenticated,
    /// A call that AWS refused because temporary credentials of this kind can never make it, whatever policies say.
    BeyondCredentials,
}

impl Reason {
    /// A few words for people: `needs no permission`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ServiceEvent => "event of a service, nobody asked",
            Self::SignIn => "sign-in step",
            Self::ConsoleAction => "console action, no API call",
            Self::Insight => "insight, no call",
            Self::NoPermission => "needs no permission",
            Self::NotByIam => "not authorized by IAM",
            Self::NotAuthenticated => "caller not authenticated",
            Self::BeyondCredentials => "temporary credentials cannot call it",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "service-event" => Self::ServiceEvent,
            "sign-in" => Self::SignIn,
            "console-action" => Self::ConsoleAction,
            "insight" => Self::Insight,
            "no-permission" => Self::NoPermission,
            "not-by-iam" => Self::NotByIam,
            _ => return None,
        })
    }
}

/// An action of a line of `events.tsv`, with its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    action: &'static Action,
    condition: Condition,
}

/// When a call asks for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// Always.
    Always,
    /// If a test of the request parameters holds.
    If(Test),
    /// If it does not.
    Unless(Test),
    /// The record cannot tell.
    Untold,
}

/// A test of one request parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Test {
    /// The parameter's name, or a path parted by dots.
    key: &'static str,
    wanted: Wanted,
}

/// What a parameter must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Anything at all.
    Something,
    /// Text that contains this.
    Containing(&'static str),
    /// Something whose text does not contain this.
    Other(&'static str),
    /// Text that begins with this word, in any case.
    Beginning(&'static str),
}

impl Listed {
    /// `s3:GetObject?!versionId`; see the head of `events.tsv`.
    fn parse(text: &'static str) -> Option<Self> {
        let (name, condition) = match text.split_once('?') {
            None => (text, Condition::Always),
            Some((name, "")) => (name, Condition::Untold),
            Some((name, condition)) => match condition.strip_prefix('!') {
                Some(test) => (name, Condition::Unless(Test::parse(test))),
                None => (name, Condition::If(Test::parse(condition))),
            },
        };
        Some(Self { action: catalog().action(name)?, condition })
    }

    /// Whether a call with these parameters asked for the action; None if they show that it did not.
    pub(super) fn decide(self, parameters: Option<Noted<'_>>) -> Option<MappedAction> {
        let asked = match (self.condition, parameters) {
            (Condition::Always, _) => return Some(self.with(Presence::Certain)),
            (Condition::Untold, _) | (_, None) => return Some(self.with(Presence::Possible)),
            (Condition::If(test), Some(parameters)) => test.holds(parameters),
            (Condition::Unless(test), Some(parameters)) => !test.holds(parameters),
        };
        asked.then(|| self.with(Presence::Certain))
    }

    fn with(self, presence: Presence) -> MappedAction {
        MappedAction { action: self.action, presence }
    }
}

impl Test {
    fn parse(text: &'static str) -> Self {
        if let Some((key, word)) = text.split_once('^') {
            return Self { key, wanted: Wanted::Beginning(word) };
        }
        match text.split_once('~') {
            Some((key, text)) => match key.strip_suffix('!') {
                Some(key) => Self { key, wanted: Wanted::Other(text) },
                None => Self { key, wanted: Wanted::Containing(text) },
            },
            None => Self { key: text, wanted: Wanted::Something },
        }
    }

    fn holds(self, parameters: Noted<'_>) -> bool {
        holds_at(parameters, self.key, self.wanted)
    }
}

/// Follows a path into a value; of a list it is enough that one item holds.
fn holds_at(value: Noted<'_>, path: &str, wanted: Wanted) -> bool {
    if value.is_list() && !path.is_empty() {
        return value.items().any(|item| holds_at(item, path, wanted));
    }
    if !path.is_empty() {
        let (part, rest) = path.split_once('.').unwrap_or((path, ""));
        return value.get(part).is_some_and(|inner| holds_at(inner, rest, wanted));
    }
    let contains = |text| value.written().contains(text);
    match wanted {
        Wanted::Something => says_something(value),
        Wanted::Containing(text) => contains(text),
        Wanted::Other(text) => says_something(value) && !contains(text),
        Wanted::Beginning(word) => value.text().is_some_and(|text| begins_with(text, word)),
    }
}

/// Whether a text begins with a word, in any case.
fn begins_with(text: &str, word: &str) -> bool {
    let first = text.trim_start().split(|next: char| !next.is_ascii_alphanumeric()).next();
    first.is_some_and(|first| first.eq_ignore_ascii_case(word))
}

/// Whether a value is neither null, false nor empty.
fn says_something(value: Noted<'_>) -> bool {
    !value.is_null_or_false() && !value.is_empty()
}

/// The prefixes that `sources.tsv` lists for a source.
pub(super) fn services(label: &str) -> Option<impl Iterator<Item = &'static str> + use<>> {
    let tables: &'static Tables = &TABLES;
    tables.sources.get(label).map(|prefixes| prefixes.split(' '))
}

/// The actions that `events.tsv` lists for an event.
pub(super) fn actions(label: &str, name: &str) -> Option<impl Iterator<Item = Listed> + Clone + use<>> {
    let tables: &'static Tables = &TABLES;
    tables.events.get(label)?.get(name).map(|listed| listed.iter().copied())
}

/// The names of the parameters that tell which actions an event stands for, the outermost of each path; none where no
/// parameter does.
pub(super) fn told_by(label: &str, name: &str) -> Vec<&'static str> {
    let tests = actions(label, name).into_iter().flatten().filter_map(|listed| match listed.condition {
        Condition::If(test) | Condition::Unless(test) => Some(test.key),
        Condition::Always | Condition::Untold => None,
    });
    tests.map(|key| key.split('.').next().unwrap_or(key)).collect()
}

/// Why a call is no request, if its type or its very name is listed.
pub(super) fn not_request(label: &str, call: &Call<'_>) -> Option<NotRequest> {
    let by_type = TABLES.not_by_type.iter().find(|(kind, _)| call.kind == Some(kind));
    let by_name = || not_by_name(label, |listed| listed == call.name);
    by_type.map(|(_, reason)| *reason).or_else(by_name)
}

/// Why a call is no request, if a pattern of `not_requests.tsv` is all that is known of its name.
pub(super) fn not_request_by_pattern(label: &str, name: &str) -> Option<NotRequest> {
    not_by_name(label, |listed| matches(listed, name))
}

fn not_by_name(label: &str, is_meant: impl Fn(&str) -> bool) -> Option<NotRequest> {
    let lines = TABLES.not_by_name.get(label)?;
    lines.iter().find(|(listed, _)| is_meant(listed)).map(|(_, reason)| *reason)
}

/// An event that `events.tsv` lists for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListedEvent {
    /// The event source without `.amazonaws.com`.
    pub source: &'static str,
    /// The event's name.
    pub name: &'static str,
    /// The page of AWS that says so.
    pub page: &'static str,
}

/// The events that the table lists for an action, sorted; not those that are called like it.
#[must_use]
pub fn listed_events(action: &Action) -> Vec<ListedEvent> {
    let mut events = TABLES.by_action.get(&(action.service, action.name)).cloned().unwrap_or_default();
    events.sort();
    events.dedup();
    events
}

/// The lines that could not be read: `table:line`.
#[cfg(test)]
pub(in crate::catalog) fn faults() -> Vec<String> {
    TABLES.faults.clone()
}

#[derive(Default)]
struct Tables {
    sources: HashMap<&'static str, &'static str>,
    /// By source, then by event name.
    events: HashMap<&'static str, HashMap<&'static str, Vec<Listed>>>,
    /// By service and name of an action.
    by_action: HashMap<(&'static str, &'static str), Vec<ListedEvent>>,
    /// By event type.
    not_by_type: Vec<(&'static str, NotRequest)>,
    /// By source; a pattern of event names each.
    not_by_name: HashMap<&'static str, Vec<(&'static str, NotRequest)>>,
    /// Lines that could not be read: `table:line`.
    faults: Vec<String>,
}

impl Tables {
    fn read(sources: &'static str, events: &'static str, not_requests: &'static str) -> Self {
        let mut tables = Self::default();
        for (line, fields) in rows(sources) {
            let &[label, prefixes] = fields.as_slice() else {
                tables.faults.push(format!("sources:{line}"));
                continue;
            };
            let known = prefixes.split(' ').all(|prefix| catalog().service(prefix).is_some());
            if !known || tables.sources.insert(label, prefixes).is_some() {
                tables.faults.push(format!("sources:{line}"));
            }
        }
        for (line, fields) in rows(events) {
            let listed = match fields.as_slice() {
                &[label, name, actions, page] if page.starts_with("https://") => {
                    let actions = actions.split(' ').map(Listed::parse).collect::<Option<Vec<_>>>();
                    actions.map(|actions| (ListedEvent { source: label, name, page }, actions))
                }
                _ => None,
            };
            let fresh = listed.is_some_and(|(event, actions)| {
                for listed in &actions {
                    let key = (listed.action.service, listed.action.name);
                    tables.by_action.entry(key).or_default().push(event);
                }
                tables.events.entry(event.source).or_default().insert(event.name, actions).is_none()
            });
            if !fresh {
                tables.faults.push(format!("events:{line}"));
            }
        }
        for (line, fields) in rows(not_requests) {
            let read = match fields.as_slice() {
                &[label, name, reason, page] if page.starts_with("https://") => {
                    Reason::parse(reason).map(|reason| (label, name, NotRequest { reason, page }))
                }
                _ => None,
            };
            match read {
                Some(("*", kind, reason)) => tables.not_by_type.push((kind, reason)),
                Some((label, name, reason)) => {
                    tables.not_by_name.entry(label).or_default().push((name, reason));
                }
                None => tables.faults.push(format!("not_requests:{line}")),
            }
        }
        tables
    }
}
