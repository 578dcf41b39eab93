//! Who booked and when, from Calendly's fields. All of them may be missing.

use serde_json::Value;

use crate::phone_in;
use domain::{
    Instant,
    booking::{Booker, lead_in},
    client::Client,
    email::EmailAddress,
};

pub(super) fn moment(value: &Value) -> Option<Instant> {
    value.as_str()?.parse().ok()
}

/// When it happened: the event's own time, not the invitee's, which a cancellation shares with the booking.
pub(super) fn said_at(body: &Value) -> Option<Instant> {
    moment(&body["created_at"]).or_else(|| moment(&body["payload"]["updated_at"]))
}

pub(super) fn booker(payload: &Value, client: &Client) -> Booker {
    let answers = payload["questions_and_answers"].as_array().into_iter().flatten();
    let numbers = std::iter::once(&payload["text_reminder_number"]).chain(answers.map(|answer| &answer["answer"]));
    let text = |name: &str| payload[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    let parts = || match (text("first_name"), text("last_name")) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.or(last).map(str::to_owned),
    };
    Booker {
        lead: payload["tracking"]["utm_content"].as_str().and_then(lead_in),
        email: text("email").and_then(|email| EmailAddress::parse(email).ok()),
        phone: numbers.filter_map(Value::as_str).find_map(|number| phone_in(number, client)),
        name: text("name").map(str::to_owned).or_else(parts),
    }
}
