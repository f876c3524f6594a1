//! Who is behind the subject, as the caller traced it.

use serde::Serialize;

use super::who::SubjectKind;
use crate::lineage::{Link, Mismatch, Origin, TracedOrigin};

/// An origin of some of the subject's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OriginSeen {
    /// The origin.
    #[serde(flatten)]
    pub origin: Origin,
    /// Calls of the credentials that lead there.
    pub calls: u64,
}

/// Who is behind the subject: the end of its chain of credentials, in the words of `trace`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Behind {
    /// Who it was, whether every step up to there is proven, what is missing if not, and who made the origin's key or
    /// launched its workload. Unknown where several origins differ.
    pub origin: TracedOrigin,
    /// The links from the subject up to its origin, then those above the origin. Of several chains to one origin those of
    /// the chain with most calls; none where the origins differ.
    pub links: Vec<Link>,
    /// How many different chains its credentials have.
    pub chains: u64,
    /// The different origins of its credentials, those with most calls first.
    pub origins: Vec<OriginSeen>,
    /// Limits that were reached, in words.
    pub limits: Vec<String>,
    /// Source identities that the chain does not bear out.
    pub mismatches: Vec<Mismatch>,
}

impl Behind {
    /// The links up to the origin, without those above it.
    pub fn delegations(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| !link.above_origin)
    }

    /// Whether it tells who made a subject of this kind, or that AWS records no making of its like.
    pub(super) fn tells_making(&self, kind: SubjectKind, id: &str) -> bool {
        match kind {
            SubjectKind::AccessKey => {
                !self.links.is_empty() || (!id.starts_with("AKIA") && self.origin.origin.complete)
            }
            SubjectKind::User => !self.links.is_empty(),
            _ => false,
        }
    }
}
