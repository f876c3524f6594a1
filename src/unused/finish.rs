//! From what was counted to the answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate, Utc};

use super::answer::{Covered, OriginUse, PrincipalUse, UnmappedCall, Unused, WindowSeen};
use super::baseline::Scope;
use super::census::{AccountLog, Census};
use super::count::{Span, Uses};
use super::detail::{Detail, Tallies, Unmapped};
use super::fate::Found;
use super::finding::Finding;
use super::granted::granted;
use super::index::ActionNumber;
use super::plan::Plan;
use super::region::Reach;
use super::service::share;
use super::sight::{Sight, sights};
use super::track::Tracked;
use super::trust::Assumptions;
use super::{naming, other, statement};
use crate::aws::{Time, service_of};
use crate::catalog::event::services_of;
use crate::replay::answer::Then;
use crate::snapshot::Account;

/// All that was counted.
#[derive(Debug)]
pub struct Material {
    /// The first look.
    pub census: Census,
    /// What was looked at more closely, at the first look and at the second.
    pub detail: Detail,
    /// Who assumed which role.
    pub assumptions: Assumptions,
    /// Who is behind the sessions of roles, by the role's ARN.
    pub origins: BTreeMap<String, Vec<OriginUse>>,
    /// The window that was asked for.
    pub from: Option<DateTime<Utc>>,
    /// Its end.
    pub to: Option<DateTime<Utc>>,
}

/// What the steps of the end share.
#[derive(Clone, Copy)]
pub(crate) struct Whole<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) census: &'a Census,
    pub(crate) assumptions: &'a Assumptions,
    pub(crate) tallies: &'a Tallies,
    pub(crate) sights: &'a BTreeMap<String, Arc<Sight>>,
    pub(crate) principals: &'a [PrincipalUse],
    pub(crate) covering: &'a statement::Covering,
    /// The first instant of the window: what is younger is marked. None where there are no events.
    pub(crate) begins: Option<Time>,
}

/// The answer, and the plan's needs for suggestions.
#[must_use]
pub fn finish(plan: &Plan, material: Material) -> (Unused, super::suggest::Needed) {
    let Material { census, detail, assumptions, origins, from, to } = material;
    let logs = census.logs();
    let mut tallies = detail.tallies();
    census.tell(plan, &mut tallies);
    let accounts: BTreeSet<String> = plan.subjects.accounts().iter().map(ToString::to_string).collect();
    let sights = sights(accounts.iter().map(String::as_str), &logs, &census.events.all);
    let sights: BTreeMap<String, Arc<Sight>> =
        sights.into_iter().map(|(account, sight)| (account, Arc::new(sight))).collect();
    let whole_span = logs.values().fold(Span::default(), |mut all, log| {
        all.take(log.span);
        all
    });
    let begins = from.map(Time).or(whole_span.first);
    let window = window(from, to, whole_span);
    let mut principals = principals(plan, &census, &tallies, &sights, begins, origins);
    for ((subject, name), count) in &tallies.unmapped {
        if let Some(own) = principals.get_mut(*subject) {
            own.unmapped.push(unmapped(name, *count));
        }
    }
    let covering = statement::Covering::default();
    let basis = Whole {
        plan,
        census: &census,
        assumptions: &assumptions,
        tallies: &tallies,
        sights: &sights,
        principals: &[],
        covering: &covering,
        begins,
    };
    let whole = Whole { principals: &principals, ..basis };
    let idle: Vec<bool> = (0..principals.len()).map(|place| whole.is_surely_idle(place)).collect();
    for (own, is_idle) in principals.iter_mut().zip(idle) {
        own.is_idle = is_idle;
    }
    share(&mut principals);
    let not_granted = principals.iter().enumerate().map(|(place, own)| (place, not_granted(own)));
    let not_granted = not_granted.filter(|(_, actions)| !actions.is_empty()).collect();
    for (place, found) in naming::allowing(&plan.snapshot, &plan.subjects, &not_granted) {
        if let Some(own) = principals.get_mut(place) {
            own.resource_policies = found;
        }
    }
    let whole = Whole { principals: &principals, ..basis };
    let statements: Vec<_> = (0..principals.len()).map(|place| statement::of(&whole, place)).collect();
    for (own, statements) in principals.iter_mut().zip(statements) {
        own.statements = statements;
    }
    let whole = Whole { principals: &principals, ..basis };
    let mut found = Found::default();
    other::findings(&whole, &mut found);
    statement::findings(&whole, &mut found);
    let Found { mut findings, fates } = found;
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    findings.dedup_by(|a, b| a.id == b.id);
    let coverage = accounts.iter().map(|account| covered(account, logs.get(account), sights.get(account)));
    let coverage: Vec<Covered> = coverage.collect();
    let mut limits = limits(&principals, &findings, &coverage);
    if census.predecessors > 0 {
        let events = if census.predecessors == 1 { "event is" } else { "events are" };
        limits.push(format!(
            "{} {events} of users and roles that were removed, and whose names others have now: they count for nobody.",
            census.predecessors
        ));
    }
    let needed = super::suggest::Needed::new(tallies.needs);
    let answer = Unused {
        snapshot: plan.snapshot.path.clone(),
        window,
        coverage,
        principals,
        findings,
        suggestions: Vec::new(),
        limits,
        fates,
        scope: scope(plan),
    };
    (answer, needed)
}

/// What is looked at, of what the snapshot has.
fn scope(plan: &Plan) -> Scope {
    let all = &plan.snapshot.accounts;
    let those = |fits: &dyn Fn(&Account) -> bool| {
        all.iter().filter(|(_, own)| fits(own)).map(|(account, _)| account.to_string()).collect()
    };
    let is_incomplete = |own: &Account| {
        own.incomplete.is_some()
            || own.users.values().chain(own.roles.values()).any(|own| own.incomplete.is_some())
    };
    Scope {
        loaded: those(&|_| true),
        looked_at: plan.subjects.wanted().iter().map(ToString::to_string).collect(),
        incomplete: those(&is_incomplete),
        reported: those(&|own| own.credentials.is_some()),
        listed: those(&|own| !own.access_keys.is_empty()),
        is_part: plan.subjects.is_part(),
    }
}

/// Calls of which no action is known, with the services that they may be of.
fn unmapped((source, name): &Unmapped, events: u64) -> UnmappedCall {
    let label = service_of(source);
    let known = services_of(source);
    let services = if known.is_empty() {
        vec![label.to_owned()]
    } else {
        known.into_iter().map(|service| service.prefix.to_owned()).collect()
    };
    UnmappedCall { call: format!("{label}: {name}"), services, events, name: name.clone() }
}

fn window(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, span: Span) -> WindowSeen {
    let first = from.map(Time).or(span.first);
    let last = to.map(|to| Time(to - chrono::TimeDelta::microseconds(1))).or(span.last);
    let days = first.zip(last).map_or(0, |(first, last)| {
        let days = (last.0.date_naive() - first.0.date_naive()).num_days() + 1;
        u64::try_from(days).unwrap_or(0)
    });
    WindowSeen { from: from.map(Time), to: to.map(Time), first: span.first, last: span.last, days }
}

fn covered(account: &str, log: Option<&AccountLog>, sight: Option<&Arc<Sight>>) -> Covered {
    let days: BTreeSet<&NaiveDate> =
        log.iter().flat_map(|log| log.regions.values()).flat_map(BTreeMap::keys).collect();
    let regions = log.iter().flat_map(|log| &log.regions);
    let span = log.map(|log| log.span).unwrap_or_default();
    Covered {
        account: account.to_owned(),
        is_covered: log.is_some(),
        events: span.events,
        days: days.len() as u64,
        regions: regions.map(|(region, days)| (region.clone(), days.len() as u64)).collect(),
        first: span.first,
        last: span.last,
        data_events: sight
            .map(|sight| sight.data_events.iter().map(|own| own.kind.clone()).collect())
            .unwrap_or_default(),
        data_event_regions: sight.map(|sight| sight.data_events.clone()).unwrap_or_default(),
        read_events: sight.is_some_and(|sight| sight.has_reads),
    }
}

fn principals(
    plan: &Plan,
    census: &Census,
    tallies: &Tallies,
    sights: &BTreeMap<String, Arc<Sight>>,
    begins: Option<Time>,
    mut origins: BTreeMap<String, Vec<OriginUse>>,
) -> Vec<PrincipalUse> {
    let mut calls: BTreeMap<usize, (Span, u64, u64)> = BTreeMap::new();
    let mut attempts: BTreeMap<usize, u64> = BTreeMap::new();
    for (key, span) in census.counted() {
        let own = calls.entry(key.subject).or_default();
        own.0.take(span);
        let name = census.events.all.get(key.event);
        if key.then != Then::Allowed && name.is_some_and(|name| name.source == "signin.amazonaws.com") {
            *attempts.entry(key.subject).or_default() += span.events;
        }
        match key.then {
            Then::Denied => own.1 += span.events,
            Then::Failed => own.2 += span.events,
            Then::Allowed => {}
        }
    }
    let granted = granted(&plan.snapshot, &plan.subjects);
    let mut places = census.places();
    let mut works_in = census.works_in();
    let mut reaches: HashMap<*const Tracked, Arc<Reach>> = HashMap::new();
    let mut uses: BTreeMap<usize, BTreeMap<ActionNumber, Uses>> = BTreeMap::new();
    for ((subject, action), own) in &tallies.uses {
        uses.entry(*subject).or_default().insert(*action, *own);
    }
    let own = |(place, subject): (usize, &super::Subject)| {
        let account = subject.account.to_string();
        let (calls, denied, failed) = calls.get(&place).copied().unwrap_or_default();
        let (days, regions) = places.remove(&place).unwrap_or_default();
        let reach = plan.tracked.get(place).map(|tracked| {
            let known = reaches.entry(Arc::as_ptr(tracked));
            Arc::clone(known.or_insert_with(|| Arc::new(Reach::of(&tracked.policies))))
        });
        PrincipalUse {
            principal: subject.label.clone(),
            arn: subject.arn.clone(),
            kind: subject.kind,
            unique_id: subject.unique_id.clone(),
            created: subject.created,
            young: subject.created.zip(begins).is_some_and(|(created, begins)| created > begins),
            apart: subject.apart,
            policies: plan.tracked.get(place).map_or(0, |tracked| tracked.policies.len() as u64),
            calls,
            denied,
            failed,
            attempts: attempts.remove(&place).unwrap_or_default(),
            days: days.len() as u64,
            regions: regions.into_iter().collect(),
            reach: reach.unwrap_or_default(),
            works_in: works_in.remove(&place).unwrap_or_default(),
            is_idle: false,
            granted: granted.get(place).cloned().unwrap_or_default(),
            sight: sights.get(&account).cloned().unwrap_or_default(),
            uses: uses.remove(&place).unwrap_or_default(),
            origins: origins.remove(&subject.arn).unwrap_or_default(),
            statements: Vec::new(),
            unmapped: Vec::new(),
            resource_policies: BTreeMap::new(),
            idle_services: Arc::default(),
            services: OnceLock::new(),
            account,
        }
    };
    plan.subjects.iter().enumerate().map(own).collect()
}

/// What was used, and no identity policy grants.
fn not_granted(own: &PrincipalUse) -> BTreeSet<ActionNumber> {
    let used = own.uses.iter().filter(|(number, uses)| {
        uses.used.events > 0 && !own.granted.actions.has(**number) && !own.granted.lacks_grants
    });
    used.map(|(number, _)| *number).collect()
}

fn limits(principals: &[PrincipalUse], findings: &[Finding], coverage: &[Covered]) -> Vec<String> {
    let mut limits = vec![
        "Regions, days and kinds of events that are not covered may hold calls that nobody sees here."
            .to_owned(),
        "Data events count as recorded where the account's log has others of their kind, reads and writes apart; what selectors \
         leave out by name, resource, caller or region no record tells."
            .to_owned(),
        "What only policies of resources allow is no grant of the principal, and is not counted as one."
            .to_owned(),
    ];
    let uncovered = coverage.iter().filter(|covered| !covered.is_covered).count();
    if uncovered > 0 {
        let accounts = if uncovered == 1 { "account" } else { "accounts" };
        limits
            .push(format!("Of {uncovered} {accounts} there are no logs: nothing of them is called unused."));
    }
    let missing: BTreeSet<&String> = principals.iter().flat_map(|own| &own.granted.missing).collect();
    limits.extend(
        missing.into_iter().map(|words| format!("What this grants or denies is not counted: {words}.")),
    );
    let young = principals.iter().filter(|own| own.young).count();
    if young > 0 {
        let are = if young == 1 { "principal is" } else { "principals are" };
        limits.push(format!("{young} {are} younger than the window; what was not done yet says little."));
    }
    let unmapped: u64 = principals.iter().flat_map(|own| &own.unmapped).map(|call| call.events).sum();
    if unmapped > 0 {
        let calls = if unmapped == 1 { "call" } else { "calls" };
        limits.push(format!(
            "Of {unmapped} {calls} no action is known: nothing of their services is called unused of who made them, and a replay \
             does not hold them against policies."
        ));
    }
    if findings.iter().any(|finding| finding.young) {
        limits.push("Findings marked young are of things that are younger than the window.".to_owned());
    }
    limits
}
