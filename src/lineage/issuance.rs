//! Issuances: the records whose success made a credential, or a way in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Caller, is_name};
use crate::aws::{Arn, Principal};

/// What an issuance made, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuanceKind {
    /// `sts:AssumeRole`
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
    AssumeRole,
    /// `sts:AssumeRoleWithSAML`.
    Saml,
    /// `sts:AssumeRoleWithWebIdentity`.
    WebIdentity,
    /// `sts:AssumeRoot`: a session of the root of a member account.
    AssumeRoot,
    /// `sts:GetSessionToken`: a temporary key of the same user.
    SessionToken,
    /// `sts:GetFederationToken`.
    FederationToken,
    /// `signin:ConsoleLogin`.
    ConsoleLogin,
    /// `signin:SwitchRole` and `RenewRole`: a role in the console.
    SwitchRole,
    /// `sso:Federate`, `GetRoleCredentials`: from the access portal into a role. The response is hidden.
    Portal,
    /// `signin:CreateOAuth2Token`: `aws login` and agents.
    OAuth,
    /// `iam:CreateAccessKey`: a long-term key.
    AccessKey,
    /// `iam:CreateUser`.
    User,
    /// `iam:CreateLoginProfile`, `UpdateLoginProfile`, and `ChangePassword` by the user: a password.
    Password,
    /// `iam:CreateServiceSpecificCredential`, `ResetServiceSpecificCredential`, which gives it a new password
    /// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResetServiceSpecificCredential.html>),
    /// `UploadSigningCertificate`, `UploadSSHPublicKey`: other ways in.
    OtherWay,
    /// A call that made a session, or a sign-in, whose answer is hidden or absent, so that nothing tells which session it
    /// made; see [`super::find_hidden`].
    Hidden,
    /// Any other call that answered with a temporary key: Cognito, Roles Anywhere, EKS Pod Identity.
    Other,
}

impl IssuanceKind {
    /// The kind that the word of the query stands for.
    #[must_use]
    pub fn of_word(word: &str) -> IssuanceKind {
        match word {
            "assume-role" => Self::AssumeRole,
            "saml" => Self::Saml,
            "web-identity" => Self::WebIdentity,
            "assume-root" => Self::AssumeRoot,
            "session-token" => Self::SessionToken,
            "federation-token" => Self::FederationToken,
            "console-login" => Self::ConsoleLogin,
            "switch-role" => Self::SwitchRole,
            "portal" => Self::Portal,
            "oauth" => Self::OAuth,
            "access-key" => Self::AccessKey,
            "user" => Self::User,
            "password" => Self::Password,
            "other-way" => Self::OtherWay,
            "hidden" => Self::Hidden,
            _ => Self::Other,
        }
    }

    /// Whether whoever asked for it signs with the very key that it answers with, and no other call does. Sessions by SAML are
    /// often those of the console, whose keys no record tells, and not all of their calls say so; records of a sign-in answer
    /// with no key (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>).
    #[must_use]
    pub fn hands_its_key_out(self) -> bool {
        match self {
            Self::AssumeRole
            | Self::WebIdentity
            | Self::AssumeRoot
            | Self::SessionToken
            | Self::FederationToken
            | Self::Other => true,
            Self::Saml
            | Self::ConsoleLogin
            | Self::SwitchRole
            | Self::Portal
            | Self::OAuth
            | Self::AccessKey
            | Self::User
            | Self::Password
            | Self::Hidden
            | Self::OtherWay => false,
        }
    }

    /// Whether it made a way in for somebody.
    #[must_use]
    pub fn is_way_in(self) -> bool {
        matches!(self, Self::AccessKey | Self::User | Self::Password | Self::OtherWay)
    }

    /// Whether it made a session or its temporary key: what a link of delegation leads to. The others made a way in for
    /// somebody, who then acts for themselves; of one whose answer is hidden no link can be made.
    #[must_use]
    pub fn delegates(self) -> bool {
        !self.is_way_in() && self != Self::Hidden
    }
}

/// Where a record stands, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordRef {
    /// Its time, as logged.
    pub time: DateTime<Utc>,
    /// CloudTrail's id of the event; None where the record has none.
    pub event_id: Option<String>,
    /// The log object.
    pub object: String,
    /// The record's place in that object, from 0.
    pub index: i64,
    /// The operation.
    pub event_name: String,
    /// The account of the record.
    pub account: Option<String>,
    /// The region of the request.
    pub region: Option<String>,
}

impl RecordRef {
    /// The event id, or the place where there is none: what an answer names the record by.
    #[must_use]
    pub fn id(&self) -> String {
        self.event_id.clone().unwrap_or_else(|| format!("{}#{}", self.object, self.index))
    }
}

/// A record whose success made a credential or a way in. Text is as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuance {
    /// The record.
    pub record: RecordRef,
    /// What it made.
    pub kind: IssuanceKind,
    /// The access key id that it answered with.
    pub key: Option<String>,
    /// The ARN of the session that it made; made of role and session name where the answer does not name it.
    pub session_arn: Option<String>,
    /// The unique id of the session, or of the user that was made.
    pub session_id: Option<String>,
    /// The account in which the session acts.
    pub session_account: Option<String>,
    /// The role asked for, as its ARN.
    pub role: Option<String>,
    /// The permission set of a step in the access portal.
    pub permission_set: Option<String>,
    /// The user that a way in is for.
    pub user_name: Option<String>,
    /// The principal that switched to the role in the console, as its ARN.
    pub switch_from: Option<String>,
    /// The sign-in session that it belongs to.
    pub sign_in_session: Option<String>,
    /// The subject that an identity provider vouched for.
    pub subject: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// The id of a token by which AWS itself vouched for the subject: the GetWebIdentityToken by which somebody got it answers
    /// with the same
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_cross_partition_auditing.html>).
    pub token_id: Option<String>,
    /// The ARN of whoever got that token in another partition.
    pub source_principal: Option<String>,
    /// Whether a console sign-in used MFA.
    pub mfa: Option<bool>,
    /// The session tags, as JSON.
    pub tags: Option<String>,
    /// The source identity that the caller asked for.
    pub source_identity: Option<String>,
    /// Joins the copies of one request that two accounts recorded; None for Insights events, where it joins others.
    pub shared_event_id: Option<String>,
    /// Who called.
    pub caller: Caller,
    /// The copy of the same request that the caller's own account recorded, where another account's is this one.
    pub copy: Option<Box<Issuance>>,
}

impl Issuance {
    /// The name of the session, or of the federated user.
    #[must_use]
    pub fn session_name(&self) -> Option<&str> {
        match self.session_arn.as_deref().and_then(Arn::parse).and_then(Arn::principal)? {
            Principal::RoleSession { session, .. } => Some(session),
            Principal::FederatedUser { name } => Some(name),
            _ => None,
        }
    }

    /// The partition of AWS that it is in, as the caller's ARN tells it; `aws` where it has none
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
    #[must_use]
    pub fn partition(&self) -> &str {
        self.caller.arn.as_deref().and_then(Arn::parse).map_or("aws", |arn| arn.partition)
    }

    /// Who called, as the caller's own account tells it where its copy is here.
    #[must_use]
    pub fn maker(&self) -> &Caller {
        self.copy.as_ref().map_or(&self.caller, |copy| &copy.caller)
    }

    /// The session of a role, or the user, that switched to another role in the console: the ARN is all that the record
    /// tells of it (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>, `SwitchFrom`). None
    /// where nobody did who can: root cannot
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html>).
    #[must_use]
    pub fn switcher(&self) -> Option<Caller> {
        let from = self.switch_from.as_deref()?;
        let arn = Arn::parse(from)?;
        match arn.principal()? {
            Principal::RoleSession { .. } => Some(Caller::role_session(from, arn.account)),
            Principal::User { name, .. } => Some(Caller::user(from, arn.account, name)),
            _ => None,
        }
    }

    /// Whether whoever asked for it signs with the very key that it answers with, and no other call does. The console assumes
    /// the role that somebody switches to, and keeps the key
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>).
    #[must_use]
    pub fn hands_its_key_out(&self) -> bool {
        let by_console = |one: &Issuance| one.caller.invoked_by.as_deref().is_some_and(is_console);
        self.kind.hands_its_key_out() && !by_console(self) && !self.copy.as_deref().is_some_and(by_console)
    }

    /// Whether a user changed its own password by it, which takes the one before: no more is known of who set that one than
    /// of anybody else who knew it
    /// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html>).
    #[must_use]
    pub fn is_own_password(&self) -> bool {
        self.kind == IssuanceKind::Password && self.record.event_name == OWN_PASSWORD
    }

    /// Whether it made a way in for an account's root, as a call does that root itself makes and that names no user
    /// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html>).
    #[must_use]
    pub fn is_of_root(&self) -> bool {
        self.kind.is_way_in()
            && self.user_name.is_none()
            && self.maker().identity_type.as_deref() == Some("Root")
    }

    /// Whether the account that recorded it is that of the session and not of the caller.
    fn is_role_side(&self) -> bool {
        self.record.account == self.session_account && self.caller.account != self.record.account
    }

    /// Whether nothing that two records of one `sharedEventID` tell differs: in sanitised logs one id may stand for all.
    fn may_be_of_one_request(&self, other: &Issuance) -> bool {
        let agree = |own: &Option<String>, other: &Option<String>| {
            own.as_ref().zip(other.as_ref()).is_none_or(|(own, other)| own == other)
        };
        let apart = (self.record.time.timestamp() - other.record.time.timestamp()).abs();
        agree(&self.key, &other.key)
            && agree(&self.session_arn, &other.session_arn)
            && apart <= super::SLACK_SECONDS
    }

    /// Whether the account that recorded it is that of the caller and not of the session.
    fn is_caller_side(&self) -> bool {
        self.record.account == self.caller.account && self.session_account != self.record.account
    }
}

/// Whether what a record says of the service that made a call for its caller is the console.
pub(crate) fn is_console(invoked_by: &str) -> bool {
    matches!(invoked_by, "AWS Internal" | "signin.amazonaws.com")
}

/// The call by which a user changes its own password.
pub(crate) const OWN_PASSWORD: &str = "ChangePassword";

/// Each issuance once, in the order of their records: of several versions of one event in one account that counts which
/// says most of what was made, as a later one may add it, else the first; and the copies that two accounts recorded of one
/// request become one
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
/// `addendum`, `sharedEventID`).
#[must_use]
pub fn settle(mut issuances: Vec<Issuance>) -> Vec<Issuance> {
    let made = |issuance: &Issuance| (issuance.key.is_some(), issuance.session_arn.is_some());
    // Of the versions of an event the one that counts comes first.
    issuances.sort_by(|a, b| made(b).cmp(&made(a)).then_with(|| a.record.cmp(&b.record)));
    let mut seen = BTreeSet::new();
    issuances.retain(|issuance| {
        let Some(event_id) = &issuance.record.event_id else { return true };
        seen.insert((event_id.clone(), issuance.record.account.clone()))
    });
    issuances.sort_by(|a, b| a.record.cmp(&b.record));
    let is_shared = |issuance: &Issuance| issuance.kind.delegates() && issuance.shared_event_id.is_some();
    let role_sides: BTreeSet<String> = issuances
        .iter()
        .filter(|issuance| is_shared(issuance) && issuance.is_role_side())
        .filter_map(|issuance| issuance.shared_event_id.clone())
        .collect();
    let mut caller_sides: BTreeMap<String, Vec<Issuance>> = BTreeMap::new();
    let mut settled = Vec::with_capacity(issuances.len());
    for issuance in issuances {
        match &issuance.shared_event_id {
            Some(id) if is_shared(&issuance) && issuance.is_caller_side() && role_sides.contains(id) => {
                caller_sides.entry(id.clone()).or_default().push(issuance);
            }
            _ => settled.push(issuance),
        }
    }
    let mut joined = BTreeSet::new();
    for issuance in settled.iter_mut().filter(|issuance| issuance.is_role_side()) {
        let shared = issuance.shared_event_id.as_ref().and_then(|id| caller_sides.get(id));
        let copies = shared.into_iter().flatten().filter(|copy| issuance.may_be_of_one_request(copy));
        let copies: Vec<&Issuance> = copies.collect();
        joined.extend(copies.iter().map(|copy| copy.record.clone()));
        issuance.copy = copies.first().map(|copy| Box::new((*copy).clone()));
    }
    // What only bears the id of another request stands for itself.
    let alone = caller_sides.into_values().flatten().filter(|side| !joined.contains(&side.record));
    settled.extend(alone);
    settled.sort_by(|a, b| a.record.cmp(&b.record));
    settled
}

/// A call that launched workloads: instances, functions, tasks, builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The record.
    pub record: RecordRef,
    /// The workload's kind and id, as sessions of its role name it.
    pub workload: super::Workload,
    /// The role that was passed to it, as its ARN, name or instance profile.
    pub role_passed: Option<String>,
    /// Of a task and of its definition the ARN of the role with which ECS fetches what it needs to run it: sessions of this
    /// one bear the task's id, too
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html>).
    pub execution_role: Option<String>,
    /// Of a task the ARN of its definition, which gives it its role where the launch passed none
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>); of a build that of its project, which
    /// says what it runs (<https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>).
    pub task_definition: Option<String>,
    /// What it says of a function's layers.
    pub layers: Layers,
    /// The version of a function that it published; [`Launch::UNTOLD_VERSION`] where its answer does not tell which
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html>, and `Publish` of CreateFunction and
    /// UpdateFunctionCode).
    pub published: Option<String>,
    /// Who called.
    pub caller: Caller,
}

/// What a call says of a function's layers, whose code runs beside the function's own: the list that it passes takes the
/// place of the one before, and where it passes none that one stays
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// Nothing.
    Untold,
    /// It put some.
    Put,
    /// It took all away.
    Cleared,
}

impl Layers {
    /// What a list of layers says, as JSON.
    #[must_use]
    pub fn of(json: Option<&str>) -> Layers {
        match json.and_then(|json| serde_json::from_str(json).ok()) {
            Some(serde_json::Value::Array(list)) if list.is_empty() => Layers::Cleared,
            Some(serde_json::Value::Array(_)) => Layers::Put,
            _ => Layers::Untold,
        }
    }
}

/// Whether a call of this name gives a workload another role or layers, and leaves it as it is otherwise
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceIamInstanceProfileAssociation.html>).
#[must_use]
pub fn configures(event_name: &str) -> bool {
    event_name.starts_with("UpdateFunctionConfiguration")
        || matches!(event_name, "AssociateIamInstanceProfile" | "ReplaceIamInstanceProfileAssociation")
}

impl Launch {
    /// Stands for a version that is not told.
    pub const UNTOLD_VERSION: &'static str = "?";

    /// The role that was passed of the name with which a session acts, else the first.
    #[must_use]
    pub fn role_for(&self, role: Option<&str>) -> Option<&String> {
        let is_it = |passed: &&String| passed.rsplit('/').next() == role;
        self.execution_role.as_ref().filter(is_it).or(self.role_passed.as_ref())
    }

    /// The record that registered the definition of a launched task: it says what runs, and gives the roles that the launch
    /// did not pass itself. None where it is of no task.
    #[must_use]
    pub fn defined_by<'a>(&self, launches: impl IntoIterator<Item = &'a Launch>) -> Option<&'a Launch> {
        let definition = self.task_definition.as_ref()?;
        let is_it = |one: &&Launch| {
            one.workload.kind == "definition"
                && one.workload.id == *definition
                && one.record.account == self.record.account
                && one.record.time <= self.record.time
        };
        launches.into_iter().filter(is_it).max_by(|a, b| a.record.cmp(&b.record))
    }

    /// What a call may set of a project of CodeBuild that decides what its builds do: where the code and the commands come from,
    /// the image with its variables, the role. What UpdateProject does not pass stays as it was
    /// (<https://docs.aws.amazon.com/codebuild/latest/APIReference/API_UpdateProject.html>).
    pub const PROJECT_PARTS: [&'static str; 3] = ["source", "environment", "serviceRole"];

    /// The ids of what was set of a launched build's project, as the workloads of such calls have them; none where it is of no
    /// build.
    pub fn project_parts(&self) -> impl Iterator<Item = String> + '_ {
        let project = self.task_definition.as_ref().filter(|_| self.workload.kind == "build");
        let of = |project: &String| Self::PROJECT_PARTS.map(|part| format!("{part} {project}"));
        project.map(of).into_iter().flatten()
    }

    /// The records that set last, before a launched build, what it runs and with which role: those of its project. Each once, in
    /// order of time.
    #[must_use]
    pub fn projected_by<'a>(&self, launches: impl IntoIterator<Item = &'a Launch>) -> Vec<&'a Launch> {
        let mut last: BTreeMap<String, &Launch> = BTreeMap::new();
        let parts: BTreeSet<String> = self.project_parts().collect();
        for one in launches {
            let is_it = one.workload.kind == "project"
                && parts.contains(&one.workload.id)
                && one.record.account == self.record.account
                && one.record.time <= self.record.time;
            if is_it {
                let known = last.entry(one.workload.id.clone()).or_insert(one);
                if known.record < one.record {
                    *known = one;
                }
            }
        }
        let mut found: Vec<&Launch> = last.into_values().collect();
        found.sort_by(|a, b| a.record.cmp(&b.record));
        found.dedup_by(|a, b| a.record == b.record);
        found
    }

    /// The record that put a role into the instance profile which a launch passed, the last one before `moment`: a profile holds
    /// one role (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html>). None where it is of
    /// no instance.
    #[must_use]
    pub fn held_by<'a>(
        &self,
        launches: impl IntoIterator<Item = &'a Launch>,
        moment: Option<DateTime<Utc>>,
    ) -> Option<&'a Launch> {
        let profile = self.profile()?;
        let is_it = |one: &&Launch| {
            one.workload.kind == "profile"
                && is_name(&one.workload.id, profile)
                && one.record.account == self.record.account
                && moment.is_none_or(|moment| one.record.time <= moment)
        };
        launches.into_iter().filter(is_it).max_by(|a, b| a.record.cmp(&b.record))
    }

    /// The name of the instance profile that it passed to an instance.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        let passed = self.role_passed.as_deref().filter(|_| self.workload.kind == "instance")?;
        passed.rsplit('/').next()
    }

    /// Whether it only gives a workload another role or layers, see [`configures`].
    #[must_use]
    pub fn configures(&self) -> bool {
        configures(&self.record.event_name)
    }

    /// Whether it replaces a function's code, and leaves its role as it is
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html>).
    #[must_use]
    pub fn replaces_code(&self) -> bool {
        self.record.event_name.starts_with("UpdateFunctionCode")
    }

    /// Whether it only publishes a version of a function as others left it
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html>).
    #[must_use]
    pub fn only_publishes(&self) -> bool {
        self.record.event_name.starts_with("PublishVersion")
    }

    /// Whether it gives a workload something to act with: code, layers, a role.
    #[must_use]
    pub fn gives(&self) -> bool {
        let only_clears = self.configures() && self.role_passed.is_none() && self.layers == Layers::Cleared;
        !self.only_publishes() && !only_clears
    }
}
