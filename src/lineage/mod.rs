//! Lineage: who is really behind a credential, and what it led to.
//!
//! Plain values in, plain values out; no engine, clock or file. [`crate::query::lineage`] reads the values out of a lake
//! (point look-ups for one chain, joins for all at once), [`crate::inquiry`] walks along them.
//!
//! # Words
//!
//! - A [`Caller`] is whoever made a call: a *credential* (account, key id, ARN, unique id and creation of its session
//!   together; a key id alone names nothing, for ids are given out again), or a service, a subject of an identity
//!   provider, or a principal of another account.
//! - An [`Issuance`] is a record whose success made a credential or a way in. Only successes issue.
//! - A *link* leads from a credential to its issuance, and so to the caller who made it. Its [`Rule`] says how it was
//!   found, its record proves it, and where several issuances fit equally well all are kept.
//! - The [`Origin`] stands where no link of delegation leads further: it is who acted. Who made the origin's key or
//!   password, or launched its workload, stands *above* it and is told apart: they need not be who acts.
//! - A [`Gap`] says why a chain is not complete, and what would close it.
//!
//! # The ladder
//!
//! The strongest rule that finds anything decides ([`fit`] for one pair, [`find`] for all):
//!
//! | rule | the issuance | must agree |
//! |---|---|---|
//! | `key` | names exactly this key id | account, session where both are known, creation to the second (up to 2 s as a marked fallback); records that do not say when the session was created: not later than the first use, not more than 36 hours before |
//! | `session` | made this session: same ARN, or unique id | account, creation to the second (up to 2 s, marked). STS counts for more than a sign-in record, which counts for more than a step in the access portal, whose person must be the session's (by name, or by id and identity store). An issuance that answered with another key only for calls of services and the console (of SAML for all, of GetSessionToken not for those of the console); nobody else named as the session's issuer or provider |
//! | `claim` | bears the same role and session name | only for records that do not say when the session was created, as a record of SwitchRole does not of who switched, for keys that sign themselves beside an issuance of this very second that answered with another, and for steps in the access portal of an id that no record gives a name; never makes a chain complete |
//!
//! Two rules lead further from where these end: `shared-event` joins the copies of one request that two accounts recorded
//! ([`settle`]); `identity` and `launched` lead from an origin to who made its password or launched its workload, and `key`
//! to who made its long-term key ([`find_maker`]: same account, not after the first use). A record of switching roles names a
//! user by ARN alone: its sign-ins within the 12 hours before are those by which it may have come ([`find_sign_ins`]). What a
//! function did is of whoever put its last code before, of whoever put its layers, and of whoever gave it the role
//! ([`last_launch`]). Time alone never links. An issuance after the first use (by more than 2 s) is no link but a violation,
//! and so is a chain that comes back to itself.
//!
//! Key ids that issuances of different sessions name within the life of a key stand for nothing: sanitised logs use one id
//! for all. Then the same candidates count, but by `session` ([`is_shared_key`]).
//!
//! # What AWS does not say
//!
//! - Console and portal sessions sign with keys that no record issued; so do services that forward a call for a user. The
//!   session they belong to is named by ARN and creation.
//! - A record of the role's account names a foreign caller by account and unique id only, so it is another caller in each
//!   request that two accounts recorded
//!   (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>).
//! - A session's name is chosen by whoever assumes the role: a claim, see [`session_name`]. Where a service assumes the
//!   role it is the service's: an instance's id, a function's name ([`Workload`]).
//! - A record names another than who acts where AssumeRoot made the session, or a product provider calls by temporary
//!   delegation: both are marked, and only the key tells more ([`Caller::is_assumed_root`], [`Caller::delegate`]).

mod answer;
mod credential;
mod end;
mod fields;
mod issuance;
mod ladder;
mod origin;
mod people;
mod removal;
mod rename;
pub mod session_name;
mod sessions;
mod sight;
pub mod subject;
mod workload;

pub use answer::{
    Above, AssumedRoot, BesideLaunch, CHANGED_BY_USER, Chain, Descendant, Link, Mismatch, NotTaken, Proof,
    RoleGiven, SCHEMA, Trace, TraceSubject, TracedOrigin, Trust, TrustOf, Violation, made_node,
};
pub use credential::{
    Caller, Class, Credential, Node, NodeKind, Usage, is_switch, is_telling, sign_in_session,
};
pub use end::{End, origin, unnamed_order};
pub use fields::CallerFields;
pub use issuance::{Issuance, IssuanceKind, Launch, Layers, RecordRef, configures, settle};
pub(crate) use issuance::{OWN_PASSWORD, is_console};
pub use ladder::{
    CONSOLE_SESSION_SECONDS, Fit, Found, KEY_LIFE_SECONDS, ROLE_SESSION_SECONDS, Rank, Rule, Rung,
    SLACK_SECONDS, find, find_hidden, find_maker, find_sign_ins, fit, is_named_by_identity_center,
    is_open_identity, is_open_person, is_own_session, is_shared_key, provider_name, tell_persons,
};
pub use origin::{MayBe, Origin, OriginKind};
pub use people::{Namesake, People, is_other_store, store_id};
pub use removal::{Passwords, Removal, UserHistory};
pub use rename::{Borne, Rename, Renames, is_name};
pub use sessions::{SessionKey, SessionRow, Sessions};
pub use sight::{AccountSight, Gap, Reason, Sight, stamp};
pub use workload::{Beside, LastLaunch, Part, Passed, Workload, is_instance_id, is_node_id, last_launch};
