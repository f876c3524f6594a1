//! What one key is told from: the request, how it stands to the call of the record, and the call's parameters.

use std::cell::OnceCell;

use serde_json::Value;

use super::super::{Field, Origin, tag};
use super::Told;
use crate::aws::service_of;
use crate::catalog::{ActionResource, catalog, event};
use crate::policy::{Context, Resource, Standing};
use crate::snapshot::{self, Unsupplied};

/// What is told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tell {
    /// The request has it, with this value.
    Value(String),
    /// The request has it, with these values; none is the same as absent.
    Values(Vec<String>),
    /// The request does not have it.
    Absent,
    /// As the snapshot tells it; if that does not, for this reason.
    Snapshot(&'static str),
    /// It is not known, for this reason.
    Unknown(&'static str),
}

/// How a request stands to the call of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It is the call's own.
    Own,
    /// The service of the call asked for it as part of the same call (`ec2:CreateTags` of `RunInstances`).
    SameService,
    /// The role that the call passes: no call of its own, and checked with the caller's permissions.
    PassRole,
    /// Another service asked for it.
    Other,
}

/// One request, of which keys are told.
pub(super) struct Ask<'a> {
    pub(super) told: &'a Told<'a>,
    pub(super) relation: Relation,
    /// What the snapshot tells, once it is asked for.
    snapshot: OnceCell<Context>,
    /// The same but for the keys of the organization, which take longer to tell.
    snapshot_but_organization: OnceCell<Context>,
    /// The action's types of resources that the request's resource may be of, once they are asked for.
    kinds: OnceCell<Vec<&'static ActionResource>>,
}

/// A parameter of the call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Parameter<'a> {
    Given(&'a Value),
    NotGiven,
    /// It is not known whether it was given, for this reason.
    Hidden(&'static str),
}

pub(super) const REFUSED: &str = "the record of the refused call holds no parameters";
pub(super) const FAILED: &str = "the record of the failed call holds no parameters";
pub(super) const CUT: &str = "the record leaves its parameters out, or they cannot be read";
pub(super) const HIDDEN: &str = "the record hides the parameter";
pub(super) const DERIVED: &str = "no record shows the request: it was derived from another call";

/// The columns that parameters are told from.
pub(super) const PARAMETERS: &[Field] = &[Field::RequestParameters, Field::ErrorCode];

impl<'a> Ask<'a> {
    pub(super) fn new(told: &'a Told<'a>) -> Self {
        Self {
            told,
            relation: relation(told),
            snapshot: OnceCell::new(),
            snapshot_but_organization: OnceCell::new(),
            kinds: OnceCell::new(),
        }
    }

    /// What the snapshot tells.
    pub(super) fn snapshot(&self) -> &Context {
        self.snapshot.get_or_init(|| self.told.snapshot.context(self.asked(), Unsupplied::Unknown))
    }

    /// What the snapshot tells of a key in lower case.
    pub(super) fn standing_in_snapshot(&self, key: &str) -> Standing {
        if ["aws:principalorg", "aws:resourceorg"].iter().any(|begin| key.starts_with(begin)) {
            return self.snapshot().standing(key);
        }
        let tell = || self.told.snapshot.context_but_organization(self.asked(), Unsupplied::Unknown);
        self.snapshot_but_organization.get_or_init(tell).standing(key)
    }

    fn asked(&self) -> snapshot::Asked<'a> {
        let Told { who, asked, .. } = self.told;
        snapshot::Asked {
            caller: &who.caller,
            action: &asked.action,
            resource: &asked.resource,
            resource_account: asked.resource_account,
        }
    }

    /// All parameters of the call; None if it has none.
    pub(super) fn parameters(&self) -> Result<Option<&'a Value>, &'static str> {
        let told = self.told;
        match &told.parsed.parameters {
            // A record that would be too large has its parameters replaced
            // (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
            Some(Value::Object(fields)) if fields.get("omitted").is_some() => Err(CUT),
            Some(value @ Value::Object(_)) => Ok(Some(value)),
            Some(_) => Err(CUT),
            None if told.record.request_parameters.is_some_and(|text| text.trim() != "null") => Err(CUT),
            None => match told.record.error_code.filter(|code| !code.is_empty()) {
                Some(code) if crate::aws::is_denied(code) => Err(REFUSED),
                Some(_) => Err(FAILED),
                None => Ok(None),
            },
        }
    }

    /// The first of these parameters that is given; a path of names, parted by stops, leads into objects.
    pub(super) fn parameter(&self, paths: &[&str]) -> Parameter<'a> {
        if self.relation != Relation::Own {
            return Parameter::Hidden(DERIVED);
        }
        self.parameter_of_call(paths)
    }

    /// As [`Self::parameter`], whatever the request.
    pub(super) fn parameter_of_call(&self, paths: &[&str]) -> Parameter<'a> {
        let parameters = match self.parameters() {
            Ok(Some(parameters)) => parameters,
            Ok(None) => return Parameter::NotGiven,
            Err(why) => return Parameter::Hidden(why),
        };
        let at = |path: &&str| path.split('.').try_fold(parameters, |value, name| tag::field(value, name));
        match paths.iter().find_map(at) {
            None | Some(Value::Null) => Parameter::NotGiven,
            Some(value) if value.as_str().is_some_and(tag::is_hidden) => Parameter::Hidden(HIDDEN),
            Some(value) => Parameter::Given(value),
        }
    }

    /// The service's prefix of the action.
    pub(super) fn service(&self) -> &'a str {
        self.told.asked.action.split(':').next().unwrap_or_default()
    }

    /// The action's name without the prefix.
    pub(super) fn action(&self) -> &'a str {
        self.told.asked.action.split_once(':').map_or("", |(_, name)| name)
    }

    /// Whether AWS lists a key for the action: for itself or for a type of resource that the request's resource is of
    /// (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).
    /// None if the catalog does not know the action. `key` is as AWS writes it.
    pub(super) fn lists(&self, key: &str) -> Option<bool> {
        let action = catalog().action(&self.told.asked.action)?;
        let has = |keys: &[&str]| keys.iter().any(|own| own.eq_ignore_ascii_case(key));
        let kinds = self.kinds.get_or_init(|| {
            let all = || action.resources.iter();
            let of_arn = |arn| all().filter(|own| own.kind.arn.matches(arn)).collect::<Vec<_>>();
            let fitting = self.arn().map(of_arn).filter(|fitting| !fitting.is_empty());
            fitting.unwrap_or_else(|| all().collect())
        });
        let of_kinds = kinds.iter().any(|own| has(own.condition_keys) || has(own.kind.condition_keys));
        Some(has(action.condition_keys) || of_kinds)
    }

    /// The resource's ARN.
    pub(super) fn arn(&self) -> Option<&'a str> {
        match &self.told.asked.resource {
            Resource::Named(arn) => Some(arn),
            Resource::Any | Resource::Pattern(_) | Resource::Unknown => None,
        }
    }
}

/// A request that AWS stated is the call's own if the call is named like it, or maps to it.
fn relation(told: &Told<'_>) -> Relation {
    let (source, name) =
        (told.record.event_source.unwrap_or_default(), told.record.event_name.unwrap_or_default());
    let asked = told.asked.action.as_str();
    let (prefix, action) = asked.split_once(':').unwrap_or((asked, ""));
    match told.asked.origin {
        Origin::Call => return Relation::Own,
        Origin::Stated => {
            let begins = name.get(..action.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(action));
            let version = name.get(action.len()..).unwrap_or_default();
            let is_version = version.bytes().all(|byte| byte.is_ascii_digit() || b"v_".contains(&byte));
            let maps = || {
                let call = event::Call { source, name, kind: None, parameters: None };
                let event::Mapping::Actions(actions, _) = event::map(&call) else { return false };
                actions.iter().any(|mapped| mapped.action.full_name().eq_ignore_ascii_case(asked))
            };
            if begins && is_version && is_of(source, prefix) || maps() {
                return Relation::Own;
            }
        }
        Origin::Derived => {}
    }
    if asked.eq_ignore_ascii_case("iam:PassRole") {
        Relation::PassRole
    } else if is_of(source, prefix) {
        Relation::SameService
    } else {
        Relation::Other
    }
}

/// Whether an event source is that of a service.
fn is_of(source: &str, prefix: &str) -> bool {
    service_of(source).eq_ignore_ascii_case(prefix)
        || event::services_of(source).iter().any(|service| service.prefix.eq_ignore_ascii_case(prefix))
}
