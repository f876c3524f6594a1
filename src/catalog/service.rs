//! What IAM knows of a service: its actions, resource types and condition keys.

use super::arn_format::ArnFormat;

/// A service as IAM names it, by the prefix of its actions
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The prefix: `s3` in `s3:GetObject`. Lower case.
    pub prefix: &'static str,
    /// The name in AWS's pages: `Amazon S3`.
    pub name: &'static str,
    /// Whether resource control policies bind its resources. A prefix that AWS lists as supported
    /// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>).
    pub supports_rcp: bool,
    /// Every action, sorted by name without regard to case.
    pub actions: &'static [Action],
    /// Every resource type, sorted by name without regard to case; one whose ARN has several forms once for each of them.
    pub resource_types: &'static [ResourceType],
    /// Every condition key that its actions or resource types use, `aws:` keys that depend on the service among them;
    /// sorted without regard to case. Other global keys are in [`super::Catalog::global_keys`].
    pub condition_keys: &'static [ConditionKey],
}

impl Service {
    /// The action of this name without prefix, in any case.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&'static Action> {
        find(self.actions, name, |action| action.name)
    }

    /// The resource type of this name, in any case; of several forms of one any.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<&'static ResourceType> {
        find(self.resource_types, name, |kind| kind.name)
    }

    /// The condition key that this one is: the key of the same name in any case, or the one whose placeholder it fills
    /// (`aws:RequestTag/team` is `aws:RequestTag/${TagKey}`).
    #[must_use]
    pub fn condition_key(&self, key: &str) -> Option<&'static ConditionKey> {
        find_key(self.condition_keys, key)
    }
}

/// An action of IAM.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// The prefix of its service: `s3`.
    pub service: &'static str,
    /// The name as AWS writes it: `GetObject`. Policies may write it in any case.
    pub name: &'static str,
    /// What it does to a resource, in AWS's own classes.
    pub level: AccessLevel,
    /// The types of resources that a statement can narrow it to, sorted by name, each form of a type by itself; empty if it
    /// takes `*` only.
    pub resources: &'static [ActionResource],
    /// The condition keys that it supports whatever the resource, sorted; service and `aws:` keys, no global ones.
    pub condition_keys: &'static [&'static str],
    /// Further actions that a caller may need to complete the call, in `service:Name` form, sorted. AWS lists what may be
    /// needed: which of them a certain call needs depends on its parameters (`iam:PassRole` only with a role).
    pub dependents: &'static [&'static str],
}

impl Action {
    /// `s3:GetObject`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }

    /// Whether only `*` works as its resource: AWS lists no resource type for it.
    #[must_use]
    pub fn is_wildcard_only(&self) -> bool {
        self.resources.is_empty()
    }

    /// Whether AWS lists `iam:PassRole` among what it may need.
    #[must_use]
    pub fn may_pass_role(&self) -> bool {
        self.dependents.contains(&"iam:PassRole")
    }
}

/// A resource type of one action.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct ActionResource {
    /// The type.
    pub kind: &'static ResourceType,
    /// Whether AWS marks the type as required: a statement without `*` must name a resource of each required type.
    pub required: bool,
    /// The condition keys that the action supports for this type, beyond those of the action; sorted.
    pub condition_keys: &'static [&'static str],
}

/// A type of resource.
#[derive(Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// The name in AWS's pages: `bucket`.
    pub name: &'static str,
    /// How its ARN is built.
    pub arn: ArnFormat,
    /// What else the ARN of such a resource may be built like; empty for nearly all. Each form is a type of the same name, of
    /// which a resource has one: `bot/${BotId}` and `bot:${BotName}` of the two versions of Lex.
    pub other_forms: &'static [ArnFormat],
    /// The condition keys of the type, sorted.
    pub condition_keys: &'static [&'static str],
}

/// A condition key.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct ConditionKey {
    /// The key as AWS writes it, `${…}` where a part is the user's: `aws:RequestTag/${TagKey}`.
    pub name: &'static str,
    /// The type of its values.
    pub kind: KeyKind,
}

impl ConditionKey {
    /// Whether `key` is this key with its placeholder filled; any case, the filled part not empty.
    #[must_use]
    pub fn is_filled_by(&self, key: &str) -> bool {
        let Some((before, rest)) = self.name.split_once("${") else { return false };
        let Some((_, after)) = rest.split_once('}') else { return false };
        let Some(filled) = key.len().checked_sub(before.len() + after.len()) else { return false };
        filled > 0
            && key.get(..before.len()).is_some_and(|start| start.eq_ignore_ascii_case(before))
            && key.get(key.len() - after.len()..).is_some_and(|end| end.eq_ignore_ascii_case(after))
    }
}

/// The access level of an action
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessLevel {
    /// Lists resources of a service.
    List,
    /// Reads content or attributes.
    Read,
    /// Creates, deletes or changes resources.
    Write,
    /// Only changes tags; it counts as a write too.
    Tagging,
    /// Grants or changes permissions; it counts as a write too.
    PermissionsManagement,
}

impl AccessLevel {
    /// Every level, from the least to the most powerful as AWS orders them.
    pub const ALL: [Self; 5] =
        [Self::List, Self::Read, Self::Write, Self::Tagging, Self::PermissionsManagement];

    /// AWS's words: `Permissions management`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Tagging => "Tagging",
            Self::PermissionsManagement => "Permissions management",
        }
    }
}

/// The type of a condition key's values
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyKind {
    /// The type of one value.
    pub value: ValueKind,
    /// Whether a request may carry several values: such keys go with `ForAllValues` and `ForAnyValue`.
    pub many: bool,
}

/// The type of one value of a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A date.
    Date,
    /// An IP address or range.
    IpAddress,
}

impl ValueKind {
    /// AWS's word: `IPAddress`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Arn => "ARN",
            Self::Bool => "Bool",
            Self::Numeric => "Numeric",
            Self::Date => "Date",
            Self::IpAddress => "IPAddress",
        }
    }
}

/// Compares without regard to ASCII case, byte by byte: the order of every list here.
pub(super) fn compare(left: &str, right: &str) -> std::cmp::Ordering {
    for (left, right) in left.bytes().zip(right.bytes()) {
        // Most letters are the same letter in the same case.
        if left != right {
            let order = left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase());
            if order.is_ne() {
                return order;
            }
        }
    }
    left.len().cmp(&right.len())
}

/// The item of this name in a list that is sorted by name without regard to case.
pub(super) fn find<T>(items: &'static [T], name: &str, name_of: impl Fn(&T) -> &str) -> Option<&'static T> {
    items.binary_search_by(|item| compare(name_of(item), name)).ok().and_then(|place| items.get(place))
}

/// The key of this name in any case, or the one whose placeholder it fills.
pub(super) fn find_key(keys: &'static [ConditionKey], key: &str) -> Option<&'static ConditionKey> {
    find(keys, key, |known| known.name).or_else(|| keys.iter().find(|known| known.is_filled_by(key)))
}
