//! API Gateway: calls are authorized as HTTP verbs on a path, which the call's name tells
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html>).

use std::borrow::Cow;

use super::{Certainty, Resource, Search, Source};
use crate::catalog::arn_format::Part;
use crate::catalog::catalog;
use crate::catalog::event::Presence;
use crate::catalog::service::{Action, ResourceType};

const VERBS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

/// The beginnings of the calls' names, before what they are for.
const BEGINNINGS: [&str; 9] =
    ["Get", "Create", "Update", "Delete", "Put", "Import", "Reimport", "Generate", "TestInvoke"];

/// Whether an action is a verb.
pub(super) fn is_verb(action: &Action) -> bool {
    action.service == "apigateway" && VERBS.contains(&action.name)
}

/// The path of the call's name: of what it is called for, or of their collection where it makes one. None if no type is
/// called so.
pub(super) fn path(search: &Search<'_>) -> Option<Resource> {
    let event = search.evidence.event;
    let noun = BEGINNINGS.iter().find_map(|begin| event.strip_prefix(begin))?;
    let makes = search.action.name == "POST";
    if let Some(path) = of_api(search, noun, makes) {
        return Some(path);
    }
    let types = catalog().service("apigateway")?.resource_types;
    let named = |is_it: &dyn Fn(&str) -> bool| types.iter().find(|kind| is_it(kind.name));
    let collection = || named(&|name| name.strip_suffix('s') == Some(noun)).filter(|_| makes);
    let kind = collection().or_else(|| named(&|name| name == noun))?;
    let mut alternatives = alternatives(search, kind).into_iter();
    // Types of both versions have a format of each; the parameters fill the right one.
    let first = alternatives.next()?;
    let fullest = alternatives.fold(first, |best, next| if next.open < best.open { next } else { best });
    let certainty = if fullest.open == 0 { Certainty::Exact } else { Certainty::Pattern };
    Some(Resource::new(kind, fullest.arn, certainty, Source::Request))
}

/// The APIs of the second version, which have no type of their own in AWS's list.
fn of_api(search: &Search<'_>, noun: &str, makes: bool) -> Option<Resource> {
    let place = search.evidence.place;
    let all = format!("arn:{}:apigateway:{}::/apis", place.partition, place.region);
    let (arn, certainty) = match (noun, search.leaves.one("apiId")) {
        ("Apis", _) => (all, Certainty::Exact),
        ("Api", _) if makes => (all, Certainty::Exact),
        ("Api", Some(id)) => (format!("{all}/{id}"), Certainty::Exact),
        ("Api", None) => (format!("{all}/*"), Certainty::Pattern),
        _ => return None,
    };
    Some(Resource { arn, certainty, source: Source::Request, kind: None, presence: Presence::Certain })
}

/// One of the formats of a type, filled.
#[derive(Default)]
struct Filled {
    arn: String,
    /// How many placeholders stayed open.
    open: usize,
}

/// The formats of a type, which stand in one text, parted by commas; each filled with the parameters.
fn alternatives(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Filled> {
    let place = search.evidence.place;
    let mut all = vec![Filled::default()];
    for part in kind.arn.parts() {
        let value = match part {
            Part::Text(text) => {
                let (end, rest) = text.split_once(", ").unwrap_or((text, ""));
                if let Some(last) = all.last_mut() {
                    last.arn.push_str(end);
                }
                if end.len() < text.len() {
                    all.push(Filled { arn: rest.to_owned(), open: 0 });
                }
                continue;
            }
            Part::Placeholder("Partition") => Some(Cow::Borrowed(place.partition)),
            Part::Placeholder("Region") => Some(Cow::Borrowed(place.region)),
            Part::Placeholder("Account") => Some(Cow::Borrowed(place.account)),
            Part::Placeholder("UrlEncodedResourceARN") => {
                let arn = search.leaves.one("resourceArn");
                arn.map(|arn| Cow::Owned(arn.replace(':', "%3A").replace('/', "%2F")))
            }
            Part::Placeholder(name) => match search.values(kind, name).as_slice() {
                [value] => Some(Cow::Borrowed(*value)),
                _ => None,
            },
        };
        if let Some(last) = all.last_mut() {
            last.open += usize::from(value.is_none());
            last.arn.push_str(value.as_deref().unwrap_or("*"));
        }
    }
    all
}
