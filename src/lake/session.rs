//! Sessions that plan elsewhere: every session that is made like one of a cluster plans as that one does.
//!
//! Code below a session makes others of its config, for views and for steps kept in memory. A config carries who plans, so
//! that the first kind reads the lake where the whole session does, and the second stays where its rows are.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::context::QueryPlanner;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::optimizer::OptimizerRule;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::Hands;

/// Rules that rewrite a logical plan, in their order.
pub(crate) type Rules = Vec<Arc<dyn OptimizerRule + Send + Sync>>;

/// Who plans the statements of a session, in the place of the engine itself.
#[derive(Clone)]
pub(crate) struct Elsewhere {
    /// Makes plans of which parts run elsewhere.
    pub(crate) planner: Arc<dyn QueryPlanner + Send + Sync>,
    /// The rules that make a logical plan ready for that.
    pub(crate) rules: Rules,
    /// Who folds the lake elsewhere.
    pub(crate) hands: Arc<dyn Hands>,
    /// What the session would be configured with if everything ran here.
    here: SessionConfig,
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elsewhere").field("planner", &self.planner).finish_non_exhaustive()
    }
}

/// The same session with its tables and functions, planning elsewhere.
///
/// `change` gives the config for that of the session.
#[cfg(feature = "cluster")]
pub(crate) fn elsewhere(
    context: &SessionContext,
    planner: Arc<dyn QueryPlanner + Send + Sync>,
    rules: Rules,
    hands: Arc<dyn Hands>,
    change: impl FnOnce(SessionConfig) -> SessionConfig,
) -> SessionContext {
    let here = context.copied_config();
    let elsewhere = Elsewhere { planner, rules, hands, here: here.clone() };
    // The tables are in the session's catalog: another one would take its place.
    let config = change(here)
        .with_create_default_catalog_and_schema(false)
        .with_extension(Arc::new(elsewhere.clone()));
    let state = SessionStateBuilder::new_from_existing(context.state())
        .with_config(config)
        .with_optimizer_rules(elsewhere.rules)
        .with_query_planner(elsewhere.planner)
        .build();
    SessionContext::new_with_state(state)
}

/// A session without tables that plans as the one that the config is of.
pub(crate) fn session_like(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> SessionContext {
    let Some(elsewhere) = config.get_extension::<Elsewhere>() else {
        return SessionContext::new_with_config_rt(config, runtime);
    };
    let state = SessionStateBuilder::new()
        .with_config(config.with_create_default_catalog_and_schema(true))
        .with_runtime_env(runtime)
        .with_default_features()
        .with_optimizer_rules(elsewhere.rules.clone())
        .with_query_planner(Arc::clone(&elsewhere.planner))
        .build();
    SessionContext::new_with_state(state)
}

/// The config of sessions over rows in memory: they run where the rows are.
pub(crate) fn config_here(context: &SessionContext) -> SessionConfig {
    let config = context.copied_config();
    match config.get_extension::<Elsewhere>() {
        Some(elsewhere) => elsewhere.here.clone(),
        None => config,
    }
}

/// Who folds the lake of a session elsewhere; None where it is read here.
pub(crate) fn hands(context: &SessionContext) -> Option<Arc<dyn Hands>> {
    context.copied_config().get_extension::<Elsewhere>().map(|elsewhere| Arc::clone(&elsewhere.hands))
}

/// Whether a session plans elsewhere.
pub(crate) fn plans_elsewhere(context: &SessionContext) -> bool {
    context.copied_config().get_extension::<Elsewhere>().is_some()
}
