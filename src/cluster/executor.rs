//! `backtrail cluster executor`: runs tasks, and keeps their rows until the next step or the client has got them.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use datafusion::execution::object_store::ObjectStoreRegistry;

use super::address::bracketed;
use super::{
    Bind, ClusterError, HEARTBEAT, MESSAGE_BYTES_MAX, START_WAIT_MAX, SchedulerAddress, keep, node, status,
    task,
};
use crate::archive::s3::Store;
use crate::lake::Folds;

/// So often an executor looks for its scheduler while it starts.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What an executor keeps of a job is deleted after this time at the latest; that of a job that is done much sooner.
const KEPT_MAX: Duration = Duration::from_hours(24);

/// The same is looked for so often.
const CLEAN_EVERY: Duration = Duration::from_mins(30);

/// How an executor is started.
pub struct ExecutorOptions {
    /// The scheduler that it works for.
    pub scheduler: SchedulerAddress,
    /// Where it listens: a port for rows, and the next one for tasks; any free ports where none is told.
    pub bind: Bind,
    /// By what name or address others reach it; None for the one that it listens on, and where that is any, for the one
    /// that the scheduler sees.
    pub advertise: Option<String>,
    /// The folder for the rows of its tasks.
    pub work_folder: PathBuf,
    /// How many tasks it runs beside each other; also shares its memory.
    pub slots: usize,
    /// How archives in S3 are asked, and lakes that are written.
    pub s3: Store,
    /// Who folds shares of lakes.
    pub folds: Arc<dyn Folds>,
}

/// Where an executor listens.
#[derive(Debug, Clone, Copy)]
struct Ports {
    rows: u16,
    tasks: u16,
}

/// Runs an executor until the process is told to end (SIGINT, SIGTERM) or its scheduler tells it to. `stores` gives what it
/// reads lakes from by its name; `ready` is told where it listens.
///
/// # Errors
/// Where it can't listen, its scheduler is not there or of another version, or it ends by itself.
pub async fn run_executor(
    options: ExecutorOptions,
    stores: impl FnOnce(&str) -> Arc<dyn ObjectStoreRegistry>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ClusterError> {
    let folder = work_folder(&options.work_folder)?;
    let ip = options.bind.ip;
    let ports = ports(options.bind)?;
    found(&options.scheduler).await?;
    let host = options.advertise.clone().or_else(|| (!ip.is_unspecified()).then(|| shown(ip)));
    let name = format!("executor {}:{}", host.clone().unwrap_or_else(machine), ports.rows);
    let stores = stores(&name);
    let worker = task::Worker::new(&name, options.s3.clone(), Arc::clone(&options.folds));
    let keeper = keep::Keeper::new(&name, Arc::clone(&stores));
    // What does not fit the memory of a task goes beside its rows.
    let runtime = node::runtime(&stores, Some(&folder))?;
    let config = ExecutorProcessConfig {
        bind_host: shown(ip),
        external_host: host,
        port: ports.rows,
        grpc_port: ports.tasks,
        scheduler_host: bracketed(&options.scheduler.host),
        scheduler_port: options.scheduler.port,
        vcores: options.slots,
        task_scheduling_policy: TaskSchedulingPolicy::PushStaged,
        work_dir: Some(folder.to_string_lossy().into_owned()),
        job_data_ttl_seconds: KEPT_MAX.as_secs(),
        job_data_clean_up_interval_seconds: CLEAN_EVERY.as_secs(),
        grpc_max_decoding_message_size: MESSAGE_BYTES_MAX,
        grpc_max_encoding_message_size: MESSAGE_BYTES_MAX,
        executor_heartbeat_interval_seconds: HEARTBEAT.as_secs(),
        override_function_registry: Some(Arc::new(node::functions(worker, keeper)?)),
        override_config_producer: Some(Arc::new(node::config)),
        override_runtime_producer: Some(Arc::new(move |_| Ok(Arc::clone(&runtime)))),
        ..ExecutorProcessConfig::default()
    };
    ready(SocketAddr::new(ip, ports.rows));
    Box::pin(start_executor_process(Arc::new(config)))
        .await
        .map_err(|error| ClusterError::Ended { who: "executor", problem: error.to_string() })
}

/// Waits for the scheduler, and sees that it is of this version.
async fn found(scheduler: &SchedulerAddress) -> Result<(), ClusterError> {
    let started = tokio::time::Instant::now();
    loop {
        match status(scheduler).await {
            Err(ClusterError::Unreachable { .. }) if started.elapsed() < START_WAIT_MAX => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            other => return other.map(|_| ()),
        }
    }
}

fn work_folder(folder: &PathBuf) -> Result<PathBuf, ClusterError> {
    let failed = |source| ClusterError::WorkFolder { folder: folder.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::canonicalize(folder).map_err(failed)
}

/// Two ports that are free: the engine listens on them a moment later, and ends with an error if somebody else does then.
fn ports(bind: Bind) -> Result<Ports, ClusterError> {
    let listen = |port: u16| {
        let address = SocketAddr::new(bind.ip, port);
        let listener = TcpListener::bind(address);
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        bound.map_err(|source| ClusterError::Bind { address, source })
    };
    let told = bind.port.filter(|port| *port != 0);
    let (rows, first) = listen(told.unwrap_or(0))?;
    let (tasks, second) = listen(told.map_or(0, |port| port.saturating_add(1)))?;
    drop((first, second));
    Ok(Ports { rows, tasks })
}

fn shown(ip: IpAddr) -> String {
    bracketed(&ip.to_string())
}

/// What an executor calls itself that does not know how others reach it: its machine's name, where the system tells.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "on this machine".to_owned() } else { name.to_owned() }
}
