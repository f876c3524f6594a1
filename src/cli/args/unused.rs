//! The arguments of `unused`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Data, Times};
use crate::report::unused::Show;
use crate::unused::suggest::Generality;

/// `backtrail unused`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is given or not")]
pub(in crate::cli) struct Unused {
    /// The policies of today: a folder in the snapshot's layout, or a file of authorization details
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) snapshot: PathBuf,
    /// Only this user or role: an ARN, `role/NAME`, `user/NAME` or a name
    #[arg(long, value_name = "WHO")]
    pub(in crate::cli) principal: Option<String>,
    /// Only the users and roles of this account
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) account: Option<String>,
    /// Show one part at length; in CSV, only its rows
    #[arg(long, value_enum, value_name = "PART")]
    pub(in crate::cli) show: Option<ShowTyped>,
    /// Show every row; in JSON and CSV every action of every principal, however many there are
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Look for the origins behind the sessions of roles, which reads all issuances of the lake; `--principal` and
    /// `--show origins` do
    #[arg(long)]
    pub(in crate::cli) origins: bool,
    /// Suggest the policies that would have been enough, and replay the window with them
    #[arg(long)]
    pub(in crate::cli) suggest: bool,
    /// How far resources that were seen stand for others like them
    #[arg(long, value_enum, value_name = "HOW", default_value = "templated", requires = "suggest")]
    pub(in crate::cli) generality: GeneralityTyped,
    /// Where an action of an access level was used, keep every action of that level and service that is granted today, on
    /// resources on which it does something
    #[arg(long, requires = "suggest")]
    pub(in crate::cli) access_levels: bool,
    /// Write each suggested policy into a file below this folder, as ACCOUNT/role/NAME/POLICY.json
    #[arg(long, value_name = "DIR", requires = "suggest")]
    pub(in crate::cli) write: Option<PathBuf>,
    /// Show what is new since an earlier run, whose `--format json` this file holds, and what became of its findings
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// Exit with 1 if privileged actions are unused; with --baseline, only if such findings are new
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(in crate::cli) fail_on: Option<UnusedFailOn>,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    #[command(flatten)]
    pub(in crate::cli) times: Times,
}

/// What makes it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum UnusedFailOn {
    /// Actions that widen permissions are granted, and nobody used them
    UnusedPrivileged,
}

/// How far resources that were seen stand for others, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GeneralityTyped {
    /// Each as it was seen
    Exact,
    /// Where two of them differ in an id, a date or a number, that stands for any
    Templated,
    /// All of their type in the same region and account
    Wide,
}

impl GeneralityTyped {
    /// What it means.
    pub(in crate::cli) fn generality(self) -> Generality {
        match self {
            Self::Exact => Generality::Exact,
            Self::Templated => Generality::Templated,
            Self::Wide => Generality::Wide,
        }
    }
}

/// A part of the answer, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShowTyped {
    /// Every principal
    Principals,
    /// Actions that were not used
    Unused,
    /// Actions that were used
    Used,
    /// Actions that the logs could not show
    NotObservable,
    /// Actions that were used and are not granted
    UsedNotGranted,
    /// What is unused beside actions
    Findings,
    /// How often each statement matched
    Statements,
    /// Who is behind roles
    Origins,
    /// What the logs cover
    Coverage,
    /// What this cannot know
    Limits,
}

impl ShowTyped {
    /// What it means.
    pub(in crate::cli) fn show(self) -> Show {
        match self {
            Self::Principals => Show::Principals,
            Self::Unused => Show::Unused,
            Self::Used => Show::Used,
            Self::NotObservable => Show::NotObservable,
            Self::UsedNotGranted => Show::UsedNotGranted,
            Self::Findings => Show::Findings,
            Self::Statements => Show::Statements,
            Self::Origins => Show::Origins,
            Self::Coverage => Show::Coverage,
            Self::Limits => Show::Limits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_typed_as_reports_name_them() {
        let typed: Vec<String> = ShowTyped::value_variants()
            .iter()
            .map(|own| own.to_possible_value().unwrap().get_name().to_owned())
            .collect();
        assert_eq!(typed, Show::ALL.map(Show::word));
    }
}
