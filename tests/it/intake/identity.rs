//! Who is who: numbers, addresses, and the no that stands behind them.

use leadline::domain::{audit::Event, lead::Outcome};
use leadline_tests::world::{World, form, sample};
use serde_json::{Value, json};

const FIRST: &str = "+13055550123";
const OTHER: &str = "+13055550124";

/// A form of Pat's, by the same address each time.
fn of_pat(id: &str, phone: &str) -> Value {
    let mut event = form(id, "Pat", phone);
    event["payload"][0]["attributes"]["email"] = json!("pat@example.org");
    event
}

#[tokio::test]
async fn nobodys_texts_move_to_a_number_that_a_form_merely_names() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", FIRST)).await;
    world.until("2026-01-06 16:00").await;
    let mut without_consent = of_pat("2", OTHER);
    without_consent["payload"][0]["relationships"]["form"]["data"]["id"] = json!("999");
    world.kajabi(&without_consent).await;
    world.until("2026-01-09 20:00").await;
    let to: Vec<String> = world.texts().into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(to, [FIRST, FIRST], "the sequence stays with the number that consented");
    assert_eq!(world.reasons(Event::Rejected).await, ["unknown_form"]);
}

#[tokio::test]
async fn a_stop_from_the_first_number_stops_it_and_is_heard_at_the_second() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", FIRST)).await;
    world.until("2026-01-06 16:00").await;
    assert_eq!(world.reply("SM00000000000000000000000000000001", FIRST, "STOP").await, 200);
    world.kajabi(&of_pat("2", OTHER)).await;
    world.reply("SM00000000000000000000000000000002", FIRST, "and another thing").await;
    world.until("2026-01-09 20:00").await;
    assert_eq!(world.texts().len(), 1, "only the one before the stop");
    assert_eq!(world.reasons(Event::Rejected).await, ["opted_out"]);
    let report = world.system.mailbox.sent().pop().expect("a report").email;
    assert!(report.text.contains("Events: difference                  0"), "{}", report.text);
}

#[tokio::test]
async fn a_lead_without_a_number_gets_the_one_of_its_next_form() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.kajabi(&of_pat("1", "")).await;
    world.kajabi(&of_pat("2", FIRST)).await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reasons(Event::LeadCreated).await.len(), 1);
}

#[tokio::test]
async fn a_form_without_a_number_texts_no_number_on_file() {
    let mut world = World::at("2026-01-06 14:00").await;
    let mut unknown = of_pat("1", FIRST);
    unknown["payload"][0]["relationships"]["form"]["data"]["id"] = json!("999");
    world.kajabi(&unknown).await;
    world.kajabi(&of_pat("2", "")).await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), []);
    let mut rejected = world.reasons(Event::Rejected).await;
    rejected.sort();
    assert_eq!(rejected, ["no_valid_phone", "unknown_form"]);
}

#[tokio::test]
async fn who_was_never_texted_may_come_again() {
    let mut world = World::at("2026-01-06 19:30").await;
    world.form("1", "Pat", FIRST).await;
    world.until("2026-01-07 10:00").await;
    assert_eq!(world.lead(FIRST).await.expect("a lead").history[0].outcome, Outcome::Expired);
    world.form("2", "Pat", FIRST).await;
    world.until("2026-01-07 20:00").await;
    assert_eq!(world.texts().len(), 1);
    world.form("3", "Pat", FIRST).await;
    assert!(world.reasons(Event::Rejected).await.is_empty(), "it is in the campaign");
    world.until("2026-01-12 20:00").await;
    world.form("4", "Pat", FIRST).await;
    assert_eq!(world.reasons(Event::Rejected).await, ["already_completed"]);
}

#[tokio::test]
async fn a_zone_that_nobody_with_such_a_number_lives_in_is_not_believed() {
    let mut client = sample();
    client["settings"]["window"] =
        json!({"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "00:00", "closes": "24:00"});
    client["campaigns"][0]["timing"] = json!({"latest_counts": "open-hours"});
    // Nine in the morning, by California's law.
    for (zone, at) in [("UTC", "2026-01-06 12:00"), ("Pacific/Honolulu", "2026-01-06 14:00")] {
        let mut world = World::with(client.clone(), "2026-01-06 02:00").await;
        let mut event = form("1", "Pat", "+14155550123");
        event["payload"][0]["attributes"]["time_zone"] = json!(zone);
        world.kajabi(&event).await;
        world.until("2026-01-06 20:00").await;
        assert_eq!(world.texts()[0].0, at, "{zone}");
    }
}

#[tokio::test]
async fn a_pause_that_is_lifted_in_time_costs_nobody_the_text() {
    use leadline::{
        domain::campaign::{Campaign, CampaignStatus},
        ports::Directory,
    };
    let mut client = sample();
    client["campaigns"][0]["status"] = json!("paused");
    let other = json!({"id": "other", "name": "Other", "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi."}]});
    client["campaigns"].as_array_mut().expect("campaigns").push(other);
    let mut world = World::with(client, "2026-01-06 09:00").await;
    world.form("1", "Pat", FIRST).await;
    world.until("2026-01-06 11:05").await;
    assert_eq!(world.texts(), []);
    let campaigns = world.system.store.campaigns(&world.client()).await.expect("campaigns");
    let paused = campaigns.into_iter().find(|campaign| campaign.id.as_str() == "webinar").expect("the campaign");
    let active = Campaign { status: CampaignStatus::Active, ..paused.clone() };
    world.system.store.put_campaign(&world.client(), &active, Some(&paused)).await.expect("written");
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn the_test_phone_can_say_no() {
    let mut client = sample();
    client["settings"]["mode"] = json!({"test": {"phone": "+13055550111", "email": "test@example.com"}});
    let mut world = World::with(client, "2026-01-06 09:00").await;
    world.form("1", "Pat", FIRST).await;
    world.until("2026-01-06 10:30").await;
    assert_eq!(world.texts().len(), 1);
    world.reply("SM00000000000000000000000000000001", "+13055550111", "STOP").await;
    world.form("2", "Kim", OTHER).await;
    world.until("2026-01-09 10:30").await;
    assert_eq!(world.texts().len(), 1);
}
