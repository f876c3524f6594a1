//! A request made ready for evaluation: names folded, values read, keys by their numbers.

use super::compile::{Evaluator, KeyId};
use super::context::{Context, Rest, Standing};
use super::partial::Partial;
use super::request::{Caller, Request, Resource};
use super::truth::Truth;
use super::value;
use crate::aws::{AccountId, Arn, Principal as Named, UniqueId};

/// A request made ready by [`Evaluator::prepare`]. It knows the keys of the sets that were compiled before it; of keys
/// that later sets read it knows nothing.
#[derive(Debug, Clone)]
pub struct PreparedRequest {
    pub(super) caller: Caller,
    pub(super) caller_account: Option<AccountId>,
    /// The role of a session: its account as written, and its name.
    pub(super) role: Option<(String, String)>,
    /// The name of the role session, where the caller is one.
    pub(super) session: Option<String>,
    pub(super) service: Box<str>,
    pub(super) name: Box<str>,
    pub(super) resource: PreparedResource,
    pub(super) resource_account: Option<AccountId>,
    pub(super) management_account: Option<AccountId>,
    pub(super) canonical_user: Option<String>,
    pub(super) rcp_supported: Option<bool>,
    /// Whether the caller has a permissions boundary, if that is supposed.
    pub(super) has_boundary: Option<Truth>,
    /// Whether a negated ARN operator fits a value that is no ARN, if that is supposed.
    pub(super) odd_arns: Option<bool>,
    pub(super) slots: Box<[Slot]>,
    pub(super) rules: Rules,
}

/// What the request asks for.
#[derive(Debug, Clone)]
pub(super) enum PreparedResource {
    /// The text, and the places behind its first five colons.
    Named(Box<str>, Vec<usize>),
    Any,
    Partial(Partial),
    Unknown,
}

/// What is known of a key.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    Values(Box<[Value]>),
    Absent,
    Unknown,
}

/// One value of a key, with all that it can be read as.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) text: Box<str>,
    pub(super) number: Option<f64>,
    pub(super) instant: Option<i128>,
    pub(super) boolean: Option<bool>,
    pub(super) address: Option<value::Address>,
    /// The places behind its first five colons.
    pub(super) colons: Vec<usize>,
}

/// The special rules that the action falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named by the rule it stands for")]
pub(super) struct Rules {
    /// Allowed whatever the policies say.
    pub(super) no_permission_needed: bool,
    /// The root user asks for a role.
    pub(super) root_assumes_role: bool,
    /// The caller acts in a service-linked role.
    pub(super) service_linked: bool,
    /// The resource's own policy must allow, or delegate to the account.
    pub(super) resource_policy_required: Truth,
    /// `kms:RetireGrant`, or the alias of a key that AWS manages, or a service-linked role that is to be assumed: RCPs reach
    /// none of these
    /// (<https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html>,
    /// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps>).
    pub(super) beyond_rcp: Truth,
    /// The root user asks for a bucket's policy: if it owns the bucket, no deny of that policy binds it.
    pub(super) root_and_bucket_policy: bool,
    /// The service has gateway endpoints.
    pub(super) has_gateways: bool,
    /// Temporary credentials of the caller's kind can't call it, whatever the policies say.
    pub(super) beyond_credentials: Truth,
}

impl Slot {
    pub(super) fn values(texts: &[String]) -> Self {
        Self::Values(texts.iter().map(|text| Value::new(text)).collect())
    }

    fn new(standing: &Standing) -> Self {
        match standing {
            Standing::Values(texts) => Self::values(texts),
            Standing::Absent => Self::Absent,
            Standing::Unknown => Self::Unknown,
        }
    }
}

impl Value {
    fn new(text: &str) -> Self {
        Self {
            number: value::number(text),
            instant: value::instant(text),
            boolean: value::boolean(text),
            address: value::Address::parse(text),
            colons: colons(text),
            text: text.into(),
        }
    }
}

/// The places behind the first five colons.
fn colons(text: &str) -> Vec<usize> {
    memchr::memchr_iter(b':', text.as_bytes()).take(5).map(|at| at + 1).collect()
}

impl Evaluator {
    /// Makes a request ready for the sets that were compiled before.
    #[must_use]
    pub fn prepare(&self, request: &Request) -> PreparedRequest {
        let action = request.action.to_ascii_lowercase();
        let (service, name) = action.split_once(':').unwrap_or(("", &action));
        let resource = match &request.resource {
            Resource::Named(text) if text != "*" => {
                PreparedResource::Named(text.as_str().into(), colons(text))
            }
            Resource::Named(_) | Resource::Any if service == "s3" && name == "listallmybuckets" => {
                let text = all_buckets(&request.caller);
                PreparedResource::Named(text.as_str().into(), colons(&text))
            }
            Resource::Named(_) | Resource::Any => PreparedResource::Any,
            Resource::Pattern(text) if text.bytes().all(|byte| byte == b'*') => PreparedResource::Unknown,
            Resource::Pattern(text) if !text.contains(['*', '?']) => {
                PreparedResource::Named(text.as_str().into(), colons(text))
            }
            Resource::Pattern(text) => PreparedResource::Partial(Partial::new(text)),
            Resource::Unknown => PreparedResource::Unknown,
        };
        PreparedRequest {
            caller: request.caller.clone(),
            caller_account: request.caller.account(),
            role: role_of(&request.caller),
            session: session_of(&request.caller),
            rules: Rules::new(&request.caller, service, name, &resource),
            service: service.into(),
            name: name.into(),
            resource,
            // A member account's root user has no policy: the caller's own alone decides whether its account lends it
            // (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>).
            resource_account: match (service, name) {
                ("sts", "assumeroot") => request.caller.account(),
                _ => request.resource_account,
            },
            management_account: request.management_account,
            canonical_user: request.canonical_user.clone(),
            rcp_supported: request.rcp_supported,
            has_boundary: None,
            odd_arns: None,
            slots: self.slots(&request.context),
        }
    }

    /// What is known of each key that was compiled. Requests name a few of them only.
    fn slots(&self, context: &Context) -> Box<[Slot]> {
        let of_rest = |rest| match rest {
            Rest::Absent => Slot::Absent,
            Rest::Unknown => Slot::Unknown,
        };
        let mut slots: Box<[Slot]> =
            self.keys.names().iter().map(|key| of_rest(context.of_unnamed(key))).collect();
        for (key, standing) in context.keys() {
            if let Some(slot) = self.keys.number(key).and_then(|number| slots.get_mut(number.0)) {
                *slot = Slot::new(standing);
            }
        }
        slots
    }
}

impl PreparedRequest {
    pub(super) fn slot(&self, key: KeyId) -> &Slot {
        self.slots.get(key.0).unwrap_or(&Slot::Unknown)
    }

    /// Asks for another resource of a full name instead.
    pub fn set_resource(&mut self, arn: &str) {
        self.resource = PreparedResource::Named(arn.into(), colons(arn));
    }

    /// The same request with another slot.
    pub(super) fn set_slot(&mut self, key: KeyId, slot: Slot) {
        if let Some(place) = self.slots.get_mut(key.0) {
            *place = slot;
        }
    }
}

/// What `s3:ListAllMyBuckets` asks for, which AWS's examples allow by `arn:aws:s3:::*` as well as by `*`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-id-rdp.html>).
fn all_buckets(caller: &Caller) -> String {
    let arn = match caller {
        Caller::User { arn, .. } | Caller::FederatedUser { arn, .. } => Arn::parse(arn),
        Caller::RoleSession { session_arn, .. } => Arn::parse(session_arn),
        _ => None,
    };
    format!("arn:{}:s3:::*", arn.map_or("aws", |arn| arn.partition))
}

/// The account and name of the role of a session.
fn role_of(caller: &Caller) -> Option<(String, String)> {
    let Caller::RoleSession { session_arn, .. } = caller else { return None };
    let arn = Arn::parse(session_arn)?;
    match arn.principal()? {
        Named::RoleSession { role, .. } => Some((arn.account.to_owned(), role.to_owned())),
        // A role's own ARN may stand for any of its sessions.
        Named::Role { name, .. } => Some((arn.account.to_owned(), name.to_owned())),
        _ => None,
    }
}

/// The name of a role session. A role's own ARN may stand for any of its sessions, and names none.
fn session_of(caller: &Caller) -> Option<String> {
    let Caller::RoleSession { session_arn, unique_id, .. } = caller else { return None };
    let in_id = unique_id.as_deref().and_then(UniqueId::parse).and_then(UniqueId::session);
    let in_arn = match Arn::parse(session_arn).and_then(Arn::principal) {
        Some(Named::RoleSession { session, .. }) => Some(session),
        _ => None,
    };
    in_id.or(in_arn).map(str::to_owned)
}

/// Actions of STS that a role's trust policy must allow
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required>).
pub(super) const TRUST_ACTIONS: [&str; 6] = [
    "assumerole",
    "assumerolewithsaml",
    "assumerolewithwebidentity",
    "tagsession",
    "setsourceidentity",
    "setcontext",
];

/// Actions of KMS that take an alias itself
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html>).
const ALIAS_ACTIONS: [&str; 3] = ["createalias", "deletealias", "updatealias"];

/// Whether a request is on a key, of which it names an alias: whatever the alias is, the key's policy must allow it, too
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html>).
#[must_use]
pub fn reaches_key_behind(action: &str, arn: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let name = action.strip_prefix("kms:");
    name.zip(Arn::parse(arn)).is_some_and(|(name, arn)| arn.service == "kms" && is_key_behind(name, arn))
}

fn is_key_behind(name: &str, arn: Arn<'_>) -> bool {
    arn.resource.starts_with("alias/") && !ALIAS_ACTIONS.contains(&name)
}

impl Rules {
    fn new(caller: &Caller, service: &str, name: &str, resource: &PreparedResource) -> Self {
        let is_trust = service == "sts" && TRUST_ACTIONS.contains(&name);
        let required = match resource {
            PreparedResource::Named(text, _) => Arn::parse(text).map_or(Truth::No, |arn| {
                let is_role = arn.service == "iam" && arn.resource.starts_with("role/");
                // Aliases have no policy; every key has one, which must allow or delegate
                // (<https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html>).
                let is_key =
                    arn.service == "kms" && (arn.resource.starts_with("key/") || is_key_behind(name, arn));
                Truth::from(is_trust && is_role || service == "kms" && is_key)
            }),
            PreparedResource::Partial(partial) if is_trust => partial.is_like("arn:aws*:iam:*:*:role/*"),
            PreparedResource::Partial(partial) if service == "kms" => {
                partial.is_like("arn:aws*:kms:*:*:key/*")
            }
            PreparedResource::Unknown if is_trust => Truth::Yes,
            PreparedResource::Unknown if service == "kms" => Truth::Unknown,
            PreparedResource::Any | PreparedResource::Partial(_) | PreparedResource::Unknown => Truth::No,
        };
        // Only of a key does it matter.
        let is_of_aws = match resource {
            _ if service != "kms" => Truth::No,
            PreparedResource::Named(text, _) => {
                Truth::from(Arn::parse(text).is_some_and(|arn| arn.resource.starts_with("alias/aws/")))
            }
            PreparedResource::Any => Truth::No,
            PreparedResource::Partial(partial) => partial.is_like("arn:aws*:?*:*:*:alias/aws/*"),
            PreparedResource::Unknown => Truth::Unknown,
        };
        let is_linked = match resource {
            _ if !is_trust => Truth::No,
            PreparedResource::Named(text, _) => Truth::from(is_service_linked_role(text)),
            PreparedResource::Any => Truth::No,
            PreparedResource::Partial(partial) => partial.is_like("arn:aws*:iam:*:*:role/aws-service-role/*"),
            PreparedResource::Unknown => Truth::Unknown,
        };
        let for_users = matches!(caller, Caller::User { .. } | Caller::Root { .. });
        Self {
            no_permission_needed: service == "sts"
                && (name == "getcalleridentity" || name == "getsessiontoken" && for_users),
            root_assumes_role: matches!(caller, Caller::Root { .. })
                && service == "sts"
                && name == "assumerole",
            service_linked: is_service_linked(caller),
            resource_policy_required: required,
            beyond_rcp: Truth::from(service == "kms")
                .and(Truth::from(name == "retiregrant").or(is_of_aws))
                .or(is_linked),
            root_and_bucket_policy: matches!(caller, Caller::Root { .. })
                && service == "s3"
                && ["getbucketpolicy", "putbucketpolicy", "deletebucketpolicy"].contains(&name),
            // <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
            has_gateways: service == "s3" || service == "dynamodb",
            beyond_credentials: beyond_credentials(caller, service, name),
        }
    }
}

/// Whether the credentials of a session of a role, or of a federated user, can never call an action: the former get no further
/// ones by `GetFederationToken` and `GetSessionToken`, the latter can call nothing of STS but `GetCallerIdentity`, and nothing of
/// IAM but in the console
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html>).
fn beyond_credentials(caller: &Caller, service: &str, name: &str) -> Truth {
    match (caller, service) {
        (Caller::RoleSession { .. }, "sts") => {
            Truth::from(name == "getfederationtoken" || name == "getsessiontoken")
        }
        // The latter is no call of its own: services ask for it.
        (Caller::FederatedUser { .. }, "sts") => {
            Truth::from(name != "getcalleridentity" && name != "getservicebearertoken")
        }
        (Caller::FederatedUser { .. }, "iam") => Truth::Unknown,
        _ => Truth::No,
    }
}

/// Service-linked roles have the path `/aws-service-role/`, which only AWS can give
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>).
fn is_service_linked(caller: &Caller) -> bool {
    let arn = match caller {
        Caller::RoleSession { role_arn: Some(arn), .. } => arn,
        Caller::RoleSession { session_arn, .. } => session_arn,
        _ => return false,
    };
    is_service_linked_role(arn)
}

fn is_service_linked_role(arn: &str) -> bool {
    let principal = Arn::parse(arn).and_then(Arn::principal);
    matches!(principal, Some(Named::Role { path, .. }) if path.starts_with("/aws-service-role/"))
}
