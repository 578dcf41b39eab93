//! Sending and listing against a server on this machine. No real address is ever called.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::outbound::world::{Answer, FakeSecrets, Server, TOKEN, World, claimed, client_by, now, secrets};
use domain::{
    Instant,
    client::Client,
    message::{ListedState, RefusalClass, SendOutcome},
};
use ports::{Direction, SmsProvider};

const ACCEPTED: &str = include_str!("../../../../../events/openphone/message_accepted.json");
const PAGE: &str = include_str!("../../../../../events/openphone/messages_page.json");

fn client() -> Client {
    client_by(json!({"openphone": {"phone_number_id": "PN0demo0001", "number": "+13055550199"}}))
}

async fn send(world: &World, client: &Client) -> SendOutcome {
    world.providers().send(client, &claimed("Hi Pat, it's Sam 👍", TimeDelta::minutes(20)), now()).await
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

#[tokio::test]
async fn a_text_is_sent_to_one_number_with_the_raw_key_and_exactly_these_fields() {
    let world = World::answering([Answer::Status(202, ACCEPTED), Answer::Status(202, ACCEPTED)]).await;
    let accepted = SendOutcome::Accepted { provider_id: "AC0demo0001".to_owned() };
    assert_eq!(send(&world, &client()).await, accepted);
    let mut by_kim = json!({"openphone": {"phone_number_id": "PN0demo0001", "number": "+13055550199"}});
    by_kim["openphone"]["user_id"] = "US0demo0001".into();
    assert_eq!(send(&world, &client_by(by_kim)).await, accepted);
    let seen = world.server.seen();
    let expected = json!({
        "content": "Hi Pat, it's Sam 👍", "from": "PN0demo0001", "to": ["+13055550123"], "setInboxStatus": "done",
    });
    assert_eq!((seen[0].path.as_str(), seen[0].authorization.as_str()), ("POST /v1/messages", TOKEN));
    assert_eq!((seen[0].content_type.as_str(), seen[0].json()), ("application/json", expected));
    assert_eq!(seen[1].json()["userId"], "US0demo0001");
}

#[tokio::test]
async fn after_a_401_it_is_sent_once_more_with_secrets_read_anew_or_with_the_next_key() {
    for held in
        [&[("openphone_api_key", "new")][..], &[("openphone_api_key", "old"), ("openphone_api_key_next", "new")]]
    {
        let old = [("openphone_api_key", "old")];
        let world = World::answering([Answer::Status(401, "{}"), Answer::Status(202, ACCEPTED)]).await;
        let world = world.with_secrets(FakeSecrets::new([Ok(secrets(&old)), Ok(secrets(held))]));
        assert!(matches!(send(&world, &client()).await, SendOutcome::Accepted { .. }));
        let keys: Vec<String> = world.server.seen().into_iter().map(|seen| seen.authorization).collect();
        assert_eq!(keys, ["old", "new"]);
    }
    let world = World::answering([Answer::Status(401, "{}"), Answer::Status(401, "{}")]).await;
    assert_eq!(class(&send(&world, &client()).await), Some(RefusalClass::Configuration));
    assert_eq!(world.server.seen().len(), 2, "a second 401 is the last");
}

#[tokio::test]
async fn each_class_of_answer_is_asked_for_once() {
    for (status, body, expected) in [
        (
            400,
            include_str!("../../../../../events/openphone/error_not_registered.json"),
            Some(RefusalClass::Configuration),
        ),
        (400, include_str!("../../../../../events/openphone/error_to.json"), Some(RefusalClass::Recipient)),
        (400, "{}", Some(RefusalClass::Content)),
        (402, include_str!("../../../../../events/openphone/error_no_credits.json"), Some(RefusalClass::Configuration)),
        (403, "{}", Some(RefusalClass::Configuration)),
        (404, "{}", Some(RefusalClass::Configuration)),
    ] {
        let world = World::answering([Answer::Status(status, body)]).await;
        assert_eq!(class(&send(&world, &client()).await), expected, "HTTP {status} {body}");
        assert_eq!(world.server.seen().len(), 1, "HTTP {status} {body}");
    }
    for (status, later) in [(429, true), (409, false), (500, false), (503, false)] {
        let world = World::answering([Answer::Status(status, "{}")]).await;
        let outcome = send(&world, &client()).await;
        assert_eq!(matches!(outcome, SendOutcome::Throttled { .. }), later, "HTTP {status} {outcome:?}");
        assert_eq!(matches!(outcome, SendOutcome::Unknown { .. }), !later, "HTTP {status} {outcome:?}");
        assert_eq!(world.server.seen().len(), 1, "HTTP {status}");
    }
}

#[tokio::test]
async fn without_an_answer_it_is_unknown_and_without_a_connection_not_sent() {
    let world = World::answering([Answer::Silence]).await.with_deadline(Duration::from_secs(1));
    assert!(matches!(send(&world, &client()).await, SendOutcome::Unknown { .. }));
    let cut = Server::cutting("HTTP/1.1 202 Acc".to_owned()).await;
    assert!(matches!(send(&World::at(&cut.base), &client()).await, SendOutcome::Unknown { .. }));
    assert_eq!(cut.connections(), 1);
    let nobody = Server::nobody().await;
    assert!(matches!(send(&World::at(&nobody), &client()).await, SendOutcome::NotSent { .. }));
}

#[tokio::test]
async fn what_is_wrong_in_the_settings_is_refused_before_the_call() {
    for id in ["", "PN", "AC0demo0001", "PN0/../x", "+13055550199"] {
        let client = client_by(json!({"openphone": {"phone_number_id": id, "number": "+13055550199"}}));
        let world = World::answering([]).await;
        assert_eq!(class(&send(&world, &client).await), Some(RefusalClass::Configuration), "{id}");
    }
    let world = World::answering([]).await.holding(secrets(&[("openphone_api_key", "")]));
    assert_eq!(class(&send(&world, &client()).await), Some(RefusalClass::Configuration));
}

async fn list(world: &World, way: Direction, since: Instant) -> Result<Vec<(String, String)>, String> {
    let text = claimed("Hi", TimeDelta::minutes(20));
    let listed = world.providers().list(&client(), way, text.to(), since).await?;
    Ok(listed.into_iter().map(|text| (text.provider_id, text.body)).collect())
}

#[tokio::test]
async fn the_list_is_asked_for_one_number_after_a_moment_and_read_to_its_end() {
    let first = json!({"data": [], "nextPageToken": "a b&c"}).to_string();
    let world = World::answering([Answer::Status(200, first.leak()), Answer::Status(200, PAGE)]).await;
    let listed = list(&world, Direction::To, now()).await;
    let ours = ("AC0demo0001".to_owned(), "Hi Pat, it's Sam from Example Academy.".to_owned());
    assert_eq!(listed, Ok(vec![ours]));
    let paths: Vec<String> = world.server.seen().into_iter().map(|seen| seen.path).collect();
    let first = "GET /v1/messages?phoneNumberId=PN0demo0001&participants=%2B13055550123&maxResults=100\
                 &createdAfter=2026-01-06T20%3A00%3A00.000Z";
    assert_eq!(paths, [first.to_owned(), format!("{first}&pageToken=a+b%26c")]);

    let world = World::answering([Answer::Status(200, PAGE)]).await;
    let heard = list(&world, Direction::From, now()).await.expect("a list");
    assert_eq!(heard, [("AC0demo0002".to_owned(), "Yes, call me".to_owned())]);
    let world = World::answering([Answer::Status(200, PAGE)]).await;
    assert_eq!(list(&world, Direction::To, now() + TimeDelta::minutes(5)).await, Ok(vec![]), "too early");
}

#[tokio::test]
async fn a_text_that_the_list_shows_as_failed_is_none_that_arrived() {
    let page = include_str!("../../../../../events/openphone/messages_page_failed.json");
    let world = World::answering([Answer::Status(200, page)]).await;
    let text = claimed("Hi", TimeDelta::minutes(5));
    let listed = world.providers().list(&client(), Direction::To, text.to(), now()).await.expect("a list");
    let why = |status| Err(format!("it is listed as {status}, and OpenPhone does not say why"));
    let expected = [ListedState::Failed(why("undelivered")), ListedState::Failed(why("failed")), ListedState::Taken];
    assert_eq!(listed.into_iter().map(|text| text.state).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_to_its_end_is_no_list() {
    let mut undated: Value = serde_json::from_str(PAGE).expect("json");
    undated["data"][0]["createdAt"] = "yesterday".into();
    for (status, body) in [(200, ""), (200, "{}"), (200, &*undated.to_string().leak()), (400, "{}"), (503, "{}")] {
        let world = World::answering([Answer::Status(status, body)]).await;
        assert!(list(&world, Direction::To, now()).await.is_err(), "HTTP {status} {body}");
    }
    let endless = vec![Answer::Status(200, r#"{"data": [], "nextPageToken": "on"}"#); 21];
    let held = std::iter::repeat_with(|| Ok(secrets(&[("openphone_api_key", TOKEN)]))).take(21);
    let world = World::answering(endless).await.with_secrets(FakeSecrets::new(held));
    assert!(list(&world, Direction::To, now()).await.is_err());
    assert_eq!(world.server.seen().len(), 20);
}

#[tokio::test]
async fn no_outcome_shows_a_secret_a_number_or_words() {
    for answer in
        [Answer::Status(400, include_str!("../../../../../events/openphone/error_to.json")), Answer::Status(202, "{")]
    {
        let world = World::answering([answer]).await;
        let shown = format!("{:?}", send(&world, &client()).await);
        for hidden in ["305", "Pat", TOKEN, "http"] {
            assert!(!shown.contains(hidden), "{shown} shows {hidden}");
        }
    }
}
