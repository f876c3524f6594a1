//! Puts what was made and what was removed together, once every record is in.
//!
//! Times have whole seconds, so the order inside one second is unknown: a removal goes to what stood before that second,
//! else to what was made in it.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Action, Deed, Scope, removing_operations, short};
use super::{Altered, Gone, GoneHow, Removed, Thing, ThingClass};
use crate::investigate::bounded::Bounded;
use crate::investigate::evidence::{Evidence, Span, Time};
use crate::investigate::limit::Limits;
use crate::investigate::outcome::{operation, service};
use crate::investigate::who::Caller;
use crate::query::EventRow;

/// A deed and who did it.
#[derive(Debug, Clone)]
struct Record {
    evidence: Evidence,
    by: Caller,
    by_subject: bool,
    /// Whether the service reports it on its own account.
    service_event: bool,
    deed: Deed,
}

#[derive(Debug, Clone, Default)]
struct AlteredFold {
    span: Span,
    evidence: Option<Evidence>,
}

impl AlteredFold {
    fn add(&mut self, evidence: &Evidence) {
        self.span.add(evidence.at);
        if self.evidence.as_ref().is_none_or(|first| evidence < first) {
            self.evidence = Some(evidence.clone());
        }
    }
}

/// Everything made, altered and removed.
#[derive(Debug, Clone)]
pub(crate) struct Lives {
    limits: Limits,
    records: Bounded<(Evidence, usize), Option<Box<Record>>>,
    altered: Bounded<(String, String, String), AlteredFold>,
    /// Names under which others may remove what the subject made; rebuilt when the subject made more.
    wanted: Option<BTreeSet<(String, String, String)>>,
}

/// What became of everything.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) things: Vec<Thing>,
    pub(crate) removed: Vec<Removed>,
    pub(crate) altered: Vec<Altered>,
}

impl Lives {
    pub(crate) fn new(limits: Limits) -> Lives {
        Lives {
            limits,
            records: Bounded::new(limits.changes_max),
            altered: Bounded::new(limits.alterations_max),
            wanted: None,
        }
    }

    /// Takes in what a record of the subject makes and removes.
    pub(crate) fn push_own(&mut self, row: &EventRow<'_>, deeds: Vec<Deed>) {
        self.wanted = None;
        self.insert(row, deeds, true);
    }

    /// Takes in a record of the subject that alters `target`.
    pub(crate) fn push_altered(&mut self, row: &EventRow<'_>, target: Option<String>) {
        let event_name = row.event_name.unwrap_or_default().to_owned();
        let key = (service(row).to_owned(), event_name, target.unwrap_or_default());
        if let Some(fold) = self.altered.slot(&key) {
            fold.add(&Evidence::of(row));
        }
    }

    /// Takes in what a record of someone else does, where it concerns what the subject made.
    pub(crate) fn push_related(&mut self, row: &EventRow<'_>, deeds: Vec<Deed>) {
        let wanted = self.wanted.get_or_insert_with(|| wanted(&self.records));
        let concerns = |deed: &Deed| {
            let scope = &deed.scope;
            !matches!(deed.action, Action::Make | Action::Put)
                && deed
                    .aliases
                    .iter()
                    .any(|alias| wanted.contains(&(scope.service.clone(), scope.kind.clone(), alias.clone())))
        };
        let deeds: Vec<Deed> = deeds.into_iter().filter(concerns).collect();
        self.insert(row, deeds, false);
    }

    fn insert(&mut self, row: &EventRow<'_>, deeds: Vec<Deed>, by_subject: bool) {
        for (number, deed) in deeds.into_iter().enumerate() {
            let evidence = Evidence::of(row);
            let service_event = row.event_type == Some("AwsServiceEvent");
            if let Some(slot) = self.records.slot(&(evidence.clone(), number)) {
                let by = Caller::of(row);
                *slot = Some(Box::new(Record { evidence, by, by_subject, service_event, deed }));
            }
        }
    }

    /// The names of what the subject made: kind, name and the time, in order.
    pub(crate) fn made_names(&self) -> impl Iterator<Item = (&str, &str, Time)> {
        self.records
            .iter()
            .filter_map(|(_, record)| record.as_deref())
            .filter(|record| record.by_subject && matches!(record.deed.action, Action::Make | Action::Put))
            .flat_map(|record| {
                let kind = record.deed.scope.kind.as_str();
                record.deed.aliases.iter().map(move |alias| (kind, alias.as_str(), record.evidence.at))
            })
    }

    /// The operations that remove, restore or switch what the subject made, and what it belongs to.
    pub(crate) fn removing_operations(&self) -> BTreeSet<String> {
        let own = self.records.iter().filter_map(|(_, record)| record.as_deref());
        let made = own.filter(|r| r.by_subject && matches!(r.deed.action, Action::Make | Action::Put));
        let mut kinds: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        for record in made {
            let scope = &record.deed.scope;
            kinds.insert((&scope.service, &scope.kind, operation(&record.evidence.event_name)));
            if let Some((kind, _, _)) = &record.deed.of {
                kinds.insert((&scope.service, kind, ""));
            }
        }
        kinds.into_iter().flat_map(|(service, kind, made)| removing_operations(service, kind, made)).collect()
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        [
            ("made", self.records.reached(), self.limits.changes_max),
            ("altered", self.altered.reached(), self.limits.alterations_max),
        ]
        .into_iter()
        .filter(|(_, reached, _)| *reached)
        .map(|(name, _, max)| (name, max))
        .collect()
    }

    /// What became of everything.
    pub(crate) fn finish(self) -> Made {
        let records: Vec<Record> = self.records.into_iter().filter_map(|(_, r)| r.map(|r| *r)).collect();
        let mut scopes: BTreeMap<&Scope, Vec<&Record>> = BTreeMap::new();
        for record in &records {
            scopes.entry(&record.deed.scope).or_default().push(record);
        }
        let mut outcome = Resolved::default();
        for (_, in_scope) in scopes {
            resolve(&in_scope, &mut outcome);
        }
        let Resolved { mut lives, removed, replaced } = outcome;
        gone_with_owner(&mut lives, &records);
        give_policies(&mut lives);
        let mut altered = self.altered;
        for record in replaced {
            let scope = &record.deed.scope;
            let target = record.deed.names.first().cloned().unwrap_or_default();
            let key = (scope.service.clone(), record.evidence.event_name.clone(), target);
            if let Some(fold) = altered.slot(&key) {
                fold.add(&record.evidence);
            }
        }
        let own_names: BTreeSet<&str> =
            lives.iter().flat_map(|life| life.record.deed.aliases.iter().map(String::as_str)).collect();
        let altered = finish_altered(altered, &own_names);
        let mut things: Vec<Thing> = lives.into_iter().map(|life| life.thing).collect();
        things.sort_by(|a, b| {
            (&a.made, &a.service, &a.kind, &a.id).cmp(&(&b.made, &b.service, &b.kind, &b.id))
        });
        // One record can stand for several kinds; when it removed what the subject made, it removed nothing else of
        // that name.
        let mut explained: BTreeSet<(&Evidence, &str)> = BTreeSet::new();
        for thing in &things {
            let evidence = thing.gone.as_ref().map(|gone| &gone.evidence);
            explained
                .extend(evidence.iter().flat_map(|e| thing.names.iter().map(|name| (*e, name.as_str()))));
        }
        let unexplained = |record: &&Record| {
            !record.deed.names.iter().any(|name| explained.contains(&(&record.evidence, name.as_str())))
        };
        let mut removed: Vec<Removed> = removed.into_iter().filter(unexplained).map(removed_thing).collect();
        removed.sort_by(|a, b| (&a.evidence, &a.kind, &a.id).cmp(&(&b.evidence, &b.kind, &b.id)));
        Made { things, removed, altered }
    }
}

fn wanted(records: &Bounded<(Evidence, usize), Option<Box<Record>>>) -> BTreeSet<(String, String, String)> {
    let mut names = BTreeSet::new();
    let own = records.iter().filter_map(|(_, record)| record.as_deref()).filter(|record| record.by_subject);
    for record in own {
        let scope = &record.deed.scope;
        for alias in &record.deed.aliases {
            names.insert((scope.service.clone(), scope.kind.clone(), alias.clone()));
        }
        if let Some((kind, _, aliases)) = &record.deed.of {
            for alias in aliases {
                names.insert((scope.service.clone(), kind.clone(), alias.clone()));
            }
        }
    }
    names
}

/// A thing and the record that made it.
struct Life<'r> {
    record: &'r Record,
    thing: Thing,
}

#[derive(Default)]
struct Resolved<'r> {
    lives: Vec<Life<'r>>,
    removed: Vec<&'r Record>,
    /// Records that replaced what was there.
    replaced: Vec<&'r Record>,
}

/// Walks the records of one scope in time.
fn resolve<'r>(records: &[&'r Record], out: &mut Resolved<'r>) {
    let mut latest: BTreeMap<&'r str, usize> = BTreeMap::new();
    let mut rest = records;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|record| record.evidence.at == first.evidence.at).count();
        let (second, later) = rest.split_at(same);
        rest = later;
        let (makes, changes): (Vec<&Record>, Vec<&Record>) =
            second.iter().partition(|record| matches!(record.deed.action, Action::Make | Action::Put));
        let early: Vec<&Record> =
            changes.into_iter().filter(|record| !change(record, &latest, &mut out.lives, false)).collect();
        for record in makes {
            make(record, &mut latest, out);
        }
        let late: Vec<&Record> =
            early.into_iter().filter(|record| !change(record, &latest, &mut out.lives, true)).collect();
        for record in late {
            if record.deed.action == Action::Remove && record.by_subject {
                out.removed.push(record);
            }
        }
    }
}

/// Applies a removal, restoring or switching to the thing it names. `false` when no such thing is there to change;
/// `late` accepts one that is gone already, so that it is not reported twice.
fn change(record: &Record, latest: &BTreeMap<&str, usize>, lives: &mut [Life<'_>], late: bool) -> bool {
    let index = record.deed.aliases.iter().find_map(|alias| latest.get(alias.as_str()));
    let Some(life) = index.and_then(|index| lives.get_mut(*index)) else { return false };
    let thing = &mut life.thing;
    match record.deed.action {
        Action::Remove if thing.gone.is_some() => late,
        Action::Remove => {
            thing.gone = Some(gone(record));
            true
        }
        Action::Restore => {
            thing.gone = None;
            true
        }
        Action::Disable => {
            thing.disabled = Some(record.evidence.clone());
            true
        }
        Action::Enable => {
            thing.disabled = None;
            true
        }
        Action::Make | Action::Put => true,
    }
}

fn gone(record: &Record) -> Gone {
    Gone {
        at: record.evidence.at,
        how: match (record.service_event, &record.deed.due) {
            (true, _) => GoneHow::Service,
            (false, Some(_)) => GoneHow::Scheduled,
            (false, None) => GoneHow::Call,
        },
        evidence: record.evidence.clone(),
        by: record.by.clone(),
        by_subject: record.by_subject,
        unrecorded: record.service_event,
        due: record.deed.due.clone(),
    }
}

fn make<'r>(record: &'r Record, latest: &mut BTreeMap<&'r str, usize>, out: &mut Resolved<'r>) {
    let deed = &record.deed;
    let before = deed.aliases.iter().find_map(|alias| latest.get(alias.as_str()).copied());
    if let Some(life) = before.and_then(|index| out.lives.get_mut(index))
        && life.thing.gone.is_none()
    {
        if deed.action == Action::Put {
            life.thing.admin |= deed.admin;
            out.replaced.push(record);
            return;
        }
        life.thing.gone = Some(Gone { how: GoneHow::MadeAgain, unrecorded: true, due: None, ..gone(record) });
    }
    let index = out.lives.len();
    for alias in &deed.aliases {
        latest.insert(alias, index);
    }
    out.lives.push(Life { record, thing: thing(record) });
}

fn thing(record: &Record) -> Thing {
    let deed = &record.deed;
    let id = deed.names.iter().find(|name| !name.starts_with("arn:")).or(deed.names.first());
    Thing {
        service: deed.scope.service.clone(),
        kind: deed.scope.kind.clone(),
        class: deed.class,
        id: id.cloned().unwrap_or_default(),
        names: deed.names.clone(),
        of: deed.of.as_ref().map(|(_, name, _)| name.clone()),
        account: some(&deed.scope.account),
        region: some(&deed.scope.region),
        made: record.evidence.clone(),
        may_have_existed: deed.action == Action::Put,
        gone: None,
        disabled: None,
        policies: Vec::new(),
        admin: deed.admin,
        used: None,
    }
}

fn removed_thing(record: &Record) -> Removed {
    let deed = &record.deed;
    let id = deed.names.iter().find(|name| !name.starts_with("arn:")).or(deed.names.first());
    Removed {
        service: deed.scope.service.clone(),
        kind: deed.scope.kind.clone(),
        id: id.cloned().unwrap_or_default(),
        account: some(&deed.scope.account),
        region: some(&deed.scope.region),
        evidence: record.evidence.clone(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// What stands goes with what it belongs to.
fn gone_with_owner(lives: &mut [Life<'_>], records: &[Record]) {
    let mut removals: BTreeMap<(&Scope, &str), Vec<&Record>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.deed.action == Action::Remove) {
        for alias in &record.deed.aliases {
            removals.entry((&record.deed.scope, alias)).or_default().push(record);
        }
    }
    for life in lives.iter_mut().filter(|life| life.thing.gone.is_none()) {
        let deed = &life.record.deed;
        let Some((kind, _, aliases)) = &deed.of else { continue };
        let scope = Scope { kind: kind.clone(), ..deed.scope.clone() };
        let removal = aliases
            .iter()
            .filter_map(|alias| removals.get(&(&scope, alias.as_str())))
            .flatten()
            .filter(|record| record.evidence.at >= life.thing.made.at)
            .min_by(|a, b| a.evidence.cmp(&b.evidence));
        if let Some(record) = removal {
            life.thing.gone =
                Some(Gone { how: GoneHow::WithOwner, unrecorded: deed.holds_owner, ..gone(record) });
        }
    }
}

/// Names, on every identity, the policies that the subject gave to it while it was there.
fn give_policies(lives: &mut [Life<'_>]) {
    let mut given: Vec<(usize, String, bool)> = Vec::new();
    let mut owners: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (index, life) in
        lives.iter().enumerate().filter(|(_, life)| life.thing.class != ThingClass::Permission)
    {
        for alias in &life.record.deed.aliases {
            owners.entry((&life.thing.kind, alias)).or_default().push(index);
        }
    }
    for life in lives.iter().filter(|life| life.thing.class == ThingClass::Permission) {
        let Some((kind, owner, _)) = &life.record.deed.of else { continue };
        let at = life.thing.made.at;
        let there = |index: &&usize| {
            lives.get(**index).is_some_and(|owner| {
                owner.thing.made.at <= at && owner.thing.gone.as_ref().is_none_or(|gone| gone.at >= at)
            })
        };
        let holder = owners.get(&(kind.as_str(), short(owner))).into_iter().flatten().rfind(there);
        if let Some(index) = holder {
            let name = life.thing.id.rsplit(" / ").next().unwrap_or_default();
            given.push((*index, name.to_owned(), life.thing.admin));
        }
    }
    for (index, policy, admin) in given {
        if let Some(life) = lives.get_mut(index) {
            life.thing.admin |= admin;
            if !life.thing.policies.contains(&policy) {
                life.thing.policies.push(policy);
                life.thing.policies.sort();
            }
        }
    }
}

fn finish_altered(
    altered: Bounded<(String, String, String), AlteredFold>,
    own_names: &BTreeSet<&str>,
) -> Vec<Altered> {
    let rows = altered.into_iter().map(|((service, event_name, target), fold)| Altered {
        service,
        event_name,
        own: own_names.contains(target.as_str()) || own_names.contains(short(&target)),
        target: some(&target),
        span: fold.span,
        evidence: fold.evidence,
    });
    let mut rows: Vec<Altered> = rows.collect();
    rows.sort_by(|a, b| {
        (&a.evidence, &a.event_name, &a.target).cmp(&(&b.evidence, &b.event_name, &b.target))
    });
    rows
}
