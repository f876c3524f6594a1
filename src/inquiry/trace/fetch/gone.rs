//! What was removed, and which addresses are an account's own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};

use super::{Source, keep, kept, one_of};
use crate::lake::{Column, Session};
use crate::lineage::{Borne, IssuanceKind, Removal, Rename, Renames, UserHistory, Workload, is_instance_id};
use crate::query::cells::Text;
use crate::query::lineage::{Addressed, Instances, removed, renamed};
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
            return Ok(known.to_vec());
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

    /// What befell the users of a name in an account; of a user with several names, who bore this one at a moment, what
    /// befell it under each.
    pub(in crate::inquiry::trace) async fn user_history(
        &self,
        account: &str,
        name: &str,
        moment: DateTime<Utc>,
    ) -> Result<UserHistory, QueryError> {
        let mut history = UserHistory::default();
        for borne in self.names_of(account, name, moment).await? {
            let passwords = self.ways_in(account, &borne.name, IssuanceKind::Password).await?;
            let users = self.ways_in(account, &borne.name, IssuanceKind::User).await?;
            history.add(&UserHistory { users, passwords, removals: Vec::new() }, &borne);
        }
        // Without a password that was set nothing is asked of what was removed.
        if !history.passwords.is_empty() {
            let names = ["DeleteUser", "DeleteLoginProfile"].map(str::to_owned);
            let accounts = BTreeSet::from([account.to_owned()]);
            let all = (DateTime::UNIX_EPOCH, None);
            let removals = self.removals(&BTreeSet::from(names), Some(&accounts), all).await?;
            for borne in self.names_of(account, name, moment).await? {
                let own = removals.iter().filter(|one| borne.is(&one.id, one.record.time));
                history.removals.extend(own.cloned());
            }
        }
        Ok(history)
    }

    /// The names that a user bore who bore this one at a moment, in order of time.
    pub(in crate::inquiry::trace) async fn names_of(
        &self,
        account: &str,
        name: &str,
        moment: DateTime<Utc>,
    ) -> Result<Vec<Borne>, QueryError> {
        Ok(self.renames(account).await?.borne(account, name, moment))
    }

    /// The records of an account that gave users other names: few.
    async fn renames(&self, account: &str) -> Result<Renames, QueryError> {
        if let Some(known) = kept(&self.renames, account) {
            return Ok(Renames::of(known.to_vec()));
        }
        let filter = Filter::All(vec![
            Filter::Is(Column::EventName, "UpdateUser".to_owned()),
            Filter::Is(Column::EventSource, "iam.amazonaws.com".to_owned()),
            Filter::Is(Column::Account, account.to_owned()),
        ]);
        let mut found: Vec<Rename> = Vec::new();
        for batch in self.events(&filter, &[Column::RequestParameters]).await? {
            let worked = query::rows(&batch)?.filter(|row| row.error_code.is_none_or(str::is_empty));
            found.extend(worked.filter_map(|row| renamed(&row)));
        }
        keep(&self.renames, account.to_owned(), &found);
        Ok(Renames::of(found))
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

/// The addresses that logs name.
#[derive(Debug, Clone, Default)]
pub(in crate::inquiry) struct OwnAddresses {
    /// Those that the account was given and that its instances have: those of its NAT gateways are among them.
    pub(in crate::inquiry) of_account: Arc<BTreeSet<String>>,
    /// Those of the one instance, at the time.
    pub(in crate::inquiry) of_instance: BTreeSet<String>,
    /// Those from which sessions of the one instance called through a VPC endpoint of an account of which no log is here, see
    /// [`through_endpoints`].
    pub(in crate::inquiry) elsewhere: BTreeSet<String>,
    /// By address: the other instances that had it, of those of the account, at the time.
    pub(in crate::inquiry) others: Others,
}

/// Who else of an account had an address at a moment.
#[derive(Debug, Clone, Default)]
pub(in crate::inquiry) struct Others(Option<(Arc<AddressBook>, String, DateTime<Utc>)>);

impl Others {
    /// The other instance that had an address.
    pub(in crate::inquiry) fn holder(&self, address: &str) -> Option<&str> {
        let (book, own, moment) = self.0.as_ref()?;
        book.holder(address, own, *moment)
    }
}

/// Completes what records leave out: the address of an allocation, and the instance of a network interface.
fn name_whole(all: &mut [Addressed]) {
    let mut allocated: HashMap<String, String> = HashMap::new();
    let mut interfaces: HashMap<String, String> = HashMap::new();
    for one in all.iter() {
        allocated.extend(one.allocation.clone().zip(one.address.clone()));
        interfaces.extend(one.interface.clone().zip(one.instance.clone()));
    }
    for one in all.iter_mut() {
        let by_allocation = one.allocation.as_ref().and_then(|id| allocated.get(id));
        one.address = one.address.take().or_else(|| by_allocation.cloned());
        let by_interface = one.interface.as_ref().and_then(|id| interfaces.get(id));
        one.instance = one.instance.take().or_else(|| by_interface.cloned());
    }
}

/// What the records of one account say of addresses, in order of time, and which of them concern what; and when instances were
/// launched. The instances of an account are many, and each is asked for.
#[derive(Debug, Default)]
pub(in crate::inquiry) struct AddressBook {
    all: Vec<Addressed>,
    by_instance: HashMap<String, Vec<usize>>,
    by_address: HashMap<String, Vec<usize>>,
    by_association: HashMap<String, Vec<usize>>,
    of_account: Arc<BTreeSet<String>>,
    /// By instance: when it was launched.
    launched: HashMap<String, Vec<DateTime<Utc>>>,
    /// By instance: see [`OwnAddresses::elsewhere`].
    elsewhere: BTreeMap<String, BTreeSet<String>>,
}

impl AddressBook {
    fn of(instances: Instances) -> Self {
        let mut all = instances.addressed;
        all.sort();
        name_whole(&mut all);
        let mut book = AddressBook::default();
        let mut of_account = BTreeSet::new();
        for (at, one) in all.iter().enumerate() {
            for (index, name) in [
                (&mut book.by_instance, one.instance.as_ref()),
                (&mut book.by_address, one.address.as_ref()),
                (&mut book.by_association, one.association.as_ref()),
            ] {
                if let Some(name) = name {
                    index.entry(name.clone()).or_default().push(at);
                }
            }
            of_account.extend(one.address.clone());
        }
        for (instance, time) in instances.launched {
            book.launched.entry(instance).or_default().push(time);
        }
        AddressBook { all, of_account: Arc::new(of_account), ..book }
    }

    /// What concerns an instance, in order of time: of itself, and of the addresses that it had.
    fn concerning(&self, instance: &str) -> Vec<&Addressed> {
        let own = self.by_instance.get(instance).into_iter().flatten().copied();
        let mut found: BTreeSet<usize> = own.clone().collect();
        for one in own.filter_map(|at| self.all.get(at)) {
            let by_address = one.address.as_ref().and_then(|address| self.by_address.get(address));
            let tied = one.association.as_ref().and_then(|tie| self.by_association.get(tie));
            found.extend(by_address.into_iter().chain(tied).flatten());
        }
        found.into_iter().filter_map(|at| self.all.get(at)).collect()
    }

    /// When an instance was last launched before `end`.
    fn launched(&self, instance: &str, end: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let times = self.launched.get(instance).into_iter().flatten().copied();
        times.filter(|time| end.is_none_or(|end| *time < end)).max()
    }

    /// The instance that had an address at a moment, if it was another one than `own`.
    fn holder(&self, address: &str, own: &str, moment: DateTime<Utc>) -> Option<&str> {
        let named = self.by_address.get(address).into_iter().flatten().filter_map(|at| self.all.get(*at));
        let before = named.filter(|one| one.time <= moment);
        let instances: BTreeSet<&str> = before.filter_map(|one| one.instance.as_deref()).collect();
        let mut others = instances.into_iter().filter(|instance| *instance != own);
        others.find(|other| self.addresses(other, moment).of_instance.contains(address))
    }

    fn addresses(&self, instance: &str, moment: DateTime<Utc>) -> OwnAddresses {
        let mut has: Vec<&Addressed> = Vec::new();
        for one in self.concerning(instance).into_iter().filter(|one| one.time <= moment) {
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
        OwnAddresses {
            of_account: Arc::clone(&self.of_account),
            of_instance: has.into_iter().filter_map(|one| one.address.clone()).collect(),
            elsewhere: self.elsewhere.get(instance).cloned().unwrap_or_default(),
            others: Others::default(),
        }
    }
}

impl Source {
    /// The addresses of an account and of an instance at a moment, as far as the logs name them.
    pub(in crate::inquiry) async fn own_addresses(
        &self,
        account: &str,
        instance: &str,
        moment: DateTime<Utc>,
    ) -> Result<OwnAddresses, QueryError> {
        let book = self.book(account).await?;
        let own = book.addresses(instance, moment);
        Ok(OwnAddresses { others: Others(Some((book, instance.to_owned(), moment))), ..own })
    }

    /// When an instance of an account was last launched before `end`.
    pub(in crate::inquiry::trace) async fn instance_launched(
        &self,
        account: &str,
        instance: &str,
        end: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, QueryError> {
        Ok(self.book(account).await?.launched(instance, end))
    }

    /// What the records of an account say of its instances: read once, as each is asked for.
    async fn book(&self, account: &str) -> Result<Arc<AddressBook>, QueryError> {
        let known = self.addresses.lock().ok().and_then(|books| books.get(account).cloned());
        if let Some(book) = known {
            return Ok(book);
        }
        let mut book = AddressBook::of(self.relations.instances(account).await?);
        let known = self.sight().await?.accounts.keys().cloned().chain([account.to_owned()]).collect();
        book.elsewhere = elsewhere(&self.ctx, &through_endpoints(account, known)).await?;
        let book = Arc::new(book);
        if let Ok(mut books) = self.addresses.lock() {
            books.insert(account.to_owned(), Arc::clone(&book));
        }
        Ok(book)
    }
}

/// By instance: from where its sessions made some calls. They may be very many, so their rows are not kept.
async fn elsewhere(ctx: &Session, filter: &Filter) -> Result<BTreeMap<String, BTreeSet<String>>, QueryError> {
    type Places = BTreeMap<String, BTreeSet<String>>;
    let columns = [Column::IdentityArn.name(), Column::SourceIpAddress.name()];
    let take = move |places: &mut Places, batch: &RecordBatch| {
        let [arns, addresses] = columns.map(|name| Text::of(batch, name));
        let (arns, addresses) = (arns?, addresses?);
        for row in 0..batch.num_rows() {
            let name = arns.get(row).and_then(|arn| arn.rsplit('/').next());
            let seen = name.filter(|name| is_instance_id(name)).zip(addresses.get(row));
            let Some((instance, address)) = seen else { continue };
            if places.get(instance).is_none_or(|known| !known.contains(address)) {
                places.entry(instance.to_owned()).or_default().insert(address.to_owned());
            }
        }
        Ok(())
    };
    let mut all = Places::default();
    for part in query::fold(ctx, filter, &columns, Places::default, take).await? {
        for (instance, mut places) in part {
            all.entry(instance).or_default().append(&mut places);
        }
    }
    Ok(all)
}

/// Selects the calls of an account's role sessions that came through a VPC endpoint of an account that is none of `known`: an
/// address of a private network is then of somebody else's network, where it is not the instance's
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
/// `vpcEndpointAccountId`). Accounts of one owner share endpoints
/// (<https://docs.aws.amazon.com/whitepapers/latest/building-scalable-secure-multi-vpc-network-infrastructure/centralized-access-to-vpc-private-endpoints.html>).
fn through_endpoints(account: &str, known: BTreeSet<String>) -> Filter {
    Filter::All(vec![
        Filter::Some(Column::VpcEndpointAccountId),
        Filter::Not(Box::new(one_of(Column::VpcEndpointAccountId, known))),
        Filter::Is(Column::IdentityAccountId, account.to_owned()),
        Filter::Is(Column::IdentityType, "AssumedRole".to_owned()),
    ])
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "i-0123456789abcdef0";
    const TWO: &str = "i-0123456789abcdef1";

    fn at(
        minute: i64,
        instance: Option<&str>,
        address: Option<&str>,
        stays: bool,
        tie: Option<&str>,
    ) -> Addressed {
        let time = DateTime::from_timestamp(1_780_000_000 + 60 * minute, 0).unwrap();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (instance, address, association) = (owned(instance), owned(address), owned(tie));
        Addressed { time, stays, instance, address, association, allocation: None, interface: None }
    }

    fn of(addressed: Vec<Addressed>) -> AddressBook {
        AddressBook::of(Instances { addressed, ..Instances::default() })
    }

    #[test]
    fn addresses_come_and_go_with_launches_starts_and_lasting_addresses() {
        let (lasting, passing, private) = (Some("52.10.20.30"), Some("54.1.2.3"), Some("10.0.0.7"));
        let book = of(vec![
            at(30, Some(TWO), lasting, true, Some("tie-2")),
            at(0, None, lasting, true, None),
            at(1, Some(ONE), passing, false, None),
            at(1, Some(ONE), private, false, None),
            at(2, Some(TWO), Some("54.9.9.9"), false, None),
            at(10, Some(ONE), lasting, true, Some("tie-1")),
            at(40, None, None, false, Some("tie-2")),
            at(50, Some(TWO), None, false, None),
        ]);
        let own = |minute, instance: &str| {
            let moment = at(minute, None, None, false, None).time;
            let found = book.addresses(instance, moment);
            assert_eq!(found.of_account.len(), 4);
            found.of_instance.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(own(5, ONE), ["10.0.0.7", "54.1.2.3"]);
        // The lasting one stands in for the passing one, until another instance has it.
        assert_eq!(own(20, ONE), ["10.0.0.7", "52.10.20.30"]);
        assert_eq!(own(35, ONE), ["10.0.0.7"]);
        assert_eq!(own(20, TWO), ["54.9.9.9"]);
        assert_eq!(own(35, TWO), ["52.10.20.30"]);
        assert_eq!(own(45, TWO), Vec::<String>::new());
        assert_eq!(own(60, "i-unknown"), Vec::<String>::new());
        // A start gives another passing address.
        let started = of(vec![
            at(1, Some(ONE), passing, false, None),
            at(1, Some(ONE), private, false, None),
            at(9, Some(ONE), None, false, None),
        ]);
        let later = at(10, None, None, false, None).time;
        assert_eq!(started.addresses(ONE, later).of_instance, BTreeSet::from(["10.0.0.7".to_owned()]));
    }

    #[test]
    fn the_last_launch_of_an_instance_before_a_moment_is_told() {
        let time = |minute| at(minute, None, None, false, None).time;
        let launched = [(ONE, 5), (TWO, 1), (ONE, 1), (ONE, 9)];
        let launched = launched.map(|(instance, minute)| (instance.to_owned(), time(minute))).to_vec();
        let book = AddressBook::of(Instances { launched, addressed: Vec::new() });
        assert_eq!(book.launched(ONE, None), Some(time(9)));
        assert_eq!(book.launched(ONE, Some(time(9))), Some(time(5)));
        assert_eq!(book.launched(TWO, Some(time(1))), None);
        assert_eq!(book.launched("i-unknown", None), None);
    }
}
