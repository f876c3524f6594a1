//! The answer as one JSON document.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use super::ACTIONS_LISTED_MAX;
use crate::aws::Time;
use crate::report::json as documents;
use crate::unused::suggest::Suggestion;
use crate::unused::{
    ActionUse, Apart, Compared, Covered, Finding, Listed, Mark, Marks, OriginUse, OutOfSight, PrincipalUse,
    Resolved, Span, StatementUse, SubjectKind, UnmappedCall, Unseen, Unused, WindowSeen,
};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    snapshot: &'a str,
    window: WindowSeen,
    coverage: &'a [Covered],
    unused_privileged: u64,
    /// `all`, or `used-and-privileged`.
    actions_listed: &'static str,
    principals: Principals<'a>,
    findings: Findings<'a>,
    baseline: Option<Beside<'a>>,
    suggestions: &'a [Suggestion],
    limits: &'a [String],
}

#[derive(Serialize)]
struct Beside<'a> {
    new: Vec<&'a str>,
    open: u64,
    resolved: &'a [Resolved],
    out_of_sight: &'a [OutOfSight],
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
struct Principal<'a> {
    principal: &'a str,
    arn: &'a str,
    account: &'a str,
    kind: SubjectKind,
    unique_id: Option<&'a str>,
    created: Option<Time>,
    young: bool,
    kept_apart: Option<Apart>,
    policies: u64,
    calls: Span,
    denied: u64,
    failed: u64,
    days: u64,
    regions: &'a [String],
    missing: &'a [String],
    marks: Marks,
    services: Vec<Service>,
    actions: Actions<'a>,
    origins: &'a [OriginUse],
    statements: &'a [StatementUse],
    unmapped: &'a [UnmappedCall],
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
struct Service {
    service: &'static str,
    #[serde(flatten)]
    marks: Marks,
    riskiest_unused: Vec<&'static str>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
struct Action<'a> {
    action: String,
    mark: Option<Mark>,
    reason: Option<Unseen>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    unseen_regions: BTreeSet<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    resource_policies: &'a [String],
    conditional: bool,
    risk: &'static str,
    level: &'static str,
    used: u64,
    derived: u64,
    first: Option<Time>,
    last: Option<Time>,
    denied: u64,
    failed: u64,
    perhaps: u64,
}

/// Written one after another: there may be very many.
struct Principals<'a>(&'a Unused, bool);

struct Actions<'a>(&'a PrincipalUse, bool);

struct Findings<'a>(&'a Unused, bool);

impl Serialize for Principals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.principals.iter().map(|own| Principal::of(own, self.1)))
    }
}

impl Serialize for Actions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        for action in self.0.actions_of(which(self.1)) {
            let is_listed = self.1
                || matches!(action.mark, None | Some(Mark::Used | Mark::UsedNotGranted))
                || action.risk.is_privileged();
            if is_listed {
                sequence.serialize_element(&Action {
                    action: action.action(),
                    mark: action.mark,
                    reason: action.unseen,
                    unseen_regions: self.0.unseen_regions(&action),
                    resource_policies: self.0.resource_policies(&action),
                    conditional: action.conditional,
                    risk: action.risk.word(),
                    level: action.level(),
                    used: action.uses.used.events,
                    derived: action.uses.derived,
                    first: action.uses.used.first,
                    last: action.uses.used.last,
                    denied: action.uses.denied.events,
                    failed: action.uses.failed.events,
                    perhaps: action.uses.perhaps.events,
                })?;
            }
        }
        sequence.end()
    }
}

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(listed(self.0, self.1))
    }
}

/// The findings that are listed: those of actions behind all others.
pub fn listed(unused: &Unused, all: bool) -> impl Iterator<Item = Finding> + '_ {
    let all = lists_all(unused, all);
    let actions = unused.findings_of(which(all), move |action| all || is_listed(action));
    unused.findings.iter().cloned().chain(actions)
}

/// Which actions are listed, in a word.
#[must_use]
pub fn actions_listed(unused: &Unused, all: bool) -> &'static str {
    if lists_all(unused, all) { "all" } else { "used-and-privileged" }
}

/// Where to look for what is listed: what is used is notable as well.
pub(super) fn which(all: bool) -> Listed {
    if all { Listed::All } else { Listed::Notable }
}

/// Whether the finding of an action is listed where not all are.
pub(super) fn is_listed(action: &ActionUse) -> bool {
    action.risk.is_privileged() || action.mark == Some(Mark::UsedNotGranted)
}

/// Whether all actions are listed.
pub(super) fn lists_all(unused: &Unused, all: bool) -> bool {
    all || unused.principals.iter().map(|own| own.granted.count()).sum::<u64>() <= ACTIONS_LISTED_MAX
}

impl<'a> Principal<'a> {
    fn of(own: &'a PrincipalUse, all: bool) -> Self {
        let services = own.services().into_iter().map(|service| Service {
            service: service.service,
            marks: service.marks,
            riskiest_unused: service.riskiest.iter().map(|(_, name)| *name).collect(),
        });
        Self {
            principal: &own.principal,
            arn: &own.arn,
            account: &own.account,
            kind: own.kind,
            unique_id: own.unique_id.as_deref(),
            created: own.created,
            young: own.young,
            kept_apart: own.apart,
            policies: own.policies,
            calls: own.calls,
            denied: own.denied,
            failed: own.failed,
            days: own.days,
            regions: &own.regions,
            missing: &own.granted.missing,
            marks: own.marks(),
            services: services.collect(),
            actions: Actions(own, all),
            origins: &own.origins,
            statements: &own.statements,
            unmapped: &own.unmapped,
        }
    }
}

/// One document with the whole answer, written as it is made.
///
/// # Errors
///
/// What the writer refuses.
pub fn json(
    out: impl std::io::Write,
    unused: &Unused,
    all: bool,
    compared: Option<&Compared>,
) -> serde_json::Result<()> {
    let all = lists_all(unused, all);
    let beside = compared.map(|compared| Beside {
        new: compared.new.iter().map(String::as_str).collect(),
        open: compared.open,
        resolved: &compared.resolved,
        out_of_sight: &compared.out_of_sight,
    });
    let document = Document {
        schema: 1,
        snapshot: &unused.snapshot,
        window: unused.window,
        coverage: &unused.coverage,
        unused_privileged: unused.unused_privileged(),
        actions_listed: actions_listed(unused, all),
        principals: Principals(unused, all),
        findings: Findings(unused, all),
        baseline: beside,
        suggestions: &unused.suggestions,
        limits: &unused.limits,
    };
    documents::write_document(out, &document)
}
