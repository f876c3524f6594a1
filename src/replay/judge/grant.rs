//! Grants of KMS: they allow the use of a key beside its policy and the caller's own policies, and no snapshot holds them
//! (<https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>). So a call that AWS did not refuse, and that no
//! policy allows, may have had one; where AWS refused it, there was none.
//!
//! Grants allow and never deny: a `Deny` anywhere stays, and so does the lack of an allow in a ceiling. Who uses another
//! account's key needs the allow of his own account as well
//! (<https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html>).

use std::sync::Arc;

use super::{Judge, Judged};
use crate::policy::{CompiledSet, Outcome, PreparedRequest, Request};
use crate::replay::answer::Lack;

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

/// Whether a grant may allow what no policy allows.
pub(super) fn may_allow(
    outcome: Outcome,
    request: &Request,
    set: &CompiledSet,
    prepared: &PreparedRequest,
) -> bool {
    outcome == Outcome::ImplicitlyDenied
        && OPERATIONS.contains(&request.action.as_str())
        && matches!(set.evaluate_granted(prepared).outcome, Outcome::Allowed | Outcome::Undetermined)
}

impl Judge {
    /// The decision on what no policy allows, where a grant may.
    pub(in crate::replay) fn by_grant(&mut self, judged: &Judged) -> Arc<Judged> {
        let what = "whether a grant of the key allows it".to_owned();
        let why = "no policy does, AWS let it pass, and grants of KMS are in no snapshot".to_owned();
        self.shared(Judged {
            outcome: Outcome::Undetermined,
            decided: Vec::new(),
            needs: vec![Lack { what, why }],
            deciders: Vec::new(),
            deciding_keys: Vec::new(),
            ..judged.clone()
        })
    }
}
