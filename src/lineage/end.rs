//! Ends of chains: whom the last credential, or whoever called for its issuance, tells.

use chrono::{DateTime, Utc};

use super::origin::{Origin, OriginKind};
use super::sight::{Gap, Reason, Sight, stamp};
use super::subject;
use super::{Caller, Class, Issuance, IssuanceKind, Workload, is_open_person, is_telling};
use crate::aws::{Arn, IdKind, Principal};

/// The last credential of a chain, as far up as links lead.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// Who it is.
    pub caller: &'a Caller,
    /// Its first use.
    pub first: Option<DateTime<Utc>>,
    /// The issuance that made it, when whoever called it is no credential.
    pub issuance: Option<&'a Issuance>,
    /// Whether all calls of its session were made by services for it: AWS records no issuance of such sessions
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html>).
    pub forwarded: bool,
    /// Calls that may have made it and hide what they made, see [`super::find_hidden`].
    pub hidden: &'a [&'a Issuance],
}

impl End<'_> {
    /// Why no issuance is found for it.
    fn gap(self, sight: &Sight) -> Gap {
        match self.hidden {
            [] => sight.gap(self.caller, self.first),
            [first, others @ ..] => hidden_gap(first, others.len()),
        }
    }
}

/// Why a chain stops that would go through a call whose answer is hidden.
fn hidden_gap(first: &Issuance, others: usize) -> Gap {
    let record = &first.record;
    let (name, at, id) = (&record.event_name, stamp(record.time), record.id());
    let others = match others {
        0 => String::new(),
        1 => " (or another one of that moment)".to_owned(),
        some => format!(" (or one of {some} others of that moment)"),
    };
    Gap {
        reason: Reason::ResponseHidden,
        text: format!(
            "{name} at {at} ({id}){others} may have made this session, but its answer is hidden: no field tells which \
             session it made"
        ),
        hint: format!(
            "trace {id} for who called it; only a copy of that record with its responseElements would tell"
        ),
    }
}

/// The origin of a chain that ends here.
#[must_use]
pub fn origin(end: End<'_>, sight: &Sight) -> Origin {
    match end.issuance {
        Some(issuance) => of_issuance(end.caller, issuance, sight),
        None => of_caller(end, sight),
    }
}

/// Whoever called an issuance and is no credential.
fn of_issuance(session: &Caller, issuance: &Issuance, sight: &Sight) -> Origin {
    if let Some(from) = issuance.switch_from.as_deref() {
        return switched(from, issuance, sight);
    }
    let maker = issuance.maker();
    let by_certificate = maker.is_roles_anywhere();
    if (issuance.kind == IssuanceKind::Other || by_certificate)
        && let Some(subject) = issuance.subject.as_deref()
        && !matches!(maker.class, Class::Credential)
    {
        let provider = issuance.provider.clone().or_else(|| maker.invoked_by.clone());
        if provider.as_deref() == Some("rolesanywhere.amazonaws.com") {
            return Origin {
                name: Some(subject.to_owned()),
                account: issuance.record.account.clone(),
                provider,
                ..Origin::new(OriginKind::Certificate)
            };
        }
        return web(subject, provider);
    }
    match maker.class {
        Class::Service => Origin {
            name: maker.invoked_by.clone(),
            account: session.account.clone(),
            on_behalf_of: Workload::of_session(session, Some(issuance)),
            ..Origin::new(OriginKind::Service)
        },
        Class::Outside => {
            let found = person(session, outside(maker, Some(issuance)), issuance);
            match vouched_by_aws(issuance, sight) {
                Some(gap) => found.with_gap(gap),
                None => found,
            }
        }
        _ => of_caller(
            End { caller: maker, first: None, issuance: None, forwarded: false, hidden: &[] },
            sight,
        ),
    }
}

/// A user of Identity Center, with what the session that it led to says: the portal's records name the user or its id, and
/// the session both. Of a step that is not known to be the session's it is whom the session names.
fn person(session: &Caller, mut found: Origin, issuance: &Issuance) -> Origin {
    if found.kind != OriginKind::IdentityCenterUser {
        return found;
    }
    let name = session.session_name();
    if is_open_person(session, issuance) {
        return Origin { name: name.map(str::to_owned), user_id: None, identity_store: None, ..found };
    }
    let is_it = match (&found.user_id, &session.on_behalf_of) {
        (Some(own), Some(its)) => own == its,
        (None, Some(_)) => found.name.as_deref() == name,
        (_, None) => false,
    };
    if is_it {
        found.name = found.name.or_else(|| name.map(str::to_owned));
        found.user_id.clone_from(&session.on_behalf_of);
        found.identity_store = found.identity_store.or_else(|| session.identity_store.clone());
    }
    found
}

/// A subject of an identity provider.
fn outside(caller: &Caller, issuance: Option<&Issuance>) -> Origin {
    let subject = issuance.and_then(|issuance| issuance.subject.clone());
    let provider = issuance.and_then(|issuance| issuance.provider.clone());
    let provider = provider.or_else(|| caller.identity_provider.clone());
    let name = subject.or_else(|| caller.user_name.clone());
    let centre = |name| Origin {
        name,
        account: caller.account.clone(),
        provider: provider.clone(),
        user_id: caller.on_behalf_of.clone(),
        identity_store: caller.identity_store.clone(),
        ..Origin::new(OriginKind::IdentityCenterUser)
    };
    match caller.identity_type.as_deref() {
        Some("SAMLUser") if provider.as_deref().is_some_and(subject::is_identity_center) => {
            centre(issuance.and_then(|issuance| issuance.session_name()).map(str::to_owned).or(name))
        }
        Some("SAMLUser") => Origin { name, provider, ..Origin::new(OriginKind::Saml) },
        Some("WebIdentityUser") => web(name.as_deref().unwrap_or_default(), provider),
        _ => centre(name),
    }
}

/// Why the subject of a token that AWS itself made is not all: a principal of AWS got it by GetWebIdentityToken, and that record
/// tells who
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_cross_partition_auditing.html>). None for
/// tokens of others.
fn vouched_by_aws(issuance: &Issuance, sight: &Sight) -> Option<Gap> {
    let (source, token) = (issuance.source_principal.as_deref(), issuance.token_id.as_deref());
    source.or(token)?;
    let account =
        source.and_then(Arn::parse).map(|source| source.account).filter(|account| !account.is_empty());
    let covered = account.is_some_and(|account| sight.accounts.contains_key(account));
    let whose = source.map_or_else(|| "somebody with credentials of AWS".to_owned(), str::to_owned);
    let which =
        token.map_or_else(String::new, |token| format!(" whose answer has webIdentityTokenId {token}"));
    Some(Gap {
        reason: if covered { Reason::RecordMissing } else { Reason::AccountNotInLake },
        text: format!(
            "{whose} got the token by GetWebIdentityToken: {}",
            if covered { "that record is not joined to this one" } else { "log not supplied" }
        ),
        hint: match account {
            Some(account) if covered => format!("trace the GetWebIdentityToken in account {account}{which}"),
            Some(account) => {
                format!("add the logs of account {account}, and trace the GetWebIdentityToken{which}")
            }
            None => format!("trace the GetWebIdentityToken{which}"),
        },
    })
}

fn web(subject: &str, provider: Option<String>) -> Origin {
    Origin {
        name: Some(subject.to_owned()).filter(|subject| !subject.is_empty()),
        subject: (!subject.is_empty())
            .then(|| subject::web_identity(provider.as_deref().unwrap_or_default(), subject)),
        provider,
        ..Origin::new(OriginKind::WebIdentity)
    }
}

/// The principal that switched roles in the console. The record names it; its own sign-in is another matter.
fn switched(from: &str, issuance: &Issuance, sight: &Sight) -> Origin {
    let arn = Arn::parse(from);
    let account = arn.map(|arn| arn.account.to_owned());
    let of = |kind, name: &str| Origin {
        arn: Some(from.to_owned()),
        name: Some(name.to_owned()),
        account: account.clone(),
        ..Origin::new(kind)
    };
    match arn.and_then(Arn::principal) {
        Some(Principal::User { name, .. }) => {
            return of(OriginKind::IamUser, name).with_gap(sight.sign_in_gap(account.as_deref(), issuance));
        }
        Some(Principal::Root) => return of(OriginKind::Root, "root"),
        _ => {}
    }
    let found = match arn.and_then(Arn::principal) {
        Some(Principal::RoleSession { role, session }) if subject::permission_set(role).is_some() => {
            of(OriginKind::IdentityCenterUser, session)
        }
        Some(Principal::FederatedUser { name } | Principal::RoleSession { session: name, .. }) => {
            of(OriginKind::Unknown, name)
        }
        _ => of(OriginKind::Unknown, from),
    };
    let covered = account.as_ref().is_some_and(|account| sight.accounts.contains_key(account));
    let account = account.unwrap_or_else(|| "unknown".to_owned());
    found.with_gap(Gap {
        reason: if covered { Reason::RecordMissing } else { Reason::AccountNotInLake },
        text: format!("{} names who switched; their AssumeRole is not here", issuance.record.event_name),
        hint: format!("add the logs of account {account}"),
    })
}

/// The services that act with their own service-linked role on somebody's order: they launch, change and delete what a customer's
/// call told them to keep up
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>).
const ORDERED: [&str; 17] = [
    "autoscaling.amazonaws.com",
    "autoscaling-plans.amazonaws.com",
    "batch.amazonaws.com",
    "cloudformation.amazonaws.com",
    "ec2fleet.amazonaws.com",
    "ecs.amazonaws.com",
    "eks.amazonaws.com",
    "eks-fargate.amazonaws.com",
    "eks-nodegroup.amazonaws.com",
    "elasticbeanstalk.amazonaws.com",
    "elasticmapreduce.amazonaws.com",
    "imagebuilder.amazonaws.com",
    "maintenance.elasticbeanstalk.amazonaws.com",
    "managedupdates.elasticbeanstalk.amazonaws.com",
    "spot.amazonaws.com",
    "spotfleet.amazonaws.com",
    "ssm.amazonaws.com",
];

/// Why nobody stands above a service that acts with a role for somebody: which call told it to no field of its records names,
/// as of a stack that CloudFormation builds with a role of the account
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html>). None for other origins, for a
/// workload, whose launch would be in a record of its own, and for a service that acts for itself with its service-linked role.
/// An automation of which no record is the start may be one that Systems Manager itself started, for an association, a
/// maintenance window or another automation
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-automation.html>).
#[must_use]
pub fn unnamed_order(session: &Caller, found: &Origin) -> Option<Gap> {
    let automation = found.on_behalf_of.as_ref().filter(|workload| workload.kind == "automation");
    let node = found.on_behalf_of.as_ref().filter(|workload| workload.kind == "node");
    let is_workload = found.on_behalf_of.is_some() && automation.is_none() && node.is_none();
    if found.kind != OriginKind::Service || is_workload || !session.is_role_session() {
        return None;
    }
    let service = found.name.as_deref()?;
    if let Some(automation) = automation {
        return Some(Gap {
            reason: Reason::NoCredential,
            text: format!(
                "whoever started {}: no StartAutomationExecution answers with it",
                automation.words()
            ),
            hint: order_hint(service, session.role_name().unwrap_or_default()),
        });
    }
    // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateActivation.html
    if let Some(node) = node {
        let role = session.role_name().unwrap_or_default();
        return Some(Gap {
            reason: Reason::NoCredential,
            text: format!(
                "whoever registered {}: no field of its records names the activation",
                node.words()
            ),
            hint: format!("look for CreateActivation with the role {role} before that"),
        });
    }
    let role = session.role_arn().unwrap_or_default();
    let is_linked = role.contains(":role/aws-service-role/");
    if is_linked
        && !ORDERED.contains(&service)
        && !service.ends_with(".application-autoscaling.amazonaws.com")
    {
        return None;
    }
    let name = session.role_name().unwrap_or_default();
    Some(Gap {
        reason: Reason::NoCredential,
        text: format!(
            "whoever told {service} to act with the role {name}: no field of its records names the call"
        ),
        hint: order_hint(service, name),
    })
}

/// Where the order that a service carries out may be found.
fn order_hint(service: &str, role: &str) -> String {
    let calls = match service {
        "cloudformation.amazonaws.com" => "CreateStack, UpdateStack, ExecuteChangeSet and DeleteStack",
        "ssm.amazonaws.com" => {
            "StartAutomationExecution, CreateAssociation and RegisterTaskWithMaintenanceWindow"
        }
        "autoscaling.amazonaws.com" => {
            "CreateAutoScalingGroup, UpdateAutoScalingGroup and SetDesiredCapacity"
        }
        "states.amazonaws.com" => "StartExecution, CreateStateMachine and UpdateStateMachine",
        "glue.amazonaws.com" => "StartJobRun, CreateJob and UpdateJob",
        "sagemaker.amazonaws.com" => "CreateTrainingJob, CreateProcessingJob and CreateNotebookInstance",
        "scheduler.amazonaws.com" => "CreateSchedule and UpdateSchedule",
        "events.amazonaws.com" => "PutRule and PutTargets",
        "ecs.amazonaws.com" => "CreateService and UpdateService",
        _ => {
            return format!(
                "look for calls to {service} before that, and for PassRole of {role} in its policies"
            );
        }
    };
    format!("look for {calls} before that")
}

/// A caller that no issuance explains.
fn of_caller(end: End<'_>, sight: &Sight) -> Origin {
    let caller = end.caller;
    match caller.class {
        Class::Service => Origin {
            name: caller.invoked_by.clone(),
            account: caller.account.clone(),
            on_behalf_of: Workload::of_session(caller, None),
            ..Origin::new(OriginKind::Service)
        },
        Class::Outside => outside(caller, None),
        Class::Account => foreign(caller, sight),
        Class::Nobody => Origin::unknown(Gap {
            reason: Reason::NoCredential,
            text: "the record names nobody".to_owned(),
            hint: "events that a service reports have no caller".to_owned(),
        }),
        Class::Credential if caller.delegate.is_some() => delegate(caller, sight),
        Class::Credential if caller.is_assumed_root() => assumed_root(end, sight),
        Class::Credential if caller.is_user_or_root() => user(end, sight),
        Class::Credential => session(end, sight),
    }
}

fn foreign(caller: &Caller, sight: &Sight) -> Origin {
    if caller.is_anonymous() {
        return Origin { account: None, ..Origin::new(OriginKind::Anonymous) }.with_gap(Gap {
            reason: Reason::NoCredential,
            text: "nobody signed the request: anybody may have sent it, and no log names who did".to_owned(),
            hint: "look at the addresses that it came from, and at the policy that lets everybody in"
                .to_owned(),
        });
    }
    let account = caller.account.clone().unwrap_or_else(|| "unknown".to_owned());
    let name = caller.principal_id.clone().or_else(|| caller.arn.clone());
    let covered = sight.accounts.contains_key(&account);
    let principal = name.as_deref().unwrap_or("unknown").to_owned();
    Origin {
        name,
        arn: caller.arn.clone(),
        account: Some(account.clone()),
        ..Origin::new(OriginKind::Account)
    }
    .with_gap(Gap {
        reason: if covered { Reason::RecordMissing } else { Reason::AccountNotInLake },
        text: if covered {
            format!("account {account}, principal {principal}: no record of its own account is joined to this call")
        } else {
            format!("account {account}, principal {principal}: log not supplied")
        },
        hint: format!("add the logs of account {account}; its record of the request has the same sharedEventID"),
    })
}

/// The account of a product provider that called by temporary delegation. The identity of the record is the customer's, with
/// whose permissions it called; who of the provider it was only the provider's logs tell
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-cloudtrail.html>).
fn delegate(caller: &Caller, sight: &Sight) -> Origin {
    let account = caller.delegate.as_deref().unwrap_or("unknown");
    let covered = sight.accounts.contains_key(account);
    let name = caller.node().name.unwrap_or_else(|| "unknown".to_owned());
    let whose = match caller.identity_type.as_deref() {
        Some("IAMUser") => format!("IAM user {name}"),
        Some("Root") => "root".to_owned(),
        _ if caller.is_role_session() => format!("role {name}"),
        _ => name,
    };
    let customer = caller.account.as_deref().unwrap_or("unknown");
    Origin { account: Some(account.to_owned()), ..Origin::new(OriginKind::Account) }.with_gap(Gap {
        reason: if covered { Reason::RecordMissing } else { Reason::AccountNotInLake },
        text: format!(
            "account {account} called by temporary delegation, with permissions of {whose}, who need not know of the call: {}",
            if covered { "no record of its own account answers with this key" } else { "log not supplied" }
        ),
        hint: format!(
            "add the logs of account {account}: its GetDelegatedAccessToken answers with this key; who approved the delegation \
             AcceptDelegationRequest tells in account {customer}"
        ),
    })
}

/// A session of AssumeRoot of which no record tells who called that: it was not root.
fn assumed_root(end: End<'_>, sight: &Sight) -> Origin {
    let gap = match end.hidden {
        [] => sight.assume_root_gap(end.caller, end.first),
        _ => end.gap(sight),
    };
    Origin { account: end.caller.account.clone(), ..Origin::unknown(gap) }
}

fn user(end: End<'_>, sight: &Sight) -> Origin {
    let caller = end.caller;
    let root = caller.identity_type.as_deref() == Some("Root");
    let arn = caller.arn.clone().or_else(|| {
        let account = caller.account.as_deref()?;
        let name = if root { "root".to_owned() } else { format!("user/{}", caller.user_name.as_deref()?) };
        Some(format!("arn:aws:iam::{account}:{name}"))
    });
    let name = caller.user_name.clone().or_else(|| {
        let arn = Arn::parse(arn.as_deref()?)?;
        match arn.principal()? {
            Principal::User { name, .. } => Some(name.to_owned()),
            _ => None,
        }
    });
    let found = Origin {
        arn,
        access_key: caller.access_key.clone().filter(|_| caller.has_long_term_key()),
        name,
        account: caller.account.clone(),
        unique_id: caller
            .principal_id
            .clone()
            .filter(|id| IdKind::of(id) == Some(IdKind::User) && is_telling(id)),
        ..Origin::new(if root { OriginKind::Root } else { OriginKind::IamUser })
    };
    let explained = caller.created.is_none() && !caller.has_temporary_key();
    // A long-term key knows no MFA: somebody signed in, or got a token by it
    // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html>).
    let by_key = caller.mfa != Some(true);
    if explained || (end.forwarded && by_key) { found } else { found.with_gap(end.gap(sight)) }
}

/// A session that no issuance explains: what the record itself says of whose it is.
fn session(end: End<'_>, sight: &Sight) -> Origin {
    let caller = end.caller;
    let gap = end.gap(sight);
    let account = caller.account.clone();
    if caller.issuer_type.as_deref() == Some("IAMUser") {
        let arn = caller.issuer_arn.clone();
        return Origin { arn, name: caller.issuer_name.clone(), account, ..Origin::new(OriginKind::IamUser) }
            .with_gap(gap);
    }
    if caller.issuer_type.as_deref() == Some("Root") {
        return Origin { arn: caller.issuer_arn.clone(), account, ..Origin::new(OriginKind::Root) }
            .with_gap(gap);
    }
    let role = caller.role_arn().unwrap_or_default();
    // The session's ARN lacks the path of the role, which nobody else can make roles in.
    let portal = match &caller.issuer_arn {
        Some(issuer) => subject::is_identity_center(issuer),
        None => caller.arn.as_deref().is_some_and(subject::is_identity_center),
    };
    // Elsewhere an application assumed the role, and named the person that it acts for
    // (<https://docs.aws.amazon.com/singlesignon/latest/userguide/trustedidentitypropagation-identity-enhanced-iam-role-sessions.html>).
    if let Some(user) = caller.on_behalf_of.as_ref().filter(|_| portal) {
        let name = caller.session_name().map(str::to_owned);
        let (user_id, identity_store) = (Some(user.clone()), caller.identity_store.clone());
        return Origin {
            name,
            account,
            user_id,
            identity_store,
            ..Origin::new(OriginKind::IdentityCenterUser)
        }
        .with_gap(gap);
    }
    if portal {
        let name = caller.session_name().map(str::to_owned);
        return Origin { name, account, ..Origin::new(OriginKind::IdentityCenterUser) }.with_gap(gap);
    }
    // Only the service of the path may assume a service-linked role
    // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>).
    let linked = role.split_once(":role/aws-service-role/").and_then(|(_, rest)| rest.split_once('/'));
    if let Some((service, _)) = linked {
        let name = Some(service.to_owned());
        return Origin { name, account, ..Origin::new(OriginKind::Service) }.with_gap(gap);
    }
    if let Some(instance) = Workload::of_own_role(caller) {
        let name = Some("ec2.amazonaws.com".to_owned());
        return Origin { name, account, on_behalf_of: Some(instance), ..Origin::new(OriginKind::Service) };
    }
    if let Some(workload) = Workload::of_session(caller, None) {
        let service = match workload.kind {
            "instance" => Some("ec2.amazonaws.com".to_owned()),
            "function" => Some("lambda.amazonaws.com".to_owned()),
            "task" => Some("ecs-tasks.amazonaws.com".to_owned()),
            "build" => Some("codebuild.amazonaws.com".to_owned()),
            _ => caller.invoked_by.clone(),
        };
        return Origin {
            name: service,
            account,
            on_behalf_of: Some(workload),
            ..Origin::new(OriginKind::Service)
        }
        .with_gap(gap);
    }
    if let Some(provider) = caller.federated_provider.clone().filter(|provider| !provider.is_empty()) {
        let subject = caller.web_identity().unwrap_or_default();
        return Origin { account, ..web(&subject, Some(provider)) }.with_gap(gap);
    }
    Origin { account, ..Origin::unknown(with_claim(gap, caller)) }
}

/// What nobody proves, with what the session's source identity claims: whoever began the chain chose it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
fn with_claim(mut gap: Gap, caller: &Caller) -> Gap {
    if let Some(identity) = &caller.source_identity {
        gap.text.push_str(&format!("; its source identity claims `{identity}`"));
    }
    gap
}
