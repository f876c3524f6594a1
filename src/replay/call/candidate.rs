//! What a call may have asked for beyond what its record tells, where a proposal decides otherwise on that: a resource whose
//! own policy it changes, where the record tells only a part of the resource's name; any action, where the call is one that
//! the catalog does not know. Such calls are undetermined with and without the proposal, and it may break them.

use std::sync::Arc;

use super::super::answer::{Lack, Said, Then};
use super::super::judge::{Judge, Play};
use super::super::{Asked, Fields, Origin, Reading, ResourceFrom};
use super::{Call, Opinion, Who};
use crate::aws::{Arn, Denial, service_of};
use crate::catalog::event::{Presence, services_of};
use crate::catalog::resource::Certainty;
use crate::policy::{Caller, Outcome, Resource, Truth, resource_covers};

/// Changed resources that are looked at for one request, at most.
const CHANGED_MAX: usize = 1_000;

/// A proposal beside today's policies, of one call.
pub(in crate::replay) struct Under<'a> {
    pub(in crate::replay) plays: Vec<Play>,
    candidates: Vec<Candidate>,
    pub(in crate::replay) judge: &'a mut Judge,
}

/// A request that the call may have made.
struct Candidate {
    /// Which of the call's own requests it may be.
    at: usize,
    asked: Asked,
    today: Play,
    under: Play,
    why: &'static str,
}

impl Under<'_> {
    /// The columns that the keys in play are told from.
    pub(in crate::replay) fn fields(&self) -> Fields {
        let of_candidates = self.candidates.iter().flat_map(|one| [&one.today, &one.under]);
        self.plays.iter().chain(of_candidates).fold(Fields::NONE, |fields, play| fields.and(play.fields))
    }

    /// Whether the call may be more than its requests tell.
    pub(in crate::replay) fn is_open(&self) -> bool {
        !self.candidates.is_empty()
    }
}

impl Call<'_> {
    /// The call under a proposal.
    pub(in crate::replay) fn under<'b>(&self, today: &mut Judge, judge: &'b mut Judge) -> Under<'b> {
        let plays = self.plays(judge);
        let mut candidates = Vec::new();
        let limits = self.limits();
        let found = self
            .who
            .as_ref()
            .filter(|_| self.then == Then::Allowed)
            .map(|who| (who, self.possible(who, today, judge)));
        for (who, (at, asked, why)) in
            found.into_iter().flat_map(|(who, all)| all.into_iter().map(move |one| (who, one)))
        {
            let under = judge.play(self.record, who, &asked, limits);
            let today = today.play(self.record, who, &asked, limits);
            candidates.push(Candidate { at, asked, today, under, why });
        }
        Under { plays, candidates, judge }
    }

    /// The requests that the call may have made and that the proposal may decide otherwise on.
    fn possible(&self, who: &Who, today: &Judge, judge: &mut Judge) -> Vec<(usize, Asked, &'static str)> {
        if let Reading::Unmapped(_) = &self.reading {
            return self
                .unmapped(who)
                .into_iter()
                .map(|asked| (0, asked, "no action of that name is known, and the proposal may refuse it"))
                .collect();
        }
        let Ok((asked, _)) = self.asked() else { return Vec::new() };
        let is_partly = |one: &Asked| matches!(one.resource, Resource::Pattern(_) | Resource::Unknown);
        if !asked.iter().any(is_partly) {
            return Vec::new();
        }
        let changed = judge.changed(&today.snapshot);
        let each =
            asked.iter().enumerate().filter(|(_, one)| is_partly(one) && one.presence == Presence::Certain);
        let all = each.flat_map(|(at, one)| {
            let named = changed.iter().filter_map(move |arn| may_be(one, arn));
            named.map(move |(resource, arn)| {
                let own = Arn::parse(arn).and_then(Arn::account_id).or(one.resource_account);
                let asked = Asked { resource, shown: arn.to_owned(), resource_account: own, ..one.clone() };
                (at, asked, "the proposal changes the policy of that resource")
            })
        });
        all.take(CHANGED_MAX).collect()
    }

    /// A call of which no action is known, as the action that it is called like: most are.
    fn unmapped(&self, who: &Who) -> Option<Asked> {
        if matches!(who.caller, Caller::Service { .. }) {
            return None;
        }
        let (source, name) = (self.record.event_source?, self.record.event_name?);
        let services = services_of(source);
        let prefix = services.first().map_or_else(|| service_of(source), |service| service.prefix);
        Some(Asked {
            action: format!("{prefix}:{name}"),
            resource: Resource::Unknown,
            shown: "*".to_owned(),
            certainty: Certainty::Unknown,
            from: ResourceFrom::Action,
            resource_account: who.caller.account(),
            again: None,
            origin: Origin::Call,
            presence: Presence::Certain,
        })
    }

    /// The first request that the call may have made which the proposal may refuse though today's policies may allow it: the
    /// place of the call's own request, and what is not known.
    pub(super) fn lost(&self, today: &mut Judge, under: &mut Under<'_>) -> Option<(usize, Lack)> {
        let who = self.who.as_ref()?;
        let snapshots = (Arc::clone(&today.snapshot), Arc::clone(&under.judge.snapshot));
        let found = under.candidates.iter().find(|one| {
            let (told, told_under) =
                (self.told(who, &one.asked, &snapshots.0), self.told(who, &one.asked, &snapshots.1));
            let (_, own) = today.judge(&told, &one.today);
            let (_, other) = under.judge.judge(&told_under, &one.under);
            match (own.outcome, other.outcome) {
                (Outcome::ExplicitlyDenied, _) | (_, Outcome::Allowed) => false,
                // Something that is in no snapshot may allow what nothing denies.
                (Outcome::ImplicitlyDenied, other) => other == Outcome::ExplicitlyDenied,
                (Outcome::Undetermined, Outcome::Undetermined) => {
                    under.judge.may_lose((today, &told, &one.today), &told_under, &one.under)
                }
                (Outcome::Allowed | Outcome::Undetermined, _) => true,
            }
        });
        let of = |one: &Candidate| {
            let what = match &self.reading {
                Reading::Unmapped(_) => format!("whether the call is {}", one.asked.action),
                _ => format!("whether it asked for {}", one.asked.shown),
            };
            (one.at, Lack { what, why: one.why.to_owned() })
        };
        found.map(of)
    }
}

impl Call<'_> {
    /// Leaves open what S3 may have refused for another reason than a policy: it keeps those who sign nothing out of public
    /// buckets where Block Public Access says so, which is on for every new bucket
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>). And what AWS says that
    /// no policy refused.
    pub(super) fn leave_open(&self, who: &Who, opinion: &mut Opinion) {
        if self.then != Then::Denied || opinion.said != Said::Allowed {
            return;
        }
        let is_public = matches!(who.caller, Caller::Anonymous) && opinion.action.starts_with("s3:");
        let beyond = self.record.error_message.and_then(Denial::beyond_policies);
        let (what, why) = match beyond {
            Some(other) => (
                format!("whether {other} would let it pass"),
                "AWS says that it refused, and it is in no snapshot",
            ),
            None if is_public => {
                ("whether Block Public Access kept the caller out".to_owned(), "it is in no snapshot")
            }
            None => return,
        };
        opinion.said = Said::Undetermined;
        opinion.decided.clear();
        opinion.deciding_keys.clear();
        opinion.needs.push(Lack { what, why: why.to_owned() });
    }
}

/// The request's resource, if it may be this one or a part of it.
fn may_be<'a>(asked: &Asked, arn: &'a str) -> Option<(Resource, &'a str)> {
    let parsed = Arn::parse(arn)?;
    match &asked.resource {
        Resource::Unknown => {
            let service = asked.action.split(':').next().unwrap_or_default();
            let resource = if parsed.service == "s3" {
                Resource::Pattern(format!("{arn}/*"))
            } else {
                Resource::Named(arn.to_owned())
            };
            parsed.service.eq_ignore_ascii_case(service).then_some((resource, arn))
        }
        Resource::Pattern(pattern) if resource_covers(pattern, arn) != Truth::No => {
            Some((Resource::Named(arn.to_owned()), arn))
        }
        // What belongs to a resource stands behind it.
        Resource::Pattern(pattern) => {
            let parts = [format!("{arn}/*"), format!("{arn}:*")];
            let part = parts.into_iter().find(|part| resource_covers(part, pattern) != Truth::No)?;
            Some((Resource::Pattern(part), arn))
        }
        Resource::Named(_) | Resource::Any => None,
    }
}
