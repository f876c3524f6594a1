//! Who stands above all: whoever made the keys and passwords of origins and launched their workloads, as far up as known.

use hashbrown::{HashMap, HashSet};

use super::place::Place;
use super::root::{Maker, Root};
use crate::lineage::{Origin, OriginKind};

/// So many roots above one are looked at; the longest way seen in the wild has three.
const ROOTS_MAX: usize = 256;

/// Whoever stands above a root: all that come into question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Top {
    /// Ids and kinds, in order; mostly one.
    all: Vec<(String, &'static str)>,
    /// Whether no step is only claimed, none was left out, and each is known.
    is_told: bool,
}

impl Top {
    /// Nobody else than an origin itself.
    fn of(root: &Root) -> Top {
        let origin = &root.origin;
        let is_told = origin.is_somebody() && !root.is_open;
        Top { all: vec![(origin.id(), origin.kind.word())], is_told }
    }

    /// Nobody yet.
    fn none() -> Top {
        Top { all: Vec::new(), is_told: true }
    }

    fn add(&mut self, origin: &Origin) {
        self.is_told &= origin.is_somebody();
        self.insert((origin.id(), origin.kind.word()));
    }

    fn insert(&mut self, one: (String, &'static str)) {
        if let Err(place) = self.all.binary_search(&one) {
            self.all.insert(place, one);
        }
    }

    /// Everybody of some roots.
    pub(super) fn of_all<'a>(tops: impl IntoIterator<Item = &'a Top>) -> Top {
        let mut whole = Top::none();
        for top in tops {
            top.all.iter().cloned().for_each(|one| whole.insert(one));
            whole.is_told &= top.is_told;
        }
        whole
    }

    /// All ids, parted as those of several origins are.
    pub(super) fn id(&self) -> String {
        let ids: Vec<&str> = self.all.iter().map(|(id, _)| id.as_str()).collect();
        ids.join(Origin::OR)
    }

    /// The kind of the first.
    pub(super) fn kind(&self) -> &'static str {
        self.all.first().map_or(OriginKind::Unknown.word(), |(_, kind)| kind)
    }

    /// Whether nobody else comes into question.
    pub(super) fn is_certain(&self) -> bool {
        self.is_told && self.all.len() == 1
    }
}

/// By root: who stands above all.
pub(super) fn tops(
    roots: &[Root],
    places: &HashMap<i64, Place>,
    choices: &HashMap<i64, Vec<u32>>,
) -> Vec<Top> {
    let ways = Ways { roots, places, choices };
    (roots.iter().zip(0..))
        .map(|(root, at)| if root.above.is_none() { Top::of(root) } else { ways.top(root, at) })
        .collect()
}

/// Where the makers of roots lead.
struct Ways<'a> {
    roots: &'a [Root],
    places: &'a HashMap<i64, Place>,
    choices: &'a HashMap<i64, Vec<u32>>,
}

impl Ways<'_> {
    fn top(&self, root: &Root, at: u32) -> Top {
        let mut top = Top::none();
        let mut seen = HashSet::new();
        let mut open = vec![(at, false)];
        while let Some((at, own_password)) = open.pop() {
            if !seen.insert((at, own_password)) {
                continue;
            }
            let Some(root) = self.roots.get(at as usize) else { continue };
            // Who set the password before the one that the user chose need not be behind it, and nothing tells who is.
            if own_password && root.is_by_password {
                top.add(&root.origin);
                top.is_told = false;
                continue;
            }
            let Some(above) = &root.above else {
                top.add(&root.origin);
                top.is_told &= !root.is_open;
                continue;
            };
            if !above.is_whole {
                top.add(&root.origin);
                top.is_told = false;
            }
            if seen.len() > ROOTS_MAX {
                top.add(&root.origin);
                top.is_told = false;
                continue;
            }
            for maker in &above.makers {
                match (&maker.own, self.led(maker)) {
                    (Some(own), _) => top.add(own),
                    (None, Some((further, is_claimed))) => {
                        top.is_told &= !is_claimed;
                        open.extend(further.iter().map(|at| (*at, maker.own_password)));
                    }
                    (None, None) => top.add(&root.origin),
                }
            }
        }
        // A way that only comes back to itself.
        if top.all.is_empty() {
            top.add(&root.origin);
            top.is_told = false;
        }
        top
    }

    /// The roots that a maker leads to, and whether a step there is only claimed.
    fn led<'a>(&'a self, maker: &Maker) -> Option<(&'a [u32], bool)> {
        let place = self.places.get(&maker.id)?;
        let further = self.choices.get(&maker.id).map_or(std::slice::from_ref(&place.root), Vec::as_slice);
        Some((further, place.claimed))
    }
}
