//! Policies on their way into a snapshot: parsed, with what was refused of them.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::problem::Trouble;
use super::read::Reader;
use super::rejection;
use super::text;
use crate::policy::{Document, PolicyKind};

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
        for problem in document.problems.iter().filter(|own| own.consequence.is_refusal()) {
            self.problem(place, Trouble::Policy(Box::new(problem.clone())));
        }
        for problem in rejection::all(&document) {
            self.rejection(place, problem);
        }
        Arc::new(document)
    }
}

/// The name of an inline policy of `owner`, which is as `role deploy`.
pub(super) fn inline_name(policy: &str, owner: &str) -> String {
    format!("{policy} (inline, {owner})")
}

/// The name of the trust policy of `owner`.
pub(super) fn trust_name(owner: &str) -> String {
    format!("trust policy of {owner}")
}

/// The name of the policy of a resource by its ARN, or of a VPC endpoint by its id.
pub(super) fn name_of_own(resource: &str) -> String {
    format!("policy of {resource}")
}

/// The name of an SCP or RCP.
pub(super) fn control_name(id: &str, name: Option<&str>) -> String {
    name.map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
}
