//! The folders that CloudTrail delivers to, read from a path or a key.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::ObjectName;
use super::name::is_region;

/// How far a path leads into `AWSLogs/[o-ORG/]ACCOUNT/SERVICE/REGION/YYYY/MM/DD/`; each part is None where the path ends
/// above it: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>.
/// There is no service, either, where a region stands in its place, as in copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LogPath<'a> {
    /// The folder behind `AWSLogs/` or, where an account follows at once, the one before it.
    pub(super) org: Option<&'a str>,
    /// The folder before `AWSLogs/` where it is named as an organization: Control Tower gave such a prefix to the trails of
    /// accounts before landing zone 3.0: <https://docs.aws.amazon.com/controltower/latest/userguide/about-logging.html>.
    pub(super) prefix_org: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    pub(super) year: Option<i32>,
    pub(super) month: Option<u32>,
    pub(super) day: Option<u32>,
    /// The path up to the region's folder, with its slash: where the days of one account and region lie.
    pub(super) lane: Option<&'a str>,
}

impl<'a> LogPath<'a> {
    /// Reads the folders of a path, those parts that end with a slash; None where they are not such a layout.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let mut end = if path.starts_with("AWSLogs/") { 0 } else { path.find("/AWSLogs/")? + 1 };
        let (above, below) = path.split_at_checked(end)?;
        let mut folders = below
            .split_inclusive('/')
            .map(|part| {
                end += part.len();
                (part, end)
            })
            .filter_map(|(part, end)| Some((part.strip_suffix('/')?, end)))
            .skip(1)
            .peekable();
        let prefix_org = above.rsplit('/').nth(1).filter(|folder| is_org(folder));
        let mut place = Self { prefix_org, ..Self::default() };
        place.org = folders.next_if(|(folder, _)| is_org(folder)).map(|(folder, _)| folder);
        let Some((account, _)) = folders.next() else { return Some(place) };
        place.account = Some(account).filter(|folder| is_account(folder));
        place.account?;
        place.org = place.org.or(place.prefix_org);
        place.service = folders.next_if(|(folder, _)| !is_region(folder)).map(|(folder, _)| folder);
        let region = folders.next();
        place.region = region.map(|(folder, _)| folder);
        place.lane = region.and_then(|(_, end)| path.get(..end));
        place.year = folders.next().and_then(|(folder, _)| number(folder, 4)).and_then(|y| y.try_into().ok());
        place.month = place.year.and(folders.next()).and_then(|(folder, _)| number(folder, 2));
        place.day = place.month.and(folders.next()).and_then(|(folder, _)| number(folder, 2));
        Some(place)
    }

    /// The first and the last day that the path may hold; None where it leads to no year.
    pub(super) fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let year = self.year?;
        let first = NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        let behind = match (self.month, self.day) {
            (_, Some(_)) => first.checked_add_days(Days::new(1)),
            (Some(_), None) => first.checked_add_months(Months::new(1)),
            (None, None) => first.checked_add_months(Months::new(12)),
        };
        Some((first, behind?.pred_opt()?))
    }

    /// The day whose folder the path leads to.
    pub(super) fn date(&self) -> Option<NaiveDate> {
        self.day.and_then(|_| self.days()).map(|(first, _)| first)
    }
}

/// Where an object's account and region have their days (the path up to the region's folder), and the day that it was
/// delivered on; None for one outside of the layout.
#[must_use]
pub fn lane_and_day(name: &str) -> Option<(&str, NaiveDate)> {
    let place = LogPath::parse(name)?;
    Some((place.lane?, place.date()?))
}

/// The day that an object was delivered on, by its folder (as [`lane_and_day`]) or else its name; None where neither tells.
#[must_use]
pub fn delivery_day(name: &str) -> Option<NaiveDate> {
    let by_folder = LogPath::parse(name).and_then(|place| place.date());
    by_folder.or_else(|| ObjectName::parse(name).map(|name| name.delivered.date_naive()))
}

/// A day's folder below a region's.
pub(super) fn day_folder(day: NaiveDate) -> String {
    format!("{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())
}

/// Whether a folder is named as an organization is.
pub(super) fn is_org(folder: &str) -> bool {
    folder
        .strip_prefix("o-")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether a folder is named as an account is.
pub(super) fn is_account(folder: &str) -> bool {
    folder.len() == 12 && folder.bytes().all(|b| b.is_ascii_digit())
}

fn number(folder: &str, digits: usize) -> Option<u32> {
    let fits = folder.len() == digits && folder.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| folder.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_is_read_as_far_as_it_leads() {
        let full = "s3://b/p/AWSLogs/o-abcd/111122223333/CloudTrail/eu-west-1/2026/03/09/x.json.gz";
        let place = LogPath::parse(full).unwrap();
        assert_eq!((place.org, place.account), (Some("o-abcd"), Some("111122223333")));
        assert_eq!((place.service, place.region), (Some("CloudTrail"), Some("eu-west-1")));
        assert_eq!(place.lane, Some("s3://b/p/AWSLogs/o-abcd/111122223333/CloudTrail/eu-west-1/"));
        assert_eq!(place.date(), Some(day("2026-03-09")));
        let month = LogPath::parse("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/02/").unwrap();
        assert_eq!((month.org, month.days()), (None, Some((day("2026-02-01"), day("2026-02-28")))));
        let year = LogPath::parse("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/").unwrap();
        assert_eq!((year.date(), year.days()), (None, Some((day("2026-01-01"), day("2026-12-31")))));
        assert_eq!(LogPath::parse("AWSLogs/"), Some(LogPath::default()));
    }

    #[test]
    fn a_region_in_the_place_of_the_service_is_the_region() {
        let path = "p/AWSLogs/111122223333/us-gov-west-1/2026/03/09/x.json.gz";
        let place = LogPath::parse(path).unwrap();
        assert_eq!((place.service, place.region), (None, Some("us-gov-west-1")));
        assert_eq!(lane_and_day(path), Some(("p/AWSLogs/111122223333/us-gov-west-1/", day("2026-03-09"))));
    }

    #[test]
    fn an_organization_is_named_behind_or_before_the_layout() {
        let org = |path| LogPath::parse(path).unwrap().org;
        assert_eq!(org("s3://b/o-abcd/AWSLogs/111122223333/CloudTrail/"), Some("o-abcd"));
        assert_eq!(org("o-abcd/AWSLogs/o-efgh/111122223333/"), Some("o-efgh"));
        assert_eq!(org("o-abcd/x/AWSLogs/111122223333/"), None);
        // Another one may follow.
        assert_eq!(org("o-abcd/AWSLogs/"), None);
        assert_eq!(LogPath::parse("o-abcd/AWSLogs/").unwrap().prefix_org, Some("o-abcd"));
    }

    #[test]
    fn an_object_is_of_the_day_of_its_folder_or_else_of_its_name() {
        let name = "111122223333_CloudTrail_us-east-1_20260310T0005Z_A.json.gz";
        let folder = "/x/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/09/";
        assert_eq!(delivery_day(&format!("{folder}{name}")), Some(day("2026-03-09")));
        assert_eq!(delivery_day(&format!("{folder}x.json")), Some(day("2026-03-09")));
        assert_eq!(delivery_day(&format!("/x/{name}")), Some(day("2026-03-10")));
        assert_eq!(delivery_day("/x/x.json"), None);
    }

    #[test]
    fn what_is_no_layout_is_not_taken_for_one() {
        for path in ["", "AWSLogs", "logs/x.json", "AWSLogs/other/x.json", "MyAWSLogs/111122223333/"] {
            assert_eq!(LogPath::parse(path), None, "{path}");
        }
        let odd = LogPath::parse("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/13/09/x.json.gz").unwrap();
        assert_eq!((odd.days(), odd.date()), (None, None));
    }
}
