//! Who may be texted by which rules in which zones; the table itself is walked in `table_walk`.

mod table_walk;

use super::super::{decide, phone::Region};
use super::*;

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::default()).expect(text)
}

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// A summer afternoon in every US zone.
fn june() -> Instant {
    at("2026-06-02T18:00:00Z")
}

fn place(answers: &[(&str, &str)]) -> Place {
    let answers = answers.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned())).collect();
    Place::read(&answers).unwrap_or_default()
}

fn hours(phone: &str, answers: &[(&str, &str)]) -> LawfulHours {
    lawful_hours(&number(phone), None, &place(answers), &crate::fixtures::client(), june()).expect("served")
}

fn zones(hours: &LawfulHours) -> Vec<&'static str> {
    let mut zones: Vec<&str> = hours.all.iter().map(|hours| hours.zone().name()).collect();
    zones.sort_unstable();
    zones.dedup();
    zones
}

#[test]
fn every_zone_an_area_code_could_be_in_must_be_open_and_so_must_its_states_row() {
    for (phone, zone_names, rules) in [
        ("+13055550123", "New_York", "US-FL FS501.616 (A)"),
        ("+12195550123", "Chicago New_York", "US 47CFR64.1200(c)(1) (A)"),
        ("+12705550123", "Chicago New_York", "US-KY KRS367.46955 (B)"),
        ("+18505550123", "Chicago New_York", "US-FL FS501.616 (A)"),
        // An overlay of the one before.
        ("+14485550123", "Chicago New_York", "US-FL FS501.616 (A)"),
        ("+14235550123", "Chicago New_York", "US 47CFR64.1200(c)(1) (A)"),
        ("+15415550123", "Denver Los_Angeles", "US-OR OR-HB3865 (A)"),
        ("+14015550123", "New_York", "US-RI RI (B)"),
    ] {
        let hours = hours(phone, &[]);
        let shown: Vec<String> = zone_names.split(' ').map(|zone| format!("America/{zone}")).collect();
        assert_eq!(zones(&hours), shown, "{phone}");
        assert!(hours.source.starts_with(&format!("{rules}; zone ")), "{phone}: {}", hours.source);
        assert!(hours.source.ends_with(&format!("by area code {}", &phone[2..5])), "{phone}: {}", hours.source);
    }
}

#[test]
fn a_toll_free_number_could_be_anywhere_in_the_country_and_our_own_row_counts_for_it() {
    let hours = hours("+18885550123", &[]);
    assert_eq!(zones(&hours).len(), 6);
    assert_eq!(
        hours.source,
        "US 47CFR64.1200(c)(1) (A), policy ours; zone New_York+Chicago+Denver+Los_Angeles+Anchorage+Pacific/Honolulu \
         by the whole US (area code 888 is non_geographic)"
    );
    assert_eq!(hours.cap.map(|cap| cap.per_day), Some(3));
    // 10:00 in Honolulu is 16:00 in New York; Thanksgiving is closed.
    let open = |when: &str| hours.all.iter().all(|hours| hours.contain(at(when)));
    assert!(!open("2026-06-02T19:59:00Z") && open("2026-06-02T20:00:00Z") && open("2026-06-02T23:59:00Z"));
    assert!(!open("2026-06-03T00:00:00Z") && !open("2026-11-26T21:00:00Z"));
    // An address says where it is.
    let known =
        lawful_hours(&number("+18885550123"), None, &place(&[("zip", "43004")]), &crate::fixtures::client(), june());
    assert_eq!(
        known.expect("served").source,
        "US 47CFR64.1200(c)(1) (A); zone America/New_York by the address (postal code 430…)"
    );
}

#[test]
fn better_evidence_of_the_zone_takes_the_place_of_worse_and_states_only_add_up() {
    // A number of New York whose owner moved to Los Angeles.
    let moved = hours("+12125550123", &[("address_zip", "90210"), ("address_state", "CA")]);
    assert_eq!(zones(&moved), ["America/Los_Angeles"]);
    assert_eq!(
        moved.source,
        "US-CA vendor table 2026-04-08 (C), US-NY NY mini-TCPA (C); zone America/Los_Angeles by the address (postal code 902…, state CA)"
    );
    // A number of Florida whose owner moved to Ohio: Florida names the area code.
    let moved = hours("+13055550123", &[("address_state", "Ohio")]);
    assert!(moved.source.starts_with("US-FL FS501.616 (A), US 47CFR64.1200(c)(1) (A);"), "{}", moved.source);
    assert_eq!(moved.cap.map(|cap| cap.source), Some("US-FL FS501.616 (A)".to_owned()));
    // Of a state with two zones both count; where ZIP Code and state disagree, both do.
    assert_eq!(zones(&hours("+12125550123", &[("state", "TN")])), ["America/Chicago", "America/New_York"]);
    let both = hours("+12125550123", &[("state", "HI"), ("zip", "33101")]);
    assert_eq!(zones(&both), ["America/Chicago", "America/New_York", "Pacific/Honolulu"]);

    let stated = |zone, answers: &[(&str, &str)]| {
        let phone = number("+12195550123");
        lawful_hours(&phone, Some(zone), &place(answers), &crate::fixtures::client(), june()).expect("served")
    };
    let honolulu = stated(Tz::Pacific__Honolulu, &[("state", "TN")]);
    assert_eq!(zones(&honolulu), ["Pacific/Honolulu"]);
    assert!(honolulu.source.ends_with("by the lead's own statement"), "{}", honolulu.source);
    // Nobody with such a number is there: the number counts.
    assert_eq!(zones(&stated(Tz::Asia__Tokyo, &[])), ["America/Chicago", "America/New_York"]);
}

#[test]
fn an_address_in_another_country_adds_its_zone_and_its_rule() {
    let london = hours("+12125550123", &[("country", "United Kingdom"), ("state", "London")]);
    assert_eq!(zones(&london), ["America/New_York", "Europe/London"]);
    assert!(london.source.starts_with("US-NY NY mini-TCPA (C), GB DMA-code (B);"), "{}", london.source);
    let open = |when: &str| london.all.iter().all(|hours| hours.contain(at(when)));
    assert!(open("2026-06-02T18:59:00Z") && !open("2026-06-02T19:00:00Z"));
    let ottawa = hours("+12125550123", &[("postal_code", "T2P 1J9")]);
    assert_eq!(zones(&ottawa), ["America/Edmonton", "America/New_York"]);
}

#[test]
fn the_law_of_a_state_counts_for_who_lives_there_with_a_number_from_abroad() {
    let mut client = crate::fixtures::client();
    client.countries.push("CA".to_owned().try_into().expect("CA"));
    let toronto = |answers: &[(&str, &str)]| {
        lawful_hours(&number("+14165550123"), None, &place(answers), &client, june()).expect("served")
    };
    let miami = toronto(&[("zip", "33101")]);
    let open = |hours: &LawfulHours, when: &str| hours.all.iter().all(|hours| hours.contain(at(when)));
    // A Tuesday, half past seven and half past eight in the evening in Miami.
    assert!(open(&miami, "2026-06-02T23:30:00Z") && !open(&miami, "2026-06-03T00:30:00Z"), "{}", miami.source);
    assert_eq!(miami.cap.map(|cap| cap.per_day), Some(3));
    assert!(toronto(&[("state", "Texas")]).not_cleared.is_some());
    assert!(toronto(&[("country", "US")]).source.contains("policy"), "in the US, and nothing says where");
}

#[test]
fn an_address_in_a_country_without_hours_on_file_is_not_texted() {
    let berlin = lawful_hours(
        &number("+13055550123"),
        None,
        &place(&[("country", "Germany")]),
        &crate::fixtures::client(),
        june(),
    );
    assert_eq!(berlin, Err(NotServed::Elsewhere("Germany".to_owned())));
}

#[test]
fn a_country_that_is_not_on_the_list_is_not_texted_and_one_that_is_has_its_own_hours() {
    let london = number("+44 20 7946 0123");
    let mut client = crate::fixtures::client();
    let served = |client: &Client, phone: &PhoneNumber, answers: &[(&str, &str)]| {
        lawful_hours(phone, None, &place(answers), client, june())
    };
    assert_eq!(served(&client, &london, &[]), Err(NotServed::Country("GB".into())));
    for country in ["GB", "CA", "PR"] {
        client.countries.push(country.to_owned().try_into().expect(country));
    }
    let hours = served(&client, &london, &[]).expect("served");
    assert_eq!(super::super::window::described(&hours.all, june()), "Mon–Sun 09:00–20:00 Europe/London");
    assert_eq!(served(&client, &number("+17875550123"), &[]), Err(NotServed::NoRule("PR".into())));
    // Ontario has three clocks, area code 807 two; Ontario's postal codes are no narrower.
    let ontario = served(&client, &number("+14165550123"), &[("province", "Ontario")]).expect("served");
    assert_eq!(zones(&ontario), ["America/Atikokan", "America/Toronto", "America/Winnipeg"]);
    assert_eq!(zones(&served(&client, &number("+14165550123"), &[]).expect("served")), ["America/Toronto"]);
    let shown = super::super::window::described(&ontario.all[..1], at("2026-07-01T16:00:00Z"));
    assert!(shown.contains("(closed on Wed 1 Jul, a holiday)"), "{shown}");
}

#[test]
fn a_state_that_asks_for_a_position_is_not_texted_before_the_client_has_cleared_it() {
    let mut client = crate::fixtures::client();
    let words = |client: &Client, phone: &str, state: &str, now: &str| {
        lawful_hours(&number(phone), None, &place(&[("state", state)]), client, at(now)).expect("served").not_cleared
    };
    let now = "2026-06-02T18:00:00Z";
    for (phone, state) in [("+12145550123", ""), ("+12125550123", "Texas"), ("+12145550123", "NY")] {
        let why = words(&client, phone, state, now).expect("asks for a position");
        assert_eq!(why, "TX is not among the client's cleared states, and its law asks for a position (TX-SB140)");
    }
    assert_eq!(words(&client, "+12125550123", "", now), None);
    // The law began on 1 September 2025, at midnight in the first of the two zones of Texas.
    assert_eq!(words(&client, "+12145550123", "", "2025-09-01T04:59:00Z"), None);
    assert!(words(&client, "+12145550123", "", "2025-09-01T05:00:00Z").is_some());
    client.cleared_states = vec![State::parse("TX").expect("a state")];
    assert_eq!(words(&client, "+12145550123", "", now), None);
}

#[test]
fn our_own_row_comes_on_top_of_the_law_and_can_be_widened_state_by_state_and_never_past_it() {
    let mut client = crate::fixtures::client();
    client.recipient_policy = Some(RecipientPolicy { except: vec![State::parse("FL").expect("a state")] });
    let source = |phone: &str, state: &str| {
        let hours = lawful_hours(&number(phone), None, &place(&[("state", state)]), &client, june());
        hours.expect("served").source
    };
    assert!(source("+12165550123", "").starts_with("US 47CFR64.1200(c)(1) (A), policy ours;"));
    assert!(source("+13055550123", "").starts_with("US-FL FS501.616 (A); "));
    // Another state that could be theirs is not excepted.
    assert!(source("+13055550123", "OH").contains("policy ours"));
    assert!(source("+18885550123", "").contains("policy ours"));
    let stored = serde_json::to_value(&client).expect("json");
    assert_eq!(stored["recipient_policy"]["except"], serde_json::json!(["FL"]));
}

#[test]
fn rules_that_start_on_a_date_flip_at_the_recipients_midnight_whenever_they_are_looked_at() {
    // Oregon: federal hours up to 31 December 2025, 08:00 to 20:00 and three texts from 1 January 2026.
    let looked_at = |now: &str| {
        let phone = number("+15035550123");
        lawful_hours(&phone, None, &Place::default(), &crate::fixtures::client(), at(now)).expect("served")
    };
    let (before, after) = (looked_at("2026-01-01T07:59:59Z"), looked_at("2026-01-01T08:00:00Z"));
    assert_eq!(before.all, after.all, "the hours of every date are the same whenever they are looked at");
    let open = |when: &str| before.all.iter().all(|hours| hours.contain(at(when)));
    assert!(open("2026-01-01T04:59:00Z"), "20:59 on the last day of the old hours");
    assert!(!open("2026-01-02T04:00:00Z"), "20:00 on the first day of the new ones");
    let flips = decide::next_sendable(&before.all, at("2025-12-31T17:00:00Z"));
    assert_eq!(flips, Some(at("2025-12-31T17:00:00Z")));
    assert_eq!(
        super::super::window::first_close(&before.all, at("2025-12-31T17:00:00Z")),
        Some(at("2026-01-01T05:00:00Z"))
    );
    assert_eq!(
        super::super::window::first_close(&before.all, at("2026-01-01T17:00:00Z")),
        Some(at("2026-01-02T04:00:00Z"))
    );
    assert_eq!((before.cap, after.cap.map(|cap| cap.per_day)), (None, Some(3)));
    assert!(before.source.starts_with("US 47CFR") && after.source.starts_with("US-OR OR-HB3865 (A)"));
}
