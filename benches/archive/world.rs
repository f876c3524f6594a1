//! Who acts in the archive: users, roles, and the sessions that are issued again and again.

mod issue;

use super::Spec;
use super::random::Random;
use super::text::{self, base32};

pub(crate) use self::issue::Issuance;

const ACCOUNTS: [&str; 9] = [
    "111122223333",
    "444455556666",
    "777788889999",
    "123456789012",
    "210987654321",
    "555566667777",
    "888899990000",
    "000011112222",
    "999900001111",
];
const USERS: u64 = 12;
const ROLES: u64 = 60;
const HOUR: i64 = 3600;
/// The share of turns in which a session is issued anew though the one before has not ended, as services do all the time.
const REISSUED: f64 = 0.08;
const AGENTS: [&str; 12] = [
    "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.1 os/linux#6.8.0-1021-aws md/arch#x86_64 lang/python#3.12.8 md/pyimpl#CPython cfg/retry-mode#standard",
    "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.1 os/macos#24.3.0 md/arch#arm64 lang/python#3.12.8 md/pyimpl#CPython cfg/retry-mode#standard",
    "Boto3/1.36.3 md/Botocore#1.36.3 ua/2.0 os/linux#5.10.233-224.894.amzn2.x86_64 md/arch#x86_64 lang/python#3.13.1 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 cfg/retry-mode#legacy Botocore/1.36.3",
    "APN/1.0 HashiCorp/1.0 Terraform/1.10.4 (+https://www.terraform.io) terraform-provider-aws/5.84.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.33.0 ua/2.1 os/linux lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/iam#1.38.7",
    "aws-sdk-go-v2/1.32.8 ua/2.1 os/linux lang/go#1.23.4 md/GOOS#linux md/GOARCH#arm64 api/ec2#1.198.3",
    "aws-sdk-java/2.29.52 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.119-129.201.amzn2023.x86_64 lang/java#21.0.5 md/OpenJDK_64-Bit_Server_VM#21.0.5+11-LTS md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE",
    "aws-sdk-nodejs/3.726.1 ua/2.1 os/linux#5.10.233 lang/js md/nodejs#22.11.0 md/crt-avail api/dynamodb#3.726.1 exec-env/AWS_Lambda_nodejs22.x",
    "aws-sdk-go/1.55.5 (go1.22.9; linux; amd64) amazon-ssm-agent/",
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36",
    "elbv2.k8s.aws/v2.11.0 aws-sdk-go-v2/1.32.8 ua/2.1 os/linux lang/go#1.23.4",
    "docker/27.5.1 go/go1.22.10 git-commit/4c9b3b0 kernel/6.8.0 os/linux arch/amd64 UpstreamClient(Docker-Client/27.5.1)",
];

/// A principal with a credential, from where it speaks, and when it can.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    /// `userIdentity`.
    pub(crate) json: String,
    pub(crate) key: Option<String>,
    pub(crate) arn: String,
    pub(crate) principal_id: String,
    pub(crate) account: String,
    pub(crate) address: String,
    pub(crate) agent: &'static str,
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// The VPC endpoint that its calls pass.
    pub(crate) endpoint: Option<String>,
    pub(crate) console: bool,
}

impl Identity {
    /// The part of a window in which it can speak.
    pub(crate) fn within(&self, window: (i64, i64)) -> Option<(i64, i64)> {
        let both = (self.from.max(window.0), self.until.min(window.1));
        (both.0 <= both.1).then_some(both)
    }
}

#[derive(Debug)]
struct Role {
    id: String,
    name: String,
    arn: String,
}

/// How the sessions of a slot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Service(&'static str),
    User,
    Chain,
    OtherAccount,
    Web,
    Portal,
    Console,
}

#[derive(Debug)]
struct Slot {
    origin: Origin,
    role: usize,
    /// What the session is for: part of its name.
    number: u64,
    agent: &'static str,
    session: Option<Identity>,
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) number: String,
    pub(crate) users: Vec<Identity>,
    roles: Vec<Role>,
    slots: Vec<Slot>,
}

/// A session that can speak now, or the issuance that had to come first.
pub(crate) enum Turn {
    Speaks(Box<Identity>, (i64, i64)),
    Issued(Box<Issuance>),
}

/// All accounts.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) accounts: Vec<Account>,
}

impl World {
    /// Users, roles and empty slots for the accounts of `spec`.
    pub(crate) fn new(spec: &Spec, random: &mut Random) -> Self {
        let each = usize::try_from((spec.events / spec.objects / 14).clamp(6, 72)).unwrap_or(6);
        let accounts =
            ACCOUNTS.iter().take(spec.accounts).map(|number| Account::new(number, each, random)).collect();
        Self { accounts }
    }

    /// The most accounts there can be.
    pub(crate) const ACCOUNTS_MAX: usize = ACCOUNTS.len();

    /// Asks a session of the account to speak; where it has ended, it is issued anew. `outsiders` says whether a caller
    /// of that account may be taken, whose own account then gets a record, too.
    pub(crate) fn turn(
        &mut self,
        account: usize,
        window: (i64, i64),
        outsiders: &[usize],
        random: &mut Random,
    ) -> Option<Turn> {
        let count = self.accounts.get(account)?.slots.len();
        let slot = random.index(count);
        let live = self.accounts.get(account)?.slots.get(slot)?.session.as_ref();
        let live = live.and_then(|live| Some((live.clone(), live.within(window)?)));
        if let Some((identity, part)) = live
            && !random.chance(REISSUED)
        {
            return Some(Turn::Speaks(Box::new(identity), part));
        }
        let (caller, part) = self.caller(account, slot, window, outsiders, random)?;
        let time = random.between(part.0, part.1);
        let place = self.accounts.get_mut(account)?;
        let (identity, issuance) = place.issue(slot, time, caller, random)?;
        place.slots.get_mut(slot)?.session = Some(identity);
        Some(Turn::Issued(Box::new(issuance)))
    }

    /// Who issues the next session of a slot, and when.
    fn caller(
        &self,
        account: usize,
        slot: usize,
        window: (i64, i64),
        outsiders: &[usize],
        random: &mut Random,
    ) -> Option<(Identity, (i64, i64))> {
        let here = self.accounts.get(account)?;
        let parent = match here.slots.get(slot)?.origin {
            Origin::Chain => here.slots.get(random.index(slot.max(1))),
            Origin::OtherAccount => {
                let outside = random.pick(outsiders).and_then(|other| self.accounts.get(*other));
                match outside {
                    Some(outside) if random.chance(0.5) => {
                        return Some((random.pick(&outside.users)?.clone(), window));
                    }
                    Some(outside) => random.pick(&outside.slots),
                    None => None,
                }
            }
            _ => None,
        };
        let session = parent
            .filter(|parent| parent.origin != Origin::Console)
            .and_then(|parent| parent.session.as_ref());
        if let Some((session, part)) = session.and_then(|session| Some((session, session.within(window)?))) {
            return Some((session.clone(), part));
        }
        Some((random.pick(&here.users)?.clone(), window))
    }
}

impl Account {
    fn new(number: &str, slots: usize, random: &mut Random) -> Self {
        let users = (0..USERS).map(|user| user_of(number, user, random)).collect();
        let roles = (0..ROLES).map(|role| role_of(number, role, random)).collect();
        let slots = (0..slots).map(|slot| slot_of(slot, random)).collect();
        Self { number: number.to_owned(), users, roles, slots }
    }
}

fn user_of(account: &str, number: u64, random: &mut Random) -> Identity {
    let key = key_of("AKIA", account, random);
    let id = id_of("AIDA", account, random);
    let arn = format!("arn:aws:iam::{account}:user/user-{number:02}");
    let mut address = String::new();
    text::address(random.next(), &mut address);
    Identity {
        json: format!(
            r#"{{"type":"IAMUser","principalId":"{id}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","userName":"user-{number:02}"}}"#
        ),
        key: Some(key),
        arn,
        principal_id: id,
        account: account.to_owned(),
        address,
        agent: random.pick(&AGENTS).copied().unwrap_or_default(),
        from: i64::MIN,
        until: i64::MAX,
        endpoint: None,
        console: false,
    }
}

fn role_of(account: &str, number: u64, random: &mut Random) -> Role {
    let name = format!("shop-role-{number:02}");
    let path = if number.is_multiple_of(5) { "/service-role/" } else { "/" };
    Role { id: id_of("AROA", account, random), arn: format!("arn:aws:iam::{account}:role{path}{name}"), name }
}

fn slot_of(place: usize, random: &mut Random) -> Slot {
    let origin = match random.below(100) {
        _ if place == 0 => Origin::User,
        0..20 => Origin::Service("lambda"),
        20..38 => Origin::Service("ec2"),
        38..46 => Origin::Service("ecs-tasks"),
        46..62 => Origin::User,
        62..74 => Origin::Web,
        74..84 => Origin::Chain,
        84..90 => Origin::OtherAccount,
        90..95 => Origin::Portal,
        _ => Origin::Console,
    };
    let agents =
        if matches!(origin, Origin::Portal | Origin::Console) { AGENTS.get(8..10) } else { AGENTS.get(..8) };
    Slot {
        origin,
        role: random.index(60),
        number: random.next(),
        agent: random.pick(agents.unwrap_or_default()).copied().unwrap_or_default(),
        session: None,
    }
}

/// The identity of an AWS service that acts for itself.
pub(crate) fn service_identity(service: &str, account: &str) -> Identity {
    Identity {
        json: format!(r#"{{"type":"AWSService","invokedBy":"{service}.amazonaws.com"}}"#),
        account: account.to_owned(),
        address: format!("{service}.amazonaws.com"),
        ..Identity::default()
    }
}

/// The nine characters in which ids of IAM name their account, with four bits of anything in the last.
fn account_part(account: &str, random: &mut Random, out: &mut String) {
    let number = account.parse::<u64>().unwrap_or(0);
    base32((1 << 44) | (number << 4) | random.below(16), 9, out);
}

fn key_of(prefix: &str, account: &str, random: &mut Random) -> String {
    let mut out = String::from(prefix);
    account_part(account, random, &mut out);
    base32(random.next(), 7, &mut out);
    out
}

fn id_of(prefix: &str, account: &str, random: &mut Random) -> String {
    let mut out = String::from(prefix);
    account_part(account, random, &mut out);
    base32(random.next(), 8, &mut out);
    out
}
