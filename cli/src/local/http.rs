//! The addresses: what others post to goes to the webhook unchanged; the rest is the page's.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use leadline::ports::IdSource;

use super::{
    Local,
    actions::{self, Failed},
    clock, state,
};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// What API Gateway takes. The webhook's own limit is far below it, and is what answers.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

impl Local {
    /// Everything that is served.
    pub fn router(&self) -> Router {
        let own = Router::new()
            .route("/", get(page))
            .route("/mail/{number}", get(mail))
            .route("/api/state", get(state::state))
            .route("/api/now", get(clock::now))
            .route("/api/clock", post(clock::set))
            .route("/api/run", post(actions::run))
            .route("/api/reply", post(actions::reply))
            .route("/api/provider", post(actions::provider))
            .fallback(async || StatusCode::NOT_FOUND)
            .layer(middleware::from_fn_with_state(self.clone(), guard));
        Router::new()
            .route("/health", any(webhook))
            .route("/webhooks/{*path}", any(webhook))
            .route("/sms/{*path}", any(webhook))
            .route("/admin/{*path}", any(webhook))
            .fallback_service(own.with_state(self.clone()))
            .with_state(self.clone())
    }
}

/// What is the page's own answers to its own address only, so that no other page that someone has
/// open can reach it under a name that leads here.
async fn guard(State(local): State<Local>, request: Request, next: Next) -> Response {
    let port = local.url.rsplit(':').next().unwrap_or_default();
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host != format!("127.0.0.1:{port}") && host != format!("localhost:{port}") {
        return (StatusCode::FORBIDDEN, format!("this page is at {}\n", local.url)).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Hands a request to the webhook as API Gateway would.
async fn webhook(State(local): State<Local>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body = match String::from_utf8(bytes.into()) {
        Ok(text) => lambda_http::Body::Text(text),
        Err(bytes) => lambda_http::Body::Binary(bytes.into_bytes()),
    };
    let request = lambda_http::Request::from_parts(parts, body);
    let answered = local.work(async move |local| anyhow::Ok(local.present().await?.system.post(request).await)).await;
    match answered.and_then(|answered| answered) {
        Ok(response) => response.map(|body| Body::from(body.to_vec())),
        Err(error) => Failed::from(error).into_response(),
    }
}

/// The page. Its script and its style are the only ones that may run in it.
async fn page(State(local): State<Local>) -> impl IntoResponse {
    let nonce = local.ids.new_id(local.real.now()).to_string();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let page = PAGE.replace("{{nonce}}", &nonce).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    html(page, &policy)
}

/// An email's HTML, for a frame in which nothing may run.
async fn mail(State(local): State<Local>, Path(number): Path<usize>) -> Result<Response, Failed> {
    let world = local.world.lock().await;
    let found = world.system.mailbox.sent().into_iter().nth(number).and_then(|mail| mail.email.html);
    let found =
        found.ok_or_else(|| Failed(StatusCode::NOT_FOUND, "there is no such mail, or it has no HTML".to_owned()))?;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";
    Ok(html(found, policy).into_response())
}

fn html(content: String, policy: &str) -> impl IntoResponse + use<> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (headers, content)
}
