//! Callers by the type of their identity, with and without a snapshot.

#![expect(clippy::large_types_passed_by_value, reason = "a record is made on the spot and given away")]

use std::path::Path;

use super::*;
use crate::replay::Fields;

const PATRON: &str = r#"{"UserDetailList": [
    {"UserName": "ann", "UserId": "AIDARTX3GSDSQANNEXAMPLE", "Arn": "arn:aws:iam::111122223333:user/staff/ann"}],
  "RoleDetailList": [{"RoleName": "deploy", "RoleId": "AROARTX3GSDSQDEPEXAMPLE",
    "Arn": "arn:aws:iam::111122223333:role/team/deploy",
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}]}"#;

fn snapshot() -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("details.json"), PATRON).unwrap();
    Snapshot::read(Path::new(folder.path())).unwrap()
}

fn of(record: Record<'_>) -> Who {
    who(&record, None).unwrap()
}

fn user(arn: &str, id: Option<&str>) -> Caller {
    Caller::User { arn: arn.to_owned(), unique_id: id.map(str::to_owned) }
}

const ANN: &str = "arn:aws:iam::111122223333:user/staff/ann";
const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/deploy";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/deploy/ann@example.com";

#[test]
fn a_user_is_known_by_arn_and_id() {
    let who = of(Record {
        identity_type: Some("IAMUser"),
        identity_arn: Some(ANN),
        principal_id: Some("AIDARTX3GSDSQANNEXAMPLE"),
        ..Record::default()
    });
    assert_eq!(who.caller, user(ANN, Some("AIDARTX3GSDSQANNEXAMPLE")));
    assert_eq!((who.principal.as_str(), who.forwarded_by), (ANN, None));
}

#[test]
fn a_user_s_path_comes_from_the_snapshot_by_name_or_id() {
    let snapshot = snapshot();
    let by_name = Record {
        identity_type: Some("IAMUser"),
        user_name: Some("ann"),
        identity_account_id: Some("111122223333"),
        ..Record::default()
    };
    assert_eq!(who(&by_name, Some(&snapshot)).unwrap().principal, ANN);
    assert_eq!(who(&by_name, None).unwrap().principal, "arn:aws:iam::111122223333:user/ann");
    let moved = Record {
        identity_arn: Some("arn:aws:iam::111122223333:user/old/annie"),
        principal_id: Some("AIDARTX3GSDSQANNEXAMPLE"),
        ..by_name
    };
    assert_eq!(who(&moved, Some(&snapshot)).unwrap().principal, ANN);
    let other = Record { principal_id: Some("AIDARTX3GSDSQBOBEXAMPLE"), ..moved };
    assert_eq!(who(&other, Some(&snapshot)).unwrap().principal, "arn:aws:iam::111122223333:user/old/annie");
}

#[test]
fn a_session_has_the_issuing_role_s_arn_with_path() {
    let record = Record {
        identity_type: Some("AssumedRole"),
        identity_arn: Some(SESSION),
        principal_id: Some("AROARTX3GSDSQDEPEXAMPLE:ann@example.com"),
        session_issuer_arn: Some(DEPLOY),
        invoked_by: Some("athena.amazonaws.com"),
        ..Record::default()
    };
    let who = of(record);
    let expected = Caller::RoleSession {
        session_arn: SESSION.to_owned(),
        role_arn: Some(DEPLOY.to_owned()),
        unique_id: Some("AROARTX3GSDSQDEPEXAMPLE:ann@example.com".to_owned()),
    };
    assert_eq!(who.caller, expected);
    assert_eq!(who.principal, DEPLOY);
    assert_eq!(who.forwarded_by.as_deref(), Some("athena.amazonaws.com"));
    // Without its ARN it is built from the issuer's and the id.
    assert_eq!(of(Record { identity_arn: None, ..record }).caller, expected);
}

#[test]
fn a_session_without_issuer_takes_the_path_from_the_snapshot() {
    let record =
        Record { identity_type: Some("AssumedRole"), identity_arn: Some(SESSION), ..Record::default() };
    let known = who(&record, Some(&snapshot())).unwrap();
    assert_eq!(known.principal, DEPLOY);
    let bare = of(record);
    assert_eq!(bare.principal, "arn:aws:iam::111122223333:role/deploy");
    let Caller::RoleSession { role_arn, .. } = bare.caller else { panic!("a session") };
    assert_eq!(role_arn, None);
}

#[test]
fn a_federated_user_is_listed_by_its_user() {
    let arn = "arn:aws:sts::111122223333:federated-user/bob";
    let record = Record {
        identity_type: Some("FederatedUser"),
        identity_arn: Some(arn),
        session_issuer_arn: Some(ANN),
        ..Record::default()
    };
    let who = of(record);
    assert_eq!(who.caller, Caller::FederatedUser { arn: arn.to_owned(), user_arn: Some(ANN.to_owned()) });
    assert_eq!(who.principal, ANN);
    let root = "arn:aws:iam::111122223333:root";
    let of_root = of(Record { session_issuer_arn: Some(root), ..record });
    assert_eq!(
        of_root.caller,
        Caller::FederatedUser { arn: arn.to_owned(), user_arn: Some(root.to_owned()) }
    );
    assert_eq!(of_root.principal, root);
    let of_role = of(Record { session_issuer_arn: Some(DEPLOY), ..record });
    assert_eq!(of_role.caller, Caller::FederatedUser { arn: arn.to_owned(), user_arn: None });
}

#[test]
fn root_is_an_account() {
    let who = of(Record {
        identity_type: Some("Root"),
        identity_account_id: Some("111122223333"),
        aws_region: Some("us-gov-west-1"),
        ..Record::default()
    });
    assert_eq!(who.caller, Caller::Root { account: AccountId::parse("111122223333").unwrap() });
    assert_eq!(who.principal, "arn:aws-us-gov:iam::111122223333:root");
}

#[test]
fn a_service_is_not_forwarded_by_itself() {
    let record = Record {
        identity_type: Some("AWSService"),
        invoked_by: Some("ec2.amazonaws.com"),
        ..Record::default()
    };
    let who = of(record);
    assert_eq!(who.caller, Caller::Service { name: "ec2.amazonaws.com".to_owned() });
    assert_eq!((who.principal.as_str(), who.forwarded_by), ("ec2.amazonaws.com", None));
    let by_source = Record {
        invoked_by: Some("AWS Internal"),
        source_ip_address: Some("config.amazonaws.com"),
        ..record
    };
    assert_eq!(of(by_source).principal, "config.amazonaws.com");
    assert_eq!(of(Record { identity_type: None, ..record }).principal, "ec2.amazonaws.com");
}

#[test]
fn someone_of_another_account_is_known_by_id_if_the_snapshot_has_it() {
    let record = Record {
        identity_type: Some("AWSAccount"),
        identity_account_id: Some("111122223333"),
        recipient_account_id: Some("444455556666"),
        principal_id: Some("AROARTX3GSDSQDEPEXAMPLE:bob"),
        ..Record::default()
    };
    let account = AccountId::parse("111122223333").unwrap();
    let unknown = of(record);
    assert_eq!(
        unknown.caller,
        Caller::Account { account, unique_id: Some("AROARTX3GSDSQDEPEXAMPLE:bob".to_owned()) }
    );
    assert_eq!(unknown.principal, "someone of account 111122223333 (AROARTX3GSDSQDEPEXAMPLE)");
    let known = who(&record, Some(&snapshot())).unwrap();
    assert_eq!(known.principal, DEPLOY);
    let Caller::RoleSession { session_arn, .. } = known.caller else { panic!("a session") };
    assert_eq!(session_arn, "arn:aws:sts::111122223333:assumed-role/deploy/bob");
    let user = Record { principal_id: Some("AIDARTX3GSDSQANNEXAMPLE"), ..record };
    assert_eq!(who(&user, Some(&snapshot())).unwrap().principal, ANN);
}

#[test]
fn the_anonymous_have_no_account() {
    for record in [
        Record { identity_account_id: Some("ANONYMOUS_PRINCIPAL"), ..Record::default() },
        Record { principal_id: Some("Anonymous"), ..Record::default() },
        Record {
            identity_account_id: Some("anonymous"),
            principal_id: Some("ANONYMOUS_PRINCIPAL"),
            ..Record::default()
        },
    ] {
        let record = Record { identity_type: Some("AWSAccount"), ..record };
        let who = of(record);
        assert_eq!((who.caller, who.principal.as_str()), (Caller::Anonymous, "anonymous"));
    }
}

#[test]
fn subjects_of_providers_are_named_as_trust_policies_name_the_provider() {
    let saml = Record {
        identity_type: Some("SAMLUser"),
        event_name: Some("AssumeRoleWithSAML"),
        identity_provider: Some("aGFzaA=="),
        request_parameters: Some(
            r#"{"principalArn": "arn:aws:iam::111122223333:saml-provider/Example", "roleArn": "x"}"#,
        ),
        ..Record::default()
    };
    assert_eq!(of(saml).principal, "arn:aws:iam::111122223333:saml-provider/Example");
    assert_eq!(of(Record { request_parameters: None, ..saml }).principal, "aGFzaA==");
    for (written, provider) in [
        ("accounts.google.com", "accounts.google.com"),
        ("cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com"),
        (
            "token.actions.githubusercontent.com",
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
        ),
        (
            "arn:aws:iam::111122223333:oidc-provider/id.example.com",
            "arn:aws:iam::111122223333:oidc-provider/id.example.com",
        ),
    ] {
        let record = Record {
            identity_type: Some("WebIdentityUser"),
            identity_provider: Some(written),
            recipient_account_id: Some("111122223333"),
            ..Record::default()
        };
        assert_eq!(of(record).caller, Caller::Federated { provider: provider.to_owned() });
    }
}

#[test]
fn others_are_whom_their_arn_names_or_someone_of_their_account() {
    let unknown = Record { identity_type: Some("Unknown"), identity_arn: Some(SESSION), ..Record::default() };
    assert!(matches!(of(unknown).caller, Caller::RoleSession { .. }));
    for kind in ["Directory", "IdentityCenterUser", "NewKind"] {
        let record = Record {
            identity_type: Some(kind),
            identity_account_id: Some("111122223333"),
            user_name: Some("bob"),
            ..Record::default()
        };
        let who = of(record);
        assert!(matches!(who.caller, Caller::Account { unique_id: None, .. }), "{kind}");
        let is_person = kind == "IdentityCenterUser";
        assert_eq!(who.principal, if is_person { "bob" } else { "someone of account 111122223333" });
        let nameless = of(Record { user_name: None, ..record });
        let words = if is_person { "an Identity Center user of account" } else { "someone of account" };
        assert_eq!(nameless.principal, format!("{words} 111122223333"));
    }
}

#[test]
fn a_record_that_names_nobody_has_no_caller() {
    assert_eq!(who(&Record::default(), None), None);
    // The account that the record stands in is nobody's identity.
    let only_place = Record { recipient_account_id: Some("111122223333"), ..Record::default() };
    assert_eq!(who(&only_place, None), None);
}

/// Every column that is not in the list is changed, and the caller stays the same.
#[test]
fn no_column_but_the_listed_ones_is_read() {
    let snapshot = snapshot();
    let bases = [
        ("IAMUser", Some(ANN), None),
        ("IAMUser", None, Some("ann")),
        ("AssumedRole", Some(SESSION), None),
        ("AssumedRole", None, None),
        ("FederatedUser", Some("arn:aws:sts::111122223333:federated-user/bob"), None),
        ("Root", None, None),
        ("AWSService", None, None),
        ("AWSAccount", None, None),
        ("SAMLUser", None, Some("bob")),
        ("WebIdentityUser", None, Some("bob")),
        ("Unknown", Some(SESSION), None),
    ];
    let listed = Fields::of(FIELDS_OF_CALLER);
    for (kind, arn, name) in bases {
        let base = Record {
            identity_type: Some(kind),
            identity_arn: arn,
            user_name: name,
            identity_account_id: Some("111122223333"),
            principal_id: Some("AROARTX3GSDSQDEPEXAMPLE:bob"),
            session_issuer_arn: Some(DEPLOY),
            identity_provider: Some("id.example.com"),
            recipient_account_id: Some("111122223333"),
            ..Record::default()
        };
        let before = who(&base, Some(&snapshot));
        let mut changed = 0;
        for field in Field::ALL.iter().filter(|field| !listed.has(**field)) {
            changed += 1;
            assert_eq!(who(&base.with(*field, "other"), Some(&snapshot)), before, "{kind} {field:?}");
        }
        assert!(changed > 20);
    }
}

/// Each listed column matters for some record.
#[test]
fn every_listed_column_is_read() {
    let snapshot = snapshot();
    let base = Record {
        event_name: Some("AssumeRoleWithSAML"),
        principal_id: Some("AIDARTX3GSDSQANNEXAMPLE"),
        identity_account_id: Some("111122223333"),
        request_parameters: Some(r#"{"principalArn": "arn:aws:iam::111122223333:saml-provider/Example"}"#),
        ..Record::default()
    };
    let bare = Record { principal_id: None, identity_account_id: None, ..base };
    let root = Record { identity_type: Some("Root"), ..bare };
    let cases = [
        (Field::EventName, Record { identity_type: Some("SAMLUser"), ..base }, "ConsoleLogin"),
        (Field::AwsRegion, Record { identity_account_id: Some("111122223333"), ..root }, "cn-north-1"),
        (Field::SourceIpAddress, Record { identity_type: Some("AWSService"), ..base }, "rds.amazonaws.com"),
        (Field::RecipientAccountId, root, "444455556666"),
        (Field::IdentityType, base, "Root"),
        (Field::PrincipalId, Record { identity_type: Some("AWSAccount"), ..base }, "AIDARTX3GSDSQBOBEXAMPLE"),
        (Field::IdentityArn, Record { identity_type: Some("IAMUser"), ..bare }, ANN),
        (Field::IdentityAccountId, root, "444455556666"),
        (Field::UserName, Record { identity_type: Some("IAMUser"), ..base }, "bob"),
        (Field::InvokedBy, Record { identity_type: Some("IAMUser"), ..base }, "athena.amazonaws.com"),
        (
            Field::IdentityProvider,
            Record { identity_type: Some("WebIdentityUser"), ..bare },
            "id.example.com",
        ),
        (Field::SessionIssuerArn, root, DEPLOY),
        (Field::SessionIssuerAccountId, root, "444455556666"),
        (
            Field::FederatedProvider,
            Record { identity_type: Some("WebIdentityUser"), ..bare },
            "id.example.com",
        ),
    ];
    let mut read: Vec<Field> = Vec::new();
    for (field, record, value) in cases {
        let name_alone = field == Field::UserName;
        let record = if name_alone { Record { principal_id: None, ..record } } else { record };
        assert_ne!(
            who(&record, Some(&snapshot)),
            who(&record.with(field, value), Some(&snapshot)),
            "{field:?}"
        );
        read.push(field);
    }
    assert_eq!(read, FIELDS_OF_CALLER);
}
