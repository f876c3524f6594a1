//! How chains begin.

use std::rc::Rc;

use super::credential::{Held, Role, Shape};
use super::maker::Maker;
use super::record::{self, Call, From};
use super::text;
use super::world::{Part, World};

const HOUR: i64 = 3600;
const PEOPLE: u64 = 200;

/// What a chain begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Key,
    Token,
    Federation,
    Through,
    Console,
    Unseen,
    Saml,
    SamlConsole,
    IdentityCenter,
    Portal,
    Web,
    Instance,
    Function,
    RootKey,
    RootConsole,
    Outside,
}

impl Start {
    /// How often each comes.
    const ALL: [(Start, u64); 16] = [
        (Start::Key, 30),
        (Start::Token, 7),
        (Start::Federation, 2),
        (Start::Through, 2),
        (Start::Console, 8),
        (Start::Unseen, 2),
        (Start::Saml, 9),
        (Start::SamlConsole, 4),
        (Start::IdentityCenter, 6),
        (Start::Portal, 4),
        (Start::Web, 10),
        (Start::Instance, 8),
        (Start::Function, 5),
        (Start::RootKey, 1),
        (Start::RootConsole, 1),
        (Start::Outside, 3),
    ];

    /// Whether it may assume roles.
    fn goes_on(self) -> bool {
        !matches!(self, Start::Federation | Start::Through | Start::RootKey | Start::RootConsole)
    }
}

impl Maker<'_> {
    /// A whole chain.
    pub(super) fn chain(&mut self, time: i64) {
        self.summary.chains += 1;
        let start = self.start();
        let depth = match self.random.below(4) {
            0 | 1 => 1,
            2 => 2 + self.random.below(2),
            _ => 1 + self.random.below(self.spec.depth_max),
        };
        let depth = depth.min(self.spec.depth_max);
        let unlogged = start == Start::Outside && self.spec.unlogged > 0;
        let account = if unlogged {
            self.spec.accounts + self.random.index(self.spec.unlogged)
        } else {
            self.random.index(self.spec.accounts)
        };
        let user = match start {
            Start::Key | Start::Outside => Some(Part::Key),
            Start::Token => Some(Part::Token),
            Start::Federation => Some(Part::Federation),
            Start::Through => Some(Part::Through),
            _ => None,
        };
        if let Some(part) = user {
            let place = self.random.index(World::users(part));
            let Some(mut held) = self.world.borrow(account, part, place) else { return };
            held.born = time;
            match start {
                Start::Key | Start::Outside => {
                    self.calls(&mut held);
                    self.climb(&mut held, depth);
                }
                Start::Through => self.through(&mut held),
                _ => {
                    let federated = start == Start::Federation;
                    let mut session = self.token(&mut held, federated);
                    self.calls(&mut session);
                    if start.goes_on() {
                        self.climb(&mut session, depth);
                    }
                    self.tell(&session);
                }
            }
            self.world.give_back(account, part, place, &held);
        } else if let Some(mut held) = self.held(start, account, time) {
            self.calls(&mut held);
            if start.goes_on() {
                self.climb(&mut held, depth);
            }
            if start == Start::RootKey {
                if let Some(account) = self.world.accounts.get_mut(account) {
                    account.root.truth.calls += held.truth.calls;
                }
            } else {
                self.tell(&held);
            }
        }
    }

    fn start(&mut self) -> Start {
        let mut left = self.random.below(Start::ALL.iter().map(|(_, weight)| weight).sum());
        for (start, weight) in Start::ALL {
            if left < weight {
                return start;
            }
            left -= weight;
        }
        Start::Key
    }

    /// The first credential of a chain, where it is no user's.
    fn held(&mut self, start: Start, account: usize, time: i64) -> Option<Held> {
        let place = self.world.accounts.get(account)?;
        Some(match start {
            Start::Console | Start::Unseen => {
                let part = if start == Start::Console { Part::Console } else { Part::Unseen };
                let place = self.random.index(World::users(part));
                let mut user = self.world.borrow(account, part, place)?;
                let held = self.sign_in(&mut user, time, start == Start::Console);
                self.world.give_back(account, part, place, &user);
                held
            }
            Start::RootConsole => {
                let mut root = place.root_password.fresh();
                let held = self.sign_in(&mut root, time, true);
                self.world.accounts.get_mut(account)?.root_password.truth.calls += root.truth.calls;
                held
            }
            Start::RootKey => {
                let mut root = place.root.fresh();
                root.born = time;
                root
            }
            Start::IdentityCenter | Start::Portal => {
                let role = Rc::clone(self.random.pick(&place.reserved)?);
                if start == Start::Portal { self.portal(&role, time)? } else { self.saml(&role, time, start) }
            }
            _ => {
                let role = Rc::clone(self.random.pick(&place.roles)?);
                match start {
                    Start::Saml | Start::SamlConsole => self.saml(&role, time, start),
                    Start::Web => self.web(&role, time),
                    Start::Instance => self.instance(&role, time, account)?,
                    _ => self.function(&role, time),
                }
            }
        })
    }

    /// `GetSessionToken` and `GetFederationToken`: temporary keys of a user.
    fn token(&mut self, user: &mut Held, federated: bool) -> Held {
        let account = user.truth.account;
        let (key, recycled) = self.world.key(account, user.born, self.spec.recycled, &mut self.random);
        let mut held = if federated {
            let name = format!("guest-{}", self.world.serial());
            let shape =
                Shape::Federated(user.truth.arn.clone(), user.truth.principal_id.clone(), user.name.clone());
            let mut held = Held::new(shape, account, &name);
            held.truth.arn = format!("arn:aws:sts::{account}:federated-user/{name}");
            held.truth.principal_id = format!("{account}:{name}");
            held
        } else {
            user.fresh()
        };
        held.inherit(user);
        held.logged = user.logged;
        held.born = user.born;
        held.truth.access_key.clone_from(&key);
        held.truth.recycled = recycled;
        held.truth.created = Some(user.born);
        self.summary.recycled += u64::from(recycled);
        let mut call = Call { source: "sts", name: "GetSessionToken", ..Call::default() };
        let mut more = String::new();
        if federated {
            let (arn, id, name) = (&held.truth.arn, &held.truth.principal_id, &held.name);
            call.name = "GetFederationToken";
            call.request = format!(r#"{{"name":"{name}","durationSeconds":3600}}"#);
            more = format!(r#","federatedUser":{{"federatedUserId":"{id}","arn":"{arn}"}}"#);
        }
        call.response = record::credentials(&key, user.born + HOUR, &more, &mut self.random);
        let time = user.born;
        self.call(user, time, &call);
        self.summary.issuances += 1;
        held
    }

    /// A user's calls that services forward with keys which nothing issued.
    fn through(&mut self, user: &mut Held) {
        let time = user.born;
        let call = Call {
            source: "cloudformation",
            name: "UpdateStack",
            writes: true,
            request: r#"{"stackName":"shop"}"#.to_owned(),
            ..Call::default()
        };
        self.call(user, time, &call);
        let mut session = user.fresh();
        session.truth.created = Some(time);
        session.truth.access_key = self.world.id("ASIA", user.truth.account);
        session.truth.above = None;
        session.begin("iam-user", Some(user.truth.arn.clone()), user.truth.account);
        session.truth.depth = 0;
        for seconds in 1..=2 {
            self.forwarded(&mut session, time + seconds);
        }
        self.tell(&session);
    }

    /// A console session of a user or root, with several keys; the sign-in has a record or not.
    fn sign_in(&mut self, user: &mut Held, time: i64, logged: bool) -> Held {
        let account = user.truth.account;
        let kind = if matches!(user.shape, Shape::Root) { "root" } else { "iam-user" };
        let mut held = user.fresh();
        held.born = time;
        held.console = true;
        held.truth.created = Some(time);
        held.truth.access_key = self.world.id("ASIA", account);
        if logged {
            held.begin(kind, Some(user.truth.arn.clone()), account);
            let call = Call {
                source: "signin",
                name: "ConsoleLogin",
                writes: true,
                response: r#"{"ConsoleLogin":"Success"}"#.to_owned(),
                more: r#""additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"Yes"},"#.to_owned(),
                kind: "AwsConsoleSignIn",
                ..Call::default()
            };
            self.call(user, time, &call);
            self.summary.issuances += 1;
        } else {
            held.end(kind, Some(user.truth.arn.clone()), "sign-in-missing");
            self.summary.lost += 1;
        }
        for _ in 0..self.random.below(4) {
            self.another(&held, false);
        }
        held
    }

    /// `AssumeRoleWithSAML`: a command line uses the key of the response, a console and Identity Center others.
    fn saml(&mut self, role: &Rc<Role>, time: i64, start: Start) -> Held {
        let account = role.account;
        let center = start == Start::IdentityCenter;
        let name = format!("person-{:03}@example.com", self.random.below(PEOPLE));
        let name = if start == Start::SamlConsole { format!("console-{name}") } else { name };
        let (key, recycled) = self.world.key(account, time, self.spec.recycled, &mut self.random);
        let mut held = Held::session(role, &name, time, key.clone());
        text::address(self.random.next(), &mut held.address);
        held.begin(if center { "identity-center-user" } else { "saml" }, Some(name.clone()), account);
        let provider = if center {
            format!("arn:aws:iam::{account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE")
        } else {
            format!("arn:aws:iam::{account}:saml-provider/example-idp")
        };
        let identity = format!(
            r#"{{"type":"SAMLUser","principalId":"EXAMPLEzQ1x2y3z4w5=:{name}","userName":"{name}","identityProvider":"EXAMPLEzQ1x2y3z4w5="}}"#
        );
        let (arn, id, address) = (&held.truth.arn, &held.truth.principal_id, held.address.clone());
        let more = format!(
            r#","assumedRoleUser":{{"assumedRoleId":"{id}","arn":"{arn}"}},"subjectType":"persistent","subject":"{name}","issuer":"https://idp.example.com","nameQualifier":"EXAMPLEzQ1x2y3z4w5=","audience":"https://signin.aws.amazon.com/saml""#
        );
        let call = Call {
            source: "sts",
            name: "AssumeRoleWithSAML",
            request: format!(
                r#"{{"sAMLAssertionID":"_EXAMPLE","roleSessionName":"{name}","durationSeconds":3600,"roleArn":"{}","principalArn":"{provider}"}}"#,
                role.arn
            ),
            response: record::credentials(&key, time + HOUR, &more, &mut self.random),
            more: super::hop::resources(role),
            ..Call::default()
        };
        self.log(time, account, &call, &From { identity: &identity, address: &address });
        self.summary.issuances += 1;
        if start == Start::Saml {
            held.truth.recycled = recycled;
            self.summary.recycled += u64::from(recycled);
        } else {
            held.truth.access_key = self.world.id("ASIA", account);
            held.console = true;
            for _ in 0..self.random.below(3) {
                self.another(&held, false);
            }
        }
        held
    }

    /// The access portal of Identity Center, which the management account logs, without a response.
    fn portal(&mut self, role: &Rc<Role>, time: i64) -> Option<Held> {
        let management = self.world.accounts.first()?.number;
        let name = format!("portal-{:03}@example.com", self.random.below(PEOPLE));
        let key = self.world.id("ASIA", role.account);
        let mut held = Held::session(role, &name, time, key);
        text::address(self.random.next(), &mut held.address);
        held.begin("identity-center-user", Some(name.clone()), management);
        let set = role.name.trim_start_matches("AWSReservedSSO_");
        let (set, _) = set.split_once('_')?;
        let identity = format!(
            r#"{{"type":"Unknown","principalId":"{management}","accountId":"{management}","userName":"{name}"}}"#
        );
        let call = Call {
            source: "sso",
            name: "GetRoleCredentials",
            more: format!(
                r#""serviceEventDetails":{{"role_name":"{set}","account_id":"{}"}},"#,
                role.account
            ),
            ..Call::default()
        };
        let address = held.address.clone();
        self.log(time, management, &call, &From { identity: &identity, address: &address });
        self.summary.issuances += 1;
        Some(held)
    }

    /// `AssumeRoleWithWebIdentity` of a job.
    fn web(&mut self, role: &Rc<Role>, time: i64) -> Held {
        let account = role.account;
        let subject = format!("repo:example-org/service-{:02}:ref:refs/heads/main", self.random.below(40));
        let name = if self.random.chance(self.spec.constant_names) {
            "GitHubActions".to_owned()
        } else {
            format!("job-{}", self.world.serial())
        };
        let (key, recycled) = self.world.key(account, time, self.spec.recycled, &mut self.random);
        let provider = format!("arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com");
        let mut held = Held::session(role, &name, time, key.clone());
        held.shape = Shape::Role(
            Rc::clone(role),
            format!(r#","webIdFederationData":{{"federatedProvider":"{provider}","attributes":{{}}}}"#),
            String::new(),
        );
        held.alone = name != "GitHubActions";
        held.truth.recycled = recycled;
        self.summary.recycled += u64::from(recycled);
        text::address(self.random.next(), &mut held.address);
        held.begin("web-identity", Some(subject.clone()), account);
        let audience = "sts.amazonaws.com";
        let identity = format!(
            r#"{{"type":"WebIdentityUser","principalId":"{provider}:{audience}:{subject}","userName":"{subject}","identityProvider":"{provider}"}}"#
        );
        let (arn, id, address) = (&held.truth.arn, &held.truth.principal_id, held.address.clone());
        let more = format!(
            r#","assumedRoleUser":{{"assumedRoleId":"{id}","arn":"{arn}"}},"subjectFromWebIdentityToken":"{subject}","provider":"{provider}","audience":"{audience}""#
        );
        let call = Call {
            source: "sts",
            name: "AssumeRoleWithWebIdentity",
            request: format!(r#"{{"roleArn":"{}","roleSessionName":"{name}"}}"#, role.arn),
            response: record::credentials(&key, time + HOUR, &more, &mut self.random),
            more: super::hop::resources(role),
            ..Call::default()
        };
        self.log(time, account, &call, &From { identity: &identity, address: &address });
        self.summary.issuances += 1;
        held
    }

    /// An instance, launched by a user; the response names no session.
    fn instance(&mut self, role: &Rc<Role>, time: i64, account: usize) -> Option<Held> {
        let name = format!("i-0{:016x}", super::random::mix(self.world.serial()));
        let place = self.random.index(World::users(Part::Key));
        let mut user = self.world.borrow(account, Part::Key, place)?;
        let profile = role.arn.replace(":role/", ":instance-profile/");
        let launch = Call {
            source: "ec2",
            name: "RunInstances",
            writes: true,
            request: format!(
                r#"{{"instancesSet":{{"items":[{{"imageId":"ami-00000000000000001","minCount":1,"maxCount":1}}]}},"instanceType":"m6i.large","iamInstanceProfile":{{"arn":"{profile}"}}}}"#
            ),
            response: format!(
                r#"{{"instancesSet":{{"items":[{{"instanceId":"{name}","imageId":"ami-00000000000000001","instanceState":{{"code":0,"name":"pending"}},"iamInstanceProfile":{{"arn":"{profile}"}}}}]}}}}"#
            ),
            ..Call::default()
        };
        self.call(&mut user, time, &launch);
        self.world.give_back(account, Part::Key, place, &user);
        let mut held = self.by_service("ec2", role, &name, time + 30);
        held.shape = Shape::Role(Rc::clone(role), r#","ec2RoleDelivery":"2.0""#.to_owned(), String::new());
        held.truth.above = Some("launched");
        Some(held)
    }

    /// A function, made before the logs.
    fn function(&mut self, role: &Rc<Role>, time: i64) -> Held {
        let name = format!("handler-{}", self.world.serial());
        let mut held = self.by_service("lambda", role, &name, time);
        let scope = format!(
            r#","inScopeOf":{{"issuerType":"AWS::Lambda::Function","credentialsIssuedTo":"arn:aws:lambda:us-east-1:{}:function:{name}"}}"#,
            role.account
        );
        held.shape = Shape::Role(Rc::clone(role), String::new(), scope);
        held
    }

    fn by_service(&mut self, service: &'static str, role: &Rc<Role>, name: &str, time: i64) -> Held {
        let account = role.account;
        let (key, recycled) = self.world.key(account, time, self.spec.recycled, &mut self.random);
        let mut held = Held::session(role, name, time, key.clone());
        held.truth.recycled = recycled;
        self.summary.recycled += u64::from(recycled);
        text::address(self.random.next(), &mut held.address);
        held.begin("service", Some(format!("{service}.amazonaws.com")), account);
        let identity = format!(r#"{{"type":"AWSService","invokedBy":"{service}.amazonaws.com"}}"#);
        let (arn, id) = (&held.truth.arn, &held.truth.principal_id);
        let told = format!(r#","assumedRoleUser":{{"assumedRoleId":"{id}","arn":"{arn}"}}"#);
        let told = if service == "ec2" { "" } else { &told };
        let mut more = super::hop::resources(role);
        more.push_str(r#""sharedEventID":""#);
        text::uuid(&mut self.random, &mut more);
        more.push_str("\",");
        let call = Call {
            source: "sts",
            name: "AssumeRole",
            request: format!(r#"{{"roleArn":"{}","roleSessionName":"{name}"}}"#, role.arn),
            response: record::credentials(&key, time + 6 * HOUR, told, &mut self.random),
            more,
            ..Call::default()
        };
        let address = format!("{service}.amazonaws.com");
        self.log(time, account, &call, &From { identity: &identity, address: &address });
        self.summary.issuances += 1;
        held
    }
}
