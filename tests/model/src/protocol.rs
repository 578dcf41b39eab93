//! How one text of one step is sent: what can happen in a state, and what it leads to. It states the
//! rules of `leadline::domain::lead` once more; it does not run that code.

use crate::{
    designs::Design,
    state::{Answer, Fate, Item, Proof, State, Text, Worker},
};

/// Spans in ticks. What matters is which of them ends first, so short ones will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How long a claim lasts. `message::LEASE`.
    pub lease: u8,
    /// How long after it was written a request may still be accepted. `message::CALL_DEADLINE`.
    pub call: u8,
    /// How long an accepted text may be missing in the provider's list; at least a tick.
    pub lag: u8,
    /// How long after its call was over a text is believed absent: the last of `message::ASKS`. It must
    /// cover `call + lag`, as an answer may be lost at once and the request still be accepted.
    pub slack: u8,
}

impl Default for Times {
    fn default() -> Self {
        Self { lease: 4, call: 2, lag: 2, slack: 4 }
    }
}

/// How often the provider is asked in vain before a person must say what became of a text.
pub const ASKS: u8 = 2;

/// One protocol, and how much happens.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// Which design.
    pub design: Design,
    /// How many workers there are, at most [`MAX_WORKERS`](crate::state::MAX_WORKERS).
    pub workers: u8,
    /// How often the job is delivered, all repeats counted.
    pub deliveries: u8,
    /// The spans.
    pub times: Times,
}

/// What can happen. Workers and texts are named by their places in the state that it happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Time passes.
    Tick,
    /// The person says no, and it is written.
    OptOut,
    /// A worker takes a delivery if it has none, and reads the clock.
    Begins(usize),
    /// It reads an item that may be sent, and decides to.
    Decides(usize),
    /// It reads a claim whose lease is over, and writes that: `Lead::lose_track`.
    LosesTrack(usize),
    /// It reads a text that may have gone out. Whether late enough for proof is judged by this moment.
    LooksUp(usize, bool),
    /// It asks for the provider's list: `InFlight::proof_of`.
    Asks(usize, Answer),
    /// It writes its claim over what it read: `Lead::claim`.
    Claims(usize),
    /// It finds that it is too late to call: `ClaimedText::fence`.
    IsFenced(usize),
    /// It writes the request, at the moment of the fence.
    Calls(usize, Fate),
    /// It waits no longer: the call's deadline, a cut connection, an answer that says nothing.
    StopsWaiting(usize),
    /// It writes what it knows: `Lead::settle`, `Lead::ask_again`.
    Settles(usize),
    /// It crashes, or has nothing more to do.
    Ends(usize),
    /// The provider accepts the request that a worker waits for.
    AcceptsAwaited(usize),
    /// The provider accepts a request that nobody waits for.
    Accepts(usize),
    /// The provider reports a text as accepted, and that is written.
    CallsBack(usize),
}

impl Protocol {
    /// A design with the usual spans.
    #[must_use]
    pub fn new(design: Design, workers: u8, deliveries: u8) -> Self {
        let usual = Times::default();
        let times = if design == Design::NoSlack { Times { slack: 0, ..usual } } else { usual };
        Self { design, workers, deliveries, times }
    }

    /// What an action leads to, with everyone in the place that they had. `None`: it cannot be.
    #[must_use]
    pub fn step(&self, before: &State, action: Action) -> Option<State> {
        let mut state = *before;
        match action {
            Action::Tick => return before.tick(),
            Action::OptOut => {
                state.opted_out = true;
                if matches!(state.item, Item::Free | Item::RetryScheduled) {
                    state.item = Item::Over;
                }
                if self.design != Design::ClaimOverTextOnly {
                    state.item_written();
                }
            }
            Action::Begins(at) => {
                if state.workers[at] == Worker::Idle {
                    state.deliveries -= 1;
                }
                state.workers[at] = Worker::Reads { lease: self.times.lease };
            }
            Action::Decides(at) => {
                let Worker::Reads { lease } = state.workers[at] else { return None };
                state.workers[at] = match self.design {
                    Design::NoClaim => Worker::Calls { lease, current: true },
                    _ => Worker::Claims { lease },
                };
            }
            Action::LosesTrack(at) => {
                let Item::Claimed { proof_in } = state.item else { return None };
                state.item = Item::Unknown { proof_in, asked: 0 };
                state.item_written();
                state.workers[at] = Worker::Idle;
            }
            Action::LooksUp(at, late) => state.workers[at] = Worker::LooksUp { late, current: true },
            Action::Asks(at, answer) => {
                let Worker::LooksUp { current, .. } = state.workers[at] else { return None };
                state.workers[at] = Worker::Concludes { answer, current };
            }
            Action::Claims(at) => {
                let Worker::Claims { lease } = state.workers[at] else { return None };
                state.claimed_after_no |= state.opted_out;
                state.item = Item::Claimed { proof_in: lease + self.times.call + self.times.slack };
                state.item_written();
                state.attempt_replaced();
                state.workers[at] = Worker::Calls { lease, current: true };
            }
            Action::IsFenced(at) => {
                let Worker::Calls { current, .. } = state.workers[at] else { return None };
                state.workers[at] = Worker::Waits { fate: Fate::NotSent, current };
            }
            Action::Calls(at, fate) => {
                let Worker::Calls { current, .. } = state.workers[at] else { return None };
                state.workers[at] = Worker::Waits { fate, current };
            }
            Action::StopsWaiting(at) => {
                let Worker::Waits { current, .. } = state.workers[at] else { return None };
                state.leave_request(at);
                state.workers[at] = Worker::Unsure { proof_in: self.times.slack, current };
            }
            Action::Settles(at) => {
                state.was_absent |= matches!(state.workers[at], Worker::Concludes { answer: Answer::Absent, .. });
                state.item = self.settled(before, state.workers[at])?;
                state.item_written();
                state.workers[at] = Worker::Idle;
            }
            Action::Ends(at) => {
                state.leave_request(at);
                state.workers[at] = Worker::Idle;
            }
            Action::AcceptsAwaited(at) => {
                let Worker::Waits { current, .. } = state.workers[at] else { return None };
                state.workers[at] = Worker::Waits { fate: Fate::Accepted, current };
                state.add_text(Text::Accepted { listed_in: self.times.lag, current });
            }
            Action::Accepts(at) => {
                let Text::Pending { current, .. } = state.texts[at] else { return None };
                state.texts[at] = Text::Accepted { listed_in: self.times.lag, current };
            }
            Action::CallsBack(_) => {
                state.item = Item::Sent(Proof::Callback);
                state.item_written();
            }
        }
        Some(state)
    }

    /// What a worker can do next. It can end at any moment.
    pub(crate) fn what_next(&self, state: &State, at: usize, actions: &mut Vec<Action>) {
        let worker = state.workers[at];
        match worker {
            Worker::Idle => {
                if state.deliveries > 0 && state.busy() < usize::from(self.workers) {
                    actions.push(Action::Begins(at));
                }
                return;
            }
            Worker::BeginsAgain => actions.push(Action::Begins(at)),
            Worker::Reads { .. } => self.look(state, at, actions),
            Worker::Claims { .. } => actions.push(Action::Claims(at)),
            Worker::LooksUp { late, .. } => {
                actions.extend(answers(state, late).map(|answer| Action::Asks(at, answer)));
            }
            Worker::Calls { lease, .. } if self.may_call(lease) => {
                actions.extend([Fate::Refused, Fate::NotSent, Fate::Lost].map(|fate| Action::Calls(at, fate)));
                if state.written() < state.texts.len() {
                    actions.push(Action::Calls(at, Fate::Pending { within: self.times.call }));
                }
            }
            Worker::Calls { .. } => actions.push(Action::IsFenced(at)),
            Worker::Waits { fate, .. } => {
                if matches!(fate, Fate::Pending { .. }) {
                    actions.push(Action::AcceptsAwaited(at));
                }
                actions.push(Action::StopsWaiting(at));
            }
            Worker::Concludes { .. } | Worker::Unsure { .. } => {}
        }
        if self.settled(state, worker).is_some() {
            actions.push(Action::Settles(at));
        }
        actions.push(Action::Ends(at));
    }

    /// What a worker does about the item as it is. Its clock may be behind: then it does so only later.
    fn look(&self, state: &State, at: usize, actions: &mut Vec<Action>) {
        match state.item {
            Item::Free | Item::RetryScheduled => actions.push(Action::Decides(at)),
            Item::Claimed { proof_in } if proof_in <= self.times.call + self.times.slack => match self.design {
                Design::AskThenResendAtOnce => actions.push(Action::LooksUp(at, true)),
                _ => actions.push(Action::LosesTrack(at)),
            },
            Item::Unknown { proof_in, asked } if asked < ASKS => {
                actions.push(Action::LooksUp(at, proof_in == 0 || self.design == Design::ListJudgedLate));
            }
            Item::Claimed { .. } | Item::Unknown { .. } | Item::Sent(_) | Item::Over => {}
        }
    }

    /// Whether a call that begins now is over before the lease is.
    fn may_call(&self, lease: u8) -> bool {
        lease >= self.times.call || matches!(self.design, Design::NoFence | Design::NoClaim)
    }

    /// Whether a text is on its way that an outcome can settle.
    pub(crate) fn in_flight(&self, item: Item) -> bool {
        match item {
            Item::Claimed { .. } | Item::Unknown { .. } | Item::RetryScheduled => true,
            Item::Free => self.design == Design::NoClaim,
            Item::Sent(_) | Item::Over => false,
        }
    }

    /// What the item becomes by what a worker knows. `None`: that changes nothing. Only the outcome of
    /// the attempt that is on the item counts, and *not sent* gives way to proof that it was sent alone.
    fn settled(&self, state: &State, worker: Worker) -> Option<Item> {
        let (Worker::Waits { current, .. } | Worker::Unsure { current, .. } | Worker::Concludes { current, .. }) =
            worker
        else {
            return None;
        };
        if !self.in_flight(state.item) || !(current || self.design == Design::SettleAnyAttempt) {
            return None;
        }
        let open = state.item != Item::RetryScheduled;
        let not_sent = if state.opted_out { Item::Over } else { Item::RetryScheduled };
        match (worker, state.item) {
            (Worker::Waits { fate: Fate::Accepted, .. }, _) => Some(Item::Sent(Proof::Answer)),
            (Worker::Waits { fate: Fate::Refused, .. }, _) if open => Some(Item::Over),
            (Worker::Waits { fate: Fate::NotSent, .. }, _) if open => Some(not_sent),
            (Worker::Unsure { proof_in, .. }, _) if open => match self.design {
                Design::ReleaseOnError if state.opted_out => Some(Item::Over),
                Design::ReleaseOnError => Some(Item::Free),
                Design::AskThenResendAtOnce => None,
                _ => Some(Item::Unknown { proof_in, asked: 0 }),
            },
            // One that the list shows as failed is with a person then, who alone may have it sent again.
            (Worker::Concludes { answer: Answer::Listed, .. }, _) => Some(Item::Sent(Proof::List)),
            (Worker::Concludes { answer: Answer::Absent, .. }, item) if open => match (self.design, item) {
                (Design::ListJudgedLate, Item::Unknown { proof_in: 1.., .. }) => None,
                _ => Some(not_sent),
            },
            (Worker::Concludes { answer: Answer::Nothing, .. }, Item::Unknown { proof_in, asked }) if asked < ASKS => {
                Some(Item::Unknown { proof_in, asked: asked + 1 })
            }
            _ => None,
        }
    }
}

/// What the list can say: an accepted text may be in it at once, and surely is after the lag.
fn answers(state: &State, late: bool) -> impl Iterator<Item = Answer> {
    let any = |which: fn(&Text) -> bool| state.texts.iter().any(which);
    let listed = any(|text| matches!(text, Text::Accepted { .. }));
    let absent = late && !any(|text| matches!(text, Text::Accepted { listed_in: 0, .. }));
    [Some(Answer::Nothing), listed.then_some(Answer::Listed), absent.then_some(Answer::Absent)].into_iter().flatten()
}
