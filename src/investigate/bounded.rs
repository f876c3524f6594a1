//! A map that cannot outgrow its limit, whatever order its keys come in.
//!
//! It keeps the smallest keys. A key that is among the smallest of all is among the smallest of any part of them, so it
//! is never evicted and its value is whole: what is kept depends on the set of rows, not on their order.

use std::borrow::Borrow;
use std::collections::BTreeMap;

/// A sorted map of at most `max` keys.
#[derive(Debug, Clone)]
pub(crate) struct Bounded<K, V> {
    map: BTreeMap<K, V>,
    max: usize,
    reached: bool,
}

impl<K: Ord, V: Default> Bounded<K, V> {
    /// An empty map for at most `max` keys.
    pub(crate) fn new(max: usize) -> Bounded<K, V> {
        Bounded { map: BTreeMap::new(), max, reached: false }
    }

    /// The value of `key`, made when it is new; `None` when the limit leaves no place for it.
    pub(crate) fn slot<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if !self.map.contains_key(key) && !self.make_room(key) {
            return None;
        }
        if !self.map.contains_key(key) {
            self.map.insert(key.to_owned(), V::default());
        }
        self.map.get_mut(key)
    }

    fn make_room<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        if self.map.len() < self.max {
            return true;
        }
        self.reached = true;
        match self.map.last_key_value() {
            Some((last, _)) if key < last.borrow() => {
                self.map.pop_last();
                true
            }
            _ => false,
        }
    }

    /// The value of `key`, when it is kept.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.get(key)
    }

    /// The value of `key`, to be changed, when it is kept.
    pub(crate) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.get_mut(key)
    }

    /// Every kept key and value, in the order of the keys.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.map.iter()
    }

    /// Whether some key found no place.
    pub(crate) fn reached(&self) -> bool {
        self.reached
    }
}

impl<K: Ord, V> IntoIterator for Bounded<K, V> {
    type Item = (K, V);
    type IntoIter = std::collections::btree_map::IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn the_same_keys_are_kept_in_any_order() {
        let keys = ["d", "b", "e", "a", "c", "b"];
        for turn in 0..keys.len() {
            let mut map: Bounded<String, u64> = Bounded::new(3);
            for at in 0..keys.len() {
                if let Some(count) = map.slot(keys[(at + turn) % keys.len()]) {
                    *count += 1;
                }
            }
            assert!(map.reached());
            let kept: Vec<(String, u64)> = map.into_iter().collect();
            assert_eq!(kept, [("a".into(), 1), ("b".into(), 2), ("c".into(), 1)]);
        }
    }

    #[test]
    fn a_map_of_none_keeps_none() {
        let mut map: Bounded<String, u64> = Bounded::new(0);
        assert!(map.slot("a").is_none());
        assert!(map.reached());
    }
}
