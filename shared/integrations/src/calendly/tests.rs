//! Recorded events, and what is odd about them.

use chrono::DateTime;
use serde_json::{Value, json};

use super::*;
use domain::{
    Instant,
    email::EmailAddress,
    event::{EventState, Source},
    phone::{PhoneNumber, Region},
};

const CREATED: &str = include_str!("../../../../events/calendly/invitee_created.json");
const CANCELED: &str = include_str!("../../../../events/calendly/invitee_canceled.json");
const MOVED_AWAY: &str = include_str!("../../../../events/calendly/invitee_canceled_rescheduled.json");
const MOVED_TO: &str = include_str!("../../../../events/calendly/invitee_created_rescheduled.json");
const BARE: &str = include_str!("../../../../events/calendly/invitee_created_bare.json");
const NO_SHOW: &str = include_str!("../../../../events/calendly/invitee_no_show_created.json");
const ROUTING: &str = include_str!("../../../../events/calendly/routing_form_submission_created.json");

fn utc(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn received() -> Instant {
    DateTime::from_timestamp(1_767_730_300, 0).expect("a time")
}

fn event(body: &str) -> RawEvent {
    RawEvent {
        key: key(body.as_bytes()),
        client: fixtures::client().id,
        source: Source::Calendly,
        body: body.to_owned(),
        query: None,
        received_at: received(),
        state: EventState::Received { due: received(), tries: 0 },
        proves: None,
    }
}

fn read_text(body: &str) -> Result<Incoming, Reason> {
    super::read(&event(body), &fixtures::client())
}

fn news(body: &str) -> BookingNews {
    match read_text(body) {
        Ok(Incoming::Booking(news)) => news,
        other => panic!("no booking: {other:?}"),
    }
}

fn number(text: &str) -> Option<PhoneNumber> {
    PhoneNumber::parse(text, Region::default()).ok()
}

fn uri(n: u8) -> String {
    format!("https://api.calendly.com/scheduled_events/EVT{n}/invitees/INV{n}")
}

#[test]
fn a_recorded_booking_says_who_when_and_whose_link_it_was() {
    let read = news(CREATED);
    assert_eq!((read.kind, &read.id, &read.instead_of), (NewsKind::Booked, &BookingId::of("cly", &uri(1)), &None));
    assert_eq!(read.starts_at, Some(utc("2026-01-08T16:00:00Z")));
    assert_eq!(read.said_at, utc("2026-01-06T20:10:00Z"));
    assert_eq!(read.who.lead.map(|lead| lead.to_string()).as_deref(), Some("01KEAAW9W0ETHFRS631DE6ZAHT"));
    assert_eq!(read.who.email, EmailAddress::parse("pat@example.org").ok());
    assert_eq!((read.who.phone, read.who.name.as_deref()), (number("3055550123"), Some("Pat Rivera")));
    assert_eq!(key(CREATED.as_bytes()), EventKey(format!("cly:invitee.created:{}", uri(1))));
}

#[test]
fn a_recorded_cancellation_happened_when_it_was_called_off() {
    let read = news(CANCELED);
    assert_eq!((read.kind, read.id), (NewsKind::Cancelled, BookingId::of("cly", &uri(1))));
    assert_eq!(read.said_at, utc("2026-01-07T15:00:00Z"));
    assert_eq!(key(CANCELED.as_bytes()), EventKey(format!("cly:invitee.canceled:{}", uri(1))));
}

#[test]
fn the_two_recorded_halves_of_a_move_know_of_each_other() {
    let (away, to) = (news(MOVED_AWAY), news(MOVED_TO));
    assert_eq!((away.kind, to.kind), (NewsKind::Moved, NewsKind::Booked));
    assert_eq!(to.instead_of, Some(away.id));
    assert_eq!(to.id, BookingId::of("cly", &uri(2)));
}

#[test]
fn without_number_link_and_whole_name_the_address_and_the_parts_are_left() {
    let who = news(BARE).who;
    assert_eq!((who.lead, who.phone, who.name.as_deref()), (None, None, Some("Pat Rivera")));
    assert_eq!(who.email, EmailAddress::parse("p.rivera@example.com").ok());
}

#[test]
fn a_number_may_stand_in_an_answer_and_other_answers_are_none() {
    let mut body: Value = serde_json::from_str(CREATED).expect("JSON");
    body["payload"]["text_reminder_number"] = Value::Null;
    assert_eq!(news(&body.to_string()).who.phone, number("3055550124"));
    for other in ["2026", "call me at 305 555 0124", "12", "", "1-2-3"] {
        body["payload"]["questions_and_answers"] = json!([{"question": "Phone", "answer": other}]);
        assert_eq!(news(&body.to_string()).who.phone, None, "{other}");
    }
}

#[test]
fn recorded_events_about_no_booking_change_nothing_and_say_so() {
    for (body, code) in [
        (NO_SHOW, "invitee_no_show_created"),
        (ROUTING, "routing_form_submission_created"),
        (r#"{"event":"contact.created","payload":{}}"#, "contact_created"),
        (r#"{"payload":{}}"#, "no_event"),
        ("[]", "no_event"),
    ] {
        match read_text(body) {
            Ok(Incoming::Nothing(why)) => assert_eq!(why.code, code),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn what_makes_no_sense_is_kept_with_its_reason() {
    for (body, code) in [
        ("{", "unreadable"),
        (r#"{"event":"invitee.created","payload":{"email":"pat@example.org"}}"#, "unreadable"),
        (r#"{"event":"invitee.created","payload":{"uri":"x","email":"not an address"}}"#, "nobody"),
    ] {
        assert_eq!(read_text(body).expect_err(body).code, code);
        assert!(key(body.as_bytes()).0.starts_with("cly:"), "{body}");
        assert!(key(body.as_bytes()).comes_first(), "{body}");
    }
}

#[test]
fn a_key_is_bounded_and_holds_nothing_that_keys_are_made_of() {
    for uri in ["x".repeat(1_000), "a#b".to_owned(), "a b".to_owned(), "é".to_owned(), "\n".to_owned()] {
        let body = json!({"event": "invitee.created", "payload": {"uri": uri}}).to_string();
        let key = key(body.as_bytes()).0;
        assert!(key.starts_with("cly:sha256:") && key.len() == 75, "{key}");
    }
}

#[test]
fn without_a_time_of_its_own_it_happened_when_it_was_received() {
    let body = json!({"event": "invitee.created", "payload": {"uri": "x", "email": "pat@example.org"}}).to_string();
    let read = news(&body);
    assert_eq!((read.said_at, read.starts_at), (received(), None));
}
