//! Sends one text per job: reads afresh, decides again, claims, calls the provider, settles.

mod deliver;

use std::{panic::AssertUnwindSafe, sync::Arc};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream};
use leadline::{
    domain::ids::RunId,
    ports::{Clock, Directory, IdSource, Job, Journal, LeadStore, Mailer, Once, SmsProvider},
};

pub use deliver::{Delivered, deliver};

/// What the sender needs.
#[derive(Clone)]
pub struct Deps {
    /// So that a refused account holds its client.
    pub directory: Arc<dyn Directory>,
    /// Leads.
    pub leads: Arc<dyn LeadStore>,
    /// The audit.
    pub journal: Arc<dyn Journal>,
    /// So that an alert goes out once.
    pub once: Arc<dyn Once>,
    /// Where texts go.
    pub provider: Arc<dyn SmsProvider>,
    /// Where alerts go.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
}

/// Works on a batch. Each record is settled alone: one that fails, or panics, is given back and
/// comes again; the others are done.
pub async fn handle(event: SqsEvent, deps: &Deps) -> SqsBatchResponse {
    let run = RunId(deps.ids.new_id(deps.clock.now()));
    let at_once = event.records.len().max(1);
    let records = event.records.into_iter().map(|record| async move {
        let id = record.message_id.clone().unwrap_or_default();
        let done = AssertUnwindSafe(one(&record, deps, run)).catch_unwind().await;
        let again = match done {
            Ok(again) => again,
            Err(_) => {
                tracing::error!(message = id, "a record panicked; it comes again");
                true
            }
        };
        again.then_some(id)
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

/// Whether the record must come again.
async fn one(record: &SqsMessage, deps: &Deps, run: RunId) -> bool {
    let body = record.body.as_deref().unwrap_or_default();
    let job: Job = match serde_json::from_str(body) {
        Ok(job) => job,
        Err(error) => {
            // It goes to the dead-letter queue by the redrive policy, where an alarm sees it.
            tracing::error!(message = record.message_id, %error, "a job cannot be read");
            return true;
        }
    };
    match job {
        Job::SendStep(step) => match deliver(deps, &step, run).await {
            Ok(Delivered::Again { why }) => {
                tracing::info!(client = %step.client, lead = %step.lead, why, "a job comes again");
                true
            }
            Ok(done) => {
                tracing::info!(client = %step.client, lead = %step.lead, done = %done, "a job is done");
                false
            }
            Err(error) => {
                tracing::error!(client = %step.client, lead = %step.lead, %error, "a job failed; it comes again");
                true
            }
        },
    }
}
