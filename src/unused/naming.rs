//! Policies of resources that name a principal itself: of what no identity policy grants, they may.

use std::collections::{BTreeMap, BTreeSet};

use super::granted::covers;
use super::index::{ActionNumber, INDEX};
use super::subject::{Subject, SubjectKind, Subjects};
use crate::aws::{AccountId, Arn};
use crate::policy::{Document, Effect, Match, Principal, Principals, Statement};
use crate::snapshot::{OwnPolicy, Snapshot};

/// A policy of a resource, and whose it is.
struct Owned<'a> {
    arn: &'a str,
    account: Option<AccountId>,
    service: &'a str,
    document: &'a Document,
}

/// The policies of resources, trust policies among them, that may let principals of their own account in: there one that names
/// the caller is enough
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>).
pub(crate) struct Naming<'a>(Vec<Owned<'a>>);

impl<'a> Naming<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let resources = snapshot.resources.iter().filter_map(|(arn, own)| {
            let OwnPolicy::Known(document) = &own.policy else { return None };
            let parsed = Arn::parse(arn)?;
            let account = own.account.or_else(|| parsed.account_id());
            Some(Owned { arn, account, service: parsed.service, document })
        });
        let roles = snapshot.accounts.iter().flat_map(|(account, details)| {
            let trusts = details.roles.values().filter_map(|role| Some((role, role.trust.as_ref()?)));
            trusts.map(|(role, document)| Owned {
                arn: &role.arn,
                account: Some(*account),
                service: "sts",
                document,
            })
        });
        // Most trust policies name services or accounts alone.
        let names_any = |own: &Owned<'_>| own.document.statements.iter().any(may_name);
        Self(resources.chain(roles).filter(names_any).collect())
    }

    /// Of these actions those that a policy which names the principal may allow, with the resources, in order.
    pub(crate) fn allowing(
        &self,
        subject: &Subject,
        actions: &BTreeSet<ActionNumber>,
    ) -> BTreeMap<ActionNumber, Vec<String>> {
        let mut found: BTreeMap<ActionNumber, Vec<String>> = BTreeMap::new();
        if actions.is_empty() {
            return found;
        }
        let own = self.0.iter().filter(|own| own.account.is_none_or(|account| account == subject.account));
        for owned in own {
            let naming: Vec<&Statement> =
                owned.document.statements.iter().filter(|statement| names(statement, subject)).collect();
            if naming.is_empty() {
                continue;
            }
            for number in actions {
                let Some(known) = INDEX.get(*number) else { continue };
                let is_meant = known.action.service == owned.service
                    && naming.iter().any(|statement| covers(&statement.actions, known.action));
                if is_meant {
                    found.entry(*number).or_default().push(owned.arn.to_owned());
                }
            }
        }
        for arns in found.values_mut() {
            arns.sort();
        }
        found
    }
}

/// Whether a statement may name principals themselves.
fn may_name(statement: &Statement) -> bool {
    let itself =
        |own: &Principal| matches!(own, Principal::Everyone | Principal::Arn(_) | Principal::UniqueId(_));
    let names = |own: &Principals| own.matching != Match::Listed || own.listed.iter().any(itself);
    statement.effect == Effect::Allow && statement.principals.as_ref().is_some_and(names)
}

/// Whether a statement allows something to a principal itself, or to one of its sessions; not where it leaves that to the account.
fn names(statement: &Statement, subject: &Subject) -> bool {
    let Some(principals) = statement.principals.as_ref() else { return false };
    let is_session = |text: &str| {
        let arn = text.contains(":assumed-role/").then(|| Arn::parse(text)).flatten();
        let own = arn.filter(|arn| arn.account_id() == Some(subject.account));
        let role = own.and_then(|arn| arn.resource.strip_prefix("assumed-role/")?.split('/').next());
        subject.kind == SubjectKind::Role && role == Some(subject.name.as_str())
    };
    let is_it = |principal: &Principal| match principal {
        Principal::Everyone => true,
        Principal::Arn(text) => *text == subject.arn || is_session(text),
        Principal::UniqueId(id) => subject.unique_id.as_ref() == Some(id),
        _ => false,
    };
    statement.effect == Effect::Allow
        && (principals.listed.iter().any(is_it) == (principals.matching == Match::Listed))
}

/// By place of the principal.
pub(crate) fn allowing(
    snapshot: &Snapshot,
    subjects: &Subjects,
    not_granted: &BTreeMap<usize, BTreeSet<ActionNumber>>,
) -> BTreeMap<usize, BTreeMap<ActionNumber, Vec<String>>> {
    if not_granted.is_empty() {
        return BTreeMap::new();
    }
    let naming = Naming::of(snapshot);
    let of = |(place, actions): (&usize, &BTreeSet<ActionNumber>)| {
        Some((*place, naming.allowing(subjects.get(*place)?, actions)))
    };
    not_granted.iter().filter_map(of).filter(|(_, found)| !found.is_empty()).collect()
}
