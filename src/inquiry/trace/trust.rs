//! Who let somebody in: the records that said last, before a session was made, who may assume its role, what a provider of
//! identities vouches with, or whose certificates count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::fetch::{Source, one_of};
use crate::aws::{Arn, Principal};
use crate::lake::Column;
use crate::lineage::{
    Chain, Link, NodeKind, OriginKind, Proof, RecordRef, Rule, SLACK_SECONDS, Trust, TrustOf, provider_name,
    subject,
};
use crate::query::{self, EventRow, Filter, QueryError};

/// The calls that set who may assume a role
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>), what a provider of identities vouches with
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html>), and whose certificates IAM Roles Anywhere
/// accepts, for which roles (<https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateTrustAnchor.html>,
/// <https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateProfile.html>), from when on, and without which
/// list of those that were revoked (<https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_ImportCrl.html>); and
/// those of [`shuts`].
const CALLS: [&str; 23] = [
    "CreateRole",
    "UpdateAssumeRolePolicy",
    "CreateSAMLProvider",
    "UpdateSAMLProvider",
    "CreateOpenIDConnectProvider",
    "AddClientIDToOpenIDConnectProvider",
    "UpdateOpenIDConnectProviderThumbprint",
    "CreateTrustAnchor",
    "UpdateTrustAnchor",
    "CreateProfile",
    "UpdateProfile",
    "EnableTrustAnchor",
    "DisableTrustAnchor",
    "EnableProfile",
    "DisableProfile",
    "ImportCrl",
    "UpdateCrl",
    "EnableCrl",
    "DisableCrl",
    "DeleteCrl",
    "DeleteRole",
    "DeleteSAMLProvider",
    "DeleteOpenIDConnectProvider",
];

/// Whether a call of this name lets nobody in that was not let in before. Of a role or provider of the same name that is there
/// after its deletion, what was set before counts for nothing: it was made anew. Anchors and profiles of Roles Anywhere have ids
/// that do not come again; a list of revoked certificates that is put in force keeps some out, and one that is not, or is
/// another, lets them in.
fn shuts(event_name: &str) -> bool {
    let begins = |word| event_name.starts_with(word);
    if event_name.ends_with("Crl") {
        return begins("Import") || begins("Enable");
    }
    begins("Delete") || begins("Disable")
}

/// What a record set of a door: what it is, whether it is open, a list of certificates that are not let in, by its id; of a
/// provider of web identities also for whom its tokens may be, and by which certificates its server is known.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Itself,
    Enabled,
    Revoked(String),
    Clients,
    Thumbprints,
}

/// By door and part of it: the records that set that, with whoever called.
type Opened = BTreeMap<Door, BTreeMap<Part, Vec<(RecordRef, Option<i64>)>>>;

/// Where these calls are made.
const SOURCES: [&str; 2] = ["iam.amazonaws.com", ROLES_ANYWHERE];

const ROLES_ANYWHERE: &str = "rolesanywhere.amazonaws.com";

/// What somebody is let in by: its account, and its name.
type Door = (TrustOf, String, String);

/// What a door is known by: the calls that open a role's may write its name otherwise, see [`crate::lineage::is_name`].
fn same((of, account, name): Door) -> Door {
    let name = if of == TrustOf::Role { name.to_ascii_lowercase() } else { name };
    (of, account, name)
}

/// A step of a chain by which somebody came in.
struct Entry {
    door: Door,
    time: DateTime<Utc>,
    lets: String,
}

/// What let whoever asked for the sessions of some chains in, in order of time; each record once.
pub(super) async fn trusts(source: &Source, chains: &[Chain]) -> Result<Vec<Trust>, QueryError> {
    let mut entries: Vec<Entry> = chains.iter().flat_map(entries).collect();
    entries.append(&mut by_certificates(source, chains).await?);
    let accounts: BTreeSet<String> = entries.iter().map(|entry| entry.door.1.clone()).collect();
    let Some(last) = entries.iter().map(|entry| entry.time).max() else { return Ok(Vec::new()) };
    let before = last.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(last);
    let filter = Filter::All(vec![
        Filter::Before(before),
        one_of(Column::EventSource, SOURCES.map(str::to_owned).into()),
        one_of(Column::EventName, CALLS.map(str::to_owned).into()),
        one_of(Column::Account, accounts),
    ]);
    let mut opened = Opened::new();
    for batch in source.events(&filter, &[Column::RequestParameters, Column::ResponseElements]).await? {
        for row in query::rows(&batch)? {
            let failed =
                [row.error_code, row.error_message].into_iter().flatten().any(|text| !text.is_empty());
            if let Some((door, part)) = door(&row).filter(|_| !failed) {
                let parts = opened.entry(same(door)).or_default();
                parts.entry(part).or_default().push((row.record(), row.caller_id()));
            }
        }
    }
    if opened.is_empty() {
        return Ok(Vec::new());
    }
    let callers = source.callers(&filter).await?;
    let node = |id: i64| callers.iter().find(|one| one.caller.id == id).map(|one| one.caller.node());
    let mut found: BTreeMap<(Proof, TrustOf), Trust> = BTreeMap::new();
    for Entry { door, time, lets } in entries {
        let Some(parts) = opened.get(&same(door.clone())) else { continue };
        let before = |set: &'_ [(RecordRef, Option<i64>)]| {
            let before = set.iter().filter(|(record, _)| record.time <= time).cloned();
            before.collect::<Vec<(RecordRef, Option<i64>)>>()
        };
        let itself = before(parts.get(&Part::Itself).map_or(&[], Vec::as_slice));
        let gone = itself.into_iter().map(|(record, _)| record).filter(|one| shuts(&one.event_name)).max();
        let last = |set: &'_ Vec<(RecordRef, Option<i64>)>| before(set).into_iter().max();
        let lets_in = |(record, _): &(RecordRef, Option<i64>)| {
            !shuts(&record.event_name) && gone.as_ref().is_none_or(|gone| gone < record)
        };
        let (of, _, name) = door;
        for (record, by) in parts.values().filter_map(last).filter(lets_in) {
            let (record, by) = (Proof::from(&record), by.and_then(node));
            let trust = Trust { of, name: name.clone(), record, by, lets: Some(lets.clone()) };
            found.entry((trust.record.clone(), of)).or_insert(trust);
        }
    }
    Ok(found.into_values().collect())
}

/// The roles that a chain leads through, but for those that Identity Center and services assume for what they run; and the
/// provider that vouched for who began it. A role of IAM Roles Anywhere lets in whoever has a certificate.
fn entries(chain: &Chain) -> Vec<Entry> {
    let mut found = Vec::new();
    let by_certificate = is_by_certificate(chain);
    let assumes = |link: &&Link| {
        let of_role = match link.record.event_name.as_str() {
            "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" | "SwitchRole" => true,
            name => by_certificate && name == CREATE_SESSION,
        };
        of_role && link.rule != Rule::SharedEvent && (by_certificate || link.to.kind != NodeKind::Service)
    };
    for link in chain.links.iter().filter(assumes) {
        let (time, lets) = (link.record.event_time.0, link.record.event_id.clone());
        let session =
            link.from.arn.as_deref().filter(|arn| !subject::is_identity_center(arn)).and_then(Arn::parse);
        if let Some((account, Principal::RoleSession { role, .. })) =
            session.and_then(|arn| Some((arn.account, arn.principal()?)))
        {
            let door = (TrustOf::Role, account.to_owned(), role.to_owned());
            found.push(Entry { door, time, lets: lets.clone() });
        }
        // Where several fit alike each may have vouched.
        let origins = [&chain.origin.origin].into_iter().chain(&chain.origins);
        let vouched = origins.filter(|one| matches!(one.kind, OriginKind::Saml | OriginKind::WebIdentity));
        let providers: BTreeSet<&str> = vouched.filter_map(|one| one.provider.as_deref()).collect();
        if let Some(account) = link.from.account.as_ref().filter(|_| link.record.event_name != "AssumeRole") {
            for provider in providers {
                let door = (TrustOf::Provider, account.clone(), provider_id(provider).to_owned());
                found.push(Entry { door, time, lets: lets.clone() });
            }
        }
    }
    found
}

/// The call by which a certificate comes by a session.
const CREATE_SESSION: &str = "CreateSession";

fn is_by_certificate(chain: &Chain) -> bool {
    chain.origin.origin.kind == OriginKind::Certificate
}

/// The trust anchors and profiles by which certificates came by sessions. Only the service's own record names them: that of the
/// chain, or the one beside the AssumeRole that the service called for, which answers with the same key and session
/// (<https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html>).
async fn by_certificates(source: &Source, chains: &[Chain]) -> Result<Vec<Entry>, QueryError> {
    let made = |chain: &'_ Chain| {
        let last = chain.links.iter().rfind(|link| !link.above_origin).filter(|_| is_by_certificate(chain));
        last.cloned()
    };
    let links: Vec<Link> = chains.iter().filter_map(made).collect();
    let times = || links.iter().map(|link| link.record.event_time.0);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
    let moved =
        |time: DateTime<Utc>, seconds| time.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(time);
    let filter = Filter::All(vec![
        Filter::From(moved(first, -SLACK_SECONDS)),
        Filter::Before(moved(last, SLACK_SECONDS + 1)),
        Filter::Is(Column::EventSource, ROLES_ANYWHERE.to_owned()),
        Filter::Is(Column::EventName, CREATE_SESSION.to_owned()),
        one_of(Column::Account, links.iter().filter_map(|link| link.from.account.clone()).collect()),
    ]);
    let mut found = Vec::new();
    for batch in source.events(&filter, &[Column::RequestParameters, Column::ResponseElements]).await? {
        for row in query::rows(&batch)? {
            let record = row.record();
            let Some(request) = row.request_parameters.and_then(query::lenient_json) else { continue };
            let response = row.response_elements.and_then(query::lenient_json);
            let said = |path: &str| response.as_ref().and_then(|response| response.pointer(path)?.as_str());
            let key = said("/credentialSet/0/credentials/accessKeyId");
            let session = said("/credentialSet/0/assumedRoleUser/arn");
            // One key id may stand for all, as in sanitised logs: session and moment agree, too.
            let is_its = |link: &&Link| {
                link.record.event_id == record.id()
                    || (key.is_some()
                        && link.from.access_key.as_deref() == key
                        && (session.is_none() || link.from.arn.as_deref() == session)
                        && (link.record.event_time.0 - record.time).num_seconds().abs() <= SLACK_SECONDS)
            };
            let Some(link) = links.iter().find(is_its) else { continue };
            for (of, name) in [(TrustOf::Anchor, "trustAnchorArn"), (TrustOf::Profile, "profileArn")] {
                let Some(arn) = request.get(name).and_then(Value::as_str) else { continue };
                let Some(account) = Arn::parse(arn).map(|arn| arn.account.to_owned()) else { continue };
                let door = (of, account, last_part(arn).to_owned());
                found.push(Entry { door, time: record.time, lets: link.record.event_id.clone() });
            }
        }
    }
    Ok(found)
}

/// The id at the end of an ARN of IAM Roles Anywhere.
fn last_part(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, id)| id)
}

/// A provider without what stands before its name.
fn provider_id(provider: &str) -> &str {
    let saml = provider.split_once(":saml-provider/").map(|(_, name)| name);
    saml.unwrap_or_else(|| provider_name(provider))
}

/// What a record opened, and what of it. What a call does not pass stays as it was
/// (<https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_UpdateTrustAnchor.html>,
/// <https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_UpdateProfile.html>).
fn door(row: &EventRow<'_>) -> Option<(Door, Part)> {
    let of_anywhere = row.event_source == Some(ROLES_ANYWHERE);
    let request = row.request_parameters.and_then(query::lenient_json)?;
    let response = row.response_elements.filter(|_| of_anywhere).and_then(query::lenient_json);
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let made = |path: &str| response.as_ref().and_then(|response| response.pointer(path)?.as_str());
    let mut part = Part::Itself;
    let (of, name) = match row.event_name? {
        "CreateTrustAnchor" if of_anywhere => (TrustOf::Anchor, made("/trustAnchor/trustAnchorId")?),
        "UpdateTrustAnchor" if of_anywhere => {
            request.get("source")?;
            (TrustOf::Anchor, text("trustAnchorId")?)
        }
        "EnableTrustAnchor" | "DisableTrustAnchor" if of_anywhere => {
            part = Part::Enabled;
            (TrustOf::Anchor, text("trustAnchorId")?)
        }
        "CreateProfile" if of_anywhere => (TrustOf::Profile, made("/profile/profileId")?),
        "UpdateProfile" if of_anywhere => {
            request.get("roleArns")?;
            (TrustOf::Profile, text("profileId")?)
        }
        "EnableProfile" | "DisableProfile" if of_anywhere => {
            part = Part::Enabled;
            (TrustOf::Profile, text("profileId")?)
        }
        name if of_anywhere && name.ends_with("Crl") => {
            part = Part::Revoked(made("/crl/crlId").or_else(|| text("crlId"))?.to_owned());
            (TrustOf::Anchor, last_part(made("/crl/trustAnchorArn").or_else(|| text("trustAnchorArn"))?))
        }
        // Other services' calls of a name.
        _ if of_anywhere => return None,
        "CreateRole" | "UpdateAssumeRolePolicy" | "DeleteRole" => (TrustOf::Role, text("roleName")?),
        "CreateSAMLProvider" => (TrustOf::Provider, text("name")?),
        "UpdateSAMLProvider" | "DeleteSAMLProvider" => {
            (TrustOf::Provider, provider_id(text("sAMLProviderArn")?))
        }
        "CreateOpenIDConnectProvider" => (TrustOf::Provider, provider_id(text("url")?)),
        // https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
        name => {
            part = match name {
                "AddClientIDToOpenIDConnectProvider" => Part::Clients,
                "UpdateOpenIDConnectProviderThumbprint" => Part::Thumbprints,
                _ => Part::Itself,
            };
            (TrustOf::Provider, provider_id(text("openIDConnectProviderArn")?))
        }
    };
    Some(((of, row.account?.to_owned(), name.to_owned()), part))
}
