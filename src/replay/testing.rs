//! Records for tests, with one column changed.

use chrono::DateTime;

use super::{Field, Record};

macro_rules! set {
    ($record:ident, $field:ident, $value:ident; $($variant:ident $name:ident,)*) => {
        match $field {
            Field::EventTime => $record.event_time = DateTime::from_timestamp(1_600_000_000, 0).unwrap(),
            Field::SessionCreated => $record.session_created = DateTime::from_timestamp(1_500_000_000, 0),
            Field::MfaAuthenticated => $record.mfa_authenticated = Some($record.mfa_authenticated != Some(true)),
            Field::SessionCredentialFromConsole => $record.session_credential_from_console = Some(true),
            Field::AssumedRoot => $record.assumed_root = Some($record.assumed_root != Some(true)),
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
