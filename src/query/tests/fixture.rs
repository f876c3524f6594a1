//! A session over tables in memory, made of rows given by their columns' names.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::array::{StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, Utc};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::lake::{Column, Kind, OBJECT_COLUMNS, REFUSAL_COLUMNS, SmallColumn, Table};
use crate::query::{Answer, Catalog, QueryError, bind, register_functions, run};

/// A row of `events`: columns and their values as text. `event_date`, `object` and `record_index` have defaults.
pub(crate) type Row<'a> = Vec<(&'a str, &'a str)>;

/// Which layout text columns have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextAs {
    Utf8,
    View,
}

/// The moment that relative times count from.
pub(crate) fn now() -> DateTime<Utc> {
    instant("2024-06-01T00:00:00Z")
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// A row with the columns that every row has; `more` adds to them or overrides them.
pub(crate) fn event<'a>(time: &'a str, id: &'a str, more: &[(&'a str, &'a str)]) -> Row<'a> {
    let mut row = vec![
        ("event_time", time),
        ("event_id", id),
        ("account", "111122223333"),
        ("aws_region", "us-east-1"),
        ("object", "a.json.gz"),
    ];
    for (name, value) in more {
        row.retain(|(have, _)| have != name);
        row.push((name, value));
    }
    row
}

/// A session with `events` of these rows, `objects` and `refusals` of two.
pub(crate) fn session(rows: &[Row<'_>], text: TextAs) -> SessionContext {
    session_of(&[rows.to_vec()], text)
}

/// The same, the rows spread over partitions.
pub(crate) fn session_of(partitions: &[Vec<Row<'_>>], text: TextAs) -> SessionContext {
    let config = SessionConfig::new().with_information_schema(true).with_target_partitions(2);
    let mut ctx = SessionContext::new_with_config(config);
    register_functions(&mut ctx).unwrap();
    let schema = schema(text);
    let mut index = 0;
    let batches: Vec<Vec<RecordBatch>> = partitions
        .iter()
        .map(|rows| {
            let batch = batch(rows, text, index);
            index += i64::try_from(rows.len()).unwrap();
            vec![batch]
        })
        .collect();
    ctx.register_table("events", Arc::new(MemTable::try_new(schema, batches).unwrap())).unwrap();
    register_ledger(&ctx);
    ctx
}

/// `objects` of two and `refusals` of two, with the columns that the lake gives them.
fn register_ledger(ctx: &SessionContext) {
    let objects = [
        vec![
            ("object", "a.json.gz"),
            ("batch", "1"),
            ("outcome", "refused"),
            ("read", "5"),
            ("kept", "3"),
            ("duplicate", "1"),
            ("refused", "1"),
        ],
        vec![
            ("object", "b.json.gz"),
            ("batch", "1"),
            ("outcome", "read"),
            ("read", "3"),
            ("kept", "3"),
            ("duplicate", "0"),
            ("refused", "0"),
        ],
    ];
    let refusals = [
        vec![("object", "a.json.gz"), ("batch", "1"), ("record_index", "4"), ("reason", "no `eventTime`")],
        vec![("object", "b.json.gz"), ("batch", "1"), ("reason", "not JSON")],
    ];
    register_small(ctx, Table::Objects, OBJECT_COLUMNS, &objects);
    register_small(ctx, Table::Refusals, REFUSAL_COLUMNS, &refusals);
}

fn register_small(ctx: &SessionContext, table: Table, columns: &[SmallColumn], rows: &[Row<'_>]) {
    let arrays = columns
        .iter()
        .map(|(name, kind, nullable, _)| {
            let given = |row: &Row<'_>| {
                row.iter().find(|(have, _)| have == name).map(|(_, value)| (*value).to_owned())
            };
            let default = match kind {
                _ if *nullable => None,
                Kind::Timestamp => Some("2024-05-05T00:00:00Z".to_owned()),
                _ => Some("0".to_owned()),
            };
            let values: Vec<Option<String>> =
                rows.iter().map(|row| given(row).or_else(|| default.clone())).collect();
            array(*kind, TextAs::Utf8, &values)
        })
        .collect();
    let batch = RecordBatch::try_new(table.schema(), arrays).unwrap();
    ctx.register_table(table.name(), Arc::new(MemTable::try_new(table.schema(), vec![vec![batch]]).unwrap()))
        .unwrap();
}

fn schema(text: TextAs) -> SchemaRef {
    let fields: Vec<Field> = Column::ALL
        .iter()
        .map(|column| {
            let data_type = match (column.kind(), text) {
                (Kind::Date, _) => DataType::Date32,
                (Kind::Timestamp, _) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                (Kind::Text | Kind::Json, TextAs::Utf8) => DataType::Utf8,
                (Kind::Text | Kind::Json, TextAs::View) => DataType::Utf8View,
                (Kind::Bool, _) => DataType::Boolean,
                (Kind::Int, _) => DataType::Int64,
            };
            Field::new(column.name(), data_type, column.nullable())
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// A batch of `events`; `record_index` counts from `index` where a row gives none.
pub(crate) fn batch(rows: &[Row<'_>], text: TextAs, index: i64) -> RecordBatch {
    for row in rows {
        for (name, _) in row {
            assert!(Column::ALL.iter().any(|column| column.name() == *name), "no column `{name}`");
        }
    }
    let value = |row: &Row<'_>, name: &str| {
        row.iter().find(|(have, _)| *have == name).map(|(_, value)| (*value).to_owned())
    };
    let columns = Column::ALL
        .iter()
        .map(|column| {
            let texts: Vec<Option<String>> = rows
                .iter()
                .enumerate()
                .map(|(place, row)| match column {
                    Column::RecordIndex => value(row, "record_index")
                        .or_else(|| Some((index + i64::try_from(place).unwrap()).to_string())),
                    Column::Fingerprint => value(row, "fingerprint").or_else(|| Some("0".to_owned())),
                    Column::EventDate => value(row, "event_time"),
                    other => value(row, other.name()),
                })
                .collect();
            array(column.kind(), text, &texts)
        })
        .collect();
    RecordBatch::try_new(schema(text), columns).unwrap()
}

fn array(kind: Kind, text: TextAs, values: &[Option<String>]) -> ArrayRef {
    let each = || values.iter().map(Option::as_deref);
    match (kind, text) {
        (Kind::Date, _) => {
            let days = |time: &str| i32::try_from(instant(time).timestamp().div_euclid(86_400)).unwrap();
            Arc::new(each().map(|value| value.map(days)).collect::<Date32Array>())
        }
        (Kind::Timestamp, _) => {
            let times = each().map(|value| value.map(|time| instant(time).timestamp_micros()));
            Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        (Kind::Text | Kind::Json, TextAs::Utf8) => Arc::new(each().collect::<StringArray>()),
        (Kind::Text | Kind::Json, TextAs::View) => Arc::new(each().collect::<StringViewArray>()),
        (Kind::Bool, _) => {
            Arc::new(each().map(|value| value.map(|word| word == "true")).collect::<BooleanArray>())
        }
        (Kind::Int, _) => {
            Arc::new(each().map(|value| value.map(|n| n.parse::<i64>().unwrap())).collect::<Int64Array>())
        }
    }
}

/// The answer of a built-in query.
pub(crate) async fn ask(
    ctx: &SessionContext,
    name: &str,
    params: &[(&str, &str)],
) -> Result<Answer, QueryError> {
    let catalog = Catalog::built_in()?;
    let query = catalog.get(name)?;
    let given: Vec<(String, String)> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    run(ctx, query, &bind(query, &given, now())?).await
}

/// The values of some columns of an answer, row by row, as text; NULL is `-`.
pub(crate) async fn cells(answer: Answer, columns: &[&str]) -> Vec<Vec<String>> {
    let names: Vec<String> = answer.columns().iter().map(|column| column.name.clone()).collect();
    let places: Vec<usize> = columns
        .iter()
        .map(|column| {
            names.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"))
        })
        .collect();
    let mut rows = Vec::new();
    for batch in answer.collect().await.unwrap() {
        for row in 0..batch.num_rows() {
            let cell = |place: &usize| {
                let column = batch.column(*place);
                if column.is_null(row) {
                    return "-".to_owned();
                }
                arrow::util::display::array_value_to_string(column, row).unwrap()
            };
            rows.push(places.iter().map(cell).collect());
        }
    }
    rows
}
