//! Openings of the network: security groups, public databases, Lightsail ports.

use std::net::IpAddr;

use serde_json::Value;

use super::reading::{Move, Turn, Way, turn};
use super::{Grantee, OpeningHow};
use crate::investigate::body::{Body, text, values};
use crate::investigate::place::{AddressKind, address_kind};
use crate::query::EventRow;

/// The ingress rules of a security group.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>
pub(super) fn security_group(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    let group = body.first(&["q.groupId", "q.groupName"]);
    let moves = match operation {
        "AuthorizeSecurityGroupIngress" => {
            let ids = rule_ids(body);
            let found = ranges(body).into_iter().filter_map(|(ports, range)| {
                let tag = format!("{ports} {range}");
                let rule_id = ids.iter().find(|(known, _)| *known == tag).map(|(_, id)| id.clone());
                Some(Move::Open(tag, way(&ports, &range, rule_id)?))
            });
            found.collect()
        }
        "RevokeSecurityGroupIngress" => {
            let by_range =
                ranges(body).into_iter().map(|(ports, range)| Move::Close(format!("{ports} {range}")));
            let ids = ["q.securityGroupRuleIds", "q.securityGroupRuleIds.securityGroupRuleId"];
            let by_id = ids.iter().flat_map(|path| body.texts(path)).map(Move::Close);
            by_range.chain(by_id).collect()
        }
        _ => return None,
    };
    turn(row, "security group", group, moves)
}

/// Every pair of ports and address range that the request names, in either of its forms.
fn ranges(body: &Body) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for permission in body.values("q.ipPermissions") {
        let ports = ports(permission, "ipProtocol", "fromPort", "toPort");
        for path in ["ipRanges.cidrIp", "ipv6Ranges.cidrIpv6"] {
            found.extend(
                values(permission, path).into_iter().filter_map(text).map(|cidr| (ports.clone(), cidr)),
            );
        }
    }
    if let Some(cidr) = body.first(&["q.cidrIp", "q.cidrIpv6"]) {
        let part = |path| body.text(path).unwrap_or_default();
        found.push((spoken_ports(&part("q.ipProtocol"), &part("q.fromPort"), &part("q.toPort")), cidr));
    }
    found
}

/// The ids of the rules that the response names.
fn rule_ids(body: &Body) -> Vec<(String, String)> {
    let rules = body.values("r.securityGroupRuleSet").into_iter();
    let named = rules.filter_map(|rule| {
        let cidr =
            ["cidrIpv4", "cidrIpv6"].iter().find_map(|path| values(rule, path).into_iter().find_map(text))?;
        let id = values(rule, "securityGroupRuleId").into_iter().find_map(text)?;
        Some((format!("{} {cidr}", ports(rule, "ipProtocol", "fromPort", "toPort")), id))
    });
    named.collect()
}

fn ports(value: &Value, protocol: &str, from: &str, to: &str) -> String {
    let part = |path| values(value, path).into_iter().find_map(text).unwrap_or_default();
    spoken_ports(&part(protocol), &part(from), &part(to))
}

fn spoken_ports(protocol: &str, from: &str, to: &str) -> String {
    match (protocol, from, to) {
        ("-1" | "all" | "", _, _) => "all traffic".to_owned(),
        (protocol, "", _) | (protocol, "-1", "-1") => format!("all {protocol}"),
        (protocol, "0", "65535") => format!("all {protocol}"),
        (protocol, from, to) if from == to || to.is_empty() => format!("{from}/{protocol}"),
        (protocol, from, to) => format!("{from}-{to}/{protocol}"),
    }
}

/// A way for a range of addresses of the internet; `None` for private ranges.
fn way(ports: &str, range: &str, rule_id: Option<String>) -> Option<Way> {
    let to = match range {
        "0.0.0.0/0" | "::/0" => Grantee::Anyone,
        range => {
            let (address, _) = range.split_once('/').unwrap_or((range, ""));
            address.parse::<IpAddr>().ok().filter(|_| address_kind(address) == AddressKind::Public)?;
            Grantee::Network(range.to_owned())
        }
    };
    Some(Way {
        how: OpeningHow::Network,
        what: ports.to_owned(),
        to,
        principal: range.to_owned(),
        conditions: Vec::new(),
        bound: false,
        rule_id,
    })
}

/// Databases that take an address of the internet, and the older database security groups.
pub(super) fn database(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    if operation == "AuthorizeDBSecurityGroupIngress" {
        let range = body.text("q.cIDRIP")?;
        let way = way("database", &range, None)?;
        return turn(
            row,
            "DB security group",
            body.text("q.dBSecurityGroupName"),
            vec![Move::Open(range, way)],
        );
    }
    let (kind, id) = match operation {
        "CreateDBInstance"
        | "ModifyDBInstance"
        | "RestoreDBInstanceFromDBSnapshot"
        | "RestoreDBInstanceToPointInTime"
        | "CreateDBInstanceReadReplica" => {
            ("DB instance", body.first(&["q.targetDBInstanceIdentifier", "q.dBInstanceIdentifier"]))
        }
        "CreateCluster" | "ModifyCluster" | "RestoreFromClusterSnapshot" => {
            ("cluster", body.text("q.clusterIdentifier"))
        }
        _ => return None,
    };
    let tag = "public address".to_owned();
    if body.is_true("q.publiclyAccessible") {
        let way = way("public address", "0.0.0.0/0", None)?;
        return turn(row, kind, id, vec![Move::Replace(tag, vec![way])]);
    }
    if body.is_false("q.publiclyAccessible") { turn(row, kind, id, vec![Move::Close(tag)]) } else { None }
}

/// Ports of Lightsail instances, which are open to anyone unless ranges are named.
pub(super) fn lightsail(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    if !matches!(operation, "OpenInstancePublicPorts" | "PutInstancePublicPorts") {
        return None;
    }
    let infos = ["q.portInfo", "q.portInfos"].iter().flat_map(|path| body.values(path));
    let opened = infos.flat_map(|info| {
        let ports = ports(info, "protocol", "fromPort", "toPort");
        let mut ranges: Vec<String> = values(info, "cidrs").into_iter().filter_map(text).collect();
        if ranges.is_empty() {
            ranges.push("0.0.0.0/0".to_owned());
        }
        ranges.into_iter().filter_map(move |range| way(&ports, &range, None))
    });
    let moves = opened.map(|way| Move::Open(format!("{} {}", way.what, way.principal), way)).collect();
    turn(row, "instance", body.text("q.instanceName"), moves)
}
