//! Reads the parameters, response and additional data of one record by paths of member names.
//!
//! A path is looked up as leniently as the services write: names match without case (`aRN`, `ARN`), lists are walked
//! through, and so are the wrappers of XML APIs (`{"items":[…]}`, `{"item":…}`, `{"member":…}`,
//! `{"CreateFlowLogsRequest":{…}}`, `{"tag":1,"content":"fl-…"}`).

use serde_json::{Map, Value};

use crate::aws::HIDDEN;
use crate::query::EventRow;

/// The JSON bodies of a record; `null` where a record has none or its text is no JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    request: Value,
    response: Value,
    additional: Value,
    service_event: Value,
}

impl Body {
    /// Parses the bodies of `row`.
    pub(crate) fn of(row: &EventRow<'_>) -> Body {
        Body {
            request: unwrapped(parse(row.request_parameters), "Request"),
            response: unwrapped(parse(row.response_elements), "Response"),
            additional: parse(row.additional_event_data),
            service_event: parse(row.service_event_details),
        }
    }

    /// The value that a path begins in: `q.` the request, `r.` the response, `a.` the additional data, `s.` the details
    /// of a service event.
    fn root<'p>(&self, path: &'p str) -> (&Value, &'p str) {
        match path.split_once('.') {
            Some(("q", rest)) => (&self.request, rest),
            Some(("r", rest)) => (&self.response, rest),
            Some(("a", rest)) => (&self.additional, rest),
            Some(("s", rest)) => (&self.service_event, rest),
            _ => (&Value::Null, path),
        }
    }

    /// Every value at `path`, in the order of the document.
    pub(crate) fn values(&self, path: &str) -> Vec<&Value> {
        let (root, rest) = self.root(path);
        values(root, rest)
    }

    /// Every text at `path` that is not empty and not hidden; numbers and booleans as their text.
    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        self.values(path).into_iter().filter_map(text).filter(|t| !t.is_empty() && t != HIDDEN).collect()
    }

    /// The first text at `path`.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.texts(path).into_iter().next()
    }

    /// The first text at the first of `paths` that has one.
    pub(crate) fn first(&self, paths: &[&str]) -> Option<String> {
        paths.iter().find_map(|path| self.text(path))
    }

    /// Whether something stands at `path`, be it hidden, empty or `false`.
    pub(crate) fn has(&self, path: &str) -> bool {
        !self.values(path).is_empty()
    }

    /// Whether `path` holds `true`, as a boolean or as text.
    pub(crate) fn is_true(&self, path: &str) -> bool {
        self.text(path).is_some_and(|t| t.eq_ignore_ascii_case("true"))
    }

    /// Whether `path` holds `false`, as a boolean or as text.
    pub(crate) fn is_false(&self, path: &str) -> bool {
        self.text(path).is_some_and(|t| t.eq_ignore_ascii_case("false"))
    }

    /// The members of the object at `path` (`q` alone is the whole request) that have a text, in their order.
    pub(crate) fn members(&self, path: &str) -> Vec<(&str, String)> {
        let objects = match path {
            "q" => vec![&self.request],
            "r" => vec![&self.response],
            path => self.values(path),
        };
        let objects = objects.into_iter().filter_map(Value::as_object).flatten();
        let texts = objects.filter_map(|(name, value)| Some((name.as_str(), first_text(value)?)));
        texts.filter(|(_, text)| !text.is_empty() && text != HIDDEN).collect()
    }
}

/// The text of a plain value, or the first of a list of them.
fn first_text(value: &Value) -> Option<String> {
    leaves(value).into_iter().find_map(text)
}

fn parse(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// Takes a lone `…Request` or `…Response` wrapper off.
fn unwrapped(value: Value, ending: &str) -> Value {
    match value {
        Value::Object(object) if object.len() == 1 => {
            let inner =
                object.iter().next().filter(|(name, inner)| name.ends_with(ending) && inner.is_object());
            match inner {
                Some((_, inner)) => inner.clone(),
                None => Value::Object(object),
            }
        }
        other => other,
    }
}

/// The text of a plain value, or of the `content` of an XML element.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(object) => object.get("content").filter(|inner| !inner.is_object()).and_then(text),
        Value::Array(_) | Value::Null => None,
    }
}

/// Every value at the dotted `path` below `value`.
pub(crate) fn values<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for name in path.split('.') {
        found = found.into_iter().flat_map(|value| children(value, name)).collect();
    }
    found.into_iter().flat_map(leaves).collect()
}

/// The members called `name` of `value`, through lists and XML wrappers.
fn children<'v>(value: &'v Value, name: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(list) => list.iter().flat_map(|item| children(item, name)).collect(),
        Value::Object(object) => {
            if let Some(child) = object.get(name) {
                return vec![child];
            }
            if let Some((_, child)) = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
                return vec![child];
            }
            wrapped(object).map(|inner| children(inner, name)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// What an object that only wraps a list holds.
fn wrapped(object: &Map<String, Value>) -> Option<&Value> {
    ["items", "item", "member", "entry"].iter().find_map(|name| object.get(*name))
}

/// The items of a list or of a wrapped list, else the value itself; nothing for `null`.
fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().flat_map(leaves).collect(),
        Value::Object(object) => match wrapped(object) {
            Some(inner) => leaves(inner),
            None => vec![value],
        },
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::Body;
    use crate::query::EventRow;

    fn body(request: &str, response: &str) -> Body {
        Body::of(&EventRow {
            request_parameters: Some(request),
            response_elements: Some(response),
            ..EventRow::default()
        })
    }

    #[test]
    fn lists_and_xml_wrappers_are_walked_through() {
        let body = body(
            r#"{"DeleteFlowLogsRequest":{"FlowLogId":{"tag":1,"content":"fl-1"}}}"#,
            r#"{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]},"aRN":"x"}"#,
        );
        assert_eq!(body.texts("q.flowLogId"), ["fl-1"]);
        assert_eq!(body.texts("r.instancesSet.instanceId"), ["i-1", "i-2"]);
        assert_eq!(body.text("r.arn").as_deref(), Some("x"));
    }

    #[test]
    fn odd_bodies_hold_nothing() {
        for odd in ["null", "\"null\"", "[]", "{", "", "7"] {
            let body = body(odd, odd);
            assert_eq!(body.text("q.name"), None, "{odd}");
            assert!(body.members("q").is_empty(), "{odd}");
        }
    }

    #[test]
    fn hidden_text_is_no_value_yet_is_there() {
        let body = body(r#"{"userName":"HIDDEN_DUE_TO_SECURITY_REASONS","a":false}"#, "null");
        assert_eq!(body.text("q.userName"), None);
        assert!(body.has("q.userName"));
        assert!(body.is_false("q.a"));
    }
}
