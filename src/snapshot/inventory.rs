//! What a snapshot holds, and what is missing of what it names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Account, ControlKind, Membership, OwnPolicy, Principal, Snapshot};
use crate::aws::{AccountId, Arn};

/// What a snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The accounts of the details and of the organization, in order.
    pub accounts: Vec<AccountCounts>,
    /// The managed policies of AWS.
    pub managed_by_aws: usize,
    /// The SCPs, and how many of them are attached somewhere.
    pub scps: (usize, usize),
    /// The RCPs, and how many of them are attached somewhere.
    pub rcps: (usize, usize),
    /// How many resources have a policy, by service.
    pub resource_policies: BTreeMap<String, usize>,
    /// How many resources are known to have none.
    pub without_policy: usize,
    /// How many resources have their tags.
    pub tagged: usize,
    /// How many VPC endpoints have a policy.
    pub endpoints: usize,
    /// What is missing, in words, sorted: requests that depend on it are undetermined.
    pub missing: Vec<String>,
}

/// What a snapshot holds of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCounts {
    /// The account.
    pub account: AccountId,
    /// Its name in the organization.
    pub name: Option<String>,
    /// Whether it is the management account.
    pub is_management: bool,
    /// Whether there are authorization details.
    pub has_details: bool,
    /// Its users.
    pub users: usize,
    /// Its groups.
    pub groups: usize,
    /// Its roles.
    pub roles: usize,
    /// Its own managed policies.
    pub managed: usize,
    /// The levels of SCPs that bind it; None if that is not known.
    pub scp_levels: Option<usize>,
    /// The levels of RCPs that bind its resources; None if that is not known.
    pub rcp_levels: Option<usize>,
    /// Its resources with a policy.
    pub resource_policies: usize,
}

impl Snapshot {
    /// What it holds, and what is missing.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let mut inventory = Inventory { endpoints: self.endpoints.len(), ..Inventory::default() };
        let mut ids: BTreeSet<AccountId> = self.accounts.keys().copied().collect();
        if let Membership::Known(known) = &self.membership {
            ids.extend(known.nodes.keys().filter_map(|id| AccountId::parse(id)));
        }
        inventory.accounts = ids.into_iter().map(|account| self.counts(account)).collect();
        let is_of_aws = |arn: &&String| Arn::parse(arn).is_some_and(|arn| arn.account == "aws");
        inventory.managed_by_aws = self.managed.keys().filter(is_of_aws).count();
        inventory.scps = self.attached(ControlKind::Service);
        inventory.rcps = self.attached(ControlKind::Resource);
        for (arn, resource) in &self.resources {
            match &resource.policy {
                OwnPolicy::Known(_) => {
                    let service = Arn::parse(arn).map(|arn| arn.service).unwrap_or_default();
                    *inventory.resource_policies.entry(service.to_owned()).or_default() += 1;
                }
                OwnPolicy::None => inventory.without_policy += 1,
                OwnPolicy::Unsupplied => {}
            }
            inventory.tagged += usize::from(resource.tags.is_some());
        }
        inventory.missing = self.missing(&inventory.accounts);
        inventory
    }

    fn counts(&self, account: AccountId) -> AccountCounts {
        let details = self.accounts.get(&account);
        let count = |of: fn(&Account) -> usize| details.map_or(0, of);
        let is_own = |arn: &&String| Arn::parse(arn).and_then(Arn::account_id) == Some(account);
        let has_policy = |(arn, resource): &(&String, &super::Resource)| {
            matches!(resource.policy, OwnPolicy::Known(_)) && self.resource_account(arn) == Some(account)
        };
        let levels = |kind| match self.levels(kind, account) {
            None => Some(0),
            Some(levels) if levels.missing.is_some() => None,
            Some(levels) => Some(levels.levels.len()),
        };
        let name = match &self.membership {
            Membership::Known(known) => {
                known.nodes.get(&account.to_string()).and_then(|node| node.name.clone())
            }
            Membership::Unsupplied | Membership::None => None,
        };
        AccountCounts {
            account,
            name,
            is_management: self.management_account() == Some(account),
            has_details: details.is_some(),
            users: count(|details| details.users.len()),
            groups: count(|details| details.groups.len()),
            roles: count(|details| details.roles.len()),
            managed: self.managed.keys().filter(is_own).count(),
            scp_levels: levels(ControlKind::Service),
            rcp_levels: levels(ControlKind::Resource),
            resource_policies: self.resources.iter().filter(has_policy).count(),
        }
    }

    /// The policies of a kind, and how many of them are attached.
    fn attached(&self, kind: ControlKind) -> (usize, usize) {
        let of_kind = || self.controls.iter().filter(|policy| policy.kind == kind);
        let Membership::Known(known) = &self.membership else { return (of_kind().count(), 0) };
        let attachments = known.attachments.iter().filter(|((own, _), _)| *own == kind);
        let wanted: BTreeSet<&String> = attachments.flat_map(|(_, ids)| ids).collect();
        let is_wanted = |id: &String| wanted.contains(id);
        let used =
            of_kind().filter(|policy| is_wanted(&policy.id) || policy.name.as_ref().is_some_and(is_wanted));
        (of_kind().count(), used.count())
    }

    fn missing(&self, accounts: &[AccountCounts]) -> Vec<String> {
        let mut missing = BTreeSet::new();
        for counts in accounts {
            let account = counts.account;
            match self.accounts.get(&account) {
                None => {
                    missing.insert(format!("no policy snapshot of account {account}"));
                }
                Some(details) => {
                    missing.extend(details.incomplete.iter().cloned());
                    let principals = details.users.values().chain(details.roles.values());
                    principals.for_each(|principal| self.missing_of(principal, details, &mut missing));
                }
            }
            for kind in ControlKind::ALL {
                missing.extend(self.levels_missing(kind, account));
            }
        }
        for kind in ControlKind::ALL {
            if accounts.is_empty() && self.membership == Membership::Unsupplied {
                missing.insert(format!("no {}s supplied", kind.word()));
            }
        }
        if self.resources.values().all(|resource| resource.policy == OwnPolicy::Unsupplied) {
            missing.insert("no resource policies supplied".to_owned());
        }
        missing.into_iter().collect()
    }

    fn missing_of(&self, principal: &Principal, details: &Account, missing: &mut BTreeSet<String>) {
        missing.extend(principal.incomplete.iter().cloned());
        let mut attached: Vec<&String> = principal.attached.iter().chain(&principal.boundary).collect();
        for name in &principal.groups {
            match details.groups.get(name) {
                Some(group) => {
                    missing.extend(group.incomplete.iter().cloned());
                    attached.extend(&group.attached);
                }
                None => {
                    missing.insert(format!("group {name} of {} is not in the snapshot", principal.arn));
                }
            }
        }
        for arn in attached {
            if self.managed.get(arn).is_none_or(|managed| managed.document.is_none()) {
                missing.insert(format!("managed policy {arn} is not in the snapshot"));
            }
        }
    }
}
