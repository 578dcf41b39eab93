//! Handing one text to Twilio, and saying what can be proved of it.
//! Source: twilio.com/docs/messaging/api/message-resource.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};

use super::answer;
use crate::{
    domain::{
        Instant,
        client::TwilioSender,
        ids::ClientId,
        message::{CALL_DEADLINE, ClaimedText, RefusalClass, SendOutcome},
    },
    ports::{SecretError, SecretStore, Secrets},
    providers::Endpoints,
    sources::twilio::{codes::refused, is_sid},
};

/// The longest that a text may wait in Twilio's queue, in seconds. Twilio's own default is ten
/// hours, which would let it leave at night.
const LONGEST_WAIT: i64 = 3_600;

/// More of an answer is not read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Twilio, called for one text at a time.
pub struct Twilio {
    pub(super) http: reqwest::Client,
    pub(super) secrets: Arc<dyn SecretStore>,
    pub(super) endpoints: Endpoints,
    pub(super) deadline: Duration,
}

/// What a request is made of, whoever it is authenticated by.
struct Create {
    url: String,
    form: Vec<(&'static str, String)>,
}

/// The user and the password of a request.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl Twilio {
    /// Twilio at `endpoints`, called through `http`.
    #[must_use]
    pub fn new(http: reqwest::Client, secrets: Arc<dyn SecretStore>, endpoints: Endpoints) -> Self {
        // One text in all: reading secrets, and a second try after a 401, included.
        let deadline = CALL_DEADLINE.to_std().unwrap_or_default();
        Self { http, secrets, endpoints, deadline }
    }

    #[cfg(test)]
    pub(super) fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Hands `text` to Twilio, once. Only when Twilio answers 401, which proves that nothing was
    /// sent, it is handed over a second time, with secrets that are read anew.
    pub async fn send(
        &self,
        client: &ClientId,
        account_sid: &str,
        sender: &TwilioSender,
        text: &ClaimedText,
        now: Instant,
    ) -> SendOutcome {
        if text.expires_at() <= now {
            return SendOutcome::NotSent { why: "its time is over".to_owned() };
        }
        if !(account_sid.starts_with("AC") && is_sid(account_sid)) {
            return configuration("the account id in the settings is not `AC` and 32 letters or digits");
        }
        let create = self.create(client, account_sid, sender, text, now);
        let handed_over = AtomicBool::new(false);
        let outcome = tokio::time::timeout(self.deadline, self.exchange(client, account_sid, &create, &handed_over));
        match outcome.await {
            Ok(outcome) => outcome,
            Err(_) if handed_over.load(Ordering::Relaxed) => {
                SendOutcome::Unknown { why: format!("no answer within {:?}", self.deadline) }
            }
            Err(_) => SendOutcome::NotSent { why: format!("not handed over within {:?}", self.deadline) },
        }
    }

    fn create(
        &self,
        client: &ClientId,
        account_sid: &str,
        sender: &TwilioSender,
        text: &ClaimedText,
        now: Instant,
    ) -> Create {
        let Endpoints { twilio_base, public_url } = &self.endpoints;
        let (twilio_base, public_url) = (twilio_base.trim_end_matches('/'), public_url.trim_end_matches('/'));
        // Twilio counts from when it takes the text, which is a call's deadline later at most.
        let wait = (text.expires_at() - now - CALL_DEADLINE).num_seconds().clamp(1, LONGEST_WAIT);
        Create {
            url: format!("{twilio_base}/2010-04-01/Accounts/{account_sid}/Messages.json"),
            form: vec![
                ("To", text.to().e164().to_owned()),
                match sender {
                    TwilioSender::Number(number) => ("From", number.e164().to_owned()),
                    TwilioSender::Service(sid) => ("MessagingServiceSid", sid.clone()),
                },
                ("Body", text.text().to_owned()),
                (
                    "StatusCallback",
                    format!("{public_url}/webhooks/twilio/{client}/status?att={}&lead={}", text.attempt(), text.lead()),
                ),
                ("ValidityPeriod", wait.to_string()),
            ],
        }
    }

    /// Keeps `handed_over` true for as long as a request may have reached Twilio unanswered.
    async fn exchange(
        &self,
        client: &ClientId,
        account_sid: &str,
        create: &Create,
        handed_over: &AtomicBool,
    ) -> SendOutcome {
        let credentials = match of_store(self.secrets.secrets(client).await, account_sid) {
            Ok(credentials) => credentials,
            Err(outcome) => return outcome,
        };
        handed_over.store(true, Ordering::Relaxed);
        let (status, body) = match self.post(create, &credentials).await {
            Ok(answer) => answer,
            Err(error) => return unanswered(&error),
        };
        if status != reqwest::StatusCode::UNAUTHORIZED {
            return answer::outcome(status, &body);
        }
        handed_over.store(false, Ordering::Relaxed);
        let credentials = match of_store(self.secrets.refreshed(client).await, account_sid) {
            Ok(credentials) => credentials,
            Err(outcome) => return outcome,
        };
        handed_over.store(true, Ordering::Relaxed);
        match self.post(create, &credentials).await {
            Ok((status, body)) => answer::outcome(status, &body),
            Err(error) => unanswered(&error),
        }
    }

    /// The status and as much of the body as could be read. A status that came is an answer, even
    /// when its body did not.
    async fn post(
        &self,
        create: &Create,
        credentials: &Credentials,
    ) -> Result<(reqwest::StatusCode, Vec<u8>), reqwest::Error> {
        let request = self
            .http
            .post(&create.url)
            .basic_auth(&credentials.user, Some(credentials.password.expose_secret()))
            .form(&create.form);
        let mut response = request.send().await?;
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        Ok((response.status(), body))
    }
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
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "no cause given".to_owned(), ToString::to_string)
}

fn of_store(secrets: Result<Secrets, SecretError>, account_sid: &str) -> Result<Credentials, SendOutcome> {
    match secrets {
        Ok(secrets) => credentials(&secrets, account_sid).map_err(configuration),
        Err(error @ (SecretError::Missing(_) | SecretError::Unreadable(_))) => Err(configuration(error.to_string())),
        Err(error @ SecretError::Unavailable(_)) => Err(SendOutcome::NotSent { why: error.to_string() }),
    }
}

/// The API key if there is one, else the account itself. Half a key is a mistake and not a reason
/// to use the account.
pub(super) fn credentials(secrets: &Secrets, account_sid: &str) -> Result<Credentials, String> {
    let secret = |name: &str| {
        let found = secrets.get(name).filter(|secret| !secret.expose_secret().is_empty());
        found.cloned().ok_or_else(|| format!("the client's secret has no `{name}`"))
    };
    let (key, key_secret) = (secret("twilio_api_key_sid"), secret("twilio_api_key_secret"));
    if key.is_err() && key_secret.is_err() {
        let missing = |missing| format!("{missing}, and no API key");
        return Ok(Credentials {
            user: account_sid.to_owned(),
            password: secret("twilio_auth_token").map_err(missing)?,
        });
    }
    Ok(Credentials { user: key?.expose_secret().to_owned(), password: key_secret? })
}

fn configuration(meaning: impl Into<String>) -> SendOutcome {
    refused(RefusalClass::Configuration, None, meaning)
}
