//! JSON of the log as a value, lone surrogates and all.

use serde_json::Value;

/// The value of a column of JSON text; `None` for text that is no JSON or is nested deeper than 127 levels.
///
/// A log may hold `"\ud800"`, half of a character, which no Rust text can: it is read as `\ufffd`, so that one such
/// character does not hide what stands beside it.
pub(crate) fn value(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&without_surrogates(text)).ok())
}

/// The text with every escaped surrogate replaced.
fn without_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let surrogate = after.get(..5).is_some_and(|escape| {
            let escape = escape.as_bytes();
            matches!(escape, [b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..])
        });
        let length = if surrogate { 5 } else { after.chars().next().map_or(0, char::len_utf8) };
        let (escape, next) = after.split_at_checked(length).unwrap_or((after, ""));
        out.push('\\');
        out.push_str(if surrogate { "ufffd" } else { escape });
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn half_a_character_does_not_hide_its_neighbours() {
        let found = value(r#"{"a":"x\ud800y","b":"\\ud800 \uDC00\n","c":"é"}"#).unwrap();
        assert_eq!(found["a"], "x\u{fffd}y");
        assert_eq!(found["b"], "\\ud800 \u{fffd}\n");
        assert_eq!(found["c"], "é");
        assert!(value(r#"{"a":"\"#).is_none());
        assert!(value("").is_none());
    }
}
