//! Request parameters as a flat list, and the names that a placeholder may have there.

use serde_json::Value;

use super::seen::{Noted, NotedText};
use super::{Evidence, is_place};
use crate::catalog::service::ResourceType;

/// How deep and how many values are read; a record's parameters have far less.
const DEPTH_MAX: usize = 24;
const LEAVES_MAX: usize = 20_000;

/// What does not name resources of the request, whatever its keys are called.
const SKIPPED: [&str; 10] = [
    "filterSet",
    "filters",
    "filter",
    "tags",
    "tagSet",
    "tagSpecification",
    "tagSpecificationSet",
    "tagSpecifications",
    "environment",
    "encryptionContext",
];

/// Names that mean the main resource of a call where no other name does: `name` of a trail, `id` of a detector. An id that is
/// given beside a name says which thing is meant, and the name may be a new one.
pub(super) const PLAIN_NAMES: &[&str] = &["name", "id", "arn", "identifier", "resourceName", "resourceId"];

/// The same for what is named by its id.
pub(super) const PLAIN_IDS_FIRST: &[&str] =
    &["id", "identifier", "resourceId", "name", "arn", "resourceName"];

/// Those of them that mean an id where the name stands apart.
pub(super) const PLAIN_IDS: &[&str] = &["id", "identifier"];

/// The texts in request parameters, each with the key that it stands under.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Leaves<'a> {
    leaves: Vec<Leaf<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Leaf<'a> {
    key: &'a str,
    /// The key of the object that the key stands in; empty outermost.
    parent: &'a str,
    value: NotedText<'a>,
    /// The number of objects around it; a single wrapper (`CreateXRequest`) does not count.
    depth: usize,
}

impl<'a> Leaves<'a> {
    /// Those of the request parameters.
    pub(in crate::catalog) fn of(evidence: &Evidence<'a>) -> Self {
        Self::read(evidence.parameters)
    }

    pub(in crate::catalog) fn read(value: Option<Noted<'a>>) -> Self {
        let mut leaves = Self::default();
        let Some(value) = value else { return leaves };
        let mut fields = value.fields();
        // EC2 wraps some requests in an object of the call's own name.
        let wrapped = match (fields.next(), fields.next()) {
            (Some((_, inner)), None) if inner.is_object() => Some(inner),
            _ => None,
        };
        if let Some(wrapped) = wrapped {
            leaves.collect(["", ""], wrapped, 1);
        }
        leaves.collect(["", ""], value, 1);
        leaves
    }

    fn collect(&mut self, [parent, key]: [&'a str; 2], value: Noted<'a>, depth: usize) {
        if depth > DEPTH_MAX || self.leaves.len() >= LEAVES_MAX {
            return;
        }
        // What is to be resolved first is no name of anything yet.
        if value.is_resolved() {
            return;
        }
        if let Some(value) = value.leaf() {
            self.leaves.push(Leaf { key: own_key(parent, key), parent, value, depth });
            return;
        }
        for item in value.items() {
            self.collect([parent, key], item, depth);
        }
        if let Some(content) = list_item(value) {
            self.collect([parent, key], content, depth);
            return;
        }
        for (inner_key, inner) in value.fields() {
            if !SKIPPED.iter().any(|skipped| skipped.eq_ignore_ascii_case(inner_key)) {
                self.collect([key, inner_key], inner, depth + 1);
            }
        }
    }

    /// Every ARN, in order.
    pub(in crate::catalog) fn arns(&self) -> impl Iterator<Item = &'a str> {
        self.leaves.iter().map(|leaf| leaf.value).filter(|value| value.is_arn()).map(NotedText::read)
    }

    /// Every text, in order.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a str> {
        self.leaves.iter().map(|leaf| leaf.value.read())
    }

    /// Every id of EC2, in order, and perhaps others.
    pub(super) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.leaves.iter().filter_map(|leaf| leaf.value.id())
    }

    /// The values under keys that end in `role` or `roleArn`, in any case and number.
    pub(in crate::catalog) fn roles(&self) -> impl Iterator<Item = &'a str> {
        let ends = |key: &str, end: &str| {
            let place = key.len().checked_sub(end.len());
            place.and_then(|place| key.get(place..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        let is_role = move |key: &str| {
            let key = key.strip_suffix(['s', 'S']).unwrap_or(key);
            ends(key, "role") || ends(key, "rolearn")
        };
        self.leaves.iter().filter(move |leaf| is_role(leaf.key)).map(|leaf| leaf.value.read())
    }

    /// The ARNs that do not stand under a key which says who gets or has something.
    pub(in crate::catalog) fn handed_over(&self) -> impl Iterator<Item = &'a str> {
        let is_receiver = |key: &str| {
            let key = key.to_ascii_lowercase();
            ["principal", "grantee", "identity", "user", "owner", "member"]
                .iter()
                .any(|word| key.contains(word))
        };
        let handed = move |leaf: &&Leaf<'_>| !is_receiver(leaf.key) && !is_receiver(leaf.parent);
        let values = self.leaves.iter().filter(handed).map(|leaf| leaf.value);
        values.filter(|value| value.is_arn()).map(NotedText::read)
    }

    /// The values under a key, and those in objects under it.
    pub(in crate::catalog) fn values_of(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let is_it = move |leaf: &&Leaf<'_>| Name::from(name).is(leaf.key) || Name::from(name).is(leaf.parent);
        self.leaves.iter().filter(is_it).map(|leaf| leaf.value.read())
    }

    /// The distinct values under the first of the names that any value has, in any case, singular or plural.
    pub(super) fn first_of<'n, N: Into<Name<'n>>>(&self, names: impl IntoIterator<Item = N>) -> Vec<&'a str> {
        names
            .into_iter()
            .map(|name| self.under(name.into(), usize::MAX))
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// As [`Leaves::first_of`], of what stands outermost.
    pub(super) fn top(&self, names: &[&str]) -> Vec<&'a str> {
        names
            .iter()
            .map(|name| self.under(Name::from(*name), 2))
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// The plain names in an object that stands outermost and is called after a type: `tableInput.name`.
    pub(super) fn inside_type(&self, kind: &str) -> Vec<&'a str> {
        let kind = letters(kind);
        let is_its = |leaf: &&Leaf<'_>| {
            let parent = letters(leaf.parent);
            let is_plain = leaf.key.eq_ignore_ascii_case("name");
            is_plain && leaf.depth == 3 && parent.strip_suffix("input").unwrap_or(&parent) == kind
        };
        self.leaves.iter().filter(is_its).map(|leaf| leaf.value.read()).collect()
    }

    /// The values under a key in an object under another one.
    pub(super) fn inside(&self, parent: &str, key: &str) -> Vec<&'a str> {
        let is_it =
            |leaf: &&Leaf<'_>| leaf.parent.eq_ignore_ascii_case(parent) && leaf.key.eq_ignore_ascii_case(key);
        self.leaves.iter().filter(is_it).map(|leaf| leaf.value.read()).collect()
    }

    /// The values that stand outermost under keys that are akin, to none of the rivals, and are not the name of another type;
    /// with their keys.
    pub(super) fn akin(
        &self,
        akin: &Akin<'_>,
        rivals: &[Akin<'_>],
        others: &[&str],
    ) -> Vec<(&'a str, &'a str)> {
        let is_other = |stem: &str| others.iter().any(|other| letters(other) == stem);
        let outermost = self.leaves.iter().filter(|leaf| leaf.depth <= 2 && leaf.parent.is_empty());
        let mut found: Vec<(&str, &str)> = Vec::new();
        for leaf in outermost {
            let Some((stem, half)) = stem_of(leaf.key).filter(|(stem, half)| akin.is(stem, *half)) else {
                continue;
            };
            if rivals.iter().any(|rival| rival.is(&stem, half)) || is_other(&stem) {
                continue;
            }
            let value = leaf.value.read();
            if !found.contains(&(leaf.key, value)) {
                found.push((leaf.key, value));
            }
        }
        found
    }

    /// The one value under a name; None if there is none or several differ.
    pub(in crate::catalog) fn one(&self, name: &str) -> Option<&'a str> {
        match self.under(Name::from(name), usize::MAX).as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }

    fn under(&self, name: Name<'_>, depth_max: usize) -> Vec<&'a str> {
        let mut values: Vec<&str> = Vec::new();
        // Nearly all keys differ in length already.
        let letters = name.letters();
        let may_be = |key: &str| key.len() == letters || key.len() == letters + 1;
        let is_meant = |leaf: &&Leaf<'_>| leaf.depth <= depth_max && may_be(leaf.key) && name.is(leaf.key);
        for leaf in self.leaves.iter().filter(is_meant) {
            let value = leaf.value.read();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }
}

/// The id of a placement's group, that a launch calls as it does the ids of its security groups
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Placement.html>).
pub(super) const PLACEMENT_GROUP_ID: &str = "placementGroupId";

/// Keys that mean another thing in an object of this name than elsewhere in such calls, and what they are called here instead:
/// the channel of MediaPackage that one of MediaLive delivers to, the domain of Unified Studio that one of SageMaker belongs to,
/// the repositories that one of CodeArtifact takes from
/// (<https://docs.aws.amazon.com/medialive/latest/apireference/channels.html>,
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UnifiedStudioSettings.html>,
/// <https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_UpstreamRepository.html>).
const MEANT_OTHERWISE: [(&str, &str, &str); 4] = [
    ("placement", "groupId", PLACEMENT_GROUP_ID),
    ("mediaPackageSettings", "channelId", "mediaPackageChannelId"),
    ("unifiedStudioSettings", "domainId", "unifiedStudioDomainId"),
    ("upstreams", "repositoryName", "upstreamRepositoryName"),
];

/// What a key is called that means another thing than it does elsewhere.
fn own_key<'a>(parent: &str, key: &'a str) -> &'a str {
    let is_it = |(object, own, _): &&(&str, &str, &str)| {
        own.eq_ignore_ascii_case(key) && object.eq_ignore_ascii_case(parent)
    };
    MEANT_OTHERWISE.iter().find(is_it).map_or(key, |(_, _, instead)| *instead)
}

/// What an item of a list is: EC2's calls whose parameters stand in an object of the call's own name log `SubnetId.1` as
/// `{"tag": 1, "content": "subnet-…"}`, alone where there is one, in an array where there are several.
fn list_item(value: Noted<'_>) -> Option<Noted<'_>> {
    let content = value.get("content")?;
    let is_numbered = value.fields().count() == 2 && value.get("tag").is_some_and(Noted::is_number);
    is_numbered.then_some(content)
}

/// What the names of parameters are held against that are not called quite like a placeholder.
#[derive(Debug)]
pub(super) struct Akin<'k> {
    /// The word of the placeholder, in small letters; empty if it says nothing.
    own: String,
    /// The word of the type, for which its last placeholder stands.
    kind: Option<String>,
    /// The other placeholders of the format.
    others: Vec<&'k str>,
    beside: Beside,
}

impl<'k> Akin<'k> {
    pub(super) fn new(placeholder: &'k str, kind: &'k ResourceType, beside: Beside) -> Self {
        let own = Half::of(placeholder).0;
        let is_last = kind.arn.placeholders().next_back() == Some(placeholder);
        let others = kind.arn.placeholders().map(|other| Half::of(other).0).filter(|other| *other != own);
        Self {
            own: if own == "Resource" { String::new() } else { letters(own) },
            kind: is_last.then(|| letters(kind.name)),
            others: others.filter(|other| !is_place(other)).collect(),
            beside,
        }
    }

    /// Whether a parameter's stem is the placeholder's word or the type's, or ends in it, or is its end. What is as much akin to
    /// another placeholder is not meant by the type's word.
    fn is(&self, stem: &str, half: Half) -> bool {
        let is_half = match self.beside {
            Beside::Name => half == Half::Id,
            Beside::Id => half == Half::Name,
            Beside::Neither => true,
        };
        let is_others = || self.others.iter().any(|other| are_akin(stem, &letters(other)));
        is_half
            && (are_akin(stem, &self.own)
                || self.kind.as_deref().is_some_and(|kind| are_akin(stem, kind)) && !is_others())
    }
}

/// Whether one of two words is the end of the other.
fn are_akin(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    long == short && !short.is_empty() || short.len() >= STEM_MIN && long.ends_with(short)
}

/// Whether an action is called after a type: `DeleteTable`, `BatchDeleteTables`.
pub(in crate::catalog) fn is_called_after(action: &str, kind: &str) -> bool {
    let (action, kind) = (letters(action), letters(kind));
    action.strip_suffix('s').is_some_and(|singular| singular.ends_with(&kind)) || action.ends_with(&kind)
}

/// Shorter words are part of too many others.
const STEM_MIN: usize = 3;

/// Whether a parameter names one of the two ends of a copy, of which both are meant.
pub(super) fn is_end_of_copy(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["source", "target", "destination"].iter().any(|word| key.starts_with(word))
}

/// The word before the ending of a parameter's name, in small letters, and what the ending says; None of other names.
fn stem_of(key: &str) -> Option<(String, Half)> {
    let singular = key.strip_suffix('s').unwrap_or(key);
    ["Name", "Id", "Identifier"].into_iter().find_map(|ending| {
        let half = Half::of_ending(ending)?;
        Some((letters(singular.strip_suffix(ending)?), half))
    })
}

/// The letters and digits of a name, small.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// A name that a parameter may have: a stem and an ending. In the stem `-`, `_` and blanks count for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'n> {
    stem: &'n str,
    ending: &'n str,
}

impl Name<'_> {
    /// How many letters count.
    fn letters(self) -> usize {
        self.stem.bytes().filter(|byte| !is_blank(*byte)).count() + self.ending.len()
    }

    /// Whether a key is the name, or its plural, in any case.
    fn is(self, key: &str) -> bool {
        self.is_exactly(key) || key.strip_suffix(['s', 'S']).is_some_and(|singular| self.is_exactly(singular))
    }

    fn is_exactly(self, key: &str) -> bool {
        let stem = self.stem.bytes().filter(|byte| !is_blank(*byte));
        let wanted = stem.chain(self.ending.bytes()).map(|byte| byte.to_ascii_lowercase());
        wanted.eq(key.bytes().map(|byte| byte.to_ascii_lowercase()))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b' ')
}

impl<'n> From<&'n str> for Name<'n> {
    fn from(whole: &'n str) -> Self {
        Self { stem: "", ending: whole }
    }
}

/// What else of the same thing a format has beside a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// The placeholder is its id, and its name stands beside it.
    Name,
    /// The placeholder is its name, and its id stands beside it.
    Id,
    /// Nothing.
    Neither,
}

impl Beside {
    /// Whether a parameter of this name can be meant: not that of the other one.
    pub(super) fn allows(self, name: Name<'_>) -> bool {
        let half = Half::of_ending(name.ending);
        name.stem.is_empty()
            || match self {
                Self::Name => half != Some(Half::Name),
                Self::Id => half != Some(Half::Id),
                Self::Neither => true,
            }
    }
}

/// Whether a placeholder is the id that a service chooses for what a call makes; `ResourceId` may as well be a name.
pub(super) fn is_id(placeholder: &str) -> bool {
    let (stem, half) = Half::of(placeholder);
    half == Some(Half::Id) && stem != "Resource"
}

/// Whether a placeholder may be an id that a service chooses: every id, `ResourceId` among them.
pub(super) fn may_be_id(placeholder: &str) -> bool {
    Half::of(placeholder).1 == Some(Half::Id)
}

/// Whether a plain name fills the placeholder: the last one that is called a name of the type, else the last one. Versions
/// and ids may follow the name: `component/${ComponentName}/${ComponentVersion}/${ComponentBuildVersion}`.
pub(super) fn takes_name(placeholder: &str, kind: &ResourceType) -> bool {
    let kind_letters = letters(kind.name);
    let is_its_name = |other: &&str| {
        let is_type = !other.ends_with("Version") && letters(other) == kind_letters;
        let stem = other.strip_suffix("Name").map(letters);
        is_type || stem.is_some_and(|stem| kind_letters.starts_with(&stem) || kind_letters.ends_with(&stem))
    };
    let last = kind.arn.placeholders().next_back();
    let name = kind.arn.placeholders().rfind(is_its_name).or(last);
    name == Some(placeholder)
}

/// What else of the same thing a format has beside a placeholder: `${ServiceId}` beside `${ServiceName}`; an id that says
/// nothing else belongs to any name.
pub(super) fn beside(placeholder: &str, kind: &ResourceType) -> Beside {
    let (stem, half) = Half::of(placeholder);
    // A thing that one form names by its id, and another one by its name, has both.
    let all = || kind.arn.placeholders().chain(kind.other_forms.iter().flat_map(|form| form.placeholders()));
    let is_beside = |wanted: Half| {
        all().filter(|other| *other != placeholder).any(|other| {
            let (other_stem, other_half) = Half::of(other);
            let (name, id) = if wanted == Half::Name { (other_stem, stem) } else { (stem, other_stem) };
            other_half == Some(wanted) && (id.is_empty() || name.eq_ignore_ascii_case(id))
        })
    };
    match half {
        Some(Half::Id) if is_beside(Half::Name) => Beside::Name,
        Some(Half::Name) if is_beside(Half::Id) => Beside::Id,
        _ => Beside::Neither,
    }
}

/// What a placeholder is of a thing, as its ending says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Name,
    Id,
}

impl Half {
    /// The word before the ending, and what the ending says.
    fn of(placeholder: &str) -> (&str, Option<Self>) {
        let ends = ["Name", "Id", "Identifier"].into_iter();
        let mut ends =
            ends.filter_map(|ending| Some((placeholder.strip_suffix(ending)?, Self::of_ending(ending))));
        ends.next().unwrap_or((placeholder, None))
    }

    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "Name" | "" => Some(Self::Name),
            "Id" | "Identifier" => Some(Self::Id),
            _ => None,
        }
    }
}

/// The names that a placeholder may have among the parameters, the likeliest first: its own, and those that end in
/// another word for the same (`ClusterName`: `clusterName`, `clusterId`, `clusterIdentifier`, `cluster`). A placeholder
/// that says nothing of its own (`ResourceId`) is called like its type.
pub(super) fn names_for<'n>(placeholder: &'n str, kind: &'n str) -> impl Iterator<Item = Name<'n>> {
    const ENDINGS: [&str; 4] = ["Name", "Id", "Identifier", ""];
    // A name that stands beside an id may be a new one.
    const OF_IDS: [&str; 4] = ["Id", "Identifier", "Name", ""];
    let own = ["WithPath", "WithoutLeadingSlash"].iter().find_map(|end| placeholder.strip_suffix(end));
    let own = own.unwrap_or(placeholder);
    let stem = ENDINGS.iter().find_map(|ending| own.strip_suffix(ending)).unwrap_or(own);
    let says_nothing = matches!(stem, "" | "Resource");
    let stem = if says_nothing { kind } else { stem };
    let first = (!says_nothing).then_some(Name::from(own));
    let endings = if may_be_id(own) { OF_IDS } else { ENDINGS };
    first.into_iter().chain(endings.into_iter().map(move |ending| Name { stem, ending }))
}

/// `%20` and its like; what is no such code stays.
pub(super) fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// How an ARN begins where it is written as a part of a URL.
pub(super) const ENCODED_ARN: &str = "arn%3";

/// Writes ARNs out that stand as a part of a URL, `arn%3Aaws%3A…`: so some services log those that their calls have in the path
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html>,
/// <https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn.html>).
pub fn decode_arns(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with(ENCODED_ARN) => *text = percent_decoded(text),
        Value::Array(items) => items.iter_mut().for_each(decode_arns),
        Value::Object(fields) => fields.values_mut().for_each(decode_arns),
        _ => {}
    }
}

/// Whether the text of parameters may hold what [`decode_arns`] writes out.
#[must_use]
pub fn may_hold_encoded_arns(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), ENCODED_ARN.as_bytes()).is_some()
}
