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

/// A resource, or an ARN in a condition, with wildcards
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>).
#[derive(Debug)]
pub(in crate::policy) enum ResourcePattern {
    /// `*`.
    Any,
    /// An ARN whose first five parts have no wildcards: these as they are written, with the colon behind each, and the
    /// last one for all that follows.
    Plain(Box<str>, Matcher),
    /// An ARN: its first parts, matched one by one, and the last one for all that follows. There are five first parts,
    /// or fewer where the pattern ends early in a star.
    Arn(Box<[Wildcard]>, Matcher),
    /// Another name.
    Other(Matcher),
}

impl ResourcePattern {
    pub(super) fn new(text: &str, version: Version, names: &mut Names<'_>) -> Self {
        if text.bytes().all(|byte| byte == b'*') {
            return Self::Any;
        }
        if !text.starts_with("arn:") {
            return Self::Other(Matcher::new(text, version, Wild::Yes, names));
        }
        // Variables stand only after the fifth colon, so colons before are the ARN's own.
        let parts: Vec<&str> = text.splitn(HEAD + 1, ':').collect();
        let (last, head) = parts.split_last().map_or((text, &[][..]), |(last, head)| (*last, head));
        Self::of_parts(head, last, version, names)
    }

    fn of_parts(head: &[&str], last: &str, version: Version, names: &mut Names<'_>) -> Self {
        let last = Matcher::new(last, version, Wild::Yes, names);
        if head.iter().all(|part| !part.contains(['*', '?'])) {
            let plain: String = head.iter().flat_map(|part| [part, ":"]).collect();
            return Self::Plain(plain.into(), last);
        }
        Self::Arn(head.iter().map(|part| Wildcard::new(part)).collect(), last)
    }

    /// For a condition: six parts or the pattern `*`; None for what no ARN can match. A variable may stand for any
    /// number of parts, so a text with variables before its fifth colon is compared as a whole.
    pub(super) fn of_condition(text: &str, version: Version, names: &mut Names<'_>) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let mut parts = text.splitn(HEAD + 1, ':');
        let head: Vec<&str> = parts.by_ref().take(HEAD).collect();
        let has_variable = version == Version::V2012 && head.iter().any(|part| part.contains("${"));
        match parts.next() {
            _ if has_variable => Some(Self::Other(Matcher::new(text, version, Wild::Yes, names))),
            Some(last) => Some(Self::of_parts(&head, last, version, names)),
            None => None,
        }
    }

    /// The part with variables, if there is one.
    pub(in crate::policy) fn matcher(&self) -> Option<&Matcher> {
        match self {
            Self::Any => None,
            Self::Plain(_, matcher) | Self::Arn(_, matcher) | Self::Other(matcher) => Some(matcher),
        }
    }
}
