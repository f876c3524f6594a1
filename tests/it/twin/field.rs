//! Single fields of a record.

use chrono::{DateTime, NaiveDateTime};
use serde_json::Value;

/// A non-empty string; `""` and everything that is no string count as none.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `eventTime`, in exports from ELK `@timestamp`.
pub(super) fn time(record: &Value) -> Option<i64> {
    text(record, "/eventTime").or(text(record, "/@timestamp")).and_then(|text| seconds(&text))
}

/// The forms that records have, cut to whole seconds.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let naive = |form| NaiveDateTime::parse_from_str(text, form).map(|time| time.and_utc().timestamp());
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.timestamp());
    time.or(naive("%Y%m%dT%H%M%SZ")).or(naive("%Y-%m-%d %H:%M:%S%.f")).ok()
}

pub(super) fn account(record: &Value) -> String {
    let issuers = "/userIdentity/sessionContext/sessionIssuer/accountId";
    let pointers = ["/recipientAccountId", "/userIdentity/accountId", issuers];
    pointers.into_iter().find_map(|pointer| text(record, pointer)).unwrap_or_default()
}

/// The service, without `.amazonaws.com`, and the event name.
pub(super) fn action(record: &Value) -> (&str, &str) {
    let field = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    (field("eventSource").split('.').next().unwrap_or_default(), field("eventName"))
}

/// Whether it is of switching roles in the console.
pub(super) fn is_switch(record: &Value) -> bool {
    matches!(action(record), ("signin", "SwitchRole" | "RenewRole"))
}

/// No error code; a sign-in also says that it succeeded, under its own name.
pub(super) fn is_success(record: &Value) -> bool {
    let (source, name) = action(record);
    let sign_in = source == "signin" && ["ConsoleLogin", "SwitchRole", "RenewRole"].contains(&name);
    let says_so = text(record, &format!("/responseElements/{name}")).as_deref() == Some("Success");
    text(record, "/errorCode").is_none() && (!sign_in || says_so)
}

/// The name of a web identity provider: without what stands before it in ARNs and addresses.
pub(super) fn provider(text: &str) -> String {
    let name = text.rsplit(":oidc-provider/").next().unwrap_or(text);
    name.trim_start_matches("https://").trim_end_matches('/').to_owned()
}

/// A field of an arn; 4 is its account.
pub(super) fn arn_field(arn: &str, field: usize) -> Option<String> {
    arn.split(':').nth(field).filter(|text| !text.is_empty()).map(str::to_owned)
}
