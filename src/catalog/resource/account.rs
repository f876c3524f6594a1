//! Whose the named thing is, where a parameter of the call tells the account.

use super::Search;
use crate::aws::AccountId;
use crate::catalog::service::ResourceType;

/// Parameters that name the account of what a call is about: the service, the type of resource (all of the service where it is
/// empty), the parameter, and the page that says so.
const OWNERS: [(&str, &str, &str, &str); 13] = [
    (
        "appmesh",
        "",
        "meshOwner",
        "https://docs.aws.amazon.com/app-mesh/latest/APIReference/API_DescribeMesh.html",
    ),
    (
        "backup",
        "backupVault",
        "backupVaultAccountId",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeBackupVault.html",
    ),
    (
        "bedrock-agentcore",
        "",
        "accountId",
        "https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_InvokeAgentRuntime.html",
    ),
    (
        "cloudtrail",
        "eventdatastore",
        "eventDataStoreOwnerAccountId",
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartQuery.html",
    ),
    (
        "codeartifact",
        "",
        "domainOwner",
        "https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_CreateRepository.html",
    ),
    (
        "ecr",
        "",
        "registryId",
        "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html",
    ),
    (
        "ecr-public",
        "",
        "registryId",
        "https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DeleteRepository.html",
    ),
    ("glue", "", "catalogId", "https://docs.aws.amazon.com/glue/latest/webapi/API_GetTable.html"),
    (
        "omics",
        "workflow",
        "workflowOwnerId",
        "https://docs.aws.amazon.com/omics/latest/api/API_StartRun.html",
    ),
    (
        "servicediscovery",
        "",
        "ownerAccount",
        "https://docs.aws.amazon.com/cloud-map/latest/api/API_GetOperation.html",
    ),
    (
        "signer",
        "signing-job",
        "jobOwner",
        "https://docs.aws.amazon.com/signer/latest/api/API_RevokeSignature.html",
    ),
    (
        "signer",
        "signing-profile",
        "profileOwner",
        "https://docs.aws.amazon.com/signer/latest/api/API_StartSigningJob.html",
    ),
    (
        "sqs",
        "",
        "queueOwnerAWSAccountId",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html",
    ),
];

/// The account that the parameters name for what is of this type; None where they name none.
pub(super) fn named<'a>(search: &Search<'a>, kind: &ResourceType) -> Option<&'a str> {
    let mut owners = OWNERS
        .iter()
        .filter(|(service, of, ..)| *service == search.action.service && (of.is_empty() || *of == kind.name));
    owners.find_map(|(_, _, parameter, _)| {
        // Glue names a catalog in another one by `ACCOUNT:NAME`.
        let value = search.leaves.top(&[parameter]).first().copied()?;
        let account = value.split(':').next()?;
        AccountId::parse(account).map(|_| account)
    })
}

#[cfg(test)]
mod tests {
    use super::OWNERS;
    use crate::catalog::catalog;

    #[test]
    fn owners_are_named_to_services_and_types_that_the_catalog_knows() {
        for (service, kind, parameter, page) in OWNERS {
            let known = catalog().service(service).unwrap_or_else(|| panic!("{service}"));
            assert!(kind.is_empty() || known.resource_type(kind).is_some(), "{service} {kind} {parameter}");
            assert!(page.starts_with("https://docs.aws.amazon.com/"), "{page}");
        }
        assert!(OWNERS.is_sorted_by_key(|(service, kind, ..)| (service, kind)));
    }
}
