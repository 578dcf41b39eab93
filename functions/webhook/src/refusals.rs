//! Counts the calls that are turned away, so that somebody hears of it. A stranger can make any number of them: only
//! clients that exist are counted, and each process writes a few at once and then one count a minute and source.
//! What a process has not written is lost with it, at most a minute of counts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{NaiveDate, TimeDelta};
use leadline::{
    domain::{
        Instant,
        audit::Event,
        client::Client,
        event::Source,
        ids::ClientId,
        refusals::{RefusedCounts, source_name, what_to_do},
    },
    flows::{alerts::Alert, record::Recorder},
    ports::{Refusals, StoreResult},
};

use crate::Deps;

/// So many writes of a day are made as soon as a call is turned away, for each source.
const AT_ONCE: u32 = 5;
/// How long counts wait after those.
const BETWEEN: TimeDelta = TimeDelta::minutes(1);
/// How long an accepted call of the same source says that the proof is right.
const LATELY: TimeDelta = TimeDelta::hours(1);
/// The time that is judged.
const JUDGED: TimeDelta = TimeDelta::hours(24);
/// Most places that calls without any proof may take up in memory: nobody has looked whether the client exists.
const MOST: usize = 256;
/// A single call without any proof costs nothing.
const UNSIGNED_FROM: u32 = 2;

/// A client and a source.
type Place = (ClientId, &'static str);

/// What this process knows of one source of one client.
#[derive(Default)]
struct Kept {
    pending: RefusedCounts,
    day: Option<NaiveDate>,
    written: u32,
    last_write: Option<Instant>,
    last_accepted: Option<Instant>,
    told: Option<NaiveDate>,
}

impl Kept {
    /// What is to be written now, if it is time.
    fn take(&mut self, now: Instant) -> Option<RefusedCounts> {
        if self.day != Some(now.date_naive()) {
            (self.day, self.written) = (Some(now.date_naive()), 0);
        }
        let waited = self.last_write.is_none_or(|last| now - last >= BETWEEN);
        if self.written >= AT_ONCE && !waited {
            return None;
        }
        self.written += 1;
        self.last_write = Some(now);
        Some(std::mem::take(&mut self.pending))
    }
}

#[derive(Default)]
struct Known {
    places: BTreeMap<Place, Kept>,
    /// When it was last looked whether a client exists to whom a call without proof came.
    last_look: Option<Instant>,
}

/// The counts of one process.
pub struct Tally {
    store: Arc<dyn Refusals>,
    known: Mutex<Known>,
}

impl Tally {
    /// Counts that are written to `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Refusals>) -> Self {
        Self { store, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call of a source was proved to be its own.
    pub(crate) fn accepted(&self, client: &ClientId, source: Source, now: Instant) {
        self.known().places.entry((client.clone(), source.code())).or_default().last_accepted = Some(now);
    }

    async fn write(&self, client: &ClientId, source: Source, now: Instant, counts: RefusedCounts) -> StoreResult<()> {
        let written = self.store.count_refused(client, source, now, counts).await;
        if written.is_err() {
            self.known().places.entry((client.clone(), source.code())).or_default().pending.add(counts);
        }
        written
    }
}

/// A call with a wrong proof. `known`: it names the client's own account at the provider.
pub(crate) async fn wrong_proof(client: &Client, source: Source, known: bool, deps: &Deps) {
    let now = deps.clock.now();
    let more = if known {
        RefusedCounts { known: 1, ..RefusedCounts::default() }
    } else {
        RefusedCounts { wrong: 1, ..RefusedCounts::default() }
    };
    let counts = {
        let mut all = deps.refused.known();
        let kept = all.places.entry((client.id.clone(), source.code())).or_default();
        kept.pending.add(more);
        kept.take(now)
    };
    let Some(counts) = counts else { return };
    if let Err(error) = count_and_tell(client, source, now, counts, deps).await {
        tracing::error!(client = %client.id, source = source.code(), %error, "refused calls could not be counted");
    }
}

/// A call without any proof, to a client of whom nobody knows yet whether it exists.
pub(crate) async fn no_proof(id: &ClientId, source: Source, deps: &Deps) {
    let now = deps.clock.now();
    let counts = {
        let mut all = deps.refused.known();
        let place = (id.clone(), source.code());
        if all.places.len() >= MOST && !all.places.contains_key(&place) {
            return;
        }
        let may_look = all.last_look.is_none_or(|last| now - last >= BETWEEN);
        let kept = all.places.entry(place).or_default();
        kept.pending.unsigned = kept.pending.unsigned.saturating_add(1);
        if kept.pending.unsigned < UNSIGNED_FROM || !may_look {
            return;
        }
        let counts = kept.take(now);
        all.last_look = Some(now);
        counts
    };
    let Some(counts) = counts else { return };
    let written = match deps.store.client(id).await {
        Ok(Ok(client)) => deps.refused.write(&client.id, source, now, counts).await,
        // There is no such client: nothing is kept of it.
        Ok(Err(_)) => {
            deps.refused.known().places.remove(&(id.clone(), source.code()));
            Ok(())
        }
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::error!(source = source.code(), %error, "calls without a signature could not be counted");
    }
}

async fn count_and_tell(
    client: &Client,
    source: Source,
    now: Instant,
    counts: RefusedCounts,
    deps: &Deps,
) -> StoreResult<()> {
    deps.refused.write(&client.id, source, now, counts).await?;
    let place = (client.id.clone(), source.code());
    let (told, accepted) =
        deps.refused.known().places.get(&place).map_or((None, None), |kept| (kept.told, kept.last_accepted));
    if told == Some(now.date_naive()) {
        return Ok(());
    }
    let all = deps.refused.store.refused(&client.id, now - JUDGED, now + TimeDelta::seconds(1)).await?;
    let day = all.get(source.code()).copied().unwrap_or_default();
    if !day.must_be_looked_at() {
        return Ok(());
    }
    let lately = accepted.is_some_and(|at| now - at < LATELY) || accepted_lately(client, source, now, deps).await?;
    if day.must_be_told(lately) {
        tell(client, source, day, now, deps).await;
        deps.refused.known().places.entry(place).or_default().told = Some(now.date_naive());
    }
    Ok(())
}

/// Returns `true` if any process has accepted a call of the source within the last hour.
async fn accepted_lately(client: &Client, source: Source, now: Instant, deps: &Deps) -> StoreResult<bool> {
    let mut page = None;
    loop {
        let found = deps.store.happened(&client.id, now - LATELY, now, page).await?;
        let of_it = |reason: Option<&str>| reason == Some(source.code());
        if found.events.iter().any(|event| event.event == Event::EventReceived && of_it(event.reason.as_deref())) {
            return Ok(true);
        }
        page = found.next;
        if page.is_none() {
            return Ok(false);
        }
    }
}

async fn tell(client: &Client, source: Source, day: RefusedCounts, now: Instant, deps: &Deps) {
    let (name, count) = (source_name(source.code()), day.with_wrong_proof());
    let (calls, were) = if count == 1 { ("1 call".to_owned(), "was") } else { (format!("{count} calls"), "were") };
    let alert = Alert {
        cause: format!("signatures-refused#{}", source.code()),
        subject: format!("{calls} from {name} {were} refused"),
        text: format!(
            "{calls} from {name} {were} refused in the last 24 hours, because the signature or the token in the URL \
             is not right{}.\n\n{}\n\nThe RUNBOOK says more under \"Signatures are refused\".\n",
            if day.known > 0 { ". They name your own account, so they are not a stranger's" } else { "" },
            what_to_do(source.code())
        ),
    };
    let alerts = deps.alerts();
    alerts.raise(alert, client.mailbox(), &Recorder::of(client, deps.ids.as_ref(), now)).await;
}
