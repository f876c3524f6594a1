//! Whether single texts of a policy are what they should be.

use super::json::cut;
use super::{Operator, Piece, PolicyKind, Principal, Version, pieces};
use crate::policy::compile::OWN_API;
use crate::policy::problem::ProblemKind;
use crate::policy::value;

/// `*`, `*:*`, or a service's prefix without wildcards, a colon and a name.
pub(super) fn is_action(text: &str) -> bool {
    match text.split_once(':') {
        None => text == "*",
        Some(("*", name)) => name == "*",
        Some((service, name)) => {
            let is_prefix = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !service.is_empty() && service.bytes().all(is_prefix) && !name.is_empty()
        }
    }
}

/// What is wrong with a resource, if anything is.
pub(super) fn resource_problem(kind: PolicyKind, version: Version, text: &str) -> Option<ProblemKind> {
    let parts = match version {
        Version::V2008 => vec![Piece::Text(text)],
        Version::V2012 => match pieces(text) {
            Ok(parts) => parts,
            Err(bad) => return Some(ProblemKind::BadVariable { text: cut(bad) }),
        },
    };
    let is_any = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    let is_own_api = kind == PolicyKind::Resource
        && text.strip_prefix(OWN_API).is_some_and(|path| path.starts_with(['/', '*']));
    if is_any || is_own_api {
        return None;
    }
    let wrong = |expected| Some(ProblemKind::Expected { expected, found: format!("`{}`", cut(text)) });
    if !text.starts_with("arn:") {
        return wrong("an ARN or `*`");
    }
    let mut colons = 0;
    for part in parts {
        match part {
            Piece::Text(text) => colons += text.matches(':').count(),
            Piece::Variable { .. } if colons < 5 => {
                return wrong("an ARN with variables only after its fifth colon");
            }
            Piece::Variable { .. } | Piece::Literal(_) => {}
        }
    }
    if colons < 5 && !text.ends_with('*') { wrong("an ARN of six parts") } else { None }
}

/// A principal of a kind; None if it is none. Everyone, and every provider, may be meant, but not every service
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services>).
pub(super) fn principal(kind: &str, text: String) -> Option<Principal> {
    let is_plain = text == "*" || !text.contains(['*', '?']);
    match kind {
        _ if !is_plain || text.is_empty() => None,
        "AWS" => Principal::of_aws(&text),
        "Service" if text != "*" => Some(Principal::Service(text)),
        "Federated" => Some(Principal::Federated(text)),
        "CanonicalUser" if text != "*" => Some(Principal::CanonicalUser(text)),
        _ => None,
    }
}

/// What is wrong with a condition's value, if anything is.
pub(super) fn value_problem(operator: Operator, version: Version, text: &str) -> Option<ProblemKind> {
    if version == Version::V2012 && operator.takes_variables() {
        match pieces(text) {
            Err(bad) => return Some(ProblemKind::BadVariable { text: cut(bad) }),
            Ok(parts)
                if operator == Operator::Bool && parts.iter().any(|part| !matches!(part, Piece::Text(_))) =>
            {
                return None;
            }
            Ok(_) => {}
        }
    }
    let (fits, expected) = match operator {
        Operator::NumericEquals
        | Operator::NumericNotEquals
        | Operator::NumericLessThan
        | Operator::NumericLessThanEquals
        | Operator::NumericGreaterThan
        | Operator::NumericGreaterThanEquals => (value::number(text).is_some(), "a number"),
        Operator::DateEquals
        | Operator::DateNotEquals
        | Operator::DateLessThan
        | Operator::DateLessThanEquals
        | Operator::DateGreaterThan
        | Operator::DateGreaterThanEquals => {
            (value::instant(text).is_some(), "a date as `2024-01-31T12:00:00Z`, or seconds since 1970")
        }
        Operator::Bool | Operator::Null => (value::boolean(text).is_some(), "`true` or `false`"),
        Operator::BinaryEquals => (value::base64(text).is_some(), "base64"),
        Operator::IpAddress | Operator::NotIpAddress => {
            (value::Network::parse(text).is_some(), "an IP address or a range as `192.0.2.0/24`")
        }
        _ => return None,
    };
    (!fits).then(|| ProblemKind::Expected { expected, found: format!("`{}`", cut(text)) })
}
