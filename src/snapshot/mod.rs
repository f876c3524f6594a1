//! The current policies: reads what AWS's CLI prints of accounts, organization and resources into `policy`'s types.
//!
//! A snapshot is a folder (its layout is in README, the commands that fill it are [`COMMANDS`]) or one file of
//! authorization details. Reading never fails on content: what cannot be read or understood is a [`Problem`] with its
//! file and place, and everything else is kept.
//!
//! ```text
//! DIR ── read ──> Snapshot ──┬─ who ─────────> policy::Caller
//!                            ├─ policies ────> policy::PolicySet
//!                            ├─ context ─────> policy::Context
//!                            ├─ patched ─────> another Snapshot, and what it changes
//!                            └─ inventory ───> what it holds, what is missing
//! ```
//!
//! What a snapshot does not hold is known as missing: an account without authorization details, an organization that
//! was not supplied, a resource whose policy was not. It becomes the `missing` of a layer, and so `undetermined`, never a
//! denial. [`Unsupplied::None`] says that what was not supplied does not exist.

mod context;
mod credential;
mod details;
mod document;
mod inventory;
pub mod lint;
mod organization;
mod owner;
mod patch;
mod policies;
mod problem;
mod read;
mod rejection;
mod resource;
mod text;
mod who;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::aws::{AccountId, Time};
use crate::policy::Document;

pub use context::Asked;
pub use credential::{AccessKey, Credentials, Password, ReportedKey};
pub use inventory::{AccountCounts, Inventory};
pub use organization::{ControlKind, ControlPolicy, LEVELS_MAX, Membership, Node, Organization};
pub use owner::{any_may_have_policy, certain_policy_owner, may_have_policy, owner_by_rule, policy_owner};
pub use patch::{CHANGES_LISTED_MAX, CHANGES_MAX, PatchError, Patched, Proposal, Refusal};
pub(crate) use policies::Parties;
pub use policies::{Given, Unsupplied, owner_of_unsupplied_policy, resource_of_unknown_share};
pub use problem::{Problem, SnapshotError, Trouble};
pub use read::{FILE_BYTES_MAX, FILES_MAX, PROBLEMS_MAX};
pub use resource::{Endpoint, OwnPolicy, Resource};
pub use who::WhoError;

/// A POSIX shell script of AWS CLI commands that fill a folder in the layout that is read here. All calls only read.
pub const COMMANDS: &str = include_str!("commands.sh");

/// The policies of accounts, of their organization and of resources.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
pub struct Snapshot {
    /// Where it was read from, as it was named.
    pub path: String,
    /// The accounts of which there are authorization details.
    pub accounts: BTreeMap<AccountId, Account>,
    /// The managed policies, of customers and of AWS, by ARN.
    pub managed: BTreeMap<String, Managed>,
    /// What is known of an organization.
    pub membership: Membership,
    /// The SCPs and RCPs, in order of kind and id.
    pub controls: Vec<ControlPolicy>,
    /// The resources of which policy or tags were supplied, by ARN.
    pub resources: BTreeMap<String, Resource>,
    /// The VPC endpoints, by id.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// How many files were read, problems or not.
    pub files: usize,
    /// Files that have other names than are read (`*.json`, `credential-report*.csv`), and were not opened.
    pub files_ignored: usize,
    /// What could not be read or understood, in order of file; at most [`PROBLEMS_MAX`].
    #[borsh(skip)]
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub problems_not_listed: usize,
    /// The policies that AWS would not take if they were put today, at most [`PROBLEMS_MAX`]. They stand all the same, so they are
    /// problems of a proposal only.
    #[borsh(skip)]
    pub(crate) rejections: Vec<Problem>,
}

/// The authorization details of one account
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>).
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// The users, by name.
    pub users: BTreeMap<String, Principal>,
    /// The roles, by name.
    pub roles: BTreeMap<String, Principal>,
    /// The groups, by name.
    pub groups: BTreeMap<String, Group>,
    /// What the credential report tells of users, by name; None if the account has none here.
    pub credentials: Option<BTreeMap<String, Credentials>>,
    /// The access keys of users, by name; users without keys have no entry.
    pub access_keys: BTreeMap<String, Vec<AccessKey>>,
    /// Why the details are not all that there are, in words; None if they are.
    pub incomplete: Option<String>,
}

/// A user or a role.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Principal {
    /// Its ARN, with path.
    pub arn: String,
    /// Its friendly name.
    pub name: String,
    /// `AIDA…` or `AROA…`; None if the details leave it out.
    pub unique_id: Option<String>,
    /// Its inline policies.
    pub inline: Vec<Arc<Document>>,
    /// The ARNs of its managed policies.
    pub attached: Vec<String>,
    /// The names of a user's groups.
    pub groups: Vec<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The ARNs of the instance profiles that hold a role.
    pub instance_profiles: Vec<String>,
    /// A role's trust policy; None for users.
    pub trust: Option<Arc<Document>>,
    /// When it was made; None if the details leave it out.
    pub created: Option<Time>,
    /// When a role was last used, as IAM tracks it over 400 days; None of users, of roles that were not, and where the
    /// details leave it out.
    pub last_used: Option<Time>,
    /// Why its policies are not all that there are, in words; None if they are.
    pub incomplete: Option<String>,
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Group {
    /// Its ARN.
    pub arn: String,
    /// Its inline policies.
    pub inline: Vec<Arc<Document>>,
    /// The ARNs of its managed policies.
    pub attached: Vec<String>,
    /// Why its policies are not all that there are, in words; None if they are.
    pub incomplete: Option<String>,
}

/// A managed policy, with the version that is in force.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Managed {
    /// The default version's id, as `v3`.
    pub version: String,
    /// That version; None if the details do not hold it.
    pub document: Option<Arc<Document>>,
    /// The ids of its other versions, in the order of their numbers.
    pub others: Vec<String>,
}

impl Snapshot {
    /// Every policy that the snapshot holds, of any kind; one that stands in several places for each.
    pub fn documents(&self) -> impl Iterator<Item = &Arc<Document>> {
        let accounts = self.accounts.values();
        let principals =
            accounts.clone().flat_map(|account| account.users.values().chain(account.roles.values()));
        let of_principals = principals.flat_map(|own| own.inline.iter().chain(&own.trust));
        let of_groups = accounts.flat_map(|account| account.groups.values()).flat_map(|group| &group.inline);
        let managed = self.managed.values().filter_map(|managed| managed.document.as_ref());
        let controls = self.controls.iter().map(|control| &control.document);
        let of_resources = self.resources.values().filter_map(|resource| match &resource.policy {
            OwnPolicy::Known(policy) => Some(policy),
            OwnPolicy::None | OwnPolicy::Unsupplied => None,
        });
        let of_endpoints = self.endpoints.values().map(|endpoint| &endpoint.document);
        of_principals.chain(of_groups).chain(managed).chain(controls).chain(of_resources).chain(of_endpoints)
    }
}
