//! What was removed, and which addresses are an account's own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Source, keep, kept, one_of};
use crate::lake::Column;
use crate::lineage::Proof;
use crate::query::{self, EventRow, Filter, QueryError};

/// A record that removed something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::inquiry::trace) struct Removal {
    pub(in crate::inquiry::trace) record: Proof,
    /// `key`, `user`, `password` or `workload`.
    pub(in crate::inquiry::trace) what: &'static str,
    pub(in crate::inquiry::trace) id: String,
}

impl Source {
    /// What was removed within a time by calls of these names in some accounts, in all where they are None, in order of
    /// time.
    pub(in crate::inquiry::trace) async fn removals(
        &self,
        names: &BTreeSet<String>,
        accounts: Option<&BTreeSet<String>>,
        (from, before): (DateTime<Utc>, Option<DateTime<Utc>>),
    ) -> Result<Vec<Removal>, QueryError> {
        let times = [Filter::From(from)].into_iter().chain(before.map(Filter::Before));
        let in_accounts = accounts.map(|accounts| one_of(Column::Account, accounts.clone()));
        let of = [one_of(Column::EventName, names.clone())].into_iter().chain(in_accounts);
        let filter = Filter::All(times.chain(of).collect());
        let mut found = Vec::new();
        for batch in self.events(&filter, &[Column::RequestParameters]).await? {
            for row in query::rows(&batch)? {
                if row.error_code.is_none_or(str::is_empty) {
                    removed(&row, &mut found);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The last time of which there may be an event; None where it is not known.
    pub(in crate::inquiry::trace) fn logs_end(&self) -> Option<DateTime<Utc>> {
        self.relations.logs_span().map(|(_, last)| last)
    }
}

impl Source {
    /// The addresses that an account was given and that its instances have, as far as the logs name them: those of its NAT
    /// gateways are among them.
    pub(in crate::inquiry::trace) async fn own_addresses(
        &self,
        account: &str,
    ) -> Result<BTreeSet<String>, QueryError> {
        if let Some(known) = kept(&self.addresses, account) {
            return Ok(known.into_iter().collect());
        }
        let names = ["AllocateAddress", "RunInstances"].iter().map(|name| (*name).to_owned()).collect();
        let filter = Filter::All(vec![
            one_of(Column::EventName, names),
            Filter::Is(Column::EventSource, "ec2.amazonaws.com".to_owned()),
            Filter::Is(Column::Account, account.to_owned()),
        ]);
        let mut found = BTreeSet::new();
        for batch in self.events(&filter, &[Column::ResponseElements]).await? {
            for row in query::rows(&batch)? {
                let response = row.response_elements.and_then(|text| serde_json::from_str(text).ok());
                let response: Value = response.unwrap_or_default();
                let items = response.pointer("/instancesSet/items").and_then(Value::as_array);
                for holder in items.into_iter().flatten().chain([&response]) {
                    for name in ["publicIp", "ipAddress", "privateIpAddress"] {
                        found.extend(holder.get(name).and_then(Value::as_str).map(str::to_owned));
                    }
                }
            }
        }
        let all: Vec<String> = found.iter().cloned().collect();
        keep(&self.addresses, account.to_owned(), &all);
        Ok(found)
    }
}

/// What one record removed.
fn removed(row: &EventRow<'_>, found: &mut Vec<Removal>) {
    let request: Value =
        row.request_parameters.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let (what, ids): (&str, Vec<String>) = match row.event_name {
        Some("DeleteAccessKey") => ("key", text("accessKeyId").into_iter().collect()),
        Some("DeleteUser") => ("user", text("userName").into_iter().collect()),
        Some("DeleteLoginProfile") => ("password", text("userName").into_iter().collect()),
        Some("TerminateInstances") => {
            let items = request.pointer("/instancesSet/items").and_then(Value::as_array);
            let ids = items.into_iter().flatten().filter_map(|item| item.get("instanceId")?.as_str());
            ("workload", ids.map(str::to_owned).collect())
        }
        _ => ("workload", text("functionName").into_iter().collect()),
    };
    let record = Proof::from(&row.record());
    found.extend(ids.into_iter().map(|id| Removal { record: record.clone(), what, id }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_without_an_id_removed_is_proved_by_its_place() {
        let row = EventRow {
            event_name: Some("DeleteAccessKey"),
            request_parameters: Some(r#"{"userName":"dana","accessKeyId":"AKIARTX3GSDSQEXAMPLE"}"#),
            object: "a.json.gz",
            record_index: 3,
            ..EventRow::default()
        };
        let mut found = Vec::new();
        removed(&row, &mut found);
        let [removal] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((removal.what, removal.id.as_str()), ("key", "AKIARTX3GSDSQEXAMPLE"));
        assert_eq!(removal.record.event_id, "a.json.gz#3");
    }
}
