//! Findings beside those of an earlier run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::Finding;

/// The findings of an earlier run, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Which actions it lists, as its JSON says.
    pub actions_listed: String,
    known: BTreeMap<String, Known>,
}

/// A finding of an earlier run, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its kind, as JSON has it.
    pub kind: String,
    /// Its account.
    pub account: String,
    /// Its subject.
    pub subject: String,
    /// What tells it from others of its subject.
    pub detail: BTreeMap<String, String>,
}

/// What is new and what is gone since an earlier run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// The ids of findings that were not there.
    pub new: std::collections::BTreeSet<String>,
    /// Findings that are not there any more.
    pub resolved: Vec<Known>,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is no output of an earlier run.
    #[error("expected the JSON of an earlier `backtrail unused --format json`: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another form.
    #[error("expected schema 1, found {0}")]
    Schema(u64),
}

#[derive(Deserialize)]
struct Earlier {
    schema: u64,
    actions_listed: String,
    findings: Vec<Known>,
}

impl Baseline {
    /// Reads the JSON of an earlier run.
    ///
    /// # Errors
    ///
    /// [`BaselineError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let earlier: Earlier = serde_json::from_str(text)?;
        if earlier.schema != 1 {
            return Err(BaselineError::Schema(earlier.schema));
        }
        let actions_listed = earlier.actions_listed;
        Ok(Self {
            actions_listed,
            known: earlier.findings.into_iter().map(|own| (own.id.clone(), own)).collect(),
        })
    }

    /// What is new and what is gone.
    #[must_use]
    pub fn compare<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>) -> Compared {
        let mut resolved = self.known.clone();
        let mut new = std::collections::BTreeSet::new();
        for finding in findings {
            if resolved.remove(&finding.id).is_none() && !self.known.contains_key(&finding.id) {
                new.insert(finding.id.clone());
            }
        }
        Compared { new, resolved: resolved.into_values().collect() }
    }
}
