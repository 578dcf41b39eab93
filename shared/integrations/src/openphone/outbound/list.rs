//! OpenPhone's own list of texts, asked for one number.

use serde::Deserialize;

use super::{OpenPhone, answer::GONE_WRONG, number_id, signed};
use domain::{
    Instant,
    ids::ClientId,
    message::{ListedState, ListedText},
    phone::PhoneNumber,
};
use ports::{Direction, Secrets};

/// Texts on a page, the most that OpenPhone gives.
const PAGE_SIZE: &str = "100";
/// Pages that are read for one number. More texts than that with one number are nobody's sequence.
const PAGES: usize = 20;

/// A page of the list, as far as it is needed. `totalItems` is left out: it is documented to be wrong.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<Message>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    #[serde(default)]
    text: Option<String>,
    direction: String,
    created_at: String,
    #[serde(default)]
    status: Option<String>,
}

impl Message {
    /// How far it has come. The list says that a text failed, and never why.
    fn state(&self) -> ListedState {
        match self.status.as_deref() {
            Some(status) if GONE_WRONG.contains(&status) => {
                ListedState::Failed(Err(format!("it is listed as {status}, and OpenPhone does not say why")))
            }
            Some(_) | None => ListedState::Taken,
        }
    }
}

impl OpenPhone {
    /// Every text that OpenPhone lists between the client's number and `number` since `since`, one way.
    ///
    /// # Errors
    /// Why the list could not be read to its end, in words.
    pub(crate) async fn list(
        &self,
        client: &ClientId,
        phone_number_id: &str,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String> {
        number_id(phone_number_id)?;
        let read = self.read_all(client, phone_number_id, number, since);
        let wanted = match direction {
            Direction::To => "outgoing",
            Direction::From => "incoming",
        };
        let mut listed = Vec::new();
        for message in self.exchange.in_time(read).await? {
            if message.direction != wanted {
                continue;
            }
            let at = message.created_at.parse::<Instant>();
            let at = at.map_err(|_| "a text in the provider's list has no readable date")?;
            if at >= since {
                let state = message.state();
                listed.push(ListedText { provider_id: message.id, body: message.text.unwrap_or_default(), at, state });
            }
        }
        Ok(listed)
    }

    async fn read_all(
        &self,
        client: &ClientId,
        phone_number_id: &str,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<Message>, String> {
        let (mut messages, mut token) = (Vec::new(), None);
        let since = since.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        for _ in 0..PAGES {
            // `since` is the name of another filter, which is deprecated and means *before*.
            let mut query = vec![
                ("phoneNumberId", phone_number_id),
                ("participants", number.e164()),
                ("maxResults", PAGE_SIZE),
                ("createdAfter", since.as_str()),
            ];
            query.extend(token.as_deref().map(|token| ("pageToken", token)));
            let query = serde_urlencoded::to_string(query).map_err(|error| error.to_string())?;
            let url = format!("{}/v1/messages?{query}", self.base);
            let request = |http: &reqwest::Client, secrets: &Secrets, turn| signed(http.get(&url), secrets, turn);
            let page: Page = self.exchange.page(client, &request).await?;
            messages.extend(page.data);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(messages);
            }
        }
        Err(format!("the provider lists more than {PAGES} pages for this number"))
    }
}
