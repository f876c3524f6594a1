//! What a decision says of itself. The rules of the flow are in `testdata/policy`.

use std::sync::Arc;

use crate::aws::AccountId;
use crate::policy::{
    Attached, Because, Caller, Context, Document, Evaluator, Level, Levels, May, Outcome, PolicyKind,
    PolicySet, Request, Resource, Rest, Rule,
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

/// A variable without a value is like nothing, so it makes no difference what the other key is.
#[test]
fn a_key_that_is_held_against_nothing_decides_nothing() {
    let outcome = |operator: &str, wanted: &str| {
        let condition =
            format!(r#""Condition": {{"{operator}": {{"s3:ExistingObjectTag/owner": {wanted}}}}}"#);
        let statement = format!(r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", {condition}}}"#);
        let mut context = Context::new(Rest::Absent);
        context.set_family("s3:ExistingObjectTag/", Rest::Unknown);
        let mut evaluator = Evaluator::new();
        let set = evaluator.compile(&identity(&statement));
        set.evaluate(&evaluator.prepare(&Request { context, ..request() })).outcome
    };
    let tag = r#""${aws:PrincipalTag/team}""#;
    for operator in
        ["StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnLike", "ForAnyValue:StringEquals"]
    {
        assert_eq!(outcome(operator, tag), Outcome::ImplicitlyDenied, "{operator}");
    }
    for operator in ["StringNotEquals", "StringNotLike", "StringNotEqualsIfExists"] {
        assert_eq!(outcome(operator, tag), Outcome::Allowed, "{operator}");
    }
    // An absent key fits some of them, and other texts any of them.
    for operator in ["StringEqualsIfExists", "ForAllValues:StringEquals", "ForAnyValue:StringNotEquals"] {
        assert_eq!(outcome(operator, tag), Outcome::Undetermined, "{operator}");
    }
    assert_eq!(outcome("StringEquals", &format!(r#"[{tag}, "blue"]"#)), Outcome::Undetermined);
    assert_eq!(outcome("StringEquals", r#""${aws:PrincipalTag/team, 'blue'}""#), Outcome::Undetermined);
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
fn what_lacks_whoever_owns_the_resource_is_named() {
    let unknown = Request { resource_account: None, ..request() };
    assert_eq!(
        decided(&identity(""), &unknown),
        "implicitly denied: no statement of the identity-based policies allows it"
    );
}

#[test]
fn one_account_decides_both_whose_the_resource_is_and_whether_rcps_bind() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}"#;
    let level = Level { target: "root".into(), attached: attached(PolicyKind::ResourceControl, "rcp", deny) };
    let set = PolicySet { rcp: Some(Levels { levels: vec![level], missing: None }), ..identity(ALLOW) };
    let unknown =
        Request { resource_account: None, management_account: AccountId::parse("123456789012"), ..request() };
    // The caller's account: the RCP denies. The management account: no resource policy allows.
    assert!(decided(&set, &unknown).starts_with("implicitly denied"));
    let grant = r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}"#;
    let granted = PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", grant)), ..set };
    assert_eq!(decided(&granted, &unknown), "undetermined");
    let own = Request { management_account: AccountId::parse("111122223333"), ..unknown };
    assert_eq!(decided(&granted, &own), "undetermined");
}

#[test]
fn what_is_missing_may_be_known_to_allow_or_to_deny_only() {
    let missing = |may| Some(Attached { may, ..Attached::missing("a share") });
    let across = Request { resource_account: AccountId::parse("444455556666"), ..request() };
    for (may, own, request, outcome) in [
        (May::Allow, ALLOW, request(), "allowed"),
        (May::Allow, "", request(), "undetermined"),
        (May::Allow, ALLOW, across.clone(), "undetermined"),
        (May::Allow, "", across.clone(), "implicitly denied"),
        (May::Deny, ALLOW, request(), "undetermined"),
        (May::Deny, "", request(), "implicitly denied"),
        (May::Deny, ALLOW, across.clone(), "implicitly denied"),
        (May::Either, ALLOW, request(), "undetermined"),
        (May::Either, "", request(), "undetermined"),
    ] {
        let set = PolicySet { resource: missing(may), ..identity(own) };
        let said = decided(&set, &request);
        assert!(said.starts_with(outcome), "{may:?} {own} {:?}: {said}", request.resource_account);
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&set);
        let needs = compiled.deciding(&evaluator.prepare(&request));
        assert_eq!(needs.members.len(), usize::from(outcome == "undetermined"));
    }
}

#[test]
fn the_session_policy_is_named_that_caps_the_root_user() {
    let account = AccountId::parse("111122223333").unwrap();
    let grant = r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}"#;
    let set = PolicySet {
        session: Some(attached(PolicyKind::Identity, "task", "")),
        resource: Some(attached(PolicyKind::Resource, "bucket", grant)),
        ..PolicySet::default()
    };
    let across = Request {
        caller: Caller::Root { account },
        resource_account: AccountId::parse("444455556666"),
        ..request()
    };
    assert_eq!(decided(&set, &across), "implicitly denied: no statement of the session policies allows it");
}

#[test]
fn a_statement_that_surely_grants_is_named_before_one_that_may() {
    let account = AccountId::parse("111122223333").unwrap();
    let grants = r#"{"Sid": "Role", "Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": "AROA1111222233334EXA"}},
        {"Sid": "Account", "Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": "111122223333"}}"#;
    let set =
        PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", grants)), ..identity(ALLOW) };
    let across = Request {
        caller: Caller::Account { account, unique_id: None },
        resource_account: AccountId::parse("444455556666"),
        ..request()
    };
    assert!(decided(&set, &across).ends_with("with resource-based policy: `bucket` statement `Account`"));
}

#[test]
fn an_unknown_id_is_still_that_of_a_user_or_of_a_role() {
    let grant = |id: &str| {
        let text = format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {{"AWS": "{id}"}}}}"#
        );
        PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", &text)), ..PolicySet::default() }
    };
    let session = Request {
        caller: Caller::RoleSession {
            session_arn: "arn:aws:sts::111122223333:assumed-role/deploy/ann".into(),
            role_arn: None,
            unique_id: None,
        },
        ..request()
    };
    for (id, of_user, of_session) in [
        ("AIDA1111222233334EXA", "undetermined", "implicitly denied"),
        ("AROA1111222233334EXA", "implicitly denied", "undetermined"),
        ("AROA1111222233334EXA:ann", "implicitly denied", "undetermined"),
        ("AROA1111222233334EXA:bob", "implicitly denied", "implicitly denied"),
    ] {
        assert!(decided(&grant(id), &request()).starts_with(of_user), "{id}");
        assert!(decided(&grant(id), &session).starts_with(of_session), "{id}");
    }
}

#[test]
fn beside_a_grant_to_the_role_the_session_policy_is_what_lacks() {
    let role = "arn:aws:iam::111122223333:role/deploy";
    let grant =
        format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {{"AWS": "{role}"}}}}"#);
    let of = |grant: &str| PolicySet {
        resource: Some(attached(PolicyKind::Resource, "bucket", grant)),
        session: Some(attached(
            PolicyKind::Identity,
            "session",
            r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#,
        )),
        ..identity("")
    };
    let session = Request {
        caller: Caller::RoleSession {
            session_arn: "arn:aws:sts::111122223333:assumed-role/deploy/ann".into(),
            role_arn: Some(role.into()),
            unique_id: None,
        },
        ..request()
    };
    assert_eq!(
        decided(&of(&grant), &session),
        "implicitly denied: no statement of the session policies allows it"
    );
    assert_eq!(
        decided(&of(&grant.replace("role/deploy", "role/other")), &session),
        "implicitly denied: no statement of the identity-based policies allows it"
    );
}

#[test]
fn a_level_that_only_may_lack_is_not_named() {
    let level = Level {
        target: "root".into(),
        attached: attached(PolicyKind::ResourceControl, "rcp", r#"{"Action": "kms:*"}"#),
    };
    let set = PolicySet { rcp: Some(Levels { levels: vec![level], missing: None }), ..identity("") };
    assert_eq!(
        decided(&set, &request()),
        "implicitly denied: no statement of the identity-based policies allows it"
    );
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

#[test]
fn some_session_of_a_role_may_be_the_one_that_a_policy_names() {
    let role = "arn:aws:iam::111122223333:role/deploy";
    let session = "arn:aws:sts::111122223333:assumed-role/deploy/ann";
    let statement = |effect: &str, principal: &str| {
        let text = format!(
            r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*", "Principal": {{"AWS": "{principal}"}}}}"#
        );
        Some(attached(PolicyKind::Resource, "bucket", &text))
    };
    let asks = |session_arn: &str| Request {
        caller: Caller::RoleSession {
            session_arn: session_arn.into(),
            role_arn: Some(role.into()),
            unique_id: Some("AROA1111222233334EXA".into()),
        },
        ..request()
    };
    for named in [session, "AROA1111222233334EXA:ann"] {
        let deny = PolicySet { resource: statement("Deny", named), ..identity(ALLOW) };
        let grant = PolicySet { resource: statement("Allow", named), ..identity("") };
        assert_eq!(decided(&deny, &asks(role)), "undetermined", "{named}");
        assert_eq!(decided(&grant, &asks(role)), "undetermined", "{named}");
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&deny);
        let needs = compiled.deciding(&evaluator.prepare(&asks(role))).members;
        assert_eq!(needs, [crate::policy::Need::Caller]);
        assert!(decided(&deny, &asks(session)).starts_with("explicitly denied"), "{named}");
        assert!(decided(&grant, &asks(session)).starts_with("allowed"), "{named}");
    }
    for other in [
        "arn:aws:sts::111122223333:assumed-role/other/ann",
        "arn:aws:sts::444455556666:assumed-role/deploy/ann",
        "AROA9999222233334EXA:ann",
    ] {
        let deny = PolicySet { resource: statement("Deny", other), ..identity(ALLOW) };
        assert!(decided(&deny, &asks(role)).starts_with("allowed"), "{other}");
    }
}

#[test]
fn some_temporary_credentials_can_never_call_some_actions() {
    let role = Caller::RoleSession {
        session_arn: "arn:aws:sts::111122223333:assumed-role/deploy/ann".into(),
        role_arn: None,
        unique_id: None,
    };
    let guest = Caller::FederatedUser {
        arn: "arn:aws:sts::111122223333:federated-user/guest".into(),
        user_arn: Some("arn:aws:iam::111122223333:user/ann".into()),
    };
    let user = Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None };
    let all = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let set = PolicySet { session: Some(attached(PolicyKind::Identity, "session", all)), ..identity(all) };
    let never = "implicitly denied: temporary credentials of this kind cannot call the action";
    for (caller, action, expected) in [
        (&role, "sts:GetFederationToken", never),
        (&role, "sts:GetSessionToken", never),
        (&role, "sts:GetAccessKeyInfo", "allowed"),
        (&role, "iam:ListUsers", "allowed"),
        (&guest, "sts:AssumeRole", never),
        (&guest, "sts:GetFederationToken", never),
        (&guest, "sts:GetCallerIdentity", "allowed"),
        (&guest, "iam:ListUsers", "undetermined"),
        (&guest, "s3:ListAllMyBuckets", "allowed"),
        (&user, "sts:GetFederationToken", "allowed"),
    ] {
        let request =
            Request { caller: caller.clone(), action: action.into(), resource: Resource::Any, ..request() };
        let said = decided(&set, &request);
        assert!(said.starts_with(expected), "{caller:?} {action}: {said}");
    }
    let console =
        Request { caller: guest, action: "iam:ListUsers".into(), resource: Resource::Any, ..request() };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let needs = compiled.deciding(&evaluator.prepare(&console)).members;
    assert!(needs[0].to_string().starts_with("caller's credentials: whether they are a console session's"));
    let denied = PolicySet { session: None, ..set };
    assert!(decided(&denied, &console).starts_with("implicitly denied"));
}

#[test]
fn a_federated_user_of_the_root_user_has_what_its_session_policy_lets_through() {
    let guest = |by: &str| Request {
        caller: Caller::FederatedUser {
            arn: "arn:aws:sts::111122223333:federated-user/guest".into(),
            user_arn: Some(by.into()),
        },
        ..request()
    };
    let root = guest("arn:aws:iam::111122223333:root");
    let none = r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
    let session = |text: &str| Some(attached(PolicyKind::Identity, "session", text));
    let open = PolicySet { session: session(ALLOW), ..PolicySet::default() };
    assert_eq!(decided(&open, &root), "allowed: the root user has all permissions in its account");
    // Neither identity policies nor a boundary are asked: it has none.
    let boundary = Some(attached(PolicyKind::Identity, "boundary", none));
    assert!(decided(&PolicySet { boundary, ..identity(none) }, &root).starts_with("implicitly denied"));
    let boundary = Some(attached(PolicyKind::Identity, "boundary", none));
    let closed = PolicySet { boundary, session: session(ALLOW), ..identity(none) };
    assert!(decided(&closed, &root).starts_with("allowed"));
    // The session policy is.
    for policy in [none, r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#] {
        let narrow = PolicySet { session: session(policy), ..PolicySet::default() };
        assert!(!decided(&narrow, &root).starts_with("allowed"), "{policy}");
    }
    let bare =
        "implicitly denied: a federated user without a session policy has no identity-based permissions";
    assert_eq!(decided(&PolicySet::default(), &root), bare);
    let missing = PolicySet { session: Some(Attached::missing("not here")), ..PolicySet::default() };
    assert!(decided(&missing, &root).starts_with("undetermined"));
    // SCPs bind it like the root user.
    let scp = |text: &str| {
        let levels = vec![Level {
            target: "root".into(),
            attached: attached(PolicyKind::ServiceControl, "fence", text),
        }];
        PolicySet {
            scp: Some(Levels { levels, missing: None }),
            session: session(ALLOW),
            ..PolicySet::default()
        }
    };
    assert!(decided(&scp(none), &root).starts_with("explicitly denied"));
    assert!(decided(&scp(ALLOW), &root).starts_with("allowed"));
    // In another account the resource's policy must allow, too.
    let away = Request { resource_account: AccountId::parse("444455556666"), ..root.clone() };
    assert!(decided(&open, &away).starts_with("implicitly denied: no statement of the resource"));
    // Of a user the identity policies count.
    let of_user = guest("arn:aws:iam::111122223333:user/ann");
    assert!(decided(&open, &of_user).starts_with("implicitly denied: no statement of the identity"));
    // Where the account is not known it is still one.
    let mut hidden = guest("arn:aws:iam:::root");
    if let Caller::FederatedUser { arn, .. } = &mut hidden.caller {
        *arn = arn.replace("111122223333", "");
    }
    assert!(decided(&open, &hidden).starts_with("undetermined"), "{}", decided(&open, &hidden));
}

#[test]
fn no_policy_lets_every_service_in() {
    let door = r#"{"Effect": "Allow", "Principal": {"Service": "*"}, "Action": "s3:*", "Resource": "*"}"#;
    let set =
        PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", door)), ..PolicySet::default() };
    let asks = Request { caller: Caller::Service { name: "cloudtrail.amazonaws.com".into() }, ..request() };
    assert!(decided(&set, &asks).starts_with("implicitly denied"), "{}", decided(&set, &asks));
    let named = door.replace('*', "cloudtrail.amazonaws.com").replace("s3:cloudtrail.amazonaws.com", "s3:*");
    let named = named.replace(r#""Resource": "cloudtrail.amazonaws.com""#, r#""Resource": "*""#);
    let set = PolicySet {
        resource: Some(attached(PolicyKind::Resource, "bucket", &named)),
        ..PolicySet::default()
    };
    assert!(decided(&set, &asks).starts_with("allowed"));
}

#[test]
fn no_policy_of_a_member_account_has_a_say_on_who_lends_its_root_user() {
    let all = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let lends = Request {
        action: "sts:AssumeRoot".into(),
        resource: Resource::Named("arn:aws:iam::444455556666:root".into()),
        resource_account: AccountId::parse("444455556666"),
        ..request()
    };
    assert!(decided(&identity(all), &lends).starts_with("allowed"));
    assert!(decided(&identity(ALLOW), &lends).starts_with("implicitly denied: no statement of the identity"));
}
