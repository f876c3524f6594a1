//! The context keys that a snapshot can tell, from who asks for what.

use super::owner::is_of_aws;
use super::{Membership, Organization, Snapshot, Unsupplied, policy_owner};
use crate::aws::{AccountId, Arn, Principal as Named};
use crate::catalog::{self, catalog};
use crate::policy::{Caller, Context, Effect, Match, Resource, Rest, Standing};

/// Who asks for what, as far as context keys depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// Service prefix and name.
    pub action: &'a str,
    /// What is asked for.
    pub resource: &'a Resource,
    /// The account that owns it.
    pub resource_account: Option<AccountId>,
}

/// Services of which some actions do not carry `aws:ResourceAccount` and its kin
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount>):
/// there the keys stay unknown.
const WITHOUT_RESOURCE_ACCOUNT: [&str; 11] = [
    "auditmanager",
    "detective",
    "ds",
    "ebs",
    "ec2",
    "es",
    "events",
    "guardduty",
    "macie2",
    "route53",
    "securityhub",
];

/// What stands before the tag's key in the condition keys for tags of resources.
const RESOURCE_TAG: &str = "resourcetag/";

impl Snapshot {
    /// What the snapshot tells of the context keys. All others are unknown, or with [`Unsupplied::None`] absent.
    ///
    /// The properties of the principal are told as AWS lists them for each kind
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties>,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-infotouse>).
    /// Tags of a role are told only if its trust policy allows nobody to set session tags, which would replace them
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>).
    #[must_use]
    pub fn context(&self, asked: Asked<'_>, unsupplied: Unsupplied) -> Context {
        let mut context = self.context_but_organization(asked, unsupplied);
        self.of_organization(asked, unsupplied, &mut context);
        context
    }

    /// The same without the keys that are told from the organization: those that begin with `aws:PrincipalOrg` or
    /// `aws:ResourceOrg`.
    pub(crate) fn context_but_organization(&self, asked: Asked<'_>, unsupplied: Unsupplied) -> Context {
        let mut context = Context::new(match unsupplied {
            Unsupplied::Unknown => Rest::Unknown,
            Unsupplied::None => Rest::Absent,
        });
        let partition = match asked.resource {
            Resource::Named(arn) | Resource::Pattern(arn) => Arn::parse(arn).map(|arn| arn.partition),
            Resource::Any | Resource::Unknown => None,
        };
        self.of_caller(asked.caller, partition, unsupplied, &mut context);
        self.of_resource(asked, &mut context);
        context
    }

    fn of_caller(
        &self,
        caller: &Caller,
        asked_partition: Option<&str>,
        unsupplied: Unsupplied,
        context: &mut Context,
    ) {
        let absent = |context: &mut Context, keys: &[&str]| {
            for key in keys {
                context.set(key, Standing::Absent);
            }
        };
        if let Some(account) = caller.account() {
            context.set_value("aws:PrincipalAccount", account.to_string());
        }
        match caller {
            Caller::User { .. }
            | Caller::RoleSession { .. }
            | Caller::FederatedUser { .. }
            | Caller::Root { .. } => {
                context.set_value("aws:PrincipalIsAWSService", "false");
                absent(context, &["aws:PrincipalServiceName", "aws:PrincipalServiceNamesList"]);
            }
            Caller::Service { name } => {
                context.set_value("aws:PrincipalIsAWSService", "true");
                context.set_value("aws:PrincipalServiceName", name.clone());
            }
            Caller::Federated { .. } | Caller::Account { .. } | Caller::Anonymous => {}
        }
        match caller {
            Caller::User { arn, unique_id } => {
                context.set_value("aws:PrincipalArn", arn.clone());
                context.set_value("aws:PrincipalType", "User");
                if let Some(Named::User { name, .. }) = Arn::parse(arn).and_then(Arn::principal) {
                    context.set_value("aws:username", name);
                }
                set_known(context, "aws:userid", unique_id.as_deref());
                absent(context, &["aws:SourceIdentity", "aws:FederatedProvider"]);
                self.principal_tags(caller, unsupplied, context);
            }
            Caller::RoleSession { role_arn, unique_id, .. } => {
                set_known(context, "aws:PrincipalArn", role_arn.as_deref());
                context.set_value("aws:PrincipalType", "AssumedRole");
                absent(context, &["aws:username"]);
                // A session's is `AROA…:NAME`; the name is not known of some session of a role.
                let id = unique_id.as_deref().filter(|id| id.contains(':'));
                set_known(context, "aws:userid", id);
                self.principal_tags(caller, unsupplied, context);
            }
            Caller::FederatedUser { arn, .. } => {
                context.set_value("aws:PrincipalArn", arn.clone());
                context.set_value("aws:PrincipalType", "FederatedUser");
                absent(context, &["aws:username"]);
                if let (Some(account), Some((_, name))) =
                    (caller.account(), arn.split_once("federated-user/"))
                {
                    context.set_value("aws:userid", format!("{account}:{name}"));
                }
            }
            Caller::Root { account } => {
                // The partition of a root user's ARN follows the resource asked for; nobody asks across partitions.
                let partition = asked_partition.filter(|own| own.starts_with("aws")).unwrap_or("aws");
                context.set_value("aws:PrincipalArn", format!("arn:{partition}:iam::{account}:root"));
                context.set_value("aws:PrincipalType", "Account");
                context.set_value("aws:userid", account.to_string());
                absent(context, &["aws:username", "aws:SourceIdentity", "aws:FederatedProvider"]);
                context.set_family("aws:PrincipalTag/", Rest::Absent);
            }
            Caller::Service { .. } | Caller::Federated { .. } => absent(context, &["aws:username"]),
            // It may be a user.
            Caller::Account { .. } => {}
            Caller::Anonymous => {
                context.set_value("aws:PrincipalType", "Anonymous");
                absent(
                    context,
                    &[
                        "aws:username",
                        "aws:userid",
                        "aws:PrincipalArn",
                        "aws:PrincipalAccount",
                        "aws:PrincipalIsAWSService",
                        "aws:PrincipalOrgID",
                        "aws:PrincipalOrgPaths",
                        "aws:PrincipalServiceName",
                        "aws:PrincipalServiceNamesList",
                    ],
                );
                context.set_family("aws:PrincipalTag/", Rest::Absent);
            }
        }
    }

    fn principal_tags(&self, caller: &Caller, unsupplied: Unsupplied, context: &mut Context) {
        let Some(principal) = self.principal(caller) else { return };
        let may_be_others = principal.trust.as_deref().is_some_and(allows_session_tags);
        if may_be_others && unsupplied == Unsupplied::Unknown {
            return;
        }
        context.set_family("aws:PrincipalTag/", Rest::Absent);
        for (key, value) in &principal.tags {
            context.set_value(&format!("aws:PrincipalTag/{key}"), value.clone());
        }
    }

    fn of_organization(&self, asked: Asked<'_>, unsupplied: Unsupplied, context: &mut Context) {
        let none = match &self.membership {
            Membership::Known(known) => {
                organization_keys(known, "aws:Principal", asked.caller.account(), context);
                if carries_resource_account(asked) {
                    organization_keys(known, "aws:Resource", asked.resource_account, context);
                }
                return;
            }
            Membership::None => true,
            Membership::Unsupplied => unsupplied == Unsupplied::None,
        };
        let is_ours = asked.caller.account().is_some_and(|account| self.accounts.contains_key(&account));
        if none && is_ours {
            context.set("aws:PrincipalOrgID", Standing::Absent);
            context.set("aws:PrincipalOrgPaths", Standing::Absent);
        }
    }

    fn of_resource(&self, asked: Asked<'_>, context: &mut Context) {
        if let Some(account) = asked.resource_account.filter(|_| carries_resource_account(asked)) {
            context.set_value("aws:ResourceAccount", account.to_string());
        }
        // Of a resource that is not known as a whole it is not known whose tags these are.
        let Resource::Named(arn) = asked.resource else { return };
        let Some(tags) = self.tags(arn) else { return };
        let Some(action) = catalog().action(asked.action) else { return };
        // Only some actions look at the tags of their resource; S3 does for a bucket only where that is switched on.
        if action.service.starts_with("s3") {
            return;
        }
        let of_types = action.resources.iter().filter(|own| own.kind.arn.matches(arn));
        let keys = of_types.flat_map(|own| own.kind.condition_keys.iter().chain(own.condition_keys));
        // Services write the tag's place as `${TagKey}` or `tag-key`, or leave it empty.
        let prefix = |key: &&'static str| {
            let place = key.to_ascii_lowercase().find(RESOURCE_TAG)?;
            key.get(..place + RESOURCE_TAG.len())
        };
        for prefix in action.condition_keys.iter().chain(keys).filter_map(prefix) {
            context.set_family(prefix, Rest::Absent);
            for (key, value) in &tags {
                context.set_value(&format!("{prefix}{key}"), value.clone());
            }
        }
    }

    /// The tags of a resource, a user or a role, if they were supplied.
    fn tags(&self, arn: &str) -> Option<std::collections::BTreeMap<String, String>> {
        let parsed = Arn::parse(arn)?;
        let details = || self.accounts.get(&parsed.account_id()?);
        let principal = match parsed.principal() {
            Some(Named::User { name, .. }) => details()?.users.get(name),
            Some(Named::Role { name, .. }) => details()?.roles.get(name),
            _ => None,
        };
        if let Some(principal) = principal.filter(|principal| principal.arn == arn) {
            return Some(principal.tags.clone());
        }
        let resource = self.resources.get(arn).or_else(|| self.resources.get(policy_owner(arn)));
        resource?.tags.clone()
    }
}

fn set_known(context: &mut Context, key: &str, value: Option<&str>) {
    match value {
        Some(value) => context.set_value(key, value),
        None => context.set(key, Standing::Unknown),
    }
}

/// Sets the keys of `aws:PrincipalOrg…` or `aws:ResourceOrg…` for an account of the organization.
fn organization_keys(known: &Organization, begin: &str, account: Option<AccountId>, context: &mut Context) {
    let Some(account) = account.filter(|account| known.has(*account)) else { return };
    if let Some(id) = &known.id {
        context.set_value(&format!("{begin}OrgID"), id.clone());
    }
    if let Some(path) = known.path_of(account) {
        context.set_value(&format!("{begin}OrgPaths"), path);
    }
}

/// Whether the request has the keys for the account of its resource, and this is an account's: what is AWS's own belongs to
/// another account than the caller's, or the keys are not there.
fn carries_resource_account(asked: Asked<'_>) -> bool {
    let service = asked.action.split(':').next().unwrap_or_default().to_ascii_lowercase();
    matches!(asked.resource, Resource::Named(arn) | Resource::Pattern(arn) if !is_of_aws(arn))
        && !WITHOUT_RESOURCE_ACCOUNT.contains(&service.as_str())
}

/// Whether a trust policy lets anybody set session tags: a statement allows `sts:TagSession`, or may.
fn allows_session_tags(trust: &crate::policy::Document) -> bool {
    let action = "sts:TagSession";
    let covers = |actions: &crate::policy::Actions| {
        let fits = |pattern: &String| pattern == "*" || catalog::matches(pattern, action);
        actions.patterns.iter().any(fits) == (actions.matching == Match::Listed)
    };
    let allows = trust.statements.iter().any(|own| own.effect == Effect::Allow && covers(&own.actions));
    // Whatever was refused may be such a statement.
    let may = trust
        .refused
        .iter()
        .any(|own| own.effect != Some(Effect::Deny) && own.actions.as_ref().is_none_or(covers));
    allows || may
}
