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

use super::{CallKind, Known, Replayer, write_caller};
use crate::policy::{CompiledSet, PreparedRequest, Resource, ResourceRules};
use crate::replay::answer::Then;
use crate::replay::call::{Call, Deciders};
use crate::replay::judge::{Judge, Play, Unnamed};
use crate::replay::{Field, Fields, Parsed, Record, Session, needs_response};
use crate::snapshot::Snapshot;

/// So many kinds of calls are told apart; then all are forgotten.
const SHAPES_MAX: usize = 400_000;

/// Of so many kinds it is known how their statements fit; then all are forgotten.
const KINDS_MAX: usize = 20_000;

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
    /// The key of a record's object; None if it names none, or one with letters that may mean more than themselves.
    pub(super) fn of(record: &Record<'a>, of: Endless) -> Option<Self> {
        let text = record.request_parameters?;
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
        let resources = match record.resources {
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
    pub(super) fn object(
        &mut self,
        record: &Record<'_>,
        call: CallKind,
        place: usize,
        session: Option<&Session>,
    ) -> Option<Known> {
        let about = call.about.filter(|_| Then::of(record) != Then::Denied)?;
        let key = ObjectKey::of(record, about)?;
        let shape = self.object_hash(record, call.fields, place, &key);
        match self.objects.shapes.get(&shape) {
            None => {
                if self.objects.shapes.len() >= SHAPES_MAX {
                    self.objects.shapes.clear();
                }
                self.objects.shapes.insert(shape, Shape::Once);
                return None;
            }
            Some(Shape::Single) => return None,
            Some(Shape::Once) => {}
            Some(Shape::Alike(more)) => {
                let number = self.alike_hash(record, shape, *more);
                if let Some(known) = self.known_object(number, &key) {
                    return Some(known);
                }
            }
        }
        let (known, learned) = self.judge(record, call, (place, session), Some(&key));
        let Some(Learned { more, asked, views }) = learned else {
            self.objects.shapes.insert(shape, Shape::Single);
            return Some(known);
        };
        self.objects.shapes.insert(shape, Shape::Alike(more));
        let number = self.alike_hash(record, shape, more);
        if self.objects.kinds.len() >= KINDS_MAX && !self.objects.kinds.contains_key(&number) {
            self.objects.kinds.clear();
        }
        let new = || Kind { asked, views, fits: HashMap::new() };
        let kind = self.objects.kinds.entry(number).or_insert_with(new);
        let fit = kind.fit(key.key, &mut self.buffer);
        if kind.fits.len() >= FITS_MAX {
            kind.fits.clear();
        }
        kind.fits.insert(fit, (known.tally, known.deciders));
        Some(known)
    }

    fn object_hash(
        &mut self,
        record: &Record<'_>,
        fields: Fields,
        session: usize,
        key: &ObjectKey<'_>,
    ) -> u128 {
        self.buffer.clear();
        record.write(fields.without(Field::Resources), &mut self.buffer);
        write_caller(record, self.by_session, &mut self.buffer);
        self.buffer.extend_from_slice(&session.to_le_bytes());
        key.write(&mut self.buffer);
        xxh3_128(&self.buffer)
    }

    fn alike_hash(&mut self, record: &Record<'_>, shape: u128, more: Fields) -> u128 {
        self.buffer.clear();
        self.buffer.extend_from_slice(&shape.to_le_bytes());
        record.write(more, &mut self.buffer);
        xxh3_128(&self.buffer)
    }

    /// What a call of a kind that is known comes to, unless its object fits as none did before.
    fn known_object(&mut self, number: u128, key: &ObjectKey<'_>) -> Option<Known> {
        let kind = self.objects.kinds.get_mut(&number)?;
        let fit = kind.fit(key.key, &mut self.buffer);
        let (tally, deciders) = *kind.fits.get(&fit)?;
        let today = kind.shown(deciders.today, key.key);
        let proposed = deciders.proposed.map(|at| xxh3_64(kind.shown(at, key.key).as_bytes()));
        let numbers = kind.asked.iter().map(|asked| match asked {
            Asked::Same(number, _) => *number,
            Asked::Object(head, unnamed) => unnamed.named(Some(&format!("{head}{}", key.key))),
        });
        for number in numbers {
            if self.requests.len() < super::DISTINCT_MAX {
                self.requests.insert(number);
            }
        }
        let resource = xxh3_64(today.as_bytes());
        let shown = self.plan.verdicts.then(|| Arc::from(today));
        Some(Known { tally, resource, proposed, deciders, shown })
    }
}

impl Kind {
    /// How statements fit an object, as a number.
    fn fit(&mut self, key: &str, buffer: &mut Vec<u8>) -> u128 {
        let Self { asked, views, .. } = self;
        buffer.clear();
        for (at, view) in views {
            if let Some(Asked::Object(head, _)) = asked.get(*at) {
                view.request.set_resource(&format!("{head}{key}"));
                buffer.extend(view.set.resource_fits(&view.rules, &view.request).map(|truth| truth as u8));
            }
        }
        xxh3_128(buffer)
    }

    /// The resource of one of the requests, for people.
    fn shown(&self, at: usize, key: &str) -> String {
        match self.asked.get(at) {
            Some(Asked::Same(_, shown)) => shown.clone(),
            Some(Asked::Object(head, _)) => format!("{head}{key}"),
            None => "-".to_owned(),
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
        // Whatever is known of the keys is known of any object.
        let (_, unnamed) = number(call, asked, today)?;
        for plays in snapshots() {
            let (own, others) = (number(call, asked, plays)?.1, number(&other, other_asked, plays)?.1);
            if own != others {
                return None;
            }
        }
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
        for (plays, judge) in snapshots() {
            if has_own_policies(&judge.snapshot, head) {
                return None;
            }
            let (request, _) = number(call, asked, (plays, judge))?;
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

    fn record<'a>(parameters: &'a str, resources: Option<&'a str>) -> Record<'a> {
        Record { request_parameters: Some(parameters), resources, ..Record::default() }
    }

    #[test]
    fn a_key_is_found_with_the_texts_around_it() {
        let parameters = r#"{"bucketName":"example-reports","key":"a/b.csv","Host":"x"}"#;
        let resources =
            r#"[{"ARN":"arn:aws:s3:::example-reports/a/b.csv"},{"ARN":"arn:aws:s3:::example-reports"}]"#;
        let record = record(parameters, Some(resources));
        let key = ObjectKey::of(&record, Endless::Objects).unwrap();
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
            assert_eq!(ObjectKey::of(&record(text, None), Endless::Objects), None, "{text}");
        }
        let twice = r#"[{"ARN":"arn:aws:s3:::b/abc"},{"ARN":"arn:aws:s3:::b/abc"}]"#;
        let inside = r#"[{"ARN":"arn:aws:s3:::abcd/x"}]"#;
        for resources in [twice, inside] {
            assert_eq!(
                ObjectKey::of(&record(r#"{"key":"abc"}"#, Some(resources)), Endless::Objects),
                None,
                "{resources}"
            );
        }
        let apart = r#"[{"ARN":"arn:aws:s3:::b"}]"#;
        let found = ObjectKey::of(&record(r#"{"key":"abc"}"#, Some(apart)), Endless::Objects)
            .map(|key| key.resources);
        assert_eq!(found, Some(Some((apart, None))));
    }
}
