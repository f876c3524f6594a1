//! Actions, and what the catalog knows of them.

use serde::Serialize;

use super::csv::row;
use super::{Column, Facts, Mark, Style, Table, figure, json as forms, section};
use crate::catalog::Visibility;
use crate::catalog::listing::{Entry, Listing};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// Where the facts come from, line by line.
    source: Vec<&'a str>,
    actions: Vec<ActionOut<'a>>,
}

#[derive(Serialize)]
struct ActionOut<'a> {
    action: &'a str,
    service: &'a str,
    level: &'a str,
    /// Empty for actions that take `*` only.
    resources: Vec<ResourceOut<'a>>,
    condition_keys: &'a [&'static str],
    /// Actions that a caller may need besides.
    dependents: &'a [&'static str],
    rcp: bool,
    logged: &'a str,
    /// The types of data events, where it is one.
    data_event_types: &'a [&'static str],
    /// The page of AWS that says so; None where AWS documents no exception.
    logged_page: Option<&'a str>,
    events: Vec<EventOut<'a>>,
}

#[derive(Serialize)]
struct ResourceOut<'a> {
    r#type: &'a str,
    arn: &'a str,
    required: bool,
    condition_keys: Vec<&'static str>,
}

#[derive(Serialize)]
struct EventOut<'a> {
    source: String,
    name: &'a str,
    page: &'a str,
}

fn out(entry: &Entry) -> ActionOut<'_> {
    let action = entry.action;
    let (data_event_types, logged_page): (&[&str], Option<&str>) = match entry.visibility {
        Visibility::Management | Visibility::Uncalled => (&[], None),
        Visibility::Data { resource_types, page } => (resource_types, Some(page)),
        Visibility::Implied { page } | Visibility::NotLogged { page } => (&[], Some(page)),
    };
    let resources = action.resources.iter().map(|own| {
        let keys = own.kind.condition_keys.iter().chain(own.condition_keys).copied();
        let mut condition_keys: Vec<&'static str> = keys.collect();
        condition_keys.sort_unstable();
        condition_keys.dedup();
        ResourceOut {
            r#type: own.kind.name,
            arn: own.kind.arn.as_str(),
            required: own.required,
            condition_keys,
        }
    });
    let events = entry.events.iter().map(|event| EventOut {
        source: format!("{}.amazonaws.com", event.source),
        name: event.name,
        page: event.page,
    });
    ActionOut {
        action: &entry.name,
        service: entry.service.name,
        level: action.level.words(),
        resources: resources.collect(),
        condition_keys: action.condition_keys,
        dependents: action.dependents,
        rcp: entry.service.supports_rcp,
        logged: entry.visibility.words(),
        data_event_types,
        logged_page,
        events: events.collect(),
    }
}

/// One document with everything that is known of each action.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(listing: &Listing, source: &str) -> serde_json::Result<String> {
    let actions = listing.entries.iter().map(out).collect();
    forms::document(&Document { schema: 1, source: source.lines().collect(), actions })
}

/// A row for each action; lists in one cell are parted by blanks.
#[must_use]
pub fn csv(listing: &Listing) -> String {
    let header = [
        "action",
        "service",
        "level",
        "resources",
        "condition_keys",
        "dependents",
        "rcp",
        "logged",
        "data_event_types",
        "events",
    ];
    let mut text = row(header.map(Some));
    for own in listing.entries.iter().map(out) {
        let resources: Vec<&str> = own.resources.iter().map(|resource| resource.arn).collect();
        let events: Vec<String> =
            own.events.iter().map(|event| format!("{}:{}", event.source, event.name)).collect();
        let cells = [
            own.action.to_owned(),
            own.service.to_owned(),
            own.level.to_owned(),
            resources.join(" "),
            own.condition_keys.join(" "),
            own.dependents.join(" "),
            own.rcp.to_string(),
            own.logged.to_owned(),
            own.data_event_types.join(" "),
            events.join(" "),
        ];
        text.push_str(&row(cells.iter().map(|cell| Some(cell.as_str()))));
    }
    text
}

/// One action in full, or a line for each of several.
#[must_use]
pub fn text(listing: &Listing, style: Style) -> String {
    if let [entry] = listing.entries.as_slice() {
        return one(entry, style);
    }
    let count = figure::counted(listing.entries.len() as u64, "action", "actions");
    let mut table = Table::new(["action", "level", "resources", "in CloudTrail"].map(Column::left));
    for entry in &listing.entries {
        let kinds: Vec<&str> = entry.action.resources.iter().map(|own| own.kind.name).collect();
        let kinds = match kinds.as_slice() {
            [] => "only *".to_owned(),
            [first, second, third, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second}, {third} +{}", rest.len())
            }
            all => all.join(", "),
        };
        let cells = [entry.name.as_str(), entry.action.level.words(), &kinds, entry.visibility.words()];
        table.row(Mark::None, cells);
    }
    format!("{count}\n{}", table.render(style))
}

fn one(entry: &Entry, style: Style) -> String {
    let own = out(entry);
    let mut text = section::subject(&format!("{}   {}, {}", own.action, own.level, own.service), style);
    let mut facts = Facts::new();
    if own.resources.is_empty() {
        facts.line(Mark::None, "resources", "only `*`");
    }
    for (at, resource) in own.resources.iter().enumerate() {
        let required = if resource.required { "" } else { " (optional)" };
        let words = format!("{}{required}: {}", resource.r#type, resource.arn);
        facts.line(Mark::None, if at == 0 { "resources" } else { "" }, &words);
    }
    let mut keys: Vec<&str> = own.condition_keys.to_vec();
    keys.extend(own.resources.iter().flat_map(|resource| &resource.condition_keys));
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() {
        facts.line(Mark::None, "keys", &keys.join(", "));
    }
    if !own.dependents.is_empty() {
        facts.line(Mark::None, "may need", &own.dependents.join(", "));
    }
    facts.line(Mark::None, "RCPs", if own.rcp { "bind it" } else { "do not reach the service" });
    let types = own.data_event_types.join(", ");
    let logged = if types.is_empty() { own.logged.to_owned() } else { format!("{}: {types}", own.logged) };
    facts.line(Mark::None, "logged", &logged);
    facts_page(&mut facts, own.logged_page);
    if !own.events.is_empty() {
        let events: Vec<String> =
            own.events.iter().map(|event| format!("{} of {}", event.name, event.source)).collect();
        facts.line(Mark::None, "events", &events.join(", "));
    }
    text.push_str(&facts.render(style));
    text
}

fn facts_page(facts: &mut Facts, page: Option<&str>) {
    if let Some(page) = page {
        facts.more(page);
    }
}
