//! Claims that the links do not bear out: session names, source identities, the place of a workload, and its role.

use std::collections::{BTreeMap, BTreeSet};

use super::climb::Climbed;
use super::descend::addresses;
use super::fetch::{OwnAddresses, Source, earlier, is_private, later};
use crate::lake::Column;
use crate::lineage::session_name::{self, Agreement, Claim, Verified};
use crate::lineage::{Caller, Credential, Issuance, KEY_LIFE_SECONDS, Mismatch, Origin, OriginKind, Rule};
use crate::query::{Filter, QueryError};

/// What does not fit of some credentials that were traced up.
pub(super) async fn mismatches(
    source: &Source,
    climbed: &[(Credential, Climbed)],
) -> Result<Vec<Mismatch>, QueryError> {
    let mut found = BTreeSet::new();
    for (credential, up) in climbed {
        let caller = &credential.caller;
        let name = caller.session_name().filter(|_| caller.is_role_session());
        let identity = caller.source_identity.as_deref();
        let links = up.links.iter().filter(|link| !link.above_origin);
        let depth = links.filter(|link| link.rule != Rule::SharedEvent).count() as u64;
        let (name, identity) = chosen(&up.origin.origin, depth, (name, identity));
        let mut users = Users::default();
        for claimed in [name, identity].into_iter().flatten() {
            match session_name::claim(claimed) {
                Claim::Name(bare) if up.origin.origin.name.as_deref() != Some(bare) => {
                    users.names.extend(is_user(source, bare).await?.then(|| bare.to_owned()));
                }
                Claim::UniqueId(id) => users.add(&source.callers(&of_user(Column::PrincipalId, id)).await?),
                Claim::AccessKey(key) => {
                    users.add(&source.callers(&of_user(Column::AccessKeyId, key)).await?);
                }
                _ => {}
            }
        }
        let event_id = up.links.first().map(|link| link.record.event_id.clone());
        let session = caller.arn.clone().unwrap_or_default();
        found.extend(of_names(&up.origin.origin, (name, identity), &users, &session, event_id.as_ref()));
        found.extend(of_place(source, credential, &up.origin.origin, event_id).await?);
        found.extend(up.mismatches.iter().cloned());
    }
    Ok(found.into_iter().collect())
}

/// The condition that a column of an IAM user's call is this.
fn of_user(column: Column, value: &str) -> Filter {
    let is = Filter::Is(column, value.to_owned());
    Filter::All(vec![Filter::Is(Column::IdentityType, "IAMUser".to_owned()), is])
}

/// Who the IAM users are of whom the logs tell, as claims are held against them.
#[derive(Debug, Clone, Default)]
pub(in crate::inquiry) struct Users {
    /// Their names.
    pub(in crate::inquiry) names: BTreeSet<String>,
    /// By unique id and by access key id: the ARN of the user.
    owners: BTreeMap<String, String>,
}

impl Users {
    /// Takes in the ids of some credentials of users.
    pub(in crate::inquiry) fn add(&mut self, credentials: &[Credential]) {
        for Caller { arn, principal_id, access_key, .. } in credentials.iter().map(|one| &one.caller) {
            let Some(arn) = arn else { continue };
            for id in [principal_id, access_key].into_iter().flatten() {
                self.owners.insert(id.clone(), arn.clone());
            }
        }
    }
}

/// The session's name and source identity, as far as whoever assumed the role chose them: those of a session by SAML stand in
/// the assertion that the identity provider signed
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html>), Identity Center names
/// its own, and a service that assumes a role says for whom it does
/// (<https://docs.aws.amazon.com/sagemaker/latest/dg/monitor-user-access.html>).
pub(in crate::inquiry) fn chosen<'a>(
    origin: &Origin,
    depth: u64,
    (name, identity): (Option<&'a str>, Option<&'a str>),
) -> (Option<&'a str>, Option<&'a str>) {
    if depth > 1 || !origin.may_be.is_empty() {
        return (name, identity);
    }
    match origin.kind {
        OriginKind::Saml | OriginKind::IdentityCenterUser => (None, None),
        OriginKind::Service => (name, None),
        _ => (name, identity),
    }
}

/// Whether what a session name or source identity claims is the origin.
pub(in crate::inquiry) fn agreement(origin: &Origin, claimed: &str, users: &Users) -> Agreement {
    // The service that assumes the role names the session by the workload that it is for: a user of this name is another.
    if origin.on_behalf_of.as_ref().is_some_and(|workload| workload.id == claimed) {
        return Agreement::Agrees;
    }
    let claim = session_name::claim(claimed);
    if let Claim::UniqueId(_) | Claim::AccessKey(_) = claim
        && origin.kind != OriginKind::Unknown
        && let Some(owner) = users.owners.get(claimed)
    {
        return if origin.arn.as_ref() == Some(owner) { Agreement::Agrees } else { Agreement::Differs };
    }
    session_name::agrees(claim, verified(origin, claimed), &users.names)
}

/// Whether a source identity names another than the origin: whoever began the session chose it, and the name of nobody
/// that is known is no less another's
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
fn is_others(origin: &Origin, identity: &str, users: &Users) -> bool {
    let is_person = matches!(origin.kind, OriginKind::IamUser | OriginKind::IdentityCenterUser);
    match agreement(origin, identity, users) {
        Agreement::Differs => true,
        Agreement::SaysNothing => {
            is_person && origin.name.is_some() && matches!(session_name::claim(identity), Claim::Name(_))
        }
        Agreement::Agrees => false,
    }
}

/// Whether an IAM user of this name is in the logs.
async fn is_user(source: &Source, name: &str) -> Result<bool, QueryError> {
    let named = Filter::All(vec![
        Filter::Is(Column::IdentityType, "IAMUser".to_owned()),
        Filter::Is(Column::UserName, name.to_owned()),
    ]);
    source.any(&named).await
}

/// Names against the origin, and against each other. `users` are those of the names that are other users'.
pub(in crate::inquiry) fn of_names(
    origin: &Origin,
    (name, identity): (Option<&str>, Option<&str>),
    users: &Users,
    session: &str,
    event_id: Option<&String>,
) -> Vec<Mismatch> {
    let differs = |text: &str| agreement(origin, text, users) == Agreement::Differs;
    let mismatch = |kind, claim: &str, verified: String, text| Mismatch {
        kind,
        claim: claim.to_owned(),
        verified,
        session: session.to_owned(),
        text,
        event_id: event_id.cloned(),
    };
    let mut found = Vec::new();
    if let Some(name) = name.filter(|name| differs(name)) {
        let text = format!("the session's name (`{name}`) claims another than {}", origin.words());
        found.push(mismatch("session-name", name, origin.words(), text));
    }
    if let Some(identity) = identity.filter(|identity| is_others(origin, identity, users)) {
        let text = format!("the source identity (`{identity}`) names another than {}", origin.words());
        found.push(mismatch("source-identity", identity, origin.words(), text));
    }
    if let (Some(name), Some(identity)) = (name, identity)
        && disagree(name, identity)
        && found.is_empty()
    {
        let text = format!("the session's name is `{name}`, but its source identity `{identity}`");
        found.push(mismatch("source-identity", name, identity.to_owned(), text));
    }
    found
}

/// A session of another source identity than the one that assumed it: AWS passes that on unchanged
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
pub(super) fn of_passed_on(session: &Caller, maker: &Caller, issuance: &Issuance) -> Option<Mismatch> {
    let (own, before) = session.source_identity.as_ref().zip(maker.source_identity.as_ref())?;
    (own != before).then(|| Mismatch {
        kind: "source-identity",
        claim: own.clone(),
        verified: before.clone(),
        session: session.arn.clone().unwrap_or_default(),
        text: format!(
            "the source identity is `{own}`, but that of the session which assumed this one `{before}`: AWS lets nobody \
             change it"
        ),
        event_id: Some(issuance.record.id()),
    })
}

/// Whether a session name and a source identity both name a person, by mail address, and not the same.
fn disagree(name: &str, identity: &str) -> bool {
    let person = |text| match session_name::claim(text) {
        Claim::MailAddress(mail) => Some(mail.split('@').next().unwrap_or(mail).to_ascii_lowercase()),
        Claim::Name(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    let by_mail = matches!(session_name::claim(name), Claim::MailAddress(_));
    by_mail && person(name).zip(person(identity)).is_some_and(|(name, identity)| name != identity)
}

/// The addresses of a session of an instance that are not the instance's. What the logs name decides for addresses of its
/// kind (private, public, IPv6), for an instance may use one of each; where they name none of a kind and there are several,
/// all of these are odd. Beside another place so is a private one in the network of another account.
pub(in crate::inquiry) fn odd_places<'a>(
    places: impl IntoIterator<Item = &'a str>,
    own: &OwnAddresses,
) -> BTreeSet<&'a str> {
    let kind = |address: &str| (is_private(address), address.contains(':'));
    let places: BTreeSet<&'a str> = places.into_iter().collect();
    let is_known = |address: &str| own.of_instance.contains(address) || own.of_account.contains(address);
    // One more place than that of the instance, wherever this is: in the network of another account.
    let elsewhere =
        |address: &&str| own.elsewhere.contains(*address) && is_private(address) && !is_known(address);
    let mut odd: BTreeSet<&'a str> = places.iter().copied().filter(elsewhere).collect();
    if odd.len() == places.len() {
        odd.clear();
    }
    let mut by_kind: BTreeMap<(bool, bool), BTreeSet<&'a str>> = BTreeMap::new();
    for place in places {
        by_kind.entry(kind(place)).or_default().insert(place);
    }
    for (of_kind, seen) in by_kind {
        // An instance that has an address of this kind calls from none that another one has.
        let has_own = own.of_instance.iter().any(|one| kind(one) == of_kind);
        let is_others = |address: &str| {
            has_own && !own.of_instance.contains(address) && own.others.holder(address).is_some()
        };
        let is_own = |address: &&str| own.of_account.contains(*address) && !is_others(address);
        let is_known = has_own || seen.iter().any(&is_own);
        if is_known {
            odd.extend(seen.into_iter().filter(|address| !is_own(address)));
        } else if seen.len() > 1 {
            odd.extend(seen);
        }
    }
    odd
}

/// The session of an instance that was used from an address that is not the instance's.
async fn of_place(
    source: &Source,
    credential: &Credential,
    origin: &Origin,
    event_id: Option<String>,
) -> Result<Option<Mismatch>, QueryError> {
    let caller = &credential.caller;
    let (Some(workload), Some(arn)) = (&origin.on_behalf_of, &caller.arn) else { return Ok(None) };
    let (Some(first), Some(last)) = (credential.usage.first, credential.usage.last) else { return Ok(None) };
    if workload.kind != "instance" {
        return Ok(None);
    }
    let window = || {
        vec![
            Filter::From(earlier(first.0, KEY_LIFE_SECONDS)),
            Filter::Before(later(last.0, KEY_LIFE_SECONDS)),
        ]
    };
    let mut of_instance = window();
    of_instance.push(Filter::Is(Column::IdentityArn, arn.clone()));
    // The instance may have got another address before its next session.
    let mut all = source.callers(&Filter::All(of_instance)).await?;
    all.retain(|one| one.caller.created == caller.created && one.caller.account == caller.account);
    let mut places: BTreeMap<String, u64> = BTreeMap::new();
    for one in &all {
        for address in addresses(&one.usage) {
            *places.entry(address.to_owned()).or_default() +=
                one.usage.addresses.get(address).copied().unwrap_or_default();
        }
    }
    let account = caller.account.as_deref().unwrap_or_default();
    let named = source.own_addresses(account, &workload.id, first.0).await?;
    let own = &named.of_account;
    let mut odd = odd_places(places.keys().map(String::as_str), &named);
    odd.retain(|address| credential.usage.addresses.contains_key(*address));
    if odd.is_empty() {
        return Ok(None);
    }
    let told: Vec<String> = places
        .iter()
        .map(|(address, calls)| {
            let whose = match named.others.holder(address) {
                Some(other) if odd.contains(address.as_str()) => format!("that of instance {other}, "),
                _ if own.contains(address) => "its account's own, ".to_owned(),
                _ if named.elsewhere.contains(address) => {
                    "through a VPC endpoint of another account, ".to_owned()
                }
                _ => String::new(),
            };
            format!("{address} ({whose}{})", counted(*calls))
        })
        .collect();
    let mut text = format!("one session of {}, used from {}", workload.words(), told.join(" and "));
    if places.len() == 1 && !named.of_instance.is_empty() {
        let of_instance: Vec<&str> = named.of_instance.iter().map(String::as_str).collect();
        text.push_str(&format!(", but the instance's addresses are {}", of_instance.join(" and ")));
    }
    for address in &odd {
        let mut at = window();
        at.push(Filter::Is(Column::SourceIpAddress, (*address).to_owned()));
        let others = source.callers(&Filter::All(at)).await?;
        let other =
            others.iter().find(|one| one.caller.arn.as_ref() != Some(arn) && one.caller.arn.is_some());
        if let Some(other) = other {
            text.push_str(&format!(
                "; {address} is also the address of {} ({})",
                other.caller.node().id,
                counted(other.usage.calls)
            ));
        }
    }
    let verified = odd.into_iter().collect::<Vec<&str>>().join(", ");
    Ok(Some(Mismatch {
        kind: "place",
        claim: workload.words(),
        verified,
        session: arn.clone(),
        text,
        event_id,
    }))
}

fn counted(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

/// What is verified of an origin, as a session name is held against it; of several names of a person this one, if it is
/// one of them.
fn verified<'a>(origin: &'a Origin, claimed: &str) -> Verified<'a> {
    let is = |kinds: &[OriginKind]| kinds.contains(&origin.kind);
    let borne = origin.names.iter().find(|name| *name == claimed);
    let name = borne.or(origin.name.as_ref()).map(String::as_str);
    Verified {
        user_name: name.filter(|_| is(&[OriginKind::IamUser])),
        unique_id: origin.unique_id.as_deref().filter(|_| is(&[OriginKind::IamUser])),
        instance: origin
            .on_behalf_of
            .as_ref()
            .filter(|workload| workload.kind == "instance")
            .map(|workload| workload.id.as_str()),
        subject: name.filter(|_| {
            is(&[
                OriginKind::Saml,
                OriginKind::IdentityCenterUser,
                OriginKind::WebIdentity,
                OriginKind::Certificate,
            ])
        }),
        account: origin.account.as_deref(),
        service: name.filter(|_| is(&[OriginKind::Service])),
    }
}
