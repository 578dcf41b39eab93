//! The script of a run. It counts every call, breaks the one that it is told to, and can stop a process
//! at any of its calls so that another one runs in between.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::domain::Instant;
use leadline::ports::Clock;
use leadline_standins::{
    fakes::SimClock,
    faulty::{Call, Chaos, Fault},
};
use tokio::sync::Notify;

/// One call breaks in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken<F> {
    /// Which call, counted over the whole run from 0.
    pub call: usize,
    /// How.
    pub fault: F,
}

/// What the processes of one run share: the calls so far, and the one that breaks.
pub struct Script {
    clock: SimClock,
    breaks: Option<Broken<Fault>>,
    calls: Mutex<Vec<Call>>,
}

impl Script {
    /// A script that breaks one call, or none.
    #[must_use]
    pub fn new(clock: SimClock, breaks: Option<Broken<Fault>>) -> Arc<Self> {
        Arc::new(Self { clock, breaks, calls: Mutex::default() })
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.calls).clone()
    }

    fn count(&self, call: &Call) -> Option<Fault> {
        let mut calls = lock(&self.calls);
        calls.push(*call);
        self.breaks.filter(|broken| broken.call + 1 == calls.len()).map(|broken| broken.fault)
    }
}

/// Why a process does not go on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// It has ended in the middle of something.
    Dead,
    /// It goes on at this moment.
    Until(Instant),
    /// It was stopped so that something else runs first.
    Stopped,
    /// It hands a text to the provider.
    InSend,
}

/// One execution of a function, as its ports see it.
pub struct Process {
    script: Arc<Script>,
    stuck: Mutex<Option<Stuck>>,
    is_stuck: Notify,
    goes_on: Notify,
    calls: AtomicUsize,
    dying: AtomicBool,
    dead: AtomicBool,
    /// Stops before its call of this number, counted from 0.
    stop_at: Option<usize>,
    /// Stops before it hands a text to the provider, or after the provider took it.
    stop_in_send: Option<Side>,
}

/// Which side of the effect of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before it.
    Before,
    /// After it.
    After,
}

impl Process {
    /// A process that stops nowhere.
    #[must_use]
    pub fn new(script: &Arc<Script>) -> Self {
        Self {
            script: script.clone(),
            stuck: Mutex::new(None),
            is_stuck: Notify::new(),
            goes_on: Notify::new(),
            calls: AtomicUsize::new(0),
            dying: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            stop_at: None,
            stop_in_send: None,
        }
    }

    /// Stops before a call of its own, counted from 0.
    #[must_use]
    pub fn stopping_at(self, call: Option<usize>) -> Self {
        Self { stop_at: call, ..self }
    }

    /// Stops around the hand-over of a text.
    #[must_use]
    pub fn stopping_in_send(self, side: Option<Side>) -> Self {
        Self { stop_in_send: side, ..self }
    }

    /// Waits until the process is stuck, and says why.
    pub async fn stuck(&self) -> Stuck {
        loop {
            self.is_stuck.notified().await;
            if let Some(why) = lock(&self.stuck).take() {
                return why;
            }
        }
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.goes_on.notify_one();
    }

    /// Ends the process: none of its calls has an effect from here on.
    pub fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.tell(Stuck::Dead);
    }

    /// Whether it has ended in the middle of something.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn tell(&self, why: Stuck) {
        *lock(&self.stuck) = Some(why);
        self.is_stuck.notify_one();
    }

    async fn stop(&self, why: Stuck) {
        self.tell(why);
        self.goes_on.notified().await;
    }

    fn is_send(call: &Call) -> bool {
        call.port == "SmsProvider" && call.method == "send"
    }
}

#[async_trait]
impl Chaos for Process {
    async fn begin(&self, call: &Call) -> Option<Fault> {
        if self.stop_at == Some(self.calls.fetch_add(1, Ordering::SeqCst)) {
            self.stop(Stuck::Stopped).await;
        }
        if self.stop_in_send == Some(Side::Before) && Self::is_send(call) {
            self.stop(Stuck::InSend).await;
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        let fault = self.script.count(call);
        match fault {
            Some(Fault::DieBefore) => self.die(),
            Some(Fault::DieAfter) => self.dying.store(true, Ordering::SeqCst),
            _ => {}
        }
        fault
    }

    async fn end(&self, call: &Call) {
        if self.dying.load(Ordering::SeqCst) {
            self.die();
        }
        if self.stop_in_send == Some(Side::After) && Self::is_send(call) {
            self.stop(Stuck::InSend).await;
        }
    }

    async fn pass(&self, span: TimeDelta) {
        self.stop(Stuck::Until(self.script.clock.now() + span)).await;
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
