//! `backtrail cluster scheduler`: takes jobs, cuts them into tasks, hands those to executors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::{Json, Router};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::create_scheduler;
use ballista_scheduler::scheduler_server::SchedulerServer;
use chrono::{DateTime, SecondsFormat};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tonic::service::RoutesBuilder;

use super::address::{SCHEDULER_PORT, bracketed};
use super::sound::Sound;
use super::status::PATH;
use super::{
    Bind, ClusterError, EXECUTOR_SILENT_MAX, ExecutorStatus, MESSAGE_BYTES_MAX, Status, VERSION, node,
};

/// Lost executors are looked for so often.
const LOST_EVERY: Duration = Duration::from_secs(2);

/// What an executor keeps of a job that is done stays so long, for the client to get it.
const KEPT: Duration = Duration::from_mins(5);

/// So long connections may take to end when the scheduler is told to.
const END_WAIT_MAX: Duration = Duration::from_secs(3);

/// How a scheduler is started.
pub struct SchedulerOptions {
    /// Where it listens.
    pub bind: Bind,
    /// By what name or address executors reach it; None for the address that it listens on.
    pub advertise: Option<String>,
    /// What plans are read with; the scheduler itself reads no file.
    pub stores: Arc<dyn ObjectStoreRegistry>,
}

type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// Runs a scheduler until `end`. `ready` is told where it listens.
///
/// # Errors
/// Where it can't listen, executors could not reach it, or it ends by itself.
pub async fn run_scheduler(
    options: SchedulerOptions,
    ready: impl FnOnce(SocketAddr),
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ClusterError> {
    let address = options.bind.socket(SCHEDULER_PORT);
    if address.ip().is_unspecified() && options.advertise.is_none() {
        return Err(ClusterError::Unnamed { address });
    }
    let listening = TcpListener::bind(address).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    let (listener, address) = listening.map_err(|source| ClusterError::Bind { address, source })?;
    let ended =
        |error: &dyn std::fmt::Display| ClusterError::Ended { who: "scheduler", problem: error.to_string() };
    let config = Arc::new(config(&options, address)?);
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(|error| ended(&error))?;
    let (ending, mut unsound) = tokio::sync::mpsc::unbounded_channel();
    let sound = Arc::new(Sound::new(cluster.cluster_state(), ending));
    let cluster = BallistaCluster::new(sound, cluster.job_state());
    let server: Server = create_scheduler(cluster, config).await.map_err(|error| ended(&error))?;
    let canceller = server.clone();
    tokio::spawn(async move {
        while let Some(job) = unsound.recv().await {
            log::warn!("job {job} is cancelled, for its client to send it anew: an executor went away");
            if let Err(error) = canceller.cancel_job(job).await {
                log::error!("cannot cancel it: {error}");
            }
        }
    });
    let service = routes(server).into_make_service_with_connect_info::<SocketAddr>();
    let (told, over) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
        end.await;
        drop(told);
    });
    ready(address);
    tokio::select! {
        served = async { serving.await } => served.map_err(|error| ended(&error)),
        // Executors keep their connections for as long as they live.
        () = async { drop(over.await); tokio::time::sleep(END_WAIT_MAX).await } => Ok(()),
    }
}

fn config(options: &SchedulerOptions, address: SocketAddr) -> Result<SchedulerConfig, ClusterError> {
    let runtime = node::runtime(&options.stores, None)?;
    Ok(SchedulerConfig {
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        // Executors tell it here how their tasks go.
        external_host: bracketed(options.advertise.as_deref().unwrap_or(&address.ip().to_string())),
        scheduling_policy: TaskSchedulingPolicy::PushStaged,
        executor_timeout_seconds: EXECUTOR_SILENT_MAX.as_secs(),
        expire_dead_executor_interval_seconds: LOST_EVERY.as_secs(),
        no_executors_grace_period_seconds: EXECUTOR_SILENT_MAX.as_secs(),
        finished_job_data_clean_up_interval_seconds: KEPT.as_secs(),
        finished_job_state_clean_up_interval_seconds: KEPT.as_secs(),
        grpc_server_max_decoding_message_size: MESSAGE_BYTES_MAX,
        grpc_server_max_encoding_message_size: MESSAGE_BYTES_MAX,
        grpc_client_max_message_size: MESSAGE_BYTES_MAX,
        override_config_producer: Some(Arc::new(node::config)),
        override_session_builder: Some(Arc::new(move |config| node::state(config, Arc::clone(&runtime)))),
        ..SchedulerConfig::default()
    })
}

/// Ballista's own service, and the status beside it.
fn routes(server: Server) -> Router {
    let limit = usize::try_from(MESSAGE_BYTES_MAX).unwrap_or(usize::MAX);
    let service = SchedulerGrpcServer::new(server.clone())
        .max_encoding_message_size(limit)
        .max_decoding_message_size(limit);
    let mut routes = RoutesBuilder::default();
    routes.add_service(service);
    let status =
        axum::routing::get(|State(server): State<Server>| async move { Json(status(&server).await) });
    routes.routes().into_axum_router().merge(Router::new().route(PATH, status).with_state(server))
}

async fn status(server: &Server) -> Status {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let known = server.state.executor_manager.get_executors_state().await.unwrap_or_default();
    let mut executors: Vec<ExecutorStatus> = known
        .into_iter()
        .map(|(executor, heard, _)| ExecutorStatus {
            address: format!("{}:{}", executor.host, executor.port),
            slots: u64::from(executor.specification.vcores),
            silent_seconds: heard.map(|heard| now.saturating_sub(heard).as_secs()),
        })
        .filter(|executor| {
            executor.silent_seconds.is_none_or(|silent| silent < EXECUTOR_SILENT_MAX.as_secs())
        })
        .collect();
    executors.sort();
    let started = i64::try_from(server.start_time).unwrap_or(0);
    Status {
        version: VERSION.to_owned(),
        ballista: ballista_core::BALLISTA_VERSION.to_owned(),
        started: DateTime::from_timestamp_millis(started)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Secs, true),
        jobs_queued: server.pending_job_number() as u64,
        jobs_running: server.running_job_number() as u64,
        executors,
    }
}
