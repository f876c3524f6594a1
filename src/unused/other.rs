//! What is unused beside actions and statements: roles, users, keys, passwords, groups, policies, versions, trust.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answer::{Mark, PrincipalUse};
use super::finding::{Detail, Finding, Kind};
use super::finish::Whole;
use super::granted::granted_to_group;
use super::risk::Risk;
use super::sight::Unseen;
use super::subject::{Apart, SubjectKind};
use crate::aws::{AccountId, Arn, Time};
use crate::policy::{Document, Effect};
use crate::snapshot::{Account, Credentials, Group, ReportedKey};

pub(crate) fn findings(whole: &Whole<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, own) in whole.principals.iter().enumerate() {
        match own.kind {
            SubjectKind::Role => role(whole, place, own, &mut found),
            SubjectKind::User => user(whole, own, &mut found),
        }
    }
    for account in whole.plan.subjects.accounts() {
        let Some(details) = whole.plan.snapshot.accounts.get(&account) else { continue };
        groups(whole, account, details, &mut found);
    }
    policies(whole, &mut found);
    found
}

impl Whole<'_> {
    /// Whether a time is inside the window, or behind it.
    fn is_recent(&self, time: Option<Time>) -> bool {
        time.zip(self.begins).is_some_and(|(time, begins)| time >= begins)
    }

    fn is_covered(&self, own: &PrincipalUse) -> bool {
        self.sights.get(&own.account).is_some_and(|sight| sight.has_reads)
    }

    fn credentials(&self, own: &PrincipalUse) -> Option<&Credentials> {
        let name = own.principal.strip_prefix("user/")?;
        let details = self.plan.snapshot.accounts.get(&AccountId::parse(&own.account)?)?;
        details.credentials.as_ref()?.get(name)
    }

    /// Whether a user may have done what no log and no report would show.
    fn is_blind(&self, own: &PrincipalUse) -> bool {
        let is_hidden = |unseen| !matches!(unseen, None | Some(Unseen::Implied));
        self.credentials(own).is_none()
            && own.actions().any(|own| own.mark == Some(Mark::NotObservable) && is_hidden(own.unseen))
    }

    /// Whether nobody assumed a role, as far as logs and IAM itself tell. Taking a role is an event that reads.
    pub(crate) fn is_idle(&self, place: usize) -> bool {
        let Some(own) = self.principals.get(place) else { return false };
        match own.kind {
            SubjectKind::Role => {
                let last_used =
                    self.plan.subjects.principal(place, &self.plan.snapshot).and_then(|role| role.last_used);
                self.assumptions.of(place).span.events == 0
                    && own.calls.events == 0
                    && !self.is_recent(last_used)
            }
            SubjectKind::User => {
                let used = self.credentials(own).is_some_and(|credentials| {
                    let keys = credentials.keys.iter().map(|key| key.last_used);
                    let password = credentials.password.map(|password| password.last_used);
                    keys.chain(password).any(|time| self.is_recent(time))
                });
                own.calls.events == 0 && !used && !self.is_blind(own)
            }
        }
    }
}

fn detail<const N: usize>(cells: [(&'static str, &str); N]) -> Detail {
    cells.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

fn role(whole: &Whole<'_>, place: usize, own: &PrincipalUse, found: &mut Vec<Finding>) {
    if own.apart == Some(Apart::ServiceLinked) || !whole.is_covered(own) {
        return;
    }
    let finding = |kind, detail| {
        let mut finding = Finding::new(kind, &own.account, &own.arn, detail, own.worst());
        finding.young = own.young;
        finding.since = own.created;
        finding
    };
    if whole.is_idle(place) {
        let mut idle = finding(Kind::RoleNeverAssumed, Detail::new());
        let role = whole.plan.subjects.principal(place, &whole.plan.snapshot);
        idle.last_used = role.and_then(|role| role.last_used);
        found.push(idle);
        return;
    }
    let assumed = whole.assumptions.of(place);
    // A role that was used, but whose taking no log shows, was taken by nobody knows whom.
    if assumed.span.events == 0 {
        return;
    }
    // Whom it trusts is Identity Center's own.
    if own.apart == Some(Apart::IdentityCenter) {
        return;
    }
    for (at, principal) in whole.assumptions.principals(place).iter().enumerate() {
        if !assumed.by.contains_key(&at) && !assumed.may.contains_key(&at) {
            found.push(finding(Kind::TrustPrincipalNeverAssumed, detail([("principal", principal)])));
        }
    }
}

fn user(whole: &Whole<'_>, own: &PrincipalUse, found: &mut Vec<Finding>) {
    let finding = |kind, detail| Finding::new(kind, &own.account, &own.arn, detail, own.worst());
    let credentials = whole.credentials(own);
    let last_used = credentials.and_then(|credentials| {
        let password = credentials.password.and_then(|password| password.last_used);
        credentials.keys.iter().filter_map(|key| key.last_used).chain(password).max()
    });
    let is_idle = whole.plan.subjects.place(&own.arn).is_some_and(|place| whole.is_idle(place));
    if is_idle && whole.is_covered(own) {
        let mut idle = finding(Kind::UserInactive, Detail::new());
        (idle.young, idle.since, idle.last_used) = (own.young, own.created, last_used);
        found.push(idle);
    }
    let listed = || {
        let details = whole.plan.snapshot.accounts.get(&AccountId::parse(&own.account)?)?;
        details.access_keys.get(own.principal.strip_prefix("user/")?)
    };
    // Without a window nothing tells what is long ago.
    if whole.begins.is_none() {
        return;
    }
    // The list has the ids, the report the last uses; the day of their making joins them.
    let id_of = |key: &ReportedKey| {
        let mut same = listed()?.iter().filter(|own| own.created == key.rotated);
        same.next().filter(|_| same.next().is_none())
    };
    let is_seen = |key: &ReportedKey| id_of(key).is_some_and(|key| whole.census.keys.contains_key(&key.id));
    let of_report = || credentials.iter().flat_map(|credentials| &credentials.keys);
    // Where the log has more of the user's keys in use than the report, it is the older one, and which keys those are is told
    // of no key without an id.
    let place = whole.plan.subjects.place(&own.arn);
    let is_own = |users: &BTreeSet<usize>| place.is_some_and(|place| users.contains(&place));
    let logged = whole.census.keys.values().filter(|users| is_own(users)).count();
    let is_outdated =
        logged > of_report().filter(|key| whole.is_recent(key.last_used) || is_seen(key)).count();
    let mut reported = BTreeSet::new();
    for key in of_report() {
        let id = id_of(key);
        reported.extend(id.map(|key| key.id.clone()));
        if whole.is_recent(key.last_used) || is_seen(key) || is_outdated && id.is_none() {
            continue;
        }
        let number = key.number.to_string();
        let mut unused = finding(Kind::AccessKeyUnused, detail([("key", &number)]));
        unused.young = whole.is_recent(key.rotated);
        (unused.since, unused.last_used) = (key.rotated, key.last_used);
        unused.reason = (!key.is_active).then_some("inactive");
        found.push(unused);
    }
    // Without a report only the logs tell.
    for key in listed().into_iter().flatten().filter(|key| !reported.contains(&key.id)) {
        if whole.census.keys.contains_key(&key.id)
            || credentials.is_some()
            || !whole.is_covered(own)
            || whole.is_blind(own)
        {
            continue;
        }
        let mut unused = finding(Kind::AccessKeyUnused, detail([("key", &key.id)]));
        (unused.young, unused.since) = (whole.is_recent(key.created), key.created);
        unused.reason = (!key.is_active).then_some("inactive");
        found.push(unused);
    }
    if let Some(password) = credentials.and_then(|credentials| credentials.password)
        && !whole.is_recent(password.last_used)
        && !signed_in(whole, own)
    {
        let mut unused = finding(Kind::PasswordUnused, Detail::new());
        unused.young = whole.is_recent(password.changed) || own.young;
        (unused.since, unused.last_used) = (password.changed, password.last_used);
        found.push(unused);
    }
}

/// Whether the logs show that a user signed in at the console.
fn signed_in(whole: &Whole<'_>, own: &PrincipalUse) -> bool {
    let place = whole.plan.subjects.place(&own.arn);
    whole.census.tallies.keys().any(|key| {
        let name = whole.census.events.all.get(key.event);
        Some(key.subject) == place
            && key.then == crate::replay::answer::Then::Allowed
            && name.is_some_and(|name| name.name == "ConsoleLogin")
    })
}

fn groups(whole: &Whole<'_>, account: AccountId, details: &Account, found: &mut Vec<Finding>) {
    for (name, group) in &details.groups {
        let is_meant = whole.plan.subjects.is_whole(account)
            || whole.principals.iter().any(|own| {
                let user = own.principal.strip_prefix("user/").and_then(|user| details.users.get(user));
                own.account == account.to_string() && user.is_some_and(|user| user.groups.contains(name))
            });
        if !is_meant {
            continue;
        }
        let has_members = details.users.values().any(|user| user.groups.contains(name));
        let reason = if group.inline.is_empty() && group.attached.is_empty() {
            "no-policies"
        } else if !has_members && details.incomplete.is_none() {
            "no-members"
        } else if has_members && adds_nothing(whole, account, group) {
            "adds-nothing"
        } else {
            continue;
        };
        if group.incomplete.is_some() {
            continue;
        }
        let mut finding = Finding::new(
            Kind::GroupWithoutEffect,
            &account.to_string(),
            &group.arn,
            Detail::new(),
            Risk::Other,
        );
        finding.reason = Some(reason);
        found.push(finding);
    }
}

/// Whether the policies of a group deny nothing, and allow nothing that the SCPs let pass.
fn adds_nothing(whole: &Whole<'_>, account: AccountId, group: &Group) -> bool {
    let snapshot = &whole.plan.snapshot;
    let managed = group.attached.iter().map(|arn| snapshot.managed.get(arn)?.document.clone());
    let all: Option<Vec<Arc<Document>>> = group.inline.iter().cloned().map(Some).chain(managed).collect();
    let Some(policies) = all else { return false };
    let binds = |policy: &Arc<Document>| {
        !policy.refused.is_empty() || policy.statements.iter().any(|own| own.effect == Effect::Deny)
    };
    !policies.iter().any(binds) && granted_to_group(snapshot, account, policies).count() == 0
}

/// Managed policies of customers: attached to nobody, and versions that are not in force.
fn policies(whole: &Whole<'_>, found: &mut Vec<Finding>) {
    let snapshot = &whole.plan.snapshot;
    let accounts = whole.plan.subjects.accounts();
    for (arn, managed) in &snapshot.managed {
        let Some(account) = Arn::parse(arn).and_then(Arn::account_id) else { continue };
        let Some(details) = snapshot.accounts.get(&account).filter(|_| accounts.contains(&account)) else {
            continue;
        };
        let is_account = whole.plan.subjects.is_whole(account);
        let account = account.to_string();
        let principals = details.users.values().chain(details.roles.values());
        let is_used =
            principals.clone().any(|own| own.attached.contains(arn) || own.boundary.as_ref() == Some(arn))
                || details.groups.values().any(|own| own.attached.contains(arn));
        let is_whole = details.incomplete.is_none()
            && principals.clone().all(|own| own.incomplete.is_none())
            && details.groups.values().all(|own| own.incomplete.is_none());
        if !is_used && is_whole && is_account {
            found.push(Finding::new(Kind::PolicyUnattached, &account, arn, Detail::new(), Risk::Other));
        }
        let is_looked_at = || {
            let mut meant = whole.plan.tracked.iter().flat_map(|tracked| &tracked.policies);
            managed.document.as_ref().is_some_and(|own| meant.any(|policy| Arc::ptr_eq(policy, own)))
        };
        if !is_account && !is_looked_at() {
            continue;
        }
        for version in &managed.others {
            let detail = detail([("version", version)]);
            found.push(Finding::new(Kind::PolicyVersionUnused, &account, arn, detail, Risk::Other));
        }
    }
}
