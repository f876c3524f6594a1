//! From the bytes of one object to its records, whatever they are wrapped in.
//!
//! Known wrappings: `{"Records":[…]}`, a bare list, a single record, records one after another (NDJSON or without any
//! separator), `aws cloudtrail lookup-events` output (the record is a JSON *string*), EventBridge events (`detail` is the
//! record) and CloudWatch Logs subscription or export messages (`logEvents[].message`). Content decides, never the name.
//!
//! Bytes are read through a window that is as large as the largest record, so an object of any size takes the same memory.
#![expect(
    clippy::indexing_slicing,
    reason = "the hot path: every range comes from a scan of the same window"
)]

use std::io::{self, Read};

use super::canonical::unescape;
use super::memo::Memo;
use super::scan::{self, Cursor, Member, Stop};
use super::{Reason, foreign};
use crate::archive::Foreign;

/// The longest record that is read. AWS's own limit is 256 KB, or 1 MB with event size opt-in:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many bytes are read at a time.
const READ_BYTES: usize = 256 * 1024;

/// What stands next in an object.
#[derive(Debug)]
pub enum Item<'a> {
    /// A record: its text, and its members as ranges of that text.
    Record {
        /// The record's place among all entries of the object, from 0.
        index: i64,
        /// The record's JSON text.
        text: &'a [u8],
        /// The members of the record.
        members: &'a [Member],
    },
    /// An entry that is no record, or the place where reading ended early.
    Refused {
        /// The place of the entry, None where the object as a whole is meant.
        index: Option<i64>,
        /// Why.
        reason: Reason,
    },
    /// The object is of a known kind that holds no CloudTrail events; nothing follows.
    SetAside(Foreign),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Bare,
    Records,
    LookupEvents,
    LogEvents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between values at the top.
    Top,
    /// Inside a list of entries.
    List(List),
    /// Behind such a list, inside the object that holds it.
    BehindList,
    /// Nothing more comes.
    Done,
}

/// Splits a stream of inflated bytes into records.
pub struct Splitter<R> {
    source: R,
    window: Vec<u8>,
    at: usize,
    filled: usize,
    ended: bool,
    failure: Option<Reason>,
    state: State,
    /// Where a list's wrapper itself stands.
    outer: State,
    next_index: i64,
    entries: usize,
    list_ended: bool,
    /// Entries of a known kind that are no CloudTrail events: which kind came first, and how many there are.
    skipped: Option<(Foreign, u64)>,
    members: Vec<Member>,
    memo: Memo,
    unwrapped: Vec<u8>,
}

/// What a look at the window found, as ranges only, so that the window can still be filled.
enum Found {
    Record(usize, usize),
    Unwrapped,
    Refused(Reason),
    SetAside(Foreign),
    Nothing,
}

impl<R: Read> Splitter<R> {
    /// Splits what `source` gives. An error of `source` ends the object with a refusal that carries its text.
    pub fn new(source: R) -> Self {
        Self {
            source,
            window: Vec::new(),
            at: 0,
            filled: 0,
            ended: false,
            failure: None,
            state: State::Top,
            outer: State::Top,
            next_index: 0,
            entries: 0,
            list_ended: false,
            skipped: None,
            members: Vec::new(),
            memo: Memo::default(),
            unwrapped: Vec::new(),
        }
    }

    /// Splits what is there already: the first `filled` bytes of `window`, and no more than [`RECORD_BYTES_MAX`] of them.
    /// The window comes back from [`Splitter::into_window`], to be used again.
    pub fn of_whole(source: R, window: Vec<u8>, filled: usize) -> Self {
        let filled = filled.min(window.len());
        Self { window, filled, ended: true, ..Self::new(source) }
    }

    /// Gives the window back.
    pub fn into_window(self) -> Vec<u8> {
        self.window
    }

    /// Gives the source back, for what it knows at the end.
    pub fn into_source(self) -> R {
        self.source
    }

    /// The next entry, or None at the end.
    pub fn next_item(&mut self) -> Option<Item<'_>> {
        loop {
            let before = (self.at, self.state);
            let found = match self.step() {
                Ok(found) => found,
                Err(Stop::Incomplete) if !self.ended && self.filled - self.at <= RECORD_BYTES_MAX => {
                    (self.at, self.state) = before;
                    self.fill();
                    continue;
                }
                Err(stop) => self.recover(stop),
            };
            match found {
                Found::Nothing if self.state == State::Done => return None,
                Found::Nothing => {}
                Found::Record(start, end) => {
                    let index = self.take_index();
                    for member in &mut self.members {
                        member.key_start -= start;
                        member.key_end -= start;
                        member.value_start -= start;
                        member.value_end -= start;
                    }
                    return Some(Item::Record {
                        index,
                        text: &self.window[start..end],
                        members: &mut self.members,
                    });
                }
                Found::Unwrapped => {
                    let index = self.take_index();
                    return Some(Item::Record { index, text: &self.unwrapped, members: &self.members });
                }
                Found::Refused(reason) => {
                    let index = match reason {
                        Reason::Source(_)
                        | Reason::NotJson
                        | Reason::OtherFormat(_)
                        | Reason::Empty
                        | Reason::NoRecords(_)
                        | Reason::OtherEntries { .. } => None,
                        _ => Some(self.take_index()),
                    };
                    self.entries += 1;
                    return Some(Item::Refused { index, reason });
                }
                Found::SetAside(foreign) => {
                    self.state = State::Done;
                    return Some(Item::SetAside(foreign));
                }
            }
        }
    }

    fn take_index(&mut self) -> i64 {
        let index = self.next_index;
        self.next_index += 1;
        self.entries += 1;
        index
    }

    /// Reads more bytes into the window, moving what is not yet used to its front.
    fn fill(&mut self) {
        self.memo.clear();
        self.window.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        // Doubling keeps the rescans of a long record linear.
        let want =
            READ_BYTES.max(self.filled).min((RECORD_BYTES_MAX + READ_BYTES).saturating_sub(self.filled));
        if self.window.len() < self.filled + want {
            self.window.resize(self.filled + want, 0);
        }
        let until = self.filled + want;
        while self.filled < until {
            match self.source.read(&mut self.window[self.filled..until]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(Reason::from_source(&error));
                    break;
                }
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.window[..self.filled]
    }

    /// Looks at what stands at `at`, and moves behind it.
    fn step(&mut self) -> Result<Found, Stop> {
        match self.state {
            State::Top => self.step_top(),
            State::List(list) => self.step_list(list),
            State::BehindList => self.step_behind_list(),
            State::Done => Ok(Found::Nothing),
        }
    }

    fn step_top(&mut self) -> Result<Found, Stop> {
        if self.next_index == 0 && self.entries == 0 && self.at == 0 {
            if self.filled < 4 && !self.ended {
                return Err(Stop::Incomplete);
            }
            if self.bytes().starts_with(b"\xEF\xBB\xBF") {
                self.at = 3;
            }
            if self.bytes().starts_with(b"PAR1") {
                return Ok(Found::SetAside(Foreign::Parquet));
            }
        }
        let at = scan::skip_space(self.bytes(), self.at);
        self.at = at;
        let Some(&first) = self.bytes().get(at) else {
            return if self.ended { Ok(self.end()) } else { Err(Stop::Incomplete) };
        };
        match first {
            b'[' => {
                self.at = at + 1;
                self.state = State::List(List::Bare);
                Ok(Found::Nothing)
            }
            b'{' => self.top_object(at),
            b',' if self.entries > 0 || self.list_ended => {
                self.at = at + 1;
                Ok(Found::Nothing)
            }
            _ => Err(Stop::Malformed(at)),
        }
    }

    /// The end of the bytes at a place where they may end.
    fn end(&mut self) -> Found {
        self.state = State::Done;
        match self.failure.take() {
            Some(reason) => Found::Refused(reason),
            None => match self.skipped.take() {
                Some((kind, _)) if self.entries == 0 => Found::SetAside(kind),
                // They stand between the messages of every such stream.
                Some((Foreign::LogsControl, _)) => Found::Nothing,
                Some((kind, count)) => Found::Refused(Reason::OtherEntries { count, kind: kind.describe() }),
                None if self.entries == 0 && !self.list_ended => Found::Refused(Reason::Empty),
                None => Found::Nothing,
            },
        }
    }

    /// An object at the top: a wrapper whose list is walked in place, or one entry.
    fn top_object(&mut self, start: usize) -> Result<Found, Stop> {
        let bytes = &self.window[..self.filled];
        self.members.clear();
        let mut cursor = Cursor::open(bytes, start)?;
        while let Some(mut member) = cursor.next_key(bytes)? {
            let key = member.key(bytes);
            if let Some(kind) = foreign::by_key(key) {
                return self.foreign_object(start, kind);
            }
            let list = match key {
                b"Records" => Some(List::Records),
                b"Events" => Some(List::LookupEvents),
                b"logEvents" => Some(List::LogEvents),
                _ => None,
            };
            let opens = match bytes.get(member.value_start) {
                Some(byte) => *byte == b'[',
                None => return Err(Stop::Incomplete),
            };
            if let (Some(list), true) = (list, opens) {
                self.at = member.value_start + 1;
                self.state = State::List(list);
                self.outer = State::Top;
                return Ok(Found::Nothing);
            }
            member.value_end = scan::value_end(bytes, member.value_start)?;
            if let Some(kind) = foreign::by_member(key, member.value(bytes)) {
                return self.foreign_object(start, kind);
            }
            cursor.at = member.value_end;
            self.members.push(member);
        }
        self.at = cursor.at;
        Ok(self.entry(start, cursor.at))
    }

    /// Passes over a document at the top that is no CloudTrail log: others may stand behind it, as where Firehose puts the
    /// messages of a stream into one object (<https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html>). One
    /// whose end is not found is all of its object, if nothing came before.
    fn foreign_object(&mut self, start: usize, kind: Foreign) -> Result<Found, Stop> {
        match scan::value_end(&self.window[..self.filled], start) {
            Ok(end) => {
                self.at = end;
                Ok(self.skip(kind))
            }
            Err(Stop::Incomplete) if !self.ended && self.filled - start <= RECORD_BYTES_MAX => {
                Err(Stop::Incomplete)
            }
            Err(_) if self.entries == 0 && !self.list_ended && self.skipped.is_none() => {
                Ok(Found::SetAside(kind))
            }
            Err(stop) => Err(stop),
        }
    }

    fn step_list(&mut self, list: List) -> Result<Found, Stop> {
        let bytes = &self.window[..self.filled];
        let mut at = self.at;
        loop {
            at = scan::skip_space(bytes, at);
            match bytes.get(at) {
                Some(b',') => at += 1,
                Some(b']') => {
                    self.at = at + 1;
                    self.state = if list == List::Bare { State::Top } else { State::BehindList };
                    // An empty list is a whole answer: an object without records is no trouble.
                    self.list_ended = true;
                    return Ok(Found::Nothing);
                }
                Some(_) => break,
                None => {
                    self.at = at;
                    return Err(Stop::Incomplete);
                }
            }
        }
        self.at = at;
        let bytes = &self.window[..self.filled];
        match (bytes[at], list) {
            (b'{', _) => {
                let end = self.memo.object(bytes, at, &mut self.members)?;
                self.at = end;
                match list {
                    List::Records | List::Bare => Ok(self.entry(at, end)),
                    List::LookupEvents => Ok(self.wrapped(b"CloudTrailEvent")),
                    List::LogEvents => Ok(self.wrapped(b"message")),
                }
            }
            (b'"', List::Bare) => {
                let end = scan::value_end(bytes, at)?;
                self.at = end;
                Ok(self.wrapped_string(at, end))
            }
            _ => {
                let end = scan::value_end(bytes, at)?;
                self.at = end;
                Ok(Found::Refused(Reason::NotAnObject(kind_of(self.window[at]))))
            }
        }
    }

    fn step_behind_list(&mut self) -> Result<Found, Stop> {
        let bytes = &self.window[..self.filled];
        let mut cursor = Cursor::resume(self.at);
        while let Some(member) = cursor.next_key(bytes)? {
            let list = match member.key(bytes) {
                b"Records" => Some(List::Records),
                b"Events" => Some(List::LookupEvents),
                b"logEvents" => Some(List::LogEvents),
                _ => None,
            };
            match (bytes.get(member.value_start), list) {
                (Some(b'['), Some(list)) => {
                    self.at = member.value_start + 1;
                    self.state = State::List(list);
                    return Ok(Found::Nothing);
                }
                (None, _) => return Err(Stop::Incomplete),
                _ => cursor.at = scan::value_end(bytes, member.value_start)?,
            }
        }
        self.at = cursor.at;
        self.state = self.outer;
        Ok(Found::Nothing)
    }

    /// Decides what the object at `start..end`, with its members scanned, is.
    fn entry(&mut self, start: usize, end: usize) -> Found {
        let bytes = &self.window[..self.filled];
        let find = |name: &[u8]| self.members.iter().find(|member| member.key(bytes) == name).copied();
        if let Some(kind) = foreign::of_entry(bytes, &self.members) {
            return self.skip(kind);
        }
        if is_record(bytes, &self.members) {
            return Found::Record(start, end);
        }
        if let (State::List(List::Bare), Some(records)) = (self.state, find(b"Records"))
            && bytes[records.value_start] == b'['
        {
            // Whole log objects in a list, as `jq -s` makes them.
            self.at = records.value_start + 1;
            self.state = State::List(List::Records);
            self.outer = State::List(List::Bare);
            return Found::Nothing;
        }
        // EventBridge, and hits of Elasticsearch.
        for name in [b"detail".as_slice(), b"_source".as_slice()] {
            if let Some(inner) = find(name)
                && bytes[inner.value_start] == b'{'
            {
                let (from, to) = (inner.value_start, inner.value_end);
                self.unwrapped.clear();
                self.unwrapped.extend_from_slice(&self.window[from..to]);
                return match self.unwrapped_entry() {
                    Found::Refused(Reason::NoEventTime) if name == b"detail" => {
                        self.skip(Foreign::EventBridge)
                    }
                    found => found,
                };
            }
        }
        // SNS, as it is by itself and in what Lambda is given:
        // <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>.
        let in_lambda = find(b"Sns").and_then(|sns| member_of(bytes, sns, b"Message"));
        let message = find(b"TopicArn").and_then(|_| find(b"Message"));
        if let Some((from, to)) = in_lambda.or(message.map(|text| (text.value_start, text.value_end)))
            && bytes[from] == b'"'
        {
            return self.notified(from, to);
        }
        // Filebeat's `event.original`.
        if let Some(event) = find(b"event")
            && let Some((from, to)) = member_of(bytes, event, b"original")
            && bytes[from] == b'"'
        {
            return self.wrapped_string(from, to);
        }
        for name in [b"CloudTrailEvent".as_slice(), b"message".as_slice(), b"eventJson".as_slice()] {
            if let Some(member) = find(name)
                && bytes[member.value_start] == b'"'
            {
                let (from, to) = (member.value_start, member.value_end);
                return self.wrapped_string(from, to);
            }
        }
        if self.state == State::Top && find(b"eventVersion").is_none() && find(b"eventName").is_none() {
            let mut names: Vec<String> = self
                .members
                .iter()
                .take(5)
                .map(|member| String::from_utf8_lossy(member.key(bytes)).chars().take(40).collect())
                .collect();
            if self.members.len() > names.len() {
                names.push("…".to_owned());
            }
            return Found::Refused(Reason::NoRecords(names.join(", ")));
        }
        Found::Refused(Reason::NoEventTime)
    }

    /// The record inside the string member `name` of the entry just scanned.
    fn wrapped(&mut self, name: &'static [u8]) -> Found {
        let bytes = &self.window[..self.filled];
        let Some(member) = self.members.iter().find(|member| member.key(bytes) == name).copied() else {
            return Found::Refused(Reason::NoMember(if name == b"message" {
                "message"
            } else {
                "CloudTrailEvent"
            }));
        };
        match bytes[member.value_start] {
            b'"' => self.wrapped_string(member.value_start, member.value_end),
            b'{' => {
                self.unwrapped.clear();
                self.unwrapped.extend_from_slice(&bytes[member.value_start..member.value_end]);
                self.unwrapped_entry()
            }
            other => Found::Refused(Reason::NotAnObject(kind_of(other))),
        }
    }

    fn wrapped_string(&mut self, start: usize, end: usize) -> Found {
        self.unwrapped.clear();
        if let Err(bad) = unescape(&self.window[start + 1..end - 1], &mut self.unwrapped) {
            return Found::Refused(Reason::Malformed { at: bad.at, expected: bad.expected });
        }
        let inner = scan::skip_space(&self.unwrapped, 0);
        if self.unwrapped.get(inner) != Some(&b'{') {
            return Found::Refused(Reason::NotAnObject("a string"));
        }
        self.unwrapped.drain(..inner);
        self.unwrapped_entry()
    }

    /// The record inside the string that is the message of a notification, as EventBridge sends it; most are about something
    /// else, such as that a log file was delivered.
    fn notified(&mut self, start: usize, end: usize) -> Found {
        if let Found::Unwrapped = self.wrapped_string(start, end) {
            return Found::Unwrapped;
        }
        let text = std::mem::take(&mut self.unwrapped);
        let mut members = Vec::new();
        let detail = scan::object(&text, 0, &mut members).ok().and_then(|_| {
            members.iter().find(|member| member.key(&text) == b"detail" && text[member.value_start] == b'{')
        });
        if let Some(detail) = detail {
            self.unwrapped.extend_from_slice(detail.value(&text));
            if let Found::Unwrapped = self.unwrapped_entry() {
                return Found::Unwrapped;
            }
        }
        self.skip(Foreign::SnsNotification)
    }

    /// Passes over an entry that is no CloudTrail event; the end of the object says so.
    fn skip(&mut self, kind: Foreign) -> Found {
        match &mut self.skipped {
            // They say nothing: what else is passed over is told.
            Some((Foreign::LogsControl, _)) | None => self.skipped = Some((kind, 1)),
            Some(_) if kind == Foreign::LogsControl => {}
            Some((_, count)) => *count += 1,
        }
        Found::Nothing
    }

    /// Scans what was unwrapped as a record.
    fn unwrapped_entry(&mut self) -> Found {
        match scan::object(&self.unwrapped, 0, &mut self.members) {
            Ok(end) if scan::skip_space(&self.unwrapped, end) == self.unwrapped.len() => {
                self.unwrapped.truncate(end);
                if is_record(&self.unwrapped, &self.members) {
                    Found::Unwrapped
                } else {
                    Found::Refused(Reason::NoEventTime)
                }
            }
            Ok(end) => Found::Refused(Reason::Malformed { at: end, expected: "the end of the record" }),
            Err(Stop::Malformed(at)) => {
                Found::Refused(Reason::Malformed { at, expected: "a member of an object" })
            }
            Err(Stop::Incomplete) => Found::Refused(Reason::CutOff),
        }
    }

    /// Goes on behind what can't be scanned, as near as can be told, so that good neighbours are kept.
    fn recover(&mut self, stop: Stop) -> Found {
        let start = scan::skip_space(&self.window[..self.filled], self.at);
        let nothing_yet = self.entries == 0 && !self.list_ended && self.state == State::Top;
        match stop {
            Stop::Incomplete => {
                let too_long = !self.ended;
                self.state = State::Done;
                match self.failure.take() {
                    Some(reason) => Found::Refused(reason),
                    None if too_long => Found::Refused(Reason::TooLong),
                    None if nothing_yet && !matches!(self.window.get(start), Some(b'{' | b'[')) => {
                        Found::Refused(foreign::not_json(&self.window[..self.filled]))
                    }
                    None => Found::Refused(Reason::CutOff),
                }
            }
            Stop::Malformed(at) => {
                let bytes = &self.window[..self.filled];
                if nothing_yet && !matches!(bytes.get(start), Some(b'{' | b'[')) {
                    let reason = foreign::not_json(bytes);
                    self.state = State::Done;
                    return Found::Refused(reason);
                }
                let reason = Reason::Malformed { at: at - start, expected: "a member, `,` or `}`" };
                // No string has a raw newline in it, so an entry of one line ends there; one of several lines goes wrong
                // in its last.
                let line_end = |from: usize| {
                    memchr::memchr(b'\n', &bytes[from.min(bytes.len())..]).map(|found| from + found + 1)
                };
                let first_line = line_end(start).filter(|end| bytes.get(*end) == Some(&b'{') || *end > at);
                let line_end = first_line.or_else(|| line_end(at));
                let behind = match (self.state, bytes.get(start)) {
                    (State::List(_), Some(b'{' | b'[' | b'"')) => scan::value_end(bytes, start).ok(),
                    (State::List(_), _) => bytes[start..]
                        .iter()
                        .position(|byte| matches!(byte, b',' | b']'))
                        .map(|found| start + found),
                    (State::Top, _) => line_end,
                    _ => None,
                };
                if let Some(behind) = behind.filter(|behind| *behind > start) {
                    self.at = behind;
                } else if self.ended {
                    self.state = State::Done;
                } else if self.filled - self.at <= RECORD_BYTES_MAX {
                    self.fill();
                    return Found::Nothing;
                } else {
                    self.state = State::Done;
                }
                Found::Refused(reason)
            }
        }
    }
}

/// Whether members are those of a record. What went through Logstash may have `@timestamp` in place of `eventTime`, as any
/// other line of a log there has.
fn is_record(bytes: &[u8], members: &[Member]) -> bool {
    let has = |name: &[u8]| members.iter().any(|member| member.key(bytes) == name);
    has(b"eventTime") || has(b"@timestamp") && has(b"eventName") && has(b"eventSource")
}

/// Where the value of a member of an object stands that is a member itself.
fn member_of(bytes: &[u8], outer: Member, name: &[u8]) -> Option<(usize, usize)> {
    let mut members = Vec::new();
    if bytes.get(outer.value_start) != Some(&b'{') {
        return None;
    }
    scan::object(bytes, outer.value_start, &mut members).ok()?;
    let found = members.iter().find(|member| member.key(bytes) == name)?;
    Some((found.value_start, found.value_end))
}

fn kind_of(first: u8) -> &'static str {
    match first {
        b'"' => "a string",
        b'[' => "a list",
        b'{' => "an object",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        _ => "a number",
    }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
