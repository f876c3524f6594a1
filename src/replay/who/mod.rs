//! Who asked, from a record's `userIdentity`.

#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::request::partition;
use super::{Field, Record};
use crate::aws::{AccountId, Arn, HIDDEN, IdKind, Principal, SourceAddress};
use crate::policy::Caller;
use crate::snapshot::{Account, Snapshot};

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// For the evaluator.
    pub caller: Caller,
    /// The user or role by which the request is listed: its ARN with path where that is known; a service principal,
    /// an account's root ARN, a provider, or `anonymous`; who is not known, in words, with the account: `someone of account …`.
    pub principal: String,
    /// The service that made the call for its caller (forwarded access session), as `invokedBy` says; None if none did.
    pub forwarded_by: Option<String>,
}

/// The columns that [`who`] reads. Of `AssumeRoleWithSAML` it also reads `request_parameters`, which name the provider
/// and without which no request of that call is told.
pub const FIELDS_OF_CALLER: &[Field] = &[
    Field::EventName,
    Field::AwsRegion,
    Field::SourceIpAddress,
    Field::RecipientAccountId,
    Field::IdentityType,
    Field::PrincipalId,
    Field::IdentityArn,
    Field::IdentityAccountId,
    Field::UserName,
    Field::InvokedBy,
    Field::IdentityProvider,
    Field::SessionIssuerArn,
    Field::SessionIssuerAccountId,
    Field::FederatedProvider,
];

/// What CloudTrail writes for a caller without a signature.
const ANONYMOUS: [&str; 3] = ["ANONYMOUS_PRINCIPAL", "Anonymous", "anonymous"];
/// Providers of web identities that trust policies name by host; all others have an ARN
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-federated-web-identity>).
const BY_HOST: [&str; 4] =
    ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// Who asked; None where the record names nobody.
///
/// The fields and types of `userIdentity` are those of
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>. The
/// snapshot tells paths and ARNs that the record leaves out: of a user by its name or unique id, of a role by its name.
#[must_use]
pub fn who(record: &Record<'_>, snapshot: Option<&Snapshot>) -> Option<Who> {
    let reader = Reader { record, snapshot };
    let mut who = reader.read()?;
    if !matches!(who.caller, Caller::Service { .. }) {
        who.forwarded_by = said(record.invoked_by).map(str::to_owned);
    }
    let own = said(record.identity_account_id).and_then(AccountId::parse);
    if own.zip(who.caller.account()).is_some_and(|(own, of_arn)| own != of_arn) {
        who.caller = of_no_account(who.caller);
    }
    Some(who)
}

/// The same caller, of an account that is not known: that of its identity and that of its ARN are not the same one, as where a log
/// was sanitised.
fn of_no_account(caller: Caller) -> Caller {
    let without = |arn: String| {
        let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
        if let Some(account) = parts.get_mut(4) {
            *account = "";
        }
        parts.join(":")
    };
    match caller {
        Caller::User { arn, unique_id } => Caller::User { arn: without(arn), unique_id },
        Caller::RoleSession { session_arn, role_arn, unique_id } => Caller::RoleSession {
            session_arn: without(session_arn),
            role_arn: role_arn.map(without),
            unique_id,
        },
        Caller::FederatedUser { arn, user_arn } => {
            Caller::FederatedUser { arn: without(arn), user_arn: user_arn.map(without) }
        }
        other => other,
    }
}

/// A column's text, unless it is empty or hidden.
pub(super) fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty() && *text != HIDDEN)
}

struct Reader<'a> {
    record: &'a Record<'a>,
    snapshot: Option<&'a Snapshot>,
}

impl Reader<'_> {
    fn read(&self) -> Option<Who> {
        let record = self.record;
        match record.identity_type {
            Some("IAMUser") => self.user().or_else(|| self.other()),
            Some("AssumedRole" | "Role") => self.role().or_else(|| self.other()),
            Some("FederatedUser") => self.federated_user().or_else(|| self.other()),
            Some("Root") => self.account().map(|account| self.root(account)),
            Some("AWSService") => Some(self.service()),
            Some("SAMLUser") => Some(self.saml()),
            Some("WebIdentityUser") => Some(self.web_identity()),
            Some("AWSAccount") if self.is_anonymous() => {
                Some(named(Caller::Anonymous, "anonymous".to_owned()))
            }
            _ => self.other(),
        }
    }

    /// The caller's account: the identity's own, else that of its ARN, its issuer or, last, of the record.
    fn account(&self) -> Option<AccountId> {
        let record = self.record;
        let of_arn = |arn: Option<&str>| Arn::parse(arn?)?.account_id();
        let written = |account: Option<&str>| account.and_then(AccountId::parse);
        written(record.identity_account_id)
            .or_else(|| of_arn(record.identity_arn))
            .or_else(|| written(record.session_issuer_account_id))
            .or_else(|| of_arn(record.session_issuer_arn))
            .or_else(|| written(record.recipient_account_id))
    }

    fn details(&self, account: AccountId) -> Option<&Account> {
        self.snapshot?.accounts.get(&account)
    }

    fn partition(&self) -> &str {
        let written = self.record.identity_arn.and_then(Arn::parse).map(|arn| arn.partition);
        written.unwrap_or_else(|| partition(self.record.aws_region.unwrap_or_default()))
    }

    fn user(&self) -> Option<Who> {
        let record = self.record;
        let unique_id = said(record.principal_id);
        let account = self.account();
        let details = account.and_then(|account| self.details(account));
        let written = said(record.identity_arn);
        // The id is the user's for good; its path and its name may have changed since.
        let by_id = |details: &Account| {
            let unique_id = unique_id.filter(|id| IdKind::of(id) == Some(IdKind::User))?;
            let of_name = said(record.user_name).and_then(|name| details.users.get(name));
            let mut all = of_name.into_iter().chain(details.users.values());
            all.find(|user| user.unique_id.as_deref() == Some(unique_id)).map(|user| user.arn.clone())
        };
        let listed = |arn: &str| {
            let Some(Principal::User { name, .. }) = Arn::parse(arn)?.principal() else { return None };
            Some(details?.users.get(name)?.arn == arn)
        };
        let arn = match written {
            Some(arn) if listed(arn) == Some(true) => arn.to_owned(),
            Some(arn) => details.and_then(by_id).unwrap_or_else(|| arn.to_owned()),
            None => {
                let name = said(record.user_name);
                let of_name = |details: &Account| Some(details.users.get(name?)?.arn.clone());
                details
                    .and_then(|details| by_id(details).or_else(|| of_name(details)))
                    .or_else(|| Some(format!("arn:{}:iam::{}:user/{}", self.partition(), account?, name?)))?
            }
        };
        let caller = Caller::User { arn: arn.clone(), unique_id: unique_id.map(str::to_owned) };
        Some(named(caller, arn))
    }

    fn role(&self) -> Option<Who> {
        let record = self.record;
        let issuer = said(record.session_issuer_arn)
            .filter(|arn| matches!(Arn::parse(arn).and_then(Arn::principal), Some(Principal::Role { .. })));
        let session_arn = match said(record.identity_arn) {
            Some(arn) => arn.to_owned(),
            None => self.session_arn(issuer?)?,
        };
        Some(self.session_of_role(session_arn, issuer, said(record.principal_id)))
    }

    /// The ARN of a session of which only the issuing role's and the id `AROA…:NAME` are known.
    fn session_arn(&self, role_arn: &str) -> Option<String> {
        let arn = Arn::parse(role_arn)?;
        let Some(Principal::Role { name, .. }) = arn.principal() else { return None };
        let (_, session) = said(self.record.principal_id)?.split_once(':')?;
        Some(format!("arn:{}:sts::{}:assumed-role/{name}/{session}", arn.partition, arn.account))
    }

    fn session_of_role(&self, session_arn: String, role_arn: Option<&str>, unique_id: Option<&str>) -> Who {
        let parsed = Arn::parse(&session_arn);
        let role = match parsed.and_then(Arn::principal) {
            Some(Principal::RoleSession { role, .. }) => Some(role),
            _ => None,
        };
        let snapshot_arn = || {
            let details = self.details(parsed?.account_id()?)?;
            Some(details.roles.get(role?)?.arn.clone())
        };
        let itself = parsed
            .and_then(Arn::principal)
            .filter(|principal| matches!(principal, Principal::Role { .. }))
            .map(|_| session_arn.clone());
        let role_arn = role_arn.map(str::to_owned).or(itself).or_else(snapshot_arn);
        let principal = role_arn.clone().or_else(|| {
            let arn = parsed?;
            Some(format!("arn:{}:iam::{}:role/{}", arn.partition, arn.account, role?))
        });
        let principal = principal.unwrap_or_else(|| session_arn.clone());
        let unique_id = unique_id.map(str::to_owned);
        named(Caller::RoleSession { session_arn, role_arn, unique_id }, principal)
    }

    fn federated_user(&self) -> Option<Who> {
        let arn = said(self.record.identity_arn)?.to_owned();
        // Only users and the root user can ask for a federation token.
        let may_ask = |arn: &&str| {
            matches!(Arn::parse(arn).and_then(Arn::principal), Some(Principal::User { .. } | Principal::Root))
        };
        let user_arn = said(self.record.session_issuer_arn).filter(may_ask).map(str::to_owned);
        let principal = user_arn.clone().unwrap_or_else(|| arn.clone());
        Some(named(Caller::FederatedUser { arn, user_arn }, principal))
    }

    fn root(&self, account: AccountId) -> Who {
        named(Caller::Root { account }, self.root_arn(account))
    }

    fn root_arn(&self, account: AccountId) -> String {
        format!("arn:{}:iam::{account}:root", self.partition())
    }

    /// A service of AWS by its principal. A record without `invokedBy` may name the service as the source.
    fn service(&self) -> Who {
        let record = self.record;
        let is_service = |text: &&str| matches!(SourceAddress::parse(text), SourceAddress::Service(_));
        let invoked_by = said(record.invoked_by);
        let name = invoked_by
            .filter(is_service)
            .or_else(|| said(record.source_ip_address).filter(is_service))
            .or(invoked_by)
            .unwrap_or("AWS Internal");
        named(Caller::Service { name: name.to_owned() }, name.to_owned())
    }

    /// The subject of a SAML provider. The identity has only a hash of the provider's issuer and account; the provider's
    /// ARN, which trust policies name, is a parameter of the call
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>).
    fn saml(&self) -> Who {
        #[derive(Deserialize)]
        struct Parameters {
            #[serde(rename = "principalArn")]
            principal_arn: String,
        }
        let record = self.record;
        let text = record.request_parameters.filter(|_| record.event_name == Some("AssumeRoleWithSAML"));
        let given = text.and_then(|text| serde_json::from_str::<Parameters>(text).ok());
        let provider = given.map(|given| given.principal_arn);
        let provider = provider.or_else(|| said(record.federated_provider).map(str::to_owned));
        let provider = provider.or_else(|| said(record.identity_provider).map(str::to_owned));
        let provider = provider.unwrap_or_else(|| "saml".to_owned());
        named(Caller::Federated { provider: provider.clone() }, provider)
    }

    /// The subject of a web identity provider. One that has an ARN stands in the account of the role that is assumed
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>).
    fn web_identity(&self) -> Who {
        let record = self.record;
        let written =
            said(record.identity_provider).or(said(record.federated_provider)).unwrap_or("web identity");
        let account = record.recipient_account_id.and_then(AccountId::parse);
        let is_host = written.contains('.') && !written.contains(':') && !BY_HOST.contains(&written);
        let provider = match account.filter(|_| is_host) {
            Some(account) => format!("arn:{}:iam::{account}:oidc-provider/{written}", self.partition()),
            None => written.to_owned(),
        };
        named(Caller::Federated { provider: provider.clone() }, provider)
    }

    fn is_anonymous(&self) -> bool {
        let record = self.record;
        [record.principal_id, record.identity_account_id]
            .iter()
            .flatten()
            .any(|text| ANONYMOUS.contains(text))
    }

    /// Whoever the ARN names, else the service, else someone of the account.
    fn other(&self) -> Option<Who> {
        let record = self.record;
        let arn = said(record.identity_arn);
        if let Some(parsed) = arn.and_then(Arn::parse) {
            match (parsed.principal(), parsed.account_id()) {
                (Some(Principal::Root), Some(account)) => return Some(self.root(account)),
                (Some(Principal::User { .. }), _) => return self.user(),
                (Some(Principal::Role { .. } | Principal::RoleSession { .. }), _) => return self.role(),
                (Some(Principal::FederatedUser { .. }), _) => return self.federated_user(),
                (Some(Principal::Root) | None, _) => {}
            }
        }
        let own = record.identity_account_id.and_then(AccountId::parse);
        match (record.identity_type, own) {
            (None, _) if said(record.invoked_by).is_some() => Some(self.service()),
            (None, None) => None,
            _ => {
                let account = self.account()?;
                Some(self.someone(account, said(record.principal_id)))
            }
        }
    }

    /// Someone of an account, of whom at most the unique id is known; the snapshot may know whose that is.
    fn someone(&self, account: AccountId, unique_id: Option<&str>) -> Who {
        let kind = unique_id.and_then(IdKind::of);
        let known = unique_id.zip(self.details(account)).and_then(|(id, details)| match kind {
            Some(IdKind::User) => {
                let user = details.users.values().find(|user| user.unique_id.as_deref() == Some(id))?;
                let caller = Caller::User { arn: user.arn.clone(), unique_id: Some(id.to_owned()) };
                Some(named(caller, user.arn.clone()))
            }
            Some(IdKind::Role) => {
                let (role_id, session) = id.split_once(':')?;
                let role = details.roles.values().find(|role| role.unique_id.as_deref() == Some(role_id))?;
                let arn = Arn::parse(&role.arn)?;
                let (partition, name) = (arn.partition, &role.name);
                let session_arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
                Some(self.session_of_role(session_arn, Some(&role.arn), Some(id)))
            }
            _ => None,
        });
        known.unwrap_or_else(|| {
            let unique_id = unique_id.filter(|_| matches!(kind, Some(IdKind::User | IdKind::Role)));
            let caller = Caller::Account { account, unique_id: unique_id.map(str::to_owned) };
            let own_name = || said(self.record.user_name).map(str::to_owned);
            let is_person = self.record.identity_type == Some("IdentityCenterUser");
            let principal = is_person.then(own_name).flatten().unwrap_or_else(|| {
                // Sessions of a role are not told apart.
                let id = unique_id.map(|id| id.split_once(':').map_or(id, |(role, _)| role));
                match id {
                    _ if is_person => format!("an Identity Center user of account {account}"),
                    Some(id) => format!("someone of account {account} ({id})"),
                    None => format!("someone of account {account}"),
                }
            });
            named(caller, principal)
        })
    }
}

fn named(caller: Caller, principal: String) -> Who {
    Who { caller, principal, forwarded_by: None }
}
