//! The accounts with their users and roles, and the ids that are given out.

use std::collections::VecDeque;
use std::rc::Rc;

use super::Origin;
use super::credential::{Held, Role, Shape};
use super::random::{Random, mix};
use super::text;

pub(super) const ACCOUNTS: [&str; 9] = [
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
const ROLES: u64 = 40;
const RESERVED: u64 = 4;
/// A key id is given out again only so many seconds after it was last: never while a log may still tell of both.
const RECYCLED_AFTER: i64 = 4 * 86_400;

/// What a user does, by its number. Each of them does nothing else, so that no two ways of acting look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Makes the others' keys and passwords.
    Admin = 0,
    /// Signs with a long-term key.
    Key = 1,
    /// Signs in to the console; the sign-in is logged.
    Console = 2,
    /// Signs in to the console; the sign-in is not logged.
    Unseen = 3,
    /// Gets session tokens.
    Token = 4,
    /// Makes federated users.
    Federation = 5,
    /// Acts through services alone: it has a key of which services forward calls.
    Through = 6,
}

impl Part {
    const ALL: [Part; 7] =
        [Part::Admin, Part::Key, Part::Console, Part::Unseen, Part::Token, Part::Federation, Part::Through];

    /// How many users of an account do this.
    fn users(self) -> usize {
        match self {
            Part::Admin | Part::Unseen | Part::Federation | Part::Through => 1,
            Part::Key => 4,
            Part::Console | Part::Token => 2,
        }
    }

    fn has_key(self) -> bool {
        !matches!(self, Part::Console | Part::Unseen)
    }

    fn name(self) -> &'static str {
        match self {
            Part::Admin => "admin",
            Part::Key => "deployer",
            Part::Console => "person",
            Part::Unseen => "stranger",
            Part::Token => "engineer",
            Part::Federation => "broker",
            Part::Through => "builder",
        }
    }
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) number: &'static str,
    pub(super) logged: bool,
    /// By [`Part`].
    pub(super) users: Vec<Vec<Held>>,
    /// The root user with its key, and as it signs in.
    pub(super) root: Held,
    pub(super) root_password: Held,
    pub(super) roles: Vec<Rc<Role>>,
    /// Those that Identity Center made, by permission set.
    pub(super) reserved: Vec<Rc<Role>>,
    retired: VecDeque<(i64, String)>,
}

/// Everybody, and the numbers that make names differ.
#[derive(Debug)]
pub(super) struct World {
    pub(super) accounts: Vec<Account>,
    serial: u64,
}

impl World {
    pub(super) fn new(logged: usize, unlogged: usize, random: &mut Random) -> Self {
        let mut world = Self { accounts: Vec::new(), serial: 0 };
        for (place, number) in ACCOUNTS.iter().take(logged + unlogged).enumerate() {
            let account = world.account(number, place < logged, random);
            world.accounts.push(account);
        }
        world
    }

    fn account(&mut self, number: &'static str, logged: bool, random: &mut Random) -> Account {
        let users = Part::ALL.map(|part| {
            (0..part.users()).map(|place| self.user(part, place, number, logged, random)).collect()
        });
        let mut root_password = Held::new(Shape::Root, number, "");
        root_password.logged = logged;
        root_password.truth.arn = format!("arn:aws:iam::{number}:root");
        number.clone_into(&mut root_password.truth.principal_id);
        let origin = |access_key| {
            let name = Some(format!("arn:aws:iam::{number}:root"));
            Some(Origin { kind: "root", name, account: number, access_key })
        };
        root_password.truth.origin = origin(None);
        let mut root = root_password.clone();
        root.truth.access_key = self.id("AKIA", number);
        root.truth.origin = origin(Some(root.truth.access_key.clone()));
        let role = |world: &mut Self, name: String, path: &str| {
            let arn = format!("arn:aws:iam::{number}:role{path}{name}");
            Rc::new(Role { account: number, logged, id: world.id("AROA", number), arn, name })
        };
        let roles = (0..ROLES).map(|place| {
            role(self, format!("task-{place:02}"), if place % 5 == 0 { "/service-role/" } else { "/" })
        });
        let roles = roles.collect();
        let reserved = (0..RESERVED).map(|place| {
            let name = format!("AWSReservedSSO_Set{place}_{:016x}", mix(place));
            role(self, name, "/aws-reserved/sso.amazonaws.com/")
        });
        let reserved = reserved.collect();
        Account {
            number,
            logged,
            users: users.into(),
            root,
            root_password,
            roles,
            reserved,
            retired: VecDeque::new(),
        }
    }

    fn user(
        &mut self,
        part: Part,
        place: usize,
        account: &'static str,
        logged: bool,
        random: &mut Random,
    ) -> Held {
        let name = format!("{}-{place}", part.name());
        let mut held = Held::new(Shape::User, account, &name);
        held.logged = logged;
        held.truth.arn = format!("arn:aws:iam::{account}:user/{name}");
        held.truth.principal_id = self.id("AIDA", account);
        text::address(random.next(), &mut held.address);
        if part.has_key() {
            held.truth.access_key = self.id("AKIA", account);
        }
        let key = Some(held.truth.access_key.clone()).filter(|key| !key.is_empty());
        held.truth.origin =
            Some(Origin { kind: "iam-user", name: Some(held.truth.arn.clone()), account, access_key: key });
        held
    }

    /// A number that was not given before.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new id, which names its account as the ids of IAM do.
    pub(super) fn id(&mut self, prefix: &str, account: &str) -> String {
        let number = account.parse::<u64>().unwrap_or(0);
        let serial = self.serial();
        // Odd factors reach every number of so many bits once, so no two ids are the same.
        let spread = serial.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut out = String::from(prefix);
        text::base32((1 << 44) | (number << 4) | (spread & 15), 9, &mut out);
        text::base32(spread >> 4, 7, &mut out);
        out
    }

    /// A temporary key, and whether another credential has its id, or may get it; of `share` of them that is so.
    pub(super) fn key(
        &mut self,
        account: &'static str,
        time: i64,
        share: f64,
        random: &mut Random,
    ) -> (String, bool) {
        let (again, retires) = (random.chance(share * 4.0), random.chance(share));
        let place = self.accounts.iter().position(|one| one.number == account);
        let retired =
            place.and_then(|place| self.accounts.get_mut(place)).map(|account| &mut account.retired);
        if again
            && let Some(retired) = retired
            && retired.front().is_some_and(|(since, _)| since + RECYCLED_AFTER < time)
            && let Some((_, key)) = retired.pop_front()
        {
            return (key, true);
        }
        let key = self.id("ASIA", account);
        if retires && let Some(account) = place.and_then(|place| self.accounts.get_mut(place)) {
            account.retired.push_back((time, key.clone()));
        }
        (key, retires)
    }
}

/// The credentials of users, lent to chains. Several chains may hold copies of one; what each did is added up.
impl World {
    /// A copy that has done nothing yet.
    pub(super) fn borrow(&self, account: usize, part: Part, place: usize) -> Option<Held> {
        self.accounts.get(account)?.users.get(part as usize)?.get(place).map(Held::fresh)
    }

    /// Takes a copy back.
    pub(super) fn give_back(&mut self, account: usize, part: Part, place: usize, held: &Held) {
        let users = self.accounts.get_mut(account).and_then(|account| account.users.get_mut(part as usize));
        if let Some(user) = users.and_then(|users| users.get_mut(place)) {
            user.truth.calls += held.truth.calls;
            user.truth.above = held.truth.above;
        }
    }

    /// The number of users that do this.
    pub(super) fn users(part: Part) -> usize {
        part.users()
    }
}
