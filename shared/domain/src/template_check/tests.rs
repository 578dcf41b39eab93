use super::{super::fixtures::client, *};

fn found(text: &str) -> Vec<(Severity, &'static str)> {
    found_at(text, &client(), false)
}

fn found_at(text: &str, client: &Client, after_silence: bool) -> Vec<(Severity, &'static str)> {
    let template = Template::parse(text).expect("a template");
    let check = check_text(&template, Place { client, has_message: false, webinar: None, after_silence });
    check.findings.iter().map(|finding| (finding.severity, finding.code)).collect()
}

const GOOD: &str = "Hi {{first_name|there}}, it's Sam from Acme Coaching. Shall I save you a seat? Reply STOP to end.";

#[test]
fn a_text_that_is_as_it_should_be_has_nothing_to_say_about_it() {
    assert_eq!(found_at(GOOD, &client(), true), []);
    let template = Template::parse(GOOD).expect("a template");
    let check =
        check_text(&template, Place { client: &client(), has_message: false, webinar: None, after_silence: true });
    assert!(check.sample.starts_with("Hi Alexandra, it's Sam"), "{}", check.sample);
    assert_eq!((check.cost.count, check.cost_at_most.count, check.unicode), (1, 1, None));
}

#[test]
fn the_first_text_says_who_writes_and_how_to_stop_it() {
    use Severity::Warning;
    for (text, expected) in [
        ("Hi, it's Sam. Reply STOP to end.", vec![(Warning, "no_sender")]),
        ("Hi, it's {{business_name}}. Reply STOP to end.", vec![]),
        ("ACME coaching here. To opt out, write unsubscribe.", vec![]),
        ("Sam from Acme Coaching. Do not stop now!", vec![(Warning, "no_opt_out")]),
        ("Hi!", vec![(Warning, "no_sender"), (Warning, "no_opt_out")]),
    ] {
        assert_eq!(found_at(text, &client(), true), expected, "{text}");
        assert_eq!(found(text), [], "{text}: later texts need not");
    }
    let mut inc = client();
    inc.name = "Acme Coaching, LLC".to_owned();
    assert_eq!(found_at(GOOD, &inc, true), [], "nobody says what form a company has");
    let mut british = client();
    british.countries.push(super::super::phone::Region::try_from("GB".to_owned()).expect("a country"));
    assert_eq!(found_at("Still there?", &british, false), [(Warning, "no_opt_out")], "there it is in every text");
}

#[test]
fn links_of_public_shorteners_are_errors_however_they_are_written() {
    use Severity::{Error, Warning};
    for text in
        ["Book: bit.ly/x", "https://BIT.LY/x", "(my.bit.ly/x)", "here:bit.ly", "at t.co.", "see tinyurl.com, ok"]
    {
        assert_eq!(found(text), [(Error, "link_shortener")], "{text}");
    }
    for text in ["rabbit.ly/x", "https://t.com/x", "a t.co.example.org/x", "bit.ly-coaching.example.org", "It is.gdp"] {
        assert_eq!(found(text), [], "{text}");
    }
    assert_eq!(found("http://example.org/a"), [(Warning, "bare_http")]);
    let mut short = client();
    short.booking_link = Some("https://bit.ly/sam".to_owned());
    assert_eq!(found_at("Book: {{booking_link}}", &short, false), [(Error, "link_shortener")], "by the settings, too");
}

#[test]
fn a_placeholder_that_may_have_no_value_is_told() {
    use Severity::{Error, Warning};
    for (text, expected) in [
        ("Hi {{first_name}}", vec![(Warning, "no_fallback")]),
        ("Hi {{first_name}} {{first_name}}", vec![(Warning, "no_fallback")]),
        ("Hi {{first_name|}},", vec![(Warning, "empty_fallback")]),
        ("{{custom_1|it}}", vec![]),
        ("Book: {{booking_link}}", vec![(Error, "no_booking_link")]),
        ("Book: {{booking_link|soon}}", vec![]),
        ("{{message}}", vec![(Error, "no_message")]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
    let template = Template::parse("{{message}}").expect("a template");
    let direct =
        check_text(&template, Place { client: &client(), has_message: true, webinar: None, after_silence: true });
    assert_eq!(direct.findings, []);
}

#[test]
fn one_character_that_makes_it_unicode_is_named_with_what_to_write_instead() {
    let template = Template::parse("Hi, it\u{2019}s Sam").expect("a template");
    let check =
        check_text(&template, Place { client: &client(), has_message: false, webinar: None, after_silence: false });
    assert_eq!(check.unicode, Some('\u{2019}'));
    assert!(check.findings[0].words.contains("(U+2019)") && check.findings[0].words.ends_with("Write ' instead."));
}

#[test]
fn length_is_told_as_it_is_rendered_and_at_its_longest() {
    use Severity::{Error, Warning};
    let answers = "{{custom_1|a}} {{custom_2|b}} {{custom_3|c}} {{custom_4|d}}";
    assert_eq!(found(&"a".repeat(459)), []);
    assert_eq!(found(&"a".repeat(460)), [(Warning, "many_segments")]);
    assert_eq!(found(&format!("{} {answers}", "a".repeat(1_200))), [(Warning, "may_be_too_long")]);
    assert_eq!(found(&format!("{} {{{{first_name|you}}}}", "a".repeat(1_598))), [(Error, "too_long")]);
}

#[test]
fn what_simpletexting_would_replace_is_an_error_there_and_nowhere_else() {
    let mut simple = client();
    let provider = serde_json::json!({"simpletexting": {"account_phone": "+18005550199"}});
    simple.provider = serde_json::from_value(provider).expect("settings");
    assert_eq!(found_at("100%% sure", &simple, false), [(Severity::Error, "merge_tag")]);
    assert_eq!(found("100%% sure"), []);
}

#[test]
fn a_text_that_asks_for_a_digit_to_opt_out_is_an_error() {
    for text in [
        "Text 2 to opt out.",
        "Reply 2 to unsubscribe",
        "Reply with 9 to stop",
        "press 3 to be removed",
        "Send 0 for opt-out",
        "To opt out, reply 2.",
        "To stop text 2",
    ] {
        assert_eq!(found(text), [(Severity::Error, "digit_opt_out")], "{text}");
    }
    for text in [
        "Reply 1 to confirm or STOP to end",
        "Reply 1 for yes, 2 for no. Reply STOP to opt out",
        "Reply STOP to stop. Text 2 for a seat",
        "Text 2 to cancel your seat",
        "Reply YES to start",
        "Reply",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_stored_text_that_is_no_template_is_an_error() {
    let stored: Template = serde_json::from_value("Hi {first_name}, it's Sam".into()).expect("it is read");
    let place = Place { client: &client(), has_message: false, webinar: None, after_silence: false };
    let check = check_text(&stored, place);
    assert_eq!(check.findings.iter().map(|found| found.code).collect::<Vec<_>>(), ["template_invalid"]);
    assert_eq!(check.sample, "Hi {first_name}, it's Sam", "it is shown as it stands");
}

#[test]
fn each_active_step_of_a_campaign_is_checked_with_the_default_where_it_has_no_text() {
    let campaign: Campaign = serde_json::from_value(serde_json::json!({
        "id": "c", "name": "C", "messages": [
            {"step": 1, "delay_minutes": 60, "text": "Hi!", "active": false},
            {"step": 2, "delay_minutes": 60, "text": GOOD},
            {"step": 3, "delay_minutes": 1440},
            {"step": 4, "delay_minutes": 43_200, "text": "Still there?"},
        ],
    }))
    .expect("a campaign");
    let mut client = client();
    let checks = check_campaign(&campaign, &client);
    let codes = |check: &StepCheck| check.findings().into_iter().map(|found| found.code).collect::<Vec<_>>();
    assert_eq!(checks.iter().map(|check| check.step).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(codes(&checks[0]), Vec::<&str>::new());
    assert_eq!(codes(&checks[1]), ["no_text"]);
    assert_eq!(codes(&checks[2]), ["no_sender", "no_opt_out"], "a month of silence begins it again");
    client.default_text = Template::parse("More about it?").ok();
    let checks = check_campaign(&campaign, &client);
    assert!(checks[1].by_default && checks[1].findings().is_empty());
}

#[test]
fn the_list_of_shorteners_is_in_order_and_holds_the_well_known_ones() {
    assert!(SHORTENERS.is_sorted(), "in order, so that a row is found and none is there twice");
    for domain in ["bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly"] {
        assert!(SHORTENERS.iter().any(|known| known == domain), "{domain}");
    }
}
