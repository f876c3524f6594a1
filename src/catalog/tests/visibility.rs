//! What a log can show.

use crate::catalog::visibility::{Visibility, table_faults};
use crate::catalog::{catalog, visibility};

fn of(name: &str) -> Visibility {
    visibility(catalog().action(name).unwrap())
}

#[test]
fn every_line_of_the_table_is_read_and_no_action_stands_twice() {
    assert_eq!(table_faults(), Vec::<usize>::new());
}

#[test]
fn data_plane_actions_show_in_data_events_only() {
    for (name, kind) in [
        ("s3:GetObject", "AWS::S3::Object"),
        ("lambda:InvokeFunction", "AWS::Lambda::Function"),
        ("dynamodb:PartiQLSelect", "AWS::DynamoDB::Table"),
        ("sns:Publish", "AWS::SNS::Topic"),
        ("sqs:ReceiveMessage", "AWS::SQS::Queue"),
        ("sqs:ListQueues", "AWS::SQS::Queue"),
        ("ebs:GetSnapshotBlock", "AWS::EC2::Snapshot"),
    ] {
        let Visibility::Data { resource_types, page } = of(name) else { panic!("{name} is data") };
        assert!(resource_types.contains(&kind), "{name}");
        assert!(page.starts_with("https://docs.aws.amazon.com/"));
    }
}

#[test]
fn pass_role_has_no_event_of_its_own() {
    assert!(matches!(of("iam:PassRole"), Visibility::Implied { .. }));
    assert!(matches!(of("sts:TagSession"), Visibility::Implied { .. }));
}

#[test]
fn database_logins_by_iam_are_not_logged() {
    assert!(matches!(of("rds-db:connect"), Visibility::NotLogged { .. }));
}

#[test]
fn the_rest_shows_in_management_events() {
    for name in [
        "ec2:RunInstances",
        "s3:ListAllMyBuckets",
        "kms:Decrypt",
        "dynamodb:CreateTable",
        "ebs:StartSnapshot",
    ] {
        assert_eq!(of(name), Visibility::Management, "{name}");
    }
}

#[test]
fn what_no_call_is_known_of_is_told_apart() {
    for name in [
        "glue:PassConnection",
        "ec2:InjectApiError",
        "redshift:JoinGroup",
        "sso:AssociateProfile",
        "eks:AccessKubernetesApi",
    ] {
        assert_eq!(of(name), Visibility::Uncalled, "{name}");
    }
    // Their calls have other names, or ask by a method.
    for name in [
        "s3:PutBucketCORS",
        "lambda:ListAliases",
        "apigateway:GET",
        "apigateway:POST",
        "elasticloadbalancing:AddTags",
    ] {
        assert_eq!(of(name), Visibility::Management, "{name}");
    }
    for name in ["es:ESHttpGet", "kafka-cluster:ReadData", "neptune-db:connect", "dax:GetItem", "iot:Publish"]
    {
        assert!(matches!(of(name), Visibility::NotLogged { .. }), "{name}");
    }
}

#[test]
fn every_uncalled_action_is_one_of_the_catalog() {
    let mut all = 0;
    for (_, fields) in super::super::tsv::rows(include_str!("../tables/uncalled.tsv")) {
        let [service, names] = fields[..] else { panic!("{fields:?}") };
        for name in names.split(' ') {
            let action = catalog().action(&format!("{service}:{name}")).unwrap();
            assert_eq!((action.service, action.name), (service, name));
            all += 1;
        }
    }
    assert!((3_000..5_000).contains(&all), "{all}");
}
