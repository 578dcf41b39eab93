//! OpenPhone's messages API (create, list) over a [`Carrier`], on a loopback port, and what OpenPhone posts.
//! Nothing is posted by itself.

mod post;

pub use post::{Posted, sign, sign_legacy};

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::carrier::{Carrier, Front, Offer, Verdict};
use crate::wire::Scissors;

/// A workspace with one number that the stand-in answers for.
#[derive(Debug, Clone)]
pub struct Account {
    /// The key that it wants, raw.
    pub api_key: SecretString,
    /// The id of the number.
    pub phone_number_id: String,
    /// The number, E.164.
    pub number: String,
}

/// The API's own routes.
pub(crate) fn routes(accounts: Vec<Account>, carrier: Carrier) -> Router {
    Router::new()
        .route("/v1/messages", get(list).post(create))
        .with_state(Standin { accounts: accounts.into(), carrier })
}

#[derive(Clone)]
struct Standin {
    accounts: std::sync::Arc<[Account]>,
    carrier: Carrier,
}

impl Standin {
    fn admits(&self, headers: &HeaderMap) -> Option<&Account> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        self.accounts.iter().find(|account| account.api_key.expose_secret() == given)
    }
}

#[derive(Deserialize)]
struct NewMessage {
    content: String,
    from: String,
    to: Vec<String>,
}

async fn create(
    State(standin): State<Standin>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    headers: HeaderMap,
    Json(message): Json<NewMessage>,
) -> Response {
    let Some(account) = standin.admits(&headers) else { return error(200_401, 401, None) };
    if message.from != account.phone_number_id {
        return error(200_404, 404, None);
    }
    let chars = message.content.chars().count();
    if message.content.trim().is_empty() || chars > 1_600 {
        return error(200_400, 400, Some("/content"));
    }
    let [to] = message.to.as_slice() else { return error(200_400, 400, Some("/to")) };
    let digits = to.strip_prefix('+').unwrap_or_default();
    if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return error(200_400, 400, Some("/to/0"));
    }
    let (to, from, body) = (to.clone(), Some(account.number.clone()), message.content);
    match standin.carrier.offer(Offer { front: Front::OpenPhone, to, from, body, ..Offer::default() }) {
        Verdict::Accepted(text) => {
            let data = resource(account, &text.sid, "outgoing", &text.to, &text.body, "queued", text.at);
            (StatusCode::ACCEPTED, Json(json!({ "data": data }))).into_response()
        }
        Verdict::AcceptedUnanswered(_) | Verdict::DroppedUnanswered => {
            scissors.cut();
            StatusCode::NO_CONTENT.into_response()
        }
        Verdict::Refused { code, http_status } => error(code, http_status, None),
        Verdict::Down => error(201_500, 503, None),
        Verdict::Throttled => error(200_429, 429, None),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    phone_number_id: String,
    participants: String,
    max_results: usize,
    created_after: Option<DateTime<Utc>>,
    page_token: Option<usize>,
}

/// The list, newest first. The token of a page is how many texts came before it.
async fn list(State(standin): State<Standin>, headers: HeaderMap, Query(filter): Query<Filter>) -> Response {
    let Some(account) = standin.admits(&headers) else { return error(200_401, 401, None) };
    if filter.phone_number_id != account.phone_number_id {
        return error(200_404, 404, None);
    }
    let (Some(sent), Some(heard)) = (
        standin.carrier.list(Some(&filter.participants), Some(&account.number)),
        standin.carrier.list_heard(&filter.participants),
    ) else {
        return error(201_500, 503, None);
    };
    let shown = |status: &str| if matches!(status, "failed" | "undelivered") { "undelivered" } else { "delivered" };
    let sent = sent.iter().map(|text| (text.at, &text.sid, "outgoing", &text.body, shown(&text.status)));
    let heard = heard.iter().map(|text| (text.at, &text.sid, "incoming", &text.body, "received"));
    let mut all: Vec<_> = sent.chain(heard).filter(|one| filter.created_after.is_none_or(|at| one.0 >= at)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.0));
    let (skip, size) = (filter.page_token.unwrap_or(0), filter.max_results.clamp(1, 100));
    let data: Vec<Value> = all
        .iter()
        .skip(skip)
        .take(size)
        .map(|(at, id, way, body, status)| resource(account, id, way, &filter.participants, body, status, *at))
        .collect();
    let next = (all.len() > skip + size).then(|| (skip + size).to_string());
    Json(json!({ "data": data, "totalItems": 0, "nextPageToken": next })).into_response()
}

fn resource(
    account: &Account,
    id: &str,
    direction: &str,
    person: &str,
    text: &str,
    status: &str,
    at: DateTime<Utc>,
) -> Value {
    let (from, to) = match direction {
        "incoming" => (person, account.number.as_str()),
        _ => (account.number.as_str(), person),
    };
    let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "id": id, "from": from, "to": [to], "text": text, "direction": direction, "status": status,
        "phoneNumberId": account.phone_number_id, "conversationId": "CN0demo0001", "userId": "US0demo0001",
        "createdAt": at, "updatedAt": at,
    })
}

fn error(code: u32, status: u16, path: Option<&str>) -> Response {
    let errors: Vec<Value> = path.iter().map(|path| json!({"path": path, "message": "stand-in"})).collect();
    let code = format!("{code:07}");
    let body = json!({"message": "stand-in", "code": code, "status": status, "title": "stand-in", "errors": errors});
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), Json(body)).into_response()
}
