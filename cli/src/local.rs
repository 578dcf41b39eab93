//! `leadline local`: the whole system on this machine, with real HTTP endpoints and a page to watch it.
//!
//! It runs at the machine's time, which can be moved ahead and never back. Listens on 127.0.0.1 only.

mod actions;
mod apart;
mod clock;
mod forecast;
mod http;
mod posted;
mod run_file;
mod state;
mod watch;

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::{
    domain::{Instant, ids::ClientId},
    ports::{Clock, RequestLimits, StoreResult},
    runtime::{RandomIds, SystemClock},
};
use leadline_standins::aws_services::{Secrets, Sqs};
use secrecy::SecretString;
use tokio::{
    net::TcpListener,
    sync::{Mutex, MutexGuard},
    task::JoinSet,
};

use crate::{
    connect::LocalRun,
    read,
    services::{self, SECRETS_PREFIX},
    system::{DEAD, ERASURES, Setup, System, TABLE, TEXTS},
};
use apart::Apart;
use watch::Watch;

/// The clients that it starts with unless others are given.
const SAMPLE: &str = include_str!("../../events/sample/clients.json");
/// How often what came due by itself is done.
const TICK: Duration = Duration::from_millis(300);

/// What `leadline local` is asked for.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The port of the page and of the webhooks.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// A file of clients instead of the sample.
    #[arg(long, value_name = "FILE")]
    pub clients: Option<PathBuf>,
    /// Do not count the requests of the API against the client's tier, for a program that tries it out.
    #[arg(long, conflicts_with = "services_only")]
    pub no_request_limit: bool,
    /// Only the stand-ins for AWS and the provider, for functions that run as separate processes.
    #[arg(long, conflicts_with = "port")]
    pub services_only: bool,
    /// The first of the stand-ins' six ports.
    #[arg(long, default_value_t = 8001, requires = "services_only")]
    pub services_port: u16,
    /// Where to write the stand-ins' environment instead of printing it.
    #[arg(long, value_name = "FILE", requires = "services_only")]
    pub env_file: Option<PathBuf>,
}

/// The running system. Clones are the same one.
#[derive(Clone)]
pub struct Local {
    apart: Apart,
    world: Arc<Mutex<World>>,
    real: Arc<dyn Clock>,
    ids: Arc<RandomIds>,
    url: Arc<str>,
}

/// What there is one of, and one user at a time.
struct World {
    system: System,
    watch: Watch,
    /// How far the clock is ahead of the machine's.
    ahead: TimeDelta,
    /// What the provider was last told to do, in words.
    provider: String,
}

impl Local {
    /// Starts the system at the time of `real`, to be reached at `url`.
    ///
    /// # Errors
    /// When a stand-in cannot start or a client cannot be written.
    pub async fn start(setup: Setup, real: Arc<dyn Clock>, url: &str) -> anyhow::Result<Self> {
        let now = real.now();
        let system = System::start(setup, now, Arc::new(RandomIds), url).await?;
        let world = World {
            system,
            watch: Watch::from(now),
            ahead: TimeDelta::zero(),
            provider: "accepts every text".to_owned(),
        };
        Ok(Self {
            apart: Apart::start()?,
            world: Arc::new(Mutex::new(world)),
            real,
            ids: Arc::new(RandomIds),
            url: url.into(),
        })
    }

    /// The system, once everything that came due by now was done.
    ///
    /// # Errors
    /// When a function failed.
    async fn present(&self) -> anyhow::Result<MutexGuard<'_, World>> {
        let mut world = self.world.lock().await;
        let now = self.real.now() + world.ahead;
        world.system.run_until(now).await?;
        Ok(world)
    }

    /// Serves what commands from outside reach as they would on AWS: the queues and the secrets.
    async fn serve_services(&self) -> anyhow::Result<Services> {
        let system = &self.world.lock().await.system;
        let (sqs, twilio) = (system.queue.sqs.clone(), system.twilio.clone());
        let secrets = Secrets::default();
        for client in &system.clients {
            let value = serde_json::to_string(&client.all_secrets())?;
            secrets.put(&format!("{SECRETS_PREFIX}/{}", client.settings.id), SecretString::from(value));
        }
        let for_sqs = TcpListener::bind("127.0.0.1:0").await.context("opening a port for the queues")?;
        let for_secrets = TcpListener::bind("127.0.0.1:0").await.context("opening a port for the secrets")?;
        let port = for_sqs.local_addr()?.port();
        let secrets_url = format!("http://{}", for_secrets.local_addr()?);
        let mut served = JoinSet::new();
        served.spawn(async move { sqs.serve(for_sqs).await });
        served.spawn(async move { secrets.serve(for_secrets).await });
        Ok(Services {
            sqs: format!("http://127.0.0.1:{port}"),
            queue_url: Sqs::queue_url(port, TEXTS),
            dead_letters_url: Sqs::queue_url(port, DEAD),
            secrets: secrets_url,
            twilio,
            served,
        })
    }

    /// Does something with the system, to its end even if the caller goes away.
    async fn work<T, F>(&self, work: impl FnOnce(Self) -> F + Send + 'static) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let local = self.clone();
        self.apart.run(move || work(local)).await
    }

    /// Does what comes due by itself, for as long as it is polled.
    pub async fn keep_time(self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let kept = self.work(|local| async move { local.present().await.map(|_| ()) }).await;
            if let Err(error) = kept.and_then(|kept| kept) {
                tracing::error!("{error:#}");
            }
        }
    }
}

/// Every request is one of those that are allowed.
struct Unlimited;

#[async_trait]
impl RequestLimits for Unlimited {
    async fn admit(&self, _: &ClientId, _: Instant, _: u32) -> StoreResult<bool> {
        Ok(true)
    }
}

/// Where the stand-ins of a local run are.
struct Services {
    sqs: String,
    queue_url: String,
    dead_letters_url: String,
    secrets: String,
    twilio: String,
    served: JoinSet<std::io::Result<()>>,
}

/// Runs until it is interrupted.
///
/// # Errors
/// When the clients cannot be read, or the port is taken.
pub async fn run(options: Options, out: &mut dyn Write) -> anyhow::Result<()> {
    if options.services_only {
        let Options { services_port: port, clients, env_file, .. } = options;
        return services::run(services::Options { port, clients, env_file }, out).await;
    }
    let setup = setup(options.clients.as_deref())?;
    let listener = bind(options.port).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let local = Local::start(setup, Arc::new(SystemClock), &url).await?;
    if options.no_request_limit {
        local.world.lock().await.system.console.requests = Arc::new(Unlimited);
    }

    let dynamo = local.world.lock().await.system.dynamo.clone();
    let dynamo_listener = TcpListener::bind("127.0.0.1:0").await.context("opening a port for DynamoDB")?;
    let dynamo_url = format!("http://{}", dynamo_listener.local_addr()?);
    let served = tokio::spawn(async move { dynamo.serve(dynamo_listener).await });
    let mut services = local.serve_services().await?;
    let beside = run_file::RunFile::write(&LocalRun {
        page: url.clone(),
        dynamodb: dynamo_url,
        table: TABLE.to_owned(),
        erasures_table: ERASURES.to_owned(),
        now: format!("{url}/api/now"),
        sqs: services.sqs,
        queue_url: services.queue_url,
        dead_letters_url: services.dead_letters_url,
        secrets: services.secrets,
        secrets_prefix: SECRETS_PREFIX.to_owned(),
        twilio: services.twilio,
    })?;

    write!(out, "{}", local.greeting().await?)?;
    out.flush()?;
    let time = tokio::spawn(local.clone().keep_time());
    let done = tokio::select! {
        served = axum::serve(listener, local.router()) => served.context("the page cannot be served any more"),
        () = interrupted() => Ok(()),
    };
    time.abort();
    served.abort();
    services.served.abort_all();
    drop(beside);
    done
}

/// The clients of a file, or the sample, checked.
///
/// # Errors
/// What is wrong with them.
pub fn setup(file: Option<&Path>) -> anyhow::Result<Setup> {
    let setup: Setup = match file {
        Some(file) => read::json(file)?,
        None => read::parse(Path::new("events/sample/clients.json"), SAMPLE.as_bytes())?,
    };
    let mut problems = setup.problems();
    for (n, client) in setup.clients.iter().enumerate() {
        if setup.clients[..n].iter().any(|other| other.settings.id == client.settings.id) {
            problems.push(format!("two clients have the id {}", client.settings.id));
        }
    }
    if !problems.is_empty() {
        bail!("{}: {}", file.unwrap_or(Path::new("the sample clients")).display(), problems.join("; "));
    }
    Ok(setup)
}

async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let other = port.checked_add(1).unwrap_or(8788);
            bail!("port {port} is in use; choose another one, for example: leadline local --port {other}")
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be opened")),
    }
}

/// Ends when someone asks the process to end.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut ended) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = ended.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // Without signals there is nothing to wait for but the end of the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
