//! Who is behind a subject: a trace in the words of an investigation.

use std::collections::BTreeMap;

use super::trace::{TraceOptions, Traced, trace_resolved};
use super::{ResolveError, Resolved};
use crate::aws::Arn;
use crate::investigate::{Behind, OriginSeen, SubjectKind};
use crate::lake::Session;
use crate::lineage::{Origin, OriginKind};

/// So many credentials of one subject are traced up, fewer than `trace` does: the first lines only name who it was.
const CHAINS_MAX: usize = 16;

/// Whether a subject is told by credentials of its own: then somebody is behind it, and something below it.
pub(super) fn has_credentials(subject: &Resolved) -> bool {
    match subject.kind {
        SubjectKind::Address => false,
        SubjectKind::Other => Arn::parse(&subject.id).is_some(),
        _ => true,
    }
}

/// Traces a subject up, or only down where that is asked for. None where no credential of it is known.
///
/// # Errors
///
/// [`ResolveError::Ambiguous`] where users bore the name one after another; [`ResolveError::Query`] when the lake cannot be
/// read.
pub(super) async fn traced(
    ctx: &Session,
    subject: &Resolved,
    options: TraceOptions,
) -> Result<Option<Traced>, ResolveError> {
    if !has_credentials(subject) {
        return Ok(None);
    }
    let chains_max = if options.down { 0 } else { CHAINS_MAX };
    match Box::pin(trace_resolved(ctx, subject, options, chains_max)).await {
        Ok(traced) => Ok(Some(traced)),
        Err(error @ (ResolveError::Query(_) | ResolveError::Ambiguous { .. })) => Err(error),
        // Somebody without a caller in these rows has no chain.
        Err(_) => Ok(None),
    }
}

/// Who is behind the subject.
pub(super) fn behind(traced: &Traced) -> Behind {
    let trace = &traced.trace;
    let mut ways: BTreeMap<(OriginKind, String), (Vec<&Origin>, u64)> = BTreeMap::new();
    for chain in &trace.chains {
        let origin = &chain.origin.origin;
        let (same, calls) = ways.entry((origin.kind, origin.id())).or_default();
        same.push(origin);
        *calls += chain.usage.calls;
    }
    let seen = |(same, calls)| Some(OriginSeen { origin: Origin::shared::<'_>(same)?, calls });
    let mut origins: Vec<OriginSeen> = ways.into_values().filter_map(seen).collect();
    origins.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.origin.cmp(&b.origin)));
    Behind {
        origin: trace.origin.clone(),
        links: trace.links.clone(),
        chains: trace.chains.len() as u64,
        origins,
        mismatches: trace.mismatches.iter().filter(|one| one.kind == "source-identity").cloned().collect(),
        limits: trace.truncated.iter().filter(|limit| !traced.limits.contains(limit)).cloned().collect(),
    }
}
