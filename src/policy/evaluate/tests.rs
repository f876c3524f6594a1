//! What a decision says of itself. The rules of the flow are in `testdata/policy`.

use std::sync::Arc;

use crate::aws::AccountId;
use crate::policy::{
    Attached, Because, Caller, Context, Document, Effect, Evaluator, Layer, Level, Levels, Outcome,
    PolicyKind, PolicySet, Request, Resource, Rest, Rule, Standing, Truth,
};

fn attached(kind: PolicyKind, name: &str, statements: &str) -> Attached {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Attached::of(vec![Arc::new(Document::parse(kind, name, &text))])
}

fn identity(statements: &str) -> PolicySet {
    PolicySet { identity: attached(PolicyKind::Identity, "own", statements), ..PolicySet::default() }
}

fn request() -> Request {
    Request {
        caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
        action: "s3:GetObject".into(),
        resource: Resource::Named("arn:aws:s3:::example-bucket/key".into()),
        resource_account: AccountId::parse("111122223333"),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(true),
        context: Context::new(Rest::Absent),
    }
}

/// The decision in words.
fn decided(set: &PolicySet, request: &Request) -> String {
    let mut evaluator = Evaluator::new();
    let set = evaluator.compile(set);
    set.evaluate(&evaluator.prepare(request)).to_string()
}

const ALLOW: &str = r#"{"Sid": "Reads", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}"#;
const DENY: &str = r#"{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}"#;

#[test]
fn a_decision_names_the_statement_that_made_it() {
    assert_eq!(
        decided(&identity(ALLOW), &request()),
        "allowed by identity-based policies: `own` statement `Reads`"
    );
    assert_eq!(
        decided(&identity(&format!("{ALLOW},{DENY}")), &request()),
        "explicitly denied by identity-based policies: `own` statement 1"
    );
}

#[test]
fn a_denial_names_the_layer_that_lacks_the_allow() {
    let level = |statements| Level {
        target: "ou-apps".into(),
        attached: attached(PolicyKind::ServiceControl, "scp", statements),
    };
    let levels = |statements| Some(Levels { levels: vec![level(ALLOW), level(statements)], missing: None });
    for (set, layer) in [
        (identity(""), "identity-based policies"),
        (PolicySet { scp: levels(""), ..identity(ALLOW) }, "service control policies of ou-apps"),
        (
            PolicySet { boundary: Some(attached(PolicyKind::Identity, "b", "")), ..identity(ALLOW) },
            "permissions boundary",
        ),
        (
            PolicySet { vpc_endpoint: Some(attached(PolicyKind::VpcEndpoint, "v", "")), ..identity(ALLOW) },
            "VPC endpoint policy",
        ),
    ] {
        let expected = format!("implicitly denied: no statement of the {layer} allows it");
        assert_eq!(decided(&set, &request()), expected);
    }
    let across = Request { resource_account: AccountId::parse("444455556666"), ..request() };
    assert_eq!(
        decided(&identity(ALLOW), &across),
        "implicitly denied: no statement of the resource-based policy allows it"
    );
}

#[test]
fn across_accounts_both_statements_are_named() {
    let grant = r#"{"Sid": "Out", "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": "111122223333"}}"#;
    let set =
        PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", grant)), ..identity(ALLOW) };
    let across = Request { resource_account: AccountId::parse("444455556666"), ..request() };
    assert_eq!(
        decided(&set, &across),
        "allowed by identity-based policies: `own` statement `Reads`, \
         with resource-based policy: `bucket` statement `Out`"
    );
}

#[test]
fn rules_that_decide_without_a_statement_are_named() {
    let account = AccountId::parse("111122223333").unwrap();
    let root = Request { caller: Caller::Root { account }, ..request() };
    let mut evaluator = Evaluator::new();
    let set = evaluator.compile(&PolicySet::default());
    let decision = set.evaluate(&evaluator.prepare(&root));
    assert_eq!((decision.outcome, decision.because), (Outcome::Allowed, Because::Rule(Rule::RootUser)));
}

#[test]
fn the_keys_that_are_read_are_known() {
    let set = identity(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/${aws:UserName}", "Condition": {
            "StringEquals": {"aws:PrincipalTag/Team": "${aws:ResourceTag/team}"}, "Null": {"aws:SourceIp": "true"}}}"#,
    );
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    assert_eq!(
        compiled.keys(),
        ["aws:principaltag/team", "aws:resourcetag/team", "aws:sourceip", "aws:username"]
    );
    assert_eq!(evaluator.compile(&identity(ALLOW)).keys(), Vec::<&str>::new());
}

#[test]
fn every_statement_that_matches_is_visited() {
    let conditional = r#"{"Sid": "Maybe", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "true"}}}"#;
    let other = r#"{"Sid": "Other", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#;
    let set = identity(&format!("{ALLOW},{other},{conditional},{ALLOW}"));
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let mut request = request();
    request.context.set("a:b", Standing::Unknown);
    let mut visited = Vec::new();
    compiled.visit(&evaluator.prepare(&request), |statement, effect, truth| {
        assert_eq!(statement.layer, Layer::Identity);
        visited.push((statement.index.unwrap(), effect, truth));
    });
    assert_eq!(
        visited,
        [(0, Effect::Allow, Truth::Yes), (2, Effect::Deny, Truth::Unknown), (3, Effect::Allow, Truth::Yes)]
    );
}

#[test]
fn an_unknown_account_matters_where_the_two_flows_differ() {
    let unknown = Request { resource_account: None, ..request() };
    assert_eq!(decided(&identity(ALLOW), &unknown), "undetermined");
    assert!(decided(&identity(""), &unknown).starts_with("implicitly denied"));
    let grant = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}"#;
    let set =
        PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", grant)), ..identity(ALLOW) };
    assert!(decided(&set, &unknown).starts_with("allowed"));
}

#[test]
fn rcps_of_a_service_that_may_be_out_of_reach_leave_it_open() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}"#;
    let level = Level { target: "root".into(), attached: attached(PolicyKind::ResourceControl, "rcp", deny) };
    let set = PolicySet { rcp: Some(Levels { levels: vec![level], missing: None }), ..identity(ALLOW) };
    let unknown = Request { rcp_supported: None, ..request() };
    assert_eq!(decided(&set, &unknown), "undetermined");
    assert!(decided(&set, &request()).starts_with("explicitly denied"));
}

#[test]
fn a_role_named_by_an_unreadable_document_never_widens() {
    let unreadable = Attached::of(vec![Arc::new(Document::parse(PolicyKind::Identity, "broken", "{"))]);
    let only = PolicySet { identity: unreadable.clone(), ..PolicySet::default() };
    assert!(decided(&only, &request()).starts_with("implicitly denied"));
    let boundary = PolicySet { boundary: Some(unreadable.clone()), ..identity(ALLOW) };
    assert_eq!(decided(&boundary, &request()), "undetermined");
    let mut both = identity(ALLOW);
    both.identity.policies.extend(unreadable.policies);
    assert_eq!(decided(&both, &request()), "undetermined");
}

#[test]
fn why_is_a_tree() {
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&identity(&format!("{ALLOW},{DENY}")));
    let reason = compiled.explain(&evaluator.prepare(&request()));
    assert_eq!(
        reason.to_string(),
        "explicitly denied by identity-based policies: `own` statement 1\n\
         \x20 identity-based policies: a deny matches\n\
         \x20   `own` statement `Reads` allows\n\
         \x20   `own` statement 1 denies\n"
    );
}

#[test]
fn a_document_is_compiled_once_for_many_sets() {
    let mut evaluator = Evaluator::new();
    let set = identity(ALLOW);
    let (first, second) = (evaluator.compile(&set), evaluator.compile(&set.clone()));
    let policy = |set: &crate::policy::CompiledSet| {
        Arc::as_ptr(&set.layers.iter().find(|layer| !layer.policies.is_empty()).unwrap().policies[0])
    };
    assert_eq!(policy(&first), policy(&second));
}
