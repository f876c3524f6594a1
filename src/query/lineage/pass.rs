//! One pass over all events of a lake: who called, and which records tell of an issuance, a way in or a launch.
//!
//! The views of `queries/lineage` say the same for the events of one question. Over a whole lake most of their time would
//! go into reading columns once for each view, and into the JSON of records that tell nothing.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array, new_null_array,
};
use arrow::compute::{cast, take, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use borsh::{BorshDeserialize, BorshSerialize};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::closure::arrow;
use super::fold::Fold;
use super::foreign::Requests;
use super::hash::text_hash;
use super::memory;
use super::removal::ENDING;
use crate::lake::{Column, plans_elsewhere};
use crate::lineage::{CallerFields, is_console, is_switch, sign_in_session};
use crate::pack::pack;
use crate::query::launch::FUNCTION_LAUNCHES;
use crate::query::lookup::Lookup;
use crate::query::{Filter, QueryError, cells, fold_elsewhere};

const EVENTS: &str = include_str!("../../../queries/lineage/world/events.sql");

/// What the pass gives.
pub(super) struct Pass {
    /// Every caller, as `credentials` has it but for `denied` and `failed`, with hashes of what is joined by.
    pub(super) nodes: Vec<RecordBatch>,
    /// The issuances that are AssumeRole calls of a credential of the same account and whose columns tell all: by far the
    /// most. Only what is joined by is kept of them, see [`DELEGATION`].
    pub(super) delegations: Vec<RecordBatch>,
    /// All other events that may tell of an issuance, a way in or a launch, whole.
    pub(super) telling: (SchemaRef, Vec<RecordBatch>),
    /// What two accounts may have recorded.
    pub(super) requests: Requests,
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
        part.telling.append(&mut batches(&share.telling)?);
        part.requests.append(share.requests);
    }
    let schema = match part.telling.first() {
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
    telling: Vec<u8>,
    requests: Requests,
}

/// Folds a share for lineage, see [`WAY`].
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn folded(ctx: &SessionContext) -> Result<Vec<u8>, QueryError> {
    let Pass { nodes, delegations, telling: (_, telling), requests } = here(ctx).await?;
    let (nodes, delegations, telling) = (bytes(&nodes)?, bytes(&delegations)?, bytes(&telling)?);
    let share = Folded { nodes, delegations, telling, requests };
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
    telling: Vec<RecordBatch>,
    requests: Requests,
}

impl Part {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let events = Events::of(batch)?;
        let callers = events.callers();
        self.fold.add(&events, &callers)?;
        self.requests.add(&events, &callers);
        let (plain, others) = events.issuing();
        if !plain.is_empty() {
            self.delegations.push(events.delegations(batch, &callers, plain)?);
        }
        if !others.is_empty() {
            self.telling.push(take_record_batch(batch, &UInt32Array::from(others)).map_err(arrow)?);
        }
        Ok(())
    }

    fn append(&mut self, mut other: Part) -> Result<(), QueryError> {
        self.fold.append(other.fold)?;
        self.delegations.append(&mut other.delegations);
        self.telling.append(&mut other.telling);
        self.requests.append(other.requests);
        Ok(())
    }

    fn finish(self, schema: SchemaRef) -> Result<Pass, QueryError> {
        let Part { fold, delegations, telling, requests } = self;
        Ok(Pass { nodes: fold.finish()?, delegations, telling: (schema, telling), requests })
    }
}

async fn here(ctx: &SessionContext) -> Result<Pass, QueryError> {
    let mut part = Part::default();
    if let Some(lookup) = Lookup::open(ctx).await? {
        let wanted = memory::telling(|batch| Ok(Events::of(batch)?.issuing().1));
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
        DataType::Utf8View | DataType::LargeUtf8 => {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
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

/// The texts of a caller, by their names in `credentials`, in the order of [`Events::text`]. The first [`TOLD_APART`] are
/// equal wherever the id of a credential is.
pub(super) const TEXTS: [&str; 18] = [
    "caller_account",
    "caller_key",
    "identity_arn",
    "principal_id",
    "identity_type",
    "user_name",
    "session_issuer_type",
    "session_issuer_arn",
    "session_issuer_user_name",
    "source_identity",
    "invoked_by",
    "identity_provider",
    "federated_provider",
    "in_scope_of",
    "ec2_role_delivery",
    "on_behalf_of_user_id",
    "on_behalf_of_identity_store_arn",
    "sign_in_session",
];

/// How many of [`TEXTS`] tell credentials apart.
pub(super) const TOLD_APART: usize = 4;

/// The places of the first of [`TEXTS`].
pub(super) const ACCOUNT: usize = 0;
pub(super) const KEY: usize = 1;
pub(super) const ARN: usize = 2;
pub(super) const ID: usize = 3;
pub(super) const TYPE: usize = 4;
const USER_NAME: usize = 5;
pub(super) const ISSUER_TYPE: usize = 6;
pub(super) const ISSUER: usize = 7;
pub(super) const INVOKED_BY: usize = 10;
const PROVIDER: usize = 11;
pub(super) const FEDERATED: usize = 12;
const ON_BEHALF: usize = 15;
const STORE: usize = 16;

/// One batch of events.
pub(super) struct Events<'a> {
    pub(super) times: &'a TimestampMicrosecondArray,
    created: &'a TimestampMicrosecondArray,
    pub(super) mfa: &'a BooleanArray,
    console: &'a BooleanArray,
    /// The columns of [`TEXTS`]; the first two stand for themselves only where nothing stands in for them.
    texts: Vec<&'a StringArray>,
    sign_in_sessions: Option<StringArray>,
    issuer_accounts: &'a StringArray,
    accounts: &'a StringArray,
    sources: &'a StringArray,
    names: &'a StringArray,
    pub(super) categories: &'a StringArray,
    error_codes: &'a StringArray,
    error_messages: &'a StringArray,
    issued_keys: &'a StringArray,
    role_arns: &'a StringArray,
    role_ids: &'a StringArray,
    pub(super) shared: &'a StringArray,
}

/// The text in a row.
pub(super) fn value(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

impl<'a> Events<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Events<'a>, QueryError> {
        let text = |name: &'static str| cells::utf8(batch, name);
        let time = |name: &'static str| cells::timestamp(batch, name);
        let flag = |name: &'static str| cells::boolean(batch, name);
        let rest = text("identity_rest")?;
        let mut texts = Vec::with_capacity(TEXTS.len());
        for name in TEXTS {
            texts.push(text(match name {
                "caller_account" => "identity_account_id",
                "caller_key" => "access_key_id",
                "sign_in_session" => "identity_rest",
                name => name,
            })?);
        }
        let session = |row| value(rest, row).and_then(sign_in_session);
        let sign_in_sessions: Option<StringArray> =
            (rest.null_count() < rest.len()).then(|| (0..rest.len()).map(session).collect());
        Ok(Events {
            times: time("event_time")?,
            created: time("session_created")?,
            mfa: flag("mfa_authenticated")?,
            console: flag("session_credential_from_console")?,
            texts,
            sign_in_sessions: sign_in_sessions.filter(|column| column.null_count() < column.len()),
            issuer_accounts: text("session_issuer_account_id")?,
            accounts: text("account")?,
            sources: text("event_source")?,
            names: text("event_name")?,
            categories: text("event_category")?,
            error_codes: text("error_code")?,
            error_messages: text("error_message")?,
            issued_keys: text("issued_access_key_id")?,
            role_arns: text("assumed_role_arn")?,
            role_ids: text("assumed_role_id")?,
            shared: text("shared_event_id")?,
        })
    }

    /// Whether a service made the call for its caller.
    pub(super) fn is_forwarded(&self, row: usize) -> bool {
        self.texts.get(INVOKED_BY).is_some_and(|column| column.is_valid(row))
    }

    /// Whether the console assumed a role for its user, see [`crate::lineage::Issuance::hands_its_key_out`].
    fn is_by_console(&self, row: usize) -> bool {
        self.text(INVOKED_BY, row).is_some_and(is_console)
    }

    /// Whether the caller signed the request itself, see [`crate::lineage::Caller::direct`].
    pub(super) fn is_direct(&self, row: usize) -> bool {
        let by_console = self.console.is_valid(row) && self.console.value(row);
        !self.is_forwarded(row) && !by_console
    }

    /// When the session of the caller was created, in microseconds, as the view `calls` has it.
    pub(super) fn created(&self, row: usize) -> Option<i64> {
        if self.created.is_valid(row) {
            return Some(self.created.value(row));
        }
        let said = [self.sources, self.names].map(|column| value(column, row));
        is_switch(said, self.text(TYPE, row), self.text(KEY, row)).then(|| self.times.value(row))
    }

    fn len(&self) -> usize {
        self.times.len()
    }

    /// One of [`TEXTS`] in a row.
    pub(super) fn text(&self, place: usize, row: usize) -> Option<&str> {
        let own = |place: usize| self.texts.get(place).and_then(|column| value(column, row));
        match place {
            ACCOUNT => own(ACCOUNT)
                .or_else(|| value(self.issuer_accounts, row))
                .or_else(|| value(self.accounts, row)),
            KEY => own(KEY).filter(|key| !key.is_empty()),
            SIGN_IN => self.sign_in_sessions.as_ref().and_then(|column| value(column, row)),
            place => own(place),
        }
    }

    /// Whether one of [`TEXTS`] stands in any row.
    pub(super) fn says(&self, place: usize) -> bool {
        match place {
            ACCOUNT => true,
            SIGN_IN => self.sign_in_sessions.is_some(),
            place => self.texts.get(place).is_some_and(|column| column.null_count() < column.len()),
        }
    }

    /// One of [`TEXTS`] in some rows.
    pub(super) fn take(&self, place: usize, rows: &UInt32Array) -> Result<StringArray, QueryError> {
        if !self.says(place) {
            return Ok(StringArray::new_null(rows.len()));
        }
        match self.texts.get(place) {
            Some(column) if place > KEY && place < SIGN_IN => {
                Ok(take(*column, rows, None).map_err(arrow)?.as_string::<i32>().clone())
            }
            _ => Ok(rows.values().iter().map(|row| self.text(place, *row as usize)).collect()),
        }
    }

    /// What a record says of its caller.
    pub(super) fn fields(&self, row: usize) -> CallerFields<'_> {
        let own = |place: usize| self.texts.get(place).and_then(|column| value(column, row));
        CallerFields {
            identity_type: own(TYPE),
            event_source: value(self.sources, row),
            invoked_by: own(INVOKED_BY),
            identity_account_id: own(ACCOUNT),
            session_issuer_account_id: value(self.issuer_accounts, row),
            account: value(self.accounts, row),
            access_key_id: own(KEY),
            identity_arn: own(ARN),
            principal_id: own(ID),
            user_name: own(USER_NAME),
            identity_provider: own(PROVIDER),
            on_behalf_of_user_id: own(ON_BEHALF),
            on_behalf_of_identity_store_arn: own(STORE),
            shared_event_id: value(self.shared, row),
            session_created_micros: self.created(row),
        }
    }

    /// Who called in each row.
    pub(super) fn callers(&self) -> Vec<Option<i64>> {
        let mut scratch = Vec::with_capacity(256);
        (0..self.len()).map(|row| self.fields(row).id_in(&mut scratch)).collect()
    }

    /// The rows of plain delegations, and those of all others that may tell of an issuance, a way in or a launch.
    fn issuing(&self) -> (Vec<u32>, Vec<u32>) {
        let (mut plain, mut others) = (Vec::new(), Vec::new());
        let is_empty = |column: &StringArray, row| value(column, row).is_none_or(str::is_empty);
        for row in 0..self.len() {
            let name = value(self.names, row);
            if !(self.issued_keys.is_valid(row) || self.role_arns.is_valid(row) || name.is_some_and(may_tell))
                || !is_empty(self.error_codes, row)
                || !is_empty(self.error_messages, row)
                || value(self.categories, row) == Some("Insight")
            {
                continue;
            }
            let Ok(number) = u32::try_from(row) else { continue };
            if self.is_plain(row, name) { plain.push(number) } else { others.push(number) }
        }
        (plain, others)
    }

    /// Whether the columns of an issuance tell all.
    fn is_plain(&self, row: usize, name: Option<&str>) -> bool {
        let account = value(self.accounts, row);
        name == Some("AssumeRole")
            && value(self.sources, row) == Some("sts.amazonaws.com")
            && value(self.role_arns, row).is_some_and(|arn| !arn.starts_with(HIDDEN))
            && self.issued_keys.is_valid(row)
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
        let hashes = |column: &StringArray| -> ArrayRef {
            let hash = |row: &u32| text_hash(value(column, *row as usize));
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
            let account = value(self.role_arns, row).and_then(|arn| arn.split(':').nth(4));
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
                    let id = value(self.role_ids, row).filter(|id| crate::lineage::is_telling(id));
                    text_hash(id)
                }),
                "account_hash" => numbers(&|row| text_hash(made_account(row))),
                "created_s" => numbers(&|row| self.created(row).map(seconds)),
                "switch_hash" | "user_switch_hash" | "sign_in_hash" | "issuer_hash" | "provider_hash" => {
                    numbers(&|_| None)
                }
                "at_s" => numbers(&|row| Some(seconds(self.times.value(row)))),
                "caller_side" => flags(&|row| {
                    made_account(row).is_none_or(|account| Some(account) != value(self.accounts, row))
                }),
                "by_sts" => flags(&|_| true),
                "names_key" => flags(&|row| {
                    let is_key = value(self.issued_keys, row).is_some_and(|key| key.starts_with("ASIA"));
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
            all.push(Field::new(name, column.data_type().clone(), true));
            columns.push(take(column, &rows, None).map_err(arrow)?);
        }
        RecordBatch::try_new(Arc::new(Schema::new(all)), columns).map_err(arrow)
    }
}

/// The place of the last of [`TEXTS`].
const SIGN_IN: usize = TEXTS.len() - 1;

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

/// What CloudTrail puts in the place of what it hides begins so: `HIDDEN_DUE_TO_SECURITY_REASONS`
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
pub(super) const HIDDEN: &str = "HIDDEN";

/// What names a plain delegation in an answer.
const KEPT: [&str; 3] = ["event_time", "event_id", "account"];

/// The calls that may issue, by name, as the view `issuances` has them.
pub(super) const ISSUING: [&str; 24] = [
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
    "UploadSigningCertificate",
    "UploadSSHPublicKey",
    "GetCredentialsForIdentity",
    "CreateSession",
    "AssumeRoleForPodIdentity",
];

/// The calls that may launch, by name, as the view `launches` has them.
const LAUNCHING: [&str; 7] = [
    "RunInstances",
    "AssociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
    "RunTask",
    "StartTask",
    "StartBuild",
    "RegisterTaskDefinition",
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

/// Whether a call of this name may issue or launch, or end what was: those that the views `issuances` and `launches` take
/// by name, and [`ENDING`].
fn may_tell(event_name: &str) -> bool {
    ISSUING.contains(&event_name) || may_launch(event_name) || ENDING.contains(&event_name)
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
                    assert!(may_tell(word), "{word}");
                    names += 1;
                }
            }
        }
        assert_eq!(names, 35);
        for name in [
            "CreateFunction20150331",
            "UpdateFunctionConfiguration20150331v2",
            "UpdateFunctionCode20150331v2",
        ] {
            assert!(may_tell(name), "{name}");
        }
        assert!(!may_tell("ListUsers"));
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
