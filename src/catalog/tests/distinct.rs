//! Names in a call that mean another thing than they seem to; all records here are made up.

use serde_json::{Value, json};

use super::resource::{check, found, words};

#[test]
fn the_name_of_a_cluster_is_not_that_of_its_multi_region_cluster() {
    let own = |rest: &str| format!("arn:aws:memorydb:eu-west-1:111122223333:{rest}");
    let acl = own("acl/open-access");
    let parameters = own("parametergroup/* ~pattern ~perhaps");
    let subnets = own("subnetgroup/inner");
    check(
        "memorydb:CreateCluster",
        json!({"clusterName": "cart", "aCLName": "open-access", "subnetGroupName": "inner"}),
        &[&acl, &parameters, &subnets],
    );
    let above = "arn:aws:memorydb::111122223333:multiregioncluster/virxk-cart";
    check(
        "memorydb:CreateCluster",
        json!({"clusterName": "cart", "multiRegionClusterName": "virxk-cart", "aCLName": "open-access",
               "subnetGroupName": "inner"}),
        &[above, &acl, &parameters, &subnets],
    );
    check("memorydb:DeleteMultiRegionCluster", json!({"multiRegionClusterName": "virxk-cart"}), &[above]);
}

#[test]
fn a_job_is_submitted_by_a_revision_of_its_definition_and_needs_no_right_to_itself() {
    let own = |rest: &str| format!("arn:aws:batch:eu-west-1:111122223333:{rest}");
    let job = own("job/* ~pattern ~perhaps");
    let queue = own("job-queue/q");
    let submit = |definition: &str, expected: &str| {
        check(
            "batch:SubmitJob",
            json!({"jobName": "j", "jobQueue": "q", "jobDefinition": definition}),
            &[expected, &queue, &job],
        );
    };
    submit("d:3", &own("job-definition/d:3"));
    submit("d", &own("job-definition/d:* ~pattern"));
    submit(&own("job-definition/d:3"), &own("job-definition/d:3"));
    submit(&own("job-definition/d"), &own("job-definition/d:* ~pattern"));
}

#[test]
fn a_table_of_s3_tables_has_an_id_that_its_name_does_not_tell() {
    let bucket = "arn:aws:s3tables:eu-west-1:111122223333:bucket/lake";
    let pattern = format!("{bucket}/table/* ~pattern");
    check(
        "s3tables:GetTableMetadataLocation",
        json!({"tableBucketARN": bucket, "namespace": "sales", "name": "orders"}),
        &[&pattern],
    );
    let table = format!("{bucket}/table/1234abcd-12ab-34cd-56ef-1234567890ab");
    check("s3tables:GetTable", json!({ "tableArn": table }), &[&table]);
    check("s3tables:CreateNamespace", json!({"tableBucketARN": bucket, "namespace": ["sales"]}), &[bucket]);
}

#[test]
fn a_vector_index_stands_in_its_bucket() {
    let bucket = "arn:aws:s3vectors:eu-west-1:111122223333:bucket/films";
    let index = format!("{bucket}/index/plots");
    check("s3vectors:QueryVectors", json!({"vectorBucketName": "films", "indexName": "plots"}), &[&index]);
    check("s3vectors:GetVectorBucket", json!({"vectorBucketName": "films"}), &[bucket]);
}

#[test]
fn a_message_to_a_phone_is_published_to_no_topic() {
    check("sns:Publish", json!({"phoneNumber": "HIDDEN_DUE_TO_SECURITY_REASONS"}), &["* ~unknown"]);
    let topic = "arn:aws:sns:eu-west-1:111122223333:alerts";
    check("sns:Publish", json!({"topicArn": topic, "phoneNumber": null}), &[topic]);
}

#[test]
fn a_shard_iterator_begins_with_the_arn_of_its_stream() {
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/Music";
    let stream = format!("{table}/stream/2026-09-01T04:02:47.428");
    let parameters = json!({ "shardIterator": format!("{stream}|1|AAAAAAAAAAH7HF3x/dQH+JeH0rF==") });
    let logged = json!([{ "ARN": table, "type": "AWS::DynamoDB::Table" }]);
    let records = found("dynamodb:GetRecords", "GetRecords", &parameters, &Value::Null, &logged);
    assert_eq!(words(&records), [stream]);
}

#[test]
fn what_stands_in_an_object_of_another_thing_is_none_of_the_call_s() {
    let repository = "arn:aws:codeartifact:eu-west-1:111122223333:repository/shop/own";
    check(
        "codeartifact:UpdateRepository",
        json!({"domain": "shop", "repository": "own", "upstreams": [{"repositoryName": "npm-store"}]}),
        &[repository],
    );
    check(
        "medialive:UpdateChannel",
        json!({"channelId": "1234567", "destinations": [{"mediaPackageSettings": [{"channelId": "live"}]}]}),
        &["arn:aws:medialive:eu-west-1:111122223333:channel:1234567"],
    );
    check(
        "sagemaker:CreateDomain",
        json!({"domainName": "lab", "domainSettings": {"unifiedStudioSettings": {"domainId": "dzd_1"}}}),
        &["arn:aws:sagemaker:eu-west-1:111122223333:domain/* ~pattern"],
    );
}

#[test]
fn a_name_is_no_id_where_the_service_chooses_one_and_an_id_is_no_name() {
    let monitor = "arn:aws:rum:eu-west-1:111122223333:appmonitor/shop";
    check(
        "rum:PutRumEvents",
        json!({"id": "1234abcd-12ab-34cd-56ef-1234567890ab", "appMonitorDetails": {"name": "shop"}}),
        &[monitor],
    );
    let some = "arn:aws:rum:eu-west-1:111122223333:appmonitor/* ~pattern";
    check("rum:PutRumEvents", json!({"id": "1234abcd-12ab-34cd-56ef-1234567890ab"}), &[some]);
    check("rum:UpdateAppMonitor", json!({"name": "shop", "domain": "example.com"}), &[monitor]);
    let association = "arn:aws:route53resolver:eu-west-1:111122223333:firewall-rule-group-association/";
    check(
        "route53resolver:AssociateFirewallRuleGroup",
        json!({"firewallRuleGroupId": "rslvr-frg-1", "vpcId": "vpc-0123456789abcdef0", "name": "block"}),
        &[&format!("{association}* ~pattern")],
    );
    check(
        "route53resolver:DisassociateFirewallRuleGroup",
        json!({"firewallRuleGroupAssociationId": "rslvr-frgassoc-1"}),
        &[&format!("{association}rslvr-frgassoc-1")],
    );
    check(
        "devops-guru:RemoveNotificationChannel",
        json!({"id": "1234abcd-12ab-34cd-56ef-1234567890ab"}),
        &["arn:aws:sns:eu-west-1:111122223333:* ~pattern"],
    );
    let platform = "arn:aws:elasticbeanstalk:eu-west-1::platform/* ~pattern";
    check(
        "elasticbeanstalk:CreatePlatformVersion",
        json!({"platformName": "p", "platformVersion": "1.0.0"}),
        &[platform],
    );
    let own = |rest: &str| format!("arn:aws:workspaces:eu-west-1:111122223333:{rest}");
    check(
        "workspaces:CreateWorkspaces",
        json!({"workspaces": [{"directoryId": "d-1", "bundleId": "wsb-1", "workspaceName": "desk"}]}),
        &[&own("directory/d-1"), &own("workspace/* ~pattern ~perhaps"), &own("workspacebundle/wsb-1")],
    );
}

#[test]
fn a_domain_of_workflows_may_have_its_region_in_its_arn() {
    let domain = "arn:aws:swf:*:111122223333:/domain/orders ~pattern";
    check("swf:StartWorkflowExecution", json!({"domain": "orders", "workflowId": "w"}), &[domain]);
    check("swf:DescribeDomain", json!({"name": "orders"}), &[domain]);
}
