//! What tells more of a call than its name, where the name decides which statements match.

use memchr::memmem::Finder;

use super::track::Tracked;
use crate::catalog::event::{self, MappedAction, Mapping};
use crate::catalog::{Action, catalog, dependent};
use crate::policy::Caller;

/// Whether letters of JSON may stand escaped: no other escape stands for one (RFC 8259, 7).
fn has_escaped_letters(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', text).any(|at| text.get(at + 1) == Some(&b'u'))
}

/// What in the text of parameters tells more of a call than its name.
#[derive(Debug)]
pub(super) struct Telling {
    /// Names of parameters, as they are written.
    exact: Vec<Finder<'static>>,
    /// In any case; none where the actions imply no others.
    folded: Vec<Finder<'static>>,
}

impl Telling {
    /// Of calls of a name whose statements the name decides; None where more is read than the parameters' texts.
    pub(super) fn of(source: &str, name: &str, tracked: &Tracked, caller: &Caller) -> Option<Self> {
        let Mapping::Actions(actions, _) = catalog().actions_of_event(source, name) else { return None };
        let mut hits = Vec::new();
        let listed = |mapped: &MappedAction| mapped.action.dependents.iter().map(|name| (*name).to_owned());
        let mut implied: Vec<String> = actions.iter().flat_map(listed).collect();
        let unlisted = actions.iter().flat_map(|mapped| dependent::unlisted(mapped.action));
        implied.extend(unlisted.map(Action::full_name));
        let own = actions.iter().map(|mapped| mapped.action.full_name());
        let decides = |action: String| tracked.decides_by_name(caller, &action, &mut hits);
        if !own.chain(implied).all(decides) {
            return None;
        }
        let finder = |text: &'static str| Finder::new(text);
        let implies = actions.iter().any(|mapped| dependent::reads_parameters(mapped.action));
        let folded = if implies { dependent::TELLING.as_slice() } else { &[] };
        Some(Self {
            exact: event::told_by(source, name).into_iter().map(finder).collect(),
            folded: folded.iter().copied().map(finder).collect(),
        })
    }

    /// Whether the text tells more. What is escaped as a number may.
    pub(super) fn tells(&self, text: &[u8], lower: &mut Vec<u8>) -> bool {
        if self.exact.is_empty() && self.folded.is_empty() {
            return false;
        }
        if has_escaped_letters(text) || self.exact.iter().any(|finder| finder.find(text).is_some()) {
            return true;
        }
        if self.folded.is_empty() {
            return false;
        }
        lower.clear();
        lower.extend(text.iter().map(u8::to_ascii_lowercase));
        self.folded.iter().any(|finder| finder.find(lower).is_some())
    }
}
