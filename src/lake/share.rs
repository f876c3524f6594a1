//! Shares of a lake: so many groups of the files that a window touches, each folded by itself, here or elsewhere.
//!
//! A share is told by few numbers: of the same version of the lake whoever divides it comes to the same groups.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::common::not_impl_err;
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, SessionContext};

use super::schema::Table;
use super::table::DataFile;
use super::{KeptFile, Lake, LakeError, RunFolder, Scratch};

/// One of so many shares of a lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which, from 0.
    pub place: usize,
    /// Of how many.
    pub count: usize,
    /// The files that may have events from this time on; None for no bound.
    pub from: Option<DateTime<Utc>>,
    /// And before this one.
    pub to: Option<DateTime<Utc>>,
}

/// A share as sessions.
pub struct Shared {
    /// The whole lake.
    pub whole: SessionContext,
    /// The same with the share's files only.
    pub own: SessionContext,
    /// No event of the share is before this time; None where nothing tells.
    pub from: Option<DateTime<Utc>>,
    /// All are before this one.
    pub to: Option<DateTime<Utc>>,
}

/// Who has the shares of a session's lake folded elsewhere.
#[async_trait]
pub(crate) trait Hands: fmt::Debug + Send + Sync {
    /// Has all shares of a window folded in the way that `what` names, with what `body` says of it, and gives what each came
    /// to.
    async fn fold(&self, asked: &Asked<'_>) -> Result<Vec<Vec<u8>>, DataFusionError>;

    /// Where the steps of a computation are kept, for them to be taken elsewhere, too; None where they are to stay here.
    fn scratch(&self) -> Option<&Scratch> {
        None
    }

    /// Has the rows of a frame written into a run's folder by whoever makes them, without the column `flag`, which tells two
    /// tables apart. Asked only of who has a scratch place.
    async fn keep(
        &self,
        frame: DataFrame,
        flag: &'static str,
        folder: &RunFolder,
    ) -> Result<KeptApart, DataFusionError> {
        let rows = frame.schema().to_string();
        not_impl_err!("nobody keeps {rows} parted by {flag} in {}", folder.shown())
    }
}

/// The files of two tables.
#[derive(Debug, Default)]
pub(crate) struct KeptApart {
    /// Of the rows whose flag does not hold.
    pub(crate) without: Vec<KeptFile>,
    /// Of those whose flag does.
    pub(crate) with: Vec<KeptFile>,
}

/// What is folded elsewhere.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "only a cluster reads what is asked of it"))]
pub(crate) struct Asked<'a> {
    /// The name of the way.
    pub(crate) what: &'a str,
    /// Files that end before this time are left out.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Files that begin at this time or later are left out.
    pub(crate) to: Option<DateTime<Utc>>,
    /// What else the way needs.
    pub(crate) body: &'a [u8],
}

/// Who folds a share where it is asked to.
#[async_trait]
pub trait Folds: fmt::Debug + Send + Sync {
    /// Folds a share in the way that `what` names, with what `body` says of it.
    ///
    /// # Errors
    /// Where there is no such way, or the lake can't be read.
    async fn fold(&self, share: &Shared, what: &str, body: &[u8]) -> anyhow::Result<Vec<u8>>;
}

impl Lake {
    /// A share of the lake; None where it has no file.
    ///
    /// # Errors
    /// Where the list of data files can't be read.
    pub fn share(&self, share: &Share) -> Result<Option<Shared>, LakeError> {
        let own = divided(self.files(Table::Events)?, share);
        if own.is_empty() {
            return Ok(None);
        }
        let times = || own.iter().map(|file| file.time_micros);
        let first = times().map(|times| times.map(|(first, _)| first)).min().flatten();
        let last =
            times().all(|times| times.is_some()).then(|| times().flatten().map(|(_, last)| last).max());
        let time = |micros: i64| DateTime::from_timestamp_micros(micros);
        let from = first.and_then(time);
        let to = last.flatten().and_then(|last| time(last.saturating_add(1)));
        let session = self.session_of(&own)?;
        Ok(Some(Shared {
            whole: self.single_session()?,
            own: session,
            from: [from, share.from].into_iter().flatten().max(),
            to: [to, share.to].into_iter().flatten().min(),
        }))
    }
}

/// The files of a share: neighbours in time, and in all shares about as many bytes.
fn divided(files: Vec<DataFile>, share: &Share) -> Vec<DataFile> {
    let (from, to) =
        (share.from.map(|time| time.timestamp_micros()), share.to.map(|time| time.timestamp_micros()));
    let touches = |file: &DataFile| {
        file.time_micros.is_none_or(|(first, last)| {
            from.is_none_or(|from| last >= from) && to.is_none_or(|to| first < to)
        })
    };
    let mut files: Vec<DataFile> = files.into_iter().filter(touches).collect();
    files.sort_by(|a, b| (a.day, a.time_micros, &a.path).cmp(&(b.day, b.time_micros, &b.path)));
    let all: u128 = files.iter().map(|file| u128::from(file.size.max(1))).sum();
    let mut before = 0_u128;
    files.retain(|file| {
        let size = u128::from(file.size.max(1));
        // Where its middle lies.
        let place = (before * 2 + size) * share.count as u128 / (all * 2);
        before += size;
        place == share.place as u128
    });
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, day: i32, size: u64) -> DataFile {
        let start = i64::from(day) * 86_400_000_000;
        DataFile {
            path: object_store::path::Path::from(name),
            size,
            rows: None,
            day: Some(day),
            time_micros: Some((start, start + 3_600_000_000)),
            accounts: None,
        }
    }

    fn share(place: usize, count: usize) -> Share {
        Share { place, count, from: None, to: None }
    }

    fn names(files: &[DataFile]) -> Vec<String> {
        files.iter().map(|file| file.path.to_string()).collect()
    }

    #[test]
    fn every_file_is_in_one_share_and_shares_are_alike() {
        let files: Vec<DataFile> = (0..97)
            .map(|number| {
                file(&format!("f{number}"), number * 7 % 31, u64::from(number.unsigned_abs() % 5 + 1))
            })
            .collect();
        for count in [1, 2, 7, 96, 200] {
            let shares: Vec<Vec<DataFile>> =
                (0..count).map(|place| divided(files.clone(), &share(place, count))).collect();
            let mut all = names(&shares.concat());
            let sizes: Vec<u64> = shares.iter().map(|own| own.iter().map(|file| file.size).sum()).collect();
            let even = files.iter().map(|file| file.size).sum::<u64>() / count as u64;
            assert!(sizes.iter().all(|size| *size <= even + 6), "{count}: {sizes:?}");
            all.sort();
            let mut expected = names(&files);
            expected.sort();
            assert_eq!(all, expected, "{count}");
        }
    }

    #[test]
    fn a_share_has_neighbours_in_time_whatever_the_order_of_the_list() {
        let files = [file("c", 3, 1), file("a", 1, 1), file("d", 4, 1), file("b", 2, 1)];
        assert_eq!(names(&divided(files.to_vec(), &share(0, 2))), ["a", "b"]);
        assert_eq!(names(&divided(files.to_vec(), &share(1, 2))), ["c", "d"]);
    }

    #[test]
    fn files_outside_of_the_window_are_in_no_share() {
        let day = |day: i64| DateTime::from_timestamp(day * 86_400, 0);
        let mut odd = file("odd", 9, 1);
        odd.time_micros = None;
        let files = [file("a", 1, 1), file("b", 2, 1), file("c", 3, 1), odd];
        let window = Share { from: day(2), to: day(3), ..share(0, 1) };
        assert_eq!(names(&divided(files.to_vec(), &window)), ["b", "odd"]);
    }
}
