//! Traces a subject up to its origin and down to what it led to, by point look-ups.
//!
//! The rules are [`crate::lineage`]'s, which knows no engine; the reading is [`crate::query::lineage`]'s. Every step up
//! asks for the few records that may be the issuance; every step down for what the callers at hand issued, and what was
//! done with it.

mod climb;
mod descend;
mod fetch;
mod hand;
mod mismatch;
mod subject;
mod trust;

use std::collections::{BTreeMap, BTreeSet};

use super::{ResolveError, Resolved, Window};
use crate::aws::Time;
use crate::lake::Session;
use crate::lineage::{
    Chain, Credential, Gap, Link, NotTaken, Origin, OriginKind, Reason, SCHEMA, Trace, TracedOrigin,
    Violation, stamp,
};
use crate::query::{Filter, QueryError};
use climb::Climbed;
pub(super) use descend::{Held, addresses};
pub(super) use fetch::{Source, earlier, later, one_of};
pub(super) use mismatch::{Users, agreement, chosen, odd_places, of_names};
use subject::Asked;
pub(super) use subject::{is_seen, only_named};

/// So many credentials of one subject are traced up; those with most calls.
const CHAINS_MAX: usize = 64;

/// What is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceOptions {
    /// So many steps down.
    pub depth: usize,
    /// Whether the tree below is wanted.
    pub down: bool,
    /// The window of what is counted.
    pub window: Window,
}

/// Traces whoever `asked` names: everything that [`super::resolve()`] takes, and the id of an event.
///
/// # Errors
///
/// [`ResolveError`] when nobody or more than one is meant, or the lake cannot be read.
pub async fn trace(ctx: &Session, asked: &str, options: TraceOptions) -> Result<Trace, ResolveError> {
    let source = Source::open(ctx).await?;
    let asked = Box::pin(subject::find(&source, ctx, asked, options.window)).await?;
    Ok(Box::pin(traced(source, asked, options, CHAINS_MAX)).await?.trace)
}

/// The condition that selects the rows of a subject, as a trace of it counts them.
pub(super) async fn own_rows(ctx: &Session, subject: &Resolved) -> Result<Filter, QueryError> {
    subject::own_rows(&Source::open(ctx).await?, subject).await
}

/// A trace, and who acted as what it led to.
pub(super) struct Traced {
    pub(super) trace: Trace,
    /// The lines of the tree that the subject led to.
    pub(super) held: Vec<Held>,
    /// Limits that the tree reached, and what it leaves out when it is followed, in words.
    pub(super) limits: Vec<String>,
    /// The ids of the subject's own callers.
    pub(super) own: BTreeSet<i64>,
}

/// Traces a subject that is resolved already; of its credentials the `chains_max` with most calls are traced up.
pub(super) async fn trace_resolved(
    ctx: &Session,
    subject: &Resolved,
    options: TraceOptions,
    chains_max: usize,
) -> Result<Traced, ResolveError> {
    let source = Source::open(ctx).await?;
    let asked = Box::pin(subject::of(&source, subject, options.window)).await?;
    Ok(Box::pin(traced(source, asked, options, chains_max)).await?)
}

async fn traced(
    source: Source,
    mut asked: Asked,
    options: TraceOptions,
    chains_max: usize,
) -> Result<Traced, QueryError> {
    let own = asked.credentials.iter().map(|credential| credential.caller.id).collect();
    let mut truncated = Vec::new();
    // Whoever is asked about by name is the origin of all of its own credentials.
    let traced = if asked.origin.is_some() { &[] } else { asked.credentials.as_slice() };
    let climbs = async {
        let mut climbed: Vec<(Credential, Climbed)> = Vec::new();
        climb::prepare(&source, traced.get(..chains_max).unwrap_or(traced)).await?;
        for credential in traced.iter().take(chains_max) {
            let up = climb::climb(&source, credential, asked.request.as_deref()).await?;
            climbed.push((credential.clone(), up));
        }
        Ok(climbed)
    };
    let (mut climbed, (session_keys, session_calls)) =
        tokio::try_join!(climbs, whole_session(&source, &asked.credentials))?;
    if traced.len() > chains_max {
        truncated.push(format!(
            "{} credentials bear this id; the {chains_max} with most calls were traced up",
            traced.len()
        ));
    }
    let mut not_taken = BTreeSet::new();
    let mut violations: BTreeSet<Violation> = asked.violations.iter().cloned().collect();
    let twins = climbed.iter().flat_map(|(_, up)| &up.twins);
    let twins = twins.filter_map(|twin| Some((twin.key.clone()?, twin.record.time)));
    source.prepare_keys(&twins.collect::<Vec<_>>()).await?;
    for (_, up) in &climbed {
        violations.extend(up.violations.iter().cloned());
        for twin in &up.twins {
            not_taken.insert(not_taken_twin(&source, twin).await?);
        }
    }
    one_name(&mut climbed);
    let chains = chains(&climbed);
    let last = asked.subject.usage.last.map(|last| last.0);
    let (mismatches, mut trusts, (hands, more)) = tokio::try_join!(
        mismatch::mismatches(&source, &climbed),
        trust::trusts(&source, &chains),
        hand::hands(&source, &chains, &asked.credentials, last),
    )?;
    trusts.extend(hands);
    trusts.sort_by(|a, b| (&a.record, a.of, &a.name).cmp(&(&b.record, b.of, &b.name)));
    truncated.extend(more);
    let (origin, links) = shared(&asked, &chains);
    let mut descendants = Vec::new();
    let (mut held, mut limits) = (Vec::new(), Vec::new());
    if options.down && asked.subject.outside_window.is_none() {
        let tree = descend::descend(&source, &asked, options).await?;
        descendants = tree.roots;
        held = tree.held;
        limits.clone_from(&tree.truncated);
        truncated.extend(tree.truncated);
        match tree.left_out {
            0 => {}
            1 => limits.push("1 credential only bears the name of a workload".to_owned()),
            some => limits.push(format!("{some} credentials only bear the name of a workload")),
        }
        match tree.left_open {
            0 => {}
            1 => limits.push("1 credential may be of others as well".to_owned()),
            some => limits.push(format!("{some} credentials may be of others as well")),
        }
    }
    let home = origin.origin.account.clone().or_else(|| asked.subject.node.as_ref()?.account.clone());
    // Said only where nobody is known to have made the key.
    let key_alone = origin.origin.access_key.is_some() && origin.above.is_none();
    let logs_begin = match home.filter(|_| key_alone) {
        Some(account) => source.logs_begin(&account).await?.map(crate::aws::Time),
        None => None,
    };
    asked.subject.session_keys = session_keys;
    asked.subject.session_calls = session_calls;
    asked.subject.acts_for = subject::acts_for(&source, &asked.credentials).await?;
    let trace = Trace {
        schema: SCHEMA,
        logs_begin,
        subject: asked.subject,
        origin,
        links,
        chains,
        not_taken: not_taken.into_iter().collect(),
        trusts,
        descendants,
        mismatches,
        violations: violations.into_iter().collect(),
        truncated,
        left_out: if options.down { left_out(options.window) } else { Vec::new() },
    };
    Ok(Traced { trace, held, limits, own })
}

/// What a window leaves out of what a subject led to: the tree is of what it made in the window, with all that this did.
fn left_out(window: Window) -> Vec<String> {
    let before = window.from.map(|from| {
        let from = stamp(from);
        format!("what it made before {from} is left out, though that may act later: ask without --from")
    });
    let after = window.to.map(|to| {
        let to = stamp(to);
        format!("what it made from {to} on is left out, and what it made before is counted beyond: ask without --to")
    });
    before.into_iter().chain(after).collect()
}

/// Gives an IAM user whose credentials bear several names the last of them: the unique id is of one user
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_rename.html>).
fn one_name(climbed: &mut [(Credential, Climbed)]) {
    type Name = (Option<String>, Option<String>);
    let mut names: BTreeMap<String, BTreeSet<(Option<Time>, Name)>> = BTreeMap::new();
    for (credential, up) in climbed.iter() {
        let own = &up.origin.origin;
        if let Some(id) = own.unique_id.clone() {
            let name = (own.arn.clone(), own.name.clone());
            names.entry(id).or_default().insert((credential.usage.last, name));
        }
    }
    for (_, up) in climbed {
        let all = up.origin.origin.unique_id.as_ref().and_then(|id| names.get(id));
        let Some((all, (_, (arn, name)))) = all.and_then(|all| Some((all, all.last()?))) else { continue };
        let borne: BTreeSet<&String> = all.iter().filter_map(|(_, (_, name))| name.as_ref()).collect();
        if borne.len() < 2 {
            continue;
        }
        let named = |origin: &Origin| Origin {
            arn: arn.clone(),
            name: name.clone(),
            names: borne.iter().map(|name| (*name).clone()).collect(),
            ..origin.clone()
        };
        let before = up.origin.origin.clone();
        up.origin.origin = named(&before);
        if up.origins.remove(&before) {
            up.origins.insert(named(&before));
        }
    }
}

/// An issuance of the same session in the same second, whose key is another.
async fn not_taken_twin(source: &Source, twin: &crate::lineage::Issuance) -> Result<NotTaken, QueryError> {
    let mut calls = 0;
    if let Some(key) = &twin.key {
        let used = source.of_key(key, Some(twin.record.time)).await?;
        calls = used.iter().map(|credential| credential.usage.calls).sum();
    }
    Ok(NotTaken {
        record: (&twin.record).into(),
        access_key: twin.key.clone(),
        calls,
        reason: "the same second and session, but another key".to_owned(),
    })
}

/// The chains, those with most calls first; one of each credential, or one of each origin and links where several
/// credentials share them.
fn chains(climbed: &[(Credential, Climbed)]) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    let mut place: BTreeMap<(Origin, Vec<Link>), usize> = BTreeMap::new();
    for (credential, up) in climbed {
        let mut links = up.links.clone();
        // The lower end differs from credential to credential; what is above is the same.
        if let Some(first) = links.first_mut() {
            first.from.id.clear();
            first.from.access_key = None;
        }
        let same = (up.origin.origin.clone(), links);
        if let Some(chain) = place.get(&same).and_then(|at| chains.get_mut(*at)) {
            chain.usage.merge(&credential.usage);
            continue;
        }
        place.insert(same, chains.len());
        chains.push(Chain {
            credential: credential.caller.node(),
            usage: credential.usage.clone(),
            origin: up.origin.clone(),
            links: up.links.clone(),
            origins: up.origins.iter().cloned().collect(),
        });
    }
    chains.sort_by(|a, b| {
        b.usage
            .calls
            .cmp(&a.usage.calls)
            .then_with(|| a.credential.cmp(&b.credential))
            .then_with(|| a.links.cmp(&b.links))
    });
    chains
}

/// The origin that all chains share, with what all of them share of it, and the links of the one with most calls; nobody
/// where they differ.
fn shared(asked: &Asked, chains: &[Chain]) -> (TracedOrigin, Vec<Link>) {
    if let Some(own) = &asked.origin {
        return (own.clone(), asked.links.clone());
    }
    let Some(first) = chains.first() else {
        let gap = asked.subject.gap.clone().unwrap_or_else(|| Gap {
            reason: Reason::NoCredential,
            text: "no record names a caller here".to_owned(),
            hint: "events that a service reports have no caller".to_owned(),
        });
        return (
            TracedOrigin {
                origin: Origin::unknown(gap),
                above: None,
                above_gap: None,
                others_above: Vec::new(),
            },
            Vec::new(),
        );
    };
    let same = chains.iter().all(|chain| chain.origin.origin.id() == first.origin.origin.id());
    // That nobody is known behind any of them does not make them one: the gap of the first is its own.
    if same && first.origin.origin.kind == OriginKind::Unknown {
        return (first.origin.clone(), first.links.clone());
    }
    if same && let Some(origin) = Origin::shared(chains.iter().map(|chain| &chain.origin.origin)) {
        return (TracedOrigin { origin, ..first.origin.clone() }, first.links.clone());
    }
    let ids: BTreeSet<String> = chains.iter().map(|chain| chain.origin.origin.id()).collect();
    let gap = Gap {
        reason: Reason::SeveralOrigins,
        text: format!("{} different origins stand behind it", ids.len()),
        hint: "see each chain; trace one key or session of it".to_owned(),
    };
    (
        TracedOrigin { origin: Origin::unknown(gap), above: None, above_gap: None, others_above: Vec::new() },
        Vec::new(),
    )
}

/// How many keys the session of the one credential asked about had, and how many calls were made in it; 0 where there is
/// no one session.
async fn whole_session(source: &Source, credentials: &[Credential]) -> Result<(u64, u64), QueryError> {
    let [only] = credentials else { return Ok((0, 0)) };
    let all = source.of_session(&only.caller).await?;
    let keys: BTreeSet<&String> = all.iter().filter_map(|one| one.caller.access_key.as_ref()).collect();
    Ok((keys.len() as u64, all.iter().map(|one| one.usage.calls).sum()))
}
