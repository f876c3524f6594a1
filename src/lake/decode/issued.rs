//! What a call issued, as its response says it.

use std::sync::LazyLock;

use memchr::memmem;

use super::Decoder;
use crate::lake::Column;
use crate::lake::intern::NULL;
use crate::lake::rows::Part;
use crate::record::Reason;
use crate::record::scan::{self, Member};

impl Decoder {
    /// What a response says the call issued: key, session ARN, session id.
    pub(super) fn issued(&mut self, id: u32, part: &mut Part) -> Result<[u32; 3], Reason> {
        let response = part.interner(Column::ResponseElements).get(id);
        if response.first() != Some(&b'{') || !ISSUED_NAMES.iter().any(|name| name.find(response).is_some()) {
            return Ok([NULL; 3]);
        }
        let mut members = std::mem::take(&mut self.members);
        let mut below = std::mem::take(&mut self.members_below);
        let mut found = [const { None }; 3];
        if scan::object(response, 0, &mut members).is_ok() {
            for (outer, inner, place) in ISSUED_PATHS {
                if found.get(place).is_some_and(Option::is_some) {
                    continue;
                }
                let value = member_of(response, &members, outer);
                let value = value.filter(|value| scan::object(value, 0, &mut below).is_ok());
                let value = value.and_then(|value| Self::plain_text(member_of(value, &below, inner)?));
                if let Some(found) = found.get_mut(place) {
                    *found = value.map(<[u8]>::to_vec);
                }
            }
        }
        (self.members, self.members_below) = (members, below);
        let [key, arn, session] = found;
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

/// The names of which a response has one if it says what was issued.
static ISSUED_NAMES: LazyLock<[memmem::Finder<'static>; 2]> =
    LazyLock::new(|| [memmem::Finder::new("\"accessKeyId\""), memmem::Finder::new("\"assumedRoleUser\"")]);

/// Where a response says what was issued, in the order of looking: an object, its member, and which of key (0), session ARN
/// (1) and session id (2) it is.
const ISSUED_PATHS: [(&str, &str, usize); 5] = [
    ("credentials", "accessKeyId", 0),
    ("accessKey", "accessKeyId", 0),
    ("roleCredentials", "accessKeyId", 0),
    ("assumedRoleUser", "arn", 1),
    ("assumedRoleUser", "assumedRoleId", 2),
];

/// The value of the last member with this name.
fn member_of<'a>(object: &'a [u8], members: &[Member], name: &str) -> Option<&'a [u8]> {
    let found = members.iter().rev().find(|member| member.key(object) == name.as_bytes())?;
    Some(found.value(object))
}
