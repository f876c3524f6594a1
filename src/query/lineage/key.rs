//! The first step of the ladder by hand, where all rows are in the memory of this machine: a table of issuances by key, in
//! which each caller is looked up. It is what `queries/lineage/world/key.sql` and [`super::link::COPIES`] say, which
//! executors do over a scratch place; a test holds one against the other.

use arrow::array::{Array, BooleanArray, Int64Array, RecordBatch};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::workshop::{flags, numbers};
use crate::lineage::{KEY_LIFE_SECONDS, SLACK_SECONDS};
use crate::query::QueryError;

/// A caller, an issuance that fits it, and the rank of that: smaller is stronger.
pub(super) type Pair = (i64, i64, i64);

/// The end of a chain of issuances of one key.
const NONE: u32 = u32::MAX;

/// What an issuance is compared by.
struct Step {
    at: i64,
    i: i64,
    caller: i64,
    told: Told,
    /// The next one of the same key, by its place.
    next: u32,
}

/// What both sides may say of a session, as hashes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Told {
    account: Option<i64>,
    issuer: Option<i64>,
    provider: Option<i64>,
    arn: Option<i64>,
    id: Option<i64>,
}

impl Told {
    /// Whether nothing that both say differs.
    fn agrees(&self, other: &Told) -> bool {
        let agree = |a: Option<i64>, b: Option<i64>| a.zip(b).is_none_or(|(a, b)| a == b);
        agree(self.account, other.account)
            && agree(self.issuer, other.issuer)
            && agree(self.provider, other.provider)
            && agree(self.arn, other.arn)
            && agree(self.id, other.id)
    }
}

/// The columns of [`Told`].
struct Columns<'a> {
    accounts: &'a Int64Array,
    issuers: &'a Int64Array,
    providers: &'a Int64Array,
    arns: &'a Int64Array,
    ids: &'a Int64Array,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, QueryError> {
        Ok(Columns {
            accounts: numbers(batch, "account_hash")?,
            issuers: numbers(batch, "issuer_hash")?,
            providers: numbers(batch, "provider_hash")?,
            arns: numbers(batch, "arn_hash")?,
            ids: numbers(batch, "id_hash")?,
        })
    }

    fn at(&self, row: usize) -> Told {
        Told {
            account: number(self.accounts, row),
            issuer: number(self.issuers, row),
            provider: number(self.providers, row),
            arn: number(self.arns, row),
            id: number(self.ids, row),
        }
    }
}

fn number(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

fn holds(column: &BooleanArray, row: usize) -> bool {
    column.is_valid(row) && column.value(row)
}

/// Issuances by key, in shares: each has the keys whose hash leaves its place as the remainder.
struct ByKey {
    shares: Vec<Share>,
}

/// Some issuances, with the first of each key.
struct Share {
    steps: Vec<Step>,
    first: HashMap<i64, u32>,
}

impl Share {
    fn of(batches: &[RecordBatch], at: usize, shares: usize) -> Result<Share, QueryError> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let each = rows.div_ceil(shares.max(1));
        let mut found = Share { steps: Vec::with_capacity(each), first: HashMap::with_capacity(each) };
        for batch in batches {
            let (keys, said) = (numbers(batch, "key_hash")?, Columns::of(batch)?);
            let (times, callers, numbered) =
                (numbers(batch, "at_s")?, numbers(batch, "caller")?, numbers(batch, "i")?);
            let own = |row: &usize| keys.is_valid(*row) && share_of(keys.value(*row), shares) == at;
            for row in (0..batch.num_rows()).filter(own).filter(|row| times.is_valid(*row)) {
                let place = u32::try_from(found.steps.len()).unwrap_or(NONE);
                let next = found.first.insert(keys.value(row), place).unwrap_or(NONE);
                found.steps.push(Step {
                    at: times.value(row),
                    i: numbered.value(row),
                    caller: number(callers, row).unwrap_or(0),
                    told: said.at(row),
                    next,
                });
            }
        }
        Ok(found)
    }

    /// The issuances of a key.
    fn named(&self, key: i64) -> impl Iterator<Item = &Step> {
        let first = self.first.get(&key).copied().unwrap_or(NONE);
        let at = |place: u32| self.steps.get(place as usize);
        std::iter::successors(at(first), move |step| at(step.next))
    }
}

impl ByKey {
    /// Each core makes a share.
    fn of(batches: &[RecordBatch]) -> Result<ByKey, QueryError> {
        let shares = rayon::current_num_threads();
        let made = (0..shares).into_par_iter().map(|at| Share::of(batches, at, shares));
        Ok(ByKey { shares: made.collect::<Result<_, _>>()? })
    }

    /// The pairs of some callers.
    fn pairs(&self, callers: &RecordBatch) -> Result<Vec<Pair>, QueryError> {
        let (keys, said) = (numbers(callers, "key_hash")?, Columns::of(callers)?);
        let (own, climbs) = (numbers(callers, "caller")?, flags(callers, "climbs")?);
        let (created, first) = (numbers(callers, "created_s")?, numbers(callers, "first_s")?);
        let mut found = Vec::with_capacity(callers.num_rows());
        let asked = |row: &usize| holds(climbs, *row) && keys.is_valid(*row) && first.is_valid(*row);
        for row in (0..callers.num_rows()).filter(asked) {
            let (caller, first, told) = (own.value(row), first.value(row), said.at(row));
            let in_time = |at: i64| match number(created, row) {
                Some(created) => at == created && at <= first + SLACK_SECONDS,
                None => (first - KEY_LIFE_SECONDS..=first + SLACK_SECONDS).contains(&at),
            };
            let fits = |step: &&Step| in_time(step.at) && step.caller != caller && told.agrees(&step.told);
            found.extend(self.named(keys.value(row)).filter(fits).map(|step| (caller, step.i, 0)));
        }
        Ok(found)
    }

    /// The issuances of a key.
    fn named(&self, key: i64) -> impl Iterator<Item = &Step> {
        let share = self.shares.get(share_of(key, self.shares.len()));
        share.into_iter().flat_map(move |share| share.named(key))
    }
}

/// Which of some shares a key is in.
fn share_of(key: i64, shares: usize) -> usize {
    let shares = i64::try_from(shares).unwrap_or(1).max(1);
    usize::try_from(key.rem_euclid(shares)).unwrap_or(0)
}

/// The pairs of callers and issuances of which the key is one, and session and second agree; found by all cores.
pub(super) fn by_key(callers: &[RecordBatch], steps: &[RecordBatch]) -> Result<Vec<Pair>, QueryError> {
    let steps = ByKey::of(steps)?;
    let found: Vec<Vec<Pair>> =
        callers.par_iter().map(|batch| steps.pairs(batch)).collect::<Result<_, _>>()?;
    Ok(found.concat())
}

/// The record of a request in one of two accounts.
struct Side {
    shared: i64,
    i: i64,
    /// Whether it is that of the role's account; that of the caller's.
    called: bool,
    caller: bool,
    key: Option<i64>,
    arn: Option<i64>,
    at: i64,
}

impl Side {
    /// Whether nothing that both tell of what was made differs.
    fn agrees(&self, other: &Side) -> bool {
        let agree = |a: Option<i64>, b: Option<i64>| a.zip(b).is_none_or(|(a, b)| a == b);
        agree(self.key, other.key) && agree(self.arn, other.arn)
    }
}

/// The issuances of which two accounts recorded the request: that of the role's account, and its copy in the caller's.
pub(super) fn copies(steps: &[RecordBatch]) -> Result<Vec<(i64, i64)>, QueryError> {
    let mut sides = Vec::new();
    for batch in steps {
        let (shared, own) = (numbers(batch, "shared_hash")?, numbers(batch, "i")?);
        let (called, caller) = (flags(batch, "role_side")?, flags(batch, "caller_side")?);
        let (keys, arns) = (numbers(batch, "key_hash")?, numbers(batch, "arn_hash")?);
        let times = numbers(batch, "at_s")?;
        let rows = (0..batch.num_rows()).filter(|row| shared.is_valid(*row) && times.is_valid(*row));
        sides.extend(rows.filter_map(|row| {
            let (called, caller) = (holds(called, row), holds(caller, row));
            (called || caller).then(|| Side {
                shared: shared.value(row),
                i: own.value(row),
                called,
                caller,
                key: number(keys, row),
                arn: number(arns, row),
                at: times.value(row),
            })
        }));
    }
    sides.par_sort_unstable_by_key(|side| (side.shared, side.at, side.i));
    let mut found = Vec::new();
    for both in sides.chunk_by(|a, b| a.shared == b.shared).filter(|both| both.len() > 1) {
        for side in both.iter().filter(|side| side.called) {
            // One id may stand for all requests: only those of the moment are looked at.
            let from = both.partition_point(|copy| copy.at < side.at - SLACK_SECONDS);
            let near = both.iter().skip(from).take_while(|copy| copy.at <= side.at + SLACK_SECONDS);
            let copies = near.filter(|copy| copy.caller && side.agrees(copy));
            found.extend(copies.map(|copy| (side.i, copy.i)));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use datafusion::prelude::SessionContext;
    use proptest::prelude::*;

    use super::*;
    use crate::query::lineage::link::{COPIES, KEY, KEY_NEAR, SESSION};
    use crate::query::lineage::workshop::Workshop;

    const TOLD: [&str; 6] =
        ["key_hash", "account_hash", "issuer_hash", "provider_hash", "arn_hash", "id_hash"];

    /// Few hashes, so that many agree.
    type Hashes = [Option<i64>; TOLD.len()];

    fn hashes() -> impl Strategy<Value = Hashes> {
        let few = || prop::option::weighted(0.8, 0..2_i64);
        [few(), few(), few(), few(), few(), few()]
    }

    fn moment() -> impl Strategy<Value = i64> {
        prop_oneof![
            1000..1005_i64,
            Just(1000 - KEY_LIFE_SECONDS),
            Just(1002 - KEY_LIFE_SECONDS),
            Just(1003 - KEY_LIFE_SECONDS)
        ]
    }

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap()
    }

    fn column<T>(rows: &[T], get: impl Fn(&T) -> Option<i64>) -> ArrayRef {
        Arc::new(rows.iter().map(get).collect::<Int64Array>())
    }

    fn marks<T>(rows: &[T], get: impl Fn(&T) -> bool) -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(get(row))).collect::<BooleanArray>())
    }

    fn told<T>(rows: &[T], get: impl Fn(&T) -> Hashes) -> Vec<(&'static str, ArrayRef)> {
        let of = |(place, name): (usize, &&'static str)| (*name, column(rows, |row| get(row)[place]));
        TOLD.iter().enumerate().map(of).collect()
    }

    /// Both of two numbers in each row, sorted.
    fn numbered(batches: &[RecordBatch], names: [&'static str; 2]) -> Vec<(i64, i64)> {
        let both = |batch| names.map(|name| numbers(batch, name).unwrap().values().to_vec());
        let rows = batches.iter().map(both).flat_map(|[one, other]| one.into_iter().zip(other));
        let mut rows: Vec<(i64, i64)> = rows.collect();
        rows.sort_unstable();
        rows
    }

    /// Wherever the spans begin that the statements join by.
    #[tokio::test]
    async fn what_was_made_up_to_two_seconds_apart_is_met_and_nothing_else() {
        /// A statement, what is joined by, the least seconds apart that it takes, and the rank of none apart.
        const STEPS: [(&str, &str, i64, [i64; 2]); 4] = [
            (KEY_NEAR, "key_hash", 1, [0, 1]),
            (SESSION, "arn_hash", 0, [10, 10]),
            (SESSION, "id_hash", 0, [10, 10]),
            (SESSION, "permission_set", 0, [12, 10]),
        ];
        let created: Vec<i64> = (1000..1008).collect();
        let times: Vec<i64> = (990..1018).collect();
        for (statement, by, least, [rank, each]) in STEPS {
            let hash = |name: &str| Some(1).filter(|_| name == by || name == "account_hash");
            let hashes = |rows: &[i64]| -> Vec<(&'static str, ArrayRef)> {
                TOLD.iter().map(|name| (*name, column(rows, |_| hash(name)))).collect()
            };
            let texts =
                |rows: &[i64], names: &[&'static str], told: &[&str]| -> Vec<(&'static str, ArrayRef)> {
                    let text = |name: &str| Some("lea").filter(|_| told.contains(&name) && by == told[0]);
                    let of = |name: &&'static str| -> (&'static str, ArrayRef) {
                        (*name, Arc::new(rows.iter().map(|_| text(name)).collect::<StringArray>()))
                    };
                    names.iter().map(of).collect()
                };
            let flags = |rows: &[i64], names: &[&'static str]| -> Vec<(&'static str, ArrayRef)> {
                names.iter().map(|name| (*name, marks(rows, |_| false))).collect()
            };
            let mut rest = vec![
                ("caller", column(&created, |second| Some(second - 1000))),
                ("created_s", column(&created, |second| Some(*second))),
                ("first_s", column(&created, |_| Some(2000))),
            ];
            let names = ["permission_set", "portal_user", "on_behalf_of_user_id"];
            rest.extend(hashes(&created));
            rest.extend(texts(&created, &names, &["permission_set", "portal_user"]));
            rest.extend(texts(&created, &["on_behalf_of_identity_store_arn", "sign_in_session"], &[""]));
            rest.extend(flags(&created, &["role_session", "other_keys_disprove", "of_console"]));
            let mut steps = vec![
                ("i", column(&times, |second| Some(*second))),
                ("caller", column(&times, |_| Some(99))),
                ("at_s", column(&times, |second| Some(*second))),
                ("created_s", column(&times, |_| None)),
            ];
            let names = ["permission_set", "made_user", "portal_user_id"];
            steps.extend(hashes(&times));
            steps.extend(texts(&times, &names, &["permission_set", "made_user"]));
            steps.extend(texts(&times, &["portal_store", "sign_in_session"], &[""]));
            let names = ["signs_in", "session_token", "switched", "names_key", "role_session", "by_sign_in"];
            steps.extend(flags(&times, &names));
            steps.extend(flags(&times, &["by_sts"]));
            let workshop = Workshop::like(&SessionContext::new()).await.unwrap();
            for (name, rows) in [("rest", batch(rest)), ("steps", batch(steps))] {
                workshop.put(name, rows.schema(), vec![rows]).await.unwrap();
            }
            let found = workshop.ask(statement).await.unwrap();
            let rows = |names| numbered(&found, names);
            let fits = |apart: i64| (least..=2).contains(&apart.abs());
            let both = created.iter().flat_map(|c| times.iter().map(move |at| (c - 1000, *at, at - c)));
            let met: Vec<(i64, i64, i64)> = both.filter(|(_, _, apart)| fits(*apart)).collect();
            let pairs: Vec<(i64, i64)> = met.iter().map(|(c, at, _)| (*c, *at)).collect();
            assert_eq!(rows(["c", "i"]), pairs, "{by}");
            let mut ranks: Vec<(i64, i64)> =
                met.iter().map(|(c, _, apart)| (*c, rank + each * apart.abs())).collect();
            ranks.sort_unstable();
            assert_eq!(rows(["c", "rank"]), ranks, "{by}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn pairs_by_hand_are_those_of_the_statements(
            callers in prop::collection::vec((hashes(), any::<bool>(), prop::option::of(moment()), moment()), 0..20),
            steps in prop::collection::vec(
                (hashes(), moment(), prop::option::of(0..9_i64), prop::option::of(0..4_i64), 0..3_u8), 0..40,
            ),
        ) {
            let mut nodes = vec![
                ("caller", column(&(0..20).take(callers.len()).collect::<Vec<i64>>(), |caller| Some(*caller))),
                ("climbs", marks(&callers, |caller| caller.1)),
                ("created_s", column(&callers, |caller| caller.2)),
                ("first_s", column(&callers, |caller| Some(caller.3))),
            ];
            nodes.extend(told(&callers, |caller| caller.0));
            let mut made = vec![
                ("i", column(&(0..40).take(steps.len()).collect::<Vec<i64>>(), |i| Some(*i))),
                ("at_s", column(&steps, |step| Some(step.1))),
                ("caller", column(&steps, |step| step.2)),
                ("shared_hash", column(&steps, |step| step.3)),
                ("role_side", marks(&steps, |step| step.4 == 1)),
                ("caller_side", marks(&steps, |step| step.4 == 2)),
            ];
            made.extend(told(&steps, |step| step.0));
            let (nodes, made) = (batch(nodes), batch(made));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (keyed, copied) = runtime.block_on(async {
                let workshop = Workshop::like(&SessionContext::new()).await.unwrap();
                workshop.put("nodes", nodes.schema(), vec![nodes.clone()]).await.unwrap();
                workshop.put("steps", made.schema(), vec![made.clone()]).await.unwrap();
                (workshop.ask(KEY).await.unwrap(), workshop.ask(COPIES).await.unwrap())
            });
            let made = [made.slice(0, made.num_rows() / 3), made.slice(made.num_rows() / 3, made.num_rows() - made.num_rows() / 3)];
            let mut pairs: Vec<(i64, i64)> =
                by_key(&[nodes], &made).unwrap().into_iter().map(|(c, i, _)| (c, i)).collect();
            pairs.sort_unstable();
            prop_assert_eq!(pairs, numbered(&keyed, ["c", "i"]));
            let mut both = copies(&made).unwrap();
            both.sort_unstable();
            prop_assert_eq!(both, numbered(&copied, ["i", "copy"]));
        }
    }
}
