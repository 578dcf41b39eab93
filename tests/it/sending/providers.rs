//! OpenPhone and SimpleTexting through the whole system: what they are sent, what they post, and what is
//! made of a person who writes from their inbox.

use leadline::{
    domain::{
        audit::{AuditEvent, Event},
        contact_status::{ContactStatus, OptOutChannel},
        lead::{Outcome, SmsStatus},
        receipt::deliveries,
    },
    flows::{
        alerts::Alerts,
        by_hand::{NotDone, OperatorActions},
    },
    ports::{Clock, Directory},
};
use leadline_standins::{
    carrier::{Accepted, Behaviour, Offer},
    openphone::{self, Posted},
    simpletexting,
};
use leadline_tests::world::{TOKEN, World, sample};
use serde_json::{Value, json};

const PAT: &str = "+13055550123";
const SECRET: &str = "whsec_c3RhbmQtaW4td2ViaG9vay1zZWNyZXQ=";
const LEGACY_KEY: &str = "c3RhbmQtaW4tbGVnYWN5LWtleQ==";
const NUMBER_ID: &str = "PN0demo0001";

/// Each test that holds for both providers holds for each of these.
const BOTH: [Provider; 2] = [Provider::OpenPhone, Provider::SimpleTexting];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    OpenPhone,
    SimpleTexting,
}

impl Provider {
    fn client(self) -> Value {
        let mut client = sample();
        client["settings"]["provider"] = match self {
            Self::OpenPhone => json!({"openphone": {"phone_number_id": NUMBER_ID, "number": "+13055550199"}}),
            Self::SimpleTexting => json!({"simpletexting": {"account_phone": "+18005550199"}}),
        };
        // The link is what SimpleTexting replaces. The second text follows on the same day.
        client["campaigns"][0]["messages"][0]["text"] =
            "Hi {{first_name|there}}, it's Sam. Have a look: https://example.org/webinar".into();
        client["campaigns"][0]["messages"][1]["delay_minutes"] = 180.into();
        client
    }

    /// A world with one lead whose first text is about to go out, on Tuesday at 15:00.
    async fn with_a_lead(self) -> World {
        let mut world = World::with(self.client(), "2026-01-06 14:00").await;
        world.form("1", "Pat", "3055550123").await;
        world.until("2026-01-06 14:59").await;
        world
    }

    async fn post(self, world: &World, headers: &[(&'static str, String)], body: String) -> u16 {
        let path = match self {
            Self::OpenPhone => "/webhooks/openphone/acme".to_owned(),
            Self::SimpleTexting => format!("/webhooks/simpletexting/acme/{TOKEN}"),
        };
        let headers: Vec<(&'static str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.post(&path, body, &headers).await
    }

    /// The provider says whether a text arrived.
    async fn report(self, world: &World, text: &Accepted, delivered: bool) -> u16 {
        match self {
            Self::OpenPhone => {
                let kind = if delivered { "delivered" } else { "undelivered" };
                let posted = Posted::receipt(SECRET, NUMBER_ID, text, kind, world.system.clock.now());
                self.post(world, &posted.headers, posted.body).await
            }
            Self::SimpleTexting => self.post(world, &[], simpletexting::report(text, delivered)).await,
        }
    }

    /// The provider shows a text that our number sent. OpenPhone only does so once it was delivered.
    async fn shows(self, world: &World, text: &Accepted) -> u16 {
        match self {
            Self::OpenPhone => self.report(world, text, true).await,
            Self::SimpleTexting => self.post(world, &[], simpletexting::outgoing(text)).await,
        }
    }

    /// A person writes to the lead from the provider's inbox, and the provider shows it.
    async fn someone_writes(self, world: &World) -> u16 {
        let client = &world.system.clients[0];
        let verdict = world.system.carrier.offer(Offer {
            front: client.front(),
            to: PAT.to_owned(),
            from: Some(client.own_number().to_owned()),
            body: "Pat, this is Kim. Call me any time.".to_owned(),
            ..Offer::default()
        });
        assert!(matches!(verdict, leadline_standins::carrier::Verdict::Accepted(_)));
        self.shows(world, &the_text(world)).await
    }
}

fn the_text(world: &World) -> Accepted {
    world.system.carrier.ledger().pop().expect("a text")
}

async fn status(world: &World) -> SmsStatus {
    world.lead(PAT).await.expect("a lead").sms_status()
}

async fn stages(world: &World) -> Vec<&'static str> {
    let journal = world.journal().await;
    deliveries(&journal).into_iter().map(|(_, delivery)| delivery.code()).collect()
}

/// Every raw event that came in became exactly one thing, but for those that wait.
async fn books_balance(world: &World, waiting: usize) {
    let journal = world.journal().await;
    let count = |of: &dyn Fn(&AuditEvent) -> bool| journal.iter().filter(|event| of(event)).count();
    let received = count(&|event| event.event == Event::EventReceived);
    let concluded = count(&|event| {
        use Event::{Enrolled, EventApplied, EventIgnored, EventUnusable, ReceiptReceived, Rejected, ReplyReceived};
        matches!(
            event.event,
            Enrolled | EventApplied | EventIgnored | EventUnusable | ReceiptReceived | Rejected | ReplyReceived
        )
    });
    assert_eq!(received, concluded + waiting);
}

#[tokio::test]
async fn a_sequence_goes_out_and_its_receipts_are_kept_with_their_texts() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        let text = the_text(&world);
        assert_eq!((text.to.as_str(), text.from.as_deref()), (PAT, Some(world.system.clients[0].own_number())));
        assert_eq!(provider.report(&world, &text, true).await, 200);
        assert_eq!(provider.report(&world, &text, true).await, 200, "posted again");
        assert_eq!(provider.shows(&world, &text).await, 200, "late");
        assert_eq!(stages(&world).await, ["delivered"], "{provider:?}");
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts().len(), 2, "{provider:?}: each step once");
        assert_eq!(provider.report(&world, &the_text(&world), false).await, 200);
        assert_eq!(stages(&world).await, ["delivered", "undelivered"], "{provider:?}");
        assert!(world.lead(PAT).await.expect("a lead").standing.is_open(), "{provider:?}: none of it is a person's");
        books_balance(&world, 0).await;
    }
}

#[tokio::test]
async fn a_stop_by_text_is_a_no_at_once() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        assert_eq!(world.write(PAT, "STOP").await, 200, "{provider:?}");
        let lead = world.lead(PAT).await.expect("a lead");
        assert!(matches!(&lead.standing, ContactStatus::OptedOut(no) if no.channel == OptOutChannel::Reply));
        assert_eq!(lead.history[0].outcome, Outcome::OptedOut);
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts(), [], "{provider:?}");
        books_balance(&world, 0).await;
    }
}

#[tokio::test]
async fn any_other_reply_ends_the_sequence() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        assert_eq!(world.write(PAT, "Yes, call me").await, 200);
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts().len(), 1, "{provider:?}");
        assert_eq!(world.lead(PAT).await.expect("a lead").history[0].outcome, Outcome::Replied);
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_in_the_list_and_nothing_is_sent_again() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.system.carrier.script_next([Behaviour::AnswerLost]);
        world.until("2026-01-06 15:01").await;
        assert_eq!(status(&world).await, SmsStatus::Unclear, "{provider:?}");
        world.until("2026-01-06 15:03").await;
        assert_eq!(status(&world).await, SmsStatus::Sent, "{provider:?}: asked after two minutes");
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts().len(), 2, "{provider:?}: each step once");
    }
}

#[tokio::test]
async fn a_text_that_is_surely_absent_is_tried_again() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.system.carrier.script_next([Behaviour::RequestLost]);
        world.until("2026-01-06 15:29").await;
        assert_eq!((world.texts().len(), status(&world).await), (0, SmsStatus::Unclear), "{provider:?}");
        world.until("2026-01-06 15:31").await;
        assert_eq!((world.texts().len(), status(&world).await), (1, SmsStatus::Sent), "{provider:?}");
    }
}

#[tokio::test]
async fn what_the_provider_shows_settles_a_text_whose_answer_was_lost() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.system.carrier.script_next([Behaviour::AnswerLost]);
        world.system.carrier.set_lookups_down(true);
        // SimpleTexting asks for the contact first, which is a look-up.
        if provider == Provider::SimpleTexting {
            world.system.carrier.set_lookups_down(false);
        }
        world.until("2026-01-06 15:01").await;
        world.system.carrier.set_lookups_down(true);
        assert_eq!(status(&world).await, SmsStatus::Unclear, "{provider:?}");
        assert_eq!(provider.shows(&world, &the_text(&world)).await, 200);
        assert_eq!(status(&world).await, SmsStatus::Sent, "{provider:?}");
        world.system.carrier.set_lookups_down(false);
        world.until("2026-01-06 20:00").await;
        assert_eq!((world.texts().len(), world.alerts("may or may not")), (2, 0), "{provider:?}");
    }
}

#[tokio::test]
async fn a_receipt_without_words_waits_until_the_text_on_its_way_is_found_out_about() {
    let provider = Provider::SimpleTexting;
    let mut world = provider.with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.until("2026-01-06 15:01").await;
    assert_eq!(provider.report(&world, &the_text(&world), true).await, 200);
    assert_eq!((status(&world).await, stages(&world).await), (SmsStatus::Unclear, vec![]));
    books_balance(&world, 1).await;
    world.until("2026-01-06 16:31").await;
    assert_eq!((status(&world).await, stages(&world).await), (SmsStatus::Sent, vec!["delivered"]));
    books_balance(&world, 0).await;
}

#[tokio::test]
async fn a_receipt_of_a_text_that_nobody_knows_is_kept_and_changes_nothing() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        let to_nobody = Accepted { to: "+13055550177".to_owned(), ..the_text(&world) };
        assert_eq!(provider.report(&world, &to_nobody, true).await, 200);
        assert_eq!(world.reasons(Event::EventIgnored).await, ["receipt"], "{provider:?}");
        assert_eq!(stages(&world).await, ["accepted"]);
        books_balance(&world, 0).await;
    }
    let provider = Provider::SimpleTexting;
    let mut world = provider.with_a_lead().await;
    world.until("2026-01-06 15:01").await;
    let unknown = Accepted { sid: "65a1b2c3d4e5f6071829ffff".to_owned(), ..the_text(&world) };
    assert_eq!(provider.report(&world, &unknown, true).await, 200);
    assert!(world.lead(PAT).await.expect("a lead").standing.is_open(), "it shows no words");
}

#[tokio::test]
async fn someone_who_writes_from_the_inbox_pauses_the_sequence_until_a_person_lifts_it() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        assert_eq!(provider.someone_writes(&world).await, 200);
        let lead = world.lead(PAT).await.expect("a lead");
        assert!(
            matches!(&lead.standing, ContactStatus::Held { reason, .. } if reason.contains("inbox")),
            "{provider:?}"
        );
        assert_eq!((lead.enrollments.len(), world.reasons(Event::LeadHeld).await), (1, vec!["inbox".to_owned()]));
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts().len(), 2, "{provider:?}: ours and theirs");
        books_balance(&world, 0).await;

        release(&world, lead.id).await.expect("lifted");
        assert!(matches!(release(&world, lead.id).await, Err(NotDone::Refused(_))), "once is enough");
        world.until("2026-01-07 09:00").await;
        assert_eq!(world.texts().len(), 3, "{provider:?}: the sequence goes on");
        assert_eq!(world.reasons(Event::LeadReleased).await, ["operator"]);
    }
}

#[tokio::test]
async fn someone_who_writes_from_the_inbox_after_a_reply_has_answered_it_and_before_it_has_not() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        assert_eq!(world.write(PAT, "How much is it?").await, 200);
        let lead = world.lead(PAT).await.expect("a lead");
        assert!(lead.unanswered.is_some() && lead.enrollments.is_empty(), "{provider:?}");
        world.until("2026-01-06 15:05").await;
        assert_eq!(provider.someone_writes(&world).await, 200);
        let lead = world.lead(PAT).await.expect("a lead");
        assert_eq!((lead.unanswered.clone(), lead.standing.is_open()), (None, true), "{provider:?}");
        assert_eq!(world.reasons(Event::ReviewDone).await, ["answered"]);
        books_balance(&world, 0).await;
    }
}

async fn release(world: &World, lead: leadline::domain::ids::LeadId) -> Result<String, NotDone> {
    let (store, mailer) = (world.system.store.as_ref(), &world.system.mailbox);
    let client = store.client(&world.client()).await.expect("the store").expect("settings");
    let (now, ids) = (world.system.clock.now(), world.system.sender.ids.as_ref());
    let alerts = Alerts { once: store, mailer, journal: store };
    OperatorActions { directory: store, leads: store, alerts, ids, by: "kim", now }
        .release(&client, lead, "done talking")
        .await
}

#[tokio::test]
async fn someone_who_writes_while_a_text_is_on_its_way_is_told_from_it_two_minutes_later() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.system.carrier.script_next([Behaviour::AnswerLost]);
        world.until("2026-01-06 15:00").await;
        assert_eq!(status(&world).await, SmsStatus::Unclear);
        assert_eq!(provider.someone_writes(&world).await, 200);
        assert!(world.lead(PAT).await.expect("a lead").standing.is_open(), "{provider:?}: it may be ours");
        books_balance(&world, 1).await;
        world.until("2026-01-06 15:16").await;
        let lead = world.lead(PAT).await.expect("a lead");
        assert!(matches!(lead.standing, ContactStatus::Held { .. }), "{provider:?}");
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts().len(), 2, "{provider:?}: ours and theirs");
        books_balance(&world, 0).await;
    }
}

#[tokio::test]
async fn who_is_in_no_sequence_is_not_held_when_someone_writes() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        world.write(PAT, "Yes, call me").await;
        assert_eq!(provider.someone_writes(&world).await, 200);
        assert!(world.lead(PAT).await.expect("a lead").standing.is_open(), "{provider:?}");
        books_balance(&world, 0).await;
    }
}

#[tokio::test]
async fn what_goes_to_the_test_phone_holds_nobody() {
    for provider in BOTH {
        let mut client = provider.client();
        client["settings"]["mode"] = json!({"test": {"phone": PAT, "email": null}});
        let mut world = World::with(client, "2026-01-06 14:00").await;
        // The test phone is somebody's, and a lead as well.
        world.form("1", "Pat", "3055550123").await;
        world.form("2", "Kim", "3055550124").await;
        world.until("2026-01-06 15:10").await;
        for text in world.system.carrier.ledger() {
            assert_eq!((text.to.as_str(), provider.shows(&world, &text).await), (PAT, 200));
        }
        assert!(world.lead(PAT).await.expect("a lead").standing.is_open(), "{provider:?}");
    }
}

#[tokio::test]
async fn an_unsubscription_opts_out_with_the_event_as_the_proof() {
    let provider = Provider::SimpleTexting;
    let mut world = provider.with_a_lead().await;
    world.until("2026-01-06 15:01").await;
    for number in [PAT, PAT, "+13055550177"] {
        assert_eq!(provider.post(&world, &[], simpletexting::unsubscribed(number)).await, 200);
    }
    let ContactStatus::OptedOut(no) = world.lead(PAT).await.expect("a lead").standing else { panic!("opted out") };
    assert_eq!(no.channel, OptOutChannel::Provider);
    assert!(no.words.as_deref().is_some_and(|words| words.contains("st:in:")), "{no:?}");
    let stranger = world.lead("+13055550177").await.expect("its no is kept with it");
    assert!(matches!(stranger.standing, ContactStatus::OptedOut(_)));
    assert_eq!(world.reasons(Event::OptedOut).await, ["provider", "provider"], "each once");
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    books_balance(&world, 0).await;
}

#[tokio::test]
async fn a_text_that_openphone_lists_as_undelivered_is_for_a_person_and_its_event_holds_nobody() {
    let provider = Provider::OpenPhone;
    let mut world = provider.with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.until("2026-01-06 15:01").await;
    assert!(world.system.carrier.set_status(&the_text(&world).sid, "undelivered", None));
    world.until("2026-01-06 15:05").await;
    assert_eq!(status(&world).await, SmsStatus::Failed);
    assert_eq!(provider.report(&world, &the_text(&world), false).await, 200);
    world.until("2026-01-06 19:00").await;
    let lead = world.lead(PAT).await.expect("a lead");
    assert_eq!((&lead.standing, lead.sms_status()), (&ContactStatus::Open, SmsStatus::Failed), "it is our own text");
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn both_are_waited_for_when_they_ask_for_it() {
    for provider in BOTH {
        let mut world = provider.with_a_lead().await;
        world.system.carrier.script_default(Behaviour::Throttled);
        world.until("2026-01-06 15:50").await;
        assert_eq!((world.texts().len(), status(&world).await), (0, SmsStatus::RetryScheduled), "{provider:?}");
        world.system.carrier.script_default(Behaviour::Accept);
        world.until("2026-01-06 16:01").await;
        assert_eq!((world.texts().len(), status(&world).await), (1, SmsStatus::Sent), "{provider:?}");
        assert_eq!(world.reasons(Event::ReviewNeeded).await, [""; 0], "{provider:?}");
    }
}

#[tokio::test]
async fn who_unsubscribed_there_before_gets_no_first_text_and_is_opted_out_here() {
    let mut world = Provider::SimpleTexting.with_a_lead().await;
    world.system.carrier.unsubscribe(PAT);
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), []);
    assert!(matches!(world.lead(PAT).await.expect("a lead").standing, ContactStatus::OptedOut(_)));
}

#[tokio::test]
async fn while_contacts_cannot_be_read_no_first_text_goes_out_and_later_it_does() {
    let mut world = Provider::SimpleTexting.with_a_lead().await;
    world.system.carrier.set_lookups_down(true);
    world.until("2026-01-06 15:02").await;
    assert_eq!((world.texts().len(), status(&world).await), (0, SmsStatus::RetryScheduled));
    world.system.carrier.set_lookups_down(false);
    world.until("2026-01-06 16:00").await;
    assert_eq!((world.texts().len(), status(&world).await), (1, SmsStatus::Sent));
}

#[tokio::test]
async fn the_legacy_webhooks_of_openphone_are_taken_by_their_own_key() {
    let mut client = Provider::OpenPhone.client();
    client["secrets"] = json!({"openphone_signing_key": LEGACY_KEY});
    let world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    let now = world.system.clock.now();
    let body = include_str!("../../../events/openphone/legacy_message_received.json").to_owned();
    let signed = openphone::sign_legacy(LEGACY_KEY, now, body);
    let other = openphone::sign_legacy("b3RoZXI=", now, signed.body.clone());
    assert_eq!(Provider::OpenPhone.post(&world, &other.headers, other.body).await, 401);
    assert_eq!(Provider::OpenPhone.post(&world, &signed.headers, signed.body).await, 200);
    assert_eq!(world.lead(PAT).await.expect("a lead").history[0].outcome, Outcome::Replied);
}

#[tokio::test]
async fn what_is_not_signed_now_by_a_known_key_is_refused_and_leaves_nothing() {
    let provider = Provider::OpenPhone;
    let world = World::with(provider.client(), "2026-01-06 14:00").await;
    let now = world.system.clock.now();
    let body = || include_str!("../../../events/openphone/message_received.json").to_owned();
    let right = openphone::sign(SECRET, "msg_1", now, body());
    let later = openphone::sign(SECRET, "msg_1", now - chrono::TimeDelta::seconds(301), body());
    let other_key = openphone::sign("whsec_b3RoZXI=", "msg_1", now, body());
    let altered = Posted { body: body().replace("STOP", "Stay"), ..right.clone() };
    let unsigned = Posted { headers: Vec::new(), ..right.clone() };
    for forged in [later, other_key, altered, unsigned] {
        assert_eq!(provider.post(&world, &forged.headers, forged.body).await, 401);
    }
    let large = Posted { body: "x".repeat(300_000), ..right.clone() };
    assert_eq!(provider.post(&world, &large.headers, large.body).await, 413);
    let headers: Vec<_> = right.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.post("/webhooks/openphone/nobody", right.body.clone(), &headers).await, 404);
    assert_eq!(world.journal().await, [], "something was stored");
    assert_eq!(provider.post(&world, &right.headers, right.body).await, 200);
}

#[tokio::test]
async fn without_the_right_token_an_event_of_simpletexting_is_nowhere() {
    let world = World::with(Provider::SimpleTexting.client(), "2026-01-06 14:00").await;
    let body = include_str!("../../../events/simpletexting/incoming_stop.json");
    for path in [
        "/webhooks/simpletexting/acme/not-the-token-of-this-client".to_owned(),
        format!("/webhooks/simpletexting/nobody/{TOKEN}"),
        "/webhooks/simpletexting/acme/short".to_owned(),
    ] {
        assert_eq!(world.post(&path, body, &[]).await, 404, "{path}");
    }
    let path = format!("/webhooks/simpletexting/acme/{TOKEN}");
    assert_eq!(world.post(&path, "x".repeat(40_000), &[]).await, 413);
    assert_eq!(world.journal().await, [], "something was stored");
    assert_eq!(world.post(&path, body, &[]).await, 200);
    assert!(matches!(world.lead(PAT).await.expect("a lead").standing, ContactStatus::OptedOut(_)));
    // A client that texts by another provider has no such address.
    let twilio = World::at("2026-01-06 14:00").await;
    assert_eq!(twilio.post(&path, body, &[]).await, 404);
}

#[tokio::test]
async fn every_recorded_event_has_an_outcome() {
    let folder = |name: &str| format!("{}/../../events/{name}", env!("CARGO_MANIFEST_DIR"));
    for (provider, name) in [(Provider::OpenPhone, "openphone"), (Provider::SimpleTexting, "simpletexting")] {
        let world = World::with(provider.client(), "2026-01-06 14:00").await;
        let mut posted = 0;
        for file in std::fs::read_dir(folder(name)).expect("a folder") {
            let body = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
            let is_event = body.contains("\"type\"") && !body.contains("\"errors\"");
            if !is_event {
                continue;
            }
            posted += 1;
            let id = format!("msg_{posted}");
            let headers = match provider {
                Provider::OpenPhone => openphone::sign(SECRET, &id, world.system.clock.now(), body.clone()).headers,
                Provider::SimpleTexting => Vec::new(),
            };
            assert_eq!(provider.post(&world, &headers, body).await, 200);
        }
        assert!(posted >= 7, "{provider:?}: {posted}");
        assert_eq!(world.reasons(Event::EventUnusable).await, [""; 0], "{provider:?}");
        books_balance(&world, 0).await;
    }
}
