//! The first lines: who, when, from where, did, made, was refused, cannot be seen.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{FACT_COLUMNS, between, fitted, listed, plain_kind, several, short, some};
use super::{behind, denied, followed, step};
use crate::aws::{AccessKeyId, IdKind};
use crate::investigate::{
    AddressKind, Grantee, Investigation, Opening, OpeningHow, Seen, SubjectKind, ThingClass, ToolKind,
    UnseenKind,
};
use crate::report::trace::words::assumed_words;
use crate::report::{Cut, Facts, Mark, Style, figure, text};

/// What a subject is is not cut to less than this.
const WHAT_COLUMNS_MIN: usize = 24;

/// The subject and what it is.
pub(super) fn title(answer: &Investigation, style: Style) -> String {
    let subject = &answer.subject;
    let whose = whose(answer);
    let what = match subject.kind {
        SubjectKind::AccessKey => {
            let kind = AccessKeyId::parse(&subject.id).map_or("access key", |key| key.kind().words());
            if whose.is_empty() { kind.to_owned() } else { format!("{kind} of {whose}") }
        }
        SubjectKind::User => "IAM user".to_owned(),
        SubjectKind::Role => format!("role, {}", several(answer.subject.sessions.len() as u64, "session")),
        SubjectKind::Session => "role session".to_owned(),
        SubjectKind::Root => "root user".to_owned(),
        SubjectKind::UniqueId => {
            let kind = IdKind::of(&subject.id).map_or("unique id", IdKind::words);
            if whose.is_empty() { kind.to_owned() } else { format!("{kind}, {whose}") }
        }
        SubjectKind::SourceIdentity => "source identity".to_owned(),
        SubjectKind::Address => {
            let identities = several(subject.arns.len() as u64, "identity");
            let kind = answer.places.addresses.first().map_or(AddressKind::Other, |address| address.kind);
            let word = if kind == AddressKind::Private { "private address" } else { "address" };
            format!("{word}, {identities}")
        }
        SubjectKind::IdentityCenterUser => "Identity Center user".to_owned(),
        SubjectKind::Subject => "subject of an identity provider".to_owned(),
        SubjectKind::Other => String::new(),
    };
    let room = style.columns().saturating_sub(text::width(&style.shown(&subject.id)) + 3);
    // The id stays whole, as it is to be copied.
    let what =
        if room > WHAT_COLUMNS_MIN { text::truncate(&what, room, Cut::Middle, style) } else { what.into() };
    let title = format!("{}   {what}", subject.id).trim_end().to_owned();
    // The line `follows` says the same, where the title has no room for it.
    let whole = format!("{title} and all it led to");
    let follows = answer.follow.as_ref().is_some_and(|follow| !follow.below.is_empty());
    if follows && text::width(&style.shown(&whole)) <= style.columns() { whole } else { title }
}

/// The identity behind a key or id, in words.
fn whose(answer: &Investigation) -> String {
    let subject = &answer.subject;
    let kind = subject.types.first().map(|seen| seen.value.as_str()).unwrap_or_default();
    match kind {
        "Root" => "the root user".to_owned(),
        "IAMUser" => subject.names.first().map(|name| format!("IAM user {}", name.value)).unwrap_or_default(),
        "AssumedRole" => {
            subject.issuers.first().map(|arn| format!("role {}", short(&arn.value))).unwrap_or_default()
        }
        other => other.to_owned(),
    }
}

/// The facts, at most fourteen lines where none wraps.
pub(super) fn facts(answer: &Investigation, style: Style) -> Facts {
    let mut facts = Facts::new();
    if answer.activity.total.calls == 0 {
        behind::fact(answer, &mut facts);
        let outside = answer.outside_window.and_then(|span| Some((span.calls, span.first?, span.last?)));
        match outside {
            Some((calls, first, last)) => {
                let (calls, when) = (several(calls, "call"), figure::range(first.0, last.0, style));
                facts.line(
                    Mark::None,
                    "window",
                    &format!("no call in this window; {calls} outside it, {when}"),
                )
            }
            None if answer.behind.is_some() => {
                facts.line(Mark::None, "did", "no call of its own in these logs: other records name it")
            }
            None => facts.line(Mark::Claim, "unseen", "no record of this subject in these logs"),
        };
        assumed_root(answer, &mut facts);
        return facts;
    }
    who(answer, &mut facts);
    behind::fact(answer, &mut facts);
    followed::fact(answer, &mut facts);
    account(answer, &mut facts);
    facts.line(Mark::None, "when", &when(answer));
    facts.line(Mark::None, "where", &place(answer));
    agent(answer, &mut facts);
    facts.line(Mark::None, "did", &did(answer));
    made(answer, &mut facts);
    opened(answer, &mut facts);
    step::logging(answer, &mut facts);
    denied::fact(answer, &mut facts);
    removed(answer, &mut facts);
    assumed_root(answer, &mut facts);
    left(answer, &mut facts);
    unseen(answer, &mut facts);
    facts
}

/// What others did as root, which is not counted here.
fn assumed_root(answer: &Investigation, facts: &mut Facts) {
    if let Some(assumed) = &answer.assumed_root {
        facts.line(Mark::Look, "assumed", &assumed_words(assumed));
    }
}

fn who(answer: &Investigation, facts: &mut Facts) {
    let subject = &answer.subject;
    // A session of the subject may have called more often than it did itself.
    let own = subject.arns.iter().find(|seen| seen.value == subject.id);
    let of_user = subject.unique_ids.iter().find(|seen| IdKind::of(&seen.value) == Some(IdKind::User));
    let id = of_user.filter(|_| own.is_some()).or_else(|| subject.unique_ids.first());
    let id = id.map(|seen| seen.value.as_str()).unwrap_or_default();
    let words = match own.map_or(subject.arns.as_slice(), std::slice::from_ref) {
        [] if subject.types.is_empty() => {
            "nobody in these rows: it made none of these calls itself".to_owned()
        }
        [] => listed(&values(&subject.types), 3, ""),
        [one] if id.len() + one.value.len() < 66 => format!("{}   {id}", one.value),
        [one, ..] => one.value.clone(),
    };
    facts.line(Mark::None, "who", words.trim_end());
    let mut more: Vec<String> = Vec::new();
    if subject.arns.len() > 1 {
        more.push(format!("and {}", several(subject.arns.len() as u64 - 1, "other identity")));
    }
    let mfa = subject.mfa;
    let long_term = AccessKeyId::parse(&subject.id).is_some_and(|key| key.kind() == IdKind::LongTermKey);
    match (mfa.with, mfa.without) {
        (0, 0) if long_term => more.push("no MFA (long-term keys carry none)".to_owned()),
        (0, 0) => {}
        (0, _) => more.push("never with MFA".to_owned()),
        (with, 0) => more.push(format!("with MFA in {}", several(with, "call"))),
        (with, without) => {
            more.push(format!("MFA in {}, none in {}", several(with, "call"), figure::grouped(without)));
        }
    }
    if subject.kind != SubjectKind::AccessKey && subject.keys.len() > 1 {
        more.push(several(subject.keys.len() as u64, "key"));
    }
    if !subject.source_identities.is_empty() {
        more.push(format!("source identity {}", first(&subject.source_identities)));
    }
    if !subject.on_behalf_of.is_empty() {
        more.push(format!("for Identity Center user {}", first(&subject.on_behalf_of)));
    }
    let mut own_line = None;
    match subject.made_by.as_slice() {
        [] if answer.unseen.iter().any(|blind| blind.kind == UnseenKind::Origin) => {
            more.push("its making is not in these logs".to_owned());
        }
        [] => {}
        [origin, ..] if behind::says_making(answer, origin.evidence.event_id.as_deref()) => {}
        [origin, ..] => {
            let by = origin.by.words().unwrap_or_else(|| "someone".to_owned());
            let made = format!("made {} by {by}", figure::moment(origin.evidence.at.0));
            // Nothing of it is left out where it is too long to stand beside the rest.
            let beside = text::width(&more.join("; ")) + text::width(&made) + 2;
            if more.is_empty() || beside <= FACT_COLUMNS { more.push(made) } else { own_line = Some(made) }
        }
    }
    if !more.is_empty() {
        facts.more(&fitted(more.len(), |most| more.get(..most).unwrap_or(&more).join("; ")));
    }
    if let Some(made) = own_line {
        facts.more(&made);
    }
}

fn values(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(|seen| seen.value.clone()).collect()
}

fn first(seen: &[Seen]) -> String {
    listed(&values(seen), 1, "")
}

/// Only what disagrees deserves a line.
fn account(answer: &Investigation, facts: &mut Facts) {
    let wrong: Vec<_> = answer.subject.encoded_accounts.iter().filter(|id| id.disagrees).collect();
    let Some(one) = wrong.first() else { return };
    let which = if wrong.len() == 1 {
        "the key id encodes".to_owned()
    } else {
        format!("{} key ids encode", figure::grouped(wrong.len() as u64))
    };
    let encoded: BTreeSet<&String> = wrong.iter().flat_map(|id| &id.encoded).collect();
    let encoded: Vec<String> = encoded.into_iter().cloned().collect();
    let encoded = if encoded.len() > 2 { "others".to_owned() } else { alternatives(&encoded) };
    let words = format!("records say {}, {which} {encoded}", listed(&one.recorded, 2, ""));
    facts.line(Mark::Look, "account", &words);
}

/// `111122223332 or …333`: of alternatives that share their beginning, the last digits are enough.
fn alternatives(accounts: &[String]) -> String {
    match accounts {
        [one, other] if one.get(..9) == other.get(..9) => {
            format!("{one} or …{}", other.get(9..).unwrap_or(other))
        }
        many => many.join(" or "),
    }
}

fn when(answer: &Investigation) -> String {
    let style = crate::report::Style::default();
    let (Some(from), Some(to)) = (answer.activity.span.first, answer.activity.span.last) else {
        return String::new();
    };
    let mut words = figure::range(from.0, to.0, style);
    if to > from {
        words = format!("{words}, {}", between(from, to));
    }
    match answer.coverage.whole.last {
        Some(end) if end.0.date_naive() == to.0.date_naive() => {
            format!("{words}; logs end {}Z", figure::clock(end.0))
        }
        Some(end) => format!("{words}; logs end {}", figure::day(end.0)),
        None => words,
    }
}

fn place(answer: &Investigation) -> String {
    let places = &answer.places;
    let is_ip = |kind| matches!(kind, AddressKind::Public | AddressKind::Private | AddressKind::Other);
    let ips: Vec<_> = places.addresses.iter().filter(|address| is_ip(address.kind)).collect();
    let services = places.addresses.len() - ips.len();
    let mut parts = Vec::new();
    match ips.as_slice() {
        [] => {}
        [one] => {
            let note = match one.kind {
                AddressKind::Private if one.vpc_endpoints.is_empty() => " (private, yet no VPC endpoint)",
                AddressKind::Private => " (private, through a VPC endpoint)",
                _ => "",
            };
            let only = if services == 0 { " only" } else { "" };
            parts.push(format!("{}{only}{note}", one.address));
        }
        [one, rest @ ..] => {
            let count = several(one.span.calls, "call");
            parts.push(format!(
                "{} ({count}) and {}",
                one.address,
                several(rest.len() as u64, "other address")
            ));
        }
    }
    if services > 0 {
        parts.push(several(services as u64, "AWS service"));
    }
    parts.push(match places.regions.as_slice() {
        [] => "no region stated".to_owned(),
        [one] => format!("{} only", one.value),
        [one, rest @ ..] if rest.len() < 3 => {
            format!(
                "{}, {}",
                one.value,
                rest.iter().map(|r| r.value.clone()).collect::<Vec<String>>().join(", ")
            )
        }
        [one, rest @ ..] => format!("{} and {} other regions", one.value, rest.len()),
    });
    parts.join("; ")
}

fn agent(answer: &Investigation, facts: &mut Facts) {
    let total = answer.activity.total.calls;
    let tools: Vec<_> = answer.places.tools.iter().filter(|tool| tool.kind <= ToolKind::Console).collect();
    let mark = if tools.iter().any(|tool| tool.kind == ToolKind::Attack) { Mark::Look } else { Mark::None };
    let words = if let Some((tool, rest)) = tools.split_first() {
        let runs = if tool.run_ids > 1 { format!(" ({} run ids)", tool.run_ids) } else { String::new() };
        let (part, whole) = (figure::grouped(tool.span.calls), figure::grouped(total));
        let names = rest.iter().map(|tool| tool.name.clone()).collect::<Vec<String>>();
        let named = if tool.span.calls == total {
            format!("all calls name {}{runs}", tool.name)
        } else {
            format!("{part} of {whole} calls name {}{runs}", tool.name)
        };
        if names.is_empty() {
            named
        } else {
            fitted(3, |most| format!("{named}; {}", listed(&names, most, "")))
        }
    } else {
        let agents = answer.places.agents.iter().filter(|agent| !agent.agent.ends_with(".amazonaws.com"));
        let named = agents.map(|agent| match agent.tools.first() {
            Some(tool) => tool.clone(),
            None => agent.agent.split(' ').next().unwrap_or_default().to_owned(),
        });
        let mut names: Vec<String> = Vec::new();
        for name in named.filter(|name| !name.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        fitted(4, |most| listed(&names, most, " agents"))
    };
    if !words.is_empty() {
        facts.line(mark, "agent", &words);
    }
}

fn did(answer: &Investigation) -> String {
    let total = answer.activity.total;
    let operations = answer.activity.operations.len() as u64;
    let services = answer.activity.services.len() as u64;
    let writes = match total.writes {
        0 => "none of them a write".to_owned(),
        writes => format!("{} of them writes", figure::grouped(writes)),
    };
    format!(
        "{}, {writes}, {} different, in {}",
        several(total.calls, "call"),
        figure::grouped(operations),
        several(services, "service")
    )
}

/// In which order kinds of ways in are named.
const WAYS: &[&str] = &["user", "Identity Center user", "access key", "password", "changed password", "role"];

fn made(answer: &Investigation, facts: &mut Facts) {
    let ways: Vec<_> = answer.made.iter().filter(|thing| thing.class == ThingClass::WayIn).collect();
    if ways.is_empty() {
        let parts = by_kind(answer.made.iter().map(|thing| thing.kind.as_str()));
        if !parts.is_empty() {
            let gone = answer.made.iter().filter(|thing| thing.gone.is_some()).count();
            let end = match gone {
                0 => "none gone".to_owned(),
                all if all == answer.made.len() => "all gone".to_owned(),
                some => format!("{} gone", figure::grouped(some as u64)),
            };
            let words =
                fitted(6, |most| format!("{}; {end}; no way back in", listed(&parts, most, " kinds")));
            facts.line(Mark::None, "made", &words);
        }
        return;
    }
    let mut counts: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    // Without a trust anchor a Roles Anywhere profile is nothing.
    let anchored = ways.iter().any(|way| way.kind == "trust anchor");
    for way in ways.iter().filter(|way| !anchored || way.kind != "Roles Anywhere profile") {
        let rank = WAYS.iter().position(|kind| *kind == way.kind).unwrap_or(WAYS.len());
        *counts.entry((rank, &way.kind)).or_default() += 1;
    }
    let parts = counts.iter().map(|((_, kind), count)| several(*count, plain_kind(kind)));
    let parts: Vec<String> = parts.collect();
    let here = ways.iter().filter(|way| way.gone.is_none()).count();
    let end = match here {
        0 => "all gone".to_owned(),
        all if all == ways.len() => "all still there".to_owned(),
        some => format!("{some} still there"),
    };
    let words = fitted(6, |most| format!("{}; {end}", listed(&parts, most, "")));
    let others = answer.made.len() - ways.len();
    let wordier = format!("{words}; {}", several(others as u64, "other thing"));
    let words = if others > 0 && text::width(&wordier) <= FACT_COLUMNS { wordier } else { words };
    facts.line(if here > 0 { Mark::Look } else { Mark::None }, "made", &words);
}

/// Openings that let someone in; a guard taken away alone lets nobody in.
pub(super) fn lets_in(opening: &Opening) -> bool {
    opening.how != OpeningHow::GuardRemoved
}

fn opened(answer: &Investigation, facts: &mut Facts) {
    let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for opening in answer.openings.iter().filter(|opening| lets_in(opening)) {
        let network = opening.how == OpeningHow::Network && opening.kind == "security group";
        let (kind, id) =
            if network { ("port", &opening.what) } else { (plain_kind(&opening.kind), &opening.id) };
        let seen = ids.entry(kind).or_default();
        if !seen.contains(&id.as_str()) {
            seen.push(id);
        }
        if !order.contains(&kind) {
            order.push(kind);
        }
    }
    let open = answer.openings.iter().filter(|opening| lets_in(opening) && opening.until.is_none()).count();
    order.sort_by_key(|kind| std::cmp::Reverse(ids.get(kind).map_or(0, Vec::len)));
    let parts = order.iter().map(|kind| match ids.get(kind).map_or(0, Vec::len) {
        1 => (*kind).to_owned(),
        count => several(count as u64, kind),
    });
    let parts: Vec<String> = parts.collect();
    let guards = answer.openings.iter().filter(|opening| !lets_in(opening)).count() as u64;
    let mut words = Vec::new();
    if !parts.is_empty() {
        let end = if open == 0 { "shut".to_owned() } else { format!("{open} still open") };
        words.push(fitted(8, |most| format!("{} to outsiders; {end}", listed(&parts, most, ""))));
    }
    if guards > 0 {
        words.push(format!("{} taken away", several(guards, "guard against public access")));
    }
    if words.is_empty() {
        return;
    }
    let harmless = answer.openings.iter().all(|o| o.bound || matches!(o.to, Grantee::Provider(_)));
    facts.line(if harmless { Mark::None } else { Mark::Look }, "opened", &words.join("; "));
}

fn removed(answer: &Investigation, facts: &mut Facts) {
    let parts = by_kind(answer.removed.iter().map(|thing| thing.kind.as_str()));
    if !parts.is_empty() {
        let words = fitted(5, |most| format!("{} that it had not made", listed(&parts, most, " kinds")));
        facts.line(Mark::Look, "removed", &words);
    }
}

fn left(answer: &Investigation, facts: &mut Facts) {
    let mut here: Vec<_> = answer.made.iter().filter(|thing| thing.gone.is_none()).collect();
    here.sort_by_key(|thing| thing.class);
    let parts = by_kind(here.iter().map(|thing| thing.kind.as_str()));
    if !parts.is_empty() {
        facts.line(Mark::Still, "left", &fitted(6, |most| listed(&parts, most, " kinds")));
    }
}

/// Counts of kinds, in the order of their first.
fn by_kind<'a>(kinds: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for kind in kinds {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    counts.into_iter().map(|(kind, count)| some(count, kind)).collect()
}

fn unseen(answer: &Investigation, facts: &mut Facts) {
    let parts = answer.unseen.iter().filter_map(|blind| {
        Some(match blind.kind {
            UnseenKind::DataEvents => "data events (none logged)".to_owned(),
            UnseenKind::SomeDataEvents => "most data events".to_owned(),
            UnseenKind::ReadOnlyEvents => "reads (none logged)".to_owned(),
            UnseenKind::Regions => "other regions".to_owned(),
            UnseenKind::Gaps => several(blind.count?, "empty hour"),
            UnseenKind::Unrecorded => several(blind.count?, "removal") + " without a record",
            UnseenKind::Encoded => "encoded refusals".to_owned(),
            UnseenKind::Limits => "lists cut at limits".to_owned(),
            UnseenKind::Nothing
            | UnseenKind::OutsideWindow
            | UnseenKind::Before
            | UnseenKind::After
            | UnseenKind::Forwarded
            | UnseenKind::Hidden
            | UnseenKind::Stopped
            | UnseenKind::Origin => return None,
        })
    });
    let parts: Vec<String> = parts.collect();
    if !parts.is_empty() {
        facts.line(Mark::Claim, "unseen", &fitted(5, |most| listed(&parts, most, "")));
    }
}
