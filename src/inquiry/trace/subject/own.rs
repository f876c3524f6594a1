//! Who stands above a user or root that is asked about: who made it, its keys and its passwords.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Asked, unique_id};
use crate::aws::Arn;
use crate::inquiry::trace::climb::{climb, unsigned};
use crate::inquiry::trace::fetch::{Source, together};
use crate::lineage::{
    Above, Credential, Issuance, IssuanceKind, Link, Node, NodeKind, Origin, OriginKind, Proof, Rule,
    TracedOrigin, Usage, find_maker, is_telling,
};
use crate::query::QueryError;

/// So many keys of a user are looked at, those with most calls.
const KEYS_MAX: usize = 64;

/// A record that made a user, a key of it or its password.
struct Made {
    rule: Rule,
    way: Issuance,
    from: Node,
}

/// A user is its own origin; whoever made it stands above, and whoever made its keys and passwords that were used.
pub(super) async fn own_origin(
    source: &Source,
    found: &mut Asked,
    kind: OriginKind,
    (id, name, account): (String, Option<String>, Option<String>),
) -> Result<(), QueryError> {
    let arn = Arn::parse(&id).map(|_| id.clone());
    let name = name.or_else(|| id.rsplit('/').next().map(str::to_owned));
    let own = Origin::principal(kind, arn, name.clone(), account.clone());
    let mut traced = TracedOrigin { origin: own, above: None, above_gap: None, others_above: Vec::new() };
    let mut made = Vec::new();
    if let (Some(name), Some(account), OriginKind::IamUser) = (&name, &account, kind) {
        let node = user_node(&traced.origin, name, account);
        let way = maker(source, &found.credentials, (name, account)).await?;
        made.extend(way.map(|way| Made { rule: Rule::Identity, way, from: node.clone() }));
        made.extend(passwords(source, &found.credentials, (name, account), &node).await?);
    }
    made.extend(keys(source, &found.credentials).await?);
    let mut known = BTreeSet::new();
    made.retain(|one| known.insert(one.way.record.clone()));
    for one in made {
        let above = above(source, found, one).await?;
        match traced.above {
            None => traced.above = Some(Box::new(above)),
            Some(_) => traced.others_above.push(above),
        }
    }
    if traced.above.is_none() {
        let unsigned_one =
            found.credentials.iter().map(|one| &one.caller).find(|caller| caller.is_unsigned());
        traced.above_gap = unsigned_one.map(unsigned);
    }
    found.origin = Some(traced);
    Ok(())
}

/// Follows whoever made something up, and adds the links.
async fn above(source: &Source, found: &mut Asked, made: Made) -> Result<Above, QueryError> {
    let Made { rule, way, from } = made;
    let record = Proof::from(&way.record);
    let whole = source.near(way.maker(), way.record.time).await?;
    found.links.push(Link {
        rule,
        record: record.clone(),
        from,
        to: way.maker().node(),
        seconds_apart: 0,
        ambiguous: Vec::new(),
        above_origin: true,
        role_passed: None,
        role_untold: None,
        role_given: None,
        beside: Vec::new(),
        to_usage: whole.as_ref().map(|whole| whole.usage.clone()),
    });
    let maker = whole.unwrap_or(Credential { caller: way.maker().clone(), usage: Usage::default() });
    let up = climb(source, &maker, None).await?;
    found.links.extend(up.links.iter().map(|link| Link { above_origin: true, ..link.clone() }));
    found.violations.extend(up.violations);
    Ok(Above { rule, record, origin: up.origin })
}

/// The record that made a user.
async fn maker(
    source: &Source,
    credentials: &[Credential],
    (name, account): (&str, &str),
) -> Result<Option<Issuance>, QueryError> {
    // Who never called bears its name since it was made.
    let moment = together(credentials).last.map_or(DateTime::<Utc>::MAX_UTC, |last| last.0);
    let mut ways = Vec::new();
    for borne in source.names_of(account, name, moment).await? {
        let made = source.ways_in(account, &borne.name, IssuanceKind::User).await?;
        ways.extend(made.into_iter().filter(|way| borne.is(&borne.name, way.record.time)));
    }
    Ok(ways.into_iter().rfind(|way| makes(way, credentials)))
}

/// Whether a record may have made the user of some credentials: not one of another unique id.
fn makes(way: &Issuance, credentials: &[Credential]) -> bool {
    let mut ids = credentials.iter().filter_map(|one| unique_id(&one.caller)).peekable();
    let made = way.session_id.as_deref().filter(|id| is_telling(id));
    ids.peek().is_none() || made.is_none_or(|made| ids.any(|id| id == made))
}

/// The records that made the long-term keys that were used, in order of time.
async fn keys(source: &Source, credentials: &[Credential]) -> Result<Vec<Made>, QueryError> {
    let mut found = Vec::new();
    let used =
        credentials.iter().filter(|one| one.caller.is_user_or_root() && one.caller.has_long_term_key());
    for one in used.take(KEYS_MAX) {
        let list = source.naming(one.caller.access_key.as_deref().unwrap_or_default(), None).await?;
        let first = one.usage.first.map(|first| first.0);
        let way = find_maker(&one.caller, first, &list).best.first().map(|way| (*way).clone());
        found.extend(way.map(|way| Made { rule: Rule::Key, way, from: one.caller.node() }));
    }
    found.sort_by(|a, b| a.way.record.cmp(&b.way.record));
    Ok(found)
}

/// The records by which others set the passwords that the user signed in with, in order of time. One that the user changed
/// itself says nothing of who knew the one before.
async fn passwords(
    source: &Source,
    credentials: &[Credential],
    (name, account): (&str, &str),
    user: &Node,
) -> Result<Vec<Made>, QueryError> {
    let mut found = Vec::new();
    for one in credentials.iter().filter(|one| one.caller.signs_in()) {
        let Some((first, last)) = one.usage.first.zip(one.usage.last) else { continue };
        let moments = source.signed_in_as(&one.caller, (first.0, last.0)).await?;
        let Some(first) = moments.first() else { continue };
        let users = source.user_history(account, name, *first).await?;
        let set = users.passwords_of(&one.caller, &moments);
        let by_others = set.ways.into_iter().filter(|way| !way.is_own_password());
        found.extend(by_others.map(|way| Made {
            rule: Rule::Identity,
            way: way.clone(),
            from: user.clone(),
        }));
    }
    found.sort_by(|a, b| a.way.record.cmp(&b.way.record));
    Ok(found)
}

fn user_node(user: &Origin, name: &str, account: &str) -> Node {
    Node {
        kind: NodeKind::User,
        id: user.arn.clone().unwrap_or_else(|| name.to_owned()),
        account: Some(account.to_owned()),
        access_key: None,
        arn: user.arn.clone(),
        name: Some(name.to_owned()),
        session_name: None,
        source_identity: None,
        created: None,
    }
}
