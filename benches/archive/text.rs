//! Fills the `$(name)` places of a call's JSON text.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::random::{Random, mix};

/// What the places of one record are filled from. A name that comes twice in a record has one value there.
#[derive(Debug, Default)]
pub(crate) struct Places {
    account: String,
    region: String,
    time: i64,
    habit: Option<u64>,
    known: Vec<(String, String)>,
    free: Vec<(String, String)>,
}

impl Places {
    /// Begins a record. A habit chooses which of the resources of a pool it names; without one that is random.
    pub(crate) fn begin(&mut self, account: &str, region: &str, time: i64, habit: Option<u64>) {
        self.habit = habit;
        self.account.clear();
        self.account.push_str(account);
        self.region.clear();
        self.region.push_str(region);
        self.time = time;
        self.free.append(&mut self.known);
    }

    /// Appends `text` to `out` with its places filled.
    pub(crate) fn fill(&mut self, text: &str, random: &mut Random, out: &mut String) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$(") {
            out.push_str(before);
            let Some((name, behind)) = after.split_once(')') else { break };
            self.place(name, random, out);
            rest = behind;
        }
        out.push_str(rest);
    }

    fn place(&mut self, name: &str, random: &mut Random, out: &mut String) {
        match name {
            "account" => out.push_str(&self.account),
            "region" => out.push_str(&self.region),
            "time" => iso(self.time, out),
            "longtime" => out.push_str(&long(self.time)),
            "millis" => push(out, format_args!("{}", self.time * 1000)),
            // A `*` asks for a new value each time.
            _ if name.ends_with('*') => {
                value(name.trim_end_matches('*'), &self.account, self.habit, random, out);
            }
            _ => {
                if let Some((_, known)) = self.known.iter().find(|(known, _)| known == name) {
                    out.push_str(known);
                    return;
                }
                let (mut key, mut filled) = self.free.pop().unwrap_or_default();
                key.clear();
                key.push_str(name);
                filled.clear();
                value(name, &self.account, self.habit, random, &mut filled);
                out.push_str(&filled);
                self.known.push((key, filled));
            }
        }
    }
}

/// A value for a place. Ids of resources come from a pool of each account, so that they repeat as they do in real logs.
fn value(name: &str, account: &str, habit: Option<u64>, random: &mut Random, out: &mut String) {
    // One of a pool.
    let of = |size: u64, random: &mut Random| match habit {
        Some(habit) => mix(habit ^ pool_of(name, account)) % size,
        None => random.below(size),
    };
    match name {
        "uuid" => uuid(random, out),
        "hex8" => hex(random.next(), 8, out),
        "hex16" => hex(random.next(), 16, out),
        "digest" => (0..4).for_each(|_| hex(random.next(), 16, out)),
        "number" => push(out, format_args!("{}", random.below(1_000_000))),
        "small" => push(out, format_args!("{}", 1 + random.below(40))),
        "token" => base64(random, 356, out),
        "encoded" => base64(random, 420, out),
        "tag" => base64(random, 76, out),
        "s3id" => letters(random, 16, out),
        "ip" => address(random.next(), out),
        "private" => {
            push(out, format_args!("10.{}.{}.{}", random.below(4), random.below(256), random.below(256)));
        }
        "zone" => out.push(random.pick(&['a', 'b', 'c']).copied().unwrap_or('a')),
        "instance" => pooled("i-0", "instance", of(600, random), account, out),
        "volume" => pooled("vol-0", "volume", of(900, random), account, out),
        "group" => pooled("sg-0", "group", of(120, random), account, out),
        "subnet" => pooled("subnet-0", "subnet", of(24, random), account, out),
        "vpc" => pooled("vpc-0", "vpc", of(6, random), account, out),
        "eni" => pooled("eni-0", "eni", of(1200, random), account, out),
        "snapshot" => pooled("snap-0", "snapshot", of(4000, random), account, out),
        "image" => pooled("ami-0", "image", of(60, random), account, out),
        "key" => {
            let number = of(24, random);
            let seed = mix(number ^ pool_of("key", account));
            uuid(&mut Random::new(seed), out);
        }
        "bucket" => numbered("example-data", of(40, random), account, out),
        "object" => {
            let day = random.below(28) + 1;
            push(out, format_args!("year=2026/month=01/day={day:02}/part-{:05}-", random.below(2000)));
            hex(random.next(), 8, out);
            out.push_str(".snappy.parquet");
        }
        "function" => numbered("shop-handler", of(80, random), account, out),
        "table" => numbered("shop-table", of(30, random), account, out),
        "queue" => numbered("shop-queue", of(25, random), account, out),
        "loggroup" => numbered("/aws/lambda/shop-handler", of(80, random), account, out),
        "secret" => numbered("prod/shop/secret", of(60, random), account, out),
        "parameter" => numbered("/prod/shop/parameter", of(200, random), account, out),
        "role" => numbered("shop-role", of(60, random), account, out),
        "user" => numbered("user", of(40, random), account, out),
        "cluster" => numbered("cluster", of(6, random), account, out),
        "service" => numbered("service", of(40, random), account, out),
        "repository" => numbered("shop/image", of(40, random), account, out),
        "stack" => numbered("stack", of(50, random), account, out),
        "database" => numbered("db", of(12, random), account, out),
        "alarm" => numbered("TargetTracking-service", of(90, random), account, out),
        "target" => numbered("targets", of(30, random), account, out),
        other => out.push_str(other),
    }
}

/// A number of its own for each account and kind of resource.
pub(crate) fn pool_of(kind: &str, account: &str) -> u64 {
    account
        .bytes()
        .chain(kind.bytes())
        .fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

fn pooled(prefix: &str, kind: &str, number: u64, account: &str, out: &mut String) {
    out.push_str(prefix);
    hex(mix(number ^ pool_of(kind, account)), 16, out);
}

fn numbered(prefix: &str, number: u64, account: &str, out: &mut String) {
    out.push_str(prefix);
    out.push('-');
    hex(pool_of(prefix, account), 4, out);
    push(out, format_args!("-{number:02}"));
}

/// Formatting into a String cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

/// `digits` hexadecimal digits.
pub(crate) fn hex(bits: u64, digits: u32, out: &mut String) {
    for place in (0..digits).rev() {
        out.push(char::from_digit(u32::try_from((bits >> (place * 4)) & 15).unwrap_or(0), 16).unwrap_or('0'));
    }
}

/// A UUID of version 4.
pub(crate) fn uuid(random: &mut Random, out: &mut String) {
    let (high, low) = (random.next(), random.next());
    hex(high >> 32, 8, out);
    out.push('-');
    hex(high >> 16, 4, out);
    out.push_str("-4");
    hex(high, 3, out);
    out.push('-');
    hex(0x8000 | ((low >> 48) & 0x3FFF), 4, out);
    out.push('-');
    hex(low, 12, out);
}

fn from_alphabet(alphabet: &[u8; 64], random: &mut Random, count: usize, out: &mut String) {
    let mut bits = 0;
    for place in 0..count {
        if place % 10 == 0 {
            bits = random.next();
        }
        let index = usize::try_from(bits & 63).unwrap_or(0);
        out.push(char::from(alphabet.get(index).copied().unwrap_or(b'A')));
        bits >>= 6;
    }
}

/// Text that looks like base64 and does not compress.
pub(crate) fn base64(random: &mut Random, count: usize, out: &mut String) {
    from_alphabet(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", random, count, out);
}

/// Capital letters and digits of base32, as in the ids of IAM.
pub(crate) fn base32(bits: u64, count: u32, out: &mut String) {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for place in (0..count).rev() {
        let index = usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0);
        out.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'A')));
    }
}

fn letters(random: &mut Random, count: usize, out: &mut String) {
    from_alphabet(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ01", random, count, out);
}

/// An address of the three networks for documentation (RFC 5737).
pub(crate) fn address(bits: u64, out: &mut String) {
    let network = match bits % 3 {
        0 => "192.0.2",
        1 => "198.51.100",
        _ => "203.0.113",
    };
    push(out, format_args!("{network}.{}", (bits >> 8) % 254 + 1));
}

fn date(time: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(time, 0).unwrap_or_default()
}

/// `2026-01-05T00:00:00Z`.
pub(crate) fn iso(time: i64, out: &mut String) {
    push(out, format_args!("{}", date(time).format("%Y-%m-%dT%H:%M:%SZ")));
}

/// `Jan 5, 2026, 12:00:00 AM`, as STS and IAM answer.
pub(crate) fn long(time: i64) -> String {
    date(time).format("%b %-d, %Y, %-I:%M:%S %p").to_string()
}

/// The day folder and the minute of an object's key: `2026/01/05`, `20260105T0000Z`.
pub(crate) fn delivery(time: i64) -> (String, String) {
    (date(time).format("%Y/%m/%d").to_string(), date(time).format("%Y%m%dT%H%MZ").to_string())
}
