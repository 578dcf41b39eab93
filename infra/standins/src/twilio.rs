//! Twilio's Messages API (create, list, read one) over a [`Carrier`], on a loopback port. The
//! answers have the shapes of twilio.com/docs/messaging/api/message-resource; paging, media and
//! scheduling are left out, and status callbacks are never posted by itself.

pub use crate::signature::sign;

use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Json, Router};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::carrier::{Accepted, Carrier, Front, Heard, Offer, Verdict};
use crate::wire::{CuttableListener, Scissors};

/// An account that the stand-in answers for, and the credentials it wants.
#[derive(Debug, Clone)]
pub struct Account {
    /// The account's id, in the path.
    pub account_sid: String,
    /// The user of the Basic authentication: the account's id again, or an API key's id.
    pub user: String,
    /// The password: the auth token, or the API key's secret.
    pub password: SecretString,
}

/// Serves the API on `listener` until the future is dropped. The carrier decides and remembers.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: tokio::net::TcpListener, accounts: Vec<Account>, carrier: Carrier) -> std::io::Result<()> {
    let routes = routes(accounts, carrier).fallback(async || error(20404, StatusCode::NOT_FOUND));
    let service = routes.into_make_service_with_connect_info::<Scissors>();
    axum::serve(CuttableListener(listener), service).await
}

/// The API's own routes.
pub(crate) fn routes(accounts: Vec<Account>, carrier: Carrier) -> Router {
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", get(list).post(create))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}", get(read))
        .with_state(Standin { accounts: accounts.into(), carrier })
}

#[derive(Clone)]
struct Standin {
    accounts: std::sync::Arc<[Account]>,
    carrier: Carrier,
}

impl Standin {
    fn admits(&self, account: &str, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.accounts.iter().filter(|known| known.account_sid == account).any(|known| {
            let pair = format!("{}:{}", known.user, known.password.expose_secret());
            given == Some(&format!("Basic {}", STANDARD.encode(pair)))
        })
    }
}

fn not_admitted() -> Response {
    error(20003, StatusCode::UNAUTHORIZED)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewMessage {
    to: Option<String>,
    from: Option<String>,
    messaging_service_sid: Option<String>,
    body: Option<String>,
    status_callback: Option<String>,
    validity_period: Option<i64>,
}

impl NewMessage {
    /// The checks that Twilio makes before it takes a message, with its error codes.
    fn check(self) -> Result<Offer, u32> {
        let to = self.to.filter(|to| !to.is_empty()).ok_or(21604_u32)?;
        if self.from.is_none() && self.messaging_service_sid.is_none() {
            return Err(21603);
        }
        let body = self.body.filter(|body| !body.is_empty()).ok_or(21602_u32)?;
        if body.chars().count() > 1_600 {
            return Err(21617);
        }
        let digits = to.strip_prefix('+').unwrap_or_default();
        if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(21211);
        }
        if self.validity_period.is_some_and(|seconds| !(1..=36_000).contains(&seconds)) {
            return Err(20001);
        }
        Ok(Offer {
            front: Front::Twilio,
            to,
            from: self.from,
            messaging_service_sid: self.messaging_service_sid,
            body,
            status_callback: self.status_callback,
            validity_period: self.validity_period.map(TimeDelta::seconds),
        })
    }
}

async fn create(
    State(standin): State<Standin>,
    Path(account): Path<String>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    headers: HeaderMap,
    Form(message): Form<NewMessage>,
) -> Response {
    if !standin.admits(&account, &headers) {
        return not_admitted();
    }
    let offer = match message.check() {
        Ok(offer) => offer,
        Err(code) => return error(code, StatusCode::BAD_REQUEST),
    };
    match standin.carrier.offer(offer) {
        Verdict::Accepted(text) => (StatusCode::CREATED, Json(resource(&account, &text))).into_response(),
        Verdict::AcceptedUnanswered(_) | Verdict::DroppedUnanswered => {
            scissors.cut();
            StatusCode::NO_CONTENT.into_response()
        }
        Verdict::Refused { code, http_status } => {
            error(code, StatusCode::from_u16(http_status).unwrap_or(StatusCode::BAD_REQUEST))
        }
        Verdict::Down => error(20503, StatusCode::SERVICE_UNAVAILABLE),
        Verdict::Throttled => error(20429, StatusCode::TOO_MANY_REQUESTS),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    to: Option<String>,
    from: Option<String>,
    page_size: Option<usize>,
}

async fn list(
    State(standin): State<Standin>,
    Path(account): Path<String>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
) -> Response {
    if !standin.admits(&account, &headers) {
        return not_admitted();
    }
    let Some(found) = standin.carrier.list(filter.to.as_deref(), filter.from.as_deref()) else {
        return error(20503, StatusCode::SERVICE_UNAVAILABLE);
    };
    let heard = filter.from.as_deref().and_then(|from| standin.carrier.list_heard(from)).unwrap_or_default();
    let heard = heard.iter().filter(|text| filter.to.as_ref().is_none_or(|to| *to == text.to));
    let page_size = filter.page_size.unwrap_or(50).clamp(1, 1_000);
    let messages = found.iter().map(|text| resource(&account, text)).chain(heard.map(|text| inbound(&account, text)));
    let messages: Vec<_> = messages.take(page_size).collect();
    let uri = format!("/2010-04-01/Accounts/{account}/Messages.json?PageSize={page_size}&Page=0");
    Json(json!({
        "messages": messages, "page": 0, "page_size": page_size, "start": 0,
        "end": messages.len().saturating_sub(1), "uri": uri, "first_page_uri": uri,
        "next_page_uri": null, "previous_page_uri": null,
    }))
    .into_response()
}

async fn read(
    State(standin): State<Standin>,
    Path((account, message)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !standin.admits(&account, &headers) {
        return not_admitted();
    }
    if standin.carrier.lookups_down() {
        return error(20503, StatusCode::SERVICE_UNAVAILABLE);
    }
    let found = message.strip_suffix(".json").and_then(|sid| standin.carrier.find(sid));
    match found {
        Some(text) => Json(resource(&account, &text)).into_response(),
        None => error(20404, StatusCode::NOT_FOUND),
    }
}

fn resource(account: &str, text: &Accepted) -> Value {
    let date = text.at.format("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", text.sid);
    let with_service = text.messaging_service_sid.is_some();
    let sender = text.from.as_deref().filter(|_| !with_service);
    let segments = if with_service { 0 } else { segments(&text.body) };
    json!({
        "account_sid": account, "api_version": "2010-04-01", "body": text.body,
        "date_created": date, "date_sent": null, "date_updated": date,
        "direction": "outbound-api", "error_code": text.error_code, "error_message": null,
        "from": sender, "messaging_service_sid": text.messaging_service_sid, "num_media": "0",
        "num_segments": segments.to_string(), "price": null, "price_unit": null,
        "sid": text.sid, "status": text.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": text.to, "uri": format!("{uri}.json"),
    })
}

/// A text from a person.
fn inbound(account: &str, text: &Heard) -> Value {
    let date = text.at.format("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}.json", text.sid);
    json!({
        "account_sid": account, "api_version": "2010-04-01", "body": text.body,
        "date_created": date, "date_sent": date, "date_updated": date,
        "direction": "inbound", "error_code": null, "error_message": null,
        "from": text.from, "messaging_service_sid": null, "num_media": "0",
        "num_segments": "1", "price": null, "price_unit": null,
        "sid": text.sid, "status": "received", "to": text.to, "uri": uri,
    })
}

/// Close enough for a stand-in: plain ASCII counts as GSM-7, everything else as UCS-2.
fn segments(body: &str) -> usize {
    let (units, single, part) =
        if body.is_ascii() { (body.len(), 160, 153) } else { (body.encode_utf16().count(), 70, 67) };
    if units <= single { 1 } else { units.div_ceil(part) }
}

fn error(code: u32, status: StatusCode) -> Response {
    let body = json!({
        "code": code, "message": format!("stand-in: error {code}"),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests;
