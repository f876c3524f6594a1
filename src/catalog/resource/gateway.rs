//! API Gateway: calls are authorized as HTTP verbs on a path, which the call's name tells
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html>).

use std::borrow::Cow;

use super::{Certainty, Resource, Search, Source};
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
    // Types of both versions have a form of each; the parameters fill the right one.
    let forms = types.iter().filter(|own| own.name == kind.name).filter_map(|own| filled(search, own));
    let fullest = forms.min_by_key(|form| form.open)?;
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
    let (source, presence) = (Source::Request, Presence::Certain);
    Some(Resource { arn, certainty, source, kind: None, again: None, presence })
}

/// A format of a type, filled.
struct Filled {
    arn: String,
    /// How many placeholders stayed open.
    open: usize,
}

/// The format filled with the parameters.
fn filled(search: &Search<'_>, kind: &'static ResourceType) -> Option<Filled> {
    let place = search.evidence.place;
    let mut open = 0;
    let arn = kind.arn.fill(|name| {
        let value = match name {
            "Partition" => Some(Cow::Borrowed(place.partition)),
            "Region" => Some(Cow::Borrowed(place.region)),
            "Account" => Some(Cow::Borrowed(place.account)),
            "UrlEncodedResourceARN" => {
                let arn = search.leaves.one("resourceArn");
                arn.map(|arn| Cow::Owned(arn.replace(':', "%3A").replace('/', "%2F")))
            }
            _ => match search.values(kind, name).as_slice() {
                [value] => Some(Cow::Borrowed(*value)),
                _ => None,
            },
        };
        open += usize::from(value.is_none());
        Some(value.unwrap_or(Cow::Borrowed("*")))
    })?;
    Some(Filled { arn, open })
}
