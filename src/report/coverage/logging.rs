//! Who changed what is logged, and what watches.

use super::{Page, Screen};
use crate::investigate::{Caller, LoggingEvent, Time};
use crate::query::measure::LOGGING_CHANGES_MAX;
use crate::query::sensitive::{Category, SENSITIVE};
use crate::report::{Facts, Mark, figure, section, text};

const TITLE: &str = "Changes to logging itself";
/// So many lines are shown; of more, those that matter most.
const LINES_MAX: usize = 20;
/// So many targets of one line are named.
const TARGETS_MAX: usize = 3;
/// Longer names of targets and callers are cut in the middle.
const NAME_COLUMNS_MAX: usize = 56;

/// Calls whose name says that less is seen than before.
const WEAKER: [&str; 7] =
    ["BatchDisable", "Delete", "Deregister", "Disable", "Disassociate", "Remove", "Stop"];
/// Calls after which more is seen than before, or as much. Of every other call only the parameters tell.
const STRONGER: [&str; 4] =
    ["CreateTrail", "PutConfigurationRecorder", "PutInsightSelectors", "StartLogging"];
/// Calls of [`WEAKER`]'s names that lift a limit on how long logs are kept.
const KEEP_LONGER: [&str; 1] = ["DeleteBucketLifecycle"];

/// What a change means for what is seen afterwards, as far as its name tells.
pub(super) fn mark(event_name: &str) -> Mark {
    if KEEP_LONGER.contains(&event_name) {
        Mark::Claim
    } else if WEAKER.iter().any(|start| event_name.starts_with(start)) {
        Mark::Look
    } else if STRONGER.contains(&event_name) {
        Mark::None
    } else {
        Mark::Claim
    }
}

/// Calls of one name, one after the other, by one caller.
struct Change<'a> {
    name: &'a str,
    by: &'a Caller,
    targets: Vec<&'a str>,
    calls: u64,
    first: Time,
    last: Time,
}

/// Writes the section; nothing where nothing was changed.
pub(super) fn section(page: &Page<'_>, screen: &mut Screen) {
    let changes = folded(&page.survey.logging_changes, page);
    let Some(first) = changes.first() else { return };
    let one_caller = changes.iter().all(|change| change.by == first.by);
    let by = |change: &Change<'_>| format!("by {}", caller(change.by, page));
    // One caller of all changes stands beside the title, where there is room; otherwise each stands above its changes.
    let note = Some(by(first))
        .filter(|by| one_caller && text::width(TITLE) + text::width(by) + 2 <= page.style.width);
    screen.push("\n");
    screen.push(&section::heading(TITLE, note.as_deref().unwrap_or_default(), page.style));
    let most = if page.options.all { changes.len() } else { LINES_MAX };
    let kept = most_telling(&changes, most);
    for group in kept.chunk_by(|left, right| left.by == right.by) {
        if let Some(change) = group.first().filter(|_| note.is_none()) {
            screen.push(&section::item(Mark::None, &by(change), page.style));
        }
        let mut facts = Facts::new();
        for change in group {
            facts.line(mark(change.name), &page.calendar.second(change.first.0), &words(change, page));
        }
        screen.push(&facts.render(page.style));
    }
    let more = (changes.len() - kept.len()) as u64;
    if more > 0 {
        screen.fold(&format!("{} more", figure::grouped(more)), page);
    }
    if page.survey.logging_changes.len() >= LOGGING_CHANGES_MAX {
        let words =
            format!("later changes: only the first {} are read", figure::grouped(LOGGING_CHANGES_MAX as u64));
        screen.push(&section::item(Mark::Claim, &words, page.style));
    }
}

/// So many of the changes, in order of time; those marked come before the others, and of equals the earlier ones.
fn most_telling<'a>(changes: &'a [Change<'a>], most: usize) -> Vec<&'a Change<'a>> {
    let mut order: Vec<(u8, usize)> =
        changes.iter().enumerate().map(|(at, change)| (rank(mark(change.name)), at)).collect();
    order.sort_unstable();
    order.truncate(most);
    order.sort_unstable_by_key(|(_, at)| *at);
    order.into_iter().filter_map(|(_, at)| changes.get(at)).collect()
}

/// How much a line matters; less is more.
fn rank(mark: Mark) -> u8 {
    match mark {
        Mark::Look => 0,
        Mark::Claim => 1,
        _ => 2,
    }
}

fn folded<'a>(events: &'a [LoggingEvent], page: &Page<'_>) -> Vec<Change<'a>> {
    let mut changes: Vec<Change<'a>> = Vec::new();
    for event in events {
        let target = event.target.as_deref().unwrap_or_default();
        let at = event.evidence.at;
        match changes.last_mut() {
            Some(last)
                if last.name == event.evidence.event_name
                    && last.by == &event.by
                    && (!page.options.all || last.targets == [target]) =>
            {
                last.calls += 1;
                last.last = at;
                if !last.targets.contains(&target) {
                    last.targets.push(target);
                }
            }
            _ => changes.push(Change {
                name: &event.evidence.event_name,
                by: &event.by,
                targets: vec![target],
                calls: 1,
                first: at,
                last: at,
            }),
        }
    }
    changes
}

/// `StopLogging main-trail, 3 x until 12:01:27: trail records no more`.
fn words(change: &Change<'_>, page: &Page<'_>) -> String {
    let mut words = vec![page.cut(change.name, NAME_COLUMNS_MAX)];
    let named = change.targets.iter().filter(|target| !target.is_empty());
    let named: Vec<String> = named.map(|named| target(named, page)).collect();
    if !named.is_empty() {
        let shown: Vec<&str> = named.iter().take(TARGETS_MAX).map(String::as_str).collect();
        words.push(format!(" {}", shown.join(", ")));
        if let Some(more) = named.len().checked_sub(TARGETS_MAX).filter(|more| *more > 0) {
            words.push(format!(" and {more} more"));
        }
    }
    if change.calls > 1 {
        words.push(format!(", {} x", figure::grouped(change.calls)));
        if change.last > change.first {
            let same_day = change.last.0.date_naive() == change.first.0.date_naive();
            let until =
                if same_day { figure::clock(change.last.0) } else { page.calendar.second(change.last.0) };
            words.push(format!(" until {until}"));
        }
    }
    if let Some(why) = why(change.name) {
        words.push(format!(": {why}"));
    }
    words.concat()
}

/// Why a change matters, where that is known by its name and the name does not say it.
fn why(event_name: &str) -> Option<&'static str> {
    let mut named =
        SENSITIVE.iter().filter(|call| call.category == Category::Logging && call.name == event_name);
    let why = named.next()?.why;
    let says_it =
        mark(event_name) == Mark::None || (event_name.starts_with("Delete") && why.ends_with(" deleted"));
    (!says_it && named.all(|call| call.why == why)).then_some(why)
}

/// What was changed: of an ARN the resource, where it is, and whose where the logs leave that open.
pub(super) fn target(target: &str, page: &Page<'_>) -> String {
    let mut parts = target.splitn(6, ':');
    let (Some("arn"), Some(region), Some(account), Some(resource)) =
        (parts.next(), parts.nth(2), parts.next(), parts.next())
    else {
        return page.cut(target, NAME_COLUMNS_MAX);
    };
    let mut words = vec![page.cut(resource, NAME_COLUMNS_MAX)];
    if !region.is_empty() {
        words.push(format!(" in {}", page.cut(region, NAME_COLUMNS_MAX)));
    }
    if page.must_name(account) {
        words.push(format!(" of {}", page.cut(account, NAME_COLUMNS_MAX)));
    }
    words.concat()
}

/// Who called, from where, in words.
fn caller(by: &Caller, page: &Page<'_>) -> String {
    let known = by.identity.as_deref().map(|identity| principal(identity, page));
    let service = by.service.as_deref();
    let unnamed = || match (service, by.access_key_id.as_deref(), by.identity_type.as_deref()) {
        (Some(service), _, _) => page.cut(service, NAME_COLUMNS_MAX),
        (None, Some(key), _) => format!("key {}", page.cut(key, NAME_COLUMNS_MAX)),
        (None, None, Some(kind)) => format!("a caller of type {}", page.cut(kind, NAME_COLUMNS_MAX)),
        (None, None, None) => "a caller whom no record names".to_owned(),
    };
    let mut words = vec![known.clone().unwrap_or_else(unnamed)];
    if let Some(service) = service.filter(|_| known.is_some()) {
        words.push(format!(" through {}", page.cut(service, NAME_COLUMNS_MAX)));
    }
    if let Some(address) = by.address.as_deref().filter(|address| Some(*address) != service) {
        words.push(format!(" from {}", page.cut(address, NAME_COLUMNS_MAX)));
    }
    words.concat()
}

/// An ARN as people say it: `user eve`, `role deploy, session build-7`, with the account where the logs leave it open.
fn principal(identity: &str, page: &Page<'_>) -> String {
    let mut parts = identity.splitn(6, ':');
    let (Some("arn"), Some(account), Some(resource)) = (parts.next(), parts.nth(3), parts.next()) else {
        return page.cut(identity, NAME_COLUMNS_MAX);
    };
    let cut = |name: &str| page.cut(name, NAME_COLUMNS_MAX);
    let who = match resource.split_once('/') {
        Some(("assumed-role", rest)) => match rest.split_once('/') {
            Some((role, session)) => format!("role {}, session {}", cut(role), cut(session)),
            None => format!("role {}", cut(rest)),
        },
        Some((kind, name)) => format!("{} {}", cut(kind), cut(name)),
        None => cut(resource),
    };
    if page.must_name(account) { format!("{who} of {}", cut(account)) } else { who }
}
