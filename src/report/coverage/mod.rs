//! What the lake covers, as people read it: is the place and the time that I ask about in these logs?

mod calendar;
mod content;
mod days;
mod hours;
mod logging;
mod next;
mod trail;
mod unseen;

#[cfg(test)]
mod tests;

use super::{Column, Cut, Facts, Mark, Style, Table, csv, figure, section, text as shown};
use crate::inquiry::{AccountSurvey, Survey, Window};
use crate::investigate::{Span, Time};
use calendar::Calendar;

/// What stands for an account or a region that no record names.
const UNNAMED: &str = "(none named)";
/// Of more accounts only a table is shown.
const ACCOUNTS_DETAILED_MAX: usize = 6;
/// The table has so many accounts, those with most events.
const ACCOUNTS_LISTED_MAX: usize = 30;
/// Longer names of accounts are cut; AWS's have 12 digits.
const ACCOUNT_COLUMNS_MAX: usize = 24;

/// What of the survey is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoverageOptions {
    /// Every account, region, day, hour, hole and change of logging; otherwise much is folded.
    pub all: bool,
    /// The window that was asked for; the survey holds nothing outside of it.
    pub window: Window,
}

/// The screen. `lake_flag` is how its `next:` lines name the lake: `--lake lake/`.
#[must_use]
pub fn text(survey: &Survey, options: &CoverageOptions, lake_flag: &str, style: Style) -> String {
    let page = Page { survey, options, style, calendar: Calendar::of(survey.whole, style) };
    let mut screen = Screen::default();
    if survey.accounts.is_empty() {
        nothing(&page, &mut screen);
    } else {
        accounts(&page, &mut screen);
        logging::section(&page, &mut screen);
        unseen::section(&page, &mut screen);
    }
    let commands = next::commands(&page, screen.folded, lake_flag);
    screen.push(&section::next(commands.iter().map(String::as_str), style));
    screen.text
}

/// The events by account, region and day as lines of CSV, the first of them the heading, each with its line end. A day
/// without any event has no line.
pub fn rows(survey: &Survey) -> impl Iterator<Item = String> {
    let heading = std::iter::once(csv::row(["account", "region", "date", "events"].map(Some)));
    let mut regions: Vec<_> = survey
        .accounts
        .iter()
        .flat_map(|account| account.regions.iter().map(|region| (account.account.as_str(), region)))
        .collect();
    regions.sort_by(|left, right| (left.0, &left.1.region).cmp(&(right.0, &right.1.region)));
    let rows = regions.into_iter().flat_map(|(account, region)| {
        region.days.iter().map(move |(day, events)| {
            let named = |name: &'_ str| (!name.is_empty()).then(|| name.to_owned());
            let cells =
                [named(account), named(&region.region), Some(day.to_string()), Some(events.to_string())];
            csv::row(cells.iter().map(Option::as_deref))
        })
    });
    heading.chain(rows)
}

/// What all parts of the screen look at.
struct Page<'a> {
    survey: &'a Survey,
    options: &'a CoverageOptions,
    style: Style,
    calendar: Calendar,
}

impl Page<'_> {
    /// A name of the log, cut in the middle where it is longer than so many columns and cutting is allowed.
    fn cut(&self, name: &str, columns: usize) -> String {
        if self.style.wide {
            return self.style.shown(name).into_owned();
        }
        shown::truncate(name, columns, Cut::Middle, self.style).into_owned()
    }

    /// Whether each account has its own part of the screen.
    fn details(&self) -> bool {
        self.options.all || self.survey.accounts.len() <= ACCOUNTS_DETAILED_MAX
    }

    /// ` of 111122223333`, where there are several accounts.
    fn of(&self, account: &AccountSurvey) -> String {
        if self.survey.accounts.len() > 1 {
            format!(" of {}", self.account_name(account))
        } else {
            String::new()
        }
    }

    /// Whether an account is to be named beside what is its own: unless it is the only one.
    fn must_name(&self, account: &str) -> bool {
        let only = self.survey.accounts.iter().all(|known| known.account == account);
        !account.is_empty() && !only
    }

    fn account_name(&self, account: &AccountSurvey) -> String {
        let name = if account.account.is_empty() { UNNAMED } else { &account.account };
        self.cut(name, ACCOUNT_COLUMNS_MAX)
    }

    fn is_windowed(&self) -> bool {
        self.options.window != Window::default()
    }
}

/// The text so far, and whether `--all` would show more.
#[derive(Debug, Default)]
struct Screen {
    text: String,
    folded: bool,
}

impl Screen {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Says what is left out, and how to see it.
    fn fold(&mut self, words: &str, page: &Page<'_>) {
        self.folded = true;
        self.push(&section::item(Mark::None, &format!("{words}: --all"), page.style));
    }
}

/// The screen of a lake, or of a window, without any event.
fn nothing(page: &Page<'_>, screen: &mut Screen) {
    let words = if page.is_windowed() { "No events in the window asked for" } else { "No events" };
    screen.push(&section::heading(words, "", page.style));
    window(page, screen);
    screen.push("\n");
    let mut facts = Facts::new();
    content::reading(page, &mut facts);
    screen.push(&facts.render(page.style));
}

/// The accounts: their table where they are many, and a part for each where they are few.
fn accounts(page: &Page<'_>, screen: &mut Screen) {
    let accounts = &page.survey.accounts;
    let single = accounts.len() == 1;
    if !single {
        let name = figure::counted(accounts.len() as u64, "account", "accounts");
        screen.push(&title(&name, page.survey.whole, page));
        window(page, screen);
    }
    if accounts.len() > ACCOUNTS_DETAILED_MAX {
        screen.push("\n");
        listed(page, screen);
    }
    let mut all = Facts::new();
    if page.details() {
        for account in accounts {
            if !single {
                screen.push("\n");
            }
            detailed(account, &mut all, page, screen);
        }
    } else {
        screen.fold("each account by region, day and hour", page);
    }
    screen.push("\n");
    if !single {
        screen.push(&section::heading("All accounts", "", page.style));
    }
    content::facts(page, &mut all);
    screen.push(&all.render(page.style));
}

/// One account. What is to be said of its hours goes to the facts at the end where it is the only account.
fn detailed(account: &AccountSurvey, all: &mut Facts, page: &Page<'_>, screen: &mut Screen) {
    screen.push(&title(&page.account_name(account), account.events, page));
    if page.survey.accounts.len() == 1 {
        window(page, screen);
    }
    screen.push("\n");
    days::table(account, page, screen);
    screen.push("\n");
    hours::drawing(account, page, screen);
    if page.survey.accounts.len() == 1 {
        hours::facts(account, page, all, screen);
        return;
    }
    screen.push("\n");
    let mut own = Facts::new();
    hours::facts(account, page, &mut own, screen);
    screen.push(&own.render(page.style));
}

/// Who or how many, how many events, from when to when; on two lines where one is too short.
fn title(name: &str, span: Span, page: &Page<'_>) -> String {
    let events = figure::counted(span.calls, "event", "events");
    let range = span.first.zip(span.last).map(|(first, last)| figure::range(first.0, last.0, page.style));
    let range = range.unwrap_or_default();
    let line = format!("{name}   {events}   {range}");
    if shown::width(&line) <= page.style.columns() {
        return format!("{}\n", line.trim_end());
    }
    format!("{name}   {events}\n  {range}\n")
}

/// Says which window was asked for.
fn window(page: &Page<'_>, screen: &mut Screen) {
    let words = match (page.options.window.from, page.options.window.to) {
        (None, None) => return,
        (Some(from), None) => format!("from {} on", figure::moment(from)),
        (None, Some(to)) => format!("before {}", figure::moment(to)),
        (Some(from), Some(to)) => figure::range(from, to, page.style),
    };
    screen.push(&section::item(Mark::None, &format!("asked for: {words}"), page.style));
}

/// The table of many accounts.
fn listed(page: &Page<'_>, screen: &mut Screen) {
    let mut accounts: Vec<&AccountSurvey> = page.survey.accounts.iter().collect();
    accounts.sort_by(|left, right| {
        right.events.calls.cmp(&left.events.calls).then_with(|| left.account.cmp(&right.account))
    });
    let shown = if page.options.all { accounts.len() } else { ACCOUNTS_LISTED_MAX };
    let (listed, folded) = accounts.split_at_checked(shown).unwrap_or((&accounts, &[]));
    let mut table = Table::new([
        Column::left("account").cut(Cut::Middle),
        Column::right("events"),
        Column::right("regions"),
        Column::right("days"),
        Column::left("first event"),
        Column::left("last event"),
    ]);
    let whole = page.survey.whole;
    let number = |count: usize| figure::count(count as u64, page.style);
    let is_odd = |account: &AccountSurvey| {
        let late =
            account.events.first.zip(whole.first).is_some_and(|(own, all)| own.0 - all.0 >= days::LATE);
        late || account.events.last.zip(whole.last).is_some_and(|(own, all)| all.0 - own.0 >= days::LATE)
    };
    // A mark on most lines marks nothing; the dates stand there anyway.
    let odd = accounts.iter().filter(|account| is_odd(account)).count();
    let marked = odd > 0 && odd <= accounts.len() / 2;
    for account in listed {
        let minute = |time: Option<Time>| time.map_or(String::new(), |time| page.calendar.minute(time.0));
        table.row(
            if marked && is_odd(account) { Mark::Look } else { Mark::None },
            [
                page.account_name(account),
                figure::count(account.events.calls, page.style),
                number(account.regions.len()),
                number(account.hours.len()),
                minute(account.events.first),
                minute(account.events.last),
            ],
        );
    }
    screen.push(&table.render(page.style));
    if marked {
        let words = "begins a day or more after the others, or ends a day or more before them";
        screen.push(&section::item(Mark::Look, words, page.style));
    }
    if !folded.is_empty() {
        let events = folded.iter().map(|account| account.events.calls).sum();
        let events = figure::counted(events, "event", "events");
        let accounts = figure::counted(folded.len() as u64, "more account", "more accounts");
        screen.fold(&format!("{accounts} with {events}"), page);
    }
}
