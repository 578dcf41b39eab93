//! Steps that are passed over, and campaigns that are entered again.

use super::{
    super::{
        Instant,
        ids::{CampaignId, EnrollmentId},
    },
    Enrollment, Lead, Outcome, PastEnrollment,
};

impl Lead {
    /// Passes over the step that an enrollment is at, which was due at `due`: `next` is its step from now
    /// on, and the delay of that counts from then. Gives whether it did: a step whose text is with a sender
    /// or may have gone out is not passed over.
    pub fn pass_over(&mut self, id: EnrollmentId, due: Instant, next: u16) -> bool {
        if self.in_flight.as_ref().is_some_and(|text| text.enrollment == id && !text.is_retry()) {
            return false;
        }
        let Some(enrollment) = self.enrollments.iter_mut().find(|found| found.id == id) else { return false };
        if next <= enrollment.step {
            return false;
        }
        enrollment.step = next;
        enrollment.counts_from = Some(due);
        self.in_flight.take_if(|text| text.enrollment == id);
        true
    }

    /// Makes room for another enrollment in a campaign: of those that ended in it the lead keeps the last,
    /// with a count of the others, and what something may still ask for. It stays under one kilobyte; all of
    /// them are in its journey.
    pub fn make_room(&mut self, campaign: &CampaignId) {
        let Some(mut last) = self.history.iter().rposition(|past| past.campaign == *campaign) else { return };
        // Whether somebody may enter again is told by the last one that they had.
        let had = self.history.iter().rfind(|past| past.campaign == *campaign && past.had_it()).map(|past| past.id);
        let asked_for = [had, self.in_flight.as_ref().map(|text| text.enrollment), self.may_resume];
        let goes = |past: &PastEnrollment| {
            past.campaign == *campaign && past.outcome != Outcome::OptedOut && !asked_for.contains(&Some(past.id))
        };
        while let Some(at) = self.history[..last].iter().position(goes) {
            let gone = self.history.remove(at);
            last -= 1;
            let earlier = &mut self.history[last].earlier;
            *earlier.entry(gone.outcome).or_default() += 1;
            for (outcome, times) in gone.earlier {
                *earlier.entry(outcome).or_default() += times;
            }
        }
    }
}

impl Enrollment {
    /// How it ends when no step is left that may still be sent, and why.
    #[must_use]
    pub fn without_more(&self) -> (Outcome, &'static str) {
        if self.sent > 0 {
            (Outcome::Completed, "the texts that were left came too late and were passed over")
        } else {
            (Outcome::Expired, "every text came too late")
        }
    }
}

impl PastEnrollment {
    /// Whether the person had it: a text, or an end that says what the person wants.
    #[must_use]
    pub fn had_it(&self) -> bool {
        self.sent > 0
            || match self.outcome {
                Outcome::Completed | Outcome::OptedOut | Outcome::Replied | Outcome::Booked | Outcome::Purchased => {
                    true
                }
                Outcome::Expired | Outcome::Undeliverable | Outcome::Abandoned | Outcome::CampaignDeleted => false,
            }
    }
}
