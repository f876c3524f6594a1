//! Calls on objects in buckets and on log streams: of all that is asked for these never end, and most are asked for once.
//!
//! Two calls that agree in everything but the key of their object differ in what they come to only where a statement
//! names the one object and not the other. So one call of each kind is judged; of all others it is looked how the
//! statements that name resources fit their object, and calls of equal fits come to the same. What is odd in any way is
//! judged by itself, as all other calls are.

use std::sync::Arc;

use hashbrown::HashMap;
use memchr::memmem::Finder;
use serde::Deserialize;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::{CallKind, Caller, Known, Replayer, write_place};
use crate::policy::{CompiledSet, PreparedRequest, Resource, ResourceRules};
use crate::replay::answer::Then;
use crate::replay::call::{Call, Deciders};
use crate::replay::judge::{Judge, Play, Unnamed};
use crate::replay::{Field, Fields, Parsed, Record, Row, needs_response};
use crate::snapshot::Snapshot;

/// So many fits of one kind are remembered; then all are forgotten.
const FITS_MAX: usize = 1_000;

/// The key with which it is tried whether calls are read alike.
const OTHER_KEY: &str = "0/other";

/// What CloudTrail writes in place of what it hides begins so.
const HIDDEN: &str = "HIDDEN_";

/// Things that never end. Each belongs to another one, which has the policy; its ARN ends in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endless {
    /// The objects of a bucket, by their keys.
    Objects,
    /// The streams of a log group.
    Streams,
}

impl Endless {
    /// What calls of an event source may be about.
    pub(super) fn of(source: &str) -> Option<Self> {
        match source {
            "s3.amazonaws.com" => Some(Self::Objects),
            "logs.amazonaws.com" => Some(Self::Streams),
            _ => None,
        }
    }

    /// The parameter that names one, where it is plain text.
    fn name_in(self, parameters: &str) -> Option<&str> {
        #[derive(Deserialize)]
        struct OfObject<'a> {
            #[serde(borrow)]
            key: &'a str,
        }
        #[derive(Deserialize)]
        struct OfStream<'a> {
            #[serde(borrow, rename = "logStreamName")]
            name: &'a str,
        }
        match self {
            Self::Objects => serde_json::from_str::<OfObject<'_>>(parameters).ok().map(|own| own.key),
            Self::Streams => serde_json::from_str::<OfStream<'_>>(parameters).ok().map(|own| own.name),
        }
    }

    /// Whether a letter of a name means nothing but itself.
    fn is_plain(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || b"/_.=+@-".contains(&byte)
            || match self {
                Self::Objects => byte == b':',
                // Lambda's streams have `[$LATEST]` in their names.
                Self::Streams => b"[$]".contains(&byte),
            }
    }

    /// Whether an ARN up to the name is of such a thing.
    fn is_head(self, arn: &str) -> bool {
        match self {
            Self::Objects => arn.ends_with('/'),
            Self::Streams => arn.ends_with(":log-stream:"),
        }
    }

    /// How the names of the actions begin that take them.
    fn service(self) -> &'static str {
        match self {
            Self::Objects => "s3",
            Self::Streams => "logs:",
        }
    }
}

/// The key of a call's object, or the name of its log stream, and the texts around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ObjectKey<'a> {
    of: Endless,
    pub(super) key: &'a str,
    /// Of the request parameters.
    pub(super) parameters: (&'a str, &'a str),
    /// Of `resources`: as a whole if the key is not in it.
    pub(super) resources: Option<(&'a str, Option<&'a str>)>,
}

impl<'a> ObjectKey<'a> {
    /// The key of the object that request parameters name; None if they name none, or one with letters that may mean more
    /// than themselves.
    pub(super) fn of(text: &'a str, resources: Option<&'a str>, of: Endless) -> Option<Self> {
        let key = of.name_in(text)?;
        let is_plain = key.bytes().all(|byte| of.is_plain(byte));
        if key.is_empty()
            || key.starts_with(['/', '.'])
            || key.starts_with("arn:")
            || !is_plain
            || key.contains(HIDDEN)
        {
            return None;
        }
        let start = key.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        let parameters = (text.get(..start)?, text.get(start + key.len()..)?);
        let finder = Finder::new(key);
        let is_in = |text: &str| finder.find(text.as_bytes()).is_some();
        if is_in(parameters.0) || is_in(parameters.1) {
            return None;
        }
        let resources = match resources {
            Some(text) => Some(around(text, &finder, of)?),
            None => None,
        };
        Some(Self { of, key, parameters, resources })
    }

    /// Writes the texts around it, so that no two are written alike.
    fn write(&self, to: &mut Vec<u8>) {
        super::text(Some(self.parameters.0), to);
        super::text(Some(self.parameters.1), to);
        super::text(self.resources.map(|(before, _)| before), to);
        super::text(self.resources.and_then(|(_, after)| after), to);
    }

    /// The texts with another key.
    fn with(&self, key: &str) -> (String, Option<String>) {
        let (before, after) = self.parameters;
        let resources = self.resources.map(|(before, after)| match after {
            Some(after) => format!("{before}{key}{after}"),
            None => before.to_owned(),
        });
        (format!("{before}{key}{after}"), resources)
    }
}

/// The text before and after a key that ends an ARN; all of it if the key is not in it. None if it is there otherwise.
fn around<'a>(text: &'a str, key: &Finder<'_>, of: Endless) -> Option<(&'a str, Option<&'a str>)> {
    let Some(at) = key.find(text.as_bytes()) else { return Some((text, None)) };
    let (before, after) = (text.get(..at)?, text.get(at + key.needle().len()..)?);
    let is_end = of.is_head(before) && after.starts_with('"') && key.find(after.as_bytes()).is_none();
    is_end.then_some((before, Some(after)))
}

/// What is known of calls that differ in the keys of their objects, and maybe in the columns that condition keys are told
/// from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One was seen; whoever comes once need not be understood.
    Once,
    /// They are judged one by one.
    Single,
    /// They are told apart by these columns, too.
    Alike(Fields),
}

/// A request of calls that are alike.
#[derive(Debug)]
enum Asked {
    /// The same in all of them: its number, and its resource for people.
    Same(u128, String),
    /// For the object: its ARN up to the key.
    Object(String, Unnamed),
}

/// How the statements of one snapshot look at the requests for objects.
#[derive(Debug)]
struct View {
    set: Arc<CompiledSet>,
    request: PreparedRequest,
    rules: ResourceRules,
}

/// Calls that are alike.
#[derive(Debug)]
struct Kind {
    asked: Vec<Asked>,
    /// Each with the place of its request.
    views: Vec<(usize, View)>,
    /// What they come to, by how statements fit.
    fits: HashMap<u128, (usize, Deciders)>,
}

/// All kinds of calls on objects.
#[derive(Debug, Default)]
pub(super) struct Objects {
    shapes: HashMap<u128, Shape>,
    kinds: HashMap<u128, Kind>,
}

/// The policies in play for the requests of a call under one snapshot.
type Plays<'a> = (&'a [Play], &'a Judge);

impl Replayer {
    /// What a call on an object comes to; None if it is to be judged as any other.
    pub(super) fn object<'a>(&mut self, row: &impl Row<'a>, call: CallKind, caller: Caller) -> Option<Known> {
        let about = call.about?;
        let parameters = row.text(Field::RequestParameters)?;
        let ended = (row.text(Field::ErrorCode), row.text(Field::ErrorMessage));
        if Then::ended(ended.0, ended.1) == Then::Denied {
            return None;
        }
        let key = ObjectKey::of(parameters, row.text(Field::Resources), about)?;
        let shape = self.object_hash(row, call.fields, caller, &key);
        match self.objects.shapes.get(&shape) {
            None => {
                self.limits.shapes.insert(&mut self.objects.shapes, shape, Shape::Once);
                return None;
            }
            Some(Shape::Single) => return None,
            Some(Shape::Once) => {}
            Some(Shape::Alike(more)) => {
                let number = self.alike_hash(row, shape, *more);
                if let Some(known) = self.known_object(number, &key) {
                    return Some(known);
                }
            }
        }
        let (known, learned) = self.judge(row, call, caller, Some(&key));
        let Some(Learned { more, asked, views }) = learned else {
            self.limits.shapes.insert(&mut self.objects.shapes, shape, Shape::Single);
            return Some(known);
        };
        self.limits.shapes.insert(&mut self.objects.shapes, shape, Shape::Alike(more));
        let number = self.alike_hash(row, shape, more);
        if !self.objects.kinds.contains_key(&number) {
            let kind = Kind { asked, views, fits: HashMap::new() };
            self.limits.kinds.insert(&mut self.objects.kinds, number, kind);
        }
        let Some(kind) = self.objects.kinds.get_mut(&number) else { return Some(known) };
        let fit = kind.fit(key.key, &mut self.buffer);
        if kind.fits.len() >= FITS_MAX {
            kind.fits.clear();
        }
        kind.fits.insert(fit, (known.tally, known.deciders));
        Some(known)
    }

    fn object_hash<'a>(
        &mut self,
        row: &impl Row<'a>,
        fields: Fields,
        caller: Caller,
        key: &ObjectKey<'_>,
    ) -> u128 {
        self.buffer.clear();
        row.write_apart(fields.without(Field::Resources), &mut self.buffer);
        write_place(row, caller, &mut self.buffer);
        key.write(&mut self.buffer);
        xxh3_128(&self.buffer)
    }

    fn alike_hash<'a>(&mut self, row: &impl Row<'a>, shape: u128, more: Fields) -> u128 {
        self.buffer.clear();
        self.buffer.extend_from_slice(&shape.to_le_bytes());
        row.write_apart(more, &mut self.buffer);
        xxh3_128(&self.buffer)
    }

    /// What a call of a kind that is known comes to, unless its object fits as none did before.
    fn known_object(&mut self, number: u128, key: &ObjectKey<'_>) -> Option<Known> {
        let kind = self.objects.kinds.get_mut(&number)?;
        let fit = kind.fit(key.key, &mut self.buffer);
        let (tally, deciders) = *kind.fits.get(&fit)?;
        let mut arn = String::with_capacity(128);
        for asked in &kind.asked {
            let number = match asked {
                Asked::Same(number, _) => *number,
                Asked::Object(head, unnamed) => {
                    named(head, key.key, &mut arn);
                    unnamed.named_in(Some(&arn), &mut self.buffer)
                }
            };
            if !self.limits.requests.is_reached() {
                self.limits.requests.add(usize::from(self.requests.insert(number)));
            }
        }
        let proposed = deciders.proposed.map(|at| xxh3_64(kind.shown(at, key.key, &mut arn).as_bytes()));
        let today = kind.shown(deciders.today, key.key, &mut arn);
        let resource = xxh3_64(today.as_bytes());
        let shown = self.plan.verdicts.then(|| Arc::from(today));
        Some(Known { tally, resource, proposed, deciders, shown })
    }
}

/// Puts the ARN of an object together.
fn named(head: &str, key: &str, arn: &mut String) {
    arn.clear();
    arn.push_str(head);
    arn.push_str(key);
}

impl Kind {
    /// How statements fit an object, as a number.
    fn fit(&mut self, key: &str, buffer: &mut Vec<u8>) -> u128 {
        let Self { asked, views, .. } = self;
        buffer.clear();
        let mut arn = String::new();
        for (at, view) in views {
            if let Some(Asked::Object(head, _)) = asked.get(*at) {
                if view.rules.is_empty() {
                    continue;
                }
                named(head, key, &mut arn);
                view.request.set_resource(&arn);
                buffer.extend(view.set.resource_fits(&view.rules, &view.request).map(|truth| truth as u8));
            }
        }
        xxh3_128(buffer)
    }

    /// The resource of one of the requests, for people; `arn` is room for it.
    fn shown<'a>(&'a self, at: usize, key: &str, arn: &'a mut String) -> &'a str {
        match self.asked.get(at) {
            Some(Asked::Same(_, shown)) => shown,
            Some(Asked::Object(head, _)) => {
                named(head, key, arn);
                arn
            }
            None => "-",
        }
    }
}

/// What calls that differ from this one in the key of their object have in common; None if such calls are not alike.
/// `parsed` is all that requests and condition keys of the call are told from.
pub(super) fn learned(
    call: &Call<'_>,
    key: &ObjectKey<'_>,
    today: Plays<'_>,
    proposed: Option<Plays<'_>>,
) -> Option<Learned> {
    let told_from = |plays: &[Play]| super::fields_of(plays);
    let more = told_from(today.0).and(proposed.map_or(Fields::NONE, |(plays, _)| told_from(plays)));
    let own = [Field::RequestParameters, Field::Resources, Field::ResponseElements];
    if own.iter().any(|field| more.has(*field)) || needs_response(&call.reading) {
        return None;
    }
    let (parameters, resources) = key.with(OTHER_KEY);
    let record =
        Record { request_parameters: Some(&parameters), resources: resources.as_deref(), ..*call.record };
    let mut parsed = Parsed::of_call(&record);
    parsed.add(&record, more);
    let other = Call::read(&record, &parsed, call.session, &today.1.snapshot);
    let (Ok((asked, who)), Ok((other_asked, other_who))) = (call.asked(), other.asked()) else { return None };
    if asked.len() != other_asked.len() || who != other_who || needs_response(&other.reading) {
        return None;
    }
    let (mut found, mut views) = (Vec::new(), Vec::new());
    for (at, (asked, other_asked)) in asked.iter().zip(other_asked).enumerate() {
        let snapshots = || [Some(today), proposed].into_iter().flatten();
        let number = |of: &Call<'_>, one, (plays, judge): Plays<'_>| {
            let told = Call::told(of, who, one, &judge.snapshot);
            Some(judge.unnamed(&told, plays.get(at)?))
        };
        let own = snapshots().map(|plays| number(call, asked, plays)).collect::<Option<Vec<_>>>()?;
        // Whatever is known of the keys is known of any object.
        for (plays, (_, unnamed)) in snapshots().zip(&own) {
            if *unnamed != number(&other, other_asked, plays)?.1 {
                return None;
            }
        }
        let unnamed = own.first()?.1.clone();
        if asked == other_asked {
            let name = match &asked.resource {
                Resource::Named(arn) | Resource::Pattern(arn) => Some(arn.as_str()),
                Resource::Any | Resource::Unknown => None,
            };
            found.push(Asked::Same(unnamed.named(name), asked.shown.clone()));
            continue;
        }
        let Resource::Named(arn) = &asked.resource else { return None };
        let head = arn.strip_suffix(key.key).filter(|head| key.of.is_head(head))?;
        let renamed = format!("{head}{OTHER_KEY}");
        let expected = crate::replay::Asked {
            resource: Resource::Named(renamed.clone()),
            shown: renamed,
            ..asked.clone()
        };
        if asked.shown != *arn || expected != *other_asked || !asked.action.starts_with(key.of.service()) {
            return None;
        }
        for ((plays, judge), (request, _)) in snapshots().zip(own) {
            if has_own_policies(&judge.snapshot, head) {
                return None;
            }
            let set = Arc::clone(&plays.get(at)?.set);
            let rules = set.resource_rules(&request);
            views.push((at, View { set, request, rules }));
        }
        found.push(Asked::Object(head.to_owned(), unnamed));
    }
    Some(Learned { more, asked: found, views })
}

/// Whether a snapshot holds anything of single objects whose ARNs begin so.
fn has_own_policies(snapshot: &Snapshot, head: &str) -> bool {
    let next = snapshot.resources.range(head.to_owned()..).next();
    next.is_some_and(|(arn, _)| arn.starts_with(head))
}

/// What calls on objects have in common.
pub(super) struct Learned {
    more: Fields,
    asked: Vec<Asked>,
    views: Vec<(usize, View)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_with_the_texts_around_it() {
        let parameters = r#"{"bucketName":"example-reports","key":"a/b.csv","Host":"x"}"#;
        let resources =
            r#"[{"ARN":"arn:aws:s3:::example-reports/a/b.csv"},{"ARN":"arn:aws:s3:::example-reports"}]"#;
        let key = ObjectKey::of(parameters, Some(resources), Endless::Objects).unwrap();
        assert_eq!(key.key, "a/b.csv");
        assert_eq!(key.with(key.key), (parameters.to_owned(), Some(resources.to_owned())));
        let (other, others) = key.with("z");
        assert_eq!(other, r#"{"bucketName":"example-reports","key":"z","Host":"x"}"#);
        assert!(others.unwrap().contains(r#":::example-reports/z""#));
    }

    #[test]
    fn odd_keys_are_left_to_who_judges_one_by_one() {
        let odd = [
            r#"{"bucketName":"example-reports"}"#,
            r#"{"key":""}"#,
            r#"{"key":"a","key":"b"}"#,
            r#"{"key":7}"#,
            r#"{"key":null}"#,
            r#"{"key":"a*"}"#,
            r#"{"key":"a b"}"#,
            r#"{"key":"/a"}"#,
            r#"{"key":"arn:aws:iam::111122223333:role/a"}"#,
            r#"{"key":"${aws:username}"}"#,
            r#"{"key":"a\u002fb"}"#,
            r#"{"key":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
            r#"{"key":"data","x-amz-copy-source":"other/data"}"#,
            r#"{"key":"caf\u00e9"}"#,
            "[]",
            "null",
            r#"{"key":"abc"#,
        ];
        for text in odd {
            assert_eq!(ObjectKey::of(text, None, Endless::Objects), None, "{text}");
        }
        let twice = r#"[{"ARN":"arn:aws:s3:::b/abc"},{"ARN":"arn:aws:s3:::b/abc"}]"#;
        let inside = r#"[{"ARN":"arn:aws:s3:::abcd/x"}]"#;
        for resources in [twice, inside] {
            assert_eq!(
                ObjectKey::of(r#"{"key":"abc"}"#, Some(resources), Endless::Objects),
                None,
                "{resources}"
            );
        }
        let apart = r#"[{"ARN":"arn:aws:s3:::b"}]"#;
        let found = ObjectKey::of(r#"{"key":"abc"}"#, Some(apart), Endless::Objects).map(|key| key.resources);
        assert_eq!(found, Some(Some((apart, None))));
    }
}
