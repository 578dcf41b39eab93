//! The queue of texts on one machine: SQS's rules on our own clock.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::TimeDelta;
use leadline::{
    domain::Instant,
    ports::{Clock, Job, TextQueue},
};
use leadline_standins::{
    fakes::SimClock,
    queue::{DeadLetter, Queue, Received, Rules},
};

/// Records in one batch, as `template.yaml` sets it.
const BATCH: usize = 10;
/// How long a message stays hidden after it was handed out, as `template.yaml` sets it.
const VISIBILITY: TimeDelta = TimeDelta::minutes(6);
/// Deliveries before a message becomes a dead letter, as `template.yaml` sets it.
const RECEIVES: u32 = 10;

/// The queue of texts. Clones are the same queue.
#[derive(Clone)]
pub struct LocalQueue {
    clock: SimClock,
    queue: Arc<Mutex<Queue>>,
}

impl LocalQueue {
    /// An empty queue on this clock.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        let rules = Rules { visibility: VISIBILITY, max_receive_count: Some(RECEIVES) };
        Self { clock, queue: Arc::new(Mutex::new(Queue::new("texts", rules))) }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch as Lambda would hand it to the sender, with what is needed to settle it.
    #[must_use]
    pub fn receive(&self) -> Option<(SqsEvent, Vec<Received>)> {
        let received = self.lock().receive(self.clock.now(), BATCH);
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
        let mut queue = self.lock();
        for message in received.iter().filter(|message| !failed.contains(&message.id)) {
            queue.delete(&message.receipt);
        }
    }

    /// Puts anything on the queue, as only a mistake would.
    pub fn inject(&self, body: &str) {
        self.lock().send(self.clock.now(), body, TimeDelta::zero());
    }

    /// When the next message can be seen.
    #[must_use]
    pub fn next_visible_at(&self) -> Option<Instant> {
        self.lock().next_visible_at()
    }

    /// What was given up.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead_letters().to_vec()
    }
}

#[async_trait]
impl TextQueue for LocalQueue {
    async fn enqueue(&self, jobs: Vec<(Job, Duration)>) -> Vec<Job> {
        let now = self.clock.now();
        let mut queue = self.lock();
        let mut refused = Vec::new();
        for (job, delay) in jobs {
            match (serde_json::to_string(&job), TimeDelta::from_std(delay)) {
                (Ok(body), Ok(delay)) => {
                    queue.send(now, body, delay);
                }
                _ => refused.push(job),
            }
        }
        refused
    }
}
