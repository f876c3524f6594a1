//! The origins of all callers: what stands at the roots of the closure, and who stands above that.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt32Array,
    new_null_array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;
use datafusion::prelude::SessionContext;
use hashbrown::{HashMap, HashSet};

use super::closure::{Closed, arrow, by_hand, by_joins};
use super::edge::Edges;
use super::link::{Linked, Links, SHARED, Starts, hidden, link, text};
use super::pass::{Pass, pass};
use super::place::{Place, Places, choices, several};
use super::portal::people;
use super::root::{Reached, Root, Roots, cycle, known, signed_in_at};
use super::top::{Top, tops};
use super::workshop::{Workshop, numbers};
use super::{Relations, telling};
use crate::lineage::{Origin, Reason, Rule};
use crate::query::QueryError;

/// The origins of all callers.
pub struct Origins {
    links: Links,
    places: HashMap<i64, Place>,
    /// By caller that leads to several origins: the places of their roots.
    choices: HashMap<i64, Vec<u32>>,
    roots: Vec<Root>,
    /// By root, once it is asked for.
    tops: OnceLock<Vec<Top>>,
}

/// The origin of one caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginOf {
    /// The origin; whether it is complete and certain is as seen from the caller.
    pub origin: Origin,
    /// All that come into question, where these are several; `origin` is that of the first candidate.
    pub choices: Vec<Origin>,
    /// How many links of delegation lead there.
    pub depth: u64,
    /// How many issuances fit the caller equally well; 0 where none does.
    pub candidates: u64,
    /// The event of the issuance that is shown.
    pub event_id: Option<String>,
}

impl Origins {
    /// The origin of a caller; None for one that is not in the lake.
    #[must_use]
    pub fn of(&self, caller: i64) -> Option<OriginOf> {
        let place = self.places.get(&caller)?;
        let mut origin = self.roots.get(place.root as usize)?.origin.clone();
        origin.certain = origin.is_somebody() && !place.claimed && !place.forked;
        origin.complete = origin.complete && !place.claimed && !place.forked;
        let linked = self.links.linked.get(&caller);
        let choices = choices(&self.choices, &self.roots, caller);
        let origin = origin.or_one_of(choices.iter().copied());
        let gap = || place.forked.then(|| several(&choices));
        let origin = Origin { gap: gap().or(origin.gap.clone()), ..origin };
        Some(OriginOf {
            origin,
            choices: choices.into_iter().cloned().collect(),
            depth: u64::try_from(place.depth).unwrap_or(0),
            candidates: linked.map_or(0, |linked| linked.all.len().max(1) as u64),
            event_id: linked.and_then(|linked| event(&self.links, linked.i)).map(str::to_owned),
        })
    }

    /// Who stands above each root.
    fn tops(&self) -> &[Top] {
        self.tops.get_or_init(|| tops(&self.roots, &self.places, &self.choices))
    }

    /// Some columns of the table `origins`, by their places in [`super::ORIGIN_COLUMNS`]: one row a caller.
    pub(super) fn batches(&self, columns: &[usize]) -> Result<Vec<RecordBatch>, QueryError> {
        let names = || columns.iter().filter_map(|column| Some(super::ORIGIN_COLUMNS.get(*column)?.0));
        let tops = if names().any(|name| OF_TOPS.contains(&name)) { self.tops() } else { &[] };
        let texts = names().filter_map(|name| Some((name, of_roots(name, &self.roots, tops)?))).collect();
        let (links, places, roots) = (&self.links, &self.places, &self.roots);
        let table = Table { links, places, roots, choices: &self.choices, tops, texts };
        self.links.nodes.batches.iter().map(|batch| table.rows(batch, columns)).collect()
    }
}

/// Computes the origins of all callers of a session that knows the views of lineage.
pub(super) async fn label(ctx: &SessionContext) -> Result<Origins, QueryError> {
    let workshop = Workshop::like(ctx).await?;
    let origins = Box::pin(label_in(&workshop, ctx)).await;
    workshop.end().await;
    origins
}

async fn label_in(workshop: &Workshop, ctx: &SessionContext) -> Result<Origins, QueryError> {
    let Pass { nodes, delegations, schema, issuing, acting, requests, days } = pass(ctx).await?;
    let issuing = telling(ctx, Arc::clone(&schema), issuing).await?;
    let acting = telling(ctx, schema, acting).await?;
    let Starts { delegating, ways, hides } = Starts::of(&issuing.ctx).await?;
    let relations = Relations::open(ctx).await?;
    let links = link(nodes, delegations, delegating, requests, &relations, workshop).await?;
    let hidden = if hides { hidden(&issuing.ctx).await? } else { Vec::new() };
    drop(issuing);
    let known = known(days.sight(), [ways, hidden].concat(), &acting, workshop).await?;
    let here = workshop.is_here();
    let closing = || -> Result<(Edges, Option<Closed>), QueryError> {
        let edges = Edges::of(&links)?;
        let closed = here.then(|| by_hand(&edges.list, edges.forked));
        Ok((edges, closed))
    };
    let (closing, told) = rayon::join(closing, || Ok((people(&links)?, signed_in_at(&links)?)));
    let (Edges { list: edges, ends, switchers, forked }, closed) = closing?;
    let closed = match closed {
        Some(closed) => closed,
        None => by_joins(workshop, &edges, forked).await?,
    };
    let (people, signed_in) = told?;
    let mut reached = Reached::new(&ends, &links);
    let (ended, with_edge) = rayon::join(
        // By row: the place of its root.
        || -> Vec<u32> { closed.rooted.iter().map(|edge| reached.place(edge.p, Some(edge.l))).collect() },
        || -> HashSet<i64> { edges.iter().map(|edge| edge.c).collect() },
    );
    // Callers without an edge are their own roots.
    let mut alone: Vec<(i64, u32)> = Vec::new();
    for batch in &links.nodes.batches {
        let callers = numbers(batch, "caller")?.values().iter();
        let own = callers.filter(|caller| !with_edge.contains(*caller));
        alone.extend(own.map(|caller| (*caller, reached.place(*caller, None))));
    }
    drop(with_edge);
    let roots = Roots {
        links: &links,
        known: &known,
        ends: &ends,
        switchers: &switchers,
        signed_in: &signed_in,
        people,
    };
    let (mut roots, spots) = roots.all(&reached.list)?;
    let at = |spot: u32| spots.get(spot as usize).copied().unwrap_or(u32::MAX);
    let mut places = Places { by_caller: HashMap::with_capacity(edges.len()), choices: HashMap::new() };
    for (edge, spot) in closed.rooted.iter().zip(ended) {
        let place = Place { root: at(spot), depth: edge.d, claimed: edge.k, forked: false, first: edge.m };
        places.add(edge.c, place, &roots);
    }
    if !closed.cyclic.is_empty() {
        let root = u32::try_from(roots.len()).unwrap_or(u32::MAX);
        roots.push(cycle());
        for edge in &closed.cyclic {
            let place = Place { root, depth: 0, claimed: false, forked: false, first: edge.m };
            places.add(edge.c, place, &roots);
        }
    }
    for (caller, spot) in alone {
        let place = Place { root: at(spot), depth: 0, claimed: false, forked: false, first: true };
        places.by_caller.insert(caller, place);
    }
    let Places { by_caller: places, choices } = places;
    Ok(Origins { links, places, choices, roots, tops: OnceLock::new() })
}

/// Where some callers end, and their links, row by row.
struct Rows<'a> {
    callers: &'a [i64],
    places: Vec<Option<&'a Place>>,
    linked: Vec<Option<&'a Linked>>,
}

/// The rows of `origins`.
struct Table<'a> {
    links: &'a Links,
    places: &'a HashMap<i64, Place>,
    roots: &'a [Root],
    choices: &'a HashMap<i64, Vec<u32>>,
    tops: &'a [Top],
    /// By column: what it says of each root.
    texts: BTreeMap<&'static str, StringArray>,
}

/// The columns of `origins` that say who stands above roots.
const OF_TOPS: [&str; 3] = ["root_kind", "root", "root_certain"];

/// What a column of `origins` says of each root; None for columns that are not about roots. Taken for every caller that
/// leads there.
fn of_roots(name: &str, roots: &[Root], tops: &[Top]) -> Option<StringArray> {
    Some(match name {
        "origin_kind" => roots.iter().map(|root| Some(root.origin.kind.word())).collect(),
        "origin" => roots.iter().map(|root| Some(root.origin.id())).collect(),
        "origin_account" => roots.iter().map(|root| root.origin.account.as_deref()).collect(),
        "origin_access_key" => roots.iter().map(|root| root.origin.access_key.as_deref()).collect(),
        "above_rule" => roots.iter().map(|root| root.above.as_ref().map(|above| above.rule.word())).collect(),
        "above_event_id" => {
            roots.iter().map(|root| root.above.as_ref().map(|above| above.event_id.as_str())).collect()
        }
        "root_kind" => tops.iter().map(|top| Some(top.kind())).collect(),
        "root" => tops.iter().map(|top| Some(top.id())).collect(),
        _ => return None,
    })
}

impl Table<'_> {
    fn rows(&self, batch: &RecordBatch, columns: &[usize]) -> Result<RecordBatch, QueryError> {
        let callers = numbers(batch, "caller")?.values();
        let rows = Rows {
            callers,
            places: callers.iter().map(|caller| self.places.get(caller)).collect(),
            linked: callers.iter().map(|caller| self.links.linked.get(caller)).collect(),
        };
        let schema = super::table::schema().project(columns).map_err(arrow)?;
        let mut found = Vec::with_capacity(columns.len());
        for (column, field) in columns.iter().zip(schema.fields()) {
            let own = super::table::FROM_NODES.get(*column).map(|name| batch.column_by_name(name).cloned());
            let column = match own {
                Some(own) => own.unwrap_or_else(|| new_null_array(&DataType::Utf8, batch.num_rows())),
                None => self.column(field.name(), &rows)?,
            };
            found.push(cast(&column, field.data_type()).map_err(arrow)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(schema), found, &options).map_err(arrow)
    }

    /// A column that is not the callers' own.
    fn column(&self, name: &str, rows: &Rows<'_>) -> Result<ArrayRef, QueryError> {
        if let Some(texts) = self.texts.get(name) {
            let at: UInt32Array = rows.places.iter().map(|place| place.map(|place| place.root)).collect();
            let first = take(texts, &at, None).map_err(arrow)?;
            return Ok(if self.choices.is_empty() { first } else { self.of_all(name, first, rows.callers) });
        }
        let flags = |get: &dyn Fn(&Place) -> bool| -> ArrayRef {
            Arc::new(rows.places.iter().map(|place| place.map(get)).collect::<BooleanArray>())
        };
        let texts = |get: &dyn Fn(usize) -> Option<&'static str>| -> ArrayRef {
            Arc::new((0..rows.places.len()).map(get).collect::<StringArray>())
        };
        let numbers = |get: &dyn Fn(usize) -> Option<i64>| -> ArrayRef {
            Arc::new((0..rows.places.len()).map(get).collect::<Int64Array>())
        };
        let place = |row: usize| rows.places.get(row).copied().flatten();
        let linked = |row: usize| rows.linked.get(row).copied().flatten();
        Ok(match name {
            "rule" => texts(&|row| {
                let is_foreign =
                    rows.callers.get(row).is_some_and(|caller| self.links.foreign.contains_key(caller));
                let shared = is_foreign.then(|| Rule::SharedEvent.word());
                linked(row).map(|one| self.rule(one)).or(shared)
            }),
            "event_id" => {
                let events = rows.linked.iter().map(|linked| event(self.links, (*linked)?.i));
                Arc::new(events.collect::<StringArray>())
            }
            "candidates" => numbers(&|row| {
                linked(row).map(|linked| i64::try_from(linked.all.len().max(1)).unwrap_or(i64::MAX))
            }),
            "depth" => numbers(&|row| place(row).map(|place| place.depth)),
            "complete" => flags(&|place| {
                let complete = self.root(place).is_some_and(|root| root.origin.complete);
                complete && !place.claimed && !place.forked
            }),
            "certain" => flags(&|place| {
                let known = self.root(place).is_some_and(|root| root.origin.is_somebody());
                known && !place.claimed && !place.forked
            }),
            "root_certain" => {
                let certain = rows.callers.iter().zip(&rows.places).map(|(caller, place)| {
                    let place = (*place)?;
                    Some(!place.claimed && self.top(*caller, place).is_certain())
                });
                Arc::new(certain.collect::<BooleanArray>())
            }
            "gap" => texts(&|row| {
                let place = place(row)?;
                if place.forked {
                    return Some(Reason::SeveralOrigins.word());
                }
                let own = self.root(place)?.origin.gap.as_ref().map(|gap| gap.reason.word());
                own.or_else(|| place.claimed.then_some(Reason::OnlyClaimed.word()))
            }),
            other => {
                let found = format!("`{other}`");
                return Err(QueryError::Column { column: "origins", expected: "a column of it", found });
            }
        })
    }

    /// What a column says of the origins, where several come into question: all ids, and of the rest what they share.
    fn of_all(&self, name: &str, first: ArrayRef, callers: &[i64]) -> ArrayRef {
        if !matches!(name, "origin" | "root" | "root_kind" | "origin_account" | "origin_access_key") {
            return first;
        }
        let own = |row: usize| text(&first, row).map(str::to_owned);
        let said = |(row, caller): (usize, &i64)| {
            if let ("root" | "root_kind", Some(place)) = (name, self.places.get(caller)) {
                if !place.forked {
                    return own(row);
                }
                let top = self.top(*caller, place);
                return Some(if name == "root" { top.id() } else { top.kind().to_owned() });
            }
            let all = choices(self.choices, self.roots, *caller);
            let Some((one, others)) = all.split_first().filter(|(_, others)| !others.is_empty()) else {
                return own(row);
            };
            let all = (*one).clone().or_one_of(others.iter().copied().chain([*one]));
            match name {
                "origin_account" => all.account,
                "origin_access_key" => all.access_key,
                _ => Some(all.id()),
            }
        };
        Arc::new(callers.iter().enumerate().map(said).collect::<StringArray>())
    }

    /// Who stands above all that a caller may lead to.
    fn top(&self, caller: i64, place: &Place) -> Cow<'_, Top> {
        let of = |root: &u32| self.tops.get(*root as usize);
        match self.choices.get(&caller) {
            Some(all) => Cow::Owned(Top::of_all(all.iter().filter_map(of))),
            None => of(&place.root).map_or_else(|| Cow::Owned(Top::of_all([])), Cow::Borrowed),
        }
    }

    fn root(&self, place: &Place) -> Option<&Root> {
        self.roots.get(place.root as usize)
    }

    fn rule(&self, linked: &Linked) -> &'static str {
        match linked.rank {
            SHARED => Rule::SharedEvent.word(),
            0..10 => {
                let shared = self.links.shared_keys.contains(&linked.i);
                if shared { Rule::Session.word() } else { Rule::Key.word() }
            }
            50.. => Rule::Claim.word(),
            _ => Rule::Session.word(),
        }
    }
}

/// The event id of an issuance.
fn event(links: &Links, i: i64) -> Option<&str> {
    let (batch, row) = links.steps.at(i)?;
    batch.column_by_name("event_id").and_then(|column| text(column, row))
}
