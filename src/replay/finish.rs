//! From what was counted to the answer: groups, hit counts, what is missing, disagreements, the proposal's changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agree::{Beside, layer_words};
use super::answer::{
    Change, ChangeGroup, Decided, Disagreement, Example, Group, Lack, LackCount, Limit, Proposal, Replay,
    Said, Seen, StatementHits, Then, Verdict, Verdicts, Worked,
};
use super::call::{Opinion, Ruling};
use super::fold::{DISTINCT_MAX, Folded, Hits, Sample, StatementName, Tally};
use crate::catalog::matches;
use crate::policy::{Document, Effect, Match, PolicyKind, Statement};

/// Where a proposal comes from, for [`Folded::answer`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposed {
    /// Its path, as it was named.
    pub path: String,
    /// What it changes of the snapshot, a sentence each.
    pub changes: Vec<String>,
}

/// What events of a group agree in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    verdict: Verdict,
    then: Then,
    principal: Option<String>,
    action: String,
    derived: bool,
    decided: Vec<Decided>,
    needs: Vec<Lack>,
}

/// What events that a proposal changes agree in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ChangeKey {
    change: Change,
    principal: Option<String>,
    action: String,
    derived: bool,
    today: Vec<Decided>,
    decided: Vec<Decided>,
    needs: Vec<Lack>,
    keys: Vec<String>,
}

/// What is said of disagreeing events that are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DisagreementKey {
    principal: Option<String>,
    action: String,
    aws: String,
    ours: String,
}

impl Verdict {
    /// The order in which verdicts are listed.
    fn place(self) -> usize {
        match self {
            Self::NowDenied => 0,
            Self::NowAllowed => 1,
            Self::Undetermined => 2,
            Self::Same => 3,
            Self::NotARequest => 4,
        }
    }
}

impl Folded {
    /// The answer.
    #[must_use]
    pub fn answer(self, proposed: Option<Proposed>) -> Replay {
        let all = || self.parts.iter().flat_map(|part| &part.tallies);
        let mut groups: BTreeMap<GroupKey, Tally> = BTreeMap::new();
        for tally in all() {
            gather(&mut groups, GroupKey::of(&tally.ruling), tally);
        }
        let mut groups: Vec<Group> = groups.into_iter().map(|(key, tally)| key.group(&tally)).collect();
        groups.sort_by(|a, b| {
            let order = |group: &Group| (group.verdict.place(), std::cmp::Reverse(group.seen.events));
            order(a).cmp(&order(b)).then_with(|| (&a.principal, &a.action).cmp(&(&b.principal, &b.action)))
        });
        let proposal = proposed.map(|proposed| self.proposal(proposed));
        let comparable = |wanted: &dyn Fn(&Ruling) -> bool| {
            all().filter(|tally| wanted(&tally.ruling)).map(|tally| tally.events).sum::<u64>()
        };
        let refused = |ruling: &Ruling| ruling.then == Then::Denied && ruling.no_request.is_none();
        Replay {
            snapshot: self.plan.snapshot.path.clone(),
            first: all().map(|tally| tally.first).min(),
            last: all().map(|tally| tally.last).max(),
            accounts: self.accounts.iter().cloned().collect(),
            events: self.events,
            copies: self.copies,
            requests: self.requests,
            evaluations: self.parts.iter().map(|part| part.evaluations).sum(),
            verdicts: verdicts(all(), |ruling| ruling.today.as_ref()),
            groups,
            lacks: self.lacks(),
            statements: self.statements(),
            disagreements: self.disagreements(),
            agreements: comparable(&|ruling| refused(ruling) && ruling.beside == Beside::Agree),
            not_comparable: comparable(&|ruling| refused(ruling) && ruling.beside == Beside::NotComparable),
            proposal,
            limits: self.limits(),
        }
    }

    fn lacks(&self) -> Vec<LackCount> {
        let mut counts: BTreeMap<&Lack, u64> = BTreeMap::new();
        for tally in self.parts.iter().flat_map(|part| &part.tallies) {
            let needs: BTreeSet<&Lack> = tally.ruling.today.iter().flat_map(|today| &today.needs).collect();
            for lack in needs {
                *counts.entry(lack).or_default() += tally.events;
            }
        }
        let counts = counts.into_iter().map(|(lack, events)| LackCount { lack: lack.clone(), events });
        let mut lacks: Vec<LackCount> = counts.collect();
        lacks.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.lack.cmp(&b.lack)));
        lacks
    }

    fn statements(&self) -> Vec<StatementHits> {
        let mut all: BTreeMap<&StatementName, Hits> = BTreeMap::new();
        for (name, hits) in self.parts.iter().flat_map(|part| &part.statements) {
            let sum = all.entry(name).or_default();
            sum.matched += hits.matched;
            sum.decided += hits.decided;
            sum.may += hits.may;
            sum.last = sum.last.max(hits.last);
        }
        let listed = all.into_iter().map(|(name, hits)| StatementHits {
            policy: name.policy.clone(),
            layer: layer_words(name.layer),
            sid: name.sid.clone(),
            index: name.index,
            effect: match name.effect {
                Some(Effect::Allow) => "Allow",
                Some(Effect::Deny) => "Deny",
                None => "unreadable",
            },
            matched: hits.matched,
            decided: hits.decided,
            may: hits.may,
            last: hits.last,
        });
        listed.collect()
    }

    fn disagreements(&self) -> Vec<Disagreement> {
        let mut all: BTreeMap<DisagreementKey, Tally> = BTreeMap::new();
        for tally in self.parts.iter().flat_map(|part| &part.tallies) {
            let Beside::Disagree { action, aws, ours } = &tally.ruling.beside else { continue };
            let key = DisagreementKey {
                principal: tally.ruling.principal.clone(),
                action: action.clone(),
                aws: aws.clone(),
                ours: ours.clone(),
            };
            gather(&mut all, key, tally);
        }
        let listed = all.into_iter().filter_map(|(key, tally)| {
            let remark = (tally.propagation > 0).then(|| {
                format!(
                    "{} of them: IAM had not caught up with a change within the minute before, and the same call worked soon after",
                    tally.propagation
                )
            });
            Some(Disagreement {
                example: example(tally.today.examples.first()?),
                principal: key.principal,
                action: key.action,
                aws: key.aws,
                ours: key.ours,
                events: tally.events,
                remark,
            })
        });
        let mut listed: Vec<Disagreement> = listed.collect();
        listed.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.example.cmp(&b.example)));
        listed
    }

    fn proposal(&self, proposed: Proposed) -> Proposal {
        let all = || self.parts.iter().flat_map(|part| &part.tallies);
        let mut groups: BTreeMap<ChangeKey, Tally> = BTreeMap::new();
        for tally in all() {
            if let Some(key) = ChangeKey::of(&tally.ruling) {
                gather(&mut groups, key, tally);
            }
        }
        let of = |change| {
            let fits = |(key, _): &(&ChangeKey, &Tally)| key.change == change;
            groups.iter().filter(fits).map(|(_, tally)| tally.events).sum::<u64>()
        };
        let (broken, may_break) = (of(Change::Broken), of(Change::MayBreak));
        let (opened, may_open) = (of(Change::Opened), of(Change::MayOpen));
        let mut groups: Vec<ChangeGroup> = groups.into_iter().map(|(key, tally)| key.group(&tally)).collect();
        groups.sort_by(|a, b| {
            let order = |group: &ChangeGroup| (group.change, std::cmp::Reverse(group.seen.events));
            order(a).cmp(&order(b)).then_with(|| (&a.principal, &a.action).cmp(&(&b.principal, &b.action)))
        });
        Proposal {
            path: proposed.path,
            changes: proposed.changes,
            broken,
            may_break,
            opened,
            may_open,
            verdicts: verdicts(all(), |ruling| ruling.proposed.as_ref()),
            groups,
            worked: worked(all()),
        }
    }

    fn limits(&self) -> Vec<Limit> {
        let all = || self.parts.iter().flat_map(|part| &part.tallies);
        let count = |fits: &dyn Fn(&Ruling) -> bool| {
            all().filter(|tally| fits(&tally.ruling)).map(|tally| tally.events).sum::<u64>()
        };
        let mut limits = vec![
            Limit {
                what: "Policies, tags and organization are those of the snapshot, not those of the time of the calls."
                    .to_owned(),
                events: None,
            },
            Limit {
                what: "Only what was logged is replayed: reads of data where no data events are recorded, and calls that CloudTrail does not record, are not here."
                    .to_owned(),
                events: None,
            },
            Limit {
                what: "Grants of KMS, access control lists of S3 and shares between accounts (AWS RAM, snapshots, documents) may allow what no policy says; they are not read."
                    .to_owned(),
                events: None,
            },
        ];
        let mut add = |events: u64, what: &str| {
            if events > 0 {
                limits.push(Limit { what: what.to_owned(), events: Some(events) });
            }
        };
        add(
            self.copies,
            "records are those that another account has of calls which the caller's own account logged, too: each of these calls counts once.",
        );
        add(
            count(&|ruling| ruling.session_passed && ruling.today.is_some()),
            "calls in sessions whose issuing record is not in these logs: AWS let the calls pass, so the sessions' own policies did, too.",
        );
        add(
            count(&|ruling| ruling.today.as_ref().is_some_and(|today| today.perhaps_denied)),
            "calls may have asked for more than their records tell, and that is denied; it decides nothing here.",
        );
        add(
            count(&|ruling| {
                let perhaps =
                    |opinion: &Option<Opinion>| opinion.as_ref().is_some_and(|own| own.perhaps_denied);
                perhaps(&ruling.proposed) && !perhaps(&ruling.today) && ruling.change().is_none()
            }),
            "calls that worked may have asked for more than their records tell, and the proposal denies that; they do not count as broken.",
        );
        add(
            count(&|ruling| {
                let said = |opinion: &Option<Opinion>| opinion.as_ref().map(|own| own.said);
                ruling.then == Then::Failed
                    && said(&ruling.today) != Some(Said::Denied)
                    && said(&ruling.proposed) == Some(Said::Denied)
            }),
            "calls failed then for another reason than their permissions, and the proposal denies them: they do not count as broken, but their callers would see another error (403 in place of 404).",
        );
        add(
            count(&|ruling| ruling.forwarded && ruling.today.is_some()),
            "calls were made by a service for its caller, and are judged by the caller's policies.",
        );
        add(
            count(&|ruling| ruling.unmapped),
            "calls of which no action or no caller is known count as undetermined.",
        );
        if self.may_bar_sign_ins() {
            add(
                count(&|ruling| ruling.then == Then::Allowed && ruling.name == "signin: ConsoleLogin"),
                "sign-ins to the console are not replayed, and a resource control policy or a policy of a resource may keep their callers out: it denies `signin:Authenticate`.",
            );
        }
        add(
            self.parts.iter().map(|part| part.refusals_left).sum(),
            "refused calls were not looked at for changes of policies that IAM had not caught up with; there are too many.",
        );
        add(
            self.changes_left,
            "changes of policies were not looked at for refusals that came before IAM had caught up; there are too many.",
        );
        if self.requests >= DISTINCT_MAX as u64 || self.parts.iter().any(|part| part.is_full) {
            limits.push(Limit {
                what: format!("Distinct requests and resources were counted up to {DISTINCT_MAX} only."),
                events: None,
            });
        }
        let problems = self.plan.snapshot.problems.len() + self.plan.snapshot.problems_not_listed;
        if problems > 0 {
            limits.push(Limit {
                what: format!(
                    "{problems} problems in the snapshot: `backtrail snapshot {}`",
                    self.plan.snapshot.path
                ),
                events: None,
            });
        }
        let proposed = self.plan.proposed.as_deref();
        let mut beside = proposed.into_iter().flat_map(|own| own.problems_beside(&self.plan.snapshot));
        if let Some(first) = beside.next() {
            let more = match beside.count() {
                0 => String::new(),
                count => format!(" ({count} more)"),
            };
            limits.push(Limit { what: format!("Problem in the proposal: {first}{more}"), events: None });
        }
        limits
    }
}

impl Folded {
    /// Whether a policy that binds who signs in, of today or proposed, denies it under some condition
    /// (<https://docs.aws.amazon.com/signin/latest/userguide/console-access-control.html>).
    fn may_bar_sign_ins(&self) -> bool {
        const ACTION: &str = "signin:Authenticate";
        let denies = |own: &&Statement| own.effect == Effect::Deny;
        let names = |own: &Statement| {
            let listed = own.actions.patterns.iter().any(|pattern| matches(pattern, ACTION));
            listed == (own.actions.matching == Match::Listed)
        };
        let speaks_of = |own: &Statement| {
            own.actions.patterns.iter().any(|pattern| pattern.starts_with("signin:")) && names(own)
        };
        let bars = |document: &Arc<Document>| {
            let mut denials = document.statements.iter().filter(denies);
            match document.kind {
                PolicyKind::ResourceControl => denials.any(names),
                PolicyKind::Resource => denials.any(speaks_of),
                _ => false,
            }
        };
        let snapshots = [Some(&self.plan.snapshot), self.plan.proposed.as_ref()];
        snapshots.into_iter().flatten().any(|own| own.documents().any(bars))
    }
}

impl GroupKey {
    fn of(ruling: &Ruling) -> Self {
        let today = ruling.today.as_ref();
        Self {
            verdict: ruling.verdict(),
            then: ruling.then,
            principal: ruling.principal.clone(),
            action: today.map_or_else(|| ruling.name.clone(), |today| today.action.clone()),
            derived: today.is_some_and(|today| today.derived),
            decided: today.map(|today| today.decided.clone()).unwrap_or_default(),
            needs: match today {
                Some(today) => today.needs.clone(),
                None => ruling.no_request.iter().cloned().collect(),
            },
        }
    }

    fn group(self, tally: &Tally) -> Group {
        Group {
            verdict: self.verdict,
            then: self.then,
            principal: self.principal,
            action: self.action,
            derived: self.derived,
            decided: self.decided,
            needs: self.needs,
            seen: seen(tally),
            propagation: tally.propagation,
            resources: tally.today.resources.len() as u64,
            examples: tally.today.examples.iter().map(example).collect(),
        }
    }
}

impl ChangeKey {
    fn of(ruling: &Ruling) -> Option<Self> {
        let proposed = ruling.proposed.as_ref()?;
        Some(Self {
            change: ruling.change()?,
            principal: ruling.principal.clone(),
            action: proposed.action.clone(),
            derived: proposed.derived,
            today: ruling.before.clone(),
            decided: proposed.decided.clone(),
            needs: proposed.needs.clone(),
            keys: proposed.deciding_keys.clone(),
        })
    }

    fn group(self, tally: &Tally) -> ChangeGroup {
        ChangeGroup {
            change: self.change,
            principal: self.principal,
            action: self.action,
            derived: self.derived,
            today: self.today,
            decided: self.decided,
            needs: self.needs,
            keys: self.keys,
            seen: seen(tally),
            regions: tally.regions.iter().cloned().collect(),
            resources: tally.proposed.resources.len() as u64,
            examples: tally.proposed.examples.iter().map(example).collect(),
        }
    }
}

/// Adds a tally to those of its key.
fn gather<K: Ord>(to: &mut BTreeMap<K, Tally>, key: K, tally: &Tally) {
    match to.get_mut(&key) {
        Some(known) => known.absorb(tally),
        None => {
            to.insert(key, tally.clone());
        }
    }
}

fn worked<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Vec<Worked> {
    let mut counts: BTreeMap<(Option<&str>, Said, Said), u64> = BTreeMap::new();
    for tally in tallies.filter(|tally| tally.ruling.then == Then::Allowed) {
        let Some((today, proposed)) = tally.ruling.today.as_ref().zip(tally.ruling.proposed.as_ref()) else {
            continue;
        };
        let key = (tally.ruling.principal.as_deref(), today.said, proposed.said);
        *counts.entry(key).or_default() += tally.events;
    }
    let worked = |((principal, today, proposed), events): ((Option<&str>, Said, Said), u64)| Worked {
        principal: principal.map(str::to_owned),
        today,
        proposed,
        events,
    };
    counts.into_iter().map(worked).collect()
}

fn verdicts<'a>(
    tallies: impl Iterator<Item = &'a Tally>,
    opinion: impl Fn(&Ruling) -> Option<&Opinion>,
) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for tally in tallies {
        let ruling = &tally.ruling;
        let Some(opinion) = opinion(ruling) else {
            verdicts.not_a_request += tally.events;
            continue;
        };
        let place = match (Verdict::of(ruling.then, opinion.said), ruling.then) {
            (Verdict::NowDenied, _) => &mut verdicts.now_denied,
            (Verdict::NowAllowed, _) => &mut verdicts.now_allowed,
            (Verdict::Undetermined, _) => &mut verdicts.undetermined,
            (_, Then::Allowed) => &mut verdicts.same_allowed,
            (_, Then::Denied) => &mut verdicts.same_denied,
            (_, Then::Failed) => &mut verdicts.same_failed,
        };
        *place += tally.events;
        if ruling.unmapped {
            verdicts.unmapped += tally.events;
        }
    }
    verdicts
}

fn seen(tally: &Tally) -> Seen {
    Seen { events: tally.events, first: tally.first, last: tally.last }
}

fn example(sample: &Sample) -> Example {
    Example {
        time: sample.time,
        event_id: sample.event_id.clone(),
        region: sample.region.clone(),
        resource: sample.resource.clone(),
    }
}
