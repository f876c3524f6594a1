//! The origins of all callers: what stands at the roots of the closure, and who stands above that.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt32Array,
    new_null_array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use hashbrown::HashMap;

use super::closure::{arrow, close};
use super::edge::{Edges, Ends};
use super::link::{Linked, Links, SHARED, link, text};
use super::pass::{Pass, pass};
use super::place::{Place, Places, choices, several};
use super::portal::{CLAIM, people};
use super::removal::endings;
use super::top::{Top, tops};
use super::workshop::{Workshop, ask, flags, numbers};
use super::{Relations, read, sight, telling};
use crate::lineage::{
    Caller, Class, End, Gap, Issuance, IssuanceKind, Launch, Origin, OriginKind, Passed, People, Reason,
    RecordRef, Removal, Renames, Rule, SLACK_SECONDS, Sight, UserHistory, find_hidden, find_maker,
    is_open_person, last_launch, origin, settle,
};
use crate::query::{Filter, QueryError};

/// Sums of calls and of forwarded calls of the sessions of users.
const USER_SESSIONS: &str = "select account_hash, arn_hash, created_s, sum(calls) as calls, \
    sum(forwarded) as forwarded from nodes \
    where identity_type in ('IAMUser', 'Root') and created_s is not null group by 1, 2, 3";

/// What is known beside callers and issuances.
struct Known {
    sight: Sight,
    /// By account, ARN and creation: whether services made all calls of a user's session.
    forwarded: HashMap<(i64, i64, i64), bool>,
    /// By key: the records that made it.
    keys: BTreeMap<String, Vec<Issuance>>,
    /// By account and name: what befell the users.
    users: BTreeMap<(String, String), UserHistory>,
    /// The users that were given other names.
    renames: Renames,
    /// By account: the functions that were removed.
    removals: BTreeMap<String, Vec<Removal>>,
    /// By second: the calls that made sessions and hide which.
    hidden: BTreeMap<i64, Vec<Issuance>>,
    /// By account, kind and id of a workload: its launches, in order of time.
    launches: BTreeMap<(String, &'static str, String), Vec<Launch>>,
}

impl Known {
    /// What befell the user who bore a name at a moment, under all of its names.
    fn user(&self, account: &str, name: &str, moment: DateTime<Utc>) -> Cow<'_, UserHistory> {
        let of = |name: &str| self.users.get(&(account.to_owned(), name.to_owned()));
        if self.renames.is_empty() {
            return of(name).map(Cow::Borrowed).unwrap_or_default();
        }
        let mut history = UserHistory::default();
        for borne in self.renames.borne(account, name, moment) {
            if let Some(of_name) = of(&borne.name) {
                history.add(of_name, &borne);
            }
        }
        Cow::Owned(history)
    }

    /// The calls that may have made a caller's session and hide what they made, in order of time.
    fn hidden(&self, caller: &Caller) -> Vec<&Issuance> {
        let Some(created) = caller.created.filter(|_| !self.hidden.is_empty()) else { return Vec::new() };
        let second = created.timestamp();
        let near = self.hidden.range(second - SLACK_SECONDS..=second + SLACK_SECONDS);
        find_hidden(caller, near.flat_map(|(_, some)| some))
    }

    /// The record that registered the definition of a launched task and so gave it its role.
    fn defined_by(&self, launch: &Launch) -> Option<Launch> {
        let account = launch.record.account.clone().unwrap_or_default();
        let definition = (account, "definition", launch.task_definition.clone()?);
        launch.defined_by(self.launches.get(&definition)?).cloned()
    }
}

/// Who stands at a root.
pub(super) struct Root {
    pub(super) origin: Origin,
    pub(super) above: Option<AboveRoot>,
}

/// Who made the key or password of an origin or launched its workload.
pub(super) struct AboveRoot {
    pub(super) rule: Rule,
    event_id: String,
    /// Who called; of a workload also who gave it the role, where another did: neither acts without the other.
    pub(super) makers: Vec<Maker>,
    /// Whether the user changed its own password.
    pub(super) own_password: bool,
}

/// Somebody who made it.
pub(super) struct Maker {
    pub(super) id: i64,
    /// The maker as an origin, where it is no credential.
    pub(super) own: Option<Origin>,
}

/// How a root came by its credential.
struct Issued<'a> {
    /// The issuance that made it, when whoever called it is no credential.
    by: Option<&'a Issuance>,
    /// The call by which a credential fetched it.
    through: Option<&'a Issuance>,
    sign_ins: &'a [Issuance],
}

/// The origins of all callers.
pub struct Origins {
    links: Links,
    places: HashMap<i64, Place>,
    /// By caller that leads to several origins: the places of their roots.
    choices: HashMap<i64, Vec<u32>>,
    roots: Vec<Root>,
    tops: Vec<Top>,
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

    /// Some columns of the table `origins`, by their places in [`super::ORIGIN_COLUMNS`]: one row a caller.
    pub(super) fn batches(&self, columns: &[usize]) -> Result<Vec<RecordBatch>, QueryError> {
        let names = columns.iter().filter_map(|column| Some(super::ORIGIN_COLUMNS.get(*column)?.0));
        let texts = names.filter_map(|name| Some((name, of_roots(name, &self.roots, &self.tops)?))).collect();
        let (links, places, roots) = (&self.links, &self.places, &self.roots);
        let table = Table { links, places, roots, choices: &self.choices, tops: &self.tops, texts };
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
    let Pass { nodes, delegations, telling: (schema, events), requests } = pass(ctx).await?;
    let relations = telling(ctx, schema, events).await?;
    let sight = sight(ctx).await?;
    let links = link(nodes, delegations, requests, &relations.ctx, workshop).await?;
    let known = known(sight, &relations, workshop).await?;
    let Edges { list: edges, ends, switchers, forked } = Edges::of(&links)?;
    let closed = close(workshop, &edges, forked).await?;
    let mut roots = Roots {
        links: &links,
        known: &known,
        ends: &ends,
        switchers: &switchers,
        sign_ins: sign_ins(&links),
        people: people(&links)?,
        list: Vec::new(),
        places: HashMap::new(),
    };
    let mut places = Places { by_caller: HashMap::with_capacity(edges.len()), choices: HashMap::new() };
    for batch in &closed.rooted {
        let (callers, tops) = (numbers(batch, "c")?, numbers(batch, "p")?);
        let (depths, claims, lasts) = (numbers(batch, "d")?, flags(batch, "k")?, numbers(batch, "l")?);
        let firsts = flags(batch, "m")?;
        for row in 0..batch.num_rows() {
            let root = roots.place(tops.value(row), Some(lasts.value(row)))?;
            let (depth, claimed, first) = (depths.value(row), claims.value(row), firsts.value(row));
            let place = Place { root, depth, claimed, forked: false, first };
            places.add(callers.value(row), place, &roots.list);
        }
    }
    if closed.cyclic.iter().any(|batch| batch.num_rows() > 0) {
        let root = roots.cycle();
        for batch in &closed.cyclic {
            let firsts = flags(batch, "m")?;
            for (row, caller) in numbers(batch, "c")?.values().iter().enumerate() {
                let first = firsts.value(row);
                let place = Place { root, depth: 0, claimed: false, forked: false, first };
                places.add(*caller, place, &roots.list);
            }
        }
    }
    // Callers without a link are their own roots.
    for batch in &links.nodes.batches {
        for caller in numbers(batch, "caller")?.values() {
            if !places.by_caller.contains_key(caller) {
                let root = roots.place(*caller, None)?;
                let place = Place { root, depth: 0, claimed: false, forked: false, first: true };
                places.by_caller.insert(*caller, place);
            }
        }
    }
    let roots = roots.list;
    let Places { by_caller: places, choices } = places;
    let tops = tops(&roots, &places, &choices);
    Ok(Origins { links, places, choices, roots, tops })
}

/// By issuance: whether it is a sign-in at the console.
fn sign_ins(links: &Links) -> Vec<bool> {
    let mut found = Vec::new();
    for batch in &links.steps.batches {
        let kinds = batch.column_by_name("kind");
        found.extend(
            (0..batch.num_rows())
                .map(|row| kinds.and_then(|column| text(column, row)) == Some("console-login")),
        );
    }
    found
}

async fn known(sight: Sight, relations: &Relations, workshop: &Workshop) -> Result<Known, QueryError> {
    let mut forwarded = HashMap::new();
    for batch in workshop.ask(USER_SESSIONS).await? {
        let (accounts, arns) = (numbers(&batch, "account_hash")?, numbers(&batch, "arn_hash")?);
        let created = numbers(&batch, "created_s")?;
        let (calls, by_services) = (numbers(&batch, "calls")?, numbers(&batch, "forwarded")?);
        for row in 0..batch.num_rows() {
            let session = (accounts.value(row), arns.value(row), created.value(row));
            forwarded.insert(session, calls.value(row) == by_services.value(row));
        }
    }
    let ways = "select * from issuances where kind in ('access-key', 'password', 'user', 'hidden')";
    let mut made = Vec::new();
    for batch in ask(&relations.ctx, ways).await? {
        read::issuances(&batch, &mut made)?;
    }
    let mut keys: BTreeMap<String, Vec<Issuance>> = BTreeMap::new();
    let mut users: BTreeMap<(String, String), UserHistory> = BTreeMap::new();
    let mut hidden: BTreeMap<i64, Vec<Issuance>> = BTreeMap::new();
    for way in settle(made) {
        if way.kind == IssuanceKind::Hidden {
            hidden.entry(way.record.time.timestamp()).or_default().push(way);
        } else if way.kind == IssuanceKind::AccessKey {
            if let Some(key) = way.key.clone() {
                keys.entry(key).or_default().push(way);
            }
        } else if let (Some(account), Some(name)) = (way.record.account.clone(), way.user_name.clone()) {
            let history = users.entry((account, name)).or_default();
            match way.kind {
                IssuanceKind::User => history.users.push(way),
                _ => history.passwords.push(way),
            }
        }
    }
    let mut removals: BTreeMap<String, Vec<Removal>> = BTreeMap::new();
    let (ended, renamed) = endings(&relations.ctx).await?;
    for removal in ended {
        let account = removal.record.account.clone().unwrap_or_default();
        if removal.what == "workload" {
            removals.entry(account).or_default().push(removal);
        } else {
            users.entry((account, removal.id.clone())).or_default().removals.push(removal);
        }
    }
    let mut launches: BTreeMap<(String, &'static str, String), Vec<Launch>> = BTreeMap::new();
    let mut launched = relations.launches(&Filter::All(Vec::new())).await?;
    launched.sort_by(|a, b| a.record.cmp(&b.record));
    for launch in launched {
        let account = launch.record.account.clone().unwrap_or_default();
        let workload = (account, launch.workload.kind, launch.workload.id.clone());
        launches.entry(workload).or_default().push(launch);
    }
    let renames = Renames::of(renamed);
    Ok(Known { sight, forwarded, keys, users, renames, removals, hidden, launches })
}

/// The roots, each looked at once.
struct Roots<'a> {
    links: &'a Links,
    known: &'a Known,
    ends: &'a Ends,
    /// By the number of a session or user of which only a record of switching roles tells: that record.
    switchers: &'a HashMap<i64, i64>,
    /// By issuance: whether it is a sign-in at the console.
    sign_ins: Vec<bool>,
    people: People,
    list: Vec<Root>,
    places: HashMap<(i64, i64), u32>,
}

impl Roots<'_> {
    /// The place of what stands at `top`, reached by issuance `last`.
    fn place(&mut self, top: i64, last: Option<i64>) -> Result<u32, QueryError> {
        // Of the issuances that lead to a caller only a sign-in says more of it.
        let sign_in = match (self.ends.get(&top), last) {
            (None, Some(last)) if self.signs_in(last) => last,
            _ => -1,
        };
        if let Some(place) = self.places.get(&(top, sign_in)) {
            return Ok(*place);
        }
        let root = self.root(top, (sign_in >= 0).then_some(sign_in))?;
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(root);
        self.places.insert((top, sign_in), place);
        Ok(place)
    }

    fn signs_in(&self, i: i64) -> bool {
        usize::try_from(i).ok().and_then(|i| self.sign_ins.get(i)).copied().unwrap_or(false)
    }

    /// The root of chains that go round.
    fn cycle(&mut self) -> u32 {
        let gap = Gap {
            reason: Reason::Cycle,
            text: "a credential would be its own ancestor".to_owned(),
            hint: "key ids or session names of these logs may have been replaced".to_owned(),
        };
        self.list.push(Root { origin: Origin::unknown(gap), above: None });
        u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
    }

    fn root(&self, top: i64, sign_in: Option<i64>) -> Result<Root, QueryError> {
        let end = self.ends.get(&top).copied();
        let caller = end.map_or(top, |(caller, _)| caller);
        let end_here = end.is_some();
        let node = self.links.node(caller);
        let (named, used) = match node {
            Some((batch, row)) => read::node(batch, &self.links.nodes.columns, row)?,
            None => match self.switcher(caller)? {
                Some(switcher) => (switcher, (None, None)),
                None => return Ok(nobody()),
            },
        };
        let vouched = || self.links.vouched.get(&caller).copied();
        let mut issuance = match end.map(|(_, i)| i).or_else(vouched) {
            Some(i) => self.links.steps.issuance(i)?,
            None => None,
        };
        if let (Some(issuance), Some((_, i))) = (&mut issuance, end)
            && let Some(copy) = self.links.copies.get(&i)
        {
            issuance.copy = self.links.steps.issuance(*copy)?.map(Box::new);
        }
        // A step in the portal that is no claim is of the person whom the session names.
        let is_proven = || self.links.linked.get(&caller).is_none_or(|linked| linked.rank < CLAIM);
        if let Some(step) = &mut issuance
            && end_here
            && is_open_person(&named, step)
            && is_proven()
        {
            step.user_name = named.session_name().map(str::to_owned);
        }
        let forwarded = match node.filter(|_| issuance.is_none()) {
            Some((batch, row)) => self.is_forwarded(batch, row)?,
            None => false,
        };
        let hidden = if issuance.is_none() { self.known.hidden(&named) } else { Vec::new() };
        let hidden = hidden.as_slice();
        let end = End { caller: &named, first: used.0, issuance: issuance.as_ref(), forwarded, hidden };
        let mut found = origin(end, &self.known.sight);
        self.people.name(&mut found);
        if self.links.late.contains_key(&caller)
            && let Some(gap) = &mut found.gap
        {
            gap.reason = Reason::UsedBeforeIssued;
        }
        let sign_ins = match sign_in {
            Some(i) => self.links.steps.issuance(i)?.into_iter().collect(),
            None if named.is_user_or_root() => self.signed_in(caller)?,
            None => Vec::new(),
        };
        found.sign_in_by(&sign_ins);
        let named = sign_ins.first().filter(|_| node.is_none()).map_or(named, |one| one.maker().clone());
        let through = match self.links.through.get(&caller).filter(|_| end_here) {
            Some(i) => self.links.steps.issuance(*i)?,
            None => None,
        };
        let issued = Issued { by: issuance.as_ref(), through: through.as_ref(), sign_ins: &sign_ins };
        let above = self.above((&named, used), issued, &found);
        Ok(Root { origin: found, above })
    }

    /// The session that a number stands for.
    fn switcher(&self, number: i64) -> Result<Option<Caller>, QueryError> {
        let Some(i) = self.switchers.get(&number) else { return Ok(None) };
        Ok(self.links.steps.issuance(*i)?.and_then(|switched| switched.switcher()))
    }

    /// The sign-ins of the user that a number stands for, in order of time; none where it stands for nobody that switched.
    fn signed_in(&self, number: i64) -> Result<Vec<Issuance>, QueryError> {
        let switched = self.switchers.get(&number).and_then(|i| self.links.switchers.get(i));
        let Some(linked) = switched else { return Ok(Vec::new()) };
        let one = std::slice::from_ref(&linked.i);
        let all = if linked.all.is_empty() { one } else { linked.all.as_slice() };
        let mut found = Vec::with_capacity(all.len());
        for i in all {
            found.extend(self.links.steps.issuance(*i)?);
        }
        Ok(found)
    }

    fn is_forwarded(&self, batch: &RecordBatch, row: usize) -> Result<bool, QueryError> {
        let (accounts, arns) = (numbers(batch, "account_hash")?, numbers(batch, "arn_hash")?);
        let created = numbers(batch, "created_s")?;
        if created.is_null(row) {
            return Ok(false);
        }
        let session = (accounts.value(row), arns.value(row), created.value(row));
        Ok(self.known.forwarded.get(&session).copied().unwrap_or(false))
    }

    /// Who made the key or password of an origin or launched its workload.
    fn above(
        &self,
        (caller, (first, last)): (&Caller, read::Used),
        Issued { by: issuance, through, sign_ins }: Issued<'_>,
        found: &Origin,
    ) -> Option<AboveRoot> {
        let account = caller.account.clone().unwrap_or_default();
        let maker = |maker: &Caller| {
            let own = (maker.class != Class::Credential).then(|| {
                let end = End { caller: maker, first: None, issuance: None, forwarded: false, hidden: &[] };
                let mut own = origin(end, &self.known.sight);
                self.people.name(&mut own);
                own
            });
            Maker { id: maker.id, own }
        };
        let by = |rule, record: &RecordRef, by: &Caller| {
            let event_id = record.id();
            AboveRoot { rule, event_id, makers: vec![maker(by)], own_password: false }
        };
        if found.kind.has_keys() && caller.has_long_term_key() {
            let ways = self.known.keys.get(caller.access_key.as_deref()?)?;
            let way = *find_maker(caller, first, ways).best.first()?;
            return Some(by(Rule::Key, &way.record, way.maker()));
        }
        // A record without a key and without a session is the sign-in itself.
        let moments = match (sign_ins.first(), sign_ins.last()) {
            (Some(first), Some(last)) => Some((first.record.time, last.record.time)),
            _ => first.filter(|_| caller.signs_in()).map(|first| (first, last.unwrap_or(first))),
        };
        if found.kind == OriginKind::IamUser
            && let Some(moments) = moments
        {
            let users = self.known.user(&account, found.name.as_deref()?, moments.0);
            let way = users.password_of(caller, moments)?;
            let above = by(Rule::Identity, &way.record, way.maker());
            return Some(AboveRoot { own_password: way.is_own_password(), ..above });
        }
        if let Some(through) = through {
            return Some(by(Rule::Key, &through.record, through.maker()));
        }
        let workload = found.on_behalf_of.as_ref()?;
        let moment: Option<DateTime<Utc>> = issuance.map(|one| one.record.time).or(caller.created);
        let removals = self.known.removals.get(&account).into_iter().flatten();
        let launches = self.known.launches.get(&(account, workload.kind, workload.id.clone()))?;
        let last = last_launch(launches, removals, workload, caller.role_name(), moment)?;
        let launch = last.launch;
        let mut above = by(Rule::Launched, &launch.record, &launch.caller);
        match self.known.defined_by(launch) {
            Some(defined) => above.makers.push(maker(&defined.caller)),
            None => above.makers.extend(last.gave_role.map(|gave| maker(&gave.caller))),
        }
        (last.passed != Passed::Other).then_some(above)
    }
}

fn nobody() -> Root {
    let gap =
        Gap { reason: Reason::NoCredential, text: "the record names nobody".to_owned(), hint: String::new() };
    Root { origin: Origin::unknown(gap), above: None }
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
