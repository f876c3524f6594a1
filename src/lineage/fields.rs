//! The fields of a record that tell who called, and the one rule by which they do.

use xxhash_rust::xxh3::xxh3_64;

use super::{Class, OWN_PASSWORD};
use crate::aws::HIDDEN;

/// The fields of a record that tell who called; each is the column of the same name.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    missing_docs,
    reason = "every field is the column of the same name, documented once in lake::Column"
)]
pub struct CallerFields<'a> {
    pub identity_type: Option<&'a str>,
    pub event_source: Option<&'a str>,
    pub event_name: Option<&'a str>,
    pub error_code: Option<&'a str>,
    pub error_message: Option<&'a str>,
    pub invoked_by: Option<&'a str>,
    pub identity_account_id: Option<&'a str>,
    pub session_issuer_account_id: Option<&'a str>,
    pub account: Option<&'a str>,
    pub access_key_id: Option<&'a str>,
    pub identity_arn: Option<&'a str>,
    pub principal_id: Option<&'a str>,
    pub user_name: Option<&'a str>,
    pub identity_provider: Option<&'a str>,
    pub on_behalf_of_user_id: Option<&'a str>,
    pub on_behalf_of_identity_store_arn: Option<&'a str>,
    pub shared_event_id: Option<&'a str>,
    pub session_created_micros: Option<i64>,
}

/// The event source of sign-ins.
pub(super) const SIGN_IN: &str = "signin.amazonaws.com";

/// What anybody can do who knows a name, or before all that a sign-in takes is done: to ask for root's password anew
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reset-root-password.html>), to be asked for a part of a sign-in and to
/// answer (<https://docs.aws.amazon.com/workspaces/latest/adminguide/signin-events.html>).
const BEFORE_SIGN_IN: [&str; 3] =
    ["PasswordRecoveryRequested", "CredentialChallenge", "CredentialVerification"];

/// What tells the calls of a user that neither a key nor a session signed from its sign-ins.
const UNSIGNED: &str = "unsigned";

fn said(field: Option<&str>) -> bool {
    field.is_some_and(|text| !text.is_empty())
}

/// Whether a field tells a name.
fn names(field: Option<&str>) -> bool {
    field.is_some_and(|text| !text.is_empty() && !text.starts_with(HIDDEN))
}

impl CallerFields<'_> {
    /// The class of the caller.
    #[must_use]
    pub fn class(&self) -> Class {
        if self.is_attempt() {
            return Class::Nobody;
        }
        let named = said(self.identity_arn) || said(self.access_key_id) || said(self.principal_id);
        let portal = || {
            self.event_source.is_some_and(|source| source.starts_with("sso") || source.starts_with("signin"))
                && (names(self.user_name) || said(self.on_behalf_of_user_id))
        };
        match self.identity_type {
            Some("AWSService") => Class::Service,
            None | Some("") if said(self.invoked_by) => Class::Service,
            Some("SAMLUser" | "WebIdentityUser" | "IdentityCenterUser") => Class::Outside,
            Some("AWSAccount") => Class::Account,
            Some("Unknown") if portal() => Class::Outside,
            Some("AssumedRole" | "IAMUser" | "Root" | "FederatedUser" | "Role" | "Directory")
                if named || names(self.user_name) =>
            {
                Class::Credential
            }
            // A type that is not known, or none: a key signed all the same, of the record's own account.
            _ if said(self.access_key_id) && said(self.identity_arn) && self.is_of_own_account() => {
                Class::Credential
            }
            Some("Role" | "Unknown") if said(self.identity_account_id) && said(self.principal_id) => {
                Class::Account
            }
            _ => Class::Nobody,
        }
    }

    /// Whether nothing tells that the caller is of another account than the record.
    fn is_of_own_account(&self) -> bool {
        let home = self.identity_account_id.filter(|account| !account.is_empty());
        home.zip(self.account).is_none_or(|(home, account)| home == account)
    }

    /// Whether somebody only tried to sign in, or asked for what leads there: the record names whom it was tried as, and proves
    /// neither that it was that one nor that a password was known. A sign-in that failed has an error message
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>);
    /// of a sign-in in parts only the last part proves it
    /// (<https://docs.aws.amazon.com/workspaces/latest/adminguide/signin-events.html>). Whoever switches roles signed in before.
    #[must_use]
    pub fn is_attempt(&self) -> bool {
        if self.event_source != Some(SIGN_IN)
            || said(self.access_key_id)
            || self.session_created_micros.is_some()
        {
            return false;
        }
        let by_itself = matches!(
            self.identity_type,
            Some("IAMUser" | "Root" | "IdentityCenterUser" | "Unknown" | "SAMLUser")
        );
        let failed = said(self.error_code) || said(self.error_message);
        let switches = matches!(self.event_name, Some("SwitchRole" | "RenewRole" | "ExitRole"));
        by_itself
            && (self.event_name.is_some_and(|name| BEFORE_SIGN_IN.contains(&name)) || (failed && !switches))
    }

    /// Whether a user or root signed in, or did something else at the sign-in pages, which neither a key nor a session signs:
    /// they also change a password that has to be changed
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_admin-change-user.html>). All other calls
    /// that neither signs are those of another caller: nothing tells that a password led to them.
    fn is_of_sign_in(&self) -> bool {
        self.event_source == Some(SIGN_IN)
            || (self.event_source == Some("iam.amazonaws.com") && self.event_name == Some(OWN_PASSWORD))
    }

    /// The id of the caller; None for nobody.
    ///
    /// A principal of another account is one for each request to STS that two accounts recorded: their records of it have
    /// one `sharedEventID`, and nothing else joins them
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
    ///
    /// It is the 64-bit XXH3 of what tells callers of the class apart, so it is the same in every lake. Two of a million
    /// callers are taken for one with a probability of 3 in 100 million.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.id_in(&mut Vec::new())
    }

    /// The same, composed in `scratch`, which a loop over many records gives again.
    #[must_use]
    pub fn id_in(&self, scratch: &mut Vec<u8>) -> Option<i64> {
        let class = self.class();
        let home = self
            .identity_account_id
            .or(self.session_issuer_account_id)
            .or(self.account)
            .filter(|account| !account.is_empty());
        let named = said(self.identity_arn) || said(self.principal_id);
        let of_user = matches!(self.identity_type, Some("IAMUser" | "Root"));
        let unsigned = of_user && !said(self.access_key_id) && self.session_created_micros.is_none();
        let parts: [Option<&str>; 5] = match class {
            Class::Nobody => return None,
            Class::Credential => [
                home,
                self.access_key_id,
                self.identity_arn,
                if named { self.principal_id } else { self.user_name },
                (unsigned && !self.is_of_sign_in()).then_some(UNSIGNED),
            ],
            Class::Service => [self.invoked_by, None, None, None, None],
            Class::Outside => [
                self.identity_type,
                self.identity_provider,
                self.user_name,
                self.principal_id,
                self.on_behalf_of_user_id,
            ],
            // A role session's unique id is that of everybody who chose its name: who it was only the other account's
            // record of the same request tells.
            Class::Account => {
                let request = self.shared_event_id.filter(|_| self.event_source == Some("sts.amazonaws.com"));
                [home, self.principal_id, request, None, None]
            }
        };
        scratch.clear();
        scratch.push(class as u8);
        for (place, part) in parts.into_iter().enumerate() {
            if place > 0 {
                // What separates the parts stands in none of them: text of JSON holds no byte 255.
                scratch.push(0xFF);
            }
            scratch.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        // The same id in another identity store is another person.
        if let (Class::Outside, Some(store)) = (class, self.on_behalf_of_identity_store_arn) {
            scratch.push(0xFF);
            scratch.extend_from_slice(store.as_bytes());
        }
        if let (Class::Credential, Some(micros)) = (class, self.session_created_micros) {
            scratch.extend_from_slice(micros.div_euclid(1_000_000).to_string().as_bytes());
        }
        scratch.push(0xFF);
        Some(i64::from_le_bytes(xxh3_64(scratch).to_le_bytes()))
    }
}
