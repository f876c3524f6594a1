//! The counts that must add up: `read = kept + duplicate + refused`.

use serde::{Deserialize, Serialize};

use super::Reason;

/// What became of the entries that were read, of one object or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Entries met, refused ones among them; a refusal of a whole object counts as one.
    pub read: u64,
    /// Records that are now rows.
    pub kept: u64,
    /// Records that were rows already.
    pub duplicate: u64,
    /// Entries that could not be read.
    pub refused: u64,
}

impl Counts {
    /// Whether the counts add up.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.read == self.kept + self.duplicate + self.refused
    }

    /// Adds another object's counts.
    pub fn add(&mut self, other: &Counts) {
        self.read += other.read;
        self.kept += other.kept;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
    }
}

/// One thing that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The object.
    pub object: String,
    /// The entry's place in it, None for the object as a whole.
    pub record_index: Option<i64>,
    /// Why. Of a refusal that comes from another process only the words are known ([`Reason::Source`]).
    #[serde(with = "words")]
    pub reason: Reason,
}

/// The counts of a whole ingest, with the refusals that it met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All entries.
    pub counts: Counts,
    /// What was refused, in the order of the objects.
    pub refusals: Vec<Refusal>,
}

/// A reason as its words.
mod words {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Reason;

    pub(super) fn serialize<S: Serializer>(reason: &Reason, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(reason)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Reason, D::Error> {
        String::deserialize(from).map(Reason::Source)
    }
}
