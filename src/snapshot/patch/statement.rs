//! One statement taken out of a policy.

use std::sync::Arc;

use super::apply::state;
use super::principal::{Kind, find};
use super::{Refusal, documents_mut};
use crate::policy::{Document, PolicyKind, Refused, Statement};
use crate::snapshot::Snapshot;
use crate::snapshot::document::{inline_name, name_of_own};

/// Removes the statement of a `Sid` or an index from the policy of an ARN, id or name; `of` says whose it is.
pub(super) fn remove(
    snapshot: &mut Snapshot,
    policy: &str,
    of: Option<&str>,
    sid: Option<&str>,
    index: Option<usize>,
) -> Result<(), Refusal> {
    let own = |name: &str| name_of_own(policy) == name || control_names(name).contains(&policy);
    let fits =
        |document: &Document| document.name == policy || own(&document.name) && !is_of_identity(document);
    let nothing = |what: String| Refusal::Nothing { what, near: Vec::new() };
    let one = match of {
        None => {
            let named = documents_mut(snapshot).filter(|(_, document)| fits(document));
            let mut found: Vec<(String, &mut Arc<Document>)> =
                named.map(|(owner, document)| (owner.to_owned(), document)).collect();
            if found.len() > 1 {
                let owners = found.into_iter().map(|(owner, _)| owner).collect();
                return Err(Refusal::Several { name: policy.to_owned(), found: owners });
            }
            let (_, document) = found.pop().ok_or_else(|| nothing(format!("policy `{policy}`")))?;
            document
        }
        Some(of) => {
            let found = find(snapshot, of, &Kind::ALL)?;
            let full = inline_name(policy, &found.owner());
            let is_it = |document: &&mut Arc<Document>| document.name == policy || document.name == full;
            let mut trust = None;
            let inline = if found.kind == Kind::Group {
                found.inline(snapshot)
            } else {
                found.principal(snapshot).map(|principal| {
                    trust = principal.trust.as_mut();
                    &mut principal.inline
                })
            };
            let found = inline.into_iter().flatten().chain(trust).find(is_it);
            found.ok_or_else(|| nothing(format!("policy `{policy}` of `{of}`")))?
        }
    };
    *one = Arc::new(without(one, sid, index)?);
    Ok(())
}

/// `name` and `id` of a control policy's full name `name (id)`.
fn control_names(full: &str) -> [&str; 2] {
    match full.strip_suffix(')').and_then(|own| own.rsplit_once(" (")) {
        Some((name, id)) => [name, id],
        None => [full, full],
    }
}

fn is_of_identity(document: &Document) -> bool {
    matches!(document.kind, PolicyKind::Identity | PolicyKind::Trust)
}

/// The document without one statement; those behind it move up, as they would in its text.
fn without(document: &Document, sid: Option<&str>, index: Option<usize>) -> Result<Document, Refusal> {
    let statements = document.statements.iter().map(|own| (Some(own.index), own.sid.as_deref()));
    let refused = document.refused.iter().map(|own| (own.index, own.sid.as_deref()));
    let all = statements.chain(refused);
    let at: Vec<usize> = match (sid, index) {
        (Some(sid), None) => all.filter(|(_, own)| *own == Some(sid)).filter_map(|(at, _)| at).collect(),
        (None, Some(index)) => all.filter_map(|(at, _)| at).filter(|at| *at == index).collect(),
        (Some(_), Some(_)) => return Err(state("`sid` or `index`", "both")),
        (None, None) => return Err(state("`sid` or `index`", "neither")),
    };
    let named = || sid.map_or_else(|| format!("{}", index.unwrap_or_default()), |sid| format!("`{sid}`"));
    let at = match at.as_slice() {
        [at] => *at,
        [] => {
            let near = document.statements.iter().filter_map(|own| own.sid.clone()).collect();
            let what = format!("statement {} of `{}`", named(), document.name);
            return Err(Refusal::Nothing { what, near });
        }
        several => {
            let found = several.iter().map(|at| format!("index {at}")).collect();
            return Err(Refusal::Several { name: named(), found });
        }
    };
    let moved = |own: usize| if own > at { own - 1 } else { own };
    let mut left = document.clone();
    left.statements.retain(|own| own.index != at);
    left.refused.retain(|own| own.index != Some(at));
    left.problems.retain(|own| own.statement != Some(at));
    for Statement { index, .. } in &mut left.statements {
        *index = moved(*index);
    }
    for index in left.refused.iter_mut().filter_map(|Refused { index, .. }| index.as_mut()) {
        *index = moved(*index);
    }
    for index in left.problems.iter_mut().filter_map(|problem| problem.statement.as_mut()) {
        *index = moved(*index);
    }
    Ok(left)
}
