//! From what a user types to the caller that `policy` knows: users, roles and sessions found by ARN.

use super::{Account, Principal, Snapshot};
use crate::aws::{AccountId, Arn, Principal as Named};
use crate::policy::Caller;

/// So many names are offered where one was not found.
const NEAR_MAX: usize = 3;

/// Why a text names no caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhoError {
    /// It is no principal.
    #[error(
        "expected a principal, found `{text}`\nhint: the ARN of a user, role, role session, federated user or root; `user/NAME` or `role/NAME`; a service principal; `anonymous`; an account id"
    )]
    Form {
        /// The text.
        text: String,
    },
    /// The account's details are there, and hold no such user or role.
    #[error("no {what} in the snapshot{}", near_words(near))]
    Nobody {
        /// Who was looked for.
        what: String,
        /// ARNs that resemble it.
        near: Vec<String>,
    },
    /// A name that users or roles of several accounts bear.
    #[error("several accounts have `{text}`: expected one of `{}`", found.join("`, `"))]
    Several {
        /// The text.
        text: String,
        /// Their ARNs, sorted.
        found: Vec<String>,
    },
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("\nhint: it holds `{}`", near.join("`, `")) }
}

impl Snapshot {
    /// The caller that a text means: the ARN of a user, role (some session of it), role session, federated user, root or
    /// identity provider; `user/NAME` or `role/NAME`, if one account has it; a service principal; an account id;
    /// `anonymous`. Unique ids and paths are taken from the snapshot where it has them.
    ///
    /// # Errors
    ///
    /// [`WhoError`] where the text is no principal, or the snapshot has the account's details without such a principal.
    pub fn who(&self, text: &str) -> Result<Caller, WhoError> {
        if let Some(account) = AccountId::parse(text) {
            return Ok(Caller::Account { account, unique_id: None });
        }
        if let Some(name) = text.strip_prefix("user/") {
            return self.named(text, |account| account.users.get(name)).map(caller);
        }
        if let Some(name) = text.strip_prefix("role/") {
            return self.named(text, |account| account.roles.get(name)).map(caller);
        }
        let form = || WhoError::Form { text: text.to_owned() };
        let Some(arn) = Arn::parse(text) else {
            let is_service = text.contains(".amazonaws.com") && text != "cognito-identity.amazonaws.com";
            return match text {
                "anonymous" => Ok(Caller::Anonymous),
                _ if is_service => Ok(Caller::Service { name: text.to_owned() }),
                // A web identity provider by its host: `accounts.google.com`.
                _ if text.contains('.') && !text.contains([' ', ':']) => {
                    Ok(Caller::Federated { provider: text.to_owned() })
                }
                _ => Err(form()),
            };
        };
        if arn.service == "iam" && arn.resource.contains("-provider/") {
            return Ok(Caller::Federated { provider: text.to_owned() });
        }
        let account = arn.account_id().ok_or_else(form)?;
        let details = self.accounts.get(&account);
        match arn.principal().ok_or_else(form)? {
            Named::Root => Ok(Caller::Root { account }),
            Named::FederatedUser { .. } => Ok(Caller::FederatedUser { arn: text.to_owned(), user_arn: None }),
            Named::User { name, .. } => match details.map(|details| details.users.get(name)) {
                Some(Some(user)) if user.arn == text => Ok(caller(user)),
                Some(found) => self.unlisted(account, text, found),
                None => Ok(Caller::User { arn: text.to_owned(), unique_id: None }),
            },
            Named::Role { name, .. } => match details.map(|details| details.roles.get(name)) {
                Some(Some(role)) if role.arn == text => Ok(caller(role)),
                Some(found) => self.unlisted(account, text, found),
                None => Ok(Caller::RoleSession {
                    session_arn: text.to_owned(),
                    role_arn: Some(text.to_owned()),
                    unique_id: None,
                }),
            },
            Named::RoleSession { role, session } => match details.map(|details| details.roles.get(role)) {
                Some(Some(found)) => Ok(Caller::RoleSession {
                    session_arn: text.to_owned(),
                    role_arn: Some(found.arn.clone()),
                    unique_id: found.unique_id.as_ref().map(|id| format!("{id}:{session}")),
                }),
                Some(None) => self.unlisted(account, text, None),
                None => {
                    Ok(Caller::RoleSession { session_arn: text.to_owned(), role_arn: None, unique_id: None })
                }
            },
        }
    }

    /// Whether the snapshot can tell the policies of a caller, or knows that it has not got them.
    ///
    /// # Errors
    ///
    /// [`WhoError`] where it has the details of the caller's account, and they hold no such user or role.
    pub fn check(&self, caller: &Caller) -> Result<(), WhoError> {
        let (Caller::User { arn, .. } | Caller::RoleSession { session_arn: arn, .. }) = caller else {
            return Ok(());
        };
        self.who(arn).map(|_| ())
    }

    /// A principal that the account's details do not hold under this ARN.
    fn unlisted(
        &self,
        account: AccountId,
        text: &str,
        namesake: Option<&Principal>,
    ) -> Result<Caller, WhoError> {
        let details = self.accounts.get(&account);
        if namesake.is_none() && details.is_some_and(|details| details.incomplete.is_some()) {
            let arn = text.to_owned();
            return Ok(match Arn::parse(text).and_then(Arn::principal) {
                Some(Named::User { .. }) => Caller::User { arn, unique_id: None },
                Some(Named::RoleSession { .. }) => {
                    Caller::RoleSession { session_arn: arn, role_arn: None, unique_id: None }
                }
                _ => Caller::RoleSession { session_arn: arn.clone(), role_arn: Some(arn), unique_id: None },
            });
        }
        let near = match namesake {
            Some(namesake) => vec![namesake.arn.clone()],
            None => details.map(|details| near(details, text)).unwrap_or_default(),
        };
        Err(WhoError::Nobody { what: format!("`{text}`"), near })
    }

    fn named<'a>(
        &'a self,
        text: &str,
        of: impl Fn(&'a Account) -> Option<&'a Principal>,
    ) -> Result<&'a Principal, WhoError> {
        let mut found = self.accounts.values().filter_map(of);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(WhoError::Nobody { what: format!("`{text}`"), near: Vec::new() }),
            (Some(first), Some(second)) => {
                let all = [first, second].into_iter().chain(found);
                Err(WhoError::Several {
                    text: text.to_owned(),
                    found: all.map(|one| one.arn.clone()).collect(),
                })
            }
        }
    }

    /// The user or role behind a caller, if the snapshot has it. A federated user has the policies of the user who asked
    /// for its token.
    pub(super) fn principal(&self, caller: &Caller) -> Option<&Principal> {
        let account = self.accounts.get(&caller.account()?)?;
        let by_arn = |arn: &str| match Arn::parse(arn)?.principal()? {
            Named::User { name, .. } => account.users.get(name).filter(|user| user.arn == arn),
            Named::Role { name, .. } => account.roles.get(name).filter(|role| role.arn == arn),
            Named::RoleSession { role, .. } => account.roles.get(role),
            Named::Root | Named::FederatedUser { .. } => None,
        };
        match caller {
            Caller::User { arn, .. } => by_arn(arn),
            Caller::RoleSession { session_arn, role_arn, .. } => {
                by_arn(role_arn.as_deref().unwrap_or(session_arn))
            }
            Caller::FederatedUser { user_arn, .. } => by_arn(user_arn.as_deref()?),
            _ => None,
        }
    }
}

/// A user, or some session of a role.
fn caller(principal: &Principal) -> Caller {
    let (arn, unique_id) = (principal.arn.clone(), principal.unique_id.clone());
    if principal.trust.is_some() {
        Caller::RoleSession { session_arn: arn.clone(), role_arn: Some(arn), unique_id }
    } else {
        Caller::User { arn, unique_id }
    }
}

/// Users and roles whose names hold the asked one or begin like it.
fn near(details: &Account, text: &str) -> Vec<String> {
    let name = match Arn::parse(text).and_then(Arn::principal) {
        Some(Named::RoleSession { role, .. }) => role,
        _ => text.rsplit('/').next().unwrap_or_default(),
    };
    let name = name.to_lowercase();
    let begins: String = name.chars().take(3).collect();
    let resembles = |principal: &&Principal| {
        let own = principal.name.to_lowercase();
        own.contains(&name) || !begins.is_empty() && own.starts_with(&begins)
    };
    let all = details.users.values().chain(details.roles.values());
    all.filter(resembles).take(NEAR_MAX).map(|principal| principal.arn.clone()).collect()
}
