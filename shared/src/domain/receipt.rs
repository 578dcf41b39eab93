//! Receipts: what a provider says of a text after it took it. They come late, twice and in any order.

use std::collections::BTreeMap;

use super::{
    audit::{AuditEvent, Event, Status},
    ids::{AttemptId, LeadId},
    message::ProviderRefusal,
    phone::PhoneNumber,
};

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The attempt it is about.
    pub attempt: AttemptId,
    /// The lead.
    pub lead: LeadId,
    /// Where the text went.
    pub to: Option<PhoneNumber>,
    /// The provider's id of the text.
    pub provider_id: String,
    /// How far the text has come, as the provider names it.
    pub delivery: Delivery,
    /// Why it did not arrive: a refusal that stands, or words.
    pub problem: Option<Result<ProviderRefusal, String>>,
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
    /// The receipt in words, for the audit: which attempt, and why it did not arrive.
    #[must_use]
    pub fn detail(&self) -> String {
        match &self.problem {
            Some(Ok(refusal)) => format!("{ABOUT}{}: {refusal}", self.attempt),
            Some(Err(words)) => format!("{ABOUT}{}: {words}", self.attempt),
            None => format!("{ABOUT}{}", self.attempt),
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
