//! The whole, over small snapshots and records made on the spot.

mod again;
mod apart;
mod beside;
mod federated;
mod generated;
mod granting;
mod marking;
mod own;
mod proving;
mod region;
mod showing;
mod suggesting;
mod sure;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::suggest::{self, Suggestion};
use super::{
    Assumptions, Census, Detail, Kind, Mark, Material, Plan, PrincipalUse, Subjects, Trusts, Unused, Wanted,
    finish,
};
use crate::replay::{Issuances, Record, original};
use crate::snapshot::Snapshot;

const ACCOUNT: &str = "111122223333";
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/deploy";

/// The policies of one account and its organization.
#[derive(Default)]
struct World {
    users: Vec<Value>,
    roles: Vec<Value>,
    groups: Vec<Value>,
    managed: Vec<Value>,
    files: Vec<(String, String)>,
}

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

impl World {
    fn user(mut self, arn: &str, statements: &Value) -> Self {
        self.users.push(json!({
            "UserName": name(arn), "Arn": arn, "CreateDate": "2020-01-01T00:00:00Z", "GroupList": [],
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": policy(statements)}],
        }));
        self
    }

    fn role(mut self, arn: &str, trust: &Value, statements: &Value) -> Self {
        self.roles.push(json!({
            "RoleName": name(arn), "Arn": arn, "CreateDate": "2020-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": policy(trust),
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy(statements)}],
        }));
        self
    }

    /// Changes what was said last of a user or role.
    fn with(mut self, key: &str, value: &Value) -> Self {
        let last = self.roles.last_mut().or(self.users.last_mut()).unwrap();
        last[key] = value.clone();
        self
    }

    /// A group that all users so far are in.
    fn group(mut self, named: &str, statements: &Value) -> Self {
        for user in &mut self.users {
            user["GroupList"].as_array_mut().unwrap().push(json!(named));
        }
        self.groups.push(json!({
            "GroupName": named, "Arn": format!("arn:aws:iam::{ACCOUNT}:group/{named}"),
            "GroupPolicyList": [{"PolicyName": "own", "PolicyDocument": policy(statements)}],
        }));
        self
    }

    fn managed(mut self, arn: &str, statements: &Value) -> Self {
        let version = json!({"VersionId": "v2", "IsDefaultVersion": true, "Document": policy(statements)});
        let older = json!({"VersionId": "v1", "IsDefaultVersion": false, "Document": policy(&json!([]))});
        self.managed.push(json!({
            "PolicyName": name(arn), "Arn": arn, "DefaultVersionId": "v2", "PolicyVersionList": [version, older],
        }));
        self
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// An SCP over the account beside `FullAWSAccess`.
    fn control(self, statements: &Value) -> Self {
        let organization = json!({
            "Organization": {"Id": "o-example123", "MasterAccountId": "123456789012"},
            "Roots": [{"Id": "r-ex01", "Name": "Root", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}],
        });
        let own = json!({"Parent": "r-ex01", "Accounts": [{"Id": ACCOUNT, "Name": "shop"}, {"Id": "123456789012", "Name": "own"}]});
        let attach = |target: &str, ids: &[&str]| {
            let policies: Vec<Value> = ids.iter().map(|id| json!({"Id": id, "Name": id})).collect();
            json!({"Target": target, "Type": "SERVICE_CONTROL_POLICY", "Policies": policies})
        };
        let text = [
            organization,
            own,
            attach("r-ex01", &["p-FullAWSAccess"]),
            attach(ACCOUNT, &["p-FullAWSAccess", "p-own"]),
            attach("123456789012", &["p-FullAWSAccess"]),
        ];
        let text: Vec<String> = text.iter().map(Value::to_string).collect();
        let full = policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]));
        self.file("organization.json", &text.join("\n"))
            .file("scp/p-own.json", &policy(statements).to_string())
            .file("scp/p-FullAWSAccess.json", &full.to_string())
    }

    fn read(self) -> Arc<Snapshot> {
        let folder = tempfile::tempdir().unwrap();
        let details = json!({
            "UserDetailList": self.users, "RoleDetailList": self.roles, "GroupDetailList": self.groups,
            "Policies": self.managed,
        });
        let mut files = self.files;
        files.push(("details.json".to_owned(), details.to_string()));
        if files.iter().all(|(path, _)| path != "organization.json") {
            files.push(("organization.json".to_owned(), r#"{"Organization": null}"#.to_owned()));
        }
        for (path, text) in &files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut snapshot = Snapshot::read(folder.path()).unwrap();
        assert_eq!(snapshot.problems, []);
        "iam".clone_into(&mut snapshot.path);
        Arc::new(snapshot)
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn deny(action: &str, resource: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": resource})
}

fn trust_ann() -> Value {
    json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ANN}}])
}

fn at(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::days(day)
}

/// A call that worked, of the user.
fn by_ann<'a>(source: &'a str, called: &'a str, parameters: Option<&'a str>) -> Record<'a> {
    Record {
        event_time: at(1),
        account: Some(ACCOUNT),
        event_source: Some(source),
        event_name: Some(called),
        event_type: Some("AwsApiCall"),
        aws_region: Some("eu-west-1"),
        source_ip_address: Some("192.0.2.7"),
        recipient_account_id: Some(ACCOUNT),
        identity_type: Some("IAMUser"),
        identity_arn: Some(ANN),
        identity_account_id: Some(ACCOUNT),
        access_key_id: Some("AKIARTX3GSDSQEXAMPLE"),
        user_name: Some("ann"),
        request_parameters: parameters,
        ..Record::default()
    }
}

/// The same in a session of the role.
fn by_deploy<'a>(source: &'a str, called: &'a str, parameters: Option<&'a str>) -> Record<'a> {
    Record {
        identity_type: Some("AssumedRole"),
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/one"),
        access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        user_name: None,
        session_issuer_arn: Some(DEPLOY),
        session_created: Some(at(0)),
        ..by_ann(source, called, parameters)
    }
}

/// A call that writes, of a service for itself: most worlds are about something else than trails that record reads only.
fn writing() -> Record<'static> {
    Record {
        identity_type: Some("AWSService"),
        identity_arn: None,
        access_key_id: None,
        user_name: None,
        read_only: Some(false),
        ..by_ann("sts.amazonaws.com", "AssumeRole", None)
    }
}

/// The answer over these events, whose division among those who share the work must not matter.
fn look(snapshot: &Arc<Snapshot>, records: &[Record<'_>], suggest: Option<suggest::Options>) -> Unused {
    look_in_parts(snapshot, &[records], suggest)
}

fn look_in_parts(snapshot: &Arc<Snapshot>, parts: &[&[Record<'_>]], how: Option<suggest::Options>) -> Unused {
    look_at(snapshot, &Wanted::default(), parts, how)
}

/// The same of some principals only.
fn look_at(
    snapshot: &Arc<Snapshot>,
    wanted: &Wanted,
    parts: &[&[Record<'_>]],
    how: Option<suggest::Options>,
) -> Unused {
    look_beside(snapshot, wanted, (parts, true), how)
}

/// The same, with whether the log has a call that writes beside these.
fn look_beside(
    snapshot: &Arc<Snapshot>,
    wanted: &Wanted,
    (parts, beside_writes): (&[&[Record<'_>]], bool),
    how: Option<suggest::Options>,
) -> Unused {
    let subjects = Arc::new(Subjects::of(snapshot, wanted).unwrap());
    let mut issued = Issuances::default();
    for record in parts.iter().flat_map(|part| part.iter()) {
        issued.add(record, &crate::replay::Parsed::of(record));
    }
    let plan = Plan::new(Arc::clone(snapshot), Arc::clone(&subjects), Arc::new(issued), how.is_some());
    let originals = parts.iter().flat_map(|part| part.iter()).filter_map(original).collect();
    let plan = Arc::new(Plan { originals: Arc::new(originals), ..plan });
    let (mut census, mut light) = (Census::new(Arc::clone(&plan)), Vec::new());
    for part in parts {
        let mut own = Census::new(Arc::clone(&plan));
        let mut closer = Detail::new(Arc::clone(&plan), Arc::default());
        for record in *part {
            if let Some(key) = own.take(record) {
                closer.take_light(record, key);
            }
        }
        census.merge(own);
        light.push(closer);
    }
    if beside_writes && parts.iter().any(|part| !part.is_empty()) {
        census.take(&writing());
    }
    let wanted = Arc::new(census.wanted(&plan));
    let mut detail = Detail::new(Arc::clone(&plan), Arc::clone(&wanted));
    for own in light {
        detail.merge(own);
    }
    let trusts = Arc::new(Trusts::of(snapshot, &subjects));
    let mut assumptions = Assumptions::new(Arc::clone(&trusts));
    for part in parts {
        let mut own = Detail::new(Arc::clone(&plan), Arc::clone(&wanted));
        let mut taken = Assumptions::new(Arc::clone(&trusts));
        for record in *part {
            own.take(record);
            taken.take(record);
        }
        detail.merge(own);
        assumptions.merge(taken);
    }
    let material =
        Material { census, detail, assumptions, origins: BTreeMap::new(), from: Some(at(0)), to: None };
    let (mut answer, needed) = finish(&plan, material);
    if let Some(how) = how {
        let all = answer.principals.iter().enumerate();
        answer.suggestions =
            all.map(|(place, own)| suggest::suggest(&plan, own, &needed, place, how)).collect();
    }
    answer
}

/// What is known of one principal.
fn of<'a>(answer: &'a Unused, arn: &str) -> &'a PrincipalUse {
    answer.principals.iter().find(|own| own.arn == arn).unwrap()
}

fn suggestion<'a>(answer: &'a Unused, arn: &str) -> &'a Suggestion {
    answer.suggestions.iter().find(|own| own.arn == arn).unwrap()
}

fn mark(answer: &Unused, arn: &str, action: &str) -> Option<Mark> {
    of(answer, arn).actions().find(|own| own.action() == action)?.mark
}

/// The findings of a kind: subject and detail.
fn found(answer: &Unused, kind: Kind) -> Vec<(String, Vec<String>)> {
    let of_kind = answer.findings.iter().filter(|finding| finding.kind == kind);
    of_kind.map(|finding| (finding.subject.clone(), finding.detail.values().cloned().collect())).collect()
}
