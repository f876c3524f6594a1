//! The look-ups of a trace: each asks for few records, bounded by key, session or time, and is made once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::OnceCell;

use super::mismatch::Users;
use crate::lake::{Column, Session};
use crate::lineage::{
    CONSOLE_SESSION_SECONDS, Caller, Credential, Issuance, IssuanceKind, KEY_LIFE_SECONDS, Launch,
    ROLE_SESSION_SECONDS, Removal, Rename, SLACK_SECONDS, Sight, Usage, Workload, find_sign_ins, is_name,
    is_open_identity, settle,
};
use crate::query::lineage::{Relations, Told, logs_begin, sight};
use crate::query::{Filter, QueryError};

mod condition;
mod gone;
mod launched;
mod neighbour;
mod person;
mod prepare;

use condition::{around, launching, naming, of_key, relaunching};
pub(in crate::inquiry) use gone::{OwnAddresses, is_private};
pub(super) use launched::FoundLaunch;

/// What a caller without an end did is counted within so many seconds of a moment: an hour.
const NEAR_SECONDS: i64 = 3600;

const DAY_SECONDS: i64 = 24 * 3600;

/// Beyond two days, launches are looked for in so many days at once.
const LAUNCH_DAYS: i64 = 8;

/// A list of at most so many values is put into one look-up. What is used over weeks makes every look-up read the whole
/// lake, so few look-ups of many values are asked, not many of few.
pub(super) const VALUES_MAX: usize = 10_000;

/// What look-ups found, by name.
type Known<T> = Mutex<BTreeMap<String, Arc<[T]>>>;

/// A workload, and when it was launched.
type Launched = (String, DateTime<Utc>);

/// A lake that is asked.
pub(in crate::inquiry) struct Source {
    ctx: Session,
    relations: Relations,
    sight: OnceCell<Sight>,
    issuances: Known<Issuance>,
    credentials: Known<Credential>,
    usages: Known<Usage>,
    launches: Known<Launch>,
    launched: Known<Launched>,
    /// By account.
    addresses: Mutex<BTreeMap<String, Arc<gone::AddressBook>>>,
    removals: Known<Removal>,
    /// By account.
    renames: Known<Rename>,
    /// By unique id.
    principals: Known<Told>,
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
            launches: Mutex::default(),
            launched: Mutex::default(),
            addresses: Mutex::default(),
            removals: Mutex::default(),
            renames: Mutex::default(),
            principals: Mutex::default(),
        })
    }

    /// The views of the lake.
    pub(in crate::inquiry) fn relations(&self) -> &Relations {
        &self.relations
    }

    /// All IAM users that called.
    pub(in crate::inquiry) async fn users(&self) -> Result<Users, QueryError> {
        let users = Filter::Is(Column::IdentityType, "IAMUser".to_owned());
        let found = self.relations.credentials(&users).await?;
        let mut all = Users::default();
        all.add(&found);
        all.names.extend(found.into_iter().filter_map(|one| one.caller.user_name));
        Ok(all)
    }

    /// The first event of an account.
    pub(super) async fn logs_begin(&self, account: &str) -> Result<Option<DateTime<Utc>>, QueryError> {
        logs_begin(&self.ctx, account).await
    }

    /// What the logs could show; read when first asked for: that takes a look at every event.
    pub(super) async fn sight(&self) -> Result<&Sight, QueryError> {
        self.sight.get_or_try_init(|| sight(&self.ctx)).await
    }

    /// The callers of the events that satisfy a condition, with what they did in those and from where, in order.
    pub(in crate::inquiry) async fn callers(&self, filter: &Filter) -> Result<Vec<Credential>, QueryError> {
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.credentials, &name) {
            return Ok(known.to_vec());
        }
        let found = in_order(self.relations.credentials(filter).await?);
        keep(&self.credentials, name, &found);
        Ok(found)
    }

    /// The same for whoever asks once, and for many: they are not kept.
    pub(in crate::inquiry) async fn all_callers(
        &self,
        filter: &Filter,
    ) -> Result<Vec<Credential>, QueryError> {
        Ok(in_order(self.relations.credentials(filter).await?))
    }

    /// The callers that used a key; for a temporary one within its life around `made`: a use before is none of its life,
    /// but has to be seen to be said.
    pub(super) async fn of_key(
        &self,
        key: &str,
        made: Option<DateTime<Utc>>,
    ) -> Result<Vec<Credential>, QueryError> {
        self.callers(&of_key(key, made)).await
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
        let (arns, moments) = (BTreeSet::from([arn.clone()]), BTreeSet::from([created.timestamp()]));
        let mut found = self.of_sessions(&arns, &moments, &BTreeSet::new()).await?;
        found.retain(|one| one.caller.created == Some(created) && one.caller.account == caller.account);
        Ok(found)
    }

    /// The callers with one of these ARNs whose sessions may have been made at some of these moments, in seconds since
    /// 1970: created then, or of a sign-in session and created between the first and the last of them, or in the 12 hours
    /// after, in which its keys are made anew
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-login-credentials.html>). Not those of keys that are known
    /// already: of thousands of sessions that leaves hardly any row to read.
    pub(super) async fn of_sessions(
        &self,
        arns: &BTreeSet<String>,
        moments: &BTreeSet<i64>,
        known: &BTreeSet<String>,
    ) -> Result<Vec<Credential>, QueryError> {
        let (Some(first), Some(last)) = (moments.first().copied(), moments.last().copied()) else {
            return Ok(Vec::new());
        };
        let around = |moment: &i64| moment - SLACK_SECONDS..=moment + SLACK_SECONDS;
        let seconds: BTreeSet<i64> = moments.iter().flat_map(around).collect();
        let time = |second| DateTime::from_timestamp(second, 0).unwrap_or_default();
        let ask = async |arns: &BTreeSet<String>, more: Option<Filter>| {
            let mut found = Vec::new();
            let arns: Vec<&String> = arns.iter().collect();
            for some in arns.chunks(VALUES_MAX) {
                let some: BTreeSet<String> = some.iter().map(|arn| (*arn).clone()).collect();
                let all = [
                    Filter::From(earlier(time(first), KEY_LIFE_SECONDS + SLACK_SECONDS)),
                    Filter::Before(later(time(last), KEY_LIFE_SECONDS + SLACK_SECONDS)),
                    one_of(Column::IdentityArn, some),
                ];
                let others = Filter::Not(Box::new(one_of(Column::AccessKeyId, known.clone())));
                let others = Some(others).filter(|_| !known.is_empty());
                let all = all.into_iter().chain(more.clone()).chain(others).collect();
                found.extend(self.callers(&Filter::All(all)).await?);
            }
            Ok::<_, QueryError>(found)
        };
        let created = Filter::Seconds(Column::SessionCreated, seconds.clone());
        // What names its sign-in session stands in the rest.
        let open = Filter::Any(vec![created, Filter::Some(Column::IdentityRest)]);
        let mut found = ask(arns, Some(open)).await?;
        // Of a session created at another moment only the events with such a rest were read: it is asked for as a whole.
        let is_whole = |one: &Credential| {
            one.caller.created.is_some_and(|created| seconds.contains(&created.timestamp()))
        };
        let (mut whole, partial): (Vec<_>, Vec<_>) = found.drain(..).partition(is_whole);
        let signed_in = partial.into_iter().filter(|one| one.caller.sign_in_session.is_some());
        let signed_in: BTreeSet<String> = signed_in.filter_map(|one| one.caller.arn).collect();
        if !signed_in.is_empty() {
            let all = ask(&signed_in, None).await?;
            whole
                .extend(all.into_iter().filter(|one| !is_whole(one) && one.caller.sign_in_session.is_some()));
        }
        let mut found = whole;
        found.retain(|one| {
            let lasts = if one.caller.sign_in_session.is_some() { CONSOLE_SESSION_SECONDS } else { 0 };
            one.caller.created.is_some_and(|created| {
                (first - SLACK_SECONDS..=last + lasts + SLACK_SECONDS).contains(&created.timestamp())
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
    pub(super) async fn usage(&self, filter: &Filter) -> Result<Usage, QueryError> {
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.usages, &name)
            && let Some(known) = known.first()
        {
            return Ok(known.clone());
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
            return Ok(known.to_vec());
        }
        let found = settle(self.relations.links(filter).await?);
        keep(&self.issuances, name, &found);
        Ok(found)
    }

    /// Whether any event satisfies a condition: a look at few columns, before many are read.
    pub(super) async fn any(&self, filter: &Filter) -> Result<bool, QueryError> {
        self.relations.any(filter).await
    }

    /// The events that satisfy a condition, of their JSON with these columns only; [`crate::query::rows`] reads them.
    pub(super) async fn events(
        &self,
        filter: &Filter,
        json: &[Column],
    ) -> Result<Vec<RecordBatch>, QueryError> {
        self.relations.events(filter, json).await
    }

    /// The issuances that name a key as their answer, with all that they say.
    pub(super) async fn making(&self, key: &str) -> Result<Vec<Issuance>, QueryError> {
        let is = Filter::Is(Column::IssuedAccessKeyId, key.to_owned());
        Ok(settle(self.relations.issuances(&is).await?))
    }

    /// The issuances that name a key as their answer; within the life of a temporary key around `moment`.
    pub(super) async fn naming(
        &self,
        key: &str,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Vec<Issuance>, QueryError> {
        self.issuances(&naming(key, moment)).await
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

    /// The issuances of the seconds around a moment; without those that say that they made another session than that of
    /// the ARN.
    pub(super) async fn around(
        &self,
        moment: DateTime<Utc>,
        arn: Option<&str>,
    ) -> Result<Vec<Issuance>, QueryError> {
        self.issuances(&around(moment, arn)).await
    }

    /// The issuances of sessions with this ARN within the life of a session before `moment`.
    pub(super) async fn named(&self, arn: &str, moment: DateTime<Utc>) -> Result<Vec<Issuance>, QueryError> {
        let by_answer = Filter::Is(Column::AssumedRoleArn, arn.to_owned());
        let by_service = Filter::All(vec![
            Filter::Is(Column::EventName, "AssumeRole".to_owned()),
            Filter::Not(Box::new(Filter::Some(Column::AssumedRoleArn))),
        ]);
        let by_sts = Filter::All(vec![
            Filter::Is(Column::EventSource, "sts.amazonaws.com".to_owned()),
            Filter::Any(vec![by_answer, by_service]),
        ]);
        let switched = Filter::All(vec![
            Filter::Is(Column::EventSource, "signin.amazonaws.com".to_owned()),
            Filter::Is(Column::IdentityArn, arn.to_owned()),
            one_of(Column::EventName, BTreeSet::from(["SwitchRole", "RenewRole"].map(str::to_owned))),
        ]);
        self.issuances(&Filter::All(vec![
            Filter::From(earlier(moment, ROLE_SESSION_SECONDS + SLACK_SECONDS)),
            Filter::Before(later(moment, SLACK_SECONDS + 1)),
            Filter::Any(vec![by_sts, switched]),
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

    /// The sign-ins at the console within the life of a session before a span of time, and in it.
    pub(super) async fn signed_in_between(
        &self,
        first: DateTime<Utc>,
        last: DateTime<Utc>,
    ) -> Result<Vec<Issuance>, QueryError> {
        self.issuances(&Filter::All(vec![
            Filter::From(earlier(first, CONSOLE_SESSION_SECONDS + SLACK_SECONDS)),
            Filter::Before(later(last, SLACK_SECONDS + 1)),
            Filter::Is(Column::EventSource, "signin.amazonaws.com".to_owned()),
            Filter::Is(Column::EventName, "ConsoleLogin".to_owned()),
        ]))
        .await
    }

    /// When a user signed in, as successful records tell, from one moment to another; in order of time.
    pub(super) async fn signed_in_as(
        &self,
        user: &Caller,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<DateTime<Utc>>, QueryError> {
        let mut conditions = vec![
            Filter::From(first),
            Filter::Before(later(last, 1)),
            Filter::Is(Column::EventName, "ConsoleLogin".to_owned()),
        ];
        conditions.extend(user.arn.clone().map(|arn| Filter::Is(Column::IdentityArn, arn)));
        let found = self.issuances(&Filter::All(conditions)).await?;
        let own =
            found.iter().filter(|one| one.kind == IssuanceKind::ConsoleLogin && one.caller.id == user.id);
        Ok(own.map(|one| one.record.time).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// The sign-ins by which a user may have come that switched roles by a record, see [`find_sign_ins`].
    pub(super) async fn signed_in(&self, switched: &Issuance) -> Result<Vec<Issuance>, QueryError> {
        if !switched.switcher().is_some_and(|switcher| switcher.is_user_or_root()) {
            return Ok(Vec::new());
        }
        let near = self.sign_ins(switched.record.time).await?;
        Ok(find_sign_ins(switched, &near).into_iter().cloned().collect())
    }

    /// Tells the source identities that were asked for, of the issuances that may have made a session which bears one.
    pub(super) async fn tell_identities(
        &self,
        session: &Caller,
        first: Option<DateTime<Utc>>,
        list: &mut [Issuance],
    ) -> Result<(), QueryError> {
        let open = || list.iter().filter(|one| is_open_identity(session, first, one));
        let ids: BTreeSet<String> = open().filter_map(|one| one.record.event_id.clone()).collect();
        let times = || open().map(|one| one.record.time);
        let Some((from, to)) = times().min().zip(times().max()).filter(|_| !ids.is_empty()) else {
            return Ok(());
        };
        let are = vec![Filter::From(from), Filter::Before(later(to, 1)), one_of(Column::EventId, ids)];
        let name = format!("identities {are:?}");
        let whole = match kept(&self.issuances, &name) {
            Some(known) => known.to_vec(),
            None => self.relations.issuances(&Filter::All(are)).await?,
        };
        keep(&self.issuances, name, &whole);
        for one in list {
            let known = whole.iter().find(|known| known.record == one.record);
            if let Some(known) = known.filter(|_| one.source_identity.is_none()) {
                one.source_identity.clone_from(&known.source_identity);
            }
        }
        Ok(())
    }

    /// The records by which somebody switched roles in the console, in order of time.
    pub(super) async fn switches(&self) -> Result<Vec<Issuance>, QueryError> {
        let names = ["SwitchRole", "RenewRole"].map(str::to_owned);
        let switching = vec![
            Filter::Is(Column::EventSource, "signin.amazonaws.com".to_owned()),
            one_of(Column::EventName, BTreeSet::from(names)),
        ];
        let mut found = self.issuances(&Filter::All(switching)).await?;
        found.retain(|switched| switched.switch_from.is_some());
        Ok(found)
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
            _ => &["CreateLoginProfile", "UpdateLoginProfile", "ChangePassword"],
        };
        let mut found = self
            .issuances(&Filter::All(vec![
                one_of(Column::EventName, names.iter().map(|name| (*name).to_owned()).collect()),
                Filter::Is(Column::Account, account.to_owned()),
            ]))
            .await?;
        found.retain(|way| {
            way.kind == kind && way.user_name.as_deref().is_some_and(|name| is_name(name, user))
        });
        Ok(found)
    }

    /// The launches among which the last one of a workload before `moment` is.
    pub(super) async fn launches_of(
        &self,
        workload: &Workload,
        account: &str,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Vec<Launch>, QueryError> {
        let mut found = self.relaunches(workload.kind, account).await?.to_vec();
        if let Some(launching) = launching(workload.kind, account) {
            let end = moment.map(|moment| later(moment, SLACK_SECONDS + 1));
            let times = match self.relations.logs_span() {
                None => Some(end.map(Filter::Before).into_iter().collect::<Vec<_>>()),
                Some(span) => {
                    let time = match workload.kind {
                        "instance" => self.instance_launched(account, &workload.id, end).await?,
                        _ => self.launched_at(workload, &launching, end, span).await?,
                    };
                    time.map(|time| vec![Filter::From(time), Filter::Before(later(time, 1))])
                }
            };
            if let Some(times) = times {
                let all = times.into_iter().chain(launching).collect();
                found.extend(self.relations.launches(&Filter::All(all)).await?);
            }
        }
        Ok(found)
    }

    /// The launches of a kind of workload in an account that are few: those of functions, whose code may be replaced, and
    /// those that give a workload another role.
    pub(super) async fn relaunches(&self, kind: &str, account: &str) -> Result<Arc<[Launch]>, QueryError> {
        match relaunching(kind, account) {
            Some(seldom) => self.launches(&Filter::All(seldom)).await,
            None => Ok(Arc::default()),
        }
    }

    /// When a workload that is no instance was last launched before `end`.
    ///
    /// What a launch says of its workload stands in large columns, and most were launched not long before: so the logs are
    /// read backwards, two days one by one and then some days at once. What was read serves all workloads of the account.
    async fn launched_at(
        &self,
        workload: &Workload,
        launching: &[Filter],
        end: Option<DateTime<Utc>>,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, QueryError> {
        let day_of = |time: DateTime<Utc>| time.timestamp().div_euclid(DAY_SECONDS);
        let begin_of = |day: i64| DateTime::from_timestamp(day * DAY_SECONDS, 0).unwrap_or_default();
        let top = day_of(end.map_or(last, |end| end.min(last)));
        let own_text = workload.text();
        let mut days = top..top + 1;
        while days.end > day_of(first) {
            let name = format!("{launching:?} {days:?}");
            let known = if let Some(known) = kept(&self.launched, &name) {
                known
            } else {
                let times = [Filter::From(begin_of(days.start)), Filter::Before(begin_of(days.end))];
                let all = times.into_iter().chain(launching.iter().cloned()).collect();
                let found = self.relations.workloads(&Filter::All(all)).await?;
                keep(&self.launched, name, &found);
                found.into()
            };
            let own = known.iter().filter(|(text, _)| *text == own_text).map(|(_, time)| *time);
            let before = own.filter(|time| end.is_none_or(|end| *time < end));
            if let Some(time) = before.max() {
                return Ok(Some(time));
            }
            let next = days.start - 1;
            let start = if next + 1 == top { next } else { next.div_euclid(LAUNCH_DAYS) * LAUNCH_DAYS };
            days = start..if next + 1 == top { next + 1 } else { start + LAUNCH_DAYS };
        }
        Ok(None)
    }

    /// The launches among the events that satisfy a condition, in order of time.
    pub(super) async fn launches(&self, filter: &Filter) -> Result<Arc<[Launch]>, QueryError> {
        let name = format!("{filter:?}");
        if let Some(known) = kept(&self.launches, &name) {
            return Ok(known);
        }
        let mut found = self.relations.launches(filter).await?;
        found.sort_by(|a, b| a.record.cmp(&b.record));
        keep(&self.launches, name, &found);
        Ok(found.into())
    }
}

/// Callers, those with most calls first.
fn in_order(mut found: Vec<Credential>) -> Vec<Credential> {
    // Once each: to tell who a caller is takes its ARN apart.
    found.sort_by_cached_key(|one| (std::cmp::Reverse(one.usage.calls), one.caller.node()));
    found
}

/// What an earlier look-up of this name found. A lock that is poisoned keeps nothing.
fn kept<T>(cache: &Known<T>, name: &str) -> Option<Arc<[T]>> {
    cache.lock().ok()?.get(name).map(Arc::clone)
}

fn keep<T: Clone>(cache: &Known<T>, name: String, found: &[T]) {
    if let Ok(mut cache) = cache.lock() {
        cache.insert(name, found.into());
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
