//! Who booked and when, from Cal.com's fields. Which answers there are is up to the event type, and a
//! value may be a text, a list or an object.

use serde_json::Value;

use crate::phone_in;
use domain::{
    Instant,
    booking::{Booker, METADATA, lead_in},
    client::Client,
    email::EmailAddress,
};

pub(super) fn moment(value: &Value) -> Option<Instant> {
    value.as_str()?.parse().ok()
}

pub(super) fn booker(payload: &Value, client: &Client) -> Booker {
    let responses = &payload["responses"];
    let attendee = &payload["attendees"][0];
    let answer = |name: &str| text(&responses[name]["value"]);
    Booker {
        lead: payload["metadata"][METADATA].as_str().and_then(lead_in),
        email: [answer("email"), text(&attendee["email"])].into_iter().flatten().find_map(email),
        phone: numbers(payload).find_map(|number| phone_in(&number, client)),
        name: answer("name").or_else(|| text(&attendee["name"])),
    }
}

fn email(text: String) -> Option<EmailAddress> {
    EmailAddress::parse(&text).ok()
}

/// Everything that may be the number, the likeliest first: fields that are for it, then where the
/// appointment is if that is a phone, then any other answer.
fn numbers(payload: &Value) -> impl Iterator<Item = String> {
    let responses = &payload["responses"];
    let named = ["attendeePhoneNumber", "smsReminderNumber", "phone"].into_iter();
    let named = named.map(|name| &responses[name]["value"]).chain([
        &payload["smsReminderNumber"],
        &payload["attendees"][0]["phoneNumber"],
        &responses["location"]["value"]["optionValue"],
    ]);
    let all = |answers: &'_ Value| -> Vec<String> {
        let answers = answers.as_object().into_iter().flatten();
        answers.filter_map(|(_, answer)| text(&answer["value"])).collect()
    };
    let others = all(responses).into_iter().chain(all(&payload["userFieldsResponses"]));
    named.filter_map(text).collect::<Vec<_>>().into_iter().chain(others)
}

/// A value as text: itself, the first of a list, or a name in its parts.
fn text(value: &Value) -> Option<String> {
    let found = match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => return text(all.first()?),
        Value::Object(parts) => {
            let part = |name: &str| parts.get(name).and_then(Value::as_str);
            [part("firstName"), part("lastName")].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        _ => return None,
    };
    let found = found.trim();
    (!found.is_empty()).then(|| found.to_owned())
}
