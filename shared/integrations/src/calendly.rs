//! What Calendly posts to us. Source: developer.calendly.com (webhook subscriptions, payload reference).

mod fields;
pub mod signature;
#[cfg(test)]
mod tests;
pub mod webhook;

use serde_json::Value;

use super::{booked, key_of, nothing_of};
use domain::{
    booking::{BookingId, BookingNews, NewsKind},
    client::Client,
    event::{EventKey, RawEvent},
    incoming::{Incoming, Reason},
};

/// What makes a request the same event when it is posted again: Calendly sends no id of its own.
#[must_use]
pub fn key(body: &[u8]) -> EventKey {
    let named = serde_json::from_slice::<Value>(body).ok().and_then(|value| {
        let (event, uri) = (value["event"].as_str()?, value["payload"]["uri"].as_str()?);
        Some(format!("{}{event}:{uri}", EventKey::CALENDLY))
    });
    key_of(EventKey::CALENDLY, named, body)
}

/// Reads a stored event.
///
/// # Errors
/// Why it makes no sense.
pub fn read(event: &RawEvent, client: &Client) -> Result<Incoming, Reason> {
    let body: Value = serde_json::from_str(&event.body)
        .map_err(|why| Reason::new("unreadable", format!("an event of Calendly is no JSON: {why}")))?;
    let payload = &body["payload"];
    let kind = match body["event"].as_str() {
        Some("invitee.created") => NewsKind::Booked,
        // One of the two events of a move, which come in any order: the person stays booked.
        Some("invitee.canceled") if payload["rescheduled"] == true => NewsKind::Moved,
        Some("invitee.canceled") => NewsKind::Cancelled,
        other => return Ok(nothing_of("Calendly", other)),
    };
    let id = payload["uri"].as_str().filter(|uri| !uri.is_empty());
    let id = id.ok_or_else(|| Reason::new("unreadable", "an event of Calendly does not say which booking it is"))?;
    let of = |uri: &str| BookingId::of("cly", uri);
    booked(BookingNews {
        id: of(id),
        instead_of: payload["old_invitee"].as_str().map(of),
        kind,
        starts_at: fields::moment(&payload["scheduled_event"]["start_time"]),
        said_at: fields::said_at(&body).unwrap_or(event.received_at),
        who: fields::booker(payload, client),
    })
}
