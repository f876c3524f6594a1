//! `backtrail explain` and `backtrail can-assume`.

use std::io::Write;
use std::sync::Arc;

use super::args::{CanAssume, Explain};
use super::failure::Failure;
use super::output::{Format, Output, note};
use super::{EXIT_DONE, EXIT_UNREADABLE, source};
use crate::inquiry::{self, ExplainOptions};
use crate::policy::Caller;
use crate::replay::answer::Explanation;
use crate::replay::{Supposed, can_assume};
use crate::report;
use crate::report::explain::Options;
use crate::snapshot::Snapshot;

pub(super) async fn run(command: &Explain, out: &mut Output) -> Result<u8, Failure> {
    let snapshot = command.snapshot.as_ref().map(|path| Snapshot::read(path)).transpose()?.map(Arc::new);
    let problems = snapshot.as_ref().is_some_and(|snapshot| !snapshot.problems.is_empty());
    let source = source::open(&command.data).await?;
    let options = ExplainOptions { event_id: &command.event_id, snapshot, behind: report::trace::behind };
    let found = Box::pin(inquiry::explain(&source.session, &options)).await?;
    let shown = Options { all: command.all, source: source.flag.clone() };
    let mut accounts: Vec<&str> = found.iter().filter_map(|own| own.account.as_deref()).collect();
    accounts.dedup();
    let wanted = |own: &&Explanation| command.account.is_none() || own.account == command.account;
    let Some(explanation) = found.iter().find(wanted) else {
        let known = accounts.join("`, `");
        return Err(anyhow::anyhow!(
            "no record of that event in the logs of that account\nhint: `{known}` have one"
        )
        .into());
    };
    if found.len() > 1 && command.account.is_none() {
        let own = explanation.account.as_deref().unwrap_or("no account");
        note(&format!(
            "note: {} records have this id, this is the one of {own}; --account takes another of `{}`",
            found.len(),
            accounts.join("`, `")
        ));
    }
    match out.format {
        Format::Json => write!(out, "{}", report::explain::json(explanation)?)?,
        Format::Csv => write!(out, "{}", report::explain::csv(explanation))?,
        Format::Text => write!(out, "{}", report::explain::text(explanation, &shown, out.style))?,
    }
    Ok(if problems { EXIT_UNREADABLE } else { source.exit })
}

pub(super) fn can_assume_role(command: &CanAssume, out: &mut Output) -> Result<u8, Failure> {
    let snapshot = Arc::new(Snapshot::read(&command.snapshot)?);
    let caller = snapshot.who(&command.principal)?;
    if matches!(caller, Caller::Federated { .. } | Caller::Anonymous | Caller::Account { .. }) {
        let typed = &command.principal;
        return Err(anyhow::anyhow!(
            "--principal: expected a user, role, session, root or service, found `{typed}`\nhint: who comes with a token of an identity provider asks for sts:AssumeRoleWithWebIdentity or sts:AssumeRoleWithSAML: `backtrail policy eval`"
        )
        .into());
    }
    let role = match snapshot.who(&command.role)? {
        Caller::RoleSession { role_arn: Some(arn), session_arn, .. } if arn == session_arn => arn,
        _ => {
            return Err(anyhow::anyhow!(
                "--role: expected a role's ARN or `role/NAME`, found `{}`",
                command.role
            )
            .into());
        }
    };
    let supposed = Supposed {
        at: chrono::Utc::now(),
        mfa: command.mfa,
        external_id: command.external_id.clone(),
        session_name: command.session_name.clone(),
        source_identity: command.source_identity.clone(),
        tags: command.tag.clone(),
        duration: command.duration,
        source_ip: command.source_ip.clone(),
        context: command.context.clone(),
    };
    let answer = can_assume(&snapshot, &caller, &role, &supposed);
    let shown = Options { all: false, source: format!("--snapshot {}", source::shell(&command.snapshot)) };
    match out.format {
        Format::Json => write!(out, "{}", report::explain::assume_json(&answer)?)?,
        Format::Csv => write!(out, "{}", report::explain::assume_csv(&answer))?,
        Format::Text => write!(out, "{}", report::explain::assume_text(&answer, &shown, out.style))?,
    }
    Ok(if snapshot.problems.is_empty() { EXIT_DONE } else { EXIT_UNREADABLE })
}
