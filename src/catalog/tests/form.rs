//! Forms in which services write ids, names and accounts; all records here are made up.

use serde_json::{Value, json};

use super::resource::{check, found, words};
use crate::catalog::resource::{Source, decode_arns, may_hold_encoded_arns};

fn ec2(resource: &str) -> String {
    format!("arn:aws:ec2:eu-west-1:111122223333:{resource}")
}

fn check_ec2(action: &str, parameters: Value, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|own| ec2(own)).collect();
    check(action, parameters, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn items_of_a_list_are_numbered_in_newer_records_of_ec2() {
    let one = |id: &str| json!({"tag": 1, "content": id});
    let two = |first: &str, second: &str| json!([one(first), {"tag": 2, "content": second}]);
    check_ec2(
        "ec2:CreateVpcEndpoint",
        json!({"CreateVpcEndpointRequest": {
            "VpcId": "vpc-0123456789abcdef0", "ServiceName": "com.amazonaws.eu-west-1.ssm",
            "SubnetId": two("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
            "SecurityGroupId": one("sg-0123456789abcdef0"),
            "TagSpecification": {"ResourceType": "vpc-endpoint", "tag": 1, "Tag": {"Key": "VpcId", "Value": "vpc-1", "tag": 1}},
        }}),
        &[
            "security-group/sg-0123456789abcdef0",
            "subnet/subnet-0123456789abcdef0",
            "subnet/subnet-0123456789abcdef1",
            "vpc-endpoint/*",
            "vpc/vpc-0123456789abcdef0",
        ],
    );
    check_ec2(
        "ec2:DeleteVpcEndpoints",
        json!({"DeleteVpcEndpointsRequest": {"VpcEndpointId": two("vpce-0123456789abcdef0", "vpce-0123456789abcdef1")}}),
        &["vpc-endpoint/vpce-0123456789abcdef0", "vpc-endpoint/vpce-0123456789abcdef1"],
    );
    check_ec2(
        "ec2:DeleteFlowLogs",
        json!({"DeleteFlowLogsRequest": {"FlowLogId": one("fl-0123456789abcdef0")}}),
        &["vpc-flow-log/fl-0123456789abcdef0"],
    );
    // What is called content elsewhere is a parameter like any other.
    check(
        "ssm:CreateDocument",
        json!({"name": "d", "content": "{}", "tag": "x"}),
        &["arn:aws:ssm:eu-west-1:111122223333:document/d"],
    );
}

#[test]
fn ids_of_ec2_tell_their_type_whatever_they_stand_under() {
    let logs = |kind: &str, id: &str| {
        json!({"CreateFlowLogsRequest": {"ResourceId": {"tag": 1, "content": id}, "ResourceType": kind,
            "DeliverLogsPermissionArn": "arn:aws:iam::111122223333:role/deliver"}})
    };
    check_ec2(
        "ec2:CreateFlowLogs",
        logs("VPC", "vpc-0123456789abcdef0"),
        &["vpc-flow-log/*", "vpc/vpc-0123456789abcdef0"],
    );
    check_ec2(
        "ec2:CreateFlowLogs",
        logs("TransitGatewayAttachment", "tgw-attach-0123456789abcdef0"),
        &["transit-gateway-attachment/tgw-attach-0123456789abcdef0", "vpc-flow-log/*"],
    );
    check_ec2(
        "ec2:ModifyVpcEndpoint",
        json!({"ModifyVpcEndpointRequest": {
            "VpcEndpointId": "vpce-0123456789abcdef0",
            "AddSubnetId": {"tag": 1, "content": "subnet-0123456789abcdef0"},
            "AddRouteTableId": [{"tag": 1, "content": "rtb-0123456789abcdef0"}, {"tag": 2, "content": "rtb-0123456789abcdef1"}],
            "RemoveSecurityGroupId": {"tag": 1, "content": "sg-0123456789abcdef0"},
        }}),
        &[
            "route-table/rtb-0123456789abcdef0",
            "route-table/rtb-0123456789abcdef1",
            "security-group/sg-0123456789abcdef0",
            "subnet/subnet-0123456789abcdef0",
            "vpc-endpoint/vpce-0123456789abcdef0",
        ],
    );
    check_ec2("ec2:DeletePlacementGroup", json!({"groupName": "near"}), &["placement-group/near"]);
    check_ec2("ec2:AllocateAddress", json!({"domain": "vpc"}), &["elastic-ip/*"]);
}

#[test]
fn what_a_launch_template_has_the_response_tells() {
    let launch = json!({"launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0", "version": "1"}});
    let launched = |own: Value| json!({"instancesSet": {"items": [own]}});
    let of = |parameters: &Value, response: &Value| {
        let found = found("ec2:RunInstances", "RunInstances", parameters, response, &Value::Null);
        words(&found).into_iter().map(|word| word.replace("arn:aws:ec2:eu-west-1:", "")).collect::<Vec<_>>()
    };
    let response = launched(json!({
        "instanceId": "i-0123456789abcdef0", "imageId": "ami-0123456789abcdef0", "keyName": "ops",
        "subnetId": "subnet-0123456789abcdef0", "groupSet": {"items": [{"groupId": "sg-0123456789abcdef0"}]},
        "rootDeviceType": "ebs", "iamInstanceProfile": {"arn": "arn:aws:iam::111122223333:instance-profile/web", "id": "AIPAEXAMPLE"},
    }));
    let own = |resource: &str| format!("111122223333:{resource}");
    assert_eq!(
        of(&launch, &response),
        [
            own("instance/*"),
            own("key-pair/ops"),
            own("launch-template/lt-0123456789abcdef0"),
            own("network-interface/* ~pattern"),
            own("security-group/sg-0123456789abcdef0"),
            own("subnet/subnet-0123456789abcdef0"),
            own("volume/*"),
            ":image/ami-0123456789abcdef0".to_owned(),
        ]
    );
    // Without a response the template may have a key pair; where it tells of none there is none, nor has a launch without a
    // template one that it does not name.
    let key_pair = |parameters: &Value, response: &Value| {
        of(parameters, response).into_iter().find(|own| own.contains("key-pair"))
    };
    assert_eq!(key_pair(&launch, &Value::Null), Some(own("key-pair/* ~pattern ~perhaps")));
    assert_eq!(key_pair(&launch, &launched(json!({"instanceId": "i-0123456789abcdef0"}))), None);
    assert_eq!(key_pair(&json!({"instancesSet": {"items": [{"imageId": "ami-1"}]}}), &Value::Null), None);
    let named = json!({"instancesSet": {"items": [{"imageId": "ami-1", "keyName": "own"}]}, "launchTemplate": launch["launchTemplate"]});
    assert_eq!(key_pair(&named, &response), Some(own("key-pair/own")));
    let source = |kind: &str| {
        let found = found("ec2:RunInstances", "RunInstances", &launch, &response, &Value::Null);
        found.into_iter().find(|own| own.kind == Some(kind)).unwrap().source
    };
    assert_eq!((source("key-pair"), source("launch-template")), (Source::Response, Source::Request));
}

#[test]
fn ids_of_organizations_have_their_beginning_once_and_tell_their_type() {
    let own = |resource: &str| format!("arn:aws:organizations::*:{resource} ~pattern");
    for (action, parameters, expected) in [
        (
            "DeleteOrganizationalUnit",
            json!({"organizationalUnitId": "ou-ab12-cd34ef56"}),
            &["ou/o-*/ou-ab12-cd34ef56"][..],
        ),
        ("DescribePolicy", json!({"policyId": "p-ab12cd34"}), &["policy/o-*/*/p-ab12cd34"]),
        (
            "AttachPolicy",
            json!({"policyId": "p-ab12cd34", "targetId": "444455556666"}),
            &["account/o-*/444455556666", "policy/o-*/*/p-ab12cd34"],
        ),
        (
            "DetachPolicy",
            json!({"policyId": "p-ab12cd34", "targetId": "ou-ab12-cd34ef56"}),
            &["ou/o-*/ou-ab12-cd34ef56", "policy/o-*/*/p-ab12cd34"],
        ),
        (
            "AttachPolicy",
            json!({"policyId": "p-ab12cd34", "targetId": "r-ab12"}),
            &["policy/o-*/*/p-ab12cd34", "root/o-*/r-ab12"],
        ),
        (
            "MoveAccount",
            json!({"accountId": "444455556666", "sourceParentId": "r-ab12", "destinationParentId": "ou-ab12-cd34ef56"}),
            &["account/o-*/444455556666", "ou/o-*/ou-ab12-cd34ef56", "root/o-*/r-ab12"],
        ),
        ("CreateOrganizationalUnit", json!({"parentId": "r-ab12", "name": "ou"}), &["root/o-*/r-ab12"]),
        (
            "CreatePolicy",
            json!({"name": "p", "type": "SERVICE_CONTROL_POLICY", "content": "{}"}),
            &["policy/o-*/service_control_policy/p-*"],
        ),
        ("AcceptHandshake", json!({"handshakeId": "h-ab12cd34"}), &["handshake/o-*/*/h-ab12cd34"]),
        ("TagResource", json!({"resourceId": "ou-ab12-cd34ef56", "tags": []}), &["ou/o-*/ou-ab12-cd34ef56"]),
        ("EnablePolicyType", json!({"rootId": "r-ab12", "policyType": "TAG_POLICY"}), &["root/o-*/r-ab12"]),
        (
            "InviteAccountToOrganization",
            json!({"target": {"type": "ACCOUNT", "id": "444455556666"}}),
            &["account/o-*/444455556666"],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(|resource| own(resource)).collect();
        check(
            &format!("organizations:{action}"),
            parameters,
            &expected.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
    // AWS's own policies belong to no organization.
    check(
        "organizations:DetachPolicy",
        json!({"policyId": "p-FullAWSAccess", "targetId": "r-ab12"}),
        &[
            "arn:aws:organizations::*:root/o-*/r-ab12 ~pattern",
            "arn:aws:organizations::aws:policy/*/p-FullAWSAccess ~pattern",
        ],
    );
    let unit = "arn:aws:organizations::444455556666:ou/o-exampleorgid/ou-ab12-cd34ef56";
    let response = json!({"organizationalUnit": {"arn": unit, "id": "ou-ab12-cd34ef56", "name": "ops"}});
    let named = json!({"organizationalUnitId": "ou-ab12-cd34ef56", "name": "ops"});
    let event = "UpdateOrganizationalUnit";
    let updated = found(&format!("organizations:{event}"), event, &named, &response, &Value::Null);
    assert_eq!(words(&updated), [unit]);
}

#[test]
fn an_id_is_not_filled_with_the_name_that_stands_beside_it() {
    let service = |rest: &str| format!("arn:aws:apprunner:eu-west-1:111122223333:service/{rest}");
    check("apprunner:CreateService", json!({"serviceName": "web"}), &[&service("web/* ~pattern")]);
    let arn = service("web/0123456789abcdef0123456789abcdef");
    check("apprunner:DeleteService", json!({"serviceArn": arn}), &[&arn]);
    check(
        "apprunner:CreateConnection",
        json!({"connectionName": "git", "providerType": "GITHUB"}),
        &["arn:aws:apprunner:eu-west-1:111122223333:connection/git/* ~pattern"],
    );
    check(
        "codebuild:CreateFleet",
        json!({"name": "big", "baseCapacity": 1}),
        &["arn:aws:codebuild:eu-west-1:111122223333:fleet/big:* ~pattern"],
    );
}

#[test]
fn builds_and_reports_belong_to_a_project_or_a_group() {
    let own = |resource: &str| format!("arn:aws:codebuild:eu-west-1:111122223333:{resource}");
    let id = "shop:1234abcd-12ab-34cd-56ef-1234567890ab";
    let shop = own("project/shop");
    for action in
        ["StopBuild", "RetryBuild", "StopBuildBatch", "RetryBuildBatch", "DeleteBuildBatch", "StopSandbox"]
    {
        check(&format!("codebuild:{action}"), json!({"id": id}), &[&shop]);
    }
    let build = own(&format!("build/{id}"));
    check("codebuild:BatchGetBuilds", json!({"ids": [build, "cart:1"]}), &[&own("project/cart"), &shop]);
    check("codebuild:BatchDeleteBuilds", json!({"ids": [id, id]}), &[&shop]);
    check("codebuild:StartBuild", json!({"projectName": "shop"}), &[&shop]);
    check("codebuild:DeleteProject", json!({"name": "shop"}), &[&shop]);
    let report = own("report/tests:1234abcd-12ab-34cd-56ef-1234567890ab");
    check("codebuild:DeleteReport", json!({"arn": report}), &[&own("report-group/tests")]);
    check("codebuild:DescribeTestCases", json!({"reportArn": report}), &[&own("report-group/tests")]);
    check(
        "codebuild:DeleteReportGroup",
        json!({"arn": own("report-group/tests")}),
        &[&own("report-group/tests")],
    );
}

#[test]
fn the_account_that_a_call_names_is_that_of_its_resource() {
    let of = |service: &str, resource: &str| format!("arn:aws:{service}:eu-west-1:444455556666:{resource}");
    check(
        "sqs:GetQueueUrl",
        json!({"queueName": "q", "queueOwnerAWSAccountId": "444455556666"}),
        &[&of("sqs", "q")],
    );
    check(
        "ecr:BatchGetImage",
        json!({"repositoryName": "r", "registryId": "444455556666", "imageIds": [{"imageTag": "1"}]}),
        &[&of("ecr", "repository/r")],
    );
    check(
        "codeartifact:DeleteRepository",
        json!({"domain": "d", "domainOwner": "444455556666", "repository": "r"}),
        &[&of("codeartifact", "repository/d/r")],
    );
    check(
        "glue:GetTable",
        json!({"catalogId": "444455556666", "databaseName": "d", "name": "t"}),
        &[&of("glue", "catalog"), &of("glue", "database/d"), &of("glue", "table/d/t")],
    );
    check(
        "glue:DeleteCatalog",
        json!({"catalogId": "444455556666:sales"}),
        &[&of("glue", "catalog"), &of("glue", "catalog/sales")],
    );
    // What is no account is none.
    check(
        "ecr:PutImage",
        json!({"repositoryName": "r", "registryId": "x"}),
        &["arn:aws:ecr:eu-west-1:111122223333:repository/r"],
    );
}

#[test]
fn an_alias_of_a_key_has_its_beginning_once_and_a_key_behind_it() {
    let (alias, key) =
        ("arn:aws:kms:eu-west-1:111122223333:alias/a", "arn:aws:kms:eu-west-1:111122223333:key/1234");
    let behind = "arn:aws:kms:eu-west-1:111122223333:key/* ~pattern";
    check("kms:CreateAlias", json!({"aliasName": "alias/a", "targetKeyId": "1234"}), &[alias, key]);
    check("kms:UpdateAlias", json!({"aliasName": "alias/a", "targetKeyId": "1234"}), &[alias, behind, key]);
    check("kms:DeleteAlias", json!({"aliasName": "alias/a"}), &[alias, behind]);
    let logged = json!([{"ARN": alias}, {"ARN": key}]);
    let deleted =
        found("kms:DeleteAlias", "DeleteAlias", &json!({"aliasName": "alias/a"}), &Value::Null, &logged);
    assert_eq!(words(&deleted), [alias, key]);
}

#[test]
fn entities_of_iam_are_found_where_a_call_names_them_otherwise() {
    let own = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
    check("iam:AddUserToGroup", json!({"userName": "ann", "groupName": "ops"}), &[&own("group/ops ~path")]);
    check(
        "iam:CreateServiceLinkedRole",
        json!({"aWSServiceName": "ecs.amazonaws.com"}),
        &[&own("role/aws-service-role/ecs.amazonaws.com/* ~pattern")],
    );
    check(
        "iam:GetServiceLinkedRoleDeletionStatus",
        json!({"deletionTaskId": "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/1234abcd"}),
        &[&own("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")],
    );
    check(
        "iam:CreateOpenIDConnectProvider",
        json!({"url": "https://token.example.com/ci", "clientIDList": ["x"]}),
        &[&own("oidc-provider/token.example.com/ci")],
    );
    check(
        "iam:CreateVirtualMFADevice",
        json!({"virtualMFADeviceName": "ann", "path": "/ops/"}),
        &[&own("mfa/ops/ann")],
    );
    check(
        "iam:UploadServerCertificate",
        json!({"serverCertificateName": "www", "path": "/cloudfront/"}),
        &[&own("server-certificate/cloudfront/www")],
    );
    // Who renames or moves an entity is asked for both.
    check(
        "iam:UpdateUser",
        json!({"userName": "ann", "newUserName": "anna"}),
        &[&own("user/ann ~path"), &own("user/anna ~path")],
    );
    check(
        "iam:UpdateGroup",
        json!({"groupName": "ops", "newPath": "/team/"}),
        &[&own("group/ops ~path"), &own("group/team/ops")],
    );
}

#[test]
fn arns_that_stand_in_the_path_of_a_call_are_written_out() {
    let principal = "arn:aws:iam::111122223333:role/ops/deploy";
    let encoded = json!({"name": "c", "principalArn": "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fops%2Fdeploy", "tags": {"a": "100%25"}});
    assert!(may_hold_encoded_arns(&encoded.to_string()));
    let mut decoded = encoded;
    decode_arns(&mut decoded);
    assert_eq!(decoded, json!({"name": "c", "principalArn": principal, "tags": {"a": "100%25"}}));
    assert!(!may_hold_encoded_arns(&decoded.to_string()));
}

#[test]
fn what_stands_deeper_in_a_wrapped_call_is_no_plain_name() {
    let replaced = json!({"ReplaceIamInstanceProfileAssociationRequest": {
        "IamInstanceProfile": {"Name": "web"}, "AssociationId": "iip-assoc-0123456789abcdef0",
    }});
    check_ec2("ec2:ReplaceIamInstanceProfileAssociation", replaced, &["instance/* ~pattern"]);
}

#[test]
fn of_a_type_with_several_forms_the_call_tells_one_or_each_may_be_it() {
    let lex = "arn:aws:lex:eu-west-1:111122223333:";
    let check = |action: &str, parameters: Value, expected: &[&str]| {
        let expected: Vec<String> = expected.iter().map(|end| format!("{lex}{end}")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(action, parameters, &expected);
    };
    check("lex:DescribeBot", json!({"botId": "ABCDEFGHIJ"}), &["bot/ABCDEFGHIJ"]);
    check("lex:PutBotAlias", json!({"name": "live", "botName": "orders"}), &["bot:orders:live"]);
    let either = [
        "bot-alias/*/* ~pattern ~perhaps",
        "bot/* ~pattern ~perhaps",
        "bot:orders ~perhaps",
        "bot:orders:* ~pattern ~perhaps",
    ];
    check("lex:CreateBot", json!({"botName": "orders"}), &either);
}

#[test]
fn a_call_through_an_access_point_is_for_it_and_for_the_bucket() {
    let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p";
    let logged = json!([{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::b"}, {"ARN": point}]);
    let of = |action: &str, parameters: Value, logged: &Value| {
        words(&found(action, "x", &parameters, &Value::Null, logged))
    };
    let of_point = format!("{point}/object/k");
    for bucket in ["b", point] {
        let parameters = json!({"bucketName": bucket, "key": "k"});
        assert_eq!(of("s3:GetObject", parameters.clone(), &logged), ["arn:aws:s3:::b/k", &of_point]);
        assert_eq!(of("s3:ListBucket", parameters, &logged), ["arn:aws:s3:::b", point]);
    }
    let only_point = json!([{"ARN": point}]);
    assert_eq!(
        of("s3:GetObject", json!({"bucketName": point, "key": "k"}), &only_point),
        ["* ~unknown", &of_point]
    );
    let copy = json!({"bucketName": "b", "key": "k", "x-amz-copy-source": "/from/a"});
    assert_eq!(of("s3:GetObject", copy, &logged), ["* ~unknown"]);
}

#[test]
fn what_is_aws_s_own_is_in_no_account() {
    for (name, arn) in [
        (
            "/aws/service/eks/optimized-ami/1.30/image_id",
            "arn:aws:ssm:eu-west-1::parameter/aws/service/eks/optimized-ami/1.30/image_id",
        ),
        (
            "/aws/reference/secretsmanager/db",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/aws/reference/secretsmanager/db",
        ),
        ("/app/db", "arn:aws:ssm:eu-west-1:111122223333:parameter/app/db"),
    ] {
        check("ssm:GetParameter", json!({"name": name}), &[arn]);
    }
}

#[test]
fn a_session_with_a_container_is_on_its_task() {
    let task = "arn:aws:ecs:eu-west-1:111122223333:task/my_shop/0123456789abcdef0123456789abcdef";
    let target = "ecs:my_shop_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890";
    check(
        "ssm:StartSession",
        json!({"target": target, "documentName": "AWS-StartInteractiveCommand"}),
        &[task, "arn:aws:ssm:eu-west-1::document/AWS-StartInteractiveCommand"],
    );
}

#[test]
fn an_assignment_is_on_the_account_too() {
    let parameters = json!({
        "instanceArn": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
        "permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef",
        "principalId": "u-1", "principalType": "USER", "targetId": "111122223333", "targetType": "AWS_ACCOUNT",
    });
    for action in ["sso:CreateAccountAssignment", "sso:DeleteAccountAssignment"] {
        check(
            action,
            parameters.clone(),
            &[
                "arn:aws:sso:::account/111122223333",
                "arn:aws:sso:::instance/ssoins-0123456789abcdef",
                "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef",
            ],
        );
    }
}

#[test]
fn a_model_is_of_the_type_that_its_name_has() {
    let model = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan-text-express-v1";
    check("bedrock:InvokeModel", json!({"modelId": "amazon.titan-text-express-v1"}), &[model]);
    check("bedrock:InvokeModel", json!({"modelId": model}), &[model]);
    check(
        "bedrock:InvokeModel",
        json!({"modelId": "eu.amazon.nova-micro-v1:0"}),
        &[
            "arn:aws:bedrock:*::foundation-model/amazon.nova-micro-v1:0 ~pattern",
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-micro-v1:0",
            "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-micro-v1:0",
        ],
    );
    let profile = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/0123456789ab";
    check(
        "bedrock:InvokeModel",
        json!({"modelId": profile}),
        &["arn:aws:bedrock:*::foundation-model/* ~pattern", profile],
    );
}

#[test]
fn a_token_is_for_one_client() {
    let of = |logged: &Value| {
        let all = found("signin:CreateOAuth2Token", "CreateOAuth2Token", &json!({}), &Value::Null, logged);
        words(&all).into_iter().filter(|own| own.contains("public-client/")).collect::<Vec<_>>()
    };
    let open = of(&Value::Null);
    assert!(open.len() == 2 && open.iter().all(|own| own.ends_with("~perhaps")), "{open:?}");
    let arn = "arn:aws:signin:eu-west-1:111122223333:oauth2/public-client/localhost";
    assert_eq!(of(&json!([{"ARN": arn}])), [arn]);
}
