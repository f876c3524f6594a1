//! Workloads: instances, functions, tasks, builds, pods, that act with a role.

use serde::Serialize;
use serde_json::Value;

use super::{Caller, Class, Issuance};

/// What runs with a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Workload {
    /// `instance`, `function`, `task`, `build`, `pod`, `notebook` or `resource`.
    pub kind: &'static str,
    /// Its id, as the sessions of its role bear it: `i-…`, the function's name, the task's id.
    pub id: String,
}

impl Workload {
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
        if caller.ec2_role_delivery.is_some() && name.is_some_and(is_instance_id) {
            return Some(Workload { kind: "instance", id: name.unwrap_or_default().to_owned() });
        }
        let name = name.or_else(|| issuance.and_then(|issuance| issuance.session_name()))?;
        let kind = match service? {
            "ec2.amazonaws.com" if is_instance_id(name) => "instance",
            "lambda.amazonaws.com" => "function",
            "ecs-tasks.amazonaws.com" | "ecs.amazonaws.com" => "task",
            "codebuild.amazonaws.com" => {
                let id = name.strip_prefix("AWSCodeBuild-").unwrap_or(name);
                return Some(Workload { kind: "build", id: id.to_owned() });
            }
            _ => return None,
        };
        Some(Workload { kind, id: name.to_owned() })
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
    let (kind, id) = if is_instance_id(last) {
        ("instance", last)
    } else if is(":function:") || is("Lambda") {
        // `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]`
        ("function", id.split(":function:").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or(last))
    } else if is(":task/") || is("ECS") {
        ("task", last)
    } else if is(":build/") || is("CodeBuild") {
        ("build", last)
    } else {
        ("resource", id)
    };
    Some(Workload { kind, id: id.to_owned() })
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
    Some(Workload { kind: "pod", id: format!("{namespace}/{pod}") })
}
