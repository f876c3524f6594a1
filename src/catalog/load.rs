//! Reads `tables/catalog.bin` once, on first use.
//!
//! The file's form is told by the script that writes it, `tables/generate.py`. It is part of the program: a fault in it is
//! a fault of the build, which the tests would show. So a line that cannot be read is left out and counted in
//! [`Catalog::faults`], and nothing can fail at run time.

use std::io::Read;
use std::ops::Range;
use std::sync::LazyLock;

use hashbrown::HashMap;

use super::arn_format::ArnFormat;
use super::service::{
    AccessLevel, Action, ActionResource, ConditionKey, KeyKind, ResourceType, Service, ValueKind, compare,
    find, find_key,
};

static FILE: &[u8] = include_bytes!("tables/catalog.bin");
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::read(FILE));

/// All services. It lives as long as the program, so its parts may be kept and copied freely.
#[derive(Debug)]
pub struct Catalog {
    /// Every service, sorted by prefix.
    pub services: &'static [Service],
    /// The condition keys that do not belong to one service, as `aws:SourceIp`; sorted without regard to case. Most are in
    /// the context of every request; some (`aws:ResourceTag/${TagKey}`) only where the service supports them
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>).
    pub global_keys: &'static [ConditionKey],
    /// Where the facts come from and what was counted: the lines at the head of the file, as they stand.
    pub source: &'static str,
    /// Every service by its prefix in lower case, as nearly all who ask write it.
    by_prefix: HashMap<&'static str, &'static Service>,
    /// How many lines of the file could not be read: zero, as a test says.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test says that there are none"))]
    pub(super) faults: usize,
}

/// The catalog; the first call reads it, in some milliseconds.
#[must_use]
pub fn catalog() -> &'static Catalog {
    &CATALOG
}

impl Catalog {
    /// The service of this prefix, in any case.
    #[must_use]
    pub fn service(&self, prefix: &str) -> Option<&'static Service> {
        let known = self.by_prefix.get(prefix).copied();
        known.or_else(|| find(self.services, prefix, |service| service.prefix))
    }

    /// The action of a full name in any case: `s3:getobject`. No wildcards; for those see [`Catalog::expand`].
    #[must_use]
    pub fn action(&self, full_name: &str) -> Option<&'static Action> {
        let (prefix, name) = full_name.split_once(':')?;
        self.service(prefix)?.action(name)
    }

    /// The global condition key that this one is, in any case, or whose placeholder it fills (`aws:PrincipalTag/team`).
    #[must_use]
    pub fn global_key(&self, key: &str) -> Option<&'static ConditionKey> {
        find_key(self.global_keys, key)
    }

    /// Every action of every service, in order of prefix and name.
    pub fn actions(&self) -> impl Iterator<Item = &'static Action> + use<> {
        self.services.iter().flat_map(|service| service.actions)
    }

    pub(super) fn read(file: &'static [u8]) -> Self {
        let end = memchr::memmem::find(file, b"\n\n").unwrap_or(file.len());
        let source = file.get(..=end).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or("");
        let bytes =
            source.lines().find_map(|line| line.strip_prefix("bytes ")).and_then(|text| text.parse().ok());
        let mut body = String::with_capacity(bytes.unwrap_or(0));
        let inflated =
            flate2::read::ZlibDecoder::new(file.get(end + 2..).unwrap_or(&[])).read_to_string(&mut body);
        let mut reader = Reader { faults: usize::from(inflated.is_err()), ..Reader::default() };
        for line in body.leak().lines() {
            if reader.line(line).is_none() {
                reader.faults += 1;
            }
        }
        reader.end_service();
        reader.services.sort_by(|left, right| compare(left.prefix, right.prefix));
        let services: &'static [Service] = reader.services.leak();
        Self {
            services,
            by_prefix: services.iter().map(|service| (service.prefix, service)).collect(),
            global_keys: reader.global_keys.leak(),
            source,
            faults: reader.faults,
        }
    }
}

/// The lines of one service as they come, and the services that are complete.
#[derive(Default)]
struct Reader {
    services: Vec<Service>,
    global_keys: Vec<ConditionKey>,
    faults: usize,
    /// Prefix, name and RCP support of the service at hand.
    service: Option<(&'static str, &'static str, bool)>,
    keys: Vec<ConditionKey>,
    sets: Vec<&'static [&'static str]>,
    types: Vec<ResourceType>,
    /// Of each line of a type, which ones it gave: one for each form of its ARN.
    lines: Vec<Range<usize>>,
    /// The types, once the first action shows that there are no more.
    all_types: &'static [ResourceType],
    actions: Vec<Unfinished>,
    /// What the actions of the service at hand point into, one after another.
    resources: Vec<ActionResource>,
    dependents: Vec<&'static str>,
}

/// An action whose lists still grow together with those of its neighbours: one allocation a service is far quicker than
/// two an action. The numbers are where its lists end.
struct Unfinished {
    action: Action,
    resources_end: usize,
    dependents_end: usize,
}

impl Reader {
    fn line(&mut self, line: &'static str) -> Option<()> {
        let mut fields = line.split('\t');
        match fields.next()? {
            "s" => {
                self.end_service();
                self.service = Some((fields.next()?, fields.next()?, fields.next()? == "1"));
            }
            "G" => {
                self.global_keys.push(ConditionKey { name: fields.next()?, kind: key_kind(fields.next()?)? });
            }
            "k" => self.keys.push(ConditionKey { name: fields.next()?, kind: key_kind(fields.next()?)? }),
            "g" => {
                let set = fields.next()?.split(' ').map(|number| {
                    let place: usize = number.parse().ok()?;
                    self.keys.get(place).map(|key| key.name)
                });
                self.sets.push(set.collect::<Option<Vec<_>>>()?.leak());
            }
            "r" => {
                let (name, forms) = (fields.next()?, forms(fields.next()?));
                let condition_keys = self.set(fields.next()?)?;
                let begin = self.types.len();
                for (at, arn) in forms.iter().enumerate() {
                    let others = forms.iter().enumerate().filter(|(other, _)| *other != at);
                    let other_forms = others.map(|(_, form)| *form).collect::<Vec<_>>().leak();
                    self.types.push(ResourceType { name, arn: *arn, other_forms, condition_keys });
                }
                self.lines.push(begin..self.types.len());
            }
            "a" => {
                self.end_types();
                let action = self.action(fields)?;
                self.actions.push(action);
            }
            _ => return None,
        }
        Some(())
    }

    fn action(&mut self, mut fields: std::str::Split<'static, char>) -> Option<Unfinished> {
        let (service, ..) = self.service?;
        let name = fields.next()?;
        let level = level(fields.next()?)?;
        let condition_keys = self.set(fields.next()?)?;
        for text in list(fields.next()?) {
            self.take_resource(text)?;
        }
        self.dependents.extend(list(fields.next()?));
        Some(Unfinished {
            action: Action { service, name, level, resources: &[], condition_keys, dependents: &[] },
            resources_end: self.resources.len(),
            dependents_end: self.dependents.len(),
        })
    }

    fn take_resource(&mut self, text: &'static str) -> Option<()> {
        let (kind, set) = text.split_once(':')?;
        let (kind, required) = kind.strip_suffix('!').map_or((kind, false), |kind| (kind, true));
        let line = self.lines.get(kind.parse::<usize>().ok()?)?.clone();
        let condition_keys = self.set(set)?;
        let kinds = self.all_types.get(line)?;
        self.resources.extend(kinds.iter().map(|kind| ActionResource { kind, required, condition_keys }));
        Some(())
    }

    fn set(&self, number: &str) -> Option<&'static [&'static str]> {
        if number == "-" {
            return Some(&[]);
        }
        self.sets.get(number.parse::<usize>().ok()?).copied()
    }

    fn end_types(&mut self) {
        if !self.types.is_empty() {
            self.all_types = std::mem::take(&mut self.types).leak();
        }
    }

    fn end_service(&mut self) {
        self.end_types();
        self.sets.clear();
        self.lines.clear();
        let condition_keys = std::mem::take(&mut self.keys).leak();
        let (mut resources, mut dependents): (&'static [_], &'static [_]) =
            (std::mem::take(&mut self.resources).leak(), std::mem::take(&mut self.dependents).leak());
        let (mut resources_start, mut dependents_start) = (0, 0);
        let mut actions = Vec::with_capacity(self.actions.len());
        for Unfinished { mut action, resources_end, dependents_end } in self.actions.drain(..) {
            (action.resources, resources) = split(resources, resources_end - resources_start);
            (action.dependents, dependents) = split(dependents, dependents_end - dependents_start);
            (resources_start, dependents_start) = (resources_end, dependents_end);
            actions.push(action);
        }
        let actions = actions.leak();
        let resource_types = std::mem::take(&mut self.all_types);
        if let Some((prefix, name, supports_rcp)) = self.service.take() {
            self.services.push(Service {
                prefix,
                name,
                supports_rcp,
                actions,
                resource_types,
                condition_keys,
            });
        }
    }
}

/// The forms of a type's ARN: AWS writes those of a service's versions into one text, parted by commas
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonlex.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonlexv2.html>).
fn forms(text: &'static str) -> Vec<ArnFormat> {
    text.split(", ").map(with_id).map(ArnFormat::new).collect()
}

/// AWS writes `*` for the ids of what DMS has, which its ARNs end in
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatabasemigrationservice.html>,
/// <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Introduction.AWS.ARN.html>).
fn with_id(text: &'static str) -> &'static str {
    match text.strip_suffix(":*").filter(|_| text.contains(":dms:")) {
        Some(beginning) => format!("{beginning}:${{Id}}").leak(),
        None => text,
    }
}

/// The first items of a list, and the others.
fn split<T>(items: &'static [T], count: usize) -> (&'static [T], &'static [T]) {
    items.split_at_checked(count).unwrap_or((items, &[]))
}

fn list(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(' ').filter(|part| *part != "-")
}

fn level(letter: &str) -> Option<AccessLevel> {
    Some(match letter {
        "L" => AccessLevel::List,
        "R" => AccessLevel::Read,
        "W" => AccessLevel::Write,
        "T" => AccessLevel::Tagging,
        "P" => AccessLevel::PermissionsManagement,
        _ => return None,
    })
}

fn key_kind(word: &str) -> Option<KeyKind> {
    let (word, many) = word.strip_prefix("ArrayOf").map_or((word, false), |word| (word, true));
    let value = match word {
        "String" => ValueKind::String,
        "ARN" => ValueKind::Arn,
        "Bool" => ValueKind::Bool,
        "Numeric" => ValueKind::Numeric,
        "Date" => ValueKind::Date,
        "IPAddress" => ValueKind::IpAddress,
        _ => return None,
    };
    Some(KeyKind { value, many })
}
