//! The alphabet of the generated pairs: few names, so that everything meets often.

use backtrail::aws::AccountId;
use backtrail::policy::Caller;

/// The accounts; the last one is the management account.
pub(crate) const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "123456789012"];

pub(crate) const ACTIONS: [&str; 20] = [
    "s3:GetObject",
    "s3:GetObject",
    "s3:GetObject",
    "s3:GetObject",
    "S3:getobject",
    "s3:PutObject",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:deletebucketpolicy",
    "s3:ListAllMyBuckets",
    "execute-api:Invoke",
    "sts:AssumeRole",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:TagSession",
    "kms:Decrypt",
    "kms:Decrypt",
    "kms:RetireGrant",
    "sts:GetCallerIdentity",
    "sts:GetSessionToken",
];

pub(crate) const ACTION_PATTERNS: [&str; 24] = [
    "*",
    "*",
    "*",
    "*",
    "s3:*",
    "s3:*",
    "s3:Get*",
    "s3:get?bject",
    "S3:GetObject",
    "s3:PutObject",
    "s3:*Object",
    "s3:*BucketPolicy",
    "execute-api:*",
    "sts:*",
    "sts:*",
    "sts:AssumeRole",
    "sts:AssumeRole*",
    "sts:Assume?ole",
    "sts:TagSession",
    "kms:*",
    "kms:*",
    "kms:Decrypt",
    "kms:RetireGrant",
    "ec2:*",
];

pub(crate) const RESOURCES: [&str; 17] = [
    "arn:aws:s3:::b/a",
    "arn:aws:s3:::b/a",
    "arn:aws:s3:::b/b",
    "arn:aws:s3:::b/A",
    "arn:aws:s3:::b/a:b/a",
    "arn:aws:s3:::b/*",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam::444455556666:role/p/r",
    "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/r",
    "arn:aws:kms:us-east-1:111122223333:key/k",
    "arn:aws:kms:us-east-1:444455556666:key/k",
    "arn:aws:kms:us-east-1:111122223333:alias/k",
    "arn:aws:kms:us-east-1:111122223333:alias/aws/s3",
    "arn:aws:execute-api:us-east-1:111122223333:api/prod/GET/a",
    "arn:aws:execute-api:us-east-1:111122223333:api/b/prod/a",
    "arn:aws:execute-api:us-east-1:111122223333:api",
    "b",
];

pub(crate) const RESOURCE_PATTERNS: [&str; 33] = [
    "*",
    "*",
    "*",
    "*",
    "*",
    "arn:aws:s3:::b/a",
    "arn:aws:s3:::b/A",
    "arn:aws:s3:::*",
    "arn:aws:s3:::b/?",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${*}",
    "arn:aws:s3:::b/${s3:prefix}",
    "arn:aws:s3:::b/${aws:PrincipalTag/Team, 'a'}",
    "arn:aws:s3:::*/${aws:PrincipalTag/Team}",
    "arn:aws:s3:::b/${aws:TagKeys}",
    "arn:aws:s3:::b/a:b/?",
    "arn:aws:s3:*:*:b/a",
    "arn:aws:s3:*:b/a",
    "arn:*:s3:::b/a",
    "arn:aws:s3*",
    "arn:aws-cn:s3:::*",
    "arn:aws:execute-api:*:*:api/*",
    "arn:*",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam:*",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:kms:us-east-1:111122223333:key/k",
    "arn:aws:kms:?s-east-1:*:*",
    "arn:aws:ec2:*:*:*",
    "arn:aws:s3:::?/${AWS:principaltag/TEAM}",
    "arn:aws:s3:::b/${$}",
    "arn:aws:s3:::${aws:username, ''}*",
];

/// API Gateway's own form, for policies of resources.
pub(crate) const RELATIVE_PATTERNS: [&str; 8] = [
    "execute-api:/*",
    "execute-api:*",
    "execute-api:/prod/*",
    "execute-api:/prod/GET/a",
    "execute-api:*/a",
    "execute-api:/${s3:prefix}/*",
    "execute-api:/*/${aws:PrincipalTag/Team, 'a'}",
    "execute-api:/${aws:TagKeys}",
];

pub(crate) const STRINGS: [&str; 10] =
    ["a", "a", "b", "A", "", "*", "a*", "b/a", "?", "us-east-1:111122223333"];

pub(crate) const STRING_VALUES: [&str; 18] = [
    "a",
    "a",
    "b",
    "A",
    "",
    "*",
    "a*",
    "?",
    "b/*",
    "${*}",
    "${?}",
    "${aws:username}",
    "${aws:PrincipalTag/Team}",
    "${aws:PrincipalTag/Team, 'a'}",
    "${aws:TagKeys}",
    "a${*}",
    "*${s3:prefix}",
    "${s3:prefix}/${aws:username}",
];

pub(crate) const ARNS: [&str; 8] = [
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:s3:::b",
    "arn:aws:sns:us-east-1:111122223333:a",
    "arn:aws:sns:us-east-1:111122223333:a:b",
    "arn:aws:s3:::b/x:y:role/r",
    "a",
    "*",
];

pub(crate) const ARN_VALUES: [&str; 17] = [
    "*",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam::*:role/*",
    "arn:*",
    "arn:aws:*:*:*:*",
    "arn:aws:sns:us-east-?:*:a",
    "arn:aws:sns:*:a",
    "arn:aws:iam::111122223333:user/${aws:username}",
    "${aws:SourceArn}",
    "arn:aws:s3:::${s3:prefix}",
    "arn:aws:sns:${s3:prefix}:a:b",
    "arn:aws:sns:${aws:username}:a",
    "arn:aws:sns:*${s3:prefix}*:?",
    "arn:aws:*:${s3:prefix, ':'}::b",
    "arn:aws:s3:::b*",
    "arn:aws:s3:*:role/r",
    "*:*",
];

pub(crate) const NUMBERS: [&str; 7] = ["1", "2", "10", "1.0", "-1", "x", ""];
pub(crate) const DATES: [&str; 9] = [
    "2024-01-01T00:00:00Z",
    "2024-01-01",
    "2024-01-01T01:00:00+01:00",
    "1704067200",
    "2024-01-02T00:00:00Z",
    "2023-12-31T23:59:59Z",
    "2024",
    "x",
    "2024-01-01T00:00Z",
];
pub(crate) const BOOLS: [&str; 6] = ["true", "true", "false", "false", "True", "x"];
pub(crate) const BINARIES: [&str; 4] = ["YQ==", "a", "Yg==", "x"];
pub(crate) const ADDRESSES: [&str; 6] =
    ["192.0.2.1", "192.0.2.130", "192.0.3.1", "2001:db8::1", "2001:db8:1::1", "AWS Internal"];
pub(crate) const RANGES: [&str; 7] = [
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.0.2.1",
    "192.0.2.1/32",
    "2001:db8::/48",
    "2001:DB8::1",
    "0.0.0.0/0",
];

/// A family of keys: see [`FAMILIES`].
pub(crate) type Family =
    (&'static [&'static str], &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The families of keys: names as policies write them, the request's values, the policy's values, the operators.
pub(crate) const FAMILIES: [Family; 9] = [
    (
        &["aws:username", "AWS:UserName", "s3:prefix", "aws:PrincipalTag/Team", "aws:principaltag/team"],
        &STRINGS,
        &STRING_VALUES,
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
            "stringequals",
            "StringLike",
        ],
    ),
    (
        &["aws:username"],
        &["a", "A"],
        &["a", "A", "*"],
        &["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringEquals"],
    ),
    (
        &["aws:TagKeys"],
        &["a", "", "", "b", "A", "*"],
        &STRING_VALUES,
        &["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"],
    ),
    (
        &["s3:max-keys"],
        &NUMBERS,
        &["1", "2", "1.0", "10", "-1"],
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
    ),
    (
        &["aws:CurrentTime"],
        &DATES,
        &[
            "2024-01-01T00:00:00Z",
            "2024-01-01",
            "2024-01-01T01:00:00+01:00",
            "1704067200",
            "2024-01-02T00:00:00Z",
            "2024",
        ],
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
    ),
    (
        &["aws:MultiFactorAuthPresent"],
        &BOOLS,
        &["true", "false", "TRUE", "${aws:MultiFactorAuthPresent}"],
        &["Bool"],
    ),
    (&["kms:Blob"], &BINARIES, &["YQ==", "Yg=="], &["BinaryEquals"]),
    (&["aws:SourceIp"], &ADDRESSES, &RANGES, &["IpAddress", "NotIpAddress"]),
    (
        &["aws:SourceArn"],
        &ARNS,
        &ARN_VALUES,
        &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike"],
    ),
];

pub(crate) const PRINCIPALS: [&str; 16] = [
    "*",
    "*",
    "111122223333",
    "444455556666",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::444455556666:root",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::111122223333:role/p/r",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:sts::111122223333:assumed-role/r/s",
    "arn:aws:sts::111122223333:federated-user/fay",
    "AIDA1111222233334EXA",
    "AROA1111222233334EXA",
    "AROA1111222233334EXA:s",
    "arn:aws:iam::444455556666:user/ann",
    "arn:aws:iam::444455556666:role/r",
];

/// Lists of principals that name one caller in several ways.
pub(crate) const TOGETHER: [&[&str]; 10] = [
    &["arn:aws:iam::111122223333:user/ann", "111122223333"],
    &["AIDA1111222233334EXA", "arn:aws:iam::111122223333:root"],
    &["arn:aws:iam::111122223333:role/r", "111122223333"],
    &["arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:iam::111122223333:root"],
    &[
        "arn:aws:sts::111122223333:assumed-role/r/s",
        "arn:aws:iam::111122223333:role/p/r",
        "arn:aws:iam::111122223333:root",
    ],
    &[
        "arn:aws:sts::111122223333:assumed-role/r/t",
        "arn:aws:iam::111122223333:role/r",
        "arn:aws:iam::111122223333:root",
    ],
    &["AROA1111222233334EXA:t", "AROA1111222233334EXA", "111122223333"],
    &["AROA1111222233334EXA", "AROA1111222233334EXA:s"],
    &["arn:aws:sts::111122223333:federated-user/fay", "arn:aws:iam::111122223333:root"],
    &["arn:aws:iam::444455556666:role/r", "444455556666"],
];

pub(crate) const SERVICES: [&str; 2] = ["lambda.amazonaws.com", "ec2.amazonaws.com"];
pub(crate) const PROVIDERS: [&str; 2] =
    ["accounts.google.com", "arn:aws:iam::111122223333:saml-provider/idp"];
pub(crate) const CANONICALS: [&str; 2] = ["79a59df900b949e5", "0000000000000000"];

/// Values of the request's key that some policy may name, and one that none does; empty for a key that stands nowhere.
pub(crate) fn values_of(key: &str) -> Vec<String> {
    let family = FAMILIES.iter().find(|(names, ..)| names.iter().any(|name| name.eq_ignore_ascii_case(key)));
    let (_, values, wanted, _) = family.unwrap_or(&FAMILIES[0]);
    let mut all: Vec<String> = values.iter().chain(*wanted).map(|value| (*value).to_owned()).collect();
    all.push("stands-in-none".to_owned());
    all.sort();
    all.dedup();
    all
}

/// Callers of all kinds.
pub(crate) fn callers() -> Vec<Caller> {
    let account = |at: usize| AccountId::parse(ACCOUNTS[at]).unwrap();
    let user_id = || Some("AIDA1111222233334EXA".to_owned());
    let session = |account: &str, role_arn: Option<&str>, unique_id: Option<&str>| Caller::RoleSession {
        session_arn: format!("arn:aws:sts::{account}:assumed-role/r/s"),
        role_arn: role_arn.map(str::to_owned),
        unique_id: unique_id.map(str::to_owned),
    };
    let federated = |user_arn: Option<&str>| Caller::FederatedUser {
        arn: "arn:aws:sts::111122223333:federated-user/fay".to_owned(),
        user_arn: user_arn.map(str::to_owned),
    };
    let user = |account: &str, unique_id: Option<String>| Caller::User {
        arn: format!("arn:aws:iam::{account}:user/ann"),
        unique_id,
    };
    vec![
        user(ACCOUNTS[0], user_id()),
        user(ACCOUNTS[0], user_id()),
        user(ACCOUNTS[0], None),
        user(ACCOUNTS[1], Some(String::new())),
        user(ACCOUNTS[2], user_id()),
        session(ACCOUNTS[0], Some("arn:aws:iam::111122223333:role/r"), Some("AROA1111222233334EXA")),
        session(ACCOUNTS[0], Some("arn:aws:iam::111122223333:role/p/r"), Some("AROA1111222233334EXA:s")),
        session(ACCOUNTS[0], None, None),
        session(ACCOUNTS[0], Some("arn:aws:iam::111122223333:role/r"), Some("AROA1111222233334EXA:t")),
        session(ACCOUNTS[1], Some("arn:aws:iam::444455556666:role/r"), Some("")),
        session(
            ACCOUNTS[0],
            Some("arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/r"),
            Some("AROA1111222233334EXA"),
        ),
        federated(Some("arn:aws:iam::111122223333:user/ann")),
        federated(None),
        federated(Some("arn:aws:iam::111122223333:root")),
        Caller::Root { account: account(0) },
        Caller::Root { account: account(0) },
        Caller::Root { account: account(2) },
        Caller::Service { name: SERVICES[0].to_owned() },
        Caller::Federated { provider: PROVIDERS[1].to_owned() },
        Caller::Account { account: account(0), unique_id: None },
        Caller::Account { account: account(1), unique_id: Some("AROA1111222233334EXA:s".to_owned()) },
        Caller::Account { account: account(0), unique_id: user_id() },
        Caller::Anonymous,
    ]
}

/// A caller of another partition.
pub(crate) fn caller_elsewhere() -> Caller {
    Caller::User { arn: "arn:aws-cn:iam::111122223333:user/ann".to_owned(), unique_id: None }
}

/// Resources that some policy may name, and one that none does.
pub(crate) fn resources() -> Vec<String> {
    RESOURCES.iter().chain(&["arn:aws:s3:::stands-in-none"]).map(|arn| (*arn).to_owned()).collect()
}

/// The keys of all families, as some policy writes them.
pub(crate) fn keys() -> Vec<&'static str> {
    FAMILIES.iter().flat_map(|(names, ..)| names.iter().copied()).collect()
}
