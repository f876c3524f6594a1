//! Keys by the row of the table that tells them, over records made on the spot.

#![expect(clippy::large_types_passed_by_value, reason = "a record is made on the spot and given away")]

mod call;
mod columns;
mod corpus;
mod parameters;
mod principal;
mod tags;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::*;
use crate::aws::AccountId;
use crate::catalog::event::Presence;
use crate::catalog::resource::Certainty;
use crate::policy::Resource;
use crate::replay::testing::{ANN, DEPLOY, SESSION, at, by_role, by_user};
use crate::replay::{Issuances, Origin, ResourceFrom, who};

const BUCKET: &str = "arn:aws:s3:::example-reports";

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let trust = |service: &str, actions: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": {actions},
                "Principal": {{"Service": "{service}"}}}}}}"#
        )
    };
    let role = |arn: &str, trust: &str| {
        let name = arn.rsplit('/').next().unwrap();
        format!(
            r#"{{"RoleName": "{name}", "RoleId": "AROARTX3GSDSQDEPEXAMPLE", "Arn": "{arn}",
                "Tags": [{{"Key": "Team", "Value": "ops"}}, {{"Key": "Level", "Value": "3"}}],
                "PermissionsBoundary": {{"PermissionsBoundaryType": "Policy",
                    "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/edge"}},
                "AssumeRolePolicyDocument": {trust}}}"#
        )
    };
    let details = format!(
        r#"{{"UserDetailList": [{{"UserName": "ann", "UserId": "AIDARTX3GSDSQANNEXAMPLE", "Arn": "{ANN}",
            "Tags": [{{"Key": "Team", "Value": "shop"}}]}}],
          "RoleDetailList": [{}, {}]}}"#,
        role(DEPLOY, &trust("ec2.amazonaws.com", r#"["sts:AssumeRole", "sts:TagSession"]"#)),
        role(
            "arn:aws:iam::111122223333:role/stack",
            &trust("cloudformation.amazonaws.com", r#""sts:AssumeRole""#)
        ),
    );
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("details.json", details.as_str()),
        (
            "resource-policies/one.json",
            r#"{"arn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-EXAMPL", "tags": {"Team": "shop"}}"#,
        ),
        (
            "vpc-endpoint-policies/one.json",
            r#"{"VpcEndpoints": [{"VpcEndpointId": "vpce-0123456789abcdef0", "VpcId": "vpc-0123456789abcdef0",
                "OwnerId": "111122223333", "PolicyDocument": "{\"Version\": \"2012-10-17\", \"Statement\": []}"}]}"#,
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let snapshot = Snapshot::read(folder.path()).unwrap();
    assert_eq!(snapshot.problems, []);
    snapshot
});

fn asked(action: &str, resource: Option<&str>, origin: Origin) -> Asked {
    let resource = resource.map_or(Resource::Any, |arn| Resource::Named(arn.to_owned()));
    Asked {
        action: action.to_owned(),
        shown: "*".to_owned(),
        certainty: Certainty::Exact,
        from: ResourceFrom::Request,
        resource_account: AccountId::parse("111122223333"),
        again: None,
        resource,
        origin,
        presence: Presence::Certain,
    }
}

/// What is told of one request of a record.
struct Case<'a> {
    record: Record<'a>,
    asked: Asked,
    issuances: Issuances,
}

impl<'a> Case<'a> {
    fn new(record: Record<'a>, action: &str, resource: Option<&str>) -> Self {
        Self { record, asked: asked(action, resource, Origin::Call), issuances: Issuances::default() }
    }

    fn origin(mut self, origin: Origin) -> Self {
        self.asked.origin = origin;
        self
    }

    fn with<R>(&self, see: impl FnOnce(&Told<'_>) -> R) -> R {
        let parsed = Parsed::of(&self.record);
        let who = who(&self.record, Some(&SNAPSHOT)).unwrap();
        let session = self.issuances.session(&self.record);
        see(&Told {
            record: &self.record,
            parsed: &parsed,
            who: &who,
            asked: &self.asked,
            session: session.as_deref(),
            snapshot: &SNAPSHOT,
        })
    }

    /// The values of a key, `absent`, or `unknown`. Both ways to ask must agree.
    #[track_caller]
    fn key(&self, key: &str) -> String {
        let (alone, all) =
            self.with(|told| (context_of(told, &[key]).standing(key), context(told).standing(key)));
        assert_eq!(alone, all, "{key}");
        match alone {
            Standing::Values(values) => values.join(","),
            Standing::Absent => "absent".to_owned(),
            Standing::Unknown => "unknown".to_owned(),
        }
    }

    #[track_caller]
    fn check(&self, expected: &[(&str, &str)]) {
        assert!(!expected.is_empty());
        for (key, value) in expected {
            assert_eq!(self.key(key), *value, "{key}");
        }
    }

    fn why(&self, key: &str) -> String {
        self.with(|told| why_unknown(key, told))
    }
}
