//! Opens the lake that a command reads: the one given, or a cache made of logs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::args::Data;
use super::output::note;
use super::progress::Bar;
use super::{EXIT_DONE, EXIT_UNREADABLE};
use crate::archive::{self, Place};
use crate::lake::{self, Lake, Session};
use crate::query::{self, measure};

/// An open lake.
pub(super) struct Source {
    pub(super) session: Session,
    /// How a `next:` line names this source.
    pub(super) flag: String,
    /// [`EXIT_UNREADABLE`] where some of the logs could not be read.
    pub(super) exit: u8,
    /// Keeps others from changing a cache, and removes a lake that was made of standard input.
    _held: Vec<Held>,
}

/// What is held while a lake is read.
enum Held {
    Lock(File),
    Folder(PathBuf),
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Held::Folder(folder) = self {
            // Nobody can be told any more; the folder lies in the place for such things.
            drop(fs::remove_dir_all(folder));
        }
    }
}

/// Opens the source that the arguments name.
pub(super) async fn open(data: &Data) -> anyhow::Result<Source> {
    let (lake, flag, held) = if data.logs.is_empty() {
        (Lake::open(&data.lake).await?, format!("--lake {}", shell(&data.lake)), Vec::new())
    } else {
        let paths: Vec<String> = data.logs.iter().map(|path| shell(path)).collect();
        let (lake, held) = cached(data).await?;
        (lake, format!("--logs {}", paths.join(" ")), held)
    };
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    let mut exit = EXIT_DONE;
    if !data.logs.is_empty() {
        let reading = measure::reading(&session).await?;
        if reading.refused > 0 {
            exit = EXIT_UNREADABLE;
            note(&format!(
                "note: {} entries in {} objects could not be read; `backtrail query ingest-refusals {flag}` names them",
                reading.refused, reading.refused_objects
            ));
        }
    }
    Ok(Source { session, flag, exit, _held: held })
}

/// A lake made of logs, kept in the user's cache for the next time.
async fn cached(data: &Data) -> anyhow::Result<(Lake, Vec<Held>)> {
    let listed = archive::list(&data.logs)?;
    let from_stdin = listed.0.iter().any(|object| object.place == Place::Stdin);
    let (folder, held) = if from_stdin {
        let folder = std::env::temp_dir().join(format!("backtrail-{}", uuid::Uuid::new_v4()));
        (folder.clone(), Held::Folder(folder))
    } else {
        let mut names: Vec<PathBuf> =
            data.logs.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        names.sort();
        let name = lake::token_hash(format!("{names:?}").as_bytes()).replace("sha256:", "");
        let folder = cache_folder().join("lakes").join(name);
        fs::create_dir_all(&folder)
            .map_err(|error| anyhow::anyhow!("cannot make the cache `{}`: {error}", folder.display()))?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let lake = folder.join("lake");
        if lake.exists() && !lake::holds_only(&lake, &listed.0).await.unwrap_or(false) {
            // Something that was read is gone or has changed; the answer is to be of what is there now.
            fs::remove_dir_all(&lake)?;
        }
        (lake, Held::Lock(lock))
    };
    let bar = Bar::new();
    let report = lake::ingest(&folder, listed, &data.reading.options(), &bar).await;
    bar.end();
    report?;
    if let Held::Lock(lock) = &held {
        lock.unlock()?;
        lock.lock_shared()?;
    }
    Ok((Lake::open(&folder).await?, vec![held]))
}

fn cache_folder() -> PathBuf {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("BACKTRAIL_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("backtrail")))
        .or_else(|| given("HOME").map(|folder| folder.join(".cache").join("backtrail")))
        .unwrap_or_else(|| std::env::temp_dir().join("backtrail"))
}

/// A path as a shell takes it.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
