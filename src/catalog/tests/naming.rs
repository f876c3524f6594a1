//! Parameters that are called unlike the placeholder that they fill, and names that are no ids; all records here are made up.

use serde_json::{Value, json};

use super::resource::{check, found, words};

/// Checks what stands behind the region and account of ARNs of one service.
pub(super) fn check_own(action: &str, parameters: Value, expected: &[&str]) {
    let service = action.split_once(':').unwrap().0;
    let own = |resource: &&str| format!("arn:aws:{service}:eu-west-1:111122223333:{resource}");
    let expected: Vec<String> = expected.iter().map(own).collect();
    check(action, parameters, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_parameter_may_have_the_last_word_of_a_type_alone_or_another_word_before_it() {
    check_own("ssm:DeleteMaintenanceWindow", json!({"windowId": "mw-1"}), &["maintenancewindow/mw-1"]);
    check_own(
        "ssm:RegisterPatchBaselineForPatchGroup",
        json!({"baselineId": "pb-1", "patchGroup": "g"}),
        &["patchbaseline/pb-1"],
    );
    check_own(
        "ssm:UpdateServiceSetting",
        json!({"settingId": "/ssm/x", "settingValue": "1"}),
        &["servicesetting//ssm/x"],
    );
    check_own(
        "cloudwatch:PutInsightRule",
        json!({"ruleName": "r", "ruleDefinition": "{}"}),
        &["insight-rule/r"],
    );
    check_own("redshift:ModifyEventSubscription", json!({"subscriptionName": "s"}), &["eventsubscription:s"]);
    check_own(
        "redshift:CreateClusterSubnetGroup",
        json!({"clusterSubnetGroupName": "g"}),
        &["subnetgroup:g"],
    );
    check_own("workspaces:DeleteConnectionAlias", json!({"aliasId": "wsca-1"}), &["connectionalias/wsca-1"]);
    check(
        "cloudfront:AssociateAlias",
        json!({"targetDistributionId": "E1", "alias": "www.example.com"}),
        &["arn:aws:cloudfront::111122223333:distribution/E1"],
    );
    // Both ends of a copy are asked for; what may as well be of another type, or is named twice, is of none.
    check_own(
        "elasticache:CopySnapshot",
        json!({"sourceSnapshotName": "a", "targetSnapshotName": "b"}),
        &["snapshot:a", "snapshot:b"],
    );
    check_own(
        "comprehend:CreateEndpoint",
        json!({"endpointName": "e"}),
        &[
            "document-classifier-endpoint/* ~pattern ~perhaps",
            "document-classifier/* ~pattern ~perhaps",
            "entity-recognizer-endpoint/* ~pattern ~perhaps",
            "entity-recognizer/* ~pattern ~perhaps",
        ],
    );
    check_own("appconfig:GetExtension", json!({"extensionIdentifier": "x"}), &["extension/x/* ~pattern"]);
    check(
        "cloudfront:CopyDistribution",
        json!({"primaryDistributionId": "E1", "otherDistributionId": "E2"}),
        &["arn:aws:cloudfront::111122223333:distribution/* ~pattern"],
    );
}

#[test]
fn the_id_of_what_is_made_is_not_the_name_that_it_is_given() {
    check_own("cloudtrail:CreateEventDataStore", json!({"name": "all"}), &["eventdatastore/* ~pattern"]);
    check_own("servicecatalog:CreateApplication", json!({"name": "a"}), &["/applications/* ~pattern"]);
    check_own(
        "fsx:CreateStorageVirtualMachine",
        json!({"fileSystemId": "fs-1", "name": "n"}),
        &["file-system/fs-1", "storage-virtual-machine/fs-1/* ~pattern"],
    );
    check_own(
        "backup:CreateBackupPlan",
        json!({"backupPlan": {"backupPlanName": "daily"}}),
        &["backup-plan:* ~pattern"],
    );
    check_own(
        "ec2:CreateManagedPrefixList",
        json!({"CreateManagedPrefixListRequest": {"PrefixListName": "n"}}),
        &["prefix-list/*"],
    );
    // What is named by its name keeps it, and an id that a call gives counts before the name that it changes.
    check_own("cloudtrail:CreateTrail", json!({"name": "main"}), &["trail/main"]);
    check_own("kendra:UpdateIndex", json!({"id": "i-1", "name": "new"}), &["index/i-1"]);
}

#[test]
fn a_plain_name_is_that_of_the_type_that_the_call_is_called_after() {
    let glue = ["catalog", "database/d", "table/d/t"];
    check_own("glue:DeleteTable", json!({"databaseName": "d", "name": "t"}), &glue);
    check_own("glue:CreateTable", json!({"databaseName": "d", "tableInput": {"name": "t"}}), &glue);
    check_own("glue:CreateDatabase", json!({"databaseInput": {"name": "d"}}), &["catalog", "database/d"]);
}

#[test]
fn tags_are_of_the_type_that_the_call_tells() {
    let tags = |kind: &str, id: &str| json!({"resourceType": kind, "resourceId": id, "tags": []});
    for (kind, id, resource) in [
        ("Document", "d", "document/d"),
        ("MaintenanceWindow", "mw-1", "maintenancewindow/mw-1"),
        ("ManagedInstance", "mi-0123456789abcdef0", "managed-instance/mi-0123456789abcdef0"),
        ("Parameter", "/a/b", "parameter/a/b"),
        ("PatchBaseline", "pb-1", "patchbaseline/pb-1"),
        ("Automation", "1234", "automation-execution/1234"),
    ] {
        check_own("ssm:AddTagsToResource", tags(kind, id), &[resource]);
    }
    for (kind, resource) in [("hostedzone", "hostedzone/Z1"), ("healthcheck", "healthcheck/Z1")] {
        check("route53:ChangeTagsForResource", tags(kind, "Z1"), &[&format!("arn:aws:route53:::{resource}")]);
    }
    check_own("elasticfilesystem:TagResource", json!({"resourceId": "fsap-1"}), &["access-point/fsap-1"]);
    check_own("elasticfilesystem:TagResource", json!({"resourceId": "fs-1"}), &["file-system/fs-1"]);
    let system = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1";
    check("elasticfilesystem:TagResource", json!({"resourceId": system}), &[system]);
    // An instance of EC2 is a node of Systems Manager, and of another type than registered machines.
    let node = json!({"resourceType": "ManagedInstance", "resourceId": "i-0123456789abcdef0", "items": []});
    check(
        "ssm:PutComplianceItems",
        node,
        &["arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"],
    );
    check(
        "servicecatalog:AssociateTagOptionWithResource",
        json!({"resourceId": "prod-1", "tagOptionId": "tag-1"}),
        &["arn:aws:catalog:eu-west-1:111122223333:product/prod-1"],
    );
    check_own(
        "autoscaling:CreateOrUpdateTags",
        json!({"tags": [{"resourceId": "web", "resourceType": "auto-scaling-group", "key": "k", "value": "v"}]}),
        &["autoScalingGroup:*:autoScalingGroupName/web ~pattern"],
    );
}

#[test]
fn a_load_balancer_stands_under_its_kind() {
    let of = |kind: &str| format!("loadbalancer/{kind}/web/* ~pattern");
    for (given, kind) in [("application", "app"), ("network", "net"), ("gateway", "gwy")] {
        check_own(
            "elasticloadbalancing:CreateLoadBalancer",
            json!({"name": "web", "type": given}),
            &[&of(kind)],
        );
    }
    check_own("elasticloadbalancing:CreateLoadBalancer", json!({"name": "web"}), &[&of("app")]);
    check_own(
        "elasticloadbalancing:CreateLoadBalancer",
        json!({"loadBalancerName": "old"}),
        &["loadbalancer/old"],
    );
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/0123456789abcdef";
    let made = found(
        "elasticloadbalancing:CreateLoadBalancer",
        "CreateLoadBalancer",
        &json!({"name": "web"}),
        &json!({"loadBalancers": [{"loadBalancerArn": arn}]}),
        &Value::Null,
    );
    assert_eq!(words(&made), [arn]);
}

/// Two services share the prefix, and each has actions of these names.
#[test]
fn what_either_service_behind_a_prefix_knows_is_a_resource_of_its_calls() {
    let of = |resource: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:{resource}");
    let balancer = of("loadbalancer/app/web/0123456789abcdef");
    for action in ["DeleteLoadBalancer", "ModifyLoadBalancerAttributes"] {
        let action = format!("elasticloadbalancing:{action}");
        check(&action, json!({"loadBalancerArn": balancer}), &[&balancer]);
        check_own(&action, json!({"loadBalancerName": "old"}), &["loadbalancer/old"]);
    }
    for resource in [
        "loadbalancer/net/web/0123456789abcdef",
        "targetgroup/web/0123456789abcdef",
        "listener/app/web/0123456789abcdef/0123456789abcdee",
        "listener-rule/app/web/0123456789abcdef/0123456789abcdee/0123456789abcded",
        "truststore/web/0123456789abcdef",
    ] {
        let arn = of(resource);
        for action in ["AddTags", "RemoveTags"] {
            check(&format!("elasticloadbalancing:{action}"), json!({"resourceArns": [arn]}), &[&arn]);
        }
    }
    check_own(
        "elasticloadbalancing:AddTags",
        json!({"loadBalancerNames": ["old"], "tags": [{"key": "k", "value": "v"}]}),
        &["loadbalancer/old"],
    );
    check_own(
        "sms-voice:DeleteConfigurationSet",
        json!({"configurationSetName": "c"}),
        &["configuration-set/c"],
    );
    let device = "arn:aws:greengrass:eu-west-1:111122223333:coreDevices:d";
    check("greengrass:TagResource", json!({"resource-arn": device}), &[device]);
}

#[test]
fn an_email_is_sent_under_the_identity_of_its_address_or_of_a_domain() {
    let domain = "identity/*example.com ~pattern";
    check_own("ses:SendRawEmail", json!({"source": "a@example.com"}), &[domain]);
    check_own("ses:SendEmail", json!({"fromEmailAddress": "App <a@mail.example.com>"}), &[domain]);
    for unclear in ["a@Example.com", "HIDDEN_DUE_TO_SECURITY_REASONS", "<a@example.com"] {
        check_own("ses:SendEmail", json!({"source": unclear}), &["identity/* ~pattern"]);
    }
    // Who names the identity, or asks for it alone, tells which it is.
    let arn = "arn:aws:ses:eu-west-1:444455556666:identity/example.com";
    check(
        "ses:SendEmail",
        json!({"fromEmailAddress": "a@example.com", "fromEmailAddressIdentityArn": arn}),
        &[arn],
    );
    check_own("ses:GetEmailIdentity", json!({"emailIdentity": "a@example.com"}), &["identity/a@example.com"]);
}

#[test]
fn what_is_left_out_means_what_the_service_takes_for_it() {
    check_own("scheduler:CreateSchedule", json!({"name": "s"}), &["schedule/default/s"]);
    check_own("scheduler:DeleteSchedule", json!({"name": "s", "groupName": "g"}), &["schedule/g/s"]);
    check_own("athena:StartQueryExecution", json!({"queryString": "select 1"}), &["workgroup/primary"]);
    check_own("athena:StartQueryExecution", json!({"workGroup": "team"}), &["workgroup/team"]);
}

#[test]
fn an_association_names_its_document() {
    let made = found(
        "ssm:CreateAssociation",
        "CreateAssociation",
        &json!({"name": "patch", "associationName": "nightly"}),
        &Value::Null,
        &Value::Null,
    );
    assert!(
        words(&made).contains(&"arn:aws:ssm:eu-west-1:111122223333:document/patch".to_owned()),
        "{made:?}"
    );
}

#[test]
fn a_restored_snapshot_is_of_its_own_cluster() {
    let restored = |given: Value| {
        let found = found(
            "redshift:RestoreFromClusterSnapshot",
            "RestoreFromClusterSnapshot",
            &given,
            &Value::Null,
            &Value::Null,
        );
        let own = words(&found).into_iter().filter(|own| own.contains(":snapshot:"));
        own.map(|own| own.replace("arn:aws:redshift:eu-west-1:111122223333:", "")).collect::<Vec<_>>()
    };
    let plain = json!({"clusterIdentifier": "new", "snapshotIdentifier": "s"});
    assert_eq!(restored(plain), ["snapshot:*/s ~pattern"]);
    let told =
        json!({"clusterIdentifier": "new", "snapshotIdentifier": "s", "snapshotClusterIdentifier": "old"});
    assert_eq!(restored(told), ["snapshot:old/s"]);
}

#[test]
fn a_bus_has_a_plain_name_or_is_the_default_one() {
    check_own("events:CreateEventBus", json!({"name": "orders"}), &["event-bus/orders"]);
    check_own("events:DescribeEventBus", json!({}), &["event-bus/default"]);
    check_own("events:PutEvents", json!({"entries": [{"eventBusName": "orders"}]}), &["event-bus/orders"]);
}

#[test]
fn a_subscription_is_asked_for_by_its_topic() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:alarms";
    let subscription = format!("{topic}:1234abcd-12ab-34cd-56ef-1234567890ab");
    for action in ["Unsubscribe", "SetSubscriptionAttributes"] {
        check(&format!("sns:{action}"), json!({"subscriptionArn": subscription}), &[topic]);
    }
    check("sns:Subscribe", json!({"topicArn": topic, "protocol": "email"}), &[topic]);
}

#[test]
fn things_are_named_by_words_of_their_own_in_some_services() {
    check_own(
        "elasticmapreduce:TerminateJobFlows",
        json!({"jobFlowIds": ["j-1", "j-2"]}),
        &["cluster/j-1", "cluster/j-2"],
    );
    check_own("appsync:DeleteGraphqlApi", json!({"apiId": "a"}), &["apis/a"]);
    check_own(
        "redshift:DeleteClusterSnapshot",
        json!({"snapshotIdentifier": "s", "snapshotClusterIdentifier": "c"}),
        &["snapshot:c/s"],
    );
    check_own(
        "eks:CreateAccessEntry",
        json!({"name": "c", "principalArn": "arn:aws:iam::444455556666:role/ops/deploy"}),
        &["cluster/c"],
    );
    check_own(
        "eks:DeleteAccessEntry",
        json!({"name": "c", "principalArn": "arn:aws:iam::444455556666:role/ops/deploy"}),
        &["access-entry/c/role/444455556666/deploy/* ~pattern"],
    );
    check_own(
        "elasticbeanstalk:RebuildEnvironment",
        json!({"environmentId": "e-abc"}),
        &["environment/*/* ~pattern"],
    );
}

#[test]
fn a_copy_of_a_snapshot_or_an_image_is_asked_for_on_its_source_too() {
    check(
        "ec2:CopySnapshot",
        json!({"sourceRegion": "us-east-1", "sourceSnapshotId": "snap-0123456789abcdef0"}),
        &["arn:aws:ec2:eu-west-1::snapshot/*", "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"],
    );
    let image =
        json!({"sourceRegion": "us-east-1", "sourceImageId": "ami-0123456789abcdef0", "name": "copy"});
    let copied = found("ec2:CopyImage", "CopyImage", &image, &Value::Null, &Value::Null);
    let source = "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0".to_owned();
    assert!(words(&copied).contains(&source), "{copied:?}");
    // Whether the source of these is asked for, too, AWS does not say.
    let volumes = ["volume/*", "volume/vol-0123456789abcdef0 ~perhaps"];
    check_own("ec2:CopyVolumes", json!({"sourceVolumeId": "vol-0123456789abcdef0"}), &volumes);
    let wrapped = json!({"CopyVolumesRequest": {"SourceVolumeId": "vol-0123456789abcdef0", "Size": 8}});
    check_own("ec2:CopyVolumes", wrapped, &volumes);
    check(
        "ec2:CopyFpgaImage",
        json!({"sourceFpgaImageId": "afi-0123456789abcdef0", "sourceRegion": "us-east-1"}),
        &[
            "arn:aws:ec2:eu-west-1:111122223333:fpga-image/*",
            "arn:aws:ec2:us-east-1:111122223333:fpga-image/afi-0123456789abcdef0 ~perhaps",
        ],
    );
}

#[test]
fn what_appconfig_serves_may_be_named_by_names_where_arns_have_ids() {
    let start = |application: &str, environment: &str, profile: &str| {
        json!({"applicationIdentifier": application, "environmentIdentifier": environment,
            "configurationProfileIdentifier": profile})
    };
    check_own(
        "appconfig:StartConfigurationSession",
        start("339ohji", "54j1r29", "ur8hx2f"),
        &["application/339ohji/environment/54j1r29/configuration/ur8hx2f"],
    );
    check_own(
        "appconfig:StartConfigurationSession",
        start("339ohji", "prod", "feature flags"),
        &["application/339ohji/environment/*/configuration/* ~pattern"],
    );
    check_own(
        "appconfig:StartConfigurationSession",
        start("shop", "54j1r29", "ur8hx2f"),
        &["application/*/environment/54j1r29/configuration/ur8hx2f ~pattern"],
    );
}

#[test]
fn what_aws_config_makes_has_an_id_of_its_own_beside_its_name() {
    let unknown = "config-rule/* ~pattern";
    check_own("config:DeleteConfigRule", json!({"configRuleName": "tagged"}), &[unknown]);
    let rule = |own: Value| json!({"configRule": own});
    check_own("config:PutConfigRule", rule(json!({"configRuleName": "tagged"})), &[unknown]);
    let known = "config-rule/config-rule-abc123";
    let by_id = json!({"configRuleName": "tagged", "configRuleId": "config-rule-abc123"});
    check_own("config:PutConfigRule", rule(by_id), &[known]);
    let aggregator = json!({"configurationAggregatorName": "all"});
    check_own("config:DeleteConfigurationAggregator", aggregator.clone(), &["config-aggregator/* ~pattern"]);
    let of_organization = json!({"organizationConfigRuleName": "tagged"});
    check_own(
        "config:DeleteOrganizationConfigRule",
        of_organization,
        &["organization-config-rule/* ~pattern"],
    );
    let pack = json!({"organizationConformancePackName": "p"});
    check_own(
        "config:DeleteOrganizationConformancePack",
        pack,
        &["organization-conformance-pack/* ~pattern"],
    );
    let arn = "arn:aws:config:eu-west-1:111122223333:config-aggregator/config-aggregator-abc123";
    let response = json!({"configurationAggregator": {"configurationAggregatorArn": arn, "configurationAggregatorName": "all"}});
    let put = "PutConfigurationAggregator";
    let resources = found(&format!("config:{put}"), put, &aggregator, &response, &Value::Null);
    assert_eq!(words(&resources), [arn]);
}

#[test]
fn a_name_is_no_id_that_a_service_chooses() {
    for (action, parameters, expected) in [
        ("lightsail:RebootInstance", json!({"instanceName": "web"}), "Instance/*"),
        ("lightsail:DeleteDisk", json!({"diskName": "web"}), "Disk/*"),
        ("rds:ModifyDBProxy", json!({"dBProxyName": "web"}), "db-proxy:*"),
        ("rds:DescribeDBProxies", json!({"dBProxyName": "web"}), "db-proxy:*"),
        ("rds:DeleteDBProxyEndpoint", json!({"dBProxyEndpointName": "web"}), "db-proxy-endpoint:*"),
        ("redshift-serverless:GetWorkgroup", json!({"workgroupName": "web"}), "workgroup/*"),
        ("sagemaker:DeleteCluster", json!({"clusterName": "web"}), "cluster/*"),
        ("bedrock:DeleteCustomModel", json!({"modelIdentifier": "web"}), "custom-model/*"),
        ("ses:CreateRuleSet", json!({"ruleSetName": "web"}), "mailmanager-rule-set/*"),
    ] {
        check_own(action, parameters, &[&format!("{expected} ~pattern")]);
    }
    let both = json!({"staticIpName": "a", "instanceName": "b"});
    check_own("lightsail:AttachStaticIp", both, &["Instance/* ~pattern", "StaticIp/* ~pattern"]);
    // Given by its ARN it is known.
    let arn = "arn:aws:sagemaker:eu-west-1:111122223333:cluster/abcdefghij12";
    check("sagemaker:DeleteCluster", json!({"clusterName": arn}), &[arn]);
}

#[test]
fn what_is_changed_by_its_name_stands_in_the_response_with_its_id() {
    let workgroup = |id: &str| format!("arn:aws:redshift-serverless:eu-west-1:111122223333:workgroup/{id}");
    let given = json!({"workgroupName": "bi"});
    let of = |action: &str, response: Value| {
        words(&found(&format!("redshift-serverless:{action}"), action, &given, &response, &Value::Null))
    };
    let one = json!({"workgroup": {"workgroupArn": workgroup("0a"), "workgroupName": "bi"}});
    for action in ["DeleteWorkgroup", "UpdateWorkgroup"] {
        assert_eq!(of(action, one.clone()), [workgroup("0a")], "{action}");
        let two = json!({"workgroup": {"workgroupArn": workgroup("0a")}, "other": workgroup("0b")});
        assert_eq!(of(action, two), [workgroup("*") + " ~pattern"], "{action}");
        assert_eq!(of(action, json!({})), [workgroup("*") + " ~pattern"], "{action}");
    }
}

#[test]
fn a_name_beside_an_id_may_be_a_new_one() {
    let named = |key: &str| json!({key: "id-1", "name": "new"});
    check_own("ssm:UpdateMaintenanceWindow", named("windowId"), &["maintenancewindow/id-1"]);
    check_own("ssm:UpdatePatchBaseline", named("baselineId"), &["patchbaseline/id-1"]);
    check_own("macie2:UpdateFindingsFilter", named("id"), &["findings-filter/id-1"]);
    check_own("ivschat:UpdateRoom", named("identifier"), &["room/id-1"]);
    check_own("medialive:UpdateInputDevice", named("inputDeviceId"), &["inputDevice:id-1"]);
    let workspace = json!({"workspaceId": "g-1", "workspaceName": "new"});
    check_own("grafana:UpdateWorkspace", workspace, &["/workspaces/g-1"]);
    let integration = json!({"integrationIdentifier": "i-1", "integrationName": "new"});
    check_own("glue:ModifyIntegration", integration, &["integration:i-1"]);
    let rules = json!({"name": "clean", "ruleset": "Rules = [ IsComplete \"id\" ]"});
    check_own("glue:UpdateDataQualityRuleset", rules, &["dataQualityRuleset/clean"]);
    // A query has a name of its own, and is kept in a workgroup.
    let query = |own: Value| [json!({"name": "daily", "queryString": "SELECT 1"}), own];
    let merged = |[mut all, own]: [Value; 2]| {
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        all
    };
    check_own("athena:CreateNamedQuery", merged(query(json!({}))), &["workgroup/primary"]);
    check_own("athena:CreateNamedQuery", merged(query(json!({"workGroup": "bi"}))), &["workgroup/bi"]);
    check_own(
        "athena:UpdateNamedQuery",
        merged(query(json!({"namedQueryId": "q"}))),
        &["workgroup/* ~pattern"],
    );
    check_own("athena:CreateWorkGroup", json!({"name": "bi"}), &["workgroup/bi"]);
    check_own("athena:DeleteWorkGroup", json!({"workGroup": "bi"}), &["workgroup/bi"]);
}

#[test]
fn users_of_quicksight_stand_in_a_namespace() {
    let user = json!({"awsAccountId": "111122223333", "namespace": "default", "userName": "ann"});
    check_own("quicksight:DeleteUser", user, &["user/default/ann"]);
    check_own("quicksight:DescribeGroup", json!({"namespace": "bi", "groupName": "g"}), &["group/bi/g"]);
    check_own("quicksight:DescribeGroup", json!({"groupName": "g"}), &["group/*/g ~pattern"]);
}

#[test]
fn each_event_that_is_put_names_its_bus() {
    let own = "arn:aws:events:eu-west-1:444455556666:event-bus/theirs";
    let entries = json!({"entries": [{"source": "a"}, {"source": "b", "eventBusName": "shop"}, {"source": "c", "eventBusName": own}]});
    let here = |bus: &str| format!("arn:aws:events:eu-west-1:111122223333:event-bus/{bus}");
    check("events:PutEvents", entries, &[&here("default"), &here("shop"), own]);
    check("events:PutEvents", json!({"entries": [{"source": "a", "eventBusName": ""}]}), &[&here("default")]);
    check("events:PutEvents", json!({}), &[&here("default")]);
}

#[test]
fn a_login_to_airflow_is_under_a_role_in_an_environment() {
    check_own("airflow:CreateWebLoginToken", json!({"name": "etl"}), &["role/etl/* ~pattern"]);
    check_own(
        "airflow:InvokeRestApi",
        json!({"name": "etl", "path": "/dags", "method": "GET"}),
        &["role/etl/* ~pattern"],
    );
    check_own("airflow:CreateCliToken", json!({"name": "etl"}), &["environment/etl"]);
}

#[test]
fn what_dms_has_is_named_by_its_arn_and_by_names_that_are_not_in_it() {
    let arn = |resource: &str| format!("arn:aws:dms:eu-west-1:111122223333:{resource}");
    for (action, key, own) in [
        ("DeleteReplicationTask", "replicationTaskArn", "task:ABCDEFGHIJ"),
        ("ModifyReplicationInstance", "replicationInstanceArn", "rep:ABCDEFGHIJ"),
        ("DeleteEndpoint", "endpointArn", "endpoint:ABCDEFGHIJ"),
        ("DescribeMetadataModel", "migrationProjectIdentifier", "migration-project:ABCDEFGHIJ"),
    ] {
        check(&format!("dms:{action}"), json!({key: arn(own)}), &[&arn(own)]);
    }
    check_own(
        "dms:DescribeMetadataModel",
        json!({"migrationProjectIdentifier": "move"}),
        &["migration-project:* ~pattern"],
    );
    check_own(
        "dms:DeleteReplicationSubnetGroup",
        json!({"replicationSubnetGroupIdentifier": "net"}),
        &["subgrp:net"],
    );
    let parameters =
        json!({"replicationInstanceIdentifier": "move", "replicationInstanceClass": "dms.t3.small"});
    check_own("dms:CreateReplicationInstance", parameters.clone(), &["rep:* ~pattern"]);
    let response = json!({"replicationInstance": {"replicationInstanceArn": arn("rep:ABCDEFGHIJ")}});
    let made = "CreateReplicationInstance";
    let resources = found(&format!("dms:{made}"), made, &parameters, &response, &Value::Null);
    assert_eq!(words(&resources), [arn("rep:ABCDEFGHIJ")]);
    assert_eq!(resources[0].again, Some(arn("rep:*")));
}

#[test]
fn a_replication_of_a_file_system_and_a_recovery_point_are_of_what_they_come_from() {
    let parameters = json!({"sourceFileSystemId": "fs-1", "destinations": [{"fileSystemId": "fs-2", "region": "us-east-1"}]});
    check_own("elasticfilesystem:CreateReplicationConfiguration", parameters, &["file-system/fs-1"]);
    let point = "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0";
    let parameters = json!({"backupVaultName": "v", "recoveryPointArn": point});
    check("backup:DeleteRecoveryPoint", parameters, &[point]);
}

#[test]
fn a_link_is_in_its_own_database_and_not_in_that_of_its_target() {
    let target = json!({"catalogId": "444455556666", "databaseName": "theirs"});
    let link = json!({"databaseInput": {"name": "ours", "targetDatabase": target}});
    check_own("glue:CreateDatabase", link, &["catalog", "database/ours"]);
    let changed = json!({"name": "ours", "databaseInput": {"name": "ours", "targetDatabase": target}});
    check_own("glue:UpdateDatabase", changed, &["catalog", "database/ours"]);
    let target = json!({"catalogId": "444455556666", "databaseName": "theirs", "name": "sales"});
    let link = json!({"databaseName": "ours", "tableInput": {"name": "link", "targetTable": target}});
    check_own("glue:CreateTable", link, &["catalog", "database/ours", "table/ours/link"]);
}
