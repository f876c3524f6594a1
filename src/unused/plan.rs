//! What is counted: whose calls, against which policies.

use std::collections::HashMap;
use std::sync::Arc;

use super::granted::Today;
use super::subject::{SubjectKind, Subjects};
use super::track::Tracked;
use crate::policy::Document;
use crate::replay::{FIELDS_OF_SESSION, Fields, Issuances, Originals, fields_of_key, is_told_by_session};
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
    /// The requests whose originals are in the lake, see [`crate::replay::original`].
    pub originals: Arc<Originals>,
    /// Whether single requests are kept, for suggestions.
    pub requests: bool,
    /// By principal.
    pub(crate) tracked: Vec<Arc<Tracked>>,
    /// What binds the requests of each principal; empty unless single requests are kept.
    pub(crate) today: Vec<Arc<Today>>,
    /// Whether a tag of its session may decide on a call, by principal.
    pub(crate) asks_for_tags: Vec<bool>,
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
        let tracked: Vec<Arc<Tracked>> = tracked.collect();
        let of_each = subjects.iter().filter(|_| requests);
        let today: Vec<Arc<Today>> = of_each.map(|subject| Arc::new(Today::of(&snapshot, subject))).collect();
        let asks = |place| keys(&tracked, &today, place).any(is_told_by_session);
        let asks_for_tags = (0..tracked.len()).map(asks).collect();
        Self {
            snapshot,
            subjects,
            issuances,
            originals: Arc::default(),
            requests,
            tracked,
            today,
            asks_for_tags,
        }
    }

    /// The columns that the statements' conditions are told from.
    #[must_use]
    pub fn fields_of_conditions(&self) -> Fields {
        let of_session = if self.asks_for_session_tags() { FIELDS_OF_SESSION } else { &[] };
        let all =
            (0..self.tracked.len()).fold(Fields::NONE, |fields, place| fields.and(self.fields_of(place)));
        all.and(Fields::of(of_session))
    }

    /// Whether a condition or a variable asks for a tag of the caller, which the record that issued its session may have set.
    #[must_use]
    pub fn asks_for_session_tags(&self) -> bool {
        self.asks_for_tags.contains(&true)
    }

    /// The same of one principal.
    pub(crate) fn asks_for_session_tags_of(&self, place: usize) -> bool {
        self.asks_for_tags.get(place).is_some_and(|asks| *asks)
    }

    /// The columns for one principal, beside those that tell its session.
    pub(crate) fn fields_of(&self, place: usize) -> Fields {
        keys(&self.tracked, &self.today, place)
            .fold(Fields::NONE, |fields, key| fields.and(fields_of_key(key)))
    }
}

/// The keys that the decisions on one principal's calls depend on.
fn keys<'a>(
    tracked: &'a [Arc<Tracked>],
    today: &'a [Arc<Today>],
    place: usize,
) -> impl Iterator<Item = &'a str> {
    let of_tracked = tracked.get(place).into_iter().flat_map(|tracked| tracked.keys());
    of_tracked.chain(today.get(place).into_iter().flat_map(|today| today.keys()))
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
