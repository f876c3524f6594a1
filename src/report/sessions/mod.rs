//! The screen of `sessions`: what the name of each session claims beside who it was proven to be, because their
//! difference is the finding.

mod csv;
mod role;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::prefix::Prefix;
use super::{Column, Cut, Mark, Style, Table, figure, section, text as shown};
use crate::lineage::{Origin, OriginKind, SessionRow, Sessions, Usage};

pub use csv::csv;

/// So many rows are listed.
const ROWS_MAX: usize = 40;
/// So many findings are listed below the rows.
const FINDINGS_MAX: usize = 10;
/// Commands offered at the end.
const COMMANDS_MAX: usize = 3;

/// How `next:` lines are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether only a window of time was asked for.
    pub windowed: bool,
    /// The arguments that name the logs, as `--logs PATH`, so that the commands at the end can be pasted.
    pub source: String,
}

/// The whole screen, each line with its end. All text of the log is escaped.
#[must_use]
pub fn text(sessions: &Sessions, options: &Options, style: Style) -> String {
    let mut out = String::new();
    if sessions.rows.is_empty() {
        out.push_str(&format!("{}\n", style.shown(&title(sessions))));
        let place = if options.windowed { "in this window" } else { "in these logs" };
        out.push_str(&format!("  none: no call of such a session is {place}\n"));
    } else {
        out.push_str(&match sessions.role {
            Some(_) => role::text(sessions, style),
            None => overview(sessions, style),
        });
        out.push('\n');
        out.push_str(&totals(sessions, style));
    }
    let commands = commands(sessions, options);
    out.push_str(&section::next(commands.iter().map(String::as_str), style));
    out
}

/// What was asked.
fn title(sessions: &Sessions) -> String {
    match (&sessions.role, &sessions.user) {
        (Some(role), Some(user)) => format!("sessions of role {role} that were really {user}"),
        (Some(role), None) => format!("sessions of role {role}"),
        (None, Some(user)) => format!("sessions that were really {user}"),
        (None, None) => "role sessions".to_owned(),
    }
}

/// All roles, a row for each session name and origin.
fn overview(sessions: &Sessions, style: Style) -> String {
    let rows = &sessions.rows;
    let prefix = Prefix::of(rows.iter().map(|row| row.role.as_str()));
    let mut out = section::heading(&title(sessions), &prefix.note(style).unwrap_or_default(), style);
    let several_accounts =
        rows.iter().filter_map(|row| row.account.as_ref()).collect::<BTreeSet<_>>().len() > 1;
    let mut columns = vec![
        Column::left("role").cut(Cut::Middle),
        Column::left("session name").cut(Cut::Middle),
        Column::left(""),
        Column::left("verified origin").cut(Cut::Middle),
        Column::right("calls"),
        Column::right("keys"),
    ];
    if several_accounts {
        columns.push(Column::left("account"));
    }
    let mut table = Table::new(columns);
    let namesakes = namesakes(rows);
    let most = if style.wide { rows.len() } else { ROWS_MAX };
    for row in rows.iter().take(most) {
        let mut cells = vec![
            prefix.shorten(&row.role, style).into_owned(),
            row.session_name.clone(),
            if row.sessions > 1 { format!("x {}", figure::grouped(row.sessions)) } else { String::new() },
            origin_words(&row.origin) + &of_account(row, &namesakes),
            figure::count(row.usage.calls, style),
            figure::count(row.keys.len() as u64, style),
        ];
        if several_accounts {
            cells.push(row.account.clone().unwrap_or_default());
        }
        table.row(mark(row), cells);
    }
    out.push_str(&table.render(style));
    if let Some(more) = rows.len().checked_sub(most).filter(|more| *more > 0) {
        out.push_str(&format!("  {} more: --wide or --format csv\n", figure::grouped(more as u64)));
    }
    out.push_str(&findings(rows, style));
    out.push_str(&open(sessions, style));
    out
}

/// That some of the rows are no more than possible, where one user is asked about.
fn open(sessions: &Sessions, style: Style) -> String {
    let Some(user) = sessions.user.as_ref().filter(|_| sessions.open > 0) else { return String::new() };
    let count = figure::counted(sessions.open, "session", "sessions");
    let words = format!("{count} may have been {user} or another: candidates fit alike");
    section::item(Mark::Claim, &words, style)
}

/// What stands in the first column: a claim that is not borne out, or that nothing is verified.
fn mark(row: &SessionRow) -> Mark {
    if !row.mismatches.is_empty() || row.agreement == "differs" {
        Mark::Look
    } else if row.origin.kind == OriginKind::Unknown || !row.origin.certain {
        Mark::Claim
    } else {
        Mark::None
    }
}

/// The mismatches in words.
fn findings<'a>(rows: impl IntoIterator<Item = &'a SessionRow>, style: Style) -> String {
    let all: Vec<&str> =
        rows.into_iter().flat_map(|row| &row.mismatches).map(|one| one.text.as_str()).collect();
    let most = if style.wide { all.len() } else { FINDINGS_MAX };
    let mut out: String = all.iter().take(most).map(|text| section::item(Mark::Look, text, style)).collect();
    if let Some(more) = all.len().checked_sub(most).filter(|more| *more > 0) {
        out.push_str(&section::item(
            Mark::Look,
            &format!("{} more: --wide or --format json", figure::grouped(more as u64)),
            style,
        ));
    }
    out
}

/// What several origins are called: users of one name in several accounts.
fn namesakes<'a>(rows: impl IntoIterator<Item = &'a SessionRow>) -> BTreeSet<String> {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.origin.account.is_some()) {
        named.entry(row.origin.words()).or_default().insert(row.origin.id());
    }
    named.into_iter().filter(|(_, ids)| ids.len() > 1).map(|(words, _)| words).collect()
}

/// The account of an origin, where that tells it from another of its name: ` of 111122223333`.
fn of_account(row: &SessionRow, namesakes: &BTreeSet<String>) -> String {
    let account = row.origin.account.as_ref().filter(|_| namesakes.contains(&row.origin.words()));
    account.map(|account| format!(" of {account}")).unwrap_or_default()
}

/// The origin in as few words as tell it: `user dana`, `ec2`.
fn origin_words(origin: &Origin) -> String {
    if !origin.may_be.is_empty() {
        return origin.words();
    }
    let name = origin.name.as_deref();
    let words = match origin.kind {
        OriginKind::IamUser => {
            let words = origin.words();
            words.strip_prefix("IAM ").unwrap_or(&words).to_owned()
        }
        OriginKind::Root => format!("root {}", origin.account.as_deref().unwrap_or_default()),
        OriginKind::Service => {
            let service = name.map_or("unknown", |name| name.strip_suffix(".amazonaws.com").unwrap_or(name));
            // The id of an instance is the name of its session, too.
            match &origin.on_behalf_of {
                Some(workload) if workload.kind != "instance" => format!("{service} {}", workload.words()),
                _ => service.to_owned(),
            }
        }
        _ => origin.words(),
    };
    let words = words.trim_end();
    match (&origin.gap, origin.certain) {
        (Some(gap), _) => format!("{words} ({})", gap.reason.word().replace('-', " ")),
        (None, false) => format!("{words} (not certain)"),
        (None, true) => words.to_owned(),
    }
}

/// How much of all is explained, so that a half-blind archive cannot look complete.
fn totals(sessions: &Sessions, style: Style) -> String {
    let unknown = sessions.by_origin.get(OriginKind::Unknown.word()).copied().unwrap_or(0);
    let known: u64 = sessions.by_origin.values().sum::<u64>() - unknown;
    let kinds: Vec<String> = sessions
        .by_origin
        .iter()
        .filter(|(kind, _)| **kind != OriginKind::Unknown.word())
        .map(|(kind, count)| format!("{} by {}", figure::grouped(*count), origin_kind(kind)))
        .collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let open = match sessions.open {
        0 => String::new(),
        open => format!(", {} that may be of several origins", figure::grouped(open)),
    };
    let words = format!(
        "{} in {}: {} with an origin{kinds}, {} unknown{open}, {} reached by several equal candidates",
        figure::counted(sessions.calls, "call", "calls"),
        figure::counted(sessions.sessions, "session", "sessions"),
        figure::grouped(known),
        figure::grouped(unknown),
        figure::grouped(sessions.ambiguous),
    );
    section::item(Mark::None, &words, style)
}

/// The kind of an origin in a sentence.
fn origin_kind(word: &str) -> String {
    match word {
        "iam-user" => "an IAM user".to_owned(),
        "root" => "root".to_owned(),
        "service" => "a service".to_owned(),
        "saml" => "a SAML subject".to_owned(),
        "web-identity" => "a web identity".to_owned(),
        "identity-center-user" => "an Identity Center user".to_owned(),
        "account" => "a principal of another account".to_owned(),
        "certificate" => "a certificate".to_owned(),
        other => other.replace('-', " "),
    }
}

/// The address of most calls, and how many others there are.
fn from(usage: &Usage) -> String {
    let addresses = usage.addresses.iter();
    match addresses.rev().max_by_key(|(_, calls)| **calls) {
        None => String::new(),
        Some((address, _)) if usage.addresses.len() == 1 => address.clone(),
        Some((address, _)) => format!("{address} +{}", usage.addresses.len() - 1),
    }
}

/// At most three commands to go on with: what does not fit first, then the role of most calls.
fn commands(sessions: &Sessions, options: &Options) -> Vec<String> {
    let with = |command: String| format!("{command} {}", options.source).trim_end().to_owned();
    let mut commands = Vec::new();
    let odd = sessions.rows.iter().filter(|row| mark(row) != Mark::None);
    let keys = odd.chain(&sessions.rows).filter_map(|row| row.keys.first());
    commands.extend(
        keys.map(|key| key.access_key.as_str())
            .filter(|key| section::pastable(key))
            .take(1)
            .map(|key| with(format!("backtrail trace {key}"))),
    );
    let first = sessions.rows.first().map(|row| row.role_arn.as_str()).filter(|arn| section::pastable(arn));
    if let Some(arn) = first {
        commands.push(with(match sessions.role {
            Some(_) => format!("backtrail investigate {arn}"),
            None => format!("backtrail sessions {arn}"),
        }));
    }
    if let Some(user) = sessions.user.as_deref().filter(|user| section::pastable(user)) {
        commands.push(with(format!("backtrail trace {user} --down")));
    }
    commands.truncate(COMMANDS_MAX);
    commands
}

/// The columns of a text as it is shown.
fn width(text: &str, style: Style) -> usize {
    shown::width(&style.shown(text))
}
