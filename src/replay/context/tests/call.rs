//! Keys of the call itself.

use super::*;

fn listing(record: Record<'_>) -> Case<'_> {
    Case::new(record, "s3:ListBucket", Some(BUCKET))
}

const S3: &str = "s3.amazonaws.com";

#[test]
fn time_region_and_address_are_the_record_s() {
    listing(by_user(S3, "ListObjects", None)).check(&[
        ("aws:CurrentTime", "2023-11-14T22:13:20Z"),
        ("aws:EpochTime", "1700000000"),
        ("aws:RequestedRegion", "eu-west-1"),
        ("aws:SourceIp", "192.0.2.7"),
        ("aws:VpcSourceIp", "absent"),
        ("aws:SourceVpce", "absent"),
        ("aws:SourceVpc", "absent"),
        ("aws:SourceVpcArn", "absent"),
        ("aws:VpceAccount", "absent"),
        ("aws:UserAgent", "aws-cli/2.15"),
        ("aws:ViaAWSService", "false"),
        ("aws:CalledVia", "absent"),
        ("aws:CalledViaFirst", "absent"),
        ("aws:CalledViaLast", "absent"),
        ("aws:SecureTransport", "unknown"),
        ("aws:ResourceAccount", "111122223333"),
        ("aws:Referer", "unknown"),
    ]);
    let odd = Record { aws_region: Some("global"), ..by_user(S3, "ListObjects", None) };
    listing(odd).check(&[("aws:RequestedRegion", "unknown")]);
}

#[test]
fn a_call_through_an_endpoint_has_no_source_ip() {
    let record = Record {
        vpc_endpoint_id: Some("vpce-0123456789abcdef0"),
        source_ip_address: Some("10.0.0.7"),
        ..by_user(S3, "ListObjects", None)
    };
    listing(record).check(&[
        ("aws:SourceIp", "absent"),
        ("aws:VpcSourceIp", "10.0.0.7"),
        ("aws:SourceVpce", "vpce-0123456789abcdef0"),
        ("aws:SourceVpc", "vpc-0123456789abcdef0"),
        ("aws:VpceAccount", "unknown"),
    ]);
    let elsewhere = Record {
        vpc_endpoint_id: None,
        additional_event_data: Some(r#"{"vpcEndpointId": "vpce-0aaaaaaaaaaaaaaaa"}"#),
        ..record
    };
    let case = listing(elsewhere);
    case.check(&[
        ("aws:SourceIp", "absent"),
        ("aws:SourceVpce", "vpce-0aaaaaaaaaaaaaaaa"),
        ("aws:SourceVpc", "unknown"),
    ]);
    assert!(case.why("aws:SourceVpc").contains("vpc-endpoint-policies/"));
    // A private address without an endpoint: nothing tells how the call came.
    let private = Record { vpc_endpoint_id: None, ..record };
    listing(private).check(&[("aws:SourceIp", "unknown"), ("aws:SourceVpce", "unknown")]);
}

#[test]
fn a_forwarded_call_is_via_its_service_from_an_address_that_is_not_logged() {
    let record = Record {
        invoked_by: Some("cloudformation.amazonaws.com"),
        source_ip_address: Some("cloudformation.amazonaws.com"),
        user_agent: Some("cloudformation.amazonaws.com"),
        ..by_user(S3, "ListObjects", None)
    };
    listing(record).check(&[
        ("aws:ViaAWSService", "true"),
        ("aws:CalledVia", "unknown"),
        ("aws:CalledViaFirst", "unknown"),
        ("aws:CalledViaLast", "cloudformation.amazonaws.com"),
        ("aws:SourceIp", "unknown"),
        ("aws:SourceVpce", "unknown"),
        ("aws:UserAgent", "unknown"),
    ]);
    let unlisted = Record { invoked_by: Some("eks.amazonaws.com"), ..record };
    listing(unlisted).check(&[("aws:ViaAWSService", "true"), ("aws:CalledViaLast", "unknown")]);
    // The console's calls are marked alike.
    for console in ["AWS Internal", "signin.amazonaws.com"] {
        let record = Record { invoked_by: Some(console), ..record };
        listing(record).check(&[("aws:ViaAWSService", "unknown"), ("aws:CalledVia", "unknown")]);
    }
    let unmarked = Record { invoked_by: None, ..record };
    listing(unmarked).check(&[("aws:ViaAWSService", "unknown"), ("aws:SourceIp", "unknown")]);
}

#[test]
fn the_console_names_an_address_that_policies_may_not_see() {
    let record = Record { invoked_by: Some("signin.amazonaws.com"), ..by_user(S3, "ListObjects", None) };
    let case = listing(record);
    case.check(&[("aws:SourceIp", "unknown")]);
    assert!(case.why("aws:SourceIp").contains("another address than the record names"));
    let unnamed = listing(Record { source_ip_address: Some("AWS Internal"), ..record });
    assert!(unnamed.why("aws:SourceIp").contains("not logged"));
}

#[test]
fn a_service_that_acts_in_a_role_of_its_own_is_not_via() {
    let of_role = |role: &'static str| Record {
        invoked_by: Some("cloudformation.amazonaws.com"),
        source_ip_address: Some("cloudformation.amazonaws.com"),
        session_issuer_arn: Some(role),
        ..by_role(S3, "ListObjects", None)
    };
    let linked =
        of_role("arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX");
    listing(linked).check(&[("aws:ViaAWSService", "false"), ("aws:CalledViaLast", "absent")]);
    // CloudFormation cannot assume the one, and may have assumed the other.
    listing(of_role(DEPLOY)).check(&[("aws:ViaAWSService", "true")]);
    listing(of_role("arn:aws:iam::111122223333:role/stack")).check(&[("aws:ViaAWSService", "unknown")]);
    listing(of_role("arn:aws:iam::111122223333:role/unheard-of")).check(&[("aws:ViaAWSService", "unknown")]);
}

#[test]
fn tls_is_told_by_the_record() {
    let record = Record {
        tls_details: Some(r#"{"tlsVersion": "TLSv1.2", "cipherSuite": "ECDHE-RSA-AES128-GCM-SHA256"}"#),
        ..by_user(S3, "ListObjects", None)
    };
    listing(record).check(&[("aws:SecureTransport", "true"), ("s3:TlsVersion", "1.2")]);
    let older = Record {
        tls_details: None,
        additional_event_data: Some(r#"{"CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256"}"#),
        ..record
    };
    listing(older).check(&[("aws:SecureTransport", "true"), ("s3:TlsVersion", "unknown")]);
}

#[test]
fn s3_s_user_agent_loses_its_brackets() {
    let bracketed = Record { user_agent: Some("[aws-cli/2.15]"), ..by_user(S3, "ListObjects", None) };
    listing(bracketed).check(&[("aws:UserAgent", "aws-cli/2.15")]);
    let elsewhere = Record { event_source: Some("ec2.amazonaws.com"), ..bracketed };
    listing(elsewhere).check(&[("aws:UserAgent", "[aws-cli/2.15]")]);
    let long = "a".repeat(1024);
    let cut = Record { user_agent: Some(&long), ..bracketed };
    listing(cut).check(&[("aws:UserAgent", "unknown")]);
}

#[test]
fn what_aws_logged_of_the_context_goes_first() {
    let record = Record {
        event_context: Some(
            r#"{"requestContext": {"aws:ViaAWSService": "true", "AWS:SourceIdentity": "bob",
                "aws:PrincipalOrgPaths": ["o-exampleorg1/r-ex01/"], "aws:CurrentTime": "2025-04-30 15:30:00",
                "aws:TokenIssueTime": "1746049800"},
              "tagContext": {"principalTags": {"Team": "logged"},
                "resourceTags": [{"arn": "arn:aws:s3:::example-reports", "tags": {"Class": "secret"}}]}}"#,
        ),
        ..by_user(S3, "ListObjects", None)
    };
    let case = listing(record);
    case.check(&[
        ("aws:ViaAWSService", "true"),
        ("aws:SourceIdentity", "bob"),
        ("aws:PrincipalOrgPaths", "o-exampleorg1/r-ex01/"),
        ("aws:CurrentTime", "2025-04-30T15:30:00Z"),
        ("aws:TokenIssueTime", "1746049800"),
        ("aws:PrincipalTag/team", "logged"),
        ("aws:ResourceTag/Class", "secret"),
        // What it does not name is told as ever.
        ("aws:SourceIp", "192.0.2.7"),
        ("aws:ResourceTag/Other", "unknown"),
    ]);
    // Another resource's tags are not this one's.
    Case::new(record, "s3:ListBucket", Some("arn:aws:s3:::example-other"))
        .check(&[("aws:ResourceTag/Class", "unknown")]);
    let deeper = Record {
        event_context: Some(r#"{"requestContext": {"conditionKeys": {"aws:SecureTransport": "true"}}}"#),
        ..record
    };
    listing(deeper).check(&[("aws:SecureTransport", "true")]);
    // A request of another service has its own way through the network, and the same caller.
    Case::new(record, "kms:Decrypt", None)
        .origin(Origin::Derived)
        .check(&[("aws:ViaAWSService", "unknown"), ("aws:SourceIdentity", "bob")]);
}

#[test]
fn a_derived_request_keeps_the_caller_and_may_lose_the_way() {
    let record = by_user("ec2.amazonaws.com", "RunInstances", Some(r#"{"instanceType": "t3.micro"}"#));
    let tagging = "arn:aws:ec2:eu-west-1:111122223333:instance/*";
    Case::new(record, "ec2:CreateTags", Some(tagging)).origin(Origin::Derived).check(&[
        ("aws:SourceIp", "192.0.2.7"),
        ("aws:RequestedRegion", "eu-west-1"),
        ("ec2:CreateAction", "RunInstances"),
        ("aws:username", "ann"),
    ]);
    Case::new(record, "iam:PassRole", Some(DEPLOY)).origin(Origin::Derived).check(&[
        ("aws:SourceIp", "192.0.2.7"),
        ("aws:RequestedRegion", "unknown"),
        ("iam:PassedToService", "ec2.amazonaws.com"),
        ("iam:AssociatedResourceArn", "unknown"),
        ("aws:username", "ann"),
    ]);
    Case::new(record, "kms:CreateGrant", None).origin(Origin::Derived).check(&[
        ("aws:SourceIp", "unknown"),
        ("aws:ViaAWSService", "unknown"),
        ("kms:ViaService", "unknown"),
        ("kms:GrantOperations", "unknown"),
        ("aws:username", "ann"),
    ]);
}
