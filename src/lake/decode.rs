//! One record into one row, from borrowed slices, without losing anything.
//!
//! The rule that keeps it lossless: a value goes to its column when the column can give it back exactly; in every other
//! case it goes verbatim to `rest` (or `identity_rest`), and the column is filled beside that where it still makes sense.
//! [`super::rebuild`] is the other direction.

use super::instant::{any_time_micros, canonical_time_micros, zoneless_time_micros};
use super::intern::NULL;
use super::keys::{Keys, Target, target};
use super::rows::{Fixed, Flag, Identity, Part, ROW_COLUMNS, slot};
use super::{Column, Kind};
use crate::record::Reason;
use crate::record::canonical::{
    Canonical, Unicode, bytes_hash, member_share, object_hash, string_hash, unescape,
};
use crate::record::scan::{self, Member};

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
#[derive(Default)]
pub(super) struct Decoder {
    canonical: Canonical,
    keys: Keys,
    hashes: Vec<u64>,
    scratch: Vec<u8>,
    rest: Vec<u8>,
    members: Vec<Member>,
    row: Vec<u32>,
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
        if let Err(bad) = std::str::from_utf8(text) {
            return Err(Reason::NotUtf8(bad.valid_up_to()));
        }
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
        self.hashes.clear();
        for member in members {
            let key = member.key(text);
            let value = member.value(text);
            before = self.key(before, key)?;
            let (target, key_hash) =
                self.keys.known.get(before).map_or((Target::Unknown, 0), |key| (key.target, key.hash));
            // The hash is that of the name without escapes, so it tells names that repeat.
            if self.hashes.contains(&key_hash) {
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
                Target::Column(column) => self.assign(column, key, value, row, draft, part)?,
                Target::Container if key == b"userIdentity" && value.first() == Some(&b'{') => {
                    let (identity, hash) = self.identity(value, part)?;
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
        set(row, Column::Account, self.account(row, draft.identity, part)?);
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
        let target = if name.contains(&b'\\') { Target::Unknown } else { target("", name) };
        Ok(self.keys.add(name, target, hash))
    }

    /// The text of a string that stands without escapes and control characters.
    fn plain_text(value: &[u8]) -> Option<&[u8]> {
        let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        inner.iter().all(|byte| *byte >= 0x20 && *byte != b'\\').then_some(inner)
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
                            Ok(Unicode::Whole) => self.unescaped_id(column, inner, &scratch, part),
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
                    self.exact_hash(key, value)
                } else {
                    Ok(Held::NotExactly)
                }
            }
            Kind::Timestamp => {
                let text = text_of(value);
                let exact = text.and_then(canonical_time_micros);
                let micros = exact.or_else(|| text.and_then(any_time_micros));
                if column == Column::EventTime {
                    let zoneless = if micros.is_none() { text.and_then(zoneless_time_micros) } else { None };
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
                if exact.is_some() { self.exact_hash(key, value) } else { Ok(Held::NotExactly) }
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
        match part.interner(column).find(inner) {
            Ok(id) => Ok(id),
            Err(key) => {
                let hash = self
                    .canonical
                    .text_hash(inner)
                    .map_err(|bad| Reason::Malformed { at: bad.at, expected: bad.expected })?;
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
        match part.interner(column).find(text) {
            Ok(id) => Ok(id),
            Err(key) => {
                self.canonical
                    .text_hash(raw)
                    .map_err(|bad| Reason::Malformed { at: bad.at, expected: bad.expected })?;
                part.interner_mut(column).add(key, text, string_hash(text)).ok_or(FULL)
            }
        }
    }

    /// The id of a JSON value; a session token in it is replaced by its hash.
    fn json_id(&mut self, column: Column, key: &[u8], value: &[u8], part: &mut Part) -> Result<u32, Reason> {
        let unseen = match part.interner(column).find(value) {
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
            match part.interner(column).find(&hidden) {
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
    fn hide_secrets(&mut self, value: &[u8]) -> Result<Vec<u8>, crate::record::canonical::Invalid> {
        let mut hidden = Vec::with_capacity(value.len());
        let mut from = 0;
        for secret in &self.canonical.secrets {
            hidden.extend_from_slice(value.get(from..secret.start).unwrap_or_default());
            let mut token = Vec::new();
            unescape(value.get(secret.start..secret.end).unwrap_or_default(), &mut token)?;
            hidden.extend_from_slice(super::token_hash(&token).as_bytes());
            from = secret.end;
        }
        hidden.extend_from_slice(value.get(from..).unwrap_or_default());
        Ok(hidden)
    }

    /// The id of a `rest` object. Its kept hash is the sum of its members' shares in the record.
    fn rest_id(&mut self, rest: &[u8], part: &mut Part) -> Result<u32, Reason> {
        let unseen = match part.interner(Column::Rest).find(rest) {
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
            return match part.interner(Column::Rest).find(&hidden) {
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

    /// The identity of a `userIdentity` object: its id in the part, and the hash of its meaning.
    fn identity(&mut self, value: &[u8], part: &mut Part) -> Result<(u32, u64), Reason> {
        let unseen = match part.identity_memo.find(value) {
            Ok(id) => return Ok((id, part.identities.get(id as usize).map_or(0, |identity| identity.hash))),
            Err(unseen) => unseen,
        };
        let name = b"userIdentity";
        let mut hash = self.canonical.hash(value).map_err(|bad| member_reason(name, bad.at, bad.expected))?;
        let hidden;
        let mut shown = value;
        if !self.canonical.secrets.is_empty() {
            hidden = self.hide_secrets(value).map_err(|bad| member_reason(name, bad.at, bad.expected))?;
            hash = self.canonical.hash(&hidden).map_err(|bad| member_reason(name, bad.at, bad.expected))?;
            shown = &hidden;
        }
        let mut ids = vec![NULL; super::rows::IDENTITY_COLUMNS.len()];
        let mut draft = Draft::default();
        let rest = self.container("userIdentity", shown, &mut ids, &mut draft, part)?;
        if let Some(rest) = rest {
            let id = match part.interner(Column::IdentityRest).find(&rest) {
                Ok(id) => id,
                Err(unseen) => part.interner_mut(Column::IdentityRest).add(unseen, &rest, 0).ok_or(FULL)?,
            };
            set(&mut ids, Column::IdentityRest, id);
        }
        let id = part.identity_memo.add(unseen, value, hash).ok_or(FULL)?;
        part.identities.push(Identity {
            ids,
            session_created_micros: draft.session_created_micros,
            mfa_authenticated: draft.mfa_authenticated,
            assumed_root: draft.assumed_root,
            hash,
        });
        Ok((id, hash))
    }

    /// Sorts an object inside `userIdentity` to its columns. Gives what is left over as an object, None where nothing is.
    fn container(
        &mut self,
        path: &str,
        value: &[u8],
        ids: &mut [u32],
        draft: &mut Draft,
        part: &mut Part,
    ) -> Result<Option<Vec<u8>>, Reason> {
        let mut members = Vec::new();
        if scan::object(value, 0, &mut members).is_err() {
            return Err(member_reason(path.as_bytes(), 0, "an object"));
        }
        if members.is_empty() {
            return Ok(Some(b"{}".to_vec()));
        }
        refuse_repeated(value, &members)?;
        let mut rest = Vec::new();
        for member in &members {
            let (key, inner) = (member.key(value), member.value(value));
            let left = match target(path, key) {
                Target::Column(column) => match self.assign(column, key, inner, ids, draft, part)? {
                    Held::Exactly(_) => None,
                    Held::NotExactly => Some(inner.to_vec()),
                },
                Target::Container if inner.first() == Some(&b'{') => {
                    let below = format!("{path}/{}", String::from_utf8_lossy(key));
                    self.container(&below, inner, ids, draft, part)?
                }
                _ => Some(inner.to_vec()),
            };
            if let Some(left) = left {
                rest.extend_from_slice(if rest.is_empty() { b"{\"" } else { b",\"" });
                rest.extend_from_slice(key);
                rest.extend_from_slice(b"\":");
                rest.extend_from_slice(&left);
            }
        }
        if rest.is_empty() {
            return Ok(None);
        }
        rest.push(b'}');
        Ok(Some(rest))
    }

    /// The account that the record belongs to: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
    /// (`recipientAccountId`), else the caller's, else the session issuer's.
    fn account(&mut self, row: &[u32], identity: Option<u32>, part: &mut Part) -> Result<u32, Reason> {
        let recipient = get(row, Column::RecipientAccountId);
        if recipient != NULL {
            if let Some(known) = part.accounts.get(recipient as usize).filter(|known| **known != NULL) {
                return Ok(*known);
            }
            let value = part.interner(Column::RecipientAccountId).get(recipient).to_vec();
            let id = self.text_id(Column::Account, &value, part)?;
            if part.accounts.len() <= recipient as usize {
                part.accounts.resize(recipient as usize + 1, NULL);
            }
            if let Some(known) = part.accounts.get_mut(recipient as usize) {
                *known = id;
            }
            return Ok(id);
        }
        let Some(identity) = identity.and_then(|identity| part.identities.get(identity as usize)) else {
            return Ok(NULL);
        };
        for column in [Column::IdentityAccountId, Column::SessionIssuerAccountId] {
            let id = get(&identity.ids, column);
            if id != NULL {
                let value = part.interner(column).get(id).to_vec();
                return self.text_id(Column::Account, &value, part);
            }
        }
        Ok(NULL)
    }

    /// What a response says the call issued: key, session ARN, session id.
    fn issued(&mut self, id: u32, part: &mut Part) -> Result<[u32; 3], Reason> {
        let response = part.interner(Column::ResponseElements).get(id);
        let names: [&[u8]; 2] = [b"\"accessKeyId\"", b"\"assumedRoleUser\""];
        if response.first() != Some(&b'{')
            || !names.iter().any(|name| memchr::memmem::find(response, name).is_some())
        {
            return Ok([NULL; 3]);
        }
        let find =
            |paths: &[[&str; 2]]| paths.iter().find_map(|[outer, inner]| nested_text(response, outer, inner));
        let key = find(&[
            ["credentials", "accessKeyId"],
            ["accessKey", "accessKeyId"],
            ["roleCredentials", "accessKeyId"],
        ]);
        let arn = find(&[["assumedRoleUser", "arn"]]);
        let session = find(&[["assumedRoleUser", "assumedRoleId"]]);
        let mut id_of = |column, value: Option<Vec<u8>>| match value {
            Some(value) if !value.is_empty() => self.text_id(column, &value, part),
            _ => Ok(NULL),
        };
        Ok([
            id_of(Column::IssuedAccessKeyId, key)?,
            id_of(Column::AssumedRoleArn, arn)?,
            id_of(Column::AssumedRoleId, session)?,
        ])
    }
}

/// The plain string at `outer`.`inner` of an object.
fn nested_text(object: &[u8], outer: &str, inner: &str) -> Option<Vec<u8>> {
    let member = |object: &[u8], name: &str| {
        let mut members = Vec::new();
        scan::object(object, 0, &mut members).ok()?;
        let found = members.iter().rev().find(|member| member.key(object) == name.as_bytes())?;
        Some(found.value(object).to_vec())
    };
    let found = member(&member(object, outer)?, inner)?;
    let text = found.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    text.iter().all(|byte| *byte >= 0x20 && *byte != b'\\').then(|| text.to_vec())
}

/// Refuses an object in which a name stands twice: nobody can say which value is true, and keeping one loses the other.
fn refuse_repeated(text: &[u8], members: &[Member]) -> Result<(), Reason> {
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

fn text_of(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_with_a_repeated_name_is_refused() {
        let repeated = |text: &[u8]| {
            let mut members = Vec::new();
            scan::object(text, 0, &mut members).unwrap();
            refuse_repeated(text, &members)
        };
        assert_eq!(repeated(br#"{"a":1,"b":2,"\u0061":3}"#), Err(Reason::Repeated("a".to_owned())));
        assert_eq!(repeated(br#"{"eventID":1,"eventId":2,"b":3}"#), Ok(()));
    }
}
