//! A lead: everything that decides whether one person is texted, moved only by the functions below.
//!
//! It is stored as one item and written under its revision, so whatever happens at the same moment
//! (a claim, an opt-out, a booking, another claim) is ordered, and the loser reads again.

mod attention;
mod bookings;
mod hold;
mod pass;
mod settle;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    booking::Booking,
    contact_status::{ContactStatus, OptOut, OptOutChannel},
    counts::Change,
    ids::{AttemptId, CampaignId, ClientId, EnrollmentId, LeadId, RunId},
    message::{InFlight, InFlightState, ProviderRefusal, QUEUE_FIRST},
    phone::PhoneNumber,
};

pub use attention::{Attention, Need, Unanswered};
pub use bookings::Heard;
pub use settle::TAKEN_AND_FAILED;

/// One person known to one client. Written twice for every text, so what is empty is left out: it
/// stays under one kilobyte, which is what a write unit covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Its id.
    pub id: LeadId,
    /// Whose lead it is.
    pub client: ClientId,
    /// Where it can be texted.
    pub phone: Option<PhoneNumber>,
    /// Whether it may be texted at all.
    #[serde(default, skip_serializing_if = "ContactStatus::is_open")]
    pub standing: ContactStatus,
    /// The sequences it is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrollments: Vec<Enrollment>,
    /// The sequences it was in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastEnrollment>,
    /// The text on its way, of which there is at most one.
    #[serde(default)]
    pub in_flight: Option<InFlight>,
    /// The enrollment that goes on if the booking which ended it is called off. Whatever says more than a
    /// booking, such as a reply or a purchase, takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_resume: Option<EnrollmentId>,
    /// When texts were accepted in the last 24 hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Instant>,
    /// The last few bookings that are known of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bookings: Vec<Booking>,
    /// Replies that nobody has answered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
    /// What its campaigns' counters do not say yet. A save counts it, and leaves it out of what it writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncounted: Vec<Change>,
}

/// One lead in one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrollment {
    /// Its id.
    pub id: EnrollmentId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The version of the campaign that it is pinned to.
    pub version: u32,
    /// The step that is sent next.
    pub step: u16,
    /// When the form came in.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub imported_at: Instant,
    /// What it waits for.
    pub waits: Waits,
    /// Texts accepted so far.
    pub sent: u16,
    /// When the last one was.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_sent_at: Option<Instant>,
    /// When the step before was due, if it was passed over: the next delay counts from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub counts_from: Option<Instant>,
    /// What `{{message}}` stands for: the words of a text that is sent by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether it waits for its campaign to be resumed, out of the way of what is due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parked: bool,
}

/// Where a lead stands in the index of what runs look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is looked at from this moment on.
    Due(Instant),
    /// It is looked at once its campaign is paused no more, and from `until` on in any case.
    Parked {
        /// The campaign.
        campaign: CampaignId,
        /// When its time has come.
        until: Instant,
    },
}

/// What an enrollment waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// A moment, at which it is decided on.
    Until(Instant),
    /// A person, who must look at it first.
    ForReview {
        /// Why, in words.
        reason: String,
        /// Since when.
        since: Instant,
    },
}

/// An enrollment that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastEnrollment {
    /// Its id.
    pub id: EnrollmentId,
    /// The campaign.
    pub campaign: CampaignId,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub enrolled_at: Instant,
    /// When it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub completed_at: Instant,
    /// Texts accepted.
    pub sent: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: String,
    /// The version of the campaign that it was pinned to; 0 where a release of before did not keep it,
    /// and for a single text.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub version: u32,
    /// The step that was next.
    #[serde(default, skip_serializing_if = "is_zero_u16")]
    pub step: u16,
    /// How the enrollments in the same campaign ended that were before it and are not kept any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub earlier: BTreeMap<Outcome, u32>,
}

fn is_zero_u32(number: &u32) -> bool {
    *number == 0
}

fn is_zero_u16(number: &u16) -> bool {
    *number == 0
}

/// How an enrollment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Outcome {
    /// The last text went out.
    Completed,
    /// The person booked.
    Booked,
    /// The person said no.
    OptedOut,
    /// The person answered.
    Replied,
    /// The first text could not go out in time.
    Expired,
    /// The number cannot be texted.
    Undeliverable,
    /// The person bought.
    Purchased,
    /// Ended by a person, or because it is not followed up any more.
    Abandoned,
    /// The campaign was deactivated.
    CampaignDeleted,
}

/// How far the texting of a lead has come, for people (requirements A4, A12, A13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SmsStatus {
    /// Nothing was sent for the step that is next.
    #[serde(rename = "Not Sent")]
    NotSent,
    /// A sender has it.
    Sending,
    /// It did not go out and is tried again.
    #[serde(rename = "Retry Scheduled")]
    RetryScheduled,
    /// Nobody can say whether it went out.
    Unclear,
    /// It went out.
    Sent,
    /// Someone must look.
    #[serde(rename = "Failed - Manual Review")]
    Failed,
}

/// A step that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalStep {
    /// There is a text on its way already.
    #[error("attempt {0} is on its way")]
    InFlight(AttemptId),
    /// The enrollment is not live.
    #[error("the lead is not in enrollment {0}")]
    NoEnrollment(EnrollmentId),
    /// The enrollment is at another step.
    #[error("the enrollment is at step {at}, not {asked}")]
    OtherStep {
        /// Where it is.
        at: u16,
        /// What was asked.
        asked: u16,
    },
    /// The person may not be texted.
    #[error("the lead's standing forbids it")]
    ContactStatus,
    /// The person has booked, or asked to.
    #[error("the person has an appointment ahead, or has asked for one")]
    Booking,
    /// The attempt to settle is not the one on its way.
    #[error("attempt {0} is not the one on its way")]
    OtherAttempt(AttemptId),
    /// It was settled as not sent; only proof that it was sent changes that.
    #[error("attempt {0} was settled as not sent")]
    NotSentBefore(AttemptId),
    /// What comes after the step is not known.
    #[error("the version of the campaign that enrollment {0} is pinned to is not there")]
    NoPlan(EnrollmentId),
    /// The provider is asked only later.
    #[error("the provider is asked at {0}, not before")]
    TooSoon(Instant),
    /// The enrollment waits for no person.
    #[error("enrollment {0} does not wait for review")]
    NotForReview(EnrollmentId),
}

/// What a claim is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// The id of this try.
    pub attempt: AttemptId,
    /// The run that makes it.
    pub run: RunId,
    /// The enrollment.
    pub enrollment: EnrollmentId,
    /// The step.
    pub step: u16,
    /// Where it goes.
    pub to: PhoneNumber,
    /// Exactly what is sent.
    pub text: String,
    /// Until when it may leave.
    pub expires_at: Instant,
    /// The hours that were open, and where the zones come from.
    pub hours: String,
}

/// What settling a text led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It went out and the enrollment waits for its next step.
    Advanced,
    /// It went out and was the last one.
    Completed,
    /// It went out, and meanwhile the enrollment had ended.
    Recorded,
    /// It did not go out and is tried again.
    Retrying {
        /// Not before.
        at: Instant,
    },
    /// The provider asked to wait: it did not go out, no try is used up, and a run takes it up again.
    PutOff {
        /// Not before.
        at: Instant,
        /// Why, in words.
        why: String,
        /// How long the provider asks to wait, where it says so.
        retry_after: Option<chrono::TimeDelta>,
    },
    /// It did not go out in any try and waits for a person.
    ForReview(String),
    /// It may have gone out.
    Unclear {
        /// When the provider is asked; `None`: a person must say what became of it.
        ask_at: Option<Instant>,
        /// Why nothing is known.
        why: String,
    },
    /// Someone else settled it before: a receipt of the provider came first.
    Already,
    /// The number cannot be texted; all its enrollments ended.
    Undeliverable(ProviderRefusal),
    /// The provider holds an opt-out, which is ours now.
    OptedOut(ProviderRefusal),
    /// The account cannot send; the step is due again.
    AccountRefused(ProviderRefusal),
    /// The account took the text and failed it later, as it cannot send; the step waits for a person.
    AccountFailed(ProviderRefusal),
}

impl Lead {
    /// A lead that nothing is known of yet.
    #[must_use]
    pub fn new(id: LeadId, client: ClientId) -> Self {
        Self {
            id,
            client,
            phone: None,
            standing: ContactStatus::Open,
            enrollments: Vec::new(),
            history: Vec::new(),
            in_flight: None,
            may_resume: None,
            recent: Vec::new(),
            bookings: Vec::new(),
            unanswered: None,
            uncounted: Vec::new(),
        }
    }

    /// A live enrollment.
    #[must_use]
    pub fn enrollment(&self, id: EnrollmentId) -> Option<&Enrollment> {
        self.enrollments.iter().find(|found| found.id == id)
    }

    /// When a run must next decide on this lead, if ever. While a text is on
    /// its way nothing else can go, and its own job comes back on the queue: the index is the net
    /// below, in case that job was lost. A claim leaves the key where it is, which costs nothing. A lead
    /// that is held waits for a person, who lifts the hold: no run has to look at it.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let waiting = self.enrollments.iter().filter_map(Enrollment::waits_until);
        let held = matches!(self.standing, ContactStatus::Held { .. });
        match self.in_flight.as_ref().map(|text| &text.state) {
            None | Some(InFlightState::RetryScheduled { .. }) if held => None,
            None => waiting.min(),
            Some(InFlightState::Claimed { until }) => Some(waiting.min().map_or(*until, |at| at.min(*until))),
            Some(InFlightState::RetryScheduled { at }) => {
                let put_off = self.in_flight.as_ref().is_some_and(InFlight::is_put_off);
                let from = if put_off { *at } else { *at + QUEUE_FIRST };
                waiting.min().map(|waits| waits.max(from))
            }
            Some(InFlightState::Unknown { ask_at, .. }) => ask_at.map(|at| at + QUEUE_FIRST),
        }
    }

    /// Where it stands in the index: by when a run must next decide on it or count what it carries
    /// uncounted; else where it is parked.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let due = self.due().into_iter().chain(self.uncounted.first().map(|change| change.at)).min();
        let parked = || {
            let parked = self.enrollments.iter().find(|live| live.parked)?;
            let Waits::Until(until) = parked.waits else { return None };
            let held = matches!(self.standing, ContactStatus::Held { .. });
            (!held).then(|| Place::Parked { campaign: parked.campaign.clone(), until })
        };
        due.map(Place::Due).or_else(parked)
    }

    /// The text on its way that nobody looks after at `now`: its sender is gone, or it is time to ask
    /// the provider for it.
    #[must_use]
    pub fn left_alone(&self, now: Instant) -> Option<&InFlight> {
        self.in_flight.as_ref().filter(|text| !text.is_retry() && text.look_at().is_some_and(|at| at <= now))
    }

    /// The campaign of an enrollment, live or ended.
    #[must_use]
    pub fn campaign_of(&self, id: EnrollmentId) -> Option<&CampaignId> {
        let past = || self.history.iter().find(|past| past.id == id).map(|past| &past.campaign);
        self.enrollment(id).map(|live| &live.campaign).or_else(past)
    }

    /// The enrollment whose turn it is at `now`: the one that has waited longest.
    #[must_use]
    pub fn due_enrollment(&self, now: Instant) -> Option<&Enrollment> {
        let due = |enrollment: &&Enrollment| enrollment.waits_until().filter(|at| *at <= now);
        self.enrollments.iter().filter(|e| due(e).is_some()).min_by_key(|e| due(e))
    }

    /// How far the texting has come.
    #[must_use]
    pub fn sms_status(&self) -> SmsStatus {
        match self.in_flight.as_ref().map(|text| &text.state) {
            Some(InFlightState::Claimed { .. }) => return SmsStatus::Sending,
            Some(InFlightState::RetryScheduled { .. }) => return SmsStatus::RetryScheduled,
            Some(InFlightState::Unknown { .. }) => return SmsStatus::Unclear,
            None => {}
        }
        if self.enrollments.iter().any(|e| matches!(e.waits, Waits::ForReview { .. })) {
            return SmsStatus::Failed;
        }
        let sent = self.enrollments.iter().any(|e| e.sent > 0) || self.history.iter().any(|past| past.sent > 0);
        if sent { SmsStatus::Sent } else { SmsStatus::NotSent }
    }

    /// Where the lead stands as a whole, for people: `New`, `In Sequence`, `Error - Review Required`,
    /// or how its last sequence ended.
    #[must_use]
    pub fn processing_status(&self) -> String {
        let unclear =
            matches!(self.in_flight, Some(InFlight { state: InFlightState::Unknown { ask_at: None, .. }, .. }));
        let review = self.enrollments.iter().any(|e| matches!(e.waits, Waits::ForReview { .. }));
        if unclear || review {
            "Error - Review Required".to_owned()
        } else if self.enrollments.iter().any(|e| e.sent > 0) {
            "In Sequence".to_owned()
        } else if !self.enrollments.is_empty() {
            "New".to_owned()
        } else {
            self.history.last().map_or_else(|| "Not Enrolled".to_owned(), |past| format!("Ended: {}", past.outcome))
        }
    }

    /// Puts the lead into a campaign.
    pub fn enroll(&mut self, enrollment: Enrollment) {
        let id = enrollment.id;
        if self.enrollment(id).is_some() {
            return;
        }
        let at = enrollment.imported_at;
        self.unpark(at);
        self.uncounted.push(Change { campaign: enrollment.campaign.clone(), at, left: None });
        self.enrollments.push(enrollment);
        if matches!(self.standing, ContactStatus::OptedOut(_)) {
            self.end(id, Outcome::OptedOut, "the person had opted out before", at);
        }
    }

    /// Ends one enrollment, with its history entry. Does nothing if it is not live.
    pub fn end(&mut self, id: EnrollmentId, outcome: Outcome, reason: &str, now: Instant) {
        if let Some(at) = self.enrollments.iter().position(|found| found.id == id) {
            let ended = self.enrollments.remove(at);
            self.uncounted.push(Change { campaign: ended.campaign.clone(), at: now, left: Some(outcome) });
            self.history.push(PastEnrollment {
                id,
                campaign: ended.campaign,
                enrolled_at: ended.imported_at,
                completed_at: now,
                sent: ended.sent,
                outcome,
                reason: reason.to_owned(),
                // A single text is not taken up again: its words are gone with it.
                version: if ended.message.is_some() { 0 } else { ended.version },
                step: ended.step,
                earlier: BTreeMap::new(),
            });
        }
        let waiting_retry = self.in_flight.as_ref().is_some_and(|text| text.enrollment == id && text.is_retry());
        if waiting_retry {
            self.in_flight = None;
        }
    }

    /// Ends every enrollment for the same cause. Gives the campaigns that were left.
    pub fn end_all(&mut self, outcome: Outcome, reason: &str, now: Instant) -> Vec<CampaignId> {
        let live: Vec<_> = self.enrollments.iter().map(|e| (e.id, e.campaign.clone())).collect();
        for (id, _) in &live {
            self.end(*id, outcome, reason, now);
        }
        live.into_iter().map(|(_, campaign)| campaign).collect()
    }

    /// Records a no and ends everything. A no that stands already keeps its first proof.
    pub fn opt_out(&mut self, opt_out: OptOut, now: Instant) -> Vec<CampaignId> {
        let reason = opt_out.channel.reason();
        self.may_resume = None;
        self.unanswered = None;
        match &mut self.standing {
            // What a threat adds to a no that stands is that nobody lifts it by a word.
            ContactStatus::OptedOut(no) if opt_out.channel == OptOutChannel::Legal => no.channel = OptOutChannel::Legal,
            ContactStatus::OptedOut(_) => {}
            ContactStatus::Open | ContactStatus::Held { .. } => self.standing = ContactStatus::OptedOut(opt_out),
        }
        self.end_all(Outcome::OptedOut, reason, now)
    }

    /// Takes a no back that stands, and gives it. Nothing else changes: what has ended stays ended.
    pub fn lift_opt_out(&mut self) -> Option<OptOut> {
        let ContactStatus::OptedOut(no) = &self.standing else { return None };
        let no = no.clone();
        self.standing = ContactStatus::Open;
        Some(no)
    }

    /// Puts an enrollment off to `until`.
    pub fn wait(&mut self, id: EnrollmentId, until: Instant) {
        self.set_waits(id, Waits::Until(until));
    }

    /// Takes an enrollment out of the way until its campaign is resumed, or until `until` if that does not
    /// happen. A lead has one place in the index, so only one that waits for nothing else is parked. Gives
    /// whether it is.
    pub fn park(&mut self, id: EnrollmentId, until: Instant) -> bool {
        let others = self.enrollments.iter().any(|live| live.id != id && matches!(live.waits, Waits::Until(_)));
        let alone = self.in_flight.is_none() && !others;
        if let Some(enrollment) = self.enrollments.iter_mut().find(|found| found.id == id && alone) {
            enrollment.waits = Waits::Until(until);
            enrollment.parked = true;
        }
        alone
    }

    /// Has what is parked decided on again at `now`. Gives whether anything was.
    pub fn unpark(&mut self, now: Instant) -> bool {
        let mut any = false;
        for parked in self.enrollments.iter_mut().filter(|live| live.parked) {
            parked.parked = false;
            parked.waits = Waits::Until(now);
            any = true;
        }
        any
    }

    /// Puts an enrollment before a person.
    pub fn review(&mut self, id: EnrollmentId, reason: &str, now: Instant) {
        self.in_flight.take_if(|text| text.enrollment == id && text.is_retry());
        self.set_waits(id, Waits::ForReview { reason: reason.to_owned(), since: now });
    }

    /// Has an enrollment decided on again that waits for a person, and gives what it waited for.
    ///
    /// # Errors
    /// [`IllegalStep::NotForReview`] when it does not, [`IllegalStep::InFlight`] while a text is on its way.
    pub fn lift_review(&mut self, id: EnrollmentId, now: Instant) -> Result<String, IllegalStep> {
        if let Some(text) = self.in_flight.as_ref().filter(|text| !text.is_retry()) {
            return Err(IllegalStep::InFlight(text.attempt));
        }
        match self.enrollment(id).ok_or(IllegalStep::NoEnrollment(id))?.waits.clone() {
            Waits::Until(_) => Err(IllegalStep::NotForReview(id)),
            Waits::ForReview { reason, .. } => {
                // A lead has one place in the index: who was parked beside it is looked at with it.
                self.unpark(now);
                self.wait(id, now);
                Ok(reason)
            }
        }
    }

    fn set_waits(&mut self, id: EnrollmentId, waits: Waits) {
        if let Some(enrollment) = self.enrollments.iter_mut().find(|found| found.id == id) {
            enrollment.waits = waits;
            enrollment.parked = false;
        }
    }
}

impl Enrollment {
    /// The moment that it waits for. None if it waits for a person, or for its campaign to be resumed.
    #[must_use]
    pub fn waits_until(&self) -> Option<Instant> {
        match self.waits {
            Waits::Until(at) if !self.parked => Some(at),
            Waits::Until(_) | Waits::ForReview { .. } => None,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Completed => "completed",
            Self::Booked => "booked",
            Self::OptedOut => "opted_out",
            Self::Replied => "replied",
            Self::Expired => "expired",
            Self::Undeliverable => "undeliverable",
            Self::Purchased => "purchased",
            Self::Abandoned => "abandoned",
            Self::CampaignDeleted => "campaign_deleted",
        })
    }
}

#[cfg(test)]
mod tests;
