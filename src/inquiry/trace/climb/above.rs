//! Above an origin: who made its key or password, or launched its workload, and so on upwards.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Climbed, Top, Walk, delegation, named, stop, used_before_issued};
use crate::inquiry::trace::fetch::{FoundLaunch, Source, earlier};
use crate::lineage::{
    Above, BesideLaunch, Caller, Class, End, Gap, Issuance, Launch, Link, Mismatch, Node, NodeKind,
    OWN_PASSWORD, Origin, OriginKind, Part, Passed, Proof, Reason, RoleGiven, Rule, SLACK_SECONDS,
    TracedOrigin, UserHistory, Violation, Workload, find_maker, stamp, unnamed_order,
};
use crate::query::QueryError;

/// Who made the key or password of the origin, or launched its workload. `after` is the call by which the origin stands
/// above another one.
pub(super) async fn above(
    source: &Source,
    top: &Top,
    after: Option<&str>,
    walk: &mut Walk,
    climbed: &mut Climbed,
    left: usize,
) -> Result<Option<Above>, QueryError> {
    let Some(left) = left.checked_sub(1) else { return Ok(None) };
    let Some(step) = step_above(source, top, after, climbed).await? else { return Ok(None) };
    let maker = step.maker.clone();
    let whole = match maker.class {
        Class::Credential => source.near(&maker, step.record.event_time.0).await?,
        _ => None,
    };
    let role_given = match &step.gave_role {
        Some(gave) => Some(Box::new(role_given(source, gave, walk).await?)),
        None => None,
    };
    let beside = beside(source, &step.beside, walk).await?;
    let link = climbed.links.len();
    climbed.links.push(Link {
        rule: step.rule,
        record: step.record.clone(),
        from: step.from,
        to: maker.node(),
        seconds_apart: 0,
        ambiguous: step.ambiguous,
        above_origin: true,
        role_passed: step.role_passed,
        role_untold: step.role_untold,
        role_given,
        beside,
        to_usage: whole.as_ref().map(|whole| whole.usage.clone()),
    });
    let of = |origin| TracedOrigin { origin, above: None, above_gap: None, others_above: Vec::new() };
    if maker.class != Class::Credential {
        let end = End { caller: &maker, first: None, issuance: None, forwarded: false, hidden: &[] };
        let found = named(source, end).await?;
        compare_beside(climbed, link, &found, step.untold);
        return Ok(Some(Above { rule: step.rule, record: step.record, origin: of(found) }));
    }
    if !walk.enters(&maker, step.record.event_time.0) {
        climbed.violations.push(Violation {
            kind: "cycle",
            record: step.record.clone(),
            text: "whoever made it was led to by it".to_owned(),
        });
        let gap = stop(Reason::Cycle, "whoever made it was led to by it", "");
        return Ok(Some(Above { rule: step.rule, record: step.record, origin: of(Origin::unknown(gap)) }));
    }
    let first =
        whole.as_ref().and_then(|whole| whole.usage.first).map_or(step.record.event_time.0, |time| time.0);
    let next = Box::pin(delegation(source, &maker, Some(first), None, walk)).await?;
    climbed.links.extend(next.links.iter().map(|link| Link { above_origin: true, ..link.clone() }));
    climbed.violations.extend(next.violations.iter().cloned());
    let mut found = of(next.origin.clone());
    compare_beside(climbed, link, &found.origin, step.untold);
    let after = step.record.event_name.as_str();
    if after == OWN_PASSWORD && !signed_in(source, &next).await?.is_empty() {
        found.origin = found.origin.with_gap(own_password());
    }
    found.above = Box::pin(above(source, &next, Some(after), walk, climbed, left)).await?.map(Box::new);
    found.above_gap = climbed.gap_above.take();
    Ok(Some(Above { rule: step.rule, record: step.record, origin: found }))
}

/// Who gave a workload its role, with the origin of whoever called.
async fn role_given(source: &Source, gave: &Launch, walk: &Walk) -> Result<RoleGiven, QueryError> {
    Ok(RoleGiven {
        record: Proof::from(&gave.record),
        role: gave.role_passed.clone(),
        by: gave.caller.node(),
        origin: origin_of(source, gave, walk).await?,
    })
}

/// Who else is behind a launch or may be, with the origins of whoever called.
async fn beside(
    source: &Source,
    launches: &[(Part, Option<String>, Launch)],
    walk: &Walk,
) -> Result<Vec<BesideLaunch>, QueryError> {
    let mut found = Vec::with_capacity(launches.len());
    for (part, version, launch) in launches {
        found.push(BesideLaunch {
            what: part.word(),
            version: version.clone(),
            record: Proof::from(&launch.record),
            by: launch.caller.node(),
            origin: origin_of(source, launch, walk).await?,
        });
    }
    Ok(found)
}

/// The origin of whoever called a launch that stands beside another.
async fn origin_of(source: &Source, launch: &Launch, walk: &Walk) -> Result<Origin, QueryError> {
    let caller = &launch.caller;
    let time = launch.record.time;
    if caller.class != Class::Credential {
        let end = End { caller, first: None, issuance: None, forwarded: false, hidden: &[] };
        return named(source, end).await;
    }
    let whole = source.near(caller, time).await?;
    let first = whole.and_then(|whole| whole.usage.first).map_or(time, |first| first.0.min(time));
    // A walk of its own: it may lead through what the other passed.
    let mut own = Walk { seen: walk.seen.clone(), led: BTreeMap::new(), switchers: BTreeSet::new() };
    own.seen.insert((caller.id, None));
    Ok(Box::pin(delegation(source, caller, Some(first), None, &mut own)).await?.origin)
}

/// Marks a link as ambiguous where what a workload needs to act leads to different origins, or some of it to none: `untold` are
/// the records of which nothing tells who is behind them.
fn compare_beside(climbed: &mut Climbed, link: usize, found: &Origin, untold: Vec<String>) {
    let Some(link) = climbed.links.get_mut(link) else { return };
    let given = link.role_given.iter().map(|given| (&given.origin, &given.record));
    let beside = link.beside.iter().map(|beside| (&beside.origin, &beside.record));
    let others =
        given.chain(beside).filter(|(origin, _)| (origin.kind, origin.id()) != (found.kind, found.id()));
    let others: Vec<String> = others.map(|(_, record)| record.event_id.clone()).chain(untold).collect();
    if !others.is_empty() {
        link.ambiguous = [link.record.event_id.clone()].into_iter().chain(others).collect();
    }
}

/// When a user signed in with a password, as far as it is known, in order of time: only a record that says that a sign-in
/// succeeded tells. None where it came by another way.
async fn signed_in(source: &Source, top: &Top) -> Result<Vec<DateTime<Utc>>, QueryError> {
    if top.origin.kind != OriginKind::IamUser || top.end.has_long_term_key() {
        return Ok(Vec::new());
    }
    if !top.sign_ins.is_empty() || !top.end.signs_in() {
        return Ok(top.sign_ins.iter().map(|one| one.record.time).collect());
    }
    // Without a session it is the sign-ins themselves.
    let Some(first) = top.first else { return Ok(Vec::new()) };
    source.signed_in_as(&top.end, (first, top.last.unwrap_or(first))).await
}

/// Why nobody stands above a user who changed its own password.
fn own_password() -> Gap {
    stop(
        Reason::OwnPassword,
        "the user changed its own password: whoever did so knew the one before, and nothing tells how",
        "look at the address and MFA of the sign-in that changed it, and at who set the one before",
    )
}

/// Why nobody stands above a user whose call neither a key nor a session signed.
pub(in crate::inquiry::trace) fn unsigned(caller: &Caller) -> Gap {
    let name = caller.node().name.or_else(|| caller.principal_id.clone());
    let name = name.as_deref().unwrap_or("a user without a name");
    stop(
        Reason::NoCredential,
        &format!(
            "neither a key nor a session signed these calls of {name}, and they are no sign-in: a bearer token or another \
             credential of one service did, and no record names it"
        ),
        "look for CreateServiceSpecificCredential, ResetServiceSpecificCredential, UploadSSHPublicKey and \
         UploadSigningCertificate for the user",
    )
}

/// One step above an origin.
struct StepAbove {
    rule: Rule,
    record: Proof,
    from: Node,
    maker: Caller,
    role_passed: Option<String>,
    role_untold: Option<String>,
    /// Who gave the role of a function whose code somebody else put.
    gave_role: Option<Launch>,
    /// See [`FoundLaunch`].
    beside: Vec<(Part, Option<String>, Launch)>,
    untold: Vec<String>,
    /// The event ids of all records that come into question, where they are several.
    ambiguous: Vec<String>,
}

/// What cannot be is added to the violations, a launch that is no proof to the mismatches.
async fn step_above(
    source: &Source,
    top: &Top,
    after: Option<&str>,
    climbed: &mut Climbed,
) -> Result<Option<StepAbove>, QueryError> {
    let caller = &top.end;
    let account = caller.account.clone().unwrap_or_default();
    let made = |rule, issuance: &Issuance, from: Node| StepAbove {
        rule,
        record: Proof::from(&issuance.record),
        from,
        maker: issuance.maker().clone(),
        role_passed: None,
        role_untold: None,
        gave_role: None,
        beside: Vec::new(),
        untold: Vec::new(),
        ambiguous: Vec::new(),
    };
    if top.origin.kind.has_keys() && caller.has_long_term_key() {
        let key = caller.access_key.clone().unwrap_or_default();
        let list = source.naming(&key, None).await?;
        let Some(last) = find_maker(caller, None, &list).best.last().copied() else { return Ok(None) };
        // The key may have made a good part of all calls: only those too early for its making are looked at.
        let soonest = earlier(second(last.record.time), SLACK_SECONDS);
        let first = source.first_before(caller, soonest).await?;
        let found = find_maker(caller, first, &list);
        if let (None, Some(late)) = (found.best.first(), found.too_late.first()) {
            climbed.violations.push(used_before_issued(late, first));
        }
        return Ok(found.best.first().map(|issuance| made(Rule::Key, issuance, caller.node())));
    }
    let moments = signed_in(source, top).await?;
    if let (Some(moment), Some(name)) = (moments.first().copied(), &top.origin.name) {
        if after == Some(OWN_PASSWORD) {
            return Ok(None);
        }
        let users = source.user_history(&account, name, moment).await?;
        let set = users.passwords_of(caller, &moments);
        let Some(way) = set.ways.first().filter(|_| set.is_whole) else {
            climbed.gap_above = no_password(&users, caller, moment);
            return Ok(None);
        };
        let others = set.ways.iter().map(|way| way.record.id());
        let ambiguous = if set.ways.len() > 1 { others.collect() } else { Vec::new() };
        return Ok(Some(StepAbove { ambiguous, ..made(Rule::Identity, way, user_node(&top.origin)) }));
    }
    if top.origin.kind.has_keys() && caller.is_unsigned() {
        climbed.gap_above = Some(unsigned(caller));
        return Ok(None);
    }
    if let Some(through) = &top.through {
        let workload = top.origin.on_behalf_of.as_ref();
        let from = workload.map_or_else(|| caller.node(), |workload| workload_node(workload, &account));
        return Ok(Some(made(Rule::Key, through, from)));
    }
    let workload = match &top.issuance {
        Some(_) => top.origin.on_behalf_of.clone(),
        None if top.origin.kind == OriginKind::Service => top.origin.on_behalf_of.clone(),
        None => None,
    };
    let Some(workload) = workload else {
        climbed.gap_above = unnamed_order(caller, &top.origin);
        return Ok(None);
    };
    let moment = top.issuance.as_ref().map(|issuance| issuance.record.time).or(caller.created);
    let role = caller.role_name();
    let Some(found) = source.launch_of(&workload, &account, caller, moment).await? else {
        climbed.gap_above = match moment {
            Some(moment) => removed_workload(source, &workload, &account, moment).await?,
            None => None,
        };
        if climbed.gap_above.is_none() {
            climbed.gap_above = unpublished(source, &workload, &account, caller).await?;
        }
        if climbed.gap_above.is_none() {
            climbed.gap_above = unnamed_order(caller, &top.origin);
        }
        return Ok(None);
    };
    let FoundLaunch { launch, passed, gave_role, beside, untold } = found;
    if passed == Passed::Other {
        let tells = gave_role.as_ref().unwrap_or(&launch);
        climbed.mismatches.push(of_other_role(caller, &workload, tells));
        return Ok(None);
    }
    let is_untold = passed == Passed::Untold && launch.role_passed.is_some();
    Ok(Some(StepAbove {
        rule: Rule::Launched,
        record: Proof::from(&launch.record),
        from: workload_node(&workload, &account),
        maker: launch.caller.clone(),
        role_passed: launch.role_passed.clone(),
        role_untold: role.filter(|_| is_untold).map(str::to_owned),
        gave_role,
        beside,
        untold,
        ambiguous: Vec::new(),
    }))
}

/// Why nobody is said to have set a password, where the last one before the sign-in was removed, or another user's.
fn no_password(users: &UserHistory, sign_in: &Caller, moment: DateTime<Utc>) -> Option<Gap> {
    let missing = match (users.removed_before(sign_in, moment), users.others_before(sign_in, moment)) {
        (Some(removal), _) => {
            let record = &removal.record;
            format!("the last one before was removed at {} ({})", stamp(record.time), record.id())
        }
        (None, true) => "the last one before was that of another user of this name".to_owned(),
        (None, false) => return None,
    };
    Some(stop(
        Reason::RecordMissing,
        &format!("no record sets the password of the sign-in at {}: {missing}", stamp(moment)),
        "add what is missing before the sign-in of the objects of its account: IAM is logged in us-east-1, and in \
         us-gov-west-1 and cn-north-1",
    ))
}

/// Why nobody is said to have launched a workload that was removed before.
async fn removed_workload(
    source: &Source,
    workload: &Workload,
    account: &str,
    moment: DateTime<Utc>,
) -> Result<Option<Gap>, QueryError> {
    let removals = source.removed_workloads(workload, account).await?;
    let removal = removals.iter().rfind(|gone| gone.is_of(workload) && gone.end() <= moment);
    Ok(removal.map(|removal| {
        let words = workload.words();
        let at = stamp(removal.record.time);
        stop(
            Reason::RecordMissing,
            &format!("no record makes {words} anew: it was removed at {at} ({})", removal.record.id()),
            &format!("add the objects of account {account} between then and {}", stamp(moment)),
        )
    }))
}

/// Why nobody is said to have put the code of a version of a function, where others of its calls are here.
async fn unpublished(
    source: &Source,
    workload: &Workload,
    account: &str,
    session: &Caller,
) -> Result<Option<Gap>, QueryError> {
    let Some(version) = Workload::version_of(session) else { return Ok(None) };
    let launches = source.relaunches(workload.kind, account).await?;
    let is_here = launches.iter().any(|launch| launch.workload.may_be(workload));
    Ok(is_here.then(|| {
        let words = workload.words();
        stop(
            Reason::RecordMissing,
            &format!("no record before publishes version {version} of {words}: what it runs is not told"),
            &format!("add earlier objects of account {account}, with PublishVersion"),
        )
    }))
}

/// A session whose role its workload was not launched with: somebody gave it the role later, and no record tells who.
fn of_other_role(session: &Caller, workload: &Workload, launch: &Launch) -> Mismatch {
    let role = session.role_name().unwrap_or_default();
    let (event, by) = (&launch.record.event_name, launch.caller.node().id);
    let passed = launch.role_passed.as_deref().unwrap_or_default();
    let words = workload.words();
    let verb = if event.starts_with("UpdateFunctionCode") { "found it with" } else { "passed it" };
    let passed = format!("{verb} {passed}");
    Mismatch {
        kind: "role",
        claim: words.clone(),
        verified: role.to_owned(),
        session: session.arn.clone().unwrap_or_default(),
        text: format!(
            "{words} acts with the role {role}, but {event} by {by} {passed}: who gave it {role} no record tells"
        ),
        event_id: Some(launch.record.id()),
    }
}

fn user_node(origin: &Origin) -> Node {
    Node {
        kind: NodeKind::User,
        id: origin.arn.clone().or_else(|| origin.name.clone()).unwrap_or_default(),
        account: origin.account.clone(),
        access_key: None,
        arn: origin.arn.clone(),
        name: origin.name.clone(),
        session_name: None,
        source_identity: None,
        created: None,
    }
}

pub(in crate::inquiry::trace) fn workload_node(workload: &Workload, account: &str) -> Node {
    Node {
        kind: NodeKind::Workload,
        id: workload.id.clone(),
        account: Some(account.to_owned()),
        access_key: None,
        arn: None,
        name: Some(workload.words()),
        session_name: None,
        source_identity: None,
        created: None,
    }
}

/// A moment cut to its whole second.
fn second(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(time.timestamp(), 0).unwrap_or(time)
}
