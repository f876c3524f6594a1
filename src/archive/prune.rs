//! Which part of an archive is wanted, told from paths alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::ObjectName;
use super::layout::{LogPath, delivery_day};

/// CloudTrail delivers an event within minutes, at times hours, after it happened; objects of so many days after a window
/// are looked at for events inside of it, and of so many days before the newest known one for what came late:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html>.
pub const LATE_DELIVERY_DAYS: u64 = 2;

/// The wanted part of an archive. An empty set or None wants all; what a path does not tell is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prune {
    /// Account ids.
    pub accounts: BTreeSet<String>,
    /// Regions.
    pub regions: BTreeSet<String>,
    /// Ids of organizations, `o-…`.
    pub orgs: BTreeSet<String>,
    /// The first day of delivery.
    pub first_day: Option<NaiveDate>,
    /// The last day of delivery.
    pub last_day: Option<NaiveDate>,
    /// By the path of a region's folder (see [`super::lane_and_day`]): the day up to which all is known already. Wanted is what
    /// is not older than [`LATE_DELIVERY_DAYS`] before it.
    pub newest: BTreeMap<String, NaiveDate>,
}

impl Prune {
    /// Wants the objects that may hold events from `from` (inclusive) to `to` (exclusive).
    #[must_use]
    pub fn between(mut self, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Self {
        self.first_day = from.map(|from| from.date_naive());
        self.last_day = to.and_then(|to| {
            let last = to.checked_sub_signed(TimeDelta::microseconds(1))?;
            last.date_naive().checked_add_days(Days::new(LATE_DELIVERY_DAYS))
        });
        self
    }

    /// Whether everything is wanted.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something below a folder may be wanted; `folder` ends with a slash.
    pub(super) fn wants_folder(&self, folder: &str) -> bool {
        let Some(place) = LogPath::parse(folder) else { return true };
        let (first, last) = self.days(place.lane);
        let inside = place.days().is_none_or(|days| within(days, first, last));
        inside && self.wants(place.org, place.account, place.region)
    }

    /// Whether an object is wanted.
    pub(super) fn wants_object(&self, name: &str) -> bool {
        if self.is_all() {
            return true;
        }
        let place = LogPath::parse(name).unwrap_or_default();
        let by_name = ObjectName::parse(name);
        let account = place.account.or(by_name.as_ref().map(|name| name.account.as_str()));
        let region = place.region.or(by_name.as_ref().map(|name| name.region.as_str()));
        let (first, last) = self.days(place.lane);
        let inside = delivery_day(name).is_none_or(|day| within((day, day), first, last));
        inside && self.wants(place.org, account, region)
    }

    /// The days wanted of a region's folder.
    pub(super) fn days(&self, lane: Option<&str>) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let newest = lane.and_then(|lane| self.newest.get(lane));
        let since = newest.and_then(|day| day.checked_sub_days(Days::new(LATE_DELIVERY_DAYS)));
        (self.first_day.max(since), self.last_day)
    }

    fn wants(&self, org: Option<&str>, account: Option<&str>, region: Option<&str>) -> bool {
        let one_of = |set: &BTreeSet<String>, name: Option<&str>| {
            set.is_empty() || name.is_none_or(|name| set.contains(name))
        };
        // Outside of an organization's folder, an account is in none that was asked for.
        let org = org.or(account.map(|_| ""));
        one_of(&self.orgs, org) && one_of(&self.accounts, account) && one_of(&self.regions, region)
    }
}

fn within(days: (NaiveDate, NaiveDate), first: Option<NaiveDate>, last: Option<NaiveDate>) -> bool {
    first.is_none_or(|first| days.1 >= first) && last.is_none_or(|last| days.0 <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(account: &str, region: &str, date: &str) -> String {
        let stamp = date.replace('/', "");
        format!(
            "/x/AWSLogs/{account}/CloudTrail/{region}/{date}/{account}_CloudTrail_{region}_{stamp}T0005Z_A.json.gz"
        )
    }

    #[test]
    fn objects_are_told_by_account_region_and_day() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let mut prune = Prune::default().between(at("2026-03-09T12:00:00Z"), at("2026-03-10T00:00:00Z"));
        let wanted = |prune: &Prune, date| prune.wants_object(&key("111122223333", "eu-west-1", date));
        let days = ["2026/03/08", "2026/03/09", "2026/03/11", "2026/03/12"];
        assert_eq!(days.map(|day| wanted(&prune, day)), [false, true, true, false]);
        prune.regions.insert("us-east-1".to_owned());
        assert!(!wanted(&prune, "2026/03/09"));
        prune.regions.insert("eu-west-1".to_owned());
        prune.accounts.insert("444455556666".to_owned());
        assert!(!wanted(&prune, "2026/03/09"));
        // Names outside of the layout tell the same.
        assert!(!prune.wants_object("/y/111122223333_CloudTrail_eu-west-1_20260309T0005Z_A.json.gz"));
        assert!(prune.wants_object("/y/444455556666_CloudTrail_eu-west-1_20260309T0005Z_A.json.gz"));
        assert!(prune.wants_object("/y/events.json"));
    }

    #[test]
    fn folders_are_entered_while_something_below_may_be_wanted() {
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        let prune = Prune { first_day: day("2026-02-27"), last_day: day("2026-03-01"), ..Prune::default() };
        let lane = "/x/AWSLogs/111122223333/CloudTrail/eu-west-1/";
        let wanted =
            ["", "2025/", "2026/", "2026/01/", "2026/02/", "2026/02/26/", "2026/03/01/", "2026/03/02/"]
                .map(|below| prune.wants_folder(&format!("{lane}{below}")));
        assert_eq!(wanted, [true, false, true, false, true, false, true, false]);
        let org = Prune { orgs: ["o-abcd".to_owned()].into(), ..Prune::default() };
        assert!(org.wants_folder("/x/AWSLogs/"));
        assert!(org.wants_folder("/x/AWSLogs/o-abcd/111122223333/"));
        assert!(!org.wants_folder("/x/AWSLogs/o-efgh/"));
        assert!(!org.wants_folder("/x/AWSLogs/111122223333/"));
        // Trails of accounts may have the organization as their prefix.
        assert!(org.wants_folder("/x/o-abcd/AWSLogs/111122223333/"));
        assert!(!org.wants_folder("/x/o-efgh/AWSLogs/111122223333/"));
        assert!(org.wants_folder("/x/o-efgh/AWSLogs/"));
    }

    #[test]
    fn what_is_known_bounds_each_region_by_itself() {
        let lane = "/x/AWSLogs/111122223333/CloudTrail/eu-west-1/".to_owned();
        let newest = [(lane, "2026-03-09".parse().unwrap())].into();
        let prune = Prune { newest, ..Prune::default() };
        assert!(!prune.wants_object(&key("111122223333", "eu-west-1", "2026/03/06")));
        assert!(prune.wants_object(&key("111122223333", "eu-west-1", "2026/03/07")));
        assert!(prune.wants_object(&key("111122223333", "us-east-1", "2026/03/06")));
    }
}
