//! Raw events that made no sense: listing them, and having one worked on again once the reason is gone.

use chrono::TimeDelta;

use super::record::Recorder;
use domain::{
    Instant,
    audit::{Event, Status},
    client::Client,
    event::{EventKey, EventOutcome, EventState},
};
use ports::{EventStore, Journal, StoreError, StoreResult};

/// A raw event that made no sense.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unused {
    /// When that was found.
    pub at: Instant,
    /// Its key.
    pub key: String,
    /// The kind of reason.
    pub code: String,
    /// Why, in words.
    pub words: String,
}

/// What replaying needs.
#[derive(Clone, Copy)]
pub struct Replay<'a> {
    /// Raw events.
    pub events: &'a dyn EventStore,
    /// The audit.
    pub journal: &'a dyn Journal,
}

/// Why an event is not worked on again.
#[derive(Debug, thiserror::Error)]
pub enum NotReplayed {
    /// There is none.
    #[error("there is no event `{0}`")]
    NoEvent(String),
    /// It was used, and would be used twice.
    #[error("it was worked through before: {0}")]
    Used(String),
    /// It waits for that anyway.
    #[error("it waits already, and is worked on by the next run after {0}")]
    Waits(Instant),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Replay<'_> {
    /// The events of a client that were found to make no sense between two moments and do so still, at
    /// most `limit`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn unused(
        &self,
        client: &Client,
        from: Instant,
        until: Instant,
        limit: usize,
    ) -> StoreResult<Vec<Unused>> {
        let mut unused: Vec<Unused> = Vec::new();
        let mut page = None;
        loop {
            let found = self.journal.happened(&client.id, from, until, page).await?;
            for event in found.events.into_iter().filter(|event| event.event == Event::EventUnusable) {
                // One that was worked on again to no avail is listed once.
                let Some(key) = event.raw.filter(|key| unused.iter().all(|known| known.key != *key)) else { continue };
                let stored = self.events.event(&client.id, &EventKey(key.clone())).await?;
                if stored.is_some_and(|stored| matches!(stored.state, EventState::Unusable { .. })) {
                    let (code, words) = (event.reason.unwrap_or_default(), event.detail.unwrap_or_default());
                    unused.push(Unused { at: event.at, key, code, words });
                }
                if unused.len() >= limit {
                    return Ok(unused);
                }
            }
            page = found.next;
            if page.is_none() {
                return Ok(unused);
            }
        }
    }

    /// Has an event worked on again by the next run. It counts as received once more, as it will have
    /// another outcome.
    ///
    /// # Errors
    /// [`NotReplayed`] says why not.
    pub async fn again(
        &self,
        client: &Client,
        key: &EventKey,
        by: &str,
        recorder: &Recorder<'_>,
    ) -> Result<(), NotReplayed> {
        let event = self.events.event(&client.id, key).await?;
        let event = event.ok_or_else(|| NotReplayed::NoEvent(key.0.clone()))?;
        match &event.state {
            EventState::Unusable { .. } => {}
            EventState::Done { result } => return Err(NotReplayed::Used(result.clone())),
            EventState::Received { due, .. } => return Err(NotReplayed::Waits(*due)),
        }
        // The outcome's id is of this moment: another one than that of the outcome before.
        let due = recorder.now + TimeDelta::seconds(1);
        let state = EventState::Received { due, tries: 1 };
        let words = format!("{} again, by {by}", key.0);
        let received = recorder.event(Event::EventReceived, Status::Ok).because("replay", words);
        self.events.conclude(&EventOutcome { event, state }, vec![received]).await?;
        Ok(())
    }
}
