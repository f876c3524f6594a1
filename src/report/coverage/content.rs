//! What kind of events there are, who speaks in them, and what was read to get them.

use super::Page;
use crate::report::{Facts, Mark, figure};

/// So many services with data events are told apart.
const SERVICES_MAX: usize = 8;

/// Adds what is to be said of the events of all accounts.
pub(super) fn facts(page: &Page<'_>, facts: &mut Facts) {
    let survey = page.survey;
    let all: u64 = survey.speakers.iter().map(|(_, events)| events).sum();
    let speakers = survey
        .speakers
        .iter()
        .map(|(who, events)| format!("{} {}", page.cut(who, 40), figure::share(*events, all)));
    let speakers: Vec<String> = speakers.collect();
    if !speakers.is_empty() {
        facts.line(Mark::None, "who speaks", &speakers.join(", "));
    }
    facts.line(Mark::None, "data events", &data_events(page));
    let known = ["Management", "Data"];
    let others = survey.categories.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    let others: Vec<String> =
        others.map(|(name, events)| format!("{} {}", page.cut(name, 40), figure::grouped(*events))).collect();
    if !others.is_empty() {
        facts.line(Mark::None, "other kinds", &others.join(", "));
    }
    reading(page, facts);
}

/// Adds what was read to get the events.
pub(super) fn reading(page: &Page<'_>, facts: &mut Facts) {
    let survey = page.survey;
    let lake = if page.is_windowed() { ", in the whole lake" } else { "" };
    let records = figure::counted(survey.records_read, "record", "records");
    let duplicates = match survey.duplicates {
        0 => format!("none of {records}{lake}"),
        some => {
            let share = figure::share(some, survey.records_read);
            format!("{} of {records} ({share}){lake}", figure::grouped(some))
        }
    };
    facts.line(Mark::None, "duplicates", &duplicates);
    if survey.refused == 0 {
        facts.line(Mark::None, "refused", &format!("nothing{lake}"));
    } else {
        facts.line(Mark::Refused, "refused", &format!("{} could not be read{lake}", refused(page)));
    }
}

/// `2 entries in 1 object`.
pub(super) fn refused(page: &Page<'_>) -> String {
    let entries = figure::counted(page.survey.refused, "entry", "entries");
    format!("{entries} in {}", figure::counted(page.survey.refused_objects, "object", "objects"))
}

fn data_events(page: &Page<'_>) -> String {
    let survey = page.survey;
    let events = survey.categories.get("Data").copied().unwrap_or(0);
    if events == 0 {
        return "none".to_owned();
    }
    let all = survey.categories.values().sum();
    let total = format!("{} ({})", figure::grouped(events), figure::share(events, all));
    let mut sources: Vec<_> = survey.data_sources.iter().collect();
    sources.sort_by(|left, right| right.1.calls.cmp(&left.1.calls).then_with(|| left.0.cmp(right.0)));
    let first = |span: &crate::investigate::Span| {
        span.first.map_or(String::new(), |first| format!(", first {}", figure::moment(first.0)))
    };
    match sources.as_slice() {
        [] => format!("{total}, no service named"),
        [(source, span)] => format!("{total}, {} only{}", objects(source, page), first(span)),
        several => {
            let mut words: Vec<String> = several
                .iter()
                .take(SERVICES_MAX)
                .map(|(source, span)| {
                    format!("{} {}{}", objects(source, page), figure::grouped(span.calls), first(span))
                })
                .collect();
            if let Some(more) = several.len().checked_sub(SERVICES_MAX).filter(|more| *more > 0) {
                words.push(figure::counted(more as u64, "more service", "more services"));
            }
            format!("{total}: {}", words.join("; "))
        }
    }
}

/// What the data events of a service are about
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html>).
pub(super) fn objects(source: &str, page: &Page<'_>) -> String {
    match service(source) {
        "" => "no service".to_owned(),
        "s3" => "S3 objects".to_owned(),
        "lambda" => "Lambda calls".to_owned(),
        "dynamodb" => "DynamoDB items".to_owned(),
        other => page.cut(other, 40),
    }
}

/// The service of an event source: `s3` of `s3.amazonaws.com`.
pub(super) fn service(source: &str) -> &str {
    source.strip_suffix(".amazonaws.com").unwrap_or(source)
}
