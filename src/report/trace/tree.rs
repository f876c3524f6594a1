//! What the subject led to, as a tree in order of time: name, calls, and what is to be known of it.

use super::Part;
use super::below::sum;
use super::row::{NAME_MAX, Row, Widths, write_row};
use super::words::{self, Label, Signs, push_line};
use crate::aws::Time;
use crate::lineage::session_name::{self, Claim};
use crate::lineage::{CHANGED_BY_USER, Descendant, NodeKind, Reason, Rule, Trace, Usage};
use crate::report::figure::Stamp;
use crate::report::prefix::Prefix;
use crate::report::text::{self, Cut};
use crate::report::{Style, figure, section};

/// So many children of one line are shown.
const CHILDREN_MAX: usize = 30;
/// So many lines are shown in all.
const ROWS_MAX: usize = 150;
/// Deeper lines are not indented further; the first columns say how deep they are.
const INDENTED_MAX: usize = 8;

/// What all lines share.
struct Page {
    style: Style,
    prefix: Prefix,
    stamp: Stamp,
}

/// The tree, its sum and the commands' whole; a sentence where nothing is below.
pub(super) fn tree(trace: &Trace, part: Part, style: Style) -> String {
    let page = Page::of(trace, style);
    let calls = match &trace.subject.gap {
        None => figure::counted(trace.subject.usage.calls, "call", "calls"),
        Some(_) => String::new(),
    };
    let title = words::short_subject(&trace.subject);
    let title = match title.split_once(' ') {
        Some((kind, name)) => format!("{kind} {}", page.prefix.shorten(name, style)),
        None => title,
    };
    let mut rows = Vec::new();
    let mut room = if style.wide { usize::MAX } else { ROWS_MAX };
    page.push(&trace.descendants, &trace.subject.id, &mut Vec::new(), &mut room, &mut rows);
    let widths = Widths::of(&rows, style);
    let head = format!("{}  {calls}", text::pad_end(&style.shown(&title), head_width(&widths, trace)));
    let head = head.trim_end();
    let mut out = section::heading(head, &page.prefix.note(style).unwrap_or_default(), style);
    if part == Part::Down {
        let used = words::used_words(&trace.subject.usage, style);
        if !used.is_empty() {
            let side = if rows.is_empty() { " " } else { Signs::of(style).bar };
            for line in text::wrap(&used, style.columns().saturating_sub(3), style) {
                push_line(&mut out, &format!("{side}  {line}"));
            }
        }
    }
    if let Some(gap) = trace.subject.gap.as_ref().filter(|_| rows.is_empty()) {
        push_line(&mut out, &format!("  ? {}: {}", gap.text, gap.hint));
        return out;
    }
    if let Some(outside) = &trace.subject.outside_window {
        // A session lives on when who made it is silent.
        let left_out =
            "what it made then is left out, though that may act in this window: ask without --from and --to";
        for (sign, words) in [(" ", words::outside_words(outside, style)), ("?", left_out.to_owned())] {
            let lines = text::wrap(&words, style.columns().saturating_sub(2), style);
            for (at, line) in lines.iter().enumerate() {
                push_line(&mut out, &format!("{} {line}", if at == 0 { sign } else { " " }));
            }
        }
        return out;
    }
    if rows.is_empty() {
        let nothing = if trace.left_out.is_empty() {
            "nothing below: no key, session, user or workload that these logs show"
        } else {
            "nothing below: it made no key, session, user or workload in this window"
        };
        push_line(&mut out, &format!("  {nothing}"));
        return out;
    }
    for row in &rows {
        write_row(row, &widths, style, &mut out);
    }
    out.push_str(&sum(trace, style));
    out
}

/// Where the calls of the head begin, so that its number stands over the others.
fn head_width(widths: &Widths, trace: &Trace) -> usize {
    let digits = figure::grouped(trace.subject.usage.calls).len();
    (widths.name + widths.calls).saturating_sub(digits)
}

impl Page {
    fn of(trace: &Trace, style: Style) -> Self {
        let mut names = Vec::new();
        let mut moments: Vec<Time> = Vec::new();
        moments.extend([trace.subject.usage.first, trace.subject.usage.last].into_iter().flatten());
        look_over(&trace.descendants, &trace.subject.id, &mut names, &mut moments);
        let ends = moments.iter().min().zip(moments.iter().max());
        let stamp = ends.map_or(Stamp::Clock, |(first, last)| Stamp::between(first.0, last.0));
        Self { style, prefix: Prefix::of(names.iter().map(String::as_str)), stamp }
    }

    fn stamp(&self, time: Time) -> String {
        self.stamp.write(time.0)
    }

    /// From the first call to the last; None where nothing was done.
    fn span(&self, usage: &Usage) -> Option<String> {
        let (first, last) = usage.first.zip(usage.last)?;
        let (from, to) = (self.stamp(first), self.stamp(last));
        Some(if from == to { from } else { format!("{from} {} {to}", self.style.arrow()) })
    }

    /// Adds a line for each child, and those below it. `open` tells of each level above whether more follows there.
    fn push(
        &self,
        children: &[Descendant],
        parent: &str,
        open: &mut Vec<bool>,
        room: &mut usize,
        rows: &mut Vec<Row>,
    ) {
        let most = if self.style.wide { children.len() } else { CHILDREN_MAX };
        let mut shown = 0;
        for child in children.iter().take(most) {
            if *room == 0 {
                break;
            }
            *room -= 1;
            shown += 1;
            let is_last = shown == children.len();
            open.push(!is_last);
            rows.push(self.row(child, parent, open, !child.children.is_empty()));
            self.push(&child.children, &child.id, open, room, rows);
            open.pop();
        }
        let hidden: u64 = children.iter().skip(shown).map(count).sum();
        if hidden > 0 {
            open.push(false);
            let (lead, below) = self.branches(open, false);
            let name = format!("{} more: --wide or --format json", figure::grouped(hidden));
            rows.push(Row { lead, below, name, cut: None, calls: None, notes: Vec::new() });
            open.pop();
        }
    }

    fn row(&self, one: &Descendant, parent: &str, open: &[bool], has_children: bool) -> Row {
        let (lead, below) = self.branches(open, has_children);
        let Label { kind, name, is_id } = words::label(one, parent);
        let name = if is_id { name } else { self.prefix.shorten(&name, self.style).into_owned() };
        Row {
            lead,
            below,
            name: format!("{kind}{name}"),
            cut: (!is_id).then_some(Cut::Middle),
            calls: Some(figure::count(one.usage.calls, self.style)),
            notes: self.notes(one, parent),
        }
    }

    /// The branches before a name, and those before the further lines of its words.
    fn branches(&self, open: &[bool], has_children: bool) -> (String, String) {
        let signs = Signs::of(self.style);
        let depth = open.len();
        let hidden = if self.style.wide { 0 } else { depth.saturating_sub(INDENTED_MAX) };
        let mut lead = String::new();
        if hidden > 0 {
            let more = if self.style.unicode { "…" } else { ">" };
            lead = format!("{more}{depth:<2}");
        }
        let mut below = " ".repeat(text::width(&lead));
        let (last, above) = open.split_last().unwrap_or((&false, &[]));
        for more in above.iter().skip(hidden) {
            let sign = if *more { signs.pass } else { "   " };
            lead.push_str(sign);
            below.push_str(sign);
        }
        lead.push_str(if *last { signs.branch } else { signs.last });
        below.push_str(if *last { signs.pass } else { "   " });
        if has_children {
            below.push_str(signs.bar);
        }
        (lead, below)
    }

    /// What is said beside the calls.
    fn notes(&self, one: &Descendant, parent: &str) -> Vec<String> {
        let mut notes: Vec<String> = self.when(one).into_iter().collect();
        for (count, what) in [(one.usage.denied, "denied"), (one.usage.failed, "failed")] {
            if count > 0 {
                notes.push(format!("{} {what}", figure::grouped(count)));
            }
        }
        let is_elsewhere = one.gap.as_ref().is_some_and(|gap| gap.reason == Reason::AccountNotInLake);
        match (one.keys, one.keys_used) {
            (0, _) | (1, 1..) => {}
            // Whether they were used the logs of the other account would tell.
            (1, 0) if is_elsewhere => {}
            (keys, 0) if is_elsewhere => notes.push(format!("{} keys", figure::grouped(keys))),
            (1, 0) => notes.push("1 key, never used".to_owned()),
            (keys, 0) => notes.push(format!("{} keys, never used", figure::grouped(keys))),
            (keys, used) => {
                notes.push(format!("{} keys, {} used", figure::grouped(keys), figure::grouped(used)));
            }
        }
        let is_way_in = matches!(one.kind, NodeKind::AccessKey | NodeKind::Password);
        let is_changed = one.notes.iter().any(|note| note.starts_with(CHANGED_BY_USER));
        if one.usage.calls == 0 && one.gap.is_none() && one.children.is_empty() {
            if is_way_in && !is_changed {
                notes.push("never used".to_owned());
            } else if one.kind == NodeKind::Console {
                notes.push("no call in these logs".to_owned());
            }
        }
        notes.extend(session(one).map(|name| {
            let room = self.style.columns().min(NAME_MAX) - 14;
            format!(
                "as {}",
                text::truncate(
                    name,
                    if self.style.wide { usize::MAX } else { room },
                    Cut::Middle,
                    self.style
                )
            )
        }));
        let is_part = parent.contains(":assumed-role/") || one.kind == NodeKind::Console;
        if (is_part || !one.remarks.is_empty())
            && let Some((address, _)) = words::main_address(&one.usage)
            && !one.remarks.iter().any(|remark| remark.contains(address))
        {
            notes.push(match one.usage.addresses.len() {
                1 => address.to_owned(),
                count => format!("{address} and {} more", count - 1),
            });
        }
        notes.extend(one.notes.iter().cloned());
        let sign = words::remark_sign(one);
        notes.extend(one.remarks.iter().map(|remark| format!("{sign} {remark}")));
        notes.extend(one.likely_words().map(|likely| format!("? {likely}")));
        let is_bare = one.remarks.is_empty() && one.gap.is_none() && one.kind != NodeKind::Forwarded;
        notes.extend((one.rule == Rule::Claim && is_bare).then(|| "? a claim, no proof".to_owned()));
        notes.extend(one.gap.as_ref().map(|gap| {
            let account = one.node.as_ref().and_then(|node| node.account.as_deref());
            match account.filter(|_| gap.reason == Reason::AccountNotInLake) {
                Some(account) => format!("? continues in account {account}, log not supplied"),
                None => format!("? {}", gap.text),
            }
        }));
        notes
    }

    /// When it was made, used and removed.
    fn when(&self, one: &Descendant) -> Option<String> {
        let made = one.made.as_ref().map(|made| self.stamp(made.event_time));
        let span = self.span(&one.usage);
        let own = matches!(one.kind, NodeKind::User | NodeKind::Password | NodeKind::Role);
        let is_made_key = one.made.as_ref().is_some_and(|made| made.event_name == "CreateAccessKey");
        let mut words = if one.folded > 1 {
            let what = match one.kind {
                NodeKind::AccessKey => "keys",
                NodeKind::Session | NodeKind::Role | NodeKind::Console => "sessions",
                _ => "of them",
            };
            let when = span.or(made).map_or_else(String::new, |when| format!(" {when}"));
            Some(format!("x {} {what}{when}", figure::grouped(one.folded)))
        } else if one.rule == Rule::Launched || one.kind == NodeKind::Workload {
            let registers = one.made.as_ref().is_some_and(|made| made.event_name == "RegisterTaskDefinition");
            let verb = if registers { "registered" } else { "launched" };
            made.map(|made| format!("{verb} {made}")).or(span)
        } else if own {
            made.or(span)
        } else if is_made_key {
            match (made, span) {
                (Some(made), Some(span)) => Some(format!("made {made}, used {span}")),
                (Some(made), None) => Some(format!("made {made}")),
                (None, span) => span,
            }
        } else {
            span.or(made)
        };
        if let Some(gone) = &one.gone {
            let gone = format!("gone {}", self.stamp(gone.event_time));
            words = Some(words.map_or(gone.clone(), |words| format!("{words}, {gone}")));
        }
        words
    }
}

/// The name of a session, where it says more than which tool made it or which instance it is of.
fn session(one: &Descendant) -> Option<&str> {
    let name = one.node.as_ref()?.session_name.as_deref()?;
    let is_telling = !matches!(session_name::claim(name), Claim::Tool(_) | Claim::Instance(_));
    (one.kind == NodeKind::Session && one.folded < 2 && is_telling).then_some(name)
}

fn look_over(descendants: &[Descendant], parent: &str, names: &mut Vec<String>, moments: &mut Vec<Time>) {
    for one in descendants {
        let label = words::label(one, parent);
        if !label.is_id {
            names.push(label.name);
        }
        moments.extend([one.usage.first, one.usage.last].into_iter().flatten());
        moments.extend([&one.made, &one.gone].into_iter().flatten().map(|record| record.event_time));
        look_over(&one.children, &one.id, names, moments);
    }
}

/// A line and all below it.
fn count(one: &Descendant) -> u64 {
    1 + one.children.iter().map(count).sum::<u64>()
}
