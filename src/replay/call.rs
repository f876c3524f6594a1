//! Judges a whole call: the requests of a record together, beside what AWS did.

mod candidate;

use std::collections::BTreeMap;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use xxhash_rust::xxh3::xxh3_128;

pub(super) use self::candidate::Under;
use super::agree::{Beside, compare};
use super::answer::{Change, Decided, How, Lack, LayerKind, Said, Then, Verdict};
use super::fold::text;
use super::judge::{Judge, Judged, Play, SessionLimits};
use super::{Asked, Origin, Parsed, Reading, Record, Session, Told, Who, requests_seen, who};
use crate::aws::{Denial, is_denied, is_denied_behind};
use crate::catalog::event::{Presence, Unknown};
use crate::catalog::resource::Seen;
use crate::policy::{Caller, Outcome, Resource, StatementId, Truth};
use crate::snapshot::{Snapshot, may_have_policy};

impl Then {
    /// What AWS did with the call of a record. EC2 answers a dry run that it would let pass with an error
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>, `DryRun`).
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        Self::ended(record.error_code, record.error_message)
    }

    /// The same, of the error's code and message.
    pub(super) fn ended(code: Option<&str>, message: Option<&str>) -> Self {
        match code.filter(|code| !code.is_empty()) {
            None if message.is_some_and(|text| !text.is_empty()) => Self::Failed,
            None | Some("Client.DryRunOperation" | "DryRunOperation") => Self::Allowed,
            Some(code) if is_denied(code) && !is_denied_behind(code) => Self::Denied,
            Some(_) => Self::Failed,
        }
    }
}

impl Verdict {
    /// Of what AWS did and what the policies say.
    #[must_use]
    pub fn of(then: Then, said: Said) -> Self {
        match (then, said) {
            (_, Said::Undetermined) => Self::Undetermined,
            (Then::Allowed | Then::Failed, Said::Allowed) | (Then::Denied, Said::Denied) => Self::Same,
            (Then::Allowed | Then::Failed, Said::Denied) => Self::NowDenied,
            (Then::Denied, Said::Allowed) => Self::NowAllowed,
        }
    }
}

impl Change {
    /// What a proposal changes for a call; None if nothing.
    #[must_use]
    pub fn of(then: Then, today: Said, proposed: Said) -> Option<Self> {
        match (then, today, proposed) {
            (Then::Allowed, Said::Allowed | Said::Undetermined, Said::Denied) => Some(Self::Broken),
            (Then::Allowed, Said::Allowed, Said::Undetermined) => Some(Self::MayBreak),
            // Also what AWS refused then and today's policies may refuse still.
            (_, Said::Denied, Said::Allowed) | (Then::Denied, Said::Undetermined, Said::Allowed) => {
                Some(Self::Opened)
            }
            (_, Said::Denied, Said::Undetermined) => Some(Self::MayOpen),
            _ => None,
        }
    }
}

/// What the policies of one snapshot say to a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(super) struct Opinion {
    pub(super) said: Said,
    /// The request that decided: its action, as the catalog writes it.
    pub(super) action: String,
    pub(super) derived: bool,
    pub(super) decided: Vec<Decided>,
    pub(super) needs: Vec<Lack>,
    /// The statements that match a request of the call, sorted, each once. Their places mean something in one process only.
    #[borsh(skip)]
    pub(super) hits: Vec<Hit>,
    /// The condition keys that the deciding statements read.
    pub(super) deciding_keys: Vec<String>,
    /// Whether a request that the call perhaps made is denied. It decides nothing.
    pub(super) perhaps_denied: bool,
}

/// A statement that matches, or may match, a request of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hit {
    pub(super) id: StatementId,
    pub(super) layer: LayerKind,
    /// Of several requests the strongest.
    pub(super) truth: Truth,
    /// Whether it decided one of them.
    pub(super) decided: bool,
}

/// What a record comes to: equal for all events that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one call")]
pub(super) struct Ruling {
    pub(super) then: Then,
    pub(super) principal: Option<String>,
    /// None of what is no request.
    pub(super) today: Option<Opinion>,
    /// Under a proposal; None without one, and where the call is no request.
    pub(super) proposed: Option<Opinion>,
    /// Whether it worked, and the proposal may refuse what today's policies may allow, though neither decide.
    pub(super) loses: bool,
    /// Whether it worked, and the proposal denies what the record names and the call may have asked for, though today's policies
    /// do not: see [`passing`].
    pub(super) loses_pass: bool,
    /// What decides today on the request that decides under the proposal, where that changes the call.
    pub(super) before: Vec<Decided>,
    /// Source and name of the event, of what is no request.
    pub(super) name: String,
    /// Why it is no request.
    pub(super) no_request: Option<Lack>,
    /// No action is known of it.
    pub(super) unmapped: bool,
    pub(super) beside: Beside,
    /// The session's policies are not known, and were taken to let it pass as they did then.
    pub(super) session_passed: bool,
    pub(super) forwarded: bool,
}

impl Ruling {
    pub(super) fn verdict(&self) -> Verdict {
        match &self.today {
            None => Verdict::NotARequest,
            Some(today) => Verdict::of(self.then, today.said),
        }
    }

    pub(super) fn change(&self) -> Option<Change> {
        let (today, proposed) = (self.today.as_ref()?, self.proposed.as_ref()?);
        let is_open = |opinion: &Opinion| opinion.said == Said::Undetermined;
        if self.loses && is_open(today) && is_open(proposed) {
            return Some(Change::MayBreak);
        }
        let change = Change::of(self.then, today.said, proposed.said);
        let may_break =
            self.loses_pass && proposed.said != Said::Denied || self.loses_to_deny(today, proposed);
        change.or(may_break.then_some(Change::MayBreak))
    }

    /// Whether it worked though no policy of the snapshot allows it, and the proposal denies it explicitly. Something that the
    /// snapshot does not hold may allow it, a grant of KMS for one; nothing allows what is explicitly denied
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html>).
    fn loses_to_deny(&self, today: &Opinion, proposed: &Opinion) -> bool {
        let by_statement = |opinion: &Opinion| opinion.decided.iter().any(|own| own.how == How::Deny);
        self.then == Then::Allowed
            && today.said == Said::Denied
            && proposed.said == Said::Denied
            && !by_statement(today)
            && by_statement(proposed)
    }
}

/// What the policies say to each request of a call.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Numbers of the distinct requests.
    pub(super) requests: Vec<u128>,
    today: Vec<Arc<Judged>>,
    /// Under a proposal; None without one.
    proposed: Option<Vec<Arc<Judged>>>,
    /// A request of a call that worked, which the proposal may refuse though today's policies may allow it; None of others
    /// than those of which neither decide on the call.
    loses: Option<usize>,
    /// What a call which worked may have asked for, where the proposal denies that and today's policies do not: see [`passing`].
    loses_pass: Option<usize>,
    /// What the call may have asked for, and may lose by the proposal: see [`candidate`].
    lost: Option<(usize, Lack)>,
}

/// Which of a call's requests decided it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Deciders {
    pub(super) today: usize,
    /// Under the proposal, where it changes the call.
    pub(super) proposed: Option<usize>,
}

/// What a call is judged from, before any policy.
pub(super) struct Call<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) parsed: &'a Parsed,
    pub(super) then: Then,
    pub(super) who: Option<Who>,
    pub(super) reading: Reading,
    pub(super) session: Option<&'a Session>,
}

impl<'a> Call<'a> {
    pub(super) fn read(
        record: &'a Record<'a>,
        parsed: &'a Parsed,
        session: Option<&'a Session>,
        snapshot: &Snapshot,
    ) -> Self {
        Self::read_seen(record, parsed, session, snapshot, None)
    }

    /// As [`Call::read`], and notes what of the parameters it was told from: see [`requests_seen`].
    pub(super) fn read_seen(
        record: &'a Record<'a>,
        parsed: &'a Parsed,
        session: Option<&'a Session>,
        snapshot: &Snapshot,
        seen: Option<&Seen>,
    ) -> Self {
        let mut reading = requests_seen(record, parsed, Some(snapshot), seen);
        let who = who(record, Some(snapshot));
        // A service has no policies of its own: only those of what it asks for have a say.
        if let (Reading::Requests(asked), Some(Who { caller: Caller::Service { .. }, .. })) =
            (&mut reading, &who)
            && asked.iter().any(may_be_guarded)
        {
            asked.retain(may_be_guarded);
        }
        Self { record, parsed, then: Then::of(record), who, reading, session }
    }

    /// Its requests and who asked; or why there is none that policies decide.
    pub(super) fn asked(&self) -> Result<(&[Asked], &Who), Unasked> {
        let asked = match &self.reading {
            Reading::Requests(asked) => asked.as_slice(),
            Reading::NotRequest(reason) => {
                let (what, why) = (reason.reason.words().to_owned(), reason.page.to_owned());
                return Err(Unasked::No(Lack { what, why }));
            }
            Reading::Unmapped(unknown) => {
                let what = format!("the action of {}", self.name());
                let why = match unknown {
                    Unknown::Source => "the catalog knows no service of that name",
                    Unknown::Action => "the catalog knows no action of that name",
                };
                return Err(Unasked::Unmapped(Lack { what, why: why.to_owned() }));
            }
        };
        let Some(who) = &self.who else {
            let (what, why) = ("who called".to_owned(), "the record names nobody".to_owned());
            return Err(Unasked::Unmapped(Lack { what, why }));
        };
        if matches!(who.caller, Caller::Service { .. }) && !asked.iter().any(may_be_guarded) {
            let what = "a service of AWS acted for itself".to_owned();
            let page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services";
            return Err(Unasked::No(Lack { what, why: format!("no policy here binds it: {page}") }));
        }
        Ok((asked, who))
    }

    /// Source and name of the event.
    pub(super) fn name(&self) -> String {
        let source = crate::aws::service_of(self.record.event_source.unwrap_or("unknown source"));
        format!("{source}: {}", self.record.event_name.unwrap_or("unknown name"))
    }

    pub(super) fn limits(&self) -> SessionLimits<'a> {
        SessionLimits::of(self.session, self.then == Then::Allowed)
    }

    pub(super) fn told<'b>(&'b self, who: &'b Who, asked: &'b Asked, snapshot: &'b Snapshot) -> Told<'b> {
        Told { record: self.record, parsed: self.parsed, who, asked, session: self.session, snapshot }
    }

    /// The policies in play for each of its requests; none where none decides.
    pub(super) fn plays(&self, judge: &mut Judge) -> Vec<Play> {
        let Ok((asked, who)) = self.asked() else { return Vec::new() };
        judge.plays(self.record, who, asked, self.limits())
    }

    /// What the policies in play say, and those of a proposal beside them.
    pub(super) fn judge(&self, today: &mut Judge, plays: &[Play], proposed: Option<Under<'_>>) -> Judgement {
        let Ok((asked, who)) = self.asked() else {
            let Some(mut under) = proposed else { return Judgement::default() };
            let lost = self.lost(today, &mut under);
            return Judgement { proposed: Some(Vec::new()), lost, ..Judgement::default() };
        };
        let (requests, own): (_, Vec<Arc<Judged>>) =
            self.judged(asked, who, today, plays).into_iter().unzip();
        let granted = self.granted(&own);
        let mut judgement =
            Judgement { requests, today: by_grant(own, &granted, today), ..Judgement::default() };
        if let Some(mut proposal) = proposed {
            let (under, judge) = (&proposal.plays, &mut *proposal.judge);
            let judged: Vec<Arc<Judged>> =
                self.judged(asked, who, judge, under).into_iter().map(|(_, judged)| judged).collect();
            // What a policy of today allows nothing shows a grant for.
            let judged = by_grant(judged, &granted, judge);
            let snapshots = (Arc::clone(&today.snapshot), Arc::clone(&judge.snapshot));
            let mut loses = |at: usize| {
                let (Some(one), Some(own), Some(play)) = (asked.get(at), plays.get(at), under.get(at)) else {
                    return false;
                };
                let told = |snapshot| self.told(who, one, snapshot);
                judge.may_lose((today, &told(&snapshots.0), own), &told(&snapshots.1), play)
            };
            judgement.loses = self.losing(asked, (&judgement.today, &judged), &mut loses);
            judgement.loses_pass = passing(asked, &judged)
                .filter(|_| self.then == Then::Allowed && passing(asked, &judgement.today).is_none());
            let is_open =
                |judged: &[Arc<Judged>]| opinion(asked, judged, self.then).0.said == Said::Undetermined;
            if judgement.loses.is_none()
                && proposal.is_open()
                && is_open(&judgement.today)
                && is_open(&judged)
            {
                judgement.lost = self.lost(today, &mut proposal);
            }
            judgement.proposed = Some(judged);
        }
        judgement
    }

    /// The first request that decides on a call which worked, and that the proposal may refuse though today's policies may
    /// allow it; `loses` tells it of one that neither decide.
    fn losing(
        &self,
        asked: &[Asked],
        (today, proposed): (&[Arc<Judged>], &[Arc<Judged>]),
        loses: &mut dyn FnMut(usize) -> bool,
    ) -> Option<usize> {
        if self.then != Then::Allowed {
            return None;
        }
        // Most calls are decided, and need no second look.
        let is_open = |judged: &Arc<Judged>| judged.outcome == Outcome::Undetermined;
        let may_be_open = |judged: &[Arc<Judged>]| judged.iter().any(is_open) || !has_certain(asked);
        if !may_be_open(today) || !may_be_open(proposed) {
            return None;
        }
        let both = today.iter().zip(proposed).zip(deciding(asked)).enumerate();
        let mut both = both.filter(|(_, (_, decides))| *decides);
        let found = both.find(|(at, ((own, under), _))| match (own.outcome, under.outcome) {
            (_, Outcome::Allowed) | (Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied, _) => false,
            (Outcome::Undetermined, Outcome::Undetermined) => loses(*at),
            (Outcome::Allowed | Outcome::Undetermined, _) => true,
        });
        let is_undecided =
            |judged: &[Arc<Judged>]| opinion(asked, judged, self.then).0.said == Said::Undetermined;
        found.map(|(at, _)| at).filter(|_| is_undecided(today) && is_undecided(proposed))
    }

    /// What the ruling on a call is made of, as a number, for as long as the judgement is held; None where it is made of
    /// more than that.
    pub(super) fn likeness(&self, judgement: &Judgement) -> Option<u128> {
        // AWS's own words stand beside ours.
        if self.then == Then::Denied {
            return None;
        }
        let (asked, who) = self.asked().ok()?;
        let mut told = Vec::with_capacity(256);
        let lost = judgement.lost.as_ref();
        for place in [judgement.loses, judgement.loses_pass, lost.map(|(at, _)| *at)] {
            told.extend_from_slice(&place.map_or(0, |at| at + 1).to_le_bytes());
        }
        text(lost.map(|(_, lack)| lack.what.as_str()), &mut told);
        let flags = [
            self.then == Then::Failed,
            matches!(self.limits(), SessionLimits::Passed),
            who.forwarded_by.is_some(),
        ];
        told.extend(flags.map(u8::from));
        for one in [Some(who.principal.as_str()), self.record.event_source, self.record.event_name] {
            text(one, &mut told);
        }
        for (at, asked) in asked.iter().enumerate() {
            text(Some(&asked.action), &mut told);
            told.extend([asked.origin as u8, asked.presence as u8]);
            for judged in [Some(&judgement.today), judgement.proposed.as_ref()] {
                let place = judged.and_then(|judged| judged.get(at)).map_or(0, |one| Arc::as_ptr(one).addr());
                told.extend_from_slice(&place.to_le_bytes());
            }
        }
        Some(xxh3_128(&told))
    }

    /// The resource of one of its requests, for people.
    pub(super) fn shown(&self, at: usize) -> &str {
        let asked = self.asked().ok().and_then(|(asked, _)| asked.get(at));
        asked.map_or("-", |asked| asked.shown.as_str())
    }

    /// What a judgement comes to.
    pub(super) fn rule(&self, today: &mut Judge, judgement: &Judgement) -> (Ruling, Deciders) {
        let mut ruling = Ruling {
            then: self.then,
            principal: self.who.as_ref().map(|who| who.principal.clone()),
            today: None,
            proposed: None,
            loses: judgement.loses.is_some() || judgement.lost.is_some(),
            loses_pass: judgement.loses_pass.is_some(),
            before: Vec::new(),
            name: self.name(),
            no_request: None,
            unmapped: false,
            beside: Beside::NotComparable,
            session_passed: matches!(self.limits(), SessionLimits::Passed),
            forwarded: self.who.as_ref().is_some_and(|who| who.forwarded_by.is_some()),
        };
        let mut deciders = Deciders::default();
        let (asked, who) = match self.asked() {
            Ok(found) => found,
            Err(Unasked::No(why)) => {
                ruling.no_request = Some(why);
                return (ruling, deciders);
            }
            Err(Unasked::Unmapped(why)) => {
                ruling.unmapped = true;
                ruling.today = Some(Opinion::unknown(self.name(), why.clone()));
                ruling.proposed = judgement.proposed.as_ref().map(|_| Opinion::unknown(self.name(), why));
                if let (Some(opinion), Some((at, lack))) = (&mut ruling.proposed, &judgement.lost) {
                    opinion.needs.push(lack.clone());
                    deciders.proposed = Some(*at);
                }
                return (ruling, deciders);
            }
        };
        let judged = &judgement.today;
        let (mut opinion, decider) = opinion(asked, judged, self.then);
        self.leave_open(who, &mut opinion);
        deciders.today = decider;
        let denied = (opinion.said == Said::Denied).then_some(decider);
        ruling.beside = self.beside(asked, judged, who, today);
        ruling.today = Some(opinion);
        if let Some(under) = &judgement.proposed {
            let (mut opinion, mut decider) = self::opinion(asked, under, self.then);
            // What opens is the request that is denied today; what may break is the one that may be refused.
            let opens = denied.filter(|_| opinion.said == Said::Allowed);
            let passes = judgement.loses_pass.filter(|_| opinion.said == Said::Allowed);
            let lost = judgement.lost.as_ref();
            if let Some(at) = opens.or(judgement.loses).or(passes).or(lost.map(|(at, _)| *at)) {
                decider = at;
                opinion.decide(asked.get(at), under.get(at));
            }
            opinion.needs.extend(lost.map(|(_, lack)| lack.clone()));
            self.leave_open(who, &mut opinion);
            ruling.proposed = Some(opinion);
            if ruling.change().is_some() {
                ruling.before = judged.get(decider).map(|own| own.decided.clone()).unwrap_or_default();
                deciders.proposed = Some(decider);
            }
        }
        (ruling, deciders)
    }

    /// Which of its requests a grant may have allowed: what no policy allows, and AWS did not refuse.
    fn granted(&self, judged: &[Arc<Judged>]) -> Vec<bool> {
        judged.iter().map(|own| own.may_be_granted.is_some() && self.then != Then::Denied).collect()
    }

    fn judged(
        &self,
        asked: &[Asked],
        who: &Who,
        judge: &mut Judge,
        plays: &[Play],
    ) -> Vec<(u128, Arc<Judged>)> {
        let snapshot = Arc::clone(&judge.snapshot);
        let each = asked.iter().zip(plays);
        each.map(|(asked, play)| judge.judge(&self.told(who, asked, &snapshot), play)).collect()
    }

    /// Each request with its policies, for who explains them.
    pub(super) fn played<'b>(&'b self, judge: &mut Judge) -> Vec<(&'b Asked, &'b Who, Play)> {
        let plays = self.plays(judge);
        let Ok((asked, who)) = self.asked() else { return Vec::new() };
        asked.iter().zip(plays).map(|(asked, play)| (asked, who, play)).collect()
    }

    /// AWS's stated reason beside ours, of a call that was refused.
    fn beside(&self, asked: &[Asked], judged: &[Arc<Judged>], who: &Who, judge: &mut Judge) -> Beside {
        let Some(message) = self.record.error_message.filter(|_| self.then == Then::Denied) else {
            return Beside::NotComparable;
        };
        let denial = Denial::parse(message);
        let stated = asked
            .iter()
            .position(|asked| denial.action.is_none_or(|action| action.eq_ignore_ascii_case(&asked.action)));
        let found = stated.and_then(|at| Some((asked.get(at)?, judged.get(at)?)));
        let Some((asked, judged)) = found.filter(|_| denial.has_reason()) else {
            return Beside::NotComparable;
        };
        let play = judge.play(self.record, who, asked, self.limits());
        let told = self.told(who, asked, &judge.snapshot);
        let beside =
            judge.survey(&told, &play, |survey| compare(&denial, survey, judged.outcome, &judged.decided));
        match beside {
            Beside::Disagree { aws, ours, .. } => {
                Beside::Disagree { action: asked.action.clone(), aws, ours }
            }
            other => other,
        }
    }
}

/// The decisions, with those left open that only a grant can make.
fn by_grant(judged: Vec<Arc<Judged>>, granted: &[bool], judge: &mut Judge) -> Vec<Arc<Judged>> {
    let both = judged.into_iter().zip(granted);
    both.map(|(own, granted)| match own.may_be_granted.filter(|_| *granted) {
        Some(grant) => judge.by_grant(&own, grant),
        None => own,
    })
    .collect()
}

/// Why policies have no say, or none is known.
pub(super) enum Unasked {
    No(Lack),
    Unmapped(Lack),
}

impl Opinion {
    fn unknown(action: String, why: Lack) -> Self {
        Self {
            said: Said::Undetermined,
            action,
            derived: false,
            decided: Vec::new(),
            needs: vec![why],
            hits: Vec::new(),
            deciding_keys: Vec::new(),
            perhaps_denied: false,
        }
    }

    /// Takes over what decided on a request.
    fn decide(&mut self, asked: Option<&Asked>, judged: Option<&Arc<Judged>>) {
        self.action = asked.map(|asked| asked.action.clone()).unwrap_or_default();
        self.derived = asked.is_some_and(|asked| asked.origin == Origin::Derived);
        let judged = judged.filter(|_| self.said != Said::Undetermined);
        self.decided = judged.map(|judged| judged.decided.clone()).unwrap_or_default();
        self.deciding_keys = judged.map(|judged| judged.deciding_keys.clone()).unwrap_or_default();
    }
}

/// Whether a policy of the resource may speak of a service that acts for itself.
fn may_be_guarded(asked: &Asked) -> bool {
    match &asked.resource {
        Resource::Named(arn) => {
            may_have_policy(arn) || (asked.action.starts_with("sts:") && arn.contains(":role/"))
        }
        Resource::Pattern(_) | Resource::Unknown => asked.action.starts_with("sts:"),
        Resource::Any => false,
    }
}

/// What single decisions come to, and which of them decided.
///
/// Only what the call certainly asked for decides. Where nothing of the call itself is certain, it asked for one of several
/// things, and the record does not tell which: all of them must agree. Where AWS refused a call and did not state what, it may
/// have refused what the call only perhaps asked for.
fn opinion(asked: &[Asked], judged: &[Arc<Judged>], then: Then) -> (Opinion, usize) {
    let all = || asked.iter().zip(judged).enumerate();
    let is_certain = |asked: &Asked| asked.presence == Presence::Certain;
    let has_certain = has_certain(asked);
    let is_alternative =
        |asked: &Asked| !has_certain && !is_certain(asked) && asked.origin != Origin::Derived;
    let is_denied =
        |judged: &Judged| matches!(judged.outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied);
    let is_open = |judged: &Judged| judged.outcome == Outcome::Undetermined;
    let is_allowed = |judged: &Judged| judged.outcome == Outcome::Allowed;
    let certain = |wanted: &dyn Fn(&Judged) -> bool| {
        all().find(|(_, (asked, judged))| is_certain(asked) && wanted(judged)).map(|(at, _)| at)
    };
    let alternative = |wanted: &dyn Fn(&Judged) -> bool| {
        all().find(|(_, (asked, judged))| is_alternative(asked) && wanted(judged)).map(|(at, _)| at)
    };
    let mut needs = Vec::new();
    let (said, at) = if let Some(at) = certain(&is_denied) {
        (Said::Denied, at)
    } else if let Some(at) = certain(&is_open).or_else(|| alternative(&is_open)) {
        (Said::Undetermined, at)
    } else {
        match (alternative(&is_denied), alternative(&is_allowed)) {
            (Some(at), None) => (Said::Denied, at),
            (Some(at), Some(_)) => {
                needs.push(which(asked.iter().filter(|asked| is_alternative(asked))));
                (Said::Undetermined, at)
            }
            (None, _) => {
                let first = certain(&is_allowed).or_else(|| alternative(&is_allowed));
                (Said::Allowed, first.unwrap_or(0))
            }
        }
    };
    let perhaps = || all().filter(|(_, (asked, judged))| !is_certain(asked) && is_denied(judged));
    let perhaps_denied = said == Said::Allowed && perhaps().next().is_some();
    let is_stated = asked.iter().any(|asked| asked.origin == Origin::Stated);
    let (said, perhaps_denied) = if perhaps_denied && then == Then::Denied && !is_stated {
        needs.push(which(perhaps().map(|(_, (asked, _))| asked)));
        (Said::Undetermined, false)
    } else {
        (said, perhaps_denied)
    };
    let own = || all().filter(|(_, (asked, _))| is_certain(asked) || is_alternative(asked));
    if said == Said::Undetermined && needs.is_empty() {
        // All that is open must be known, or else the next thing keeps the call undetermined.
        for lack in own().flat_map(|(_, (_, judged))| &judged.needs) {
            if !needs.iter().any(|known: &Lack| known.what == lack.what) {
                needs.push(lack.clone());
            }
        }
    }
    let mut opinion = Opinion {
        said,
        action: String::new(),
        derived: false,
        decided: Vec::new(),
        needs,
        hits: hits(own().map(|(_, (_, judged))| &**judged)),
        deciding_keys: Vec::new(),
        perhaps_denied,
    };
    opinion.decide(asked.get(at), judged.get(at));
    (opinion, at)
}

/// The first denied request to pass a role that the record names, or to tag what it names, or for the second of two things of one
/// type, where it does not tell whether that was asked for: the service authorization reference does not list all calls that
/// pass a role or need a right for their tags
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html>).
fn passing(asked: &[Asked], judged: &[Arc<Judged>]) -> Option<usize> {
    let is_tagging = |action: &str| {
        let name = action.split_once(':').map_or("", |(_, name)| name);
        ["Tag", "AddTags", "CreateOrUpdateTags"].iter().any(|begin| name.starts_with(begin))
    };
    let beside = |one: &Asked| {
        let head = |asked: &Asked| asked.shown.rsplit_once([':', '/']).map(|(head, _)| head.to_owned());
        let is_other = |other: &Asked| {
            other.presence == Presence::Certain
                && other.action == one.action
                && other.shown != one.shown
                && head(other) == head(one)
        };
        one.origin == Origin::Call && asked.iter().any(is_other)
    };
    asked.iter().zip(judged).position(|(asked, judged)| {
        let is_derived_tagging = asked.origin == Origin::Derived && is_tagging(&asked.action);
        (asked.action == "iam:PassRole" || is_derived_tagging || beside(asked))
            && asked.presence != Presence::Certain
            && matches!(asked.resource, Resource::Named(_))
            && matches!(judged.outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied)
    })
}

/// Whether something of a call itself is certain.
fn has_certain(asked: &[Asked]) -> bool {
    asked.iter().any(|asked| asked.presence == Presence::Certain && asked.origin != Origin::Derived)
}

/// Which requests decide on a call: what it certainly asked for, or all of which it asked for one.
fn deciding(asked: &[Asked]) -> impl Iterator<Item = bool> {
    let has_certain = has_certain(asked);
    asked.iter().map(move |asked| {
        asked.presence == Presence::Certain || !has_certain && asked.origin != Origin::Derived
    })
}

/// What would tell which of several things a call asked for.
fn which<'a>(asked: impl Iterator<Item = &'a Asked>) -> Lack {
    let mut names: Vec<&str> = Vec::new();
    for asked in asked {
        if !names.contains(&asked.action.as_str()) {
            names.push(&asked.action);
        }
    }
    let what = match names.as_slice() {
        [only] => format!("whether it asked for {only}, and on what"),
        names => format!("which of {} it asked for", names.join(", ")),
    };
    Lack { what, why: "the record does not tell".to_owned() }
}

/// The statements that match requests, sorted, each once.
fn hits<'a>(judged: impl Iterator<Item = &'a Judged>) -> Vec<Hit> {
    let mut hits: BTreeMap<(StatementId, LayerKind), (Truth, bool)> = BTreeMap::new();
    for judged in judged {
        for (id, truth, layer) in &judged.hits {
            let known = hits.entry((*id, *layer)).or_insert((Truth::No, false));
            known.0 = known.0.or(*truth);
            known.1 |= judged.deciders.contains(&(*id, *layer));
        }
    }
    let hit = |((id, layer), (truth, decided))| Hit { id, layer, truth, decided };
    hits.into_iter().map(hit).collect()
}

#[cfg(test)]
mod tests;
