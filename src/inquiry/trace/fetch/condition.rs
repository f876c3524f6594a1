//! The conditions of the look-ups: what may have made a key or a session, and within which time.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};

use super::{earlier, later, one_of};
use crate::lake::Column;
use crate::lineage::{Issuance, KEY_LIFE_SECONDS, SLACK_SECONDS};
use crate::query::Filter;

/// The services whose records make sessions.
const ISSUERS: [&str; 8] = [
    "sts.amazonaws.com",
    "signin.amazonaws.com",
    "sso.amazonaws.com",
    "portal.sso.amazonaws.com",
    "eks-auth.amazonaws.com",
    "cognito-identity.amazonaws.com",
    "rolesanywhere.amazonaws.com",
    "iam.amazonaws.com",
];

/// The calls whose answers name the session that they made.
const NAMING_SESSION: [&str; 3] = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

/// The calls that launch a kind of workload in an account, where they are many; None for other kinds.
pub(super) fn launching(kind: &str, account: &str) -> Option<Vec<Filter>> {
    let (source, names): (&str, &[&str]) = match kind {
        "instance" => ("ec2.amazonaws.com", &["RunInstances"]),
        "task" => ("ecs.amazonaws.com", &["RunTask", "StartTask"]),
        "build" => ("codebuild.amazonaws.com", &["StartBuild", "RetryBuild"]),
        "automation" => ("ssm.amazonaws.com", &["StartAutomationExecution", "StartChangeRequestExecution"]),
        _ => return None,
    };
    let name = one_of(Column::EventName, names.iter().map(|name| (*name).to_owned()).collect());
    Some(of_service(source, account, name))
}

/// The calls that registered task definitions in an account.
pub(super) fn defining(account: &str) -> Vec<Filter> {
    let name = Filter::Is(Column::EventName, "RegisterTaskDefinition".to_owned());
    of_service("ecs.amazonaws.com", account, name)
}

/// The calls that made or changed projects of CodeBuild in an account.
pub(super) fn projecting(account: &str) -> Vec<Filter> {
    let names = ["CreateProject", "UpdateProject"].map(str::to_owned);
    of_service("codebuild.amazonaws.com", account, one_of(Column::EventName, names.into()))
}

/// The calls that put roles into instance profiles of an account.
pub(super) fn holding(account: &str) -> Vec<Filter> {
    let name = Filter::Is(Column::EventName, "AddRoleToInstanceProfile".to_owned());
    of_service("iam.amazonaws.com", account, name)
}

/// The calls that launch a kind of workload in an account, give it another role, replace its code or publish it, where they
/// are few; None for a kind that no such call launches.
pub(super) fn relaunching(kind: &str, account: &str) -> Option<Vec<Filter>> {
    let begins = |name: &str| Filter::Begins(Column::EventName, name.to_owned());
    match kind {
        "function" => {
            let names =
                ["CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion"];
            let name = Filter::Any(names.into_iter().map(begins).collect());
            Some(of_service("lambda.amazonaws.com", account, name))
        }
        "instance" => {
            let names = ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"];
            let name = one_of(Column::EventName, names.iter().map(|name| (*name).to_owned()).collect());
            Some(of_service("ec2.amazonaws.com", account, name))
        }
        _ => None,
    }
}

fn of_service(source: &str, account: &str, name: Filter) -> Vec<Filter> {
    let of_account = Filter::Is(Column::Account, account.to_owned());
    vec![Filter::Is(Column::EventSource, source.to_owned()), of_account, name]
}

/// The time in which a key may be used or named that was made about `moment`; None for a long-term one.
pub(super) fn life(key: &str, moment: Option<DateTime<Utc>>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let moment = moment.filter(|_| key.starts_with("ASIA"))?;
    let seconds = KEY_LIFE_SECONDS + SLACK_SECONDS;
    Some((earlier(moment, seconds), later(moment, seconds)))
}

/// The condition that a column is a key, within the key's life.
pub(super) fn living(column: Column, key: &str, moment: Option<DateTime<Utc>>) -> Filter {
    let bounds = life(key, moment).map(|(from, before)| [Filter::From(from), Filter::Before(before)]);
    let is = Filter::Is(column, key.to_owned());
    Filter::All(bounds.into_iter().flatten().chain([is]).collect())
}

/// What was called with a key.
pub(super) fn of_key(key: &str, made: Option<DateTime<Utc>>) -> Filter {
    living(Column::AccessKeyId, key, made)
}

/// What names a key as its answer.
pub(super) fn naming(key: &str, moment: Option<DateTime<Utc>>) -> Filter {
    living(Column::IssuedAccessKeyId, key, moment)
}

/// The seconds that are around a moment.
pub(super) fn seconds_around(moment: DateTime<Utc>) -> RangeInclusive<i64> {
    moment.timestamp() - SLACK_SECONDS..=moment.timestamp() + SLACK_SECONDS
}

/// What may have issued the session of an ARN around a moment.
pub(super) fn around(moment: DateTime<Utc>, arn: Option<&str>) -> Filter {
    let (first, last) = seconds_around(moment).into_inner();
    let second = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let times = [Filter::From(second(first)), Filter::Before(second(last + 1))];
    let arns = arn.map(|arn| BTreeSet::from([arn.to_owned()]));
    Filter::All(times.into_iter().chain(issuing(arns)).collect())
}

/// What may have issued a session of some ARNs; of any, where they are None.
pub(super) fn issuing(arns: Option<BTreeSet<String>>) -> Vec<Filter> {
    let issuers = ISSUERS.iter().map(|source| (*source).to_owned()).collect();
    let by_issuers = Filter::In(Column::EventSource, issuers);
    let Some(mut arns) = arns else { return vec![by_issuers] };
    // What hides which session it made may have made this one.
    arns.insert("HIDDEN_DUE_TO_SECURITY_REASONS".to_owned());
    let naming_session = NAMING_SESSION.iter().map(|name| (*name).to_owned()).collect();
    let open = Filter::Not(Box::new(Filter::Some(Column::AssumedRoleArn)));
    let other = Filter::Not(Box::new(Filter::In(Column::EventName, naming_session)));
    vec![by_issuers, Filter::Any(vec![one_of(Column::AssumedRoleArn, arns), open, other])]
}

/// Whether an issuance is one of [`issuing`] for an ARN.
pub(super) fn may_issue(issuance: &Issuance, arn: &str) -> bool {
    issuance.session_arn.as_deref().is_none_or(|made| made == arn)
        || !NAMING_SESSION.contains(&issuance.record.event_name.as_str())
}
