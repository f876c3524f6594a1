//! What is no policy and allows, beside policies: grants of KMS keys
//! (<https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>) and access control lists of S3
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>). No snapshot holds them. So a call that AWS did
//! not refuse, and that no policy allows, may have had one; where AWS refused it, there was none.
//!
//! Both allow and never deny: a `Deny` anywhere stays, and so does the lack of an allow in a ceiling. Who uses another
//! account's key needs the allow of his own account as well
//! (<https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html>). Lists count for who belongs to no account:
//! everyone, and S3 where it delivers its own logs.

use std::sync::Arc;

use super::{Judge, Judged};
use crate::policy::{Caller, CompiledSet, Outcome, PreparedRequest, Request};
use crate::replay::answer::Lack;

/// What may allow beside policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::replay) enum Grant {
    /// A grant of a KMS key.
    OfKey,
    /// The access control list of a bucket or an object.
    AccessList,
}

/// What a grant can allow
/// (<https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html>, `Operations`).
const OPERATIONS: [&str; 17] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetPublicKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
];

/// What an access control list can allow
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>).
const OF_LISTS: [&str; 13] = [
    "s3:DeleteObject",
    "s3:GetBucketAcl",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:PutBucketAcl",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
];

/// The service behind the log delivery group, which a bucket's list may let in; no other service is
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html>).
const LOG_DELIVERY: &str = "logging.s3.amazonaws.com";

/// What may allow what no policy allows; None if nothing can.
pub(super) fn may_allow(
    outcome: Outcome,
    request: &Request,
    set: &CompiledSet,
    prepared: &PreparedRequest,
) -> Option<Grant> {
    // What lets in another account, or its users and roles, is a change of policies as often as a list: it stays denied.
    let is_of_no_account = || match &request.caller {
        Caller::Service { name } => name == LOG_DELIVERY,
        caller => *caller == Caller::Anonymous,
    };
    let grant = match request.action.as_str() {
        action if OPERATIONS.contains(&action) => Grant::OfKey,
        action if OF_LISTS.contains(&action) && is_of_no_account() => Grant::AccessList,
        _ => return None,
    };
    let is_enough =
        || matches!(set.evaluate_granted(prepared).outcome, Outcome::Allowed | Outcome::Undetermined);
    (outcome == Outcome::ImplicitlyDenied && is_enough()).then_some(grant)
}

impl Grant {
    /// What is not known, and why not.
    fn lack(self) -> Lack {
        let (what, why) = match self {
            Self::OfKey => (
                "whether a grant of the key allows it",
                "no policy does, AWS let it pass, and grants of KMS are in no snapshot",
            ),
            Self::AccessList => (
                "whether an access control list allows it",
                "no policy does, AWS let it pass, and access control lists of S3 are in no snapshot",
            ),
        };
        Lack { what: what.to_owned(), why: why.to_owned() }
    }
}

impl Judge {
    /// The decision on what no policy allows, where something else may.
    pub(in crate::replay) fn by_grant(&mut self, judged: &Judged, grant: Grant) -> Arc<Judged> {
        self.shared(Judged {
            outcome: Outcome::Undetermined,
            decided: Vec::new(),
            needs: vec![grant.lack()],
            deciders: Vec::new(),
            deciding_keys: Vec::new(),
            ..judged.clone()
        })
    }
}
