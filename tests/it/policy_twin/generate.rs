//! Pairs of policy sets and requests, out of an alphabet so small that everything meets often.

use backtrail::aws::AccountId;
use backtrail::policy::{Context, PolicyKind, Request, Resource, Rest, Standing};
use serde_json::{Map, Value, json};

use super::alphabet::{
    ACCOUNTS, ACTION_PATTERNS, ACTIONS, CANONICALS, FAMILIES, PRINCIPALS, PROVIDERS, RELATIVE_PATTERNS,
    RESOURCE_PATTERNS, RESOURCES, SERVICES, TOGETHER, caller_elsewhere, callers,
};
use super::raw::{Layer, Levels, Policy, Set, Settled};
use super::spoil::spoil;

/// Numbers that look random, the same for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of the items.
    pub(crate) fn one<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// A few of the items, at least one; as a JSON policy writes them, alone or in a list.
    fn some<T: Clone + Into<Value>>(&mut self, items: &[T]) -> Value {
        let count = self.one(&[1, 1, 1, 2, 2, 3]);
        let mut listed: Vec<Value> = (0..count).map(|_| self.one(items).into()).collect();
        if count == 1 && self.percent(60) { listed.remove(0) } else { Value::Array(listed) }
    }
}

/// A request.
pub(crate) fn request(random: &mut Random) -> Request {
    let action = random.one(&ACTIONS);
    let of_service = |random: &mut Random, service: &str| {
        let fitting: Vec<&str> = RESOURCES.iter().copied().filter(|arn| arn.contains(service)).collect();
        if random.percent(85) { random.one(&fitting) } else { random.one(&RESOURCES) }
    };
    let resource = match action.split(':').next() {
        Some("sts") => of_service(random, ":iam:"),
        Some("kms") => of_service(random, ":kms:"),
        Some("execute-api") => of_service(random, ":execute-api:"),
        _ => of_service(random, ":s3:"),
    };
    let lists = action == "s3:ListAllMyBuckets";
    let resource = match random.below(20) {
        2..8 if lists => Resource::Any,
        8..12 if lists => Resource::Named("*".to_owned()),
        0 => Resource::Any,
        1 => Resource::Unknown,
        _ => Resource::Named(resource.to_owned()),
    };
    let account = |random: &mut Random| {
        AccountId::parse(random.one(&[ACCOUNTS[0], ACCOUNTS[0], ACCOUNTS[0], ACCOUNTS[1], ACCOUNTS[2]]))
    };
    Request {
        caller: if lists && random.percent(30) { caller_elsewhere() } else { random.one(&callers()) },
        action: action.to_owned(),
        resource,
        resource_account: if random.percent(95) { account(random) } else { None },
        management_account: AccountId::parse(ACCOUNTS[2]).filter(|_| random.percent(70)),
        canonical_user: random.one(&[
            Some(CANONICALS[0].to_owned()),
            Some(CANONICALS[1].to_owned()),
            Some(String::new()),
            None,
        ]),
        rcp_supported: random.one(&[Some(true), Some(true), Some(true), Some(true), Some(false), None]),
        context: context(random),
    }
}

fn context(random: &mut Random) -> Context {
    let rest = if random.percent(85) { Rest::Absent } else { Rest::Unknown };
    let mut context = Context::new(rest);
    for (names, values, ..) in FAMILIES {
        for name in names {
            let several = *name == "aws:TagKeys" || random.percent(4);
            let standing = match random.below(10) {
                0..5 if several => {
                    let count = random.below(4);
                    Standing::Values((0..count).map(|_| random.one(values).to_owned()).collect())
                }
                0..5 => Standing::Values(vec![random.one(values).to_owned()]),
                5 | 6 => Standing::Absent,
                7 => Standing::Unknown,
                _ => continue,
            };
            context.set(name, standing);
        }
    }
    if random.percent(5) {
        context.set_family("aws:PrincipalTag/", random.one(&[Rest::Absent, Rest::Unknown]));
    }
    context
}

/// A policy set.
pub(crate) fn set(random: &mut Random) -> Set {
    let maybe = |random: &mut Random, share: usize, kind: PolicyKind| {
        random.percent(share).then(|| layer(random, kind))
    };
    let identity = layer(random, PolicyKind::Identity);
    let mut boundary = maybe(random, 25, PolicyKind::Identity);
    if random.percent(4) {
        boundary = Some(Layer { policies: Vec::new(), missing: Some("what bounds it".to_owned()) });
    }
    let session = maybe(random, 25, PolicyKind::Identity);
    let scp = random.percent(30).then(|| levels(random, PolicyKind::ServiceControl));
    let rcp = random.percent(25).then(|| levels(random, PolicyKind::ResourceControl));
    let of_resource = random.one(&[PolicyKind::Resource, PolicyKind::Resource, PolicyKind::Trust]);
    let resource = maybe(random, 70, of_resource);
    let vpc_endpoint = maybe(random, 15, PolicyKind::VpcEndpoint);
    Set { identity, boundary, session, scp, rcp, resource, vpc_endpoint, settled: Settled::default() }
}

fn levels(random: &mut Random, kind: PolicyKind) -> Levels {
    let count = random.one(&[0, 1, 1, 2, 2, 3]);
    let levels = (0..count).map(|_| layer(random, kind)).collect();
    Levels { levels, missing: random.percent(3).then(|| "more levels".to_owned()) }
}

fn layer(random: &mut Random, kind: PolicyKind) -> Layer {
    let count = random.one(&[0, 1, 1, 1, 1, 1, 2]);
    let mut policies: Vec<Policy> = (0..count).map(|at| policy(random, kind, at)).collect();
    let share = if kind == PolicyKind::Identity { 35 } else { 50 };
    if !matches!(kind, PolicyKind::Resource | PolicyKind::Trust) && random.percent(share) {
        policies.push(Policy { kind, name: "full".to_owned(), json: full(kind) });
    }
    Layer { policies, missing: random.percent(3).then(|| "some policies".to_owned()) }
}

/// A policy that allows all.
pub(crate) fn full(kind: PolicyKind) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": "*"});
    if kind != PolicyKind::Trust {
        statement["Resource"] = "*".into();
    }
    if kind.has_principals() {
        statement["Principal"] = "*".into();
    }
    json!({"Version": "2012-10-17", "Statement": statement})
}

fn policy(random: &mut Random, kind: PolicyKind, at: usize) -> Policy {
    let name = format!("p{at}");
    if random.percent(1) {
        return Policy { kind, name, json: Value::String("{\"Version\": ".to_owned()) };
    }
    let count = random.one(&[1, 1, 2, 2, 3]);
    let mut statements: Vec<Value> = (0..count).map(|_| statement(random, kind)).collect();
    let listed =
        if count == 1 && random.percent(50) { statements.remove(0) } else { Value::Array(statements) };
    let mut document = json!({"Statement": listed});
    match random.below(10) {
        0 => document["Version"] = "2008-10-17".into(),
        1 => {}
        _ => document["Version"] = "2012-10-17".into(),
    }
    match random.below(300) {
        0 => document["Version"] = "2012-10-18".into(),
        1 => document["Other"] = "a".into(),
        2 => document["Statement"] = json!([]),
        3 => document["Statement"] = json!("a"),
        4 => document["Statement"] = json!(["a"]),
        5 => document["Id"] = "a".into(),
        6 => document = json!([]),
        _ => {}
    }
    Policy { kind, name, json: document }
}

fn statement(random: &mut Random, kind: PolicyKind) -> Value {
    let mut statement = Map::new();
    let effect = if random.percent(75) { "Allow" } else { "Deny" };
    statement.insert("Effect".to_owned(), effect.into());
    let not = |random: &mut Random, name: &str, share: usize| {
        if random.percent(share) { format!("Not{name}") } else { name.to_owned() }
    };
    let actions = not(random, "Action", 12);
    statement.insert(actions, random.some(&ACTION_PATTERNS));
    let lacks = kind == PolicyKind::Trust || kind == PolicyKind::Resource && random.percent(10);
    if !lacks {
        let resources = not(random, "Resource", 12);
        let relative = kind == PolicyKind::Resource && random.percent(12);
        let patterns: &[&str] = if relative { &RELATIVE_PATTERNS } else { &RESOURCE_PATTERNS };
        statement.insert(resources, random.some(patterns));
    }
    if kind == PolicyKind::ResourceControl {
        statement.insert("Principal".to_owned(), "*".into());
        // It only denies, and lists what.
        if random.percent(95) {
            statement.insert("Effect".to_owned(), "Deny".into());
            if let Some(actions) = statement.remove("NotAction") {
                statement.insert("Action".to_owned(), actions);
            }
        }
    } else if kind.has_principals() {
        let share = if kind == PolicyKind::Trust { 0 } else { 15 };
        let principals = not(random, "Principal", share);
        // Only with `Deny` does AWS take it.
        if principals == "NotPrincipal" && random.percent(80) {
            statement.insert("Effect".to_owned(), "Deny".into());
        }
        let together = if principals == "NotPrincipal" { 50 } else { 15 };
        statement.insert(principals, principal(random, together));
    }
    if random.percent(55) {
        statement.insert("Condition".to_owned(), condition(random));
    }
    if random.percent(3) {
        spoil(random, &mut statement);
    }
    Value::Object(statement)
}

/// A principal; so many times in a hundred in several ways together.
fn principal(random: &mut Random, together: usize) -> Value {
    if random.percent(15) {
        return "*".into();
    }
    let mut map = Map::new();
    let (name, values) = match random.below(12) {
        _ if random.percent(together) => ("AWS", random.one(&TOGETHER).to_vec().into()),
        0 => ("Service", random.some(&SERVICES)),
        1 => ("Federated", random.some(&PROVIDERS)),
        2 => ("CanonicalUser", random.some(&CANONICALS)),
        _ => ("AWS", random.some(&PRINCIPALS)),
    };
    map.insert(name.to_owned(), values);
    if random.percent(15) {
        map.insert("Service".to_owned(), random.some(&SERVICES));
    }
    Value::Object(map)
}

fn condition(random: &mut Random) -> Value {
    let mut operators = Map::new();
    for _ in 0..random.one(&[1, 1, 1, 2]) {
        let (names, _, values, of_family) = random.one(&FAMILIES);
        let key = random.one(names).to_owned();
        let (operator, values) = if random.percent(10) {
            ("Null".to_owned(), random.one(&[json!("true"), json!("false"), json!(true), json!(false)]))
        } else {
            let mut operator = random.one(of_family).to_owned();
            let set_share = if key == "aws:TagKeys" { 80 } else { 6 };
            if random.percent(set_share) {
                operator =
                    format!("{}:{operator}", random.one(&["ForAllValues", "ForAnyValue", "forAnyValue"]));
            }
            if random.percent(25) {
                operator.push_str("IfExists");
            }
            (operator, random.some(values))
        };
        let keys = operators.entry(operator).or_insert_with(|| json!({}));
        keys[key] = values;
    }
    Value::Object(operators)
}
