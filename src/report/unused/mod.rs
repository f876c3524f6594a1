//! The screens of `unused`: all principals, one principal, findings, suggested policies; the same as JSON, and as rows.

mod csv;
mod finding;
mod json;
mod principal;
mod suggestion;
mod summary;
mod words;

use super::{Style, section};
use crate::unused::{Compared, Kind, Mark, Risk, Unused};

pub use csv::csv;
pub use json::{actions_listed, json, listed};
pub use suggestion::policies;

/// In JSON and CSV all actions of all principals are listed up to this number; of more, those that were used and the
/// privileged ones, unless all are asked for.
pub const ACTIONS_LISTED_MAX: u64 = 200_000;
/// Rows of a section.
const ROWS_FEW: usize = 10;
/// Rows of the one section that was asked for.
const ROWS_ASKED: usize = 40;

/// The part of an answer that is shown (`--show`); of rows of CSV, those that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Every principal.
    Principals,
    /// Actions that nobody used.
    Unused,
    /// Actions that were used.
    Used,
    /// Actions that the logs could not show.
    NotObservable,
    /// Actions that were used without a grant.
    UsedNotGranted,
    /// What is unused beside actions.
    Findings,
    /// How often each statement matched.
    Statements,
    /// Who is behind roles.
    Origins,
    /// What the logs cover.
    Coverage,
    /// What limits the answer.
    Limits,
}

impl Show {
    /// All parts, in the order of `--help`.
    pub const ALL: [Self; 10] = [
        Self::Principals,
        Self::Unused,
        Self::Used,
        Self::NotObservable,
        Self::UsedNotGranted,
        Self::Findings,
        Self::Statements,
        Self::Origins,
        Self::Coverage,
        Self::Limits,
    ];

    /// What is typed after `--show`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Principals => "principals",
            Self::Unused => "unused",
            Self::Used => "used",
            Self::NotObservable => "not-observable",
            Self::UsedNotGranted => "used-not-granted",
            Self::Findings => "findings",
            Self::Statements => "statements",
            Self::Origins => "origins",
            Self::Coverage => "coverage",
            Self::Limits => "limits",
        }
    }

    /// The mark of the actions that it shows; None for what shows no actions.
    fn mark(self) -> Option<Mark> {
        match self {
            Self::Unused => Some(Mark::Unused),
            Self::Used => Some(Mark::Used),
            Self::NotObservable => Some(Mark::NotObservable),
            Self::UsedNotGranted => Some(Mark::UsedNotGranted),
            _ => None,
        }
    }
}

/// What is shown, and how its `next:` lines are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The one part that is shown; None for all that a first look needs.
    pub show: Option<Show>,
    /// Every row of every part that is shown (`--all`).
    pub all: bool,
    /// Whether one principal was asked for (`--principal`).
    pub one: bool,
    /// What is new and what is gone since an earlier run.
    pub compared: Option<Compared>,
    /// The arguments that name the logs and the window, so that the commands at the end can be pasted.
    pub source: String,
}

/// What every part of a screen needs.
struct Page<'a> {
    options: &'a Options,
    style: Style,
    names: words::Names<'a>,
}

impl Page<'_> {
    /// Rows of a part at most.
    fn most(&self, show: Show) -> usize {
        match self.options.show {
            _ if self.options.all => usize::MAX,
            Some(asked) if asked == show => ROWS_ASKED,
            _ => ROWS_FEW,
        }
    }

    /// The option that shows more rows of a part than these.
    fn more(&self, show: Show) -> String {
        match self.options.show {
            Some(asked) if asked == show => "--all".to_owned(),
            _ => format!("--show {}", show.word()),
        }
    }
}

/// The whole screen, each line with its end. All text of logs and policies is escaped.
#[must_use]
pub fn text(unused: &Unused, options: &Options, style: Style) -> String {
    let page = Page { options, style, names: words::Names::of(unused, style) };
    let mut sections = Vec::new();
    let single = unused.principals.first().filter(|_| options.one && unused.principals.len() == 1);
    match (options.show, single) {
        (Some(show), _) => {
            sections.push(summary::head(unused, &page));
            sections.push(part(unused, show, &page));
        }
        (None, Some(own)) => {
            sections.push(principal::head(own, unused, &page));
            sections.push(principal::services(own, &page));
            sections.push(principal::origins(own, &page));
            sections.push(principal::used_not_granted(own, &page));
            sections.push(principal::statements(own, &page));
            sections.push(finding::table(unused, &page));
            sections.push(suggestion::section(unused, &page));
            sections.push(suggestion::written(unused, &page));
            sections.push(summary::coverage(unused, &page));
            sections.push(summary::limits(unused, &page));
        }
        (None, None) => {
            sections.push(summary::head(unused, &page));
            sections.push(summary::table(unused, &page));
            sections.push(summary::apart(unused, &page));
            sections.push(finding::table(unused, &page));
            sections.push(suggestion::section(unused, &page));
            sections.push(summary::coverage(unused, &page));
            sections.push(summary::limits(unused, &page));
        }
    }
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    let mut out = sections.join("\n");
    let commands = commands(unused, options);
    out.push_str(&section::next(commands.iter().map(String::as_str), style));
    out
}

fn part(unused: &Unused, show: Show, page: &Page<'_>) -> String {
    match show {
        Show::Principals => {
            let tables = [summary::table(unused, page), summary::apart(unused, page)];
            tables.into_iter().filter(|table| !table.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Show::Unused | Show::Used | Show::NotObservable | Show::UsedNotGranted => {
            principal::actions(unused, show, page)
        }
        Show::Findings => finding::table(unused, page),
        Show::Statements => {
            let of = unused.principals.iter().map(|own| principal::statements(own, page));
            of.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Show::Origins => {
            let of = unused.principals.iter().filter(|own| !own.origins.is_empty());
            of.map(|own| {
                format!(
                    "{}\n{}",
                    page.style.shown(&page.names.label(&own.arn)),
                    principal::origins(own, page)
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
        }
        Show::Coverage => summary::coverage(unused, page),
        Show::Limits => summary::limits(unused, page),
    }
}

/// At most three commands to go on with.
fn commands(unused: &Unused, options: &Options) -> Vec<String> {
    use super::replay::words::pasted;
    if !pasted(&unused.snapshot) {
        return Vec::new();
    }
    let again = format!("backtrail unused --snapshot {} {}", unused.snapshot, options.source);
    let again = again.trim_end();
    let mut commands = Vec::new();
    let whose = summary::sorted(unused).first().map(|(own, _)| own.arn.clone()).filter(|arn| pasted(arn));
    if let Some(arn) = whose {
        if !options.one {
            commands.push(format!("{again} --principal {arn}"));
        } else if unused.suggestions.is_empty() {
            commands.push(format!("{again} --suggest"));
        }
    }
    commands.push(format!("{again} --format json"));
    commands
}

/// How many findings of each kind there are.
fn kinds(unused: &Unused) -> Vec<(Kind, u64)> {
    let count = |kind| unused.findings.iter().filter(|finding| finding.kind == kind).count() as u64;
    Kind::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0).collect()
}

/// Whether actions of this risk stand out.
fn stands_out(risk: Risk) -> bool {
    risk.is_privileged()
}
