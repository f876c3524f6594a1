//! Makes a pair smaller while something stays true of it.

use backtrail::policy::{Context, Rest, Standing};
use serde_json::Value;

use super::raw::{Levels, Pair};

/// The smallest pair that is found by dropping one thing after the other.
pub(crate) fn shrunk(pair: &Pair, holds: impl Fn(&Pair) -> bool) -> Pair {
    let mut smallest = pair.clone();
    'again: loop {
        for smaller in smaller(&smallest) {
            if smaller != smallest && holds(&smaller) {
                smallest = smaller;
                continue 'again;
            }
        }
        return smallest;
    }
}

/// All that come of a pair by one step.
fn smaller(pair: &Pair) -> Vec<Pair> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Pair)| {
        let mut changed = pair.clone();
        change(&mut changed);
        all.push(changed);
    };
    with(&|it| it.set.boundary = None);
    with(&|it| it.set.session = None);
    with(&|it| it.set.scp = None);
    with(&|it| it.set.rcp = None);
    with(&|it| it.set.resource = None);
    with(&|it| it.set.vpc_endpoint = None);
    with(&|it| it.request.rcp_supported = Some(true));
    with(&|it| it.request.management_account = None);
    with(&|it| it.request.canonical_user = Some(String::new()));
    for levels in [scp, rcp] {
        with(&|it| levels(it).into_iter().for_each(|it| it.missing = None));
        for level in 0..3 {
            with(&|it| {
                levels(it)
                    .into_iter()
                    .filter(|it| it.levels.len() > level)
                    .for_each(|it| drop(it.levels.remove(level)));
            });
        }
    }
    for layer in 0..pair.set.layers().len() {
        with(&|it| it.set.layers_mut()[layer].missing = None);
        for policy in 0..pair.set.layers()[layer].policies.len() {
            with(&|it| drop(it.set.layers_mut()[layer].policies.remove(policy)));
            for json in smaller_values(&pair.set.layers()[layer].policies[policy].json) {
                with(&|it| it.set.layers_mut()[layer].policies[policy].json = json.clone());
            }
        }
    }
    for dropped in pair.request.context.keys().map(|(key, _)| key) {
        with(&|it| {
            let mut context = Context::new(Rest::Absent);
            for (key, standing) in pair.request.context.keys().filter(|(key, _)| *key != dropped) {
                context.set(key, standing.clone());
            }
            it.request.context = context;
        });
        with(&|it| {
            if let Standing::Values(values) = it.request.context.standing(dropped) {
                it.request.context.set(dropped, Standing::Values(values.into_iter().take(1).collect()));
            }
        });
    }
    all
}

/// The value with one item of one list, or one entry of one map, dropped at any depth.
fn smaller_values(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Array(items) => {
            for at in 0..items.len() {
                let mut fewer = items.clone();
                let item = fewer.remove(at);
                all.push(Value::Array(fewer));
                all.extend(smaller_values(&item).into_iter().map(|item| {
                    let mut changed = items.clone();
                    changed[at] = item;
                    Value::Array(changed)
                }));
            }
            all.retain(|value| value.as_array().is_some_and(|items| !items.is_empty()));
        }
        Value::Object(map) => {
            for (key, item) in map {
                let mut fewer = map.clone();
                fewer.remove(key);
                all.push(Value::Object(fewer));
                all.extend(smaller_values(item).into_iter().map(|item| {
                    let mut changed = map.clone();
                    changed.insert(key.clone(), item);
                    Value::Object(changed)
                }));
            }
        }
        _ => {}
    }
    all
}

fn scp(pair: &mut Pair) -> Option<&mut Levels> {
    pair.set.scp.as_mut()
}

fn rcp(pair: &mut Pair) -> Option<&mut Levels> {
    pair.set.rcp.as_mut()
}
