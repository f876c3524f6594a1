//! The slow, obvious twin of the lineage: who is behind the caller of a record, worked out by nested loops over plain
//! structs. It shares no code with the product, so that tests can hold its answers against the fast ones.
//!
//! Where the rules leave something open, the plainest reading is taken and written down where it is applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use field::{account, action, arn_field, is_success, is_switch, text, time};
use read::{caller, issuance};

mod cases;
mod field;
mod others;
mod read;

/// One record and where it stands.
pub(crate) struct Logged {
    pub(crate) object: String,
    pub(crate) index: usize,
    pub(crate) record: Value,
}

/// What stands behind the caller of one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    /// The canonical walk up, delegation only: (rule, event id) from the record's credential to the origin. An identity
    /// that only the record itself tells is no link.
    pub(crate) links: Vec<(String, String)>,
    /// Event ids of all candidates of the first link, sorted; empty when there is at most one.
    pub(crate) ambiguous: Vec<String>,
    /// Every origin that some choice of candidates leads to: `kind|account|arn, else name|access key`, `-` for none.
    /// A subject's and a service's account is the one of the record that shows it; the key is a user's long-term one.
    pub(crate) origins: BTreeSet<String>,
    /// Whether records prove every step of the canonical walk, and every other choice leads to the same origin.
    pub(crate) complete: bool,
    /// Why the chain is not proven; `several-origins` before all others. `None` also if it is only for a `claim`.
    pub(crate) gap: Option<String>,
    /// The one `key`, `identity` or `launched` link above the canonical origin: (rule, event id).
    pub(crate) above: Option<(String, String)>,
}

type Link = (String, String);

/// Who made a call: a credential, or one who is the end of every chain.
#[derive(Clone)]
enum Caller {
    Credential(Credential),
    End(Answer),
}

/// What a request was signed with, or what an issuance tells of it. A key id alone is none: key ids repeat.
#[derive(Clone, Default, PartialEq)]
struct Credential {
    key: Option<String>,
    /// Seconds since 1970, as all times here.
    created: Option<i64>,
    arn: Option<String>,
    principal: Option<String>,
    /// The account; empty when none is told.
    home: String,
    /// The `userIdentity.type`: it tells apart what has no more than an account.
    kind: String,
    /// Of a user: neither key nor session, and no sign-in.
    unsigned: bool,
}

/// A record whose success made a credential. One without a time is not looked at: nothing can be shown with it.
#[derive(Clone)]
struct Issuance {
    place: usize,
    time: i64,
    made: Credential,
    long_term: bool,
    /// Whether whoever asked for it signs with the key that it answers with, and with no other.
    hands_its_key_out: bool,
    is_session_token: bool,
    /// The user who issued it, or the provider that vouched for it, as its session would name either.
    voucher: Option<String>,
    /// For a portal step: the permission set, with which the role's name begins, the user, the user's id and its store.
    portal: Option<(String, [Option<String>; 3])>,
    sign_in_session: Option<String>,
    /// The next one up.
    parent: Caller,
    /// The copy in the caller's account, when `place` is the copy in the role's.
    caller_side: Option<usize>,
}

/// Slack between two clocks of AWS; the longest life of a temporary key, and of a role session. In seconds.
const SLACK: i64 = 2;
const TEMPORARY_MAX: i64 = 36 * 3600;
const ROLE_SESSION_MAX: i64 = 12 * 3600;
const NOT_IN_LAKE: &str = "account-not-in-lake";
const SIGN_IN_SESSION: &str = "/userIdentity/sessionContext/signInSessionArn";
const DELEGATE: &str = "/userIdentity/invokedByDelegate/accountId";

/// The records, and what each of them tells on its own; accounts and event ids are empty where none is told.
pub(crate) struct Twin {
    records: Vec<Logged>,
    callers: Vec<Caller>,
    times: Vec<Option<i64>>,
    accounts: Vec<String>,
    ids: Vec<String>,
    issuances: Vec<Issuance>,
}

impl Twin {
    /// Over all records: the same JSON value counts once, where it stands first by (object, index).
    pub(crate) fn new(mut records: Vec<Logged>) -> Twin {
        records.sort_by(|a, b| (&a.object, a.index).cmp(&(&b.object, b.index)));
        let mut kept: Vec<Logged> = Vec::new();
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for logged in records {
            let same_id = places.entry(text(&logged.record, "/eventID").unwrap_or_default()).or_default();
            if !same_id.iter().any(|place| kept[*place].record == logged.record) {
                same_id.push(kept.len());
                kept.push(logged);
            }
        }
        let callers = kept.iter().map(|logged| caller(&logged.record)).collect();
        let times = kept.iter().map(|logged| time(&logged.record)).collect();
        let accounts = kept.iter().map(|logged| account(&logged.record)).collect();
        let ids = kept.iter().map(|logged| text(&logged.record, "/eventID").unwrap_or_default()).collect();
        let mut twin = Twin { records: kept, callers, times, accounts, ids, issuances: Vec::new() };
        twin.issuances = twin.find_issuances();
        twin
    }

    /// The records that are kept, by (object, index).
    pub(crate) fn records(&self) -> &[Logged] {
        &self.records
    }

    /// The answer for the caller of the record at `place` in [`Twin::records`]. An issuance whose caller is only
    /// another account goes on to its copy in that account.
    pub(crate) fn of_record(&self, place: usize) -> Answer {
        let copy = self.caller_side(place).or_else(|| self.copy_of(place));
        let walks = match (&self.callers[place], copy) {
            (Caller::End(end), Some(copy)) if end.gap.as_deref() == Some(NOT_IN_LAKE) => {
                self.walks(&self.callers[copy], copy, &[self.link("shared-event", copy)], &[])
            }
            (caller, _) => self.walks(caller, place, &[], &[]),
        };
        let mut answer = walks[0].clone();
        answer.origins = walks.into_iter().flat_map(|walk| walk.origins).collect();
        if answer.origins.len() > 1 {
            answer.complete = false;
            answer.gap = Some("several-origins".to_owned());
        }
        if let Caller::Credential(c) = &self.callers[place] {
            let (_, candidates) = self.candidates(c, place);
            if candidates.len() > 1 {
                answer.ambiguous = candidates.iter().map(|i| self.ids[i.place].clone()).collect();
                answer.ambiguous.sort();
            }
        }
        answer
    }

    /// All ways up from a caller that made the record `at`, the canonical one first, each with one origin. `links` and
    /// `seen` are the links and credentials from the start to here. A cycle keeps the link that closes it.
    fn walks(&self, caller: &Caller, at: usize, links: &[Link], seen: &[Credential]) -> Vec<Answer> {
        let end = match caller {
            Caller::Credential(c) if seen.contains(c) => {
                Answer::end("unknown", &c.home, c.arn.as_deref(), None, Some("cycle"))
            }
            Caller::Credential(c) => {
                let (rule, candidates) = self.candidates(c, at);
                let seen = [seen, std::slice::from_ref(c)].concat();
                let walks = candidates.iter().flat_map(|issuance| {
                    let mut links = [links, &[self.link(rule, issuance.place)]].concat();
                    links.extend(issuance.caller_side.map(|copy| self.link("shared-event", copy)));
                    let at = issuance.caller_side.unwrap_or(issuance.place);
                    self.walks(&issuance.parent, at, &links, &seen)
                });
                if !candidates.is_empty() {
                    return walks.collect();
                }
                self.end(c, at)
            }
            Caller::End(end) => {
                let above = seen.last().and_then(|session| self.launched(session, end));
                Answer { above, ..end.clone() }
            }
        };
        let complete = end.complete && links.iter().all(|(rule, _)| rule != "claim");
        vec![Answer { links: links.to_vec(), complete, ..end }]
    }

    /// The rule that finds issuances of a credential, and all of the best rank that it finds, the canonical first.
    /// The long-term key of a user or root is no session: nothing delegated it. A user without a key is looked up all
    /// the same, as this may be a console session.
    fn candidates(&self, c: &Credential, at: usize) -> (&'static str, Vec<&Issuance>) {
        if c.is_user() && c.key.is_some() && !c.has_temporary_key() {
            return ("key", Vec::new());
        }
        if c.is_user() && c.key.is_none() && c.created.is_none() && is_switch(&self.records[at].record) {
            return ("session", self.signed_in(c, at));
        }
        let possible = self.possible(c, at, false);
        let first_use = self.first_use(c, at);
        let lived = |i: &Issuance| first_use.unwrap_or(i.time) - i.time;
        let (mut named, others): (Vec<&Issuance>, Vec<&Issuance>) =
            possible.iter().partition(|i| i.made.key.is_some() && i.made.key == c.key);
        match c.created {
            Some(created) => named = closest(named, created),
            None => named.retain(|i| !c.has_temporary_key() || lived(i) <= TEMPORARY_MAX),
        }
        if !named.is_empty() {
            return (if self.is_constant(c) { "session" } else { "key" }, named);
        }
        // The identity that a delegate calls with is another's.
        if self.told(c, DELEGATE).is_some() {
            return ("key", Vec::new());
        }
        let possible: Vec<&Issuance> =
            possible.into_iter().filter(|i| self.may_bear_identity(c, i)).collect();
        let others: Vec<&Issuance> = others.into_iter().filter(|i| self.may_bear_identity(c, i)).collect();
        if let Some(created) = c.created {
            // Who signs a call itself holds the key of its own issuance: that of another key is a neighbour.
            let neighbour =
                |i: &&Issuance| i.hands_its_key_out && i.made.has_temporary_key() && self.is_direct(c);
            let of_nobody =
                |i: &&Issuance| (i.time - created).abs() <= SLACK && self.is_of_person(i, c).is_none();
            let of_nobody: Vec<&Issuance> = others.iter().copied().filter(of_nobody).collect();
            let same = others.into_iter().filter(|i| self.is_session_of(i, c));
            // A key of GetSessionToken opens no console.
            let same = same.filter(|i| !(i.is_session_token && self.is_of_console(c)));
            let (neighbours, same): (Vec<&Issuance>, Vec<&Issuance>) = same.partition(neighbour);
            let is_own = |i: &&Issuance| i.time == created || !self.has_own_session(i);
            let same: Vec<&Issuance> = same.into_iter().filter(is_own).collect();
            let found = closest(same, created);
            if found.is_empty() {
                let is_role = ["AssumedRole", "Role"].contains(&c.kind.as_str());
                let lived = |i: &&Issuance| is_role && lived(i) <= ROLE_SESSION_MAX;
                let near =
                    neighbours.into_iter().filter(|i| i.time == created && i.made.arn == c.arn).filter(lived);
                let mut claims: Vec<&Issuance> = near.chain(of_nobody).collect();
                claims.sort_by_key(|i| (i.time, &self.ids[i.place], i.place));
                return ("claim", claims);
            }
            return ("session", found);
        }
        let claims = |i: &&Issuance| i.made.arn == c.arn && lived(i) <= ROLE_SESSION_MAX;
        let role = ["AssumedRole", "Role"].contains(&c.kind.as_str()) && c.arn.is_some();
        // A record of switching roles names no more of who switched; Identity Center names its sessions by the person.
        let of_person = c.principal.is_none() && c.role_session().0.starts_with("AWSReservedSSO_");
        let rule = if of_person && c.key.is_none() { "session" } else { "claim" };
        (rule, possible.into_iter().filter(claims).filter(|_| role).collect())
    }

    /// The sign-ins by which a user may have come that switched roles by the record at `at`: within the life of a session.
    fn signed_in(&self, c: &Credential, at: usize) -> Vec<&Issuance> {
        let Some(switched) = self.times[at] else { return Vec::new() };
        let lives = |i: &&Issuance| (-SLACK..=ROLE_SESSION_MAX).contains(&(switched - i.time));
        let signs_in = |i: &&Issuance| action(&self.records[i.place].record) == ("signin", "ConsoleLogin");
        self.issuances.iter().filter(|i| i.made.arn == c.arn).filter(signs_in).filter(lives).collect()
    }

    /// The issuances that nothing rules out, in canonical order: of this account, agreeing, not made by the credential
    /// itself (SwitchFrom tells the maker), not later than its first use, which binds every rule.
    fn possible(&self, c: &Credential, at: usize, long_term: bool) -> Vec<&Issuance> {
        let first_use = self.first_use(c, at);
        let mut possible: Vec<&Issuance> = self.issuances.iter().collect();
        possible.retain(|i| i.long_term == long_term && i.made.is_in(&c.home) && agree(&i.made, c));
        possible.retain(|i| !matches!(&i.parent, Caller::Credential(parent) if parent == c));
        possible.retain(|i| first_use.is_some_and(|first| i.time <= first + SLACK));
        possible.retain(|i| i.voucher.as_ref().is_none_or(|voucher| self.is_vouched(c, i, voucher)));
        // Root comes to no session of AssumeRoot by a sign-in, or by a token of its own.
        let of_root_itself = |i: &Issuance| {
            let (source, name) = action(&self.records[i.place].record);
            source == "signin" || name == "GetSessionToken"
        };
        possible.retain(|i| !(self.is_assumed_root(c) && of_root_itself(i)));
        possible
    }

    /// Whether an issuance made the session of a credential, by names and ids alone. An equal `signInSessionArn` counts
    /// like an equal arn, so it is bound to the moment too.
    fn is_session_of(&self, issuance: &Issuance, c: &Credential) -> bool {
        let made = &issuance.made;
        if issuance.portal.is_some() {
            return self.is_of_person(issuance, c) == Some(true);
        }
        let sign_in = self.told(c, SIGN_IN_SESSION);
        (made.arn.is_some() && made.arn == c.arn)
            || (made.formed().is_some() && made.formed() == c.formed())
            || (sign_in.is_some() && issuance.sign_in_session == sign_in)
    }

    /// Whether two issuances in the credential's account gave its key id to sessions that disagree, within the life of
    /// a temporary key: then the id is a constant of sanitised logs.
    fn is_constant(&self, c: &Credential) -> bool {
        let mut named: Vec<&Issuance> = self.issuances.iter().collect();
        named.retain(|i| !i.long_term && i.made.key == c.key && i.made.is_in(&c.home));
        let near = |a: &Issuance, b: &Issuance| (a.time - b.time).abs() <= TEMPORARY_MAX;
        named.iter().any(|a| named.iter().any(|b| near(a, b) && !agree(&a.made, &b.made)))
    }

    /// The end at a credential that no issuance explains, and the link above: a key's is its earliest CreateAccessKey.
    fn end(&self, c: &Credential, at: usize) -> Answer {
        if let Some(end) = self.end_of_others(c) {
            return end;
        }
        let (kind, name) = self.named_by_itself(c);
        let long_term = c.key.as_deref().filter(|_| c.is_user() && !c.has_temporary_key());
        let switched = c.principal.is_none() && c.key.is_none() && is_switch(&self.records[at].record);
        // A long-term key knows no MFA, so services forward none that was given by it.
        let mfa = self.told(c, "/userIdentity/sessionContext/attributes/mfaAuthenticated");
        let forwarded = self.is_forwarded(c) && mfa.is_none_or(|mfa| mfa != "true");
        let proven = c.is_user() && !switched && (!c.has_temporary_key() || forwarded);
        let gap = (!proven).then(|| self.gap(c, at));
        let mut end = Answer::end(kind, &c.home, name.as_deref(), long_term, gap);
        end.above = if long_term.is_some() {
            let made = self.possible(c, at, true).into_iter().find(|i| i.made.key == c.key);
            made.map(|i| self.link("key", i.place))
        } else if c.kind == "IAMUser" && c.key.is_none() {
            self.password_given(c, at)
        } else {
            self.launched(c, &end)
        };
        end
    }

    /// Kind and name of the origin that a credential's own records tell.
    fn named_by_itself(&self, c: &Credential) -> (&'static str, Option<String>) {
        let told = |field: &str| self.told(c, &format!("/userIdentity/{field}"));
        let user = |root: bool, name| (if root { "root" } else { "iam-user" }, name);
        if c.is_user() {
            let name = c.arn.clone().or_else(|| told("userName")).or(c.principal.clone());
            return user(c.kind == "Root", name);
        }
        let issuer = told("sessionContext/sessionIssuer/arn").unwrap_or_default();
        if c.kind == "FederatedUser" && !issuer.is_empty() {
            return user(issuer.ends_with(":root"), Some(issuer));
        }
        let (role, session) = c.role_session();
        // `AWS::Lambda::Function` stands for lambda.amazonaws.com.
        let scope = told("inScopeOf/issuerType").unwrap_or_default();
        if let Some(service) = scope.split("::").nth(1) {
            return ("service", Some(format!("{}.amazonaws.com", service.to_lowercase())));
        }
        if told("sessionContext/ec2RoleDelivery").is_some() && session.starts_with("i-") {
            return ("service", Some("ec2.amazonaws.com".to_owned()));
        }
        if let Some((_, path)) = issuer.split_once(":role/aws-service-role/") {
            return ("service", path.split('/').next().map(str::to_owned));
        }
        let federated = told("sessionContext/webIdFederationData/federatedProvider");
        // An application that names a person as onBehalfOf acts for it and is not it.
        if role.starts_with("AWSReservedSSO_") {
            ("identity-center-user", Some(session))
        } else if federated.is_some() {
            ("web-identity", self.of(c).find_map(|place| read::vouched(&self.records[place].record)))
        } else {
            ("unknown", c.arn.clone())
        }
    }

    /// Why no issuance explains a credential. Asked in this order, so the first that holds is told.
    /// `response-hidden` is told before all when something of its kind issued at the very moment, and tells no session. A read-only management event is one with `readOnly` true that is not marked as of another category.
    fn gap(&self, c: &Credential, at: usize) -> &'static str {
        // The access portal's steps are logged by the account of the identity store.
        let portal = !c.is_user() && c.role_session().0.starts_with("AWSReservedSSO_");
        let store = self.told(c, "/userIdentity/onBehalfOf/identityStoreArn").filter(|_| portal);
        let store = store.and_then(|arn| arn.split(':').nth(4).map(str::to_owned));
        let account = store.filter(|account| !account.is_empty()).unwrap_or_else(|| c.home.clone());
        let mut home: Vec<usize> = (0..self.records.len()).collect();
        home.retain(|place| self.accounts[*place] == account);
        let first = home.iter().filter_map(|place| self.times[*place]).min();
        // Whoever switched may have signed in as long ago as a session lives.
        let before = if c.is_user() && is_switch(&self.records[at].record) { ROLE_SESSION_MAX } else { 0 };
        let moment = c.created.or(self.first_use(c, at)).map(|moment| moment - before);
        let hidden = |place: usize| {
            let near = c.created.zip(self.times[place]).is_some_and(|(a, b)| (a - b).abs() <= SLACK);
            near && read::hides(&self.records[place].record, &c.kind, c.arn.as_deref(), &c.home)
        };
        let read_only = |place: &usize| {
            let record = &self.records[*place].record;
            let management = text(record, "/eventCategory").is_none_or(|category| category == "Management");
            management && record["readOnly"] == true && record["managementEvent"] != false
        };
        let days = home.iter().filter_map(|place| self.times[*place]).map(|time| time.div_euclid(24 * 3600));
        let days: BTreeSet<i64> = days.collect();
        let day = moment.map(|moment| moment.div_euclid(24 * 3600));
        let last = home.iter().filter_map(|place| self.times[*place]).max();
        let is_hole = day.is_some_and(|day| moment <= last && !days.contains(&day));
        let reasons = [
            ("response-hidden", (0..self.records.len()).any(hidden)),
            (NOT_IN_LAKE, home.is_empty()),
            ("before-logs", moment.zip(first).is_some_and(|(moment, first)| moment < first)),
            ("day-missing", before == 0 && is_hole),
            ("sign-in-missing", c.is_user()),
            ("record-missing", portal),
            ("read-only-not-logged", !home.iter().any(read_only)),
        ];
        reasons.into_iter().find(|(_, holds)| *holds).map_or("record-missing", |(reason, _)| reason)
    }

    /// Whether a credential with a temporary key signed a call that neither a service nor the console made for it.
    fn is_direct(&self, c: &Credential) -> bool {
        let by_itself = |place: usize| {
            let record = &self.records[place].record;
            let console = &record["sessionCredentialFromConsole"];
            record["userIdentity"]["invokedBy"].is_null() && *console != true && *console != "true"
        };
        c.has_temporary_key() && self.of(c).any(by_itself)
    }

    /// Whether all calls of a session were made in the console, by nobody else for it.
    fn is_of_console(&self, c: &Credential) -> bool {
        let in_console = |place: usize| {
            let record = &self.records[place].record;
            let console = &record["sessionCredentialFromConsole"];
            record["userIdentity"]["invokedBy"].is_null() && (*console == true || *console == "true")
        };
        c.created.is_some() && self.of(c).all(in_console)
    }

    /// Whether services made all calls of the session (user, creation date), long-term keys apart.
    fn is_forwarded(&self, c: &Credential) -> bool {
        (0..self.records.len()).all(|place| {
            let Caller::Credential(other) = &self.callers[place] else { return true };
            let same_user = other.arn == c.arn && other.principal == c.principal && other.home == c.home;
            let temporary = other.key.is_none() || other.has_temporary_key();
            let invoked_by = self.records[place].record["userIdentity"]["invokedBy"].as_str();
            let forwarded = invoked_by.is_some_and(|by| !by.is_empty());
            forwarded || !(same_user && temporary && other.created == c.created)
        })
    }

    /// For the sign-in of an IAM user: the latest record, not after it, that gave this user a password. A session whose
    /// sign-in is not in the lake has none: it may be no console session.
    fn password_given(&self, c: &Credential, sign_in: usize) -> Option<Link> {
        let record = &self.records[sign_in].record;
        let user = text(record, "/userIdentity/userName")?;
        let signed_in = action(record) == ("signin", "ConsoleLogin") && is_success(record);
        let gives = |place: &usize| {
            let record = &self.records[*place].record;
            let (gives, of) = match action(record) {
                ("iam", "CreateLoginProfile" | "UpdateLoginProfile") => (true, "/requestParameters/userName"),
                ("iam", name) => (name == "ChangePassword", "/userIdentity/userName"),
                _ => (false, ""),
            };
            let to_user = gives && text(record, of).as_ref() == Some(&user);
            let earlier = self.times[*place].is_some() && self.times[*place] <= self.times[sign_in];
            signed_in && gives && earlier && to_user && is_success(record) && self.accounts[*place] == c.home
        };
        let given = (0..self.records.len()).filter(gives);
        let latest = given.max_by_key(|place| (self.times[*place], &self.ids[*place], *place))?;
        // A password, its user, or the name's earlier user that is gone by then leads to nothing.
        let ends = |place: usize| {
            let record = &self.records[place].record;
            let ends = matches!(action(record), ("iam", "DeleteLoginProfile" | "DeleteUser" | "CreateUser"));
            let slack = if action(record).1 == "CreateUser" { 0 } else { SLACK + 1 };
            let ended = self.times[place].map(|time| time + slack) <= self.times[sign_in];
            let of_user = text(record, "/requestParameters/userName").as_ref() == Some(&user);
            let after = self.times[place] > self.times[latest];
            ends && ended && of_user && after && is_success(record) && self.accounts[place] == c.home
        };
        let maker = (0..self.records.len()).filter(|place| {
            let record = &self.records[*place].record;
            let of_user = text(record, "/requestParameters/userName").as_ref() == Some(&user);
            let before = self.times[*place].is_some() && self.times[*place] <= self.times[latest];
            action(record) == ("iam", "CreateUser") && of_user && before && self.accounts[*place] == c.home
        });
        let maker = maker.max_by_key(|place| (self.times[*place], &self.ids[*place], *place));
        let made = maker.and_then(|place| text(&self.records[place].record, "/responseElements/user/userId"));
        let is_other = made.zip(c.principal.clone()).is_some_and(|(made, own)| made != own);
        (!is_other && !(0..self.records.len()).any(ends)).then(|| self.link("identity", latest))
    }

    /// The last record, in the account of a service's session and not after it, whose success launched the workload that
    /// has it, put layers on it, gave it a role that it did not have or replaced its code: an instance and an automation by the
    /// session's name, others by `inScopeOf.credentialsIssuedTo`. Of a version that is told, the last before it was published. None where a
    /// function has another role after that. Nothing here launches pods.
    fn launched(&self, c: &Credential, end: &Answer) -> Option<Link> {
        let origin = end.origins.first().filter(|origin| origin.starts_with("service|"))?;
        let (role, session) = c.role_session();
        let moment = c.created.or_else(|| self.of(c).filter_map(|place| self.times[place]).min());
        let on_instance = origin.contains("|ec2.amazonaws.com|") && session.starts_with("i-");
        let scope = self.told(c, "/userIdentity/inScopeOf/credentialsIssuedTo");
        let version = self.told(c, "/userIdentity/inScopeOf/credentialsIssuedToVersion");
        let automation =
            session.strip_prefix("Automation-").filter(|_| origin.contains("|ssm.amazonaws.com|"));
        let workload = automation.map(str::to_owned).or(on_instance.then(|| session.clone())).or(scope)?;
        // `…:function:NAME:VERSION`
        let (workload, version) = match workload.split_once(":function:") {
            Some((before, rest)) => {
                let name = rest.split(':').next().unwrap_or_default();
                let told = version.unwrap_or_else(|| workload.clone());
                (format!("{before}:function:{name}"), told.split(':').nth(7).map(str::to_owned))
            }
            None => (workload, None),
        };
        let mut named = ["\"", ":", "/"].map(|before| format!("{before}{workload}\"")).to_vec();
        named.push(format!("\"{workload}:"));
        let layers = |record: &Value| record["requestParameters"]["layers"].as_array().map(Vec::len);
        let launch = |place: &usize| {
            let record = &self.records[*place].record;
            let launches = match action(record) {
                ("ecs", "RunTask" | "StartTask")
                | ("codebuild", "StartBuild" | "RetryBuild")
                | ("ssm", "StartAutomationExecution" | "StartChangeRequestExecution") => true,
                ("ec2", name) => {
                    let swaps = ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"];
                    name == "RunInstances" || swaps.contains(&name)
                }
                ("lambda", name) if name.starts_with("UpdateFunctionConfiguration") => {
                    text(record, "/requestParameters/role").is_some() || layers(record).is_some()
                }
                ("lambda", name) if name.starts_with("PublishVersion") => true,
                ("lambda", name) if name.starts_with("UpdateFunctionCode") => {
                    record["requestParameters"]["dryRun"] != true
                }
                (source, name) => source == "lambda" && name.starts_with("CreateFunction"),
            };
            let launches = launches && self.times[*place] <= moment.map(|moment| moment + SLACK);
            let succeeded = launches && self.accounts[*place] == c.home && is_success(record);
            let response = if succeeded { record["responseElements"].to_string() } else { String::new() };
            named.iter().any(|name| response.contains(name))
        };
        let mut launches: Vec<usize> = (0..self.records.len()).filter(launch).collect();
        let is = |place: &usize, name: &str| action(&self.records[*place].record).1.starts_with(name);
        launches.sort_by_key(|place| {
            (self.times[*place], is(place, "PublishVersion"), &self.ids[*place], *place)
        });
        if let Some(version) = version.filter(|version| version != "$LATEST") {
            let publishes = |place: &usize| {
                let record = &self.records[*place].record;
                let is_it = text(record, "/responseElements/version").as_ref() == Some(&version);
                is_it && (is(place, "PublishVersion") || record["requestParameters"]["publish"] == true)
            };
            let at = launches.iter().position(publishes)?;
            launches.truncate(at + 1);
        }
        launches.retain(|place| !is(place, "PublishVersion"));
        // What was put of a function that was made anew since is gone.
        let since = launches.iter().rposition(|place| is(place, "CreateFunction")).unwrap_or(0);
        let told =
            launches.iter().skip(since).rev().find(|place| layers(&self.records[**place].record).is_some());
        let layered = told.filter(|place| layers(&self.records[**place].record) != Some(0)).copied();
        let role_of = |place: &usize| {
            let code = is(place, "UpdateFunctionCode");
            let at = if code { "/responseElements/role" } else { "/requestParameters/role" };
            let record = &self.records[*place].record;
            let swap = format!("/requestParameters/{}Request/IamInstanceProfile/", action(record).1);
            let of_swap = ["Arn", "Name"].iter().find_map(|name| text(record, &format!("{swap}{name}")));
            text(record, at).or(of_swap)
        };
        // The last that put the code, else the layers, else the first of those that gave the role which the function has at
        // last.
        let passed = launches.iter().rev().find_map(role_of);
        let only_layers =
            |place: &usize| is(place, "UpdateFunctionConfiguration") && role_of(place).is_none();
        let giving = launches.iter().rev().filter(|place| !only_layers(place));
        let giving = giving.take_while(|place| role_of(place).is_none_or(|role| Some(role) == passed));
        let puts = |place: &&usize| {
            let other = ["UpdateFunctionConfiguration", "AssociateIam", "ReplaceIam"];
            !other.iter().any(|name| is(place, name))
        };
        let put = launches.iter().rev().find(puts);
        let last = put.copied().or(layered).or(giving.last().copied())?;
        let other = action(&self.records[last].record).0 == "lambda"
            && passed.is_some_and(|passed| passed.rsplit('/').next() != Some(&role));
        (!other).then(|| self.link("launched", last))
    }

    fn of(&self, c: &Credential) -> impl Iterator<Item = usize> {
        let signed = move |caller: &Caller| matches!(caller, Caller::Credential(other) if other == c);
        (0..self.records.len()).filter(move |place| signed(&self.callers[*place]))
    }

    /// What the first record of a credential that tells it says there: some facts stand in some of its records only.
    fn told(&self, c: &Credential, pointer: &str) -> Option<String> {
        self.of(c).find_map(|place| text(&self.records[place].record, pointer))
    }

    /// The time of a credential's first call; for one that made none (SwitchFrom), of the record that names it.
    fn first_use(&self, c: &Credential, at: usize) -> Option<i64> {
        self.of(c).filter_map(|place| self.times[place]).min().or(self.times[at])
    }

    fn link(&self, rule: &str, place: usize) -> Link {
        (rule.to_owned(), self.ids[place].clone())
    }

    /// Whether two places hold copies of one record, content apart.
    fn are_copies(&self, a: usize, b: usize) -> bool {
        let same = self.ids[a] == self.ids[b] && self.accounts[a] == self.accounts[b];
        a == b || (same && !self.ids[a].is_empty())
    }

    /// For the copy of a cross-account issuance in the role's account: its copy in the caller's.
    fn caller_side(&self, place: usize) -> Option<usize> {
        self.issuances.iter().find(|i| self.are_copies(i.place, place))?.caller_side
    }

    /// All issuances, in canonical order: (event time, event id, place). Copies of one record count once, and
    /// the two sides of a cross-account one are one.
    fn find_issuances(&self) -> Vec<Issuance> {
        let mut all: Vec<Issuance> = Vec::new();
        for place in 0..self.records.len() {
            if !all.iter().any(|other| self.are_copies(other.place, place)) {
                let (record, caller) = (&self.records[place].record, &self.callers[place]);
                all.extend(self.times[place].and_then(|time| issuance(record, place, time, caller)));
            }
        }
        all.sort_by_key(|i| (i.time, &self.ids[i.place], i.place));
        let shared = |i: &Issuance| {
            let record = &self.records[i.place].record;
            text(record, "/sharedEventID").filter(|_| record["eventCategory"] != "Insight")
        };
        let sides = all.clone();
        let mut joined = BTreeSet::new();
        for role_side in &mut all {
            let account = &self.accounts[role_side.place];
            let role_side_copy = !account.is_empty() && role_side.made.home == *account;
            let is_caller_side = |i: &&Issuance| {
                let theirs = &self.accounts[i.place];
                let own = matches!(&self.callers[i.place], Caller::Credential(c) if c.home == *theirs);
                let one_id = shared(i).is_some() && shared(i) == shared(role_side);
                let same = |own: &Option<String>, other: &Option<String>| {
                    own.as_ref().zip(other.as_ref()).is_none_or(|(own, other)| own == other)
                };
                let agree = same(&i.made.key, &role_side.made.key) && same(&i.made.arn, &role_side.made.arn);
                own && theirs != account && one_id && agree && (i.time - role_side.time).abs() <= SLACK
            };
            let copy = sides.iter().find(is_caller_side).filter(|_| role_side_copy);
            role_side.hands_its_key_out &= copy.is_none_or(|copy| copy.hands_its_key_out);
            role_side.caller_side = copy.map(|copy| copy.place);
            role_side.parent = copy.map_or(role_side.parent.clone(), |copy| copy.parent.clone());
            joined.extend(role_side.caller_side);
        }
        all.retain(|issuance| !joined.contains(&issuance.place));
        all
    }
}

impl Answer {
    /// A walk that ends here; it is complete when there is no gap.
    fn end(kind: &str, account: &str, name: Option<&str>, key: Option<&str>, gap: Option<&str>) -> Answer {
        let account = if account.is_empty() { "-" } else { account };
        let origins = format!("{kind}|{account}|{}|{}", name.unwrap_or("-"), key.unwrap_or("-"));
        let (origins, complete, gap) = (BTreeSet::from([origins]), gap.is_none(), gap.map(str::to_owned));
        Answer { links: Vec::new(), ambiguous: Vec::new(), origins, complete, gap, above: None }
    }
}

impl Credential {
    fn of_arn(arn: Option<String>, principal: Option<String>) -> Credential {
        let home = arn.as_ref().and_then(|arn| arn_field(arn, 4)).unwrap_or_default();
        Credential { arn, principal, home, ..Credential::default() }
    }

    /// Whether it can be of this account.
    fn is_in(&self, home: &str) -> bool {
        home.is_empty() || self.home.is_empty() || self.home == home
    }

    /// The principal id if it is well formed: `AROA…:session`, or a federated `account:name`. Others were sanitised.
    fn formed(&self) -> Option<&String> {
        let (id, name) = self.principal.as_ref()?.split_once(':')?;
        let code = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit();
        let of_role = id.strip_prefix("AROA").is_some_and(|rest| rest.len() >= 12 && rest.chars().all(code));
        let federated = id.len() == 12 && id.chars().all(|char| char.is_ascii_digit());
        self.principal.as_ref().filter(|_| (of_role || federated) && !name.is_empty())
    }

    fn is_user(&self) -> bool {
        self.kind == "IAMUser" || self.kind == "Root"
    }

    /// Every other key counts as a long-term one.
    fn has_temporary_key(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.starts_with("ASIA"))
    }

    /// Role name and session name of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, else two empty ones.
    fn role_session(&self) -> (String, String) {
        let arn = self.arn.as_deref().unwrap_or_default();
        let names = arn.split_once(":assumed-role/").and_then(|(_, names)| names.split_once('/'));
        names.map_or_else(Default::default, |(role, session)| (role.to_owned(), session.to_owned()))
    }
}

/// Whether no arn or principal id that both tell is different.
fn agree(a: &Credential, b: &Credential) -> bool {
    let same = |a: Option<&String>, b: Option<&String>| a.zip(b).is_none_or(|(a, b)| a == b);
    same(a.arn.as_ref(), b.arn.as_ref()) && same(a.formed(), b.formed())
}

/// Those in the very second, else those within the slack.
fn closest(mut issuances: Vec<&Issuance>, created: i64) -> Vec<&Issuance> {
    let same_second = issuances.iter().any(|i| i.time == created);
    issuances.retain(|i| (i.time - created).abs() <= if same_second { 0 } else { SLACK });
    issuances
}
