//! One cell of a batch as a plain value.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::report::json;

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// SQL's NULL.
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Double(f64),
    /// A number of any length, as JSON writes it.
    Decimal(String),
    /// A time or a day: text of our own making, of harmless characters.
    Time(String),
    /// Text of the log, hostile.
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    /// A structure: names and values.
    Members(Vec<(&'a str, Value<'a>)>),
}

impl Value<'_> {
    /// The value as text, not yet escaped; `None` for NULL. Lists and structures are JSON.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Value::Null => return None,
            Value::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Value::Integer(number) => Cow::Owned(number.to_string()),
            Value::Unsigned(number) => Cow::Owned(number.to_string()),
            Value::Double(number) => Cow::Owned(number.to_string()),
            Value::Decimal(plain) | Value::Time(plain) => Cow::Borrowed(plain),
            Value::Text(text) => Cow::Borrowed(text),
            nested => Cow::Owned(json::line(nested).unwrap_or_else(|error| error.to_string())),
        })
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Unsigned(number) => serializer.serialize_u64(*number),
            // JSON has no word for the numbers that are none.
            Value::Double(number) if !number.is_finite() => serializer.collect_str(number),
            Value::Double(number) => serializer.serialize_f64(*number),
            Value::Decimal(plain) => match RawValue::from_string(plain.clone()) {
                Ok(raw) => raw.serialize(serializer),
                Err(_) => serializer.serialize_str(plain),
            },
            Value::Time(plain) => serializer.serialize_str(plain),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Members(members) => {
                serializer.collect_map(members.iter().map(|(name, member)| (name, member)))
            }
        }
    }
}

/// The value in a row of a column.
pub(super) fn value(column: &dyn Array, row: usize) -> Value<'_> {
    if column.is_null(row) {
        return Value::Null;
    }
    macro_rules! integer {
        ($type:ty) => {
            Value::Integer(i64::from(column.as_primitive::<$type>().value(row)))
        };
    }
    match column.data_type() {
        DataType::Null => Value::Null,
        DataType::Utf8 => Value::Text(Cow::Borrowed(column.as_string::<i32>().value(row))),
        DataType::LargeUtf8 => Value::Text(Cow::Borrowed(column.as_string::<i64>().value(row))),
        DataType::Utf8View => Value::Text(Cow::Borrowed(column.as_string_view().value(row))),
        DataType::Boolean => Value::Boolean(column.as_boolean().value(row)),
        DataType::Int8 => integer!(Int8Type),
        DataType::Int16 => integer!(Int16Type),
        DataType::Int32 => integer!(Int32Type),
        DataType::Int64 => integer!(Int64Type),
        DataType::UInt8 => integer!(UInt8Type),
        DataType::UInt16 => integer!(UInt16Type),
        DataType::UInt32 => integer!(UInt32Type),
        DataType::UInt64 => Value::Unsigned(column.as_primitive::<UInt64Type>().value(row)),
        DataType::Float32 => Value::Double(f64::from(column.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Value::Double(column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => {
            Value::Decimal(column.as_primitive::<Decimal128Type>().value_as_string(row))
        }
        DataType::Decimal256(..) => {
            Value::Decimal(column.as_primitive::<Decimal256Type>().value_as_string(row))
        }
        DataType::Timestamp(unit, _) => instant(column, *unit, row),
        DataType::Date32 => day(i64::from(column.as_primitive::<Date32Type>().value(row))),
        DataType::Date64 => day(column.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000)),
        DataType::List(_) => {
            list(column.as_list::<i32>().values(), column.as_list::<i32>().value_offsets(), row)
        }
        DataType::LargeList(_) => {
            list(column.as_list::<i64>().values(), column.as_list::<i64>().value_offsets(), row)
        }
        DataType::Struct(fields) => {
            let members = column.as_struct();
            let each = fields.iter().zip(members.columns());
            Value::Members(each.map(|(field, member)| (field.name().as_str(), value(member, row))).collect())
        }
        _ => Value::Text(Cow::Owned(
            array_value_to_string(column, row).unwrap_or_else(|error| error.to_string()),
        )),
    }
}

/// An instant as RFC 3339 in UTC. What no calendar can name stands as the number of its units since 1970.
fn instant(column: &dyn Array, unit: TimeUnit, row: usize) -> Value<'static> {
    let (raw, time) = match unit {
        TimeUnit::Second => {
            let raw = column.as_primitive::<TimestampSecondType>().value(row);
            (raw, DateTime::from_timestamp(raw, 0))
        }
        TimeUnit::Millisecond => {
            let raw = column.as_primitive::<TimestampMillisecondType>().value(row);
            (raw, DateTime::from_timestamp_millis(raw))
        }
        TimeUnit::Microsecond => {
            let raw = column.as_primitive::<TimestampMicrosecondType>().value(row);
            (raw, DateTime::from_timestamp_micros(raw))
        }
        TimeUnit::Nanosecond => {
            let raw = column.as_primitive::<TimestampNanosecondType>().value(row);
            (raw, Some(DateTime::from_timestamp_nanos(raw)))
        }
    };
    let shown = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    Value::Time(time.map_or_else(|| raw.to_string(), shown))
}

/// A day, as `2024-05-03`; what no calendar can name stands as the number of days since 1970.
fn day(days: i64) -> Value<'static> {
    let time = days.checked_mul(86_400).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Value::Time(time.map_or_else(|| days.to_string(), |time| time.date_naive().to_string()))
}

/// The items of a list.
fn list<'a, O: Copy + TryInto<usize>>(values: &'a ArrayRef, offsets: &[O], row: usize) -> Value<'a> {
    let place = |row: usize| offsets.get(row).and_then(|&offset| offset.try_into().ok());
    let (from, to) = place(row).zip(place(row + 1)).unwrap_or((0, 0));
    Value::List((from..to).map(|item| value(values, item)).collect())
}
