//! Whether one set of policies may refuse what another one may allow, of a request that neither decides.
//!
//! Layer by layer: whatever the unknown turns out to be, a set refuses no more than another one as long as each of its
//! layers allows no less and denies no more. A statement allows no less than another one if all that has to turn out well
//! for it has to for the other one, too. What a layer no longer allows counts only where no other layer makes up for it.

mod terms;

use super::layers::{Layers, Owner};
use super::scan::{Hit, Scan, may_grant_as_written};
use crate::policy::compile::{CompiledLayer, CompiledSet, LayerKind};
use crate::policy::document::Effect;
use crate::policy::matching::Fit;
use crate::policy::prepare::PreparedRequest;
use crate::policy::truth::Truth;
use terms::{Alternative, is_covered};

/// A part of what grants, of which a proposal may grant less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    Identity,
    Boundary,
    Session,
    Direct,
    Role,
    Account,
}

const GRANTS: [Grant; 6] =
    [Grant::Identity, Grant::Boundary, Grant::Session, Grant::Direct, Grant::Role, Grant::Account];

/// A set, and a request that was prepared for it.
type Asked<'a> = (&'a CompiledSet, &'a PreparedRequest);

impl CompiledSet {
    /// Whether there is something unknown that may turn out so that this set allows a request and another one does not.
    /// Meant for requests that both leave undetermined: `request` and `asked` are the same one, prepared for each. Where it
    /// cannot be told, it may.
    #[must_use]
    pub fn may_lose(&self, request: &PreparedRequest, under: &CompiledSet, asked: &PreparedRequest) -> bool {
        let (own, other) = ((self, request), (under, asked));
        let mut lost = Vec::new();
        for (at, layer) in under.layers.iter().enumerate() {
            let before = self.like(layer);
            if denies_more(own, before, other, (at, layer)) {
                return true;
            }
            let less = grants_less(own, before, other, (at, layer));
            if layer.kind.is_cap() && !less.is_empty() {
                return true;
            }
            lost.extend(less);
        }
        // A layer that is no more there grants nothing more.
        for (at, layer) in self.layers.iter().enumerate() {
            let is_gone = under.like(layer).is_none() && layer.kind == LayerKind::Resource;
            if is_gone && self.look(at, layer, request).0.allow.any() != Truth::No {
                lost.extend([Grant::Direct, Grant::Role, Grant::Account]);
            }
        }
        !lost.is_empty() && under.counts(asked, &lost)
    }

    /// The layer of the same kind and level.
    fn like(&self, wanted: &CompiledLayer) -> Option<(usize, &CompiledLayer)> {
        let is_like = |own: &CompiledLayer| own.kind == wanted.kind && own.target == wanted.target;
        self.layers.iter().enumerate().find(|(_, own)| is_like(own))
    }

    fn look<'s>(
        &'s self,
        at: usize,
        layer: &'s CompiledLayer,
        request: &PreparedRequest,
    ) -> (Scan, Vec<Hit<'s>>) {
        self.survey_layer(at, layer, request)
    }

    /// Whether it may make a difference that these grant less.
    fn counts(&self, request: &PreparedRequest, lost: &[Grant]) -> bool {
        let mut layers = Layers::new(&request.caller);
        for (at, layer) in self.layers.iter().enumerate() {
            let (scan, _) = self.look(at, layer, request);
            if scan.binds != Truth::No {
                layers.take(at, layer.kind, scan);
            }
        }
        let owners: Vec<Owner> = match Owner::known(request) {
            Some(owner) => vec![owner],
            None => Owner::possible(request).into_iter().flatten().collect(),
        };
        let is_open = |grant: &Grant| !lost.contains(grant) && layers.of(*grant) == Truth::Unknown;
        let open: Vec<Grant> = GRANTS.into_iter().filter(is_open).collect();
        (0..1_u32 << open.len()).any(|way| {
            let mut layers = layers;
            for (bit, grant) in open.iter().enumerate() {
                layers.set(*grant, Truth::from(way >> bit & 1 == 1));
            }
            let with = |truth| {
                let mut layers = layers;
                for grant in lost {
                    layers.set(*grant, truth);
                }
                layers
            };
            let (with, without) = (with(Truth::Yes), with(Truth::No));
            owners.iter().any(|owner| {
                let grants = |layers: &Layers| {
                    if owner.same { layers.grant_inside(request) } else { layers.grant_across(request) }
                };
                grants(&with) != Truth::No && grants(&without) != Truth::Yes
            })
        })
    }
}

impl LayerKind {
    /// Whether nothing makes up for what it does not allow.
    fn is_cap(self) -> bool {
        matches!(self, Self::ServiceControl | Self::ResourceControl | Self::VpcEndpoint)
    }
}

impl Layers {
    fn of(&self, grant: Grant) -> Truth {
        match grant {
            Grant::Identity => self.identity,
            Grant::Boundary => self.boundary,
            Grant::Session => self.session,
            Grant::Direct => self.resource.direct,
            Grant::Role => self.resource.role,
            Grant::Account => self.resource.account,
        }
    }

    fn set(&mut self, grant: Grant, truth: Truth) {
        match grant {
            Grant::Identity => self.identity = truth,
            Grant::Boundary => self.boundary = truth,
            Grant::Session => self.session = truth,
            Grant::Direct => self.resource.direct = truth,
            Grant::Role => self.resource.role = truth,
            Grant::Account => self.resource.account = truth,
        }
    }
}

type At<'a> = (usize, &'a CompiledLayer);

/// Whether a layer may deny what it did not deny before.
fn denies_more(own: Asked<'_>, before: Option<At<'_>>, other: Asked<'_>, (at, layer): At<'_>) -> bool {
    let (scan, hits) = other.0.look(at, layer, other.1);
    if scan.deny == Truth::No {
        return false;
    }
    let Some((before_at, before)) = before else { return true };
    if layer.missing.is_some() && layer.missing != before.missing {
        return true;
    }
    let (_, known) = own.0.look(before_at, before, own.1);
    let denies = |hit: &&Hit<'_>| hit.rule.effect != Some(Effect::Allow) && hit.fit.any() != Truth::No;
    let of = |hit: &Hit<'_>, asked| Alternative::of(hit, layer.kind, asked);
    let known: Vec<Alternative> = known.iter().filter(denies).map(|hit| of(hit, own)).collect();
    let is_known = |hit: &Hit<'_>| is_covered(&of(hit, other), &known);
    !hits.iter().filter(denies).all(is_known)
}

/// What a layer may grant less of than before.
fn grants_less(own: Asked<'_>, before: Option<At<'_>>, other: Asked<'_>, (at, layer): At<'_>) -> Vec<Grant> {
    let grants: &[Grant] = match layer.kind {
        LayerKind::Boundary => &[Grant::Boundary],
        LayerKind::Session => &[Grant::Session],
        LayerKind::Resource => &[Grant::Direct, Grant::Role, Grant::Account],
        _ => &[Grant::Identity],
    };
    let (scan, hits) = other.0.look(at, layer, other.1);
    if scan.binds == Truth::No || layer.kind != LayerKind::Resource && scan.allow.any() == Truth::Yes {
        return Vec::new();
    }
    // What was not there capped nothing and granted nothing.
    let Some((before_at, before)) = before else {
        return if layer.kind.is_ceiling() { grants.to_vec() } else { Vec::new() };
    };
    let (was, known) = own.0.look(before_at, before, own.1);
    if was.allow.any() == Truth::No {
        return Vec::new();
    }
    if before.missing.is_some() && before.missing != layer.missing {
        return grants.to_vec();
    }
    let may_allow = |hit: &&Hit<'_>| may_grant_as_written(hit.rule, layer.kind) && hit.fit.any() != Truth::No;
    let of = |hit: &Hit<'_>, asked| Alternative::of(hit, layer.kind, asked);
    let still: Vec<Alternative> = hits.iter().filter(may_allow).map(|hit| of(hit, other)).collect();
    let lost = known.iter().filter(may_allow).map(|hit| (hit.fit, of(hit, own)));
    let lost = lost.filter(|(_, alternative)| !is_covered(alternative, &still));
    let lost = lost.fold(Fit::NONE, |all, (fit, _)| all.or(fit));
    if layer.kind != LayerKind::Resource {
        return if lost.any() == Truth::No { Vec::new() } else { grants.to_vec() };
    }
    let parts =
        [(lost.direct, scan.allow.direct), (lost.role, scan.allow.role), (lost.account, scan.allow.account)];
    let is_less = |(lost, still): &(Truth, Truth)| *lost != Truth::No && *still != Truth::Yes;
    grants.iter().zip(parts).filter(|(_, part)| is_less(part)).map(|(grant, _)| *grant).collect()
}

#[cfg(test)]
mod tests;
