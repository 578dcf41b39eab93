//! Sending, against a server on this machine: what is sent, and what is proved by every way in which
//! a call can end. No real address is ever called.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use serde_json::json;

use crate::outbound::{
    http_builder,
    world::{self, Answer, CREATED, FakeSecrets, Server, World, claimed, client, now, secrets},
};
use domain::{
    client::{ProviderSettings, TwilioSender},
    message::{ListedState, RefusalClass, SendOutcome},
};
use ports::{Direction, SecretError, SmsProvider};

const PAGE: &str = include_str!("../../../../../events/twilio/messages_page.json");

const SHORT: Duration = Duration::from_millis(200);
/// For what must get somewhere first, on a machine that is busy.
const LONGER: Duration = Duration::from_secs(1);

fn accepted() -> SendOutcome {
    SendOutcome::Accepted { provider_id: "SM00000000000000000000000000000001".to_owned() }
}

fn refusal(outcome: &SendOutcome) -> Option<(RefusalClass, Option<u32>)> {
    match outcome {
        SendOutcome::Refused(refusal) => Some((refusal.class, refusal.code)),
        SendOutcome::Accepted { .. }
        | SendOutcome::NotSent { .. }
        | SendOutcome::Throttled { .. }
        | SendOutcome::Failed { .. }
        | SendOutcome::Unknown { .. } => None,
    }
}

#[track_caller]
fn assert_not_sent(outcome: &SendOutcome) {
    assert!(matches!(outcome, SendOutcome::NotSent { .. }), "{outcome:?}");
}

#[track_caller]
fn assert_throttled(outcome: &SendOutcome) {
    assert!(matches!(outcome, SendOutcome::Throttled { retry_after: None, .. }), "{outcome:?}");
}

#[track_caller]
fn assert_unknown(outcome: &SendOutcome) {
    assert!(matches!(outcome, SendOutcome::Unknown { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_text_is_sent_with_exactly_these_fields() {
    let world = World::answering([Answer::Created, Answer::Created]).await;
    let text = claimed("Hi Pat & co, it's Sam 👍", TimeDelta::minutes(20));
    for (sender, expected) in [
        (json!({"number": "+13055550199"}), ("From", "+13055550199")),
        (
            json!({"service": "MG00000000000000000000000000000001"}),
            ("MessagingServiceSid", "MG00000000000000000000000000000001"),
        ),
    ] {
        assert_eq!(world.providers().send(&client(sender), &text, now()).await, accepted());
        let seen = world.server.seen().pop().expect("a request");
        assert_eq!(seen.path, "POST /2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json");
        assert_eq!(seen.content_type, "application/x-www-form-urlencoded");
        assert!(seen.user_agent.starts_with("leadline/"), "{}", seen.user_agent);
        let (attempt, lead) = (text.attempt(), text.lead());
        let callback = format!("https://hooks.example.org/webhooks/twilio/acme/status?att={attempt}&lead={lead}");
        let form = seen.form();
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            fields,
            [
                ("To", "+13055550123"),
                expected,
                ("Body", "Hi Pat & co, it's Sam 👍"),
                ("StatusCallback", &callback),
                ("ValidityPeriod", "1190"),
            ]
        );
    }
}

#[tokio::test]
async fn a_text_may_wait_until_its_time_is_over_and_an_hour_at_most() {
    for (left, expected) in [
        (TimeDelta::milliseconds(1), "1"),
        (TimeDelta::milliseconds(1_999), "1"),
        // Less a call's deadline: Twilio counts from when it takes the text.
        (TimeDelta::seconds(59), "49"),
        (TimeDelta::seconds(3_610), "3600"),
        (TimeDelta::hours(11), "3600"),
    ] {
        let world = World::answering([Answer::Created]).await;
        assert_eq!(world.send(&claimed("Hi", left)).await, accepted());
        let seen = world.server.seen().pop().expect("a request");
        assert_eq!(seen.form().last().map(|(_, value)| value.as_str()), Some(expected), "{left}");
    }
}

#[tokio::test]
async fn a_text_whose_time_is_over_is_not_handed_over() {
    for late in [TimeDelta::zero(), TimeDelta::seconds(-1)] {
        let world = World::answering([]).await;
        let outcome = world.send(&claimed("Hi", late)).await;
        assert_eq!(outcome, SendOutcome::NotSent { why: "its time is over".to_owned() });
        assert_eq!(world.server.seen().len(), 0);
    }
}

#[tokio::test]
async fn the_api_key_goes_before_the_account_and_half_a_key_is_refused() {
    let (sid, secret) = (("twilio_api_key_sid", "SK1"), ("twilio_api_key_secret", "key-secret"));
    let token = ("twilio_auth_token", "token");
    for (held, expected) in [
        (&[sid, secret, token][..], Ok("SK1:key-secret")),
        (&[sid, secret], Ok("SK1:key-secret")),
        (&[token], Ok("AC00000000000000000000000000000001:token")),
        (&[sid, token], Err("the client's secret has no `twilio_api_key_secret`")),
        (&[secret, token], Err("the client's secret has no `twilio_api_key_sid`")),
        (&[("twilio_auth_token", "")], Err("the client's secret has no `twilio_auth_token`, and no API key")),
        (&[], Err("the client's secret has no `twilio_auth_token`, and no API key")),
    ] {
        let world = World::answering([Answer::Created]).await.holding(secrets(held));
        let outcome = world.send_one().await;
        match expected {
            Ok(pair) => {
                assert_eq!(outcome, accepted());
                assert_eq!(world.server.seen().pop().expect("a request").basic_auth(), pair);
            }
            Err(words) => {
                assert_eq!(refusal(&outcome), Some((RefusalClass::Configuration, None)));
                assert!(format!("{outcome:?}").contains(words), "{outcome:?}");
                assert_eq!(world.server.seen().len(), 0);
            }
        }
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_read_now_are_tried_again_and_missing_ones_are_not() {
    let id = || client(json!({"number": "+13055550199"})).id;
    for (error, again) in [
        (SecretError::Unavailable("503".to_owned()), true),
        (SecretError::Missing(id()), false),
        (SecretError::Unreadable(id()), false),
    ] {
        let world = World::answering([]).await.with_secrets(FakeSecrets::new([Err(error)]));
        let outcome = world.send_one().await;
        assert_eq!(matches!(outcome, SendOutcome::NotSent { .. }), again, "{outcome:?}");
        assert_eq!(refusal(&outcome).is_none(), again, "{outcome:?}");
        assert_eq!(world.server.seen().len(), 0);
    }
}

#[tokio::test]
async fn an_account_id_that_is_none_is_not_put_into_an_address() {
    for sid in ["", "AC1", "../Accounts/AC00000000000000000000", "SK00000000000000000000000000000001"] {
        let world = World::answering([]).await;
        let mut client = client(json!({"number": "+13055550199"}));
        let sender = TwilioSender::Service("MG00000000000000000000000000000001".to_owned());
        client.provider = ProviderSettings::Twilio { account_sid: sid.to_owned(), sender };
        let outcome = world.providers().send(&client, &claimed("Hi", TimeDelta::minutes(5)), now()).await;
        assert_eq!(refusal(&outcome), Some((RefusalClass::Configuration, None)), "{sid}");
    }
}

#[tokio::test]
async fn after_a_401_it_is_sent_once_more_with_secrets_read_anew() {
    let old = secrets(&[("twilio_auth_token", "old")]);
    let new = secrets(&[("twilio_auth_token", "new")]);
    let world = World::answering([Answer::Status(401, r#"{"code": 20003}"#), Answer::Created]).await;
    let world = world.with_secrets(FakeSecrets::new([Ok(old), Ok(new)]));
    assert_eq!(world.send_one().await, accepted());
    let users: Vec<String> = world.server.seen().iter().map(world::Seen::basic_auth).collect();
    let account = "AC00000000000000000000000000000001";
    assert_eq!(users, [format!("{account}:old"), format!("{account}:new")]);
}

#[tokio::test]
async fn a_second_401_is_the_last() {
    let world = World::answering([Answer::Status(401, r#"{"code": 20003}"#), Answer::Status(401, "")]).await;
    assert_eq!(refusal(&world.send_one().await), Some((RefusalClass::Configuration, None)));
    assert_eq!(world.server.seen().len(), 2);
}

#[tokio::test]
async fn what_happens_after_a_401_is_proved_by_the_second_call_alone() {
    let key = || Ok(secrets(&[("twilio_auth_token", "old")]));
    let refused = || Answer::Status(401, "");
    let world = World::answering([refused(), Answer::Silence]).await.with_deadline(SHORT);
    assert_unknown(&world.send_one().await);

    let unavailable = FakeSecrets::new([key(), Err(SecretError::Unavailable("503".to_owned()))]);
    let world = World::answering([refused()]).await.with_secrets(unavailable);
    assert_not_sent(&world.send_one().await);

    let stuck = FakeSecrets::new([key()]);
    let world = World::answering([refused()]).await.with_secrets(stuck).with_deadline(LONGER);
    assert_not_sent(&world.send_one().await);
}

#[tokio::test]
async fn each_class_of_answer_is_asked_for_once() {
    for (status, body, expected) in [
        (
            400,
            include_str!("../../../../../events/twilio/error_21211.json"),
            Some((RefusalClass::Recipient, Some(21211))),
        ),
        (
            400,
            include_str!("../../../../../events/twilio/error_21610.json"),
            Some((RefusalClass::OptedOut, Some(21610))),
        ),
        (400, r#"{"code": 21617}"#, Some((RefusalClass::Content, Some(21617)))),
        (400, r#"{"code": 29999}"#, Some((RefusalClass::Content, Some(29999)))),
        (403, r#"{"code": 30002}"#, Some((RefusalClass::Configuration, Some(30002)))),
        (429, r#"{"code": 63038}"#, Some((RefusalClass::Configuration, Some(63038)))),
        (308, "", Some((RefusalClass::Configuration, None))),
    ] {
        let world = World::answering([Answer::Status(status, body)]).await;
        assert_eq!(refusal(&world.send_one().await), expected, "HTTP {status} {body}");
        assert_eq!(world.server.seen().len(), 1, "HTTP {status} {body}");
    }
    for (status, body) in [(429, r#"{"code": 20429}"#), (429, "")] {
        let world = World::answering([Answer::Status(status, body)]).await;
        assert_throttled(&world.send_one().await);
        assert_eq!(world.server.seen().len(), 1, "HTTP {status} {body}");
    }
    for (status, body) in
        [(500, r#"{"code": 20500}"#), (502, "<html>"), (503, ""), (504, ""), (302, ""), (201, "{"), (201, "{}")]
    {
        let world = World::answering([Answer::Status(status, body)]).await;
        assert_unknown(&world.send_one().await);
        assert_eq!(world.server.seen().len(), 1, "HTTP {status} {body}");
    }
}

#[tokio::test]
async fn a_429_says_how_long_to_wait_where_it_does() {
    let world = World::answering([Answer::Later("120")]).await;
    let outcome = world.send_one().await;
    let SendOutcome::Throttled { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(TimeDelta::minutes(2)));
}

#[tokio::test]
async fn the_list_says_of_each_text_how_far_it_has_come_and_why_it_failed() {
    let world = World::answering([Answer::Status(200, PAGE)]).await;
    let sender = client(json!({"number": "+13055550199"}));
    let text = claimed("Hi", TimeDelta::minutes(20));
    let listed = world.providers().list(&sender, Direction::To, text.to(), now() - TimeDelta::days(1)).await;
    let class = |state: &ListedState| match state {
        ListedState::Taken => "taken".to_owned(),
        ListedState::Failed(Ok(refusal)) => format!("{:?} {:?}", refusal.class, refusal.code),
        ListedState::Failed(Err(words)) => words.clone(),
    };
    let states: Vec<String> = listed.expect("a list").iter().map(|text| class(&text.state)).collect();
    assert_eq!(
        states,
        [
            "taken",
            "taken",
            "Recipient Some(30006)",
            "OptedOut Some(21610)",
            "Content Some(30007)",
            "Configuration Some(30034)",
            "the carrier gave no reason; the text may have arrived (30008)",
            "it is listed as failed, without a code that says why",
            "it was canceled at the provider before it left",
        ]
    );
}

#[tokio::test]
async fn no_answer_in_time_leaves_it_unknown_and_secrets_in_no_time_do_not() {
    let world = World::answering([Answer::Silence]).await.with_deadline(LONGER);
    assert_unknown(&world.send_one().await);
    assert_eq!(world.server.seen().len(), 1);

    let world = World::answering([]).await.with_secrets(FakeSecrets::new([])).with_deadline(SHORT);
    assert_not_sent(&world.send_one().await);
    assert_eq!(world.server.seen().len(), 0);
}

#[tokio::test]
async fn a_connection_that_is_cut_after_the_request_leaves_it_unknown() {
    let part = &CREATED[..CREATED.len() / 2];
    for answer in [
        String::new(),
        "HTTP/1.1 201 Crea".to_owned(),
        format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{part}", CREATED.len()),
    ] {
        let cut = Server::cutting(answer.clone()).await;
        assert_unknown(&World::at(&cut.base).send_one().await);
        assert_eq!(cut.connections(), 1, "{answer}");
    }
    let cut = Server::cutting("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 50\r\n\r\n".to_owned()).await;
    assert_throttled(&World::at(&cut.base).send_one().await);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let free = Server::nobody().await;
    assert_not_sent(&World::at(&free).send_one().await);

    let plain = Server::cutting("HTTP/1.1 400 Bad Request\r\n\r\n".to_owned()).await;
    let tls_to_plain = plain.base.replace("http://", "https://");
    assert_not_sent(&World::at(&tls_to_plain).send_one().await);

    let http = http_builder(Duration::from_secs(3)).expect("TLS").dns_resolver(Arc::new(world::NoNames));
    let world = World::at("https://api.example.com").through(http.build().expect("a client"));
    let outcome = world.send_one().await;
    assert_eq!(outcome, SendOutcome::NotSent { why: "no connection: no such name".to_owned() });
}

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_is_no_request() {
    let mute = Server::mute().await;
    let http = http_builder(SHORT).expect("TLS").build().expect("a client");
    let world = World::at(&mute.base.replace("http://", "https://")).through(http);
    assert_not_sent(&world.send_one().await);
}

#[tokio::test]
async fn every_text_has_a_connection_of_its_own() {
    let world = World::answering([Answer::Created, Answer::Created]).await;
    world.send_one().await;
    world.send_one().await;
    let ports: Vec<u16> = world.server.seen().iter().map(|seen| seen.port).collect();
    assert!(ports.len() == 2 && ports[0] != ports[1], "{ports:?}");
}

#[tokio::test]
async fn an_address_that_is_none_is_a_matter_of_settings() {
    for base in ["", "api.twilio.com", "ftp://api.twilio.com"] {
        let outcome = World::at(base).send_one().await;
        assert_eq!(refusal(&outcome), Some((RefusalClass::Configuration, None)), "{base} {outcome:?}");
    }
}

#[tokio::test]
async fn no_outcome_shows_a_secret_a_number_or_words() {
    let free = Server::nobody().await;
    let mut outcomes = vec![World::at(&free).send_one().await, World::at("").send_one().await];
    for answer in [
        Answer::Silence,
        Answer::Status(400, include_str!("../../../../../events/twilio/error_21211.json")),
        Answer::Status(401, CREATED),
        Answer::Status(500, CREATED),
        Answer::Status(201, r#"{"body": "Hi Pat", "to": "+13055550123"}"#),
    ] {
        outcomes.push(World::answering([answer, Answer::Silence]).await.with_deadline(SHORT).send_one().await);
    }
    for outcome in outcomes {
        let shown = format!("{outcome:?}");
        for hidden in ["555", "1500", "Pat", world::TOKEN, "http"] {
            assert!(!shown.contains(hidden), "{shown} shows {hidden}");
        }
    }
}
