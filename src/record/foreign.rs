//! Tells by content what is no CloudTrail log.

use super::Reason;
use super::scan::Member;
use crate::archive::Foreign;

/// The kind that a top-level member of this name gives away.
pub(super) fn by_key(key: &[u8]) -> Option<Foreign> {
    match key {
        b"digestStartTime" | b"digestS3Object" | b"digestPublicKeyFingerprint" => Some(Foreign::Digest),
        b"configurationItems" | b"configSnapshotId" => Some(Foreign::Config),
        b"s3ObjectKey" => Some(Foreign::SnsNotification),
        _ => None,
    }
}

/// The kind that a top-level member gives away by its value.
pub(super) fn by_member(key: &[u8], value: &[u8]) -> Option<Foreign> {
    match key {
        b"Event" if value.starts_with(b"\"s3:") => Some(Foreign::S3Notification),
        b"messageType" if value == b"\"CONTROL_MESSAGE\"" => Some(Foreign::LogsControl),
        _ => None,
    }
}

/// The kind of one entry in a list.
pub(super) fn of_entry(bytes: &[u8], members: &[Member]) -> Option<Foreign> {
    if !may_be_one(bytes, members) {
        return None;
    }
    members.iter().find_map(|member| match member.key(bytes) {
        b"s3" => members
            .iter()
            .any(|other| other.key(bytes) == b"eventSource" && other.value(bytes) == b"\"aws:s3\"")
            .then_some(Foreign::S3Notification),
        b"class_uid" => Some(Foreign::Ocsf),
        b"eventCategory" if member.value(bytes) == b"\"Aggregated\"" => Some(Foreign::Aggregated),
        _ => None,
    })
}

/// Whether the members are like those that [`of_entry`] looks for. Hardly any entry is of one, so all members are looked at
/// without a branch for each.
fn may_be_one(bytes: &[u8], members: &[Member]) -> bool {
    const S3: u64 = u64::from_le_bytes(*b"s3\"\0\0\0\0\0");
    const CLASS: u64 = u64::from_le_bytes(*b"class_ui");
    const CATEGORY: u64 = u64::from_le_bytes(*b"eventCat");
    let (mut odd, mut categories, mut value) = (false, 0_usize, 0);
    for member in members {
        let Some(name) = bytes.get(member.key_start..).and_then(<[u8]>::first_chunk) else { return true };
        let name = u64::from_le_bytes(*name);
        odd |= name & 0xFF_FFFF == S3;
        odd |= name == CLASS;
        let is_category = name == CATEGORY;
        categories += usize::from(is_category);
        value = if is_category { member.value_start } else { value };
    }
    odd || categories > 1 || (categories == 1 && bytes.get(value + 1) == Some(&b'A'))
}

/// Why bytes that do not begin as JSON are none: other formats are told by their first bytes.
pub(super) fn not_json(bytes: &[u8]) -> Reason {
    const KINDS: [(&[u8], &str); 8] = [
        (b"\x28\xB5\x2F\xFD", "compressed with zstd"),
        (b"BZh", "compressed with bzip2"),
        (b"\xFD7zXZ\0", "compressed with xz"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1F\x8B", "compressed with gzip more than twice"),
        (b"\xFF\xFE", "UTF-16 text"),
        (b"\xFE\xFF", "UTF-16 text"),
        (b"\x04\x22\x4D\x18", "compressed with LZ4"),
    ];
    let kind = KINDS.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, kind)| *kind);
    let tar = (bytes.get(257..262) == Some(b"ustar")).then_some("a tar archive");
    kind.or(tar).map_or(Reason::NotJson, Reason::OtherFormat)
}
