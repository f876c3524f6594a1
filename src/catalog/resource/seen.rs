//! What a reading of request parameters looked at: calls that differ in nothing else ask for the same.

use std::cell::RefCell;
use std::fmt;

use hashbrown::HashSet;
use serde::Deserializer;
use serde::de::{self, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::ec2;

/// The texts and numbers in request parameters on whose value something depended.
///
/// A reading looks at parameters in three ways. It goes by their form: by the keys, by what is a list, an object, a number, an
/// ARN (what begins with `arn:`) or another text, and by what is empty, null, true or false. It asks of texts whether they are of a kind that means the same
/// wherever it stands: see [`speaks_for_itself`]. And it takes single values up, which are noted here. So whatever
/// parameters agree in all three are read alike.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where texts and values stand in memory, for as long as the parameters are there.
    places: RefCell<HashSet<usize>>,
}

impl Seen {
    /// Notes a text.
    pub(super) fn text(&self, text: &str) {
        self.places.borrow_mut().insert(text.as_ptr().addr());
    }

    /// Notes what stands in these parameters, which stand outermost; all that there is in what is no object.
    pub fn note_told_by(&self, parameters: &Value, names: &[&str]) {
        match parameters {
            Value::Object(fields) => {
                names.iter().filter_map(|name| fields.get(*name)).for_each(|own| self.value(own));
            }
            other => self.value(other),
        }
    }

    /// Notes all that stands in a value.
    pub(in crate::catalog) fn value(&self, value: &Value) {
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

/// Whether a text is of a kind that readings look for under any key: an ARN as a part of a URL; an id of EC2; a parameter that
/// is to be resolved.
#[must_use]
pub fn speaks_for_itself(text: &str) -> bool {
    text.starts_with("arn%3") || text.starts_with("resolve:ssm:") || ec2::may_be_id(text)
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
