//! Who of a level switched roles in the console. The record names its principal by ARN alone (`SwitchFrom`): a user or
//! root by that, but a session only by role and name, which others may have had as well.

use chrono::{DateTime, Utc};

use super::Holder;
use crate::aws::{Arn, Principal};
use crate::inquiry::trace::fetch::{Source, later};
use crate::lineage::{Caller, Issuance, ROLE_SESSION_SECONDS, SLACK_SECONDS, is_named_by_identity_center};
use crate::query::QueryError;

/// What is to be said where the record does not tell which session it was.
pub(super) const NAMED_ONLY: &str = "SwitchRole names who switched by ARN alone";

/// Who switched roles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switcher<'a> {
    pub(super) holder: &'a Holder,
    /// Whether nobody else of this ARN comes into question.
    pub(super) is_certain: bool,
}

/// The records by which somebody of a level switched roles.
pub(super) async fn switched_by(source: &Source, level: &[Holder]) -> Result<Vec<Issuance>, QueryError> {
    let may_switch = |holder: &Holder| {
        holder.principal.is_some() || holder.callers.iter().any(|caller| !caller.has_long_term_key())
    };
    if !level.iter().any(may_switch) {
        return Ok(Vec::new());
    }
    let mut found = source.switches().await?;
    found.retain(|issuance| switcher(level, issuance).is_some());
    Ok(found)
}

/// Who of a level switched roles by this record: the user as a whole before one of its sessions; of sessions of one ARN the
/// last that had begun.
pub(super) fn switcher<'a>(level: &'a [Holder], issuance: &Issuance) -> Option<Switcher<'a>> {
    let from = issuance.switch_from.as_deref()?;
    let time = issuance.record.time;
    if let Some(holder) = level.iter().find(|holder| holder.principal.as_deref() == Some(from)) {
        return Some(Switcher { holder, is_certain: true });
    }
    let begun = level.iter().filter_map(|holder| Some((begun(holder, from, time)?, holder)));
    let (_, holder) = begun.max_by_key(|(begun, _)| *begun)?;
    let is_certain = issuance.switcher().as_ref().is_some_and(is_named_by_identity_center);
    Some(Switcher { holder, is_certain })
}

/// When a session of this ARN had begun that may have switched at a moment; a sign-in is as good as its session.
fn begun(holder: &Holder, from: &str, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let own = holder.callers.iter().filter(|caller| is_called(caller, from));
    let begun = own.filter_map(|caller| {
        let first = caller.created.or(holder.first)?;
        let last = caller.created.or(holder.last)?;
        let is_alive = first <= later(time, SLACK_SECONDS) && time <= later(last, ROLE_SESSION_SECONDS);
        is_alive.then_some(first)
    });
    begun.max()
}

/// Whether an ARN is a caller's. Records of sign-ins may name the user without one.
fn is_called(caller: &Caller, arn: &str) -> bool {
    if caller.has_long_term_key() {
        return false;
    }
    if caller.arn.is_some() || !caller.is_user_or_root() {
        return caller.arn.as_deref() == Some(arn);
    }
    let Some(arn) = Arn::parse(arn).filter(|arn| caller.account.as_deref() == Some(arn.account)) else {
        return false;
    };
    match arn.principal() {
        Some(Principal::User { name, .. }) => caller.user_name.as_deref() == Some(name),
        Some(Principal::Root) => caller.identity_type.as_deref() == Some("Root"),
        _ => false,
    }
}
