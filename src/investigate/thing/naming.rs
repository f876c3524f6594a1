//! The general rule: `CreateX` makes what `DeleteX` removes, and both name it by `xId`, `xName`, `xArn` or `xIdentifier`.

use crate::investigate::body::Body;

/// Verbs that make.
const MAKING: &[&str] =
    &["Create", "Allocate", "Register", "Import", "Copy", "Provision", "Upload", "Launch", "Publish"];
/// Verbs that remove.
const REMOVING: &[&str] =
    &["Delete", "Terminate", "Deregister", "Release", "Remove", "Destroy", "Deprovision", "Unregister"];

/// What an operation does to the thing of its noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Makes,
    Removes,
}

/// The verb and the noun of an operation that makes or removes: `CreateVpcPeeringConnection` → `VpcPeeringConnection`.
pub(super) fn verb_and_noun(operation: &str) -> Option<(Verb, &str)> {
    let noun = |verbs: &[&str]| {
        let noun = verbs.iter().find_map(|verb| operation.strip_prefix(verb))?;
        noun.starts_with(|c: char| c.is_ascii_uppercase()).then_some(noun)
    };
    match (noun(MAKING), noun(REMOVING)) {
        (Some(noun), _) => Some((Verb::Makes, noun)),
        (None, Some(noun)) => Some((Verb::Removes, noun)),
        (None, None) => None,
    }
}

/// The noun of any operation, without the part of it that the operation is about: `ModifyDBSnapshotAttribute` →
/// `DBSnapshot`.
pub(super) fn noun(operation: &str) -> Option<&str> {
    let verb = *words(operation).first()?;
    let noun = operation.strip_prefix(verb).filter(|noun| !noun.is_empty())?;
    Some(noun.strip_suffix("Attributes").or_else(|| noun.strip_suffix("Attribute")).unwrap_or(noun))
}

/// The operations that may remove what `noun` names.
pub(super) fn removals(noun: &str) -> impl Iterator<Item = String> {
    REMOVING.iter().map(move |verb| format!("{verb}{noun}"))
}

/// A noun as people write it: `VpcPeeringConnection` → `VPC peering connection`, `DBProxy` → `DB proxy`.
pub(super) fn kind(noun: &str) -> String {
    let words = words(noun);
    let spoken = words.iter().map(|word| match *word {
        "Vpc" => "VPC".to_owned(),
        "Nat" => "NAT".to_owned(),
        "Dhcp" => "DHCP".to_owned(),
        "Vpn" => "VPN".to_owned(),
        "Ip" => "IP".to_owned(),
        "Api" => "API".to_owned(),
        "Acl" => "ACL".to_owned(),
        "Url" => "URL".to_owned(),
        word if word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) => word.to_owned(),
        word => word.to_ascii_lowercase(),
    });
    spoken.collect::<Vec<String>>().join(" ")
}

/// The words of a CamelCase noun; a run of capitals is one word.
fn words(noun: &str) -> Vec<&str> {
    let bytes = noun.as_bytes();
    let upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    let starts = (1..bytes.len())
        .filter(|at| upper(*at) && (!upper(at - 1) || (*at + 1 < bytes.len() && !upper(at + 1))));
    let mut words = Vec::new();
    let mut from = 0;
    for at in starts.chain([bytes.len()]) {
        words.extend(noun.get(from..at).filter(|word| !word.is_empty()));
        from = at;
    }
    words
}

/// The names that a record gives to the thing of its noun, most telling first: `subnetId`, `groupName` of a
/// `SecurityGroup`, the `vpcId` inside `vpc`, a plain `name`.
pub(super) fn names(body: &Body, noun: &str) -> Vec<String> {
    let last = words(noun).last().copied().unwrap_or(noun);
    let response = body.members("r");
    let request = body.members("q");
    let of_response = body.members(&format!("r.{noun}"));
    let of_request = body.members(&format!("q.{noun}"));
    let mut found: Vec<String> = Vec::new();
    let mut add = |lists: &[&Vec<(&str, String)>], stem: &str, ending: &str| {
        for list in lists {
            let named = list.iter().find(|(name, _)| is_joined(name, stem, ending)).map(|(_, text)| text);
            if let Some(text) = named.filter(|text| !found.contains(text)) {
                found.push(text.clone());
            }
        }
    };
    for stem in [noun, last] {
        for ending in ["Id", "Name", "Identifier", "Arn"] {
            add(&[&response, &request, &of_response, &of_request], stem, ending);
        }
    }
    for ending in ["id", "name", "arn"] {
        add(&[&of_response, &response, &request], "", ending);
    }
    add(&[&request], noun, "");
    found
}

/// Whether `name` is `stem` and `ending`, whatever the case.
fn is_joined(name: &str, stem: &str, ending: &str) -> bool {
    name.len() == stem.len() + ending.len()
        && name
            .split_at_checked(stem.len())
            .is_some_and(|(head, tail)| head.eq_ignore_ascii_case(stem) && tail.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::{Verb, kind, names, noun, verb_and_noun, words};
    use crate::investigate::body::Body;
    use crate::query::EventRow;

    #[test]
    fn nouns_are_read_off_operations() {
        assert_eq!(verb_and_noun("CreateVpc"), Some((Verb::Makes, "Vpc")));
        assert_eq!(verb_and_noun("TerminateEnvironment"), Some((Verb::Removes, "Environment")));
        assert_eq!(verb_and_noun("Created"), None);
        assert_eq!(verb_and_noun("DescribeVpcs"), None);
        assert_eq!(verb_and_noun("Create"), None);
        assert_eq!(noun("ModifyDBSnapshotAttribute"), Some("DBSnapshot"));
        assert_eq!(noun("AssumeRole"), Some("Role"));
        assert_eq!(noun("Invoke"), None);
    }

    #[test]
    fn nouns_are_spoken() {
        assert_eq!(words("DBSubnetGroup"), ["DB", "Subnet", "Group"]);
        assert_eq!(kind("DBSubnetGroup"), "DB subnet group");
        assert_eq!(kind("VpcPeeringConnection"), "VPC peering connection");
        assert_eq!(kind("WebACL"), "web ACL");
        assert_eq!(kind("Vpc"), "VPC");
    }

    #[test]
    fn names_come_from_response_and_request() {
        let body = Body::of(&EventRow {
            request_parameters: Some(r#"{"name":"front","vpcId":"vpc-1"}"#),
            response_elements: Some(r#"{"internetGateway":{"internetGatewayId":"igw-1"}}"#),
            ..EventRow::default()
        });
        assert_eq!(names(&body, "InternetGateway"), ["igw-1", "front"]);
    }
}
