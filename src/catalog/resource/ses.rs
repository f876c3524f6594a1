//! Senders of SES: an email goes out under the identity of its sender's address, or under that of a domain.

use std::borrow::Cow;

use super::{Resource, Search};
use crate::catalog::service::ResourceType;

/// Who verified a domain may send from each of its addresses and of those of its subdomains, under the identity of that domain
/// or under one of the address
/// (<https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html>). Which of them there are, no record tells, so the
/// last two labels of the domain stand for all. A display name is no part of an identity
/// (<https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-policy-examples.html>).
pub(super) fn identities(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let named = search.resources(kind);
    if !named.is_empty() {
        return Some(named);
    }
    let senders = search.leaves.top(&["source", "fromEmailAddress"]);
    let identity = |sender: &str| {
        let pattern = domain(sender).map_or_else(|| "*".to_owned(), |domain| format!("*{domain}"));
        search.fill(kind, &|_| Some(Cow::Owned(pattern.clone()))).made_pattern()
    };
    let senders: Vec<Resource> = senders.into_iter().map(identity).collect();
    (!senders.is_empty()).then_some(senders)
}

/// The last two labels of the domain of `App <app@mail.example.com>`; None where it is written in another way than most are.
fn domain(sender: &str) -> Option<&str> {
    let address = match sender.rsplit_once('<') {
        Some((_, inside)) => inside.split_once('>')?.0,
        None => sender,
    };
    let (_, domain) = address.trim().rsplit_once('@')?;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    if !domain.contains('.') || !domain.bytes().all(is_plain) {
        return None;
    }
    let above = domain.rmatch_indices('.').nth(1).and_then(|(at, _)| domain.get(at + 1..));
    Some(above.unwrap_or(domain))
}
