//! Names that a record leaves incomplete: paths of IAM entities, and the user that a call means where it names none.

use super::Call;
use crate::aws::{AccountId, Arn};
use crate::catalog::Action;
use crate::catalog::resource::Certainty;
use crate::policy::Resource;
use crate::snapshot::{Membership, Snapshot};

/// Calls that mean the calling user where they name none
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html> and the pages of the others); a change
/// of password is always the caller's own
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html>). Sorted.
const OF_CALLER: [&str; 20] = [
    "ChangePassword",
    "CreateAccessKey",
    "CreateLoginProfile",
    "DeactivateMFADevice",
    "DeleteAccessKey",
    "DeleteLoginProfile",
    "DeleteServiceSpecificCredential",
    "DeleteSigningCertificate",
    "GetLoginProfile",
    "GetUser",
    "ListAccessKeys",
    "ListMFADevices",
    "ListSSHPublicKeys",
    "ListServiceSpecificCredentials",
    "ListSigningCertificates",
    "ResetServiceSpecificCredential",
    "UpdateAccessKey",
    "UpdateServiceSpecificCredential",
    "UpdateSigningCertificate",
    "UploadSigningCertificate",
];

/// The ARN with path of a user, role, group or policy of a customer, whose ARN is given without one; None where the snapshot
/// does not have it. Names are unique in an account
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
pub(super) fn with_path(snapshot: &Snapshot, arn: &str) -> Option<String> {
    let parsed = Arn::parse(arn)?;
    let (kind, name) = parsed.resource.split_once('/')?;
    let account = snapshot.accounts.get(&parsed.account_id()?);
    match kind {
        "user" => account?.users.get(name).map(|user| user.arn.clone()),
        "role" => account?.roles.get(name).map(|role| role.arn.clone()),
        "group" => account?.groups.get(name).map(|group| group.arn.clone()),
        "policy" => {
            let begin = arn.strip_suffix(name)?;
            let own = snapshot.managed.range(begin.to_owned()..).map(|(arn, _)| arn);
            let mut own = own.take_while(|arn| arn.starts_with(begin));
            own.find(|arn| arn.rsplit('/').next() == Some(name)).cloned()
        }
        _ => None,
    }
}

/// The role of an instance profile, whose ARN lacks the path where it was given by its name; None where the snapshot does not
/// have it. Names are unique in an account, and a profile holds one role
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html>).
pub(super) fn role_of_profile<'s>(snapshot: &'s Snapshot, profile: &str) -> Option<&'s str> {
    let parsed = Arn::parse(profile)?;
    let (_, path) = parsed.resource.split_once('/')?;
    let details = snapshot.accounts.get(&parsed.account_id()?)?;
    let is_it = |own: &String| own == profile || !path.contains('/') && own.rsplit('/').next() == Some(path);
    let role = details.roles.values().find(|role| role.instance_profiles.iter().any(is_it));
    role.map(|role| role.arn.as_str())
}

/// The ARN of a part of the caller's organization, with the account and the id that no record tells: the management account's, and
/// the organization's (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>, `Arn`). Handshakes and
/// transfers may be of another organization. None where nothing is known of it.
pub(super) fn in_organization(snapshot: &Snapshot, arn: &str, caller: AccountId) -> Option<String> {
    let Membership::Known(organization) = &snapshot.membership else { return None };
    let management = organization.management_account?;
    let is_of_it = management == caller || organization.nodes.contains_key(&caller.to_string());
    let (head, rest) = arn.split_once(":organizations::*:").filter(|_| is_of_it)?;
    if rest.starts_with("handshake/") || rest.starts_with("responsibilitytransfer/") {
        return None;
    }
    let rest = match &organization.id {
        Some(id) => rest.replacen("/o-*", &format!("/{id}"), 1),
        None => rest.to_owned(),
    };
    Some(format!("{head}:organizations::{management}:{rest}"))
}

/// What stands for an entity whose path is not known, as that of one that is no longer in the account: one of that name under
/// any path.
pub(super) fn any_path(arn: &str) -> Resource {
    match arn.split_once('/') {
        Some((head, name)) => Resource::Pattern(format!("{head}/*{name}")),
        None => Resource::Unknown,
    }
}

/// What stands for a passed role that the snapshot does not have: any role of the account for that of an instance profile, one
/// of any path for a role by its name.
pub(super) fn any_role(arn: String, certainty: Certainty, is_profile: bool) -> (String, Certainty) {
    let Some((head, name)) = arn.split_once(":role/").or_else(|| arn.split_once(":instance-profile/")) else {
        return (arn, certainty);
    };
    match certainty {
        _ if is_profile => (format!("{head}:role/*"), Certainty::Pattern),
        Certainty::PathUnknown => (format!("{head}:role/*{name}"), Certainty::Pattern),
        _ => (arn, certainty),
    }
}

impl Call<'_> {
    /// The caller's ARN, where a call on a user names none and so means the user who calls.
    pub(super) fn caller_itself(&self, action: &Action) -> Option<String> {
        let means_caller = action.service == "iam" && OF_CALLER.binary_search(&action.name).is_ok();
        // Of a denied call the parameters are often left out.
        let is_told = self.evidence.parameters.is_some() || !self.is_denied;
        if !means_caller || !is_told || self.record.identity_type != Some("IAMUser") {
            return None;
        }
        let arn = self.record.identity_arn.and_then(Arn::parse)?;
        arn.resource.starts_with("user/").then(|| self.record.identity_arn.map(str::to_owned))?
    }
}

#[cfg(test)]
mod tests {
    use super::OF_CALLER;
    use crate::catalog::catalog;

    #[test]
    fn calls_that_mean_the_caller_are_actions_on_users() {
        assert!(OF_CALLER.is_sorted());
        for name in OF_CALLER {
            let action = catalog().action(&format!("iam:{name}")).unwrap_or_else(|| panic!("{name}"));
            assert!(action.resources.iter().any(|own| own.kind.name == "user"), "{name}");
        }
    }
}
