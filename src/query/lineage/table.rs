//! The table `origins`: computed when a statement first reads it, then kept for the session.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, project_schema};
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::sync::OnceCell;

use super::label::{self, Origins};
use crate::lake::{Kind, session_like, small_schema};

/// The columns that `origins` takes over from the callers, by their names there.
pub(super) const FROM_NODES: [&str; 10] = [
    "caller",
    "caller_class",
    "caller_account",
    "caller_key",
    "identity_arn",
    "principal_id",
    "caller_created",
    "calls",
    "first_use",
    "last_use",
];

/// The columns of `origins`: name, type, whether a row may have no value, meaning.
pub const ORIGIN_COLUMNS: &[crate::lake::SmallColumn] = &[
    ("caller", Kind::Int, false, "The caller, as in `calls`."),
    (
        "caller_class",
        Kind::Text,
        true,
        "`credential`, `service`, `outside` (a subject of a provider) or `account`.",
    ),
    ("account", Kind::Text, true, "The caller's account."),
    ("access_key_id", Kind::Text, true, "The access key id that it signed with."),
    ("identity_arn", Kind::Text, true, "Its ARN; the session's for a role session."),
    ("principal_id", Kind::Text, true, "Its unique id."),
    ("session_created", Kind::Timestamp, true, "When its session was created, in whole seconds."),
    ("calls", Kind::Int, false, "How many events are its own."),
    ("first_use", Kind::Timestamp, true, "The first of them."),
    ("last_use", Kind::Timestamp, true, "The last of them."),
    (
        "rule",
        Kind::Text,
        true,
        "The rule of the link to its issuance: `key`, `shared-event`, `session` or `claim`; none where it has no issuance.",
    ),
    ("event_id", Kind::Text, true, "The event of that issuance; of several candidates the first."),
    ("candidates", Kind::Int, true, "How many issuances fit equally well."),
    ("depth", Kind::Int, true, "How many links of delegation lead to the origin."),
    (
        "origin_kind",
        Kind::Text,
        true,
        "`iam-user`, `root`, `service`, `saml`, `web-identity`, `identity-center-user`, `certificate`, `account`, `anonymous` or \
         `unknown`.",
    ),
    (
        "origin",
        Kind::Text,
        true,
        "The origin: an ARN where it has one, else a name; the same for the same origin. Where candidates that fit alike lead to \
         several (`gap` is `several-origins`) all of them, parted by ` or `.",
    ),
    ("origin_account", Kind::Text, true, "The origin's account."),
    ("origin_access_key", Kind::Text, true, "The long-term key that began the chain."),
    ("complete", Kind::Bool, true, "Whether every step up to the origin is proven by a record of the lake."),
    ("certain", Kind::Bool, true, "Whether no other origin comes into question."),
    ("gap", Kind::Text, true, "Why the chain is not complete, as `before-logs`."),
    (
        "above_rule",
        Kind::Text,
        true,
        "How the origin's key or password was made (`key`, `identity`) or its workload launched (`launched`); of an EKS pod how \
         its node fetched the key (`key`).",
    ),
    (
        "above_event_id",
        Kind::Text,
        true,
        "The event that made or launched it; of several passwords that a user signed in with the first.",
    ),
    (
        "root_kind",
        Kind::Text,
        true,
        "The kind of whoever stands above all of that; the origin's where nobody does, of several the first's.",
    ),
    (
        "root",
        Kind::Text,
        true,
        "Whoever stands above all of that. Where several come into question all of them, parted by ` or `: above several \
         origins, where it is open who made the key, of a workload who gave it the role, put its layers, registered its task \
         definition or changed its project beside who launched it, and who is behind each version of a function that may have run (with the service \
         itself where nothing tells of one), and of a user's sign-ins everybody who set a password of one of them, with the \
         user itself where that of one is not here.",
    ),
    (
        "root_certain",
        Kind::Bool,
        true,
        "Whether nobody else comes into question as `root`, and no step up to there is only claimed; false also where \
         somebody stands above whom no record tells: of calls of a user that neither a key nor a session signed, of a \
         password that its user changed or that was removed before the sign-in, of a workload that was removed before or \
         launched with another role, or of which no record tells who launched it or put its code, and of a service that \
         somebody told to act with a role.",
    ),
];

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| small_schema(ORIGIN_COLUMNS));

/// The schema of `origins`.
pub(super) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The table. It knows `events` and not the session that it is registered in, which would hold itself.
pub(super) struct OriginsTable {
    events: Arc<dyn TableProvider>,
    config: SessionConfig,
    runtime: Arc<RuntimeEnv>,
    computed: OnceCell<Origins>,
}

impl OriginsTable {
    /// The origins of the callers in the session's `events`.
    pub(super) async fn of(ctx: &SessionContext) -> Result<OriginsTable> {
        Ok(OriginsTable {
            events: ctx.table_provider("events").await?,
            config: ctx.copied_config(),
            runtime: ctx.runtime_env(),
            computed: OnceCell::new(),
        })
    }

    async fn origins(&self) -> Result<&Origins> {
        // The computation plans and runs statements of its own.
        self.computed.get_or_try_init(|| Box::pin(self.compute())).await
    }

    async fn compute(&self) -> Result<Origins> {
        let failed = |error| DataFusionError::External(Box::new(error));
        let mut ctx = session_like(self.config.clone(), Arc::clone(&self.runtime));
        ctx.register_table("events", Arc::clone(&self.events))?;
        crate::query::register_functions(&mut ctx).map_err(failed)?;
        label::label(&ctx).await.map_err(failed)
    }
}

impl std::fmt::Debug for OriginsTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OriginsTable").finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for OriginsTable {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let failed = |error| DataFusionError::External(Box::new(error));
        // Most statements read a few of the columns: only these are made.
        let all: Vec<usize> = (0..ORIGIN_COLUMNS.len()).collect();
        let batches = self.origins().await?.batches(projection.unwrap_or(&all)).map_err(failed)?;
        let schema = project_schema(&schema(), projection)?;
        MemTable::try_new(schema, vec![batches])?.scan(state, None, filters, limit).await
    }
}
