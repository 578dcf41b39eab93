//! Raw events: what others sent us, kept as it came, and what came of it.

use serde::{Deserialize, Serialize};

use super::{Instant, ids::ClientId};

/// The idempotency key of a raw event: who sent it, and what makes it the same event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKey(pub String);

impl EventKey {
    /// What the key of a form begins with that the webhook of Kajabi's Public API tells of.
    pub const KAJABI_FORM: &str = "kj:fs:";
    /// What the key of a form begins with that Kajabi's dashboard tells of with an id.
    pub const KAJABI_DASHBOARD_FORM: &str = "kj:d:form:";
    /// What the key of a reply by Twilio begins with.
    pub const TWILIO_REPLY: &str = "tw:in:";
    /// What the key of something that Twilio signed and that cannot be read begins with: it may be a reply.
    pub const TWILIO_UNREADABLE: &str = "tw:sha256:";
    /// What the key of a reply by OpenPhone begins with.
    pub const OPENPHONE_REPLY: &str = "op:in:";
    /// What the key of a reply or an unsubscription by SimpleTexting begins with.
    pub const SIMPLETEXTING_REPLY: &str = "st:in:";
    /// What the key of an event of Calendly begins with.
    pub const CALENDLY: &str = "cly:";
    /// What the key of an event of Cal.com begins with.
    pub const CALCOM: &str = "cal:";

    /// Whether it may be what stops texts: a reply, an unsubscription, or a booking. It is worked on before all
    /// others, and not said to be taken in before it was acted on.
    #[must_use]
    pub fn comes_first(&self) -> bool {
        const FIRST: [&str; 6] = [
            EventKey::TWILIO_REPLY,
            EventKey::TWILIO_UNREADABLE,
            EventKey::OPENPHONE_REPLY,
            EventKey::SIMPLETEXTING_REPLY,
            EventKey::CALENDLY,
            EventKey::CALCOM,
        ];
        FIRST.iter().any(|prefix| self.0.starts_with(prefix))
    }
}

/// Who sent a raw event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Kajabi.
    Kajabi,
    /// A reply, by way of Twilio.
    TwilioInbound,
    /// A delivery receipt of Twilio.
    TwilioStatus,
    /// The client's own program, with a key.
    Api,
    /// A row of a list that an operator brought in.
    Import,
    /// An event of OpenPhone.
    #[serde(rename = "openphone")]
    OpenPhone,
    /// An event of SimpleTexting.
    #[serde(rename = "simpletexting")]
    SimpleTexting,
    /// A booking, by way of Calendly.
    Calendly,
    /// A booking, by way of Cal.com.
    Calcom,
    /// A form that Kajabi lists and that never reached us. Nothing says when it was sent, so nobody is
    /// texted by itself for it.
    KajabiFeed,
}

impl Source {
    /// The code that it is stored and counted by.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Kajabi => "kajabi",
            Self::TwilioInbound => "twilio-inbound",
            Self::TwilioStatus => "twilio-status",
            Self::Api => "api",
            Self::Import => "import",
            Self::OpenPhone => "openphone",
            Self::SimpleTexting => "simpletexting",
            Self::Calendly => "calendly",
            Self::Calcom => "calcom",
            Self::KajabiFeed => "kajabi-feed",
        }
    }
}

/// A raw event, kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawEvent {
    /// Its idempotency key.
    pub key: EventKey,
    /// Whose it is.
    pub client: ClientId,
    /// Who sent it.
    pub source: Source,
    /// The body, as text.
    pub body: String,
    /// The query of the address that it was posted to, where that says something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// When it reached us.
    pub received_at: Instant,
    /// What came of it.
    pub state: EventState,
    /// What it is kept as a proof of, once it was worked through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proves: Option<Proof>,
}

/// What a raw event is kept as a proof of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// It gave consent.
    Consent,
    /// It opted a number out, or took an opt-out back.
    OptOut,
}

/// How long a raw event is kept that proves a consent or an opt-out, or that nobody has worked through: claims reach
/// back four years (28 USC 1658).
pub const PROOF_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(5 * 366);

/// How long any other raw event is kept: for looking into what went wrong, and so that a repeat is known.
pub const OTHERS_KEPT: chrono::TimeDelta = chrono::TimeDelta::weeks(8);

/// How long after an event is stored a run of the scheduler takes it up, if nobody finished it.
const TAKE_UP_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

impl RawEvent {
    /// One that reached us at `now` and that nobody has worked on.
    #[must_use]
    pub fn new(key: EventKey, client: ClientId, source: Source, body: String, now: Instant) -> Self {
        let state = EventState::Received { due: now + TAKE_UP_AFTER, tries: 0 };
        Self { key, client, source, body, query: None, received_at: now, state, proves: None }
    }

    /// How long it is kept from when it was received, as it stands now. One that cannot be read and may be an
    /// opt-out is kept like one.
    #[must_use]
    pub fn kept_for(&self) -> chrono::TimeDelta {
        match (&self.state, self.proves) {
            (EventState::Received { .. }, _) | (_, Some(Proof::Consent | Proof::OptOut)) => PROOF_KEPT,
            (EventState::Unusable { .. }, None) if self.key.comes_first() => PROOF_KEPT,
            (EventState::Unusable { .. } | EventState::Done { .. }, None) => OTHERS_KEPT,
        }
    }
}

/// What came of a raw event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventState {
    /// Stored, and to be worked on from `due` if nobody has finished it by then.
    Received {
        /// When a run of the scheduler takes it up.
        due: Instant,
        /// How often it was begun.
        tries: u32,
    },
    /// Worked through to its end.
    Done {
        /// What came of it, in words.
        result: String,
    },
    /// It makes no sense. Kept for the operator, can be replayed.
    Unusable {
        /// Why, in words.
        reason: String,
    },
}

/// What came of working on a raw event. Written together with what it led to, so that an event has one
/// outcome, however often it is worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventOutcome {
    /// The event as it was read.
    pub event: RawEvent,
    /// How it stands now.
    pub state: EventState,
}
