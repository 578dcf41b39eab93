//! Twilio's forms and signatures: nothing panics, and nothing that was not signed passes.
#![no_main]

use leadline::integrations::twilio::{inbound::Inbound, signature::{Payload, SignedBy, verify}, status::StatusUpdate};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

fuzz_target!(|bytes: &[u8]| {
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).unwrap_or_default();
    if let Ok(reply) = Inbound::parse(&form) {
        assert!(reply.key().comes_first());
    }
    let query: Vec<(String, String)> = form.iter().rev().cloned().collect();
    if let Ok(update) = StatusUpdate::parse(&form, &query) {
        let _ = (update.key(), update.receipt());
    }
    let text = String::from_utf8_lossy(bytes);
    let url = format!("https://hooks.example.org/{text}");
    let tokens = [SecretString::from("a-token-that-nobody-guesses")];
    for by in [Ok(SignedBy::AuthToken), SignedBy::of(Some(&text)), SignedBy::of(Some("algorithm=HMAC_SHA256"))] {
        let Ok(by) = by else { continue };
        assert!(verify(&by, &tokens, &url, Payload::Form(&form), &text).is_err());
        assert!(verify(&by, &tokens, &url, Payload::Raw(bytes), &text).is_err());
    }
});
