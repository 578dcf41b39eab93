//! Where people say that they are, in the fields of a form.
#![no_main]

use std::collections::BTreeMap;

use leadline::domain::place::{Place, PostalArea, State};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    let mut lines = words.lines();
    let names = ["address_state", "address_zip", "address_country", "address_city", "state", "zip"];
    let answers: BTreeMap<String, String> =
        names.into_iter().filter_map(|name| Some((name.to_owned(), lines.next()?.to_owned()))).collect();
    if let Some(place) = Place::read(&answers) {
        let _ = (place.states(), place.countries(), place.is_unknown());
        let written = serde_json::to_string(&place).expect("it can be written");
        assert_eq!(serde_json::from_str::<Place>(&written).expect("and read"), place);
    }
    let _ = PostalArea::parse(words).map(|area| area.states());
    if let Ok(state) = State::parse(words) {
        assert_eq!(State::parse(state.code()), Ok(state), "{words:?}");
    }
});
