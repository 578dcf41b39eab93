use super::*;
use crate::phone::Region;

fn pat() -> Identifiers {
    let id = LeadId(ulid::Ulid::from_parts(1, 1));
    let mut lead = Lead::new(id, ClientId::parse("acme").expect("an id"));
    lead.phone = Some(PhoneNumber::parse("+13055550123", Region::default()).expect("a number"));
    let mut profile = Profile::new(id, chrono::DateTime::UNIX_EPOCH);
    profile.first_name = Some("Pat".to_owned());
    profile.last_name = Some("van Dyke".to_owned());
    profile.email = EmailAddress::parse("Pat@example.org").ok();
    profile.former.emails.extend(EmailAddress::parse("pat@example.net"));
    Identifiers::of(&lead, &profile)
}

#[test]
fn a_text_names_a_person_however_number_and_address_are_written() {
    let lead = pat().lead.to_string();
    for (body, named) in [
        (r#"{"phone":"(305) 555-0123"}"#, true),
        ("From=%2B13055550123&Body=STOP", true),
        ("phone=%28305%29+555-0123", true),
        (r#"{"phone":13055550123.0}"#, true),
        (r#"{"phone":"+1305.555.0123"}"#, true),
        ("３０５５５５０１２３", true),
        (r#"{"phone":"001-305-555-0123 (cell)"}"#, true),
        (r#"{"email":"PAT@example.org"}"#, true),
        ("email=pat%40example.org", true),
        (r#"{"email":"pat\u0040example.org"}"#, true),
        (r#"{"email":"pat@example.net"}"#, true),
        (&format!("utm_content={}", lead.to_lowercase()), true),
        ("write to pat@example.org.", true),
        (r#"{"phone":"(305) 555-0124","email":"kim@example.org"}"#, false),
        ("spat@example.org", false),
        ("pat@example.org.example.net", false),
        ("305 and 555 and 0123", false),
        (r#"{"order":93055550123456}"#, false),
        (r#"{"note":"line one\npat@example.org is my friend"}"#, true),
        ("305-555-0123 305-555-0124", true),
        ("Pat van Dyke", false),
        ("\\u00zz", false),
        ("", false),
    ] {
        assert_eq!(pat().are_in(body), named, "{body}");
    }
    assert!(pat().or_names_are_in("says Pat's sister, pat") && pat().or_names_are_in("Mr. Van Dyke"));
    assert!(!pat().or_names_are_in("the path was patched by van dykes"));
}

#[test]
fn what_others_wrote_loses_what_names_a_person_and_keeps_the_rest() {
    for (said, left) in [
        ("Stop. Pat van Dyke is my wife's name, not mine", Some("Stop. xxx van xxxx is my wife's name, not mine")),
        ("van Dyke, Pat moved", Some("van xxxx, xxx moved")),
        ("text Pat's new phone (305) 555-0123", Some("text xxx's new phone (xxx) xxx-xxxx")),
        ("Pat M. Dyke sent me", Some("xxx M. xxxx sent me")),
        ("P\u{e1}t van D\u{fd}ke sent me", Some("xxx van xxxx sent me")),
        ("\u{130} Pat van Dyke", None),
    ] {
        assert!(pat().are_spoken_of_in(said), "{said}");
        assert_eq!(pat().unnamed(said).as_deref(), left, "{said}");
    }
    assert!(!pat().are_spoken_of_in("Stop, says Pat") && !pat().are_spoken_of_in("stop texting me"));
}

#[test]
fn a_short_number_is_found_where_it_stands_alone() {
    for (body, found) in [("555-01 23", 1), ("+99 5550123", 1), ("0 555 0123", 1), ("17000215550123", 0)] {
        assert_eq!(numbers_of(body, "995550123", "5550123").len(), found, "{body}");
    }
}

#[test]
fn what_is_somebody_elses_keeps_all_but_the_number_and_the_address() {
    let body = r#"{"email":"PAT@example.org","phone":"(305) 555-0124","note":"or +1 305.555.0123"}"#;
    let redacted = pat().redacted(body);
    let left = r#"{"email":"xxxxxxxxxxx.xxx","phone":"(305) 555-0124","note":"or +x xxx.xxx.xxxx"}"#;
    assert_eq!(redacted.as_deref(), Some(left));
    assert_eq!(pat().redacted("email=pat%40example.org"), None, "what is encoded cannot be told apart");
}

#[test]
fn a_record_knows_a_number_and_an_address_and_shows_neither() {
    let person = pat();
    let client = ClientId::parse("acme").expect("an id");
    let record = ErasureRecord::of(&client, &person, "a-salt".to_owned(), chrono::DateTime::UNIX_EPOCH);
    assert_eq!(record.hashes.len(), 3);
    assert!(record.knows(person.phones.first(), None) && record.knows(None, person.emails.get(1)));
    let other = EmailAddress::parse("kim@example.org").expect("an address");
    assert!(!record.knows(None, Some(&other)));
    assert!(!serde_json::to_string(&record).expect("JSON").contains("5550123"));
}
