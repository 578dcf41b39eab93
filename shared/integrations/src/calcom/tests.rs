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

const CREATED: &str = include_str!("../../../../events/calcom/booking_created.json");
const REQUESTED: &str = include_str!("../../../../events/calcom/booking_requested.json");
const REJECTED: &str = include_str!("../../../../events/calcom/booking_rejected.json");
const RESCHEDULED: &str = include_str!("../../../../events/calcom/booking_rescheduled.json");
const CANCELLED: &str = include_str!("../../../../events/calcom/booking_cancelled.json");
const OWN_FIELDS: &str = include_str!("../../../../events/calcom/booking_created_own_fields.json");
const PAID: &str = include_str!("../../../../events/calcom/booking_paid.json");
const ENDED: &str = include_str!("../../../../events/calcom/meeting_ended.json");
const FORM: &str = include_str!("../../../../events/calcom/form_submitted.json");

fn utc(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn received() -> Instant {
    DateTime::from_timestamp(1_767_730_300, 0).expect("a time")
}

fn read_text(body: &str) -> Result<Incoming, Reason> {
    let event = RawEvent {
        key: key(body.as_bytes()),
        client: fixtures::client().id,
        source: Source::Calcom,
        body: body.to_owned(),
        query: None,
        received_at: received(),
        state: EventState::Received { due: received(), tries: 0 },
        proves: None,
    };
    super::read(&event, &fixtures::client())
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

#[test]
fn a_recorded_booking_says_who_when_and_whose_link_it_was() {
    let read = news(CREATED);
    assert_eq!((read.kind, &read.id, &read.instead_of), (NewsKind::Booked, &BookingId::of("cal", "bk_demo_1"), &None));
    assert_eq!(read.starts_at, Some(utc("2026-01-08T16:00:00Z")));
    assert_eq!(read.said_at, utc("2026-01-06T20:10:00Z"));
    assert_eq!(read.who.lead.map(|lead| lead.to_string()).as_deref(), Some("01KEAAW9W0ETHFRS631DE6ZAHT"));
    assert_eq!(read.who.email, EmailAddress::parse("pat@example.org").ok());
    assert_eq!((read.who.phone, read.who.name.as_deref()), (number("3055550123"), Some("Pat Rivera")));
    assert_eq!(key(CREATED.as_bytes()), EventKey("cal:BOOKING_CREATED:bk_demo_1:2026-01-06T20:10:00.000Z".to_owned()));
}

#[test]
fn each_recorded_kind_is_read_as_what_it_is() {
    for (body, kind) in [
        (CREATED, NewsKind::Booked),
        (REQUESTED, NewsKind::Requested),
        (REJECTED, NewsKind::Rejected),
        (RESCHEDULED, NewsKind::Booked),
        (CANCELLED, NewsKind::Cancelled),
        (OWN_FIELDS, NewsKind::Booked),
    ] {
        assert_eq!(news(body).kind, kind, "{body}");
    }
}

#[test]
fn a_recorded_move_takes_the_place_of_the_booking_before() {
    let read = news(RESCHEDULED);
    assert_eq!(read.instead_of, Some(BookingId::of("cal", "bk_demo_1")));
    assert_eq!((read.id, read.starts_at), (BookingId::of("cal", "bk_demo_2"), Some(utc("2026-01-09T18:00:00Z"))));
}

#[test]
fn a_booking_that_the_host_must_approve_is_only_a_request() {
    let mut body: Value = serde_json::from_str(RESCHEDULED).expect("JSON");
    body["payload"]["status"] = json!("PENDING");
    assert_eq!(news(&body.to_string()).kind, NewsKind::Requested);
}

#[test]
fn answers_may_be_lists_and_objects_and_a_number_may_stand_in_any_of_them() {
    let who = news(OWN_FIELDS).who;
    assert_eq!((who.lead, who.phone, who.name.as_deref()), (None, number("3055550123"), Some("Pat Rivera")));
    let mut body: Value = serde_json::from_str(OWN_FIELDS).expect("JSON");
    body["payload"]["responses"] = json!({"location": {"value": {"value": "phone", "optionValue": "+1 (305) 555-0124"}}, "x": 1, "y": {"value": 3}});
    let who = news(&body.to_string()).who;
    assert_eq!((who.phone, who.email), (number("3055550124"), EmailAddress::parse("p.rivera@example.com").ok()));
    body["payload"]["smsReminderNumber"] = json!("+13055550125");
    assert_eq!(news(&body.to_string()).who.phone, number("3055550125"));
}

#[test]
fn recorded_events_about_no_booking_change_nothing_and_say_so() {
    for (body, code) in [
        (PAID, "booking_paid"),
        (ENDED, "meeting_ended"),
        (FORM, "form_submitted"),
        (r#"{"triggerEvent":"PING"}"#, "ping"),
        ("{}", "no_event"),
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
        ("name=Pat", "unreadable"),
        (r#"{"triggerEvent":"BOOKING_CREATED","payload":{"attendees":[{"email":"pat@example.org"}]}}"#, "unreadable"),
        (r#"{"triggerEvent":"BOOKING_CREATED","payload":{"uid":"x"}}"#, "nobody"),
    ] {
        assert_eq!(read_text(body).expect_err(body).code, code);
        let key = key(body.as_bytes());
        assert!(key.0.starts_with("cal:sha256:") && key.comes_first(), "{body}");
    }
}
