use chrono::TimeDelta;

use super::*;
use crate::{capabilities::Capabilities, ids::AttemptId, message::LEASE};

#[test]
fn settings_without_a_mode_are_not_settings() {
    let mut record = serde_json::to_value(crate::fixtures::client()).expect("json");
    record.as_object_mut().expect("an object").remove("mode");
    let error = serde_json::from_value::<Client>(record).expect_err("no mode");
    assert!(error.to_string().contains("missing field `mode`"), "{error}");
}

fn attempt() -> AttemptId {
    AttemptId(ulid::Ulid::from(1_001_u128))
}

fn minute(n: i64) -> Instant {
    "2026-01-06T15:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::minutes(n)
}

#[test]
fn a_provider_that_asks_to_wait_is_left_alone_for_1_2_4_8_and_12_minutes_and_tried_by_one_text_at_a_time() {
    let mut sending = Sending::On.after_throttle("busy", None, attempt(), minute(0)).expect("a hold");
    let mut at = minute(0);
    for rest in [1, 2, 4, 8, 12, 12] {
        let Sending::OnHold { try_at: Some(try_at), since, throttled: true, .. } = &sending else {
            panic!("{sending:?}")
        };
        assert_eq!((*try_at, *since), (at + TimeDelta::minutes(rest), minute(0)));
        assert!(!sending.lets_through(*try_at - TimeDelta::seconds(1)) && sending.lets_through(*try_at));
        assert_eq!(sending.after_throttle("busy", None, attempt(), *try_at - TimeDelta::seconds(1)), None);
        assert_eq!(sending.tried_at(*try_at - TimeDelta::seconds(1)), None);
        let tried = sending.tried_at(*try_at).expect("one text");
        assert!(!tried.lets_through(*try_at + TimeDelta::seconds(119)), "no other while it is under way");
        assert!(tried.lets_through(*try_at + LEASE), "its sender may have died");
        at = *try_at;
        sending = sending.after_throttle("busy", None, attempt(), at).expect("a longer one");
    }
    assert_eq!(sending.throttled_for(at), Some(at - minute(0)));
    let long_after = at + TimeDelta::days(3);
    assert!(
        sending.throttled_for(long_after).is_some_and(|span| span < TimeDelta::hours(1)),
        "nothing was tried since"
    );
}

#[test]
fn what_a_person_or_a_refusal_holds_is_not_opened_by_a_provider_that_asks_to_wait() {
    let person = Sending::held("a look first", minute(0));
    assert_eq!(person.after_throttle("busy", None, attempt(), minute(60)), None);
    assert_eq!((person.tried_at(minute(60)), person.throttled_for(minute(60))), (None, None));
    let refused = Sending::On.after_refusal("suspended", minute(0)).expect("a hold");
    let later = refused.after_throttle("busy", None, attempt(), minute(15)).expect("tried again soon");
    let Sending::OnHold { reason, since, refusals, throttled, try_at } = later else { panic!("on hold") };
    assert_eq!((reason.as_str(), since, refusals, throttled), ("suspended", minute(0), 1, false));
    assert_eq!(try_at, Some(minute(16)));
    let busy = Sending::On.after_throttle("busy", None, attempt(), minute(0)).expect("a hold");
    let said_no = busy.after_refusal("suspended", minute(0)).expect("a refusal says more");
    assert_eq!(said_no, Sending::On.after_refusal("suspended", minute(0)).expect("a hold"));
}

#[test]
fn a_hold_is_stored_as_before_and_one_of_before_is_read() {
    let held = Sending::On.after_refusal("suspended", minute(0)).expect("a hold");
    assert!(!serde_json::to_string(&held).expect("json").contains("throttled"));
    let busy = Sending::On.after_throttle("busy", None, attempt(), minute(0)).expect("a hold");
    let stored = serde_json::to_string(&busy).expect("json");
    assert_eq!(serde_json::from_str::<Sending>(&stored).expect("a hold"), busy);
    let before = stored.replace(",\"throttled\":true", "");
    assert_eq!(serde_json::from_str::<Sending>(&before).expect("a hold").throttled_for(minute(9)), None);
}

#[test]
fn each_provider_is_read_with_what_it_can_do() {
    let read = |provider| serde_json::from_value::<ProviderSettings>(provider).expect("settings");
    let openphone = serde_json::json!({"openphone": {"phone_number_id": "PN0demo0001", "number": "+13055550199"}});
    assert_eq!(read(openphone.clone()).capabilities(), Capabilities::OPENPHONE);
    let mut legacy = openphone;
    legacy["openphone"]["webhooks"] = "legacy".into();
    assert!(!read(legacy.clone()).capabilities().failure_events);
    assert_eq!(serde_json::to_value(read(legacy.clone())).expect("json"), legacy, "it is stored as it was read");
    let simple = read(serde_json::json!({"simpletexting": {"account_phone": "+18005550199"}}));
    assert_eq!(simple.capabilities(), Capabilities::SIMPLETEXTING);
    assert_eq!(simple.number().map(PhoneNumber::e164), Some("+18005550199"));
    assert!(serde_json::from_value::<ProviderSettings>(serde_json::json!({"pigeon": {}})).is_err());
}

#[test]
fn a_client_without_simpletexting_is_stored_as_before_and_its_address_opens_to_nobody() {
    let client = crate::fixtures::client();
    assert!(serde_json::to_value(&client).expect("json").get("simpletexting").is_none());
    assert!(!client.simpletexting.accepts("a-token") && !client.simpletexting.accepts(""));
    let settings = SimpleTextingSettings { token_hashes: vec![TokenHash::of("one"), TokenHash::of("two")] };
    assert!(settings.accepts("one") && settings.accepts("two") && !settings.accepts("three"));
}

#[test]
fn in_test_mode_every_text_goes_to_the_test_phone_or_nowhere() {
    let lead = PhoneNumber::parse("3055550123", Region::default()).expect("valid");
    let test = PhoneNumber::parse("3055550111", Region::default()).expect("valid");
    let mut client = crate::fixtures::client();
    assert_eq!(client.destination(&lead), Ok(lead.clone()));
    client.mode = Mode::Test { phone: Some(test.clone()), email: None };
    assert_eq!((client.destination(&lead), client.per_run(), client.mailbox()), (Ok(test), 5, None));
    client.mode = Mode::Test { phone: None, email: None };
    assert_eq!(client.destination(&lead), Err(SettingsProblem::NoTestPhone));
}

#[test]
fn both_tokens_of_a_rotation_are_accepted_and_no_other() {
    let mut client = crate::fixtures::client();
    client.kajabi.token_hashes.push(TokenHash::of("b-token"));
    for (token, accepted) in [("a-token", true), ("b-token", true), ("c-token", false), ("", false)] {
        assert_eq!(client.accepts_token(token), accepted, "{token}");
    }
}
