//! What a launch of EC2 is asked for, and the templates that it is made from; all records here are made up.

use serde_json::{Value, json};

use super::resource::{found, words};
use crate::catalog::catalog;
use crate::catalog::resource::{Source, reads_response};

const TEMPLATE: &str = "lt-0123456789abcdef0";

/// What a call of EC2 is asked for of one type, without the beginning that all ARNs have.
fn of_type(action: &str, kind: &str, parameters: &Value, response: &Value) -> Vec<String> {
    let resources = found(&format!("ec2:{action}"), action, parameters, response, &Value::Null);
    let own: Vec<_> = resources.into_iter().filter(|own| own.kind == Some(kind)).collect();
    let short = |word: String| {
        word.replace("arn:aws:ec2:eu-west-1:111122223333:", "").replace("arn:aws:ec2:eu-west-1:", "")
    };
    words(&own).into_iter().map(short).collect()
}

fn launched(own: &Value) -> Value {
    json!({"instancesSet": {"items": [own]}})
}

#[test]
fn a_launch_template_that_is_given_by_its_name_has_the_id_that_the_response_tells() {
    let id = [format!("launch-template/{TEMPLATE}")];
    let unknown = ["launch-template/* ~pattern"];
    let told = json!({"launchTemplateId": TEMPLATE, "launchTemplateName": "web"});
    let other = json!({"launchTemplateId": "lt-1123456789abcdef0", "launchTemplateName": "other"});
    for (action, own) in [
        ("DeleteLaunchTemplate", "launchTemplate"),
        ("ModifyLaunchTemplate", "launchTemplate"),
        ("CreateLaunchTemplateVersion", "launchTemplateVersion"),
    ] {
        let parameters =
            json!({format!("{action}Request"): {"LaunchTemplateName": "web", "SourceVersion": "1"}});
        let of = |response: &Value| of_type(action, "launch-template", &parameters, response);
        assert_eq!(of(&Value::Null), unknown, "{action}");
        assert_eq!(of(&json!({format!("{action}Response"): {own: told}})), id, "{action}");
        assert_eq!(of(&json!({format!("{action}Response"): {own: other}})), unknown, "{action}");
        assert!(reads_response(catalog().action(&format!("ec2:{action}")).unwrap()), "{action}");
        let by_id = json!({format!("{action}Request"): {"LaunchTemplateId": TEMPLATE}});
        assert_eq!(of_type(action, "launch-template", &by_id, &Value::Null), id, "{action}");
    }
    // What is made has no id yet.
    let made = json!({"CreateLaunchTemplateRequest": {"LaunchTemplateName": "web"}});
    assert_eq!(
        of_type("CreateLaunchTemplate", "launch-template", &made, &Value::Null),
        ["launch-template/*"]
    );
}

#[test]
fn the_tags_of_an_instance_tell_the_template_that_it_was_launched_from() {
    let launch = json!({"launchTemplate": {"launchTemplateName": "web", "version": "1"}});
    let of = |response: &Value| of_type("RunInstances", "launch-template", &launch, response);
    let tag = |key: &str| {
        launched(&json!({"instanceId": "i-1", "tagSet": {"items": [{"key": key, "value": TEMPLATE}]}}))
    };
    assert_eq!(of(&Value::Null), ["launch-template/* ~pattern"]);
    assert_eq!(of(&tag("Name")), ["launch-template/* ~pattern"]);
    assert_eq!(of(&tag("aws:ec2launchtemplate:id")), [format!("launch-template/{TEMPLATE}")]);
    let found =
        found("ec2:RunInstances", "RunInstances", &launch, &tag("aws:ec2launchtemplate:id"), &Value::Null);
    assert!(found.iter().any(|own| own.kind == Some("launch-template") && own.source == Source::Response));
}

#[test]
fn of_several_templates_of_a_fleet_each_is_asked_for() {
    let config = |own: Value| json!({"LaunchTemplateSpecification": own, "tag": 1});
    let by_name = |name: &str| config(json!({"LaunchTemplateName": name, "Version": "1"}));
    let of = |configs: Value, response: &Value| {
        let parameters = json!({"CreateFleetRequest": {"LaunchTemplateConfigs": configs}});
        of_type("CreateFleet", "launch-template", &parameters, response)
    };
    let started = |own: Value| json!({"CreateFleetResponse": {"fleetInstanceSet": {"item": {"launchTemplateAndOverrides": {"launchTemplateSpecification": own}}}}});
    let id = format!("launch-template/{TEMPLATE}");
    assert_eq!(
        of(by_name("web"), &started(json!({"launchTemplateId": TEMPLATE, "version": "1"}))),
        [id.as_str()]
    );
    // Which of two it is, an id alone does not tell.
    let unknown = "launch-template/* ~pattern";
    assert_eq!(
        of(json!([by_name("a"), by_name("b")]), &started(json!({"launchTemplateId": TEMPLATE}))),
        [unknown]
    );
    let mixed = json!([by_name("a"), config(json!({"LaunchTemplateId": TEMPLATE}))]);
    assert_eq!(of(mixed, &Value::Null), [unknown, id.as_str()]);
}

#[test]
fn a_launch_takes_the_network_interfaces_that_it_names_and_makes_the_others() {
    let launch = |interfaces: Value| json!({"instancesSet": {"items": [{"imageId": "ami-1"}]}, "networkInterfaceSet": {"items": interfaces}});
    let taken = json!({"deviceIndex": 0, "networkInterfaceId": "eni-5"});
    let made = json!({"deviceIndex": 1, "subnetId": "subnet-1"});
    let of = |parameters: &Value| of_type("RunInstances", "network-interface", parameters, &Value::Null);
    assert_eq!(of(&launch(json!([taken]))), ["network-interface/eni-5"]);
    assert_eq!(of(&launch(json!([taken, made]))), ["network-interface/*", "network-interface/eni-5"]);
    assert_eq!(of(&launch(json!([made]))), ["network-interface/*"]);
    assert_eq!(of(&launch(json!([]))), ["network-interface/*"]);
    // A template may name one that is there already.
    let template = json!({"launchTemplate": {"launchTemplateId": TEMPLATE}});
    assert_eq!(of(&template), ["network-interface/* ~pattern"]);
    // The groups and the subnet of one that is there are told by the response, and perhaps asked for.
    let response = launched(
        &json!({"instanceId": "i-1", "subnetId": "subnet-5", "groupSet": {"items": [{"groupId": "sg-5"}]}}),
    );
    for (kind, own) in [("security-group", "security-group/sg-5"), ("subnet", "subnet/subnet-5")] {
        assert_eq!(
            of_type("RunInstances", kind, &launch(json!([taken])), &response),
            [format!("{own} ~perhaps")]
        );
        assert_eq!(of_type("RunInstances", kind, &launch(json!([])), &response), [own]);
    }
}

#[test]
fn an_image_that_parameter_store_has_is_told_by_the_response() {
    let launch = json!({"instancesSet": {"items": [{"imageId": "resolve:ssm:/shop/image:3"}]}});
    let of = |response: &Value| of_type("RunInstances", "image", &launch, response);
    assert_eq!(of(&launched(&json!({"instanceId": "i-1", "imageId": "ami-1"}))), [":image/ami-1"]);
    assert_eq!(of(&Value::Null), [":image/* ~pattern"]);
}

#[test]
fn the_id_of_a_placement_group_is_that_of_no_security_group_and_not_in_its_name() {
    let launch =
        |placement: Value| json!({"instancesSet": {"items": [{"imageId": "ami-1"}]}, "placement": placement});
    let by_id = launch(json!({"groupId": "pg-0123456789abcdef0"}));
    let response = launched(
        &json!({"instanceId": "i-1", "placement": {"groupName": "near", "groupId": "pg-0123456789abcdef0"}}),
    );
    let of = |kind: &str, parameters: &Value, response: &Value| {
        of_type("RunInstances", kind, parameters, response)
    };
    assert_eq!(of("security-group", &by_id, &Value::Null), ["security-group/* ~pattern ~perhaps"]);
    assert_eq!(of("placement-group", &by_id, &Value::Null), ["placement-group/* ~pattern"]);
    assert_eq!(of("placement-group", &by_id, &response), ["placement-group/near"]);
    assert_eq!(
        of("placement-group", &launch(json!({"groupName": "far"})), &response),
        ["placement-group/far"]
    );
    // A template's group stands in the response; a launch without one has none.
    let template = json!({"launchTemplate": {"launchTemplateId": TEMPLATE}});
    assert_eq!(of("placement-group", &template, &Value::Null), ["placement-group/* ~pattern ~perhaps"]);
    assert_eq!(of("placement-group", &template, &launched(&json!({"instanceId": "i-1"}))), [""; 0]);
    assert_eq!(of("placement-group", &template, &response), ["placement-group/near"]);
    assert_eq!(
        of("placement-group", &launch(json!({"availabilityZone": "eu-west-1a"})), &Value::Null),
        [""; 0]
    );
    let moved =
        |group: Value| json!({"ModifyInstancePlacementRequest": {"InstanceId": "i-1", "GroupName": group}});
    let of_move =
        |parameters: &Value| of_type("ModifyInstancePlacement", "placement-group", parameters, &Value::Null);
    assert_eq!(of_move(&moved(json!("near"))), ["placement-group/near"]);
    assert_eq!(of_move(&moved(json!(""))), [""; 0]);
    assert_eq!(
        of_move(&json!({"instanceId": "i-1", "groupId": "pg-0123456789abcdef0"})),
        ["placement-group/* ~pattern"]
    );
}

#[test]
fn snapshots_of_an_instance_are_of_the_volumes_that_the_response_tells() {
    let specification = json!({"InstanceId": "i-0123456789abcdef0", "ExcludeDataVolumeId": {"tag": 1, "content": "vol-9123456789abcdef0"}});
    let parameters = json!({"CreateSnapshotsRequest": {"InstanceSpecification": specification}});
    let of = |response: &Value| of_type("CreateSnapshots", "volume", &parameters, response);
    assert_eq!(of(&Value::Null), ["volume/* ~pattern"]);
    let made = json!({"CreateSnapshotsResponse": {"snapshotSet": {"item": [{"volumeId": "vol-1"}, {"volumeId": "vol-2"}]}}});
    assert_eq!(of(&made), ["volume/vol-1", "volume/vol-2"]);
}

#[test]
fn the_response_tells_the_capacity_reservation_that_a_launch_template_has_as_its_target() {
    let by_template = json!({"launchTemplate": {"launchTemplateId": TEMPLATE}});
    let of = |parameters: &Value, response: &Value| {
        of_type("RunInstances", "capacity-reservation", parameters, response)
    };
    let told = |specification: Value| {
        launched(&json!({"instanceId": "i-1", "capacityReservationId": "cr-0123456789abcdef0",
                         "capacityReservationSpecification": specification}))
    };
    let target = json!({"capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}});
    assert_eq!(of(&by_template, &told(target.clone())), ["capacity-reservation/cr-0123456789abcdef0"]);
    let open = json!({"capacityReservationPreference": "open"});
    assert_eq!(of(&by_template, &told(open.clone())), [""; 0]);
    assert_eq!(of(&by_template, &Value::Null), ["capacity-reservation/* ~pattern ~perhaps"]);
    // Without a template the launch says it itself.
    let own = json!({"capacityReservationSpecification": target});
    assert_eq!(of(&own, &Value::Null), ["capacity-reservation/cr-0123456789abcdef0"]);
    assert_eq!(of(&json!({"imageId": "ami-0123456789abcdef0"}), &told(open)), [""; 0]);
}
