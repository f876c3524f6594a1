//! Whom ids and names stand for: users of Identity Center, and principals of other accounts.

use std::collections::BTreeSet;

use super::{Source, keep, kept};
use crate::lake::Column;
use crate::lineage::{
    Caller, Issuance, Origin, OriginKind, People, is_open_person, is_telling, tell_persons,
};
use crate::query::lineage::Told;
use crate::query::{Filter, QueryError};

impl Source {
    /// Who bears the id or the name of a user of Identity Center, as far as it takes to name that one.
    pub(in crate::inquiry::trace) async fn people(&self, person: &Origin) -> Result<People, QueryError> {
        let mut people = People::default();
        if let (OriginKind::Account, Some(id)) = (person.kind, &person.name) {
            let types = BTreeSet::from(["IAMUser", "AssumedRole"].map(str::to_owned));
            let is = Filter::Is(Column::PrincipalId, id.clone());
            let of_own = Filter::All(vec![is, Filter::In(Column::IdentityType, types)]);
            let own = self.callers(&of_own).await?;
            for one in &own {
                people.add(&one.caller, one.usage.last.map(|time| time.0));
            }
            if own.is_empty() && is_telling(id) {
                for told in self.told(id).await? {
                    people.add_principal(&told.id, &told.arn, Some(told.time));
                }
            }
        }
        if person.kind != OriginKind::IdentityCenterUser {
            return Ok(people);
        }
        let mut named = person.clone();
        let mut asked = BTreeSet::new();
        // The name leads to the id, the id to the last name, and that to whoever bears it, too.
        loop {
            let of_id = named.user_id.clone().map(|id| Filter::Is(Column::OnBehalfOfUserId, id));
            let of_name = named.name.clone().map(|name| {
                let of_role = Filter::Is(Column::IdentityType, "AssumedRole".to_owned());
                let session = Filter::SessionName(BTreeSet::from([name.clone()]));
                let in_portal = Filter::Is(Column::UserName, name);
                let named = Filter::Any(vec![Filter::All(vec![of_role, session]), in_portal]);
                Filter::All(vec![Filter::Some(Column::OnBehalfOfUserId), named])
            });
            let before = asked.len();
            for filter in of_id.into_iter().chain(of_name) {
                if asked.insert(format!("{filter:?}")) {
                    for one in self.callers(&filter).await? {
                        people.add(&one.caller, one.usage.last.map(|time| time.0));
                    }
                }
            }
            if asked.len() == before {
                return Ok(people);
            }
            named = person.clone();
            people.name(&mut named);
        }
    }

    /// Tells whose the steps in the access portal are that may have led to a session, see [`tell_persons`].
    pub(in crate::inquiry::trace) async fn tell_persons(
        &self,
        session: &Caller,
        list: &mut Vec<Issuance>,
    ) -> Result<(), QueryError> {
        let name = session.session_name().map(str::to_owned);
        let open = list.iter().filter(|one| is_open_person(session, one));
        let ids: BTreeSet<Option<String>> = open.map(|one| one.caller.on_behalf_of.clone()).collect();
        let mut people = People::default();
        for user_id in ids {
            let named = Origin::principal(OriginKind::IdentityCenterUser, None, name.clone(), None);
            people.merge(self.people(&Origin { user_id, ..named }).await?);
        }
        tell_persons(session, list, &people);
        Ok(())
    }

    /// Whom a unique id stands for by the calls that made it.
    async fn told(&self, id: &str) -> Result<Vec<Told>, QueryError> {
        if let Some(known) = kept(&self.principals, id) {
            return Ok(known.to_vec());
        }
        let found = self.relations.principals(&BTreeSet::from([id.to_owned()])).await?;
        keep(&self.principals, id.to_owned(), &found);
        Ok(found)
    }
}
