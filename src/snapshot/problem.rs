//! What could not be read or understood, where, and why a snapshot cannot be read at all.

use std::fmt;
use std::path::PathBuf;

use crate::policy;

/// One thing that could not be read or understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, from the snapshot's folder.
    pub file: String,
    /// Where in the file, as `RoleDetailList/3` or `value 2`; empty for the file as a whole.
    pub place: String,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The file cannot be opened or read.
    #[error("cannot read it: {message}")]
    Unreadable {
        /// What the system says.
        message: String,
    },
    /// More than a named limit allows.
    #[error("{what} above the limit of {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// It is no JSON, or not of the form that belongs there.
    #[error("expected {expected}, found {message}")]
    Form {
        /// What belongs there.
        expected: &'static str,
        /// What the reader says.
        message: String,
    },
    /// A file or value of none of the known forms.
    #[error("of no known form: expected {expected}")]
    Unknown {
        /// What could stand there.
        expected: &'static str,
    },
    /// The same thing twice, with different content; the first is kept.
    #[error("`{name}` stands twice with different content; the first is kept")]
    Twice {
        /// Its name or ARN.
        name: String,
    },
    /// Something that other parts name is left out.
    #[error("`{name}`: {what}")]
    Lacking {
        /// Its name or ARN.
        name: String,
        /// What is lacking.
        what: &'static str,
    },
    /// A policy, or a statement of it, that was refused.
    #[error("{0}")]
    Policy(Box<policy::Problem>),
    /// A policy that AWS would not take, though its meaning is clear.
    #[error("AWS takes no such policy: {0}")]
    Rejected(Box<policy::Problem>),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": {}", self.trouble)
    }
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The path cannot be opened or listed.
    #[error("cannot {step} `{}`: {source}", path.display())]
    Path {
        /// What was tried.
        step: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing of it can be used.
    #[error(
        "`{}` holds no policies that can be read: expected a file of `aws iam get-account-authorization-details`, or a folder with such files{}",
        path.display(),
        first.as_ref().map_or_else(String::new, |problem| format!("; {problem}"))
    )]
    Nothing {
        /// The path.
        path: PathBuf,
        /// The first problem, if there is one.
        first: Option<Box<Problem>>,
    },
}
