//! What was removed: keys, users, passwords and workloads; and what that ends.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Borne, Caller, Issuance, RecordRef, SLACK_SECONDS, Workload, is_telling};

/// A record that removed something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Removal {
    /// The record.
    pub record: RecordRef,
    /// `key`, `user`, `password` or `workload`.
    pub what: &'static str,
    /// Its id: of a user and of a password the user's name, of a function its name.
    pub id: String,
}

impl Removal {
    /// When nothing came of it any more: what was done in the very seconds of the removal may have been done before.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        let slack = TimeDelta::seconds(SLACK_SECONDS + 1);
        self.record.time.checked_add_signed(slack).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether it removed a workload of its account. Functions of one name are told apart by region.
    #[must_use]
    pub fn is_of(&self, workload: &Workload) -> bool {
        let removed = match workload.kind {
            "function" => Workload::function(&self.id, self.record.region.as_deref()),
            kind => Workload::new(kind, &self.id),
        };
        self.what == "workload" && removed.may_be(workload)
    }
}

/// The records that set the passwords of some sign-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passwords<'a> {
    /// Each once, in order of time.
    pub ways: Vec<&'a Issuance>,
    /// Whether there is one for each sign-in.
    pub is_whole: bool,
}

/// What befell the users of one name in an account, each in order of time. A name is given again to another user
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserHistory {
    /// The records that made a user of this name.
    pub users: Vec<Issuance>,
    /// The records that set a password.
    pub passwords: Vec<Issuance>,
    /// The records that removed a password or a user.
    pub removals: Vec<Removal>,
}

impl UserHistory {
    /// Takes in what befell the users of one name while one user bore it.
    pub fn add(&mut self, other: &UserHistory, borne: &Borne) {
        let is_in = |time| borne.is(&borne.name, time);
        let ways = |ways: &[Issuance]| -> Vec<Issuance> {
            ways.iter().filter(|way| is_in(way.record.time)).cloned().collect()
        };
        self.users.extend(ways(&other.users));
        self.passwords.extend(ways(&other.passwords));
        self.removals.extend(other.removals.iter().filter(|one| is_in(one.record.time)).cloned());
    }

    /// Who set the passwords of sign-ins at some moments: of each the last one before. Also the user may have set it; the
    /// sign-in itself only by changing the one before. Nobody is told of one whose password or user was removed since
    /// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html>), or was another user's: the record
    /// that set the one they signed in with is not here.
    #[must_use]
    pub fn passwords_of(&self, sign_in: &Caller, moments: &[DateTime<Utc>]) -> Passwords<'_> {
        let mut found = Passwords { ways: Vec::new(), is_whole: !moments.is_empty() };
        for moment in moments {
            let way = self.set_before(sign_in, *moment).filter(|way| {
                let ended = self.password_ended(way).is_some_and(|end| end <= *moment);
                !ended && self.may_be_of(way, sign_in)
            });
            match way {
                Some(way) if found.ways.iter().any(|known| known.record == way.record) => {}
                Some(way) => found.ways.push(way),
                None => found.is_whole = false,
            }
        }
        found.ways.sort_by(|a, b| a.record.cmp(&b.record));
        found
    }

    /// The record that removed the last password that was set for a sign-in, or its user, before the sign-in: None where
    /// none was.
    #[must_use]
    pub fn removed_before(&self, sign_in: &Caller, moment: DateTime<Utc>) -> Option<&Removal> {
        let way = self.set_before(sign_in, moment)?;
        self.removals.iter().find(|removal| removal.record.time > way.record.time && removal.end() <= moment)
    }

    /// Whether the last password that was set before a sign-in was that of another user.
    #[must_use]
    pub fn others_before(&self, sign_in: &Caller, moment: DateTime<Utc>) -> bool {
        let Some(way) = self.set_before(sign_in, moment) else { return false };
        let ended = self.password_ended(way).is_some_and(|end| end <= moment);
        ended || !self.may_be_of(way, sign_in)
    }

    /// When a password no longer led to sign-ins: another was set, it was removed, or its user was, or another user of
    /// this name was made.
    #[must_use]
    pub fn password_until(&self, way: &Issuance) -> Option<DateTime<Utc>> {
        let next = self.passwords.iter().map(|set| set.record.time).find(|time| *time > way.record.time);
        next.into_iter().chain(self.password_ended(way)).min()
    }

    /// Whether a way in that was made for a user of this name may be of the user who bears an id: where the record that
    /// made the user tells its id, and the user's own records do, they are the same.
    #[must_use]
    pub fn may_be_of(&self, way: &Issuance, user: &Caller) -> bool {
        let Some(id) = user.principal_id.as_deref().filter(|id| is_telling(id)) else { return true };
        let made = self.users.iter().rfind(|made| made.record.time <= way.record.time);
        // What was removed in between leaves open whom the way in was made for.
        let made = made.filter(|made| {
            let between = |time| made.record.time < time && time < way.record.time;
            !self.removals.iter().any(|one| one.what == "user" && between(one.record.time))
        });
        made.and_then(|made| made.session_id.as_deref()).is_none_or(|made| made == id)
    }

    fn set_before(&self, sign_in: &Caller, moment: DateTime<Utc>) -> Option<&Issuance> {
        let by_another = |way: &Issuance| way.is_own_password() || way.maker().id != sign_in.id;
        self.passwords.iter().rfind(|way| way.record.time <= moment && by_another(way))
    }

    fn password_ended(&self, way: &Issuance) -> Option<DateTime<Utc>> {
        let removed = self.removals.iter().filter(|one| one.record.time > way.record.time).map(Removal::end);
        let again = self.users.iter().map(|made| made.record.time).filter(|time| *time > way.record.time);
        removed.chain(again).min()
    }
}
