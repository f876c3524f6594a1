//! Session names, source identities and roles of one name: which of them anybody chose, and what is told apart.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, EVE, KEYS, assume, call, dana, eve, logs, said, session};

const TEMPORARY: [&str; 3] = ["ASIARTX3GSDSQEXAMPLE", "ASIARTX3GSDSREXAMPLE", "ASIARTX3GSDSSEXAMPLE"];
const TIMES: [&str; 3] = ["2026-03-09T09:00:00Z", "2026-03-09T09:10:00Z", "2026-03-09T09:20:00Z"];

/// A call in a session of the role that was created at one of the times, with this source identity.
fn acts(number: u32, at: usize, name: &str, identity: &str) -> Value {
    let mut who = session(name, TEMPORARY[at], TIMES[at]);
    if !identity.is_empty() {
        who["sessionContext"]["sourceIdentity"] = json!(identity);
    }
    call(number, &who, &TIMES[at].replace(":00Z", ":30Z"), "s3.amazonaws.com", "ListBuckets")
}

fn claims(found: &Value) -> Vec<&Value> {
    found["mismatches"].as_array().unwrap().iter().map(|one| &one["claim"]).collect()
}

#[test]
fn sessions_of_several_source_identities_show_none_and_each_that_is_another_s() {
    let mut records = vec![call(1, &eve(), TIMES[0], "s3.amazonaws.com", "ListBuckets")];
    for (at, identity) in ["dana", "eve", "dana"].into_iter().enumerate() {
        let number = 10 + 2 * u32::try_from(at).unwrap();
        records.push(assume(number, &dana(KEYS[0]), TIMES[at], "x", TEMPORARY[at]));
        records.push(acts(number + 1, at, "x", identity));
    }
    let folder = logs(&[&records]);
    let found = said(&["sessions"], folder.path());
    let row = &found["rows"][0];
    assert_eq!((&row["sessions"], &row["source_identity"]), (&json!(3), &Value::Null));
    assert_eq!(row["differs"], json!(["source-identity"]));
    assert_eq!(claims(row), [&json!("eve")]);
    let folder = logs(&[&records[..3]]);
    let row = said(&["sessions"], folder.path())["rows"][0].clone();
    assert_eq!((&row["source_identity"], &row["differs"]), (&json!("dana"), &json!([])));
}

/// The mismatches of a key's trace, and those of its row in `sessions` with what its name agrees with.
fn mismatches(key: &str, logs: &Path) -> [Value; 2] {
    let found = said(&["trace", key, "--up"], logs);
    let rows = said(&["sessions"], logs)["rows"].clone();
    let row = rows.as_array().unwrap().iter().find(|row| row["keys"].to_string().contains(key)).unwrap();
    [json!(claims(&found)), json!([row["agreement"], claims(row)])]
}

#[test]
fn the_name_that_an_identity_provider_gave_a_session_claims_nobody_else() {
    let mail = "dana.smith@corp.example";
    for (name, subject) in [(mail, "CORP\\dsmith"), ("dana", mail), (mail, "AbC123opaque")] {
        let who = json!({"type": "SAMLUser", "principalId": format!("q:{subject}"), "userName": subject,
            "identityProvider": "q"});
        let mut made = assume(1, &who, TIMES[0], name, TEMPORARY[0]);
        made["eventName"] = json!("AssumeRoleWithSAML");
        made["requestParameters"]["principalArn"] =
            json!(format!("arn:aws:iam::{ACCOUNT}:saml-provider/Okta"));
        made["responseElements"]["subject"] = json!(subject);
        let others = call(2, &dana(KEYS[0]), TIMES[0], "s3.amazonaws.com", "ListBuckets");
        let folder = logs(&[&[made, acts(3, 0, name, "E12345"), others]]);
        let [trace, row] = mismatches(TEMPORARY[0], folder.path());
        assert_eq!(trace, json!([]), "{name} {subject}");
        assert!(
            row == json!(["says-nothing", []]) || row == json!(["agrees", []]),
            "{name} {subject}: {row}"
        );
    }
}

#[test]
fn the_source_identity_with_which_a_service_assumes_a_role_is_whom_it_acts_for() {
    let service = json!({"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"});
    let others = call(2, &dana(KEYS[0]), TIMES[0], "s3.amazonaws.com", "ListBuckets");
    let made = assume(1, &service, TIMES[0], "SageMaker", TEMPORARY[0]);
    let folder = logs(&[&[made, acts(3, 0, "SageMaker", "dana"), others.clone()]]);
    assert_eq!(mismatches(TEMPORARY[0], folder.path()), [json!([]), json!(["says-nothing", []])]);
    // Whoever assumes a role by itself chose it.
    let made = assume(1, &eve(), TIMES[0], "SageMaker", TEMPORARY[0]);
    let folder = logs(&[&[made, acts(3, 0, "SageMaker", "dana"), others]]);
    assert_eq!(mismatches(TEMPORARY[0], folder.path())[0], json!(["dana"]));
}

#[test]
fn a_role_that_was_made_anew_has_sessions_of_its_own() {
    let id = "AROARTX3GSDSZNEXAMPLE";
    let mut anew = assume(3, &dana(KEYS[0]), TIMES[1], "x", TEMPORARY[1]);
    anew["responseElements"]["assumedRoleUser"]["assumedRoleId"] = json!(format!("{id}:x"));
    let mut later = acts(4, 1, "x", "");
    later["userIdentity"]["principalId"] = json!(format!("{id}:x"));
    later["userIdentity"]["sessionContext"]["sessionIssuer"]["principalId"] = json!(id);
    let before = [assume(1, &dana(KEYS[0]), TIMES[0], "x", TEMPORARY[0]), acts(2, 0, "x", "")];
    let folder = logs(&[&before, &[anew, later]]);
    let found = said(&["sessions"], folder.path());
    let ids: Vec<&Value> = found["rows"].as_array().unwrap().iter().map(|row| &row["role_id"]).collect();
    assert_eq!(ids, [&json!("AROARTX3GSDSQAEXAMPLE"), &json!(id)]);
    let found = said(&["query", "users-of-role", "--param", "role=deploy"], folder.path());
    let ids: Vec<&Value> = found["rows"].as_array().unwrap().iter().map(|row| &row["role_id"]).collect();
    assert_eq!(ids, [&json!("AROARTX3GSDSQAEXAMPLE"), &json!(id)]);
    let folder = logs(&[&before]);
    assert_eq!(said(&["sessions"], folder.path())["rows"][0]["role_id"], Value::Null);
}

#[test]
fn users_of_a_role_are_asked_for_by_arn_or_name_whoever_else_it_may_have_been() {
    let open = "ASIARTX3GSDSUEXAMPLE";
    let acts = |number, key| {
        let mut by_console =
            call(number, &session("n", key, TIMES[0]), TIMES[1], "s3.amazonaws.com", "ListBuckets");
        by_console["sessionCredentialFromConsole"] = json!("true");
        by_console
    };
    let subject = "repo:example-org/shop:ref:refs/heads/dana";
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com");
    let github = json!({"type": "WebIdentityUser", "principalId": format!("{provider}:sts.amazonaws.com:{subject}"),
        "userName": subject, "identityProvider": provider});
    let mut by_github = assume(5, &github, TIMES[2], "ci", TEMPORARY[2]);
    by_github["eventName"] = json!("AssumeRoleWithWebIdentity");
    by_github["responseElements"]["subjectFromWebIdentityToken"] = json!(subject);
    by_github["responseElements"]["provider"] = json!(provider);
    let ci = call(
        6,
        &session("ci", TEMPORARY[2], TIMES[2]),
        "2026-03-09T09:21:00Z",
        "s3.amazonaws.com",
        "ListBuckets",
    );
    let folder = logs(&[&[
        assume(1, &eve(), TIMES[0], "n", TEMPORARY[1]),
        assume(2, &dana(KEYS[0]), TIMES[0], "n", TEMPORARY[0]),
        acts(3, open),
        by_github,
        ci,
    ]]);
    let asked = |user: &str| {
        let user = format!("user={user}");
        let found =
            said(&["query", "users-of-role", "--param", "role=deploy", "--param", &user], folder.path());
        found["rows"].as_array().unwrap().iter().map(|row| row["session_name"].clone()).collect::<Vec<_>>()
    };
    for user in ["dana", "eve", DANA, EVE] {
        assert_eq!(asked(user), [json!("n")], "{user}");
    }
    assert_eq!(asked("main"), Vec::<Value>::new());
    assert_eq!(asked(&format!("{provider}:{subject}")), [json!("ci")]);
}

#[test]
fn a_role_is_found_by_its_arn_without_the_path_and_root_by_its_account() {
    let mut who = session("x", TEMPORARY[0], TIMES[0]);
    who["sessionContext"]["sessionIssuer"]["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:role/ops/deploy"));
    let acts = |number| call(number, &who, TIMES[1], "s3.amazonaws.com", "ListBuckets");
    let arn = format!("arn:aws:iam::{ACCOUNT}:root");
    let root = json!({"type": "Root", "principalId": ACCOUNT, "arn": arn, "accountId": ACCOUNT,
        "accessKeyId": "AKIARTX3GSDSUEXAMPLE"});
    let as_root = call(9, &root, TIMES[2], "s3.amazonaws.com", "ListBuckets");
    let folder = logs(&[&[acts(1), acts(2), as_root]]);
    let bare = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
    let whole = json!(format!("arn:aws:iam::{ACCOUNT}:role/ops/deploy"));
    for role in [bare.as_str(), whole.as_str().unwrap(), "deploy", "ops/deploy"] {
        let found = said(&["trace", role, "--down"], folder.path());
        assert_eq!(
            (&found["subject"]["id"], &found["subject"]["usage"]["calls"]),
            (&whole, &json!(2)),
            "{role}"
        );
        assert_eq!(said(&["sessions", role], folder.path())["calls"], json!(2), "{role}");
        let found = said(&["investigate", role], folder.path());
        assert_eq!(found["subject"]["issuers"][0]["calls"], json!(2), "{role}");
    }
    for who in [ACCOUNT, arn.as_str(), "root"] {
        let found = said(&["trace", who, "--down"], folder.path());
        assert_eq!(
            (&found["subject"]["kind"], &found["subject"]["id"]),
            (&json!("root"), &json!(arn)),
            "{who}"
        );
    }
}
