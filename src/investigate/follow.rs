//! Which rows of others would prove something about the subject.

use std::collections::BTreeSet;

use super::evidence::Time;
use super::followed::FollowFold;
use super::policy_text::account_of;
use super::{Investigator, SubjectKind, opening, thing, way};

/// The rows to push as [`super::Relation::Related`]. Not before `from`: those of any account that were signed with one of
/// `access_keys`, or whose `identity_arn` is one of `session_arns`, or whose `identity_arn` is one of `forwarded_arns` and
/// whose `invoked_by` is set; those in `accounts` (none: all) whose `event_name` is one of `event_names`. Of any time:
/// those whose `event_name` is one of `origin_event_names`. Rows of the subject itself are not among them.
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
    /// Operations that may have made the subject.
    pub origin_event_names: BTreeSet<String>,
}

pub(super) fn follow_up(investigator: &Investigator) -> FollowUp {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let mut access_keys: BTreeSet<String> = investigator.issued.key_ids().map(str::to_owned).collect();
    let mut event_names = names(&["AllocateAddress", "AssociateAddress", "CreateNatGateway", "RunInstances"]);
    event_names.extend(investigator.lives.removing_operations());
    for (kind, name, _) in investigator.lives.made_names() {
        event_names.extend(names(way::using_operations(kind)));
        if kind == "access key" {
            access_keys.insert(name.to_owned());
        }
    }
    let opened: BTreeSet<String> =
        investigator.openings.opened_names().into_iter().map(|(kind, _)| kind).collect();
    for kind in &opened {
        event_names.extend(opening::closing_operations(kind));
        event_names.extend(thing::removing_operations("", kind, ""));
    }
    let mut origin = BTreeSet::new();
    match investigator.info.kind {
        SubjectKind::AccessKey if investigator.info.id.starts_with("AKIA") => {
            origin = names(&["CreateAccessKey", "CreateUser"]);
        }
        SubjectKind::AccessKey => {
            origin = names(&[
                "AssumeRole",
                "AssumeRoleWithSAML",
                "AssumeRoleWithWebIdentity",
                "AssumeRoot",
                "GetFederationToken",
                "GetSessionToken",
            ]);
        }
        SubjectKind::User => origin = names(&["CreateUser"]),
        SubjectKind::Role => origin = names(&["CreateRole"]),
        _ => {}
    }
    let forwarded = investigator.info.kind == SubjectKind::AccessKey;
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
        forwarded_arns: investigator.who.identity_arns().filter(|_| forwarded).map(str::to_owned).collect(),
        event_names,
        origin_event_names: origin,
    }
}
