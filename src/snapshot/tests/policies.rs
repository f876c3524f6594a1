//! Which policies are in play, what is missing, and what is decided from them.

use super::*;
use crate::policy::{Because, Evaluator, Layer, May, Need, Outcome, PolicySet, Request, Resource};
use crate::snapshot::{Asked, Given, Unsupplied};

/// What is decided, by which layer or statement, and what would decide it.
fn decide(
    snapshot: &Snapshot,
    principal: &str,
    action: &str,
    resource: &str,
    context: &[(&str, &str)],
    unsupplied: Unsupplied,
) -> (Outcome, String, Vec<String>) {
    let caller = snapshot.who(principal).unwrap();
    let resource_account = snapshot.owner(action, resource, caller.account());
    let resource = Resource::Named(resource.to_owned());
    let given = Given { unsupplied, ..Given::default() };
    let set = snapshot.policies(&caller, action, &resource, resource_account, &given);
    let asked = Asked { caller: &caller, action, resource: &resource, resource_account };
    let mut known = snapshot.context(asked, unsupplied);
    for (key, value) in context {
        known.set_value(key, *value);
    }
    let request = Request {
        caller,
        action: action.to_owned(),
        resource,
        resource_account,
        management_account: snapshot.management_account(),
        canonical_user: None,
        rcp_supported: Some(true),
        context: known,
    };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let prepared = evaluator.prepare(&request);
    let decision = compiled.evaluate(&prepared);
    let because = match decision.because {
        Because::Lacking(layer) => format!("lacking {layer}"),
        Because::Granted { by, .. } | Because::Denied(by) => by.to_string(),
        other => format!("{other:?}"),
    };
    let needs = compiled.deciding(&prepared).members.iter().map(Need::to_string).collect();
    (decision.outcome, because, needs)
}

const REPORT: &str = "arn:aws:s3:::example-reports/2026.csv";
const EUROPE: (&str, &str) = ("aws:RequestedRegion", "eu-west-1");
const TLS: (&str, &str) = ("aws:SecureTransport", "true");

fn of_org(principal: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> (Outcome, String) {
    let (outcome, because, _) = decide(&org(), principal, action, resource, context, Unsupplied::Unknown);
    (outcome, because)
}

#[test]
fn a_group_s_managed_policy_allows_across_accounts_with_the_bucket_s_policy() {
    let (outcome, because) = of_org("user/ann", "s3:GetObject", REPORT, &[EUROPE, TLS]);
    assert_eq!(outcome, Outcome::Allowed, "{because}");
    assert!(because.contains("policy/reports-read"), "{because}");
}

#[test]
fn a_group_s_inline_deny_and_an_scp_of_the_root_deny() {
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-EXAMPL";
    let (outcome, because) = of_org("user/ann", "secretsmanager:GetSecretValue", secret, &[EUROPE]);
    assert_eq!(outcome, Outcome::ExplicitlyDenied);
    assert!(
        because.contains("no-secrets (inline, group readers)") && because.contains("NoSecrets"),
        "{because}"
    );
    let (outcome, because) =
        of_org("user/ann", "s3:GetObject", REPORT, &[("aws:RequestedRegion", "us-east-1"), TLS]);
    assert_eq!(outcome, Outcome::ExplicitlyDenied);
    assert!(because.contains("r-ex01 (Root)") && because.contains("EuropeOnly (p-examplea1)"), "{because}");
}

#[test]
fn a_boundary_caps_an_administrator() {
    let user = "arn:aws:iam::111122223333:user/new";
    let (outcome, because) = of_org("user/bo", "iam:CreateUser", user, &[EUROPE]);
    assert_eq!((outcome, because.as_str()), (Outcome::ImplicitlyDenied, "lacking permissions boundary"));
    let queue = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0";
    assert_eq!(of_org("user/bo", "ec2:StopInstances", queue, &[EUROPE]).0, Outcome::Allowed);
}

#[test]
fn an_rcp_denies_people_of_elsewhere() {
    let context = [EUROPE, TLS, ("aws:PrincipalOrgID", "o-anotherorg2")];
    let (outcome, because) = of_org("arn:aws:iam::777788889999:root", "s3:GetObject", REPORT, &context);
    assert_eq!(outcome, Outcome::ExplicitlyDenied);
    assert!(because.contains("OwnPeopleOnly (p-exampler1)"), "{because}");
}

#[test]
fn a_trust_policy_decides_who_assumes_a_role() {
    let deploy = "arn:aws:iam::111122223333:role/deploy";
    let mfa = ("aws:MultiFactorAuthPresent", "true");
    let (outcome, because) = of_org("user/ann", "sts:AssumeRole", deploy, &[EUROPE, mfa]);
    assert_eq!(outcome, Outcome::Allowed, "{because}");
    assert!(because.contains("trust policy of role deploy"), "{because}");
    let without = [EUROPE, ("aws:MultiFactorAuthPresent", "false")];
    assert_eq!(of_org("user/ann", "sts:AssumeRole", deploy, &without).0, Outcome::ImplicitlyDenied);
    // Reading a role meets no trust policy.
    let snapshot = org();
    let ann = snapshot.who("user/ann").unwrap();
    let resource = Resource::Named(deploy.to_owned());
    let set = snapshot.policies(&ann, "iam:GetRole", &resource, None, &Given::default());
    assert_eq!(set.resource, None);
}

#[test]
fn what_is_missing_makes_undetermined_and_never_denied() {
    let snapshot = org();
    let needs = |principal: &str, action: &str, resource: &str, context: &[(&str, &str)]| {
        let (outcome, _, needs) =
            decide(&snapshot, principal, action, resource, context, Unsupplied::Unknown);
        assert_eq!(outcome, Outcome::Undetermined, "{principal} {action} {resource}");
        needs
    };
    assert_eq!(
        needs(
            "arn:aws:iam::123456789012:user/dee",
            "ec2:StopInstances",
            "arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
            &[]
        ),
        [
            "identity-based policies: no policy snapshot of account 123456789012",
            "permissions boundary: no policy snapshot of account 123456789012",
        ]
    );
    assert_eq!(
        needs(
            "role/worker",
            "ec2:StopInstances",
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            &[EUROPE]
        ),
        [
            "identity-based policies: managed policy arn:aws:iam::111122223333:policy/gone is not in the snapshot"
        ]
    );
    assert_eq!(
        needs("role/deploy", "s3:PutObject", "arn:aws:s3:::example-other/a", &[EUROPE]).last().unwrap(),
        "resource-based policy: resource policy of arn:aws:s3:::example-other not supplied"
    );
    let alone = of(&[("a.json", ONE_USER)]);
    let stop = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
    let (outcome, _, needs) = decide(&alone, "user/ann", "ec2:StopInstances", stop, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Undetermined);
    assert_eq!(
        needs,
        ["resource control policies: no RCPs supplied", "service control policies: no SCPs supplied"]
    );
}

#[test]
fn what_is_not_supplied_may_be_said_not_to_exist() {
    let alone = of(&[("a.json", ONE_USER)]);
    for resource in
        ["arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "arn:aws:sqs:eu-west-1:111122223333:q"]
    {
        let (outcome, because, _) =
            decide(&alone, "user/ann", "ec2:StopInstances", resource, &[], Unsupplied::None);
        assert_eq!(outcome, Outcome::Allowed, "{because}");
    }
    // Another account's policies are not there, whatever is said.
    let caller = alone.who("arn:aws:iam::444455556666:user/x").unwrap();
    let resource = Resource::Named("arn:aws:s3:::b".into());
    let given = Given { unsupplied: Unsupplied::None, ..Given::default() };
    let set = alone.policies(&caller, "s3:ListBucket", &resource, None, &given);
    assert_eq!(set.identity.missing.as_deref(), Some("no policy snapshot of account 444455556666"));
}

#[test]
fn no_organization_is_told_by_null() {
    let snapshot = of(&[("a.json", ONE_USER), ("organization.json", r#"{"Organization": null}"#)]);
    let stop = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
    let (outcome, because, _) =
        decide(&snapshot, "user/ann", "ec2:StopInstances", stop, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Allowed, "{because}");
}

#[test]
fn the_management_account_and_kinds_that_are_not_enabled_are_not_bound() {
    let scp = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
    let tree = r#"{"id": "o-exampleorg1", "managementAccount": "MANAGER", "nodes": [{"id": "r-ex01", "scps": ["no"], "rcps": []},
        {"id": "111122223333", "parent": "r-ex01", "scps": ["p-FullAWSAccess"], "rcps": []}]}"#;
    let stop = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
    for (manager, expected) in
        [("111122223333", Outcome::Allowed), ("123456789012", Outcome::ExplicitlyDenied)]
    {
        let tree = tree.replace("MANAGER", manager);
        let snapshot = of(&[("a.json", ONE_USER), ("organization.json", &tree), ("scp/no.json", scp)]);
        let (outcome, because, _) =
            decide(&snapshot, "user/ann", "ec2:StopInstances", stop, &[], Unsupplied::Unknown);
        assert_eq!(outcome, expected, "{because}");
    }
    let roots = r#"{"Roots": [{"Id": "r-ex01", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "PENDING_DISABLE"}]}]}"#;
    let tree = format!("{}\n{roots}", tree.replace("MANAGER", "123456789012"));
    let snapshot = of(&[("a.json", ONE_USER), ("organization.json", &tree), ("scp/no.json", scp)]);
    let (outcome, because, _) =
        decide(&snapshot, "user/ann", "ec2:StopInstances", stop, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Allowed, "{because}");
}

#[test]
fn an_attached_control_policy_that_was_not_supplied_is_missing() {
    let tree = r#"{"nodes": [{"id": "r-ex01", "scps": ["p-FullAWSAccess", "p-lost"], "rcps": []},
        {"id": "111122223333", "parent": "r-ex01", "scps": ["p-FullAWSAccess"], "rcps": []}]}"#;
    let snapshot = of(&[("a.json", ONE_USER), ("organization.json", tree)]);
    let stop = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
    let (outcome, _, needs) =
        decide(&snapshot, "user/ann", "ec2:StopInstances", stop, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Undetermined);
    assert_eq!(needs, ["service control policies of r-ex01: SCP p-lost was not supplied"]);
}

#[test]
fn a_federated_user_has_its_user_s_policies_and_a_session_policy_that_nobody_supplied() {
    let snapshot = org();
    let caller = crate::policy::Caller::FederatedUser {
        arn: "arn:aws:sts::111122223333:federated-user/guest".into(),
        user_arn: Some("arn:aws:iam::111122223333:user/ann".into()),
    };
    let resource = Resource::Named(REPORT.into());
    let PolicySet { identity, session, .. } =
        snapshot.policies(&caller, "s3:GetObject", &resource, None, &Given::default());
    assert_eq!(identity.policies.len(), 3);
    assert!(session.unwrap().missing.is_some());
    let unknown = crate::policy::Caller::FederatedUser {
        arn: "arn:aws:sts::111122223333:federated-user/guest".into(),
        user_arn: None,
    };
    let set = snapshot.policies(&unknown, "s3:GetObject", &resource, None, &Given::default());
    assert!(set.identity.missing.unwrap().contains("asked for the federation token"));
}

#[test]
fn a_federated_user_of_the_root_user_has_no_policies_but_its_session_s() {
    let guest = |account: &str| crate::policy::Caller::FederatedUser {
        arn: format!("arn:aws:sts::{account}:federated-user/guest"),
        user_arn: Some(format!("arn:aws:iam::{account}:root")),
    };
    let resource = Resource::Named(REPORT.into());
    // Of an account without details nothing is missing either.
    for account in ["111122223333", "999999999999"] {
        let set = org().policies(&guest(account), "s3:GetObject", &resource, None, &Given::default());
        assert!(set.identity.policies.is_empty() && set.identity.missing.is_none());
        assert_eq!(set.boundary, None);
        assert!(set.session.unwrap().missing.unwrap().contains("session policy"));
    }
    let set = org().policies(&guest("111122223333"), "s3:GetObject", &resource, None, &Given::default());
    assert!(set.scp.unwrap().levels.len() > 1);
}

#[test]
fn an_endpoint_s_policy_counts_when_it_is_named() {
    let snapshot = org();
    let caller = snapshot.who("role/deploy").unwrap();
    let resource = Resource::Named("arn:aws:s3:::example-shop/a".into());
    let set_of = |id: Option<&str>| {
        let given = Given { endpoint: id.map(str::to_owned), ..Given::default() };
        snapshot.policies(&caller, "s3:PutObject", &resource, None, &given).vpc_endpoint
    };
    assert_eq!(set_of(None), None);
    assert_eq!(set_of(Some("vpce-0123456789abcdef0")).unwrap().policies.len(), 1);
    assert!(set_of(Some("vpce-00000000000000000")).unwrap().missing.is_some());
    // The layer's name is what a denial would say.
    assert_eq!(Layer::VpcEndpoint.to_string(), "VPC endpoint policy");
}

#[test]
fn the_policy_of_a_resource_known_in_part_is_known_if_one_resource_has_it() {
    let grant = |arn: &str| {
        format!(
            r#"{{"arn": "{arn}", "policy": {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "{arn}"}}}}}}"#
        )
    };
    let send = "arn:aws:lambda:eu-west-1:111122223333:function:send";
    let live = "arn:aws:lambda:eu-west-1:111122223333:function:call:live";
    let policies = ["arn:aws:s3:::example-logs", send, live].map(grant).join("\n");
    let snapshot = of(&[("a.json", ONE_USER), ("resource-policies/all.json", &policies)]);
    let caller = snapshot.who("user/ann").unwrap();
    let found = |action: &str, pattern: &str, unsupplied: Unsupplied| {
        let given = Given { unsupplied, ..Given::default() };
        let resource = Resource::Pattern(pattern.to_owned());
        match snapshot.policies(&caller, action, &resource, None, &given).resource {
            None => "none".to_owned(),
            Some(attached) => match attached.missing {
                Some(missing) => missing,
                None => attached.policies[0].name.clone(),
            },
        }
    };
    let (role, key) = ("arn:aws:iam::111122223333:role/*", "arn:aws:kms:eu-west-1:111122223333:key/*");
    for (action, pattern, unknown, none) in [
        (
            "s3:GetObject",
            "arn:aws:s3:::example-logs/*",
            "policy of arn:aws:s3:::example-logs",
            "policy of arn:aws:s3:::example-logs",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:::example-logs/a",
            "policy of arn:aws:s3:::example-logs",
            "policy of arn:aws:s3:::example-logs",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:::other/*",
            "resource policy of arn:aws:s3:::other not supplied",
            "none",
        ),
        ("s3:GetObject", "arn:aws:s3:::example-*", "?", "?"),
        ("s3:GetObject", "arn:aws:s3:::*/a", "?", "?"),
        ("s3:GetObject", "arn:aws:s3:::other-*/a", "?", "none"),
        (
            "lambda:InvokeFunction",
            &format!("{send}:*"),
            "policy of arn:aws:lambda:eu-west-1:111122223333:function:send",
            "policy of arn:aws:lambda:eu-west-1:111122223333:function:send",
        ),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:call:*", "?", "?"),
        ("ec2:StopInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/*", "none", "none"),
        ("kms:Decrypt", key, "?", "none"),
        ("sts:AssumeRole", role, "?", "?"),
        ("iam:GetRole", role, "none", "none"),
    ] {
        for (unsupplied, expected) in [(Unsupplied::Unknown, unknown), (Unsupplied::None, none)] {
            let expected =
                if expected == "?" { "which resource is asked for is not known" } else { expected };
            assert_eq!(found(action, pattern, unsupplied), expected, "{pattern} {unsupplied:?}");
        }
    }
}

#[test]
fn what_can_have_no_policy_may_be_shared_with_another_account() {
    let snapshot = org();
    let policy = |principal: &str, action: &str, resource: Resource, unsupplied: Unsupplied| {
        let caller = snapshot.who(principal).unwrap();
        let given = Given { unsupplied, ..Given::default() };
        snapshot.policies(&caller, action, &resource, None, &given).resource
    };
    let subnet = "arn:aws:ec2:eu-west-1:444455556666:subnet/subnet-1";
    let any_subnet = "arn:aws:ec2:eu-west-1:444455556666:subnet/*";
    for resource in [Resource::Named(subnet.into()), Resource::Pattern(any_subnet.into())] {
        let shared = policy("user/ann", "ec2:RunInstances", resource.clone(), Unsupplied::Unknown).unwrap();
        let missing = shared.missing.unwrap();
        assert!(missing.ends_with(" is shared with account 111122223333"), "{missing}");
        assert!(crate::snapshot::resource_of_unknown_share(&missing).unwrap().starts_with("arn:aws:ec2:"));
        assert_eq!(shared.may, May::Allow);
        assert_eq!(policy("user/ann", "ec2:RunInstances", resource.clone(), Unsupplied::None), None);
        // In its own account, and for who has none, it is as it was.
        for principal in ["arn:aws:iam::444455556666:root", "ec2.amazonaws.com"] {
            assert_eq!(policy(principal, "ec2:RunInstances", resource.clone(), Unsupplied::Unknown), None);
        }
    }
    let role = Resource::Named("arn:aws:iam::444455556666:role/reader".into());
    assert_eq!(policy("user/ann", "iam:GetRole", role, Unsupplied::Unknown), None);
}

#[test]
fn the_policy_of_a_layer_denies_nobody() {
    let snapshot = org();
    let layer = Resource::Named("arn:aws:lambda:eu-west-1:111122223333:layer:tools:7".into());
    let caller = snapshot.who("user/ann").unwrap();
    let set = snapshot.policies(&caller, "lambda:GetLayerVersion", &layer, None, &Given::default());
    let own = set.resource.unwrap();
    assert!(own.may == May::Allow && own.missing.unwrap().contains("layer:tools:7 not supplied"));
}

#[test]
fn behind_an_access_point_stands_a_bucket_that_must_allow_it_too() {
    let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/in";
    let grant = format!(
        r#"{{"arn": "{point}", "policy": {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}}}}}"#
    );
    let snapshot = of(&[
        ("a.json", ONE_USER),
        ("organization.json", r#"{"Organization": null}"#),
        ("resource-policies/points.json", &grant),
    ]);
    let object = format!("{point}/object/k");
    let (outcome, _, needs) =
        decide(&snapshot, "user/ann", "s3:GetObject", &object, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Undetermined);
    assert_eq!(needs, [format!("resource-based policy: the bucket behind {point}, which must allow it too")]);
    let (outcome, ..) = decide(&snapshot, "user/ann", "s3:GetObject", &object, &[], Unsupplied::None);
    assert_eq!(outcome, Outcome::Allowed);
    // What is asked of the access point itself meets no bucket.
    let (outcome, ..) =
        decide(&snapshot, "user/ann", "s3:GetAccessPointPolicy", point, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Allowed);
}

#[test]
fn a_member_s_root_user_is_lent_by_the_management_account_s_policies_alone() {
    let snapshot = of(&[("a.json", ONE_USER), ("organization.json", r#"{"Organization": null}"#)]);
    let root = "arn:aws:iam::444455556666:root";
    let (outcome, because, _) =
        decide(&snapshot, "user/ann", "sts:AssumeRoot", root, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Allowed, "{because}");
    let model = "arn:aws:bedrock:eu-west-1::foundation-model/x";
    let (outcome, because, _) =
        decide(&snapshot, "user/ann", "bedrock:InvokeModel", model, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Allowed, "{because}");
}

#[test]
fn who_asks_for_a_key_by_its_alias_meets_the_key_s_policy() {
    let snapshot = of(&[("a.json", ONE_USER), ("organization.json", r#"{"Organization": null}"#)]);
    let alias = "arn:aws:kms:eu-west-1:111122223333:alias/data";
    let (outcome, _, needs) = decide(&snapshot, "user/ann", "kms:Decrypt", alias, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Undetermined);
    assert_eq!(needs, [format!("resource-based policy: policy of the key behind {alias} not supplied")]);
    let (outcome, ..) = decide(&snapshot, "user/ann", "kms:DeleteAlias", alias, &[], Unsupplied::Unknown);
    assert_eq!(outcome, Outcome::Allowed);
}
