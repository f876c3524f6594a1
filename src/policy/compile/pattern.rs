//! Texts of a policy that are compared: with wildcards, variables, and ARNs by their parts.

use std::collections::BTreeSet;

use super::{KeyId, Keys};
use crate::policy::document::{Piece, Version, pieces};
use crate::policy::wildcard::{Part, Wildcard};

/// Interns keys, and remembers which ones a policy reads.
#[derive(Debug)]
pub(in crate::policy) struct Names<'a> {
    pub(super) keys: &'a mut Keys,
    pub(super) read: BTreeSet<KeyId>,
}

impl Names<'_> {
    pub(super) fn key(&mut self, key: &str) -> KeyId {
        let key = self.keys.intern(key);
        self.read.insert(key);
        key
    }
}

/// A text to compare with.
#[derive(Debug)]
pub(in crate::policy) enum Matcher {
    /// Without variables.
    Fixed(Wildcard),
    /// With variables, replaced for each request.
    Variable(Box<[Token]>),
}

/// Part of a text with variables.
#[derive(Debug)]
pub(in crate::policy) enum Token {
    /// With wildcards.
    Pattern(Box<str>),
    /// Without.
    Plain(Box<str>),
    /// The value of a key, or the default where the request does not have it.
    Variable(KeyId, Option<Box<str>>),
}

/// Whether `*` and `?` are wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wild {
    Yes,
    No,
}

impl Matcher {
    pub(super) fn new(text: &str, version: Version, wild: Wild, names: &mut Names<'_>) -> Self {
        let parts = match version {
            Version::V2008 => vec![Piece::Text(text)],
            // What cannot be read was refused with its statement.
            Version::V2012 => pieces(text).unwrap_or_else(|_| vec![Piece::Text(text)]),
        };
        Self::of(&parts, wild, names)
    }

    fn of(parts: &[Piece<'_>], wild: Wild, names: &mut Names<'_>) -> Self {
        let token = |part: &Piece<'_>| match *part {
            Piece::Text(text) if wild == Wild::Yes => Token::Pattern(text.into()),
            Piece::Text(text) | Piece::Literal(text) => Token::Plain(text.into()),
            Piece::Variable { key, default } => Token::Variable(names.key(key), default.map(Box::from)),
        };
        let tokens: Box<[Token]> = parts.iter().map(token).collect();
        if tokens.iter().any(|token| matches!(token, Token::Variable(..))) {
            return Self::Variable(tokens);
        }
        let fixed = tokens.iter().map(|token| match token {
            Token::Pattern(text) => Part::Pattern(text),
            Token::Plain(text) => Part::Plain(text),
            Token::Variable(..) => Part::Star,
        });
        Self::Fixed(Wildcard::of(fixed))
    }

    /// The keys that it reads.
    pub(in crate::policy) fn keys(&self) -> impl Iterator<Item = KeyId> {
        let tokens = match self {
            Self::Fixed(_) => &[][..],
            Self::Variable(tokens) => tokens,
        };
        tokens.iter().filter_map(|token| match token {
            Token::Variable(key, _) => Some(*key),
            _ => None,
        })
    }
}

/// The parts of an ARN before the sixth.
const HEAD: usize = 5;

/// The form in which a policy of API Gateway may name its own API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html>).
pub(in crate::policy) const OWN_API: &str = "execute-api:";

/// A resource, or an ARN in a condition, with wildcards
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>).
#[derive(Debug)]
pub(in crate::policy) enum ResourcePattern {
    /// `*`.
    Any,
    /// An ARN whose first five parts have no wildcards: these as they are written, with the colon behind each, and the
    /// last one for all that follows.
    Plain(Box<str>, Matcher),
    /// An ARN, matched part by part, the last one for all that follows. There are six, or fewer where the pattern ends
    /// early in a star.
    Arn(Box<[Matcher]>),
    /// `execute-api:/stage/GET/path`: what follows the id of the API that the policy is attached to.
    OwnApi(Matcher),
    /// A text whose parts a variable gives.
    Whole(Matcher),
}

impl ResourcePattern {
    pub(super) fn new(text: &str, version: Version, names: &mut Names<'_>) -> Self {
        if text.bytes().all(|byte| byte == b'*') {
            return Self::Any;
        }
        if let Some(path) = text.strip_prefix(OWN_API) {
            return Self::OwnApi(Matcher::new(path, version, Wild::Yes, names));
        }
        // Variables stand only after the fifth colon, so colons before are the ARN's own.
        let parts: Vec<&str> = text.splitn(HEAD + 1, ':').collect();
        Self::of_parts(&parts, version, names)
    }

    fn of_parts(parts: &[&str], version: Version, names: &mut Names<'_>) -> Self {
        let mut matcher = |part: &str| Matcher::new(part, version, Wild::Yes, names);
        let (last, head) = parts.split_last().map_or(("", parts), |(last, head)| (*last, head));
        if head.iter().all(|part| !part.contains(['*', '?', '$'])) {
            let plain: String = head.iter().flat_map(|part| [part, ":"]).collect();
            return Self::Plain(plain.into(), matcher(last));
        }
        Self::Arn(parts.iter().map(|part| matcher(part)).collect())
    }

    /// For a condition: six parts or the pattern `*`; None for what no ARN can match. A variable may stand for any
    /// number of parts, so a text with variables and fewer than six parts is compared as a whole.
    pub(super) fn of_condition(text: &str, version: Version, names: &mut Names<'_>) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (parts, has_variable) = match version {
            Version::V2008 => (text.splitn(HEAD + 1, ':').collect(), false),
            Version::V2012 => (parts_between_variables(text), text.contains("${")),
        };
        if parts.len() == HEAD + 1 {
            return Some(Self::of_parts(&parts, version, names));
        }
        has_variable.then(|| Self::Whole(Matcher::new(text, version, Wild::Yes, names)))
    }

    /// What it is made of.
    pub(in crate::policy) fn matchers(&self) -> &[Matcher] {
        match self {
            Self::Any => &[],
            Self::Plain(_, matcher) | Self::OwnApi(matcher) | Self::Whole(matcher) => {
                std::slice::from_ref(matcher)
            }
            Self::Arn(matchers) => matchers,
        }
    }
}

/// The text cut at its first five colons, those inside of variables not counted.
fn parts_between_variables(text: &str) -> Vec<&str> {
    let (mut parts, mut rest, mut at) = (Vec::new(), text, 0);
    while parts.len() < HEAD {
        let Some(ahead) = rest.get(at..) else { break };
        let Some(found) = ahead.find([':', '$']) else { break };
        let here = at + found;
        if rest.get(here..).is_some_and(|own| own.starts_with("${")) {
            // A default may hold a brace.
            let inside = rest.get(here..).unwrap_or_default();
            let quoted =
                inside.find('\'').filter(|quote| inside.find('}').is_some_and(|brace| *quote < brace));
            let from = quoted.map_or(0, |quote| {
                quote + 1 + inside.get(quote + 1..).and_then(|own| own.find('\'')).unwrap_or_default()
            });
            let close = inside.get(from..).and_then(|own| own.find('}'));
            at = here + from + close.map_or(1, |close| close + 1);
        } else if rest.get(here..).is_some_and(|own| own.starts_with(':')) {
            let (part, after) = rest.split_at_checked(here).unwrap_or((rest, ""));
            parts.push(part);
            (rest, at) = (after.get(1..).unwrap_or_default(), 0);
        } else {
            at = here + 1;
        }
    }
    parts.push(rest);
    parts
}
