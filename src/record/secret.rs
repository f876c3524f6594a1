//! Session tokens inside of texts that are JSON themselves, and how what is hidden of them is written.

use super::canonical::{Canonical, Invalid, SecretForm, is_secret_name, unescape};
use super::scan;

/// The name that tells a secret, in small letters.
const NAME: &[u8] = b"sessiontoken";

/// Whether a text is JSON, perhaps cut off, that holds a session token. Nearly all texts are told apart by their first byte,
/// and most others by a letter that is rare.
pub(super) fn holds_some(text: &[u8]) -> bool {
    let begins = matches!(text.get(scan::skip_space(text, 0)), Some(b'{' | b'[' | b'"'));
    if !begins || (memchr::memchr(b'\\', text).is_none() && names(text).next().is_none()) {
        return false;
    }
    let mut canonical = Canonical::default();
    match canonical.hash(text) {
        Ok(_) => !canonical.secrets.is_empty(),
        Err(_) => loose(text).next().is_some(),
    }
}

/// The JSON value with each secret that the last [`Canonical::hash`] of it found replaced by what `hash` makes of it.
///
/// # Errors
/// [`Invalid`] where the value is another one than was hashed.
pub fn hidden(
    canonical: &Canonical,
    value: &[u8],
    hash: &dyn Fn(&[u8]) -> String,
) -> Result<Vec<u8>, Invalid> {
    let mut out = Vec::with_capacity(value.len());
    let mut from = 0;
    for secret in &canonical.secrets {
        out.extend_from_slice(value.get(from..secret.start).unwrap_or_default());
        let mut text = Vec::new();
        unescape(value.get(secret.start..secret.end).unwrap_or_default(), &mut text)?;
        match secret.form {
            SecretForm::Whole => out.extend_from_slice(hash(&text).as_bytes()),
            SecretForm::Inside => escape(&hidden_inside(&text, hash), &mut out),
        }
        from = secret.end;
    }
    out.extend_from_slice(value.get(from..).unwrap_or_default());
    Ok(out)
}

/// A text with the session tokens hidden that are in it, None where there are none: see [`SecretForm::Inside`].
#[must_use]
pub fn hidden_text(text: &[u8], hash: &dyn Fn(&[u8]) -> String) -> Option<Vec<u8>> {
    holds_some(text).then(|| hidden_inside(text, hash))
}

fn hidden_inside(text: &[u8], hash: &dyn Fn(&[u8]) -> String) -> Vec<u8> {
    let mut canonical = Canonical::default();
    if canonical.hash(text).is_ok()
        && let Ok(hidden) = hidden(&canonical, text, hash)
    {
        return hidden;
    }
    let (mut out, mut from) = (Vec::with_capacity(text.len()), 0);
    for (start, end) in loose(text) {
        if start >= from {
            out.extend_from_slice(text.get(from..start).unwrap_or_default());
            out.extend_from_slice(hash(text.get(start..end).unwrap_or_default()).as_bytes());
            from = end;
        }
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    out
}

/// The places behind the name of a secret, in any case of its letters.
fn names(text: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr2_iter(b'k', b'K', text).filter_map(|at| {
        let start = at.checked_sub(NAME.len() - 3)?;
        let name = text.get(start..start + NAME.len())?;
        is_secret_name(name).then_some(start + NAME.len())
    })
}

/// The tokens of a text that is no whole JSON: what stands in quotes behind a name, or where none are closed or a list or an
/// object begins there, all that follows.
fn loose(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    names(text).filter_map(|behind| {
        let past = |at: usize, skipped: fn(&u8) -> bool| {
            let rest = text.get(at..).unwrap_or_default();
            at + rest.iter().position(|byte| !skipped(byte)).unwrap_or(rest.len())
        };
        let colon = past(behind, |byte| matches!(byte, b'\\' | b'"' | b' ' | b'\t' | b'\n' | b'\r'));
        if text.get(colon) != Some(&b':') {
            return None;
        }
        let value = past(colon + 1, |byte| matches!(byte, b'\\' | b' ' | b'\t' | b'\n' | b'\r'));
        match text.get(value)? {
            b'"' => {
                let rest = text.get(value + 1..).unwrap_or_default();
                let len = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                (len > 0).then_some((value + 1, value + 1 + len))
            }
            b'{' | b'[' => Some((value, text.len())),
            _ => None,
        }
    })
}

/// Appends a text as it stands in a JSON string. Halves of surrogate pairs are written as [`unescape`] read them.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'"' | b'\\', _) => out.extend_from_slice(&[b'\\', byte]),
            (0..0x20, _) => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            (0xED, [high @ 0xA0..=0xBF, low, behind @ ..]) => {
                let unit = 0xD000 | u32::from(high & 0x3F) << 6 | u32::from(low & 0x3F);
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                rest = behind;
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(value: &str) -> String {
        let mut canonical = Canonical::default();
        canonical.hash(value.as_bytes()).unwrap();
        let hash = |token: &[u8]| format!("<{}>", String::from_utf8_lossy(token).len());
        String::from_utf8(hidden(&canonical, value.as_bytes(), &hash).unwrap()).unwrap()
    }

    fn quoted(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }

    #[test]
    fn tokens_are_hidden_in_json_that_is_a_text_however_often_over() {
        let plain = r#"{"credentials":{"sessionToken":"secret","a":"é\ud800\n"},"n":1.50}"#;
        let hidden = r#"{"credentials":{"sessionToken":"<6>","a":"é\ud800\n"},"n":1.50}"#;
        assert_eq!(hide(plain), hidden);
        let (mut plain, mut hidden) = (plain.to_owned(), hidden.to_owned());
        for _ in 0..4 {
            (plain, hidden) = (quoted(&plain), quoted(&hidden));
            assert_eq!(hide(&plain), hidden);
        }
        let escaped = quoted(r#"{"session\u0054oken":"secret"}"#);
        assert_eq!(hide(&escaped), quoted(r#"{"session\u0054oken":"<6>"}"#));
    }

    #[test]
    fn what_is_cut_off_hides_its_token_too() {
        for (text, expected) in [
            (r#"{"a":{"SessionToken" : "secret","b":"#, r#"{"a":{"SessionToken" : "<6>","b":"#),
            (r#"{"sessionToken":"secr"#, r#"{"sessionToken":"<4>"#),
            (r#"["{\"sessionToken\":\"secret\",\"#, r#"["{\"sessionToken\":\"<6>\",\"#),
            (r#"{"sessionToken":{"a":"b"},"#, r#"{"sessionToken":<10>"#),
        ] {
            assert_eq!(hide(&quoted(text)), quoted(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_stay_to_the_byte() {
        for text in [
            r#"{"Statement":[{"Condition":{"x":"sessionToken"}}]}"#,
            r#"{"sessionTokens":"a"}"#,
            r#"{"sessionToken":null}"#,
            r#"{"cut":"off","token\"#,
            r#"a "sessionToken":"b""#,
            "{\"\\\\\":\"\u{7}k\"",
        ] {
            let value = quoted(text).replace("Statement", "\\u0053tatement");
            assert_eq!(hide(&value), value, "{text}");
        }
    }
}
