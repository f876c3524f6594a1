//! Who of a level switched roles in the console. The record names its principal by ARN alone (`SwitchFrom`): a user or
//! root by that, but a session only by role and name, which others may have had as well.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Holder;
use crate::aws::{Arn, Principal};
use crate::inquiry::trace::fetch::{Source, later};
use crate::lineage::{
    Caller, Credential, Issuance, ROLE_SESSION_SECONDS, RecordRef, SLACK_SECONDS, find_sign_ins,
    is_named_by_identity_center,
};
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

/// Of records of switching by users the sign-in, where only one comes into question: it is that one, as a walk up finds it.
#[derive(Debug, Default)]
pub(super) struct SignIns {
    only: BTreeMap<RecordRef, DateTime<Utc>>,
    /// The sign-ins whose sessions did something, each by its user's ARN: what is of them stands below their own line.
    opened: BTreeSet<(String, DateTime<Utc>)>,
}

/// Where a record of switching stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// More than one sign-in, or none, comes into question.
    Open,
    /// With whoever came by the one sign-in.
    At(&'a Holder),
    /// With nobody of this level.
    Elsewhere,
}

impl SignIns {
    /// The sign-ins of the users that switched by some records; `used` are the credentials of the level below.
    pub(super) async fn of(
        source: &Source,
        issued: &[&Issuance],
        used: &[Credential],
    ) -> Result<SignIns, QueryError> {
        let mut found = SignIns::default();
        let by_user = |one: &&&Issuance| one.switcher().is_some_and(|from| from.is_user_or_root());
        let switched: Vec<&&Issuance> = issued.iter().filter(by_user).collect();
        let times = || switched.iter().map(|one| one.record.time);
        let Some((first, last)) = times().min().zip(times().max()) else { return Ok(found) };
        let sign_ins = source.signed_in_between(first, last).await?;
        for one in switched {
            if let [only] = find_sign_ins(one, &sign_ins).as_slice() {
                found.only.insert(one.record.clone(), only.record.time);
            }
        }
        let of_console = used.iter().map(|one| &one.caller).filter(|caller| !caller.has_long_term_key());
        found.opened.extend(of_console.filter_map(|caller| caller.arn.clone().zip(caller.created)));
        Ok(found)
    }

    /// Where a record of switching stands among the holders of a level.
    pub(super) fn place<'a>(&self, level: &'a [Holder], issuance: &Issuance) -> Place<'a> {
        let only = self.only.get(&issuance.record).zip(issuance.switch_from.as_ref());
        let Some((time, from)) = only else { return Place::Open };
        if level.iter().any(|holder| holder.principal.as_ref() == Some(from)) {
            return Place::Open;
        }
        let is_session = |caller: &Caller| caller.created == Some(*time) && is_called(caller, from);
        let is_sign_in = |holder: &Holder| {
            let within =
                holder.first.zip(holder.last).is_some_and(|(first, last)| first <= *time && *time <= last);
            within && holder.callers.iter().any(|caller| caller.signs_in() && is_called(caller, from))
        };
        if let Some(holder) = level.iter().find(|holder| holder.callers.iter().any(is_session)) {
            return Place::At(holder);
        }
        match level.iter().find(|holder| is_sign_in(holder)) {
            Some(holder) if !self.opened.contains(&(from.clone(), *time)) => Place::At(holder),
            _ => Place::Elsewhere,
        }
    }
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
