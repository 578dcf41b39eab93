//! A text's way through a lead: claimed, then settled by what can be proved of it.

use chrono::TimeDelta;

use super::{
    super::{
        Instant,
        campaign::Plan,
        contact_status::{ContactStatus, OptOut, OptOutChannel},
        ids::AttemptId,
        message::{
            ASKS, CALL_DEADLINE, ClaimedText, InFlight, InFlightState, LEASE, ProviderRefusal, RETRY_DELAYS,
            RefusalClass, SendOutcome, wait_until,
        },
        phone::PhoneNumber,
    },
    IllegalStep, Lead, NewClaim, Outcome, Settled, Waits,
};

/// Begins the reason of a review of a text that the provider took once and failed later.
pub const TAKEN_AND_FAILED: &str = "the provider took the text, and it failed: ";

/// How long a lead waits whose text the account refused: longer than a refused account is left alone
/// at first.
const AFTER_A_REFUSED_ACCOUNT: TimeDelta = TimeDelta::minutes(20);

impl Lead {
    /// Claims a text. The proof that comes back is worth something once this lead is written.
    ///
    /// # Errors
    /// [`IllegalStep`] when a text is on its way, the enrollment is elsewhere, or the person said no.
    pub fn claim(&mut self, claim: NewClaim, now: Instant) -> Result<ClaimedText, IllegalStep> {
        if self.standing != ContactStatus::Open {
            return Err(IllegalStep::ContactStatus);
        }
        if self.booking_ahead(now).or_else(|| self.booking_requested(now)).is_some() {
            return Err(IllegalStep::Booking);
        }
        let enrollment = self.enrollment(claim.enrollment).ok_or(IllegalStep::NoEnrollment(claim.enrollment))?;
        if enrollment.step != claim.step {
            return Err(IllegalStep::OtherStep { at: enrollment.step, asked: claim.step });
        }
        let campaign = enrollment.campaign.clone();
        let (tries, put_off) = match &self.in_flight {
            None => (1, 0),
            Some(text) => match text.state {
                InFlightState::RetryScheduled { at } if at <= now => {
                    let same = text.enrollment == claim.enrollment && text.step == claim.step;
                    // Another sequence's turn: the text that provably did not go out begins anew after it.
                    if same { (text.tries + 1, text.put_off) } else { (1, 0) }
                }
                _ => return Err(IllegalStep::InFlight(text.attempt)),
            },
        };
        let until = now + LEASE;
        let text = InFlight {
            attempt: claim.attempt,
            enrollment: claim.enrollment,
            step: claim.step,
            to: claim.to,
            text: claim.text,
            at: now,
            expires_at: claim.expires_at,
            hours: claim.hours,
            run: claim.run,
            tries,
            put_off,
            state: InFlightState::Claimed { until },
            account: None,
        };
        let claimed = ClaimedText::new(&text, self.id, campaign, until);
        self.unpark(now);
        self.in_flight = Some(text);
        Ok(claimed)
    }

    /// Records what can be proved of the text on its way, and moves on. `plan` is the version that its
    /// enrollment is pinned to; one that has ended needs none.
    ///
    /// # Errors
    /// [`IllegalStep::OtherAttempt`] when another attempt, or none, is on its way;
    /// [`IllegalStep::NotSentBefore`] when this one was settled as not sent and is now said to be
    /// anything but sent; [`IllegalStep::NoPlan`] without the plan of a live enrollment.
    pub fn settle(
        &mut self,
        attempt: AttemptId,
        outcome: SendOutcome,
        plan: Option<&Plan>,
        now: Instant,
    ) -> Result<Settled, IllegalStep> {
        let text = self.in_flight.as_ref().filter(|text| text.attempt == attempt);
        let text = text.ok_or(IllegalStep::OtherAttempt(attempt))?;
        if text.is_retry() && !matches!(outcome, SendOutcome::Accepted { .. }) {
            return Err(IllegalStep::NotSentBefore(attempt));
        }
        if plan.is_none() && self.enrollment(text.enrollment).is_some() {
            return Err(IllegalStep::NoPlan(text.enrollment));
        }
        let Some(text) = self.in_flight.take() else { return Err(IllegalStep::OtherAttempt(attempt)) };
        Ok(match outcome {
            SendOutcome::Accepted { .. } => self.advance(&text, plan, now),
            SendOutcome::Refused(refusal) => self.refused(&text, refusal, now),
            SendOutcome::NotSent { why } => self.not_sent(text, &why, now),
            SendOutcome::Throttled { why, retry_after } => self.put_off(text, why, retry_after, now),
            SendOutcome::Failed { problem, .. } => self.failed(&text, problem, now),
            SendOutcome::Unknown { why } => self.unclear(text, why, now),
        })
    }

    fn advance(&mut self, text: &InFlight, plan: Option<&Plan>, now: Instant) -> Settled {
        self.counts_towards_limits(now);
        let Some(enrollment) = self.enrollments.iter_mut().find(|found| found.id == text.enrollment) else {
            if let Some(past) = self.history.iter_mut().find(|past| past.id == text.enrollment) {
                past.sent += 1;
                past.step = past.step.max(text.step.saturating_add(1));
            }
            return Settled::Recorded;
        };
        enrollment.sent += 1;
        enrollment.last_sent_at = Some(now);
        enrollment.counts_from = None;
        if let Some((plan, next)) = plan.and_then(|plan| Some((plan, plan.after(text.step)?))) {
            enrollment.step = next.step;
            // What a person must look at waits for that person still.
            if matches!(enrollment.waits, Waits::Until(_)) {
                enrollment.waits = Waits::Until(plan.first_look(next, now));
            }
            Settled::Advanced
        } else {
            self.end(text.enrollment, Outcome::Completed, "the last text was sent", now);
            Settled::Completed
        }
    }

    fn refused(&mut self, text: &InFlight, refusal: ProviderRefusal, now: Instant) -> Settled {
        // What is refused for another number, such as the test phone, says nothing about this person.
        let own_number = self.phone.as_ref() == Some(&text.to);
        let over = self.enrollment(text.enrollment).is_none();
        match refusal.class {
            RefusalClass::Content if over => Settled::Recorded,
            RefusalClass::Recipient | RefusalClass::OptedOut if !own_number && over => Settled::Recorded,
            RefusalClass::Recipient | RefusalClass::OptedOut if !own_number => {
                let reason = format!("refused for another number than the lead's: {refusal}");
                self.review(text.enrollment, &reason, now);
                Settled::ForReview(reason)
            }
            RefusalClass::Recipient => {
                self.end_all(Outcome::Undeliverable, &refusal.to_string(), now);
                Settled::Undeliverable(refusal)
            }
            RefusalClass::OptedOut => {
                self.opt_out(OptOut { at: now, channel: OptOutChannel::Provider, words: None }, now);
                Settled::OptedOut(refusal)
            }
            RefusalClass::Content => {
                let reason = refusal.to_string();
                self.review(text.enrollment, &reason, now);
                Settled::ForReview(reason)
            }
            RefusalClass::Configuration => {
                // It may be about this number after all: the next text that is tried is another one's.
                let waiting =
                    self.enrollment(text.enrollment).is_some_and(|live| matches!(live.waits, Waits::Until(_)));
                if waiting {
                    self.wait(text.enrollment, now + AFTER_A_REFUSED_ACCOUNT);
                }
                Settled::AccountRefused(refusal)
            }
        }
    }

    /// Writes what it means that a text which the provider took did not arrive at `to`, for a reason that
    /// stands. Gives whether anything changed.
    pub fn did_not_arrive(&mut self, to: Option<&PhoneNumber>, refusal: &ProviderRefusal, now: Instant) -> bool {
        // The test phone's trouble says nothing about this person.
        if to.is_none() || to != self.phone.as_ref() {
            return false;
        }
        match refusal.class {
            RefusalClass::OptedOut if !matches!(self.standing, ContactStatus::OptedOut(_)) => {
                self.opt_out(OptOut { at: now, channel: OptOutChannel::Provider, words: None }, now);
                true
            }
            RefusalClass::Recipient => !self.end_all(Outcome::Undeliverable, &refusal.to_string(), now).is_empty(),
            // What was taken once is not sent again, so nothing follows for this lead.
            RefusalClass::OptedOut | RefusalClass::Content | RefusalClass::Configuration => false,
        }
    }

    /// Writes what it means that the provider took a text which failed later. It was accepted once, so no
    /// class of failure has it sent again without a person.
    fn failed(&mut self, text: &InFlight, problem: Result<ProviderRefusal, String>, now: Instant) -> Settled {
        // It was accepted, and what is said of it afterwards is not always true: the person may have it.
        self.counts_towards_limits(now);
        let (words, account) = match problem {
            Ok(refusal) => match refusal.class {
                RefusalClass::Recipient | RefusalClass::OptedOut => return self.refused(text, refusal, now),
                RefusalClass::Content => (refusal.to_string(), None),
                RefusalClass::Configuration => (refusal.to_string(), Some(refusal)),
            },
            Err(words) => (words, None),
        };
        let reason = format!("{TAKEN_AND_FAILED}{words}");
        let waits = self.waits_for_itself(text);
        if waits {
            self.review(text.enrollment, &reason, now);
        }
        match account {
            Some(refusal) => Settled::AccountFailed(refusal),
            None if waits => Settled::ForReview(reason),
            None => Settled::Recorded,
        }
    }

    /// Notes a text that the provider accepted, for the limits per number.
    fn counts_towards_limits(&mut self, now: Instant) {
        self.recent.retain(|sent| now - *sent < TimeDelta::hours(24));
        self.recent.push(now);
    }

    /// Returns `true` if the text's sequence is live and waits for no person.
    fn waits_for_itself(&self, text: &InFlight) -> bool {
        self.enrollment(text.enrollment).is_some_and(|live| matches!(live.waits, Waits::Until(_)))
    }

    /// The provider asked to wait: the claim was no try.
    fn put_off(&mut self, mut text: InFlight, why: String, retry_after: Option<TimeDelta>, now: Instant) -> Settled {
        if !self.waits_for_itself(&text) {
            return Settled::Recorded;
        }
        let at = wait_until(text.put_off, retry_after, text.attempt, now);
        text.tries = text.tries.saturating_sub(1);
        text.put_off = text.put_off.saturating_add(1);
        text.state = InFlightState::RetryScheduled { at };
        self.in_flight = Some(text);
        Settled::PutOff { at, why, retry_after }
    }

    fn not_sent(&mut self, mut text: InFlight, why: &str, now: Instant) -> Settled {
        if !self.waits_for_itself(&text) {
            return Settled::Recorded;
        }
        // Its job stays on the queue from here on.
        text.put_off = 0;
        match RETRY_DELAYS.get(usize::from(text.tries.saturating_sub(1))) {
            Some(delay) => {
                let at = now + *delay;
                text.state = InFlightState::RetryScheduled { at };
                self.in_flight = Some(text);
                Settled::Retrying { at }
            }
            None => {
                let reason = format!("not sent in {} tries: {why}", text.tries);
                self.review(text.enrollment, &reason, now);
                Settled::ForReview(reason)
            }
        }
    }

    fn unclear(&mut self, mut text: InFlight, why: String, now: Instant) -> Settled {
        let ask_at = Some(now + ASKS[0]);
        text.state = InFlightState::Unknown { since: now, why: why.clone(), asked: 0, ask_at };
        self.in_flight = Some(text);
        Settled::Unclear { ask_at, why }
    }

    /// Marks a text unclear whose sender never came back, and gives when the provider is asked for it.
    /// `None` if it has a sender still, or none is on its way. A sender that lives to write its request
    /// does so before its lease ends, so the call is over a call's deadline after that.
    pub fn lose_track(&mut self, now: Instant) -> Option<Instant> {
        let text = self.in_flight.as_mut()?;
        match text.state {
            InFlightState::Claimed { until } if until <= now => {
                let why = "the sender ended between the claim and the answer".to_owned();
                let since = until + CALL_DEADLINE;
                let ask_at = since + ASKS[0];
                text.state = InFlightState::Unknown { since, why, asked: 0, ask_at: Some(ask_at) };
                Some(ask_at)
            }
            _ => None,
        }
    }

    /// Notes that the provider was asked and nothing is proved: it is asked again, or after the last
    /// time a person must say what became of the text.
    ///
    /// # Errors
    /// [`IllegalStep::OtherAttempt`] when this attempt does not wait for an answer,
    /// [`IllegalStep::TooSoon`] before it is time to ask.
    pub fn ask_again(&mut self, attempt: AttemptId, now: Instant) -> Result<Settled, IllegalStep> {
        let text = self.in_flight.as_mut().filter(|text| text.attempt == attempt);
        match text.map(|text| &mut text.state) {
            Some(InFlightState::Unknown { ask_at: Some(at), .. }) if now < *at => Err(IllegalStep::TooSoon(*at)),
            Some(InFlightState::Unknown { since, why, asked, ask_at: ask_at @ Some(_) }) => {
                *asked += 1;
                // Asked late, it is asked again no sooner than asking in time would have been.
                *ask_at = ASKS.iter().map(|after| *since + *after).find(|at| *at > now);
                Ok(Settled::Unclear { ask_at: *ask_at, why: why.clone() })
            }
            _ => Err(IllegalStep::OtherAttempt(attempt)),
        }
    }
}
