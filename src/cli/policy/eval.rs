//! `backtrail policy eval`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::aws::AccountId;
use crate::catalog::catalog;
use crate::cli::args::PolicyEval;
use crate::cli::failure::Failure;
use crate::cli::output::{Format, Output};
use crate::cli::{EXIT_DONE, EXIT_UNREADABLE};
use crate::policy::{Caller, Context, Document, Evaluator, PolicyKind, Request, Resource, Standing};
use crate::report;
use crate::report::policy::Evaluation;
use crate::snapshot::{Asked, Given, Membership, Snapshot, Unsupplied};

pub(super) fn run(command: &PolicyEval, out: &mut Output) -> Result<u8, Failure> {
    let snapshot = Snapshot::read(&command.snapshot)?;
    let caller = caller(command, &snapshot)?;
    let action = catalog().action(&command.action);
    let resource = match command.resource.as_str() {
        "*" => Resource::Any,
        arn => Resource::Named(arn.to_owned()),
    };
    let resource_account = match &resource {
        Resource::Named(arn) | Resource::Pattern(arn) => {
            command.resource_account.or_else(|| snapshot.owner(&command.action, arn, caller.account()))
        }
        // What has no resource is done in the caller's own account.
        Resource::Any | Resource::Unknown => command.resource_account.or_else(|| caller.account()),
    };
    let unsupplied = if command.closed { Unsupplied::None } else { Unsupplied::Unknown };
    let given =
        Given { session: session_policies(command)?, endpoint: command.vpc_endpoint.clone(), unsupplied };
    let set = snapshot.policies(&caller, &command.action, &resource, resource_account, &given);
    let asked = Asked { caller: &caller, action: &command.action, resource: &resource, resource_account };
    let mut context = snapshot.context(asked, unsupplied);
    typed_context(command, &snapshot, &mut context);
    let service = command.action.split(':').next().unwrap_or_default();
    let request = Request {
        caller,
        action: command.action.clone(),
        resource,
        resource_account,
        management_account: snapshot.management_account(),
        canonical_user: None,
        rcp_supported: Some(catalog().service(service).is_some_and(|own| own.supports_rcp)),
        context,
    };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let prepared = evaluator.prepare(&request);
    let keys = compiled.keys();
    let evaluation = Evaluation {
        request: &request,
        decision: compiled.evaluate(&prepared),
        needs: compiled.deciding(&prepared),
        reason: compiled.explain(&prepared),
        keys: keys.iter().map(|key| ((*key).to_owned(), request.context.standing(key))).collect(),
        assumed: assumed(command, &request, &snapshot, action.is_some()),
        snapshot: &snapshot,
    };
    match out.format {
        Format::Json => write!(out, "{}", report::policy::eval_json(&evaluation)?)?,
        Format::Csv => write!(out, "{}", report::policy::eval_csv(&evaluation))?,
        Format::Text => write!(out, "{}", report::policy::eval_text(&evaluation, out.style))?,
    }
    Ok(if snapshot.problems.is_empty() { EXIT_DONE } else { EXIT_UNREADABLE })
}

fn caller(command: &PolicyEval, snapshot: &Snapshot) -> anyhow::Result<Caller> {
    let caller = snapshot.who(&command.principal)?;
    let Some(by) = &command.federated_by else { return Ok(caller) };
    let account = caller.account();
    let Caller::FederatedUser { arn, .. } = caller else {
        anyhow::bail!("--federated-by belongs to a federated user's ARN")
    };
    let who = snapshot.who(by)?;
    let is_own = who.account() == account;
    match who {
        Caller::User { arn: user, .. } if is_own => Ok(Caller::FederatedUser { arn, user_arn: Some(user) }),
        Caller::Root { .. } if is_own => Ok(Caller::FederatedUser { arn, user_arn: Some(by.clone()) }),
        Caller::User { .. } | Caller::Root { .. } => {
            anyhow::bail!("--federated-by: expected someone of the account of `{arn}`, found `{by}`")
        }
        _ => anyhow::bail!("--federated-by: expected an IAM user or the root user, found `{by}`"),
    }
}

fn session_policies(command: &PolicyEval) -> anyhow::Result<Option<Vec<Arc<Document>>>> {
    if command.session_policy.is_empty() {
        return Ok(None);
    }
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| anyhow::anyhow!("cannot read `{}`: {error}", path.display()))?;
        Ok(Arc::new(Document::parse(PolicyKind::Identity, &name_of(path), &text)))
    };
    command.session_policy.iter().map(read).collect::<anyhow::Result<Vec<_>>>().map(Some)
}

fn name_of(path: &Path) -> String {
    path.display().to_string()
}

/// What was typed of the context; it counts more than what the snapshot tells.
fn typed_context(command: &PolicyEval, snapshot: &Snapshot, context: &mut Context) {
    if let Some(id) = &command.vpc_endpoint {
        context.set_value("aws:SourceVpce", id.clone());
        if let Some(vpc) = snapshot.endpoints.get(id).and_then(|endpoint| endpoint.vpc.clone()) {
            context.set_value("aws:SourceVpc", vpc);
        }
        context.set("aws:SourceIp", Standing::Absent);
    }
    if command.mfa {
        context.set_value("aws:MultiFactorAuthPresent", "true");
    }
    for key in &command.absent {
        context.set(key, Standing::Absent);
    }
    for key in &command.unknown {
        context.set(key, Standing::Unknown);
    }
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in &command.context {
        match keys.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, values)) => values.push(value.clone()),
            None => keys.push((key.clone(), vec![value.clone()])),
        }
    }
    for (key, values) in keys {
        context.set(&key, Standing::Values(values));
    }
}

/// What was taken for granted, in words.
fn assumed(command: &PolicyEval, request: &Request, snapshot: &Snapshot, is_known: bool) -> Vec<String> {
    let mut assumed = Vec::new();
    let caller_account: Option<AccountId> = request.caller.account();
    if !is_known {
        assumed.push(format!("the catalog knows no action `{}`", request.action));
    }
    if let (Resource::Named(_), Some(true)) =
        (&request.resource, catalog().action(&request.action).map(crate::catalog::Action::is_wildcard_only))
    {
        assumed.push(format!("{} takes no resource; AWS asks for `*`", request.action));
    }
    if matches!(request.caller, Caller::RoleSession { .. }) && command.session_policy.is_empty() {
        assumed.push("the session has no session policy (--session-policy)".to_owned());
    }
    if command.vpc_endpoint.is_none() {
        assumed.push("no VPC endpoint's policy stands in the way (--vpc-endpoint)".to_owned());
    }
    if command.closed {
        assumed.push("keys that nobody told are absent (--closed)".to_owned());
        if snapshot.membership == Membership::Unsupplied && caller_account.is_some() {
            assumed.push("there is no organization (--closed)".to_owned());
        }
    }
    assumed
}
