//! Which objects there are: their accounts and regions, the time each covers, when it was delivered, how many events it has.

use super::Spec;
use super::random::Random;

/// 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200;
/// So many events make an object of about 50 MB.
const BIG_EVENTS: u64 = 32_500;

/// The regions, home first.
pub(crate) const REGIONS: [&str; 8] = [
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "eu-central-1",
    "ap-southeast-2",
    "ca-central-1",
    "ap-northeast-1",
    "sa-east-1",
];

/// One log object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) account: usize,
    pub(crate) region: usize,
    /// The times of its events.
    pub(crate) window: (i64, i64),
    pub(crate) delivered: i64,
    /// How many events are its own.
    pub(crate) events: u64,
}

/// All objects in the order of delivery.
pub(crate) fn objects(spec: &Spec, random: &mut Random) -> Vec<Object> {
    let pairs: Vec<(usize, usize, u64)> = (0..spec.accounts)
        .flat_map(|account| (0..spec.regions).map(move |region| (account, region)))
        .map(|(account, region)| {
            (account, region, if account == 0 { 2 } else { 1 } * if region == 0 { 3 } else { 1 })
        })
        .collect();
    let shares = split(spec.objects, &pairs.iter().map(|pair| pair.2).collect::<Vec<_>>());
    let span = i64::from(spec.days) * 86_400;
    let mut objects = Vec::new();
    for ((account, region, _), count) in pairs.into_iter().zip(shares) {
        let count = i64::try_from(count).unwrap_or(0);
        for place in 0..count {
            let window = (START + span * place / count, START + span * (place + 1) / count - 1);
            let delivered = window.1 + random.between(120, 720);
            objects.push(Object { account, region, window, delivered, events: 0 });
        }
    }
    objects.sort_by_key(|object| (object.delivered, object.account, object.region));
    fill(spec, &mut objects, random);
    objects
}

/// Gives every object its number of events; together they are exactly those of the spec.
fn fill(spec: &Spec, objects: &mut [Object], random: &mut Random) {
    let big: Vec<usize> =
        if spec.big { (1..=3).map(|quarter| objects.len() * quarter / 4).collect() } else { Vec::new() };
    let big_events = BIG_EVENTS.min(spec.events / 6);
    let weights: Vec<u64> = (0..objects.len())
        .map(|place| if big.contains(&place) { 1 } else { 300 + random.below(1400) })
        .collect();
    let mut rest = spec.events;
    for place in &big {
        if let Some(object) = objects.get_mut(*place) {
            object.events += big_events;
            rest -= big_events;
        }
    }
    for (object, share) in objects.iter_mut().zip(split(rest, &weights)) {
        object.events += share;
    }
}

/// Splits `total` by weights without losing one.
fn split(total: u64, weights: &[u64]) -> Vec<u64> {
    let whole: u64 = weights.iter().sum::<u64>().max(1);
    let mut before = 0;
    let mut weight = 0;
    weights
        .iter()
        .map(|one| {
            weight += one;
            let now =
                u64::try_from(u128::from(total) * u128::from(weight) / u128::from(whole)).unwrap_or(total);
            let share = now - before;
            before = now;
            share
        })
        .collect()
}
