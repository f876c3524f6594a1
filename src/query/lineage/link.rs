//! Links for all callers at once: the steps of the ladder as joins, each on what the ones before left over.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use datafusion::prelude::SessionContext;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::Relations;
use super::closure::arrow;
use super::foreign::{Known, Requests, known};
use super::identity::agreeing;
use super::key::{Pair, by_key, copies};
use super::pass::DELEGATION;
use super::portal::decided;
use super::principal::{Told, untold};
use super::read::{self, Places};
use super::workshop::{Workshop, ask, flags, numbers};
use crate::lineage::{Class, Issuance, IssuanceKind, KEY_LIFE_SECONDS, People, Rule};
use crate::query::QueryError;

const STARTS: &str = include_str!("../../../queries/lineage/world/starts.sql");
pub(super) const KEY: &str = include_str!("../../../queries/lineage/world/key.sql");
pub(super) const KEY_NEAR: &str = include_str!("../../../queries/lineage/world/key-near.sql");
pub(super) const SESSION: &str = include_str!("../../../queries/lineage/world/session.sql");
const SWITCHED: &str = include_str!("../../../queries/lineage/world/switched.sql");
const LATE: &str = include_str!("../../../queries/lineage/world/late.sql");

/// The copies of requests that two accounts recorded: the one of the role's account, and that of the caller's. In sanitised logs
/// one id may stand for all requests: what both tell agrees.
pub(super) const COPIES: &str = "select called.i as i, caller_side.i as copy \
    from steps as called join steps as caller_side on called.shared_hash = caller_side.shared_hash \
    where called.role_side and caller_side.caller_side \
    and coalesce(called.key_hash = caller_side.key_hash, true) \
    and coalesce(called.arn_hash = caller_side.arn_hash, true) \
    and abs(called.at_s - caller_side.at_s) <= 2";

/// What the first step of the ladder and the sums of [`super::label`] need of callers: no wide text is kept elsewhere.
const NODE: [&str; 14] = [
    "caller",
    "caller_class",
    "climbs",
    "created_s",
    "first_s",
    "key_hash",
    "arn_hash",
    "id_hash",
    "account_hash",
    "issuer_hash",
    "provider_hash",
    "identity_type",
    "calls",
    "forwarded",
];

/// What the later steps of the ladder need of callers: no wide text is copied.
const REST: [&str; 17] = [
    "caller",
    "created_s",
    "first_s",
    "key_hash",
    "arn_hash",
    "id_hash",
    "account_hash",
    "permission_set",
    "portal_user",
    "sign_in_session",
    "role_session",
    "other_keys_disprove",
    "of_console",
    "issuer_hash",
    "provider_hash",
    "on_behalf_of_user_id",
    "on_behalf_of_identity_store_arn",
];

/// The rank of a link between two copies of a request.
pub(super) const SHARED: i64 = -1;

/// The link of one caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linked {
    /// The issuance that is shown.
    pub(super) i: i64,
    /// The rank, see [`crate::lineage::Rank::number`].
    pub(super) rank: i64,
    /// All candidates, where they are several; in order.
    pub(super) all: Vec<i64>,
}

/// Callers, issuances, and what links them.
pub(super) struct Links {
    pub(super) nodes: Rows,
    pub(super) steps: Rows,
    /// By caller: the number of its row.
    places: HashMap<i64, i64>,
    /// By caller.
    pub(super) linked: HashMap<i64, Linked>,
    /// By record of switching roles as a session of a role: what may have made that session; as a user: the sign-ins.
    pub(super) switchers: HashMap<i64, Linked>,
    /// By issuance: its copy in the caller's account.
    pub(super) copies: HashMap<i64, i64>,
    /// By subject of an identity provider: an issuance that it called for, which says more of it.
    pub(super) vouched: HashMap<i64, i64>,
    /// By caller: an issuance that would fit if it did not come too late.
    pub(super) late: HashMap<i64, i64>,
    /// By caller whose key a service issued: the call by which a credential fetched it, see [`crate::lineage::Found`].
    pub(super) through: HashMap<i64, i64>,
    /// By principal of another account that is not one of a single request to STS: who it is.
    pub(super) foreign: HashMap<i64, Known>,
    /// Issuances whose key id names no one key.
    pub(super) shared_keys: HashSet<i64>,
    /// Who principals of other accounts are of whom no record of their own is here.
    pub(super) told: Vec<Told>,
    /// Whom the callers name, once that is asked for: see [`super::portal::people`].
    pub(super) people: OnceLock<People>,
}

/// Batches whose rows are found by number.
pub(super) struct Rows {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) columns: Places,
    starts: Vec<usize>,
    /// Batches before those that have every column.
    narrow: usize,
}

impl Rows {
    fn new(mut narrow: Vec<RecordBatch>, whole: Vec<RecordBatch>) -> Rows {
        let columns = whole.first().map(Places::of).unwrap_or_default();
        let narrow_count = narrow.len();
        narrow.extend(whole);
        let batches = narrow;
        let mut starts = Vec::with_capacity(batches.len());
        let mut start = 0;
        for batch in &batches {
            starts.push(start);
            start += batch.num_rows();
        }
        Rows { batches, columns, starts, narrow: narrow_count }
    }

    /// The batch and the row of a number.
    pub(super) fn at(&self, number: i64) -> Option<(&RecordBatch, usize)> {
        self.place(number).map(|(_, batch, row)| (batch, row))
    }

    fn place(&self, number: i64) -> Option<(usize, &RecordBatch, usize)> {
        let number = usize::try_from(number).ok()?;
        let place = self.starts.partition_point(|start| *start <= number).checked_sub(1)?;
        Some((place, self.batches.get(place)?, number - self.starts.get(place)?))
    }

    /// An issuance by its number; None for those of which only the joined columns are here.
    pub(super) fn issuance(&self, i: i64) -> Result<Option<Issuance>, QueryError> {
        let whole = self.place(i).filter(|(place, ..)| *place >= self.narrow);
        whole.map(|(_, batch, row)| read::issuance(batch, &self.columns, row)).transpose()
    }
}

/// The issuances that are no plain delegations, each read once.
pub(super) struct Starts {
    /// Those that delegate.
    pub(super) delegating: Vec<RecordBatch>,
    /// Those that made keys, users and passwords.
    pub(super) ways: Vec<RecordBatch>,
    /// Whether there are others, which hide what they made.
    pub(super) hides: bool,
}

impl Starts {
    /// Those of the events of a session.
    pub(super) async fn of(issuing: &SessionContext) -> Result<Starts, QueryError> {
        let mut starts = Starts { delegating: Vec::new(), ways: Vec::new(), hides: false };
        for batch in ask(issuing, STARTS).await? {
            let kinds = batch.column_by_name("kind").cloned();
            let kind = |row: usize| kinds.as_ref().and_then(|kinds| text(kinds, row));
            let parts: Vec<Start> = (0..batch.num_rows()).map(|row| Start::of(kind(row))).collect();
            starts.hides |= parts.contains(&Start::Hidden);
            let of = |wanted: Start| -> Result<RecordBatch, QueryError> {
                let rows: BooleanArray = parts.iter().map(|part| Some(*part == wanted)).collect();
                filter_record_batch(&batch, &rows).map_err(arrow)
            };
            if parts.contains(&Start::Way) {
                starts.ways.push(of(Start::Way)?);
            }
            if parts.iter().all(|part| *part == Start::Delegates) {
                starts.delegating.push(batch);
            } else {
                starts.delegating.push(of(Start::Delegates)?);
            }
        }
        Ok(starts)
    }
}

/// What is read of an issuance where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Delegates,
    Way,
    Hidden,
    /// A way in that nothing here goes by.
    Other,
}

impl Start {
    /// By the kind of an issuance.
    fn of(kind: Option<&str>) -> Start {
        match kind {
            Some("access-key" | "user" | "password") => Start::Way,
            Some("hidden") => Start::Hidden,
            Some("other-way") => Start::Other,
            _ => Start::Delegates,
        }
    }
}

/// The issuances that hide what they made, with the role that they asked for.
pub(super) async fn hidden(issuing: &SessionContext) -> Result<Vec<RecordBatch>, QueryError> {
    ask(issuing, "select * from issuances where kind = 'hidden'").await
}

/// Links callers to issuances: plain delegations, and all others that delegate. `relations` are of all events.
pub(super) async fn link(
    nodes: Vec<RecordBatch>,
    delegations: Vec<RecordBatch>,
    delegating: Vec<RecordBatch>,
    requests: Requests,
    relations: &Relations,
    workshop: &Workshop,
) -> Result<Links, QueryError> {
    let joined = nodes.iter().map(|batch| narrow(batch, &NODE)).collect::<Result<Vec<_>, _>>()?;
    workshop.put("nodes", schema_of(&joined), joined).await?;
    let steps = Rows::new(delegations, delegating);
    let (schema, mut numbered) = numbered(&steps.batches)?;
    workshop.put("steps", Arc::clone(&schema), numbered.clone()).await?;
    let ((places, untold), shared_keys) = rayon::join(
        || rayon::join(|| places_of(&nodes), || untold(&nodes, &numbered)),
        || shared_keys(&numbered),
    );
    let (places, untold, shared_keys) = (places?, untold?, shared_keys?);
    let told = if untold.is_empty() { Vec::new() } else { relations.principals(&untold).await? };
    let mut links = Links {
        places,
        nodes: Rows::new(Vec::new(), nodes),
        steps,
        linked: HashMap::new(),
        switchers: HashMap::new(),
        copies: HashMap::new(),
        vouched: HashMap::new(),
        late: HashMap::new(),
        through: HashMap::new(),
        foreign: HashMap::new(),
        shared_keys,
        told,
        people: OnceLock::new(),
    };
    let mut dropped = HashSet::new();
    let copied = if workshop.is_here() { copies(&numbered)? } else { copied(&workshop.ask(COPIES).await?)? };
    for (i, copy) in copied {
        dropped.insert(copy);
        let first = links.copies.get(&i).is_none_or(|known| links.order(copy) < links.order(*known));
        if first {
            links.copies.insert(i, copy);
        }
    }
    if links.keep_keys_of_the_console(&mut numbered)? {
        workshop.put("steps", schema, numbered.clone()).await?;
    }
    let keyed = if workshop.is_here() {
        by_key(&links.nodes.batches, &numbered)?
    } else {
        pairs(&workshop.ask(KEY).await?)?
    };
    drop(numbered);
    take(&mut links.linked, &keyed, &dropped);
    drop(keyed);
    if links.switches()? {
        take(&mut links.switchers, &pairs(&workshop.ask(SWITCHED).await?)?, &dropped);
    }
    for (statement, rule) in [(KEY_NEAR, Rule::Key), (SESSION, Rule::Session)] {
        let rest = links.rest(rule)?;
        if rest.is_empty() {
            break;
        }
        workshop.put("rest", schema_of(&rest), rest).await?;
        let mut found = pairs(&decided(&links, workshop.ask(statement).await?)?)?;
        if rule == Rule::Session {
            found = agreeing(&links, relations, found).await?;
            links.leave_neighbours(&mut found);
            links.prefer_switches(&mut found);
        }
        take(&mut links.linked, &found, &dropped);
    }
    let rest = links.rest(Rule::Key)?;
    if !rest.is_empty() {
        workshop.put("rest", schema_of(&rest), rest).await?;
        for batch in workshop.ask(LATE).await? {
            let late = numbers(&batch, "c")?.values().iter().zip(numbers(&batch, "i")?.values());
            links.late.extend(late.map(|(c, i)| (*c, *i)));
        }
    }
    links.link_foreign()?;
    links.foreign = known(requests, &links)?;
    links.settle()?;
    Ok(links)
}

impl Links {
    /// The row of a caller.
    pub(super) fn node(&self, caller: i64) -> Option<(&RecordBatch, usize)> {
        self.number(caller).and_then(|number| self.nodes.at(number))
    }

    /// The number of that row.
    pub(super) fn number(&self, caller: i64) -> Option<i64> {
        self.places.get(&caller).copied()
    }

    /// What issuances are ordered by: time and event id, whatever order they were read in.
    fn order(&self, i: i64) -> Option<(i64, Option<&str>)> {
        let (batch, row) = self.steps.at(i)?;
        let time =
            batch.column_by_name("event_time")?.as_primitive_opt::<TimestampMicrosecondType>()?.value(row);
        Some((time, text(batch.column_by_name("event_id")?, row)))
    }

    /// Marks the issuances whose copies tell that the console asked for them: it keeps the key. Whether there are any.
    fn keep_keys_of_the_console(&self, numbered: &mut [RecordBatch]) -> Result<bool, QueryError> {
        let mut kept: HashSet<i64> = HashSet::new();
        for (i, copy) in &self.copies {
            let Some((batch, row)) = self.steps.at(*copy) else { continue };
            kept.extend(flags(batch, "by_console")?.value(row).then_some(*i));
        }
        if kept.is_empty() {
            return Ok(false);
        }
        for batch in numbered {
            let (i, names_key) = (numbers(batch, "i")?, flags(batch, "names_key")?);
            let left = i.values().iter().zip(names_key);
            let left: BooleanArray =
                left.map(|(i, names)| Some(names == Some(true) && !kept.contains(i))).collect();
            let place = batch.schema().index_of("names_key").map_err(arrow)?;
            let mut columns = batch.columns().to_vec();
            if let Some(column) = columns.get_mut(place) {
                *column = Arc::new(left);
            }
            *batch = RecordBatch::try_new(batch.schema(), columns).map_err(arrow)?;
        }
        Ok(true)
    }

    /// Whether a session of a role or a user switched to another role in the console.
    fn switches(&self) -> Result<bool, QueryError> {
        for batch in &self.steps.batches {
            for name in ["switch_hash", "user_switch_hash"] {
                let switches = numbers(batch, name)?;
                if switches.null_count() < switches.len() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A text of an issuance; None also of those of which only the joined columns are here.
    pub(super) fn cell(&self, i: i64, name: &str) -> Option<&str> {
        let (batch, row) = self.steps.at(i)?;
        text(batch.column_by_name(name)?, row)
    }

    /// Links principals of other accounts to the callers that the copies of their requests name, and finds what vouches
    /// for the subjects of identity providers.
    fn link_foreign(&mut self) -> Result<(), QueryError> {
        let mut copies: Vec<(i64, i64)> = self.copies.iter().map(|(i, copy)| (*i, *copy)).collect();
        copies.sort_unstable();
        for (i, copy) in copies {
            let Some((batch, row)) = self.steps.at(i) else { continue };
            let callers = numbers(batch, "caller")?;
            if class_at(batch, row) != Class::Account || callers.is_null(row) {
                continue;
            }
            let known = self.linked.entry(callers.value(row));
            let linked = known.or_insert(Linked { i: copy, rank: SHARED, all: Vec::new() });
            if linked.i != copy && linked.rank == SHARED && !linked.all.contains(&copy) {
                if linked.all.is_empty() {
                    linked.all.push(linked.i);
                }
                linked.all.push(copy);
            }
        }
        for (batch, start) in self.steps.batches.iter().zip(&self.steps.starts).skip(self.steps.narrow) {
            let callers = numbers(batch, "caller")?;
            for row in (0..batch.num_rows()).filter(|row| class_at(batch, *row) == Class::Outside) {
                let (caller, i) = (callers.value(row), i64::try_from(start + row).unwrap_or(i64::MAX));
                let first = self.vouched.get(&caller).is_none_or(|known| self.order(i) < self.order(*known));
                if first {
                    self.vouched.insert(caller, i);
                }
            }
        }
        Ok(())
    }

    /// The callers that climb and have no link yet. Nothing but their key links those that called as a delegate, see
    /// [`crate::lineage::Caller::delegate`].
    fn rest(&self, rule: Rule) -> Result<Vec<RecordBatch>, QueryError> {
        let found: Result<Vec<Option<RecordBatch>>, QueryError> =
            self.nodes.batches.par_iter().map(|batch| self.rest_of(batch, rule)).collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Those of a batch; None where there are none.
    fn rest_of(&self, batch: &RecordBatch, rule: Rule) -> Result<Option<RecordBatch>, QueryError> {
        let (callers, climbs) = (numbers(batch, "caller")?, flags(batch, "climbs")?);
        let delegates = batch.column_by_name("invoked_by_delegate_account_id");
        let delegates = delegates.filter(|_| rule != Rule::Key);
        let is_delegate = |row: usize| {
            delegates.and_then(|column| text(column, row)).is_some_and(|account| !account.is_empty())
        };
        let keep: BooleanArray = (callers.values().iter().zip(climbs).enumerate())
            .map(|(row, (caller, climbs))| {
                let is_left = climbs == Some(true) && !self.linked.contains_key(caller);
                Some(is_left && !is_delegate(row))
            })
            .collect();
        if keep.true_count() == 0 {
            return Ok(None);
        }
        filter_record_batch(&narrow(batch, &REST)?, &keep).map(Some).map_err(arrow)
    }

    /// Of several candidates: each event once, the first is shown; see [`crate::lineage::find`].
    fn settle(&mut self) -> Result<(), QueryError> {
        let linked = self.linked.iter_mut().map(|(c, linked)| (Some(*c), linked));
        let all = linked.chain(self.switchers.values_mut().map(|linked| (None, linked)));
        for (c, linked) in all.filter(|(_, linked)| !linked.all.is_empty()) {
            let mut several = Vec::with_capacity(linked.all.len());
            for i in &linked.all {
                several.extend(Candidate::of(&self.steps, *i)?);
            }
            several.sort();
            let mut seen = HashSet::new();
            several.retain(|one| one.event_id.is_none_or(|id| seen.insert((id, one.account))));
            if several.iter().any(|one| one.is_own && one.has_subject) {
                several.retain(|one| one.is_own);
            } else if several.iter().any(|one| !one.is_own) {
                let (own, others): (Vec<_>, Vec<_>) = several.into_iter().partition(|one| one.is_own);
                let by_services = others.iter().all(|one| one.class == Class::Service);
                let through = own.iter().find(|one| one.class == Class::Credential).filter(|_| by_services);
                if let (Some(c), Some(through)) = (c, through) {
                    self.through.insert(c, through.i);
                }
                several = others;
            }
            linked.i = several.first().map_or(linked.i, |one| one.i);
            linked.all = match several.len() {
                0 | 1 => Vec::new(),
                _ => several.into_iter().map(|one| one.i).collect(),
            };
        }
        Ok(())
    }
}

/// By caller: the number of its row.
fn places_of(nodes: &[RecordBatch]) -> Result<HashMap<i64, i64>, QueryError> {
    let mut places = HashMap::with_capacity(nodes.iter().map(RecordBatch::num_rows).sum());
    let mut next = 0;
    for batch in nodes {
        for caller in numbers(batch, "caller")?.values() {
            places.insert(*caller, next);
            next += 1;
        }
    }
    Ok(places)
}

/// Some columns of a batch.
fn narrow(batch: &RecordBatch, names: &[&str]) -> Result<RecordBatch, QueryError> {
    let places: Result<Vec<usize>, _> = names.iter().map(|name| batch.schema().index_of(name)).collect();
    batch.project(&places.map_err(arrow)?).map_err(arrow)
}

/// The pairs that a statement gives.
fn pairs(batches: &[RecordBatch]) -> Result<Vec<Pair>, QueryError> {
    let mut found = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let (callers, issuances) = (numbers(batch, "c")?, numbers(batch, "i")?);
        let both = callers.values().iter().zip(issuances.values());
        found.extend(both.zip(numbers(batch, "rank")?.values()).map(|((c, i), rank)| (*c, *i, *rank)));
    }
    Ok(found)
}

/// What [`COPIES`] gives.
fn copied(batches: &[RecordBatch]) -> Result<Vec<(i64, i64)>, QueryError> {
    let mut found = Vec::new();
    for batch in batches {
        let both = numbers(batch, "i")?.values().iter().zip(numbers(batch, "copy")?.values());
        found.extend(both.map(|(i, copy)| (*i, *copy)));
    }
    Ok(found)
}

/// Takes in pairs of caller and issuance, of callers that had none before.
fn take(linked: &mut HashMap<i64, Linked>, pairs: &[Pair], dropped: &HashSet<i64>) {
    linked.reserve(pairs.len());
    for (c, i, rank) in pairs {
        if dropped.contains(i) {
            continue;
        }
        let new = Linked { i: *i, rank: *rank, all: Vec::new() };
        let Some(known) = linked.get_mut(c) else {
            linked.insert(*c, new);
            continue;
        };
        if *rank < known.rank {
            *known = new;
        } else if *rank == known.rank && known.i != *i && !known.all.contains(i) {
            if known.all.is_empty() {
                known.all.push(known.i);
            }
            known.all.push(*i);
        }
    }
}

/// What decides between issuances that fit equally well: the earlier comes first, whatever order they were read in.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate<'a> {
    time: i64,
    event_id: Option<&'a str>,
    account: Option<&'a str>,
    object: Option<&'a str>,
    index: Option<i64>,
    caller: Option<i64>,
    i: i64,
    /// Whether it is a service's own record of a session that STS records as well.
    is_own: bool,
    has_subject: bool,
    class: Class,
}

impl Candidate<'_> {
    fn of(steps: &Rows, i: i64) -> Result<Option<Candidate<'_>>, QueryError> {
        let Some((batch, row)) = steps.at(i) else { return Ok(None) };
        let cell = |name: &str| batch.column_by_name(name).and_then(|column| text(column, row));
        let number = |name: &'static str| -> Result<Option<i64>, QueryError> {
            let column = numbers(batch, name)?;
            Ok(column.is_valid(row).then(|| column.value(row)))
        };
        let times = batch.column_by_name("event_time");
        let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
        let is_whole = batch.column_by_name("object").is_some();
        Ok(Some(Candidate {
            time: times.map_or(0, |times| times.value(row)),
            event_id: cell("event_id"),
            account: cell("account"),
            object: cell("object"),
            index: if is_whole { number("record_index")? } else { None },
            caller: number("caller")?,
            i,
            is_own: cell("kind").map(IssuanceKind::of_word) == Some(IssuanceKind::Other),
            has_subject: cell("subject").is_some_and(|subject| !subject.is_empty()),
            // Plain delegations are calls of credentials.
            class: if is_whole { class_at(batch, row) } else { Class::Credential },
        }))
    }
}

/// The class of the caller in a row.
pub(super) fn class_at(batch: &RecordBatch, row: usize) -> Class {
    let word = batch.column_by_name("caller_class").and_then(|column| text(column, row));
    word.map_or(Class::Nobody, Class::of_word)
}

/// The text in a row of a column.
pub(super) fn text(column: &ArrayRef, row: usize) -> Option<&str> {
    match column.data_type() {
        DataType::Utf8 if column.is_valid(row) => Some(column.as_string::<i32>().value(row)),
        DataType::Utf8View if column.is_valid(row) => Some(column.as_string_view().value(row)),
        _ => None,
    }
}

/// What the joins need of issuances, with a column `i`, the number of the row.
fn numbered(batches: &[RecordBatch]) -> Result<(SchemaRef, Vec<RecordBatch>), QueryError> {
    let fields = DELEGATION.map(|(name, kind)| Field::new(name, kind, true));
    let number = Field::new("i", DataType::Int64, false);
    let schema = Arc::new(Schema::new(fields.into_iter().chain([number]).collect::<Vec<_>>()));
    let mut next = 0_i64;
    let mut found = Vec::with_capacity(batches.len());
    for batch in batches {
        let narrow = narrow(batch, &DELEGATION.each_ref().map(|(name, _)| *name))?;
        let rows = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(next..next + rows));
        next += rows;
        let columns = narrow.columns().iter().cloned().chain([numbers]).collect();
        found.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(arrow)?);
    }
    Ok((schema, found))
}

/// Issuances whose key id another one names for a different session within the life of a key, see
/// [`crate::lineage::is_shared_key`].
fn shared_keys(steps: &[RecordBatch]) -> Result<HashSet<i64>, QueryError> {
    /// Key, account, moment, session, number.
    type Named = (i64, Option<i64>, i64, Option<i64>, i64);
    let mut named: Vec<Named> = Vec::new();
    for batch in steps {
        let (keys, accounts) = (numbers(batch, "key_hash")?, numbers(batch, "account_hash")?);
        let (moments, sessions) = (numbers(batch, "at_s")?, numbers(batch, "arn_hash")?);
        let i = numbers(batch, "i")?;
        let at = |column: &Int64Array, row: usize| column.is_valid(row).then(|| column.value(row));
        for row in (0..batch.num_rows()).filter(|row| keys.is_valid(*row)) {
            let (account, session) = (at(accounts, row), at(sessions, row));
            named.push((keys.value(row), account, moments.value(row), session, i.value(row)));
        }
    }
    named.par_sort_unstable();
    let mut found = HashSet::new();
    for same in named.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|same| same.len() > 1) {
        // How often each session stands in the window around the one that is asked.
        let mut window: HashMap<Option<i64>, usize> = HashMap::new();
        let (mut from, mut to) = (0, 0);
        for (_, _, moment, _, i) in same {
            while let Some(next) = same.get(to).filter(|next| next.2 <= moment + KEY_LIFE_SECONDS) {
                *window.entry(next.3).or_default() += 1;
                to += 1;
            }
            while let Some(first) = same.get(from).filter(|first| first.2 < moment - KEY_LIFE_SECONDS) {
                if let Some(count) = window.get_mut(&first.3) {
                    *count -= 1;
                    if *count == 0 {
                        window.remove(&first.3);
                    }
                }
                from += 1;
            }
            if window.len() > 1 {
                found.insert(*i);
            }
        }
    }
    Ok(found)
}

fn schema_of(batches: &[RecordBatch]) -> SchemaRef {
    batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema)
}
