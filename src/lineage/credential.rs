//! Whoever made a call: a credential, or somebody of whom these logs know no credential.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::fields::{CallerFields, SIGN_IN};
use super::provider_name;
use super::subject::{is_identity_center, permission_set};
use crate::aws::{Arn, IdKind, Principal, Time, UniqueId};

/// What kind of caller a record names, by `userIdentity.type`
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `AssumedRole`, `IAMUser`, `Root`, `FederatedUser`, `Role`, `Directory`: whoever signed, or a session.
    Credential,
    /// An AWS service that acts for itself or for a workload.
    Service,
    /// The subject of an identity provider: `SAMLUser`, `WebIdentityUser`, `IdentityCenterUser`.
    Outside,
    /// A principal of another account, of whom the record says no more than its unique id.
    Account,
    /// The record names nobody.
    Nobody,
}

impl Class {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Class::Credential => "credential",
            Class::Service => "service",
            Class::Outside => "outside",
            Class::Account => "account",
            Class::Nobody => "nobody",
        }
    }

    /// The class that a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Class {
        match word {
            "credential" => Class::Credential,
            "service" => Class::Service,
            "outside" => Class::Outside,
            "account" => Class::Account,
            _ => Class::Nobody,
        }
    }
}

/// What CloudTrail writes for a caller without a signature.
const ANONYMOUS: [&str; 3] = ["ANONYMOUS_PRINCIPAL", "Anonymous", "anonymous"];

/// Who made a call, as the record itself says. Text is as the log has it.
///
/// A *credential* is what a request was signed with. Its key id alone does not name it: key ids are given out again,
/// and sanitised logs use one for all. So account, key, ARN, unique id and creation of the session together do, and
/// [`Caller::id`] is a hash of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Equal for the same caller (the SQL function `caller_id`).
    pub id: i64,
    /// Its class.
    pub class: Class,
    /// `userIdentity.type`.
    pub identity_type: Option<String>,
    /// The account of the caller: `userIdentity.accountId`, else the session issuer's, else the record's.
    pub account: Option<String>,
    /// The access key id that signed; None where the record has none or an empty one.
    pub access_key: Option<String>,
    /// `userIdentity.arn`: the session's ARN for a role session.
    pub arn: Option<String>,
    /// `userIdentity.principalId`.
    pub principal_id: Option<String>,
    /// `userIdentity.userName`.
    pub user_name: Option<String>,
    /// When the session was created, in whole seconds.
    pub created: Option<DateTime<Utc>>,
    /// The type of the session's issuer: `Role`, `IAMUser`, `Root`.
    pub issuer_type: Option<String>,
    /// The ARN of the session's issuer, with its path.
    pub issuer_arn: Option<String>,
    /// The friendly name of the session's issuer.
    pub issuer_name: Option<String>,
    /// Whether the session was authenticated with MFA; None for long-term keys.
    pub mfa: Option<bool>,
    /// The source identity that travels down the chain.
    pub source_identity: Option<String>,
    /// The service that made the call for the caller.
    pub invoked_by: Option<String>,
    /// The identity provider of a federated caller.
    pub identity_provider: Option<String>,
    /// The web identity provider of the session.
    pub federated_provider: Option<String>,
    /// What that provider said of the web identity, as JSON, see [`Caller::web_identity`].
    pub web_id_attributes: Option<String>,
    /// `userIdentity.inScopeOf`, as JSON: the resource that a service acted for.
    pub in_scope_of: Option<String>,
    /// Version of the instance metadata service that delivered the credential.
    pub ec2_role_delivery: Option<String>,
    /// The Identity Center user that the call was made for.
    pub on_behalf_of: Option<String>,
    /// The identity store of that user, as its ARN.
    pub identity_store: Option<String>,
    /// `signInSessionArn`: the sign-in session that the credential belongs to.
    pub sign_in_session: Option<String>,
    /// Whether it signed a request itself: no service made it for the caller (`invokedBy`), and no console session
    /// (`sessionCredentialFromConsole`). Both use keys of their own that no issuance names
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
    pub direct: bool,
    /// Whether a record of it has the mark of AssumeRoot, see [`Caller::is_assumed_root`].
    pub assumed_root: bool,
    /// The account of a product provider that called by temporary delegation: the identity is the customer's, with whose
    /// permissions it called
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-cloudtrail.html>).
    pub delegate: Option<String>,
}

impl Caller {
    /// A session of a role of which nothing but the ARN is known.
    pub(super) fn role_session(arn: &str, account: &str) -> Caller {
        Self::of_arn("AssumedRole", arn, account)
    }

    /// A user of whom nothing but the ARN is known, neither key nor session.
    pub(super) fn user(arn: &str, account: &str, name: &str) -> Caller {
        Caller { user_name: Some(name.to_owned()), ..Self::of_arn("IAMUser", arn, account) }
    }

    fn of_arn(identity_type: &str, arn: &str, account: &str) -> Caller {
        let fields = CallerFields {
            identity_type: Some(identity_type),
            event_source: Some(SIGN_IN),
            identity_account_id: Some(account),
            identity_arn: Some(arn),
            ..CallerFields::default()
        };
        Caller {
            identity_type: Some(identity_type.to_owned()),
            account: Some(account.to_owned()),
            arn: Some(arn.to_owned()),
            ..Caller::bare(fields.id().unwrap_or_default(), fields.class())
        }
    }

    /// A caller of which no more is known.
    #[must_use]
    pub fn bare(id: i64, class: Class) -> Caller {
        Caller {
            id,
            class,
            identity_type: None,
            account: None,
            access_key: None,
            arn: None,
            principal_id: None,
            user_name: None,
            created: None,
            issuer_type: None,
            issuer_arn: None,
            issuer_name: None,
            mfa: None,
            source_identity: None,
            invoked_by: None,
            identity_provider: None,
            federated_provider: None,
            web_id_attributes: None,
            in_scope_of: None,
            ec2_role_delivery: None,
            on_behalf_of: None,
            identity_store: None,
            sign_in_session: None,
            direct: false,
            assumed_root: false,
            delegate: None,
        }
    }

    /// The name of the role session or federated user: the last part of its ARN, or what follows the colon of its unique
    /// id. None for users.
    #[must_use]
    pub fn session_name(&self) -> Option<&str> {
        let from_arn = self.arn.as_deref().and_then(Arn::parse).and_then(Arn::principal);
        match from_arn {
            Some(Principal::RoleSession { session, .. }) => Some(session),
            Some(Principal::FederatedUser { name }) => Some(name),
            Some(_) => None,
            None => self.principal_id.as_deref().and_then(UniqueId::parse).and_then(UniqueId::session),
        }
    }

    /// The name of the session's role.
    #[must_use]
    pub fn role_name(&self) -> Option<&str> {
        match self.arn.as_deref().and_then(Arn::parse).and_then(Arn::principal) {
            Some(Principal::RoleSession { role, .. }) => Some(role),
            Some(Principal::Role { name, .. }) => Some(name),
            _ if self.issuer_type.as_deref() == Some("Role") => self.issuer_name.as_deref(),
            _ => None,
        }
    }

    /// The permission set that Identity Center made the session's role for; None of a role whose path, where the record tells
    /// it, is not that of such roles: then somebody named it so.
    #[must_use]
    pub fn permission_set(&self) -> Option<&str> {
        let is_told = self.issuer_type.as_deref() == Some("Role");
        let issuer = self.issuer_arn.as_deref().filter(|issuer| is_told && !issuer.is_empty());
        if issuer.is_some_and(|issuer| !is_identity_center(issuer)) {
            return None;
        }
        self.role_name().and_then(permission_set)
    }

    /// The role's own ARN: the issuer's, or made of the session's ARN without the path that it lacks.
    #[must_use]
    pub fn role_arn(&self) -> Option<String> {
        if self.issuer_type.as_deref() == Some("Role")
            && let Some(arn) = &self.issuer_arn
        {
            return Some(arn.clone());
        }
        let arn = Arn::parse(self.arn.as_deref()?)?;
        match arn.principal()? {
            Principal::RoleSession { role, .. } => {
                Some(format!("arn:{}:iam::{}:role/{role}", arn.partition, arn.account))
            }
            Principal::Role { .. } => self.arn.clone(),
            _ => None,
        }
    }

    /// Whether it stands for the sign-ins of a user, each of which has neither a key nor a session: all are one caller. Other
    /// calls of a user have neither as well, and are another caller: with a bearer token for Bedrock
    /// (<https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>), with a password for Git
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_ssh-keys.html>).
    #[must_use]
    pub fn signs_in(&self) -> bool {
        if !self.is_user_or_root() || self.access_key.is_some() || self.created.is_some() {
            return false;
        }
        let sign_in = CallerFields {
            identity_type: self.identity_type.as_deref(),
            event_source: Some(SIGN_IN),
            identity_account_id: self.account.as_deref(),
            identity_arn: self.arn.as_deref(),
            principal_id: self.principal_id.as_deref(),
            user_name: self.user_name.as_deref(),
            ..CallerFields::default()
        };
        sign_in.id() == Some(self.id)
    }

    /// Whether it stands for the other calls of a user that neither a key nor a session signed: no record tells which
    /// credential of its service signed them, or who made that.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.class == Class::Credential
            && self.is_user_or_root()
            && self.access_key.is_none()
            && self.created.is_none()
            && !self.signs_in()
    }

    /// The subject of the web identity by which the session came about, where its own records tell it: an attribute that is
    /// called after the provider and by the word for whom its token is of, as the keys of policies are
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>). The records of most
    /// providers have no attributes.
    #[must_use]
    pub fn web_identity(&self) -> Option<String> {
        let attributes: serde_json::Value = serde_json::from_str(self.web_id_attributes.as_deref()?).ok()?;
        let provider = provider_name(self.federated_provider.as_deref()?);
        let word = match provider {
            "www.amazon.com" => "user_id",
            "graph.facebook.com" => "id",
            _ => "sub",
        };
        let subject = attributes.get(format!("{provider}:{word}"))?.as_str()?;
        (!subject.is_empty()).then(|| subject.to_owned())
    }

    /// Whether it is a session of a role.
    #[must_use]
    pub fn is_role_session(&self) -> bool {
        matches!(self.identity_type.as_deref(), Some("AssumedRole" | "Role"))
    }

    /// Whether it is an IAM user or an account's root itself, with whatever key.
    #[must_use]
    pub fn is_user_or_root(&self) -> bool {
        matches!(self.identity_type.as_deref(), Some("IAMUser" | "Root"))
    }

    /// Whether it is a session of a member account's root that AssumeRoot made. Root itself cannot call that: somebody of the
    /// management account or of a delegated administrator acts
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>). AWS's example has the mark in the record of
    /// whoever called AssumeRoot, too, which is no session of root
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-track-privileged-tasks.html>).
    #[must_use]
    pub fn is_assumed_root(&self) -> bool {
        self.assumed_root && self.identity_type.as_deref() == Some("Root")
    }

    /// Whether nobody signed: what CloudTrail puts in the place of an account and of a principal then, as in records of public
    /// buckets (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html>).
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        let mut told = [&self.account, &self.principal_id].into_iter().flatten();
        self.class == Class::Account && told.any(|text| ANONYMOUS.contains(&text.as_str()))
    }

    /// Whether it signed with a temporary key.
    #[must_use]
    pub fn has_temporary_key(&self) -> bool {
        self.access_key.as_deref().is_some_and(|key| IdKind::of(key) == Some(IdKind::TemporaryKey))
    }

    /// Whether all of its calls were made in the console, which no service forwarded. A key of GetSessionToken opens no
    /// console: only AssumeRole and GetFederationToken lead there, besides signing in
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html>).
    #[must_use]
    pub fn is_of_console(&self) -> bool {
        self.class == Class::Credential && self.created.is_some() && !self.direct && self.invoked_by.is_none()
    }

    /// Whether it signed with a long-term key.
    #[must_use]
    pub fn has_long_term_key(&self) -> bool {
        self.access_key.as_deref().is_some_and(|key| IdKind::of(key) == Some(IdKind::LongTermKey))
    }

    /// Whether it is IAM Roles Anywhere, which makes sessions for the holders of certificates
    /// (<https://docs.aws.amazon.com/rolesanywhere/latest/userguide/monitoring-overview.html>).
    #[must_use]
    pub fn is_roles_anywhere(&self) -> bool {
        self.class == Class::Service && self.invoked_by.as_deref() == Some("rolesanywhere.amazonaws.com")
    }

    /// Takes in what another record of the same caller says: of every field the smaller value, so that the order of
    /// records does not matter.
    pub fn merge(&mut self, other: Caller) {
        let least = |own: &mut Option<String>, other: Option<String>| {
            *own = [own.take(), other].into_iter().flatten().min();
        };
        least(&mut self.user_name, other.user_name);
        least(&mut self.issuer_type, other.issuer_type);
        least(&mut self.issuer_arn, other.issuer_arn);
        least(&mut self.issuer_name, other.issuer_name);
        least(&mut self.source_identity, other.source_identity);
        least(&mut self.invoked_by, other.invoked_by);
        least(&mut self.identity_provider, other.identity_provider);
        least(&mut self.federated_provider, other.federated_provider);
        least(&mut self.web_id_attributes, other.web_id_attributes);
        least(&mut self.in_scope_of, other.in_scope_of);
        least(&mut self.ec2_role_delivery, other.ec2_role_delivery);
        least(&mut self.on_behalf_of, other.on_behalf_of);
        least(&mut self.identity_store, other.identity_store);
        least(&mut self.sign_in_session, other.sign_in_session);
        least(&mut self.delegate, other.delegate);
        self.assumed_root |= other.assumed_root;
        self.mfa = self.mfa.max(other.mfa);
        self.direct |= other.direct;
    }

    /// The caller as a node of an answer.
    #[must_use]
    pub fn node(&self) -> Node {
        let own_name = match self.class {
            _ if self.is_anonymous() => Some("anonymous".to_owned()),
            Class::Service => self.invoked_by.clone(),
            Class::Account => self.principal_id.clone(),
            _ if self.is_role_session() => self.role_name().map(str::to_owned),
            _ => self.user_name.clone().or_else(|| self.arn_name()),
        };
        let kind = match (self.class, self.identity_type.as_deref()) {
            (Class::Service, _) => NodeKind::Service,
            (Class::Account, _) if self.is_anonymous() => NodeKind::Unknown,
            (Class::Account, _) => NodeKind::Account,
            (Class::Outside, Some("SAMLUser")) => NodeKind::SamlSubject,
            (Class::Outside, Some("WebIdentityUser")) => NodeKind::WebIdentity,
            (Class::Outside, _) => NodeKind::IdentityCenterUser,
            (Class::Nobody, _) => NodeKind::Unknown,
            (Class::Credential, _) if self.access_key.is_some() => NodeKind::AccessKey,
            (Class::Credential, Some("IAMUser")) => NodeKind::User,
            (Class::Credential, Some("Root")) => NodeKind::Root,
            (Class::Credential, _) => NodeKind::Session,
        };
        let id = match kind {
            NodeKind::AccessKey => self.access_key.clone(),
            NodeKind::Service | NodeKind::SamlSubject | NodeKind::WebIdentity => own_name.clone(),
            NodeKind::Unknown if self.is_anonymous() => own_name.clone(),
            NodeKind::IdentityCenterUser => self.on_behalf_of.clone().or_else(|| own_name.clone()),
            _ => self.arn.clone().or_else(|| self.principal_id.clone()),
        };
        Node {
            kind,
            id: id.or_else(|| own_name.clone()).or_else(|| self.account.clone()).unwrap_or_default(),
            account: self.account.clone().filter(|_| !self.is_anonymous()),
            access_key: self.access_key.clone(),
            arn: self.arn.clone(),
            name: own_name,
            session_name: self.session_name().map(str::to_owned),
            created: self.created.map(Time),
            source_identity: self.source_identity.clone(),
        }
    }

    /// The last part of the ARN.
    fn arn_name(&self) -> Option<String> {
        let arn = self.arn.as_deref().and_then(Arn::parse)?;
        match arn.principal()? {
            Principal::Root => Some("root".to_owned()),
            Principal::User { name, .. }
            | Principal::FederatedUser { name }
            | Principal::Role { name, .. }
            | Principal::RoleSession { session: name, .. } => Some(name.to_owned()),
        }
    }
}

/// Whether a unique id can be told from others: whole and not masked, with the session's name where it is a role's.
/// Sanitised logs hold `AROXXXX…`, `AROA****…:User` or one constant for all: nothing can be told from these.
#[must_use]
pub fn is_telling(principal_id: &str) -> bool {
    match UniqueId::parse(principal_id) {
        Some(id) => id.kind() != IdKind::Role || id.session().is_some(),
        // A federated user's: `account:name`.
        None => principal_id.split_once(':').is_some_and(|(account, name)| {
            crate::aws::AccountId::parse(account).is_some() && !name.is_empty()
        }),
    }
}

/// Whether a record is one of switching roles in the console, by the role session that it made: it says nothing of when
/// that was created, but was written then
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>). `said` are event source and name.
#[must_use]
pub fn is_switch(said: [Option<&str>; 2], identity_type: Option<&str>, access_key: Option<&str>) -> bool {
    said[0] == Some("signin.amazonaws.com")
        && matches!(said[1], Some("SwitchRole" | "RenewRole"))
        && matches!(identity_type, Some("AssumedRole" | "Role"))
        && access_key.is_none()
}

/// The sign-in session in what is left of `userIdentity`, as JSON: `sessionContext.signInSessionArn`, else
/// `signInSessionArn`.
#[must_use]
pub fn sign_in_session(identity_rest: &str) -> Option<String> {
    if !identity_rest.contains("signInSessionArn") {
        return None;
    }
    let identity: serde_json::Value = serde_json::from_str(identity_rest).ok()?;
    let at = |pointer: &str| identity.pointer(pointer).and_then(serde_json::Value::as_str);
    at("/sessionContext/signInSessionArn").or_else(|| at("/signInSessionArn")).map(str::to_owned)
}

/// What kind of thing a node of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// An access key, long-term or temporary.
    AccessKey,
    /// A session that signed without a key.
    Session,
    /// A console or portal session: all that one sign-in led to.
    Console,
    /// An IAM user.
    User,
    /// A way in of a user that is no key: its password.
    Password,
    /// Another way in of a user that is no access key: a certificate, an SSH key, a service-specific credential.
    OtherWay,
    /// An account's root.
    Root,
    /// A role.
    Role,
    /// An instance, function, task or build.
    Workload,
    /// An AWS service.
    Service,
    /// The subject of a SAML provider.
    SamlSubject,
    /// The subject of a web identity provider.
    WebIdentity,
    /// A user of Identity Center.
    IdentityCenterUser,
    /// A principal of an account whose logs are not here.
    Account,
    /// An event.
    Event,
    /// Calls that services forwarded.
    Forwarded,
    /// Nobody that the record names.
    Unknown,
}

impl NodeKind {
    /// The word of JSON output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            NodeKind::AccessKey => "access-key",
            NodeKind::Session => "session",
            NodeKind::Console => "console",
            NodeKind::User => "user",
            NodeKind::Password => "password",
            NodeKind::OtherWay => "other-way",
            NodeKind::Root => "root",
            NodeKind::Role => "role",
            NodeKind::Workload => "workload",
            NodeKind::Service => "service",
            NodeKind::SamlSubject => "saml-subject",
            NodeKind::WebIdentity => "web-identity",
            NodeKind::IdentityCenterUser => "identity-center-user",
            NodeKind::Account => "account",
            NodeKind::Event => "event",
            NodeKind::Forwarded => "forwarded",
            NodeKind::Unknown => "unknown",
        }
    }
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its id: the key id of a key, else the ARN, else the name.
    pub id: String,
    /// Its account.
    pub account: Option<String>,
    /// Its access key id.
    pub access_key: Option<String>,
    /// Its ARN; a role session's is that of the session.
    pub arn: Option<String>,
    /// Its name: of the user, the role, the service, the subject.
    pub name: Option<String>,
    /// The name of the role session.
    pub session_name: Option<String>,
    /// When the session was created.
    pub created: Option<Time>,
    /// The source identity of the session: whoever set it first in the chain chose it, and nobody can change it since
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
}

/// How much was done, when, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Usage {
    /// Calls.
    pub calls: u64,
    /// Those that AWS refused.
    pub denied: u64,
    /// Those that failed otherwise or were throttled.
    pub failed: u64,
    /// Those that a service made for the caller.
    pub forwarded: u64,
    /// The first.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// By address (or name of a service).
    pub addresses: BTreeMap<String, u64>,
}

impl Usage {
    /// Counts everything that `other` counted.
    pub fn merge(&mut self, other: &Usage) {
        self.calls += other.calls;
        self.denied += other.denied;
        self.failed += other.failed;
        self.forwarded += other.forwarded;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        for (address, calls) in &other.addresses {
            *self.addresses.entry(address.clone()).or_default() += calls;
        }
    }
}

/// A caller with what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Who it is.
    pub caller: Caller,
    /// What it did.
    pub usage: Usage,
}
