//! Tables and indexes that statements of PartiQL name
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>).
//!
//! A statement asks for the action of its verb, on the table, or on the index that stands behind it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html>). Records hold the statements, values that
//! are no keys redacted
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html>).

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use super::{Certainty, Resource, Search, Source};
use crate::catalog::service::{Action, ResourceType};

/// Whether an action is asked for by statements.
pub(super) fn is_verb(action: &Action) -> bool {
    action.service == "dynamodb" && action.name.starts_with(VERBS)
}

/// How the names of the actions begin, before the verb.
const VERBS: &str = "PartiQL";

/// The tables or indexes that the statements of the action's verb name; None if one of them cannot be read, or there is none.
pub(super) fn resources(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let table = search.action.resources.iter().find(|own| own.kind.name == "table")?.kind;
    let logged = search.logged(table);
    let statements = search.leaves.first_of(["statement"]);
    let targets: Option<Vec<Target>> = statements.into_iter().map(Target::of).collect();
    let verb = search.action.name.strip_prefix(VERBS)?;
    let own: Vec<Target> = targets?.into_iter().filter(|target| target.action == verb).collect();
    if own.is_empty() {
        return None;
    }
    let is_index = kind.name == "index";
    let wanted = own.into_iter().filter(|target| target.index.is_some() == is_index);
    let found = wanted.map(|target| {
        let is_it =
            |known: &&Resource| known.arn.rsplit_once('/').is_some_and(|(_, name)| name == target.table);
        let arn = if target.table.starts_with("arn:") {
            target.table
        } else if let Some(known) = logged.iter().find(is_it) {
            known.arn.clone()
        } else {
            search.fill(table, &|name| (name == "TableName").then(|| Cow::Owned(target.table.clone()))).arn
        };
        let arn = match target.index {
            Some(index) => format!("{arn}/index/{index}"),
            None => arn,
        };
        Resource::new(kind, arn, Certainty::Exact, Source::Request)
    });
    Some(found.collect())
}

/// What a statement is about.
struct Target {
    /// `Select`, `Insert`, `Update` or `Delete`.
    action: &'static str,
    /// A name, or an ARN.
    table: String,
    index: Option<String>,
}

/// A part of a statement.
enum Token {
    /// A keyword or a bare name.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A text in single quotes, or a sign.
    Other,
}

impl Target {
    /// None of what is no statement, or written in another way than the reference has it.
    fn of(statement: &str) -> Option<Self> {
        let mut tokens = Tokens { rest: statement.chars().peekable() };
        let Token::Word(verb) = tokens.next()? else { return None };
        // A check in a transaction is `EXISTS (SELECT …)`
        // (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-functions.exists.html>).
        let (action, before) = match verb.to_ascii_lowercase().as_str() {
            "select" | "exists" => ("Select", Some("from")),
            "insert" => ("Insert", Some("into")),
            "update" => ("Update", None),
            "delete" => ("Delete", Some("from")),
            _ => return None,
        };
        if let Some(before) = before {
            tokens.find(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(before)))?;
        }
        let table = tokens.name()?;
        let index = match tokens.rest.next_if_eq(&'.') {
            Some(_) => Some(tokens.name()?),
            None => None,
        };
        // A bare name ends where a word may: `my-table` stands in quotes.
        let ends = |next: &char| next.is_whitespace() || matches!(next, ';' | '(' | '{' | '<' | ')');
        tokens.rest.peek().is_none_or(ends).then_some(Self { action, table, index })
    }
}

struct Tokens<'s> {
    rest: Peekable<Chars<'s>>,
}

impl Tokens<'_> {
    /// A name, bare or in quotes.
    fn name(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(name) | Token::Name(name) => Some(name),
            Token::Other => None,
        }
    }

    /// What stands in quotes up to the closing one, which stands twice where it is meant itself; None if there is none.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        loop {
            let next = self.rest.next()?;
            if next != quote {
                text.push(next);
            } else if self.rest.next_if_eq(&quote).is_some() {
                text.push(quote);
            } else {
                return Some(text);
            }
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        while self.rest.next_if(|next| next.is_whitespace()).is_some() {}
        let is_of_word = |next: &char| next.is_alphanumeric() || *next == '_';
        Some(match self.rest.next()? {
            '"' => Token::Name(self.quoted('"')?),
            '\'' => {
                self.quoted('\'')?;
                Token::Other
            }
            first if is_of_word(&first) => {
                let mut word = String::from(first);
                while let Some(next) = self.rest.next_if(is_of_word) {
                    word.push(next);
                }
                Token::Word(word)
            }
            _ => Token::Other,
        })
    }
}
