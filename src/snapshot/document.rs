//! Policies on their way into a snapshot: parsed, with what was refused of them.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::problem::Trouble;
use super::read::Reader;
use super::text;
use crate::policy::{Consequence, Document, PolicyKind};

impl Reader {
    /// Parses a policy. What is refused of it is a problem here, and matches as a refused statement there; a policy that
    /// is not there is refused as a whole.
    pub(super) fn policy(
        &mut self,
        kind: PolicyKind,
        name: &str,
        raw: Option<&RawValue>,
        place: &str,
    ) -> Arc<Document> {
        let text = raw.map(text::document).unwrap_or_default();
        let document = Document::parse(kind, name, &text);
        for problem in &document.problems {
            if problem.consequence != Consequence::Noted {
                self.problem(place, Trouble::Policy(Box::new(problem.clone())));
            }
        }
        Arc::new(document)
    }
}
