//! A run of the model in lines that a person can read: when, who, what.

use serde::Serialize;

use crate::{
    designs::Design,
    protocol::{Action, Protocol},
    state::{Answer, Fate, Item, MAX_WORKERS, Proof, State, Text, Worker},
};

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When, in ticks.
    pub time: u32,
    /// Who does it.
    pub who: String,
    /// What it is.
    pub what: String,
}

/// Tells a run from the first state on. Time passes between the lines.
#[must_use]
pub fn tell(protocol: &Protocol, actions: &[Action]) -> Vec<Line> {
    let mut telling = Telling::new(protocol);
    actions.iter().filter_map(|action| telling.next(*action)).collect()
}

/// The states do not say who is who, as that makes no difference. People want to know: names and
/// attempts are kept here, each in the place of what it belongs to.
struct Telling<'a> {
    protocol: &'a Protocol,
    state: State,
    time: u32,
    deliveries: u32,
    attempts: u32,
    /// The attempt on the item.
    on_item: u32,
    workers: [Named; MAX_WORKERS],
    /// The attempt of each text.
    texts: [u32; 2],
}

#[derive(Clone, Copy, Default)]
struct Named {
    name: u32,
    attempt: u32,
}

impl<'a> Telling<'a> {
    fn new(protocol: &'a Protocol) -> Self {
        Self {
            protocol,
            state: State::new(protocol.deliveries),
            time: 0,
            deliveries: 0,
            attempts: 0,
            on_item: 0,
            workers: [Named::default(); MAX_WORKERS],
            texts: [0; 2],
        }
    }

    fn next(&mut self, action: Action) -> Option<Line> {
        let after = self.protocol.step(&self.state, action)?;
        let (who, what) = self.words(action, &after);
        let line = Line { time: self.time, who, what };
        if action == Action::Tick {
            self.time += 1;
        }
        self.follow(action, after);
        (action != Action::Tick).then_some(line)
    }

    /// Takes the next state and puts names where the sorting puts those who bear them.
    fn follow(&mut self, action: Action, after: State) {
        if let Action::AcceptsAwaited(at) | Action::StopsWaiting(at) | Action::Ends(at) = action {
            for (place, text) in after.texts.iter().enumerate() {
                if self.state.texts[place] == Text::None && *text != Text::None {
                    self.texts[place] = self.workers[at].attempt;
                }
            }
        }
        let mut workers: Vec<_> = after.workers.into_iter().zip(self.workers).collect();
        workers.sort_by_key(|(worker, _)| *worker);
        let mut texts: Vec<_> = after.texts.into_iter().zip(self.texts).collect();
        texts.sort_by_key(|(text, _)| *text);
        for (place, (_, named)) in self.workers.iter_mut().zip(workers) {
            *place = named;
        }
        for (place, (_, attempt)) in self.texts.iter_mut().zip(texts) {
            *place = attempt;
        }
        self.state = after.sorted();
    }

    /// A worker that begins has the first name that is free.
    fn name(&mut self, at: usize) -> String {
        if self.state.workers[at] == Worker::Idle {
            let taken = |name: u32| {
                let busy = self.state.workers.iter().zip(&self.workers).filter(|(worker, _)| **worker != Worker::Idle);
                busy.into_iter().any(|(_, named)| named.name == name)
            };
            self.workers[at].name = (1..).find(|name| !taken(*name)).unwrap_or_default();
        }
        format!("worker {}", self.workers[at].name)
    }

    fn words(&mut self, action: Action, after: &State) -> (String, String) {
        let provider = || "provider".to_owned();
        match action {
            Action::Tick => ("clock".to_owned(), "a tick".to_owned()),
            Action::OptOut => ("person".to_owned(), "says no, and it is written".to_owned()),
            Action::Accepts(place) => (provider(), accepted(self.texts[place], after)),
            Action::AcceptsAwaited(at) => (provider(), accepted(self.workers[at].attempt, after)),
            Action::CallsBack(place) => {
                (provider(), format!("reports attempt {} as accepted, and it is settled as sent", self.texts[place]))
            }
            Action::Begins(at)
            | Action::Decides(at)
            | Action::LosesTrack(at)
            | Action::LooksUp(at, _)
            | Action::Asks(at, _)
            | Action::Claims(at)
            | Action::IsFenced(at)
            | Action::Calls(at, _)
            | Action::StopsWaiting(at)
            | Action::Settles(at)
            | Action::Ends(at) => (self.name(at), self.deed(action, at, after)),
        }
    }

    /// What a worker does.
    fn deed(&mut self, action: Action, at: usize, after: &State) -> String {
        let (own, item) = (self.workers[at].attempt, self.on_item);
        match action {
            Action::Begins(_) if self.state.workers[at] == Worker::Idle => {
                self.deliveries += 1;
                format!("takes delivery {}", self.deliveries)
            }
            Action::Begins(_) => "lost against another write and begins again".to_owned(),
            Action::Decides(_) => {
                if self.protocol.design == Design::NoClaim {
                    self.new_attempt(at);
                }
                match self.state.item {
                    Item::RetryScheduled => format!("reads that attempt {item} was not sent, and decides to send"),
                    _ => "reads that nothing is on its way, and decides to send".to_owned(),
                }
            }
            Action::LosesTrack(_) => format!("reads that the lease of attempt {item} is over, and writes: unknown"),
            Action::LooksUp(..) => {
                self.workers[at].attempt = item;
                format!("reads that attempt {item} may have gone out")
            }
            Action::Asks(_, answer) => {
                let says = match answer {
                    Answer::Listed => "it is there",
                    Answer::Absent => "it is not there",
                    Answer::Nothing => "nothing is proved",
                };
                format!("looks for attempt {own} in the provider's list: {says}")
            }
            Action::Claims(_) => {
                self.new_attempt(at);
                self.on_item = self.attempts;
                let Worker::Calls { lease, .. } = after.workers[at] else { return String::new() };
                format!("claims attempt {} until {}", self.attempts, self.time + u32::from(lease))
            }
            Action::IsFenced(_) => format!("finds it too late to call for attempt {own}, so that was not sent"),
            Action::Calls(_, fate) => {
                let becomes = match fate {
                    Fate::Pending { .. } | Fate::Accepted => "",
                    Fate::Refused => ", which is refused",
                    Fate::NotSent => ", which provably does not go out",
                    Fate::Lost => ", which gets lost",
                };
                format!("writes the request of attempt {own}{becomes}")
            }
            Action::StopsWaiting(_) => format!("gets no answer for attempt {own}"),
            Action::Settles(_) => {
                let over = if own == item || item == 0 { String::new() } else { format!(", over attempt {item}") };
                format!("settles attempt {own}{over}: {}", standing(after.item))
            }
            _ => "crashes".to_owned(),
        }
    }

    fn new_attempt(&mut self, at: usize) {
        self.attempts += 1;
        self.workers[at].attempt = self.attempts;
    }
}

fn accepted(attempt: u32, after: &State) -> String {
    let count = if after.accepted() > 1 { ": THE SECOND TEXT" } else { "" };
    format!("accepts attempt {attempt}{count}")
}

fn standing(item: Item) -> &'static str {
    match item {
        Item::Free => "the record is deleted",
        Item::Claimed { .. } => "claimed",
        Item::RetryScheduled => "not sent, to be tried again",
        Item::Unknown { .. } => "unknown",
        Item::Sent(Proof::Answer) => "sent",
        Item::Sent(Proof::List) => "sent, by the list",
        Item::Sent(Proof::Callback) => "sent, by the callback",
        Item::Over => "over",
    }
}
