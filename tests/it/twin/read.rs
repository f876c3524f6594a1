//! What a single record tells of its caller, and of what it made.

use serde_json::Value;

use super::field::{self, account, action, arn_field, is_success, is_switch, seconds, text, time};
use super::{Answer, Caller, Credential, Issuance, NOT_IN_LAKE, SIGN_IN_SESSION};

pub(super) fn caller(record: &Value) -> Caller {
    let tells = |field: &str| text(record, &format!("/userIdentity/{field}"));
    let responds = |field: &str| text(record, &format!("/responseElements/{field}"));
    let user = tells("userName").or_else(|| tells("onBehalfOf/userId"));
    let portal = matches!(action(record).0, "sso" | "signin") && user.is_some();
    let subject = responds("subjectFromWebIdentityToken").or(responds("subject"));
    let name = subject.or(user).or(tells("principalId"));
    let bare = tells("arn").is_none() && tells("accessKeyId").is_none() && tells("accountId").is_some();
    let provider = text(record, "/requestParameters/principalArn").or(tells("identityProvider"));
    let of_aws = provider.is_some_and(|provider| provider.contains(":saml-provider/AWSSSO_"));
    let kind = tells("type").unwrap_or_default();
    let unsigned = ["ANONYMOUS_PRINCIPAL", "anonymous", "Anonymous"];
    let by_nobody = |field: &str| tells(field).is_some_and(|text| unsigned.contains(&text.as_str()));
    // Who got a token that AWS itself made is told by another record.
    let vouched =
        tells_any(record, ["/requestParameters/webIdentityTokenId", SOURCE_PRINCIPAL]).then_some(NOT_IN_LAKE);
    // A type that is not known: a key of this account signed all the same.
    let known = ["AWSService", "AWSAccount", "SAMLUser", "WebIdentityUser", "IdentityCenterUser"];
    let here = tells("accountId").is_none_or(|home| account(record).is_empty() || home == account(record));
    let by_key = tells("accessKeyId").is_some() && tells("arn").is_some() && here;
    let otherwise = known.contains(&kind.as_str())
        || (kind.is_empty() && tells("invokedBy").is_some())
        || (kind == "Unknown" && portal);
    let of_key = by_key && !otherwise;
    let by_anywhere = tells("invokedBy").as_deref() == Some("rolesanywhere.amazonaws.com");
    let of_certificate = text(record, "/requestParameters/sourceIdentity").filter(|_| by_anywhere);
    let (origin, name, gap) = match kind.as_str() {
        _ if only_tries(record) => ("unknown", None, Some("no-credential")),
        "AWSAccount" if by_nobody("accountId") || by_nobody("principalId") => {
            ("anonymous", None, Some("no-credential"))
        }
        // Roles Anywhere passes the certificate's subject.
        "AWSService" if of_certificate.is_some() => ("certificate", of_certificate, None),
        "AWSService" => ("service", tells("invokedBy").or(text(record, "/sourceIPAddress")), None),
        "" if tells("invokedBy").is_some() => ("service", tells("invokedBy"), None),
        "SAMLUser" if !of_aws => ("saml", name, None),
        "WebIdentityUser" => ("web-identity", name, vouched),
        "SAMLUser" | "IdentityCenterUser" => ("identity-center-user", name, None),
        "Unknown" if portal => ("identity-center-user", name, None),
        "AWSAccount" => ("account", tells("principalId"), Some(NOT_IN_LAKE)),
        "Role" | "Unknown" if bare => ("account", tells("principalId"), Some(NOT_IN_LAKE)),
        known
            if of_key
                || ["AssumedRole", "IAMUser", "Root", "FederatedUser", "Role", "Directory"]
                    .contains(&known) =>
        {
            let home = tells("accountId").or(tells("sessionContext/sessionIssuer/accountId"));
            let home = home.unwrap_or_else(|| account(record));
            let created = tells("sessionContext/attributes/creationDate").and_then(|text| seconds(&text));
            let (key, of_arn) =
                (tells("accessKeyId"), Credential::of_arn(tells("arn"), tells("principalId")));
            // A record of switching roles is of the session that it made, then.
            let by_switch =
                is_switch(record) && key.is_none() && ["AssumedRole", "Role"].contains(&kind.as_str());
            let created = created.or_else(|| time(record).filter(|_| by_switch));
            let user = ["IAMUser", "Root"].contains(&kind.as_str());
            let (source, name) = action(record);
            let at_sign_in = source == "signin" || (source, name) == ("iam", "ChangePassword");
            let unsigned = user && key.is_none() && created.is_none() && !at_sign_in;
            return Caller::Credential(Credential { key, created, home, kind, unsigned, ..of_arn });
        }
        _ => ("unknown", None, Some("no-credential")),
    };
    let theirs = tells("accountId").filter(|_| origin == "account");
    Caller::End(Answer::end(origin, &theirs.unwrap_or_else(|| account(record)), name.as_deref(), None, gap))
}

const SOURCE_PRINCIPAL: &str = "/additionalEventData/crossPartitionData/sourcePrincipalArn";

fn tells_any(record: &Value, pointers: [&str; 2]) -> bool {
    pointers.iter().any(|pointer| text(record, pointer).is_some())
}

/// Whether a record is of a sign-in that failed, or of what anybody may do who knows a name.
fn only_tries(record: &Value) -> bool {
    let tells = |pointer: &str| text(record, pointer).is_some();
    let signed =
        tells("/userIdentity/accessKeyId") || tells("/userIdentity/sessionContext/attributes/creationDate");
    let (source, name) = action(record);
    let before = ["PasswordRecoveryRequested", "CredentialChallenge", "CredentialVerification"];
    let failed = (tells("/errorCode") || tells("/errorMessage"))
        && !["SwitchRole", "RenewRole", "ExitRole"].contains(&name);
    let kind = text(record, "/userIdentity/type").unwrap_or_default();
    let person = ["IAMUser", "Root", "IdentityCenterUser", "Unknown", "SAMLUser"].contains(&kind.as_str());
    source == "signin" && person && !signed && (failed || before.contains(&name))
}

/// The issuance that a record is, if it is one. A workload's has an unknown session where the response tells none.
pub(super) fn issuance(record: &Value, place: usize, time: i64, caller: &Caller) -> Option<Issuance> {
    let tells = |pointer: &str| text(record, pointer);
    let responds = |field: &str| text(record, &format!("/responseElements/{field}"));
    let mut key = responds("credentials/accessKeyId");
    let (mut parent, mut portal, mut sign_in_session) = (caller.clone(), None, None);
    let (arn, id) = (responds("assumedRoleUser/arn"), responds("assumedRoleUser/assumedRoleId"));
    let mut made = match action(record) {
        _ if !is_success(record) => return None,
        ("sts", "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity") => {
            Credential::of_arn(arn.or_else(|| requested_session(record)), id)
        }
        ("sts", "AssumeRoot") => Credential::of_arn(root_of_target(record), None),
        ("sts", "GetSessionToken") => own_session(record),
        ("sts", "GetFederationToken") => {
            let arn = responds("federatedUser/arn").or_else(|| requested_federation(record));
            Credential::of_arn(arn, responds("federatedUser/federatedUserId"))
        }
        ("sts", "GetDelegatedAccessToken") => Credential::of_arn(arn.or(responds("assumedPrincipal")), id),
        ("signin", "ConsoleLogin" | "SwitchRole" | "RenewRole") => {
            key = None;
            let from = tells("/additionalEventData/SwitchFrom").filter(|arn| arn.starts_with("arn:"));
            parent = from.map_or(parent, named_by_arn);
            own_session(record)
        }
        ("signin", "CreateOAuth2Token") => {
            key = responds("accessToken/accessKeyId").or(key);
            sign_in_session = tells("/additionalEventData/signInSessionArn").or(tells(SIGN_IN_SESSION));
            own_session(record)
        }
        ("sso", "Federate" | "GetRoleCredentials") => {
            key = None;
            let set = tells("/serviceEventDetails/role_name").or(tells("/requestParameters/roleName"));
            let told = ["userName", "onBehalfOf/userId", "onBehalfOf/identityStoreArn"];
            let told = told.map(|field| tells(&format!("/userIdentity/{field}")));
            portal = set.map(|set| (set, told));
            let home = tells("/serviceEventDetails/account_id").or(tells("/requestParameters/accountId"));
            Credential { home: home.unwrap_or_default(), ..Credential::default() }
        }
        ("iam", "CreateAccessKey") => {
            key = responds("accessKey/accessKeyId");
            Credential { home: account(record), ..Credential::default() }
        }
        _ if key.is_some() => Credential::of_arn(arn, id),
        _ => return None,
    };
    made.key = key;
    let long_term = action(record) == ("iam", "CreateAccessKey");
    let (source, name) = action(record);
    let by_console = tells("/userIdentity/invokedBy")
        .is_some_and(|by| by == "AWS Internal" || by == "signin.amazonaws.com");
    let hands_its_key_out =
        !matches!(source, "signin" | "sso" | "iam") && name != "AssumeRoleWithSAML" && !by_console;
    let provider = tells("/userIdentity/identityProvider").or_else(|| responds("provider"));
    let voucher = match name {
        "GetFederationToken" => tells("/userIdentity/arn"),
        "AssumeRoleWithWebIdentity" => {
            provider.or_else(|| tells("/requestParameters/providerId")).map(|text| field::provider(&text))
        }
        _ => None,
    };
    Some(Issuance {
        place,
        time,
        made,
        long_term,
        hands_its_key_out,
        is_session_token: name == "GetSessionToken",
        voucher,
        portal,
        sign_in_session,
        parent,
        caller_side: None,
    })
}

/// The session of the record's own identity.
fn own_session(record: &Value) -> Credential {
    let tells = |field: &str| text(record, &format!("/userIdentity/{field}"));
    let home = tells("accountId").unwrap_or_else(|| account(record));
    let partition = match text(record, "/awsRegion").unwrap_or_default() {
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("cn-") => "aws-cn",
        _ => "aws",
    };
    let arn = tells("arn").or_else(|| match tells("type")?.as_str() {
        "IAMUser" => Some(format!("arn:{partition}:iam::{home}:user/{}", tells("userName")?)),
        "Root" => Some(format!("arn:{partition}:iam::{home}:root")),
        _ => None,
    });
    Credential { home, ..Credential::of_arn(arn, tells("principalId")) }
}

/// The arn that the session of an AssumeRole gets, from what was asked for.
fn requested_session(record: &Value) -> Option<String> {
    let role = text(record, "/requestParameters/roleArn")?;
    let session = text(record, "/requestParameters/roleSessionName")?;
    let (partition, account) = (arn_field(&role, 1)?, arn_field(&role, 4)?);
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{}/{session}", role.rsplit('/').next()?))
}

/// The arn that a federated user gets, from what was asked for.
fn requested_federation(record: &Value) -> Option<String> {
    let name = text(record, "/requestParameters/name")?;
    let partition = arn_field(&text(record, "/userIdentity/arn")?, 1)?;
    Some(format!("arn:{partition}:sts::{}:federated-user/{name}", own_session(record).home))
}

/// Whether a record made a session, or is a sign-in, and tells no field of what it made, for all that its request says
/// that of this kind of caller, with this arn and account.
pub(super) fn hides(record: &Value, kind: &str, arn: Option<&str>, home: &str) -> bool {
    let tells = |pointer: &str| text(record, pointer).filter(|told| !told.starts_with("HIDDEN"));
    let (source, name) = action(record);
    let is_role = ["AssumedRole", "Role"].contains(&kind);
    let of_kind = match (source, name) {
        ("signin", "ConsoleLogin") => kind == "IAMUser" || kind == "Root",
        ("sts", "AssumeRoot") => kind == "Root",
        ("sts", "GetFederationToken") => kind == "FederatedUser",
        ("cognito-identity", "GetCredentialsForIdentity") => {
            arn.is_some_and(|arn| arn.ends_with("/CognitoIdentityCredentials"))
        }
        ("signin", "SwitchRole" | "RenewRole")
        | (
            "sts",
            "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" | "GetDelegatedAccessToken",
        )
        | ("eks-auth", "AssumeRoleForPodIdentity") => is_role,
        _ => false,
    };
    let fails = text(record, "/errorCode").is_some() || text(record, "/errorMessage").is_some();
    let (made_key, made_arn) =
        (tells("/responseElements/credentials/accessKeyId"), tells("/responseElements/assumedRoleUser/arn"));
    let told = match name {
        "ConsoleLogin" | "SwitchRole" | "RenewRole" => text(record, &format!("/responseElements/{name}")),
        "AssumeRoot" => root_of_target(record),
        "GetFederationToken" => requested_federation(record).or(tells("/responseElements/federatedUser/arn")),
        _ => made_arn.or_else(|| requested_session(record)),
    };
    let own = own_session(record).arn.filter(|_| source == "signin");
    let asked = text(record, "/requestParameters/roleArn");
    let role = arn.and_then(|arn| arn.split('/').nth(1));
    let other_role =
        asked.as_ref().zip(role).is_some_and(|(asked, role)| asked.rsplit('/').next() != Some(role));
    let account = asked.as_ref().and_then(|asked| arn_field(asked, 4)).unwrap_or_else(|| account(record));
    let other_arn = own.zip(arn).is_some_and(|(own, arn)| own != arn);
    let other_account = name != "AssumeRoot" && !account.is_empty() && !home.is_empty() && account != home;
    of_kind && !fails && made_key.is_none() && told.is_none() && !other_role && !other_arn && !other_account
}

/// The root user that an AssumeRoot becomes. Its partition is the one of the arns at hand.
fn root_of_target(record: &Value) -> Option<String> {
    let target = text(record, "/requestParameters/targetPrincipal")?;
    let partition = arn_field(&target, 1).or_else(|| arn_field(&text(record, "/userIdentity/arn")?, 1));
    let account = if target.starts_with("arn:") { arn_field(&target, 4)? } else { target };
    Some(format!("arn:{}:iam::{account}:root", partition.unwrap_or("aws".to_owned())))
}

/// The credential behind a SwitchFrom: its arn is all that is known of it.
fn named_by_arn(arn: String) -> Caller {
    let kinds = [("assumed-role", "AssumedRole"), ("user", "IAMUser"), ("root", "Root")];
    let part = arn.split([':', '/']).nth(5).unwrap_or_default();
    let kind = kinds.into_iter().find(|(name, _)| *name == part).map_or("FederatedUser", |(_, kind)| kind);
    Caller::Credential(Credential { kind: kind.to_owned(), ..Credential::of_arn(Some(arn), None) })
}

/// The subject of the web identity of a session, where its record tells it: an attribute of the provider's.
pub(super) fn vouched(record: &Value) -> Option<String> {
    let data = &record["userIdentity"]["sessionContext"]["webIdFederationData"];
    let provider = data["federatedProvider"].as_str()?.rsplit(":oidc-provider/").next()?;
    let word = match provider {
        "www.amazon.com" => "user_id",
        "graph.facebook.com" => "id",
        _ => "sub",
    };
    data["attributes"][format!("{provider}:{word}").as_str()].as_str().map(str::to_owned)
}
