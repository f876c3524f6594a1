//! What the lake covers: the answer of `backtrail coverage`.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};
use serde::Serialize;

use super::{Window, cover, gaps};
use crate::investigate::{Gap, LoggingEvent, Span, Time};
use crate::lake::Session;
use crate::query::QueryError;
use crate::query::measure;

/// What the lake covers in a window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// The version of this JSON form.
    pub schema: u32,
    /// All events.
    pub whole: Span,
    /// By account.
    pub accounts: Vec<AccountSurvey>,
    /// Events by category: `Management`, `Data`, `NetworkActivity`, `Insight`.
    pub categories: BTreeMap<String, u64>,
    /// Data events by service.
    pub data_sources: BTreeMap<String, Span>,
    /// Management events that only read.
    pub read_only_events: u64,
    /// Events by who speaks: `AWS services`, `users`, `roles`, `root`, `others`; most first.
    pub speakers: Vec<(String, u64)>,
    /// Calls that changed logging itself and worked, by anyone, in order of time.
    pub logging_changes: Vec<LoggingEvent>,
    /// Records read in the whole lake.
    pub records_read: u64,
    /// Records delivered more than once.
    pub duplicates: u64,
    /// Entries that could not be read.
    pub refused: u64,
    /// Objects in which something could not be read.
    pub refused_objects: u64,
}

/// What the lake covers of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccountSurvey {
    /// The account; empty where records name none.
    pub account: String,
    /// Its events.
    pub events: Span,
    /// By region, the one with most events first.
    pub regions: Vec<RegionSurvey>,
    /// Events by day (UTC) and hour of the day.
    pub hours: BTreeMap<NaiveDate, [u64; 24]>,
    /// Runs of hours without any event of the account, between its first and its last.
    pub gaps: Vec<Gap>,
}

/// What the lake covers of one region of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RegionSurvey {
    /// The region; empty where records name none.
    pub region: String,
    /// Its events.
    pub events: Span,
    /// Events by day (UTC); a day without any has no entry.
    pub days: BTreeMap<NaiveDate, u64>,
}

/// Surveys the lake.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn survey(ctx: &Session, window: Window) -> Result<Survey, QueryError> {
    let mut survey = Survey { schema: 1, ..Survey::default() };
    let mut regions: BTreeMap<(String, String), RegionSurvey> = BTreeMap::new();
    let held = measure::held(ctx, window.bounds()).await?;
    for holding in held.holdings {
        let span =
            Span { calls: holding.events, first: Some(Time(holding.first)), last: Some(Time(holding.last)) };
        cover::add(&mut survey.whole, span);
        let key = (holding.account.unwrap_or_default(), holding.region.unwrap_or_default());
        cover::add(&mut regions.entry(key).or_default().events, span);
        if let Some(source) = holding.data_source {
            cover::add(survey.data_sources.entry(source).or_default(), span);
        }
        if holding.category == "Management" {
            survey.read_only_events += holding.read_only;
        }
        *survey.categories.entry(holding.category).or_default() += holding.events;
    }
    let mut accounts: BTreeMap<String, AccountSurvey> = BTreeMap::new();
    for group in held.hours.chunk_by(|left, right| left.account == right.account) {
        let name = group.first().and_then(|hour| hour.account.clone()).unwrap_or_default();
        let account = accounts.entry(name.clone()).or_default();
        for hour in group {
            let day = hour.begins.date_naive();
            if let Some(count) = account
                .hours
                .entry(day)
                .or_default()
                .get_mut(usize::try_from(hour.begins.hour()).unwrap_or(0))
            {
                *count += hour.events;
            }
            let key = (name.clone(), hour.region.clone().unwrap_or_default());
            *regions.entry(key).or_default().days.entry(day).or_default() += hour.events;
        }
        account.gaps = gaps(group);
    }
    for ((name, region), mut survey_of) in regions {
        let account = accounts.entry(name.clone()).or_default();
        account.account = name;
        cover::add(&mut account.events, survey_of.events);
        survey_of.region = region;
        account.regions.push(survey_of);
    }
    survey.accounts = accounts.into_values().collect();
    for account in &mut survey.accounts {
        account.regions.sort_by(|left, right| {
            right.events.calls.cmp(&left.events.calls).then_with(|| left.region.cmp(&right.region))
        });
    }
    survey.speakers = held.speakers;
    survey.logging_changes = cover::logging_changes(ctx, window).await?;
    let reading = measure::reading(ctx).await?;
    survey.records_read = reading.read;
    survey.duplicates = reading.duplicate;
    survey.refused = reading.refused;
    survey.refused_objects = reading.refused_objects;
    Ok(survey)
}
