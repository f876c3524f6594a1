//! One record into one row, from borrowed slices, without losing anything.
//!
//! The rule that keeps it lossless: a value goes to its column when the column can give it back exactly; in every other
//! case it goes verbatim to `rest` (or `identity_rest`), and the column is filled beside that where it still makes sense.
//! [`super::rebuild`] is the other direction.

mod identity;
mod issued;

use std::collections::HashSet;

use super::instant::{MICROS, any_time_micros, canonical_time_micros, zoneless_time_micros};
use super::intern::NULL;
use super::keys::{Keys, Path, Target};
use super::rows::{Fixed, Flag, Part, ROW_COLUMNS, slot};
use super::{Column, Kind};
use crate::record::Reason;
use crate::record::canonical::{
    Canonical, Unicode, bytes_hash, member_share, object_hash, string_hash, unescape,
};
use crate::record::scan::{self, Member};
use crate::record::secret;

/// The flag of a record without `eventTime` whose `@timestamp` was taken, as exports from ELK have it.
pub(super) const FLAG_TIME_FROM_TIMESTAMP: &str = "time-from-@timestamp";

/// The flag of a record whose `eventTime` says no zone; UTC was taken, as CloudTrail always writes.
const FLAG_TIME_WITHOUT_ZONE: &str = "time-without-zone";

/// Whether the record holds a boolean column as the string `"true"`.
pub(super) fn bool_is_text(column: Column) -> bool {
    matches!(column, Column::MfaAuthenticated | Column::SessionCredentialFromConsole | Column::AssumedRoot)
}

/// How well a column holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The column gives the value back; its meaning has this hash.
    Exactly(u64),
    /// It must be kept verbatim as well.
    NotExactly,
}

/// Decodes records into a [`Part`]; keeps its buffers between records.
pub(super) struct Decoder {
    canonical: Canonical,
    keys: Keys,
    scratch: Vec<u8>,
    rest: Vec<u8>,
    members: Vec<Member>,
    members_below: Vec<Member>,
    row: Vec<u32>,
    identity_row: Vec<u32>,
    /// The hashes of the names of the record at hand.
    hashes: Vec<u64>,
    /// The hash of `false`, and that of `true`.
    literals: [u64; 2],
    /// So many records were begun.
    turn: u64,
}

impl Default for Decoder {
    fn default() -> Self {
        let mut canonical = Canonical::default();
        let literals = [b"false".as_slice(), b"true"].map(|text| canonical.hash(text).unwrap_or(0));
        Self {
            canonical,
            keys: Keys::default(),
            scratch: Vec::new(),
            rest: Vec::new(),
            members: Vec::new(),
            members_below: Vec::new(),
            row: Vec::new(),
            identity_row: Vec::new(),
            hashes: Vec::new(),
            literals,
            turn: 0,
        }
    }
}

/// A row in the making, beside its ids.
#[derive(Default)]
struct Draft {
    event_time_micros: Option<i64>,
    timestamp_micros: Option<i64>,
    time_without_zone: bool,
    identity: Option<u32>,
    read_only: Flag,
    management_event: Flag,
    session_credential_from_console: Flag,
    session_created_micros: Option<i64>,
    mfa_authenticated: Flag,
    assumed_root: Flag,
    event_id_hash: u64,
    sum: u64,
}

const FULL: Reason = Reason::TooLong;

impl Decoder {
    /// Begins an object: the numbers that its scan gives to names are its own.
    pub(super) fn begin_object(&mut self) {
        self.keys.begin_object();
    }

    /// Appends the record `text`, whose members were scanned, to `part`. A refused record leaves no row. The object is
    /// given by its place in the batch and the id of its name in the part.
    ///
    /// # Errors
    /// Why the record is refused.
    pub(super) fn decode(
        &mut self,
        text: &[u8],
        members: &[Member],
        (object, object_name): (u32, u32),
        record_index: i64,
        part: &mut Part,
    ) -> Result<(), Reason> {
        if simdutf8::basic::from_utf8(text).is_err()
            && let Err(bad) = std::str::from_utf8(text)
        {
            return Err(Reason::NotUtf8(bad.valid_up_to()));
        }
        part.begin(object);
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.resize(ROW_COLUMNS.len(), NULL);
        set(&mut row, Column::Object, object_name);
        let mut draft = Draft::default();
        let mut plain = [None, None];
        self.rest.clear();
        let decoded = self.record(text, members, &mut row, &mut draft, &mut plain, part);
        let done =
            decoded.and_then(|()| self.finish(&mut row, &mut draft, part)).and_then(|event_time_micros| {
                let fixed = Fixed {
                    event_time_micros,
                    fingerprint: object_hash(draft.sum),
                    event_id_hash: draft.event_id_hash,
                    record_index,
                    object,
                    identity: draft.identity.unwrap_or(NULL),
                    read_only: draft.read_only,
                    management_event: draft.management_event,
                    session_credential_from_console: draft.session_credential_from_console,
                };
                let [event_id, request_id] = plain;
                if !part.event_ids.push(event_id) || !part.request_ids.push(request_id) {
                    return Err(FULL);
                }
                part.ids.extend_from_slice(&row);
                part.fixed.push(fixed);
                Ok(())
            });
        self.row = row;
        done
    }

    /// Sorts the members of a record to their columns.
    fn record<'a>(
        &mut self,
        text: &'a [u8],
        members: &[Member],
        row: &mut [u32],
        draft: &mut Draft,
        plain: &mut [Option<&'a [u8]>; 2],
        part: &mut Part,
    ) -> Result<(), Reason> {
        let mut before = 0;
        self.turn += 1;
        let forgotten = self.keys.forgotten;
        self.hashes.clear();
        // A name may also stand there twice in two spellings, or be forgotten in between; then hashes tell.
        let mut odd: Option<HashSet<u64>> = None;
        for member in members {
            let key = member.key(text);
            let value = member.value(text);
            before = if let Some(place) = self.keys.numbered(member.named) {
                place
            } else {
                let place = self.key(before, key)?;
                self.keys.note_number(member.named, place);
                place
            };
            let Some(known) = self.keys.known.get_mut(before) else { continue };
            let (target, key_hash) = (known.target, known.hash);
            let again = std::mem::replace(&mut known.turn, self.turn) == self.turn;
            if odd.is_none() && (known.escaped || self.keys.forgotten != forgotten) {
                odd = Some(self.hashes.iter().copied().collect());
            }
            // The hash is that of the name without escapes.
            let repeated = odd.as_mut().map_or(again, |names| !names.insert(key_hash));
            if repeated {
                refuse_repeated(text, members)?;
            }
            self.hashes.push(key_hash);
            let held = match target {
                Target::Column(column @ (Column::EventId | Column::RequestId)) => {
                    let held = Self::plain_text(value);
                    if let (Some(inner), [event_id, request_id]) = (held, &mut *plain) {
                        let hash = string_hash(inner);
                        if column == Column::EventId {
                            *event_id = Some(inner);
                            draft.event_id_hash = bytes_hash(inner);
                        } else {
                            *request_id = Some(inner);
                        }
                        Held::Exactly(hash)
                    } else {
                        Held::NotExactly
                    }
                }
                Target::Column(column) => {
                    if let Some(id) = part.recall(member.known, Some(column)) {
                        set(row, column, id);
                        Held::Exactly(part.interner(column).hash(id))
                    } else if let Some((id, hash)) = part.recall_short(column, value) {
                        set(row, column, id);
                        Held::Exactly(hash)
                    } else {
                        let is_text = column.kind() == Kind::Text;
                        let held = if is_text && is_plain(text, member) {
                            let (id, hash) = Self::plain_text_id(column, value, part).ok_or(FULL)?;
                            set(row, column, id);
                            Held::Exactly(hash)
                        } else {
                            self.assign(column, key, value, row, draft, part)?
                        };
                        if let Held::Exactly(hash) = held
                            && (is_text || column.kind() == Kind::Json)
                        {
                            let id = get(row, column);
                            part.remember(member.known, Some(column), id);
                            if is_text {
                                part.remember_short(column, value, id, hash);
                            }
                        }
                        held
                    }
                }
                Target::Container if key == b"userIdentity" && value.first() == Some(&b'{') => {
                    let (identity, hash) = match part.recall(member.known, None) {
                        Some(id) => {
                            (id, part.identities.get(id as usize).map_or(0, |identity| identity.hash))
                        }
                        None => self.identity(value, part)?,
                    };
                    part.remember(member.known, None, identity);
                    draft.identity = Some(identity);
                    Held::Exactly(hash)
                }
                Target::Timestamp => {
                    draft.timestamp_micros = text_of(value).and_then(any_time_micros);
                    Held::NotExactly
                }
                Target::Container | Target::Unknown => Held::NotExactly,
            };
            match held {
                Held::Exactly(hash) => draft.sum = draft.sum.wrapping_add(member_share(key_hash, hash)),
                Held::NotExactly => {
                    self.rest.extend_from_slice(if self.rest.is_empty() { b"{\"" } else { b",\"" });
                    self.rest.extend_from_slice(key);
                    self.rest.extend_from_slice(b"\":");
                    self.rest.extend_from_slice(value);
                }
            }
        }
        Ok(())
    }

    /// What follows from all members together: `rest`, the account, what the call issued. Gives the event's time.
    fn finish(&mut self, row: &mut [u32], draft: &mut Draft, part: &mut Part) -> Result<i64, Reason> {
        if !self.rest.is_empty() {
            self.rest.push(b'}');
            let rest = std::mem::take(&mut self.rest);
            let id = self.rest_id(&rest, part);
            self.rest = rest;
            let id = id?;
            // What `rest` keeps of its value is the sum of the shares of its members.
            draft.sum = draft.sum.wrapping_add(part.interner(Column::Rest).hash(id));
            set(row, Column::Rest, id);
        }
        let event_time_micros = match (draft.event_time_micros, draft.timestamp_micros) {
            (Some(micros), _) => {
                if draft.time_without_zone {
                    let flag = self.text_id(Column::Flags, FLAG_TIME_WITHOUT_ZONE.as_bytes(), part)?;
                    set(row, Column::Flags, flag);
                }
                micros
            }
            (None, Some(micros)) => {
                let flag = self.text_id(Column::Flags, FLAG_TIME_FROM_TIMESTAMP.as_bytes(), part)?;
                set(row, Column::Flags, flag);
                micros
            }
            (None, None) => return Err(Reason::NoEventTime),
        };
        set(row, Column::Account, Self::account(row, draft.identity, part)?);
        let response = get(row, Column::ResponseElements);
        if let Some([key, arn, id]) = part.issued.get(response as usize).copied() {
            set(row, Column::IssuedAccessKeyId, key);
            set(row, Column::AssumedRoleArn, arn);
            set(row, Column::AssumedRoleId, id);
        }
        Ok(event_time_micros)
    }

    /// The place of a member's name among the known ones, given that of the name before it.
    fn key(&mut self, before: usize, name: &[u8]) -> Result<usize, Reason> {
        if let Some(place) = self.keys.find(before, name) {
            return Ok(place);
        }
        let hash = self
            .canonical
            .text_hash(name)
            .map_err(|bad| Reason::Malformed { at: bad.at, expected: bad.expected })?;
        // An escaped spelling of a known name is kept as it is, in `rest`.
        let target = if name.contains(&b'\\') { Target::Unknown } else { Path::RECORD.target(name).0 };
        Ok(self.keys.add(name, target, hash))
    }

    /// The id and the hash of a text that stands without escapes and control characters, given with its quotes.
    fn plain_text_id(column: Column, value: &[u8], part: &mut Part) -> Option<(u32, u64)> {
        let text = inner_of(value)?;
        let interner = part.interner_mut(column);
        match interner.find(text) {
            Ok(id) => Some((id, interner.hash(id))),
            Err(unseen) => {
                let hash = string_hash(text);
                Some((interner.add(unseen, text, hash)?, hash))
            }
        }
    }

    /// The text of a string that stands without escapes and control characters.
    fn plain_text(value: &[u8]) -> Option<&[u8]> {
        let inner = inner_of(value)?;
        // Without an early end, many bytes are looked at at a time.
        let mut odd = false;
        for byte in inner {
            odd |= *byte < 0x20;
            odd |= *byte == b'\\';
        }
        (!odd).then_some(inner)
    }

    /// Puts a value into its column, as far as the column can hold it.
    fn assign(
        &mut self,
        column: Column,
        key: &[u8],
        value: &[u8],
        ids: &mut [u32],
        draft: &mut Draft,
        part: &mut Part,
    ) -> Result<Held, Reason> {
        let first = value.first().copied().unwrap_or(b'n');
        match column.kind() {
            Kind::Text => match first {
                b'"' => {
                    let inner = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
                    let id = if memchr::memchr(b'\\', inner).is_none() {
                        self.text_id(column, inner, part)
                    } else {
                        let mut scratch = std::mem::take(&mut self.scratch);
                        scratch.clear();
                        let id = match unescape(inner, &mut scratch) {
                            Ok(Unicode::Whole) => {
                                let hidden = secret::hidden_text(&scratch, &super::token_hash);
                                let text = hidden.as_deref().unwrap_or(&scratch);
                                self.unescaped_id(column, inner, text, part)
                            }
                            Ok(Unicode::LoneSurrogate) => Ok(NULL),
                            Err(bad) => Err(member_reason(key, bad.at, bad.expected)),
                        };
                        self.scratch = scratch;
                        id
                    };
                    let id = id.map_err(|reason| name_member(reason, key))?;
                    if id == NULL {
                        return Ok(Held::NotExactly);
                    }
                    set(ids, column, id);
                    Ok(Held::Exactly(part.interner(column).hash(id)))
                }
                b'-' | b'0'..=b'9' | b't' | b'f' => {
                    let id = self.text_id(column, value, part).map_err(|reason| name_member(reason, key))?;
                    set(ids, column, id);
                    Ok(Held::NotExactly)
                }
                _ => Ok(Held::NotExactly),
            },
            Kind::Json if first == b'n' => Ok(Held::NotExactly),
            Kind::Json => {
                let id = self.json_id(column, key, value, part)?;
                set(ids, column, id);
                Ok(Held::Exactly(part.interner(column).hash(id)))
            }
            Kind::Bool => {
                let (found, is_text) = match value {
                    b"true" => (Flag::Yes, false),
                    b"false" => (Flag::No, false),
                    b"\"true\"" => (Flag::Yes, true),
                    b"\"false\"" => (Flag::No, true),
                    _ => return Ok(Held::NotExactly),
                };
                *flag_of(column, draft) = found;
                if is_text == bool_is_text(column) {
                    if is_text {
                        self.exact_hash(key, value)
                    } else {
                        let [no, yes] = self.literals;
                        Ok(Held::Exactly(if found == Flag::Yes { yes } else { no }))
                    }
                } else {
                    Ok(Held::NotExactly)
                }
            }
            Kind::Timestamp => {
                let inner = inner_of(value);
                let exact = inner.and_then(canonical_time_micros).filter(|micros| MICROS.contains(micros));
                let text = if exact.is_none() { text_of(value) } else { None };
                let micros = exact.or_else(|| text.and_then(any_time_micros));
                let micros = micros.filter(|micros| MICROS.contains(micros));
                if column == Column::EventTime {
                    let zoneless = if micros.is_none() { text.and_then(zoneless_time_micros) } else { None };
                    let zoneless = zoneless.filter(|micros| MICROS.contains(micros));
                    draft.time_without_zone = zoneless.is_some();
                    let micros = micros.or(zoneless);
                    if micros.is_none() {
                        let found: String = String::from_utf8_lossy(value).chars().take(60).collect();
                        return Err(Reason::BadEventTime(found.trim_matches('"').to_owned()));
                    }
                    draft.event_time_micros = micros;
                } else {
                    draft.session_created_micros = micros;
                }
                // A time in exactly that form has nothing to unescape.
                Ok(match (exact, inner) {
                    (Some(_), Some(inner)) => Held::Exactly(string_hash(inner)),
                    _ => Held::NotExactly,
                })
            }
            Kind::Int | Kind::Date => Ok(Held::NotExactly),
        }
    }

    fn exact_hash(&mut self, key: &[u8], value: &[u8]) -> Result<Held, Reason> {
        let hash = self.canonical.hash(value).map_err(|bad| member_reason(key, bad.at, bad.expected))?;
        Ok(Held::Exactly(hash))
    }

    /// The id of a text that stands without escapes.
    fn text_id(&mut self, column: Column, inner: &[u8], part: &mut Part) -> Result<u32, Reason> {
        match part.interner_mut(column).find(inner) {
            // Another record may have written it with escapes, where this one must not do without.
            Ok(id) if !has_control(inner) => Ok(id),
            Ok(id) => self.canonical.text_hash(inner).map(|_| id).map_err(malformed),
            Err(key) => {
                let hash = self.canonical.text_hash(inner).map_err(malformed)?;
                part.interner_mut(column).add(key, inner, hash).ok_or(FULL)
            }
        }
    }

    /// The id of a text whose escapes were undone.
    fn unescaped_id(
        &mut self,
        column: Column,
        raw: &[u8],
        text: &[u8],
        part: &mut Part,
    ) -> Result<u32, Reason> {
        match part.interner_mut(column).find(text) {
            Ok(id) if !has_control(raw) => Ok(id),
            Ok(id) => self.canonical.text_hash(raw).map(|_| id).map_err(malformed),
            Err(key) => {
                self.canonical.text_hash(raw).map_err(malformed)?;
                part.interner_mut(column).add(key, text, string_hash(text)).ok_or(FULL)
            }
        }
    }

    /// The id of a JSON value; a session token in it is replaced by its hash.
    fn json_id(&mut self, column: Column, key: &[u8], value: &[u8], part: &mut Part) -> Result<u32, Reason> {
        let unseen = match part.interner_mut(column).find(value) {
            Ok(id) => return Ok(id),
            Err(unseen) => unseen,
        };
        let bad = |bad: crate::record::canonical::Invalid| member_reason(key, bad.at, bad.expected);
        let hash = self.canonical.hash(value).map_err(bad)?;
        let id = if self.canonical.secrets.is_empty() {
            part.interner_mut(column).add(unseen, value, hash).ok_or(FULL)?
        } else {
            let hidden = self.hide_secrets(value).map_err(bad)?;
            let hash = self.canonical.hash(&hidden).map_err(bad)?;
            match part.interner_mut(column).find(&hidden) {
                Ok(id) => id,
                Err(unseen) => part.interner_mut(column).add(unseen, &hidden, hash).ok_or(FULL)?,
            }
        };
        if column == Column::ResponseElements && part.issued.len() <= id as usize {
            let issued = self.issued(id, part)?;
            part.issued.push(issued);
        }
        Ok(id)
    }

    /// The value with each secret that the last hash found replaced by `sha256:` and the first 128 bits of its SHA-256.
    fn hide_secrets(&self, value: &[u8]) -> Result<Vec<u8>, crate::record::canonical::Invalid> {
        secret::hidden(&self.canonical, value, &super::token_hash)
    }

    /// The id of a `rest` object. Its kept hash is the sum of its members' shares in the record.
    fn rest_id(&mut self, rest: &[u8], part: &mut Part) -> Result<u32, Reason> {
        let unseen = match part.interner_mut(Column::Rest).find(rest) {
            Ok(id) => return Ok(id),
            Err(unseen) => unseen,
        };
        // A token is told by its name, so the member's name must stand before the value that is searched.
        if self.canonical.hash(rest).is_ok()
            && !self.canonical.secrets.is_empty()
            && let Ok(hidden) = self.hide_secrets(rest)
            && hidden != rest
            && self.canonical.hash(&hidden).is_ok()
        {
            let sum = self.rest_sum(&hidden)?;
            return match part.interner_mut(Column::Rest).find(&hidden) {
                Ok(id) => Ok(id),
                Err(unseen) => part.interner_mut(Column::Rest).add(unseen, &hidden, sum).ok_or(FULL),
            };
        }
        let sum = self.rest_sum(rest)?;
        part.interner_mut(Column::Rest).add(unseen, rest, sum).ok_or(FULL)
    }

    fn rest_sum(&mut self, rest: &[u8]) -> Result<u64, Reason> {
        let mut members = std::mem::take(&mut self.members);
        let scanned = scan::object(rest, 0, &mut members);
        let mut sum = 0_u64;
        let mut outcome = match scanned {
            Ok(_) => Ok(()),
            Err(_) => Err(member_reason(b"rest", 0, "a JSON object")),
        };
        for member in &members {
            let key = member.key(rest);
            let shares = self
                .canonical
                .text_hash(key)
                .and_then(|key_hash| Ok((key_hash, self.canonical.hash(member.value(rest))?)))
                .map_err(|bad| member_reason(key, bad.at, bad.expected));
            match shares {
                Ok((key_hash, value_hash)) => sum = sum.wrapping_add(member_share(key_hash, value_hash)),
                Err(reason) => {
                    outcome = Err(reason);
                    break;
                }
            }
        }
        self.members = members;
        outcome.map(|()| sum)
    }

    /// The account that the record belongs to: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
    /// (`recipientAccountId`), else the caller's, else the session issuer's.
    fn account(row: &[u32], identity: Option<u32>, part: &mut Part) -> Result<u32, Reason> {
        let recipient = get(row, Column::RecipientAccountId);
        if recipient != NULL {
            if let Some(known) = part.accounts.get(recipient as usize).filter(|known| **known != NULL) {
                return Ok(*known);
            }
            let value = part.interner(Column::RecipientAccountId).get(recipient).to_vec();
            let id = known_text_id(Column::Account, &value, part)?;
            if part.accounts.len() <= recipient as usize {
                part.accounts.resize(recipient as usize + 1, NULL);
            }
            if let Some(known) = part.accounts.get_mut(recipient as usize) {
                *known = id;
            }
            return Ok(id);
        }
        let Some(identity) = identity else { return Ok(NULL) };
        for column in [Column::IdentityAccountId, Column::SessionIssuerAccountId] {
            let id = part.identity_id(identity, slot(column));
            if id != NULL {
                let value = part.interner(column).get(id).to_vec();
                return known_text_id(Column::Account, &value, part);
            }
        }
        Ok(NULL)
    }
}

/// Whether a text holds what JSON allows only by an escape: <https://www.rfc-editor.org/rfc/rfc8259#section-7>.
fn has_control(text: &[u8]) -> bool {
    // The least of all, without an early end, is found for many bytes at a time.
    text.iter().min().is_some_and(|least| *least < 0x20)
}

fn malformed(bad: crate::record::canonical::Invalid) -> Reason {
    Reason::Malformed { at: bad.at, expected: bad.expected }
}

/// The id of a text that another column has already, without escapes.
fn known_text_id(column: Column, text: &[u8], part: &mut Part) -> Result<u32, Reason> {
    let interner = part.interner_mut(column);
    match interner.find(text) {
        Ok(id) => Ok(id),
        Err(key) => interner.add(key, text, string_hash(text)).ok_or(FULL),
    }
}

/// The names of so many members are compared with each other.
const FEW_MEMBERS: usize = 24;

/// Refuses an object in which a name stands twice: nobody can say which value is true, and keeping one loses the other.
fn refuse_repeated(text: &[u8], members: &[Member]) -> Result<(), Reason> {
    let behind = |place: usize| members.get(place + 1..).unwrap_or_default();
    let plain = members.len() <= FEW_MEMBERS
        && members.iter().all(|member| memchr::memchr(b'\\', member.key(text)).is_none());
    if plain
        && !members
            .iter()
            .enumerate()
            .any(|(place, member)| behind(place).iter().any(|other| other.key(text) == member.key(text)))
    {
        return Ok(());
    }
    let mut names = std::collections::BTreeSet::new();
    for member in members {
        let mut name = Vec::new();
        if unescape(member.key(text), &mut name).is_err() {
            name = member.key(text).to_vec();
        }
        if let Some(name) = names.replace(name) {
            return Err(Reason::Repeated(String::from_utf8_lossy(&name).chars().take(60).collect()));
        }
    }
    Ok(())
}

fn set(ids: &mut [u32], column: Column, id: u32) {
    if let Some(place) = ids.get_mut(slot(column)) {
        *place = id;
    }
}

fn get(ids: &[u32], column: Column) -> u32 {
    ids.get(slot(column)).copied().unwrap_or(NULL)
}

fn flag_of(column: Column, draft: &mut Draft) -> &mut Flag {
    match column {
        Column::ReadOnly => &mut draft.read_only,
        Column::ManagementEvent => &mut draft.management_event,
        Column::SessionCredentialFromConsole => &mut draft.session_credential_from_console,
        Column::MfaAuthenticated => &mut draft.mfa_authenticated,
        _ => &mut draft.assumed_root,
    }
}

fn member_reason(member: &[u8], at: usize, expected: &'static str) -> Reason {
    let member = String::from_utf8_lossy(member).chars().take(60).collect();
    Reason::MalformedMember { member, at, expected }
}

fn name_member(reason: Reason, member: &[u8]) -> Reason {
    match reason {
        Reason::Malformed { at, expected } => member_reason(member, at, expected),
        other => other,
    }
}

/// Whether a member's value is surely a string without escapes and control characters.
fn is_plain(text: &[u8], member: &Member) -> bool {
    let (start, end) = (member.value_start, member.value_end);
    text.get(start) == Some(&b'"') && scan::plain_end(text, start + 1).is_some_and(|quote| quote + 1 == end)
}

/// What stands between the quotes of a string.
fn inner_of(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

fn text_of(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(inner_of(value)?).ok()
}

#[cfg(test)]
mod tests;
