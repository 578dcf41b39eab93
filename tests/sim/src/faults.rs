//! Decides what goes wrong with a call, and how long it takes. Every decision is keyed by what the call
//! is about, so that a world without some people, or without some faults, goes on much as before.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use leadline::{
    domain::{Instant, ids::LeadId},
    ports::Clock,
};
use leadline_standins::faulty::{Call, Chaos, Fault};

use crate::{
    executor::{Bell, Handle, TaskId, lock},
    rng::{Rng, key, word},
    spec::{Storm, Weather},
    trace::Trace,
};

/// Which function a process is one invocation of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A post.
    Webhook,
    /// A run.
    Scheduler,
    /// A batch.
    Sender,
    /// A look whether a report is due.
    Reporter,
    /// A command of an operator.
    Operator,
}

/// A kind of fault, as it is counted and switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A call fails without effect.
    Error,
    /// A call has its effect and its answer is lost.
    AnswerLost,
    /// A call has its effect twice.
    Twice,
    /// A call takes long, perhaps past the end of its function.
    Slow,
    /// The process ends at a call.
    Death,
    /// The provider treats an offer badly.
    Provider,
    /// The provider is down, or refuses an account.
    Outage,
    /// A callback is late, lost, doubled or out of order.
    Callback,
    /// A person answers in a gap of a call.
    Gap,
    /// A message, a form or a tick comes once more.
    Duplicate,
    /// Settings are edited.
    Operator,
    /// An item of an older form is written.
    Deploy,
    /// The provider asks to wait: too many requests.
    Throttled,
}

impl Class {
    /// All of them, in the order in which they are switched off.
    pub const ALL: [Self; 13] = [
        Self::Deploy,
        Self::Operator,
        Self::Callback,
        Self::Gap,
        Self::Duplicate,
        Self::Throttled,
        Self::Outage,
        Self::Provider,
        Self::Slow,
        Self::Twice,
        Self::AnswerLost,
        Self::Death,
        Self::Error,
    ];

    /// As it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error_before",
            Self::AnswerLost => "answer_lost",
            Self::Twice => "twice",
            Self::Slow => "slow",
            Self::Death => "process_ended",
            Self::Provider => "provider",
            Self::Outage => "outage",
            Self::Throttled => "throttled",
            Self::Callback => "callback",
            Self::Gap => "in_a_gap",
            Self::Duplicate => "duplicate",
            Self::Operator => "operator",
            Self::Deploy => "older_form",
        }
    }
}

/// What a world is run without, to find out what a violation needs.
#[derive(Debug, Clone, Default)]
pub struct Without {
    /// Everybody but these people.
    pub only: Option<BTreeSet<usize>>,
    /// Kinds of faults.
    pub classes: BTreeSet<Class>,
    /// Single faults.
    pub masked: BTreeSet<u64>,
}

/// Something in the world that others react to.
#[derive(Debug, Clone, Copy)]
pub enum Happening {
    /// A sender stands in a gap of its work on a lead.
    Gap(LeadId, u64),
    /// The provider accepted the offer of this number.
    Accepted(usize),
}

/// A process that runs.
#[derive(Debug, Clone, Copy)]
struct Process {
    kind: Kind,
    subject: u64,
}

/// The script of one world's faults.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    handle: Handle,
    seed: u64,
    weather: Weather,
    without: Without,
    quiet: Instant,
    trace: Trace,
    state: Mutex<State>,
    happened: Mutex<Vec<Happening>>,
    bell: Bell,
}

#[derive(Default)]
struct State {
    processes: HashMap<TaskId, Process>,
    disturbed: HashSet<TaskId>,
    ordinals: HashMap<u64, u64>,
    dying: HashSet<(TaskId, Call)>,
    counts: BTreeMap<Class, u64>,
    injected: Vec<u64>,
}

impl Faults {
    /// The script of a world.
    #[must_use]
    pub fn new(handle: Handle, seed: u64, weather: Weather, quiet: Instant, without: Without, trace: Trace) -> Self {
        let (state, happened, bell) = (Mutex::default(), Mutex::default(), Bell::default());
        Self(Arc::new(Inner { handle, seed, weather, without, quiet, trace, state, happened, bell }))
    }

    /// Says what a task is, before it runs.
    pub fn enter(&self, id: TaskId, kind: Kind, subject: u64) {
        lock(&self.0.state).processes.insert(id, Process { kind, subject });
    }

    /// Says that a task is over; `whole` unless it was ended from outside.
    pub fn leave(&self, id: TaskId, whole: bool) {
        let mut state = lock(&self.0.state);
        state.processes.remove(&id);
        state.dying.retain(|(dying, _)| *dying != id);
        if !whole {
            state.disturbed.insert(id);
        }
    }

    /// Whether anything went wrong within a task.
    #[must_use]
    pub fn disturbed(&self, id: TaskId) -> bool {
        lock(&self.0.state).disturbed.contains(&id)
    }

    /// Whether nothing goes wrong any more.
    #[must_use]
    pub fn over(&self) -> bool {
        self.0.handle.now() >= self.0.quiet
    }

    /// Whether something of a kind goes wrong, keyed by what it is about: `of_ten_thousand` times in
    /// ten thousand, never in quiet times, and not where it is switched off or masked.
    pub fn strikes(&self, class: Class, about: &[u64], of_ten_thousand: u32) -> bool {
        if self.over() || of_ten_thousand == 0 || self.0.without.classes.contains(&class) {
            return false;
        }
        let key = key(&[self.0.seed, class as u64, key(about)]);
        Rng::of(&[key]).chance(of_ten_thousand) && self.inject(class, key)
    }

    /// Counts a fault, unless it is switched off or masked.
    pub fn inject(&self, class: Class, key: u64) -> bool {
        let without = &self.0.without;
        if without.classes.contains(&class) || without.masked.contains(&key) {
            return false;
        }
        let mut state = lock(&self.0.state);
        *state.counts.entry(class).or_default() += 1;
        state.injected.push(key);
        true
    }

    /// Faults so far, by kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Class, u64> {
        lock(&self.0.state).counts.clone()
    }

    /// Every fault so far, by its key, in order.
    #[must_use]
    pub fn injected(&self) -> Vec<u64> {
        lock(&self.0.state).injected.clone()
    }

    /// The weather.
    #[must_use]
    pub fn weather(&self) -> &Weather {
        &self.0.weather
    }

    /// Tells that something happened that others may react to.
    pub fn tell(&self, happening: Happening) {
        lock(&self.0.happened).push(happening);
        self.0.bell.ring();
    }

    /// What happened since it was asked last; waits for the first.
    pub async fn happened(&self) -> Vec<Happening> {
        loop {
            let happened = std::mem::take(&mut *lock(&self.0.happened));
            if !happened.is_empty() {
                return happened;
            }
            self.0.bell.wait(&self.0.handle, None).await;
        }
    }

    /// The key of a call: what runs, whom it is about, what it calls, and the how-manieth time that is.
    fn key_of(&self, task: TaskId, call: &Call) -> u64 {
        let mut state = lock(&self.0.state);
        let process = state.processes.get(&task).copied();
        let kind = process.map_or(9, |process| process.kind as u64);
        let lead = call.lead.map(|lead| lead.0.0 as u64 ^ (lead.0.0 >> 64) as u64);
        let subject = match (process, lead) {
            // What a sender does for one lead does not depend on whom else it has in its batch.
            (Some(Process { kind: Kind::Sender, .. }), Some(lead)) => lead,
            (process, _) => process.map_or(0, |process| process.subject),
        };
        let about = key(&[self.0.seed, kind, subject, word(call.port), word(call.method)]);
        let ordinal = state.ordinals.entry(about).or_default();
        *ordinal += 1;
        key(&[about, *ordinal])
    }

    /// A call in words: which process makes it, and about whom.
    fn who(&self, task: TaskId, call: &Call) -> String {
        let kind = lock(&self.0.state).processes.get(&task).map(|process| process.kind);
        let kind = kind.map_or_else(|| "?".to_owned(), |kind| format!("{kind:?}").to_lowercase());
        let lead = call.lead.map(|lead| format!(" of lead {lead}")).unwrap_or_default();
        format!("{kind} {task}: {}.{}{lead}: ", call.port, call.method)
    }

    fn rate(&self, task: TaskId, call: &Call) -> u32 {
        let now = self.0.handle.now();
        let kind = lock(&self.0.state).processes.get(&task).map(|process| process.kind);
        let Weather { usual, storms, .. } = &self.0.weather;
        let stormy = |storm: &&Storm| {
            storm.from <= now
                && now < storm.until
                && storm.port.is_none_or(|port| port == call.port)
                && (storm.kind.is_none() || storm.kind == kind)
        };
        storms.iter().filter(stormy).map(|storm| storm.rate).max().unwrap_or(0).max(*usual)
    }

    fn fault(&self, task: TaskId, key: u64, call: &Call) -> Option<Fault> {
        let rate = self.rate(task, call);
        if rate == 0 || self.over() {
            return None;
        }
        let mut rng = Rng::of(&[key]);
        if !rng.chance(rate) {
            return None;
        }
        let span = match rng.between(0, 3) {
            0 => rng.between(1, 9),
            1 => rng.between(9, 14),
            2 => rng.between(15, 58),
            _ => rng.between(59, 400),
        };
        let span = TimeDelta::milliseconds(span * 1_000 + rng.between(0, 999));
        let (class, fault) = match rng.between(0, 99) {
            0..=29 => (Class::Error, Fault::ErrorBefore),
            30..=46 => (Class::AnswerLost, Fault::AnswerLost),
            47..=56 => (Class::Twice, Fault::Twice),
            57..=67 => (Class::Slow, Fault::SlowBefore(span)),
            68..=78 => (Class::Slow, Fault::SlowAfter(span)),
            79..=88 => (Class::Death, Fault::DieBefore),
            _ => (Class::Death, Fault::DieAfter),
        };
        (fault.means_something_for(call) && self.inject(class, key)).then_some(fault)
    }
}

/// How long a call takes: mostly a few milliseconds, sometimes a second.
fn latency(rng: &mut Rng) -> TimeDelta {
    TimeDelta::milliseconds(match rng.between(0, 99) {
        0..=79 => rng.between(1, 15),
        80..=96 => rng.between(15, 150),
        _ => rng.between(150, 1_500),
    })
}

#[async_trait]
impl Chaos for Faults {
    async fn begin(&self, call: &Call) -> Option<Fault> {
        let task = self.0.handle.current();
        let key = self.key_of(task, call);
        let mut rng = Rng::of(&[key, 7]);
        if let Some(lead) = call.lead
            && call.writes
            && matches!(call.port, "LeadStore" | "SmsProvider")
            && self.strikes(Class::Gap, &[key], self.0.weather.gaps)
        {
            self.tell(Happening::Gap(lead, key));
        }
        self.0.handle.sleep(latency(&mut rng)).await;
        let fault = self.fault(task, key, call);
        if let Some(fault) = fault {
            self.0.trace.detail(|| format!("{}fault {key:016x}: {fault:?}", self.who(task, call)));
            let mut state = lock(&self.0.state);
            state.disturbed.insert(task);
            match fault {
                Fault::DieAfter if call.port != "SmsProvider" => {
                    state.dying.insert((task, *call));
                }
                Fault::DieBefore => {
                    drop(state);
                    self.0.handle.end(task);
                }
                _ => {}
            }
        }
        fault
    }

    async fn end(&self, call: &Call) {
        let task = self.0.handle.current();
        if call.writes {
            self.0.trace.detail(|| format!("{}done", self.who(task, call)));
        }
        if lock(&self.0.state).dying.remove(&(task, *call)) {
            self.0.handle.end(task);
        }
    }

    async fn pass(&self, span: TimeDelta) {
        self.0.handle.sleep(span).await;
    }
}
