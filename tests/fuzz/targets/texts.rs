//! Templates, segments, numbers and addresses, as people type them.
#![no_main]

use leadline::domain::{
    email::EmailAddress,
    phone::{PhoneNumber, Region},
    segments,
    template::Template,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    if let Ok(template) = Template::parse(words) {
        let _ = template.render(|field| Some(field.to_string()));
    }
    let _ = segments::count(words);
    let _ = EmailAddress::parse(words);
    if let Ok(number) = PhoneNumber::parse(words, Region::default()) {
        assert_eq!(PhoneNumber::parse(number.e164(), Region::default()), Ok(number.clone()));
    }
});
