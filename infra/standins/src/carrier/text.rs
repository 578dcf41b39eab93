//! A text on its way through the carrier: offered, judged, accepted. Debug output shows no number,
//! no words of it and no callback address.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// What happens to one offered text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// It is accepted, and the caller is told so.
    #[default]
    Accept,
    /// It is refused for good with one of Twilio's error codes.
    Refuse {
        /// Twilio's code, for example 21610.
        code: u32,
        /// The HTTP status, for example 400.
        http_status: u16,
    },
    /// It is accepted, but the connection is cut before the answer.
    AnswerLost,
    /// It is not accepted, and the connection is cut: to the caller the same as `AnswerLost`.
    RequestLost,
    /// Not accepted: 503.
    Down,
    /// Not accepted: 429 with code 20429.
    Throttled,
}

impl Behaviour {
    /// Not accepted: 400 with a code which proves that nothing went out, and which does not ask to wait.
    pub const CONGESTED: Self = Self::Refuse { code: 30017, http_status: 400 };
}

/// Whose API a text came in by: it says what an id looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Front {
    /// `SM` and 32 hexadecimal digits.
    #[default]
    Twilio,
    /// `AC` and letters or digits.
    OpenPhone,
    /// 24 hexadecimal digits.
    SimpleTexting,
}

impl Front {
    /// The id of its `nth` text. Texts that were heard have others than those that were accepted.
    pub(super) fn id(self, nth: usize, heard: bool) -> String {
        let kind = if heard { "f" } else { "0" };
        match self {
            Self::Twilio => format!("SM{kind}{nth:031x}"),
            Self::OpenPhone => format!("AC{kind}{nth:015x}"),
            Self::SimpleTexting => format!("65a{kind}{nth:020x}"),
        }
    }
}

/// A text as it is offered to the provider.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Whose API it came in by.
    pub front: Front,
    /// Destination, E.164.
    pub to: String,
    /// The sending number; `None` when a messaging service picks it.
    pub from: Option<String>,
    /// The messaging service, if one was named.
    pub messaging_service_sid: Option<String>,
    /// The exact text.
    pub body: String,
    /// Where status callbacks go.
    pub status_callback: Option<String>,
    /// How long the provider may hold the text back.
    pub validity_period: Option<TimeDelta>,
}

/// A text that was accepted.
#[derive(Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id, as [`Front`] says.
    pub sid: String,
    /// Destination, E.164.
    pub to: String,
    /// The sending number; `None` when a messaging service picks it.
    pub from: Option<String>,
    /// The messaging service, if one was named.
    pub messaging_service_sid: Option<String>,
    /// The exact text.
    pub body: String,
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// Where status callbacks go.
    pub status_callback: Option<String>,
    /// How long the provider may hold the text back.
    pub validity_period: Option<TimeDelta>,
    /// `queued`, or `accepted` when a service picks the sender, until [`Carrier::set_status`](super::Carrier::set_status).
    pub status: String,
    /// The error code that goes with a failed status.
    pub error_code: Option<u32>,
}

impl Accepted {
    /// A value in the query of the address that status callbacks go to, such as our attempt, `att`.
    #[must_use]
    pub fn in_callback(&self, name: &str) -> Option<&str> {
        let query = self.status_callback.as_deref()?.split_once('?')?.1;
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

/// A text from a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    /// The provider's id, as [`Front`] says.
    pub sid: String,
    /// Who sent it, E.164.
    pub from: String,
    /// To which of our numbers.
    pub to: String,
    /// The exact text.
    pub body: String,
    /// When it was taken in.
    pub at: DateTime<Utc>,
}

macro_rules! debug_without_personal_data {
    ($type:ident, $($field:ident),+) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut out = f.debug_struct(stringify!($type));
                $(out.field(stringify!($field), &self.$field);)+
                out.finish_non_exhaustive()
            }
        }
    };
}
debug_without_personal_data!(Offer, messaging_service_sid, validity_period);
debug_without_personal_data!(Accepted, sid, messaging_service_sid, at, status, error_code);
debug_without_personal_data!(Heard, sid, at);

/// What came of an offer, for the front to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted and in the ledger: say so.
    Accepted(Accepted),
    /// Accepted and in the ledger, but nobody is told.
    AcceptedUnanswered(Accepted),
    /// Not accepted, and nobody is told.
    DroppedUnanswered,
    /// Not accepted, with Twilio's error code.
    Refused {
        /// Twilio's code.
        code: u32,
        /// The HTTP status.
        http_status: u16,
    },
    /// Not accepted: the provider is down.
    Down,
    /// Not accepted: too many requests.
    Throttled,
}
