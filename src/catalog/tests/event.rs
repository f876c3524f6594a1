//! Which actions events stand for, and which are no request.

use serde_json::{Value, json};

use crate::catalog::event::{
    By, Call, Mapping, Presence, Reason, Unknown, listed_events, map, services_of, table_faults,
};
use crate::catalog::resource::Noted;
use crate::catalog::{catalog, matches};

fn mapped(source: &str, name: &str, parameters: Option<&Value>) -> Mapping {
    let source = format!("{source}.amazonaws.com");
    map(&Call { source: &source, name, kind: Some("AwsApiCall"), parameters: parameters.map(Noted::from) })
}

/// `s3:GetObject s3:GetObjectVersion?`, the question mark for what is only possible.
fn actions(source: &str, name: &str, parameters: Option<&Value>) -> (String, By) {
    let Mapping::Actions(actions, by) = mapped(source, name, parameters) else {
        panic!("{source} {name} has no action")
    };
    let words = actions.iter().map(|mapped| {
        mapped.action.full_name() + if mapped.presence == Presence::Certain { "" } else { "?" }
    });
    (words.collect::<Vec<_>>().join(" "), by)
}

fn check(source: &str, name: &str, by: By, expected: &str) {
    assert_eq!(actions(source, name, None), (expected.to_owned(), by), "{source} {name}");
}

#[test]
fn every_line_of_the_tables_is_read() {
    assert_eq!(table_faults(), Vec::<String>::new());
}

#[test]
fn most_events_are_called_like_their_action() {
    check("ec2", "RunInstances", By::Name, "ec2:RunInstances");
    check("iam", "CreateUser", By::Name, "iam:CreateUser");
    check("s3", "GetBucketCors", By::Name, "s3:GetBucketCORS");
}

#[test]
fn sources_lead_to_services_of_other_names() {
    check("monitoring", "DescribeAlarms", By::Name, "cloudwatch:DescribeAlarms");
    check("email", "SendEmail", By::Name, "ses:SendEmail");
    check("tagging", "GetResources", By::Name, "tag:GetResources");
    check("amazonmq", "ListBrokers", By::Name, "mq:ListBrokers");
    check("cloudcontrolapi", "GetResource", By::Name, "cloudformation:GetResource");
    check("servicecatalog-appregistry", "ListApplications", By::Name, "servicecatalog:ListApplications");
    assert!(services_of("nothing.amazonaws.com").is_empty());
    assert_eq!(services_of("s3.amazonaws.com")[0].prefix, "s3");
}

#[test]
fn one_source_may_be_of_several_services() {
    check(
        "autoscaling",
        "RegisterScalableTarget",
        By::Name,
        "application-autoscaling:RegisterScalableTarget",
    );
    check("autoscaling", "CreateAutoScalingGroup", By::Name, "autoscaling:CreateAutoScalingGroup");
    check("autoscaling", "CreateScalingPlan", By::Name, "autoscaling-plans:CreateScalingPlan");
    let both = "autoscaling:PutScalingPolicy? application-autoscaling:PutScalingPolicy?";
    check("autoscaling", "PutScalingPolicy", By::Table, both);
    for (parameters, expected) in [
        (json!({"serviceNamespace": "ecs"}), "application-autoscaling:PutScalingPolicy"),
        (json!({"autoScalingGroupName": "web"}), "autoscaling:PutScalingPolicy"),
    ] {
        assert_eq!(actions("autoscaling", "PutScalingPolicy", Some(&parameters)).0, expected);
    }
    // Every name that both have is told apart.
    let [ours, theirs] =
        ["autoscaling", "application-autoscaling"].map(|own| catalog().service(own).unwrap());
    let both = ours.actions.iter().filter(|own| theirs.action(own.name).is_some());
    for own in both.filter(|own| !own.name.contains("Tag")) {
        assert_eq!(actions("autoscaling", own.name, None).1, By::Table, "{}", own.name);
    }
}

#[test]
fn every_listed_source_is_needed() {
    let table = include_str!("../tables/sources.tsv");
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut seen = 0;
    for line in lines {
        let (source, prefixes) = line.split_once('\t').unwrap();
        assert_ne!(source, prefixes, "{source} needs no line");
        seen += 1;
    }
    assert!(seen > 100);
}

#[test]
fn versions_at_the_end_of_names_are_cut_off() {
    check("lambda", "CreateFunction20150331", By::Rule, "lambda:CreateFunction");
    check("lambda", "UpdateFunctionCode20150331v2", By::Rule, "lambda:UpdateFunctionCode");
    check("cloudfront", "CreateDistribution2020_05_31", By::Rule, "cloudfront:CreateDistribution");
    check("lambda", "Invoke", By::Table, "lambda:InvokeFunction");
    check("lambda", "Invoke20150331", By::Rule, "lambda:InvokeFunction");
    assert_eq!(mapped("ec2", "RunInstances20150331", None), Mapping::Unknown(Unknown::Action));
    assert_eq!(mapped("lambda", "CreateFunction2015", None), Mapping::Unknown(Unknown::Action));
    assert_eq!(mapped("lambda", "20150331", None), Mapping::Unknown(Unknown::Action));
}

#[test]
fn s3_names_its_events_unlike_its_actions() {
    check("s3", "ListBuckets", By::Table, "s3:ListAllMyBuckets");
    check("s3", "HeadBucket", By::Table, "s3:ListBucket");
    check("s3", "ListObjectVersions", By::Table, "s3:ListBucketVersions");
    check("s3", "DeleteBucketEncryption", By::Table, "s3:PutEncryptionConfiguration");
    check("s3", "DeleteBucketPublicAccessBlock", By::Table, "s3:PutBucketPublicAccessBlock");
    check("s3", "UploadPart", By::Table, "s3:PutObject");
    check("s3express", "PutObject", By::Table, "s3express:CreateSession");
}

#[test]
fn parameters_decide_between_the_actions_of_a_version_and_of_an_object() {
    check("s3", "GetObject", By::Table, "s3:GetObject? s3:GetObjectVersion?");
    let plain = json!({"bucketName": "b", "key": "k"});
    let version = json!({"bucketName": "b", "key": "k", "versionId": "v1"});
    let empty = json!({"bucketName": "b", "key": "k", "versionId": ""});
    for (parameters, expected) in
        [(&plain, "s3:GetObject"), (&version, "s3:GetObjectVersion"), (&empty, "s3:GetObject")]
    {
        assert_eq!(actions("s3", "HeadObject", Some(parameters)).0, expected);
    }
}

#[test]
fn a_bucket_that_is_made_private_and_without_a_lock_asks_for_nothing_else() {
    let asked = |given: Value| actions("s3", "CreateBucket", Some(&given)).0;
    for plain in [
        json!({"bucketName": "b"}),
        json!({"bucketName": "b", "x-amz-acl": "private"}),
        json!({"bucketName": "b", "x-amz-bucket-object-lock-enabled": "false"}),
        json!({"bucketName": "b", "x-amz-bucket-object-lock-enabled": false}),
    ] {
        assert_eq!(asked(plain), "s3:CreateBucket");
    }
    assert_eq!(
        asked(json!({"bucketName": "b", "x-amz-acl": "public-read"})),
        "s3:CreateBucket s3:PutBucketAcl"
    );
    for locked in [json!("true"), json!(true)] {
        assert_eq!(
            asked(json!({"bucketName": "b", "x-amz-bucket-object-lock-enabled": locked})),
            "s3:CreateBucket s3:PutBucketObjectLockConfiguration s3:PutBucketVersioning"
        );
    }
}

#[test]
fn a_copy_asks_for_the_source_and_for_the_target() {
    let copy = json!({"x-amz-copy-source": "b/k?versionId=v1", "x-amz-acl": "private"});
    assert_eq!(
        actions("s3", "CopyObject", Some(&copy)).0,
        "s3:GetObjectVersion s3:PutObject s3:PutObjectAcl s3:GetObjectTagging? s3:PutObjectTagging?"
    );
    let copy = json!({"x-amz-copy-source": "b/k"});
    assert_eq!(
        actions("s3", "CopyObject", Some(&copy)).0,
        "s3:GetObject s3:PutObject s3:GetObjectTagging? s3:PutObjectTagging?"
    );
}

#[test]
fn some_calls_ask_for_several_actions() {
    check("kms", "ReEncrypt", By::Table, "kms:ReEncryptFrom kms:ReEncryptTo");
    check("dynamodb", "TransactGetItems", By::Table, "dynamodb:GetItem");
    check("sqs", "SendMessageBatch", By::Table, "sqs:SendMessage");
    check("bedrock", "Converse", By::Table, "bedrock:InvokeModel");
    let tagged = json!({"roleArn": "arn:aws:iam::111122223333:role/a", "tags": [{"key": "k", "value": "v"}]});
    assert_eq!(actions("sts", "AssumeRole", Some(&tagged)).0, "sts:AssumeRole sts:TagSession");
    let plain = json!({"roleArn": "arn:aws:iam::111122223333:role/a", "tags": []});
    assert_eq!(actions("sts", "AssumeRole", Some(&plain)).0, "sts:AssumeRole");
}

#[test]
fn api_gateway_is_asked_in_verbs() {
    check("apigateway", "GetRestApis", By::Rule, "apigateway:GET");
    check("apigateway", "CreateStage", By::Rule, "apigateway:POST");
    check("apigateway", "PutMethod", By::Rule, "apigateway:PUT");
    check("apigateway", "UpdateApi", By::Rule, "apigateway:PATCH");
    check("apigateway", "FlushStageCache", By::Rule, "apigateway:DELETE");
    assert_eq!(mapped("apigateway", "InventNothing", None), Mapping::Unknown(Unknown::Action));
    assert_eq!(mapped("ec2", "GetRestApis", None), Mapping::Unknown(Unknown::Action));
}

fn reason(source: &str, name: &str, kind: Option<&str>) -> Option<Reason> {
    let source = format!("{source}.amazonaws.com");
    match map(&Call { source: &source, name, kind, parameters: None }) {
        Mapping::NotRequest(not) => {
            assert!(not.page.starts_with("https://docs.aws.amazon.com/"));
            Some(not.reason)
        }
        _ => None,
    }
}

#[test]
fn what_nobody_asked_for_is_no_request() {
    assert_eq!(reason("ec2", "RunInstances", Some("AwsServiceEvent")), Some(Reason::ServiceEvent));
    assert_eq!(reason("ec2", "RunInstances", Some("AwsCloudTrailInsight")), Some(Reason::Insight));
    assert_eq!(reason("ec2", "RunInstances", Some("AwsConsoleAction")), Some(Reason::ConsoleAction));
    assert_eq!(reason("secretsmanager", "EndSecretVersionDelete", None), Some(Reason::ServiceEvent));
    assert_eq!(reason("ec2", "RunInstances", Some("AwsVpceEvent")), None);
    assert_eq!(reason("ec2", "RunInstances", None), None);
}

#[test]
fn sign_in_is_no_request_but_calls_to_its_api_are() {
    assert_eq!(reason("signin", "ConsoleLogin", Some("AwsConsoleSignIn")), Some(Reason::SignIn));
    assert_eq!(reason("signin", "SwitchRole", None), Some(Reason::SignIn));
    assert_eq!(reason("signin", "SomeNewStep", None), Some(Reason::SignIn));
    check("signin", "CreateOAuth2Token", By::Name, "signin:CreateOAuth2Token");
    assert_eq!(reason("sso", "Federate", None), Some(Reason::SignIn));
    assert_eq!(reason("sso", "GetRoleCredentials", None), Some(Reason::NotByIam));
}

#[test]
fn some_calls_need_no_permission_or_none_of_iam() {
    assert_eq!(reason("sts", "GetCallerIdentity", Some("AwsApiCall")), Some(Reason::NoPermission));
    assert_eq!(reason("sts", "GetSessionToken", None), Some(Reason::NoPermission));
    assert_eq!(reason("cognito-idp", "InitiateAuth", None), Some(Reason::NotByIam));
    assert_eq!(reason("cognito-idp", "AdminInitiateAuth", None), None);
    check(
        "sts",
        "AssumeRoleWithSAML",
        By::Table,
        "sts:AssumeRoleWithSAML sts:TagSession? sts:SetSourceIdentity?",
    );
}

#[test]
fn what_is_not_known_is_said_to_be_unknown() {
    assert_eq!(mapped("nothing", "GetUser", None), Mapping::Unknown(Unknown::Source));
    assert_eq!(mapped("iam", "NoSuchCall", None), Mapping::Unknown(Unknown::Action));
    assert_eq!(mapped("iam", "", None), Mapping::Unknown(Unknown::Action));
    let odd = Call { source: "", name: "*", kind: Some(""), parameters: Some(Noted::from(&Value::Null)) };
    assert_eq!(map(&odd), Mapping::Unknown(Unknown::Source));
}

#[test]
fn no_line_of_events_says_what_the_name_says_anyway() {
    let table = include_str!("../tables/events.tsv");
    let mut seen = 0;
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<_> = line.split('\t').collect();
        let service = services_of(&format!("{}.amazonaws.com", fields[0]))[0];
        let own = format!("{}:{}", service.prefix, fields[1]);
        assert!(!matches(&own, fields[2]) || catalog().action(&own).is_none(), "{line}");
        seen += 1;
    }
    assert!(seen > 100);
}

#[test]
fn parameters_are_read_only_where_they_tell_which_actions() {
    for (source, name, reads) in [
        ("s3", "GetObject", true),
        ("s3", "GetBucketAcl", false),
        ("sts", "AssumeRole", true),
        ("dynamodb", "TransactWriteItems", true),
        ("ec2", "DescribeInstances", false),
        ("sts", "GetCallerIdentity", false),
    ] {
        let source = format!("{source}.amazonaws.com");
        assert_eq!(crate::catalog::event::reads_parameters(&source, name), reads, "{name}");
    }
}

/// A condition may look into a list, and where none of a line holds every action stays possible.
#[test]
fn a_transaction_s_operations_tell_its_actions() {
    let names = |items: Value| {
        let parameters = json!({"requestItems": items});
        let call = Call {
            source: "dynamodb.amazonaws.com",
            name: "TransactWriteItems",
            kind: None,
            parameters: Some(Noted::from(&parameters)),
        };
        let Mapping::Actions(actions, By::Table) = map(&call) else { panic!("{parameters}") };
        actions.iter().map(|mapped| (mapped.action.name, mapped.presence)).collect::<Vec<_>>()
    };
    let put = json!([{"operation": "Put"}, {"operation": "Delete"}]);
    assert_eq!(names(put), [("PutItem", Presence::Certain), ("DeleteItem", Presence::Certain)]);
    let untold = names(json!([]));
    assert_eq!(untold.len(), 4);
    assert!(untold.iter().all(|(_, presence)| *presence == Presence::Possible));
}

#[test]
fn the_data_api_of_rds_has_two_sources() {
    check("rdsdata", "ExecuteStatement", By::Name, "rds-data:ExecuteStatement");
    check("rdsdataapi", "ExecuteStatement", By::Name, "rds-data:ExecuteStatement");
}

#[test]
fn no_event_is_listed_twice_for_an_action() {
    let events = |action: &str| listed_events(catalog().action(action).unwrap());
    for action in ["s3:PutObjectAcl", "dynamodb:PartiQLSelect"] {
        let found = events(action);
        assert!(found.len() > 1, "{action}");
        assert!(found.windows(2).all(|pair| pair[0] != pair[1]), "{action} {found:?}");
    }
}
