//! The queue of texts on SQS, and the queue of those that were given up.

mod dead_letters;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};

use domain::job::Job;
use ports::{Redelivery, TextQueue};

pub use dead_letters::SqsDeadLetters;

/// Most jobs that one call takes.
const JOBS_PER_CALL: usize = 10;

/// An SQS queue by its URL.
#[derive(Debug, Clone)]
pub struct SqsTextQueue {
    client: Client,
    url: String,
}

impl SqsTextQueue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    async fn send(&self, jobs: &[(Job, Duration)]) -> Result<Vec<Job>, Box<dyn std::error::Error + Send + Sync>> {
        let mut entries = Vec::with_capacity(jobs.len());
        for (n, (job, delay)) in jobs.iter().enumerate() {
            entries.push(
                SendMessageBatchRequestEntry::builder()
                    .id(n.to_string())
                    .message_body(serde_json::to_string(job)?)
                    .delay_seconds(i32::try_from(delay.as_secs()).unwrap_or(900).min(900))
                    .build()?,
            );
        }
        let sent = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await?;
        let refused = sent.failed.iter().filter_map(|failed| failed.id.parse::<usize>().ok());
        Ok(refused.filter_map(|n| jobs.get(n)).map(|(job, _)| job.clone()).collect())
    }
}

/// The longest that SQS hides a message.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// A time in which a message is hidden, as SQS takes it: rounded up, so that it is not seen a moment
/// before its time.
fn in_seconds(span: Duration) -> i32 {
    i32::try_from(span.min(LONGEST).as_millis().div_ceil(1000)).unwrap_or(i32::MAX)
}

#[async_trait]
impl Redelivery for SqsTextQueue {
    async fn put_off(&self, receipt: &str, span: Duration) -> Result<(), String> {
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = change.visibility_timeout(in_seconds(span)).send().await;
        changed.map(|_| ()).map_err(|error| aws_sdk_sqs::error::DisplayErrorContext(&error).to_string())
    }
}

#[async_trait]
impl TextQueue for SqsTextQueue {
    async fn enqueue(&self, jobs: Vec<(Job, Duration)>) -> Vec<Job> {
        let mut refused = Vec::new();
        for chunk in jobs.chunks(JOBS_PER_CALL) {
            match self.send(chunk).await {
                Ok(some) => refused.extend(some),
                Err(error) => {
                    tracing::error!(error = %error, jobs = chunk.len(), "the queue did not take a batch");
                    refused.extend(chunk.iter().map(|(job, _)| job.clone()));
                }
            }
        }
        refused
    }
}
