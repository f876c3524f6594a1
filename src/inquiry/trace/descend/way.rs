//! Ways in that were made: keys, users, passwords and others, and who acted by them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::forwarded::{by_services, forwarded_line};
use super::plant::{Growth, Plant};
use super::{Holder, Lines};
use crate::aws::HIDDEN;
use crate::inquiry::trace::climb::stop;
use crate::inquiry::trace::fetch::{Source, earlier, together};
use crate::lake::Column;
use crate::lineage::{
    Borne, CHANGED_BY_USER, Credential, Issuance, IssuanceKind, Node, NodeKind, Proof, Reason, Removal, Rule,
    SLACK_SECONDS, find_maker, is_name, is_telling, made_node, stamp,
};
use crate::query::{Filter, QueryError};

/// Keys, users, passwords and other ways in that were made.
pub(super) async fn ways_in(
    source: &Source,
    level: &[Holder],
    issued: &[Issuance],
    plant: &mut Plant,
) -> Result<Vec<Holder>, QueryError> {
    let mut holders = Vec::new();
    let lines = Lines::of(level);
    // Users first: what was made for them stands below them.
    let mut users: Vec<(&Issuance, Vec<Borne>, usize)> = Vec::new();
    let ways = || issued.iter().filter(|one| one.kind.is_way_in());
    let removed = removed_users(source, ways()).await?;
    for way in ways().filter(|way| way.kind == IssuanceKind::User) {
        let Some(parent) = lines.at(way.maker(), way.record.time).map(|holder| holder.line) else { continue };
        let account = way.record.account.clone().unwrap_or_default();
        let name = way.user_name.clone().unwrap_or_default();
        let mut growth = Growth::new(NodeKind::User, &name, Rule::Identity);
        growth.made = Some(Proof::from(&way.record));
        growth.node = Some(user_node(way, &account, &name));
        let names = source.names_of(&account, &name, way.record.time).await?;
        let mut of_user = Vec::new();
        for borne in names.iter().filter(|borne| borne.until.is_none_or(|until| until > way.record.time)) {
            // Under a name that it was given later it was not made.
            let from = borne.from.unwrap_or_default().max(earlier(way.record.time, SLACK_SECONDS));
            let made = source.ways_in(&account, &borne.name, IssuanceKind::User).await?;
            let again =
                made.iter().map(|made| made.record.time).find(|time| *time > from.max(way.record.time));
            let gone = removed.iter().find(|gone| {
                is_name(&gone.id, &borne.name)
                    && gone.record.account == way.record.account
                    && gone.record.time >= from
            });
            let ends = again.into_iter().chain(gone.map(Removal::end)).chain(borne.until);
            of_user.extend(of_name(source, &account, &borne.name, (from, ends.min())).await?);
        }
        let of_user = &mut merged(of_user);
        // The same name is not the same user
        // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
        let is_it = |id: &String| way.session_id.as_ref().is_none_or(|made| made == id || !is_telling(id));
        of_user.retain(|one| one.caller.principal_id.as_ref().is_none_or(is_it));
        growth.usage = together(&*of_user);
        growth.lead_to(of_user);
        let renames = names.windows(2).filter_map(|pair| Some((pair.get(1)?, pair.first()?.until?)));
        let renames: Vec<_> = renames.filter(|(_, time)| *time >= way.record.time).collect();
        growth.renamed = renames.first().map(|(_, time)| *time);
        growth.notes.extend(renames.iter().map(|(borne, _)| format!("renamed {}", borne.name)));
        let Some(line) = plant.grow(parent, growth) else { return Ok(holders) };
        // What was made for it by services no key of it is known to have led to.
        holders.extend(forwarded_line(Some(line), Rule::Identity, &by_services(of_user), plant));
        users.push((way, names, line));
    }
    for way in ways().filter(|way| way.kind != IssuanceKind::User) {
        let Some(parent) = lines.at(way.maker(), way.record.time).map(|holder| holder.line) else { continue };
        let account = way.record.account.clone().unwrap_or_default();
        let name = way.user_name.clone().unwrap_or_default();
        let user = users.iter().rfind(|(user, names, _)| {
            user.record.account == way.record.account
                && names.iter().any(|borne| borne.is(&name, way.record.time))
                && user.record.time <= way.record.time
                && lines.at(user.maker(), user.record.time).is_some_and(|holder| holder.line == parent)
        });
        let below = user.map(|user| user.2).or(parent);
        let (mut growth, credentials) = match way.kind {
            IssuanceKind::AccessKey if way.key.as_ref().is_none_or(|key| key.starts_with(HIDDEN)) => {
                let mut growth = Growth::new(NodeKind::AccessKey, &format!("a key of {name}"), Rule::Claim);
                growth.node = Some(user_node(way, &account, &name));
                growth.gap = Some(stop(
                    Reason::ResponseHidden,
                    &format!("{} hides which key it made", way.record.event_name),
                    "only a copy of that record with its responseElements would tell",
                ));
                (growth, Vec::new())
            }
            IssuanceKind::AccessKey => {
                let key = way.key.clone().unwrap_or_default();
                let mut used = source.of_key(&key, Some(way.record.time)).await?;
                let mut growth = Growth::new(NodeKind::AccessKey, &key, Rule::Key);
                used.retain(|one| {
                    let found = find_maker(&one.caller, one.usage.first.map(|time| time.0), [way]);
                    if !found.too_late.is_empty() {
                        growth.remarks.push("a key of this id was used before it was made".to_owned());
                    }
                    !found.best.is_empty()
                });
                growth.node = Some(used.first().map_or_else(|| made_node(way), |one| one.caller.node()));
                (growth, used)
            }
            IssuanceKind::Password if way.is_of_root() => {
                // Whoever reads root's mail sets the password then
                // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html>).
                let mut used = of_root(source, &account, way.record.time).await?;
                used.retain(|one| one.caller.signs_in());
                let mut growth = Growth::new(NodeKind::Password, "root", Rule::Identity);
                growth.node = Some(root_node(way, &account));
                if !used.is_empty() {
                    growth.rule = Rule::Claim;
                    growth.remarks.push("root may recover its password since: not followed".to_owned());
                }
                (growth, used)
            }
            IssuanceKind::Password => {
                // The sign-ins until another password was set, or this one removed; what was done in their sessions stands below.
                let users = source.user_history(&account, &name, way.record.time).await?;
                let next = users.password_until(way);
                let mut used = Vec::new();
                for borne in source.names_of(&account, &name, way.record.time).await? {
                    let from = borne.from.unwrap_or_default().max(way.record.time);
                    let until = next.into_iter().chain(borne.until).min();
                    if until.is_none_or(|until| from < until) {
                        used.extend(of_name(source, &account, &borne.name, (from, until)).await?);
                    }
                }
                let mut used = merged(used);
                used.retain(|one| one.caller.signs_in() && users.may_be_of(way, &one.caller));
                let mut growth = Growth::new(NodeKind::Password, &name, Rule::Identity);
                growth.node = Some(user_node(way, &account, &name));
                growth.until = next;
                // Only who knew it could
                // (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html>).
                let changed = users.passwords.iter().find(|set| set.record.time > way.record.time);
                let changed = changed.filter(|set| set.is_own_password() && next == Some(set.record.time));
                growth
                    .notes
                    .extend(changed.map(|set| format!("{CHANGED_BY_USER} {}", stamp(set.record.time))));
                (growth, used)
            }
            _ => {
                let mut growth = Growth::new(NodeKind::OtherWay, &name, Rule::Identity);
                growth.node = Some(user_node(way, &account, &name));
                growth.notes.push(way.record.event_name.clone());
                (growth, Vec::new())
            }
        };
        growth.made = Some(Proof::from(&way.record));
        growth.usage = together(&credentials);
        if way.is_of_root() && growth.rule == Rule::Claim {
            if plant.grow(below, growth).is_none() {
                return Ok(holders);
            }
            plant.leave_open(credentials.len());
            continue;
        }
        // See `Issuance::is_own_password`: who set the one before is not said to have led to what comes of this one.
        if way.is_own_password() && plant.came_by_password(parent) {
            growth.rule = Rule::Claim;
            growth.remarks.push("the user changed its own password: not followed".to_owned());
            if plant.grow(below, growth).is_none() {
                return Ok(holders);
            }
            plant.leave_open(credentials.len());
            continue;
        }
        growth.lead_to(&credentials);
        let Some(line) = plant.grow(below, growth) else { return Ok(holders) };
        holders.push(Holder::of(Some(line), &credentials));
    }
    Ok(holders)
}

/// The user that a way in is for.
fn user_node(way: &Issuance, account: &str, name: &str) -> Node {
    let arn = format!("arn:{}:iam::{account}:user/{name}", way.partition());
    Node { name: Some(name.to_owned()), ..user_node_of(arn, account) }
}

fn user_node_of(arn: String, account: &str) -> Node {
    Node {
        kind: NodeKind::User,
        id: arn.clone(),
        account: Some(account.to_owned()),
        access_key: None,
        arn: Some(arn),
        name: None,
        session_name: None,
        source_identity: None,
        created: None,
    }
}

/// The root of an account.
fn root_node(way: &Issuance, account: &str) -> Node {
    let arn = format!("arn:{}:iam::{account}:root", way.partition());
    Node { kind: NodeKind::Root, name: Some("root".to_owned()), ..user_node_of(arn, account) }
}

/// The removals of users that were made, in order of time.
async fn removed_users<'a>(
    source: &Source,
    ways: impl Iterator<Item = &'a Issuance>,
) -> Result<Vec<Removal>, QueryError> {
    let users: Vec<&Issuance> = ways.filter(|way| way.kind == IssuanceKind::User).collect();
    let Some(first) = users.iter().map(|user| user.record.time).min() else { return Ok(Vec::new()) };
    let accounts: Option<BTreeSet<String>> = users.iter().map(|user| user.record.account.clone()).collect();
    let names = BTreeSet::from(["DeleteUser".to_owned()]);
    source.removals(&names, accounts.as_ref(), (first, None)).await
}

/// The credentials of the root of an account from a moment on.
async fn of_root(source: &Source, account: &str, from: DateTime<Utc>) -> Result<Vec<Credential>, QueryError> {
    let of_root = [
        Filter::From(from),
        Filter::Is(Column::IdentityType, "Root".to_owned()),
        Filter::Is(Column::IdentityAccountId, account.to_owned()),
        Filter::Is(Column::EventSource, "signin.amazonaws.com".to_owned()),
    ];
    source.callers(&Filter::All(of_root.into())).await
}

/// Each caller once, with all that it did.
fn merged(credentials: Vec<Credential>) -> Vec<Credential> {
    let mut found: Vec<Credential> = Vec::with_capacity(credentials.len());
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    for one in credentials {
        if let Some(known) = places.get(&one.caller.id).and_then(|at| found.get_mut(*at)) {
            known.usage.merge(&one.usage);
        } else {
            places.insert(one.caller.id, found.len());
            found.push(one);
        }
    }
    found
}

/// The credentials of an IAM user under a name from a moment on, and before another.
async fn of_name(
    source: &Source,
    account: &str,
    name: &str,
    (from, before): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<Vec<Credential>, QueryError> {
    let named = |name: Filter| {
        let times = [Filter::From(from)].into_iter().chain(before.map(Filter::Before));
        let of_user = [
            Filter::Is(Column::IdentityType, "IAMUser".to_owned()),
            name,
            Filter::Is(Column::IdentityAccountId, account.to_owned()),
        ];
        Filter::All(times.chain(of_user).collect())
    };
    let found = source.callers(&named(Filter::Is(Column::UserName, name.to_owned()))).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    // Whoever made it may have written the name otherwise than the user's own records have it.
    let alike = named(Filter::Contains(Column::UserName, name.to_ascii_lowercase()));
    if !source.any(&alike).await? {
        return Ok(found);
    }
    let mut found = source.callers(&alike).await?;
    found.retain(|one| one.caller.user_name.as_deref().is_some_and(|own| is_name(own, name)));
    Ok(found)
}
