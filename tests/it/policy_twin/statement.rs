//! One statement: whether it is one, and whether it matches a request
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).

use backtrail::policy::{Caller, PolicyKind, Request, Resource};
use serde_json::{Map, Value};

use super::condition::{Operator, Place, all_hold, list, operator, text_of};
use super::pattern::{Reading, Token, arn_fits, fits, parts, readable, text_fits, tokens};
use super::principal::{Grant, Name, lists_session_of_role, names_principal, principal_fits, spares};
use super::raw::{Pair, Policy};
use super::rule::{Rule, Rules};

/// A statement of a policy, or what stands in the place of one.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) index: Option<usize>,
    /// As written; empty if it is no object, or the document is none.
    pub(crate) json: Map<String, Value>,
    pub(crate) kind: PolicyKind,
    /// Whether variables are replaced.
    pub(crate) variables: bool,
    /// Whether AWS would take it.
    pub(crate) valid: bool,
}

/// All statements of a policy; one without an index if the document is none.
pub(crate) fn statements(policy: &Policy) -> Vec<Statement> {
    let document = policy.json.as_object();
    let version = document.and_then(|document| document.get("Version"));
    let version_fits = version.is_none_or(|version| version == "2008-10-17" || version == "2012-10-17");
    let known = document.is_some_and(|document| {
        document.keys().all(|name| ["Version", "Id", "Statement"].contains(&name.as_str()))
    });
    let variables = version.is_some_and(|version| version == "2012-10-17");
    let statement = |index: Option<usize>, json: Option<&Value>| {
        let json = json.and_then(Value::as_object).cloned().unwrap_or_default();
        let valid = index.is_some() && is_valid(&json, policy.kind, variables);
        Statement { index, json, kind: policy.kind, variables, valid }
    };
    let listed = document.and_then(|document| document.get("Statement"));
    match listed {
        Some(listed) if version_fits && known && (listed.is_object() || listed.is_array()) => list(listed)
            .into_iter()
            .enumerate()
            .map(|(index, json)| statement(Some(index), Some(json)))
            .collect(),
        _ => vec![statement(None, None)],
    }
}

/// Whether a value is a text, or a list of texts that is not empty, and each is as it should be.
fn all(value: &Value, each: impl Fn(&str) -> bool) -> bool {
    let items = list(value);
    !items.is_empty() && items.iter().all(|item| item.as_str().is_some_and(&each))
}

fn is_action(text: &str) -> bool {
    let service = |service: &str| {
        !service.is_empty() && service.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
    };
    text == "*"
        || text == "*:*"
        || text.split_once(':').is_some_and(|(prefix, name)| service(prefix) && !name.is_empty())
}

fn is_resource(text: &str, kind: PolicyKind, variables: bool) -> bool {
    let readable = !variables || readable(text);
    if kind == PolicyKind::Resource && relative(text).is_some() {
        return readable;
    }
    let parts = text.splitn(6, ':').count();
    let any = text.starts_with('*') && text.trim_start_matches('*').is_empty();
    // Variables may stand in the sixth part only.
    let early = text.match_indices("${").any(|(at, _)| {
        let escape = ["${*}", "${?}", "${$}"].iter().any(|escape| text[at..].starts_with(escape));
        !escape && text[..at].matches(':').count() < 5
    });
    readable
        && !(variables && early)
        && (any || text.starts_with("arn:") && (parts == 6 || text.ends_with('*')))
}

/// What API Gateway's own form of a resource says of the API: `execute-api:/STAGE/METHOD/PATH`, for which it puts the
/// ARN of the API in front
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html>).
fn relative(text: &str) -> Option<&str> {
    text.strip_prefix("execute-api:").filter(|path| path.starts_with(['/', '*']))
}

/// Whether no name stands twice, in whatever case.
fn once(map: &Map<String, Value>) -> bool {
    let mut names: Vec<String> = map.keys().map(|name| name.to_lowercase()).collect();
    names.sort();
    names.windows(2).all(|two| two[0] != two[1])
}

/// The elements that can be read of which a statement must have exactly one.
fn only<'a>(json: &'a Map<String, Value>, names: [&'a str; 2]) -> Option<(&'a str, &'a Value)> {
    match (json.get(names[0]), json.get(names[1])) {
        (Some(value), None) => Some((names[0], value)),
        (None, Some(value)) => Some((names[1], value)),
        _ => None,
    }
}

/// An RCP only denies, and lists what; but for `RCPFullAWSAccess`
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html>).
fn is_resource_control(json: &Map<String, Value>) -> bool {
    let is_all = |name: &str| json.get(name).is_some_and(|it| *it == "*" || *it == serde_json::json!(["*"]));
    let is_full = is_all("Action") && is_all("Resource") && !json.contains_key("Condition");
    !json.contains_key("NotAction") && (json.get("Effect").is_none_or(|it| it != "Allow") || is_full)
}

fn is_valid(json: &Map<String, Value>, kind: PolicyKind, variables: bool) -> bool {
    const KNOWN: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let has = |name: &str| json.contains_key(name);
    let known = json.keys().all(|name| KNOWN.contains(&name.as_str()));
    let effect = json.get("Effect").is_some_and(|effect| effect == "Allow" || effect == "Deny");
    let actions = only(json, ["Action", "NotAction"]).is_some_and(|(_, actions)| all(actions, is_action));
    let lacks_resource = !has("Resource") && !has("NotResource");
    let resources = match kind {
        PolicyKind::Trust | PolicyKind::Resource if lacks_resource => true,
        // IAM takes no trust policy with one.
        PolicyKind::Trust => false,
        _ => only(json, ["Resource", "NotResource"])
            .is_some_and(|(_, resources)| all(resources, |text| is_resource(text, kind, variables))),
    };
    let no_principal = !has("Principal") && !has("NotPrincipal");
    let principals = match kind {
        PolicyKind::Identity | PolicyKind::ServiceControl => no_principal,
        PolicyKind::ResourceControl => {
            json.get("Principal").is_some_and(|it| it == "*")
                && !has("NotPrincipal")
                && is_resource_control(json)
        }
        PolicyKind::Trust if has("NotPrincipal") => false,
        // Only with `Deny` is it supported.
        _ if has("NotPrincipal") && json.get("Effect").is_some_and(|effect| effect == "Allow") => false,
        _ => only(json, ["Principal", "NotPrincipal"]).is_some_and(|(_, listed)| names_principal(listed)),
    };
    let conditions = json.get("Condition").is_none_or(|conditions| {
        conditions.as_object().is_some_and(|operators| {
            once(operators)
                && operators.iter().all(|(name, keys)| {
                    let operator = operator(name, Rules::default());
                    let read = |text: &str| {
                        !variables
                            || !operator.as_ref().is_some_and(Operator::takes_variables)
                            || readable(text)
                    };
                    let typed = |value: &Value| {
                        let text = text_of(value);
                        operator.as_ref().is_some_and(|it| {
                            variables && it.takes_variables() && text.contains("${") || it.takes(&text)
                        })
                    };
                    let scalar = |value: &Value| {
                        value.is_boolean() || value.is_number() || value.as_str().is_some_and(read)
                    };
                    operator.is_some()
                        && keys.as_object().is_some_and(|keys| {
                            once(keys)
                                && keys.values().all(|values| {
                                    let values = list(values);
                                    !values.is_empty()
                                        && values.iter().all(|value| scalar(value) && typed(value))
                                })
                        })
                })
        })
    });
    let sid = json.get("Sid").is_none_or(Value::is_string);
    known && sid && effect && actions && resources && principals && conditions
}

impl Statement {
    /// Its effect; None if it cannot be read.
    pub(crate) fn effect(&self) -> Option<&str> {
        self.json.get("Effect")?.as_str().filter(|effect| ["Allow", "Deny"].contains(effect))
    }

    /// Whether it matches the request, as whom it names the caller aside; `open` is whether what is not known is as it
    /// must be to match.
    pub(crate) fn fits(&self, pair: &Pair, rules: Rules, open: bool) -> bool {
        let request = &pair.request;
        let odd_arns = pair.set.settled.odd_arns;
        let place = Place { context: &request.context, rules, variables: self.variables, odd_arns };
        self.action_fits(&request.action, rules)
            && self.resource_fits(request, rules, open)
            && self.json.get("Condition").is_none_or(|condition| all_hold(condition, place, open))
    }

    /// Whether the action is one of the statement's; true if these cannot be read.
    pub(crate) fn action_fits(&self, action: &str, rules: Rules) -> bool {
        let Some((name, patterns)) = only(&self.json, ["Action", "NotAction"]) else { return true };
        if !all(patterns, is_action) {
            return true;
        }
        let folded = |text: &str| {
            if rules.on(Rule::ActionsIgnoreCase) { text.to_lowercase() } else { text.to_owned() }
        };
        let listed = list(patterns).iter().filter_map(|pattern| pattern.as_str()).any(|pattern| {
            let pattern: Vec<Token> = folded(pattern)
                .chars()
                .map(|char| match char {
                    '*' if rules.on(Rule::ActionsHaveWildcards) => Token::Many,
                    '?' if rules.on(Rule::ActionsHaveWildcards) => Token::One,
                    char => Token::Char(char),
                })
                .collect();
            text_fits(&pattern, &folded(action), false)
        });
        listed != (name == "NotAction" && rules.on(Rule::NotActionNegates))
    }

    fn resource_fits(&self, request: &Request, rules: Rules, open: bool) -> bool {
        let Some((name, patterns)) = only(&self.json, ["Resource", "NotResource"]) else { return true };
        let negated = name == "NotResource" && rules.on(Rule::NotResourceNegates);
        let asked = asked(request, rules);
        let open = open != negated;
        let listed = list(patterns).iter().filter_map(|pattern| pattern.as_str()).any(|pattern| {
            let reading =
                Reading { context: &request.context, rules, variables: self.variables, wildcards: true };
            if let Some(path) = relative(pattern).filter(|_| rules.on(Rule::RelativePatternsAreOfTheApi)) {
                return path_fits(tokens(path, reading), &asked, rules, open);
            }
            match (tokens(pattern, reading), &asked) {
                (None, _) => false,
                (Some(pattern), _) if !pattern.is_empty() && pattern.iter().all(|it| *it == Token::Many) => {
                    true
                }
                (Some(_), Resource::Any) => !rules.on(Rule::ActionsWithoutResourceNeedStar),
                (Some(_), Resource::Pattern(_) | Resource::Unknown) => {
                    open && rules.on(Rule::UnknownResourceIsOpen)
                }
                (Some(pattern), Resource::Named(text)) => resource_arn_fits(&pattern, text, rules, open),
            }
        });
        listed != negated
    }

    /// As whom the statement names the caller, in the strongest ways first; empty if it does not. A policy without
    /// principals names everyone.
    pub(crate) fn names(&self, pair: &Pair, rules: Rules, open: bool) -> Vec<Grant> {
        if !self.kind.has_principals() {
            return vec![Grant::Direct];
        }
        let (caller, settled) = (&pair.request.caller, pair.set.settled);
        match (self.json.get("Principal"), self.json.get("NotPrincipal")) {
            (Some(listed), _) => {
                let mut names = principal_fits(listed, &pair.request, rules, open);
                if self.accounts_are_their_root(pair, rules, open) {
                    names.retain(|name| *name != Name::Account);
                }
                names.into_iter().map(|name| name.grant(caller, rules)).collect()
            }
            (None, Some(listed)) => {
                // A `Deny` with `NotPrincipal` hits everyone who has a boundary, whoever is listed
                // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>).
                let unknown = pair.set.may_have_no_boundary() && rules.on(Rule::BoundariesMayBeNone);
                let bounded = pair.set.boundary.is_some() && (open || !unknown);
                let always =
                    bounded && self.effect() == Some("Deny") && rules.on(Rule::NotPrincipalHitsBoundaries);
                let names = principal_fits(listed, &pair.request, rules, !open);
                let by_session = lists_session_of_role(listed, caller);
                let wholly = settled.account_first.unwrap_or(open);
                let spared = spares(&names, caller, rules, (wholly, by_session));
                if always || spared != rules.on(Rule::NotPrincipalNegates) {
                    vec![Grant::Direct]
                } else {
                    Vec::new()
                }
            }
            (None, None) => Vec::new(),
        }
    }

    /// Whether an account under `Principal` stands for its root user alone, as in the policy of a gateway endpoint, which
    /// only S3 and DynamoDB have (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>). Under
    /// `NotPrincipal` it stands beside who is spared.
    fn accounts_are_their_root(&self, pair: &Pair, rules: Rules, open: bool) -> bool {
        let service = pair.request.action.split(':').next().unwrap_or_default().to_lowercase();
        self.kind == PolicyKind::VpcEndpoint
            && ["s3", "dynamodb"].contains(&service.as_str())
            && !matches!(pair.request.caller, Caller::Root { .. })
            && rules.on(Rule::GatewayAccountsAreTheirRoot)
            && pair.set.settled.gateway.unwrap_or(!open)
    }
}

/// Whether the resource is one of API Gateway, and its path, from the stage on, fits.
fn path_fits(path: Option<Vec<Token>>, asked: &Resource, rules: Rules, open: bool) -> bool {
    let Some(path) = path else { return false };
    match asked {
        Resource::Any => false,
        Resource::Pattern(_) | Resource::Unknown => open && rules.on(Rule::UnknownResourceIsOpen),
        Resource::Named(arn) => match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            [_, _, "execute-api", _, _, api] => {
                api.find('/').is_some_and(|slash| text_fits(&path, &api[slash..], open))
            }
            _ => false,
        },
    }
}

/// What is asked for. Who lists the buckets asks for all of them, as the example on this page has it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html>).
fn asked(request: &Request, rules: Rules) -> Resource {
    let lists = request.action.eq_ignore_ascii_case("s3:ListAllMyBuckets")
        && rules.on(Rule::ListingBucketsIsOnAllBuckets);
    let all = match &request.resource {
        Resource::Any => true,
        Resource::Named(text) => text == "*",
        Resource::Pattern(_) | Resource::Unknown => false,
    };
    if !lists || !all {
        return request.resource.clone();
    }
    let arn = match &request.caller {
        Caller::User { arn, .. } | Caller::FederatedUser { arn, .. } => arn.as_str(),
        Caller::RoleSession { session_arn, .. } => session_arn,
        _ => "",
    };
    let partition = arn.split(':').nth(1).filter(|_| rules.on(Rule::PartitionIsTheCallers)).unwrap_or("aws");
    Resource::Named(format!("arn:{partition}:s3:::*"))
}

/// Whether the ARN of a resource fits a pattern: the first five parts one by one, the sixth as a whole. A pattern of
/// fewer parts that ends in `*` fits all that follows.
fn resource_arn_fits(pattern: &[Token], text: &str, rules: Rules, open: bool) -> bool {
    let fold =
        |char: char| if rules.on(Rule::ResourcesRespectCase) { char } else { char.to_ascii_lowercase() };
    let text: Vec<char> = text.chars().map(fold).collect();
    let pattern: Vec<Token> = pattern
        .iter()
        .map(|token| match token {
            Token::Char(char) => Token::Char(fold(*char)),
            other => *other,
        })
        .collect();
    if !rules.on(Rule::ResourcePartsAreApart) {
        return fits(&pattern, &text, open);
    }
    let count = parts(&pattern, Token::Char(':')).len();
    if count < 6 && pattern.last() == Some(&Token::Many) && rules.on(Rule::ShortPatternsFitTheRest) {
        let pattern: Vec<&[Token]> = pattern.splitn(count, |token| *token == Token::Char(':')).collect();
        let text: Vec<&[char]> = text.splitn(count, |char| *char == ':').collect();
        return pattern.len() == text.len()
            && pattern.iter().zip(&text).all(|(pattern, text)| fits(pattern, text, open));
    }
    arn_fits(&pattern, &text, open)
}
