//! Judges single requests by the policies of one snapshot.

mod grant;
mod lack;
mod number;

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_128;

pub(super) use self::grant::Grant;
use self::lack::{lack, lacks};
pub(super) use self::number::Unnamed;
use self::number::{alike, fingerprint, number_in, number_of, said_by, with_resource};
use super::answer::{Decided, Lack, LayerKind};
use super::fold::{Limits, names_sessions, text, write_asker};
use super::{
    Asked, Fields, Parts, Record, Session, SessionPolicies, Told, Who, context_of, fields_of_key_in,
    why_unknown,
};
use crate::aws::{AccountId, Arn};
use crate::catalog::catalog;
use crate::policy::{
    Attached, Because, Caller, CompiledSet, Context, Document, Evaluator, Need, Outcome, PolicySet,
    PreparedRequest, Reason, Request, Resource, Rest, Standing, StatementId, StatementRef, Survey, Truth,
};
use crate::snapshot::{
    Given, Parties, Snapshot, Unsupplied, may_have_policy, owner_of_unsupplied_policy,
    resource_of_unknown_share,
};

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
    /// Writes them: documents by their places, as [`fingerprint`] does.
    fn write(self, to: &mut Vec<u8>) {
        match self {
            Self::None => to.push(0),
            Self::Passed => to.push(1),
            Self::Given(inline, managed) => {
                to.push(2);
                to.extend_from_slice(&inline.len().to_le_bytes());
                for document in inline {
                    to.extend_from_slice(&Arc::as_ptr(document).addr().to_le_bytes());
                }
                for arn in managed {
                    text(Some(arn), to);
                }
            }
            Self::Unknown(why) => {
                to.push(3);
                text(Some(why), to);
            }
        }
    }

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
    /// That the statements about the action read; folded to lower case, in order.
    pub(super) keys: Arc<[Box<str>]>,
    /// The columns that these are told from.
    pub(super) fields: Fields,
    /// Tells it from all others.
    number: u128,
    /// The same for all whose policies say the same, whatever these are called.
    content: u128,
}

/// The decision on one request, with all that is counted of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) decided: Vec<Decided>,
    /// What would decide; empty where it is decided.
    pub(super) needs: Vec<Lack>,
    /// The statements that match or may match, each with its layer; one that stands in several layers for each.
    pub(super) hits: Vec<(StatementId, Truth, LayerKind)>,
    /// Those of them that decided.
    pub(super) deciders: Vec<(StatementId, LayerKind)>,
    /// The condition keys that the statements which decided read.
    pub(super) deciding_keys: Vec<String>,
    /// What may allow it, where no policy does, see [`Judge::by_grant`].
    pub(super) may_be_granted: Option<Grant>,
}

/// The policies in play for a caller, but for those of resources.
#[derive(Debug, Clone)]
struct OfCaller {
    set: Arc<PolicySet>,
    number: u128,
    content: u128,
}

/// A decision that is remembered.
#[derive(Debug, Clone)]
struct Known {
    judged: Arc<Judged>,
    /// What would decide. Why that is not known differs among equal requests: one is derived, another was refused.
    needs: Arc<[Need]>,
}

/// The policies of one snapshot, compiled as they are needed.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) snapshot: Arc<Snapshot>,
    evaluator: Evaluator,
    /// Whether a policy tells a role's sessions apart by name.
    pub(super) by_session: bool,
    /// By who asks, from where: the policies in play but for the resource's own.
    of_callers: HashMap<u128, OfCaller>,
    /// By the place of a document: what it says, as a number.
    contents: HashMap<usize, u128>,
    /// What is known of the policies of resources of which only a part of the name is known, by action and pattern.
    of_patterns: HashMap<u128, Option<Attached>>,
    /// By what stands in the policy set: compiled, and its content.
    sets: HashMap<u128, (Arc<CompiledSet>, u128)>,
    /// By the policy set, the action, and the parts of the record that its columns follow from.
    plays: HashMap<u128, Play>,
    /// The statements of all sets that were compiled, each once for each kind of layer.
    in_play: BTreeSet<(StatementId, LayerKind)>,
    /// By the numbers of request and set. Few decisions differ, so they are shared.
    known: HashMap<(u128, u128), Known>,
    decisions: HashSet<Arc<Judged>>,
    /// Whether the proposal of this snapshot may refuse what another one's policies may allow, by request and the policies
    /// in play of both.
    losses: HashMap<[u128; 4], bool>,
    /// The resources whose own policies differ from those of today's, once they are asked for.
    changed: Option<Arc<[String]>>,
    /// What would decide, of requests that are alike, see [`alike`]. To find it takes a hundred times as long as a decision.
    needs: HashMap<u128, Arc<[Need]>>,
    pub(super) evaluations: u64,
    limits: Limits,
}

impl Judge {
    pub(super) fn new(snapshot: Arc<Snapshot>, limits: Limits) -> Self {
        let by_session = snapshot.documents().any(|document| names_sessions(document));
        Self {
            by_session,
            snapshot,
            evaluator: Evaluator::new(),
            of_callers: HashMap::new(),
            contents: HashMap::new(),
            of_patterns: HashMap::new(),
            sets: HashMap::new(),
            plays: HashMap::new(),
            in_play: BTreeSet::new(),
            known: HashMap::new(),
            decisions: HashSet::new(),
            losses: HashMap::new(),
            changed: None,
            needs: HashMap::new(),
            evaluations: 0,
            limits,
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
        self.play_for(number_of_caller(record, who, limits), (record, who, limits), asked)
    }

    /// The policies in play for each request of a caller.
    pub(super) fn plays(
        &mut self,
        record: &Record<'_>,
        who: &Who,
        asked: &[Asked],
        limits: SessionLimits<'_>,
    ) -> Vec<Play> {
        let caller = number_of_caller(record, who, limits);
        asked.iter().map(|asked| self.play_for(caller, (record, who, limits), asked)).collect()
    }

    fn play_for(
        &mut self,
        caller: u128,
        (record, who, limits): (&Record<'_>, &Who, SessionLimits<'_>),
        asked: &Asked,
    ) -> Play {
        let account = owner(&who.caller, asked);
        let own = self.of_caller(caller, (record, who, limits), account);
        let parties = Parties { caller: who.caller.account(), owner: account };
        let mut resource = self.of_resource(asked, parties);
        if makes_its_resource(&asked.action) {
            resource = resource.filter(|layer| layer.missing.is_none());
        }
        let key = with_resource(own.number, resource.as_ref());
        let mut told = Vec::with_capacity(64);
        told.extend_from_slice(&key.to_le_bytes());
        text(Some(&asked.action), &mut told);
        let parts = Parts::of(record);
        parts.write(&mut told);
        let of_action = xxh3_128(&told);
        if let Some(known) = self.plays.get(&of_action) {
            return known.clone();
        }
        let (set, content) = self.compiled(key, &own, resource);
        let keys: Arc<[Box<str>]> = set.keys_for(&asked.action).into_iter().map(Box::from).collect();
        let fields = keys.iter().fold(Fields::NONE, |fields, key| fields.and(fields_of_key_in(key, parts)));
        let play = Play { set, keys, fields, number: key, content };
        self.limits.plays.insert(&mut self.plays, of_action, play.clone());
        play
    }

    /// The policies of a caller with those of a resource, compiled, and what they say as a number.
    fn compiled(
        &mut self,
        number: u128,
        own: &OfCaller,
        resource: Option<Attached>,
    ) -> (Arc<CompiledSet>, u128) {
        if let Some(known) = self.sets.get(&number) {
            return known.clone();
        }
        let content = self.content(own.content, resource.as_ref());
        let compiled = self.evaluator.compile(&PolicySet { resource, ..(*own.set).clone() });
        let statements = compiled.statements();
        self.in_play
            .extend(statements.map(|numbered| (numbered.id, LayerKind::of(numbered.statement.layer))));
        let compiled = (Arc::new(compiled), content);
        self.limits.sets.insert(&mut self.sets, number, compiled.clone());
        compiled
    }

    /// The policies in play for a caller that asks from somewhere for what an account owns, but for the resource's own; and
    /// their number.
    fn of_caller(
        &mut self,
        caller: u128,
        (record, who, limits): (&Record<'_>, &Who, SessionLimits<'_>),
        account: Option<AccountId>,
    ) -> OfCaller {
        let endpoint = endpoint_of(record);
        let mut told = caller.to_le_bytes().to_vec();
        number_in(account, &mut told);
        let key = xxh3_128(&told);
        if let Some(known) = self.of_callers.get(&key) {
            return known.clone();
        }
        let given =
            Given { session: None, endpoint: endpoint.map(str::to_owned), unsupplied: Unsupplied::Unknown };
        let mut set = self.snapshot.policies(&who.caller, "", &Resource::Any, account, &given);
        set.session = self.session_layer(limits, set.session);
        let (number, content) = (fingerprint(&set), self.content_of(&set));
        let own = OfCaller { set: Arc::new(set), number, content };
        self.limits.callers.insert(&mut self.of_callers, key, own.clone());
        own
    }

    /// The policy of a request's resource. To tell whose a pattern may be takes a look at every resource, and patterns repeat.
    fn of_resource(&mut self, asked: &Asked, parties: Parties) -> Option<Attached> {
        let policy = |snapshot: &Snapshot| {
            snapshot.policy_of_resource(&asked.action, &asked.resource, parties, Unsupplied::Unknown)
        };
        let Resource::Pattern(pattern) = &asked.resource else { return policy(&self.snapshot) };
        let mut told = Vec::with_capacity(128);
        text(Some(&asked.action), &mut told);
        text(Some(pattern), &mut told);
        number_in(parties.caller, &mut told);
        number_in(parties.owner, &mut told);
        let key = xxh3_128(&told);
        if let Some(known) = self.of_patterns.get(&key) {
            return known.clone();
        }
        let own = policy(&self.snapshot);
        self.limits.patterns.insert(&mut self.of_patterns, key, own.clone());
        own
    }

    /// What the policies of a set say, as a number: what [`fingerprint`] tells apart, but for the names of documents that
    /// are understood as a whole, which no [`Need`] names.
    fn content_of(&mut self, set: &PolicySet) -> u128 {
        let mut told = Vec::new();
        self.write_content(Some(&set.identity), &mut told);
        for layer in [&set.boundary, &set.session, &set.resource, &set.vpc_endpoint] {
            self.write_content(layer.as_ref(), &mut told);
        }
        for levels in [&set.scp, &set.rcp] {
            told.push(u8::from(levels.is_some()));
            let Some(levels) = levels else { continue };
            told.extend_from_slice(&levels.levels.len().to_le_bytes());
            for level in &levels.levels {
                text(Some(&level.target), &mut told);
                self.write_content(Some(&level.attached), &mut told);
            }
            text(levels.missing.as_deref(), &mut told);
        }
        xxh3_128(&told)
    }

    /// The content of a set to which the policy of a resource comes.
    fn content(&mut self, of_caller: u128, resource: Option<&Attached>) -> u128 {
        let mut told = of_caller.to_le_bytes().to_vec();
        self.write_content(resource, &mut told);
        xxh3_128(&told)
    }

    fn write_content(&mut self, layer: Option<&Attached>, told: &mut Vec<u8>) {
        told.push(u8::from(layer.is_some()));
        let Some(layer) = layer else { return };
        told.extend_from_slice(&layer.policies.len().to_le_bytes());
        for policy in &layer.policies {
            let place = Arc::as_ptr(policy).addr();
            let content = self.contents.entry(place).or_insert_with(|| said_by(policy));
            told.extend_from_slice(&content.to_le_bytes());
        }
        // Of a resource's policy that was not supplied, and of a share, only the service is told, see [`lack`].
        let missing = layer.missing.as_deref();
        let owner = missing.and_then(owner_of_unsupplied_policy).and_then(Arn::parse);
        let shared = missing.and_then(resource_of_unknown_share).and_then(Arn::parse);
        told.extend([u8::from(owner.is_some()), u8::from(shared.is_some()), layer.may as u8]);
        text(owner.or(shared).map(|arn| arn.service).or(missing), told);
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

    /// The request with what is known of the keys that the policies in play read.
    fn request(&self, told: &Told<'_>, play: &Play) -> Request {
        let keys: Vec<&str> = play.keys.iter().map(|key| &**key).collect();
        Request {
            caller: told.who.caller.clone(),
            action: told.asked.action.clone(),
            resource: told.asked.resource.clone(),
            resource_account: owner(&told.who.caller, told.asked),
            management_account: self.snapshot.management_account(),
            canonical_user: None,
            rcp_supported: rcp_supported(&told.asked.action),
            context: context_of(told, &keys),
        }
    }

    /// The same, and in the evaluator's form.
    pub(super) fn prepared(&self, told: &Told<'_>, play: &Play) -> (Request, PreparedRequest) {
        let request = self.request(told, play);
        let prepared = self.evaluator.prepare(&request);
        (request, prepared)
    }

    /// A request in the evaluator's form, and what tells it from others but for the name of its resource.
    pub(super) fn unnamed(&self, told: &Told<'_>, play: &Play) -> (PreparedRequest, Unnamed) {
        let (request, prepared) = self.prepared(told, play);
        (prepared, Unnamed::of(&request, &play.keys, self.by_session))
    }

    /// The decision on a request, and the request as a number: a hash of caller, action, resource and of what is known of
    /// the keys that the policies in play read.
    pub(super) fn judge(&mut self, told: &Told<'_>, play: &Play) -> (u128, Arc<Judged>) {
        let request = self.request(told, play);
        let number = number_of(&request, &play.keys, self.by_session);
        let key = (number, play.number);
        if let Some(known) = self.known.get(&key) {
            let Known { judged, needs } = known.clone();
            if needs.is_empty() {
                return (number, judged);
            }
            let needs = lacks(needs.iter().map(|need| lack(need, told)));
            return (
                number,
                if needs == judged.needs {
                    judged
                } else {
                    self.shared(Judged { needs, ..(*judged).clone() })
                },
            );
        }
        self.evaluations += 1;
        let prepared = self.evaluator.prepare(&request);
        let decision = play.set.evaluate(&prepared);
        let open = decision.outcome == Outcome::ImplicitlyDenied && self.an_arn_may_allow(&request, play);
        let may_be_granted = grant::may_allow(decision.outcome, &request, &play.set, &prepared);
        let deciders: Vec<_> = deciders(&play.set, &decision.because).collect();
        let mut hits = Vec::new();
        play.set.matching(&prepared, &mut hits);
        let mut members: Arc<[Need]> = Arc::default();
        let needs = if open {
            let what = "whether AWS asks for `*` or for an ARN of the service".to_owned();
            let why = "the action takes no resource, and a statement allows it on an ARN".to_owned();
            vec![Lack { what, why }]
        } else if decision.outcome == Outcome::Undetermined {
            let alike = alike(&request, play, &play.set.bearing(&prepared));
            members = match self.needs.get(&alike) {
                Some(needs) => Arc::clone(needs),
                None => play.set.deciding(&prepared).members.into(),
            };
            self.limits.needs.insert(&mut self.needs, alike, Arc::clone(&members));
            lacks(members.iter().map(|need| lack(need, told)))
        } else {
            Vec::new()
        };
        let judged = Judged {
            outcome: if open { Outcome::Undetermined } else { decision.outcome },
            decided: if open { Vec::new() } else { Decided::of(&decision.because) },
            needs,
            hits: hits.into_iter().map(|(id, truth, kind)| (id, truth, LayerKind::from(kind))).collect(),
            deciding_keys: deciding_keys(&play.set, deciders.iter().map(|(id, _)| *id)),
            deciders,
            may_be_granted,
        };
        if self.limits.known.make_room(&mut self.known) {
            self.decisions.clear();
        }
        let judged = self.shared(judged);
        let known = Known { judged: Arc::clone(&judged), needs: members };
        self.limits.known.insert(&mut self.known, key, known);
        (number, judged)
    }

    /// Whether the policies of this snapshot may refuse a request that those of today's may allow, of one that neither
    /// decide: see [`CompiledSet::may_lose`].
    pub(super) fn may_lose(
        &mut self,
        today: (&Self, &Told<'_>, &Play),
        told: &Told<'_>,
        play: &Play,
    ) -> bool {
        let (judge, told_today, play_today) = today;
        if play.content == play_today.content {
            return false;
        }
        let (request, prepared) = judge.open(told_today, play_today);
        let (under, asked) = self.open(told, play);
        // Either may read keys that the other does not.
        let by_session = self.by_session || judge.by_session;
        let key = [
            number_of(&request, &play_today.keys, by_session),
            number_of(&under, &play.keys, by_session),
            play_today.number,
            play.number,
        ];
        if let Some(known) = self.losses.get(&key) {
            return *known;
        }
        let loses = play_today.set.may_lose(&prepared, &play.set, &asked);
        self.limits.losses.insert(&mut self.losses, key, loses);
        loses
    }

    /// The resources of which this snapshot has another policy than today's, in order.
    pub(super) fn changed(&mut self, today: &Snapshot) -> Arc<[String]> {
        let known = self.changed.get_or_insert_with(|| self.snapshot.changed_resources(today).into());
        Arc::clone(known)
    }

    /// A request in the evaluator's form; of one for an action without resources, as one for any ARN of the service: see
    /// [`Judge::an_arn_may_allow`].
    fn open(&self, told: &Told<'_>, play: &Play) -> (Request, PreparedRequest) {
        let (request, prepared) = self.prepared(told, play);
        if request.resource != Resource::Any {
            return (request, prepared);
        }
        let request = Request { resource: any_arn(&request.action), ..request };
        let prepared = self.evaluator.prepare(&request);
        (request, prepared)
    }

    /// The decision, or an equal one that is there already.
    fn shared(&mut self, judged: Judged) -> Arc<Judged> {
        if let Some(same) = self.decisions.get(&judged) {
            return Arc::clone(same);
        }
        let judged = Arc::new(judged);
        self.decisions.insert(Arc::clone(&judged));
        judged
    }

    /// Whether some ARN of the service would be allowed, of a request for an action without resources. AWS's reference says
    /// that only `*` covers such an action, but its own messages name ARNs for some (`sns:ListTopics` on
    /// `arn:aws:sns:eu-west-1:111122223333:*`), so a statement on such ARNs may be what allows it.
    fn an_arn_may_allow(&self, request: &Request, play: &Play) -> bool {
        if request.resource != Resource::Any {
            return false;
        }
        let resource = any_arn(&request.action);
        let prepared = self.evaluator.prepare(&Request { resource, ..request.clone() });
        matches!(play.set.evaluate(&prepared).outcome, Outcome::Allowed | Outcome::Undetermined)
    }

    /// Whether the resource's policy alone allows a request if its conditions hold, whatever the caller's own policies say, with
    /// this layer there and empty: then nothing of that layer need allow it
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-id-rdp.html>).
    pub(super) fn resource_suffices(&mut self, told: &Told<'_>, without: LayerKind) -> bool {
        let given = Given { session: None, endpoint: None, unsupplied: Unsupplied::Unknown };
        let account = owner(&told.who.caller, told.asked);
        let Told { who, asked, .. } = told;
        let all = self.snapshot.policies(&who.caller, &asked.action, &asked.resource, account, &given);
        // What is not known names nobody.
        if all.resource.as_ref().is_none_or(|own| own.missing.is_some()) {
            return false;
        }
        let empty = |layer| (layer == without).then(Attached::default);
        let set = PolicySet {
            resource: all.resource,
            boundary: empty(LayerKind::Boundary),
            session: empty(LayerKind::Session),
            ..PolicySet::default()
        };
        let compiled = self.evaluator.compile(&set);
        let keys = compiled.keys().into_iter().map(Box::from).collect();
        let play = Play { set: Arc::new(compiled), keys, fields: Fields::NONE, number: 0, content: 0 };
        let (request, _) = self.prepared(told, &play);
        let open = Request { context: Context::new(Rest::Unknown), ..request };
        let outcome = play.set.evaluate(&self.evaluator.prepare(&open)).outcome;
        matches!(outcome, Outcome::Allowed | Outcome::Undetermined)
    }

    /// Why a request is decided as it is, with what is known of the keys that the policies read.
    pub(super) fn explain(&self, told: &Told<'_>, play: &Play) -> (Reason, Vec<(String, String)>) {
        let (request, prepared) = self.prepared(told, play);
        let keys = play.keys.iter().map(|key| {
            let words = match request.context.standing(key) {
                Standing::Values(values) => format!("= {}", values.join(", ")),
                Standing::Absent => "absent".to_owned(),
                Standing::Unknown => format!("unknown: {}", why_unknown(key, told)),
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

    /// All statements that were in play, in order.
    pub(super) fn in_play(&self) -> impl Iterator<Item = (StatementId, LayerKind)> {
        self.in_play.iter().copied()
    }
}

/// The VPC endpoint that a call came through.
fn endpoint_of<'a>(record: &Record<'a>) -> Option<&'a str> {
    record.vpc_endpoint_id.filter(|id| !id.is_empty())
}

/// Who asks, from where and within which limits, as a number: what decides on policies in play beside what is asked for.
fn number_of_caller(record: &Record<'_>, who: &Who, limits: SessionLimits<'_>) -> u128 {
    let mut told = Vec::with_capacity(256);
    write_asker(&who.caller, false, &mut told);
    text(endpoint_of(record), &mut told);
    limits.write(&mut told);
    xxh3_128(&told)
}

/// Some ARN of an action's service.
fn any_arn(action: &str) -> Resource {
    let service = action.split(':').next().unwrap_or_default();
    Resource::Pattern(format!("arn:*:{service}:*:*:*"))
}

/// Actions that make the very resource that they are asked for: before that it has no policy of its own.
const MAKING: [&str; 22] = [
    "acm-pca:CreateCertificateAuthority",
    "backup:CreateBackupVault",
    "codeartifact:CreateDomain",
    "codeartifact:CreateRepository",
    "codebuild:CreateProject",
    "dynamodb:CreateTable",
    "ecr-public:CreateRepository",
    "ecr:CreateRepository",
    "elasticfilesystem:CreateFileSystem",
    "es:CreateDomain",
    "events:CreateEventBus",
    "glacier:CreateVault",
    "kafka:CreateCluster",
    "kinesis:CreateStream",
    "lambda:CreateFunction",
    "logs:CreateLogGroup",
    "redshift-serverless:CreateNamespace",
    "s3:CreateBucket",
    "schemas:CreateRegistry",
    "secretsmanager:CreateSecret",
    "sns:CreateTopic",
    "sqs:CreateQueue",
];

fn makes_its_resource(action: &str) -> bool {
    MAKING.contains(&action)
}

/// The account that owns what is asked for. A resource that no policy of its own can guard, in a service that RCPs do not
/// reach, is decided on the caller's side alone, whoever owns it: an AMI that someone shares.
fn owner(caller: &Caller, asked: &Asked) -> Option<AccountId> {
    asked.resource_account.or_else(|| match &asked.resource {
        Resource::Named(arn) if !may_have_policy(arn) && rcp_supported(&asked.action) == Some(false) => {
            caller.account()
        }
        _ => None,
    })
}

/// The statements that decided.
fn deciders(set: &CompiledSet, because: &Because<'_>) -> impl Iterator<Item = (StatementId, LayerKind)> {
    let statements = match *because {
        Because::Granted { by, with } => [Some(by), with],
        Because::Denied(by) => [Some(by), None],
        Because::Lacking(_) | Because::Rule(_) | Because::Depends => [None, None],
    };
    let of = |statement: StatementRef<'_>| Some((set.id_of(statement)?, LayerKind::of(statement.layer)));
    statements.into_iter().flatten().filter_map(of)
}

/// The condition keys that statements read.
fn deciding_keys(set: &CompiledSet, ids: impl Iterator<Item = StatementId>) -> Vec<String> {
    let keys: BTreeSet<&str> = ids.flat_map(|id| set.keys_of(id)).collect();
    keys.into_iter().map(str::to_owned).collect()
}

/// None of a service that the catalog does not know.
fn rcp_supported(action: &str) -> Option<bool> {
    let service = action.split(':').next().unwrap_or_default();
    catalog().service(service).map(|own| own.supports_rcp)
}

#[cfg(test)]
mod tests;
