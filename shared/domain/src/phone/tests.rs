//! What people type into phone fields, and what becomes of it.

use super::*;

fn us(raw: &str) -> Result<PhoneNumber, InvalidPhone> {
    PhoneNumber::parse(raw, Region::default())
}

#[test]
fn every_way_of_writing_one_number_is_the_same_number() {
    for raw in ["3055550123", "(305) 555-0123", "+1 305 555 0123", "1-305-555-0123", " 305.555.0123 "] {
        assert_eq!(us(raw).expect(raw).e164(), "+13055550123");
    }
}

#[test]
fn what_cannot_be_a_number_says_why() {
    assert_eq!(us("  "), Err(InvalidPhone::Missing));
    assert_eq!(us("call me"), Err(InvalidPhone::Unreadable));
    assert_eq!(us("555-0123"), Err(InvalidPhone::Impossible));
    assert_eq!(us("(105) 555-0123"), Err(InvalidPhone::Impossible));
    assert!(us(&"1".repeat(5_000)).is_err());
}

#[test]
fn a_number_shows_its_country_and_area_code_but_not_itself() {
    let phone = us("+1 305 555 0123").expect("valid");
    assert_eq!(phone.country().as_deref(), Some("US"));
    assert_eq!(phone.area_code(), Some("305"));
    assert_eq!(phone.national(), "(305) 555-0123");
    assert_eq!(format!("{phone} {phone:?}"), "+1•••••••123 +1•••••••123");
    let london = us("+44 20 7946 0123").expect("valid");
    assert_eq!(london.country().as_deref(), Some("GB"));
    assert_eq!(london.area_code(), None);
}

#[test]
fn a_number_is_read_however_it_looks() {
    for raw in [
        "+1305.555.0103",
        "+1.305.555.0103",
        "1.305.555.0103",
        "305/555-0103",
        "(305)555-0103",
        "(305 555-0103",
        "[305] 555-0103",
        "001-305-555-0103",
        "00 1 305 555 0103",
        "011 1 305 555 0103",
        "(+1) 305 555 0103",
        "+1 (305) 555 - 0103",
        "+1 305\u{a0}555\u{2009}0103",
        "305\u{2013}555\u{2014}0103",
        "305\u{2011}555\u{ad}\u{2212}0103",
        "\u{202a}+1 (305) 555-0103\u{202c}",
        "\u{feff}305\u{200b}555\u{2060}0103",
        "305\u{b7}555\u{b7}0103",
        "３０５５５５０１０３",
        "＋１（３０５）５５５－０１０３",
        "٣٠٥٥٥٥٠١٠٣",
        "۳۰۵۵۵۵۰۱۰۳",
        "३०५५५५०१०३",
        "3\u{fe0f}\u{20e3}05 555 0103",
        "13055550103.0",
        "3055550103.00",
        "13055550103,0",
        "'+13055550103.0",
        "'13055550103",
        "=\"13055550103\"",
        "tel:+1-305-555-0103",
        "Cell: 305-555-0103",
        "Tel. 305 555 0103",
        "T: 305 555 0103",
        "Tel. No.: 305 555 0103",
        "Mobile 305-555-0103",
        "phone #305-555-0103",
        "My cell is 305-555-0103",
        "móvil: 305 555 0103",
        "(cell) 305-555-0103",
        "305-555-0103 (cell)",
        "305-555-0103 [Cell Phone]",
        "305-555-0103 - mobile",
        "305-555-0103,",
        "\u{1f4de} 305-555-0103",
        "305-555-0103 ext. 12",
        "305-555-0103 ext12",
        "305-555-0103 x12",
        "305-555-0103x12",
        "305-555-0103 #12",
        "305-555-0103, extension 12",
        "305-555-0103;ext=12",
        "305-555-0103 (ext 12)",
        "305-555-0103 ext 12 (work)",
        "305-555-0103 / (305) 555-0103",
        "305-555-0103 or +1 305 555 0103",
        "3055550103 3055550103",
        "(cell) 305-555-0103 (home) 305-555-0103",
    ] {
        assert_eq!(us(raw).map(|number| number.e164().to_owned()), Ok("+13055550103".to_owned()), "{raw:?}");
    }
}

#[test]
fn a_letter_or_a_sign_for_a_digit_is_refused_and_never_guessed() {
    for raw in [
        "305-555-01O5",
        "305-555-O1O5",
        "3O5-555-0103",
        "l-305-555-0103",
        "I3055550103",
        "O305 555 0103",
        "305-555-0l03",
        "305-555-01\u{39f}3",
        "305-555-010S",
        "305-555-010x",
        "30555501x3x",
        "305x555x0103",
        "1-800-FLOWERS",
        "305-GET-HELP",
        "305-555-01*3",
        "305-555-010*",
        "305-555-010?",
        "305_555_0103",
        "305-555-010\u{b2}3",
        "305-555-0103\u{b2}",
        "\u{2460}3055550103",
        "305-555-0103m",
        "Pat 305-555-0103",
        "call me at 305 after 5",
    ] {
        assert_eq!(us(raw), Err(InvalidPhone::Letter), "{raw:?}");
    }
}

#[test]
fn every_other_refusal_has_a_reason_of_its_own() {
    use InvalidPhone::{
        CountryNotRead, Impossible, Missing, NotForPeople, NotForTexts, Scientific, TwoNumbers, Unreadable,
    };
    for (raw, why) in [
        ("\u{200b}\u{feff} ", Missing),
        ("n/a", Unreadable),
        ("none", Unreadable),
        ("-", Unreadable),
        ("1.3055550103E10", Scientific),
        ("1,3055550103e+10", Scientific),
        ("1.30556E+10", Scientific),
        ("305-555-0103 or 305-555-0104", TwoNumbers),
        ("305-555-0103 / 305-555-0104", TwoNumbers),
        ("305-555-0103/305-555-0104", TwoNumbers),
        ("305-555-0103; 305-555-0104", TwoNumbers),
        ("305-555-0103, 305-555-0104", TwoNumbers),
        ("305-555-0103\n305-555-0104", TwoNumbers),
        ("305-555-0103 305-555-0104", TwoNumbers),
        ("(305) 555-0103 (305) 555-0104", TwoNumbers),
        ("+13055550103+13055550104", TwoNumbers),
        ("cell 305-555-0103 home 305-555-0104", TwoNumbers),
        ("305-555-0103 or 555-0104", TwoNumbers),
        ("305-555-0103 x1 or 305-555-0104 x2", TwoNumbers),
        ("305-555-0103 & 305-555-0104", TwoNumbers),
        ("+1 305 555 0103 / +44 20 7946 0123", TwoNumbers),
        ("305-555-0110 (no text)", NotForTexts),
        ("no sms 305-555-0111", NotForTexts),
        ("305-555-0112 no text", NotForTexts),
        ("(no sms) 305-555-0113", NotForTexts),
        ("305-555-0127 no contact", NotForTexts),
        ("305-555-0128 do not call", NotForTexts),
        ("305-555-0103 do not text", NotForTexts),
        ("305-555-0128 landline", NotForTexts),
        ("landline: 305-555-0128", NotForTexts),
        ("fax 305-555-0103", NotForTexts),
        ("+1 900 555 0123", NotForPeople),
        ("500-555-0123", NotForPeople),
        ("533-555-0123", NotForPeople),
        ("305-555-0103/4", TwoNumbers),
        ("305-555-0103 / 4", TwoNumbers),
        ("305,555,0103", Unreadable),
        ("305-555-010", Impossible),
        ("30555501033", Impossible),
        ("+999 305 555 0103", Impossible),
        ("+49 30 123456", CountryNotRead("+49 (DE)")),
        ("12", Impossible),
        ("1", Unreadable),
    ] {
        assert_eq!(us(raw), Err(why), "{raw:?}");
        assert!(!why.to_string().is_empty());
    }
}

#[test]
fn a_number_of_another_country_is_read_by_its_own_rules() {
    for (raw, region, e164) in [
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 (0)20 7946 0123", "US", "+442079460123"),
        ("0044 20 7946 0123", "US", "+442079460123"),
        ("07911 123456", "GB", "+447911123456"),
        ("01481 256789", "GG", "+441481256789"),
        ("0412 345 678", "AU", "+61412345678"),
        ("021 123 4567", "NZ", "+64211234567"),
        ("211234567.0", "NZ", "+64211234567"),
        ("085 012 3456", "IE", "+353850123456"),
        ("416 555 0123", "CA", "+14165550123"),
        ("1 305 555 0103", "CA", "+13055550103"),
        ("00 1 305 555 0103", "GB", "+13055550103"),
    ] {
        let region = Region::try_from(region.to_owned()).expect("a country");
        assert_eq!(PhoneNumber::parse(raw, region).map(String::from), Ok(e164.to_owned()), "{raw} in {region:?}");
    }
    let london = us("+44 20 7946 0123").expect("a number");
    assert_eq!(london.national(), "020 7946 0123");
    assert_eq!(us("+44 1481 256789").expect("a number").country().as_deref(), Some("GG"));
}

#[test]
fn a_stored_number_is_taken_as_it_is_and_a_typed_one_is_read() {
    let read = |text: &str| serde_json::from_value::<PhoneNumber>(text.into());
    for stored in ["+13055550103", "+4930123456", "+11235550123"] {
        assert_eq!(String::from(read(stored).expect("a stored number")), stored);
    }
    assert_eq!(String::from(read("(305) 555-0103").expect("a typed number")), "+13055550103");
    for none in ["", "+", "+123", "+1234567890123456", "+0305550103", "305-555-01O3", "+1305555010a"] {
        assert!(read(none).is_err(), "{none}");
    }
    assert_eq!(read("+13055550103").expect("stored").check(), Ok(()));
    assert_eq!(read("+11235550123").expect("stored").check(), Err(InvalidPhone::Impossible));
    let berlin = read("+4930123456").expect("stored");
    assert_eq!(berlin.check(), Err(InvalidPhone::CountryNotRead("+49 (DE)")));
    assert_eq!((berlin.country(), berlin.national().as_str()), (None, "+4930123456"));
}

#[test]
fn a_provider_knows_whom_it_texts() {
    let named = |raw: &str| PhoneNumber::of_provider(raw, Region::default()).map(String::from);
    assert_eq!(named("+4930123456"), Ok("+4930123456".to_owned()), "a STOP from anywhere is heard");
    assert_eq!(named("3055550103"), Ok("+13055550103".to_owned()));
    assert!(named("ACME").is_err() && named("12345").is_err());
}

proptest::proptest! {
    #[test]
    fn what_is_read_is_read_again_as_itself(raw in "\\PC{0,40}|[-+0-9 ().xO/,]{7,30}") {
        if let Ok(number) = us(&raw) {
            proptest::prop_assert_eq!(us(number.e164()), Ok(number.clone()));
            proptest::prop_assert!(PhoneNumber::in_e164(number.e164()).is_some());
        }
    }

    #[test]
    fn one_letter_for_any_digit_is_never_another_number(at in 0_usize..12, letter in "[A-Za-z]") {
        let mut raw: Vec<char> = "305-555-0103".chars().collect();
        raw[at] = letter.chars().next().expect("a letter");
        let raw: String = raw.into_iter().collect();
        proptest::prop_assert!(us(&raw).is_err(), "{raw}");
    }
}
