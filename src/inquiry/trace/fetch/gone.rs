//! What was removed, and which addresses are an account's own.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Source, keep, kept, one_of};
use crate::lake::Column;
use crate::lineage::{IssuanceKind, Removal, UserHistory, Workload};
use crate::query::lineage::removed;
use crate::query::{self, EventRow, Filter, QueryError};

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

/// A record that names an address of an instance or an account, or tells that an instance has another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Addressed {
    time: DateTime<Utc>,
    /// Whether it is one of an account's own that stays until it is taken away.
    stays: bool,
    instance: Option<String>,
    /// None where an instance started anew: its public address is another then
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html>).
    address: Option<String>,
    /// What ties a lasting address to an instance, until a record without an address names it.
    association: Option<String>,
}

/// The addresses that logs name.
#[derive(Debug, Clone, Default)]
pub(in crate::inquiry) struct OwnAddresses {
    /// Those that the account was given and that its instances have: those of its NAT gateways are among them.
    pub(in crate::inquiry) of_account: BTreeSet<String>,
    /// Those of the one instance, at the time.
    pub(in crate::inquiry) of_instance: BTreeSet<String>,
}

impl Source {
    /// The addresses of an account and of an instance at a moment, as far as the logs name them.
    pub(in crate::inquiry) async fn own_addresses(
        &self,
        account: &str,
        instance: &str,
        moment: DateTime<Utc>,
    ) -> Result<OwnAddresses, QueryError> {
        let all = if let Some(known) = kept(&self.addresses, account) {
            known
        } else {
            let names = [
                "AllocateAddress",
                "RunInstances",
                "AssociateAddress",
                "DisassociateAddress",
                "StartInstances",
            ];
            let filter = Filter::All(vec![
                one_of(Column::EventName, names.iter().map(|name| (*name).to_owned()).collect()),
                Filter::Is(Column::EventSource, "ec2.amazonaws.com".to_owned()),
                Filter::Is(Column::Account, account.to_owned()),
            ]);
            let mut found = Vec::new();
            for batch in self.events(&filter, &[Column::RequestParameters, Column::ResponseElements]).await? {
                query::rows(&batch)?
                    .filter(|row| row.error_code.is_none_or(str::is_empty))
                    .for_each(|row| addressed(&row, &mut found));
            }
            found.sort();
            keep(&self.addresses, account.to_owned(), &found);
            found
        };
        let of_account = all.iter().filter_map(|one| one.address.clone()).collect();
        let mut has: Vec<&Addressed> = Vec::new();
        for one in all.iter().filter(|one| one.time <= moment) {
            let is_it = one.instance.as_deref() == Some(instance);
            match &one.address {
                // A lasting address is of one instance at a time, and stands in for the other public one.
                Some(address) => {
                    has.retain(|had| had.address.as_ref() != Some(address));
                    if is_it && one.stays {
                        has.retain(|had| had.stays || had.address.as_deref().is_some_and(is_private));
                    }
                    has.extend(is_it.then_some(one));
                }
                None if one.association.is_some() => has.retain(|had| had.association != one.association),
                None if is_it => {
                    has.retain(|had| had.stays || had.address.as_deref().is_some_and(is_private));
                }
                None => {}
            }
        }
        Ok(OwnAddresses {
            of_account,
            of_instance: has.into_iter().filter_map(|one| one.address.clone()).collect(),
        })
    }
}

/// Whether an address is one of a private network: requests come from such ones through VPC endpoints alone
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>).
pub(in crate::inquiry) fn is_private(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(v4)) => {
            v4.is_private() || (v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]))
        }
        Ok(IpAddr::V6(v6)) => v6.is_unique_local(),
        Err(_) => false,
    }
}

/// The addresses that a record names.
fn addressed(row: &EventRow<'_>, found: &mut Vec<Addressed>) {
    let json = |text: Option<&str>| -> Value {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let (request, response) = (json(row.request_parameters), json(row.response_elements));
    let text = |holder: &Value, name: &str| holder.get(name).and_then(Value::as_str).map(str::to_owned);
    let named = |instance, address, stays, association| Addressed {
        time: row.event_time,
        stays,
        instance,
        address,
        association,
    };
    let items = |holder: &Value| -> Vec<Value> {
        holder.pointer("/instancesSet/items").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    match row.event_name {
        Some("RunInstances") => {
            for item in items(&response) {
                let instance = text(&item, "instanceId");
                let addresses = ["publicIp", "ipAddress", "privateIpAddress"].map(|name| text(&item, name));
                let addresses = addresses.into_iter().flatten();
                found.extend(addresses.map(|address| named(instance.clone(), Some(address), false, None)));
            }
        }
        Some("StartInstances") => {
            let ids = items(&request).into_iter().filter_map(|item| text(&item, "instanceId"));
            found.extend(ids.map(|id| named(Some(id), None, false, None)));
        }
        Some("DisassociateAddress") => found.push(named(None, None, false, text(&request, "associationId"))),
        _ => {
            let address = text(&response, "publicIp").or_else(|| text(&request, "publicIp"));
            let instance = text(&request, "instanceId");
            let association = text(&response, "associationId");
            found.extend(address.map(|address| named(instance, Some(address), true, association)));
        }
    }
}
