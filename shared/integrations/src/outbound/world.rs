//! A server that answers as it is told and remembers what it was asked, and a claimed text to send.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use ulid::Ulid;

use crate::outbound::{Endpoints, Providers, http_client};
use domain::{
    Instant,
    client::Client,
    ids::{AttemptId, CampaignId, ClientId, EnrollmentId, LeadId, RunId},
    lead::{Enrollment, Lead, NewClaim, Waits},
    message::{ClaimedText, SendOutcome},
    phone::{PhoneNumber, Region},
};
use ports::{SecretError, SecretStore, Secrets, SmsProvider};

pub(crate) const CREATED: &str = include_str!("../../../../events/twilio/message_created.json");
pub(crate) const TOKEN: &str = "an-auth-token";

pub(crate) fn now() -> Instant {
    "2026-01-06T20:00:00Z".parse().expect("an instant")
}

/// A client that texts by Twilio.
pub(crate) fn client(sender: Value) -> Client {
    client_by(json!({"twilio": {"account_sid": "AC00000000000000000000000000000001", "sender": sender}}))
}

/// A client that texts by a provider, by its settings.
pub(crate) fn client_by(provider: Value) -> Client {
    serde_json::from_value(json!({
        "id": "acme", "name": "Acme Coaching", "zone": "America/New_York",
        "admin_email": "owner@example.com", "mode": "live",
        "provider": provider,
        "kajabi": {"token_hashes": []},
    }))
    .expect("a client")
}

/// A text that a lead was claimed for, and that may leave for `left` from now.
pub(crate) fn claimed(text: &str, left: TimeDelta) -> ClaimedText {
    claimed_for("3055550123", text, left, 0)
}

/// The same for a number, after `sent` texts of its sequence.
pub(crate) fn claimed_for(to: &str, text: &str, left: TimeDelta, sent: u16) -> ClaimedText {
    let id = EnrollmentId(Ulid::from(2_u128));
    let to = PhoneNumber::parse(to, Region::default()).expect("valid");
    let mut lead = Lead::new(LeadId(Ulid::from(1_u128)), ClientId::parse("acme").expect("an id"));
    lead.enroll(Enrollment {
        id,
        campaign: CampaignId::parse("welcome").expect("an id"),
        version: 1,
        step: 1,
        imported_at: now(),
        waits: Waits::Until(now()),
        sent,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    });
    let claim = NewClaim {
        attempt: AttemptId(Ulid::from(3_u128)),
        run: RunId(Ulid::from(4_u128)),
        enrollment: id,
        step: 1,
        to,
        text: text.to_owned(),
        expires_at: now() + left,
        hours: "Mon–Fri 08:00–20:00 America/New_York".to_owned(),
    };
    lead.claim(claim, now()).expect("nothing stands against it")
}

pub(crate) fn secrets(held: &[(&str, &str)]) -> Secrets {
    held.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

/// Gives what it was told to, in order. After that it never answers.
pub(crate) struct FakeSecrets(Mutex<VecDeque<Result<Secrets, SecretError>>>);

impl FakeSecrets {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Secrets, SecretError>>) -> Self {
        Self(Mutex::new(answers.into_iter().collect()))
    }

    async fn next(&self) -> Result<Secrets, SecretError> {
        let next = self.0.lock().expect("no panic").pop_front();
        match next {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

#[async_trait]
impl SecretStore for FakeSecrets {
    async fn secrets(&self, _: &ClientId) -> Result<Secrets, SecretError> {
        self.next().await
    }

    async fn refreshed(&self, _: &ClientId) -> Result<Secrets, SecretError> {
        self.next().await
    }
}

/// A resolver that knows no name.
pub(crate) struct NoNames;

impl reqwest::dns::Resolve for NoNames {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async { Err(io::Error::other("no such name").into()) })
    }
}

/// How the server answers one request.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Created,
    Status(u16, &'static str),
    /// 429, with this `Retry-After`.
    Later(&'static str),
    Silence,
}

/// One request as it came.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        serde_urlencoded::from_str(&self.body).expect("a form")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub(crate) fn basic_auth(&self) -> String {
        let encoded = self.authorization.strip_prefix("Basic ").expect("basic authentication");
        String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("a text")
    }
}

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A server on a free port of this machine. It ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) base: String,
    script: Script,
    connections: Arc<AtomicUsize>,
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, base)
}

impl Server {
    async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (listener, base) = listener().await;
        let script = Script { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Script::default() };
        let routes = Router::new().fallback(answer).with_state(script.clone());
        let service = routes.into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { base, script, connections: Arc::default() }
    }

    /// Reads each request to its end, writes `answer`, and cuts the connection.
    pub(crate) async fn cutting(answer: String) -> Self {
        Self::raw(Some(answer)).await
    }

    /// Takes connections and never says anything.
    pub(crate) async fn mute() -> Self {
        Self::raw(None).await
    }

    /// An address that nobody listens at.
    pub(crate) async fn nobody() -> String {
        listener().await.1
    }

    async fn raw(answer: Option<String>) -> Self {
        let (listener, base) = listener().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let Some(answer) = answer else { return std::future::pending().await };
                    read_to_end(&mut stream).await;
                    stream.write_all(answer.as_bytes()).await.ok();
                });
            }
        });
        Self { base, script: Script::default(), connections }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().expect("no panic").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads one request to its end, or the hello of a TLS client, which is not HTTP at all.
async fn read_to_end(stream: &mut tokio::net::TcpStream) {
    let (mut all, mut part) = (Vec::new(), [0; 4_096]);
    while let Ok(read @ 1..) = stream.read(&mut part).await {
        all.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&all);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if whole || !(text.starts_with("POST") || text.starts_with("GET")) {
            return;
        }
    }
}

async fn answer(
    State(script): State<Script>,
    ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 * 1024).await.expect("a body");
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    script.seen.lock().expect("no panic").push(Seen {
        port: peer.port(),
        path: format!("{} {}", head.method, head.uri),
        content_type: header(header::CONTENT_TYPE),
        user_agent: header(header::USER_AGENT),
        authorization: header(header::AUTHORIZATION),
        body: String::from_utf8(body.to_vec()).expect("a text"),
    });
    let next = script.answers.lock().expect("no panic").pop_front();
    match next.expect("one request more than expected") {
        Answer::Created => (StatusCode::CREATED, CREATED).into_response(),
        Answer::Status(status, body) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [(header::LOCATION, "/elsewhere")], body).into_response()
        }
        Answer::Later(after) => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, after)], "{}").into_response(),
        Answer::Silence => std::future::pending().await,
    }
}

/// What one text is sent with.
pub(crate) struct World {
    pub(crate) server: Server,
    http: reqwest::Client,
    secrets: Arc<dyn SecretStore>,
    endpoints: Endpoints,
    deadline: Option<Duration>,
}

impl World {
    pub(crate) async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let server = Server::answering(answers).await;
        let world = Self::at(&server.base);
        Self { server, ..world }
    }

    pub(crate) fn at(base: &str) -> Self {
        let held = [("twilio_auth_token", TOKEN), ("openphone_api_key", TOKEN), ("simpletexting_token", TOKEN)];
        let held = || Ok(secrets(&held));
        Self {
            server: Server { base: base.to_owned(), script: Script::default(), connections: Arc::default() },
            http: http_client().expect("a client"),
            secrets: Arc::new(FakeSecrets::new(std::iter::repeat_with(held).take(6))),
            endpoints: Endpoints::stand_in(base, "https://hooks.example.org/"),
            deadline: None,
        }
    }

    pub(crate) fn through(self, http: reqwest::Client) -> Self {
        Self { http, ..self }
    }

    pub(crate) fn holding(self, secrets: Secrets) -> Self {
        self.with_secrets(FakeSecrets::new([Ok(secrets)]))
    }

    pub(crate) fn with_secrets(self, secrets: FakeSecrets) -> Self {
        Self { secrets: Arc::new(secrets), ..self }
    }

    pub(crate) fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    pub(crate) fn providers(&self) -> Providers {
        let providers = Providers::new(self.http.clone(), Arc::clone(&self.secrets), self.endpoints.clone());
        match self.deadline {
            Some(deadline) => providers.with_deadline(deadline),
            None => providers,
        }
    }

    pub(crate) async fn send(&self, text: &ClaimedText) -> SendOutcome {
        let client = client(json!({"number": "+13055550199"}));
        self.providers().send(&client, text, now()).await
    }

    pub(crate) async fn send_one(&self) -> SendOutcome {
        self.send(&claimed("Hi Pat, it's Sam.", TimeDelta::minutes(20))).await
    }
}
