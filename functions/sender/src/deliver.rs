//! The life of one job. What goes on is always the proof of the step before: no case without a fresh
//! read, no claim without a decision to send, no call without a claim that was written.

use chrono::{DurationRound, TimeDelta};
use leadline::{
    domain::{
        Instant,
        audit::{Event, Status},
        client::{Client, Sending},
        decide::{Case, decide},
        gate::{Decision, Gate, SendNow},
        ids::{AttemptId, RunId},
        job::SendStep,
        lead::{Lead, Settled, Waits},
        message::{CALL_DEADLINE, ClaimedText, InFlight, InFlightState, LookUp, SendOutcome},
    },
    flows::{
        alerts::Alerts,
        conclude::{DecisionEffects, case_of, conclude},
        record::Recorder,
        settling::{InFlightText, Settling, note},
        update::Retries,
    },
    ports::{Direction, ForText, Rev, SideWrites, StoreError, StoreResult, TextKey},
};

use crate::Deps;

/// What reading, claiming and settling take around a call, with room to spare.
const AROUND_A_CALL: TimeDelta = TimeDelta::seconds(10);

/// How long after its run a job stays on the queue for a provider that asked to wait a moment. Later than that
/// the next run is near, and makes a new one.
const WORTH_WAITING: TimeDelta = TimeDelta::minutes(5);
/// Over how many seconds those that wait for it come again.
const SPREAD: u128 = 60;

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// A text was handed over, and this is what came of it.
    Settled(Settled),
    /// There was nothing to send, for this reason.
    NotNow(String),
    /// The job must come again.
    Again {
        /// When.
        at: Instant,
        /// Why, in words.
        why: String,
    },
    /// Nobody but a person can go on: the job belongs to the dead letters.
    GivenUp(String),
}

impl std::fmt::Display for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settled(settled) => write!(f, "{settled:?}"),
            Self::NotNow(why) => write!(f, "not sent: {why}"),
            Self::Again { at, why } => write!(f, "again at {at}: {why}"),
            Self::GivenUp(why) => write!(f, "given up: {why}"),
        }
    }
}

/// One delivery of a job.
pub struct Delivery<'a> {
    /// What the sender needs.
    pub deps: &'a Deps,
    /// The step.
    pub step: &'a SendStep,
    /// The execution that works on it.
    pub run: RunId,
    /// When this execution is ended from outside, where that is known.
    pub ends: Option<Instant>,
}

impl Delivery<'_> {
    /// Works on the job to its end.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails before the provider was called; nothing was sent then.
    pub async fn deliver(&self) -> StoreResult<Delivered> {
        let mut retries = Retries::default();
        loop {
            let now = self.deps.clock.now();
            if self.ends.is_some_and(|ends| now + CALL_DEADLINE + AROUND_A_CALL > ends) {
                return Ok(Delivered::Again { at: now, why: "this execution has no time left for a call".to_owned() });
            }
            let SendStep { client, lead, campaign, version, .. } = self.step.clone();
            let read = self.deps.store.read_for_text(&TextKey { client, lead, campaign, version }).await?;
            let tried = match on_its_way(&read, self.step) {
                Some(_) => self.look_after(read, now).await,
                None => self.decide_and_send(read, now).await,
            };
            if !retries.again(&tried) {
                return match tried {
                    Err(StoreError::Conflict) => {
                        let why = "the lead changed each time it was read".to_owned();
                        Ok(Delivered::Again { at: self.deps.clock.now(), why })
                    }
                    done => done,
                };
            }
        }
    }

    /// Decides on a step that nobody has a text of, and sends it if it may go.
    async fn decide_and_send(&self, read: ForText, now: Instant) -> StoreResult<Delivered> {
        let (deps, step) = (self.deps, self.step);
        let (rev, case) = match case_of(read, step.enrollment) {
            Ok(found) => found,
            Err(why) => {
                let recorder = self.recorder(false, now);
                let mut dropped =
                    recorder.event(Event::JobFailed, Status::Rejected).because("nothing_to_send", why.to_string());
                dropped.lead = Some(step.lead);
                note(deps.store.as_ref(), &dropped).await;
                return Ok(Delivered::NotNow(why.to_string()));
            }
        };
        if case.enrollment.step != step.step {
            let why = format!("the lead is at step {}, the job is for step {}", case.enrollment.step, step.step);
            return Ok(Delivered::NotNow(why));
        }
        if let Waits::ForReview { reason, .. } = &case.enrollment.waits {
            return Ok(Delivered::GivenUp(reason.clone()));
        }
        let recorder = self.recorder(case.client.in_test(), now);
        let verdict = decide(&case, now);
        let Decision::Send(send) = &verdict.decision else {
            let mut lead = case.lead.clone();
            let concluded = conclude(&mut lead, step.enrollment, &verdict, &recorder);
            self.turned_down(&case.client, &lead, rev, concluded, &recorder).await?;
            let again = match &verdict.decision {
                // A retry is minutes away: its job waits for it on the queue. Whatever is further away, such as
                // the next morning, is in the due index, and a run puts a new job on the queue then.
                Decision::Wait { gate, .. } => retry_at(&case.lead, step)
                    .filter(|at| *at > now)
                    .or_else(|| soon(&case.client, step).filter(|_| *gate == Gate::Client)),
                Decision::Send(_) | Decision::Skip { .. } | Decision::End { .. } | Decision::Refuse(_) => None,
            };
            let why = reason_of(&verdict.decision);
            return Ok(match again.filter(|at| *at > now) {
                Some(at) => Delivered::Again { at, why },
                None => Delivered::NotNow(why),
            });
        };
        // The test phone can say no, too.
        if case.lead.phone.as_ref() != Some(&send.to)
            && deps.store.phone(&step.client, &send.to).await?.opt_out.is_some()
        {
            return Ok(Delivered::NotNow("the test phone has opted out".to_owned()));
        }
        if !self.within_the_hour(&case.client, now).await? {
            return self.next_hour(&case, rev, &recorder).await;
        }
        if !self.may_try(&case.client, now).await? {
            // Another text tries it: what the settings say by now is read and decided on.
            return Err(StoreError::Conflict);
        }
        let mut lead = case.lead.clone();
        let attempt = AttemptId(deps.ids.new_id(now));
        let claim = send.claim(attempt, self.run, &case.enrollment);
        // An illegal step here means that the decision and the state disagree: read both again.
        let claimed = lead.claim(claim, now).map_err(|_| StoreError::Conflict)?;
        if let Some(text) = &mut lead.in_flight {
            text.account = Some(case.client.provider.mark());
        }
        match deps.store.save(&lead, Some(rev), SideWrites { count_later: true, ..SideWrites::default() }).await {
            Ok(rev) => self.call(&case, send, lead, rev, &claimed).await,
            Err(error) => self.disown(&case, attempt, error).await,
        }
    }

    /// Of an account that is only tried again, one text is let through: whoever writes first that it is theirs.
    async fn may_try(&self, client: &Client, now: Instant) -> StoreResult<bool> {
        match client.sending.tried_at(now) {
            Some(tried) => self.deps.store.set_sending(&client.id, &client.sending, &tried).await,
            None => Ok(true),
        }
    }

    /// Whether this hour's allowance covers the text. The run that made the job reserved it for the
    /// run's own hour; in a later one, such as after a retry, it is reserved again. Of a text that follows
    /// another one nothing is reserved yet.
    async fn within_the_hour(&self, client: &Client, now: Instant) -> StoreResult<bool> {
        if !self.step.follows && hour_of(now) == hour_of(of_run(self.step.run)) {
            return Ok(true);
        }
        let own = RunId(self.deps.ids.new_id(now));
        Ok(self.deps.store.reserve(&client.id, now, client.limits.per_hour, 1, own).await? > 0)
    }

    async fn next_hour(&self, case: &Case, rev: Rev, recorder: &Recorder<'_>) -> StoreResult<Delivered> {
        let until = hour_of(recorder.now) + TimeDelta::hours(1);
        let why = format!("this hour's limit of {} texts is used up", case.client.limits.per_hour);
        let mut lead = case.lead.clone();
        lead.wait(case.enrollment.id, until);
        let hit = recorder.about(&lead, Event::LimitHit, Status::Waiting).because("per_hour", &why);
        let audit = vec![hit.in_campaign(&case.enrollment.campaign, Some(case.enrollment.step))];
        self.deps.store.save(&lead, Some(rev), SideWrites { audit, ..SideWrites::default() }).await?;
        Ok(Delivered::NotNow(why))
    }

    /// Calls the provider, if the fence lets it, and settles. From here on nothing is an error: whatever
    /// happens, the claim stands.
    async fn call(
        &self,
        case: &Case,
        send: &SendNow,
        lead: Lead,
        rev: Rev,
        claimed: &ClaimedText,
    ) -> StoreResult<Delivered> {
        let called = self.deps.clock.now();
        let outcome = match claimed.fence(called, self.ends) {
            Ok(()) => self.deps.provider.send(&case.client, claimed, called).await,
            Err(why) => SendOutcome::NotSent { why: why.to_owned() },
        };
        tracing::debug!(attempt = %claimed.attempt(), template = send.template, "the provider was called");
        let Some(on) = InFlightText::of(&case.client, Some(&case.plan), lead, rev) else {
            return Err(StoreError::Conflict);
        };
        let recorder = self.recorder(case.client.in_test(), self.deps.clock.now());
        Ok(match self.settling().answered(on, &outcome, &recorder).await {
            Ok(settled) => come_again(settled),
            // The claim stands until its lease ends; then our own record, or the provider, says what happened.
            Err(_) => Delivered::Again { at: after_lease(called), why: "answered, and not written".to_owned() },
        })
    }

    /// A claim whose write failed, or seemed to. If it stands all the same it is settled as what it is:
    /// not sent. Nobody called.
    async fn disown(&self, case: &Case, attempt: AttemptId, error: StoreError) -> StoreResult<Delivered> {
        let Some(read) = self.deps.store.lead(&case.client.id, case.lead.id).await? else { return Err(error) };
        let on = InFlightText::of(&case.client, Some(&case.plan), read.lead, read.rev);
        let Some(on) = on.filter(|on| on.text.attempt == attempt) else { return Err(error) };
        let recorder = self.recorder(case.client.in_test(), self.deps.clock.now());
        let why = format!("the claim was written and not known to be: {error}; the provider was not called");
        self.settling().found_out(on, &SendOutcome::NotSent { why }, &recorder).await.map(come_again)
    }

    /// Looks after a text of this step that someone has, or had: leaves it to its sender while that may
    /// live, then finds out what became of it.
    async fn look_after(&self, read: ForText, now: Instant) -> StoreResult<Delivered> {
        let Some(client) = read.client.ok() else {
            return Ok(Delivered::NotNow("the client's settings cannot be read".to_owned()));
        };
        let Some(on) =
            read.lead.and_then(|stored| InFlightText::of(&client, read.plan.as_ref(), stored.lead, stored.rev))
        else {
            return Err(StoreError::Conflict);
        };
        let recorder = self.recorder(client.in_test(), now);
        match &on.text.state {
            InFlightState::Claimed { until } if *until > now => {
                Ok(Delivered::Again { at: *until, why: "a sender has the text".to_owned() })
            }
            InFlightState::Claimed { .. } => self.lose_track(&on, &recorder).await,
            InFlightState::Unknown { ask_at: Some(at), why, .. } if *at > now => {
                Ok(Delivered::Again { at: *at, why: why.clone() })
            }
            InFlightState::Unknown { ask_at: Some(_), .. } => self.find_out(on, &recorder).await,
            InFlightState::Unknown { ask_at: None, why, .. } => Ok(Delivered::GivenUp(why.clone())),
            InFlightState::RetryScheduled { .. } => Err(StoreError::Conflict),
        }
    }

    async fn lose_track(&self, on: &InFlightText<'_>, recorder: &Recorder<'_>) -> StoreResult<Delivered> {
        let mut lead = on.lead.clone();
        let at = lead.lose_track(recorder.now).ok_or(StoreError::Conflict)?;
        let why = format!("attempt {}: the sender ended between the claim and the answer", on.text.attempt);
        // Under an id of its own: the attempt's may hold the proof that the sender left behind.
        let lost = recorder.about(&lead, Event::SmsAttempt, Status::Unknown).because("unknown", &why);
        self.deps.store.save(&lead, Some(on.rev), SideWrites { audit: vec![lost], ..SideWrites::default() }).await?;
        Ok(Delivered::Again { at, why })
    }

    /// Finds out what became of a text that may have gone out: by our own record of it, else by the
    /// provider's list.
    async fn find_out(&self, on: InFlightText<'_>, recorder: &Recorder<'_>) -> StoreResult<Delivered> {
        if let Some(settled) = self.settling().by_own_record(&on, recorder).await? {
            return Ok(come_again(settled));
        }
        let since = on.text.at - TimeDelta::hours(1);
        let can = on.client.provider.capabilities();
        let moved = on.text.account.as_ref().is_some_and(|account| *account != on.client.provider.mark());
        let listed = match can.list {
            _ if moved => Err("it was given to another account than the client texts by now".to_owned()),
            true => self.deps.provider.list(on.client, Direction::To, &on.text.to, since).await,
            false => Err("the provider has no list of texts".to_owned()),
        };
        let answer = match listed {
            Ok(listed) => on.text.find_in(&listed, can),
            Err(why) => LookUp::CannotTell { why },
        };
        let settled = match on.text.proof_of(&answer, recorder.now) {
            Some(outcome) => self.settling().found_out(on, &outcome, recorder).await?,
            None => {
                let why = match answer {
                    LookUp::CannotTell { why } => why,
                    LookUp::NotListed | LookUp::Found { .. } => "the provider's list does not have it yet".to_owned(),
                };
                self.settling().not_found_out(on, &why, recorder).await?
            }
        };
        Ok(come_again(settled))
    }

    /// Writes what a decision against sending came to.
    async fn turned_down(
        &self,
        client: &Client,
        lead: &Lead,
        rev: Rev,
        concluded: DecisionEffects,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        if !concluded.changed {
            return Ok(());
        }
        self.deps.store.save(lead, Some(rev), SideWrites { audit: concluded.audit, ..SideWrites::default() }).await?;
        if let Some(alert) = concluded.alert {
            self.alerts().raise(alert, client.mailbox(), recorder).await;
        }
        Ok(())
    }

    fn recorder(&self, test: bool, now: Instant) -> Recorder<'_> {
        Recorder { ids: self.deps.ids.as_ref(), client: &self.step.client, test, run: self.run, now }
    }

    fn alerts(&self) -> Alerts<'_> {
        self.deps.alerts()
    }

    fn settling(&self) -> Settling<'_> {
        let store = self.deps.store.as_ref();
        Settling { directory: store, leads: store, alerts: self.alerts() }
    }
}

/// The text of this very step that is on its way and does not just wait to be tried again.
fn on_its_way<'a>(read: &'a ForText, step: &SendStep) -> Option<&'a InFlight> {
    let text = read.lead.as_ref()?.lead.in_flight.as_ref()?;
    (text.enrollment == step.enrollment && text.step == step.step && !text.is_retry()).then_some(text)
}

/// When a retry is due whose job waits for it on the queue.
fn retry_at(lead: &Lead, step: &SendStep) -> Option<Instant> {
    let of_step = |text: &&InFlight| text.enrollment == step.enrollment && text.is_retry() && !text.is_put_off();
    lead.in_flight.as_ref().filter(of_step)?.look_at()
}

/// When a job comes again that finds the account left alone for a moment, as the provider asked to wait: the
/// texts of a run are not to wait for the next one because of one call too many.
fn soon(client: &Client, step: &SendStep) -> Option<Instant> {
    let Sending::OnHold { throttled: true, try_at: Some(try_at), .. } = &client.sending else { return None };
    let apart = TimeDelta::seconds(i64::try_from(step.lead.0.0 % SPREAD).unwrap_or_default());
    let at = *try_at + apart;
    (at < of_run(step.run) + WORTH_WAITING).then_some(at)
}

/// What a job comes to whose text came to `settled`.
fn come_again(settled: Settled) -> Delivered {
    match settled {
        Settled::Retrying { at } => Delivered::Again { at, why: "it did not go out and is tried again".to_owned() },
        Settled::Unclear { ask_at: Some(at), why } => Delivered::Again { at, why },
        Settled::Unclear { ask_at: None, why } | Settled::ForReview(why) => Delivered::GivenUp(why),
        Settled::AccountFailed(refusal) => Delivered::GivenUp(refusal.to_string()),
        settled => Delivered::Settled(settled),
    }
}

fn after_lease(called: Instant) -> Instant {
    called + leadline::domain::message::LEASE
}

fn reason_of(decision: &Decision) -> String {
    match decision {
        Decision::Send(_) => "may be sent".to_owned(),
        Decision::Wait { reason, .. } | Decision::Skip { reason, .. } | Decision::End { reason, .. } => reason.clone(),
        Decision::Refuse(refusal) => refusal.to_string(),
    }
}

fn hour_of(at: Instant) -> Instant {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

/// The moment at which a run began, which is in its id.
fn of_run(run: RunId) -> Instant {
    let millis = i64::try_from(run.0.timestamp_ms()).unwrap_or(i64::MAX);
    Instant::from_timestamp_millis(millis).unwrap_or_default()
}
