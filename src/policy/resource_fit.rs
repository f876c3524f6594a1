//! How statements fit a resource: what tells requests apart that differ in the name of their resource alone.

use super::compile::{CompiledSet, ResourcePattern};
use super::prepare::PreparedRequest;
use super::truth::Truth;

/// The statements of a set about one action that name resources, by their places.
#[derive(Debug, Clone)]
pub struct ResourceRules(Box<[(usize, usize, usize)]>);

impl ResourceRules {
    /// Whether there are none: then all resources fit alike.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl CompiledSet {
    /// The statements about the action of a request that name resources, but for those that name all.
    #[must_use]
    pub fn resource_rules(&self, request: &PreparedRequest) -> ResourceRules {
        let mut places = Vec::new();
        for (layer_at, layer) in self.layers.iter().enumerate() {
            for (policy_at, policy) in layer.policies.iter().enumerate() {
                for (rule_at, rule) in policy.candidates(&request.service) {
                    let tells = rule.resources.as_ref().is_some_and(|resources| {
                        !resources.patterns.iter().any(|pattern| matches!(pattern, ResourcePattern::Any))
                    });
                    if tells && rule.is_about(&request.service, &request.name) {
                        places.push((layer_at, policy_at, rule_at));
                    }
                }
            }
        }
        ResourceRules(places.into())
    }

    /// How the resource of a request fits each of these statements, in their order; where it may fit, also how it fits each of
    /// their patterns, for a proposal may take one of them away. Requests that agree in it, and in all
    /// else but the name of the resource, get the same decision, as long as the same special rules hold for both
    /// resources: those of one bucket's objects do.
    pub fn resource_fits<'a>(
        &'a self,
        rules: &'a ResourceRules,
        request: &'a PreparedRequest,
    ) -> impl Iterator<Item = Truth> + 'a {
        rules.0.iter().flat_map(|(layer, policy, rule)| {
            let layer = self.layers.get(*layer);
            let rule = layer.and_then(|layer| layer.policies.get(*policy)?.statements.get(*rule));
            let resources = rule.and_then(|rule| rule.resources.as_ref());
            let fit = resources.map_or(Truth::Unknown, |resources| resources.matches(request));
            let open = resources.filter(|_| fit == Truth::Unknown);
            let patterns = open.into_iter().flat_map(|resources| &resources.patterns);
            std::iter::once(fit).chain(patterns.map(|pattern| pattern.fits(request)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::{
        Attached, Caller, Context, Document, Evaluator, PolicyKind, PolicySet, Request, Resource, Rest,
    };

    #[test]
    fn objects_fit_statements_by_their_names() {
        let text = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::example-reports/*"},
            {"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::example-reports/a/*", "arn:aws:s3:::example-reports/b/*"]},
            {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::example-reports/${aws:username}/*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::example-reports/${aws:PrincipalTag/team}/*",
                "arn:aws:s3:::example-reports/logs/${aws:PrincipalTag/team}/*"]}]}"#;
        let document = Document::parse(PolicyKind::Identity, "own", text);
        let mut evaluator = Evaluator::new();
        let identity = Attached::of(vec![Arc::new(document)]);
        let set = evaluator.compile(&PolicySet { identity, ..PolicySet::default() });
        let mut context = Context::new(Rest::Unknown);
        context.set_value("aws:username", "ann");
        let mut request = evaluator.prepare(&Request {
            caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
            action: "s3:GetObject".into(),
            resource: Resource::Named("arn:aws:s3:::example-reports/a/1".into()),
            resource_account: None,
            management_account: None,
            canonical_user: None,
            rcp_supported: Some(true),
            context,
        });
        let rules = set.resource_rules(&request);
        let mut fits = |key: &str| -> Vec<Truth> {
            request.set_resource(&format!("arn:aws:s3:::example-reports/{key}"));
            set.resource_fits(&rules, &request).collect()
        };
        // What may be any team's may be that of the caller.
        assert_eq!(fits("a/1"), [Truth::Yes, Truth::Yes, Truth::Unknown, Truth::Unknown, Truth::No]);
        assert_eq!(fits("b/1"), fits("a/2"));
        assert_eq!(fits("ann/1"), [Truth::No, Truth::No, Truth::Unknown, Truth::Unknown, Truth::No]);
        assert_eq!(fits("c"), [Truth::No, Truth::Yes, Truth::No]);
        // It may fit the statement, too, and by another pattern.
        assert_eq!(
            fits("logs/red/1"),
            [Truth::No, Truth::Yes, Truth::Unknown, Truth::Unknown, Truth::Unknown]
        );
    }
}
