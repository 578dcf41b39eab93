//! The API: by it a client's own programs send texts, and see to what an operator sees to by `leadline`.
//!
//! Every call names its client by a key. Refusals are problem details (RFC 9457).

mod admin;
mod api;
mod caller;
#[cfg(feature = "openapi")]
pub mod openapi;
mod problem;
mod table;

use std::sync::Arc;

use lambda_http::{
    Body, Request, Response,
    http::{HeaderValue, StatusCode},
};
use leadline::{
    flows::alerts::Alerts,
    ports::{Clock, ConsoleStore, IdSource, Mailer, RequestLimits, TextQueue, inbound::BODY_LIMIT},
};
use problem::Problem;
use table::{Endpoint, Found};

/// What the console needs.
#[derive(Clone)]
pub struct Deps {
    /// All that is stored.
    pub store: Arc<dyn ConsoleStore>,
    /// Where alerts go.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// How many requests the clients' own programs make.
    pub requests: Arc<dyn RequestLimits>,
    /// What a new key is made of: at least 16 characters that nobody guesses.
    pub new_secret: fn() -> String,
    /// Where a text goes that is asked for by itself.
    pub queue: Arc<dyn TextQueue>,
}

impl Deps {
    /// How operators are told of something.
    fn alerts(&self) -> Alerts<'_> {
        let store = self.store.as_ref();
        Alerts { once: store, mailer: self.mailer.as_ref(), journal: store }
    }
}

/// Answers one request. Never fails: whatever goes wrong has an answer.
pub async fn handle(request: Request, deps: &Deps) -> Response<Body> {
    let answered = match table::find(request.method(), request.uri().path()) {
        Found::Here(Endpoint::Send, _) => api::send(&request, deps).await,
        Found::Here(Endpoint::Status, _) => api::status(&request, deps).await,
        Found::Here(endpoint, part) => admin::handle(&request, endpoint, part, deps).await,
        Found::For(allowed) => Err(Problem::method(&allowed)),
        Found::Nowhere => Err(Problem::not_found()),
    };
    answered.unwrap_or_else(Response::from)
}

fn health() -> String {
    format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION"))
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// The body, unless it is too large.
fn body(request: &Request) -> Result<&[u8], Problem> {
    let bytes: &[u8] = request.body();
    if bytes.len() > BODY_LIMIT { Err(Problem::too_large(BODY_LIMIT)) } else { Ok(bytes) }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}
