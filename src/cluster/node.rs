//! What all of a cluster have alike: settings, functions, codecs, stores.

use std::path::Path;
use std::sync::Arc;

use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{MESSAGE_BYTES_MAX, keep, task};
use crate::query::register_functions;

/// A node keeps so much of the metadata of Parquet files.
const METADATA_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A session's settings as Ballista needs them: those of the engine that reach from one process into another are off.
pub(super) fn adjusted(config: SessionConfig) -> SessionConfig {
    let mut config = config
        .upgrade_for_ballista()
        .with_ballista_grpc_client_max_message_size(usize::try_from(MESSAGE_BYTES_MAX).unwrap_or(usize::MAX));
    // Ballista splits a union by its inputs, and an interleaving of partitions not at all.
    config.options_mut().optimizer.prefer_existing_union = true;
    config
}

/// The settings of a node before a job brings its own.
pub(super) fn config() -> SessionConfig {
    adjusted(SessionConfig::new().with_information_schema(true))
}

/// A state with all functions that SQL has here.
pub(super) fn state(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> Result<SessionState> {
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .build();
    let mut context = SessionContext::new_with_state(state);
    register_functions(&mut context).map_err(|error| DataFusionError::External(Box::new(error)))?;
    context.register_udf(task::function(None));
    context.register_udaf(keep::function(None));
    Ok(context.state())
}

/// The functions for an executor, found by name, with who does tasks there and who keeps rows.
pub(super) fn functions(worker: task::Worker, keeper: keep::Keeper) -> Result<BallistaFunctionRegistry> {
    let state = state(config(), RuntimeEnvBuilder::new().build_arc()?)?;
    let mut functions = BallistaFunctionRegistry::from(&state);
    let work = task::function(Some(worker));
    functions.scalar_functions.insert(work.name().to_owned(), Arc::new(work));
    let keep = keep::function(Some(keeper));
    functions.aggregate_functions.insert(keep.name().to_owned(), Arc::new(keep));
    Ok(functions)
}

/// What a node reads from, and where it puts what does not fit its memory.
pub(super) fn runtime(
    stores: &Arc<dyn ObjectStoreRegistry>,
    work_folder: Option<&Path>,
) -> Result<Arc<RuntimeEnv>> {
    let mut builder = RuntimeEnvBuilder::new()
        .with_object_store_registry(Arc::clone(stores))
        .with_metadata_cache_limit(METADATA_BYTES_MAX);
    if let Some(folder) = work_folder {
        builder = builder.with_temp_file_path(folder);
    }
    builder.build_arc()
}
