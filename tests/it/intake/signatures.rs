//! Calls that are turned away are counted and told, and a stranger rings nothing and fills nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use leadline::{
    domain::{audit::Event, contact_status::ContactStatus, ids::ClientId, refusals::RefusedCounts},
    ports::Refusals,
};
use leadline_standins::twilio;
use leadline_tests::world::{PUBLIC_URL, TOKEN, World, form, new_york, sample};
use serde_json::json;

const PAT: &str = "+13055550123";
const ACCOUNT: &str = "AC00000000000000000000000000000001";
const INBOUND: &str = "/webhooks/twilio/acme/inbound";
const STATUS: &str = "/webhooks/twilio/acme/status";

/// A reply that Twilio would post, with its account or a stranger's.
fn reply(n: u32, account: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AccountSid", account.to_owned()),
        ("Body", "STOP".to_owned()),
        ("From", PAT.to_owned()),
        ("MessageSid", format!("SM{n:032}")),
        ("To", "+13055550199".to_owned()),
    ]
}

/// Posts it, signed with `token` as the auth token, or not at all.
async fn post(world: &World, path: &str, fields: &[(&'static str, String)], token: Option<&str>) -> u16 {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = serde_urlencoded::to_string(&fields).expect("a form");
    let signature = token.map(|token| twilio::sign(token, &format!("{PUBLIC_URL}{path}"), &fields));
    let headers: Vec<(&'static str, &str)> =
        signature.iter().map(|signature| ("x-twilio-signature", signature.as_str())).collect();
    world.post(path, body, &headers).await
}

/// What was counted so far, of one source.
async fn counted(world: &World, source: &str) -> RefusedCounts {
    let (from, until) = (new_york("2026-01-01 00:00"), new_york("2026-02-01 00:00"));
    let all = world.system.store.refused(&world.client(), from, until).await.expect("the store");
    all.get(source).copied().unwrap_or_default()
}

fn reports(world: &World) -> Vec<(String, String)> {
    let sent = world.system.mailbox.sent().into_iter().map(|mail| mail.email);
    let reports = sent.filter(|mail| mail.subject.starts_with("Acme Coaching: "));
    reports.map(|mail| (mail.subject, mail.text)).collect()
}

#[tokio::test]
async fn webhooks_signed_with_another_token_are_told_at_once_and_red_in_the_report() {
    let mut world = World::at("2026-01-06 10:00").await;
    for n in 0..12 {
        for path in [INBOUND, STATUS] {
            assert_eq!(post(&world, path, &reply(n, ACCOUNT), Some("an-old-token")).await, 401);
        }
        world.until(&format!("2026-01-06 {}:{:02}", 10 + n / 6, 10 * (n % 6) + 5)).await;
    }
    assert_eq!(world.alerts("from Twilio (replies)"), 1, "one a day and source");
    assert_eq!(world.alerts("from Twilio (delivery receipts)"), 1);
    let expected = RefusedCounts { known: 12, wrong: 0, unsigned: 0 };
    assert_eq!((counted(&world, "twilio-inbound").await, counted(&world, "twilio-status").await), (expected, expected));
    world.until("2026-01-07 10:00").await;
    let [(subject, text)] = reports(&world).try_into().expect("one report");
    assert!(subject.starts_with("Acme Coaching: ACT. 24 signatures refused"), "{subject}");
    assert!(text.contains("ignatures of Twilio (replies) refused: 12"), "{text}");
    assert!(text.contains("twilio_auth_token"), "{text}");
    // The next day nothing is refused, and nothing was accepted either: that is no proof that it is fixed.
    world.until("2026-01-08 10:00").await;
    let (subject, text) = &reports(&world)[1];
    assert!(!subject.contains("ACT") && !text.contains("refused signatures"), "{subject} {text}");
}

#[tokio::test]
async fn a_strangers_calls_ring_nothing_and_leave_next_to_nothing() {
    let mut world = World::at("2026-01-06 10:00").await;
    for n in 0..2 {
        assert_eq!(post(&world, INBOUND, &reply(n, "AC1"), Some("a-guess")).await, 401);
    }
    for n in 0..500 {
        for path in [INBOUND, "/webhooks/twilio/nobody/inbound"] {
            assert_eq!(post(&world, path, &reply(n, "AC1"), None).await, 401);
        }
        let headers = [("calendly-webhook-signature", "nonsense")];
        assert_eq!(world.post("/webhooks/calendly/acme", "{}", &headers).await, 401);
    }
    world.until("2026-01-06 10:02").await;
    assert_eq!(post(&world, INBOUND, &reply(1, "AC1"), None).await, 401);
    world.until("2026-01-06 10:04").await;
    assert_eq!(post(&world, "/webhooks/twilio/nobody/inbound", &reply(1, "AC1"), None).await, 401);
    assert_eq!(world.system.mailbox.sent().len(), 0);
    assert_eq!(counted(&world, "twilio-inbound").await, RefusedCounts { known: 0, wrong: 2, unsigned: 501 });
    let nobody = ClientId::parse("nobody").expect("an id");
    let of_nobody = world.system.store.refused(&nobody, new_york("2026-01-01 00:00"), new_york("2026-02-01 00:00"));
    assert!(of_nobody.await.expect("the store").is_empty(), "only clients that exist are counted");
    let audit = world.journal().await.into_iter().filter(|event| event.event != Event::SchedulerRun);
    assert_eq!(audit.count(), 0, "nothing in the audit");
    world.until("2026-01-07 10:00").await;
    let (subject, text) = &reports(&world)[0];
    assert!(!subject.contains("ACT") && !text.contains("refused"), "{subject} {text}");
}

#[tokio::test]
async fn a_flood_is_written_down_once_a_minute_and_nothing_of_it_is_lost() {
    let mut world = World::at("2026-01-06 10:00").await;
    for n in 0..300 {
        assert_eq!(post(&world, INBOUND, &reply(n, ACCOUNT), Some("a-guess")).await, 401);
    }
    assert_eq!(counted(&world, "twilio-inbound").await.known, 5, "the first few at once");
    world.until("2026-01-06 10:01").await;
    assert_eq!(post(&world, INBOUND, &reply(1, ACCOUNT), Some("a-guess")).await, 401);
    assert_eq!(counted(&world, "twilio-inbound").await.known, 301);
    assert_eq!(world.alerts("refused"), 1);
}

#[tokio::test]
async fn while_others_of_the_source_are_accepted_only_many_are_told() {
    let world = World::at("2026-01-06 10:00").await;
    assert_eq!(world.reply("SM00000000000000000000000000000001", PAT, "hello").await, 200);
    for n in 0..4 {
        assert_eq!(post(&world, INBOUND, &reply(n, ACCOUNT), Some("a-guess")).await, 401);
    }
    assert_eq!(world.alerts("were refused"), 0, "the token is right: somebody else signs");
    assert_eq!(counted(&world, "twilio-inbound").await.known, 4, "and it is red in the report all the same");
}

#[tokio::test]
async fn a_url_with_an_old_token_is_told_as_well() {
    let world = World::at("2026-01-06 10:00").await;
    for id in ["1", "2", "3"] {
        let body = form(id, "Pat", PAT).to_string();
        assert_eq!(world.post("/webhooks/kajabi/acme/the-token-of-last-year", body, &[]).await, 404);
    }
    assert_eq!(world.alerts("3 calls from Kajabi were refused"), 1);
    assert_eq!(counted(&world, "kajabi").await.wrong, 3);
    assert_eq!(world.kajabi(&form("4", "Pat", PAT)).await, 200);
    assert_ne!(TOKEN, "the-token-of-last-year");
}

#[tokio::test]
async fn cal_com_without_a_secret_is_told_of() {
    let world = World::at("2026-01-06 10:00").await;
    for _ in 0..3 {
        let header = [("x-cal-signature-256", "no-secret-provided")];
        assert_eq!(world.post("/webhooks/calcom/acme", "{}".to_owned(), &header).await, 401);
    }
    assert_eq!(counted(&world, "calcom").await.wrong, 3);
    assert_eq!(world.alerts("3 calls from Cal.com were refused"), 1);
}

/// What Twilio signs, with a shared key and SHA-256.
fn by_shared_key(key: &str, path: &str, fields: &[(&'static str, String)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort();
    let joined: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("any key");
    STANDARD.encode(mac.chain_update(format!("{PUBLIC_URL}{path}{joined}")).finalize().into_bytes())
}

#[tokio::test]
async fn a_reply_that_a_shared_key_signed_is_heard_and_without_the_key_somebody_is_told() {
    const SETTINGS: &str = "key=webhooks_sharedkey_01demo,algorithm=HMAC_SHA256";
    for (secrets, status, alerts) in [
        (json!({"twilio_webhook_signing_key": "shared-key-one"}), 200, 0),
        (json!({"twilio_webhook_signing_key": "old", "twilio_webhook_signing_key_next": "shared-key-one"}), 200, 0),
        (json!({"twilio_webhook_signing_key": "another"}), 401, 1),
        (json!({"twilio_auth_token": "shared-key-one"}), 401, 1),
        (json!({}), 401, 1),
    ] {
        let mut client = sample();
        client["secrets"] = secrets.clone();
        let world = World::with(client, "2026-01-06 10:00").await;
        world.form("1", "Pat", PAT).await;
        let fields = reply(1, ACCOUNT);
        let signature = by_shared_key("shared-key-one", INBOUND, &fields);
        let headers = [("x-twilio-signature", signature.as_str()), ("x-twilio-webhooks-signature-settings", SETTINGS)];
        let body = serde_urlencoded::to_string(&fields).expect("a form");
        assert_eq!(world.post(INBOUND, body.clone(), &headers).await, status, "{secrets}");
        let lead = world.lead(PAT).await.expect("a lead");
        assert_eq!(matches!(lead.standing, ContactStatus::OptedOut(_)), status == 200, "{secrets}");
        assert_eq!(world.alerts("1 call from Twilio (replies) was refused"), alerts, "{secrets}");
        let without = [("x-twilio-signature", signature.as_str())];
        assert_eq!(world.post(INBOUND, body, &without).await, 401, "without the header it is the auth token's");
    }
}
