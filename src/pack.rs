//! Values as bytes, on their way to another process of this program and version.
//!
//! The form is borsh's (<https://borsh.io>), compressed; it says nothing of itself, so only the same version reads it.

use std::hash::Hash;
use std::io::{Error, ErrorKind, Read, Result, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, NaiveDate, Utc};
use hashbrown::{HashMap, HashSet};

/// What travels is compressed so much: little, as both ends are in one network.
const LEVEL: i32 = 1;

/// A value as bytes.
///
/// # Errors
/// Where a collection is longer than 4 GiB of entries.
pub fn pack<T: BorshSerialize>(value: &T) -> Result<Vec<u8>> {
    let mut packer = zstd::Encoder::new(Vec::new(), LEVEL)?;
    let mut buffered = std::io::BufWriter::with_capacity(1 << 16, &mut packer);
    value.serialize(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    packer.finish()
}

/// The value of bytes that [`pack`] made.
///
/// # Errors
/// Where they are others.
pub fn unpack<T: BorshDeserialize>(bytes: &[u8]) -> Result<T> {
    let mut reader = std::io::BufReader::with_capacity(1 << 16, zstd::Decoder::with_buffer(bytes)?);
    let value = T::deserialize_reader(&mut reader)?;
    match reader.read(&mut [0])? {
        0 => Ok(value),
        _ => Err(Error::new(ErrorKind::InvalidData, "bytes are left")),
    }
}

/// Writes a time, for fields.
pub(crate) fn write_time<W: Write>(time: &DateTime<Utc>, to: &mut W) -> Result<()> {
    (time.timestamp(), time.timestamp_subsec_nanos()).serialize(to)
}

/// Reads what [`write_time`] wrote.
pub(crate) fn read_time<R: Read>(from: &mut R) -> Result<DateTime<Utc>> {
    let (seconds, nanos) = BorshDeserialize::deserialize_reader(from)?;
    DateTime::from_timestamp(seconds, nanos)
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, "a time outside the calendar"))
}

/// Writes a day, for fields.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "borsh calls it so")]
pub(crate) fn write_day<W: Write>(day: &NaiveDate, to: &mut W) -> Result<()> {
    day.to_epoch_days().serialize(to)
}

/// Reads what [`write_day`] wrote.
pub(crate) fn read_day<R: Read>(from: &mut R) -> Result<NaiveDate> {
    let days = BorshDeserialize::deserialize_reader(from)?;
    NaiveDate::from_epoch_days(days)
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, "a day outside the calendar"))
}

/// Writes a set, for fields.
pub(crate) fn write_set<T: BorshSerialize, W: Write>(set: &HashSet<T>, to: &mut W) -> Result<()> {
    count(set.len())?.serialize(to)?;
    set.iter().try_for_each(|value| value.serialize(to))
}

/// Reads what [`write_set`] wrote.
pub(crate) fn read_set<T: BorshDeserialize + Eq + Hash, R: Read>(from: &mut R) -> Result<HashSet<T>> {
    let count = u32::deserialize_reader(from)?;
    (0..count).map(|_| T::deserialize_reader(from)).collect()
}

/// Writes a map, for fields.
pub(crate) fn write_map<K: BorshSerialize, V: BorshSerialize, W: Write>(
    map: &HashMap<K, V>,
    to: &mut W,
) -> Result<()> {
    count(map.len())?.serialize(to)?;
    map.iter().try_for_each(|pair| pair.serialize(to))
}

/// Reads what [`write_map`] wrote.
pub(crate) fn read_map<K: BorshDeserialize + Eq + Hash, V: BorshDeserialize, R: Read>(
    from: &mut R,
) -> Result<HashMap<K, V>> {
    let count = u32::deserialize_reader(from)?;
    (0..count).map(|_| <(K, V)>::deserialize_reader(from)).collect()
}

fn count(entries: usize) -> Result<u32> {
    u32::try_from(entries).map_err(|_| Error::new(ErrorKind::InvalidData, "too many entries"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::aws::Time;

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let time = |text: &str| Time(text.parse().unwrap());
        let value = BTreeMap::from([
            ("a".repeat(100_000), vec![time("1969-12-31T23:59:59.999999999Z"), time("2026-03-09T08:00:00Z")]),
            (String::new(), Vec::new()),
        ]);
        let bytes = pack(&value).unwrap();
        assert!(bytes.len() < 1000, "{}", bytes.len());
        assert_eq!(unpack::<BTreeMap<String, Vec<Time>>>(&bytes).unwrap(), value);
    }

    #[test]
    fn other_bytes_are_an_error() {
        let bytes = pack(&(1_u64, "a".to_owned())).unwrap();
        assert!(unpack::<(u64, u64)>(&bytes).is_err());
        assert_eq!(unpack::<u64>(&bytes).unwrap_err().to_string(), "bytes are left");
        assert!(unpack::<u64>(&bytes[..bytes.len() - 4]).is_err() || bytes.len() < 4);
        assert!(unpack::<u64>(b"not packed").is_err());
    }
}
