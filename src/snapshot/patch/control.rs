//! Changes to SCPs and RCPs, and to where they are attached.

use std::path::Path;

use super::Refusal;
use super::apply::{document, state};
use super::form::PutControl;
use crate::policy::Effect;
use crate::snapshot::document::control_name;
use crate::snapshot::{ControlKind, ControlPolicy, Membership, Organization, Snapshot};

/// The own or AWS's policy of an id or a name: id and name.
fn control(
    snapshot: &Snapshot,
    kind: ControlKind,
    wanted: &str,
) -> Result<(String, Option<String>), Refusal> {
    let found = snapshot.control_policy(kind, wanted).map(|own| (own.id.clone(), own.name.clone()));
    found.ok_or_else(|| {
        let of_kind = snapshot.controls.iter().filter(|own| own.kind == kind);
        let near = of_kind.map(|own| control_name(&own.id, own.name.as_deref())).take(3).collect();
        Refusal::Nothing { what: format!("{} `{wanted}`", kind.word()), near }
    })
}

/// The place of a policy that is not AWS's among the controls; None if there is none of the id or name.
fn own_control(snapshot: &Snapshot, kind: ControlKind, wanted: &str) -> Result<Option<usize>, Refusal> {
    let Ok((id, _)) = control(snapshot, kind, wanted) else { return Ok(None) };
    let at = snapshot.controls.iter().position(|own| own.kind == kind && own.id == id);
    if at.is_none() || id == "p-FullAWSAccess" || id == "p-RCPFullAWSAccess" {
        return Err(state(
            format!("an {} of the organization", kind.word()),
            format!("`{wanted}`, which is AWS's"),
        ));
    }
    Ok(at)
}

pub(super) fn put(
    snapshot: &mut Snapshot,
    folder: &Path,
    kind: ControlKind,
    put: PutControl<'_>,
) -> Result<(), Refusal> {
    let at = own_control(snapshot, kind, &put.id)?;
    let known = at.and_then(|at| snapshot.controls.get(at));
    let id = known.map_or_else(|| put.id.clone(), |own| own.id.clone());
    let name = put.name.or_else(|| known.and_then(|own| own.name.clone()));
    let shown = control_name(&id, name.as_deref());
    let document = document(folder, kind.policy_kind(), &shown, put.policy, put.file.as_deref())?;
    // AWS: only its own `RCPFullAWSAccess` allows
    // (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html#rcp-syntax-effect>).
    if kind == ControlKind::Resource && document.statements.iter().any(|own| own.effect == Effect::Allow) {
        return Err(state("an RCP that only denies", "one that allows, as none but `RCPFullAWSAccess` does"));
    }
    match at.and_then(|at| snapshot.controls.get_mut(at)) {
        Some(own) if own.document == document => {}
        Some(own) => {
            own.document = document;
            own.name = name;
        }
        None => snapshot.controls.push(ControlPolicy { kind, id: id.clone(), name, document }),
    }
    snapshot.controls.sort_by(|left, right| (left.kind, &left.id).cmp(&(right.kind, &right.id)));
    attach(snapshot, kind, &id, &put.attach)
}

pub(super) fn delete(snapshot: &mut Snapshot, kind: ControlKind, wanted: &str) -> Result<(), Refusal> {
    let (id, name) = control(snapshot, kind, wanted)?;
    let Some(at) = own_control(snapshot, kind, wanted)? else { return Ok(()) };
    snapshot.controls.remove(at);
    if let Membership::Known(known) = &mut snapshot.membership {
        for ((_, _), attached) in known.attachments.iter_mut().filter(|((own, _), _)| *own == kind) {
            attached.retain(|own| *own != id && Some(own) != name.as_ref());
        }
    }
    Ok(())
}

pub(super) fn attach(
    snapshot: &mut Snapshot,
    kind: ControlKind,
    wanted: &str,
    targets: &[String],
) -> Result<(), Refusal> {
    let (id, name) = control(snapshot, kind, wanted)?;
    for target in targets {
        let (target, known) = target_of(snapshot, target)?;
        let word = kind.word();
        if known.enabled.as_ref().is_some_and(|enabled| !enabled.contains(&kind)) {
            return Err(state(format!("an organization with {word}s enabled"), "it without them"));
        }
        let Some(attached) = known.attachments.get_mut(&(kind, target.clone())) else {
            let expected = format!("a target whose {word}s are known");
            return Err(state(expected, format!("`{target}`, of which they were not supplied")));
        };
        let is_there = attached.contains(&id) || name.as_ref().is_some_and(|name| attached.contains(name));
        if is_there {
            return Err(state(format!("`{target}` without the {word}"), "it attached already"));
        }
        attached.insert(id.clone());
    }
    Ok(())
}

pub(super) fn detach(
    snapshot: &mut Snapshot,
    kind: ControlKind,
    wanted: &str,
    targets: &[String],
) -> Result<(), Refusal> {
    let (id, name) = control(snapshot, kind, wanted)?;
    if id == "p-RCPFullAWSAccess" {
        return Err(state("an RCP that can be detached", format!("`{wanted}`, which cannot")));
    }
    for target in targets {
        let (target, known) = target_of(snapshot, target)?;
        let attached = known.attachments.entry((kind, target.clone())).or_default();
        let before = attached.len();
        attached.retain(|own| *own != id && Some(own) != name.as_ref());
        if attached.len() == before {
            return Err(state(
                format!("{} `{wanted}` attached to `{target}`", kind.word()),
                "it not attached",
            ));
        }
    }
    Ok(())
}

/// The root, unit or account of an id or a name, and the organization.
fn target_of<'s>(snapshot: &'s mut Snapshot, text: &str) -> Result<(String, &'s mut Organization), Refusal> {
    let Membership::Known(known) = &mut snapshot.membership else {
        return Err(state("an organization in the snapshot (organization.json)", "none"));
    };
    if known.nodes.contains_key(text) {
        return Ok((text.to_owned(), known));
    }
    let of_name = known.nodes.iter().filter(|(_, node)| node.name.as_deref() == Some(text));
    let ids: Vec<String> = of_name.map(|(id, _)| id.clone()).collect();
    match ids.as_slice() {
        [id] => Ok((id.clone(), known)),
        [] => Err(Refusal::Nothing { what: format!("root, unit or account `{text}`"), near: Vec::new() }),
        _ => Err(Refusal::Several { name: text.to_owned(), found: ids }),
    }
}
