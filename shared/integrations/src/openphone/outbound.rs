//! OpenPhone (Quo): sending a text, and looking for one in its list.
//! What it posts to us is read in [`crate::openphone`].
//! Source: openphone.com/docs, quo.com/docs (unversioned v1).

mod answer;
mod list;

use reqwest::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::outbound::exchange::{Exchange, Turn, configuration, rotating};
use domain::{
    ids::ClientId,
    message::{ClaimedText, SendOutcome},
};
use ports::Secrets;

/// OpenPhone, called for one text at a time.
pub struct OpenPhone {
    pub(crate) exchange: Exchange,
    base: String,
}

impl OpenPhone {
    pub(crate) fn new(exchange: Exchange, base: &str) -> Self {
        Self { exchange, base: base.trim_end_matches('/').to_owned() }
    }

    /// Hands `text` to OpenPhone, once: a second time only after a 401, which proves that nothing was sent.
    /// To one number, always: several would be one group that all of them see. There is no moment to give
    /// after which it must not leave any more, and nothing of ours comes back with its events.
    pub(crate) async fn send(
        &self,
        client: &ClientId,
        phone_number_id: &str,
        user_id: Option<&str>,
        text: &ClaimedText,
    ) -> SendOutcome {
        if let Err(words) = number_id(phone_number_id) {
            return configuration(words);
        }
        let mut message = json!({
            "content": text.text(), "from": phone_number_id, "to": [text.to().e164()], "setInboxStatus": "done",
        });
        if let Some(user) = user_id {
            message["userId"] = user.into();
        }
        let url = format!("{}/v1/messages", self.base);
        let request = |http: &reqwest::Client, secrets: &Secrets, turn| {
            Ok(signed(http.post(&url), secrets, turn)?.json(&message))
        };
        self.exchange.hand_over(client, std::future::ready(Ok(())), &request, answer::outcome).await
    }
}

/// A request with the key as OpenPhone wants it: raw, without `Bearer`.
fn signed(request: reqwest::RequestBuilder, secrets: &Secrets, turn: Turn) -> Result<reqwest::RequestBuilder, String> {
    Ok(request.header(AUTHORIZATION, rotating(secrets, "openphone_api_key", turn)?.expose_secret()))
}

/// Checks the id of the number that texts come from: it stands in addresses.
fn number_id(id: &str) -> Result<(), &'static str> {
    let plain = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain && id.len() > 2 && id.starts_with("PN") {
        Ok(())
    } else {
        Err("the phone number id in the settings is not `PN` and letters or digits")
    }
}

#[cfg(test)]
mod tests;
