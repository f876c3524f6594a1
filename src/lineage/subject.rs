//! The parts of a federated subject: the repository, service account or user behind a token of an identity provider.
//!
//! The provider decides how a subject is read. Text that any provider could write is split by its form alone only for
//! platforms that people host themselves (Kubernetes, GitLab, Terraform Enterprise).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::aws::{Arn, Principal};

/// What the subject of a web identity says. Text is as the token had it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct WebIdentity {
    /// `github`, `kubernetes`, `cognito`, `cognito-user-pool`, `gitlab`, `terraform`, `bitbucket`, `circleci`,
    /// `google`, `facebook`, `amazon`; None for any other provider.
    pub platform: Option<&'static str>,
    /// The parts by name, as `repository` and `context`. A subject of no known form is kept whole, as `subject`, with
    /// its `provider`.
    pub parts: BTreeMap<&'static str, String>,
}

type Parts = BTreeMap<&'static str, String>;
type Names = &'static [&'static str];

/// Splits the subject of a token. The provider is an ARN (`…:oidc-provider/HOST/PATH`), a URL or a host.
#[must_use]
pub fn web_identity(provider: &str, subject: &str) -> WebIdentity {
    let issuer = issuer(provider);
    let (host, path) = issuer.split_once('/').unwrap_or((issuer, ""));
    let host = host.to_ascii_lowercase();
    let (platform, parts) = match host.as_str() {
        "token.actions.githubusercontent.com" => (Some("github"), github(subject)),
        "cognito-identity.amazonaws.com" => (Some("cognito"), cognito(subject)),
        "oidc.circleci.com" => (Some("circleci"), circleci(subject)),
        "api.bitbucket.org" => (Some("bitbucket"), bitbucket(path, subject)),
        "app.terraform.io" => (Some("terraform"), terraform(subject)),
        "gitlab.com" => (Some("gitlab"), gitlab(subject)),
        "accounts.google.com" => (Some("google"), user(subject)),
        "graph.facebook.com" => (Some("facebook"), user(subject)),
        "www.amazon.com" => (Some("amazon"), user(subject)),
        // GitHub Enterprise Server
        _ if path == "_services/token" => (Some("github"), github(subject)),
        _ => by_form(&host, path, subject),
    };
    let parts = parts.unwrap_or_else(|| some_parts([("subject", subject), ("provider", issuer)]));
    WebIdentity { platform, parts }
}

/// Whether a SAML provider (ARN), an issuer (URL), or a role or its session (ARN, path or name) belongs to IAM Identity
/// Center. A role's ARN must have the path of such roles; a session's ARN has no path, so its role's name is believed
/// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>).
#[must_use]
pub fn is_identity_center(provider_arn_or_issuer: &str) -> bool {
    let text = provider_arn_or_issuer;
    if let Some(arn) = Arn::parse(text) {
        return match arn.principal() {
            Some(Principal::Role { path, .. }) => path.strip_prefix('/').is_some_and(is_reserved),
            Some(Principal::RoleSession { role, .. }) => role.starts_with(ROLE),
            _ => arn.service == "iam" && arn.resource.starts_with(PROVIDER),
        };
    }
    let host = issuer(text).split('/').next().unwrap_or_default().to_ascii_lowercase();
    let of_aws = || [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end));
    let name = text.strip_prefix('/').unwrap_or(text);
    is_reserved(name)
        || name.starts_with(ROLE)
        || name.starts_with(PROVIDER)
        || host.starts_with("portal.sso.") && of_aws()
}

/// The permission set that Identity Center made a role for: of `AWSReservedSSO_SET_0123456789abcdef`, `SET`. None for
/// any other role. The role's name is without its path
/// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>).
#[must_use]
pub fn permission_set(role_name: &str) -> Option<&str> {
    let (set, suffix) = role_name.strip_prefix(ROLE)?.rsplit_once('_')?;
    let is_suffix = suffix.len() == 16 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_suffix && !set.is_empty()).then_some(set)
}

impl WebIdentity {
    /// The subject in words: `GitHub repository acme/web (ref:refs/heads/main)`.
    #[must_use]
    pub fn words(&self) -> String {
        let part = |name: &str| self.parts.get(name).map(String::as_str).filter(|part| !part.is_empty());
        let joined =
            |names: &[&str], by| names.iter().filter_map(|name| part(name)).collect::<Vec<_>>().join(by);
        let form = FORMS.iter().find(|(platform, _, names, ..)| {
            self.platform == Some(platform) && names.iter().any(|&name| part(name).is_some())
        });
        if let Some((_, what, names, before, context)) = form {
            let (name, context) = (joined(names, "/"), joined(context, " "));
            let context = if context.is_empty() { context } else { format!(" ({before}{context})") };
            return format!("{what} {name}{context}");
        }
        let subject = part("subject").map_or("unknown subject".to_owned(), |name| format!("subject {name}"));
        let provider = part("provider").map(|provider| format!(" of {provider}"));
        subject + &provider.unwrap_or_default()
    }
}

/// How a platform's subjects are put in words, `WHAT NAME/NAME (BEFORE CONTEXT CONTEXT)`: of the parts that are there,
/// and at least one of the names is. The first that fits is taken.
const FORMS: [(&str, &str, Names, &str, Names); 12] = [
    ("github", "GitHub repository", &["repository"], "", &["context"]),
    ("kubernetes", "Kubernetes service account", &["namespace", "service_account"], "", &[]),
    ("cognito", "Cognito identity", &["identity_id"], "pool ", &["identity_pool"]),
    ("cognito-user-pool", "Cognito user", &["user_id"], "pool ", &["user_pool"]),
    ("gitlab", "GitLab project", &["project"], "", &["ref_type", "ref"]),
    ("terraform", "Terraform", &["organization", "project", "workspace", "stack"], "", TERRAFORM),
    ("bitbucket", "Bitbucket repository", &["workspace", "repository_id"], "", &[]),
    ("circleci", "CircleCI project", &["vcs_origin"], "", &["vcs_ref"]),
    ("circleci", "CircleCI project", &["organization_id", "project_id"], "", &[]),
    ("google", "Google account", &["user_id"], "", &[]),
    ("facebook", "Facebook account", &["user_id"], "", &[]),
    ("amazon", "Login with Amazon account", &["user_id"], "", &[]),
];
const TERRAFORM: Names = &["run_phase", "deployment", "operation"];

/// What the roles of Identity Center begin with, in each account.
const ROLE: &str = "AWSReservedSSO_";
/// What its SAML provider begins with.
const PROVIDER: &str = "saml-provider/AWSSSO_";

fn is_reserved(path: &str) -> bool {
    path.starts_with("aws-reserved/sso.amazonaws.com/")
}

/// The provider without what an ARN or a URL has before the host, and without a slash at its end.
fn issuer(provider: &str) -> &str {
    let from_arn = Arn::parse(provider).and_then(|arn| arn.resource.strip_prefix("oidc-provider/"));
    let text = from_arn.unwrap_or(provider);
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    text.strip_suffix('/').unwrap_or(text)
}

/// What people host under names of their own, and what AWS hosts once a region.
fn by_form(host: &str, path: &str, subject: &str) -> (Option<&'static str>, Option<Parts>) {
    let cluster = eks_cluster(host, path);
    if let Some(mut parts) = kubernetes(subject) {
        parts.extend(cluster.unwrap_or_default());
        return (Some("kubernetes"), Some(parts));
    }
    if cluster.is_some() {
        return (Some("kubernetes"), None);
    }
    let pool_region = host.strip_prefix("cognito-idp.").and_then(|rest| rest.split_once(".amazonaws.com"));
    if let Some((region, _)) = pool_region {
        let parts = || some_parts([("user_id", subject), ("user_pool", path), ("region", region)]);
        return (Some("cognito-user-pool"), (!subject.is_empty()).then(parts));
    }
    match (gitlab(subject), terraform(subject)) {
        (Some(parts), _) => (Some("gitlab"), Some(parts)),
        (None, Some(parts)) => (Some("terraform"), Some(parts)),
        (None, None) => (None, None),
    }
}

/// `repo:OWNER/REPO:CONTEXT`, where the context is `ref:…`, `environment:…` or `pull_request`
/// (<https://docs.github.com/en/actions/reference/security/oidc>). Owner and repository may have `@ID`, which outlives
/// their names.
fn github(subject: &str) -> Option<Parts> {
    let rest = subject.strip_prefix("repo:")?;
    let (repository, context) = rest.split_once(':').unwrap_or((rest, ""));
    let (owner, name) = repository.split_once('/')?;
    let (owner, owner_id) = owner.split_once('@').unwrap_or((owner, ""));
    let (name, repository_id) = name.split_once('@').unwrap_or((name, ""));
    let repository = format!("{owner}/{name}");
    let named = !owner.is_empty() && !name.is_empty();
    named.then(|| {
        some_parts([
            ("repository", repository.as_str()),
            ("context", context),
            ("owner_id", owner_id),
            ("repository_id", repository_id),
        ])
    })
}

/// `system:serviceaccount:NAMESPACE:NAME`
/// (<https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>).
fn kubernetes(subject: &str) -> Option<Parts> {
    let (namespace, account) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let named = !namespace.is_empty() && !account.is_empty() && !account.contains(':');
    named.then(|| some_parts([("namespace", namespace), ("service_account", account)]))
}

/// `oidc.eks.REGION.amazonaws.com/id/CLUSTER`, or `oidc-eks.REGION.api.…` where a cluster has IPv6.
fn eks_cluster(host: &str, path: &str) -> Option<Parts> {
    let (region, domain) =
        host.strip_prefix("oidc.eks.").or_else(|| host.strip_prefix("oidc-eks."))?.split_once('.')?;
    let of_aws =
        matches!(domain, "amazonaws.com" | "amazonaws.com.cn" | "api.aws" | "api.amazonwebservices.com.cn");
    let cluster = path.strip_prefix("id/").filter(|id| !id.is_empty())?;
    of_aws.then(|| some_parts([("cluster", cluster), ("region", region)]))
}

/// The identity's id `REGION:UUID`; in a `principalId` it follows the provider and the identity pool's id
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html>).
fn cognito(subject: &str) -> Option<Parts> {
    let ids = subject.strip_prefix("cognito-identity.amazonaws.com:").unwrap_or(subject);
    let pieces: Vec<&str> = ids.split(':').collect();
    if pieces.iter().any(|piece| piece.is_empty()) {
        return None;
    }
    match pieces.as_slice() {
        [region, id] => Some(some_parts([("identity_id", &format!("{region}:{id}")), ("region", region)])),
        [pool_region, pool, region, id] => Some(some_parts([
            ("identity_pool", &format!("{pool_region}:{pool}")),
            ("identity_id", &format!("{region}:{id}")),
            ("region", region),
        ])),
        _ => None,
    }
}

/// `project_path:GROUP/PROJECT:ref_type:TYPE:ref:NAME` (<https://docs.gitlab.com/ci/secrets/id_token_authentication/>).
fn gitlab(subject: &str) -> Option<Parts> {
    fields(subject, &[("project_path", "project"), ("ref_type", "ref_type"), ("ref", "ref")])
}

/// `organization:…:project:…:workspace:…:run_phase:…`, or `…:stack:…:deployment:…:operation:…`
/// (<https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens>).
fn terraform(subject: &str) -> Option<Parts> {
    const NAMES: [&str; 7] =
        ["organization", "project", "workspace", "run_phase", "stack", "deployment", "operation"];
    fields(subject, &NAMES.map(|name| (name, name)))
}

/// `{REPOSITORY}:{STEP}` or `{REPOSITORY}:{ENVIRONMENT}:{STEP}`, each a UUID in braces
/// (<https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/>); the
/// provider is `api.bitbucket.org/2.0/workspaces/WORKSPACE/pipelines-config/identity/oidc`.
fn bitbucket(path: &str, subject: &str) -> Option<Parts> {
    let workspace =
        path.strip_prefix("2.0/workspaces/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let ids: Option<Vec<&str>> = subject
        .split(':')
        .map(|id| id.strip_prefix('{')?.strip_suffix('}').filter(|id| !id.is_empty()))
        .collect();
    let (repository, environment, step) = match ids?.as_slice() {
        [repository, step] => (*repository, "", *step),
        [repository, environment, step] => (*repository, *environment, *step),
        _ => return None,
    };
    Some(some_parts([
        ("workspace", workspace),
        ("repository_id", repository),
        ("environment_id", environment),
        ("step_id", step),
    ]))
}

/// `org/ID/project/ID/user/ID`, then perhaps `/vcs-origin/HOST/OWNER/REPO/vcs-ref/REF`
/// (<https://circleci.com/docs/openid-connect-tokens/>).
fn circleci(subject: &str) -> Option<Parts> {
    let (organization, rest) = subject.strip_prefix("org/")?.split_once("/project/")?;
    let (project, rest) = rest.split_once("/user/")?;
    let (user, rest) = rest.split_once("/vcs-origin/").unwrap_or((rest, ""));
    let (origin, reference) = rest.split_once("/vcs-ref/").unwrap_or((rest, ""));
    let named = !organization.is_empty() && !project.is_empty();
    named.then(|| {
        some_parts([
            ("organization_id", organization),
            ("project_id", project),
            ("user_id", user),
            ("vcs_origin", origin),
            ("vcs_ref", reference),
        ])
    })
}

fn user(subject: &str) -> Option<Parts> {
    (!subject.is_empty()).then(|| some_parts([("user_id", subject)]))
}

/// The values of `key:value:key:value`, for the keys that are known, under our names; of two values the first. None if
/// the text does not begin with the first key and its value, or the pairs do not come out.
fn fields(subject: &str, keys: &[(&str, &'static str)]) -> Option<Parts> {
    let mut parts = Parts::new();
    let mut pieces = subject.split(':');
    while let Some(key) = pieces.next() {
        let value = pieces.next()?;
        if parts.is_empty() && (value.is_empty() || key != keys.first()?.0) {
            return None;
        }
        let known = keys.iter().find(|(known, _)| *known == key && !value.is_empty());
        if let Some((_, name)) = known {
            parts.entry(name).or_insert_with(|| value.to_owned());
        }
    }
    Some(parts)
}

/// Parts of these names and values; empty ones are left out.
fn some_parts<const N: usize>(pairs: [(&'static str, &str); N]) -> Parts {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    const EKS: &str =
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE539D4";

    #[track_caller]
    fn check(provider: &str, subject: &str, words: &str) {
        assert_eq!(web_identity(provider, subject).words(), words, "{provider} {subject}");
    }

    #[track_caller]
    fn check_parts(provider: &str, subject: &str, parts: &str) {
        let found = web_identity(provider, subject).parts;
        let found: Vec<String> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found.join(" "), parts, "{provider} {subject}");
    }

    #[test]
    fn a_github_subject_is_repository_and_context() {
        let subject = "repo:acme/web:ref:refs/heads/main";
        for provider in
            [GITHUB, "token.actions.githubusercontent.com", "https://Token.actions.githubusercontent.com/"]
        {
            check(provider, subject, "GitHub repository acme/web (ref:refs/heads/main)");
            check_parts(provider, subject, "context=ref:refs/heads/main repository=acme/web");
        }
        check(GITHUB, "repo:acme/web:pull_request", "GitHub repository acme/web (pull_request)");
        check(GITHUB, "repo:acme/web", "GitHub repository acme/web");
        let immutable = "context=environment:prod owner_id=12 repository=acme/web repository_id=34";
        check_parts(GITHUB, "repo:acme@12/web@34:environment:prod", immutable);
        check(GITHUB, "actor:ann", "subject actor:ann of token.actions.githubusercontent.com");
    }

    #[test]
    fn only_github_names_github_repositories() {
        let provider = "https://token.actions.githubusercontent.com.example.com";
        assert_eq!(web_identity(provider, "repo:acme/web:pull_request").platform, None);
        for subject in ["x:y:project_path:a/b", "system:serviceaccount:a:b:c", "user_id:project_path"] {
            assert_eq!(web_identity(provider, subject).platform, None, "{subject}");
        }
        check("https://git.example.com/_services/token", "repo:a/b", "GitHub repository a/b");
    }

    #[test]
    fn a_service_account_has_its_cluster_where_the_provider_is_eks() {
        let subject = "system:serviceaccount:shop:worker";
        check(EKS, subject, "Kubernetes service account shop/worker");
        let parts = "cluster=EXAMPLE539D4 namespace=shop region=eu-west-1 service_account=worker";
        check_parts(EKS, subject, parts);
        check_parts("https://k8s.example.com", subject, "namespace=shop service_account=worker");
        assert_eq!(web_identity(EKS, "system:serviceaccount:shop").platform, Some("kubernetes"));
    }

    #[test]
    fn cognito_names_an_identity_and_perhaps_its_pool() {
        let provider = "cognito-identity.amazonaws.com";
        check(provider, "us-east-1:1-2", "Cognito identity us-east-1:1-2");
        let principal_id = "cognito-identity.amazonaws.com:us-east-1:0-0:us-east-1:1-2";
        check(provider, principal_id, "Cognito identity us-east-1:1-2 (pool us-east-1:0-0)");
        let users = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE";
        check(users, "1-2", "Cognito user 1-2 (pool eu-west-1_EXAMPLE)");
    }

    #[test]
    fn other_builders_are_split_too() {
        let subject = "project_path:group/sub/web:ref_type:branch:ref:main";
        check("gitlab.com", subject, "GitLab project group/sub/web (branch main)");
        check_parts("https://git.example.com", subject, "project=group/sub/web ref=main ref_type=branch");
        for (subject, words) in [
            ("organization:a:project:My Shop:workspace:web:run_phase:plan", "Terraform a/My Shop/web (plan)"),
            (
                "organization:a:project:p:stack:s:deployment:dev:operation:apply",
                "Terraform a/p/s (dev apply)",
            ),
            ("organization:a:project", "subject organization:a:project of app.terraform.io"),
        ] {
            check("https://app.terraform.io", subject, words);
        }
        let bitbucket = "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc";
        check(bitbucket, "{r-1}:{s-1}", "Bitbucket repository acme/r-1");
        let parts = "environment_id=e-1 repository_id=r-1 step_id=s-1 workspace=acme";
        check_parts(bitbucket, "{r-1}:{e-1}:{s-1}", parts);
        let circle = "oidc.circleci.com/org/o-1";
        check(circle, "org/o-1/project/p-1/user/u-1", "CircleCI project o-1/p-1");
        let subject = "org/o/project/p/user/u/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main";
        check(circle, subject, "CircleCI project github.com/acme/web (refs/heads/main)");
    }

    #[test]
    fn people_are_accounts_and_the_rest_is_plain() {
        check("accounts.google.com", "1136", "Google account 1136");
        check("https://id.example.com/x/", "ann", "subject ann of id.example.com/x");
        check("", "ann", "subject ann");
        check("accounts.google.com", "", "unknown subject of accounts.google.com");
    }

    #[test]
    fn identity_center_is_known_by_provider_issuer_and_role() {
        let role = "AWSReservedSSO_Admin_0123456789abcdef";
        for text in [
            "arn:aws:iam::111122223333:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE",
            "https://portal.sso.eu-west-1.amazonaws.com/saml/assertion/EXAMPLE",
            &format!("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-2/{role}"),
            &format!("arn:aws:sts::111122223333:assumed-role/{role}/ann"),
            "/aws-reserved/sso.amazonaws.com/",
            role,
        ] {
            assert!(is_identity_center(text), "{text}");
        }
        for text in [
            "",
            "arn:aws:iam::111122223333:saml-provider/Okta",
            &format!("arn:aws:iam::111122223333:role/{role}"),
            "arn:aws:s3:::saml-provider/AWSSSO_",
            "https://portal.sso.example.com/",
            "https://example.com/portal.sso.eu-west-1.amazonaws.com",
        ] {
            assert!(!is_identity_center(text), "{text}");
        }
    }

    #[test]
    fn a_permission_set_is_what_stands_before_the_suffix() {
        assert_eq!(permission_set("AWSReservedSSO_Read_Only_0123456789abcdef"), Some("Read_Only"));
        for end in ["Admin", "_0123456789abcdef", "A_0123456789abcdeg", ""] {
            assert_eq!(permission_set(&format!("AWSReservedSSO_{end}")), None, "{end}");
        }
        assert_eq!(permission_set("Admin_0123456789abcdef"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(host in any::<String>(), rest in "[a-z:/{}@é-]{0,30}") {
            let known = "token.actions.githubusercontent.com cognito-identity.amazonaws.com oidc.circleci.com \
                api.bitbucket.org/2.0/workspaces/ app.terraform.io accounts.google.com oidc.eks.é.amazonaws.com/id/";
            let begins = ["", "repo:", "org/", "project_path:", "organization:", "system:serviceaccount:", "{"];
            for provider in known.split(' ').chain([host.as_str(), EKS]) {
                for subject in begins.iter().flat_map(|begin| [format!("{begin}{host}"), format!("{begin}{rest}")]) {
                    let identity = web_identity(provider, &subject);
                    prop_assert!(identity.words().len() >= 8, "{:?}", identity);
                    prop_assert!(identity.parts.values().all(|part| !part.is_empty()), "{:?}", identity);
                    let role = format!("{ROLE}{subject}");
                    prop_assert!(permission_set(&role).is_none_or(|set| role.contains(set)));
                    prop_assert!(is_identity_center(&role));
                }
            }
        }
    }
}
