//! What the user typed for `policy`, `snapshot` and `catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::policy::PolicyKind;

/// `backtrail policy`
#[derive(Debug, Args)]
pub(in crate::cli) struct Policy {
    #[command(subcommand)]
    pub(in crate::cli) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
    /// Run case files: policies, requests, and what should be decided
    Test(PolicyTest),
    /// Decide one request by a snapshot of policies, and say why
    Eval(Box<PolicyEval>),
    /// What in policies cannot be understood, can never match, or does not exist
    Lint(PolicyLint),
}

/// `backtrail policy test`
#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyTest {
    /// Case files, or folders with them (`*.json`)
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Show the cases that passed, too
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

/// `backtrail policy eval`
#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyEval {
    /// The policies: a folder in the snapshot's layout, or a file of authorization details
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) snapshot: PathBuf,
    /// Who asks: ARN of a user, role, role session, federated user or root; `user/NAME`, `role/NAME`; a service principal;
    /// `anonymous`
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) principal: String,
    /// What is asked for: `s3:GetObject`
    #[arg(long, value_name = "ACTION", value_parser = action)]
    pub(in crate::cli) action: String,
    /// On what: an ARN, or `*` for actions without resources
    #[arg(long, value_name = "ARN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(in crate::cli) resource: String,
    /// The account that owns the resource, where neither the ARN nor the snapshot tells
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(in crate::cli) resource_account: Option<crate::aws::AccountId>,
    /// Gives a context key a value; the same key again gives it several
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::param)]
    pub(in crate::cli) context: Vec<(String, String)>,
    /// Says that the request does not have a context key
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) absent: Vec<String>,
    /// Says that a context key is not known, although the snapshot tells it
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) unknown: Vec<String>,
    /// Signed in with MFA: `aws:MultiFactorAuthPresent` is `true`
    #[arg(long)]
    pub(in crate::cli) mfa: bool,
    /// What neither the snapshot nor the command line tells does not exist: keys, organization, policies of resources
    #[arg(long)]
    pub(in crate::cli) closed: bool,
    /// A session policy, in a file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) session_policy: Vec<PathBuf>,
    /// The user, or root user, who asked for a federated user's token
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) federated_by: Option<String>,
    /// The VPC endpoint that the request comes through
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) vpc_endpoint: Option<String>,
}

/// `backtrail policy lint`
#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyLint {
    /// Files with policies, or folders with them (`*.json`)
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// What the policies are; if not given, the file's form, its folder's name and the policy tell
    #[arg(long, value_enum)]
    pub(in crate::cli) kind: Option<KindTyped>,
}

/// What a policy is attached to, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum KindTyped {
    /// Of users, groups and roles; boundaries and session policies
    Identity,
    /// Of resources
    Resource,
    /// Of roles, who may assume them
    Trust,
    /// Service control policies
    Scp,
    /// Resource control policies
    Rcp,
    /// Of VPC endpoints
    VpcEndpoint,
}

impl KindTyped {
    /// What it means.
    pub(in crate::cli) fn kind(self) -> PolicyKind {
        match self {
            Self::Identity => PolicyKind::Identity,
            Self::Resource => PolicyKind::Resource,
            Self::Trust => PolicyKind::Trust,
            Self::Scp => PolicyKind::ServiceControl,
            Self::Rcp => PolicyKind::ResourceControl,
            Self::VpcEndpoint => PolicyKind::VpcEndpoint,
        }
    }
}

/// `backtrail snapshot`
#[derive(Debug, Args)]
pub(in crate::cli) struct Snapshot {
    /// The folder, or a file of authorization details
    #[arg(value_name = "DIR", required_unless_present = "print_commands")]
    pub(in crate::cli) path: Option<PathBuf>,
    /// Print a shell script of AWS commands, all of which only read, that fills such a folder
    #[arg(long, conflicts_with = "path")]
    pub(in crate::cli) print_commands: bool,
}

/// `backtrail catalog`
#[derive(Debug, Args)]
pub(in crate::cli) struct Catalog {
    #[command(subcommand)]
    pub(in crate::cli) command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CatalogCommand {
    /// The actions of a pattern: access level, resource types, condition keys, events
    Action(CatalogAction),
}

/// `backtrail catalog action`
#[derive(Debug, Args)]
pub(in crate::cli) struct CatalogAction {
    /// An action, or a pattern with `*` and `?`: `s3:Get*`, `*:PassRole`
    #[arg(value_name = "PATTERN")]
    pub(in crate::cli) pattern: String,
}

fn action(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((service, name)) if !service.is_empty() && !name.is_empty() && !text.contains(['*', '?']) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("expected one action as `s3:GetObject`, found `{text}`")),
    }
}

fn account(text: &str) -> Result<crate::aws::AccountId, String> {
    crate::aws::AccountId::parse(text).ok_or_else(|| format!("expected twelve digits, found `{text}`"))
}
