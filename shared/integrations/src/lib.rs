//! What others post to us. Each source reads its own wire form, and all of them into one [`Incoming`]:
//! nothing behind this module knows who sent it. Pure: nothing is stored and nothing decided here.

pub mod calcom;
pub mod calendly;
pub mod kajabi;
pub mod openphone;
#[cfg(feature = "outbound")]
pub mod outbound;
pub mod simpletexting;
pub mod timed_signature;
pub mod twilio;

use ports::inbound::InboundSource;
use sha2::{Digest, Sha256};

use domain::{
    booking::BookingNews,
    client::Client,
    event::{EventKey, RawEvent, Source},
    incoming::{CommerceEvent, FormSubmission, Incoming, Reason},
    one_text::SendRequest,
    phone::PhoneNumber,
};
use kajabi::Content;

/// All sources of events that strangers post to. Adding one is an entry here, a folder, and its recorded events.
pub const SOURCES: &[&dyn InboundSource] = &[
    &kajabi::webhook::Kajabi,
    &twilio::webhook::TwilioInbound,
    &twilio::webhook::TwilioStatus,
    &openphone::webhook::OpenPhone,
    &simpletexting::webhook::SimpleTexting,
    &calendly::webhook::Calendly,
    &calcom::webhook::Calcom,
];

/// Reads a raw event.
///
/// # Errors
/// Why it makes no sense. It is kept for the operator.
pub fn read(event: &RawEvent, client: &Client) -> Result<Incoming, Reason> {
    match event.source {
        Source::Kajabi | Source::Import | Source::KajabiFeed => {
            match kajabi::read(event.body.as_bytes(), None, event.received_at).content {
                Content::Form(FormSubmission { is_test: true, .. })
                | Content::CommerceEvent(CommerceEvent { is_test: true, .. }) => Ok(Incoming::Nothing(Reason::new(
                    "test_sample",
                    "a test sample of Kajabi: nobody is texted for it",
                ))),
                Content::Form(form) => Ok(Incoming::Form(form)),
                Content::CommerceEvent(happening) => Ok(Incoming::CommerceEvent(happening)),
                Content::Unusable { reason } => Err(Reason::new("unreadable", reason)),
            }
        }
        Source::Api => {
            let asked: SendRequest = serde_json::from_str(&event.body)
                .map_err(|error| Reason::new("unreadable", format!("it is no request for a text: {error}")))?;
            let asked = asked.read(client.region).map_err(|bad| {
                let fields: Vec<String> = bad.iter().map(|bad| format!("{}: {}", bad.field, bad.problem)).collect();
                Reason::new("unreadable", fields.join("; "))
            })?;
            Ok(Incoming::Send(asked))
        }
        Source::TwilioInbound => {
            let reply = twilio::inbound::reply(&event.body, client).map_err(|why| Reason::new("reply", why))?;
            Ok(Incoming::Reply(reply))
        }
        Source::TwilioStatus => Ok(match twilio::status::receipt(event) {
            Some(receipt) => Incoming::Receipt(receipt),
            None => {
                let words = "a delivery receipt of a text that is not ours; it is kept";
                Incoming::Nothing(Reason::new("receipt", words))
            }
        }),
        Source::OpenPhone => openphone::read(&event.body, client, event.received_at),
        Source::SimpleTexting => simpletexting::read(&event.body, client, event.received_at),
        Source::Calendly => calendly::read(event, client),
        Source::Calcom => calcom::read(event, client),
    }
}

/// An event of a calendar that is about no booking, or a booking's event that changes nothing.
fn nothing_of(calendar: &str, event: Option<&str>) -> Incoming {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    match event {
        Some(name) => {
            let name: String = name.chars().take(64).map(plain).collect();
            let words = format!("the event {name} of {calendar} changes nothing");
            Incoming::Nothing(Reason::new(name.to_lowercase().replace('.', "_"), words))
        }
        None => Incoming::Nothing(Reason::new("no_event", format!("{calendar} does not say what happened"))),
    }
}

/// News of a booking, if it says who booked.
fn booked(news: BookingNews) -> Result<Incoming, Reason> {
    let who = &news.who;
    if who.lead.is_none() && who.email.is_none() && who.phone.is_none() {
        return Err(Reason::new("nobody", "a booking with neither a lead, an address nor a number"));
    }
    Ok(Incoming::Booking(news))
}

/// The longest key that names an event; a longer one is a fingerprint of the body.
const LONGEST_KEY: usize = 300;

/// The key of an event that was signed: what names it, else a fingerprint, as it is kept all the same.
fn key_of(prefix: &str, named: Option<String>, body: &[u8]) -> EventKey {
    let plain = |key: &String| key.len() <= LONGEST_KEY && key.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    let by_body = || format!("{prefix}sha256:{}", hex::encode(Sha256::digest(body)));
    EventKey(named.filter(plain).unwrap_or_else(by_body))
}

/// A number that somebody wrote into a field, which may be for something else: nothing but a number
/// is one.
fn phone_in(text: &str, client: &Client) -> Option<PhoneNumber> {
    let written = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ' ' | '\u{a0}');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let number = digits >= 7 && text.chars().all(written);
    number.then(|| PhoneNumber::parse(text, client.region).ok()).flatten()
}
