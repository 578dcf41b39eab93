//! Kajabi's Public API, as far as it lists the forms that were sent. It only reads, and only for the
//! comparison: nothing that leads to a text waits for it.
//!
//! By <https://developers.kajabi.com/api-reference/>. Rate limits are not published.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use reqwest::{RequestBuilder, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    kajabi,
    outbound::exchange::{root_cause, secret},
};
use domain::{
    Instant,
    client::Client,
    ids::{ClientId, SiteId},
};
use ports::{Clock, FeedPage, FormFeed, SecretStore, Secrets};

/// Where it is.
pub const KAJABI: &str = "https://api.kajabi.com";

/// Submissions on a page: the largest that is documented of any of its lists.
const PAGE_SIZE: &str = "100";
/// What one page may take in all, with its token and a second try.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest wait that Kajabi may ask for and get.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long is waited when it says that there are too many requests, and not for how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// More of an answer is not read, in bytes.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long before its end a token is not used any more.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// The longest that a token is believed to be good, whatever is said of it.
const LONGEST_TOKEN: i64 = 24 * 60 * 60;

/// The API, with a token for each client that lasts as long as the process or until it expires.
pub struct KajabiApi {
    http: reqwest::Client,
    secrets: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    base: String,
    tokens: Mutex<BTreeMap<ClientId, Token>>,
    deadline: Duration,
}

#[derive(Clone)]
struct Token {
    value: SecretString,
    good_until: Instant,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
struct Minted {
    access_token: String,
    /// In seconds. Not promised.
    #[serde(default)]
    expires_in: i64,
}

/// A page of a JSON:API list.
#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    #[serde(default)]
    links: Option<Links>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<Value>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    total_pages: Option<u32>,
}

impl KajabiApi {
    /// The API at `base`, called through `http` with the clients' own `secrets`.
    #[must_use]
    pub fn new(http: reqwest::Client, secrets: Arc<dyn SecretStore>, clock: Arc<dyn Clock>, base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { http, secrets, clock, base, tokens: Mutex::default(), deadline: DEADLINE }
    }

    async fn read(&self, client: &ClientId, site: &SiteId, number: u32) -> Result<FeedPage, String> {
        let number_text = number.to_string();
        let query = serde_urlencoded::to_string([
            ("filter[site_id]", site.as_str()),
            ("sort", "-created_at"),
            ("page[number]", &number_text),
            ("page[size]", PAGE_SIZE),
        ])
        .map_err(|error| error.to_string())?;
        let url = format!("{}/v1/form_submissions?{query}", self.base);
        let get = |token: &Token| {
            let request = self.http.get(&url).header(header::ACCEPT, "application/vnd.api+json");
            request.bearer_auth(token.value.expose_secret())
        };
        let token = self.token(client).await?;
        let (mut status, mut body) = asked(|| get(&token)).await?;
        if status == StatusCode::UNAUTHORIZED {
            // A key that was rotated takes its tokens along.
            let secrets = self.secrets.refreshed(client).await.map_err(|error| error.to_string())?;
            let token = self.mint(client, &secrets).await?;
            (status, body) = asked(|| get(&token)).await?;
        }
        match status.as_u16() {
            200 => {}
            401 => return Err("Kajabi refuses a token that it has just given".to_owned()),
            403 => return Err("the key may not read forms (it needs `view:form_submissions`, HTTP 403)".to_owned()),
            404 => return Err("Kajabi knows no such list or site (HTTP 404)".to_owned()),
            429 => return Err("Kajabi says that there are too many requests (HTTP 429)".to_owned()),
            code => return Err(format!("Kajabi answered HTTP {code}")),
        }
        let page: Page = serde_json::from_slice(&body).map_err(|_| "Kajabi's list is not readable")?;
        let next = page.links.and_then(|links| links.next).is_some_and(|next| !next.is_null() && next != "");
        let of_more = page.meta.and_then(|meta| meta.total_pages).is_some_and(|total| total > number);
        Ok(kajabi::listed(&page.data, !page.data.is_empty() && (next || of_more)))
    }

    /// The token that is at hand, or a new one.
    async fn token(&self, client: &ClientId) -> Result<Token, String> {
        let now = self.clock.now();
        let held = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(client).cloned();
        if let Some(token) = held.filter(|token| now < token.good_until) {
            return Ok(token);
        }
        let secrets = self.secrets.secrets(client).await.map_err(|error| error.to_string())?;
        self.mint(client, &secrets).await
    }

    async fn mint(&self, client: &ClientId, secrets: &Secrets) -> Result<Token, String> {
        let (id, key) = (secret(secrets, "kajabi_client_id")?, secret(secrets, "kajabi_client_secret")?);
        let form = [
            ("client_id", id.expose_secret()),
            ("client_secret", key.expose_secret()),
            ("grant_type", "client_credentials"),
        ];
        let url = format!("{}/v1/oauth/token", self.base);
        let (status, body) = asked(|| self.http.post(&url).form(&form)).await?;
        match status.as_u16() {
            200 | 201 => {}
            400 | 401 => return Err("Kajabi refuses the key (`kajabi_client_id`, `kajabi_client_secret`)".to_owned()),
            429 => return Err("Kajabi says that there are too many requests for a token (HTTP 429)".to_owned()),
            code => return Err(format!("Kajabi gave no token (HTTP {code})")),
        }
        let minted: Minted = serde_json::from_slice(&body).map_err(|_| "Kajabi's token is not readable")?;
        let good_for = TimeDelta::seconds(minted.expires_in.clamp(0, LONGEST_TOKEN)) - MARGIN;
        let token = Token { value: minted.access_token.into(), good_until: self.clock.now() + good_for };
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(client.clone(), token.clone());
        Ok(token)
    }
}

#[async_trait]
impl FormFeed for KajabiApi {
    async fn page(&self, client: &Client, number: u32) -> Result<FeedPage, String> {
        let Some(compare) = &client.kajabi.compare else {
            return Err("the client has no `kajabi.compare`".to_owned());
        };
        let late = |_| format!("Kajabi did not answer within {:?}", self.deadline);
        tokio::time::timeout(self.deadline, self.read(&client.id, &compare.site_id, number)).await.map_err(late)?
    }
}

/// The status and the whole body, asked for once more after a short wait if there were too many requests.
async fn asked(request: impl Fn() -> RequestBuilder) -> Result<(StatusCode, Vec<u8>), String> {
    let (status, wait, body) = answer(request()).await?;
    if status != StatusCode::TOO_MANY_REQUESTS {
        return Ok((status, body));
    }
    let wait = wait.unwrap_or(USUAL_WAIT);
    if wait > LONGEST_WAIT {
        return Err(format!("Kajabi says that there are too many requests, and to wait {} s", wait.as_secs()));
    }
    tokio::time::sleep(wait).await;
    let (status, _, body) = answer(request()).await?;
    Ok((status, body))
}

/// The status, for how long Kajabi asks to wait, and the whole body.
async fn answer(request: RequestBuilder) -> Result<(StatusCode, Option<Duration>, Vec<u8>), String> {
    let failed = |error: &reqwest::Error| format!("Kajabi could not be asked: {}", root_cause(error));
    let mut response = request.send().await.map_err(|error| failed(&error))?;
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err("Kajabi's answer is too long".to_owned());
        }
    }
    Ok((response.status(), wait.map(Duration::from_secs), body))
}
