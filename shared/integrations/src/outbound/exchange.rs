//! One call to a provider, whoever it is: handed over once, within its deadline, with what can be proved
//! when no answer comes. And lists, which may be read again.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use reqwest::{
    RequestBuilder, StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};

use domain::{
    ids::ClientId,
    message::{CALL_DEADLINE, LONGEST_RETRY_AFTER, ProviderRefusal, RefusalClass, SendOutcome},
};
use ports::{SecretError, SecretStore, Secrets};

/// More of an answer to a text is not read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// A page of a list that is longer is not read, in bytes.
const LONGEST_PAGE: usize = 4 * 1024 * 1024;

/// How a provider is called.
#[derive(Clone)]
pub(crate) struct Exchange {
    http: reqwest::Client,
    secrets: Arc<dyn SecretStore>,
    /// What one text may take in all: reading secrets, looking before it, and a second try after a 401.
    pub(crate) deadline: Duration,
}

/// Makes a request with a client's secrets. The error says in words what is missing in them.
type Request<'a> = &'a (dyn Fn(&reqwest::Client, &Secrets, Turn) -> Result<RequestBuilder, String> + Sync);

/// Whether a request is made for the first time, or once more because its credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Refused,
}

impl Exchange {
    pub(crate) fn new(http: reqwest::Client, secrets: Arc<dyn SecretStore>) -> Self {
        Self { http, secrets, deadline: CALL_DEADLINE.to_std().unwrap_or_default() }
    }

    /// Hands a text over, once, after `first` was done without an objection. Only when the provider answers
    /// 401, which proves that nothing was sent, it is handed over a second time, with secrets that are
    /// read anew.
    pub(crate) async fn hand_over(
        &self,
        client: &ClientId,
        first: impl Future<Output = Result<(), SendOutcome>> + Send,
        request: Request<'_>,
        read: impl Fn(StatusCode, &[u8]) -> SendOutcome + Send,
    ) -> SendOutcome {
        let handed_over = AtomicBool::new(false);
        let outcome = async {
            match first.await {
                Ok(()) => self.exchange(client, request, read, &handed_over).await,
                Err(objection) => objection,
            }
        };
        match tokio::time::timeout(self.deadline, outcome).await {
            Ok(outcome) => outcome,
            Err(_) if handed_over.load(Ordering::Relaxed) => {
                SendOutcome::Unknown { why: format!("no answer within {:?}", self.deadline) }
            }
            Err(_) => SendOutcome::NotSent { why: format!("not handed over within {:?}", self.deadline) },
        }
    }

    /// Whether a text could be handed over at all: the client's secrets are there.
    ///
    /// # Errors
    /// What is proved when they are not.
    pub(crate) async fn ready(&self, client: &ClientId, request: Request<'_>) -> Result<(), SendOutcome> {
        of_store(self.secrets.secrets(client).await, |secrets| request(&self.http, secrets, Turn::First)).map(drop)
    }

    /// Keeps `handed_over` true for as long as a request may have reached the provider unanswered.
    async fn exchange(
        &self,
        client: &ClientId,
        request: Request<'_>,
        read: impl Fn(StatusCode, &[u8]) -> SendOutcome,
        handed_over: &AtomicBool,
    ) -> SendOutcome {
        let once = async |secrets: Result<Secrets, SecretError>, turn| {
            let request = of_store(secrets, |secrets| request(&self.http, secrets, turn))?;
            handed_over.store(true, Ordering::Relaxed);
            answered(request).await.map_err(|error| unanswered(&error))
        };
        let answer = match once(self.secrets.secrets(client).await, Turn::First).await {
            Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                handed_over.store(false, Ordering::Relaxed);
                once(self.secrets.refreshed(client).await, Turn::Refused).await
            }
            answered => answered,
        };
        match answer {
            Ok(Answered { status, headers, body }) => with_wait(read(status, &body), &headers),
            Err(outcome) => outcome,
        }
    }

    /// Reads something that reading does not change: after a 401 once more, with secrets read anew.
    ///
    /// # Errors
    /// Why nothing could be read, in words.
    pub(crate) async fn read(&self, client: &ClientId, request: Request<'_>) -> Result<(StatusCode, Vec<u8>), String> {
        let secrets = self.secrets.secrets(client).await.map_err(|error| error.to_string())?;
        let (status, body) = page(request(&self.http, &secrets, Turn::First)?).await?;
        if status != StatusCode::UNAUTHORIZED {
            return Ok((status, body));
        }
        let secrets = self.secrets.refreshed(client).await.map_err(|error| error.to_string())?;
        page(request(&self.http, &secrets, Turn::Refused)?).await
    }

    /// Reads one page of a provider's list.
    ///
    /// # Errors
    /// Why it could not be, in words.
    pub(crate) async fn page<T: serde::de::DeserializeOwned>(
        &self,
        client: &ClientId,
        request: Request<'_>,
    ) -> Result<T, String> {
        let (status, body) = self.read(client, request).await?;
        if status != StatusCode::OK {
            return Err(format!("the provider's list cannot be read (HTTP {})", status.as_u16()));
        }
        serde_json::from_slice(&body).map_err(|_| "the provider's list is not readable".to_owned())
    }

    /// Reads a list to its end within the deadline.
    ///
    /// # Errors
    /// Why it could not be, in words.
    pub(crate) async fn in_time<T>(&self, list: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let late = |_| format!("the provider's list was not read within {:?}", self.deadline);
        tokio::time::timeout(self.deadline, list).await.map_err(late)?
    }
}

/// An answer: with as much of its body as could be read.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// The answer. A status that came is one, even when its body did not.
async fn answered(request: RequestBuilder) -> Result<Answered, reqwest::Error> {
    let mut response = request.send().await?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            break;
        }
    }
    Ok(Answered { status, headers, body })
}

/// The status and the whole body.
async fn page(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), String> {
    let failed = |error: &reqwest::Error| format!("the provider could not be asked: {}", root_cause(error));
    let mut response = request.send().await.map_err(|error| failed(&error))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_PAGE {
            return Err("the provider's answer is too long".to_owned());
        }
    }
    Ok((response.status(), body))
}

/// What is proved when no answer came. Only a connection that was never made proves that nothing
/// was sent: name lookup, TCP, TLS, and their timeout are all told as `is_connect`.
fn unanswered(error: &reqwest::Error) -> SendOutcome {
    if error.is_builder() {
        return configuration("the request could not be made: the provider's address in the settings is wrong");
    }
    let cause = root_cause(error);
    if error.is_connect() {
        return SendOutcome::NotSent { why: format!("no connection: {cause}") };
    }
    SendOutcome::Unknown { why: format!("the connection failed before an answer: {cause}") }
}

/// The innermost error, which is about the connection and holds no part of the request.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "no cause given".to_owned(), ToString::to_string)
}

fn of_store<T>(
    secrets: Result<Secrets, SecretError>,
    read: impl Fn(&Secrets) -> Result<T, String>,
) -> Result<T, SendOutcome> {
    match secrets {
        Ok(secrets) => read(&secrets).map_err(configuration),
        Err(error @ (SecretError::Missing(_) | SecretError::Unreadable(_))) => Err(configuration(error.to_string())),
        Err(error @ SecretError::Unavailable(_)) => Err(SendOutcome::NotSent { why: error.to_string() }),
    }
}

/// One of a client's secrets. An empty one is none.
///
/// # Errors
/// That it is not there, in words.
pub(crate) fn secret(secrets: &Secrets, name: &str) -> Result<SecretString, String> {
    let found = secrets.get(name).filter(|secret| !secret.expose_secret().is_empty());
    found.cloned().ok_or_else(|| format!("the client's secret has no `{name}`"))
}

/// A credential that may be on its way out: the next one counts once the present one is refused, or gone.
///
/// # Errors
/// That there is neither, in words.
pub(crate) fn rotating(secrets: &Secrets, name: &str, turn: Turn) -> Result<SecretString, String> {
    let (present, next) = (secret(secrets, name), secret(secrets, &format!("{name}_next")));
    match turn {
        Turn::First => present.or_else(|missing| next.map_err(|_| missing)),
        Turn::Refused => next.or(present),
    }
}

/// The provider, or we ourselves, will not send it, for a reason of this class.
pub(crate) fn refused(class: RefusalClass, code: Option<u32>, meaning: impl Into<String>) -> SendOutcome {
    SendOutcome::Refused(ProviderRefusal { class, code, meaning: meaning.into() })
}

/// The account cannot send as it is set up.
pub(crate) fn configuration(meaning: impl Into<String>) -> SendOutcome {
    refused(RefusalClass::Configuration, None, meaning)
}

/// The provider has too much to do and took nothing.
pub(crate) fn throttled(why: impl Into<String>) -> SendOutcome {
    SendOutcome::Throttled { why: why.into(), retry_after: None }
}

/// What an answer proves, with the wait that its header names. Nothing but *later* has one.
fn with_wait(outcome: SendOutcome, headers: &HeaderMap) -> SendOutcome {
    match outcome {
        SendOutcome::Throttled { why, retry_after } => {
            SendOutcome::Throttled { why, retry_after: retry_after.or_else(|| asked_wait(headers)) }
        }
        SendOutcome::Accepted { .. }
        | SendOutcome::Refused(_)
        | SendOutcome::NotSent { .. }
        | SendOutcome::Failed { .. }
        | SendOutcome::Unknown { .. } => outcome,
    }
}

/// `Retry-After`: seconds, or a date, which is held against the answer's own. Source: RFC 9110, 10.2.3.
fn asked_wait(headers: &HeaderMap) -> Option<TimeDelta> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(RETRY_AFTER)?;
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    let wait = match asked.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(i64::from(seconds)),
        Err(_) => date(asked)? - date(text(DATE)?)?,
    };
    (wait > TimeDelta::zero()).then(|| wait.min(LONGEST_RETRY_AFTER))
}

/// What a status proves whatever comes with it, or `None` where the body must say more: the provider's
/// own answers, and what is not acted on where it arrived.
pub(crate) fn by_status(status: StatusCode) -> Option<SendOutcome> {
    let code = status.as_u16();
    match code {
        // After a 302 or 303 it may have been acted on.
        301 | 307 | 308 => {
            let words = format!("the provider's address in the settings is wrong: it redirects (HTTP {code})");
            Some(configuration(words))
        }
        200..=299 | 400 => None,
        401..=404 => Some(configuration(format!("the account was refused (HTTP {code})"))),
        408 | 409 => Some(SendOutcome::Unknown { why: format!("the provider answered HTTP {code}") }),
        429 => Some(throttled("too many requests (HTTP 429)")),
        410..=499 | 405..=407 => Some(refused(RefusalClass::Content, None, format!("refused (HTTP {code})"))),
        _ => Some(SendOutcome::Unknown { why: format!("the provider answered HTTP {code}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_a_date_and_never_longer_than_an_hour() {
        const NOW: &str = "Tue, 06 Jan 2026 15:00:00 GMT";
        for (after, date, expected) in [
            ("30", None, Some(30)),
            (" 90 ", None, Some(90)),
            ("86400", None, Some(3_600)),
            ("0", None, None),
            ("-5", None, None),
            ("soon", None, None),
            ("Tue, 06 Jan 2026 15:02:00 GMT", Some(NOW), Some(120)),
            ("Tue, 06 Jan 2026 14:00:00 GMT", Some(NOW), None),
            ("Tue, 06 Jan 2026 15:02:00 GMT", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().expect("a header"));
            if let Some(date) = date {
                headers.insert(DATE, date.parse().expect("a header"));
            }
            assert_eq!(asked_wait(&headers), expected.map(TimeDelta::seconds), "{after}");
            let SendOutcome::Throttled { retry_after, .. } = with_wait(throttled("busy"), &headers) else {
                panic!("it is the same outcome")
            };
            assert_eq!(retry_after, expected.map(TimeDelta::seconds));
        }
        assert_eq!(asked_wait(&HeaderMap::new()), None);
    }
}
