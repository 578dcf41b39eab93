//! Receipts: what a provider says of a text after it took it. They come late, twice and in any order.

use std::collections::BTreeMap;

use super::{
    Instant,
    audit::{AuditEvent, Event, Status},
    capabilities::{Capabilities, SILENCE},
    ids::{AttemptId, LeadId},
    message::ProviderRefusal,
    phone::PhoneNumber,
};

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which text it is about.
    pub about: About,
    /// Where the text went.
    pub to: Option<PhoneNumber>,
    /// The provider's id of the text.
    pub provider_id: String,
    /// How far the text has come, as the provider names it.
    pub delivery: Delivery,
    /// Why it did not arrive: a refusal that stands, or words.
    pub problem: Option<Result<ProviderRefusal, String>>,
}

/// Which text a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Our attempt, from the address that we gave the provider with it.
    Attempt {
        /// The attempt.
        attempt: AttemptId,
        /// The lead.
        lead: LeadId,
    },
    /// Whichever text to this number the provider calls so. It may be none of ours: people write from the
    /// provider's own inbox, too.
    Number {
        /// The number.
        number: PhoneNumber,
        /// The text itself, where the receipt shows it.
        shown: Option<Shown>,
    },
}

/// A text that went out, as the provider shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// What it says.
    pub body: String,
    /// When the provider took it.
    pub at: Instant,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chars = self.body.chars().count();
        f.debug_struct("Shown").field("body_chars", &chars).field("at", &self.at).finish()
    }
}

/// How far a text has come at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// The provider has it.
    Accepted,
    /// A carrier has it.
    Sent,
    /// It did not arrive.
    Undelivered,
    /// The phone has it.
    Delivered,
}

impl Delivery {
    /// The code that it is counted by.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
        }
    }

    fn of_code(code: &str) -> Option<Self> {
        [Self::Accepted, Self::Sent, Self::Undelivered, Self::Delivered].into_iter().find(|known| known.code() == code)
    }

    /// How far a text has come of which `self` and `other` were said, in whatever order: a later
    /// stage stands, and what arrived has arrived.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

/// What the detail of a receipt's audit event begins with.
const ABOUT: &str = "attempt ";

impl Receipt {
    /// The receipt in words, for the audit: which attempt of ours it is about, and why it did not arrive.
    #[must_use]
    pub fn detail(&self, attempt: AttemptId) -> String {
        match &self.problem {
            Some(Ok(refusal)) => format!("{ABOUT}{attempt}: {refusal}"),
            Some(Err(words)) => format!("{ABOUT}{attempt}: {words}"),
            None => format!("{ABOUT}{attempt}"),
        }
    }
}

/// What can be said of a text's arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A carrier says that it arrived.
    Arrived,
    /// A carrier or the provider says that it did not.
    Failed,
    /// It is early yet.
    Waiting,
    /// Nobody said for a day what became of it, and the provider would have said that it failed.
    NotConfirmed,
    /// Nobody said for a day what became of it, and this provider does not say when a text failed.
    NotKnown,
}

impl Arrival {
    /// What is known at `now` of a text that was taken at `at` and has come as far as `furthest`. Silence
    /// is never a failure.
    #[must_use]
    pub fn of(furthest: Delivery, at: Instant, now: Instant, can: Capabilities) -> Self {
        match furthest {
            Delivery::Delivered => Self::Arrived,
            Delivery::Undelivered => Self::Failed,
            Delivery::Accepted | Delivery::Sent if now - at < SILENCE => Self::Waiting,
            Delivery::Accepted | Delivery::Sent if can.status_callbacks && can.failure_events => Self::NotConfirmed,
            Delivery::Accepted | Delivery::Sent => Self::NotKnown,
        }
    }

    /// In words, after how far it has come; nothing where that says it all.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Arrived | Self::Failed | Self::Waiting => "",
            Self::NotConfirmed => ", not confirmed within a day",
            Self::NotKnown => ", whether it arrived is not known (the provider does not report failures)",
        }
    }
}

/// The texts of a lead's journey that the provider took, and how far each has come.
#[must_use]
pub fn deliveries(journey: &[AuditEvent]) -> Vec<(&AuditEvent, Delivery)> {
    let mut furthest: BTreeMap<AttemptId, Delivery> = BTreeMap::new();
    for event in journey.iter().filter(|event| event.event == Event::ReceiptReceived) {
        let about = event.detail.as_deref().and_then(|detail| detail.strip_prefix(ABOUT));
        let attempt = about.and_then(|about| about.split(':').next()?.parse().ok());
        let stage = event.reason.as_deref().and_then(Delivery::of_code);
        if let (Some(attempt), Some(stage)) = (attempt, stage) {
            let known = furthest.entry(attempt).or_insert(stage);
            *known = known.and(stage);
        }
    }
    let taken = journey.iter().filter(|event| event.event == Event::SmsAttempt && event.status == Status::Ok);
    let stage = |event: &AuditEvent| furthest.get(&AttemptId(event.id.0)).copied().unwrap_or(Delivery::Accepted);
    taken.map(|event| (event, stage(event))).collect()
}

#[cfg(test)]
mod tests {
    use super::Delivery::{Accepted, Delivered, Sent, Undelivered};
    use super::{Arrival, Capabilities, SILENCE};

    #[test]
    fn a_days_silence_is_not_known_where_failures_are_not_reported_and_a_failure_nowhere() {
        let at: super::Instant = "2026-01-06T20:00:00Z".parse().expect("an instant");
        let (soon, late) = (at + SILENCE - chrono::TimeDelta::seconds(1), at + SILENCE);
        let (reports, does_not) = (Capabilities::OPENPHONE, Capabilities::OPENPHONE_LEGACY);
        for (furthest, now, can, expected) in [
            (Accepted, soon, does_not, Arrival::Waiting),
            (Sent, late, does_not, Arrival::NotKnown),
            (Sent, late, reports, Arrival::NotConfirmed),
            (Accepted, late, Capabilities { status_callbacks: false, ..reports }, Arrival::NotKnown),
            (Delivered, late, does_not, Arrival::Arrived),
            (Undelivered, soon, reports, Arrival::Failed),
        ] {
            assert_eq!(Arrival::of(furthest, at, now, can), expected, "{furthest:?} {now}");
        }
    }

    #[test]
    fn whatever_order_receipts_come_in_a_text_has_come_as_far_as_the_furthest_says() {
        for (seen, expected) in [
            (vec![Accepted, Sent, Delivered], Delivered),
            (vec![Delivered, Sent, Accepted], Delivered),
            (vec![Sent, Undelivered, Sent], Undelivered),
            (vec![Undelivered, Delivered], Delivered),
            (vec![Delivered, Undelivered], Delivered),
            (vec![Sent, Sent], Sent),
        ] {
            let furthest = seen.iter().copied().reduce(super::Delivery::and);
            assert_eq!(furthest, Some(expected), "{seen:?}");
        }
    }
}
