//! What the user typed for `replay`, `explain` and `can-assume`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Data, Times};
use crate::report::replay::Show;

/// `backtrail replay`
#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    /// The policies of today: a folder in the snapshot's layout, or a file of authorization details
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) snapshot: PathBuf,
    /// Proposed policies beside them: a patch (a folder with `patch.json`, or such a file), or a second snapshot
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) proposed: Option<PathBuf>,
    /// Only the events of this user, role, session or key
    #[arg(long, value_name = "WHO")]
    pub(in crate::cli) principal: Option<String>,
    /// Only the events of this account's logs
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) account: Option<String>,
    /// Only calls of this action, or of a pattern as in policies: `s3:Get*`
    #[arg(long, value_name = "ACTION", value_parser = action)]
    pub(in crate::cli) action: Option<String>,
    /// Show one part at length; in CSV, only its rows
    #[arg(long, value_enum, value_name = "PART")]
    pub(in crate::cli) show: Option<ShowTyped>,
    /// Show every row
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Show the first events of every row
    #[arg(long)]
    pub(in crate::cli) examples: bool,
    /// Exit with 1 if the proposal breaks calls that worked, or opens calls that are denied today
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(in crate::cli) fail_on: Option<FailOn>,
    /// Write what every event comes to into this Parquet file, which `sql --verdicts` reads as table `verdicts`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) save: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    #[command(flatten)]
    pub(in crate::cli) times: Times,
}

/// What makes a replay fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FailOn {
    /// Calls that worked are denied under the proposal
    Broken,
    /// Calls that are denied today are allowed under the proposal
    Opened,
}

/// A part of the answer, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShowTyped {
    /// What would now be denied
    NowDenied,
    /// What would now be allowed
    NowAllowed,
    /// What depends on what is not known
    Undetermined,
    /// What is the same
    Same,
    /// What is no request
    NotARequest,
    /// What the proposal breaks
    Broken,
    /// What the proposal opens
    Opened,
    /// Refusals for another reason than these policies give
    Disagreements,
    /// How often each statement matched and decided
    Statements,
    /// What this cannot know
    Limits,
}

impl ShowTyped {
    /// What it means.
    pub(in crate::cli) fn show(self) -> Show {
        match self {
            Self::NowDenied => Show::NowDenied,
            Self::NowAllowed => Show::NowAllowed,
            Self::Undetermined => Show::Undetermined,
            Self::Same => Show::Same,
            Self::NotARequest => Show::NotARequest,
            Self::Broken => Show::Broken,
            Self::Opened => Show::Opened,
            Self::Disagreements => Show::Disagreements,
            Self::Statements => Show::Statements,
            Self::Limits => Show::Limits,
        }
    }
}

/// `backtrail explain`
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// CloudTrail's id of the event
    #[arg(value_name = "EVENT_ID")]
    pub(in crate::cli) event_id: String,
    /// The policies of today: a folder in the snapshot's layout, or a file of authorization details
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) snapshot: Option<PathBuf>,
    /// The record of this account, where several accounts have one of the event
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) account: Option<String>,
    /// Show every change of the logs and every sentence of the reasons
    #[arg(long)]
    pub(in crate::cli) all: bool,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
}

/// `backtrail can-assume`
#[derive(Debug, Args)]
pub(in crate::cli) struct CanAssume {
    /// The policies: a folder in the snapshot's layout, or a file of authorization details
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) snapshot: PathBuf,
    /// Who: ARN of a user, role, role session or root; `user/NAME`, `role/NAME`; a service principal
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) principal: String,
    /// Which role: its ARN, or `role/NAME`
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) role: String,
    /// The caller shows MFA: its session was signed in with it, or the call names a device
    #[arg(long)]
    pub(in crate::cli) mfa: bool,
    /// The ExternalId of the call
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) external_id: Option<String>,
    /// The name of the session
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) session_name: Option<String>,
    /// The source identity that is set
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) source_identity: Option<String>,
    /// A session tag
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::param)]
    pub(in crate::cli) tag: Vec<(String, String)>,
    /// How long the session shall last, in seconds: 900 to 43200
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(900..=43_200))]
    pub(in crate::cli) duration: Option<u64>,
    /// The address that the call comes from
    #[arg(long, value_name = "IP")]
    pub(in crate::cli) source_ip: Option<String>,
    /// Gives a further condition key a value
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::param)]
    pub(in crate::cli) context: Vec<(String, String)>,
}

fn action(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((service, name)) if !service.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("expected SERVICE:ACTION, found `{text}`")),
    }
}
