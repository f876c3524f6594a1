//! What SQL's functions say.

use super::fixture::{TextAs, cells, event, session};
use crate::query::{CallerFunction, Function, functions, sql};

#[tokio::test]
async fn functions_take_either_layout_of_text_and_null() {
    for text in [TextAs::Utf8, TextAs::View] {
        let rows = [
            event(
                "2024-05-03T00:00:00Z",
                "e1",
                &[("event_source", "iam.amazonaws.com"), ("error_code", "AccessDenied")],
            ),
            event("2024-05-03T00:00:01Z", "e2", &[]),
        ];
        let ctx = session(&rows, text);
        let answer = sql(
            &ctx,
            "select service(event_source) as s, is_denied(error_code) as d, \
             is_throttled(error_code) as t, sensitive_category(event_source, 'CreateUser') as c, \
             outcome(event_source, error_code, error_message, null, null) as o, names_everyone(null) as e \
             from events order by event_time",
        )
        .await
        .unwrap();
        let rows = cells(answer, &["s", "d", "t", "c", "o", "e"]).await;
        assert_eq!(rows[0], ["iam", "true", "false", "identity", "denied", "false"]);
        assert_eq!(rows[1], ["-", "false", "false", "-", "ok", "false"]);
    }
}

#[tokio::test]
async fn a_function_of_constants_alone_gives_a_value_for_every_row() {
    let rows = [event("2024-05-03T00:00:00Z", "e1", &[]), event("2024-05-03T00:00:01Z", "e2", &[])];
    let ctx = session(&rows, TextAs::View);
    let answer = sql(&ctx, "select service('s3.amazonaws.com') as s from events").await.unwrap();
    assert_eq!(cells(answer, &["s"]).await, [["s3"], ["s3"]]);
}

#[tokio::test]
async fn the_reason_of_a_denial_is_read() {
    let message = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: \
                   arn:aws:s3:::example-bucket/key with an explicit deny in a service control policy";
    let ctx = session(&[event("2024-05-03T00:00:00Z", "e1", &[("error_message", message)])], TextAs::View);
    let answer = sql(
        &ctx,
        "select denial_action(error_message) as a, denial_resource(error_message) as r, \
         denial_layer(error_message) as l, denial_effect(error_message) as e from events",
    )
    .await
    .unwrap();
    let rows = cells(answer, &["a", "r", "l", "e"]).await;
    assert_eq!(rows[0][..2], ["s3:GetObject", "arn:aws:s3:::example-bucket/key"]);
    assert!(rows[0][2].contains("service control policy"), "{rows:?}");
    assert_eq!(rows[0][3], "explicit");
}

#[tokio::test]
async fn a_key_tells_its_account_unless_its_format_is_old() {
    let ctx = session(&[event("2024-05-03T00:00:00Z", "e1", &[])], TextAs::View);
    let answer = sql(
        &ctx,
        "select key_account('AKIARTX3GSDSQEXAMPLE') as new, key_account('AKIAIOSFODNN7EXAMPLE') as old, \
         key_account('') as none from events",
    )
    .await
    .unwrap();
    assert_eq!(cells(answer, &["new", "old", "none"]).await, [["111122223333", "-", "-"]]);
}

#[test]
fn every_function_has_its_own_name() {
    let all = functions();
    let names: std::collections::BTreeSet<&str> = all.iter().map(|function| function.name()).collect();
    assert_eq!(names.len(), all.len());
    assert_eq!(names.len(), Function::ALL.len() + CallerFunction::ALL.len());
}
