//! One request, decided: the decision, what made it, what would decide it, and every layer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::test::sentence;
use super::{flat, mark, word};
use crate::policy::{
    Because, Caller, Decision, Need, Needs, Reason, Request, Resource, Standing, StatementRef,
};
use crate::report::csv::row;
use crate::report::{Facts, Mark, Style, json, section};
use crate::snapshot::Snapshot;

/// A request, and all that is to be said of its decision.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// The request.
    pub request: &'a Request,
    /// What is decided, by what.
    pub decision: Decision<'a>,
    /// What would decide it; empty if it is decided.
    pub needs: Needs,
    /// Why, layer by layer.
    pub reason: Reason,
    /// The context keys that the policies read, in order, and what is known of them.
    pub keys: Vec<(String, Standing)>,
    /// What was taken for granted, in words.
    pub assumed: Vec<String>,
    /// Where the policies come from.
    pub snapshot: &'a Snapshot,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    decision: &'a str,
    because: Made<'a>,
    request: Asked<'a>,
    needs: NeedsOut,
    reasons: Tree<'a>,
    context: BTreeMap<&'a str, Known<'a>>,
    assumed: &'a [String],
    problems: Vec<String>,
}

/// What made the decision.
#[derive(Serialize)]
struct Made<'a> {
    /// `granted`, `denied`, `lacking`, `rule` or `depends`.
    kind: &'a str,
    /// Of `lacking`, the layer that allows nothing.
    layer: Option<String>,
    /// The statements that made it.
    statements: Vec<StatementOut<'a>>,
    /// All of it in a sentence.
    text: String,
}

#[derive(Serialize)]
struct StatementOut<'a> {
    layer: String,
    policy: &'a str,
    sid: Option<&'a str>,
    index: Option<usize>,
}

#[derive(Serialize)]
struct Asked<'a> {
    principal: String,
    action: &'a str,
    /// None if it is not known.
    resource: Option<&'a str>,
    resource_account: Option<String>,
}

#[derive(Serialize)]
struct NeedsOut {
    members: Vec<NeedOut>,
    smallest: bool,
}

#[derive(Serialize)]
struct NeedOut {
    kind: &'static str,
    /// The context key, of a key.
    key: Option<String>,
    text: String,
}

#[derive(Serialize)]
struct Tree<'a> {
    text: &'a str,
    children: Vec<Tree<'a>>,
}

/// What is known of a key.
#[derive(Serialize)]
#[serde(untagged)]
enum Known<'a> {
    Values(&'a [String]),
    /// `absent` or `unknown`.
    Word(&'static str),
}

impl<'a> Tree<'a> {
    /// Trees of reasons are a few levels deep.
    fn of(reason: &'a Reason) -> Self {
        Self { text: &reason.text, children: reason.children.iter().map(Tree::of).collect() }
    }
}

fn known(standing: &Standing) -> Known<'_> {
    match standing {
        Standing::Values(values) => Known::Values(values),
        Standing::Absent => Known::Word("absent"),
        Standing::Unknown => Known::Word("unknown"),
    }
}

fn statements<'a>(because: &Because<'a>) -> Vec<StatementRef<'a>> {
    match *because {
        Because::Granted { by, with } => [Some(by), with].into_iter().flatten().collect(),
        Because::Denied(by) => vec![by],
        Because::Lacking(_) | Because::Rule(_) | Because::Depends => Vec::new(),
    }
}

fn made<'a>(decision: &Decision<'a>) -> Made<'a> {
    let (kind, layer) = match decision.because {
        Because::Granted { .. } => ("granted", None),
        Because::Denied(_) => ("denied", None),
        Because::Lacking(layer) => ("lacking", Some(layer.to_string())),
        Because::Rule(_) => ("rule", None),
        Because::Depends => ("depends", None),
    };
    let statements = statements(&decision.because).into_iter().map(|own| StatementOut {
        layer: own.layer.to_string(),
        policy: own.policy,
        sid: own.sid,
        index: own.index,
    });
    Made { kind, layer, statements: statements.collect(), text: decision.to_string() }
}

fn need(need: &Need) -> NeedOut {
    let (kind, key) = match need {
        Need::Key(key) => ("key", Some(key.clone())),
        Need::Resource => ("resource", None),
        Need::ResourceAccount => ("resource-account", None),
        Need::Caller => ("caller", None),
        Need::RcpSupport => ("rcp-support", None),
        Need::Missing { .. } => ("missing", None),
        Need::Refused { .. } => ("refused", None),
    };
    NeedOut { kind, key, text: need.to_string() }
}

/// Who asks, as a name that can be copied.
fn principal(caller: &Caller) -> String {
    match caller {
        Caller::User { arn, .. } | Caller::FederatedUser { arn, .. } => arn.clone(),
        Caller::RoleSession { session_arn, .. } => session_arn.clone(),
        Caller::Root { account } => format!("root user of {account}"),
        Caller::Service { name } => name.clone(),
        Caller::Federated { provider } => provider.clone(),
        Caller::Account { account, .. } => format!("account {account}"),
        Caller::Anonymous => "anonymous".to_owned(),
    }
}

fn resource(resource: &Resource) -> Option<&str> {
    match resource {
        Resource::Named(arn) | Resource::Pattern(arn) => Some(arn),
        Resource::Any => Some("*"),
        Resource::Unknown => None,
    }
}

/// One document with all of it.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(evaluation: &Evaluation<'_>) -> serde_json::Result<String> {
    let Evaluation { request, decision, needs, .. } = evaluation;
    json::document(&Document {
        schema: 1,
        decision: word(decision.outcome),
        because: made(decision),
        request: Asked {
            principal: principal(&request.caller),
            action: &request.action,
            resource: resource(&request.resource),
            resource_account: request.resource_account.map(|account| account.to_string()),
        },
        needs: NeedsOut { members: needs.members.iter().map(need).collect(), smallest: needs.smallest },
        reasons: Tree::of(&evaluation.reason),
        context: evaluation.keys.iter().map(|(key, standing)| (key.as_str(), known(standing))).collect(),
        assumed: &evaluation.assumed,
        problems: evaluation.snapshot.problems.iter().map(ToString::to_string).collect(),
    })
}

/// One row.
#[must_use]
pub fn csv(evaluation: &Evaluation<'_>) -> String {
    let header = [
        "principal",
        "action",
        "resource",
        "resource_account",
        "decision",
        "because",
        "layer",
        "policy",
        "sid",
        "statement",
        "needs",
    ];
    let Evaluation { request, decision, needs, .. } = evaluation;
    let made = made(decision);
    let first = made.statements.first();
    let needs: Vec<String> = needs.members.iter().map(ToString::to_string).collect();
    let cells = [
        Some(principal(&request.caller)),
        Some(request.action.clone()),
        resource(&request.resource).map(str::to_owned),
        request.resource_account.map(|account| account.to_string()),
        Some(word(decision.outcome).to_owned()),
        Some(made.kind.to_owned()),
        made.layer.clone().or_else(|| first.map(|own| own.layer.clone())),
        first.map(|own| own.policy.to_owned()),
        first.and_then(|own| own.sid).map(str::to_owned),
        first.and_then(|own| own.index).map(|index| index.to_string()),
        Some(needs.join("; ")),
    ];
    row(header.map(Some)) + &row(cells.iter().map(Option::as_deref))
}

/// The decision and what made it, then what would decide it, every layer, and what was taken for granted.
#[must_use]
pub fn text(evaluation: &Evaluation<'_>, style: Style) -> String {
    let Evaluation { request, decision, needs, .. } = evaluation;
    let outcome = mark(decision.outcome);
    let title = format!("{outcome} {} {}", request.action, decision.outcome);
    let mut out = section::subject(title.trim_start(), style);
    let mut facts = Facts::new();
    facts.line(Mark::None, "caller", &principal(&request.caller));
    if let Caller::RoleSession { role_arn: Some(role), session_arn, .. } = &request.caller
        && role != session_arn
    {
        facts.more(&format!("of {role}"));
    }
    facts.line(Mark::None, "resource", resource(&request.resource).unwrap_or("not known"));
    if let Resource::Named(_) = request.resource {
        let owner = request.resource_account.map(|account| format!("of account {account}"));
        facts.more(owner.as_deref().unwrap_or("whose account is not known (--resource-account)"));
    }
    for (at, words) in because(decision).iter().enumerate() {
        match at {
            0 => facts.line(outcome, "because", words),
            _ => facts.more(words),
        };
    }
    let needed = if needs.smallest { "decides" } else { "decide, or less" };
    for (at, need) in needs.members.iter().enumerate() {
        let label = if at == 0 { needed } else { "" };
        facts.line(if at == 0 { Mark::Claim } else { Mark::None }, label, &need.to_string());
    }
    out.push_str(&facts.render(style));
    out.push_str("\nLayer by layer\n");
    for (depth, words) in flat(&evaluation.reason)
        .into_iter()
        .skip(1)
        .skip_while(|(depth, words)| *depth > 1 || words.starts_with("would be decided by"))
    {
        sentence(&mut out, depth * 2, words, style);
    }
    if !evaluation.keys.is_empty() {
        out.push_str("\nContext keys that these policies read\n");
        let mut keys = Facts::new();
        for (key, standing) in &evaluation.keys {
            let (mark, words) = match standing {
                Standing::Values(values) => (Mark::None, values.join(", ")),
                Standing::Absent => (Mark::None, "absent".to_owned()),
                Standing::Unknown => (Mark::Claim, "unknown".to_owned()),
            };
            keys.line(mark, key, &words);
        }
        out.push_str(&keys.render(style));
    }
    if !evaluation.assumed.is_empty() {
        out.push_str("\nTaken for granted\n");
        for words in &evaluation.assumed {
            out.push_str(&section::item(Mark::Claim, words, style));
        }
    }
    let problems = &evaluation.snapshot.problems;
    if !problems.is_empty() {
        let count = problems.len() + evaluation.snapshot.problems_not_listed;
        let words = format!("{count} problems in the snapshot: backtrail snapshot DIR lists them");
        out.push_str(&format!("\n{}", section::item(Mark::Look, &words, style)));
    }
    out
}

/// What made the decision, a sentence for each part.
fn because(decision: &Decision<'_>) -> Vec<String> {
    let statement = |own: &StatementRef<'_>| {
        let name = match (own.sid, own.index) {
            (Some(sid), Some(index)) => format!(", statement `{sid}` ({index})"),
            (Some(sid), None) => format!(", statement `{sid}`"),
            (None, Some(index)) => format!(", statement {index}"),
            (None, None) => String::new(),
        };
        format!("`{}`{name}", own.policy)
    };
    match decision.because {
        Because::Granted { by, with } => {
            let first = format!("the {} allow: {}", by.layer, statement(&by));
            let second = with.map(|with| format!("and the {}: {}", with.layer, statement(&with)));
            [Some(first), second].into_iter().flatten().collect()
        }
        Because::Denied(by) => vec![format!("the {} deny: {}", by.layer, statement(&by))],
        Because::Lacking(layer) => vec![format!("no statement of the {layer} allows it")],
        Because::Rule(rule) => vec![rule.to_string()],
        Because::Depends => vec!["it depends on what is not known".to_owned()],
    }
}
