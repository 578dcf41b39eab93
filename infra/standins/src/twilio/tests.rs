#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::carrier::Behaviour;

const ACCOUNT: &str = "AC00000000000000000000000000000001";

async fn start() -> (Carrier, u16) {
    let carrier = Carrier::new(|| "2026-01-01T15:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let account = Account { account_sid: ACCOUNT.into(), user: "SK1".into(), password: SecretString::from("secret") };
    tokio::spawn(serve(listener, vec![account], carrier.clone()));
    (carrier, port)
}

/// One raw request; gives every byte that came back, so that "no answer" can be told from "an answer".
async fn raw(port: u16, method: &str, path: &str, auth: &str, form: &[(&str, &str)]) -> String {
    let body = serde_urlencoded::to_string(form).unwrap();
    let auth = STANDARD.encode(auth);
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {auth}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset ends the reading as a close does.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn parse(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

const MESSAGES: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";
const WITH_FROM: [(&str, &str); 5] = [
    ("To", "+13055550123"),
    ("From", "+15005550006"),
    ("Body", "Hi Pat"),
    ("StatusCallback", "https://hooks.example.org/v1/twilio/status?att=1"),
    ("ValidityPeriod", "1800"),
];
const WITH_SERVICE: [(&str, &str); 3] = [
    ("To", "+13055550123"),
    ("MessagingServiceSid", "MG00000000000000000000000000000001"),
    ("Body", "Hi Pat, it's Sam from Example Academy."),
];

async fn post(port: u16, form: &[(&str, &str)]) -> String {
    raw(port, "POST", MESSAGES, "SK1:secret", form).await
}

async fn fetch(port: u16, path: &str) -> (u16, Value) {
    parse(&raw(port, "GET", path, "SK1:secret", &[]).await)
}

#[tokio::test]
async fn a_text_by_service_is_accepted_in_the_documented_shape() {
    let (carrier, port) = start().await;
    let (status, body) = parse(&post(port, &WITH_SERVICE).await);
    assert_eq!(status, 201);
    let expected = json!({
        "account_sid": ACCOUNT, "api_version": "2010-04-01",
        "body": "Hi Pat, it's Sam from Example Academy.",
        "date_created": "Thu, 01 Jan 2026 15:00:00 +0000", "date_sent": null,
        "date_updated": "Thu, 01 Jan 2026 15:00:00 +0000", "direction": "outbound-api",
        "error_code": null, "error_message": null, "from": null,
        "messaging_service_sid": "MG00000000000000000000000000000001", "num_media": "0",
        "num_segments": "0", "price": null, "price_unit": null,
        "sid": "SM00000000000000000000000000000001", "status": "accepted",
        "subresource_uris": {"media": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/SM00000000000000000000000000000001/Media.json")},
        "to": "+13055550123",
        "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/SM00000000000000000000000000000001.json"),
    });
    assert_eq!(body, expected);
    assert_eq!(carrier.ledger().len(), 1);
}

#[tokio::test]
async fn a_text_by_number_is_queued_and_its_options_are_in_the_ledger() {
    let (carrier, port) = start().await;
    let (status, body) = parse(&post(port, &WITH_FROM).await);
    assert_eq!((status, &body["status"], &body["num_segments"]), (201, &json!("queued"), &json!("1")));
    assert_eq!(body["from"], "+15005550006");
    let text = carrier.ledger().remove(0);
    assert_eq!(text.validity_period, Some(TimeDelta::minutes(30)));
    assert_eq!(text.status_callback.as_deref(), Some(WITH_FROM[3].1));
}

#[tokio::test]
async fn when_the_answer_is_lost_no_byte_comes_back_but_the_text_is_in_the_ledger() {
    let (carrier, port) = start().await;
    carrier.script_next([Behaviour::AnswerLost, Behaviour::RequestLost]);
    assert_eq!(post(port, &WITH_FROM).await, "");
    assert_eq!(carrier.ledger().len(), 1);
    assert_eq!(post(port, &WITH_FROM).await, "");
    assert_eq!(carrier.ledger().len(), 1);
    assert!(post(port, &WITH_FROM).await.starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn a_real_client_sees_a_lost_answer_as_a_broken_connection() {
    let (carrier, port) = start().await;
    carrier.script_next([Behaviour::AnswerLost]);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sent = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}{MESSAGES}"))
        .basic_auth("SK1", Some("secret"))
        .form(&WITH_FROM)
        .send()
        .await;
    let error = sent.unwrap_err();
    assert!(error.is_request() && !error.is_connect() && !error.is_timeout(), "{error:?}");
    assert_eq!(carrier.ledger().len(), 1);
}

#[tokio::test]
async fn refusals_outages_and_throttling_have_status_and_code_and_accept_nothing() {
    let (carrier, port) = start().await;
    for (behaviour, status, code) in [
        (Behaviour::Refuse { code: 21610, http_status: 400 }, 400, 21610),
        (Behaviour::Down, 503, 20503),
        (Behaviour::Throttled, 429, 20429),
    ] {
        carrier.script_default(behaviour);
        let (got, body) = parse(&post(port, &WITH_FROM).await);
        assert_eq!((got, &body["code"], &body["status"]), (status, &json!(code), &json!(status)));
    }
    assert_eq!(carrier.ledger(), []);
}

#[tokio::test]
async fn a_malformed_request_is_refused_with_twilios_code() {
    let (carrier, port) = start().await;
    let long = "x".repeat(1_601);
    let cases: [(&[(&str, &str)], u32); 5] = [
        (&[("From", "+15005550006"), ("Body", "Hi")], 21604),
        (&[("To", "+13055550123"), ("Body", "Hi")], 21603),
        (&[("To", "+13055550123"), ("From", "+15005550006")], 21602),
        (&[("To", "305 555"), ("From", "+15005550006"), ("Body", "Hi")], 21211),
        (&[("To", "+13055550123"), ("From", "+15005550006"), ("Body", &long)], 21617),
    ];
    for (form, code) in cases {
        let (status, body) = parse(&post(port, form).await);
        assert_eq!((status, &body["code"]), (400, &json!(code)));
    }
    assert_eq!(carrier.ledger(), []);
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let (carrier, port) = start().await;
    let (status, body) = parse(&raw(port, "POST", MESSAGES, "SK1:wrong", &WITH_FROM).await);
    assert_eq!((status, &body["code"]), (401, &json!(20003)));
    let (status, _) = parse(&raw(port, "GET", MESSAGES, "", &[]).await);
    assert_eq!(status, 401);
    assert_eq!(carrier.ledger(), []);
}

#[tokio::test]
async fn the_list_is_newest_first_and_filtered_and_one_message_can_be_read() {
    let (carrier, port) = start().await;
    for to in ["+13055550123", "+13055550124", "+13055550123"] {
        post(port, &[("To", to), ("From", "+15005550006"), ("Body", "Hi")]).await;
    }
    let (status, body) = fetch(port, &format!("{MESSAGES}?To=%2B13055550123")).await;
    let sids: Vec<_> = body["messages"].as_array().unwrap().iter().map(|m| m["sid"].clone()).collect();
    let first = "SM00000000000000000000000000000001";
    assert_eq!((status, sids), (200, vec![json!("SM00000000000000000000000000000003"), json!(first)]));
    let (_, none) = fetch(port, &format!("{MESSAGES}?From=%2B15005550007")).await;
    assert_eq!(none["messages"], json!([]));

    assert!(carrier.set_status(first, "undelivered", Some(30005)));
    let one = MESSAGES.replace("Messages.json", &format!("Messages/{first}.json"));
    let (_, body) = fetch(port, &one).await;
    assert_eq!((&body["status"], &body["error_code"]), (&json!("undelivered"), &json!(30005)));
    assert_eq!(fetch(port, &one.replace("001.json", "009.json")).await.0, 404);
    carrier.set_lookups_down(true);
    assert_eq!(fetch(port, MESSAGES).await.0, 503);
    assert_eq!(fetch(port, &one).await.0, 503);
}
