//! What a reply says: it can always be told, and a stop stays one however it is written.
#![no_main]

use leadline::domain::reply::{Reply, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    let said = read(words);
    if said == Reply::Stop {
        assert_eq!(read(&format!("  {words} !")), Reply::Stop, "{words:?}");
    }
});
