//! The form of a change: an object with one member, which says what is done.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::snapshot::resource::present;

/// One change. A policy stands in `policy`, or in the file that `file` names, from the patch's folder.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Change<'a> {
    PutScp(#[serde(borrow)] PutControl<'a>),
    PutRcp(#[serde(borrow)] PutControl<'a>),
    DeleteScp {
        id: String,
    },
    DeleteRcp {
        id: String,
    },
    AttachScp {
        id: String,
        to: Vec<String>,
    },
    AttachRcp {
        id: String,
        to: Vec<String>,
    },
    DetachScp {
        id: String,
        from: Vec<String>,
    },
    DetachRcp {
        id: String,
        from: Vec<String>,
    },
    PutRolePolicy {
        role: String,
        name: String,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    PutUserPolicy {
        user: String,
        name: String,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    PutGroupPolicy {
        group: String,
        name: String,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    DeleteRolePolicy {
        role: String,
        name: String,
    },
    DeleteUserPolicy {
        user: String,
        name: String,
    },
    DeleteGroupPolicy {
        group: String,
        name: String,
    },
    PutTrustPolicy {
        role: String,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    PutManagedPolicy {
        arn: String,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    DeleteManagedPolicy {
        arn: String,
    },
    Attach {
        policy: String,
        to: String,
    },
    Detach {
        policy: String,
        from: String,
    },
    PutBoundary {
        on: String,
        policy: String,
    },
    DeleteBoundary {
        on: String,
    },
    PutResourcePolicy {
        arn: String,
        account: Option<String>,
        #[serde(borrow, default, deserialize_with = "present")]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    PutEndpointPolicy {
        id: String,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        file: Option<String>,
    },
    RemoveStatement {
        policy: String,
        of: Option<String>,
        sid: Option<String>,
        index: Option<usize>,
    },
}

/// An SCP or RCP, new or in the place of another one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PutControl<'a> {
    pub(super) id: String,
    pub(super) name: Option<String>,
    #[serde(borrow)]
    pub(super) policy: Option<&'a RawValue>,
    pub(super) file: Option<String>,
    #[serde(default)]
    pub(super) attach: Vec<String>,
}

/// What a change does, by its first member; empty if it has none.
pub(super) fn verb(raw: &RawValue) -> String {
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()).unwrap_or_default();
    members.into_keys().next().unwrap_or_default()
}
