//! What a snapshot of policies holds, what is missing, and what could not be read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::csv::row;
use super::{Column, Cut, Facts, Mark, Style, Table, figure, json as forms, section};
use crate::snapshot::{AccountCounts, Inventory, Membership, Snapshot};

/// So many lines are listed of what is missing, and of problems.
const LINES_MAX: usize = 20;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    path: &'a str,
    files: usize,
    files_ignored: usize,
    organization: Option<Organization<'a>>,
    /// False where it was supplied that the accounts are in none.
    organization_supplied: bool,
    accounts: Vec<AccountOut<'a>>,
    managed_by_aws: usize,
    scps: usize,
    rcps: usize,
    resource_policies: &'a BTreeMap<String, usize>,
    resources_without_policy: usize,
    resources_with_tags: usize,
    vpc_endpoint_policies: usize,
    missing: &'a [String],
    problems: Vec<ProblemOut<'a>>,
    problems_not_listed: usize,
}

#[derive(Serialize)]
struct Organization<'a> {
    id: Option<&'a str>,
    management_account: Option<String>,
}

#[derive(Serialize)]
struct AccountOut<'a> {
    account: String,
    name: Option<&'a str>,
    details: bool,
    users: usize,
    groups: usize,
    roles: usize,
    managed_policies: usize,
    scp_levels: Option<usize>,
    rcp_levels: Option<usize>,
    resource_policies: usize,
}

#[derive(Serialize)]
struct ProblemOut<'a> {
    file: &'a str,
    place: &'a str,
    text: String,
}

/// One document with all of it.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(snapshot: &Snapshot, inventory: &Inventory) -> serde_json::Result<String> {
    let organization = match &snapshot.membership {
        Membership::Known(known) => Some(Organization {
            id: known.id.as_deref(),
            management_account: known.management_account.map(|account| account.to_string()),
        }),
        Membership::Unsupplied | Membership::None => None,
    };
    forms::document(&Document {
        schema: 1,
        path: &snapshot.path,
        files: snapshot.files,
        files_ignored: snapshot.files_ignored,
        organization,
        organization_supplied: snapshot.membership != Membership::Unsupplied,
        accounts: inventory.accounts.iter().map(account_out).collect(),
        managed_by_aws: inventory.managed_by_aws,
        scps: inventory.scps.0,
        rcps: inventory.rcps.0,
        resource_policies: &inventory.resource_policies,
        resources_without_policy: inventory.without_policy,
        resources_with_tags: inventory.tagged,
        vpc_endpoint_policies: inventory.endpoints,
        missing: &inventory.missing,
        problems: snapshot
            .problems
            .iter()
            .map(|problem| ProblemOut {
                file: &problem.file,
                place: &problem.place,
                text: problem.trouble.to_string(),
            })
            .collect(),
        problems_not_listed: snapshot.problems_not_listed,
    })
}

fn account_out(own: &AccountCounts) -> AccountOut<'_> {
    AccountOut {
        account: own.account.to_string(),
        name: own.name.as_deref(),
        details: own.has_details,
        users: own.users,
        groups: own.groups,
        roles: own.roles,
        managed_policies: own.managed,
        scp_levels: own.scp_levels,
        rcp_levels: own.rcp_levels,
        resource_policies: own.resource_policies,
    }
}

/// A row for each account.
#[must_use]
pub fn csv(inventory: &Inventory) -> String {
    let header = [
        "account",
        "name",
        "details",
        "users",
        "groups",
        "roles",
        "managed_policies",
        "scp_levels",
        "rcp_levels",
        "resource_policies",
    ];
    let mut out = row(header.map(Some));
    for own in &inventory.accounts {
        let number = |value: usize| Some(value.to_string());
        let cells = [
            Some(own.account.to_string()),
            own.name.clone(),
            Some(own.has_details.to_string()),
            number(own.users),
            number(own.groups),
            number(own.roles),
            number(own.managed),
            own.scp_levels.and_then(number),
            own.rcp_levels.and_then(number),
            number(own.resource_policies),
        ];
        out.push_str(&row(cells.iter().map(Option::as_deref)));
    }
    out
}

/// The whole screen.
#[must_use]
pub fn text(snapshot: &Snapshot, inventory: &Inventory, style: Style) -> String {
    let with_details = inventory.accounts.iter().filter(|own| own.has_details).count() as u64;
    let accounts = figure::counted(with_details, "account", "accounts");
    let files = figure::counted(snapshot.files as u64, "file", "files");
    let mut out = section::subject(&format!("{}   policies of {accounts}, {files}", snapshot.path), style);
    out.push_str(&facts(snapshot, inventory).render(style));
    out.push('\n');
    out.push_str(&table(inventory, style));
    let missing = inventory.missing.iter().map(String::as_str);
    list(&mut out, "Missing: what depends on it is undetermined", Mark::Claim, missing, 0, style);
    let problems: Vec<String> = snapshot.problems.iter().map(ToString::to_string).collect();
    let heading = "Not read or not understood";
    let lines = problems.iter().map(String::as_str);
    list(&mut out, heading, Mark::Refused, lines, snapshot.problems_not_listed, style);
    out
}

fn facts(snapshot: &Snapshot, inventory: &Inventory) -> Facts {
    let mut facts = Facts::new();
    let organization = match &snapshot.membership {
        Membership::Unsupplied => "not supplied (organization.json)".to_owned(),
        Membership::None => "none: the accounts are in no organization".to_owned(),
        Membership::Known(known) => {
            let id = known.id.as_deref().unwrap_or("without id");
            match known.management_account {
                Some(account) => format!("{id}, management account {account}"),
                None => format!("{id}, management account not supplied"),
            }
        }
    };
    facts.line(Mark::None, "organization", &organization);
    let attached = |(all, used): (usize, usize)| {
        if all == used { all.to_string() } else { format!("{all}, {used} of them attached") }
    };
    facts.line(Mark::None, "SCPs", &attached(inventory.scps));
    facts.line(Mark::None, "RCPs", &attached(inventory.rcps));
    let by_service: Vec<String> =
        inventory.resource_policies.iter().map(|(service, count)| format!("{service} {count}")).collect();
    let total: usize = inventory.resource_policies.values().sum();
    let listed = if by_service.is_empty() { String::new() } else { format!(" ({})", by_service.join(", ")) };
    let words = format!(
        "{total} with a policy{listed}, {} known to have none, {} with tags",
        inventory.without_policy, inventory.tagged
    );
    facts.line(Mark::None, "resources", &words);
    facts.line(Mark::None, "VPC endpoints", &format!("{} with a policy", inventory.endpoints));
    facts.line(
        Mark::None,
        "of AWS",
        &figure::counted(inventory.managed_by_aws as u64, "managed policy", "managed policies"),
    );
    facts
}

fn table(inventory: &Inventory, style: Style) -> String {
    let mut table = Table::new([
        Column::left("account"),
        Column::left("name").cut(Cut::Middle),
        Column::right("users"),
        Column::right("groups"),
        Column::right("roles"),
        Column::right("policies"),
        Column::right("SCP levels"),
        Column::right("RCP levels"),
    ]);
    for own in &inventory.accounts {
        let count = |value: usize| figure::count(value as u64, style);
        let levels = |value: Option<usize>| value.map_or_else(|| "?".to_owned(), count);
        let details = |value: usize| if own.has_details { count(value) } else { "?".to_owned() };
        let mark = if own.has_details { Mark::None } else { Mark::Claim };
        let cells = [
            own.account.to_string(),
            own.name.clone().unwrap_or_default(),
            details(own.users),
            details(own.groups),
            details(own.roles),
            details(own.managed),
            levels(own.scp_levels),
            levels(own.rcp_levels),
        ];
        table.row(mark, cells);
    }
    table.render(style)
}

fn list<'a>(
    out: &mut String,
    heading: &str,
    mark: Mark,
    lines: impl ExactSizeIterator<Item = &'a str>,
    not_listed: usize,
    style: Style,
) {
    let total = lines.len();
    if total == 0 {
        return;
    }
    out.push_str(&format!("\n{}", section::heading(heading, "", style)));
    let most = if style.wide { total } else { LINES_MAX };
    for line in lines.take(most) {
        out.push_str(&section::item(mark, line, style));
    }
    let more = total.saturating_sub(most) + not_listed;
    if more > 0 {
        out.push_str(&format!("  {} more: --wide or --format json\n", figure::grouped(more as u64)));
    }
}
