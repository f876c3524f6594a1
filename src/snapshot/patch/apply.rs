//! One change, made.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::form::Change;
use super::principal::{Found, Kind, find};
use super::{Refusal, control, statement};
use crate::aws::{AccountId, Arn};
use crate::policy::{Document, PolicyKind};
use crate::snapshot::document::{inline_name, name_of_own, trust_name};
use crate::snapshot::{
    ControlKind, Endpoint, Managed, OwnPolicy, Snapshot, may_have_policy, policy_owner, read, rejection, text,
};

/// Makes a change. The snapshot may be half changed if it is refused.
pub(super) fn apply(snapshot: &mut Snapshot, folder: &Path, raw: &RawValue) -> Result<(), Refusal> {
    let change: Change<'_> =
        serde_json::from_str(raw.get()).map_err(|error| Refusal::Form { message: error.to_string() })?;
    let of = |kind, name: &str, policy, file: Option<String>| {
        document(folder, kind, name, policy, file.as_deref())
    };
    match change {
        Change::PutScp(put) => control::put(snapshot, folder, ControlKind::Service, put),
        Change::PutRcp(put) => control::put(snapshot, folder, ControlKind::Resource, put),
        Change::DeleteScp { id } => control::delete(snapshot, ControlKind::Service, &id),
        Change::DeleteRcp { id } => control::delete(snapshot, ControlKind::Resource, &id),
        Change::AttachScp { id, to } => control::attach(snapshot, ControlKind::Service, &id, &to),
        Change::AttachRcp { id, to } => control::attach(snapshot, ControlKind::Resource, &id, &to),
        Change::DetachScp { id, from } => control::detach(snapshot, ControlKind::Service, &id, &from),
        Change::DetachRcp { id, from } => control::detach(snapshot, ControlKind::Resource, &id, &from),
        Change::PutRolePolicy { role, name, policy, file } => {
            let found = find(snapshot, &role, &[Kind::Role])?;
            let name = inline_name(&name, &found.owner());
            put_inline(snapshot, &found, of(PolicyKind::Identity, &name, policy, file)?);
            Ok(())
        }
        Change::PutUserPolicy { user, name, policy, file } => {
            let found = find(snapshot, &user, &[Kind::User])?;
            let name = inline_name(&name, &found.owner());
            put_inline(snapshot, &found, of(PolicyKind::Identity, &name, policy, file)?);
            Ok(())
        }
        Change::PutGroupPolicy { group, name, policy, file } => {
            let found = find(snapshot, &group, &[Kind::Group])?;
            let name = inline_name(&name, &found.owner());
            put_inline(snapshot, &found, of(PolicyKind::Identity, &name, policy, file)?);
            Ok(())
        }
        Change::DeleteRolePolicy { role, name } => delete_inline(snapshot, &role, Kind::Role, &name),
        Change::DeleteUserPolicy { user, name } => delete_inline(snapshot, &user, Kind::User, &name),
        Change::DeleteGroupPolicy { group, name } => delete_inline(snapshot, &group, Kind::Group, &name),
        Change::PutTrustPolicy { role, policy, file } => {
            let found = find(snapshot, &role, &[Kind::Role])?;
            let trust = of(PolicyKind::Trust, &trust_name(&found.owner()), policy, file)?;
            if let Some(principal) = found.principal(snapshot) {
                keep_or_put(&mut principal.trust, trust);
            }
            Ok(())
        }
        Change::PutManagedPolicy { arn, policy, file } => {
            let document = of(PolicyKind::Identity, &arn, policy, file)?;
            put_managed(snapshot, &arn, document)
        }
        Change::DeleteManagedPolicy { arn } => delete_managed(snapshot, &arn),
        Change::Attach { policy, to } => attach(snapshot, &policy, &to),
        Change::Detach { policy, from } => detach(snapshot, &policy, &from),
        Change::PutBoundary { on, policy } => {
            let found = find(snapshot, &on, &[Kind::User, Kind::Role])?;
            needs_managed(snapshot, &policy)?;
            if let Some(principal) = found.principal(snapshot) {
                principal.boundary = Some(policy);
            }
            Ok(())
        }
        Change::DeleteBoundary { on } => {
            let found = find(snapshot, &on, &[Kind::User, Kind::Role])?;
            let boundary = found.principal(snapshot).and_then(|principal| principal.boundary.take());
            let none = || state(format!("a permissions boundary on {}", found.owner()), "none");
            boundary.map(|_| ()).ok_or_else(none)
        }
        Change::PutResourcePolicy { arn, account, policy, file } => {
            needs_policy_of_its_own(snapshot, &arn)?;
            let given = account.as_deref().map(|text| {
                AccountId::parse(text).ok_or_else(|| state("an account id", format!("`{text}`")))
            });
            let given = given.transpose()?;
            let in_arn = Arn::parse(&arn).and_then(Arn::account_id);
            let known = snapshot.resource_account(&arn);
            if let (Some(given), Some(known)) = (given, known)
                && given != known
            {
                return Err(state(format!("account {known}, whose it is"), format!("`{given}`")));
            }
            let is_none = file.is_none() && policy.is_some_and(|raw| matches!(raw.get(), "null" | r#""""#));
            let new = if is_none {
                None
            } else {
                Some(of(PolicyKind::Resource, &name_of_own(&arn), policy, file)?)
            };
            let resource = snapshot.resources.entry(arn).or_default();
            resource.account = resource.account.or(given).or(in_arn);
            resource.policy = match (new, std::mem::take(&mut resource.policy)) {
                (None, _) => OwnPolicy::None,
                (Some(new), OwnPolicy::Known(old)) if new == old => OwnPolicy::Known(old),
                (Some(new), _) => OwnPolicy::Known(new),
            };
            Ok(())
        }
        Change::PutEndpointPolicy { id, policy, file } => {
            let document = of(PolicyKind::VpcEndpoint, &name_of_own(&id), policy, file)?;
            match snapshot.endpoints.get_mut(&id) {
                Some(known) if known.document == document => {}
                Some(known) => known.document = document,
                None => {
                    snapshot.endpoints.insert(id, Endpoint { vpc: None, account: None, document });
                }
            }
            Ok(())
        }
        Change::RemoveStatement { policy, of, sid, index } => {
            statement::remove(snapshot, &policy, of.as_deref(), sid.as_deref(), index)
        }
    }
}

pub(super) fn state(expected: impl Into<String>, found: impl Into<String>) -> Refusal {
    Refusal::State { expected: expected.into(), found: found.into() }
}

/// What `describe-policy` of AWS's organizations prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    #[serde(borrow)]
    policy: Content<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
}

/// The policy of a change. One that AWS would refuse, or a part of it, is none.
pub(super) fn document(
    folder: &Path,
    kind: PolicyKind,
    name: &str,
    policy: Option<&RawValue>,
    file: Option<&str>,
) -> Result<Arc<Document>, Refusal> {
    let (raw, file_text);
    let text = match (policy, file) {
        (Some(policy), None) => text::document(policy),
        (None, Some(file)) => {
            let failed = |trouble| Refusal::File { file: file.to_owned(), trouble };
            file_text = read::read_text(&folder.join(file)).map_err(failed)?;
            // Text that is no JSON is what the parser of policies names.
            match serde_json::from_str::<&RawValue>(&file_text) {
                Ok(value) => {
                    raw = serde_json::from_str::<Described<'_>>(value.get()).map(|own| own.policy.content);
                    text::document(raw.unwrap_or(value))
                }
                Err(_) => file_text.as_str().into(),
            }
        }
        (Some(_), Some(_)) => return Err(state("`policy` or `file`", "both")),
        (None, None) => return Err(state("`policy` or `file`", "neither")),
    };
    let document = Document::parse(kind, name, &text);
    if let Some(problem) = document.problems.iter().find(|problem| problem.consequence.is_refusal()) {
        return Err(Refusal::Policy(Box::new(problem.clone())));
    }
    match rejection::all(&document).into_iter().next() {
        Some(problem) => Err(Refusal::Rejected(Box::new(problem))),
        None => Ok(Arc::new(document)),
    }
}

/// Puts a document in the place of another one, unless it is the same.
fn keep_or_put(place: &mut Option<Arc<Document>>, document: Arc<Document>) {
    if place.as_ref() != Some(&document) {
        *place = Some(document);
    }
}

fn put_inline(snapshot: &mut Snapshot, found: &Found, document: Arc<Document>) {
    let Some(inline) = found.inline(snapshot) else { return };
    match inline.iter_mut().find(|own| own.name == document.name) {
        Some(own) if *own == document => {}
        Some(own) => *own = document,
        None => inline.push(document),
    }
}

fn delete_inline(snapshot: &mut Snapshot, who: &str, kind: Kind, name: &str) -> Result<(), Refusal> {
    let found = find(snapshot, who, &[kind])?;
    let owner = found.owner();
    let full = inline_name(name, &owner);
    let Some(inline) = found.inline(snapshot) else { return Ok(()) };
    let before = inline.len();
    inline.retain(|own| own.name != full);
    if inline.len() < before {
        return Ok(());
    }
    let suffix = inline_name("", &owner);
    let short = |own: &Arc<Document>| own.name.strip_suffix(suffix.as_str()).unwrap_or(&own.name).to_owned();
    let near = inline.iter().map(short).collect();
    Err(Refusal::Nothing { what: format!("inline policy `{name}` of {owner}"), near })
}

fn put_managed(snapshot: &mut Snapshot, arn: &str, document: Arc<Document>) -> Result<(), Refusal> {
    let is_policy =
        Arn::parse(arn).is_some_and(|own| own.service == "iam" && own.resource.starts_with("policy/"));
    if !is_policy {
        return Err(state("the ARN of a managed policy", format!("`{arn}`")));
    }
    let new = || Managed { version: String::new(), document: None, others: Vec::new() };
    let managed = snapshot.managed.entry(arn.to_owned()).or_insert_with(new);
    if managed.document.as_ref() != Some(&document) {
        let number: u64 = managed.version.trim_start_matches('v').parse().unwrap_or(0);
        let mut others = std::mem::take(&mut managed.others);
        others.extend(Some(std::mem::take(&mut managed.version)).filter(|version| !version.is_empty()));
        let version = format!("v{}", number.saturating_add(1));
        *managed = Managed { version, document: Some(document), others };
    }
    Ok(())
}

/// The managed policy must be known, as what is attached without its text would leave everything open.
fn needs_managed(snapshot: &Snapshot, arn: &str) -> Result<(), Refusal> {
    if snapshot.managed.get(arn).is_some_and(|managed| managed.document.is_some()) {
        return Ok(());
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    let is_near = |own: &&String| own.rsplit('/').next() == Some(name);
    let near = snapshot.managed.keys().filter(is_near).cloned().collect();
    Err(Refusal::Nothing { what: format!("managed policy `{arn}`"), near })
}

/// Takes a managed policy away, also from whom it is attached to. As a boundary it must be taken from its users and roles
/// first: without their boundary they could do more.
fn delete_managed(snapshot: &mut Snapshot, arn: &str) -> Result<(), Refusal> {
    needs_managed(snapshot, arn)?;
    for details in snapshot.accounts.values_mut() {
        for principal in details.users.values_mut().chain(details.roles.values_mut()) {
            if principal.boundary.as_deref() == Some(arn) {
                return Err(state(
                    "a policy that is nobody's boundary",
                    format!("that of {}", principal.arn),
                ));
            }
            principal.attached.retain(|own| own != arn);
        }
        for group in details.groups.values_mut() {
            group.attached.retain(|own| own != arn);
        }
    }
    snapshot.managed.remove(arn);
    Ok(())
}

fn attach(snapshot: &mut Snapshot, policy: &str, to: &str) -> Result<(), Refusal> {
    let found = find(snapshot, to, &Kind::ALL)?;
    needs_managed(snapshot, policy)?;
    let Some(attached) = found.attached(snapshot) else { return Ok(()) };
    if attached.iter().any(|own| own == policy) {
        return Err(state(format!("{} without the policy", found.owner()), "it attached already"));
    }
    attached.push(policy.to_owned());
    Ok(())
}

fn detach(snapshot: &mut Snapshot, policy: &str, from: &str) -> Result<(), Refusal> {
    let found = find(snapshot, from, &Kind::ALL)?;
    let Some(attached) = found.attached(snapshot) else { return Ok(()) };
    let before = attached.len();
    attached.retain(|own| own != policy);
    if attached.len() < before {
        return Ok(());
    }
    let what = format!("managed policy `{policy}` of {}", found.owner());
    Err(Refusal::Nothing { what, near: attached.clone() })
}

/// The resource of an ARN must be one that can have a policy, not a part of one.
fn needs_policy_of_its_own(snapshot: &Snapshot, arn: &str) -> Result<(), Refusal> {
    let owner = policy_owner(arn);
    // Versions and aliases of functions may have policies beside their function's.
    let is_part = owner != arn && Arn::parse(arn).is_none_or(|own| own.service != "lambda");
    if snapshot.resources.contains_key(arn) || may_have_policy(arn) && !is_part {
        return Ok(());
    }
    let found = format!("`{arn}`");
    Err(match Arn::parse(arn) {
        Some(own) if own.service == "iam" && own.resource.starts_with("role/") => {
            state("a resource other than a role, whose policy is put by `put-trust-policy`", found)
        }
        _ if may_have_policy(arn) => state(format!("`{owner}`, which has the policy"), found),
        _ => state("the ARN of a resource that can have a policy", found),
    })
}
