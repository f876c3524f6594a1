//! Findings, kind by kind.

use super::json::listed;
use super::{Page, Show, kinds, words};
use crate::report::figure::grouped;
use crate::report::{Column, Cut, Mark, Table, text};
use crate::unused::{Compared, Finding, Kind, Known, Unused};

/// The mark before a row, and what stands between its cells.
const BESIDE: usize = 4;

/// All of them beside those of actions.
pub(super) fn table(unused: &Unused, page: &Page<'_>) -> String {
    let mut out = String::new();
    let most = page.most(Show::Findings);
    for (kind, count) in kinds(unused) {
        if !out.is_empty() {
            out.push('\n');
        }
        let columns = [Column::left("").cut(Cut::Middle), Column::left("")];
        let mut table = Table::new(columns).title(words::kind(kind));
        let compared = page.options.compared.as_ref();
        let of_kind = unused.findings.iter().filter(|finding| finding.kind == kind).take(most);
        let rows = of_kind.map(|finding| {
            let is_new = compared.is_some_and(|compared| compared.new.contains(&finding.id));
            let mark = if is_new || finding.risk.is_privileged() { Mark::Look } else { Mark::None };
            let new = if is_new { "new: " } else { "" };
            (mark, page.names.label(&finding.subject), format!("{new}{}", words::finding(finding)))
        });
        let rows: Vec<(Mark, String, String)> = rows.collect();
        // Where one line has no room for both, the words stand below.
        let is_long = |(_, subject, words): &(Mark, String, String)| {
            text::width(subject) + text::width(words) + BESIDE > page.style.columns()
        };
        let are_long = !page.style.wide && rows.iter().any(is_long);
        for (mark, subject, words) in rows {
            if are_long {
                table.row(mark, [subject]).note(&words);
            } else {
                table.row(mark, [subject, words]);
            }
        }
        out.push_str(&table.render(page.style));
        if count > most as u64 {
            out.push_str(&format!(
                "  {} more: {}\n",
                grouped(count - most as u64),
                page.more(Show::Findings)
            ));
        }
    }
    if let Some(compared) = &page.options.compared {
        let added = new_actions(unused, compared, page);
        if !added.is_empty() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&added);
        }
        let resolved = compared.resolved.iter().map(|own| (&own.known, own.how.words()));
        let hidden = compared.out_of_sight.iter().map(|own| (&own.known, own.why.words()));
        let tables = [
            ("Resolved since the baseline", resolved.collect::<Vec<_>>()),
            ("Of the baseline, and out of sight: neither open nor resolved", hidden.collect()),
        ];
        for (title, all) in tables.into_iter().filter(|(_, all)| !all.is_empty()) {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&earlier(title, &all, page));
        }
    }
    out
}

/// What is said of actions now and was not in the baseline.
fn new_actions(unused: &Unused, compared: &Compared, page: &Page<'_>) -> String {
    let of_actions = [Kind::ActionUnused, Kind::ActionNotObservable, Kind::ActionUsedNotGranted];
    let most = page.most(Show::Findings);
    let mut out = String::new();
    let all: Vec<Finding> = listed(unused, page.options.all)
        .filter(|finding| of_actions.contains(&finding.kind) && compared.new.contains(&finding.id))
        .collect();
    for kind in of_actions {
        let mut own: Vec<&Finding> = all.iter().filter(|finding| finding.kind == kind).collect();
        if own.is_empty() {
            continue;
        }
        own.sort_by_key(|finding| (finding.risk, &finding.subject, &finding.detail));
        let title = format!("New since the baseline: {}", words::kind(kind).to_lowercase());
        let columns = [Column::left("").cut(Cut::Middle), Column::left(""), Column::left("").cut(Cut::End)];
        let mut table = Table::new(columns).title(&title);
        for finding in own.iter().take(most) {
            let mark = if finding.risk.is_privileged() { Mark::Look } else { Mark::None };
            let risk = finding.risk.word().to_owned();
            table.row(mark, [words::finding(finding), risk, page.names.label(&finding.subject)]);
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&table.render(page.style));
        if own.len() > most {
            let more = grouped((own.len() - most) as u64);
            out.push_str(&format!("  {more} more: {}\n", page.more(Show::Findings)));
        }
    }
    out
}

/// Findings of an earlier run, with what became of them.
fn earlier(title: &str, all: &[(&Known, &str)], page: &Page<'_>) -> String {
    let most = page.most(Show::Findings);
    let mut table = Table::new([Column::left("").cut(Cut::Middle)]).title(title);
    for (known, words) in all.iter().take(most) {
        let detail: String = known.detail.values().flat_map(|value| [" ", value]).collect();
        table
            .row(Mark::None, [page.names.label(&known.subject)])
            .note(&format!("{}{detail}: {words}", known.kind));
    }
    let mut out = table.render(page.style);
    if all.len() > most {
        let more = grouped((all.len() - most) as u64);
        out.push_str(&format!("  {more} more: {}\n", page.more(Show::Findings)));
    }
    out
}
