//! The requests that a suggested policy must allow.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

use super::variable;

/// So many different resources of one action are kept apart for a principal; of more, what their last parts have in common is.
pub(crate) const RESOURCES_MAX: usize = 2_000;

/// The steps in which resources are made coarser: how many parts between slashes are kept.
const STEPS: [usize; 5] = [usize::MAX, 4, 3, 2, 1];

/// What a request was for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) enum Needed {
    /// The action takes none.
    Any,
    /// This one.
    Named(String),
    /// One of which only a part is known.
    Pattern(String),
    /// It is not known which.
    Unknown,
    /// Of whoever calls, as a policy writes it: with the variables of the statement that allows it, and all else of it that is
    /// known.
    Own(String),
}

/// A request that worked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Need {
    pub(crate) action: String,
    /// The slot of the statement that allows it today; None if none does, or if something denies it for certain.
    pub(crate) by: Option<usize>,
    /// The services that a role was passed to, where that is known.
    pub(crate) passed_to: Vec<String>,
    /// Whether nothing else allows it today.
    pub(crate) is_proven: bool,
    pub(crate) resource: Needed,
}

impl Need {
    /// Whether a role was passed of which nobody knows which one it is.
    pub(crate) fn is_of_unknown_role(&self) -> bool {
        self.action == "iam:PassRole"
            && !matches!(self.resource, Needed::Named(_) | Needed::Any | Needed::Own(_))
    }
}

/// Requests by principal.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Needs(BTreeMap<usize, BTreeMap<Group, Resources>>);

type Group = (String, Option<usize>, Vec<String>, bool);

/// Resources with the number of requests; the coarser the more there are, whatever their order.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
struct Resources {
    step: usize,
    all: BTreeMap<Needed, u64>,
}

impl Needs {
    pub(crate) fn add(&mut self, subject: usize, need: &Need, count: u64) {
        let group = (need.action.clone(), need.by, need.passed_to.clone(), need.is_proven);
        self.0.entry(subject).or_default().entry(group).or_default().add(&need.resource, count);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (subject, groups) in other.0 {
            let own = self.0.entry(subject).or_default();
            for (group, resources) in groups {
                let known = own.entry(group).or_default();
                for (resource, count) in resources.all {
                    known.add(&resource, count);
                }
                known.coarsen(resources.step);
            }
        }
    }

    /// The requests of a principal, in order.
    pub(crate) fn of(&self, subject: usize) -> Vec<(Need, u64)> {
        let groups = self.0.get(&subject).into_iter().flatten();
        let needs = groups.flat_map(|((action, by, passed_to, is_proven), resources)| {
            resources.all.iter().map(move |(resource, count)| {
                let need = Need {
                    action: action.clone(),
                    by: *by,
                    passed_to: passed_to.clone(),
                    is_proven: *is_proven,
                    resource: resource.clone(),
                };
                (need, *count)
            })
        });
        needs.collect()
    }
}

impl Resources {
    fn add(&mut self, resource: &Needed, count: u64) {
        *self.all.entry(coarse(resource, self.step)).or_default() += count;
        while self.all.len() > RESOURCES_MAX && self.step + 1 < STEPS.len() {
            self.coarsen(self.step + 1);
        }
    }

    fn coarsen(&mut self, step: usize) {
        if step <= self.step {
            return;
        }
        self.step = step;
        let all = std::mem::take(&mut self.all);
        for (resource, count) in all {
            *self.all.entry(coarse(&resource, step)).or_default() += count;
        }
    }
}

/// A resource of which only so many parts are kept.
fn coarse(resource: &Needed, step: usize) -> Needed {
    let kept = STEPS.get(step).copied().unwrap_or(1);
    if let Needed::Own(text) = resource {
        let parts = variable::split(text, &['/']);
        let Some(some) = parts.get(..kept).filter(|some| some.len() < parts.len()) else {
            return resource.clone();
        };
        let beginning: String = some.iter().flat_map(|(part, end)| [*part, *end]).collect();
        return Needed::Own(format!("{beginning}*"));
    }
    let (Needed::Named(arn) | Needed::Pattern(arn)) = resource else { return resource.clone() };
    match arn.match_indices('/').nth(kept.saturating_sub(1)).and_then(|(at, _)| arn.get(..=at)) {
        Some(beginning) if kept < usize::MAX => Needed::Pattern(format!("{beginning}*")),
        _ => resource.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(keys: impl Iterator<Item = usize>) -> Needs {
        let mut needs = Needs::default();
        for key in keys {
            let resource = Needed::Named(format!("arn:aws:s3:::example/logs/2026/07/{key}.gz"));
            let need = Need {
                action: "s3:GetObject".to_owned(),
                by: None,
                passed_to: Vec::new(),
                is_proven: true,
                resource,
            };
            needs.add(0, &need, 1);
        }
        needs
    }

    #[test]
    fn too_many_resources_become_coarser_whatever_their_order_and_division() {
        let count = RESOURCES_MAX * 3;
        let forward = needs(0..count).of(0);
        let mut parts = needs((0..count / 3).rev());
        parts.merge(needs(count / 3..count));
        assert_eq!(forward, parts.of(0));
        assert_eq!(forward.len(), 1);
        assert_eq!(forward[0].0.resource, Needed::Pattern("arn:aws:s3:::example/logs/2026/07/*".to_owned()));
        assert_eq!(forward[0].1, count as u64);
        assert_eq!(needs(0..RESOURCES_MAX).of(0).len(), RESOURCES_MAX);
    }

    #[test]
    fn what_is_the_callers_own_keeps_its_variable_however_coarse() {
        let own = Needed::Own("arn:aws:s3:::b/${aws:PrincipalTag/team}/2026/07/x".to_owned());
        let of = |step| match coarse(&own, step) {
            Needed::Own(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(0), "arn:aws:s3:::b/${aws:PrincipalTag/team}/2026/07/x");
        assert_eq!(of(2), "arn:aws:s3:::b/${aws:PrincipalTag/team}/2026/*");
        assert_eq!(of(3), "arn:aws:s3:::b/${aws:PrincipalTag/team}/*");
    }
}
