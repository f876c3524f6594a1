//! Whom a request's parameters give something to: everyone, or other accounts.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::lenient;

/// How deep policies inside of parameters are followed; deeper ones count as naming nobody.
const DEPTH_MAX: usize = 32;

/// Whether request parameters (JSON text) name everyone as the one who gains.
///
/// Everyone is: `*` as principal of a statement that allows, in a policy given as JSON or as text inside of it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>); the predefined
/// groups of S3's access lists (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>) and its
/// canned `public-…` lists; `all` as the group that may use an image or a snapshot
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html>); `0.0.0.0/0` and `::/0`;
/// a function's address without authentication. Conditions are not judged, so a statement that allows `*` under a
/// condition counts. What is taken away (`remove…`) and what is denied does not.
#[must_use]
pub fn names_everyone(request_parameters: &str) -> bool {
    lenient::value(request_parameters).is_some_and(|value| within(None, &value, 0))
}

/// The accounts other than `own` that request parameters (JSON text) name, sorted: as an account id of twelve digits,
/// or inside of an ARN. What is taken away (`remove…`) and what is denied does not count.
#[must_use]
pub fn other_accounts(request_parameters: &str, own: Option<&str>) -> Vec<String> {
    let mut accounts = BTreeSet::new();
    if let Some(value) = lenient::value(request_parameters) {
        collect_accounts(&value, 0, &mut accounts);
    }
    accounts.into_iter().filter(|account| own != Some(account.as_str())).collect()
}

/// Adds the accounts that a value names.
fn collect_accounts(value: &Value, depth: usize, accounts: &mut BTreeSet<String>) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::String(text) if text.trim_start().starts_with('{') => {
            if let Some(inner) = lenient::value(text) {
                collect_accounts(&inner, depth + 1, accounts);
            }
        }
        Value::String(text) => {
            let account =
                if text.starts_with("arn:") { text.split(':').nth(4).unwrap_or_default() } else { text };
            if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
                accounts.insert(account.to_owned());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_accounts(item, depth + 1, accounts)),
        Value::Object(members) if !denies(members) => {
            let given = members.iter().filter(|(name, _)| !takes_away(name));
            given.for_each(|(_, value)| collect_accounts(value, depth + 1, accounts));
        }
        _ => {}
    }
}

/// Whether a value names everyone; `member` is the name that it stands under.
fn within(member: Option<&str>, value: &Value, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    match value {
        Value::String(text) => text_names_everyone(member, text, depth),
        Value::Array(items) => items.iter().any(|item| within(member, item, depth + 1)),
        Value::Object(members) => {
            !denies(members)
                && members.iter().any(|(name, value)| {
                    !takes_away(name) && member_names_everyone(member, name, value, depth)
                })
        }
        _ => false,
    }
}

/// Whether one member of an object names everyone; a principal's kinds (`AWS`, `Federated`) count as the principal.
fn member_names_everyone(outer: Option<&str>, name: &str, value: &Value, depth: usize) -> bool {
    let name = if outer.is_some_and(is_principal) && name == "AWS" { "Principal" } else { name };
    within(Some(name), value, depth + 1)
}

fn text_names_everyone(member: Option<&str>, text: &str, depth: usize) -> bool {
    let member = member.unwrap_or_default();
    match text {
        "*" => is_principal(member),
        "all" => {
            matches!(member.to_ascii_lowercase().as_str(), "group" | "groups" | "valuestoadd" | "usergroup")
        }
        "NONE" => member == "authType",
        "0.0.0.0/0" | "::/0" | "public-read" | "public-read-write" | "authenticated-read" => true,
        _ if text.trim_start().starts_with('{') => {
            lenient::value(text).is_some_and(|inner| within(None, &inner, depth + 1))
        }
        _ => text.starts_with("http://acs.amazonaws.com/groups/global/"),
    }
}

/// Whether a member names who a policy or a permission is for.
fn is_principal(member: &str) -> bool {
    member.eq_ignore_ascii_case("principal")
}

/// Whether an object is a statement that denies.
fn denies(members: &Map<String, Value>) -> bool {
    members.get("Effect").and_then(Value::as_str) == Some("Deny")
}

/// Whether what stands under this name is taken away.
fn takes_away(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    member.starts_with("remove") || member == "valuestoremove"
}

#[cfg(test)]
mod tests {
    use super::{names_everyone, other_accounts};

    #[test]
    fn a_policy_that_allows_any_principal_names_everyone_in_either_form() {
        let statement = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}"#;
        assert!(names_everyone(&format!(r#"{{"bucketPolicy":{{"Statement":[{statement}]}}}}"#)));
        let text = serde_json::json!({ "policy": format!(r#"{{"Statement":[{statement}]}}"#) });
        assert!(names_everyone(&text.to_string()));
        assert!(names_everyone(r#"{"p":{"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]}}}}"#));
    }

    #[test]
    fn a_policy_that_denies_any_principal_names_nobody() {
        assert!(!names_everyone(
            r#"{"p":{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*"}]}}"#
        ));
    }

    #[test]
    fn an_action_or_resource_star_is_no_principal() {
        let policy = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"*","Resource":"*"}"#;
        assert!(!names_everyone(&format!(r#"{{"p":{{"Statement":[{policy}]}}}}"#)));
    }

    #[test]
    fn sharing_with_the_group_all_names_everyone_and_removing_it_does_not() {
        let items = r#"{"items":[{"group":"all"}]}"#;
        assert!(names_everyone(&format!(r#"{{"createVolumePermission":{{"add":{items}}}}}"#)));
        assert!(!names_everyone(&format!(r#"{{"createVolumePermission":{{"remove":{items}}}}}"#)));
        assert!(names_everyone(r#"{"attributeName":"restore","valuesToAdd":["all"]}"#));
        assert!(!names_everyone(r#"{"attributeName":"restore","valuesToRemove":["all"]}"#));
    }

    #[test]
    fn open_networks_lists_and_addresses_name_everyone() {
        assert!(names_everyone(
            r#"{"ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}"#
        ));
        assert!(names_everyone(r#"{"Grantee":{"URI":"http://acs.amazonaws.com/groups/global/AllUsers"}}"#));
        assert!(names_everyone(r#"{"x-amz-acl":"public-read"}"#));
        assert!(names_everyone(r#"{"functionName":"f","authType":"NONE"}"#));
        assert!(names_everyone(r#"{"functionName":"f","principal":"*"}"#));
        assert!(!names_everyone(r#"{"cidrIp":"192.0.2.0/24"}"#));
        assert!(names_everyone(r#"{"sid":"\ud800","cidrIp":"::/0"}"#));
        assert!(!names_everyone("null"));
        assert!(!names_everyone("no json"));
    }

    #[test]
    fn other_accounts_are_found_in_ids_and_policies_but_not_where_they_lose() {
        let own = Some("111122223333");
        let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::777788889999:root"]}},
            {"Effect":"Deny","Principal":{"AWS":"444455556666"}}]}"#;
        let text = serde_json::json!({ "roleName": "r", "policyDocument": policy }).to_string();
        assert_eq!(other_accounts(&text, own), ["777788889999"]);
        assert_eq!(other_accounts(&text, None), ["111122223333", "777788889999"]);
        let share = r#"{"createVolumePermission":{"add":{"items":[{"userId":"777788889999"}]},"remove":{"items":[{"userId":"444455556666"}]}}}"#;
        assert_eq!(other_accounts(share, own), ["777788889999"]);
        assert!(other_accounts("null", own).is_empty());
    }

    #[test]
    fn nesting_without_end_names_nobody() {
        let deep = format!("{}\"0.0.0.0/0\"{}", "[".repeat(60), "]".repeat(60));
        assert!(!names_everyone(&deep));
    }
}
