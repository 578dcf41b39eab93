//! The queue of texts on one machine, and the queue of those that were given up: SQS's rules on our own
//! clock. The same two can be served with SQS's protocol, for commands that come from outside.

use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::TimeDelta;
use leadline::{
    domain::{Instant, job::Job},
    ports::{Clock, DeadLetter, DeadLetters, Redelivery, TextQueue},
};
use leadline_standins::{
    aws_services::Sqs,
    fakes::SimClock,
    queue::{Queue, Received},
};

/// The name of the queue of texts.
pub const TEXTS: &str = "leadline-texts";
/// The name of the queue of those that were given up.
pub const DEAD: &str = "leadline-texts-dead";
/// Records in one batch, as `template.yaml` sets it.
const BATCH: usize = 10;
/// How long a message stays hidden after it was handed out, as `template.yaml` sets it.
pub const VISIBILITY: TimeDelta = TimeDelta::minutes(6);
/// Deliveries before a message becomes a dead letter, as `template.yaml` sets it.
pub const RECEIVES: u32 = 30;

/// The queue of texts with its dead letters. Clones are the same queue.
#[derive(Clone)]
pub struct LocalQueue {
    clock: SimClock,
    /// Both queues, to be served.
    pub sqs: Sqs,
}

impl LocalQueue {
    /// An empty queue on this clock.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        let now = clock.clone();
        let sqs = Sqs::new(move || now.now());
        sqs.create_pair(TEXTS, DEAD, VISIBILITY, RECEIVES);
        Self { clock, sqs }
    }

    fn texts<T>(&self, look: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        self.sqs.with_queue(TEXTS, look)
    }

    fn dead<T>(&self, look: impl FnOnce(&mut Queue) -> T) -> Result<T, String> {
        self.sqs.with_queue(DEAD, look).ok_or_else(|| "there is no dead-letter queue".to_owned())
    }

    /// A batch as Lambda would hand it to the sender, with what is needed to settle it.
    #[must_use]
    pub fn receive(&self) -> Option<(SqsEvent, Vec<Received>)> {
        let received = self.sqs.receive(TEXTS, BATCH, None)?;
        if received.is_empty() {
            return None;
        }
        let mut event = SqsEvent::default();
        event.records = received
            .iter()
            .map(|message| {
                let mut record = SqsMessage::default();
                record.message_id = Some(message.id.clone());
                record.receipt_handle = Some(message.receipt.clone());
                record.body = Some(message.body.clone());
                record
            })
            .collect();
        Some((event, received))
    }

    /// Deletes what was done; what failed stays hidden until its visibility is over, as on SQS.
    pub fn settle(&self, received: &[Received], failed: &[String]) {
        self.texts(|queue| {
            for message in received.iter().filter(|message| !failed.contains(&message.id)) {
                queue.delete(&message.receipt);
            }
        });
    }

    /// Puts anything on the queue, as only a mistake would.
    pub fn inject(&self, body: &str) {
        let now = self.clock.now();
        self.texts(|queue| queue.send(now, body, TimeDelta::zero()));
    }

    /// When the next message can be seen.
    #[must_use]
    pub fn next_visible_at(&self) -> Option<Instant> {
        self.texts(|queue| queue.next_visible_at()).flatten()
    }

    /// The messages that were given up, by their ids.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<String> {
        self.dead(|queue| queue.ids().map(str::to_owned).collect()).unwrap_or_default()
    }
}

#[async_trait]
impl Redelivery for LocalQueue {
    async fn put_off(&self, receipt: &str, span: Duration) -> Result<(), String> {
        let span = TimeDelta::from_std(span).map_err(|error| error.to_string())?;
        let now = self.clock.now();
        let changed = self.texts(|queue| queue.change_visibility(now, receipt, span));
        changed.unwrap_or_default().then_some(()).ok_or_else(|| "the receipt is stale".to_owned())
    }
}

#[async_trait]
impl TextQueue for LocalQueue {
    async fn enqueue(&self, jobs: Vec<(Job, Duration)>) -> Vec<Job> {
        let now = self.clock.now();
        let mut refused = Vec::new();
        for (job, delay) in jobs {
            let sent = match (serde_json::to_string(&job), TimeDelta::from_std(delay)) {
                (Ok(body), Ok(delay)) => self.texts(|queue| queue.send(now, body, delay)),
                _ => None,
            };
            if sent.is_none() {
                refused.push(job);
            }
        }
        refused
    }
}

#[async_trait]
impl DeadLetters for LocalQueue {
    async fn take(&self, limit: usize, span: Duration) -> Result<Vec<DeadLetter>, String> {
        let span = TimeDelta::from_std(span).map_err(|error| error.to_string())?;
        let now = self.clock.now();
        let received = self.dead(|queue| queue.receive_for(now, limit, span))?;
        let letter = |message: Received| DeadLetter {
            id: message.id,
            receipt: message.receipt,
            body: message.body,
            queued_at: message.sent_at,
        };
        Ok(received.into_iter().map(letter).collect())
    }

    async fn put_back(&self, letters: &[DeadLetter]) -> Result<(), String> {
        let now = self.clock.now();
        self.dead(|queue| {
            for letter in letters {
                queue.change_visibility(now, &letter.receipt, TimeDelta::zero());
            }
        })
    }

    async fn delete(&self, letter: &DeadLetter) -> Result<(), String> {
        let deleted = self.dead(|queue| queue.delete(&letter.receipt))?;
        deleted.then_some(()).ok_or_else(|| "the receipt is stale".to_owned())
    }
}
