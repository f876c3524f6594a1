//! Steps in the access portal that name a person by id alone, and the sessions that name it by name alone: whether both are
//! of one, other records tell. The ladder over one session is [`crate::lineage::tell_persons`].

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use hashbrown::HashSet;

use super::closure::arrow;
use super::link::{Links, text};
use super::read;
use super::workshop::numbers;
use crate::lineage::{Class, People};
use crate::query::QueryError;

/// The rank of what is only claimed.
pub(super) const CLAIM: i64 = 50;

/// The people whom the callers name, and those whom other accounts name by unique id.
pub(super) fn people(links: &Links) -> Result<&People, QueryError> {
    if let Some(known) = links.people.get() {
        return Ok(known);
    }
    let named = named(links)?;
    Ok(links.people.get_or_init(|| named))
}

fn named(links: &Links) -> Result<People, QueryError> {
    let mut people = People::default();
    let column = |batch: &'_ RecordBatch, name: &str| batch.column_by_name(name).cloned();
    let mut foreign: HashSet<String> = HashSet::new();
    for batch in &links.nodes.batches {
        let (Some(classes), Some(ids)) = (column(batch, "caller_class"), column(batch, "principal_id"))
        else {
            continue;
        };
        let of_accounts =
            (0..batch.num_rows()).filter(|row| text(&classes, *row) == Some(Class::Account.word()));
        foreign.extend(of_accounts.filter_map(|row| text(&ids, row).map(str::to_owned)));
    }
    for batch in &links.nodes.batches {
        let (Some(people_ids), Some(ids)) =
            (column(batch, "on_behalf_of_user_id"), column(batch, "principal_id"))
        else {
            continue;
        };
        if people_ids.null_count() == people_ids.len() && foreign.is_empty() {
            continue;
        }
        let is_foreign = |row| !foreign.is_empty() && text(&ids, row).is_some_and(|id| foreign.contains(id));
        for row in (0..batch.num_rows()).filter(|row| people_ids.is_valid(*row) || is_foreign(*row)) {
            let (caller, (_, last)) = read::node(batch, &links.nodes.columns, row)?;
            people.add(&caller, last);
        }
    }
    for told in &links.told {
        people.add_principal(&told.id, &told.arn, Some(told.time));
    }
    Ok(people)
}

/// Pairs of caller and issuance with their ranks, where those of the portal that were open are decided: as of the session's
/// person, as a claim, or left out.
pub(super) fn decided(links: &Links, pairs: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, QueryError> {
    let is_open = |rank: i64| (10..CLAIM).contains(&rank) && rank % 10 == 3;
    let mut any = false;
    for batch in &pairs {
        any |= numbers(batch, "rank")?.values().iter().any(|rank| is_open(*rank));
    }
    if !any {
        return Ok(pairs);
    }
    let people = people(links)?;
    let field = |name: &str| Field::new(name, DataType::Int64, false);
    let schema = Arc::new(Schema::new(vec![field("c"), field("i"), field("rank")]));
    let mut found = Vec::with_capacity(pairs.len());
    for batch in &pairs {
        let (callers, issuances, ranks) =
            (numbers(batch, "c")?, numbers(batch, "i")?, numbers(batch, "rank")?);
        let mut kept: [Vec<i64>; 3] = Default::default();
        for ((c, i), rank) in callers.values().iter().zip(issuances.values()).zip(ranks.values()) {
            let rank = if is_open(*rank) {
                match is_of(links, people, *c, *i) {
                    Some(true) => *rank - 1,
                    Some(false) => continue,
                    None => CLAIM,
                }
            } else {
                *rank
            };
            for (column, value) in kept.iter_mut().zip([*c, *i, rank]) {
                column.push(value);
            }
        }
        let columns = kept.into_iter().map(|column| Arc::new(Int64Array::from(column)) as _).collect();
        found.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(arrow)?);
    }
    Ok(found)
}

/// Whether the person of a step in the portal is the one whom a session names; None where no record tells.
fn is_of(links: &Links, people: &People, caller: i64, i: i64) -> Option<bool> {
    let (node, at) = links.node(caller)?;
    let (step, row) = links.steps.at(i)?;
    let name = text(node.column_by_name("portal_user")?, at)?;
    let id = text(step.column_by_name("portal_user_id")?, row)?;
    let store = step.column_by_name("portal_store").and_then(|column| text(column, row));
    people.is_of(name, id, store)
}
