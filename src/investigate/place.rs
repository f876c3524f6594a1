//! Where calls came from and went to: addresses, agents, regions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::agent::{self, ToolKind};
use super::body::Body;
use super::bounded::Bounded;
use super::evidence::{Evidence, Seen, Span, Time, keep_smallest};
use super::limit::Limits;
use super::outcome::Outcome;
use super::who::{note, seen};
use crate::aws::SourceAddress;
use crate::query::EventRow;

/// What a source address is. CloudTrail writes a service's name, or `AWS Internal`, where a service made the call:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// A public IP address.
    Public,
    /// A private IP address: the call came through a VPC endpoint, or the address was rewritten.
    Private,
    /// A service's DNS name.
    Service,
    /// `AWS Internal`.
    Internal,
    /// Anything else.
    Other,
}

/// A source address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// As the records have it.
    pub address: String,
    /// What it is.
    pub kind: AddressKind,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// Calls that were denied.
    pub denied: u64,
    /// Regions called from it.
    pub regions: Vec<String>,
    /// Keys used from it.
    pub keys: Vec<String>,
    /// VPC endpoints it came through.
    pub vpc_endpoints: Vec<String>,
    /// What the address belongs to, when the logs tell: an elastic IP, a NAT gateway, an instance.
    pub belongs_to: Option<Belonging>,
}

/// What an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Belonging {
    /// `elastic IP`, `NAT gateway` or `instance`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The records that say so.
    pub evidence: Vec<Evidence>,
}

/// A user agent without its versions and random ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// The folded agent.
    pub agent: String,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// One agent as it stood in a record.
    pub sample: String,
    /// Well-known tools that it names, most telling first.
    pub tools: Vec<String>,
}

/// A well-known tool that agents name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolSeen {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: ToolKind,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// Different random ids beside its name, at most 10,000: runs, for tools that make one a run.
    pub run_ids: u64,
}

/// Where the calls came from and went to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Places {
    /// Source addresses, most frequent first.
    pub addresses: Vec<Address>,
    /// User agents, most frequent first.
    pub agents: Vec<Agent>,
    /// Well-known tools, most telling kind first.
    pub tools: Vec<ToolSeen>,
    /// Regions, most frequent first.
    pub regions: Vec<Seen>,
    /// Services that made calls for the subject (`invokedBy`), counted in all figures, most frequent first.
    pub forwarded_by: Vec<Seen>,
}

#[derive(Debug, Clone, Default)]
struct AddressFold {
    span: Span,
    denied: u64,
    regions: BTreeSet<String>,
    keys: BTreeSet<String>,
    vpc_endpoints: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct AgentFold {
    span: Span,
    sample: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct ToolFold {
    span: Span,
    run_ids: BTreeSet<u64>,
}

/// Random ids counted per tool at most.
const RUN_IDS_MAX: usize = 10_000;

/// Agents whose reading is kept at most.
const READ_AGENTS_MAX: usize = 4_096;

/// An agent as it was read once.
#[derive(Debug, Clone)]
struct ReadAgent {
    folded: String,
    tools: Vec<agent::Tool>,
    random_ids: Vec<u64>,
}

impl ReadAgent {
    fn of(agent: &str) -> ReadAgent {
        ReadAgent {
            folded: agent::folded(agent),
            tools: agent::tools(agent),
            random_ids: agent::random_ids(agent).map(|id| xxh3_64(id.as_bytes())).collect(),
        }
    }
}

/// Gathers where calls came from.
#[derive(Debug, Clone)]
pub(crate) struct PlaceFold {
    limits: Limits,
    addresses: Bounded<String, AddressFold>,
    agents: Bounded<String, AgentFold>,
    tools: BTreeMap<(ToolKind, &'static str), ToolFold>,
    regions: Bounded<String, Span>,
    forwarded_by: Bounded<String, Span>,
    network: NetworkFold,
    read_agents: BTreeMap<String, ReadAgent>,
    details_reached: bool,
}

impl PlaceFold {
    pub(crate) fn new(limits: Limits) -> PlaceFold {
        PlaceFold {
            limits,
            addresses: Bounded::new(limits.addresses_max),
            agents: Bounded::new(limits.agents_max),
            tools: BTreeMap::new(),
            regions: Bounded::new(limits.identities_max),
            forwarded_by: Bounded::new(limits.identities_max),
            network: NetworkFold::new(limits.changes_max),
            read_agents: BTreeMap::new(),
            details_reached: false,
        }
    }

    /// Takes in one record of the subject.
    pub(crate) fn push(&mut self, row: &EventRow<'_>, outcome: Outcome) {
        let at = Time(row.event_time);
        note(&mut self.regions, row.aws_region, at);
        note(&mut self.forwarded_by, row.invoked_by, at);
        self.push_address(row, outcome);
        if let Some(agent) = row.user_agent.filter(|agent| !agent.is_empty()) {
            self.push_agent(agent, at);
        }
    }

    fn push_address(&mut self, row: &EventRow<'_>, outcome: Outcome) {
        let max = self.limits.details_max;
        let Some(address) = row.source_ip_address.filter(|a| !a.is_empty()) else { return };
        let Some(fold) = self.addresses.slot(address) else { return };
        fold.span.add(Time(row.event_time));
        fold.denied += u64::from(outcome == Outcome::Denied);
        for (set, value) in [
            (&mut fold.regions, row.aws_region),
            (&mut fold.keys, row.access_key_id),
            (&mut fold.vpc_endpoints, row.vpc_endpoint_id),
        ] {
            if let Some(value) = value.filter(|v| !v.is_empty() && !set.contains(*v)) {
                self.details_reached |= keep_smallest(set, value.to_owned(), max);
            }
        }
    }

    fn push_agent(&mut self, agent: &str, at: Time) {
        if !self.read_agents.contains_key(agent) {
            // Most rows repeat an agent; reading one again only costs time.
            if self.read_agents.len() >= READ_AGENTS_MAX {
                self.read_agents.clear();
            }
            self.read_agents.insert(agent.to_owned(), ReadAgent::of(agent));
        }
        let Some(read) = self.read_agents.get(agent) else { return };
        if let Some(fold) = self.agents.slot(read.folded.as_str()) {
            fold.span.add(at);
            if fold.sample.as_deref().is_none_or(|sample| agent < sample) {
                fold.sample = Some(agent.to_owned());
            }
        }
        for tool in &read.tools {
            let fold = self.tools.entry((tool.kind, tool.name)).or_default();
            fold.span.add(at);
            for id in &read.random_ids {
                keep_smallest(&mut fold.run_ids, *id, RUN_IDS_MAX);
            }
        }
    }

    /// Takes in a successful call, by anyone, that gives an address to a resource.
    pub(crate) fn push_network(&mut self, row: &EventRow<'_>, operation: &str, body: &Body) {
        self.network.push(row, operation, body);
    }

    /// The operations that tell to what an address belongs, of the kinds of addresses that are here. Launches of instances,
    /// which are many, tell only of those of a VPC, which may be of a range that is public elsewhere
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>): CloudTrail sees such a one where a call came
    /// through an endpoint.
    pub(crate) fn holding_operations(&self) -> Vec<&'static str> {
        let has = |is_it: fn(AddressKind, &AddressFold) -> bool| {
            let known = || self.addresses.iter().any(|(ip, fold)| is_it(address_kind(ip), fold));
            self.addresses.reached() || known()
        };
        let mut operations = Vec::new();
        if has(|kind, _| kind == AddressKind::Public) {
            operations.extend(["AllocateAddress", "AssociateAddress", "CreateNatGateway"]);
        }
        if has(|kind, fold| kind == AddressKind::Private || !fold.vpc_endpoints.is_empty()) {
            operations.push("RunInstances");
        }
        operations
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        [
            ("places.addresses", self.addresses.reached(), self.limits.addresses_max),
            ("places.agents", self.agents.reached(), self.limits.agents_max),
            ("places.regions", self.regions.reached(), self.limits.identities_max),
            ("places.forwarded_by", self.forwarded_by.reached(), self.limits.identities_max),
            ("places.addresses.*", self.details_reached, self.limits.details_max),
        ]
        .into_iter()
        .filter(|(_, reached, _)| *reached)
        .map(|(name, _, max)| (name, max))
        .collect()
    }

    /// Everything in its final order.
    pub(crate) fn finish(self) -> Places {
        let network = self.network;
        let addresses = self.addresses.into_iter().map(|(address, fold)| Address {
            kind: address_kind(&address),
            belongs_to: network.belonging(&address),
            address,
            span: fold.span,
            denied: fold.denied,
            regions: fold.regions.into_iter().collect(),
            keys: fold.keys.into_iter().collect(),
            vpc_endpoints: fold.vpc_endpoints.into_iter().collect(),
        });
        let mut addresses: Vec<Address> = addresses.collect();
        addresses.sort_by(|a, b| b.span.calls.cmp(&a.span.calls).then_with(|| a.address.cmp(&b.address)));
        let agents = self.agents.into_iter().map(|(agent, fold)| {
            let sample = fold.sample.unwrap_or_default();
            let tools = agent::tools(&sample).into_iter().map(|tool| tool.name.to_owned()).collect();
            Agent { agent, span: fold.span, sample, tools }
        });
        let mut agents: Vec<Agent> = agents.collect();
        agents.sort_by(|a, b| b.span.calls.cmp(&a.span.calls).then_with(|| a.agent.cmp(&b.agent)));
        let tools = self.tools.into_iter().map(|((kind, name), fold)| ToolSeen {
            name: name.to_owned(),
            kind,
            span: fold.span,
            run_ids: fold.run_ids.len() as u64,
        });
        let mut tools: Vec<ToolSeen> = tools.collect();
        tools.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        Places {
            addresses,
            agents,
            tools,
            regions: seen(self.regions),
            forwarded_by: seen(self.forwarded_by),
        }
    }
}

/// What a source address is.
pub(crate) fn address_kind(address: &str) -> AddressKind {
    match SourceAddress::parse(address) {
        SourceAddress::Public(_) => AddressKind::Public,
        SourceAddress::Private(_) => AddressKind::Private,
        SourceAddress::Service(_) => AddressKind::Service,
        SourceAddress::Internal => AddressKind::Internal,
        SourceAddress::Other(_) => AddressKind::Other,
    }
}

/// Which elastic IP, NAT gateway or instance an address belongs to.
#[derive(Debug, Clone)]
struct NetworkFold {
    /// Public address to allocation.
    allocations: Bounded<String, Option<Holder>>,
    /// Allocation (or address) to what it was given to.
    holders: Bounded<String, Option<Holder>>,
}

/// What an address or an allocation was given to, by the earliest record.
#[derive(Debug, Clone)]
struct Holder {
    kind: &'static str,
    id: String,
    evidence: Evidence,
}

impl NetworkFold {
    fn new(max: usize) -> NetworkFold {
        NetworkFold { allocations: Bounded::new(max), holders: Bounded::new(max) }
    }

    fn push(&mut self, row: &EventRow<'_>, operation: &str, body: &Body) {
        let text = |paths: &[&str]| body.first(paths);
        match operation {
            "AllocateAddress" => {
                let (ip, id) = (text(&["r.publicIp"]), text(&["r.allocationId"]));
                note_holder(&mut self.allocations, ip, "elastic IP", id, row);
            }
            "CreateNatGateway" => {
                let allocation = text(&["q.allocationId", "r.natGateway.natGatewayAddressSet.allocationId"]);
                note_holder(
                    &mut self.holders,
                    allocation,
                    "NAT gateway",
                    text(&["r.natGateway.natGatewayId"]),
                    row,
                );
            }
            "AssociateAddress" => {
                let address = text(&["q.allocationId", "q.publicIp"]);
                note_holder(&mut self.holders, address, "instance", text(&["q.instanceId"]), row);
            }
            "RunInstances" => {
                let ids = body.texts("r.instancesSet.instanceId");
                let ips = body.texts("r.instancesSet.privateIpAddress");
                for (instance, ip) in ids.into_iter().zip(ips) {
                    note_holder(&mut self.holders, Some(ip), "instance", Some(instance), row);
                }
            }
            _ => {}
        }
    }

    fn belonging(&self, address: &str) -> Option<Belonging> {
        let allocation = self.allocations.get(address).and_then(Option::as_ref);
        let of_allocation = allocation.and_then(|allocation| self.holders.get(&allocation.id));
        let holder = of_allocation.or_else(|| self.holders.get(address)).and_then(Option::as_ref);
        let last = holder.or(allocation)?;
        let evidence: BTreeSet<Evidence> =
            allocation.iter().chain(&holder).map(|known| known.evidence.clone()).collect();
        let evidence = evidence.into_iter().collect();
        Some(Belonging { kind: last.kind.to_owned(), id: last.id.clone(), evidence })
    }
}

/// Notes who holds `address`, unless an earlier record says so.
fn note_holder(
    map: &mut Bounded<String, Option<Holder>>,
    address: Option<String>,
    kind: &'static str,
    id: Option<String>,
    row: &EventRow<'_>,
) {
    let (Some(address), Some(id)) = (address, id) else { return };
    let Some(slot) = map.slot(address.as_str()) else { return };
    let evidence = Evidence::of(row);
    if slot.as_ref().is_none_or(|known| evidence < known.evidence) {
        *slot = Some(Holder { kind, id, evidence });
    }
}
