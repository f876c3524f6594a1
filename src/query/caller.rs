//! The functions of SQL that say who called: `caller_id`, `caller_class`; and what a call launched: `launched`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Int64Builder, ListBuilder, StringBuilder, StringViewArray, TimestampMicrosecondArray,
    cast::AsArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, TimeUnit, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::launch;
use super::lineage::text_hash;
use crate::lineage::subject::permission_set;
use crate::lineage::{CallerFields, is_telling};

/// A function about callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerFunction {
    /// `caller_id(identity_type, event_source, event_name, error_code, error_message, invoked_by, identity_account_id,
    /// session_issuer_account_id, account, access_key_id, identity_arn, principal_id, user_name, identity_provider,
    /// on_behalf_of_user_id, on_behalf_of_identity_store_arn, shared_event_id, session_created)`.
    Id,
    /// `caller_class(…)` of the same.
    Class,
    /// `launched(event_source, event_name, request_parameters, response_elements)`: a list of `kind:id`.
    Launched,
    /// `text_hash(text)`: 64 bits that are equal for equal text; NULL for none and for empty text.
    TextHash,
    /// `telling_id(principal_id)`: the unique id if it can be told from others, see [`crate::lineage::is_telling`].
    TellingId,
    /// `permission_set(role_name)`: the permission set of a role of Identity Center.
    PermissionSet,
}

impl CallerFunction {
    /// Every function.
    pub const ALL: &'static [CallerFunction] =
        &[Self::Id, Self::Class, Self::Launched, Self::TextHash, Self::TellingId, Self::PermissionSet];

    /// The function as the engine takes it.
    #[must_use]
    pub fn udf(self) -> ScalarUDF {
        let count = match self {
            CallerFunction::Id | CallerFunction::Class => CALLER_TEXTS + 1,
            CallerFunction::Launched => 4,
            CallerFunction::TextHash | CallerFunction::TellingId | CallerFunction::PermissionSet => 1,
        };
        ScalarUDF::new_from_impl(Scalar {
            function: self,
            signature: Signature::any(count, Volatility::Immutable),
        })
    }
}

/// So many texts tell who called, before the time at which its session was created.
const CALLER_TEXTS: usize = 17;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Scalar {
    function: CallerFunction,
    signature: Signature,
}

fn list_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8, true))
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        match self.function {
            CallerFunction::Id => "caller_id",
            CallerFunction::Class => "caller_class",
            CallerFunction::Launched => "launched",
            CallerFunction::TextHash => "text_hash",
            CallerFunction::TellingId => "telling_id",
            CallerFunction::PermissionSet => "permission_set",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.function {
            CallerFunction::Id | CallerFunction::TextHash => DataType::Int64,
            CallerFunction::Class | CallerFunction::TellingId | CallerFunction::PermissionSet => {
                DataType::Utf8
            }
            CallerFunction::Launched => DataType::List(list_item()),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let of_caller = matches!(self.function, CallerFunction::Id | CallerFunction::Class);
        let texts = if of_caller { CALLER_TEXTS } else { args.args.len() };
        let mut columns: Vec<StringViewArray> = Vec::with_capacity(texts);
        for argument in args.args.iter().take(texts) {
            let array = cast(&argument.to_array(args.number_rows)?, &DataType::Utf8View)?;
            columns.push(array.as_string_view().clone());
        }
        let created = match args.args.get(texts) {
            Some(argument) => {
                let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
                let array = cast(&argument.to_array(args.number_rows)?, &micros)?;
                Some(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
            None => None,
        };
        Ok(ColumnarValue::Array(apply(self.function, &columns, created.as_ref(), args.number_rows)))
    }
}

fn apply(
    function: CallerFunction,
    columns: &[StringViewArray],
    created: Option<&TimestampMicrosecondArray>,
    rows: usize,
) -> ArrayRef {
    let text = |place: usize, row: usize| {
        columns.get(place).filter(|column| column.is_valid(row)).map(|column| column.value(row))
    };
    let fields = |row: usize| CallerFields {
        identity_type: text(0, row),
        event_source: text(1, row),
        event_name: text(2, row),
        error_code: text(3, row),
        error_message: text(4, row),
        invoked_by: text(5, row),
        identity_account_id: text(6, row),
        session_issuer_account_id: text(7, row),
        account: text(8, row),
        access_key_id: text(9, row),
        identity_arn: text(10, row),
        principal_id: text(11, row),
        user_name: text(12, row),
        identity_provider: text(13, row),
        on_behalf_of_user_id: text(14, row),
        on_behalf_of_identity_store_arn: text(15, row),
        shared_event_id: text(16, row),
        session_created_micros: created
            .filter(|created| created.is_valid(row))
            .map(|created| created.value(row)),
    };
    match function {
        CallerFunction::Id => {
            let mut ids = Int64Builder::with_capacity(rows);
            for row in 0..rows {
                ids.append_option(fields(row).id());
            }
            Arc::new(ids.finish())
        }
        CallerFunction::Class => {
            let mut words = StringBuilder::new();
            for row in 0..rows {
                words.append_value(fields(row).class().word());
            }
            Arc::new(words.finish())
        }
        CallerFunction::TextHash => {
            let mut hashes = Int64Builder::with_capacity(rows);
            for row in 0..rows {
                hashes.append_option(text_hash(text(0, row)));
            }
            Arc::new(hashes.finish())
        }
        CallerFunction::TellingId => {
            let mut ids = StringBuilder::new();
            for row in 0..rows {
                ids.append_option(text(0, row).filter(|id| is_telling(id)));
            }
            Arc::new(ids.finish())
        }
        CallerFunction::PermissionSet => {
            let mut sets = StringBuilder::new();
            for row in 0..rows {
                sets.append_option(text(0, row).and_then(permission_set));
            }
            Arc::new(sets.finish())
        }
        CallerFunction::Launched => {
            let mut lists = ListBuilder::new(StringBuilder::new()).with_field(list_item());
            for row in 0..rows {
                for workload in launch::launched([0, 1, 2, 3].map(|place| text(place, row))) {
                    lists.values().append_value(workload);
                }
                lists.append(true);
            }
            Arc::new(lists.finish())
        }
    }
}
