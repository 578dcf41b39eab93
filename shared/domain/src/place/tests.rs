use super::*;

fn place(answers: &[(&str, &str)]) -> Option<Place> {
    Place::read(&answers.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned())).collect())
}

fn states(answers: &[(&str, &str)]) -> String {
    let states = place(answers).map(|place| place.states()).unwrap_or_default();
    states.iter().map(State::code).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_state_is_read_as_people_write_it() {
    for (raw, code) in [
        ("FL", "FL"),
        (" fl ", "FL"),
        ("Florida", "FL"),
        ("US-FL", "FL"),
        ("new york", "NY"),
        ("Washington", "WA"),
        ("Washington, D.C.", "DC"),
        ("D.C.", "DC"),
        ("Québec", "QC"),
        ("CA-ON", "ON"),
    ] {
        assert_eq!(State::parse(raw).map(|state| state.code()), Ok(code), "{raw}");
    }
    for bad in ["", "Floridaa", "XX", "12", "London"] {
        assert!(State::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_address_gives_its_state_by_any_of_the_names_that_forms_use() {
    assert_eq!(states(&[("address_state", "Florida"), ("address_country", "United States")]), "FL");
    assert_eq!(states(&[("state", "tx")]), "TX");
    assert_eq!(states(&[("address_zip", "33101-2345")]), "FL");
    assert_eq!(states(&[("zip_code", " 2903 ")]), "RI");
    assert_eq!(states(&[("postal_code", "k1a 0b1"), ("country", "Canada")]), "ON");
    assert_eq!(states(&[("postal_code", "X0A 0H0")]), "NT NU");
    // Fishers Island has a ZIP Code of Connecticut's; its state says which it is.
    assert_eq!(states(&[("zip", "06390")]), "CT NY");
    assert_eq!(states(&[("zip", "06390"), ("state", "NY")]), "NY");
    // State and ZIP Code disagree: both count.
    assert_eq!(states(&[("zip", "90210"), ("state", "FL")]), "CA FL");
}

#[test]
fn what_is_no_place_gives_none() {
    for nothing in [
        vec![],
        vec![("country", "-")],
        vec![("address_state", ""), ("address_zip", "  ")],
        vec![("zip", "09012")],
        vec![("zip", "1234567")],
        vec![("zip", "SW1A 1AA")],
        vec![("state", "Bavaria")],
    ] {
        assert_eq!(place(&nothing), None, "{nothing:?}");
    }
    // An address in another country is not read as one of the US, and is not forgotten.
    let saar = place(&[("country", "Germany"), ("zip", "33101"), ("state", "Saarland")]).expect("a country");
    assert_eq!((saar.elsewhere(), saar.states(), saar.countries()), (Some("Germany"), vec![], vec![]));
    for (country, state) in [("The United States", "FL"), ("united states (USA)", "FL"), ("Amerika", "Florida")] {
        assert_eq!(states(&[("country", country), ("zip", "33101"), ("state", state)]), "FL", "{country}");
    }
    let london = place(&[("country", "United Kingdom"), ("zip", "33101"), ("state", "CA")]).expect("a country");
    assert_eq!((london.countries(), london.states()), (vec!["GB"], vec![]));
    // `CA` in the field of a Canadian address is not California.
    let ottawa = place(&[("country", "Canada"), ("state", "CA"), ("zip", "K1A 0B1")]).expect("a place");
    assert_eq!((ottawa.countries(), states(&[("zip", "K1A 0B1")])), (vec!["CA"], "ON".to_owned()));
}

#[test]
fn a_place_is_stored_short_and_read_back_and_leaves_out_the_rest_of_the_code() {
    let miami = place(&[("address_zip", "33101"), ("address_state", "Florida")]).expect("a place");
    let stored = serde_json::to_string(&miami).expect("json");
    assert_eq!(stored, r#"{"state":"FL","postal":"331"}"#);
    assert_eq!(serde_json::from_str::<Place>(&stored).expect("read back"), miami);
    assert_eq!(miami.to_string(), "postal code 331…, state FL");
    // What a later release of the data does not know any more costs that part alone.
    let lost = serde_json::from_str::<Place>(r#"{"postal":"000","state":"FL"}"#).expect("read");
    assert_eq!((lost.to_string(), lost.states().len()), ("state FL".to_owned(), 1));
}

#[test]
fn every_row_names_zones_and_states_that_exist_and_no_postal_code_has_two_rows() {
    for row in STATES.iter() {
        let state = State::parse(&row.code).expect("itself");
        assert!(state.zones().count() > 0 && row.names.split(';').all(|name| State::parse(name) == Ok(state)));
        assert!(matches!(state.country(), "US" | "CA"), "{state}");
    }
    let mut before = ("", "");
    for row in POSTAL.iter() {
        assert!(row.first <= row.last && before.1 < row.first.as_str(), "{before:?} and {}", row.first);
        let states = PostalArea(row.first.clone()).states();
        assert!(!states.is_empty() && states.iter().all(|state| state.country() == row.country), "{}", row.first);
        before = (&row.first, &row.last);
    }
    let covered = |state: State| POSTAL.iter().any(|row| row.states.split(' ').any(|code| code == state.code()));
    assert!(State::all_of("US").chain(State::all_of("CA")).all(covered));
}
