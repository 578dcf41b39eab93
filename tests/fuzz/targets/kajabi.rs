//! A request of Kajabi, and the signature of a relay: whatever the bytes, one delivery with a usable key.
#![no_main]

use leadline::integrations::kajabi::{read, signature};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

fuzz_target!(|bytes: &[u8]| {
    let at = chrono::DateTime::UNIX_EPOCH;
    let delivery = read(bytes, None, at);
    assert!(!delivery.key.0.is_empty() && delivery.key.0.len() <= 200, "{:?}", delivery.key);
    assert!(!delivery.key.0.chars().any(char::is_control), "{:?}", delivery.key);
    assert_eq!(read(bytes, None, at), delivery, "the same bytes are the same event");
    let (header, body) = bytes.split_at(bytes.len() / 2);
    let secret = SecretString::from("a-secret-that-nobody-guesses");
    assert!(signature::verify(std::str::from_utf8(header).ok(), body, [&secret], at).is_err());
});
