//! Tells by content what is no CloudTrail log.

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
    members.iter().find_map(|member| match member.key(bytes) {
        b"s3" => members
            .iter()
            .any(|other| other.key(bytes) == b"eventSource" && other.value(bytes) == b"\"aws:s3\"")
            .then_some(Foreign::S3Notification),
        b"class_uid" => Some(Foreign::Ocsf),
        _ => None,
    })
}
