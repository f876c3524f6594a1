//! Batches of the views as the plain values of [`crate::lineage`].

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::{col, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::TryStreamExt;
use hashbrown::HashMap;

use crate::aws::Time;
use crate::lake::days;
use crate::lineage::{
    Caller, Class, Credential, Issuance, IssuanceKind, Launch, Layers, RecordRef, Sight, Usage, Workload,
};
use crate::query::Filter;
use crate::query::QueryError;

/// The places of columns by their names: looked up once for batches of one schema.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(HashMap<String, usize>);

impl Places {
    pub(super) fn of(batch: &RecordBatch) -> Places {
        let fields = batch.schema();
        Places(fields.fields().iter().enumerate().map(|(at, field)| (field.name().clone(), at)).collect())
    }
}

/// The cells of a batch, by column name.
struct Cells<'a>(&'a RecordBatch, &'a Places);

impl Cells<'_> {
    fn column(&self, name: &'static str) -> Result<&dyn Array, QueryError> {
        let missing =
            || QueryError::Column { column: name, expected: "a column", found: "no such column".to_owned() };
        let column = self.1.0.get(name).and_then(|at| self.0.columns().get(*at));
        column.map(AsRef::as_ref).ok_or_else(missing)
    }

    fn text(&self, name: &'static str, row: usize) -> Result<Option<String>, QueryError> {
        let column = self.column(name)?;
        if column.is_null(row) {
            return Ok(None);
        }
        let text = match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().value(row),
            DataType::LargeUtf8 => column.as_string::<i64>().value(row),
            DataType::Utf8View => column.as_string_view().value(row),
            other => {
                let found = other.to_string();
                return Err(QueryError::Column { column: name, expected: "text", found });
            }
        };
        Ok(Some(text).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    fn number(&self, name: &'static str, row: usize) -> Result<Option<i64>, QueryError> {
        let column = self.column(name)?;
        let Some(column) = column.as_primitive_opt::<Int64Type>() else {
            let found = column.data_type().to_string();
            return Err(QueryError::Column { column: name, expected: "bigint", found });
        };
        Ok(column.is_valid(row).then(|| column.value(row)))
    }

    fn count(&self, name: &'static str, row: usize) -> Result<u64, QueryError> {
        Ok(self.number(name, row)?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    fn flag(&self, name: &'static str, row: usize) -> Result<Option<bool>, QueryError> {
        let column = self.column(name)?;
        let Some(column) = column.as_boolean_opt() else {
            let found = column.data_type().to_string();
            return Err(QueryError::Column { column: name, expected: "boolean", found });
        };
        Ok(column.is_valid(row).then(|| column.value(row)))
    }

    fn time(&self, name: &'static str, row: usize) -> Result<Option<DateTime<Utc>>, QueryError> {
        let column = self.column(name)?;
        let Some(column) = column.as_primitive_opt::<TimestampMicrosecondType>() else {
            let found = column.data_type().to_string();
            return Err(QueryError::Column { column: name, expected: "timestamp", found });
        };
        Ok(column.is_valid(row).then(|| column.value(row)).and_then(DateTime::from_timestamp_micros))
    }

    fn caller(&self, row: usize) -> Result<Caller, QueryError> {
        Ok(Caller {
            id: self.number("caller", row)?.unwrap_or_default(),
            class: Class::of_word(self.text("caller_class", row)?.as_deref().unwrap_or_default()),
            identity_type: self.text("identity_type", row)?,
            account: self.text("caller_account", row)?,
            access_key: self.text("caller_key", row)?,
            arn: self.text("identity_arn", row)?,
            principal_id: self.text("principal_id", row)?,
            user_name: self.text("user_name", row)?,
            created: self.time("caller_created", row)?,
            issuer_type: self.text("session_issuer_type", row)?,
            issuer_arn: self.text("session_issuer_arn", row)?,
            issuer_name: self.text("session_issuer_user_name", row)?,
            mfa: self.flag("mfa_authenticated", row)?,
            source_identity: self.text("source_identity", row)?,
            invoked_by: self.text("invoked_by", row)?,
            identity_provider: self.text("identity_provider", row)?,
            federated_provider: self.text("federated_provider", row)?,
            web_id_attributes: self.text("web_id_attributes", row)?,
            in_scope_of: self.text("in_scope_of", row)?,
            ec2_role_delivery: self.text("ec2_role_delivery", row)?,
            on_behalf_of: self.text("on_behalf_of_user_id", row)?,
            identity_store: self.text("on_behalf_of_identity_store_arn", row)?,
            sign_in_session: self.text("sign_in_session", row)?,
            direct: self.flag("direct", row)?.unwrap_or(false),
            assumed_root: self.flag("assumed_root", row)?.unwrap_or(false),
            delegate: self.text("invoked_by_delegate_account_id", row)?,
        })
    }

    fn usage(&self, row: usize) -> Result<Usage, QueryError> {
        Ok(Usage {
            calls: self.count("calls", row)?,
            denied: self.count("denied", row)?,
            failed: self.count("failed", row)?,
            forwarded: self.count("forwarded", row)?,
            first: self.time("first_use", row)?.map(Time),
            last: self.time("last_use", row)?.map(Time),
            addresses: BTreeMap::new(),
        })
    }

    fn record(&self, row: usize) -> Result<RecordRef, QueryError> {
        Ok(RecordRef {
            time: self.time("event_time", row)?.unwrap_or_default(),
            event_id: self.text("event_id", row)?,
            object: self.text("object", row)?.unwrap_or_default(),
            index: self.number("record_index", row)?.unwrap_or_default(),
            event_name: self.text("event_name", row)?.unwrap_or_default(),
            account: self.text("account", row)?,
            region: self.text("aws_region", row)?,
        })
    }
}

/// Adds what callers did from each address.
pub(super) fn uses(batch: &RecordBatch, found: &mut BTreeMap<i64, Credential>) -> Result<(), QueryError> {
    let places = Places::of(batch);
    let cells = Cells(batch, &places);
    for row in 0..batch.num_rows() {
        let mut credential = credential(batch, &places, row)?;
        if let Some(address) = cells.text("source_ip_address", row)? {
            credential.usage.addresses.insert(address, credential.usage.calls);
        }
        match found.get_mut(&credential.caller.id) {
            None => {
                found.insert(credential.caller.id, credential);
            }
            Some(known) => {
                known.usage.merge(&credential.usage);
                known.caller.merge(credential.caller);
            }
        }
    }
    Ok(())
}

fn credential(batch: &RecordBatch, places: &Places, row: usize) -> Result<Credential, QueryError> {
    let cells = Cells(batch, places);
    Ok(Credential { caller: cells.caller(row)?, usage: cells.usage(row)? })
}

/// The first and the last use of a caller.
pub(super) type Used = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The caller in one row, and when it was used.
pub(super) fn node(batch: &RecordBatch, places: &Places, row: usize) -> Result<(Caller, Used), QueryError> {
    let cells = Cells(batch, places);
    Ok((cells.caller(row)?, (cells.time("first_use", row)?, cells.time("last_use", row)?)))
}

/// Adds what was done from each address.
pub(super) fn usage(batch: &RecordBatch, found: &mut Usage) -> Result<(), QueryError> {
    let places = Places::of(batch);
    let cells = Cells(batch, &places);
    for row in 0..batch.num_rows() {
        let mut usage = cells.usage(row)?;
        if let Some(address) = cells.text("source_ip_address", row)? {
            usage.addresses.insert(address, usage.calls);
        }
        found.merge(&usage);
    }
    Ok(())
}

pub(super) fn issuances(batch: &RecordBatch, found: &mut Vec<Issuance>) -> Result<(), QueryError> {
    let places = Places::of(batch);
    for row in 0..batch.num_rows() {
        found.push(issuance(batch, &places, row)?);
    }
    Ok(())
}

/// The issuance in one row.
pub(super) fn issuance(batch: &RecordBatch, places: &Places, row: usize) -> Result<Issuance, QueryError> {
    let cells = Cells(batch, places);
    Ok(Issuance {
        record: cells.record(row)?,
        kind: IssuanceKind::of_word(cells.text("kind", row)?.as_deref().unwrap_or_default()),
        key: cells.text("made_key", row)?,
        session_arn: cells.text("made_arn", row)?,
        session_id: cells.text("made_id", row)?,
        session_account: cells.text("made_account", row)?,
        role: cells.text("role", row)?,
        permission_set: cells.text("permission_set", row)?,
        user_name: cells.text("made_user", row)?,
        switch_from: cells.text("switch_from", row)?,
        sign_in_session: cells.text("sign_in_session", row)?,
        subject: cells.text("subject", row)?,
        provider: cells.text("provider", row)?,
        token_id: cells.text("token_id", row)?,
        source_principal: cells.text("source_principal", row)?,
        mfa: cells.flag("mfa_used", row)?,
        tags: cells.text("tags", row)?,
        source_identity: cells.text("asked_identity", row)?,
        shared_event_id: cells.text("shared_event_id", row)?,
        caller: cells.caller(row)?,
        copy: None,
    })
}

pub(super) fn launches(batch: &RecordBatch, found: &mut Vec<Launch>) -> Result<(), QueryError> {
    const KINDS: [&str; 8] =
        ["instance", "function", "task", "build", "automation", "definition", "profile", "project"];
    let places = Places::of(batch);
    let cells = Cells(batch, &places);
    for row in 0..batch.num_rows() {
        let text = cells.text("workload", row)?.unwrap_or_default();
        let Some((kind, id)) = text.split_once(':') else { continue };
        let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else { continue };
        let record = cells.record(row)?;
        let workload = match kind {
            "function" => Workload::function(id, record.region.as_deref()),
            kind => Workload::new(kind, id),
        };
        found.push(Launch {
            record,
            workload,
            role_passed: cells.text("role_passed", row)?,
            execution_role: cells.text("execution_role", row)?,
            task_definition: cells.text("task_definition", row)?,
            layers: Layers::of(cells.text("layers", row)?.as_deref()),
            published: cells.text("published_version", row)?,
            caller: cells.caller(row)?,
        });
    }
    Ok(())
}

/// What the logs hold, by rows of account, region, day, first and last event, and number of events that only read.
pub(super) async fn sight(ctx: &SessionContext, text: &str) -> Result<Sight, QueryError> {
    let failed = |error| QueryError::engine("cannot read the lake", error);
    let frame = ctx.sql(text).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let mut sight = Sight::default();
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        let places = Places::of(&batch);
        let cells = Cells(&batch, &places);
        for row in 0..batch.num_rows() {
            let times = (cells.time("first", row)?, cells.time("last", row)?);
            let ((Some(first), Some(last)), Some(account)) = (times, cells.text("account", row)?) else {
                continue;
            };
            sight.add(account, cells.text("region", row)?, (first, last), cells.count("read_only", row)?);
        }
    }
    Ok(sight)
}

/// The first event of an account: most are there from the first day on, else all days are asked.
pub(super) async fn logs_begin(
    ctx: &SessionContext,
    account: &str,
) -> Result<Option<DateTime<Utc>>, QueryError> {
    let failed = |error| QueryError::engine("cannot read the lake", error);
    let of_account = col("account").eq(lit(account));
    let least = |frame: DataFrame| frame.aggregate(vec![], vec![min(col("event_time")).alias("first")]);
    let first = days(ctx).await.map_err(failed)?.into_keys().next();
    let on_first =
        first.map(|day| of_account.clone().and(Filter::Days(day, day + chrono::Days::new(1)).expression()));
    for condition in on_first.into_iter().chain([of_account]) {
        let events = ctx.table("events").await.map_err(failed)?;
        let frame = events.filter(condition).and_then(least).map_err(failed)?;
        let found = frame.collect().await.map_err(failed)?;
        let times =
            found.first().and_then(|batch| batch.column(0).as_primitive_opt::<TimestampMicrosecondType>());
        if let Some(times) = times.filter(|times| times.is_valid(0)) {
            return Ok(DateTime::from_timestamp_micros(times.value(0)));
        }
    }
    Ok(None)
}
