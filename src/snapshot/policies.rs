//! The policies in play for one caller and one resource, with what is missing of them.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::owner::{
    any_may_have_policy, certain_policy_owner, may_be_shared, may_have_policy, only_allows, policy_owner,
    reaches_bucket_behind, service_may_have_policies,
};
use super::{ControlKind, Membership, OwnPolicy, Principal, Snapshot};
use crate::aws::{AccountId, Arn, Principal as Named};
use crate::policy::{
    Attached, Caller, Document, Levels, May, PolicySet, Resource, Truth, reaches_key_behind, resource_covers,
};

/// What stands for a layer that the snapshot does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unsupplied {
    /// It may be there: requests that depend on it are undetermined.
    #[default]
    Unknown,
    /// It does not exist: no organization, no policy of a resource. An account without details stays unknown.
    None,
}

/// What a request has that no snapshot holds.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The session policies; None if the session has none.
    pub session: Option<Vec<Arc<Document>>>,
    /// The id of the VPC endpoint that the request comes through; None if through none.
    pub endpoint: Option<String>,
    /// What stands for what the snapshot does not hold.
    pub unsupplied: Unsupplied,
}

/// What is missing where nothing tells whose policy a request meets.
const UNKNOWN_RESOURCE: &str = "which resource is asked for is not known";

/// What is missing where a resource's own policy was not supplied, in words.
fn unsupplied_policy(owner: &str) -> String {
    format!("resource policy of {owner} not supplied")
}

/// The resource whose own policy was not supplied, where that is what these words say is missing.
#[must_use]
pub fn owner_of_unsupplied_policy(missing: &str) -> Option<&str> {
    missing.strip_prefix("resource policy of ")?.strip_suffix(" not supplied")
}

/// What is missing where only a share could let an account use a resource of another one, in words.
fn unknown_share(arn: &str, account: AccountId) -> String {
    format!("whether {arn} is shared with account {account}")
}

/// The resource that may be shared, where that is what these words say is missing.
#[must_use]
pub fn resource_of_unknown_share(missing: &str) -> Option<&str> {
    let (arn, _) = missing.strip_prefix("whether ")?.split_once(" is shared with account ")?;
    Some(arn)
}

/// The accounts that have to do with a request, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parties {
    pub(crate) caller: Option<AccountId>,
    pub(crate) owner: Option<AccountId>,
}

impl Parties {
    /// The caller's account, where the resource is another one's.
    fn other(self, arn: &str) -> Option<AccountId> {
        let owner = self.owner.or_else(|| Arn::parse(arn)?.account_id())?;
        self.caller.filter(|caller| *caller != owner)
    }
}

impl Snapshot {
    /// The policies in play when `caller` asks for `action` on `resource`, which `resource_account` owns.
    #[must_use]
    pub fn policies(
        &self,
        caller: &Caller,
        action: &str,
        resource: &Resource,
        resource_account: Option<AccountId>,
        given: &Given,
    ) -> PolicySet {
        let (identity, boundary) = self.identity(caller);
        let unsupplied = given.unsupplied;
        let levels = |kind, account: Option<AccountId>| {
            let levels = self.levels(kind, account?)?;
            // Without an organization there is nothing that could be missing.
            let is_supplied = self.membership != Membership::Unsupplied;
            (is_supplied || unsupplied == Unsupplied::Unknown).then_some(levels)
        };
        let session = match (&given.session, caller) {
            (Some(policies), _) => Some(Attached::of(policies.clone())),
            (None, Caller::FederatedUser { .. }) => {
                Some(Attached::missing("the session policy of the federated user was not supplied"))
            }
            (None, _) => None,
        };
        let parties = Parties { caller: caller.account(), owner: resource_account };
        let own = self.policy_of_resource(action, resource, parties, unsupplied);
        PolicySet {
            identity,
            boundary,
            session,
            scp: levels(ControlKind::Service, caller.account()),
            rcp: match resource_account {
                Some(account) => levels(ControlKind::Resource, Some(account)),
                None => self.levels_of_nobody(unsupplied),
            },
            resource: if unsupplied == Unsupplied::Unknown {
                with_bucket_behind(action, resource, own)
            } else {
                own
            },
            vpc_endpoint: given.endpoint.as_ref().map(|id| match self.endpoints.get(id) {
                Some(endpoint) => Attached::of(vec![Arc::clone(&endpoint.document)]),
                None => Attached::missing(format!("policy of {id} not supplied")),
            }),
        }
    }

    /// The RCPs of an account that is not known.
    fn levels_of_nobody(&self, unsupplied: Unsupplied) -> Option<Levels> {
        let is_none = match self.membership {
            Membership::None => true,
            Membership::Unsupplied => unsupplied == Unsupplied::None,
            Membership::Known(_) => false,
        };
        let words = "RCPs: the account of the resource is not known";
        (!is_none).then(|| Levels { levels: Vec::new(), missing: Some(words.to_owned()) })
    }

    /// The identity policies and the boundary of a caller.
    fn identity(&self, caller: &Caller) -> (Attached, Option<Attached>) {
        let missing = |words: String| (Attached::missing(words.clone()), Some(Attached::missing(words)));
        let account = match caller {
            // To the root user, and to whom it has federated, its account allows all without a policy.
            _ if caller.is_of_root() => return (Attached::default(), None),
            Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => {
                return (Attached::default(), None);
            }
            Caller::Account { account, .. } => {
                return missing(format!("who of account {account} asks is not known"));
            }
            Caller::FederatedUser { user_arn: None, .. } => {
                return missing("the user who asked for the federation token is not known".to_owned());
            }
            _ => caller.account(),
        };
        let Some(account) = account else {
            return missing("the account of the caller is not known".to_owned());
        };
        let Some(details) = self.accounts.get(&account) else {
            return missing(format!("no policy snapshot of account {account}"));
        };
        let Some(principal) = self.principal(caller) else {
            let why = details.incomplete.as_deref();
            return missing(
                why.map_or_else(|| "the caller is not in the snapshot".to_owned(), str::to_owned),
            );
        };
        let boundary = principal.boundary.as_ref().map(|arn| {
            let mut boundary = Attached::default();
            let mut lacking = Vec::new();
            self.attach(std::slice::from_ref(arn), &mut boundary, &mut lacking);
            boundary.missing = lacking.pop();
            boundary
        });
        (self.identity_of(account, principal), boundary)
    }

    fn identity_of(&self, account: AccountId, principal: &Principal) -> Attached {
        let mut attached = Attached::of(principal.inline.clone());
        let mut lacking: Vec<String> = principal.incomplete.iter().cloned().collect();
        self.attach(&principal.attached, &mut attached, &mut lacking);
        for name in &principal.groups {
            match self.accounts.get(&account).and_then(|details| details.groups.get(name)) {
                Some(group) => {
                    attached.policies.extend(group.inline.iter().map(Arc::clone));
                    lacking.extend(group.incomplete.iter().cloned());
                    self.attach(&group.attached, &mut attached, &mut lacking);
                }
                None => lacking.push(format!("group {name} is not in the snapshot")),
            }
        }
        if !lacking.is_empty() {
            attached.missing = Some(lacking.join("; "));
        }
        attached
    }

    /// Adds managed policies, each once.
    fn attach(&self, arns: &[String], to: &mut Attached, lacking: &mut Vec<String>) {
        for arn in arns {
            match self.managed.get(arn).and_then(|managed| managed.document.as_ref()) {
                Some(document) if to.policies.iter().any(|known| Arc::ptr_eq(known, document)) => {}
                Some(document) => to.policies.push(Arc::clone(document)),
                None => lacking.push(format!("managed policy {arn} is not in the snapshot")),
            }
        }
    }

    /// The resource's own policy; None if it has none for certain.
    pub(crate) fn policy_of_resource(
        &self,
        action: &str,
        resource: &Resource,
        parties: Parties,
        unsupplied: Unsupplied,
    ) -> Option<Attached> {
        let missing = |words: String| (unsupplied == Unsupplied::Unknown).then(|| Attached::missing(words));
        let arn = match resource {
            Resource::Any => return None,
            Resource::Unknown if !service_may_have_policies(action) => return None,
            Resource::Unknown => return missing(UNKNOWN_RESOURCE.to_owned()),
            Resource::Named(arn) => arn,
            Resource::Pattern(pattern) => {
                return self.policy_of_pattern(action, pattern, parties, unsupplied);
            }
        };
        let parsed = Arn::parse(arn);
        if let Some((account, name)) = parsed.and_then(|parsed| match parsed.principal()? {
            Named::Role { name, .. } => Some((parsed.account_id()?, name)),
            _ => None,
        }) {
            // Only requests to assume a role meet its trust policy.
            if !action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("sts:")) {
                return None;
            }
            let Some(details) = self.accounts.get(&account) else {
                return Some(Attached::missing(format!("no policy snapshot of account {account}")));
            };
            let role = details.roles.get(name).filter(|role| role.arn == *arn);
            return Some(match role.and_then(|role| role.trust.as_ref()) {
                Some(trust) => Attached::of(vec![Arc::clone(trust)]),
                None => Attached::missing(format!("role {arn} is not in the snapshot")),
            });
        }
        if reaches_key_behind(action, arn) {
            return missing(format!("policy of the key behind {arn} not supplied"));
        }
        let owner = policy_owner(arn);
        let supplied = |arn: &str| self.resources.get(arn).map(|resource| &resource.policy);
        let is_supplied = |policy: &&OwnPolicy| **policy != OwnPolicy::Unsupplied;
        match supplied(arn).filter(is_supplied).or_else(|| supplied(owner)) {
            Some(OwnPolicy::Known(policy)) => Some(Attached::of(vec![Arc::clone(policy)])),
            _ if !may_have_policy(arn) => share(arn, parties, unsupplied),
            Some(OwnPolicy::Unsupplied) | None => {
                let policy = missing(unsupplied_policy(owner))?;
                let may = if only_allows(owner) { May::Allow } else { May::Either };
                Some(Attached { may, ..policy })
            }
            Some(OwnPolicy::None) => None,
        }
    }

    /// The policy of a resource of which only a part is known: where it is certain which resource has it, that one's.
    fn policy_of_pattern(
        &self,
        action: &str,
        pattern: &str,
        parties: Parties,
        unsupplied: Unsupplied,
    ) -> Option<Attached> {
        let policy_of = |arn: &str| {
            self.policy_of_resource(action, &Resource::Named(arn.to_owned()), parties, unsupplied)
        };
        if !pattern.contains(['*', '?']) {
            return policy_of(pattern);
        }
        let unknown = || Some(Attached::missing(UNKNOWN_RESOURCE));
        let is_assumed = action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("sts:"));
        if is_assumed && resource_covers("arn:aws*:iam:*:*:role/*", pattern) != Truth::No {
            return unknown();
        }
        // What belongs to a resource may have a policy beside that one's.
        let certain = pattern.split(['*', '?']).next().unwrap_or_default();
        let begin = Bound::Included(certain);
        let fitting = || {
            let from = self.resources.range::<str, _>((begin, Bound::Unbounded));
            from.take_while(|(arn, _)| arn.starts_with(certain))
                .filter(|(arn, _)| resource_covers(pattern, arn) == Truth::Yes)
        };
        // Nobody may have two secrets of one name.
        if is_named_secret(pattern)
            && let (Some((arn, _)), None) = (fitting().next(), fitting().nth(1))
        {
            return policy_of(arn);
        }
        let has_own = fitting().any(|(_, own)| matches!(own.policy, OwnPolicy::Known(_)));
        match certain_policy_owner(pattern) {
            _ if has_own => unknown(),
            Some(owner) => policy_of(owner),
            None if !any_may_have_policy(pattern) => share(pattern, parties, unsupplied),
            None if unsupplied == Unsupplied::None && !self.may_own(pattern) => None,
            None => unknown(),
        }
    }

    /// The resources whose own policies are not those that another snapshot has, in order.
    pub(crate) fn changed_resources(&self, other: &Self) -> Vec<String> {
        let said = |policy: &OwnPolicy| match policy {
            OwnPolicy::Known(document) => OwnPolicy::Known(Arc::new(Document {
                name: String::new(),
                problems: Vec::new(),
                ..(**document).clone()
            })),
            other => other.clone(),
        };
        let policy =
            |of: &Self, arn: &str| of.resources.get(arn).map(|own| said(&own.policy)).unwrap_or_default();
        let all: BTreeSet<&String> = self.resources.keys().chain(other.resources.keys()).collect();
        all.into_iter().filter(|arn| policy(self, arn) != policy(other, arn)).cloned().collect()
    }

    /// Whether a resource whose policy was supplied may have a part, or be one, that a pattern stands for.
    fn may_own(&self, pattern: &str) -> bool {
        let is_owner = |arn: &str| {
            [arn.to_owned(), format!("{arn}/*"), format!("{arn}:*")]
                .iter()
                .any(|form| resource_covers(form, pattern) != Truth::No)
        };
        self.resources.iter().any(|(arn, own)| matches!(own.policy, OwnPolicy::Known(_)) && is_owner(arn))
    }

    /// The levels of RCPs or SCPs of an account; for who checks what a snapshot holds.
    pub(super) fn levels_missing(&self, kind: ControlKind, account: AccountId) -> Vec<String> {
        let Some(levels) = self.levels(kind, account) else { return Vec::new() };
        levels
            .missing
            .into_iter()
            .chain(levels.levels.into_iter().filter_map(|level| level.attached.missing))
            .collect()
    }
}

/// The policy of an access point with what is missing beside it: the bucket behind it must permit the request, too
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html>).
fn with_bucket_behind(action: &str, resource: &Resource, own: Option<Attached>) -> Option<Attached> {
    let (Resource::Named(arn) | Resource::Pattern(arn)) = resource else { return own };
    if !reaches_bucket_behind(action, arn) {
        return own;
    }
    let behind = format!("the bucket behind {}, which must allow it too", policy_owner(arn));
    Some(match own {
        Some(Attached { policies, missing: Some(missing), may }) => {
            Attached { policies, missing: Some(format!("{missing}; {behind}")), may }
        }
        other => Attached { missing: Some(behind), may: May::Deny, ..other.unwrap_or_default() },
    })
}

/// Whether a pattern is a secret by its name: the six random characters at the end of its ARN alone are open
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>).
fn is_named_secret(pattern: &str) -> bool {
    let name = pattern.strip_suffix("-??????").filter(|name| !name.contains(['*', '?']));
    name.and_then(Arn::parse)
        .is_some_and(|parsed| parsed.service == "secretsmanager" && parsed.resource.starts_with("secret:"))
}

/// What stands for the policy of a resource that can have none: of another account's resource, that it may be shared.
fn share(arn: &str, parties: Parties, unsupplied: Unsupplied) -> Option<Attached> {
    let account = parties.other(arn).filter(|_| unsupplied == Unsupplied::Unknown && may_be_shared(arn))?;
    Some(Attached::missing_allow(unknown_share(arn, account)))
}
