//! The schemas of the lake's tables, made from the declared columns.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{DataType as DeltaType, StructField};

use super::{Column, Kind};

/// A table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// One row a record.
    Events,
    /// The ledger: one row each time an object was read, and one for an object that was found archived.
    Objects,
    /// One row for everything that was not read.
    Refusals,
}

impl Table {
    /// All tables.
    pub const ALL: [Table; 3] = [Table::Events, Table::Objects, Table::Refusals];

    /// The table's name, in SQL and as a folder of the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Table::Events => "events",
            Table::Objects => "objects",
            Table::Refusals => "refusals",
        }
    }

    /// The schema of the rows that a query sees; the partition column stands last.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        Arc::clone(match self {
            Table::Events => &EVENTS,
            Table::Objects => &OBJECTS,
            Table::Refusals => &REFUSALS,
        })
    }

    /// The columns as Delta declares them.
    pub(super) fn delta_fields(self) -> Vec<StructField> {
        self.schema()
            .fields()
            .iter()
            .map(|field| {
                let kind = match field.data_type() {
                    DataType::Boolean => DeltaType::BOOLEAN,
                    DataType::Int64 => DeltaType::LONG,
                    DataType::Date32 => DeltaType::DATE,
                    DataType::Timestamp(..) => DeltaType::TIMESTAMP,
                    _ => DeltaType::STRING,
                };
                StructField::new(field.name().clone(), kind, field.is_nullable())
            })
            .collect()
    }

    /// The columns that the table is partitioned by.
    pub(super) fn partition_columns(self) -> &'static [&'static str] {
        match self {
            Table::Events => &["event_date"],
            Table::Objects | Table::Refusals => &[],
        }
    }
}

/// The type of instants.
pub(super) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

static EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields: Vec<Field> = Column::ALL
        .iter()
        .map(|column| {
            let kind = match column.kind() {
                Kind::Date => DataType::Date32,
                Kind::Timestamp => timestamp(),
                Kind::Text | Kind::Json => DataType::Utf8,
                Kind::Bool => DataType::Boolean,
                Kind::Int => DataType::Int64,
            };
            Field::new(column.name(), kind, column.nullable())
        })
        .collect();
    Arc::new(Schema::new(fields))
});

/// A column of a small table: name, type, whether a row may have no value, meaning.
pub type SmallColumn = (&'static str, Kind, bool, &'static str);

/// The columns of `objects`.
pub const OBJECT_COLUMNS: &[SmallColumn] = &[
    (
        "object",
        Kind::Text,
        false,
        "The object's name: the absolute path of a file, `s3://BUCKET/KEY`, or `-` for standard input.",
    ),
    ("batch", Kind::Int, false, "The commit that the object's events came with, counted from 1."),
    ("outcome", Kind::Text, false, "`read`, `refused` (something in it was not read) or `set aside: KIND`."),
    ("size", Kind::Int, false, "Its size when listed, in bytes."),
    ("modified", Kind::Timestamp, true, "When it was last changed, as listed."),
    ("etag", Kind::Text, true, "The ETag of an object in S3, as listed; none of one that was archived."),
    ("raw_bytes", Kind::Int, false, "Bytes read."),
    ("inflated_bytes", Kind::Int, false, "Bytes after inflation."),
    (
        "sha256",
        Kind::Text,
        true,
        "SHA-256 of its bytes, in hexadecimal; of those read, where reading ended early. None where it could not be read or is \
         larger than `--inflated-bytes-max`: the next ingest tries again.",
    ),
    ("read", Kind::Int, false, "Entries met in it; `read = kept + duplicate + refused`."),
    ("kept", Kind::Int, false, "Records that became rows of `events`."),
    ("duplicate", Kind::Int, false, "Records that were rows already."),
    (
        "refused",
        Kind::Int,
        false,
        "Entries that could not be read; one row each in `refusals`, for the first 1,000 of an object.",
    ),
    ("ingested", Kind::Timestamp, false, "When it was read."),
];

/// The columns of `refusals`.
pub const REFUSAL_COLUMNS: &[SmallColumn] = &[
    ("object", Kind::Text, false, "The object."),
    ("batch", Kind::Int, false, "The commit that the refusal came with."),
    (
        "record_index",
        Kind::Int,
        true,
        "The entry's place in the object, from 0; none for the object as a whole.",
    ),
    ("reason", Kind::Text, false, "What was expected and found."),
];

/// The schema of a small table.
#[must_use]
pub fn small_schema(columns: &[SmallColumn]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, kind, nullable, _)| {
            let kind = match kind {
                Kind::Int => DataType::Int64,
                Kind::Timestamp => timestamp(),
                Kind::Bool => DataType::Boolean,
                Kind::Date => DataType::Date32,
                Kind::Text | Kind::Json => DataType::Utf8,
            };
            Field::new(*name, kind, *nullable)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

static OBJECTS: LazyLock<SchemaRef> = LazyLock::new(|| small_schema(OBJECT_COLUMNS));
static REFUSALS: LazyLock<SchemaRef> = LazyLock::new(|| small_schema(REFUSAL_COLUMNS));
