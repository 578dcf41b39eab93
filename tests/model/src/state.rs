//! What there is at one moment: the item in the store, the workers, and what the provider has. Times
//! are countdowns in ticks, so states that differ only in the date are one state and time has no end.

/// How many workers there can be at most.
pub const MAX_WORKERS: usize = 6;

/// Everything at one moment. Workers are interchangeable and kept sorted; so are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The text on the lead's item.
    pub item: Item,
    /// Whether the opt-out is written.
    pub opted_out: bool,
    /// Whether a claim was written after the opt-out was. It must not be.
    pub claimed_after_no: bool,
    /// Whether the list once proved that the text is not with the provider.
    pub was_absent: bool,
    /// Deliveries of the job that may still come.
    pub deliveries: u8,
    /// The workers, idle ones first.
    pub workers: [Worker; MAX_WORKERS],
    /// What the provider got and does not turn away, except for what a worker still waits for. Two are
    /// enough: the second is one too many.
    pub texts: [Text; 2],
}

/// Where the text stands on the item. The attempt's id is not kept as a number: whoever else knows an
/// attempt knows whether it is the item's (`current`), and nothing compares ids in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// Nothing is on its way.
    Free,
    /// A worker has it. `InFlightState::Claimed`.
    Claimed {
        /// Until its absence from the list would be proof: what is left of the lease, a call's deadline, the slack.
        proof_in: u8,
    },
    /// It provably did not go out. `InFlightState::RetryScheduled`, without the delay: a retry that
    /// waits is one whose delivery is slow.
    RetryScheduled,
    /// It may have gone out. `InFlightState::Unknown`.
    Unknown {
        /// Until its absence from the list is proof.
        proof_in: u8,
        /// How often the provider was asked in vain. After the last time it is on the operator's list.
        asked: u8,
    },
    /// It went out.
    Sent(Proof),
    /// It is not sent any more: refused, or the person said no.
    Over,
}

/// How we know that a text went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The provider's answer.
    Answer,
    /// The provider's list.
    List,
    /// The provider's status callback.
    Callback,
}

/// A worker, by what it does next. It may do so at any later time, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worker {
    /// Has no delivery.
    Idle,
    /// Begins again: someone else has written what it read.
    BeginsAgain,
    /// Has read the clock, and reads the item.
    Reads {
        /// What would be left of a lease that began at that moment.
        lease: u8,
    },
    /// Has read an item that nobody has written since and decided to send, and claims it.
    Claims {
        /// What is left of the lease that it will write.
        lease: u8,
    },
    /// Has read of a text that may have gone out, and asks for the provider's list.
    LooksUp {
        /// Whether it read so late that absence from the list is proof.
        late: bool,
        /// Whether the attempt that it read of is the item's.
        current: bool,
    },
    /// Has the list, and writes what that proves.
    Concludes {
        /// What it proves.
        answer: Answer,
        /// Whether the attempt that it asked for is the item's.
        current: bool,
    },
    /// Has claimed, and calls the provider.
    Calls {
        /// What is left of the lease.
        lease: u8,
        /// Whether its attempt is the item's.
        current: bool,
    },
    /// Has written the request.
    Waits {
        /// What becomes of the request.
        fate: Fate,
        /// Whether its attempt is the item's.
        current: bool,
    },
    /// Has no answer and settles as unknown.
    Unsure {
        /// Until absence from the list is proof, counted from when it stopped waiting.
        proof_in: u8,
        /// Whether its attempt is the item's.
        current: bool,
    },
}

/// What becomes of a request, settled in secret when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// The provider will accept it.
    Pending {
        /// At the latest then.
        within: u8,
    },
    /// The provider has accepted it.
    Accepted,
    /// The provider refuses it for good.
    Refused,
    /// It provably did not go out: `SendOutcome::NotSent`, or `Throttled`. No state counts tries, so that a
    /// provider which asks to wait uses up none makes no other state.
    NotSent,
    /// It went nowhere, and there is no answer.
    Lost,
}

/// What the provider's list proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The text is in it.
    Listed,
    /// It was asked late enough and the text is not in it.
    Absent,
    /// Asked too early, or it cannot tell.
    Nothing,
}

/// A text at the provider that no worker's wait accounts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    /// There is none.
    None,
    /// A request whose worker is gone; the provider will accept it.
    Pending {
        /// At the latest then.
        within: u8,
        /// Whether its attempt is the item's.
        current: bool,
    },
    /// Accepted: this is what must not happen twice.
    Accepted {
        /// Until it is surely in the list. It may be there sooner.
        listed_in: u8,
        /// Whether its attempt is the item's.
        current: bool,
    },
}

impl State {
    /// Before anything happened.
    #[must_use]
    pub fn new(deliveries: u8) -> Self {
        Self {
            item: Item::Free,
            opted_out: false,
            claimed_after_no: false,
            was_absent: false,
            deliveries,
            workers: [Worker::Idle; MAX_WORKERS],
            texts: [Text::None; 2],
        }
    }

    /// The one state that stands for all that differ only in who is who.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.workers.sort_unstable();
        self.texts.sort_unstable();
        self
    }

    /// How many texts the provider has accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.texts.iter().filter(|text| matches!(text, Text::Accepted { .. })).count()
    }

    /// How many texts the provider has accepted or will.
    #[must_use]
    pub fn written(&self) -> usize {
        let awaited = |worker: &&Worker| matches!(worker, Worker::Waits { fate: Fate::Pending { .. }, .. });
        self.texts.iter().filter(|text| **text != Text::None).count() + self.workers.iter().filter(awaited).count()
    }

    /// How many workers have a delivery.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.workers.iter().filter(|worker| **worker != Worker::Idle).count()
    }

    /// The item was written: who had read it before and wants to write over that reads it again.
    pub(crate) fn item_written(&mut self) {
        for worker in &mut self.workers {
            if matches!(worker, Worker::Claims { .. } | Worker::Concludes { answer: Answer::Nothing, .. }) {
                *worker = Worker::BeginsAgain;
            }
        }
    }

    /// The item has a new attempt: no other is the item's any more.
    pub(crate) fn attempt_replaced(&mut self) {
        for worker in &mut self.workers {
            match worker {
                Worker::Calls { current, .. }
                | Worker::Waits { current, .. }
                | Worker::Unsure { current, .. }
                | Worker::LooksUp { current, .. }
                | Worker::Concludes { current, .. } => *current = false,
                Worker::Idle | Worker::BeginsAgain | Worker::Reads { .. } | Worker::Claims { .. } => {}
            }
        }
        for text in &mut self.texts {
            match text {
                Text::Pending { current, .. } | Text::Accepted { current, .. } => *current = false,
                Text::None => {}
            }
        }
    }

    /// The provider has a text that no worker waits for.
    pub(crate) fn add_text(&mut self, text: Text) {
        if let Some(place) = self.texts.iter_mut().find(|place| **place == Text::None) {
            *place = text;
        }
    }

    /// A worker goes, and what it has written stays with the provider.
    pub(crate) fn leave_request(&mut self, at: usize) {
        if let Worker::Waits { fate: Fate::Pending { within }, current } = self.workers[at] {
            self.add_text(Text::Pending { within, current });
        }
    }

    /// The same a tick later. `None` while a request must be accepted before.
    pub(crate) fn tick(mut self) -> Option<Self> {
        let mut overdue = false;
        let count_down = |left: &mut u8| *left = left.saturating_sub(1);
        if let Item::Claimed { proof_in } | Item::Unknown { proof_in, .. } = &mut self.item {
            count_down(proof_in);
        }
        for worker in &mut self.workers {
            match worker {
                Worker::Waits { fate: Fate::Pending { within }, .. } => {
                    overdue |= *within == 0;
                    count_down(within);
                }
                Worker::Reads { lease } | Worker::Claims { lease } | Worker::Calls { lease, .. } => count_down(lease),
                Worker::Unsure { proof_in, .. } => count_down(proof_in),
                Worker::Idle | Worker::BeginsAgain | Worker::LooksUp { .. } | Worker::Concludes { .. } => {}
                Worker::Waits { .. } => {}
            }
        }
        for text in &mut self.texts {
            match text {
                Text::Pending { within, .. } => {
                    overdue |= *within == 0;
                    count_down(within);
                }
                Text::Accepted { listed_in, .. } => count_down(listed_in),
                Text::None => {}
            }
        }
        (!overdue).then_some(self)
    }
}
