//! Reading a status callback. Parsing only: callbacks come late, twice and in any order, which the
//! reader of these values must allow for.

use std::fmt;

use super::{Form, MessageSid, Unreadable, codes, field};
use domain::{
    event::{EventKey, RawEvent},
    ids::AttemptId,
    phone::{PhoneNumber, Region},
    receipt::{About, Delivery, Receipt},
};

/// What Twilio says has become of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// Twilio's id of the text.
    pub message_sid: MessageSid,
    /// Where it stands.
    pub status: MessageStatus,
    /// Why it failed, for [`super::codes::find`].
    pub error_code: Option<u32>,
    /// Our own attempt, from the callback's address. It proves a text whose answer we never got.
    pub attempt: Option<String>,
    /// The lead it was for, from the callback's address.
    pub lead: Option<String>,
    /// Where it went.
    pub to: Option<String>,
}

/// Where a text stands with Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageStatus {
    /// Taken; a sender is being picked.
    Accepted,
    /// Taken, for later.
    Scheduled,
    /// Waiting for its sender.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// The carrier has it. Some texts stay here for ever.
    Sent,
    /// The carrier says it arrived.
    Delivered,
    /// It arrived in part.
    PartiallyDelivered,
    /// The carrier says it did not arrive.
    Undelivered,
    /// It did not leave.
    Failed,
    /// It was read.
    Read,
    /// It was called off.
    Canceled,
    /// An inbound text that is coming in.
    Receiving,
    /// An inbound text.
    Received,
    /// One that Twilio has added since.
    Other(String),
}

impl MessageStatus {
    /// Reads a status. Anything is one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "accepted" => Self::Accepted,
            "scheduled" => Self::Scheduled,
            "queued" => Self::Queued,
            "sending" => Self::Sending,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "partially_delivered" => Self::PartiallyDelivered,
            "undelivered" => Self::Undelivered,
            "failed" => Self::Failed,
            "read" => Self::Read,
            "canceled" => Self::Canceled,
            "receiving" => Self::Receiving,
            "received" => Self::Received,
            other => Self::Other(other.to_owned()),
        }
    }

    /// As Twilio writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::PartiallyDelivered => "partially_delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Read => "read",
            Self::Canceled => "canceled",
            Self::Receiving => "receiving",
            Self::Received => "received",
            Self::Other(other) => other,
        }
    }
}

impl fmt::Display for MessageStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The receipt in a stored event. `None` if it is about no text of ours.
#[must_use]
pub fn receipt(event: &RawEvent) -> Option<Receipt> {
    let fields = |text: &str| serde_urlencoded::from_str::<Vec<(String, String)>>(text).unwrap_or_default();
    let query = fields(event.query.as_deref().unwrap_or_default());
    StatusUpdate::parse(&fields(&event.body), &query).ok()?.receipt()
}

impl StatusUpdate {
    /// Reads a form whose signature was verified, and the query of the address it was posted to.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing.
    pub fn parse(form: &Form, query: &Form) -> Result<Self, Unreadable> {
        let status = field(form, "MessageStatus").filter(|value| !value.is_empty());
        Ok(Self {
            message_sid: MessageSid::of_form(form)?,
            status: MessageStatus::parse(status.ok_or(Unreadable { field: "MessageStatus" })?),
            error_code: field(form, "ErrorCode").and_then(|code| code.parse().ok()).filter(|code| *code != 0),
            attempt: field(query, "att").filter(|value| !value.is_empty()).map(str::to_owned),
            lead: field(query, "lead").filter(|value| !value.is_empty()).map(str::to_owned),
            to: field(form, "To").map(str::to_owned),
        })
    }

    /// The receipt that it is, or `None` when its address names no text of ours.
    #[must_use]
    pub fn receipt(&self) -> Option<Receipt> {
        let attempt: AttemptId = self.attempt.as_deref()?.parse().ok()?;
        let delivery = match self.status {
            MessageStatus::Accepted | MessageStatus::Scheduled | MessageStatus::Queued | MessageStatus::Sending => {
                Delivery::Accepted
            }
            MessageStatus::Sent => Delivery::Sent,
            MessageStatus::Delivered | MessageStatus::PartiallyDelivered | MessageStatus::Read => Delivery::Delivered,
            MessageStatus::Undelivered | MessageStatus::Failed | MessageStatus::Canceled => Delivery::Undelivered,
            MessageStatus::Receiving | MessageStatus::Received | MessageStatus::Other(_) => return None,
        };
        Some(Receipt {
            about: About::Attempt { attempt, lead: self.lead.as_deref()?.parse().ok()? },
            to: self.to.as_deref().and_then(|to| PhoneNumber::of_provider(to, Region::default()).ok()),
            provider_id: self.message_sid.as_str().to_owned(),
            delivery,
            problem: self.error_code.map(codes::problem).filter(|_| delivery == Delivery::Undelivered),
        })
    }

    /// What makes it the same event when it is posted again.
    #[must_use]
    pub fn key(&self) -> EventKey {
        EventKey(format!("tw:st:{}:{}", self.message_sid, self.status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(encoded: &str) -> Vec<(String, String)> {
        serde_urlencoded::from_str(encoded.trim_end()).expect("a form")
    }

    #[test]
    fn a_recorded_delivery_is_read_with_the_attempt_of_its_address() {
        let posted = form(include_str!("../../../../events/twilio/status_delivered.txt"));
        let read = StatusUpdate::parse(&posted, &form("att=01JDEMOATTEMPT0000000001")).expect("readable");
        assert_eq!((read.status.clone(), read.error_code), (MessageStatus::Delivered, None));
        assert_eq!(read.attempt.as_deref(), Some("01JDEMOATTEMPT0000000001"));
        assert_eq!(read.key(), EventKey("tw:st:SM00000000000000000000000000000001:delivered".to_owned()));
    }

    #[test]
    fn a_recorded_failure_is_read_with_its_code() {
        let posted = form(include_str!("../../../../events/twilio/status_undelivered.txt"));
        let read = StatusUpdate::parse(&posted, &[]).expect("readable");
        assert_eq!((read.status, read.error_code, read.attempt), (MessageStatus::Undelivered, Some(30006), None));
    }

    #[test]
    fn every_status_is_read_back_and_a_new_one_is_kept() {
        let known = "accepted scheduled queued sending sent delivered partially_delivered undelivered failed read canceled receiving received";
        for text in known.split(' ') {
            let status = MessageStatus::parse(text);
            assert_eq!(status.as_str(), text);
            assert!(!matches!(status, MessageStatus::Other(_)), "{text}");
        }
        assert_eq!(MessageStatus::parse("teleported"), MessageStatus::Other("teleported".to_owned()));
    }

    #[test]
    fn a_callback_without_an_id_or_a_status_is_not_readable() {
        let sid = "MessageSid=SM00000000000000000000000000000001";
        for (posted, missing) in [
            ("MessageStatus=sent", "MessageSid"),
            ("MessageStatus=sent&MessageSid=SM1", "MessageSid"),
            (sid, "MessageStatus"),
            (&format!("{sid}&MessageStatus="), "MessageStatus"),
        ] {
            assert_eq!(StatusUpdate::parse(&form(posted), &[]), Err(Unreadable { field: missing }), "{posted}");
        }
        for code in ["0", "", "x"] {
            let read = StatusUpdate::parse(&form(&format!("{sid}&MessageStatus=failed&ErrorCode={code}")), &[]);
            assert_eq!(read.expect("readable").error_code, None);
        }
    }
}
