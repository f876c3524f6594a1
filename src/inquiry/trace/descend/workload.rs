//! What was launched, and the sessions of its role: those that a record proves to be its own, and those that only bear its
//! name.
//!
//! Whoever assumes a role chooses the session's name, so a name makes no session a workload's: the service that assumed
//! the role does, or what AWS says in the session's own records ([`Workload::of_session`]).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::plant::{Growth, Plant};
use super::{Holder, Lines, by_callers, role_of};
use crate::inquiry::trace::climb::{Twins, candidates_beside, prepare_candidates, workload_node};
use crate::inquiry::trace::fetch::{OwnAddresses, Source, VALUES_MAX, earlier, later, together};
use crate::lake::Column;
use crate::lineage::{
    Caller, Class, Credential, Issuance, KEY_LIFE_SECONDS, LastLaunch, Launch, NodeKind, Passed, Proof, Rule,
    Rung, SLACK_SECONDS, Workload, find, last_launch,
};
use crate::query::{Filter, QueryError};

/// So many sessions that bear the name of one workload are looked up one by one, where neither their own records nor an
/// issuance of their keys tells whose they are.
const LOOKED_UP_MAX: usize = 64;

/// So many others that are behind a session, or may be, are noted.
const NOTED_MAX: usize = 4;

/// What the holders of a level launched, and the task definitions that they registered, in order of time.
pub(super) async fn launches_by(source: &Source, level: &[Holder]) -> Result<Vec<Launch>, QueryError> {
    let mut launched = Vec::new();
    for filter in by_callers(level) {
        launched.extend_from_slice(&source.launches(&filter).await?);
    }
    let lines = Lines::of(level);
    // What a profile's role did stands below who launched the instance, and what a build did below who started it.
    launched.retain(|launch| {
        !matches!(launch.workload.kind, "profile" | "project")
            && launch.gives()
            && lines.at(&launch.caller, launch.record.time).is_some()
    });
    for launch in &mut launched {
        if let Some(defined) = source.defined_by(launch).await? {
            launch.role_passed = launch.role_passed.take().or(defined.role_passed);
            launch.execution_role = launch.execution_role.take().or(defined.execution_role);
        }
    }
    launched.sort_by(|a, b| (&a.record, &a.workload).cmp(&(&b.record, &b.workload)));
    Ok(launched)
}

/// Grows a line for each launch, with the sessions of its role; gives those that are its own.
pub(super) async fn launched_by(
    source: &Source,
    level: &[Holder],
    launched: &[Launch],
    plant: &mut Plant,
) -> Result<Vec<Holder>, QueryError> {
    let lines = Lines::of(level);
    let mut holders = Vec::new();
    // See `launches_by`.
    let launched = launched.iter().filter(|launch| !matches!(launch.workload.kind, "profile" | "project"));
    let (defined, launched): (Vec<Launch>, Vec<Launch>) =
        launched.cloned().partition(|launch| launch.workload.kind == "definition");
    defined_by(source, level, &defined, plant).await?;
    let followed: Vec<&Launch> =
        launched.iter().filter(|launch| lines.at(&launch.caller, launch.record.time).is_some()).collect();
    let all = named_after_any(source, &followed).await?;
    let mut bearers: Vec<(&Launch, Vec<Credential>)> = Vec::with_capacity(followed.len());
    for launch in followed {
        let account = launch.record.account.clone().unwrap_or_default();
        bearers.push((launch, named_after(source, launch, &account, &all).await?));
    }
    let naming = Naming::of(source, &bearers).await?;
    for (launch, named) in bearers {
        let Some(parent) = lines.at(&launch.caller, launch.record.time).map(|holder| holder.line) else {
            continue;
        };
        let account = launch.record.account.clone().unwrap_or_default();
        let mut growth = Growth::new(NodeKind::Workload, &launch.workload.id, Rule::Launched);
        growth.node = Some(workload_node(&launch.workload, &account));
        growth.made = Some(Proof::from(&launch.record));
        growth.workload = Some(launch.workload.clone());
        growth.notes.extend(roles_of(launch));
        let sessions = judged(source, named, launch, &naming).await?;
        let own = sessions.iter().filter(|session| session.is_own());
        growth.usage = together(own.map(|session| &session.credential));
        growth.lead_to(&[]);
        let used = growth.usage.clone();
        let Some(line) = plant.grow(parent, growth) else { return Ok(holders) };
        let own = match (launch.workload.kind, used.first) {
            ("instance", Some(first)) => {
                Some(source.own_addresses(&account, &launch.workload.id, first.0).await?)
            }
            _ => None,
        };
        holders.extend(grow_sessions(line, sessions, own.as_ref(), plant));
    }
    Ok(holders)
}

/// The roles that a launch passed, in words.
fn roles_of(launch: &Launch) -> impl Iterator<Item = String> {
    let passed = launch.role_passed.as_ref().map(|role| format!("role passed: {role}"));
    let execution = launch.execution_role.as_ref().map(|role| format!("execution role: {role}"));
    passed.into_iter().chain(execution)
}

/// Whose a call is, not by which of its keys or sessions.
fn who(caller: &Caller) -> String {
    match (caller.role_name(), &caller.user_name) {
        (Some(role), _) => format!("role {role}"),
        (None, Some(user)) => format!("user {user}"),
        (None, None) => caller.node().id,
    }
}

/// Grows a line for each task definition that was registered, with the sessions of the tasks that somebody else ran by it:
/// it says which images run with which role, but runs nothing
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>). What these did is not
/// followed: whoever ran the task is as much behind it.
async fn defined_by(
    source: &Source,
    level: &[Holder],
    defined: &[Launch],
    plant: &mut Plant,
) -> Result<(), QueryError> {
    let lines = Lines::of(level);
    let holder = |launch: &Launch| lines.at(&launch.caller, launch.record.time).map(|holder| holder.line);
    let tasks = source.run_by(defined).await?;
    // Of each task what gave it its role is the last that registered its definition.
    let of_others = tasks.iter().filter_map(|task| {
        let definition = task.defined_by(defined)?;
        let parent = holder(definition)?;
        (holder(task) != Some(parent)).then_some((task, definition, parent))
    });
    let of_others: Vec<(&Launch, &Launch, Option<usize>)> = of_others.collect();
    let all = named_after_any(source, &of_others.iter().map(|one| one.0).collect::<Vec<_>>()).await?;
    let mut bearers: Vec<(&Launch, Vec<Credential>)> = Vec::with_capacity(of_others.len());
    for (task, ..) in &of_others {
        let account = task.record.account.clone().unwrap_or_default();
        bearers.push((*task, named_after(source, task, &account, &all).await?));
    }
    let naming = Naming::of(source, &bearers).await?;
    for ((task, named), (_, definition, parent)) in bearers.into_iter().zip(of_others) {
        let mut growth = Growth::new(NodeKind::Workload, &definition.workload.id, Rule::Launched);
        growth.node = Some(workload_node(
            &definition.workload,
            definition.record.account.as_deref().unwrap_or_default(),
        ));
        growth.made = Some(Proof::from(&definition.record));
        growth.fold = Some(format!("definition {}", definition.workload.id));
        growth.notes.extend(roles_of(definition));
        let Some(line) = plant.grow(parent, growth) else { return Ok(()) };
        // Schedules run many tasks: those of one role are one line.
        let ran = format!("it registered the task definition, run by {}", who(&task.caller));
        for session in judged(source, named, task, &naming).await?.into_iter().filter(Named::is_own) {
            let arn = session.credential.caller.arn.clone().unwrap_or_default();
            let mut growth = Growth::new(NodeKind::Session, &arn, Rule::Claim);
            growth.node = Some(session.credential.caller.node());
            growth.made = session.made;
            growth.usage = session.credential.usage.clone();
            growth.keys = session.credential.caller.access_key.iter().cloned().collect();
            growth.fold = Some(format!("claim {}", role_of(&arn).unwrap_or_default()));
            growth.remarks.push(ran.clone());
            if plant.grow(Some(line), growth).is_none() {
                return Ok(());
            }
            plant.leave_open(1);
        }
    }
    Ok(())
}

/// The issuances that name the keys of sessions which bear the names of workloads, in order of time.
struct Naming(BTreeMap<String, Vec<Issuance>>);

impl Naming {
    /// One look at the lake for all workloads; what is asked of single sessions is prepared, too.
    async fn of(source: &Source, bearers: &[(&Launch, Vec<Credential>)]) -> Result<Naming, QueryError> {
        let all = || bearers.iter().flat_map(|(launch, named)| named.iter().map(|one| (*launch, one)));
        let used = together(all().map(|(_, one)| one));
        let (Some(first), Some(last)) = (used.first, used.last) else { return Ok(Naming(BTreeMap::new())) };
        let keys: BTreeSet<String> = all().filter_map(|(_, one)| one.caller.access_key.clone()).collect();
        let mut by_key: BTreeMap<String, Vec<Issuance>> = BTreeMap::new();
        for issuance in source.naming_any(&keys, first.0, last.0).await? {
            if let Some(key) = issuance.key.clone() {
                by_key.entry(key).or_default().push(issuance);
            }
        }
        let naming = Naming(by_key);
        let open = all().filter(|(launch, one)| {
            let first = one.usage.first.map(|time| time.0);
            !is_of(&one.caller, None, &launch.workload)
                && find(&one.caller, first, naming.all(&one.caller)).best.is_empty()
        });
        let open = open.map(|(_, one)| (one.caller.clone(), one.usage.first.map(|time| time.0)));
        prepare_candidates(source, &open.collect::<Vec<_>>(), Twins::Unwanted).await?;
        Ok(naming)
    }

    fn all(&self, caller: &Caller) -> &[Issuance] {
        caller.access_key.as_ref().and_then(|key| self.0.get(key)).map_or(&[], Vec::as_slice)
    }

    /// Those that name the key of a caller within the life of a key around a span of time.
    fn within(&self, caller: &Caller, first: DateTime<Utc>, last: DateTime<Utc>) -> Vec<Issuance> {
        let seconds = KEY_LIFE_SECONDS + SLACK_SECONDS;
        let span = earlier(first, seconds)..later(last, seconds);
        self.all(caller).iter().filter(|issuance| span.contains(&issuance.record.time)).cloned().collect()
    }
}

/// Whoever acted under the names of some workloads since the first of them was launched, by the names of their sessions.
///
/// One look at the lake for all: a name may be used at any time after its launch.
async fn named_after_any(
    source: &Source,
    launched: &[&Launch],
) -> Result<BTreeMap<String, Vec<Credential>>, QueryError> {
    let mut found: BTreeMap<String, Vec<Credential>> = BTreeMap::new();
    let Some(first) = launched.iter().map(|launch| launch.record.time).min() else { return Ok(found) };
    let names = launched.iter().filter(|launch| launch.workload.kind != "build");
    let names: BTreeSet<String> = names.map(|launch| launch.workload.session_name()).collect();
    let names: Vec<String> = names.into_iter().collect();
    for some in names.chunks(VALUES_MAX) {
        let some = some.iter().cloned().collect();
        let all = vec![
            Filter::From(first),
            Filter::SessionName(some),
            Filter::Is(Column::IdentityType, "AssumedRole".to_owned()),
        ];
        for credential in source.callers(&Filter::All(all)).await? {
            if let Some(name) = credential.caller.arn.as_deref().and_then(|arn| arn.rsplit('/').next()) {
                found.entry(name.to_owned()).or_default().push(credential);
            }
        }
    }
    Ok(found)
}

/// Whoever acted under a workload's name since its launch; `all` holds who did so since some moment before it.
async fn named_after(
    source: &Source,
    launch: &Launch,
    account: &str,
    all: &BTreeMap<String, Vec<Credential>>,
) -> Result<Vec<Credential>, QueryError> {
    if launch.workload.kind != "build" {
        let named = all.get(&launch.workload.session_name()).map_or(&[][..], Vec::as_slice);
        let mine = || named.iter().filter(|one| one.caller.account.as_deref() == Some(account));
        // What only acted before the launch does not count.
        if mine().all(|one| one.usage.last.is_some_and(|last| last.0 < launch.record.time)) {
            return Ok(Vec::new());
        }
        // What a session did before the launch does not count, and is told apart by asking again.
        if mine().all(|one| one.usage.first.is_some_and(|first| first.0 >= launch.record.time)) {
            return Ok(mine().cloned().collect());
        }
    }
    let ends = match launch.workload.kind {
        "build" => format!("-{}", launch.workload.id),
        _ => format!("/{}", launch.workload.session_name()),
    };
    source
        .callers(&Filter::All(vec![
            Filter::From(launch.record.time),
            Filter::Ends(Column::IdentityArn, ends),
            Filter::Is(Column::IdentityType, "AssumedRole".to_owned()),
            Filter::Is(Column::IdentityAccountId, account.to_owned()),
        ]))
        .await
}

/// Whether AWS says that a session is a workload's.
fn is_of(caller: &Caller, issuance: Option<&Issuance>, workload: &Workload) -> bool {
    Workload::of_session(caller, issuance).is_some_and(|own| own.may_be(workload))
}

/// A session that bears a workload's name.
struct Named {
    credential: Credential,
    /// What ties it to the workload; [`Rule::Claim`] where that is only its name.
    rule: Rule,
    made: Option<Proof>,
    /// Which service made it, in words.
    note: Option<String>,
    /// Why it is only a claim, in words.
    remark: Option<String>,
    /// Its role, where the launch passed something of another name and no record tells that this holds the role.
    role_untold: Option<String>,
}

impl Named {
    fn is_own(&self) -> bool {
        self.rule != Rule::Claim
    }
}

/// Says of each session whether it is the workload's; without those that go back to another launch.
async fn judged(
    source: &Source,
    named: Vec<Credential>,
    launch: &Launch,
    naming: &Naming,
) -> Result<Vec<Named>, QueryError> {
    let workload = &launch.workload;
    let account = launch.record.account.as_deref().unwrap_or_default();
    let used = together(&named);
    let (Some(start), Some(end)) = (used.first, used.last) else { return Ok(Vec::new()) };
    let mut looked_up = BTreeSet::new();
    let mut sessions = Vec::with_capacity(named.len());
    for credential in named {
        let caller = &credential.caller;
        let first = credential.usage.first.map(|time| time.0);
        let naming = naming.within(caller, start.0, end.0);
        let by_itself = is_of(caller, None, workload);
        let is_open = !by_itself && find(caller, first, &naming).best.is_empty();
        let session = (caller.arn.clone(), caller.created);
        let list = if is_open && (looked_up.len() < LOOKED_UP_MAX || looked_up.contains(&session)) {
            looked_up.insert(session);
            candidates_beside(source, caller, first, naming).await?
        } else {
            naming
        };
        let mut session = judge(credential, &list, workload, by_itself);
        if !goes_back(source, &mut session, launch, account).await? {
            continue;
        }
        sessions.push(session);
    }
    Ok(sessions)
}

/// Whether a session goes back to a launch, and not to another one of the same workload; it is no more than a claim where
/// that launch passed another role, and only likely where it may have. Only functions and instances are given other roles.
async fn goes_back(
    source: &Source,
    session: &mut Named,
    launch: &Launch,
    account: &str,
) -> Result<bool, QueryError> {
    let caller = &session.credential.caller;
    let made = session.made.as_ref().filter(|_| session.is_own()).map(|made| made.event_time.0);
    let moment = made.or(caller.created).or(session.credential.usage.first.map(|first| first.0));
    let others = match launch.workload.kind {
        // An instance is launched once; who gave it another profile did not launch it.
        "instance" if launch.configures() => source.launches_of(&launch.workload, account, moment).await?,
        "function" | "instance" => source.relaunches(launch.workload.kind, account).await?.to_vec(),
        // Nothing else goes back to these, whenever it was.
        _ => Vec::new(),
    };
    let moment = moment.filter(|_| matches!(launch.workload.kind, "function" | "instance"));
    let all = others.iter().chain([launch]);
    let removals = source.removed_workloads(&launch.workload, account).await?;
    // Before the first launch nothing goes back to it.
    let last = last_launch(all, &removals, &launch.workload, caller, moment);
    let Some(last) = last else { return Ok(false) };
    let role = caller.role_name().map(str::to_owned);
    if let Some(gave) = gave_beside(&last, launch) {
        // The chain up leads to whoever put the code, and names this one as well.
        if session.is_own() {
            session.rule = Rule::Claim;
            let put = &last.launch.record;
            let by = if launch.workload.kind == "function" { "the code is of" } else { "launched by" };
            session.remark = Some(format!("{gave}; {by} {} {}", put.event_name, put.id()));
        }
        return Ok(true);
    }
    if last.launch.record != launch.record {
        return Ok(false);
    }
    let passed = last.passed;
    let is_own = session.is_own();
    for words in others_beside(&last).filter(|_| is_own) {
        session.note = Some(session.note.take().map_or(words.clone(), |note| format!("{note}; {words}")));
    }
    if passed == Passed::Untold && launch.role_passed.is_some() && session.is_own() {
        session.role_untold.clone_from(&role);
    }
    if passed == Passed::Other && session.is_own() {
        session.rule = Rule::Claim;
        session.remark = Some(format!(
            "a session of the {}, but of the role {}: no record tells who gave it that",
            launch.workload.kind,
            role.unwrap_or_default()
        ));
    }
    Ok(true)
}

/// What a call gave that stands beside the launch to which a session goes back, in words.
fn gave_beside(last: &LastLaunch<'_>, launch: &Launch) -> Option<String> {
    if last.gave_role.is_some_and(|gave| gave.record == launch.record) {
        return Some("it gave the role".to_owned());
    }
    let beside = last.beside.iter().find(|beside| beside.launch.record == launch.record)?;
    let part = beside.part.word();
    Some(match beside.version {
        Some(version) => format!("it gave the {part} of version {version}, which may have run"),
        None => format!("it gave the {part}"),
    })
}

/// Where a call only gave a workload its role or layers: that somebody nobody tells of is as much behind it.
fn no_launch(workload: &Workload) -> &'static str {
    if workload.kind == "function" {
        "no record tells who put its code"
    } else {
        "no record tells who launched it"
    }
}

/// Who else is behind a session or may be, in words.
fn others_beside(last: &LastLaunch<'_>) -> impl Iterator<Item = String> {
    let words = |part: &str, launch: &Launch| {
        format!("{part} given by {} {}", launch.record.event_name, launch.record.id())
    };
    let put = last.launch.configures().then(|| no_launch(&last.launch.workload).to_owned());
    let role = last.gave_role.map(|gave| words("role", gave));
    let beside = last.beside.iter().map(move |beside| match beside.version {
        Some(version) => {
            words(&format!("version {version} may have run, its {}", beside.part.word()), beside.launch)
        }
        None => words(beside.part.word(), beside.launch),
    });
    let untold = last.untold.iter().map(|published| {
        let record = &published.record;
        format!("a version may have run that {} {} published", record.event_name, record.id())
    });
    let mut all: Vec<String> = put.into_iter().chain(role).chain(beside).chain(untold).collect();
    let more = all.len().saturating_sub(NOTED_MAX);
    all.truncate(NOTED_MAX);
    all.extend((more > 0).then(|| format!("{more} more may be behind it")));
    all.into_iter()
}

/// Whether a session is the workload's, by the candidates for its issuance, or by its own records.
fn judge(credential: Credential, list: &[Issuance], workload: &Workload, by_itself: bool) -> Named {
    let caller = &credential.caller;
    let found = find(caller, credential.usage.first.map(|time| time.0), list);
    let is_its = |issuance: &&Issuance| is_of(caller, Some(issuance), workload);
    let by_service = found.rank.filter(|rank| rank.rung != Rung::Claim && found.best.iter().all(is_its));
    let rule = match (by_service, by_itself) {
        (Some(rank), _) => rank.rung.rule(),
        (None, true) => Rule::Identity,
        (None, false) => Rule::Claim,
    };
    let maker = found.best.first().map(|issuance| issuance.maker());
    let (mut note, mut remark) = (None, None);
    if rule == Rule::Claim {
        remark = Some(claimed(maker, workload));
    } else {
        let service = maker.filter(|maker| maker.class == Class::Service);
        note = service.and_then(|maker| maker.invoked_by.as_ref()).map(|service| format!("by {service}"));
    }
    let made = found.best.first().map(|issuance| Proof::from(&issuance.record));
    Named { credential, rule, made, note, remark, role_untold: None }
}

/// Why a session that bears a workload's name is not taken for the workload's.
fn claimed(maker: Option<&Caller>, workload: &Workload) -> String {
    let bears = format!("bears the name of the {}", workload.kind);
    match maker {
        Some(maker) if maker.class != Class::Service => {
            format!("{bears}, but was assumed by {}", maker.node().id)
        }
        Some(Caller { invoked_by: Some(service), .. }) => format!("{bears}; assumed by {service}, no proof"),
        _ => format!("{bears}, no record proves that it is its own"),
    }
}

/// One line for each session ARN; another for those of the same ARN that are only claims. What these did is not followed.
fn grow_sessions(
    workload: usize,
    sessions: Vec<Named>,
    own: Option<&OwnAddresses>,
    plant: &mut Plant,
) -> Vec<Holder> {
    let mut lines: BTreeMap<(String, bool), Vec<Named>> = BTreeMap::new();
    for session in sessions {
        let arn = session.credential.caller.arn.clone().unwrap_or_default();
        lines.entry((arn, !session.is_own())).or_default().push(session);
    }
    let mut holders = Vec::new();
    for ((arn, is_claim), sessions) in lines {
        let rule = sessions.iter().map(|session| session.rule).max().unwrap_or(Rule::Claim);
        let mut growth = Growth::new(NodeKind::Session, &arn, rule);
        let mut made: BTreeSet<Proof> = sessions.iter().filter_map(|session| session.made.clone()).collect();
        growth.made = made.pop_first();
        growth.made_again = made;
        let said = |words: fn(&Named) -> Option<&String>| -> BTreeSet<String> {
            sessions.iter().filter_map(words).cloned().collect()
        };
        growth.notes.extend(said(|session| session.note.as_ref()));
        growth.remarks.extend(said(|session| session.remark.as_ref()));
        growth.role_untold = said(|session| session.role_untold.as_ref()).pop_first();
        let credentials: Vec<Credential> = sessions.into_iter().map(|session| session.credential).collect();
        growth.node = credentials.first().map(|one| one.caller.node());
        growth.usage = together(&credentials);
        growth.fold = Some(if is_claim { format!("claim {arn}") } else { arn.clone() });
        growth.role = role_of(&arn);
        growth.own_addresses = own.cloned();
        growth.keys = credentials.iter().filter_map(|one| one.caller.access_key.clone()).collect();
        growth.credentials = credentials.iter().map(|one| (one.caller.clone(), one.usage.clone())).collect();
        if !is_claim {
            growth.lead_to(&credentials);
        }
        let Some(line) = plant.grow(Some(workload), growth) else { break };
        if is_claim {
            plant.leave_out(credentials.len());
        } else {
            holders.push(Holder::of(Some(line), &credentials));
        }
    }
    holders
}
