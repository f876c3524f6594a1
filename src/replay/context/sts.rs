//! Keys of STS, and the claims of tokens and assertions.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>

use serde_json::Value;

use super::super::Field;
use super::super::who::said;
use super::ask::{Ask, Parameter, Tell};
use super::caller::NOT_LOGGED;
use super::rule::{How, Otherwise, Rule};
use crate::aws::Arn;
use crate::policy::Caller;

pub(super) const RULES: &[Rule] = &[
    Rule::mirror("sts:externalid", "sts:ExternalId", &["externalId"], Otherwise::Absent),
    Rule::mirror("sts:rolesessionname", "sts:RoleSessionName", &["roleSessionName"], Otherwise::Absent),
    Rule::new("sts:sourceidentity", SOURCE_IDENTITY, source_identity),
    Rule::mirror("sts:transitivetagkeys", "sts:TransitiveTagKeys", &["transitiveTagKeys"], Otherwise::Absent),
    Rule::mirror("sts:durationseconds", "sts:DurationSeconds", &["durationSeconds"], Otherwise::Absent),
    Rule::mirror(
        "sts:taskpolicyarn",
        "sts:TaskPolicyArn",
        &["taskPolicyArn.arn", "taskPolicyArn"],
        Otherwise::Absent,
    ),
    Rule::family("saml:", CLAIMS, assertion),
];

const SOURCE_IDENTITY: &[Field] = &[Field::RequestParameters, Field::ErrorCode, Field::SourceIdentity];

/// The source identity that a call sets. One that the caller's session has stays with the roles that it assumes; whether it
/// counts as set by the call AWS does not say
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
fn source_identity(ask: &Ask<'_>) -> Tell {
    if ask.lists("sts:SourceIdentity") == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["sourceIdentity"]) {
        Parameter::Given(value) => match value.as_str() {
            Some(text) => Tell::Value(text.to_owned()),
            None => Tell::Unknown("the source identity has a form that is not read here"),
        },
        Parameter::NotGiven if said(ask.told.record.source_identity).is_some() => Tell::Unknown(
            "the caller's session has a source identity, which stays with the roles that it assumes",
        ),
        Parameter::NotGiven => Tell::Absent,
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

const CLAIMS: &[Field] = &[
    Field::ResponseElements,
    Field::UserName,
    Field::PrincipalId,
    Field::IdentityProvider,
    Field::FederatedProvider,
    Field::SessionIssuerArn,
];

/// The rule for the claims of a web identity's token: `token.actions.githubusercontent.com:sub`. What stands before the
/// colon is the provider's name, which has a stop in it.
pub(super) static CLAIM: Rule = Rule { key: "", fields: CLAIMS, how: How::Family(claim) };

const NO_CLAIM: &str = "the token's claims are not in the record";

/// Whether a key in lower case is a claim of a token.
pub(super) fn is_claim(key: &str) -> bool {
    key.split_once(':').is_some_and(|(provider, _)| provider.contains('.'))
}

/// The claims of the caller's token that a record may tell.
pub(super) fn claim_keys(ask: &Ask<'_>) -> Vec<String> {
    let Caller::Federated { provider } = &ask.told.who.caller else { return Vec::new() };
    let host = host(provider);
    ["sub", "aud", "oaud"].iter().map(|name| format!("{host}:{name}")).collect()
}

/// The provider's name as it stands before its claims.
fn host(provider: &str) -> String {
    provider.split_once("oidc-provider/").map_or(provider, |(_, host)| host).to_lowercase()
}

/// The subject and the audience of a web identity's token, as the call that shows it logs them
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>). Later requests of the session may have
/// the claims of four providers
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#cross-condition-keys-wif>).
fn claim(ask: &Ask<'_>, key: &str) -> Tell {
    let record = ask.told.record;
    let Caller::Federated { provider } = &ask.told.who.caller else {
        return of_session(ask, said(record.federated_provider).is_none());
    };
    let host = host(provider);
    let Some(name) = key.strip_prefix(&host).and_then(|rest| rest.strip_prefix(':')) else {
        return Tell::Absent;
    };
    let subject = response(ask, "subjectFromWebIdentityToken").or_else(|| said(record.user_name));
    let told = match name {
        "sub" => subject,
        // Google's has the authorized party in `aud`, which is not what is logged as the audience.
        "aud" if host != "accounts.google.com" => response(ask, "audience").or_else(|| {
            // `PROVIDER:AUDIENCE:SUBJECT`
            let rest = said(record.principal_id)?.strip_prefix(provider.as_str())?.strip_prefix(':')?;
            rest.strip_suffix(subject?)?.strip_suffix(':')
        }),
        "oaud" if host == "accounts.google.com" => response(ask, "audience"),
        _ => None,
    };
    told.map_or(Tell::Unknown(NO_CLAIM), |text| Tell::Value(text.to_owned()))
}

/// What the call logs of a SAML assertion
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>).
fn assertion(ask: &Ask<'_>, name: &str) -> Tell {
    let record = ask.told.record;
    let Caller::Federated { provider } = &ask.told.who.caller else {
        return of_session(ask, said(record.federated_provider).is_some());
    };
    if record.event_name != Some("AssumeRoleWithSAML") {
        return Tell::Absent;
    }
    let told = match name {
        "sub" => response(ask, "subject").or_else(|| said(record.user_name)).map(str::to_owned),
        "iss" => response(ask, "issuer").map(str::to_owned),
        "aud" => response(ask, "audience").map(str::to_owned),
        "sub_type" => response(ask, "subjectType").map(str::to_owned),
        "namequalifier" => {
            response(ask, "nameQualifier").or_else(|| said(record.identity_provider)).map(str::to_owned)
        }
        // The account and the provider's name.
        "doc" => Arn::parse(provider).and_then(|arn| {
            Some(format!("{}/{}", arn.account, arn.resource.strip_prefix("saml-provider/")?))
        }),
        _ => None,
    };
    told.map_or(Tell::Unknown("the assertion's attributes are not in the record"), Tell::Value)
}

fn response<'a>(ask: &Ask<'a>, name: &str) -> Option<&'a str> {
    said(ask.told.parsed.response.as_ref()?.get(name).and_then(Value::as_str))
}

/// Claims in the context of a session's request: only sessions of such a provider have them.
fn of_session(ask: &Ask<'_>, of_other_provider: bool) -> Tell {
    match &ask.told.who.caller {
        Caller::RoleSession { .. } if of_other_provider && ask.told.record.session_issuer_arn.is_some() => {
            Tell::Absent
        }
        Caller::RoleSession { .. } | Caller::Account { .. } => Tell::Unknown(NOT_LOGGED),
        _ => Tell::Absent,
    }
}
