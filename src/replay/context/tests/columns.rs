//! Which columns a key is told from: all others may change, and the key stays the same.

use std::collections::BTreeMap;

use super::*;
use crate::replay::context::rule::TABLES;
use crate::replay::{Session, SessionPolicies};

/// Texts that are put in the place of a column's own: nothing that means anything, and for each column something that does.
fn other(field: Field) -> [&'static str; 2] {
    let meaning = match field {
        Field::ErrorCode => "AccessDenied",
        Field::SourceIpAddress => "cloudformation.amazonaws.com",
        Field::AwsRegion => "us-east-1",
        Field::VpcEndpointId => "vpce-0123456789abcdef0",
        Field::AccessKeyId => "ASIARTX3GSDS2EXAMPLE",
        Field::IdentityType => "Root",
        Field::RequestParameters => {
            r#"{"prefix": "x", "tags": [{"key": "Team", "value": "x"}], "externalId": "x", "encryptionContext": {"Team": "x"}}"#
        }
        Field::ResponseElements => r#"{"subject": "x", "subjectFromWebIdentityToken": "x", "audience": "x"}"#,
        Field::AdditionalEventData => {
            r#"{"vpcEndpointId": "vpce-1", "CipherSuite": "x", "SignatureVersion": "SigV2", "AuthenticationMethod": "QueryString"}"#
        }
        Field::TlsDetails => r#"{"tlsVersion": "TLSv1.3"}"#,
        Field::InScopeOf => r#"{"credentialsIssuedTo": "arn:aws:lambda:eu-west-1:111122223333:function:f"}"#,
        Field::EventContext => r#"{"requestContext": {"aws:SourceIp": "192.0.2.99"}}"#,
        _ => "other",
    };
    ["other", meaning]
}

fn every_key() -> BTreeSet<String> {
    let listed = catalog().services.iter().flat_map(|service| service.condition_keys);
    let listed = listed.chain(catalog().global_keys).map(|key| key.name.replace("${TagKey}", "Team"));
    let rules = TABLES.into_iter().flatten().map(|rule| match rule.how {
        How::Family(_) => format!("{}Team", rule.key),
        How::Tell(_) | How::Mirror { .. } => rule.key.to_owned(),
    });
    let more = ["aws:RequestTag/Other", "s3:ResourceTag/Team", "id.example.com:sub", "example:thing", "none"];
    listed.chain(rules).chain(more.map(str::to_owned)).collect()
}

#[test]
fn a_key_stays_the_same_while_its_columns_do() {
    let keys = every_key();
    assert!(keys.len() > 1_700, "{}", keys.len());
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let put = r#"{"bucketName": "example-reports", "x-amz-acl": "private", "x-amz-tagging": "Team=shop"}"#;
    let assume =
        r#"{"roleSessionName": "one", "externalId": "x", "tags": [{"key": "Team", "value": "shop"}]}"#;
    let object = "arn:aws:s3:::example-reports/a";
    let forwarded = Record {
        invoked_by: Some("athena.amazonaws.com"),
        ..by_user("s3.amazonaws.com", "PutObject", Some(put))
    };
    let with_device = r#"{"roleSessionName": "one", "serialNumber": "GAHT12345678"}"#;
    let refused = Record {
        error_code: Some("Client.UnauthorizedOperation"),
        ..by_user("ec2.amazonaws.com", "TerminateInstances", None)
    };
    let web = Record {
        identity_type: Some("WebIdentityUser"),
        identity_provider: Some("id.example.com"),
        identity_arn: None,
        ..by_user("sts.amazonaws.com", "AssumeRoleWithWebIdentity", Some(assume))
    };
    let cases = [
        Case::new(by_user("s3.amazonaws.com", "PutObject", Some(put)), "s3:PutObject", Some(object)),
        Case::new(by_role("s3.amazonaws.com", "PutObject", Some(put)), "s3:PutObject", Some(object)),
        Case::new(forwarded, "s3:PutObject", Some(object)),
        Case::new(by_role("sts.amazonaws.com", "AssumeRole", Some(assume)), "sts:AssumeRole", Some(DEPLOY)),
        Case::new(web, "sts:AssumeRoleWithWebIdentity", Some(DEPLOY)),
        Case::new(
            by_user("kms.amazonaws.com", "Decrypt", Some(r#"{"encryptionContext": {"Team": "a"}}"#)),
            "kms:Decrypt",
            None,
        ),
        Case::new(by_role("ec2.amazonaws.com", "RunInstances", Some("{}")), "iam:PassRole", Some(DEPLOY))
            .origin(Origin::Derived),
        Case::new(by_role("ec2.amazonaws.com", "RunInstances", None), "ec2:RunInstances", None),
        Case::new(
            by_user("sts.amazonaws.com", "AssumeRole", Some(with_device)),
            "sts:AssumeRole",
            Some(DEPLOY),
        ),
        Case::new(refused, "ec2:TerminateInstances", None),
    ];
    let (mut compared, mut known) = (0, 0);
    for case in &cases {
        // Keys that are told from the same columns are looked at together.
        let mut groups: BTreeMap<Vec<Field>, Vec<&str>> = BTreeMap::new();
        for key in keys.iter().copied() {
            let fields = fields_of_key_in(key, Parts::of(&case.record));
            groups.entry(fields.iter().collect()).or_default().push(key);
        }
        assert!(groups.len() > 15, "{}", groups.len());
        for (fields, keys) in &groups {
            let before = case.with(|told| context_of(told, keys));
            known += before.keys().count();
            for variant in [0, 1] {
                // Who asked, what for and the session are given, and stay; every column but the keys' own changes.
                let others = Field::ALL.iter().filter(|field| !fields.contains(field));
                let record =
                    others.fold(case.record, |record, field| record.with(*field, other(*field)[variant]));
                let parsed = Parsed::of(&record);
                let after =
                    case.with(|told| context_of(&Told { record: &record, parsed: &parsed, ..*told }, keys));
                for key in keys {
                    compared += 1;
                    assert_eq!(
                        before.standing(key),
                        after.standing(key),
                        "{key} {variant} {:?}",
                        case.asked.action
                    );
                }
            }
        }
    }
    assert!(compared > 20_000 && known > 2_000, "{compared} {known}");
}

#[test]
fn only_tags_of_the_caller_are_told_by_what_issued_its_session() {
    let keys = every_key();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let tags = BTreeMap::from([("Team".to_owned(), "data".to_owned())]);
    let sessions = [
        Session { policies: SessionPolicies::None, tags: None, issued_by: None },
        Session { policies: SessionPolicies::None, tags: Some(tags), issued_by: Some("1".to_owned()) },
    ];
    let case = Case::new(by_role("s3.amazonaws.com", "GetObject", None), "s3:GetObject", Some(BUCKET));
    let [unknown, tagged] = sessions
        .each_ref()
        .map(|session| case.with(|told| context_of(&Told { session: Some(session), ..*told }, &keys)));
    let differ: Vec<&&str> =
        keys.iter().filter(|key| unknown.standing(key) != tagged.standing(key)).collect();
    assert!(differ.contains(&&"aws:PrincipalTag/Team"), "{differ:?}");
    assert!(differ.iter().all(|key| is_told_by_session(key)), "{differ:?}");
}

#[test]
fn the_columns_of_a_key_are_those_that_it_is_told_from() {
    for (key, field) in [
        ("aws:SourceIp", Field::SourceIpAddress),
        ("AWS:SOURCEIP", Field::VpcEndpointId),
        ("aws:MultiFactorAuthPresent", Field::MfaAuthenticated),
        ("aws:RequestTag/Team", Field::RequestParameters),
        ("s3:prefix", Field::ErrorCode),
        ("s3:TlsVersion", Field::TlsDetails),
    ] {
        assert!(fields_of_key(key).has(field), "{key}");
    }
    for key in ["aws:SourceIp", "aws:PrincipalTag/Team", "unheard-of", "ec2:ResourceTag/Team"] {
        assert!(fields_of_key(key).has(Field::EventContext), "{key}");
    }
    assert!(!fields_of_key("aws:SourceIp").has(Field::RequestParameters));
    let needs = |key: &str, record: &Record<'_>| {
        fields_of_key_in(key, Parts::of(record)).has(Field::RequestParameters)
    };
    let list = by_user("s3.amazonaws.com", "ListObjects", None);
    let assume = by_user("sts.amazonaws.com", "AssumeRole", None);
    let refused = Record { error_code: Some("AccessDenied"), ..list };
    let (mfa, tag) = ("aws:MultiFactorAuthPresent", "aws:ResourceTag/Team");
    assert!(!needs(mfa, &list) && needs(mfa, &assume) && !needs(tag, &list) && needs(tag, &refused));
    assert!(needs("aws:RequestTag/Team", &list));
    assert!(!fields_of_key("aws:PrincipalArn").has(Field::EventTime));
}

#[test]
fn every_rule_has_a_key_of_its_own_in_lower_case() {
    let mut seen = BTreeSet::new();
    for rule in TABLES.into_iter().flatten() {
        assert_eq!(rule.key, rule.key.to_lowercase());
        assert!(seen.insert(rule.key), "{}", rule.key);
    }
    assert!(seen.len() > 150);
}

#[test]
fn every_mirrored_key_is_one_that_the_catalog_lists() {
    let mut seen = 0;
    for rule in TABLES.into_iter().flatten() {
        let How::Mirror { listed, .. } = rule.how else { continue };
        seen += 1;
        let prefix = listed.split(':').next().unwrap();
        let key = catalog().service(prefix).and_then(|service| service.condition_key(listed));
        assert!(key.is_some_and(|key| key.name.eq_ignore_ascii_case(listed)), "{listed}");
        assert_eq!(rule.key, listed.to_lowercase());
    }
    assert!(seen > 80, "{seen}");
}
