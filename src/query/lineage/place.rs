//! Where the chains of callers end: at one root, or at several that come into question.

use hashbrown::HashMap;

use super::root::Root;
use crate::lineage::{Gap, Origin, Reason};

/// Where the chain of a caller ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The place of its root.
    pub(super) root: u32,
    pub(super) depth: i64,
    pub(super) claimed: bool,
    /// Whether it leads to other origins, too.
    pub(super) forked: bool,
    /// Whether the first candidate of each step leads there.
    pub(super) first: bool,
}

/// Where the callers' chains end.
pub(super) struct Places {
    pub(super) by_caller: HashMap<i64, Place>,
    pub(super) choices: HashMap<i64, Vec<u32>>,
}

impl Places {
    /// Adds an end of a caller's chain. Of several the one that the first candidates lead to is shown, as a trace does.
    pub(super) fn add(&mut self, caller: i64, place: Place, roots: &[Root]) {
        let Some(known) = self.by_caller.get_mut(&caller) else {
            self.by_caller.insert(caller, place);
            return;
        };
        let origin = |root: u32| roots.get(root as usize).map(|root| &root.origin);
        let id = |root: u32| origin(root).map(Origin::id);
        if id(known.root) != id(place.root) {
            self.choices.entry(caller).or_default().extend([known.root, place.root]);
        }
        let forked = self.choices.contains_key(&caller);
        let claimed = known.claimed || place.claimed;
        // Two keys of one user have one id: what else is known of them decides, never the order of rows.
        let order = |place: &Place| (!place.first, id(place.root), place.depth, origin(place.root));
        let smaller = order(&place) < order(known);
        *known = Place { claimed, forked, ..if smaller { place } else { *known } };
    }
}

/// Why the origin of a caller is not one.
pub(super) fn several(choices: &[&Origin]) -> Gap {
    let ids: Vec<String> = choices.iter().map(|one| one.id()).collect();
    Gap {
        reason: Reason::SeveralOrigins,
        text: format!("several candidates lead to different origins: {}", ids.join(", ")),
        hint: String::new(),
    }
}

/// The origins that come into question for a caller, each once, where these are several; in the order of their ids.
pub(super) fn choices<'a>(
    choices: &HashMap<i64, Vec<u32>>,
    roots: &'a [Root],
    caller: i64,
) -> Vec<&'a Origin> {
    let of = |root: &u32| roots.get(*root as usize).map(|root| &root.origin);
    let mut found: Vec<&Origin> = choices.get(&caller).into_iter().flatten().filter_map(of).collect();
    found.sort_by_cached_key(|one| (one.id(), (*one).clone()));
    found.dedup_by_key(|one| one.id());
    found
}
