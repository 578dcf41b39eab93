//! Twilio's own list of texts, asked for one number.
//! Source: twilio.com/docs/messaging/api/message-resource, "Read multiple Message resources".

use chrono::DateTime;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::send::{Credentials, Twilio, credentials};
use crate::twilio::{codes, is_sid, status::MessageStatus};
use domain::{
    Instant,
    client::TwilioSender,
    ids::ClientId,
    message::{ListedState, ListedText},
    phone::PhoneNumber,
};
use ports::{Direction, Secrets};

/// Texts on a page; Twilio gives at most 1,000.
const PAGE_SIZE: &str = "200";
/// Pages that are read for one number. More texts than that between two numbers are nobody's sequence.
const PAGES: usize = 20;

/// A page of the list, as far as it is needed.
#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    sid: String,
    body: Option<String>,
    date_created: Option<String>,
    direction: String,
    to: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    error_code: Option<serde_json::Value>,
}

impl Message {
    /// How far it has come. A canceled text never left, and whoever canceled it did not want it to: that is no
    /// proof on which it may be sent again by itself.
    fn state(&self) -> ListedState {
        let code = self.error_code.as_ref().and_then(|code| {
            let number = code.as_u64().and_then(|code| u32::try_from(code).ok());
            number.or_else(|| code.as_str()?.parse().ok()).filter(|code| *code != 0)
        });
        match self.status.as_deref().map(MessageStatus::parse) {
            Some(MessageStatus::Failed | MessageStatus::Undelivered) => {
                let nothing = || Err("it is listed as failed, without a code that says why".to_owned());
                ListedState::Failed(code.map_or_else(nothing, codes::problem))
            }
            Some(MessageStatus::Canceled) => {
                ListedState::Failed(Err("it was canceled at the provider before it left".to_owned()))
            }
            None
            | Some(
                MessageStatus::Accepted
                | MessageStatus::Scheduled
                | MessageStatus::Queued
                | MessageStatus::Sending
                | MessageStatus::Sent
                | MessageStatus::Delivered
                | MessageStatus::PartiallyDelivered
                | MessageStatus::Read
                | MessageStatus::Receiving
                | MessageStatus::Received
                | MessageStatus::Other(_),
            ) => ListedState::Taken,
        }
    }
}

impl Twilio {
    /// Every text that Twilio lists between the account and `number` since `since`, one way.
    ///
    /// Clients may share an account. What was written to another number of it than the client's own is not the
    /// client's: a START to another business must take no opt-out back here. With a Messaging Service any number of
    /// it may be the client's, and of texts that we sent none is left out, as a text whose record is missing must
    /// never be taken for one that was not sent.
    ///
    /// There is no filter by date: Twilio filters by when a text was sent, and one that still waits in
    /// its queue has no such date. Nothing promises an order either, so every page is read.
    ///
    /// # Errors
    /// Why the list could not be read to its end, in words.
    pub async fn list(
        &self,
        client: &ClientId,
        (account_sid, sender): (&str, &TwilioSender),
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        if !(account_sid.starts_with("AC") && is_sid(account_sid)) {
            return Err("the account id in the settings is not `AC` and 32 letters or digits".to_owned());
        }
        let read = self.read_all(client, account_sid, direction, number);
        let messages = self.exchange.in_time(read).await?;
        let mut listed = Vec::new();
        for message in messages {
            let ours = message.direction.starts_with("outbound");
            if ours != (direction == Direction::To) || (!ours && to_another(sender, message.to.as_deref())) {
                continue;
            }
            let at = message.date_created.as_deref().and_then(|date| DateTime::parse_from_rfc2822(date).ok());
            let at = at.ok_or("a text in the provider's list has no readable date")?.to_utc();
            if at >= since {
                let state = message.state();
                let body = message.body.unwrap_or_default();
                listed.push(ListedText { provider_id: message.sid, body, at, state });
            }
        }
        Ok(listed)
    }

    async fn read_all(
        &self,
        client: &ClientId,
        account_sid: &str,
        direction: Direction,
        number: &PhoneNumber,
    ) -> Result<Vec<Message>, String> {
        let base = self.endpoints.twilio_base.trim_end_matches('/');
        let side = match direction {
            Direction::To => "To",
            Direction::From => "From",
        };
        let first = serde_urlencoded::to_string([(side, number.e164()), ("PageSize", PAGE_SIZE)])
            .map_err(|error| error.to_string())?;
        let path = format!("/2010-04-01/Accounts/{account_sid}/Messages.json");
        let mut next = Some(format!("{path}?{first}"));
        let mut messages = Vec::new();
        for _ in 0..PAGES {
            let Some(uri) = next.take() else { return Ok(messages) };
            // The address of a further page comes from the answer: it must stay where the first one is.
            if !uri.starts_with(&path) {
                return Err("the provider's list goes on at another address".to_owned());
            }
            let page = self.page(client, account_sid, &format!("{base}{uri}")).await?;
            messages.extend(page.messages);
            next = page.next_page_uri.filter(|uri| !uri.is_empty());
        }
        match next {
            None => Ok(messages),
            Some(_) => Err(format!("the provider lists more than {PAGES} pages for this number")),
        }
    }

    async fn page(&self, client: &ClientId, account_sid: &str, url: &str) -> Result<Page, String> {
        let request = |http: &reqwest::Client, secrets: &Secrets, _| {
            let Credentials { user, password } = credentials(secrets, account_sid)?;
            Ok(http.get(url).basic_auth(user, Some(password.expose_secret())))
        };
        self.exchange.page(client, &request).await
    }
}

/// Returns `true` if a text was written to another number than the one that the client texts from.
fn to_another(sender: &TwilioSender, to: Option<&str>) -> bool {
    match (sender, to) {
        (TwilioSender::Number(own), Some(to)) => own.e164() != to,
        (TwilioSender::Number(_), None) | (TwilioSender::Service(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::phone::Region;

    #[test]
    fn what_was_written_to_another_number_of_a_shared_account_is_not_the_clients() {
        let own = TwilioSender::Number(PhoneNumber::parse("+13055550199", Region::default()).expect("a number"));
        let service = TwilioSender::Service("MG00000000000000000000000000000001".to_owned());
        for (sender, to, another) in [
            (&own, Some("+13055550199"), false),
            (&own, Some("+13055550198"), true),
            (&own, None, false),
            (&service, Some("+13055550198"), false),
        ] {
            assert_eq!(to_another(sender, to), another, "{sender:?} {to:?}");
        }
    }
}
