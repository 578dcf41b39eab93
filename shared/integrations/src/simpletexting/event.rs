//! The envelope of an event, read strictly: what is there has the type that it must have. Fields that are
//! not known are passed over, so that one more of them does not cost a STOP.

use chrono::DateTime;
use serde::Deserialize;

use domain::Instant;

/// The longest id that is taken for one. They have 24 hexadecimal digits.
const LONGEST_ID: usize = 64;
/// The longest text that is one, in characters.
const LONGEST_TEXT: usize = 5_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default)]
    report_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    values: Values,
}

/// What an event is about. Which fields there are depends on its kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Values {
    #[serde(default)]
    pub(super) message_id: Option<String>,
    #[serde(default)]
    pub(super) contact_id: Option<String>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) account_phone: Option<String>,
    #[serde(default)]
    pub(super) contact_phone: Option<String>,
    #[serde(default)]
    pub(super) phone: Option<String>,
    #[serde(default, deserialize_with = "instant")]
    pub(super) timestamp: Option<Instant>,
}

fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok()).map(|at| at.to_utc()))
}

/// What happened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `INCOMING_MESSAGE`
    Incoming,
    /// `OUTGOING_MESSAGE`: a text of our number, whoever wrote it.
    Outgoing,
    /// `DELIVERY_REPORT`
    Delivered,
    /// `NON_DELIVERED_REPORT`
    NotDelivered,
    /// `UNSUBSCRIBE_REPORT`: a STOP, or a block.
    Unsubscribed,
    /// One that was added since.
    Other(String),
}

/// An event.
pub(super) struct Event {
    report_id: Option<String>,
    pub(super) kind: Kind,
    pub(super) values: Values,
}

fn is_plain(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(super) fn parse(body: &str) -> Result<Self, &'static str> {
        let Envelope { report_id, kind, mut values } =
            serde_json::from_str(body).map_err(|_| "the event is not in the form that SimpleTexting documents")?;
        // An id that is none costs the id, and not what the event says.
        let report_id = report_id.filter(|id| is_plain(id));
        values.message_id = values.message_id.filter(|id| is_plain(id));
        values.contact_id = values.contact_id.filter(|id| is_plain(id));
        if values.text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
            return Err("the text is longer than a text can be");
        }
        let kind = match kind.as_str() {
            "INCOMING_MESSAGE" => Kind::Incoming,
            "OUTGOING_MESSAGE" => Kind::Outgoing,
            "DELIVERY_REPORT" => Kind::Delivered,
            "NON_DELIVERED_REPORT" => Kind::NotDelivered,
            "UNSUBSCRIBE_REPORT" => Kind::Unsubscribed,
            other => Kind::Other(other.chars().filter(char::is_ascii_graphic).take(40).collect()),
        };
        Ok(Self { report_id, kind, values })
    }

    /// What makes it the same event when it is posted again, where it says so.
    pub(super) fn id(&self) -> Option<String> {
        let of_text = || {
            let about = self.values.message_id.as_ref().or(self.values.contact_id.as_ref())?;
            let kind = match &self.kind {
                Kind::Incoming => "INCOMING_MESSAGE",
                Kind::Outgoing => "OUTGOING_MESSAGE",
                Kind::Delivered => "DELIVERY_REPORT",
                Kind::NotDelivered => "NON_DELIVERED_REPORT",
                Kind::Unsubscribed => "UNSUBSCRIBE_REPORT",
                Kind::Other(other) => other,
            };
            Some(format!("{kind}|{about}"))
        };
        self.report_id.clone().or_else(of_text)
    }
}
