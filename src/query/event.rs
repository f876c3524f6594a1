//! One row of `events` as plain values, for code that reasons about rows and knows no engine.

use chrono::{DateTime, Utc};

use crate::lineage::{CallerFields, RecordRef, is_switch};

/// One row of the `events` table. Every field is the column of the same name (see [`crate::lake::Column`]); `None` is
/// SQL's NULL. Text is as it stood in the log: hostile, to be shown only through [`crate::report`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "every field is the column of the same name, documented once in lake::Column"
)]
pub struct EventRow<'a> {
    pub event_time: DateTime<Utc>,
    pub account: Option<&'a str>,
    pub event_source: Option<&'a str>,
    pub event_name: Option<&'a str>,
    pub aws_region: Option<&'a str>,
    pub event_id: Option<&'a str>,
    pub event_type: Option<&'a str>,
    pub event_category: Option<&'a str>,
    pub read_only: Option<bool>,
    pub management_event: Option<bool>,
    pub error_code: Option<&'a str>,
    pub error_message: Option<&'a str>,
    pub source_ip_address: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub recipient_account_id: Option<&'a str>,
    pub shared_event_id: Option<&'a str>,
    pub vpc_endpoint_id: Option<&'a str>,
    pub session_credential_from_console: Option<bool>,
    pub identity_type: Option<&'a str>,
    pub principal_id: Option<&'a str>,
    pub identity_arn: Option<&'a str>,
    pub identity_account_id: Option<&'a str>,
    pub access_key_id: Option<&'a str>,
    pub user_name: Option<&'a str>,
    pub invoked_by: Option<&'a str>,
    pub identity_provider: Option<&'a str>,
    pub credential_id: Option<&'a str>,
    pub on_behalf_of_user_id: Option<&'a str>,
    pub on_behalf_of_identity_store_arn: Option<&'a str>,
    pub session_created: Option<DateTime<Utc>>,
    pub mfa_authenticated: Option<bool>,
    pub session_issuer_type: Option<&'a str>,
    pub session_issuer_principal_id: Option<&'a str>,
    pub session_issuer_arn: Option<&'a str>,
    pub session_issuer_account_id: Option<&'a str>,
    pub session_issuer_user_name: Option<&'a str>,
    pub federated_provider: Option<&'a str>,
    pub source_identity: Option<&'a str>,
    pub request_parameters: Option<&'a str>,
    pub response_elements: Option<&'a str>,
    pub additional_event_data: Option<&'a str>,
    pub resources: Option<&'a str>,
    pub service_event_details: Option<&'a str>,
    pub issued_access_key_id: Option<&'a str>,
    pub assumed_role_arn: Option<&'a str>,
    pub assumed_role_id: Option<&'a str>,
    pub object: &'a str,
    pub record_index: i64,
}

impl EventRow<'_> {
    /// Where the record stands, and what it is.
    #[must_use]
    pub fn record(&self) -> RecordRef {
        RecordRef {
            time: self.event_time,
            event_id: self.event_id.map(str::to_owned),
            object: self.object.to_owned(),
            index: self.record_index,
            event_name: self.event_name.unwrap_or_default().to_owned(),
            account: self.account.map(str::to_owned),
            region: self.aws_region.map(str::to_owned),
        }
    }

    /// When the session of the caller was created, as the column `caller_created` of the view `calls` has it, but for parts
    /// of a second.
    fn caller_created(&self) -> Option<DateTime<Utc>> {
        let key = self.access_key_id.filter(|key| !key.is_empty());
        let switched = is_switch([self.event_source, self.event_name], self.identity_type, key);
        self.session_created.or_else(|| switched.then_some(self.event_time))
    }

    /// Who called, as the column `caller` of the view `calls` has it: equal for the same caller, None for nobody.
    #[must_use]
    pub fn caller_id(&self) -> Option<i64> {
        self.caller_fields().id()
    }

    /// What the record says of its caller.
    #[must_use]
    pub fn caller_fields(&self) -> CallerFields<'_> {
        CallerFields {
            identity_type: self.identity_type,
            event_source: self.event_source,
            event_name: self.event_name,
            error_code: self.error_code,
            error_message: self.error_message,
            invoked_by: self.invoked_by,
            identity_account_id: self.identity_account_id,
            session_issuer_account_id: self.session_issuer_account_id,
            account: self.account,
            access_key_id: self.access_key_id,
            identity_arn: self.identity_arn,
            principal_id: self.principal_id,
            user_name: self.user_name,
            identity_provider: self.identity_provider,
            on_behalf_of_user_id: self.on_behalf_of_user_id,
            on_behalf_of_identity_store_arn: self.on_behalf_of_identity_store_arn,
            shared_event_id: self.shared_event_id,
            session_created_micros: self.caller_created().map(|created| created.timestamp_micros()),
        }
    }
}
