//! What is unused beside actions and statements: roles, users, keys, passwords, groups, policies, versions, trust.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answer::{Mark, PrincipalUse};
use super::fate::{Fate, Found, Gap, How};
use super::finding::{Detail, Finding, Kind};
use super::finish::Whole;
use super::granted::granted_to_group;
use super::risk::Risk;
use super::sight::Unseen;
use super::subject::{Apart, SubjectKind};
use crate::aws::{AccountId, Arn, Time};
use crate::policy::{Document, Effect};
use crate::snapshot::{Account, Credentials, Group, ReportedKey};

/// All of it, and why the rest of what was looked at is in use, or not told.
pub(crate) fn findings(whole: &Whole<'_>, found: &mut Found) {
    for (place, own) in whole.principals.iter().enumerate() {
        match own.kind {
            SubjectKind::Role => role(whole, place, own, found),
            SubjectKind::User => user(whole, own, found),
        }
    }
    for account in whole.plan.subjects.accounts() {
        let Some(details) = whole.plan.snapshot.accounts.get(&account) else { continue };
        groups(whole, account, details, found);
    }
    policies(whole, found);
}

impl Whole<'_> {
    /// Whether a time is inside the window, or behind it.
    fn is_recent(&self, time: Option<Time>) -> bool {
        time.zip(self.begins).is_some_and(|(time, begins)| time >= begins)
    }

    pub(crate) fn is_covered(&self, own: &PrincipalUse) -> bool {
        self.sights.get(&own.account).is_some_and(|sight| sight.has_reads)
    }

    /// Why nothing is said of an account that is not covered.
    pub(crate) fn blindness(&self, own: &PrincipalUse) -> Unseen {
        let is_blind = self.sights.get(&own.account).is_none_or(|sight| sight.is_blind());
        if is_blind { Unseen::NoLog } else { Unseen::ReadEvents }
    }

    fn credentials(&self, own: &PrincipalUse) -> Option<&Credentials> {
        let name = own.principal.strip_prefix("user/")?;
        let details = self.plan.snapshot.accounts.get(&AccountId::parse(&own.account)?)?;
        details.credentials.as_ref()?.get(name)
    }

    /// Whether a user may have done what no log and no report would show.
    fn is_blind(&self, own: &PrincipalUse) -> bool {
        let is_hidden = |unseen| !matches!(unseen, None | Some(Unseen::Implied | Unseen::NoKnownCall));
        self.credentials(own).is_none()
            && own.actions().any(|own| own.mark == Some(Mark::NotObservable) && is_hidden(own.unseen))
    }

    /// Whether neither the logs nor IAM itself know of a use of a principal, and one of both would: the taking of a role, an event
    /// that reads; of a user IAM's report.
    pub(crate) fn is_surely_idle(&self, place: usize) -> bool {
        let Some(own) = self.principals.get(place) else { return false };
        let is_told = match own.kind {
            SubjectKind::Role => self.is_covered(own),
            SubjectKind::User => self.credentials(own).is_some(),
        };
        is_told && self.is_idle(place)
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
                own.calls.events == own.attempts && !used && !self.is_blind(own)
            }
        }
    }
}

fn detail<const N: usize>(cells: [(&'static str, &str); N]) -> Detail {
    cells.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

fn role(whole: &Whole<'_>, place: usize, own: &PrincipalUse, found: &mut Found) {
    if own.apart == Some(Apart::ServiceLinked) {
        return;
    }
    let settle = |kind, detail, fate, found: &mut Found| {
        found.settle(kind, (&own.account, &own.arn), detail, fate);
    };
    let is_idle = whole.is_idle(place);
    let trusted = |principal: &String| detail([("principal", principal)]);
    let principals = whole.assumptions.principals(place);
    if !whole.is_covered(own) {
        let hidden = Fate::unseen(whole.blindness(own));
        let fate = if is_idle { hidden } else { Fate::Resolved(How::Used) };
        settle(Kind::RoleNeverAssumed, Detail::new(), fate, found);
        for principal in principals {
            settle(Kind::TrustPrincipalNeverAssumed, trusted(principal), hidden, found);
        }
        return;
    }
    let finding = |kind, detail| {
        let mut finding = Finding::new(kind, &own.account, &own.arn, detail, own.worst());
        finding.young = own.young;
        finding.since = own.created;
        finding
    };
    if is_idle {
        for principal in principals {
            let fate = Fate::gap(Gap::WithinAnother);
            settle(Kind::TrustPrincipalNeverAssumed, trusted(principal), fate, found);
        }
        let mut idle = finding(Kind::RoleNeverAssumed, Detail::new());
        let role = whole.plan.subjects.principal(place, &whole.plan.snapshot);
        idle.last_used = role.and_then(|role| role.last_used);
        found.push(idle);
        return;
    }
    settle(Kind::RoleNeverAssumed, Detail::new(), Fate::Resolved(How::Used), found);
    let assumed = whole.assumptions.of(place);
    for (at, principal) in principals.iter().enumerate() {
        let fate = if assumed.by.contains_key(&at) {
            Fate::Resolved(How::Used)
        // A role that was used, but whose taking no log shows, was taken by nobody knows whom.
        } else if assumed.span.events == 0 || assumed.may.contains_key(&at) {
            Fate::gap(Gap::Perhaps)
        // Whom it trusts is Identity Center's own.
        } else if own.apart == Some(Apart::IdentityCenter) {
            Fate::gap(Gap::NotLookedAt)
        } else {
            found.push(finding(Kind::TrustPrincipalNeverAssumed, trusted(principal)));
            continue;
        };
        settle(Kind::TrustPrincipalNeverAssumed, trusted(principal), fate, found);
    }
}

fn user(whole: &Whole<'_>, own: &PrincipalUse, found: &mut Found) {
    let finding = |kind, detail| Finding::new(kind, &own.account, &own.arn, detail, own.worst());
    let credentials = whole.credentials(own);
    let last_used = credentials.and_then(|credentials| {
        let password = credentials.password.and_then(|password| password.last_used);
        credentials.keys.iter().filter_map(|key| key.last_used).chain(password).max()
    });
    let settle = |kind, detail, fate, found: &mut Found| {
        found.settle(kind, (&own.account, &own.arn), detail, fate);
    };
    let is_idle = whole.plan.subjects.place(&own.arn).is_some_and(|place| whole.is_idle(place));
    if is_idle && whole.is_covered(own) {
        let mut idle = finding(Kind::UserInactive, Detail::new());
        (idle.young, idle.since, idle.last_used) = (own.young, own.created, last_used);
        found.push(idle);
    } else {
        let fate = if !is_idle && (own.calls.events > 0 || !whole.is_blind(own)) {
            Fate::Resolved(How::Used)
        } else if whole.is_covered(own) {
            Fate::gap(Gap::NoReport)
        } else {
            Fate::unseen(whole.blindness(own))
        };
        settle(Kind::UserInactive, Detail::new(), fate, found);
    }
    let listed = || {
        let details = whole.plan.snapshot.accounts.get(&AccountId::parse(&own.account)?)?;
        details.access_keys.get(own.principal.strip_prefix("user/")?)
    };
    let keyed = |key: &str| detail([("key", key)]);
    // Without a window nothing tells what is long ago.
    if whole.begins.is_none() {
        let hidden = Fate::unseen(Unseen::NoLog);
        for key in credentials.iter().flat_map(|credentials| &credentials.keys) {
            settle(Kind::AccessKeyUnused, keyed(&key.number.to_string()), hidden, found);
        }
        for key in listed().into_iter().flatten() {
            settle(Kind::AccessKeyUnused, keyed(&key.id), hidden, found);
        }
        if credentials.is_some_and(|credentials| credentials.password.is_some()) {
            settle(Kind::PasswordUnused, Detail::new(), hidden, found);
        }
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
        let number = key.number.to_string();
        let is_used = whole.is_recent(key.last_used) || is_seen(key);
        if is_used || is_outdated && id.is_none() {
            let fate = if is_used { Fate::Resolved(How::Used) } else { Fate::gap(Gap::NoReport) };
            settle(Kind::AccessKeyUnused, keyed(&number), fate, found);
            if let Some(key) = id {
                settle(Kind::AccessKeyUnused, keyed(&key.id), fate, found);
            }
            continue;
        }
        if let Some(key) = id {
            // The report calls it by its number.
            settle(Kind::AccessKeyUnused, keyed(&key.id), Fate::gap(Gap::WithinAnother), found);
        }
        let mut unused = finding(Kind::AccessKeyUnused, detail([("key", &number)]));
        unused.young = whole.is_recent(key.rotated);
        (unused.since, unused.last_used) = (key.rotated, key.last_used);
        unused.reason = (!key.is_active).then_some("inactive");
        found.push(unused);
    }
    // Without a report only the logs tell.
    for key in listed().into_iter().flatten().filter(|key| !reported.contains(&key.id)) {
        let is_used = whole.census.keys.contains_key(&key.id);
        if is_used || credentials.is_some() || !whole.is_covered(own) || whole.is_blind(own) {
            let fate = if is_used { Fate::Resolved(How::Used) } else { Fate::gap(Gap::NoReport) };
            settle(Kind::AccessKeyUnused, keyed(&key.id), fate, found);
            continue;
        }
        let mut unused = finding(Kind::AccessKeyUnused, detail([("key", &key.id)]));
        (unused.young, unused.since) = (whole.is_recent(key.created), key.created);
        unused.reason = (!key.is_active).then_some("inactive");
        found.push(unused);
    }
    let password = credentials.and_then(|credentials| credentials.password);
    let is_used = |last_used| whole.is_recent(last_used) || signed_in(whole, own);
    if password.is_some_and(|password| is_used(password.last_used)) {
        settle(Kind::PasswordUnused, Detail::new(), Fate::Resolved(How::Used), found);
    } else if let Some(password) = password {
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

fn groups(whole: &Whole<'_>, account: AccountId, details: &Account, found: &mut Found) {
    let own_account = account.to_string();
    for (name, group) in &details.groups {
        let is_meant = whole.plan.subjects.is_whole(account)
            || whole.principals.iter().any(|own| {
                let user = own.principal.strip_prefix("user/").and_then(|user| details.users.get(user));
                own.account == own_account && user.is_some_and(|user| user.groups.contains(name))
            });
        let settle = |fate, found: &mut Found| {
            found.settle(Kind::GroupWithoutEffect, (&own_account, &group.arn), Detail::new(), fate);
        };
        if !is_meant {
            settle(Fate::gap(Gap::NotLookedAt), found);
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
            let fate =
                if has_members { Fate::Resolved(How::InEffect) } else { Fate::gap(Gap::SnapshotIncomplete) };
            settle(fate, found);
            continue;
        };
        if group.incomplete.is_some() {
            settle(Fate::gap(Gap::SnapshotIncomplete), found);
            continue;
        }
        let mut finding =
            Finding::new(Kind::GroupWithoutEffect, &own_account, &group.arn, Detail::new(), Risk::Other);
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
fn policies(whole: &Whole<'_>, found: &mut Found) {
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
        let settle =
            |kind, detail, fate, found: &mut Found| found.settle(kind, (&account, arn), detail, fate);
        let attached = if is_used {
            Some(Fate::Resolved(How::InEffect))
        } else if !is_whole {
            Some(Fate::gap(Gap::SnapshotIncomplete))
        } else {
            (!is_account).then_some(Fate::gap(Gap::NotLookedAt))
        };
        match attached {
            Some(fate) => settle(Kind::PolicyUnattached, Detail::new(), fate, found),
            None => {
                found.push(Finding::new(Kind::PolicyUnattached, &account, arn, Detail::new(), Risk::Other));
            }
        }
        let in_force = detail([("version", &managed.version)]);
        settle(Kind::PolicyVersionUnused, in_force, Fate::Resolved(How::InEffect), found);
        let is_looked_at = || {
            let mut meant = whole.plan.tracked.iter().flat_map(|tracked| &tracked.policies);
            managed.document.as_ref().is_some_and(|own| meant.any(|policy| Arc::ptr_eq(policy, own)))
        };
        let is_meant = is_account || is_looked_at();
        for version in &managed.others {
            let detail = detail([("version", version)]);
            if !is_meant {
                settle(Kind::PolicyVersionUnused, detail, Fate::gap(Gap::NotLookedAt), found);
                continue;
            }
            found.push(Finding::new(Kind::PolicyVersionUnused, &account, arn, detail, Risk::Other));
        }
    }
}
