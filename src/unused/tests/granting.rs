//! What policies grant.

use serde_json::json;

use super::super::Kind;
use super::{ACCOUNT, ANN, World, allow, by_ann, deny, found, look, of};

/// Whether an action is granted to a user with these statements, and whether under conditions only.
#[track_caller]
fn granted(world: World, action: &str) -> (bool, bool) {
    let answer = look(&world.read(), &[], None);
    let own = &of(&answer, ANN).granted;
    (own.has(action), own.is_conditional(action))
}

fn user(statements: &serde_json::Value) -> World {
    World::default().user(ANN, statements)
}

#[test]
fn wildcards_and_not_action_are_put_to_the_evaluator() {
    let power = json!([
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": ["iam:ListRoles"], "Resource": "*"},
    ]);
    let answer = look(&user(&power).read(), &[], None);
    let own = &of(&answer, ANN).granted;
    assert!(own.has("s3:GetObject") && own.has("iam:ListRoles"));
    assert!(!own.has("iam:PassRole") && !own.has("organizations:LeaveOrganization"));
    assert!(own.count() > 20_000);
    assert_eq!(granted(user(&json!([allow("S3:get?bject", "*")])), "s3:GetObject"), (true, false));
}

#[test]
fn a_deny_on_every_resource_takes_an_action_away_and_one_on_some_does_not() {
    let with = |denied: &serde_json::Value| user(&json!([allow("s3:*", "*"), denied]));
    assert_eq!(granted(with(&deny("s3:DeleteBucket", "*")), "s3:DeleteBucket"), (false, false));
    assert_eq!(granted(with(&deny("s3:DeleteBucket", "arn:aws:s3:::*")), "s3:DeleteBucket"), (false, false));
    let some = deny("s3:DeleteBucket", "arn:aws:s3:::example-audit");
    assert_eq!(granted(with(&some), "s3:DeleteBucket"), (true, false));
    let mut conditional = deny("s3:DeleteBucket", "*");
    conditional["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}});
    assert_eq!(granted(with(&conditional), "s3:DeleteBucket"), (true, true));
}

#[test]
fn a_deny_on_all_that_is_allowed_takes_the_action_away() {
    let world = user(&json!([
        allow("s3:DeleteObject", "arn:aws:s3:::example-drop/*"),
        deny("s3:DeleteObject", "arn:aws:s3:::example-drop/*"),
        allow("s3:GetObject", "arn:aws:s3:::example-drop/*"),
        deny("s3:GetObject", "arn:aws:s3:::example-drop/private/*"),
    ]));
    let answer = look(&world.read(), &[], None);
    let own = &of(&answer, ANN).granted;
    assert!(!own.has("s3:DeleteObject") && own.has("s3:GetObject"));
    assert!(!own.is_conditional("s3:GetObject"));
}

#[test]
fn an_action_is_granted_only_on_resources_of_a_type_that_it_takes() {
    let objects = || user(&json!([allow("s3:*", "arn:aws:s3:::example/*")]));
    assert_eq!(granted(objects(), "s3:GetObject"), (true, false));
    assert_eq!(granted(objects(), "s3:ListBucket"), (false, false));
    assert_eq!(granted(objects(), "s3:ListAllMyBuckets"), (false, false));
    assert_eq!(
        granted(user(&json!([allow("s3:*", "arn:aws:s3:::example*")])), "s3:ListBucket"),
        (true, false)
    );
}

#[test]
fn conditions_that_nothing_decides_leave_an_action_granted_and_marked() {
    let mut own = allow("ec2:*", "*");
    own["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
    assert_eq!(granted(user(&json!([own])), "ec2:RunInstances"), (true, true));
    // What is known of the principal decides.
    let mut other = allow("ec2:*", "*");
    other["Condition"] = json!({"StringEquals": {"aws:username": "bob"}});
    assert_eq!(granted(user(&json!([other])), "ec2:RunInstances"), (false, false));
}

#[test]
fn a_condition_on_one_type_that_every_call_names_is_one_on_the_action() {
    let mut own = deny("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*");
    own["Condition"] = json!({"StringNotLike": {"ec2:InstanceType": "t3.*"}});
    let world = user(&json!([allow("ec2:*", "*")])).control(&json!([own]));
    assert_eq!(granted(world, "ec2:RunInstances"), (true, true));
}

#[test]
fn boundaries_groups_and_scps_have_their_say() {
    let limit = "arn:aws:iam::111122223333:policy/limit";
    let bounded = user(&json!([allow("*", "*")]))
        .with("PermissionsBoundary", &json!({"PermissionsBoundaryArn": limit}))
        .managed(limit, &json!([allow("s3:*", "*")]));
    let answer = look(&bounded.read(), &[], None);
    assert!(
        of(&answer, ANN).granted.has("s3:GetObject") && !of(&answer, ANN).granted.has("ec2:RunInstances")
    );
    let grouped = user(&json!([allow("s3:*", "*")]))
        .group("crew", &json!([allow("glue:GetJob", "*"), deny("s3:GetObject", "*")]));
    let answer = look(&grouped.read(), &[], None);
    assert!(of(&answer, ANN).granted.has("glue:GetJob") && !of(&answer, ANN).granted.has("s3:GetObject"));
    let organized = user(&json!([allow("*", "*")])).control(&json!([deny("glue:*", "*")]));
    let answer = look(&organized.read(), &[], None);
    assert!(!of(&answer, ANN).granted.has("glue:GetJob") && of(&answer, ANN).granted.has("s3:GetObject"));
}

#[test]
fn keys_and_roles_count_by_the_identity_policies_though_their_own_must_allow_as_well() {
    let world = user(&json!([
        allow("kms:Decrypt", "*"),
        allow("sts:AssumeRole", "arn:aws:iam::444455556666:role/x")
    ]));
    let answer = look(&world.read(), &[], None);
    let own = &of(&answer, ANN).granted;
    assert!(own.has("kms:Decrypt") && own.has("sts:AssumeRole") && !own.has("kms:Encrypt"));
}

#[test]
fn a_group_is_without_effect_without_members_or_policies_or_where_an_scp_denies_all_of_it() {
    let world = World::default()
        .group("empty", &json!([allow("s3:*", "*")]))
        .user(ANN, &json!([allow("s3:*", "*")]))
        .group("crew", &json!([allow("glue:*", "*")]))
        .group("guards", &json!([deny("s3:DeleteBucket", "*")]))
        .control(&json!([deny("glue:*", "*")]));
    let answer = look(&world.read(), &[by_ann("s3.amazonaws.com", "ListBuckets", None)], None);
    let names: Vec<String> =
        found(&answer, Kind::GroupWithoutEffect).into_iter().map(|(subject, _)| subject).collect();
    let group = |name: &str| format!("arn:aws:iam::{ACCOUNT}:group/{name}");
    assert_eq!(names, [group("crew"), group("empty")]);
}
