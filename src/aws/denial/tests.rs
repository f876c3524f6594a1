//! Messages in the forms that AWS documents, with documentation ids.

use proptest::prelude::*;

use super::*;

const USER: &str = "arn:aws:iam::111122223333:user/ann";

#[track_caller]
fn check(message: &str, expected: Denial<'_>) {
    assert_eq!(Denial::parse(message), expected);
}

fn stated<'a>(action: &'a str, resource: Option<&'a str>) -> Denial<'a> {
    Denial { principal: Some(USER), action: Some(action), resource, ..Denial::default() }
}

#[test]
fn an_implicit_denial_names_its_layer() {
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:CreateUser on resource: \
         arn:aws:iam::111122223333:user/bob because no identity-based policy allows the iam:CreateUser action",
        Denial {
            effect: Effect::Implicit,
            layer: Some(Layer::IdentityBased),
            ..stated("iam:CreateUser", Some("arn:aws:iam::111122223333:user/bob"))
        },
    );
}

#[test]
fn every_layer_is_known_in_both_effects() {
    let mut seen = 0;
    for (words, layer) in LAYERS {
        for (reason, effect) in [
            (format!("because no {words} allows the s3:GetObject action"), Effect::Implicit),
            (format!("with an explicit deny in a {words}"), Effect::Explicit),
            (format!("with an explicit deny in an {words}"), Effect::Explicit),
            (format!("with an explicit deny in the {words}"), Effect::Explicit),
        ] {
            for resource in ["", " on resource: arn:aws:s3:::example/key"] {
                let message =
                    format!("User: {USER} is not authorized to perform: s3:GetObject{resource} {reason}");
                let named = resource.strip_prefix(" on resource: ");
                check(&message, Denial { effect, layer: Some(layer), ..stated("s3:GetObject", named) });
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 72);
}

#[test]
fn a_policy_arn_may_follow() {
    let policy = "arn:aws:organizations::444455556666:policy/o-example/service_control_policy/p-example";
    for end in ["", ".", ". Go to https://console.example.com/", " (Service: Example; Status Code: 403)"] {
        let message = format!(
            "User: {USER} is not authorized to perform: iam:ListRoles on resource: \
             arn:aws:iam::111122223333:role/* with an explicit deny in a service control policy: {policy}{end}"
        );
        check(
            &message,
            Denial {
                effect: Effect::Explicit,
                layer: Some(Layer::ServiceControl),
                policy_arn: Some(policy),
                ..stated("iam:ListRoles", Some("arn:aws:iam::111122223333:role/*"))
            },
        );
    }
}

#[test]
fn the_policy_behind_an_endpoint_policy_is_the_layer() {
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: SNS:Publish on resource: \
         arn:aws:sns:us-east-1:444455556666:topic with an explicit deny in a VPC endpoint policy transitively \
         through a service control policy",
        Denial {
            effect: Effect::Explicit,
            layer: Some(Layer::ServiceControl),
            ..stated("SNS:Publish", Some("arn:aws:sns:us-east-1:444455556666:topic"))
        },
    );
}

#[test]
fn a_layer_of_no_known_name_is_none() {
    for (reason, effect) in [
        ("with an explicit deny", Effect::Explicit),
        ("with an explicit deny in a declarative policy", Effect::Explicit),
        ("because no declarative policy allows the s3:GetObject action", Effect::Implicit),
    ] {
        let message = format!("User: {USER} is not authorized to perform: s3:GetObject {reason}");
        check(&message, Denial { effect, ..stated("s3:GetObject", None) });
    }
}

#[test]
fn ses_quotes_what_it_names() {
    for end in ["", " (Service: AmazonSimpleEmailService; Status Code: 403; Error Code: AccessDenied)"] {
        let message = format!(
            "User `{USER}' is not authorized to perform `ses:SendEmail' on resource \
             `arn:aws:ses:eu-west-1:111122223333:identity/example.com'{end}"
        );
        check(
            &message,
            stated("ses:SendEmail", Some("arn:aws:ses:eu-west-1:111122223333:identity/example.com")),
        );
    }
}

#[test]
fn some_messages_name_what_is_no_policy() {
    for (message, words) in [
        (
            "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:PutBucketPolicy on resource: \
             \"arn:aws:s3:::example\" because public policies are prevented by the BlockPublicPolicy setting in S3 \
             Block Public Access.",
            Some("S3's Block Public Access"),
        ),
        ("Access Denied because object protected by object lock.", Some("S3's Object Lock")),
        ("Mfa Authentication must be used for this request", Some("S3's MFA delete")),
        ("Insufficient Lake Formation permission(s) on t", Some("Lake Formation")),
        ("Access Denied", None),
        (
            "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:PutBucketPolicy because no \
             identity-based policy allows the s3:PutBucketPolicy action",
            None,
        ),
    ] {
        assert_eq!(Denial::beyond_policies(message), words, "{message}");
    }
    let mut pages = BEYOND_POLICIES.iter().map(|(.., page)| page);
    assert!(pages.all(|page| page.starts_with("https://docs.aws.amazon.com/")));
}

#[test]
fn older_messages_stop_early() {
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: glue:GetJobs",
        stated("glue:GetJobs", None),
    );
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: SNS:ListTopics on resource: \
         arn:aws:sns:us-east-1:111122223333:*",
        stated("SNS:ListTopics", Some("arn:aws:sns:us-east-1:111122223333:*")),
    );
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: \
         elasticfilesystem:DeleteFileSystem on the specified resource",
        stated("elasticfilesystem:DeleteFileSystem", None),
    );
    check(
        "User is not authorized to perform: rds:CopyDBSnapshot",
        Denial { action: Some("rds:CopyDBSnapshot"), ..Denial::default() },
    );
    check(
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        Denial { action: Some("sts:AssumeRoleWithWebIdentity"), ..Denial::default() },
    );
    check(
        "User: anonymous is not authorized to perform: es:ESHttpGet",
        Denial { principal: Some("anonymous"), ..stated("es:ESHttpGet", None) },
    );
}

#[test]
fn messages_without_words_state_nothing() {
    for message in ["", "Access Denied", "You are not authorized to perform this operation.", "Rate exceeded"]
    {
        check(message, Denial::default());
        assert!(!Denial::parse(message).has_reason());
    }
}

#[test]
fn a_resource_may_be_words() {
    for resource in
        ["user ann", "instance profile web", "*", "policy arn:aws:iam::aws:policy/ReadOnlyAccess", "Rule"]
    {
        for (reason, effect, layer) in [
            ("", Effect::NotStated, None),
            (
                " because no identity-based policy allows the iam:Get action",
                Effect::Implicit,
                Some(Layer::IdentityBased),
            ),
        ] {
            let message =
                format!("User: {USER} is not authorized to perform: iam:Get on resource: {resource}{reason}");
            check(&message, Denial { effect, layer, ..stated("iam:Get", Some(resource)) });
        }
    }
}

#[test]
fn encoded_messages_are_handed_on() {
    check(
        "You are not authorized to perform this operation. Encoded authorization failure message: EXAMPLE-abc_123",
        Denial { encoded: Some("EXAMPLE-abc_123"), ..Denial::default() },
    );
    check(
        "You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/ann is not authorized \
         to perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-1:111122223333:instance/* with an explicit deny \
         in a permissions boundary: arn:aws:iam::111122223333:policy/limit. Encoded authorization failure message: EXAMPLE",
        Denial {
            effect: Effect::Explicit,
            layer: Some(Layer::PermissionsBoundary),
            policy_arn: Some("arn:aws:iam::111122223333:policy/limit"),
            encoded: Some("EXAMPLE"),
            ..stated("ec2:RunInstances", Some("arn:aws:ec2:us-east-1:111122223333:instance/*"))
        },
    );
}

#[test]
fn quoted_resources_lose_their_quotes() {
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::example/a key\" because no resource-based policy allows the s3:GetObject action",
        Denial {
            effect: Effect::Implicit,
            layer: Some(Layer::ResourceBased),
            ..stated("s3:GetObject", Some("arn:aws:s3:::example/a key"))
        },
    );
}

#[test]
fn an_object_key_cannot_forge_the_reason() {
    let key = "arn:aws:s3:::example/x with an explicit deny in a service control policy";
    check(
        &format!("User: {USER} is not authorized to perform: s3:GetObject on resource: \"{key}\""),
        stated("s3:GetObject", Some(key)),
    );
    let key = "arn:aws:s3:::example/x\" because no service control policy allows the s3:GetObject action";
    for (reason, effect, layer) in [
        ("", Effect::NotStated, None),
        (" with an explicit deny in a session policy", Effect::Explicit, Some(Layer::Session)),
    ] {
        check(
            &format!(
                "User: {USER} is not authorized to perform: s3:GetObject on resource: \"{key}\"{reason}"
            ),
            Denial { effect, layer, ..stated("s3:GetObject", Some(key)) },
        );
    }
}

#[test]
fn a_quoted_message_is_read_inside_another() {
    check(
        "Resource handler returned message: \"User: arn:aws:iam::111122223333:user/ann is not authorized to perform: \
         iam:PassRole on resource: arn:aws:iam::111122223333:role/app because no identity-based policy allows the \
         iam:PassRole action (Service: Example, Status Code: 403, Request ID: 1)\" (HandlerErrorCode: AccessDenied)",
        Denial {
            effect: Effect::Implicit,
            layer: Some(Layer::IdentityBased),
            ..stated("iam:PassRole", Some("arn:aws:iam::111122223333:role/app"))
        },
    );
    check(
        "arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:PassRole on resource: \
         arn:aws:iam::111122223333:role/app (Service: Example; Status Code: 403)",
        stated("iam:PassRole", Some("arn:aws:iam::111122223333:role/app")),
    );
}

#[test]
fn a_reason_of_several_possibilities_is_not_stated() {
    check(
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: kms:Decrypt on this resource because \
         the resource does not exist in this Region, no resource-based policies allow access, or a resource-based \
         policy explicitly denies access",
        stated("kms:Decrypt", None),
    );
}

#[test]
fn layers_have_words() {
    assert_eq!(Layer::Session.words(), "session policy");
    assert_eq!(Layer::RoleTrust.words(), "role trust policy");
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(
        text in any::<String>(),
        parts in proptest::collection::vec(prop_oneof![
            Just("User: "), Just("arn:aws:iam::1:user/a"), Just(" is not authorized to perform: "), Just("s3:Get"),
            Just(" on resource: "), Just("\""), Just(" because no "), Just("session policy"), Just(" allows the "),
            Just(" action"), Just(" with an explicit deny"), Just(" in a "), Just(" transitively through a "), Just(": "),
            Just("é"), Just("Encoded authorization failure message: "), Just(" "), Just("."),
        ], 0..24),
    ) {
        for message in [text, parts.concat()] {
            let denial = Denial::parse(&message);
            prop_assert!(denial.action.is_some() || !denial.has_reason());
        }
    }
}
