//! Records as CloudTrail writes them, made rows of the lake.

use serde_json::Value;

use crate::replay::{Parsed, Record};

/// A record's texts, to borrow a [`Record`] from.
#[derive(Debug, Clone, Default)]
pub(super) struct Logged {
    texts: Vec<(&'static str, String)>,
}

/// Where a column's value stands in a record.
const COLUMNS: [(&str, &str); 27] = [
    ("event_source", "/eventSource"),
    ("event_name", "/eventName"),
    ("event_type", "/eventType"),
    ("event_category", "/eventCategory"),
    ("aws_region", "/awsRegion"),
    ("event_id", "/eventID"),
    ("error_code", "/errorCode"),
    ("error_message", "/errorMessage"),
    ("source_ip_address", "/sourceIPAddress"),
    ("user_agent", "/userAgent"),
    ("recipient_account_id", "/recipientAccountId"),
    ("shared_event_id", "/sharedEventID"),
    ("identity_type", "/userIdentity/type"),
    ("principal_id", "/userIdentity/principalId"),
    ("identity_arn", "/userIdentity/arn"),
    ("identity_account_id", "/userIdentity/accountId"),
    ("access_key_id", "/userIdentity/accessKeyId"),
    ("user_name", "/userIdentity/userName"),
    ("invoked_by", "/userIdentity/invokedBy"),
    ("session_issuer_type", "/userIdentity/sessionContext/sessionIssuer/type"),
    ("source_identity", "/userIdentity/sessionContext/sourceIdentity"),
    ("session_issuer_arn", "/userIdentity/sessionContext/sessionIssuer/arn"),
    ("session_issuer_account_id", "/userIdentity/sessionContext/sessionIssuer/accountId"),
    ("request_parameters", "/requestParameters"),
    ("response_elements", "/responseElements"),
    ("additional_event_data", "/additionalEventData"),
    ("resources", "/resources"),
];

impl Logged {
    pub(super) fn of(record: &Value) -> Self {
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let texts = COLUMNS.iter().filter_map(|(name, place)| Some((*name, text(record.pointer(place)?)?)));
        let mut texts: Vec<_> = texts.collect();
        let account = ["recipient_account_id", "identity_account_id", "session_issuer_account_id"];
        let account = account.iter().find_map(|name| texts.iter().find(|(known, _)| known == name)).cloned();
        texts.extend(account.map(|(_, account)| ("account", account)));
        Self { texts }
    }

    pub(super) fn record(&self) -> Record<'_> {
        let get =
            |name: &str| self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
        Record {
            account: get("account"),
            event_source: get("event_source"),
            event_name: get("event_name"),
            event_type: get("event_type"),
            event_category: get("event_category"),
            aws_region: get("aws_region"),
            event_id: get("event_id"),
            error_code: get("error_code"),
            error_message: get("error_message"),
            source_ip_address: get("source_ip_address"),
            user_agent: get("user_agent"),
            recipient_account_id: get("recipient_account_id"),
            shared_event_id: get("shared_event_id"),
            identity_type: get("identity_type"),
            principal_id: get("principal_id"),
            identity_arn: get("identity_arn"),
            identity_account_id: get("identity_account_id"),
            access_key_id: get("access_key_id"),
            user_name: get("user_name"),
            invoked_by: get("invoked_by"),
            session_issuer_type: get("session_issuer_type"),
            session_issuer_arn: get("session_issuer_arn"),
            session_issuer_account_id: get("session_issuer_account_id"),
            source_identity: get("source_identity"),
            request_parameters: get("request_parameters"),
            response_elements: get("response_elements"),
            additional_event_data: get("additional_event_data"),
            resources: get("resources"),
            ..Record::default()
        }
    }

    pub(super) fn parsed(&self) -> Parsed {
        Parsed::of(&self.record())
    }
}

/// A call of user `ann` of 111122223333 in `eu-west-1`, unless the fields say otherwise.
pub(super) fn logged(fields: &Value) -> Logged {
    let mut record = serde_json::json!({
        "eventType": "AwsApiCall",
        "awsRegion": "eu-west-1",
        "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/team/ann",
            "accountId": "111122223333",
            "userName": "ann",
        },
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        record[name] = value.clone();
    }
    Logged::of(&record)
}
