//! The look-ups of a trace: each asks for few records, bounded by key, session or time, and is made once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::aws::Time;
use crate::lake::{Column, Session};
use crate::lineage::{
    AccountSight, Caller, Credential, Issuance, IssuanceKind, KEY_LIFE_SECONDS, Launch, Proof,
    ROLE_SESSION_SECONDS, SLACK_SECONDS, Sight, Usage, Workload, settle,
};
use crate::query::lineage::{Relations, account_sight, logs_begin};
use crate::query::{self, EventRow, Filter, QueryError};

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

/// What a caller without an end did is counted within so many seconds of a moment: an hour.
const NEAR_SECONDS: i64 = 3600;

/// A list of at most so many values is put into one look-up. What is used over weeks makes every look-up read the whole
/// lake, so few look-ups of many values are asked, not many of few.
pub(super) const VALUES_MAX: usize = 10_000;

/// A lake that is asked.
pub(in crate::inquiry) struct Source {
    ctx: Session,
    relations: Relations,
    sight: OnceCell<Sight>,
    issuances: Mutex<BTreeMap<String, Vec<Issuance>>>,
    credentials: Mutex<BTreeMap<String, Vec<Credential>>>,
    usages: Mutex<BTreeMap<String, Vec<Usage>>>,
}

impl Source {
    pub(in crate::inquiry) async fn open(ctx: &Session) -> Result<Source, QueryError> {
        Ok(Source {
            ctx: ctx.clone(),
            relations: Relations::open(ctx).await?,
            sight: OnceCell::new(),
            issuances: Mutex::default(),
            credentials: Mutex::default(),
            usages: Mutex::default(),
        })
    }

    /// The views of the lake.
    pub(in crate::inquiry) fn relations(&self) -> &Relations {
        &self.relations
    }

    /// The names of all IAM users that called.
    pub(in crate::inquiry) async fn users(&self) -> Result<BTreeSet<String>, QueryError> {
        let users = Filter::Is(Column::IdentityType, "IAMUser".to_owned());
        let found = self.relations.credentials(&users).await?;
        Ok(found.into_iter().filter_map(|one| one.caller.user_name).collect())
    }

    /// The first event of an account.
    pub(super) async fn logs_begin(&self, account: &str) -> Result<Option<DateTime<Utc>>, QueryError> {
        logs_begin(&self.ctx, account).await
    }

    /// What the logs could show; read when first asked for: that takes a look at every event.
    pub(super) async fn sight(&self) -> Result<&Sight, QueryError> {
        let look = async || {
            let mut sight = Sight::default();
            for (account, first, last, read_only) in account_sight(&self.ctx).await? {
                sight.accounts.insert(account, AccountSight { first, last, read_only });
            }
            Ok(sight)
        };
        self.sight.get_or_try_init(look).await
    }

    /// The callers of the events that satisfy a condition, with what they did in those and from where, in order.
    pub(in crate::inquiry) async fn callers(&self, filter: &Filter) -> Result<Vec<Credential>, QueryError> {
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.credentials, &name) {
            return Ok(known);
        }
        let mut found = self.relations.credentials(filter).await?;
        found.sort_by(|a, b| {
            b.usage.calls.cmp(&a.usage.calls).then_with(|| a.caller.node().cmp(&b.caller.node()))
        });
        keep(&self.credentials, name, &found);
        Ok(found)
    }

    /// The callers that used a key; for a temporary one within its life around `made`: a use before is none of its life,
    /// but has to be seen to be said.
    pub(super) async fn of_key(
        &self,
        key: &str,
        made: Option<DateTime<Utc>>,
    ) -> Result<Vec<Credential>, QueryError> {
        let is = Filter::Is(Column::AccessKeyId, key.to_owned());
        let bounded = made.filter(|_| key.starts_with("ASIA")).map(|made| {
            vec![
                Filter::From(earlier(made, KEY_LIFE_SECONDS + SLACK_SECONDS)),
                Filter::Before(later(made, KEY_LIFE_SECONDS + SLACK_SECONDS)),
            ]
        });
        let all = bounded.into_iter().flatten().chain([is]).collect();
        self.callers(&Filter::All(all)).await
    }

    /// The first call of a caller before a moment; None where it made none.
    pub(super) async fn first_before(
        &self,
        caller: &Caller,
        moment: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, QueryError> {
        let Some(key) = &caller.access_key else { return Ok(None) };
        let is = Filter::Is(Column::AccessKeyId, key.clone());
        let filter = Filter::All(vec![Filter::Before(moment), is]);
        if !self.any(&filter).await? {
            return Ok(None);
        }
        let found = self.callers(&filter).await?;
        let own = found.into_iter().find(|one| one.caller.id == caller.id);
        Ok(own.and_then(|own| own.usage.first).map(|time| time.0))
    }

    /// The callers of the session that a caller belongs to: the same ARN and creation.
    pub(super) async fn of_session(&self, caller: &Caller) -> Result<Vec<Credential>, QueryError> {
        let (Some(arn), Some(created)) = (&caller.arn, caller.created) else { return Ok(Vec::new()) };
        let arn = arn.clone();
        let mut found = self.of_sessions(&BTreeSet::from([arn]), created, created).await?;
        found.retain(|one| one.caller.created == Some(created) && one.caller.account == caller.account);
        Ok(found)
    }

    /// The callers with one of these ARNs whose sessions were created in a span of time.
    pub(super) async fn of_sessions(
        &self,
        arns: &BTreeSet<String>,
        first: DateTime<Utc>,
        last: DateTime<Utc>,
    ) -> Result<Vec<Credential>, QueryError> {
        let mut found = Vec::new();
        let arns: Vec<&String> = arns.iter().collect();
        for some in arns.chunks(VALUES_MAX) {
            let some: BTreeSet<String> = some.iter().map(|arn| (*arn).clone()).collect();
            let all = vec![
                Filter::From(earlier(first, KEY_LIFE_SECONDS + SLACK_SECONDS)),
                Filter::Before(later(last, KEY_LIFE_SECONDS + SLACK_SECONDS)),
                one_of(Column::IdentityArn, some),
            ];
            found.extend(self.callers(&Filter::All(all)).await?);
        }
        found.retain(|one| {
            one.caller.created.is_some_and(|created| {
                (first.timestamp() - SLACK_SECONDS..=last.timestamp() + SLACK_SECONDS)
                    .contains(&created.timestamp())
            })
        });
        Ok(found)
    }

    /// The same caller, with what it did within an hour of a moment; a session, which has an end, with all of it.
    ///
    /// A long-term key may have made a good part of all calls: to count them takes longer than all else of a trace.
    pub(super) async fn near(
        &self,
        caller: &Caller,
        moment: DateTime<Utc>,
    ) -> Result<Option<Credential>, QueryError> {
        if caller.created.is_some() {
            return self.whole(caller).await;
        }
        let near = |is| {
            let from = Filter::From(earlier(moment, NEAR_SECONDS));
            Filter::All(vec![from, Filter::Before(later(moment, NEAR_SECONDS)), is])
        };
        let filter = match (&caller.access_key, &caller.arn) {
            (Some(key), _) => near(Filter::Is(Column::AccessKeyId, key.clone())),
            (None, Some(arn)) => {
                let found = self.callers(&near(Filter::Is(Column::IdentityArn, arn.clone()))).await?;
                return Ok(found.into_iter().find(|one| one.caller.id == caller.id));
            }
            (None, None) => return Ok(None),
        };
        // Few columns: the caller is known already.
        let usage = self.usage(&filter).await?;
        Ok((usage.calls > 0).then(|| Credential { caller: caller.clone(), usage }))
    }

    /// What was done in the events that satisfy a condition.
    async fn usage(&self, filter: &Filter) -> Result<Usage, QueryError> {
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.usages, &name).and_then(|known| known.into_iter().next()) {
            return Ok(known);
        }
        let found = self.relations.usage(filter).await?;
        keep(&self.usages, name, std::slice::from_ref(&found));
        Ok(found)
    }

    /// The same caller, with all that it did.
    pub(super) async fn whole(&self, caller: &Caller) -> Result<Option<Credential>, QueryError> {
        let found = match (&caller.access_key, &caller.arn, caller.created) {
            (Some(key), _, created) => self.of_key(key, created).await?,
            (None, Some(_), Some(_)) => self.of_session(caller).await?,
            (None, Some(arn), None) => {
                let keyless = Filter::Not(Box::new(Filter::Some(Column::AccessKeyId)));
                let empty = Filter::Is(Column::AccessKeyId, String::new());
                let is = Filter::Is(Column::IdentityArn, arn.clone());
                self.callers(&Filter::All(vec![is, Filter::Any(vec![keyless, empty])])).await?
            }
            _ => Vec::new(),
        };
        Ok(found.into_iter().find(|one| one.caller.id == caller.id))
    }

    /// The issuances among the events that satisfy a condition, settled.
    pub(super) async fn issuances(&self, filter: &Filter) -> Result<Vec<Issuance>, QueryError> {
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.issuances, &name) {
            return Ok(known);
        }
        let found = settle(self.relations.issuances(filter).await?);
        keep(&self.issuances, name, &found);
        Ok(found)
    }

    /// Whether any event satisfies a condition: a look at one column, before many are read.
    async fn any(&self, filter: &Filter) -> Result<bool, QueryError> {
        let failed = |error| QueryError::engine("cannot read events", error);
        let mut stream = query::select_ids(&self.ctx, filter).await?;
        while let Some(batch) = stream.try_next().await.map_err(failed)? {
            if batch.num_rows() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The issuances that name a key as their answer; within the life of a temporary key around `moment`.
    pub(super) async fn naming(
        &self,
        key: &str,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Vec<Issuance>, QueryError> {
        let is = Filter::Is(Column::IssuedAccessKeyId, key.to_owned());
        let bounds = moment.filter(|_| key.starts_with("ASIA")).map(|moment| {
            [
                Filter::From(earlier(moment, KEY_LIFE_SECONDS + SLACK_SECONDS)),
                Filter::Before(later(moment, KEY_LIFE_SECONDS + SLACK_SECONDS)),
            ]
        });
        let filter = Filter::All(bounds.into_iter().flatten().chain([is]).collect());
        // Without bounds, one column is looked at before many are read.
        if !key.starts_with("ASIA")
            && kept(&self.issuances, &format!("{filter:?}")).is_none()
            && !self.any(&filter).await?
        {
            keep(&self.issuances, format!("{filter:?}"), &[]);
            return Ok(Vec::new());
        }
        self.issuances(&filter).await
    }

    /// The issuances that name one of these temporary keys as their answer, within the life of a key around a span of time.
    pub(super) async fn naming_any(
        &self,
        keys: &BTreeSet<String>,
        first: DateTime<Utc>,
        last: DateTime<Utc>,
    ) -> Result<Vec<Issuance>, QueryError> {
        let mut found = Vec::new();
        let keys: Vec<&String> = keys.iter().collect();
        for some in keys.chunks(VALUES_MAX) {
            let some: BTreeSet<String> = some.iter().map(|key| (*key).clone()).collect();
            let all = vec![
                Filter::From(earlier(first, KEY_LIFE_SECONDS + SLACK_SECONDS)),
                Filter::Before(later(last, KEY_LIFE_SECONDS + SLACK_SECONDS)),
                one_of(Column::IssuedAccessKeyId, some),
            ];
            found.extend(self.issuances(&Filter::All(all)).await?);
        }
        Ok(found)
    }

    /// The issuances that a principal of another account or a subject of an identity provider called for.
    pub(super) async fn called_by(&self, caller: &Caller) -> Result<Vec<Issuance>, QueryError> {
        let Some(id) = &caller.principal_id else { return Ok(Vec::new()) };
        let mut found = self
            .issuances(&Filter::All(vec![
                Filter::Is(Column::PrincipalId, id.clone()),
                Filter::Is(Column::EventSource, "sts.amazonaws.com".to_owned()),
            ]))
            .await?;
        found.retain(|issuance| issuance.caller.id == caller.id);
        Ok(found)
    }

    /// The issuances of the seconds around a moment.
    pub(super) async fn around(&self, moment: DateTime<Utc>) -> Result<Vec<Issuance>, QueryError> {
        let issuers = ISSUERS.iter().map(|source| (*source).to_owned()).collect();
        let moment = moment.timestamp();
        let second = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        self.issuances(&Filter::All(vec![
            Filter::From(second(moment - SLACK_SECONDS)),
            Filter::Before(second(moment + SLACK_SECONDS + 1)),
            Filter::In(Column::EventSource, issuers),
        ]))
        .await
    }

    /// The issuances of sessions with this ARN within the life of a session before `moment`.
    pub(super) async fn named(&self, arn: &str, moment: DateTime<Utc>) -> Result<Vec<Issuance>, QueryError> {
        let by_answer = Filter::Is(Column::AssumedRoleArn, arn.to_owned());
        let by_service = Filter::All(vec![
            Filter::Is(Column::EventName, "AssumeRole".to_owned()),
            Filter::Not(Box::new(Filter::Some(Column::AssumedRoleArn))),
        ]);
        self.issuances(&Filter::All(vec![
            Filter::From(earlier(moment, ROLE_SESSION_SECONDS + SLACK_SECONDS)),
            Filter::Before(later(moment, SLACK_SECONDS + 1)),
            Filter::Is(Column::EventSource, "sts.amazonaws.com".to_owned()),
            Filter::Any(vec![by_answer, by_service]),
        ]))
        .await
    }

    /// The sign-in records within the life of a session before `moment`.
    pub(super) async fn sign_ins(&self, moment: DateTime<Utc>) -> Result<Vec<Issuance>, QueryError> {
        self.issuances(&Filter::All(vec![
            Filter::From(earlier(moment, ROLE_SESSION_SECONDS + SLACK_SECONDS)),
            Filter::Before(later(moment, SLACK_SECONDS + 1)),
            Filter::Is(Column::EventSource, "signin.amazonaws.com".to_owned()),
        ]))
        .await
    }

    /// The ways in of a kind that were made for a user, in order of time.
    pub(super) async fn ways_in(
        &self,
        account: &str,
        user: &str,
        kind: IssuanceKind,
    ) -> Result<Vec<Issuance>, QueryError> {
        let names: &[&str] = match kind {
            IssuanceKind::User => &["CreateUser"],
            _ => &["CreateLoginProfile", "UpdateLoginProfile"],
        };
        let mut found = self
            .issuances(&Filter::All(vec![
                one_of(Column::EventName, names.iter().map(|name| (*name).to_owned()).collect()),
                Filter::Is(Column::Account, account.to_owned()),
            ]))
            .await?;
        found.retain(|way| way.kind == kind && way.user_name.as_deref() == Some(user));
        Ok(found)
    }

    /// The launches of a workload in an account, not after `moment`, in order of time.
    pub(super) async fn launches_of(
        &self,
        workload: &Workload,
        account: &str,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Vec<Launch>, QueryError> {
        let (source, names): (&str, &[&str]) = match workload.kind {
            "instance" => ("ec2.amazonaws.com", &["RunInstances"]),
            "task" => ("ecs.amazonaws.com", &["RunTask", "StartTask"]),
            "build" => ("codebuild.amazonaws.com", &["StartBuild"]),
            "function" => ("lambda.amazonaws.com", &[]),
            _ => return Ok(Vec::new()),
        };
        let name = match names {
            [] => Filter::Begins(Column::EventName, "CreateFunction".to_owned()),
            names => one_of(Column::EventName, names.iter().map(|name| (*name).to_owned()).collect()),
        };
        let before = moment.map(|moment| Filter::Before(later(moment, SLACK_SECONDS + 1)));
        let all = [
            Filter::Is(Column::EventSource, source.to_owned()),
            Filter::Is(Column::Account, account.to_owned()),
            name,
        ];
        let mut found =
            self.relations.launches(&Filter::All(all.into_iter().chain(before).collect())).await?;
        found.retain(|launch| launch.workload == *workload);
        found.sort_by(|a, b| a.record.cmp(&b.record));
        Ok(found)
    }

    /// The launches among the events that satisfy a condition, in order of time.
    pub(super) async fn launches(&self, filter: &Filter) -> Result<Vec<Launch>, QueryError> {
        let mut found = self.relations.launches(filter).await?;
        found.sort_by(|a, b| a.record.cmp(&b.record));
        Ok(found)
    }
}

/// What an earlier look-up of this name found. A lock that is poisoned keeps nothing.
fn kept<T: Clone>(cache: &Mutex<BTreeMap<String, Vec<T>>>, name: &str) -> Option<Vec<T>> {
    cache.lock().ok()?.get(name).cloned()
}

fn keep<T: Clone>(cache: &Mutex<BTreeMap<String, Vec<T>>>, name: String, found: &[T]) {
    if let Ok(mut cache) = cache.lock() {
        cache.insert(name, found.to_vec());
    }
}

/// The column is one of these values.
pub(in crate::inquiry) fn one_of(column: Column, values: BTreeSet<String>) -> Filter {
    match values.first() {
        Some(only) if values.len() == 1 => Filter::Is(column, only.clone()),
        _ => Filter::In(column, values),
    }
}

pub(in crate::inquiry) fn earlier(time: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    time.checked_sub_signed(TimeDelta::seconds(seconds)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

pub(in crate::inquiry) fn later(time: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    time.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// What several callers did, together.
pub(super) fn together<'a>(credentials: impl IntoIterator<Item = &'a Credential>) -> Usage {
    let mut usage = Usage::default();
    for credential in credentials {
        usage.merge(&credential.usage);
    }
    usage
}

/// A record that removed something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Removal {
    pub(super) record: Proof,
    /// `key`, `user`, `password` or `workload`.
    pub(super) what: &'static str,
    pub(super) id: String,
}

impl Source {
    /// What was removed of keys, users, passwords and workloads from a moment on, in order of time.
    pub(super) async fn removals(&self, from: DateTime<Utc>) -> Result<Vec<Removal>, QueryError> {
        const NAMES: [&str; 5] = [
            "DeleteAccessKey",
            "DeleteUser",
            "DeleteLoginProfile",
            "TerminateInstances",
            "DeleteFunction20150331",
        ];
        let failed = |error| QueryError::engine("cannot read removals", error);
        let names = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let filter = Filter::All(vec![Filter::From(from), one_of(Column::EventName, names)]);
        let mut stream = query::select(&self.ctx, &filter).await?;
        let mut found = Vec::new();
        while let Some(batch) = stream.try_next().await.map_err(failed)? {
            for row in query::rows(&batch)? {
                if row.error_code.is_none_or(str::is_empty) {
                    removed(&row, &mut found);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

impl Source {
    /// The addresses that an account was given and that its instances have, as far as the logs name them: those of its NAT
    /// gateways are among them.
    pub(super) async fn own_addresses(&self, account: &str) -> Result<BTreeSet<String>, QueryError> {
        let failed = |error| QueryError::engine("cannot read addresses", error);
        let names = ["AllocateAddress", "RunInstances"].iter().map(|name| (*name).to_owned()).collect();
        let filter = Filter::All(vec![
            one_of(Column::EventName, names),
            Filter::Is(Column::EventSource, "ec2.amazonaws.com".to_owned()),
            Filter::Is(Column::Account, account.to_owned()),
        ]);
        let mut stream = query::select(&self.ctx, &filter).await?;
        let mut found = BTreeSet::new();
        while let Some(batch) = stream.try_next().await.map_err(failed)? {
            for row in query::rows(&batch)? {
                let response = row.response_elements.and_then(|text| serde_json::from_str(text).ok());
                let response: Value = response.unwrap_or_default();
                let items = response.pointer("/instancesSet/items").and_then(Value::as_array);
                for holder in items.into_iter().flatten().chain([&response]) {
                    for name in ["publicIp", "ipAddress", "privateIpAddress"] {
                        found.extend(holder.get(name).and_then(Value::as_str).map(str::to_owned));
                    }
                }
            }
        }
        Ok(found)
    }
}

/// What one record removed.
fn removed(row: &EventRow<'_>, found: &mut Vec<Removal>) {
    let request: Value =
        row.request_parameters.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let (what, ids): (&str, Vec<String>) = match row.event_name {
        Some("DeleteAccessKey") => ("key", text("accessKeyId").into_iter().collect()),
        Some("DeleteUser") => ("user", text("userName").into_iter().collect()),
        Some("DeleteLoginProfile") => ("password", text("userName").into_iter().collect()),
        Some("TerminateInstances") => {
            let items = request.pointer("/instancesSet/items").and_then(Value::as_array);
            let ids = items.into_iter().flatten().filter_map(|item| item.get("instanceId")?.as_str());
            ("workload", ids.map(str::to_owned).collect())
        }
        _ => ("workload", text("functionName").into_iter().collect()),
    };
    let record = Proof {
        event_id: row.event_id.unwrap_or_default().to_owned(),
        event_time: Time(row.event_time),
        event_name: row.event_name.unwrap_or_default().to_owned(),
        account: row.account.map(str::to_owned),
        region: row.aws_region.map(str::to_owned),
        object: row.object.to_owned(),
        record_index: row.record_index,
    };
    found.extend(ids.into_iter().map(|id| Removal { record: record.clone(), what, id }));
}
