//! The usual design, to compare with: an idempotency record for each text. The record is put under a
//! condition before the text is handed over, marked when it is done, and deleted when it failed, so
//! that the queue's next delivery can try again. Nothing of the product is in here.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::{
    domain::{Instant, message::SendOutcome},
    ports::{Clock, StoreError, StoreResult},
};
use leadline_standins::{
    carrier::{Behaviour, Carrier, Offer, Verdict},
    fakes::SimClock,
    faulty::{Call, Chaos, Fault, Faulty},
    queue::{Queue, Rules},
};

use super::{
    process::{Broken, Process, Script, Stuck, lock},
    story::PAT,
    world::World,
};

/// How a record that was begun and not finished is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// It stands until it is deleted.
    Stands,
    /// It counts for two minutes, so that a crash does not block the text for ever.
    Expires,
}

/// How long an expiring record counts: as long as the lease of a claim.
const COUNTS_FOR: TimeDelta = TimeDelta::minutes(2);
/// The queue's rules, as `template.yaml` sets them.
const RULES: Rules = Rules { visibility: TimeDelta::minutes(6), max_receive_count: Some(30) };
/// What is sent.
const TEXT: &str = "Hi Pat, it's Sam.";

/// What stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    Begun { until: Option<Instant> },
    Done,
}

/// What putting a record came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    Mine,
    InProgress,
    Done,
}

#[async_trait]
trait Records: Send + Sync {
    async fn begin(&self, key: &str, now: Instant, until: Option<Instant>) -> StoreResult<Put>;
    async fn finish(&self, key: &str) -> StoreResult<()>;
    async fn delete(&self, key: &str) -> StoreResult<()>;
}

#[async_trait]
trait Sms: Send + Sync {
    async fn send(&self, to: &str, text: &str) -> SendOutcome;
}

#[derive(Default)]
struct Table(Mutex<BTreeMap<String, Record>>);

#[async_trait]
impl Records for Table {
    async fn begin(&self, key: &str, now: Instant, until: Option<Instant>) -> StoreResult<Put> {
        let mut records = lock(&self.0);
        match records.get(key) {
            Some(Record::Done) => return Ok(Put::Done),
            Some(Record::Begun { until }) if until.is_none_or(|until| now < until) => return Ok(Put::InProgress),
            Some(Record::Begun { .. }) | None => {}
        }
        records.insert(key.to_owned(), Record::Begun { until });
        Ok(Put::Mine)
    }

    async fn finish(&self, key: &str) -> StoreResult<()> {
        lock(&self.0).insert(key.to_owned(), Record::Done);
        Ok(())
    }

    async fn delete(&self, key: &str) -> StoreResult<()> {
        lock(&self.0).remove(key);
        Ok(())
    }
}

#[async_trait]
impl Sms for Carrier {
    async fn send(&self, to: &str, text: &str) -> SendOutcome {
        let unknown = |why: &str| SendOutcome::Unknown { why: why.to_owned() };
        match self.offer(Offer { to: to.to_owned(), body: text.to_owned(), ..Offer::default() }) {
            Verdict::Accepted(text) => SendOutcome::Accepted { provider_id: text.sid },
            Verdict::AcceptedUnanswered(_) | Verdict::DroppedUnanswered => unknown("no answer"),
            Verdict::Down => unknown("HTTP 503"),
            Verdict::Throttled => SendOutcome::Throttled { why: "HTTP 429".to_owned(), retry_after: None },
            Verdict::Refused { code, .. } => leadline::integrations::twilio::codes::outcome(code),
        }
    }
}

fn writing(port: &'static str, method: &'static str) -> Call {
    Call { port, method, writes: true, lead: None }
}

fn unavailable<T>(_: Option<StoreResult<T>>) -> StoreResult<T> {
    Err(StoreError::Unavailable("broken on purpose".into()))
}

#[async_trait]
impl Records for Faulty<Table> {
    async fn begin(&self, key: &str, now: Instant, until: Option<Instant>) -> StoreResult<Put> {
        self.run(writing("Records", "begin"), || self.inner().begin(key, now, until), unavailable).await
    }

    async fn finish(&self, key: &str) -> StoreResult<()> {
        self.run(writing("Records", "finish"), || self.inner().finish(key), unavailable).await
    }

    async fn delete(&self, key: &str) -> StoreResult<()> {
        self.run(writing("Records", "delete"), || self.inner().delete(key), unavailable).await
    }
}

#[async_trait]
impl Sms for Faulty<Carrier> {
    async fn send(&self, to: &str, text: &str) -> SendOutcome {
        let lost = |sent: Option<SendOutcome>| match sent {
            None => SendOutcome::NotSent { why: "no connection".to_owned() },
            Some(_) => SendOutcome::Unknown { why: "no answer".to_owned() },
        };
        self.run(writing("SmsProvider", "send"), || self.inner().send(to, text), lost).await
    }
}

/// One delivery of a job. Gives whether it is done; if not, the queue brings it again.
async fn deliver(records: &dyn Records, sms: &dyn Sms, design: Design, clock: &SimClock) -> bool {
    let (key, now) = ("lead#1", clock.now());
    let until = (design == Design::Expires).then_some(now + COUNTS_FOR);
    match records.begin(key, now, until).await {
        Ok(Put::Mine) => {}
        Ok(Put::Done) => return true,
        Ok(Put::InProgress) | Err(_) => return false,
    }
    match sms.send(PAT, TEXT).await {
        SendOutcome::Accepted { .. } | SendOutcome::Refused(_) => records.finish(key).await.is_ok(),
        SendOutcome::Failed { .. } => records.finish(key).await.is_ok(),
        SendOutcome::NotSent { .. } | SendOutcome::Throttled { .. } | SendOutcome::Unknown { .. } => {
            // It failed, so the next delivery may try again.
            let _deleted = records.delete(key).await;
            false
        }
    }
}

/// What a run of the design came to.
pub struct Told {
    /// Texts that the provider took.
    pub texts: usize,
    /// Its calls.
    pub calls: Vec<Call>,
}

type Work = Pin<Box<dyn Future<Output = bool>>>;

/// One text by this design, with what the provider does first, one broken call, and perhaps a queue
/// that hands the job to two senders at once.
pub async fn tell(design: Design, provider: &[Behaviour], breaks: Option<Broken<Fault>>, twice: bool) -> Told {
    let clock = World::clock();
    let script = Script::new(clock.clone(), breaks);
    let of_carrier = clock.clone();
    let carrier = Carrier::new(move || of_carrier.now());
    carrier.script_next(provider.iter().copied());
    let table = Arc::new(Table::default());
    let mut queue = Queue::new("texts", RULES);
    for _ in 0..if twice { 2 } else { 1 } {
        queue.send(clock.now(), "job", TimeDelta::zero());
    }
    let end = clock.now() + TimeDelta::days(2);
    let mut asleep: Vec<(Instant, Arc<Process>, String, Work)> = Vec::new();
    loop {
        let woken = asleep.iter().map(|(at, ..)| *at).min();
        let Some(at) = woken.into_iter().chain(queue.next_visible_at()).min().filter(|at| *at <= end) else { break };
        clock.set(at.max(clock.now()));
        let running = match asleep.iter().position(|(at, ..)| *at <= clock.now()) {
            Some(n) => {
                let (_, process, receipt, work) = asleep.remove(n);
                process.go_on();
                Some((process, receipt, work))
            }
            None => queue.receive(clock.now(), 1).pop().map(|received| {
                let process = Arc::new(Process::new(&script));
                let chaos: Arc<dyn Chaos> = process.clone();
                let (records, sms) = (table.clone(), Arc::new(carrier.clone()));
                let (records, sms) = (Faulty::new(records, chaos.clone()), Faulty::new(sms, chaos));
                let clock = clock.clone();
                let work: Work = Box::pin(async move { deliver(&records, &sms, design, &clock).await });
                (process, received.receipt, work)
            }),
        };
        let Some((process, receipt, mut work)) = running else { continue };
        tokio::select! {
            biased;
            done = &mut work => {
                if done {
                    queue.delete(&receipt);
                }
            }
            stuck = process.stuck() => match stuck {
                Stuck::Until(at) => asleep.push((at, process, receipt, work)),
                Stuck::Dead | Stuck::Stopped | Stuck::InSend => {}
            },
        }
    }
    Told { texts: carrier.ledger().len(), calls: script.calls() }
}
