//! What is remembered of calls: two that differ are written differently, and forgetting changes nothing.

use chrono::DateTime;

use super::*;

fn written(record: &Record<'_>, fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.write(Fields::of(fields), &mut bytes);
    bytes
}

#[test]
fn all_that_a_reading_looks_at_is_read_from_the_lake() {
    let read = Plan::fields_of_calls();
    let needed = |source: &str, name: &str| {
        let own = fields_of_request(source, name);
        own.and(Fields::of(FIELDS_OF_CALLER)).and(Fields::of(FIELDS_OF_SESSION))
    };
    for (source, name) in [
        ("sts.amazonaws.com", "AssumeRole"),
        ("sts.amazonaws.com", "AssumeRoleWithSAML"),
        ("sts.amazonaws.com", "DecodeAuthorizationMessage"),
        ("sts.amazonaws.com", "GetFederationToken"),
        ("ec2.amazonaws.com", "RunInstances"),
        ("s3.amazonaws.com", "CopyObject"),
        ("nobody.example.com", "Nothing"),
    ] {
        let missing: Vec<Field> = needed(source, name).iter().filter(|field| !read.has(*field)).collect();
        assert_eq!(missing, [], "{source} {name}");
    }
}

#[test]
fn every_column_tells_records_apart() {
    let base = Record::default();
    let mut seen = 0;
    for field in Field::ALL {
        let other = base.with(*field, "x");
        assert_ne!(written(&base, &[*field]), written(&other, &[*field]), "{field:?}");
        assert_ne!(written(&base, Field::ALL), written(&other, Field::ALL), "{field:?}");
        let others: Vec<Field> = Field::ALL.iter().copied().filter(|own| own != field).collect();
        assert_eq!(written(&base, &others), written(&other, &others), "{field:?}");
        seen += 1;
    }
    assert!(seen > 40);
}

#[test]
fn absent_empty_and_joined_texts_differ() {
    let fields = [Field::UserName, Field::PrincipalId];
    let of =
        |principal_id, user_name| written(&Record { principal_id, user_name, ..Record::default() }, &fields);
    let all = [
        of(None, None),
        of(Some(""), None),
        of(None, Some("")),
        of(Some("ab"), Some("c")),
        of(Some("a"), Some("bc")),
        of(Some("abc"), None),
        of(None, Some("abc")),
    ];
    let different: BTreeSet<&Vec<u8>> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn a_time_that_is_not_there_is_no_beginning_of_another() {
    let fields = [Field::SessionCreated, Field::MfaAuthenticated, Field::AssumedRoot];
    let of = |session_created, mfa_authenticated, assumed_root| {
        written(&Record { session_created, mfa_authenticated, assumed_root, ..Record::default() }, &fields)
    };
    let lengths: BTreeSet<usize> = [
        of(None, None, None),
        of(DateTime::from_timestamp(0, 0), Some(true), None),
        of(DateTime::from_timestamp(1_700_000_000, 0), None, Some(false)),
    ]
    .iter()
    .map(Vec::len)
    .collect();
    // All are as long, so that what follows stands at one place.
    assert_eq!(lengths.len(), 1);
    assert_ne!(of(None, None, None), of(DateTime::from_timestamp(0, 0), None, None));
}
