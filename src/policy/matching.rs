//! Whether a statement matches a request. What is decided from that is not known here.

use std::borrow::Cow;

use super::compile::{
    Boolean, CompiledCondition, CompiledResources, Folded, KeyId, Matcher, ResourcePattern, Rule, Test, Token,
};
use super::document::{Effect, Match, Principal, Principals, Quantifier};
use super::prepare::{PreparedRequest, PreparedResource, Slot, Value};
use super::request::Caller;
use super::truth::Truth;
use super::wildcard::{Part, Wildcard};
use crate::aws::{Arn, IdKind, Principal as Named, UniqueId};

/// How a statement's principals fit the caller, by what a grant to them is worth in the caller's own account
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-id-rdp.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// The user, session, federated user, service or everyone: nothing but a deny limits it.
    pub(super) direct: Truth,
    /// The role of a session, or the user behind a federated user: boundary and session policy limit it.
    pub(super) role: Truth,
    /// The account: it only delegates to the identity policies.
    pub(super) account: Truth,
}

impl Fit {
    pub(super) const NONE: Self = Self { direct: Truth::No, role: Truth::No, account: Truth::No };
    pub(super) const DIRECT: Self = Self { direct: Truth::Yes, ..Self::NONE };

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            direct: self.direct.or(other.direct),
            role: self.role.or(other.role),
            account: self.account.or(other.account),
        }
    }

    /// The fit of what also needs something else.
    pub(super) fn and(self, other: Truth) -> Self {
        Self { direct: self.direct.and(other), role: self.role.and(other), account: self.account.and(other) }
    }

    pub(super) fn any(self) -> Truth {
        self.direct.or(self.role).or(self.account)
    }
}

impl Rule {
    /// Whether the statement is about an action, in lower case.
    pub(super) fn is_about(&self, service: &str, name: &str) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.matches(service, name))
    }

    /// Whether the statement is about the request, apart from its principals.
    pub(super) fn matches(&self, request: &PreparedRequest) -> Truth {
        if !self.is_about(&request.service, &request.name) {
            return Truth::No;
        }
        if self.refused {
            return Truth::Unknown;
        }
        let mut truth = self.resources.as_ref().map_or(Truth::Yes, |resources| resources.matches(request));
        for condition in &self.conditions {
            if truth == Truth::No {
                break;
            }
            truth = truth.and(condition.holds(request));
        }
        truth
    }

    /// How the principals fit the caller. A statement without principals is about whom it is attached to.
    pub(super) fn fit(&self, request: &PreparedRequest, rest: Unsaid) -> Fit {
        let Some(principals) = &self.principals else { return Fit::DIRECT };
        let fit = fit_of(principals, request);
        if principals.matching == Match::Listed {
            return fit;
        }
        // AWS: a `Deny` with `NotPrincipal` denies every user and role that has a permissions boundary, listed or not.
        let denies_anyway = if self.effect == Some(Effect::Deny) { rest.has_boundary } else { Truth::No };
        let spared = spared(principals, fit, request, rest.account_first);
        Fit { direct: spared.negated().or(denies_anyway), ..Fit::NONE }
    }
}

/// What neither the statement nor the request says, but whether `NotPrincipal` spares the caller depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsaid {
    /// Whether the caller has a permissions boundary.
    pub(super) has_boundary: Truth,
    /// Whether the service checks the account before its users, and the role before its sessions; all must be listed then.
    pub(super) account_first: Option<bool>,
}

/// Whether `NotPrincipal` spares the caller.
///
/// To list the account spares its root user, not its users: these must be listed themselves. To list them without their
/// account, a session without its role, or a role without the session, may or may not spare them: some services check the
/// account first, then the role, then the session. Where sessions of the role are listed, the role stands beside them for these
/// services, and spares no other session
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>).
fn spared(
    principals: &Principals,
    fit: Fit,
    request: &PreparedRequest,
    account_first: Option<bool>,
) -> Truth {
    if principals.listed.contains(&Principal::Everyone) {
        return Truth::Yes;
    }
    let by_session = principals.listed.iter().any(|listed| is_session_of_role(listed, request));
    let own = if by_session { fit.direct } else { fit.direct.or(fit.role) };
    let wholly = match &request.caller {
        Caller::RoleSession { .. } => fit.direct.and(fit.role).and(fit.account),
        Caller::FederatedUser { .. } => fit.direct.and(fit.account),
        Caller::User { .. } | Caller::Account { .. } => own.and(fit.account),
        Caller::Root { .. } | Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => own,
    };
    let checks_own_only = Truth::from(account_first.map(|first| !first));
    wholly.or(own.and(checks_own_only))
}

/// Whether a listed principal is a session of the caller's role, this one or another.
fn is_session_of_role(listed: &Principal, request: &PreparedRequest) -> bool {
    let Caller::RoleSession { unique_id, .. } = &request.caller else { return false };
    match listed {
        Principal::Arn(named) => {
            let (Some(arn), Some((account, own))) = (Arn::parse(named), &request.role) else { return false };
            arn.account == account
                && matches!(arn.principal(), Some(Named::RoleSession { role, .. }) if role == own)
        }
        Principal::UniqueId(named) => {
            let own = unique_id.as_deref().map(|id| id.split(':').next().unwrap_or(id));
            named.split_once(':').is_some_and(|(id, _)| Some(id) == own)
        }
        _ => false,
    }
}

fn fit_of(principals: &Principals, request: &PreparedRequest) -> Fit {
    principals.listed.iter().fold(Fit::NONE, |fit, principal| fit.or(fit_one(principal, request)))
}

/// How one principal fits the caller
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>).
fn fit_one(principal: &Principal, request: &PreparedRequest) -> Fit {
    let direct = |truth: Truth| Fit { direct: truth, ..Fit::NONE };
    let role = |truth: Truth| Fit { role: truth, ..Fit::NONE };
    let caller = &request.caller;
    match (principal, caller) {
        (Principal::Everyone, _) => Fit::DIRECT,
        // The root user is whom the account's ARN names; a session policy of `AssumeRoot` still limits it.
        (Principal::Account(named), Caller::Root { account }) => role(Truth::from(named == account)),
        (Principal::Account(named), _) => {
            Fit { account: Truth::from(request.caller_account == Some(*named)), ..Fit::NONE }
        }
        (Principal::Arn(named), Caller::User { arn, .. }) => direct(Truth::from(named == arn)),
        (Principal::Arn(named), Caller::FederatedUser { arn, user_arn }) => Fit {
            direct: Truth::from(named == arn),
            role: Truth::from(user_arn.as_ref() == Some(named)),
            account: Truth::No,
        },
        (Principal::Arn(named), Caller::RoleSession { session_arn, role_arn, .. }) => Fit {
            direct: is_session(named, session_arn, request),
            role: Truth::from(is_role(named, role_arn.as_deref(), request)),
            account: Truth::No,
        },
        (Principal::Arn(named), Caller::Account { account, .. }) => {
            let arn = Arn::parse(named);
            let is_of_it = arn.and_then(Arn::account_id) == Some(*account);
            let truth = if is_of_it { Truth::Unknown } else { Truth::No };
            match arn.and_then(Arn::principal) {
                Some(Named::Role { .. }) => role(truth),
                Some(_) => direct(truth),
                None => Fit::NONE,
            }
        }
        (Principal::UniqueId(named), _) => {
            let truth = has_id(named, request);
            let is_role = IdKind::of(named) == Some(IdKind::Role) && !named.contains(':');
            if is_role { role(truth) } else { direct(truth) }
        }
        (Principal::Service(named), Caller::Service { name }) => direct(Truth::from(named == name)),
        (Principal::Federated(named), Caller::Federated { provider }) => {
            direct(Truth::from(named == "*" || named == provider))
        }
        (Principal::CanonicalUser(named), _) if request.caller_account.is_some() => {
            let is_own = Truth::from(request.canonical_user.as_ref().map(|own| own == named));
            match caller {
                Caller::Root { .. } => role(is_own),
                _ => Fit { account: is_own, ..Fit::NONE },
            }
        }
        _ => Fit::NONE,
    }
}

/// Whether a unique id that a policy names is the caller's: a user's, a role's, or a role's with one session's name. The
/// first letters tell users from roles
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>).
fn has_id(named: &str, request: &PreparedRequest) -> Truth {
    let (caller, may_be) = match &request.caller {
        Caller::User { unique_id, .. } => (unique_id, [IdKind::User, IdKind::User]),
        Caller::RoleSession { unique_id, .. } => (unique_id, [IdKind::Role, IdKind::Role]),
        Caller::Account { unique_id, .. } => (unique_id, [IdKind::User, IdKind::Role]),
        _ => return Truth::No,
    };
    let Some(named) = UniqueId::parse(named).filter(|id| may_be.contains(&id.kind())) else {
        return Truth::No;
    };
    let is_session = match (named.session(), &request.caller) {
        (None, _) => Truth::Yes,
        (Some(wanted), Caller::RoleSession { .. }) => {
            Truth::from(request.session.as_deref().map(|own| own == wanted))
        }
        (Some(wanted), _) => match caller.as_deref().and_then(UniqueId::parse) {
            Some(own) if own.kind() == IdKind::Role => own.session().map(|own| own == wanted).into(),
            Some(_) => Truth::No,
            None => Truth::Unknown,
        },
    };
    let is_id = caller.as_deref().map(|text| match UniqueId::parse(text) {
        Some(own) => own.id() == named.id(),
        None => text == named.id(),
    });
    is_session.and(is_id.into())
}

/// Whether an ARN is that of the session. A role's own ARN stands for any of its sessions: whoever assumes the role chooses what
/// its session is called (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>, `RoleSessionName`).
fn is_session(named: &str, session_arn: &str, request: &PreparedRequest) -> Truth {
    if session_arn.contains(":assumed-role/") {
        return Truth::from(named == session_arn);
    }
    let (Some(arn), Some((account, own))) = (Arn::parse(named), &request.role) else { return Truth::No };
    match arn.principal() {
        Some(Named::RoleSession { role, session }) if arn.account == account && role == own => {
            Truth::from(request.session.as_deref().map(|own| own == session))
        }
        _ => Truth::No,
    }
}

/// Whether an ARN is that of the session's role. Without the role's own ARN its path is not known, but names are unique
/// in an account.
fn is_role(named: &str, role_arn: Option<&str>, request: &PreparedRequest) -> bool {
    if let Some(arn) = role_arn {
        return named == arn;
    }
    let Some((account, role)) = &request.role else { return false };
    let Some(arn) = Arn::parse(named) else { return false };
    arn.account == account && matches!(arn.principal(), Some(Named::Role { name, .. }) if name == role)
}

impl CompiledResources {
    /// Whether it is about the resource; each pattern by itself.
    pub(super) fn matches(&self, request: &PreparedRequest) -> Truth {
        let listed = any(self.patterns.iter().map(|pattern| pattern.fits(request)));
        listed.negated_if(self.matching == Match::NotListed)
    }
}

impl ResourcePattern {
    /// Whether it stands for what a request asks for.
    pub(super) fn fits(&self, request: &PreparedRequest) -> Truth {
        match &request.resource {
            PreparedResource::Any => Truth::from(matches!(self, Self::Any)),
            PreparedResource::Named(text, colons) => self.matches(text, colons, request),
            PreparedResource::Partial(partial) => partial.fits(self, request),
            PreparedResource::Unknown if matches!(self, Self::Any) => Truth::Yes,
            PreparedResource::Unknown => {
                let is_nothing = |matcher: &Matcher| matcher.stands_for_nothing(request);
                if self.matchers().iter().any(is_nothing) { Truth::No } else { Truth::Unknown }
            }
        }
    }

    /// Whether it stands for a text whose first colons are before the places given.
    fn matches(&self, text: &str, colons: &[usize], request: &PreparedRequest) -> Truth {
        match self {
            Self::Any => Truth::Yes,
            Self::Whole(matcher) => matcher.matches(text, request),
            Self::OwnApi(matcher) => is_own_api(matcher, text, request),
            Self::Plain(head, last) => {
                text.strip_prefix(&**head).map_or(Truth::No, |rest| last.matches(rest, request))
            }
            Self::Arn(parts) => fits_part_by_part(parts, text, colons, request),
        }
    }
}

/// Whether a text is the ARN of an API's part, behind the API's own id.
fn is_own_api(path: &Matcher, text: &str, request: &PreparedRequest) -> Truth {
    let arn = Arn::parse(text).filter(|arn| arn.service == "execute-api");
    let written = arn.and_then(|arn| arn.resource.get(arn.resource.find('/')?..));
    written.map_or(Truth::No, |written| path.matches(written, request))
}

/// Whether each part of a text is like its own part of a pattern, the last one for all that follows.
fn fits_part_by_part(parts: &[Matcher], text: &str, colons: &[usize], request: &PreparedRequest) -> Truth {
    let Some((last, head)) = parts.split_last().filter(|(_, head)| colons.len() >= head.len()) else {
        return Truth::No;
    };
    let (mut truth, mut begin) = (Truth::Yes, 0);
    for (part, next) in head.iter().zip(colons) {
        let written = text.get(begin..next.saturating_sub(1)).unwrap_or_default();
        truth = truth.and(part.matches(written, request));
        if truth == Truth::No {
            return Truth::No;
        }
        begin = *next;
    }
    truth.and(last.matches(text.get(begin..).unwrap_or_default(), request))
}

/// What a text is for a request.
pub(super) enum Replaced<'m> {
    Text(Cow<'m, Wildcard>),
    /// With stars for what is not known.
    Open(Wildcard),
    /// A variable has no value: nothing is like it
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value>).
    Nothing,
}

impl Matcher {
    fn matches(&self, text: &str, request: &PreparedRequest) -> Truth {
        match self {
            Self::Fixed(wildcard) => wildcard.matches(text).into(),
            Self::Variable(tokens) => match replaced(tokens, request, str::to_owned) {
                Replaced::Text(wildcard) => wildcard.matches(text).into(),
                Replaced::Open(wildcard) if wildcard.matches(text) => Truth::Unknown,
                Replaced::Open(_) | Replaced::Nothing => Truth::No,
            },
        }
    }

    /// With what the request has in the place of its variables.
    pub(super) fn replaced(&self, request: &PreparedRequest) -> Replaced<'_> {
        match self {
            Self::Fixed(wildcard) => Replaced::Text(Cow::Borrowed(wildcard)),
            Self::Variable(tokens) => replaced(tokens, request, str::to_owned),
        }
    }

    /// Whether a variable in it has no value, so that nothing is like it.
    pub(super) fn stands_for_nothing(&self, request: &PreparedRequest) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Variable(tokens) => tokens.iter().any(|token| match token {
                Token::Pattern(_) | Token::Plain(_) => false,
                Token::Variable(key, default) => match request.slot(*key) {
                    Slot::Values(values) => values.len() != 1,
                    Slot::Absent => default.is_none(),
                    Slot::Unknown => false,
                },
            }),
        }
    }

    /// The same as `matches`, ignoring case.
    fn matches_folded(&self, text: &str, request: &PreparedRequest) -> Truth {
        let Self::Variable(tokens) = self else { return self.matches(text, request) };
        let text = text.to_lowercase();
        match replaced(tokens, request, str::to_lowercase) {
            Replaced::Text(wildcard) => wildcard.matches(&text).into(),
            Replaced::Open(wildcard) if wildcard.matches(&text) => Truth::Unknown,
            Replaced::Open(_) | Replaced::Nothing => Truth::No,
        }
    }
}

fn replaced(tokens: &[Token], request: &PreparedRequest, fold: fn(&str) -> String) -> Replaced<'static> {
    let mut texts = Vec::with_capacity(tokens.len());
    let mut open = false;
    for token in tokens {
        texts.push(match token {
            Token::Pattern(text) => (true, Some(fold(text))),
            Token::Plain(text) => (false, Some(fold(text))),
            Token::Variable(key, default) => match (request.slot(*key), default) {
                (Slot::Values(values), _) => match &**values {
                    [value] => (false, Some(fold(&value.text))),
                    // Keys with several values are no variables.
                    _ => return Replaced::Nothing,
                },
                (Slot::Absent, Some(default)) => (false, Some(fold(default))),
                (Slot::Absent, None) => return Replaced::Nothing,
                (Slot::Unknown, _) => {
                    open = true;
                    (false, None)
                }
            },
        });
    }
    let parts = texts.iter().map(|(is_pattern, text)| match text {
        None => Part::Star,
        Some(text) if *is_pattern => Part::Pattern(text),
        Some(text) => Part::Plain(text),
    });
    let wildcard = Wildcard::of(parts);
    if open { Replaced::Open(wildcard) } else { Replaced::Text(Cow::Owned(wildcard)) }
}

impl CompiledCondition {
    /// Whether the condition holds
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html>).
    pub(super) fn holds(&self, request: &PreparedRequest) -> Truth {
        let slot = request.slot(self.key);
        if let Test::Null(wanted) = &self.test {
            let is_null = match slot {
                Slot::Unknown => return Truth::Unknown,
                Slot::Absent => true,
                Slot::Values(values) => is_empty(values),
            };
            return wanted.contains(&is_null).into();
        }
        match (slot, self.quantifier) {
            (Slot::Unknown, quantifier) => self.holds_anyway(quantifier, request),
            (Slot::Absent, _) if self.if_exists => Truth::Yes,
            (Slot::Absent, None) => self.negated.into(),
            (Slot::Absent, Some(quantifier)) => Truth::from(quantifier == Quantifier::ForAllValues),
            (Slot::Values(values), Some(quantifier)) if is_empty(values) => {
                Truth::from(quantifier == Quantifier::ForAllValues)
            }
            (Slot::Values(values), Some(Quantifier::ForAllValues)) => {
                values.iter().fold(Truth::Yes, |all, value| all.and(self.fits(value, request)))
            }
            (Slot::Values(values), _) => {
                values.iter().fold(Truth::No, |any, value| any.or(self.fits(value, request)))
            }
        }
    }

    /// Of a key that is not known: a variable without a value is like nothing, and then it may make no difference what the key
    /// is, or whether it is there.
    fn holds_anyway(&self, quantifier: Option<Quantifier>, request: &PreparedRequest) -> Truth {
        if !self.test.stands_for_nothing(request) {
            return Truth::Unknown;
        }
        match (self.negated, quantifier) {
            (false, None | Some(Quantifier::ForAnyValue)) if !self.if_exists => Truth::No,
            (true, None) if !matches!(self.test, Test::Arns(_)) => Truth::Yes,
            _ => Truth::Unknown,
        }
    }

    /// Whether one value of the request fits: one of the policy's values, or of a negated operator none of them.
    ///
    /// Whether a value that is no ARN fits a negated ARN operator AWS does not say.
    pub(super) fn fits(&self, value: &Value, request: &PreparedRequest) -> Truth {
        if self.is_odd(value) {
            return request.odd_arns.into();
        }
        self.test.fits(value, request).negated_if(self.negated)
    }
}

impl CompiledCondition {
    /// Whether it is a negated operator of ARNs, and a value is none.
    pub(super) fn is_odd(&self, value: &Value) -> bool {
        self.negated && self.test.is_beside_arns(value)
    }

    /// The same of one of the values that the request has.
    pub(super) fn meets_odd(&self, request: &PreparedRequest) -> bool {
        match request.slot(self.key) {
            Slot::Values(values) => values.iter().any(|value| self.is_odd(value)),
            Slot::Absent | Slot::Unknown => false,
        }
    }
}

/// AWS: an empty text is no value, as far as `Null`, `ForAllValues` and `ForAnyValue` are concerned
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>).
fn is_empty(values: &[Value]) -> bool {
    values.iter().all(|value| value.text.is_empty())
}

impl Test {
    /// Whether it is one of ARNs, of which a value is none, and not of everything.
    fn is_beside_arns(&self, value: &Value) -> bool {
        let Self::Arns(patterns) = self else { return false };
        value.colons.len() < 5 && !patterns.iter().any(|pattern| matches!(pattern, ResourcePattern::Any))
    }

    /// Whether all texts that a value is held against have a variable without a value.
    fn stands_for_nothing(&self, request: &PreparedRequest) -> bool {
        let is_nothing = |matcher: &Matcher| matcher.stands_for_nothing(request);
        match self {
            Self::Text(matchers) => !matchers.is_empty() && matchers.iter().all(is_nothing),
            Self::Folded(texts) => {
                let is_nothing =
                    |text: &Folded| matches!(text, Folded::Variable(matcher) if is_nothing(matcher));
                !texts.is_empty() && texts.iter().all(is_nothing)
            }
            Self::Arns(patterns) => {
                let is_nothing = |pattern: &ResourcePattern| pattern.matchers().iter().any(is_nothing);
                !patterns.is_empty() && patterns.iter().all(is_nothing)
            }
            _ => false,
        }
    }

    fn fits(&self, value: &Value, request: &PreparedRequest) -> Truth {
        match self {
            Self::Text(matchers) => any(matchers.iter().map(|matcher| matcher.matches(&value.text, request))),
            Self::Folded(texts) => any(texts.iter().map(|text| match text {
                Folded::Fixed(text) => Truth::from(is_same_folded(&value.text, text)),
                Folded::Variable(matcher) => matcher.matches_folded(&value.text, request),
            })),
            Self::Number(order, numbers) => {
                let holds = |wanted: &f64| {
                    let ordering = value.number.and_then(|number| number.partial_cmp(wanted));
                    order.holds(ordering)
                };
                numbers.iter().any(holds).into()
            }
            Self::Instant(order, instants) => {
                let holds = |wanted: &i128| order.holds(value.instant.map(|instant| instant.cmp(wanted)));
                instants.iter().any(holds).into()
            }
            Self::Boolean(booleans) => any(booleans.iter().map(|boolean| match boolean {
                Boolean::Fixed(wanted) => Truth::from(value.boolean == Some(*wanted)),
                // A value that is neither `true` nor `false` is equal to none, not even to itself.
                Boolean::Variable(_) if value.boolean.is_none() => Truth::No,
                Boolean::Variable(matcher) => matcher.matches_folded(&value.text, request),
            })),
            Self::Bytes(wanted) => {
                // A binary value stands in a context as its text or in base64.
                let decoded = super::value::base64(&value.text);
                let holds = |bytes: &[u8]| {
                    *bytes == *value.text.as_bytes() || decoded.as_deref().is_some_and(|own| own == bytes)
                };
                wanted.iter().any(|bytes| holds(bytes)).into()
            }
            Self::Networks(networks) => {
                let holds = |address| networks.iter().any(|network| network.contains(address));
                value.address.is_some_and(holds).into()
            }
            Self::Arns(patterns) => {
                if self.is_beside_arns(value) {
                    return Truth::No;
                }
                any(patterns.iter().map(|pattern| pattern.matches(&value.text, &value.colons, request)))
            }
            Self::Null(_) => Truth::No,
        }
    }
}

/// Whether one of them is true; looks no further than the first that is.
fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut any = Truth::No;
    for truth in truths {
        any = any.or(truth);
        if any == Truth::Yes {
            break;
        }
    }
    any
}

/// Whether a text is, in lower case, the other.
fn is_same_folded(text: &str, lower: &str) -> bool {
    if text.is_ascii() {
        return text.eq_ignore_ascii_case(lower);
    }
    text.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

/// The keys that decide whether a statement matches, given that the rest does not rule it out.
pub(super) fn unknown_keys(rule: &Rule, request: &PreparedRequest, found: &mut Vec<KeyId>) {
    let is_unknown = |key: &KeyId| matches!(request.slot(*key), Slot::Unknown);
    for condition in &rule.conditions {
        if condition.holds(request) == Truth::Unknown {
            found.extend(condition.variables().into_iter().chain([condition.key]).filter(is_unknown));
        }
    }
    let unsure = |resources: &&CompiledResources| resources.matches(request) == Truth::Unknown;
    let patterns = rule.resources.iter().filter(unsure).flat_map(|resources| &resources.patterns);
    found.extend(patterns.flat_map(ResourcePattern::matchers).flat_map(Matcher::keys).filter(is_unknown));
}
