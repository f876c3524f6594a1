//! Policies and tags of resources by ARN, and policies of VPC endpoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Snapshot;
use super::document::name_of_own;
use super::owner::{is_assume_root, owner_by_rule, policy_owner};
use super::problem::Trouble;
use super::read::Reader;
use super::text::Tags;
use crate::aws::{AccountId, Arn};
use crate::policy::{Document, PolicyKind};

const EXPECTED: &str =
    "`arn` with `policy`, `tags` and `account`, a list of these, or `ResourceTagMappingList`";

/// A resource, as far as it was supplied.
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Resource {
    /// The account that owns it, where that was supplied or stands in the ARN.
    pub account: Option<AccountId>,
    /// Its policy.
    pub policy: OwnPolicy,
    /// All its tags; None if they were not supplied.
    pub tags: Option<BTreeMap<String, String>>,
}

/// What is known of a resource's own policy.
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum OwnPolicy {
    /// It was not supplied: there may be one.
    #[default]
    Unsupplied,
    /// The resource has none.
    None,
    /// This one.
    Known(Arc<Document>),
}

/// A VPC endpoint.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Endpoint {
    /// The id of its VPC.
    pub vpc: Option<String>,
    /// The account that owns it.
    pub account: Option<AccountId>,
    /// Its policy.
    pub document: Arc<Document>,
}

/// One entry. Some tools write the names with capitals.
#[derive(Deserialize)]
struct RawResource<'a> {
    #[serde(alias = "Arn", alias = "ARN", alias = "Resource", alias = "ResourceARN", alias = "ResourceArn")]
    arn: String,
    #[serde(alias = "Account")]
    account: Option<String>,
    #[serde(borrow, default, alias = "Policy", deserialize_with = "present")]
    policy: Option<&'a RawValue>,
    #[serde(alias = "Tags")]
    tags: Option<Tags>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMapping<'a> {
    #[serde(borrow)]
    resource_tag_mapping_list: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawEndpoints<'a> {
    #[serde(borrow)]
    vpc_endpoints: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawEndpoint<'a> {
    vpc_endpoint_id: String,
    vpc_id: Option<String>,
    owner_id: Option<String>,
    #[serde(borrow)]
    policy_document: Option<&'a RawValue>,
}

/// Tells a member that is `null`, which is `Some`, from one that is not there.
pub(super) fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// The items of a list, or the one value.
fn items(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_else(|_| vec![value])
}

impl Reader {
    /// One value of a file in `resource-policies/`.
    pub(super) fn resource(&mut self, value: &RawValue, place: &str) {
        let mapping = serde_json::from_str::<RawMapping<'_>>(value.get());
        let entries = match &mapping {
            Ok(mapping) => mapping.resource_tag_mapping_list.clone(),
            Err(_) => items(value),
        };
        let several = entries.len() > 1;
        for (at, entry) in entries.into_iter().enumerate() {
            let place = match (several, place) {
                (false, place) => place.to_owned(),
                (true, "") => format!("item {at}"),
                (true, place) => format!("{place}, item {at}"),
            };
            self.one_resource(entry, &place);
        }
    }

    fn one_resource(&mut self, entry: &RawValue, place: &str) {
        let raw: RawResource<'_> = match serde_json::from_str(entry.get()) {
            Ok(raw) => raw,
            Err(error) => {
                let message = error.to_string();
                return self.problem(place, Trouble::Form { expected: EXPECTED, message });
            }
        };
        let Some(arn) = Arn::parse(&raw.arn) else {
            let message = format!("`{}`", raw.arn);
            return self.problem(place, Trouble::Form { expected: "an ARN", message });
        };
        let account = raw.account.as_deref();
        if let Some(text) = account.filter(|text| AccountId::parse(text).is_none()) {
            let message = format!("`{text}`");
            self.problem(place, Trouble::Form { expected: "an account id", message });
        }
        let account = account.and_then(AccountId::parse).or(arn.account_id());
        let policy = match raw.policy {
            None => OwnPolicy::Unsupplied,
            Some(policy) if matches!(policy.get(), "null" | r#""""#) => OwnPolicy::None,
            Some(policy) => {
                let name = name_of_own(&raw.arn);
                OwnPolicy::Known(self.policy(PolicyKind::Resource, &name, Some(policy), place))
            }
        };
        let tags = raw.tags.map(Tags::into_map);
        let known = self.snapshot.resources.entry(raw.arn.clone()).or_default();
        let differs = |known: bool, same: bool| known && !same;
        let twice = differs(
            known.policy != OwnPolicy::Unsupplied && policy != OwnPolicy::Unsupplied,
            known.policy == policy,
        ) || differs(known.tags.is_some() && tags.is_some(), known.tags == tags)
            || differs(known.account.is_some() && account.is_some(), known.account == account);
        known.account = known.account.or(account);
        if known.policy == OwnPolicy::Unsupplied {
            known.policy = policy;
        }
        known.tags = known.tags.take().or(tags);
        if twice {
            self.problem(place, Trouble::Twice { name: raw.arn });
        }
    }

    /// One value of a file in `vpc-endpoint-policies/`: what `aws ec2 describe-vpc-endpoints` prints.
    pub(super) fn endpoint(&mut self, value: &RawValue, place: &str) {
        let listed = serde_json::from_str::<RawEndpoints<'_>>(value.get());
        let entries = match &listed {
            Ok(listed) => listed.vpc_endpoints.clone(),
            Err(_) => items(value),
        };
        for (at, entry) in entries.into_iter().enumerate() {
            let place =
                if place.is_empty() { format!("VpcEndpoints/{at}") } else { format!("{place}, {at}") };
            let raw: RawEndpoint<'_> = match serde_json::from_str(entry.get()) {
                Ok(raw) => raw,
                Err(error) => {
                    let (expected, message) = ("`VpcEndpointId` with `PolicyDocument`", error.to_string());
                    self.problem(&place, Trouble::Form { expected, message });
                    continue;
                }
            };
            let Some(policy) = raw.policy_document else {
                // Endpoints of some kinds have none, and let everything pass.
                continue;
            };
            let name = name_of_own(&raw.vpc_endpoint_id);
            let document = self.policy(PolicyKind::VpcEndpoint, &name, Some(policy), &place);
            let account = raw.owner_id.as_deref().and_then(AccountId::parse);
            let endpoint = Endpoint { vpc: raw.vpc_id, account, document };
            match self.snapshot.endpoints.get(&raw.vpc_endpoint_id) {
                None => {
                    self.snapshot.endpoints.insert(raw.vpc_endpoint_id, endpoint);
                }
                Some(known) if known == &endpoint => {}
                Some(_) => self.problem(&place, Trouble::Twice { name: raw.vpc_endpoint_id }),
            }
        }
    }
}

impl Snapshot {
    /// The account that owns what a caller of an account asks for, or whose policies alone decide on it: as the ARN, the
    /// snapshot or [`owner_by_rule`] tells it. None if none of them does.
    #[must_use]
    pub fn owner(&self, action: &str, arn: &str, caller: Option<AccountId>) -> Option<AccountId> {
        let is_lent = is_assume_root(action);
        let known = || self.resource_account(arn).filter(|_| !is_lent);
        known().or_else(|| owner_by_rule(action, arn, caller))
    }

    /// The account that owns a resource: of its ARN, or as supplied, also for what has its policy.
    #[must_use]
    pub fn resource_account(&self, arn: &str) -> Option<AccountId> {
        let in_arn = Arn::parse(arn).and_then(Arn::account_id);
        let supplied = |arn: &str| self.resources.get(arn).and_then(|resource| resource.account);
        in_arn.or_else(|| supplied(arn)).or_else(|| supplied(policy_owner(arn)))
    }
}
