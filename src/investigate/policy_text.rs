//! Reads policy documents inside parameters: whom they name and whether they allow everything.
//!
//! This is no evaluator. It answers two questions about one document, leaning towards saying more: who is let in, and
//! is it everything. Elements: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::body::Body;

/// Who is let in from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Grantee {
    /// Anyone: `*`, `all`, `0.0.0.0/0`.
    Anyone,
    /// Every user of AWS, signed in to any account.
    AnyAwsUser,
    /// Another account, or a principal of it: the account id.
    Account(String),
    /// An organization or organizational unit.
    Organization(String),
    /// An identity provider.
    Provider(String),
    /// Addresses of the internet, as `203.0.113.0/24`.
    Network(String),
    /// A canonical user id or another name that hides its account.
    Opaque(String),
}

/// One way in that a document opens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    pub(crate) to: Grantee,
    /// The principal as written.
    pub(crate) principal: String,
    /// The condition keys that the statement names.
    pub(crate) conditions: Vec<String>,
}

/// The statements of the policy document at the first of `paths` that has one.
pub(crate) fn statements(body: &Body, paths: &[&str]) -> Option<Vec<Value>> {
    paths.iter().find_map(|path| body.values(path).into_iter().find_map(document)).map(|document| {
        match document.get("Statement").cloned() {
            Some(Value::Array(list)) => list,
            Some(single) => vec![single],
            None => Vec::new(),
        }
    })
}

/// A policy document from a JSON object, JSON text, or URL-encoded JSON text.
fn document(value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) if object.contains_key("Statement") => Some(value.clone()),
        Value::String(text) => {
            let parsed = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
            let parsed = parsed.or_else(|| serde_json::from_str(&percent_decoded(text)).ok());
            parsed.filter(|document| document.get("Statement").is_some())
        }
        _ => None,
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit));
        if let (b'%', (Some(high), Some(low))) = (byte, pair) {
            bytes.push(high * 16 + low);
            rest = ahead;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whom `statements` let in from outside `account`, sorted.
pub(crate) fn outsiders(statements: &[Value], account: &str) -> Vec<Grant> {
    let mut grants = BTreeSet::new();
    for statement in statements.iter().filter(|statement| text(statement, "Effect") == Some("Allow")) {
        let conditions = condition_keys(statement);
        let mut add = |to: Grantee, principal: &str| {
            let to = narrowed(to, statement);
            grants.insert(Grant { to, principal: principal.to_owned(), conditions: conditions.clone() });
        };
        if statement.get("NotPrincipal").is_some() {
            add(Grantee::Anyone, "NotPrincipal");
        }
        match statement.get("Principal") {
            Some(Value::String(star)) if star == "*" => add(Grantee::Anyone, "*"),
            Some(Value::Object(kinds)) => {
                for (kind, names) in kinds {
                    for name in strings(names) {
                        if let Some(to) = outsider(kind, name, account) {
                            add(to, name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    grants.into_iter().collect()
}

/// Who a principal is, when it is not of `account`. Services are no outsiders here: AWS runs them.
fn outsider(kind: &str, name: &str, account: &str) -> Option<Grantee> {
    match kind {
        "AWS" if name == "*" => Some(Grantee::Anyone),
        "AWS" => match account_of(name) {
            Some(other) if other == account => None,
            Some(other) => Some(Grantee::Account(other.to_owned())),
            // A unique id stands where the principal was deleted; its account cannot be read off.
            None => Some(Grantee::Opaque(name.to_owned())),
        },
        "CanonicalUser" => Some(Grantee::Opaque(name.to_owned())),
        "Federated" => Some(Grantee::Provider(name.to_owned())),
        _ => None,
    }
}

/// The account of a principal: twelve digits, or the fifth part of an ARN.
pub(crate) fn account_of(principal: &str) -> Option<&str> {
    let account = if principal.starts_with("arn:") { principal.split(':').nth(4)? } else { principal };
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(account)
}

/// `Anyone` of one organization is that organization.
fn narrowed(to: Grantee, statement: &Value) -> Grantee {
    if to != Grantee::Anyone {
        return to;
    }
    let org = condition_values(statement, &["aws:PrincipalOrgID", "aws:PrincipalOrgPaths"]);
    org.into_iter().next().map_or(to, Grantee::Organization)
}

/// Condition keys that bind a statement to known callers or networks; a `*` behind one of them is not the world.
const BINDING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
];

impl Grant {
    /// Whether some condition key of the statement limits who gets in.
    pub(crate) fn bound(&self) -> bool {
        self.conditions.iter().any(|key| BINDING.contains(&key.to_ascii_lowercase().as_str()))
    }
}

fn condition_keys(statement: &Value) -> Vec<String> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let keys =
        operators.into_iter().flat_map(|o| o.values()).filter_map(Value::as_object).flat_map(|k| k.keys());
    keys.cloned().collect::<BTreeSet<String>>().into_iter().collect()
}

fn condition_values(statement: &Value, wanted: &[&str]) -> Vec<String> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    operators
        .into_iter()
        .flatten()
        .filter(|(operator, _)| !operator.contains("Not"))
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .filter(|(key, _)| wanted.iter().any(|w| w.eq_ignore_ascii_case(key)))
        .flat_map(|(_, values)| strings(values).into_iter().map(str::to_owned))
        .collect()
}

/// Whether some statement allows every action on every resource.
pub(crate) fn allows_everything(statements: &[Value]) -> bool {
    statements.iter().any(|statement| {
        let all = |name: &str, stars: &[&str]| {
            statement.get(name).is_some_and(|v| strings(v).iter().any(|s| stars.contains(s)))
        };
        text(statement, "Effect") == Some("Allow") && all("Action", &["*", "*:*"]) && all("Resource", &["*"])
    })
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Grantee, allows_everything, outsiders, statements};
    use crate::investigate::body::Body;
    use crate::query::EventRow;

    const HOME: &str = "111122223333";

    fn to(statement: serde_json::Value) -> Vec<Grantee> {
        outsiders(&[statement], HOME).into_iter().map(|grant| grant.to).collect()
    }

    #[test]
    fn the_own_account_and_services_are_no_outsiders() {
        let own = json!({"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:root"],
            "Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"});
        assert!(to(own).is_empty());
    }

    #[test]
    fn other_accounts_and_stars_are() {
        let other = json!({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/x"}});
        assert_eq!(to(other), [Grantee::Account("444455556666".into())]);
        assert_eq!(to(json!({"Effect":"Allow","Principal":"*"})), [Grantee::Anyone]);
        assert_eq!(to(json!({"Effect":"Allow","Principal":{"AWS":"*"}})), [Grantee::Anyone]);
        assert!(to(json!({"Effect":"Deny","Principal":"*"})).is_empty());
    }

    #[test]
    fn a_star_bound_to_an_organization_is_that_organization() {
        let statement = json!({"Effect":"Allow","Principal":"*",
            "Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-example"}}});
        assert_eq!(to(statement.clone()), [Grantee::Organization("o-example".into())]);
        assert!(outsiders(&[statement], HOME)[0].bound());
    }

    #[test]
    fn documents_are_read_as_objects_text_and_url_encoded_text() {
        for document in [
            r#"{"p":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}"#,
            r#"{"p":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"*\"],\"Resource\":\"*\"}]}"}"#,
            r#"{"p":"%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"}"#,
        ] {
            let body = Body::of(&EventRow { request_parameters: Some(document), ..EventRow::default() });
            let statements = statements(&body, &["q.p"]).unwrap();
            assert!(allows_everything(&statements), "{document}");
        }
    }
}
