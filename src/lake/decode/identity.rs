//! `userIdentity` into its columns, once for each caller that differs.

use super::{Decoder, Draft, FULL, Held, get, member_reason, refuse_repeated, set};
use crate::lake::intern::NULL;
use crate::lake::keys::{Path, Target};
use crate::lake::rows::{IDENTITY_COLUMNS, Identity, Part};
use crate::lake::{Column, Kind};
use crate::record::Reason;
use crate::record::canonical::{Invalid, is_secret_name, member_share, object_hash};
use crate::record::scan::{self, Cursor};

/// An object inside `userIdentity` that nothing is odd about.
struct PlainContainer {
    /// The hash of its meaning.
    hash: u64,
    /// What no column holds of it, as an object; None where nothing is.
    rest: Option<Vec<u8>>,
    /// Where it ends.
    end: usize,
}

impl Decoder {
    /// The identity of a `userIdentity` object: its id in the part, and the hash of its meaning.
    pub(super) fn identity(&mut self, value: &[u8], part: &mut Part) -> Result<(u32, u64), Reason> {
        let unseen = match part.identity_memo.find(value) {
            Ok(id) => return Ok((id, part.identities.get(id as usize).map_or(0, |identity| identity.hash))),
            Err(unseen) => unseen,
        };
        let mut ids = std::mem::take(&mut self.identity_row);
        ids.clear();
        ids.resize(IDENTITY_COLUMNS.len(), NULL);
        let mut draft = Draft::default();
        let plain = self.plain_container(Path::IDENTITY, value, 0, &mut ids, &mut draft, part);
        let (hash, rest) = if let Some(plain) = plain.filter(|plain| plain.end == value.len()) {
            (plain.hash, plain.rest)
        } else {
            ids.fill(NULL);
            draft = Draft::default();
            self.odd_identity(value, &mut ids, &mut draft, part)?
        };
        if let Some(rest) = rest {
            let id = match part.interner_mut(Column::IdentityRest).find(&rest) {
                Ok(id) => id,
                Err(unseen) => part.interner_mut(Column::IdentityRest).add(unseen, &rest, 0).ok_or(FULL)?,
            };
            set(&mut ids, Column::IdentityRest, id);
        }
        let id = part.identity_memo.add(unseen, value, hash).ok_or(FULL)?;
        part.identity_ids.extend_from_slice(&ids);
        self.identity_row = ids;
        part.identities.push(Identity {
            session_created_micros: draft.session_created_micros,
            mfa_authenticated: draft.mfa_authenticated,
            assumed_root: draft.assumed_root,
            hash,
        });
        Ok((id, hash))
    }

    /// Checks an identity as a whole before it is sorted to its columns, and hides secrets in it. Gives the hash of its meaning,
    /// and what is left over.
    fn odd_identity(
        &mut self,
        value: &[u8],
        ids: &mut [u32],
        draft: &mut Draft,
        part: &mut Part,
    ) -> Result<(u64, Option<Vec<u8>>), Reason> {
        let bad = |bad: Invalid| member_reason(b"userIdentity", bad.at, bad.expected);
        let hash = self.canonical.hash(value).map_err(bad)?;
        if self.canonical.secrets.is_empty() {
            return Ok((hash, self.container(Path::IDENTITY, value, ids, draft, part)?));
        }
        let hidden = self.hide_secrets(value).map_err(bad)?;
        let hash = self.canonical.hash(&hidden).map_err(bad)?;
        Ok((hash, self.container(Path::IDENTITY, &hidden, ids, draft, part)?))
    }

    /// Checks the object at `at` inside `userIdentity` and sorts it to its columns in one pass. None where anything about it is
    /// odd: a name twice, an escape in one, a secret, no strict JSON. The longer way then says what.
    fn plain_container(
        &mut self,
        path: Path,
        value: &[u8],
        at: usize,
        ids: &mut [u32],
        draft: &mut Draft,
        part: &mut Part,
    ) -> Option<PlainContainer> {
        let mut cursor = Cursor::open(value, at).ok()?;
        let (mut sum, mut met, mut next, mut has_unknown) = (0_u64, 0_u64, 0, false);
        let mut rest = Vec::new();
        while let Some(mut member) = cursor.next_key(value).ok()? {
            let (key, start) = (member.key(value), member.value_start);
            let (target, below, key_hash) = if let Some(place) = path.place(key, next) {
                let bit = 1_u64.checked_shl(u32::try_from(place).ok()?)?;
                if met & bit != 0 {
                    return None;
                }
                met |= bit;
                next = place + 1;
                path.member(place)?
            } else {
                // Several of them would have to be compared with each other.
                if has_unknown || key.contains(&b'\\') || is_secret_name(key) {
                    return None;
                }
                has_unknown = true;
                (Target::Unknown, None, self.canonical.text_hash(key).ok()?)
            };
            let first = *value.get(start)?;
            if let (Target::Container, Some(below), b'{') = (target, below, first) {
                let inner = self.plain_container(below, value, start, ids, draft, part)?;
                cursor.at = inner.end;
                sum = sum.wrapping_add(member_share(key_hash, inner.hash));
                if let Some(left) = inner.rest {
                    push_member(key, &left, &mut rest);
                }
                continue;
            }
            if let (Target::Column(column), b'"') = (target, first)
                && column.kind() == Kind::Text
                && let Some(end) = scan::plain_end(value, start + 1)
            {
                let text = value.get(start..=end)?;
                let (id, hash) = if let Some(known) = part.recall_short(column, text) {
                    known
                } else {
                    let (id, hash) = Self::plain_text_id(column, text, part)?;
                    part.remember_short(column, text, id, hash);
                    (id, hash)
                };
                set(ids, column, id);
                cursor.at = end + 1;
                sum = sum.wrapping_add(member_share(key_hash, hash));
                continue;
            }
            member.value_end = scan::value_end(value, start).ok()?;
            cursor.at = member.value_end;
            let (key, inner) = (member.key(value), member.value(value));
            let held = match target {
                Target::Column(column) if column.kind() != Kind::Json => {
                    self.assign(column, key, inner, ids, draft, part).ok()?
                }
                _ => Held::NotExactly,
            };
            let hash = if let Held::Exactly(hash) = held {
                hash
            } else {
                let hash = self.canonical.hash(inner).ok()?;
                if !self.canonical.secrets.is_empty() {
                    return None;
                }
                match target {
                    Target::Column(column) if column.kind() == Kind::Json && first != b'n' => {
                        let id = self.json_id(column, key, inner, part).ok()?;
                        set(ids, column, id);
                    }
                    _ => push_member(key, inner, &mut rest),
                }
                hash
            };
            sum = sum.wrapping_add(member_share(key_hash, hash));
        }
        if met == 0 && !has_unknown {
            rest.push(b'{');
        }
        let rest = if rest.is_empty() {
            None
        } else {
            rest.push(b'}');
            Some(rest)
        };
        Some(PlainContainer { hash: object_hash(sum), rest, end: cursor.at })
    }

    /// Sorts an object inside `userIdentity` to its columns. Gives what is left over as an object, None where nothing is.
    fn container(
        &mut self,
        path: Path,
        value: &[u8],
        ids: &mut [u32],
        draft: &mut Draft,
        part: &mut Part,
    ) -> Result<Option<Vec<u8>>, Reason> {
        let mut members = Vec::with_capacity(16);
        if scan::object(value, 0, &mut members).is_err() {
            return Err(member_reason(path.name().as_bytes(), 0, "an object"));
        }
        if members.is_empty() {
            return Ok(Some(b"{}".to_vec()));
        }
        refuse_repeated(value, &members)?;
        let mut rest = Vec::new();
        for member in &members {
            let (key, inner) = (member.key(value), member.value(value));
            let below;
            let left = match path.target(key) {
                (Target::Column(column), _) => {
                    if let Some((id, _)) = part.recall_short(column, inner) {
                        set(ids, column, id);
                        None
                    } else {
                        match self.assign(column, key, inner, ids, draft, part)? {
                            Held::Exactly(hash) => {
                                if column.kind() == Kind::Text {
                                    part.remember_short(column, inner, get(ids, column), hash);
                                }
                                None
                            }
                            Held::NotExactly => Some(inner),
                        }
                    }
                }
                (Target::Container, Some(path)) if inner.first() == Some(&b'{') => {
                    below = self.container(path, inner, ids, draft, part)?;
                    below.as_deref()
                }
                _ => Some(inner),
            };
            if let Some(left) = left {
                push_member(key, left, &mut rest);
            }
        }
        if rest.is_empty() {
            return Ok(None);
        }
        rest.push(b'}');
        Ok(Some(rest))
    }
}

/// Appends a member to an object that is not closed yet; nothing is one that was not begun.
fn push_member(key: &[u8], value: &[u8], object: &mut Vec<u8>) {
    object.extend_from_slice(if object.is_empty() { b"{\"" } else { b",\"" });
    object.extend_from_slice(key);
    object.extend_from_slice(b"\":");
    object.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What an identity's columns hold, and what else is known of it.
    type Sorted = (u64, Option<Vec<u8>>, Vec<Option<Vec<u8>>>, String);

    fn sorted(hash: u64, rest: Option<Vec<u8>>, ids: &[u32], draft: &Draft, part: &Part) -> Sorted {
        let values = IDENTITY_COLUMNS.iter().map(|column| {
            let id = get(ids, *column);
            (id != NULL).then(|| part.interner(*column).get(id).to_vec())
        });
        let other = (draft.session_created_micros, draft.mfa_authenticated, draft.assumed_root);
        (hash, rest, values.collect(), format!("{other:?}"))
    }

    /// By the short way, where it tells.
    fn plain(decoder: &mut Decoder, value: &[u8], part: &mut Part) -> Option<Sorted> {
        let (mut ids, mut draft) = (vec![NULL; IDENTITY_COLUMNS.len()], Draft::default());
        let found = decoder.plain_container(Path::IDENTITY, value, 0, &mut ids, &mut draft, part)?;
        (found.end == value.len()).then(|| sorted(found.hash, found.rest, &ids, &draft, part))
    }

    /// By the longer way.
    fn odd(decoder: &mut Decoder, value: &[u8], part: &mut Part) -> Result<Sorted, Reason> {
        let (mut ids, mut draft) = (vec![NULL; IDENTITY_COLUMNS.len()], Draft::default());
        let (hash, rest) = decoder.odd_identity(value, &mut ids, &mut draft, part)?;
        Ok(sorted(hash, rest, &ids, &draft, part))
    }

    fn object(members: Vec<(&str, String)>, spaces: &str) -> String {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("{spaces}\"{name}\"{spaces}:{spaces}{value}{spaces}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    fn value() -> impl Strategy<Value = String> {
        let values = [
            r#""text""#,
            r#""a longer text that is more than what is looked at at once, and then some""#,
            r#""""#,
            r#""\u0061 \n""#,
            r#""\ud800""#,
            "\"a\tb\"",
            "\"é\"",
            "null",
            "12",
            "012",
            "true",
            r#""true""#,
            r#""2026-03-09T10:00:00Z""#,
            r#""2026-03-09T10:00:00.5Z""#,
            "{}",
            "[]",
            r#"{"sessionToken":"x"}"#,
            r#"{"a":[1,{"b":"]"}]}"#,
            r#"{"a":1]"#,
            "[1,}",
            r#"{"a":1,}"#,
        ];
        prop_oneof![4 => Just(r#""text""#.to_owned()), 6 => prop::sample::select(values.to_vec()).prop_map(str::to_owned)]
    }

    fn members(names: &'static [&'static str], below: BoxedStrategy<String>) -> BoxedStrategy<String> {
        let member = (prop::sample::select(names), prop_oneof![value(), below]);
        let spaces = prop_oneof![6 => Just(""), 1 => Just(" \n")];
        (prop::collection::vec(member, 0..5), spaces)
            .prop_map(|(members, spaces)| object(members, spaces))
            .boxed()
    }

    fn identity() -> BoxedStrategy<String> {
        let other = Just("{}".to_owned()).boxed();
        let leaf = members(
            &[
                "type",
                "principalId",
                "arn",
                "creationDate",
                "mfaAuthenticated",
                "federatedProvider",
                "attributes",
            ],
            other,
        );
        let session = members(
            &["sessionIssuer", "attributes", "webIdFederationData", "sourceIdentity", "assumedRoot", "other"],
            leaf,
        );
        members(
            &[
                "type",
                "accountId",
                "accessKeyId",
                "sessionContext",
                "sessionContext",
                "inScopeOf",
                "onBehalfOf",
                "other",
                "another",
                "sessionToken",
                r"t\u0079pe",
                "invokedBy",
            ],
            session,
        )
    }

    #[test]
    fn an_identity_without_anything_odd_goes_the_short_way() {
        let value = br#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:one","arn":"arn:aws:sts::111122223333:assumed-role/a/one","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/a","accountId":"111122223333","userName":"a"},"webIdFederationData":{},"attributes":{"creationDate":"2026-03-09T10:00:00Z","mfaAuthenticated":"false"}},"invokedBy":"x"}"#;
        let (mut decoder, mut part) = (Decoder::default(), Part::default());
        let short = plain(&mut decoder, value, &mut part);
        assert_eq!(short, odd(&mut decoder, value, &mut part).ok());
        assert!(short.is_some());
        let twice = br#"{"type":"a","type":"a"}"#;
        assert_eq!(plain(&mut decoder, twice, &mut part), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn the_short_way_tells_of_an_identity_what_the_longer_one_does(values in prop::collection::vec(identity(), 1..4)) {
            let (mut decoder, mut part) = (Decoder::default(), Part::default());
            for value in values {
                if let Some(short) = plain(&mut decoder, value.as_bytes(), &mut part) {
                    let longer = odd(&mut Decoder::default(), value.as_bytes(), &mut Part::default());
                    prop_assert_eq!(Ok(short), longer);
                }
            }
        }
    }
}
