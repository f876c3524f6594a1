//! The user, group or role that a change names.

use std::sync::Arc;

use super::Refusal;
use crate::aws::{AccountId, Arn};
use crate::policy::Document;
use crate::snapshot::{Principal, Snapshot};

/// What a name may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    Role,
}

/// A user, group or role that the snapshot holds.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) account: AccountId,
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// The ARN of the one of this kind and name in an account.
    fn arn(self, snapshot: &Snapshot, account: AccountId, name: &str) -> Option<String> {
        let details = snapshot.accounts.get(&account)?;
        match self {
            Self::User => details.users.get(name).map(|own| own.arn.clone()),
            Self::Group => details.groups.get(name).map(|own| own.arn.clone()),
            Self::Role => details.roles.get(name).map(|own| own.arn.clone()),
        }
    }
}

/// Finds an ARN, `role/NAME`, or with one kind only a name, if one account has it.
pub(super) fn find(snapshot: &Snapshot, text: &str, kinds: &[Kind]) -> Result<Found, Refusal> {
    let nothing = |near: Vec<String>| {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        Refusal::Nothing { what: format!("{} `{text}`", words.join(" or ")), near }
    };
    let split = |resource: &'_ str| {
        kinds.iter().find_map(|kind| {
            let name = resource.strip_prefix(kind.word())?.strip_prefix('/')?;
            Some((*kind, name.to_owned()))
        })
    };
    if let Some(arn) = Arn::parse(text) {
        let (kind, path) =
            split(arn.resource).filter(|_| arn.service == "iam").ok_or_else(|| nothing(Vec::new()))?;
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let account = arn.account_id().ok_or_else(|| nothing(Vec::new()))?;
        return match kind.arn(snapshot, account, &name) {
            Some(own) if own == text => Ok(Found { account, kind, name }),
            other => Err(nothing(other.into_iter().collect())),
        };
    }
    let (kind, name) = match (split(text), kinds) {
        (Some(found), _) => found,
        (None, [kind]) => (*kind, text.to_owned()),
        (None, _) => {
            let expected = "an ARN, `user/NAME`, `group/NAME` or `role/NAME`".to_owned();
            return Err(Refusal::State { expected, found: format!("`{text}`") });
        }
    };
    let own = |account: &AccountId| Some((*account, kind.arn(snapshot, *account, &name)?));
    let found: Vec<(AccountId, String)> = snapshot.accounts.keys().filter_map(own).collect();
    match found.as_slice() {
        [] => Err(nothing(Vec::new())),
        [(account, _)] => Ok(Found { account: *account, kind, name }),
        several => {
            let found = several.iter().map(|(_, arn)| arn.clone()).collect();
            Err(Refusal::Several { name: text.to_owned(), found })
        }
    }
}

impl Found {
    /// As `role deploy`, in the names of its policies.
    pub(super) fn owner(&self) -> String {
        format!("{} {}", self.kind.word(), self.name)
    }

    /// Its inline policies.
    pub(super) fn inline<'s>(&self, snapshot: &'s mut Snapshot) -> Option<&'s mut Vec<Arc<Document>>> {
        if self.kind == Kind::Group {
            let details = snapshot.accounts.get_mut(&self.account)?;
            return details.groups.get_mut(&self.name).map(|group| &mut group.inline);
        }
        self.principal(snapshot).map(|principal| &mut principal.inline)
    }

    /// The ARNs of its managed policies.
    pub(super) fn attached<'s>(&self, snapshot: &'s mut Snapshot) -> Option<&'s mut Vec<String>> {
        if self.kind == Kind::Group {
            let details = snapshot.accounts.get_mut(&self.account)?;
            return details.groups.get_mut(&self.name).map(|group| &mut group.attached);
        }
        self.principal(snapshot).map(|principal| &mut principal.attached)
    }

    /// The user or role; None for a group.
    pub(super) fn principal<'s>(&self, snapshot: &'s mut Snapshot) -> Option<&'s mut Principal> {
        let details = snapshot.accounts.get_mut(&self.account)?;
        match self.kind {
            Kind::User => details.users.get_mut(&self.name),
            Kind::Role => details.roles.get_mut(&self.name),
            Kind::Group => None,
        }
    }
}
