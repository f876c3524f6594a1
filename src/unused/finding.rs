//! One thing that is unused, or used without a grant, with an id that stays the same from run to run.

use std::collections::BTreeMap;

use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use super::risk::Risk;
use crate::aws::Time;

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A granted action that was not used, though it would have been seen.
    ActionUnused,
    /// A granted action of which the logs could not show whether it was used.
    ActionNotObservable,
    /// An action that was used and is not granted any more.
    ActionUsedNotGranted,
    /// A role that nobody assumed.
    RoleNeverAssumed,
    /// A user who did nothing.
    UserInactive,
    /// An access key that was not used.
    AccessKeyUnused,
    /// A console password that was not used.
    PasswordUnused,
    /// A group without members, without policies, or whose policies add nothing.
    GroupWithoutEffect,
    /// A customer managed policy that is attached to nobody.
    PolicyUnattached,
    /// A version of a policy that is not the one in force.
    PolicyVersionUnused,
    /// A statement that allowed nothing that happened.
    StatementNeverDecided,
    /// A resource of a statement that matched nothing that happened.
    ResourceNeverMatched,
    /// A condition of a statement, or one of its values, that never held.
    ConditionNeverMatched,
    /// A principal of a trust policy that never assumed the role.
    TrustPrincipalNeverAssumed,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ActionUnused,
        Self::ActionNotObservable,
        Self::ActionUsedNotGranted,
        Self::RoleNeverAssumed,
        Self::UserInactive,
        Self::AccessKeyUnused,
        Self::PasswordUnused,
        Self::GroupWithoutEffect,
        Self::PolicyUnattached,
        Self::PolicyVersionUnused,
        Self::StatementNeverDecided,
        Self::ResourceNeverMatched,
        Self::ConditionNeverMatched,
        Self::TrustPrincipalNeverAssumed,
    ];

    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ActionUnused => "action-unused",
            Self::ActionNotObservable => "action-not-observable",
            Self::ActionUsedNotGranted => "action-used-not-granted",
            Self::RoleNeverAssumed => "role-never-assumed",
            Self::UserInactive => "user-inactive",
            Self::AccessKeyUnused => "access-key-unused",
            Self::PasswordUnused => "password-unused",
            Self::GroupWithoutEffect => "group-without-effect",
            Self::PolicyUnattached => "policy-unattached",
            Self::PolicyVersionUnused => "policy-version-unused",
            Self::StatementNeverDecided => "statement-never-decided",
            Self::ResourceNeverMatched => "resource-never-matched",
            Self::ConditionNeverMatched => "condition-never-matched",
            Self::TrustPrincipalNeverAssumed => "trust-principal-never-assumed",
        }
    }
}

/// What tells a thing from others of its kind and subject: `action`, `policy` with `sid` or `statement`, `resource`, `key`.
pub type Detail = BTreeMap<&'static str, String>;

/// One finding. Text is of policies and logs: foreign and hostile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Equal in every run for the same kind, account, subject and detail, whatever the window: 16 hexadecimal digits.
    pub id: String,
    /// The kind.
    pub kind: Kind,
    /// The account.
    pub account: String,
    /// Whose: the ARN of a user, role, group or policy.
    pub subject: String,
    /// Which of the subject's things.
    pub detail: Detail,
    /// The worst that it allows.
    pub risk: Risk,
    /// Whether nothing was seen of it only because it, or its owner, is younger than the window.
    pub young: bool,
    /// Since when it is there; None if that is not known.
    pub since: Option<Time>,
    /// When it was last used, also before the window; None if never, or if that is not known.
    pub last_used: Option<Time>,
    /// Why, where the kind does not say it: `no-members`, `data-events`.
    pub reason: Option<&'static str>,
    /// The regions in which its use would not have been seen, where that is not all; of an action.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen_regions: Vec<String>,
}

impl Finding {
    /// A finding of which nothing more is known.
    #[must_use]
    pub fn new(kind: Kind, account: &str, subject: &str, detail: Detail, risk: Risk) -> Self {
        Self {
            id: id(kind, account, subject, &detail),
            kind,
            account: account.to_owned(),
            subject: subject.to_owned(),
            detail,
            risk,
            young: false,
            since: None,
            last_used: None,
            reason: None,
            unseen_regions: Vec::new(),
        }
    }

    /// The order in which findings are listed: the worst first.
    pub(crate) fn order(&self) -> (Risk, Kind, &str, &str, &Detail) {
        (self.risk, self.kind, &self.account, &self.subject, &self.detail)
    }
}

/// The id of a finding. Every text is led by its length, so that no two things are written alike.
fn id(kind: Kind, account: &str, subject: &str, detail: &Detail) -> String {
    let mut hash = Xxh3::new();
    let mut write = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    write(kind.word());
    write(account);
    write(subject);
    for (name, value) in detail {
        write(name);
        write(value);
    }
    format!("{:016x}", hash.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, subject: &str, detail: &[(&'static str, &str)]) -> Finding {
        let detail = detail.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Finding::new(kind, "111122223333", subject, detail, Risk::Other)
    }

    #[test]
    fn an_id_depends_on_what_the_thing_is_and_on_nothing_else() {
        let one = of(Kind::ActionUnused, "a", &[("action", "s3:GetObject")]);
        let mut again = of(Kind::ActionUnused, "a", &[("action", "s3:GetObject")]);
        again.last_used = Some(Time(chrono::DateTime::UNIX_EPOCH));
        again.risk = Risk::Write;
        assert_eq!(one.id, again.id);
        assert_eq!(one.id.len(), 16);
        let others = [
            of(Kind::ActionNotObservable, "a", &[("action", "s3:GetObject")]),
            of(Kind::ActionUnused, "b", &[("action", "s3:GetObject")]),
            of(Kind::ActionUnused, "a", &[("action", "s3:PutObject")]),
            of(Kind::ActionUnused, "aa", &[("ction", "s3:GetObject")]),
        ];
        for other in &others {
            assert_ne!(one.id, other.id, "{other:?}");
        }
        // The form is kept: scripts hold ids of earlier runs.
        assert_eq!(one.id, "61d38b822d3d4c7e");
    }

    #[test]
    fn kinds_are_spelled_as_in_json() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
