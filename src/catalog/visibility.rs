//! Whether a log of CloudTrail can show that an action was used.
//!
//! `tables/visibility.tsv` lists what AWS documents: actions that are logged as data events only, actions that no log
//! shows, and actions that have no call of their own. Of an action that it does not list AWS documents no exception;
//! `tables/uncalled.tsv` has those of which not even a call is known.

use std::sync::LazyLock;

use std::collections::{HashMap, HashSet};

use super::catalog;
use super::service::Action;
use super::tsv::rows;

/// Written by `tables/uncalled.py`.
static UNCALLED: LazyLock<HashSet<(&'static str, &'static str)>> = LazyLock::new(|| {
    let of = |(_, fields): (usize, Vec<&'static str>)| {
        let [service, names] = fields.try_into().unwrap_or_default();
        names.split(' ').map(move |name| (service, name))
    };
    rows(include_str!("tables/uncalled.tsv")).flat_map(of).collect()
});

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("tables/visibility.tsv")));

/// How an action shows in CloudTrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// As a management event; trails log those unless told otherwise. Also where AWS documents nothing else.
    Management,
    /// As a data event only: not logged unless a trail selects the resource type
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html>).
    Data {
        /// The value of `resources.type` in event selectors; an action of several kinds of resources has several.
        resource_types: &'static [&'static str],
        /// The page of AWS that says so.
        page: &'static str,
    },
    /// It has no event of its own: it is asked for as part of other calls, whose records imply it.
    Implied {
        /// The page of AWS that says so.
        page: &'static str,
    },
    /// No call of it is known: AWS's SDKs have no operation of its name, and no call is known to ask for it. It is what a
    /// protocol of the service's own asks for, or a console. No page says whether CloudTrail logs it; a log that has an event of
    /// it shows that it does.
    Uncalled,
    /// No event of it is known: AWS says that CloudTrail does not log it, or its page of logged calls leaves it out.
    NotLogged {
        /// The page of AWS that says so.
        page: &'static str,
    },
}

impl Visibility {
    /// A few words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Management => "management events",
            Self::Data { .. } => "data events only",
            Self::Implied { .. } => "no event of its own",
            Self::Uncalled => "no known call",
            Self::NotLogged { .. } => "not logged",
        }
    }
}

/// How an action shows in CloudTrail.
#[must_use]
pub fn visibility(action: &Action) -> Visibility {
    let name = (action.service, action.name);
    let unlisted = if UNCALLED.contains(&name) { Visibility::Uncalled } else { Visibility::Management };
    TABLE.by_action.get(&name).copied().unwrap_or(unlisted)
}

/// The lines that could not be read.
#[cfg(test)]
pub(super) fn table_faults() -> Vec<usize> {
    TABLE.faults.clone()
}

#[derive(Default)]
struct Table {
    by_action: HashMap<(&'static str, &'static str), Visibility>,
    /// Lines that could not be read, or whose patterns match nothing or what an earlier line has.
    faults: Vec<usize>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        for (line, fields) in rows(text) {
            if table.line(&fields).is_none() {
                table.faults.push(line);
            }
        }
        table
    }

    fn line(&mut self, fields: &[&'static str]) -> Option<()> {
        let &[patterns, kind, resource_types, page] = fields else { return None };
        if !page.starts_with("https://") {
            return None;
        }
        let types = || -> &'static [&'static str] { resource_types.split(' ').collect::<Vec<_>>().leak() };
        let visibility = match (kind, resource_types) {
            ("data", types_given) if types_given != "-" => Visibility::Data { resource_types: types(), page },
            ("implied", "-") => Visibility::Implied { page },
            ("not-logged", "-") => Visibility::NotLogged { page },
            _ => return None,
        };
        for pattern in patterns.split(' ') {
            let actions = catalog().expand(pattern);
            if actions.is_empty() {
                return None;
            }
            for action in actions {
                if self.by_action.insert((action.service, action.name), visibility).is_some() {
                    return None;
                }
            }
        }
        Some(())
    }
}
