//! Entities of IAM: their names are logged without their path, but for the calls that make them.

use std::borrow::Cow;

use super::{Certainty, Resource, Search, literal_of};
use crate::catalog::service::ResourceType;

/// Names of IAM entities are logged without their path, but for the calls that make them; what they return has the ARN
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
pub(super) fn entities(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    match kind.name {
        "oidc-provider" => return oidc_provider(search, kind),
        "role" if search.action.name.contains("ServiceLinkedRole") => {
            if let Some(role) = service_linked_role(search, kind) {
                return Some(vec![role]);
            }
        }
        _ => {}
    }
    let placeholder = kind.arn.placeholders().find(|name| name.ends_with("WithPath"))?;
    let known =
        [search.logged(kind), search.arns_in_request(kind)].into_iter().find(|found| !found.is_empty());
    if known.is_some() {
        return known;
    }
    let mut names = search.values(kind, placeholder);
    if names.is_empty() {
        return None;
    }
    // The ARN of an entity of another type is no name.
    names.retain(|name| !name.starts_with("arn:"));
    let is_new = created(search).is_some_and(|made| literal_of(kind).starts_with(&made));
    let path = if is_new { search.leaves.top(&["path"]).first().copied().unwrap_or("/") } else { "/" };
    let named = |path: &str, name: &str| {
        let path = path.trim_start_matches('/');
        search.fill(kind, &|wanted| (wanted == placeholder).then(|| Cow::Owned(format!("{path}{name}"))))
    };
    let mut resources: Vec<Resource> = Vec::new();
    for name in names {
        let mut resource = named(path, name);
        if !is_new {
            resource.certainty = Certainty::PathUnknown;
        }
        resources.push(search.completed(kind, resource));
        resources.extend(renamed(search, kind, name).map(|(path, name)| match path {
            Some(path) => named(path, name),
            None => Resource { certainty: Certainty::PathUnknown, ..named("/", name) },
        }));
    }
    Some(resources)
}

/// The path, where it is told, and the name that a call gives to what it names: who renames or moves an entity is asked for both
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateServerCertificate.html>).
fn renamed<'a>(
    search: &Search<'a>,
    kind: &'static ResourceType,
    name: &'a str,
) -> Option<(Option<&'a str>, &'a str)> {
    let new_name = match (search.action.name, kind.name) {
        ("UpdateUser", "user") => "newUserName",
        ("UpdateGroup", "group") => "newGroupName",
        ("UpdateServerCertificate", "server-certificate") => "newServerCertificateName",
        _ => return None,
    };
    let one = |name: &str| search.leaves.top(&[name]).first().copied();
    let (path, new) = (one("newPath"), one(new_name));
    (path.is_some() || new.is_some()).then(|| (path, new.unwrap_or(name)))
}

/// `user/` of `CreateUser`, `instance-profile/` of `CreateInstanceProfile`; None of what makes nothing.
fn created(search: &Search<'_>) -> Option<String> {
    let made = ["Create", "Upload"].iter().find_map(|verb| search.action.name.strip_prefix(verb))?;
    if made == "VirtualMFADevice" {
        return Some("mfa/".to_owned());
    }
    let mut words = String::new();
    for letter in made.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    Some(words + "/")
}

/// A new provider is named by its URL, whose scheme its ARN leaves out
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>).
fn oidc_provider(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let url =
        search.leaves.top(&["url"]).first().copied().filter(|_| search.action.name.starts_with("Create"))?;
    let name = url.split_once("://").map_or(url, |(_, name)| name).trim_end_matches('/');
    Some(vec![search.fill(kind, &|_| Some(Cow::Borrowed(name)))])
}

/// A role that is linked to a service stands under the service's path; its name is AWS's. The id of a deletion has both
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html>).
fn service_linked_role(search: &Search<'_>, kind: &'static ResourceType) -> Option<Resource> {
    let one = |name: &str| search.leaves.top(&[name]).first().copied();
    let task = one("deletionTaskId").and_then(|task| task.strip_prefix("task/")?.rsplit_once('/'));
    if let Some((role, _)) = task {
        return Some(search.fill(kind, &|_| Some(Cow::Borrowed(role))));
    }
    let service = one("aWSServiceName")?;
    let role = format!("aws-service-role/{service}/*");
    let role = search.fill(kind, &|_| Some(Cow::Owned(role.clone()))).made_pattern();
    Some(search.completed(kind, role))
}
