//! Which rows of others would prove something about the subject.

use std::collections::BTreeSet;

use super::evidence::Time;
use super::followed::FollowFold;
use super::policy_text::account_of;
use super::{Investigator, SubjectKind, opening, thing, way};

/// The rows to push as [`super::Relation::Related`]. Not before `from`: those of any account that were signed with one of
/// `access_keys`, or whose `identity_arn` is one of `session_arns`, or whose `identity_arn` is one of `forwarded_arns` and
/// whose `invoked_by` is set; those in `accounts` (none: all) whose `event_name` is one of `event_names`, or one of
/// [`ASSUMING`] where `assumed_role_arn` names one of `role_names` or no role. Of any time: those whose `event_name` is one of
/// `origin_event_names`, or whose `issued_access_key_id` is one of `origin_access_keys`. Rows of the subject itself are not
/// among them. The columns of JSON are needed of rows only whose `event_name` is one of [`FollowUp::read_names`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// The accounts of the subject's records and of the sessions it issued: a role may be in another account.
    pub accounts: BTreeSet<String>,
    /// The first record of the subject; `None` when there is none.
    pub from: Option<Time>,
    /// Keys that the subject issued or made.
    pub access_keys: BTreeSet<String>,
    /// Sessions that the subject issued.
    pub session_arns: BTreeSet<String>,
    /// The subject's own identities, for calls that services made for them.
    pub forwarded_arns: BTreeSet<String>,
    /// Operations that remove what the subject made, close what it opened, or use its ways in.
    pub event_names: BTreeSet<String>,
    /// Roles that the subject made or opened, without their paths: who assumes one uses a way in. Calls of [`ASSUMING`] are
    /// a good part of all, so they are not looked for by name alone; what assumed nothing, as it was refused, or hides what
    /// it assumed, names no role in its column.
    pub role_names: BTreeSet<String>,
    /// Operations that may have made the subject.
    pub origin_event_names: BTreeSet<String>,
    /// The subject, where it is a key: whatever issued it.
    pub origin_access_keys: BTreeSet<String>,
}

impl FollowUp {
    /// The operations whose parameters and answers are looked at.
    #[must_use]
    pub fn read_names(&self) -> BTreeSet<String> {
        let assuming = ASSUMING.iter().filter(|_| !self.role_names.is_empty());
        let named = self.event_names.iter().chain(&self.origin_event_names).cloned();
        named.chain(assuming.map(|name| (*name).to_owned())).collect()
    }
}

/// The operations that assume a role and answer with its session.
pub const ASSUMING: [&str; 3] = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

pub(super) fn follow_up(investigator: &Investigator) -> FollowUp {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let mut access_keys: BTreeSet<String> = investigator.issued.key_ids().map(str::to_owned).collect();
    let mut event_names = names(&investigator.places.holding_operations());
    event_names.extend(investigator.lives.removing_operations());
    let mut role_names = BTreeSet::new();
    for (kind, name, _) in investigator.lives.made_names() {
        let using = way::using_operations(kind).iter().copied();
        if kind == "role" {
            role_names.insert(thing::short(name).to_owned());
            event_names.extend(using.filter(|name| !ASSUMING.contains(name)).map(str::to_owned));
        } else {
            event_names.extend(using.map(str::to_owned));
        }
        if kind == "access key" {
            access_keys.insert(name.to_owned());
        }
    }
    let opened_names = investigator.openings.opened_names();
    let roles = opened_names.iter().filter(|(kind, _)| kind == "role");
    role_names.extend(roles.map(|(_, name)| thing::short(name).to_owned()));
    let opened: BTreeSet<String> = opened_names.into_iter().map(|(kind, _)| kind).collect();
    for kind in &opened {
        event_names.extend(opening::closing_operations(kind));
        event_names.extend(thing::removing_operations("", kind, ""));
    }
    let mut origin = BTreeSet::new();
    match investigator.info.kind {
        SubjectKind::AccessKey if investigator.info.id.starts_with("AKIA") => {
            origin = names(&["CreateUser"]);
        }
        SubjectKind::User => origin = names(&["CreateUser"]),
        SubjectKind::Role => origin = names(&["CreateRole"]),
        _ => {}
    }
    let is_key = investigator.info.kind == SubjectKind::AccessKey;
    let origin_access_keys = is_key.then(|| investigator.info.id.clone()).into_iter().collect();
    let sessions = investigator.issued.session_arns();
    let session_accounts = sessions.iter().filter_map(|arn| account_of(arn));
    let followed = investigator.follow.iter().flat_map(FollowFold::account_ids);
    let accounts =
        investigator.who.account_ids().chain(session_accounts).chain(followed).map(str::to_owned).collect();
    FollowUp {
        accounts,
        from: investigator.activity.span().first,
        access_keys,
        session_arns: sessions.iter().map(|arn| (*arn).to_owned()).collect(),
        forwarded_arns: investigator.who.identity_arns().filter(|_| is_key).map(str::to_owned).collect(),
        event_names,
        role_names,
        origin_event_names: origin,
        origin_access_keys,
    }
}
