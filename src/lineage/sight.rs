//! What the logs could show at all, and why a chain stops.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{CONSOLE_SESSION_SECONDS, Caller, Issuance};

/// What the logs hold of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSight {
    /// The first event.
    pub first: DateTime<Utc>,
    /// The last event.
    pub last: DateTime<Utc>,
    /// Management events that only read.
    pub read_only: u64,
}

/// What the logs hold, by the account of the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// The accounts that have events.
    pub accounts: BTreeMap<String, AccountSight>,
}

/// Why a chain stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The session was created before the first event of its account.
    BeforeLogs,
    /// The logs of the account that would tell are not here.
    AccountNotInLake,
    /// The sign-in that began the session is not here, though the moment is covered.
    SignInMissing,
    /// The record is missing, though the moment is covered.
    RecordMissing,
    /// The account's trail leaves out events that only read, and AssumeRole is one.
    ReadOnlyNotLogged,
    /// The record of the issuance hides what it answered.
    ResponseHidden,
    /// The record names nobody.
    NoCredential,
    /// A credential would be its own ancestor.
    Cycle,
    /// The credentials asked about lead to different origins.
    SeveralOrigins,
    /// The only issuances that would fit are later than the first use.
    UsedBeforeIssued,
    /// Only names agree.
    OnlyClaimed,
    /// The user changed its own password: who set the one before need not be behind it.
    OwnPassword,
}

impl Reason {
    /// The word of JSON output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Reason::BeforeLogs => "before-logs",
            Reason::AccountNotInLake => "account-not-in-lake",
            Reason::SignInMissing => "sign-in-missing",
            Reason::RecordMissing => "record-missing",
            Reason::ReadOnlyNotLogged => "read-only-not-logged",
            Reason::ResponseHidden => "response-hidden",
            Reason::NoCredential => "no-credential",
            Reason::Cycle => "cycle",
            Reason::SeveralOrigins => "several-origins",
            Reason::UsedBeforeIssued => "used-before-issued",
            Reason::OnlyClaimed => "only-claimed",
            Reason::OwnPassword => "own-password",
        }
    }
}

/// A stop: its reason, what is missing, and what would close the gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// The reason.
    pub reason: Reason,
    /// What is missing, in words.
    pub text: String,
    /// What would close the gap.
    pub hint: String,
}

impl Sight {
    /// Why no issuance is found for a credential first used at `first`.
    #[must_use]
    pub fn gap(&self, caller: &Caller, first: Option<DateTime<Utc>>) -> Gap {
        let moment = caller.created.or(first);
        let account = caller.account.as_deref().unwrap_or("unknown");
        let at = moment.map(stamp).unwrap_or_default();
        let is_sign_in = caller.is_user_or_root();
        let what = if is_sign_in { "sign-in (ConsoleLogin) or GetSessionToken" } else { "issuance" };
        let Some(seen) = self.accounts.get(account) else {
            return Gap {
                reason: Reason::AccountNotInLake,
                text: format!("no {what} at {at}: no logs of account {account} are here"),
                hint: format!("add the logs of account {account} around {at}"),
            };
        };
        if moment.is_some_and(|moment| moment.timestamp() < seen.first.timestamp()) {
            return Gap {
                reason: Reason::BeforeLogs,
                text: format!(
                    "no {what} at {at}: the logs of account {account} begin at {}",
                    stamp(seen.first)
                ),
                hint: format!("add the objects of account {account} from {at} on"),
            };
        }
        if is_sign_in {
            return Gap {
                reason: Reason::SignInMissing,
                text: format!(
                    "no ConsoleLogin or GetSessionToken at {at}, though account {account} is covered then"
                ),
                hint: format!(
                    "sign-ins are logged in the region of the sign-in page; add the objects of account {account} of the \
                     other regions around {at}"
                ),
            };
        }
        if seen.read_only == 0 {
            return Gap {
                reason: Reason::ReadOnlyNotLogged,
                text: format!(
                    "no issuance at {at}: account {account} has no event that only reads, and AssumeRole is one"
                ),
                hint: "let the trail record read events; what was not recorded cannot be had any more"
                    .to_owned(),
            };
        }
        Gap {
            reason: Reason::RecordMissing,
            text: format!("no issuance at {at}, though account {account} is covered then"),
            hint: format!(
                "STS is logged in the region of its endpoint; add the objects of account {account} of the other \
                 regions around {at}"
            ),
        }
    }
}

impl Sight {
    /// Why the sign-in of a user is not here that switched roles by a record.
    pub(super) fn sign_in_gap(&self, account: Option<&str>, switched: &Issuance) -> Gap {
        let account = account.unwrap_or("unknown");
        let at = stamp(switched.record.time);
        let missing = format!("no ConsoleLogin of the user in the 12 hours before it switched roles at {at}");
        let Some(seen) = self.accounts.get(account) else {
            return Gap {
                reason: Reason::AccountNotInLake,
                text: format!("{missing}: no logs of account {account} are here"),
                hint: format!("add the logs of account {account} of the 12 hours before {at}"),
            };
        };
        if seen.first.timestamp() > switched.record.time.timestamp() - CONSOLE_SESSION_SECONDS {
            return Gap {
                reason: Reason::BeforeLogs,
                text: format!("{missing}: the logs of account {account} begin at {}", stamp(seen.first)),
                hint: format!("add the objects of account {account} of the 12 hours before {at}"),
            };
        }
        Gap {
            reason: Reason::SignInMissing,
            text: format!("{missing}, though account {account} is covered then"),
            hint: format!(
                "sign-ins are logged in the region of the sign-in page; add the objects of account {account} of the \
                 other regions"
            ),
        }
    }
}

/// A moment in words.
#[must_use]
pub fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%SZ").to_string()
}
