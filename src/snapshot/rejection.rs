//! What AWS would not take of a policy that someone proposes. A policy that stands was taken, whatever is found here.

use super::Snapshot;
use super::problem::Problem;
use super::read::PROBLEMS_MAX;
use crate::aws::Arn;
use crate::catalog::catalog;
use crate::policy::{
    Document, PolicyKind, Problem as PolicyProblem, ProblemKind, Statement, Version, rejection, rejections,
    without_version,
};

/// Why AWS would not take a document.
pub(super) fn all(document: &Document) -> Vec<PolicyProblem> {
    let mut found = rejections(document);
    found.extend(beyond_document(document));
    found
}

/// What the document alone does not tell: which services RCPs reach
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services>), and that it
/// is a customer's managed policy. IAM refuses such a one without `Version` 2012-10-17, with the words `Policy document must be version
/// 2012-10-17 or greater`.
pub(super) fn beyond_document(document: &Document) -> Vec<PolicyProblem> {
    if document.refused.iter().any(|refused| refused.index.is_none()) {
        return Vec::new();
    }
    match document.kind {
        PolicyKind::ResourceControl => document
            .statements
            .iter()
            .flat_map(|statement| unreached(statement).map(move |pattern| (statement, pattern)))
            .map(|(statement, pattern)| {
                let (expected, found) = ("a service that RCPs reach", format!("`{pattern}`"));
                let kind = ProblemKind::Expected { expected, found };
                rejection(document, Some(statement), "/Action", kind)
            })
            .collect(),
        PolicyKind::Identity if is_managed(&document.name) && document.version != Version::V2012 => {
            vec![without_version(document)]
        }
        PolicyKind::Identity
        | PolicyKind::ServiceControl
        | PolicyKind::Resource
        | PolicyKind::Trust
        | PolicyKind::VpcEndpoint => Vec::new(),
    }
}

/// The actions of services that RCPs do not reach. Of a service that the catalog does not know it is not known.
fn unreached(statement: &Statement) -> impl Iterator<Item = &str> {
    let is_unreached = |pattern: &&str| {
        let prefix = pattern.split(':').next().unwrap_or_default();
        catalog().service(prefix).is_some_and(|service| !service.supports_rcp)
    };
    statement.actions.patterns.iter().map(String::as_str).filter(is_unreached)
}

/// Whether a name is the ARN of a customer's managed policy.
fn is_managed(name: &str) -> bool {
    Arn::parse(name).is_some_and(|arn| {
        arn.service == "iam" && arn.resource.starts_with("policy/") && arn.account_id().is_some()
    })
}

impl Snapshot {
    /// Makes problems of what AWS would not take, unless another snapshot has it, too.
    pub(super) fn report_rejections(&mut self, before: &Self) {
        let is_known = |own: &Problem| before.rejections.iter().any(|known| known.trouble == own.trouble);
        let new: Vec<Problem> = self.rejections.iter().filter(|own| !is_known(own)).cloned().collect();
        let room = PROBLEMS_MAX.saturating_sub(self.problems.len());
        self.problems_not_listed += new.len().saturating_sub(room);
        self.problems.extend(new.into_iter().take(room));
    }

    /// The problems that another snapshot does not have.
    pub(crate) fn problems_beside<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Problem> {
        self.problems.iter().filter(|own| !other.problems.contains(own))
    }
}
