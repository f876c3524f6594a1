//! Callers and what they did, folded out of the rows that a look-up finds.
//!
//! It says what the views `credentials` and `usage` say, and what [`super::read`] makes of their rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::DateTime;
use hashbrown::HashMap;

use super::closure::arrow;
use super::events::{Events, TEXTS};
use crate::aws::{Time, is_denied};
use crate::lake::Column;
use crate::lineage::{Caller, Class, Credential, Usage};
use crate::query::cells::Said;
use crate::query::lookup::{Lookup, Wanted};
use crate::query::{Filter, QueryError, cells};

/// The columns that tell of a caller and of what it did.
const COLUMNS: [Column; 29] = [
    Column::EventTime,
    Column::EventSource,
    Column::EventName,
    Column::Account,
    Column::ErrorCode,
    Column::ErrorMessage,
    Column::SourceIpAddress,
    Column::IdentityType,
    Column::IdentityAccountId,
    Column::IdentityArn,
    Column::IdentityProvider,
    Column::IdentityRest,
    Column::PrincipalId,
    Column::UserName,
    Column::AccessKeyId,
    Column::InvokedBy,
    Column::OnBehalfOfUserId,
    Column::OnBehalfOfIdentityStoreArn,
    Column::SessionCreated,
    Column::SessionIssuerAccountId,
    Column::SessionIssuerType,
    Column::SessionIssuerArn,
    Column::SessionIssuerUserName,
    Column::MfaAuthenticated,
    Column::SessionCredentialFromConsole,
    Column::SourceIdentity,
    Column::FederatedProvider,
    Column::InScopeOf,
    Column::SharedEventId,
];

/// Further columns, of which few records have a value.
const RARE: [Column; 4] = [
    Column::Ec2RoleDelivery,
    Column::AssumedRoot,
    Column::InvokedByDelegateAccountId,
    Column::WebIdAttributes,
];

/// Columns of [`Events`] that say nothing of a caller: they are not read.
const UNASKED: [Column; 4] =
    [Column::EventCategory, Column::IssuedAccessKeyId, Column::AssumedRoleArn, Column::AssumedRoleId];

/// The callers of the events that satisfy a condition, with what they did, by id. None where the condition is one that
/// only the engine can tell.
pub(super) async fn credentials(
    lookup: &Lookup,
    filter: &Filter,
) -> Result<Option<BTreeMap<i64, Credential>>, QueryError> {
    let columns = COLUMNS.into_iter().chain(RARE).collect();
    let add = |tally: &mut Tally, batch| tally.add(&batch);
    let mut whole = Tally::default();
    let merge = |part| {
        whole.merge(part);
        Ok(())
    };
    let read = lookup.fold_into(filter, Wanted::numbered(columns), add, merge).await?;
    Ok(read.then(|| whole.finish()))
}

/// What was done in the events that satisfy a condition, by whomever. None where the condition is one that only the engine
/// can tell.
pub(super) async fn usage(lookup: &Lookup, filter: &Filter) -> Result<Option<Usage>, QueryError> {
    let columns = vec![
        Column::EventTime,
        Column::ErrorCode,
        Column::ErrorMessage,
        Column::InvokedBy,
        Column::SourceIpAddress,
    ];
    let add = |usage: &mut Usage, batch: RecordBatch| {
        let deeds = Deeds::of(&batch)?;
        for row in 0..batch.num_rows() {
            let mut one = deeds.usage(row);
            let address = deeds.address(row).filter(|address| !address.is_empty());
            one.addresses.extend(address.map(|address| (address.to_owned(), 1)));
            usage.merge(&one);
        }
        Ok(())
    };
    let mut whole = Usage::default();
    let merge = |part| {
        whole.merge(&part);
        Ok(())
    };
    let read = lookup.fold_into(filter, Wanted::numbered(columns), add, merge).await?;
    Ok(read.then_some(whole))
}

/// The columns of a batch that tell what was done.
struct Deeds<'a> {
    times: &'a arrow::array::TimestampMicrosecondArray,
    error_codes: Said<'a>,
    error_messages: Said<'a>,
    invoked_by: Said<'a>,
    addresses: Said<'a>,
}

impl<'a> Deeds<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Deeds<'a>, QueryError> {
        Ok(Deeds {
            times: cells::timestamp(batch, Column::EventTime.name())?,
            error_codes: Said::of(batch, Column::ErrorCode.name())?,
            error_messages: Said::of(batch, Column::ErrorMessage.name())?,
            invoked_by: Said::of(batch, Column::InvokedBy.name())?,
            addresses: Said::of(batch, Column::SourceIpAddress.name())?,
        })
    }

    /// One event, without its address.
    fn usage(&self, row: usize) -> Usage {
        let time = DateTime::from_timestamp_micros(self.times.value(row)).map(Time);
        let denied = self.error_codes.at(row).is_some_and(is_denied);
        // A sign-in that failed has a message and no code.
        let failed = [self.error_codes, self.error_messages]
            .iter()
            .any(|column| column.at(row).is_some_and(|text| !text.is_empty()));
        Usage {
            calls: 1,
            denied: u64::from(denied),
            failed: u64::from(failed && !denied),
            forwarded: u64::from(self.invoked_by.is_some(row)),
            first: time,
            last: time,
            addresses: BTreeMap::new(),
        }
    }

    fn address(&self, row: usize) -> Option<&'a str> {
        self.addresses.at(row)
    }
}

/// What is known of the events of one caller from one address.
struct Group {
    class: Class,
    /// The smallest of each of [`TEXTS`].
    texts: [Option<String>; TEXTS.len()],
    /// In whole seconds.
    created: Option<i64>,
    mfa: Option<bool>,
    direct: bool,
    assumed_root: bool,
    usage: Usage,
}

/// The callers so far, by id and address; the address of none is empty.
#[derive(Default)]
struct Tally(HashMap<i64, HashMap<String, Group>>);

impl Tally {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let batch = with_unasked(batch)?;
        let (events, deeds) = (Events::of(&batch)?, Deeds::of(&batch)?);
        let says: Vec<usize> = (0..TEXTS.len()).filter(|place| events.says(*place)).collect();
        let callers = events.callers();
        let mut rows = 0..batch.num_rows();
        while let Some(row) = rows.next() {
            // The next ones of the same caller, of whom they say the same, from the same address.
            let same = |next: &usize| events.is_alike(*next) && deeds.address(*next) == deeds.address(row);
            let end = rows.clone().take_while(same).last().map_or(row + 1, |last| last + 1);
            rows.start = end;
            let Some(caller) = callers.get(row).copied().flatten() else { continue };
            let groups = self.0.entry(caller).or_default();
            let group = groups.entry_ref(deeds.address(row).unwrap_or_default()).or_insert_with(|| Group {
                class: events.fields(row).class(),
                texts: Default::default(),
                created: None,
                mfa: None,
                direct: false,
                assumed_root: false,
                usage: Usage::default(),
            });
            for place in &says {
                let (Some(text), Some(known)) = (events.text(*place, row), group.texts.get_mut(*place))
                else {
                    continue;
                };
                if known.as_deref().is_none_or(|known| text < known) {
                    *known = Some(text.to_owned());
                }
            }
            if let Some(created) = events.created(row) {
                let created = created.div_euclid(1_000_000);
                group.created = Some(group.created.map_or(created, |known| known.min(created)));
            }
            if events.mfa.is_valid(row) {
                group.mfa = group.mfa.max(Some(events.mfa.value(row)));
            }
            group.direct |= events.is_direct(row);
            group.assumed_root |= events.is_of_assume_root(row);
            for row in row..end {
                group.usage.merge(&deeds.usage(row));
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Tally) {
        for (caller, groups) in other.0 {
            let known = self.0.entry(caller).or_default();
            for (address, group) in groups {
                match known.get_mut(&address) {
                    Some(known) => known.merge(group),
                    None => {
                        known.insert(address, group);
                    }
                }
            }
        }
    }

    fn finish(self) -> BTreeMap<i64, Credential> {
        let mut found = BTreeMap::new();
        for (id, groups) in self.0 {
            for (address, group) in groups {
                let mut one = group.credential(id);
                if !address.is_empty() {
                    one.usage.addresses.insert(address, one.usage.calls);
                }
                match found.get_mut(&id) {
                    None => {
                        found.insert(id, one);
                    }
                    Some(Credential { caller, usage }) => {
                        usage.merge(&one.usage);
                        caller.merge(one.caller);
                    }
                }
            }
        }
        found
    }
}

impl Group {
    fn merge(&mut self, other: Group) {
        for (known, new) in self.texts.iter_mut().zip(other.texts) {
            *known = [known.take(), new].into_iter().flatten().min();
        }
        self.created = [self.created, other.created].into_iter().flatten().min();
        self.mfa = self.mfa.max(other.mfa);
        self.direct |= other.direct;
        self.assumed_root |= other.assumed_root;
        self.usage.merge(&other.usage);
    }

    fn credential(self, id: i64) -> Credential {
        let [
            account,
            access_key,
            arn,
            principal_id,
            identity_type,
            user_name,
            issuer_type,
            issuer_arn,
            issuer_name,
            source_identity,
            invoked_by,
            identity_provider,
            federated_provider,
            in_scope_of,
            ec2_role_delivery,
            on_behalf_of,
            identity_store,
            delegate,
            web_id_attributes,
            sign_in_session,
        ] = self.texts.map(|text| text.filter(|text| !text.is_empty()));
        let caller = Caller {
            id,
            class: self.class,
            identity_type,
            account,
            access_key,
            arn,
            principal_id,
            user_name,
            created: self.created.and_then(|created| DateTime::from_timestamp(created, 0)),
            issuer_type,
            issuer_arn,
            issuer_name,
            mfa: self.mfa,
            source_identity,
            invoked_by,
            identity_provider,
            federated_provider,
            web_id_attributes,
            in_scope_of,
            ec2_role_delivery,
            on_behalf_of,
            identity_store,
            sign_in_session,
            direct: self.direct,
            assumed_root: self.assumed_root,
            delegate,
        };
        Credential { caller, usage: self.usage }
    }
}

/// A batch with the columns of [`UNASKED`], too, without values.
fn with_unasked(batch: &RecordBatch) -> Result<RecordBatch, QueryError> {
    let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let nothing = new_null_array(&DataType::Utf8, batch.num_rows());
    for column in UNASKED {
        fields.push(Arc::new(Field::new(column.name(), DataType::Utf8, true)));
        columns.push(Arc::clone(&nothing));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow)
}
