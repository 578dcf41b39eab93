//! What a decision is, and the gates that it was made of.

use serde::{Deserialize, Serialize};

use super::{
    Instant,
    ids::{AttemptId, EnrollmentId, RunId},
    lead::{Enrollment, NewClaim, Outcome},
    phone::PhoneNumber,
};

/// Whether one step may be sent now, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The moment it is about.
    pub at: Instant,
    /// The enrollment.
    pub enrollment: EnrollmentId,
    /// The step.
    pub step: u16,
    /// What to do.
    pub decision: Decision,
    /// Every gate, with the fact it used.
    pub gates: Vec<GateReport>,
    /// The earliest moment at which all gates are open, as far as it can be known now.
    pub opens_at: Option<Instant>,
    /// When the first text is given up, where that is a moment on the clock.
    pub given_up_at: Option<Instant>,
}

/// What to do with a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Decision {
    /// It may be sent now.
    Send(SendNow),
    /// Not yet.
    Wait {
        /// When to decide again; `None` while nobody can say.
        until: Option<Instant>,
        /// The gate that is waited for.
        gate: Gate,
        /// Why, in words.
        reason: String,
    },
    /// It is too late for this step, which is passed over.
    Skip {
        /// When it was due: the delay of the next one counts from then.
        due: Instant,
        /// Why, in words.
        reason: String,
        /// What is decided on the step after it; `None` when none is left.
        next: Option<Box<Verdict>>,
    },
    /// The enrollment is over.
    End {
        /// How it ends.
        outcome: Outcome,
        /// Why, in words.
        reason: String,
    },
    /// It cannot be sent as things are.
    Refuse(Refusal),
}

/// A text that may be sent now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SendNow {
    /// Where it goes.
    #[serde(skip)]
    pub to: PhoneNumber,
    /// Exactly what is sent.
    pub text: String,
    /// Which template it is.
    pub template: String,
    /// Until when it may leave.
    pub expires_at: Instant,
    /// The hours that are open, and where the zones come from.
    pub hours: String,
}

impl SendNow {
    /// What a claim of this text is made of.
    #[must_use]
    pub fn claim(&self, attempt: AttemptId, run: RunId, enrollment: &Enrollment) -> NewClaim {
        NewClaim {
            attempt,
            run,
            enrollment: enrollment.id,
            step: enrollment.step,
            to: self.to.clone(),
            text: self.text.clone(),
            expires_at: self.expires_at,
            hours: self.hours.clone(),
        }
    }
}

/// Why a text cannot be sent as things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// The kind of reason, by which they are counted.
    pub reason: RefusalReason,
    /// In words for an operator.
    pub text: String,
}

/// The kinds of reasons for which a text cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// There is no number, or none that can exist.
    NoValidPhone,
    /// The number's country is not texted.
    CountryNotServed,
    /// The law of the state asks for more than hours, and the client has not said how it meets it.
    StateNotCleared,
    /// No consent is on record.
    NoConsent,
    /// The step has no text and the client no default.
    TemplateMissing,
    /// A placeholder has neither value nor fallback.
    PlaceholderEmpty,
    /// The rendered text is over the limit.
    TextTooLong,
    /// The text holds a brace or a merge tag of another tool, which would be sent as it stands.
    TemplateInvalid,
}

impl RefusalReason {
    /// Whether it is about the person, so that the person is not enrolled; else it is about the
    /// campaign or a setting that is missing, and the enrollment waits for review.
    #[must_use]
    pub fn is_about_the_person(self) -> bool {
        match self {
            Self::NoValidPhone | Self::CountryNotServed | Self::NoConsent => true,
            Self::StateNotCleared
            | Self::TemplateMissing
            | Self::PlaceholderEmpty
            | Self::TextTooLong
            | Self::TemplateInvalid => false,
        }
    }

    /// The reason as reports and files write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoValidPhone => "no_valid_phone",
            Self::CountryNotServed => "country_not_served",
            Self::StateNotCleared => "state_not_cleared",
            Self::NoConsent => "no_consent",
            Self::TemplateMissing => "template_missing",
            Self::PlaceholderEmpty => "placeholder_empty",
            Self::TextTooLong => "text_too_long",
            Self::TemplateInvalid => "template_invalid",
        }
    }
}

/// What must be open for a text to leave. In the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The client sends at all.
    Client,
    /// Test mode has its test phone.
    TestMode,
    /// The campaign is active.
    Campaign,
    /// The person has not said no and is not held.
    Standing,
    /// The person has not booked, and has asked for no appointment.
    Booking,
    /// The enrollment does not wait for a person.
    Review,
    /// There is a phone number.
    Phone,
    /// Its country is texted, and its hours are known.
    Country,
    /// No state that could be the person's asks for more than hours, or the client has cleared it.
    State,
    /// Consent is on record.
    Consent,
    /// There is a text to send.
    Template,
    /// No other text is on its way.
    InFlight,
    /// The step's delay is over.
    Delay,
    /// The client's sending window.
    Window,
    /// The recipient's own lawful hours.
    LawfulHours,
    /// Texts to this number in an hour.
    NumberPerHour,
    /// Texts to this number in a day.
    NumberPerDay,
    /// It is not too late for the step.
    Patience,
}

impl Gate {
    /// The gate as reports and files write it.
    #[must_use]
    pub fn code(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One gate at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateReport {
    /// Which.
    pub gate: Gate,
    /// Whether it is open.
    pub open: bool,
    /// The fact it went by.
    pub fact: String,
    /// Where the fact comes from.
    pub source: String,
    /// When it opens by itself; `None` when open, or when that cannot be known.
    pub opens_at: Option<Instant>,
}
