//! The functions that SQL gets beside the engine's own and those over JSON: the words of AWS, read out of columns.
//!
//! All are plain scalar functions, found by name, that take any kind of text column and keep no state.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanBuilder, StringBuilder, StringViewArray, cast::AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;

use super::CallerFunction;
use super::outcome::{Outcome, OutcomeFields};
use super::{QueryError, everyone, sensitive, target};
use crate::aws::{self, AccessKeyId, Denial, Effect, Layer};

/// A function of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `denial_action(error_message)`: the action that AWS says was not allowed.
    DenialAction,
    /// `denial_resource(error_message)`: the resource it was not allowed on.
    DenialResource,
    /// `denial_layer(error_message)`: the kind of policy that decided.
    DenialLayer,
    /// `denial_effect(error_message)`: `explicit` or `implicit`.
    DenialEffect,
    /// `is_denied(error_code)`: whether permission was missing. Never NULL.
    IsDenied,
    /// `is_throttled(error_code)`: whether calls came too fast. Never NULL.
    IsThrottled,
    /// `name_writes(event_name)`: whether an operation of this name changes something, where a record does not say. Never
    /// NULL.
    NameWrites,
    /// `names_everyone(request_parameters)`: whether they open something to everyone. Never NULL.
    NamesEveryone,
    /// `other_accounts(request_parameters, account)`: the other accounts that they name, separated by commas.
    OtherAccounts,
    /// `service(event_source)`: the service without `.amazonaws.com`.
    Service,
    /// `key_account(access_key_id)`: the account that the id encodes, where its format does.
    KeyAccount,
    /// `outcome(event_source, error_code, error_message, response_elements, service_event_details)`: `ok`, `denied`,
    /// `throttled` or `failed`, see [`Outcome`].
    Outcome,
    /// `target(request_parameters)`: what a call is about, as far as its parameters name it.
    Target,
    /// `sensitive_category(event_source, event_name)`: see [`sensitive`].
    SensitiveCategory,
    /// `sensitive_why(event_source, event_name)`: see [`sensitive`].
    SensitiveWhy,
}

impl Function {
    /// Every function.
    pub const ALL: &'static [Function] = &[
        Function::DenialAction,
        Function::DenialResource,
        Function::DenialLayer,
        Function::DenialEffect,
        Function::IsDenied,
        Function::IsThrottled,
        Function::NameWrites,
        Function::NamesEveryone,
        Function::OtherAccounts,
        Function::Service,
        Function::KeyAccount,
        Function::Outcome,
        Function::Target,
        Function::SensitiveCategory,
        Function::SensitiveWhy,
    ];

    /// The name in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Function::DenialAction => "denial_action",
            Function::DenialResource => "denial_resource",
            Function::DenialLayer => "denial_layer",
            Function::DenialEffect => "denial_effect",
            Function::IsDenied => "is_denied",
            Function::IsThrottled => "is_throttled",
            Function::NameWrites => "name_writes",
            Function::NamesEveryone => "names_everyone",
            Function::OtherAccounts => "other_accounts",
            Function::Service => "service",
            Function::KeyAccount => "key_account",
            Function::Outcome => "outcome",
            Function::Target => "target",
            Function::SensitiveCategory => "sensitive_category",
            Function::SensitiveWhy => "sensitive_why",
        }
    }

    /// How many texts it takes, of any kind of text column.
    fn signature(self) -> Signature {
        let texts = |count| Signature::string(count, Volatility::Immutable);
        match self {
            Function::Outcome => texts(5),
            Function::OtherAccounts | Function::SensitiveCategory | Function::SensitiveWhy => texts(2),
            _ => texts(1),
        }
    }

    /// Whether it gives `true` or `false` rather than text.
    fn is_boolean(self) -> bool {
        matches!(
            self,
            Function::IsDenied | Function::IsThrottled | Function::NameWrites | Function::NamesEveryone
        )
    }

    /// The function as the engine takes it.
    #[must_use]
    pub fn udf(self) -> ScalarUDF {
        ScalarUDF::new_from_impl(Scalar { function: self, signature: self.signature() })
    }
}

/// Every function as the engine takes it, for a session or a cluster's registry.
#[must_use]
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    let callers = CallerFunction::ALL.iter().map(|function| Arc::new(function.udf()));
    Function::ALL.iter().map(|function| Arc::new(function.udf())).chain(callers).collect()
}

/// Makes a session know all functions of this module and those over JSON (`json_get_str`, `->>` and so on).
///
/// # Errors
///
/// [`QueryError::Engine`] when the engine refuses a name.
pub fn register_functions(ctx: &mut SessionContext) -> std::result::Result<(), QueryError> {
    datafusion_functions_json::register_all(ctx)
        .map_err(|error| QueryError::engine("cannot register the JSON functions", error))?;
    for function in functions() {
        ctx.register_udf(function.as_ref().clone());
    }
    Ok(())
}

/// One function with its signature.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Scalar {
    function: Function,
    signature: Signature,
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(if self.function.is_boolean() { DataType::Boolean } else { DataType::Utf8 })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut columns: Vec<StringViewArray> = Vec::with_capacity(args.args.len());
        for argument in &args.args {
            let array = cast(&argument.to_array(args.number_rows)?, &DataType::Utf8View)?;
            columns.push(array.as_string_view().clone());
        }
        Ok(ColumnarValue::Array(apply(self.function, &columns, args.number_rows)))
    }
}

/// Applies a function to every row.
fn apply(function: Function, columns: &[StringViewArray], rows: usize) -> ArrayRef {
    let text = |place: usize, row: usize| {
        columns.get(place).filter(|column| column.is_valid(row)).map(|column| column.value(row))
    };
    if function.is_boolean() {
        let mut values = BooleanBuilder::with_capacity(rows);
        for row in 0..rows {
            values.append_value(text(0, row).is_some_and(|first| holds(function, first)));
        }
        return Arc::new(values.finish());
    }
    let mut values = StringBuilder::new();
    for row in 0..rows {
        match function {
            Function::Outcome => {
                values.append_value(
                    Outcome::of(outcome_fields([0, 1, 2, 3, 4].map(|place| text(place, row)))).word(),
                );
            }
            Function::SensitiveCategory | Function::SensitiveWhy => {
                let step =
                    text(0, row).zip(text(1, row)).and_then(|(source, name)| sensitive::find(source, name));
                values.append_option(step.map(|step| match function {
                    Function::SensitiveCategory => step.category.word(),
                    _ => step.why,
                }));
            }
            Function::OtherAccounts => {
                let accounts =
                    text(0, row).map(|parameters| everyone::other_accounts(parameters, text(1, row)));
                values.append_option(
                    accounts.filter(|accounts| !accounts.is_empty()).map(|list| list.join(", ")),
                );
            }
            _ => values.append_option(text(0, row).and_then(|text| read(function, text))),
        }
    }
    Arc::new(values.finish())
}

/// The arguments of `outcome`, in their order.
fn outcome_fields(
    [event_source, error_code, error_message, response_elements, service_event_details]: [Option<&str>; 5],
) -> OutcomeFields<'_> {
    OutcomeFields { event_source, error_code, error_message, response_elements, service_event_details }
}

/// What a function of one text that gives `true` or `false` says of it.
fn holds(function: Function, text: &str) -> bool {
    match function {
        Function::IsThrottled => aws::is_throttled(text),
        Function::NameWrites => aws::writes_by_name(text),
        Function::NamesEveryone => everyone::names_everyone(text),
        _ => aws::is_denied(text),
    }
}

/// What a function of one text reads out of it.
fn read(function: Function, text: &str) -> Option<Cow<'_, str>> {
    let denial = || Denial::parse(text);
    match function {
        Function::DenialAction => denial().action.map(Cow::Borrowed),
        Function::DenialResource => denial().resource.map(Cow::Borrowed),
        Function::DenialLayer => denial().layer.map(Layer::words).map(Cow::Borrowed),
        Function::DenialEffect => match denial().effect {
            Effect::Explicit => Some(Cow::Borrowed("explicit")),
            Effect::Implicit => Some(Cow::Borrowed("implicit")),
            Effect::NotStated => None,
        },
        Function::Service => Some(Cow::Borrowed(aws::service_of(text))),
        Function::KeyAccount => {
            let account = AccessKeyId::parse(text).and_then(AccessKeyId::account)?;
            Some(Cow::Owned(account.to_string()))
        }
        Function::Target => target::target(text).map(Cow::Owned),
        _ => None,
    }
}
