//! Origins: who stands at the end of a chain.

use std::collections::BTreeSet;

use serde::Serialize;

use super::people::{Namesake, store_id};
use super::sight::Gap;
use super::subject::WebIdentity;
use super::{Issuance, Workload};

/// The kind of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// An IAM user, with or without a long-term key.
    IamUser,
    /// An account's root.
    Root,
    /// An AWS service, for itself or for a workload.
    Service,
    /// The subject of a SAML provider.
    Saml,
    /// The subject of a web identity provider.
    WebIdentity,
    /// A user of Identity Center.
    IdentityCenterUser,
    /// The holder of a certificate of IAM Roles Anywhere.
    Certificate,
    /// A principal of an account whose logs are not here.
    Account,
    /// Nobody signed the request: anybody may have sent it.
    Anonymous,
    /// Nobody knows.
    Unknown,
}

impl OriginKind {
    /// The word of JSON output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            OriginKind::IamUser => "iam-user",
            OriginKind::Root => "root",
            OriginKind::Service => "service",
            OriginKind::Saml => "saml",
            OriginKind::WebIdentity => "web-identity",
            OriginKind::IdentityCenterUser => "identity-center-user",
            OriginKind::Certificate => "certificate",
            OriginKind::Account => "account",
            OriginKind::Anonymous => "anonymous",
            OriginKind::Unknown => "unknown",
        }
    }

    /// Whether it may have long-term keys of its own: users and root have
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html>).
    #[must_use]
    pub fn has_keys(self) -> bool {
        matches!(self, OriginKind::IamUser | OriginKind::Root)
    }
}

/// Who stands at the end of a chain of delegation: the one who acted. Who in turn made *their* key or launched *their*
/// workload is told apart, by links above the origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// The kind.
    pub kind: OriginKind,
    /// The ARN, where it has one.
    pub arn: Option<String>,
    /// The long-term key that began the chain.
    pub access_key: Option<String>,
    /// The name: of the user, the service, the subject; the unique id of a foreign principal.
    pub name: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The identity provider.
    pub provider: Option<String>,
    /// The parts of a web identity's subject.
    pub subject: Option<WebIdentity>,
    /// The unique id of an IAM user (`AIDA…`), where its own records tell it: a user that is made anew under the same ARN has
    /// another one (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// The id of an Identity Center user.
    pub user_id: Option<String>,
    /// The identity store of that user, as its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_store: Option<String>,
    /// All names that an Identity Center user or an IAM user bore, where these are several; `name` is the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How these logs know somebody else of the same name.
    #[serde(skip)]
    pub namesake: Option<Namesake>,
    /// The workload that a service acted for.
    pub on_behalf_of: Option<Workload>,
    /// Whether the sign-in used MFA, where one is known.
    pub mfa: Option<bool>,
    /// The event of the console sign-in.
    pub sign_in: Option<String>,
    /// Whether every step up to here is proven by a record of these logs, or is one that AWS records nowhere by design.
    pub complete: bool,
    /// Whether nothing else comes into question: every candidate of an ambiguous link leads here.
    pub certain: bool,
    /// What is missing.
    pub gap: Option<Gap>,
    /// All origins that candidates which fit alike lead to, where these are several: it may be each of them. Of what else is
    /// said here `kind` is that of the first candidate, and the rest what all share.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_be: Vec<MayBe>,
}

/// One of several origins that come into question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MayBe {
    /// What it is grouped by, see [`Origin::id`].
    pub id: String,
    /// The kind.
    pub kind: OriginKind,
    /// The origin in words.
    pub words: String,
}

impl Origin {
    pub(super) fn new(kind: OriginKind) -> Origin {
        Origin {
            kind,
            arn: None,
            access_key: None,
            name: None,
            account: None,
            provider: None,
            subject: None,
            unique_id: None,
            user_id: None,
            identity_store: None,
            names: Vec::new(),
            namesake: None,
            on_behalf_of: None,
            mfa: None,
            sign_in: None,
            complete: true,
            certain: true,
            gap: None,
            may_be: Vec::new(),
        }
    }

    /// What stands between the ids of several origins that come into question.
    pub const OR: &'static str = " or ";

    /// The same, where it may be each of some origins; where these are of one id, it is that one.
    #[must_use]
    pub fn or_one_of<'a>(self, origins: impl IntoIterator<Item = &'a Origin>) -> Origin {
        let origins: Vec<&Origin> = origins.into_iter().collect();
        let named = |one: &&Origin| MayBe { id: one.id(), kind: one.kind, words: one.words() };
        let mut all: Vec<MayBe> = origins.iter().map(named).collect();
        all.sort();
        all.dedup_by(|a, b| a.id == b.id);
        if all.len() < 2 {
            return self;
        }
        Origin {
            arn: None,
            access_key: None,
            name: same(&origins, |one| one.name.clone()),
            account: same(&origins, |one| one.account.clone()),
            provider: same(&origins, |one| one.provider.clone()),
            subject: None,
            unique_id: same(&origins, |one| one.unique_id.clone()),
            user_id: same(&origins, |one| one.user_id.clone()),
            identity_store: same(&origins, |one| one.identity_store.clone()),
            names: Vec::new(),
            on_behalf_of: same(&origins, |one| one.on_behalf_of.clone()),
            mfa: same(&origins, |one| one.mfa),
            sign_in: None,
            may_be: all,
            ..self
        }
    }

    /// A user or root that is asked about by its own name.
    #[must_use]
    pub fn principal(
        kind: OriginKind,
        arn: Option<String>,
        name: Option<String>,
        account: Option<String>,
    ) -> Origin {
        Origin { arn, name, account, ..Origin::new(kind) }
    }

    /// Several ways to the origin of one [`Origin::id`] as one: of what tells how somebody came, such as key, MFA and
    /// sign-in, only what all share; complete and certain only if all are; of gaps the first. None for no origins.
    #[must_use]
    pub fn shared<'a>(origins: impl IntoIterator<Item = &'a Origin>) -> Option<Origin> {
        let all: Vec<&Origin> = origins.into_iter().collect();
        let first = all.first()?;
        Some(Origin {
            kind: first.kind,
            arn: known(&all, |one| one.arn.clone()),
            access_key: same(&all, |one| one.access_key.clone()),
            name: known(&all, |one| one.name.clone()),
            account: known(&all, |one| one.account.clone()),
            provider: known(&all, |one| one.provider.clone()),
            subject: known(&all, |one| one.subject.clone()),
            unique_id: known(&all, |one| one.unique_id.clone()),
            user_id: known(&all, |one| one.user_id.clone()),
            identity_store: known(&all, |one| one.identity_store.clone()),
            names: all.iter().map(|one| one.names.clone()).max().unwrap_or_default(),
            namesake: all.iter().filter_map(|one| one.namesake).max(),
            on_behalf_of: known(&all, |one| one.on_behalf_of.clone()),
            mfa: same(&all, |one| one.mfa),
            sign_in: same(&all, |one| one.sign_in.clone()),
            complete: all.iter().all(|one| one.complete),
            certain: all.iter().all(|one| one.certain),
            gap: all.iter().filter_map(|one| one.gap.clone()).min(),
            may_be: first.may_be.clone(),
        })
    }

    /// In what several ways to one origin differ, in words: `key`, `MFA`, `sign-in`, `proof`.
    #[must_use]
    pub fn differences(origins: &[&Origin]) -> Vec<&'static str> {
        fn differ<T: Ord>(origins: &[&Origin], of: impl Fn(&Origin) -> T) -> bool {
            origins.iter().map(|one| of(one)).collect::<BTreeSet<T>>().len() > 1
        }
        let found = [
            (differ(origins, |one| one.access_key.clone()), "key"),
            (differ(origins, |one| one.mfa), "MFA"),
            (differ(origins, |one| one.sign_in.clone()), "sign-in"),
            (differ(origins, |one| (one.complete, one.certain)), "proof"),
        ];
        found.into_iter().filter_map(|(differs, what)| differs.then_some(what)).collect()
    }

    /// Nobody, for a reason.
    #[must_use]
    pub fn unknown(gap: Gap) -> Origin {
        Origin { complete: false, certain: false, gap: Some(gap), ..Origin::new(OriginKind::Unknown) }
    }

    /// What the console sign-ins tell that it may have come by: MFA only where all agree, the event only of one.
    pub(crate) fn sign_in_by(&mut self, sign_ins: &[Issuance]) {
        let Some(first) = sign_ins.first() else { return };
        self.mfa = first.mfa.filter(|_| sign_ins.iter().all(|one| one.mfa == first.mfa));
        self.sign_in = (sign_ins.len() == 1).then(|| first.record.id());
    }

    /// Marks it as incomplete, unless it is already.
    #[must_use]
    pub fn with_gap(mut self, gap: Gap) -> Origin {
        self.complete = false;
        self.gap.get_or_insert(gap);
        self
    }

    /// The same for the same origin: what is grouped by. Two chains that end at one user are of one origin, whatever is
    /// missing in between. Of several that come into question all, parted by ` or `.
    #[must_use]
    pub fn id(&self) -> String {
        if !self.may_be.is_empty() {
            let ids: Vec<&str> = self.may_be.iter().map(|one| one.id.as_str()).collect();
            return ids.join(Self::OR);
        }
        let name =
            || self.name.clone().or_else(|| self.account.clone()).unwrap_or_else(|| "unknown".to_owned());
        match self.kind {
            OriginKind::IamUser | OriginKind::Root => self.arn.clone().unwrap_or_else(name),
            OriginKind::Service => match &self.on_behalf_of {
                Some(workload) => format!("{} for {}", name(), workload.words()),
                None => name(),
            },
            OriginKind::Account => {
                let name = self.name.as_deref().unwrap_or("unknown");
                format!("{}:{name}", self.account.as_deref().unwrap_or("unknown"))
            }
            OriginKind::Saml | OriginKind::WebIdentity => match &self.provider {
                Some(provider) => format!("{provider}:{}", self.name.as_deref().unwrap_or("unknown")),
                None => name(),
            },
            OriginKind::IdentityCenterUser => self.person_name(),
            OriginKind::Certificate => name(),
            OriginKind::Anonymous | OriginKind::Unknown => self.kind.word().to_owned(),
        }
    }

    /// Whether it is known who it is: somebody, and of people who bore one name a certain one.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        let is_one_of_several = self.kind == OriginKind::IdentityCenterUser
            && self.user_id.is_none()
            && self.namesake == Some(Namesake::OtherId);
        !matches!(self.kind, OriginKind::Anonymous | OriginKind::Unknown) && !is_one_of_several
    }

    /// A user of Identity Center.
    #[cfg(test)]
    pub(super) fn person(
        name: Option<String>,
        user_id: Option<String>,
        identity_store: Option<String>,
    ) -> Origin {
        Origin { name, user_id, identity_store, ..Origin::new(OriginKind::IdentityCenterUser) }
    }

    /// The name of a user of Identity Center, else its id; with the identity store or the id where the name is not of one
    /// person.
    fn person_name(&self) -> String {
        let name = self.name.as_deref().or(self.user_id.as_deref()).unwrap_or("unknown");
        match (self.namesake, self.identity_store.as_deref(), self.user_id.as_deref()) {
            (Some(Namesake::OtherStore), Some(store), _) => {
                format!("{name} of identity store {}", store_id(store))
            }
            (Some(Namesake::OtherId), _, Some(id)) => format!("{name} of user id {id}"),
            _ => name.to_owned(),
        }
    }

    /// The other names that a user of Identity Center bore, in words: ` (also lea)`.
    fn other_names(&self) -> String {
        let others: Vec<&str> =
            self.names.iter().filter(|name| Some(*name) != self.name.as_ref()).map(String::as_str).collect();
        if others.is_empty() { String::new() } else { format!(" (also {})", others.join(", ")) }
    }

    /// The origin in words: `IAM user dana`, `one of 2: IAM user dana, IAM user eve`.
    #[must_use]
    pub fn words(&self) -> String {
        if !self.may_be.is_empty() {
            let words: Vec<&str> = self.may_be.iter().map(|one| one.words.as_str()).collect();
            return format!("one of {}: {}", words.len(), words.join(", "));
        }
        let name = self.name.as_deref().unwrap_or("unknown");
        match self.kind {
            OriginKind::IamUser => match (self.namesake, &self.unique_id) {
                (Some(_), Some(id)) => format!("IAM user {name} of unique id {id}"),
                _ => format!("IAM user {name}"),
            },
            OriginKind::Root => format!("root of account {}", self.account.as_deref().unwrap_or("unknown")),
            OriginKind::Service => match &self.on_behalf_of {
                Some(workload) => format!("{name} for {}", workload.words()),
                None => name.to_owned(),
            },
            OriginKind::Saml => format!("SAML subject {name}"),
            OriginKind::WebIdentity => match &self.subject {
                Some(subject) => subject.words(),
                None => format!("web identity of {}", self.provider.as_deref().unwrap_or("unknown provider")),
            },
            OriginKind::IdentityCenterUser => {
                format!("Identity Center user {}{}", self.person_name(), self.other_names())
            }
            OriginKind::Certificate => format!("certificate {name}"),
            OriginKind::Account => {
                let name = self.arn.as_deref().unwrap_or(name);
                format!("account {}, principal {name}", self.account.as_deref().unwrap_or("unknown"))
            }
            OriginKind::Anonymous => "nobody that signed (anonymous)".to_owned(),
            OriginKind::Unknown => "unknown".to_owned(),
        }
    }

    /// The same, with the account where another one of these is called alike.
    #[must_use]
    pub fn words_among<'a>(&self, all: impl IntoIterator<Item = &'a Origin>) -> String {
        let words = self.words();
        let is_other = |other: &&Origin| other.account != self.account && other.words() == words;
        match self.account.as_deref().filter(|_| all.into_iter().any(|other| is_other(&other))) {
            Some(account) => format!("{words} of account {account}"),
            None => words,
        }
    }
}

/// The value that all have that have any.
fn known<T: Ord>(origins: &[&Origin], of: impl Fn(&Origin) -> Option<T>) -> Option<T> {
    let mut values: BTreeSet<T> = origins.iter().filter_map(|one| of(one)).collect();
    if values.len() == 1 { values.pop_first() } else { None }
}

/// The value that all have, none being a value, too.
fn same<T: Ord>(origins: &[&Origin], of: impl Fn(&Origin) -> Option<T>) -> Option<T> {
    let mut values: BTreeSet<Option<T>> = origins.iter().map(|one| of(one)).collect();
    if values.len() == 1 { values.pop_first().flatten() } else { None }
}
