//! Principals
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>).

use backtrail::aws::AccountId;
use backtrail::policy::{Caller, Request};
use serde_json::Value;

use super::condition::list;
use super::rule::{Rule, Rules};

/// As what a resource's policy names the caller, which decides what limits the grant
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>, resource-based policies).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// By itself, or everyone: final.
    Direct,
    /// By its role, or by the user who federated: limited by boundary and session policy.
    ViaRole,
    /// By its account, which decides itself who of it.
    ViaAccount,
}

/// How an element names the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// `*`.
    Everyone,
    /// The user, the session, the service, the provider.
    Itself,
    /// The role of a session, or the user who federated.
    Role,
    /// The account.
    Account,
}

impl Name {
    /// The grant that an `Allow` to this name is. Who names the account of its root user names the root user, whatever
    /// session that is
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>: the task policy scopes the session).
    pub(crate) fn grant(self, caller: &Caller, rules: Rules) -> Grant {
        match (self, caller) {
            (Self::Role, _) => Grant::ViaRole,
            (Self::Account, Caller::Root { .. }) if rules.on(Rule::AccountsOfRootAreScoped) => Grant::ViaRole,
            (Self::Everyone | Self::Itself, _) | (Self::Account, Caller::Root { .. }) => Grant::Direct,
            (Self::Account, _) => Grant::ViaAccount,
        }
    }
}

/// Whether these names under `NotPrincipal` spare the caller. Some services check the account first, then the role,
/// then the user or the session; there only who is listed with these is spared. `wholly` is whether this is such a
/// service (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>).
/// `by_session` is whether sessions of the caller's role are listed: then the role spares no others.
pub(crate) fn spares(
    names: &[Name],
    caller: &Caller,
    rules: Rules,
    (wholly, by_session): (bool, bool),
) -> bool {
    let has = |name: Name| names.contains(&name);
    let has_account = has(Name::Account);
    let by_session = by_session && rules.on(Rule::NotPrincipalOfSessionsSparesNoOthers);
    let itself = match caller {
        Caller::Root { .. } => has_account,
        _ => {
            has(Name::Itself)
                || has(Name::Role) && !by_session
                || has_account && !rules.on(Rule::NotPrincipalOfAccountSparesNoUsers)
        }
    };
    let beside = match caller {
        Caller::RoleSession { .. } if rules.on(Rule::NotPrincipalSparesSessionsBesideTheRole) => {
            has_account && has(Name::Role) && has(Name::Itself)
        }
        Caller::FederatedUser { .. } if rules.on(Rule::NotPrincipalSparesSessionsBesideTheRole) => {
            has_account && has(Name::Itself)
        }
        caller => caller.account().is_none() || has_account,
    };
    has(Name::Everyone)
        || itself && (beside || !wholly || !rules.on(Rule::NotPrincipalSparesSurelyBesideTheAccount))
}

/// Whether an element lists a session of the caller's role, whichever.
pub(crate) fn lists_session_of_role(element: &Value, caller: &Caller) -> bool {
    let Caller::RoleSession { session_arn, unique_id, .. } = caller else { return false };
    let parts: Vec<&str> = session_arn.splitn(6, ':').collect();
    let [_, _, _, _, account, resource] = parts.as_slice() else { return false };
    let role = match resource.split_once('/') {
        Some(("assumed-role", rest)) => rest.split('/').next(),
        _ => resource.rsplit('/').next(),
    };
    let own = unique_id.as_deref().and_then(|id| id.split(':').next());
    let names = |text: &str| match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        [_, _, "sts", _, id, resource] => {
            let mut words = resource.split('/');
            id == account && words.next() == Some("assumed-role") && words.next() == role
        }
        [id, _] => Some(*id) == own,
        _ => false,
    };
    let values = element.get("AWS").map(list).unwrap_or_default();
    values.iter().filter_map(|value| value.as_str()).any(names)
}

/// Whether a `Principal` element can be read.
pub(crate) fn names_principal(element: &Value) -> bool {
    let unique = |text: &str| {
        text.len() > 8
            && text.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit())
            && ["AIDA", "AROA", "AGPA", "ANPA"].iter().any(|prefix| text.starts_with(prefix))
    };
    let each = |name: &str, text: &str| match name {
        "AWS" => {
            let arn = text.starts_with("arn:") && text.split(':').count() >= 6 && !text.contains(['*', '?']);
            text == "*"
                || AccountId::parse(text).is_some()
                || arn
                || unique(text.split(':').next().unwrap_or(text))
        }
        "Service" | "Federated" | "CanonicalUser" => !text.is_empty(),
        _ => false,
    };
    let entry = |(name, values): (&String, &Value)| {
        let values = list(values);
        !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(|text| each(name, text)))
    };
    element == "*" || element.as_object().is_some_and(|map| !map.is_empty() && map.iter().all(entry))
}

/// How a `Principal` element names the caller.
pub(crate) fn principal_fits(element: &Value, request: &Request, rules: Rules, open: bool) -> Vec<Name> {
    if element == "*" {
        return if rules.on(Rule::StarIsEveryone) { vec![Name::Everyone] } else { Vec::new() };
    }
    let mut names = Vec::new();
    for (name, values) in element.as_object().into_iter().flatten() {
        for text in list(values).iter().filter_map(|value| value.as_str()) {
            names.extend(match (name.as_str(), &request.caller) {
                ("AWS", caller) => aws_fits(text, caller, rules, open),
                ("Service", Caller::Service { name }) if rules.on(Rule::ServicesAreNamed) => {
                    (text == name).then_some(Name::Itself)
                }
                ("Federated", Caller::Federated { provider }) if rules.on(Rule::ProvidersAreNamed) => {
                    (text == "*" || text == provider).then_some(Name::Itself)
                }
                ("CanonicalUser", caller)
                    if caller.account().is_some() && rules.on(Rule::CanonicalUsersAreAccounts) =>
                {
                    request.canonical_user.as_ref().map_or(open, |id| id == text).then_some(Name::Account)
                }
                _ => None,
            });
        }
    }
    names
}

/// How a value under `AWS` names the caller.
fn aws_fits(text: &str, caller: &Caller, rules: Rules, open: bool) -> Option<Name> {
    if text == "*" {
        return rules.on(Rule::StarIsEveryone).then_some(Name::Everyone);
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let account = match parts.as_slice() {
        [id] => AccountId::parse(id).filter(|_| rules.on(Rule::AccountsAreNamedById)),
        [_, _, "iam", _, id, "root"] => {
            AccountId::parse(id).filter(|_| rules.on(Rule::AccountsAreNamedByRoot))
        }
        _ => None,
    };
    if account.is_some() {
        return (account == caller.account()).then_some(Name::Account);
    }
    match parts.as_slice() {
        [_, _, _, _, id, resource] => arn_names(text, AccountId::parse(id), resource, caller, rules, open),
        _ if rules.on(Rule::UniqueIdsAreNamed) => id_names(text, caller, rules, open),
        _ => None,
    }
}

/// How an ARN names the caller.
fn arn_names(
    text: &str,
    account: Option<AccountId>,
    resource: &str,
    caller: &Caller,
    rules: Rules,
    open: bool,
) -> Option<Name> {
    match caller {
        Caller::User { arn, .. } => (arn == text).then_some(Name::Itself),
        Caller::RoleSession { session_arn, role_arn, .. } => {
            let role = if let Some(arn) = role_arn {
                arn == text
            } else {
                // Without the path the names are compared, which are unique in an account.
                account == caller.account()
                    && resource.starts_with("role/")
                    && resource.rsplit('/').next() == session_arn.split('/').nth(1)
                    && rules.on(Rule::RolesWithoutPathAreNamedByName)
            };
            let direct = session_arn == text && rules.on(Rule::SessionsAreNamed);
            if direct {
                Some(Name::Itself)
            } else {
                (role && rules.on(Rule::RolesAreNamed)).then_some(Name::Role)
            }
        }
        Caller::FederatedUser { arn, user_arn } => {
            let via = user_arn.as_deref() == Some(text) && rules.on(Rule::FederatingUsersAreNamed);
            if arn == text { Some(Name::Itself) } else { via.then_some(Name::Role) }
        }
        Caller::Account { .. } => {
            let name = if resource.starts_with("role/") { Name::Role } else { Name::Itself };
            (account == caller.account() && open).then_some(name)
        }
        Caller::Root { .. } | Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => None,
    }
}

/// How a unique id names the caller: a user's or role's own, or a session's `AROA…:SESSION`.
fn id_names(text: &str, caller: &Caller, rules: Rules, open: bool) -> Option<Name> {
    let name = match text {
        text if text.contains(':') => Name::Itself,
        text if text.starts_with("AROA") => Name::Role,
        _ => Name::Itself,
    };
    let own = |id: &str| id == text || id.split(':').next() == Some(text);
    let fits = match caller {
        Caller::User { unique_id, .. } => match unique_id {
            Some(id) => id == text,
            None => open && text.starts_with("AIDA") && rules.on(Rule::UnknownIdsAreOpen),
        },
        Caller::RoleSession { unique_id, session_arn, .. } => {
            let session = session_arn.rsplit('/').next().unwrap_or_default();
            let named = text.split_once(':').is_none_or(|(_, name)| name == session);
            match unique_id {
                Some(id) if id.contains(':') => own(id),
                Some(id) => text.split(':').next() == Some(id) && named,
                None => open && text.starts_with("AROA") && named && rules.on(Rule::UnknownIdsAreOpen),
            }
        }
        Caller::Account { unique_id, .. } => unique_id.as_deref().map_or(open, own),
        _ => false,
    };
    fits.then_some(name)
}
