//! `POST /sms/send` and `GET /sms/status`: one text outside any sequence, by the same decision, limits
//! and audit as every other.

use lambda_http::{Body, Request, Response, http::Method};
use leadline::domain::{audit::Event, client::TokenHash, lead::Outcome};
use leadline_tests::world::{PUBLIC_URL, World, sample};
use serde_json::{Value, json};

const KEY: &str = "Bearer acme.local-key-for-this-machine";
const PAT: &str = "+13055550123";

async fn ask(world: &World, method: Method, path: &str, key: &str, id: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = Request::new(Body::from(body.to_string()));
    *request.method_mut() = method;
    *request.uri_mut() = format!("{PUBLIC_URL}{path}").parse().expect("an address");
    request.headers_mut().insert("authorization", key.parse().expect("a header"));
    if let Some(id) = id {
        request.headers_mut().insert("idempotency-key", id.parse().expect("a header"));
    }
    let response: Response<Body> = world.system.post(request).await;
    let shown = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), shown)
}

async fn send(world: &World, id: &str, to: &str, text: &str) -> (u16, Value) {
    ask(world, Method::POST, "/sms/send", KEY, Some(id), &json!({"to": to, "text": text})).await
}

/// The sample client, with a key and the campaign of single texts.
fn client() -> Value {
    let mut client = sample();
    client["settings"]["api_keys"] =
        json!([{"name": "site", "hash": TokenHash::of("local-key-for-this-machine"), "scopes": ["send", "status"]}]);
    let direct = json!({
        "id": "direct", "name": "Single texts", "messages": [{"step": 1, "text": "{{message}}"}],
        "timing": {"earliest_minutes": 0, "latest_minutes": 1440, "latest_counts": "wall-clock"},
    });
    client["campaigns"].as_array_mut().expect("campaigns").push(direct);
    client
}

/// Pat has sent the form, with consent, and had the first text.
async fn texted() -> World {
    let mut world = World::with(client(), "2026-01-06 10:00").await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 11:30").await;
    assert_eq!(world.texts().len(), 1);
    world
}

#[tokio::test]
async fn one_text_goes_out_at_once_and_once_however_often_it_is_asked_for() {
    let mut world = texted().await;
    let (status, answer) = send(&world, "seat-1", "(305) 555-0123", "Your seat is saved.").await;
    assert_eq!((status, &answer["status"]), (202, &json!("ready")), "{answer}");
    world.until("2026-01-06 11:31").await;
    assert_eq!(world.texts().last().map(|text| text.2.as_str()), Some("Your seat is saved."));
    let (status, answer) = send(&world, "seat-1", PAT, "Your seat is saved.").await;
    assert_eq!((status, &answer["status"]), (200, &json!("known")), "{answer}");
    let (status, _) = send(&world, "seat-1", PAT, "Your seat is gone.").await;
    assert_eq!(status, 422, "another request under the same key");
    world.until("2026-01-06 15:00").await;
    assert_eq!(world.texts().len(), 2);
    let lead = world.lead(PAT).await.expect("a lead");
    assert_eq!(lead.history.last().map(|past| past.outcome), Some(Outcome::Completed));
    assert_eq!(lead.enrollments.len(), 1, "the sequence goes on");
}

#[tokio::test]
async fn at_night_it_waits_for_the_morning_and_a_no_in_between_ends_it() {
    let mut world = texted().await;
    world.until("2026-01-06 22:00").await;
    let (status, answer) = send(&world, "late-1", PAT, "See you tomorrow.").await;
    assert_eq!((status, &answer["status"]), (202, &json!("waits")), "{answer}");
    world.until("2026-01-07 07:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reply("SM000000000000000000000000000000aa", PAT, "STOP").await, 200);
    world.until("2026-01-07 12:00").await;
    assert_eq!(world.texts().len(), 1);
    let (status, answer) = send(&world, "late-2", PAT, "Hello?").await;
    assert_eq!((status, &answer["code"]), (422, &json!("opted_out")), "{answer}");
}

#[tokio::test]
async fn nobody_is_texted_without_consent_on_record() {
    let world = texted().await;
    let (status, answer) = send(&world, "cold-1", "+13055550199", "Hello!").await;
    assert_eq!((status, &answer["code"]), (422, &json!("no_consent")), "{answer}");
    assert_eq!(world.reasons(Event::Rejected).await, ["no_consent"]);
}

#[tokio::test]
async fn the_caps_of_a_number_hold_for_single_texts_too() {
    let mut world = texted().await;
    for n in 0..4 {
        send(&world, &format!("cap-{n}"), PAT, &format!("Text {n}.")).await;
        world.until(&format!("2026-01-06 12:{n}0")).await;
    }
    assert_eq!(world.texts().len(), 3, "three in 24 hours, the sequence's text included");
}

#[tokio::test]
async fn a_request_without_a_key_that_opens_gets_nothing_and_one_that_makes_no_sense_a_reason() {
    let world = texted().await;
    let body = json!({"to": PAT, "text": "Hello!"});
    for key in ["Bearer acme.some-other-key-of-this-length", "Bearer nobody.local-key-for-this-machine", "Basic x"] {
        let answer = ask(&world, Method::POST, "/sms/send", key, None, &body).await;
        assert_eq!((answer.0, &answer.1["title"]), (401, &json!("no key that opens")), "{key}");
    }
    let (status, answer) = send(&world, "bad-1", "12", " ").await;
    let named: Vec<&Value> = answer["errors"].as_array().expect("errors").iter().map(|bad| &bad["pointer"]).collect();
    assert_eq!((status, named), (422, vec![&json!("/to"), &json!("/text")]));
    let (status, _) = ask(&world, Method::POST, "/sms/send", KEY, Some("a b"), &body).await;
    assert_eq!(status, 400);
    let unknown = json!({"to": PAT, "text": "Hello!", "when": "now"});
    assert_eq!(ask(&world, Method::POST, "/sms/send", KEY, None, &unknown).await.0, 400);
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn without_the_campaign_that_such_texts_belong_to_none_goes_out() {
    let mut client = client();
    client["campaigns"].as_array_mut().expect("campaigns").retain(|campaign| campaign["id"] != "direct");
    let mut world = World::with(client, "2026-01-06 10:00").await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 11:30").await;
    let (status, answer) = send(&world, "none-1", PAT, "Hello!").await;
    assert_eq!((status, &answer["code"]), (422, &json!("no_campaign")), "{answer}");
}

#[tokio::test]
async fn the_status_tells_the_last_24_hours() {
    let mut world = texted().await;
    world.reply("SM000000000000000000000000000000aa", PAT, "Yes please").await;
    world.until("2026-01-06 11:45").await;
    let (status, answer) = ask(&world, Method::GET, "/sms/status", KEY, None, &Value::Null).await;
    assert_eq!(status, 200);
    for (field, expected) in [
        ("sent", json!(1)),
        ("received", json!(1)),
        ("failed", json!(0)),
        ("complete", json!(true)),
        ("success_rate", json!(1.0)),
        ("leads_created", json!(1)),
        ("minutes_to_first_text", json!(60.0)),
        ("this_hour", json!({"used": 1, "limit": 100})),
    ] {
        assert_eq!(answer[field], expected, "{field}: {answer}");
    }
}
