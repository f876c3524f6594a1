//! Records for tests: calls of a user and of a role, and any record with one column changed.

use chrono::{DateTime, Utc};

use super::{Field, Record};

macro_rules! set {
    ($record:ident, $field:ident, $value:ident; $($variant:ident $name:ident,)*) => {
        match $field {
            Field::EventTime => $record.event_time = DateTime::from_timestamp(1_600_000_000, 0).unwrap(),
            Field::SessionCreated => $record.session_created = DateTime::from_timestamp(1_500_000_000, 0),
            Field::MfaAuthenticated => $record.mfa_authenticated = Some($record.mfa_authenticated != Some(true)),
            Field::SessionCredentialFromConsole => $record.session_credential_from_console = Some(true),
            Field::AssumedRoot => $record.assumed_root = Some($record.assumed_root != Some(true)),
            Field::ReadOnly => $record.read_only = Some($record.read_only != Some(true)),
            $(Field::$variant => $record.$name = Some($value),)*
        }
    };
}

impl<'a> Record<'a> {
    /// The record with another value in one column; of columns that hold no text the value is made up.
    pub(super) fn with(mut self, field: Field, value: &'a str) -> Self {
        set!(self, field, value;
            Account account, EventSource event_source, EventName event_name, AwsRegion aws_region,
            EventId event_id, EventType event_type, EventCategory event_category, ErrorCode error_code,
            ErrorMessage error_message, SourceIpAddress source_ip_address, UserAgent user_agent,
            RecipientAccountId recipient_account_id, SharedEventId shared_event_id,
            VpcEndpointId vpc_endpoint_id, VpcEndpointAccountId vpc_endpoint_account_id,
            IdentityType identity_type, PrincipalId principal_id, IdentityArn identity_arn,
            IdentityAccountId identity_account_id, AccessKeyId access_key_id, UserName user_name,
            InvokedBy invoked_by, IdentityProvider identity_provider, InScopeOf in_scope_of,
            SessionIssuerType session_issuer_type, SessionIssuerPrincipalId session_issuer_principal_id,
            SessionIssuerArn session_issuer_arn, SessionIssuerAccountId session_issuer_account_id,
            SessionIssuerUserName session_issuer_user_name, FederatedProvider federated_provider,
            WebIdAttributes web_id_attributes, SourceIdentity source_identity,
            Ec2RoleDelivery ec2_role_delivery, RequestParameters request_parameters,
            ResponseElements response_elements, AdditionalEventData additional_event_data,
            Resources resources, TlsDetails tls_details, EventContext event_context,
            IdentityRest identity_rest, IssuedAccessKeyId issued_access_key_id,
            AssumedRoleArn assumed_role_arn, AssumedRoleId assumed_role_id,
        );
        self
    }
}

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const ANN: &str = "arn:aws:iam::111122223333:user/ann";
pub(super) const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/deploy";
pub(super) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/deploy/one";

pub(super) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

/// A call by a user with a long-term key, from an address of the internet.
pub(super) fn by_user<'a>(source: &'a str, name: &'a str, parameters: Option<&'a str>) -> Record<'a> {
    Record {
        event_time: at(0),
        account: Some(ACCOUNT),
        event_source: Some(source),
        event_name: Some(name),
        event_id: Some("00000000-0000-0000-0000-000000000001"),
        event_type: Some("AwsApiCall"),
        aws_region: Some("eu-west-1"),
        source_ip_address: Some("192.0.2.7"),
        user_agent: Some("aws-cli/2.15"),
        recipient_account_id: Some(ACCOUNT),
        identity_type: Some("IAMUser"),
        identity_arn: Some(ANN),
        identity_account_id: Some(ACCOUNT),
        principal_id: Some("AIDARTX3GSDSQANNEXAMPLE"),
        access_key_id: Some("AKIARTX3GSDSQEXAMPLE"),
        user_name: Some("ann"),
        request_parameters: parameters,
        ..Record::default()
    }
}

/// The same by a session of a role.
pub(super) fn by_role<'a>(source: &'a str, name: &'a str, parameters: Option<&'a str>) -> Record<'a> {
    Record {
        identity_type: Some("AssumedRole"),
        identity_arn: Some(SESSION),
        principal_id: Some("AROARTX3GSDSQDEPEXAMPLE:one"),
        access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        user_name: None,
        session_issuer_arn: Some(DEPLOY),
        session_created: Some(at(-600)),
        mfa_authenticated: Some(false),
        ..by_user(source, name, parameters)
    }
}
