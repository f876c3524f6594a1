//! Several walks up ask for the same things at every step: they are asked for together, before each walks by itself.
//!
//! Nothing depends on it but time: a walk finds in the [`Source`] what was asked for already, and asks for the rest.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::candidates;
use crate::inquiry::trace::fetch::Source;
use crate::lineage::{Caller, Class, Credential, find};
use crate::query::QueryError;

/// So many steps up are prepared; walks that go on ask by themselves.
const STEPS_MAX: usize = 24;

/// A credential on its way up, with its first use.
pub(in crate::inquiry::trace) type Climber = (Caller, Option<DateTime<Utc>>);

/// Prepares the walks up from some credentials.
pub(in crate::inquiry::trace) async fn prepare(
    source: &Source,
    credentials: &[Credential],
) -> Result<(), QueryError> {
    let climber = |one: &Credential| (one.caller.clone(), one.usage.first.map(|time| time.0));
    let mut level: Vec<Climber> = credentials.iter().map(climber).collect();
    let mut seen = BTreeSet::new();
    for step in 0..STEPS_MAX {
        level.retain(|(caller, _)| is_climber(caller) && seen.insert(caller.id));
        if level.len() < 2 {
            return Ok(());
        }
        let twins = if step == 0 { Twins::Wanted } else { Twins::Unwanted };
        prepare_candidates(source, &level, twins).await?;
        let mut makers: Vec<Climber> = Vec::new();
        for (caller, first) in &level {
            let list = candidates(source, caller, *first).await?;
            let found = find(caller, *first, &list);
            let chosen = found.best.first().filter(|chosen| chosen.switch_from.is_none());
            makers.extend(chosen.map(|chosen| (chosen.maker().clone(), Some(chosen.record.time))));
        }
        let made = |(maker, _): &Climber| Some((maker.access_key.clone()?, maker.created?));
        let keys: Vec<(String, DateTime<Utc>)> = makers.iter().filter_map(made).collect();
        source.prepare_keys(&keys).await?;
        level.clear();
        for (maker, moment) in makers {
            if !is_climber(&maker) || seen.contains(&maker.id) {
                continue;
            }
            let whole = source.whole(&maker).await?;
            let used = whole.as_ref().and_then(|whole| whole.usage.first).map(|time| time.0);
            let first = [used, moment].into_iter().flatten().min();
            level.push((whole.map_or(maker, |whole| whole.caller), first));
        }
    }
    Ok(())
}

fn is_climber(caller: &Caller) -> bool {
    caller.class == Class::Credential && !caller.has_long_term_key()
}

/// Whether the twins of credentials are asked for, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inquiry::trace) enum Twins {
    Wanted,
    Unwanted,
}

/// Prepares what [`candidates`] asks for some credentials.
pub(in crate::inquiry::trace) async fn prepare_candidates(
    source: &Source,
    climbers: &[Climber],
    twins: Twins,
) -> Result<(), QueryError> {
    let mut keys = Vec::new();
    for (caller, first) in climbers {
        let moment = caller.created.or(*first);
        keys.extend(caller.access_key.clone().zip(moment));
    }
    source.prepare_naming(&keys).await?;
    let mut open = Vec::new();
    for (caller, first) in climbers {
        let (Some(created), Some(arn)) = (caller.created, &caller.arn) else { continue };
        let is_open = match &caller.access_key {
            Some(key) if twins == Twins::Unwanted => {
                find(caller, *first, &source.naming(key, Some(created)).await?).best.is_empty()
            }
            _ => true,
        };
        if is_open {
            open.push((created, arn.clone()));
        }
    }
    source.prepare_around(&open).await
}
