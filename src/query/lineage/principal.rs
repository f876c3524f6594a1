//! Principals of which records name no more than the unique id, by the calls that made them: an id is never given again
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use hashbrown::HashMap;
use serde::Deserialize;

use super::Relations;
use super::link::text;
use super::workshop::numbers;
use crate::lake::Column;
use crate::lineage::Class;
use crate::query::cells::Text;
use crate::query::{Filter, QueryError};

/// So many ids are asked for at once.
const ASKED_MAX: usize = 10_000;

/// Whom a unique id stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The id: of a user, or of a role and its session's name.
    pub id: String,
    /// The ARN of the user or of the session.
    pub arn: String,
    /// When that was said.
    pub time: DateTime<Utc>,
}

/// What CreateUser answers
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html>).
#[derive(Deserialize)]
struct Answer {
    user: User,
}

#[derive(Deserialize)]
struct User {
    arn: String,
    #[serde(rename = "userId")]
    id: String,
}

impl Relations {
    /// Whom unique ids stand for, as the calls tell that assumed the role or made the user.
    ///
    /// # Errors
    /// Says why the lake cannot be read.
    pub async fn principals(&self, ids: &BTreeSet<String>) -> Result<Vec<Told>, QueryError> {
        let mut found = Vec::new();
        let (sessions, users): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| id.contains(':'));
        for some in sessions.chunks(ASKED_MAX) {
            let some = some.iter().map(|id| (*id).clone()).collect();
            let is = Filter::All(vec![Filter::In(Column::AssumedRoleId, some)]);
            let read = [Column::AssumedRoleId, Column::AssumedRoleArn, Column::EventTime];
            for batch in self.columns(&is, &read).await? {
                let (ids, arns) = (of(&batch, Column::AssumedRoleId)?, of(&batch, Column::AssumedRoleArn)?);
                let told = (0..batch.num_rows()).filter_map(|row| {
                    let (id, arn) = ids.get(row).zip(arns.get(row))?;
                    Some(Told { id: id.to_owned(), arn: arn.to_owned(), time: time(&batch, row)? })
                });
                found.extend(told);
            }
        }
        if !users.is_empty() {
            let made = Filter::All(vec![
                Filter::Is(Column::EventSource, "iam.amazonaws.com".to_owned()),
                Filter::Is(Column::EventName, "CreateUser".to_owned()),
            ]);
            for batch in self.events(&made, &[Column::ResponseElements]).await? {
                let answers = of(&batch, Column::ResponseElements)?;
                let told = (0..batch.num_rows()).filter_map(|row| {
                    let User { arn, id } = serde_json::from_str::<Answer>(answers.get(row)?).ok()?.user;
                    ids.contains(&id).then(|| time(&batch, row).map(|time| Told { id, arn, time }))?
                });
                found.extend(told);
            }
        }
        found.sort();
        Ok(found)
    }
}

fn of(batch: &RecordBatch, column: Column) -> Result<Text<'_>, QueryError> {
    Text::of(batch, column.name())
}

fn time(batch: &RecordBatch, row: usize) -> Option<DateTime<Utc>> {
    let times = batch.column_by_name(Column::EventTime.name())?;
    DateTime::from_timestamp_micros(times.as_primitive_opt::<TimestampMicrosecondType>()?.value(row))
}

/// The unique ids of principals of other accounts, of whom no record of their own is among the callers, and whom a call may have
/// made: of sessions those that `steps` made.
pub(super) fn untold(nodes: &[RecordBatch], steps: &[RecordBatch]) -> Result<BTreeSet<String>, QueryError> {
    let mut foreign: HashMap<i64, &str> = HashMap::new();
    let rows = |batch: &RecordBatch, class: Class| {
        let classes = batch.column_by_name("caller_class").cloned();
        let is =
            move |row: &usize| classes.as_ref().and_then(|classes| text(classes, *row)) == Some(class.word());
        (0..batch.num_rows()).filter(is)
    };
    for batch in nodes {
        let (Some(ids), hashes) = (batch.column_by_name("principal_id"), numbers(batch, "id_hash")?) else {
            continue;
        };
        let told = rows(batch, Class::Account).filter(|row| hashes.is_valid(*row));
        foreign.extend(told.filter_map(|row| Some((hashes.value(row), text(ids, row)?))));
    }
    if foreign.is_empty() {
        return Ok(BTreeSet::new());
    }
    for batch in nodes {
        let hashes = numbers(batch, "id_hash")?;
        for row in rows(batch, Class::Credential).filter(|row| hashes.is_valid(*row)) {
            foreign.remove(&hashes.value(row));
        }
    }
    let mut found: BTreeSet<String> =
        foreign.values().filter(|id| !id.contains(':')).map(|id| (*id).to_owned()).collect();
    for batch in steps {
        let made = numbers(batch, "id_hash")?.iter().flatten();
        found.extend(made.filter_map(|hash| foreign.get(&hash)).map(|id| (*id).to_owned()));
    }
    Ok(found)
}
