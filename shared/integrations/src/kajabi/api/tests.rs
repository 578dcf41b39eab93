//! The API over a loopback stand-in that answers as it is told.

use std::collections::VecDeque;

use axum::{
    Router,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::outbound::http_client;
use ports::SecretError;

/// Answers of the list, in order, and what was asked: the address, the token, the body.
#[derive(Default)]
struct Site {
    answers: VecDeque<(u16, &'static str, String)>,
    asked: Vec<(String, String, String)>,
    minted: u32,
    refuses_keys: bool,
}

type Shared = Arc<Mutex<Site>>;

async fn serve(State(site): State<Shared>, headers: HeaderMap, request: Request) -> Response {
    let uri = request.uri().to_string();
    let body = axum::body::to_bytes(request.into_body(), 10_000).await.expect("a body");
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut site = site.lock().expect("the site");
    site.asked.push((uri.clone(), token, String::from_utf8_lossy(&body).into_owned()));
    if uri == "/v1/oauth/token" {
        if site.refuses_keys {
            return (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#).into_response();
        }
        site.minted += 1;
        let token =
            json!({"access_token": format!("token-{}", site.minted), "token_type": "Bearer", "expires_in": 7200});
        return (StatusCode::OK, token.to_string()).into_response();
    }
    let (status, wait, body) = site.answers.pop_front().expect("an answer");
    (StatusCode::from_u16(status).expect("a status"), [("retry-after", wait)], body).into_response()
}

struct Fixed(Mutex<Instant>);

impl Clock for Fixed {
    fn now(&self) -> Instant {
        *self.0.lock().expect("the clock")
    }
}

struct Keys;

#[async_trait]
impl SecretStore for Keys {
    async fn secrets(&self, _: &ClientId) -> Result<Secrets, SecretError> {
        let held = [("kajabi_client_id", "an-id"), ("kajabi_client_secret", "a-key")];
        Ok(held.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect())
    }
    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        self.secrets(client).await
    }
}

struct World {
    site: Shared,
    clock: Arc<Fixed>,
    api: KajabiApi,
    client: Client,
}

impl World {
    async fn answering(answers: &[(u16, &'static str, &str)]) -> Self {
        let answers = answers.iter().map(|(status, wait, body)| (*status, *wait, (*body).to_owned())).collect();
        let site = Arc::new(Mutex::new(Site { answers, ..Site::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/", listener.local_addr().expect("an address"));
        let routes = Router::new().fallback(serve).with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let clock = Arc::new(Fixed(Mutex::new("2026-01-06T14:00:00Z".parse().expect("an instant"))));
        let api = KajabiApi::new(http_client().expect("a client"), Arc::new(Keys), clock.clone(), &base);
        let client = serde_json::from_value(json!({
            "id": "acme", "name": "Acme Coaching", "zone": "America/New_York",
            "admin_email": "owner@example.com", "mode": "live",
            "provider": {"twilio": {"account_sid": "AC00000000000000000000000000000001", "sender": {"number": "+13055550199"}}},
            "kajabi": {"token_hashes": [], "compare": {"site_id": "2147000001"}},
        }));
        Self { site, clock, api, client: client.expect("a client") }
    }

    async fn page(&self, number: u32) -> Result<FeedPage, String> {
        self.api.page(&self.client, number).await
    }

    fn asked(&self) -> Vec<(String, String, String)> {
        self.site.lock().expect("the site").asked.clone()
    }
}

const ONE: &str = r#"{"data":[{"id":"1","type":"form_submissions","attributes":{"email":"pat@example.org"},"relationships":{"form":{"data":{"id":"77"}}}}],"links":{"next":"https://api.example.com/2"},"meta":{"total_pages":2}}"#;
const LAST: &str = r#"{"data":[{"id":"2","type":"form_submissions","attributes":{"email":"pat@example.org"},"relationships":{"form":{"data":{"id":"77"}}}}],"links":{"next":null},"meta":{"total_pages":2}}"#;

#[tokio::test]
async fn pages_are_read_newest_first_with_one_token_until_a_minute_before_it_expires() {
    let world = World::answering(&[(200, "", ONE), (200, "", LAST), (200, "", r#"{"data":[]}"#)]).await;
    let first = world.page(1).await.expect("a page");
    assert_eq!((first.forms.len(), first.more), (1, true));
    *world.clock.0.lock().expect("the clock") += TimeDelta::seconds(7139);
    assert!(!world.page(2).await.expect("a page").more);
    *world.clock.0.lock().expect("the clock") += TimeDelta::seconds(1);
    assert_eq!(world.page(3).await, Ok(FeedPage::default()));
    let list = |number: u32| {
        format!(
            "/v1/form_submissions?filter%5Bsite_id%5D=2147000001&sort=-created_at&page%5Bnumber%5D={number}&page%5Bsize%5D=100"
        )
    };
    let mint = (
        "/v1/oauth/token".to_owned(),
        String::new(),
        "client_id=an-id&client_secret=a-key&grant_type=client_credentials".to_owned(),
    );
    let get = |number, token: &str| (list(number), format!("Bearer {token}"), String::new());
    let expected = [mint.clone(), get(1, "token-1"), get(2, "token-1"), mint, get(3, "token-2")];
    assert_eq!(world.asked(), expected);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = World::answering(&[(401, "", ""), (200, "", LAST), (401, "", ""), (401, "", "")]).await;
    assert!(world.page(1).await.is_ok());
    assert_eq!(world.asked().last().map(|asked| asked.1.clone()).as_deref(), Some("Bearer token-2"));
    assert!(world.page(1).await.expect_err("refused twice").contains("refuses a token"));
    assert_eq!(world.site.lock().expect("the site").minted, 3);
}

#[tokio::test]
async fn too_many_requests_are_waited_out_once_and_shortly() {
    let world =
        World::answering(&[(429, "0", ""), (200, "", LAST), (429, "0", ""), (429, "0", ""), (429, "600", "")]).await;
    assert!(world.page(1).await.is_ok());
    assert!(world.page(1).await.expect_err("still too many").contains("HTTP 429"));
    assert!(world.page(1).await.expect_err("too long a wait").contains("to wait 600 s"));
    assert!(world.site.lock().expect("the site").answers.is_empty());
}

#[tokio::test]
async fn what_fails_is_said_in_words_without_the_key() {
    let world =
        World::answering(&[(403, "", "{}"), (404, "", ""), (503, "", "<html>"), (200, "", "<html>"), (302, "", "")])
            .await;
    for words in ["may not read forms", "no such list", "HTTP 503", "not readable", "HTTP 302"] {
        let why = world.page(1).await.expect_err("it failed");
        assert!(why.contains(words), "{why}");
    }
    world.site.lock().expect("the site").refuses_keys = true;
    *world.clock.0.lock().expect("the clock") += TimeDelta::days(1);
    let why = world.page(1).await.expect_err("no token");
    assert!(why.contains("refuses the key") && !why.contains("a-key"), "{why}");
    let gone =
        KajabiApi::new(http_client().expect("a client"), Arc::new(Keys), world.clock.clone(), "http://127.0.0.1:1");
    assert!(gone.page(&world.client, 1).await.expect_err("nobody there").contains("could not be asked"));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::answering(&[]).await;
    let mut api = KajabiApi::new(http_client().expect("a client"), Arc::new(Keys), world.clock.clone(), &base);
    api.deadline = Duration::from_millis(50);
    assert!(api.page(&world.client, 1).await.expect_err("silence").contains("did not answer within"));
}
