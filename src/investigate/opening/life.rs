//! From single openings and closings to spans of time.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Move, Turn, Way};
use super::rule::OPENABLE;
use super::{Closed, ClosedHow, Opening};
use crate::investigate::bounded::Bounded;
use crate::investigate::evidence::{Evidence, Span};
use crate::investigate::limit::Limits;
use crate::investigate::policy_text::Grantee;
use crate::investigate::thing::{Action, Deed, Scope, Thing, short};
use crate::investigate::who::Caller;
use crate::query::EventRow;

#[derive(Debug, Clone)]
struct Record {
    evidence: Evidence,
    by: Caller,
    by_subject: bool,
    turn: Turn,
}

/// Everything opened and closed.
#[derive(Debug, Clone)]
pub(crate) struct Openings {
    limits: Limits,
    records: Bounded<(Evidence, usize), Option<Box<Record>>>,
    uses: Bounded<(String, String), Vec<Evidence>>,
    /// Resources that the subject opened, by kind and name; rebuilt when it opened more.
    wanted: Option<BTreeSet<(String, String)>>,
}

impl Openings {
    pub(crate) fn new(limits: Limits) -> Openings {
        Openings {
            limits,
            records: Bounded::new(limits.changes_max),
            uses: Bounded::new(limits.changes_max),
            wanted: None,
        }
    }

    /// Takes in what a record of the subject opens, closes and removes.
    pub(crate) fn push_own(&mut self, row: &EventRow<'_>, turns: Vec<Turn>, deeds: &[Deed]) {
        self.wanted = None;
        self.insert(row, turns.into_iter().chain(removals(deeds)).collect(), true);
    }

    /// Takes in what a record of someone else does to what the subject opened.
    pub(crate) fn push_related(&mut self, row: &EventRow<'_>, turns: Vec<Turn>, deeds: &[Deed]) {
        let wanted = self.wanted.get_or_insert_with(|| wanted(&self.records));
        let mut turns: Vec<Turn> = turns.into_iter().chain(removals(deeds)).collect();
        turns.retain(|turn| {
            turn.aliases.iter().any(|alias| wanted.contains(&(turn.scope.kind.clone(), alias.clone())))
        });
        self.insert(row, turns, false);
    }

    /// Takes in a record that shows an outsider using the resource `id` of `kind`, if the subject opened it.
    pub(crate) fn push_use(&mut self, row: &EventRow<'_>, kind: &str, id: &str) {
        let wanted = self.wanted.get_or_insert_with(|| wanted(&self.records));
        let key = (kind.to_owned(), id.to_owned());
        if wanted.contains(&key)
            && let Some(uses) = self.uses.slot(&key)
        {
            uses.push(Evidence::of(row));
            uses.sort();
            uses.truncate(self.limits.evidence_max);
        }
    }

    fn insert(&mut self, row: &EventRow<'_>, turns: Vec<Turn>, by_subject: bool) {
        for (number, turn) in turns.into_iter().enumerate() {
            let evidence = Evidence::of(row);
            if let Some(slot) = self.records.slot(&(evidence.clone(), number)) {
                *slot = Some(Box::new(Record { evidence, by: Caller::of(row), by_subject, turn }));
            }
        }
    }

    /// The resources that the subject opened: kind and name.
    pub(crate) fn opened_names(&self) -> BTreeSet<(String, String)> {
        wanted(&self.records)
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        let reached = self.records.reached() || self.uses.reached();
        reached.then_some(("openings", self.limits.changes_max)).into_iter().collect()
    }

    /// Every opening with its end, in the order of time.
    pub(crate) fn finish(self, things: &[Thing], accounts: &BTreeSet<String>) -> Vec<Opening> {
        let records: Vec<Record> = self.records.into_iter().filter_map(|(_, r)| r.map(|r| *r)).collect();
        let mut openings = Vec::new();
        for group in same_resource(&records) {
            openings.extend(resolve(&group));
        }
        let uses: BTreeMap<(String, String), Vec<Evidence>> = self.uses.into_iter().collect();
        let mut made: BTreeMap<(&str, &str), Vec<&Thing>> = BTreeMap::new();
        for thing in things {
            for name in &thing.names {
                made.entry((&thing.kind, name)).or_default().push(thing);
            }
        }
        for opening in &mut openings {
            let names = [opening.id.as_str(), short(&opening.id)];
            let own = names.iter().filter_map(|name| made.get(&(opening.kind.as_str(), *name)));
            let own = own.flatten().rfind(|thing| thing.made.at <= opening.from.at);
            opening.own = own.is_some();
            opening.admin = own.is_some_and(|thing| thing.admin);
            opening.known_account =
                matches!(&opening.to, Grantee::Account(account) if accounts.contains(account));
            for evidence in uses.get(&(opening.kind.clone(), opening.id.clone())).into_iter().flatten() {
                let open = evidence.at >= opening.from.at
                    && opening.until.as_ref().is_none_or(|until| evidence.at <= until.at);
                if open {
                    opening.used.add(evidence.at);
                    opening.first_use.get_or_insert_with(|| evidence.clone());
                }
            }
        }
        openings.sort_by(|a, b| {
            (&a.from, &a.kind, &a.id, &a.what, &a.principal).cmp(&(
                &b.from,
                &b.kind,
                &b.id,
                &b.what,
                &b.principal,
            ))
        });
        openings
    }
}

/// The removal of what can be open closes it.
fn removals(deeds: &[Deed]) -> impl Iterator<Item = Turn> {
    let removed = deeds
        .iter()
        .filter(|deed| deed.action == Action::Remove && OPENABLE.contains(&deed.scope.kind.as_str()));
    removed.map(|deed| Turn {
        scope: deed.scope.clone(),
        id: deed.names.first().cloned().unwrap_or_default(),
        aliases: deed.aliases.clone(),
        moves: vec![Move::CloseAll],
    })
}

fn opens(turn: &Turn) -> bool {
    turn.moves.iter().any(|m| match m {
        Move::Open(..) => true,
        Move::Replace(_, ways) => !ways.is_empty(),
        Move::Close(_) | Move::CloseAll => false,
    })
}

fn wanted(records: &Bounded<(Evidence, usize), Option<Box<Record>>>) -> BTreeSet<(String, String)> {
    let own = records.iter().filter_map(|(_, r)| r.as_deref()).filter(|r| r.by_subject && opens(&r.turn));
    own.flat_map(|record| {
        let kind = &record.turn.scope.kind;
        record.turn.aliases.iter().map(move |alias| (kind.clone(), alias.clone()))
    })
    .collect()
}

/// Groups records that name the same resource of the same scope by any of its names.
fn same_resource(records: &[Record]) -> Vec<Vec<&Record>> {
    let mut by_name: BTreeMap<(&Scope, &str), usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Record>> = Vec::new();
    for record in records {
        let scope = &record.turn.scope;
        let known =
            record.turn.aliases.iter().find_map(|alias| by_name.get(&(scope, alias.as_str())).copied());
        let index = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push(Vec::new());
        }
        for alias in &record.turn.aliases {
            by_name.entry((scope, alias)).or_insert(index);
        }
        if let Some(group) = groups.get_mut(index) {
            group.push(record);
        }
    }
    groups
}

/// A way that stands open.
struct Standing {
    tag: String,
    way: Way,
    opening: Opening,
    since_this_second: bool,
}

/// Walks the records of one resource in time. Inside one second, what stood before is closed first, then things are
/// opened, and only closings that found nothing to close apply to what was opened in that second.
fn resolve(records: &[&Record]) -> Vec<Opening> {
    let mut standing: Vec<Standing> = Vec::new();
    let mut ended: Vec<Opening> = Vec::new();
    let mut rest = records;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|record| record.evidence.at == first.evidence.at).count();
        let (second, later) = rest.split_at(same);
        rest = later;
        for open in &mut standing {
            open.since_this_second = false;
        }
        let mut unused: Vec<(&Record, &Move)> = Vec::new();
        for record in second {
            for m in &record.turn.moves {
                if matches!(m, Move::Close(_) | Move::CloseAll)
                    && !close(record, m, &mut standing, &mut ended, false)
                {
                    unused.push((record, m));
                }
            }
        }
        for record in second {
            for m in &record.turn.moves {
                open(record, m, &mut standing, &mut ended);
            }
        }
        for (record, m) in unused {
            close(record, m, &mut standing, &mut ended, true);
        }
    }
    ended.extend(standing.into_iter().map(|open| open.opening));
    ended
}

fn close(
    record: &Record,
    m: &Move,
    standing: &mut Vec<Standing>,
    ended: &mut Vec<Opening>,
    this_second: bool,
) -> bool {
    let how = if *m == Move::CloseAll { ClosedHow::Removed } else { ClosedHow::Revoked };
    let hit = |open: &Standing| {
        open.since_this_second == this_second
            && match m {
                Move::CloseAll => true,
                Move::Close(tag) => open.tag == *tag || open.way.rule_id.as_ref() == Some(tag),
                Move::Open(..) | Move::Replace(..) => false,
            }
    };
    let before = standing.len();
    let (closing, kept): (Vec<Standing>, Vec<Standing>) = standing.drain(..).partition(hit);
    *standing = kept;
    ended.extend(closing.into_iter().map(|open| closed(open.opening, record, how)));
    standing.len() < before
}

fn closed(mut opening: Opening, record: &Record, how: ClosedHow) -> Opening {
    opening.until = Some(Closed {
        at: record.evidence.at,
        how,
        evidence: record.evidence.clone(),
        by: record.by.clone(),
        by_subject: record.by_subject,
    });
    opening
}

fn open(record: &Record, m: &Move, standing: &mut Vec<Standing>, ended: &mut Vec<Opening>) {
    let (tag, ways) = match m {
        Move::Open(tag, way) => (tag, std::slice::from_ref(way)),
        Move::Replace(tag, ways) => {
            let replaced = |open: &Standing| open.tag == *tag && !ways.iter().any(|way| same(way, &open.way));
            let (closing, kept): (Vec<Standing>, Vec<Standing>) = standing.drain(..).partition(replaced);
            *standing = kept;
            ended.extend(closing.into_iter().map(|open| closed(open.opening, record, ClosedHow::Replaced)));
            (tag, ways.as_slice())
        }
        Move::Close(_) | Move::CloseAll => return,
    };
    // What others open is not the subject's doing.
    if !record.by_subject {
        return;
    }
    for way in ways {
        if !standing.iter().any(|open| open.tag == *tag && same(way, &open.way)) {
            standing.push(Standing {
                tag: tag.clone(),
                way: way.clone(),
                opening: opening(record, way),
                since_this_second: true,
            });
        }
    }
}

fn same(a: &Way, b: &Way) -> bool {
    (&a.to, &a.principal, &a.what) == (&b.to, &b.principal, &b.what)
}

fn opening(record: &Record, way: &Way) -> Opening {
    let scope = &record.turn.scope;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Opening {
        service: scope.service.clone(),
        kind: scope.kind.clone(),
        id: record.turn.id.clone(),
        account: some(&scope.account),
        region: some(&scope.region),
        how: way.how,
        what: way.what.clone(),
        to: way.to.clone(),
        principal: way.principal.clone(),
        conditions: way.conditions.clone(),
        bound: way.bound,
        known_account: false,
        own: false,
        admin: false,
        from: record.evidence.clone(),
        until: None,
        used: Span::default(),
        first_use: None,
    }
}
