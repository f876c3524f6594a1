//! Judges single requests by the policies of one snapshot.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::answer::{Decided, Lack, LayerKind};
use super::{Asked, Record, Session, SessionPolicies, Told, Who, context_of, why_unknown};
use crate::aws::AccountId;
use crate::catalog::catalog;
use crate::policy::{
    Attached, Because, Caller, CompiledSet, Document, Evaluator, Need, Outcome, PolicySet, PreparedRequest,
    Reason, Request, Resource, StatementId, Survey, Truth,
};
use crate::snapshot::{Given, Snapshot, Unsupplied, may_have_policy};

/// What is known of the session policies of a request, as far as they limit it.
#[derive(Debug, Clone, Copy)]
pub(super) enum SessionLimits<'a> {
    /// None limit it: it has no session, or one without policies.
    None,
    /// They are not known, but AWS let the call pass, and so did they.
    Passed,
    /// These do.
    Given(&'a [Arc<Document>], &'a [String]),
    /// Some may, for this reason in words.
    Unknown(&'a str),
}

impl<'a> SessionLimits<'a> {
    /// Of a session whose call passed, or did not. The policies of a session are part of it and do not change
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session>): where AWS let a call
    /// pass, those that nobody knows allowed it then, and would again.
    pub(super) fn of(session: Option<&'a Session>, passed: bool) -> Self {
        match session.map(|session| &session.policies) {
            None | Some(SessionPolicies::None) => Self::None,
            Some(SessionPolicies::Given { inline, managed }) => Self::Given(inline, managed),
            Some(SessionPolicies::Unknown(_)) if passed => Self::Passed,
            Some(SessionPolicies::Unknown(why)) => Self::Unknown(why),
        }
    }
}

/// A request ready to be judged: the policies in play, and which keys they read.
#[derive(Debug, Clone)]
pub(super) struct Play {
    pub(super) set: Arc<CompiledSet>,
    /// Folded to lower case, in order.
    pub(super) keys: Arc<[Box<str>]>,
}

/// The decision on one request, with all that is counted of it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) decided: Vec<Decided>,
    /// What would decide; empty where it is decided.
    pub(super) needs: Vec<Lack>,
    /// The statements that match or may match, each with its layer; one that stands in several layers for each.
    pub(super) hits: Vec<(StatementId, Truth, LayerKind)>,
    /// The condition keys that the statements which decided read.
    pub(super) deciding_keys: Vec<String>,
    /// A hash of caller, action, resource and of what is known of those keys.
    pub(super) request: u64,
}

/// The policies of one snapshot, compiled as they are needed.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) snapshot: Arc<Snapshot>,
    evaluator: Evaluator,
    /// By what stands in the policy set.
    sets: HashMap<u128, Play>,
    /// By set and request.
    known: HashMap<u128, Arc<Judged>>,
    pub(super) evaluations: u64,
}

/// Judged requests are remembered up to this number; then all are forgotten.
const KNOWN_MAX: usize = 400_000;

impl Judge {
    pub(super) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot,
            evaluator: Evaluator::new(),
            sets: HashMap::new(),
            known: HashMap::new(),
            evaluations: 0,
        }
    }

    /// The policies in play for a request.
    pub(super) fn play(
        &mut self,
        record: &Record<'_>,
        who: &Who,
        asked: &Asked,
        limits: SessionLimits<'_>,
    ) -> Play {
        let given = Given {
            session: None,
            endpoint: record.vpc_endpoint_id.filter(|id| !id.is_empty()).map(str::to_owned),
            unsupplied: Unsupplied::Unknown,
        };
        let account = Self::owner(&who.caller, asked);
        let mut set = self.snapshot.policies(&who.caller, &asked.action, &asked.resource, account, &given);
        set.session = self.session_layer(limits, set.session);
        let key = fingerprint(&set);
        if let Some(known) = self.sets.get(&key) {
            return known.clone();
        }
        let compiled = self.evaluator.compile(&set);
        let keys = compiled.keys().into_iter().map(Box::from).collect();
        let play = Play { set: Arc::new(compiled), keys };
        self.sets.insert(key, play.clone());
        play
    }

    /// The account that owns what is asked for. A resource that no policy of its own can guard, in a service that RCPs do
    /// not reach, is decided on the caller's side alone, whoever owns it: an AMI that someone shares.
    fn owner(caller: &Caller, asked: &Asked) -> Option<AccountId> {
        asked.resource_account.or_else(|| match &asked.resource {
            Resource::Named(arn) if !may_have_policy(arn) && !rcp_supported(&asked.action) => {
                caller.account()
            }
            _ => None,
        })
    }

    fn session_layer(&self, limits: SessionLimits<'_>, unknown: Option<Attached>) -> Option<Attached> {
        match limits {
            SessionLimits::None => None,
            // Without its policy nothing is known of a federated user, who may do only what that allows.
            SessionLimits::Passed => unknown,
            SessionLimits::Unknown(why) => Some(Attached::missing(why)),
            SessionLimits::Given(inline, managed) => {
                let mut layer = Attached::of(inline.to_vec());
                let mut lacking = Vec::new();
                for arn in managed {
                    match self.snapshot.managed.get(arn).and_then(|managed| managed.document.as_ref()) {
                        Some(document) => layer.policies.push(Arc::clone(document)),
                        None => lacking.push(format!("managed policy {arn} is not in the snapshot")),
                    }
                }
                layer.missing = (!lacking.is_empty()).then(|| lacking.join("; "));
                Some(layer)
            }
        }
    }

    /// The request in the evaluator's form.
    pub(super) fn prepared(&self, told: &Told<'_>, play: &Play) -> (Request, PreparedRequest) {
        let keys: Vec<&str> = play.keys.iter().map(|key| &**key).collect();
        let request = Request {
            caller: told.who.caller.clone(),
            action: told.asked.action.clone(),
            resource: told.asked.resource.clone(),
            resource_account: Self::owner(&told.who.caller, told.asked),
            management_account: self.snapshot.management_account(),
            canonical_user: None,
            rcp_supported: Some(rcp_supported(&told.asked.action)),
            context: context_of(told, &keys),
        };
        let prepared = self.evaluator.prepare(&request);
        (request, prepared)
    }

    /// The decision on a request.
    pub(super) fn judge(&mut self, told: &Told<'_>, play: &Play) -> Arc<Judged> {
        let (request, prepared) = self.prepared(told, play);
        let number = number_of(&request, play);
        let key = u128::from(number) << 64 | Arc::as_ptr(&play.set).addr() as u128;
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        self.evaluations += 1;
        let decision = play.set.evaluate(&prepared);
        let open = decision.outcome == Outcome::ImplicitlyDenied && self.an_arn_may_allow(&request, play);
        let mut hits = Vec::new();
        play.set.matching(&prepared, &mut hits);
        let needs = if open {
            let what = "whether AWS asks for `*` or for an ARN of the service".to_owned();
            let why = "the action takes no resource, and a statement allows it on an ARN".to_owned();
            vec![Lack { what, why }]
        } else if decision.outcome == Outcome::Undetermined {
            lacks(play.set.deciding(&prepared).members.iter().map(|need| lack(need, told)))
        } else {
            Vec::new()
        };
        let judged = Arc::new(Judged {
            outcome: if open { Outcome::Undetermined } else { decision.outcome },
            decided: if open { Vec::new() } else { Decided::of(&decision.because) },
            needs,
            hits: hits.into_iter().map(|(id, truth, kind)| (id, truth, LayerKind::from(kind))).collect(),
            deciding_keys: deciding_keys(&play.set, &decision.because),
            request: number,
        });
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(key, Arc::clone(&judged));
        judged
    }

    /// Whether some ARN of the service would be allowed, of a request for an action without resources. AWS's reference says
    /// that only `*` covers such an action, but its own messages name ARNs for some (`sns:ListTopics` on
    /// `arn:aws:sns:eu-west-1:111122223333:*`), so a statement on such ARNs may be what allows it.
    fn an_arn_may_allow(&self, request: &Request, play: &Play) -> bool {
        if request.resource != Resource::Any {
            return false;
        }
        let service = request.action.split(':').next().unwrap_or_default();
        let resource = Resource::Pattern(format!("arn:*:{service}:*:*:*"));
        let prepared = self.evaluator.prepare(&Request { resource, ..request.clone() });
        play.set.evaluate(&prepared).outcome != Outcome::ImplicitlyDenied
    }

    /// Why a request is decided as it is, with what is known of the keys that the policies read.
    pub(super) fn explain(&self, told: &Told<'_>, play: &Play) -> (Reason, Vec<(String, String)>) {
        let (request, prepared) = self.prepared(told, play);
        let keys = play.keys.iter().map(|key| {
            let words = match request.context.standing(key) {
                crate::policy::Standing::Values(values) => format!("= {}", values.join(", ")),
                crate::policy::Standing::Absent => "absent".to_owned(),
                crate::policy::Standing::Unknown => format!("unknown: {}", why_unknown(key, told)),
            };
            (key.to_string(), words)
        });
        (play.set.explain(&prepared), keys.collect())
    }

    /// What every layer says to a request.
    pub(super) fn survey<T>(&self, told: &Told<'_>, play: &Play, read: impl FnOnce(&Survey<'_>) -> T) -> T {
        let (_, prepared) = self.prepared(told, play);
        read(&play.set.survey(&prepared))
    }

    /// The compiled policies, to name statements by their ids.
    pub(super) fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// All policies that were in play.
    pub(super) fn plays(&self) -> impl Iterator<Item = &Play> {
        self.sets.values()
    }
}

/// The condition keys that the deciding statements read.
fn deciding_keys(set: &CompiledSet, because: &Because<'_>) -> Vec<String> {
    let statements = match *because {
        Because::Granted { by, with } => [Some(by), with],
        Because::Denied(by) => [Some(by), None],
        Because::Lacking(_) | Because::Rule(_) | Because::Depends => [None, None],
    };
    let ids = statements.into_iter().flatten().filter_map(|statement| set.id_of(statement));
    let keys: BTreeSet<&str> = ids.flat_map(|id| set.keys_of(id)).collect();
    keys.into_iter().map(str::to_owned).collect()
}

fn rcp_supported(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    catalog().service(service).is_some_and(|own| own.supports_rcp)
}

/// Each thing once: what is missing of several layers is missing once.
fn lacks(all: impl Iterator<Item = Lack>) -> Vec<Lack> {
    let mut lacks: Vec<Lack> = Vec::new();
    for lack in all {
        if !lacks.iter().any(|known| known.what == lack.what) {
            lacks.push(lack);
        }
    }
    lacks
}

/// What would decide, in words.
fn lack(need: &Need, told: &Told<'_>) -> Lack {
    let (what, why) = match need {
        Need::Key(key) => (key.clone(), why_unknown(key, told)),
        Need::Missing { layer, what } => (what.clone(), format!("of the {layer}")),
        Need::Refused { layer, policy, index } => {
            let what = match index {
                Some(index) => format!("statement {index} of {policy}"),
                None => policy.clone(),
            };
            (what, format!("among the {layer}, it cannot be understood; see `policy lint`"))
        }
        Need::Resource => {
            ("the resource".to_owned(), format!("the record does not tell which: {}", told.asked.shown))
        }
        Need::ResourceAccount => {
            ("the account of the resource".to_owned(), format!("nothing tells who owns {}", told.asked.shown))
        }
        Need::Caller => ("who exactly called".to_owned(), "the record does not tell".to_owned()),
        Need::RcpSupport => {
            ("whether RCPs reach the service".to_owned(), "the catalog does not know it".to_owned())
        }
    };
    Lack { what, why }
}

/// What stands in a policy set, as a number: documents by their places, which stay for as long as the snapshot and the
/// issuances do.
fn fingerprint(set: &PolicySet) -> u128 {
    let mut hash = Xxh3::new();
    let attached = |hash: &mut Xxh3, layer: Option<&Attached>| {
        let Some(layer) = layer else { return hash.update(&[0]) };
        hash.update(&[1]);
        for policy in &layer.policies {
            hash.update(&Arc::as_ptr(policy).addr().to_le_bytes());
        }
        hash.update(layer.missing.as_deref().unwrap_or_default().as_bytes());
        hash.update(&[2, u8::from(layer.missing.is_some())]);
    };
    attached(&mut hash, Some(&set.identity));
    for layer in [&set.boundary, &set.session, &set.resource, &set.vpc_endpoint] {
        attached(&mut hash, layer.as_ref());
    }
    for levels in [&set.scp, &set.rcp] {
        let Some(levels) = levels else {
            hash.update(&[3]);
            continue;
        };
        for level in &levels.levels {
            hash.update(level.target.as_bytes());
            attached(&mut hash, Some(&level.attached));
        }
        hash.update(levels.missing.as_deref().unwrap_or_default().as_bytes());
        hash.update(&[4, u8::from(levels.missing.is_some())]);
    }
    hash.digest128()
}

/// A request as a number: caller, action, resource, and what is known of the keys that the policies in play read.
fn number_of(request: &Request, play: &Play) -> u64 {
    let mut hash = Xxh3::new();
    let mut text = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(&[0]);
    };
    text(&format!("{:?}", request.caller));
    text(&request.action);
    match &request.resource {
        Resource::Named(arn) => {
            text("named");
            text(arn);
        }
        Resource::Pattern(arn) => {
            text("pattern");
            text(arn);
        }
        Resource::Any => text("any"),
        Resource::Unknown => text("unknown"),
    }
    text(&request.resource_account.map(|account| account.to_string()).unwrap_or_default());
    for key in play.keys.iter() {
        match request.context.standing(key) {
            crate::policy::Standing::Values(values) => {
                text("=");
                for value in &values {
                    text(value);
                }
            }
            crate::policy::Standing::Absent => text("-"),
            crate::policy::Standing::Unknown => text("?"),
        }
    }
    hash.digest()
}
