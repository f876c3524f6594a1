//! Keys of the principal and its session.
//!
//! Which requests have which is said, key by key, in
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>.

use chrono::SecondsFormat;

use super::super::who::said;
use super::super::{Field, Record};
use super::ask::{Ask, Parameter, Tell};
use super::rule::Rule;
use crate::aws::{AccessKeyId, Arn, IdKind, Principal, is_denied};
use crate::policy::Caller;

pub(super) const NOT_LOGGED: &str = "never in the logs";
const OTHER_ACCOUNT: &str = "the caller's own account's record would tell it";
const NO_SESSION: &str = "the record does not tell it of the session";

pub(super) const RULES: &[Rule] = &[
    Rule::new("aws:principalarn", &[], principal_arn),
    Rule::new("aws:principalaccount", &[], |_| Tell::Snapshot("the caller's account is not known")),
    Rule::new("aws:principaltype", &[], principal_type),
    Rule::new("aws:userid", &[Field::PrincipalId, Field::IdentityArn], user_id),
    Rule::new("aws:username", &[], user_name),
    Rule::new("aws:principalisawsservice", &[], is_service),
    Rule::new("aws:principalservicename", &[], service_name),
    Rule::new("aws:principalservicenameslist", &[], service_name),
    Rule::new("aws:principalorgid", &[], |_| Tell::Snapshot(super::NO_ORGANIZATION)),
    Rule::new("aws:principalorgpaths", &[], |_| Tell::Snapshot(super::NO_ORGANIZATION)),
    Rule::new("aws:multifactorauthpresent", MFA, mfa_present),
    Rule::new("aws:multifactorauthage", MFA_AGE, mfa_age),
    Rule::new("aws:tokenissuetime", CREDENTIAL, token_issue_time),
    Rule::new("aws:sourceidentity", SOURCE_IDENTITY, source_identity),
    Rule::new("aws:federatedprovider", FEDERATED, federated_provider),
    Rule::new("aws:assumedroot", &[Field::AssumedRoot], assumed_root),
    Rule::new("ec2:roledelivery", INSTANCE, role_delivery),
    Rule::new("ec2:sourceinstancearn", INSTANCE, source_instance),
    Rule::new("ssm:sourceinstancearn", INSTANCE, |ask| of_workload(ask, NOT_LOGGED)),
    Rule::new("aws:ec2instancesourcevpc", INSTANCE, |ask| of_instance(ask, NOT_LOGGED)),
    Rule::new("aws:ec2instancesourceprivateipv4", INSTANCE, |ask| of_instance(ask, NOT_LOGGED)),
    Rule::new("lambda:sourcefunctionarn", INSTANCE, source_function),
    Rule::new("identitystore:userid", INSTANCE, |ask| of_workload(ask, NOT_LOGGED)),
    Rule::new("glue:roleassumedby", INSTANCE, |ask| of_workload(ask, NOT_LOGGED)),
    Rule::new("glue:credentialissuingservice", INSTANCE, |ask| of_workload(ask, NOT_LOGGED)),
    Rule::new("aws:chatbotsourcearn", INSTANCE, |ask| of_workload(ask, NOT_LOGGED)),
];

const CREDENTIAL: &[Field] = &[Field::AccessKeyId, Field::SessionCreated, Field::AssumedRoot];
const MFA: &[Field] = &[
    Field::AccessKeyId,
    Field::SessionCreated,
    Field::AssumedRoot,
    Field::MfaAuthenticated,
    Field::RequestParameters,
    Field::ErrorCode,
];
const MFA_AGE: &[Field] = &[
    Field::EventTime,
    Field::AccessKeyId,
    Field::SessionCreated,
    Field::AssumedRoot,
    Field::MfaAuthenticated,
    Field::RequestParameters,
    Field::ErrorCode,
];
const SOURCE_IDENTITY: &[Field] =
    &[Field::SourceIdentity, Field::SessionCreated, Field::SessionIssuerArn, Field::AssumedRoot];
const FEDERATED: &[Field] = &[Field::FederatedProvider, Field::Ec2RoleDelivery, Field::AssumedRoot];
const INSTANCE: &[Field] = &[Field::Ec2RoleDelivery, Field::InScopeOf];

/// What a request was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    LongTerm,
    Temporary,
    /// Nothing: the anonymous, and subjects of identity providers, who show a token.
    None,
    Unknown,
}

/// A service that forwards a user's call signs with temporary credentials
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent>).
fn credential(ask: &Ask<'_>) -> Credential {
    let record = ask.told.record;
    match &ask.told.who.caller {
        Caller::RoleSession { .. } | Caller::FederatedUser { .. } => Credential::Temporary,
        Caller::Federated { .. } | Caller::Anonymous => Credential::None,
        Caller::Service { .. } => Credential::Unknown,
        Caller::Account { unique_id, .. } => match unique_id.as_deref().and_then(IdKind::of) {
            Some(IdKind::Role) => Credential::Temporary,
            _ => Credential::Unknown,
        },
        Caller::User { .. } | Caller::Root { .. } => {
            let temporary =
                |key: &str| AccessKeyId::parse(key).is_some_and(|key| key.kind() == IdKind::TemporaryKey);
            let is_session = record.session_created.is_some() || record.assumed_root == Some(true);
            match said(record.access_key_id) {
                _ if is_session || ask.told.who.forwarded_by.is_some() => Credential::Temporary,
                Some(key) if temporary(key) => Credential::Temporary,
                Some(_) => Credential::LongTerm,
                None => Credential::Unknown,
            }
        }
    }
}

/// Root's is the account's root ARN, which the snapshot leaves open.
fn principal_arn(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Root { .. } => Tell::Value(ask.told.who.principal.clone()),
        Caller::Account { .. } => Tell::Unknown(OTHER_ACCOUNT),
        _ => Tell::Snapshot("the path of the role is not known"),
    }
}

/// `User`, `AssumedRole` and so on
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>).
fn principal_type(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Account { unique_id, .. } => match unique_id.as_deref().and_then(IdKind::of) {
            Some(IdKind::User) => Tell::Value("User".to_owned()),
            Some(IdKind::Role) => Tell::Value("AssumedRole".to_owned()),
            _ => Tell::Unknown(OTHER_ACCOUNT),
        },
        _ => Tell::Snapshot(NOT_LOGGED),
    }
}

fn user_id(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Account { unique_id: Some(id), .. } => match IdKind::of(id) {
            Some(IdKind::User) => Tell::Value(id.clone()),
            Some(IdKind::Role) if id.contains(':') => Tell::Value(id.clone()),
            _ => Tell::Unknown(OTHER_ACCOUNT),
        },
        Caller::Account { unique_id: None, .. } => Tell::Unknown(OTHER_ACCOUNT),
        _ => Tell::Snapshot("the record does not tell the caller's id"),
    }
}

fn user_name(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Account { unique_id, .. } => match unique_id.as_deref().and_then(IdKind::of) {
            Some(IdKind::Role) => Tell::Absent,
            _ => Tell::Unknown(OTHER_ACCOUNT),
        },
        _ => Tell::Snapshot(NOT_LOGGED),
    }
}

fn is_service(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Account { .. } => Tell::Value("false".to_owned()),
        // Nobody signed with credentials of AWS.
        Caller::Anonymous | Caller::Federated { .. } => Tell::Absent,
        _ => Tell::Snapshot(NOT_LOGGED),
    }
}

fn service_name(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Account { .. } | Caller::Anonymous | Caller::Federated { .. } => Tell::Absent,
        _ => Tell::Snapshot(NOT_LOGGED),
    }
}

/// Whether the caller showed a second factor.
///
/// A user with a long-term key may show the second factor in the very call that asks for a role or a session
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>): the parameters then name
/// the device, and if AWS did not refuse the call, the code was right. The record of a refused call mostly holds no parameters;
/// then it is taken to have named none, as most calls of keys do.
fn mfa_present(ask: &Ask<'_>) -> Tell {
    match credential(ask) {
        Credential::LongTerm if names_device(ask) => match ask.told.record.error_code {
            Some(code) if is_denied(code) => {
                Tell::Unknown("the refused call named a device; its code may have been wrong")
            }
            _ => Tell::Value("true".to_owned()),
        },
        Credential::LongTerm | Credential::None => Tell::Absent,
        Credential::Temporary => match ask.told.record.mfa_authenticated {
            Some(with) => Tell::Value(with.to_string()),
            None => Tell::Unknown(NO_SESSION),
        },
        Credential::Unknown => Tell::Unknown(NO_SESSION),
    }
}

/// Whether the call is one that takes a device and a code.
pub(super) fn takes_device(record: &Record<'_>) -> bool {
    record.event_source == Some("sts.amazonaws.com")
        && matches!(record.event_name, Some("AssumeRole" | "GetSessionToken"))
}

/// Whether a key in lower case is told from the device that a call names.
pub(super) fn is_told_by_device(key: &str) -> bool {
    matches!(key, "aws:multifactorauthpresent" | "aws:multifactorauthage")
}

/// Whether the call named a device.
fn names_device(ask: &Ask<'_>) -> bool {
    takes_device(ask.told.record) && matches!(ask.parameter_of_call(&["serialNumber"]), Parameter::Given(_))
}

/// Seconds since the second factor was shown: to a user or root who got the session for it. A role's session may have been
/// asked for in a session that was older.
fn mfa_age(ask: &Ask<'_>) -> Tell {
    let record = ask.told.record;
    match mfa_present(ask) {
        Tell::Value(with) if with == "true" => {}
        Tell::Unknown(why) => return Tell::Unknown(why),
        _ => return Tell::Absent,
    }
    let own = matches!(ask.told.who.caller, Caller::User { .. } | Caller::Root { .. })
        && ask.told.who.forwarded_by.is_none();
    match record.session_created.filter(|_| own) {
        Some(created) => Tell::Value((record.event_time - created).num_seconds().max(0).to_string()),
        None => Tell::Unknown("the record does not tell when the second factor was shown"),
    }
}

fn token_issue_time(ask: &Ask<'_>) -> Tell {
    let who = ask.told.who;
    match credential(ask) {
        Credential::LongTerm | Credential::None => Tell::Absent,
        // The service that forwards a user's call makes credentials of its own.
        Credential::Temporary
            if who.forwarded_by.is_some()
                && matches!(who.caller, Caller::User { .. } | Caller::Root { .. }) =>
        {
            Tell::Unknown("a service forwarded the call: the record does not tell its session")
        }
        Credential::Temporary => match ask.told.record.session_created {
            Some(created) => Tell::Value(created.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => Tell::Unknown(NO_SESSION),
        },
        Credential::Unknown => Tell::Unknown(NO_SESSION),
    }
}

/// It stays for the whole chain of sessions once it is set, and every record of such a session has it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
fn source_identity(ask: &Ask<'_>) -> Tell {
    let record = ask.told.record;
    if let Some(identity) = said(record.source_identity) {
        return Tell::Value(identity.to_owned());
    }
    match &ask.told.who.caller {
        Caller::RoleSession { .. }
            if record.session_created.is_none() && record.session_issuer_arn.is_none() =>
        {
            Tell::Unknown(NO_SESSION)
        }
        Caller::Root { .. } if record.assumed_root == Some(true) => Tell::Unknown(NO_SESSION),
        Caller::Account { .. } => Tell::Unknown(OTHER_ACCOUNT),
        Caller::Service { .. } => Tell::Unknown(NOT_LOGGED),
        _ => Tell::Absent,
    }
}

/// The provider of a role session of a web identity is logged; of one of SAML it is not.
fn federated_provider(ask: &Ask<'_>) -> Tell {
    let record = ask.told.record;
    if let Some(provider) = said(record.federated_provider) {
        return Tell::Value(provider.to_owned());
    }
    match &ask.told.who.caller {
        Caller::RoleSession { .. } if record.ec2_role_delivery.is_some() => Tell::Absent,
        Caller::RoleSession { .. } => {
            Tell::Unknown("the record does not tell whether a SAML provider vouched")
        }
        Caller::User { .. } | Caller::Anonymous => Tell::Absent,
        Caller::Root { .. } if record.assumed_root != Some(true) => Tell::Absent,
        Caller::Account { .. } => Tell::Unknown(OTHER_ACCOUNT),
        _ => Tell::Unknown(NO_SESSION),
    }
}

/// Whether the session is one of `AssumeRoot`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-assumedroot>).
fn assumed_root(ask: &Ask<'_>) -> Tell {
    match (&ask.told.who.caller, ask.told.record.assumed_root) {
        (_, Some(true)) => Tell::Value("true".to_owned()),
        (Caller::User { .. } | Caller::RoleSession { .. } | Caller::FederatedUser { .. }, _) => Tell::Absent,
        _ => Tell::Unknown(NOT_LOGGED),
    }
}

/// A key that only sessions of roles of workloads have: the rest of the callers are known not to.
fn of_workload(ask: &Ask<'_>, why: &'static str) -> Tell {
    match &ask.told.who.caller {
        Caller::RoleSession { .. } | Caller::Account { .. } | Caller::Service { .. } => Tell::Unknown(why),
        _ => Tell::Absent,
    }
}

/// A key that only sessions of an instance's role have, which are called like the instance
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html>).
fn of_instance(ask: &Ask<'_>, why: &'static str) -> Tell {
    let Caller::RoleSession { session_arn, .. } = &ask.told.who.caller else { return of_workload(ask, why) };
    let session = match Arn::parse(session_arn).and_then(Arn::principal) {
        Some(Principal::RoleSession { session, .. }) => Some(session),
        _ => None,
    };
    let is_instance = session.is_none_or(|name| name.starts_with("i-"));
    if is_instance || ask.told.record.ec2_role_delivery.is_some() { Tell::Unknown(why) } else { Tell::Absent }
}

/// The version of the instance metadata service that gave the credentials out, `1.0` or `2.0`
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).
fn role_delivery(ask: &Ask<'_>) -> Tell {
    match said(ask.told.record.ec2_role_delivery) {
        Some(version) => Tell::Value(version.to_owned()),
        None => of_instance(ask, NO_SESSION),
    }
}

fn source_instance(ask: &Ask<'_>) -> Tell {
    match issued_to(ask, ":instance/") {
        Some(arn) => Tell::Value(arn),
        None => of_instance(ask, "the record does not tell the instance's ARN"),
    }
}

fn source_function(ask: &Ask<'_>) -> Tell {
    match issued_to(ask, ":function:") {
        Some(arn) => Tell::Value(arn),
        None => of_workload(ask, "the record does not tell the function"),
    }
}

/// The workload that the credentials were issued to, if the record names one of this type.
fn issued_to(ask: &Ask<'_>, kind: &str) -> Option<String> {
    let scope: serde_json::Value = serde_json::from_str(ask.told.record.in_scope_of?).ok()?;
    let arn = scope.get("credentialsIssuedTo")?.as_str()?;
    (Arn::parse(arn).is_some() && arn.contains(kind)).then(|| arn.to_owned())
}
