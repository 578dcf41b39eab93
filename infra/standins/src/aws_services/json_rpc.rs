//! What the AWS JSON protocols 1.0 and 1.1 have in common: the operation is in a header, the
//! arguments are a JSON object, an error has a type and a message.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error answer: the type as the SDK knows it, and what to tell a person.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: &'static str,
    pub(super) message: String,
    /// The older name that SQS sends along in a header, and that its SDK goes by.
    pub(super) query_code: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), query_code: None }
    }

    pub(super) fn with_query_code(self, code: &'static str) -> Self {
        Self { query_code: Some(code), ..self }
    }

    pub(super) fn unknown_operation(operation: &str) -> Self {
        Self::new("UnknownOperationException", format!("the stand-in does not serve {operation:?}"))
    }
}

/// The operation's name: what follows the last dot of `x-amz-target`.
pub(super) fn operation(headers: &HeaderMap) -> &str {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    target.and_then(|target| target.rsplit_once('.')).map_or("", |(_, operation)| operation)
}

/// Reads the arguments; an empty body counts as no arguments.
pub(super) fn arguments(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|error| Refusal::new("SerializationException", error.to_string()))
}

/// The answer on the wire.
pub(super) fn answer(result: Result<Value, Refusal>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    match result {
        Ok(body) => (content_type, body.to_string()).into_response(),
        Err(Refusal { kind, message, query_code }) => {
            let body = json!({ "__type": kind, "message": message }).to_string();
            let query_error = format!("{};Sender", query_code.unwrap_or(kind));
            let query_error = [("x-amzn-query-error", query_error)];
            (StatusCode::BAD_REQUEST, content_type, query_error, body).into_response()
        }
    }
}

/// A string argument that must be there.
pub(super) fn required<'a>(arguments: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    arguments[name]
        .as_str()
        .ok_or_else(|| Refusal::new("MissingParameter", format!("The request must contain the parameter {name}.")))
}
