//! The audit: an event for everything that happens, whether it went well or not.

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    ids::{AuditId, CampaignId, ClientId, LeadId, RunId},
    lead::Outcome,
    phone::PhoneNumber,
};

/// One thing that happened. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// Its id; sorts by time. A text's is its attempt id.
    pub id: AuditId,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Instant,
    /// Whose.
    pub client: ClientId,
    /// What.
    pub event: Event,
    /// How it went.
    pub status: Status,
    /// Whether the client was in test mode.
    #[serde(default)]
    pub test: bool,
    /// The kind of reason, by which events are counted: `no_consent`, `window`, `completed`.
    pub reason: Option<String>,
    /// In words: why, or the error.
    pub detail: Option<String>,
    /// The lead.
    pub lead: Option<LeadId>,
    /// The number.
    pub phone: Option<PhoneNumber>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// The step.
    pub step: Option<u16>,
    /// The execution id of the run that did it.
    pub run: Option<RunId>,
    /// How the enrollment ended, when it ended with this event.
    pub ended: Option<Outcome>,
    /// Whether the person was in the campaign before, when they enrolled with this event.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
    /// A text's own facts.
    pub text: Option<TextFacts>,
    /// The key of the raw event that it is the outcome of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What is kept of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextFacts {
    /// Exactly what was sent.
    pub body: String,
    /// Which template it was.
    pub template: Option<String>,
    /// Why it was lawful: the hours that were open, and where the zones come from.
    pub hours: String,
    /// The provider's id, once it has one.
    pub provider_id: Option<String>,
    /// Which try it was.
    pub retry: u8,
    /// Segments it costs.
    pub segments: u32,
    /// Minutes from the import to this text, for the first one.
    pub minutes_from_import: Option<i64>,
}

/// Everything that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Event {
    /// A raw event came in and was stored.
    EventReceived,
    /// A raw event could not be used; it is kept.
    EventUnusable,
    /// A raw event changed nothing, such as a form sent twice.
    EventIgnored,
    /// A raw event changed something and enrolled nobody: a purchase ended a sequence.
    EventApplied,
    /// A new lead.
    LeadCreated,
    /// A known lead came again.
    LeadUpdated,
    /// A lead entered a campaign.
    Enrolled,
    /// By the same raw event the lead entered one more campaign.
    AlsoEnrolled,
    /// A lead was kept and not enrolled.
    Rejected,
    /// A text was handed to the provider, with what came of it.
    SmsAttempt,
    /// A text's state on the lead could not be written after the provider had answered.
    SettleFailed,
    /// An enrollment ended.
    EnrollmentEnded,
    /// An enrollment waits for a person.
    ReviewNeeded,
    /// A step was put off.
    StepDeferred,
    /// A step was passed over, as it came too late.
    StepSkipped,
    /// A step has no template.
    TemplateMissing,
    /// A limit kept texts back.
    LimitHit,
    /// A job on the queue could not be read, or its work failed.
    JobFailed,
    /// A person replied.
    ReplyReceived,
    /// A person opted out.
    OptedOut,
    /// A no was taken back, by the person.
    OptOutLifted,
    /// An opt-out was confirmed, or a question for help answered: no text of a campaign.
    AnswerSent,
    /// A calendar said something of a booking.
    BookingReceived,
    /// A booking is of nobody we know: the person is a lead now, who is not texted.
    BookingUnmatched,
    /// The last booking of a person that stood was called off.
    BookingCalledOff,
    /// A run of the scheduler for this client.
    SchedulerRun,
    /// A client's run was stopped by its settings.
    RunStopped,
    /// The client's sending was put on hold.
    SendingHeld,
    /// The hold on the client's sending was lifted.
    SendingResumed,
    /// The provider said how far a text has come.
    ReceiptReceived,
    /// A person said what became of a text, or had one tried again.
    ReviewDone,
    /// An operator changed the client's settings or a campaign.
    SettingsChanged,
    /// An enrollment goes on with another version of its campaign.
    Moved,
    /// A walk over all leads came to its end, such as the sweep.
    WalkEnded,
    /// A person's data was erased.
    Erased,
    /// A lead is on hold: someone must look before it is texted again.
    LeadHeld,
    /// A person lifted the hold on a lead.
    LeadReleased,
    /// An alert was emailed.
    AlertSent,
    /// The daily report was emailed.
    ReportSent,
    /// Something that a newer release records, after a roll-back. Counted as nothing.
    #[serde(other)]
    Other,
}

/// How a thing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Status {
    /// It worked.
    Ok,
    /// It was turned down, for the reason given.
    Rejected,
    /// It did not work.
    Failed,
    /// It waits.
    Waiting,
    /// Nobody can say yet.
    Unknown,
}

impl Event {
    /// The event as files and reports write it.
    #[must_use]
    pub fn code(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl AuditEvent {
    /// An event with nothing but what every event has.
    #[must_use]
    pub fn new(id: AuditId, at: Instant, client: ClientId, event: Event, status: Status) -> Self {
        Self {
            id,
            at,
            client,
            event,
            status,
            test: false,
            reason: None,
            detail: None,
            lead: None,
            phone: None,
            campaign: None,
            step: None,
            run: None,
            ended: None,
            again: false,
            text: None,
            raw: None,
        }
    }
}

/// The parts of an event that only some have.
impl AuditEvent {
    /// With the kind of reason and the reason in words.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>, detail: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self.detail = Some(detail.into());
        self
    }

    /// As the end of an enrollment.
    #[must_use]
    pub fn ending(mut self, outcome: Outcome, reason: impl Into<String>) -> Self {
        self.ended = Some(outcome);
        self.because(outcome.to_string(), reason)
    }

    /// With the campaign and the step.
    #[must_use]
    pub fn in_campaign(mut self, campaign: &CampaignId, step: Option<u16>) -> Self {
        self.campaign = Some(campaign.clone());
        self.step = step;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_newer_release_is_read_as_other() {
        let read = |code: &str| serde_json::from_value::<Event>(code.into()).expect("an event");
        assert_eq!((read("sms_attempt"), read("teleported")), (Event::SmsAttempt, Event::Other));
    }
}
