//! What the policies of a principal can allow: every action of the catalog, put to the evaluator.
//!
//! An action is granted if there is a resource and a context for which identity policies (own, of groups, managed), the
//! boundary and the SCPs let it pass. A deny that holds whatever the resource and the context takes it away; one that
//! depends on either does not. Resource policies of others may allow more, and are no grants of the principal.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use rayon::prelude::*;

use super::index::{Actions, INDEX, Known};
use super::subject::{Subject, SubjectKind, Subjects};
use crate::aws::{AccountId, Arn};
use crate::catalog::{self, ResourceType};
use crate::policy::{
    Attached, Because, Caller, CompiledSet, Context, Document, Effect, Evaluator, Levels, Match, Outcome,
    PolicyKind, PolicySet, Request, Resource, Rule, Standing, Truth, resource_covers,
};
use crate::replay::{SessionPolicies, Told, context_of};
use crate::snapshot::{Asked, Given, Snapshot, Unsupplied};

/// What a principal's policies can allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Granted {
    /// The actions.
    pub(crate) actions: Actions,
    /// Those of them that are allowed under conditions only which nothing here decides.
    pub(crate) conditional: Actions,
    /// What the snapshot lacks of the principal's policies, in words: what that grants or denies does not count.
    pub missing: Vec<String>,
    /// Whether policies that would grant something are among that: then nothing is known not to be granted.
    pub lacks_grants: bool,
}

impl Granted {
    /// How many actions.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.actions.iter().count() as u64
    }

    /// Whether an action is granted, by its full name.
    #[must_use]
    pub fn has(&self, action: &str) -> bool {
        INDEX.number_of(action).is_some_and(|number| self.actions.has(number))
    }

    /// Whether an action is granted under conditions only.
    #[must_use]
    pub fn is_conditional(&self, action: &str) -> bool {
        INDEX.number_of(action).is_some_and(|number| self.conditional.has(number))
    }
}

/// What each principal is granted, in their order. Principals with the same policies are asked for once.
#[must_use]
pub fn granted(snapshot: &Snapshot, subjects: &Subjects) -> Vec<Arc<Granted>> {
    let mut distinct: Vec<(&Subject, Play)> = Vec::new();
    let mut by_content: HashMap<String, usize> = HashMap::new();
    let mut places = Vec::new();
    for subject in subjects.iter() {
        let play = Play::of(snapshot, subject);
        let place = *by_content.entry(play.content(subject)).or_insert_with(|| {
            distinct.push((subject, play));
            distinct.len() - 1
        });
        places.push(place);
    }
    let all: Vec<Arc<Granted>> =
        distinct.par_iter().map(|(subject, play)| Arc::new(play.granted(subject))).collect();
    places.into_iter().filter_map(|place| all.get(place).cloned()).collect()
}

/// What these policies can allow to whoever has them in an account, under its SCPs.
pub(crate) fn granted_to_group(
    snapshot: &Snapshot,
    account: AccountId,
    policies: Vec<Arc<Document>>,
) -> Granted {
    let subject = Subject::anyone(account);
    let mut play = Play::of(snapshot, &subject);
    play.set.identity = Attached::of(policies);
    play.granted(&subject)
}

/// What a principal would be granted with these policies in the place of its own.
pub(crate) fn granted_instead(
    snapshot: &Snapshot,
    subject: &Subject,
    policies: Vec<Arc<Document>>,
) -> Granted {
    let mut play = Play::of(snapshot, subject);
    play.set.identity = Attached::of(policies);
    play.granted(subject)
}

/// The policies of one principal, with what is known of it in every request.
struct Play {
    set: PolicySet,
    context: Context,
    missing: Vec<String>,
    lacks_grants: bool,
    management: Option<AccountId>,
}

impl Play {
    fn of(snapshot: &Snapshot, subject: &Subject) -> Self {
        let given = Given { session: None, endpoint: None, unsupplied: Unsupplied::None };
        let mut set = snapshot.policies(&subject.caller, "", &Resource::Any, Some(subject.account), &given);
        let mut missing = Vec::new();
        let lacks_grants = set.identity.missing.is_some();
        missing.extend(set.identity.missing.take());
        set.boundary = set.boundary.filter(|boundary| {
            missing.extend(boundary.missing.clone());
            boundary.missing.is_none()
        });
        set.scp = set.scp.map(|levels| known_levels(levels, &mut missing));
        set.rcp = None;
        set.resource = Some(Attached::of(vec![delegation(subject.account)]));
        let asked = Asked {
            caller: &subject.caller,
            action: "",
            resource: &Resource::Unknown,
            resource_account: None,
        };
        let context = snapshot.context(asked, Unsupplied::Unknown);
        Self { set, context, missing, lacks_grants, management: snapshot.management_account() }
    }

    /// Equal for principals that are granted the same.
    fn content(&self, subject: &Subject) -> String {
        let mut text = format!("{} {:?} {:?} ", subject.account, subject.kind, self.management);
        let mut add = |attached: &Attached| {
            for policy in &attached.policies {
                // Documents stay where they are for as long as the snapshot does.
                write!(text, "{:x} ", Arc::as_ptr(policy).addr()).unwrap_or_default();
            }
            text.push('|');
        };
        add(&self.set.identity);
        self.set.boundary.iter().for_each(&mut add);
        self.set.scp.iter().flat_map(|levels| &levels.levels).for_each(|level| add(&level.attached));
        text.push_str(if self.set.boundary.is_some() { "capped" } else { "open" });
        let set = Evaluator::new().compile(&PolicySet { resource: None, ..self.set.clone() });
        for key in set.keys() {
            let standing = self.context.standing(key);
            if standing != Standing::Unknown {
                write!(text, " {key}={standing:?}").unwrap_or_default();
            }
        }
        write!(text, " {:?}", self.missing).unwrap_or_default();
        text
    }

    fn granted(&self, subject: &Subject) -> Granted {
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&self.set);
        let asking = Asking {
            evaluator: &evaluator,
            compiled: &compiled,
            grants: grants(&self.set.identity.policies),
            play: self,
            subject,
            partition: Arn::parse(&subject.arn).map_or("aws", |arn| arn.partition),
            of_type: RefCell::default(),
        };
        let mut granted =
            Granted { missing: self.missing.clone(), lacks_grants: self.lacks_grants, ..Granted::default() };
        for (number, known) in INDEX.iter() {
            let Some(standing) = asking.ask(known) else { continue };
            granted.actions.insert(number);
            if standing == Grant::Conditional {
                granted.conditional.insert(number);
            }
        }
        granted
    }
}

/// The policies that bind the requests of one principal, ready to be asked of one after another.
#[derive(Debug)]
pub(crate) struct Today {
    evaluator: Evaluator,
    set: CompiledSet,
    /// What binds the sessions of federated users, of an IAM user: of their session policies nothing is said but that they let
    /// through what worked.
    federated: Option<CompiledSet>,
    keys: Vec<Box<str>>,
    account: AccountId,
    management: Option<AccountId>,
}

impl Today {
    pub(crate) fn of(snapshot: &Snapshot, subject: &Subject) -> Self {
        let play = Play::of(snapshot, subject);
        let mut evaluator = Evaluator::new();
        let set = evaluator.compile(&play.set);
        let keys = set.keys().into_iter().map(Box::from).collect();
        let federated = (subject.kind == SubjectKind::User).then(|| {
            let session = Some(Attached::missing("the session policy of the federated user"));
            evaluator.compile(&PolicySet { session, ..play.set })
        });
        Self { evaluator, set, federated, keys, account: subject.account, management: play.management }
    }

    /// The keys that they depend on.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &**key)
    }

    /// Whether they deny a request for certain.
    pub(crate) fn denies(&self, told: &Told<'_>) -> bool {
        let keys: Vec<&str> = self.keys.iter().map(|key| &**key).collect();
        let request = Request {
            caller: told.who.caller.clone(),
            action: told.asked.action.clone(),
            resource: told.asked.resource.clone(),
            resource_account: Some(self.account),
            management_account: self.management,
            canonical_user: None,
            rcp_supported: Some(false),
            context: context_of(told, &keys),
        };
        let federated = self.federated.as_ref();
        let set = match request.caller {
            Caller::FederatedUser { .. } => federated.unwrap_or(&self.set),
            _ => &self.set,
        };
        let outcome = set.evaluate(&self.evaluator.prepare(&request)).outcome;
        matches!(outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied)
    }
}

/// Whether a federated user's session policies surely let nothing of a request through. Then it was the policy of a resource that
/// names the federated user which let it pass
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html>).
pub(crate) fn is_cut_off(told: &Told<'_>, policies: &SessionPolicies) -> bool {
    let (inline, managed) = match policies {
        SessionPolicies::None => return true,
        SessionPolicies::Unknown(_) => return false,
        SessionPolicies::Given { inline, managed } => (inline, managed),
    };
    let managed = managed.iter().map(|arn| told.snapshot.managed.get(arn)?.document.clone());
    let all: Option<Vec<Arc<Document>>> = inline.iter().cloned().map(Some).chain(managed).collect();
    let (Some(all), Some(account)) = (all, told.who.caller.account()) else { return false };
    let everything =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let everything = Document::parse(PolicyKind::Identity, "everything", everything);
    let mut evaluator = Evaluator::new();
    let set = evaluator.compile(&PolicySet {
        identity: Attached::of(vec![Arc::new(everything)]),
        session: Some(Attached::of(all)),
        resource: Some(Attached::of(vec![delegation(account)])),
        ..PolicySet::default()
    });
    let keys = set.keys();
    let request = Request {
        caller: told.who.caller.clone(),
        action: told.asked.action.clone(),
        resource: told.asked.resource.clone(),
        resource_account: Some(account),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(false),
        context: context_of(told, &keys),
    };
    let outcome = set.evaluate(&evaluator.prepare(&request)).outcome;
    matches!(outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied)
}

/// Levels of SCPs of which all is known; of the others nothing is told.
fn known_levels(levels: Levels, missing: &mut Vec<String>) -> Levels {
    missing.extend(levels.missing);
    let is_known = |level: &crate::policy::Level| level.attached.missing.is_none();
    missing.extend(levels.levels.iter().filter_map(|level| level.attached.missing.clone()));
    missing.sort();
    missing.dedup();
    Levels { levels: levels.levels.into_iter().filter(is_known).collect(), missing: None }
}

/// A policy of the resource that leaves the decision to the account, as the policies of keys and roles must, for their account's
/// identity policies to count
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam>).
fn delegation(account: AccountId) -> Arc<Document> {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "*", "Resource": "*"}}}}"#,
    );
    Arc::new(Document::parse(PolicyKind::Resource, "delegation", &text))
}

/// Under which circumstances an action is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    Certain,
    Conditional,
}

/// A statement that allows, as far as resources are told from it.
struct Allowing<'a> {
    actions: &'a crate::policy::Actions,
    /// None for any resource: `*`, all but some, or told from the context.
    patterns: Option<Vec<&'a str>>,
}

fn grants(policies: &[Arc<Document>]) -> Vec<Allowing<'_>> {
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    let allowing = statements.filter(|statement| statement.effect == Effect::Allow).map(|statement| {
        let patterns = statement.resources.as_ref().and_then(|resources| {
            let is_plain = |text: &String| text != "*" && !text.contains("${");
            let listed = resources.matching == Match::Listed && resources.patterns.iter().all(is_plain);
            listed.then(|| resources.patterns.iter().map(String::as_str).collect())
        });
        Allowing { actions: &statement.actions, patterns }
    });
    allowing.collect()
}

/// Whether a statement's actions cover an action.
pub(crate) fn covers(actions: &crate::policy::Actions, action: &catalog::Action) -> bool {
    let fits = |pattern: &String| match pattern.split_once(':') {
        None | Some(("*", "*")) => true,
        Some((service, name)) => {
            service.eq_ignore_ascii_case(action.service) && catalog::matches(name, action.name)
        }
    };
    actions.patterns.iter().any(fits) == (actions.matching == Match::Listed)
}

/// What is asked for of one type of resources.
struct OfType {
    /// Whether every call names one of the type.
    required: bool,
    resources: Vec<Resource>,
}

/// A statement by its place, and a type of resources by service and name.
type Named<'a> = (usize, &'a str, &'a str);

/// Puts actions to the policies of one principal.
struct Asking<'a> {
    evaluator: &'a Evaluator,
    compiled: &'a CompiledSet,
    grants: Vec<Allowing<'a>>,
    play: &'a Play,
    subject: &'a Subject,
    partition: &'a str,
    /// By the place of a statement and a type of resources, by service and name: the resources of that type that it names. Many
    /// actions take the same types.
    of_type: RefCell<HashMap<Named<'a>, Rc<[String]>>>,
}

impl Asking<'_> {
    fn ask(&self, known: &Known) -> Option<Grant> {
        let action = known.action.full_name();
        let whole = if known.action.is_wildcard_only() { Resource::Any } else { Resource::Unknown };
        let is_any = whole == Resource::Any;
        match self.outcome(&action, whole) {
            (Outcome::Allowed, _) => return Some(Grant::Certain),
            (Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied, _) => return None,
            (Outcome::Undetermined, keyed) if is_any => {
                return Some(if keyed { Grant::Conditional } else { Grant::Certain });
            }
            (Outcome::Undetermined, _) => {}
        }
        // It depends on the resource: each that a statement names is asked for. A call needs a resource of each type that AWS
        // requires, so that a condition on one of them is one on the action.
        let mut found = None;
        let mut is_conditional = false;
        for own in self.resources(known) {
            let mut best = None;
            for resource in own.resources {
                match self.outcome(&action, resource) {
                    (Outcome::Allowed, _) | (Outcome::Undetermined, false) => best = Some(Grant::Certain),
                    (Outcome::Undetermined, true) if best.is_none() => best = Some(Grant::Conditional),
                    _ => {}
                }
                if best == Some(Grant::Certain) {
                    break;
                }
            }
            is_conditional |= own.required && best == Some(Grant::Conditional);
            found = match (found, best) {
                (Some(Grant::Certain), _) | (_, Some(Grant::Certain)) => Some(Grant::Certain),
                (known, best) => known.or(best),
            };
        }
        if is_conditional { found.map(|_| Grant::Conditional) } else { found }
    }

    /// The decision, and of an open one whether conditions or variables keep it open.
    fn outcome(&self, action: &str, resource: Resource) -> (Outcome, bool) {
        let request = Request {
            caller: self.subject.caller.clone(),
            action: action.to_owned(),
            resource,
            resource_account: Some(self.subject.account),
            management_account: self.play.management,
            canonical_user: None,
            rcp_supported: Some(false),
            context: self.play.context.clone(),
        };
        let prepared = self.evaluator.prepare(&request);
        let decision = self.compiled.evaluate(&prepared);
        // What needs no permission is no grant.
        if decision.because == Because::Rule(Rule::NoPermissionNeeded) {
            return (Outcome::ImplicitlyDenied, false);
        }
        let outcome = decision.outcome;
        if outcome != Outcome::Undetermined {
            return (outcome, false);
        }
        let mut hits = Vec::new();
        self.compiled.matching(&prepared, &mut hits);
        let is_keyed = |(id, truth, _): &(_, Truth, _)| {
            *truth == Truth::Unknown && !self.compiled.keys_of(*id).is_empty()
        };
        (outcome, hits.iter().any(is_keyed))
    }

    /// The resources that may be allowed: of each type of the action those that a statement which allows it names.
    fn resources(&self, known: &Known) -> Vec<OfType> {
        let action = known.action;
        let mut all = Vec::new();
        if action.resources.iter().all(|own| !own.required) {
            all.push(OfType { required: false, resources: vec![Resource::Any] });
        }
        let covering = self.grants.iter().enumerate().filter(|(_, grant)| covers(grant.actions, action));
        let grants: Vec<(usize, &Allowing<'_>)> = covering.collect();
        for own in action.resources {
            let Some(form) = self.form(action.service, own.kind) else { continue };
            let mut known: HashSet<String> = HashSet::new();
            let mut found: Vec<Resource> = Vec::new();
            for (place, grant) in &grants {
                for pattern in self.named(*place, grant, action.service, own.kind, &form).iter() {
                    if known.insert(pattern.clone()) {
                        found.push(Resource::Pattern(pattern.clone()));
                    }
                }
            }
            all.push(OfType { required: own.required, resources: found });
        }
        all
    }

    /// The resources of a type that a statement names; all of the type where it names more.
    fn named(
        &self,
        place: usize,
        grant: &Allowing<'_>,
        service: &'static str,
        kind: &'static ResourceType,
        form: &str,
    ) -> Rc<[String]> {
        let key = (place, service, kind.name);
        if let Some(known) = self.of_type.borrow().get(&key) {
            return Rc::clone(known);
        }
        let fits = |pattern: &&str| {
            if !is_of_type(pattern, service, kind) {
                return None;
            }
            match resource_covers(pattern, form) {
                Truth::Yes => Some(form.to_owned()),
                Truth::Unknown => Some((*pattern).to_owned()),
                Truth::No => None,
            }
        };
        let found: Rc<[String]> = match &grant.patterns {
            None => Rc::from([form.to_owned()]),
            Some(patterns) => patterns.iter().filter_map(fits).collect(),
        };
        self.of_type.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// Every resource of a type: for IAM those of the principal's own account, for it changes no others.
    fn form(&self, service: &str, kind: &ResourceType) -> Option<String> {
        let account = self.subject.account.to_string();
        let is_iam = service == "iam";
        kind.arn.fill(|name| {
            Some(match name {
                "Partition" => Cow::Borrowed(self.partition),
                "Account" if is_iam => Cow::Owned(account.clone()),
                _ => Cow::Borrowed("*"),
            })
        })
    }
}

/// Whether a statement's resource may stand for a resource of some type that an action takes; of an action that takes none it
/// must be `*`.
pub(crate) fn applies(pattern: &str, action: &catalog::Action) -> bool {
    if pattern == "*" || pattern.contains("${") {
        return true;
    }
    action.resources.iter().any(|own| is_of_kind(pattern, action.service, own.kind))
}

/// Whether a statement's resource, which has no variables, may stand for one of a type.
pub(crate) fn is_of_kind(pattern: &str, service: &str, kind: &ResourceType) -> bool {
    let form = kind.arn.fill(|_| Some(Cow::Borrowed("*")));
    pattern == "*"
        || form.is_some_and(|form| resource_covers(pattern, &form) != Truth::No)
            && is_of_type(pattern, service, kind)
}

/// Whether a pattern may stand for a resource of a type where formats alone do not tell: the name of a bucket has no slash,
/// that of an object has one before it.
fn is_of_type(pattern: &str, service: &str, kind: &ResourceType) -> bool {
    let certain = pattern.splitn(6, ':').nth(5).unwrap_or_default();
    let certain = certain.split(['*', '?']).next().unwrap_or_default();
    !(service == "s3" && kind.name == "bucket" && certain.contains('/'))
}
