//! What tells records apart: which part of a caller's names any policy can tell.

use std::net::IpAddr;

use crate::aws::{Arn, Principal as Named};
use crate::policy::{Caller, Document, Principal};
use crate::replay::{Field, Record};

/// Columns that are written by [`write_caller`] and [`write_address`], which leave out what nothing tells apart.
pub(super) const OF_CALLER: [Field; 3] = [Field::IdentityArn, Field::PrincipalId, Field::SourceIpAddress];

/// What the names of instances begin with, after which sessions of instance profiles are called.
const INSTANCE: &str = "i-";

/// Whether a policy names a single session of a role as a principal, by its ARN or by id and name
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-role-session>).
pub(in crate::replay) fn names_sessions(document: &Document) -> bool {
    let listed = document.statements.iter().filter_map(|own| own.principals.as_ref());
    listed.flat_map(|principals| &principals.listed).any(|principal| match principal {
        Principal::Arn(arn) => arn.contains(":assumed-role/"),
        Principal::UniqueId(id) => id.contains(':'),
        _ => false,
    })
}

/// Writes who asked, as far as requests differ by it: not what a role's session is called, unless policies name sessions.
/// Condition keys may still be told from that: then the whole column is among those of the key
/// ([`crate::replay::fields_of_key`]).
pub(super) fn write_caller(record: &Record<'_>, by_session: bool, to: &mut Vec<u8>) {
    match (record.identity_arn, record.identity_type) {
        (Some(arn), Some("AssumedRole")) if !by_session => match without_session(arn) {
            Some((role, is_instance)) => {
                to.push(1 + u8::from(is_instance));
                text(Some(role), to);
                // `AROA…:NAME`, in which the name is the session's.
                let id = record
                    .principal_id
                    .map(|id| id.split_once(':').map_or((id, false), |(id, _)| (id, true)));
                to.push(u8::from(id.is_some_and(|(_, has_name)| has_name)));
                text(id.map(|(id, _)| id), to);
            }
            None => whole(record, to),
        },
        _ => whole(record, to),
    }
}

/// Writes where a call came from, as far as requests differ by it: not the address, but for condition keys that are told from it.
pub(super) fn write_address(from: Option<&str>, to: &mut Vec<u8>) {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    match from {
        Some(address) if is_address(address) => to.push(1),
        other => {
            to.push(0);
            text(other, to);
        }
    }
}

fn whole(record: &Record<'_>, to: &mut Vec<u8>) {
    to.push(0);
    text(record.identity_arn, to);
    text(record.principal_id, to);
}

/// Writes a caller as far as requests differ by it, as [`write_caller`] does.
pub(in crate::replay) fn write_asker(caller: &Caller, by_session: bool, to: &mut Vec<u8>) {
    match caller {
        Caller::RoleSession { session_arn, role_arn, unique_id } if !by_session => {
            to.push(1);
            let role = without_session(session_arn).map_or(session_arn.as_str(), |(role, _)| role);
            text(Some(role), to);
            text(role_arn.as_deref(), to);
            text(unique_id.as_deref().map(|id| id.split_once(':').map_or(id, |(id, _)| id)), to);
        }
        Caller::RoleSession { session_arn, role_arn, unique_id } => {
            to.push(0);
            text(Some(session_arn), to);
            text(role_arn.as_deref(), to);
            text(unique_id.as_deref(), to);
        }
        Caller::User { arn, unique_id } => {
            to.push(2);
            text(Some(arn), to);
            text(unique_id.as_deref(), to);
        }
        Caller::FederatedUser { arn, user_arn } => {
            to.push(3);
            text(Some(arn), to);
            text(user_arn.as_deref(), to);
        }
        Caller::Root { account } => {
            to.push(4);
            to.extend_from_slice(&u64::from(*account).to_le_bytes());
        }
        Caller::Service { name } => {
            to.push(5);
            text(Some(name), to);
        }
        Caller::Federated { provider } => {
            to.push(6);
            text(Some(provider), to);
        }
        Caller::Account { account, unique_id } => {
            to.push(7);
            to.extend_from_slice(&u64::from(*account).to_le_bytes());
            text(unique_id.as_deref(), to);
        }
        Caller::Anonymous => to.push(8),
    }
}

/// The ARN of a role's session up to the session's name, and whether that is one of an instance.
fn without_session(arn: &str) -> Option<(&str, bool)> {
    let Named::RoleSession { session, .. } = Arn::parse(arn)?.principal()? else { return None };
    Some((arn.strip_suffix(session)?, session.starts_with(INSTANCE)))
}

/// Writes a text so that no two are written alike.
pub(in crate::replay) fn text(text: Option<&str>, to: &mut Vec<u8>) {
    to.extend_from_slice(&text.map_or(0, |text| text.len() + 1).to_le_bytes());
    to.extend_from_slice(text.unwrap_or_default().as_bytes());
}
