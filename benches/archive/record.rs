//! Fills the objects with records, and counts what it wrote.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::calls::{CALLS, Call, Caller, WHO_AM_I};
use super::object::ObjectFile;
use super::random::{Random, mix};
use super::schedule::{self, Object, REGIONS};
use super::text::{self, Places};
use super::world::{Identity, Issuance, Turn, World, service_identity};
use super::{Spec, Subject, Summary};

/// The share of calls that fail; of a hundred of them so many are refused, and so many throttled.
const ERRORS: f64 = 0.025;
const REFUSED: u64 = 55;
const THROTTLED: u64 = 20;

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Denied,
    Throttled,
    Other,
}

/// One record before it is text.
struct Draft {
    time: i64,
    source: &'static str,
    name: &'static str,
    read: bool,
    data: bool,
    event_type: &'static str,
    /// `userIdentity`, where it is not the caller's own.
    json: Option<String>,
    caller: Identity,
    /// Whether a service made the request, which then has no TLS details.
    inside: bool,
    request: String,
    response: String,
    more: String,
    failure: Option<Failure>,
    /// Chooses the resources of a call that its caller makes again and again.
    habit: Option<u64>,
}

/// Records that wait for a later object.
#[derive(Default)]
struct Waiting {
    records: Vec<String>,
    /// How many of them count as events of that object.
    own: u64,
}

/// Writes an archive.
pub(crate) struct Writer {
    spec: Spec,
    random: Random,
    world: World,
    objects: Vec<Object>,
    /// For each account and region the places of its objects in `objects`, in order.
    of_pair: BTreeMap<(usize, usize), Vec<usize>>,
    waiting: BTreeMap<usize, Waiting>,
    places: Places,
    summary: Summary,
    span: (i64, i64),
    subject_span: (i64, i64),
}

impl Writer {
    /// Plans the archive.
    pub(crate) fn new(spec: &Spec) -> Self {
        let mut random = Random::new(spec.seed);
        let world = World::new(spec, &mut random);
        let objects = schedule::objects(spec, &mut random);
        let mut of_pair: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (place, object) in objects.iter().enumerate() {
            of_pair.entry((object.account, object.region)).or_default().push(place);
        }
        let user = world.accounts.first().and_then(|account| account.users.first());
        let subject = Subject {
            key: user.and_then(|user| user.key.clone()).unwrap_or_default(),
            arn: user.map(|user| user.arn.clone()).unwrap_or_default(),
            ..Subject::default()
        };
        Self {
            spec: spec.clone(),
            random,
            world,
            objects,
            of_pair,
            waiting: BTreeMap::new(),
            places: Places::default(),
            summary: Summary { subject, ..Summary::default() },
            span: (i64::MAX, i64::MIN),
            subject_span: (i64::MAX, i64::MIN),
        }
    }

    /// Writes all objects in the order of delivery.
    pub(crate) fn write(mut self, dir: &Path) -> io::Result<Summary> {
        for (place, object) in self.objects.clone().into_iter().enumerate() {
            let key = self.key_of(&object);
            let mut file = ObjectFile::create(dir, &key)?;
            let waiting = self.waiting.remove(&place).unwrap_or_default();
            for record in &waiting.records {
                file.record(record)?;
            }
            self.summary.records += waiting.records.len() as u64;
            for _ in waiting.own..object.events {
                self.event(place, &object, &mut file)?;
            }
            let (raw, gz) = file.finish()?;
            self.summary.raw_bytes += raw;
            self.summary.gz_bytes += gz;
            self.summary.objects += 1;
        }
        for (time, out) in [(self.span.0, &mut self.summary.first), (self.span.1, &mut self.summary.last)] {
            text::iso(time, out);
        }
        let subject = &mut self.summary.subject;
        if subject.calls > 0 {
            text::iso(self.subject_span.0, &mut subject.first);
            text::iso(self.subject_span.1, &mut subject.last);
        }
        Ok(self.summary)
    }

    fn key_of(&mut self, object: &Object) -> String {
        let account = self.number(object.account);
        let region = region(object);
        let (day, minute) = text::delivery(object.delivered);
        let mut unique = String::new();
        text::base64(&mut self.random, 16, &mut unique);
        let unique = unique.replace('+', "x").replace('/', "y");
        format!(
            "AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
        )
    }

    fn number(&self, account: usize) -> String {
        self.world.accounts.get(account).map(|account| account.number.clone()).unwrap_or_default()
    }

    /// Makes one event and writes it: here, in a later object, or in both.
    fn event(&mut self, place: usize, object: &Object, file: &mut ObjectFile) -> io::Result<()> {
        let mut draft = self.draft(place, object);
        self.fail(&mut draft);
        let json = self.text(&draft, object.account, object.region);
        self.count(&draft, object.account, object.region);
        let later = self.later(place, object);
        if self.random.chance(self.spec.late)
            && let Some(later) = later
        {
            self.summary.late += 1;
            self.waiting.entry(later).or_default().records.push(json);
            return Ok(());
        }
        file.record(&json)?;
        self.summary.records += 1;
        if self.random.chance(self.spec.duplicates) {
            self.summary.duplicates += 1;
            if let Some(later) = later {
                self.waiting.entry(later).or_default().records.push(json);
            } else {
                file.record(&json)?;
                self.summary.records += 1;
            }
        }
        Ok(())
    }

    /// One of the next objects of the same account and region.
    fn later(&mut self, place: usize, object: &Object) -> Option<usize> {
        let places = self.of_pair.get(&(object.account, object.region))?;
        let next = places.partition_point(|other| *other <= place);
        let ahead = places.get(next..)?;
        ahead.get(self.random.index(ahead.len().min(6))).copied()
    }

    /// The next object of another account in the region, if it can take one more event.
    fn next_of(&self, account: usize, region: usize, place: usize) -> Option<usize> {
        let places = self.of_pair.get(&(account, region))?;
        let next = *places.get(places.partition_point(|other| *other <= place))?;
        let own = self.waiting.get(&next).map_or(0, |waiting| waiting.own);
        (own < self.objects.get(next)?.events / 4).then_some(next)
    }

    /// Chooses who does what.
    fn draft(&mut self, place: usize, object: &Object) -> Draft {
        let call = self.call(object.region == 0);
        let window = object.window;
        let account = self.number(object.account);
        let random = &mut self.random;
        let anytime = random.between(window.0, window.1);
        match call.caller {
            Caller::Anyone if random.chance(0.2) => {
                let users = self.world.accounts.get(object.account).map(|account| account.users.as_slice());
                let user = random.pick(users.unwrap_or_default()).cloned().unwrap_or_default();
                self.drafted(call, user, anytime, object.region)
            }
            Caller::Anyone | Caller::Forwarded(_) => {
                let outsiders: Vec<usize> = (0..self.spec.accounts)
                    .filter(|other| {
                        *other != object.account && self.next_of(*other, object.region, place).is_some()
                    })
                    .collect();
                match self.world.turn(object.account, window, &outsiders, &mut self.random) {
                    Some(Turn::Speaks(identity, part)) => {
                        let time = self.random.between(part.0, part.1);
                        self.drafted(call, *identity, time, object.region)
                    }
                    Some(Turn::Issued(issuance)) => self.issued(*issuance, place, object),
                    None => Draft::of(call, Identity::default(), anytime),
                }
            }
            Caller::Service(service) => {
                let mut draft = Draft::of(call, service_identity(service, &account), anytime);
                draft.more.push_str(r#""sharedEventID":"$(uuid)","#);
                draft
            }
            Caller::Linked(service) => {
                let (role, id) = (format!("AWSServiceRoleFor-{service}"), "AROAEXAMPLELINKED0001");
                let mut created = String::new();
                text::iso(anytime, &mut created);
                let json = format!(
                    r#"{{"type":"AssumedRole","principalId":"{id}:{service}","arn":"arn:aws:sts::{account}:assumed-role/{role}/{service}","accountId":"{account}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"arn:aws:iam::{account}:role/aws-service-role/{service}.amazonaws.com/{role}","accountId":"{account}","userName":"{role}"}},"attributes":{{"creationDate":"{created}","mfaAuthenticated":"false"}}}},"invokedBy":"{service}.amazonaws.com"}}"#
                );
                Draft { json: Some(json), ..Draft::of(call, service_identity(service, &account), anytime) }
            }
            Caller::Event(service) => {
                let json = format!(r#"{{"accountId":"{account}","invokedBy":"{service}.amazonaws.com"}}"#);
                let event_type = "AwsServiceEvent";
                Draft {
                    json: Some(json),
                    event_type,
                    ..Draft::of(call, service_identity(service, &account), anytime)
                }
            }
            Caller::OtherAccount => {
                let json = r#"{"type":"AWSAccount","principalId":"AROAEXAMPLEOUTSIDE001:loader","accountId":"333322221111"}"#;
                let caller = Identity { address: "192.0.2.77".to_owned(), ..service_identity("", &account) };
                let mut draft =
                    Draft { json: Some(json.to_owned()), inside: false, ..Draft::of(call, caller, anytime) };
                draft.more.push_str(r#""sharedEventID":"$(uuid)","#);
                draft
            }
        }
    }

    /// A call of a user or a session: this one, or, of callers with habits, one of theirs.
    fn drafted(&mut self, call: &Call, caller: Identity, time: i64, region: usize) -> Draft {
        let Some(habits) = self.spec.habits else { return Draft::of(call, caller, time) };
        // The sessions of a role have the habits of the role.
        let who = caller.arn.rsplit_once('/').filter(|_| caller.arn.contains(":assumed-role/"));
        let who = text::pool_of("habit", who.map_or(&caller.arn, |(role, _)| role)) ^ region as u64;
        let habit = mix(who.wrapping_add(self.random.below(habits)));
        let own = weighted(&mut Random::new(habit), |call| {
            (region == 0 || !call.global) && matches!(call.caller, Caller::Anyone | Caller::Forwarded(_))
        });
        Draft { habit: Some(habit), ..Draft::of(own, caller, time) }
    }

    /// Lets some calls fail: those that somebody made, and no issuance.
    fn fail(&mut self, draft: &mut Draft) {
        let issuance = draft.name.starts_with("AssumeRole") || draft.event_type != "AwsApiCall";
        if issuance || draft.inside || draft.caller.key.is_none() || !self.random.chance(ERRORS) {
            return;
        }
        draft.failure = Some(match self.random.below(100) {
            roll if roll < REFUSED => Failure::Denied,
            roll if roll < REFUSED + THROTTLED => Failure::Throttled,
            _ => Failure::Other,
        });
    }

    fn call(&mut self, home: bool) -> &'static Call {
        weighted(&mut self.random, |call| home || !call.global)
    }

    /// The record of an issuance; where the caller is of another account, that account gets its own copy.
    fn issued(&mut self, issuance: Issuance, place: usize, object: &Object) -> Draft {
        let mut draft =
            Draft::issuance(issuance, &self.summary.subject.key, &mut self.summary.subject.issued);
        if draft.source == "sts" {
            self.summary.issued += 1;
        }
        if let Some(outside) = draft.json.take() {
            let other = self.world.accounts.iter().position(|account| account.number == draft.caller.account);
            let next = other.and_then(|other| Some((other, self.next_of(other, object.region, place)?)));
            if let Some((other, next)) = next {
                let json = self.text(&draft, other, object.region);
                self.count(&draft, other, object.region);
                self.summary.cross_account += 1;
                let waiting = self.waiting.entry(next).or_default();
                waiting.records.push(json);
                waiting.own += 1;
            }
            draft.caller.key = None;
            draft.json = Some(outside);
        }
        draft
    }

    fn count(&mut self, draft: &Draft, account: usize, region: usize) {
        let account = self.number(account);
        let summary = &mut self.summary;
        let name = format!("{}:{}", draft.source, draft.name);
        let widen = |span: (i64, i64)| (span.0.min(draft.time), span.1.max(draft.time));
        summary.events += 1;
        self.span = widen(self.span);
        let denied = draft.failure == Some(Failure::Denied);
        match draft.failure {
            Some(Failure::Denied) => summary.denied += 1,
            Some(Failure::Throttled) => summary.throttled += 1,
            Some(Failure::Other) => summary.failed += 1,
            None => {}
        }
        *summary.accounts.entry(account).or_default() += 1;
        *summary.regions.entry(REGIONS.get(region).copied().unwrap_or_default().to_owned()).or_default() += 1;
        *summary.names.entry(name.clone()).or_default() += 1;
        // A forwarded call and a key of the subject never come together: only sessions are forwarded.
        if draft.caller.key.as_deref() == Some(summary.subject.key.as_str()) {
            let subject = &mut summary.subject;
            subject.calls += 1;
            subject.denied += u64::from(denied);
            *subject.names.entry(name).or_default() += 1;
            self.subject_span = widen(self.subject_span);
        }
    }

    /// The record as JSON.
    fn text(&mut self, draft: &Draft, account: usize, region: usize) -> String {
        let account = self.number(account);
        let region = REGIONS.get(region).copied().unwrap_or_default();
        let random = &mut self.random;
        let mut places = std::mem::take(&mut self.places);
        places.begin(&account, region, draft.time, draft.habit);
        let Draft { source, name, caller, .. } = draft;
        let mut out = String::with_capacity(2048);
        let agent = if caller.agent.is_empty() { &caller.address } else { caller.agent };
        let json = draft.json.as_deref().unwrap_or(&caller.json);
        put(&mut out, format_args!(r#"{{"eventVersion":"1.11","userIdentity":{json},"eventTime":""#));
        text::iso(draft.time, &mut out);
        put(
            &mut out,
            format_args!(
                r#"","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"{}","userAgent":"{agent}","#,
                caller.address
            ),
        );
        if let Some(failure) = draft.failure {
            places.fill(&said(failure, draft), random, &mut out);
        }
        out.push_str(r#""requestParameters":"#);
        places.fill(
            if draft.failure == Some(Failure::Throttled) { "null" } else { &draft.request },
            random,
            &mut out,
        );
        out.push_str(r#","responseElements":"#);
        places.fill(if draft.failure.is_some() { "null" } else { &draft.response }, random, &mut out);
        out.push(',');
        places.fill(&draft.more, random, &mut out);
        if draft.event_type == "AwsApiCall" {
            let id = if *source == "s3" { r#""requestID":"$(s3id)","# } else { r#""requestID":"$(uuid*)","# };
            places.fill(id, random, &mut out);
        }
        let category = if draft.data { "Data" } else { "Management" };
        places.fill(r#""eventID":"$(uuid*)","#, random, &mut out);
        put(
            &mut out,
            format_args!(
                r#""readOnly":{},"eventType":"{}","managementEvent":{},"recipientAccountId":"{account}","eventCategory":"{category}""#,
                draft.read, draft.event_type, !draft.data
            ),
        );
        if let Some(endpoint) = &caller.endpoint {
            put(
                &mut out,
                format_args!(r#","vpcEndpointId":"{endpoint}","vpcEndpointAccountId":"{account}""#),
            );
        }
        if !draft.inside {
            put(
                &mut out,
                format_args!(
                    r#","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{source}.{region}.amazonaws.com"}}"#
                ),
            );
        }
        if caller.console {
            out.push_str(r#","sessionCredentialFromConsole":"true""#);
        }
        out.push('}');
        self.places = places;
        out
    }
}

impl Draft {
    fn of(call: &Call, caller: Identity, time: i64) -> Self {
        let mut draft = Self {
            time,
            source: call.source,
            name: call.name,
            read: call.read,
            data: call.data,
            event_type: "AwsApiCall",
            json: None,
            inside: call.caller != Caller::Anyone,
            caller,
            request: call.request.to_owned(),
            response: call.response.to_owned(),
            more: call.more.to_owned(),
            failure: None,
            habit: None,
        };
        if let Caller::Forwarded(service) = call.caller {
            let json = draft.caller.json.strip_suffix('}').unwrap_or_default();
            draft.json = Some(format!(r#"{json},"invokedBy":"{service}.amazonaws.com"}}"#));
            draft.caller.address = format!("{service}.amazonaws.com");
            draft.caller.agent = "";
        }
        draft
    }

    fn issuance(issuance: Issuance, subject: &str, by_subject: &mut u64) -> Self {
        let sign_in = issuance.source == "signin";
        if issuance.caller.key.as_deref() == Some(subject) && issuance.name == "AssumeRole" {
            *by_subject += 1;
        }
        Self {
            time: issuance.time,
            source: issuance.source,
            name: issuance.name,
            read: !sign_in,
            data: false,
            event_type: if sign_in { "AwsConsoleSignIn" } else { "AwsApiCall" },
            json: issuance.outside,
            inside: issuance.caller.agent.is_empty(),
            caller: issuance.caller,
            request: issuance.request,
            response: issuance.response,
            more: issuance.more,
            failure: None,
            habit: None,
        }
    }
}

/// One of the calls that fit, by their weights.
fn weighted(random: &mut Random, fits: impl Fn(&Call) -> bool) -> &'static Call {
    let fitting = || CALLS.iter().filter(|call| fits(call));
    let mut left = random.below(fitting().map(|call| call.weight).sum());
    let found = fitting().find(|call| {
        let found = left < call.weight;
        left = left.saturating_sub(call.weight);
        found
    });
    found.unwrap_or(&WHO_AM_I)
}

fn region(object: &Object) -> &'static str {
    REGIONS.get(object.region).copied().unwrap_or_default()
}

/// Formatting into a String cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

/// `errorCode` and `errorMessage`.
fn said(failure: Failure, draft: &Draft) -> String {
    let prefix = match draft.source {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        source => source,
    };
    let action = draft.name.trim_end_matches("v2").trim_end_matches(|digit: char| digit.is_ascii_digit());
    let refused = format!(
        "User: {} is not authorized to perform: {prefix}:{action} on resource: * because no identity-based policy allows the {prefix}:{action} action",
        draft.caller.arn
    );
    let (code, message) = match (failure, draft.source) {
        (Failure::Denied, "ec2") => (
            "Client.UnauthorizedOperation",
            format!(
                "You are not authorized to perform this operation. {refused}. Encoded authorization failure message: $(encoded)"
            ),
        ),
        (Failure::Denied, _) => ("AccessDenied", refused),
        (Failure::Throttled, "ec2") => ("Client.RequestLimitExceeded", "Request limit exceeded.".to_owned()),
        (Failure::Throttled, _) => ("ThrottlingException", "Rate exceeded".to_owned()),
        (Failure::Other, "s3") => ("NoSuchKey", "The specified key does not exist.".to_owned()),
        (Failure::Other, _) => {
            ("ResourceNotFoundException", "Requested resource $(hex8) not found".to_owned())
        }
    };
    format!(r#""errorCode":"{code}","errorMessage":"{message}","#)
}
