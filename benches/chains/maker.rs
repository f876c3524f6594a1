//! Makes one chain after the other, in the order of time.

use std::io;

use super::credential::Held;
use super::delivery::{Deliver, Delivery};
use super::random::Random;
use super::record::{self, Call, From};
use super::world::{Part, World};
use super::{Spec, Summary, Truth};

/// 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200;
/// Issuances of a chain, and records beside the calls, about.
const CHAIN_ISSUANCES: f64 = 3.6;
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// What a chain is made with.
pub(super) struct Maker<'a> {
    pub(super) spec: &'a Spec,
    pub(super) random: Random,
    pub(super) world: World,
    pub(super) summary: Summary,
    delivery: Delivery<'a>,
    learn: &'a mut dyn FnMut(Truth),
}

impl<'a> Maker<'a> {
    pub(super) fn new(spec: &'a Spec, deliver: Deliver<'a>, learn: &'a mut dyn FnMut(Truth)) -> Self {
        let mut random = Random::new(spec.seed);
        let world = World::new(spec.accounts, spec.unlogged, &mut random);
        let records = spec.issuances as f64 * (1.3 + spec.calls as f64);
        let places = (spec.accounts * REGIONS.len()) as f64;
        let windows = (records / places / spec.object_records as f64).max(1.0);
        let window_seconds = (f64::from(spec.days) * 86_400.0 / windows).round();
        // A float is the simplest way to a share of the span; it is far below what an i64 holds.
        let window_seconds = format!("{window_seconds}").parse().unwrap_or(86_400);
        let delivery = Delivery::new(spec, START, window_seconds, deliver);
        Self { spec, random, world, summary: Summary::default(), delivery, learn }
    }

    pub(super) fn run(mut self) -> io::Result<Summary> {
        self.begin();
        let chains = (self.spec.issuances as f64 / CHAIN_ISSUANCES).max(1.0);
        let step = f64::from(self.spec.days) * 86_400_000.0 / chains;
        let step = format!("{:.0}", step * 2.0).parse::<u64>().unwrap_or(1);
        let mut milliseconds = 0;
        while self.summary.issuances < self.spec.issuances {
            milliseconds += self.random.below(step);
            let time = START + 60 + i64::try_from(milliseconds / 1000).unwrap_or(0);
            self.delivery.until(time, &mut self.summary)?;
            self.chain(time);
        }
        self.finish();
        self.delivery.until(i64::MAX / 2, &mut self.summary)?;
        Ok(self.summary)
    }

    /// Every account has a first event, and its administrator makes keys and passwords for others.
    fn begin(&mut self) {
        for account in 0..self.spec.accounts {
            let Some(mut admin) = self.world.borrow(account, Part::Admin, 0) else { continue };
            self.call(&mut admin, START - 60, &Call { source: "iam", name: "ListUsers", ..Call::default() });
            for part in [Part::Key, Part::Token, Part::Console] {
                for place in 0..World::users(part) {
                    // Every other user was there before the logs.
                    if place % 2 == 0
                        && let Some(user) = self.world.borrow(account, part, place)
                    {
                        let user = self.equip(&mut admin, user);
                        self.world.give_back(account, part, place, &user);
                    }
                }
            }
            self.world.give_back(account, Part::Admin, 0, &admin);
        }
    }

    /// Makes a user's key, or a password where it has none.
    fn equip(&mut self, admin: &mut Held, mut user: Held) -> Held {
        let (name, key) = (&user.name, &user.truth.access_key);
        let mut call = Call { source: "iam", writes: true, ..Call::default() };
        call.request = format!(r#"{{"userName":"{name}"}}"#);
        if key.is_empty() {
            call.name = "CreateLoginProfile";
            call.response =
                format!(r#"{{"loginProfile":{{"userName":"{name}","passwordResetRequired":true}}}}"#);
            user.truth.above = Some("identity");
        } else {
            call.name = "CreateAccessKey";
            call.response =
                format!(r#"{{"accessKey":{{"accessKeyId":"{key}","status":"Active","userName":"{name}"}}}}"#);
            user.truth.above = Some("key");
        }
        self.call(admin, START, &call);
        user
    }

    /// Tells of the keys that are not of one chain.
    fn finish(&mut self) {
        let accounts = std::mem::take(&mut self.world.accounts);
        for account in accounts {
            for user in account.users.into_iter().flatten() {
                self.tell(&user);
            }
            self.tell(&account.root);
            self.tell(&account.root_password);
        }
    }

    /// Tells what is certain of a credential, if it signed anything.
    pub(super) fn tell(&mut self, held: &Held) {
        if held.truth.calls == 0 {
            return;
        }
        let (summary, truth) = (&mut self.summary, held.truth.clone());
        summary.credentials += 1;
        if let Some(origin) = &truth.origin {
            *summary.kinds.entry(origin.kind).or_default() += 1;
            *summary.depths.entry(truth.depth).or_default() += 1;
            summary.complete += u64::from(truth.complete);
            if let Some(gap) = truth.gap {
                *summary.gaps.entry(gap).or_default() += 1;
            }
            if let Some(above) = truth.above {
                *summary.above.entry(above).or_default() += 1;
            }
        } else {
            summary.undecided += 1;
        }
        (self.learn)(truth);
    }

    /// Writes a call of a credential into its account's log, if there is one.
    pub(super) fn call(&mut self, held: &mut Held, time: i64, call: &Call) {
        if held.logged {
            held.truth.calls += 1;
            let identity = held.identity(None);
            let address = held.address.clone();
            self.log(time, held.truth.account, call, &From { identity: &identity, address: &address });
        }
    }

    /// Writes a call of a credential that a service makes in its name.
    pub(super) fn forwarded(&mut self, held: &mut Held, time: i64) {
        if held.logged {
            held.truth.calls += 1;
            let identity = held.identity(Some("cloudformation.amazonaws.com"));
            let call = record::anything(&mut self.random);
            let address = "cloudformation.amazonaws.com";
            self.log(time, held.truth.account, &call, &From { identity: &identity, address });
        }
    }

    /// Writes a record.
    pub(super) fn log(&mut self, time: i64, account: &'static str, call: &Call, from: &From<'_>) {
        let region = self.random.pick(&REGIONS).copied().unwrap_or("us-east-1");
        let text = record::text_of(call, from, time, (account, region), &mut self.random);
        self.delivery.take(time, account, region, text, &mut self.summary);
    }

    /// The calls of a credential, beside what it issues.
    pub(super) fn calls(&mut self, held: &mut Held) {
        let count = 1 + self.random.below(self.spec.calls * 2 - 1);
        for _ in 0..count {
            let time = held.born + self.random.between(0, 1800);
            let call = record::anything(&mut self.random);
            self.call(held, time, &call);
        }
    }

    /// Another key of the same session, or none, as consoles and services have them. It has calls of its own.
    pub(super) fn another(&mut self, held: &Held, forwarded: bool) {
        let mut other = held.fresh();
        other.truth.recycled = false;
        other.truth.access_key = if forwarded && held.role().is_some() && self.random.chance(0.4) {
            String::new()
        } else {
            self.world.id("ASIA", held.truth.account)
        };
        if !held.alone {
            other.truth.origin = None;
        }
        if forwarded {
            let time = held.born + self.random.between(0, 1800);
            self.forwarded(&mut other, time);
        } else {
            self.calls(&mut other);
        }
        self.tell(&other);
    }
}
