//! What is replayed, and which columns that takes.

use std::sync::Arc;

use crate::policy::{Attached, Document, Evaluator, PolicySet};
use crate::replay::{
    FIELDS_OF_CALLER, FIELDS_OF_ORIGINAL, FIELDS_OF_SESSION, Field, Fields, Issuances, Originals,
    fields_of_key,
};
use crate::snapshot::Snapshot;

/// What is replayed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The policies of today.
    pub snapshot: Arc<Snapshot>,
    /// The policies that are proposed.
    pub proposed: Option<Arc<Snapshot>>,
    /// What issued the sessions.
    pub issuances: Arc<Issuances>,
    /// The requests whose originals are among the events, see [`crate::replay::original`].
    pub originals: Arc<Originals>,
    /// Only calls of these actions, a pattern as in a policy (`s3:Get*`); None for all.
    pub action: Option<String>,
    /// Whether [`Replayer::take`](super::Replayer::take) gives what each event comes to.
    pub verdicts: bool,
}

impl Plan {
    /// The columns that a replay reads, of any event: what requests, callers and sessions are told from, what the
    /// condition keys are that any of the policies reads ([`Plan::fields_of_keys`]), and what tells copies. Others may be left None.
    #[must_use]
    pub fn fields(&self) -> Fields {
        Self::fields_of_calls().and(self.fields_of_keys()).and(self.fields_of_copies())
    }

    /// What requests, callers and sessions are told from. The response may be left None in calls for whose requests
    /// [`fields_of_request`](crate::replay::fields_of_request) does not name it.
    #[must_use]
    pub fn fields_of_calls() -> Fields {
        let own = [
            Field::EventTime,
            Field::EventId,
            Field::EventSource,
            Field::EventName,
            Field::EventType,
            Field::AwsRegion,
            Field::Account,
            Field::RecipientAccountId,
            Field::ErrorCode,
            Field::ErrorMessage,
            Field::VpcEndpointId,
            Field::RequestParameters,
            Field::ResponseElements,
            Field::Resources,
            Field::IdentityType,
            Field::IdentityArn,
            Field::IdentityAccountId,
            Field::SessionIssuerArn,
            Field::SessionIssuerAccountId,
            Field::SourceIpAddress,
            Field::MfaAuthenticated,
            // Of calls of STS alone.
            Field::SessionCredentialFromConsole,
            Field::SourceIdentity,
        ];
        Fields::of(&own).and(Fields::of(FIELDS_OF_CALLER)).and(Fields::of(FIELDS_OF_SESSION))
    }

    /// What tells copies of calls from their originals, where there may be any.
    #[must_use]
    pub fn fields_of_copies(&self) -> Fields {
        Fields::of(if self.originals.is_empty() { &[] } else { FIELDS_OF_ORIGINAL })
    }

    /// What the condition keys are told from that any of the policies reads.
    #[must_use]
    pub fn fields_of_keys(&self) -> Fields {
        let mut evaluator = Evaluator::new();
        let snapshots = [Some(&self.snapshot), self.proposed.as_ref()];
        let policies = snapshots.into_iter().flatten().flat_map(|snapshot| snapshot.documents().cloned());
        let policies: Vec<Arc<Document>> = policies.chain(self.issuances.documents()).collect();
        let set = PolicySet { identity: Attached::of(policies), ..PolicySet::default() };
        let compiled = evaluator.compile(&set);
        compiled.keys().into_iter().fold(Fields::NONE, |fields, key| fields.and(fields_of_key(key)))
    }
}
