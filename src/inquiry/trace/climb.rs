//! The walk up: from a credential to its origin, and who stands above that.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::fetch::Source;
use super::mismatch;
use crate::aws::Time;
use crate::lineage::{
    Caller, Class, Credential, End, Gap, Issuance, IssuanceKind, Link, Mismatch, Node, NodeKind, Origin,
    OriginKind, Proof, Reason, Rule, Rung, Sight, TracedOrigin, Violation, find, find_hidden,
    is_named_by_identity_center, is_open_person, is_shared_key, origin,
};
use crate::query::QueryError;

mod above;
mod foreign;
mod prepare;

use above::above;
pub(super) use above::{unsigned, workload_node};
use foreign::Entered;
pub(super) use prepare::{Climber, Twins, prepare, prepare_candidates};

/// A chain is followed so many steps; the longest seen in the wild is role juggling, an hour a step.
const STEPS_MAX: usize = 4096;

/// So many candidates of an ambiguous link are followed.
const CANDIDATES_MAX: usize = 16;

/// So many times a chain goes on above an origin.
const ABOVE_MAX: usize = 16;

/// What a walk found.
#[derive(Debug, Clone)]
pub(super) struct Climbed {
    pub(super) links: Vec<Link>,
    pub(super) origin: TracedOrigin,
    pub(super) origins: BTreeSet<Origin>,
    pub(super) violations: Vec<Violation>,
    pub(super) twins: Vec<Issuance>,
    /// Of a workload whose last launch passed another role.
    pub(super) mismatches: Vec<Mismatch>,
    /// Why the last step above an origin is missing, until it is told of that origin.
    gap_above: Option<Gap>,
}

/// A walk on its way.
struct Walk {
    /// The credentials between the start and here.
    seen: BTreeSet<(i64, Option<DateTime<Utc>>)>,
    /// Where candidates that were not chosen lead, by who made them and when: the ways from several of them meet again,
    /// so that without this each ambiguous step would double the work.
    led: BTreeMap<(i64, DateTime<Utc>), BTreeSet<Origin>>,
    /// Sessions of which only a record of switching roles tells.
    switchers: BTreeSet<i64>,
}

impl Walk {
    /// Goes on to whoever called at a moment; false for one that was met before. Each sign-in of a user is one of its own.
    fn enters(&mut self, caller: &Caller, time: DateTime<Utc>) -> bool {
        let by_time = caller.signs_in() || self.switchers.contains(&caller.id);
        self.seen.insert((caller.id, Some(time).filter(|_| by_time)))
    }

    /// The session that switched roles by an issuance, where something is here that may have made it.
    async fn switcher(&mut self, source: &Source, issuance: &Issuance) -> Result<Option<Caller>, QueryError> {
        let Some(switcher) = issuance.switcher().filter(Caller::is_role_session) else { return Ok(None) };
        let time = Some(issuance.record.time);
        let list = candidates(source, &switcher, time).await?;
        if find(&switcher, time, &list).best.is_empty() {
            return Ok(None);
        }
        self.switchers.insert(switcher.id);
        Ok(Some(switcher))
    }
}

/// What stands at the upper end of the delegation.
struct Top {
    links: Vec<Link>,
    origins: BTreeSet<Origin>,
    origin: Origin,
    violations: Vec<Violation>,
    twins: Vec<Issuance>,
    /// Source identities that cannot be.
    mismatches: Vec<Mismatch>,
    /// The last credential.
    end: Caller,
    /// Its first use.
    first: Option<DateTime<Utc>>,
    /// Its last use, where it is the one that was asked about.
    last: Option<DateTime<Utc>>,
    /// The console sign-in that it came by; of a user that switched roles all that may be it.
    sign_ins: Vec<Issuance>,
    /// Whether the user gave MFA for the session token that the chain goes through.
    token_mfa: Option<bool>,
    /// The last issuance, where nobody with a credential called it.
    issuance: Option<Issuance>,
    /// The call by which a credential fetched what that issuance made.
    through: Option<Issuance>,
    /// Calls that may have made the last credential, and hide what they made.
    hidden: Vec<Issuance>,
    /// How many candidates were not followed: where they lead is not known, so the origin is not certain.
    unasked: usize,
}

/// Walks up from a credential. `request` is what the records of two accounts share of the one request that is asked about.
pub(super) async fn climb(
    source: &Source,
    credential: &Credential,
    request: Option<&str>,
) -> Result<Climbed, QueryError> {
    let first = credential.usage.first.map(|time| time.0);
    let mut walk = Walk {
        seen: BTreeSet::from([(credential.caller.id, None)]),
        led: BTreeMap::new(),
        switchers: BTreeSet::new(),
    };
    let mut top = Box::pin(delegation(source, &credential.caller, first, request, &mut walk)).await?;
    if top.end.id == credential.caller.id {
        top.last = credential.usage.last.map(|time| time.0);
    }
    let mut climbed = Climbed {
        links: top.links.clone(),
        origin: TracedOrigin {
            origin: top.origin.clone(),
            above: None,
            above_gap: None,
            others_above: Vec::new(),
        },
        origins: distinct(&top.origins),
        violations: top.violations.clone(),
        twins: top.twins.clone(),
        mismatches: top.mismatches.clone(),
        gap_above: None,
    };
    let above = Box::pin(above(source, &top, None, &mut walk, &mut climbed, ABOVE_MAX)).await?;
    climbed.origin.above = above.map(Box::new);
    climbed.origin.above_gap = climbed.gap_above.take();
    Ok(climbed)
}

/// Each origin once, whatever ways lead there; of those that nobody is known behind each that is missing for its own
/// reason.
fn distinct(origins: &BTreeSet<Origin>) -> BTreeSet<Origin> {
    let mut ways: BTreeMap<(OriginKind, String, Option<&Gap>), Vec<&Origin>> = BTreeMap::new();
    for origin in origins {
        let gap = origin.gap.as_ref().filter(|_| origin.kind == OriginKind::Unknown);
        ways.entry((origin.kind, origin.id(), gap)).or_default().push(origin);
    }
    ways.into_values().filter_map(Origin::shared).collect()
}

/// The candidates for the issuance of a caller, as far as the ladder asks for them.
pub(super) async fn candidates(
    source: &Source,
    caller: &Caller,
    first: Option<DateTime<Utc>>,
) -> Result<Vec<Issuance>, QueryError> {
    if caller.class != Class::Credential || caller.has_long_term_key() {
        return Ok(Vec::new());
    }
    let naming = match &caller.access_key {
        Some(key) => source.naming(key, caller.created.or(first)).await?,
        None => Vec::new(),
    };
    candidates_beside(source, caller, first, naming).await
}

/// The same, where the issuances that name the caller's key are known already.
pub(super) async fn candidates_beside(
    source: &Source,
    caller: &Caller,
    first: Option<DateTime<Utc>>,
    naming: Vec<Issuance>,
) -> Result<Vec<Issuance>, QueryError> {
    let mut list = naming;
    let found_best = |list: &[Issuance]| !find(caller, first, list).best.is_empty();
    // The service's own record of the same session names the certificate; its key stands elsewhere than those of others.
    let by_certificate = find(caller, first, &list).best.iter().any(|one| one.maker().is_roles_anywhere());
    if (by_certificate || !found_best(&list))
        && let Some(created) = caller.created
    {
        list.extend(source.around(created, caller.arn.as_deref()).await?);
        source.tell_identities(caller, first, &mut list).await?;
    }
    if !found_best(&list)
        && caller.sign_in_session.is_some()
        && let Some(first) = first.or(caller.created)
    {
        list.extend(source.sign_ins(first).await?);
    }
    if caller.created.is_none()
        && caller.is_role_session()
        && !found_best(&list)
        && let (Some(arn), Some(first)) = (&caller.arn, first)
    {
        list.extend(source.named(arn, first).await?);
    }
    if list.iter().any(|issuance| is_open_person(caller, issuance)) {
        source.tell_persons(caller, &mut list).await?;
    }
    source.tell_identities(caller, first, &mut list).await?;
    source.leave_neighbours(caller, first, &mut list).await?;
    let mut known = BTreeSet::new();
    list.retain(|issuance| known.insert(issuance.record.clone()));
    Ok(list)
}

/// Follows issuances up to whoever holds no credential that another issued.
async fn delegation(
    source: &Source,
    start: &Caller,
    first: Option<DateTime<Utc>>,
    request: Option<&str>,
    walk: &mut Walk,
) -> Result<Top, QueryError> {
    let mut top = Top {
        links: Vec::new(),
        origins: BTreeSet::new(),
        origin: Origin::unknown(stop(Reason::NoCredential, "the chain has no end", "")),
        violations: Vec::new(),
        twins: Vec::new(),
        mismatches: Vec::new(),
        end: start.clone(),
        first,
        last: None,
        sign_ins: Vec::new(),
        token_mfa: None,
        issuance: None,
        through: None,
        hidden: Vec::new(),
        unasked: 0,
    };
    let mut first = first;
    let mut claimed = None;
    for step in 0..STEPS_MAX {
        let caller = top.end.clone();
        if caller.class == Class::Outside {
            // What the subject called for says more of it.
            top.issuance = source.called_by(&caller).await?.into_iter().next();
            return ended(source, top, first, None, claimed).await;
        }
        if caller.class == Class::Account
            && let Some(copy) = shared(source, &mut top, first).await?
        {
            if !walk.enters(&copy.caller, copy.record.time) {
                return Ok(cyclic(top, Proof::from(&copy.record)));
            }
            let whole = source.near(&copy.caller, copy.record.time).await?;
            first = Some(copy.record.time);
            top.end = whole.map_or(copy.caller, |whole| whole.caller);
            continue;
        }
        if caller.class == Class::Account && step == 0 {
            match foreign::enter(source, &mut top, request, walk).await? {
                Entered::Nowhere => {}
                Entered::At(time) => {
                    first = Some(time);
                    continue;
                }
                Entered::Again(closing) => return Ok(cyclic(top, closing)),
            }
        }
        let list = candidates(source, &caller, first).await?;
        let found = find(&caller, first, &list);
        let Some((chosen, rank)) = found.best.first().zip(found.rank) else {
            let late = found.too_late.first().copied().cloned();
            top.hidden = find_hidden(&caller, &list).into_iter().cloned().collect();
            return ended(source, top, first, late.as_ref(), claimed).await;
        };
        let by_key = step == 0 && rank.rung == Rung::Key;
        let rule = match rank.rung.rule() {
            Rule::Key if is_shared_key(chosen, &list) => Rule::Session,
            Rule::Claim if walk.switchers.contains(&caller.id) && is_named_by_identity_center(&caller) => {
                Rule::Session
            }
            rule => rule,
        };
        if rule == Rule::Claim {
            let gap = if walk.switchers.contains(&caller.id) {
                only_switched()
            } else {
                only_claimed(&caller, chosen)
            };
            claimed = claimed.or(Some(gap));
        }
        let ambiguous = match found.best.as_slice() {
            [_] => Vec::new(),
            several => several.iter().map(|issuance| issuance.record.id()).collect(),
        };
        push_links(&mut top.links, &caller, chosen, (rule, rank.seconds_apart, ambiguous));
        // Every other candidate leads somewhere, too: to the same origin, or it is not certain.
        let way = |one: &Issuance| (one.maker().id, one.switch_from.clone());
        let mut ways = BTreeSet::from([way(chosen)]);
        let mut asked = 0;
        for other in found.best.iter().skip(1) {
            if other.maker().class == Class::Credential && !ways.insert(way(other)) {
                continue;
            }
            if asked == CANDIDATES_MAX {
                top.unasked += 1;
                continue;
            }
            asked += 1;
            let origins = origins_of(source, &caller, other, walk).await?;
            top.origins.extend(origins);
        }
        let maker = chosen.maker().clone();
        if chosen.kind == IssuanceKind::ConsoleLogin {
            // Of several that fit alike nothing tells which it was.
            let may_be = found.best.iter().filter(|one| one.kind == IssuanceKind::ConsoleLogin);
            top.sign_ins = may_be.map(|one| (*one).clone()).collect();
        }
        // The key of the user says nothing of MFA; the session that it got by it does
        // (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>).
        if chosen.kind == IssuanceKind::SessionToken {
            top.token_mfa = caller.mfa;
        }
        if maker.class != Class::Credential || chosen.switch_from.is_some() {
            top.twins.extend(if by_key { twins(source, &caller, first, &list).await? } else { Vec::new() });
            if let Some(switcher) = walk.switcher(source, chosen).await? {
                if !walk.enters(&switcher, chosen.record.time) {
                    return Ok(cyclic(top, Proof::from(&chosen.record)));
                }
                first = Some(chosen.record.time);
                top.end = switcher;
                continue;
            }
            let sign_ins = source.signed_in(chosen).await?;
            if let (Some(sign_in), Some(user)) = (sign_ins.first(), chosen.switcher()) {
                let all = || sign_ins.iter().map(|one| one.record.id());
                let ambiguous = if sign_ins.len() > 1 { all().collect() } else { Vec::new() };
                push_links(&mut top.links, &user, sign_in, (Rule::Session, 0, ambiguous));
                if let Some(link) = top.links.last_mut() {
                    link.from = principal_node(user.arn.as_deref().unwrap_or_default());
                }
                first = Some(sign_in.record.time);
                top.end = sign_in.maker().clone();
                top.sign_ins = sign_ins;
                return ended(source, top, first, None, claimed).await;
            }
            top.through = found.through.first().map(|through| (*through).clone());
            top.issuance = Some((*chosen).clone());
            return ended(source, top, first, None, claimed).await;
        }
        if !walk.enters(&maker, chosen.record.time) {
            return Ok(cyclic(top, Proof::from(&chosen.record)));
        }
        // The call that issued is a use of the maker's; others may be earlier.
        // Whoever made a long-term key is asked for next.
        let made = async {
            match maker.access_key.as_deref().filter(|_| maker.has_long_term_key()) {
                Some(key) => source.naming(key, None).await.map(drop),
                None => Ok(()),
            }
        };
        let (whole, (), twins) = tokio::try_join!(source.near(&maker, chosen.record.time), made, async {
            if by_key { twins(source, &caller, first, &list).await } else { Ok(Vec::new()) }
        })?;
        top.twins.extend(twins);
        if let Some(link) = top.links.last_mut() {
            link.to_usage = whole.as_ref().map(|whole| whole.usage.clone());
        }
        first = whole.as_ref().and_then(|whole| whole.usage.first).map(|time| time.0);
        first = Some(first.map_or(chosen.record.time, |first| first.min(chosen.record.time)));
        let maker = whole.map_or(maker, |whole| whole.caller);
        top.mismatches.extend(mismatch::of_passed_on(&caller, &maker, chosen));
        top.end = maker;
    }
    let gap = stop(Reason::Cycle, "the chain is too long to be followed", "");
    top.origin = Origin::unknown(gap);
    Ok(top)
}

/// The issuances of the same session in the same second whose keys are others: named, so that a reader who finds one
/// does not think that it was missed.
async fn twins(
    source: &Source,
    caller: &Caller,
    first: Option<DateTime<Utc>>,
    list: &[Issuance],
) -> Result<Vec<Issuance>, QueryError> {
    let Some(created) = caller.created else { return Ok(Vec::new()) };
    let around = source.around(created, caller.arn.as_deref()).await?;
    let mut found: Vec<Issuance> =
        find(caller, first, list.iter().chain(&around)).twins.into_iter().cloned().collect();
    found.dedup();
    Ok(found)
}

/// A chain that comes back to itself.
fn cyclic(mut top: Top, closing: Proof) -> Top {
    top.violations.push(Violation {
        kind: "cycle",
        record: closing,
        text: "the credential that made this one was made by it".to_owned(),
    });
    top.origin = Origin::unknown(stop(
        Reason::Cycle,
        "a credential would be its own ancestor",
        "key ids or session names of these logs may have been replaced",
    ));
    top.origins.insert(top.origin.clone());
    top
}

/// The copy, in its own account, of a request by a principal of another account; the link to it.
async fn shared(
    source: &Source,
    top: &mut Top,
    first: Option<DateTime<Utc>>,
) -> Result<Option<Issuance>, QueryError> {
    let caller = top.end.clone();
    let called = source.called_by(&caller).await?;
    let copies: Vec<Issuance> = (called.into_iter())
        .filter(|issuance| first.is_none_or(|first| issuance.record.time >= first))
        .filter_map(|issuance| issuance.copy.map(|copy| *copy))
        .collect();
    let makers: BTreeSet<i64> = copies.iter().map(|copy| copy.caller.id).collect();
    let Some(copy) = copies.first() else { return Ok(None) };
    let ambiguous =
        if makers.len() > 1 { copies.iter().map(|copy| copy.record.id()).collect() } else { Vec::new() };
    top.links.push(foreign::link(&caller, &Proof::from(&copy.record), &copy.caller, ambiguous));
    Ok(Some(copy.clone()))
}

/// The origins that one more candidate leads to.
async fn origins_of(
    source: &Source,
    session: &Caller,
    issuance: &Issuance,
    walk: &mut Walk,
) -> Result<BTreeSet<Origin>, QueryError> {
    let switcher = walk.switcher(source, issuance).await?;
    let maker = switcher.as_ref().unwrap_or_else(|| issuance.maker());
    if maker.class != Class::Credential || (switcher.is_none() && issuance.switch_from.is_some()) {
        let sign_ins = source.signed_in(issuance).await?;
        let issuance = sign_ins.first().unwrap_or(issuance);
        let end =
            End { caller: session, first: None, issuance: Some(issuance), forwarded: false, hidden: &[] };
        let mut found = named(source, end).await?;
        found.sign_in_by(&sign_ins);
        return Ok(BTreeSet::from([found]));
    }
    let way = (maker.id, issuance.record.time);
    if let Some(known) = walk.led.get(&way) {
        return Ok(known.clone());
    }
    let before = walk.seen.clone();
    if !walk.enters(maker, issuance.record.time) {
        let gap = stop(Reason::Cycle, "a credential would be its own ancestor", "");
        return Ok(BTreeSet::from([Origin::unknown(gap)]));
    }
    let top = Box::pin(delegation(source, maker, Some(issuance.record.time), None, walk)).await?;
    walk.seen = before;
    // Whether a way comes back to itself depends on what led to it: that is not the same from everywhere.
    let goes_round = |origin: &Origin| origin.gap.as_ref().is_some_and(|gap| gap.reason == Reason::Cycle);
    if !top.origins.iter().any(goes_round) {
        walk.led.insert(way, top.origins.clone());
    }
    Ok(top.origins)
}

/// The origin at an end. What the logs could show at all is looked at only where something is missing.
async fn named(source: &Source, end: End<'_>) -> Result<Origin, QueryError> {
    let mut found = origin(end, &Sight::default());
    if found.gap.is_some() {
        found = origin(end, source.sight().await?);
    }
    source.people(&found).await?.name(&mut found);
    Ok(found)
}

/// Names the origin of a chain that goes no further.
async fn ended(
    source: &Source,
    mut top: Top,
    first: Option<DateTime<Utc>>,
    late: Option<&Issuance>,
    claimed: Option<Gap>,
) -> Result<Top, QueryError> {
    let caller = top.end.clone();
    top.first = first;
    let mut forwarded = false;
    if top.issuance.is_none() && caller.is_user_or_root() && caller.created.is_some() {
        let session = source.of_session(&caller).await?;
        let calls: u64 = session.iter().map(|one| one.usage.calls).sum();
        let by_services: u64 = session.iter().map(|one| one.usage.forwarded).sum();
        forwarded = calls > 0 && calls == by_services;
    }
    let issuance = top.issuance.as_ref();
    let hidden: Vec<&Issuance> = top.hidden.iter().filter(|_| issuance.is_none()).collect();
    let end = End { caller: &caller, first, issuance, forwarded, hidden: &hidden };
    let mut found = named(source, end).await?;
    if !top.sign_ins.is_empty() {
        found.sign_in_by(&top.sign_ins);
    } else if found.kind == OriginKind::IamUser || found.kind == OriginKind::Root {
        found.mfa = caller.mfa.or(top.token_mfa);
    }
    if let Some(late) = late {
        top.violations.push(used_before_issued(late, first));
        if let Some(gap) = &mut found.gap {
            gap.reason = Reason::UsedBeforeIssued;
            "the only issuance that fits comes after the first use".clone_into(&mut gap.text);
        }
    }
    let is_claimed = claimed.is_some();
    if let Some(gap) = claimed {
        found = found.with_gap(gap);
    }
    if top.unasked > 0 {
        found = found.with_gap(stop(
            Reason::SeveralOrigins,
            &format!("{} of the candidates that fit alike were not followed", top.unasked),
            "group by origin in SQL: the table origins follows all",
        ));
    }
    top.origins.insert(found.clone());
    let ids: BTreeSet<String> = top.origins.iter().map(Origin::id).collect();
    // Not all was followed: here, or on the way of another candidate.
    let open = |one: &Origin| one.gap.as_ref().is_some_and(|gap| gap.reason == Reason::SeveralOrigins);
    let is_open = top.origins.iter().any(open);
    found.certain = ids.len() == 1 && found.is_somebody() && !is_claimed && !is_open;
    if ids.len() > 1 {
        let ids: Vec<String> = ids.into_iter().collect();
        found.complete = false;
        found.gap = Some(stop(
            Reason::SeveralOrigins,
            &format!("several candidates lead to different origins: {}", ids.join(", ")),
            "only the key that each candidate made could tell, and it is not the one that was used",
        ));
        found = found.or_one_of(&top.origins);
    }
    top.origin = found;
    Ok(top)
}

/// The link to an issuance, and the one from its copy in the role's account to that in the caller's.
fn push_links(
    links: &mut Vec<Link>,
    caller: &Caller,
    issuance: &Issuance,
    (rule, seconds_apart, ambiguous): (Rule, i64, Vec<String>),
) {
    let to = match &issuance.switch_from {
        Some(from) => principal_node(from),
        None => issuance.caller.node(),
    };
    let step = foreign::link(caller, &Proof::from(&issuance.record), &issuance.caller, ambiguous);
    links.push(Link { rule, to: to.clone(), seconds_apart, ..step });
    if let Some(copy) = &issuance.copy {
        let step = foreign::link(&copy.caller, &Proof::from(&copy.record), &copy.caller, Vec::new());
        links.push(Link { from: to, ..step });
    }
}

/// The node of a principal of which only the ARN is known.
fn principal_node(arn: &str) -> Node {
    let kind = if arn.contains(":user/") {
        NodeKind::User
    } else if arn.ends_with(":root") {
        NodeKind::Root
    } else {
        NodeKind::Session
    };
    Node {
        kind,
        id: arn.to_owned(),
        account: arn.split(':').nth(4).map(str::to_owned),
        access_key: None,
        arn: Some(arn.to_owned()),
        name: arn.rsplit('/').next().map(str::to_owned),
        session_name: None,
        source_identity: None,
        created: None,
    }
}

pub(super) fn stop(reason: Reason, text: &str, hint: &str) -> Gap {
    Gap { reason, text: text.to_owned(), hint: hint.to_owned() }
}

/// Why the issuance that is shown for a caller proves nothing.
fn only_claimed(caller: &Caller, issuance: &Issuance) -> Gap {
    if issuance.kind == IssuanceKind::Portal {
        let event = &issuance.record.event_name;
        return stop(
            Reason::OnlyClaimed,
            &format!(
                "{event} names a person by id alone, the session by name alone: nothing tells that they are one"
            ),
            "other records of these sessions may name both, as onBehalfOf: add more of their account's logs",
        );
    }
    if caller.created.is_some() {
        return stop(
            Reason::OnlyClaimed,
            "the issuance of this second answered with another key: the session's own may not be here",
            "add the logs of all regions and accounts: STS records a call in the region that answered it",
        );
    }
    stop(
        Reason::OnlyClaimed,
        "only the names of role and session agree: the record does not say when the session was created",
        "records of newer versions name the session's creation",
    )
}

/// Why the issuance that is shown for a session that switched roles proves nothing.
fn only_switched() -> Gap {
    stop(
        Reason::OnlyClaimed,
        "SwitchRole names the session that switched by role and name only: others may have borne them",
        "compare the addresses of the switch and of the sessions of this name",
    )
}

/// An issuance that would fit, but comes after the first use.
fn used_before_issued(late: &Issuance, first: Option<DateTime<Utc>>) -> Violation {
    Violation {
        kind: "used-before-issued",
        record: Proof::from(&late.record),
        text: format!(
            "made {}, but first used {}",
            shown(late.record.time),
            first.map(shown).unwrap_or_default()
        ),
    }
}

fn shown(time: DateTime<Utc>) -> String {
    Time(time).0.format("%Y-%m-%d %H:%M:%SZ").to_string()
}
