//! What a reading of request parameters looked at: calls that differ in nothing else ask for the same.

use std::cell::RefCell;
use std::fmt;

use hashbrown::HashSet;
use serde::Deserializer;
use serde::de::{self, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::ec2;
use super::parameter::ENCODED_ARN;

/// The texts and numbers in request parameters on whose value something depended.
///
/// A reading looks at parameters in three ways. It goes by their form: by the keys, by what is a list, an object, a number, an
/// ARN (what begins with `arn:`) or another text, and by what is empty, null, true or false. It asks of texts whether they are
/// of a kind that means the same wherever it stands: see [`speaks_for_itself`]. And it takes single values up, which are noted
/// here: nothing gets at one but by [`Noted`]. So whatever parameters agree in all three are read alike.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where texts and values stand in memory, for as long as the parameters are there.
    places: RefCell<HashSet<usize>>,
}

/// A value that is read: its form may be looked at, and what it says is given out with a note that it was.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    value: &'a Value,
    /// None if nobody asks what is looked at: of responses, that count as a whole.
    seen: Option<&'a Seen>,
}

/// A text that is read as a [`Noted`] value is; none is empty.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct NotedText<'a> {
    text: &'a str,
    seen: Option<&'a Seen>,
}

impl<'a> From<&'a Value> for Noted<'a> {
    /// A value of which nobody asks what is looked at.
    fn from(value: &'a Value) -> Self {
        Self::new(value, None)
    }
}

impl<'a> Noted<'a> {
    /// A value, and what notes it.
    #[must_use]
    pub fn new(value: &'a Value, seen: Option<&'a Seen>) -> Self {
        Self { value, seen }
    }

    /// A field of an object.
    pub(in crate::catalog) fn get(self, name: &str) -> Option<Self> {
        self.value.get(name).map(|value| Self { value, ..self })
    }

    /// The fields of an object; none of anything else.
    pub(in crate::catalog) fn fields(self) -> impl Iterator<Item = (&'a str, Self)> + Clone {
        let fields = self.value.as_object().into_iter().flatten();
        fields.map(move |(key, value)| (key.as_str(), Self { value, ..self }))
    }

    /// The items of a list; none of anything else.
    pub(in crate::catalog) fn items(self) -> impl Iterator<Item = Self> + Clone {
        let items = self.value.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().map(move |value| Self { value, ..self })
    }

    pub(in crate::catalog) fn is_list(self) -> bool {
        self.value.is_array()
    }

    pub(in crate::catalog) fn is_object(self) -> bool {
        self.value.is_object()
    }

    pub(in crate::catalog) fn is_number(self) -> bool {
        self.value.is_number()
    }

    pub(in crate::catalog) fn is_null(self) -> bool {
        self.value.is_null()
    }

    pub(in crate::catalog) fn is_null_or_false(self) -> bool {
        matches!(self.value, Value::Null | Value::Bool(false))
    }

    /// Whether it is a text, a list or an object, and holds nothing.
    pub(in crate::catalog) fn is_empty(self) -> bool {
        match self.value {
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Whether it is a parameter that is to be resolved.
    pub(in crate::catalog) fn is_resolved(self) -> bool {
        self.value.as_str().is_some_and(|text| text.starts_with(RESOLVED))
    }

    /// A text that is not empty, before it is looked at.
    pub(in crate::catalog) fn leaf(self) -> Option<NotedText<'a>> {
        let text = self.value.as_str().filter(|text| !text.is_empty())?;
        Some(NotedText { text, seen: self.seen })
    }

    /// A text.
    pub(in crate::catalog) fn text(self) -> Option<&'a str> {
        // That a text is empty is its form.
        self.value.as_str().map(|text| NotedText { text, seen: self.seen }.read())
    }

    /// A text as it is, all else as JSON.
    pub(in crate::catalog) fn written(self) -> String {
        if let Some(seen) = self.seen {
            seen.value(self.value);
        }
        self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned)
    }
}

impl<'a> NotedText<'a> {
    /// The text.
    pub(in crate::catalog) fn read(self) -> &'a str {
        if let Some(seen) = self.seen {
            seen.text(self.text);
        }
        self.text
    }

    /// Whether it is an ARN, which is its form.
    pub(in crate::catalog) fn is_arn(self) -> bool {
        self.text.starts_with("arn:")
    }

    /// The text, where it may be an id of EC2: these are looked for everywhere and need no note, see [`speaks_for_itself`].
    pub(in crate::catalog) fn id(self) -> Option<&'a str> {
        ec2::may_be_id(self.text).then_some(self.text)
    }
}

impl Seen {
    /// Notes a text.
    fn text(&self, text: &str) {
        self.places.borrow_mut().insert(text.as_ptr().addr());
    }

    /// Notes all that stands in a value.
    fn value(&self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Number(_) => {
                self.places.borrow_mut().insert(std::ptr::from_ref(value).addr());
            }
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(fields) => fields.values().for_each(|item| self.value(item)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn has(&self, value: &Value) -> bool {
        let place = match value {
            Value::String(text) => text.as_ptr().addr(),
            other => std::ptr::from_ref(other).addr(),
        };
        self.places.borrow().contains(&place)
    }

    /// Of the texts and numbers that stand as values in the text of parameters, in order, whether each was noted.
    /// `parameters` is what was read of the text. None if the text is not of them.
    #[must_use]
    pub fn in_order(&self, text: &str, parameters: &Value) -> Option<Vec<bool>> {
        let mut found = Vec::new();
        let walk = Walk { seen: self, value: Some(parameters), found: &mut found };
        let mut reader = serde_json::Deserializer::from_str(text);
        walk.deserialize(&mut reader).and_then(|()| reader.end()).ok()?;
        Some(found)
    }
}

/// How a parameter of Parameter Store begins that is to be resolved.
const RESOLVED: &str = "resolve:ssm:";

/// Whether a text is of a kind that readings look for under any key: an ARN as a part of a URL; an id of EC2; a parameter that
/// is to be resolved.
#[must_use]
pub fn speaks_for_itself(text: &str) -> bool {
    text.starts_with(ENCODED_ARN) || text.starts_with(RESOLVED) || ec2::may_be_id(text)
}

/// Goes through a text and what was read of it at once.
struct Walk<'s, 'v> {
    seen: &'s Seen,
    /// None of what is not there.
    value: Option<&'v Value>,
    found: &'s mut Vec<bool>,
}

impl Walk<'_, '_> {
    fn note(self) {
        // What cannot be told counts as noted.
        let is_noted = self.value.is_none_or(|value| self.seen.has(value));
        self.found.push(is_noted);
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.note();
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.note();
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.note();
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.note();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut values = self.value.and_then(Value::as_array).into_iter().flatten();
        loop {
            let walk = Walk { seen: self.seen, value: values.next(), found: &mut *self.found };
            if items.next_element_seed(walk)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut keys = 0;
        while let Some(key) = fields.next_key::<String>()? {
            keys += 1;
            let value = self.value.and_then(|value| value.get(&key));
            fields.next_value_seed(Walk { seen: self.seen, value, found: &mut *self.found })?;
        }
        // A key that stands twice has one value only.
        let is_all = self.value.and_then(Value::as_object).is_none_or(|all| all.len() == keys);
        if is_all { Ok(()) } else { Err(de::Error::custom("a key stands twice")) }
    }
}
