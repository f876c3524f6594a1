//! The answer as rows: one for each role, session name and origin.

use chrono::SecondsFormat;

use crate::aws::Time;
use crate::lineage::Sessions;
use crate::report::csv::row;

const HEADER: [&str; 35] = [
    "role_arn",
    "role",
    "account",
    "session_name",
    "claim_kind",
    "claim",
    "agreement",
    "origin_kind",
    "origin",
    "origin_arn",
    "origin_access_key",
    "origin_keys",
    "differs",
    "complete",
    "certain",
    "gap",
    "gap_text",
    "depth",
    "ambiguous",
    "source_identity",
    "mfa",
    "with_mfa",
    "without_mfa",
    "sessions",
    "keys",
    "calls",
    "denied",
    "failed",
    "forwarded",
    "first",
    "last",
    "addresses",
    "access_keys",
    "mismatches",
    "role_id",
];

/// Rows of CSV with a heading, each with its line end. Lists in one cell are parted by blanks or `; `.
#[must_use]
pub fn csv(sessions: &Sessions) -> String {
    let time = |time: Option<Time>| time.map(|time| time.0.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let truth = |value: bool| Some(value.to_string());
    let number = |value: u64| Some(value.to_string());
    let mut out = row(HEADER.map(Some));
    for one in &sessions.rows {
        let usage = &one.usage;
        let origin = &one.origin;
        let keys: Vec<&str> = one.keys.iter().map(|key| key.access_key.as_str()).collect();
        let addresses: Vec<&str> = usage.addresses.keys().map(String::as_str).collect();
        let mismatches: Vec<&str> = one.mismatches.iter().map(|mismatch| mismatch.text.as_str()).collect();
        let cells: [Option<String>; HEADER.len()] = [
            Some(one.role_arn.clone()),
            Some(one.role.clone()),
            one.account.clone(),
            Some(one.session_name.clone()),
            Some(one.claim_kind.to_owned()),
            Some(one.claim.clone()),
            Some(one.agreement.to_owned()),
            Some(origin.kind.word().to_owned()),
            Some(origin.id()),
            origin.arn.clone(),
            origin.access_key.clone(),
            Some(one.origin_keys.join(" ")),
            Some(one.differs.join(" ")),
            truth(origin.complete),
            truth(origin.certain),
            origin.gap.as_ref().map(|gap| gap.reason.word().to_owned()),
            origin.gap.as_ref().map(|gap| gap.text.clone()),
            number(one.depth),
            number(one.ambiguous),
            one.source_identity.clone(),
            one.mfa.and_then(truth),
            number(one.with_mfa),
            number(one.without_mfa),
            number(one.sessions),
            number(one.keys.len() as u64),
            number(usage.calls),
            number(usage.denied),
            number(usage.failed),
            number(usage.forwarded),
            time(usage.first),
            time(usage.last),
            Some(addresses.join(" ")),
            Some(keys.join(" ")),
            Some(mismatches.join("; ")),
            one.role_id.clone(),
        ];
        out.push_str(&row(cells.iter().map(Option::as_deref)));
    }
    out
}
