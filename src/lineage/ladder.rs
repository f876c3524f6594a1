//! The join ladder: which issuances may have made a credential, strongest rule first.
//!
//! A key match must agree with session and time, because key ids repeat; the creation of the session is the time of its
//! issuance to the second, so it decides between neighbours and may disprove all of them; so do the key of a caller that
//! signs itself, the user who issued its session and the provider that vouched for it. Time alone never links.
//! `queries/lineage/world/` says the same for all credentials at once; tests hold both to one answer.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::credential::is_telling;
use super::people::is_other_store;
use super::{Caller, Class, Issuance, IssuanceKind, People};
use crate::aws::{Arn, IdKind, Principal};

/// Seconds by which clocks of AWS may differ: a child may seem so much older than its issuance, and a session's creation
/// may be so far from it. In all key-proven pairs of public logs the difference is 0.
pub const SLACK_SECONDS: i64 = 2;

/// Temporary keys live this long at the most
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>: 36 hours).
pub const KEY_LIFE_SECONDS: i64 = 36 * 3600;

/// Sessions of roles live this long at the most
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html>: 12 hours).
pub const ROLE_SESSION_SECONDS: i64 = 12 * 3600;

/// Sessions of users in the console live this long at the most.
pub const CONSOLE_SESSION_SECONDS: i64 = 12 * 3600;

/// The rule that made a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// An issuance names exactly this access key id.
    Key,
    /// Two accounts recorded one request.
    SharedEvent,
    /// An issuance made this session, at the second in which it was created.
    Session,
    /// The record itself says whose it is.
    Identity,
    /// The record that launched the workload whose role this is.
    Launched,
    /// Only names agree.
    Claim,
}

impl Rule {
    /// The word of JSON output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Rule::Key => "key",
            Rule::SharedEvent => "shared-event",
            Rule::Session => "session",
            Rule::Identity => "identity",
            Rule::Launched => "launched",
            Rule::Claim => "claim",
        }
    }
}

/// How well an issuance fits a credential; the smaller the stronger. The key decides first; then the same second counts
/// for more than the kind of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rank {
    /// The step of the ladder.
    pub rung: Rung,
    /// Seconds between the session's creation and the issuance.
    pub seconds_apart: i64,
}

impl Rank {
    /// The rank as one number; `queries/lineage/world/session.sql` computes the same.
    #[must_use]
    pub fn number(self) -> i64 {
        let step = match self.rung {
            Rung::Key => return self.seconds_apart,
            Rung::Session => 0,
            Rung::SignIn => 1,
            Rung::Portal => 2,
            Rung::SignInSession => return 40,
            Rung::Claim => return 50,
        };
        10 + 10 * self.seconds_apart + step
    }

    /// Whether STS made this session in another second than that in which it was created.
    #[must_use]
    pub fn is_of_neighbour(self) -> bool {
        self.rung == Rung::Session && self.seconds_apart > 0
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number().cmp(&other.number())
    }
}

/// The steps of the ladder, from the strongest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Same key, session and time.
    Key,
    /// Same session, made by STS in that second (or up to two from it).
    Session,
    /// Same session, by the record of the console or of a sign-in.
    SignIn,
    /// Same person, permission set, account and second in the access portal.
    Portal,
    /// Same sign-in session.
    SignInSession,
    /// Same name only, a neighbour that made another key, or a step in the access portal of nobody knows whom.
    Claim,
}

impl Rung {
    /// The rule that a link of this step bears.
    #[must_use]
    pub fn rule(self) -> Rule {
        match self {
            Rung::Key => Rule::Key,
            Rung::Session | Rung::SignIn | Rung::Portal | Rung::SignInSession => Rule::Session,
            Rung::Claim => Rule::Claim,
        }
    }
}

/// What the ladder says of one issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It may have made the credential.
    Fits(Rank),
    /// It would fit, but comes after the credential's first use: reported, not followed.
    TooLate,
}

/// What is found for a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found<'a> {
    /// The best candidates, all of one rank, in the order of [`super::RecordRef`].
    pub best: Vec<&'a Issuance>,
    /// Their rank.
    pub rank: Option<Rank>,
    /// Those that were refused for their time only.
    pub too_late: Vec<&'a Issuance>,
    /// Issuances of the same session in the same second that made another key: twins.
    pub twins: Vec<&'a Issuance>,
    /// Of the best, all called by services: the calls of credentials that were answered with what these issued, as the
    /// node's of an EKS pod.
    pub through: Vec<&'a Issuance>,
}

/// The candidates for the issuance of a credential whose first use is at `first`.
#[must_use]
pub fn find<'a>(
    caller: &Caller,
    first: Option<DateTime<Utc>>,
    issuances: impl IntoIterator<Item = &'a Issuance>,
) -> Found<'a> {
    let mut found = Found::default();
    let mut twins = Vec::new();
    let mut switched = Vec::new();
    for issuance in issuances.into_iter().filter(|issuance| issuance.kind.delegates()) {
        match fit(caller, first, issuance) {
            Some(Fit::Fits(rank)) => {
                if found.rank.is_none_or(|best| rank < best) {
                    found.rank = Some(rank);
                    found.best.clear();
                }
                if found.rank == Some(rank) {
                    found.best.push(issuance);
                }
                if issuance.switch_from.is_some() {
                    switched.push((rank, issuance));
                }
            }
            Some(Fit::TooLate) => found.too_late.push(issuance),
            None => {}
        }
        if is_twin(caller, issuance) {
            twins.push(issuance);
        }
    }
    prefer_switches(&mut found, &switched);
    found.through = prefer_own_records(&mut found.best);
    found.best.sort_by(|a, b| a.record.cmp(&b.record));
    found.too_late.sort_by(|a, b| a.record.cmp(&b.record));
    if found.rank.is_some_and(|rank| rank.rung == Rung::Key) {
        found.twins = twins;
        found.twins.sort_by(|a, b| a.record.cmp(&b.record));
    }
    found
}

/// The console assumes the role that somebody switches to. Where only the role's account logs that, its record tells no more of
/// who asked than an id, and the record of switching in the same second names who it was
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>, `SwitchFrom`).
fn prefer_switches<'a>(found: &mut Found<'a>, switched: &[(Rank, &'a Issuance)]) {
    let Some(best) = found.rank.filter(|rank| rank.rung == Rung::Session) else { return };
    let Found { best: asked, .. } = &*found;
    if asked.iter().any(|one| one.maker().class != Class::Account) {
        return;
    }
    let is_of = |from: &Caller| asked.iter().all(|one| one.maker().account == from.account);
    let named = switched.iter().filter(|(rank, one)| {
        let same = rank.rung == Rung::SignIn && rank.seconds_apart == best.seconds_apart;
        same && one.switcher().is_some_and(|from| is_of(&from))
    });
    let named: Vec<(Rank, &Issuance)> = named.copied().collect();
    if let Some((rank, _)) = named.first() {
        found.rank = Some(*rank);
        found.best = named.into_iter().map(|(_, one)| one).collect();
    }
}

/// Some services record one issuance twice: as a call of their own and as one of STS. Roles Anywhere's own names the
/// certificate; those of others tell less of the session than that of STS, but who fetched its key: of an EKS pod the node
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>). Gives these, in order.
fn prefer_own_records<'a>(best: &mut Vec<&'a Issuance>) -> Vec<&'a Issuance> {
    let is_own = |issuance: &&Issuance| issuance.kind == IssuanceKind::Other;
    if best.iter().any(|issuance| is_own(issuance) && issuance.subject.is_some()) {
        best.retain(is_own);
        return Vec::new();
    }
    let (own, others): (Vec<&Issuance>, Vec<&Issuance>) = best.iter().copied().partition(is_own);
    if others.is_empty() {
        return Vec::new();
    }
    let by_services = others.iter().all(|issuance| issuance.maker().class == Class::Service);
    *best = others;
    let by_credential = |issuance: &&Issuance| issuance.maker().class == Class::Credential;
    let mut through: Vec<&Issuance> = own.into_iter().filter(by_credential).filter(|_| by_services).collect();
    through.sort_by(|a, b| a.record.cmp(&b.record));
    through
}

/// Whether an issuance made the same session in the same second, but another key.
fn is_twin(caller: &Caller, issuance: &Issuance) -> bool {
    let other_key = issuance.key.is_some() && issuance.key != caller.access_key;
    other_key
        && seconds_apart(caller, issuance) == Some(0)
        && caller.arn.is_some()
        && caller.arn == issuance.session_arn
        && issuance.caller.id != caller.id
}

/// How an issuance fits a credential; None where it does not at all.
#[must_use]
pub fn fit(caller: &Caller, first: Option<DateTime<Utc>>, issuance: &Issuance) -> Option<Fit> {
    // Whoever calls is there before the call: an event is never its own parent. But a record of switching roles is of the
    // session that it made, and names who switched.
    let is_own = issuance.caller.id == caller.id && issuance.switch_from.is_none();
    if is_own || !same_account(caller, issuance) {
        return None;
    }
    let apart = seconds_apart(caller, issuance);
    let near = apart.filter(|apart| *apart <= SLACK_SECONDS);
    let early_enough = is_early_enough(first, issuance);
    let rank = |rung, seconds_apart| {
        let fit = Fit::Fits(Rank { rung, seconds_apart });
        Some(if early_enough { fit } else { Fit::TooLate })
    };
    let agreement = agreement(caller, issuance)?;
    if !same_voucher(caller, issuance) {
        return None;
    }
    if caller.access_key.is_some() && issuance.key == caller.access_key {
        if apart.is_some() {
            return rank(Rung::Key, near?);
        }
        let lived = first.map_or(0, |first| first.timestamp() - issuance.record.time.timestamp());
        return if lived <= KEY_LIFE_SECONDS { rank(Rung::Key, 0) } else { None };
    }
    if !same_source_identity(caller, issuance) {
        return None;
    }
    // The identity of a delegate's session is another's: only the key tells who asked for it.
    if caller.delegate.is_some() {
        return None;
    }
    let disproved = is_disproved(caller, issuance);
    if agreement == Agreement::Same && !disproved {
        let rung = match issuance.kind {
            IssuanceKind::ConsoleLogin | IssuanceKind::SwitchRole | IssuanceKind::OAuth => {
                // The sign-in of a session is its use, not its making.
                let own = issuance.caller.is_role_session() && issuance.caller.created == caller.created;
                if own && issuance.switch_from.is_none() {
                    return None;
                }
                Rung::SignIn
            }
            IssuanceKind::SessionToken if caller.is_of_console() => return None,
            // What a service forwards for a user may be of a sign-in in that second as well.
            IssuanceKind::SessionToken => Rung::SignIn,
            _ => Rung::Session,
        };
        if let Some(near) = near {
            return rank(rung, near);
        }
    }
    if issuance.kind == IssuanceKind::Portal
        && let (Some(rung), Some(near)) = (portal_rung(caller, issuance), near)
    {
        let claim = Fit::Fits(Rank { rung: Rung::Claim, seconds_apart: 0 });
        return if rung == Rung::Portal { rank(rung, near) } else { early_enough.then_some(claim) };
    }
    if caller.sign_in_session.is_some() && caller.sign_in_session == issuance.sign_in_session {
        return if early_enough { rank(Rung::SignInSession, 0) } else { None };
    }
    // Only the name: for records that do not say when the session was created, and for a key that is not the one that
    // was made in this very second.
    let same_second =
        disproved && apart == Some(0) && caller.arn.is_some() && caller.arn == issuance.session_arn;
    let unproven = caller.created.is_none() || same_second;
    let named = agreement == Agreement::Same && unproven && caller.is_role_session();
    let lived = first.map(|first| first.timestamp() - issuance.record.time.timestamp())?;
    let in_time = (-SLACK_SECONDS..=ROLE_SESSION_SECONDS).contains(&lived);
    (named && in_time).then_some(Fit::Fits(Rank { rung: Rung::Claim, seconds_apart: 0 }))
}

/// The sign-ins at the console by which a user may have come that switched roles by a record, the first first: users switch
/// in the session of a sign-in, which lasts for 12 hours
/// (<https://aws.amazon.com/console/faqs/>), and the record does not tell which. None
/// where no user switched.
#[must_use]
pub fn find_sign_ins<'a>(
    switched: &Issuance,
    issuances: impl IntoIterator<Item = &'a Issuance>,
) -> Vec<&'a Issuance> {
    let Some(user) = switched.switcher().filter(Caller::is_user_or_root) else { return Vec::new() };
    let time = switched.record.time.timestamp();
    let may_be = |one: &&Issuance| {
        let lasted = time - one.record.time.timestamp();
        one.kind == IssuanceKind::ConsoleLogin
            && one.session_arn == user.arn
            && (-SLACK_SECONDS..=CONSOLE_SESSION_SECONDS).contains(&lasted)
    };
    let mut found: Vec<&Issuance> = issuances.into_iter().filter(may_be).collect();
    found.sort_by(|a, b| a.record.cmp(&b.record));
    found
}

/// The calls that may have made a session and whose answers are hidden or absent, so that they name none: of the second in
/// which it was created (up to 2 s from it), of a kind that makes such sessions, and not for another role, user or account.
/// They are no links, for nothing but the moment speaks for them; they are why a chain stops. The first first.
#[must_use]
pub fn find_hidden<'a>(
    caller: &Caller,
    issuances: impl IntoIterator<Item = &'a Issuance>,
) -> Vec<&'a Issuance> {
    let is_near = |one: &&Issuance| seconds_apart(caller, one).is_some_and(|apart| apart <= SLACK_SECONDS);
    let mut found: Vec<&Issuance> = (issuances.into_iter())
        .filter(|one| one.kind == IssuanceKind::Hidden)
        .filter(is_near)
        .filter(|one| may_have_made(caller, one))
        .collect();
    found.sort_by(|a, b| a.record.cmp(&b.record));
    found.dedup_by(|a, b| a.record == b.record);
    found
}

/// Whether a call whose answer is hidden makes sessions as the caller's is one, and names nothing else.
fn may_have_made(caller: &Caller, hidden: &Issuance) -> bool {
    let name = hidden.record.event_name.as_str();
    let switches = matches!(name, "SwitchRole" | "RenewRole");
    let of_kind = match caller.identity_type.as_deref() {
        Some("AssumedRole" | "Role") => !matches!(name, "ConsoleLogin" | "AssumeRoot" | "GetFederationToken"),
        Some("FederatedUser") => name == "GetFederationToken",
        Some("IAMUser") => name == "ConsoleLogin",
        Some("Root") => name == "AssumeRoot" || (name == "ConsoleLogin" && !caller.is_assumed_root()),
        _ => false,
    };
    let role = hidden.role.as_deref().and_then(Arn::parse);
    let made = hidden.session_arn.as_deref().filter(|_| switches || name == "ConsoleLogin");
    let told = role.map(|role| role.account).or(hidden.session_account.as_deref());
    // Root's sessions are made by calls of another account.
    let account = told.or(hidden.record.account.as_deref()).filter(|_| name != "AssumeRoot");
    let same_role = || {
        let asked = role.and_then(Arn::principal).and_then(|principal| match principal {
            Principal::Role { name, .. } => Some(name),
            _ => None,
        });
        both(caller.role_name(), asked) != Some(false)
    };
    // <https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>
    let by_cognito = name == "GetCredentialsForIdentity";
    of_kind
        && (!by_cognito || caller.session_name() == Some("CognitoIdentityCredentials"))
        && (switches || hidden.caller.id != caller.id)
        && both(caller.account.as_deref(), account) != Some(false)
        && both(caller.arn.as_deref(), made) != Some(false)
        && same_role()
}

/// Who may have made the long-term key that a caller signs with, the first first: issuances that name the key in the
/// caller's account, not by the caller itself. Key ids of AWS name one key in one account, but sanitised logs may use one
/// id for all; and a key that was used before cannot have been made then.
#[must_use]
pub fn find_maker<'a>(
    caller: &Caller,
    first: Option<DateTime<Utc>>,
    issuances: impl IntoIterator<Item = &'a Issuance>,
) -> Found<'a> {
    let mut found = Found::default();
    for issuance in issuances.into_iter().filter(|issuance| makes_key(caller, issuance)) {
        if is_early_enough(first, issuance) {
            found.rank = Some(Rank { rung: Rung::Key, seconds_apart: 0 });
            found.best.push(issuance);
        } else {
            found.too_late.push(issuance);
        }
    }
    found.best.sort_by(|a, b| a.record.cmp(&b.record));
    found.too_late.sort_by(|a, b| a.record.cmp(&b.record));
    found
}

fn makes_key(caller: &Caller, issuance: &Issuance) -> bool {
    issuance.kind == IssuanceKind::AccessKey
        && caller.has_long_term_key()
        && issuance.key == caller.access_key
        && same_account(caller, issuance)
        && issuance.maker().id != caller.id
}

fn is_early_enough(first: Option<DateTime<Utc>>, issuance: &Issuance) -> bool {
    first.is_none_or(|first| issuance.record.time.timestamp() <= first.timestamp() + SLACK_SECONDS)
}

/// Seconds between the session's creation and the issuance, both cut to whole seconds.
fn seconds_apart(caller: &Caller, issuance: &Issuance) -> Option<i64> {
    let created = caller.created?;
    Some((created.timestamp() - issuance.record.time.timestamp()).abs())
}

fn same_account(caller: &Caller, issuance: &Issuance) -> bool {
    match (&caller.account, &issuance.session_account) {
        (Some(own), Some(made)) => own == made,
        _ => true,
    }
}

/// Whether the session that an issuance made may be the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    /// It is: ARN or unique id are the same.
    Same,
    /// Nothing tells.
    Open,
}

/// None where ARN or unique id differ.
fn agreement(caller: &Caller, issuance: &Issuance) -> Option<Agreement> {
    let arns = both(caller.arn.as_deref(), issuance.session_arn.as_deref());
    let ids = both(
        caller.principal_id.as_deref().filter(|id| is_telling(id)),
        issuance.session_id.as_deref().filter(|id| is_telling(id)),
    );
    match (arns, ids) {
        (Some(false), _) | (_, Some(false)) => None,
        (Some(true), _) | (_, Some(true)) => Some(Agreement::Same),
        (None, None) => Some(Agreement::Open),
    }
}

/// Whether a caller that signs itself uses another temporary key than an issuance answered with. Only services and the
/// console make calls of one session with keys of their own; so this session was made by another call, however near.
fn is_disproved(caller: &Caller, issuance: &Issuance) -> bool {
    let made = issuance.key.as_deref().is_some_and(|key| IdKind::of(key) == Some(IdKind::TemporaryKey));
    issuance.hands_its_key_out()
        && made
        && caller.direct
        && caller.has_temporary_key()
        && issuance.key != caller.access_key
}

/// Whether nobody else vouches for the session than for what was issued: a session names the user who got its federation
/// token as its issuer, or the web identity provider
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>,
/// `sessionIssuer` and `federatedProvider`). Where one of both does not say, nothing is disproved. Root comes to none of the
/// sessions that AssumeRoot makes by a sign-in or token of its own.
fn same_voucher(caller: &Caller, issuance: &Issuance) -> bool {
    let (own, made) = match issuance.kind {
        IssuanceKind::FederationToken if issuance.caller.is_user_or_root() => {
            let by_user = matches!(caller.issuer_type.as_deref(), Some("IAMUser" | "Root"));
            (caller.issuer_arn.as_deref().filter(|_| by_user), issuance.caller.arn.as_deref())
        }
        IssuanceKind::WebIdentity => (
            caller.federated_provider.as_deref().map(provider_name),
            issuance.provider.as_deref().map(provider_name),
        ),
        IssuanceKind::ConsoleLogin
        | IssuanceKind::SwitchRole
        | IssuanceKind::OAuth
        | IssuanceKind::SessionToken => return !caller.is_assumed_root(),
        _ => return true,
    };
    let said = |text: &&str| !text.is_empty();
    both(own.filter(said), made.filter(said)) != Some(false)
}

/// Whether the session may bear the source identity of what was issued: the one that was asked for, or the one that whoever
/// asked bears, which nobody can change
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>). Where one of both does
/// not say, nothing is disproved.
fn same_source_identity(caller: &Caller, issuance: &Issuance) -> bool {
    let said = |text: &&str| !text.is_empty();
    let own = caller.source_identity.as_deref().filter(said);
    let made = [&issuance.source_identity, &issuance.maker().source_identity];
    made.into_iter().all(|made| both(own, made.as_deref().filter(said)) != Some(false))
}

/// Whether a caller is the session that an issuance made, by its key and in its very second. An issuance makes one session: one
/// that was created in another second, however near, is not of it.
#[must_use]
pub fn is_own_session(caller: &Caller, first: Option<DateTime<Utc>>, issuance: &Issuance) -> bool {
    let own = Rank { rung: Rung::Key, seconds_apart: 0 };
    caller.created.is_some() && fit(caller, first, issuance) == Some(Fit::Fits(own))
}

/// Whether it is open which source identity an issuance gave, of those that may have made a session which bears one: what was
/// asked for stands in a large column, which is not read for every one, see `Relations::links`.
#[must_use]
pub fn is_open_identity(caller: &Caller, first: Option<DateTime<Utc>>, issuance: &Issuance) -> bool {
    caller.source_identity.as_deref().is_some_and(|identity| !identity.is_empty())
        && issuance.kind == IssuanceKind::AssumeRole
        && issuance.source_identity.is_none()
        && matches!(fit(caller, first, issuance), Some(Fit::Fits(Rank { rung, .. })) if rung != Rung::Key)
}

/// A web identity provider without what records put before and after its name: the ARN of the provider in the account, or
/// `https://` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>).
#[must_use]
pub fn provider_name(provider: &str) -> &str {
    let named = provider.split_once(":oidc-provider/").map_or(provider, |(_, name)| name);
    named.strip_prefix("https://").unwrap_or(named).trim_end_matches('/')
}

/// Whether two known texts are equal; None where one is not known.
fn both(own: Option<&str>, made: Option<&str>) -> Option<bool> {
    Some(own? == made?)
}

/// How a step in the access portal led into the session: Identity Center names its roles
/// `AWSReservedSSO_<permission set>_<16 hexadecimal digits>`, and the session by the user
/// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/howtoviewpermissions.html>). Both records may name the user's
/// id, in `onBehalfOf`; another id, or the same of another identity store, is another person
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>). Where the
/// step names no more than the id and the session no more than the name, nothing tells that both are of one person: it is a
/// claim, unless other records tell whose id it is, see [`tell_persons`]. None where it did not.
fn portal_rung(caller: &Caller, issuance: &Issuance) -> Option<Rung> {
    let set = caller.permission_set()?;
    if Some(set) != issuance.permission_set.as_deref() {
        return None;
    }
    let names = both(caller.session_name(), issuance.user_name.as_deref());
    let other = &issuance.caller;
    if is_other_store(caller.identity_store.as_deref(), other.identity_store.as_deref()) {
        return None;
    }
    let ids = both(caller.on_behalf_of.as_deref(), other.on_behalf_of.as_deref());
    match (names, ids) {
        (Some(false), _) | (_, Some(false)) => None,
        (None, None) => Some(Rung::Claim),
        _ => Some(Rung::Portal),
    }
}

/// Whether a step in the access portal names a person by id alone who may be the one whom a session names by name alone.
#[must_use]
pub fn is_open_person(caller: &Caller, issuance: &Issuance) -> bool {
    issuance.kind == IssuanceKind::Portal && portal_rung(caller, issuance) == Some(Rung::Claim)
}

/// Tells whose the steps in the access portal are that name a person by id alone: those of the one whom the session names
/// bear that name from here on, those of somebody else are left out.
pub fn tell_persons(caller: &Caller, issuances: &mut Vec<Issuance>, people: &People) {
    let Some(name) = caller.session_name() else { return };
    issuances.retain_mut(|issuance| {
        let Some(id) = issuance.caller.on_behalf_of.clone().filter(|_| is_open_person(caller, issuance))
        else {
            return true;
        };
        let told = people.is_of(name, &id, issuance.caller.identity_store.as_deref());
        issuance.user_name = issuance.user_name.take().or_else(|| told.and(Some(name.to_owned())));
        told != Some(false)
    });
}

/// Whether a session has a name that nobody chose but Identity Center: then all sessions of this name are of one person,
/// whichever of them it is
/// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/howtoviewpermissions.html>).
#[must_use]
pub fn is_named_by_identity_center(caller: &Caller) -> bool {
    caller.permission_set().is_some()
}

/// Whether a key id that an issuance names is no name of one key: issuances of different sessions name the same id while
/// both live. So it is in sanitised logs, where one constant stands for all; then the session proves the link.
#[must_use]
pub fn is_shared_key<'a>(issuance: &Issuance, all: impl IntoIterator<Item = &'a Issuance>) -> bool {
    all.into_iter().any(|other| {
        let apart = (other.record.time - issuance.record.time).num_seconds().abs();
        issuance.key.is_some()
            && other.key == issuance.key
            && other.session_account == issuance.session_account
            && other.session_arn != issuance.session_arn
            && apart <= KEY_LIFE_SECONDS
    })
}
