//! Bookings: what a calendar says of an appointment, and what a lead keeps of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    Instant,
    email::EmailAddress,
    ids::{CampaignId, LeadId},
    phone::PhoneNumber,
};

/// What a calendar says of one booking. News come late, twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingNews {
    /// The booking.
    pub id: BookingId,
    /// The booking that it takes the place of, when it was moved to another time.
    pub instead_of: Option<BookingId>,
    /// What happened to it.
    pub kind: NewsKind,
    /// When the appointment begins, where that is said.
    pub starts_at: Option<Instant>,
    /// When it happened, by the calendar's clock.
    pub said_at: Instant,
    /// Who booked.
    pub who: Booker,
}

/// Who booked, as far as the calendar knows. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Booker {
    /// The lead that was in the link.
    pub lead: Option<LeadId>,
    /// The address that was booked with.
    pub email: Option<EmailAddress>,
    /// The number, if one was given.
    pub phone: Option<PhoneNumber>,
    /// The name as it was written.
    pub name: Option<String>,
}

/// What happened to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NewsKind {
    /// Somebody asked for it, and the host has not said yes.
    Requested,
    /// It stands.
    Booked,
    /// It is moved to another time, of which there is news of its own. The person stays booked.
    Moved,
    /// The host said no to a request.
    Rejected,
    /// It was called off.
    Cancelled,
}

impl NewsKind {
    /// As records write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A booking's id: whose it is, and a short fingerprint of the id there. Calendars name bookings by
/// addresses of over a hundred characters, and it is kept on an item that must stay small.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookingId(String);

impl BookingId {
    /// The id of what `calendar` (such as `cly`) calls `id`.
    #[must_use]
    pub fn of(calendar: &str, id: &str) -> Self {
        let digest = hex::encode(Sha256::digest(id));
        Self(format!("{calendar}:{}", &digest[..16]))
    }
}

impl std::fmt::Display for BookingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a lead keeps of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Which.
    pub id: BookingId,
    /// How it stands.
    pub status: BookingStatus,
    /// When the appointment begins. One that does not say lies ahead until it is called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Instant>,
    /// When the newest that is known of it happened.
    pub said_at: Instant,
}

/// How a booking stands. A later one wins over one of the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BookingStatus {
    /// The host has not said yes.
    Requested,
    /// It stands.
    Booked,
    /// It does not, or another one took its place.
    Cancelled,
}

impl Booking {
    /// Whether the appointment has not begun at `now`.
    #[must_use]
    pub fn lies_ahead(&self, now: Instant) -> bool {
        self.starts_at.is_none_or(|starts_at| starts_at > now)
    }
}

/// What a booking that is called off leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OnCancelled {
    /// Nothing: a person sees to it.
    #[default]
    Nothing,
    /// The sequence that the booking ended goes on after the last text that was sent.
    Resume,
    /// The lead enters this campaign, if it may.
    Campaign(CampaignId),
}

impl std::fmt::Debug for Booker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.name.as_ref().map(|_| "•••");
        let Self { lead, email, phone, .. } = self;
        f.debug_struct("Booker")
            .field("lead", lead)
            .field("email", email)
            .field("phone", phone)
            .field("name", &name)
            .finish()
    }
}

/// What our lead's id begins with in a booking link.
const IN_LINK: &str = "lead_";

/// The name of our part of Cal.com's metadata.
pub const METADATA: &str = "lead";

/// The lead that a part of a booking link names.
#[must_use]
pub fn lead_in(text: &str) -> Option<LeadId> {
    text.trim().strip_prefix(IN_LINK)?.parse().ok()
}

/// A booking link that says whose it is, where the calendar hands that back: Calendly by
/// `utm_content`, Cal.com by its metadata. Any other link stays as it is.
/// Sources: calendly.com help on UTM parameters; cal.com/help/embedding/prefill-booking-form-embed.
#[must_use]
pub fn link_for(link: &str, lead: LeadId) -> String {
    // Without a scheme it is shorter, and phones make it a link all the same.
    let (scheme, whole) =
        if link.contains("://") { ("", link.to_owned()) } else { ("https://", format!("https://{link}")) };
    let Ok(mut url) = Url::parse(&whole) else { return link.to_owned() };
    let of = |domain: &str| url.host_str().is_some_and(|host| host == domain || host.ends_with(&format!(".{domain}")));
    let ours = if of("calendly.com") {
        vec![("utm_source".to_owned(), "sms".to_owned()), ("utm_content".to_owned(), format!("{IN_LINK}{lead}"))]
    } else if of("cal.com") {
        vec![(format!("metadata[{METADATA}]"), format!("{IN_LINK}{lead}"))]
    } else {
        return link.to_owned();
    };
    let theirs = url.query_pairs().into_owned().filter(|(name, _)| ours.iter().all(|(own, _)| own != name));
    let all: Vec<(String, String)> = theirs.chain(ours.iter().cloned()).collect();
    url.query_pairs_mut().clear().extend_pairs(all);
    let said = String::from(url);
    said.strip_prefix(scheme).unwrap_or(&said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead() -> LeadId {
        "01KEAAW9W0ETHFRS631DE6ZAHT".parse().expect("an id")
    }

    #[test]
    fn a_link_of_a_calendar_says_whose_it_is_and_any_other_stays_as_it_is() {
        for (link, expected) in [
            (
                "https://calendly.com/sam/strategy-call",
                "https://calendly.com/sam/strategy-call?utm_source=sms&utm_content=lead_01KEAAW9W0ETHFRS631DE6ZAHT",
            ),
            (
                "https://calendly.com/sam/call?month=2026-01&utm_content=theirs#top",
                "https://calendly.com/sam/call?month=2026-01&utm_source=sms&utm_content=lead_01KEAAW9W0ETHFRS631DE6ZAHT#top",
            ),
            (
                "calendly.com/sam/call",
                "calendly.com/sam/call?utm_source=sms&utm_content=lead_01KEAAW9W0ETHFRS631DE6ZAHT",
            ),
            ("https://cal.com/sam/call", "https://cal.com/sam/call?metadata%5Blead%5D=lead_01KEAAW9W0ETHFRS631DE6ZAHT"),
            (
                "https://app.cal.com/sam?a=b%26c",
                "https://app.cal.com/sam?a=b%26c&metadata%5Blead%5D=lead_01KEAAW9W0ETHFRS631DE6ZAHT",
            ),
            ("https://book.example.com/acme?x=1", "https://book.example.com/acme?x=1"),
            ("https://notcalendly.com/sam", "https://notcalendly.com/sam"),
            ("https://calendly.com.example.org/sam", "https://calendly.com.example.org/sam"),
            ("ask me", "ask me"),
            ("", ""),
        ] {
            assert_eq!(link_for(link, lead()), expected);
        }
    }

    #[test]
    fn what_a_link_says_is_read_back_and_nothing_else_is_a_lead() {
        assert_eq!(lead_in(&format!("lead_{}", lead())), Some(lead()));
        for other in ["", "lead_", "lead_01JDEMO", "01KEAAW9W0ETHFRS631DE6ZAHT", "newsletter"] {
            assert_eq!(lead_in(other), None, "{other}");
        }
    }

    #[test]
    fn an_id_is_short_and_tells_bookings_and_calendars_apart() {
        let long = "https://api.calendly.com/scheduled_events/EVT1/invitees/INV1";
        let (one, other) = (BookingId::of("cly", long), BookingId::of("cly", &long.replace("INV1", "INV2")));
        assert!(one.to_string().len() == 20 && one != other && one != BookingId::of("cal", long), "{one} {other}");
    }

    #[test]
    fn debug_hides_who_booked() {
        let who = Booker {
            email: EmailAddress::parse("pat@example.org").ok(),
            name: Some("Pat Rivera".to_owned()),
            ..Booker::default()
        };
        let shown = format!("{who:?}");
        assert!(!shown.contains("pat@") && !shown.contains("Rivera"), "{shown}");
    }
}
