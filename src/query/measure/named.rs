//! Who or what bears a name.

use arrow::array::{RecordBatch, TimestampMicrosecondArray};
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use hashbrown::HashMap;

use super::{number_at, text_at, time_at};
use crate::lake::Column;
use crate::query::cells::{self, Said};
use crate::query::lookup::{Lookup, Wanted};
use crate::query::{Filter, QueryError, sql};

/// Something in the lake that has a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// `user`, `role`, `session`, `federated-user`, `source-identity`, `identity-center-user`, `subject`, `key`, `id`, `root` or
    /// `service`.
    pub kind: String,
    /// The whole id: an ARN where there is one.
    pub id: String,
    /// How many events are its own.
    pub events: u64,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
}

/// How a name is to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// It is the name.
    Exact,
    /// It is part of the name, in upper or lower case.
    Contains,
}

/// So many are told of those that hold a name.
const SIMILAR_MAX: usize = 20;

/// Everything in the lake that bears exactly this name, or with `like` a name that holds it (at most 20).
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn named(ctx: &SessionContext, name: &str, like: Likeness) -> Result<Vec<Named>, QueryError> {
    if let Some(lookup) = Lookup::open(ctx).await? {
        let asked = Asked::of(name, like);
        let filter = asked.filter();
        let add = move |found: &mut Found, batch| found.add(&batch, &asked);
        let mut whole = Found::default();
        let merge = |part| {
            whole.merge(part);
            Ok(())
        };
        if lookup.fold_into(&filter, Wanted::numbered(COLUMNS.to_vec()), add, merge).await? {
            return Ok(whole.finish(like));
        }
    }
    by_engine(ctx, name, like).await
}

/// The same, where rows are read elsewhere.
pub(in crate::query) async fn by_engine(
    ctx: &SessionContext,
    name: &str,
    like: Likeness,
) -> Result<Vec<Named>, QueryError> {
    let (test, limit) = match like {
        Likeness::Exact => ("name = $name", String::new()),
        Likeness::Contains => ("contains(lower(name), lower($name))", format!(" limit {SIMILAR_MAX}")),
    };
    let text = format!(
        "with names as ( \
         select 'user' as kind, coalesce(identity_arn, user_name) as id, coalesce(user_name, split_part(identity_arn, \
         '/', -1)) as name, coalesce(identity_account_id, account, '') || '/' || coalesce(user_name, split_part(identity_arn, \
         '/', -1)) as home, event_time \
         from events where identity_type = 'IAMUser' \
         union all select 'user' as kind, session_issuer_arn as id, session_issuer_user_name as name, \
         coalesce(session_issuer_account_id, '') || '/' || session_issuer_user_name as home, event_time from events \
         where session_issuer_type = 'IAMUser' and identity_type <> 'IAMUser' \
         union all select 'role' as kind, coalesce(session_issuer_arn, regexp_replace(identity_arn, \
         '^(arn:[^:]*):sts::([^:]*):assumed-role/([^/]*)/.*$', '\\1:iam::\\2:role/\\3')) as id, \
         coalesce(session_issuer_user_name, split_part(identity_arn, '/', 2)) as name, null as home, event_time \
         from events where identity_type = 'AssumedRole' \
         union all select 'session' as kind, split_part(identity_arn, '/', 3) as id, \
         split_part(identity_arn, '/', 3) as name, null as home, event_time \
         from events where identity_arn like 'arn:%:assumed-role/%/%' \
         union all select 'federated-user' as kind, identity_arn as id, split_part(identity_arn, ':federated-user/', 2) as name, \
         null as home, event_time from events where identity_arn like 'arn:%:federated-user/%' \
         union all select 'source-identity' as kind, source_identity as id, source_identity as name, null as home, event_time from events \
         where source_identity is not null \
         union all select 'identity-center-user' as kind, on_behalf_of_user_id as id, on_behalf_of_user_id as name, null as home, event_time from events \
         where on_behalf_of_user_id is not null \
         union all select 'identity-center-user' as kind, user_name as id, user_name as name, null as home, event_time from events \
         where identity_type = 'IdentityCenterUser' and user_name is not null \
         union all select 'subject' as kind, coalesce(principal_id, user_name) as id, user_name as name, null as home, event_time from events \
         where identity_type in ('WebIdentityUser', 'SAMLUser') and user_name is not null \
         union all select 'subject' as kind, principal_id as id, principal_id as name, null as home, event_time from events \
         where identity_type in ('WebIdentityUser', 'SAMLUser') and principal_id <> user_name \
         union all select 'key' as kind, access_key_id as id, access_key_id as name, null as home, event_time from events where access_key_id <> '' \
         union all select 'id' as kind, principal_id as id, principal_id as name, null as home, event_time from events where principal_id is not null \
         union all select 'service' as kind, invoked_by as id, invoked_by as name, null as home, event_time from events where identity_type = 'AWSService' \
         or identity_type is null and invoked_by <> '' \
         union all select 'root' as kind, identity_arn as id, 'root' as name, null as home, event_time from events where identity_type = 'Root' \
         ), found as (select kind, coalesce(max(id) filter (where id like 'arn:%'), max(id)) as id, count(*) as events, \
         min(event_time) as first, max(event_time) as last \
         from names where {test} and id is not null \
         group by kind, coalesce(home, id)) \
         select kind, id, events, first, last from found order by events desc, kind, id, first, last{limit}"
    );
    let failed = |error| QueryError::engine("cannot look for the name", error);
    let plan = sql::plan(ctx, &text).await?;
    let params = vec![("name", datafusion::scalar::ScalarValue::from(name))];
    let plan = plan.with_param_values(params).map_err(failed)?;
    let frame = ctx.execute_logical_plan(plan).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let mut found = Vec::new();
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        for row in 0..batch.num_rows() {
            found.push(Named {
                kind: text_at(&batch, 0, row).unwrap_or_default(),
                id: text_at(&batch, 1, row).unwrap_or_default(),
                events: number_at(&batch, 2, row),
                first: time_at(&batch, 3, row),
                last: time_at(&batch, 4, row),
            });
        }
    }
    Ok(found)
}

/// The columns that name somebody or something, and tell what it is.
const COLUMNS: [Column; 15] = [
    Column::EventTime,
    Column::Account,
    Column::IdentityType,
    Column::IdentityArn,
    Column::IdentityAccountId,
    Column::PrincipalId,
    Column::UserName,
    Column::AccessKeyId,
    Column::InvokedBy,
    Column::OnBehalfOfUserId,
    Column::SessionIssuerType,
    Column::SessionIssuerArn,
    Column::SessionIssuerAccountId,
    Column::SessionIssuerUserName,
    Column::SourceIdentity,
];

/// The name that is looked for.
#[derive(Debug, Clone)]
enum Asked {
    Exact(String),
    /// In lower case.
    Contains(String),
}

impl Asked {
    fn of(name: &str, like: Likeness) -> Asked {
        match like {
            Likeness::Exact => Asked::Exact(name.to_owned()),
            Likeness::Contains => Asked::Contains(name.to_lowercase()),
        }
    }

    fn is_met_by(&self, name: &str) -> bool {
        match self {
            Asked::Exact(asked) => name == asked,
            Asked::Contains(asked) => name.to_lowercase().contains(asked),
        }
    }

    /// Selects all rows in which it is met, and some others.
    fn filter(&self) -> Filter {
        const BARE: [Column; 7] = [
            Column::UserName,
            Column::SessionIssuerUserName,
            Column::SourceIdentity,
            Column::OnBehalfOfUserId,
            Column::PrincipalId,
            Column::AccessKeyId,
            Column::InvokedBy,
        ];
        let root = || Filter::Is(Column::IdentityType, "Root".to_owned());
        let mut any: Vec<Filter> = match self {
            Asked::Exact(name) => {
                let names = || [name.clone()].into();
                let of_arn = [
                    Filter::Is(Column::IdentityArn, name.clone()),
                    Filter::Ends(Column::IdentityArn, format!("/{name}")),
                    Filter::RoleName(Column::IdentityArn, names()),
                    Filter::SessionName(names()),
                ];
                BARE.iter().map(|column| Filter::Is(*column, name.clone())).chain(of_arn).collect()
            }
            Asked::Contains(name) => {
                let columns = BARE.iter().chain([&Column::IdentityArn]);
                columns.map(|column| Filter::Contains(*column, name.clone())).collect()
            }
        };
        if self.is_met_by(ROOT) {
            any.push(root());
        }
        Filter::Any(any)
    }
}

/// The name of a root user.
const ROOT: &str = "root";

/// The fields of an event that name somebody or something.
#[derive(Debug, Clone, Copy)]
struct Fields<'a> {
    account: Option<&'a str>,
    identity_type: Option<&'a str>,
    identity_arn: Option<&'a str>,
    identity_account_id: Option<&'a str>,
    principal_id: Option<&'a str>,
    user_name: Option<&'a str>,
    access_key_id: Option<&'a str>,
    invoked_by: Option<&'a str>,
    on_behalf_of_user_id: Option<&'a str>,
    issuer_type: Option<&'a str>,
    issuer_arn: Option<&'a str>,
    issuer_account_id: Option<&'a str>,
    issuer_user_name: Option<&'a str>,
    source_identity: Option<&'a str>,
}

/// What bears a name in an event: its kind, its id, and where different ids may be of the same, account and name.
type Mention = (&'static str, String, Option<String>);

impl Fields<'_> {
    /// What bears the name that is asked for, as the statement in [`by_engine`] has it.
    fn mentions(&self, asked: &Asked) -> Vec<Mention> {
        let part = |arn: &'_ str, place: usize| arn.split('/').nth(place).unwrap_or_default().to_owned();
        let last = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut found: Vec<Mention> = Vec::new();
        let mut add = |kind, id: Option<String>, name: Option<&str>, home: Option<String>| {
            if let (Some(id), Some(_)) = (id, name.filter(|name| asked.is_met_by(name))) {
                found.push((kind, id, home));
            }
        };
        let home = |account: Option<&str>, name: &str| format!("{}/{name}", account.unwrap_or_default());
        let is = |kind: &str| self.identity_type == Some(kind);
        if is("IAMUser") {
            let name = owned(self.user_name).or_else(|| self.identity_arn.map(last));
            let at = name.as_deref().map(|name| home(self.identity_account_id.or(self.account), name));
            add("user", owned(self.identity_arn.or(self.user_name)), name.as_deref(), at);
        } else if self.identity_type.is_some() && self.issuer_type == Some("IAMUser") {
            let at = self.issuer_user_name.map(|name| home(self.issuer_account_id, name));
            add("user", owned(self.issuer_arn), self.issuer_user_name, at);
        }
        if is("AssumedRole") {
            let name = owned(self.issuer_user_name).or_else(|| self.identity_arn.map(|arn| part(arn, 1)));
            let id = owned(self.issuer_arn).or_else(|| self.identity_arn.map(role_of));
            add("role", id, name.as_deref(), None);
        }
        if let Some(arn) = self.identity_arn.filter(|arn| is_of_session(arn)) {
            let name = part(arn, 2);
            add("session", Some(name.clone()), Some(&name), None);
        }
        let federated = self.identity_arn.filter(|arn| arn.starts_with("arn:"));
        if let Some((_, name)) = federated.and_then(|arn| arn.split_once(":federated-user/")) {
            add("federated-user", owned(self.identity_arn), Some(name), None);
        }
        add("source-identity", owned(self.source_identity), self.source_identity, None);
        add("identity-center-user", owned(self.on_behalf_of_user_id), self.on_behalf_of_user_id, None);
        if is("IdentityCenterUser") {
            add("identity-center-user", owned(self.user_name), self.user_name, None);
        }
        if (is("WebIdentityUser") || is("SAMLUser"))
            && let Some(name) = self.user_name
        {
            add("subject", owned(self.principal_id.or(self.user_name)), self.user_name, None);
            if self.principal_id != Some(name) {
                add("subject", owned(self.principal_id), self.principal_id, None);
            }
        }
        add("key", owned(self.access_key_id), self.access_key_id.filter(|key| !key.is_empty()), None);
        add("id", owned(self.principal_id), self.principal_id, None);
        let speaks = self.invoked_by.is_some_and(|service| !service.is_empty());
        if is("AWSService") || (self.identity_type.is_none() && speaks) {
            add("service", owned(self.invoked_by), self.invoked_by, None);
        }
        if is("Root") {
            add("root", owned(self.identity_arn), Some(ROOT), None);
        }
        found
    }
}

/// Whether an ARN is that of a role's session.
fn is_of_session(arn: &str) -> bool {
    let behind = arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":assumed-role/"));
    behind.is_some_and(|(_, session)| session.contains('/'))
}

/// The ARN of the role of a session, as far as the session's tells it; what is no session's ARN as it is.
fn role_of(arn: &str) -> String {
    let role = || {
        let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
        let (account, rest) = rest.strip_prefix("sts::")?.split_once(':')?;
        let (role, name) = rest.strip_prefix("assumed-role/")?.split_once('/')?;
        (!name.contains('\n')).then(|| format!("arn:{partition}:iam::{account}:role/{role}"))
    };
    role().unwrap_or_else(|| arn.to_owned())
}

/// The columns of a batch that [`Fields`] are of.
struct Columns<'a> {
    times: &'a TimestampMicrosecondArray,
    texts: Vec<Said<'a>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Columns<'a>, QueryError> {
        let texts = COLUMNS.iter().filter(|column| **column != Column::EventTime);
        let texts = texts.map(|column| Said::of(batch, column.name())).collect::<Result<_, _>>()?;
        Ok(Columns { times: cells::timestamp(batch, Column::EventTime.name())?, texts })
    }

    fn fields(&self, row: usize) -> Fields<'a> {
        let mut texts = self.texts.iter().map(|said| said.at(row));
        // In the order of [`COLUMNS`].
        let mut next = || texts.next().flatten();
        Fields {
            account: next(),
            identity_type: next(),
            identity_arn: next(),
            identity_account_id: next(),
            principal_id: next(),
            user_name: next(),
            access_key_id: next(),
            invoked_by: next(),
            on_behalf_of_user_id: next(),
            issuer_type: next(),
            issuer_arn: next(),
            issuer_account_id: next(),
            issuer_user_name: next(),
            source_identity: next(),
        }
    }
}

/// What bears the name, so far.
#[derive(Debug)]
struct Group {
    /// The greatest id that is an ARN.
    arn: Option<String>,
    id: String,
    events: u64,
    first: i64,
    last: i64,
}

impl Group {
    fn add(&mut self, other: Group) {
        self.arn = self.arn.take().max(other.arn);
        if other.id > self.id {
            self.id = other.id;
        }
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// By kind, and where it is or what its id is.
#[derive(Debug, Default)]
struct Found(HashMap<(&'static str, String), Group>);

impl Found {
    fn add(&mut self, batch: &RecordBatch, asked: &Asked) -> Result<(), QueryError> {
        let columns = Columns::of(batch)?;
        let mut alike = vec![true; batch.num_rows()];
        columns.texts.iter().for_each(|said| said.mark(&mut alike));
        let mut row = 0;
        while row < alike.len() {
            let rest = alike.get(row + 1..).unwrap_or_default();
            let end = row + 1 + rest.iter().take_while(|alike| **alike).count();
            let times = columns.times.values().get(row..end).unwrap_or_default();
            let (first, last) = (times.iter().min().copied(), times.iter().max().copied());
            for (kind, id, home) in columns.fields(row).mentions(asked) {
                let group = Group {
                    arn: Some(id.clone()).filter(|id| id.starts_with("arn:")),
                    id: id.clone(),
                    events: (end - row) as u64,
                    first: first.unwrap_or_default(),
                    last: last.unwrap_or_default(),
                };
                self.put((kind, home.unwrap_or(id)), group);
            }
            row = end;
        }
        Ok(())
    }

    fn put(&mut self, key: (&'static str, String), group: Group) {
        match self.0.get_mut(&key) {
            Some(known) => known.add(group),
            None => {
                self.0.insert(key, group);
            }
        }
    }

    fn merge(&mut self, other: Found) {
        other.0.into_iter().for_each(|(key, group)| self.put(key, group));
    }

    fn finish(self, like: Likeness) -> Vec<Named> {
        let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let named = |((kind, _), group): ((&str, String), Group)| Named {
            kind: kind.to_owned(),
            id: group.arn.unwrap_or(group.id),
            events: group.events,
            first: time(group.first),
            last: time(group.last),
        };
        let mut found: Vec<Named> = self.0.into_iter().map(named).collect();
        found.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.cmp(b)));
        if like == Likeness::Contains {
            found.truncate(SIMILAR_MAX);
        }
        found
    }
}
