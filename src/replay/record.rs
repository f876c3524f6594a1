//! One row of `events`, as far as an authorization request can be told from it.

use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::catalog::resource::{decode_arns, may_hold_encoded_arns};

/// Declares the text columns once: the field of [`Record`], and the [`Field`] that names it.
macro_rules! columns {
    ($($variant:ident $name:ident $index:literal,)*) => {
        /// One row of the `events` table, as far as requests are told from it. Every field is the column of the same name
        /// (see README); `None` is SQL's NULL. Text is as it stood in the log: hostile.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[expect(missing_docs, reason = "every field is the column of the same name, documented once where columns are declared")]
        pub struct Record<'a> {
            pub event_time: DateTime<Utc>,
            pub session_created: Option<DateTime<Utc>>,
            pub mfa_authenticated: Option<bool>,
            pub session_credential_from_console: Option<bool>,
            pub assumed_root: Option<bool>,
            pub read_only: Option<bool>,
            $(pub $name: Option<&'a str>,)*
        }

        /// A column that requests are told from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "every variant is the column of the same name")]
        pub enum Field {
            EventTime,
            SessionCreated,
            MfaAuthenticated,
            SessionCredentialFromConsole,
            AssumedRoot,
            ReadOnly,
            $($variant,)*
        }

        impl Field {
            /// Whether the column holds text.
            #[must_use]
            pub fn is_text(self) -> bool {
                match self {
                    $(Field::$variant => true,)*
                    _ => false,
                }
            }

            /// All of them.
            pub const ALL: &[Field] = &[
                Field::EventTime, Field::SessionCreated, Field::MfaAuthenticated,
                Field::SessionCredentialFromConsole, Field::AssumedRoot, Field::ReadOnly, $(Field::$variant,)*
            ];

            /// The column's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    Field::EventTime => "event_time",
                    Field::SessionCreated => "session_created",
                    Field::MfaAuthenticated => "mfa_authenticated",
                    Field::SessionCredentialFromConsole => "session_credential_from_console",
                    Field::AssumedRoot => "assumed_root",
                    Field::ReadOnly => "read_only",
                    $(Field::$variant => stringify!($name),)*
                }
            }

            const fn bit(self) -> u64 {
                match self {
                    Field::EventTime => 1,
                    Field::SessionCreated => 1 << 1,
                    Field::MfaAuthenticated => 1 << 2,
                    Field::SessionCredentialFromConsole => 1 << 3,
                    Field::AssumedRoot => 1 << 4,
                    Field::ReadOnly => 1 << 48,
                    $(Field::$variant => 1 << $index,)*
                }
            }
        }

        impl<'a> Record<'a> {
            /// The record of a row whose columns `text` gives; it is asked for text columns only.
            #[must_use]
            pub fn of_row(event_time: DateTime<Utc>, text: impl Fn(Field) -> Option<&'a str>) -> Self {
                Record {
                    event_time,
                    session_created: None,
                    mfa_authenticated: None,
                    session_credential_from_console: None,
                    assumed_root: None,
                    read_only: None,
                    $($name: text(Field::$variant),)*
                }
            }

            /// The text of a column; None for columns that hold no text.
            #[must_use]
            pub fn text(&self, field: Field) -> Option<&'a str> {
                match field {
                    $(Field::$variant => self.$name,)*
                    _ => None,
                }
            }
        }
    };
}

columns! {
    Account account 5,
    EventSource event_source 6,
    EventName event_name 7,
    AwsRegion aws_region 8,
    EventId event_id 9,
    EventType event_type 10,
    EventCategory event_category 11,
    ErrorCode error_code 12,
    ErrorMessage error_message 13,
    SourceIpAddress source_ip_address 14,
    UserAgent user_agent 15,
    RecipientAccountId recipient_account_id 16,
    SharedEventId shared_event_id 17,
    VpcEndpointId vpc_endpoint_id 18,
    VpcEndpointAccountId vpc_endpoint_account_id 19,
    IdentityType identity_type 20,
    PrincipalId principal_id 21,
    IdentityArn identity_arn 22,
    IdentityAccountId identity_account_id 23,
    AccessKeyId access_key_id 24,
    UserName user_name 25,
    InvokedBy invoked_by 26,
    IdentityProvider identity_provider 27,
    InScopeOf in_scope_of 28,
    SessionIssuerType session_issuer_type 29,
    SessionIssuerPrincipalId session_issuer_principal_id 30,
    SessionIssuerArn session_issuer_arn 31,
    SessionIssuerAccountId session_issuer_account_id 32,
    SessionIssuerUserName session_issuer_user_name 33,
    FederatedProvider federated_provider 34,
    WebIdAttributes web_id_attributes 35,
    SourceIdentity source_identity 36,
    Ec2RoleDelivery ec2_role_delivery 37,
    RequestParameters request_parameters 38,
    ResponseElements response_elements 39,
    AdditionalEventData additional_event_data 40,
    Resources resources 41,
    TlsDetails tls_details 42,
    EventContext event_context 43,
    IdentityRest identity_rest 44,
    IssuedAccessKeyId issued_access_key_id 45,
    AssumedRoleArn assumed_role_arn 46,
    AssumedRoleId assumed_role_id 47,
}

/// A set of columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Fields(u64);

impl Fields {
    /// None.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub fn of(fields: &[Field]) -> Self {
        Self(fields.iter().fold(0, |bits, field| bits | field.bit()))
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All but this one.
    #[must_use]
    pub fn without(self, field: Field) -> Self {
        Self(self.0 & !field.bit())
    }

    /// Whether the column is in it.
    #[must_use]
    pub fn has(self, field: Field) -> bool {
        self.0 & field.bit() != 0
    }

    /// Its columns, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            while left != 0 {
                let at = left.trailing_zeros();
                left &= left - 1;
                if let Some(field) = BY_BIT.get(at as usize).copied().flatten() {
                    return Some(field);
                }
            }
            None
        })
    }
}

/// The columns by their bits.
const BY_BIT: [Option<Field>; 64] = by_bit();

#[expect(clippy::indexing_slicing, reason = "a place that is out of bounds does not compile")]
const fn by_bit() -> [Option<Field>; 64] {
    let mut columns = [None; 64];
    let mut at = 0;
    while at < Field::ALL.len() {
        let field = Field::ALL[at];
        columns[field.bit().trailing_zeros() as usize] = Some(field);
        at += 1;
    }
    columns
}

/// The JSON of a record's columns, parsed once.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// `requestParameters`; None if there are none, or they are no JSON.
    pub parameters: Option<Value>,
    /// `responseElements`.
    pub response: Option<Value>,
    /// `resources`.
    pub resources: Option<Value>,
    /// `additionalEventData`.
    pub additional: Option<Value>,
    /// `tlsDetails`.
    pub tls: Option<Value>,
    /// `eventContext`.
    pub event_context: Option<Value>,
}

impl Parsed {
    /// Reads the columns that hold JSON. What cannot be read counts as not there; the lake holds none such.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        let mut parsed = Self::of_call(record);
        parsed.add(record, Fields(u64::MAX));
        parsed
    }

    /// Only what was asked for, which tells most requests: the parameters and `resources`.
    #[must_use]
    pub fn of_call(record: &Record<'_>) -> Self {
        let mut parameters = read(record.request_parameters);
        if let Some(value) = parameters.as_mut()
            && record.request_parameters.is_some_and(may_hold_encoded_arns)
        {
            decode_arns(value);
        }
        Self { parameters, resources: read(record.resources), ..Self::default() }
    }

    /// Reads further columns, those of these.
    pub fn add(&mut self, record: &Record<'_>, fields: Fields) {
        let others = [
            (Field::ResponseElements, &mut self.response),
            (Field::AdditionalEventData, &mut self.additional),
            (Field::TlsDetails, &mut self.tls),
            (Field::EventContext, &mut self.event_context),
        ];
        for (field, value) in others {
            if fields.has(field) && value.is_none() {
                *value = read(record.text(field));
            }
        }
    }
}

fn read(text: Option<&str>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok()).filter(|value: &Value| !value.is_null())
}
