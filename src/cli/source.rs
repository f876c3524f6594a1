//! Opens the lake that a command reads: the one given, or a cache made of logs.

use chrono::{DateTime, SecondsFormat, Utc};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::args::{Data, Reading, S3, Wanted};
use super::output::note;
use super::progress::Bar;
use super::{EXIT_DONE, EXIT_UNREADABLE, s3};
use crate::archive::{self, Place};
#[cfg(feature = "cluster")]
use crate::cluster::Cluster;
#[cfg(feature = "cluster")]
use crate::lake::Scratch;
use crate::lake::{self, Lake, Session};
use crate::query::{self, measure};
use crate::report::figure::counted;

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

impl Drop for Source {
    fn drop(&mut self) {
        // A command opens one source, and ends with it.
        lake::leave_metadata(&self.session);
    }
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
        reads_all(&data.reading.wanted)?;
        let site = s3::site(&data.lake, &data.reading.s3).await?;
        let in_s3 = site.folder().is_none();
        let flags = if in_s3 { s3_flags(&data.reading.s3) } else { String::new() };
        (Lake::open(site).await?, format!("--lake {}{flags}", shell(&data.lake)), Vec::new())
    } else {
        let paths: Vec<String> = data.logs.iter().map(|path| shell(path)).collect();
        let (lake, held) = cached(data).await?;
        (lake, format!("--logs {}{}", paths.join(" "), flags(&data.reading)), held)
    };
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    #[cfg(feature = "cluster")]
    if let Some(scheduler) = &data.cluster {
        let scratch = scratch(data).await?;
        session = Cluster::connect(scheduler).await?.session(&lake, &session, scratch, note);
    }
    let mut exit = EXIT_DONE;
    if !data.logs.is_empty() {
        let reading = measure::reading(&session).await?;
        if reading.refused > 0 {
            exit = EXIT_UNREADABLE;
            note(&format!(
                "note: {} in {} could not be read; `backtrail query ingest-refusals {flag}` names {}",
                counted(reading.refused, "entry", "entries"),
                counted(reading.refused_objects, "object", "objects"),
                if reading.refused == 1 { "it" } else { "them" }
            ));
        }
    }
    Ok(Source { session, flag, exit, _held: held })
}

/// Refuses what chooses a part of an archive, where a lake is read: it would do nothing.
fn reads_all(wanted: &Wanted) -> anyhow::Result<()> {
    let Wanted { accounts, regions, org } = wanted;
    for (name, values) in [("accounts", accounts), ("regions", regions), ("org", org)] {
        anyhow::ensure!(
            values.is_empty(),
            "--{name} says which log files are read: expected with --logs, found with a lake\n\
             hint: `backtrail ingest --{name} {}` makes a lake of them alone",
            values.join(",")
        );
    }
    Ok(())
}

/// Where steps of lineage are kept for a cluster to take them.
#[cfg(feature = "cluster")]
async fn scratch(data: &Data) -> anyhow::Result<Option<Scratch>> {
    let Some(place) = &data.scratch else { return Ok(None) };
    let cannot = |error: anyhow::Error| {
        anyhow::anyhow!(
            "cannot use the scratch place `{}`: {error}\nhint: `--scratch` takes a folder that is there, or \
             `s3://BUCKET/PREFIX`, which this machine and all executors see and may write to",
            place.display()
        )
    };
    let site = s3::site(place, &data.reading.s3).await.map_err(cannot)?;
    Ok(Some(Scratch::at(&site, note).map_err(|error| cannot(error.into()))?))
}

/// A lake made of logs, kept in the user's cache for the next time.
async fn cached(data: &Data) -> anyhow::Result<(Lake, Vec<Held>)> {
    let sources = s3::sources(&data.logs, &data.reading).await?;
    let prune = data.reading.wanted.prune();
    let listed = archive::find(&sources, &prune)?.all().await?;
    let from_stdin = listed.objects.iter().any(|object| object.place == Place::Stdin);
    let (folder, held) = if from_stdin {
        let folder = std::env::temp_dir().join(format!("backtrail-{}", uuid::Uuid::new_v4()));
        (folder.clone(), Held::Folder(folder))
    } else {
        let mut names: Vec<PathBuf> =
            sources.paths.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        names.extend(data.logs.iter().filter(|path| path.starts_with("s3://")).cloned());
        names.sort();
        let mut name = format!("{names:?}");
        let part = flags(&data.reading);
        if !part.is_empty() {
            name = format!("{name}{part}");
        }
        let name = lake::token_hash(name.as_bytes()).replace("sha256:", "");
        let folder = cache_folder()?.join("lakes").join(name);
        fs::create_dir_all(&folder)
            .map_err(|error| anyhow::anyhow!("cannot make the cache `{}`: {error}", folder.display()))?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let lake = folder.join("lake");
        if lake.exists() && !lake::holds_only(&lake, &listed.objects).await.unwrap_or(false) {
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

fn cache_folder() -> anyhow::Result<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("BACKTRAIL_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("backtrail")))
        .or_else(|| given("HOME").map(|folder| folder.join(".cache").join("backtrail")))
        // A folder that others may write is no place for what questions are answered from.
        .ok_or_else(|| {
            anyhow::anyhow!("there is no folder for the cache of `--logs`: set BACKTRAIL_CACHE or HOME")
        })
}

/// The options that say which part of which archive is read, as typed.
fn flags(reading: &Reading) -> String {
    let Wanted { accounts, regions, org } = &reading.wanted;
    let mut text = String::new();
    for (name, values) in [("accounts", accounts), ("regions", regions), ("org", org)] {
        if !values.is_empty() {
            text.push_str(&format!(" --{name} {}", values.join(",")));
        }
    }
    text + &s3_flags(&reading.s3)
}

/// The options that say how S3 is asked, as typed.
pub(super) fn s3_flags(options: &S3) -> String {
    let S3 { profile, region, endpoint_url, path_style, request_payer } = options;
    let mut text = String::new();
    for (name, value) in [("profile", profile), ("region", region), ("endpoint-url", endpoint_url)] {
        if let Some(value) = value {
            text.push_str(&format!(" --{name} {}", shell(Path::new(value))));
        }
    }
    if let Some(path_style) = path_style {
        text.push_str(&format!(" --path-style={path_style}"));
    }
    if *request_payer {
        text.push_str(" --request-payer");
    }
    text
}

/// Options that were given, as typed.
pub(super) fn given(options: &[(&str, Option<String>)]) -> String {
    let mut text = String::new();
    for (name, value) in options {
        if let Some(value) = value {
            text.push_str(&format!(" --{name} {}", shell(Path::new(value))));
        }
    }
    text
}

/// A moment as `--from` and `--to` take it.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A path as a shell takes it.
pub(super) fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
