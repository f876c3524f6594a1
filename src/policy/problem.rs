//! What is wrong with a policy, where, and what follows from it.

use std::fmt;

/// One thing that AWS would reject or that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The policy's name or ARN, as it was given to [`super::Document::parse`].
    pub policy: String,
    /// The statement's index, from 0; None if the trouble is the document's.
    pub statement: Option<usize>,
    /// The statement's `Sid`, where it has one.
    pub sid: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: ProblemKind,
    /// What follows from it.
    pub consequence: Consequence,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A JSON pointer (RFC 6901), as `/Statement/0/Action`.
    Pointer(String),
    /// Line and column from 1, for text that is no JSON.
    Line {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
}

/// What follows from a problem for the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consequence {
    /// Nothing in the document is used: an unreadable policy.
    DocumentRefused,
    /// The statement is not used: a refused one.
    StatementRefused,
    /// AWS takes no policy of this kind with it. Of one that stands all the same, the evaluation is as it is written.
    Rejected,
    /// The meaning is clear, and the evaluation is as it is written.
    Noted,
}

impl Consequence {
    /// Whether something of the document is not used.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        match self {
            Self::DocumentRefused | Self::StatementRefused => true,
            Self::Rejected | Self::Noted => false,
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The text is no JSON.
    #[error("expected JSON, {message}")]
    Json {
        /// What the JSON reader says.
        message: String,
    },
    /// More than a named limit allows.
    #[error("{what} above the limit of {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value of the wrong type or form.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What could stand here.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// An element that is not there.
    #[error("`{element}` is missing")]
    Missing {
        /// The element, or the elements one of which must be there.
        element: &'static str,
    },
    /// An element that does not belong here.
    #[error("`{element}` is no element of {of}{}", hint(*.nearest))]
    UnknownElement {
        /// The element as written.
        element: String,
        /// What it stands in.
        of: &'static str,
        /// The element that was probably meant.
        nearest: Option<&'static str>,
    },
    /// An element that this kind of policy may not have.
    #[error("`{element}` must not stand in {kind}")]
    NotInThisKind {
        /// The element.
        element: &'static str,
        /// The kind of policy, in words.
        kind: &'static str,
    },
    /// The same element, key or operator twice.
    #[error("`{name}` stands twice")]
    Duplicate {
        /// Its name.
        name: String,
    },
    /// Two elements of which only one may be there.
    #[error("`{first}` and `{second}` exclude each other")]
    Both {
        /// One.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// No condition operator of AWS.
    #[error("`{operator}` is no condition operator{}", hint(*.nearest))]
    UnknownOperator {
        /// The operator as written.
        operator: String,
        /// The operator that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A policy variable that cannot be read.
    #[error("`{text}` is no policy variable")]
    BadVariable {
        /// The text from `${` on, cut if long.
        text: String,
    },
    /// A variable in a document whose version does not replace it.
    #[error("variables in `{text}` are literal text without `Version` 2012-10-17")]
    LiteralVariable {
        /// The text with the variable.
        text: String,
    },
    /// A statement or value that no request can match.
    #[error("can never match: {why}")]
    NeverMatches {
        /// Why not.
        why: &'static str,
    },
}

fn hint(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(", did you mean `{nearest}`?"))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(pointer) if pointer.is_empty() => f.write_str("(whole document)"),
            Self::Pointer(pointer) => f.write_str(pointer),
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.policy)?;
        match (&self.sid, self.statement) {
            (Some(sid), _) => write!(f, ", statement `{sid}`")?,
            (None, Some(index)) => write!(f, ", statement {index}")?,
            (None, None) => {}
        }
        write!(f, ", {}: {}", self.place, self.kind)
    }
}
