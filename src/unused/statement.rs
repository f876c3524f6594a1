//! Statements that decided nothing, and their resources, conditions and values that matched nothing.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::answer::StatementUse;
use super::detail::Hit;
use super::fate::{Fate, Found, Gap, How};
use super::finding::{Detail, Finding, Kind};
use super::finish::Whole;
use super::granted::{applies, covers};
use super::index::{ActionNumber, INDEX};
use super::region::{are_same, regions};
use super::risk::Risk;
use super::sight::Unseen;
use super::subject::Apart;
use super::track::{Part, Tracked, What};
use crate::aws::Arn;
use crate::policy::{Document, Effect, Statement};
use crate::snapshot::{Account, Principal};

/// Which actions statements are about, as they stand: asked for every principal that has them.
#[derive(Debug, Default)]
pub(crate) struct Covering(RefCell<HashMap<*const Statement, Rc<[ActionNumber]>>>);

impl Covering {
    fn of(&self, statement: &Statement) -> Rc<[ActionNumber]> {
        let mut known = self.0.borrow_mut();
        let actions = known.entry(std::ptr::from_ref(statement)).or_insert_with(|| {
            let covered = INDEX.iter().filter(|(_, known)| covers(&statement.actions, known.action));
            covered.map(|(number, _)| number).collect()
        });
        Rc::clone(actions)
    }
}

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
    let are_same = are_same(statement, resource);
    let mut of_first = None;
    let covered = whole.covering.of(statement);
    let reasons = covered.iter().filter_map(|number| {
        let (number, known) = (*number, INDEX.get(*number)?);
        let is_meant =
            own.granted.actions.has(number) && resource.is_none_or(|pattern| applies(pattern, known.action));
        if !is_meant {
            return None;
        }
        let uses = own.uses.get(&number);
        if uses.is_some_and(|uses| uses.perhaps.events > 0) {
            return Some(Unseen::Perhaps);
        }
        let granted_in = || regions(statement, known.action, resource);
        if are_same {
            return own.unseen_in(number, of_first.get_or_insert_with(granted_in).as_ref());
        }
        own.unseen_in(number, granted_in().as_ref())
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
pub(crate) fn findings(whole: &Whole<'_>, found: &mut Found) {
    for owned in owned(whole) {
        let bearers = bearers(whole, owned.document);
        if let Some(fate) = of_policy(whole, &owned, &bearers) {
            found.settle_policy(&owned.subject, &owned.name, fate);
            continue;
        }
        for (at, statement) in owned.document.statements.iter().enumerate() {
            if statement.effect == Effect::Allow {
                of_statement(whole, &owned, &bearers, (at, statement), found);
            }
        }
    }
}

/// Why nothing is said of the statements of a policy; None where something is.
fn of_policy(whole: &Whole<'_>, owned: &Owned<'_>, bearers: &Bearers) -> Option<Fate> {
    let all = bearers_of(whole, owned.document);
    // What others need that are not looked at nobody knows here.
    if bearers.places.len() < all {
        return Some(Fate::gap(Gap::NotLookedAt));
    }
    if all == 0 {
        return Some(Fate::Resolved(How::Removed));
    }
    // Of who did nothing at all that is said.
    let idle = bearers.places.iter().filter(|place| whole.is_idle(**place));
    if idle.count() < all {
        return None;
    }
    let own = bearers.places.iter().filter_map(|place| whole.principals.get(*place));
    let mut blind = own.filter(|own| !whole.is_covered(own));
    Some(blind.next().map_or(Fate::gap(Gap::WithinAnother), |own| Fate::unseen(whole.blindness(own))))
}

fn of_statement(
    whole: &Whole<'_>,
    owned: &Owned<'_>,
    bearers: &Bearers,
    (at, statement): (usize, &Statement),
    found: &mut Found,
) {
    let hit = |what| bearers.hits.get(&(at, what)).copied().unwrap_or_default();
    let is_quiet = |hit: Hit| hit.matched.events == 0 && hit.may == 0;
    let risk = risk(whole, bearers, statement);
    let young = |place: &usize| whole.principals.get(*place).is_some_and(|own| own.young);
    let detail = |cells: &[(&'static str, &str)]| {
        let mut detail = Detail::from([("policy", owned.name.clone())]);
        match &statement.sid {
            Some(sid) => detail.insert("sid", sid.clone()),
            None => detail.insert("statement", statement.index.to_string()),
        };
        detail.extend(cells.iter().map(|(name, value)| (*name, (*value).to_owned())));
        detail
    };
    let mut take = |kind, cells: &[(&'static str, &str)], fate: Option<Fate>| {
        if let Some(fate) = fate {
            return found.settle(kind, (&owned.account, &owned.subject), detail(cells), fate);
        }
        let mut finding = Finding::new(kind, &owned.account, &owned.subject, detail(cells), risk);
        finding.young = bearers.places.iter().all(young);
        found.push(finding);
    };
    let unseen = |resource: Option<&str>| {
        let all = bearers.places.iter();
        all.filter_map(|place| unseen(whole, *place, statement, resource)).min().map(Fate::unseen)
    };
    let whole_unseen = OnceCell::new();
    let whole_unseen = || *whole_unseen.get_or_init(|| unseen(None));
    // What is quiet is a finding where its use would have been seen.
    let of = |hit: Hit, unseen: &dyn Fn() -> Option<Fate>| {
        if hit.matched.events > 0 {
            Some(Fate::Resolved(How::Used))
        } else if hit.may > 0 {
            Some(Fate::gap(Gap::Perhaps))
        } else {
            unseen()
        }
    };
    let decided = !is_quiet(hit(What::Whole));
    take(Kind::StatementNeverDecided, &[], of(hit(What::Whole), &whole_unseen));
    let within = || Some(whole_unseen().unwrap_or(Fate::gap(Gap::WithinAnother)));
    let of_part = |what, resource: Option<&str>| {
        if !decided {
            within()
        } else if bearers.hits.contains_key(&(at, what)) {
            of(hit(what), &|| resource.map_or_else(whole_unseen, |own| unseen(Some(own))))
        } else {
            of(hit(What::Whole), &within)
        }
    };
    for (place, pattern) in statement.resources.iter().flat_map(|own| &own.patterns).enumerate() {
        let fate = of_part(What::Resource(place), Some(pattern));
        take(Kind::ResourceNeverMatched, &[("resource", pattern)], fate);
    }
    for (place, condition) in statement.conditions.iter().enumerate() {
        let cells = |value| {
            [("operator", condition.operator.name()), ("key", condition.key.as_str()), ("value", value)]
        };
        let all = condition.values.join(", ");
        // Everything but the condition fitted what happened.
        let is_in_the_way =
            !decided && hit(What::Unconditional).matched.events > 0 && is_quiet(hit(What::Condition(place)));
        if is_in_the_way {
            take(Kind::ConditionNeverMatched, &cells(&all), None);
        }
        for (value_at, value) in condition.values.iter().enumerate() {
            if is_in_the_way && *value == all {
                continue;
            }
            let fate = of_part(What::Value(place, value_at), None);
            take(Kind::ConditionNeverMatched, &cells(value), fate);
        }
        if condition.values.len() > 1 && !is_in_the_way {
            let fate = of(hit(What::Condition(place)), &within);
            take(Kind::ConditionNeverMatched, &cells(&all), fate);
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
    let covered = whole.covering.of(statement);
    let worst = covered.iter().filter(|number| granted.iter().any(|own| own.actions.has(**number)));
    worst.filter_map(|number| INDEX.get(*number)).map(|known| known.risk).min().unwrap_or(Risk::Other)
}
