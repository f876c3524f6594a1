//! How chains go on: role after role.

use std::rc::Rc;

use super::credential::{Held, Role};
use super::maker::Maker;
use super::record::{self, Call, From};
use super::text;
use super::world::{Part, World};

/// Role chaining ends after an hour.
const HOUR: i64 = 3600;
const CONSTANT_NAMES: [&str; 3] = ["session", "deploy", "terraform"];

/// What is asked for: a role under a name, and when.
struct Asked {
    role: Rc<Role>,
    name: String,
    time: i64,
    /// Whether nobody else asks for this in these seconds.
    alone: bool,
    lost: bool,
}

/// Where an issuance is recorded.
#[derive(Debug, Clone, Copy)]
struct Copies {
    role_side: bool,
    caller_side: bool,
}

impl Maker<'_> {
    /// Goes on from a credential until it stands so many issuances above the others.
    pub(super) fn climb(&mut self, first: &mut Held, depth: u64) {
        let from = u64::from(first.role().is_some() || first.truth.created.is_some());
        let mut sessions: Vec<Held> = Vec::new();
        for _ in from..depth {
            let Some(asked) = self.ask(sessions.last().unwrap_or(first)) else { break };
            let parent = sessions.last_mut().unwrap_or(&mut *first);
            let twin = !asked.lost && self.random.chance(self.spec.twins);
            let mut session = self.issue(parent, &asked, twin);
            if twin {
                self.twin(parent, &asked);
            }
            self.calls(&mut session);
            let told_apart = session.truth.created.is_some() && (session.alone || self.spec.undecided);
            if self.random.chance(self.spec.forwarded) && told_apart {
                self.another(&session, true);
            }
            sessions.push(session);
        }
        for session in sessions {
            self.tell(&session);
        }
    }

    /// What a credential asks for next.
    fn ask(&mut self, parent: &Held) -> Option<Asked> {
        let random = &mut self.random;
        let gap = if random.chance(0.1) { 0 } else { random.between(1, 600) };
        let lost = random.chance(self.spec.lost);
        let time = parent.born + gap;
        if let Some(before) = &parent.before
            && parent.role().is_some()
            && (parent.logged || before.logged)
            && random.chance(self.spec.juggled)
        {
            let name = if lost { format!("lost-{}", self.world.serial()) } else { "juggler".to_owned() };
            return Some(Asked { role: Rc::clone(before), name, time, alone: lost, lost });
        }
        let crossing = random.chance(self.spec.crossing);
        let accounts = &self.world.accounts;
        let own = accounts.iter().filter(|account| account.number == parent.truth.account);
        let others = accounts.iter().filter(|account| account.number != parent.truth.account);
        let mut choice: Vec<_> = if crossing { others.collect() } else { own.collect() };
        if !parent.logged || lost {
            choice = accounts.iter().filter(|account| account.logged).collect();
        }
        let account = random.pick(&choice)?;
        let role = Rc::clone(random.pick(&account.roles)?);
        let (name, alone) = if lost {
            (format!("lost-{}", self.world.serial()), true)
        } else if random.chance(self.spec.constant_names) {
            (random.pick(&CONSTANT_NAMES).map_or_else(String::new, |name| (*name).to_owned()), false)
        } else if random.chance(0.3) {
            (format!("botocore-session-{time}"), false)
        } else {
            (format!("run-{}", self.world.serial()), true)
        };
        Some(Asked { role, name, time, alone, lost })
    }

    /// The same once more in the same second: by the same caller, as SDKs do, or by a user of the role's account.
    fn twin(&mut self, parent: &mut Held, asked: &Asked) {
        self.summary.twins += 1;
        let asked = Asked { role: Rc::clone(&asked.role), name: asked.name.clone(), alone: false, ..*asked };
        let account = self.world.accounts.iter().position(|account| account.number == asked.role.account);
        let account = account.unwrap_or_default();
        let place = self.random.index(World::users(Part::Key));
        let mut session = match self.world.borrow(account, Part::Key, place) {
            Some(mut user) if self.random.chance(0.5) => {
                let session = self.issue(&mut user, &asked, true);
                self.world.give_back(account, Part::Key, place, &user);
                session
            }
            _ => self.issue(parent, &asked, true),
        };
        if self.random.chance(0.7) {
            self.calls(&mut session);
        }
        self.tell(&session);
    }

    /// `AssumeRole`, and its record in one account, in two, or in none.
    fn issue(&mut self, parent: &mut Held, asked: &Asked, twin: bool) -> Held {
        let Asked { role, name, time, .. } = asked;
        let undated = !twin && !asked.lost && self.random.chance(self.spec.undated);
        let recycled = if undated { 0.0 } else { self.spec.recycled };
        let (key, recycled) = self.world.key(role.account, *time, recycled, &mut self.random);
        let mut held = Held::session(role, name, *time, key);
        held.inherit(parent);
        held.alone = asked.alone && !twin;
        held.truth.recycled = recycled;
        self.summary.recycled += u64::from(recycled);
        if undated {
            held.truth.created = None;
        }
        let crossing = role.account != parent.truth.account;
        let mut copies = Copies { role_side: role.logged, caller_side: crossing && parent.logged };
        if asked.lost {
            // Of two copies only the one of the role's account is lost: the other proves as much.
            copies.role_side = false;
            copies.caller_side &= self.random.chance(0.5);
            self.summary.lost += 1;
        }
        self.record(parent, &held, asked, copies);
        match (copies.role_side, copies.caller_side) {
            (true, true) => {
                self.summary.shared += 1;
                held.truth.shared += 1;
            }
            (true, false) if crossing => {
                held.begin("account", Some(parent.truth.principal_id.clone()), parent.truth.account);
                held.truth.shared = 0;
                held.truth.complete = false;
                held.truth.gap = Some("account-not-in-lake");
                held.truth.above = None;
            }
            (false, false) => held.end("unknown", None, "record-missing"),
            _ => {}
        }
        self.summary.issuances += u64::from(copies.role_side || copies.caller_side);
        held
    }

    fn record(&mut self, parent: &mut Held, held: &Held, asked: &Asked, copies: Copies) {
        let Asked { role, name, time, .. } = asked;
        let crossing = role.account != parent.truth.account;
        let (arn, id) = (&held.truth.arn, &held.truth.principal_id);
        let told = format!(r#","assumedRoleUser":{{"assumedRoleId":"{id}","arn":"{arn}"}}"#);
        let mut more = resources(role);
        if crossing {
            more.push_str(r#""sharedEventID":""#);
            text::uuid(&mut self.random, &mut more);
            more.push_str("\",");
        }
        let call = Call {
            source: "sts",
            name: "AssumeRole",
            request: format!(
                r#"{{"roleArn":"{}","roleSessionName":"{name}","durationSeconds":3600}}"#,
                role.arn
            ),
            response: record::credentials(&held.truth.access_key, time + HOUR, &told, &mut self.random),
            more,
            ..Call::default()
        };
        if copies.caller_side || (copies.role_side && !crossing) {
            self.call(parent, *time, &call);
        }
        if copies.role_side && crossing {
            let (identity, address) = (parent.outside(), parent.address.clone());
            self.log(*time, role.account, &call, &From { identity: &identity, address: &address });
        }
    }
}

/// The member `resources` for a role.
pub(super) fn resources(role: &Role) -> String {
    let Role { account, arn, .. } = role;
    format!(r#""resources":[{{"accountId":"{account}","type":"AWS::IAM::Role","ARN":"{arn}"}}],"#)
}
