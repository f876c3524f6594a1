//! A look-up without a plan finds what the engine finds, over the lake of the story.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::{DateTime, TimeDelta, Utc};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::fixture::{TextAs, event, instant, session};
use super::story::story;
use crate::aws::Time;
use crate::lake::{Column, Lake, compact};
use crate::lineage::{Credential, Issuance, Launch};
use crate::query::lineage::Relations;
use crate::query::lookup::{Lookup, Texts, Wanted};
use crate::query::{Filter, each, each_named, register_functions, rows, select};

/// What the story holds, for conditions on it.
struct Seen {
    keys: BTreeSet<String>,
    issued: BTreeSet<String>,
    arns: BTreeSet<String>,
    ids: BTreeSet<String>,
    times: BTreeSet<DateTime<Utc>>,
    created: BTreeSet<DateTime<Utc>>,
}

async fn seen(ctx: &SessionContext) -> Seen {
    let mut seen = Seen {
        keys: BTreeSet::new(),
        issued: BTreeSet::new(),
        arns: BTreeSet::new(),
        ids: BTreeSet::new(),
        times: BTreeSet::new(),
        created: BTreeSet::new(),
    };
    let batches: Vec<RecordBatch> =
        select(ctx, &Filter::All(Vec::new())).await.unwrap().try_collect().await.unwrap();
    for row in batches.iter().flat_map(|batch| rows(batch).unwrap()) {
        seen.keys.extend(row.access_key_id.map(str::to_owned));
        seen.issued.extend(row.issued_access_key_id.map(str::to_owned));
        seen.arns.extend(row.identity_arn.map(str::to_owned));
        seen.ids.extend(row.event_id.map(str::to_owned));
        seen.times.insert(row.event_time);
        seen.created.extend(row.session_created);
    }
    seen
}

/// Conditions of every kind, alone and together.
fn filters(seen: &Seen) -> Vec<Filter> {
    let is = |column, text: &str| Filter::Is(column, text.to_owned());
    let some = |values: &BTreeSet<String>, count: usize| values.iter().take(count).cloned().collect();
    let not = |filter| Filter::Not(Box::new(filter));
    let middle = *seen.times.iter().nth(seen.times.len() / 2).unwrap();
    let seconds =
        |times: &BTreeSet<DateTime<Utc>>| times.iter().step_by(3).map(DateTime::timestamp).collect();
    let name = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let role = |arn: &String| arn.split('/').nth(1).unwrap_or_default().to_owned();
    let mut all = vec![
        Filter::All(Vec::new()),
        Filter::Any(Vec::new()),
        is(Column::AccessKeyId, "AKIANOBODYHASEXAMPLE"),
        is(Column::EventSource, "sts.amazonaws.com"),
        is(Column::SourceIdentity, "nobody"),
        Filter::In(Column::AccessKeyId, some(&seen.keys, 40)),
        Filter::In(Column::EventId, some(&seen.ids, 30)),
        Filter::Begins(Column::EventName, "Create".to_owned()),
        Filter::Begins(Column::EventName, "Zz".to_owned()),
        Filter::Ends(Column::IdentityArn, "n".to_owned()),
        Filter::Contains(Column::IdentityArn, "user/a".to_owned()),
        Filter::Contains(Column::EventName, "role".to_owned()),
        Filter::SessionName(seen.arns.iter().map(name).collect()),
        Filter::RoleName(Column::IdentityArn, seen.arns.iter().step_by(2).map(role).collect()),
        Filter::RoleName(Column::AssumedRoleArn, seen.arns.iter().step_by(2).map(role).collect()),
        Filter::Some(Column::IssuedAccessKeyId),
        Filter::Some(Column::IdentityRest),
        not(Filter::Some(Column::AccessKeyId)),
        not(is(Column::EventSource, "sts.amazonaws.com")),
        Filter::From(middle),
        Filter::Before(middle),
        Filter::All(vec![Filter::From(middle), Filter::Before(middle + TimeDelta::days(1))]),
        Filter::Seconds(Column::EventTime, seconds(&seen.times)),
        Filter::Seconds(Column::SessionCreated, seconds(&seen.created)),
        Filter::Seconds(Column::EventTime, BTreeSet::new()),
        Filter::Any(vec![
            Filter::Seconds(Column::SessionCreated, seconds(&seen.created)),
            Filter::Some(Column::IdentityRest),
        ]),
        Filter::All(vec![
            is(Column::EventSource, "sts.amazonaws.com"),
            Filter::Any(vec![Filter::Some(Column::AssumedRoleArn), not(Filter::Some(Column::AccessKeyId))]),
        ]),
    ];
    all.extend(seen.keys.iter().step_by(6).map(|key| is(Column::AccessKeyId, key)));
    all.extend(seen.issued.iter().step_by(6).map(|key| is(Column::IssuedAccessKeyId, key)));
    all.extend(seen.arns.iter().step_by(6).map(|arn| is(Column::IdentityArn, arn)));
    // The key's life ends in the middle of its use.
    let halves: BTreeMap<String, (Time, Time)> = seen
        .keys
        .iter()
        .map(|key| (key.clone(), (Time(middle - TimeDelta::days(3)), Time(middle))))
        .collect();
    all.push(Filter::Within(Column::AccessKeyId, halves));
    all
}

/// The places of rows: object and number.
fn places(batches: &[RecordBatch]) -> Vec<(String, i64)> {
    let mut places: Vec<(String, i64)> = Vec::new();
    for batch in batches {
        let objects = batch.column_by_name("object").unwrap().as_string::<i32>();
        let numbers = batch.column_by_name("record_index").unwrap().as_primitive::<Int64Type>();
        places.extend((0..batch.num_rows()).map(|row| (objects.value(row).to_owned(), numbers.value(row))));
    }
    places.sort();
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_finds_the_rows_that_the_engine_finds() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let lookup = Lookup::open(&ctx).await.unwrap().unwrap();
    let (mut found, mut nothing) = (0, 0);
    for filter in filters(&seen(&ctx).await) {
        let wanted = Wanted::all(vec![Column::RecordIndex, Column::Object]);
        let own = lookup.rows(&filter, wanted).await.unwrap().unwrap();
        let engine: Vec<RecordBatch> = select(&ctx, &filter).await.unwrap().try_collect().await.unwrap();
        assert_eq!(places(&own), places(&engine), "{filter:?}");
        let any = !places(&engine).is_empty();
        assert_eq!(lookup.any(&filter).await.unwrap(), Some(any), "{filter:?}");
        if any { found += 1 } else { nothing += 1 }
    }
    assert!(found > 25 && nothing >= 4, "{found} {nothing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_given_whole_as_the_engine_reads_them() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let given = compare_given(&ctx, 1).await;
    assert!(given > 1000, "{given}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_lake_that_was_merged_are_given_whole() {
    let lake = tempfile::tempdir().unwrap();
    story(lake.path()).await;
    assert!(compact(lake.path()).await.unwrap().rows > 200);
    let mut ctx = Lake::open(lake.path()).await.unwrap().session().unwrap();
    register_functions(&mut ctx).unwrap();
    let given = compare_given(&ctx, 3).await;
    assert!(given > 300, "{given}");
}

/// Holds the rows that look-ups give against those that the engine reads, of every so-manieth condition. Gives how many.
async fn compare_given(ctx: &SessionContext, step: usize) -> usize {
    let mut given = 0;
    for filter in filters(&seen(ctx).await).into_iter().step_by(step) {
        let mut own = Vec::new();
        each(ctx, &filter, |row| own.push(format!("{row:?}"))).await.unwrap();
        let batches: Vec<RecordBatch> = select(ctx, &filter).await.unwrap().try_collect().await.unwrap();
        let read = batches.iter().flat_map(|batch| rows(batch).unwrap());
        let mut engine: Vec<String> = read.map(|row| format!("{row:?}")).collect();
        own.sort();
        engine.sort();
        assert_eq!(own, engine, "{filter:?}");
        given += own.len();
    }
    given
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_there_for_the_calls_whose_names_need_it() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let all = Filter::All(Vec::new());
    let names = BTreeSet::from(["AssumeRole", "CreateUser", "PutBucketPolicy"].map(str::to_owned));
    let (mut some, mut whole) = (Vec::new(), Vec::new());
    each_named(&ctx, &all, &names, |row| some.push(format!("{row:?}"))).await.unwrap();
    let (mut kept, mut left) = (0, 0);
    each(&ctx, &all, |row| {
        let mut row = *row;
        let json = [&mut row.request_parameters, &mut row.response_elements, &mut row.additional_event_data];
        let more = [&mut row.resources, &mut row.service_event_details];
        for column in json.into_iter().chain(more) {
            if row.event_name.is_some_and(|name| names.contains(name)) {
                kept += usize::from(column.is_some());
            } else {
                left += usize::from(column.take().is_some());
            }
        }
        whole.push(format!("{row:?}"));
    })
    .await
    .unwrap();
    some.sort();
    whole.sort();
    assert_eq!(some, whole);
    assert!(kept > 10 && left > 50, "{kept} {left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_column_is_there_for_the_rows_that_need_it_and_null_in_others() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let lookup = Lookup::open(&ctx).await.unwrap().unwrap();
    let columns = vec![Column::RecordIndex, Column::Object, Column::EventName];
    let large = vec![Column::RequestParameters, Column::ResponseElements];
    let all = Wanted::all(columns.iter().chain(&large).copied().collect());
    let third = |batch: &RecordBatch| {
        let rows = || 0..batch.num_rows();
        vec![rows().map(|row| row % 3 == 0).collect(), rows().map(|row| row % 3 == 1).collect()]
    };
    let some = Wanted { columns, large: large.clone(), needs: Arc::new(third), texts: Texts::Plain };
    let filter = Filter::Some(Column::AccessKeyId);
    let whole = lookup.rows(&filter, all).await.unwrap().unwrap();
    let thirds = lookup.rows(&filter, some).await.unwrap().unwrap();
    assert_eq!(whole.len(), thirds.len());
    let mut compared = 0;
    for (whole, thirds) in whole.iter().zip(&thirds) {
        for (at, column) in large.iter().enumerate() {
            let of =
                |batch: &RecordBatch| batch.column_by_name(column.name()).unwrap().as_string::<i32>().clone();
            let (whole, thirds) = (of(whole), of(thirds));
            for row in 0..whole.len() {
                let expected = (row % 3 == at && whole.is_valid(row)).then(|| whole.value(row));
                assert_eq!(thirds.is_valid(row).then(|| thirds.value(row)), expected, "{column:?} {row}");
                compared += usize::from(expected.is_some());
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

/// Issuances in the order of their records, as they are told without the columns that [`Relations::links`] leaves out.
fn linked(mut issuances: Vec<Issuance>) -> Vec<Issuance> {
    for issuance in &mut issuances {
        issuance.role = None;
        issuance.source_identity = None;
    }
    sorted(issuances)
}

fn sorted(mut issuances: Vec<Issuance>) -> Vec<Issuance> {
    issuances.sort_by(|a, b| a.record.cmp(&b.record));
    issuances
}

fn in_order(mut launches: Vec<Launch>) -> Vec<Launch> {
    launches.sort_by(|a, b| (&a.record, &a.workload).cmp(&(&b.record, &b.workload)));
    launches
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_issuances_and_launches_are_those_of_the_views() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let own = Relations::open(&ctx).await.unwrap();
    let engine = own.clone().by_engine();
    let (mut callers, mut issued, mut launched) = (0, 0, 0);
    for filter in filters(&seen(&ctx).await) {
        let found: Vec<Credential> = own.credentials(&filter).await.unwrap();
        assert_eq!(found, engine.credentials(&filter).await.unwrap(), "{filter:?}");
        callers += found.len();
        assert_eq!(own.usage(&filter).await.unwrap(), engine.usage(&filter).await.unwrap(), "{filter:?}");
        let issuances = sorted(engine.issuances(&filter).await.unwrap());
        assert_eq!(sorted(own.issuances(&filter).await.unwrap()), issuances, "{filter:?}");
        issued += issuances.len();
        let launches = in_order(engine.launches(&filter).await.unwrap());
        assert_eq!(in_order(own.launches(&filter).await.unwrap()), launches, "{filter:?}");
        launched += launches.len();
        let links = linked(issuances);
        assert_eq!(linked(own.links(&filter).await.unwrap()), links, "{filter:?}");
        let (both_issued, both_launched) = own.made(&filter).await.unwrap();
        assert_eq!((linked(both_issued), in_order(both_launched)), (links, launches), "{filter:?}");
        let (mut workloads, mut expected) =
            (own.workloads(&filter).await.unwrap(), engine.workloads(&filter).await.unwrap());
        workloads.sort();
        expected.sort();
        assert_eq!(workloads, expected, "{filter:?}");
    }
    assert!(callers > 50 && issued > 20 && launched > 0, "{callers} {issued} {launched}");
}

#[tokio::test]
async fn events_that_are_no_files_of_a_lake_are_left_to_the_engine() {
    let row = event("2024-05-01T01:00:00Z", "e", &[("access_key_id", "AKIARTX3GSDSQEXAMPLE")]);
    let ctx = session(&[row], TextAs::Utf8);
    assert!(Lookup::open(&ctx).await.unwrap().is_none());
    let relations = Relations::open(&ctx).await.unwrap();
    let is = Filter::Is(Column::AccessKeyId, "AKIARTX3GSDSQEXAMPLE".to_owned());
    assert!(relations.any(&is).await.unwrap());
    assert!(!relations.any(&Filter::From(instant("2024-06-01T00:00:00Z"))).await.unwrap());
    assert_eq!(relations.logs_span(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_what_is_no_text_is_left_to_the_engine() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let lookup = Lookup::open(&ctx).await.unwrap().unwrap();
    assert_eq!(lookup.any(&Filter::Some(Column::RecordIndex)).await.unwrap(), None);
}
