//! Folds the rows of one subject into one answer; knows no engine, no clock, no files.
//!
//! ```text
//! Own rows -> follow_up() -> Related rows -> finish(coverage) -> Investigation
//! ```
//!
//! First every row of the subject is pushed ([`Relation::Own`]), in any order; then, where the tree below it is asked for
//! ([`Investigator::follow`]), those of the tree ([`Relation::Followed`]), which count as the subject's. Then [`Investigator::follow_up`] says
//! which rows of others would prove something (who removed what it made, who used the keys it issued), and those are
//! pushed ([`Relation::Related`]), again in any order. The answer depends on the two sets of rows only. State is bounded
//! by different values, not by rows; every list has a limit ([`Limits`]), and the answer names those that were reached.

mod activity;
mod agent;
mod behind;
mod body;
mod bounded;
mod coverage;
mod denial;
mod evidence;
mod follow;
mod followed;
mod issued;
mod limit;
mod opening;
mod outcome;
mod place;
mod policy_text;
mod step;
mod thing;
mod unseen;
mod way;
mod who;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use activity::{Activity, Bin, Counts, ErrorCalls, OperationCalls, ServiceCalls, Timeline};
pub use agent::ToolKind;
pub use behind::{Behind, OriginSeen};
pub use coverage::{Coverage, Gap, LoggingEvent};
pub use denial::{Denial, SinceMade, WorkedLater};
pub use evidence::{Evidence, Seen, Span, Time};
pub use follow::{ASSUMING, FollowUp};
pub use followed::{Deeds, Follow, Followed};
pub use issued::{IssuedCalls, IssuedKey};
pub use limit::{Limits, TIMELINE_BINS_MAX};
pub use opening::{Closed, ClosedHow, Grantee, Opening, OpeningHow};
pub use place::{Address, AddressKind, Agent, Belonging, Places, ToolSeen};
pub use step::{Mark, Step, StepTarget, Topic};
pub use thing::{Altered, Gone, GoneHow, Removed, Thing, ThingClass, Used};
pub use unseen::{Unseen, UnseenKind};
pub use who::{Caller, EncodedAccount, KeySeen, Mfa, Origin, SessionSeen, Subject, SubjectInfo, SubjectKind};

use crate::aws::HIDDEN;
use crate::lineage::AssumedRoot;
use crate::query::EventRow;
use activity::ActivityFold;
use body::Body;
use bounded::Bounded;
use denial::DenialFold;
use evidence::keep_smallest;
use followed::FollowFold;
use issued::IssuedFold;
use opening::Openings;
use outcome::{Outcome, operation, outcome, service, writes};
use place::PlaceFold;
use step::StepFold;
use thing::Lives;
use way::UseFold;
use who::WhoFold;

/// The version of the JSON form of [`Investigation`].
pub const SCHEMA: u32 = 1;

/// How a row belongs to the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The subject made the call.
    Own,
    /// Someone made it whom the subject led to: the line of [`Follow::below`] with this place.
    Followed(usize),
    /// Someone else made it, and it may prove something about the subject. A row is pushed once: as `Own` if it is that.
    Related,
}

/// Calls that services forwarded for the subject's identity with other keys than the subject's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ForwardedElsewhere {
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// By operation.
    pub operations: BTreeMap<String, u64>,
    /// By the service that forwarded.
    pub services: BTreeMap<String, u64>,
}

/// A limit that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truncated {
    /// The list that is cut, by its place in this answer.
    pub list: String,
    /// How many entries it may have.
    pub max: u64,
}

/// The answer: what the subject did, whole. What a screen cuts is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Investigation {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Who it is.
    pub subject: Subject,
    /// Who is behind it; None where that is not asked: of an address, which many have.
    pub behind: Option<Behind>,
    /// The tree below it, whose calls count everywhere below as the subject's; None where it is not followed.
    pub follow: Option<Follow>,
    /// What it did outside the window, where it did nothing inside; None where it did something, or nothing anywhere.
    pub outside_window: Option<Span>,
    /// Of a root: what was done in sessions that AssumeRoot made of it, which is none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed_root: Option<AssumedRoot>,
    /// How much of what, and when.
    pub activity: Activity,
    /// From where and to where.
    pub places: Places,
    /// What it made, in order of time.
    pub made: Vec<Thing>,
    /// What it removed and had not made.
    pub removed: Vec<Removed>,
    /// What it altered.
    pub altered: Vec<Altered>,
    /// What it opened to outsiders.
    pub openings: Vec<Opening>,
    /// Its sensitive steps.
    pub steps: Vec<Step>,
    /// The temporary keys it issued.
    pub issued_keys: Vec<IssuedKey>,
    /// What it was refused.
    pub denied: Vec<Denial>,
    /// Calls that services forwarded for its identity with other keys.
    pub forwarded_elsewhere: ForwardedElsewhere,
    /// What these logs cannot show.
    pub unseen: Vec<Unseen>,
    /// What the logs hold at all.
    pub coverage: Coverage,
    /// Limits that were reached.
    pub truncated: Vec<Truncated>,
}

/// Folds rows into an [`Investigation`].
#[derive(Debug, Clone)]
pub struct Investigator {
    info: SubjectInfo,
    limits: Limits,
    who: WhoFold,
    behind: Option<Behind>,
    follow: Option<FollowFold>,
    /// The subject's own calls, without the tree below it.
    own: Span,
    outside_window: Option<Span>,
    assumed_root: Option<AssumedRoot>,
    activity: ActivityFold,
    places: PlaceFold,
    denials: DenialFold,
    lives: Lives,
    openings: Openings,
    steps: StepFold,
    issued: IssuedFold,
    uses: UseFold,
    made_by: BTreeSet<Origin>,
    forwarded: ForwardedElsewhere,
    forwarded_operations: Bounded<String, u64>,
    forwarded_services: Bounded<String, u64>,
    hidden_records: u64,
    /// Names of what the subject made and when; rebuilt after its rows changed.
    made_since: Option<BTreeMap<(String, String), Time>>,
}

impl Investigator {
    /// Begins an investigation of `info`.
    #[must_use]
    pub fn new(info: SubjectInfo, limits: Limits) -> Investigator {
        Investigator {
            info,
            limits,
            who: WhoFold::new(limits),
            behind: None,
            follow: None,
            own: Span::default(),
            outside_window: None,
            assumed_root: None,
            activity: ActivityFold::new(limits),
            places: PlaceFold::new(limits),
            denials: DenialFold::new(limits),
            lives: Lives::new(limits),
            openings: Openings::new(limits),
            steps: StepFold::new(limits),
            issued: IssuedFold::new(limits),
            uses: UseFold::new(limits),
            made_by: BTreeSet::new(),
            forwarded: ForwardedElsewhere::default(),
            forwarded_operations: Bounded::new(limits.details_max),
            forwarded_services: Bounded::new(limits.details_max),
            hidden_records: 0,
            made_since: None,
        }
    }

    /// Covers the tree below the subject as well. Ask before any row is pushed.
    pub fn follow(&mut self, follow: Follow) {
        self.follow = Some(FollowFold::new(follow, self.limits));
    }

    /// Tells who is behind the subject.
    pub fn note_behind(&mut self, behind: Behind) {
        self.behind = Some(behind);
    }

    /// Tells what was done in sessions that AssumeRoot made of a root.
    pub fn note_assumed_root(&mut self, assumed: AssumedRoot) {
        self.assumed_root = Some(assumed);
    }

    /// Tells of a record of the subject outside the window. Of who did something inside they are not told.
    pub fn note_outside_window(&mut self, row: &EventRow<'_>) {
        self.outside_window.get_or_insert_default().add(Time(row.event_time));
    }

    /// Takes in one row. `Own` and `Followed` rows come before the first `Related` one; inside each, the order does not
    /// matter.
    pub fn push(&mut self, row: &EventRow<'_>, relation: Relation) {
        match relation {
            Relation::Own | Relation::Followed(_) => self.push_own(row, relation),
            Relation::Related => self.push_related(row),
        }
    }

    fn push_own(&mut self, row: &EventRow<'_>, relation: Relation) {
        self.made_since = None;
        let (outcome, writes) = (outcome(row), writes(row));
        match (relation, &mut self.follow) {
            (Relation::Followed(line), Some(follow)) => follow.push(line, row, writes, outcome),
            (_, follow) => {
                self.who.push(row, outcome);
                self.own.add(Time(row.event_time));
                if let Some(follow) = follow {
                    follow.push_subject(row, writes, outcome);
                }
            }
        }
        self.activity.push(row, writes, outcome);
        self.places.push(row, outcome);
        let hides = |text: Option<&str>| text.is_some_and(|text| text.contains(HIDDEN));
        let hidden = hides(row.request_parameters) || hides(row.response_elements) || hides(row.user_name);
        self.hidden_records += u64::from(hidden);
        if outcome == Outcome::Denied {
            self.denials.push_denied(row);
        }
        let changes = writes && management(row);
        let body = (changes || step::concerns(row)).then(|| Body::of(row));
        if outcome == Outcome::Ok {
            self.denials.push_ok(row, body.as_ref());
        }
        let Some(body) = body else { return };
        self.note_origin(row, &body, outcome);
        self.steps.push(row, &body, outcome);
        match relation {
            Relation::Followed(_) => self.uses.push_followed(row, &body, outcome),
            _ => self.uses.push_own(row, &body, outcome),
        }
        if outcome == Outcome::Ok {
            self.issued.push_own(row, &body);
            if changes {
                self.push_change(row, &body);
            }
        }
    }

    /// A successful management call of the subject that writes.
    fn push_change(&mut self, row: &EventRow<'_>, body: &Body) {
        self.places.push_network(row, operation(row.event_name.unwrap_or_default()), body);
        let deeds = thing::deeds(row, body);
        self.openings.push_own(row, opening::turns(row, body), &deeds);
        if deeds.is_empty() && thing::alters(row) {
            self.lives.push_altered(row, thing::main_target(row, body));
        }
        self.lives.push_own(row, deeds);
    }

    fn push_related(&mut self, row: &EventRow<'_>) {
        let outcome = outcome(row);
        self.issued.push_related(row, outcome);
        self.note_forwarded(row);
        let body = Body::of(row);
        self.note_origin(row, &body, outcome);
        let lives = &self.lives;
        let since = self.made_since.get_or_insert_with(|| made_since(lives));
        self.uses.push_related(row, &body, outcome, since);
        if outcome != Outcome::Ok {
            return;
        }
        let operation = operation(row.event_name.unwrap_or_default());
        self.places.push_network(row, operation, &body);
        self.note_opening_use(row, operation, &body);
        if writes(row) && management(row) {
            let deeds = thing::deeds(row, &body);
            self.openings.push_related(row, opening::turns(row, &body), &deeds);
            self.lives.push_related(row, deeds);
        }
    }

    /// Notes a record that made the subject: its user, its role, its key.
    fn note_origin(&mut self, row: &EventRow<'_>, body: &Body, outcome: Outcome) {
        use SubjectKind::{AccessKey, Role, UniqueId, User};
        if outcome != Outcome::Ok || !matches!(self.info.kind, AccessKey | Role | UniqueId | User) {
            return;
        }
        let made = match (service(row), row.event_name) {
            ("iam", Some("CreateUser")) => {
                let made = body.text("q.userName");
                self.who.user_names().any(|name| made.as_deref() == Some(name))
            }
            ("iam", Some("CreateRole")) => {
                let made = body.text("q.roleName");
                self.who.issuer_arns().any(|arn| made.as_deref() == Some(thing::short(arn)))
            }
            _ => false,
        };
        let issued = row
            .issued_access_key_id
            .is_some_and(|key| self.info.kind == SubjectKind::AccessKey && key == self.info.id);
        if made || issued {
            let origin = Origin { evidence: Evidence::of(row), by: Caller::of(row) };
            keep_smallest(&mut self.made_by, origin, self.limits.details_max);
        }
    }

    /// Notes a call that a service made for the subject's identity, when the subject is one key of several. Such calls
    /// are signed with keys of their own, in sessions that begin with the call they are made for; a long-term key
    /// carries no MFA, so sessions with MFA come from elsewhere.
    fn note_forwarded(&mut self, row: &EventRow<'_>) {
        let same = row.identity_arn.is_some_and(|arn| self.who.identity_arns().any(|own| own == arn));
        if self.info.kind != SubjectKind::AccessKey || !same || row.invoked_by.is_none() {
            return;
        }
        let span = self.own;
        let begun = Some(Time(row.session_created.unwrap_or(row.event_time)));
        let long_term = self.info.id.starts_with("AKIA");
        if begun < span.first || begun > span.last || (long_term && row.mfa_authenticated == Some(true)) {
            return;
        }
        self.forwarded.span.add(Time(row.event_time));
        if let Some(count) = self.forwarded_operations.slot(row.event_name.unwrap_or_default()) {
            *count += 1;
        }
        if let Some(count) = self.forwarded_services.slot(row.invoked_by.unwrap_or_default()) {
            *count += 1;
        }
    }

    /// Notes an outsider's use of what the subject opened.
    fn note_opening_use(&mut self, row: &EventRow<'_>, operation: &str, body: &Body) {
        match (service(row), operation) {
            // The service reports that a volume was made of a snapshot shared with others.
            ("ec2", "SharedSnapshotVolumeCreated" | "SharedSnapshotCopyInitiated") => {
                if let Some(id) = body.text("s.snapshotId") {
                    self.openings.push_use(row, "snapshot", &id);
                }
            }
            ("sts", "AssumeRole")
                if row.identity_account_id != row.account || row.identity_type == Some("AWSAccount") =>
            {
                if let Some(arn) = body.text("q.roleArn") {
                    self.openings.push_use(row, "role", thing::short(&arn));
                }
            }
            _ => {}
        }
    }

    /// Which rows of others would prove something. Ask after every `Own` row was pushed.
    #[must_use]
    pub fn follow_up(&self) -> FollowUp {
        follow::follow_up(self)
    }

    /// The answer.
    #[must_use]
    pub fn finish(self, coverage: Coverage) -> Investigation {
        let truncated = self.truncated();
        let span = self.activity.span();
        let made = self.lives.finish();
        let mut things = made.things;
        self.uses.finish(&mut things);
        let accounts: BTreeSet<String> = coverage.accounts.keys().cloned().collect();
        let openings = self.openings.finish(&things, &accounts);
        let denied = self.denials.finish(&things);
        let forwarded_elsewhere = ForwardedElsewhere {
            operations: self.forwarded_operations.into_iter().collect(),
            services: self.forwarded_services.into_iter().collect(),
            ..self.forwarded
        };
        let made_by: Vec<Origin> = self.made_by.into_iter().collect();
        let steps = self.steps.finish(span, &openings);
        let unseen = unseen::unseen(&unseen::Sight {
            coverage: &coverage,
            span,
            outside_window: self.outside_window,
            only_named: self.behind.is_some(),
            things: &things,
            steps: &steps,
            denials: &denied,
            forwarded: &forwarded_elsewhere,
            hidden_records: self.hidden_records,
            made_by_known: self
                .behind
                .as_ref()
                .is_some_and(|b| b.tells_making(self.info.kind, &self.info.id))
                || made_by.iter().any(|origin| {
                    self.info.kind != SubjectKind::AccessKey
                        || !MAKING_IDENTITIES.contains(&origin.evidence.event_name.as_str())
                }),
            makeable: matches!(
                self.info.kind,
                SubjectKind::AccessKey | SubjectKind::User | SubjectKind::Role
            ),
            truncated: &truncated,
        });
        let subject = self.who.finish(self.info, made_by);
        own_keys_used(&mut things, &subject);
        let mut issued_keys = self.issued.finish();
        for issued in &mut issued_keys {
            let id = &issued.access_key_id;
            let own = subject.keys.iter().find(|key| key.id.as_ref() == Some(id)).map(|key| key.span);
            let followed = || self.follow.as_ref().and_then(|follow| follow.key(id));
            issued.own = own.or_else(followed).unwrap_or_default();
        }
        Investigation {
            schema: SCHEMA,
            steps,
            subject,
            behind: self.behind,
            follow: self.follow.map(FollowFold::finish),
            outside_window: self.outside_window,
            assumed_root: self.assumed_root,
            activity: self.activity.finish(),
            places: self.places.finish(),
            made: things,
            removed: made.removed,
            altered: made.altered,
            openings,
            issued_keys,
            denied,
            forwarded_elsewhere,
            unseen,
            coverage,
            truncated,
        }
    }

    fn truncated(&self) -> Vec<Truncated> {
        let reached = [
            self.who.reached(),
            self.follow.as_ref().map(FollowFold::reached).unwrap_or_default(),
            self.activity.reached(),
            self.places.reached(),
            self.lives.reached(),
            self.openings.reached(),
            self.steps.reached(),
            self.issued.reached(),
            self.uses.reached(),
            self.denials.reached(),
        ];
        let limits = reached.into_iter().flatten();
        limits.map(|(list, max)| Truncated { list: list.to_owned(), max: max as u64 }).collect()
    }
}

/// The name at the end of an ARN or URL; other names as they are.
#[must_use]
pub fn short_name(name: &str) -> &str {
    thing::short(name)
}

/// An operation's name without the API version that some services append: `CreateFunction` for
/// `CreateFunction20150331`.
#[must_use]
pub fn operation_name(event_name: &str) -> &str {
    operation(event_name)
}

/// Operations that make the identity behind a key, not the key.
const MAKING_IDENTITIES: &[&str] = &["CreateRole", "CreateUser"];

/// Management events, and events that do not say what they are.
fn management(row: &EventRow<'_>) -> bool {
    match (row.management_event, row.event_category) {
        (Some(false), _) | (_, Some("Data" | "NetworkActivity" | "Insight")) => false,
        (Some(true), _) | (None, Some(_)) => true,
        // Records of before 2020 say neither.
        (None, None) => match service(row) {
            "s3" => row.event_name.is_none_or(|name| !name.contains("Object") || name.contains("ObjectLock")),
            "lambda" => row.event_name.is_none_or(|name| !name.starts_with("Invoke")),
            _ => true,
        },
    }
}

fn made_since(lives: &Lives) -> BTreeMap<(String, String), Time> {
    let mut since: BTreeMap<(String, String), Time> = BTreeMap::new();
    for (kind, name, at) in lives.made_names() {
        let earliest = since.entry((kind.to_owned(), name.to_owned())).or_insert(at);
        *earliest = (*earliest).min(at);
    }
    since
}

/// A key that the subject made and used itself.
fn own_keys_used(things: &mut [Thing], subject: &Subject) {
    for thing in things.iter_mut().filter(|thing| thing.kind == "access key") {
        let key = subject.keys.iter().find(|key| key.id.as_deref() == Some(&thing.id));
        if let (Some(key), Some(used)) = (key, thing.used.as_mut()) {
            used.span.merge(&key.span);
            used.by_subject += key.span.calls;
            used.refused += key.denied;
        }
    }
}
