//! Public records, where they are at hand: `BACKTRAIL_CORPUS` names the folder that holds `logs`. Without it this checks
//! nothing, for the records are not ours to ship.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::aws::time;
use crate::catalog::event::{Call, Mapping, map};
use crate::catalog::resource::Noted;

/// A record's columns, owned.
struct Row {
    texts: BTreeMap<Field, String>,
    time: DateTime<Utc>,
    created: Option<DateTime<Utc>>,
    mfa: Option<bool>,
}

/// The columns that are a part of the record as text.
const TEXTS: &[(Field, &str)] = &[
    (Field::EventSource, "/eventSource"),
    (Field::EventName, "/eventName"),
    (Field::AwsRegion, "/awsRegion"),
    (Field::EventId, "/eventID"),
    (Field::EventType, "/eventType"),
    (Field::ErrorCode, "/errorCode"),
    (Field::SourceIpAddress, "/sourceIPAddress"),
    (Field::UserAgent, "/userAgent"),
    (Field::RecipientAccountId, "/recipientAccountId"),
    (Field::VpcEndpointId, "/vpcEndpointId"),
    (Field::IdentityType, "/userIdentity/type"),
    (Field::PrincipalId, "/userIdentity/principalId"),
    (Field::IdentityArn, "/userIdentity/arn"),
    (Field::IdentityAccountId, "/userIdentity/accountId"),
    (Field::AccessKeyId, "/userIdentity/accessKeyId"),
    (Field::UserName, "/userIdentity/userName"),
    (Field::InvokedBy, "/userIdentity/invokedBy"),
    (Field::IdentityProvider, "/userIdentity/identityProvider"),
    (Field::SessionIssuerArn, "/userIdentity/sessionContext/sessionIssuer/arn"),
    (Field::SessionIssuerAccountId, "/userIdentity/sessionContext/sessionIssuer/accountId"),
    (Field::FederatedProvider, "/userIdentity/sessionContext/webIdFederationData/federatedProvider"),
    (Field::SourceIdentity, "/userIdentity/sessionContext/sourceIdentity"),
    (Field::Ec2RoleDelivery, "/userIdentity/sessionContext/ec2RoleDelivery"),
    (Field::IssuedAccessKeyId, "/responseElements/credentials/accessKeyId"),
    (Field::AssumedRoleArn, "/responseElements/assumedRoleUser/arn"),
];

/// The columns that hold JSON.
const JSON: &[(Field, &str)] = &[
    (Field::RequestParameters, "/requestParameters"),
    (Field::ResponseElements, "/responseElements"),
    (Field::AdditionalEventData, "/additionalEventData"),
    (Field::Resources, "/resources"),
    (Field::TlsDetails, "/tlsDetails"),
    (Field::EventContext, "/eventContext"),
    (Field::InScopeOf, "/userIdentity/inScopeOf"),
];

impl Row {
    fn of(record: &Value) -> Option<Self> {
        let attribute = |name: &str| {
            record.pointer(&format!("/userIdentity/sessionContext/attributes/{name}")).and_then(Value::as_str)
        };
        let text = |(field, path): &(Field, &str)| Some((*field, record.pointer(path)?.as_str()?.to_owned()));
        let json = |(field, path): &(Field, &str)| {
            let value = record.pointer(path).filter(|value| !value.is_null())?;
            Some((*field, value.to_string()))
        };
        Some(Self {
            texts: TEXTS.iter().filter_map(text).chain(JSON.iter().filter_map(json)).collect(),
            time: time::of_record(record.get("eventTime")?.as_str()?).ok()?,
            created: attribute("creationDate").and_then(|text| time::of_record(text).ok()),
            mfa: attribute("mfaAuthenticated").map(|text| text == "true"),
        })
    }

    fn record(&self) -> Record<'_> {
        let base = Record {
            event_time: self.time,
            session_created: self.created,
            mfa_authenticated: self.mfa,
            ..Record::default()
        };
        self.texts.iter().fold(base, |record, (field, text)| record.with(*field, text))
    }
}

fn records_in(value: &Value, rows: &mut Vec<Row>) {
    match value {
        Value::Object(fields) if fields.get("eventSource").is_some_and(Value::is_string) => {
            rows.extend(Row::of(value));
        }
        Value::Object(fields) => fields.values().for_each(|inner| records_in(inner, rows)),
        Value::Array(items) => items.iter().for_each(|inner| records_in(inner, rows)),
        Value::String(text) if text.contains("eventSource") => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                records_in(&inner, rows);
            }
        }
        _ => {}
    }
}

fn rows() -> Vec<Row> {
    let Some(corpus) = std::env::var_os("BACKTRAIL_CORPUS") else { return Vec::new() };
    let mut rows = Vec::new();
    for entry in walkdir::WalkDir::new(PathBuf::from(corpus).join("logs")).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        let mut text = Vec::new();
        if flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).is_err() {
            text = bytes;
        }
        let values = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
        values.map_while(Result::ok).for_each(|value| records_in(&value, &mut rows));
    }
    rows
}

#[test]
fn every_public_record_with_an_identity_has_a_caller_and_its_sessions_are_told() {
    let rows = rows();
    if rows.is_empty() {
        return;
    }
    assert!(rows.len() > 4_000);
    let mut issuances = Issuances::default();
    for row in &rows {
        let record = row.record();
        issuances.add(&record, &Parsed::of(&record));
    }
    let (mut sessions, mut told_sessions, mut of_roles, mut told_of_roles) = (0, 0, 0, 0);
    let mut kinds: BTreeMap<(Option<&str>, String), usize> = BTreeMap::new();
    for row in &rows {
        let record = row.record();
        let found = who(&record, None);
        let kind = found.as_ref().map_or("nobody".to_owned(), |who| {
            format!("{:?}", who.caller).split([' ', '{']).next().unwrap_or_default().to_owned()
        });
        *kinds.entry((record.identity_type, kind)).or_default() += 1;
        let names_someone = record.identity_type.is_some()
            && (record.identity_arn.is_some()
                || record.identity_account_id.is_some_and(|id| AccountId::parse(id).is_some()));
        assert!(found.is_some() || !names_someone, "{record:?}");
        let is_temporary = record.access_key_id.is_some_and(|key| key.starts_with("ASIA"));
        if let Some(session) = issuances.session(&record).filter(|_| is_temporary) {
            sessions += 1;
            let known = session.issued_by.is_some();
            told_sessions += usize::from(known);
            let is_role = record.identity_type == Some("AssumedRole");
            of_roles += usize::from(is_role);
            told_of_roles += usize::from(is_role && known);
        }
    }
    for ((identity, caller), count) in &kinds {
        println!("{count} {identity:?} -> {caller}");
    }
    println!("{} issuances", issuances.len());
    println!("{told_sessions} of {sessions} requests with a temporary key have an issuing record");
    println!("{told_of_roles} of {of_roles} of role sessions");
    assert!(told_of_roles > 0);
}

#[test]
fn every_key_of_public_records_is_told_without_a_panic() {
    let rows = rows();
    let keys = [
        "aws:SourceIp",
        "aws:SecureTransport",
        "aws:MultiFactorAuthPresent",
        "aws:ViaAWSService",
        "aws:RequestedRegion",
        "aws:PrincipalArn",
        "aws:PrincipalTag/team",
        "aws:RequestTag/team",
        "aws:TagKeys",
        "aws:TokenIssueTime",
        "aws:CalledViaLast",
        "aws:SourceVpce",
        "s3:prefix",
        "kms:ViaService",
    ];
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = 0_usize;
    // Reading the catalog is not part of what is measured.
    assert!(!catalog().services.is_empty());
    let mut spent = std::time::Duration::ZERO;
    for row in &rows {
        let record = row.record();
        let parsed = Parsed::of(&record);
        let Some(who) = who(&record, Some(&SNAPSHOT)) else { continue };
        let call = Call {
            source: record.event_source.unwrap_or_default(),
            name: record.event_name.unwrap_or_default(),
            kind: record.event_type,
            parameters: parsed.parameters.as_ref().map(Noted::from),
        };
        let Mapping::Actions(actions, _) = map(&call) else { continue };
        for mapped in actions {
            let asked = asked(&mapped.action.full_name(), None, Origin::Call);
            let told = Told {
                record: &record,
                parsed: &parsed,
                who: &who,
                asked: &asked,
                session: None,
                snapshot: &SNAPSHOT,
            };
            let begun = std::time::Instant::now();
            let context = context_of(&told, &keys);
            spent += begun.elapsed();
            seen += 1;
            for key in keys {
                let is_known = context.standing(key) != Standing::Unknown;
                *known.entry(key).or_default() += usize::from(is_known);
                assert_eq!(why_unknown(key, &told) == "it is known", is_known, "{key}");
            }
            if seen.is_multiple_of(50) {
                let whole = super::context(&told);
                assert!(whole.keys().count() > 100);
            }
        }
    }
    println!("{} keys of {seen} requests in {spent:?}", keys.len());
    for (key, count) in known {
        println!("{key}: known of {count}");
    }
}
