//! Hashes of text that is joined by: eight bytes are compared and copied where a name would be.

use xxhash_rust::xxh3::xxh3_64;

/// 64 bits that are equal for equal text; None for none and for empty text. The SQL function `text_hash`.
pub(crate) fn text_hash(text: Option<&str>) -> Option<i64> {
    let text = text.filter(|text| !text.is_empty())?;
    Some(i64::from_le_bytes(xxh3_64(text.as_bytes()).to_le_bytes()))
}
