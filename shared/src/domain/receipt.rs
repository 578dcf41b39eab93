//! Receipts: what a provider says of a text after it took it. They come late, twice and in any order.

use super::{
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

    /// How far a text has come of which `self` and `other` were said, in whatever order: a later
    /// stage stands, and what arrived has arrived.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
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
