//! One of several parts of a listing, told by the names of its objects alone.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_64;

/// So many shards at the most.
const SHARDS_MAX: u32 = 10_000;

/// One of several parts of a listing: each object is in exactly one of them, the same one on every machine and every day.
///
/// An object is in the part that the XXH3 hash of its whole name (`s3://BUCKET/KEY`, or the absolute path of a file), modulo
/// the number of parts, tells. So the parts of a large archive are about equal, whatever its accounts, regions and days.
///
/// ```
/// use backtrail::archive::Shard;
///
/// let shards: Vec<Shard> = (1..=3).map(|index| format!("{index}/3").parse().unwrap()).collect();
/// let name = "s3://example-logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/09/a.json.gz";
/// assert_eq!(shards.iter().filter(|shard| shard.has(name)).count(), 1);
/// assert!("4/3".parse::<Shard>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    place: u32,
    count: u32,
}

impl Shard {
    /// The only one of one: everything.
    pub const ALL: Self = Self { place: 0, count: 1 };

    /// How many there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether an object of this name is in it.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        xxh3_64(name.as_bytes()) % u64::from(self.count) == u64::from(self.place)
    }
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `I/N`, with I from 1 to N.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shard = text.split_once('/').and_then(|(index, count)| {
            let (index, count): (u32, u32) = (index.parse().ok()?, count.parse().ok()?);
            (index <= count).then_some(Self { place: index.checked_sub(1)?, count })
        });
        shard.filter(|shard| shard.count <= SHARDS_MAX).ok_or_else(|| {
            format!("expected I/N with I from 1 to N and N up to {SHARDS_MAX}, as `1/8`, found `{text}`")
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place + 1, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u32) -> String {
        format!("s3://example-logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/09/{number}.json.gz")
    }

    #[test]
    fn every_name_is_in_one_shard_and_the_shards_are_about_equal() {
        let shards: Vec<Shard> = (1..=7).map(|index| format!("{index}/7").parse().unwrap()).collect();
        let mut counts = vec![0; shards.len()];
        for number in 0..7_000 {
            let inside: Vec<usize> =
                (0..shards.len()).filter(|place| shards[*place].has(&name(number))).collect();
            assert_eq!(inside.len(), 1);
            counts[inside[0]] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_name_stays_in_its_shard() {
        // Jobs of several versions of the program split one archive alike.
        let places: Vec<u32> = (0..8)
            .map(|number| {
                (1..=4)
                    .find(|index| format!("{index}/4").parse::<Shard>().unwrap().has(&name(number)))
                    .unwrap()
            })
            .collect();
        assert_eq!(places, [2, 2, 1, 1, 4, 4, 4, 1]);
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1", "0/4", "5/4", "1/0", "-1/4", "1/4/4", "a/b", "1/10001"] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.contains(&format!("found `{text}`")), "{error}");
        }
        assert_eq!("3/4".parse::<Shard>().unwrap().to_string(), "3/4");
    }
}
