//! What a lake holds, counted in one pass: by account, region and kind, by hour, by who speaks.

use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use hashbrown::HashMap;

use super::{Bounds, each, number_at, text_at, time_at};
use crate::aws::writes_by_name;
use crate::lake::Column;
use crate::query::QueryError;
use crate::query::cells::{self, Said};
use crate::query::lookup::{Lookup, Texts, Wanted};

/// Events of one kind in one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// `Management`, `Data` and so on; told from `managementEvent` where the record names no category.
    pub category: String,
    /// The service of data events; None for other events.
    pub data_source: Option<String>,
    /// How many.
    pub events: u64,
    /// How many of them only read: as the record says, else as the name of the operation does.
    pub read_only: u64,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
}

/// The events of one hour in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// When the hour begins.
    pub begins: DateTime<Utc>,
    /// How many events.
    pub events: u64,
}

/// An hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// What a lake holds in a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// By account, region and kind, in this order.
    pub holdings: Vec<Holding>,
    /// The hours that have events, by account, region and time. A name that a record lacks comes last.
    pub hours: Vec<Hour>,
    /// Who speaks: `AWS services`, `root`, `users`, `roles`, `others`, with the number of events, most first.
    pub speakers: Vec<(String, u64)>,
}

/// Counts what the lake holds in a window.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn held(ctx: &SessionContext, window: Bounds) -> Result<Held, QueryError> {
    if let Some(lookup) = Lookup::open(ctx).await? {
        let add = |count: &mut Count, batch| count.add(&batch);
        let mut whole = Count::default();
        let merge = |part| {
            whole.merge(part);
            Ok(())
        };
        if lookup.fold_into(&window.filter(), wanted(), add, merge).await? {
            return Ok(whole.finish());
        }
    }
    by_engine(ctx, window).await
}

/// The same, where rows are read elsewhere.
pub(in crate::query) async fn by_engine(ctx: &SessionContext, window: Bounds) -> Result<Held, QueryError> {
    let condition = window.condition();
    let kinds = format!(
        "with kinds as (select account, aws_region, event_time, event_source, \
         not coalesce(not read_only, name_writes(event_name)) as reads, \
         coalesce(nullif(event_category, ''), case when management_event = false then 'Data' else 'Management' end) as category \
         from events where {condition}) \
         select account, aws_region, category, case when category = 'Data' then event_source end as data_source, \
         count(*), count(*) filter (where reads), min(event_time), max(event_time) \
         from kinds group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    );
    let mut held = Held::default();
    each(ctx, &kinds, |batch, row| {
        held.holdings.push(Holding {
            account: text_at(batch, 0, row),
            region: text_at(batch, 1, row),
            category: text_at(batch, 2, row).unwrap_or_default(),
            data_source: text_at(batch, 3, row),
            events: number_at(batch, 4, row),
            read_only: number_at(batch, 5, row),
            first: time_at(batch, 6, row),
            last: time_at(batch, 7, row),
        });
    })
    .await?;
    // Hours are told by their numbers since 1970, before which no event of a lake is: `date_trunc` looks at the time zone for
    // each row, which takes three times as long as all else here.
    let hours = format!(
        "select account, aws_region, cast(event_time as bigint) / {HOUR_MICROS}, count(*) from events where {condition} \
         group by 1, 2, 3 order by 1, 2, 3"
    );
    each(ctx, &hours, |batch, row| {
        held.hours.push(Hour {
            account: text_at(batch, 0, row),
            region: text_at(batch, 1, row),
            begins: begin_of(i64::try_from(number_at(batch, 2, row)).unwrap_or(0)),
            events: number_at(batch, 3, row),
        });
    })
    .await?;
    let speakers = format!(
        "select case when identity_type = 'AWSService' or (identity_type is null and invoked_by is not null) \
         then 'AWS services' when identity_type = 'Root' then 'root' when identity_type = 'IAMUser' then 'users' \
         when identity_type in ('AssumedRole', 'Role') then 'roles' else 'others' end, count(*) \
         from events where {condition} group by 1 order by 2 desc, 1"
    );
    each(ctx, &speakers, |batch, row| {
        held.speakers.push((text_at(batch, 0, row).unwrap_or_default(), number_at(batch, 1, row)));
    })
    .await?;
    Ok(held)
}

fn begin_of(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(hour.saturating_mul(HOUR_MICROS)).unwrap_or_default()
}

/// What is read of each event. Three columns tell only of events that lack another.
fn wanted() -> Wanted {
    let lacking = |batch: &RecordBatch| {
        // What is an error is one when the batch is counted.
        let rows = 0..batch.num_rows();
        let category = Said::of(batch, Column::EventCategory.name());
        let category =
            category.map(|said| rows.clone().map(move |row| said.at(row).is_none_or(str::is_empty)));
        let class = Said::of(batch, Column::IdentityType.name());
        let class = class.map(|said| rows.clone().map(move |row| !said.is_some(row)));
        let reads = cells::boolean(batch, Column::ReadOnly.name());
        let reads = reads.map(|said| rows.clone().map(move |row| cells::flag(said, row).is_none()));
        vec![
            category.map(Iterator::collect).unwrap_or_default(),
            class.map(Iterator::collect).unwrap_or_default(),
            reads.map(Iterator::collect).unwrap_or_default(),
        ]
    };
    Wanted {
        columns: vec![
            Column::EventTime,
            Column::Account,
            Column::AwsRegion,
            Column::EventSource,
            Column::EventCategory,
            Column::ReadOnly,
            Column::IdentityType,
        ],
        large: vec![Column::ManagementEvent, Column::InvokedBy, Column::EventName],
        needs: Arc::new(lacking),
        texts: Texts::Numbered,
    }
}

/// Who speaks, in the order of [`Count::speakers`].
const SPEAKERS: [&str; 5] = ["AWS services", "root", "users", "roles", "others"];

fn speaker(identity_type: Option<&str>, is_invoked: bool) -> usize {
    match identity_type {
        Some("AWSService") => 0,
        None if is_invoked => 0,
        Some("Root") => 1,
        Some("IAMUser") => 2,
        Some("AssumedRole" | "Role") => 3,
        _ => 4,
    }
}

/// Texts by their numbers.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<Option<String>, u32>,
    texts: Vec<Option<String>>,
}

impl Names {
    fn number(&mut self, text: Option<&str>) -> u32 {
        if let Some(number) = self.numbers.get(&text.map(str::to_owned)) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.map(str::to_owned), number);
        self.texts.push(text.map(str::to_owned));
        number
    }

    fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).and_then(Option::as_deref)
    }
}

/// Account, region, category, service of data events.
type Kind = [u32; 4];

/// Account, region, hour.
type Slot = (u32, u32, i64);

/// Events of one kind.
#[derive(Debug, Clone, Copy)]
struct Tally {
    events: u64,
    read_only: u64,
    first: i64,
    last: i64,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.events += other.events;
        self.read_only += other.read_only;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What was counted so far.
#[derive(Debug, Default)]
struct Count {
    names: Names,
    kinds: HashMap<Kind, Tally>,
    hours: HashMap<Slot, u64>,
    speakers: [u64; SPEAKERS.len()],
}

impl Count {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let text = |column: Column| Said::of(batch, column.name());
        let times = cells::timestamp(batch, Column::EventTime.name())?;
        let read_only = cells::boolean(batch, Column::ReadOnly.name())?;
        let management = cells::boolean(batch, Column::ManagementEvent.name())?;
        let (types, invoked_by) = (text(Column::IdentityType)?, text(Column::InvokedBy)?);
        let names = text(Column::EventName)?;
        let reads =
            |row| cells::flag(read_only, row).unwrap_or_else(|| !names.at(row).is_some_and(writes_by_name));
        let mut numbers = |said: Said<'_>| said.numbered(|text| self.names.number(text));
        let accounts = numbers(text(Column::Account)?);
        let regions = numbers(text(Column::AwsRegion)?);
        let categories = numbers(text(Column::EventCategory)?);
        let sources = numbers(text(Column::EventSource)?);
        let [none, empty, data, other] =
            [None, Some(""), Some("Data"), Some("Management")].map(|text| self.names.number(text));
        // Where no type is told, who invoked the call tells.
        let untold = u32::try_from(SPEAKERS.len()).unwrap_or(u32::MAX);
        let classes = types.numbered(|text| match text {
            None => untold,
            text => u32::try_from(speaker(text, false)).unwrap_or(untold),
        });
        // Events beside each other are mostly of one kind and hour.
        let mut kind: Option<(Kind, Tally)> = None;
        let mut slot: Option<(Slot, u64)> = None;
        let columns = accounts.iter().zip(&regions).zip(&categories).zip(&sources).zip(&classes);
        for (row, ((((account, region), category), source), class)) in columns.enumerate() {
            let category = match *category {
                category if category != none && category != empty => category,
                _ if cells::flag(management, row) == Some(false) => data,
                _ => other,
            };
            let time = times.value(row);
            let one = Tally { events: 1, read_only: u64::from(reads(row)), first: time, last: time };
            let of = [*account, *region, category, if category == data { *source } else { none }];
            match &mut kind {
                Some((known, tally)) if *known == of => tally.add(one),
                run => self.add_kind(run.replace((of, one))),
            }
            let of = (*account, *region, time.div_euclid(HOUR_MICROS));
            match &mut slot {
                Some((known, events)) if *known == of => *events += 1,
                run => self.add_hour(run.replace((of, 1))),
            }
            let class =
                if *class == untold { speaker(None, invoked_by.is_some(row)) } else { *class as usize };
            if let Some(count) = self.speakers.get_mut(class) {
                *count += 1;
            }
        }
        self.add_kind(kind);
        self.add_hour(slot);
        Ok(())
    }

    fn add_kind(&mut self, run: Option<(Kind, Tally)>) {
        if let Some((kind, tally)) = run {
            self.kinds.entry(kind).and_modify(|known| known.add(tally)).or_insert(tally);
        }
    }

    fn add_hour(&mut self, run: Option<(Slot, u64)>) {
        if let Some((slot, events)) = run {
            *self.hours.entry(slot).or_default() += events;
        }
    }

    fn merge(&mut self, other: Count) {
        let numbers: Vec<u32> =
            other.names.texts.iter().map(|text| self.names.number(text.as_deref())).collect();
        let own = |number: u32| numbers.get(number as usize).copied().unwrap_or(u32::MAX);
        for (kind, tally) in other.kinds {
            self.add_kind(Some((kind.map(own), tally)));
        }
        for ((account, region, hour), events) in other.hours {
            self.add_hour(Some(((own(account), own(region), hour), events)));
        }
        for (count, other) in self.speakers.iter_mut().zip(other.speakers) {
            *count += other;
        }
    }

    fn finish(self) -> Held {
        let text = |number: u32| self.names.text(number).map(str::to_owned);
        // As SQL sorts: what is missing comes last.
        let last = |text: &Option<String>| (text.is_none(), text.clone());
        let holding = |(kind, tally): (&Kind, &Tally)| {
            let [account, region, category, data_source] = kind.map(text);
            Holding {
                account,
                region,
                category: category.unwrap_or_default(),
                data_source,
                events: tally.events,
                read_only: tally.read_only,
                first: DateTime::from_timestamp_micros(tally.first).unwrap_or_default(),
                last: DateTime::from_timestamp_micros(tally.last).unwrap_or_default(),
            }
        };
        let mut holdings: Vec<Holding> = self.kinds.iter().map(holding).collect();
        holdings.sort_by_cached_key(|one| {
            (last(&one.account), last(&one.region), one.category.clone(), last(&one.data_source))
        });
        let hour = |((account, region, hour), events): (&Slot, &u64)| Hour {
            account: text(*account),
            region: text(*region),
            begins: begin_of(*hour),
            events: *events,
        };
        let mut hours: Vec<Hour> = self.hours.iter().map(hour).collect();
        hours.sort_by_cached_key(|one| (last(&one.account), last(&one.region), one.begins));
        let speakers = SPEAKERS.iter().zip(self.speakers).filter(|(_, events)| *events > 0);
        let mut speakers: Vec<(String, u64)> =
            speakers.map(|(name, events)| ((*name).to_owned(), events)).collect();
        speakers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Held { holdings, hours, speakers }
    }
}
