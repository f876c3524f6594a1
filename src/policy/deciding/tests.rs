//! What decides, by enumeration over small domains: the sets given decide, and nothing smaller does.

use std::sync::Arc;

use proptest::prelude::*;

use crate::aws::AccountId;
use crate::policy::{
    Attached, Caller, Context, Document, Evaluator, Level, Levels, Need, Needs, Outcome, PolicyKind,
    PolicySet, Request, Resource, Rest, Standing,
};

/// The keys of the policies; the values are `a` and `b`, so `c` stands for all others but the empty one.
const KEYS: [&str; 3] = ["test:k", "test:l", "test:m"];
const VALUES: [Option<&str>; 5] = [None, Some(""), Some("a"), Some("b"), Some("c")];

fn document(kind: PolicyKind, text: &str) -> Arc<Document> {
    Arc::new(Document::parse(kind, "test", text))
}

fn identity(statements: &str) -> Arc<Document> {
    document(PolicyKind::Identity, &format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#))
}

const ALLOW: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
const DENY: &str = r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
/// A deny whose condition cannot be understood.
const BROKEN: &str =
    r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Nonsense": {"a:b": "c"}}}"#;

fn request() -> Request {
    Request {
        caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
        action: "s3:GetObject".into(),
        resource: Resource::Named("arn:aws:s3:::example-bucket/key".into()),
        resource_account: AccountId::parse("111122223333"),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(true),
        context: Context::new(Rest::Unknown),
    }
}

/// A world: the policies, and what is known of the keys.
#[derive(Debug, Clone)]
struct World {
    identity: Vec<Arc<Document>>,
    boundary: Option<Vec<Arc<Document>>>,
    /// Two levels, each with a full allow besides.
    scp: Option<[Vec<Arc<Document>>; 2]>,
    identity_missing: bool,
    boundary_missing: bool,
    /// A refused deny among the identity policies.
    broken: bool,
    context: Context,
}

impl World {
    fn set(&self) -> PolicySet {
        let missing = |is: bool| is.then(|| "not supplied".to_owned());
        let mut policies = self.identity.clone();
        if self.broken {
            policies.push(identity(BROKEN));
        }
        let level = |(at, policies): (usize, &Vec<Arc<Document>>)| {
            let full = document(PolicyKind::ServiceControl, &format!(r#"{{"Statement": {ALLOW}}}"#));
            let policies = policies.iter().cloned().chain([full]).collect();
            Level { target: at.to_string(), attached: Attached::of(policies) }
        };
        let boundary = self.boundary.clone().or(self.boundary_missing.then(Vec::new));
        PolicySet {
            identity: Attached { policies, missing: missing(self.identity_missing), ..Attached::default() },
            boundary: boundary.map(|policies| Attached {
                policies,
                missing: missing(self.boundary_missing),
                ..Attached::default()
            }),
            scp: self.scp.as_ref().map(|levels| Levels {
                levels: levels.iter().enumerate().map(level).collect(),
                missing: None,
            }),
            ..PolicySet::default()
        }
    }

    fn outcome(&self) -> Outcome {
        let mut evaluator = Evaluator::new();
        let set = evaluator.compile(&self.set());
        let request = evaluator.prepare(&Request { context: self.context.clone(), ..request() });
        set.evaluate(&request).outcome
    }

    fn needs(&self) -> Needs {
        let mut evaluator = Evaluator::new();
        let set = evaluator.compile(&self.set());
        set.deciding(&evaluator.prepare(&Request { context: self.context.clone(), ..request() }))
    }

    /// All worlds in which a need has turned out.
    fn settled(&self, need: &Need) -> Vec<World> {
        let with = |change: &dyn Fn(&mut World)| {
            let mut world = self.clone();
            change(&mut world);
            world
        };
        match need {
            Need::Key(key) => VALUES
                .iter()
                .map(|value| {
                    let standing =
                        value.map_or(Standing::Absent, |value| Standing::Values(vec![value.to_owned()]));
                    with(&|world| world.context.set(key, standing.clone()))
                })
                .collect(),
            Need::Missing { layer, .. } if layer.starts_with("identity") => ["", ALLOW, DENY]
                .iter()
                .map(|text| {
                    with(&|world| {
                        world.identity_missing = false;
                        world.identity.push(identity(text));
                    })
                })
                .collect(),
            Need::Missing { .. } => ["", ALLOW, DENY]
                .iter()
                .map(|text| {
                    with(&|world| {
                        world.boundary_missing = false;
                        world.boundary.get_or_insert_default().push(identity(text));
                    })
                })
                .collect(),
            Need::Refused { .. } => ["", DENY]
                .iter()
                .map(|text| {
                    with(&|world| {
                        world.broken = false;
                        world.identity.push(identity(text));
                    })
                })
                .collect(),
            other => panic!("{other:?} is never unknown here"),
        }
    }

    /// Whether a set decides, whatever its members turn out to be.
    fn is_decided_by(&self, needs: &[&Need]) -> bool {
        match needs.split_first() {
            None => self.outcome() != Outcome::Undetermined,
            Some((first, rest)) => self.settled(first).iter().all(|world| world.is_decided_by(rest)),
        }
    }

    /// Everything that may be unknown here.
    fn all_needs(&self) -> Vec<Need> {
        let mut needs: Vec<Need> = KEYS.iter().map(|key| Need::Key((*key).to_owned())).collect();
        let missing = |layer: &str| Need::Missing { layer: layer.to_owned(), what: String::new() };
        needs.extend(self.identity_missing.then(|| missing("identity")));
        needs.extend(self.boundary_missing.then(|| missing("boundary")));
        let refused = || Need::Refused { layer: String::new(), policy: String::new(), index: None };
        needs.extend(self.broken.then(refused));
        needs
    }
}

fn condition() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIfExists",
        "StringLike",
        "StringNotLikeIfExists",
    ]);
    let value = prop::sample::select(vec![r#""a""#, r#""b""#, r#"["a", "b"]"#]);
    let compared = (operator, prop::sample::select(KEYS.to_vec()), value)
        .prop_map(|(operator, key, value)| format!(r#""{operator}": {{"{key}": {value}}}"#));
    let null = (prop::sample::select(KEYS.to_vec()), any::<bool>())
        .prop_map(|(key, wanted)| format!(r#""Null": {{"{key}": "{wanted}"}}"#));
    prop_oneof![4 => compared, 1 => null]
}

fn statement() -> impl Strategy<Value = String> {
    (any::<bool>(), prop::collection::btree_map(0..3_u8, condition(), 0..3)).prop_map(
        |(allows, conditions)| {
            let effect = if allows { "Allow" } else { "Deny" };
            // One condition an operator: the same operator twice would be refused.
            let mut conditions: Vec<String> = conditions.into_values().collect();
            conditions.sort();
            conditions.dedup_by_key(|text| text.split(':').next().unwrap_or_default().to_owned());
            format!(
                r#"{{"Effect": "{effect}", "Action": "s3:*", "Resource": "*", "Condition": {{{}}}}}"#,
                conditions.join(",")
            )
        },
    )
}

fn documents() -> impl Strategy<Value = Vec<Arc<Document>>> {
    prop::collection::vec(statement(), 0..3).prop_map(|statements| vec![identity(&statements.join(","))])
}

fn world() -> impl Strategy<Value = World> {
    let scp = prop::option::of([documents(), documents()]);
    (documents(), prop::option::of(documents()), scp, any::<[u8; 3]>()).prop_map(
        |(identity, boundary, scp, flags)| World {
            identity,
            boundary,
            scp,
            identity_missing: flags[0] % 5 == 0,
            boundary_missing: flags[1] % 5 == 0,
            broken: flags[2] % 5 == 0,
            context: Context::new(Rest::Unknown),
        },
    )
}

/// Subsets with fewer members than a size.
fn smaller(all: &[Need], size: usize) -> Vec<Vec<&Need>> {
    (0_u32..1 << all.len())
        .filter(|picked| (picked.count_ones() as usize) < size)
        .map(|picked| {
            all.iter().enumerate().filter(|(at, _)| picked >> at & 1 == 1).map(|(_, need)| need).collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_sets_decide_and_nothing_smaller_does(world in world()) {
        let needs = world.needs();
        let members: Vec<&Need> = needs.members.iter().collect();
        prop_assert!(world.is_decided_by(&members), "{needs:?} does not decide");
        prop_assert!(needs.smallest, "{needs:?} is not proven");
        let all = world.all_needs();
        for fewer in smaller(&all, members.len()) {
            prop_assert!(!world.is_decided_by(&fewer), "{fewer:?} decides, {needs:?} is larger");
        }
        prop_assert_eq!(members.is_empty(), world.outcome() != Outcome::Undetermined);
    }
}

fn world_of(statements: &str) -> World {
    World {
        identity: vec![identity(statements)],
        boundary: None,
        scp: None,
        identity_missing: false,
        boundary_missing: false,
        broken: false,
        context: Context::new(Rest::Unknown),
    }
}

fn allow_if(conditions: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{{conditions}}}}}"#)
}

#[test]
fn members_are_in_order() {
    let world = world_of(&allow_if(r#""StringEquals": {"test:m": "a", "test:k": "a"}"#));
    let names: Vec<String> = world.needs().members.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["test:k", "test:m"]);
}

#[test]
fn one_key_over_several_operators_is_one_need() {
    for conditions in [
        r#""NumericLessThan": {"test:k": "10"}, "NumericGreaterThan": {"test:k": "5"}"#,
        r#""DateGreaterThan": {"test:k": "2024-01-01"}, "DateLessThan": {"test:k": "2024-02-01"}"#,
        r#""IpAddress": {"test:k": "192.0.2.0/24"}, "NotIpAddress": {"test:k": "192.0.2.7"}"#,
        r#""StringLike": {"test:k": "a*"}, "StringNotEquals": {"test:k": "ab"}"#,
        r#""ForAnyValue:StringEquals": {"test:k": "a"}, "ForAllValues:StringEquals": {"test:k": ["a", "b"]}"#,
        r#""ArnLike": {"test:k": "arn:aws:iam::111122223333:role/*"}"#,
    ] {
        let needs = world_of(&allow_if(conditions)).needs();
        assert_eq!(
            needs,
            Needs { members: vec![Need::Key("test:k".into())], smallest: true },
            "{conditions}"
        );
    }
}

#[test]
fn a_range_that_no_value_meets_does_not_need_the_other_key() {
    let world = world_of(&allow_if(
        r#""NumericLessThan": {"test:k": "5"}, "NumericGreaterThan": {"test:k": "10"}, "Bool": {"test:l": "true"}"#,
    ));
    // Whatever `k` is, the statement does not match; and so `l` does not matter.
    assert_eq!(world.needs(), Needs { members: vec![Need::Key("test:k".into())], smallest: true });
}

#[test]
fn with_too_many_unknown_keys_a_set_that_decides_is_given() {
    let keys: Vec<String> =
        (0..super::DECIDING_NEEDS_MAX + 4).map(|at| format!(r#""test:{at}": "a""#)).collect();
    let needs = world_of(&allow_if(&format!(r#""StringEquals": {{{}}}"#, keys.join(",")))).needs();
    assert_eq!(needs.members.len(), keys.len());
    assert!(!needs.smallest);
}

#[test]
fn trials_are_limited() {
    let values: Vec<String> = (0..5).map(|at| format!(r#""{at}""#)).collect();
    let statements: Vec<String> = (0..14)
        .map(|at| {
            let other = (at + 1) % 14;
            allow_if(&format!(
                r#""StringEquals": {{"test:{at}": [{0}]}}, "StringLike": {{"test:{other}": [{0}, "a*b"]}}"#,
                values.join(",")
            ))
        })
        .collect();
    let started = std::time::Instant::now();
    let needs = world_of(&statements.join(",")).needs();
    assert!(!needs.members.is_empty());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_key_that_rules_a_statement_out_is_enough() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
        "StringEquals": {"test:k": "a"}, "StringNotEquals": {"test:k": "a"}, "Bool": {"test:a": "true"}}}"#;
    let world = world_of(&format!("{ALLOW},{deny}"));
    // `test:a` is first in order, but leaves it open when it is true.
    assert_eq!(world.needs(), Needs { members: vec![Need::Key("test:k".into())], smallest: true });
}

#[test]
fn what_is_not_known_to_overlap_is_not_proven() {
    // Whether some text fits both patterns is not looked for, so `test:k` alone is not taken to decide; it does not.
    let world = world_of(&allow_if(
        r#""StringLike": {"test:k": "x*a*"}, "StringLikeIfExists": {"test:k": "x*b*"}, "Bool": {"test:l": "true"}"#,
    ));
    let both = vec![Need::Key("test:k".into()), Need::Key("test:l".into())];
    assert_eq!(world.needs(), Needs { members: both, smallest: false });
}
