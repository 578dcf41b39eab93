//! Bookings through the whole system: who has booked is not texted, whatever comes in which order.

use std::path::Path;

use leadline::{
    domain::{
        audit::Event,
        ids::{ClientId, LeadId},
        lead::{Lead, Outcome},
    },
    ports::{Clock, LeadStore},
};
use leadline_cli::bookings::{self, Which};
use leadline_standins::signature;
use leadline_tests::world::{World, form, new_york, sample};
use serde_json::{Value, json};

const PAT: &str = "3055550123";

fn recorded(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(file);
    serde_json::from_slice(&std::fs::read(path).expect("the file")).expect("JSON")
}

fn uri(n: u32) -> String {
    format!("https://api.calendly.com/scheduled_events/EVT{n}/invitees/INV{n}")
}

/// An event of Calendly about Pat, who booked with the address of the form.
fn calendly(event: &str, n: u32, said_at: &str, more: Value) -> Value {
    let mut payload = json!({
        "uri": uri(n), "email": "1@example.org", "name": "Pat Rivera", "rescheduled": false,
        "scheduled_event": {"start_time": "2026-01-09T16:00:00.000000Z"},
    });
    for (name, value) in more.as_object().expect("an object") {
        payload[name] = value.clone();
    }
    json!({"event": event, "created_at": said_at, "payload": payload})
}

fn calcom(event: &str, uid: &str, said_at: &str) -> Value {
    json!({"triggerEvent": event, "createdAt": said_at, "payload": {
        "uid": uid, "startTime": "2026-01-09T16:00:00Z", "responses": {"email": {"value": "1@example.org"}},
    }})
}

/// Pat has sent the form on Tuesday at 14:00, and got the first text an hour later.
async fn texted(client: Value) -> World {
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 15:05").await;
    assert_eq!(world.texts().len(), 1);
    world
}

async fn pat(world: &World) -> Lead {
    world.lead(PAT).await.expect("Pat is a lead")
}

fn outcomes(lead: &Lead) -> Vec<Outcome> {
    lead.history.iter().map(|past| past.outcome).collect()
}

/// What came in, and what became of it.
async fn balances(world: &World) {
    let journal = world.journal().await;
    let count = |kinds: &[Event]| journal.iter().filter(|event| kinds.contains(&event.event)).count();
    let became = [
        Event::BookingReceived,
        Event::EventApplied,
        Event::EventIgnored,
        Event::EventUnusable,
        Event::ReplyReceived,
        Event::Enrolled,
        Event::Rejected,
    ];
    assert_eq!(count(&[Event::EventReceived]), count(&became), "the books");
}

#[tokio::test]
async fn who_books_after_the_first_text_gets_no_second_one_and_leaves_the_index() {
    let mut world = texted(sample()).await;
    let booked = calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}));
    assert_eq!(world.calendly(&booked).await, 200);
    assert_eq!((pat(&world).await.due(), outcomes(&pat(&world).await)), (None, vec![Outcome::Booked]));
    assert_eq!(world.calendly(&booked).await, 200, "posted again");
    assert_eq!(world.reasons(Event::BookingReceived).await, ["booked"]);
    world.until("2026-01-08 16:00").await;
    assert_eq!(world.texts().len(), 1);
    balances(&world).await;
}

#[tokio::test]
async fn a_booking_stops_a_text_that_is_on_the_queue() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", PAT).await;
    world.system.clock.set(new_york("2026-01-06 15:00"));
    world.system.schedule().await.expect("a run");
    assert!(world.system.queue.next_visible_at().is_some(), "the job is on the queue");
    assert_eq!(world.calcom(&calcom("BOOKING_CREATED", "a", "2026-01-06T20:00:00Z")).await, 200);
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn a_form_that_comes_after_the_booking_is_not_texted() {
    for file in ["calendly/invitee_created.json", "calcom/booking_created_own_fields.json"] {
        let mut world = World::at("2026-01-06 14:00").await;
        let event = recorded(file);
        let status = if event["event"].is_string() { world.calendly(&event).await } else { world.calcom(&event).await };
        assert_eq!(status, 200, "{file}");
        assert_eq!(world.reasons(Event::BookingUnmatched).await, ["booked"], "{file}");
        world.form("1", "Pat", PAT).await;
        assert_eq!(world.reasons(Event::Rejected).await, ["booked"], "{file}");
        world.until("2026-01-06 18:00").await;
        assert_eq!(world.texts(), [], "{file}");
        balances(&world).await;
    }
}

#[tokio::test]
async fn a_form_with_another_number_is_not_texted_when_its_address_has_booked() {
    let mut world = texted(sample()).await;
    world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}))).await;
    let mut other = form("2", "Pat", "3055550124");
    other["payload"][0]["attributes"]["email"] = json!("1@example.org");
    assert_eq!(world.kajabi(&other).await, 200);
    // A third lead has a number of its own, and names the address as well.
    world.form("3", "Pat", "3055550125").await;
    world.reply("SM00000000000000000000000000000009", "+13055550125", "hello").await;
    let mut third = form("4", "Pat", "3055550125");
    third["payload"][0]["attributes"]["email"] = json!("1@example.org");
    assert_eq!(world.kajabi(&third).await, 200);
    assert_eq!(world.reasons(Event::Rejected).await.iter().filter(|reason| *reason == "booked").count(), 1);
    world.until("2026-01-08 18:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_move_never_starts_the_texts_again_in_whatever_order_its_halves_come() {
    let mut client = sample();
    client["settings"]["on_cancelled"] = json!("resume");
    let away =
        calendly("invitee.canceled", 1, "2026-01-06T21:00:00Z", json!({"rescheduled": true, "new_invitee": uri(2)}));
    let to = calendly("invitee.created", 2, "2026-01-06T21:00:00Z", json!({"old_invitee": uri(1)}));
    for (first, then) in [(&away, &to), (&to, &away)] {
        let mut world = texted(client.clone()).await;
        world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}))).await;
        assert_eq!(world.calendly(first).await, 200);
        world.until("2026-01-06 16:30").await;
        assert_eq!(world.calendly(then).await, 200);
        world.until("2026-01-07 10:00").await;
        assert_eq!((world.texts().len(), outcomes(&pat(&world).await)), (1, vec![Outcome::Booked]));
        // Called off for good, it goes on.
        let off = calendly("invitee.canceled", 2, "2026-01-07T15:00:00Z", json!({"old_invitee": uri(1)}));
        assert_eq!(world.calendly(&off).await, 200);
        world.until("2026-01-09 10:30").await;
        let bodies: Vec<String> = world.texts().into_iter().map(|(_, _, body)| body).collect();
        assert_eq!(bodies, ["Hi Pat, it's Sam.", "Still there, Pat?"], "the second step, and not the first again");
        balances(&world).await;
    }
}

#[tokio::test]
async fn a_booking_that_is_called_off_leads_to_what_the_settings_say() {
    for (setting, expected) in [
        (json!("nothing"), vec!["webinar-1"]),
        (json!("resume"), vec!["webinar-1", "webinar-2"]),
        (json!({"campaign": "win-back"}), vec!["webinar-1", "back-1"]),
        (json!({"campaign": "webinar"}), vec!["webinar-1"]),
        (json!({"campaign": "no-such-campaign"}), vec!["webinar-1"]),
    ] {
        let mut client = sample();
        client["settings"]["on_cancelled"] = setting.clone();
        for (step, text) in ["webinar-1", "webinar-2"].iter().enumerate() {
            client["campaigns"][0]["messages"][step]["text"] = json!(text);
        }
        let back = json!({"id": "win-back", "name": "Win back", "messages": [{"step": 1, "text": "back-1"}]});
        client["campaigns"].as_array_mut().expect("a list").push(back);
        let mut world = texted(client).await;
        world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}))).await;
        world.until("2026-01-07 10:00").await;
        let off = calendly("invitee.canceled", 1, "2026-01-07T15:00:00Z", json!({}));
        assert_eq!(world.calendly(&off).await, 200);
        assert_eq!(world.reasons(Event::BookingCalledOff).await, ["cancelled"]);
        world.until("2026-01-09 10:30").await;
        let bodies: Vec<String> = world.texts().into_iter().map(|(_, _, body)| body).collect();
        assert_eq!(bodies, expected, "{setting}");
        balances(&world).await;
    }
}

#[tokio::test]
async fn what_says_more_than_a_booking_keeps_the_sequence_from_going_on_when_it_is_called_off() {
    let mut client = sample();
    client["settings"]["on_cancelled"] = json!("resume");
    client["campaigns"][0]["triggers"] = json!([{"on": "purchase", "then": {"end": "purchased"}}]);
    let bought = json!({"id": "9", "event": "purchase.created", "payload": {
        "transaction_id": "tx_demo_9", "offer_id": 1, "member_email": "1@example.org",
    }});
    for (what, in_between) in [("a purchase", Some(bought)), ("a reply", None)] {
        let mut world = texted(client.clone()).await;
        world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}))).await;
        match &in_between {
            Some(event) => assert_eq!(world.kajabi(event).await, 200),
            None => assert_eq!(world.write(PAT, "Thanks, all sorted with my sister").await, 200),
        }
        world.until("2026-01-07 10:00").await;
        world.calendly(&calendly("invitee.canceled", 1, "2026-01-07T15:00:00Z", json!({}))).await;
        world.until("2026-01-09 12:00").await;
        assert_eq!(world.texts().len(), 1, "{what}");
        balances(&world).await;
    }
}

#[tokio::test]
async fn a_booking_made_anew_does_not_bring_back_what_an_earlier_one_ended() {
    let mut client = sample();
    client["settings"]["on_cancelled"] = json!("resume");
    let mut world = texted(client).await;
    world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}))).await;
    // The appointment of the 9th is over.
    world.until("2026-01-12 10:00").await;
    let start = json!({"scheduled_event": {"start_time": "2026-01-20T16:00:00.000000Z"}});
    world.calendly(&calendly("invitee.created", 2, "2026-01-12T15:00:00Z", start.clone())).await;
    world.calendly(&calendly("invitee.canceled", 2, "2026-01-12T15:10:00Z", start)).await;
    world.until("2026-01-16 12:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_sequence_that_goes_on_still_needs_an_open_standing() {
    let mut client = sample();
    client["settings"]["on_cancelled"] = json!("resume");
    let mut world = texted(client).await;
    world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", json!({}))).await;
    assert_eq!(world.reply("SM00000000000000000000000000000001", "+13055550123", "STOP").await, 200);
    world.calendly(&calendly("invitee.canceled", 1, "2026-01-07T15:00:00Z", json!({}))).await;
    assert_eq!(pat(&world).await.enrollments, [], "a no ends what could have gone on");
    world.until("2026-01-09 10:30").await;
    assert_eq!(world.texts().len(), 1);
    balances(&world).await;
}

#[tokio::test]
async fn a_request_waits_until_the_host_says_yes_or_no() {
    for (answer, texts) in [("BOOKING_REJECTED", 1), ("BOOKING_CREATED", 0)] {
        let mut world = World::at("2026-01-06 14:00").await;
        world.form("1", "Pat", PAT).await;
        assert_eq!(world.calcom(&calcom("BOOKING_REQUESTED", "a", "2026-01-06T19:10:00Z")).await, 200);
        world.until("2026-01-06 15:40").await;
        assert_eq!(world.texts(), [], "it waits");
        assert_eq!(pat(&world).await.enrollments.len(), 1);
        assert_eq!(world.calcom(&calcom(answer, "a", "2026-01-06T20:40:00Z")).await, 200);
        world.until("2026-01-06 18:00").await;
        assert_eq!(world.texts().len(), texts, "{answer}");
        balances(&world).await;
    }
}

#[tokio::test]
async fn the_lead_in_the_link_counts_before_the_address() {
    let mut world = texted(sample()).await;
    let id = pat(&world).await.id;
    let link = json!({"email": "else@example.com", "tracking": {"utm_content": format!("lead_{id}")}});
    assert_eq!(world.calendly(&calendly("invitee.created", 1, "2026-01-06T20:10:00Z", link)).await, 200);
    assert_eq!(world.reasons(Event::BookingUnmatched).await, [""; 0]);
    world.until("2026-01-08 16:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn one_person_who_is_two_leads_is_texted_as_neither() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", PAT).await;
    world.form("2", "Pat", "3055550124").await;
    let both = json!({"text_reminder_number": "(305) 555-0124"});
    assert_eq!(world.calendly(&calendly("invitee.created", 1, "2026-01-06T19:10:00Z", both)).await, 200);
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.texts(), []);
    balances(&world).await;
}

#[tokio::test]
async fn the_id_of_another_clients_lead_matches_nobody() {
    let world = texted(sample()).await;
    let id: LeadId = pat(&world).await.id;
    let other = ClientId::parse("other").expect("an id");
    assert_eq!(world.system.store.lead(&other, id).await.expect("the store"), None);
    let mut settings = serde_json::to_value(&world.system.clients[0].settings).expect("JSON");
    settings["id"] = json!("other");
    let client = json!({"settings": settings, "token": "a-token-of-the-other-one", "campaigns": []});
    let alone = World::with(client, "2026-01-06 14:00").await;
    let link = json!({"email": null, "tracking": {"utm_content": format!("lead_{id}")}});
    assert_eq!(alone.calendly(&calendly("invitee.created", 1, "2026-01-06T19:10:00Z", link)).await, 200);
    assert_eq!(alone.reasons(Event::EventUnusable).await, ["nobody"]);
    balances(&alone).await;
}

#[tokio::test]
async fn recorded_events_about_no_booking_are_answered_200_and_change_nothing() {
    let world = texted(sample()).await;
    for file in ["invitee_no_show_created", "routing_form_submission_created"] {
        assert_eq!(world.calendly(&recorded(&format!("calendly/{file}.json"))).await, 200, "{file}");
    }
    for file in ["booking_paid", "meeting_ended", "form_submitted"] {
        assert_eq!(world.calcom(&recorded(&format!("calcom/{file}.json"))).await, 200, "{file}");
    }
    assert_eq!(pat(&world).await.bookings, []);
    assert_eq!(world.reasons(Event::EventIgnored).await.len(), 5);
    balances(&world).await;
}

#[tokio::test]
async fn the_recorded_events_are_worked_through_in_both_directions() {
    let calendly =
        ["invitee_created", "invitee_canceled_rescheduled", "invitee_created_rescheduled", "invitee_canceled"];
    let calcom =
        ["booking_requested", "booking_created", "booking_rescheduled", "booking_cancelled", "booking_rejected"];
    for backwards in [false, true] {
        let mut world = World::at("2026-01-06 14:00").await;
        world.form("1", "Pat", PAT).await;
        let turned = |mut files: Vec<&'static str>| {
            if backwards {
                files.reverse();
            }
            files
        };
        for file in turned(calendly.to_vec()) {
            assert_eq!(world.calendly(&recorded(&format!("calendly/{file}.json"))).await, 200, "{file}");
        }
        for file in turned(calcom.to_vec()) {
            assert_eq!(world.calcom(&recorded(&format!("calcom/{file}.json"))).await, 200, "{file}");
        }
        let lead = pat(&world).await;
        assert!(lead.booking_ahead(new_york("2026-01-07 10:00")).is_some(), "two moved appointments stand: {lead:?}");
        world.until("2026-01-08 18:00").await;
        assert_eq!(world.texts(), []);
        balances(&world).await;
    }
}

#[tokio::test]
async fn what_is_not_signed_rightly_is_answered_401_and_leaves_nothing_behind() {
    let mut client = sample();
    client["secrets"] = json!({
        "calendly_signing_key": "demo-calendly-signing-key", "calcom_secret": "demo-cal-secret",
        "calendly_signing_key_next": "the-next-key", "calcom_secret_next": "the-next-secret",
    });
    let world = World::with(client, "2026-01-06 14:00").await;
    let (body, now) = (calendly("invitee.created", 1, "2026-01-06T19:00:00Z", json!({})).to_string(), world.seconds());
    let (of_calendly, of_calcom) = ("calendly-webhook-signature", "x-cal-signature-256");
    let right = signature::calendly("demo-calendly-signing-key", now, &body);
    for (path, header, value) in [
        ("/webhooks/calendly/acme", of_calendly, signature::calendly("another", now, &body)),
        ("/webhooks/calendly/acme", of_calendly, signature::calendly("demo-calendly-signing-key", now, "{}")),
        ("/webhooks/calendly/acme", of_calendly, signature::calendly("demo-calendly-signing-key", now - 86_401, &body)),
        ("/webhooks/calendly/acme", of_calendly, "nonsense".to_owned()),
        ("/webhooks/calendly/acme", of_calcom, right.clone()),
        ("/webhooks/calcom/acme", of_calcom, "no-secret-provided".to_owned()),
        ("/webhooks/calcom/acme", of_calcom, signature::calcom("another", &body)),
        ("/webhooks/calcom/acme", of_calcom, signature::calcom("", &body)),
    ] {
        assert_eq!(world.post(path, body.clone(), &[(header, &value)]).await, 401, "{path} {value}");
    }
    let mut recorded = world.journal().await;
    recorded.retain(|event| event.event != Event::AlertSent);
    assert_eq!(recorded, [], "something was stored");
    let told = world.reasons(Event::AlertSent).await;
    assert_eq!(told, ["signatures-refused#calendly", "signatures-refused#calcom"], "and each is told once");
    for (path, header, value) in [
        ("/webhooks/calendly/acme", of_calendly, signature::calendly("the-next-key", now - 86_000, &body)),
        ("/webhooks/calcom/acme", of_calcom, signature::calcom("the-next-secret", &body)),
    ] {
        assert_eq!(world.post(path, body.clone(), &[(header, &value)]).await, 200, "{path}");
    }
}

#[tokio::test]
async fn a_client_without_the_secrets_takes_no_booking_from_anybody() {
    let mut client = sample();
    client["secrets"] = json!({"calendly_signing_key": "", "calcom_secret": ""});
    let world = World::with(client, "2026-01-06 14:00").await;
    let booked = calendly("invitee.created", 1, "2026-01-06T19:00:00Z", json!({}));
    assert_eq!((world.calendly(&booked).await, world.calcom(&booked).await), (401, 401));
    assert_eq!(world.journal().await, []);
}

#[tokio::test]
async fn bookings_of_nobody_we_know_can_be_listed_from_the_journal() {
    let world = World::at("2026-01-06 14:00").await;
    world.calcom(&recorded("calcom/booking_created_own_fields.json")).await;
    world.calcom(&calcom("BOOKING_CREATED", "other", "2026-01-06T19:00:00Z")).await;
    let find = async |unmatched, days| {
        let (store, now) = (&world.system.store, world.system.clock.now());
        bookings::find(store.as_ref(), &world.client(), &Which { unmatched, days }, now)
            .await
            .expect("the journal")
            .events
    };
    let unmatched = find(true, 7).await;
    assert_eq!((unmatched.len(), find(false, 7).await.len()), (2, 2));
    let lead = world.lead(PAT).await.expect("a lead without consent");
    assert_eq!((unmatched[0].lead, lead.enrollments.len()), (Some(lead.id), 0));
}
