//! A text's way through a lead: claimed, then settled by what can be proved of it.

use super::{
    super::{
        Instant,
        campaign::Plan,
        ids::AttemptId,
        message::{
            ClaimedText, InFlight, InFlightState, LEASE, ProviderRefusal, RETRY_DELAYS, RefusalClass, SendOutcome,
        },
        standing::{OptOut, OptOutChannel, Standing},
    },
    IllegalStep, Lead, NewClaim, Outcome, Settled, Waits,
};

impl Lead {
    /// Claims a text. The proof that comes back is worth something once this lead is written.
    ///
    /// # Errors
    /// [`IllegalStep`] when a text is on its way, the enrollment is elsewhere, or the person said no.
    pub fn claim(&mut self, claim: NewClaim, now: Instant) -> Result<ClaimedText, IllegalStep> {
        if self.standing != Standing::Open {
            return Err(IllegalStep::Standing);
        }
        let enrollment = self.enrollment(claim.enrollment).ok_or(IllegalStep::NoEnrollment(claim.enrollment))?;
        if enrollment.step != claim.step {
            return Err(IllegalStep::OtherStep { at: enrollment.step, asked: claim.step });
        }
        let campaign = enrollment.campaign.clone();
        let tries = match &self.in_flight {
            None => 1,
            Some(text) => match text.state {
                InFlightState::RetryScheduled { at } if at <= now => {
                    let same = text.enrollment == claim.enrollment && text.step == claim.step;
                    // Another sequence's turn: the text that provably did not go out begins anew after it.
                    if same { text.tries + 1 } else { 1 }
                }
                _ => return Err(IllegalStep::InFlight(text.attempt)),
            },
        };
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
            state: InFlightState::Claimed { until: now + LEASE },
        };
        let claimed = ClaimedText::new(&text, campaign);
        self.in_flight = Some(text);
        Ok(claimed)
    }

    /// Records what can be proved of the text on its way, and moves on.
    ///
    /// # Errors
    /// [`IllegalStep::OtherAttempt`] when another attempt, or none, is on its way.
    pub fn settle(
        &mut self,
        attempt: AttemptId,
        outcome: SendOutcome,
        plan: &Plan,
        now: Instant,
    ) -> Result<Settled, IllegalStep> {
        let Some(text) = self.in_flight.take_if(|text| text.attempt == attempt) else {
            return Err(IllegalStep::OtherAttempt(attempt));
        };
        Ok(match outcome {
            SendOutcome::Accepted { .. } => self.advance(&text, plan, now),
            SendOutcome::Refused(refusal) => self.refused(&text, refusal, now),
            SendOutcome::NotSent { why } => self.not_sent(text, &why, now),
            SendOutcome::Unknown { why } => self.unclear(text, why, now),
        })
    }

    fn advance(&mut self, text: &InFlight, plan: &Plan, now: Instant) -> Settled {
        self.recent.retain(|sent| now - *sent < chrono::TimeDelta::hours(24));
        self.recent.push(now);
        let Some(enrollment) = self.enrollments.iter_mut().find(|found| found.id == text.enrollment) else {
            if let Some(past) = self.history.iter_mut().find(|past| past.id == text.enrollment) {
                past.sent += 1;
            }
            return Settled::Recorded;
        };
        enrollment.sent += 1;
        enrollment.last_sent_at = Some(now);
        if let Some(next) = plan.after(text.step) {
            enrollment.step = next.step;
            enrollment.waits = Waits::Until(now + next.delay());
            Settled::Advanced
        } else {
            self.end(text.enrollment, Outcome::Completed, "the last text was sent", now);
            Settled::Completed
        }
    }

    fn refused(&mut self, text: &InFlight, refusal: ProviderRefusal, now: Instant) -> Settled {
        // What is refused for another number, such as the test phone, says nothing about this person.
        let own_number = self.phone.as_ref() == Some(&text.to);
        match refusal.class {
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
            RefusalClass::Configuration => Settled::AccountRefused(refusal),
        }
    }

    fn not_sent(&mut self, mut text: InFlight, why: &str, now: Instant) -> Settled {
        if self.enrollment(text.enrollment).is_none() {
            return Settled::Recorded;
        }
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
        text.state = InFlightState::Unknown { since: now, why: why.clone() };
        self.in_flight = Some(text);
        Settled::Unclear(why)
    }

    /// Marks a text unclear whose sender never came back. Gives its attempt, or `None` if it has
    /// a sender still, or none is on its way.
    pub fn lose_track(&mut self, now: Instant) -> Option<AttemptId> {
        let text = self.in_flight.as_mut()?;
        match text.state {
            InFlightState::Claimed { until } if until <= now => {
                let why = "the sender ended between the claim and the answer".to_owned();
                text.state = InFlightState::Unknown { since: now, why };
                Some(text.attempt)
            }
            _ => None,
        }
    }
}
