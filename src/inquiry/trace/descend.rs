//! The walk down: what a subject led to, level by level.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::TraceOptions;
use super::climb::{Climber, Twins, candidates, prepare_candidates, stop};
use super::fetch::{Source, VALUES_MAX, later, one_of, together};
use super::subject::Asked;
use crate::aws::{Arn, Principal};
use crate::lake::Column;
use crate::lineage::{
    Caller, Class, Credential, Descendant, Issuance, IssuanceKind, NodeKind, Proof, Reason, Rule, Rung, find,
    is_telling, made_node, settle,
};
use crate::query::{Filter, QueryError};

mod forwarded;
mod plant;
mod switch;
mod used;
mod way;
mod workload;

use forwarded::{forwarded_below, forwarded_line};
use plant::{Growth, Plant};
pub(in crate::inquiry) use plant::{Held, addresses};
use switch::{NAMED_ONLY, Place, SignIns, switched_by, switcher};
use used::{Used, used_of};
use way::ways_in;
use workload::{launched_by, launches_by};

/// So many steps are followed where repeats are folded: of roles that assume each other, an hour a step, more than a month.
const ROUNDS_MAX: usize = 1_024;

/// What is to be said where another account's record is all that tells of a request.
const ELSEWHERE: &str =
    "only the other account's record names the user, by unique id: with which key is not told";

/// The records that open a console session
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>); those of other sessions answer with a
/// key, and open none.
const OPENS_CONSOLE: [&str; 3] = ["ConsoleLogin", "SwitchRole", "RenewRole"];

/// A tree has so many lines at the most.
const LINES_MAX: usize = 2_000;

/// A tree below a subject.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) roots: Vec<Descendant>,
    /// The lines that the subject led to, each with everyone who acted as it.
    pub(super) held: Vec<Held>,
    pub(super) truncated: Vec<String>,
    /// How many credentials only bear the name of a workload, and stand among no `held`.
    pub(super) left_out: usize,
    /// How many credentials may be of others as well, and stand among no `held`.
    pub(super) left_open: usize,
}

/// Whoever stands at a line of the tree and may have led to more.
#[derive(Debug, Clone)]
struct Holder {
    /// The line; None for the subject itself.
    line: Option<usize>,
    callers: Vec<Caller>,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    /// The ARN of the user or root that the subject is: it is more than each of its credentials.
    principal: Option<String>,
    /// The unique ids of that user: other accounts name it by no more.
    unique_ids: BTreeSet<String>,
}

/// Whoever was followed already. All sign-ins of a user are one caller: by each password some of them are.
type Known = (i64, Option<DateTime<Utc>>);

fn known_as(caller: &Caller, first: Option<DateTime<Utc>>) -> Known {
    (caller.id, first.filter(|_| caller.signs_in()))
}

impl Holder {
    fn known(&self) -> impl Iterator<Item = Known> + '_ {
        self.callers.iter().map(|caller| known_as(caller, self.first))
    }

    fn of(line: Option<usize>, credentials: &[Credential]) -> Holder {
        let usage = together(credentials);
        Holder {
            line,
            callers: credentials.iter().map(|one| one.caller.clone()).collect(),
            first: usage.first.map(|time| time.0),
            last: usage.last.map(|time| time.0),
            principal: None,
            unique_ids: BTreeSet::new(),
        }
    }
}

/// The subject as a whole, where it is a user or root. Of a user who made no call of its own the record that made it tells the
/// unique id.
async fn of_principal(source: &Source, asked: &Asked) -> Result<Option<Holder>, QueryError> {
    let Some(arn) = asked.origin.as_ref().and_then(|origin| origin.origin.arn.clone()) else {
        return Ok(None);
    };
    let users = asked.credentials.iter().map(|one| &one.caller).filter(|caller| caller.is_user_or_root());
    let ids = users.filter_map(|caller| caller.principal_id.clone()).filter(|id| is_telling(id));
    let mut unique_ids: BTreeSet<String> = ids.collect();
    if unique_ids.is_empty()
        && let Some(user) = Arn::parse(&arn)
        && let Some(Principal::User { name, .. }) = user.principal()
    {
        let made = source.ways_in(user.account, name, IssuanceKind::User).await?;
        let ids: BTreeSet<String> = made.into_iter().filter_map(|made| made.session_id).collect();
        // Of several users of one name none is meant more than another.
        unique_ids.extend(ids.into_iter().filter(|id| is_telling(id)));
        if unique_ids.len() > 1 {
            unique_ids.clear();
        }
    }
    Ok(Some(Holder { principal: Some(arn), unique_ids, ..Holder::of(None, &[]) }))
}

/// Grows the tree below a subject.
pub(super) async fn descend(
    source: &Source,
    asked: &Asked,
    options: TraceOptions,
) -> Result<Tree, QueryError> {
    let mut plant = Plant::new(LINES_MAX);
    let mut level = roots(source, asked, &mut plant).await?;
    level.extend(of_principal(source, asked).await?);
    let mut known: BTreeSet<Known> = level.iter().flat_map(Holder::known).collect();
    // What was folded into a line stands as near to the subject as that: repeats use up no depth.
    let first_lines = plant.lines();
    let mut beyond = Vec::new();
    for round in 0.. {
        let is_near = |holder: &Holder| plant.steps(holder.line, first_lines) < options.depth;
        let (near, far): (Vec<Holder>, Vec<Holder>) = level.into_iter().partition(is_near);
        let (repeated, _) = repeats(source, &far, &plant).await?;
        let mut next = sessions(source, &far, &repeated, &mut plant).await?;
        beyond.extend(far);
        level = near;
        if (level.is_empty() && next.is_empty()) || plant.is_full() || round == ROUNDS_MAX {
            break;
        }
        let issued = issued_by(source, &level).await?;
        next.extend(sessions(source, &level, &issued, &mut plant).await?);
        let ways = ways_in(source, &level, &issued, &mut plant).await?;
        next.extend(forwarded_below(source, &ways, &mut plant).await?);
        next.extend(ways);
        hidden(&level, &issued, &mut plant);
        let launched = launches_by(source, &level).await?;
        next.extend(launched_by(source, &level, &launched, &mut plant).await?);
        for holder in &mut next {
            let first = holder.first;
            holder.callers.retain(|caller| known.insert(known_as(caller, first)));
        }
        next.retain(|holder| !holder.callers.is_empty());
        level = next;
    }
    if plant.is_full() {
        plant.note(format!("the tree was cut at {LINES_MAX} lines"));
        return finished(source, plant).await;
    }
    beyond.extend(level);
    let (_, further) = repeats(source, &beyond, &plant).await?;
    let launched = launches_by(source, &beyond).await?;
    if !further.is_empty() || launched.iter().any(|launch| launch.workload.kind != "definition") {
        plant.note(format!("the tree goes on below {} steps", options.depth));
    }
    finished(source, plant).await
}

/// What some holders issued that is folded into lines which are there already, and the rest.
async fn repeats(
    source: &Source,
    holders: &[Holder],
    plant: &Plant,
) -> Result<(Vec<Issuance>, Vec<Issuance>), QueryError> {
    if holders.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let issued = issued_by(source, holders).await?;
    let lines = Lines::of(holders);
    let is_repeat = |issuance: &Issuance| {
        let role = issuance.session_arn.as_deref().and_then(role_of);
        let holder = lines.of_issuance(issuance).map(|(holder, _)| holder);
        holder.zip(role).is_some_and(|(holder, role)| plant.repeats(holder.line, &role))
    };
    Ok(issued.into_iter().partition(is_repeat))
}

async fn finished(source: &Source, mut plant: Plant) -> Result<Tree, QueryError> {
    plant.mark_gone(source).await?;
    Ok(plant.finish())
}

/// What lines of a user or role are grouped by: their order, the creation of a console session, the id.
type Group = (u8, Option<DateTime<Utc>>, String);

/// The first lines of the tree: of a user its keys and sign-ins, of a role its sessions; of a key nothing, it is the
/// subject itself.
async fn roots(source: &Source, asked: &Asked, plant: &mut Plant) -> Result<Vec<Holder>, QueryError> {
    let kind = asked.subject.kind.as_str();
    if kind == "event" {
        return of_event(source, asked, plant).await;
    }
    if matches!(kind, "access-key" | "session") || asked.credentials.len() == 1 {
        let own = Holder::of(None, &asked.credentials);
        let by_services = forwarded_below(source, std::slice::from_ref(&own), plant).await?;
        return Ok([own].into_iter().chain(by_services).collect());
    }
    let mut groups: BTreeMap<Group, Vec<Credential>> = BTreeMap::new();
    let by_own = made_by_own(source, asked).await?;
    for credential in asked.credentials.iter().filter(|one| !by_own.contains(&one.caller.id)) {
        let caller = &credential.caller;
        let group = if caller.is_role_session() || !caller.is_user_or_root() {
            (1, None, caller.arn.clone().unwrap_or_else(|| caller.node().id))
        } else if caller.has_long_term_key() {
            (0, None, caller.access_key.clone().unwrap_or_default())
        } else if caller.created.is_some() {
            (2, caller.created, String::new())
        } else if caller.signs_in() {
            (4, None, String::new())
        } else {
            (5, None, String::new())
        };
        groups.entry(group).or_default().push(credential.clone());
    }
    let consoles = groups.iter().filter(|((order, ..), _)| *order == 2).filter_map(|(_, some)| some.first());
    let climber = |one: &Credential| (one.caller.clone(), one.usage.first.map(|time| time.0));
    prepare_candidates(source, &consoles.map(climber).collect::<Vec<_>>(), Twins::Unwanted).await?;
    let mut holders = Vec::new();
    let mut by_services: Vec<Credential> = Vec::new();
    for ((order, created, id), credentials) in groups {
        let usage = together(&credentials);
        if order == 2 && usage.calls == usage.forwarded {
            by_services.extend(credentials);
            continue;
        }
        let first = credentials.first().map(|one| one.caller.node());
        let (kind, id, rule) = match order {
            0 => (NodeKind::AccessKey, id, Rule::Identity),
            1 => (NodeKind::Session, id, Rule::Identity),
            2 => {
                let at = created.map(|created| created.format("%Y-%m-%dT%H:%M:%SZ").to_string());
                (NodeKind::Console, at.unwrap_or_default(), Rule::Identity)
            }
            4 => (NodeKind::Event, "sign-in records".to_owned(), Rule::Identity),
            _ => (NodeKind::Event, "calls without a key".to_owned(), Rule::Identity),
        };
        let mut growth = Growth::new(kind, &id, rule);
        growth.node = first;
        growth.usage = usage;
        if order != 0 {
            growth.keys = credentials.iter().filter_map(|one| one.caller.access_key.clone()).collect();
        }
        if order == 2
            && let Some(one) = credentials.first()
        {
            console_remarks(source, one, &mut growth).await?;
        }
        let opens_none =
            growth.made.as_ref().is_some_and(|made| !OPENS_CONSOLE.contains(&made.event_name.as_str()));
        let is_of_others =
            credentials.iter().any(|one| one.caller.delegate.is_some() || one.caller.is_assumed_root());
        if order == 2 && (opens_none || is_of_others) {
            growth.kind = NodeKind::Session;
        }
        let Some(line) = plant.grow(None, growth) else { break };
        if order != 4 {
            holders.push(Holder::of(Some(line), &credentials));
        }
    }
    holders.extend(forwarded_line(None, Rule::Identity, &by_services, plant));
    Ok(holders)
}

/// Those of a user's own credentials that another of them made: they stand below that one.
async fn made_by_own(source: &Source, asked: &Asked) -> Result<BTreeSet<i64>, QueryError> {
    let mut found = BTreeSet::new();
    if asked.origin.is_none() {
        return Ok(found);
    }
    let made = asked.credentials.iter().filter(|one| {
        let caller = &one.caller;
        caller.class == Class::Credential && !caller.has_long_term_key() && caller.created.is_some()
    });
    let climbers: Vec<Climber> =
        made.map(|one| (one.caller.clone(), one.usage.first.map(|time| time.0))).collect();
    prepare_candidates(source, &climbers, Twins::Unwanted).await?;
    // What has no line of its own has nothing below it.
    let stand: BTreeSet<i64> = asked
        .credentials
        .iter()
        .map(|one| &one.caller)
        .filter(|one| !one.signs_in())
        .map(|one| one.id)
        .collect();
    for (caller, first) in &climbers {
        let list = candidates(source, caller, *first).await?;
        let best = find(caller, *first, &list);
        let is_made = best.rank.is_some_and(|rank| rank.rung != Rung::Claim);
        if is_made && best.best.iter().all(|one| stand.contains(&one.maker().id)) {
            found.insert(caller.id);
        }
    }
    Ok(found)
}

/// Says whether the sign-in of a console session is here.
async fn console_remarks(
    source: &Source,
    credential: &Credential,
    growth: &mut Growth,
) -> Result<(), QueryError> {
    let first = credential.usage.first.map(|time| time.0);
    let list = candidates(source, &credential.caller, first).await?;
    let found = find(&credential.caller, first, &list);
    match found.best.first() {
        Some(issuance) => {
            growth.made = Some(Proof::from(&issuance.record));
            growth.made_again = found.best.iter().skip(1).map(|other| Proof::from(&other.record)).collect();
            growth.rule = found.rank.map_or(Rule::Session, |rank| rank.rung.rule());
            growth.notes.push(format!("{} found", issuance.record.event_name));
        }
        None if credential.caller.is_assumed_root() => growth.remarks.push("no AssumeRoot".to_owned()),
        None if credential.caller.delegate.is_some() => {}
        None => growth.remarks.push("no ConsoleLogin".to_owned()),
    }
    if let Some(account) = &credential.caller.delegate {
        growth.remarks.push(format!("called by account {account}, by temporary delegation"));
    }
    match credential.caller.mfa {
        Some(true) => growth.notes.push("MFA".to_owned()),
        Some(false) => growth.notes.push("no MFA".to_owned()),
        None => {}
    }
    Ok(())
}

/// What an event itself made.
async fn of_event(source: &Source, asked: &Asked, plant: &mut Plant) -> Result<Vec<Holder>, QueryError> {
    let is = Filter::Is(Column::EventId, asked.subject.id.clone());
    let issued = source.issuances(&is).await?;
    let holder = Holder::of(None, &asked.credentials);
    let levels = [holder];
    let mut next = sessions(source, &levels, &issued, plant).await?;
    let ways = ways_in(source, &levels, &issued, plant).await?;
    next.extend(forwarded_below(source, &ways, plant).await?);
    next.extend(ways);
    hidden(&levels, &issued, plant);
    let launched = source.launches(&is).await?;
    next.extend(launched_by(source, &levels, &launched, plant).await?);
    kept_session(source, &issued, plant).await?;
    Ok(next)
}

/// Says of a sign-in by a role session what was done with other keys of that session since: the console may keep the moment at
/// which the session was made, and then its calls are the session's own.
async fn kept_session(source: &Source, issued: &[Issuance], plant: &mut Plant) -> Result<(), QueryError> {
    for sign_in in issued.iter().filter(|one| one.kind == IssuanceKind::ConsoleLogin) {
        let session = sign_in.maker();
        if !session.is_role_session() {
            continue;
        }
        let since = sign_in.record.time;
        let mut others = source.of_session(session).await?;
        others.retain(|one| {
            one.caller.access_key != session.access_key
                && one.usage.first.is_some_and(|first| first.0 >= since)
        });
        let calls: u64 = others.iter().map(|one| one.usage.calls).sum();
        if calls > 0 {
            let name = session.arn.as_deref().unwrap_or_default();
            let calls = if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
            plant.remark(
                &sign_in.record,
                format!("{calls} with other keys of {name} since, which may be the console's: trace that"),
            );
        }
    }
    Ok(())
}

/// The issuances that the holders of a level called, in order of time.
async fn issued_by(source: &Source, level: &[Holder]) -> Result<Vec<Issuance>, QueryError> {
    let mut found = Vec::new();
    for filter in by_callers(level) {
        // What was launched is asked for next.
        source.prepare_made(&filter).await?;
        found.extend(source.issuances(&filter).await?);
    }
    found.extend(switched_by(source, level).await?);
    found.extend(named_elsewhere(source, level, &found).await?);
    let mut found = settle(found);
    let lines = Lines::of(level);
    found.retain(|one| lines.of_issuance(one).is_some() || lines.at(&one.caller, one.record.time).is_some());
    Ok(found)
}

/// The issuances for which other accounts name a user of a level by its unique id, and of which its own account's record is
/// not here.
async fn named_elsewhere(
    source: &Source,
    level: &[Holder],
    own: &[Issuance],
) -> Result<Vec<Issuance>, QueryError> {
    let ids: BTreeSet<String> = level.iter().flat_map(|holder| &holder.unique_ids).cloned().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let conditions = vec![
        one_of(Column::PrincipalId, ids),
        Filter::Is(Column::IdentityType, "AWSAccount".to_owned()),
        Filter::Is(Column::EventSource, "sts.amazonaws.com".to_owned()),
    ];
    let mut found = source.issuances(&Filter::All(conditions)).await?;
    let known: BTreeSet<&String> = own.iter().filter_map(|one| one.shared_event_id.as_ref()).collect();
    found.retain(|one| one.shared_event_id.as_ref().is_none_or(|id| !known.contains(id)));
    Ok(found)
}

/// Conditions that select what the holders of a level called.
fn by_callers(level: &[Holder]) -> Vec<Filter> {
    let callers = || level.iter().flat_map(|holder| &holder.callers);
    let keys: BTreeSet<String> = callers().filter_map(|caller| caller.access_key.clone()).collect();
    let keyless: BTreeSet<String> = callers()
        .filter(|caller| caller.access_key.is_none())
        .filter_map(|caller| caller.arn.clone())
        .collect();
    // Principals of other accounts and subjects of identity providers have neither; `Lines::at` tells them apart.
    let bare = || {
        let is_bare = |one: &&Caller| one.access_key.is_none() && one.arn.is_none();
        callers().filter(is_bare).filter(|one| matches!(one.class, Class::Account | Class::Outside))
    };
    let ids: BTreeSet<String> = bare().filter_map(|one| one.principal_id.clone()).collect();
    let names: BTreeSet<String> =
        bare().filter(|one| one.principal_id.is_none()).filter_map(|one| one.user_name.clone()).collect();
    let services: BTreeSet<String> = callers()
        .filter(|one| one.class == Class::Service)
        .filter_map(|one| one.invoked_by.clone())
        .collect();
    let first = level.iter().filter_map(|holder| holder.first).min();
    let last = level.iter().filter_map(|holder| holder.last).max();
    let bounds = || {
        let from = first.map(Filter::From);
        let to = last.map(|last| Filter::Before(later(last, 1)));
        from.into_iter().chain(to)
    };
    let mut filters = Vec::new();
    let named = [
        (Column::AccessKeyId, keys),
        (Column::IdentityArn, keyless),
        (Column::PrincipalId, ids),
        (Column::UserName, names),
    ];
    for (column, values) in named {
        let values: Vec<String> = values.into_iter().collect();
        for some in values.chunks(VALUES_MAX) {
            let some = one_of(column, some.iter().cloned().collect());
            filters.push(Filter::All(bounds().chain([some]).collect()));
        }
    }
    if !services.is_empty() {
        // What a service called for somebody else is theirs.
        let by_itself = Filter::Any(vec![
            Filter::Is(Column::IdentityType, "AWSService".to_owned()),
            Filter::Not(Box::new(Filter::Some(Column::IdentityType))),
        ]);
        let called = [one_of(Column::InvokedBy, services), by_itself];
        filters.push(Filter::All(bounds().chain(called).collect()));
    }
    filters
}

/// By caller: the holders that it stands for.
struct Lines<'a> {
    by_caller: BTreeMap<i64, Vec<&'a Holder>>,
    level: &'a [Holder],
}

impl<'a> Lines<'a> {
    fn of(level: &'a [Holder]) -> Lines<'a> {
        let mut by_caller: BTreeMap<i64, Vec<&'a Holder>> = BTreeMap::new();
        for holder in level {
            for caller in &holder.callers {
                by_caller.entry(caller.id).or_default().push(holder);
            }
        }
        Lines { by_caller, level }
    }

    /// The holder that called for an issuance, or that it names as who switched roles; and whether that is certain.
    fn of_issuance(&self, issuance: &Issuance) -> Option<(&'a Holder, bool)> {
        match switcher(self.level, issuance) {
            Some(switcher) => Some((switcher.holder, switcher.is_certain)),
            None => Some((self.at(issuance.maker(), issuance.record.time)?, true)),
        }
    }

    /// The first holder that a caller stands for; of sign-ins the one that holds this of them.
    fn at(&self, caller: &Caller, time: DateTime<Utc>) -> Option<&'a Holder> {
        if let (Class::Account, Some(id)) = (caller.class, &caller.principal_id)
            && let Some(user) = self.level.iter().find(|holder| holder.unique_ids.contains(id))
        {
            return Some(user);
        }
        let holds = |holder: &&Holder| {
            let within = |first, last| first <= time && time <= last;
            !caller.signs_in()
                || holder.first.zip(holder.last).is_none_or(|(first, last)| within(first, last))
        };
        self.by_caller.get(&caller.id)?.iter().copied().find(holds)
    }
}

/// Sessions and temporary keys that were issued.
async fn sessions(
    source: &Source,
    level: &[Holder],
    issued: &[Issuance],
    plant: &mut Plant,
) -> Result<Vec<Holder>, QueryError> {
    let issued: Vec<&Issuance> = issued.iter().filter(|one| one.kind.delegates()).collect();
    let used = used_of(source, &issued).await?;
    let index = Used::of(&used);
    let lines = Lines::of(level);
    let mut climbers: Vec<Climber> = Vec::new();
    for issuance in &issued {
        for credential in index.near(issuance).into_iter().filter_map(|at| used.get(at)) {
            let first = credential.usage.first.map(|time| time.0);
            let rank = find(&credential.caller, first, [*issuance]).rank;
            if rank.is_some_and(|rank| rank.rung != Rung::Key) {
                climbers.push((credential.caller.clone(), first));
            }
        }
    }
    prepare_candidates(source, &climbers, Twins::Unwanted).await?;
    let sign_ins = SignIns::of(source, &issued, &used).await?;
    let mut held: BTreeMap<usize, Vec<Credential>> = BTreeMap::new();
    let mut given: BTreeSet<i64> = BTreeSet::new();
    for issuance in issued {
        let own = match sign_ins.place(level, issuance) {
            Place::Open => lines.of_issuance(issuance),
            Place::At(holder) => Some((holder, true)),
            Place::Elsewhere => None,
        };
        let Some((holder, is_certain)) = own else { continue };
        let parent = holder.line;
        let (mut mine, mut open) = (Vec::new(), Vec::new());
        let mut remarks: BTreeSet<String> = BTreeSet::new();
        remarks.extend((!is_certain).then(|| NAMED_ONLY.to_owned()));
        let mut rule = Rule::Key;
        for credential in index.near(issuance).into_iter().filter_map(|at| used.get(at)) {
            let Some((by, remark)) = fits(source, credential, issuance, &lines).await? else { continue };
            let is_new = given.insert(credential.caller.id);
            if by == Rule::Claim || !is_certain {
                open.extend(is_new.then(|| credential.clone()));
                remarks.extend(remark);
                continue;
            }
            rule = rule.max(by);
            mine.extend(is_new.then(|| credential.clone()));
        }
        if issuance.key.is_none() {
            rule = rule.max(Rule::Session);
        }
        // What may be of somebody else as well stands apart: it is not said that the subject led to it.
        if !open.is_empty() || !is_certain {
            let mut growth = growth_of(issuance, Rule::Claim, &open);
            growth.remarks.extend(remarks);
            growth.fold = growth.fold.map(|fold| format!("claim {fold}"));
            growth.role = None;
            if plant.grow(parent, growth).is_none() {
                break;
            }
            plant.leave_open(open.len());
            if mine.is_empty() {
                continue;
            }
        }
        let by_id_alone = issuance.maker().class == Class::Account && !holder.unique_ids.is_empty();
        rule = if by_id_alone { rule.max(Rule::Identity) } else { rule };
        let mut growth = growth_of(issuance, rule, &mine);
        growth.remarks.extend(by_id_alone.then(|| ELSEWHERE.to_owned()));
        growth.keys_made.extend(issuance.key.clone());
        growth.lead_to(&mine);
        if let Some(account) = issuance.session_account.as_ref().filter(|_| mine.is_empty()) {
            growth.gap = source.sight().await?.elsewhere(account);
        }
        let Some(line) = plant.grow(parent, growth) else { break };
        held.entry(line).or_default().extend(mine);
    }
    Ok(held.into_iter().map(|(line, credentials)| Holder::of(Some(line), &credentials)).collect())
}

/// A line for the calls of each holder that made a session and hide which: nothing is known of what that did.
fn hidden(level: &[Holder], issued: &[Issuance], plant: &mut Plant) {
    let lines = Lines::of(level);
    for issuance in issued.iter().filter(|one| one.kind == IssuanceKind::Hidden) {
        let Some((holder, _)) = lines.of_issuance(issuance) else { continue };
        let event = &issuance.record.event_name;
        let id = issuance.role.as_ref().or(issuance.session_arn.as_ref()).unwrap_or(event);
        let mut growth = Growth::new(NodeKind::Session, id, Rule::Claim);
        growth.made = Some(Proof::from(&issuance.record));
        growth.fold = Some(format!("hidden {event} {id}"));
        growth.gap = Some(stop(
            Reason::ResponseHidden,
            &format!("{event} hides which session it made"),
            "only a copy of that record with its responseElements would tell",
        ));
        if plant.grow(holder.line, growth).is_none() {
            return;
        }
    }
}

/// The line of a session or temporary key, with those who acted as it.
fn growth_of(issuance: &Issuance, rule: Rule, credentials: &[Credential]) -> Growth {
    let kind = match issuance.kind {
        IssuanceKind::ConsoleLogin => NodeKind::Console,
        _ => NodeKind::Session,
    };
    let id = issuance.session_arn.clone().or_else(|| issuance.key.clone()).unwrap_or_default();
    let mut growth = Growth::new(kind, &id, rule);
    growth.node = Some(credentials.first().map_or_else(|| made_node(issuance), |one| one.caller.node()));
    growth.made = Some(Proof::from(&issuance.record));
    growth.usage = together(credentials);
    growth.keys = credentials.iter().filter_map(|one| one.caller.access_key.clone()).collect();
    growth.credentials = credentials.iter().map(|one| (one.caller.clone(), one.usage.clone())).collect();
    // Sign-ins of one user are sessions of their own, though they bear one ARN; but those of one second none can tell apart.
    growth.fold = match kind {
        NodeKind::Session => issuance.session_arn.clone(),
        _ => issuance.session_arn.as_ref().map(|arn| format!("{arn} {}", issuance.record.time.timestamp())),
    };
    growth.role = issuance.session_arn.as_deref().and_then(role_of);
    growth
}

/// The role of a session's ARN.
fn role_of(arn: &str) -> Option<String> {
    arn.rsplit_once('/').map(|(role, _)| role.to_owned())
}

/// The rule by which a credential is of an issuance, and what is to be said of it; None where the ladder does not lead from
/// it to there. Where another issuance fits alike, of somebody who is none of the holders of this level, it is a claim.
async fn fits(
    source: &Source,
    credential: &Credential,
    issuance: &Issuance,
    lines: &Lines<'_>,
) -> Result<Option<(Rule, Option<String>)>, QueryError> {
    let first = credential.usage.first.map(|time| time.0);
    let alone = find(&credential.caller, first, [issuance]);
    let Some(rank) = alone.rank else { return Ok(None) };
    if rank.rung == Rung::Key {
        return Ok(Some((Rule::Key, None)));
    }
    let caller = &credential.caller;
    let list = candidates(source, caller, first).await?;
    let found = find(caller, first, &list);
    let is_it = |one: &Issuance| {
        let copy = one.copy.as_ref().map(|copy| &copy.record);
        one.record == issuance.record || copy == Some(&issuance.record)
    };
    if !found.best.iter().any(|one| is_it(one)) {
        return Ok(None);
    }
    let is_others = |one: &&&Issuance| !is_it(one) && lines.of_issuance(one).is_none();
    let others: BTreeSet<String> =
        found.best.iter().filter(is_others).map(|one| one.maker().node().id).collect();
    if others.is_empty() {
        // What other records tell of a person may prove more than the pair alone.
        let rung = found.rank.unwrap_or(rank).rung;
        let remark = (rung == Rung::Claim).then(|| only_named(caller));
        return Ok(Some((rung.rule(), remark)));
    }
    let others = match others.len() {
        1 | 2 => others.into_iter().collect::<Vec<_>>().join(" and "),
        some => format!("{some} others"),
    };
    Ok(Some((Rule::Claim, Some(format!("fits as well what {others} assumed")))))
}

/// What a claim rests on.
fn only_named(caller: &Caller) -> String {
    let agrees = match caller.created {
        Some(_) => "only role, session name and second agree: the key that was made is another",
        None => "only role and session name agree",
    };
    agrees.to_owned()
}
