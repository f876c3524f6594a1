//! Findings, kind by kind.

use super::{Page, Show, kinds, words};
use crate::report::figure::grouped;
use crate::report::{Column, Cut, Mark, Table, text};
use crate::unused::Unused;

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
    let resolved = page.options.compared.iter().flat_map(|compared| &compared.resolved);
    let mut table = Table::new([Column::left("").cut(Cut::Middle), Column::left("")])
        .title("Resolved since the baseline");
    for known in resolved.take(most) {
        let detail = known.detail.values().cloned().collect::<Vec<_>>().join(" ");
        table.row(Mark::None, [page.names.label(&known.subject), format!("{} {detail}", known.kind)]);
    }
    if !table.is_empty() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&table.render(page.style));
    }
    out
}
