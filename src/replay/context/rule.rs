//! The keys that a record tells, each with the columns from which it does.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::{Field, tag};
use super::ask::{Ask, PARAMETERS, Parameter, Relation, Tell};
use super::{caller, ec2, iam, kms, network, other, s3, sts, tags};

/// How one key is told.
pub(super) struct Rule {
    /// The key in lower case; of a family of keys, what they begin with.
    pub(super) key: &'static str,
    /// The columns that it is told from, beside source, name and context of the event, which every key may be told from.
    pub(super) fields: &'static [Field],
    /// How.
    pub(super) how: How,
}

/// In which way a key is told.
pub(super) enum How {
    /// By a function.
    Tell(fn(&Ask<'_>) -> Tell),
    /// By a function that is given the rest of the key, in lower case.
    Family(fn(&Ask<'_>, &str) -> Tell),
    /// It mirrors a parameter of the call.
    Mirror {
        /// The key as the catalog writes it: actions of which AWS does not list it do not have it.
        listed: &'static str,
        /// Where the parameter stands; the first that is given counts.
        paths: &'static [&'static str],
        /// What it is if the parameter is not given.
        otherwise: Otherwise,
    },
}

/// What a key is if its parameter is not given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Otherwise {
    /// The request does not have it.
    Absent,
    /// It is not known, for this reason.
    Unknown(&'static str),
    /// The request does not have it, but of calls of these names that is not known, for this reason.
    AbsentBut(&'static [&'static str], &'static str),
}

impl Rule {
    pub(super) const fn new(key: &'static str, fields: &'static [Field], tell: fn(&Ask<'_>) -> Tell) -> Self {
        Self { key, fields, how: How::Tell(tell) }
    }

    pub(super) const fn family(
        key: &'static str,
        fields: &'static [Field],
        tell: fn(&Ask<'_>, &str) -> Tell,
    ) -> Self {
        Self { key, fields, how: How::Family(tell) }
    }

    pub(super) const fn mirror(
        key: &'static str,
        listed: &'static str,
        paths: &'static [&'static str],
        otherwise: Otherwise,
    ) -> Self {
        Self { key, fields: PARAMETERS, how: How::Mirror { listed, paths, otherwise } }
    }

    /// What the rule tells of a key that it is for.
    pub(super) fn tell(&self, ask: &Ask<'_>, key: &str) -> Tell {
        match &self.how {
            How::Tell(tell) => tell(ask),
            How::Family(tell) => tell(ask, key.get(self.key.len()..).unwrap_or_default()),
            How::Mirror { listed, paths, otherwise } => {
                if ask.lists(listed) == Some(false) {
                    return Tell::Absent;
                }
                // Setting tags or a source identity is asked for with the request that assumes the role.
                let is_sts = ask.relation == Relation::SameService && ask.service() == "sts";
                let given = if is_sts { ask.parameter_of_call(paths) } else { ask.parameter(paths) };
                match (given, otherwise) {
                    (Parameter::Given(value), _) => value_of(value),
                    (Parameter::Hidden(why), _) => Tell::Unknown(why),
                    (Parameter::NotGiven, Otherwise::Absent) => Tell::Absent,
                    (Parameter::NotGiven, Otherwise::Unknown(why)) => Tell::Unknown(why),
                    (Parameter::NotGiven, Otherwise::AbsentBut(calls, why)) => {
                        let is_one = ask.told.record.event_name.is_some_and(|name| calls.contains(&name));
                        if is_one { Tell::Unknown(why) } else { Tell::Absent }
                    }
                }
            }
        }
    }
}

/// The values of a parameter: a list's, also of one in `items`; else its text.
pub(super) fn value_of(value: &serde_json::Value) -> Tell {
    if !value.is_array() && !value.is_object() {
        return Tell::Value(tag::text(value));
    }
    let values: Vec<String> = tag::items(value).map(tag::text).collect();
    if values.iter().any(|value| tag::is_hidden(value) || value.starts_with(['{', '['])) {
        return Tell::Unknown("the parameter has a form that is not read here");
    }
    if values.is_empty() && value.is_object() {
        return Tell::Unknown("the parameter has a form that is not read here");
    }
    Tell::Values(values)
}

/// Every table.
pub(super) const TABLES: [&[Rule]; 9] = [
    caller::RULES,
    network::RULES,
    tags::RULES,
    sts::RULES,
    iam::RULES,
    s3::RULES,
    kms::RULES,
    ec2::RULES,
    other::RULES,
];

/// The rule for a key in lower case: its own, or that of its family.
pub(super) fn rule(key: &str) -> Option<&'static Rule> {
    static SINGLE: LazyLock<HashMap<&'static str, &'static Rule>> = LazyLock::new(|| {
        let all = TABLES.into_iter().flatten();
        all.filter(|rule| !matches!(rule.how, How::Family(_))).map(|rule| (rule.key, rule)).collect()
    });
    static FAMILIES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
        let all = TABLES.into_iter().flatten();
        all.filter(|rule| matches!(rule.how, How::Family(_))).collect()
    });
    let family = || {
        let fits = |rule: &&&Rule| key.len() > rule.key.len() && key.starts_with(rule.key);
        FAMILIES.iter().find(fits).copied()
    };
    let by_form = || match key {
        key if key.contains(tags::RESOURCE_TAG) => Some(&tags::OF_RESOURCE),
        key if sts::is_claim(key) => Some(&sts::CLAIM),
        _ => None,
    };
    SINGLE.get(key).copied().or_else(family).or_else(by_form)
}
