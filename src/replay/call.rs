//! Judges a whole call: the requests of a record together, beside what AWS did.

use std::sync::Arc;

use super::agree::{Beside, compare};
use super::answer::{Change, Decided, Lack, LayerKind, Said, Then, Verdict};
use super::judge::{Judge, Judged, Play, SessionLimits};
use super::{
    Asked, Fields, Origin, Parsed, Reading, Record, Session, Told, Who, fields_of_key, requests, who,
};
use crate::aws::{Denial, is_denied};
use crate::catalog::event::{Presence, Unknown};
use crate::policy::{Caller, Outcome, Resource, StatementId, Truth};
use crate::snapshot::{Snapshot, may_have_policy};

impl Then {
    /// What AWS did with the call of a record. EC2 answers a dry run that it would let pass with an error
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>, `DryRun`).
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        match record.error_code.filter(|code| !code.is_empty()) {
            None if record.error_message.is_some_and(|text| !text.is_empty()) => Self::Failed,
            None | Some("Client.DryRunOperation" | "DryRunOperation") => Self::Allowed,
            Some(code) if is_denied(code) => Self::Denied,
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
            (_, Said::Denied, Said::Allowed) => Some(Self::Opened),
            (_, Said::Denied, Said::Undetermined) => Some(Self::MayOpen),
            _ => None,
        }
    }
}

/// What the policies of one snapshot say to a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Opinion {
    pub(super) said: Said,
    /// The request that decided: its action, as the catalog writes it.
    pub(super) action: String,
    pub(super) derived: bool,
    pub(super) decided: Vec<Decided>,
    pub(super) needs: Vec<Lack>,
    /// The statements that match a request of the call, sorted, each once: the stronger truth of several.
    pub(super) hits: Vec<(StatementId, LayerKind, Truth)>,
    /// The condition keys that the deciding statements read.
    pub(super) deciding_keys: Vec<String>,
    /// Whether a request that the call perhaps made is denied. It decides nothing.
    pub(super) perhaps_denied: bool,
}

/// What a record comes to: equal for all events that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ruling {
    pub(super) then: Then,
    pub(super) principal: Option<String>,
    /// None of what is no request.
    pub(super) today: Option<Opinion>,
    /// Under a proposal; None without one, and where the call is no request.
    pub(super) proposed: Option<Opinion>,
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
        Change::of(self.then, self.today.as_ref()?.said, self.proposed.as_ref()?.said)
    }
}

/// A ruling, with what differs among the events that share it.
#[derive(Debug, Clone)]
pub(super) struct Ruled {
    pub(super) ruling: Ruling,
    /// The resource of the request that decided, for people.
    pub(super) resource: String,
    /// The same under the proposal, where it changes the call.
    pub(super) proposed_resource: Option<String>,
    /// Numbers of the distinct requests.
    pub(super) requests: Vec<u64>,
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
        let reading = requests(record, parsed, Some(snapshot));
        let then = Then::of(record);
        Self { record, parsed, then, who: who(record, Some(snapshot)), reading, session }
    }

    /// Its requests and who asked; or why there is none that policies decide.
    fn asked(&self) -> Result<(&[Asked], &Who), Unasked> {
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
        SessionLimits::of(self.session, self.then != Then::Denied)
    }

    pub(super) fn told<'b>(&'b self, who: &'b Who, asked: &'b Asked, snapshot: &'b Snapshot) -> Told<'b> {
        Told { record: self.record, parsed: self.parsed, who, asked, session: self.session, snapshot }
    }

    /// The columns that the keys in play are told from.
    pub(super) fn fields(&self, judge: &mut Judge) -> Fields {
        let Ok((asked, who)) = self.asked() else { return Fields::NONE };
        let limits = self.limits();
        asked.iter().fold(Fields::NONE, |fields, asked| {
            let play = judge.play(self.record, who, asked, limits);
            play.keys.iter().fold(fields, |fields, key| fields.and(fields_of_key(key)))
        })
    }

    /// What the policies say, and those of a proposal beside it.
    pub(super) fn rule(&self, today: &mut Judge, proposed: Option<&mut Judge>) -> Ruled {
        let mut ruling = Ruling {
            then: self.then,
            principal: self.who.as_ref().map(|who| who.principal.clone()),
            today: None,
            proposed: None,
            name: self.name(),
            no_request: None,
            unmapped: false,
            beside: Beside::NotComparable,
            session_passed: matches!(self.limits(), SessionLimits::Passed),
            forwarded: self.who.as_ref().is_some_and(|who| who.forwarded_by.is_some()),
        };
        let (asked, who) = match self.asked() {
            Ok(found) => found,
            Err(Unasked::No(why)) => {
                ruling.no_request = Some(why);
                return Ruled {
                    ruling,
                    resource: "-".to_owned(),
                    proposed_resource: None,
                    requests: Vec::new(),
                };
            }
            Err(Unasked::Unmapped(why)) => {
                ruling.unmapped = true;
                ruling.today = Some(Opinion::unknown(self.name(), why.clone()));
                ruling.proposed = proposed.is_some().then(|| Opinion::unknown(self.name(), why));
                return Ruled {
                    ruling,
                    resource: "-".to_owned(),
                    proposed_resource: None,
                    requests: Vec::new(),
                };
            }
        };
        let judged = self.judged(asked, who, today);
        let (opinion, decider) = opinion(asked, &judged);
        ruling.beside = self.beside(asked, &judged, who, today);
        ruling.today = Some(opinion);
        let shown = |at: usize| asked.get(at).map_or_else(|| "-".to_owned(), |asked| asked.shown.clone());
        let mut ruled = Ruled {
            resource: shown(decider),
            proposed_resource: None,
            requests: judged.iter().map(|judged| judged.request).collect(),
            ruling,
        };
        if let Some(proposed) = proposed {
            let judged = self.judged(asked, who, proposed);
            let (opinion, decider) = self::opinion(asked, &judged);
            ruled.ruling.proposed = Some(opinion);
            ruled.proposed_resource = ruled.ruling.change().map(|_| shown(decider));
        }
        ruled
    }

    fn judged(&self, asked: &[Asked], who: &Who, judge: &mut Judge) -> Vec<Arc<Judged>> {
        let (limits, snapshot) = (self.limits(), Arc::clone(&judge.snapshot));
        let judged = asked.iter().map(|asked| {
            let play = judge.play(self.record, who, asked, limits);
            judge.judge(&self.told(who, asked, &snapshot), &play)
        });
        judged.collect()
    }

    /// Each request with its policies, for who explains them.
    pub(super) fn plays<'b>(&'b self, judge: &mut Judge) -> Vec<(&'b Asked, &'b Who, Play)> {
        let Ok((asked, who)) = self.asked() else { return Vec::new() };
        let limits = self.limits();
        asked.iter().map(|asked| (asked, who, judge.play(self.record, who, asked, limits))).collect()
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
        judge.survey(&told, &play, |survey| compare(&denial, survey, judged.outcome, &judged.decided))
    }
}

/// Why policies have no say, or none is known.
enum Unasked {
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
/// Only what the call certainly asked for decides. Where it asked for one of several things, and the record does not tell
/// which, all of them must agree.
fn opinion(asked: &[Asked], judged: &[Arc<Judged>]) -> (Opinion, usize) {
    let all = || asked.iter().zip(judged).enumerate();
    let certain = || all().filter(|(_, (asked, _))| asked.presence == Presence::Certain);
    let has_certain = certain().any(|(_, (asked, _))| asked.origin != Origin::Derived);
    let is_denied =
        |judged: &Judged| matches!(judged.outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied);
    let own = || {
        // Of what is only possible, the alternatives of the call itself count where nothing of it is certain.
        all().filter(|(_, (asked, _))| match asked.presence {
            Presence::Certain => true,
            Presence::Possible => !has_certain && asked.origin != Origin::Derived,
        })
    };
    let first =
        |wanted: &dyn Fn(&Judged) -> bool| own().find(|(_, (_, judged))| wanted(judged)).map(|(at, _)| at);
    let denied_for_certain = certain().find(|(_, (_, judged))| is_denied(judged)).map(|(at, _)| at);
    let undetermined = first(&|judged| judged.outcome == Outcome::Undetermined);
    let denied = first(&is_denied);
    let allowed = first(&|judged| judged.outcome == Outcome::Allowed);
    let mut needs = Vec::new();
    let (said, at) = match (denied_for_certain, undetermined, denied, allowed) {
        (Some(at), ..) | (None, None, Some(at), None) => (Said::Denied, at),
        (None, Some(at), ..) => (Said::Undetermined, at),
        (None, None, Some(at), Some(_)) => {
            let names: Vec<&str> = own().map(|(_, (asked, _))| asked.action.as_str()).collect();
            let what = format!("which of {} it asked for", names.join(", "));
            needs.push(Lack { what, why: "the record does not tell".to_owned() });
            (Said::Undetermined, at)
        }
        (None, None, None, at) => (Said::Allowed, at.unwrap_or(0)),
    };
    let (decider, judge) = (asked.get(at), judged.get(at));
    if let Some(judged) = judge.filter(|_| said == Said::Undetermined && needs.is_empty()) {
        needs.clone_from(&judged.needs);
    }
    let mut hits: Vec<(StatementId, LayerKind, Truth)> = Vec::new();
    for (_, (_, judged)) in own() {
        for (id, truth, kind) in &judged.hits {
            match hits.iter_mut().find(|(known, layer, _)| known == id && layer == kind) {
                Some((_, _, known)) => *known = (*known).or(*truth),
                None => hits.push((*id, *kind, *truth)),
            }
        }
    }
    hits.sort_unstable();
    let opinion = Opinion {
        said,
        action: decider.map(|asked| asked.action.clone()).unwrap_or_default(),
        derived: decider.is_some_and(|asked| asked.origin == Origin::Derived),
        decided: judge
            .filter(|_| said != Said::Undetermined)
            .map(|judged| judged.decided.clone())
            .unwrap_or_default(),
        needs,
        hits,
        deciding_keys: judge.map(|judged| judged.deciding_keys.clone()).unwrap_or_default(),
        perhaps_denied: all()
            .any(|(_, (asked, judged))| asked.presence == Presence::Possible && is_denied(judged))
            && said == Said::Allowed,
    };
    (opinion, at)
}
