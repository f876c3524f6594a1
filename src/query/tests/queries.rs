//! What the queries answer, each over the fewest rows that could mislead it.

use super::fixture::{Row, TextAs, ask, cells, event, session};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const ADMIN: &str = "arn:aws:iam::111122223333:role/team/admin";
const KEY: &str = "AKIAEXAMPLEKEY000001";

/// The ids of the events of an answer.
async fn ids(rows: &[Row<'_>], query: &str, params: &[(&str, &str)]) -> Vec<String> {
    let ctx = session(rows, TextAs::View);
    let answer = ask(&ctx, query, params).await.unwrap();
    cells(answer, &["event_id"]).await.into_iter().flatten().collect()
}

/// Chosen columns of an answer.
async fn table(rows: &[Row<'_>], query: &str, params: &[(&str, &str)], columns: &[&str]) -> Vec<Vec<String>> {
    let ctx = session(rows, TextAs::View);
    cells(ask(&ctx, query, params).await.unwrap(), columns).await
}

fn session_row<'a>(id: &'a str, session_arn: &'a str, more: &[(&'a str, &'a str)]) -> Row<'a> {
    let mut columns = vec![("identity_type", "AssumedRole"), ("identity_arn", session_arn)];
    columns.extend_from_slice(more);
    event("2024-05-03T10:00:00Z", id, &columns)
}

#[tokio::test]
async fn a_window_holds_its_beginning_and_not_its_end() {
    let rows = [
        event("2024-05-02T23:59:59Z", "before", &[("access_key_id", KEY)]),
        event("2024-05-03T00:00:00Z", "first", &[("access_key_id", KEY)]),
        event("2024-05-03T23:59:59Z", "last", &[("access_key_id", KEY)]),
        event("2024-05-04T00:00:00Z", "after", &[("access_key_id", KEY)]),
        event("2024-05-03T12:00:00Z", "other", &[("access_key_id", "AKIAEXAMPLEKEY000002")]),
    ];
    let window = [("key", KEY), ("from", "2024-05-03T00:00:00Z"), ("to", "2024-05-04T00:00:00Z")];
    assert_eq!(ids(&rows, "activity-of-key", &window).await, ["first", "last"]);
    assert_eq!(ids(&rows, "activity-of-key", &window[..1]).await.len(), 4);
}

#[tokio::test]
async fn a_role_s_arn_or_name_finds_its_sessions_with_and_without_their_issuer() {
    let rows = [
        session_row(
            "issuer",
            "arn:aws:sts::111122223333:assumed-role/admin/one",
            &[("session_issuer_arn", ADMIN), ("session_issuer_user_name", "admin")],
        ),
        session_row("bare", "arn:aws:sts::111122223333:assumed-role/admin/two", &[]),
        session_row("longer name", "arn:aws:sts::111122223333:assumed-role/admin2/admin", &[]),
        session_row(
            "other account",
            "arn:aws:sts::444455556666:assumed-role/admin/x",
            &[("account", "444455556666")],
        ),
    ];
    assert_eq!(ids(&rows, "activity-of-principal", &[("who", ADMIN)]).await, ["bare", "issuer"]);
    assert_eq!(
        ids(&rows, "activity-of-principal", &[("who", "admin")]).await,
        ["bare", "issuer", "other account"]
    );
    let here = [("who", "admin"), ("account", "111122223333")];
    assert_eq!(ids(&rows, "activity-of-principal", &here).await, ["bare", "issuer"]);
}

#[tokio::test]
async fn a_user_is_found_by_arn_name_and_id_and_not_by_the_beginning_of_one() {
    let rows = [
        event(
            "2024-05-03T00:00:00Z",
            "alice",
            &[("identity_arn", ALICE), ("principal_id", "AIDAEXAMPLEALICE00001")],
        ),
        event("2024-05-03T00:00:01Z", "alicia", &[("identity_arn", "arn:aws:iam::111122223333:user/alice2")]),
        event(
            "2024-05-03T00:00:02Z",
            "as other",
            &[("principal_id", "AIDAEXAMPLEALICE00001"), ("account", "444455556666")],
        ),
        event(
            "2024-05-03T00:00:03Z",
            "path",
            &[("identity_arn", "arn:aws:iam::111122223333:user/a/b/alice")],
        ),
    ];
    assert_eq!(ids(&rows, "activity-of-principal", &[("who", ALICE)]).await, ["alice"]);
    assert_eq!(ids(&rows, "activity-of-principal", &[("who", "alice")]).await, ["alice", "path"]);
    assert_eq!(
        ids(&rows, "activity-of-principal", &[("who", "AIDAEXAMPLEALICE00001")]).await,
        ["alice", "as other"]
    );
    assert!(ids(&rows, "activity-of-principal", &[("who", "%")]).await.is_empty());
    assert!(ids(&rows, "activity-of-principal", &[("who", "' or true --")]).await.is_empty());
}

#[tokio::test]
async fn a_session_is_found_by_arn_and_by_name_in_any_role() {
    let one = "arn:aws:sts::111122223333:assumed-role/admin/deploy";
    let rows = [
        session_row("by arn", one, &[]),
        session_row(
            "by id",
            "arn:aws:sts::111122223333:assumed-role/other/deploy",
            &[("principal_id", "AROAEXAMPLEOTHER00001:deploy")],
        ),
        session_row("role of that name", "arn:aws:sts::111122223333:assumed-role/deploy/x", &[]),
        event(
            "2024-05-03T10:00:00Z",
            "federated",
            &[("identity_arn", "arn:aws:sts::111122223333:federated-user/deploy")],
        ),
    ];
    assert_eq!(ids(&rows, "activity-of-session", &[("session", one)]).await, ["by arn"]);
    assert_eq!(
        ids(&rows, "activity-of-session", &[("session", "deploy")]).await,
        ["by arn", "by id", "federated"]
    );
}

#[tokio::test]
async fn an_address_is_found_as_it_is_spelled() {
    let rows = [
        event("2024-05-03T00:00:00Z", "here", &[("source_ip_address", "192.0.2.1")]),
        event("2024-05-03T00:00:01Z", "there", &[("source_ip_address", "192.0.2.10")]),
    ];
    assert_eq!(ids(&rows, "activity-of-ip", &[("ip", "192.0.2.1")]).await, ["here"]);
}

#[tokio::test]
async fn first_and_last_use_belong_to_the_key_and_an_empty_key_is_none() {
    let rows = [
        event("2024-05-01T00:00:00Z", "a", &[("access_key_id", "AKIAEXAMPLEKEY000002")]),
        event("2024-05-02T00:00:00Z", "b", &[("access_key_id", KEY), ("identity_arn", ALICE)]),
        event(
            "2024-05-03T00:00:00Z",
            "c",
            &[
                ("access_key_id", KEY),
                ("identity_arn", ALICE),
                ("invoked_by", "cloudformation.amazonaws.com"),
                ("error_code", "AccessDenied"),
            ],
        ),
        event("2024-05-09T00:00:00Z", "d", &[("access_key_id", ""), ("identity_arn", ALICE)]),
    ];
    let columns =
        ["access_key_id", "identity_arn", "first_used", "last_used", "calls", "forwarded", "errors"];
    let rows = table(&rows, "key-usage", &[("key", KEY)], &columns).await;
    assert_eq!(rows, [[KEY, ALICE, "2024-05-02T00:00:00Z", "2024-05-03T00:00:00Z", "2", "1", "1"]]);
}

#[tokio::test]
async fn a_key_of_two_callers_names_neither() {
    let rows = [
        event("2024-05-02T00:00:00Z", "a", &[("access_key_id", KEY), ("identity_arn", ALICE)]),
        event("2024-05-03T00:00:00Z", "b", &[("access_key_id", KEY)]),
    ];
    assert_eq!(table(&rows, "key-usage", &[], &["identities", "identity_arn"]).await, [["1", "-"]]);
}

#[tokio::test]
async fn calls_are_counted_by_outcome_and_sign_ins_without_an_error_code_fail() {
    let call = |id, more: &[(&'static str, &'static str)]| {
        let mut columns = vec![
            ("event_source", "signin.amazonaws.com"),
            ("event_name", "ConsoleLogin"),
            ("identity_arn", ALICE),
        ];
        columns.extend_from_slice(more);
        event("2024-05-03T00:00:00Z", id, &columns)
    };
    let rows = [
        call("a", &[("response_elements", r#"{"ConsoleLogin":"Success"}"#)]),
        call("b", &[("response_elements", r#"{"ConsoleLogin":"Failure"}"#)]),
        call("c", &[("error_code", "AccessDenied")]),
        call("d", &[("error_code", "ThrottlingException"), ("read_only", "false")]),
        event(
            "2024-05-03T00:00:00Z",
            "e",
            &[("event_source", "s3.amazonaws.com"), ("event_name", "GetObject")],
        ),
    ];
    let columns =
        ["service", "event_name", "calls", "ok", "denied", "throttled", "failed", "writes", "principals"];
    let all = table(&rows, "calls-by-action", &[], &columns).await;
    assert_eq!(all[0], ["s3", "GetObject", "1", "1", "0", "0", "0", "0", "1"]);
    assert_eq!(all[1], ["signin", "ConsoleLogin", "4", "1", "1", "1", "1", "4", "1"]);
    assert_eq!(table(&rows, "calls-by-action", &[("who", ALICE)], &["service"]).await, [["signin"]]);
}

#[tokio::test]
async fn denied_calls_carry_aws_s_reason_where_there_is_one() {
    let message = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: iam:CreateUser on resource: \
                   arn:aws:iam::111122223333:user/eve because no identity-based policy allows the iam:CreateUser action";
    let rows = [
        event("2024-05-03T00:00:00Z", "why", &[("error_code", "AccessDenied"), ("error_message", message)]),
        event(
            "2024-05-03T00:00:01Z",
            "silent",
            &[("error_code", "AccessDenied"), ("error_message", "Access Denied")],
        ),
        event("2024-05-03T00:00:02Z", "failed", &[("error_code", "NoSuchBucket")]),
    ];
    let columns = ["event_id", "denied_action", "denied_resource", "denied_how"];
    let rows = table(&rows, "denied-calls", &[], &columns).await;
    assert_eq!(rows[0], ["why", "iam:CreateUser", "arn:aws:iam::111122223333:user/eve", "implicit"]);
    assert_eq!(rows[1], ["silent", "-", "-", "-"]);
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_sign_in_tells_mfa_page_and_result() {
    let rows = [event(
        "2024-05-03T00:00:00Z",
        "a",
        &[
            ("event_source", "signin.amazonaws.com"),
            ("event_name", "ConsoleLogin"),
            ("identity_arn", ALICE),
            ("response_elements", r#"{"ConsoleLogin":"Failure"}"#),
            ("additional_event_data", r#"{"LoginTo":"https://console.aws.amazon.com/","MFAUsed":"No"}"#),
        ],
    )];
    let columns = ["user", "outcome", "mfa_used", "login_to"];
    let rows = table(&rows, "console-sign-ins", &[("user", "alice")], &columns).await;
    assert_eq!(rows, [["alice", "failed", "No", "https://console.aws.amazon.com/"]]);
}

#[tokio::test]
async fn sensitive_changes_tell_category_target_and_whether_everyone_gains() {
    let rows = [
        event(
            "2024-05-03T00:00:00Z",
            "open",
            &[
                ("event_source", "s3.amazonaws.com"),
                ("event_name", "PutBucketPolicy"),
                (
                    "request_parameters",
                    r#"{"bucketName":"b","bucketPolicy":{"Statement":[{"Effect":"Allow","Principal":"*"}]}}"#,
                ),
            ],
        ),
        event(
            "2024-05-03T00:00:01Z",
            "key",
            &[
                ("event_source", "iam.amazonaws.com"),
                ("event_name", "CreateAccessKey"),
                ("request_parameters", r#"{"userName":"eve"}"#),
            ],
        ),
        event(
            "2024-05-03T00:00:02Z",
            "stop",
            &[
                ("event_source", "cloudtrail.amazonaws.com"),
                ("event_name", "StopLogging"),
                ("request_parameters", r#"{"name":"main"}"#),
                ("error_code", "TrailNotFoundException"),
            ],
        ),
        event(
            "2024-05-03T00:00:03Z",
            "read",
            &[("event_source", "iam.amazonaws.com"), ("event_name", "GetUser")],
        ),
    ];
    let columns = ["event_id", "category", "target", "outcome", "names_everyone"];
    let all = table(&rows, "sensitive-changes", &[], &columns).await;
    assert_eq!(all.len(), 3);
    assert_eq!(all[0], ["open", "exposure", "b", "ok", "true"]);
    assert_eq!(all[1], ["key", "keys", "eve", "ok", "false"]);
    assert_eq!(all[2], ["stop", "logging", "main", "failed", "false"]);
    assert_eq!(ids(&rows, "sensitive-changes", &[("category", "keys")]).await, ["key"]);
    assert_eq!(ids(&rows, "logging-changes", &[]).await, ["stop"]);
}

#[tokio::test]
async fn new_is_what_a_principal_did_not_use_before_and_each_principal_counts_apart() {
    let call = |time, id, who, name, ip| {
        event(
            time,
            id,
            &[
                ("identity_arn", who),
                ("event_source", "s3.amazonaws.com"),
                ("event_name", name),
                ("source_ip_address", ip),
            ],
        )
    };
    let bob = "arn:aws:iam::111122223333:user/bob";
    let rows = [
        call("2024-05-01T00:00:00Z", "a", ALICE, "GetObject", "192.0.2.1"),
        call("2024-05-01T00:00:00Z", "b", bob, "PutObject", "198.51.100.1"),
        call("2024-05-02T00:00:00Z", "c", ALICE, "PutObject", "192.0.2.1"),
        call("2024-05-03T00:00:00Z", "d", ALICE, "GetObject", "198.51.100.1"),
        call("2024-05-04T00:00:00Z", "e", ALICE, "GetObject", "203.0.113.1"),
    ];
    let columns = ["principal", "kind", "value", "calls", "known_since"];
    let params = [("since", "2024-05-02T00:00:00Z"), ("to", "2024-05-04T00:00:00Z")];
    let rows = table(&rows, "new-since", &params, &columns).await;
    assert_eq!(
        rows,
        [
            [ALICE, "action", "s3:PutObject", "1", "2024-05-01T00:00:00Z"],
            [ALICE, "address", "198.51.100.1", "1", "2024-05-01T00:00:00Z"],
        ]
    );
}

#[tokio::test]
async fn root_is_found_by_that_name() {
    let root = |id, name, more: &[(&'static str, &'static str)]| {
        let mut columns = vec![
            ("identity_type", "Root"),
            ("identity_arn", "arn:aws:iam::111122223333:root"),
            ("event_source", "signin.amazonaws.com"),
            ("event_name", name),
        ];
        columns.extend_from_slice(more);
        event("2024-05-03T00:00:00Z", id, &columns)
    };
    let alice = [
        ("identity_type", "IAMUser"),
        ("identity_arn", ALICE),
        ("event_source", "signin.amazonaws.com"),
        ("event_name", "ConsoleLogin"),
    ];
    let rows = [
        root("sign-in", "ConsoleLogin", &[]),
        root(
            "stop",
            "StopLogging",
            &[("event_source", "cloudtrail.amazonaws.com"), ("error_code", "AccessDenied")],
        ),
        event("2024-05-03T00:00:00Z", "alice", &alice),
    ];
    assert_eq!(ids(&rows, "console-sign-ins", &[("user", "root")]).await, ["sign-in"]);
    assert_eq!(table(&rows, "console-sign-ins", &[("user", "root")], &["user"]).await, [["root"]]);
    assert_eq!(ids(&rows, "activity-of-principal", &[("who", "root")]).await, ["sign-in", "stop"]);
    for query in ["logging-changes", "denied-calls", "sensitive-changes"] {
        assert_eq!(ids(&rows, query, &[("who", "root")]).await, ["stop"], "{query}");
    }
    assert_eq!(table(&rows, "calls-by-action", &[("who", "root")], &["calls"]).await, [["1"], ["1"]]);
}

#[tokio::test]
async fn what_writes_is_told_by_the_name_where_the_record_is_silent() {
    let call = |id, name, read_only: Option<&'static str>| {
        let mut columns =
            vec![("identity_arn", ALICE), ("event_source", "iam.amazonaws.com"), ("event_name", name)];
        columns.extend(read_only.map(|said| ("read_only", said)));
        event("2024-05-03T00:00:00Z", id, &columns)
    };
    let rows = [
        call("a", "CreateUser", None),
        call("b", "CreateUser", Some("true")),
        call("c", "GetUser", None),
        call("d", "GetUser", Some("false")),
        event("2024-05-03T00:00:00Z", "e", &[("identity_arn", ALICE)]),
    ];
    for query in ["top-talkers", "coverage-days"] {
        assert_eq!(table(&rows, query, &[], &["writes"]).await, [["2"]], "{query}");
    }
    let writes = table(&rows, "calls-by-action", &[], &["event_name", "writes"]).await;
    assert_eq!(writes, [["", "0"], ["CreateUser", "1"], ["GetUser", "1"]]);
}

#[tokio::test]
async fn coverage_counts_days_and_the_empty_hours_between_events() {
    let rows = [
        event("2024-05-03T00:10:00Z", "a", &[("event_category", "Management"), ("read_only", "false")]),
        event("2024-05-03T00:50:00Z", "b", &[("event_category", "Data")]),
        event("2024-05-03T01:00:00Z", "c", &[("management_event", "true"), ("object", "b.json.gz")]),
        event("2024-05-04T01:30:00Z", "d", &[]),
        event("2024-05-04T01:30:00Z", "e", &[("aws_region", "eu-west-1")]),
    ];
    let columns = ["aws_region", "event_date", "events", "management", "data", "writes", "objects"];
    let days = table(&rows, "coverage-days", &[], &columns).await;
    assert_eq!(days[0], ["eu-west-1", "2024-05-04", "1", "1", "0", "0", "1"]);
    assert_eq!(days[1], ["us-east-1", "2024-05-03", "3", "2", "1", "1", "2"]);
    let hours =
        table(&rows, "coverage-hours", &[], &["aws_region", "hour", "events", "empty_hours_before"]).await;
    assert_eq!(hours[1], ["us-east-1", "2024-05-03T00:00:00Z", "2", "-"]);
    assert_eq!(hours[2], ["us-east-1", "2024-05-03T01:00:00Z", "1", "0"]);
    assert_eq!(hours[3], ["us-east-1", "2024-05-04T01:00:00Z", "1", "23"]);
}

#[tokio::test]
async fn the_busiest_come_first_and_sessions_of_a_role_are_one() {
    let rows = [
        session_row(
            "a",
            "arn:aws:sts::111122223333:assumed-role/admin/one",
            &[("session_issuer_arn", ADMIN)],
        ),
        session_row(
            "b",
            "arn:aws:sts::111122223333:assumed-role/admin/two",
            &[("session_issuer_arn", ADMIN)],
        ),
        event("2024-05-03T00:00:00Z", "c", &[("identity_arn", ALICE), ("error_code", "AccessDenied")]),
        event(
            "2024-05-03T00:00:00Z",
            "d",
            &[("identity_type", "AWSService"), ("invoked_by", "ec2.amazonaws.com")],
        ),
    ];
    let columns = ["principal", "calls", "denied", "identity_types"];
    let all = table(&rows, "top-talkers", &[], &columns).await;
    assert_eq!(all[0], [ADMIN, "2", "0", "AssumedRole"]);
    assert_eq!(all[1], [ALICE, "1", "1", "-"]);
    assert_eq!(all[2], ["ec2.amazonaws.com", "1", "0", "AWSService"]);
    assert_eq!(table(&rows, "top-talkers", &[("limit", "1")], &["principal"]).await, [[ADMIN]]);
}

#[tokio::test]
async fn roles_assumed_across_accounts_show_both_records_of_one_request() {
    let parameters =
        r#"{"roleArn":"arn:aws:iam::444455556666:role/shared","roleSessionName":"s","externalId":"x"}"#;
    let inside = r#"{"roleArn":"arn:aws:iam::111122223333:role/own","roleSessionName":"s"}"#;
    let assume = |id, more: &[(&'static str, &'static str)]| {
        let mut columns = vec![
            ("event_source", "sts.amazonaws.com"),
            ("event_name", "AssumeRole"),
            ("identity_account_id", "111122223333"),
        ];
        columns.extend_from_slice(more);
        event("2024-05-03T00:00:00Z", id, &columns)
    };
    let rows = [
        assume(
            "caller",
            &[("identity_arn", ALICE), ("request_parameters", parameters), ("shared_event_id", "s1")],
        ),
        assume(
            "role",
            &[
                ("account", "444455556666"),
                ("principal_id", "AIDAEXAMPLEALICE00001"),
                ("request_parameters", parameters),
                ("shared_event_id", "s1"),
            ],
        ),
        assume("inside", &[("identity_arn", ALICE), ("request_parameters", inside)]),
    ];
    let columns =
        ["event_id", "recorded_in", "caller_account", "caller", "role_account", "external_id", "caller_logs"];
    let rows = table(&rows, "cross-account-assumes", &[], &columns).await;
    assert_eq!(
        rows,
        [
            ["caller", "111122223333", "111122223333", ALICE, "444455556666", "true", "true"],
            ["role", "444455556666", "111122223333", "AIDAEXAMPLEALICE00001", "444455556666", "true", "true"],
        ]
    );
}

#[tokio::test]
async fn credentials_made_name_maker_and_owner_and_denied_calls_make_none() {
    let rows = [
        event(
            "2024-05-03T00:00:00Z",
            "key",
            &[
                ("event_name", "CreateAccessKey"),
                ("identity_arn", ALICE),
                ("issued_access_key_id", KEY),
                ("request_parameters", r#"{"userName":"eve"}"#),
                ("response_elements", r#"{"accessKey":{"userName":"eve"}}"#),
            ],
        ),
        event(
            "2024-05-03T00:00:01Z",
            "role",
            &[
                ("event_name", "AssumeRole"),
                ("identity_arn", ALICE),
                ("issued_access_key_id", "ASIAEXAMPLEKEY000001"),
                ("assumed_role_arn", "arn:aws:sts::111122223333:assumed-role/admin/s"),
                (
                    "request_parameters",
                    r#"{"roleArn":"arn:aws:iam::111122223333:role/team/admin","roleSessionName":"s"}"#,
                ),
            ],
        ),
        event(
            "2024-05-03T00:00:02Z",
            "denied",
            &[
                ("event_name", "CreateAccessKey"),
                ("issued_access_key_id", KEY),
                ("error_code", "AccessDenied"),
            ],
        ),
    ];
    let columns = ["event_id", "made_key", "made_for", "principal", "session_name"];
    let all = table(&rows, "credentials-issued", &[], &columns).await;
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], ["key", KEY, "eve", ALICE, "-"]);
    assert_eq!(all[1], ["role", "ASIAEXAMPLEKEY000001", ADMIN, ALICE, "s"]);
    assert_eq!(ids(&rows, "credentials-issued", &[("made", KEY)]).await, ["key"]);
}

#[tokio::test]
async fn secrets_read_are_named() {
    let rows = [
        event(
            "2024-05-03T00:00:00Z",
            "secret",
            &[
                ("event_source", "secretsmanager.amazonaws.com"),
                ("event_name", "GetSecretValue"),
                ("request_parameters", r#"{"secretId":"db"}"#),
            ],
        ),
        event(
            "2024-05-03T00:00:01Z",
            "parameters",
            &[
                ("event_source", "ssm.amazonaws.com"),
                ("event_name", "GetParameters"),
                ("request_parameters", r#"{"names":["a","b"],"withDecryption":true}"#),
            ],
        ),
        event(
            "2024-05-03T00:00:02Z",
            "list",
            &[("event_source", "secretsmanager.amazonaws.com"), ("event_name", "ListSecrets")],
        ),
    ];
    let rows = table(&rows, "secrets-read", &[], &["event_id", "secret", "decrypted"]).await;
    assert_eq!(rows, [["secret", "db", "-"], ["parameters", r#"["a","b"]"#, "true"]]);
}

#[tokio::test]
async fn root_is_found_by_type_arn_and_central_session() {
    let rows = [
        event("2024-05-03T00:00:00Z", "type", &[("identity_type", "Root")]),
        event("2024-05-03T00:00:01Z", "arn", &[("identity_arn", "arn:aws:iam::111122223333:root")]),
        event("2024-05-03T00:00:02Z", "central", &[("assumed_root", "true")]),
        event("2024-05-03T00:00:03Z", "user", &[("identity_arn", "arn:aws:iam::111122223333:user/root")]),
    ];
    assert_eq!(ids(&rows, "root-activity", &[]).await, ["type", "arn", "central"]);
}

#[tokio::test]
async fn every_record_of_an_event_id_is_shown() {
    let rows = [
        event("2024-05-03T00:00:00Z", "e1", &[("object", "b")]),
        event("2024-05-03T00:00:00Z", "e1", &[("object", "a")]),
        event("2024-05-03T00:00:00Z", "e2", &[]),
    ];
    assert_eq!(table(&rows, "event", &[("id", "e1")], &["object"]).await, [["a"], ["b"]]);
}

#[tokio::test]
async fn the_ledger_shows_refusals_and_duplicates() {
    let refusals = table(&[], "ingest-refusals", &[], &["object", "record_index", "reason"]).await;
    assert_eq!(refusals, [["a.json.gz", "4", "no `eventTime`"], ["b.json.gz", "-", "not JSON"]]);
    let objects = table(&[], "ingest-objects", &[], &["object", "duplicate", "refused"]).await;
    assert_eq!(objects, [["a.json.gz", "1", "1"]]);
}
