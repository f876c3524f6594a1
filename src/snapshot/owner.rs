//! Which resources can have a policy of their own, and which resource's policy a request on an ARN meets.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::aws::{AccountId, Arn};
use crate::catalog::{ArnFormat, Part, ResourceType, catalog};
use crate::policy::{Truth, resource_covers};

/// The actions that set a resource's policy: the catalog says which types of resources each takes. From the column
/// "Resource-based policies" of
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html> and the services' own
/// lists of actions. Policies that only AWS RAM writes for what is shared are not among them.
const SETTERS: &[&str] = &[
    "acm-pca:PutPolicy",
    "aps:PutResourcePolicy",
    "backup:PutBackupVaultAccessPolicy",
    "bedrock:PutResourcePolicy",
    "bedrock-agentcore:PutResourcePolicy",
    "cloudhsm:PutResourcePolicy",
    "cloudtrail:PutResourcePolicy",
    "codeartifact:PutDomainPermissionsPolicy",
    "codeartifact:PutRepositoryPermissionsPolicy",
    "codebuild:PutResourcePolicy",
    "comprehend:PutResourcePolicy",
    "dsql:PutClusterPolicy",
    "dynamodb:PutResourcePolicy",
    "ecr:SetRepositoryPolicy",
    "ecr-public:SetRepositoryPolicy",
    "elasticfilesystem:PutFileSystemPolicy",
    "es:UpdateDomainConfig",
    "glacier:SetVaultAccessPolicy",
    "glue:PutResourcePolicy",
    "kafka:PutClusterPolicy",
    "kinesis:PutResourcePolicy",
    "kms:PutKeyPolicy",
    "lambda:AddLayerVersionPermission",
    "lambda:AddPermission",
    "lex:CreateResourcePolicy",
    "logs:PutDeliveryDestinationPolicy",
    "logs:PutDestinationPolicy",
    "mediapackagev2:PutChannelPolicy",
    "mediapackagev2:PutOriginEndpointPolicy",
    "mediastore:PutContainerPolicy",
    "oam:PutSinkPolicy",
    "osis:PutResourcePolicy",
    "payment-cryptography:PutResourcePolicy",
    "qbusiness:PutResourcePolicy",
    "redshift:PutResourcePolicy",
    "rekognition:PutProjectPolicy",
    "resource-explorer-2:PutResourcePolicy",
    "rum:PutResourcePolicy",
    "s3:PutAccessPointPolicy",
    "s3:PutBucketPolicy",
    "s3:PutMultiRegionAccessPointPolicy",
    "s3-outposts:PutAccessPointPolicy",
    "s3-outposts:PutBucketPolicy",
    "s3express:PutBucketPolicy",
    "s3tables:PutTableBucketPolicy",
    "s3tables:PutTablePolicy",
    "s3vectors:PutVectorBucketPolicy",
    "sagemaker:PutModelPackageGroupPolicy",
    "schemas:PutResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "serverlessrepo:PutApplicationPolicy",
    "ses:CreateEmailIdentityPolicy",
    "signer:AddProfilePermission",
    "sns:AddPermission",
    "sqs:AddPermission",
    "ssm:PutResourcePolicy",
    "ssm-contacts:PutContactPolicy",
    "ssm-incidents:PutResourcePolicy",
    "vpc-lattice:PutAuthPolicy",
];

/// Types of resources with policies whose setting actions take no ARN: service and beginning of the resource.
const OTHERS: [(&str, &str); 4] =
    [("events", "event-bus/"), ("logs", "log-group:"), ("execute-api", ""), ("xray", "group/")];

/// Services whose resources without a policy of their own nobody of another account can use. Of all others some are shared: by
/// AWS RAM, which adds to a resource what it would else be allowed by a policy
/// (<https://docs.aws.amazon.com/ram/latest/userguide/shareable.html>), by attributes of snapshots and documents
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshotAttribute.html>,
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ModifyDocumentPermission.html>), by datashares and
/// invitations, or by who administers a service for its organization.
const NEVER_SHARED: [&str; 3] = ["iam", "kms", "sts"];

/// Whether an account may come to use a resource of another one though the resource can have no policy.
pub(super) fn may_be_shared(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|parsed| !NEVER_SHARED.contains(&parsed.service))
}

/// Whether a resource's own policy can only allow: no call puts a `Deny` into that of a layer's version
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html>).
pub(super) fn only_allows(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|parsed| parsed.service == "lambda" && parsed.resource.starts_with("layer:"))
}

/// Whether a request on an access point's ARN is one on the bucket behind it: all but those on the access point itself.
pub(super) fn reaches_bucket_behind(action: &str, arn: &str) -> bool {
    let is_point = Arn::parse(arn)
        .is_some_and(|parsed| parsed.service == "s3" && parsed.resource.starts_with("accesspoint/"));
    let is_of_bucket = |kind: &ResourceType| matches!(kind.name, "bucket" | "object");
    is_point
        && catalog()
            .action(action)
            .is_none_or(|action| action.resources.iter().any(|own| is_of_bucket(own.kind)))
}

/// Whether what a setting action names as a resource can have a policy. That of Systems Manager takes parameters and groups of
/// OpsItems only; a document is shared without a policy
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutResourcePolicy.html>,
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ModifyDocumentPermission.html>).
fn is_guarded(setter: &str, kind: &ResourceType) -> bool {
    setter != "ssm:PutResourcePolicy" || matches!(kind.name, "parameter" | "opsitemgroup")
}

/// The forms of the ARNs of all resources that [`SETTERS`] set policies of, by service.
static FORMS: LazyLock<HashMap<&str, Vec<ArnFormat>>> = LazyLock::new(|| {
    let mut forms: HashMap<&str, Vec<ArnFormat>> = HashMap::new();
    for (setter, action) in SETTERS.iter().filter_map(|setter| Some((setter, catalog().action(setter)?))) {
        let guarded = action.resources.iter().map(|own| own.kind).filter(|kind| is_guarded(setter, kind));
        forms.entry(action.service).or_default().extend(guarded.map(|kind| kind.arn));
    }
    forms
});

/// The ARN of the resource whose policy a request on this ARN meets: an S3 object's bucket, a function's alias's function,
/// a table's index's table; else the ARN itself.
#[must_use]
pub fn policy_owner(arn: &str) -> &str {
    let Some(parsed) = Arn::parse(arn) else { return arn };
    let resource = parsed.resource;
    let head = arn.len() - resource.len();
    // How much of the resource names what has the policy.
    let first = |separator: char, parts: usize| {
        let mut places = resource.match_indices(separator).map(|(place, _)| place);
        places.nth(parts - 1).unwrap_or(resource.len())
    };
    let end = match parsed.service {
        "s3" | "s3-object-lambda" if resource.starts_with("accesspoint/") => first('/', 2),
        "s3" | "execute-api" => first('/', 1),
        "s3express" | "dynamodb" => first('/', 2),
        "s3tables" if !resource.contains("/table/") => first('/', 2),
        // Each version of a layer has a policy of its own
        // (<https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html>).
        "lambda" if resource.starts_with("layer:") => first(':', 3),
        "lambda" => first(':', 2),
        "logs" if resource.starts_with("log-group:") => first(':', 2),
        "kinesis" if resource.contains("/consumer/") => resource.len(),
        _ => resource.len(),
    };
    arn.get(..head + end).unwrap_or(arn)
}

/// The same for an ARN of which `*` and `?` stand for what is not known: None where the owner depends on that.
#[must_use]
pub fn certain_policy_owner(pattern: &str) -> Option<&str> {
    let owner = policy_owner(pattern);
    // A table of a table bucket has a policy of its own.
    let may_be_part =
        owner.len() < pattern.len() && Arn::parse(pattern).is_some_and(|parsed| parsed.service == "s3tables");
    (!owner.contains(['*', '?']) && !may_be_part).then_some(owner)
}

/// Whether one of the resources that a pattern may be can have a policy of its own, or be part of one that has.
#[must_use]
pub fn any_may_have_policy(pattern: &str) -> bool {
    let is_like = |form: &str| resource_covers(form, pattern) != Truth::No;
    // Most patterns name their service; then only that one's forms are looked at.
    let named = Arn::parse(pattern).map(|parsed| parsed.service).filter(|own| !own.contains(['*', '?']));
    let may_be_of = |service: &str| named.is_none_or(|own| own == service);
    // What belongs to a resource with a policy stands behind it.
    let may_be = |kind: &ResourceType| {
        let text = |part| match part {
            Part::Text(text) => text,
            Part::Placeholder(_) => "*",
        };
        is_like(&format!("{}*", kind.arn.parts().map(text).collect::<String>()))
    };
    let is_other = |(service, begin): &(&str, &str)| {
        may_be_of(service) && is_like(&format!("arn:aws*:{service}:*:*:{begin}*"))
    };
    let setters = SETTERS.iter().filter(|setter| may_be_of(setter.split(':').next().unwrap_or_default()));
    OTHERS.iter().any(is_other)
        || setters.filter_map(|setter| Some((setter, catalog().action(setter)?))).any(|(setter, action)| {
            action.resources.iter().any(|own| is_guarded(setter, own.kind) && may_be(own.kind))
        })
}

/// Whether any resource of an action's service can have a policy of its own; roles have one too, for requests to STS.
#[must_use]
pub(super) fn service_may_have_policies(action: &str) -> bool {
    let Some(service) = action.split(':').next().map(str::to_ascii_lowercase) else { return true };
    let of_setters = SETTERS.iter().filter_map(|setter| setter.split(':').next());
    let of_others = OTHERS.iter().map(|(service, _)| *service);
    service == "sts" || of_setters.chain(of_others).any(|own| own == service)
}

/// Whether an action lends a member account's root user.
pub(super) fn is_assume_root(action: &str) -> bool {
    action.eq_ignore_ascii_case("sts:AssumeRoot")
}

/// The account whose policies alone decide on a request, of a caller's account and a resource without an account in its ARN; None
/// where no rule tells.
///
/// - What AWS owns (its managed policies, its public parameters), and what has no policy of its own (hosted zones, public images):
///   the caller's account, for nobody else's policies can decide.
/// - A bucket that the call makes: the caller's.
/// - The root user of a member account, whatever its ARN's account: the caller's
///   (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>).
#[must_use]
pub fn owner_by_rule(action: &str, arn: &str, caller: Option<AccountId>) -> Option<AccountId> {
    if is_assume_root(action) {
        return caller;
    }
    let parsed = Arn::parse(arn)?;
    let is_nobody_s = parsed.account.is_empty();
    let is_public = parsed.service == "ssm" && parsed.resource.starts_with("parameter/aws/");
    let is_of_aws = parsed.account == "aws" || is_nobody_s && is_public;
    let is_without_policy = is_nobody_s && parsed.service != "s3" && !may_have_policy(arn);
    let is_made = is_nobody_s && parsed.service == "s3" && action.eq_ignore_ascii_case("s3:CreateBucket");
    caller.filter(|_| is_of_aws || is_without_policy || is_made)
}

/// Whether a resource is AWS's own, as far as its ARN tells: its managed policies, whose account is `aws`; its documents, public
/// parameters and foundation models, which are in no account
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid>).
pub(super) fn is_of_aws(arn: &str) -> bool {
    const OF_NO_ACCOUNT: [(&str, &str); 4] = [
        ("bedrock", "foundation-model/"),
        ("ssm", "automation-definition/"),
        ("ssm", "document/"),
        ("ssm", "parameter/aws/"),
    ];
    Arn::parse(arn).is_some_and(|parsed| {
        let is_it = |(service, begin): &(&str, &str)| {
            parsed.service == *service && parsed.resource.starts_with(begin)
        };
        parsed.account == "aws" || parsed.account.is_empty() && OF_NO_ACCOUNT.iter().any(is_it)
    })
}

/// Whether the resource of an ARN can have a policy of its own. Roles have one too, their trust policy, which only
/// requests to assume them meet.
#[must_use]
pub fn may_have_policy(arn: &str) -> bool {
    let owner = policy_owner(arn);
    let Some(parsed) = Arn::parse(owner).filter(|_| !is_of_aws(owner)) else { return false };
    let is_other =
        |(service, begin): &(&str, &str)| parsed.service == *service && parsed.resource.starts_with(begin);
    OTHERS.iter().any(is_other)
        || FORMS.get(parsed.service).is_some_and(|forms| forms.iter().any(|form| form.matches(owner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setter_is_an_action_of_the_catalog_with_a_type_of_resource() {
        for setter in SETTERS {
            let action = catalog().action(setter).unwrap_or_else(|| panic!("{setter}"));
            assert!(!action.resources.is_empty(), "{setter}");
        }
        assert!(SETTERS.is_sorted_by_key(|setter| setter.split_once(':')));
    }

    #[test]
    fn a_pattern_has_an_owner_where_what_is_not_known_stands_behind_it() {
        for (pattern, owner) in [
            ("arn:aws:s3:::example-reports/*", Some("arn:aws:s3:::example-reports")),
            ("arn:aws:s3:::example-*/a", None),
            ("arn:aws:s3:::example-reports*", None),
            ("arn:aws:kms:eu-west-1:111122223333:key/*", None),
            (
                "arn:aws:lambda:eu-west-1:111122223333:function:send:*",
                Some("arn:aws:lambda:eu-west-1:111122223333:function:send"),
            ),
            ("arn:aws:lambda:*:111122223333:function:send", None),
            ("arn:aws:s3tables:eu-west-1:111122223333:bucket/in/*", None),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
                Some("arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
            ),
        ] {
            assert_eq!(certain_policy_owner(pattern), owner, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_may_have_a_policy_if_one_of_its_resources_can() {
        for pattern in [
            "arn:aws:s3:::*",
            "arn:aws:s3:::example-*/a",
            "arn:aws:kms:eu-west-1:111122223333:key/*",
            "arn:aws:kms:eu-west-1:111122223333:*",
            "arn:aws:sqs:*:111122223333:orders",
            "arn:aws:lambda:eu-west-1:111122223333:function:*",
            "arn:aws:lambda:eu-west-1:111122223333:function:*:live",
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools:*",
            "arn:aws:logs:eu-west-1:111122223333:log-group:*",
            "arn:aws:events:eu-west-1:111122223333:*",
            "arn:aws:*:eu-west-1:111122223333:*",
        ] {
            assert!(any_may_have_policy(pattern), "{pattern}");
        }
        for pattern in [
            "arn:aws:kms:eu-west-1:111122223333:alias/*",
            "arn:aws:ec2:eu-west-1:111122223333:instance/*",
            "arn:aws:ec2:*:111122223333:*",
            "arn:aws:rds:eu-west-1:111122223333:db:*",
            "arn:aws:events:eu-west-1:111122223333:rule/*",
        ] {
            assert!(!any_may_have_policy(pattern), "{pattern}");
        }
    }

    #[test]
    fn an_object_has_its_bucket_s_policy_and_an_alias_its_function_s() {
        for (arn, owner) in [
            ("arn:aws:s3:::example-reports/2026/a.csv", "arn:aws:s3:::example-reports"),
            ("arn:aws:s3:::example-reports", "arn:aws:s3:::example-reports"),
            (
                "arn:aws:s3:eu-west-1:111122223333:accesspoint/in/object/a",
                "arn:aws:s3:eu-west-1:111122223333:accesspoint/in",
            ),
            (
                "arn:aws:lambda:eu-west-1:111122223333:function:f:live",
                "arn:aws:lambda:eu-west-1:111122223333:function:f",
            ),
            (
                "arn:aws:lambda:eu-west-1:111122223333:layer:tools:7",
                "arn:aws:lambda:eu-west-1:111122223333:layer:tools:7",
            ),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
            ),
            (
                "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-EXAMPL",
                "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-EXAMPL",
            ),
            (
                "arn:aws:logs:eu-west-1:111122223333:log-group:/a/b:log-stream:c",
                "arn:aws:logs:eu-west-1:111122223333:log-group:/a/b",
            ),
            ("no-arn", "no-arn"),
        ] {
            assert_eq!(policy_owner(arn), owner);
        }
    }

    #[test]
    fn what_nobody_s_policy_guards_is_decided_in_the_caller_s_account() {
        let caller = AccountId::parse("123456789012");
        for (action, arn) in [
            ("sts:AssumeRoot", "arn:aws:iam::111122223333:root"),
            ("iam:AttachRolePolicy", "arn:aws:iam::aws:policy/AdministratorAccess"),
            ("ssm:GetParameter", "arn:aws:ssm:eu-west-1::parameter/aws/service/x"),
            ("ssm:SendCommand", "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript"),
            ("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/x"),
            ("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0"),
            ("route53:GetHostedZone", "arn:aws:route53:::hostedzone/Z1"),
            ("s3:CreateBucket", "arn:aws:s3:::example-new"),
        ] {
            assert_eq!(owner_by_rule(action, arn, caller), caller, "{action} {arn}");
        }
        for (action, arn) in [
            ("s3:GetObject", "arn:aws:s3:::example-reports/a"),
            ("iam:GetRole", "arn:aws:iam::111122223333:role/r"),
            ("execute-api:Invoke", "arn:aws:execute-api:eu-west-1::abc/prod/GET/a"),
            ("s3:GetObject", "no-arn"),
        ] {
            assert_eq!(owner_by_rule(action, arn, caller), None, "{action} {arn}");
        }
    }

    #[test]
    fn only_some_resources_can_have_policies() {
        for arn in [
            "arn:aws:s3:::example-reports/a",
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:sqs:eu-west-1:111122223333:jobs",
            "arn:aws:sns:eu-west-1:111122223333:news",
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools:7",
            "arn:aws:events:eu-west-1:111122223333:event-bus/default",
        ] {
            assert!(may_have_policy(arn), "{arn}");
        }
        for arn in [
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
            "arn:aws:iam::111122223333:user/ann",
            "arn:aws:rds:eu-west-1:111122223333:db:main",
            "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript",
            "arn:aws:ssm:eu-west-1:111122223333:document/own",
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools",
            "*",
        ] {
            assert!(!may_have_policy(arn), "{arn}");
        }
    }
}
