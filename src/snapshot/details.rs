//! Authorization details: pages of users, groups, roles and managed policies of one account or several.
//!
//! Each entry is read by itself, so that one that cannot be read costs only itself; its account's details then count as
//! incomplete, because the entry could be the one that is asked for.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{inline_name, trust_name};
use super::problem::Trouble;
use super::read::Reader;
use super::text::Tags;
use super::{Account, Group, Managed, Principal};
use crate::aws::time::of_record;
use crate::aws::{AccountId, Arn, Time};
use crate::policy::PolicyKind;

const EXPECTED: &str =
    "authorization details, with `UserDetailList`, `GroupDetailList`, `RoleDetailList` or `Policies`";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    #[serde(borrow)]
    user_detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    group_detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    role_detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    policies: Option<Vec<&'a RawValue>>,
    is_truncated: Option<bool>,
}

/// A user, group or role: the lists bear the kind in their names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawPrincipal<'a> {
    arn: String,
    #[serde(alias = "RoleName", alias = "GroupName")]
    user_name: String,
    #[serde(alias = "RoleId", alias = "GroupId")]
    user_id: Option<String>,
    #[serde(borrow, alias = "RolePolicyList", alias = "GroupPolicyList")]
    user_policy_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    attached_managed_policies: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    group_list: Option<Vec<String>>,
    permissions_boundary: Option<RawBoundary>,
    tags: Option<Tags>,
    #[serde(default)]
    instance_profile_list: Vec<RawProfile>,
    #[serde(borrow)]
    assume_role_policy_document: Option<&'a RawValue>,
    create_date: Option<String>,
    role_last_used: Option<RawLastUsed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawLastUsed {
    last_used_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawProfile {
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawInline<'a> {
    policy_name: String,
    #[serde(borrow)]
    policy_document: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawAttached {
    policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawBoundary {
    permissions_boundary_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawManaged<'a> {
    arn: String,
    default_version_id: Option<String>,
    #[serde(borrow)]
    policy_version_list: Option<Vec<RawVersion<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawVersion<'a> {
    version_id: Option<String>,
    #[serde(default)]
    is_default_version: bool,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
}

/// Which list an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Users,
    Groups,
    Roles,
}

impl List {
    fn name(self) -> &'static str {
        match self {
            Self::Users => "UserDetailList",
            Self::Groups => "GroupDetailList",
            Self::Roles => "RoleDetailList",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Users => "user",
            Self::Groups => "group",
            Self::Roles => "role",
        }
    }
}

/// What a page says of the accounts in it.
#[derive(Debug, Default)]
struct PageOf {
    accounts: BTreeSet<AccountId>,
    refused: usize,
}

impl Reader {
    /// One page.
    pub(super) fn details(&mut self, value: &RawValue, place: &str) {
        let page: Page<'_> = match serde_json::from_str(value.get()) {
            Ok(page) => page,
            Err(error) => {
                let message = error.to_string();
                return self.problem(place, Trouble::Form { expected: EXPECTED, message });
            }
        };
        let lists = [
            (List::Users, &page.user_detail_list),
            (List::Groups, &page.group_detail_list),
            (List::Roles, &page.role_detail_list),
        ];
        if lists.iter().all(|(_, list)| list.is_none()) && page.policies.is_none() {
            return self.problem(place, Trouble::Unknown { expected: EXPECTED });
        }
        let within = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}, {name}") };
        let mut of = PageOf::default();
        for (list, entries) in lists {
            for (at, entry) in entries.iter().flatten().enumerate() {
                self.principal(list, entry, &within(&format!("{}/{at}", list.name())), &mut of);
            }
        }
        for (at, entry) in page.policies.iter().flatten().enumerate() {
            self.managed(entry, &within(&format!("Policies/{at}")), &mut of);
        }
        self.end_page(&of, page.is_truncated.unwrap_or(false));
    }

    /// Notes for its accounts whether the page was read in full, and whether others follow it.
    fn end_page(&mut self, of: &PageOf, is_truncated: bool) {
        for account in &of.accounts {
            let entry = self.snapshot.accounts.entry(*account).or_default();
            if of.refused > 0 {
                let entries = if of.refused == 1 { "entry" } else { "entries" };
                let refused = of.refused;
                entry.incomplete =
                    Some(format!("{refused} {entries} of account {account}'s details could not be read"));
            }
            self.pages.entry(*account).or_default().push(is_truncated);
        }
    }

    /// Accounts whose every page says that another one follows lack that one.
    pub(super) fn finish_details(&mut self) {
        for (account, entry) in &mut self.snapshot.accounts {
            if !self.pages.contains_key(account) {
                entry.incomplete = Some(format!("no authorization details of account {account}"));
            }
        }
        for (account, pages) in std::mem::take(&mut self.pages) {
            if pages.iter().all(|truncated| *truncated)
                && let Some(entry) = self.snapshot.accounts.get_mut(&account)
            {
                let words = format!("the details of account {account} end early (`IsTruncated`)");
                entry.incomplete.get_or_insert(words);
            }
        }
    }

    fn principal(&mut self, list: List, entry: &RawValue, place: &str, of: &mut PageOf) {
        let raw: RawPrincipal<'_> = match serde_json::from_str(entry.get()) {
            Ok(raw) => raw,
            Err(error) => {
                of.refused += 1;
                let message = error.to_string();
                return self.problem(place, Trouble::Form { expected: "a user, group or role", message });
            }
        };
        let Some(account) = Arn::parse(&raw.arn).and_then(Arn::account_id) else {
            of.refused += 1;
            let message = format!("`{}`", raw.arn);
            return self.problem(place, Trouble::Form { expected: "an ARN with an account", message });
        };
        of.accounts.insert(account);
        let owner = format!("{} {}", list.one(), raw.user_name);
        let mut incomplete = None;
        let mut inline = Vec::new();
        for (at, entry) in raw.user_policy_list.iter().flatten().enumerate() {
            let place = format!("{place}, inline policy {at}");
            match serde_json::from_str::<RawInline<'_>>(entry.get()) {
                Ok(policy) => {
                    let name = inline_name(&policy.policy_name, &owner);
                    inline.push(self.policy(PolicyKind::Identity, &name, policy.policy_document, &place));
                }
                Err(error) => {
                    incomplete = Some(format!("an inline policy of {owner} could not be read"));
                    let message = error.to_string();
                    self.problem(&place, Trouble::Form { expected: "a name and a document", message });
                }
            }
        }
        let mut attached = Vec::new();
        for (at, entry) in raw.attached_managed_policies.iter().flatten().enumerate() {
            match serde_json::from_str::<RawAttached>(entry.get()) {
                Ok(policy) => attached.push(policy.policy_arn),
                Err(error) => {
                    incomplete = Some(format!("a managed policy of {owner} could not be read"));
                    let (place, message) = (format!("{place}, managed policy {at}"), error.to_string());
                    self.problem(&place, Trouble::Form { expected: "a `PolicyArn`", message });
                }
            }
        }
        if list == List::Groups {
            let group = Group { arn: raw.arn, inline, attached, incomplete };
            let entry = self.snapshot.accounts.entry(account).or_default();
            let twice = match entry.groups.get(&raw.user_name) {
                None => {
                    entry.groups.insert(raw.user_name, group);
                    return;
                }
                Some(known) => known != &group,
            };
            if twice {
                self.problem(place, Trouble::Twice { name: group.arn });
            }
            return;
        }
        let trust = (list == List::Roles).then(|| {
            let name = trust_name(&owner);
            self.policy(PolicyKind::Trust, &name, raw.assume_role_policy_document, place)
        });
        let principal = Principal {
            arn: raw.arn,
            name: raw.user_name.clone(),
            unique_id: raw.user_id,
            inline,
            attached,
            groups: raw.group_list.unwrap_or_default(),
            boundary: raw.permissions_boundary.map(|boundary| boundary.permissions_boundary_arn),
            tags: raw.tags.map(Tags::into_map).unwrap_or_default(),
            instance_profiles: raw.instance_profile_list.into_iter().map(|profile| profile.arn).collect(),
            trust,
            created: raw.create_date.as_deref().and_then(moment),
            last_used: raw.role_last_used.and_then(|own| moment(&own.last_used_date?)),
            incomplete,
        };
        let Account { users, roles, .. } = self.snapshot.accounts.entry(account).or_default();
        let known = if list == List::Users { users } else { roles };
        match known.get(&raw.user_name) {
            None => {
                known.insert(raw.user_name, principal);
            }
            Some(first) if first == &principal => {}
            Some(_) => self.problem(place, Trouble::Twice { name: principal.arn }),
        }
    }

    fn managed(&mut self, entry: &RawValue, place: &str, of: &mut PageOf) {
        let raw: RawManaged<'_> = match serde_json::from_str(entry.get()) {
            Ok(raw) => raw,
            Err(error) => {
                // Whoever has it attached lacks it, and says so.
                let message = error.to_string();
                return self.problem(place, Trouble::Form { expected: "a managed policy", message });
            }
        };
        of.accounts.extend(Arn::parse(&raw.arn).and_then(Arn::account_id));
        let versions = raw.policy_version_list.unwrap_or_default();
        let wanted = raw.default_version_id.as_deref();
        let default = match wanted {
            Some(id) => versions.iter().find(|version| version.version_id.as_deref() == Some(id)),
            None => versions.iter().find(|version| version.is_default_version),
        };
        let version = wanted.or_else(|| default?.version_id.as_deref()).unwrap_or_default().to_owned();
        let document =
            default.map(|found| self.policy(PolicyKind::Identity, &raw.arn, found.document, place));
        if document.is_none() {
            let what = "its default version is not among the versions";
            self.problem(place, Trouble::Lacking { name: raw.arn.clone(), what });
        }
        let ids = versions.iter().filter_map(|own| own.version_id.clone());
        let mut others: Vec<String> = ids.filter(|id| *id != version).collect();
        others.sort_by_key(|id| (number(id), id.clone()));
        others.dedup();
        let managed = Managed { version, document, others };
        match self.snapshot.managed.get(&raw.arn) {
            None => {
                self.snapshot.managed.insert(raw.arn, managed);
            }
            Some(known) if known == &managed => {}
            // AWS's own policies change between the readings of two accounts: the later version is in force for both.
            Some(known) if is_of_aws(&raw.arn) => {
                if number(&known.version) < number(&managed.version) {
                    self.snapshot.managed.insert(raw.arn, managed);
                }
            }
            Some(_) => self.problem(place, Trouble::Twice { name: raw.arn }),
        }
    }
}

fn is_of_aws(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.account == "aws")
}

/// `v12` is 12.
fn number(version: &str) -> u64 {
    version.trim_start_matches('v').parse().unwrap_or(0)
}

/// A time as AWS's CLI prints it; one in another form is as if it were left out.
pub(super) fn moment(text: &str) -> Option<Time> {
    of_record(text).ok().map(Time)
}
