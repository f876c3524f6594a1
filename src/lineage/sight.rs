//! What the logs could show at all, and why a chain stops.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{CONSOLE_SESSION_SECONDS, Caller, Issuance, is_named_by_identity_center};
use crate::aws::Arn;

/// Of regions whose logs begin too late so many are named in words.
const REGIONS_NAMED_MAX: usize = 3;

/// What the logs hold of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSight {
    /// The first event.
    pub first: DateTime<Utc>,
    /// The last event.
    pub last: DateTime<Utc>,
    /// Management events that only read.
    pub read_only: u64,
    /// The days of which there are events.
    pub days: BTreeSet<NaiveDate>,
    /// By region: the first event.
    pub regions: BTreeMap<String, DateTime<Utc>>,
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
    /// The logs of the account hold nothing of that day.
    DayMissing,
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
            Reason::DayMissing => "day-missing",
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
    /// Takes in the events of an account in a region, none of which are of different days.
    pub fn add(
        &mut self,
        account: String,
        region: Option<String>,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
        read_only: u64,
    ) {
        let known = self.accounts.entry(account).or_insert_with(|| AccountSight {
            first,
            last,
            read_only: 0,
            days: BTreeSet::new(),
            regions: BTreeMap::new(),
        });
        known.first = known.first.min(first);
        known.last = known.last.max(last);
        known.read_only += read_only;
        known.days.extend([first.date_naive(), last.date_naive()]);
        if let Some(region) = region {
            let begin = known.regions.entry(region).or_insert(first);
            *begin = first.min(*begin);
        }
    }

    /// Why no issuance is found for a credential first used at `first`.
    #[must_use]
    pub fn gap(&self, caller: &Caller, first: Option<DateTime<Utc>>) -> Gap {
        let moment = caller.created.or(first);
        let is_sign_in = caller.is_user_or_root();
        let is_portal = !is_sign_in && is_named_by_identity_center(caller);
        // The steps of the access portal are logged where Identity Center runs, which the identity store tells
        // (<https://docs.aws.amazon.com/singlesignon/latest/userguide/sso-info-in-cloudtrail.html>).
        let store = caller.identity_store.as_deref().filter(|_| is_portal);
        let portal =
            store.and_then(Arn::parse).map(|store| store.account).filter(|account| !account.is_empty());
        let account = portal.or(caller.account.as_deref()).unwrap_or("unknown");
        let at = moment.map(stamp).unwrap_or_default();
        let what = match (is_sign_in, is_portal) {
            (true, _) => "sign-in (ConsoleLogin) or GetSessionToken",
            (_, true) => "step of the access portal (Federate, GetRoleCredentials)",
            _ => "issuance",
        };
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
        if let Some(moment) = moment
            && moment.timestamp() <= seen.last.timestamp()
            && !seen.days.contains(&moment.date_naive())
        {
            let day = moment.format("%Y-%m-%d");
            return Gap {
                reason: Reason::DayMissing,
                text: format!("no {what} at {at}: no logs of account {account} of {day} are here"),
                hint: format!("add the objects of account {account} of {day}"),
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
        if is_portal {
            let hint = match portal {
                Some(account) => format!(
                    "GetRoleCredentials and Federate are logged in the region of Identity Center; add the objects of \
                     account {account} of the other regions around {at}"
                ),
                None => format!(
                    "GetRoleCredentials and Federate are logged by the account that runs Identity Center, mostly the \
                     management account of the organization; add its objects around {at}"
                ),
            };
            return Gap {
                reason: Reason::RecordMissing,
                text: match portal {
                    Some(_) => format!("no {what} at {at}, though account {account} is covered then"),
                    None => format!("no {what} at {at}; account {account} logs none by itself"),
                },
                hint,
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
        // Of a region of which the logs begin later nothing could be seen.
        let later = seen.regions.iter().filter(|(_, begin)| moment.is_some_and(|moment| moment < **begin));
        let mut later: Vec<String> =
            later.map(|(region, begin)| format!("{region} begin at {}", stamp(*begin))).collect();
        if !later.is_empty() && later.len() < seen.regions.len() {
            let more = later.len().saturating_sub(REGIONS_NAMED_MAX);
            if more > 1 {
                later.truncate(REGIONS_NAMED_MAX);
                later.push(format!("{more} more regions begin later, too"));
            }
            let later = later.join(" and of ");
            return Gap {
                reason: Reason::RecordMissing,
                text: format!(
                    "no issuance at {at}: account {account} is covered then, but its logs of {later}"
                ),
                hint: format!(
                    "STS is logged in the region of its endpoint; add the objects of account {account} of those and of \
                     other regions around {at}"
                ),
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
    /// Why nothing is known of what a session did that acts in an account: its logs are not here, so it is not said that the
    /// session was never used.
    #[must_use]
    pub fn elsewhere(&self, account: &str) -> Option<Gap> {
        (!self.accounts.contains_key(account)).then(|| Gap {
            reason: Reason::AccountNotInLake,
            text: format!("continues in account {account}, log not supplied"),
            hint: format!("add the logs of account {account}"),
        })
    }

    /// Why it is not here who called AssumeRoot for a session of a member account's root, first used at `first`: its own
    /// account does not
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-track-privileged-tasks.html>).
    pub(super) fn assume_root_gap(&self, root: &Caller, first: Option<DateTime<Utc>>) -> Gap {
        let member = root.account.as_deref().unwrap_or("unknown");
        let at = root.created.or(first).map(stamp).unwrap_or_default();
        let has_others = self.accounts.keys().any(|account| account != member);
        Gap {
            reason: if has_others { Reason::RecordMissing } else { Reason::AccountNotInLake },
            text: format!(
                "no AssumeRoot at {at}: this session of root of account {member} is of somebody of the organization's \
                 management account or of a delegated administrator, and {}",
                if has_others { "no record of theirs is here" } else { "no logs of theirs are here" }
            ),
            hint: format!(
                "add the AssumeRoot records of the management account and of the delegated administrator for IAM around {at}"
            ),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn of_many_regions_whose_logs_begin_later_a_few_are_named() {
        let account = "111122223333".to_owned();
        let arn = "arn:aws:sts::111122223333:assumed-role/deploy/job";
        let caller =
            Caller { created: Some(at("2026-03-09T10:00:00Z")), ..Caller::role_session(arn, &account) };
        let text = |regions: &[&str]| {
            let mut sight = Sight::default();
            let covered = (at("2026-03-09T01:00:00Z"), at("2026-03-09T20:00:00Z"));
            sight.add(account.clone(), Some("us-east-1".to_owned()), covered, 1);
            let later = (at("2026-03-09T12:00:00Z"), at("2026-03-09T20:00:00Z"));
            for region in regions {
                sight.add(account.clone(), Some((*region).to_owned()), later, 1);
            }
            sight.gap(&caller, None).text
        };
        let named = "its logs of a-1 begin at 2026-03-09 12:00:00Z and of b-1 begin at 2026-03-09 12:00:00Z and of c-1 begin at \
                     2026-03-09 12:00:00Z and of ";
        let four = text(&["a-1", "b-1", "c-1", "d-1"]);
        assert!(four.ends_with(&format!("{named}d-1 begin at 2026-03-09 12:00:00Z")), "{four}");
        let five = text(&["a-1", "b-1", "c-1", "d-1", "e-1"]);
        assert!(five.ends_with(&format!("{named}2 more regions begin later, too")), "{five}");
    }
}
