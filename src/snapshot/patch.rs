//! Proposed changes to a snapshot: a patch, or a second snapshot, and what either changes, in sentences.
//!
//! A patch is a file of changes in the order in which they are made; its form is in README. Each must do what it says: a
//! proposal of which a part cannot be applied would give wrong answers, so then the whole of it is refused.

mod apply;
mod compare;
mod control;
mod form;
mod principal;
mod statement;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::problem::{SnapshotError, Trouble};
use super::{OwnPolicy, Snapshot, read};
use crate::policy::{self, Document};

/// A patch has at most so many changes.
pub const CHANGES_MAX: usize = 10_000;
/// So many sentences are listed of what a proposal changes; the others are counted.
pub const CHANGES_LISTED_MAX: usize = 1_000;

/// The file in a folder that makes it a patch.
const FILE: &str = "patch.json";

/// A snapshot as it would be.
#[derive(Debug, Clone)]
pub struct Patched {
    /// The policies as proposed. Documents that stay the same are the same [`Arc`]s as in the snapshot before, so that an
    /// [`policy::Evaluator`] compiles them once.
    pub snapshot: Snapshot,
    /// What it was made from.
    pub proposal: Proposal,
    /// What it changes, a sentence each, as `role ci-deploy: inline policy deploy changed`; at most
    /// [`CHANGES_LISTED_MAX`]. They repeat names of the policies, which are foreign text.
    pub changes: Vec<String>,
    /// How many more there are.
    pub changes_not_listed: usize,
}

/// What a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposal {
    /// A patch of the snapshot.
    Patch,
    /// A complete second snapshot.
    Snapshot,
}

/// Why a proposal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The second snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The patch cannot be read.
    #[error("cannot read the patch `{}`: {trouble}", path.display())]
    File {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        trouble: Trouble,
    },
    /// A change of it cannot be made, so none is.
    #[error("cannot apply `{}`, changes/{index}{}: {why}", path.display(), verb_words(verb))]
    Change {
        /// Its file.
        path: PathBuf,
        /// The change's place in `changes`, from 0.
        index: usize,
        /// What it does, as `put-scp`; empty if that could not be read.
        verb: String,
        /// Why not.
        why: Box<Refusal>,
    },
}

fn verb_words(verb: &str) -> String {
    if verb.is_empty() { String::new() } else { format!(" (`{verb}`)") }
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is of no known form.
    #[error("expected one change, as {{\"put-scp\": {{…}}}}, found {message}")]
    Form {
        /// What the reader says.
        message: String,
    },
    /// The snapshot does not hold what it names.
    #[error("no {what} in the snapshot{}", near_words(near))]
    Nothing {
        /// What was looked for.
        what: String,
        /// What there is in its place, if anything.
        near: Vec<String>,
    },
    /// What it names is not the only one of this name.
    #[error("several are named `{name}`: expected one of `{}`", found.join("`, `"))]
    Several {
        /// The name.
        name: String,
        /// What bears it, sorted.
        found: Vec<String>,
    },
    /// The snapshot is not in the state that it needs.
    #[error("expected {expected}, found {found}")]
    State {
        /// What it needs.
        expected: String,
        /// What there is.
        found: String,
    },
    /// The file of its policy cannot be read.
    #[error("policy file `{file}`: {trouble}")]
    File {
        /// The file, as it was named.
        file: String,
        /// What is wrong.
        trouble: Trouble,
    },
    /// Its policy, or a statement of it, is refused.
    #[error("its policy is refused: {0}")]
    Policy(Box<policy::Problem>),
    /// AWS would not take its policy, though its meaning is clear.
    #[error("AWS takes no such policy: {0}")]
    Rejected(Box<policy::Problem>),
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("\nhint: it holds `{}`", near.join("`, `")) }
}

/// A file of changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPatch<'a> {
    #[serde(borrow)]
    changes: Vec<&'a RawValue>,
}

/// What tells a file of changes from other files.
#[derive(Deserialize)]
struct Mark<'a> {
    #[serde(borrow, rename = "changes")]
    _changes: &'a RawValue,
}

impl Snapshot {
    /// The snapshot as a proposal would have it. `path` is a patch (a folder with a `patch.json`, or a file of the same
    /// form) or a complete second snapshot.
    ///
    /// # Errors
    ///
    /// [`PatchError`] where the proposal cannot be read, or one of its changes cannot be made. Trouble in the files of a
    /// second snapshot is in its [`Snapshot::problems`], and with it which of its policies AWS would not take, unless they
    /// stand in the first one, too.
    pub fn patched(&self, path: &Path) -> Result<Patched, PatchError> {
        let in_folder = path.join(FILE);
        let file =
            if path.is_dir() { in_folder.is_file().then_some(in_folder) } else { Some(path.to_owned()) };
        let text = match &file {
            None => None,
            Some(file) => {
                let text = read::read_text(file);
                let is_patch =
                    |text: &String| path.is_dir() || serde_json::from_str::<Mark<'_>>(text).is_ok();
                match text {
                    Ok(text) => is_patch(&text).then_some((file, text)),
                    // What is wrong with the path the snapshot's reader says, too.
                    Err(trouble) if path.is_dir() => {
                        return Err(PatchError::File { path: file.clone(), trouble });
                    }
                    Err(_) => None,
                }
            }
        };
        let (snapshot, proposal) = match text {
            Some((file, text)) => (self.with_changes(file, &text)?, Proposal::Patch),
            None => (beside(self, Self::read(path)?), Proposal::Snapshot),
        };
        let (changes, changes_not_listed) = compare::changes(self, &snapshot);
        Ok(Patched { snapshot, proposal, changes, changes_not_listed })
    }

    fn with_changes(&self, file: &Path, text: &str) -> Result<Self, PatchError> {
        let failed = |trouble| PatchError::File { path: file.to_owned(), trouble };
        let patch: RawPatch<'_> = serde_json::from_str(text).map_err(|error| {
            failed(Trouble::Form { expected: "an object with a list `changes`", message: error.to_string() })
        })?;
        if patch.changes.len() > CHANGES_MAX {
            return Err(failed(Trouble::Limit { what: "changes", limit: CHANGES_MAX as u64 }));
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut snapshot = self.clone();
        snapshot.path = file.display().to_string();
        for (index, raw) in patch.changes.into_iter().enumerate() {
            apply::apply(&mut snapshot, folder, raw).map_err(|why| PatchError::Change {
                path: file.to_owned(),
                index,
                verb: form::verb(raw),
                why: Box::new(why),
            })?;
        }
        Ok(snapshot)
    }
}

/// The second snapshot as a proposal beside the first: what AWS would not take of it is a problem.
fn beside(first: &Snapshot, second: Snapshot) -> Snapshot {
    let mut second = sharing(first, second);
    second.report_rejections(first);
    second
}

/// The second snapshot, with the documents of the first where the same one stands at the same place. One of another
/// place may be equal, but is another policy.
fn sharing(first: &Snapshot, mut second: Snapshot) -> Snapshot {
    let known: HashMap<(&str, &str), &Arc<Document>> =
        documents(first).map(|(owner, document)| ((owner, document.name.as_str()), document)).collect();
    for (owner, document) in documents_mut(&mut second) {
        let same = known.get(&(owner, document.name.as_str()));
        if let Some(same) = same.filter(|own| ***own == *document) {
            *document = Arc::clone(same);
        }
    }
    second
}

/// All policies, with the ARN or id of whose they are.
fn documents(snapshot: &Snapshot) -> impl Iterator<Item = (&str, &Arc<Document>)> {
    let accounts = snapshot.accounts.values().flat_map(|account| {
        let principals = account.users.values().chain(account.roles.values());
        let of_principals = principals
            .flat_map(|own| own.inline.iter().chain(&own.trust).map(|document| (own.arn.as_str(), document)));
        let groups = account.groups.values();
        of_principals
            .chain(groups.flat_map(|own| own.inline.iter().map(|document| (own.arn.as_str(), document))))
    });
    let managed =
        snapshot.managed.iter().filter_map(|(arn, own)| Some((arn.as_str(), own.document.as_ref()?)));
    let of_resources = snapshot.resources.iter().filter_map(|(arn, own)| match &own.policy {
        OwnPolicy::Known(document) => Some((arn.as_str(), document)),
        OwnPolicy::None | OwnPolicy::Unsupplied => None,
    });
    let controls = snapshot.controls.iter().map(|own| (own.id.as_str(), &own.document));
    let endpoints = snapshot.endpoints.iter().map(|(id, own)| (id.as_str(), &own.document));
    accounts.chain(managed).chain(of_resources).chain(controls).chain(endpoints)
}

fn documents_mut(snapshot: &mut Snapshot) -> impl Iterator<Item = (&str, &mut Arc<Document>)> {
    let accounts = snapshot.accounts.values_mut().flat_map(|account| {
        let principals = account.users.values_mut().chain(account.roles.values_mut());
        let of_principals = principals.flat_map(|own| {
            let arn = own.arn.as_str();
            own.inline.iter_mut().chain(&mut own.trust).map(move |document| (arn, document))
        });
        of_principals.chain(account.groups.values_mut().flat_map(|own| {
            let arn = own.arn.as_str();
            own.inline.iter_mut().map(move |document| (arn, document))
        }))
    });
    let managed =
        snapshot.managed.iter_mut().filter_map(|(arn, own)| Some((arn.as_str(), own.document.as_mut()?)));
    let of_resources = snapshot.resources.iter_mut().filter_map(|(arn, own)| match &mut own.policy {
        OwnPolicy::Known(document) => Some((arn.as_str(), document)),
        OwnPolicy::None | OwnPolicy::Unsupplied => None,
    });
    let controls = snapshot.controls.iter_mut().map(|own| (own.id.as_str(), &mut own.document));
    let endpoints = snapshot.endpoints.iter_mut().map(|(id, own)| (id.as_str(), &mut own.document));
    accounts.chain(managed).chain(of_resources).chain(controls).chain(endpoints)
}

#[cfg(test)]
mod tests;
