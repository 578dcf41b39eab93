//! What SimpleTexting posts to us. It signs nothing: the secret in the address is the only proof, so what
//! comes with it is read strictly. Its wire forms stay in here and in the provider.
//! Source: api-doc.simpletexting.com, "Webhooks".

mod event;
#[cfg(feature = "outbound")]
pub mod outbound;

use sha2::{Digest, Sha256};

use domain::{
    Instant,
    client::{Client, ProviderSettings},
    event::EventKey,
    incoming::{Incoming, Reason},
    message::ProviderRefusal,
    phone::{PhoneNumber, Region},
    receipt::{About, Delivery, Receipt, Shown},
    reply::{self, IncomingReply},
};
use event::{Event, Kind, Values};

/// The largest event that is read, in bytes. They are well under two kilobytes.
pub const BODY_LIMIT: usize = 32 * 1024;

/// What makes an event the same when it is posted again: its report's id, else its kind and its text, else
/// all of it. Of what may be a no it says so.
#[must_use]
pub fn key(body: &str) -> EventKey {
    let hash = || format!("sha256:{}", hex::encode(Sha256::digest(body)));
    // What cannot be read may be a no.
    let Ok(event) = Event::parse(body) else {
        return EventKey(format!("{}{}", EventKey::SIMPLETEXTING_REPLY, hash()));
    };
    let prefix = match event.kind {
        Kind::Incoming | Kind::Unsubscribed => EventKey::SIMPLETEXTING_REPLY,
        Kind::Outgoing | Kind::Delivered | Kind::NotDelivered | Kind::Other(_) => "st:",
    };
    EventKey(format!("{prefix}{}", event.id().unwrap_or_else(hash)))
}

/// What an event says that came with the right token.
///
/// # Errors
/// Why it makes no sense. It is kept for the operator.
pub fn read(body: &str, client: &Client, received_at: Instant) -> Result<Incoming, Reason> {
    let event = Event::parse(body).map_err(|words| Reason::new("unreadable", words))?;
    let values = &event.values;
    match &event.kind {
        Kind::Incoming => incoming(values, client),
        Kind::Unsubscribed => Ok(Incoming::Unsubscribed { phone: number(values.phone.as_deref(), "phone")? }),
        Kind::Outgoing => {
            let body = values.text.clone().unwrap_or_default();
            let at = values.timestamp.unwrap_or(received_at);
            receipt(values, Delivery::Accepted, Some(Shown { body, at }), client)
        }
        Kind::Delivered => receipt(values, Delivery::Delivered, None, client),
        Kind::NotDelivered => receipt(values, Delivery::Undelivered, None, client),
        Kind::Other(kind) => Ok(nothing(&format!("an event `{kind}` of SimpleTexting changes nothing"))),
    }
}

fn incoming(values: &Values, client: &Client) -> Result<Incoming, Reason> {
    // A picture alone has no words.
    let body = values.text.clone().unwrap_or_default();
    if other_number(values, client) && !reply::is_no_on_any_line(&body) {
        return Ok(nothing("a text to another number of the account changes nothing"));
    }
    let from = number(values.contact_phone.as_deref(), "contactPhone")?;
    let provider_answers = reply::is_keyword(&body);
    Ok(Incoming::Reply(IncomingReply { from, body, taken_for: None, provider_answers, proved: false }))
}

fn receipt(values: &Values, delivery: Delivery, shown: Option<Shown>, client: &Client) -> Result<Incoming, Reason> {
    if other_number(values, client) {
        return Ok(nothing("a receipt of a text that our number did not send changes nothing"));
    }
    let to = number(values.contact_phone.as_deref(), "contactPhone")?;
    let provider_id = values.message_id.clone().ok_or_else(|| missing("messageId"))?;
    let problem: Option<Result<ProviderRefusal, String>> =
        (delivery == Delivery::Undelivered).then(|| Err("SimpleTexting gives no reason".to_owned()));
    let about = About::Number { number: to.clone(), shown };
    Ok(Incoming::Receipt(Receipt { about, to: Some(to), provider_id, delivery, problem }))
}

/// Whether it is about another number of the account. One that does not say is taken for the client's.
fn other_number(values: &Values, client: &Client) -> bool {
    let ProviderSettings::SimpleTexting { account_phone } = &client.provider else { return false };
    let named = values.account_phone.as_deref().and_then(|digits| number(Some(digits), "accountPhone").ok());
    named.is_some_and(|named| named != *account_phone)
}

/// A number of ten bare digits, as documented; the country's 1 before it does no harm.
fn number(digits: Option<&str>, field: &'static str) -> Result<PhoneNumber, Reason> {
    let digits = digits.ok_or_else(|| missing(field))?;
    let national = digits.strip_prefix("+1").or_else(|| digits.strip_prefix('1')).unwrap_or(digits);
    let ten = national.len() == 10 && national.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = ten.then(|| PhoneNumber::parse(national, Region::default()).ok()).flatten();
    parsed.ok_or_else(|| Reason::new("unreadable", format!("`{field}` is no number of ten digits")))
}

fn missing(field: &str) -> Reason {
    Reason::new("unreadable", format!("`{field}` is missing"))
}

fn nothing(words: &str) -> Incoming {
    Incoming::Nothing(Reason::new("receipt", words))
}

#[cfg(test)]
mod tests;
pub mod webhook;
