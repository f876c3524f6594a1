//! Resources of which only a part is known, as an ARN with stars for what a log leaves out.
//!
//! The first five parts of an ARN are texts without colons, and so is what a wildcard in them stands for; one in the
//! last part stands for any text, as in a policy.

use super::compile::{Matcher, ResourcePattern};
use super::matching::Replaced;
use super::prepare::PreparedRequest;
use super::truth::Truth;
use super::wildcard::{Reach, Step, Wildcard, covers};

/// A resource of which only a part is known.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    /// What stands before the first wildcard.
    certain: Box<str>,
    steps: Box<[Step]>,
}

/// Whether a resource as a policy writes it, without variables, is what is asked for: `Yes` if it stands for every
/// resource that `asked` may be, `No` if for none of them. `*` and `?` of `asked` stand for what is not known, as in
/// [`super::Resource::Pattern`].
///
/// ```
/// # use backtrail::policy::{Truth, resource_covers};
/// assert_eq!(resource_covers("arn:aws:s3:::logs/*", "arn:aws:s3:::logs/2026/*"), Truth::Yes);
/// assert_eq!(resource_covers("arn:aws:s3:::logs/2026/*", "arn:aws:s3:::logs/*"), Truth::Unknown);
/// assert_eq!(resource_covers("arn:aws:s3:::data/*", "arn:aws:s3:::logs/*"), Truth::No);
/// ```
#[must_use]
pub fn resource_covers(written: &str, asked: &str) -> Truth {
    if parts_ways(written, asked) {
        return Truth::No;
    }
    covers(&steps_of(written), &steps_of(asked))
}

/// Whether two patterns begin, or end, in letters that no text has both of. It answers most pairs at once.
fn parts_ways(written: &str, asked: &str) -> bool {
    let is_wild = |letter: char| matches!(letter, '*' | '?');
    let beginning = |text: &str| text.split(is_wild).next().unwrap_or_default().len();
    let ending = |text: &str| text.rsplit(is_wild).next().unwrap_or_default().len();
    let begin = beginning(written).min(beginning(asked));
    let end = ending(written).min(ending(asked));
    let mut from_begin = written.bytes().zip(asked.bytes()).take(begin);
    let mut from_end = written.bytes().rev().zip(asked.bytes().rev()).take(end);
    from_begin.any(|(one, other)| one != other) || from_end.any(|(one, other)| one != other)
}

/// A pattern, its wildcards by the part of the ARN that they stand in.
fn steps_of(text: &str) -> Vec<Step> {
    let mut steps = Vec::with_capacity(text.len());
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.into_iter().enumerate() {
        let reach = if at == last { Reach::All } else { Reach::Part };
        steps.extend((at > 0).then_some(Step::Char(':')));
        steps.extend(part.chars().map(|letter| match letter {
            '*' => Step::Many(reach),
            '?' => Step::One(reach),
            _ => Step::Char(letter),
        }));
    }
    steps
}

impl Partial {
    pub(super) fn new(text: &str) -> Self {
        let certain = text.split(['*', '?']).next().unwrap_or_default();
        Self { certain: certain.into(), steps: steps_of(text).into_boxed_slice() }
    }

    /// Whether it is, for certain or perhaps, of a form that has no variables.
    pub(super) fn is_like(&self, form: &str) -> Truth {
        covers(&steps_of(form), &self.steps)
    }

    /// Whether a policy's pattern stands for every resource that it may be, or for none.
    pub(super) fn fits(&self, pattern: &ResourcePattern, request: &PreparedRequest) -> Truth {
        match pattern {
            ResourcePattern::Any => Truth::Yes,
            ResourcePattern::OwnApi(path) => self.fits_own_api(path, request),
            ResourcePattern::Whole(matcher) => self.fits_parts("", std::slice::from_ref(matcher), request),
            ResourcePattern::Plain(head, last) => self
                .fits_beginning(head, last)
                .unwrap_or_else(|| self.fits_parts(head, std::slice::from_ref(last), request)),
            ResourcePattern::Arn(parts) => self.fits_parts("", parts, request),
        }
    }

    /// The answer where the certain beginning gives it, which is nearly always.
    fn fits_beginning(&self, head: &str, last: &Matcher) -> Option<Truth> {
        let begins = match last {
            Matcher::Fixed(Wildcard::Any) => Some(""),
            Matcher::Fixed(Wildcard::Prefix(begin)) => Some(&**begin),
            Matcher::Fixed(_) | Matcher::Variable(_) => None,
        };
        let mut rest = &*self.certain;
        for text in [Some(head), begins] {
            let text = text?;
            match rest.strip_prefix(text) {
                Some(behind) => rest = behind,
                // What is certain ends here.
                None if text.starts_with(rest) => return None,
                None => return Some(Truth::No),
            }
        }
        Some(Truth::Yes)
    }

    /// The same for a text and matchers behind it, between which colons stand.
    fn fits_parts(&self, head: &str, parts: &[Matcher], request: &PreparedRequest) -> Truth {
        let mut steps: Vec<Step> = head.chars().map(Step::Char).collect();
        let mut is_open = false;
        let last = parts.len().saturating_sub(1);
        for (at, part) in parts.iter().enumerate() {
            let reach = if at == last { Reach::All } else { Reach::Part };
            steps.extend((at > 0).then_some(Step::Char(':')));
            match part.replaced(request) {
                Replaced::Text(wildcard) => wildcard.steps(reach, &mut steps),
                Replaced::Open(wildcard) => {
                    is_open = true;
                    wildcard.steps(reach, &mut steps);
                }
                Replaced::Nothing => return Truth::No,
            }
        }
        let truth = covers(&steps, &self.steps);
        if is_open { truth.and(Truth::Unknown) } else { truth }
    }

    /// The same for a path behind the id of an API, which holds no slash.
    fn fits_own_api(&self, path: &Matcher, request: &PreparedRequest) -> Truth {
        let is_api = self.is_like("arn:aws*:execute-api:*:*:*");
        let resource = self.certain.splitn(6, ':').nth(5).filter(|_| is_api == Truth::Yes);
        if let Some((_, behind)) = resource.and_then(|resource| resource.split_once('/')) {
            // The certain text is what the pattern begins with; its path begins at the slash.
            let before = self.certain.chars().count() - behind.chars().count() - 1;
            let steps = self.steps.get(before..).unwrap_or_default().into();
            let asked = Self { certain: Box::default(), steps };
            return asked.fits_parts("", std::slice::from_ref(path), request);
        }
        if path.stands_for_nothing(request) { Truth::No } else { is_api.and(Truth::Unknown) }
    }
}

#[cfg(test)]
mod tests;
