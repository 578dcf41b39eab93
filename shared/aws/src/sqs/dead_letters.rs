//! The dead-letter queue on SQS. A letter is received with a time of its own in which others do not see
//! it, so that looking at all of them ends.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName},
};

use super::in_seconds;
use domain::Instant;
use ports::{DeadLetter, DeadLetters};

/// Most letters that one call gives or takes.
const LETTERS_PER_CALL: usize = 10;
/// How long a call waits for a letter, in seconds. With none at all SQS asks only some of its servers, and
/// finds nothing where there is something.
const WAIT_SECONDS: i32 = 1;

/// A dead-letter queue by its URL.
#[derive(Debug, Clone)]
pub struct SqsDeadLetters {
    client: Client,
    url: String,
}

impl SqsDeadLetters {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }
}

/// What the queue answered, or why it did not.
fn words<E, R>(error: &SdkError<E, R>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    let answered = error.as_service_error().map(ProvideErrorMetadata::meta);
    match answered.and_then(|meta| meta.message()) {
        Some(message) => message.to_owned(),
        None => DisplayErrorContext(error).to_string(),
    }
}

fn letter(message: Message) -> Result<DeadLetter, String> {
    let sent = message.attributes.as_ref().and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp));
    let queued_at = sent.and_then(|millis| Instant::from_timestamp_millis(millis.parse().ok()?));
    Ok(DeadLetter {
        id: message.message_id.ok_or("the queue gave a message without an id")?,
        receipt: message.receipt_handle.ok_or("the queue gave a message without a receipt")?,
        body: message.body.unwrap_or_default(),
        queued_at: queued_at.ok_or("the queue does not say when a message was sent")?,
    })
}

#[async_trait]
impl DeadLetters for SqsDeadLetters {
    async fn take(&self, limit: usize, span: Duration) -> Result<Vec<DeadLetter>, String> {
        let mut taken: Vec<DeadLetter> = Vec::new();
        let mut known = BTreeSet::new();
        while taken.len() < limit {
            let call = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(i32::try_from(LETTERS_PER_CALL.min(limit - taken.len())).unwrap_or(1))
                .wait_time_seconds(WAIT_SECONDS)
                .visibility_timeout(in_seconds(span))
                .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
            let got = call.send().await.map_err(|error| words(&error))?;
            let got = got.messages.unwrap_or_default();
            if got.is_empty() {
                break;
            }
            for message in got {
                let letter = letter(message)?;
                // A standard queue may give one twice; only the newest receipt is good.
                if known.insert(letter.id.clone()) {
                    taken.push(letter);
                } else if let Some(first) = taken.iter_mut().find(|first| first.id == letter.id) {
                    *first = letter;
                }
            }
        }
        taken.sort_by_key(|letter| letter.queued_at);
        Ok(taken)
    }

    async fn put_back(&self, letters: &[DeadLetter]) -> Result<(), String> {
        for some in letters.chunks(LETTERS_PER_CALL) {
            let mut entries = Vec::new();
            for (n, letter) in some.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(n.to_string())
                    .receipt_handle(&letter.receipt)
                    .visibility_timeout(0);
                entries.push(entry.build().map_err(|error| error.to_string())?);
            }
            let call = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            call.send().await.map_err(|error| words(&error))?;
        }
        Ok(())
    }

    async fn delete(&self, letter: &DeadLetter) -> Result<(), String> {
        let call = self.client.delete_message().queue_url(&self.url).receipt_handle(&letter.receipt);
        call.send().await.map(|_| ()).map_err(|error| words(&error))
    }
}
