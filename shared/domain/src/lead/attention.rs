//! What a lead waits for that only a person can give: an answer, or a decision. Computed from the lead's
//! state alone, so that it cannot differ from what is stored.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Instant,
        contact_status::ContactStatus,
        message::{InFlight, InFlightState},
    },
    Lead, Waits,
};

/// What a lead waits for that only a person can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The person wrote something that somebody should answer.
    Unanswered,
    /// The lead is held until somebody decides.
    Held,
    /// An enrollment waits for review.
    Review,
    /// Nobody but a person can find out whether a text went out.
    Unclear,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unanswered, Self::Held, Self::Review, Self::Unclear];
}

/// What a lead waits for, each since when. It always waits for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// Since when it waits for anything.
    pub since: Instant,
    /// What for, each since when.
    pub needs: BTreeMap<Need, Instant>,
    /// Whether there is a reply that nobody was told of.
    pub untold: bool,
}

/// Replies of a person that nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// When the first of them came.
    pub since: Instant,
    /// When the last one came, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Instant>,
    /// When the first one came that nobody was told of, if there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Instant>,
}

impl Unanswered {
    /// When the last reply came.
    #[must_use]
    pub fn last(&self) -> Instant {
        self.last.unwrap_or(self.since)
    }
}

impl Lead {
    /// What it waits for that only a person can give. `None` if nothing.
    #[must_use]
    pub fn attention(&self) -> Option<Attention> {
        let held = match &self.standing {
            ContactStatus::Held { since, .. } => Some(*since),
            ContactStatus::Open | ContactStatus::OptedOut(_) => None,
        };
        let review = self.enrollments.iter().filter_map(|live| match live.waits {
            Waits::ForReview { since, .. } => Some(since),
            Waits::Until(_) => None,
        });
        let unclear = match &self.in_flight {
            Some(InFlight { state: InFlightState::Unknown { since, ask_at: None, .. }, .. }) => Some(*since),
            Some(_) | None => None,
        };
        let all = [
            (Need::Unanswered, self.unanswered.as_ref().map(|unanswered| unanswered.since)),
            (Need::Held, held),
            (Need::Review, review.min()),
            (Need::Unclear, unclear),
        ];
        let needs: BTreeMap<Need, Instant> = all.into_iter().filter_map(|(need, since)| Some((need, since?))).collect();
        let untold = self.unanswered.as_ref().is_some_and(|unanswered| unanswered.untold.is_some());
        needs.values().min().copied().map(|since| Attention { since, needs, untold })
    }

    /// Notes a reply that somebody should answer, and that nobody was told of yet.
    pub fn await_answer(&mut self, at: Instant) {
        match &mut self.unanswered {
            None => self.unanswered = Some(Unanswered { since: at, last: None, untold: Some(at) }),
            Some(before) => {
                let last = before.last().max(at);
                // An event that was put off may be older than what is known.
                before.since = before.since.min(at);
                before.last = (last > before.since).then_some(last);
                before.untold = Some(before.untold.map_or(at, |untold| untold.min(at)));
            }
        }
    }

    /// Notes that somebody was told of every reply from `from` up to `until`. One that came later is still to be
    /// told, and so is one of before `from` that was processed late. Returns `true` if anything changed.
    pub fn told_of_replies(&mut self, from: Instant, until: Instant) -> bool {
        let Some(unanswered) = &mut self.unanswered else { return false };
        if !unanswered.untold.is_some_and(|untold| from <= untold && untold <= until) {
            return false;
        }
        // Moments are kept by the millisecond.
        unanswered.untold = (unanswered.last() > until).then(|| until + TimeDelta::milliseconds(1));
        true
    }

    /// Notes that its replies were answered. Returns `true` if there were any.
    pub fn answered(&mut self) -> bool {
        self.unanswered.take().is_some()
    }

    /// Notes what answers every reply before `at`: a text that somebody wrote by hand, a booking. Returns
    /// `true` if replies waited for an answer and none of them came later.
    pub fn answered_up_to(&mut self, at: Instant) -> bool {
        self.unanswered.take_if(|unanswered| unanswered.last() <= at).is_some()
    }
}

#[cfg(test)]
mod tests;
