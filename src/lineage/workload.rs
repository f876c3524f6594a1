//! Workloads: instances, functions, tasks, builds, pods, that act with a role.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Caller, Class, Issuance, Launch, Removal, SLACK_SECONDS};

/// What runs with a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Workload {
    /// `instance`, `function`, `task`, `build`, `pod`, `notebook` or `resource`.
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
            "ec2.amazonaws.com" if is_instance_id(name) => "instance",
            "lambda.amazonaws.com" => {
                let region = issuance.and_then(|issuance| issuance.record.region.as_deref());
                return Some(Workload::function(name, region));
            }
            "ecs-tasks.amazonaws.com" | "ecs.amazonaws.com" => "task",
            "codebuild.amazonaws.com" => {
                let id = name.strip_prefix("AWSCodeBuild-").unwrap_or(name);
                return Some(Workload::new("build", id));
            }
            _ => return None,
        };
        Some(Workload::new(kind, name))
    }
}

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
            Some((passed, role)) if passed == role => Passed::Role,
            // A function has one role (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html>).
            Some(_) if launch.workload.kind == "function" => Passed::Other,
            _ => Passed::Untold,
        }
    }
}

/// The launch to which a session of a workload goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLaunch<'a> {
    /// What decided what runs: the last call before the session that put a function's code or launched another workload,
    /// else the one that gave it its role.
    pub launch: &'a Launch,
    /// What is known of the role with which the session acts.
    pub passed: Passed,
    /// Who gave a function or an instance the role, where that was another call than the one that put the code or launched
    /// it; or, where that one put layers, who put the function's own code: neither acts without the other.
    pub gave_role: Option<&'a Launch>,
}

/// The launch to which a session of a workload goes back, of those before `moment`, the time at which the session was made;
/// and whether the role of this name was passed. A call that passes a function the role that it has already, as tools that
/// keep configuration do, gives it nothing. What was called before the workload was removed, by `removals` before `moment`,
/// is of another one. Where functions of one name in several regions may be meant it is the one that
/// was given the role; None where several were, or none.
pub fn last_launch<'a>(
    launches: impl IntoIterator<Item = &'a Launch>,
    removals: impl IntoIterator<Item = &'a Removal>,
    workload: &Workload,
    role: Option<&str>,
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
    all.sort_by(|a, b| a.record.cmp(&b.record));
    let mut states: BTreeMap<Option<&str>, State<'a>> = BTreeMap::new();
    for launch in all {
        states.entry(launch.workload.region.as_deref()).or_default().add(launch);
    }
    let mut all = states.into_values().filter_map(|state| state.last(role));
    let first = all.next()?;
    let Some(second) = all.next() else { return Some(first) };
    let mut of_role = [first, second].into_iter().chain(all).filter(|last| last.passed == Passed::Role);
    of_role.next().filter(|_| of_role.next().is_none())
}

/// A workload after some launches.
#[derive(Debug, Clone, Copy, Default)]
struct State<'a> {
    /// Of a function the last that put its code, of others the last that launched it.
    put: Option<&'a Launch>,
    /// The last that gave it another role than it had.
    gave_role: Option<&'a Launch>,
    /// The last that tells which role it has.
    tells_role: Option<&'a Launch>,
}

impl<'a> State<'a> {
    fn add(&mut self, launch: &'a Launch) {
        let is_known = self.tells_role.is_some_and(|known| known.role_passed == launch.role_passed);
        if launch.workload.kind == "function" && launch.configures() && launch.role_passed.is_none() {
            // It put layers, whose code runs beside the function's own.
            self.gave_role = self.gave_role.or(self.put);
            self.put = Some(launch);
            return;
        }
        if launch.workload.kind != "function" && !launch.configures() {
            *self = State { put: Some(launch), ..State::default() };
        } else if !launch.configures() {
            self.put = Some(launch);
            // What it had before its code was replaced, and was given by a call that is not here.
            if launch.replaces_code() && !is_known && launch.role_passed.is_some() {
                self.gave_role = None;
            } else if !launch.replaces_code() {
                self.gave_role = Some(launch);
            }
        } else if !is_known {
            self.gave_role = Some(launch);
        }
        if launch.role_passed.is_some() {
            self.tells_role = Some(launch);
        }
    }

    fn last(self, role: Option<&str>) -> Option<LastLaunch<'a>> {
        let launch = self.put.or(self.gave_role).or(self.tells_role)?;
        Some(LastLaunch {
            launch,
            passed: Passed::of(self.tells_role.unwrap_or(launch), role),
            gave_role: self.gave_role.filter(|gave| gave.record != launch.record),
        })
    }
}

/// Whether a text has the form of an instance id: `i-` and 8 or 17 hexadecimal digits
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>).
#[must_use]
pub fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The resource of `inScopeOf`: what the credential was issued to, else the source.
fn in_scope(json: &str) -> Option<Workload> {
    let scope: Value = serde_json::from_str(json).ok()?;
    let text = |name: &str| scope.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("credentialsIssuedTo").or_else(|| text("sourceArn"))?;
    let last = id.rsplit(['/', ':']).next().unwrap_or(id);
    let is = |what: &str| id.contains(what) || text("issuerType").is_some_and(|issuer| issuer.contains(what));
    if is(":function:") || (is("Lambda") && !is_instance_id(last)) {
        // `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]`
        let name = id.split(":function:").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or(last);
        let region = id.starts_with("arn:").then(|| id.split(':').nth(3)).flatten();
        return Some(Workload::function(name, region.filter(|region| !region.is_empty())));
    }
    let (kind, id) = if is_instance_id(last) {
        ("instance", last)
    } else if is(":task/") || is("ECS") {
        ("task", last)
    } else if is(":build/") || is("CodeBuild") {
        ("build", last)
    } else {
        ("resource", id)
    };
    Some(Workload::new(kind, id))
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
