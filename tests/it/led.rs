//! What principals of other accounts, subjects of identity providers and single records led to; and who stands behind what runs
//! in an instance or a function.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, EVE, KEYS, assume, call, dana, eve, logs, run, said, session, user};
use crate::descent::{check, lists, makes_function, makes_key};

const KEY: &str = "AKIARTX3GSDSSEXAMPLE";
const TEMPORARY: &str = "ASIARTX3GSDSQEXAMPLE";

fn event(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// What a session that was made by record 1 did: it made a key, which somebody used.
fn and_then(name: &str) -> Vec<Value> {
    vec![
        makes_key(2, &session(name, TEMPORARY, "2026-03-09T08:00:00Z"), "2026-03-09T08:05:00Z", "svc", KEY),
        lists(3, &user("svc", KEY), "2026-03-09T09:00:00Z"),
    ]
}

#[test]
fn what_a_principal_of_another_account_led_to_is_below_it() {
    let evil = json!({"type": "AWSAccount", "principalId": "AROAVTX3GSDSQVEXAMPLE:evil", "accountId": "777788889999"});
    let mut made = assume(1, &evil, "2026-03-09T08:00:00Z", "evil", TEMPORARY);
    made["sharedEventID"] = json!("11111111-1111-4111-8111-111111111111");
    let folder = logs(&[&[vec![made], and_then("evil")].concat()]);
    let lines = ["session evil: key".to_owned(), format!("session evil > access-key {KEY}: key")];
    for who in ["AROAVTX3GSDSQVEXAMPLE:evil", &event(1)] {
        check(who, folder.path(), &lines.each_ref().map(String::as_str));
    }
}

#[test]
fn what_a_subject_of_a_provider_led_to_is_below_it() {
    let zoe = json!({"type": "SAMLUser", "principalId": "EXAMPLEzQ1x2y3z4w5=:zoe@example.com",
        "userName": "zoe@example.com", "identityProvider": "EXAMPLEzQ1x2y3z4w5="});
    let mut made = assume(1, &zoe, "2026-03-09T08:00:00Z", "zoe@example.com", TEMPORARY);
    made["eventName"] = json!("AssumeRoleWithSAML");
    let folder = logs(&[&[vec![made], and_then("zoe@example.com")].concat()]);
    let lines = [
        "session zoe@example.com: key".to_owned(),
        format!("session zoe@example.com > access-key {KEY}: key"),
    ];
    for who in ["EXAMPLEzQ1x2y3z4w5=:zoe@example.com", "subject/zoe@example.com", &event(1)] {
        check(who, folder.path(), &lines.each_ref().map(String::as_str));
    }
    // The name alone is the session's.
    let found = said(&["trace", "zoe@example.com"], folder.path());
    assert_eq!(found["subject"]["kind"], "session", "{found:#}");
}

#[test]
fn a_web_identity_is_asked_for_by_its_subject_and_that_of_two_providers_by_its_id() {
    let subject = "system:serviceaccount:shop:cart";
    let of = |provider: &str| {
        let provider =
            format!("arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/{provider}");
        json!({"type": "WebIdentityUser", "principalId": format!("{provider}:sts.amazonaws.com:{subject}"),
            "userName": subject, "identityProvider": provider})
    };
    let made = |number: u32, identity: &Value, key: &str| {
        let mut made = assume(number, identity, "2026-03-09T08:00:00Z", "cart", key);
        made["eventName"] = json!("AssumeRoleWithWebIdentity");
        made
    };
    let (one, other) = (of("EXAMPLE0001"), of("EXAMPLE0002"));
    let folder = logs(&[&[vec![made(1, &one, TEMPORARY)], and_then("cart")].concat()]);
    for who in [subject, "subject/system:serviceaccount:shop:cart"] {
        check(who, folder.path(), &["session cart: key", &format!("session cart > access-key {KEY}: key")]);
        let found = said(&["investigate", who], folder.path());
        assert_eq!(found["subject"]["kind"], "subject", "{found:#}");
        assert_eq!(found["activity"]["total"]["calls"], 1, "{found:#}");
    }
    let both = logs(&[&[made(1, &one, TEMPORARY), made(2, &other, "ASIARTX3GSDSTEXAMPLE")]]);
    let asked = run(&["trace", subject], both.path());
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(!asked.status.success(), "{told}");
    for identity in [&one, &other] {
        let id = identity["principalId"].as_str().unwrap();
        assert!(told.contains(&format!("subject/{id}")), "{told}");
        let found = said(&["trace", &format!("subject/{id}")], both.path());
        assert_eq!(found["subject"]["usage"]["calls"], 1, "{found:#}");
    }
}

#[test]
fn the_session_of_a_step_in_the_access_portal_is_below_the_step() {
    let lea = json!({"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {
        "userId": "e0000000-1111-4222-8333-444455556666",
        "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-0123456789"}});
    let mut step = call(1, &lea, "2026-03-09T08:00:00Z", "sso.amazonaws.com", "GetRoleCredentials");
    step["serviceEventDetails"] = json!({"role_name": "Ops", "account_id": ACCOUNT});
    let mut person = session("lea", TEMPORARY, "2026-03-09T08:00:00Z");
    person["arn"] =
        json!(format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Ops_0123456789abcdef/lea"));
    let role = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0123456789abcdef";
    person["sessionContext"]["sessionIssuer"]["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
    person["onBehalfOf"] = lea["onBehalfOf"].clone();
    let folder = logs(&[&[step, lists(2, &person, "2026-03-09T08:10:00Z")]]);
    let found = said(&["trace", &event(1), "--down"], folder.path());
    let line = &found["descendants"][0];
    assert_eq!(
        (&line["kind"], &line["calls"], &line["rule"]),
        (&json!("session"), &json!(1), &json!("session")),
        "{line:#}"
    );
}

#[test]
fn of_the_versions_of_a_record_that_counts_which_tells_what_was_made() {
    let whole = assume(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "job", TEMPORARY);
    let mut first = whole.clone();
    first["responseElements"] = Value::Null;
    let mut later = whole;
    later["addendum"] = json!({"reason": "UPDATED_DATA", "updatedFields": "responseElements"});
    let used = lists(2, &session("job", TEMPORARY, "2026-03-09T08:00:00Z"), "2026-03-09T08:10:00Z");
    for objects in [[first.clone(), later.clone()], [later, first]] {
        let [one, other] = objects;
        let folder = logs(&[&[one], &[other], std::slice::from_ref(&used)]);
        check(DANA, folder.path(), &["session job: key"]);
    }
}

#[test]
fn a_key_whose_making_hides_it_is_not_said_to_be_unused() {
    let mut made = makes_key(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "svc", KEY);
    made["responseElements"] = Value::Null;
    let folder = logs(&[&[made, lists(2, &user("svc", KEY), "2026-03-09T09:00:00Z")]]);
    let found = said(&["trace", DANA, "--down"], folder.path());
    let line = &found["descendants"][0];
    assert_eq!((&line["kind"], &line["rule"]), (&json!("access-key"), &json!("claim")), "{line:#}");
    assert_eq!(line["gap"]["reason"], "response-hidden", "{line:#}");
}

/// Lambda takes the function's role, and the function makes a key.
fn of_the_function() -> Vec<Value> {
    let lambda = json!({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"});
    vec![
        assume(5, &lambda, "2026-03-09T08:00:00Z", "resize", TEMPORARY),
        makes_key(
            6,
            &session("resize", TEMPORARY, "2026-03-09T08:00:00Z"),
            "2026-03-09T08:05:00Z",
            "svc",
            KEY,
        ),
    ]
}

#[test]
fn whoever_puts_layers_on_a_function_stands_beside_whoever_put_its_code() {
    let mut layers = call(
        2,
        &eve(),
        "2026-03-09T07:30:00Z",
        "lambda.amazonaws.com",
        "UpdateFunctionConfiguration20150331v2",
    );
    layers["requestParameters"] =
        json!({"functionName": "resize", "layers": ["arn:aws:lambda:eu-west-1:444455556666:layer:x:1"]});
    layers["responseElements"] =
        json!({"functionName": "resize", "role": format!("arn:aws:iam::{ACCOUNT}:role/deploy")});
    let mut made = makes_function(1, &dana(KEYS[0]), "2026-03-09T07:00:00Z");
    made["requestParameters"]["role"] = json!(format!("arn:aws:iam::{ACCOUNT}:role/deploy"));
    let folder = logs(&[&[vec![made, layers], of_the_function()].concat()]);
    // Neither acts without the other; what runs is of whoever put the function's own code.
    check(EVE, folder.path(), &["workload resize: launched", "workload resize > session resize: claim"]);
    let made = format!("workload resize > session resize > access-key {KEY}: key");
    check(
        DANA,
        folder.path(),
        &["workload resize: launched", "workload resize > session resize: key", &made],
    );
    let above = said(&["trace", TEMPORARY, "--up"], folder.path());
    let text = above.to_string();
    assert!(text.contains("user/dana") && text.contains("user/eve"), "{above:#}");
}

#[test]
fn what_ec2_does_for_an_instance_lacks_no_record() {
    let mut own = session("i-0123456789abcdef0", "", "2026-03-09T08:00:00Z");
    own["arn"] =
        json!(format!("arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0"));
    own["sessionContext"]["sessionIssuer"]["arn"] =
        json!(format!("arn:aws:iam::{ACCOUNT}:role/aws:ec2-infrastructure"));
    own["sessionContext"]["sessionIssuer"]["userName"] = json!("aws:ec2-infrastructure");
    let mut run = call(1, &dana(KEYS[0]), "2026-03-09T07:59:00Z", "ec2.amazonaws.com", "RunInstances");
    run["responseElements"] = json!({"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}});
    let folder = logs(&[&[run, call(2, &own, "2026-03-09T08:00:05Z", "kms.amazonaws.com", "Decrypt")]]);
    let found = said(&["trace", &event(2), "--up"], folder.path());
    let origin = &found["chains"][0]["origin"];
    assert_eq!(
        (&origin["kind"], &origin["complete"], &origin["gap"]),
        (&json!("service"), &json!(true), &Value::Null),
        "{found:#}"
    );
    let text = found.to_string();
    assert!(text.contains("user/dana") && text.contains("instance"), "{found:#}");
}

#[test]
fn a_new_password_of_a_service_is_a_way_in() {
    let mut reset = call(
        1,
        &dana(KEYS[0]),
        "2026-03-09T08:00:00Z",
        "iam.amazonaws.com",
        "ResetServiceSpecificCredential",
    );
    reset["requestParameters"] =
        json!({"userName": "svc", "serviceSpecificCredentialId": "ACCARTX3GSDSQEXAMPLE"});
    let folder = logs(&[&[reset]]);
    check(DANA, folder.path(), &["other-way svc: identity"]);
    let shown = run(&["trace", DANA, "--down"], folder.path());
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("new service password of svc"), "{shown}");
    let rows = said(&["sql", "select kind, made_user from issuances"], folder.path())["rows"].clone();
    assert_eq!(rows, json!([{"kind": "other-way", "made_user": "svc"}]));
}

#[test]
fn what_a_service_assumed_a_role_for_is_below_the_service() {
    let mut forwarded = session("job", "ASIARTX3GSDSTEXAMPLE", "2026-03-09T07:00:00Z");
    forwarded["invokedBy"] = json!("lambda.amazonaws.com");
    let of_user = assume(8, &forwarded, "2026-03-09T08:30:00Z", "other", "ASIARTX3GSDSUEXAMPLE");
    let folder = logs(&[&[of_the_function(), vec![of_user]].concat()]);
    let made = format!("session resize > access-key {KEY}: key");
    check("service/lambda.amazonaws.com", folder.path(), &["session resize: key", &made]);
}
