//! The answer as rows: actions of principals, then findings, then what is resolved; with `--show` one kind of rows.

use std::io::{self, Write};

use chrono::SecondsFormat;

use super::Show;
use super::json::{lists_all, which};
use super::words;
use crate::aws::Time;
use crate::report::csv::row;
use crate::unused::{ActionUse, Compared, Finding, Known, Mark, PrincipalUse, Unused};

const HEADER: [&str; 21] = [
    "row",
    "account",
    "principal",
    "arn",
    "id",
    "mark",
    "kind",
    "action",
    "detail",
    "reason",
    "risk",
    "conditional",
    "young",
    "kept_apart",
    "events",
    "denied",
    "failed",
    "first",
    "last",
    "new",
    "unseen_regions",
];

#[derive(Default)]
struct Cells<'a> {
    row: &'a str,
    account: &'a str,
    principal: &'a str,
    arn: &'a str,
    id: String,
    mark: &'a str,
    kind: &'a str,
    action: String,
    detail: String,
    reason: &'a str,
    risk: &'a str,
    conditional: Option<bool>,
    young: bool,
    apart: &'a str,
    events: Option<u64>,
    denied: Option<u64>,
    failed: Option<u64>,
    first: Option<Time>,
    last: Option<Time>,
    new: Option<bool>,
    unseen_regions: String,
}

impl Cells<'_> {
    fn line(self) -> String {
        let time = |time: Option<Time>| time.map(|time| time.0.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let cells: [Option<String>; HEADER.len()] = [
            text(self.row),
            text(self.account),
            text(self.principal),
            text(self.arn),
            text(&self.id),
            text(self.mark),
            text(self.kind),
            text(&self.action),
            text(&self.detail),
            text(self.reason),
            text(self.risk),
            self.conditional.map(|own| own.to_string()),
            Some(self.young.to_string()),
            text(self.apart),
            number(self.events),
            number(self.denied),
            number(self.failed),
            time(self.first),
            time(self.last),
            self.new.map(|own| own.to_string()),
            text(&self.unseen_regions),
        ];
        row(cells.iter().map(Option::as_deref))
    }
}

/// Rows of CSV with a heading, each with its line end, written as they are made.
///
/// # Errors
///
/// What the writer refuses.
pub fn csv(
    mut out: impl Write,
    unused: &Unused,
    show: Option<Show>,
    all: bool,
    compared: Option<&Compared>,
) -> io::Result<()> {
    out.write_all(row(HEADER.map(Some)).as_bytes())?;
    let lists_all = lists_all(unused, all) || show.is_some_and(|show| show.mark().is_some());
    if show.is_none_or(|show| show.mark().is_some()) {
        for own in &unused.principals {
            for action in own.actions_of(which(lists_all)) {
                let is_meant = match show.and_then(Show::mark) {
                    Some(mark) => action.mark == Some(mark),
                    None => lists_all || action.risk.is_privileged() || action.uses.used.events > 0,
                };
                if is_meant {
                    out.write_all(of_action(own, &action, compared).line().as_bytes())?;
                }
            }
        }
    }
    if matches!(show, None | Some(Show::Findings)) {
        for finding in &unused.findings {
            out.write_all(of_finding(finding, compared).line().as_bytes())?;
        }
        for own in compared.iter().flat_map(|compared| &compared.resolved) {
            out.write_all(of_known("resolved", &own.known, own.how.word()).line().as_bytes())?;
        }
        for own in compared.iter().flat_map(|compared| &compared.out_of_sight) {
            out.write_all(of_known("out-of-sight", &own.known, own.why.word()).line().as_bytes())?;
        }
    }
    if show == Some(Show::Principals) {
        for own in &unused.principals {
            out.write_all(of_principal(own).line().as_bytes())?;
        }
    }
    if show == Some(Show::Origins) {
        for own in &unused.principals {
            for origin in &own.origins {
                let cells = Cells {
                    row: "origin",
                    kind: &origin.kind,
                    detail: origin.origin.clone(),
                    action: origin.actions.join(" "),
                    events: Some(origin.calls),
                    ..base(own)
                };
                out.write_all(cells.line().as_bytes())?;
            }
        }
    }
    if show == Some(Show::Statements) {
        for own in &unused.principals {
            for statement in &own.statements {
                let sid = statement.sid.clone().unwrap_or_else(|| statement.index.to_string());
                let cells = Cells {
                    row: "statement",
                    kind: statement.effect,
                    detail: format!("{} statement {sid}", statement.policy),
                    reason: statement.unseen.map_or("", crate::unused::Unseen::word),
                    events: Some(statement.matched),
                    last: statement.last,
                    ..base(own)
                };
                out.write_all(cells.line().as_bytes())?;
            }
        }
    }
    if show == Some(Show::Coverage) {
        for own in &unused.coverage {
            for (region, days) in &own.regions {
                let cells = Cells {
                    row: "coverage",
                    account: &own.account,
                    detail: region.clone(),
                    events: Some(*days),
                    first: own.first,
                    last: own.last,
                    ..Cells::default()
                };
                out.write_all(cells.line().as_bytes())?;
            }
        }
    }
    if show == Some(Show::Limits) {
        for limit in &unused.limits {
            let cells = Cells { row: "limit", detail: limit.clone(), ..Cells::default() };
            out.write_all(cells.line().as_bytes())?;
        }
    }
    Ok(())
}

fn base(own: &PrincipalUse) -> Cells<'_> {
    Cells {
        account: &own.account,
        principal: &own.principal,
        arn: &own.arn,
        young: own.young,
        apart: own.apart.map_or("", crate::unused::Apart::word),
        ..Cells::default()
    }
}

fn of_principal(own: &PrincipalUse) -> Cells<'_> {
    let marks = own.marks();
    Cells {
        row: "principal",
        detail: format!(
            "granted {} used {} unused {} not-observable {} used-not-granted {} unused-privileged {}",
            marks.granted,
            marks.used,
            marks.unused,
            marks.not_observable,
            marks.used_not_granted,
            marks.unused_privileged
        ),
        events: Some(own.calls.events),
        denied: Some(own.denied),
        failed: Some(own.failed),
        first: own.calls.first,
        last: own.calls.last,
        ..base(own)
    }
}

fn of_action<'a>(own: &'a PrincipalUse, action: &ActionUse, compared: Option<&Compared>) -> Cells<'a> {
    let finding = own.finding(action);
    let is_new = |finding: &Finding| compared.map(|compared| compared.new.contains(&finding.id));
    Cells {
        row: "action",
        kind: finding.as_ref().map_or("", |finding| finding.kind.word()),
        reason: action
            .unseen
            .map(crate::unused::Unseen::word)
            .or_else(|| finding.as_ref().and_then(|finding| finding.reason))
            .unwrap_or(""),
        new: finding.as_ref().and_then(is_new),
        id: finding.map_or_else(String::new, |finding| finding.id),
        mark: action.mark.map_or("", Mark::word),
        action: action.action(),
        risk: action.risk.word(),
        conditional: Some(action.conditional),
        events: Some(action.uses.used.events),
        denied: Some(action.uses.denied.events),
        failed: Some(action.uses.failed.events),
        first: action.uses.used.first,
        last: action.uses.used.last,
        unseen_regions: own.unseen_regions(action).into_iter().collect::<Vec<_>>().join(" "),
        ..base(own)
    }
}

fn of_finding<'a>(finding: &'a Finding, compared: Option<&Compared>) -> Cells<'a> {
    Cells {
        row: "finding",
        account: &finding.account,
        arn: &finding.subject,
        id: finding.id.clone(),
        kind: finding.kind.word(),
        detail: words::finding(finding),
        reason: finding.reason.unwrap_or(""),
        risk: finding.risk.word(),
        young: finding.young,
        first: finding.since,
        last: finding.last_used,
        new: compared.map(|compared| compared.new.contains(&finding.id)),
        ..Cells::default()
    }
}

/// A finding of the baseline that is not there any more, or of which nothing is told.
fn of_known<'a>(row: &'a str, known: &'a Known, reason: &'a str) -> Cells<'a> {
    Cells {
        row,
        reason,
        account: &known.account,
        arn: &known.subject,
        id: known.id.clone(),
        kind: &known.kind,
        action: known.detail.get("action").cloned().unwrap_or_default(),
        detail: known.detail.values().cloned().collect::<Vec<_>>().join(" "),
        new: Some(false),
        ..Cells::default()
    }
}
