//! Which resources records name; all records here are made up.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::catalog::event::Presence;
use crate::catalog::resource::{
    Certainty, Evidence, Noted, Place, Resource, Source, resources_of, table_faults,
};
use crate::catalog::{catalog, event};

const PLACE: Place<'static> = Place { partition: "aws", region: "eu-west-1", account: "111122223333" };

pub(super) fn found(
    action: &str,
    event: &str,
    parameters: &Value,
    response: &Value,
    resources: &Value,
) -> Vec<Resource> {
    let given = [parameters, response, resources].map(|value| Some(value).filter(|value| !value.is_null()));
    let [parameters, response, resources] = given;
    let parameters = parameters.map(Noted::from);
    let evidence = Evidence { event, place: PLACE, parameters, response, resources };
    resources_of(catalog().action(action).unwrap(), &evidence)
}

/// `ARN` as it is if exact, else with `~` and a mark of what is not known.
pub(super) fn words(resources: &[Resource]) -> Vec<String> {
    let word = |resource: &Resource| {
        let known = match resource.certainty {
            Certainty::Exact => "",
            Certainty::PathUnknown => " ~path",
            Certainty::Pattern => " ~pattern",
            Certainty::Unknown => " ~unknown",
        };
        let perhaps = if resource.presence == Presence::Possible { " ~perhaps" } else { "" };
        format!("{}{known}{perhaps}", resource.arn)
    };
    resources.iter().map(word).collect()
}

pub(super) fn check(action: &str, parameters: impl Into<Value>, expected: &[&str]) {
    let parameters = parameters.into();
    let event = action.split_once(':').unwrap().1;
    let resources = found(action, event, &parameters, &Value::Null, &Value::Null);
    assert_eq!(words(&resources), expected, "{action} {parameters}");
}

#[test]
fn every_line_of_the_table_is_read() {
    assert_eq!(table_faults(), Vec::<usize>::new());
}

#[test]
fn an_action_that_takes_the_wildcard_only_is_for_everything() {
    check("s3:ListAllMyBuckets", json!({"bucketName": "b"}), &["*"]);
    check("ec2:DescribeInstances", json!({"instancesSet": {"items": [{"instanceId": "i-1"}]}}), &["*"]);
}

#[test]
fn what_the_record_logs_comes_first() {
    let logged = json!([
        {"ARN": "arn:aws:kms:eu-west-1:444455556666:key/k2", "accountId": "444455556666", "type": "AWS::KMS::Key"},
        {"ARN": "arn:aws:iam::111122223333:role/other"},
        {"ARNPrefix": "arn:aws:kms:eu-west-1:444455556666:key/"},
        "no object"
    ]);
    let resources = found("kms:Decrypt", "Decrypt", &json!({"keyId": "alias/a"}), &Value::Null, &logged);
    assert_eq!(words(&resources), ["arn:aws:kms:eu-west-1:444455556666:key/k2"]);
    assert_eq!((resources[0].source, resources[0].kind), (Source::Logged, Some("key")));
}

#[test]
fn an_object_is_no_bucket() {
    let logged = json!([{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::b"}]);
    let of =
        |action| words(&found(action, "x", &json!({"bucketName": "b", "key": "k"}), &Value::Null, &logged));
    assert_eq!(of("s3:GetObject"), ["arn:aws:s3:::b/k"]);
    assert_eq!(of("s3:ListBucket"), ["arn:aws:s3:::b"]);
}

#[test]
fn s3_is_named_by_bucket_and_key() {
    let parameters = json!({"bucketName": "b", "key": "a/b c.txt", "Host": "b.s3.amazonaws.com"});
    check("s3:PutObject", parameters.clone(), &["arn:aws:s3:::b/a/b c.txt"]);
    check("s3:GetBucketAcl", parameters, &["arn:aws:s3:::b"]);
    check("s3:DeleteObject", json!({"bucketName": "b", "delete": ""}), &["arn:aws:s3:::b/* ~pattern"]);
    let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p";
    // The caller's policies see the access point, the bucket's own the bucket.
    check("s3:GetObject", json!({"bucketName": point, "key": "k"}), &["* ~unknown"]);
    let logged = json!([{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::b"}]);
    for bucket in [point, "p-abcdef0123456789abcdef0123456789-s3alias"] {
        let parameters = json!({"bucketName": bucket, "key": "k"});
        let resources = found("s3:GetObject", "GetObject", &parameters, &Value::Null, &logged);
        assert_eq!(words(&resources), ["* ~unknown"]);
    }
    let copied = json!({"bucketName": "to", "key": "k", "x-amz-copy-source": format!("/{point}/object/x")});
    check("s3:GetObject", copied, &["* ~unknown"]);
    check("s3:ListBucket", json!({"bucketName": point}), &["* ~unknown", point]);
    check("s3:GetObject", Value::Null, &["* ~unknown"]);
}

#[test]
fn a_copy_reads_its_source_and_writes_its_target() {
    let copy = json!({"bucketName": "to", "key": "new", "x-amz-copy-source": "/from/a%20b?versionId=v1"});
    check("s3:GetObjectVersion", copy.clone(), &["arn:aws:s3:::from/a b"]);
    check("s3:PutObject", copy, &["arn:aws:s3:::to/new"]);
    check(
        "s3:GetObject",
        json!({"bucketName": "to", "key": "new", "x-amz-copy-source": "%zz"}),
        &["arn:aws:s3:::*/* ~pattern"],
    );
}

/// What the reference marks as required is one of several things at times, and the parameters tell which.
#[test]
fn of_types_that_stand_for_one_another_the_one_that_is_named_counts() {
    let listener = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/a/0123456789abcdef/0123456789abcdef";
    check("elasticloadbalancing:ModifyListener", json!({"listenerArn": listener}), &[listener]);
    let execution = "arn:aws:states:eu-west-1:111122223333:execution:m:e";
    check("states:DescribeExecution", json!({"executionArn": execution}), &[execution]);
    let role = "arn:aws:iam::111122223333:role/r";
    check("iam:GenerateServiceLastAccessedDetails", json!({"arn": role}), &[role]);
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t";
    check("dynamodb:TagResource", json!({"resourceArn": table}), &[table]);
    // A call that needs both names both.
    check(
        "ec2:AttachVolume",
        json!({"volumeId": "vol-1", "instanceId": "i-1"}),
        &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1",
        ],
    );
    // What is made is asked for in any case; what else is required stays open.
    let made = found(
        "ec2:CreateNatGateway",
        "CreateNatGateway",
        &json!({"subnetId": "subnet-1"}),
        &Value::Null,
        &Value::Null,
    );
    assert!(words(&made).contains(&"arn:aws:ec2:eu-west-1:111122223333:natgateway/*".to_owned()), "{made:?}");
    check(
        "rds:DeleteDBCluster",
        json!({"dBClusterIdentifier": "c", "skipFinalSnapshot": true}),
        &[
            "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:* ~pattern ~perhaps",
            "arn:aws:rds:eu-west-1:111122223333:cluster:c",
        ],
    );
}

#[test]
fn nodes_of_systems_manager_are_instances_or_registered_machines() {
    let (instance, machine) = (
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
        "arn:aws:ssm:eu-west-1:111122223333:managed-instance/mi-0123456789abcdef0",
    );
    check("ssm:StartSession", json!({"target": "i-0123456789abcdef0"}), &[instance]);
    check("ssm:StartSession", json!({"target": "mi-0123456789abcdef0"}), &[machine]);
    check("ssm:DescribeInstancePatches", json!({"instanceId": "i-0123456789abcdef0"}), &[instance]);
    let document = "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript";
    let by_id = json!({"documentName": "AWS-RunShellScript", "targets": [{"key": "InstanceIds", "values": ["i-0123456789abcdef0"]}]});
    check("ssm:SendCommand", by_id, &[instance, document]);
    let by_tag =
        json!({"documentName": "AWS-RunShellScript", "targets": [{"key": "tag:Stage", "values": ["prod"]}]});
    check(
        "ssm:SendCommand",
        by_tag,
        &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/* ~pattern ~perhaps",
            "arn:aws:ssm:eu-west-1:111122223333:managed-instance/* ~pattern ~perhaps",
            document,
        ],
    );
}

#[test]
fn a_change_whose_parameters_name_nothing_that_is_known_is_about_something() {
    check("ec2:DisassociateAddress", json!({"associationId": "eipassoc-1"}), &["* ~unknown"]);
    check("ec2:DisassociateAddress", json!({}), &["*"]);
}

#[test]
fn rules_have_their_bus_in_their_name_unless_it_is_the_default_one() {
    let rule = "arn:aws:events:eu-west-1:111122223333:rule/r";
    check("events:PutTargets", json!({"rule": "r", "targets": []}), &[rule]);
    check("events:PutRule", json!({"name": "r", "eventBusName": "default"}), &[rule]);
    let of_bus = "arn:aws:events:eu-west-1:111122223333:rule/bus/r";
    check("events:PutRule", json!({"name": "r", "eventBusName": "bus"}), &[of_bus]);
    let bus = "arn:aws:events:eu-west-1:111122223333:event-bus/bus";
    check("events:DeleteRule", json!({"name": "r", "eventBusName": bus}), &[of_bus]);
}

#[test]
fn the_scope_of_a_web_acl_is_written_otherwise_in_its_name() {
    let named = |scope: &str, place: &str| {
        let parameters = json!({"name": "w", "id": "1", "scope": scope});
        check(
            "wafv2:GetWebACL",
            parameters,
            &[&format!("arn:aws:wafv2:eu-west-1:111122223333:{place}/webacl/w/1")],
        );
    };
    named("REGIONAL", "regional");
    named("CLOUDFRONT", "global");
    let made = json!({"name": "w", "scope": "REGIONAL"});
    check("wafv2:CreateWebACL", made, &["arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/w/* ~pattern"]);
}

#[test]
fn an_index_is_queried_and_not_its_table() {
    let index = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i";
    check("dynamodb:Query", json!({"tableName": "t", "indexName": "i"}), &[index]);
    check("dynamodb:Query", json!({"tableName": "t"}), &["arn:aws:dynamodb:eu-west-1:111122223333:table/t"]);
}

#[test]
fn a_qualifier_belongs_to_a_function_that_is_logged_without_it() {
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let logged = json!([{"ARN": arn}]);
    let parameters = json!({"functionName": arn, "qualifier": "live"});
    let resources = found("lambda:InvokeFunction", "Invoke", &parameters, &Value::Null, &logged);
    assert_eq!(words(&resources), [format!("{arn}:live")]);
    for name in ["f:live", "111122223333:function:f:live", &format!("{arn}:live")] {
        let parameters = json!({"functionName": name});
        let resources = found("lambda:InvokeFunction", "Invoke", &parameters, &Value::Null, &logged);
        assert_eq!(words(&resources), [format!("{arn}:live")], "{name}");
    }
}

#[test]
fn the_root_user_of_the_target_is_assumed() {
    for target in ["444455556666", "arn:aws:iam::444455556666:root"] {
        check("sts:AssumeRoot", json!({"targetPrincipal": target}), &["arn:aws:iam::444455556666:root"]);
    }
}

#[test]
fn names_that_are_logged_under_other_words_fill_their_own_place() {
    check(
        "eks:DescribeNodegroup",
        json!({"name": "c", "nodegroupName": "n"}),
        &["arn:aws:eks:eu-west-1:111122223333:nodegroup/c/n/* ~pattern"],
    );
    check(
        "autoscaling:UpdateAutoScalingGroup",
        json!({"autoScalingGroupName": "g"}),
        &["arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:*:autoScalingGroupName/g ~pattern"],
    );
    check("route53:GetHostedZone", json!({"id": "/hostedzone/Z1"}), &["arn:aws:route53:::hostedzone/Z1"]);
    check(
        "batch:SubmitJob",
        json!({"jobName": "j", "jobQueue": "q", "jobDefinition": "d:1"}),
        &[
            "arn:aws:batch:eu-west-1:111122223333:job-definition/d:1",
            "arn:aws:batch:eu-west-1:111122223333:job-queue/q",
            "arn:aws:batch:eu-west-1:111122223333:job/* ~pattern ~perhaps",
        ],
    );
}

#[test]
fn iam_does_not_log_paths_but_of_what_is_new() {
    check(
        "iam:AttachRolePolicy",
        json!({"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/P"}),
        &["arn:aws:iam::111122223333:role/r ~path"],
    );
    check("iam:CreateUser", json!({"userName": "ann"}), &["arn:aws:iam::111122223333:user/ann"]);
    check(
        "iam:CreateUser",
        json!({"userName": "ann", "path": "/ops/"}),
        &["arn:aws:iam::111122223333:user/ops/ann"],
    );
    check("iam:CreateAccessKey", json!({"userName": "ann"}), &["arn:aws:iam::111122223333:user/ann ~path"]);
    check("iam:GetUser", Value::Null, &["arn:aws:iam::111122223333:user/* ~pattern"]);
    check(
        "iam:DeletePolicy",
        json!({"policyArn": "arn:aws:iam::111122223333:policy/a/P"}),
        &["arn:aws:iam::111122223333:policy/a/P"],
    );
    let response = json!({"role": {"arn": "arn:aws:iam::111122223333:role/ops/r", "roleName": "r"}});
    let updated = found("iam:UpdateRole", "UpdateRole", &json!({"roleName": "r"}), &response, &Value::Null);
    assert_eq!(words(&updated), ["arn:aws:iam::111122223333:role/ops/r"]);
    assert_eq!(updated[0].source, Source::Response);
    let other = json!({"role": {"arn": "arn:aws:iam::111122223333:role/ops/other"}, "b": "arn:aws:iam::444455556666:role/r"});
    let updated = found("iam:UpdateRole", "UpdateRole", &json!({"roleName": "r"}), &other, &Value::Null);
    assert_eq!(words(&updated), ["arn:aws:iam::111122223333:role/r ~path"]);
}

#[test]
fn a_role_is_assumed_by_its_arn() {
    let role = "arn:aws:iam::444455556666:role/ops/deploy";
    check("sts:AssumeRole", json!({"roleArn": role, "roleSessionName": "s"}), &[role]);
    check(
        "sts:GetFederationToken",
        json!({"name": "ann"}),
        &["arn:aws:sts::111122223333:federated-user/ann"],
    );
}

#[test]
fn a_key_behind_an_alias_is_not_known() {
    let any = "arn:aws:kms:eu-west-1:111122223333:key/* ~pattern";
    check("kms:Encrypt", json!({"keyId": "alias/a"}), &[any]);
    check("kms:Encrypt", json!({"keyId": "arn:aws:kms:eu-west-1:111122223333:alias/a"}), &[any]);
    check("kms:Encrypt", json!({"keyId": "1234"}), &["arn:aws:kms:eu-west-1:111122223333:key/1234"]);
    check("kms:Decrypt", json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}), &[any]);
    let both = json!({"sourceKeyId": "s", "destinationKeyId": "d"});
    check("kms:ReEncryptFrom", both.clone(), &["arn:aws:kms:eu-west-1:111122223333:key/s"]);
    check("kms:ReEncryptTo", both, &["arn:aws:kms:eu-west-1:111122223333:key/d"]);
}

#[test]
fn a_queue_is_named_by_its_url() {
    let url = "https://sqs.eu-west-1.amazonaws.com/444455556666/q.fifo";
    check("sqs:SendMessage", json!({"queueUrl": url}), &["arn:aws:sqs:eu-west-1:444455556666:q.fifo"]);
    check("sqs:CreateQueue", json!({"queueName": "q"}), &["arn:aws:sqs:eu-west-1:111122223333:q"]);
    check(
        "sqs:SendMessage",
        json!({"queueUrl": "nonsense"}),
        &["arn:aws:sqs:eu-west-1:111122223333:* ~pattern"],
    );
}

#[test]
fn the_end_of_a_secrets_arn_is_random() {
    let pattern = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-?????? ~pattern";
    check("secretsmanager:GetSecretValue", json!({"secretId": "prod/db"}), &[pattern]);
    let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf";
    check("secretsmanager:GetSecretValue", json!({"secretId": arn}), &[arn]);
    let partial = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db";
    check("secretsmanager:GetSecretValue", json!({"secretId": partial}), &[pattern]);
    let response = json!({"aRN": arn, "name": "prod/db"});
    let made = found(
        "secretsmanager:CreateSecret",
        "CreateSecret",
        &json!({"name": "prod/db"}),
        &response,
        &Value::Null,
    );
    assert_eq!(words(&made), [arn]);
    let other = json!({"aRN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/other-AbCdEf"});
    let made = found(
        "secretsmanager:CreateSecret",
        "CreateSecret",
        &json!({"name": "prod/db"}),
        &other,
        &Value::Null,
    );
    assert_eq!(words(&made), [pattern]);
}

#[test]
fn parameters_of_ssm_lose_their_first_slash() {
    check(
        "ssm:GetParameter",
        json!({"name": "/prod/db:3"}),
        &["arn:aws:ssm:eu-west-1:111122223333:parameter/prod/db"],
    );
    let theirs = "arn:aws:ssm:eu-west-1:444455556666:parameter/prod/db";
    check("ssm:GetParameter", json!({"name": theirs}), &[theirs]);
    check("ssm:GetParameter", json!({"name": format!("{theirs}:live")}), &[theirs]);
    check(
        "ssm:GetParameters",
        json!({"names": ["a", "/b"]}),
        &["arn:aws:ssm:eu-west-1:111122223333:parameter/a", "arn:aws:ssm:eu-west-1:111122223333:parameter/b"],
    );
}

#[test]
fn log_groups_are_authorized_with_their_streams() {
    check(
        "logs:CreateLogGroup",
        json!({"logGroupName": "/a"}),
        &["arn:aws:logs:eu-west-1:111122223333:log-group:/a:log-stream:"],
    );
    check(
        "logs:CreateLogStream",
        json!({"logGroupName": "/a", "logStreamName": "s"}),
        &["arn:aws:logs:eu-west-1:111122223333:log-group:/a:log-stream:s"],
    );
    let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/a";
    check("logs:TagResource", json!({"resourceArn": arn, "tags": {"k": "v"}}), &[arn]);
}

#[test]
fn what_ec2_makes_has_no_id_yet() {
    let run = json!({
        "instancesSet": {"items": [{"imageId": "ami-1", "keyName": "k"}]},
        "blockDeviceMapping": {"items": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8}}]},
        "networkInterfaceSet": {"items": [{"subnetId": "subnet-1", "groupSet": {"items": [{"groupId": "sg-1"}, {"groupId": "sg-2"}]}}]},
        "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"groupId": "sg-9"}]}]}
    });
    check(
        "ec2:RunInstances",
        run,
        &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/*",
            "arn:aws:ec2:eu-west-1:111122223333:key-pair/k",
            "arn:aws:ec2:eu-west-1:111122223333:network-interface/*",
            "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1",
            "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-2",
            "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1",
            "arn:aws:ec2:eu-west-1:111122223333:volume/*",
            "arn:aws:ec2:eu-west-1::image/ami-1",
        ],
    );
    check(
        "ec2:CreateSnapshot",
        json!({"volumeId": "vol-1"}),
        &["arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", "arn:aws:ec2:eu-west-1::snapshot/*"],
    );
    check("ec2:CreateKeyPair", json!({"keyName": "k"}), &["arn:aws:ec2:eu-west-1:111122223333:key-pair/k"]);
}

#[test]
fn a_launch_makes_the_volumes_that_it_asks_for_and_those_of_its_image() {
    let volume = |parameters: Value, response: Value| {
        let found = found("ec2:RunInstances", "RunInstances", &parameters, &response, &Value::Null);
        words(&found).into_iter().find(|own| own.contains(":volume/"))
    };
    let launch = |devices: Value| json!({"instancesSet": {"items": [{"imageId": "ami-1"}]}, "blockDeviceMapping": devices});
    let launched = |own: Value| json!({"instancesSet": {"items": [own]}});
    let made = Some("arn:aws:ec2:eu-west-1:111122223333:volume/*".to_owned());
    let perhaps = made.as_ref().map(|arn| format!("{arn} ~perhaps"));
    let none = || launch(json!({}));
    assert_eq!(
        volume(
            launch(json!({"items": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8}}]})),
            Value::Null
        ),
        made
    );
    assert_eq!(
        volume(
            none(),
            launched(json!({"instanceId": "i-1", "rootDeviceType": "ebs", "blockDeviceMapping": {}}))
        ),
        made
    );
    let mapped =
        json!({"blockDeviceMapping": {"items": [{"deviceName": "/dev/sdf", "ebs": {"volumeId": "vol-1"}}]}});
    assert_eq!(volume(none(), launched(mapped)), made);
    // A device that is left out, or a disk of the host, is no volume; what the image brings a refused call does not tell.
    let others = json!({"items": [{"deviceName": "/dev/sdb", "virtualName": "ephemeral0"}, {"deviceName": "/dev/sdc", "noDevice": {}}]});
    assert_eq!(volume(launch(others.clone()), Value::Null), perhaps);
    assert_eq!(volume(none(), launched(json!({"instanceId": "i-1"}))), perhaps);
    assert_eq!(
        volume(launch(others), launched(json!({"instanceId": "i-1", "rootDeviceType": "instance-store"}))),
        None
    );
}

#[test]
fn each_instance_is_a_resource_of_its_own() {
    let two = json!({"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}, {"instanceId": "i-1"}]}});
    check(
        "ec2:TerminateInstances",
        two,
        &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-2",
        ],
    );
    let wrapped = json!({"GetConsoleScreenshotRequest": {"InstanceId": "i-1"}});
    check("ec2:GetConsoleScreenshot", wrapped, &["arn:aws:ec2:eu-west-1:111122223333:instance/i-1"]);
    let tagged = json!({"resourcesSet": {"items": [{"resourceId": "i-1"}, {"resourceId": "vol-1"}]}});
    check(
        "ec2:CreateTags",
        tagged,
        &[
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1",
        ],
    );
}

#[test]
fn databases_are_named_in_lower_case() {
    check(
        "rds:ModifyDBInstance",
        json!({"dBInstanceIdentifier": "Main"}),
        &["arn:aws:rds:eu-west-1:111122223333:db:main"],
    );
    check(
        "rds:CreateDBSnapshot",
        json!({"dBInstanceIdentifier": "main", "dBSnapshotIdentifier": "s"}),
        &["arn:aws:rds:eu-west-1:111122223333:db:main", "arn:aws:rds:eu-west-1:111122223333:snapshot:s"],
    );
}

#[test]
fn ecs_has_a_default_cluster_and_revisions() {
    let task = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3";
    check("ecs:RunTask", json!({"cluster": "c", "taskDefinition": "web:3"}), &[task]);
    check(
        "ecs:RunTask",
        json!({"taskDefinition": "web"}),
        &["arn:aws:ecs:eu-west-1:111122223333:task-definition/web:* ~pattern"],
    );
    let response = json!({"tasks": [{"taskDefinitionArn": task}]});
    let run = found("ecs:RunTask", "RunTask", &json!({"taskDefinition": "web"}), &response, &Value::Null);
    assert_eq!(words(&run), [task]);
    check(
        "ecs:UpdateService",
        json!({"service": "s"}),
        &["arn:aws:ecs:eu-west-1:111122223333:service/default/s"],
    );
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/c";
    check(
        "ecs:UpdateService",
        json!({"cluster": cluster, "service": "s"}),
        &["arn:aws:ecs:eu-west-1:111122223333:service/c/s"],
    );
}

#[test]
fn batches_name_their_tables_as_keys() {
    check(
        "dynamodb:BatchGetItem",
        json!({"requestItems": {"a": {}, "arn:aws:dynamodb:eu-west-1:444455556666:table/b": {}}}),
        &[
            "arn:aws:dynamodb:eu-west-1:111122223333:table/a",
            "arn:aws:dynamodb:eu-west-1:444455556666:table/b",
        ],
    );
    check(
        "dynamodb:PutItem",
        json!({"tableName": "a"}),
        &["arn:aws:dynamodb:eu-west-1:111122223333:table/a"],
    );
}

#[test]
fn the_general_rule_serves_other_services() {
    check(
        "sns:Publish",
        json!({"topicArn": "arn:aws:sns:eu-west-1:444455556666:t"}),
        &["arn:aws:sns:eu-west-1:444455556666:t"],
    );
    check(
        "cloudtrail:StopLogging",
        json!({"name": "main"}),
        &["arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"],
    );
    check("eks:DescribeCluster", json!({"name": "c"}), &["arn:aws:eks:eu-west-1:111122223333:cluster/c"]);
    check(
        "ecr:PutImage",
        json!({"repositoryName": "r"}),
        &["arn:aws:ecr:eu-west-1:111122223333:repository/r"],
    );
    check(
        "guardduty:DeleteDetector",
        json!({"detectorId": "d"}),
        &["arn:aws:guardduty:eu-west-1:111122223333:detector/d"],
    );
    check(
        "guardduty:DeleteDetector",
        json!({"other": 1}),
        &["arn:aws:guardduty:eu-west-1:111122223333:detector/* ~pattern"],
    );
}

#[test]
fn a_plain_name_means_the_main_type_only() {
    check(
        "ssm:SendCommand",
        json!({"documentName": "D", "name": "x"}),
        &["arn:aws:ssm:eu-west-1:111122223333:document/D"],
    );
}

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-z:/%?]{0,12}", Just("arn:aws:s3:::b/k".to_owned()), any::<String>()];
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), text.prop_map(Value::from)];
    let key = prop_oneof![
        "[a-zA-Z]{0,6}",
        Just("bucketName".to_owned()),
        Just("queueUrl".to_owned()),
        Just("x-amz-copy-source".to_owned())
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(key.clone(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_record_gives_at_least_one_resource_and_no_panic(
        place in 0..22_000_usize, parameters in any_json(), response in any_json(), resources in any_json()
    ) {
        let action = catalog().actions().nth(place).unwrap();
        let evidence = Evidence {
            event: action.name,
            place: PLACE,
            parameters: Some(Noted::from(&parameters)),
            response: Some(&response),
            resources: Some(&resources),
        };
        let found = resources_of(action, &evidence);
        prop_assert!(!found.is_empty());
        prop_assert!(found.is_sorted());
        let is_filled = found.iter().all(|resource| !resource.arn.contains("${Account}"));
        prop_assert!(is_filled);
        let call = event::Call { source: "s3.amazonaws.com", name: action.name, kind: None, parameters: Some(Noted::from(&parameters)) };
        prop_assert_eq!(event::map(&call), event::map(&call));
    }
}

#[test]
fn api_gateway_is_asked_for_the_path_that_the_call_s_name_tells() {
    let found = |action: &str, event: &str, parameters: Value| {
        let evidence = Evidence {
            event,
            place: Place { partition: "aws", region: "eu-west-1", account: "111122223333" },
            parameters: Some(Noted::from(&parameters)),
            response: None,
            resources: None,
        };
        let found = resources_of(catalog().action(action).unwrap(), &evidence);
        assert_eq!(found.len(), 1, "{found:?}");
        (found[0].arn.replace("arn:aws:apigateway:eu-west-1::", ""), found[0].certainty)
    };
    let exact = |path: &str| (path.to_owned(), Certainty::Exact);
    let stage = json!({"restApiId": "abc123", "stageName": "live"});
    assert_eq!(found("apigateway:GET", "GetRestApis", json!({})), exact("/restapis"));
    assert_eq!(found("apigateway:POST", "CreateRestApi", json!({"name": "a"})), exact("/restapis"));
    assert_eq!(found("apigateway:DELETE", "DeleteRestApi", stage.clone()), exact("/restapis/abc123"));
    assert_eq!(found("apigateway:PATCH", "UpdateStage", stage), exact("/restapis/abc123/stages/live"));
    let v2 = json!({"apiId": "def456", "stageName": "live"});
    assert_eq!(found("apigateway:GET", "GetStage", v2.clone()), exact("/apis/def456/stages/live"));
    assert_eq!(found("apigateway:GET", "GetStages", v2.clone()), exact("/apis/def456/stages"));
    assert_eq!(found("apigateway:GET", "GetApi", v2), exact("/apis/def456"));
    let method = json!({"restApiId": "abc123", "resourceId": "r1", "httpMethod": "POST"});
    assert_eq!(
        found("apigateway:PUT", "PutMethod", method),
        exact("/restapis/abc123/resources/r1/methods/POST")
    );
    let part = json!({"restApiId": "abc123"});
    assert_eq!(
        found("apigateway:GET", "GetAuthorizer", part),
        ("/restapis/abc123/authorizers/*".to_owned(), Certainty::Pattern)
    );
    assert_eq!(found("apigateway:POST", "FlushThing", json!({})), ("*".to_owned(), Certainty::Unknown));
}

#[test]
fn an_id_beside_a_name_is_not_the_name() {
    let none = Value::Null;
    let by_name = json!({"stackName": "shop"});
    let deleted = found("cloudformation:DeleteStack", "DeleteStack", &by_name, &none, &none);
    assert!(
        words(&deleted)
            .contains(&"arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/* ~pattern".to_owned()),
        "{:?}",
        words(&deleted)
    );
}
