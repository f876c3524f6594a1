//! Who stands at the roots of chains, and who stands above them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use arrow::array::{Array, RecordBatch};
use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::edge::Ends;
use super::link::{Links, text};
use super::portal::CLAIM;
use super::removal::endings;
use super::workshop::{Workshop, numbers};
use super::{Relations, read};
use crate::lineage::{
    Caller, Class, End, Gap, Issuance, IssuanceKind, Launch, Origin, OriginKind, Passed, People, Reason,
    RecordRef, Removal, Renames, Rule, SLACK_SECONDS, Sight, UserHistory, Workload, find_hidden, find_maker,
    is_open_person, last_launch, origin, settle, unnamed_order,
};
use crate::query::{Filter, QueryError, cells};

/// Sums of calls and of forwarded calls of the sessions of users.
const USER_SESSIONS: &str = "select account_hash, arn_hash, created_s, sum(calls) as calls, \
    sum(forwarded) as forwarded from nodes \
    where identity_type in ('IAMUser', 'Root') and created_s is not null group by 1, 2, 3";

/// So many roots are not worth another thread.
const ROOTS_EACH_MIN: usize = 256;

/// What is known beside callers and issuances.
pub(super) struct Known {
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
        let of = |name: &str| self.users.get(&user_of(account, name));
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

    /// The record that registered the definition of a launched task.
    fn defined_by(&self, launch: &Launch) -> Option<&Launch> {
        let account = launch.record.account.clone().unwrap_or_default();
        let definition = (account, "definition", launch.task_definition.clone()?);
        launch.defined_by(self.launches.get(&definition)?)
    }

    /// The records that set what a launched build runs.
    fn projected_by(&self, launch: &Launch) -> Vec<&Launch> {
        let account = launch.record.account.clone().unwrap_or_default();
        let of = |part| self.launches.get(&(account.clone(), "project", part));
        launch.projected_by(launch.project_parts().filter_map(of).flatten())
    }

    /// The record that put a role into the profile of an instance.
    fn held_by(&self, launch: &Launch, moment: Option<DateTime<Utc>>) -> Option<&Launch> {
        let account = launch.record.account.clone().unwrap_or_default();
        let profile = (account, "profile", launch.profile()?.to_ascii_lowercase());
        launch.held_by(self.launches.get(&profile)?, moment)
    }
}

/// What the users of a name are kept by: see [`crate::lineage::is_name`].
fn user_of(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_ascii_lowercase())
}

/// Who stands at a root.
pub(super) struct Root {
    pub(super) origin: Origin,
    pub(super) above: Option<AboveRoot>,
    /// Whether somebody else stands above it of whom no record tells: see [`Roots::is_open`].
    pub(super) is_open: bool,
    /// Whether a user came by a password.
    pub(super) is_by_password: bool,
}

/// Who made the key or password of an origin or launched its workload.
pub(super) struct AboveRoot {
    pub(super) rule: Rule,
    pub(super) event_id: String,
    /// Who called; of a workload also who gave it the role, put its layers or registered its definition, where another did:
    /// none acts without the others; and who is behind the other versions of which it may be one. Of sign-ins whoever set a
    /// password of one of them.
    pub(super) makers: Vec<Maker>,
    /// Whether a maker is told of all that is done here; not where no record tells who launched the workload or put its code.
    pub(super) is_whole: bool,
}

/// Somebody who made it.
pub(super) struct Maker {
    pub(super) id: i64,
    /// The maker as an origin, where it is no credential.
    pub(super) own: Option<Origin>,
    /// Whether the user changed its own password.
    pub(super) own_password: bool,
}

/// How a root came by its credential.
struct Issued<'a> {
    /// The issuance that made it, when whoever called it is no credential.
    by: Option<&'a Issuance>,
    /// The call by which a credential fetched it.
    through: Option<&'a Issuance>,
    sign_ins: &'a [Issuance],
}

/// Gathers it. `ways` are the issuances that made keys, users and passwords, and those that hide what they made; `acting` reads
/// the events that launched or ended something.
pub(super) async fn known(
    sight: Sight,
    ways: Vec<RecordBatch>,
    acting: &Relations,
    workshop: &Workshop,
) -> Result<Known, QueryError> {
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
    let mut made = Vec::new();
    for batch in ways {
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
            let history = users.entry(user_of(&account, &name)).or_default();
            match way.kind {
                IssuanceKind::User => history.users.push(way),
                _ => history.passwords.push(way),
            }
        }
    }
    let mut removals: BTreeMap<String, Vec<Removal>> = BTreeMap::new();
    let (ended, renamed) = endings(&acting.ctx).await?;
    for removal in ended {
        let account = removal.record.account.clone().unwrap_or_default();
        if removal.what == "workload" {
            removals.entry(account).or_default().push(removal);
        } else {
            users.entry(user_of(&account, &removal.id)).or_default().removals.push(removal);
        }
    }
    let mut launches: BTreeMap<(String, &'static str, String), Vec<Launch>> = BTreeMap::new();
    let mut launched = acting.launches(&Filter::All(Vec::new())).await?;
    launched.sort_by(|a, b| a.record.cmp(&b.record));
    for launch in launched {
        let account = launch.record.account.clone().unwrap_or_default();
        let id = match launch.workload.kind {
            "profile" => launch.workload.id.to_ascii_lowercase(),
            _ => launch.workload.id.clone(),
        };
        launches.entry((account, launch.workload.kind, id)).or_default().push(launch);
    }
    let renames = Renames::of(renamed);
    Ok(Known { sight, forwarded, keys, users, renames, removals, hidden, launches })
}

/// The roots that chains lead to, by what tells them apart.
pub(super) struct Reached<'a> {
    ends: &'a Ends,
    /// By issuance: whether it is a sign-in at the console.
    sign_ins: Vec<bool>,
    /// Each once: who stands there, and the sign-in by which it is reached.
    pub(super) list: Vec<Spot>,
    places: HashMap<Spot, u32>,
}

/// Who stands at a root, and the sign-in that says more of it.
pub(super) type Spot = (i64, Option<i64>);

impl<'a> Reached<'a> {
    pub(super) fn new(ends: &'a Ends, links: &Links) -> Self {
        Reached { ends, sign_ins: sign_ins(links), list: Vec::new(), places: HashMap::new() }
    }

    /// The place of what stands at `top`, reached by issuance `last`.
    pub(super) fn place(&mut self, top: i64, last: Option<i64>) -> u32 {
        // Of the issuances that lead to a caller only a sign-in says more of it.
        let sign_in = last.filter(|last| self.signs_in(*last) && !self.ends.contains_key(&top));
        let spot = (top, sign_in);
        if let Some(place) = self.places.get(&spot) {
            return *place;
        }
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(spot);
        self.places.insert(spot, place);
        place
    }

    fn signs_in(&self, i: i64) -> bool {
        usize::try_from(i).ok().and_then(|i| self.sign_ins.get(i)).copied().unwrap_or(false)
    }
}

/// The root of chains that go round.
pub(super) fn cycle() -> Root {
    let gap = Gap {
        reason: Reason::Cycle,
        text: "a credential would be its own ancestor".to_owned(),
        hint: "key ids or session names of these logs may have been replaced".to_owned(),
    };
    Root { origin: Origin::unknown(gap), above: None, is_open: false, is_by_password: false }
}

/// What the roots are told by.
pub(super) struct Roots<'a> {
    pub(super) links: &'a Links,
    pub(super) known: &'a Known,
    pub(super) ends: &'a Ends,
    /// By the number of a session or user of which only a record of switching roles tells: that record.
    pub(super) switchers: &'a HashMap<i64, i64>,
    /// See [`signed_in_at`].
    pub(super) signed_in: &'a HashMap<i64, Vec<DateTime<Utc>>>,
    pub(super) people: &'a People,
}

impl Roots<'_> {
    /// The roots, and by spot the place of its own. They are looked at and kept in the order in which their records stand in
    /// memory, by all cores: of each some forty texts are read, which lie all over where neighbours do not follow each other.
    pub(super) fn all(&self, spots: &[Spot]) -> Result<(Vec<Root>, Vec<u32>), QueryError> {
        let mut order: Vec<((i64, i64), usize)> = (spots.iter().enumerate())
            .map(|(place, (top, sign_in))| {
                let end = self.ends.get(top);
                let caller = end.map_or(*top, |(caller, _)| *caller);
                let issuance = end.map(|(_, i)| *i).or(*sign_in).unwrap_or(-1);
                ((issuance, self.links.number(caller).unwrap_or(-1)), place)
            })
            .collect();
        order.sort_unstable();
        let failed: OnceLock<QueryError> = OnceLock::new();
        let of = |(_, spot): &(_, usize)| {
            self.root(spots.get(*spot).copied().unwrap_or_default()).unwrap_or_else(|error| {
                failed.get_or_init(|| error);
                nobody()
            })
        };
        // Straight to where they stay: a root is large, and there may be one for every second caller.
        let mut roots = Vec::with_capacity(order.len());
        order.par_iter().with_min_len(ROOTS_EACH_MIN).map(of).collect_into_vec(&mut roots);
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        let mut places = vec![0; spots.len()];
        for (place, (_, spot)) in (0..).zip(&order) {
            if let Some(own) = places.get_mut(*spot) {
                *own = place;
            }
        }
        Ok((roots, places))
    }

    fn root(&self, (top, sign_in): Spot) -> Result<Root, QueryError> {
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
        let moments = self.moments(&named, &sign_ins, &found);
        let above = self.above((&named, used.0), issued, &found);
        let is_open = above.is_none() && self.is_open(&named, &moments, &found);
        Ok(Root { origin: found, above, is_open, is_by_password: !moments.is_empty() })
    }

    /// When a user signed in that came by a password, in order of time; none where it came by another way.
    fn moments(&self, caller: &Caller, sign_ins: &[Issuance], found: &Origin) -> Vec<DateTime<Utc>> {
        if found.kind != OriginKind::IamUser || caller.has_long_term_key() {
            return Vec::new();
        }
        if sign_ins.is_empty() && caller.signs_in() {
            return self.signed_in.get(&caller.id).cloned().unwrap_or_default();
        }
        sign_ins.iter().map(|one| one.record.time).collect()
    }

    /// Whether somebody else stands above a root above which nobody is told: no record names its credential; the last password
    /// before a sign-in was removed, or another user's, or only some of its sign-ins are told of; its workload is of those that
    /// somebody launched, and who launched this one is not here; or it is a service that somebody told to act with a role.
    fn is_open(&self, caller: &Caller, moments: &[DateTime<Utc>], found: &Origin) -> bool {
        if caller.is_unsigned() {
            return true;
        }
        let account = caller.account.clone().unwrap_or_default();
        if let (Some(first), Some(name)) = (moments.first(), &found.name) {
            let users = self.known.user(&account, name, *first);
            let is_other = moments.iter().any(|moment| users.others_before(caller, *moment));
            return is_other || !users.passwords_of(caller, moments).ways.is_empty();
        }
        found.on_behalf_of.as_ref().is_some_and(Workload::is_launched)
            || unnamed_order(caller, found).is_some()
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
        (caller, first): (&Caller, Option<DateTime<Utc>>),
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
            Maker { id: maker.id, own, own_password: false }
        };
        let by = |rule, record: &RecordRef, by: &Caller| {
            let event_id = record.id();
            AboveRoot { rule, event_id, makers: vec![maker(by)], is_whole: true }
        };
        if found.kind.has_keys() && caller.has_long_term_key() {
            let ways = self.known.keys.get(caller.access_key.as_deref()?)?;
            let way = *find_maker(caller, first, ways).best.first()?;
            return Some(by(Rule::Key, &way.record, way.maker()));
        }
        if found.kind == OriginKind::IamUser && (!sign_ins.is_empty() || caller.signs_in()) {
            let by_session: Vec<DateTime<Utc>> = sign_ins.iter().map(|one| one.record.time).collect();
            let own = self.signed_in.get(&caller.id).map(Vec::as_slice).filter(|_| sign_ins.is_empty());
            let moments = own.unwrap_or(&by_session);
            let users = self.known.user(&account, found.name.as_deref()?, *moments.first()?);
            let set = users.passwords_of(caller, moments);
            // Which of several sign-ins it was is open: one that is of no known password may be it.
            if !sign_ins.is_empty() && !set.is_whole {
                return None;
            }
            let makers = set.ways.iter();
            let makers =
                makers.map(|way| Maker { own_password: way.is_own_password(), ..maker(way.maker()) });
            let event_id = set.ways.first()?.record.id();
            let makers = makers.collect();
            return Some(AboveRoot { rule: Rule::Identity, event_id, makers, is_whole: set.is_whole });
        }
        if let Some(through) = through {
            return Some(by(Rule::Key, &through.record, through.maker()));
        }
        let workload = found.on_behalf_of.as_ref()?;
        let moment: Option<DateTime<Utc>> = issuance.map(|one| one.record.time).or(caller.created);
        let removals = self.known.removals.get(&account).into_iter().flatten();
        let launches = self.known.launches.get(&(account, workload.kind, workload.id.clone()))?;
        let mut last = last_launch(launches, removals, workload, caller, moment)?;
        if let Some(defined) = self.known.defined_by(last.launch) {
            last.define(defined, caller.role_name());
        }
        last.project(self.known.projected_by(last.launch));
        let held = self.known.held_by(last.profiled(), moment);
        let is_held = held.is_none_or(|held| last.hold(held, caller.role_name()));
        let launch = last.launch;
        let mut above = by(Rule::Launched, &launch.record, &launch.caller);
        let others = last.beside.iter().map(|beside| beside.launch).chain(last.gave_role);
        above.makers.extend(others.map(|other| maker(&other.caller)));
        above.is_whole = last.untold.is_empty() && !launch.configures() && is_held;
        (last.passed != Passed::Other).then_some(above)
    }
}

fn nobody() -> Root {
    let gap =
        Gap { reason: Reason::NoCredential, text: "the record names nobody".to_owned(), hint: String::new() };
    Root { origin: Origin::unknown(gap), above: None, is_open: false, is_by_password: false }
}

/// By caller: when it signed in, as successful records tell, in order of time.
pub(super) fn signed_in_at(links: &Links) -> Result<HashMap<i64, Vec<DateTime<Utc>>>, QueryError> {
    let mut found: HashMap<i64, Vec<DateTime<Utc>>> = HashMap::new();
    for batch in &links.steps.batches {
        let Some(kinds) = batch.column_by_name("kind") else { continue };
        let (callers, times) = (numbers(batch, "caller")?, cells::timestamp(batch, "event_time")?);
        for row in (0..batch.num_rows()).filter(|row| text(kinds, *row) == Some("console-login")) {
            if let Some(time) = cells::instant(times, row).filter(|_| callers.is_valid(row)) {
                found.entry(callers.value(row)).or_default().push(time);
            }
        }
    }
    found.values_mut().for_each(|times| times.sort_unstable());
    Ok(found)
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
