//! Handing one text to Twilio, and saying what can be proved of it.
//! Source: twilio.com/docs/messaging/api/message-resource.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::answer;
use crate::{
    outbound::{
        Endpoints,
        exchange::{Exchange, configuration, secret},
    },
    twilio::is_sid,
};
use domain::{
    Instant,
    client::TwilioSender,
    ids::ClientId,
    message::{CALL_DEADLINE, ClaimedText, SendOutcome},
};
use ports::{SecretStore, Secrets};

/// The longest that a text may wait in Twilio's queue, in seconds. Twilio's own default is ten
/// hours, which would let it leave at night.
const LONGEST_WAIT: i64 = 3_600;

/// Twilio, called for one text at a time.
pub struct Twilio {
    pub(super) exchange: Exchange,
    pub(super) endpoints: Endpoints,
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
        Self { exchange: Exchange::new(http, secrets), endpoints }
    }

    #[cfg(test)]
    pub(crate) fn with_deadline(mut self, deadline: std::time::Duration) -> Self {
        self.exchange.deadline = deadline;
        self
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
        if !(account_sid.starts_with("AC") && is_sid(account_sid)) {
            return configuration("the account id in the settings is not `AC` and 32 letters or digits");
        }
        let Create { url, form } = self.create(client, account_sid, sender, text, now);
        let request = |http: &reqwest::Client, secrets: &Secrets, _| {
            let Credentials { user, password } = credentials(secrets, account_sid)?;
            Ok(http.post(&url).basic_auth(user, Some(password.expose_secret())).form(&form))
        };
        self.exchange.hand_over(client, std::future::ready(Ok(())), &request, answer::outcome).await
    }

    fn create(
        &self,
        client: &ClientId,
        account_sid: &str,
        sender: &TwilioSender,
        text: &ClaimedText,
        now: Instant,
    ) -> Create {
        let Endpoints { twilio_base, public_url, .. } = &self.endpoints;
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
}

/// The API key if there is one, else the account itself. Half a key is a mistake and not a reason
/// to use the account.
pub(super) fn credentials(secrets: &Secrets, account_sid: &str) -> Result<Credentials, String> {
    let secret = |name: &str| secret(secrets, name);
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
