//! The columns of the lake's `events` table, declared once.
//!
//! The Arrow schema, the decoder's slots, the rebuilding of a record and README's column table are all made from
//! [`Column::ALL`]; nothing else lists the columns. What a CloudTrail field means is AWS's:
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html> and
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.

use borsh::{BorshDeserialize, BorshSerialize};

/// How the values of a column are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A calendar day in UTC. Only the partition column.
    Date,
    /// An instant in UTC, in microseconds.
    Timestamp,
    /// Text, unescaped.
    Text,
    /// JSON text: the verbatim slice of the record.
    Json,
    /// `true` or `false`; the record may hold it as a JSON boolean or as the string `"true"`.
    Bool,
    /// A 64-bit signed integer.
    Int,
}

/// Where the values of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A field of the record, by its path of member names.
    Field(&'static [&'static str]),
    /// Computed from other fields; the column can be dropped without losing anything of the record.
    Derived(&'static str),
    /// Says where the record was read.
    Evidence(&'static str),
    /// Holds every member of this object that no other column holds.
    Rest(&'static [&'static str]),
}

macro_rules! columns {
    ($($id:ident $name:literal $kind:ident $null:ident $source:expr, $meaning:literal;)+) => {
        /// A column of `events`.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize,
        )]
        #[repr(u8)]
        pub enum Column {
            $(#[doc = $meaning] $id,)+
        }

        impl Column {
            /// Every column, in the order of the table.
            pub const ALL: &'static [Column] = &[$(Column::$id,)+];

            /// The column's name in SQL.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Column::$id => $name,)+ }
            }

            /// How its values are typed.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Column::$id => Kind::$kind,)+ }
            }

            /// Whether a row may have no value here.
            #[must_use]
            pub fn nullable(self) -> bool {
                match self { $(Column::$id => columns!(@null $null),)+ }
            }

            /// Where its values come from.
            #[must_use]
            pub fn source(self) -> Source {
                use Source::{Derived, Evidence, Field, Rest};
                match self { $(Column::$id => $source,)+ }
            }

            /// What a value means, in a sentence for README and `information_schema` readers.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Column::$id => $meaning,)+ }
            }
        }
    };
    (@null null) => { true };
    (@null always) => { false };
}

columns! {
    EventTime "event_time" Timestamp always Field(&["eventTime"]), "When the request was made (UTC, seconds).";
    Account "account" Text null Derived("recipientAccountId, else userIdentity.accountId, else the session issuer's"), "The account that the record belongs to.";
    EventSource "event_source" Text null Field(&["eventSource"]), "The service called, as `iam.amazonaws.com`.";
    EventName "event_name" Text null Field(&["eventName"]), "The API operation called.";
    AwsRegion "aws_region" Text null Field(&["awsRegion"]), "The region the request was made to.";
    EventId "event_id" Text null Field(&["eventID"]), "CloudTrail's id of the event; not unique by itself.";
    EventType "event_type" Text null Field(&["eventType"]), "`AwsApiCall`, `AwsServiceEvent`, `AwsConsoleSignIn` and so on.";
    EventCategory "event_category" Text null Field(&["eventCategory"]), "`Management`, `Data`, `NetworkActivity` or `Insight`.";
    EventVersion "event_version" Text null Field(&["eventVersion"]), "The version of the record format.";
    ApiVersion "api_version" Text null Field(&["apiVersion"]), "The API version of an `AwsApiCall`.";
    ReadOnly "read_only" Bool null Field(&["readOnly"]), "Whether the operation only reads.";
    ManagementEvent "management_event" Bool null Field(&["managementEvent"]), "Whether it is a management event.";
    ErrorCode "error_code" Text null Field(&["errorCode"]), "The error, when the request failed; absent on success.";
    ErrorMessage "error_message" Text null Field(&["errorMessage"]), "The error's text, as the service wrote it.";
    SourceIpAddress "source_ip_address" Text null Field(&["sourceIPAddress"]), "The caller's address, a service's name, or `AWS Internal`.";
    UserAgent "user_agent" Text null Field(&["userAgent"]), "The agent the caller claims; any text.";
    RequestId "request_id" Text null Field(&["requestID"]), "The service's id of the request.";
    RecipientAccountId "recipient_account_id" Text null Field(&["recipientAccountId"]), "The account that received the event.";
    SharedEventId "shared_event_id" Text null Field(&["sharedEventID"]), "Joins the copies of one action that several accounts received.";
    VpcEndpointId "vpc_endpoint_id" Text null Field(&["vpcEndpointId"]), "The VPC endpoint the request came through.";
    VpcEndpointAccountId "vpc_endpoint_account_id" Text null Field(&["vpcEndpointAccountId"]), "The account that owns that endpoint.";
    SessionCredentialFromConsole "session_credential_from_console" Bool null Field(&["sessionCredentialFromConsole"]), "Whether the request was made with a console session's credential.";
    IdentityType "identity_type" Text null Field(&["userIdentity", "type"]), "`Root`, `IAMUser`, `AssumedRole`, `AWSService` and so on.";
    PrincipalId "principal_id" Text null Field(&["userIdentity", "principalId"]), "The caller's unique id; `AROA…:session-name` for a role session.";
    IdentityArn "identity_arn" Text null Field(&["userIdentity", "arn"]), "The caller's ARN; the session's ARN for a role session.";
    IdentityAccountId "identity_account_id" Text null Field(&["userIdentity", "accountId"]), "The account of the caller.";
    AccessKeyId "access_key_id" Text null Field(&["userIdentity", "accessKeyId"]), "The access key id that signed the request.";
    UserName "user_name" Text null Field(&["userIdentity", "userName"]), "The caller's friendly name.";
    InvokedBy "invoked_by" Text null Field(&["userIdentity", "invokedBy"]), "The service that made the request for the caller.";
    IdentityProvider "identity_provider" Text null Field(&["userIdentity", "identityProvider"]), "The external identity provider of a federated caller.";
    CredentialId "credential_id" Text null Field(&["userIdentity", "credentialId"]), "The id of a bearer token or other credential that is no access key.";
    OnBehalfOfUserId "on_behalf_of_user_id" Text null Field(&["userIdentity", "onBehalfOf", "userId"]), "The Identity Center user the call was made for.";
    OnBehalfOfIdentityStoreArn "on_behalf_of_identity_store_arn" Text null Field(&["userIdentity", "onBehalfOf", "identityStoreArn"]), "The identity store of that user.";
    InScopeOf "in_scope_of" Json null Field(&["userIdentity", "inScopeOf"]), "The resource that a service acted for.";
    InvokedByDelegateAccountId "invoked_by_delegate_account_id" Text null Field(&["userIdentity", "invokedByDelegate", "accountId"]), "The account of a delegate that made the call.";
    SessionCreated "session_created" Timestamp null Field(&["userIdentity", "sessionContext", "attributes", "creationDate"]), "When the caller's session was created.";
    MfaAuthenticated "mfa_authenticated" Bool null Field(&["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"]), "Whether the session was authenticated with MFA; absent for long-term keys.";
    SessionIssuerType "session_issuer_type" Text null Field(&["userIdentity", "sessionContext", "sessionIssuer", "type"]), "What issued the session: `Role`, `IAMUser`, `Root`.";
    SessionIssuerPrincipalId "session_issuer_principal_id" Text null Field(&["userIdentity", "sessionContext", "sessionIssuer", "principalId"]), "The unique id of the role or user that issued the session.";
    SessionIssuerArn "session_issuer_arn" Text null Field(&["userIdentity", "sessionContext", "sessionIssuer", "arn"]), "Its ARN, with path.";
    SessionIssuerAccountId "session_issuer_account_id" Text null Field(&["userIdentity", "sessionContext", "sessionIssuer", "accountId"]), "Its account.";
    SessionIssuerUserName "session_issuer_user_name" Text null Field(&["userIdentity", "sessionContext", "sessionIssuer", "userName"]), "Its friendly name: the role's name for a role session.";
    FederatedProvider "federated_provider" Text null Field(&["userIdentity", "sessionContext", "webIdFederationData", "federatedProvider"]), "The web identity provider of the session.";
    WebIdAttributes "web_id_attributes" Json null Field(&["userIdentity", "sessionContext", "webIdFederationData", "attributes"]), "The attributes the web identity provider gave.";
    SourceIdentity "source_identity" Text null Field(&["userIdentity", "sessionContext", "sourceIdentity"]), "The source identity that was set first in the chain of sessions.";
    Ec2RoleDelivery "ec2_role_delivery" Text null Field(&["userIdentity", "sessionContext", "ec2RoleDelivery"]), "Version of the instance metadata service that delivered the credential.";
    AssumedRoot "assumed_root" Bool null Field(&["userIdentity", "sessionContext", "assumedRoot"]), "Whether the session is from AssumeRoot.";
    RequestParameters "request_parameters" Json null Field(&["requestParameters"]), "The request's parameters.";
    ResponseElements "response_elements" Json null Field(&["responseElements"]), "The response of a call that changes something; session tokens are kept as hashes.";
    AdditionalEventData "additional_event_data" Json null Field(&["additionalEventData"]), "More about the event that is neither request nor response.";
    Resources "resources" Json null Field(&["resources"]), "The resources accessed: a list of ARN, account and type.";
    ServiceEventDetails "service_event_details" Json null Field(&["serviceEventDetails"]), "What a service event reports.";
    TlsDetails "tls_details" Json null Field(&["tlsDetails"]), "TLS version, cipher suite and host name of the connection.";
    Addendum "addendum" Json null Field(&["addendum"]), "Why and how an earlier delivered event was updated.";
    EventContext "event_context" Json null Field(&["eventContext"]), "Tags and IAM condition keys of an enriched event.";
    InsightDetails "insight_details" Json null Field(&["insightDetails"]), "What an Insights event reports.";
    EdgeDeviceDetails "edge_device_details" Json null Field(&["edgeDeviceDetails"]), "The edge device that was the target.";
    IdentityRest "identity_rest" Json null Rest(&["userIdentity"]), "Every member of `userIdentity` that no column holds.";
    Rest "rest" Json null Rest(&[]), "Every member of the record that no column holds, and each value whose type is not its column's.";
    IssuedAccessKeyId "issued_access_key_id" Text null Derived("responseElements.credentials.accessKeyId or .accessKey.accessKeyId"), "The access key id that this call made.";
    AssumedRoleArn "assumed_role_arn" Text null Derived("responseElements.assumedRoleUser.arn"), "The session ARN that this call made.";
    AssumedRoleId "assumed_role_id" Text null Derived("responseElements.assumedRoleUser.assumedRoleId"), "The `AROA…:session-name` id that this call made.";
    Flags "flags" Text null Derived("the reading"), "What was odd in reading the record: `time-from-@timestamp` (no `eventTime`), `time-without-zone` (taken as UTC).";
    Object "object" Text always Evidence("the log object"), "The file or S3 object that the record was read from.";
    RecordIndex "record_index" Int always Evidence("the log object"), "The record's place in that object, from 0.";
    Fingerprint "fingerprint" Int always Derived("the whole record"), "A 64-bit hash of the record's JSON value; with `event_id` it tells duplicates.";
    EventDate "event_date" Date always Derived("eventTime"), "The day of `event_time`; the table is partitioned by it.";
}

impl Column {
    /// The number of columns.
    pub const COUNT: usize = Column::ALL.len();

    /// The column's place in [`Column::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}
