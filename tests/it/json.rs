//! A JSON value in a form that can be compared, numbers with their text; a twin of the product's own reading that shares
//! no code with it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// What becomes of session tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// They are replaced by their hash.
    Hashed,
    /// They stay.
    Kept,
    /// Every text is one, in the value of a token.
    All,
}

/// The value of `text`: members sorted, strings unescaped and escaped again in one way, numbers as they stand. With
/// [`Tokens::Hashed`], session tokens are replaced as the lake replaces them.
pub(crate) fn normal(text: &str, tokens: Tokens) -> Result<String, serde_json::Error> {
    let raw: &RawValue = serde_json::from_str(text)?;
    let text = raw.get();
    Ok(match text.as_bytes()[0] {
        b'{' => {
            let members: BTreeMap<Key, &RawValue> = serde_json::from_str(text)?;
            let members: Result<Vec<String>, serde_json::Error> = members
                .into_iter()
                .map(|(key, value)| {
                    let is_token = tokens == Tokens::Hashed && key.0.eq_ignore_ascii_case("sessiontoken");
                    let tokens = if is_token { Tokens::All } else { tokens };
                    Ok(format!("{:?}:{}", key.0, normal(value.get(), tokens)?))
                })
                .collect();
            format!("{{{}}}", members?.join(","))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items: Result<Vec<String>, serde_json::Error> =
                items.iter().map(|item| normal(item.get(), tokens)).collect();
            format!("[{}]", items?.join(","))
        }
        b'"' => match string(text) {
            Ok(token) if tokens == Tokens::All => {
                format!("{:?}", backtrail::lake::token_hash(token.as_bytes()))
            }
            Ok(string) => format!("{string:?}"),
            // Half a surrogate pair: no Rust string; its own text stands for it.
            Err(_) => text.to_owned(),
        },
        _ => text.to_owned(),
    })
}

fn string(text: &str) -> Result<String, serde_json::Error> {
    serde_json::from_str(text)
}

#[derive(PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
struct Key(String);

/// The records of an object's text, whatever they are wrapped in, as their own texts.
pub(crate) fn records(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for value in
        serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<&RawValue>()
    {
        match value {
            Ok(value) => unwrap(value, &mut found),
            Err(_) => break,
        }
    }
    found
}

fn unwrap(value: &RawValue, found: &mut Vec<String>) {
    if value.get().starts_with('[') {
        for item in serde_json::from_str::<Vec<&RawValue>>(value.get()).unwrap() {
            unwrap(item, found);
        }
        return;
    }
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()) else { return };
    if members.contains_key("eventTime") || members.contains_key("@timestamp") {
        found.push(value.get().to_owned());
        return;
    }
    for name in ["Records", "Events", "logEvents", "detail"] {
        if let Some(inner) = members.get(name) {
            unwrap(inner, found);
        }
    }
    for name in ["CloudTrailEvent", "message"] {
        if let Some(Ok(text)) = members.get(name).map(|inner| serde_json::from_str::<String>(inner.get())) {
            found.extend(records(&text));
        }
    }
}
