//! What marks, kinds and things are called.

use std::collections::{HashMap, HashSet};

use crate::aws::Arn;
use crate::report::Style;
use crate::report::replay::words::{short, whole};
use crate::unused::{Apart, Finding, Kind, Unused};

/// What users and roles are called on a screen: with the account where two accounts have one of the same name.
pub(super) struct Names<'a> {
    ambiguous: HashSet<&'a str>,
    /// Whether the principals are of several accounts.
    pub(super) are_of_several: bool,
    style: Style,
}

impl<'a> Names<'a> {
    pub(super) fn of(unused: &'a Unused, style: Style) -> Self {
        let mut known: HashMap<&str, &str> = HashMap::new();
        let mut ambiguous = HashSet::new();
        for own in &unused.principals {
            let account = *known.entry(&own.principal).or_insert(&own.account);
            if account != own.account {
                ambiguous.insert(own.principal.as_str());
            }
        }
        let accounts: HashSet<&str> = unused.principals.iter().map(|own| own.account.as_str()).collect();
        Self { ambiguous, are_of_several: accounts.len() > 1, style }
    }

    /// The owner of an ARN: `role deploy`, `role deploy of 111122223333`.
    pub(super) fn label(&self, arn: &str) -> String {
        let short = short(arn);
        let name = short.replacen(' ', "/", 1);
        let account =
            Arn::parse(arn).map(|arn| arn.account).filter(|_| self.ambiguous.contains(name.as_str()));
        match account {
            Some(account) => whole(&format!("{short} of {account}"), self.style),
            None => whole(&short, self.style),
        }
    }
}

/// A policy by its own name: of an ARN the last part, of an inline policy without whose it is.
pub(super) fn policy(name: &str) -> &str {
    let inline = name.rsplit_once(" (inline, ").map(|(own, _)| own);
    inline.or_else(|| name.starts_with("arn:").then(|| name.rsplit('/').next())?).unwrap_or(name)
}

/// Why a principal is kept apart.
pub(super) fn apart(apart: Apart) -> &'static str {
    match apart {
        Apart::ServiceLinked => "service-linked",
        Apart::ServiceRole => "for a service",
        Apart::IdentityCenter => "of a permission set",
    }
}

/// A finding in words, without its subject.
pub(super) fn finding(finding: &Finding) -> String {
    let cell = |name: &str| finding.detail.get(name).map_or("", String::as_str);
    let statement = || match finding.detail.get("sid") {
        Some(sid) => format!("{} statement {sid}", cell("policy")),
        None => format!("{} statement {}", cell("policy"), cell("statement")),
    };
    let mut words = match finding.kind {
        Kind::ActionUnused | Kind::ActionNotObservable | Kind::ActionUsedNotGranted => {
            cell("action").to_owned()
        }
        Kind::RoleNeverAssumed => "nobody assumed it".to_owned(),
        Kind::UserInactive => "did nothing".to_owned(),
        Kind::AccessKeyUnused => format!("key {}", cell("key")),
        Kind::PasswordUnused => "console password".to_owned(),
        Kind::GroupWithoutEffect => match finding.reason {
            Some("no-members") => "no members",
            Some("no-policies") => "no policies",
            _ => "its policies add nothing",
        }
        .to_owned(),
        Kind::PolicyUnattached => "attached to nobody".to_owned(),
        Kind::PolicyVersionUnused => format!("version {}", cell("version")),
        Kind::StatementNeverDecided => statement(),
        Kind::ResourceNeverMatched => format!("{}: {}", statement(), cell("resource")),
        Kind::ConditionNeverMatched => {
            format!("{}: {} {} {}", statement(), cell("operator"), cell("key"), cell("value"))
        }
        Kind::TrustPrincipalNeverAssumed => format!("trusts {}", cell("principal")),
    };
    if finding.reason == Some("inactive") {
        words.push_str(", inactive");
    }
    let is_of_user = matches!(finding.kind, Kind::AccessKeyUnused | Kind::PasswordUnused);
    if let Some(since) = finding.since.filter(|_| is_of_user) {
        words.push_str(&format!(", of {}", crate::report::figure::day(since.0)));
    }
    if let Some(last) = finding.last_used {
        words.push_str(&format!(", last used {}", crate::report::figure::day(last.0)));
    }
    if finding.young {
        words.push_str(" (younger than the window)");
    }
    words
}

/// The heading of a kind.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::ActionUnused => "Actions that were not used",
        Kind::ActionNotObservable => "Actions that the logs could not show",
        Kind::ActionUsedNotGranted => "Actions that were used and are not granted",
        Kind::RoleNeverAssumed => "Roles that nobody assumed",
        Kind::UserInactive => "Users who did nothing",
        Kind::AccessKeyUnused => "Access keys that were not used",
        Kind::PasswordUnused => "Console passwords that were not used",
        Kind::GroupWithoutEffect => "Groups without effect",
        Kind::PolicyUnattached => "Policies that are attached to nobody",
        Kind::PolicyVersionUnused => "Versions of policies that are not in force",
        Kind::StatementNeverDecided => "Statements that allowed nothing that happened",
        Kind::ResourceNeverMatched => "Resources in statements that matched nothing",
        Kind::ConditionNeverMatched => "Conditions in statements that never held",
        Kind::TrustPrincipalNeverAssumed => "Trusted principals that never assumed the role",
    }
}
