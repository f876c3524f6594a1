//! Distinct values in the order of their bytes: values that are alike stand together, and compress to less.

use super::intern::Interner;

/// Fewer values than these are compared whole.
const FEW: usize = 12;

/// Sorts the ids of an interner's values by the values' bytes. `keyed` is a buffer to be used again.
///
/// Eight bytes of each value at a time stand beside its id, so that most comparisons touch no value.
pub(super) fn sort_by_value(values: &Interner, ids: &mut [u32], keyed: &mut Vec<(u64, u32)>) {
    keyed.clear();
    keyed.extend(ids.iter().map(|id| (eight(values.get(*id), 0), *id)));
    let mut open = vec![(0..keyed.len(), 0)];
    while let Some((range, depth)) = open.pop() {
        let start = range.start;
        let Some(slice) = keyed.get_mut(range) else { continue };
        slice.sort_unstable();
        let below = depth + 8;
        let mut at = start;
        for run in slice.chunk_by_mut(|left, right| left.0 == right.0) {
            let range = at..at + run.len();
            at = range.end;
            if run.len() == 1 {
                continue;
            }
            let rest = |id: u32| values.get(id).get(below..).unwrap_or_default();
            if run.iter().all(|(_, id)| rest(*id).is_empty()) {
                // The same but for NULs at the end.
                run.sort_unstable_by_key(|(_, id)| values.get(*id).len());
            } else if run.len() <= FEW || run.iter().any(|(_, id)| values.get(*id).len() < below) {
                run.sort_unstable_by(|left, right| values.get(left.1).cmp(values.get(right.1)));
            } else {
                for (key, id) in run {
                    *key = eight(values.get(*id), below);
                }
                open.push((range, below));
            }
        }
    }
    for (id, (_, sorted)) in ids.iter_mut().zip(keyed) {
        *id = *sorted;
    }
}

/// Eight bytes from a place on, so that their numbers sort as they do; NULs behind the end.
pub(super) fn eight(value: &[u8], at: usize) -> u64 {
    if let Some(Ok(bytes)) = value.get(at..at + 8).map(<[u8; 8]>::try_from) {
        return u64::from_be_bytes(bytes);
    }
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(value.get(at..).unwrap_or_default()) {
        *to = *from;
    }
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_come_in_the_order_of_their_values(
            values in prop::collection::btree_set(
                prop_oneof!["[ab]{0,30}", "x{20}[ab\0]{0,12}", "[a\0]{0,20}"],
                0..200,
            )
            .prop_map(|values| values.into_iter().collect::<Vec<String>>())
            .prop_shuffle(),
        ) {
            let mut interner = Interner::default();
            for value in &values {
                if let Err(key) = interner.find(value.as_bytes()) {
                    interner.add(key, value.as_bytes(), 0).unwrap();
                }
            }
            let mut ids: Vec<u32> = (0..u32::try_from(interner.len()).unwrap()).collect();
            sort_by_value(&interner, &mut ids, &mut Vec::new());
            let sorted: Vec<&[u8]> = ids.iter().map(|id| interner.get(*id)).collect();
            let mut expected: Vec<&[u8]> = values.iter().map(String::as_bytes).collect();
            expected.sort_unstable();
            prop_assert_eq!(sorted, expected);
        }
    }
}
