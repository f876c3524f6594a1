//! What every built-in query must hold.

use std::collections::BTreeSet;
use std::path::Path;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;

use super::fixture::{TextAs, event, now, session, session_of};
use crate::query::catalog::BUILT_IN;
use crate::query::run::plan;
use crate::query::{Catalog, Query, bind, run};

/// A value for every parameter that must be given.
fn given(query: &Query) -> Vec<(String, String)> {
    let required = query.params.iter().filter(|param| param.default.is_none());
    required
        .map(|param| {
            let value = match param.name.as_str() {
                "since" => "2024-05-02T00:00:00Z",
                "key" => "AKIAEXAMPLEKEY000001",
                _ => "alice",
            };
            (param.name.clone(), value.to_owned())
        })
        .collect()
}

#[test]
fn every_file_of_queries_is_built_in() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let files: BTreeSet<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        // The views of lineage are no questions.
        .filter(|name| name != "lineage")
        .collect();
    let built_in: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| format!("{name}.sql")).collect();
    assert_eq!(files, built_in);
}

#[tokio::test]
async fn columns_and_tables_are_those_of_the_header_with_either_layout_of_text() {
    for text in [TextAs::Utf8, TextAs::View] {
        let ctx = session(&[], text);
        let mut seen = 0;
        for query in Catalog::built_in().unwrap().list() {
            let params = bind(query, &given(query), now()).unwrap();
            let plan = plan(&ctx, query, &params).await.unwrap();
            let mut tables = BTreeSet::new();
            plan.apply_with_subqueries(|node| {
                if let LogicalPlan::TableScan(scan) = node {
                    tables.insert(scan.table_name.table().to_owned());
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .unwrap();
            assert_eq!(tables.into_iter().collect::<Vec<_>>(), query.reads, "{}", query.name);
            seen += 1;
        }
        assert_eq!(seen, BUILT_IN.len());
    }
}

/// Rows that differ in nothing but what must order them.
fn alike() -> Vec<super::fixture::Row<'static>> {
    let row = |object, index, identity_arn| {
        let more = [
            ("object", object),
            ("record_index", index),
            ("event_source", "signin.amazonaws.com"),
            ("event_name", "ConsoleLogin"),
            ("access_key_id", "AKIAEXAMPLEKEY000001"),
            ("user_name", "alice"),
            ("identity_arn", identity_arn),
            ("source_ip_address", "alice"),
            ("error_code", "AccessDenied"),
            ("identity_type", "Root"),
        ];
        event("2024-05-03T00:00:00Z", "alice", &more)
    };
    let places = [("a", "0"), ("a", "1"), ("a", "2"), ("b", "0"), ("b", "1"), ("c", "10"), ("c", "9")];
    let mut rows: Vec<_> =
        places.map(|(object, index)| row(object, index, "arn:aws:iam::111122223333:user/alice")).to_vec();
    // Two principals that only their names tell apart.
    rows.push(row("d", "0", "arn:aws:iam::111122223333:user/carol"));
    rows.push(row("d", "1", "arn:aws:iam::111122223333:user/bob"));
    rows
}

#[tokio::test]
async fn the_order_of_rows_does_not_depend_on_the_order_of_reading() {
    let rows = alike();
    let backwards: Vec<_> = rows.iter().rev().cloned().map(|row| vec![row]).collect();
    let one = session(&rows, TextAs::View);
    let many = session_of(&backwards, TextAs::View);
    let mut rows_seen = 0;
    for query in Catalog::built_in().unwrap().list() {
        let params = bind(query, &given(query), now()).unwrap();
        let mut answers = Vec::new();
        for ctx in [&one, &many] {
            let batches = run(ctx, query, &params).await.unwrap().collect().await.unwrap();
            rows_seen += batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>();
            answers.push(arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string());
        }
        assert_eq!(answers[0], answers[1], "{}", query.name);
    }
    assert!(rows_seen > 100, "{rows_seen}");
}

#[test]
fn who_means_the_same_in_every_query_that_takes_it() {
    let clause = |text: &str| {
        let (_, after) = text.split_once("identity_arn = $who").unwrap();
        let (clause, _) = after.split_once(r"'\1:sts::\2:assumed-role/\4/'").unwrap();
        clause.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let clauses: BTreeSet<String> =
        BUILT_IN.iter().filter(|(_, text)| text.contains("$who")).map(|(_, text)| clause(text)).collect();
    assert_eq!(clauses.len(), 1);
}

#[test]
fn windows_are_half_open_and_bound_the_partition_too() {
    let mut windows = 0;
    for query in Catalog::built_in().unwrap().list() {
        for (param, bound, partition) in [
            ("from", "event_time >= $from", "event_date >= cast($from as date)"),
            ("to", "event_time < $to", "event_date <= cast($to as date)"),
        ] {
            if query.param(param).is_some() {
                assert!(query.sql.contains(bound) && query.sql.contains(partition), "{}", query.name);
                windows += 1;
            }
        }
    }
    assert!(windows > 20);
}
