//! What OpenPhone (Quo) posts to us, by both generations of its webhooks: legacy ones of the app's
//! settings, and those of the versioned API. Its wire forms stay in here and in the provider.
//! Source: quo.com/docs (2026-03-30/webhooks-overview), openphone.com/docs.

mod event;
#[cfg(feature = "outbound")]
pub mod outbound;
pub mod signature;
pub mod webhook;

use sha2::{Digest, Sha256};

use domain::{
    Instant,
    client::{Client, ProviderSettings},
    event::EventKey,
    incoming::{Incoming, Reason},
    message::ProviderRefusal,
    phone::PhoneNumber,
    receipt::{About, Delivery, Receipt, Shown},
    reply::{self, IncomingReply},
};
use event::{Kind, Message};

/// What makes an event the same when it is posted again: the id of the posting where it has one, which
/// stays the same when it is posted again, else the event's own id, else all of it. Of a reply it says so.
#[must_use]
pub fn key(webhook_id: Option<&str>, body: &str) -> EventKey {
    let event = event::Event::parse(body).ok();
    let own = event.as_ref().and_then(|event| event.id.as_deref());
    // What cannot be read may be a no.
    let prefix = match event.as_ref().map(|event| &event.kind) {
        Some(Kind::Received) | None => EventKey::OPENPHONE_REPLY,
        Some(_) => "op:",
    };
    let id = webhook_id.filter(|id| event::is_plain(id)).or(own);
    let id = id.map_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))), str::to_owned);
    EventKey(format!("{prefix}{id}"))
}

/// What an event that was signed says.
///
/// # Errors
/// Why it makes no sense. It is kept for the operator.
pub fn read(body: &str, client: &Client, received_at: Instant) -> Result<Incoming, Reason> {
    let event = event::Event::parse(body).map_err(|words| Reason::new("unreadable", words))?;
    match &event.kind {
        Kind::Received => reply(&event.message()?, client),
        Kind::Delivered => receipt(&event.message()?, Delivery::Delivered, client, received_at),
        Kind::Failed => receipt(&event.message()?, Delivery::Undelivered, client, received_at),
        Kind::Other(kind) => Ok(nothing(&format!("an event `{kind}` of OpenPhone changes nothing"))),
    }
}

fn reply(message: &Message, client: &Client) -> Result<Incoming, Reason> {
    let body = message.text.clone().unwrap_or_default();
    // The event says that it was received. Which words the direction has is not documented for all
    // versions, so only what says the opposite is not a reply.
    if message.direction.as_deref().is_some_and(|direction| direction.to_lowercase().starts_with("out")) {
        return Ok(nothing("a text that our number sent is no reply"));
    }
    // People write to the other lines of a business about other things. A no is heard wherever it is said.
    if other_line(message, message.to.first(), client) && !reply::is_no_on_any_line(&body) {
        return Ok(nothing("a text to another number of the workspace changes nothing"));
    }
    let from = message.from.as_deref().unwrap_or_default();
    let from = PhoneNumber::of_provider(from, client.region)
        .map_err(|why| Reason::new("reply", format!("the sender's number cannot be used: {why}")))?;
    // Nothing says that OpenPhone takes keywords or answers them.
    Ok(Incoming::Reply(IncomingReply { from, body, taken_for: None, provider_answers: false, proved: true }))
}

fn receipt(message: &Message, delivery: Delivery, client: &Client, received_at: Instant) -> Result<Incoming, Reason> {
    if message.direction.as_deref() == Some("incoming") || other_line(message, message.from.as_ref(), client) {
        return Ok(nothing("a receipt of a text that our number did not send changes nothing"));
    }
    let [to] = message.to.as_slice() else {
        return Ok(nothing("a receipt of a text to several people at once is of none of ours"));
    };
    let Ok(number) = PhoneNumber::of_provider(to, client.region) else {
        return Ok(nothing("a receipt of a text to something that is no number we text"));
    };
    let provider_id = message.id.clone().ok_or_else(|| Reason::new("unreadable", "a receipt without the text's id"))?;
    let shown = message.text.clone().map(|body| Shown { body, at: message.created_at.unwrap_or(received_at) });
    let problem: Option<Result<ProviderRefusal, String>> =
        (delivery == Delivery::Undelivered).then(|| Err("OpenPhone gives no reason that can be read".to_owned()));
    let about = About::Number { number: number.clone(), shown };
    Ok(Incoming::Receipt(Receipt { about, to: Some(number), provider_id, delivery, problem }))
}

/// Whether a text is of another number than the client's, `ours` being the side of it that is the
/// workspace's. One that does not say is taken for the client's.
fn other_line(message: &Message, ours: Option<&String>, client: &Client) -> bool {
    let ProviderSettings::OpenPhone { phone_number_id, number, .. } = &client.provider else { return false };
    match (&message.phone_number_id, ours) {
        (Some(id), _) => id != phone_number_id,
        (None, Some(ours)) => PhoneNumber::of_provider(ours, client.region).is_ok_and(|ours| ours != *number),
        (None, None) => false,
    }
}

fn nothing(words: &str) -> Incoming {
    Incoming::Nothing(Reason::new("receipt", words))
}

#[cfg(test)]
mod tests;
