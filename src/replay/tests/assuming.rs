//! Who may assume a role: each side refusing alone, supposed and seen.

use super::*;
use crate::policy::Caller;
use crate::replay::answer::{Assume, Behind, Explanation, Said, Side};
use crate::replay::{Question, Supposed, can_assume, explain};

const EDGE: &str = "arn:aws:iam::111122223333:policy/edge";
const ADMIN: &str = "arn:aws:iam::111122223333:role/admin";

fn ann() -> Caller {
    Caller::User { arn: ANN.to_owned(), unique_id: None }
}

fn deploy() -> Caller {
    Caller::RoleSession {
        session_arn: SESSION.to_owned(),
        role_arn: Some(DEPLOY.to_owned()),
        unique_id: Some("AROARTX3GSDSQDEPEXAMPLE:one".to_owned()),
    }
}

fn may() -> Value {
    json!([{ "Sid": "May", "Effect": "Allow", "Action": "sts:*", "Resource": "*" }])
}

/// A trust policy of one statement, which names the account unless `with` says otherwise.
fn trust(with: &Value) -> Value {
    let mut one = json!({ "Sid": "Trust", "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": ACCOUNT } });
    for (key, value) in with.as_object().unwrap() {
        one[key] = value.clone();
    }
    json!([one])
}

fn world(trust: &Value, ann: &Value) -> World {
    World::default()
        .role(ADMIN, trust, &json!([]))
        .role(DEPLOY, &json!([trust_account()]), ann)
        .user(ANN, ann)
}

fn ask(snapshot: &Arc<Snapshot>, caller: &Caller, supposed: &Supposed) -> Assume {
    can_assume(snapshot, caller, ADMIN, supposed)
}

fn supposed() -> Supposed {
    Supposed { at: at(0), ..Supposed::default() }
}

#[track_caller]
fn side<'a>(assume: &'a Assume, name: &str) -> &'a Side {
    assume.sides.iter().find(|side| side.name == name).unwrap_or_else(|| panic!("{name}: {assume:#?}"))
}

/// The only side that does not let the call pass.
#[track_caller]
fn refuses(assume: &Assume) -> &Side {
    assert_eq!(assume.said, Said::Denied, "{assume:#?}");
    let mut refusing = assume.sides.iter().filter(|side| side.says != Said::Allowed);
    let one = refusing.next().unwrap();
    assert_eq!((one.says, refusing.next()), (Said::Denied, None), "{assume:#?}");
    assert!(one.change.is_some());
    one
}

#[track_caller]
fn passes(assume: &Assume) {
    assert_eq!(assume.said, Said::Allowed, "{assume:#?}");
    assert!(assume.sides.len() > 1);
    assert!(
        assume.sides.iter().all(|side| side.says == Said::Allowed && side.change.is_none()),
        "{assume:#?}"
    );
}

#[test]
fn both_sides_must_allow() {
    let snapshot = world(&trust(&json!({})), &may()).read();
    let assume = ask(&snapshot, &ann(), &supposed());
    passes(&assume);
    assert!(side(&assume, "caller's policies").why.contains("Sid May"), "{assume:#?}");
    assert!(side(&assume, "trust policy").why.contains("Sid Trust"), "{assume:#?}");
    assert_eq!((assume.principal.as_str(), assume.role.as_str()), (ANN, ADMIN));
}

#[test]
fn the_callers_own_policies_refuse_alone() {
    let snapshot = world(&trust(&json!({})), &json!([allow("s3:*", "*")])).read();
    let assume = ask(&snapshot, &ann(), &supposed());
    let one = refuses(&assume);
    assert_eq!(
        (one.name.as_str(), one.why.as_str()),
        ("caller's policies", "no statement allows sts:AssumeRole")
    );
    assert_eq!(one.statement, None);

    let denying =
        json!([may()[0], { "Sid": "Never", "Effect": "Deny", "Action": "sts:*", "Resource": ADMIN }]);
    let assume = ask(&world(&trust(&json!({})), &denying).read(), &ann(), &supposed());
    let one = refuses(&assume);
    assert_eq!(one.name, "caller's policies");
    assert!(one.why.starts_with("Sid Never of own (inline, user ann)"), "{}", one.why);
    assert_eq!(one.statement.as_ref().unwrap().sid.as_deref(), Some("Never"));
}

#[test]
fn a_trust_policy_that_names_somebody_else_refuses_alone() {
    let other = trust(&json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:user/bert" } }));
    let assume = ask(&world(&other, &may()).read(), &ann(), &supposed());
    let one = refuses(&assume);
    assert_eq!(one.name, "trust policy");
    assert_eq!(one.change.as_deref(), Some("a statement must allow this caller"));
}

#[test]
fn a_trust_policy_that_names_the_caller_suffices() {
    let direct = trust(&json!({ "Principal": { "AWS": ANN } }));
    let nothing = json!([allow("s3:*", "*")]);
    let assume = ask(&world(&direct, &nothing).read(), &ann(), &supposed());
    passes(&assume);
    assert!(side(&assume, "caller's policies").why.contains("none need"));
    // Then the boundary need not allow either; for a role that is named it must.
    let bounded = |world: World| world.boundary(EDGE).managed(EDGE, &json!([allow("s3:*", "*")])).read();
    let mut of_ann = World::default().user(ANN, &nothing).boundary(EDGE);
    of_ann = of_ann.role(ADMIN, &direct, &json!([])).managed(EDGE, &json!([allow("s3:*", "*")]));
    passes(&ask(&of_ann.read(), &ann(), &supposed()));
    let of_role = trust(&json!({ "Principal": { "AWS": DEPLOY } }));
    let of_deploy =
        World::default().role(ADMIN, &of_role, &json!([])).role(DEPLOY, &json!([trust_account()]), &nothing);
    let assume = ask(&bounded(of_deploy), &deploy(), &supposed());
    assert_eq!(refuses(&assume).name, "permissions boundary");
    assert!(side(&assume, "caller's policies").why.contains("none need"));
}

#[test]
fn where_another_side_refuses_the_caller_who_is_named_still_needs_no_statement() {
    let direct = trust(&json!({ "Principal": { "AWS": ANN } }));
    let snapshot = organized(
        world(&direct, &json!([allow("s3:*", "*")])),
        &json!([allow("*", "*"), deny("sts:*", "*")]),
    );
    let assume = ask(&snapshot, &ann(), &supposed());
    assert!(refuses(&assume).name.starts_with("service control policies"));
}

fn organized(world: World, control: &Value) -> Arc<Snapshot> {
    let nodes = json!([
        { "id": "r-ex01", "scps": ["FullAWSAccess"], "rcps": ["RCPFullAWSAccess"] },
        { "id": ACCOUNT, "parent": "r-ex01", "scps": ["p-own"], "rcps": ["RCPFullAWSAccess"] },
    ]);
    let tree = json!({ "id": "o-exampleorg1", "managementAccount": "123456789012", "nodes": nodes });
    world
        .control("FullAWSAccess", &json!([allow("*", "*")]))
        .control("p-own", control)
        .organization(&tree)
        .read()
}

#[test]
fn a_service_control_policy_refuses_alone() {
    let open = world(&trust(&json!({})), &may());
    let assume = ask(&organized(open, &json!([allow("*", "*")])), &ann(), &supposed());
    passes(&assume);
    let denying = json!([allow("*", "*"), deny("sts:AssumeRole", ADMIN)]);
    let assume = ask(&organized(world(&trust(&json!({})), &may()), &denying), &ann(), &supposed());
    let one = refuses(&assume);
    assert_eq!(one.name, format!("service control policies of {ACCOUNT}"));
    assert!(one.why.starts_with("Sid Not of p-own"), "{}", one.why);
    assert_eq!(one.change.as_deref(), Some("the Deny must spare this call"));
    let lacking = json!([allow("s3:*", "*")]);
    let assume = ask(&organized(world(&trust(&json!({})), &may()), &lacking), &ann(), &supposed());
    assert_eq!(refuses(&assume).why, "no statement allows sts:AssumeRole");
}

#[test]
fn a_permissions_boundary_refuses_alone() {
    let bounded = |edge: Value| {
        let world = World::default().user(ANN, &may()).boundary(EDGE).managed(EDGE, &edge);
        world.role(ADMIN, &trust(&json!({})), &json!([])).read()
    };
    passes(&ask(&bounded(may()), &ann(), &supposed()));
    let assume = ask(&bounded(json!([allow("s3:*", "*")])), &ann(), &supposed());
    assert_eq!(refuses(&assume).name, "permissions boundary");
}

#[test]
fn a_condition_on_mfa_refuses_who_shows_none() {
    let condition = json!({ "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } } });
    let snapshot = world(&trust(&condition), &may()).read();
    for caller in [ann(), deploy()] {
        let assume = ask(&snapshot, &caller, &supposed());
        let one = refuses(&assume);
        assert_eq!(one.name, "trust policy");
        assert!(one.why.starts_with("Sid Trust of trust policy of role admin"), "{}", one.why);
        assert!(one.why.contains("aws:multifactorauthpresent is "), "{}", one.why);
        assert_eq!(one.statement.as_ref().unwrap().sid.as_deref(), Some("Trust"));
        let with = Supposed { mfa: true, ..supposed() };
        passes(&ask(&snapshot, &caller, &with));
        assert!(ask(&snapshot, &caller, &with).supposed.contains(&"with MFA".to_owned()));
    }
}

#[test]
fn a_condition_on_the_external_id_refuses_any_other() {
    let condition = json!({ "Condition": { "StringEquals": { "sts:ExternalId": "right" } } });
    let snapshot = world(&trust(&condition), &may()).read();
    for (id, words) in [(None, "sts:externalid is absent"), (Some("wrong"), "sts:externalid is wrong")] {
        let assume = ask(&snapshot, &ann(), &Supposed { external_id: id.map(str::to_owned), ..supposed() });
        assert!(refuses(&assume).why.contains(words), "{assume:#?}");
    }
    passes(&ask(&snapshot, &ann(), &Supposed { external_id: Some("right".to_owned()), ..supposed() }));
}

#[test]
fn a_session_name_that_nobody_supposes_leaves_a_condition_on_it_open() {
    let condition = json!({ "Condition": { "StringEquals": { "sts:RoleSessionName": "ann" } } });
    let snapshot = world(&trust(&condition), &may()).read();
    let assume = ask(&snapshot, &ann(), &supposed());
    assert_eq!((assume.said, side(&assume, "trust policy").says), (Said::Undetermined, Said::Undetermined));
    passes(&ask(&snapshot, &ann(), &Supposed { session_name: Some("ann".to_owned()), ..supposed() }));
    refuses(&ask(&snapshot, &ann(), &Supposed { session_name: Some("bert".to_owned()), ..supposed() }));
}

#[test]
fn session_tags_and_a_source_identity_are_asked_for_apart() {
    let plain = world(&trust(&json!({})), &may()).read();
    let wide = trust(&json!({ "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] }));
    let wide = world(&wide, &may()).read();
    for (with, name) in [
        (
            Supposed { tags: vec![("Team".to_owned(), "shop".to_owned())], ..supposed() },
            "session tags (sts:TagSession)",
        ),
        (
            Supposed { source_identity: Some("ann".to_owned()), ..supposed() },
            "source identity (sts:SetSourceIdentity)",
        ),
    ] {
        let assume = ask(&plain, &ann(), &with);
        assert_eq!(refuses(&assume).name, name);
        passes(&ask(&wide, &ann(), &with));
        passes(&ask(&plain, &ann(), &supposed()));
    }
}

#[test]
fn a_role_session_asks_for_an_hour_at_most() {
    let snapshot = world(&trust(&json!({})), &may()).read();
    let long = Supposed { duration: Some(7_200), ..supposed() };
    let assume = ask(&snapshot, &deploy(), &long);
    let one = refuses(&assume);
    assert_eq!(one.name, "role chaining");
    assert_eq!(one.change.as_deref(), Some("ask for 3600 s at most"));
    passes(&ask(&snapshot, &deploy(), &Supposed { duration: Some(3_600), ..supposed() }));
}

#[test]
fn the_root_user_assumes_no_role() {
    let root = Caller::Root { account: crate::aws::AccountId::parse(ACCOUNT).unwrap() };
    let assume = ask(&world(&trust(&json!({})), &may()).read(), &root, &supposed());
    assert_eq!(assume.said, Said::Denied);
    assert_eq!(side(&assume, "rule of AWS").why, "the root user cannot assume roles");
}

#[test]
fn a_role_or_caller_that_the_snapshot_does_not_have_leaves_it_open() {
    let snapshot = world(&trust(&json!({})), &may()).read();
    let gone = can_assume(&snapshot, &ann(), "arn:aws:iam::111122223333:role/gone", &supposed());
    assert_eq!((gone.said, side(&gone, "trust policy").says), (Said::Undetermined, Said::Undetermined));
    let bert = Caller::User { arn: "arn:aws:iam::111122223333:user/bert".to_owned(), unique_id: None };
    assert_eq!(ask(&snapshot, &bert, &supposed()).said, Said::Undetermined);
    // What is no role is never allowed.
    let service = Caller::Service { name: "ec2.amazonaws.com".to_owned() };
    for caller in [ann(), service] {
        for role in ["nonsense", "", "arn:aws:s3:::example-reports"] {
            assert_ne!(can_assume(&snapshot, &caller, role, &supposed()).said, Said::Allowed, "{role}");
        }
    }
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let away = "arn:aws:iam::444455556666:role/away";
    let details = |trust: &Value| {
        json!({ "RoleDetailList": [{ "RoleName": "away", "Arn": away, "AssumeRolePolicyDocument": policy(trust), "RolePolicyList": [] }] })
            .to_string()
    };
    let read = |principal: &str, own: &Value| {
        let mut world = World::default().user(ANN, own);
        let there = details(&trust(&json!({ "Principal": { "AWS": principal } })));
        world.files.push(("accounts/444455556666.json".to_owned(), there));
        world.read()
    };
    let ask = |snapshot: &Arc<Snapshot>| can_assume(snapshot, &ann(), away, &supposed());
    passes(&ask(&read(ACCOUNT, &may())));
    passes(&ask(&read(ANN, &may())));
    // Naming the caller does not suffice here.
    assert_eq!(refuses(&ask(&read(ANN, &json!([allow("s3:*", "*")])))).name, "caller's policies");
    assert_eq!(refuses(&ask(&read("123456789012", &may()))).name, "trust policy");
}

fn explained(snapshot: Option<&Arc<Snapshot>>, record: &Record<'_>) -> Explanation {
    explain(&Question {
        record,
        snapshot,
        issuances: &Issuances::default(),
        behind: Behind { origin: "user ann".to_owned(), steps: Vec::new(), complete: true },
        changes: Vec::new(),
    })
}

#[test]
fn a_refused_call_is_explained_side_by_side() {
    let condition = json!({ "Condition": { "StringEquals": { "sts:ExternalId": "right" } } });
    let snapshot = world(&trust(&condition), &may()).read();
    let parameters = json!({ "roleArn": ADMIN, "roleSessionName": "one", "externalId": "wrong" }).to_string();
    let message = format!("User: {ANN} is not authorized to perform: sts:AssumeRole on resource: {ADMIN}");
    let record = refused(&by_user("sts.amazonaws.com", "AssumeRole", Some(&parameters)), &message);
    let explanation = explained(Some(&snapshot), &record);
    let assume = explanation.assume.unwrap();
    assert_eq!((assume.principal.as_str(), assume.role.as_str()), (ANN, ADMIN));
    let one = refuses(&assume);
    assert_eq!(one.name, "trust policy");
    assert!(one.why.contains("sts:externalid is wrong"), "{}", one.why);
    assert!(assume.supposed.is_empty());
    // Of a record without parameters the ExternalId is not known, and neither is the decision.
    let bare = Record { request_parameters: None, ..record };
    let assume = explained(Some(&snapshot), &bare).assume.unwrap();
    assert_eq!((assume.said, assume.supposed.len()), (Said::Undetermined, 2));
    assert!(side(&assume, "trust policy").why.contains("sts:externalid is not known"));
    // Other calls ask for no role.
    let other = by_user("s3.amazonaws.com", "ListBuckets", None);
    assert_eq!(explained(Some(&snapshot), &other).assume, None);
    assert_eq!(explained(None, &record).assume, None);
}

#[test]
fn a_role_whose_session_is_trusted_by_name_may_be_the_one() {
    let only = trust(&json!({ "Principal": { "AWS": SESSION } }));
    let snapshot = world(&only, &may()).read();
    let some = Caller::RoleSession {
        session_arn: DEPLOY.to_owned(),
        role_arn: Some(DEPLOY.to_owned()),
        unique_id: None,
    };
    let told = ask(&snapshot, &some, &supposed());
    assert_eq!(told.said, Said::Undetermined, "{told:#?}");
    assert_eq!(side(&told, "trust policy").says, Said::Undetermined);
    passes(&ask(&snapshot, &deploy(), &supposed()));
}

#[test]
fn a_session_longer_than_an_hour_needs_a_role_that_takes_it() {
    let snapshot = world(&trust(&json!({})), &may()).read();
    let long = ask(&snapshot, &ann(), &Supposed { duration: Some(43_200), ..supposed() });
    assert_eq!(long.said, Said::Undetermined, "{long:#?}");
    assert_eq!(side(&long, "maximum session duration").says, Said::Undetermined);
    passes(&ask(&snapshot, &ann(), &Supposed { duration: Some(3_600), ..supposed() }));
}

#[test]
fn a_private_address_is_said_to_tell_nothing() {
    let snapshot = world(&trust(&json!({})), &may()).read();
    let words = |address: &str| {
        ask(&snapshot, &ann(), &Supposed { source_ip: Some(address.to_owned()), ..supposed() }).supposed
    };
    assert!(words("10.0.0.1").iter().any(|one| one.starts_with("from 10.0.0.1, which is private")));
    assert!(words("192.0.2.7").contains(&"from 192.0.2.7".to_owned()));
}
