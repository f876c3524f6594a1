//! What would decide an undetermined request, in words.

use crate::aws::Arn;
use crate::policy::Need;
use crate::replay::answer::Lack;
use crate::replay::{Told, why_unknown};
use crate::snapshot::{owner_of_unsupplied_policy, policy_owner, resource_of_unknown_share};

/// Each thing once: what is missing of several layers is missing once.
pub(super) fn lacks(all: impl Iterator<Item = Lack>) -> Vec<Lack> {
    let mut lacks: Vec<Lack> = Vec::new();
    for lack in all {
        if !lacks.iter().any(|known| known.what == lack.what) {
            lacks.push(lack);
        }
    }
    lacks
}

/// What would decide, in words.
pub(super) fn lack(need: &Need, told: &Told<'_>) -> Lack {
    let (what, why) = match need {
        Need::Key(key) => (key.clone(), why_unknown(key, told)),
        // One lack for all resources of a service: there may be as many as there are events, and the examples name them.
        Need::Missing { layer, what } => {
            let policy_of = owner_of_unsupplied_policy(what).and_then(Arn::parse);
            let share_of = resource_of_unknown_share(what).and_then(Arn::parse);
            match (policy_of, share_of) {
                (Some(owner), _) => (
                    format!("the resource's own policy ({})", owner.service),
                    "not supplied with the snapshot: resource-policies/".to_owned(),
                ),
                (None, Some(shared)) => (
                    format!("whether the resource is shared with the caller's account ({})", shared.service),
                    "shares of AWS RAM and of the services are in no policy".to_owned(),
                ),
                (None, None) => (what.clone(), format!("of the {layer}")),
            }
        }
        Need::Refused { layer, policy, index } => {
            let what = match index {
                Some(index) => format!("statement {index} of {policy}"),
                None => policy.clone(),
            };
            (what, format!("among the {layer}, it cannot be understood; see `policy lint`"))
        }
        // Which one it may be differs from event to event: were it named here, as many groups would be listed.
        Need::Resource => ("the resource".to_owned(), "the record does not tell which".to_owned()),
        Need::ResourceAccount => {
            let owner = policy_owner(&told.asked.shown);
            ("the account of the resource".to_owned(), format!("nothing tells who owns {owner}"))
        }
        Need::Caller => ("who exactly called".to_owned(), "the record does not tell".to_owned()),
        Need::RcpSupport => {
            ("whether RCPs reach the service".to_owned(), "the catalog does not know it".to_owned())
        }
    };
    Lack { what, why }
}
