//! What decided, from the evaluator's own values to plain ones.

use super::answer::{Decided, How, LayerKind};
use crate::policy::{Because, Layer, StatementRef};

impl Decided {
    /// What made a decision: a statement, or two where the resource's policy is needed as well; a layer in which none
    /// allows; a rule. Nothing where it depends on what is not known.
    #[must_use]
    pub fn of(because: &Because<'_>) -> Vec<Self> {
        match *because {
            Because::Granted { by, with } => [Some(by), with]
                .into_iter()
                .flatten()
                .map(|own| Self::of_statement(own, How::Allow))
                .collect(),
            Because::Denied(by) => vec![Self::of_statement(by, How::Deny)],
            Because::Lacking(layer) => vec![Self::layer(layer, How::NoAllow)],
            Because::Rule(rule) => vec![Self {
                how: How::Rule,
                layer: None,
                kind: None,
                policy: None,
                sid: None,
                index: None,
                rule: Some(rule.to_string()),
            }],
            Because::Depends => Vec::new(),
        }
    }

    pub(super) fn of_statement(own: StatementRef<'_>, how: How) -> Self {
        Self {
            policy: Some(own.policy.to_owned()),
            sid: own.sid.map(str::to_owned),
            index: own.index,
            ..Self::layer(own.layer, how)
        }
    }

    fn layer(layer: Layer<'_>, how: How) -> Self {
        Self {
            how,
            layer: Some(layer.to_string()),
            kind: Some(LayerKind::of(layer)),
            policy: None,
            sid: None,
            index: None,
            rule: None,
        }
    }
}

impl LayerKind {
    /// The kind of a layer.
    #[must_use]
    pub fn of(layer: Layer<'_>) -> Self {
        match layer {
            Layer::Identity => Self::Identity,
            Layer::Boundary => Self::Boundary,
            Layer::Session => Self::Session,
            Layer::ServiceControl { .. } => Self::Scp,
            Layer::ResourceControl { .. } => Self::Rcp,
            Layer::Resource => Self::Resource,
            Layer::VpcEndpoint => Self::VpcEndpoint,
        }
    }

    /// As JSON has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Resource => "resource",
            Self::VpcEndpoint => "vpc-endpoint",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Rule;

    fn statement(layer: Layer<'static>, sid: Option<&'static str>) -> StatementRef<'static> {
        StatementRef { layer, policy: "p", sid, index: Some(2) }
    }

    #[test]
    fn two_statements_decide_where_the_resources_policy_is_needed_too() {
        let because = Because::Granted {
            by: statement(Layer::Identity, Some("S")),
            with: Some(statement(Layer::Resource, None)),
        };
        let decided = Decided::of(&because);
        let kinds: Vec<_> = decided.iter().map(|own| (own.how, own.kind)).collect();
        assert_eq!(kinds, [(How::Allow, Some(LayerKind::Identity)), (How::Allow, Some(LayerKind::Resource))]);
        assert_eq!((decided[0].sid.as_deref(), decided[1].index), (Some("S"), Some(2)));
    }

    #[test]
    fn a_layer_without_an_allow_names_no_statement() {
        let layer = Layer::ServiceControl { target: "ou-ex01-11111111" };
        let decided = Decided::of(&Because::Lacking(layer));
        assert_eq!(decided[0].layer.as_deref(), Some("service control policies of ou-ex01-11111111"));
        assert_eq!((decided[0].kind, decided[0].policy.as_deref()), (Some(LayerKind::Scp), None));
        let denied = Decided::of(&Because::Denied(statement(layer, None)));
        assert_eq!((denied[0].how, denied[0].policy.as_deref()), (How::Deny, Some("p")));
    }

    #[test]
    fn a_rule_has_words_and_what_depends_has_nothing() {
        let decided = Decided::of(&Because::Rule(Rule::RootUser));
        assert!(decided[0].rule.as_deref().unwrap().contains("root user"));
        assert_eq!(Decided::of(&Because::Depends), []);
    }

    #[test]
    fn kinds_are_spelled_as_in_json() {
        let all = [
            LayerKind::Identity,
            LayerKind::Boundary,
            LayerKind::Session,
            LayerKind::Scp,
            LayerKind::Rcp,
            LayerKind::Resource,
            LayerKind::VpcEndpoint,
        ];
        for kind in all {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
