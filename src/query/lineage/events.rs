//! A batch of events as the folds over them read it: what it says of callers.

use arrow::array::{
    Array, AsArray, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take;

use super::closure::arrow;
use crate::lineage::{CallerFields, is_console, is_switch, sign_in_session};
use crate::query::cells::{Said, value};
use crate::query::{QueryError, cells};

/// The texts of a caller, by their names in `credentials`, in the order of [`Events::text`]. The first [`TOLD_APART`] are
/// equal wherever the id of a credential is.
pub(super) const TEXTS: [&str; 20] = [
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
    "invoked_by_delegate_account_id",
    "web_id_attributes",
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
    assumed_root: &'a BooleanArray,
    /// The columns of [`TEXTS`]; the first two stand for themselves only where nothing stands in for them.
    texts: Vec<Said<'a>>,
    sign_in_sessions: Option<StringArray>,
    pub(super) issuer_accounts: Said<'a>,
    pub(super) accounts: Said<'a>,
    pub(super) sources: Said<'a>,
    pub(super) names: Said<'a>,
    pub(super) categories: Said<'a>,
    pub(super) error_codes: Said<'a>,
    pub(super) error_messages: Said<'a>,
    pub(super) issued_keys: Said<'a>,
    pub(super) role_arns: Said<'a>,
    pub(super) role_ids: Said<'a>,
    pub(super) shared: Said<'a>,
    alike: Vec<bool>,
}

impl<'a> Events<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Events<'a>, QueryError> {
        let text = |name: &'static str| Said::of(batch, name);
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
        let session = |row| rest.at(row).and_then(sign_in_session);
        let sign_in_sessions: Option<StringArray> =
            (!rest.is_empty()).then(|| (0..batch.num_rows()).map(session).collect());
        let mut events = Events {
            times: time("event_time")?,
            created: time("session_created")?,
            mfa: flag("mfa_authenticated")?,
            console: flag("session_credential_from_console")?,
            assumed_root: flag("assumed_root")?,
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
            alike: Vec::new(),
        };
        events.alike = events.compared();
        Ok(events)
    }

    /// Whether a service made the call for its caller.
    pub(super) fn is_forwarded(&self, row: usize) -> bool {
        self.texts.get(INVOKED_BY).is_some_and(|column| column.is_some(row))
    }

    /// Whether the console assumed a role for its user, see [`crate::lineage::Issuance::hands_its_key_out`].
    pub(super) fn is_by_console(&self, row: usize) -> bool {
        self.text(INVOKED_BY, row).is_some_and(is_console)
    }

    /// Whether the caller signed the request itself, see [`crate::lineage::Caller::direct`].
    pub(super) fn is_direct(&self, row: usize) -> bool {
        let by_console = self.console.is_valid(row) && self.console.value(row);
        !self.is_forwarded(row) && !by_console
    }

    /// Whether the record has the mark of AssumeRoot, see [`crate::lineage::Caller::assumed_root`].
    pub(super) fn is_of_assume_root(&self, row: usize) -> bool {
        cells::flag(self.assumed_root, row) == Some(true)
    }

    /// When the session of the caller was created, in microseconds, as the view `calls` has it.
    pub(super) fn created(&self, row: usize) -> Option<i64> {
        if self.created.is_valid(row) {
            return Some(self.created.value(row));
        }
        let said = [self.sources, self.names].map(|column| column.at(row));
        is_switch(said, self.text(TYPE, row), self.text(KEY, row)).then(|| self.times.value(row))
    }

    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// One of [`TEXTS`] in a row.
    pub(super) fn text(&self, place: usize, row: usize) -> Option<&str> {
        let own = |place: usize| self.texts.get(place).and_then(|column| column.at(row));
        match place {
            ACCOUNT => {
                own(ACCOUNT).or_else(|| self.issuer_accounts.at(row)).or_else(|| self.accounts.at(row))
            }
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
            place => self.texts.get(place).is_some_and(|column| !column.is_empty()),
        }
    }

    /// One of [`TEXTS`] in some rows.
    pub(super) fn take(&self, place: usize, rows: &UInt32Array) -> Result<StringArray, QueryError> {
        if !self.says(place) {
            return Ok(StringArray::new_null(rows.len()));
        }
        match self.texts.get(place).and_then(Said::plain) {
            Some(texts) if place > KEY && place < SIGN_IN => {
                Ok(take(texts, rows, None).map_err(arrow)?.as_string::<i32>().clone())
            }
            _ => Ok(rows.values().iter().map(|row| self.text(place, *row as usize)).collect()),
        }
    }

    /// What a record says of its caller.
    pub(super) fn fields(&self, row: usize) -> CallerFields<'_> {
        let own = |place: usize| self.texts.get(place).and_then(|column| column.at(row));
        CallerFields {
            identity_type: own(TYPE),
            event_source: self.sources.at(row),
            event_name: self.names.at(row),
            error_code: self.error_codes.at(row),
            error_message: self.error_messages.at(row),
            invoked_by: own(INVOKED_BY),
            identity_account_id: own(ACCOUNT),
            session_issuer_account_id: self.issuer_accounts.at(row),
            account: self.accounts.at(row),
            access_key_id: own(KEY),
            identity_arn: own(ARN),
            principal_id: own(ID),
            user_name: own(USER_NAME),
            identity_provider: own(PROVIDER),
            on_behalf_of_user_id: own(ON_BEHALF),
            on_behalf_of_identity_store_arn: own(STORE),
            shared_event_id: self.shared.at(row),
            session_created_micros: self.created(row),
        }
    }

    /// Who called in each row.
    pub(super) fn callers(&self) -> Vec<Option<i64>> {
        let mut scratch = Vec::with_capacity(256);
        let mut callers: Vec<Option<i64>> = Vec::with_capacity(self.len());
        for row in 0..self.len() {
            let before = if self.is_alike(row) { callers.last().copied() } else { None };
            callers.push(before.unwrap_or_else(|| self.fields(row).id_in(&mut scratch)));
        }
        callers
    }

    /// Whether all that a record says of its caller is what the one before it says, of a credential that its own fields tell.
    #[inline]
    pub(super) fn is_alike(&self, row: usize) -> bool {
        self.alike.get(row) == Some(&true)
    }

    /// What [`Events::is_alike`] says of each row. In a lake the records of one caller stand beside each other.
    fn compared(&self) -> Vec<bool> {
        let mut alike: Vec<bool> = (0..self.len()).map(|row| row > 0 && self.is_told(row)).collect();
        for column in self.texts.iter().chain([&self.issuer_accounts, &self.accounts]) {
            column.mark(&mut alike);
        }
        let same = |row: usize| {
            cells::micros(self.created, row) == cells::micros(self.created, row - 1)
                && cells::flag(self.mfa, row) == cells::flag(self.mfa, row - 1)
                && cells::flag(self.console, row) == cells::flag(self.console, row - 1)
                && cells::flag(self.assumed_root, row) == cells::flag(self.assumed_root, row - 1)
        };
        for (row, alike) in alike.iter_mut().enumerate().skip(1) {
            *alike = *alike && same(row);
        }
        alike
    }

    /// Whether a record is of a credential whatever call it is of, and however that ended: neither is it of another account's
    /// principal, of which each request may be of another, nor one that switches roles without saying when its session began,
    /// nor a sign-in, which proves a user only where it succeeded.
    fn is_told(&self, row: usize) -> bool {
        let says = |place: usize| self.texts.get(place).and_then(|column| column.at(row));
        matches!(says(TYPE), Some("AssumedRole" | "IAMUser" | "Root" | "FederatedUser"))
            && says(ARN).is_some_and(|arn| !arn.is_empty())
            && (self.created.is_valid(row) || says(KEY).is_some_and(|key| !key.is_empty()))
    }
}

/// The place of the last of [`TEXTS`].
const SIGN_IN: usize = TEXTS.len() - 1;
