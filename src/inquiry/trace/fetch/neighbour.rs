//! Issuances of another second than that in which a session was created.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Source;
use crate::lineage::{Caller, Issuance, Rank, RecordRef, find, is_own_session};
use crate::query::QueryError;

impl Source {
    /// Leaves out the best candidates of a session that were issued in another second, as long as sessions of their own are here,
    /// see [`is_own_session`].
    pub(in crate::inquiry::trace) async fn leave_neighbours(
        &self,
        session: &Caller,
        first: Option<DateTime<Utc>>,
        list: &mut Vec<Issuance>,
    ) -> Result<(), QueryError> {
        loop {
            let found = find(session, first, &*list);
            if !found.rank.is_some_and(Rank::is_of_neighbour) {
                return Ok(());
            }
            let mut others: BTreeSet<RecordRef> = BTreeSet::new();
            for one in &found.best {
                let Some(key) = &one.key else { continue };
                let own = self.of_key(key, Some(one.record.time)).await?;
                let is_own = own
                    .iter()
                    .any(|own| is_own_session(&own.caller, own.usage.first.map(|first| first.0), one));
                others.extend(is_own.then(|| one.record.clone()));
            }
            if others.is_empty() {
                return Ok(());
            }
            list.retain(|one| !others.contains(&one.record));
        }
    }
}
