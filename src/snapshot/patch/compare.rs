//! What differs between two snapshots, in sentences.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::CHANGES_LISTED_MAX;
use super::principal::Kind;
use crate::aws::AccountId;
use crate::policy::Document;
use crate::snapshot::document::{control_name, inline_name};
use crate::snapshot::{
    Account, ControlKind, Group, Membership, Organization, OwnPolicy, Principal, Snapshot,
};

/// The sentences, in order of what they are about, and how many more there are.
pub(super) fn changes(before: &Snapshot, after: &Snapshot) -> (Vec<String>, usize) {
    let mut changes = Changes { sentences: Vec::new(), more: 0, before, after };
    changes.controls();
    changes.organization();
    changes.accounts();
    changes.managed();
    changes.resources();
    changes.endpoints();
    (changes.sentences, changes.more)
}

struct Changes<'a> {
    sentences: Vec<String>,
    more: usize,
    before: &'a Snapshot,
    after: &'a Snapshot,
}

/// What became of one thing.
enum Fate<'a, T> {
    Added(&'a T),
    Removed,
    Kept(&'a T, &'a T),
}

/// The keys of both maps in order, with what became of each.
fn fates<'a, K: Ord, T>(
    before: &'a BTreeMap<K, T>,
    after: &'a BTreeMap<K, T>,
) -> impl Iterator<Item = (&'a K, Fate<'a, T>)> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    keys.into_iter().filter_map(|key| {
        let fate = match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => Fate::Kept(old, new),
            (None, Some(new)) => Fate::Added(new),
            (Some(_), None) => Fate::Removed,
            (None, None) => return None,
        };
        Some((key, fate))
    })
}

fn by_name(documents: &[Arc<Document>]) -> BTreeMap<&str, &Arc<Document>> {
    documents.iter().map(|document| (document.name.as_str(), document)).collect()
}

fn is_same(old: &Arc<Document>, new: &Arc<Document>) -> bool {
    Arc::ptr_eq(old, new) || old == new
}

impl<'a> Changes<'a> {
    fn add(&mut self, sentence: String) {
        if self.sentences.len() < CHANGES_LISTED_MAX {
            self.sentences.push(sentence);
        } else {
            self.more += 1;
        }
    }

    fn controls(&mut self) {
        let of = |snapshot: &'a Snapshot| -> BTreeMap<(ControlKind, &'a str), _> {
            snapshot.controls.iter().map(|own| ((own.kind, own.id.as_str()), own)).collect()
        };
        for ((kind, id), fate) in fates(&of(self.before), &of(self.after)) {
            let word = kind.word();
            let named = |own: &crate::snapshot::ControlPolicy| control_name(&own.id, own.name.as_deref());
            match fate {
                Fate::Added(own) => self.add(format!("{word} {} added", named(own))),
                Fate::Removed => self.add(format!("{word} {id} removed")),
                Fate::Kept(old, new) if is_same(&old.document, &new.document) => {}
                Fate::Kept(_, new) => self.add(format!("{word} {} changed", named(new))),
            }
        }
    }

    fn organization(&mut self) {
        let (old, new) = match (&self.before.membership, &self.after.membership) {
            (Membership::Known(old), Membership::Known(new)) => (old, new),
            (old, new) if old == new => return,
            (_, Membership::Known(_)) => return self.add("an organization is supplied".to_owned()),
            (_, Membership::None) => return self.add("the accounts are in no organization".to_owned()),
            (_, Membership::Unsupplied) => return self.add("no organization is supplied".to_owned()),
        };
        if old.management_account != new.management_account {
            let words = |own: Option<AccountId>| own.map_or("not known".to_owned(), |own| own.to_string());
            let (old, new) = (words(old.management_account), words(new.management_account));
            self.add(format!("management account changed from {old} to {new}"));
        }
        if old.id != new.id {
            self.add("the organization has another id".to_owned());
        }
        for (id, fate) in fates(&old.nodes, &new.nodes) {
            match fate {
                Fate::Added(_) => self.add(format!("{} added to the organization", target_name(new, id))),
                Fate::Removed => self.add(format!("{} removed from the organization", target_name(old, id))),
                Fate::Kept(was, is) if was.parent == is.parent => {}
                Fate::Kept(_, is) => {
                    let to = is.parent.as_deref().map_or("the top".to_owned(), |to| target_name(new, to));
                    self.add(format!("{} moved to {to}", target_name(new, id)));
                }
            }
        }
        for kind in ControlKind::ALL {
            let is_on =
                |own: &Organization| own.enabled.as_ref().is_none_or(|enabled| enabled.contains(&kind));
            match (is_on(old), is_on(new)) {
                (false, true) => self.add(format!("{}s enabled", kind.word())),
                (true, false) => self.add(format!("{}s disabled", kind.word())),
                _ => {}
            }
        }
        self.attachments(old, new);
    }

    fn attachments(&mut self, old: &Organization, new: &Organization) {
        let id_of = |snapshot: &Snapshot, kind: ControlKind, wanted: &String| {
            let found = snapshot.control_policy(kind, wanted);
            found.map_or_else(|| wanted.clone(), |own| control_name(&own.id, own.name.as_deref()))
        };
        let (before, after) = (self.before, self.after);
        for ((kind, target), fate) in fates(&old.attachments, &new.attachments) {
            let word = kind.word();
            let names = |snapshot: &Snapshot, own: &BTreeSet<String>| -> BTreeSet<String> {
                own.iter().map(|wanted| id_of(snapshot, *kind, wanted)).collect()
            };
            let nobody = BTreeSet::new();
            let (was, is) = match fate {
                Fate::Kept(was, is) => (was, is),
                Fate::Added(is) if !old.nodes.contains_key(target) => (&nobody, is),
                Fate::Removed if !new.nodes.contains_key(target) => continue,
                Fate::Added(_) => {
                    self.add(format!(
                        "which {word}s are attached to {} is now known",
                        target_name(new, target)
                    ));
                    continue;
                }
                Fate::Removed => {
                    let name = target_name(new, target);
                    self.add(format!("which {word}s are attached to {name} is no longer known"));
                    continue;
                }
            };
            // A policy that is gone bears the name that it had.
            let (was, is) = (names(before, was), names(after, is));
            let reach = accounts_below(new, target);
            let name = target_name(new, target);
            for gained in is.difference(&was) {
                self.add(format!("{word} {gained} attached to {name}{reach}"));
            }
            for lost in was.difference(&is) {
                self.add(format!("{word} {lost} detached from {name}{reach}"));
            }
        }
    }

    fn accounts(&mut self) {
        for (account, fate) in fates(&self.before.accounts, &self.after.accounts) {
            match fate {
                Fate::Added(_) => self.add(format!("details of account {account} added")),
                Fate::Removed => self.add(format!("details of account {account} removed")),
                Fate::Kept(old, new) => self.account(*account, old, new),
            }
        }
    }

    fn account(&mut self, account: AccountId, old: &Account, new: &Account) {
        if old.incomplete != new.incomplete {
            let words = if new.incomplete.is_some() { "incomplete" } else { "complete" };
            self.add(format!("details of account {account} are now {words}"));
        }
        for (kind, old, new) in [(Kind::User, &old.users, &new.users), (Kind::Role, &old.roles, &new.roles)] {
            for (name, fate) in fates(old, new) {
                let shown = self.shown(account, kind, name);
                match fate {
                    Fate::Added(_) => self.add(format!("{shown} added")),
                    Fate::Removed => self.add(format!("{shown} removed")),
                    Fate::Kept(old, new) => self.principal(&shown, kind, old, new),
                }
            }
        }
        for (name, fate) in fates(&old.groups, &new.groups) {
            let shown = self.shown(account, Kind::Group, name);
            match fate {
                Fate::Added(_) => self.add(format!("{shown} added")),
                Fate::Removed => self.add(format!("{shown} removed")),
                Fate::Kept(old, new) => self.group(&shown, name, old, new),
            }
        }
    }

    /// As `role deploy`, with the account where several have one of this name.
    fn shown(&self, account: AccountId, kind: Kind, name: &str) -> String {
        let has = |details: &Account| match kind {
            Kind::User => details.users.contains_key(name),
            Kind::Group => details.groups.contains_key(name),
            Kind::Role => details.roles.contains_key(name),
        };
        let both = [self.before, self.after];
        let is_elsewhere =
            both.iter().any(|own| own.accounts.iter().any(|(id, own)| *id != account && has(own)));
        let of = if is_elsewhere { format!(" of account {account}") } else { String::new() };
        format!("{} {name}{of}", kind.word())
    }

    fn principal(&mut self, shown: &str, kind: Kind, old: &Principal, new: &Principal) {
        let owner = format!("{} {}", kind.word(), new.name);
        self.inline(shown, &owner, &old.inline, &new.inline);
        self.attached(shown, &old.attached, &new.attached);
        match (&old.boundary, &new.boundary) {
            (old, new) if old == new => {}
            (_, None) => self.add(format!("{shown}: permissions boundary removed")),
            (None, Some(arn)) => self.add(format!("{shown}: permissions boundary {arn} set")),
            (Some(_), Some(arn)) => self.add(format!("{shown}: permissions boundary changed to {arn}")),
        }
        match (&old.trust, &new.trust) {
            (Some(old), Some(new)) if is_same(old, new) => {}
            (None, None) => {}
            _ => self.add(format!("{shown}: trust policy changed")),
        }
        let set = |groups: &[String]| groups.iter().cloned().collect::<BTreeSet<_>>();
        let (was, is) = (set(&old.groups), set(&new.groups));
        for group in is.difference(&was) {
            self.add(format!("{shown}: joins group {group}"));
        }
        for group in was.difference(&is) {
            self.add(format!("{shown}: leaves group {group}"));
        }
        if old.tags != new.tags {
            self.add(format!("{shown}: tags changed"));
        }
        if old.arn != new.arn || old.unique_id != new.unique_id {
            self.add(format!("{shown}: is another one of the same name"));
        }
        if old.incomplete != new.incomplete {
            let words = if new.incomplete.is_some() { "not all" } else { "all" };
            self.add(format!("{shown}: {words} of its policies are known now"));
        }
    }

    fn group(&mut self, shown: &str, name: &str, old: &Group, new: &Group) {
        self.inline(shown, &format!("group {name}"), &old.inline, &new.inline);
        self.attached(shown, &old.attached, &new.attached);
        if old.incomplete != new.incomplete {
            let words = if new.incomplete.is_some() { "not all" } else { "all" };
            self.add(format!("{shown}: {words} of its policies are known now"));
        }
    }

    fn inline(&mut self, shown: &str, owner: &str, old: &[Arc<Document>], new: &[Arc<Document>]) {
        let suffix = inline_name("", owner);
        for (name, fate) in fates(&by_name(old), &by_name(new)) {
            let name = name.strip_suffix(suffix.as_str()).unwrap_or(name);
            match fate {
                Fate::Added(_) => self.add(format!("{shown}: inline policy {name} added")),
                Fate::Removed => self.add(format!("{shown}: inline policy {name} removed")),
                Fate::Kept(old, new) if is_same(old, new) => {}
                Fate::Kept(..) => self.add(format!("{shown}: inline policy {name} changed")),
            }
        }
    }

    fn attached(&mut self, shown: &str, old: &[String], new: &[String]) {
        let set = |arns: &[String]| arns.iter().cloned().collect::<BTreeSet<_>>();
        let (was, is) = (set(old), set(new));
        for arn in is.difference(&was) {
            self.add(format!("{shown}: managed policy {arn} attached"));
        }
        for arn in was.difference(&is) {
            self.add(format!("{shown}: managed policy {arn} detached"));
        }
    }

    fn managed(&mut self) {
        for (arn, fate) in fates(&self.before.managed, &self.after.managed) {
            match fate {
                Fate::Added(_) => self.add(format!("managed policy {arn} added")),
                Fate::Removed => self.add(format!("managed policy {arn} removed")),
                Fate::Kept(old, new) => match (&old.document, &new.document) {
                    (Some(old), Some(new)) if is_same(old, new) => {}
                    (None, None) => {}
                    _ => self.add(format!("managed policy {arn} changed")),
                },
            }
        }
    }

    fn resources(&mut self) {
        let none = OwnPolicy::Unsupplied;
        for (arn, fate) in fates(&self.before.resources, &self.after.resources) {
            let (old, new) = match fate {
                Fate::Added(new) => (None, Some(new)),
                Fate::Removed => (self.before.resources.get(arn), None),
                Fate::Kept(old, new) => (Some(old), Some(new)),
            };
            let policy = |own: Option<&'a crate::snapshot::Resource>| own.map(|own| &own.policy);
            match (policy(old).unwrap_or(&none), policy(new).unwrap_or(&none)) {
                (OwnPolicy::Known(old), OwnPolicy::Known(new)) if is_same(old, new) => {}
                (OwnPolicy::Known(_), OwnPolicy::Known(_)) => self.add(format!("policy of {arn} changed")),
                (OwnPolicy::Known(_), OwnPolicy::None) => self.add(format!("policy of {arn} removed")),
                (OwnPolicy::Known(_) | OwnPolicy::None, OwnPolicy::Unsupplied) => {
                    self.add(format!("policy of {arn} is no longer known"));
                }
                (OwnPolicy::None | OwnPolicy::Unsupplied, OwnPolicy::Known(_)) => {
                    self.add(format!("policy of {arn} added"));
                }
                (OwnPolicy::Unsupplied, OwnPolicy::None) => self.add(format!("{arn} has no policy")),
                (OwnPolicy::None, OwnPolicy::None) | (OwnPolicy::Unsupplied, OwnPolicy::Unsupplied) => {}
            }
            if old.and_then(|own| own.tags.as_ref()) != new.and_then(|own| own.tags.as_ref()) {
                self.add(format!("tags of {arn} changed"));
            }
            let account = |own: Option<&crate::snapshot::Resource>| own.and_then(|own| own.account);
            if let (Some(old), Some(new)) = (old, new)
                && account(Some(old)) != account(Some(new))
            {
                self.add(format!("account of {arn} changed"));
            }
        }
    }

    fn endpoints(&mut self) {
        for (id, fate) in fates(&self.before.endpoints, &self.after.endpoints) {
            match fate {
                Fate::Added(_) => self.add(format!("policy of {id} added")),
                Fate::Removed => self.add(format!("policy of {id} is no longer known")),
                Fate::Kept(old, new) if is_same(&old.document, &new.document) => {}
                Fate::Kept(..) => self.add(format!("policy of {id} changed")),
            }
        }
    }
}

/// As `ou-ex01-11111111 (workloads)`.
fn target_name(organization: &Organization, id: &str) -> String {
    let name = organization.nodes.get(id).and_then(|node| node.name.as_deref());
    name.map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"))
}

/// Which part of the accounts stand below a root or unit, in words; empty for an account.
fn accounts_below(organization: &Organization, target: &str) -> String {
    if AccountId::parse(target).is_some() {
        return String::new();
    }
    let accounts = || organization.nodes.keys().filter_map(|id| AccountId::parse(id));
    let is_below = |account: &AccountId| {
        organization.path(*account).is_ok_and(|path| path.iter().any(|own| own == target))
    };
    format!(" ({} of {} accounts)", accounts().filter(is_below).count(), accounts().count())
}
