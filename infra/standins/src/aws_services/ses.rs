//! SESv2: takes simple mails with `SendEmail` and keeps them to be looked at.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::json_rpc::{Refusal, arguments};

/// A mail that was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The id that the sender was given.
    pub message_id: String,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// The sender's address.
    pub from: String,
    /// The addresses it went to.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message_id, at, to, .. } = self;
        write!(f, "Mail {{ {message_id} at {at} to {} addresses }}", to.len())
    }
}

/// The mails so far. Clones share them.
#[derive(Clone)]
pub struct Mailbox {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    state: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    mails: Vec<Mail>,
    rejecting: bool,
}

impl Mailbox {
    /// An empty mailbox on this clock.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), state: Arc::default() }
    }

    /// The mails that were sent, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).mails.clone()
    }

    /// Whether each further mail is refused with `MessageRejected`.
    pub fn set_rejecting(&self, rejecting: bool) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rejecting = rejecting;
    }

    /// Serves SESv2 on `listener` until the future is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: tokio::net::TcpListener) -> std::io::Result<()> {
        let routes = Router::new()
            .route("/v2/email/outbound-emails", post(handle))
            .fallback(async || refuse(&Refusal::unknown_operation("this path")))
            .with_state(self.clone());
        axum::serve(listener, routes).await
    }

    fn take(&self, arguments: &Value) -> Result<String, Refusal> {
        let bad = |message: &str| Refusal::new("BadRequestException", message);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let from = text(&arguments["FromEmailAddress"]).ok_or_else(|| bad("FromEmailAddress is missing"))?;
        let destination = &arguments["Destination"];
        let to: Vec<_> = ["ToAddresses", "CcAddresses", "BccAddresses"]
            .into_iter()
            .filter_map(|list| destination[list].as_array())
            .flatten()
            .filter_map(text)
            .collect();
        if to.is_empty() {
            return Err(bad("Destination is missing"));
        }
        let simple = &arguments["Content"]["Simple"];
        let subject = text(&simple["Subject"]["Data"])
            .ok_or_else(|| bad("the stand-in takes simple mails with a subject only"))?;
        let (plain, html) = (text(&simple["Body"]["Text"]["Data"]), text(&simple["Body"]["Html"]["Data"]));
        if plain.is_none() && html.is_none() {
            return Err(bad("the mail has no body"));
        }
        let at = (self.now)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.rejecting {
            return Err(Refusal::new("MessageRejected", "Email address is not verified."));
        }
        let message_id = format!("mail-{}", state.mails.len() + 1);
        let mail = Mail { message_id: message_id.clone(), at, from, to, subject, text: plain, html };
        state.mails.push(mail);
        Ok(message_id)
    }
}

async fn handle(State(mailbox): State<Mailbox>, body: Bytes) -> Response {
    match arguments(&body).and_then(|arguments| mailbox.take(&arguments)) {
        Ok(message_id) => Json(json!({ "MessageId": message_id })).into_response(),
        Err(refusal) => refuse(&refusal),
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let kind = [("x-amzn-errortype", refusal.kind)];
    (StatusCode::BAD_REQUEST, kind, Json(json!({ "message": refusal.message }))).into_response()
}
