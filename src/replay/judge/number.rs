//! Policy sets and requests as numbers: two that differ have different ones.

use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::Play;
use crate::aws::AccountId;
use crate::policy::{Attached, Caller, Document, PolicySet, Request, Resource, Standing};
use crate::replay::fold::{text, write_asker};

/// What a document says, as a number, whatever it is called.
pub(super) fn said_by(document: &Document) -> u128 {
    let name = (!document.refused.is_empty()).then_some(&document.name);
    xxh3_128(format!("{:?}", (name, Document { name: String::new(), ..document.clone() })).as_bytes())
}

/// The number of policies of which all but the resource's have this one.
pub(super) fn with_resource(number: u128, resource: Option<&Attached>) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&number.to_le_bytes());
    attached(&mut hash, resource);
    hash.digest128()
}

/// What stands in a policy set, as a number: documents by their places, which stay for as long as the snapshot and the
/// issuances do. Every list is led by its length and every text by its own, so that no two sets are written alike.
pub(super) fn fingerprint(set: &PolicySet) -> u128 {
    let mut hash = Xxh3::new();
    attached(&mut hash, Some(&set.identity));
    for layer in [&set.boundary, &set.session, &set.resource, &set.vpc_endpoint] {
        attached(&mut hash, layer.as_ref());
    }
    for levels in [&set.scp, &set.rcp] {
        hash.update(&[u8::from(levels.is_some())]);
        let Some(levels) = levels else { continue };
        hash.update(&levels.levels.len().to_le_bytes());
        for level in &levels.levels {
            text_of(&mut hash, Some(&level.target));
            attached(&mut hash, Some(&level.attached));
        }
        text_of(&mut hash, levels.missing.as_deref());
    }
    hash.digest128()
}

fn attached(hash: &mut Xxh3, layer: Option<&Attached>) {
    hash.update(&[u8::from(layer.is_some())]);
    let Some(layer) = layer else { return };
    hash.update(&layer.policies.len().to_le_bytes());
    for policy in &layer.policies {
        hash.update(&Arc::as_ptr(policy).addr().to_le_bytes());
    }
    hash.update(&[layer.may as u8]);
    text_of(hash, layer.missing.as_deref());
}

fn text_of(hash: &mut Xxh3, text: Option<&str>) {
    hash.update(&text.map_or(0, |text| text.len() + 1).to_le_bytes());
    hash.update(text.unwrap_or_default().as_bytes());
}

/// Undetermined requests as a number: what would decide is the same for those that agree in policies, action, whose they
/// are, which keys are not known, and how every statement bears on them.
pub(super) fn alike(request: &Request, play: &Play, bearing: &[u8]) -> u128 {
    let mut told = Vec::with_capacity(256 + bearing.len());
    told.extend_from_slice(&play.content.to_le_bytes());
    text(Some(&request.action), &mut told);
    told.push(match &request.caller {
        Caller::User { .. } => 0,
        Caller::RoleSession { .. } => 1,
        Caller::FederatedUser { .. } => 2,
        Caller::Root { .. } => 3,
        Caller::Service { .. } => 4,
        Caller::Federated { .. } => 5,
        Caller::Account { .. } => 6,
        Caller::Anonymous => 7,
    });
    number_in(request.resource_account, &mut told);
    number_in(request.caller.account(), &mut told);
    told.push(request.rcp_supported.map_or(2, u8::from));
    told.extend(play.keys.iter().map(|key| u8::from(*request.context.of_folded(key) == Standing::Unknown)));
    told.extend_from_slice(bearing);
    xxh3_128(&told)
}

pub(super) fn number_in(account: Option<AccountId>, told: &mut Vec<u8>) {
    told.push(u8::from(account.is_some()));
    told.extend_from_slice(&account.map_or(0, u64::from).to_le_bytes());
}

/// A request as a number: caller, action, resource, and what is known of the keys that the policies in play read. What a
/// role's session is called counts only where a policy tells sessions apart.
pub(super) fn number_of(request: &Request, keys: &[Box<str>], by_session: bool) -> u128 {
    let name = match &request.resource {
        Resource::Named(arn) | Resource::Pattern(arn) => Some(arn.as_str()),
        Resource::Any | Resource::Unknown => None,
    };
    let mut told = Vec::with_capacity(512);
    write_before(request, by_session, &mut told);
    text(name, &mut told);
    write_after(request, keys, &mut told);
    xxh3_128(&told)
}

/// Writes what stands before the name of the resource.
fn write_before(request: &Request, by_session: bool, to: &mut Vec<u8>) {
    write_asker(&request.caller, by_session, to);
    text(Some(&request.action), to);
    to.push(match &request.resource {
        Resource::Named(_) => 0_u8,
        Resource::Pattern(_) => 1,
        Resource::Any => 2,
        Resource::Unknown => 3,
    });
}

/// Writes what stands behind it.
fn write_after(request: &Request, keys: &[Box<str>], to: &mut Vec<u8>) {
    number_in(request.resource_account, to);
    for key in keys {
        match request.context.of_folded(key) {
            Standing::Values(values) => {
                to.push(0);
                to.extend_from_slice(&values.len().to_le_bytes());
                for value in values {
                    text(Some(value), to);
                }
            }
            Standing::Absent => to.push(1),
            Standing::Unknown => to.push(2),
        }
    }
}

/// What tells requests apart but for the name of the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::replay) struct Unnamed {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Unnamed {
    pub(super) fn of(request: &Request, keys: &[Box<str>], by_session: bool) -> Self {
        let (mut before, mut after) = (Vec::with_capacity(256), Vec::with_capacity(128));
        write_before(request, by_session, &mut before);
        write_after(request, keys, &mut after);
        Self { before, after }
    }

    /// The request as a number, with the name of its resource.
    pub(in crate::replay) fn named(&self, name: Option<&str>) -> u128 {
        self.named_in(name, &mut Vec::with_capacity(self.before.len() + self.after.len() + 128))
    }

    /// The same, with a buffer.
    pub(in crate::replay) fn named_in(&self, name: Option<&str>, told: &mut Vec<u8>) -> u128 {
        told.clear();
        told.extend_from_slice(&self.before);
        text(name, told);
        told.extend_from_slice(&self.after);
        xxh3_128(told)
    }
}
