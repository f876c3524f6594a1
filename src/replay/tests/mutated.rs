//! Calls of which any value was changed come to the same whether they are judged together or each by itself: nothing that a
//! reading looks at is left out where calls are told apart.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::replay::Proposed;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
const LAUNCHED: &str = r#"{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef1","imageId":"ami-0123456789abcdef1","keyName":"aa","subnetId":"subnet-0123456789abcdef1","rootDeviceType":"ebs","iamInstanceProfile":{"arn":"arn:aws:iam::111122223333:instance-profile/team/aa","id":"AIPAEXAMPLE"}}]}}"#;

/// Calls as services log them: source, name, parameters, and the response where one tells anything.
const CALLS: [(&str, &str, &str, Option<&str>); 49] = [
    (
        "ec2",
        "RunInstances",
        r#"{"instancesSet":{"items":[{"imageId":"ami-0123456789abcdef0","minCount":1,"maxCount":2,"keyName":"aa"}]},"clientToken":"t1","instanceType":"t3.micro","subnetId":"subnet-0123456789abcdef0","groupSet":{"items":[{"groupId":"sg-0123456789abcdef0"}]},"blockDeviceMapping":{"items":[{"deviceName":"/dev/xvda","ebs":{"volumeSize":8,"snapshotId":"snap-0123456789abcdef0"}}]},"iamInstanceProfile":{"name":"aa"},"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"team","value":"aa"}]}]}}"#,
        None,
    ),
    (
        "ec2",
        "RunInstances",
        r#"{"instancesSet":{"items":[{"minCount":1,"maxCount":1}]},"launchTemplate":{"launchTemplateId":"lt-0123456789abcdef0","version":"3"},"clientToken":"t2"}"#,
        Some(LAUNCHED),
    ),
    (
        "ec2",
        "RunInstances",
        r#"{"imageId":"resolve:ssm:/golden","placement":{"groupName":"aa"},"iamInstanceProfile":{"arn":"arn:aws:iam::111122223333:instance-profile/aa"}}"#,
        None,
    ),
    (
        "ec2",
        "CreateFleet",
        r#"{"CreateFleetRequest":{"Type":"instant","LaunchTemplateConfigs":{"LaunchTemplateSpecification":{"LaunchTemplateName":"aa","Version":"$Latest"},"tag":1}}}"#,
        None,
    ),
    (
        "ec2",
        "CreateVolume",
        r#"{"size":"8","zone":"eu-west-1a","volumeType":"gp3","snapshotId":"snap-0123456789abcdef0","tagSpecificationSet":{"items":[{"resourceType":"volume","tags":[{"key":"team","value":"aa"}]}]}}"#,
        None,
    ),
    (
        "ec2",
        "CreateTags",
        r#"{"resourcesSet":{"items":[{"resourceId":"i-0123456789abcdef0"},{"resourceId":"vol-0123456789abcdef0"}]},"tagSet":{"items":[{"key":"team","value":"aa"}]}}"#,
        None,
    ),
    (
        "ec2",
        "AssociateIamInstanceProfile",
        r#"{"AssociateIamInstanceProfileRequest":{"InstanceId":"i-0123456789abcdef0","IamInstanceProfile":{"Name":"aa"}}}"#,
        None,
    ),
    (
        "ec2",
        "CreateFlowLogs",
        r#"{"CreateFlowLogsRequest":{"ResourceId":{"tag":1,"content":"vpc-0123456789abcdef0"},"ResourceType":"VPC","TrafficType":"ALL","LogGroupName":"aa","DeliverLogsPermissionArn":"ROLE"}}"#,
        None,
    ),
    (
        "ec2",
        "DescribeInstances",
        r#"{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]},"filterSet":{"items":[{"name":"aa"}]},"maxResults":5}"#,
        None,
    ),
    (
        "lambda",
        "CreateFunction20150331",
        r#"{"functionName":"aa","role":"ROLE","runtime":"python3.12","handler":"f.g","layers":["arn:aws:lambda:eu-west-1:111122223333:layer:aa:3"],"tags":{"team":"aa"},"publish":false,"timeout":3}"#,
        None,
    ),
    (
        "lambda",
        "UpdateFunctionConfiguration20150331v2",
        r#"{"functionName":"aa","role":"ROLE","layers":["arn:aws:lambda:eu-west-1:111122223333:layer:aa:3"],"memorySize":128}"#,
        None,
    ),
    ("lambda", "Invoke", r#"{"functionName":"aa","qualifier":"live","invocationType":"Event"}"#, None),
    ("lambda", "DeleteLayerVersion20181031", r#"{"layerName":"aa","versionNumber":3}"#, None),
    ("iam", "PassRole", r#"{"roleName":"aa"}"#, None),
    (
        "iam",
        "CreateRole",
        r#"{"roleName":"aa","path":"/team/","assumeRolePolicyDocument":"{}","tags":[{"key":"team","value":"aa"}],"permissionsBoundary":"arn:aws:iam::111122223333:policy/aa"}"#,
        None,
    ),
    ("iam", "AddRoleToInstanceProfile", r#"{"roleName":"deploy","instanceProfileName":"aa"}"#, None),
    (
        "iam",
        "AttachRolePolicy",
        r#"{"roleName":"deploy","policyArn":"arn:aws:iam::111122223333:policy/aa"}"#,
        None,
    ),
    ("iam", "UpdateUser", r#"{"userName":"ann","newUserName":"aa","newPath":"/team/"}"#, None),
    ("iam", "GetUser", r#"{"userName":"ann"}"#, None),
    ("iam", "CreateServiceLinkedRole", r#"{"aWSServiceName":"ecs.amazonaws.com","description":"aa"}"#, None),
    (
        "sts",
        "AssumeRole",
        r#"{"roleArn":"ROLE","roleSessionName":"aa","externalId":"x","durationSeconds":900,"serialNumber":"arn:aws:iam::111122223333:mfa/ann","tags":[{"key":"team","value":"aa"}],"sourceIdentity":"ann"}"#,
        None,
    ),
    ("sts", "AssumeRole", r#"{"roleArn":"ROLE","roleSessionName":"aa","serialNumber":"GAHT12345678"}"#, None),
    (
        "ecs",
        "RunTask",
        r#"{"cluster":"aa","taskDefinition":"web:4","count":1,"overrides":{"taskRoleArn":"ROLE"},"tags":[{"key":"team","value":"aa"}],"startedBy":"x"}"#,
        None,
    ),
    (
        "ecs",
        "RegisterTaskDefinition",
        r#"{"family":"aa","taskRoleArn":"deploy","executionRoleArn":"ROLE","tags":[{"key":"team","value":"aa"}]}"#,
        None,
    ),
    (
        "ecs",
        "UpdateService",
        r#"{"cluster":"aa","service":"web","taskDefinition":"web","desiredCount":2}"#,
        None,
    ),
    (
        "elasticbeanstalk",
        "CreateEnvironment",
        r#"{"applicationName":"aa","environmentName":"aa-live","optionSettings":[{"namespace":"aws:autoscaling:launchconfiguration","optionName":"IamInstanceProfile","value":"aa"},{"optionName":"ServiceRole","value":"deploy"}]}"#,
        None,
    ),
    (
        "datapipeline",
        "PutPipelineDefinition",
        r#"{"pipelineId":"df-aa","pipelineObjects":[{"id":"Default","fields":[{"key":"role","stringValue":"deploy"},{"key":"resourceRole","stringValue":"aa"}]}]}"#,
        None,
    ),
    (
        "servicecatalog",
        "CreateConstraint",
        r#"{"portfolioId":"port-aa","productId":"prod-aa","type":"LAUNCH","parameters":"{\"LocalRoleName\":\"deploy\"}"}"#,
        None,
    ),
    (
        "rds",
        "CreateDBInstance",
        r#"{"dBInstanceIdentifier":"aa","dBInstanceClass":"db.t3.micro","engine":"mysql","allocatedStorage":20,"manageMasterUserPassword":true,"dBSubnetGroupName":"aa","monitoringRoleArn":"ROLE","tags":[{"key":"team","value":"aa"}]}"#,
        Some(
            r#"{"optionGroupMemberships":[{"optionGroupName":"default:mysql-8-0"}],"dBParameterGroups":[{"dBParameterGroupName":"aa"}]}"#,
        ),
    ),
    (
        "secretsmanager",
        "CreateSecret",
        r#"{"name":"aa","clientRequestToken":"t","tags":[{"key":"team","value":"aa"}],"kmsKeyId":"KEY"}"#,
        Some(r#"{"arn":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:aa-EXAMPL"}"#),
    ),
    ("secretsmanager", "GetSecretValue", r#"{"secretId":"aa","versionStage":"AWSCURRENT"}"#, None),
    (
        "s3",
        "CreateBucket",
        r#"{"bucketName":"aa-reports","CreateBucketConfiguration":{"LocationConstraint":"eu-west-1","Tags":{"Tag":{"Key":"team","Value":"aa"}}},"Host":"x"}"#,
        None,
    ),
    (
        "s3",
        "PutObject",
        r#"{"bucketName":"example-reports","key":"aa/1","x-amz-acl":"private","x-amz-tagging":"team=aa","Host":"x"}"#,
        None,
    ),
    ("s3", "GetObject", r#"{"bucketName":"example-reports","key":"aa/1","versionId":"v","Host":"x"}"#, None),
    (
        "s3",
        "CopyObject",
        r#"{"bucketName":"example-reports","key":"aa/1","x-amz-copy-source":"other/aa","Host":"x"}"#,
        None,
    ),
    (
        "s3",
        "ListObjects",
        r#"{"bucketName":"example-reports","prefix":"aa","max-keys":"7","list-type":"2"}"#,
        None,
    ),
    (
        "kms",
        "Decrypt",
        r#"{"keyId":"KEY","encryptionContext":{"team":"aa"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#,
        None,
    ),
    (
        "kms",
        "CreateKey",
        r#"{"description":"aa","keyUsage":"ENCRYPT_DECRYPT","tags":[{"tagKey":"team","tagValue":"aa"}]}"#,
        None,
    ),
    ("kms", "CreateAlias", r#"{"aliasName":"alias/aa","targetKeyId":"KEY"}"#, None),
    (
        "dynamodb",
        "Query",
        r#"{"tableName":"aa","indexName":"by-day","limit":5,"exclusiveStartKey":{"pk":"x"}}"#,
        None,
    ),
    ("dynamodb", "BatchGetItem", r#"{"requestItems":{"aa":{"keys":[{"pk":"x"}]}}}"#, None),
    (
        "dynamodb",
        "TransactWriteItems",
        r#"{"requestItems":[{"operation":"Put","tableName":"aa","key":{"pk":"x"}},{"operation":"Delete","tableName":"b"}]}"#,
        None,
    ),
    (
        "ssm",
        "StartSession",
        r#"{"target":"i-0123456789abcdef0","documentName":"AWS-StartSSHSession","reason":"aa"}"#,
        None,
    ),
    (
        "ssm",
        "SendCommand",
        r#"{"documentName":"AWS-RunShellScript","instanceIds":["i-0123456789abcdef0"],"targets":[{"key":"InstanceIds","values":["mi-0123456789abcdef0"]}],"serviceRoleArn":"ROLE"}"#,
        None,
    ),
    (
        "ssm",
        "AddTagsToResource",
        r#"{"resourceType":"Parameter","resourceId":"/aa/one","tags":[{"key":"team","value":"aa"}]}"#,
        None,
    ),
    (
        "autoscaling",
        "CreateOrUpdateTags",
        r#"{"tags":[{"resourceId":"aa","resourceType":"auto-scaling-group","key":"team","value":"aa","propagateAtLaunch":true}]}"#,
        None,
    ),
    ("logs", "CreateLogGroup", r#"{"logGroupName":"/aa","tags":{"team":"aa"},"kmsKeyId":"KEY"}"#, None),
    (
        "logs",
        "PutLogEvents",
        r#"{"logGroupName":"/aa","logStreamName":"aa/[$LATEST]01","sequenceToken":"t"}"#,
        None,
    ),
    (
        "elasticloadbalancing",
        "CreateLoadBalancer",
        r#"{"name":"aa","type":"network","scheme":"internal","subnets":["subnet-0123456789abcdef0"],"tags":[{"key":"team","value":"aa"}]}"#,
        None,
    ),
];

/// What stands in the place of a value: texts that mean something under some name, and values of other kinds.
fn others() -> Vec<Value> {
    let texts = [
        "aa",
        "bb",
        "deploy",
        "ann",
        "",
        "*",
        "ROLE",
        "KEY",
        "a/b",
        "/aa/x",
        "team/deploy",
        "alias/bb",
        "network",
        "gateway",
        "resolve:ssm:/golden",
        "i-0123456789abcdef9",
        "vol-0123456789abcdef9",
        "mi-0123456789abcdef9",
        "i-01",
        "InstanceIds",
        "Parameter",
        "MaintenanceWindow",
        "volume",
        "instance",
        "IamInstanceProfile",
        "ServiceRole",
        "role",
        "Put",
        "Delete",
        "CLOUDFRONT",
        "111122223333",
        "***",
        "HIDDEN_DUE_TO_SECURITY_REASONS",
        "{\"LocalRoleName\":\"bb\"}",
        "arn:aws:iam::111122223333:role/bb",
        "arn:aws:iam::111122223333:instance-profile/bb",
        "arn:aws:s3:::example-reports/bb",
        "arn:aws:lambda:eu-west-1:111122223333:layer:bb:7",
        "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole/bb",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/bb",
        "web:7",
        "web",
        "$LATEST",
        "7",
        "7%",
        "x y",
    ];
    let texts = texts.map(|text| Value::from(text.replace("ROLE", DEPLOY).replace("KEY", KEY)));
    let more = [
        json!(7),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(true),
        json!(false),
        Value::Null,
        json!([]),
        json!({}),
    ];
    texts.into_iter().chain(more).collect()
}

/// Paths to all leaves of a value.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    if inner.is_empty() {
        found.push(path.to_owned());
    }
    for (key, value) in inner {
        leaves(value, &format!("{path}/{key}"), found);
    }
}

#[derive(Debug, Clone)]
struct Sample {
    call: usize,
    parameters: String,
    of_role: bool,
    answered: bool,
    end: Option<&'static str>,
    second: i64,
}

impl Sample {
    fn record<'a>(&'a self, source: &'a str) -> Record<'a> {
        let (_, name, _, response) = CALLS[self.call];
        let base = if self.of_role { by_role } else { by_user };
        Record {
            event_time: at(self.second),
            error_code: self.end,
            response_elements: response.filter(|_| self.answered),
            ..base(source, name, Some(&self.parameters))
        }
    }
}

prop_compose! {
    /// A call of those, with up to two of its values changed.
    fn sample(calls: Vec<usize>)(
        call in select(calls), changes in prop::collection::vec((any::<Index>(), select(others())), 0..3),
        of_role in any::<bool>(), answered in any::<bool>(), second in 0_i64..4,
        end in select(vec![None, None, None, None, Some("ThrottlingException"), Some("AccessDenied")]),
    ) -> Sample {
        let text = CALLS[call].2.replace("ROLE", DEPLOY).replace("KEY", KEY);
        let mut value: Value = serde_json::from_str(&text).unwrap();
        let mut places = Vec::new();
        leaves(&value, "", &mut places);
        for (place, other) in changes {
            if let Some(leaf) = value.pointer_mut(place.get(places.as_slice()).as_str()) {
                *leaf = other;
            }
        }
        Sample { call, parameters: value.to_string(), of_role, answered, end, second }
    }
}

prop_compose! {
    /// Many calls of few names, so that most have others of their form before them.
    fn samples()(calls in prop::collection::vec(0..CALLS.len(), 1..4))(
        samples in prop::collection::vec(sample(calls), 120),
    ) -> Vec<Sample> {
        samples
    }
}

prop_compose! {
    fn statement()(
        effect in prop_oneof![2 => Just("Allow"), 1 => Just("Deny")],
        action in select(vec![
            "*", "iam:PassRole", "secretsmanager:TagResource", "ec2:*", "ec2:CreateTags", "ec2:RunInstances", "lambda:*", "lambda:GetLayerVersion", "iam:*",
            "s3:*", "kms:*", "dynamodb:*", "ssm:*", "logs:*", "rds:*", "secretsmanager:*", "sts:*", "ecs:*",
        ]),
        element in prop_oneof![4 => Just("Resource"), 1 => Just("NotResource")],
        resources in prop::collection::vec(select(vec![
            "*", "arn:aws:*:*:*:*aa*", "arn:aws:*:*:*:*bb*", "arn:aws:iam::*:role/*", DEPLOY, "arn:aws:iam::*:role/team/*",
            "arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*:*:*/*9", "arn:aws:ec2:*:*:subnet/*",
            "arn:aws:lambda:*:*:layer:*:7", "arn:aws:s3:::example-reports/aa/*", "arn:aws:*:*:*:*web:7", "arn:aws:*:*:*:*/x",
            "arn:aws:elasticloadbalancing:*:*:loadbalancer/net/*", "arn:aws:ssm:*:*:parameter/*",
        ]), 1..3),
        condition in select(vec![
            Value::Null, Value::Null, Value::Null,
            json!({ "StringEquals": { "aws:RequestTag/team": "aa" } }),
            json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": "team" } }),
            json!({ "StringEquals": { "iam:PassedToService": "ec2.amazonaws.com" } }),
            json!({ "ArnLike": { "iam:PermissionsBoundary": "arn:aws:iam::*:policy/aa" } }),
            json!({ "StringEquals": { "ec2:CreateAction": "RunInstances" } }),
            json!({ "StringEquals": { "ec2:InstanceType": "t3.micro" } }),
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
            json!({ "StringLike": { "s3:prefix": "aa*" } }),
            json!({ "StringEquals": { "s3:x-amz-acl": "private" } }),
            json!({ "StringEquals": { "kms:EncryptionContext:team": "aa" } }),
            json!({ "StringLike": { "sts:RoleSessionName": "aa" } }),
            json!({ "StringEquals": { "aws:ResourceTag/team": "aa" } }),
        ]),
    ) -> Value {
        conditioned(json!({ "Effect": effect, "Action": action, element: resources }), condition)
    }
}

prop_compose! {
    fn world()(ann in prop::collection::vec(statement(), 1..6), deploy in prop::collection::vec(statement(), 1..6)) -> Arc<Snapshot> {
        let of_key = json!([{ "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" }]);
        World::default()
            .user(ANN, &Value::from(ann))
            .role(DEPLOY, &json!([trust_account()]), &Value::from(deploy))
            .role("arn:aws:iam::111122223333:role/ops/bb", &json!([trust_account()]), &json!([allow("s3:*", "*")]))
            .resource(KEY, &of_key)
            .resource("arn:aws:s3:::example-reports", &Value::Null)
            .read()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_of_changed_values_come_to_the_same_together_and_alone(
        today in world(), proposed in proptest::option::of(world()), samples in samples(),
    ) {
        let plan = Plan { proposed, ..plan(&today) };
        let sources: Vec<String> = samples.iter().map(|one| format!("{}.amazonaws.com", CALLS[one.call].0)).collect();
        let records = || samples.iter().zip(&sources).map(|(one, source)| one.record(source));
        let mut together = Replayer::new(plan.clone());
        let limits = Limits::narrow();
        let mut halves = [Replayer::sharing(plan.clone(), &limits), Replayer::sharing(plan.clone(), &limits)];
        let mut alone: Option<Replayer> = None;
        for (at, record) in records().enumerate() {
            let mut own = Replayer::new(plan.clone());
            let expected = own.take(&record);
            prop_assert_eq!(together.take(&record), expected.clone(), "{:?}", record);
            prop_assert_eq!(halves[at % 2].take(&record), expected, "{:?}", record);
            match &mut alone {
                Some(alone) => alone.merge(own),
                None => alone = Some(own),
            }
        }
        let answer = |replayer: Replayer| {
            let folded = replayer.fold(&Changes::default());
            Replay { evaluations: 0, ..folded.answer(plan.proposed.as_ref().map(|_| Proposed::default())) }
        };
        let [mut one, other] = halves;
        one.merge(other);
        let expected = answer(alone.unwrap());
        prop_assert_eq!(answer(together), expected.clone());
        prop_assert_eq!(answer(one), expected);
    }
}
