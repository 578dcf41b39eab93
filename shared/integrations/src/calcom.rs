//! What Cal.com posts to us. Source: cal.com/docs (webhooks), and the sender in the source of cal.com
//! (`packages/features/webhooks/lib/sendPayload.ts`).

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

/// What makes a request the same event when it is posted again: Cal.com sends no id of its own, and
/// signs no time, so this is also what stands against replays.
#[must_use]
pub fn key(body: &[u8]) -> EventKey {
    let named = serde_json::from_slice::<Value>(body).ok().and_then(|value| {
        let (event, created_at) = (value["triggerEvent"].as_str()?, value["createdAt"].as_str()?);
        let uid = value["payload"]["uid"].as_str()?;
        Some(format!("{}{event}:{uid}:{created_at}", EventKey::CALCOM))
    });
    key_of(EventKey::CALCOM, named, body)
}

/// Reads a stored event.
///
/// # Errors
/// Why it makes no sense.
pub fn read(event: &RawEvent, client: &Client) -> Result<Incoming, Reason> {
    let body: Value = serde_json::from_str(&event.body)
        .map_err(|why| Reason::new("unreadable", format!("an event of Cal.com is no JSON: {why}")))?;
    let payload = &body["payload"];
    let waits = payload["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("pending"));
    let kind = match body["triggerEvent"].as_str() {
        Some("BOOKING_CREATED" | "BOOKING_RESCHEDULED") if waits => NewsKind::Requested,
        Some("BOOKING_CREATED" | "BOOKING_RESCHEDULED") => NewsKind::Booked,
        Some("BOOKING_REQUESTED") => NewsKind::Requested,
        Some("BOOKING_REJECTED") => NewsKind::Rejected,
        Some("BOOKING_CANCELLED") => NewsKind::Cancelled,
        other => return Ok(nothing_of("Cal.com", other)),
    };
    let id = payload["uid"].as_str().filter(|uid| !uid.is_empty());
    let id = id.ok_or_else(|| Reason::new("unreadable", "an event of Cal.com does not say which booking it is"))?;
    let of = |uid: &str| BookingId::of("cal", uid);
    booked(BookingNews {
        id: of(id),
        instead_of: payload["rescheduleUid"].as_str().filter(|old| !old.is_empty() && *old != id).map(of),
        kind,
        starts_at: fields::moment(&payload["startTime"]),
        said_at: fields::moment(&body["createdAt"]).unwrap_or(event.received_at),
        who: fields::booker(payload, client),
    })
}
