//! Users that were given other names. The unique id, keys, password and policies stay
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_rename.html>).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::RecordRef;

/// A record that gave a user another name
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rename {
    /// The record.
    pub record: RecordRef,
    /// The name before.
    pub from: String,
    /// The name since.
    pub to: String,
}

/// The records that gave users other names, by account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames(BTreeMap<String, Vec<Rename>>);

/// A name, and the time in which one user bore it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Borne {
    /// The name.
    pub name: String,
    /// Since when; None where it is not known to have borne another before.
    pub from: Option<DateTime<Utc>>,
    /// Until when, exclusive; None where it bore it last.
    pub until: Option<DateTime<Utc>>,
}

/// Whether two names of IAM, of users, roles or instance profiles, are one: they are not told apart by upper and lower case
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html>), so a call may write a name otherwise than the
/// principal's own records have it.
#[must_use]
pub fn is_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

impl Borne {
    /// Whether the user bore this name at a moment.
    #[must_use]
    pub fn is(&self, name: &str, moment: DateTime<Utc>) -> bool {
        is_name(&self.name, name)
            && self.from.is_none_or(|from| from <= moment)
            && self.until.is_none_or(|until| moment < until)
    }
}

impl Renames {
    /// The renames of some records.
    #[must_use]
    pub fn of(renames: impl IntoIterator<Item = Rename>) -> Renames {
        let mut by_account: BTreeMap<String, Vec<Rename>> = BTreeMap::new();
        for rename in renames {
            by_account.entry(rename.record.account.clone().unwrap_or_default()).or_default().push(rename);
        }
        for renames in by_account.values_mut() {
            renames.sort();
        }
        Renames(by_account)
    }

    /// Whether no user was given another name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names that a user bore, in order of time: the one who bore this one at a moment. A name that is given up may be
    /// given to another user.
    #[must_use]
    pub fn borne(&self, account: &str, name: &str, moment: DateTime<Utc>) -> Vec<Borne> {
        let renames = self.0.get(account).map_or(&[][..], Vec::as_slice);
        let now = renames.partition_point(|rename| rename.record.time <= moment);
        let (before, after) = renames.split_at(now);
        let mut own = Borne { name: name.to_owned(), from: None, until: None };
        let mut earlier = Vec::new();
        let mut later = Vec::new();
        // Backwards: whoever got the name came from another; whoever gave it up left it to somebody else.
        let (mut rest, mut borne) = (before, own.clone());
        let concerns = |one: &Rename, name: &str| is_name(&one.to, name) || is_name(&one.from, name);
        while let Some(at) = rest.iter().rposition(|one| concerns(one, &borne.name)) {
            let Some(rename) = rest.get(at) else { break };
            borne.from = Some(rename.record.time);
            if !is_name(&rename.to, &borne.name) {
                break;
            }
            let previous = Borne { name: rename.from.clone(), from: None, until: Some(rename.record.time) };
            earlier.push(std::mem::replace(&mut borne, previous));
            rest = rest.get(..at).unwrap_or_default();
        }
        earlier.push(borne);
        earlier.reverse();
        if let Some(first) = earlier.pop() {
            own.from = first.from;
        }
        let mut rest = after;
        while let Some(at) = rest.iter().position(|one| concerns(one, &own.name)) {
            let Some(rename) = rest.get(at) else { break };
            own.until = Some(rename.record.time);
            if !is_name(&rename.from, &own.name) {
                break;
            }
            let next = Borne { name: rename.to.clone(), from: Some(rename.record.time), until: None };
            later.push(std::mem::replace(&mut own, next));
            rest = rest.get(at + 1..).unwrap_or_default();
        }
        later.push(own);
        earlier.extend(later);
        earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + 60 * minute, 0).unwrap()
    }

    fn rename(minute: i64, from: &str, to: &str) -> Rename {
        let record = RecordRef {
            time: at(minute),
            event_id: None,
            object: String::new(),
            index: minute,
            event_name: "UpdateUser".to_owned(),
            account: Some("111122223333".to_owned()),
            region: None,
        };
        Rename { record, from: from.to_owned(), to: to.to_owned() }
    }

    #[track_caller]
    fn check(renames: &Renames, name: &str, minute: i64, expected: &[(&str, Option<i64>, Option<i64>)]) {
        let found = renames.borne("111122223333", name, at(minute));
        let expected: Vec<Borne> = (expected.iter())
            .map(|(name, from, until)| Borne {
                name: (*name).to_owned(),
                from: from.map(at),
                until: until.map(at),
            })
            .collect();
        assert_eq!(found, expected, "{name} at {minute}");
    }

    #[test]
    fn a_user_is_one_through_its_names_and_a_name_is_not_one_user() {
        check(&Renames::default(), "tmp", 5, &[("tmp", None, None)]);
        let renames = Renames::of([rename(20, "svc", "backup"), rename(10, "tmp", "svc")]);
        let all = [("tmp", None, Some(10)), ("svc", Some(10), Some(20)), ("backup", Some(20), None)];
        for (name, minute) in [("tmp", 5), ("svc", 10), ("svc", 15), ("backup", 25)] {
            check(&renames, name, minute, &all);
        }
        // Whoever bears the name after it was given up is another.
        check(&renames, "tmp", 15, &[("tmp", Some(10), None)]);
        check(&renames, "svc", 30, &[("svc", Some(20), None)]);
        // Whoever bore it before it was given to this one, too.
        check(&renames, "svc", 5, &[("svc", None, Some(10))]);
        assert_eq!(renames.borne("444455556666", "tmp", at(15)).len(), 1);
    }

    #[test]
    fn names_that_are_swapped_and_swapped_back_end() {
        let renames = Renames::of([rename(10, "a", "b"), rename(20, "b", "a")]);
        let all = [("a", None, Some(10)), ("b", Some(10), Some(20)), ("a", Some(20), None)];
        check(&renames, "a", 5, &all);
        check(&renames, "b", 12, &all);
        check(&renames, "a", 25, &all);
    }
}
