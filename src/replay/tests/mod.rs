//! The replay of whole calls, over small snapshots and records made on the spot.

mod agreement;
mod assuming;
mod counting;
mod explaining;
mod granting;
mod grouping;
mod mutated;
mod objects;
mod parameters;
mod propagation;
mod proposing;
mod session_policy;
mod sharing;
mod special;
mod unseen;

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::{Group, Replay};
use super::testing::{ACCOUNT, ANN, DEPLOY, SESSION, at, by_role, by_user};
use super::{Changes, EventVerdict, Issuances, Limits, Parsed, Plan, Record, Replayer, original};
use crate::snapshot::Snapshot;

/// No organization: no SCPs, no RCPs.
const ALONE: &str = r#"{"Organization": null}"#;

/// A snapshot of these files; problems in them are a fault of the test.
fn read(files: &[(&str, &str)]) -> Arc<Snapshot> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut snapshot = Snapshot::read(folder.path()).unwrap();
    assert_eq!(snapshot.problems, []);
    "snapshot".clone_into(&mut snapshot.path);
    Arc::new(snapshot)
}

/// A policy of these statements.
fn policy(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn inline(statements: &Value) -> Value {
    json!([{ "PolicyName": "own", "PolicyDocument": policy(statements) }])
}

/// Everything of one account: users and roles with one inline policy each, buckets with a policy or known to have none.
#[derive(Default)]
struct World {
    users: Vec<Value>,
    roles: Vec<Value>,
    managed: Vec<Value>,
    files: Vec<(String, String)>,
    organization: Option<String>,
}

impl World {
    fn user(mut self, arn: &str, statements: &Value) -> Self {
        let name = arn.rsplit('/').next().unwrap();
        self.users.push(json!({ "UserName": name, "Arn": arn, "UserPolicyList": inline(statements) }));
        self
    }

    /// A role that the principals of `trust` may assume.
    fn role(mut self, arn: &str, trust: &Value, statements: &Value) -> Self {
        let name = arn.rsplit('/').next().unwrap();
        self.roles.push(json!({
            "RoleName": name, "Arn": arn,
            "AssumeRolePolicyDocument": policy(trust), "RolePolicyList": inline(statements),
        }));
        self
    }

    /// Gives the user or role that was added last a permissions boundary.
    fn boundary(mut self, arn: &str) -> Self {
        let last = self.roles.last_mut().or(self.users.last_mut()).unwrap();
        last["PermissionsBoundary"] =
            json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn });
        self
    }

    fn managed(mut self, arn: &str, statements: &Value) -> Self {
        let version = json!({ "VersionId": "v1", "IsDefaultVersion": true, "Document": policy(statements) });
        self.managed.push(json!({
            "PolicyName": arn.rsplit('/').next(), "Arn": arn, "DefaultVersionId": "v1",
            "PolicyVersionList": [version],
        }));
        self
    }

    /// A resource of the account; without statements it is known to have no policy.
    fn resource(mut self, arn: &str, statements: &Value) -> Self {
        let own = if statements.is_null() { Value::Null } else { policy(statements) };
        let text = json!({ "arn": arn, "account": ACCOUNT, "policy": own }).to_string();
        self.files.push((format!("resource-policies/{}.json", self.files.len()), text));
        self
    }

    /// A service control policy by its id.
    fn control(mut self, id: &str, statements: &Value) -> Self {
        self.files.push((format!("scp/{id}.json"), policy(statements).to_string()));
        self
    }

    fn organization(mut self, text: &Value) -> Self {
        self.organization = Some(text.to_string());
        self
    }

    fn read(self) -> Arc<Snapshot> {
        let details = json!({
            "UserDetailList": self.users, "RoleDetailList": self.roles, "Policies": self.managed,
        })
        .to_string();
        let organization = self.organization.unwrap_or_else(|| ALONE.to_owned());
        let mut files = vec![("details.json", details.as_str()), ("organization.json", &organization)];
        files.extend(self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        read(&files)
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Sid": "May", "Effect": "Allow", "Action": action, "Resource": resource })
}

fn deny(action: &str, resource: &str) -> Value {
    json!({ "Sid": "Not", "Effect": "Deny", "Action": action, "Resource": resource })
}

/// A statement under a condition, if that is one.
fn conditioned(mut statement: Value, condition: Value) -> Value {
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

/// Statements of a resource's policy, for the account.
fn for_account(mut statements: Value) -> Value {
    for one in statements.as_array_mut().unwrap() {
        one["Principal"] = json!({ "AWS": ACCOUNT });
    }
    statements
}

/// Lets everybody of the account be told by the identity policies.
fn trust_account() -> Value {
    json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": ACCOUNT } })
}

fn refused<'a>(record: &Record<'a>, message: &'a str) -> Record<'a> {
    Record { error_code: Some("AccessDenied"), error_message: Some(message), ..*record }
}

fn plan(snapshot: &Arc<Snapshot>) -> Plan {
    Plan {
        snapshot: Arc::clone(snapshot),
        proposed: None,
        issuances: Arc::new(Issuances::default()),
        originals: Arc::default(),
        action: None,
        verdicts: true,
    }
}

fn issued(records: &[Record<'_>]) -> Arc<Issuances> {
    let mut issuances = Issuances::default();
    for record in records {
        issuances.add(record, &Parsed::of(record));
    }
    Arc::new(issuances)
}

/// What these records changed.
fn changes_of(records: &[Record<'_>]) -> Changes {
    let mut changes = Changes::default();
    for record in records {
        changes.see(record);
    }
    changes
}

/// What one event comes to.
fn verdict(plan: &Plan, record: &Record<'_>) -> EventVerdict {
    Replayer::new(plan.clone()).take(record).unwrap()
}

/// The answer over these events.
fn replay(plan: &Plan, records: &[Record<'_>]) -> Replay {
    let mut replayer = Replayer::new(plan.clone());
    for record in records {
        replayer.take(record);
    }
    let mut folded = replayer.fold(&changes_of(records));
    for record in records {
        folded.worked(record);
    }
    folded.answer(plan.proposed.as_ref().map(|_| super::Proposed::default()))
}

/// The only group of an answer.
#[track_caller]
fn only(answer: &Replay) -> &Group {
    let [group] = answer.groups.as_slice() else { panic!("{:#?}", answer.groups) };
    group
}
