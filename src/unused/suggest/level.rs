//! Access levels: what was used of a level widens a statement to all of it that is granted today.
//!
//! An action does something only on resources of the types that it takes. So one that takes the types of a statement's resources
//! joins the statement; for types that stand there none of, it stands apart on all of the type in the regions and accounts
//! that were seen, as far as today's statements reach; and one that takes no resource stands on `*`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::granted::{Granted, covers, is_of_kind};
use super::super::index::INDEX;
use super::resource;
use super::size::Why;
use super::statement::{Allowed, On, Under, is_any_of};
use crate::aws::Arn;
use crate::catalog::{AccessLevel, Action, ResourceType, catalog};
use crate::policy::{Match, Statement};

/// Keeps every granted action of an access level of which one is kept, as far as the statements of today that allow what is kept
/// allow it, too, under the same conditions, and where it does something.
pub(super) fn widened<'a>(mut statements: Vec<Allowed<'a>>, granted: &Granted) -> Vec<Allowed<'a>> {
    let mut apart: BTreeMap<(Under, On), Allowed<'a>> = BTreeMap::new();
    for statement in &mut statements {
        let used: BTreeSet<(&str, AccessLevel)> = statement
            .actions
            .iter()
            .filter_map(|name| catalog().action(name))
            .map(|action| (action.service, action.level))
            .collect();
        let known = granted.actions.iter().filter_map(|number| INDEX.get(number)).map(|known| known.action);
        let of_level = known.filter(|action| used.contains(&(action.service, action.level)));
        let mut more = Vec::new();
        for action in of_level {
            let is_of_all = statement.sources.iter().all(|own| covers(&own.actions, action));
            if !is_of_all
                || !may_hold(&statement.under, action)
                || statement.actions.contains(&action.full_name())
            {
                continue;
            }
            let (joins, on) = place(statement, action);
            if joins {
                more.push(action.full_name());
            }
            // Each type stands by itself: many actions take it.
            for on in on.into_iter().filter(|on| !on.is_empty()).map(On::Listed) {
                let fresh = || Allowed {
                    under: statement.under.clone(),
                    on: on.clone(),
                    actions: BTreeSet::new(),
                    why: Why::Level,
                    sources: statement.sources.clone(),
                };
                let own = apart.entry((statement.under.clone(), on.clone())).or_insert_with(fresh);
                own.actions.insert(action.full_name());
            }
        }
        statement.actions.extend(more);
    }
    statements.extend(apart.into_values());
    statements
}

/// Whether an action does something on a statement's resources; and the other resources that it needs, type by type.
fn place(statement: &Allowed<'_>, action: &'static Action) -> (bool, Vec<BTreeSet<String>>) {
    let listed = match &statement.on {
        On::Listed(listed) if listed.contains("*") => return (true, Vec::new()),
        On::Listed(listed) => listed,
        On::AllBut(all_but) => return (is_left(action, all_but), Vec::new()),
    };
    let sources = &statement.sources;
    if action.is_wildcard_only() {
        let reaches_all = sources.iter().any(|own| reaches(own, "*"));
        return (false, reaches_all.then(|| BTreeSet::from(["*".to_owned()])).into_iter().collect());
    }
    let stands = |kind: &ResourceType| listed.iter().any(|text| is_of_kind(text, action.service, kind));
    let required = action.resources.iter().filter(|own| own.required).map(|own| own.kind);
    let mut kinds: Vec<&'static ResourceType> = required.collect();
    if kinds.is_empty() {
        // Any of them will do.
        kinds = action.resources.iter().map(|own| own.kind).collect();
        if kinds.iter().any(|kind| stands(kind)) {
            return (true, Vec::new());
        }
    }
    let joins = kinds.iter().any(|kind| stands(kind));
    let missing = kinds.iter().filter(|kind| !stands(kind));
    (joins, missing.map(|kind| all_of(kind, action, listed, sources)).collect())
}

/// Whether some resource that an action takes is not among those that are left out.
fn is_left(action: &Action, all_but: &[String]) -> bool {
    let is_out = |kind: &ResourceType| {
        let form = kind.arn.fill(|_| Some(Cow::Borrowed("*")));
        form.is_none_or(|form| all_but.iter().any(|text| resource::covers(text, &form)))
    };
    action.is_wildcard_only() || !action.resources.iter().all(|own| is_out(own.kind))
}

/// All resources of a type in the regions and accounts of those that are listed, as far as today's statements reach.
fn all_of(
    kind: &'static ResourceType,
    action: &Action,
    listed: &BTreeSet<String>,
    sources: &[&Statement],
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for all in listed.iter().filter_map(|text| like(kind, text)) {
        if sources.iter().any(|own| reaches(own, &all)) {
            found.insert(all);
            continue;
        }
        // Today's statement is narrower, and stays as it is.
        let narrower = sources.iter().filter_map(|own| own.resources.as_ref());
        let narrower = narrower.filter(|own| own.matching == Match::Listed).flat_map(|own| &own.patterns);
        let is_it = |text: &&String| !text.contains("${") && is_of_kind(text, action.service, kind);
        found.extend(narrower.filter(is_it).cloned());
    }
    found
}

/// All of a type in the partition, region and account of a resource; of S3 the bucket of an object and the objects of a
/// bucket. None where these do not tell it.
fn like(kind: &'static ResourceType, text: &str) -> Option<String> {
    let arn = Arn::parse(text)?;
    if arn.service == "s3" {
        let bucket = arn.resource.split('/').next().filter(|bucket| !bucket.is_empty())?;
        let head = text.strip_suffix(arn.resource)?;
        return match kind.name {
            "bucket" => Some(format!("{head}{bucket}")),
            "object" => Some(format!("{head}{bucket}/*")),
            _ => None,
        };
    }
    let known = |part: &'_ str| (!part.is_empty()).then(|| Cow::Owned(part.to_owned()));
    kind.arn.fill(|name| match name {
        "Partition" => known(arn.partition),
        "Region" => known(arn.region),
        "Account" => known(arn.account),
        _ => Some(Cow::Borrowed("*")),
    })
}

/// Whether a statement of today covers all that a resource stands for.
fn reaches(statement: &Statement, text: &str) -> bool {
    statement.resources.as_ref().is_none_or(|own| resource::is_within(own, text))
}

/// Whether a request for an action may hold these conditions: a key of a service that it does not have fits nothing
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).
fn may_hold(under: &Under, action: &Action) -> bool {
    let has = |key: &str| {
        let of_types =
            action.resources.iter().flat_map(|own| own.condition_keys.iter().chain(own.kind.condition_keys));
        action.condition_keys.iter().chain(of_types).any(|known| {
            let fixed = known.split("${").next().unwrap_or(known);
            key.get(..fixed.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(fixed))
                && (key.len() == fixed.len() || fixed.len() < known.len())
        })
    };
    under.conditions.iter().all(|(operator, key, _)| {
        let is_lenient = !is_any_of(operator) || operator.ends_with("IfExists") || operator.ends_with("Null");
        let is_global = key.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("aws:"));
        is_lenient || is_global || has(key)
    })
}
