//! The queue of texts: SQS's rules, and who is told when something can be received.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::{Instant, job::Job},
    ports::{Clock, DeadLetter, DeadLetters, LeadStore, Redelivery, TextQueue},
};
use leadline_standins::{
    memory::MemoryStore,
    queue::{Queue, Received, Rules},
};

use crate::{
    executor::{Bell, Handle, lock},
    notes::{Enqueued, Notes},
};

/// As `template.yaml` sets it.
const VISIBILITY: TimeDelta = TimeDelta::minutes(6);
/// As `template.yaml` sets it.
const RECEIVES: u32 = 30;
/// As `template.yaml` sets it.
const BATCH: usize = 10;

/// The queue. Clones are the same one.
#[derive(Clone)]
pub struct Texts {
    handle: Handle,
    store: MemoryStore,
    notes: Arc<Mutex<Notes>>,
    queue: Arc<Mutex<Queue>>,
    dead: Arc<Mutex<Queue>>,
    /// Rings when there is something to look at.
    pub bell: Bell,
}

impl Texts {
    /// An empty queue.
    #[must_use]
    pub fn new(handle: Handle, store: MemoryStore, notes: Arc<Mutex<Notes>>) -> Self {
        let rules = Rules { visibility: VISIBILITY, max_receive_count: Some(RECEIVES) };
        let queue = |name, rules| Arc::new(Mutex::new(Queue::new(name, rules)));
        let dead = queue("dead", Rules { max_receive_count: None, ..rules });
        Self { handle, store, notes, queue: queue("texts", rules), dead, bell: Bell::default() }
    }

    /// When something can be received.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        lock(&self.queue).next_visible_at()
    }

    /// A batch, as Lambda hands it to the sender.
    #[must_use]
    pub fn receive(&self) -> Option<(SqsEvent, Vec<Received>)> {
        let now = self.handle.now();
        let mut queue = lock(&self.queue);
        let received = queue.receive(now, BATCH);
        for letter in queue.take_dead_letters() {
            lock(&self.dead).admit(now, letter);
        }
        drop(queue);
        let record = |message: &Received| {
            let mut record = SqsMessage::default();
            record.message_id = Some(message.id.clone());
            record.receipt_handle = Some(message.receipt.clone());
            record.body = Some(message.body.clone());
            record
        };
        let mut event = SqsEvent::default();
        event.records = received.iter().map(record).collect();
        (!received.is_empty()).then_some((event, received))
    }

    /// Hands the next message out twice.
    pub fn duplicate(&self) {
        lock(&self.queue).duplicate_next(1);
    }

    /// Deletes what was done.
    pub fn settle(&self, received: &[Received], failed: &[String]) {
        let mut queue = lock(&self.queue);
        for message in received.iter().filter(|message| !failed.contains(&message.id)) {
            queue.delete(&message.receipt);
        }
    }

    fn note(&self, jobs: &[(Job, Duration)]) {
        let fresh = |step: &leadline::domain::job::SendStep| {
            let stored = self.store.lead(&step.client, step.lead).now_or_never();
            let stored = stored.and_then(Result::ok).flatten();
            stored.is_some_and(|stored| stored.lead.in_flight.is_none_or(|text| text.is_retry()))
        };
        let steps = jobs.iter().filter_map(|(job, _)| match job {
            Job::SendStep(step) => Some(step),
            Job::Answer(_) => None,
        });
        let jobs = steps.filter(|step| fresh(step)).cloned().collect();
        lock(&self.notes).enqueued.push(Enqueued { at: self.handle.now(), jobs });
    }
}

#[async_trait]
impl TextQueue for Texts {
    async fn enqueue(&self, jobs: Vec<(Job, Duration)>) -> Vec<Job> {
        self.note(&jobs);
        let now = self.handle.now();
        let mut queue = lock(&self.queue);
        let mut refused = Vec::new();
        for (job, delay) in jobs {
            match (serde_json::to_string(&job), TimeDelta::from_std(delay)) {
                (Ok(body), Ok(delay)) => {
                    queue.send(now, body, delay);
                }
                _ => refused.push(job),
            }
        }
        drop(queue);
        self.bell.ring();
        refused
    }
}

#[async_trait]
impl Redelivery for Texts {
    async fn put_off(&self, receipt: &str, span: Duration) -> Result<(), String> {
        let span = TimeDelta::from_std(span).map_err(|error| error.to_string())?;
        let changed = lock(&self.queue).change_visibility(self.handle.now(), receipt, span);
        self.bell.ring();
        changed.then_some(()).ok_or_else(|| "the receipt is stale".to_owned())
    }
}

#[async_trait]
impl DeadLetters for Texts {
    async fn take(&self, limit: usize, span: Duration) -> Result<Vec<DeadLetter>, String> {
        let span = TimeDelta::from_std(span).map_err(|error| error.to_string())?;
        let letter = |message: Received| DeadLetter {
            id: message.id,
            receipt: message.receipt,
            body: message.body,
            queued_at: message.sent_at,
        };
        Ok(lock(&self.dead).receive_for(self.handle.now(), limit, span).into_iter().map(letter).collect())
    }

    async fn put_back(&self, letters: &[DeadLetter]) -> Result<(), String> {
        for letter in letters {
            lock(&self.dead).change_visibility(self.handle.now(), &letter.receipt, TimeDelta::zero());
        }
        Ok(())
    }

    async fn delete(&self, letter: &DeadLetter) -> Result<(), String> {
        lock(&self.dead).delete(&letter.receipt).then_some(()).ok_or_else(|| "the receipt is stale".to_owned())
    }
}
