//! Who assumed which role, and so which principals of a trust policy never did.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;
use xxhash_rust::xxh3::Xxh3;

use super::count::Span;
use super::subject::Subjects;
use crate::aws::{Arn, Principal as Named, Time};
use crate::policy::{
    Attached, Caller, CompiledSet, Context, Document, Effect, Evaluator, Match, PolicySet, Principal,
    Principals, Request, Resource, Statement, StatementId, Truth,
};
use crate::replay::answer::Then;
use crate::replay::{FIELDS_OF_CALLER, Field, Fields, Record, who};
use crate::snapshot::Snapshot;

/// Callers that are remembered; then all are forgotten.
const CALLERS_MAX: usize = 50_000;

/// The principals of every role's trust policy, each to be asked by itself.
#[derive(Debug)]
pub struct Trusts {
    snapshot: Arc<Snapshot>,
    subjects: Arc<Subjects>,
    /// By place of the role.
    by_role: BTreeMap<usize, Trust>,
    by_name: HashMap<(String, String), usize>,
}

#[derive(Debug)]
struct Trust {
    evaluator: Evaluator,
    set: CompiledSet,
    places: HashMap<StatementId, usize>,
    principals: Vec<String>,
}

/// How often a role was assumed, and by which of the principals that its trust policy names.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Assumed {
    pub(crate) span: Span,
    /// By the principal's place.
    pub(crate) by: BTreeMap<usize, Span>,
    /// Principals that may have been the ones.
    pub(crate) may: BTreeMap<usize, u64>,
}

/// Which of a trust policy's principals a caller is, or may be.
type Hits = Arc<[(usize, Truth)]>;

/// Who assumed roles, as far as it was read.
#[derive(Debug)]
pub struct Assumptions {
    trusts: Arc<Trusts>,
    known: HashMap<(usize, u64), Hits>,
    pub(crate) roles: BTreeMap<usize, Assumed>,
}

impl Trusts {
    /// Those of the roles among the principals.
    #[must_use]
    pub fn of(snapshot: &Arc<Snapshot>, subjects: &Arc<Subjects>) -> Self {
        let mut by_role = BTreeMap::new();
        let mut by_name = HashMap::new();
        for (place, subject) in subjects.iter().enumerate() {
            let own = subjects.principal(place, snapshot);
            let Some(trust) = own.and_then(|own| own.trust.as_ref()) else { continue };
            by_role.insert(place, Trust::of(trust));
            by_name.insert((subject.account.to_string(), subject.name.clone()), place);
        }
        Self { snapshot: Arc::clone(snapshot), subjects: Arc::clone(subjects), by_role, by_name }
    }

    /// The principals that a role's trust policy names, in order.
    pub(crate) fn principals(&self, role: usize) -> &[String] {
        self.by_role.get(&role).map_or(&[], |trust| &trust.principals)
    }
}

impl Trust {
    fn of(trust: &Arc<Document>) -> Self {
        let mut named: Vec<(String, Statement)> = Vec::new();
        for statement in trust.statements.iter().filter(|own| own.effect == Effect::Allow) {
            let Some(principals) = statement.principals.as_ref().filter(|own| own.matching == Match::Listed)
            else {
                continue;
            };
            for principal in &principals.listed {
                let words = words(principal);
                if named.iter().any(|(known, _)| *known == words) {
                    continue;
                }
                let mut actions = statement.actions.clone();
                (actions.matching, actions.patterns) = (Match::Listed, vec!["sts:*".to_owned()]);
                let alone = Principals { matching: Match::Listed, listed: vec![principal.clone()] };
                let probe = Statement {
                    index: named.len(),
                    sid: None,
                    principals: Some(alone),
                    actions,
                    conditions: Vec::new(),
                    ..statement.clone()
                };
                named.push((words, probe));
            }
        }
        let (principals, statements): (Vec<String>, Vec<Statement>) = named.into_iter().unzip();
        let probes = Document { statements, refused: Vec::new(), problems: Vec::new(), ..(**trust).clone() };
        let mut evaluator = Evaluator::new();
        let resource = Some(Attached::of(vec![Arc::new(probes)]));
        let set = evaluator.compile(&PolicySet { resource, ..PolicySet::default() });
        let places = set.statements().filter_map(|own| Some((own.id, own.statement.index?))).collect();
        Self { evaluator, set, places, principals }
    }

    fn matching(&self, caller: &Caller, action: &str, role: &str) -> Vec<(usize, Truth)> {
        let account = Arn::parse(role).and_then(Arn::account_id);
        let request = Request {
            caller: caller.clone(),
            action: action.to_owned(),
            resource: Resource::Named(role.to_owned()),
            resource_account: account,
            management_account: None,
            canonical_user: None,
            rcp_supported: Some(false),
            context: Context::default(),
        };
        let mut hits = Vec::new();
        self.set.matching(&self.evaluator.prepare(&request), &mut hits);
        let mut found: Vec<(usize, Truth)> =
            hits.iter().filter_map(|(id, truth, _)| Some((*self.places.get(id)?, *truth))).collect();
        if let Caller::Service { name } = caller {
            // A record names a service without the region that a policy may name it with.
            let other = |(place, own): (usize, &String)| {
                (own != name && is_regional_form(own, name)).then_some((place, Truth::Unknown))
            };
            found.extend(self.principals.iter().enumerate().filter_map(other));
        }
        found
    }
}

/// Whether a name is that of a service with a region in it, as `states.us-east-1.amazonaws.com` is of `states.amazonaws.com`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services>).
fn is_regional_form(named: &str, service: &str) -> bool {
    let Some((label, domain)) = service.split_once('.') else { return false };
    let rest = named.strip_prefix(label).and_then(|rest| rest.strip_prefix('.'));
    let region = rest.and_then(|rest| rest.strip_suffix(domain)).and_then(|rest| rest.strip_suffix('.'));
    region.is_some_and(|region| !region.is_empty() && !region.contains('.') && region.contains('-'))
}

/// A principal as a trust policy writes it.
fn words(principal: &Principal) -> String {
    match principal {
        Principal::Everyone => "*".to_owned(),
        Principal::Account(account) => format!("arn:aws:iam::{account}:root"),
        Principal::Arn(text)
        | Principal::UniqueId(text)
        | Principal::Service(text)
        | Principal::Federated(text)
        | Principal::CanonicalUser(text) => text.clone(),
    }
}

/// The service that assumes a role for a caller whom its own call names otherwise, and that the role trusts
/// (<https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html>,
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>).
fn lender(record: &Record<'_>) -> Option<&'static str> {
    match (record.event_source?, record.event_name?) {
        ("rolesanywhere.amazonaws.com", "CreateSession") => Some("rolesanywhere.amazonaws.com"),
        ("eks-auth.amazonaws.com", "AssumeRoleForPodIdentity") => Some("pods.eks.amazonaws.com"),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "roleArn")]
    role_arn: String,
}

impl Assumptions {
    /// The calls that assume a role.
    const NAMES: [&'static str; 3] = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

    /// The columns that are read.
    #[must_use]
    pub fn fields() -> Fields {
        Fields::of(FIELDS_OF_CALLER).and(Fields::of(&[
            Field::EventTime,
            Field::EventSource,
            Field::ErrorCode,
            Field::ErrorMessage,
            Field::Account,
            Field::RequestParameters,
            Field::AssumedRoleArn,
        ]))
    }

    /// Nothing was read.
    #[must_use]
    pub fn new(trusts: Arc<Trusts>) -> Self {
        Self { trusts, known: HashMap::new(), roles: BTreeMap::new() }
    }

    /// Takes a record, if it is of a role that was assumed.
    pub fn take(&mut self, record: &Record<'_>) {
        let is_of_sts = record.event_name.is_some_and(|name| Self::NAMES.contains(&name))
            && record.event_source == Some("sts.amazonaws.com");
        if !is_of_sts && lender(record).is_none() || Then::of(record) != Then::Allowed {
            return;
        }
        let Some(role) = self.role(record) else { return };
        let time = Time(record.event_time);
        let hits = self.hits(record, role);
        let assumed = self.roles.entry(role).or_default();
        assumed.span.add(time);
        for (place, truth) in hits.iter() {
            match truth {
                Truth::Yes => assumed.by.entry(*place).or_default().add(time),
                Truth::Unknown => *assumed.may.entry(*place).or_default() += 1,
                Truth::No => {}
            }
        }
    }

    fn role(&self, record: &Record<'_>) -> Option<usize> {
        let of_session = || {
            let arn = Arn::parse(record.assumed_role_arn?)?;
            let Named::RoleSession { role, .. } = arn.principal()? else { return None };
            self.trusts.by_name.get(&(arn.account.to_owned(), role.to_owned())).copied()
        };
        let asked = || {
            let given: Parameters = serde_json::from_str(record.request_parameters?).ok()?;
            self.trusts.subjects.place(&given.role_arn)
        };
        of_session().or_else(asked)
    }

    fn hits(&mut self, record: &Record<'_>, role: usize) -> Arc<[(usize, Truth)]> {
        let mut hash = Xxh3::new();
        for field in FIELDS_OF_CALLER {
            let text = record.text(*field).unwrap_or("");
            hash.update(&text.len().to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(lender(record).unwrap_or("").as_bytes());
        // The provider of a SAML subject is a parameter.
        if record.event_name == Some("AssumeRoleWithSAML") {
            hash.update(record.request_parameters.unwrap_or("").as_bytes());
        }
        let key = (role, hash.digest());
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let found = || {
            let trust = self.trusts.by_role.get(&role)?;
            let arn = &self.trusts.subjects.get(role)?.arn;
            if let Some(name) = lender(record) {
                let service = Caller::Service { name: name.to_owned() };
                return Some(trust.matching(&service, "sts:AssumeRole", arn));
            }
            let who = who(record, Some(&self.trusts.snapshot))?;
            let action = format!("sts:{}", record.event_name.unwrap_or_default());
            Some(trust.matching(&who.caller, &action, arn))
        };
        let hits: Arc<[(usize, Truth)]> = found().unwrap_or_default().into();
        if self.known.len() >= CALLERS_MAX {
            self.known.clear();
        }
        self.known.insert(key, Arc::clone(&hits));
        hits
    }

    /// Puts what another one read to what this one did.
    pub fn merge(&mut self, other: Self) {
        self.take_in(other.roles);
    }

    /// What this one read, for [`Assumptions::take_in`] of another process of this program with the same trusts.
    #[must_use]
    pub fn by_role(self) -> BTreeMap<usize, Assumed> {
        self.roles
    }

    /// Puts what is read elsewhere to what this one did.
    pub fn take_in(&mut self, other: BTreeMap<usize, Assumed>) {
        for (role, assumed) in other {
            let own = self.roles.entry(role).or_default();
            own.span.take(assumed.span);
            for (place, span) in assumed.by {
                own.by.entry(place).or_default().take(span);
            }
            for (place, count) in assumed.may {
                *own.may.entry(place).or_default() += count;
            }
        }
    }

    /// What is known of a role.
    pub(crate) fn of(&self, role: usize) -> Assumed {
        self.roles.get(&role).cloned().unwrap_or_default()
    }

    /// The principals of its trust policy.
    pub(crate) fn principals(&self, role: usize) -> &[String] {
        self.trusts.principals(role)
    }
}
