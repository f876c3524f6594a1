//! Source identities of sessions and of what may have made them, for all callers at once. The ladder over one session compares
//! them in [`crate::lineage::fit`].

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, TimeDelta};
use hashbrown::{HashMap, HashSet};
use serde::Deserialize;

use super::Relations;
use super::key::Pair;
use super::link::{Links, text};
use super::workshop::numbers;
use crate::lake::Column;
use crate::query::cells::Text;
use crate::query::{Filter, QueryError};

/// So many records are asked for at once.
const ASKED_MAX: usize = 10_000;

/// The column of callers.
const IDENTITY: &str = "source_identity";

/// What a call asked for.
#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "sourceIdentity")]
    identity: Option<String>,
}

/// The pairs of caller and issuance of which not both tell a source identity, or both the same: the one that was asked for, and
/// the one that whoever asked bears. What was asked for is read of those calls only that may have made a session which bears
/// one and that no key names.
pub(super) async fn agreeing(
    links: &Links,
    relations: &Relations,
    mut pairs: Vec<Pair>,
) -> Result<Vec<Pair>, QueryError> {
    pairs.retain(|(c, i, _)| match links.identity(*c) {
        Some(own) => links.made_as(*i).all(|made| made == own),
        None => true,
    });
    let bearing = pairs.iter().filter(|(c, ..)| links.identity(*c).is_some());
    let open: HashSet<i64> = bearing.map(|(_, i, _)| *i).collect();
    let asked = asked(links, relations, &open).await?;
    pairs.retain(|(c, i, _)| match (links.identity(*c), asked.get(i)) {
        (Some(own), Some(asked)) => own == asked,
        _ => true,
    });
    Ok(pairs)
}

/// The source identities that AssumeRole calls asked for, by issuance.
async fn asked(
    links: &Links,
    relations: &Relations,
    issuances: &HashSet<i64>,
) -> Result<HashMap<i64, String>, QueryError> {
    // Time, id and account of the record.
    let mut records: Vec<(i64, &str, Option<&str>, i64)> = Vec::new();
    for i in issuances {
        records.extend(links.record(*i).map(|(time, id, account)| (time, id, account, *i)));
    }
    records.sort_unstable();
    let mut found = HashMap::new();
    for some in records.chunks(ASKED_MAX) {
        let times = some.first().zip(some.last()).and_then(|(first, last)| {
            DateTime::from_timestamp_micros(first.0).zip(DateTime::from_timestamp_micros(last.0))
        });
        let Some((from, to)) = times else { continue };
        let ids: BTreeSet<String> = some.iter().map(|(_, id, ..)| (*id).to_owned()).collect();
        let are = Filter::All(vec![
            Filter::From(from),
            Filter::Before(to + TimeDelta::seconds(1)),
            Filter::Is(Column::EventName, "AssumeRole".to_owned()),
            Filter::In(Column::EventId, ids),
        ]);
        let mut said: HashMap<(String, Option<String>), String> = HashMap::new();
        for batch in relations.events(&are, &[Column::RequestParameters]).await? {
            let of = |column: Column| Text::of(&batch, column.name());
            let (ids, accounts) = (of(Column::EventId)?, of(Column::Account)?);
            let parameters = of(Column::RequestParameters)?;
            for row in 0..batch.num_rows() {
                let asked =
                    parameters.get(row).and_then(|json| serde_json::from_str::<Parameters>(json).ok());
                let asked = asked.and_then(|asked| asked.identity).filter(|asked| !asked.is_empty());
                if let (Some(id), Some(asked)) = (ids.get(row), asked) {
                    said.insert((id.to_owned(), accounts.get(row).map(str::to_owned)), asked);
                }
            }
        }
        for (_, id, account, i) in some {
            let asked = said.get(&((*id).to_owned(), account.map(str::to_owned)));
            found.extend(asked.map(|asked| (*i, asked.clone())));
        }
    }
    Ok(found)
}

impl Links {
    /// The source identity that a caller bears.
    fn identity(&self, caller: i64) -> Option<&str> {
        let (batch, row) = self.node(caller)?;
        text(batch.column_by_name(IDENTITY)?, row).filter(|identity| !identity.is_empty())
    }

    /// The source identities that whoever called for an issuance bears, as its record and its copy tell.
    fn made_as(&self, i: i64) -> impl Iterator<Item = &str> {
        let maker = |i: i64| {
            let (batch, row) = self.steps.at(i)?;
            let callers = numbers(batch, "caller").ok()?;
            callers.is_valid(row).then(|| callers.value(row))
        };
        let both = [Some(i), self.copies.get(&i).copied()];
        both.into_iter().flatten().filter_map(maker).filter_map(|maker| self.identity(maker))
    }

    /// Time in microseconds, id and account of the record of an issuance; None where it has no id.
    fn record(&self, i: i64) -> Option<(i64, &str, Option<&str>)> {
        let (batch, row) = self.steps.at(i)?;
        let times = batch.column_by_name("event_time")?.as_primitive_opt::<TimestampMicrosecondType>()?;
        let account = batch.column_by_name("account").and_then(|column| text(column, row));
        Some((times.value(row), text(batch.column_by_name("event_id")?, row)?, account))
    }
}
