//! Purchases, payments, orders, refunds, tags and contacts: what campaigns say that they do, and nothing else.

use std::collections::BTreeSet;

use leadline::{
    domain::{audit::Event, lead::Outcome},
    ports::{EventStore, LeadStore},
};
use leadline_tests::world::{World, form, sample};
use serde_json::{Value, json};

const PAT: &str = "+13055550123";
const OTHER: &str = "+13055550124";

fn recorded(name: &str) -> Value {
    let path = format!("{}/../../events/kajabi/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).expect(name)).expect(name)
}

/// A form of Pat's, with the address that the recorded events have.
fn of_pat(id: &str, phone: &str) -> Value {
    let mut event = form(id, "Pat", phone);
    event["payload"][0]["attributes"]["email"] = json!("pat@example.org");
    event
}

/// `tag_added` of Pat's, changed at this minute.
fn tag(minute: u32) -> Value {
    let mut event = recorded("tag_added.json");
    event["payload"][0]["attributes"]["updated_at"] = json!(format!("2026-01-06T15:{minute:02}:00.000Z"));
    event
}

fn enroll(basis: &Value) -> Value {
    json!({"enroll": {"consent": {"version": "2026-02", "words": "Text me about it.", "basis": basis}}})
}

fn because() -> Value {
    enroll(&json!({"because": "the checkout shows the words and sets the tag"}))
}

/// The sample client, its campaign with these triggers.
fn with(triggers: &Value) -> Value {
    let mut client = sample();
    client["campaigns"][0]["triggers"] = triggers.clone();
    client
}

/// One more campaign, which no form enrolls into.
fn also(mut client: Value, id: &str, triggers: &Value) -> Value {
    let mut campaign = client["campaigns"][0].clone();
    campaign["id"] = json!(id);
    campaign["forms"] = json!([]);
    campaign["triggers"] = triggers.clone();
    client["campaigns"].as_array_mut().expect("campaigns").push(campaign);
    client
}

async fn count(world: &World, event: Event) -> usize {
    world.reasons(event).await.len()
}

/// Why events changed nothing, sorted: those of one moment have no order.
async fn ignored(world: &World) -> Vec<String> {
    let mut reasons = world.reasons(Event::EventIgnored).await;
    reasons.sort();
    reasons
}

async fn history(world: &World, phone: &str) -> Vec<(String, Outcome)> {
    let lead = world.lead(phone).await.expect("a lead");
    lead.history.into_iter().map(|past| (past.campaign.to_string(), past.outcome)).collect()
}

/// The books of the next report.
async fn books_balance(world: &mut World, until: &str) {
    world.until(until).await;
    let report = world.system.mailbox.sent().pop().expect("a report").email;
    assert!(report.text.contains("Events: difference                  0"), "{}", report.text);
    assert!(report.text.contains("Enrollments: difference             0"), "{}", report.text);
}

#[tokio::test]
async fn a_purchase_ends_the_sequence_and_a_later_form_does_not_begin_it_again() {
    let triggers = json!([{"on": "purchase", "of": "2150100001", "then": {"end": "purchased"}}]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", PAT)).await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(world.kajabi(&recorded("dashboard_purchase_created.json")).await, 200);
    assert_eq!(history(&world, PAT).await, [("webinar".to_owned(), Outcome::Purchased)]);
    world.kajabi(&of_pat("2", PAT)).await;
    assert_eq!(world.reasons(Event::Rejected).await, ["already_completed"]);
    world.until("2026-01-09 08:00").await;
    assert_eq!(world.texts().len(), 1, "only the one before the purchase");
    books_balance(&mut world, "2026-01-09 12:00").await;
}

#[tokio::test]
async fn who_bought_before_the_first_text_gets_none_and_is_not_enrolled_again() {
    let mut world = World::with(with(&json!([{"on": "cart", "then": {"end": "purchased"}}])), "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", PAT)).await;
    world.kajabi(&recorded("dashboard_cart.json")).await;
    world.kajabi(&of_pat("2", PAT)).await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), []);
    assert_eq!(world.reasons(Event::Rejected).await, ["already_completed"]);
}

#[tokio::test]
async fn the_three_events_of_one_sale_end_a_sequence_once() {
    let end = json!({"end": "purchased"});
    let triggers = json!([
        {"on": "purchase", "then": end}, {"on": "payment", "then": end}, {"on": "order", "then": end},
    ]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", PAT)).await;
    for name in ["order_created.json", "payment_succeeded.json", "purchase.json"] {
        assert_eq!(world.kajabi(&recorded(name)).await, 200, "{name}");
        assert_eq!(world.kajabi(&recorded(name)).await, 200, "{name} again");
    }
    assert_eq!(count(&world, Event::EnrollmentEnded).await, 1);
    assert_eq!(world.reasons(Event::EventApplied).await, ["order_created"]);
    assert_eq!(ignored(&world).await, ["not_enrolled", "not_enrolled"]);
    books_balance(&mut world, "2026-01-07 12:00").await;
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn an_offer_that_is_not_named_ends_nothing_that_is_for_one_offer() {
    let triggers = json!([{"on": "payment", "of": "2150100001", "then": {"end": "purchased"}}]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", PAT)).await;
    world.kajabi(&recorded("payment_succeeded.json")).await;
    assert_eq!(ignored(&world).await, ["not_named"]);
    world.kajabi(&recorded("payment_several_offers.json")).await;
    assert_eq!(history(&world, PAT).await, [("webinar".to_owned(), Outcome::Purchased)]);
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn every_recorded_event_is_taken_in_and_without_a_trigger_it_changes_nothing() {
    let mut world = World::at("2026-01-06 14:00").await;
    let folder = format!("{}/../../events/kajabi", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path());
    let files: BTreeSet<_> = files.filter(|path| path.file_name().is_some_and(|name| name != "README.md")).collect();
    for path in &files {
        let body = std::fs::read(path).expect("a file");
        let address = format!("/webhooks/kajabi/{}/{}", world.client(), leadline_tests::world::TOKEN);
        assert_eq!(world.post(&address, body, &[]).await, 200, "{}", path.display());
    }
    let received = count(&world, Event::EventReceived).await;
    let forms = files.iter().filter(|path| path.to_string_lossy().contains("/form_")).count();
    let unchanged = count(&world, Event::EventIgnored).await;
    let became = unchanged + count(&world, Event::Enrolled).await + count(&world, Event::Rejected).await;
    // The dashboard and the API tell of one sale under keys of their own: no file is another's repetition.
    assert_eq!((received, became), (files.len(), files.len()));
    assert_eq!(count(&world, Event::EventUnusable).await, 0);
    assert!(unchanged >= files.len() - forms, "{unchanged} of {} changed nothing", files.len());
    books_balance(&mut world, "2026-01-07 12:00").await;
}

#[tokio::test]
async fn a_tag_enrolls_by_the_terms_of_its_trigger() {
    let triggers = json!([{"on": "tag-added", "of": "webinar NO-SHOW", "then": because()}]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    assert_eq!(world.kajabi(&recorded("tag_added.json")).await, 200);
    world.until("2026-01-06 20:00").await;
    let texts = world.texts();
    assert_eq!(texts, [("2026-01-06 15:00".to_owned(), PAT.to_owned(), "Hi Pat, it's Sam.".to_owned())]);
    let id = world.lead(PAT).await.expect("a lead").id;
    let stored = world.system.store.lead(&world.client(), id).await.expect("the store").expect("a lead");
    let consent = stored.profile.consent.expect("consent is on record");
    assert_eq!((consent.form, consent.terms.as_str()), (None, "2026-02"));
    assert!(consent.how.contains("`Webinar no-show`: the checkout shows"), "{}", consent.how);
    let event = leadline::domain::event::EventKey(consent.event);
    assert!(world.system.store.event(&world.client(), &event).await.expect("the store").is_some(), "its proof is kept");
    books_balance(&mut world, "2026-01-07 12:00").await;
}

#[tokio::test]
async fn no_tag_enrolls_who_did_not_agree() {
    let basis = json!({"answer": {"field": "custom_1", "values": ["yes"]}});
    let triggers = json!([{"on": "tag-added", "then": enroll(&basis)}]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&tag(1)).await;
    assert_eq!(world.reasons(Event::Rejected).await, ["no_consent"]);
    let mut no = tag(2);
    no["payload"][0]["attributes"]["custom_1"] = json!("No");
    world.kajabi(&no).await;
    assert_eq!(world.reasons(Event::Rejected).await, ["no_consent", "no_consent"]);
    world.until("2026-01-06 17:00").await;
    assert_eq!(world.texts(), [], "`subscribed` is about email");
    let mut yes = tag(3);
    yes["payload"][0]["attributes"]["custom_1"] = json!("Yes");
    world.kajabi(&yes).await;
    world.until("2026-01-06 19:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn no_tag_enrolls_who_said_no() {
    let mut world = World::with(with(&json!([{"on": "tag-added", "then": because()}])), "2026-01-06 14:00").await;
    world.reply("SM00000000000000000000000000000001", PAT, "STOP").await;
    world.kajabi(&recorded("tag_added.json")).await;
    assert_eq!(world.reasons(Event::Rejected).await, ["opted_out"]);
    world.until("2026-01-07 20:00").await;
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn the_same_tag_within_its_cool_down_enrolls_once() {
    let triggers = json!([
        {"on": "tag-added", "of": "8800001", "then": because()},
        {"on": "tag-removed", "of": "8800001", "then": {"end": "abandoned"}},
    ]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&tag(1)).await;
    world.kajabi(&tag(2)).await;
    assert_eq!(ignored(&world).await, ["cool_down"]);
    world.kajabi(&recorded("tag_removed.json")).await;
    assert_eq!(history(&world, PAT).await, [("webinar".to_owned(), Outcome::Abandoned)]);
    world.kajabi(&tag(3)).await;
    assert_eq!(ignored(&world).await, ["cool_down", "cool_down"]);
    world.until("2026-01-07 13:59").await;
    world.kajabi(&tag(4)).await;
    assert_eq!(count(&world, Event::Enrolled).await, 1);
    world.until("2026-01-07 14:01").await;
    world.kajabi(&tag(5)).await;
    assert_eq!(count(&world, Event::Enrolled).await, 2, "a day later it is another tag");
    world.until("2026-01-07 20:00").await;
    assert_eq!(world.texts().len(), 1);
    books_balance(&mut world, "2026-01-08 12:00").await;
}

#[tokio::test]
async fn the_cool_down_is_a_setting() {
    let triggers = json!([
        {"on": "tag-added", "then": because(), "cool_down_hours": 1},
        {"on": "tag-removed", "then": {"end": "abandoned"}},
    ]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&tag(1)).await;
    world.kajabi(&recorded("tag_removed.json")).await;
    world.until("2026-01-06 14:30").await;
    world.kajabi(&tag(2)).await;
    assert_eq!(count(&world, Event::Enrolled).await, 1);
    world.until("2026-01-06 15:30").await;
    world.kajabi(&tag(3)).await;
    assert_eq!(count(&world, Event::Enrolled).await, 2);
    world.until("2026-01-06 20:00").await;
}

#[tokio::test]
async fn who_comes_by_dashboard_api_and_tag_is_enrolled_once() {
    let mut world = World::with(with(&json!([{"on": "tag-added", "then": because()}])), "2026-01-06 14:00").await;
    let by_dashboard = json!({
        "id": "71", "email": "pat@example.org", "first_name": "Pat", "phone": "305-555-0123", "form_id": "2150000777",
    });
    world.kajabi(&by_dashboard).await;
    world.kajabi(&of_pat("72", PAT)).await;
    world.kajabi(&tag(1)).await;
    assert_eq!(count(&world, Event::EventReceived).await, 3);
    assert_eq!(count(&world, Event::LeadCreated).await, 1);
    assert_eq!(ignored(&world).await, ["already_enrolled", "already_enrolled"]);
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    books_balance(&mut world, "2026-01-07 12:00").await;
}

#[tokio::test]
async fn one_event_ends_one_campaign_and_enrolls_into_others_and_the_books_balance() {
    let client = with(&json!([{"on": "purchase", "then": {"end": "purchased"}}]));
    let client = also(client, "welcome", &json!([{"on": "purchase", "of": "2150100001", "then": because()}]));
    let client = also(client, "workbook", &json!([{"on": "purchase", "then": because()}]));
    let client = also(client, "other-offer", &json!([{"on": "purchase", "of": "999", "then": because()}]));
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", PAT)).await;
    assert_eq!(world.kajabi(&recorded("purchase.json")).await, 200);
    let lead = world.lead(PAT).await.expect("a lead");
    let mut live: Vec<_> = lead.enrollments.iter().map(|live| (live.campaign.to_string(), live.id)).collect();
    live.sort();
    assert_eq!(live.iter().map(|(campaign, _)| campaign.as_str()).collect::<Vec<_>>(), ["welcome", "workbook"]);
    assert_ne!(live[0].1, live[1].1);
    assert_eq!(history(&world, PAT).await, [("webinar".to_owned(), Outcome::Purchased)]);
    assert_eq!((count(&world, Event::Enrolled).await, count(&world, Event::AlsoEnrolled).await), (2, 1));
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 2, "one of each campaign that goes on");
    books_balance(&mut world, "2026-01-07 12:00").await;
}

#[tokio::test]
async fn a_purchase_with_another_number_stops_the_lead_of_the_address() {
    let mut world =
        World::with(with(&json!([{"on": "purchase", "then": {"end": "purchased"}}])), "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", OTHER)).await;
    world.kajabi(&recorded("purchase.json")).await;
    assert_eq!(history(&world, OTHER).await, [("webinar".to_owned(), Outcome::Purchased)]);
    assert!(world.lead(PAT).await.is_none(), "a purchase that ends something makes no lead");
    assert_eq!(world.reasons(Event::EventApplied).await, ["purchase"]);
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), []);
    books_balance(&mut world, "2026-01-07 12:00").await;
}

#[tokio::test]
async fn two_leads_of_one_person_are_both_stopped() {
    let mut world =
        World::with(with(&json!([{"on": "purchase", "then": {"end": "purchased"}}])), "2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", OTHER)).await;
    world.kajabi(&of_pat("2", PAT)).await;
    assert_eq!(count(&world, Event::Enrolled).await, 2);
    world.kajabi(&recorded("purchase.json")).await;
    for phone in [PAT, OTHER] {
        assert_eq!(history(&world, phone).await, [("webinar".to_owned(), Outcome::Purchased)], "{phone}");
    }
    assert_eq!(count(&world, Event::EventApplied).await, 1);
    books_balance(&mut world, "2026-01-07 12:00").await;
}

#[tokio::test]
async fn a_purchase_that_is_worked_on_before_the_form_of_the_same_minute_ends_what_that_begins() {
    let triggers = json!([{"on": "purchase", "then": {"end": "purchased"}}]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&recorded("purchase.json")).await;
    let mut form = of_pat("1", "+13055550123");
    form["payload"][0]["attributes"]["email"] = json!("pat@example.org");
    world.kajabi(&form).await;
    assert_eq!(count(&world, Event::Enrolled).await, 1);
    books_balance(&mut world, "2026-01-07 12:00").await;
    assert_eq!(history(&world, "+13055550123").await, [("webinar".to_owned(), Outcome::Purchased)]);
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn a_sample_and_a_purchase_of_a_stranger_change_nothing() {
    let triggers = json!([{"on": "tag-added", "then": because()}, {"on": "purchase", "then": {"end": "purchased"}}]);
    let mut world = World::with(with(&triggers), "2026-01-06 14:00").await;
    world.kajabi(&recorded("tag_added_sample_id0.json")).await;
    world.kajabi(&recorded("purchase.json")).await;
    let nobody =
        json!({"id": "5", "event": "purchase.created", "payload": {"transaction_id": "tx_demo_5", "offer_id": 1}});
    assert_eq!(world.kajabi(&nobody).await, 200);
    assert_eq!(ignored(&world).await, ["test_sample"], "a form of the stranger may follow yet");
    books_balance(&mut world, "2026-01-07 12:00").await;
    assert_eq!(ignored(&world).await, ["no_lead", "test_sample"]);
    assert_eq!(world.reasons(Event::EventUnusable).await, ["nobody"], "someone must look who that was");
    assert_eq!(count(&world, Event::LeadCreated).await, 0);
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn a_changed_contact_changes_what_is_known_of_a_lead_and_makes_none() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.kajabi(&recorded("contact_created.json")).await;
    assert_eq!(ignored(&world).await, ["no_lead"]);
    world.kajabi(&of_pat("1", PAT)).await;
    world.kajabi(&recorded("contact_updated.json")).await;
    world.kajabi(&recorded("dashboard_contact_updated.json")).await;
    assert_eq!(world.reasons(Event::EventApplied).await, ["contact_updated"]);
    assert_eq!(ignored(&world).await, ["no_lead", "nothing_new"]);
    assert_eq!(count(&world, Event::LeadCreated).await, 1);
    let id = world.lead(PAT).await.expect("a lead").id;
    let stored = world.system.store.lead(&world.client(), id).await.expect("the store").expect("a lead");
    assert_eq!(stored.profile.last_name.as_deref(), Some("Rivera Soto"));
    assert_eq!(stored.profile.answers.get("address_city").map(String::as_str), Some("Tampa"));
    assert_eq!(stored.profile.consent.and_then(|consent| consent.form).expect("a form").as_str(), "2150000777");
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts()[0].2, "Hi Patricia, it's Sam.");
    books_balance(&mut world, "2026-01-07 12:00").await;
}
