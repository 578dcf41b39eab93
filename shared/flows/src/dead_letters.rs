//! Dead letters: what each is about now, and how a person has it tried again. The sender decides afresh on
//! whatever is put back, so an old job is never sent late.

use std::{collections::BTreeMap, time::Duration};

use super::{
    record::Recorder,
    restored,
    update::{Update, update},
};
use domain::{
    Instant,
    audit::{Event, Status},
    client::{Client, Sending},
    ids::{ClientId, EnrollmentId, LeadId, RunId},
    job::{Job, SendStep},
    lead::{IllegalStep, Lead, Outcome, TAKEN_AND_FAILED, Waits},
    message::InFlightState,
    phone::PhoneNumber,
};
use ports::{
    Budget, DeadLetter, DeadLetters, Directory, IdSource, LeadStore, SideWrites, StoreError, StoreResult, StoredLead,
    TextQueue,
};

/// Over what time the jobs of one call are spread, as those of a run are.
const SPREAD: Duration = Duration::from_secs(60);

/// Work that only a person can go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The letter, if there is one.
    pub letter: Option<DeadLetter>,
    /// The job, if it can be read.
    pub step: Option<SendStep>,
    /// The lead's number.
    pub phone: Option<PhoneNumber>,
    /// What it is about now.
    pub state: State,
}

/// What a piece of stuck work is about now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The job cannot be read.
    Unreadable(String),
    /// The enrollment waits for a person.
    Failed {
        /// Why, in words.
        reason: String,
        /// Since when.
        since: Instant,
    },
    /// A text of the lead may have gone out.
    Unclear {
        /// Why nothing is known.
        why: String,
        /// When the provider is asked next; `None` if it cannot tell.
        ask_at: Option<Instant>,
    },
    /// A sender has a text of the lead, or had until a moment ago.
    InHands {
        /// Until when.
        until: Instant,
    },
    /// It is tried again by itself.
    Retried {
        /// When.
        at: Instant,
    },
    /// A run takes it up by itself.
    Waits {
        /// When.
        until: Instant,
    },
    /// There is nothing to do any more, and why.
    Over(String),
}

impl State {
    /// What a job is about, by what its lead says.
    #[must_use]
    pub fn of(step: &SendStep, lead: Option<&Lead>) -> Self {
        let Some(lead) = lead else { return Self::Over("the lead is not there any more".to_owned()) };
        match lead.in_flight.as_ref().map(|text| &text.state) {
            Some(InFlightState::Unknown { why, ask_at, .. }) => {
                return Self::Unclear { why: why.clone(), ask_at: *ask_at };
            }
            Some(InFlightState::Claimed { until }) => return Self::InHands { until: *until },
            Some(InFlightState::RetryScheduled { .. }) | None => {}
        }
        let Some(enrollment) = lead.enrollment(step.enrollment) else {
            let past = lead.history.iter().find(|past| past.id == step.enrollment);
            return Self::Over(match past.map(|past| past.outcome) {
                Some(Outcome::Completed) => "already sent".to_owned(),
                Some(outcome) => format!("the sequence has ended ({outcome})"),
                None => "the lead is not in that sequence".to_owned(),
            });
        };
        if enrollment.step != step.step {
            return Self::Over("already sent".to_owned());
        }
        match (&enrollment.waits, &lead.in_flight) {
            (Waits::ForReview { reason, since }, _) => Self::Failed { reason: reason.clone(), since: *since },
            (Waits::Until(until), Some(text)) => match text.state {
                InFlightState::RetryScheduled { at } if text.enrollment == step.enrollment => Self::Retried { at },
                _ => Self::Waits { until: *until },
            },
            (Waits::Until(until), None) => Self::Waits { until: *until },
        }
    }

    /// Whether a person can have it tried again as it stands.
    #[must_use]
    pub fn can_move(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Retried { .. } | Self::Waits { .. } => true,
            Self::Unreadable(_) | Self::Unclear { .. } | Self::InHands { .. } | Self::Over(_) => false,
        }
    }

    /// What to do next, in words. `name` is what it is called on the command line.
    #[must_use]
    pub fn advice(&self, name: &str, lead: Option<LeadId>) -> String {
        let lead = lead.map_or_else(|| "LEAD".to_owned(), |lead| lead.to_string());
        match self {
            Self::Unreadable(_) => "`--json` shows it; no release reads it later, so delete it in the queue".to_owned(),
            Self::Failed { .. } => format!("correct the cause, then `leadline redrive {name}`"),
            Self::Unclear { ask_at: None, .. } => {
                format!("look in the provider's log, then `leadline settle {lead} --sent` or `--not-sent`")
            }
            Self::Unclear { ask_at: Some(_), .. } => "nothing yet: the provider is still being asked".to_owned(),
            Self::InHands { .. } => "nothing yet: look again in a few minutes".to_owned(),
            Self::Retried { .. } | Self::Waits { .. } => {
                format!("nothing; `leadline redrive {name}` puts it on the queue now")
            }
            Self::Over(_) => format!("nothing; `leadline redrive {name}` clears it away"),
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "the job cannot be read: {why}"),
            Self::Failed { reason, .. } => write!(f, "{reason}; waits for review"),
            Self::Unclear { why, ask_at: None } => write!(f, "may have gone out ({why}); the provider cannot tell"),
            Self::Unclear { why, ask_at: Some(at) } => {
                write!(f, "may have gone out ({why}); the provider is asked {}", at.format("%F %H:%M UTC"))
            }
            Self::InHands { .. } => f.write_str("a sender has a text of this lead, or had until a moment ago"),
            Self::Retried { at } => write!(f, "did not go out; tried again {}", at.format("%F %H:%M UTC")),
            Self::Waits { until } => {
                write!(f, "waits for nobody; a run takes it up from {}", until.format("%F %H:%M UTC"))
            }
            Self::Over(why) => write!(f, "{why}; nothing to do"),
        }
    }
}

/// What came of having something tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// It is on the queue, and the letter is gone. What it waited for review for, if it did.
    Moved(Option<String>),
    /// There was nothing to do, and the letter is gone.
    Cleared(String),
    /// It stays where it is, and why.
    Stays(String),
}

/// Who has dead letters tried again.
#[derive(Clone, Copy)]
pub struct Redriving<'a> {
    /// Settings.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// The hour's allowance: what is tried again counts as a run's.
    pub budget: &'a dyn Budget,
    /// Where jobs go.
    pub queue: &'a dyn TextQueue,
    /// Where letters are.
    pub letters: &'a dyn DeadLetters,
    /// New ids.
    pub ids: &'a dyn IdSource,
    /// Who.
    pub by: &'a str,
    /// The moment.
    pub now: Instant,
}

/// What a letter is about now.
///
/// # Errors
/// [`StoreError`] when its lead cannot be read.
pub async fn look_at(leads: &dyn LeadStore, letter: DeadLetter) -> StoreResult<Stuck> {
    let step = match serde_json::from_str::<Job>(&letter.body) {
        Ok(Job::SendStep(step)) => step,
        Ok(Job::Answer(_)) => {
            let state = State::Over("the answer to a reply, whose time is over".to_owned());
            return Ok(Stuck { letter: Some(letter), step: None, phone: None, state });
        }
        Err(error) => {
            let state = State::Unreadable(error.to_string());
            return Ok(Stuck { letter: Some(letter), step: None, phone: None, state });
        }
    };
    let lead = leads.lead(&step.client, step.lead).await?.map(|stored| stored.lead);
    let state = State::of(&step, lead.as_ref());
    Ok(Stuck { letter: Some(letter), phone: lead.and_then(|lead| lead.phone), step: Some(step), state })
}

/// The sequences of a lead that wait for a person, as work without a letter: the queue keeps one for two
/// weeks at most, and a run that puts something up for review makes none.
#[must_use]
pub fn in_review(lead: &Lead, run: RunId) -> Vec<Stuck> {
    let step = |enrollment: &domain::lead::Enrollment| SendStep {
        client: lead.client.clone(),
        lead: lead.id,
        enrollment: enrollment.id,
        campaign: enrollment.campaign.clone(),
        version: enrollment.version,
        step: enrollment.step,
        run,
        follows: false,
    };
    let steps = lead.enrollments.iter().filter(|live| matches!(live.waits, Waits::ForReview { .. })).map(step);
    let stuck =
        |step| Stuck { letter: None, state: State::of(&step, Some(lead)), step: Some(step), phone: lead.phone.clone() };
    steps.map(stuck).collect()
}

/// What a client's texts may still do in this call.
struct Room {
    client: Client,
    run: RunId,
    left: u32,
    spread: Duration,
    moved: u32,
}

impl Redriving<'_> {
    /// Has each piece of work tried again, as far as it can be. `named`: each of them was named, and not
    /// just taken along with all others.
    ///
    /// # Errors
    /// [`StoreError`] when settings or the allowance cannot be read; what was moved until then is moved.
    pub async fn redrive(&self, stuck: Vec<Stuck>, named: bool) -> StoreResult<Vec<(Stuck, Redriven)>> {
        let mut wanted: BTreeMap<ClientId, u32> = BTreeMap::new();
        for step in stuck.iter().filter(|one| one.state.can_move()).filter_map(|one| one.step.as_ref()) {
            *wanted.entry(step.client.clone()).or_default() += 1;
        }
        let mut rooms = BTreeMap::new();
        for (client, wanted) in wanted {
            let room = self.room(&client, wanted).await?;
            rooms.insert(client, room);
        }
        let mut done = Vec::new();
        for one in stuck {
            let room = one.step.as_ref().and_then(|step| rooms.get_mut(&step.client));
            let what = self.one(&one, room, named).await?;
            done.push((one, what));
        }
        Ok(done)
    }

    /// What may be sent for a client now, or why nothing.
    async fn room(&self, id: &ClientId, wanted: u32) -> StoreResult<Result<Room, String>> {
        let client = match self.directory.client(id).await? {
            Ok(client) => client,
            Err(problem) => return Ok(Err(problem.to_string())),
        };
        if let Sending::OnHold { reason, .. } = &client.sending
            && !client.sending.lets_through(self.now)
        {
            return Ok(Err(format!("sending is on hold ({reason}); lift that first")));
        }
        let run = RunId(self.ids.new_id(self.now));
        let wanted = client.sending.at_most(wanted.min(client.per_run()));
        let left = self.budget.reserve(id, self.now, client.limits.per_hour, wanted, run).await?;
        Ok(Ok(Room { client, run, left, spread: SPREAD / left.max(1), moved: 0 }))
    }

    async fn one(&self, one: &Stuck, room: Option<&mut Result<Room, String>>, named: bool) -> StoreResult<Redriven> {
        let stays = |why: &str| Ok(Redriven::Stays(why.to_owned()));
        match (&one.state, &one.step, room) {
            (State::Unreadable(why), ..) => stays(&format!("the job cannot be read: {why}")),
            (State::Unclear { ask_at: None, .. }, ..) => {
                stays("it may have gone out: say first what became of it, with `leadline settle`")
            }
            (State::Unclear { ask_at: Some(_), .. }, ..) => stays("it may have gone out, and the provider is asked"),
            (State::InHands { .. }, ..) => stays("a sender has a text of this lead; look again in a few minutes"),
            (State::Over(why), ..) => Ok(match self.clear(one).await {
                Ok(()) => Redriven::Cleared(why.clone()),
                Err(error) => Redriven::Stays(format!("{why}, and its letter cannot be deleted: {error}")),
            }),
            (State::Failed { reason, .. }, ..) if !named && restored::is_reason(reason) => {
                stays("it was put up for review after a restore: look at the lead, then name it")
            }
            (State::Failed { reason, .. }, ..) if !named && reason.starts_with(TAKEN_AND_FAILED) => {
                stays("the provider took its text once, and says that it failed: look at the lead, then name it")
            }
            (_, Some(step), Some(Ok(room))) => self.put_back(one, step, room).await,
            (_, _, Some(Err(why))) => stays(why),
            (_, None, _) | (_, _, None) => stays("it is no job that can be put back"),
        }
    }

    async fn put_back(&self, one: &Stuck, step: &SendStep, room: &mut Room) -> StoreResult<Redriven> {
        if room.left == 0 {
            return Ok(Redriven::Stays(format!(
                "the limits of {} texts in a run and {} in an hour are reached; call this again later",
                room.client.per_run(),
                room.client.limits.per_hour
            )));
        }
        let lifted = match self.lift(&room.client, step, room.run).await? {
            Ok(lifted) => lifted,
            Err(why) => return Ok(Redriven::Stays(why)),
        };
        room.left -= 1;
        let (job, delay) =
            (Job::SendStep(SendStep { run: room.run, follows: false, ..step.clone() }), room.spread * room.moved);
        room.moved += 1;
        if !self.queue.enqueue(vec![(job, delay)]).await.is_empty() {
            return Ok(Redriven::Stays(
                "the queue did not take it; the next run takes the lead up by itself".to_owned(),
            ));
        }
        // Only now: until the queue has the job, the letter is what is left of it.
        Ok(match self.clear(one).await {
            Ok(()) => Redriven::Moved(lifted),
            Err(error) => Redriven::Stays(format!("it is on the queue, but its letter cannot be deleted: {error}")),
        })
    }

    /// Lifts the review that a step waits for, if it does, and says what it was. The inner error is why
    /// it may not be tried again after all.
    async fn lift(&self, client: &Client, step: &SendStep, run: RunId) -> StoreResult<Result<Option<String>, String>> {
        let lifted = update(self.leads, &step.client, step.lead, |StoredLead { mut lead, .. }| {
            let state = State::of(step, Some(&lead));
            if !state.can_move() {
                return Ok(Update::Leave(Err(format!("it has changed just now: {state}"))));
            }
            let reason = match lead.lift_review(step.enrollment, self.now) {
                Ok(reason) => reason,
                Err(IllegalStep::NotForReview(_)) => return Ok(Update::Leave(Ok(None))),
                Err(illegal) => return Ok(Update::Leave(Err(illegal.to_string()))),
            };
            let recorder = Recorder { ids: self.ids, client: &step.client, test: client.in_test(), run, now: self.now };
            let words = format!("{} has it tried again; it waited for review: {reason}", self.by);
            let done = recorder.about(&lead, Event::ReviewDone, Status::Ok).because("redriven", words);
            let done = done.in_campaign(&step.campaign, Some(step.step));
            Ok(Update::write(lead, SideWrites::recording(vec![done]), Ok(Some(reason))))
        });
        match lifted.await {
            Ok(Some(lifted)) => Ok(lifted),
            Ok(None) => Ok(Err("the lead is not there any more".to_owned())),
            Err(StoreError::Conflict) => Ok(Err("the lead changed each time it was read".to_owned())),
            Err(error) => Err(error),
        }
    }

    async fn clear(&self, one: &Stuck) -> Result<(), String> {
        match &one.letter {
            Some(letter) => self.letters.delete(letter).await,
            None => Ok(()),
        }
    }
}

impl Stuck {
    /// The enrollment that it is about, if the job can be read.
    #[must_use]
    pub fn enrollment(&self) -> Option<EnrollmentId> {
        self.step.as_ref().map(|step| step.enrollment)
    }
}

#[cfg(test)]
mod tests;
