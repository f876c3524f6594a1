//! Amazon Resource Names, and the principals that they name.

use super::AccountId;

/// The parts of an ARN, `arn:partition:service:region:account:resource`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>). Region and account are empty where the
/// service has none; the resource holds all that follows the fifth colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov` and so on.
    pub partition: &'a str,
    /// The service's namespace: `iam`, `sts`, `s3`.
    pub service: &'a str,
    /// The region, or empty.
    pub region: &'a str,
    /// The account as it is written, or empty; `aws` for what AWS owns.
    pub account: &'a str,
    /// Type and name, as `role/path/name` or `function:name`.
    pub resource: &'a str,
}

/// Who an ARN of IAM or STS stands for
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>). A path is `/` or
/// begins and ends with `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal<'a> {
    /// The account itself: its root user.
    Root,
    /// An IAM user.
    User {
        /// Its path.
        path: &'a str,
        /// Its friendly name.
        name: &'a str,
    },
    /// An IAM role.
    Role {
        /// Its path.
        path: &'a str,
        /// Its friendly name.
        name: &'a str,
    },
    /// A session of a role. Its ARN has the role's name without the path.
    RoleSession {
        /// The role's friendly name.
        role: &'a str,
        /// The session's name, which its caller chose.
        session: &'a str,
    },
    /// A user of `GetFederationToken`.
    FederatedUser {
        /// The name that the caller chose.
        name: &'a str,
    },
}

impl<'a> Arn<'a> {
    /// Splits at the first five colons. `None` if the text does not begin with `arn:aws`, has fewer parts, or one of
    /// service and resource is empty.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.strip_prefix("arn:")?;
        let mut next = || {
            let at = memchr::memchr(b':', rest.as_bytes())?;
            let part = rest.get(..at)?;
            rest = rest.get(at + 1..)?;
            Some(part)
        };
        let (partition, service, region, account) = (next()?, next()?, next()?, next()?);
        let arn = Self { partition, service, region, account, resource: rest };
        let is_arn = arn.partition.starts_with("aws") && !arn.service.is_empty() && !arn.resource.is_empty();
        is_arn.then_some(arn)
    }

    /// The account, where it is twelve digits.
    #[must_use]
    pub fn account_id(self) -> Option<AccountId> {
        AccountId::parse(self.account)
    }

    /// The principal that it names; `None` for every other resource.
    #[must_use]
    pub fn principal(self) -> Option<Principal<'a>> {
        match (self.service, self.resource.split_once('/')) {
            ("iam", None) if self.resource == "root" => Some(Principal::Root),
            ("iam", Some(("user", _))) => {
                path_and_name(self.resource, "user").map(|(path, name)| Principal::User { path, name })
            }
            ("iam", Some(("role", _))) => {
                path_and_name(self.resource, "role").map(|(path, name)| Principal::Role { path, name })
            }
            ("sts", Some(("assumed-role", rest))) => {
                let (role, session) = rest.split_once('/')?;
                let named = !role.is_empty() && !session.is_empty();
                named.then_some(Principal::RoleSession { role, session })
            }
            ("sts", Some(("federated-user", name))) if !name.is_empty() => {
                Some(Principal::FederatedUser { name })
            }
            _ => None,
        }
    }
}

/// `role/team/ops/deploy` is the path `/team/ops/` and the name `deploy`.
fn path_and_name<'a>(resource: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    let rest = resource.strip_prefix(kind)?;
    let (path, name) = rest.split_at_checked(rest.rfind('/')? + 1)?;
    (!name.is_empty()).then_some((path, name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn principal(text: &str) -> Option<Principal<'_>> {
        Arn::parse(text)?.principal()
    }

    #[test]
    fn an_arn_is_split_at_its_first_five_colons() {
        let arn = Arn::parse("arn:aws-cn:lambda:cn-north-1:111122223333:function:name:alias").unwrap();
        assert_eq!((arn.partition, arn.service, arn.region), ("aws-cn", "lambda", "cn-north-1"));
        assert_eq!(arn.account_id(), AccountId::parse("111122223333"));
        assert_eq!(arn.resource, "function:name:alias");
    }

    #[test]
    fn what_lacks_a_part_is_no_arn() {
        for text in [
            "",
            "arn",
            "arn:aws:iam::111122223333",
            "arn:aws:iam::1:",
            "arn:x:iam::1:root",
            "aws:iam::1:root:x",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
        assert_eq!(Arn::parse("arn:aws:s3:::bucket/key").unwrap().account_id(), None);
    }

    #[test]
    fn users_and_roles_have_a_path_and_a_name() {
        assert_eq!(
            principal("arn:aws:iam::111122223333:user/ann"),
            Some(Principal::User { path: "/", name: "ann" })
        );
        assert_eq!(
            principal("arn:aws:iam::111122223333:role/team/ops/deploy"),
            Some(Principal::Role { path: "/team/ops/", name: "deploy" })
        );
    }

    #[test]
    fn sessions_name_their_role_and_themselves() {
        assert_eq!(
            principal("arn:aws:sts::111122223333:assumed-role/deploy/ann@example.com"),
            Some(Principal::RoleSession { role: "deploy", session: "ann@example.com" })
        );
        assert_eq!(
            principal("arn:aws:sts::111122223333:federated-user/ann"),
            Some(Principal::FederatedUser { name: "ann" })
        );
        assert_eq!(principal("arn:aws:iam::111122223333:root"), Some(Principal::Root));
    }

    #[test]
    fn other_resources_are_no_principals() {
        for text in [
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam::111122223333:userx/a",
            "arn:aws:iam::111122223333:policy/a",
            "arn:aws:sts::111122223333:assumed-role/deploy",
            "arn:aws:sts::111122223333:assumed-role//s",
            "arn:aws:s3:::root",
        ] {
            assert_eq!(principal(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>(), rest in "[a-z:/]{0,30}") {
            for text in [text, format!("arn:aws:iam::1:{rest}"), format!("arn:aws:sts::1:{rest}")] {
                let principal = Arn::parse(&text).and_then(Arn::principal);
                prop_assert!(principal.is_none() || text.starts_with("arn:aws"));
            }
        }
    }
}
