//! Requests that no record shows.

use serde_json::{Value, json};

use crate::catalog::catalog;
use crate::catalog::dependent::{TELLING, dependents_of};
use crate::catalog::event::Presence;
use crate::catalog::resource::{Evidence, Noted, Place};

/// `iam:PassRole ARN…`, with a question mark for what is only possible.
fn of(action: &str, parameters: Option<&Value>) -> Vec<String> {
    answered(action, parameters, None)
}

fn answered(action: &str, parameters: Option<&Value>, response: Option<&Value>) -> Vec<String> {
    let place = Place { partition: "aws", region: "eu-west-1", account: "111122223333" };
    let parameters = parameters.map(Noted::from);
    let evidence = Evidence { event: "", place, parameters, response, resources: None };
    let dependents = dependents_of(catalog().action(action).unwrap(), &evidence);
    let words = dependents.iter().map(|dependent| {
        let mark = if dependent.presence == Presence::Certain { "" } else { "?" };
        let mut words = vec![dependent.action.full_name() + mark];
        words.extend(dependent.resources.iter().map(|resource| resource.arn.clone()));
        words.join(" ")
    });
    words.collect()
}

#[test]
fn a_role_in_the_parameters_is_passed() {
    let role = "arn:aws:iam::111122223333:role/service/run";
    let create = of("lambda:CreateFunction", Some(&json!({"functionName": "f", "role": role})));
    assert!(create.contains(&format!("iam:PassRole {role}")), "{create:?}");
    let none = of("lambda:UpdateFunctionConfiguration", Some(&json!({"functionName": "f", "timeout": 3})));
    assert!(!none.iter().any(|name| name.contains("PassRole")), "{none:?}");
    let unknown = of("lambda:CreateFunction", None);
    assert!(unknown.contains(&"iam:PassRole?".to_owned()), "{unknown:?}");
}

#[test]
fn who_restores_a_table_reads_and_writes_the_one_that_it_becomes() {
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/music-restored";
    let names = ["BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"];
    let expected = names.map(|name| format!("dynamodb:{name} {table}"));
    let to_point = json!({"sourceTableName": "music", "targetTableName": "music-restored"});
    assert_eq!(of("dynamodb:RestoreTableToPointInTime", Some(&to_point)), expected);
    let backup = "arn:aws:dynamodb:eu-west-1:111122223333:table/music/backup/01489173575360-b308cd7d";
    let from_backup = json!({"backupArn": backup, "targetTableName": "music-restored"});
    assert_eq!(of("dynamodb:RestoreTableFromBackup", Some(&from_backup)), expected);
    let unknown = of("dynamodb:RestoreTableToPointInTime", None);
    assert_eq!(unknown, names.map(|name| format!("dynamodb:{name}?")));
}

#[test]
fn a_role_handed_to_a_call_without_the_dependent_may_be_passed() {
    let role = "arn:aws:iam::111122223333:role/service/run";
    let task = json!({"family": "f", "taskRoleArn": role, "executionRoleArn": role});
    assert_eq!(of("ecs:RegisterTaskDefinition", Some(&task)), [format!("iam:PassRole? {role}")]);
    let policy = json!({"policy": "{}", "principal": role});
    assert!(of("ecr:SetRepositoryPolicy", Some(&policy)).is_empty());
    assert!(of("sts:AssumeRole", Some(&json!({"roleArn": role}))).is_empty());
    assert!(of("iam:UpdateRole", Some(&json!({"roleArn": role}))).is_empty());
    assert!(of("ecs:DescribeClusters", Some(&json!({"roleArn": role}))).is_empty());
}

#[test]
fn a_role_that_stands_under_any_name_may_be_passed_but_not_one_that_gets_something() {
    let role = "arn:aws:iam::111122223333:role/deliver";
    for (action, parameters) in [
        ("ec2:CreateFlowLogs", json!({"CreateFlowLogsRequest": {"DeliverLogsPermissionArn": role}})),
        ("cognito-identity:SetIdentityPoolRoles", json!({"roles": {"authenticated": role}})),
        ("cognito-idp:CreateUserPool", json!({"smsConfiguration": {"snsCallerArn": role}})),
        ("sns:SetTopicAttributes", json!({"attributeName": "x", "attributeValue": role})),
    ] {
        let found = of(action, Some(&parameters));
        assert!(
            found.iter().any(|name| name.starts_with("iam:PassRole") && name.ends_with(role)),
            "{found:?}"
        );
    }
    for (action, parameters) in [
        ("kms:CreateGrant", json!({"granteePrincipal": role})),
        ("eks:CreateAccessEntry", json!({"principalArn": role})),
        ("sns:ListTopics", json!({"nextToken": role})),
    ] {
        let found = of(action, Some(&parameters));
        assert!(!found.iter().any(|name| name.contains("PassRole")), "{found:?}");
    }
}

#[test]
fn who_puts_a_role_into_an_instance_profile_passes_it() {
    let parameters = json!({"instanceProfileName": "web", "roleName": "web"});
    let role = "arn:aws:iam::111122223333:role/web";
    assert_eq!(of("iam:AddRoleToInstanceProfile", Some(&parameters)), [format!("iam:PassRole {role}")]);
}

#[test]
fn a_service_with_another_task_definition_may_have_other_roles() {
    let update = |parameters: Value| of("ecs:UpdateService", Some(&parameters));
    assert!(update(json!({"taskDefinition": "web:4"})).contains(&"iam:PassRole?".to_owned()));
    assert_eq!(update(json!({"desiredCount": 3})), Vec::<String>::new());
}

#[test]
fn what_is_made_with_tags_may_need_the_tagging_action_of_its_service() {
    let tags = json!({"tags": [{"key": "team", "value": "blue"}]});
    for (action, tagging) in [
        ("iam:CreateRole", "iam:TagRole?"),
        ("iam:CreateVirtualMFADevice", "iam:TagMFADevice?"),
        ("sns:CreateTopic", "sns:TagResource"),
        ("ecs:RunTask", "ecs:TagResource"),
    ] {
        let has = |parameters: &Value| {
            of(action, Some(parameters)).iter().any(|words| words.split(' ').next() == Some(tagging))
        };
        assert!(has(&tags) && !has(&json!({"tags": []})), "{action}");
    }
    let queue = json!({"queueName": "q", "tags": {"team": "blue"}});
    let queue = of("sqs:CreateQueue", Some(&queue));
    assert_eq!(queue, ["sqs:TagQueue arn:aws:sqs:eu-west-1:111122223333:q"]);
    // Where it is listed it stands once.
    let cluster = of("eks:CreateCluster", Some(&tags));
    assert!(cluster.iter().filter(|name| name.starts_with("eks:TagResource")).count() < 2, "{cluster:?}");
}

#[test]
fn what_is_made_with_tags_is_tagged_itself() {
    let tags = json!([{"key": "team", "value": "blue"}]);
    let place = "eu-west-1:111122223333";
    for (action, parameters, expected) in [
        (
            "iam:CreateRole",
            json!({"roleName": "deploy", "tags": tags}),
            "iam:TagRole? arn:aws:iam::111122223333:role/deploy".to_owned(),
        ),
        (
            "lambda:CreateFunction",
            json!({"functionName": "f", "tags": {"team": "blue"}}),
            format!("lambda:TagResource arn:aws:lambda:{place}:function:f"),
        ),
        (
            "events:PutRule",
            json!({"name": "nightly", "tags": tags}),
            format!("events:TagResource arn:aws:events:{place}:rule/nightly"),
        ),
        (
            "kinesis:CreateStream",
            json!({"streamName": "clicks", "tags": {"team": "blue"}}),
            format!("kinesis:AddTagsToStream arn:aws:kinesis:{place}:stream/clicks"),
        ),
        // One of two actions will do.
        (
            "logs:CreateLogGroup",
            json!({"logGroupName": "app", "tags": {"team": "blue"}}),
            format!("logs:TagResource? arn:aws:logs:{place}:log-group:app"),
        ),
        // The definition that a task is run from is not what is tagged.
        ("ecs:RunTask", json!({"taskDefinition": "web:4", "tags": tags}), "ecs:TagResource".to_owned()),
    ] {
        let found = of(action, Some(&parameters));
        assert!(found.contains(&expected), "{found:?}");
    }
}

#[test]
fn a_role_may_stand_in_what_the_call_names() {
    let passes = |action: &str, parameters: &Value| {
        of(action, Some(parameters)).into_iter().find(|name| name.contains("PassRole"))
    };
    let task = json!({"cluster": "c", "taskDefinition": "web:3"});
    assert_eq!(passes("ecs:RunTask", &task), Some("iam:PassRole?".to_owned()));
    let template = json!({"launchTemplate": {"launchTemplateName": "web"}});
    assert_eq!(passes("ec2:RunInstances", &template), Some("iam:PassRole?".to_owned()));
    assert_eq!(passes("ec2:RunInstances", &json!({"imageId": "ami-1"})), None);
    let fleet = json!({"CreateFleetRequest": {"LaunchTemplateConfigs": {"LaunchTemplateSpecification": {"LaunchTemplateName": "web"}}}});
    assert_eq!(passes("ec2:CreateFleet", &fleet), Some("iam:PassRole?".to_owned()));
    // A role that the call names itself is the one.
    let role = "arn:aws:iam::111122223333:role/run";
    let overridden = json!({"taskDefinition": "web:3", "overrides": {"taskRoleArn": role}});
    assert_eq!(passes("ecs:RunTask", &overridden), Some(format!("iam:PassRole {role}")));
}

#[test]
fn whoever_gives_a_secret_its_rotation_invokes_the_function() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:rotate";
    let given = json!({"secretId": "db", "rotationLambdaARN": function});
    assert_eq!(
        of("secretsmanager:RotateSecret", Some(&given)),
        [format!("lambda:InvokeFunction {function}")]
    );
    assert!(of("secretsmanager:RotateSecret", Some(&json!({"secretId": "db"}))).is_empty());
}

#[test]
fn what_a_load_balancer_is_made_of_is_tagged_under_its_own_arn() {
    let arn = |resource: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:{resource}");
    let tags = json!([{"key": "team", "value": "blue"}]);
    let balancer = arn("loadbalancer/app/web/0123456789abcdef");
    let listener = arn("listener/app/web/0123456789abcdef/0123456789abcdee");
    let group = arn("targetgroup/web/0123456789abcdef");
    for (action, parameters, response, made) in [
        (
            "CreateListener",
            json!({"loadBalancerArn": balancer, "tags": tags}),
            json!({"listeners": [{"listenerArn": listener, "loadBalancerArn": balancer}]}),
            &listener,
        ),
        (
            "CreateTargetGroup",
            json!({"name": "web", "tags": tags}),
            json!({"targetGroups": [{"targetGroupArn": group}]}),
            &group,
        ),
        (
            "CreateLoadBalancer",
            json!({"name": "web", "tags": tags}),
            json!({"loadBalancers": [{"loadBalancerArn": balancer}]}),
            &balancer,
        ),
    ] {
        let found = answered(&format!("elasticloadbalancing:{action}"), Some(&parameters), Some(&response));
        assert_eq!(found, [format!("elasticloadbalancing:AddTags {made}")], "{action}");
    }
}

#[test]
fn an_instance_profile_hides_its_role() {
    let run =
        json!({"iamInstanceProfile": {"name": "web"}, "instancesSet": {"items": [{"imageId": "ami-1"}]}});
    let run = of("ec2:RunInstances", Some(&run));
    assert!(
        run.contains(&"iam:PassRole arn:aws:iam::111122223333:instance-profile/web".to_owned()),
        "{run:?}"
    );
    assert!(!run.iter().any(|name| name.contains("CreateTags")));
}

#[test]
fn where_the_service_takes_a_role_by_name_that_is_passed() {
    let of_account = "arn:aws:iam::111122223333";
    let passes = |action: &str, parameters: Value| {
        let found = of(action, Some(&parameters)).into_iter().find(|name| name.contains("PassRole"));
        found.unwrap_or_default().replace(of_account, "")
    };
    let job = |role: &str| json!({"name": "nightly", "role": role});
    assert_eq!(passes("glue:CreateJob", job("load")), "iam:PassRole? :role/load");
    assert_eq!(passes("glue:CreateJob", job("service-role/load")), "iam:PassRole? :role/service-role/load");
    assert_eq!(
        passes("glue:CreateJob", job("arn:aws:iam::111122223333:role/load")),
        "iam:PassRole? :role/load"
    );
    let update = json!({"jobName": "nightly", "jobUpdate": {"role": "load", "command": {"name": "glueetl"}}});
    assert_eq!(passes("glue:UpdateJob", update), "iam:PassRole? :role/load");
    assert_eq!(passes("glue:CreateCrawler", job("load")), "iam:PassRole? :role/load");
    let cluster = json!({"name": "c", "serviceRole": "emr", "jobFlowRole": "emr-nodes"});
    assert_eq!(
        passes("elasticmapreduce:RunJobFlow", cluster),
        "iam:PassRole :instance-profile/emr-nodes :role/emr"
    );
    let task = json!({"family": "f", "taskRoleArn": "web"});
    assert_eq!(passes("ecs:RegisterTaskDefinition", task), "iam:PassRole? :role/web");
    let joined = json!({"dBInstanceIdentifier": "main", "domainIAMRoleName": "directory"});
    assert_eq!(passes("rds:CreateDBInstance", joined), "iam:PassRole :role/directory");
    // What is called a role elsewhere is none of IAM's, nor is what cannot be a name.
    assert_eq!(passes("chime:CreateRoomMembership", job("Administrator")), "");
    assert_eq!(passes("glue:CreateJob", job("HIDDEN DUE TO")), "");
}

#[test]
fn a_group_that_launches_by_a_template_may_ask_to_launch_and_to_tag() {
    let by = |template: Value| json!({"autoScalingGroupName": "web", "launchTemplate": template});
    let template = by(json!({"launchTemplateName": "web"}));
    for call in ["autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"] {
        let asked = of(call, Some(&template));
        for wanted in ["ec2:CreateTags?", "ec2:RunInstances"] {
            assert!(asked.iter().any(|own| own.trim() == wanted), "{call}: {asked:?}");
        }
        let other = of(call, Some(&json!({"autoScalingGroupName": "web"})));
        assert!(other.iter().all(|own| !own.starts_with("ec2:")), "{call}: {other:?}");
    }
    // A launch by a template that says nothing of tags may have those of the template.
    let launch = json!({"launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0"}});
    assert!(of("ec2:RunInstances", Some(&launch)).iter().any(|own| own.trim() == "ec2:CreateTags?"));
}

#[test]
fn tags_on_what_is_made_are_asked_for() {
    let tags =
        json!({"tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"key": "k"}]}]}});
    let made = "ec2:CreateTags arn:aws:ec2:eu-west-1:111122223333:instance/*".to_owned();
    assert!(of("ec2:RunInstances", Some(&tags)).contains(&made));
    let none = json!({"tagSpecificationSet": {}});
    assert!(!of("ec2:RunInstances", Some(&none)).iter().any(|name| name.contains("CreateTags")));
}

#[test]
fn an_action_without_dependents_has_none() {
    assert!(of("s3:ListAllMyBuckets", None).is_empty());
}

#[test]
fn what_a_parameter_tells_is_asked_for_only_with_it() {
    let function = json!({"functionName": "f"});
    assert!(
        !of("lambda:CreateFunction", Some(&function)).contains(&"lambda:PassCapacityProvider".to_owned())
    );
    let provided = json!({"functionName": "f", "capacityProviderConfig": {"lambdaManagedInstances": "x"}});
    assert!(of("lambda:CreateFunction", Some(&provided)).contains(&"lambda:PassCapacityProvider".to_owned()));
    let plain = json!({"dBInstanceIdentifier": "main"});
    let secret = json!({"dBInstanceIdentifier": "main", "manageMasterUserPassword": true});
    for (parameters, is_asked) in [(plain, false), (secret, true)] {
        let found = of("rds:CreateDBInstance", Some(&parameters));
        assert_eq!(found.contains(&"secretsmanager:CreateSecret".to_owned()), is_asked);
        assert!(!found.contains(&"rds:AddTagsToResource".to_owned()), "{found:?}");
    }
}

#[test]
fn a_launch_reads_a_parameter_store_only_for_an_image_that_stands_there() {
    let launch = |parameters: Value| {
        let found = of("ec2:RunInstances", Some(&parameters));
        found.into_iter().find(|name| name.contains("ssm:GetParameters"))
    };
    let image = |id: &str| json!({"instancesSet": {"items": [{"imageId": id}]}});
    assert_eq!(launch(image("ami-0123456789abcdef0")), None);
    assert_eq!(launch(image("resolve:ssm:/golden")).as_deref(), Some("ssm:GetParameters"));
    let template = json!({"launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0"}});
    assert_eq!(launch(template).as_deref(), Some("ssm:GetParameters?"));
}

#[test]
fn a_launch_by_a_template_passes_the_role_that_its_instances_have() {
    let passes = |response: Option<&Value>| {
        let template = json!({"launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0"}});
        let found = answered("ec2:RunInstances", Some(&template), response);
        found.into_iter().find(|name| name.contains("PassRole"))
    };
    let launched = |profile: Value| json!({"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0", "iamInstanceProfile": profile}]}});
    let profile = "arn:aws:iam::111122223333:instance-profile/web";
    let with = launched(json!({"arn": profile, "id": "AIPARTX3GSDSQEXAMPLE"}));
    assert_eq!(passes(Some(&with)), Some(format!("iam:PassRole {profile}")));
    assert_eq!(passes(Some(&launched(Value::Null))), None);
    assert_eq!(passes(None).as_deref(), Some("iam:PassRole?"));
    assert_eq!(passes(Some(&json!({"requestId": "1"}))).as_deref(), Some("iam:PassRole?"));
}

#[test]
fn whoever_gives_a_function_a_layer_reads_that_version_of_it() {
    let layer = |of: &str| format!("arn:aws:lambda:eu-west-1:{of}:layer:tools:3");
    let (own, other) = (layer("111122223333"), layer("444455556666"));
    let given = json!({"functionName": "f", "layers": [own, other, own]});
    for action in ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"] {
        let found = of(action, Some(&given));
        assert!(found.contains(&format!("lambda:GetLayerVersion {own} {other}")), "{found:?}");
        let none = of(action, Some(&json!({"functionName": "f", "layers": []})));
        assert!(!none.iter().any(|name| name.contains("GetLayerVersion")), "{none:?}");
    }
    let code = of("lambda:UpdateFunctionCode", Some(&given));
    assert!(!code.iter().any(|name| name.contains("GetLayerVersion")), "{code:?}");
}

#[test]
fn roles_stand_in_lists_of_options_and_in_texts_too() {
    let of_account = "arn:aws:iam::111122223333";
    let passes = |action: &str, parameters: Value| {
        let found = of(action, Some(&parameters)).into_iter().find(|name| name.contains("PassRole"));
        found.unwrap_or_default().replace(of_account, "")
    };
    let option = |namespace: &str, name: &str, value: &str| json!({"namespace": namespace, "optionName": name, "value": value});
    let profile = |value: &str| option("aws:autoscaling:launchconfiguration", "IamInstanceProfile", value);
    let service = |value: &str| option("aws:elasticbeanstalk:environment", "ServiceRole", value);
    let other = option("aws:elasticbeanstalk:application:environment", "Stage", "live");
    let by_name =
        json!({"environmentName": "shop", "optionSettings": [profile("web"), other, service("beanstalk")]});
    for action in ["CreateEnvironment", "UpdateEnvironment", "CreateConfigurationTemplate"] {
        assert_eq!(
            passes(&format!("elasticbeanstalk:{action}"), by_name.clone()),
            "iam:PassRole? :instance-profile/web :role/beanstalk"
        );
    }
    let by_arn = json!({"optionSettings": [
        profile(&format!("{of_account}:instance-profile/web")), service(&format!("{of_account}:role/path/beanstalk")),
    ]});
    assert_eq!(
        passes("elasticbeanstalk:CreateEnvironment", by_arn),
        "iam:PassRole? :instance-profile/web :role/path/beanstalk"
    );
    assert_eq!(passes("elasticbeanstalk:CreateEnvironment", json!({"optionSettings": [other]})), "");

    let field = |key: &str, value: &str| json!({"key": key, "stringValue": value});
    let pipeline = json!({"pipelineId": "df-1", "pipelineObjects": [
        {"id": "Default", "name": "Default", "fields": [field("role", "pipeline"), field("resourceRole", "nodes"), field("type", "Default")]},
    ]});
    assert_eq!(
        passes("datapipeline:PutPipelineDefinition", pipeline),
        "iam:PassRole? :role/nodes :role/pipeline"
    );

    let constraint = |text: &str| json!({"productId": "prod-1", "type": "LAUNCH", "parameters": text});
    let by_arn = constraint(&format!("{{\"RoleArn\": \"{of_account}:role/launch\"}}"));
    assert_eq!(passes("servicecatalog:CreateConstraint", by_arn), "iam:PassRole? :role/launch");
    let by_name = constraint("{\"LocalRoleName\": \"launch\"}");
    assert_eq!(passes("servicecatalog:UpdateConstraint", by_name), "iam:PassRole? :role/launch");
    assert_eq!(passes("servicecatalog:CreateConstraint", constraint("no JSON")), "");
}

/// Who leaves parameters unread that tell nothing may leave out none of what is derived here.
#[test]
fn what_parameters_tell_is_among_the_telling_texts() {
    for parameters in [
        json!({"layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:tools:3"]}),
        json!({"optionSettings": [{"optionName": "ServiceRole", "value": "x"}]}),
        json!({"optionSettings": [{"optionName": "IamInstanceProfile", "value": "x"}]}),
        json!({"fields": [{"key": "resourceRole", "stringValue": "x"}]}),
        json!({"rotationLambdaARN": "arn:aws:lambda:eu-west-1:111122223333:function:rotate"}),
    ] {
        let text = parameters.to_string().to_ascii_lowercase();
        assert!(TELLING.iter().any(|telling| text.contains(telling)), "{text}");
    }
}

#[test]
fn a_secret_is_made_and_tagged_where_its_service_is_to_keep_the_password() {
    let tags = json!([{"key": "env", "value": "prod"}]);
    let secrets = |action: &str, parameters: Value| {
        let found = of(action, Some(&parameters));
        let is_told = |name: &String| {
            ["secretsmanager:CreateSecret", "secretsmanager:TagResource"]
                .iter()
                .any(|own| name.starts_with(own))
        };
        found.into_iter().filter(is_told).collect::<Vec<_>>()
    };
    for (action, parameter) in [
        ("rds:CreateDBInstance", "manageMasterUserPassword"),
        ("redshift:CreateCluster", "manageMasterPassword"),
    ] {
        assert_eq!(secrets(action, json!({"tags": tags, "masterUserPassword": "****"})), [""; 0], "{action}");
        let kept = secrets(action, json!({ parameter: true }));
        assert!(kept.contains(&"secretsmanager:TagResource".to_owned()), "{action} {kept:?}");
        assert!(kept.contains(&"secretsmanager:CreateSecret".to_owned()), "{action} {kept:?}");
        assert_eq!(secrets(action, json!({ parameter: false, "tags": tags })), [""; 0], "{action}");
    }
}
