//! Findings beside those of an earlier run: which are new, which are settled and how, which are still open, and of which this
//! run does not tell.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::answer::{Mark, PrincipalUse, Unused};
use super::fate::{Fate, Gap, Hidden, How};
use super::finding::{Finding, Kind};
use super::sight::Unseen;

/// The findings of an earlier run, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Which actions it lists, as its JSON says.
    pub actions_listed: String,
    known: BTreeMap<String, Known>,
}

/// A finding of an earlier run, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its kind, as JSON has it.
    pub kind: String,
    /// Its account.
    pub account: String,
    /// Its subject.
    pub subject: String,
    /// What tells it from others of its subject.
    pub detail: BTreeMap<String, String>,
    /// Since when the thing was there, as JSON has it; None if that was not known.
    #[serde(default)]
    pub since: Option<String>,
}

/// What became of the findings of an earlier run, each of which stands once: open, resolved, or out of sight.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// The ids of findings that were not there.
    pub new: BTreeSet<String>,
    /// How many findings are there as before.
    pub open: u64,
    /// Findings that are settled.
    pub resolved: Vec<Resolved>,
    /// Findings of which this run does not tell whether they are settled.
    pub out_of_sight: Vec<OutOfSight>,
}

/// A finding that is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// Which.
    #[serde(flatten)]
    pub known: Known,
    /// How.
    pub how: How,
}

/// A finding of which a run does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutOfSight {
    /// Which.
    #[serde(flatten)]
    pub known: Known,
    /// Why.
    pub why: Hidden,
}

/// What a run looked at, of what its snapshot has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The accounts of the snapshot.
    pub loaded: BTreeSet<String>,
    /// Those of them that were looked at.
    pub looked_at: BTreeSet<String>,
    /// Those of which the snapshot does not have all details.
    pub incomplete: BTreeSet<String>,
    /// Those with a credential report.
    pub reported: BTreeSet<String>,
    /// Those with a list of access keys.
    pub listed: BTreeSet<String>,
    /// Whether only some principals of them were looked at.
    pub is_part: bool,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is no output of an earlier run.
    #[error("expected the JSON of an earlier `backtrail unused --format json`: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another form.
    #[error("expected schema 1, found {0}")]
    Schema(u64),
}

#[derive(Deserialize)]
struct Earlier {
    schema: u64,
    actions_listed: String,
    findings: Vec<Known>,
}

impl Baseline {
    /// Reads the JSON of an earlier run.
    ///
    /// # Errors
    ///
    /// [`BaselineError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let earlier: Earlier = serde_json::from_str(text)?;
        if earlier.schema != 1 {
            return Err(BaselineError::Schema(earlier.schema));
        }
        let actions_listed = earlier.actions_listed;
        Ok(Self {
            actions_listed,
            known: earlier.findings.into_iter().map(|own| (own.id.clone(), own)).collect(),
        })
    }

    /// What is new in a run, and what became of what was found before; `findings` are those that the run lists.
    #[must_use]
    pub fn compare<'a>(&self, run: &Unused, findings: impl IntoIterator<Item = &'a Finding>) -> Compared {
        let mut compared = Compared::default();
        let mut left = self.known.clone();
        for finding in findings {
            match left.remove(&finding.id) {
                Some(known) if is_another_key(&known, finding) => {
                    compared.new.insert(finding.id.clone());
                    compared.resolved.push(Resolved { known, how: How::Removed });
                }
                Some(_) => compared.open += 1,
                None if self.known.contains_key(&finding.id) => {}
                None => {
                    compared.new.insert(finding.id.clone());
                }
            }
        }
        let principals: BTreeMap<&str, &PrincipalUse> =
            run.principals.iter().map(|own| (own.arn.as_str(), own)).collect();
        for known in left.into_values() {
            match fate(&known, run, principals.get(known.subject.as_str()).copied()) {
                Fate::Resolved(how) => compared.resolved.push(Resolved { known, how }),
                Fate::OutOfSight(why) => compared.out_of_sight.push(OutOfSight { known, why }),
            }
        }
        compared.resolved.sort_by(|a, b| a.known.id.cmp(&b.known.id));
        // What nobody looked at comes last.
        compared.out_of_sight.sort_by(|a, b| {
            let is_beside =
                |own: &OutOfSight| matches!(own.why, Hidden::Run(Gap::NotLookedAt | Gap::AccountNotLoaded));
            (is_beside(a), &a.known.id).cmp(&(is_beside(b), &b.known.id))
        });
        compared
    }
}

/// Whether a key of the report is in the place of another one, which was removed.
fn is_another_key(known: &Known, finding: &Finding) -> bool {
    let since = || serde_json::to_value(finding.since).ok()?.as_str().map(str::to_owned);
    finding.kind == Kind::AccessKeyUnused
        && known.since.as_ref().zip(since().as_ref()).is_some_and(|(before, now)| before != now)
}

/// What became of a finding that this run does not have.
fn fate(known: &Known, run: &Unused, own: Option<&PrincipalUse>) -> Fate {
    let scope = &run.scope;
    if !scope.loaded.contains(&known.account) {
        return Fate::gap(Gap::AccountNotLoaded);
    }
    if !scope.looked_at.contains(&known.account) {
        return Fate::gap(Gap::NotLookedAt);
    }
    if let Some(fate) = run.fates.of(&known.id) {
        return fate;
    }
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == known.kind) else {
        return Fate::gap(Gap::UnknownKind);
    };
    let is_of_action =
        matches!(kind, Kind::ActionUnused | Kind::ActionNotObservable | Kind::ActionUsedNotGranted);
    if let (true, Some(own), Some(action)) = (is_of_action, own, known.detail.get("action")) {
        return of_action(kind, own, action);
    }
    if scope.is_part && own.is_none() {
        return Fate::gap(Gap::NotLookedAt);
    }
    if scope.incomplete.contains(&known.account) {
        return Fate::gap(Gap::SnapshotIncomplete);
    }
    let of_policy = known.detail.get("policy").and_then(|policy| run.fates.of_policy(&known.subject, policy));
    if let Some(fate) = of_policy {
        return fate;
    }
    // The report numbers the keys of a user, the list has their ids.
    let is_number = |key: &String| key.len() == 1;
    let tells = match kind {
        Kind::AccessKeyUnused if !known.detail.get("key").is_some_and(is_number) => Some(&scope.listed),
        Kind::AccessKeyUnused | Kind::PasswordUnused => Some(&scope.reported),
        _ => None,
    };
    if own.is_some() && tells.is_some_and(|accounts| !accounts.contains(&known.account)) {
        return Fate::gap(Gap::NoReport);
    }
    Fate::Resolved(How::Removed)
}

/// What became of a finding about an action of a principal that was looked at.
fn of_action(kind: Kind, own: &PrincipalUse, action: &str) -> Fate {
    let found = own.action(action);
    let mark = found.and_then(|known| known.mark);
    let unseen = found.and_then(|known| known.unseen).unwrap_or(Unseen::NoLog);
    match (mark, kind) {
        (Some(Mark::Used), Kind::ActionUsedNotGranted) if own.granted.has(action) => {
            Fate::Resolved(How::Granted)
        }
        (Some(Mark::Used), Kind::ActionUsedNotGranted) => Fate::gap(Gap::PolicyNotLoaded),
        (Some(Mark::Used), _) => Fate::Resolved(How::Used),
        (Some(Mark::Unused | Mark::NotObservable), Kind::ActionUsedNotGranted) => {
            Fate::Resolved(How::Granted)
        }
        (Some(Mark::Unused), Kind::ActionNotObservable) => Fate::Resolved(How::Observable),
        (Some(Mark::NotObservable), _) => Fate::unseen(unseen),
        // A finding that would be there but is not listed, of a principal that is kept apart.
        (Some(Mark::Unused), _) => Fate::gap(Gap::NotLookedAt),
        (None, Kind::ActionUsedNotGranted) if own.sight.is_blind() => Fate::unseen(Unseen::NoLog),
        (None, Kind::ActionUsedNotGranted) => Fate::gap(Gap::OutsideWindow),
        (None, _) if own.granted.lacks_grants => Fate::gap(Gap::PolicyNotLoaded),
        (None | Some(Mark::UsedNotGranted), _) => Fate::Resolved(How::Removed),
    }
}
