//! What OpenPhone or Quo posts, of both generations: it is read or refused, and nothing that was not signed passes.
#![no_main]

use leadline::{domain::client::Client, integrations::openphone::{signature::Signatures, key, read}};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

#[path = "../client.rs"]
mod client;

fuzz_target!(|bytes: &[u8]| {
    let at = chrono::DateTime::UNIX_EPOCH;
    let client: &Client = &client::CLIENT;
    let text = String::from_utf8_lossy(bytes);
    let (header, body) = text.split_at(text.floor_char_boundary(text.len() / 2));
    for body in [&text, body] {
        let _ = read(body, client, at);
        assert!(!key(None, body).0.is_empty());
        assert!(!key(Some(header), body).0.chars().any(char::is_control));
    }
    let secrets = ["openphone_signing_key", "openphone_webhook_secret"]
        .map(|name| (name.to_owned(), SecretString::from("a2V5IHRoYXQgbm9ib2R5IGd1ZXNzZXM=")));
    let secrets = secrets.into();
    let legacy = |name: &str| (name == "openphone-signature").then_some(header);
    for given in [Signatures::of(|_| Some(header), at), Signatures::of(legacy, at)].into_iter().flatten() {
        assert!(given.verify(body.as_bytes(), &secrets).is_err());
    }
});
