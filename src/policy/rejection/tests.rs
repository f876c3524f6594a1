//! What AWS takes and what it does not.

use super::*;

/// The places for which AWS would not take a policy of these statements.
fn places(kind: PolicyKind, statements: &str) -> Vec<String> {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let document = Document::parse(kind, "test", &text);
    assert_eq!(document.refused, [], "{statements}");
    let found = rejections(&document);
    assert!(found.iter().all(|own| own.consequence == Consequence::Rejected), "{found:?}");
    found.iter().map(|own| own.place.to_string()).collect()
}

/// The same of a statement that allows these members.
fn of(kind: PolicyKind, members: &str) -> Vec<String> {
    places(kind, &format!(r#"{{"Effect": "Allow", {members}}}"#))
}

#[test]
fn control_policies_need_the_current_version() {
    for (kind, principal) in
        [(PolicyKind::ServiceControl, ""), (PolicyKind::ResourceControl, r#""Principal": "*","#)]
    {
        for (version, fine) in
            [("", false), (r#""Version": "2008-10-17","#, false), (r#""Version": "2012-10-17","#, true)]
        {
            let text = format!(
                r#"{{{version} "Statement": {{"Effect": "Deny", {principal} "Action": "s3:*", "Resource": "*"}}}}"#
            );
            let found = rejections(&Document::parse(kind, "test", &text));
            assert_eq!(found.is_empty(), fine, "{text}");
            assert!(found.iter().all(|own| own.place.to_string() == "/Version"), "{found:?}");
        }
    }
    let other = r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#;
    assert_eq!(rejections(&Document::parse(PolicyKind::Identity, "test", other)), []);
    assert_eq!(rejections(&Document::parse(PolicyKind::ServiceControl, "test", "{")), []);
}

#[test]
fn of_rcps_only_that_of_aws_is_about_all_actions() {
    let full = r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#;
    let deny = |actions: &str| {
        format!(r#"{{"Effect": "Deny", "Principal": "*", "Action": {actions}, "Resource": "*"}}"#)
    };
    for (statements, expected) in [
        (full.to_owned(), &[][..]),
        (deny(r#""s3:*""#), &[]),
        (deny(r#"["s3:*", "sts:Get?*"]"#), &[]),
        (deny(r#""*""#), &["/Statement/0/Action"]),
        (deny(r#"["s3:*", "*:*"]"#), &["/Statement/0/Action"]),
        (format!("{}, {full}", deny(r#""s3:*""#)), &["/Statement/1/Effect"]),
    ] {
        assert_eq!(places(PolicyKind::ResourceControl, &statements), expected, "{statements}");
    }
    let scp = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
    assert!(places(PolicyKind::ServiceControl, scp).is_empty());
}

#[test]
fn trust_policies_are_about_assuming_the_role() {
    let actions = |actions: &str| {
        of(PolicyKind::Trust, &format!(r#""Principal": {{"AWS": "111122223333"}}, "Action": {actions}"#))
    };
    for fine in [
        r#""sts:AssumeRole""#,
        r#"["STS:assumerolewithsaml", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity",
            "sts:SetContext"]"#,
        r#""sts:AssumeRole*""#,
    ] {
        assert!(actions(fine).is_empty(), "{fine}");
    }
    for bad in
        [r#""*""#, r#""sts:*""#, r#""sts:Assume*""#, r#""s3:GetObject""#, r#""sts:TagSessions""#, r#""*:*""#]
    {
        assert_eq!(actions(bad), ["/Statement/0/Action"], "{bad}");
    }
    assert_eq!(actions(r#"["sts:AssumeRole", "sts:GetCallerIdentity", "*"]"#).len(), 2);
    let spared = r#""Principal": {"AWS": "111122223333"}, "NotAction": "s3:GetObject""#;
    assert_eq!(of(PolicyKind::Trust, spared), ["/Statement/0/NotAction"]);
    // Actions of other services belong into other policies.
    assert!(of(PolicyKind::Resource, r#""Principal": "*", "Action": "s3:GetObject""#).is_empty());
}

#[test]
fn who_may_assume_a_role_is_named_by_kind() {
    let principal = |kind, principal: &str| {
        of(kind, &format!(r#""Principal": {principal}, "Action": "sts:AssumeRole", "Sid": "x""#))
    };
    let of_trust = |text| principal(PolicyKind::Trust, text);
    assert_eq!(of_trust(r#""*""#), ["/Statement/0/Principal"]);
    assert_eq!(of_trust(r#"{"Federated": "*"}"#), ["/Statement/0/Principal"]);
    for fine in [
        r#"{"AWS": "*"}"#,
        r#"{"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}"#,
        r#"{"Federated": "accounts.google.com"}"#,
    ] {
        assert!(of_trust(fine).is_empty(), "{fine}");
    }
    assert!(principal(PolicyKind::Resource, r#""*""#).is_empty());
}

#[test]
fn groups_and_other_resources_are_no_principals() {
    for kind in [PolicyKind::Resource, PolicyKind::Trust, PolicyKind::VpcEndpoint] {
        let resource = if kind == PolicyKind::VpcEndpoint { r#", "Resource": "*""# } else { "" };
        let of = |arns: &str| {
            of(kind, &format!(r#""Principal": {{"AWS": {arns}}}, "Action": "sts:AssumeRole"{resource}"#))
        };
        for bad in [
            r#""arn:aws:iam::111122223333:group/staff""#,
            r#"["111122223333", "arn:aws:iam::111122223333:group/ops/staff"]"#,
            r#""arn:aws:iam::111122223333:policy/p""#,
            r#""arn:aws:s3:::example-bucket""#,
        ] {
            assert_eq!(of(bad), ["/Statement/0/Principal"], "{kind:?} {bad}");
        }
        for fine in [
            r#"["111122223333", "arn:aws:iam::111122223333:root", "AIDAEXAMPLEEXAMPLE12", "*"]"#,
            r#"["arn:aws:iam::111122223333:user/a/ann", "arn:aws-cn:iam::111122223333:role/r"]"#,
            r#"["arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:sts::111122223333:federated-user/f"]"#,
            r#""arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EXAMPLE""#,
        ] {
            assert!(of(fine).is_empty(), "{kind:?} {fine}");
        }
    }
    let spared = r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:group/staff"}, "Action": "s3:*"}"#;
    assert_eq!(places(PolicyKind::Resource, spared), ["/Statement/0/NotPrincipal"]);
}

#[test]
fn iam_wants_each_sid_once() {
    let twice = |members: &str| {
        let one = format!(r#"{{"Sid": "Same", "Effect": "Allow", {members}}}"#);
        format!("{one}, {one}")
    };
    let identity = twice(r#""Action": "s3:*", "Resource": "*""#);
    assert_eq!(places(PolicyKind::Identity, &identity), ["/Statement/1/Sid"]);
    let trust = twice(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#);
    assert_eq!(places(PolicyKind::Trust, &trust), ["/Statement/1/Sid"]);
    // Services have rules of their own, which AWS does not all say.
    let resource = twice(r#""Principal": "*", "Action": "s3:*", "Resource": "*""#);
    assert!(places(PolicyKind::Resource, &resource).is_empty());
    assert!(places(PolicyKind::Identity, &identity.replace("Same", "")).is_empty());
}

#[test]
fn what_aws_would_not_take_is_evaluated_as_it_is_written() {
    let text = r#"{"Statement": [{"Sid": "A", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:group/staff"},
        "Action": "s3:*"}, {"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": "*"}]}"#;
    let document = Document::parse(PolicyKind::Trust, "test", text);
    assert_eq!((document.statements.len(), document.refused.len()), (2, 0));
    // Two actions, a group, everyone, a second `Sid`.
    assert_eq!(rejections(&document).len(), 5);
    assert!(document.problems.iter().all(|problem| !problem.consequence.is_refusal()));
}
