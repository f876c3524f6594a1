//! The policies and tags that an issuing record names, kept once for all records that name the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use super::super::{Parsed, tag};
use super::{Operation, SessionPolicies};
use crate::policy::{Document, PolicyKind};

const NO_PARAMETERS: &str = "the record that issued the session holds no parameters";
const HIDDEN_POLICY: &str = "the record that issued the session hides its policy";

/// What an issuing record names.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    policies: Policies,
    /// The tags that the call gave; None if the record hides them.
    own: Option<BTreeMap<String, String>>,
    /// Which of them are transitive.
    transitive: Vec<String>,
    /// `incomingTransitiveTags`; None if the record has none.
    incoming: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Default)]
enum Policies {
    #[default]
    None,
    Given {
        /// As it stands in the record; parsed when it is asked for.
        inline: Option<Inline>,
        managed: Vec<String>,
    },
    Unknown(&'static str),
}

#[derive(Debug, Clone)]
struct Inline {
    text: Box<str>,
    parsed: OnceLock<Arc<Document>>,
}

impl Facts {
    pub(super) fn of(operation: Operation, parsed: &Parsed) -> Self {
        // A token for one's own session takes no policy and no tag.
        if operation == Operation::SessionToken {
            return Self { own: Some(BTreeMap::new()), ..Self::default() };
        }
        let Some(parameters) = parsed.parameters.as_ref().filter(|value| value.is_object()) else {
            return Self { policies: Policies::Unknown(NO_PARAMETERS), ..Self::default() };
        };
        let given = tag::given(parameters);
        let own = (!given.hidden).then_some(given.tags);
        let strings = |value: Option<&Value>| -> Vec<String> {
            let items = value.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let incoming = parameters
            .get("incomingTransitiveTags")
            .and_then(Value::as_object)
            .map(|tags| tags.iter().map(|(key, value)| (key.clone(), tag::text(value))).collect());
        Self {
            policies: policies(parameters),
            own,
            transitive: strings(parameters.get("transitiveTagKeys")),
            incoming,
        }
    }

    pub(super) fn policies(&self) -> SessionPolicies {
        match &self.policies {
            Policies::None => SessionPolicies::None,
            Policies::Unknown(why) => SessionPolicies::Unknown((*why).to_owned()),
            Policies::Given { inline, managed } => SessionPolicies::Given {
                inline: inline.iter().map(Inline::document).collect(),
                managed: managed.clone(),
            },
        }
    }

    /// The tags that the call gave; None if they are not known.
    pub(super) fn own_tags(&self) -> Option<&BTreeMap<String, String>> {
        self.own.as_ref()
    }

    /// Whether the record itself names the tags that the session inherited.
    pub(super) fn tells_inherited(&self) -> bool {
        self.incoming.is_some()
    }

    /// The tags that the record names as inherited.
    pub(super) fn incoming(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.incoming.as_ref().unwrap_or(&NONE)
    }

    /// Those of its own tags that a next session inherits; None if they are not known.
    pub(super) fn transitive(&self) -> Option<BTreeMap<String, String>> {
        let stays = |key: &str| self.transitive.iter().any(|other| other.eq_ignore_ascii_case(key));
        let own = self.own.as_ref()?.iter().filter(|(key, _)| stays(key));
        Some(own.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// What two records share that name the same.
    fn digest(&self) -> u128 {
        let mut hasher = Xxh3::new();
        let mut feed = |text: &str| {
            hasher.update(&text.len().to_le_bytes());
            hasher.update(text.as_bytes());
        };
        match &self.policies {
            Policies::None => feed("none"),
            Policies::Unknown(why) => feed(why),
            Policies::Given { inline, managed } => {
                feed("given");
                feed(inline.as_ref().map_or("", |inline| &inline.text));
                for arn in managed {
                    feed(arn);
                }
            }
        }
        for (name, tags) in [("own", &self.own), ("incoming", &self.incoming)] {
            feed(name);
            feed(if tags.is_some() { "known" } else { "" });
            for (key, value) in tags.iter().flatten() {
                feed(key);
                feed(value);
            }
        }
        feed("transitive");
        for key in &self.transitive {
            feed(key);
        }
        hasher.digest128()
    }
}

impl Inline {
    fn document(&self) -> Arc<Document> {
        let parse = || Arc::new(Document::parse(PolicyKind::Identity, "session policy", &self.text));
        Arc::clone(self.parsed.get_or_init(parse))
    }
}

/// The policies that narrow the session: `policy` and `policyArns` of
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>, the task policy of
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>.
fn policies(parameters: &Value) -> Policies {
    let inline = match parameters.get("policy") {
        Some(Value::String(text)) if tag::is_hidden(text) => return Policies::Unknown(HIDDEN_POLICY),
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.as_str().into()),
        Some(value @ Value::Object(_)) => Some(value.to_string().into_boxed_str()),
        _ => None,
    };
    let inline: Option<Inline> = inline.map(|text| Inline { text, parsed: OnceLock::new() });
    let arn_of = |value: &Value| value.as_str().or_else(|| value.get("arn")?.as_str()).map(str::to_owned);
    let listed = parameters.get("policyArns").and_then(Value::as_array).into_iter().flatten();
    let task = parameters.get("taskPolicyArn");
    let mut managed = Vec::new();
    for value in listed.chain(task) {
        match arn_of(value) {
            Some(arn) if !tag::is_hidden(&arn) => managed.push(arn),
            _ => return Policies::Unknown(HIDDEN_POLICY),
        }
    }
    managed.sort();
    if inline.is_none() && managed.is_empty() { Policies::None } else { Policies::Given { inline, managed } }
}

/// Facts by number, each once.
#[derive(Debug, Default)]
pub(super) struct FactsPool {
    all: Vec<Facts>,
    numbers: HashMap<u128, u32>,
}

impl FactsPool {
    /// The number of these facts. Past four thousand million different ones the last number is given again, and its
    /// facts are not known.
    pub(super) fn intern(&mut self, facts: Facts) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(facts.digest()).or_insert(next);
        if number == next && next != u32::MAX {
            self.all.push(facts);
        }
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&Facts> {
        self.all.get(usize::try_from(number).ok()?)
    }
}

impl IntoIterator for FactsPool {
    type Item = Facts;
    type IntoIter = std::vec::IntoIter<Facts>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl FactsPool {
    /// The session policies that were given inline.
    pub(super) fn documents(&self) -> impl Iterator<Item = Arc<Document>> {
        self.all.iter().filter_map(|facts| match &facts.policies {
            Policies::Given { inline: Some(inline), .. } => Some(inline.document()),
            _ => None,
        })
    }
}
