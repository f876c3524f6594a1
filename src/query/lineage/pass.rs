//! One pass over all events of a lake: who called, and which records tell of an issuance, a way in or a launch.
//!
//! The views of `queries/lineage` say the same for the events of one question. Over a whole lake most of their time would
//! go into reading columns once for each view, and into the JSON of records that tell nothing.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{cast, take, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use borsh::{BorshDeserialize, BorshSerialize};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::closure::arrow;
use super::days::Days;
use super::events::{ACCOUNT, ARN, Events, TYPE};
use super::fold::Fold;
use super::foreign::Requests;
use super::hash::text_hash;
use super::memory;
use super::removal::ENDING;
use crate::aws::HIDDEN;
use crate::lake::{Column, plans_elsewhere};
use crate::pack::pack;
use crate::query::cells::Said;
use crate::query::launch::FUNCTION_LAUNCHES;
use crate::query::lookup::Lookup;
use crate::query::{Filter, QueryError, fold_elsewhere};

const EVENTS: &str = include_str!("../../../queries/lineage/world/events.sql");

/// What the pass gives.
pub(super) struct Pass {
    /// Every caller, as `credentials` has it but for `denied` and `failed`, with hashes of what is joined by.
    pub(super) nodes: Vec<RecordBatch>,
    /// The issuances that are AssumeRole calls of a credential of the same account and whose columns tell all: by far the
    /// most. Only what is joined by is kept of them, see [`DELEGATION`].
    pub(super) delegations: Vec<RecordBatch>,
    /// The columns of the next two.
    pub(super) schema: SchemaRef,
    /// All other events that may tell of an issuance or a way in, whole.
    pub(super) issuing: Vec<RecordBatch>,
    /// Those that may tell of a launch or an end, whole.
    pub(super) acting: Vec<RecordBatch>,
    /// What two accounts may have recorded.
    pub(super) requests: Requests,
    /// What there is of each account.
    pub(super) days: Days,
}

/// Reads the events of a session; where shares of its lake are folded elsewhere, each there.
pub(super) async fn pass(ctx: &SessionContext) -> Result<Pass, QueryError> {
    if !plans_elsewhere(ctx) {
        return here(ctx).await;
    }
    let failed = |error| QueryError::engine("cannot compute lineage", error);
    let mut part = Part::default();
    let folded: Vec<Folded> = fold_elsewhere(ctx, WAY, (None, None), &()).await?;
    for share in folded {
        batches(&share.nodes)?.iter().try_for_each(|batch| part.fold.add_folded(batch))?;
        part.delegations.append(&mut batches(&share.delegations)?);
        part.issuing.append(&mut batches(&share.issuing)?);
        part.acting.append(&mut batches(&share.acting)?);
        part.requests.append(share.requests);
        part.days.append(share.days);
    }
    let schema = match part.issuing.first().or(part.acting.first()) {
        Some(batch) => batch.schema(),
        None => plain(ctx.sql(EVENTS).await.map_err(failed)?.schema().as_arrow()),
    };
    part.finish(schema)
}

/// The name of the way in which shares are folded for lineage.
pub const WAY: &str = "lineage";

/// What the pass over a share gives; rows as streams of Arrow IPC.
#[derive(BorshSerialize, BorshDeserialize)]
struct Folded {
    nodes: Vec<u8>,
    delegations: Vec<u8>,
    issuing: Vec<u8>,
    acting: Vec<u8>,
    requests: Requests,
    days: Days,
}

/// Folds a share for lineage, see [`WAY`].
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn folded(ctx: &SessionContext) -> Result<Vec<u8>, QueryError> {
    let Pass { nodes, delegations, schema: _, issuing, acting, requests, days } = here(ctx).await?;
    let (nodes, delegations) = (bytes(&nodes)?, bytes(&delegations)?);
    let (issuing, acting) = (bytes(&issuing)?, bytes(&acting)?);
    let share = Folded { nodes, delegations, issuing, acting, requests, days };
    pack(&share).map_err(|error| QueryError::engine("cannot compute lineage", error.into()))
}

/// Batches of one schema as a stream of Arrow IPC; nothing for none.
fn bytes(batches: &[RecordBatch]) -> Result<Vec<u8>, QueryError> {
    let mut bytes = Vec::new();
    if let Some(first) = batches.first() {
        let mut writer = StreamWriter::try_new(&mut bytes, &first.schema()).map_err(arrow)?;
        batches.iter().try_for_each(|batch| writer.write(batch)).map_err(arrow)?;
        writer.finish().map_err(arrow)?;
    }
    Ok(bytes)
}

/// What [`bytes`] wrote.
fn batches(bytes: &[u8]) -> Result<Vec<RecordBatch>, QueryError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    StreamReader::try_new(bytes, None).map_err(arrow)?.collect::<Result<_, _>>().map_err(arrow)
}

/// What some events give.
#[derive(Default)]
struct Part {
    fold: Fold,
    delegations: Vec<RecordBatch>,
    issuing: Vec<RecordBatch>,
    acting: Vec<RecordBatch>,
    requests: Requests,
    days: Days,
}

impl Part {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let events = Events::of(batch)?;
        let callers = events.callers();
        self.fold.add(&events, &callers)?;
        self.requests.add(&events, &callers);
        self.days.add(&events, batch)?;
        let Telling { plain, issuing, acting } = events.telling();
        if !plain.is_empty() {
            self.delegations.push(events.delegations(batch, &callers, plain)?);
        }
        self.issuing.extend(taken(batch, issuing)?);
        self.acting.extend(taken(batch, acting)?);
        Ok(())
    }

    fn append(&mut self, mut other: Part) -> Result<(), QueryError> {
        self.fold.append(other.fold)?;
        self.delegations.append(&mut other.delegations);
        self.issuing.append(&mut other.issuing);
        self.acting.append(&mut other.acting);
        self.requests.append(other.requests);
        self.days.append(other.days);
        Ok(())
    }

    fn finish(self, schema: SchemaRef) -> Result<Pass, QueryError> {
        let Part { fold, delegations, issuing, acting, requests, days } = self;
        Ok(Pass { nodes: fold.finish()?, delegations, schema, issuing, acting, requests, days })
    }
}

async fn here(ctx: &SessionContext) -> Result<Pass, QueryError> {
    let mut part = Part::default();
    if let Some(lookup) = Lookup::open(ctx).await? {
        let wanted = memory::telling(|batch| Ok(Events::of(batch)?.telling().whole()));
        let schema = lookup.schema(&wanted);
        let add = |part: &mut Part, batch| part.add(&batch);
        if lookup.fold_into(&Filter::All(Vec::new()), wanted, add, |other| part.append(other)).await? {
            return part.finish(schema);
        }
    }
    let failed = |error| QueryError::engine("cannot compute lineage", error);
    let frame = ctx.sql(EVENTS).await.map_err(failed)?;
    let schema = plain(frame.schema().as_arrow());
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        part.add(&as_plain(batch, &schema)?)?;
    }
    part.finish(schema)
}

/// The same columns with plain text in place of other kinds of text.
fn plain(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Dictionary(..) => {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// Some rows of a batch, with texts that stand in them; None for none.
fn taken(batch: &RecordBatch, rows: Vec<u32>) -> Result<Option<RecordBatch>, QueryError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let rows = take_record_batch(batch, &UInt32Array::from(rows)).map_err(arrow)?;
    let columns: Vec<ArrayRef> = rows.columns().iter().map(written_out).collect::<Result<_, _>>()?;
    RecordBatch::try_new(plain(&rows.schema()), columns).map(Some).map_err(arrow)
}

/// A column whose texts stand in it, and not in a dictionary.
fn written_out(column: &ArrayRef) -> Result<ArrayRef, QueryError> {
    match column.data_type() {
        DataType::Dictionary(..) => cast(column, &DataType::Utf8).map_err(arrow),
        _ => Ok(Arc::clone(column)),
    }
}

/// A batch with plain text; the lake's own has no other.
fn as_plain(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, QueryError> {
    if batch.schema().fields() == schema.fields() {
        return Ok(batch);
    }
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<_, _>>();
    RecordBatch::try_new(Arc::clone(schema), columns.map_err(arrow)?).map_err(arrow)
}

/// The rows of a batch that tell something, by what they tell.
#[derive(Default)]
struct Telling {
    /// Plain delegations: their columns tell all.
    plain: Vec<u32>,
    /// All others that may tell of an issuance or a way in.
    issuing: Vec<u32>,
    /// Those that may tell of a launch or an end.
    acting: Vec<u32>,
}

impl Telling {
    /// The rows that are kept whole; one that tells of both stands there twice.
    fn whole(self) -> Vec<u32> {
        [self.issuing, self.acting].concat()
    }
}

impl Events<'_> {
    /// The rows that tell something.
    fn telling(&self) -> Telling {
        let mut found = Telling::default();
        let is_empty = |column: Said<'_>, row| column.at(row).is_none_or(str::is_empty);
        for row in 0..self.len() {
            let name = self.names.at(row);
            let issues = self.issued_keys.is_some(row)
                || self.role_arns.is_some(row)
                || name.is_some_and(|name| ISSUING.contains(&name));
            let acts = name.is_some_and(may_act);
            if !(issues || acts)
                || !is_empty(self.error_codes, row)
                || !is_empty(self.error_messages, row)
                || self.categories.at(row) == Some("Insight")
            {
                continue;
            }
            let Ok(number) = u32::try_from(row) else { continue };
            if issues {
                let list = if self.is_plain(row, name) { &mut found.plain } else { &mut found.issuing };
                list.push(number);
            }
            if acts {
                found.acting.push(number);
            }
        }
        found
    }

    /// Whether the columns of an issuance tell all.
    fn is_plain(&self, row: usize, name: Option<&str>) -> bool {
        let account = self.accounts.at(row);
        name == Some("AssumeRole")
            && self.sources.at(row) == Some("sts.amazonaws.com")
            && self.role_arns.at(row).is_some_and(|arn| !arn.starts_with(HIDDEN))
            && self.issued_keys.is_some(row)
            && matches!(self.text(TYPE, row), Some("AssumedRole" | "IAMUser" | "Root" | "FederatedUser"))
            && self.text(ARN, row).is_some_and(|arn| !arn.is_empty())
            && account.is_some()
            && self.text(ACCOUNT, row) == account
    }

    /// The columns of [`DELEGATION`] of some rows.
    fn delegations(
        &self,
        batch: &RecordBatch,
        callers: &[Option<i64>],
        rows: Vec<u32>,
    ) -> Result<RecordBatch, QueryError> {
        let rows = UInt32Array::from(rows);
        let hashes = |column: Said<'_>| -> ArrayRef {
            let hash = |row: &u32| text_hash(column.at(*row as usize));
            Arc::new(rows.values().iter().map(hash).collect::<Int64Array>())
        };
        let numbers = |get: &dyn Fn(usize) -> Option<i64>| -> ArrayRef {
            Arc::new(rows.values().iter().map(|row| get(*row as usize)).collect::<Int64Array>())
        };
        let flags = |get: &dyn Fn(usize) -> bool| -> ArrayRef {
            let flags = rows.values().iter().map(|row| Some(get(*row as usize)));
            Arc::new(flags.collect::<BooleanArray>())
        };
        let made_account = |row| {
            let account = self.role_arns.at(row).and_then(|arn| arn.split(':').nth(4));
            account.filter(|account| !account.is_empty())
        };
        let seconds = |micros: i64| micros.div_euclid(1_000_000);
        let fields = DELEGATION.map(|(name, kind)| Field::new(name, kind, true));
        let mut columns = Vec::with_capacity(fields.len() + KEPT.len());
        for (name, _) in &DELEGATION {
            columns.push(match *name {
                "caller" => numbers(&|row| callers.get(row).copied().flatten()),
                "shared_hash" => hashes(self.shared),
                "key_hash" => hashes(self.issued_keys),
                "arn_hash" => hashes(self.role_arns),
                "id_hash" => numbers(&|row| {
                    let id = self.role_ids.at(row).filter(|id| crate::lineage::is_telling(id));
                    text_hash(id)
                }),
                "account_hash" => numbers(&|row| text_hash(made_account(row))),
                "created_s" => numbers(&|row| self.created(row).map(seconds)),
                "switch_hash" | "user_switch_hash" | "sign_in_hash" | "issuer_hash" | "provider_hash" => {
                    numbers(&|_| None)
                }
                "at_s" => numbers(&|row| Some(seconds(self.times.value(row)))),
                "caller_side" => flags(&|row| {
                    made_account(row).is_none_or(|account| Some(account) != self.accounts.at(row))
                }),
                "by_sts" => flags(&|_| true),
                "names_key" => flags(&|row| {
                    let is_key = self.issued_keys.at(row).is_some_and(|key| key.starts_with("ASIA"));
                    is_key && !self.is_by_console(row)
                }),
                "by_console" => flags(&|row| self.is_by_console(row)),
                "role_session" => flags(&|row| self.text(TYPE, row) == Some("AssumedRole")),
                "role_side" | "by_sign_in" | "signs_in" | "switched" | "session_token" => flags(&|_| false),
                _ => new_null_array(&DataType::Utf8, rows.len()),
            });
        }
        let mut all: Vec<Field> = fields.into();
        for name in KEPT {
            let Some(column) = batch.column_by_name(name) else { continue };
            let column = written_out(&take(column, &rows, None).map_err(arrow)?)?;
            all.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        }
        RecordBatch::try_new(Arc::new(Schema::new(all)), columns).map_err(arrow)
    }
}

/// What the joins need of issuances: `starts.sql` gives all others these columns, too. Hashes are those of the SQL
/// function `text_hash`; times are whole seconds since 1970.
pub(super) const DELEGATION: [(&str, DataType); 28] = [
    ("caller", DataType::Int64),
    ("permission_set", DataType::Utf8),
    ("made_user", DataType::Utf8),
    ("portal_user_id", DataType::Utf8),
    ("portal_store", DataType::Utf8),
    ("sign_in_session", DataType::Utf8),
    ("shared_hash", DataType::Int64),
    ("role_side", DataType::Boolean),
    ("caller_side", DataType::Boolean),
    ("by_sts", DataType::Boolean),
    ("by_sign_in", DataType::Boolean),
    ("signs_in", DataType::Boolean),
    ("switched", DataType::Boolean),
    ("role_session", DataType::Boolean),
    ("names_key", DataType::Boolean),
    ("by_console", DataType::Boolean),
    ("session_token", DataType::Boolean),
    ("key_hash", DataType::Int64),
    ("arn_hash", DataType::Int64),
    ("id_hash", DataType::Int64),
    ("account_hash", DataType::Int64),
    ("switch_hash", DataType::Int64),
    ("user_switch_hash", DataType::Int64),
    ("sign_in_hash", DataType::Int64),
    ("issuer_hash", DataType::Int64),
    ("provider_hash", DataType::Int64),
    ("created_s", DataType::Int64),
    ("at_s", DataType::Int64),
];

/// What names a plain delegation in an answer.
const KEPT: [&str; 3] = ["event_time", "event_id", "account"];

/// The calls that may issue, by name, as the view `issuances` has them.
pub(super) const ISSUING: [&str; 25] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "GetSessionToken",
    "GetFederationToken",
    "GetDelegatedAccessToken",
    "ConsoleLogin",
    "SwitchRole",
    "RenewRole",
    "CreateOAuth2Token",
    "Federate",
    "GetRoleCredentials",
    "CreateAccessKey",
    "CreateUser",
    "CreateLoginProfile",
    "UpdateLoginProfile",
    "ChangePassword",
    "CreateServiceSpecificCredential",
    "ResetServiceSpecificCredential",
    "UploadSigningCertificate",
    "UploadSSHPublicKey",
    "GetCredentialsForIdentity",
    "CreateSession",
    "AssumeRoleForPodIdentity",
];

/// The calls that may launch, by name, as the view `launches` has them.
const LAUNCHING: [&str; 13] = [
    "RunInstances",
    "AssociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
    "RunTask",
    "StartTask",
    "StartBuild",
    "RetryBuild",
    "RegisterTaskDefinition",
    "AddRoleToInstanceProfile",
    "StartAutomationExecution",
    "StartChangeRequestExecution",
    "CreateProject",
    "UpdateProject",
];

/// Whether a call of this name may launch.
pub(super) fn may_launch(event_name: &str) -> bool {
    LAUNCHING.contains(&event_name) || FUNCTION_LAUNCHES.iter().any(|of| event_name.starts_with(of))
}

/// The events of which [`may_launch`] says so.
pub(super) fn launching() -> Filter {
    let names = LAUNCHING.iter().map(|name| (*name).to_owned()).collect();
    let functions = FUNCTION_LAUNCHES.iter().map(|of| Filter::Begins(Column::EventName, (*of).to_owned()));
    let some = [Filter::In(Column::EventName, names)].into_iter().chain(functions);
    Filter::Any(some.collect())
}

/// Whether a call of this name may launch, or end what was: those that the view `launches` takes by name, and [`ENDING`].
fn may_act(event_name: &str) -> bool {
    may_launch(event_name) || ENDING.contains(&event_name)
}

#[cfg(test)]
mod tests {
    use arrow::compute::concat_batches;

    use super::*;
    use crate::query::tests::fixture::{self, TextAs, event};

    #[test]
    fn every_name_that_the_views_take_may_tell() {
        let views = [
            include_str!("../../../queries/lineage/issuances.sql"),
            include_str!("../../../queries/lineage/launches.sql"),
        ];
        let mut names = 0;
        for view in views {
            for list in view.split("event_name in (").skip(1) {
                for word in list.split(')').next().unwrap_or_default().split('\'').skip(1).step_by(2) {
                    assert!(ISSUING.contains(&word) || may_act(word), "{word}");
                    names += 1;
                }
            }
        }
        assert_eq!(names, 44);
        for name in [
            "CreateFunction20150331",
            "UpdateFunctionConfiguration20150331v2",
            "UpdateFunctionCode20150331v2",
            "PublishVersion20150331",
        ] {
            assert!(may_act(name), "{name}");
        }
        assert!(!may_act("ListUsers"));
    }

    /// One caller whose events say different things of it, in every order and division.
    #[tokio::test]
    async fn callers_folded_apart_and_put_together_are_those_folded_at_once() {
        let said = |time, user, mfa, invoked: &'static str| {
            let mut row = vec![
                ("identity_type", "AssumedRole"),
                ("identity_arn", "arn:aws:sts::111122223333:assumed-role/deploy/job"),
                ("identity_account_id", "111122223333"),
                ("principal_id", "AROAEXAMPLEDEPLOY0001:job"),
                ("access_key_id", "ASIAEXAMPLEDEPLOY001"),
                ("session_created", "2026-03-09T08:00:00Z"),
                ("user_name", user),
                ("mfa_authenticated", mfa),
            ];
            row.extend((!invoked.is_empty()).then_some(("invoked_by", invoked)));
            event(time, time, &row)
        };
        let rows = [
            said("2026-03-09T08:20:00Z", "mary", "false", ""),
            said("2026-03-09T08:10:00Z", "bob", "true", "athena.amazonaws.com"),
            said("2026-03-09T08:30:00Z", "zoe", "false", "a.example.com"),
        ];
        let nodes = async |rows: &[fixture::Row<'_>]| -> Vec<RecordBatch> {
            here(&fixture::session(rows, TextAs::Utf8)).await.unwrap().nodes
        };
        let whole = nodes(&rows).await;
        assert_eq!(whole.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
        for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut fold = Fold::default();
            for row in order {
                let share = bytes(&nodes(std::slice::from_ref(&rows[row])).await).unwrap();
                batches(&share).unwrap().iter().try_for_each(|batch| fold.add_folded(batch)).unwrap();
            }
            let together = concat_batches(&whole[0].schema(), &fold.finish().unwrap()).unwrap();
            assert_eq!(together, concat_batches(&whole[0].schema(), &whole).unwrap(), "{order:?}");
        }
    }
}
