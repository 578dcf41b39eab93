//! Sending and listing against a server on this machine. No real address is ever called.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::outbound::world::{Answer, FakeSecrets, Server, TOKEN, World, claimed_for, client_by, now, secrets};
use domain::{
    client::Client,
    message::{ClaimedText, RefusalClass, SendOutcome},
};
use ports::{Direction, SmsProvider};

const CREATED: &str = include_str!("../../../../../events/simpletexting/message_created.json");
const OPTED_IN: &str = include_str!("../../../../../events/simpletexting/contact_opt_in.json");
const OPTED_OUT: &str = include_str!("../../../../../events/simpletexting/contact_opt_out.json");
const PAGE: &str = include_str!("../../../../../events/simpletexting/messages_page.json");

fn client() -> Client {
    client_by(json!({"simpletexting": {"account_phone": "+18005550199"}}))
}

/// The first text of a sequence, before which the contact is asked for.
fn first(text: &str) -> ClaimedText {
    claimed_for("3055550123", text, TimeDelta::minutes(20), 0)
}

fn later(text: &str) -> ClaimedText {
    claimed_for("3055550123", text, TimeDelta::minutes(20), 1)
}

async fn send(world: &World, text: &ClaimedText) -> SendOutcome {
    world.providers().send(&client(), text, now()).await
}

fn class(outcome: &SendOutcome) -> Option<RefusalClass> {
    match outcome {
        SendOutcome::Refused(refusal) => Some(refusal.class),
        SendOutcome::Accepted { .. }
        | SendOutcome::NotSent { .. }
        | SendOutcome::Throttled { .. }
        | SendOutcome::Failed { .. }
        | SendOutcome::Unknown { .. } => None,
    }
}

fn accepted() -> SendOutcome {
    SendOutcome::Accepted { provider_id: "65a1b2c3d4e5f60718290001".to_owned() }
}

/// A server that says first that the person is a subscriber.
async fn subscribed<const N: usize>(answers: [Answer; N]) -> World {
    World::answering([Answer::Status(200, OPTED_IN)].into_iter().chain(answers)).await
}

fn asked(world: &World) -> Vec<String> {
    world.server.seen().into_iter().map(|seen| seen.path).collect()
}

const SEND: &str = "POST /v2/api/messages";
const LOOK: &str = "GET /v2/api/contacts/3055550123";

#[tokio::test]
async fn a_text_is_sent_by_ten_digits_and_exactly_these_fields() {
    let long = "x".repeat(161);
    for (words, mode) in [("Hi Pat, it's Sam.", "SINGLE_SMS_STRICTLY"), (long.as_str(), "AUTO")] {
        let world = subscribed([Answer::Status(201, CREATED)]).await;
        assert_eq!(send(&world, &later(words)).await, accepted());
        let seen = world.server.seen().pop().expect("a request");
        assert_eq!((seen.path.as_str(), seen.authorization.clone()), (SEND, format!("Bearer {TOKEN}")));
        let expected = json!({"contactPhone": "3055550123", "accountPhone": "8005550199", "mode": mode, "text": words});
        assert_eq!((seen.content_type.as_str(), seen.json()), ("application/json", expected));
    }
}

#[tokio::test]
async fn before_each_text_it_is_asked_whether_the_person_unsubscribed() {
    let world = World::answering([Answer::Status(200, OPTED_IN), Answer::Status(201, CREATED)]).await;
    assert_eq!(send(&world, &first("Hi")).await, accepted());
    assert_eq!(asked(&world), [LOOK, SEND]);
    let world = World::answering([Answer::Status(200, OPTED_OUT)]).await;
    assert_eq!(class(&send(&world, &later("Hi")).await), Some(RefusalClass::OptedOut), "what was lost on the way");
    let world = World::answering([Answer::Status(404, "{}"), Answer::Status(201, CREATED)]).await;
    assert_eq!(send(&world, &first("Hi")).await, accepted(), "a stranger there");
    let world = World::answering([Answer::Status(200, OPTED_OUT)]).await;
    assert_eq!(class(&send(&world, &first("Hi")).await), Some(RefusalClass::OptedOut));
    assert_eq!(asked(&world), [LOOK], "nothing was sent");
}

#[tokio::test]
async fn a_contact_that_cannot_be_read_is_asked_for_once_more_and_then_the_text_was_not_sent() {
    let world =
        World::answering([Answer::Status(503, "{}"), Answer::Status(200, OPTED_IN), Answer::Status(201, CREATED)]);
    let world = world.await;
    assert_eq!(send(&world, &first("Hi")).await, accepted());
    assert_eq!(asked(&world), [LOOK, LOOK, SEND]);
    let world = World::answering([Answer::Status(503, "{}"), Answer::Status(200, "{}")]).await;
    let outcome = send(&world, &first("Hi")).await;
    assert!(matches!(&outcome, SendOutcome::NotSent { why } if why.contains("unsubscribed")), "{outcome:?}");
    assert_eq!(asked(&world), [LOOK, LOOK]);
    let world = World::answering([Answer::Later("60")]).await;
    let outcome = send(&world, &first("Hi")).await;
    assert!(matches!(outcome, SendOutcome::Throttled { .. }), "it asks to wait: {outcome:?}");
    assert_eq!(asked(&world), [LOOK], "and is not asked once more");
    let world = World::answering([Answer::Silence]).await.with_deadline(Duration::from_secs(1));
    let outcome = send(&world, &first("Hi")).await;
    assert!(matches!(outcome, SendOutcome::NotSent { .. }), "no text was handed over: {outcome:?}");
}

#[tokio::test]
async fn what_it_does_not_text_is_refused_before_the_call() {
    let london = claimed_for("+442079460123", "Hi", TimeDelta::minutes(20), 0);
    for (text, expected) in [
        (london, RefusalClass::Recipient),
        (first("Hi %%firstname%%"), RefusalClass::Content),
        (later("50 %% off"), RefusalClass::Content),
    ] {
        let world = World::answering([]).await;
        assert_eq!(class(&send(&world, &text).await), Some(expected));
    }
    let abroad = client_by(json!({"simpletexting": {"account_phone": "+442079460199"}}));
    let world = World::answering([]).await;
    let outcome = world.providers().send(&abroad, &later("Hi"), now()).await;
    assert_eq!(class(&outcome), Some(RefusalClass::Configuration));
    let world = World::answering([]).await.holding(secrets(&[]));
    assert_eq!(class(&send(&world, &later("Hi")).await), Some(RefusalClass::Configuration));
}

#[tokio::test]
async fn after_a_401_it_is_sent_once_more_with_the_next_token() {
    let world = subscribed([
        Answer::Status(401, include_str!("../../../../../events/simpletexting/error_unauthorized.json")),
        Answer::Status(201, CREATED),
    ]);
    let held = || Ok(secrets(&[("simpletexting_token", "old"), ("simpletexting_token_next", "new")]));
    let world = world.await.with_secrets(FakeSecrets::new([held(), held(), held(), held()]));
    assert_eq!(send(&world, &later("Hi")).await, accepted());
    let tokens: Vec<String> = world.server.seen().into_iter().map(|seen| seen.authorization).collect();
    assert_eq!(tokens, ["Bearer old", "Bearer old", "Bearer new"]);
}

#[tokio::test]
async fn each_class_of_answer_is_asked_for_once() {
    for (status, body, expected) in [
        (400, "{}", Some(RefusalClass::Content)),
        (402, "{}", Some(RefusalClass::Configuration)),
        (403, "{}", Some(RefusalClass::Configuration)),
        (422, "{}", Some(RefusalClass::Content)),
    ] {
        let world = subscribed([Answer::Status(status, body)]).await;
        assert_eq!(class(&send(&world, &later("Hi")).await), expected, "HTTP {status}");
        assert_eq!(asked(&world), [LOOK, SEND], "HTTP {status}");
    }
    let gateway = include_str!("../../../../../events/simpletexting/error_gateway.json");
    for (status, body, later_on) in [(429, "{}", true), (400, gateway, false), (500, "{}", false), (201, "", false)] {
        let world = subscribed([Answer::Status(status, body)]).await;
        let outcome = send(&world, &later("Hi")).await;
        assert_eq!(matches!(outcome, SendOutcome::Throttled { .. }), later_on, "HTTP {status} {outcome:?}");
        assert_eq!(matches!(outcome, SendOutcome::Unknown { .. }), !later_on, "HTTP {status} {outcome:?}");
    }
    let silent = subscribed([Answer::Silence]).await.with_deadline(Duration::from_secs(1));
    assert!(matches!(send(&silent, &later("Hi")).await, SendOutcome::Unknown { .. }));
    let nobody = Server::nobody().await;
    assert!(matches!(send(&World::at(&nobody), &later("Hi")).await, SendOutcome::NotSent { .. }));
}

async fn list(world: &World, way: Direction) -> Result<Vec<String>, String> {
    let listed = world.providers().list(&client(), way, first("Hi").to(), now()).await?;
    Ok(listed.into_iter().map(|text| text.provider_id).collect())
}

#[tokio::test]
async fn the_list_is_asked_for_one_number_page_by_page_from_0_and_what_is_on_two_pages_counts_once() {
    let two = PAGE.replace("\"totalPages\": 1", "\"totalPages\": 2");
    let two: &'static str = two.leak();
    let world = World::answering([Answer::Status(200, two), Answer::Status(200, two)]).await;
    assert_eq!(list(&world, Direction::To).await.expect("a list"), ["65a1b2c3d4e5f60718290001"]);
    let page = |n| {
        format!(
            "GET /v2/api/messages?page={n}&size=500&accountPhone=8005550199&contactPhone=3055550123\
             &since=2026-01-06T20%3A00%3A00.000Z"
        )
    };
    assert_eq!(asked(&world), [page(0), page(1)]);
    let world = World::answering([Answer::Status(200, PAGE)]).await;
    assert_eq!(list(&world, Direction::From).await.expect("a list"), ["65a1b2c3d4e5f60718290002"]);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_to_its_end_is_no_list() {
    let undated = PAGE.replace("2026-01-06T20:00:01.000Z", "yesterday");
    for (status, body) in [(200, ""), (200, "{}"), (200, &*undated.leak()), (404, "{}"), (503, "{}")] {
        let world = World::answering([Answer::Status(status, body)]).await;
        assert!(list(&world, Direction::To).await.is_err(), "HTTP {status} {body}");
    }
    let endless = vec![Answer::Status(200, r#"{"content": [], "totalPages": 1000}"#); 21];
    let held = std::iter::repeat_with(|| Ok(secrets(&[("simpletexting_token", TOKEN)]))).take(21);
    let world = World::answering(endless).await.with_secrets(FakeSecrets::new(held));
    assert!(list(&world, Direction::To).await.is_err());
    assert_eq!(world.server.seen().len(), 20);
}
