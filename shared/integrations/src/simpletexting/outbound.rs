//! SimpleTexting: sending a text, and looking for one in its list.
//! What it posts to us is read in [`crate::simpletexting`].
//! Source: api-doc.simpletexting.com (v2).

mod answer;
mod contact;
mod list;

use secrecy::ExposeSecret;
use serde_json::json;

use crate::outbound::exchange::{Exchange, Turn, configuration, refused, rotating};
use domain::{
    ids::ClientId,
    message::{ClaimedText, RefusalClass, SendOutcome},
    phone::PhoneNumber,
    segments,
};
use ports::Secrets;

/// What a merge tag begins and ends with. In a text of ours it would be somebody else's field.
const MERGE_TAG: &str = "%%";

/// SimpleTexting, called for one text at a time.
pub struct SimpleTexting {
    pub(crate) exchange: Exchange,
    base: String,
}

impl SimpleTexting {
    pub(crate) fn new(exchange: Exchange, base: &str) -> Self {
        Self { exchange, base: base.trim_end_matches('/').to_owned() }
    }

    /// Hands `text` to SimpleTexting, once: a second time only after a 401, which proves that nothing was
    /// sent. Before each text it is asked whether the person unsubscribed there: the event that says so is
    /// not signed, and nothing says that it is posted again. There is no moment to give after which the text
    /// must not leave any more.
    pub(crate) async fn send(&self, client: &ClientId, from: &PhoneNumber, text: &ClaimedText) -> SendOutcome {
        let Some(from) = ten_digits(from) else {
            return configuration("the account's number in the settings is no North American number");
        };
        let Some(to) = ten_digits(text.to()) else {
            return refused(RefusalClass::Recipient, None, "SimpleTexting texts North American numbers only");
        };
        if text.text().contains(MERGE_TAG) {
            return refused(RefusalClass::Content, None, "the text holds `%%`, a merge tag of SimpleTexting");
        }
        // A text that fits must not become a longer and dearer one, such as by the link it is given.
        let mode = if segments::count(text.text()).count == 1 { "SINGLE_SMS_STRICTLY" } else { "AUTO" };
        let message = json!({"contactPhone": to, "accountPhone": from, "mode": mode, "text": text.text()});
        let url = format!("{}/api/messages", self.base);
        let request = |http: &reqwest::Client, secrets: &Secrets, turn| {
            Ok(signed(http.post(&url), secrets, turn)?.json(&message))
        };
        let first = async {
            match text.campaign() {
                Some(_) => {
                    self.exchange.ready(client, &request).await?;
                    self.may_be_texted(client, to).await
                }
                // The confirmation of an opt-out goes to who has unsubscribed.
                None => Ok(()),
            }
        };
        self.exchange.hand_over(client, first, &request, answer::outcome).await
    }
}

fn signed(request: reqwest::RequestBuilder, secrets: &Secrets, turn: Turn) -> Result<reqwest::RequestBuilder, String> {
    Ok(request.bearer_auth(rotating(secrets, "simpletexting_token", turn)?.expose_secret()))
}

/// A number as SimpleTexting writes it: without `+1`. Of other countries there is none.
fn ten_digits(number: &PhoneNumber) -> Option<&str> {
    number.area_code()?;
    number.e164().strip_prefix("+1")
}

#[cfg(test)]
mod tests;
