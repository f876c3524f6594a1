//! The records that removed keys, users, passwords and workloads, or gave users other names.

use datafusion::prelude::SessionContext;
use serde_json::Value;

use super::workshop::{ask, numbers};
use crate::lineage::{Removal, Rename};
use crate::query::cells::value;
use crate::query::launch::function_name;
use crate::query::{EventRow, QueryError, cells, lenient};

/// The calls that end what is done under a name that may be given again, by name: passwords, users, functions.
pub(super) const ENDING: [&str; 4] =
    ["DeleteLoginProfile", "DeleteUser", "DeleteFunction20150331", "UpdateUser"];

/// What a successful record removed: access keys
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html>), users, passwords
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html>), instances, and functions as a whole:
/// a call that names a version removes that alone
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html>).
#[must_use]
pub fn removed(row: &EventRow<'_>) -> Vec<Removal> {
    let request = row.request_parameters.and_then(lenient::value).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let (what, ids): (&str, Vec<String>) = match (row.event_source, row.event_name) {
        (Some("iam.amazonaws.com"), Some("DeleteAccessKey")) => {
            ("key", text("accessKeyId").into_iter().collect())
        }
        (Some("iam.amazonaws.com"), Some("DeleteUser")) => ("user", text("userName").into_iter().collect()),
        (Some("iam.amazonaws.com"), Some("DeleteLoginProfile")) => {
            // A user may remove its own.
            let name = text("userName").or_else(|| row.user_name.map(str::to_owned));
            ("password", name.into_iter().collect())
        }
        (Some("ec2.amazonaws.com"), Some("TerminateInstances")) => {
            let items = request.pointer("/instancesSet/items").and_then(Value::as_array);
            let ids = items.into_iter().flatten().filter_map(|item| item.get("instanceId")?.as_str());
            ("workload", ids.map(str::to_owned).collect())
        }
        (Some("lambda.amazonaws.com"), Some("DeleteFunction20150331")) => {
            let named = text("functionName").filter(|named| {
                let name = named.rsplit_once("function:").map_or(named.as_str(), |(_, name)| name);
                text("qualifier").is_none() && !name.contains(':')
            });
            ("workload", named.map(|named| function_name(&named)).into_iter().collect())
        }
        _ => return Vec::new(),
    };
    let record = row.record();
    ids.into_iter().map(|id| Removal { record: record.clone(), what, id }).collect()
}

/// The other name that a successful record gave a user; None where it gave none, as where it only moved the user to
/// another path (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>).
#[must_use]
pub fn renamed(row: &EventRow<'_>) -> Option<Rename> {
    if (row.event_source, row.event_name) != (Some("iam.amazonaws.com"), Some("UpdateUser")) {
        return None;
    }
    let request = row.request_parameters.and_then(lenient::value)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let (from, to) = text("userName").zip(text("newUserName"))?;
    (from != to).then(|| Rename { record: row.record(), from, to })
}

/// What [`ENDING`] calls among the events of a session removed, in order of time, and whom they renamed.
pub(super) async fn endings(ctx: &SessionContext) -> Result<(Vec<Removal>, Vec<Rename>), QueryError> {
    let names = ENDING.map(|name| format!("'{name}'")).join(", ");
    let text = format!(
        "select event_time, event_id, event_source, event_name, account, aws_region, user_name, \
         request_parameters, object, record_index from events where event_name in ({names}) \
         and nullif(error_code, '') is null and nullif(error_message, '') is null"
    );
    let (mut found, mut other_names) = (Vec::new(), Vec::new());
    for batch in ask(ctx, &text).await? {
        let times = cells::timestamp(&batch, "event_time")?;
        let index = numbers(&batch, "record_index")?;
        for row in 0..batch.num_rows() {
            let text = |name: &'static str| Ok::<_, QueryError>(value(cells::utf8(&batch, name)?, row));
            let event = EventRow {
                event_time: cells::instant(times, row).unwrap_or_default(),
                event_id: text("event_id")?,
                event_source: text("event_source")?,
                event_name: text("event_name")?,
                account: text("account")?,
                aws_region: text("aws_region")?,
                user_name: text("user_name")?,
                request_parameters: text("request_parameters")?,
                object: text("object")?.unwrap_or_default(),
                record_index: index.value(row),
                ..EventRow::default()
            };
            found.extend(removed(&event));
            other_names.extend(renamed(&event));
        }
    }
    found.sort();
    Ok((found, other_names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, name: &str, request: &str, expected: &[(&str, &str)]) {
        let source = format!("{source}.amazonaws.com");
        let row = EventRow {
            event_source: Some(&source),
            event_name: Some(name),
            request_parameters: Some(request),
            object: "a.json.gz",
            record_index: 3,
            ..EventRow::default()
        };
        let found = removed(&row);
        let found: Vec<(&str, &str)> = found.iter().map(|one| (one.what, one.id.as_str())).collect();
        assert_eq!(found, expected, "{name} {request}");
    }

    #[test]
    fn what_a_record_removed_is_what_its_request_names() {
        let key = r#"{"userName":"dana","accessKeyId":"AKIARTX3GSDSQEXAMPLE"}"#;
        check("iam", "DeleteAccessKey", key, &[("key", "AKIARTX3GSDSQEXAMPLE")]);
        check("iam", "DeleteUser", r#"{"userName":"dana"}"#, &[("user", "dana")]);
        check("iam", "DeleteLoginProfile", r#"{"userName":"dana"}"#, &[("password", "dana")]);
        // Of another service.
        check("transfer", "DeleteUser", r#"{"userName":"dana"}"#, &[]);
        let delete = "DeleteFunction20150331";
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:resize";
        check("lambda", delete, r#"{"functionName":"resize"}"#, &[("workload", "resize")]);
        check("lambda", delete, &format!(r#"{{"functionName":"{arn}"}}"#), &[("workload", "resize")]);
        // A version of it.
        check("lambda", delete, r#"{"functionName":"resize","qualifier":"3"}"#, &[]);
        check("lambda", delete, &format!(r#"{{"functionName":"{arn}:3"}}"#), &[]);
    }
}
