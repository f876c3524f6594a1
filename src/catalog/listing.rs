//! What a person sees who asks for actions: `backtrail catalog action s3:Get*`, as plain values.

use super::event::{self, ListedEvent};
use super::service::{Action, Service};
use super::visibility::{Visibility, visibility};
use super::{Catalog, catalog};

/// An action with all that the catalog knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `s3:GetObject`.
    pub name: String,
    /// The action: level, resource types, condition keys, dependents.
    pub action: &'static Action,
    /// Its service: name, RCP support.
    pub service: &'static Service,
    /// How it shows in CloudTrail.
    pub visibility: Visibility,
    /// The events that the table of events lists for it, sorted; most actions have none, for they are called like their
    /// event.
    pub events: Vec<ListedEvent>,
}

/// The answer to a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The actions that it matches, in order of prefix and name.
    pub entries: Vec<Entry>,
    /// If there are none: what may have been meant, the nearest first. Prefixes where the service is unknown, else full
    /// names of actions; at most [`NEAR_MAX`].
    pub near: Vec<String>,
}

/// How many names a fruitless question gets at most.
pub const NEAR_MAX: usize = 5;

/// Lists the actions that a pattern matches; see [`Catalog::expand`].
#[must_use]
pub fn actions(pattern: &str) -> Listing {
    let entries: Vec<_> = catalog().expand(pattern).into_iter().filter_map(entry).collect();
    let near = if entries.is_empty() { near(catalog(), pattern) } else { Vec::new() };
    Listing { entries, near }
}

fn entry(action: &'static Action) -> Option<Entry> {
    Some(Entry {
        name: action.full_name(),
        action,
        service: catalog().service(action.service)?,
        visibility: visibility(action),
        events: event::listed_events(action),
    })
}

fn near(catalog: &Catalog, pattern: &str) -> Vec<String> {
    let (prefix, name) = pattern.split_once(':').unwrap_or((pattern, ""));
    match catalog.service(prefix) {
        Some(service) => {
            let full_names = service.actions.iter().map(Action::full_name);
            nearest(full_names, &format!("{}:{name}", service.prefix))
        }
        None => nearest(catalog.services.iter().map(|service| service.prefix.to_owned()), prefix),
    }
}

/// The names that share the longest beginning with what was asked, and then are nearest in length; none that share less
/// than two letters of their own.
fn nearest(names: impl Iterator<Item = String>, asked: &str) -> Vec<String> {
    let behind_prefix = asked.find(':').map_or(0, |colon| colon + 1);
    let shared = |name: &str| {
        let pairs = name.bytes().zip(asked.bytes());
        pairs.take_while(|(left, right)| left.eq_ignore_ascii_case(right)).count()
    };
    let mut near: Vec<_> = names
        .map(|name| (std::cmp::Reverse(shared(&name)), name.len().abs_diff(asked.len()), name))
        .filter(|(shared, ..)| shared.0 >= behind_prefix + 2)
        .collect();
    near.sort();
    near.into_iter().take(NEAR_MAX).map(|(.., name)| name).collect()
}
