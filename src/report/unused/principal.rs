//! One principal in detail: marks with their shares, services, who uses it, statements; and actions of any.

use std::collections::BTreeMap;

use super::suggestion::few;
use super::summary::baseline;
use super::{Page, Show, stands_out, words};
use crate::report::figure::{counted, day, grouped, moment, share};
use crate::report::replay::words::{short, statement_words, whole};
use crate::report::{Column, Cut, Facts, Mark as Sign, Table, chart, section};
use crate::unused::{ActionUse, Mark, PrincipalUse, Unused};

/// Columns of a bar.
const BAR: usize = 28;

/// Whose, when, where, and the marks.
pub(super) fn head(own: &PrincipalUse, unused: &Unused, page: &Page<'_>) -> String {
    let style = page.style;
    let range = match (unused.window.first, unused.window.last) {
        (Some(first), Some(last)) => format!("{} {} {}", day(first.0), style.arrow(), day(last.0)),
        _ => "no events".to_owned(),
    };
    let id = own.unique_id.as_deref().unwrap_or("");
    let title = format!("{}   {}   {id}", whole(&short(&own.arn), style), own.account);
    let mut out = section::heading(title.trim_end(), &range, style);
    let mut facts = Facts::new();
    let calls = format!(
        "{} on {} of {} days in {}; {} refused, {} failed",
        counted(own.calls.events, "call", "calls"),
        grouped(own.days),
        grouped(unused.window.days),
        counted(own.regions.len() as u64, "region", "regions"),
        grouped(own.denied),
        grouped(own.failed)
    );
    facts.line(Sign::None, "seen", &calls);
    let marks = own.marks();
    let services = own.services().iter().filter(|service| service.marks.granted > 0).count() as u64;
    let granted = format!(
        "{} in {} by {}, {} of them under conditions",
        counted(marks.granted, "action", "actions"),
        counted(services, "service", "services"),
        counted(own.policies, "policy", "policies"),
        grouped(marks.conditional)
    );
    facts.line(Sign::None, "granted", &granted);
    if let Some(apart) = own.apart {
        let words = match own.permission_set() {
            Some(set) => format!(
                "Identity Center made it from the permission set {set}: change that, nobody can edit the role"
            ),
            None => words::apart(apart).to_owned(),
        };
        facts.line(Sign::None, "kept apart", &words);
    }
    if own.young {
        let since = own.created.map(|time| day(time.0)).unwrap_or_default();
        facts.line(
            Sign::Claim,
            "young",
            &format!("made on {since}, inside the window: what it did not do yet says little"),
        );
    }
    for words in &own.granted.missing {
        facts.line(Sign::Claim, "missing", words);
    }
    if !own.unmapped.is_empty() {
        let sum: u64 = own.unmapped.iter().map(|call| call.events).sum();
        let mut names =
            own.unmapped.iter().take(3).map(|own| own.call.as_str()).collect::<Vec<_>>().join(", ");
        if own.unmapped.len() > 3 {
            names.push_str(&format!(", {} more", own.unmapped.len() - 3));
        }
        let calls = counted(sum, "call", "calls");
        let words = format!(
            "{calls} of which no action is known, so nothing of their services is called unused: {names}"
        );
        facts.line(Sign::Claim, "unknown", &words);
    }
    baseline(&mut facts, page);
    out.push_str(&facts.render(style));
    out.push('\n');
    let whole = marks.granted.max(marks.used_not_granted).max(1);
    let columns =
        [Column::left(""), Column::left(""), Column::right(""), Column::right(""), Column::left("")];
    let mut table = Table::new(columns);
    for (words, count, note) in [
        ("used", marks.used, ""),
        ("unused", marks.unused, ""),
        ("not observable", marks.not_observable, "no log could show it"),
        ("not granted", marks.used_not_granted, "used, without a grant of today"),
    ] {
        let bar = chart::bar(count, whole, BAR, style);
        let note = if count > 0 { note } else { "" };
        let share = if words == "not granted" { String::new() } else { share(count, marks.granted) };
        table.row(Sign::None, [words.to_owned(), bar, grouped(count), share, note.to_owned()]);
    }
    out.push_str(&table.render(style));
    out
}

/// The services, those first whose unused actions can do most harm.
pub(super) fn services(own: &PrincipalUse, page: &Page<'_>) -> String {
    let services = own.services();
    let granted: Vec<_> = services.iter().filter(|service| service.marks.granted > 0).collect();
    if granted.is_empty() {
        return String::new();
    }
    let columns = [
        Column::left("service"),
        Column::right("granted"),
        Column::right("used"),
        Column::right("unused"),
        Column::right("unseen"),
        Column::left("riskiest unused").cut(Cut::End),
    ];
    let mut table = Table::new(columns);
    let most = if page.options.all { usize::MAX } else { super::ROWS_FEW };
    for service in granted.iter().take(most) {
        let riskiest = service.riskiest.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
        let worst = service.riskiest.first().is_some_and(|(risk, _)| stands_out(*risk));
        table.row(
            if worst { Sign::Look } else { Sign::None },
            [
                service.service.to_owned(),
                grouped(service.marks.granted),
                grouped(service.marks.used),
                grouped(service.marks.unused),
                grouped(service.marks.not_observable),
                riskiest,
            ],
        );
    }
    let mut out = table.render(page.style);
    if granted.len() > most {
        out.push_str(&format!(
            "  {}: --all\n",
            counted((granted.len() - most) as u64, "more service", "more services")
        ));
    }
    out
}

/// Who uses a role.
pub(super) fn origins(own: &PrincipalUse, page: &Page<'_>) -> String {
    let mut facts = Facts::new();
    let most = page.most(Show::Origins);
    for (at, origin) in own.origins.iter().take(most).enumerate() {
        let sure = if origin.certain { "" } else { ", not proven" };
        let words = format!(
            "{} ({}{sure}): {}, {}",
            origin.origin,
            origin.kind,
            counted(origin.calls, "call", "calls"),
            counted(origin.actions.len() as u64, "action", "actions")
        );
        facts.line(Sign::None, if at == 0 { "who uses it" } else { "" }, &words);
    }
    if own.origins.len() > most {
        facts.more(&format!("{} more: {}", own.origins.len() - most, page.more(Show::Origins)));
    }
    facts.render(page.style)
}

/// What was used without a grant.
pub(super) fn used_not_granted(own: &PrincipalUse, page: &Page<'_>) -> String {
    let all: Vec<_> = own.actions().filter(|action| action.mark == Some(Mark::UsedNotGranted)).collect();
    if all.is_empty() {
        return String::new();
    }
    let mut out = section::heading("Used, and not granted today", "", page.style);
    for action in &all {
        let last = action.uses.used.last.map(|time| moment(time.0)).unwrap_or_default();
        let words = format!(
            "{}  {}, last {last}",
            action.action(),
            counted(action.uses.used.events, "call", "calls")
        );
        let naming = own.resource_policies(action);
        if naming.is_empty() {
            out.push_str(&section::item(Sign::Look, &words, page.style));
            continue;
        }
        let words =
            format!("{words}; a policy that names it may allow it: {}", few(naming, page.options.all));
        out.push_str(&section::item(Sign::Claim, &words, page.style));
    }
    out
}

/// Statements that allowed nothing, and how often the others did.
pub(super) fn statements(own: &PrincipalUse, page: &Page<'_>) -> String {
    if own.statements.is_empty() {
        return String::new();
    }
    let columns = [
        Column::left("").cut(Cut::Middle),
        Column::left("effect"),
        Column::right("matched"),
        Column::left("last, UTC"),
    ];
    let mut table = Table::new(columns).title("Statements");
    let mut all: Vec<_> = own.statements.iter().collect();
    all.sort_by_key(|statement| statement.matched);
    let most = page.most(Show::Statements);
    for statement in all.iter().take(most) {
        let policy = words::policy(&statement.policy);
        let name = statement_words(Some(policy), statement.sid.as_deref(), Some(statement.index), page.style);
        let last = match (statement.last, statement.unseen) {
            (Some(last), _) => moment(last.0),
            (None, _) if statement.may > 0 => format!("may have matched {}", grouped(statement.may)),
            (None, Some(unseen)) => format!("not observable: {}", unseen.words()),
            (None, None) if statement.effect == "Deny" => "never: a guard".to_owned(),
            (None, None) => "never".to_owned(),
        };
        let is_unused = statement.matched == 0
            && statement.may == 0
            && statement.unseen.is_none()
            && statement.effect == "Allow";
        let sign = if is_unused { Sign::Look } else { Sign::None };
        table.row(sign, [name, statement.effect.to_owned(), grouped(statement.matched), last]);
    }
    let mut out = table.render(page.style);
    if all.len() > most {
        out.push_str(&format!("  {} more: {}\n", all.len() - most, page.more(Show::Statements)));
    }
    out
}

/// The actions of one mark, of every principal.
pub(super) fn actions(unused: &Unused, show: Show, page: &Page<'_>) -> String {
    let Some(mark) = show.mark() else { return String::new() };
    let most = page.most(show);
    let mut out = String::new();
    for own in &unused.principals {
        let mut all: Vec<_> = own.actions().filter(|action| action.mark == Some(mark)).collect();
        if all.is_empty() {
            continue;
        }
        all.sort_by_key(|action| (action.risk, action.action()));
        let name = Column::left("").cut(Cut::Middle);
        let columns = [name, Column::left(""), Column::right(""), Column::left("").cut(Cut::End)];
        let mut table = Table::new(columns);
        for action in all.iter().take(most) {
            let more = match mark {
                Mark::NotObservable => action.unseen.map_or("", crate::unused::Unseen::words).to_owned(),
                Mark::Unused if action.conditional => "under conditions".to_owned(),
                Mark::Used | Mark::UsedNotGranted => {
                    action.uses.used.last.map(|time| moment(time.0)).unwrap_or_default()
                }
                Mark::Unused => String::new(),
            };
            let count = match mark {
                Mark::Used | Mark::UsedNotGranted => grouped(action.uses.used.events),
                Mark::Unused | Mark::NotObservable => String::new(),
            };
            let sign = if stands_out(action.risk) && mark == Mark::Unused { Sign::Look } else { Sign::None };
            table.row(sign, [action.action(), action.risk.word().to_owned(), count, more]);
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let note = counted(all.len() as u64, "action", "actions");
        out.push_str(&section::heading(&page.names.label(&own.arn), &note, page.style));
        out.push_str(&table.render(page.style));
        if all.len() > most {
            out.push_str(&format!("  {} more: {}\n", all.len() - most, page.more(show)));
        }
        for (regions, names) in by_regions(own, &all) {
            let words = format!("not observable in {regions}: {}", few(&names, page.options.all));
            out.push_str(&section::item(Sign::Claim, &words, page.style));
        }
    }
    out
}

/// The actions whose use some regions would not have shown, by these.
fn by_regions(own: &PrincipalUse, all: &[ActionUse]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in all {
        let regions = own.unseen_regions(action).into_iter().collect::<Vec<_>>().join(", ");
        if !regions.is_empty() {
            found.entry(regions).or_default().push(action.action());
        }
    }
    found
}
