//! Replayers that share the events of a lake: the calls of one caller come to one of them, which so judges each but once,
//! whoever reads it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use arrow::array::RecordBatch;
use hashbrown::HashMap;

use super::read::{Numbered, NumberedRow};
use super::save::{Rows, Sink};
use crate::query::QueryError;
use crate::query::cells::Text;
use crate::replay::{Field, Fields, Limits, Plan, Replayer, Row, fields_of_request};

/// So many replayers there are for each core: whoever finds one at work mostly finds another that is not.
const MEMBERS_EACH: usize = 8;

/// Whoever has so many rows for replayers that are at work does not wait, but has a replayer made that is no caller's.
const WAITING_MAX: usize = 2048;

/// A replayer, and what it has to write.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) replayer: Replayer,
    pub(super) rows: Rows,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Crew {
    plan: Plan,
    limits: Limits,
    sink: Option<Arc<Sink>>,
    /// Each is made when it is first needed.
    members: Vec<Mutex<Option<Member>>>,
    /// No caller's, and not at work.
    spare: Mutex<Vec<Member>>,
    /// Counts batches: each begins with another replayer.
    turns: AtomicUsize,
}

impl Crew {
    pub(super) fn new(plan: &Plan, sink: Option<Arc<Sink>>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = cores * MEMBERS_EACH;
        Self {
            plan: plan.clone(),
            limits: Limits::of(count, cores),
            sink,
            members: (0..count).map(|_| Mutex::default()).collect(),
            spare: Mutex::default(),
            turns: AtomicUsize::new(0),
        }
    }

    /// Takes in the rows of a batch.
    pub(super) fn take(&self, columns: &Numbered<'_>, rows: usize) -> Result<(), QueryError> {
        let mut shares: Vec<Vec<usize>> = vec![Vec::new(); self.members.len()];
        for row in 0..rows {
            if let Some(share) = shares.get_mut(place(columns, row, self.members.len())) {
                share.push(row);
            }
        }
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let mut left: Vec<(&Mutex<Option<Member>>, Vec<usize>)> = self.members.iter().zip(shares).collect();
        let count = left.len().max(1);
        left.rotate_left(turn * MEMBERS_EACH / 2 % count);
        left.retain(|(_, share)| !share.is_empty());
        while !left.is_empty() {
            let before = left.len();
            let mut waiting = Vec::new();
            for (member, share) in left {
                match member.try_lock() {
                    Ok(mut member) => self.give(&mut member, columns, &share)?,
                    Err(TryLockError::Poisoned(mut member)) => {
                        self.give(member.get_mut(), columns, &share)?;
                    }
                    Err(TryLockError::WouldBlock) => waiting.push((member, share)),
                }
            }
            left = waiting;
            if left.len() < before {
                continue;
            }
            // All that are left are at work.
            if left.iter().map(|(_, share)| share.len()).sum::<usize>() > WAITING_MAX {
                let mut spare = locked(&self.spare).pop();
                for (_, share) in std::mem::take(&mut left) {
                    self.give(&mut spare, columns, &share)?;
                }
                locked(&self.spare).extend(spare);
            } else if let Some((member, share)) = left.pop() {
                self.give(&mut locked(member), columns, &share)?;
            }
        }
        Ok(())
    }

    fn give(
        &self,
        member: &mut Option<Member>,
        columns: &Numbered<'_>,
        share: &[usize],
    ) -> Result<(), QueryError> {
        let member = member.get_or_insert_with(|| Member {
            replayer: Replayer::sharing(self.plan.clone(), &self.limits),
            rows: Rows::default(),
        });
        for row in share {
            let row = NumberedRow { of: columns, row: *row };
            if let (Some(verdict), Some(sink)) = (member.replayer.take(&row), &self.sink) {
                member.rows.add(&row.record(), &verdict, sink)?;
            }
        }
        Ok(())
    }

    /// All that took something in.
    pub(super) fn members(&self) -> Vec<Member> {
        let mut all: Vec<Member> = self.members.iter().filter_map(|member| locked(member).take()).collect();
        all.append(&mut locked(&self.spare));
        all
    }
}

fn locked<T>(one: &Mutex<T>) -> MutexGuard<'_, T> {
    one.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose of so many replayers a row is: by the caller, as far as policies know it; by the event's name where none is named.
fn place(columns: &Numbered<'_>, row: usize, count: usize) -> usize {
    let by = [Field::SessionIssuerArn, Field::IdentityArn, Field::EventName];
    let number = by.into_iter().map(|field| columns.number(field, row)).find(|number| *number != 0);
    usize::try_from(number.unwrap_or_default() % count.max(1) as u128).unwrap_or(0)
}

/// Which rows of a batch may need the response: those of calls whose requests may be told from it; all, where condition keys
/// are that the policies read.
pub(super) fn needing_response(batch: &RecordBatch, of_keys: Fields) -> Vec<bool> {
    if of_keys.has(Field::ResponseElements) {
        return vec![true; batch.num_rows()];
    }
    let both =
        Text::of(batch, Field::EventSource.name()).ok().zip(Text::of(batch, Field::EventName.name()).ok());
    let Some((sources, names)) = both else { return vec![true; batch.num_rows()] };
    let mut known: HashMap<(&str, &str), bool> = HashMap::new();
    let needs = |row| {
        let call = (sources.get(row).unwrap_or(""), names.get(row).unwrap_or(""));
        *known.entry(call).or_insert_with(|| fields_of_request(call.0, call.1).has(Field::ResponseElements))
    };
    (0..batch.num_rows()).map(needs).collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, DictionaryArray, StringArray, TimestampMicrosecondArray};
    use arrow::datatypes::Int32Type;

    use super::super::read::{Columns, Numbers};
    use super::*;
    use crate::replay::answer::Replay;
    use crate::replay::{Changes, Issuances};
    use crate::snapshot::Snapshot;

    const FIELDS: [Field; 6] = [
        Field::EventTime,
        Field::Account,
        Field::EventSource,
        Field::EventName,
        Field::IdentityType,
        Field::IdentityArn,
    ];

    /// Calls of two users.
    fn calls(count: usize) -> RecordBatch {
        let texts = |of: &dyn Fn(usize) -> &'static str| -> ArrayRef {
            Arc::new((0..count).map(|row| Some(of(row))).collect::<DictionaryArray<Int32Type>>())
        };
        let times: TimestampMicrosecondArray = (0..count).map(|row| Some(row as i64 / 3)).collect();
        let sources: StringArray = (0..count).map(|_| Some("ec2.amazonaws.com")).collect();
        let of =
            |list: &'static [&'static str]| move |row: usize| list.get(row % list.len()).copied().unwrap();
        let names = of(&["DescribeInstances", "DescribeVolumes", "StopInstances"]);
        let users = of(&["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/bert"]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("event_time", Arc::new(times)),
            ("account", texts(&|_| "111122223333")),
            ("event_source", Arc::new(sources)),
            ("event_name", texts(&names)),
            ("identity_type", texts(&|_| "IAMUser")),
            ("identity_arn", texts(&users)),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn answer(states: impl Iterator<Item = Replayer>, plan: &Plan) -> Replay {
        let mut all = Replayer::new(plan.clone());
        states.for_each(|one| all.take_in(one.state()));
        Replay { evaluations: 0, ..all.fold(&Changes::default()).answer(None) }
    }

    #[test]
    fn who_takes_a_row_in_changes_nothing() {
        let plan = Plan {
            snapshot: Arc::new(Snapshot::default()),
            proposed: None,
            issuances: Arc::new(Issuances::default()),
            originals: Arc::default(),
            action: None,
            verdicts: false,
        };
        let (many, few) = (calls(WAITING_MAX + 7), calls(25));
        let fields = Fields::of(&FIELDS);
        let crew = Crew::new(&plan, None);
        let take = |batch: &RecordBatch| {
            let columns = Numbered::of(batch, fields, &mut Numbers::default()).unwrap();
            crew.take(&columns, batch.num_rows()).unwrap();
        };
        // All are at work: one more takes the rows in.
        let at_work: Vec<_> = crew.members.iter().map(|member| member.lock().unwrap()).collect();
        take(&many);
        drop(at_work);
        std::thread::scope(|scope| {
            scope.spawn(|| take(&few));
            scope.spawn(|| take(&many));
            take(&many);
        });
        let members = crew.members();
        assert!((2..=4).contains(&members.len()), "{}", members.len());
        let mut alone = Replayer::new(plan.clone());
        for batch in [&many, &few, &many, &many] {
            let columns = Columns::of(batch, fields).unwrap();
            (0..batch.num_rows()).for_each(|row| {
                alone.take(&columns.record(row));
            });
        }
        let whole = answer(std::iter::once(alone), &plan);
        assert_eq!(whole.events, 3 * (WAITING_MAX as u64 + 7) + 25);
        assert_eq!(answer(members.into_iter().map(|member| member.replayer), &plan), whole);
    }
}
