//! Whether the reason that AWS states for a refusal is ours, too.

use borsh::{BorshDeserialize, BorshSerialize};

use super::answer::{Decided, LayerKind};
use crate::aws::{self, Denial};
use crate::policy::{Layer, LayerSurvey, Matched, Outcome, Survey, Truth};

/// AWS's reason beside ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(super) enum Beside {
    /// AWS states none, or ours depends on what is not known.
    NotComparable,
    /// They agree.
    Agree,
    /// They do not.
    Disagree {
        /// The action that AWS refused.
        action: String,
        /// AWS's, in words.
        aws: String,
        /// Ours, in words.
        ours: String,
    },
}

/// AWS's reason in words: `explicit deny in a service control policy: arn:…`.
pub(super) fn stated(denial: &Denial<'_>) -> Option<String> {
    let layer = denial.layer.map(aws::Layer::words);
    let mut words = match (denial.effect, layer) {
        (aws::Effect::Explicit, Some(layer)) => {
            let article = if layer.starts_with('i') { "an" } else { "a" };
            format!("explicit deny in {article} {layer}")
        }
        (aws::Effect::Explicit, None) => "explicit deny".to_owned(),
        (aws::Effect::Implicit, Some(layer)) => format!("no {layer} allows it"),
        (aws::Effect::Implicit, None) => "no policy allows it".to_owned(),
        (aws::Effect::NotStated, Some(layer)) => format!("refused by a {layer}"),
        (aws::Effect::NotStated, None) => return None,
    };
    if let Some(arn) = denial.policy_arn {
        words.push_str(": ");
        words.push_str(arn);
    }
    Some(words)
}

/// Compares the reason that AWS states with what every layer of ours says.
pub(super) fn compare(
    denial: &Denial<'_>,
    survey: &Survey<'_>,
    outcome: Outcome,
    decided: &[Decided],
) -> Beside {
    let Some(aws) = stated(denial) else { return Beside::NotComparable };
    let agrees = match (denial.effect, denial.layer) {
        (aws::Effect::Explicit, Some(layer)) => denies(survey, kind_of(layer), denial.policy_arn),
        // An explicit denial comes first, and would have been stated
        // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>).
        (aws::Effect::Implicit, _) if outcome == Outcome::ExplicitlyDenied => Truth::No,
        // What is allowed needs nothing of a layer that allows nothing.
        (aws::Effect::Implicit, _) if outcome == Outcome::Allowed => Truth::No,
        (aws::Effect::Implicit, Some(layer)) => allows_nothing(survey, kind_of(layer)),
        (aws::Effect::Explicit, None) => match outcome {
            Outcome::ExplicitlyDenied => Truth::Yes,
            Outcome::Undetermined => Truth::Unknown,
            Outcome::Allowed | Outcome::ImplicitlyDenied => Truth::No,
        },
        (_, _) => match outcome {
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Truth::Yes,
            Outcome::Undetermined => Truth::Unknown,
            Outcome::Allowed => Truth::No,
        },
    };
    match agrees {
        Truth::Yes => Beside::Agree,
        Truth::Unknown => Beside::NotComparable,
        Truth::No => Beside::Disagree {
            action: denial.action.unwrap_or_default().to_owned(),
            aws,
            ours: ours(outcome, decided, denial, survey),
        },
    }
}

fn kind_of(layer: aws::Layer) -> LayerKind {
    match layer {
        aws::Layer::IdentityBased => LayerKind::Identity,
        aws::Layer::ResourceBased | aws::Layer::RoleTrust => LayerKind::Resource,
        aws::Layer::ServiceControl => LayerKind::Scp,
        aws::Layer::ResourceControl => LayerKind::Rcp,
        aws::Layer::PermissionsBoundary => LayerKind::Boundary,
        aws::Layer::Session => LayerKind::Session,
        aws::Layer::VpcEndpoint => LayerKind::VpcEndpoint,
    }
}

fn of_kind<'a, 's>(survey: &'a Survey<'s>, kind: LayerKind) -> impl Iterator<Item = &'a LayerSurvey<'s>> {
    survey.layers.iter().filter(move |layer| LayerKind::of(layer.layer) == kind)
}

/// Whether a layer denies explicitly; with a policy that AWS names, whether that one does. AWS names one of several that
/// deny (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>), so all of ours are looked at.
/// Policies of the snapshot that go by another kind of name cannot be told apart from it: then the layer alone counts.
fn denies(survey: &Survey<'_>, kind: LayerKind, policy: Option<&str>) -> Truth {
    let denies = of_kind(survey, kind).fold(Truth::No, |all, layer| all.or(layer.deny));
    let Some(policy) = policy.filter(|_| denies != Truth::No) else { return denies };
    let denying = || {
        let all = of_kind(survey, kind).flat_map(|layer| &layer.statements);
        all.filter(|one| one.effect != Some(crate::policy::Effect::Allow))
    };
    if denying().any(|matched| is_named(matched.statement.policy, policy) == Truth::Yes) {
        return denies;
    }
    let is_other = |matched: &Matched<'_>| is_named(matched.statement.policy, policy) == Truth::No;
    let is_incomplete = of_kind(survey, kind).any(|layer| layer.missing.is_some());
    match (denying().all(is_other), is_incomplete) {
        (true, true) => Truth::Unknown,
        (true, false) => Truth::No,
        (false, _) => denies,
    }
}

/// Whether a policy by the name that the snapshot has for it is that of an ARN. Names are ARNs, ids of organizations'
/// policies (`p-…`, `Name (p-…)`), or words that tell nothing.
fn is_named(name: &str, arn: &str) -> Truth {
    let is_arn = name.starts_with("arn:");
    let id = arn.rsplit('/').next().unwrap_or(arn);
    let own = name.rsplit_once(" (").and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    match own.starts_with("p-") && id.starts_with("p-") {
        true => Truth::from(own == id),
        false if is_arn => Truth::from(name == arn),
        false => Truth::Unknown,
    }
}

/// Whether no statement of a layer allows. A layer that is not there allows nothing.
fn allows_nothing(survey: &Survey<'_>, kind: LayerKind) -> Truth {
    let mut layers = of_kind(survey, kind).peekable();
    if layers.peek().is_none() {
        // Nothing limits where there is no ceiling; nothing grants where there is no policy.
        return match kind {
            LayerKind::Identity | LayerKind::Resource => Truth::Yes,
            _ => Truth::No,
        };
    }
    // Each level must allow: one that does not is enough. A layer that does not bind refuses nothing.
    layers.fold(Truth::No, |all, layer| {
        let missing = if layer.missing.is_some() { Truth::Unknown } else { Truth::Yes };
        let nothing = match layer.allow {
            Truth::Yes => Truth::No,
            Truth::No => missing,
            Truth::Unknown => Truth::Unknown,
        };
        let binds = if kind == LayerKind::Identity { Truth::Yes } else { layer.binds };
        all.or(nothing.and(binds))
    })
}

/// Ours, in words.
fn ours(outcome: Outcome, decided: &[Decided], denial: &Denial<'_>, survey: &Survey<'_>) -> String {
    let decision = match outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitlyDenied => "explicitly denied",
        Outcome::ImplicitlyDenied => "implicitly denied",
        Outcome::Undetermined => "undetermined",
    };
    let by: Vec<String> = decided.iter().map(Decided::words).collect();
    let mut words = decision.to_owned();
    if !by.is_empty() {
        words.push_str(&format!(" by {}", by.join(" and ")));
    }
    if let Some(layer) = denial.layer
        && outcome != Outcome::Allowed
    {
        let kind = kind_of(layer);
        let named: Vec<&LayerSurvey<'_>> = of_kind(survey, kind).collect();
        let denies = named.iter().any(|layer| layer.deny == Truth::Yes);
        let says = match (denial.effect, denial.policy_arn) {
            (aws::Effect::Explicit, Some(policy)) if denies => format!("{policy} does not deny it"),
            (aws::Effect::Explicit, _) => format!("{} do not deny it", plural(layer)),
            _ if named.is_empty() => format!("{} are not there", plural(layer)),
            _ => format!("{} allow it", plural(layer)),
        };
        words.push_str(&format!("; {says}"));
    }
    words
}

fn plural(layer: aws::Layer) -> String {
    let words = layer.words();
    match words.strip_suffix('y') {
        Some(start) => format!("{start}ies"),
        None => format!("{words}s"),
    }
}

impl Decided {
    /// In words: `Sid Stay of p-example (service control policies of ou-1)`, `identity-based policies, which allow nothing`.
    #[must_use]
    pub fn words(&self) -> String {
        if let Some(rule) = &self.rule {
            return rule.clone();
        }
        let layer = self.layer.as_deref().unwrap_or_default();
        match (&self.policy, &self.sid, self.index) {
            (Some(policy), Some(sid), _) => format!("Sid {sid} of {policy} ({layer})"),
            (Some(policy), None, Some(index)) => format!("statement {index} of {policy} ({layer})"),
            (Some(policy), None, None) => format!("{policy} ({layer})"),
            (None, _, _) if self.kind.is_some_and(is_one) => format!("{layer}, which allows nothing"),
            (None, _, _) => format!("{layer}, which allow nothing"),
        }
    }
}

/// Whether a layer is one policy.
fn is_one(kind: LayerKind) -> bool {
    matches!(kind, LayerKind::Boundary | LayerKind::Resource | LayerKind::VpcEndpoint)
}

impl From<crate::policy::LayerKind> for LayerKind {
    fn from(kind: crate::policy::LayerKind) -> Self {
        match kind {
            crate::policy::LayerKind::ServiceControl => Self::Scp,
            crate::policy::LayerKind::ResourceControl => Self::Rcp,
            crate::policy::LayerKind::Resource => Self::Resource,
            crate::policy::LayerKind::Identity => Self::Identity,
            crate::policy::LayerKind::Boundary => Self::Boundary,
            crate::policy::LayerKind::Session => Self::Session,
            crate::policy::LayerKind::VpcEndpoint => Self::VpcEndpoint,
        }
    }
}

/// A layer's name without its level.
pub(super) fn layer_words(kind: LayerKind) -> String {
    let layer = match kind {
        LayerKind::Identity => Layer::Identity,
        LayerKind::Boundary => Layer::Boundary,
        LayerKind::Session => Layer::Session,
        LayerKind::Scp => Layer::ServiceControl { target: "" },
        LayerKind::Rcp => Layer::ResourceControl { target: "" },
        LayerKind::Resource => Layer::Resource,
        LayerKind::VpcEndpoint => Layer::VpcEndpoint,
    };
    layer.to_string()
}
