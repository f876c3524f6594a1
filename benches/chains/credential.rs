//! A credential, and how its records name it.

use std::rc::Rc;

use super::text;
use super::{Origin, Truth};

/// A role.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) account: &'static str,
    pub(super) logged: bool,
    pub(super) name: String,
    pub(super) id: String,
    /// With its path.
    pub(super) arn: String,
}

/// What `userIdentity` tells beside arn, principal and key.
#[derive(Debug, Clone, Default)]
pub(super) enum Shape {
    #[default]
    User,
    Root,
    /// A session; further members of its `sessionContext`, and of `userIdentity`, each with a comma before it.
    Role(Rc<Role>, String, String),
    /// A federated user of this IAM user: arn, id and name.
    Federated(String, String, String),
}

/// A credential, and what is certain of it so far.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) shape: Shape,
    pub(super) logged: bool,
    pub(super) born: i64,
    /// The name of the user, or of the session.
    pub(super) name: String,
    /// Whether nobody else issues a session of this ARN in these seconds, so that it proves itself without its key.
    pub(super) alone: bool,
    /// The role that the session before this one had.
    pub(super) before: Option<Rc<Role>>,
    pub(super) console: bool,
    pub(super) address: String,
    pub(super) truth: Truth,
}

impl Held {
    pub(super) fn new(shape: Shape, account: &'static str, name: &str) -> Self {
        Self {
            shape,
            logged: true,
            born: 0,
            name: name.to_owned(),
            alone: true,
            before: None,
            console: false,
            address: String::new(),
            truth: Truth {
                access_key: String::new(),
                account,
                arn: String::new(),
                principal_id: String::new(),
                created: None,
                calls: 0,
                origin: None,
                depth: 0,
                shared: 0,
                complete: true,
                gap: None,
                above: None,
                recycled: false,
            },
        }
    }

    /// The session of a role.
    pub(super) fn session(role: &Rc<Role>, name: &str, time: i64, key: String) -> Self {
        let mut held =
            Self::new(Shape::Role(Rc::clone(role), String::new(), String::new()), role.account, name);
        held.logged = role.logged;
        held.born = time;
        held.truth.access_key = key;
        held.truth.arn = format!("arn:aws:sts::{}:assumed-role/{}/{name}", role.account, role.name);
        held.truth.principal_id = format!("{}:{name}", role.id);
        held.truth.created = Some(time);
        held
    }

    /// The same without calls of its own.
    pub(super) fn fresh(&self) -> Self {
        let mut held = self.clone();
        held.truth.calls = 0;
        held
    }

    pub(super) fn role(&self) -> Option<&Rc<Role>> {
        match &self.shape {
            Shape::Role(role, ..) => Some(role),
            _ => None,
        }
    }

    /// What is certain because `parent` issued it.
    pub(super) fn inherit(&mut self, parent: &Held) {
        let from = &parent.truth;
        self.truth.origin.clone_from(&from.origin);
        self.truth.depth = from.depth + 1;
        self.truth.shared = from.shared;
        self.truth.complete = from.complete;
        self.truth.gap = from.gap;
        self.truth.above = from.above;
        // Only Identity Center gives out the roles that it made.
        self.before = parent.role().filter(|role| !role.name.starts_with("AWSReservedSSO_")).map(Rc::clone);
        self.address.clone_from(&parent.address);
    }

    /// It begins with somebody who is no credential.
    pub(super) fn begin(&mut self, kind: &'static str, name: Option<String>, account: &'static str) {
        self.truth.origin = Some(Origin { kind, name, account, access_key: None });
        self.truth.depth = 1;
    }

    /// No record tells how it was made.
    pub(super) fn end(&mut self, kind: &'static str, name: Option<String>, gap: &'static str) {
        self.begin(kind, name, self.truth.account);
        self.truth.depth = 0;
        self.truth.shared = 0;
        self.truth.complete = false;
        self.truth.gap = Some(gap);
        self.truth.above = None;
    }

    /// `userIdentity`; with the service that makes the call for it, if one does.
    pub(super) fn identity(&self, invoked_by: Option<&str>) -> String {
        let Truth { access_key, account, arn, principal_id, created, .. } = &self.truth;
        let kind = match self.shape {
            Shape::User => "IAMUser",
            Shape::Root => "Root",
            Shape::Role(..) => "AssumedRole",
            Shape::Federated(..) => "FederatedUser",
        };
        let mut out = format!(
            r#"{{"type":"{kind}","principalId":"{principal_id}","arn":"{arn}","accountId":"{account}""#
        );
        if !access_key.is_empty() {
            out.extend([r#","accessKeyId":""#, access_key, "\""]);
        }
        if matches!(self.shape, Shape::User) {
            out.extend([r#","userName":""#, &self.name, "\""]);
        }
        if created.is_some() || !matches!(self.shape, Shape::User | Shape::Root) {
            out.push_str(r#","sessionContext":{"#);
            match &self.shape {
                Shape::Role(role, context, _) => {
                    let Role { id, arn, name, .. } = &**role;
                    out.push_str(&format!(
                        r#""sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"{arn}","accountId":"{account}","userName":"{name}"}}{context},"#
                    ));
                }
                Shape::Federated(arn, id, name) => out.push_str(&format!(
                    r#""sessionIssuer":{{"type":"IAMUser","principalId":"{id}","arn":"{arn}","accountId":"{account}","userName":"{name}"}},"#
                )),
                Shape::User | Shape::Root => {}
            }
            out.push_str(r#""attributes":{"#);
            if let Some(created) = created {
                out.push_str(r#""creationDate":""#);
                text::iso(*created, &mut out);
                out.push_str("\",");
            }
            out.push_str(if self.console {
                r#""mfaAuthenticated":"true"}}"#
            } else {
                r#""mfaAuthenticated":"false"}}"#
            });
        }
        if let Shape::Role(_, _, more) = &self.shape {
            out.push_str(more);
        }
        if let Some(service) = invoked_by {
            out.extend([r#","invokedBy":""#, service, "\""]);
        }
        out.push('}');
        out
    }

    /// All that another account's records tell of it.
    pub(super) fn outside(&self) -> String {
        format!(
            r#"{{"type":"AWSAccount","principalId":"{}","accountId":"{}"}}"#,
            self.truth.principal_id, self.truth.account
        )
    }
}
