//! The tree as it grows: lines below lines, alike ones folded into one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::Tree;
use crate::inquiry::trace::fetch::{OwnAddresses, Source, later};
use crate::inquiry::trace::mismatch::odd_places;
use crate::lineage::{
    Caller, Credential, Descendant, Gap, Node, NodeKind, Proof, RecordRef, Removal, Rule, Usage, Workload,
};
use crate::query::QueryError;

/// What was removed is looked for within a day first.
const GONE_STEP_SECONDS: i64 = 24 * 3600;

/// Each further step is so many times as long.
const GONE_STEP_GROWTH: i64 = 4;

/// A line that is to be added.
#[derive(Debug, Clone)]
pub(super) struct Growth {
    pub(super) kind: NodeKind,
    pub(super) id: String,
    pub(super) node: Option<Node>,
    pub(super) rule: Rule,
    pub(super) made: Option<Proof>,
    /// The other records that made its sessions.
    pub(super) made_again: BTreeSet<Proof>,
    pub(super) usage: Usage,
    /// The keys that were used.
    pub(super) keys: BTreeSet<String>,
    /// The keys that were made.
    pub(super) keys_made: BTreeSet<String>,
    /// What each credential did, for lines that may be split by key.
    pub(super) credentials: Vec<(Caller, Usage)>,
    /// Who acted as this line, where it is something that the subject led to; None where it is the subject's own.
    pub(super) led_to: Option<Vec<Caller>>,
    /// The workload that it is.
    pub(super) workload: Option<Workload>,
    /// Of the session of an instance: the addresses that are its own.
    pub(super) own_addresses: Option<OwnAddresses>,
    /// Lines of one parent with the same text here are one.
    pub(super) fold: Option<String>,
    /// The role: a session of a role that is above it already is folded into that, as in role juggling.
    pub(super) role: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) remarks: Vec<String>,
    /// The role of a workload's session, where no record tells that the launch passed it.
    pub(super) role_untold: Option<String>,
    pub(super) gap: Option<Gap>,
    /// When it no longer led to anything: another password was set.
    pub(super) until: Option<DateTime<Utc>>,
    /// When its user was given another name: what bears this one later is another.
    pub(super) renamed: Option<DateTime<Utc>>,
}

impl Growth {
    pub(super) fn new(kind: NodeKind, id: &str, rule: Rule) -> Growth {
        Growth {
            kind,
            id: id.to_owned(),
            node: None,
            rule,
            made: None,
            made_again: BTreeSet::new(),
            usage: Usage::default(),
            keys: BTreeSet::new(),
            keys_made: BTreeSet::new(),
            credentials: Vec::new(),
            led_to: None,
            workload: None,
            own_addresses: None,
            fold: None,
            role: None,
            notes: Vec::new(),
            remarks: Vec::new(),
            role_untold: None,
            gap: None,
            until: None,
            renamed: None,
        }
    }

    /// Whether several sign-ins of one second come into question for what was done here.
    fn is_open_sign_in(&self) -> bool {
        self.kind == NodeKind::Console && !self.made_again.is_empty()
    }

    /// Says who acted as this line.
    pub(super) fn lead_to(&mut self, credentials: &[Credential]) {
        self.led_to = Some(credentials.iter().map(|one| one.caller.clone()).collect());
    }
}

/// A line of the tree that the subject led to, with everyone who acted as it.
#[derive(Debug, Clone)]
pub(in crate::inquiry) struct Held {
    pub(in crate::inquiry) kind: NodeKind,
    pub(in crate::inquiry) id: String,
    pub(in crate::inquiry) node: Option<Node>,
    pub(in crate::inquiry) made: Option<Proof>,
    pub(in crate::inquiry) folded: u64,
    /// The workload that it is a session of.
    pub(in crate::inquiry) workload: Option<String>,
    pub(in crate::inquiry) callers: Vec<Caller>,
    /// When they no longer acted as this line.
    pub(in crate::inquiry) until: Option<DateTime<Utc>>,
}

/// A line of the tree.
#[derive(Debug)]
struct Line {
    parent: Option<usize>,
    growth: Growth,
    /// The seconds in which they were made: twins of one second are one session.
    seconds: BTreeSet<i64>,
    gone: Option<Proof>,
}

/// The lines, in the order in which they grew.
#[derive(Debug)]
pub(super) struct Plant {
    lines: Vec<Line>,
    lines_max: usize,
    full: bool,
    notes: Vec<String>,
    left_out: usize,
    left_open: usize,
    folds: BTreeMap<(Option<usize>, String), usize>,
}

impl Plant {
    pub(super) fn new(lines_max: usize) -> Plant {
        Plant {
            lines: Vec::new(),
            lines_max,
            full: false,
            notes: Vec::new(),
            left_out: 0,
            left_open: 0,
            folds: BTreeMap::new(),
        }
    }

    /// Whether a line found no place.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// How many lines there are.
    pub(super) fn lines(&self) -> usize {
        self.lines.len()
    }

    /// How many lines below the first ones a line stands.
    pub(super) fn steps(&self, line: Option<usize>, first_lines: usize) -> usize {
        self.above(line).filter(|at| *at >= first_lines).count()
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Says something more of the line that a record made.
    pub(super) fn remark(&mut self, record: &RecordRef, remark: String) {
        let made = Proof::from(record);
        if let Some(line) = self.lines.iter_mut().find(|line| line.growth.made.as_ref() == Some(&made)) {
            line.growth.remarks.push(remark);
        }
    }

    /// Counts credentials that are shown as claims: what they did is not what the subject led to.
    pub(super) fn leave_out(&mut self, credentials: usize) {
        self.left_out += credentials;
    }

    /// Counts credentials of which it is open whether the subject led to them.
    pub(super) fn leave_open(&mut self, credentials: usize) {
        self.left_open += credentials;
    }

    /// Adds a line, or folds it into one that is there; gives the line. None when the tree is full.
    pub(super) fn grow(&mut self, parent: Option<usize>, growth: Growth) -> Option<usize> {
        let same_role = growth.role.as_deref().and_then(|role| self.of_role(parent, role));
        let fold = growth.fold.clone().map(|fold| (parent, fold));
        let alike = same_role.or_else(|| self.folds.get(fold.as_ref()?).copied());
        if let Some(at) = alike {
            self.merge(at, growth);
            return Some(at);
        }
        if self.lines.len() >= self.lines_max {
            self.full = true;
            return None;
        }
        let at = self.lines.len();
        if let Some(fold) = fold {
            self.folds.insert(fold, at);
        }
        let seconds = seconds_of(&growth);
        self.lines.push(Line { parent, growth, seconds, gone: None });
        Some(at)
    }

    /// The line of a session of this role above a further one: only sessions of sessions are juggled, what was made or
    /// launched in between begins anew.
    fn of_role(&self, parent: Option<usize>, role: &str) -> Option<usize> {
        let role_of = |at: &usize| self.lines.get(*at).and_then(|line| line.growth.role.as_deref());
        self.above(parent).take_while(|at| role_of(at).is_some()).find(|at| role_of(at) == Some(role))
    }

    /// Whether a session of this role below a line would be folded into one above.
    pub(super) fn repeats(&self, line: Option<usize>, role: &str) -> bool {
        self.of_role(line, role).is_some()
    }

    /// Whether whoever stands at a line came there by a password that a line above it set, and by no other way since.
    pub(super) fn came_by_password(&self, line: Option<usize>) -> bool {
        let kinds = self.above(line).filter_map(|at| self.lines.get(at)).map(|line| line.growth.kind);
        let is_way = |kind: &NodeKind| !matches!(kind, NodeKind::Console | NodeKind::Session);
        kinds.into_iter().find(is_way) == Some(NodeKind::Password)
    }

    /// Whether a line is of a user that stands in the line above it.
    pub(super) fn is_of_user(&self, line: Option<usize>) -> bool {
        let above = self.above(line).nth(1).and_then(|at| self.lines.get(at));
        above.is_some_and(|above| above.growth.kind == NodeKind::User)
    }

    /// A line and those above it.
    fn above(&self, from: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(from, |at| self.lines.get(*at).and_then(|line| line.parent))
    }

    fn merge(&mut self, at: usize, growth: Growth) {
        let Some(line) = self.lines.get_mut(at) else { return };
        line.seconds.extend(seconds_of(&growth));
        line.growth.usage.merge(&growth.usage);
        line.growth.keys.extend(growth.keys);
        line.growth.keys_made.extend(growth.keys_made);
        line.growth.credentials.extend(growth.credentials);
        if let Some(callers) = growth.led_to {
            line.growth.led_to.get_or_insert_default().extend(callers);
        }
        // A gap is one only where nothing of it was seen.
        if line.growth.usage.calls > 0 {
            line.growth.gap = None;
            if line.growth.node.as_ref().is_none_or(|node| node.access_key.is_none()) {
                line.growth.node = growth.node.or(line.growth.node.take());
            }
        }
        for (known, new) in
            [(&mut line.growth.remarks, growth.remarks), (&mut line.growth.notes, growth.notes)]
        {
            for one in new {
                if !known.contains(&one) {
                    known.push(one);
                }
            }
        }
        line.growth.role_untold = line.growth.role_untold.take().or(growth.role_untold);
        line.growth.made_again.extend(growth.made_again);
        match (line.growth.made.take(), growth.made) {
            (Some(first), Some(other)) => {
                let (first, other) = if other < first { (other, first) } else { (first, other) };
                line.growth.made = Some(first);
                line.growth.made_again.insert(other);
            }
            (one, other) => line.growth.made = one.or(other),
        }
    }

    /// Marks what was removed later.
    ///
    /// Most of what is removed at all is so soon; the logs are read forwards in growing steps until all is found or they
    /// end.
    pub(super) async fn mark_gone(&mut self, source: &Source) -> Result<(), QueryError> {
        let removable = |line: &&Line| what(&line.growth).is_some() && line.growth.made.is_some();
        let made = self.lines.iter().filter(removable).filter_map(|line| line.growth.made.as_ref());
        let Some(mut from) = made.map(|made| made.event_time.0).min() else { return Ok(()) };
        let end = source.logs_end();
        let mut step = end.map(|_| GONE_STEP_SECONDS);
        loop {
            let open = || self.lines.iter().filter(removable).filter(|line| line.gone.is_none());
            let names: BTreeSet<String> = open().flat_map(|line| removed_by(&line.growth)).collect();
            let accounts = open().map(|line| line.growth.made.as_ref().and_then(|made| made.account.clone()));
            let accounts: Option<BTreeSet<String>> = accounts.collect();
            if names.is_empty() {
                return Ok(());
            }
            let before = step.map(|step| later(from, step));
            let mut removals: BTreeMap<(&str, String), Vec<Removal>> = BTreeMap::new();
            for removal in source.removals(&names, accounts.as_ref(), (from, before)).await? {
                removals.entry((removal.what, removal.id.clone())).or_default().push(removal);
            }
            for line in self.lines.iter_mut().filter(|line| line.gone.is_none()) {
                let Some(what) = what(&line.growth) else { continue };
                let mut of_line = removals.get(&(what, line.growth.id.clone())).into_iter().flatten();
                let gone = of_line.find(|removal| is_removed(&line.growth, removal));
                line.gone = gone.map(|removal| Proof::from(&removal.record));
            }
            let Some(before) = before.filter(|before| end.is_some_and(|end| *before <= end)) else {
                return Ok(());
            };
            from = before;
            step = step.map(|step| step * GONE_STEP_GROWTH);
        }
    }

    /// The tree, in order of time.
    pub(super) fn finish(self) -> Tree {
        let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            below.entry(line.parent).or_default().push(at);
        }
        let roots = children(&self.lines, &below, None);
        let (open, led): (Vec<&Line>, Vec<&Line>) = self.lines.iter().partition(|line| self.is_open(line));
        let held = led.into_iter().filter_map(|line| self.held(line)).collect();
        let open: usize = open.iter().filter_map(|line| line.growth.led_to.as_ref()).map(Vec::len).sum();
        Tree { roots, held, truncated: self.notes, left_out: self.left_out, left_open: self.left_open + open }
    }

    /// Whether it is open whether the subject led to a line: it stands below what may be of somebody else.
    fn is_open(&self, line: &Line) -> bool {
        let mut above = self.above(line.parent).filter_map(|at| self.lines.get(at));
        above.any(|above| above.growth.rule == Rule::Claim)
    }

    fn held(&self, line: &Line) -> Option<Held> {
        let growth = &line.growth;
        let above = line.parent.and_then(|parent| self.lines.get(parent)).map(|line| &line.growth);
        let workload = above.filter(|above| above.kind == NodeKind::Workload);
        Some(Held {
            kind: growth.kind,
            id: growth.id.clone(),
            node: growth.node.clone(),
            made: growth.made.clone(),
            folded: folded(line),
            workload: workload.map(|workload| named(workload).to_owned()),
            callers: growth.led_to.clone()?,
            until: growth.until,
        })
    }
}

/// The name of a workload, which says what it is, else its id.
fn named(workload: &Growth) -> &str {
    let name = workload.node.as_ref().and_then(|node| node.name.as_deref());
    name.unwrap_or(&workload.id)
}

/// What a line is among [`Removal`]s; None where it cannot be removed.
fn what(growth: &Growth) -> Option<&'static str> {
    match growth.kind {
        NodeKind::AccessKey => Some("key"),
        NodeKind::User => Some("user"),
        NodeKind::Password => Some("password"),
        NodeKind::Workload => Some("workload"),
        _ => None,
    }
}

/// Whether a removal of this kind and id is that of a line: of its account, its region where it is a function, and later.
fn is_removed(growth: &Growth, removal: &Removal) -> bool {
    let Some(made) = &growth.made else { return false };
    let is_it = growth.workload.as_ref().is_none_or(|workload| removal.is_of(workload));
    let in_time = removal.record.time >= made.event_time.0
        && growth.renamed.is_none_or(|renamed| removal.record.time < renamed);
    is_it && removal.record.account == made.account && in_time
}

/// The calls that may have removed it, by name.
fn removed_by(growth: &Growth) -> Vec<String> {
    let names: &[&str] = match what(growth) {
        Some("key") => &["DeleteAccessKey"],
        Some("user") => &["DeleteUser"],
        Some("password") => &["DeleteLoginProfile"],
        // Ids of instances begin so; tasks and builds end by themselves.
        Some(_) if growth.id.starts_with("i-") => &["TerminateInstances", "DeleteFunction20150331"],
        Some(_) => &["DeleteFunction20150331"],
        None => &[],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn folded(line: &Line) -> u64 {
    (line.seconds.len() as u64).max(1)
}

fn seconds_of(growth: &Growth) -> BTreeSet<i64> {
    growth.made.iter().map(|made| made.event_time.0.timestamp()).collect()
}

fn children(
    lines: &[Line],
    below: &BTreeMap<Option<usize>, Vec<usize>>,
    parent: Option<usize>,
) -> Vec<Descendant> {
    let places = below.get(&parent).into_iter().flatten();
    let mut found: Vec<Descendant> = places
        .filter_map(|at| {
            let line = lines.get(*at)?;
            let mut one = descendant(line);
            one.children.extend(children(lines, below, Some(*at)));
            one.children.sort_by(by_time);
            Some(one)
        })
        .collect();
    found.sort_by(by_time);
    found
}

/// By the time at which it was made, else first used; then by kind and id.
fn by_time(a: &Descendant, b: &Descendant) -> std::cmp::Ordering {
    let key = |one: &Descendant| {
        let made = one.made.as_ref().map(|made| made.event_time).or(one.usage.first);
        // What no record made stands last.
        (matches!(one.kind, NodeKind::Forwarded | NodeKind::Event), made.is_none(), made)
    };
    let made = |one: &Descendant| one.made.clone();
    key(a).cmp(&key(b)).then_with(|| (made(a), a.kind, &a.id).cmp(&(made(b), b.kind, &b.id)))
}

fn descendant(line: &Line) -> Descendant {
    let growth = &line.growth;
    let mut remarks = growth.remarks.clone();
    let split = keys_apart(growth);
    if !split.is_empty() {
        let places: BTreeSet<&str> = split.iter().flat_map(|key| addresses(&key.usage)).collect();
        let places: Vec<&str> = places.into_iter().collect();
        let not_its = if places.len() == 1 { ": not the instance's address" } else { "" };
        remarks.push(format!("one session, used from {}{not_its}", places.join(" and ")));
    }
    if growth.is_open_sign_in() {
        let several = growth.made_again.len() + 1;
        remarks.push(format!("{several} sign-ins of one second: nothing tells which of them did this"));
    }
    Descendant {
        kind: growth.kind,
        id: growth.id.clone(),
        node: growth.node.clone(),
        rule: growth.rule,
        made: growth.made.clone(),
        made_again: growth.made_again.iter().map(|made| made.event_id.clone()).collect(),
        gone: line.gone.clone(),
        folded: folded(line),
        keys: if split.is_empty() { growth.keys.union(&growth.keys_made).count() as u64 } else { 0 },
        keys_used: if split.is_empty() { growth.keys.len() as u64 } else { 0 },
        notes: growth.notes.clone(),
        usage: growth.usage.clone(),
        remarks,
        role_untold: growth.role_untold.clone(),
        gap: growth.gap.clone(),
        children: split,
    }
}

/// The keys of one session, where it was used from different addresses.
fn keys_apart(growth: &Growth) -> Vec<Descendant> {
    // They may be of several sessions.
    if growth.is_open_sign_in() {
        return Vec::new();
    }
    let session = |caller: &Caller| (caller.arn.clone(), caller.created);
    let mut places: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (caller, usage) in &growth.credentials {
        places.entry(session(caller)).or_default().extend(addresses(usage));
    }
    let are_apart = |places: &BTreeSet<&str>| match &growth.own_addresses {
        Some(own) => !odd_places(places.iter().copied(), own).is_empty(),
        None => places.len() > 1,
    };
    let apart: BTreeSet<_> =
        places.into_iter().filter(|(_, places)| are_apart(places)).map(|(session, _)| session).collect();
    let mut keys: BTreeMap<String, (Node, Usage)> = BTreeMap::new();
    for (caller, usage) in growth.credentials.iter().filter(|(caller, _)| apart.contains(&session(caller))) {
        if let Some(key) = &caller.access_key {
            let of_key = keys.entry(key.clone()).or_insert_with(|| (caller.node(), Usage::default()));
            of_key.1.merge(usage);
        }
    }
    keys.into_iter()
        .map(|(key, (node, usage))| Descendant {
            kind: NodeKind::AccessKey,
            id: key,
            node: Some(node),
            rule: Rule::Key,
            made: None,
            made_again: Vec::new(),
            gone: None,
            folded: 1,
            keys: 0,
            keys_used: 0,
            notes: Vec::new(),
            remarks: Vec::new(),
            role_untold: None,
            usage,
            gap: None,
            children: Vec::new(),
        })
        .collect()
}

/// The IP addresses, without names of services.
pub(in crate::inquiry) fn addresses(usage: &Usage) -> impl Iterator<Item = &str> {
    usage.addresses.keys().map(String::as_str).filter(|address| address.parse::<IpAddr>().is_ok())
}
