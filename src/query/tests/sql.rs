//! What the user may write.

use super::fixture::{TextAs, cells, event, session};
use crate::query::sql;

async fn refusal(text: &str) -> String {
    let ctx = session(&[event("2024-05-03T00:00:00Z", "e1", &[])], TextAs::View);
    match sql(&ctx, text).await {
        Ok(answer) => panic!("`{text}` was not refused: {answer:?}"),
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            format!("{error}\n{source}")
        }
    }
}

#[tokio::test]
async fn whatever_writes_or_changes_settings_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.csv");
    let copy = format!("copy events to '{}' stored as csv", out.display());
    let external = format!("create external table t stored as csv location '{}'", dir.path().display());
    let explained = format!("explain analyze {copy}");
    let cases: &[(&str, &str)] = &[
        ("create table t as select 1", "CREATE TABLE"),
        ("create view v as select 1", "CREATE VIEW"),
        ("drop table events", "DROP TABLE"),
        ("insert into events select * from events", "INSERT INTO"),
        ("delete from events", "DELETE FROM"),
        ("update events set account = '1'", "UPDATE events"),
        ("truncate table events", "TRUNCATE TABLE"),
        ("set datafusion.execution.batch_size = 1", "SET datafusion"),
        ("reset datafusion.execution.batch_size", "RESET"),
        ("begin", "BEGIN"),
        ("prepare p as select 1", "PREPARE p"),
        ("explain insert into events select * from events", "INSERT INTO"),
        ("create function f(int) returns int return $1", "CREATE FUNCTION"),
        (&copy, "COPY"),
        (&explained, "COPY"),
        (&external, "CREATE EXTERNAL TABLE"),
    ];
    for (text, words) in cases {
        let message = refusal(text).await;
        assert!(message.starts_with("expected a statement that only reads, found"), "{text}: {message}");
        assert!(message.contains(words) && message.contains("\nhint: "), "{text}: {message}");
    }
    assert!(!out.exists());
    let into = refusal("select * into t from events").await;
    assert!(!into.is_empty());
}

#[tokio::test]
async fn more_than_one_statement_or_none_is_refused() {
    assert!(refusal("select 1; select 2").await.starts_with("expected one statement, found 2"));
    assert!(refusal(" -- nothing").await.starts_with("expected one statement, found none"));
    let long = format!("select '{}'", "x".repeat(300_000));
    assert!(refusal(&long).await.starts_with("expected a statement of at most"));
    let message = refusal("select count(* from events").await;
    assert!(
        message.starts_with("cannot parse the query: expected ), found from at line 1, column 16"),
        "{message}"
    );
}

#[tokio::test]
async fn no_file_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret.csv");
    std::fs::write(&file, "a,b\n1,2\n").unwrap();
    let path = file.display();
    for text in [
        format!("select * from '{path}'"),
        format!("select * from \"{path}\""),
        format!("with t as (select * from '{path}') select * from t"),
        format!("select (select count(*) from '{path}')"),
        format!("select 1 where exists (select * from '{path}')"),
        format!("explain select * from '{path}'"),
        format!("describe \"{path}\""),
    ] {
        let ctx = session(&[], TextAs::View).enable_url_table();
        let error = sql(&ctx, &text).await.expect_err(&text).to_string();
        assert!(error.starts_with("no table is named"), "{text}: {error}");
    }
    for function in ["read_csv", "parquet_metadata", "read_parquet", "glob"] {
        let message = refusal(&format!("select * from {function}('{path}')")).await;
        assert!(message.contains(function) && message.contains("table function"), "{message}");
    }
    assert!(refusal(&format!("select * from table(read_csv('{path}'))")).await.contains("table function"));
}

#[tokio::test]
async fn unknown_columns_and_tables_list_the_valid_ones() {
    let message = refusal("select eventTime from events").await;
    assert!(
        message.starts_with("no column is named `eventtime`, expected one of `event_time`, "),
        "{message}"
    );
    assert!(message.contains("`access_key_id`"), "{message}");
    let quoted = refusal("select * from events where event_name = \"GetObject\"").await;
    assert!(quoted.contains("hint: text is written in 'single quotes'"), "{quoted}");
    let table = refusal("select * from event").await;
    assert!(table.starts_with("no table is named `event`, expected one of `events`, "), "{table}");
    assert!(refusal("select * from other.events").await.starts_with("no table is named `other.events`"));
}

#[tokio::test]
async fn reading_statements_run() {
    let row = event("2024-05-03T00:00:00Z", "e1", &[("request_parameters", r#"{"a":{"b":1},"s":"x"}"#)]);
    let ctx = session(&[row], TextAs::View);
    for (text, column, expected) in [
        ("select count(*) as n from events", "n", "1"),
        ("with t as (select event_id from events) select * from t", "event_id", "e1"),
        ("values (1)", "column1", "1"),
        ("select value from generate_series(3, 3)", "value", "3"),
        ("select request_parameters->'a' as a from events", "a", r#"{"b":1}"#),
        ("select request_parameters->>'s' as s from events", "s", "x"),
        (
            "select column_name from information_schema.columns where column_name = 'fingerprint' and table_name = 'events'",
            "column_name",
            "fingerprint",
        ),
        ("select a.event_id from events a join events b using (event_id)", "event_id", "e1"),
    ] {
        let rows = cells(sql(&ctx, text).await.unwrap(), &[column]).await;
        assert_eq!(rows, vec![vec![expected.to_owned()]], "{text}");
    }
    for text in [
        "explain select 1",
        "explain analyze select count(*) from events",
        "show tables",
        "describe events",
        "show columns from events",
        "show all",
        "show functions",
        "describe select 1",
    ] {
        assert!(!sql(&ctx, text).await.unwrap().collect().await.unwrap().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn an_explanation_is_one_row_a_line() {
    let ctx = session(&[], TextAs::View);
    for text in [
        "explain select account from events order by account",
        "explain analyze select account from events order by account",
    ] {
        let lines = cells(sql(&ctx, text).await.unwrap(), &["plan_type", "plan"]).await;
        assert!(lines.len() > 1 && lines.iter().all(|line| !line[1].contains('\n')), "{lines:?}");
    }
}

#[tokio::test]
async fn show_tables_lists_the_lake_s_tables_in_order() {
    let ctx = session(&[], TextAs::View);
    let tables = cells(sql(&ctx, "show tables").await.unwrap(), &["table_name"]).await;
    let all = [
        "addresses",
        "calls",
        "credentials",
        "event_origins",
        "events",
        "issuances",
        "launches",
        "objects",
        "origins",
        "refusals",
    ];
    assert_eq!(tables, all.map(|table| [table]));
}

#[tokio::test]
async fn columns_of_one_name_are_told_apart() {
    let ctx = session(&[event("2024-05-03T00:00:00Z", "e1", &[])], TextAs::View);
    let answer =
        sql(&ctx, "select a.event_id, b.event_id, a.account as event_id_2 from events a cross join events b")
            .await
            .unwrap();
    let names: Vec<_> = answer.columns().iter().map(|column| column.name.clone()).collect();
    assert_eq!(names, ["event_id", "event_id_3", "event_id_2"]);
}
