//! Every recorded event, and whatever may come instead of one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const LEGACY_RECEIVED: &str = include_str!("../../../../events/openphone/legacy_message_received.json");
const LEGACY_DELIVERED: &str = include_str!("../../../../events/openphone/legacy_message_delivered.json");
const WRAPPED: &str = include_str!("../../../../events/openphone/legacy_message_delivered_wrapped.json");
const RECEIVED: &str = include_str!("../../../../events/openphone/message_received.json");
const DELIVERED: &str = include_str!("../../../../events/openphone/message_delivered.json");
const FAILED: &str = include_str!("../../../../events/openphone/message_failed.json");
const UNDELIVERED: &str = include_str!("../../../../events/openphone/message_undelivered.json");
const CALL: &str = include_str!("../../../../events/openphone/call_completed.json");

fn client() -> Client {
    let mut client = fixtures::client();
    let settings = json!({"openphone": {"phone_number_id": "PN0demo0001", "number": "+13055550199"}});
    client.provider = serde_json::from_value(settings).expect("settings");
    client
}

fn now() -> Instant {
    "2026-01-06T20:01:02Z".parse().expect("an instant")
}

fn of(body: &str) -> Result<Incoming, Reason> {
    read(body, &client(), now())
}

/// A recorded event with one field of its text changed.
fn with(body: &str, field: &str, value: Value) -> String {
    let mut event: Value = serde_json::from_str(body).expect("json");
    let data = &mut event["data"];
    let inner = if data.get("object").is_some() { "object" } else { "resource" };
    data[inner][field] = value;
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

fn is_nothing(body: &str) -> bool {
    matches!(of(body), Ok(Incoming::Nothing(_)))
}

#[test]
fn replies_of_both_generations_are_read_and_come_first() {
    let legacy = replied(LEGACY_RECEIVED);
    assert_eq!((legacy.from.e164(), legacy.body.as_str()), ("+13055550123", "Yes, call me"));
    assert_eq!(replied(RECEIVED).body, "STOP");
    for (id, body, expected) in [
        (None, LEGACY_RECEIVED, "op:in:EV0demo01"),
        (Some("msg_1"), RECEIVED, "op:in:msg_1"),
        (Some("a#b"), RECEIVED, "op:in:EV0demo11"),
        (Some("msg_2"), DELIVERED, "op:msg_2"),
        (None, LEGACY_DELIVERED, "op:EV0demo02"),
    ] {
        let key = key(id, body);
        assert_eq!((key.0.as_str(), key.comes_first()), (expected, expected.starts_with("op:in:")));
    }
    assert!(key(None, "not json").0.starts_with("op:in:sha256:"), "it may be a no");
}

#[test]
fn receipts_of_both_generations_say_which_text_and_how_far() {
    for (body, delivery) in [
        (LEGACY_DELIVERED, Delivery::Delivered),
        (WRAPPED, Delivery::Delivered),
        (DELIVERED, Delivery::Delivered),
        (FAILED, Delivery::Undelivered),
        (UNDELIVERED, Delivery::Undelivered),
    ] {
        let receipt = received(body);
        assert_eq!((receipt.provider_id.as_str(), receipt.delivery), ("AC0demo0001", delivery));
        assert_eq!(receipt.problem.is_some(), delivery == Delivery::Undelivered);
        let About::Number { number, shown: Some(shown) } = receipt.about else { panic!("{receipt:?}") };
        assert_eq!(number.e164(), "+13055550123");
        assert_eq!(shown.body, "Hi Pat, it's Sam from Example Academy.");
        assert_eq!(shown.at, "2026-01-06T20:00:00Z".parse::<Instant>().expect("an instant"));
    }
}

#[test]
fn a_text_is_read_by_whatever_name_its_words_have_and_without_its_time() {
    for name in ["text", "body", "content"] {
        let bare = with(&with(RECEIVED, "text", Value::Null), name, "Yes".into());
        assert_eq!(replied(&bare).body, "Yes", "{name}");
    }
    let About::Number { shown: Some(shown), .. } = received(&with(DELIVERED, "createdAt", Value::Null)).about else {
        panic!("the text is shown")
    };
    assert_eq!(shown.at, now());
    let About::Number { shown, .. } = received(&with(DELIVERED, "text", Value::Null)).about else {
        panic!("by its number")
    };
    assert_eq!(shown, None);
}

#[test]
fn other_lines_groups_calls_and_what_is_new_change_nothing() {
    let other_line = with(DELIVERED, "phoneNumberId", "PN0other".into());
    let group = with(DELIVERED, "to", json!(["+13055550123", "+13055550124"]));
    let incoming = with(DELIVERED, "direction", "incoming".into());
    let outgoing = with(RECEIVED, "direction", "outgoing".into());
    let new = RECEIVED.replace("message.received", "message.teleported");
    for body in [CALL, &other_line, &group, &incoming, &outgoing, &new] {
        assert!(is_nothing(body), "{body}");
    }
}

#[test]
fn a_no_is_heard_on_every_line_of_the_workspace_and_small_talk_is_not() {
    let stop = with(RECEIVED, "phoneNumberId", "PN0other".into());
    assert_eq!(replied(&stop).body, "STOP");
    assert!(is_nothing(&with(&stop, "text", "Is my order there?".into())));
    let by_number = with(&with(LEGACY_RECEIVED, "phoneNumberId", Value::Null), "to", "+13055550177".into());
    assert!(is_nothing(&by_number));
}

#[test]
fn what_lacks_what_it_needs_is_kept_with_the_reason() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"type":"message.received"}"#,
        r#"{"type":"message.received","data":{"resource":[]}}"#,
        &with(RECEIVED, "from", "12345".into()),
        &with(RECEIVED, "from", Value::Null),
        &with(DELIVERED, "id", Value::Null),
    ] {
        assert!(of(body).is_err(), "{body}");
    }
}

proptest! {
    #[test]
    fn no_body_breaks_the_reader(body in ".{0,300}") {
        let _ = (of(&body), key(Some(&body), &body));
    }

    #[test]
    fn no_value_in_any_field_breaks_the_reader(
        name in prop::sample::select(vec!["id", "from", "to", "text", "direction", "phoneNumberId", "createdAt"]),
        value in prop::sample::select(vec![json!(null), json!(7), json!([]), json!({}), json!(""), json!([null, 3]), json!("é")]),
        body in prop::sample::select(vec![LEGACY_RECEIVED, LEGACY_DELIVERED, RECEIVED, DELIVERED, FAILED]),
    ) {
        let body = with(body, name, value);
        let _ = (of(&body), key(None, &body));
    }
}
