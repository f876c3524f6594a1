//! What an object's key says: account, region, delivery time.

use chrono::{DateTime, NaiveDateTime, Utc};

/// The parts of a CloudTrail object key,
/// `AWSLogs/[o-ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_UNIQUE.json.gz`:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html#cloudtrail-log-filename-format>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// The account whose events the object holds.
    pub account: String,
    /// The region.
    pub region: String,
    /// When CloudTrail delivered it, in UTC minutes; events in it are older.
    pub delivered: DateTime<Utc>,
}

impl ObjectName {
    /// Reads the last part of a path; None where it is no CloudTrail object name.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let file = path.rsplit('/').next()?;
        let mut parts = file.split('_');
        let account =
            parts.next().filter(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()))?;
        let kind = parts.next()?;
        if !kind.starts_with("CloudTrail") {
            return None;
        }
        let region = parts.next()?;
        let stamp = parts.next()?;
        let delivered =
            NaiveDateTime::parse_from_str(&format!("{stamp}00"), "%Y%m%dT%H%MZ%S").ok()?.and_utc();
        Some(Self { account: account.to_owned(), region: region.to_owned(), delivered })
    }

    /// Whether the path lies in another service's folder of a log bucket, `AWSLogs/[o-ORG/]ACCOUNT/SERVICE/…`. A name of
    /// CloudTrail's, or a region in the place of the service, as where a folder was copied, tells that it does not.
    #[must_use]
    pub fn is_other_service(path: &str) -> bool {
        let mut parts = path.split('/').skip_while(|part| *part != "AWSLogs").skip(1);
        let mut part = parts.next();
        if part.is_some_and(|part| part.starts_with("o-")) {
            part = parts.next();
        }
        let account = part.is_some_and(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()));
        let service = parts.next();
        let below = parts.next().is_some();
        let other = account && below && service.is_some_and(|service| !holds_logs(service));
        other && Self::parse(path).is_none()
    }
}

/// Whether a folder in the place of a service's may hold CloudTrail logs, by its name.
pub(super) fn holds_logs(folder: &str) -> bool {
    let begins = folder.get(..10).is_some_and(|begin| begin.eq_ignore_ascii_case("cloudtrail"));
    begins || is_region(folder)
}

/// Whether a folder is named as a region is: `us-east-1`, `us-gov-west-1`.
pub(super) fn is_region(folder: &str) -> bool {
    let parts: Vec<&str> = folder.split('-').collect();
    let Some((number, [area, rest @ ..])) = parts.split_last() else { return false };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    matches!(number.len(), 1..=2)
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (2..=4).contains(&area.len())
        && is_word(area)
        && (1..=2).contains(&rest.len())
        && rest.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_account_region_and_delivery() {
        let key = "p/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/09/\
                   111122223333_CloudTrail_us-east-1_20260309T1205Z_AbCdEf0123456789.json.gz";
        let name = ObjectName::parse(key).unwrap();
        assert_eq!((name.account.as_str(), name.region.as_str()), ("111122223333", "us-east-1"));
        assert_eq!(name.delivered.to_rfc3339(), "2026-03-09T12:05:00+00:00");
        assert_eq!(ObjectName::parse("AWSLogs/events.json"), None);
        assert_eq!(ObjectName::parse("111122223333_CloudTrail_us-east-1_20261399T1205Z_A.json.gz"), None);
    }

    #[test]
    fn other_services_are_told_by_their_folder() {
        assert!(ObjectName::is_other_service("b/AWSLogs/111122223333/Config/us-east-1/2026/3/9/x.json.gz"));
        assert!(ObjectName::is_other_service("AWSLogs/o-abcd/111122223333/vpcflowlogs/us-east-1/x.log.gz"));
        assert!(!ObjectName::is_other_service("AWSLogs/111122223333/CloudTrail-Insight/us-east-1/x.json.gz"));
        assert!(!ObjectName::is_other_service("AWSLogs/111122223333/x.json.gz"));
        assert!(!ObjectName::is_other_service("logs/111122223333/Config/x.json.gz"));
        assert!(!ObjectName::is_other_service("AWSLogs/111122223333/us-gov-west-1/2026/03/09/x.json.gz"));
        assert!(!ObjectName::is_other_service("AWSLogs/111122223333/cloudtrail/us-east-1/x.json.gz"));
        let name = "111122223333_CloudTrail_us-east-1_20260309T1205Z_AbCdEf0123456789.json.gz";
        assert!(!ObjectName::is_other_service(&format!("AWSLogs/111122223333/downloads/{name}")));
        for folder in ["us-east", "s3-access-1-x", "elb-1", "us--1", "vpcflowlogs", "WAFLogs"] {
            assert!(!is_region(folder), "{folder}");
        }
    }
}
