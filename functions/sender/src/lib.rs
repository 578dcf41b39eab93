//! Sends one text per job: reads afresh, decides again, claims, calls the provider, settles.

mod answer;
mod deliver;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream};
use leadline::{
    domain::{Instant, ids::RunId, job::Job},
    flows::alerts::Alerts,
    ports::{Clock, IdSource, Mailer, Redelivery, SenderStore, SmsProvider},
};

pub use deliver::{Delivered, Delivery};

/// What the sender needs.
#[derive(Clone)]
pub struct Deps {
    /// All that is stored.
    pub store: Arc<dyn SenderStore>,
    /// So that a job comes again at its time.
    pub redelivery: Arc<dyn Redelivery>,
    /// Where texts go.
    pub provider: Arc<dyn SmsProvider>,
    /// Where alerts go.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
}

impl Deps {
    /// How operators are told of something.
    fn alerts(&self) -> Alerts<'_> {
        let store = self.store.as_ref();
        Alerts { once: store, mailer: self.mailer.as_ref(), journal: store }
    }
}

/// When the job of an answer comes again that could not be worked on: it has five minutes in all.
const ANSWER_AGAIN: Duration = Duration::from_secs(20);

/// What becomes of a record of a batch.
enum Record {
    /// It is deleted.
    Done,
    /// It comes again after this time, or when the queue's own time for it is over.
    Again(Option<Duration>),
}

/// Works on a batch. Each record is settled alone: one that fails, or panics, is given back and
/// comes again; the others are done. `ends` is when this execution is ended from outside.
pub async fn handle(event: SqsEvent, deps: &Deps, ends: Option<Instant>) -> SqsBatchResponse {
    let run = RunId(deps.ids.new_id(deps.clock.now()));
    let at_once = event.records.len().max(1);
    let records = event.records.into_iter().map(|record| async move {
        let id = record.message_id.clone().unwrap_or_default();
        let done = AssertUnwindSafe(one(&record, deps, run, ends)).catch_unwind().await;
        let done = done.unwrap_or_else(|_| {
            tracing::error!(message = id, "a record panicked; it comes again");
            Record::Again(None)
        });
        match done {
            Record::Done => None,
            Record::Again(span) => {
                if let (Some(span), Some(receipt)) = (span, &record.receipt_handle)
                    && let Err(error) = deps.redelivery.put_off(receipt, span).await
                {
                    tracing::warn!(message = id, error, "a job comes again later than it should");
                }
                Some(id)
            }
        }
    });
    let failed: Vec<String> =
        stream::iter(records).buffer_unordered(at_once).filter_map(std::future::ready).collect().await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

async fn one(record: &SqsMessage, deps: &Deps, run: RunId, ends: Option<Instant>) -> Record {
    let body = record.body.as_deref().unwrap_or_default();
    let job: Job = match serde_json::from_str(body) {
        Ok(job) => job,
        Err(error) => {
            // It goes to the dead-letter queue by the redrive policy, where an alarm sees it.
            tracing::error!(message = record.message_id, %error, "a job cannot be read");
            return Record::Again(Some(Duration::ZERO));
        }
    };
    let step = match job {
        Job::SendStep(step) => step,
        Job::Answer(asked) => {
            let done = answer::answer(deps, &asked, run, ends).await;
            return match done {
                Ok(done) => {
                    tracing::info!(client = %asked.client, lead = %asked.lead, done, "an answer was worked on");
                    Record::Done
                }
                Err(error) => {
                    tracing::error!(client = %asked.client, lead = %asked.lead, %error, "an answer failed; it comes again");
                    Record::Again(Some(ANSWER_AGAIN))
                }
            };
        }
    };
    let done = Delivery { deps, step: &step, run, ends }.deliver().await;
    match &done {
        Ok(done) => tracing::info!(client = %step.client, lead = %step.lead, done = %done, "a job was worked on"),
        Err(error) => {
            tracing::error!(client = %step.client, lead = %step.lead, %error, "a job failed; it comes again");
        }
    }
    match done {
        Ok(Delivered::Settled(_) | Delivered::NotNow(_)) => Record::Done,
        Ok(Delivered::Again { at, .. }) => Record::Again(Some((at - deps.clock.now()).to_std().unwrap_or_default())),
        // Seen at once, as often as the redrive policy lets it, and then a dead letter.
        Ok(Delivered::GivenUp(_)) => Record::Again(Some(Duration::ZERO)),
        Err(_) => Record::Again(None),
    }
}
