//! What is named as deciding does decide, and nothing less does: shown by trying.

use backtrail::aws::AccountId;
use backtrail::policy::{Caller, Layer as Named, Need, Outcome, PolicyKind, Resource, Standing};
use serde_json::{Value, json};

use super::alphabet::{ACCOUNTS, keys, resources, values_of};
use super::flow::{decide, federated_by_root};
use super::generate::{Random, full, request, set};
use super::raw::{Layer, Pair, Policy, Set};
use super::rule::Rules;
use super::statement::statements;

/// One way in which something that is not known may turn out.
type Way = Box<dyn Fn(&mut Pair)>;

/// No more combinations than these are tried of one set of needs.
const TRIALS: usize = 400;

/// How many needs of one member are tried, and by it all else. `TWIN_NEEDS` sets it.
fn wanted() -> usize {
    std::env::var("TWIN_NEEDS").map_or(200, |text| text.parse().unwrap())
}

/// All ways in which a need may turn out, or enough of them.
fn ways(pair: &Pair, need: &Need) -> Vec<Way> {
    match need {
        Need::Key(key) => of_key(pair, key),
        Need::Resource => {
            // What is done to roles is done to a role.
            let of_role = pair.request.action.starts_with("sts:");
            let mut all: Vec<Way> = vec![];
            if !of_role {
                all.push(Box::new(|it| it.request.resource = Resource::Any));
            }
            for arn in resources().into_iter().filter(|arn| !of_role || arn.contains(":role/")) {
                all.push(Box::new(move |it| it.request.resource = Resource::Named(arn.clone())));
            }
            all
        }
        Need::ResourceAccount => ACCOUNTS
            .iter()
            .chain(&["999999999999"])
            .map(|id| -> Way { Box::new(|it| it.request.resource_account = AccountId::parse(id)) })
            .collect(),
        Need::Caller => of_caller(),
        Need::RcpSupport => [true, false]
            .into_iter()
            .map(|reaches| -> Way { Box::new(move |it| it.request.rcp_supported = Some(reaches)) })
            .collect(),
        Need::Missing { what, .. } if what.contains("gateway endpoint") => [true, false]
            .into_iter()
            .map(|is| -> Way { Box::new(move |it| it.set.settled.gateway = Some(is)) })
            .collect(),
        Need::Missing { what, .. } if what.contains("`NotPrincipal`") => [true, false]
            .into_iter()
            .map(|is| -> Way { Box::new(move |it| it.set.settled.account_first = Some(is)) })
            .collect(),
        Need::Missing { what, .. } if what.contains("negated ARN operator") => [true, false]
            .into_iter()
            .map(|fits| -> Way { Box::new(move |it| it.set.settled.odd_arns = Some(fits)) })
            .collect(),
        Need::Missing { layer, .. } => of_missing(pair, layer),
        Need::Refused { layer, policy, index } => of_refused(layer, policy, *index),
    }
}

fn of_key(pair: &Pair, key: &str) -> Vec<Way> {
    let mut values = values_of(key);
    // A key that negated ARN operators read has ARNs.
    let texts = || pair.set.layers().into_iter().flat_map(|layer| &layer.policies).map(Policy::text);
    if key.eq_ignore_ascii_case("aws:SourceArn") && texts().any(|text| text.contains("ArnNot")) {
        values.retain(|value| value.matches(':').count() >= 5);
    }
    let mut standings = vec![Standing::Absent];
    standings.extend(values.iter().map(|value| Standing::Values(vec![value.clone()])));
    standings.extend(values.windows(2).map(|two| Standing::Values(two.to_vec())));
    standings
        .into_iter()
        .map(|standing| -> Way {
            let key = key.to_owned();
            Box::new(move |it| it.request.context.set(&key, standing.clone()))
        })
        .collect()
}

fn of_caller() -> Vec<Way> {
    let mut all: Vec<Way> = Vec::new();
    for id in ["", "AIDA1111222233334EXA", "AROA1111222233334EXA", "AROA1111222233334EXA:s"] {
        for canonical in ["79a59df900b949e5", "0000000000000000", "stands-in-none"] {
            all.push(Box::new(move |it| {
                it.request.canonical_user.get_or_insert_with(|| canonical.to_owned());
                let (Caller::User { unique_id, .. } | Caller::RoleSession { unique_id, .. }) =
                    &mut it.request.caller
                else {
                    return;
                };
                unique_id.get_or_insert_with(|| id.to_owned());
            }));
        }
    }
    all
}

/// A policy that does so much to every request.
fn policy(kind: PolicyKind, effect: &str, action: &str, principal: Option<&Value>) -> Policy {
    let mut json = full(kind);
    json["Statement"]["Effect"] = effect.into();
    json["Statement"]["Action"] = action.into();
    if let Some(principal) = principal {
        json["Statement"]["Principal"] = principal.clone();
    }
    Policy { kind, name: "found".to_owned(), json }
}

/// The layer of these words, and the kind of its policies. A level that is missing is made.
fn layer_mut<'a>(set: &'a mut Set, words: &str) -> Option<(&'a mut Layer, PolicyKind)> {
    let is = |layer: Named<'_>| layer.to_string() == words;
    if is(Named::Identity) {
        return Some((&mut set.identity, PolicyKind::Identity));
    }
    if is(Named::Boundary) {
        return Some((set.boundary.as_mut()?, PolicyKind::Identity));
    }
    if is(Named::Session) {
        return Some((set.session.as_mut()?, PolicyKind::Identity));
    }
    if is(Named::Resource) {
        return Some((set.resource.as_mut()?, PolicyKind::Resource));
    }
    if is(Named::VpcEndpoint) {
        return Some((set.vpc_endpoint.as_mut()?, PolicyKind::VpcEndpoint));
    }
    let scp = words.starts_with(&Named::ServiceControl { target: "" }.to_string());
    let levels = if scp { set.scp.as_mut()? } else { set.rcp.as_mut()? };
    let kind = if scp { PolicyKind::ServiceControl } else { PolicyKind::ResourceControl };
    let level = if let Ok(level) = words.rsplit(' ').next()?.parse::<usize>() {
        level
    } else {
        levels.missing = None;
        levels.levels.push(Layer::default());
        levels.levels.len() - 1
    };
    Some((levels.levels.get_mut(level)?, kind))
}

fn of_missing(pair: &Pair, words: &str) -> Vec<Way> {
    let caller = &pair.request.caller;
    let account = caller.account().map(|account| account.to_string());
    // Who can be granted something by another name: that of the role, or of the user who federated.
    let behind = match caller {
        Caller::RoleSession { role_arn: Some(arn), .. }
        | Caller::FederatedUser { user_arn: Some(arn), .. } => Some(arn.clone()),
        Caller::RoleSession { role_arn: None, .. } => {
            account.as_ref().map(|account| format!("arn:aws:iam::{account}:role/r"))
        }
        _ => None,
    };
    let mut choices = vec![("Deny", "*", None), ("Allow", "*", None), ("Allow", "ec2:Other", None)];
    let names = [account, behind].into_iter().flatten();
    choices.extend(names.map(|name| ("Allow", "*", Some(json!({"AWS": name})))));
    let mut all: Vec<Way> = Vec::new();
    // There may be no boundary at all.
    if words == Named::Boundary.to_string() && pair.set.may_have_no_boundary() {
        all.push(Box::new(|it| it.set.boundary = None));
    }
    for (effect, action, principal) in choices {
        let words = words.to_owned();
        all.push(Box::new(move |it| {
            if let Some((layer, kind)) = layer_mut(&mut it.set, &words) {
                layer.missing = None;
                let principal = principal.as_ref().filter(|_| kind == PolicyKind::Resource);
                layer.policies.push(policy(kind, effect, action, principal));
            }
        }));
    }
    all
}

fn of_refused(words: &str, name: &str, index: Option<usize>) -> Vec<Way> {
    let choices = [("Deny", "*"), ("Allow", "*"), ("Allow", "ec2:Other"), ("Deny", "ec2:Other")];
    choices
        .into_iter()
        .map(|(effect, action)| -> Way {
            let (words, name) = (words.to_owned(), name.to_owned());
            Box::new(move |it| {
                let Some((layer, _)) = layer_mut(&mut it.set, &words) else { return };
                let Some(found) = layer.policies.iter_mut().find(|policy| policy.name == name) else {
                    return;
                };
                let mut other = policy(found.kind, effect, action, None);
                match index {
                    None => found.json = other.json,
                    Some(index) => {
                        let listed = &mut found.json["Statement"];
                        let old = if listed.is_array() { &mut listed[index] } else { listed };
                        // An effect that can be read is the statement's; an action that does not match it never did.
                        if let Some(effect) =
                            old.get("Effect").filter(|effect| *effect == "Allow" || *effect == "Deny")
                        {
                            other.json["Statement"]["Effect"] = effect.clone();
                        }
                        *old = other.json["Statement"].take();
                    }
                }
            })
        })
        .collect()
}

/// The pair with each of the needs turned out in some way: all combinations, or some if these are too many.
fn turned_out(pair: &Pair, needs: &[Need], random: &mut Random) -> Vec<Pair> {
    let ways: Vec<Vec<Way>> = needs.iter().map(|need| ways(pair, need)).collect();
    let count: usize = ways.iter().map(Vec::len).product();
    let applied = |choose: &mut dyn FnMut(usize) -> usize| {
        let mut changed = pair.clone();
        for ways in &ways {
            ways[choose(ways.len())](&mut changed);
        }
        changed
    };
    if count > TRIALS {
        return (0..TRIALS).map(|_| applied(&mut |end| random.below(end))).collect();
    }
    (0..count)
        .map(|number| {
            let mut rest = number;
            applied(&mut |end| {
                let choice = rest % end;
                rest /= end;
                choice
            })
        })
        .collect()
}

#[test]
fn what_is_named_decides_and_nothing_less_does() {
    let mut random = Random::new(3);
    let (mut single, mut several) = (0, 0);
    // Whether it is a gateway endpoint, whether the service checks the account first, whether there is a boundary.
    let mut rare = [0, 0, 0];
    while single < wanted() || several < wanted() / 3 || rare.contains(&0) {
        let pair = Pair { set: set(&mut random), request: request(&mut random) };
        if pair.request.caller.account().is_some() && matches!(pair.request.caller, Caller::Account { .. }) {
            continue;
        }
        // Only sessions have session policies.
        if matches!(pair.request.caller, Caller::User { .. }) && pair.set.session.is_some() {
            continue;
        }
        // Only users and roles have boundaries.
        let has_boundary = matches!(
            pair.request.caller,
            Caller::User { .. } | Caller::RoleSession { .. } | Caller::FederatedUser { .. }
        ) && !federated_by_root(&pair.request.caller);
        if !has_boundary && pair.set.boundary.is_some() {
            continue;
        }
        if decide(&pair, Rules::default()).outcome != Outcome::Undetermined {
            continue;
        }
        let (needs, outcome) =
            pair.evaluated(|set, request, decision| (set.deciding(request), decision.outcome));
        if outcome != Outcome::Undetermined {
            continue;
        }
        let undetermined = |pair: &Pair| decide(pair, Rules::default()).outcome == Outcome::Undetermined;
        assert!(!needs.members.is_empty(), "nothing is named\n{pair}");
        for need in &needs.members {
            let Need::Missing { layer, what } = need else { continue };
            rare[0] += usize::from(what.contains("gateway endpoint"));
            rare[1] += usize::from(what.contains("`NotPrincipal`"));
            rare[2] += usize::from(*layer == Named::Boundary.to_string() && pair.set.may_have_no_boundary());
        }
        for turned_out in turned_out(&pair, &needs.members, &mut random) {
            assert!(
                !undetermined(&turned_out),
                "{:?} does not decide\n{pair}\nas in\n{turned_out}",
                needs.members
            );
        }
        if needs.members.len() == 1 {
            single += 1;
            continue;
        }
        several += 1;
        for left_out in needs.members.iter().filter(|_| needs.smallest) {
            let fewer: Vec<Need> = needs.members.iter().filter(|need| *need != left_out).cloned().collect();
            let open = turned_out(&pair, &fewer, &mut random).iter().any(undetermined);
            assert!(open, "{fewer:?} decides, but {:?} is named\n{pair}", needs.members);
        }
    }
}

/// All that is not known of a pair.
fn unknown(pair: &Pair) -> Vec<Need> {
    let mut all: Vec<Need> = keys()
        .into_iter()
        .filter(|key| pair.request.context.standing(key) == Standing::Unknown)
        .map(|key| Need::Key(key.to_owned()))
        .collect();
    all.extend(pair.request.resource_account.is_none().then_some(Need::ResourceAccount));
    all.extend(pair.request.rcp_supported.is_none().then_some(Need::RcpSupport));
    all.extend((pair.request.resource == Resource::Unknown).then_some(Need::Resource));
    all.push(Need::Caller);
    let set = &pair.set;
    let mut look = |named: Named<'_>, layer: &Layer| {
        let words = named.to_string();
        if let Some(what) = &layer.missing {
            all.push(Need::Missing { layer: words.clone(), what: what.clone() });
        }
        for policy in &layer.policies {
            // A refused allow never grants, and one that is not about the action never hits.
            let grants = matches!(named, Named::Identity | Named::Resource);
            let open = statements(policy).into_iter().filter(|statement| {
                !statement.valid
                    && statement.action_fits(&pair.request.action, Rules::default())
                    && (!grants || statement.effect() == Some("Deny"))
            });
            for statement in open {
                all.push(Need::Refused {
                    layer: words.clone(),
                    policy: policy.name.clone(),
                    index: statement.index,
                });
            }
        }
    };
    look(Named::Identity, &set.identity);
    set.boundary.iter().for_each(|layer| look(Named::Boundary, layer));
    set.session.iter().for_each(|layer| look(Named::Session, layer));
    set.resource.iter().for_each(|layer| look(Named::Resource, layer));
    set.vpc_endpoint.iter().for_each(|layer| look(Named::VpcEndpoint, layer));
    if let Some(levels) = &set.scp {
        let missing = Layer { policies: Vec::new(), missing: levels.missing.clone() };
        look(Named::ServiceControl { target: "" }, &missing);
        for (at, level) in levels.levels.iter().enumerate() {
            look(Named::ServiceControl { target: &at.to_string() }, level);
        }
    }
    if let Some(levels) = &set.rcp {
        let missing = Layer { policies: Vec::new(), missing: levels.missing.clone() };
        look(Named::ResourceControl { target: "" }, &missing);
        for (at, level) in levels.levels.iter().enumerate() {
            look(Named::ResourceControl { target: &at.to_string() }, level);
        }
    }
    all
}

#[test]
fn what_is_determined_holds_however_the_unknown_turns_out() {
    let mut random = Random::new(6);
    let mut tried = 0;
    while tried < wanted() * 8 {
        let pair = Pair { set: set(&mut random), request: request(&mut random) };
        if matches!(pair.request.caller, Caller::Account { .. }) {
            continue;
        }
        let outcome = pair.evaluated(|_, _, decision| decision.outcome);
        let unknown = unknown(&pair);
        if outcome == Outcome::Undetermined || unknown.len() < 2 {
            continue;
        }
        tried += 1;
        for _ in 0..10 {
            let mut known = pair.clone();
            // Statements are replaced before policies are added, so that the indices stay.
            for need in unknown.iter().rev() {
                random.one(&ways(&pair, need).iter().collect::<Vec<_>>())(&mut known);
            }
            let decided = known.evaluated(|_, _, decision| decision.outcome);
            let holds = match outcome {
                Outcome::ImplicitlyDenied => {
                    matches!(decided, Outcome::ImplicitlyDenied | Outcome::ExplicitlyDenied)
                }
                outcome => decided == outcome,
            };
            assert!(holds, "{outcome} but then {decided}\n{pair}\nas in\n{known}");
        }
    }
}
