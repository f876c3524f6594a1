//! What the logs could show: of an action that they could not, nobody knows whether it was used.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::census::{AccountLog, EventName};
use super::index::{ActionNumber, INDEX, Known};
use crate::aws::service_of;
use crate::catalog::event::Mapping;
use crate::catalog::{AccessLevel, Visibility, catalog};

/// Why the logs do not tell whether an action was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unseen {
    /// CloudTrail logs it as a data event only, and the account's log has none of that kind: none that reads, for an action
    /// that reads; none that writes, for one that writes
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html>).
    DataEvents,
    /// CloudTrail never logs it.
    NeverLogged,
    /// It has no event of its own: other calls ask for it.
    Implied,
    /// The account's log has no management events that read: its trail records writes only.
    ReadEvents,
    /// The log has no events of the region in which all calls of the service are logged
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events>).
    HomeRegion,
    /// The log has no events of the service at all, and trails may leave these out
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>, `ExcludeManagementEventSources`).
    ExcludedSource,
    /// There is no log of the account.
    NoLog,
    /// Calls perhaps asked for it; their records do not tell.
    Perhaps,
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
            Self::ReadEvents => "read-events",
            Self::HomeRegion => "home-region",
            Self::ExcludedSource => "excluded-source",
            Self::NoLog => "no-log",
            Self::Perhaps => "perhaps",
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
            Self::ReadEvents => "no read events",
            Self::ExcludedSource => "no events of the service, which trails may leave out",
            Self::HomeRegion => "no events of the service's home region",
            Self::NoLog => "no log of the account",
            Self::Perhaps => "perhaps used",
            Self::Failed => "only failed calls",
        }
    }
}

/// What one account's log could show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// By action: why its use could not be seen.
    unseen: Vec<Option<Unseen>>,
    /// The kinds of data events that are there: the values of `resources.type` of event selectors.
    pub data_events: Vec<String>,
    /// Whether there are management events that read.
    pub has_reads: bool,
}

impl Sight {
    /// What a log with these events could show; None for no log.
    #[must_use]
    pub fn of(log: Option<&AccountLog>, names: &[EventName]) -> Self {
        let mut kinds: BTreeSet<(&'static str, bool)> = BTreeSet::new();
        let mut data_events = BTreeSet::new();
        let mut has_reads = false;
        let mut sources: BTreeSet<&str> = BTreeSet::new();
        for name in log.iter().flat_map(|log| &log.events).filter_map(|event| names.get(*event)) {
            sources.insert(service_of(&name.source));
            let mapping = catalog().actions_of_event(&name.source, &name.name);
            let Mapping::Actions(actions, _) = mapping else { continue };
            for known in actions.iter().filter_map(|own| INDEX.get(INDEX.number(own.action)?)) {
                match known.visibility {
                    Visibility::Data { resource_types, .. } => {
                        kinds.extend(resource_types.iter().map(|kind| (*kind, reads(known))));
                        data_events.extend(resource_types.first().map(|kind| (*kind).to_owned()));
                    }
                    _ => has_reads |= reads(known),
                }
            }
        }
        let has_home = log.is_some_and(|log| HOMES.iter().any(|home| log.regions.contains_key(*home)));
        let unseen = |known: &Known| {
            if log.is_none() {
                return Some(Unseen::NoLog);
            }
            let source = EXCLUDABLE.iter().find(|(service, _)| *service == known.action.service);
            let is_global = GLOBAL.contains(&known.action.service);
            match known.visibility {
                Visibility::Management if is_global && !has_home => Some(Unseen::HomeRegion),
                Visibility::Management if source.is_some_and(|(_, source)| !sources.contains(source)) => {
                    Some(Unseen::ExcludedSource)
                }
                Visibility::Management if reads(known) && !has_reads => Some(Unseen::ReadEvents),
                Visibility::Management => None,
                Visibility::Data { resource_types, .. } => {
                    let is_seen = resource_types.iter().any(|kind| kinds.contains(&(*kind, reads(known))));
                    (!is_seen).then_some(Unseen::DataEvents)
                }
                // It is derived from the calls that hand a role over.
                Visibility::Implied { .. } if is_pass_role(known) => None,
                Visibility::Implied { .. } => Some(Unseen::Implied),
                Visibility::NotLogged { .. } => Some(Unseen::NeverLogged),
            }
        };
        Self {
            unseen: INDEX.iter().map(|(_, known)| unseen(known)).collect(),
            data_events: data_events.into_iter().collect(),
            has_reads,
        }
    }

    /// Why the use of an action could not be seen; None if it could.
    pub(crate) fn unseen(&self, number: ActionNumber) -> Option<Unseen> {
        self.unseen.get(number).copied().unwrap_or(Some(Unseen::NoLog))
    }
}

/// Services whose calls are all logged in one region, whatever region they came from.
const GLOBAL: [&str; 4] = ["cloudfront", "iam", "organizations", "route53"];

/// Services whose management events a trail can leave out, and what their event source is called.
const EXCLUDABLE: [(&str, &str); 2] = [("kms", "kms"), ("rds-data", "rdsdata")];

/// That region, in each partition.
const HOMES: [&str; 3] = ["us-east-1", "us-gov-west-1", "cn-north-1"];

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

fn is_pass_role(known: &Known) -> bool {
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
