//! The screen of `investigate`: the answer first, then the proof of each of its lines in the same order.

mod activity;
mod behind;
mod denied;
mod followed;
mod made;
mod opened;
mod step;
mod summary;
#[cfg(test)]
mod tests;
mod words;

use crate::investigate::{Investigation, SubjectKind, Thing, ThingClass, UnseenKind};
use crate::report::{Mark, Style, section};
use words::Page;

/// What is shown beyond the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Every operation, not only the services (`--calls`).
    pub calls_all: bool,
    /// Everything that was made (`--created`).
    pub created_all: bool,
    /// The arguments that name the logs, as `--logs PATH`, so that the commands at the end can be pasted.
    pub source: String,
}

/// The whole screen, each line with its end. All text of the log is escaped.
#[must_use]
pub fn text(answer: &Investigation, options: &Options, style: Style) -> String {
    let page = Page::of(answer, style);
    let mut out = section::subject(&summary::title(answer, style), style);
    out.push_str(&summary::facts(answer, style).render(style));
    let sections = [
        followed::table(answer, &page),
        activity::timeline(answer, &page),
        activity::services(answer, options, &page),
        step::steps(answer, &page),
        opened::openings(answer, &page),
        made::ways_in(answer, &page),
        made::created(answer, options, &page),
        made::removed(answer, &page),
        denied::issued_keys(answer, &page),
        denied::denials(answer, &page),
        unseen(answer, style),
    ];
    for section in sections.iter().filter(|section| !section.is_empty()) {
        out.push('\n');
        out.push_str(section);
    }
    let commands = commands(answer, options);
    if !commands.is_empty() {
        out.push_str(&section::next(commands.iter().map(String::as_str), style));
    }
    out
}

/// The operations with their counts, as CSV: what a spreadsheet or a script goes on with.
#[must_use]
pub fn csv(answer: &Investigation) -> String {
    let header = [
        "service",
        "operation",
        "calls",
        "reads",
        "writes",
        "denied",
        "failed",
        "throttled",
        "first",
        "last",
    ];
    let mut out = crate::report::csv::row(header.map(Some));
    let time = |time: Option<crate::investigate::Time>| {
        time.map(|time| time.0.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    };
    for one in &answer.activity.operations {
        let counts = &one.counts;
        let numbers =
            [counts.calls, counts.reads, counts.writes, counts.denied, counts.failed, counts.throttled]
                .map(|count| count.to_string());
        let times = [time(one.first), time(one.last)];
        let texts = [Some(one.service.as_str()), Some(one.event_name.as_str())];
        let numbers = numbers.iter().map(|number| Some(number.as_str()));
        out.push_str(&crate::report::csv::row(
            texts.into_iter().chain(numbers).chain(times.iter().map(Option::as_deref)),
        ));
    }
    out
}

fn unseen(answer: &Investigation, style: Style) -> String {
    if answer.unseen.is_empty() {
        return String::new();
    }
    let mut out = section::heading("Not visible here", "", style);
    let edge = |kind| matches!(kind, UnseenKind::Regions | UnseenKind::Before | UnseenKind::After);
    let edges: Vec<&str> =
        answer.unseen.iter().filter(|blind| edge(blind.kind)).map(|b| b.text.as_str()).collect();
    let mut edges = Some(edges.join("; "));
    for blind in &answer.unseen {
        if edge(blind.kind) {
            if let Some(words) = edges.take() {
                out.push_str(&section::item(Mark::Claim, &words, style));
            }
            continue;
        }
        let hint = blind.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        out.push_str(&section::item(Mark::Claim, &format!("{}{hint}", blind.text), style));
    }
    out
}

/// At most three commands to go on with: whom else to ask about, the chain where there is one, then the tree below the
/// subject or all of this answer.
fn commands(answer: &Investigation, options: &Options) -> Vec<String> {
    let mut whom: Vec<&str> = Vec::new();
    let used = answer
        .made
        .iter()
        .filter(|thing| thing.used.as_ref().is_some_and(|used| used.span.calls > used.by_subject));
    whom.extend(used.filter(|thing| thing.kind == "access key").map(|thing| thing.id.as_str()).take(1));
    let issued = answer.issued_keys.iter().filter(|key| key.used.calls > 0);
    whom.extend(issued.max_by_key(|key| key.used.calls).map(|key| key.access_key_id.as_str()));
    if answer.subject.kind == SubjectKind::Address {
        whom.extend(answer.subject.arns.first().map(|seen| seen.value.as_str()));
    } else {
        let addresses = answer.places.addresses.iter();
        let address = addresses
            .filter(|address| address.address.parse::<std::net::IpAddr>().is_ok())
            .map(|a| a.address.as_str())
            .next();
        whom.extend(address);
    }
    let source = if options.source.is_empty() { String::new() } else { format!(" {}", options.source) };
    let mut commands: Vec<String> = whom
        .into_iter()
        .filter(|name| words::pastable(name) && *name != answer.subject.id)
        .map(|name| format!("backtrail investigate {name}{source}"))
        .take(2)
        .collect();
    let asked = &answer.subject.asked;
    if !words::pastable(asked) || answer.activity.total.calls == 0 {
        return commands;
    }
    let has_tree = has_tree(answer);
    let has_chain =
        answer.behind.as_ref().is_some_and(|behind| !behind.links.is_empty() || behind.origins.len() > 1);
    if has_tree || has_chain {
        commands.truncate(1);
        commands.push(format!("backtrail trace {asked}{source}"));
    }
    commands.push(match &answer.follow {
        Some(_) => format!("backtrail investigate {asked}{source} --follow --format json"),
        None if has_tree => format!("backtrail investigate {asked}{source} --follow"),
        None => format!("backtrail investigate {asked}{source} --format json"),
    });
    commands
}

/// Whether something that acts came of the subject: keys that it issued, ways in that were used.
fn has_tree(answer: &Investigation) -> bool {
    match (&answer.behind, &answer.follow) {
        (None, _) => false,
        (Some(_), Some(follow)) => !follow.below.is_empty(),
        (Some(_), None) => {
            let used = |thing: &Thing| {
                let calls = thing.used.as_ref().map_or(0, |used| used.span.calls);
                thing.class == ThingClass::WayIn && calls > 0
            };
            !answer.issued_keys.is_empty() || answer.made.iter().any(used)
        }
    }
}
