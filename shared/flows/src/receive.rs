//! Receiving an event that was proved to come from whom it says: it is stored before it is answered, and processed
//! after. What could not be processed is taken up by the next run of the scheduler.

use domain::{
    audit::{Event, Status},
    client::Client,
    event::{EventKey, EventState, RawEvent, Source},
};
use ports::{EventStore, Receipt, StoreError, StoreResult};

use super::{intake::Intake, record::Recorder};

/// How often a stored event is processed at once before it is left to the next run.
const MAX_PROCESS_ATTEMPTS: usize = 3;

/// An event that was proved to come from whom it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its idempotency key.
    pub key: EventKey,
    /// Who sent it.
    pub source: Source,
    /// The body, as text.
    pub body: String,
    /// The query of the URL that it was posted to, where that says something.
    pub query: Option<String>,
}

/// Why an event must come again.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    /// Whether it is stored is not known.
    #[error("an event could not be stored")]
    NotStored(#[source] StoreError),
    /// It was known a moment ago and is gone.
    #[error("an event that was stored before is gone")]
    Gone,
    /// It is stored and may stop texts, and was not acted on yet.
    #[error("an event that may stop texts is stored and could not be processed yet")]
    NotProcessed,
}

/// Stores an event unless it was stored before, and gives it as it stands: if it was not processed then, it can be
/// now.
///
/// # Errors
/// [`NotReceived`]: the other side should try again.
pub async fn store(
    events: &dyn EventStore,
    client: &Client,
    verified: Verified,
    recorder: &Recorder<'_>,
) -> Result<(Receipt, RawEvent), NotReceived> {
    let Verified { key, source, body, query } = verified;
    let event = RawEvent { query, ..RawEvent::new(key, client.id.clone(), source, body, recorder.now) };
    let received = recorder.event(Event::EventReceived, Status::Ok).because(source.code(), &event.key.0);
    match events.receive(&event, received).await.map_err(NotReceived::NotStored)? {
        Receipt::New => Ok((Receipt::New, event)),
        Receipt::Known => match events.event(&client.id, &event.key).await {
            Ok(Some(known)) => Ok((Receipt::Known, known)),
            Ok(None) => Err(NotReceived::Gone),
            // Whether it was processed is not known, and it may be an opt-out.
            Err(error) => Err(NotReceived::NotStored(error)),
        },
    }
}

impl Intake<'_> {
    /// Stores an event, then processes it. Once stored it is not lost, so what goes wrong after that is not the
    /// other side's concern, unless it may stop texts.
    ///
    /// # Errors
    /// [`NotReceived`]: the other side should try again.
    pub async fn receive(
        &self,
        client: &Client,
        verified: Verified,
        recorder: &Recorder<'_>,
    ) -> Result<Receipt, NotReceived> {
        let (receipt, event) = store(self.events, client, verified, recorder).await?;
        if !matches!(event.state, EventState::Received { .. }) {
            return Ok(receipt);
        }
        let key = event.key.clone();
        let mut open = Some(event);
        for _ in 0..MAX_PROCESS_ATTEMPTS {
            match self.process(client, &key, open.take(), recorder).await {
                Ok(()) => return Ok(receipt),
                Err(error) => tracing::error!(client = %client.id, %error, "an event is stored and was not processed"),
            }
        }
        // The next run takes it up. But a reply or a booking may be an opt-out, which is not said to be received
        // before it is acted on.
        if key.comes_first() { Err(NotReceived::NotProcessed) } else { Ok(receipt) }
    }

    /// Processes an event as it was read, or else reads it again: somebody else may have processed it since.
    async fn process(
        &self,
        client: &Client,
        key: &EventKey,
        event: Option<RawEvent>,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let event = match event {
            Some(event) => Some(event),
            None => self.events.event(&client.id, key).await?,
        };
        let Some(event) = event.filter(|event| matches!(event.state, EventState::Received { .. })) else {
            return Ok(());
        };
        let state = self.work(client, event, recorder).await?;
        tracing::info!(client = %client.id, run = %recorder.run, state = ?std::mem::discriminant(&state), "an event was processed");
        Ok(())
    }
}
