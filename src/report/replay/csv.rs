//! The answer as rows: one for each group of events, and what the proposal changes.

use chrono::SecondsFormat;

use super::Show;
use super::words::{decided_words, how_word, needs_words};
use crate::aws::Time;
use crate::replay::answer::{
    Change, ChangeGroup, Decided, Disagreement, Example, Group, Limit, Replay, Seen, StatementHits, Verdict,
};
use crate::report::Style;
use crate::report::csv::row;

const HEADER: [&str; 28] = [
    "row",
    "verdict",
    "change",
    "then",
    "principal",
    "action",
    "derived",
    "decided_by",
    "how",
    "layer",
    "policy",
    "sid",
    "statement",
    "today_decided_by",
    "needs",
    "keys",
    "events",
    "propagation",
    "matched",
    "may_match",
    "first",
    "last",
    "regions",
    "resources",
    "resource",
    "aws",
    "text",
    "event_ids",
];

/// Cells by their column's name; those not set are empty.
#[derive(Default)]
struct Cells {
    row: &'static str,
    verdict: Option<&'static str>,
    change: Option<&'static str>,
    then: Option<&'static str>,
    principal: Option<String>,
    action: Option<String>,
    derived: Option<bool>,
    decided_by: Option<String>,
    how: Option<String>,
    layer: Option<String>,
    policy: Option<String>,
    sid: Option<String>,
    statement: Option<usize>,
    today_decided_by: Option<String>,
    needs: Option<String>,
    keys: Option<String>,
    events: Option<u64>,
    propagation: Option<u64>,
    matched: Option<u64>,
    may_match: Option<u64>,
    first: Option<Time>,
    last: Option<Time>,
    regions: Option<String>,
    resources: Option<u64>,
    resource: Option<String>,
    aws: Option<String>,
    text: Option<String>,
    event_ids: Option<String>,
}

/// Rows of CSV with a heading, each with its line end: without `show` a row for each group of events and, with a proposal,
/// for each group that it changes. Lists in one cell are parted by blanks or `; `.
#[must_use]
pub fn csv(replay: &Replay, show: Option<Show>) -> String {
    let mut out = row(HEADER.map(Some));
    let groups = replay.groups.iter().filter(|group| show.is_none_or(|show| show == Show::of(group.verdict)));
    let changes = replay.proposal.iter().flat_map(|own| &own.groups);
    let changes = changes.filter(|group| show.is_none_or(|show| show == part(group.change)));
    let when = |wanted: Show| show == Some(wanted);
    let statements = replay.statements.iter().filter(|_| when(Show::Statements));
    let disagreements = replay.disagreements.iter().filter(|_| when(Show::Disagreements));
    let limits = replay.limits.iter().filter(|_| when(Show::Limits));
    let rows = groups
        .map(Cells::of_group)
        .chain(changes.map(Cells::of_change))
        .chain(statements.map(Cells::of_statement))
        .chain(disagreements.map(Cells::of_disagreement))
        .chain(limits.map(Cells::of_limit));
    rows.for_each(|cells| out.push_str(&cells.line()));
    out
}

fn part(change: Change) -> Show {
    match change {
        Change::Broken | Change::MayBreak => Show::Broken,
        Change::Opened | Change::MayOpen => Show::Opened,
    }
}

/// CSV cuts nothing.
const WHOLE: Style = Style { unicode: true, wide: true, width: usize::MAX };

/// Words, or nothing where there are none.
fn some(words: String) -> Option<String> {
    Some(words).filter(|words| !words.is_empty())
}

fn ids(examples: &[Example]) -> Option<String> {
    let ids: Vec<&str> = examples.iter().filter_map(|one| one.event_id.as_deref()).collect();
    some(ids.join(" "))
}

impl Cells {
    fn of_group(group: &Group) -> Self {
        Self {
            row: "group",
            verdict: Some(group.verdict.word()),
            // Whether AWS refused what is no request is no question.
            then: (group.verdict != Verdict::NotARequest).then(|| group.then.word()),
            principal: group.principal.clone(),
            action: Some(group.action.clone()),
            derived: Some(group.derived),
            needs: some(needs_words(&group.needs, WHOLE)),
            propagation: Some(group.propagation),
            resources: Some(group.resources),
            ..Self::default()
        }
        .decided(&group.decided)
        .seen(&group.seen, &group.examples)
    }

    fn of_change(group: &ChangeGroup) -> Self {
        Self {
            row: "change",
            change: Some(group.change.word()),
            principal: group.principal.clone(),
            action: Some(group.action.clone()),
            derived: Some(group.derived),
            today_decided_by: some(decided_words(&group.today, WHOLE)),
            needs: some(needs_words(&group.needs, WHOLE)),
            keys: some(group.keys.join(" ")),
            regions: some(group.regions.join(" ")),
            resources: Some(group.resources),
            ..Self::default()
        }
        .decided(&group.decided)
        .seen(&group.seen, &group.examples)
    }

    fn of_statement(own: &StatementHits) -> Self {
        Self {
            row: "statement",
            how: Some(own.effect.to_lowercase()),
            layer: Some(own.layer.clone()),
            policy: Some(own.policy.clone()),
            sid: own.sid.clone(),
            statement: Some(own.index),
            events: Some(own.decided),
            matched: Some(own.matched),
            may_match: Some(own.may),
            last: own.last,
            ..Self::default()
        }
    }

    fn of_disagreement(one: &Disagreement) -> Self {
        Self {
            row: "disagreement",
            principal: one.principal.clone(),
            action: Some(one.action.clone()),
            decided_by: Some(one.ours.clone()),
            events: Some(one.events),
            first: Some(one.example.time),
            regions: one.example.region.clone(),
            resource: Some(one.example.resource.clone()),
            aws: Some(one.aws.clone()),
            text: one.remark.clone(),
            event_ids: one.example.event_id.clone(),
            ..Self::default()
        }
    }

    fn of_limit(limit: &Limit) -> Self {
        Self { row: "limit", events: limit.events, text: Some(limit.what.clone()), ..Self::default() }
    }

    /// What decided: all of it in words, and the first of it in cells of its own.
    fn decided(self, decided: &[Decided]) -> Self {
        let Some(first) = decided.first() else { return self };
        Self {
            decided_by: some(decided_words(decided, WHOLE)),
            how: Some(how_word(first.how).to_owned()),
            layer: first.layer.clone(),
            policy: first.policy.clone(),
            sid: first.sid.clone(),
            statement: first.index,
            ..self
        }
    }

    fn seen(self, seen: &Seen, examples: &[Example]) -> Self {
        Self {
            events: Some(seen.events),
            first: Some(seen.first),
            last: Some(seen.last),
            resource: examples.first().map(|one| one.resource.clone()),
            event_ids: ids(examples),
            ..self
        }
    }

    fn line(self) -> String {
        let time = |time: Option<Time>| time.map(|time| time.0.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let word = |word: Option<&'static str>| word.map(str::to_owned);
        let cells: [Option<String>; HEADER.len()] = [
            Some(self.row.to_owned()),
            word(self.verdict),
            word(self.change),
            word(self.then),
            self.principal,
            self.action,
            self.derived.map(|derived| derived.to_string()),
            self.decided_by,
            self.how,
            self.layer,
            self.policy,
            self.sid,
            self.statement.map(|index| index.to_string()),
            self.today_decided_by,
            self.needs,
            self.keys,
            number(self.events),
            number(self.propagation),
            number(self.matched),
            number(self.may_match),
            time(self.first),
            time(self.last),
            self.regions,
            number(self.resources),
            self.resource,
            self.aws,
            self.text,
            self.event_ids,
        ];
        row(cells.iter().map(Option::as_deref))
    }
}
