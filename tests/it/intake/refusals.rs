//! What is refused: cheaply, saying nothing, and without leaving anything behind.

use leadline_standins::twilio;
use leadline_tests::world::{PUBLIC_URL, TOKEN, World, form, sample};
use serde_json::json;

const KAJABI: &str = "/webhooks/kajabi/acme";

#[tokio::test]
async fn a_wrong_token_an_unknown_client_and_a_wrong_address_look_the_same() {
    let world = World::at("2026-01-06 14:00").await;
    let body = form("1", "Pat", "3055550123").to_string();
    for path in [
        format!("{KAJABI}/not-the-token-of-this-client"),
        format!("/webhooks/kajabi/nobody/{TOKEN}"),
        format!("/webhooks/kajabi/acme/{}", "x".repeat(5_000)),
        "/webhooks/kajabi/acme/".to_owned(),
        "/webhooks/kajabi/..%2f..%2fetc/passwd-passwd-passwd".to_owned(),
        "/".to_owned(),
    ] {
        assert_eq!(world.post(&path, body.clone(), &[]).await, 404, "{path}");
    }
    assert_eq!(world.journal().await, [], "something was stored");
    assert_eq!(world.lead("3055550123").await, None);
}

#[tokio::test]
async fn both_tokens_of_a_rotation_are_taken() {
    let world = World::at("2026-01-06 14:00").await;
    let next = "the-next-token-of-this-client";
    world.change(|client| client.kajabi.token_hashes.push(leadline::domain::client::TokenHash::of(next))).await;
    for (token, id) in [(TOKEN, "1"), (next, "2")] {
        let body = form(id, "Pat", "3055550123").to_string();
        assert_eq!(world.post(&format!("{KAJABI}/{token}"), body, &[]).await, 200);
    }
}

#[tokio::test]
async fn junk_is_refused_or_kept_but_never_breaks_anything() {
    let world = World::at("2026-01-06 14:00").await;
    let path = format!("{KAJABI}/{TOKEN}");
    assert_eq!(world.post(&path, vec![b'x'; 1_024 * 1_024], &[]).await, 413);
    assert_eq!(world.journal().await, [], "a body over the limit is not stored");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [deep.into_bytes(), vec![0xff; 2_000], b"{".to_vec(), Vec::new(), b"null".to_vec(), b"[1,2,3]".to_vec()]
    {
        let shown = String::from_utf8_lossy(&body[..body.len().min(10)]).into_owned();
        assert_eq!(world.post(&path, body, &[]).await, 200, "{shown}: kept, with its reason");
    }
    let unusable = world.reasons(leadline::domain::audit::Event::EventUnusable).await;
    assert_eq!(unusable.len(), 6);
}

#[tokio::test]
async fn a_relay_signature_must_be_right_when_it_is_there_or_asked_for() {
    let mut client = sample();
    client["secrets"] = json!({"kajabi_relay_secret": "demo-relay-secret"});
    let world = World::with(client, "2026-01-06 14:00").await;
    let path = format!("{KAJABI}/{TOKEN}");
    let body = form("1", "Pat", "3055550123").to_string();
    let now = world.seconds();
    let right = signature("demo-relay-secret", now, &body);
    assert_eq!(world.post(&path, body.clone(), &[("x-kajabi-signature", &right)]).await, 200);
    for wrong in [
        signature("another-secret", now, &body),
        signature("demo-relay-secret", now - 301, &body),
        signature("demo-relay-secret", now, "another body"),
        "nonsense".to_owned(),
    ] {
        assert_eq!(world.post(&path, body.clone(), &[("x-kajabi-signature", &wrong)]).await, 401, "{wrong}");
    }
    world.change(|client| client.kajabi.require_signature = true).await;
    assert_eq!(world.post(&path, body, &[]).await, 401, "required, and not there");
}

fn signature(secret: &str, at: i64, body: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    let digest = mac.chain_update(format!("{at}.{body}")).finalize().into_bytes();
    format!("t={at},v1={}", hex::encode(digest))
}

#[tokio::test]
async fn a_forged_reply_stops_nobody() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    let path = "/webhooks/twilio/acme/inbound";
    let fields = [
        ("Body", "STOP"),
        ("From", "+13055550123"),
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("To", "+13055550199"),
    ];
    let body = serde_urlencoded::to_string(fields).expect("a form");
    let forged = twilio::sign("another-token", &format!("{PUBLIC_URL}{path}"), &fields);
    assert_eq!(world.post(path, body.clone(), &[("x-twilio-signature", &forged)]).await, 401);
    assert_eq!(world.post(path, body, &[]).await, 401);
    world.until("2026-01-06 16:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_test_sample_of_kajabi_texts_nobody() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("0", "Sample Person", "3055550123").await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn a_box_that_is_not_ticked_keeps_the_lead_and_texts_nobody() {
    let mut client = sample();
    client["campaigns"][0]["forms"][0]["consent"] =
        json!({"version": "2", "words": "Text me", "given_by": {"answer": {"field": "custom_1", "values": ["Yes"]}}});
    let mut world = World::with(client, "2026-01-06 14:00").await;
    let mut event = form("1", "Pat", "3055550123");
    event["payload"][0]["attributes"]["custom_1"] = json!("No");
    world.kajabi(&event).await;
    let mut event = form("2", "Kim", "3055550124");
    event["payload"][0]["attributes"]["custom_1"] = json!("yes");
    world.kajabi(&event).await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reasons(leadline::domain::audit::Event::Rejected).await, ["no_consent"]);
    assert!(world.lead("3055550123").await.is_some(), "the lead is kept");
}
