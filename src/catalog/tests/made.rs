//! What calls make: its id stands in the response, and is another one the next time; all records here are made up.

use serde_json::{Value, json};

use super::resource::{found, words};
use crate::catalog::resource::Resource;

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:111122223333:{resource}")
}

fn made(action: &str, parameters: &Value, response: &Value) -> Vec<Resource> {
    found(action, action.split_once(':').unwrap().1, parameters, response, &Value::Null)
}

/// Of a call that makes something: what it was for, and what another one would be for.
fn check(action: &str, parameters: &Value, response: &Value, expected: &str, again: &str) {
    let service = action.split_once(':').unwrap().0;
    let resources = made(action, parameters, response);
    assert!(words(&resources).contains(&arn(service, expected)), "{action} {resources:?}");
    let of_next: Vec<String> = resources.into_iter().filter_map(|own| own.again).collect();
    assert_eq!(of_next, [arn(service, again)], "{action}");
}

#[test]
fn an_id_that_a_service_chooses_is_not_the_name_and_stands_in_the_response() {
    let rule = "resolver-rule/rslvr-rr-0123456789abcdef0";
    let response = json!({"resolverRule": {"arn": arn("route53resolver", rule), "name": "corp-dns"}});
    let parameters = json!({"name": "corp-dns", "ruleType": "FORWARD"});
    check("route53resolver:CreateResolverRule", &parameters, &response, rule, "resolver-rule/*");
    let unanswered = made("route53resolver:CreateResolverRule", &parameters, &Value::Null);
    assert_eq!(words(&unanswered), [arn("route53resolver", "resolver-rule/*") + " ~pattern"]);
    for (action, name, id, again) in [
        ("route53resolver:CreateFirewallDomainList", "block", "rslvr-fdl-0123", "firewall-domain-list/"),
        ("ivs:CreateChannel", "show", "AbCdEf123456", "channel/"),
        ("neptune-graph:CreateGraph", "social", "g-0123456789", "graph/"),
        ("resiliencehub:CreateApp", "shop", "1234abcd-12ab-34cd-56ef-1234567890ab", "app/"),
    ] {
        let service = action.split_once(':').unwrap().0;
        let key = if service == "neptune-graph" { "graphName" } else { "name" };
        let response = json!({"made": {"arn": arn(service, &format!("{again}{id}")), "name": name}});
        check(action, &json!({key: name}), &response, &format!("{again}{id}"), &format!("{again}*"));
    }
}

#[test]
fn a_name_that_the_service_takes_for_the_id_is_the_same_the_next_time() {
    let solution = arn("personalize", "solution/shoes");
    let resources =
        made("personalize:CreateSolution", &json!({"name": "shoes"}), &json!({"solutionArn": solution}));
    let own: Vec<&Resource> = resources.iter().filter(|own| own.arn == solution).collect();
    assert!(matches!(own.as_slice(), [Resource { again: None, .. }]), "{resources:?}");
}

#[test]
fn a_name_stands_where_the_name_belongs_and_not_last() {
    for (action, parameters, expected, again) in [
        (
            "imagebuilder:CreateComponent",
            json!({"name": "hello", "semanticVersion": "1.0.0"}),
            "component/hello/1.0.0/1",
            "component/hello/*/*",
        ),
        (
            "imagebuilder:CreateImageRecipe",
            json!({"name": "base", "semanticVersion": "1.0.0"}),
            "image-recipe/base/1.0.0",
            "image-recipe/base/*",
        ),
        (
            "imagebuilder:CreateWorkflow",
            json!({"name": "test", "type": "TEST", "semanticVersion": "1.0.0"}),
            "workflow/test/test/1.0.0/1",
            "workflow/*/test/*/*",
        ),
    ] {
        check(action, &parameters, &json!({"madeArn": arn("imagebuilder", expected)}), expected, again);
    }
}

#[test]
fn random_parts_and_revisions_are_others_the_next_time() {
    for (action, parameters, expected, again) in [
        (
            "secretsmanager:CreateSecret",
            json!({"name": "app/db"}),
            "secret:app/db-AbCdEf",
            "secret:app/db-??????",
        ),
        (
            "ecs:RegisterTaskDefinition",
            json!({"family": "web"}),
            "task-definition/web:8",
            "task-definition/web:*",
        ),
        (
            "elasticloadbalancing:CreateLoadBalancer",
            json!({"name": "lb", "type": "network"}),
            "loadbalancer/net/lb/0123456789abcdef",
            "loadbalancer/net/lb/*",
        ),
    ] {
        let service = action.split_once(':').unwrap().0;
        check(action, &parameters, &json!({"made": {"arn": arn(service, expected)}}), expected, again);
    }
    // What is there already is the same the next time.
    let secret = arn("secretsmanager", "secret:app/db-AbCdEf");
    let read = made("secretsmanager:GetSecretValue", &json!({"secretId": "app/db"}), &json!({"arn": secret}));
    assert!(read.iter().all(|own| own.again.is_none()), "{read:?}");
}
