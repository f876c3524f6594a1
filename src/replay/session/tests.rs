//! Sessions by the records that issued them, in any order.

use chrono::{DateTime, Utc};

use super::*;
use crate::replay::Fields;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

/// A record of an `AssumeRole` by a user, whose session is `deploy/NAME`.
fn issuing<'a>(key: &'a str, session_arn: &'a str, parameters: &'a str, second: i64) -> Record<'a> {
    Record {
        event_time: at(second),
        event_source: Some("sts.amazonaws.com"),
        event_name: Some("AssumeRole"),
        event_id: Some("00000000-1111-2222-3333-444444444444"),
        identity_type: Some("IAMUser"),
        identity_arn: Some("arn:aws:iam::111122223333:user/ann"),
        access_key_id: Some("AKIARTX3GSDSQEXAMPLE"),
        request_parameters: Some(parameters),
        issued_access_key_id: Some(key),
        assumed_role_arn: Some(session_arn),
        ..Record::default()
    }
}

fn using<'a>(key: &'a str, session_arn: &'a str, created: i64) -> Record<'a> {
    Record {
        event_time: at(created + 60),
        session_created: Some(at(created)),
        identity_type: Some("AssumedRole"),
        identity_arn: Some(session_arn),
        access_key_id: Some(key),
        ..Record::default()
    }
}

fn gathered(records: &[Record<'_>]) -> Issuances {
    let mut issuances = Issuances::default();
    for record in records {
        issuances.add(record, &Parsed::of(record));
    }
    issuances
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/deploy/one";
const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const OTHER_KEY: &str = "ASIARTX3GSDS2EXAMPLE";
const PLAIN: &str = r#"{"roleArn": "arn:aws:iam::111122223333:role/deploy", "roleSessionName": "one"}"#;
const NARROW: &str = r#"{"roleArn": "arn:aws:iam::111122223333:role/deploy", "roleSessionName": "one",
    "policy": "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}",
    "policyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
    "tags": [{"key": "Team", "value": "shop"}]}"#;

#[test]
fn a_session_has_the_policies_and_tags_of_its_issuance() {
    let issuances = gathered(&[issuing(KEY, SESSION, NARROW, 0)]);
    let session = issuances.session(&using(KEY, SESSION, 0)).unwrap();
    let SessionPolicies::Given { inline, managed } = &session.policies else { panic!("{session:?}") };
    assert_eq!(inline[0].statements[0].actions.patterns, ["s3:*"]);
    assert!(inline[0].problems.is_empty());
    assert_eq!(managed, &["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert_eq!(session.tags, Some(tags(&[("Team", "shop")])));
    assert_eq!(session.issued_by.as_deref(), Some("00000000-1111-2222-3333-444444444444"));
    // Whoever asks again gets the same parsed policy.
    let again = issuances.session(&using(KEY, SESSION, 0)).unwrap();
    let SessionPolicies::Given { inline: same, .. } = &again.policies else { panic!("{again:?}") };
    assert!(Arc::ptr_eq(&inline[0], &same[0]));
}

#[test]
fn a_session_without_policy_has_none() {
    let issuances = gathered(&[issuing(KEY, SESSION, PLAIN, 0)]);
    let session = issuances.session(&using(KEY, SESSION, 0)).unwrap();
    assert_eq!((&session.policies, &session.tags), (&SessionPolicies::None, &Some(tags(&[]))));
}

#[test]
fn a_session_without_issuing_record_is_unknown() {
    let issuances = gathered(&[issuing(KEY, SESSION, NARROW, 0)]);
    let other_second = issuances.session(&using(KEY, SESSION, 1)).unwrap();
    assert_eq!(other_second.policies, SessionPolicies::Unknown(NO_ISSUANCE.to_owned()));
    assert_eq!(other_second.tags, None);
    // The key alone proves nothing.
    let other_name = "arn:aws:sts::111122223333:assumed-role/deploy/two";
    let session = issuances.session(&using(KEY, other_name, 0)).unwrap();
    assert!(matches!(session.policies, SessionPolicies::Unknown(_)));
    let timeless = Record { session_created: None, ..using(KEY, SESSION, 0) };
    assert_eq!(
        issuances.session(&timeless).unwrap().policies,
        SessionPolicies::Unknown(NO_CREATION.to_owned())
    );
}

#[test]
fn a_failed_call_issues_nothing() {
    let failed = Record { error_code: Some("AccessDenied"), ..issuing(KEY, SESSION, PLAIN, 0) };
    assert!(gathered(&[failed]).is_empty());
    let elsewhere = Record { event_source: Some("sso.amazonaws.com"), ..issuing(KEY, SESSION, PLAIN, 0) };
    assert!(gathered(&[elsewhere]).is_empty());
}

#[test]
fn twins_are_told_apart_by_their_keys_and_else_unknown_if_they_differ() {
    let both = [issuing(KEY, SESSION, PLAIN, 0), issuing(OTHER_KEY, SESSION, NARROW, 0)];
    let issuances = gathered(&both);
    assert_eq!(issuances.len(), 2);
    assert_eq!(issuances.session(&using(KEY, SESSION, 0)).unwrap().policies, SessionPolicies::None);
    let narrow = issuances.session(&using(OTHER_KEY, SESSION, 0)).unwrap();
    assert!(matches!(narrow.policies, SessionPolicies::Given { .. }));
    let third = issuances.session(&using("ASIARTX3GSDS3EXAMPLE", SESSION, 0)).unwrap();
    assert_eq!(third.policies, SessionPolicies::Unknown(DIFFERENT.to_owned()));
    // One key with two different facts is told by neither.
    let clash = gathered(&[issuing(KEY, SESSION, PLAIN, 0), issuing(KEY, SESSION, NARROW, 0)]);
    assert_eq!(
        clash.session(&using(KEY, SESSION, 0)).unwrap().policies,
        SessionPolicies::Unknown(DIFFERENT.to_owned())
    );
}

#[test]
fn a_console_session_uses_other_keys_than_its_issuance_names() {
    let issuances = gathered(&[issuing(KEY, SESSION, NARROW, 0)]);
    let session = issuances.session(&using(OTHER_KEY, SESSION, 0)).unwrap();
    assert!(matches!(session.policies, SessionPolicies::Given { .. }));
    let keyless = Record { access_key_id: None, ..using(KEY, SESSION, 0) };
    assert_eq!(issuances.session(&keyless), Some(session));
}

#[test]
fn a_service_s_issuance_is_found_by_role_and_session_name() {
    let by_service = Record {
        identity_type: Some("AWSService"),
        invoked_by: Some("ec2.amazonaws.com"),
        identity_arn: None,
        assumed_role_arn: None,
        ..issuing(KEY, SESSION, PLAIN, 0)
    };
    let session = gathered(&[by_service]).session(&using(KEY, SESSION, 0)).unwrap();
    assert_eq!(session.policies, SessionPolicies::None);
}

#[test]
fn an_issuance_that_hides_its_parameters_tells_nothing() {
    let hidden = Record { request_parameters: None, ..issuing(KEY, SESSION, PLAIN, 0) };
    let session = gathered(&[hidden]).session(&using(KEY, SESSION, 0)).unwrap();
    assert!(matches!(&session.policies, SessionPolicies::Unknown(why) if why.contains("no parameters")));
    assert_eq!(session.tags, None);
    for policy in [r#"{"policy": "HIDDEN_DUE_TO_SECURITY_REASONS"}"#, r#"{"policy": "****"}"#] {
        let hidden = Record { request_parameters: Some(policy), ..issuing(KEY, SESSION, PLAIN, 0) };
        let session = gathered(&[hidden]).session(&using(KEY, SESSION, 0)).unwrap();
        assert!(matches!(&session.policies, SessionPolicies::Unknown(why) if why.contains("hides")));
    }
}

const FIRST: &str = "arn:aws:sts::111122223333:assumed-role/first/one";
const SECOND: &str = "arn:aws:sts::111122223333:assumed-role/second/two";
const THIRD: &str = "arn:aws:sts::111122223333:assumed-role/third/three";

/// A chain of three sessions; only `Star` is transitive.
fn chain<'a>() -> [Record<'a>; 3] {
    let first = issuing(
        KEY,
        FIRST,
        r#"{"tags": [{"key": "Star", "value": "1"}, {"key": "Heart", "value": "1"}], "transitiveTagKeys": ["star"]}"#,
        0,
    );
    let of_session = |record: Record<'a>, key, arn, created| Record {
        identity_type: Some("AssumedRole"),
        identity_arn: Some(arn),
        access_key_id: Some(key),
        session_created: Some(at(created)),
        ..record
    };
    let second = of_session(
        issuing(OTHER_KEY, SECOND, r#"{"tags": [{"key": "Sun", "value": "2"}]}"#, 10),
        KEY,
        FIRST,
        0,
    );
    let third = of_session(issuing("ASIARTX3GSDS3EXAMPLE", THIRD, "{}", 20), OTHER_KEY, SECOND, 10);
    [first, second, third]
}

#[test]
fn only_transitive_tags_go_down_a_chain_whatever_the_order_of_the_records() {
    let [first, second, third] = chain();
    for records in [[first, second, third], [third, second, first], [second, third, first]] {
        let issuances = gathered(&records);
        let of =
            |key, arn, created| issuances.session(&using(key, arn, created)).unwrap().tags.clone().unwrap();
        assert_eq!(of(KEY, FIRST, 0), tags(&[("Heart", "1"), ("Star", "1")]));
        assert_eq!(of(OTHER_KEY, SECOND, 10), tags(&[("Star", "1"), ("Sun", "2")]));
        assert_eq!(of("ASIARTX3GSDS3EXAMPLE", THIRD, 20), tags(&[("Star", "1")]));
    }
}

#[test]
fn inherited_tags_that_the_record_names_are_believed() {
    let [_, second, _] = chain();
    let named = Record {
        request_parameters: Some(
            r#"{"tags": [{"key": "sun", "value": "2"}], "incomingTransitiveTags": {"Sun": "9", "Moon": "3"}}"#,
        ),
        ..second
    };
    let session = gathered(&[named]).session(&using(OTHER_KEY, SECOND, 10)).unwrap();
    assert_eq!(session.tags, Some(tags(&[("Moon", "3"), ("Sun", "9")])));
}

#[test]
fn gathering_in_parts_is_gathering_at_once() {
    let [first, second, third] = chain();
    let odd = Record { event_id: Some("not-a-uuid"), ..issuing(KEY, SESSION, NARROW, 0) };
    let mut parts = gathered(&[third, odd]);
    parts.merge(gathered(&[first]));
    let mut other = gathered(&[odd]);
    other.merge(gathered(&[second, issuing(OTHER_KEY, SESSION, PLAIN, 0)]));
    parts.merge(other);
    let whole = gathered(&[first, second, third, odd, issuing(OTHER_KEY, SESSION, PLAIN, 0)]);
    assert_eq!((parts.len(), whole.len()), (5, 5));
    for record in [
        using(KEY, FIRST, 0),
        using(OTHER_KEY, SECOND, 10),
        using("ASIARTX3GSDS3EXAMPLE", THIRD, 20),
        using(KEY, SESSION, 0),
        using(OTHER_KEY, SESSION, 0),
    ] {
        assert_eq!(parts.session(&record), whole.session(&record));
        assert!(!matches!(whole.session(&record).unwrap().policies, SessionPolicies::Unknown(_)));
    }
    assert_eq!(whole.session(&using(KEY, SESSION, 0)).unwrap().issued_by.as_deref(), Some("not-a-uuid"));
}

#[test]
fn both_copies_of_a_cross_account_call_are_one_issuance() {
    let [first, own, _] = chain();
    let far = Record {
        identity_type: Some("AWSAccount"),
        identity_arn: None,
        access_key_id: None,
        session_created: None,
        event_id: Some("10000000-1111-2222-3333-444444444444"),
        ..own
    };
    for records in [[first, own, far], [far, own, first]] {
        let issuances = gathered(&records);
        assert_eq!(issuances.len(), 2);
        let session = issuances.session(&using(OTHER_KEY, SECOND, 10)).unwrap();
        assert_eq!(session.tags, Some(tags(&[("Star", "1"), ("Sun", "2")])));
        assert_eq!(session.issued_by.as_deref(), Some("00000000-1111-2222-3333-444444444444"));
    }
}

#[test]
fn a_user_s_own_session_has_neither_policies_nor_tags() {
    let none = Issuances::default();
    let record = Record {
        identity_type: Some("IAMUser"),
        identity_arn: Some("arn:aws:iam::111122223333:user/ann"),
        access_key_id: Some(KEY),
        session_created: Some(at(0)),
        ..Record::default()
    };
    let session = none.session(&record).unwrap();
    assert_eq!((&session.policies, &session.tags), (&SessionPolicies::None, &Some(tags(&[]))));
    let token = Record {
        event_name: Some("GetSessionToken"),
        assumed_role_arn: None,
        request_parameters: None,
        ..issuing(KEY, SESSION, PLAIN, 0)
    };
    assert_eq!(
        gathered(&[token]).session(&record).unwrap().issued_by.as_deref(),
        Some("00000000-1111-2222-3333-444444444444")
    );
    let long_term = Record { access_key_id: Some("AKIARTX3GSDSQEXAMPLE"), session_created: None, ..record };
    assert_eq!(none.session(&long_term), None);
    for kind in ["AWSService", "SAMLUser", "IdentityCenterUser"] {
        assert_eq!(none.session(&Record { identity_type: Some(kind), ..record }), None);
    }
}

#[test]
fn saml_and_web_identities_give_tags_as_an_object() {
    let record = Record {
        event_name: Some("AssumeRoleWithSAML"),
        identity_type: Some("SAMLUser"),
        request_parameters: Some(
            r#"{"principalTags": {"Project": "Unicorn"}, "transitiveTagKeys": ["Project"]}"#,
        ),
        ..issuing(KEY, SESSION, PLAIN, 0)
    };
    let session = gathered(&[record]).session(&using(KEY, SESSION, 0)).unwrap();
    assert_eq!(session.tags, Some(tags(&[("Project", "Unicorn")])));
}

#[test]
fn federated_users_and_assumed_root_are_found_by_their_names() {
    let arn = "arn:aws:sts::111122223333:federated-user/bob";
    let token = Record {
        event_name: Some("GetFederationToken"),
        assumed_role_arn: None,
        request_parameters: Some(
            r#"{"name": "bob", "policyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}"#,
        ),
        response_elements: Some(
            r#"{"federatedUser": {"arn": "arn:aws:sts::111122223333:federated-user/bob"}}"#,
        ),
        ..issuing(KEY, SESSION, PLAIN, 0)
    };
    let used = Record { identity_type: Some("FederatedUser"), ..using(KEY, arn, 0) };
    let given = |session: Option<Arc<Session>>| match &session.unwrap().policies {
        SessionPolicies::Given { managed, .. } => managed.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(given(gathered(&[token]).session(&used)), ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert_eq!(given(gathered(&[Record { response_elements: None, ..token }]).session(&used)).len(), 1);
    let root = Record {
        event_name: Some("AssumeRoot"),
        request_parameters: Some(
            r#"{"targetPrincipal": "444455556666", "taskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}}"#,
        ),
        assumed_role_arn: None,
        ..token
    };
    let used = Record {
        identity_type: Some("Root"),
        identity_account_id: Some("444455556666"),
        assumed_root: Some(true),
        ..using(KEY, "arn:aws:iam::444455556666:root", 0)
    };
    let issuances = gathered(&[root]);
    assert_eq!(
        given(issuances.session(&used)),
        ["arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"]
    );
    let unknown = Issuances::default().session(&used).unwrap();
    assert!(matches!(unknown.policies, SessionPolicies::Unknown(_)));
}

#[test]
fn no_column_but_the_listed_ones_is_read_of_a_request() {
    let issuances = gathered(&[issuing(KEY, SESSION, NARROW, 0)]);
    let record = using(KEY, SESSION, 0);
    let before = issuances.session(&record);
    let listed = Fields::of(FIELDS_OF_SESSION);
    for field in Field::ALL.iter().filter(|field| !listed.has(**field)) {
        assert_eq!(issuances.session(&record.with(*field, "other")), before, "{field:?}");
    }
}

#[test]
fn event_ids_come_back_as_they_were() {
    for id in ["00000000-0000-0000-0000-000000000000", "AB000000-0000-0000-0000-000000000001", "x", "-"] {
        let issuances = gathered(&[Record { event_id: Some(id), ..issuing(KEY, SESSION, PLAIN, 0) }]);
        assert_eq!(issuances.session(&using(KEY, SESSION, 0)).unwrap().issued_by.as_deref(), Some(id));
    }
}

/// Millions of issuances are gathered.
#[test]
fn an_issuance_takes_48_bytes() {
    assert_eq!(size_of::<(Slot, Issuance)>(), 48);
}
