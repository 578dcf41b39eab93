//! What Calendly and Cal.com post: it is read or refused, and nothing that was not signed passes.
#![no_main]

use leadline::{domain::event::{EventKey, EventState, RawEvent, Source}, integrations::{timed_signature::TimedSignature, calcom, calendly}};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

#[path = "../client.rs"]
mod client;

fuzz_target!(|bytes: &[u8]| {
    let at = chrono::DateTime::UNIX_EPOCH;
    for (key, source) in [(calendly::key(bytes), Source::Calendly), (calcom::key(bytes), Source::Calcom)] {
        assert!(key.comes_first() && !key.0.chars().any(char::is_control), "{key:?}");
        let event = RawEvent {
            key: EventKey(key.0),
            client: client::CLIENT.id.clone(),
            source,
            body: String::from_utf8_lossy(bytes).into_owned(),
            query: None,
            received_at: at,
            state: EventState::Received { due: at, tries: 0 },
            proves: None,
        };
        let _ = leadline::integrations::read(&event, &client::CLIENT);
    }
    let text = String::from_utf8_lossy(bytes);
    let (header, body) = text.split_at(text.floor_char_boundary(text.len() / 2));
    let secret = SecretString::from("a-secret-that-nobody-guesses");
    if let Some(given) = TimedSignature::parse(header) {
        assert!(calendly::signature::verify(&given, body.as_bytes(), [&secret], at).is_err());
    }
    if let Some(given) = calcom::signature::Signature::parse(header) {
        assert!(given.verify(body.as_bytes(), [&secret]).is_err());
    }
});
