//! Whose a resource is.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::Call;
use crate::aws::{AccountId, Arn};
use crate::catalog::{Action, ArnFormat, catalog};
use crate::snapshot::{may_have_policy, owner_by_rule, policy_owner};

impl Call<'_> {
    /// The account that owns the resource of a request, or whose policies alone decide on it; None if it is not known.
    ///
    /// The first of these that tells: the ARN; `accountId` beside that ARN in the record's `resources`, or beside that of
    /// the resource whose policy it meets (an object's bucket); the snapshot; and the rules of [`Call::by_rule`].
    pub(super) fn owner(&self, action: &Action, arn: &str, kind: Option<&str>) -> Option<AccountId> {
        // Whatever account is in the ARN.
        if action.service == "sts" && action.name == "AssumeRoot" {
            return owner_by_rule("sts:AssumeRoot", arn, self.scene.caller);
        }
        // Organizations takes calls of the management account, and of accounts that it lets act for the organization, which is in
        // no policy of a resource (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html>).
        // What AWS let pass was such a call.
        if action.service == "organizations" && !self.is_denied {
            return self.scene.caller;
        }
        let Some(parsed) = Arn::parse(arn) else {
            // An action without a resource is asked of the caller's own account.
            let is_own = action.is_wildcard_only() || kind.is_none() && !may_be_shared(action);
            return self.scene.caller.filter(|_| is_own);
        };
        if let Some(account) = parsed.account_id() {
            return Some(account);
        }
        let known = || self.snapshot.and_then(|snapshot| snapshot.resource_account(arn));
        self.logged_owner(arn).or_else(known).or_else(|| self.by_rule(action, arn, parsed))
    }

    /// The owner of what has no account in its ARN: as [`owner_by_rule`] tells it; of a bucket or object the recipient's, where
    /// the caller is of another account or of none, for S3's events are delivered to the requester and to the bucket's owner
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html#cloudtrail-object-level-crossaccount>).
    /// The requester's copy does not tell whose the bucket is.
    fn by_rule(&self, action: &Action, arn: &str, parsed: Arn<'_>) -> Option<AccountId> {
        let by_rule = owner_by_rule(&action.full_name(), arn, self.scene.caller);
        if by_rule.is_some() || parsed.service != "s3" || !parsed.account.is_empty() {
            return by_rule;
        }
        if action.name == "CreateBucket" {
            return None;
        }
        let is_owners_copy = |recipient: &AccountId| {
            self.has_no_account() || self.scene.caller.is_some_and(|own| own != *recipient)
        };
        self.scene.recipient.filter(is_owners_copy)
    }

    /// Whether the caller belongs to no account, so that only the owner of the resource gets a record: a service, or
    /// somebody anonymous
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).
    fn has_no_account(&self) -> bool {
        self.record.identity_type == Some("AWSService")
            || self.record.identity_account_id == Some("ANONYMOUS_PRINCIPAL")
    }

    fn logged_owner(&self, arn: &str) -> Option<AccountId> {
        let items = self.evidence.resources?.as_array()?;
        let beside = |wanted: &str| {
            items.iter().find_map(|item| {
                let is_it =
                    item.get("ARN").or_else(|| item.get("arn")).and_then(Value::as_str) == Some(wanted);
                let account = item.get("accountId").filter(|_| is_it).and_then(Value::as_str);
                account.and_then(AccountId::parse)
            })
        };
        beside(arn).or_else(|| beside(policy_owner(arn)))
    }
}

/// The types of resources that can have a policy of their own, by service and name.
static SHARED: LazyLock<HashSet<(&str, &str)>> = LazyLock::new(|| {
    let types = catalog().services.iter().flat_map(|service| {
        service.resource_types.iter().map(|kind| ((service.prefix, kind.name), kind.arn))
    });
    let example = |format: ArnFormat| {
        format.fill(|name| {
            Some(Cow::Borrowed(match name {
                "Partition" => "aws",
                "Account" => "000000000000",
                _ => "x",
            }))
        })
    };
    types
        .filter(|(_, format)| example(*format).is_none_or(|arn| may_have_policy(&arn)))
        .map(|(name, _)| name)
        .collect()
});

/// Whether a resource that the action takes can have a policy of its own, so that it may be another account's.
fn may_be_shared(action: &Action) -> bool {
    action.resources.iter().any(|resource| SHARED.contains(&(action.service, resource.kind.name)))
}
