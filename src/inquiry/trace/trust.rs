//! Who let somebody in: the records that said last, before a session was made, who may assume its role, or what a provider of
//! identities vouches with.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::fetch::{Source, one_of};
use crate::aws::{Arn, Principal};
use crate::lake::Column;
use crate::lineage::{
    Chain, Link, NodeKind, OriginKind, Proof, RecordRef, Rule, Trust, TrustOf, provider_name, subject,
};
use crate::query::{self, EventRow, Filter, QueryError};

/// The calls that set who may assume a role
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>), and what a provider of identities vouches with
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html>).
const CALLS: [&str; 7] = [
    "CreateRole",
    "UpdateAssumeRolePolicy",
    "CreateSAMLProvider",
    "UpdateSAMLProvider",
    "CreateOpenIDConnectProvider",
    "AddClientIDToOpenIDConnectProvider",
    "UpdateOpenIDConnectProviderThumbprint",
];

/// What somebody is let in by: its account, and its name.
type Door = (TrustOf, String, String);

/// A step of a chain by which somebody came in.
struct Entry {
    door: Door,
    time: DateTime<Utc>,
    lets: String,
}

/// What let whoever asked for the sessions of some chains in, in order of time; each record once.
pub(super) async fn trusts(source: &Source, chains: &[Chain]) -> Result<Vec<Trust>, QueryError> {
    let entries: Vec<Entry> = chains.iter().flat_map(entries).collect();
    let accounts: BTreeSet<String> = entries.iter().map(|entry| entry.door.1.clone()).collect();
    let Some(last) = entries.iter().map(|entry| entry.time).max() else { return Ok(Vec::new()) };
    let before = last.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(last);
    let filter = Filter::All(vec![
        Filter::Before(before),
        Filter::Is(Column::EventSource, "iam.amazonaws.com".to_owned()),
        one_of(Column::EventName, CALLS.map(str::to_owned).into()),
        one_of(Column::Account, accounts),
    ]);
    let mut opened: BTreeMap<Door, Vec<(RecordRef, Option<i64>)>> = BTreeMap::new();
    for batch in source.events(&filter, &[Column::RequestParameters]).await? {
        for row in query::rows(&batch)? {
            let failed =
                [row.error_code, row.error_message].into_iter().flatten().any(|text| !text.is_empty());
            if let Some(door) = door(&row).filter(|_| !failed) {
                opened.entry(door).or_default().push((row.record(), row.caller_id()));
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
        let before = opened.get(&door).into_iter().flatten().filter(|(record, _)| record.time <= time);
        let Some((record, by)) = before.max_by(|a, b| a.0.cmp(&b.0)) else { continue };
        let (of, _, name) = door;
        let (record, by) = (Proof::from(record), by.and_then(node));
        found.entry((record.clone(), of)).or_insert_with(|| Trust { of, name, record, by, lets });
    }
    Ok(found.into_values().collect())
}

/// The roles that a chain leads through, but for those that services and Identity Center assume, whose trust policies are of
/// AWS's making; and the provider that vouched for who began it.
fn entries(chain: &Chain) -> Vec<Entry> {
    let mut found = Vec::new();
    let assumes = |link: &&Link| {
        let of_role = matches!(
            link.record.event_name.as_str(),
            "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" | "SwitchRole"
        );
        of_role && link.rule != Rule::SharedEvent && link.to.kind != NodeKind::Service
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
        let origin = &chain.origin.origin;
        let vouched = matches!(origin.kind, OriginKind::Saml | OriginKind::WebIdentity);
        if let (Some(provider), Some(account)) =
            (origin.provider.as_deref().filter(|_| vouched), &link.from.account)
            && link.record.event_name != "AssumeRole"
        {
            let door = (TrustOf::Provider, account.clone(), provider_id(provider).to_owned());
            found.push(Entry { door, time, lets });
        }
    }
    found
}

/// A provider without what stands before its name.
fn provider_id(provider: &str) -> &str {
    let saml = provider.split_once(":saml-provider/").map(|(_, name)| name);
    saml.unwrap_or_else(|| provider_name(provider))
}

/// What a record opened.
fn door(row: &EventRow<'_>) -> Option<Door> {
    let request = row.request_parameters.and_then(query::lenient_json)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let (of, name) = match row.event_name? {
        "CreateRole" | "UpdateAssumeRolePolicy" => (TrustOf::Role, text("roleName")?),
        "CreateSAMLProvider" => (TrustOf::Provider, text("name")?),
        "UpdateSAMLProvider" => (TrustOf::Provider, provider_id(text("sAMLProviderArn")?)),
        "CreateOpenIDConnectProvider" => (TrustOf::Provider, provider_id(text("url")?)),
        _ => (TrustOf::Provider, provider_id(text("openIDConnectProviderArn")?)),
    };
    Some((of, row.account?.to_owned(), name.to_owned()))
}
