//! The queue of texts on SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};

use crate::ports::{Job, TextQueue};

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
