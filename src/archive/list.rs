//! Finds the objects of files and folders, in the order in which they are read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use super::layout::delivery_day;
use super::s3::{S3Error, S3Object};
use super::{Foreign, ObjectName, Prune, hexadecimal};

/// Where an object's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A bucket.
    S3(S3Object),
}

/// An object that may hold records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name in the lake: the absolute path, `s3://BUCKET/KEY`, or `-` for standard input. Bytes that are no UTF-8 are
    /// written `\xNN`.
    pub name: String,
    /// Where its bytes are.
    pub place: Place,
    /// Its size in bytes as listed; 0 for standard input.
    pub size: u64,
    /// When it was last changed, in microseconds since 1970; 0 where that is not known.
    pub modified_micros: i64,
}

/// What was found and is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlisted {
    /// No CloudTrail log by its place or name.
    SetAside(Foreign),
    /// It can't be listed; holds why.
    Unreadable(String),
}

/// A source that can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Nothing is there.
    #[error("cannot read source `{}`: {error}", path.display())]
    Source {
        /// The source as given.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A bucket can't be listed.
    #[error("cannot list: {0}{hint}", hint = .0.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
    S3(Box<S3Error>),
}

/// Finds the objects of `sources`: files, folders (with all that is below them) and `-` for standard input.
///
/// The objects come in the order of their delivery day, then of their names, so that a part of the listing is a part of
/// the days. Symbolic links are followed once; a loop is unreadable.
///
/// # Errors
/// Where a source itself does not exist or can't be read. What lies below a folder and can't be read is listed beside.
pub fn list(sources: &[PathBuf]) -> Result<(Vec<Object>, BTreeMap<String, Unlisted>), ListError> {
    list_wanted(sources, &Prune::default())
}

/// As [`list`], only what is wanted of the sources.
pub(super) fn list_wanted(
    sources: &[PathBuf],
    prune: &Prune,
) -> Result<(Vec<Object>, BTreeMap<String, Unlisted>), ListError> {
    let wants_all = prune.is_all();
    let mut objects = Vec::new();
    let mut unlisted = BTreeMap::new();
    for source in sources {
        if source.as_os_str() == "-" {
            objects.push(Object { name: "-".to_owned(), place: Place::Stdin, size: 0, modified_micros: 0 });
            continue;
        }
        let fail = |error| ListError::Source { path: source.clone(), error };
        // What stands for a pipe has no path of its own.
        let kind = fs::metadata(source).map_err(fail)?;
        if !kind.is_dir() && !kind.is_file() {
            return Err(fail(not_regular()));
        }
        let root = fs::canonicalize(source).map_err(fail)?;
        if kind.is_dir() {
            fs::read_dir(&root).map_err(fail)?;
        }
        // Who names such a folder wants it.
        let is_wanted = ObjectName::is_other_service(&format!("{}/x", name_of(&root)));
        let walk = WalkDir::new(&root).follow_links(true).sort_by_file_name().into_iter();
        let tables = RefCell::new(Vec::new());
        for entry in walk.filter_entry(|entry| {
            if entry.file_type().is_dir() && entry.depth() > 0 && is_table(entry.path()) {
                // Part of a lake, perhaps of the one that is written.
                tables.borrow_mut().push(format!("{}/", name_of(entry.path())));
                return false;
            }
            wants_all
                || !entry.file_type().is_dir()
                || prune.wants_folder(&format!("{}/", name_of(entry.path())))
        }) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
                    let hidden = entry.depth() > 0
                        && relative
                            .components()
                            .any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
                    let name = name_of(entry.path());
                    if !prune.wants_object(&name) {
                        continue;
                    }
                    if hidden {
                        unlisted.insert(name, Unlisted::SetAside(Foreign::Hidden));
                    } else if entry.depth() > 0 && !is_wanted && ObjectName::is_other_service(&name) {
                        unlisted.insert(name, Unlisted::SetAside(Foreign::OtherService));
                    } else {
                        match fs::metadata(entry.path()) {
                            Ok(meta) => objects.push(Object {
                                name,
                                place: Place::File(entry.path().to_owned()),
                                size: meta.len(),
                                modified_micros: modified_micros(&meta),
                            }),
                            Err(error) => {
                                unlisted
                                    .insert(name, Unlisted::Unreadable(format!("cannot be read: {error}")));
                            }
                        }
                    }
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => {
                    let name = name_of(entry.path());
                    if prune.wants_object(&name) {
                        unlisted.insert(name, Unlisted::SetAside(Foreign::NoFile));
                    }
                }
                Err(error) => {
                    let name = name_of(error.path().unwrap_or(&root));
                    let why = match (error.loop_ancestor(), error.io_error()) {
                        (Some(ancestor), _) => {
                            format!("symbolic link loop: leads back to {}", name_of(ancestor))
                        }
                        (None, Some(io)) => format!("cannot be read: {io}"),
                        (None, None) => format!("cannot be read: {error}"),
                    };
                    unlisted.insert(name, Unlisted::Unreadable(why));
                }
            }
        }
        let tables = tables.into_inner().into_iter();
        unlisted.extend(tables.map(|name| (name, Unlisted::SetAside(Foreign::Table))));
    }
    in_order(&mut objects);
    Ok((objects, unlisted))
}

/// Whether a folder is a Delta table.
fn is_table(folder: &Path) -> bool {
    folder.join("_delta_log").is_dir()
}

/// Pipes and devices are read once, and have no end or state by which they would be known again.
fn not_regular() -> io::Error {
    io::Error::other("it is no regular file; read it as standard input: `… ingest - < FILE`")
}

/// Puts objects in the order in which they are read, each once.
pub(super) fn in_order(objects: &mut Vec<Object>) {
    objects.sort_by_cached_key(|object| (delivery_day(&object.name), object.name.clone()));
    objects.dedup_by(|left, right| left.name == right.name);
}

fn modified_micros(meta: &fs::Metadata) -> i64 {
    meta.modified()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}

/// A path as text; bytes that are no UTF-8 are written `\xNN`, so that no two paths share a name by replacement.
fn name_of(path: &Path) -> String {
    let mut name = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        name.push_str(chunk.valid());
        for byte in chunk.invalid() {
            name.push_str("\\x");
            name.push_str(&hexadecimal(&[*byte]).to_ascii_uppercase());
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn names(root: &Path) -> (Vec<String>, BTreeMap<String, Unlisted>) {
        let (objects, unlisted) = list(&[root.to_owned()]).unwrap();
        let base = format!("{}/", fs::canonicalize(root).unwrap().display());
        let relative = |name: &str| name.trim_start_matches(&base).to_owned();
        (
            objects.iter().map(|object| relative(&object.name)).collect(),
            unlisted.into_iter().map(|(name, why)| (relative(&name), why)).collect(),
        )
    }

    #[test]
    fn objects_come_by_delivery_day_then_name() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "b/111122223333_CloudTrail_us-east-1_20260310T0005Z_A.json.gz",
            "c/111122223333_CloudTrail_us-east-1_20260309T2355Z_B.json.gz",
            "a/111122223333_CloudTrail_us-east-1_20260310T0000Z_C.json.gz",
            "z.json",
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        let (found, _) = names(root.path());
        let starts: String = found.iter().filter_map(|name| name.chars().next()).collect();
        assert_eq!(starts, "zcab");
    }

    #[test]
    fn objects_of_odd_names_come_with_the_day_of_their_folder() {
        let root = tempfile::tempdir().unwrap();
        let in_order = [
            "10/111122223333_CloudTrail_us-east-1_20260310T0005Z_A.json",
            "11/111122223333_CloudTrail_us-east-1_20260301T0005Z_A.json",
            "12/odd.json",
        ];
        let march = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/";
        for name in in_order {
            let path = root.path().join(march).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        let (found, _) = names(root.path());
        assert_eq!(found, in_order.map(|name| format!("{march}{name}")));
    }

    #[test]
    fn a_symlink_loop_is_named_and_the_rest_is_listed() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("sub")).unwrap();
        fs::write(root.path().join("sub/a.json"), "{}").unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("sub/loop")).unwrap();
        let (found, unlisted) = names(root.path());
        assert_eq!(found, ["sub/a.json"]);
        assert!(matches!(unlisted.get("sub/loop"), Some(Unlisted::Unreadable(why)) if why.contains("loop")));
    }

    #[test]
    fn names_that_are_not_utf8_are_listed_and_told_apart() {
        let root = tempfile::tempdir().unwrap();
        for name in [b"a\xFF.json".as_slice(), b"a\xFE.json"] {
            fs::write(root.path().join(std::ffi::OsStr::from_bytes(name)), "{}").unwrap();
        }
        let (found, _) = names(root.path());
        assert_eq!(found, ["a\\xFE.json", "a\\xFF.json"]);
    }

    #[test]
    fn hidden_files_and_other_services_are_set_aside_by_name() {
        let root = tempfile::tempdir().unwrap();
        for name in [".DS_Store", "AWSLogs/111122223333/Config/us-east-1/x.json.gz", "a.json"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        let (found, unlisted) = names(root.path());
        assert_eq!((found.len(), unlisted.len()), (1, 2));
    }

    #[test]
    fn a_missing_source_is_an_error_that_names_it() {
        let error = list(&[PathBuf::from("/no/such/place")]).unwrap_err();
        assert!(error.to_string().contains("/no/such/place"));
    }
}
