//! Reading a snapshot's files, the only I/O of this module: which files there are, their bounded text, their JSON values
//! one after another, and which reader each belongs to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::problem::{Problem, SnapshotError, Trouble};
use super::{ControlKind, Snapshot};
use crate::aws::AccountId;
use crate::policy;

/// A snapshot has at most so many files.
pub const FILES_MAX: usize = 100_000;
/// A file has at most so many bytes.
pub const FILE_BYTES_MAX: u64 = 512 << 20;
/// So many problems are listed; the others are counted.
pub const PROBLEMS_MAX: usize = 1_000;
/// Folders are not searched deeper.
const DEPTH_MAX: usize = 8;

/// What is read so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) snapshot: Snapshot,
    /// The file at hand, from the snapshot's folder.
    file: String,
    /// For each account its pages of details, in the order they were read: whether each says that another one follows.
    pub(super) pages: BTreeMap<AccountId, Vec<bool>>,
}

/// Which form the values of a file have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Details,
    Organization,
    Control(ControlKind),
    Resource,
    Endpoint,
    AccessKeys,
    CredentialReport,
    Foreign,
}

impl Snapshot {
    /// Reads a folder, or one file of authorization details.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] where the path cannot be opened, or nothing in it can be used. All other trouble is in
    /// [`Snapshot::problems`].
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let failed =
            |step| move |source: io::Error| SnapshotError::Path { step, path: path.to_owned(), source };
        let mut reader = Reader::default();
        reader.snapshot.path = path.display().to_string();
        if fs::metadata(path).map_err(failed("open"))?.is_dir() {
            fs::read_dir(path).map_err(failed("list"))?;
            for file in reader.files(path) {
                reader.file(path, &file);
            }
        } else {
            let name = path.file_name().unwrap_or(path.as_os_str());
            reader.file(path.parent().unwrap_or(Path::new("")), Path::new(name));
        }
        reader.finish(path)
    }
}

impl Reader {
    /// The files of a folder as paths below it, sorted; hidden ones and other names than `*.json` and `credential-report*.csv` are left
    /// out.
    fn files(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let is_hidden = |entry: &walkdir::DirEntry| {
            entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
        };
        let walk = walkdir::WalkDir::new(folder).follow_links(true).max_depth(DEPTH_MAX).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| !is_hidden(entry)) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if is_read(entry.path()) => {
                    if found.len() == FILES_MAX {
                        let limit = FILES_MAX as u64;
                        self.file = String::new();
                        self.problem("", Trouble::Limit { what: "files", limit });
                        break;
                    }
                    found.push(entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_owned());
                }
                Ok(_) => self.snapshot.files_ignored += 1,
                Err(error) => {
                    let path = error.path().unwrap_or(folder);
                    self.file = path.strip_prefix(folder).unwrap_or(path).display().to_string();
                    self.problem("", Trouble::Unreadable { message: error.to_string() });
                }
            }
        }
        found
    }

    fn file(&mut self, folder: &Path, name: &Path) {
        self.file = name.display().to_string();
        self.snapshot.files += 1;
        let text = match read_text(&folder.join(name)) {
            Ok(text) => text,
            Err(trouble) => return self.problem("", trouble),
        };
        let stem = name.file_stem().unwrap_or_default().to_string_lossy();
        let form = form_of(name);
        if form == Form::CredentialReport {
            return self.credential_report(&text);
        }
        let values = serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>();
        let mut count = 0_usize;
        for value in values {
            count += 1;
            let place = if count == 1 { String::new() } else { format!("value {count}") };
            match value {
                Ok(value) => self.value(form, &stem, value, &place),
                Err(error) => {
                    // What stands behind cannot be told apart.
                    let message = error.to_string();
                    return self.problem(&place, Trouble::Form { expected: "JSON", message });
                }
            }
        }
        if count == 0 {
            let message = "an empty file".to_owned();
            self.problem("", Trouble::Form { expected: "JSON", message });
        }
    }

    fn value(&mut self, form: Form, stem: &str, value: &RawValue, place: &str) {
        match form {
            Form::Details => self.details(value, place),
            Form::Organization => self.organization(value, place),
            Form::Control(kind) => self.control(kind, stem, value, place),
            Form::Resource => self.resource(value, place),
            Form::Endpoint => self.endpoint(value, place),
            Form::AccessKeys => self.access_keys(stem, value, place),
            Form::CredentialReport | Form::Foreign => self.problem(
                place,
                Trouble::Unknown {
                    expected: "a file in the folder itself or in `accounts/`, `scp/`, `rcp/`, `resource-policies/`, `vpc-endpoint-policies/` or `access-keys/`",
                },
            ),
        }
    }

    pub(super) fn problem(&mut self, place: &str, trouble: Trouble) {
        if self.snapshot.problems.len() == PROBLEMS_MAX {
            self.snapshot.problems_not_listed += 1;
            return;
        }
        self.snapshot.problems.push(Problem { file: self.file.clone(), place: place.to_owned(), trouble });
    }

    /// Keeps why AWS would not take a policy.
    pub(super) fn rejection(&mut self, place: &str, problem: policy::Problem) {
        if self.snapshot.rejections.len() < PROBLEMS_MAX {
            let trouble = Trouble::Rejected(Box::new(problem));
            let (file, place) = (self.file.clone(), place.to_owned());
            self.snapshot.rejections.push(Problem { file, place, trouble });
        }
    }

    fn finish(mut self, path: &Path) -> Result<Snapshot, SnapshotError> {
        self.finish_details();
        let snapshot = &mut self.snapshot;
        snapshot.controls.sort_by(|left, right| (left.kind, &left.id).cmp(&(right.kind, &right.id)));
        let is_empty = snapshot.accounts.is_empty()
            && snapshot.managed.is_empty()
            && snapshot.controls.is_empty()
            && snapshot.resources.is_empty()
            && snapshot.endpoints.is_empty()
            && snapshot.membership == super::Membership::Unsupplied;
        if is_empty {
            let first = self.snapshot.problems.into_iter().next().map(Box::new);
            return Err(SnapshotError::Nothing { path: path.to_owned(), first });
        }
        Ok(self.snapshot)
    }
}

/// What a file holds, by where it stands.
fn form_of(name: &Path) -> Form {
    let mut parts = name.iter().map(|part| part.to_string_lossy());
    match (parts.next().as_deref(), parts.next()) {
        _ if is_credential_report(name) => Form::CredentialReport,
        (Some("organization.json"), None) => Form::Organization,
        (_, None) | (Some("accounts"), _) => Form::Details,
        (Some("scp"), _) => Form::Control(ControlKind::Service),
        (Some("rcp"), _) => Form::Control(ControlKind::Resource),
        (Some("resource-policies"), _) => Form::Resource,
        (Some("vpc-endpoint-policies"), _) => Form::Endpoint,
        (Some("access-keys"), _) => Form::AccessKeys,
        _ => Form::Foreign,
    }
}

/// Whether a file is opened at all.
fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case("json")) || is_credential_report(path)
}

/// `credential-report.csv`, of several accounts `credential-report-ACCOUNT.csv`.
fn is_credential_report(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("credential-report") && name.ends_with(".csv")
}

/// The text of a regular file, up to [`FILE_BYTES_MAX`], without a byte order mark.
pub(super) fn read_text(path: &Path) -> Result<String, Trouble> {
    let failed = |error: io::Error| Trouble::Unreadable { message: error.to_string() };
    // A pipe or device could never end, or wait for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Trouble::Unreadable { message: "it is no regular file".to_owned() });
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(failed)?.take(FILE_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Trouble::Limit { what: "bytes", limit: FILE_BYTES_MAX });
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Trouble::Form { expected: "UTF-8", message: error.utf8_error().to_string() })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}
