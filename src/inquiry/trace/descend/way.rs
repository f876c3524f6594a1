//! Ways in that were made: keys, users, passwords and others, and who acted by them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::plant::{Growth, Plant};
use super::{Holder, Lines};
use crate::inquiry::trace::fetch::{Source, earlier, together};
use crate::lake::Column;
use crate::lineage::{
    Credential, Issuance, IssuanceKind, Node, NodeKind, Proof, Removal, Rule, SLACK_SECONDS, find_maker,
    is_telling, made_node,
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
    let mut users: Vec<(&Issuance, usize)> = Vec::new();
    let ways = || issued.iter().filter(|one| !one.kind.delegates());
    let removed = removed_users(source, ways()).await?;
    for way in ways().filter(|way| way.kind == IssuanceKind::User) {
        let Some(parent) = lines.at(way.maker(), way.record.time).map(|holder| holder.line) else { continue };
        let account = way.record.account.clone().unwrap_or_default();
        let name = way.user_name.clone().unwrap_or_default();
        let mut growth = Growth::new(NodeKind::User, &name, Rule::Identity);
        growth.made = Some(Proof::from(&way.record));
        growth.node = Some(user_node(way, &account, &name));
        let made = source.ways_in(&account, &name, IssuanceKind::User).await?;
        let again = made.iter().map(|made| made.record.time).find(|time| *time > way.record.time);
        let gone = removed.iter().find(|gone| {
            gone.id == name
                && gone.record.account == way.record.account
                && gone.record.time >= way.record.time
        });
        let gone = gone.map(Removal::end);
        let until = again.into_iter().chain(gone).min();
        let from = earlier(way.record.time, SLACK_SECONDS);
        let mut of_user = of_user(source, &account, &name, (from, until)).await?;
        // The same name is not the same user
        // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
        let is_it = |id: &String| way.session_id.as_ref().is_none_or(|made| made == id || !is_telling(id));
        of_user.retain(|one| one.caller.principal_id.as_ref().is_none_or(is_it));
        growth.usage = together(&of_user);
        growth.lead_to(&of_user);
        let Some(line) = plant.grow(parent, growth) else { return Ok(holders) };
        users.push((way, line));
    }
    for way in ways().filter(|way| way.kind != IssuanceKind::User) {
        let Some(parent) = lines.at(way.maker(), way.record.time).map(|holder| holder.line) else { continue };
        let account = way.record.account.clone().unwrap_or_default();
        let name = way.user_name.clone().unwrap_or_default();
        let user = users.iter().rfind(|(user, _)| {
            user.record.account == way.record.account
                && user.user_name == way.user_name
                && user.record.time <= way.record.time
                && lines.at(user.maker(), user.record.time).is_some_and(|holder| holder.line == parent)
        });
        let below = user.map(|user| user.1).or(parent);
        let (mut growth, credentials) = match way.kind {
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
            IssuanceKind::Password => {
                // The sign-ins until another password was set, or this one removed; what was done in their sessions stands below.
                let users = source.user_history(&account, &name).await?;
                let next = users.password_until(way);
                let mut used = of_user(source, &account, &name, (way.record.time, next)).await?;
                used.retain(|one| {
                    let signs_in = one.caller.access_key.is_none() && one.caller.created.is_none();
                    signs_in && users.may_be_of(way, &one.caller)
                });
                let mut growth = Growth::new(NodeKind::Password, &name, Rule::Identity);
                growth.node = Some(user_node(way, &account, &name));
                growth.until = next;
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
    Node {
        kind: NodeKind::User,
        id: arn.clone(),
        account: Some(account.to_owned()),
        access_key: None,
        arn: Some(arn),
        name: Some(name.to_owned()),
        session_name: None,
        created: None,
    }
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

/// The credentials of an IAM user from a moment on, and before another.
async fn of_user(
    source: &Source,
    account: &str,
    name: &str,
    (from, before): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<Vec<Credential>, QueryError> {
    let times = [Filter::From(from)].into_iter().chain(before.map(Filter::Before));
    let of_user = [
        Filter::Is(Column::IdentityType, "IAMUser".to_owned()),
        Filter::Is(Column::UserName, name.to_owned()),
        Filter::Is(Column::IdentityAccountId, account.to_owned()),
    ];
    source.callers(&Filter::All(times.chain(of_user).collect())).await
}
