//! From what was asked about up to who it was: one box a credential, one bar a link.

use std::collections::{BTreeMap, BTreeSet};

use super::card::{Accounts, Counted, card, node_box};
use super::words::{self, Signs, hang, push_line};
use crate::aws::{AccessKeyId, IdKind};
use crate::lineage::{Above, Link, Node, NodeKind, Origin, OriginKind, Rule, Trace, TracedOrigin};
use crate::report::{Column, Cut, Mark, Style, Table, figure, text};

/// So many chains are drawn where the credentials lead to different origins.
const CHAINS_MAX: usize = 3;
/// So many candidates of one link are named.
const CANDIDATES_MAX: usize = 5;
/// So many origins are listed.
const ORIGINS_MAX: usize = 20;
/// Columns before the words of a proof's further lines: its time and three blanks.
const ID_AT: usize = 23;

/// One chain as it is drawn.
struct View<'a> {
    links: &'a [Link],
    origin: &'a TracedOrigin,
    /// All origins that come into question.
    origins: &'a [Origin],
    /// What the chain begins with.
    bottom: Option<&'a Node>,
    style: Style,
    /// Whether accounts are said: not where all is in one.
    accounts: Accounts,
}

/// The card of the subject and its chain; where its credentials lead to different origins, a table of these and a chain
/// for each.
pub(super) fn up(trace: &Trace, style: Style) -> String {
    let mut out = card(trace, style);
    let firsts = super::chains_by_origin(trace);
    if firsts.len() < 2 {
        let first = trace.chains.first();
        let origins = first.map_or(&[][..], |chain| &chain.origins);
        // Of several credentials of one origin the chain with most calls stands for all.
        let drawn = first.filter(|_| trace.chains.len() > 1 || trace.subject.node.is_none());
        let (links, bottom) = match drawn {
            Some(chain) => (chain.links.as_slice(), Some(&chain.credential)),
            None => (trace.links.as_slice(), trace.subject.node.as_ref()),
        };
        let view = View { links, origin: &trace.origin, origins, bottom, style, accounts: accounts(links) };
        let others = trace.chains.len().saturating_sub(1) as u64;
        if others > 0 {
            // That two chains end unknown does not make who is behind them one.
            let words = if trace.origin.origin.kind == OriginKind::Unknown {
                let others = figure::counted(others, "other chain ends", "other chains end");
                format!(
                    "the one with most calls; {others} unknown too, each for its own reason: --format json"
                )
            } else {
                let others = figure::counted(others, "other chain leads", "other chains lead");
                format!("the one with most calls; {others} to the same origin")
            };
            out.push_str(&hang("  chain", "", &words, style));
        }
        if let Some(chain) = drawn {
            out.push('\n');
            out.push_str(&node_box(
                &chain.credential,
                Some(&chain.usage),
                Counted::Whole,
                view.accounts,
                style,
            ));
        }
        write_chain(&view, &mut out);
        return out;
    }
    out.push('\n');
    out.push_str(&origins_table(trace, style));
    for chain in firsts.iter().take(CHAINS_MAX) {
        let view = View {
            links: &chain.links,
            origin: &chain.origin,
            origins: &chain.origins,
            bottom: Some(&chain.credential),
            style,
            accounts: accounts(&chain.links),
        };
        out.push('\n');
        out.push_str(&node_box(&chain.credential, Some(&chain.usage), Counted::Whole, view.accounts, style));
        write_chain(&view, &mut out);
    }
    let drawn = firsts.len().min(CHAINS_MAX);
    if let Some(more) = trace.chains.len().checked_sub(drawn).filter(|more| *more > 0) {
        let more = figure::counted(more as u64, "more chain", "more chains");
        out.push_str(&format!("\n{more}: --format json\n"));
    }
    out
}

fn accounts(links: &[Link]) -> Accounts {
    let ends = links.iter().flat_map(|link| [&link.from, &link.to]);
    let known: BTreeSet<&String> = ends.filter_map(|node| node.account.as_ref()).collect();
    if known.len() > 1 { Accounts::Several } else { Accounts::One }
}

/// Where the credentials lead, with the calls of each.
fn origins_table(trace: &Trace, style: Style) -> String {
    let mut ways: BTreeMap<(OriginKind, String), (Vec<&Origin>, u64)> = BTreeMap::new();
    for chain in &trace.chains {
        let origin = &chain.origin.origin;
        let (same, calls) = ways.entry((origin.kind, origin.id())).or_default();
        same.push(origin);
        *calls += chain.usage.calls;
    }
    let mut rows: Vec<(String, Vec<&Origin>, u64)> =
        ways.into_iter().map(|((_, id), (same, calls))| (id, same, calls)).collect();
    rows.sort_by_key(|(id, _, calls)| (std::cmp::Reverse(*calls), id.clone()));
    let count = rows.len();
    let title = format!("{} different origins", figure::grouped(count as u64));
    let mut table = Table::new([
        Column::left(&title).cut(Cut::Middle),
        Column::right("chains"),
        Column::right("calls"),
        Column::left("").cut(Cut::End),
    ]);
    let shown = if style.wide { count } else { ORIGINS_MAX };
    let all: Vec<&Origin> = rows.iter().filter_map(|(_, same, _)| same.first().copied()).collect();
    for (_, same, calls) in rows.iter().take(shown) {
        let calls = *calls;
        let Some(origin) = Origin::shared(same.iter().copied()) else { continue };
        let mark = if origin.complete && origin.certain { Mark::None } else { Mark::Claim };
        let chains = figure::count(same.len() as u64, style);
        let words = origin.words_among(all.iter().copied());
        table.row(mark, [words, chains, figure::count(calls, style), state(same)]);
    }
    let mut out = table.render(style);
    if let Some(more) = count.checked_sub(shown).filter(|more| *more > 0) {
        out.push_str(&format!("  {} more: --wide or --format json\n", figure::grouped(more as u64)));
    }
    out
}

/// What is missing on the ways to one origin, and on how many of them: the weakest counts.
fn state(ways: &[&Origin]) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for way in ways {
        let reason = match &way.gap {
            Some(gap) => gap.reason.word().replace('-', " "),
            None if way.certain => continue,
            None => "not certain".to_owned(),
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.sort();
    let lacking = ways.iter().filter(|way| way.gap.is_some() || !way.certain).count();
    match (reasons.is_empty(), lacking == ways.len()) {
        (true, _) => "complete".to_owned(),
        (false, true) => reasons.join(", "),
        (false, false) => format!("{} of {}: {}", lacking, ways.len(), reasons.join(", ")),
    }
}

/// The links up to the origin, the origin, and what stands above it.
fn write_chain(view: &View<'_>, out: &mut String) {
    let signs = Signs::of(view.style);
    let own = view.links.iter().take_while(|link| !link.above_origin).count();
    let (own, above) = view.links.split_at_checked(own).unwrap_or((view.links, &[]));
    write_links(own, view, out);
    let top = own.last().map(|link| &link.to).or(view.bottom);
    if let Some(words) = top.and_then(|top| identity_words(top, &view.origin.origin)) {
        identity_bar(words, signs, view.style, out);
    }
    let is_chosen = own.iter().any(|link| link.ambiguous.len() > 1);
    write_origin("origin", &view.origin.origin, view.origins, is_chosen, view.style, out);
    let mut links = above;
    let firsts: Vec<&Above> =
        view.origin.above.iter().map(Box::as_ref).chain(&view.origin.others_above).collect();
    for (at, one) in firsts.iter().enumerate() {
        links = write_above(one, (links, firsts.get(at + 1).copied()), view, out);
    }
}

fn write_links(links: &[Link], view: &View<'_>, out: &mut String) {
    for link in links {
        bar(link, view, out);
        out.push_str(&node_box(
            &link.to,
            link.to_usage.as_ref(),
            Counted::NearLink,
            view.accounts,
            view.style,
        ));
    }
}

/// A link: its rule, how sure it is, the record that proves it.
fn bar(link: &Link, view: &View<'_>, out: &mut String) {
    let style = view.style;
    let signs = Signs::of(style);
    let side = signs.bar;
    let rule = match link.rule {
        Rule::SharedEvent => "shared",
        Rule::Identity => "identity",
        rule => rule.word(),
    };
    push_line(out, side);
    out.push_str(&hang(&format!("{side} {rule}"), side, &words::link_words(link), style));
    let at = text::pad_end(&figure::moment(link.record.event_time.0), ID_AT);
    let head = text::pad_end(side, 11);
    push_line(out, &format!("{head}{at}{}", style.shown(&link.record.event_id)));
    // Who gave the role or else is behind it is named in the words.
    let is_named = |id: &String| {
        let given = link.role_given.iter().map(|given| &given.record.event_id);
        given.chain(link.beside.iter().map(|beside| &beside.record.event_id)).any(|named| named == id)
    };
    let is_other = |id: &&String| **id != link.record.event_id && !is_named(id);
    let others: Vec<&String> = link.ambiguous.iter().filter(is_other).collect();
    let shown = if style.wide { others.len() } else { CANDIDATES_MAX };
    for id in others.iter().take(shown) {
        push_line(out, &format!("{head}{}{}", text::pad_end("or", ID_AT), style.shown(id)));
    }
    if let Some(more) = others.len().checked_sub(shown).filter(|more| *more > 0) {
        push_line(out, &format!("{head}or {} more: --format json", figure::grouped(more as u64)));
    }
    if view.accounts == Accounts::Several
        && let Some(account) = &link.record.account
    {
        let region = link.record.region.as_deref().map_or_else(String::new, |region| format!(", {region}"));
        out.push_str(&hang(side, side, &format!("recorded by account {account}{region}"), style));
    }
    push_line(out, signs.arrow);
}

pub(super) fn identity_bar(words: &str, signs: &Signs, style: Style, out: &mut String) {
    push_line(out, signs.bar);
    out.push_str(&hang(&format!("{} identity", signs.bar), signs.bar, words, style));
    push_line(out, signs.arrow);
}

/// What ties the last credential to an origin that no link leads to: its own record. None where the credential is the
/// origin's own, or nothing ties it.
fn identity_words(top: &Node, origin: &Origin) -> Option<&'static str> {
    let long_term = || AccessKeyId::parse(&top.id).is_some_and(|key| key.kind() == IdKind::LongTermKey);
    let is_delegated = match top.kind {
        NodeKind::AccessKey => !long_term(),
        NodeKind::Session | NodeKind::Console => true,
        _ => false,
    };
    if !is_delegated {
        return None;
    }
    match origin.kind {
        OriginKind::IamUser | OriginKind::Root => Some("certain: the record itself names the user"),
        OriginKind::Service => Some("certain: the record itself names the service, or what it acted for"),
        OriginKind::IdentityCenterUser => Some("certain: the record itself names Identity Center's session"),
        OriginKind::WebIdentity => Some("certain: the record itself names the identity provider"),
        OriginKind::Account => Some("certain: the record itself names the account that called as a delegate"),
        OriginKind::Saml | OriginKind::Certificate | OriginKind::Anonymous | OriginKind::Unknown => None,
    }
}

/// The end of a chain, and why it is no better.
fn write_origin(
    label: &str,
    origin: &Origin,
    origins: &[Origin],
    is_chosen: bool,
    style: Style,
    out: &mut String,
) {
    let head = format!("{} {label}", Signs::of(style).origin);
    if origins.len() > 1 {
        let count = figure::grouped(origins.len() as u64);
        let shown = if style.wide { origins.len() } else { CANDIDATES_MAX };
        out.push_str(&hang(&head, "", &format!("incomplete, one of {count}:"), style));
        for one in origins.iter().take(shown) {
            out.push_str(&hang("?", "", &one.words(), style));
        }
        if let Some(more) = origins.len().checked_sub(shown).filter(|more| *more > 0) {
            out.push_str(&hang(
                "?",
                "",
                &format!("{} more: --format json", figure::grouped(more as u64)),
                style,
            ));
        }
    } else {
        let mut words = words::origin_words(origin);
        if is_chosen && origin.certain {
            words.push_str(" (every candidate leads here)");
        }
        out.push_str(&hang(&head, "", &words, style));
        if let Some(provider) = &origin.provider {
            out.push_str(&hang("  by", "", provider, style));
        }
    }
    if let Some(gap) = &origin.gap {
        out.push_str(&hang("? gap", "", &gap.text, style));
        for (at, line) in text::wrap(&gap.hint, style.columns().saturating_sub(6), style).iter().enumerate() {
            push_line(out, &format!("{}{line}", if at == 0 { "hint: " } else { "      " }));
        }
    }
}

/// Who made the origin's key or launched its workload, and so on upwards.
/// `other` is who stands above it by another record: its links come after these, and are given back.
fn write_above<'a>(
    above: &Above,
    (links, other): (&'a [Link], Option<&Above>),
    view: &View<'_>,
    out: &mut String,
) -> &'a [Link] {
    let mut next = Some(above);
    let mut links = links;
    while let Some(above) = next {
        let further = above.origin.above.as_deref();
        // Links of this step: up to the record that leads above the next origin.
        let begins = |step: Option<&Above>, link: &Link| {
            step.is_some_and(|step| {
                step.record.event_id == link.record.event_id && step.record.object == link.record.object
            })
        };
        let ends = |link: &Link| begins(further, link) || begins(other, link);
        let count = links.iter().skip(1).take_while(|link| !ends(link)).count();
        let (own, rest) = links.split_at_checked(count + 1).unwrap_or((links, &[]));
        out.push_str(&format!("\nabove the origin: {}\n", above_words(above)));
        if own.is_empty() {
            bare_above(above, view.style, out);
        }
        write_links(own, view, out);
        let top = own.last().map(|link| &link.to);
        if let Some(words) = top.and_then(|top| identity_words(top, &above.origin.origin)) {
            identity_bar(words, Signs::of(view.style), view.style, out);
        }
        write_origin("above", &above.origin.origin, &[], false, view.style, out);
        links = rest;
        next = further;
    }
    links
}

/// The record alone, where no link draws it.
fn bare_above(above: &Above, style: Style, out: &mut String) {
    let side = Signs::of(style).bar;
    let head = text::pad_end(side, 11);
    push_line(out, side);
    out.push_str(&hang(&format!("{side} {}", above.rule.word()), side, &above.record.event_name, style));
    let at = text::pad_end(&figure::moment(above.record.event_time.0), ID_AT);
    push_line(out, &format!("{head}{at}{}", style.shown(&above.record.event_id)));
    push_line(out, Signs::of(style).arrow);
}

fn above_words(above: &Above) -> &'static str {
    match (above.rule, above.record.event_name.as_str()) {
        (Rule::Launched, event) if event.starts_with("UpdateFunctionCode") => "who wrote its workload's code",
        (Rule::Launched, _) => "who launched its workload",
        (Rule::Key, "CreateAccessKey") => "who made its key",
        (Rule::Key, _) => "who fetched its key",
        (_, "CreateLoginProfile" | "UpdateLoginProfile" | "ChangePassword") => "who set its password",
        _ => "who made it",
    }
}
