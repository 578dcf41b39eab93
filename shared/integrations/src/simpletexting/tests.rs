//! Every recorded event, and whatever may come instead of one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const INCOMING: &str = include_str!("../../../../events/simpletexting/incoming_message.json");
const STOP: &str = include_str!("../../../../events/simpletexting/incoming_stop.json");
const OUTGOING: &str = include_str!("../../../../events/simpletexting/outgoing_message.json");
const DELIVERED: &str = include_str!("../../../../events/simpletexting/delivery_report.json");
const NOT_DELIVERED: &str = include_str!("../../../../events/simpletexting/non_delivered_report.json");
const UNSUBSCRIBED: &str = include_str!("../../../../events/simpletexting/unsubscribe_report.json");

fn client() -> Client {
    let mut client = fixtures::client();
    let settings = json!({"simpletexting": {"account_phone": "+18005550199"}});
    client.provider = serde_json::from_value(settings).expect("settings");
    client
}

fn now() -> Instant {
    "2026-01-06T20:03:00Z".parse().expect("an instant")
}

fn of(body: &str) -> Result<Incoming, Reason> {
    read(body, &client(), now())
}

/// A recorded event with one of its values changed.
fn with(body: &str, field: &str, value: Value) -> String {
    let mut event: Value = serde_json::from_str(body).expect("json");
    event["values"][field] = value;
    event.to_string()
}

fn replied(body: &str) -> IncomingReply {
    match of(body) {
        Ok(Incoming::Reply(reply)) => reply,
        other => panic!("{other:?}"),
    }
}

fn received(body: &str) -> Receipt {
    match of(body) {
        Ok(Incoming::Receipt(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn replies_and_unsubscriptions_are_read_and_come_first() {
    let reply = replied(INCOMING);
    assert_eq!((reply.from.e164(), reply.body.as_str()), ("+13055550123", "Yes please 👍"));
    assert_eq!(replied(STOP).body, "STOP");
    let Ok(Incoming::Unsubscribed { phone }) = of(UNSUBSCRIBED) else { panic!("{UNSUBSCRIBED}") };
    assert_eq!(phone.e164(), "+13055550123");
    for body in [INCOMING, STOP, UNSUBSCRIBED] {
        assert!(key(body).comes_first(), "{body}");
    }
    assert_eq!(key(INCOMING).0, "st:in:65a1b2c3d4e5f6071829f001");
}

#[test]
fn receipts_and_what_our_number_sent_say_which_text_and_how_far() {
    for (body, delivery, shows) in [
        (OUTGOING, Delivery::Accepted, true),
        (DELIVERED, Delivery::Delivered, false),
        (NOT_DELIVERED, Delivery::Undelivered, false),
    ] {
        let receipt = received(body);
        assert_eq!((receipt.provider_id.as_str(), receipt.delivery), ("65a1b2c3d4e5f60718290001", delivery));
        assert_eq!(receipt.problem.is_some(), delivery == Delivery::Undelivered);
        let About::Number { number, shown } = receipt.about else { panic!("by its number") };
        assert_eq!(number.e164(), "+13055550123");
        let shown = shown.map(|shown| (shown.body, shown.at.to_rfc3339()));
        let text = ("Hi Pat, it's Sam from Example Academy.".to_owned(), "2026-01-06T20:02:03+00:00".to_owned());
        assert_eq!(shown, shows.then_some(text));
        assert!(!key(body).comes_first());
    }
    assert_eq!(key(DELIVERED).0, "st:65a1b2c3d4e5f6071829f005");
}

#[test]
fn without_a_reports_id_the_kind_and_the_text_make_it_the_same_event() {
    let bare = |body: &str| {
        let mut event: Value = serde_json::from_str(body).expect("json");
        event.as_object_mut().expect("an object").remove("reportId");
        key(&event.to_string()).0
    };
    assert_eq!(bare(DELIVERED), "st:DELIVERY_REPORT|65a1b2c3d4e5f60718290001");
    assert_eq!(bare(NOT_DELIVERED), "st:NON_DELIVERED_REPORT|65a1b2c3d4e5f60718290001");
    assert_eq!(bare(INCOMING), "st:in:INCOMING_MESSAGE|65a1b2c3d4e5f60718290002");
    assert_eq!(bare(UNSUBSCRIBED), "st:in:UNSUBSCRIBE_REPORT|65a1b2c3d4e5f6071829c001");
    assert!(key("{}").0.starts_with("st:in:sha256:"), "it may be a no");
}

#[test]
fn other_numbers_of_the_account_and_what_is_new_change_nothing_but_a_no_is_heard() {
    for body in [
        with(OUTGOING, "accountPhone", "8005550188".into()),
        with(INCOMING, "accountPhone", "8005550188".into()),
        DELIVERED.replace("DELIVERY_REPORT", "OPEN_URL"),
    ] {
        assert!(matches!(of(&body), Ok(Incoming::Nothing(_))), "{body}");
    }
    assert_eq!(replied(&with(STOP, "accountPhone", "8005550188".into())).body, "STOP");
}

#[test]
fn a_no_is_heard_with_the_country_before_its_number_and_with_an_id_that_is_none() {
    for number in ["+13055550123", "13055550123"] {
        assert_eq!(replied(&with(STOP, "contactPhone", number.into())).from.e164(), "+13055550123");
    }
    assert_eq!(replied(&with(STOP, "messageId", "a#b".into())).body, "STOP");
}

#[test]
fn what_is_not_as_documented_is_kept_with_the_reason() {
    for body in [
        String::new(),
        "[]".to_owned(),
        r#"{"type":"INCOMING_MESSAGE"}"#.to_owned(),
        with(INCOMING, "contactPhone", 3_055_550_123_u64.into()),
        with(INCOMING, "contactPhone", Value::Null),
        with(INCOMING, "text", json!(["STOP"])),
        with(INCOMING, "text", "x".repeat(5_001).into()),
        with(DELIVERED, "messageId", Value::Null),
        with(UNSUBSCRIBED, "phone", "555".into()),
    ] {
        assert!(of(&body).is_err(), "{body}");
    }
}

proptest! {
    #[test]
    fn no_body_breaks_the_reader(body in ".{0,300}") {
        let _ = (of(&body), key(&body));
    }

    #[test]
    fn no_value_in_any_field_breaks_the_reader(
        name in prop::sample::select(vec!["messageId", "contactId", "text", "accountPhone", "contactPhone", "phone", "timestamp"]),
        value in prop::sample::select(vec![json!(null), json!(7), json!([]), json!({}), json!(""), json!("é"), json!("0000000000")]),
        body in prop::sample::select(vec![INCOMING, OUTGOING, DELIVERED, UNSUBSCRIBED]),
    ) {
        let body = with(body, name, value);
        let _ = (of(&body), key(&body));
    }
}
