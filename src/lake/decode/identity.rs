//! `userIdentity` into its columns, once for each caller that differs.

use super::{Decoder, Draft, FULL, Held, get, member_reason, refuse_repeated, set};
use crate::lake::intern::NULL;
use crate::lake::keys::{Path, Target};
use crate::lake::rows::{IDENTITY_COLUMNS, Identity, Part};
use crate::lake::{Column, Kind};
use crate::record::Reason;
use crate::record::scan;

impl Decoder {
    /// The identity of a `userIdentity` object: its id in the part, and the hash of its meaning.
    pub(super) fn identity(&mut self, value: &[u8], part: &mut Part) -> Result<(u32, u64), Reason> {
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
        let mut ids = std::mem::take(&mut self.identity_row);
        ids.clear();
        ids.resize(IDENTITY_COLUMNS.len(), NULL);
        let mut draft = Draft::default();
        let rest = self.container(Path::IDENTITY, shown, &mut ids, &mut draft, part)?;
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
                rest.extend_from_slice(if rest.is_empty() { b"{\"" } else { b",\"" });
                rest.extend_from_slice(key);
                rest.extend_from_slice(b"\":");
                rest.extend_from_slice(left);
            }
        }
        if rest.is_empty() {
            return Ok(None);
        }
        rest.push(b'}');
        Ok(Some(rest))
    }
}
