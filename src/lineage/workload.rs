//! Workloads: instances, functions, tasks, builds, automations, pods, that act with a role.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Caller, Class, Issuance, Launch, Layers, RecordRef, Removal, SLACK_SECONDS, is_name};
use crate::aws::Arn;

/// What runs with a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Workload {
    /// `instance`, `function`, `task`, `build`, `automation`, `pod`, `node`, `notebook` or `resource`.
    pub kind: &'static str,
    /// Its id, as the sessions of its role bear it: `i-…`, the function's name, the task's id.
    pub id: String,
    /// Of a function its region: the name is unique there only
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>). None where it is not told, and of others,
    /// whose ids are unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl Workload {
    /// A workload whose id is unique, or of which the region is not told.
    #[must_use]
    pub fn new(kind: &'static str, id: &str) -> Workload {
        Workload { kind, id: id.to_owned(), region: None }
    }

    /// A function of a region.
    #[must_use]
    pub fn function(name: &str, region: Option<&str>) -> Workload {
        Workload { region: region.map(str::to_owned), ..Workload::new("function", name) }
    }

    /// Whether both may be the same one: of one kind and id, and where both tell a region also of one region.
    #[must_use]
    pub fn may_be(&self, other: &Workload) -> bool {
        let regions = self.region.as_ref().zip(other.region.as_ref());
        (self.kind, &self.id) == (other.kind, &other.id) && regions.is_none_or(|(own, other)| own == other)
    }

    /// In words: `instance i-…`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", self.kind, self.id)
    }

    /// Whether calls that AWS records launch such ones.
    #[must_use]
    pub fn is_launched(&self) -> bool {
        matches!(self.kind, "instance" | "function" | "task" | "build" | "automation" | "notebook")
    }

    /// The name of the sessions of its role, where it is not a part of a longer one: the id, before which Systems Manager puts
    /// a word.
    #[must_use]
    pub fn session_name(&self) -> String {
        if self.kind == "automation" { format!("{AUTOMATION}{}", self.id) } else { self.id.clone() }
    }

    /// As the view `launches` has it: kind and id with a colon between.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}:{}", self.kind, self.id)
    }

    /// The workload that a role session belongs to, as AWS itself says: by the service that assumed the role, by
    /// `inScopeOf`, or by the delivery through an instance's metadata service. None where only its name would say so: the
    /// caller of AssumeRole chooses that.
    #[must_use]
    pub fn of_session(caller: &Caller, issuance: Option<&Issuance>) -> Option<Workload> {
        let name = caller.session_name();
        // A service may also forward a user's AssumeRole: then the user chose the name.
        let by_service = issuance.filter(|issuance| issuance.caller.class == Class::Service);
        let service = by_service.and_then(|issuance| issuance.caller.invoked_by.as_deref());
        if let Some(issuance) = issuance
            && let Some(pod) = issuance.tags.as_deref().and_then(pod)
        {
            return Some(pod);
        }
        if let Some(scope) = caller.in_scope_of.as_deref().and_then(in_scope) {
            return Some(scope);
        }
        if let Some(instance) = Workload::of_own_role(caller) {
            return Some(instance);
        }
        if caller.ec2_role_delivery.is_some() && name.is_some_and(is_instance_id) {
            return Some(Workload::new("instance", name.unwrap_or_default()));
        }
        let name = name.or_else(|| issuance.and_then(|issuance| issuance.session_name()))?;
        let kind = match service? {
            // Systems Manager gives instances sessions of a role of the account's
            // (<https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>).
            "ec2.amazonaws.com" | "ssm.amazonaws.com" if is_instance_id(name) => "instance",
            // A machine elsewhere than in EC2 that was registered with an activation, which passes it its role
            // (<https://docs.aws.amazon.com/systems-manager/latest/userguide/hybrid-multicloud-service-role.html>).
            "ssm.amazonaws.com" if is_node_id(name) => "node",
            // Of an automation that runs with a role of the account's, and is told by StartAutomationExecution; one without runs
            // with the permissions of whoever started it, in the session of that one
            // (<https://docs.aws.amazon.com/systems-manager/latest/userguide/running-simple-automations.html>).
            "ssm.amazonaws.com" => {
                let id = name.strip_prefix(AUTOMATION).filter(|id| is_task_id(id))?;
                return Some(Workload::new("automation", id));
            }
            "lambda.amazonaws.com" if !is_pollers(name) => {
                let region = issuance.and_then(|issuance| issuance.record.region.as_deref());
                return Some(Workload::function(name, region));
            }
            "ecs-tasks.amazonaws.com" => "task",
            // ECS acts for itself, too: as `ecs-service-scheduler`
            // (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html>).
            "ecs.amazonaws.com" if is_task_id(name) => "task",
            "codebuild.amazonaws.com" => {
                let id = name.strip_prefix("AWSCodeBuild-").unwrap_or(name);
                return Some(Workload::new("build", id));
            }
            _ => return None,
        };
        Some(Workload::new(kind, name))
    }

    /// The version of the function that a session is of, where its own records say so: records of 2026 tell it beside
    /// `credentialsIssuedTo`, in a field that AWS's page does not have
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>). None where
    /// it stands for no one version, as an alias does, which moves
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html>).
    #[must_use]
    pub fn version_of(session: &Caller) -> Option<String> {
        let scope: Value = serde_json::from_str(session.in_scope_of.as_deref()?).ok()?;
        ["credentialsIssuedToVersion", "credentialsIssuedTo"].into_iter().find_map(|name| {
            let (_, named) = scope.get(name)?.as_str()?.split_once(":function:")?;
            let (_, version) = named.split_once(':')?;
            Some(version).filter(|version| is_number(version) || version.starts_with('$')).map(str::to_owned)
        })
    }
}

/// What stands before the id of an execution in the name of a session of Systems Manager Automation.
const AUTOMATION: &str = "Automation-";

/// What begins the name of a role that EC2 itself gives each instance: no account can make one, as a role's name holds no colon
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>).
const OF_EC2: &str = "aws:ec2-";

impl Workload {
    /// The instance of a session that EC2 made for it, of `aws:ec2-instance` or `aws:ec2-infrastructure`: no record tells of the
    /// making, and none is missing
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html#ec2-instance-identity-roles>,
    /// <https://docs.aws.amazon.com/kms/latest/developerguide/ct-ec2two.html>).
    #[must_use]
    pub fn of_own_role(caller: &Caller) -> Option<Workload> {
        caller.role_name().filter(|role| role.starts_with(OF_EC2))?;
        let id = caller.session_name().filter(|name| is_instance_id(name))?;
        Some(Workload::new("instance", id))
    }
}

/// What a launch says of the role with which its workload acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// It passed this role.
    Role,
    /// It does not say so: the role is not named, or what was passed has another name and may hold the role all the same,
    /// as an instance profile
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html>).
    Untold,
    /// It passed another role: somebody else gave the workload this one.
    Other,
}

impl Passed {
    /// What a launch says of a role of this name.
    #[must_use]
    pub fn of(launch: &Launch, role: Option<&str>) -> Passed {
        // This one comes with the instance.
        if role.is_some_and(|role| role.starts_with(OF_EC2)) && launch.workload.kind == "instance" {
            return Passed::Role;
        }
        let passed = launch.role_for(role).and_then(|passed| passed.rsplit('/').next());
        match passed.zip(role) {
            Some((passed, role)) if is_name(passed, role) => Passed::Role,
            // A function has one role (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html>).
            Some(_) if launch.workload.kind == "function" => Passed::Other,
            _ => Passed::Untold,
        }
    }
}

/// The launch to which a session of a workload goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLaunch<'a> {
    /// What decided what runs: the last call before the session that put a function's code or launched another workload,
    /// else the one that put layers, else the one that gave it its role.
    pub launch: &'a Launch,
    /// What is known of the role with which the session acts.
    pub passed: Passed,
    /// Who gave the workload the role, where that was another call than the one that put the code or launched it: neither acts
    /// without the other.
    pub gave_role: Option<&'a Launch>,
    /// Who else is behind it, or may be.
    pub beside: Vec<Beside<'a>>,
    /// The records that published versions of which one may have run, and of which nothing tells who is behind them.
    pub untold: Vec<&'a Launch>,
}

/// A call that is as much behind a workload as its launch, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside<'a> {
    /// What it gave.
    pub part: Part,
    /// Of a function, where it is open which of its versions ran, the one that has it.
    pub version: Option<&'a str>,
    /// The call.
    pub launch: &'a Launch,
}

/// A part of what a workload needs to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A function's own code.
    Code,
    /// A function's layers.
    Layers,
    /// Its role.
    Role,
    /// The definition of a task, which names its image.
    Definition,
    /// The project of a build, or a part of it.
    Project,
}

impl Part {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Part::Code => "code",
            Part::Layers => "layers",
            Part::Role => "role",
            Part::Definition => "definition",
            Part::Project => "project",
        }
    }
}

/// So many calls that may be behind one session are told apart; what more versions a function has is left open.
const BESIDE_MAX: usize = 32;

/// The launch to which a session of a workload goes back, of those before `moment`, the time at which the session was made;
/// and whether the session's role was passed. A call that passes a function the role that it has already, as tools that
/// keep configuration do, gives it nothing. What was called before the workload was removed, by `removals` before `moment`,
/// is of another one. Where functions of one name in several regions may be meant it is the one that
/// was given the role; None where several were, or none.
///
/// What a version of a function is was decided before it was published
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html>). Of a session that does not tell its version
/// each that was published may have run, and what was not.
pub fn last_launch<'a>(
    launches: impl IntoIterator<Item = &'a Launch>,
    removals: impl IntoIterator<Item = &'a Removal>,
    workload: &Workload,
    session: &Caller,
    moment: Option<DateTime<Utc>>,
) -> Option<LastLaunch<'a>> {
    let before = |launch: &&Launch| {
        let time = launch.record.time.timestamp();
        moment.is_none_or(|moment| time <= moment.timestamp() + SLACK_SECONDS)
    };
    let mut all: Vec<&Launch> =
        launches.into_iter().filter(before).filter(|launch| launch.workload.may_be(workload)).collect();
    // Whoever makes one of the same name anew makes another
    // (<https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html>).
    let gone: Vec<&Removal> = (removals.into_iter())
        .filter(|gone| gone.is_of(workload) && moment.is_some_and(|moment| gone.end() <= moment))
        .collect();
    all.retain(|launch| {
        !gone.iter().any(|gone| gone.record.time > launch.record.time && gone.is_of(&launch.workload))
    });
    // Who publishes in the second of a change publishes what was changed.
    all.sort_by(|a, b| {
        let order = |launch: &Launch| (launch.record.time, launch.only_publishes());
        order(a).cmp(&order(b)).then_with(|| a.record.cmp(&b.record))
    });
    let mut histories: BTreeMap<Option<&str>, History<'a>> = BTreeMap::new();
    for launch in all {
        histories.entry(launch.workload.region.as_deref()).or_default().add(launch);
    }
    let (role, version) = (session.role_name(), Workload::version_of(session));
    let mut all = histories.into_values().filter_map(|history| history.last(role, version.as_deref()));
    let first = all.next()?;
    let Some(second) = all.next() else { return Some(first) };
    let mut of_role = [first, second].into_iter().chain(all).filter(|last| last.passed == Passed::Role);
    of_role.next().filter(|_| of_role.next().is_none())
}

impl<'a> LastLaunch<'a> {
    /// Takes in the record that registered the definition of the task, see [`Launch::defined_by`]. What runs stands there,
    /// for no launch names another image
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html>): whoever registered it is as
    /// much behind the task as whoever ran it. It gives the role where the launch passed none
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html>).
    pub fn define(&mut self, defined: &'a Launch, role: Option<&str>) {
        let passed = Passed::of(defined, role);
        let is_bare = self.launch.role_passed.is_none() && defined.role_for(role).is_some();
        if self.passed != Passed::Role && (is_bare || passed == Passed::Role) {
            self.passed = passed;
            self.gave_role = Some(defined);
        } else {
            self.beside.push(Beside { part: Part::Definition, version: None, launch: defined });
        }
    }

    /// Takes in the records that set what a build runs, see [`Launch::projected_by`]: whoever called these is as much behind it
    /// as whoever started it.
    pub fn project(&mut self, projected: Vec<&'a Launch>) {
        let beside = |launch| Beside { part: Part::Project, version: None, launch };
        self.beside.extend(projected.into_iter().map(beside));
    }

    /// What passed the instance its profile.
    #[must_use]
    pub fn profiled(&self) -> &'a Launch {
        self.gave_role.unwrap_or(self.launch)
    }

    /// Takes in the record that put a role into the instance's profile, see [`Launch::held_by`]: whoever did is as much behind
    /// what acts with that role as whoever launched the instance. A role that the profile did not hold is given by something
    /// that nothing here tells; false then.
    pub fn hold(&mut self, held: &'a Launch, role: Option<&str>) -> bool {
        if role.is_none_or(|role| role.starts_with(OF_EC2)) {
            return true;
        }
        if Passed::of(held, role) != Passed::Role {
            self.passed = Passed::Untold;
            return false;
        }
        self.passed = Passed::Role;
        if self.gave_role.is_none() {
            self.gave_role = Some(held);
        } else {
            self.beside.push(Beside { part: Part::Role, version: None, launch: held });
        }
        true
    }

    /// The calls that decide what it is, with what each gave.
    fn parts(&self) -> Vec<(Part, &'a Launch)> {
        let first = if !self.launch.configures() {
            Part::Code
        } else if self.launch.layers == Layers::Put {
            Part::Layers
        } else {
            Part::Role
        };
        let beside = self.beside.iter().map(|beside| (beside.part, beside.launch));
        let role = self.gave_role.map(|gave| (Part::Role, gave));
        [(first, self.launch)].into_iter().chain(beside).chain(role).collect()
    }
}

/// What was not published.
const LATEST: &str = "$LATEST";

/// A workload after some launches, with what was published of it.
#[derive(Debug, Clone, Default)]
struct History<'a> {
    latest: State<'a>,
    /// By version: the record that published it, and what it is.
    told: BTreeMap<&'a str, (&'a Launch, State<'a>)>,
    /// The same where the answer does not tell the version.
    untold: Vec<(&'a Launch, State<'a>)>,
}

impl<'a> History<'a> {
    fn add(&mut self, launch: &'a Launch) {
        let is_function = launch.workload.kind == "function";
        if is_function && !launch.configures() && !launch.replaces_code() && !launch.only_publishes() {
            *self = History::default();
        }
        if !launch.only_publishes() {
            self.latest.add(launch);
        }
        let version = launch.published.as_deref().filter(|version| is_function && *version != LATEST);
        let published = (launch, self.latest);
        match version {
            None => {}
            Some(Launch::UNTOLD_VERSION) => self.untold.push(published),
            // Where nothing changed since, the answer names a version that is there already
            // (<https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html>).
            Some(number) if is_number(number) => {
                self.told.entry(number).or_insert(published);
            }
            Some(name) => {
                self.told.insert(name, published);
            }
        }
    }

    /// What a session of a role goes back to; of one version where it tells which.
    fn last(&self, role: Option<&str>, version: Option<&str>) -> Option<LastLaunch<'a>> {
        let known = version.and_then(|version| self.told.get(version));
        let mut published: Vec<(&Launch, State<'a>)> = match (version, known) {
            (Some(LATEST), _) => Vec::new(),
            (Some(_), Some(known)) => vec![*known],
            (Some(_), None) => self.untold.clone(),
            (None, _) => self.told.values().chain(&self.untold).copied().collect(),
        };
        published.sort_by(|a, b| b.0.record.cmp(&a.0.record));
        let latest = Some(self.latest).filter(|_| version.is_none_or(|version| version == LATEST));
        let mut states = Vec::new();
        let mut untold = Vec::new();
        if let Some(last) = latest.and_then(|latest| latest.last(role)) {
            states.push((LATEST, None, last));
        }
        // It may be another one than that which was asked for.
        let is_open = known.is_none() && version.is_some();
        for (by, state) in published {
            let last = state.last(role);
            untold.extend(Some(by).filter(|_| is_open || last.is_none()));
            let version = by.published.as_deref().unwrap_or_default();
            states.extend(last.map(|last| (version, Some(by), last)));
        }
        // A version keeps its role: one of another role than the session's is not what ran.
        if states.iter().any(|(_, _, last)| last.passed != Passed::Other) {
            states.retain(|(_, _, last)| last.passed != Passed::Other);
        } else {
            states.truncate(1);
        }
        let mut states = states.into_iter();
        let (_, _, mut found) = states.next()?;
        let mut known: BTreeSet<&RecordRef> =
            found.parts().into_iter().map(|(_, launch)| &launch.record).collect();
        for (version, by, other) in states {
            if found.beside.len() >= BESIDE_MAX {
                untold.extend(by);
                continue;
            }
            let others = other.parts().into_iter().filter(|(_, launch)| known.insert(&launch.record));
            found.beside.extend(others.map(|(part, launch)| Beside { part, version: Some(version), launch }));
        }
        found.untold = untold;
        Some(found)
    }
}

/// A workload after some launches.
#[derive(Debug, Clone, Copy, Default)]
struct State<'a> {
    /// Of a function the last that put its code, of others the last that launched it.
    put: Option<&'a Launch>,
    /// The one that put the layers that a function has.
    layers: Option<&'a Launch>,
    /// The last that gave it another role than it had.
    gave_role: Option<&'a Launch>,
    /// The last that tells which role it has.
    tells_role: Option<&'a Launch>,
}

impl<'a> State<'a> {
    fn add(&mut self, launch: &'a Launch) {
        let is_known = self.tells_role.is_some_and(|known| known.role_passed == launch.role_passed);
        match launch.layers {
            Layers::Untold => {}
            Layers::Put => self.layers = Some(launch),
            Layers::Cleared => self.layers = None,
        }
        let is_function = launch.workload.kind == "function";
        if !is_function && !launch.configures() {
            *self = State { put: Some(launch), ..State::default() };
        } else if !launch.configures() {
            self.put = Some(launch);
            // What it had before its code was replaced, and was given by a call that is not here.
            if launch.replaces_code() && !is_known && launch.role_passed.is_some() {
                self.gave_role = None;
            } else if !launch.replaces_code() {
                self.gave_role = Some(launch);
            }
        } else if !is_known && (launch.role_passed.is_some() || !is_function) {
            self.gave_role = Some(launch);
        }
        if launch.role_passed.is_some() {
            self.tells_role = Some(launch);
        }
    }

    fn last(self, role: Option<&str>) -> Option<LastLaunch<'a>> {
        let launch = self.put.or(self.layers).or(self.gave_role).or(self.tells_role)?;
        let gave_role = self.gave_role.filter(|gave| gave.record != launch.record);
        let is_new = |layers: &&Launch| {
            layers.record != launch.record && gave_role.is_none_or(|gave| gave.record != layers.record)
        };
        let layers = self.layers.filter(is_new);
        Some(LastLaunch {
            launch,
            passed: Passed::of(self.tells_role.unwrap_or(launch), role),
            gave_role,
            beside: (layers.into_iter())
                .map(|launch| Beside { part: Part::Layers, version: None, launch })
                .collect(),
            untold: Vec::new(),
        })
    }
}

/// Whether a version is one that stays, and no other word for what is there.
fn is_number(version: &str) -> bool {
    !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text has the form of an instance id: `i-` and 8 or 17 hexadecimal digits
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>).
#[must_use]
pub fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Whether a text has the form of the id of a machine that Systems Manager manages elsewhere than in EC2: `mi-` and 17 letters or
/// digits (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeregisterManagedInstance.html>).
#[must_use]
pub fn is_node_id(text: &str) -> bool {
    let id = text.strip_prefix("mi-");
    id.is_some_and(|id| id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether a text has the form of a task's id: 32 hexadecimal digits, or a UUID of older ones
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html>).
fn is_task_id(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    digits == 32 && text.len() == digits + text.matches('-').count() && matches!(text.len(), 32 | 36)
}

/// Whether a session of a function's role is of those by which Lambda reads queues and streams for it: `awslambda_735_…` with
/// digits; those that run it bear its name.
fn is_pollers(name: &str) -> bool {
    let rest = name.strip_prefix("awslambda_").and_then(|rest| rest.split_once('_'));
    rest.is_some_and(|(number, moment)| is_number(number) && is_number(moment))
}

/// The resource of `inScopeOf`: what the credential was issued to, else the source.
fn in_scope(json: &str) -> Option<Workload> {
    let scope: Value = serde_json::from_str(json).ok()?;
    let text = |name: &str| scope.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("credentialsIssuedTo").or_else(|| text("sourceArn"))?;
    let arn = Arn::parse(id);
    // Names are chosen by users: only the service of an ARN tells what it is of, or the type that stands beside another id.
    let service = match arn {
        Some(arn) => arn.service.to_owned(),
        None => {
            text("issuerType").and_then(|kind| kind.split("::").nth(1)).unwrap_or_default().to_lowercase()
        }
    };
    let resource = arn.map_or(id, |arn| arn.resource);
    let last = resource.rsplit(['/', ':']).next().unwrap_or(resource);
    let is = |start: &str| arn.is_none() || resource.starts_with(start);
    let kind = match service.as_str() {
        // `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]`
        "lambda" if is("function:") => {
            let named = resource.strip_prefix("function:").and_then(|rest| rest.split(':').next());
            let region = arn.map(|arn| arn.region).filter(|region| !region.is_empty());
            return Some(Workload::function(named.unwrap_or(last), region));
        }
        "ecs" if is("task/") => "task",
        "codebuild" if is("build/") => "build",
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
        "ssm" if arn.is_some() && is("automation-execution/") => "automation",
        _ if is_instance_id(last) && (arn.is_none() || service == "ec2" || service == "ssm") => "instance",
        _ => return Some(Workload::new("resource", id)),
    };
    Some(Workload::new(kind, last))
}

/// The pod that the session tags of EKS Pod Identity name
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html>).
fn pod(tags: &str) -> Option<Workload> {
    let tags: Value = serde_json::from_str(tags).ok()?;
    let tag = |wanted: &str| {
        let found =
            tags.as_array()?.iter().find(|tag| tag.get("key").and_then(Value::as_str) == Some(wanted))?;
        found.get("value").and_then(Value::as_str)
    };
    let (namespace, pod) = (tag("kubernetes-namespace")?, tag("kubernetes-pod-name")?);
    Some(Workload::new("pod", &format!("{namespace}/{pod}")))
}

#[cfg(test)]
mod tests;
