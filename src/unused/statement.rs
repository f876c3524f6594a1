//! Statements that decided nothing, and their resources, conditions and values that matched nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::StatementUse;
use super::detail::Hit;
use super::finding::{Detail, Finding, Kind};
use super::finish::Whole;
use super::granted::{applies, covers};
use super::index::INDEX;
use super::risk::Risk;
use super::sight::Unseen;
use super::subject::Apart;
use super::track::{Part, Tracked, What};
use crate::aws::Arn;
use crate::policy::{Document, Effect, Statement};
use crate::snapshot::{Account, Principal};

/// The statements of a principal.
pub(crate) fn of(whole: &Whole<'_>, place: usize) -> Vec<StatementUse> {
    let Some(tracked) = whole.plan.tracked.get(place) else { return Vec::new() };
    let mut all = Vec::new();
    for (slot, part) in tracked.parts.iter().enumerate().filter(|(_, part)| part.what == What::Whole) {
        let Some((policy, statement)) = tracked.statement(*part) else { continue };
        let hit = whole.tallies.hits.get(&(place, slot)).copied().unwrap_or_default();
        all.push(StatementUse {
            policy: policy.name.clone(),
            sid: statement.sid.clone(),
            index: statement.index,
            effect: if statement.effect == Effect::Allow { "Allow" } else { "Deny" },
            matched: hit.matched.events,
            may: hit.may,
            last: hit.matched.last,
            unseen: (hit.matched.events == 0).then(|| unseen(whole, place, statement, None)).flatten(),
        });
    }
    all
}

/// Why the use of a statement, or of one of its resources, could not have been seen, of one action at least that it grants.
fn unseen(whole: &Whole<'_>, place: usize, statement: &Statement, resource: Option<&str>) -> Option<Unseen> {
    let own = whole.principals.get(place)?;
    let reasons = INDEX.iter().filter_map(|(number, known)| {
        let is_meant = own.granted.actions.has(number)
            && covers(&statement.actions, known.action)
            && resource.is_none_or(|pattern| applies(pattern, known.action));
        if !is_meant {
            return None;
        }
        let uses = own.uses.get(&number);
        if uses.is_some_and(|uses| uses.perhaps.events > 0) {
            return Some(Unseen::Perhaps);
        }
        own.unseen(number)
    });
    reasons.min()
}

/// A policy, and whose it is.
struct Owned<'a> {
    document: &'a Arc<Document>,
    account: String,
    subject: String,
    name: String,
}

/// The customers' own identity policies, in order.
fn owned<'a>(whole: &'a Whole<'_>) -> Vec<Owned<'a>> {
    let snapshot = &whole.plan.snapshot;
    let mut all = Vec::new();
    for (account, details) in &snapshot.accounts {
        let account = account.to_string();
        let principals = details.users.values().chain(details.roles.values());
        let of_principals = principals.map(|own| (&own.arn, &own.inline));
        let of_groups = details.groups.values().map(|own| (&own.arn, &own.inline));
        for (arn, inline) in of_principals.chain(of_groups) {
            all.extend(inline.iter().map(|document| {
                Owned {
                    document,
                    account: account.clone(),
                    subject: arn.clone(),
                    // `deploy (inline, role ci)` is the inline policy `deploy`.
                    name: document
                        .name
                        .rsplit_once(" (inline, ")
                        .map_or(&*document.name, |(name, _)| name)
                        .to_owned(),
                }
            }));
        }
    }
    for (arn, managed) in &snapshot.managed {
        let account = Arn::parse(arn).and_then(Arn::account_id);
        if let (Some(account), Some(document)) = (account, &managed.document) {
            let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
            all.push(Owned { document, account: account.to_string(), subject: arn.clone(), name });
        }
    }
    all
}

/// What all principals that have a policy come to.
struct Bearers {
    places: Vec<usize>,
    hits: BTreeMap<(usize, What), Hit>,
}

fn bearers(whole: &Whole<'_>, document: &Arc<Document>) -> Bearers {
    let mut bearers = Bearers { places: Vec::new(), hits: BTreeMap::new() };
    for (place, tracked) in whole.plan.tracked.iter().enumerate() {
        let Some(policy) = tracked.policies.iter().position(|own| Arc::ptr_eq(own, document)) else {
            continue;
        };
        let apart = whole.principals.get(place).and_then(|own| own.apart);
        if apart == Some(Apart::ServiceLinked) {
            continue;
        }
        bearers.places.push(place);
        for (slot, part) in parts(tracked, policy) {
            let hit = whole.tallies.hits.get(&(place, slot)).copied().unwrap_or_default();
            let own = bearers.hits.entry((part.statement, part.what)).or_default();
            own.matched.take(hit.matched);
            own.may += hit.may;
        }
    }
    bearers
}

/// How many principals of the snapshot have a policy, but for service-linked roles.
fn bearers_of(whole: &Whole<'_>, document: &Arc<Document>) -> usize {
    let snapshot = &whole.plan.snapshot;
    let is_it = |own: &Arc<Document>| Arc::ptr_eq(own, document);
    let is_attached =
        |arn: &String| snapshot.managed.get(arn).and_then(|own| own.document.as_ref()).is_some_and(is_it);
    let has = |details: &Account, own: &Principal| {
        let mut groups = own.groups.iter().filter_map(|name| details.groups.get(name));
        let holds = |inline: &[Arc<Document>], attached: &[String]| {
            inline.iter().any(is_it) || attached.iter().any(is_attached)
        };
        holds(&own.inline, &own.attached) || groups.any(|group| holds(&group.inline, &group.attached))
    };
    let of_account = |details: &Account| {
        let all = details.users.values().chain(details.roles.values());
        all.filter(|own| !own.arn.contains(":role/aws-service-role/") && has(details, own)).count()
    };
    snapshot.accounts.values().map(of_account).sum()
}

fn parts(tracked: &Tracked, policy: usize) -> impl Iterator<Item = (usize, &Part)> {
    tracked.parts.iter().enumerate().filter(move |(_, part)| part.policy == policy)
}

/// What of the customers' statements nothing that happened needed. Policies of AWS's own nobody here can change; a deny that
/// never denied is a guard, not a permission.
pub(crate) fn findings(whole: &Whole<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for owned in owned(whole) {
        let bearers = bearers(whole, owned.document);
        // What others need that are not looked at nobody knows here.
        if bearers.places.len() < bearers_of(whole, owned.document) {
            continue;
        }
        // Of who did nothing at all that is said.
        if bearers.places.iter().all(|place| whole.is_idle(*place)) {
            continue;
        }
        for (at, statement) in owned.document.statements.iter().enumerate() {
            if statement.effect == Effect::Allow {
                of_statement(whole, &owned, &bearers, (at, statement), &mut found);
            }
        }
    }
    found
}

fn of_statement(
    whole: &Whole<'_>,
    owned: &Owned<'_>,
    bearers: &Bearers,
    (at, statement): (usize, &Statement),
    found: &mut Vec<Finding>,
) {
    let hit = |what| bearers.hits.get(&(at, what)).copied().unwrap_or_default();
    let is_quiet = |hit: Hit| hit.matched.events == 0 && hit.may == 0;
    let risk = risk(whole, bearers, statement);
    let finding = |kind, cells: &[(&'static str, &str)]| {
        let mut detail = Detail::from([("policy", owned.name.clone())]);
        match &statement.sid {
            Some(sid) => detail.insert("sid", sid.clone()),
            None => detail.insert("statement", statement.index.to_string()),
        };
        detail.extend(cells.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let mut finding = Finding::new(kind, &owned.account, &owned.subject, detail, risk);
        let young = |place: &usize| whole.principals.get(*place).is_some_and(|own| own.young);
        finding.young = bearers.places.iter().all(young);
        finding
    };
    let is_seen = |resource: Option<&str>| {
        bearers.places.iter().all(|place| unseen(whole, *place, statement, resource).is_none())
    };
    let decided = !is_quiet(hit(What::Whole));
    if !decided && is_seen(None) {
        found.push(finding(Kind::StatementNeverDecided, &[]));
    }
    let patterns = statement.resources.iter().flat_map(|own| &own.patterns).enumerate();
    for (place, pattern) in patterns {
        if decided
            && bearers.hits.contains_key(&(at, What::Resource(place)))
            && is_quiet(hit(What::Resource(place)))
            && is_seen(Some(pattern))
        {
            found.push(finding(Kind::ResourceNeverMatched, &[("resource", pattern)]));
        }
    }
    for (place, condition) in statement.conditions.iter().enumerate() {
        let cells = |value| {
            [("operator", condition.operator.name()), ("key", condition.key.as_str()), ("value", value)]
        };
        if decided {
            for (value_at, value) in condition.values.iter().enumerate() {
                let what = What::Value(place, value_at);
                if bearers.hits.contains_key(&(at, what)) && is_quiet(hit(what)) && is_seen(None) {
                    found.push(finding(Kind::ConditionNeverMatched, &cells(value)));
                }
            }
        } else if hit(What::Unconditional).matched.events > 0 && is_quiet(hit(What::Condition(place))) {
            // Everything but the condition fitted what happened.
            found.push(finding(Kind::ConditionNeverMatched, &cells(&condition.values.join(", "))));
        }
    }
}

/// The worst that a statement allows to who has it.
fn risk(whole: &Whole<'_>, bearers: &Bearers, statement: &Statement) -> Risk {
    let granted: Vec<_> = bearers
        .places
        .iter()
        .filter_map(|place| whole.principals.get(*place))
        .map(|own| &own.granted)
        .collect();
    let worst = INDEX.iter().filter(|(number, known)| {
        covers(&statement.actions, known.action) && granted.iter().any(|own| own.actions.has(*number))
    });
    worst.map(|(_, known)| known.risk).min().unwrap_or(Risk::Other)
}
