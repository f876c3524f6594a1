//! The forms in which a policy or a tag stands in JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The text of a policy that stands as an object, as text that holds one, or as URL-encoded text (RFC 3986), as the API
/// of IAM gives it (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyDetail.html>).
pub(super) fn document(raw: &RawValue) -> Cow<'_, str> {
    let Ok(text) = serde_json::from_str::<Cow<'_, str>>(raw.get()) else { return Cow::Borrowed(raw.get()) };
    if text.trim_start().starts_with('%') {
        let decoded = percent_encoding::percent_decode_str(&text).decode_utf8();
        if let Ok(decoded) = decoded {
            return Cow::Owned(decoded.into_owned());
        }
    }
    Cow::Owned(text.into_owned())
}

/// A tag as AWS prints it; some services write the names small.
#[derive(Debug, Deserialize)]
pub(super) struct Tag {
    #[serde(rename = "Key", alias = "key", alias = "TagKey")]
    key: String,
    #[serde(rename = "Value", alias = "value", alias = "TagValue", default)]
    value: String,
}

/// Tags as a list of keys and values, or as an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Tags {
    List(Vec<Tag>),
    Object(BTreeMap<String, String>),
}

impl Tags {
    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        match self {
            Self::List(tags) => tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            Self::Object(tags) => tags,
        }
    }
}
