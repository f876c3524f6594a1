//! Patterns against patterns: whether every text that one stands for, or any, is one that the other stands for.
//!
//! Both are read as automata. They meet if the pattern that asks can be walked through while a place of the other one is
//! kept. The wide one covers the narrow one if no walk through the narrow one leaves the set of the wide one's places
//! without its end. A letter that neither names stands for all that neither names, so this is exact.

use std::collections::HashSet;

use super::{Run, Wildcard};
use crate::policy::truth::Truth;

/// More work than this is not done for one pair of patterns: then it is not known whether they fit.
const WORK_MAX: usize = 1 << 20;

/// Which characters a wildcard stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Reach {
    /// Those of one part of an ARN: all but the colon.
    Part,
    /// All.
    All,
}

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Step {
    Char(char),
    /// `?`.
    One(Reach),
    /// `*`.
    Many(Reach),
}

/// A character of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letter {
    Char(char),
    /// One that no pattern names.
    Fresh,
}

impl Reach {
    fn takes(self, letter: Letter) -> bool {
        self == Self::All || letter != Letter::Char(':')
    }

    /// The letters that stand for all that it takes.
    fn letters(self) -> &'static [Letter] {
        match self {
            Self::Part => &[Letter::Fresh],
            Self::All => &[Letter::Fresh, Letter::Char(':')],
        }
    }
}

impl Wildcard {
    /// Adds what it is made of.
    pub(in crate::policy) fn steps(&self, reach: Reach, steps: &mut Vec<Step>) {
        match self {
            Self::Any => steps.push(Step::Many(reach)),
            Self::Exact(text) => steps.extend(text.chars().map(Step::Char)),
            Self::Prefix(text) => {
                steps.extend(text.chars().map(Step::Char));
                steps.push(Step::Many(reach));
            }
            Self::Cut(cut) => {
                let mut is_open = cut.open_start;
                for piece in &cut.pieces {
                    steps.extend(is_open.then_some(Step::Many(reach)));
                    is_open = true;
                    for run in &piece.runs {
                        match run {
                            Run::Text(text) => {
                                steps.extend(String::from_utf8_lossy(text).chars().map(Step::Char));
                            }
                            Run::Skip(count) => steps.extend(std::iter::repeat_n(Step::One(reach), *count)),
                        }
                    }
                }
                steps.extend(cut.open_end.then_some(Step::Many(reach)));
            }
        }
    }
}

/// Whether `wide` stands for what `narrow` stands for: `Yes` for all of it, `No` for nothing of it.
pub(in crate::policy) fn covers(wide: &[Step], narrow: &[Step]) -> Truth {
    if wide.len().saturating_mul(narrow.len()) > WORK_MAX {
        Truth::Unknown
    } else if !meet(wide, narrow) {
        Truth::No
    } else if is_all_covered(wide, narrow) {
        Truth::Yes
    } else {
        Truth::Unknown
    }
}

/// The places of a pattern that a text may have led to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Places(Box<[bool]>);

impl Places {
    fn none(steps: &[Step]) -> Self {
        Self(vec![false; steps.len() + 1].into_boxed_slice())
    }

    fn start(steps: &[Step]) -> Self {
        let mut places = Self::none(steps);
        places.add(0);
        places.closed(steps)
    }

    fn add(&mut self, at: usize) {
        if let Some(place) = self.0.get_mut(at) {
            *place = true;
        }
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or_default()
    }

    /// With the places behind stars, which may stand for nothing.
    fn closed(mut self, steps: &[Step]) -> Self {
        for (at, step) in steps.iter().enumerate() {
            if self.has(at) && matches!(step, Step::Many(_)) {
                self.add(at + 1);
            }
        }
        self
    }

    /// The places behind one letter more, of those that `may_be` says it may be.
    fn behind(&self, steps: &[Step], may_be: impl Fn(Step) -> bool) -> Self {
        let mut next = Self::none(steps);
        for (at, step) in steps.iter().enumerate() {
            if self.has(at) && may_be(*step) {
                next.add(if matches!(step, Step::Many(_)) { at } else { at + 1 });
            }
        }
        next.closed(steps)
    }

    fn behind_letter(&self, steps: &[Step], letter: Letter) -> Self {
        self.behind(steps, |step| match step {
            Step::Char(own) => letter == Letter::Char(own),
            Step::One(reach) | Step::Many(reach) => reach.takes(letter),
        })
    }
}

/// Whether a text fits both.
fn meet(wide: &[Step], narrow: &[Step]) -> bool {
    let mut places = Places::start(wide);
    // Whether a step of the one and a wildcard of the other have a letter in common; two wildcards have the fresh one.
    let shares = |step: Step, reach: Reach| match step {
        Step::Char(own) => reach.takes(Letter::Char(own)),
        Step::One(_) | Step::Many(_) => true,
    };
    for step in narrow {
        match *step {
            Step::Char(own) => places = places.behind_letter(wide, Letter::Char(own)),
            Step::One(reach) => places = places.behind(wide, |step| shares(step, reach)),
            Step::Many(reach) => {
                for (at, step) in wide.iter().enumerate() {
                    if places.has(at) && (shares(*step, reach) || matches!(step, Step::Many(_))) {
                        places.add(at + 1);
                    }
                }
            }
        }
    }
    places.has(wide.len())
}

/// Whether every text that fits the narrow one fits the wide one. False also where that takes too long to find out.
fn is_all_covered(wide: &[Step], narrow: &[Step]) -> bool {
    let mut open = vec![(0, Places::start(wide))];
    let mut seen = HashSet::new();
    while let Some((at, places)) = open.pop() {
        if seen.contains(&(at, places.clone())) {
            continue;
        }
        if seen.len().saturating_mul(wide.len()) > WORK_MAX {
            return false;
        }
        match narrow.get(at) {
            None if !places.has(wide.len()) => return false,
            None => {}
            Some(Step::Char(own)) => open.push((at + 1, places.behind_letter(wide, Letter::Char(*own)))),
            Some(Step::One(reach)) => {
                let letters = reach.letters().iter();
                open.extend(letters.map(|letter| (at + 1, places.behind_letter(wide, *letter))));
            }
            Some(Step::Many(reach)) => {
                let letters = reach.letters().iter();
                open.extend(letters.map(|letter| (at, places.behind_letter(wide, *letter))));
                open.push((at + 1, places.clone()));
            }
        }
        seen.insert((at, places));
    }
    true
}

#[cfg(test)]
mod tests;
