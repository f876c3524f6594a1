//! The organization: its tree, which control policies are attached where, and the policies themselves.
//!
//! `organization.json` holds the outputs of AWS's commands one after another, or one document of the own form; both are
//! told in README. What no part of it says is not known: neither a parent nor an attachment is guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Snapshot;
use super::document::control_name;
use super::problem::Trouble;
use super::read::Reader;
use crate::aws::AccountId;
use crate::policy::{Attached, Document, Level, Levels, PolicyKind};

/// Paths from an account to the root longer than this are not followed. AWS allows five levels of units
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>).
pub const LEVELS_MAX: usize = 16;

const EXPECTED: &str = "a part of an organization: `Organization`, `Roots`, `Parent` with `OrganizationalUnits` or `Accounts`, `Target` with `Policies`, or an object with `nodes`";

/// What is known of an organization.
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Membership {
    /// Nothing was supplied: there may be one.
    #[default]
    Unsupplied,
    /// The accounts are in no organization.
    None,
    /// What was supplied of it.
    Known(Box<Organization>),
}

/// An organization, as far as it was supplied.
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Organization {
    /// `o-…`.
    pub id: Option<String>,
    /// The account that no control policy binds.
    pub management_account: Option<AccountId>,
    /// Roots, units and accounts, by id.
    pub nodes: BTreeMap<String, Node>,
    /// The kinds of control policies that are enabled; None if that was not supplied.
    pub enabled: Option<BTreeSet<ControlKind>>,
    /// The ids or names of the policies attached to a root, unit or account. A pair that is not here was not supplied.
    pub attachments: BTreeMap<(ControlKind, String), BTreeSet<String>>,
}

/// A root, an organizational unit or an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Node {
    /// Its name.
    pub name: Option<String>,
    /// The id of what it stands under; None for a root.
    pub parent: Option<String>,
}

/// The two kinds of policies that bind whole accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum ControlKind {
    /// SCPs.
    Service,
    /// RCPs.
    Resource,
}

impl ControlKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Service, Self::Resource];

    /// `SCP` or `RCP`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "SCP",
            Self::Resource => "RCP",
        }
    }

    /// As `Type` of AWS's output; None for the policy types that decide no request.
    fn of_type(text: &str) -> Option<Self> {
        match text {
            "SERVICE_CONTROL_POLICY" => Some(Self::Service),
            "RESOURCE_CONTROL_POLICY" => Some(Self::Resource),
            _ => None,
        }
    }

    pub(super) fn policy_kind(self) -> PolicyKind {
        match self {
            Self::Service => PolicyKind::ServiceControl,
            Self::Resource => PolicyKind::ResourceControl,
        }
    }
}

/// An SCP or RCP.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct ControlPolicy {
    /// Which of the two.
    pub kind: ControlKind,
    /// `p-…`, or the file's name without `.json` where it stands alone.
    pub id: String,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// The policy.
    pub document: Arc<Document>,
}

/// One value of `organization.json`. Names that begin small are of the own form.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "Organization", default)]
    organization: Named,
    #[serde(rename = "Roots")]
    roots: Option<Vec<RawRoot>>,
    #[serde(rename = "Parent")]
    parent: Option<String>,
    #[serde(rename = "OrganizationalUnits")]
    units: Option<Vec<RawNode>>,
    #[serde(rename = "Accounts")]
    accounts: Option<Vec<RawNode>>,
    #[serde(rename = "Target")]
    target: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Policies")]
    policies: Option<Vec<RawSummary>>,
    id: Option<String>,
    #[serde(rename = "managementAccount")]
    management_account: Option<String>,
    #[serde(borrow)]
    nodes: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawOrganization {
    id: String,
    #[serde(alias = "ManagementAccountId")]
    master_account_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawRoot {
    id: String,
    name: Option<String>,
    policy_types: Option<Vec<RawType>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawType {
    r#type: String,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawNode {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawSummary {
    id: String,
    name: Option<String>,
    r#type: Option<String>,
}

/// A node of the own form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnNode {
    id: String,
    name: Option<String>,
    parent: Option<String>,
    scps: Option<BTreeSet<String>>,
    rcps: Option<BTreeSet<String>>,
}

/// What `describe-policy` prints, or a list of such.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawDescribed<'a> {
    #[serde(borrow)]
    policy: RawControl<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawControl<'a> {
    policy_summary: Option<RawSummary>,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// The member `Organization`.
#[derive(Default)]
enum Named {
    /// It is not there.
    #[default]
    Not,
    /// It is `null`: the accounts are in none.
    None,
    One(RawOrganization),
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <Option<RawOrganization> as Deserialize>::deserialize(from)
            .map(|named| named.map_or(Self::None, Self::One))
    }
}

impl Reader {
    /// One value of `organization.json`.
    pub(super) fn organization(&mut self, value: &RawValue, place: &str) {
        let part: Part<'_> = match serde_json::from_str(value.get()) {
            Ok(part) => part,
            Err(error) => {
                let message = error.to_string();
                return self.problem(place, Trouble::Form { expected: EXPECTED, message });
            }
        };
        if let Named::None = part.organization {
            if self.snapshot.membership == Membership::Unsupplied {
                self.snapshot.membership = Membership::None;
            }
            return;
        }
        let is_known = !matches!(part.organization, Named::Not)
            || part.roots.is_some()
            || part.nodes.is_some()
            || part.parent.is_some() && (part.units.is_some() || part.accounts.is_some())
            || part.target.is_some() && part.policies.is_some();
        if !is_known {
            return self.problem(place, Trouble::Unknown { expected: EXPECTED });
        }
        if !matches!(self.snapshot.membership, Membership::Known(_)) {
            self.snapshot.membership = Membership::Known(Box::default());
        }
        let Membership::Known(known) = &mut self.snapshot.membership else { return };
        let account = |text: Option<&str>| text.and_then(AccountId::parse);
        if let Named::One(organization) = part.organization {
            known.management_account = account(organization.master_account_id.as_deref());
            known.id = Some(organization.id);
        }
        if let Some(roots) = part.roots {
            for root in roots {
                known.nodes.insert(root.id, Node { name: root.name, parent: None });
                let kinds = root.policy_types.map(|kinds| {
                    let enabled = kinds.iter().filter(|kind| kind.status == "ENABLED");
                    enabled.filter_map(|kind| ControlKind::of_type(&kind.r#type)).collect()
                });
                known.enabled = kinds.or(known.enabled.take());
            }
        }
        if let Some(parent) = part.parent {
            for node in part.units.into_iter().chain(part.accounts).flatten() {
                known.nodes.insert(node.id, Node { name: node.name, parent: Some(parent.clone()) });
            }
        }
        if let (Some(target), Some(policies)) = (part.target, part.policies) {
            let kinds = part.kind.as_deref().map(ControlKind::of_type);
            // Without `Type` the policies must say it themselves; an empty list then says nothing.
            let own = policies.first().and_then(|policy| policy.r#type.as_deref()).map(ControlKind::of_type);
            if let Some(Some(kind)) = kinds.or(own) {
                let ids = policies.into_iter().map(|policy| policy.id);
                known.attachments.entry((kind, target)).or_default().extend(ids);
            }
        }
        if let Some(nodes) = part.nodes {
            known.id = part.id.or(known.id.take());
            known.management_account = account(part.management_account.as_deref());
            self.own_nodes(&nodes, place);
        }
    }

    fn own_nodes(&mut self, nodes: &[&RawValue], place: &str) {
        for (at, node) in nodes.iter().enumerate() {
            let node: OwnNode = match serde_json::from_str(node.get()) {
                Ok(node) => node,
                Err(error) => {
                    let place =
                        if place.is_empty() { format!("nodes/{at}") } else { format!("{place}, nodes/{at}") };
                    let message = error.to_string();
                    let expected = "`id` with `name`, `parent`, `scps`, `rcps`";
                    self.problem(&place, Trouble::Form { expected, message });
                    continue;
                }
            };
            let Membership::Known(known) = &mut self.snapshot.membership else { return };
            for (kind, attached) in [(ControlKind::Service, node.scps), (ControlKind::Resource, node.rcps)] {
                if let Some(attached) = attached {
                    known.attachments.insert((kind, node.id.clone()), attached);
                }
            }
            known.nodes.insert(node.id, Node { name: node.name, parent: node.parent });
        }
    }

    /// One value of a file in `scp/` or `rcp/`.
    pub(super) fn control(&mut self, kind: ControlKind, stem: &str, value: &RawValue, place: &str) {
        let described = serde_json::from_str::<RawDescribed<'_>>(value.get()).ok().map(|raw| raw.policy);
        let described = described.or_else(|| serde_json::from_str::<RawControl<'_>>(value.get()).ok());
        let (summary, content) = match described {
            Some(raw) => (raw.policy_summary, raw.content),
            None => (None, value),
        };
        let own = summary.as_ref().and_then(|summary| summary.r#type.as_deref());
        if own.is_some_and(|own| ControlKind::of_type(own) != Some(kind)) {
            let expected = if kind == ControlKind::Service { "an SCP" } else { "an RCP" };
            let message = format!("a policy of type `{}`", own.unwrap_or_default());
            return self.problem(place, Trouble::Form { expected, message });
        }
        let (id, name) = match summary {
            Some(summary) => (summary.id, summary.name),
            None => (stem.to_owned(), None),
        };
        let shown = control_name(&id, name.as_deref());
        let document = self.policy(kind.policy_kind(), &shown, Some(content), place);
        let policy = ControlPolicy { kind, id, name, document };
        let known = self.snapshot.controls.iter().find(|known| known.kind == kind && known.id == policy.id);
        match known {
            None => self.snapshot.controls.push(policy),
            Some(known) if known == &policy => {}
            Some(_) => self.problem(place, Trouble::Twice { name: policy.id }),
        }
    }
}

/// The policies that AWS attaches by itself, which allow everything
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>,
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>).
static OF_AWS: LazyLock<[ControlPolicy; 2]> = LazyLock::new(|| {
    let policy = |kind: ControlKind, id: &str, name: &str, principal: &str| ControlPolicy {
        kind,
        id: id.to_owned(),
        name: Some(name.to_owned()),
        document: Arc::new(Document::parse(
            kind.policy_kind(),
            &format!("{name} ({id})"),
            &format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{principal}"Action":"*","Resource":"*"}}]}}"#
            ),
        )),
    };
    [
        policy(ControlKind::Service, "p-FullAWSAccess", "FullAWSAccess", ""),
        policy(ControlKind::Resource, "p-RCPFullAWSAccess", "RCPFullAWSAccess", r#""Principal":"*","#),
    ]
});

impl Organization {
    /// The ids from the root down to an account; the reason in words where the path is not known.
    pub(super) fn path(&self, account: AccountId) -> Result<Vec<String>, String> {
        let mut path = vec![account.to_string()];
        let mut at = self
            .nodes
            .get(&account.to_string())
            .ok_or_else(|| format!("account {account} is not in organization.json"))?;
        while let Some(parent) = &at.parent {
            if path.len() == LEVELS_MAX {
                return Err(format!("more than {LEVELS_MAX} levels above account {account}"));
            }
            path.push(parent.clone());
            at = self.nodes.get(parent).ok_or_else(|| format!("`{parent}` is not in organization.json"))?;
        }
        path.reverse();
        Ok(path)
    }

    /// As `o-…/r-…/ou-…/`, the value of `aws:PrincipalOrgPaths`
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths>).
    pub(super) fn path_of(&self, account: AccountId) -> Option<String> {
        let mut path = self.path(account).ok()?;
        path.pop();
        let id = self.id.as_ref()?;
        Some(path.iter().fold(format!("{id}/"), |text, node| format!("{text}{node}/")))
    }

    /// Whether an account is in its tree.
    pub(super) fn has(&self, account: AccountId) -> bool {
        self.nodes.contains_key(&account.to_string())
    }
}

impl Snapshot {
    /// The management account of the organization, if that was supplied.
    #[must_use]
    pub fn management_account(&self) -> Option<AccountId> {
        match &self.membership {
            Membership::Known(known) => known.management_account,
            Membership::Unsupplied | Membership::None => None,
        }
    }

    /// The levels of SCPs or RCPs above an account, from the root down. None if there are none for certain.
    pub(super) fn levels(&self, kind: ControlKind, account: AccountId) -> Option<Levels> {
        let missing = |words: String| Some(Levels { levels: Vec::new(), missing: Some(words) });
        let word = kind.word();
        let known = match &self.membership {
            Membership::None => return None,
            Membership::Unsupplied if self.controls.iter().any(|policy| policy.kind == kind) => {
                return missing(format!("where {word}s are attached was not supplied (organization.json)"));
            }
            Membership::Unsupplied => return missing(format!("no {word}s supplied")),
            Membership::Known(known) => known,
        };
        if known.enabled.as_ref().is_some_and(|enabled| !enabled.contains(&kind)) {
            return None;
        }
        let path = match known.path(account) {
            Ok(path) => path,
            Err(words) => return missing(format!("{word}s: {words}")),
        };
        let levels = path.into_iter().map(|id| self.level(known, kind, id)).collect();
        Some(Levels { levels, missing: None })
    }

    fn level(&self, known: &Organization, kind: ControlKind, id: String) -> Level {
        let word = kind.word();
        let name = known.nodes.get(&id).and_then(|node| node.name.as_deref());
        let target = name.map_or_else(|| id.clone(), |name| format!("{id} ({name})"));
        let Some(wanted) = known.attachments.get(&(kind, id)) else {
            let attached = Attached::missing(format!("which {word}s are attached to {target}"));
            return Level { target, attached };
        };
        let mut attached = Attached::default();
        let mut lacking = Vec::new();
        for wanted in wanted {
            match self.control_policy(kind, wanted) {
                Some(policy) => attached.policies.push(Arc::clone(&policy.document)),
                None => lacking.push(wanted.as_str()),
            }
        }
        if !lacking.is_empty() {
            attached.missing = Some(format!("{word} {} was not supplied", lacking.join(", ")));
        }
        Level { target, attached }
    }

    /// The policy of an id or a name.
    pub(super) fn control_policy(&self, kind: ControlKind, wanted: &str) -> Option<&ControlPolicy> {
        let of_kind = || self.controls.iter().chain(&*OF_AWS).filter(|policy| policy.kind == kind);
        of_kind()
            .find(|policy| policy.id == wanted)
            .or_else(|| of_kind().find(|policy| policy.name.as_deref() == Some(wanted)))
    }
}
