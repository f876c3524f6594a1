//! Finds log objects in folders and in S3, reads their names, opens and inflates them with limits.
//!
//! An *object* is one file of a log archive. What it holds is decided by [`crate::record`] from its content; the name is
//! only used for the order of reading, to leave other services' logs aside, and to pass over what is not wanted ([`Prune`]).
//!
//! All that is said to S3 is here ([`s3`]), that of a lake, too.

mod foreign;
mod inflate;
mod layout;
mod list;
mod listing;
mod name;
mod open;
mod prune;
pub mod s3;
mod shard;
mod whole;

use std::path::PathBuf;

pub use foreign::Foreign;
pub use inflate::{INFLATED_BYTES_MAX, Inflated, Inflater, hexadecimal};
pub use layout::{delivery_day, lane_and_day};
pub use list::{ListError, Object, Place, Unlisted, list};
pub use listing::{Listed, Listing};
pub use name::ObjectName;
pub use open::Opener;
pub use prune::{LATE_DELIVERY_DAYS, Prune};
pub use shard::Shard;
pub use whole::{Content, Rest, Unpacker, WHOLE_BYTES_MAX};

/// Where objects are looked for.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Files, folders, and `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Places in S3, and how S3 is asked; None where there are none.
    pub s3: Option<(Vec<s3::S3Url>, s3::Store)>,
}

impl Sources {
    /// Their names, in order: absolute paths where the working folder can be told, and addresses in S3 without a slash at the
    /// end.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let paths = self.paths.iter().map(|path| absolute(path).display().to_string());
        let places = self.s3.iter().flat_map(|(places, _)| places);
        let places = places.map(|place| {
            let address = format!("s3://{}/{}", place.bucket, place.prefix);
            address.trim_end_matches('/').to_owned()
        });
        let mut names: Vec<String> = paths.chain(places).collect();
        names.sort();
        names
    }
}

/// Finds the objects of `sources` that `prune` wants: those of files and folders as [`list`] does, then those in S3 by
/// delivery day and name. Buckets are listed by a task of its own, from when the first part is asked for.
///
/// # Errors
/// Where a file or folder does not exist or can't be read. That a bucket can't be listed is said by the listing itself.
pub fn find(sources: &Sources, prune: &Prune) -> Result<Listing, ListError> {
    let (objects, unlisted) = list::list_wanted(&sources.paths, prune)?;
    let ready = Listed { objects, unlisted };
    Ok(match &sources.s3 {
        None => ready.into(),
        Some((places, store)) => s3::list(places.clone(), store, prune, ready),
    })
}
