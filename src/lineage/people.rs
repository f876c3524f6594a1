//! The people of Identity Center: their ids, and the names by which sessions of permission sets know them.
//!
//! Records name a person by name, by id, or by both
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>,
//! `onBehalfOf`). An id names one person in its identity store; another store may give the same. And the principals of other
//! accounts, of whom a record names no more than the unique id: who they are their own account's other records may tell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Caller, Class, Origin, OriginKind, is_named_by_identity_center, is_telling};
use crate::aws::{Arn, Principal};

/// The id of an identity store: of its ARN the last part.
#[must_use]
pub fn store_id(store: &str) -> &str {
    store.rsplit('/').next().unwrap_or(store)
}

/// Whether two known identity stores are different ones.
#[must_use]
pub fn is_other_store(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| store_id(one) != store_id(other))
}

/// How somebody else bears the name of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namesake {
    /// In other identity stores.
    OtherStore,
    /// With another id.
    OtherId,
}

/// An id, and the identity store that a record names with it.
type Person = (String, Option<String>);

/// Identity stores, none where it is not told, and names, with when each was last seen.
type Names = BTreeMap<(Option<String>, String), Option<DateTime<Utc>>>;

/// Who bears which id and name. A person keeps its id when it is given another name
/// (<https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_UpdateUser.html>).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// By id.
    names: BTreeMap<String, Names>,
    /// By name: who bears it.
    bearers: BTreeMap<String, BTreeSet<Person>>,
    /// By the unique id of a user or of a role's session: its ARN, with when each was last seen.
    principals: BTreeMap<String, BTreeMap<String, Option<DateTime<Utc>>>>,
}

impl People {
    /// Takes in what a caller's records say, the last of which is given: of a session that Identity Center named, or of a
    /// person in the access portal; and whom the unique id of a user or session stands for.
    pub fn add(&mut self, caller: &Caller, last: Option<DateTime<Utc>>) {
        if let (Class::Credential, Some(id), Some(arn)) = (caller.class, &caller.principal_id, &caller.arn)
            && is_telling(id)
        {
            self.add_principal(id, arn, last);
        }
        let name = match caller.class {
            Class::Outside => caller.user_name.as_deref(),
            _ => caller.session_name().filter(|_| is_named_by_identity_center(caller)),
        };
        let (Some(id), Some(name)) = (&caller.on_behalf_of, name) else { return };
        let store = caller.identity_store.as_deref().map(|store| store_id(store).to_owned());
        self.bearers.entry(name.to_owned()).or_default().insert((id.clone(), store.clone()));
        let seen = self.names.entry(id.clone()).or_default().entry((store, name.to_owned())).or_default();
        *seen = (*seen).max(last);
    }

    /// Takes in whom the unique id of a user or session stands for, and when that was said.
    pub fn add_principal(&mut self, id: &str, arn: &str, time: Option<DateTime<Utc>>) {
        let seen = self.principals.entry(id.to_owned()).or_default().entry(arn.to_owned()).or_default();
        *seen = (*seen).max(time);
    }

    /// Takes in what others know.
    pub fn merge(&mut self, other: People) {
        fn last<K: Ord>(
            own: &mut BTreeMap<K, Option<DateTime<Utc>>>,
            other: BTreeMap<K, Option<DateTime<Utc>>>,
        ) {
            for (key, time) in other {
                let seen = own.entry(key).or_default();
                *seen = (*seen).max(time);
            }
        }
        for (id, names) in other.names {
            last(self.names.entry(id).or_default(), names);
        }
        for (name, bearers) in other.bearers {
            self.bearers.entry(name).or_default().extend(bearers);
        }
        for (id, arns) in other.principals {
            last(self.principals.entry(id).or_default(), arns);
        }
    }

    /// Gives a person the name that it bore last, with all that it bore; the id, where it is known by a name that is one
    /// person's; and tells apart those who bear one name.
    pub fn name(&self, origin: &mut Origin) {
        self.name_principal(origin);
        if origin.kind != OriginKind::IdentityCenterUser {
            return;
        }
        let mut store = origin.identity_store.as_deref();
        let mut is_open = false;
        if let (None, Some(name)) = (&origin.user_id, &origin.name) {
            let is_other = |(_, of): &&Person| is_other_store(store, of.as_deref());
            let borne = self.bearers.get(name).into_iter().flatten().filter(|one| !is_other(one));
            let ids: BTreeSet<&String> = borne.clone().map(|(id, _)| id).collect();
            let stores: BTreeSet<&String> = borne.filter_map(|(_, of)| of.as_ref()).collect();
            if ids.len() == 1 && stores.len() < 2 {
                origin.user_id = ids.first().map(|id| (*id).clone());
                store = store.or(stores.into_iter().next().map(String::as_str));
            }
            is_open = ids.len() > 1;
        }
        if let Some(names) = origin.user_id.as_ref().and_then(|id| self.names.get(id)) {
            let own = names.iter().filter(|((other, _), _)| !is_other_store(store, other.as_deref()));
            let stores: BTreeSet<&String> =
                own.clone().filter_map(|((store, _), _)| store.as_ref()).collect();
            let last = own.clone().max_by_key(|((_, name), last)| (*last, name));
            let all: BTreeSet<String> = own.map(|((_, name), _)| name.clone()).collect();
            // An id of two stores is nobody's where it is not told of which.
            if let Some(((_, last), _)) = last.filter(|_| stores.len() < 2 || all.len() == 1) {
                origin.name = Some(last.clone());
                origin.names = if all.len() > 1 { all.into_iter().collect() } else { Vec::new() };
            }
        }
        let namesake = origin.name.as_ref().and_then(|name| self.namesake(name, origin));
        origin.namesake = namesake.or(is_open.then_some(Namesake::OtherId));
    }

    /// Whether an id is that of the person who bears a name: other records tell both of one, or either of somebody else. None
    /// where they tell of neither.
    #[must_use]
    pub fn is_of(&self, name: &str, id: &str, store: Option<&str>) -> Option<bool> {
        let own = |other: Option<&str>| !is_other_store(store, other);
        let names = self.names.get(id).into_iter().flat_map(BTreeMap::keys);
        let mut names = names.filter(|(of, _)| own(of.as_deref())).map(|(_, name)| name).peekable();
        if names.peek().is_some() {
            return Some(names.any(|known| known == name));
        }
        let mut bearers = self.bearers.get(name).into_iter().flatten().filter(|(_, of)| own(of.as_deref()));
        bearers.next().map(|_| false)
    }

    /// Whom another account's record names by unique id alone: users by their own records, of sessions the ARN that they had
    /// last (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>: an id is never given again).
    fn name_principal(&self, origin: &mut Origin) {
        if origin.kind != OriginKind::Account {
            return;
        }
        let arns = origin.name.as_ref().and_then(|id| self.principals.get(id));
        let last = arns.and_then(|arns| arns.iter().max_by_key(|(arn, last)| (*last, *arn)));
        let Some(arn) = last.and_then(|(arn, _)| Arn::parse(arn)) else { return };
        if origin.account.as_deref() != Some(arn.account) {
            return;
        }
        match arn.principal() {
            Some(Principal::User { name, .. }) => {
                origin.kind = OriginKind::IamUser;
                origin.name = Some(name.to_owned());
                origin.arn = last.map(|(arn, _)| arn.clone());
            }
            Some(Principal::RoleSession { .. }) => origin.arn = last.map(|(arn, _)| arn.clone()),
            _ => {}
        }
    }

    /// How somebody else than a person bears a name.
    fn namesake(&self, name: &str, person: &Origin) -> Option<Namesake> {
        let (id, store) = (person.user_id.as_deref(), person.identity_store.as_deref());
        let is_other =
            |(other, of): &&Person| is_other_store(store, of.as_deref()) || id.is_some_and(|id| id != other);
        let others: Vec<&Person> = self.bearers.get(name)?.iter().filter(is_other).collect();
        match others.iter().all(|(_, of)| is_other_store(store, of.as_deref())) {
            _ if others.is_empty() => None,
            true => Some(Namesake::OtherStore),
            false => Some(Namesake::OtherId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session of a person: the name, id and store.
    fn session(name: &str, id: &str, store: Option<&str>) -> Caller {
        let arn =
            format!("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Read_0123456789abcdef/{name}");
        Caller {
            on_behalf_of: Some(id.to_owned()),
            identity_store: store.map(|id| format!("arn:aws:identitystore::444455556666:identitystore/{id}")),
            ..Caller::role_session(&arn, "111122223333")
        }
    }

    fn person(people: &People, name: Option<&str>, id: Option<&str>, store: Option<&str>) -> Origin {
        let [name, id, store] = [name, id, store].map(|text| text.map(str::to_owned));
        let mut origin = Origin::person(name, id, store);
        people.name(&mut origin);
        origin
    }

    fn named(people: &People, id: &str, store: Option<&str>) -> String {
        person(people, None, Some(id), store).id()
    }

    /// Each was last seen a second after the one before.
    fn people(sessions: &[Caller]) -> People {
        let mut people = People::default();
        for (second, session) in (0..).zip(sessions) {
            people.add(session, DateTime::from_timestamp(second, 0));
        }
        people
    }

    #[test]
    fn an_id_is_who_the_sessions_of_it_are_named_by() {
        let known = people(&[session("lea", "u-1", Some("d-1")), session("max", "u-2", None)]);
        assert_eq!(named(&known, "u-1", Some("d-1")), "lea");
        assert_eq!(named(&known, "u-1", None), "lea");
        assert_eq!(named(&known, "u-2", Some("d-1")), "max");
        assert_eq!(named(&known, "u-1", Some("d-2")), "u-1");
        assert_eq!(named(&known, "u-3", None), "u-3");
    }

    #[test]
    fn a_person_of_several_names_is_one_by_the_last() {
        let sessions = [session("lea", "u-1", None), session("anna", "u-1", Some("d-1"))];
        let known = people(&sessions);
        for (name, id) in
            [(None, Some("u-1")), (Some("lea"), Some("u-1")), (Some("lea"), None), (Some("anna"), None)]
        {
            let found = person(&known, name, id, Some("d-1"));
            assert_eq!((found.id().as_str(), found.user_id.as_deref()), ("anna", Some("u-1")));
            assert_eq!(found.names, ["anna", "lea"]);
            assert_eq!(found.words(), "Identity Center user anna (also lea)");
        }
        // Who bears a name that another bore is told apart by id, and the name alone is nobody's.
        let known = people(&[sessions.as_slice(), &[session("lea", "u-2", Some("d-1"))]].concat());
        assert_eq!(named(&known, "u-1", Some("d-1")), "anna");
        assert_eq!(named(&known, "u-2", Some("d-1")), "lea of user id u-2");
        let open = person(&known, Some("lea"), None, Some("d-1"));
        assert_eq!((open.user_id.as_deref(), open.is_somebody()), (None, false));
        assert!(person(&known, Some("lea"), Some("u-2"), Some("d-1")).is_somebody());
    }

    #[test]
    fn people_of_one_name_in_two_stores_are_two() {
        let known = people(&[session("lea", "u-1", Some("d-1")), session("lea", "u-1", Some("d-2"))]);
        assert_eq!(named(&known, "u-1", Some("d-1")), "lea of identity store d-1");
        assert_eq!(named(&known, "u-1", Some("d-2")), "lea of identity store d-2");
    }

    #[test]
    fn an_id_of_two_stores_is_nobody_s_where_no_store_is_told() {
        let known = people(&[session("lea", "u-1", Some("d-1")), session("max", "u-1", Some("d-2"))]);
        assert_eq!(named(&known, "u-1", None), "u-1");
        assert_eq!(named(&known, "u-1", Some("d-2")), "max");
    }

    #[test]
    fn an_id_is_of_a_name_where_other_records_tell_so_and_of_another_where_they_tell_that() {
        let known = people(&[
            session("lea", "u-1", Some("d-1")),
            session("anna", "u-1", None),
            session("max", "u-2", Some("d-2")),
        ]);
        for (name, id, store, of) in [
            ("lea", "u-1", Some("d-1"), Some(true)),
            ("anna", "u-1", Some("d-1"), Some(true)),
            ("max", "u-1", Some("d-1"), Some(false)),
            ("lea", "u-2", None, Some(false)),
            ("lea", "u-3", Some("d-1"), Some(false)),
            // Of another store nothing is known.
            ("max", "u-3", Some("d-1"), None),
            ("zoe", "u-3", None, None),
        ] {
            assert_eq!(known.is_of(name, id, store), of, "{name} {id} {store:?}");
        }
    }

    #[test]
    fn a_name_that_somebody_chose_names_no_person() {
        let mut chosen = session("lea", "u-1", None);
        chosen.arn = Some("arn:aws:sts::111122223333:assumed-role/deploy/lea".to_owned());
        assert_eq!(named(&people(&[chosen]), "u-1", None), "u-1");
    }
}
