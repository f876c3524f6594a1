//! What is unused: plain values for `report`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use super::baseline::Scope;
use super::count::{Span, Uses};
use super::fate::Fates;
use super::finding::{Detail, Finding, Kind};
use super::granted::Granted;
use super::index::{ActionNumber, INDEX};
use super::region::Reach;
use super::risk::Risk;
use super::service::ServiceUse;
use super::sight::{DataEvents, Sight, Unseen, is_pass_role};
use super::subject::{Apart, SubjectKind};
use super::suggest::Suggestion;
use crate::aws::Time;
use crate::catalog::Visibility;

/// The whole answer.
#[derive(Debug, Clone)]
pub struct Unused {
    /// The snapshot, as it was named.
    pub snapshot: String,
    /// What was looked at.
    pub window: WindowSeen,
    /// What the logs cover of the window, by account.
    pub coverage: Vec<Covered>,
    /// The principals, in order of account, kind and name.
    pub principals: Vec<PrincipalUse>,
    /// What is unused beside actions, the worst first.
    pub findings: Vec<Finding>,
    /// The policies that would have been enough; empty unless they were asked for.
    pub suggestions: Vec<Suggestion>,
    /// What limits the answer, a sentence each.
    pub limits: Vec<String>,
    /// Of what was looked at and is no finding, why.
    pub fates: Fates,
    /// What was looked at.
    pub scope: Scope,
}

/// The window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WindowSeen {
    /// The first instant inside, as asked for; None for no bound.
    pub from: Option<Time>,
    /// The first instant behind.
    pub to: Option<Time>,
    /// The first event inside.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// Days (UTC) of the window, from its first instant or event to its last.
    pub days: u64,
}

/// What the logs cover of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// The account.
    pub account: String,
    /// Whether there are any events of it.
    pub is_covered: bool,
    /// Events in the window.
    pub events: u64,
    /// Days of the window that have events.
    pub days: u64,
    /// By region: days that have events.
    pub regions: BTreeMap<String, u64>,
    /// The first event and the last.
    pub first: Option<Time>,
    /// The last event.
    pub last: Option<Time>,
    /// The kinds of data events that are there.
    pub data_events: Vec<String>,
    /// The same by direction, with the regions.
    pub data_event_regions: Vec<DataEvents>,
    /// Whether there are management events that read.
    pub read_events: bool,
}

/// What a principal may do, and what it did.
#[derive(Debug, Clone)]
pub struct PrincipalUse {
    /// `role/NAME` or `user/NAME`.
    pub principal: String,
    /// Its ARN.
    pub arn: String,
    /// Its account.
    pub account: String,
    /// What it is.
    pub kind: SubjectKind,
    /// Its unique id.
    pub unique_id: Option<String>,
    /// When it was made.
    pub created: Option<Time>,
    /// Whether it is younger than the window: what it did not do yet says little.
    pub young: bool,
    /// Why it is kept apart.
    pub apart: Option<Apart>,
    /// How many identity policies it has.
    pub policies: u64,
    /// Its calls, of whatever end.
    pub calls: Span,
    /// How many of them AWS refused.
    pub denied: u64,
    /// How many failed for another reason.
    pub failed: u64,
    /// Of its calls those that are failed sign-ins: anybody can try.
    pub(crate) attempts: u64,
    /// Days with calls.
    pub days: u64,
    /// Regions with calls.
    pub regions: Vec<String>,
    /// What it may do.
    pub granted: Arc<Granted>,
    /// What could have been seen of it.
    pub sight: Arc<Sight>,
    /// In which regions it may do that.
    pub(crate) reach: Arc<Reach>,
    /// The regions whose own services it called.
    pub(crate) works_in: BTreeSet<String>,
    /// Whether neither logs nor IAM itself know of any use of it in the window: then it used nothing anywhere.
    pub(crate) is_idle: bool,
    /// What it did, or tried to do.
    pub(crate) uses: BTreeMap<ActionNumber, Uses>,
    /// Of actions that were used and that no identity policy grants: the resources whose own policies name the principal, and
    /// may allow it to it.
    pub(crate) resource_policies: BTreeMap<ActionNumber, Vec<String>>,
    /// Who is behind a role's sessions, most requests first; empty for users, and where it was not asked for.
    pub origins: Vec<OriginUse>,
    /// Its statements, in order of policy and place.
    pub statements: Vec<StatementUse>,
    /// Calls of which no action is known, in order. What the principal may do in their services is not called unused.
    pub unmapped: Vec<UnmappedCall>,
    /// What it may do by service as if it had done nothing: principals share it that may do the same, seen in the same way.
    pub(crate) idle_services: Arc<OnceLock<Vec<ServiceUse>>>,
    /// Counted once: a screen asks for them again and again.
    pub(crate) services: OnceLock<Vec<ServiceUse>>,
}

/// Calls of which no action is known, that AWS let pass or that failed for a reason that is not permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnmappedCall {
    /// Source and name: `ec2: LaunchMoonBase`.
    pub call: String,
    /// The services of IAM that the source's calls belong to; of a source that the catalog does not know what it is called
    /// itself.
    pub services: Vec<String>,
    /// How many calls.
    pub events: u64,
    /// The event's name.
    #[serde(skip)]
    pub name: String,
}

/// Who is behind a role's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OriginUse {
    /// `iam-user`, `service`, `web-identity` and so on.
    pub kind: String,
    /// An ARN, or another name; of several that come into question all, parted by ` or `.
    pub origin: String,
    /// Calls that worked.
    pub calls: u64,
    /// The actions that these certainly asked for, in order, as far as the names of the calls tell.
    pub actions: Vec<String>,
    /// Whether the way to it is proven, and it is the only one.
    pub certain: bool,
}

/// A statement of a principal's policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementUse {
    /// The policy's ARN or name.
    pub policy: String,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Its place in the policy, from 0.
    pub index: usize,
    /// `Allow` or `Deny`.
    pub effect: &'static str,
    /// Requests of the principal that it matched: of a statement that allows, those that AWS let pass.
    pub matched: u64,
    /// Requests that it may have matched.
    pub may: u64,
    /// The last one that it matched.
    pub last: Option<Time>,
    /// Why it cannot be told whether it is used; None if it can.
    pub unseen: Option<Unseen>,
}

/// What is known of an action of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// It was used.
    Used,
    /// It was not, and would have been seen.
    Unused,
    /// The logs could not show it.
    NotObservable,
    /// It was used, and no policy grants it today.
    UsedNotGranted,
}

impl Mark {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::NotObservable => "not-observable",
            Self::UsedNotGranted => "used-not-granted",
        }
    }
}

/// One action of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionUse {
    number: ActionNumber,
    /// What is known of it; None for an action that is not granted and was only refused or failed.
    pub mark: Option<Mark>,
    /// Why it cannot be told, of what is not observable.
    pub unseen: Option<Unseen>,
    /// Whether it is granted under conditions only which nothing here decides.
    pub conditional: bool,
    /// How much harm it can do.
    pub risk: Risk,
    /// What was done with it.
    pub uses: Uses,
}

impl ActionUse {
    /// `s3:GetObject`.
    #[must_use]
    pub fn action(&self) -> String {
        INDEX.get(self.number).map(|known| known.action.full_name()).unwrap_or_default()
    }

    /// `s3`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        INDEX.get(self.number).map_or("", |known| known.action.service)
    }

    /// `GetObject`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        INDEX.get(self.number).map_or("", |known| known.action.name)
    }

    /// AWS's access level.
    #[must_use]
    pub fn level(&self) -> &'static str {
        INDEX.get(self.number).map_or("", |known| known.action.level.words())
    }
}

impl PrincipalUse {
    /// The permission set that Identity Center made the role from: of `AWSReservedSSO_SET_0123456789abcdef`, `SET`
    /// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>). None of any other
    /// principal.
    #[must_use]
    pub fn permission_set(&self) -> Option<&str> {
        let name = self.principal.rsplit('/').next().filter(|_| self.apart == Some(Apart::IdentityCenter))?;
        let named = name.strip_prefix("AWSReservedSSO_").and_then(|rest| rest.rsplit_once('_'));
        Some(named.map_or(name, |(set, _)| set))
    }

    /// Every action that is granted, or that was asked for, in order.
    pub fn actions(&self) -> impl Iterator<Item = ActionUse> + '_ {
        INDEX.iter().filter_map(|(number, known)| self.use_of(number, known.risk))
    }

    /// All of them, or those that are privileged or were asked for: far fewer, and as much in order.
    pub(crate) fn actions_of(&self, which: Listed) -> Box<dyn Iterator<Item = ActionUse> + '_> {
        if which == Listed::All {
            return Box::new(self.actions());
        }
        let asked = self.uses.keys().copied();
        let numbers: BTreeSet<ActionNumber> = INDEX.privileged().iter().copied().chain(asked).collect();
        Box::new(numbers.into_iter().filter_map(|number| self.use_of(number, INDEX.get(number)?.risk)))
    }

    /// One that is granted, or that was asked for, by its full name.
    pub(crate) fn action(&self, name: &str) -> Option<ActionUse> {
        let number = INDEX.number_of(name)?;
        self.use_of(number, INDEX.get(number)?.risk)
    }

    fn use_of(&self, number: ActionNumber, risk: Risk) -> Option<ActionUse> {
        self.with_uses(number, risk, self.uses.get(&number).copied())
    }

    /// An action as it would be if these were its uses.
    pub(super) fn with_uses(
        &self,
        number: ActionNumber,
        risk: Risk,
        uses: Option<Uses>,
    ) -> Option<ActionUse> {
        let is_granted = self.granted.actions.has(number);
        if !is_granted && uses.is_none() {
            return None;
        }
        let uses = uses.unwrap_or_default();
        let (mark, unseen) = self.mark(number, is_granted, &uses);
        let conditional = is_granted && self.granted.conditional.has(number);
        Some(ActionUse { number, mark, unseen, conditional, risk, uses })
    }

    /// The finding of one of its actions; None of what is used as it is granted, and of service-linked roles.
    #[must_use]
    pub fn finding(&self, action: &ActionUse) -> Option<Finding> {
        if self.apart == Some(Apart::ServiceLinked) {
            return None;
        }
        let kind = match action.mark? {
            Mark::Used => return None,
            Mark::Unused => Kind::ActionUnused,
            Mark::NotObservable => Kind::ActionNotObservable,
            Mark::UsedNotGranted => Kind::ActionUsedNotGranted,
        };
        let detail = Detail::from([("action", action.action())]);
        let mut finding = Finding::new(kind, &self.account, &self.arn, detail, action.risk);
        finding.young = self.young;
        finding.since = self.created;
        finding.last_used = action.uses.used.last;
        let is_by_resource = kind == Kind::ActionUsedNotGranted && !self.resource_policies(action).is_empty();
        finding.reason = action.unseen.map(Unseen::word).or(is_by_resource.then_some("resource-policy"));
        finding.unseen_regions = self.unseen_regions(action).into_iter().collect();
        Some(finding)
    }

    /// The resources whose own policies name the principal and may allow an action to it, in order; none of an action that an
    /// identity policy grants.
    #[must_use]
    pub fn resource_policies(&self, action: &ActionUse) -> &[String] {
        self.resource_policies.get(&action.number).map_or(&[], Vec::as_slice)
    }

    fn mark(&self, number: ActionNumber, is_granted: bool, uses: &Uses) -> (Option<Mark>, Option<Unseen>) {
        match (is_granted, uses.used.events > 0) {
            (true, true) => return (Some(Mark::Used), None),
            // A policy that is not in the snapshot may grant it.
            (false, true) if self.granted.lacks_grants => return (Some(Mark::Used), None),
            (false, true) => return (Some(Mark::UsedNotGranted), None),
            (false, false) => return (None, None),
            (true, false) => {}
        }
        let unseen = if uses.perhaps.events > 0 {
            Some(Unseen::Perhaps)
        } else if uses.failed.events > 0 {
            Some(Unseen::Failed)
        } else {
            self.unseen(number)
        };
        (Some(if unseen.is_some() { Mark::NotObservable } else { Mark::Unused }), unseen)
    }

    /// Why its use of an action could not have been seen, or been told from that of another one; None if it could.
    pub(crate) fn unseen(&self, number: ActionNumber) -> Option<Unseen> {
        let regions = INDEX.get(number).and_then(|known| self.reach.regions(known.action));
        self.unseen_in(number, regions.as_ref())
    }

    /// The same of an action as it is granted in some regions; None for all.
    ///
    /// What some regions would have shown counts as seen, unless the principal works in one of the others, or nobody knows
    /// where it works.
    pub(crate) fn unseen_in(
        &self,
        number: ActionNumber,
        granted_in: Option<&BTreeSet<String>>,
    ) -> Option<Unseen> {
        let known = INDEX.get(number)?;
        let is_open = || {
            // What no action is known of may hand a role over.
            self.is_open(known.action.service) || is_pass_role(known)
        };
        let unknown = (!self.unmapped.is_empty() && is_open()).then_some(Unseen::UnknownCall);
        let hidden = || {
            let (hidden, is_all) = self.sight.hidden(number, granted_in);
            let is_of_data = matches!(known.visibility, Visibility::Data { .. });
            let works_there = self.works_in.is_empty() && !self.is_idle && !hidden.is_empty()
                || self.works_in.intersection(&hidden).next().is_some();
            let is_hidden = is_all || is_of_data && works_there;
            is_hidden.then_some(if is_of_data { Unseen::DataEvents } else { Unseen::Region })
        };
        self.sight.unseen(number).or(unknown).or_else(hidden)
    }

    /// The regions in which its use of an action would not have been seen, of an action that is unused elsewhere or not
    /// observable for that; none where the reason is another, or holds everywhere.
    #[must_use]
    pub fn unseen_regions(&self, action: &ActionUse) -> BTreeSet<String> {
        let is_of_regions = matches!(
            (action.mark, action.unseen),
            (Some(Mark::Unused), None) | (_, Some(Unseen::DataEvents | Unseen::Region))
        );
        let Some(known) = INDEX.get(action.number).filter(|_| is_of_regions) else { return BTreeSet::new() };
        self.sight.hidden(action.number, self.reach.regions(known.action).as_ref()).0.into_owned()
    }

    /// Whether it made calls of a service of which no action is known.
    pub(crate) fn is_open(&self, service: &str) -> bool {
        self.unmapped.iter().any(|call| call.services.iter().any(|own| own == service))
    }

    /// The worst that it may do.
    pub(crate) fn worst(&self) -> Risk {
        let granted = self.granted.actions.iter().filter_map(|number| INDEX.get(number));
        granted.map(|known| known.risk).min().unwrap_or(Risk::Other)
    }
}

/// Which actions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    /// All.
    All,
    /// Those that are privileged, or that were asked for.
    Notable,
}

impl Unused {
    /// A finding for every action that is unused, not observable, or used without a grant, in order of principal and action.
    pub fn action_findings(&self) -> impl Iterator<Item = Finding> + '_ {
        self.findings_of(Listed::All, |_| true)
    }

    /// Those of actions that are meant: to make a finding takes far longer than to see that none is wanted.
    pub(crate) fn findings_of(
        &self,
        which: Listed,
        is_meant: impl Fn(&ActionUse) -> bool + Copy,
    ) -> impl Iterator<Item = Finding> {
        let of = move |own| PrincipalUse::actions_of(own, which).filter(is_meant);
        self.principals.iter().flat_map(move |own| of(own).filter_map(|action| own.finding(&action)))
    }

    /// The findings of privileged actions that nobody used, of principals that are neither kept apart nor younger than the
    /// window.
    pub fn privileged_findings(&self) -> impl Iterator<Item = Finding> + '_ {
        let meant = |own: &&PrincipalUse| own.apart.is_none() && !own.young;
        let arns: HashSet<&str> = self.principals.iter().filter(meant).map(|own| own.arn.as_str()).collect();
        let is_meant = |own: &ActionUse| own.mark == Some(Mark::Unused) && own.risk.is_privileged();
        self.findings_of(Listed::Notable, is_meant)
            .filter(move |finding| arns.contains(finding.subject.as_str()))
    }

    /// The accounts whose principals were looked at without any log of theirs.
    pub fn unlogged(&self) -> impl Iterator<Item = &str> {
        self.coverage.iter().filter(|own| !own.is_covered).map(|own| own.account.as_str())
    }

    /// How many privileged actions nobody used, of principals that are neither kept apart nor younger than the window.
    #[must_use]
    pub fn unused_privileged(&self) -> u64 {
        let counted = self.principals.iter().filter(|own| own.apart.is_none() && !own.young);
        counted.map(|own| own.marks().unused_privileged).sum()
    }
}
