//! The launch that a session of a workload goes back to, and what else of it is behind the session.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Source;
use super::condition::{defining, holding, launching, projecting};
use crate::lineage::{Caller, LastLaunch, Launch, Part, Passed, Workload, last_launch};
use crate::query::{Filter, QueryError};

/// The launch to which a session goes back, see [`LastLaunch`].
pub(in crate::inquiry::trace) struct FoundLaunch {
    pub(in crate::inquiry::trace) launch: Launch,
    pub(in crate::inquiry::trace) passed: Passed,
    pub(in crate::inquiry::trace) gave_role: Option<Launch>,
    /// What each gave, and of which version where that is open.
    pub(in crate::inquiry::trace) beside: Vec<(Part, Option<String>, Launch)>,
    /// The ids of the records that published versions of which nothing tells who is behind them.
    pub(in crate::inquiry::trace) untold: Vec<String>,
}

impl From<&LastLaunch<'_>> for FoundLaunch {
    fn from(last: &LastLaunch<'_>) -> Self {
        let beside = last.beside.iter();
        FoundLaunch {
            launch: last.launch.clone(),
            passed: last.passed,
            gave_role: last.gave_role.cloned(),
            beside: beside
                .map(|one| (one.part, one.version.map(str::to_owned), one.launch.clone()))
                .collect(),
            untold: last.untold.iter().map(|published| published.record.id()).collect(),
        }
    }
}

impl Source {
    /// The last launch of a workload in an account, not after `moment`, to which its session goes back: see [`last_launch`] and
    /// [`crate::lineage::LastLaunch::define`].
    pub(in crate::inquiry::trace) async fn launch_of(
        &self,
        workload: &Workload,
        account: &str,
        session: &Caller,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Option<FoundLaunch>, QueryError> {
        let found = self.launches_of(workload, account, moment).await?;
        let removals = self.removed_workloads(workload, account).await?;
        let Some(mut last) = last_launch(&found, &removals, workload, session, moment) else {
            return Ok(None);
        };
        let role = session.role_name();
        let defined = self.defined_by(last.launch).await?;
        if let Some(defined) = &defined {
            last.define(defined, role);
        }
        let projecting = match &last.launch.record.account {
            Some(account) if last.launch.project_parts().next().is_some() => {
                self.launches(&Filter::All(projecting(account))).await?
            }
            _ => Arc::default(),
        };
        last.project(last.launch.projected_by(projecting.iter()));
        let held = self.held_by(last.profiled(), moment).await?;
        if let Some(held) = &held {
            last.hold(held, role);
        }
        let mut launched = FoundLaunch::from(&last);
        // What the launch does not pass stands in the definition.
        if let Some(gave) = launched.gave_role.as_mut().filter(|gave| gave.workload.kind == "definition") {
            gave.role_passed = gave.role_for(role).cloned();
            launched.launch.role_passed.clone_from(&gave.role_passed);
        }
        Ok(Some(launched))
    }

    /// The record that registered the definition of a launched task, see [`Launch::defined_by`].
    pub(in crate::inquiry::trace) async fn defined_by(
        &self,
        launch: &Launch,
    ) -> Result<Option<Launch>, QueryError> {
        let definition = launch.task_definition.as_ref().filter(|_| launch.workload.kind == "task");
        let (Some(_), Some(account)) = (definition, &launch.record.account) else { return Ok(None) };
        let defined = self.launches(&Filter::All(defining(account))).await?;
        Ok(launch.defined_by(defined.iter()).cloned())
    }

    /// The record that put a role into the profile of an instance, see [`Launch::held_by`].
    async fn held_by(
        &self,
        launch: &Launch,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Option<Launch>, QueryError> {
        let (Some(_), Some(account)) = (launch.profile(), &launch.record.account) else { return Ok(None) };
        let holding = self.launches(&Filter::All(holding(account))).await?;
        Ok(launch.held_by(holding.iter(), moment).cloned())
    }

    /// The launches by which tasks of some definitions were run, in order of time.
    pub(in crate::inquiry::trace) async fn run_by(
        &self,
        definitions: &[Launch],
    ) -> Result<Vec<Launch>, QueryError> {
        let mut found = Vec::new();
        let accounts: BTreeSet<&String> =
            definitions.iter().filter_map(|one| one.record.account.as_ref()).collect();
        for account in accounts {
            let own = definitions.iter().filter(|one| one.record.account.as_ref() == Some(account));
            let first = own.map(|one| one.record.time).min().unwrap_or_default();
            let all =
                [Filter::From(first)].into_iter().chain(launching("task", account).into_iter().flatten());
            found.extend_from_slice(&self.launches(&Filter::All(all.collect())).await?);
        }
        Ok(found)
    }
}
