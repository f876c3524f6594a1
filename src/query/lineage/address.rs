//! The records that name addresses of an account and of its instances, and those that launched instances.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::lake::Column;
use crate::query::cells::{self, Said};
use crate::query::lookup::{Lookup, Texts, Wanted};
use crate::query::{EventRow, Filter, QueryError, lenient};

/// A record that names an address of an instance or an account, or tells that an instance has another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addressed {
    /// When.
    pub time: DateTime<Utc>,
    /// Whether it is one of an account's own that stays until it is taken away.
    pub stays: bool,
    /// The instance that has it.
    pub instance: Option<String>,
    /// None where an instance started anew: its public address is another then
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html>).
    pub address: Option<String>,
    /// What ties a lasting address to an instance, until a record without an address names it.
    pub association: Option<String>,
    /// The id under which the account was given a lasting address: a record that ties it to an instance may name no more
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>).
    pub allocation: Option<String>,
    /// The network interface of the instance, by which that record may name it.
    pub interface: Option<String>,
}

/// What records tell of instances, in no particular order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instances {
    /// Of their addresses.
    pub addressed: Vec<Addressed>,
    /// Which were launched, and when.
    pub launched: Vec<(String, DateTime<Utc>)>,
}

/// The calls that tell of addresses and launches.
const TELLING: [&str; 5] =
    ["AllocateAddress", "RunInstances", "AssociateAddress", "DisassociateAddress", "StartInstances"];

/// Selects the calls of an account that tell of its instances.
pub(super) fn telling(account: &str) -> Filter {
    Filter::All(vec![
        Filter::In(Column::EventName, TELLING.map(str::to_owned).into()),
        Filter::Is(Column::EventSource, "ec2.amazonaws.com".to_owned()),
        Filter::Is(Column::Account, account.to_owned()),
    ])
}

/// What the rows that satisfy a condition tell. None where the condition is one that only the engine can tell.
pub(super) async fn instances(lookup: &Lookup, filter: &Filter) -> Result<Option<Instances>, QueryError> {
    // Parameters and answers hold most of a lake's bytes: that of a launch says what was launched, and it alone is read.
    let needs = |batch: &RecordBatch| {
        let Ok(names) = Said::of(batch, Column::EventName.name()) else { return Vec::new() };
        let asked = |row: usize| names.at(row) != Some("RunInstances");
        let answered = |row: usize| !matches!(names.at(row), Some("StartInstances" | "DisassociateAddress"));
        let rows = || 0..batch.num_rows();
        vec![rows().map(asked).collect(), rows().map(answered).collect()]
    };
    let wanted = Wanted {
        columns: vec![Column::EventTime, Column::EventName, Column::ErrorCode, Column::ErrorMessage],
        large: vec![Column::RequestParameters, Column::ResponseElements],
        needs: Arc::new(needs),
        texts: Texts::Plain,
    };
    let add = |found: &mut Instances, batch: RecordBatch| {
        let text = |column: Column| Said::of(&batch, column.name());
        let times = cells::timestamp(&batch, Column::EventTime.name())?;
        let (names, codes) = (text(Column::EventName)?, text(Column::ErrorCode)?);
        let messages = text(Column::ErrorMessage)?;
        let (requests, responses) = (text(Column::RequestParameters)?, text(Column::ResponseElements)?);
        for row in 0..batch.num_rows() {
            found.add(&EventRow {
                event_time: cells::instant(times, row).unwrap_or_default(),
                event_name: names.at(row),
                error_code: codes.at(row),
                error_message: messages.at(row),
                request_parameters: requests.at(row),
                response_elements: responses.at(row),
                ..EventRow::default()
            });
        }
        Ok(())
    };
    let mut whole = Instances::default();
    let merge = |part: Instances| {
        whole.addressed.extend(part.addressed);
        whole.launched.extend(part.launched);
        Ok(())
    };
    let read = lookup.fold_into(filter, wanted, add, merge).await?;
    Ok(read.then_some(whole))
}

impl Instances {
    /// Takes in a call that [`telling`] selects.
    pub(super) fn add(&mut self, row: &EventRow<'_>) {
        let says = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        if says(row.error_code) {
            return;
        }
        let json = |text: Option<&str>| text.and_then(lenient::value).unwrap_or_default();
        let (request, response) = (json(row.request_parameters), json(row.response_elements));
        let text = |holder: &Value, name: &str| holder.get(name).and_then(Value::as_str).map(str::to_owned);
        let named = |instance, address, stays, association| Addressed {
            time: row.event_time,
            stays,
            instance,
            address,
            association,
            allocation: None,
            interface: None,
        };
        let listed = |holder: &Value, path: &str| -> Vec<Value> {
            holder.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let items = |holder: &Value| listed(holder, "/instancesSet/items");
        match row.event_name {
            Some("RunInstances") => {
                for item in items(&response) {
                    let instance = text(&item, "instanceId");
                    if !says(row.error_message) {
                        self.launched.extend(instance.clone().map(|instance| (instance, row.event_time)));
                    }
                    let addresses =
                        ["publicIp", "ipAddress", "privateIpAddress"].map(|name| text(&item, name));
                    let addresses = addresses.into_iter().flatten();
                    let of_instance = |address| named(instance.clone(), Some(address), false, None);
                    self.addressed.extend(addresses.map(of_instance));
                    // Each network interface has addresses of its own, and its id.
                    for interface in listed(&item, "/networkInterfaceSet/items") {
                        let (id, own) =
                            (text(&interface, "networkInterfaceId"), text(&interface, "privateIpAddress"));
                        let more = listed(&interface, "/privateIpAddressesSet/item");
                        let more = more.iter().filter_map(|one| text(one, "privateIpAddress"));
                        let v6 = listed(&interface, "/ipv6AddressesSet/item");
                        let v6 = v6.iter().filter_map(|one| text(one, "ipv6Address"));
                        let all: BTreeSet<String> = own.into_iter().chain(more).chain(v6).collect();
                        let of_interface =
                            |address| Addressed { interface: id.clone(), ..of_instance(address) };
                        self.addressed.extend(all.into_iter().map(of_interface));
                    }
                }
            }
            Some("StartInstances") => {
                let ids = items(&request).into_iter().filter_map(|item| text(&item, "instanceId"));
                self.addressed.extend(ids.map(|id| named(Some(id), None, false, None)));
            }
            Some("DisassociateAddress") => {
                self.addressed.push(named(None, None, false, text(&request, "associationId")));
            }
            _ => {
                let address = text(&response, "publicIp").or_else(|| text(&request, "publicIp"));
                let instance = text(&request, "instanceId");
                let association = text(&response, "associationId");
                let allocation = text(&response, "allocationId").or_else(|| text(&request, "allocationId"));
                let interface = text(&request, "networkInterfaceId");
                if address.is_some() || allocation.is_some() {
                    let one = named(instance, address, true, association);
                    self.addressed.push(Addressed { allocation, interface, ..one });
                }
            }
        }
    }
}
