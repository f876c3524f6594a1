//! What was removed, and which addresses are an account's own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Source, keep, kept, one_of};
use crate::lake::Column;
use crate::lineage::{IssuanceKind, Removal, UserHistory, Workload};
use crate::query::lineage::removed;
use crate::query::{self, Filter, QueryError};

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
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.removals, &name) {
            return Ok(known);
        }
        let mut found = Vec::new();
        for batch in self.events(&filter, &[Column::RequestParameters]).await? {
            for row in query::rows(&batch)? {
                if row.error_code.is_none_or(str::is_empty) {
                    found.extend(removed(&row));
                }
            }
        }
        found.sort();
        keep(&self.removals, name, &found);
        Ok(found)
    }

    /// What befell the users of a name in an account.
    pub(in crate::inquiry::trace) async fn user_history(
        &self,
        account: &str,
        name: &str,
    ) -> Result<UserHistory, QueryError> {
        let passwords = self.ways_in(account, name, IssuanceKind::Password).await?;
        let users = self.ways_in(account, name, IssuanceKind::User).await?;
        let mut removals = Vec::new();
        // Without a password that was set nothing is asked of what was removed.
        if !passwords.is_empty() {
            let names = ["DeleteUser", "DeleteLoginProfile"].map(str::to_owned);
            let accounts = BTreeSet::from([account.to_owned()]);
            let all = (DateTime::UNIX_EPOCH, None);
            removals = self.removals(&BTreeSet::from(names), Some(&accounts), all).await?;
            removals.retain(|removal| removal.id == name);
        }
        Ok(UserHistory { users, passwords, removals })
    }

    /// The workloads of a kind that were removed in an account, of those whose names may be given again.
    pub(in crate::inquiry::trace) async fn removed_workloads(
        &self,
        workload: &Workload,
        account: &str,
    ) -> Result<Vec<Removal>, QueryError> {
        if workload.kind != "function" {
            return Ok(Vec::new());
        }
        let names = BTreeSet::from(["DeleteFunction20150331".to_owned()]);
        let accounts = BTreeSet::from([account.to_owned()]);
        self.removals(&names, Some(&accounts), (DateTime::UNIX_EPOCH, None)).await
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
