//! What the logs could show: of an action that they could not, nobody knows whether it was used.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::census::{AccountLog, EventName, SeenEvent};
use super::index::{ActionNumber, INDEX, Known};
use crate::aws::service_of;
use crate::catalog::event::{MappedAction, Mapping, Presence};
use crate::catalog::{AccessLevel, Visibility, catalog};

/// Why the logs do not tell whether an action was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unseen {
    /// CloudTrail logs it as a data event only, and the account's log has none of that kind where the principal may have used it:
    /// none that reads, for an action that reads; none that writes, for one that writes
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html>). What a call
    /// asks for on the way is no event of its own: a copy of an object writes, and shows no reads.
    DataEvents,
    /// CloudTrail never logs it.
    NeverLogged,
    /// It has no event of its own: other calls ask for it.
    Implied,
    /// No call of it is known, nor does the account's log have any: a protocol of the service's own asks for it, or a console.
    NoKnownCall,
    /// The account's log has no management events that read: its trail records writes only.
    ReadEvents,
    /// The account's log has no management events that write: its trail records reads only
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>, `ReadWriteType`).
    WriteEvents,
    /// The log has no events of the region in which all calls of the service are logged
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events>).
    HomeRegion,
    /// The log has no events of the service at all, and trails may leave these out
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>, `ExcludeManagementEventSources`).
    ExcludedSource,
    /// It is granted in regions only of which the log has no events.
    Region,
    /// There is no log of the account.
    NoLog,
    /// Calls perhaps asked for it; their records do not tell.
    Perhaps,
    /// The principal made calls of the service of which no action is known: they may have been calls of this one.
    UnknownCall,
    /// All calls of it failed, for a reason that is not permission: they needed it, and whether they matter no log tells.
    Failed,
}

impl Unseen {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DataEvents => "data-events",
            Self::NeverLogged => "never-logged",
            Self::Implied => "implied",
            Self::NoKnownCall => "no-known-call",
            Self::ReadEvents => "read-events",
            Self::WriteEvents => "write-events",
            Self::HomeRegion => "home-region",
            Self::ExcludedSource => "excluded-source",
            Self::Region => "region",
            Self::NoLog => "no-log",
            Self::Perhaps => "perhaps",
            Self::UnknownCall => "unknown-call",
            Self::Failed => "failed",
        }
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::DataEvents => "no data events",
            Self::NeverLogged => "never logged",
            Self::Implied => "no event of its own",
            Self::NoKnownCall => "no call of it is known",
            Self::ReadEvents => "no read events",
            Self::WriteEvents => "no write events",
            Self::ExcludedSource => "no events of the service, which trails may leave out",
            Self::HomeRegion => "no events of the service's home region",
            Self::Region => "no events of the regions where it is granted",
            Self::NoLog => "no log of the account",
            Self::Perhaps => "perhaps used",
            Self::UnknownCall => "calls of which no action is known",
            Self::Failed => "only failed calls",
        }
    }
}

/// Data events of one kind that a log holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DataEvents {
    /// The value of `resources.type` in event selectors.
    pub kind: String,
    /// Regions that have such events which read.
    pub reads: BTreeSet<String>,
    /// Regions that have such events which write.
    pub writes: BTreeSet<String>,
}

/// What one account's log could show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// By action: why its use could not be seen.
    unseen: Vec<Option<Unseen>>,
    /// The kinds of data events that are there, in order.
    pub data_events: Vec<DataEvents>,
    /// Whether there are management events that read.
    pub has_reads: bool,
    /// Whether there is no log at all.
    is_blind: bool,
    /// Regions whose own calls are logged: those of which the log has events of services that log in every region.
    regions: BTreeSet<String>,
    /// Of actions that only data events show, the regions that have such events.
    shown: BTreeMap<ActionNumber, BTreeSet<String>>,
    /// By action: the place in `hidings` of what is hidden of it where it is granted everywhere. It is asked for every action of
    /// every principal, again and again.
    hidden: Vec<u16>,
    /// Regions, and whether they are all; the first are none.
    hidings: Vec<(BTreeSet<String>, bool)>,
}

/// What events of a log show of what it records. Only what a call is itself counts: a copy of an object is an event that
/// writes, and its log need not have events that read
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html>, `readOnly`).
#[derive(Default)]
struct Evidence {
    /// The resource types of actions of which data events are there, whether those read, and their regions.
    kinds: BTreeMap<(&'static [&'static str], bool), BTreeSet<String>>,
    data_events: BTreeMap<&'static str, DataEvents>,
    /// Actions of which the log has data events, with the regions.
    actions: BTreeMap<ActionNumber, BTreeSet<String>>,
    /// Actions of which the log has calls.
    called: BTreeSet<ActionNumber>,
    has_reads: bool,
    has_writes: bool,
    sources: BTreeSet<String>,
    regions: BTreeSet<String>,
}

impl Evidence {
    fn of(log: Option<&AccountLog>, names: &[EventName]) -> Self {
        let mut evidence = Self::default();
        for seen in log.iter().flat_map(|log| &log.events) {
            let Some(name) = names.get(seen.event) else { continue };
            if is_regional(&name.source) && !evidence.regions.contains(&seen.region) {
                evidence.regions.insert(seen.region.clone());
            }
            if !name.is_call {
                continue;
            }
            evidence.sources.insert(service_of(&name.source).to_owned());
            if let Mapping::Actions(actions, _) = catalog().actions_of_event(&name.source, &name.name) {
                evidence.take(seen, &actions);
            }
        }
        evidence
    }

    fn take(&mut self, seen: &SeenEvent, actions: &[MappedAction]) {
        let known = |own: &MappedAction| {
            let number = INDEX.number(own.action)?;
            Some((own.presence, number, INDEX.get(number)?))
        };
        let all: Vec<(Presence, ActionNumber, &Known)> = actions.iter().filter_map(known).collect();
        let is_certain = |presence: Presence| presence == Presence::Certain;
        let certain = all.iter().filter(|(presence, ..)| is_certain(*presence));
        self.called.extend(certain.map(|(_, number, _)| *number));
        let has_certain = all.iter().any(|(presence, ..)| is_certain(*presence));
        let mut decisive = all.iter().filter(|(presence, ..)| !has_certain || is_certain(*presence));
        let does_read = seen.read_only.unwrap_or_else(|| decisive.all(|(_, _, known)| reads(known)));
        let is_data = |known: &Known| matches!(known.visibility, Visibility::Data { .. });
        let is_data = seen.is_data.unwrap_or_else(|| all.iter().any(|(_, _, known)| is_data(known)));
        self.has_reads |= does_read && !is_data && !all.is_empty();
        self.has_writes |= !does_read && !is_data && !all.is_empty();
        if !is_data {
            return;
        }
        for (presence, number, known) in all {
            let Visibility::Data { resource_types, .. } = known.visibility else { continue };
            if reads(known) != does_read {
                continue;
            }
            self.kinds.entry((resource_types, does_read)).or_default().insert(seen.region.clone());
            if is_certain(presence) {
                self.actions.entry(number).or_default().insert(seen.region.clone());
            }
            let Some(kind) = resource_types.first() else { continue };
            let own = self.data_events.entry(kind).or_default();
            (*kind).clone_into(&mut own.kind);
            let regions = if does_read { &mut own.reads } else { &mut own.writes };
            regions.insert(seen.region.clone());
        }
    }

    /// The regions in which a data event of an action would be there. An event of an action that is logged under several types
    /// of resources shows that one of them is recorded, not which.
    fn shows(&self, number: ActionNumber, known: &Known, types: &[&str]) -> BTreeSet<String> {
        let is_of_it = |(kinds, does_read): &(&[&str], bool)| {
            *does_read == reads(known) && kinds.iter().all(|kind| types.contains(kind))
        };
        let of_kinds = self.kinds.iter().filter(|(kind, _)| is_of_it(kind)).flat_map(|(_, regions)| regions);
        self.actions.get(&number).into_iter().flatten().chain(of_kinds).cloned().collect()
    }
}

impl Sight {
    /// What a log with these events could show; None for no log.
    #[must_use]
    pub fn of(log: Option<&AccountLog>, names: &[EventName]) -> Self {
        let evidence = Evidence::of(log, names);
        let mut shown: BTreeMap<ActionNumber, BTreeSet<String>> = BTreeMap::new();
        for (number, known) in INDEX.iter() {
            if let Visibility::Data { resource_types, .. } = known.visibility {
                let regions = evidence.shows(number, known, resource_types);
                if !regions.is_empty() {
                    shown.insert(number, regions);
                }
            }
        }
        let is_logged =
            |homes: &[&str]| log.is_some_and(|log| homes.iter().any(|home| log.regions.contains_key(*home)));
        let unseen = |number: ActionNumber, known: &Known| {
            if log.is_none() {
                return Some(Unseen::NoLog);
            }
            let source = EXCLUDABLE.iter().find(|(service, _)| *service == known.action.service);
            let homes = homes(known.action.service);
            match known.visibility {
                Visibility::Management if homes.is_some_and(|homes| !is_logged(homes)) => {
                    Some(Unseen::HomeRegion)
                }
                Visibility::Management if source.is_some_and(|(_, own)| !evidence.sources.contains(*own)) => {
                    Some(Unseen::ExcludedSource)
                }
                Visibility::Management if reads(known) && !evidence.has_reads => Some(Unseen::ReadEvents),
                Visibility::Management if !reads(known) && !evidence.has_writes => Some(Unseen::WriteEvents),
                Visibility::Management => None,
                Visibility::Data { .. } => (!shown.contains_key(&number)).then_some(Unseen::DataEvents),
                // It is derived from the calls that hand a role over.
                Visibility::Implied { .. } if is_pass_role(known) => None,
                Visibility::Implied { .. } => Some(Unseen::Implied),
                Visibility::Uncalled => (!evidence.called.contains(&number)).then_some(Unseen::NoKnownCall),
                Visibility::NotLogged { .. } => Some(Unseen::NeverLogged),
            }
        };
        let mut sight = Self {
            unseen: INDEX.iter().map(|(number, known)| unseen(number, known)).collect(),
            data_events: evidence.data_events.into_values().collect(),
            has_reads: evidence.has_reads,
            is_blind: log.is_none(),
            regions: evidence.regions,
            shown,
            hidden: Vec::new(),
            hidings: vec![(BTreeSet::new(), false)],
        };
        for (number, _) in INDEX.iter() {
            let own = sight.hidden_among(number, None);
            let place = sight.hidings.iter().position(|known| *known == own).unwrap_or_else(|| {
                sight.hidings.push(own);
                sight.hidings.len() - 1
            });
            // There are no more than actions, and far fewer than these numbers.
            sight.hidden.push(u16::try_from(place).unwrap_or(0));
        }
        sight
    }

    /// Whether there is no log at all.
    pub(crate) fn is_blind(&self) -> bool {
        self.is_blind
    }

    /// The regions in which the use of an action would not be seen, of those in which it is granted; None for all in which the
    /// account's own calls are logged. With whether that is all of them.
    pub(crate) fn hidden(
        &self,
        number: ActionNumber,
        granted_in: Option<&BTreeSet<String>>,
    ) -> (Cow<'_, BTreeSet<String>>, bool) {
        let place = self.hidden.get(number).filter(|_| granted_in.is_none());
        if let Some((regions, are_all)) = place.and_then(|place| self.hidings.get(usize::from(*place))) {
            return (Cow::Borrowed(regions), *are_all);
        }
        let (regions, are_all) = self.hidden_among(number, granted_in);
        (Cow::Owned(regions), are_all)
    }

    fn hidden_among(
        &self,
        number: ActionNumber,
        granted_in: Option<&BTreeSet<String>>,
    ) -> (BTreeSet<String>, bool) {
        let Some(known) = INDEX.get(number).filter(|known| homes(known.action.service).is_none()) else {
            return (BTreeSet::new(), false);
        };
        let seen = match known.visibility {
            Visibility::Management if granted_in.is_none() => return (BTreeSet::new(), false),
            Visibility::Management => &self.regions,
            // Without any such event that is said of all regions.
            Visibility::Data { .. } => match self.shown.get(&number) {
                Some(shown) => shown,
                None => return (BTreeSet::new(), false),
            },
            Visibility::Implied { .. } | Visibility::Uncalled | Visibility::NotLogged { .. } => {
                return (BTreeSet::new(), false);
            }
        };
        let all = granted_in.unwrap_or(&self.regions);
        let hidden: BTreeSet<String> = all.difference(seen).cloned().collect();
        let is_all = !all.is_empty() && hidden.len() == all.len();
        (hidden, is_all)
    }

    /// Why the use of an action could not be seen; None if it could.
    pub(crate) fn unseen(&self, number: ActionNumber) -> Option<Unseen> {
        self.unseen.get(number).copied().unwrap_or(Some(Unseen::NoLog))
    }
}

/// Services whose calls are all logged in one region, whatever region they came from: those with one control plane
/// (<https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html>), and those that have
/// one endpoint (<https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html>).
const GLOBAL: [&str; 22] = [
    "account",
    "artifact",
    "billing",
    "budgets",
    "ce",
    "cloudfront",
    "consolidatedbilling",
    "cur",
    "freetier",
    "health",
    "iam",
    "invoicing",
    "organizations",
    "payments",
    "route53",
    "route53domains",
    "savingsplans",
    "shield",
    "support",
    "tax",
    "trustedadvisor",
    "waf",
];

/// Those of the whitepaper whose region is another.
const WESTERN: [&str; 2] = ["globalaccelerator", "networkmanager"];

/// Services beside those of one region whose calls are logged in another region than they came from: the global endpoint of STS,
/// and sign-ins
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events>).
const MOVING: [&str; 3] = ["sts", "signin", "sso"];

/// Whether an event of a source is logged in the region that it is of: then calls of that region are logged.
pub(crate) fn is_regional(source: &str) -> bool {
    let service = service_of(source);
    homes(service).is_none() && !MOVING.contains(&service)
}

/// Services whose management events a trail can leave out, and what their event source is called.
const EXCLUDABLE: [(&str, &str); 2] = [("kms", "kms"), ("rds-data", "rdsdata")];

/// The region of the first, in each partition.
const HOMES: [&str; 3] = ["us-east-1", "us-gov-west-1", "cn-north-1"];

/// The regions, in each partition, of which one has all calls of a service; None of a service that logs in every region.
fn homes(service: &str) -> Option<&'static [&'static str]> {
    if WESTERN.contains(&service) {
        return Some(&["us-west-2"]);
    }
    GLOBAL.contains(&service).then_some(&HOMES)
}

/// Actions that IAM calls writing and whose events say `readOnly`, so that trails of writes leave them out.
const LOGGED_AS_READS: [&str; 8] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyWithoutPlaintext",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
];

fn reads(known: &Known) -> bool {
    matches!(known.action.level, AccessLevel::Read | AccessLevel::List)
        || LOGGED_AS_READS.contains(&known.action.full_name().as_str())
}

/// Whether an action is asked for as part of calls that hand a role over.
pub(crate) fn is_pass_role(known: &Known) -> bool {
    (known.action.service, known.action.name) == ("iam", "PassRole")
}

/// The sight of every account that is asked for.
#[must_use]
pub(crate) fn sights<'a>(
    accounts: impl IntoIterator<Item = &'a str>,
    logs: &BTreeMap<String, AccountLog>,
    names: &[EventName],
) -> BTreeMap<String, Sight> {
    accounts.into_iter().map(|account| (account.to_owned(), Sight::of(logs.get(account), names))).collect()
}
