//! The users and roles that are looked at.

use std::collections::{BTreeSet, HashMap};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::aws::{AccountId, Arn, Principal as Named, Time};
use crate::policy::{self, Caller, Document, Effect, Match, Principals};
use crate::snapshot::{Principal, Snapshot};

/// A user or role of the snapshot.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its ARN, with path.
    pub arn: String,
    /// `role/NAME` or `user/NAME`.
    pub label: String,
    /// Its friendly name.
    pub name: String,
    /// Its account.
    pub account: AccountId,
    /// What it is.
    pub kind: SubjectKind,
    /// `AIDA…` or `AROA…`.
    pub unique_id: Option<String>,
    /// When it was made.
    pub created: Option<Time>,
    /// Why it is kept apart; None for what its owner can edit.
    pub apart: Option<Apart>,
    /// For the evaluator.
    pub caller: Caller,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// An IAM role.
    Role,
    /// An IAM user.
    User,
}

/// Whose role it is, where that is not its account's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Apart {
    /// A service made it and owns its permissions; nobody can edit them
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html>).
    ServiceLinked,
    /// Only services of AWS may assume it, or a console made it for one (the path `/service-role/`)
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html>).
    ServiceRole,
    /// Identity Center made it from a permission set, under the path `/aws-reserved/sso.amazonaws.com/`; nobody can edit it in
    /// its account, but the set can be changed
    /// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html>).
    IdentityCenter,
}

impl Apart {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ServiceLinked => "service-linked",
            Self::ServiceRole => "service-role",
            Self::IdentityCenter => "identity-center",
        }
    }
}

/// Which principals are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Wanted {
    /// Only this one: an ARN, `role/NAME`, `user/NAME` or a name; the ARN may be a session's.
    pub principal: Option<String>,
    /// Only those of this account.
    pub account: Option<AccountId>,
}

/// Nobody, or too many, are named so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The snapshot has no such user or role.
    #[error("no user or role `{asked}` in the snapshot{}", near_words(near))]
    Nobody {
        /// What was asked for.
        asked: String,
        /// Names that resemble it, at most three.
        near: Vec<String>,
    },
    /// The snapshot has no such account.
    #[error("no account {0} in the snapshot")]
    NoAccount(AccountId),
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("\nhint: it holds `{}`", near.join("`, `")) }
}

/// The principals of a snapshot, in order of account, kind and name.
#[derive(Debug, Clone, Default)]
pub struct Subjects {
    all: Vec<Subject>,
    by_arn: HashMap<String, usize>,
    /// The accounts that are looked at, those without any principal, too.
    wanted: BTreeSet<AccountId>,
    /// Whether only some of an account are wanted.
    is_part: bool,
}

impl Subjects {
    /// Those of a snapshot that are wanted.
    ///
    /// # Errors
    ///
    /// [`SubjectError`] where one is asked for by a name that nobody has.
    pub fn of(snapshot: &Snapshot, wanted: &Wanted) -> Result<Self, SubjectError> {
        if let Some(account) = wanted.account.filter(|account| !snapshot.accounts.contains_key(account)) {
            return Err(SubjectError::NoAccount(account));
        }
        let mut all = Vec::new();
        let mut accounts = BTreeSet::new();
        for (account, details) in &snapshot.accounts {
            if wanted.account.is_some_and(|wanted| wanted != *account) {
                continue;
            }
            accounts.insert(*account);
            all.extend(details.roles.values().map(|role| Subject::of(*account, role)));
            all.extend(details.users.values().map(|user| Subject::of(*account, user)));
        }
        if let Some(asked) = &wanted.principal {
            let near = near(&all, asked);
            all.retain(|subject| subject.is_named(asked));
            if all.is_empty() {
                return Err(SubjectError::Nobody { asked: asked.clone(), near });
            }
        }
        all.sort_by(|a, b| (a.account, a.kind, &a.name).cmp(&(b.account, b.kind, &b.name)));
        let by_arn = all.iter().enumerate().map(|(at, subject)| (subject.arn.clone(), at)).collect();
        Ok(Self { all, by_arn, wanted: accounts, is_part: wanted.principal.is_some() })
    }

    /// The place of a principal by its ARN with path.
    pub(crate) fn place(&self, arn: &str) -> Option<usize> {
        self.by_arn.get(arn).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Subject> {
        self.all.iter()
    }

    /// One by its place.
    pub(crate) fn get(&self, place: usize) -> Option<&Subject> {
        self.all.get(place)
    }

    /// The principal in the snapshot.
    pub(crate) fn principal<'s>(&self, place: usize, snapshot: &'s Snapshot) -> Option<&'s Principal> {
        let subject = self.get(place)?;
        let details = snapshot.accounts.get(&subject.account)?;
        match subject.kind {
            SubjectKind::Role => details.roles.get(&subject.name),
            SubjectKind::User => details.users.get(&subject.name),
        }
    }

    /// Whether all principals of an account are looked at.
    pub(crate) fn is_whole(&self, account: AccountId) -> bool {
        !self.is_part && self.all.iter().any(|subject| subject.account == account)
    }

    /// The accounts that are looked at.
    pub(crate) fn wanted(&self) -> &BTreeSet<AccountId> {
        &self.wanted
    }

    /// Whether only one principal was asked for.
    pub(crate) fn is_part(&self) -> bool {
        self.is_part
    }

    /// The accounts of all of them.
    #[must_use]
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        self.all.iter().map(|subject| subject.account).collect()
    }
}

impl Subject {
    fn of(account: AccountId, own: &Principal) -> Self {
        let (arn, unique_id) = (own.arn.clone(), own.unique_id.clone());
        let kind = if own.trust.is_some() { SubjectKind::Role } else { SubjectKind::User };
        let caller = match kind {
            SubjectKind::Role => Caller::RoleSession {
                session_arn: arn.clone(),
                role_arn: Some(arn.clone()),
                unique_id: unique_id.clone(),
            },
            SubjectKind::User => Caller::User { arn: arn.clone(), unique_id: unique_id.clone() },
        };
        let word = if kind == SubjectKind::Role { "role" } else { "user" };
        let apart = match Arn::parse(&arn).and_then(Arn::principal) {
            Some(Named::Role { path, .. }) if path.starts_with("/aws-service-role/") => {
                Some(Apart::ServiceLinked)
            }
            // No account can give this path to a role of its own.
            Some(Named::Role { path, .. }) if path.starts_with("/aws-reserved/sso.amazonaws.com/") => {
                Some(Apart::IdentityCenter)
            }
            Some(Named::Role { path, .. }) if path.starts_with("/service-role/") => Some(Apart::ServiceRole),
            _ => own.trust.as_deref().filter(|trust| trusts_services_only(trust)).map(|_| Apart::ServiceRole),
        };
        Self {
            label: format!("{word}/{}", own.name),
            name: own.name.clone(),
            account,
            kind,
            unique_id,
            created: own.created,
            apart,
            caller,
            arn,
        }
    }

    /// Some user of an account, of whom no more is known.
    pub(crate) fn anyone(account: AccountId) -> Self {
        let arn = format!("arn:aws:iam::{account}:user/anyone");
        Self {
            label: String::new(),
            name: String::new(),
            account,
            kind: SubjectKind::User,
            unique_id: None,
            created: None,
            apart: None,
            caller: Caller::User { arn: arn.clone(), unique_id: None },
            arn,
        }
    }

    fn is_named(&self, asked: &str) -> bool {
        let of_session = || match Arn::parse(asked)?.principal()? {
            Named::RoleSession { role, .. } => Some(role),
            _ => None,
        };
        self.arn == asked
            || self.label == asked
            || self.name == asked
            || self.unique_id.as_deref() == Some(asked)
            || self.kind == SubjectKind::Role
                && of_session() == Some(&self.name)
                && Arn::parse(asked).and_then(Arn::account_id) == Some(self.account)
    }
}

/// Whether nobody but services may assume a role.
fn trusts_services_only(trust: &Document) -> bool {
    let mut allowing = trust.statements.iter().filter(|own| own.effect == Effect::Allow).peekable();
    let is_service = |principals: &Principals| {
        principals.matching == Match::Listed
            && !principals.listed.is_empty()
            && principals.listed.iter().all(|own| matches!(own, policy::Principal::Service(_)))
    };
    trust.refused.is_empty()
        && allowing.peek().is_some()
        && allowing.all(|own| own.principals.as_ref().is_some_and(is_service))
}

fn near(all: &[Subject], asked: &str) -> Vec<String> {
    let name = asked.rsplit('/').next().unwrap_or(asked).to_lowercase();
    let resembles = |subject: &&Subject| subject.name.to_lowercase().contains(&name);
    all.iter().filter(resembles).take(3).map(|subject| subject.label.clone()).collect()
}
