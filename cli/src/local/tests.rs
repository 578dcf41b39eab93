//! Over real HTTP, on a clock that stands still until it is moved: a Saturday, when nothing may be sent.

use chrono::TimeDelta;
use leadline::domain::Instant;
use leadline_standins::fakes::SimClock;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::*;

const FORM: &str = include_str!("../../../events/kajabi/form_submission.json");
const HOOK: &str = "/webhooks/kajabi/acme/acme-webhook-token-for-this-machine";

struct Running {
    url: String,
    real: SimClock,
    client: Client,
}

impl Running {
    async fn start() -> Self {
        let real = SimClock::new("2026-06-06T15:00:00Z".parse().expect("a Saturday"));
        let listener = bind(0).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let local =
            Local::start(setup(None).expect("the sample"), Arc::new(real.clone()), &url).await.expect("started");
        tokio::spawn(async move { axum::serve(listener, local.router()).await });
        Self { url, real, client: leadline::integrations::outbound::http_client().expect("a client") }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        request.body(body).send().await.expect("an answer")
    }

    /// The status and the answer of one of the page's actions.
    async fn act(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.post(path, body.to_string()).await;
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn state(&self) -> Value {
        self.get("/api/state").send().await.expect("an answer").json().await.expect("JSON")
    }
}

#[tokio::test]
async fn a_form_becomes_a_lead_that_waits_and_is_texted_when_the_clock_has_moved() {
    let running = Running::start().await;
    assert_eq!(running.get("/health").send().await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(running.post(HOOK, FORM).await.status(), StatusCode::OK);

    let state = running.state().await;
    let lead = &state["leads"][0];
    assert_eq!((lead["name"].as_str(), lead["sms_status"].as_str()), (Some("Pat Rivera"), Some("Not Sent")));
    let verdict = &lead["sequences"][0]["verdict"];
    assert_eq!((&verdict["decision"]["do"], &verdict["opens_at"]), (&json!("wait"), &json!("2026-06-08T12:00:00Z")));
    assert!(
        state["clients"][0]["forecast"].as_str().is_some_and(|said| said.contains("waits until Mon 8 Jun 2026 08:00"))
    );
    assert_eq!(state["texts"], json!([]));

    let moved = running.act("/api/clock", json!({ "to": "next" })).await;
    assert_eq!(moved, (200, json!({ "now": "2026-06-08T12:00:00Z" })));
    let state = running.state().await;
    assert!(state["texts"][0]["body"].as_str().is_some_and(|body| body.starts_with("Hi Pat,")), "{state}");
    assert_eq!(state["texts"][0]["lead"], state["leads"][0]["id"]);
    assert_eq!(state["leads"][0]["sms_status"], "Sent");
    assert!(!state.to_string().contains("3055550123"), "numbers are masked");

    // From there the clock runs on with the machine's.
    running.real.advance(TimeDelta::minutes(5));
    let now: Value = running.get("/api/now").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(now, json!({ "now": "2026-06-08T12:05:00Z" }));
}

#[tokio::test]
async fn what_the_webhook_refuses_is_refused_by_it() {
    let running = Running::start().await;
    let wrong = running.post("/webhooks/kajabi/acme/not-the-token-of-this-client", FORM).await;
    assert_eq!(wrong.status(), StatusCode::NOT_FOUND);
    let large = running.post(HOOK, vec![b' '; 1024 * 1024]).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let unsigned = running.post("/webhooks/twilio/acme/inbound", "Body=STOP&From=%2B13055550123").await;
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(running.state().await["leads"], json!([]));
}

#[tokio::test]
async fn the_clock_moves_ahead_within_reason_and_never_back() {
    let running = Running::start().await;
    for (asked, expected, says) in [
        (json!({ "to": "2026-06-06T14:59:59Z" }), 409, "does not go back"),
        (json!({ "advance_minutes": -1 }), 409, "does not go back"),
        (json!({ "advance_minutes": 401 * 24 * 60 }), 400, "400 days"),
        (json!({ "advance_minutes": i64::MAX }), 400, "400 days"),
        (json!({ "to": "tomorrow" }), 400, "a moment such as"),
        (json!({ "to": "next" }), 409, "nothing is due"),
        (json!({}), 400, "either"),
        (json!({ "advance_minutes": 1, "to": "next" }), 400, "either"),
    ] {
        let (status, answer) = running.act("/api/clock", asked.clone()).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(status == expected && error.contains(says), "{asked}: {status} {answer}");
    }
    let (status, answer) = running.act("/api/clock", json!({ "advance_minutes": 24 * 60 })).await;
    assert_eq!((status, answer), (200, json!({ "now": "2026-06-07T15:00:00Z" })));
    let state = running.state().await;
    let runs = state["journal"].as_array().expect("events").iter().filter(|event| event["event"] == "scheduler_run");
    let runs: Vec<u64> = runs.map(|event| event["times"].as_u64().unwrap_or(0)).collect();
    assert_eq!(runs.iter().sum::<u64>(), 97, "a run each quarter of an hour, both ends included: {runs:?}");
    assert!(runs.len() < 5, "a quiet day is not a hundred lines: {runs:?}");
}

#[tokio::test]
async fn a_stop_ends_the_texts_and_a_lost_answer_is_shown_as_unclear() {
    let running = Running::start().await;
    running.post(HOOK, FORM).await;
    let reply = json!({ "client": "acme", "from": "(305) 555-0123", "body": "STOP" });
    assert_eq!(running.act("/api/reply", reply).await, (200, json!({ "status": 200 })));
    let state = running.state().await;
    assert_eq!(state["leads"][0]["standing"], "opted out");
    assert_eq!(running.act("/api/clock", json!({ "to": "next" })).await.0, 409);

    let other = FORM.replace("555-0123", "555-0124").replace("pat@", "jo@").replace("2150000001", "2150000002");
    running.post(HOOK, other).await;
    assert_eq!(running.act("/api/provider", json!({ "behaviour": "answer-lost", "next": 1 })).await.0, 204);
    running.act("/api/clock", json!({ "to": "next" })).await;
    let state = running.state().await;
    assert_eq!(state["leads"][0]["sms_status"], "Unclear", "{state}");
    assert!(!state["mails"].to_string().contains("may or may not"), "the provider is asked before a person is");
    running.act("/api/clock", json!({ "to": "next" })).await;
    let state = running.state().await;
    assert_eq!(state["leads"][0]["sms_status"], "Sent", "its list has the text: {state}");
    let ran = running.act("/api/run", json!({})).await;
    assert_eq!((ran.0, &ran.1["scheduler"]["queued"]), (200, &json!(0)));
}

#[tokio::test]
async fn the_page_runs_its_own_script_only_and_makes_no_markup_of_what_leads_write() {
    let running = Running::start().await;
    let page = running.get("/").send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    let page = page.text().await.expect("text");
    let nonce = policy.split("script-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.matches("<script").count(), page.matches(&format!("<script nonce=\"{nonce}\">")).count());
    for markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc", "https://"] {
        assert!(!page.contains(markup), "{markup}");
    }

    let hostile = "<img src=x onerror=alert(1)>";
    let form = FORM.replace("Pat Rivera", hostile).replace("2150000001", "2150000009");
    assert_eq!(running.post(HOOK, form).await.status(), StatusCode::OK);
    running.act("/api/reply", json!({ "client": "acme", "from": "(305) 555-0123", "body": hostile })).await;
    let state = running.get("/api/state").send().await.expect("an answer");
    assert_eq!(state.headers()["content-type"], "application/json");
    assert_eq!(state.headers()["x-content-type-options"], "nosniff");
    let state: Value = state.json().await.expect("JSON");
    assert_eq!(state["leads"].as_array().map(Vec::len), Some(1));
    assert!(state["journal"].to_string().contains("onerror"), "the reply is shown, as it was written");
    assert!(!running.get("/").send().await.expect("an answer").text().await.expect("text").contains("onerror"));
}

#[tokio::test]
async fn other_addresses_and_other_pages_get_nothing() {
    let running = Running::start().await;
    let elsewhere = running.get("/api/state").header("host", "evil.example").send().await.expect("an answer");
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN);
    // A form of another page cannot say that it is JSON.
    let plain = running.client.post(format!("{}/api/run", running.url)).header("content-type", "text/plain").body("{}");
    assert_eq!(plain.send().await.expect("an answer").status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(running.get("/api/nothing").send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
    assert_eq!(running.get("/mail/0").send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_port_in_use_says_how_to_choose_another() {
    let taken = bind(0).await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let error = bind(port).await.expect_err("taken").to_string();
    assert!(error.contains(&format!("port {port} is in use")) && error.contains("--port"), "{error}");
}

#[test]
fn every_sample_of_clients_can_be_started_with() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/sample");
    for file in std::fs::read_dir(folder).expect("samples") {
        let file = file.expect("a file").path();
        assert!(!setup(Some(&file)).expect("clients").clients.is_empty(), "{}", file.display());
    }
    let at: Instant = "2026-06-06T15:00:00Z".parse().expect("an instant");
    for client in setup(None).expect("the sample").clients {
        assert!(forecast::of_lead_now(&client.settings, &client, at).is_some(), "{}", client.settings.id);
    }
}
