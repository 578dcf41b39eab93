//! What a reply says: it can always be told, and a no stays one however it is written and whoever it is from.
#![no_main]

use leadline::domain::reply::{Class, Known, classify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    // Beyond 16 KiB a reply is cut, quotation marks and all; texts have 1,600 characters.
    if words.len() > 15 * 1024 {
        return;
    }
    if classify(words, Known::default()).is_no() {
        let opted_out = Known { opted_out: true, ..Known::default() };
        assert!(classify(words, opted_out).is_no(), "{words:?}");
        assert!(classify(&format!("  {words}  "), Known::default()).is_no(), "{words:?}");
    }
    // Whatever we quote, a like of it opts nobody out.
    let liked = classify(&format!("Liked “{words}”"), Known::default());
    assert!(matches!(liked, Class::Reaction | Class::Doubtful), "{words:?}: {}", liked.code());
});
