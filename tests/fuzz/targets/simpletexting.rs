//! What SimpleTexting posts: it is read or refused.
#![no_main]

use leadline::integrations::simpletexting::{key, read};
use libfuzzer_sys::fuzz_target;

#[path = "../client.rs"]
mod client;

fuzz_target!(|body: &str| {
    let _ = read(body, &client::CLIENT, chrono::DateTime::UNIX_EPOCH);
    let key = key(body);
    assert!(!key.0.is_empty() && !key.0.chars().any(char::is_control), "{key:?}");
});
