//! One role: who used it, when, from where, with MFA or not.

use std::collections::BTreeSet;

use super::{findings, from, mark, namesakes, of_account, open, title, width};
use crate::lineage::{SessionKey, SessionRow, Sessions, Usage};
use crate::report::{Column, Cut, Mark, Style, Table, figure, section, text};

/// Longer session names are cut in their column and written whole below it.
const NAME_MAX: usize = 30;
/// So many keys of one row are listed.
const KEYS_MAX: usize = 12;
/// So many rows of one role are listed.
const ROWS_MAX: usize = 30;

/// A block for each role that is meant; a bare name may stand for roles of several accounts.
pub(super) fn text(sessions: &Sessions, style: Style) -> String {
    let mut arns: Vec<&str> = Vec::new();
    for row in &sessions.rows {
        if !arns.contains(&row.role_arn.as_str()) {
            arns.push(&row.role_arn);
        }
    }
    let blocks: Vec<String> = arns
        .into_iter()
        .map(|arn| {
            let rows: Vec<&SessionRow> = sessions.rows.iter().filter(|row| row.role_arn == arn).collect();
            block(sessions, &rows, style)
        })
        .collect();
    blocks.join("\n") + &open(sessions, style)
}

fn block(sessions: &Sessions, rows: &[&SessionRow], style: Style) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let asked = match &sessions.user {
        Some(_) => title(sessions),
        None => format!("role {}", first.role),
    };
    let is_short = width(&asked, style) + width(&first.role_arn, style) + 2 <= style.width;
    let mut out = section::heading(&asked, if is_short { &first.role_arn } else { "" }, style);
    if !is_short {
        out.push_str(&section::item(Mark::None, &first.role_arn, style));
    }
    out.push_str(&section::item(Mark::None, &counts(rows), style));
    out.push('\n');
    out.push_str(&table(rows, style));
    out.push_str(&findings(rows.iter().copied(), style));
    out
}

/// `1 session name, 1 session, 2 keys, 15 calls`
fn counts(rows: &[&SessionRow]) -> String {
    let names: BTreeSet<&str> = rows.iter().map(|row| row.session_name.as_str()).collect();
    let keys: BTreeSet<&str> =
        rows.iter().flat_map(|row| &row.keys).map(|key| key.access_key.as_str()).collect();
    let counts = [
        (names.len() as u64, "session name", "session names"),
        (rows.iter().map(|row| row.sessions).sum(), "session", "sessions"),
        (keys.len() as u64, "key", "keys"),
        (rows.iter().map(|row| row.usage.calls).sum(), "call", "calls"),
    ];
    counts.map(|(count, one, many)| figure::counted(count, one, many)).join(", ")
}

fn table(rows: &[&SessionRow], style: Style) -> String {
    let mut table = Table::new([
        Column::left("session name"),
        Column::left("claims").cut(Cut::End),
        Column::left("verified origin").cut(Cut::Middle),
        Column::right("calls"),
        Column::left("from"),
    ]);
    let namesakes = namesakes(rows.iter().copied());
    let most = if style.wide { rows.len() } else { ROWS_MAX };
    for row in rows.iter().take(most) {
        let name_max = if style.wide { usize::MAX } else { NAME_MAX };
        let name = text::truncate(&row.session_name, name_max, Cut::Middle, style);
        table.row(
            mark(row),
            [
                name.into_owned(),
                row.claim.clone(),
                row.origin.words() + &of_account(row, &namesakes),
                figure::count(row.usage.calls, style),
                from(&row.usage),
            ],
        );
        if width(&row.session_name, style) > name_max {
            table.note(&format!("name {}", row.session_name));
        }
        table.note(&details(row, style));
        keys(row, &mut table, style);
    }
    let mut out = table.render(style);
    if let Some(more) = rows.len().checked_sub(most).filter(|more| *more > 0) {
        out.push_str(&format!("  {} more: --wide or --format csv\n", figure::grouped(more as u64)));
    }
    out
}

/// When, how often, with MFA or not, and how the origin is proven.
fn details(row: &SessionRow, style: Style) -> String {
    let mut parts = Vec::new();
    parts.extend(when(&row.usage, style));
    parts.push(figure::counted(row.sessions, "session", "sessions"));
    parts.push(match (row.mfa, row.with_mfa, row.without_mfa) {
        (Some(true), ..) => "with MFA".to_owned(),
        (Some(false), ..) => "without MFA".to_owned(),
        (None, 0, 0) => "MFA not stated".to_owned(),
        (None, with, without) => {
            let (with, without) = (figure::grouped(with), figure::grouped(without));
            format!("{with} with MFA, {without} without MFA")
        }
    });
    for (count, what) in [(row.usage.denied, "denied"), (row.usage.failed, "failed")] {
        if count > 0 {
            parts.push(format!("{} {what}", figure::grouped(count)));
        }
    }
    match row.agreement {
        "agrees" => parts.push("the name agrees with the origin".to_owned()),
        "differs" => parts.push("the name differs from the origin".to_owned()),
        _ => {}
    }
    if let Some(identity) = &row.source_identity {
        parts.push(format!("source identity {identity}"));
    }
    if let Some(id) = &row.role_id {
        parts.push(format!("of the role of unique id {id}"));
    }
    if row.ambiguous > 0 {
        parts.push(format!("{} reached by several equal candidates", figure::grouped(row.ambiguous)));
    }
    if row.depth > 1 {
        parts.push(format!("{} steps from the origin", figure::grouped(row.depth)));
    }
    if row.origin_keys.len() > 1 {
        parts.push(format!("by {} keys of the origin", figure::grouped(row.origin_keys.len() as u64)));
    }
    if !row.differs.is_empty() {
        parts.push(format!("its sessions differ in {}", row.differs.join(", ")));
    }
    if let Some(gap) = &row.origin.gap {
        parts.push(format!("gap: {}", gap.text));
    }
    parts.join(", ")
}

fn when(usage: &Usage, style: Style) -> Option<String> {
    let (first, last) = usage.first.zip(usage.last)?;
    Some(figure::range(first.0, last.0, style))
}

/// The keys, each with where it was used from; an odd one out stands among its fellows.
fn keys(row: &SessionRow, table: &mut Table, style: Style) {
    let most = if style.wide { row.keys.len() } else { KEYS_MAX };
    for key in row.keys.iter().take(most) {
        let cells = [
            format!("  {}", key.access_key),
            String::new(),
            "key".to_owned(),
            figure::count(key.usage.calls, style),
            from(&key.usage),
        ];
        table.row(key_mark(row, key), cells);
    }
    if let Some(more) = row.keys.len().checked_sub(most).filter(|more| *more > 0) {
        table.row(Mark::None, [format!("  {} more: --wide or --format json", figure::grouped(more as u64))]);
    }
}

/// Whether a finding names the key, or an address that only this key of the session was used from.
fn key_mark(row: &SessionRow, key: &SessionKey) -> Mark {
    let places = row.mismatches.iter().filter(|one| one.kind == "place");
    let is_named = |text: &str| {
        let alone = |address: &str| {
            row.keys.iter().filter(|other| other.usage.addresses.contains_key(address)).count() == 1
        };
        text.contains(&key.access_key)
            || key
                .usage
                .addresses
                .keys()
                .any(|address| !address.is_empty() && alone(address) && text.contains(address.as_str()))
    };
    if places.map(|one| one.text.as_str()).any(is_named) { Mark::Look } else { Mark::None }
}
