//! Statements among policies: as few policies as a limit of characters allows, each statement whole where it can be, and only
//! one that is too large by itself divided.

use serde_json::{Value, json};

use super::size::{characters, document};
use super::statement::is_any_of;

/// Room for the `Sid` that comes later.
const SID: usize = 20;
/// Into so many parts a list is divided where another list of its statement is divided, too.
const PARTS: [usize; 11] = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
/// So many ways to put statements together are tried where the first one found is perhaps not the best.
const TRIALS_MAX: usize = 50_000;

/// A statement, or as few as it takes for none to be too large for a policy; as it is where that cannot be done.
pub(super) fn divided(statement: Value, most: usize) -> Vec<Value> {
    let paths = paths(&statement);
    divide(&statement, &paths, most).unwrap_or_else(|| vec![statement])
}

/// A list of a statement of which one fitting entry is enough: two statements with a part of it each are together the same.
/// What is all but a list (`NotAction`, `NotResource`, a condition that is negated) is none.
type Path = Vec<String>;

fn paths(statement: &Value) -> Vec<Path> {
    let mut paths: Vec<Path> = vec![vec!["Action".to_owned()], vec!["Resource".to_owned()]];
    let conditions = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    for (operator, keys) in conditions.filter(|(operator, _)| is_any_of(operator)) {
        let keys = keys.as_object().into_iter().flatten();
        paths.extend(keys.map(|(key, _)| vec!["Condition".to_owned(), operator.clone(), key.clone()]));
    }
    paths.retain(|path| entries(statement, path).is_some());
    paths
}

fn entries<'v>(statement: &'v Value, path: &[String]) -> Option<&'v Vec<Value>> {
    let found = path.iter().try_fold(statement, |value, name| value.get(name))?;
    found.as_array().filter(|all| all.len() > 1)
}

/// The statement with these entries in the place of all.
fn with(statement: &Value, path: &[String], some: &[Value]) -> Option<Value> {
    let mut own = statement.clone();
    let place = path.iter().try_fold(&mut own, |value, name| value.get_mut(name))?;
    *place = if let [one] = some { one.clone() } else { json!(some) };
    Some(own)
}

/// How large a policy with nothing but this statement is.
fn alone(statement: &Value) -> usize {
    characters(&document(std::slice::from_ref(statement))) + SID
}

/// The fewest statements that are each small enough and together the same; None where there are none.
fn divide(statement: &Value, paths: &[Path], most: usize) -> Option<Vec<Value>> {
    if alone(statement) <= most {
        return Some(vec![statement.clone()]);
    }
    let mut best: Option<Vec<Value>> = None;
    let mut take = |found: Vec<Value>| {
        let worth = |all: &Vec<Value>| (all.len(), all.iter().map(characters).sum::<usize>());
        if best.as_ref().is_none_or(|best| worth(&found) < worth(best)) {
            best = Some(found);
        }
        best.as_ref().map_or(usize::MAX, Vec::len)
    };
    for (at, path) in paths.iter().enumerate() {
        let Some(list) = entries(statement, path) else { continue };
        let mut fewest = filled(statement, path, list, most).map_or(usize::MAX, &mut take);
        let others: Vec<Path> = paths
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, path)| path.clone())
            .collect();
        if others.is_empty() {
            continue;
        }
        for parts in PARTS.into_iter().filter(|parts| *parts <= list.len()) {
            // Each part is one statement at least.
            if parts >= fewest {
                break;
            }
            let pieces = list.chunks(list.len().div_ceil(parts)).map(|part| {
                let piece = with(statement, path, part)?;
                divide(&piece, &others, most)
            });
            let pieces: Option<Vec<Vec<Value>>> = pieces.collect();
            if let Some(pieces) = pieces {
                fewest = take(pieces.concat());
            }
        }
    }
    best
}

/// Statements with as many entries of one list each as there is room for.
fn filled(statement: &Value, path: &[String], list: &[Value], most: usize) -> Option<Vec<Value>> {
    let room = most.checked_sub(alone(&with(statement, path, &[])?))?;
    let mut pieces = Vec::new();
    let (mut begin, mut taken) = (0, 0);
    for (at, entry) in list.iter().enumerate() {
        // Its comma, too.
        let own = characters(entry) + 1;
        if own > room {
            return None;
        }
        if taken + own > room {
            pieces.push(with(statement, path, list.get(begin..at)?)?);
            (begin, taken) = (at, 0);
        }
        taken += own;
    }
    pieces.push(with(statement, path, list.get(begin..)?)?);
    Some(pieces)
}

/// Which statements stand together, by their places: in their order where that takes no more policies than any other way.
pub(super) fn together(statements: &[Value], most: usize) -> Vec<Vec<usize>> {
    // A comma stands between two, so that it is one less than there are statements.
    let sizes: Vec<usize> = statements.iter().map(|own| characters(own) + 1).collect();
    let room = (most + 1).saturating_sub(characters(&document(&[])));
    let in_order = in_order(&sizes, room);
    let fewest = fewest(&sizes, room);
    let mut groups = if in_order.len() <= fewest.len() { in_order } else { fewest };
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort();
    groups
}

fn in_order(sizes: &[usize], room: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut left = 0;
    for (at, size) in sizes.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if *size <= left => {
                group.push(at);
                left -= size;
            }
            _ => {
                groups.push(vec![at]);
                left = room.saturating_sub(*size);
            }
        }
    }
    groups
}

/// The largest first, each where there is room for it; and better ways as far as they are found.
fn fewest(sizes: &[usize], room: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(sizes.get(*at).copied().unwrap_or(0)), *at));
    let pieces: Vec<(usize, usize)> =
        order.into_iter().filter_map(|at| Some((at, *sizes.get(at)?))).collect();
    // What is larger than a policy may be stands alone.
    let (large, small): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|(_, size)| *size > room);
    let mut best = first_fit(&small, room);
    let all: usize = small.iter().map(|(_, size)| size).sum();
    let least = all.div_ceil(room.max(1));
    while best.len() > least {
        let mut search = Search { pieces: &small, room, most: best.len() - 1, trials: 0, groups: Vec::new() };
        if !search.place(0) {
            break;
        }
        best = search.groups.into_iter().map(|(group, _)| group).collect();
    }
    best.extend(large.into_iter().map(|(at, _)| vec![at]));
    best
}

fn first_fit(pieces: &[(usize, usize)], room: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<usize>, usize)> = Vec::new();
    for (at, size) in pieces {
        match groups.iter_mut().find(|(_, left)| size <= left) {
            Some((group, left)) => {
                group.push(*at);
                *left -= size;
            }
            None => groups.push((vec![*at], room.saturating_sub(*size))),
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

/// Looks for a way to put pieces into so many groups at most.
struct Search<'a> {
    pieces: &'a [(usize, usize)],
    room: usize,
    most: usize,
    trials: usize,
    /// With the room that is left.
    groups: Vec<(Vec<usize>, usize)>,
}

impl Search<'_> {
    /// Whether the pieces from this one on have their places.
    fn place(&mut self, number: usize) -> bool {
        let Some((at, size)) = self.pieces.get(number).copied() else { return true };
        let mut tried: Vec<usize> = Vec::new();
        for group in 0..self.groups.len() {
            let Some((_, left)) = self.groups.get(group) else { continue };
            // Groups with the same room are alike.
            if *left < size || tried.contains(left) {
                continue;
            }
            tried.push(*left);
            if self.put(group, at, size) && self.place(number + 1) {
                return true;
            }
            self.take_back(group, size);
            if self.trials >= TRIALS_MAX {
                return false;
            }
        }
        if self.groups.len() >= self.most {
            return false;
        }
        self.groups.push((Vec::new(), self.room));
        let group = self.groups.len() - 1;
        if self.put(group, at, size) && self.place(number + 1) {
            return true;
        }
        self.groups.pop();
        false
    }

    fn put(&mut self, group: usize, at: usize, size: usize) -> bool {
        self.trials += 1;
        let Some((group, left)) = self.groups.get_mut(group) else { return false };
        group.push(at);
        *left = left.saturating_sub(size);
        self.trials < TRIALS_MAX
    }

    fn take_back(&mut self, group: usize, size: usize) {
        if let Some((group, left)) = self.groups.get_mut(group) {
            group.pop();
            *left += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement that takes so many characters, its comma counted.
    fn of_size(size: usize) -> Value {
        let empty = json!({"Effect": "Allow", "Action": "", "Resource": "*"});
        let letters = "a".repeat(size - 1 - characters(&empty));
        json!({"Effect": "Allow", "Action": letters, "Resource": "*"})
    }

    fn count(sizes: &[usize]) -> usize {
        let statements: Vec<Value> = sizes.iter().map(|size| of_size(*size)).collect();
        let room = 1_000;
        let most = room + characters(&document(&[])) - 1;
        let groups = together(&statements, most);
        let mut seen: Vec<usize> = groups.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..sizes.len()).collect::<Vec<_>>(), "each stands once");
        for group in &groups {
            let own: Vec<Value> = group.iter().map(|at| statements[*at].clone()).collect();
            assert!(group.len() == 1 || characters(&document(&own)) <= most);
        }
        groups.len()
    }

    #[test]
    fn statements_stand_in_as_few_policies_as_there_can_be() {
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[400, 300, 300]), 1);
        // In their order they would take three.
        assert_eq!(count(&[550, 500, 450, 500]), 2);
        // With the largest first they would take three, too.
        assert_eq!(count(&[500, 350, 250, 250, 250, 200, 200]), 2);
        assert_eq!(count(&[600, 600, 400, 400]), 2);
        // What is too large stands alone.
        assert_eq!(count(&[1_200, 500, 500]), 2);
        assert_eq!(count(&vec![334; 30]), 15);
        assert_eq!(count(&vec![333; 30]), 10);
    }

    #[test]
    fn what_fits_in_its_order_stays_in_it() {
        let statements: Vec<Value> = [300, 600, 500, 400].iter().map(|size| of_size(*size)).collect();
        let most = 1_000 + characters(&document(&[])) - 1;
        assert_eq!(together(&statements, most), [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn only_what_is_too_large_is_divided_and_into_as_few_as_fit() {
        let names = |count: usize, name: &str| -> Vec<String> {
            (0..count).map(|at| format!("{name}{at:04}")).collect()
        };
        let most = 6_144;
        let small = json!({"Effect": "Allow", "Action": names(10, "ec2:Example"), "Resource": "*"});
        assert_eq!(divided(small.clone(), most), [small]);
        // Two thirds more than a policy holds: two, not four.
        let long = json!({"Effect": "Allow", "Action": names(560, "ec2:Example"), "Resource": "*"});
        assert!(characters(&long) > 10_000 && divided(long, most).len() == 2);
        // Both lists are too large for one policy: all pairs stay.
        let both = json!({"Effect": "Allow", "Action": names(600, "ec2:Example"),
            "Resource": names(400, "arn:aws:s3:::example-bucket/")});
        let pieces = divided(both, most);
        assert!(pieces.iter().all(|piece| alone(piece) <= most));
        let texts = |value: &Value| match value {
            Value::Array(all) => all.len(),
            _ => 1,
        };
        let pairs: usize = pieces.iter().map(|own| texts(&own["Action"]) * texts(&own["Resource"])).sum();
        assert_eq!(pairs, 600 * 400);
        assert!(pieces.len() <= 32, "{}", pieces.len());
    }
}
