//! From text to a [`Document`].

use super::check::{is_action, principal, resource_problem, value_problem};
use super::element::{self, OF_DOCUMENT, OF_PRINCIPAL, OF_STATEMENT};
use super::json::{Json, JsonError, cut};
use super::{
    Actions, Condition, DOCUMENT_BYTES_MAX, Document, Effect, JSON_VALUES_MAX, Match, Operator, PolicyKind,
    Principal, Principals, Refused, Resources, STATEMENTS_MAX, Statement, Version,
};
use crate::policy::problem::{Consequence, Place, Problem, ProblemKind};

impl Document {
    /// Parses a policy of a kind. Never fails: what is wrong is in [`Document::problems`], and what could not be
    /// understood in [`Document::refused`]. `name` is the policy's ARN or name, which problems and decisions repeat.
    #[must_use]
    pub fn parse(kind: PolicyKind, name: &str, text: &str) -> Self {
        let mut parser = Parser { kind, name, problems: Vec::new(), version: Version::default() };
        let read = parser.document(text);
        let (statements, refused) = read.unwrap_or_else(|_| {
            let whole = Refused { index: None, sid: None, effect: None, actions: None };
            (Vec::new(), vec![whole])
        });
        Self {
            kind,
            name: name.to_owned(),
            version: parser.version,
            statements,
            refused,
            problems: parser.problems,
        }
    }
}

/// The trouble is in the list of problems.
#[derive(Debug)]
struct Reported;

struct Parser<'a> {
    kind: PolicyKind,
    name: &'a str,
    problems: Vec<Problem>,
    version: Version,
}

/// A statement that is being read.
struct Draft {
    index: usize,
    sid: Option<String>,
}

impl Parser<'_> {
    fn document(&mut self, text: &str) -> Result<(Vec<Statement>, Vec<Refused>), Reported> {
        if text.len() > DOCUMENT_BYTES_MAX {
            return Err(self.whole("", ProblemKind::Limit { what: "bytes", limit: DOCUMENT_BYTES_MAX }));
        }
        let json = Json::parse(text).map_err(|error| match error {
            JsonError::TooMany => {
                self.whole("", ProblemKind::Limit { what: "JSON values", limit: JSON_VALUES_MAX })
            }
            JsonError::Syntax { message, line, column } => {
                self.push(None, Place::Line { line, column }, ProblemKind::Json { message })
            }
        })?;
        let Json::Object(pairs) = json else {
            return Err(self.whole("", expected("an object", &json)));
        };
        let mut fine = true;
        for name in repeated(&pairs) {
            fine = false;
            self.whole(&format!("/{}", escaped(&name)), ProblemKind::Duplicate { name });
        }
        for (name, _) in pairs.iter().filter(|(name, _)| !OF_DOCUMENT.contains(&name.as_str())) {
            fine = false;
            self.whole(&format!("/{}", escaped(name)), unknown(name, "a policy", &OF_DOCUMENT));
        }
        match find(&pairs, "Version") {
            None => {}
            Some(Json::Text(text)) if text == "2008-10-17" => {}
            Some(Json::Text(text)) if text == "2012-10-17" => self.version = Version::V2012,
            Some(other) => {
                fine = false;
                self.whole("/Version", expected("`2012-10-17` or `2008-10-17`", other));
            }
        }
        if let Some(id) = find(&pairs, "Id") {
            if self.kind == PolicyKind::Identity {
                self.noted("/Id", not_in("Id", self.kind));
            } else if !matches!(id, Json::Text(_)) {
                self.noted("/Id", expected("text", id));
            }
        }
        let Some(statement) = find(&pairs, "Statement") else {
            return Err(self.whole("", ProblemKind::Missing { element: "Statement" }));
        };
        if !fine {
            return Err(Reported);
        }
        self.statements(statement)
    }

    fn statements(&mut self, json: &Json) -> Result<(Vec<Statement>, Vec<Refused>), Reported> {
        let (list, is_list) = match json {
            Json::List(list) => (list.as_slice(), true),
            Json::Object(_) => (std::slice::from_ref(json), false),
            other => {
                return Err(self.whole("/Statement", expected("a statement or a list of statements", other)));
            }
        };
        if list.len() > STATEMENTS_MAX {
            let limit = ProblemKind::Limit { what: "statements", limit: STATEMENTS_MAX };
            return Err(self.whole("/Statement", limit));
        }
        let (mut statements, mut refused) = (Vec::<Statement>::new(), Vec::new());
        let mut sids = std::collections::BTreeSet::new();
        for (index, item) in list.iter().enumerate() {
            let at = if is_list { format!("/Statement/{index}") } else { "/Statement".to_owned() };
            match self.statement(index, &at, item) {
                Ok(statement) => {
                    // An empty Sid is no name: the console of IAM writes many of them.
                    let sid = statement.sid.clone().filter(|sid| !sid.is_empty());
                    if let Some(name) = sid.filter(|sid| !sids.insert(sid.clone())) {
                        let draft = Draft { index, sid: statement.sid.clone() };
                        let problem = ProblemKind::Duplicate { name };
                        self.stated(&draft, &format!("{at}/Sid"), problem, self.of_sid_twice());
                    }
                    statements.push(statement);
                }
                Err(statement) => refused.push(statement),
            }
        }
        Ok((statements, refused))
    }

    /// What follows from two statements of one `Sid`: IAM takes no such policy; of other services AWS does not say it of all
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>).
    fn of_sid_twice(&self) -> Consequence {
        match self.kind {
            PolicyKind::Identity | PolicyKind::Trust => Consequence::Rejected,
            PolicyKind::ServiceControl
            | PolicyKind::ResourceControl
            | PolicyKind::Resource
            | PolicyKind::VpcEndpoint => Consequence::Noted,
        }
    }

    fn statement(&mut self, index: usize, at: &str, json: &Json) -> Result<Statement, Refused> {
        let mut draft = Draft { index, sid: None };
        let Json::Object(pairs) = json else {
            self.refuse(&draft, at, expected("a statement", json));
            return Err(Refused { index: Some(index), sid: None, effect: None, actions: None });
        };
        let doubled = repeated(pairs);
        draft.sid = match find(pairs, "Sid") {
            Some(Json::Text(sid)) => Some(sid.clone()),
            _ => None,
        };
        let mut fine = doubled.is_empty();
        for name in &doubled {
            let problem = ProblemKind::Duplicate { name: name.clone() };
            self.refuse(&draft, &format!("{at}/{}", escaped(name)), problem);
        }
        for (name, _) in pairs.iter().filter(|(name, _)| !OF_STATEMENT.contains(&name.as_str())) {
            fine = false;
            self.refuse(
                &draft,
                &format!("{at}/{}", escaped(name)),
                unknown(name, "a statement", &OF_STATEMENT),
            );
        }
        if let Some(other) = find(pairs, "Sid").filter(|sid| !matches!(sid, Json::Text(_))) {
            fine = false;
            self.refuse(&draft, &format!("{at}/Sid"), expected("text", other));
        }
        let effect = self.effect(&draft, at, pairs);
        if matches!(effect, Ok(Effect::Allow)) && find(pairs, "NotPrincipal").is_some() {
            // AWS: `NotPrincipal` goes with `Deny` only.
            fine = false;
            let both = ProblemKind::Both { first: "NotPrincipal", second: "\"Effect\": \"Allow\"" };
            self.refuse(&draft, &format!("{at}/NotPrincipal"), both);
        }
        let principals = self.principals(&draft, at, pairs);
        let actions = self.actions(&draft, at, pairs);
        let resources = self.resources(&draft, at, pairs);
        let conditions = self.conditions(&draft, at, pairs);
        if self.kind == PolicyKind::ResourceControl {
            fine &= self.resource_control(&draft, at, pairs, effect.as_ref().ok());
        }
        // An element that stands twice is not understood, whichever of the two was read.
        let sure = |names: [&str; 2]| !doubled.iter().any(|name| names.contains(&name.as_str()));
        match (effect, principals, actions, resources, conditions) {
            (Ok(effect), Ok(principals), Ok(actions), Ok(resources), Ok(conditions)) if fine => {
                Ok(Statement { index, sid: draft.sid, effect, principals, actions, resources, conditions })
            }
            (effect, _, actions, _, _) => Err(Refused {
                index: Some(index),
                sid: draft.sid,
                effect: effect.ok().filter(|_| sure(["Effect", "Effect"])),
                actions: actions.ok().filter(|_| sure(["Action", "NotAction"])),
            }),
        }
    }

    /// What AWS takes in no RCP: other principals than all, `NotAction`, and an `Allow` that is not that of its own
    /// `RCPFullAWSAccess`
    /// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html>,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-rcp-syntax-error-principal>).
    fn resource_control(
        &mut self,
        draft: &Draft,
        at: &str,
        pairs: &[(String, Json)],
        effect: Option<&Effect>,
    ) -> bool {
        let mut fine = true;
        let is_all = |json: &Json| match json {
            Json::Text(text) => text == "*",
            Json::List(items) => matches!(items.as_slice(), [Json::Text(text)] if text == "*"),
            _ => false,
        };
        let is_everyone = |json: &Json| match json {
            Json::Object(kinds) => kinds.iter().all(|(kind, json)| kind == "AWS" && is_all(json)),
            json => is_all(json),
        };
        if let Some(other) = find(pairs, "Principal").filter(|json| !is_everyone(json)) {
            fine = false;
            self.refuse(draft, &format!("{at}/Principal"), expected("`*`", other));
        }
        if find(pairs, "NotAction").is_some() {
            fine = false;
            self.refuse(draft, &format!("{at}/NotAction"), not_in("NotAction", self.kind));
        }
        let is_full = ["Action", "Resource"].iter().all(|name| find(pairs, name).is_some_and(is_all))
            && find(pairs, "Condition").is_none();
        if effect == Some(&Effect::Allow) && !is_full {
            fine = false;
            let found = "`Allow`".to_owned();
            let expected = "`Deny`, or the statement of `RCPFullAWSAccess`";
            self.refuse(draft, &format!("{at}/Effect"), ProblemKind::Expected { expected, found });
        }
        fine
    }

    fn effect(&mut self, draft: &Draft, at: &str, pairs: &[(String, Json)]) -> Result<Effect, Reported> {
        match find(pairs, "Effect") {
            Some(Json::Text(text)) if text == "Allow" => Ok(Effect::Allow),
            Some(Json::Text(text)) if text == "Deny" => Ok(Effect::Deny),
            Some(other) => {
                Err(self.refuse(draft, &format!("{at}/Effect"), expected("`Allow` or `Deny`", other)))
            }
            None => Err(self.refuse(draft, at, ProblemKind::Missing { element: "Effect" })),
        }
    }

    fn actions(&mut self, draft: &Draft, at: &str, pairs: &[(String, Json)]) -> Result<Actions, Reported> {
        let (matching, name, json) =
            self.either(draft, at, pairs, ["Action", "NotAction"])?.ok_or_else(|| {
                self.refuse(draft, at, ProblemKind::Missing { element: "Action` or `NotAction" })
            })?;
        let at = format!("{at}/{name}");
        let patterns = self.texts(draft, &at, json)?;
        let bad: Vec<_> = patterns.iter().enumerate().filter(|(_, text)| !is_action(text)).collect();
        for (index, text) in &bad {
            let found = format!("`{}`", cut(text));
            let problem = ProblemKind::Expected { expected: "`*` or `service:Action`", found };
            self.refuse(draft, &item_at(&at, json, *index), problem);
        }
        if bad.is_empty() { Ok(Actions { matching, patterns }) } else { Err(Reported) }
    }

    fn resources(
        &mut self,
        draft: &Draft,
        at: &str,
        pairs: &[(String, Json)],
    ) -> Result<Option<Resources>, Reported> {
        let Some((matching, name, json)) = self.either(draft, at, pairs, ["Resource", "NotResource"])? else {
            if self.kind.may_lack_resource() {
                return Ok(None);
            }
            return Err(self.refuse(
                draft,
                at,
                ProblemKind::Missing { element: "Resource` or `NotResource" },
            ));
        };
        let at = format!("{at}/{name}");
        if self.kind == PolicyKind::Trust {
            return Err(self.refuse(draft, &at, not_in(name, self.kind)));
        }
        let patterns = self.texts(draft, &at, json)?;
        let mut fine = true;
        for (index, text) in patterns.iter().enumerate() {
            if let Some(problem) = resource_problem(self.kind, self.version, text) {
                fine = false;
                self.refuse(draft, &item_at(&at, json, index), problem);
            }
        }
        if fine { Ok(Some(Resources { matching, patterns })) } else { Err(Reported) }
    }

    fn principals(
        &mut self,
        draft: &Draft,
        at: &str,
        pairs: &[(String, Json)],
    ) -> Result<Option<Principals>, Reported> {
        let Some((matching, name, json)) = self.either(draft, at, pairs, ["Principal", "NotPrincipal"])?
        else {
            if self.kind.has_principals() {
                let missing = ProblemKind::Missing { element: "Principal` or `NotPrincipal" };
                return Err(self.refuse(draft, at, missing));
            }
            return Ok(None);
        };
        let at = format!("{at}/{name}");
        let barred =
            !self.kind.has_principals() || (!self.kind.has_not_principal() && matching == Match::NotListed);
        if barred {
            return Err(self.refuse(draft, &at, not_in(name, self.kind)));
        }
        let listed = match json {
            Json::Text(text) if text == "*" => {
                if self.kind == PolicyKind::Trust {
                    let problem = expected("`{\"AWS\": \"*\"}`", json);
                    self.stated(draft, &at, problem, Consequence::Rejected);
                }
                vec![Principal::Everyone]
            }
            Json::Object(kinds) if !kinds.is_empty() => self.principal_map(draft, &at, kinds)?,
            other => return Err(self.refuse(draft, &at, expected("`*` or an object of principals", other))),
        };
        Ok(Some(Principals { matching, listed }))
    }

    fn principal_map(
        &mut self,
        draft: &Draft,
        at: &str,
        kinds: &[(String, Json)],
    ) -> Result<Vec<Principal>, Reported> {
        let mut fine = true;
        for name in repeated(kinds) {
            fine = false;
            self.refuse(draft, &format!("{at}/{}", escaped(&name)), ProblemKind::Duplicate { name });
        }
        let mut listed = Vec::new();
        for (kind, json) in kinds {
            let at = format!("{at}/{}", escaped(kind));
            if !OF_PRINCIPAL.contains(&kind.as_str()) {
                fine = false;
                self.refuse(draft, &at, unknown(kind, "a principal", &OF_PRINCIPAL));
                continue;
            }
            let Ok(texts) = self.texts(draft, &at, json) else {
                fine = false;
                continue;
            };
            for (index, text) in texts.into_iter().enumerate() {
                let found = format!("`{}`", cut(&text));
                if let Some(principal) = principal(kind, text) {
                    listed.push(principal);
                } else {
                    fine = false;
                    let problem = ProblemKind::Expected { expected: "a principal without wildcards", found };
                    self.refuse(draft, &item_at(&at, json, index), problem);
                }
            }
        }
        if fine { Ok(listed) } else { Err(Reported) }
    }

    fn conditions(
        &mut self,
        draft: &Draft,
        at: &str,
        pairs: &[(String, Json)],
    ) -> Result<Vec<Condition>, Reported> {
        let at = format!("{at}/Condition");
        let operators = match find(pairs, "Condition") {
            None => return Ok(Vec::new()),
            Some(Json::Object(operators)) => operators,
            Some(other) => return Err(self.refuse(draft, &at, expected("an object of operators", other))),
        };
        let mut fine = true;
        for name in repeated_ignoring_case(operators) {
            fine = false;
            self.refuse(draft, &format!("{at}/{}", escaped(&name)), ProblemKind::Duplicate { name });
        }
        let mut conditions = Vec::new();
        for (name, json) in operators {
            let at = format!("{at}/{}", escaped(name));
            let Some(written) = Operator::parse(name) else {
                fine = false;
                let nearest = Operator::nearest(name);
                self.refuse(draft, &at, ProblemKind::UnknownOperator { operator: cut(name), nearest });
                continue;
            };
            let Json::Object(keys) = json else {
                fine = false;
                self.refuse(draft, &at, expected("an object of condition keys", json));
                continue;
            };
            for name in repeated_ignoring_case(keys) {
                fine = false;
                self.refuse(draft, &format!("{at}/{}", escaped(&name)), ProblemKind::Duplicate { name });
            }
            for (key, json) in keys {
                let at = format!("{at}/{}", escaped(key));
                let Ok(values) = self.condition_values(draft, &at, written.operator, json) else {
                    fine = false;
                    continue;
                };
                if !key.contains(':') {
                    let expected = "a condition key, as `aws:SourceIp`";
                    let problem = ProblemKind::Expected { expected, found: format!("`{}`", cut(key)) };
                    self.stated(draft, &at, problem, Consequence::Noted);
                }
                conditions.push(Condition {
                    operator: written.operator,
                    quantifier: written.quantifier,
                    if_exists: written.if_exists,
                    key: key.clone(),
                    values,
                });
            }
        }
        if fine { Ok(conditions) } else { Err(Reported) }
    }

    fn condition_values(
        &mut self,
        draft: &Draft,
        at: &str,
        operator: Operator,
        json: &Json,
    ) -> Result<Vec<String>, Reported> {
        let items = match json {
            Json::List(items) if !items.is_empty() => items.as_slice(),
            Json::List(_) => return Err(self.refuse(draft, at, expected("at least one value", json))),
            single => std::slice::from_ref(single),
        };
        let mut values = Vec::with_capacity(items.len());
        let mut fine = true;
        for (index, item) in items.iter().enumerate() {
            let text = match item {
                Json::Text(text) | Json::Number(text) => text.clone(),
                Json::Bool(value) => value.to_string(),
                other => {
                    fine = false;
                    self.refuse(
                        draft,
                        &item_at(at, json, index),
                        expected("text, a number or a boolean", other),
                    );
                    continue;
                }
            };
            if let Some(problem) = value_problem(operator, self.version, &text) {
                fine = false;
                self.refuse(draft, &item_at(at, json, index), problem);
            }
            values.push(text);
        }
        if fine { Ok(values) } else { Err(Reported) }
    }

    /// The one of two elements that is there; None if neither is.
    fn either<'j>(
        &mut self,
        draft: &Draft,
        at: &str,
        pairs: &'j [(String, Json)],
        [first, second]: [&'static str; 2],
    ) -> Result<Option<(Match, &'static str, &'j Json)>, Reported> {
        match (find(pairs, first), find(pairs, second)) {
            (Some(_), Some(_)) => Err(self.refuse(draft, at, ProblemKind::Both { first, second })),
            (Some(json), None) => Ok(Some((Match::Listed, first, json))),
            (None, Some(json)) => Ok(Some((Match::NotListed, second, json))),
            (None, None) => Ok(None),
        }
    }

    /// A text, or a list of at least one.
    fn texts(&mut self, draft: &Draft, at: &str, json: &Json) -> Result<Vec<String>, Reported> {
        let items = match json {
            Json::List(items) if !items.is_empty() => items.as_slice(),
            Json::Text(_) => std::slice::from_ref(json),
            other => return Err(self.refuse(draft, at, expected("text or a list of texts", other))),
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item {
                Json::Text(text) => texts.push(text.clone()),
                other => {
                    self.refuse(draft, &item_at(at, json, index), expected("text", other));
                }
            }
        }
        if texts.len() == items.len() { Ok(texts) } else { Err(Reported) }
    }

    fn push(&mut self, draft: Option<&Draft>, place: Place, kind: ProblemKind) -> Reported {
        let consequence = match draft {
            Some(_) => Consequence::StatementRefused,
            None => Consequence::DocumentRefused,
        };
        self.add(draft, place, kind, consequence);
        Reported
    }

    fn add(&mut self, draft: Option<&Draft>, place: Place, kind: ProblemKind, consequence: Consequence) {
        self.problems.push(Problem {
            policy: self.name.to_owned(),
            statement: draft.map(|draft| draft.index),
            sid: draft.and_then(|draft| draft.sid.clone()),
            place,
            kind,
            consequence,
        });
    }

    fn whole(&mut self, at: &str, kind: ProblemKind) -> Reported {
        self.push(None, Place::Pointer(at.to_owned()), kind)
    }

    fn refuse(&mut self, draft: &Draft, at: &str, kind: ProblemKind) -> Reported {
        self.push(Some(draft), Place::Pointer(at.to_owned()), kind)
    }

    fn stated(&mut self, draft: &Draft, at: &str, kind: ProblemKind, consequence: Consequence) {
        self.add(Some(draft), Place::Pointer(at.to_owned()), kind, consequence);
    }

    fn noted(&mut self, at: &str, kind: ProblemKind) {
        self.add(None, Place::Pointer(at.to_owned()), kind, Consequence::Noted);
    }
}

fn find<'j>(pairs: &'j [(String, Json)], name: &str) -> Option<&'j Json> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, json)| json)
}

/// The names that stand more than once, each one time.
fn repeated(pairs: &[(String, Json)]) -> Vec<String> {
    repeats(pairs, str::to_owned)
}

fn repeated_ignoring_case(pairs: &[(String, Json)]) -> Vec<String> {
    repeats(pairs, str::to_lowercase)
}

fn repeats(pairs: &[(String, Json)], fold: fn(&str) -> String) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::new();
    for (name, _) in pairs {
        *counts.entry(fold(name)).or_insert((0_usize, name)) = match counts.get(&fold(name)) {
            Some((count, first)) => (count + 1, *first),
            None => (1, name),
        };
    }
    counts.into_values().filter(|(count, _)| *count > 1).map(|(_, name)| name.clone()).collect()
}

fn expected(expected: &'static str, found: &Json) -> ProblemKind {
    ProblemKind::Expected { expected, found: found.words() }
}

fn unknown(name: &str, of: &'static str, known: &'static [&'static str]) -> ProblemKind {
    let nearest = element::nearest(name, known.iter().copied());
    ProblemKind::UnknownElement { element: cut(name), of, nearest }
}

fn not_in(element: &'static str, kind: PolicyKind) -> ProblemKind {
    ProblemKind::NotInThisKind { element, kind: kind.words() }
}

/// The place of an item, or of the value itself where it is no list.
fn item_at(at: &str, json: &Json, index: usize) -> String {
    if matches!(json, Json::List(_)) { format!("{at}/{index}") } else { at.to_owned() }
}

/// A name inside a JSON pointer.
fn escaped(name: &str) -> String {
    cut(name).replace('~', "~0").replace('/', "~1")
}
