//! SimpleTexting's API (create, list, one contact) over a [`Carrier`], on a loopback port, and what
//! SimpleTexting posts. As it does, it replaces links. Nothing is posted by itself.

use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::carrier::{Accepted, Carrier, Front, Heard, Offer, Verdict};
use crate::wire::Scissors;

/// An account with one number that the stand-in answers for.
#[derive(Debug, Clone)]
pub struct Account {
    /// The token that it wants.
    pub token: SecretString,
    /// The number, E.164.
    pub number: String,
}

/// The API's own routes.
pub(crate) fn routes(accounts: Vec<Account>, carrier: Carrier) -> Router {
    Router::new()
        .route("/v2/api/messages", get(list).post(create))
        .route("/v2/api/contacts/{phone}", get(contact))
        .with_state(Standin { accounts: accounts.into(), carrier })
}

#[derive(Clone)]
struct Standin {
    accounts: std::sync::Arc<[Account]>,
    carrier: Carrier,
}

impl Standin {
    fn admits(&self, headers: &HeaderMap) -> Option<&Account> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        self.accounts.iter().find(|account| account.token.expose_secret() == given)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    contact_phone: String,
    account_phone: String,
    mode: String,
    text: String,
}

async fn create(
    State(standin): State<Standin>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    headers: HeaderMap,
    Json(message): Json<NewMessage>,
) -> Response {
    let Some(account) = standin.admits(&headers) else { return error("ERR_AUTH_TOKEN", 401) };
    let ten = |phone: &str| phone.len() == 10 && phone.bytes().all(|byte| byte.is_ascii_digit());
    let modes = ["AUTO", "SINGLE_SMS_STRICTLY", "MMS_PREFERRED"];
    let known = format!("+1{}", message.account_phone) == account.number && modes.contains(&message.mode.as_str());
    let short = message.mode != "SINGLE_SMS_STRICTLY" || message.text.chars().count() <= 160;
    if !ten(&message.contact_phone) || !known || message.text.is_empty() || !short {
        return error("ERR_VALIDATION", 400);
    }
    let offer = Offer {
        front: Front::SimpleTexting,
        to: format!("+1{}", message.contact_phone),
        from: Some(account.number.clone()),
        body: with_own_links(&message.text),
        ..Offer::default()
    };
    match standin.carrier.offer(offer) {
        Verdict::Accepted(text) => (StatusCode::CREATED, Json(json!({"id": text.sid, "credits": -12}))).into_response(),
        Verdict::AcceptedUnanswered(_) | Verdict::DroppedUnanswered => {
            scissors.cut();
            StatusCode::NO_CONTENT.into_response()
        }
        Verdict::Refused { http_status, .. } => error("ERR_REFUSED", http_status),
        Verdict::Down => error("ERR_DOWN", 503),
        Verdict::Throttled => error("ERR_TOO_MANY", 429),
    }
}

/// A text with every link in it replaced by one of the stand-in's own.
fn with_own_links(text: &str) -> String {
    let word = |word: &str| match word.find("http") {
        Some(0) => format!("https://s.example.com/a1{}", if word.ends_with(' ') { " " } else { "" }),
        _ => word.to_owned(),
    };
    text.split_inclusive(' ').map(word).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    page: usize,
    size: usize,
    account_phone: String,
    contact_phone: String,
    since: Option<DateTime<Utc>>,
}

async fn list(State(standin): State<Standin>, headers: HeaderMap, Query(filter): Query<Filter>) -> Response {
    let Some(account) = standin.admits(&headers) else { return error("ERR_AUTH_TOKEN", 401) };
    let person = format!("+1{}", filter.contact_phone);
    let (Some(sent), Some(heard)) =
        (standin.carrier.list(Some(&person), Some(&account.number)), standin.carrier.list_heard(&person))
    else {
        return error("ERR_DOWN", 503);
    };
    let sent = sent.iter().map(|text| (text.at, &text.sid, "MT", &text.body));
    let heard = heard.iter().map(|text| (text.at, &text.sid, "MO", &text.body));
    let mut all: Vec<_> = sent.chain(heard).filter(|one| filter.since.is_none_or(|at| one.0 >= at)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.0));
    let size = filter.size.clamp(1, 500);
    let one = |(at, id, way, text): &(DateTime<Utc>, &String, &str, &String)| {
        json!({
            "id": id, "subject": null, "text": text, "contactPhone": filter.contact_phone,
            "accountPhone": filter.account_phone, "directionType": way, "timestamp": iso(*at),
            "referenceType": "API_SEND", "category": "SMS", "mediaItems": [],
        })
    };
    let content: Vec<Value> = all.iter().skip(filter.page * size).take(size).map(one).collect();
    let pages = all.len().div_ceil(size);
    Json(json!({"content": content, "totalPages": pages, "totalElements": all.len()})).into_response()
}

async fn contact(State(standin): State<Standin>, headers: HeaderMap, Path(phone): Path<String>) -> Response {
    if standin.admits(&headers).is_none() {
        return error("ERR_AUTH_TOKEN", 401);
    }
    match standin.carrier.is_unsubscribed(&format!("+1{phone}")) {
        None => error("ERR_DOWN", 503),
        Some(false) => error("UNKNOWN_CONTACT_PHONE", 404),
        Some(true) => Json(json!({"contactPhone": phone, "subscriptionStatus": "OPT_OUT"})).into_response(),
    }
}

fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn error(code: &str, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body =
        json!({"status": "stand-in", "errorCode": code, "code": code, "message": "stand-in", "errorDetails": []});
    (status, Json(body)).into_response()
}

fn ten(number: &str) -> &str {
    number.trim_start_matches("+1")
}

fn event(kind: &str, about: &str, values: &Value) -> String {
    let digits: String = about.bytes().chain(kind.bytes()).map(|byte| format!("{byte:02x}")).collect();
    let report = &digits[digits.len().saturating_sub(24)..];
    json!({"reportId": format!("{report}{}", &about[about.len() - 8..]), "webhookId": "65e1", "type": kind, "values": values})
        .to_string()
}

/// The event that says that a person wrote.
#[must_use]
pub fn incoming(heard: &Heard) -> String {
    let values = json!({
        "messageId": heard.sid, "subject": null, "mediaItems": [], "text": heard.body, "accountPhone": ten(&heard.to),
        "contactPhone": ten(&heard.from), "timestamp": iso(heard.at), "category": "SMS", "referenceType": "API",
    });
    event("INCOMING_MESSAGE", &heard.sid, &values)
}

/// The event that says that the number sent a text, whoever wrote it.
#[must_use]
pub fn outgoing(text: &Accepted) -> String {
    let values = json!({
        "messageId": text.sid, "subject": null, "mediaItems": [], "text": text.body,
        "accountPhone": text.from.as_deref().map(ten), "contactPhone": ten(&text.to), "timestamp": iso(text.at),
        "category": "SMS", "referenceType": "API",
    });
    event("OUTGOING_MESSAGE", &text.sid, &values)
}

/// The event that says whether a text was delivered.
#[must_use]
pub fn report(text: &Accepted, delivered: bool) -> String {
    let values = json!({
        "messageId": text.sid, "category": "SMS", "referenceType": "API", "carrier": "Example Mobile",
        "accountPhone": text.from.as_deref().map(ten), "contactPhone": ten(&text.to),
    });
    event(if delivered { "DELIVERY_REPORT" } else { "NON_DELIVERED_REPORT" }, &text.sid, &values)
}

/// The event that says that a person unsubscribed.
#[must_use]
pub fn unsubscribed(number: &str) -> String {
    let values = json!({"contactId": format!("65c{:0>21}", ten(number)), "phone": ten(number)});
    event("UNSUBSCRIBE_REPORT", ten(number), &values)
}
