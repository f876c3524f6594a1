//! The people of Identity Center: their ids, and the names by which sessions of permission sets know them.
//!
//! Records name a person by name, by id, or by both
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>,
//! `onBehalfOf`). An id names one person in its identity store; another store may give the same.

use std::collections::{BTreeMap, BTreeSet};

use super::{Caller, Origin, OriginKind, is_named_by_identity_center};

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

/// Who bears which id and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// By id: the identity stores, none where it is not told, and names.
    names: BTreeMap<String, BTreeSet<(Option<String>, String)>>,
    /// By name: the identity stores.
    stores: BTreeMap<String, BTreeSet<String>>,
}

impl People {
    /// Takes in what a caller's records say, if it is a session that Identity Center named.
    pub fn add(&mut self, caller: &Caller) {
        let (Some(id), Some(name)) = (&caller.on_behalf_of, caller.session_name()) else { return };
        if !is_named_by_identity_center(caller) {
            return;
        }
        let store = caller.identity_store.as_deref().map(|store| store_id(store).to_owned());
        if let Some(store) = &store {
            self.stores.entry(name.to_owned()).or_default().insert(store.clone());
        }
        self.names.entry(id.clone()).or_default().insert((store, name.to_owned()));
    }

    /// Gives a person who is known by id alone the name that sessions of this id bear, if it is one; and tells apart those
    /// who bear one name in several identity stores.
    pub fn name(&self, origin: &mut Origin) {
        if origin.kind != OriginKind::IdentityCenterUser {
            return;
        }
        if let (None, Some(id)) = (&origin.name, &origin.user_id) {
            let store = origin.identity_store.as_deref();
            let borne = self.names.get(id).into_iter().flatten();
            let own = borne.filter(|(other, _)| !is_other_store(store, other.as_deref()));
            let names: BTreeSet<&String> = own.map(|(_, name)| name).collect();
            if names.len() == 1 {
                origin.name = names.into_iter().next().cloned();
            }
        }
        let stores = origin.name.as_ref().and_then(|name| self.stores.get(name));
        origin.has_namesake =
            stores.is_some_and(|stores| stores.len() > 1) && origin.identity_store.is_some();
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

    fn named(people: &People, id: &str, store: Option<&str>) -> String {
        let mut origin = Origin::person(None, Some(id.to_owned()), store.map(str::to_owned));
        people.name(&mut origin);
        origin.id()
    }

    fn people(sessions: &[Caller]) -> People {
        let mut people = People::default();
        for session in sessions {
            people.add(session);
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
        let renamed = people(&[session("lea", "u-1", None), session("lea.m", "u-1", None)]);
        assert_eq!(named(&renamed, "u-1", None), "u-1");
    }

    #[test]
    fn people_of_one_name_in_two_stores_are_two() {
        let known = people(&[session("lea", "u-1", Some("d-1")), session("lea", "u-1", Some("d-2"))]);
        assert_eq!(named(&known, "u-1", Some("d-1")), "lea of identity store d-1");
        assert_eq!(named(&known, "u-1", Some("d-2")), "lea of identity store d-2");
    }

    #[test]
    fn a_name_that_somebody_chose_names_no_person() {
        let mut chosen = session("lea", "u-1", None);
        chosen.arn = Some("arn:aws:sts::111122223333:assumed-role/deploy/lea".to_owned());
        assert_eq!(named(&people(&[chosen]), "u-1", None), "u-1");
    }
}
