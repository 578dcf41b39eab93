//! Who waits for a paused campaign is out of the way, and comes back when it is resumed.

use leadline::{
    domain::{
        Instant,
        campaign::{Campaign, CampaignStatus},
        ids::{CampaignId, LeadId},
        lead::{Outcome, Place},
    },
    ports::{Census, Directory, DueIndex, DueKind},
};
use leadline_tests::world::{World, new_york, sample};

async fn set(world: &World, status: CampaignStatus) {
    let campaigns = world.system.store.campaigns(&world.client()).await.expect("the store");
    for campaign in campaigns.into_iter().filter(|campaign| campaign.id == webinar()) {
        let campaign = Campaign { status: status.clone(), ..campaign };
        world.put_campaign(&campaign).await;
    }
}

fn webinar() -> CampaignId {
    CampaignId::parse("webinar").expect("an id")
}

/// With a second campaign, so that runs go on while the first is paused.
async fn world(now: &str) -> World {
    let mut client = sample();
    client["campaigns"].as_array_mut().expect("campaigns").push(serde_json::json!({
        "id": "other", "name": "Other",
        "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi."}],
    }));
    World::with(client, now).await
}

async fn parked(world: &World) -> Vec<LeadId> {
    world.system.store.parked(&world.client(), &webinar(), None, 100).await.expect("the index")
}

async fn due(world: &World) -> usize {
    let far = new_york("2027-01-01 00:00");
    world.system.store.due_of(&world.client(), DueKind::Leads, far, 100).await.expect("the index").len()
}

#[tokio::test]
async fn who_waits_for_a_paused_campaign_is_looked_at_no_more_until_it_is_resumed() {
    let mut world = world("2026-01-06 09:00").await;
    for (n, name) in [("1", "Pat"), ("2", "Kim"), ("3", "Lee")] {
        world.form(n, name, &format!("+1305555012{n}")).await;
    }
    world.until("2026-01-06 11:00").await;
    assert_eq!(world.texts().len(), 3);
    set(&world, CampaignStatus::Paused).await;
    world.until("2026-01-08 12:00").await;
    assert_eq!((parked(&world).await.len(), due(&world).await), (3, 0), "their second texts wait for the campaign");
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().len(), 3);
    set(&world, CampaignStatus::Active).await;
    world.until("2026-01-09 12:30").await;
    assert_eq!(world.texts().len(), 6, "and go out once it is resumed");
    assert_eq!(parked(&world).await, []);
}

#[tokio::test]
async fn a_first_text_that_waits_for_a_paused_campaign_is_given_up_in_time() {
    let mut world = world("2026-01-06 09:00").await;
    set(&world, CampaignStatus::Paused).await;
    world.form("1", "Pat", "+13055550123").await;
    let pat = world.lead("+13055550123").await.expect("Pat");
    let given_up: Instant = new_york("2026-01-06 12:00");
    assert_eq!(pat.place(), Some(Place::Parked { campaign: webinar(), until: given_up }), "out of the way at once");
    world.until("2026-01-06 11:45").await;
    assert_eq!(parked(&world).await, [pat.id]);
    world.until("2026-01-06 12:15").await;
    let pat = world.lead("+13055550123").await.expect("Pat");
    assert_eq!(pat.history.last().map(|past| past.outcome), Some(Outcome::Expired));
    assert_eq!((parked(&world).await.len(), due(&world).await), (0, 0));
}

#[tokio::test]
async fn a_pause_that_is_lifted_in_time_costs_nobody_the_first_text() {
    let mut world = world("2026-01-06 09:00").await;
    set(&world, CampaignStatus::Paused).await;
    world.form("1", "Pat", "+13055550123").await;
    world.until("2026-01-06 11:00").await;
    set(&world, CampaignStatus::Active).await;
    world.until("2026-01-06 11:30").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn who_is_parked_when_the_campaign_is_deactivated_leaves_it() {
    let mut world = world("2026-01-06 09:00").await;
    set(&world, CampaignStatus::Paused).await;
    world.form("1", "Pat", "+13055550123").await;
    set(&world, CampaignStatus::Deactivated { at: new_york("2026-01-06 09:30") }).await;
    world.until("2026-01-06 10:00").await;
    let pat = world.lead("+13055550123").await.expect("Pat");
    assert_eq!(pat.history.last().map(|past| past.outcome), Some(Outcome::CampaignDeleted));
}

#[tokio::test]
async fn the_counters_of_a_campaign_follow_its_people_and_the_last_text_costs_no_more_than_another() {
    let mut world = world("2026-01-06 09:00").await;
    let counts = |world: &World| {
        let (store, client) = (world.system.store.clone(), world.client());
        async move { store.counts(&client, &webinar()).await.expect("the counters") }
    };
    world.form("1", "Pat", "+13055550123").await;
    world.form("2", "Kim", "+13055550124").await;
    let begun = counts(&world).await;
    assert_eq!((begun.enrolled, begun.active()), (2, 2));
    assert_eq!(begun.last_enrolled_at, Some(new_york("2026-01-06 09:00")));
    assert_eq!(world.write("+13055550124", "STOP").await, 200);
    assert_eq!(counts(&world).await.ended(Outcome::OptedOut), 1);
    world.until("2026-01-08 12:00").await;
    let last = counts(&world).await;
    assert_eq!((last.active(), last.ended(Outcome::Completed)), (0, 1), "by the run after the last text");
    assert_eq!(world.lead("+13055550123").await.expect("Pat").uncounted, []);
}
