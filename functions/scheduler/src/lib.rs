//! Selects the leads that are due and puts one job per text on the queue. It sends nothing itself.

mod parking;
mod run;
mod select;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use leadline::{
    domain::{
        ids::{ClientId, RunId},
        incoming::ReadEvent,
        tenants::Tenants,
    },
    flows::alerts::Alerts,
    ports::{Clock, IdSource, Mailer, SchedulerStore, StoreError, TextQueue},
};
use serde::{Deserialize, Serialize};

/// Clients that are worked on at the same time.
const AT_ONCE: usize = 8;

/// What the scheduler needs.
#[derive(Clone)]
pub struct Deps {
    /// All that is stored.
    pub store: Arc<dyn SchedulerStore>,
    /// How a raw event is read.
    pub read: ReadEvent,
    /// Where jobs go.
    pub queue: Arc<dyn TextQueue>,
    /// Where alerts go.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// Whether all clients have one owner.
    pub tenants: Tenants,
}

impl Deps {
    /// How operators are told of something.
    fn alerts(&self) -> Alerts<'_> {
        let store = self.store.as_ref();
        Alerts { once: store, mailer: self.mailer.as_ref(), journal: store }
    }
}

/// What a schedule sends. Its content is not used: the time is the clock's.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Tick {}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The execution id.
    pub run: String,
    /// Clients that were worked on.
    pub clients: usize,
    /// Clients whose run failed or was stopped.
    pub stopped: usize,
    /// Texts put on the queue.
    pub queued: usize,
}

/// A run that could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of clients cannot be read.
    #[error("the list of clients cannot be read")]
    Clients(#[source] StoreError),
}

/// One run over all clients. One client's trouble never stops another's run.
///
/// # Errors
/// [`Error`] when the list of clients cannot be read; the schedule tries again.
pub async fn handle(_: Tick, deps: &Deps) -> Result<Summary, Error> {
    let now = deps.clock.now();
    let run = RunId(deps.ids.new_id(now));
    let clients = deps.store.clients().await.map_err(Error::Clients)?;
    let mut summary = Summary { run: run.to_string(), clients: clients.len(), ..Summary::default() };
    let runs = clients.iter().map(|entry| async move {
        let done = run::run_client(deps, entry, run, now).await;
        (entry.id.clone(), done)
    });
    let mut results = stream::iter(runs).buffer_unordered(AT_ONCE);
    while let Some((client, done)) = results.next().await {
        match done {
            Ok(queued) => summary.queued += queued,
            Err(error) => {
                summary.stopped += 1;
                log(&client, &error);
            }
        }
    }
    Ok(summary)
}

fn log(client: &ClientId, error: &run::Stopped) {
    match error {
        run::Stopped::Settings(problem) => tracing::warn!(%client, %problem, "the client's settings stop its run"),
        run::Stopped::Store(error) => tracing::error!(%client, %error, "the client's run failed"),
    }
}
