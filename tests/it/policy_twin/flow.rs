//! The flow of the evaluation, as AWS documents it
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>).
//!
//! What is not known is tried in two ways: as the request needs it to be allowed, and as it needs it to be denied. More
//! allows and fewer denies never turn an allow into a denial, so all other ways lie between these two. Where something
//! else than a statement is not known, as the account of the resource, all ways are tried.

use backtrail::aws::AccountId;
use backtrail::policy::{Caller, Outcome, Resource};

use super::principal::Grant;
use super::raw::{Layer, Levels, Pair};
use super::rule::{Rule, Rules};
use super::statement::{Statement, statements};

/// A layer, by what it is and, for an organization's, the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Identity,
    Boundary,
    Session,
    Scp(Option<usize>),
    Rcp(Option<usize>),
    Resource,
    VpcEndpoint,
}

/// A statement: its layer, its policy, and its index.
pub(crate) type Named = (Place, String, Option<usize>);

/// What the twin says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The statements that deny for certain.
    pub(crate) denying: Vec<Named>,
    /// The layers that lack an allow for certain, in the order of the flow.
    pub(crate) lacking: Vec<Place>,
    /// The statements that allow for certain.
    pub(crate) allowing: Vec<Named>,
}

/// What became of one trial.
#[derive(Debug, Clone, Default)]
struct Trial {
    allowed: bool,
    denying: Vec<Named>,
    lacking: Vec<Place>,
    allowing: Vec<Named>,
}

/// Decides.
pub(crate) fn decide(pair: &Pair, rules: Rules) -> Verdict {
    let request = &pair.request;
    let mut accounts = vec![request.resource_account];
    if request.resource_account.is_none() && rules.on(Rule::UnknownAccountIsTriedInAllWays) {
        // The caller's own, the management account, and another one.
        accounts = vec![AccountId::parse("999999999999")];
        accounts
            .extend([request.caller.account(), request.management_account].into_iter().flatten().map(Some));
    }
    let reaches = match request.rcp_supported {
        None if rules.on(Rule::UnknownRcpSupportIsTriedInAllWays) => vec![true, false],
        known => vec![known == Some(true)],
    };
    let (mut hoped, mut feared) = (Vec::new(), Vec::new());
    for account in &accounts {
        for rcp in &reaches {
            hoped.push(Flow { pair, rules, account: *account, rcp: *rcp, hope: true }.trial());
            feared.push(Flow { pair, rules, account: *account, rcp: *rcp, hope: false }.trial());
        }
    }
    let may_allow = hoped.iter().any(|trial| trial.allowed);
    let may_deny = feared.iter().any(|trial| !trial.allowed);
    let outcome = match (may_allow, may_deny) {
        (true, true) => Outcome::Undetermined,
        (true, false) => Outcome::Allowed,
        (false, _) if hoped.iter().all(|trial| !trial.denying.is_empty()) => Outcome::ExplicitlyDenied,
        (false, _) => Outcome::ImplicitlyDenied,
    };
    let certain = |trials: &[Trial], which: fn(&Trial) -> Vec<Named>| -> Vec<Named> {
        let first = trials.first().map(which).unwrap_or_default();
        first.into_iter().filter(|named| trials.iter().all(|trial| which(trial).contains(named))).collect()
    };
    // Where a `Deny` matches, that is the reason, not what lacks.
    let undenied: Vec<&Trial> = hoped.iter().filter(|trial| trial.denying.is_empty()).collect();
    let lacking = undenied.first().map(|trial| trial.lacking.clone()).unwrap_or_default();
    Verdict {
        outcome,
        denying: certain(&hoped, |trial| trial.denying.clone()),
        lacking: lacking
            .into_iter()
            .filter(|place| undenied.iter().all(|trial| trial.lacking.contains(place)))
            .collect(),
        allowing: certain(&feared, |trial| trial.allowing.clone()),
    }
}

/// One trial: all that is not known is settled.
struct Flow<'a> {
    pair: &'a Pair,
    rules: Rules,
    account: Option<AccountId>,
    /// Whether RCPs reach the service.
    rcp: bool,
    /// Whether what is not known is as the request needs it to be allowed.
    hope: bool,
}

impl Flow<'_> {
    fn trial(&self) -> Trial {
        let (set, request, rules) = (&self.pair.set, &self.pair.request, self.rules);
        let action = request.action.to_lowercase();
        // Everyone may ask who they are, and users and root for a session; no policy can say no
        // (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>,
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html>).
        let free = match request.caller {
            Caller::User { .. } | Caller::Root { .. } => {
                ["sts:getcalleridentity", "sts:getsessiontoken"].contains(&action.as_str())
            }
            _ => action == "sts:getcalleridentity",
        };
        if free && rules.on(Rule::SomeActionsNeedNoPermission) {
            return Trial { allowed: true, ..Trial::default() };
        }
        let own = request.caller.account();
        let is_root = matches!(request.caller, Caller::Root { .. });
        let of_root = is_root || federated_by_root(&request.caller);
        let service_linked = match &request.caller {
            Caller::RoleSession { role_arn: Some(arn), .. } => arn.contains(":role/aws-service-role/"),
            _ => false,
        };
        let manager = request.management_account;

        // Which layers the request passes. The root user of a bucket's owner can always mend the bucket's policy
        // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>).
        let has_identity = (own.is_some() || !rules.on(Rule::OnlyAccountsHaveIdentityPolicies))
            && !(of_root && rules.on(Rule::RootHasNoIdentityPolicies));
        let identity = has_identity.then_some(&set.identity);
        let boundary = set.boundary.as_ref().filter(|_| has_identity);
        let session = set.session.as_ref().filter(|_| own.is_some());
        let scp_exempt = own.is_none() && rules.on(Rule::ScpsBindOnlyAccounts)
            || manager.is_some() && own == manager && rules.on(Rule::ScpsSpareTheManagementAccount)
            || service_linked && rules.on(Rule::ScpsSpareServiceLinkedRoles);
        let rcp_exempt = !self.rcp && rules.on(Rule::RcpsReachSomeServices)
            || manager.is_some() && self.account == manager && rules.on(Rule::RcpsSpareTheManagementAccount)
            || service_linked && rules.on(Rule::RcpsSpareServiceLinkedRoles)
            || action == "kms:retiregrant" && rules.on(Rule::RcpsSpareRetireGrant)
            || self.is_on_key_of_aws(&action) && rules.on(Rule::RcpsSpareKeysOfAws)
            || self.assumes_linked_role(&action) && rules.on(Rule::RcpsSpareAssumingLinkedRoles);
        let rcps = set.rcp.iter().filter(|_| !rcp_exempt).flat_map(levels).collect::<Vec<_>>();
        let scps = set.scp.iter().filter(|_| !scp_exempt).flat_map(levels).collect::<Vec<_>>();
        let keeps = is_root
            && own == self.account
            && ["s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"]
                .contains(&action.as_str())
            && rules.on(Rule::OwnersRootKeepsTheBucketPolicy);
        let resource = set.resource.as_ref();
        let endpoint = set.vpc_endpoint.as_ref();

        let mut trial = Trial::default();

        // 1. An explicit deny in any of them.
        let mut passed: Vec<(Place, Layer, Rule)> = Vec::new();
        passed.extend(rcps.iter().map(|(at, level)| (Place::Rcp(*at), level.clone(), Rule::DenyInRcp)));
        passed.extend(scps.iter().map(|(at, level)| (Place::Scp(*at), level.clone(), Rule::DenyInScp)));
        passed.extend(endpoint.map(|layer| (Place::VpcEndpoint, layer.clone(), Rule::DenyInEndpoint)));
        passed.extend(
            resource.filter(|_| !keeps).map(|layer| (Place::Resource, layer.clone(), Rule::DenyInResource)),
        );
        passed.extend(identity.map(|layer| (Place::Identity, layer.clone(), Rule::DenyInIdentity)));
        passed.extend(boundary.map(|layer| (Place::Boundary, layer.clone(), Rule::DenyInBoundary)));
        passed.extend(session.map(|layer| (Place::Session, layer.clone(), Rule::DenyInSession)));
        for (place, layer, _) in passed.iter().filter(|(.., rule)| rules.on(*rule)) {
            trial.denying.extend(self.acting(*place, layer, "Deny").into_iter().map(|(named, _)| named));
        }
        let denied = !trial.denying.is_empty() && rules.on(Rule::DenyBeatsAllow);

        // The root user can assume no role.
        if is_root && action == "sts:assumerole" && rules.on(Rule::RootAssumesNoRole) {
            return trial;
        }

        // What temporary credentials can never call
        // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html>).
        let beyond = match &request.caller {
            Caller::RoleSession { .. } => {
                ["sts:getfederationtoken", "sts:getsessiontoken"].contains(&action.as_str())
            }
            Caller::FederatedUser { .. } => {
                action.starts_with("sts:") && action != "sts:getservicebearertoken"
            }
            _ => false,
        };
        if beyond && rules.on(Rule::SomeCredentialsCannotCall) {
            return trial;
        }

        // 2. What the ceilings of organizations and of the endpoint do not allow.
        let allows = |place: Place, layer: &Layer| !self.acting(place, layer, "Allow").is_empty();
        let mut lacking = Vec::new();
        for (at, level) in &rcps {
            // `RCPFullAWSAccess` cannot be detached, so a level that shows no allow passes
            // (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html>).
            let bare = !self.holds_allow(level) && level.missing.is_none();
            let passes = bare && rules.on(Rule::RcpLevelsWithoutAllowPass);
            if !passes && !allows(Place::Rcp(*at), level) {
                lacking.push(Place::Rcp(*at));
            }
        }
        let lacking_scps: Vec<Place> = scps
            .iter()
            .filter(|(at, level)| !allows(Place::Scp(*at), level))
            .map(|(at, _)| Place::Scp(*at))
            .collect();
        if lacking_scps.len() == scps.len() || rules.on(Rule::EveryScpLevelMustAllow) {
            lacking.extend(lacking_scps);
        }
        if endpoint.is_some_and(|layer| !allows(Place::VpcEndpoint, layer)) && rules.on(Rule::EndpointsCap) {
            lacking.push(Place::VpcEndpoint);
        }

        // 3. What the two sides grant.
        let granted = resource.map(|it| self.acting(Place::Resource, it, "Allow")).unwrap_or_default();
        let grants: Vec<Grant> = granted.iter().flat_map(|(_, grants)| grants.clone()).collect();
        let (direct, via_role) = (grants.contains(&Grant::Direct), grants.contains(&Grant::ViaRole));
        let identity_allows =
            identity.map(|it| self.acting(Place::Identity, it, "Allow")).unwrap_or_default();
        let bounded =
            boundary.is_some_and(|it| !allows(Place::Boundary, it)) && rules.on(Rule::BoundariesCap);
        // A federated user without a session policy has nothing of the user's.
        let powerless = matches!(request.caller, Caller::FederatedUser { .. })
            && session.is_none()
            && rules.on(Rule::FederatedUsersNeedASessionPolicy);
        let narrowed = session.is_some_and(|it| !allows(Place::Session, it))
            && rules.on(Rule::SessionPoliciesCap)
            || powerless;
        trial.allowing.extend(granted.iter().map(|(named, _)| named.clone()));
        trial.allowing.extend(identity_allows.iter().map(|(named, _)| named.clone()));

        let identity_side: Vec<Place> = {
            let lacks = [
                (identity_allows.is_empty() && !(of_root && rules.on(Rule::RootMayDoAll)), Place::Identity),
                (bounded, Place::Boundary),
                (narrowed, Place::Session),
            ];
            lacks.into_iter().filter_map(|(lacks, place)| lacks.then_some(place)).collect()
        };
        let Some(own) = own else {
            // Services, subjects of providers, and the anonymous have what the resource's policy grants.
            lacking.extend(grants.is_empty().then_some(Place::Resource));
            trial.allowed = lacking.is_empty() && !denied;
            trial.lacking = lacking;
            return trial;
        };
        let same_account = Some(own) == self.account || !rules.on(Rule::AcrossAccountsBothMustAllow);
        if same_account {
            let delegates = !grants.is_empty() || !self.resource_must_allow(&action);
            let by_resource = direct && rules.on(Rule::DirectGrantsAreFinal)
                || via_role
                    && rules.on(Rule::RoleGrantsNeedNoIdentityPolicy)
                    && (!bounded || !rules.on(Rule::BoundariesCapRoleGrants))
                    && (!narrowed || !rules.on(Rule::SessionPoliciesCapRoleGrants))
                || !grants.is_empty() && !rules.on(Rule::AccountGrantsOnlyDelegate);
            if !by_resource {
                lacking.extend((!delegates).then_some(Place::Resource));
                lacking.extend(identity_side);
            }
        } else {
            lacking.extend(grants.is_empty().then_some(Place::Resource));
            lacking.extend(identity_side);
        }
        trial.allowed = lacking.is_empty() && !denied;
        trial.lacking = lacking;
        trial
    }

    /// Whether the request is on a key that AWS manages, which RCPs do not reach
    /// (<https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html>).
    fn is_on_key_of_aws(&self, action: &str) -> bool {
        let is_of_aws = match &self.pair.request.resource {
            Resource::Named(arn) => {
                arn.splitn(6, ':').nth(5).is_some_and(|name| name.starts_with("alias/aws/"))
            }
            // It may be one.
            Resource::Pattern(_) | Resource::Unknown => self.hope,
            Resource::Any => false,
        };
        action.starts_with("kms:") && is_of_aws
    }

    /// Whether it is to assume a service-linked role
    /// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps>).
    fn assumes_linked_role(&self, action: &str) -> bool {
        let is_linked = match &self.pair.request.resource {
            Resource::Named(arn) => arn.contains(":role/aws-service-role/"),
            // It may be one.
            Resource::Pattern(_) | Resource::Unknown => self.hope,
            Resource::Any => false,
        };
        TRUST_ACTIONS.contains(&action) && is_linked
    }

    /// Whether the resource's own policy must allow, or delegate: roles' and keys' do.
    fn resource_must_allow(&self, action: &str) -> bool {
        let assumes = TRUST_ACTIONS.contains(&action) && self.rules.on(Rule::TrustPoliciesMustAllow);
        let arn = match &self.pair.request.resource {
            Resource::Named(arn) => arn,
            // It may be a key, or something else.
            Resource::Pattern(_) | Resource::Unknown if action.starts_with("kms:") => {
                return !self.hope && self.rules.on(Rule::KeyPoliciesMustAllow);
            }
            Resource::Pattern(_) | Resource::Unknown => return assumes,
            Resource::Any => return false,
        };
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts.as_slice() {
            // Who names a key's alias asks for the key
            // (<https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html>).
            [_, _, "kms", _, _, key]
                if (key.starts_with("key/") || key.starts_with("alias/")) && action.starts_with("kms:") =>
            {
                self.rules.on(Rule::KeyPoliciesMustAllow)
            }
            [_, _, "iam", _, _, role] => role.starts_with("role/") && assumes,
            _ => false,
        }
    }

    /// The statements of a layer that act so, each with as whom it names the caller.
    fn acting(&self, place: Place, layer: &Layer, effect: &str) -> Vec<(Named, Vec<Grant>)> {
        let open = self.hope == (effect == "Allow");
        let mut acting = Vec::new();
        if layer.missing.is_some() && open && self.rules.on(Rule::MissingPoliciesAreOpen) {
            acting.push(((place, "(missing)".to_owned(), None), vec![Grant::Direct]));
        }
        for policy in &layer.policies {
            for statement in statements(policy) {
                let grants = if statement.valid {
                    self.grants(&statement, effect, open)
                } else if self.refused_acts(&statement, place, effect, open) {
                    vec![Grant::Direct]
                } else {
                    Vec::new()
                };
                if !grants.is_empty() {
                    acting.push(((place, policy.name.clone(), statement.index), grants));
                }
            }
        }
        acting
    }

    fn grants(&self, statement: &Statement, effect: &str, open: bool) -> Vec<Grant> {
        if statement.effect() != Some(effect) || !statement.fits(self.pair, self.rules, open) {
            return Vec::new();
        }
        statement.names(self.pair, self.rules, open)
    }

    /// What cannot be understood never widens access: a refused allow grants nothing, and may or may not stand in a
    /// ceiling; a refused deny may or may not hit.
    fn refused_acts(&self, statement: &Statement, place: Place, effect: &str, open: bool) -> bool {
        let rules = self.rules;
        let ceiling = !matches!(place, Place::Identity | Place::Resource);
        let may_act = match (statement.effect(), effect) {
            (None, "Deny") => rules.on(Rule::UnreadableEffectsMayDeny),
            (None, "Allow") => ceiling && rules.on(Rule::UnreadableEffectsOfCeilingsMayAllow),
            (Some("Deny"), "Deny") => rules.on(Rule::RefusedDeniesAreOpen),
            (Some("Allow"), "Allow") => {
                ceiling && rules.on(Rule::RefusedAllowsOfCeilingsAreOpen)
                    || !ceiling && !rules.on(Rule::RefusedAllowsGrantNothing)
            }
            _ => false,
        };
        let hit = statement.action_fits(&self.pair.request.action, rules)
            || !rules.on(Rule::RefusedStatementsKeepTheirActions);
        may_act && hit && open
    }

    /// Whether any policy of a level holds an allow. One that cannot be read is feared to be one.
    fn holds_allow(&self, level: &Layer) -> bool {
        level.policies.iter().flat_map(statements).any(|statement| {
            statement.effect() == Some("Allow")
                || (!statement.valid && statement.effect().is_none() && !self.hope)
        })
    }
}

/// Whether the caller is a federated user whose token the root user asked for
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#sts-session-principals>).
pub(crate) fn federated_by_root(caller: &Caller) -> bool {
    matches!(caller, Caller::FederatedUser { user_arn: Some(arn), .. } if arn.ends_with(":root"))
}

/// The levels of an organization with their numbers, and a missing one without.
fn levels(levels: &Levels) -> Vec<(Option<usize>, Layer)> {
    let mut all: Vec<(Option<usize>, Layer)> =
        levels.levels.iter().enumerate().map(|(at, level)| (Some(at), level.clone())).collect();
    if levels.missing.is_some() {
        all.push((None, Layer { policies: Vec::new(), missing: levels.missing.clone() }));
    }
    all
}

/// What a role's trust policy must allow.
const TRUST_ACTIONS: [&str; 6] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
];
