//! The queue of texts with the rules of SQS, and with what a standard queue may do besides: hand a
//! message out twice, and in any order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::TimeDelta;
use leadline::domain::Instant;
use leadline::{
    domain::job::Job,
    ports::{Clock, Redelivery, TextQueue},
};
use leadline_standins::{
    fakes::SimClock,
    queue::{DeadLetter, Queue, Received, Rules},
};

use super::process::lock;

/// Records in one batch, as `template.yaml` sets it.
const BATCH: usize = 10;
/// The hiding time is that of `template.yaml`. A job is given up after fewer deliveries than the 20
/// there: that must lose nothing either, and makes for fewer runs.
const RULES: Rules = Rules { visibility: TimeDelta::minutes(6), max_receive_count: Some(12) };

/// The queue. Clones are the same one.
#[derive(Clone)]
pub struct Sqs {
    clock: SimClock,
    queue: Arc<Mutex<Queue>>,
    twice: bool,
    backwards: bool,
}

impl Sqs {
    /// An empty queue that hands every message out twice, and batches backwards, if it is told to.
    pub fn new(clock: SimClock, twice: bool, backwards: bool) -> Self {
        Self { clock, queue: Arc::new(Mutex::new(Queue::new("texts", RULES))), twice, backwards }
    }

    /// A batch as Lambda hands it to the sender.
    pub fn receive(&self) -> Option<(SqsEvent, Vec<Received>)> {
        let mut queue = lock(&self.queue);
        if self.twice && queue.census(self.clock.now()).visible > 0 {
            queue.duplicate_next(BATCH);
        }
        let mut received = queue.receive(self.clock.now(), BATCH);
        if self.backwards {
            received.reverse();
        }
        (!received.is_empty()).then(|| (event_of(&received), received))
    }

    /// Deletes what was done.
    pub fn settle(&self, received: &[Received], failed: &[String]) {
        let mut queue = lock(&self.queue);
        for message in received.iter().filter(|message| !failed.contains(&message.id)) {
            queue.delete(&message.receipt);
        }
    }

    /// When the next message can be seen.
    pub fn next_visible_at(&self) -> Option<Instant> {
        lock(&self.queue).next_visible_at()
    }

    /// What was given up.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        lock(&self.queue).dead_letters().to_vec()
    }
}

fn event_of(received: &[Received]) -> SqsEvent {
    let mut event = SqsEvent::default();
    let record = |message: &Received| {
        let mut record = SqsMessage::default();
        record.message_id = Some(message.id.clone());
        record.receipt_handle = Some(message.receipt.clone());
        record.body = Some(message.body.clone());
        record
    };
    event.records = received.iter().map(record).collect();
    event
}

#[async_trait]
impl Redelivery for Sqs {
    async fn put_off(&self, receipt: &str, span: Duration) -> Result<(), String> {
        let span = TimeDelta::from_std(span).map_err(|error| error.to_string())?;
        let changed = lock(&self.queue).change_visibility(self.clock.now(), receipt, span);
        changed.then_some(()).ok_or_else(|| "the receipt is stale".to_owned())
    }
}

#[async_trait]
impl TextQueue for Sqs {
    async fn enqueue(&self, jobs: Vec<(Job, Duration)>) -> Vec<Job> {
        let now = self.clock.now();
        let mut queue = lock(&self.queue);
        for (job, delay) in jobs {
            let body = serde_json::to_string(&job).expect("a job is JSON");
            queue.send(now, body, TimeDelta::from_std(delay).expect("a short delay"));
        }
        Vec::new()
    }
}
