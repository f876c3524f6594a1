//! The screen of `replay`: how far today's policies agree with what AWS did, what a proposal would break and open, and
//! then every verdict with what decided it; the same as JSON, and as rows.

mod block;
mod csv;
mod group;
mod proof;
mod proposal;
mod suggest;
#[cfg(test)]
mod tests;
mod verdict;
pub(super) mod words;

use serde::Serialize;

use self::words::{Names, pasted};
use super::figure::Stamp;
use super::{Style, figure, json as documents, section};
use crate::aws::Time;
use crate::replay::answer::{Replay, Verdict};

pub use csv::csv;

/// Rows of a section where all sections are shown.
const ROWS_FEW: usize = 8;
/// Rows of the one section that was asked for.
const ROWS_ASKED: usize = 40;

/// The part of an answer that is shown, below the first lines (`--show`); of rows of CSV, those that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// What would now be denied.
    NowDenied,
    /// What would now be allowed.
    NowAllowed,
    /// What is undetermined, and what is missing.
    Undetermined,
    /// What is the same.
    Same,
    /// What is no request.
    NotARequest,
    /// What the proposal breaks and may break.
    Broken,
    /// What the proposal opens and may open.
    Opened,
    /// Refusals whose reason, as AWS states it, is not ours.
    Disagreements,
    /// How often each statement matched and decided, and which never did.
    Statements,
    /// What this cannot know.
    Limits,
}

impl Show {
    /// All parts, in the order of `--help`.
    pub const ALL: [Self; 10] = [
        Self::NowDenied,
        Self::NowAllowed,
        Self::Undetermined,
        Self::Same,
        Self::NotARequest,
        Self::Broken,
        Self::Opened,
        Self::Disagreements,
        Self::Statements,
        Self::Limits,
    ];

    /// What is typed after `--show`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NowDenied => "now-denied",
            Self::NowAllowed => "now-allowed",
            Self::Undetermined => "undetermined",
            Self::Same => "same",
            Self::NotARequest => "not-a-request",
            Self::Broken => "broken",
            Self::Opened => "opened",
            Self::Disagreements => "disagreements",
            Self::Statements => "statements",
            Self::Limits => "limits",
        }
    }

    /// The part that shows a verdict.
    #[must_use]
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Same => Self::Same,
            Verdict::NowDenied => Self::NowDenied,
            Verdict::NowAllowed => Self::NowAllowed,
            Verdict::Undetermined => Self::Undetermined,
            Verdict::NotARequest => Self::NotARequest,
        }
    }
}

/// What is shown, and how its `next:` lines are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The one part that is shown; None for all that a first look needs.
    pub show: Option<Show>,
    /// Every row of every part that is shown (`--all`).
    pub all: bool,
    /// The first events of every row (`--examples`).
    pub examples: bool,
    /// The arguments that name the logs and the window, as `--logs PATH --from 90d`, so that the commands at the end can be
    /// pasted.
    pub source: String,
}

/// What every part of a screen needs.
struct Page<'a> {
    options: &'a Options,
    names: &'a Names,
    stamp: Stamp,
    style: Style,
}

impl Page<'_> {
    /// Rows of a part at most.
    fn most(&self, show: Show) -> usize {
        match self.options.show {
            _ if self.options.all || self.style.wide => usize::MAX,
            Some(asked) if asked == show => ROWS_ASKED,
            _ => ROWS_FEW,
        }
    }

    /// The options that show more rows of a part than these.
    fn more(&self, show: Show) -> String {
        match self.options.show {
            Some(asked) if asked == show => "--all".to_owned(),
            _ => format!("--show {}", show.word()),
        }
    }

    /// Words behind a head, wrapped under their own beginning.
    fn hang(&self, head: &str, words: &str) -> String {
        words::hang(head, words, self.style)
    }

    /// A moment in a column: whole where nothing is cut.
    fn when(&self, time: Time) -> String {
        if self.style.wide { figure::moment(time.0) } else { self.stamp.write(time.0) }
    }
}

/// The whole screen, each line with its end. All text of logs and policies is escaped.
#[must_use]
pub fn text(replay: &Replay, options: &Options, style: Style) -> String {
    let names = Names::of(principals(replay), style);
    let stamp = replay.first.zip(replay.last).map_or(Stamp::Date, |(a, b)| Stamp::between(a.0, b.0));
    let page = Page { options, names: &names, stamp, style };
    let mut sections = vec![verdict::head(replay, &page), verdict::table(replay, style)];
    if let Some(show) = options.show {
        sections.push(part(replay, show, &page));
    } else {
        sections.extend(first_look(replay, &page));
    }
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    let mut out = sections.join("\n");
    let commands = commands(replay, options);
    out.push_str(&section::next(commands.iter().map(String::as_str), style));
    out
}

/// What a first look needs: the proposal, then what is not the same, then the proofs and their limits.
fn first_look(replay: &Replay, page: &Page<'_>) -> Vec<String> {
    let proposal = replay.proposal.as_ref().filter(|_| replay.events > 0);
    vec![
        proposal.map(|own| proposal::all(own, page)).unwrap_or_default(),
        group::of(replay, Verdict::NowDenied, page),
        group::of(replay, Verdict::NowAllowed, page),
        group::lacks(replay, page),
        proof::disagreements(replay, page),
        proof::statements(replay, page),
        proof::limits(replay, page),
    ]
}

/// The one part that was asked for.
fn part(replay: &Replay, show: Show, page: &Page<'_>) -> String {
    let none = || section::item(super::Mark::None, "No proposal was given (--proposed DIR)", page.style);
    let proposal = replay.proposal.as_ref();
    match show {
        Show::NowDenied => group::of(replay, Verdict::NowDenied, page),
        Show::NowAllowed => group::of(replay, Verdict::NowAllowed, page),
        Show::Undetermined => {
            let lacks = group::lacks(replay, page);
            let groups = group::of(replay, Verdict::Undetermined, page);
            if lacks.is_empty() { groups } else { format!("{lacks}\n{groups}") }
        }
        Show::Same => group::of(replay, Verdict::Same, page),
        Show::NotARequest => group::of(replay, Verdict::NotARequest, page),
        Show::Broken => proposal.map_or_else(none, |own| proposal::broken(own, page)),
        Show::Opened => proposal.map_or_else(none, |own| proposal::opened(own, page)),
        Show::Disagreements => proof::disagreements(replay, page),
        Show::Statements => proof::statements(replay, page),
        Show::Limits => proof::limits(replay, page),
    }
}

/// Everyone who is named.
fn principals(replay: &Replay) -> impl Iterator<Item = &str> {
    let changed = replay.proposal.iter().flat_map(|own| &own.groups).map(|group| &group.principal);
    let groups = replay.groups.iter().map(|group| &group.principal);
    let disagreements = replay.disagreements.iter().map(|one| &one.principal);
    groups.chain(changed).chain(disagreements).filter_map(Option::as_deref)
}

/// At most three commands to go on with: the rows of what decides about the proposal, an event, all as rows.
fn commands(replay: &Replay, options: &Options) -> Vec<String> {
    let proposal = replay.proposal.as_ref();
    let paths = [Some(replay.snapshot.as_str()), proposal.map(|own| own.path.as_str())];
    if paths.into_iter().flatten().any(|path| !pasted(path)) {
        return Vec::new();
    }
    let mut again = format!("backtrail replay --snapshot {}", replay.snapshot);
    if let Some(proposal) = proposal {
        again.push_str(&format!(" --proposed {}", proposal.path));
    }
    let with = |command: String| command.replace("  ", " ").trim_end().to_owned();
    let mut commands = Vec::new();
    let parts = [
        (proposal.is_some_and(|own| own.broken + own.may_break > 0), Show::Broken),
        (proposal.is_some_and(|own| own.opened + own.may_open > 0), Show::Opened),
        (replay.verdicts.now_denied > 0, Show::NowDenied),
        (replay.verdicts.undetermined > 0, Show::Undetermined),
    ];
    let part = parts.into_iter().find(|(any, show)| *any && options.show != Some(*show));
    if let Some((_, show)) = part {
        commands.push(with(format!("{again} {} --show {} --examples", options.source, show.word())));
    }
    if let Some(event) = telling_event(replay, options.show).filter(|id| pasted(id)) {
        commands.push(with(format!(
            "backtrail explain {event} --snapshot {} {}",
            replay.snapshot, options.source
        )));
    }
    if replay.events > 0 {
        commands.push(with(format!("{again} {} --format csv", options.source)));
    }
    commands
}

/// The event whose explanation says most: of the verdict that is shown, else where AWS's reason is not ours, else what
/// would now be denied, else allowed.
fn telling_event(replay: &Replay, show: Option<Show>) -> Option<&str> {
    let of = |wanted: Show| {
        let groups = replay.groups.iter().filter(move |group| Show::of(group.verdict) == wanted);
        groups.flat_map(|group| &group.examples).find_map(|example| example.event_id.as_deref())
    };
    let disagreement = || replay.disagreements.iter().find_map(|one| one.example.event_id.as_deref());
    let shown = show.and_then(of);
    shown.or_else(disagreement).or_else(|| of(Show::NowDenied)).or_else(|| of(Show::NowAllowed))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    answer: &'a Replay,
}

/// One document with the whole answer.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(replay: &Replay) -> serde_json::Result<String> {
    documents::document(&Document { schema: 1, answer: replay })
}
