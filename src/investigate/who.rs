//! Who the subject is: the identities, keys and sessions that its records carry.

use std::collections::BTreeSet;

use serde::Serialize;

use super::bounded::Bounded;
use super::evidence::{Evidence, Seen, Span, Time, keep_smallest};
use super::limit::Limits;
use super::outcome::Outcome;
use crate::aws::{AccessKeyId, Arn, Principal, UniqueId};
use crate::lineage::subject::web_identity;
use crate::query::EventRow;

/// What kind of name an investigation was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// An access key id, long-term or temporary.
    AccessKey,
    /// An IAM user.
    User,
    /// An IAM role, with all its sessions.
    Role,
    /// One role session, by its ARN or name.
    Session,
    /// The root user of an account.
    Root,
    /// A unique id: `AIDA…`, `AROA…`.
    UniqueId,
    /// A source identity.
    SourceIdentity,
    /// A source IP address.
    Address,
    /// A user of IAM Identity Center.
    IdentityCenterUser,
    /// A subject that an identity provider vouched for: of SAML or of a web identity.
    Subject,
    /// Something else that the caller knows how to select.
    Other,
}

/// Whom an investigation is about, as the caller resolved what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectInfo {
    /// What kind of name `id` is.
    pub kind: SubjectKind,
    /// The full id: key id, ARN, unique id, address.
    pub id: String,
    /// What the user typed.
    pub asked: String,
}

/// Who made a call, as far as its record says.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Caller {
    /// `userIdentity.type`.
    pub identity_type: Option<String>,
    /// The caller's ARN, else its unique id.
    pub identity: Option<String>,
    /// The key that signed.
    pub access_key_id: Option<String>,
    /// The service that called, for itself or for the caller.
    pub service: Option<String>,
    /// The source address.
    pub address: Option<String>,
}

impl Caller {
    /// The caller of `row`.
    pub fn of(row: &EventRow<'_>) -> Caller {
        let text = |value: Option<&str>| value.filter(|v| !v.is_empty()).map(str::to_owned);
        Caller {
            identity_type: text(row.identity_type),
            identity: text(row.identity_arn)
                .or_else(|| text(row.principal_id))
                .or_else(|| text(row.user_name)),
            access_key_id: text(row.access_key_id),
            service: text(row.invoked_by),
            address: text(row.source_ip_address),
        }
    }

    /// Who called, in words: `IAM user dana`, `role deploy (session nightly)`. The name of a session is never said alone:
    /// whoever assumes the role chooses it
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>), as whoever may push to a repository chooses
    /// how the subject of its token ends. None where the record names nobody.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let Some(identity) = &self.identity else { return self.service.clone() };
        Some(match self.identity_type.as_deref() {
            Some("WebIdentityUser") => web_identity_words(identity),
            Some("SAMLUser") => format!("SAML subject {identity}"),
            Some("IdentityCenterUser") => format!("Identity Center user {identity}"),
            _ => principal_words(identity).unwrap_or_else(|| identity.clone()),
        })
    }
}

/// A principal that an ARN names, in words; None where it names none.
pub(crate) fn principal_words(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn)?;
    Some(match arn.principal()? {
        Principal::Root => format!("root of {}", arn.account),
        Principal::User { name, .. } => format!("IAM user {name}"),
        Principal::Role { name, .. } => format!("role {name}"),
        Principal::RoleSession { role, session } => format!("role {role} (session {session})"),
        Principal::FederatedUser { name } => format!("federated user {name}"),
    })
}

/// The unique id of a web identity: `PROVIDER:AUDIENCE:SUBJECT`, the provider as its ARN or its host
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>).
fn web_identity_words(identity: &str) -> String {
    let whole = identity.split_once(":oidc-provider/").map_or(identity, |(_, rest)| rest);
    let parts = whole.split_once(':').and_then(|(provider, rest)| {
        // An audience may be an address.
        let scheme =
            ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme)).unwrap_or_default();
        let (_, subject) = rest.strip_prefix(scheme)?.split_once(':')?;
        Some((provider, subject))
    });
    match parts {
        Some((provider, subject)) => web_identity(provider, subject).words(),
        None => format!("web identity {identity}"),
    }
}

/// The account that a key id or unique id encodes, against what the records say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EncodedAccount {
    /// The key id or unique id.
    pub id: String,
    /// The account inside it; two where the character with its last bit is unreadable.
    pub encoded: Vec<String>,
    /// The accounts of the identities in its records.
    pub recorded: Vec<String>,
    /// Whether no record has such an account. The records are believed: sanitised logs hold ids that were made up.
    pub disagrees: bool,
}

/// How many records were made with multi-factor authentication, as they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Mfa {
    /// Records of sessions with MFA.
    pub with: u64,
    /// Records of sessions without.
    pub without: u64,
    /// Records that do not say; those of long-term keys never do.
    pub unsaid: u64,
}

/// An access key that signed records of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySeen {
    /// The key id; `null` for records that carry none.
    pub id: Option<String>,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// How many of its calls were denied.
    pub denied: u64,
    /// The identities it signed for.
    pub identities: Vec<String>,
    /// The addresses it was used from.
    pub addresses: Vec<String>,
}

/// A session that records of the subject belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionSeen {
    /// The session's or user's ARN.
    pub arn: String,
    /// When the session was created.
    pub created: Time,
    /// How often and when it was used.
    #[serde(flatten)]
    pub span: Span,
    /// Whether it was authenticated with MFA; `null` where its records do not say.
    pub mfa: Option<bool>,
    /// How many of its records came through the console.
    pub console_calls: u64,
    /// The keys it signed with.
    pub keys: Vec<String>,
}

/// A record that made the subject: its user, its key, or its temporary key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// The record.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Who made it.
    pub by: Caller,
}

/// Who the subject is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// What kind of name was asked for.
    pub kind: SubjectKind,
    /// The full id.
    pub id: String,
    /// What was typed.
    pub asked: String,
    /// `userIdentity.type` of its records.
    pub types: Vec<Seen>,
    /// The ARNs of its records.
    pub arns: Vec<Seen>,
    /// The user names of its records.
    pub names: Vec<Seen>,
    /// The unique ids of its records, session names included.
    pub unique_ids: Vec<Seen>,
    /// The roles (or users) that issued its sessions.
    pub issuers: Vec<Seen>,
    /// The accounts its records belong to.
    pub accounts: Vec<Seen>,
    /// The accounts of its identities.
    pub identity_accounts: Vec<Seen>,
    /// The source identities of its sessions.
    pub source_identities: Vec<Seen>,
    /// The Identity Center users that it acted for.
    pub on_behalf_of: Vec<Seen>,
    /// The identity providers of its sessions.
    pub identity_providers: Vec<Seen>,
    /// The accounts that its keys and ids encode, one an id.
    pub encoded_accounts: Vec<EncodedAccount>,
    /// Its use of MFA.
    pub mfa: Mfa,
    /// Its keys.
    pub keys: Vec<KeySeen>,
    /// Its sessions.
    pub sessions: Vec<SessionSeen>,
    /// The records that made it, as far as they are in the logs.
    pub made_by: Vec<Origin>,
}

#[derive(Debug, Clone, Default)]
struct KeyFold {
    span: Span,
    denied: u64,
    identities: BTreeSet<String>,
    addresses: BTreeSet<String>,
    accounts: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct SessionFold {
    span: Span,
    with_mfa: u64,
    without_mfa: u64,
    console_calls: u64,
    keys: BTreeSet<String>,
}

/// Gathers who the subject is.
#[derive(Debug, Clone)]
pub(crate) struct WhoFold {
    limits: Limits,
    types: Bounded<String, Span>,
    arns: Bounded<String, Span>,
    names: Bounded<String, Span>,
    unique_ids: Bounded<String, Span>,
    issuers: Bounded<String, Span>,
    accounts: Bounded<String, Span>,
    identity_accounts: Bounded<String, Span>,
    source_identities: Bounded<String, Span>,
    on_behalf_of: Bounded<String, Span>,
    identity_providers: Bounded<String, Span>,
    mfa: Mfa,
    keys: Bounded<String, KeyFold>,
    sessions: Bounded<(String, Time), SessionFold>,
    details_reached: bool,
}

impl WhoFold {
    pub(crate) fn new(limits: Limits) -> WhoFold {
        let identities = || Bounded::new(limits.identities_max);
        WhoFold {
            limits,
            types: identities(),
            arns: identities(),
            names: identities(),
            unique_ids: identities(),
            issuers: identities(),
            accounts: identities(),
            identity_accounts: identities(),
            source_identities: identities(),
            on_behalf_of: identities(),
            identity_providers: identities(),
            mfa: Mfa::default(),
            keys: Bounded::new(limits.credentials_max),
            sessions: Bounded::new(limits.credentials_max),
            details_reached: false,
        }
    }

    /// Takes in one record of the subject.
    pub(crate) fn push(&mut self, row: &EventRow<'_>, outcome: Outcome) {
        let at = Time(row.event_time);
        note(&mut self.types, row.identity_type, at);
        note(&mut self.arns, row.identity_arn, at);
        note(&mut self.names, row.user_name, at);
        note(&mut self.unique_ids, row.principal_id, at);
        note(&mut self.issuers, row.session_issuer_arn, at);
        note(&mut self.accounts, row.account, at);
        note(&mut self.identity_accounts, row.identity_account_id, at);
        note(&mut self.source_identities, row.source_identity, at);
        note(&mut self.on_behalf_of, row.on_behalf_of_user_id, at);
        note(&mut self.identity_providers, row.identity_provider.or(row.federated_provider), at);
        match row.mfa_authenticated {
            Some(true) => self.mfa.with += 1,
            Some(false) => self.mfa.without += 1,
            None => self.mfa.unsaid += 1,
        }
        self.push_key(row, outcome);
        self.push_session(row);
    }

    fn push_key(&mut self, row: &EventRow<'_>, outcome: Outcome) {
        let max = self.limits.details_max;
        let Some(key) = self.keys.slot(row.access_key_id.unwrap_or_default()) else { return };
        key.span.add(Time(row.event_time));
        key.denied += u64::from(outcome == Outcome::Denied);
        for (set, value) in [
            (&mut key.identities, row.identity_arn),
            (&mut key.addresses, row.source_ip_address),
            (&mut key.accounts, row.identity_account_id),
        ] {
            if let Some(value) = value.filter(|v| !v.is_empty() && !set.contains(*v)) {
                self.details_reached |= keep_smallest(set, value.to_owned(), max);
            }
        }
    }

    fn push_session(&mut self, row: &EventRow<'_>) {
        let (Some(arn), Some(created)) = (row.identity_arn, row.session_created) else { return };
        let max = self.limits.details_max;
        let Some(session) = self.sessions.slot(&(arn.to_owned(), Time(created))) else { return };
        session.span.add(Time(row.event_time));
        session.with_mfa += u64::from(row.mfa_authenticated == Some(true));
        session.without_mfa += u64::from(row.mfa_authenticated == Some(false));
        session.console_calls += u64::from(row.session_credential_from_console == Some(true));
        if let Some(key) = row.access_key_id.filter(|key| !key.is_empty() && !session.keys.contains(*key)) {
            self.details_reached |= keep_smallest(&mut session.keys, key.to_owned(), max);
        }
    }

    /// The ARNs seen.
    pub(crate) fn identity_arns(&self) -> impl Iterator<Item = &str> {
        self.arns.iter().map(|(arn, _)| arn.as_str())
    }

    /// The user names seen.
    pub(crate) fn user_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// The roles or users that issued its sessions.
    pub(crate) fn issuer_arns(&self) -> impl Iterator<Item = &str> {
        self.issuers.iter().map(|(arn, _)| arn.as_str())
    }

    /// The accounts its records belong to.
    pub(crate) fn account_ids(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().map(|(account, _)| account.as_str())
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        let identities = [
            ("subject.types", self.types.reached()),
            ("subject.arns", self.arns.reached()),
            ("subject.names", self.names.reached()),
            ("subject.unique_ids", self.unique_ids.reached()),
            ("subject.issuers", self.issuers.reached()),
            ("subject.accounts", self.accounts.reached()),
            ("subject.identity_accounts", self.identity_accounts.reached()),
            ("subject.source_identities", self.source_identities.reached()),
            ("subject.on_behalf_of", self.on_behalf_of.reached()),
            ("subject.identity_providers", self.identity_providers.reached()),
        ];
        let credentials =
            [("subject.keys", self.keys.reached()), ("subject.sessions", self.sessions.reached())];
        let mut reached: Vec<(&'static str, usize)> = Vec::new();
        reached.extend(identities.iter().filter(|(_, r)| *r).map(|(n, _)| (*n, self.limits.identities_max)));
        reached
            .extend(credentials.iter().filter(|(_, r)| *r).map(|(n, _)| (*n, self.limits.credentials_max)));
        if self.details_reached {
            reached.push(("subject.keys.*", self.limits.details_max));
        }
        reached
    }

    /// The identity card.
    pub(crate) fn finish(self, info: SubjectInfo, made_by: Vec<Origin>) -> Subject {
        let mut encoded_accounts = Vec::new();
        for (id, key) in self.keys.iter() {
            encoded_accounts.extend(encoded_account(id, key.accounts.iter().cloned().collect()));
        }
        if info.kind == SubjectKind::UniqueId {
            let recorded = self.identity_accounts.iter().map(|(account, _)| account.clone()).collect();
            encoded_accounts.extend(encoded_account(&info.id, recorded));
        }
        let keys = self.keys.into_iter().map(|(id, key)| KeySeen {
            id: (!id.is_empty()).then_some(id),
            span: key.span,
            denied: key.denied,
            identities: key.identities.into_iter().collect(),
            addresses: key.addresses.into_iter().collect(),
        });
        let mut keys: Vec<KeySeen> = keys.collect();
        keys.sort_by(|a, b| (a.span.first, &a.id).cmp(&(b.span.first, &b.id)));
        let sessions = self.sessions.into_iter().map(|((arn, created), session)| SessionSeen {
            arn,
            created,
            span: session.span,
            mfa: (session.with_mfa + session.without_mfa > 0).then_some(session.with_mfa > 0),
            console_calls: session.console_calls,
            keys: session.keys.into_iter().collect(),
        });
        let mut sessions: Vec<SessionSeen> = sessions.collect();
        sessions.sort_by(|a, b| (a.created, &a.arn).cmp(&(b.created, &b.arn)));
        Subject {
            kind: info.kind,
            id: info.id,
            asked: info.asked,
            types: seen(self.types),
            arns: seen(self.arns),
            names: seen(self.names),
            unique_ids: seen(self.unique_ids),
            issuers: seen(self.issuers),
            accounts: seen(self.accounts),
            identity_accounts: seen(self.identity_accounts),
            source_identities: seen(self.source_identities),
            on_behalf_of: seen(self.on_behalf_of),
            identity_providers: seen(self.identity_providers),
            encoded_accounts,
            mfa: self.mfa,
            keys,
            sessions,
            made_by,
        }
    }
}

/// Counts `value`, when there is one.
pub(crate) fn note(map: &mut Bounded<String, Span>, value: Option<&str>, at: Time) {
    if let Some(value) = value.filter(|v| !v.is_empty())
        && let Some(span) = map.slot(value)
    {
        span.add(at);
    }
}

/// The counted values, most frequent first.
pub(crate) fn seen(map: Bounded<String, Span>) -> Vec<Seen> {
    let mut list: Vec<Seen> = map.into_iter().map(|(value, span)| Seen { value, span }).collect();
    list.sort_by(|a, b| b.span.calls.cmp(&a.span.calls).then_with(|| a.value.cmp(&b.value)));
    list
}

fn encoded_account(id: &str, recorded: Vec<String>) -> Option<EncodedAccount> {
    let encoded = match account_inside(id) {
        Some(account) => vec![account],
        None => accounts_without_last_bit(id),
    };
    if encoded.is_empty() {
        return None;
    }
    let disagrees = !recorded.is_empty() && !recorded.iter().any(|account| encoded.contains(account));
    Some(EncodedAccount { id: id.to_owned(), encoded, recorded, disagrees })
}

fn account_inside(id: &str) -> Option<String> {
    let account = match AccessKeyId::parse(id) {
        Some(key) => key.account(),
        None => UniqueId::parse(id).and_then(UniqueId::account),
    };
    account.map(|account| account.to_string())
}

/// The two accounts that are left when the id's character 13, which holds the account's last bit, is none of base32:
/// masking often spares the first twelve characters.
fn accounts_without_last_bit(id: &str) -> Vec<String> {
    let parts = id.split_at_checked(12).and_then(|(head, rest)| Some((head, rest.get(1..)?)));
    let Some((head, tail)) = parts else { return Vec::new() };
    // `A` is 0 and `Q` is 16 in base32.
    ["A", "Q"].iter().filter_map(|bit| account_inside(&format!("{head}{bit}{tail}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_called_is_worded_by_what_nobody_else_could_choose() {
        let words = |kind: &str, identity: &str| {
            let caller = Caller {
                identity_type: Some(kind.to_owned()),
                identity: Some(identity.to_owned()),
                ..Caller::default()
            };
            caller.words().unwrap()
        };
        let arn = |rest: &str| format!("arn:aws:sts::111122223333:{rest}");
        assert_eq!(words("AssumedRole", &arn("assumed-role/deploy/dana")), "role deploy (session dana)");
        assert_eq!(words("IAMUser", "arn:aws:iam::111122223333:user/ops/dana"), "IAM user dana");
        assert_eq!(words("FederatedUser", &arn("federated-user/dana")), "federated user dana");
        assert_eq!(words("AWSAccount", "AIDARTX3GSDSQAEXAMPLE"), "AIDARTX3GSDSQAEXAMPLE");
        assert_eq!(words("SAMLUser", "EXAMPLE=:dana"), "SAML subject EXAMPLE=:dana");
        let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com:\
                      sts.amazonaws.com:repo:acme/infra:ref:refs/heads/x/dana";
        assert_eq!(words("WebIdentityUser", github), "GitHub repository acme/infra (ref:refs/heads/x/dana)");
        let google = "accounts.google.com:app.example.com:1234";
        assert_eq!(words("WebIdentityUser", google), "Google account 1234");
        assert_eq!(words("WebIdentityUser", "dana"), "web identity dana");
        let service = Caller { service: Some("ec2.amazonaws.com".to_owned()), ..Caller::default() };
        assert_eq!(service.words().as_deref(), Some("ec2.amazonaws.com"));
    }
}
