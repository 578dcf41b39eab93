//! Refusals of the API as problem details (RFC 9457), each bad place named by a JSON pointer.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use leadline::domain::document;
use serde_json::{Map, Value, json};

use crate::answer;

/// What is answered in place of what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Details>);

#[derive(Debug, Clone, PartialEq)]
struct Details {
    status: StatusCode,
    title: &'static str,
    detail: String,
    extra: Map<String, Value>,
    header: Option<(header::HeaderName, String)>,
}

impl Problem {
    /// A problem of one status, in a few words that are always the same and in words of its own.
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Details { status, title, detail: detail.into(), extra: Map::new(), header: None }))
    }

    /// With a member of its own.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.header = Some((name, value.into()));
        self
    }

    /// Places of the request that make no sense.
    pub fn bad(status: StatusCode, places: &[document::Problem]) -> Self {
        let detail = document::in_words(places);
        Self::new(status, "the request makes no sense", detail).with("errors", json!(places))
    }

    /// One place that makes no sense.
    pub fn bad_at(pointer: &str, detail: impl Into<String>) -> Self {
        Self::bad(StatusCode::BAD_REQUEST, &[document::Problem::at(pointer, detail)])
    }

    /// There is no such thing. Another client's looks the same.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such thing", "nothing of this client is at this address")
    }

    /// The key opens nothing, whatever is wrong with it.
    pub fn unauthorized() -> Self {
        let detail = "an `Authorization: Bearer CLIENT.SECRET` header with a key that counts is needed";
        let problem = Self::new(StatusCode::UNAUTHORIZED, "no key that opens", detail);
        problem.header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// The key is one, for something else.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "the key is not for this", detail)
    }

    /// The address is there, for other methods.
    pub fn method(allowed: &str) -> Self {
        let detail = format!("this address takes {allowed}");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "not this method", detail);
        problem.header(header::ALLOW, allowed)
    }

    /// What stands is against it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "as things stand it may not be done", detail)
    }

    /// The minute's requests are used up.
    pub fn too_many(limit: u32, seconds: u32) -> Self {
        let detail = format!("{limit} requests a minute are allowed, all keys together; go on in {seconds} s");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests", detail);
        problem.header(header::RETRY_AFTER, seconds.to_string())
    }

    /// The body is over the limit, in bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large", format!("{limit} bytes are allowed"))
    }

    /// Something of ours does not work, and nothing was done.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "something of ours failed", "nothing was done; try again")
    }

    /// Something of ours does not work. What, is in the log.
    pub fn ours() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something of ours failed", "it is in the log; try again")
    }
}

impl From<Problem> for Response<Body> {
    fn from(Problem(problem): Problem) -> Self {
        let mut members = Map::from_iter([
            ("type".to_owned(), json!("about:blank")),
            ("title".to_owned(), json!(problem.title)),
            ("status".to_owned(), json!(problem.status.as_u16())),
            ("detail".to_owned(), json!(problem.detail)),
        ]);
        members.extend(problem.extra);
        let mut response = answer(problem.status, "application/problem+json", Value::Object(members).to_string());
        if let Some((name, value)) = problem.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
