//! Lambda: a function is named in full, in part, or by its name alone; a version or an alias may follow, or stand apart.

use std::borrow::Cow;

use super::{Certainty, Resource, Search, Source};
use crate::aws::AccountId;
use crate::catalog::service::ResourceType;

/// What `functionName` says: an ARN, or its end from any part on, as Lambda reads it
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>, the pattern of `FunctionName`):
/// `REGION:ACCOUNT:function:NAME:QUALIFIER`, of which only the name must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Function<'a> {
    partition: Option<&'a str>,
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Function<'a> {
    /// None of what is no name of a function.
    fn parse(text: &'a str) -> Option<Self> {
        let (partition, mut rest) = match text.strip_prefix("arn:") {
            Some(arn) => {
                let (partition, rest) = arn.split_once(":lambda:")?;
                (Some(partition), rest)
            }
            None => (None, text),
        };
        // A part is one only if more follows: `111122223333` alone is a name.
        let mut take = |is_it: &dyn Fn(&str) -> bool| {
            let (part, after) = rest.split_once(':').filter(|(part, _)| is_it(part))?;
            rest = after;
            Some(part)
        };
        let region = take(&is_region);
        let account = take(&|part| AccountId::parse(part).is_some());
        take(&|part| part == "function");
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        let is_name = !name.is_empty() && qualifier.is_none_or(|own| !own.is_empty() && !own.contains(':'));
        is_name.then_some(Self { partition, region, account, name, qualifier })
    }

    /// Its ARN, with this qualifier if there is one.
    fn arn(self, search: &Search<'_>, qualifier: Option<&str>) -> String {
        let place = search.evidence.place;
        let partition = self.partition.unwrap_or(place.partition);
        let (region, account) = (self.region.unwrap_or(place.region), self.account.unwrap_or(place.account));
        let end = qualifier.map_or_else(String::new, |own| format!(":{own}"));
        format!("arn:{partition}:lambda:{region}:{account}:function:{}{end}", self.name)
    }
}

/// Whether a text has the form of a region, `eu-west-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let ends_in_number = parts.next_back().is_some_and(|end| matches!(end.as_bytes(), [b'0'..=b'9']));
    let words: Vec<&str> = parts.collect();
    ends_in_number && words.len() >= 2 && words.into_iter().all(is_word)
}

/// The function that a call is for; its qualifier may stand apart, in `qualifier`.
pub(super) fn functions(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let named = search.leaves.one("functionName");
    let given = named.and_then(Function::parse);
    let apart = search.leaves.one("qualifier");
    let qualifier = given.and_then(|own| own.qualifier).or(apart);
    let mut logged = search.logged(kind);
    if !logged.is_empty() {
        if let ([one], Some(qualifier)) = (logged.as_mut_slice(), qualifier)
            && one.arn.split(":function:").nth(1).is_some_and(|name| !name.contains(':'))
        {
            one.arn = format!("{}:{qualifier}", one.arn);
        }
        return Some(logged);
    }
    named?;
    let exact = |own: Function<'_>| {
        Resource::new(kind, own.arn(search, qualifier), Certainty::Exact, Source::Request)
    };
    let unknown = || search.fill(kind, &|_| Some(Cow::Borrowed("*"))).made_pattern();
    Some(vec![given.map_or_else(unknown, exact)])
}

/// A layer's version is a number beside its name; a function's qualifier is a version, if it is a number, or an alias
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_DeleteLayerVersion.html>,
/// <https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html>).
pub(super) fn versions(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    if kind.name == "layerVersion" {
        return layer_versions(search, kind);
    }
    let function = Function::parse(search.leaves.one("functionName")?)?;
    let qualifier = search.leaves.one("qualifier").or(function.qualifier)?;
    let is_version = qualifier == "$LATEST" || qualifier.bytes().all(|byte| byte.is_ascii_digit());
    if is_version != (kind.name == "function version") {
        return Some(Vec::new());
    }
    let arn = function.arn(search, Some(qualifier));
    Some(vec![Resource::new(kind, arn, Certainty::Exact, Source::Request)])
}

fn layer_versions(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    const BEGINNING: &str = ":layer:";
    let version = search.evidence.parameter("versionNumber")?.written();
    let name = search.leaves.one("layerName")?;
    let (head, name) = name.split_once(BEGINNING).unwrap_or(("", name));
    let name = name.split(':').next().unwrap_or(name);
    if head.starts_with("arn:") {
        let arn = format!("{head}{BEGINNING}{name}:{version}");
        return Some(vec![Resource::new(kind, arn, Certainty::Exact, Source::Request)]);
    }
    Some(vec![search.fill(kind, &|placeholder| {
        Some(Cow::Owned(if placeholder.ends_with("Name") { name } else { &version }.to_owned()))
    })])
}
