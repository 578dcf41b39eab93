//! SimpleTexting's own list of texts, asked for one number. It does not say how far a text has come.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{SimpleTexting, signed, ten_digits};
use domain::{
    Instant,
    ids::ClientId,
    message::{ListedState, ListedText},
    phone::PhoneNumber,
};
use ports::{Direction, Secrets};

/// Texts on a page, the most that SimpleTexting gives.
const PAGE_SIZE: usize = 500;
/// Pages that are read for one number. More texts than that with one number are nobody's sequence.
const PAGES: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    content: Vec<Message>,
    total_pages: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    #[serde(default)]
    text: Option<String>,
    direction_type: String,
    timestamp: String,
}

impl SimpleTexting {
    /// Every text that SimpleTexting lists between the client's number and `number` since `since`, one way.
    ///
    /// # Errors
    /// Why the list could not be read to its end, in words.
    pub(crate) async fn list(
        &self,
        client: &ClientId,
        account_phone: &PhoneNumber,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        let not_ours = || "SimpleTexting lists North American numbers only".to_owned();
        let (from, to) = ten_digits(account_phone).zip(ten_digits(number)).ok_or_else(not_ours)?;
        let read = self.read_all(client, from, to, since);
        // Mobile terminated, mobile originated.
        let wanted = match direction {
            Direction::To => "MT",
            Direction::From => "MO",
        };
        let (mut listed, mut seen) = (Vec::new(), BTreeSet::new());
        for message in self.exchange.in_time(read).await? {
            // A page moves on when a text comes in while it is read: what was on one is then on the next, too.
            if message.direction_type != wanted || !seen.insert(message.id.clone()) {
                continue;
            }
            let at = message.timestamp.parse::<Instant>();
            let at = at.map_err(|_| "a text in the provider's list has no readable date")?;
            if at >= since {
                let (body, state) = (message.text.unwrap_or_default(), ListedState::Taken);
                listed.push(ListedText { provider_id: message.id, body, at, state });
            }
        }
        Ok(listed)
    }

    async fn read_all(&self, client: &ClientId, from: &str, to: &str, since: Instant) -> Result<Vec<Message>, String> {
        let mut messages = Vec::new();
        let since = since.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        for number in 0..PAGES {
            let (page, size) = (number.to_string(), PAGE_SIZE.to_string());
            let query = [
                ("page", page.as_str()),
                ("size", &size),
                ("accountPhone", from),
                ("contactPhone", to),
                ("since", &since),
            ];
            let query = serde_urlencoded::to_string(query).map_err(|error| error.to_string())?;
            let url = format!("{}/api/messages?{query}", self.base);
            let request = |http: &reqwest::Client, secrets: &Secrets, turn| signed(http.get(&url), secrets, turn);
            let page: Page = self.exchange.page(client, &request).await?;
            messages.extend(page.content);
            if number + 1 >= page.total_pages {
                return Ok(messages);
            }
        }
        Err(format!("the provider lists more than {PAGES} pages for this number"))
    }
}
