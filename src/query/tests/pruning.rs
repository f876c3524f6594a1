//! Bound queries leave out files and row groups by partition, statistics and Bloom filters.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::schema::types::ColumnPath;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

use super::fixture::{TextAs, batch, event, now};
use crate::query::run::plan;
use crate::query::{Catalog, bind, register_functions};

/// Writes one day's file, its keys' range the same as every other day's, in the layout of a lake.
fn write_day(dir: &Path, day: u32, key: &str) {
    let times = [
        format!("2024-05-{day:02}T01:00:00Z"),
        format!("2024-05-{day:02}T02:00:00Z"),
        format!("2024-05-{day:02}T03:00:00Z"),
    ];
    let rows: Vec<_> = times
        .iter()
        .zip(["AKIAEXAMPLEKEY000000", key, "AKIAEXAMPLEKEY999999"])
        .map(|(time, key)| event(time, "e", &[("access_key_id", key)]))
        .collect();
    let whole = batch(&rows, TextAs::Utf8, 0);
    let kept: Vec<usize> = (0..whole.num_columns())
        .filter(|place| whole.schema().field(*place).name() != "event_date")
        .collect();
    let batch = whole.project(&kept).unwrap();
    let folder = dir.join(format!("event_date=2024-05-{day:02}"));
    std::fs::create_dir_all(&folder).unwrap();
    let properties = WriterProperties::builder()
        .set_column_bloom_filter_enabled(ColumnPath::from("access_key_id"), true)
        .build();
    let file = File::create(folder.join("part.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

async fn lake(dir: &Path, views: bool) -> SessionContext {
    for (day, key) in [(1, "AKIAEXAMPLEKEY000001"), (2, "AKIAEXAMPLEKEY000002"), (3, "AKIAEXAMPLEKEY000003")]
    {
        write_day(dir, day, key);
    }
    let mut config = SessionConfig::new().with_target_partitions(1);
    config.options_mut().execution.parquet.schema_force_view_types = views;
    let mut ctx = SessionContext::new_with_config(config);
    register_functions(&mut ctx).unwrap();
    let options =
        ParquetReadOptions::default().table_partition_cols(vec![("event_date".to_owned(), DataType::Date32)]);
    ctx.register_parquet("events", dir.to_str().unwrap(), options).await.unwrap();
    ctx
}

/// The metric of the scan, and the plan as text.
async fn metric(
    ctx: &SessionContext,
    query: &str,
    params: &[(&str, &str)],
    name: &str,
) -> (String, String, usize) {
    let catalog = Catalog::built_in().unwrap();
    let query = catalog.get(query).unwrap();
    let given: Vec<_> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let plan = plan(ctx, query, &bind(query, &given, now()).unwrap()).await.unwrap();
    let plan = ctx.state().create_physical_plan(&plan).await.unwrap();
    let batches =
        datafusion::physical_plan::collect(std::sync::Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
    let rows = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
    let text = displayable(plan.as_ref()).indent(true).to_string();
    (scan_metric(plan.as_ref(), name), text, rows)
}

fn scan_metric(plan: &dyn ExecutionPlan, name: &str) -> String {
    if plan.name() == "DataSourceExec" {
        return plan
            .metrics()
            .and_then(|set| set.sum_by_name(name))
            .map(|value| value.to_string())
            .unwrap_or_default();
    }
    plan.children().first().map(|child| scan_metric(child.as_ref(), name)).unwrap_or_default()
}

#[tokio::test]
async fn one_key_is_found_by_bloom_filters_where_statistics_cannot_tell() {
    for views in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let ctx = lake(dir.path(), views).await;
        let params = [("key", "AKIAEXAMPLEKEY000002")];
        let (pruned, plan, rows) =
            metric(&ctx, "activity-of-key", &params, "row_groups_pruned_bloom_filter").await;
        assert_eq!(rows, 1);
        assert_eq!(pruned, "3 total → 1 matched", "{plan}");
        assert!(!plan.contains("CAST(access_key_id") && !plan.contains("CAST(event_time"), "{plan}");
    }
}

#[tokio::test]
async fn a_window_opens_only_the_days_it_touches() {
    let dir = tempfile::tempdir().unwrap();
    let ctx = lake(dir.path(), true).await;
    let window = [("from", "2024-05-02T00:30:00Z"), ("to", "2024-05-02T23:00:00Z")];
    let (_, plan, rows) = metric(&ctx, "key-usage", &window, "row_groups_pruned_statistics").await;
    assert_eq!(rows, 3);
    assert!(plan.contains("event_date=2024-05-02") && !plan.contains("event_date=2024-05-01"), "{plan}");
    let earlier = [("from", "2024-05-02T04:00:00Z"), ("to", "2024-05-02T23:00:00Z")];
    let (pruned, _, rows) = metric(&ctx, "key-usage", &earlier, "files_ranges_pruned_statistics").await;
    assert_eq!((rows, pruned.as_str()), (0, "1 total → 0 matched"));
}
