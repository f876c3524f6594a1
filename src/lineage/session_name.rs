//! What the name of a role session claims, and whether the verified origin bears it out.
//!
//! Whoever assumes a role chooses the session's name
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>), so a name is a claim and no proof, also
//! where it has the form that an SDK or a service gives. AWS chooses it for what runs with a role: EC2 gives the
//! instance's id (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::is_instance_id;
use crate::aws::{AccessKeyId, AccountId, IdKind, UniqueId};

/// What a session name says, by its form alone. Text is borrowed from the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim<'a> {
    /// A mail address, of a person mostly.
    MailAddress(&'a str),
    /// The unique id of a user (`AIDA…`) or a role (`AROA…`).
    UniqueId(&'a str),
    /// An access key id (see [`AccessKeyId`]).
    AccessKey(&'a str),
    /// An instance's id: `i-` and 8 or 17 hexadecimal digits.
    Instance(&'a str),
    /// An account id: twelve digits.
    Account(&'a str),
    /// A name that a tool or a service makes, which tells nobody's name.
    Tool(Tool),
    /// Anything else: may be a user's name.
    Name(&'a str),
}

/// A name that a program makes if nobody chooses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tool {
    /// What makes such names.
    pub maker: Maker,
    /// When the name was made, where it holds a time between 2006 and 2050.
    pub made_at: Option<DateTime<Utc>>,
}

/// What makes such names. SDKs and programs: as their source has it; services: as AWS's pages or public logs show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Maker {
    /// An AWS SDK, by its language.
    Sdk(&'static str),
    /// Another program: `Terraform`.
    Program(&'static str),
    /// An AWS service, for itself.
    Service(&'static str),
    /// An AWS service for a workload, whose id the name is or holds: `id of an ECS task`. Others give such names, too.
    Workload(&'static str),
    /// A number that is a time in milliseconds or nanoseconds: the Go SDK for Kubernetes service accounts and other
    /// web identities, among others.
    Number,
    /// A random UUID.
    Uuid,
}

/// Who is behind a session, as stronger evidence than its name tells. None and empty texts are not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Verified<'a> {
    /// The IAM user's name.
    pub user_name: Option<&'a str>,
    /// The unique id of the user or role; a role's may have `:session`.
    pub unique_id: Option<&'a str>,
    /// The id of the instance that acts.
    pub instance: Option<&'a str>,
    /// The subject of an identity provider, or the Identity Center user: a mail address or other.
    pub subject: Option<&'a str>,
    /// The account.
    pub account: Option<&'a str>,
    /// The AWS service: `ec2.amazonaws.com`.
    pub service: Option<&'a str>,
}

/// Whether a name and the verified origin fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// The name names the verified origin.
    Agrees,
    /// The name names another.
    Differs,
    /// The name, or what is verified, names nobody that could be compared.
    SaysNothing,
}

/// What a session name claims.
#[must_use]
pub fn claim(name: &str) -> Claim<'_> {
    let is_principal =
        |id: UniqueId<'_>| matches!(id.kind(), IdKind::User | IdKind::Role) && id.session().is_none();
    if is_mail_address(name) {
        Claim::MailAddress(name)
    } else if AccessKeyId::parse(name).is_some() {
        Claim::AccessKey(name)
    } else if UniqueId::parse(name).is_some_and(is_principal) {
        Claim::UniqueId(name)
    } else if is_instance_id(name) {
        Claim::Instance(name)
    } else if AccountId::parse(name).is_some() {
        Claim::Account(name)
    } else {
        tool(name).map_or(Claim::Name(name), Claim::Tool)
    }
}

/// Whether what a name claims is the verified origin. `other_users` are the known users' names; the verified one may be
/// among them. Case is ignored throughout, as IAM does in names
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
#[must_use]
pub fn agrees(claim: Claim<'_>, verified: Verified<'_>, other_users: &BTreeSet<String>) -> Agreement {
    match claim {
        Claim::MailAddress(mail) => mail_agrees(mail, verified),
        Claim::UniqueId(id) => id_agrees(id, verified),
        Claim::Instance(id) => instance_agrees(id, verified),
        // The account is often the one that is visited, not the caller's own: another one proves nothing.
        Claim::Account(account) if given(verified.account) == Some(account) => Agreement::Agrees,
        Claim::Account(_) | Claim::AccessKey(_) | Claim::Tool(_) => Agreement::SaysNothing,
        Claim::Name(name) => name_agrees(name, verified, other_users),
    }
}

impl Claim<'_> {
    /// The kind as JSON output names it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::MailAddress(_) => "mail-address",
            Self::UniqueId(_) => "unique-id",
            Self::AccessKey(_) => "access-key",
            Self::Instance(_) => "instance",
            Self::Account(_) => "account",
            Self::Tool(_) => "tool",
            Self::Name(_) => "name",
        }
    }

    /// The claim in words: `instance`, `made by the AWS SDK for Go`. No text of the name is in it.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::MailAddress(_) => "mail address".to_owned(),
            Self::UniqueId(id) => {
                format!("unique id of a {}", IdKind::of(id).map_or("principal", IdKind::words))
            }
            Self::AccessKey(id) => IdKind::of(id).map_or("access key", IdKind::words).to_owned(),
            Self::Tool(tool) => tool.maker.words(),
            Self::Instance(_) | Self::Account(_) | Self::Name(_) => self.kind().to_owned(),
        }
    }

    /// When the name was made, for names that hold a time.
    #[must_use]
    pub fn made_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Tool(tool) => tool.made_at,
            _ => None,
        }
    }
}

impl Maker {
    /// The maker in a sentence: `made by the AWS SDK for Go`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Sdk(language) => format!("made by the AWS SDK for {language}"),
            Self::Program(name) | Self::Service(name) => format!("made by {name}"),
            Self::Workload(what) => format!("{what}, by its form"),
            Self::Number => "time as a number".to_owned(),
            Self::Uuid => "random id".to_owned(),
        }
    }
}

/// What the digits at a name's end count.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
    Nanoseconds,
    /// 100 ns since the year 1.
    Ticks,
}

/// Beginnings that only digits follow, and what these count. The .NET SDK's is also that of the Tools for PowerShell
/// (<https://docs.aws.amazon.com/powershell/latest/userguide/shared-credentials-in-aws-powershell.html>).
const TIMED: [(&str, Maker, Unit); 12] = [
    ("botocore-session-", Maker::Sdk("Python, or the AWS CLI"), Unit::Seconds),
    ("AWS-CLI-session-", Maker::Program("the AWS CLI"), Unit::Seconds),
    ("aws-go-sdk-", Maker::Sdk("Go"), Unit::Nanoseconds),
    ("aws-sdk-java-", Maker::Sdk("Java"), Unit::Milliseconds),
    ("aws-sdk-js-session-", Maker::Sdk("JavaScript"), Unit::Milliseconds),
    ("aws-sdk-js-", Maker::Sdk("JavaScript"), Unit::Milliseconds),
    ("aws-sdk-kotlin-", Maker::Sdk("Kotlin"), Unit::Milliseconds),
    ("aws-dotnet-sdk-session-", Maker::Sdk(".NET"), Unit::Ticks),
    ("aws-sdk-php-", Maker::Sdk("PHP"), Unit::Milliseconds),
    ("assume-role-provider-", Maker::Sdk("Rust"), Unit::Milliseconds),
    ("assume-role-from-profile-", Maker::Sdk("Rust"), Unit::Milliseconds),
    ("web-identity-token-", Maker::Sdk("Rust"), Unit::Milliseconds),
];

/// Whole names. ECS's and EKS's are on AWS's pages
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html>,
/// <https://docs.aws.amazon.com/eks/latest/userguide/understanding-service-name-entries.html>).
const WHOLE: [(&str, Maker); 20] = [
    ("AWS-Crawler", Maker::Service("Glue")),
    ("AWS-SSO", Maker::Service("IAM Identity Center")),
    ("AWSCloudFormation", Maker::Service("CloudFormation")),
    ("AmazonMWAA-airflow", Maker::Service("MWAA")),
    ("AutoScaling", Maker::Service("EC2 Auto Scaling")),
    ("CognitoIdentityCredentials", Maker::Service("Cognito")),
    ("ConfigResourceCompositionSession", Maker::Service("AWS Config")),
    ("ECSNetworkingWithELB", Maker::Service("ECS")),
    ("EKS", Maker::Service("EKS")),
    ("GitHubActions", Maker::Program("GitHub Actions")),
    ("GlueJobRunnerSession", Maker::Service("Glue")),
    ("RolesAnywhereInternalSession", Maker::Service("IAM Roles Anywhere")),
    ("SLRManagement", Maker::Service("a service, for its own role")),
    ("SageMaker", Maker::Service("SageMaker")),
    ("Terraform", Maker::Program("Terraform")),
    ("configLambdaExecution", Maker::Service("AWS Config")),
    ("default_session", Maker::Sdk("Ruby")),
    ("ecs-service-scheduler", Maker::Service("ECS")),
    ("terraform", Maker::Program("Terraform")),
    ("web-identity", Maker::Sdk("JavaScript")),
];

/// Beginnings that anything may follow, but not nothing. The CDK's is followed by the user of the computer it ran on.
const BEGUN: [(&str, Maker); 14] = [
    ("AWSBackup-", Maker::Service("AWS Backup")),
    ("AWSCLI-", Maker::Program("the AWS CLI")),
    ("AWSCodeBuild-", Maker::Workload("id of a CodeBuild build")),
    ("AWSConfig-", Maker::Service("AWS Config")),
    ("AutoScaling-", Maker::Service("EC2 Auto Scaling")),
    ("AutoScalingDescribe", Maker::Service("EC2 Auto Scaling")),
    ("GitHubActions-", Maker::Program("GitHub Actions")),
    ("GitHubActions_", Maker::Program("GitHub Actions")),
    ("TrustedAdvisor_", Maker::Service("Trusted Advisor")),
    ("aws-cdk-", Maker::Program("the AWS CDK")),
    ("aws-cli-", Maker::Program("the AWS CLI")),
    ("awscli-", Maker::Program("the AWS CLI")),
    ("dbi-id-db-", Maker::Service("RDS")),
    ("terraform-run-", Maker::Program("HCP Terraform")),
];

/// From the year 1 to 1970, in 100 ns.
const TICKS_TO_1970: i64 = 621_355_968_000_000_000;
/// The beginnings of 2006, when there was no AWS yet, and of 2050: a number outside is no time of a session.
const SECONDS: std::ops::Range<i64> = 1_136_073_600..2_524_608_000;

fn tool(name: &str) -> Option<Tool> {
    timed(name).or_else(|| untimed(name).map(|maker| Tool { maker, made_at: None }))
}

fn timed(name: &str) -> Option<Tool> {
    let digits_after = |begin| name.strip_prefix(begin).filter(|rest| are_digits(rest));
    if let Some((digits, maker, unit)) =
        TIMED.iter().find_map(|&(begin, maker, unit)| Some((digits_after(begin)?, maker, unit)))
    {
        return Some(Tool { maker, made_at: instant(digits, unit) });
    }
    if let Some((number, stamp)) = name.strip_prefix("awslambda_").and_then(|rest| rest.split_once('_'))
        && are_digits(number)
        && are_digits(stamp)
    {
        let made_at = NaiveDateTime::parse_from_str(stamp, "%Y%m%d%H%M%S%3f").ok().map(|at| at.and_utc());
        return Some(Tool { maker: Maker::Service("Lambda"), made_at: made_at.filter(is_sensible) });
    }
    let unit = match name.len() {
        13 => Unit::Milliseconds,
        19 => Unit::Nanoseconds,
        _ => return None,
    };
    instant(name, unit).map(|at| Tool { maker: Maker::Number, made_at: Some(at) })
}

fn untimed(name: &str) -> Option<Maker> {
    let whole = WHOLE.iter().find(|(whole, _)| *whole == name);
    let begun =
        || BEGUN.iter().find(|(begin, _)| name.strip_prefix(begin).is_some_and(|rest| !rest.is_empty()));
    if let Some((_, maker)) = whole.or_else(begun) {
        return Some(*maker);
    }
    let number = name.strip_prefix("MandoService").map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    if number.is_some_and(are_digits) {
        Some(Maker::Service("Inspector"))
    } else if is_pod(name) {
        Some(Maker::Workload("name of an EKS pod"))
    } else if name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        Some(Maker::Workload("id of an ECS task"))
    } else {
        is_uuid(name).then_some(Maker::Uuid)
    }
}

fn instant(digits: &str, unit: Unit) -> Option<DateTime<Utc>> {
    let count: i64 = digits.parse().ok()?;
    let at = match unit {
        Unit::Seconds => DateTime::from_timestamp(count, 0)?,
        Unit::Milliseconds => DateTime::from_timestamp_millis(count)?,
        Unit::Nanoseconds => DateTime::from_timestamp_nanos(count),
        Unit::Ticks => DateTime::from_timestamp_nanos(count.checked_sub(TICKS_TO_1970)?.checked_mul(100)?),
    };
    is_sensible(&at).then_some(at)
}

fn is_sensible(at: &DateTime<Utc>) -> bool {
    SECONDS.contains(&at.timestamp())
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A mail address of the characters that a session name can have. A host without a dot is no domain.
fn is_mail_address(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.-".contains(&byte);
    text.split_once('@').is_some_and(|(local, domain)| {
        let labels_fit = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        !local.is_empty() && labels_fit && local.bytes().chain(domain.bytes()).all(fits)
    })
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `eks-CLUSTER-POD-UUID`; either name may be cut, and hold hyphens
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumedRoleUser.html>).
fn is_pod(name: &str) -> bool {
    let parts = name.strip_prefix("eks-").and_then(|rest| rest.split_at_checked(rest.len().checked_sub(36)?));
    parts.is_some_and(|(names, id)| {
        is_uuid(id) && names.strip_suffix('-').is_some_and(|names| names.contains('-'))
    })
}

fn mail_agrees(mail: &str, verified: Verified<'_>) -> Agreement {
    if names(verified).any(|name| same(name, mail) || same(name, local_part(mail))) {
        return Agreement::Agrees;
    }
    let someone_else = given(verified.user_name).is_some()
        || given(verified.subject).is_some_and(|subject| !is_opaque(subject));
    if someone_else { Agreement::Differs } else { Agreement::SaysNothing }
}

/// A role may be a step between the origin and the session: the id of another one is no contradiction.
fn id_agrees(id: &str, verified: Verified<'_>) -> Agreement {
    match given(verified.unique_id).and_then(UniqueId::parse) {
        Some(known) if known.id() == id => Agreement::Agrees,
        Some(_) if IdKind::of(id) == Some(IdKind::User) => Agreement::Differs,
        Some(_) | None => Agreement::SaysNothing,
    }
}

fn instance_agrees(id: &str, verified: Verified<'_>) -> Agreement {
    if let Some(known) = given(verified.instance) {
        return if same(known, id) { Agreement::Agrees } else { Agreement::Differs };
    }
    match given(verified.service).and_then(|service| service.split('.').next()) {
        Some("ec2") => return Agreement::Agrees,
        // Systems Manager hands out roles to instances, too.
        Some("ssm") => return Agreement::SaysNothing,
        Some(_) => return Agreement::Differs,
        None => {}
    }
    let known = given(verified.unique_id).and_then(UniqueId::parse);
    if known.and_then(UniqueId::session).is_some_and(|session| same(session, id)) {
        Agreement::Agrees
    } else if names(verified).next().is_some() || known.is_some_and(|known| known.kind() == IdKind::User) {
        Agreement::Differs
    } else {
        Agreement::SaysNothing
    }
}

fn name_agrees(name: &str, verified: Verified<'_>, other_users: &BTreeSet<String>) -> Agreement {
    if names(verified).any(|known| same(known, name) || same(local_part(known), name)) {
        return Agreement::Agrees;
    }
    let Verified { user_name, unique_id, instance, subject, account: _, service } = verified;
    let is_verified =
        [user_name, unique_id, instance, subject, service].into_iter().any(|one| given(one).is_some());
    let is_other_user = || other_users.iter().any(|user| same(user, name));
    if is_verified && is_other_user() { Agreement::Differs } else { Agreement::SaysNothing }
}

/// What the verified user or subject is called.
fn names(verified: Verified<'_>) -> impl Iterator<Item = &str> {
    [given(verified.user_name), given(verified.subject)].into_iter().flatten()
}

/// A subject that is a number, a UUID (also Cognito's `REGION:UUID`) or a long random token: it names somebody, but not
/// in a way that a mail address could contradict.
fn is_opaque(subject: &str) -> bool {
    let last = subject.rsplit(':').next().unwrap_or(subject);
    let is_id = last.len() >= 15 && last.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    is_id || subject.len() >= 40 && subject.bytes().all(is_token)
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn local_part(text: &str) -> &str {
    text.split_once('@').map_or(text, |(local, _)| local)
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests;
