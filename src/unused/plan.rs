//! What is counted: whose calls, against which policies.

use std::collections::HashMap;
use std::sync::Arc;

use super::subject::{SubjectKind, Subjects};
use super::track::Tracked;
use crate::policy::Document;
use crate::replay::{Fields, Issuances};
use crate::snapshot::Snapshot;

/// What is counted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The policies of today.
    pub snapshot: Arc<Snapshot>,
    /// The principals.
    pub subjects: Arc<Subjects>,
    /// What issued the sessions.
    pub issuances: Arc<Issuances>,
    /// Whether single requests are kept, for suggestions.
    pub requests: bool,
    /// By principal.
    pub(crate) tracked: Vec<Arc<Tracked>>,
}

impl Plan {
    /// A plan for these principals.
    #[must_use]
    pub fn new(
        snapshot: Arc<Snapshot>,
        subjects: Arc<Subjects>,
        issuances: Arc<Issuances>,
        requests: bool,
    ) -> Self {
        let mut known: HashMap<Vec<usize>, Arc<Tracked>> = HashMap::new();
        let tracked = (0..subjects.iter().len()).map(|place| {
            let policies = identity(&snapshot, &subjects, place);
            let addresses: Vec<usize> = policies.iter().map(|own| Arc::as_ptr(own).addr()).collect();
            Arc::clone(known.entry(addresses).or_insert_with(|| Arc::new(Tracked::of(policies))))
        });
        let tracked = tracked.collect();
        Self { snapshot, subjects, issuances, requests, tracked }
    }

    /// The columns that the statements' conditions are told from.
    #[must_use]
    pub fn fields_of_conditions(&self) -> Fields {
        self.tracked.iter().fold(Fields::NONE, |fields, tracked| fields.and(tracked.fields()))
    }
}

/// The identity policies of a principal that the snapshot holds: inline, of groups, managed; each once.
pub(crate) fn identity(snapshot: &Snapshot, subjects: &Subjects, place: usize) -> Vec<Arc<Document>> {
    let mut policies: Vec<Arc<Document>> = Vec::new();
    let Some((subject, own)) = subjects.get(place).zip(subjects.principal(place, snapshot)) else {
        return policies;
    };
    let managed = |arn: &String| snapshot.managed.get(arn).and_then(|managed| managed.document.clone());
    let mut all: Vec<Arc<Document>> = own.inline.clone();
    all.extend(own.attached.iter().filter_map(managed));
    let groups = snapshot.accounts.get(&subject.account).map(|details| &details.groups);
    if subject.kind == SubjectKind::User {
        for group in own.groups.iter().filter_map(|name| groups?.get(name)) {
            all.extend(group.inline.iter().cloned());
            all.extend(group.attached.iter().filter_map(managed));
        }
    }
    for policy in all {
        if !policies.iter().any(|known| Arc::ptr_eq(known, &policy)) {
            policies.push(policy);
        }
    }
    policies
}
