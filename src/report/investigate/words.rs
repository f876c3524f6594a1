//! Numbers of things, moments and names, as this screen says them.

use chrono::TimeDelta;

use crate::investigate::{Investigation, Time};
use crate::report::figure::Stamp;
use crate::report::prefix::Prefix;
pub(super) use crate::report::section::pastable;
use crate::report::{Style, figure, text};

/// What the whole screen shares: the style, the prefix that most names have, whether one day holds everything.
pub(super) struct Page {
    pub(super) style: Style,
    pub(super) prefix: Prefix,
    /// The prefix itself, while it is cut.
    cut: Option<String>,
    stamp: Stamp,
}

impl Page {
    /// Looks over the answer before anything is written.
    pub(super) fn of(answer: &Investigation, style: Style) -> Page {
        let things = answer.made.iter().map(|thing| thing.id.as_str());
        let targets = answer.steps.iter().flat_map(|step| &step.targets).map(|target| short(&target.name));
        let opened = answer.openings.iter().map(|opening| opening.id.as_str());
        let names: Vec<&str> =
            things.chain(targets).chain(opened).filter(|name| !is_generated(name)).collect();
        // What became of things may lie later than the last call.
        let gone = answer.made.iter().filter_map(|thing| Some(thing.gone.as_ref()?.at));
        let used = answer.made.iter().filter_map(|thing| thing.used.as_ref()?.span.first);
        let closed = answer.openings.iter().filter_map(|opening| Some(opening.until.as_ref()?.at));
        let later = gone.chain(used).chain(closed).max();
        let (first, last) = (answer.activity.span.first, answer.activity.span.last.max(later));
        let ends = first.zip(last);
        let stamp = ends.map_or(Stamp::Clock, |(first, last)| Stamp::between(first.0, last.0));
        let prefix = Prefix::of(names);
        let head = format!("{} = ", style.ellipsis());
        let cut = prefix.note(style).and_then(|note| note.strip_prefix(&head).map(str::to_owned));
        Page { style, prefix, cut, stamp }
    }

    /// A sentence whose names are without the prefix that is printed once.
    pub(super) fn sentence(&self, words: &str) -> String {
        self.cut.as_ref().map_or_else(|| words.to_owned(), |cut| words.replace(cut, self.style.ellipsis()))
    }

    /// A name without the prefix that is printed once.
    pub(super) fn name(&self, name: &str) -> String {
        self.prefix.shorten(name, self.style).into_owned()
    }

    /// What the shared prefix stands for, for the right edge of a heading.
    pub(super) fn prefix_note(&self) -> String {
        self.prefix.note(self.style).unwrap_or_default()
    }

    /// The same of a moment that may be unknown.
    pub(super) fn stamp_of(&self, time: Option<Time>) -> String {
        time.map(|time| self.stamp(time)).unwrap_or_default()
    }

    /// The time of day, with the day where the subject was active on several.
    pub(super) fn stamp(&self, time: Time) -> String {
        self.stamp.write(time.0)
    }
}

/// Ids that AWS made: they share prefixes that say something (`vpc-`, `arn:`).
fn is_generated(name: &str) -> bool {
    name.starts_with("arn:")
        || name.rsplit_once('-').is_some_and(|(_, end)| {
            end.len() >= 8 && end.bytes().all(|b| b.is_ascii_hexdigit()) && name.len() <= 30
        })
}

/// The last part of an ARN.
pub(super) fn short(name: &str) -> &str {
    crate::investigate::short_name(name)
}

/// From one instant to another, in words.
pub(super) fn between(from: Time, to: Time) -> String {
    figure::duration(TimeDelta::seconds(to.seconds_since(from)))
}

/// A name of the log, or that records have none.
pub(super) fn named(name: &str) -> &str {
    if name.is_empty() { "(none named)" } else { name }
}

/// A number of things: `a VPC`, `an AMI`, `2 subnets`.
pub(super) fn some(count: u64, kind: &str) -> String {
    if count == 1 { format!("{} {kind}", article(kind)) } else { several(count, kind) }
}

/// A number of things in figures: `1 user`, `13 roles`.
pub(super) fn several(count: u64, kind: &str) -> String {
    figure::counted(count, kind, &plural(kind))
}

fn article(kind: &str) -> &'static str {
    const SPELLED: &[&str] =
        &["AMI", "SSH", "SSM", "SAML", "MFA", "EKS", "ECS", "S3", "RDS", "OIDC", "IAM", "IP", "ACL"];
    let first = kind.split(' ').next().unwrap_or_default();
    let spelled = SPELLED.contains(&first);
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'E', 'I', 'O']) && !first.starts_with("one");
    if spelled || vowel || kind.starts_with("Auto") { "an" } else { "a" }
}

/// The plural of a kind of thing.
pub(super) fn plural(kind: &str) -> String {
    if let Some((head, tail)) = kind.split_once(" in ") {
        return format!("{} in {tail}", plural(head));
    }
    match kind.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with(['s', 'x']) || kind.ends_with("ch") => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

/// The words that people use for a kind of thing in a sentence.
pub(super) fn plain_kind(kind: &str) -> &str {
    match kind {
        "access key" => "key",
        "DB snapshot" | "DB cluster snapshot" | "cluster snapshot" => "snapshot",
        other => other,
    }
}

/// From one number to another: `3 to 8`, or `15` where they are equal.
pub(super) fn from_to(from: i64, to: i64) -> String {
    if from == to { from.to_string() } else { format!("{from} to {to}") }
}

/// Joins the first of the parts and says how many more there are.
pub(super) fn listed(parts: &[String], most: usize, more: &str) -> String {
    match parts.len().saturating_sub(most) {
        0 => parts.join(", "),
        1 => {
            let more = more.strip_suffix('s').unwrap_or(more);
            format!("{}, 1 more{more}", parts.get(..most).unwrap_or_default().join(", "))
        }
        rest => format!("{}, {rest} more{more}", parts.get(..most).unwrap_or_default().join(", ")),
    }
}

/// A rendered table with notes under some of its rows; `notes` has an entry for each row.
pub(super) fn with_notes(table: &str, notes: &[Vec<String>], style: Style) -> String {
    let lines: Vec<&str> = table.lines().collect();
    let head = lines.len().saturating_sub(notes.len());
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        out.push_str(line);
        out.push('\n');
        let below = number.checked_sub(head).and_then(|row| notes.get(row));
        for note in below.into_iter().flatten() {
            out.push_str("      ");
            out.push_str(&style.shown(note));
            out.push('\n');
        }
    }
    out
}

/// Columns that the words of a fact have beside their label.
pub(super) const FACT_COLUMNS: usize = 69;

/// The longest of the wordings of a fact that fits its line; `make` is asked for fewer and fewer parts.
pub(super) fn fitted(most: usize, make: impl Fn(usize) -> String) -> String {
    let wordings = (1..=most).rev().map(&make);
    wordings.into_iter().find(|words| text::width(words) <= FACT_COLUMNS).unwrap_or_else(|| make(1))
}

#[cfg(test)]
mod tests {
    use super::{fitted, listed, plural, some};

    #[test]
    fn things_are_counted_in_english() {
        for (count, kind, words) in [
            (1, "VPC", "a VPC"),
            (1, "AMI", "an AMI"),
            (1, "user", "a user"),
            (2, "inline role policy", "2 inline role policies"),
            (3, "route table", "3 route tables"),
            (2, "role in instance profile", "2 roles in instance profile"),
        ] {
            assert_eq!(some(count, kind), words);
        }
        assert_eq!(plural("gateway"), "gateways");
    }

    #[test]
    fn long_lists_say_how_much_they_leave_out() {
        let parts = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(listed(&parts, 2, ""), "a, b, 2 more");
        assert_eq!(listed(&parts, 4, ""), "a, b, c, d");
        assert_eq!(fitted(4, |most| "x".repeat(most * 30)).len(), 60);
    }
}
