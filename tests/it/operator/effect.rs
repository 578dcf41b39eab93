//! What a change of a campaign would do is said before it is made, and moving people does what it says.

use leadline::{
    domain::{
        audit::Event,
        batch_job::BatchJob,
        campaign::{Campaign, CampaignStatus},
        ids::RunId,
        lead::Outcome,
    },
    flows::{
        effect::{Effect, Effects, Intended, MOST_LEADS},
        lead_scan::LeadScan,
        newest::{Move, name},
        record::Recorder,
    },
    ports::{Clock, Directory},
};
use leadline_tests::world::{World, new_york, sample};

async fn webinar(world: &World) -> Campaign {
    let all = world.system.store.campaigns(&world.client()).await.expect("the store");
    all.into_iter().find(|campaign| campaign.id.as_str() == "webinar").expect("the campaign")
}

async fn put(world: &World, campaign: &Campaign) {
    world.put_campaign(campaign).await;
}

/// With a second campaign, so that runs go on while the first is paused.
async fn world(now: &str, per_hour: u32) -> World {
    let mut client = sample();
    client["settings"]["limits"] = serde_json::json!({"per_hour": per_hour});
    client["campaigns"].as_array_mut().expect("campaigns").push(serde_json::json!({
        "id": "other", "name": "Other",
        "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi."}],
    }));
    World::with(client, now).await
}

async fn effect(world: &World, intended: Intended) -> Effect {
    let client = world.client();
    let store = world.system.store.as_ref();
    let now = world.system.clock.now();
    let run = RunId(world.system.scheduler.ids.new_id(now));
    let recorder = Recorder { ids: world.system.scheduler.ids.as_ref(), client: &client, test: false, run, now };
    let effects = Effects { directory: store, leads: store, due: store, census: store, recorder, most: MOST_LEADS };
    let settings = store.client(&client).await.expect("the store").expect("settings");
    effects.of(&settings, &webinar(world).await, &intended).await.expect("the effect")
}

fn hours(effect: &Effect) -> Vec<(String, usize)> {
    let local =
        |at: leadline::domain::Instant| at.with_timezone(&chrono_tz::America::New_York).format("%H").to_string();
    effect.after.by_hour.iter().map(|hour| (local(hour.from), hour.texts)).collect()
}

#[tokio::test]
async fn a_pause_and_a_resumption_say_how_many_texts_they_are_about_and_what_they_cost() {
    let mut world = world("2026-01-06 09:00", 100).await;
    for n in 1..=3 {
        world.form(&n.to_string(), "Pat", &format!("+1305555012{n}")).await;
    }
    let pause = effect(&world, Intended::Pause).await;
    assert_eq!((pause.people, pause.looked_at, pause.affected, pause.complete), (3, 3, 3, true));
    assert_eq!((pause.before.texts, pause.before.segments, pause.after.texts), (3, 3, 0));
    assert_eq!(world.texts().len(), 0, "nothing was done");
    world.until("2026-01-06 11:00").await;
    let campaign = Campaign { status: CampaignStatus::Paused, ..webinar(&world).await };
    put(&world, &campaign).await;
    world.until("2026-01-08 11:30").await;
    let resume = effect(&world, Intended::Resume).await;
    assert_eq!((resume.before.texts, resume.after.texts, resume.affected), (0, 3, 3));
    assert_eq!(resume.after.ends[&Outcome::Completed], 3, "it is their last text");
    assert_eq!(hours(&resume), [("11".to_owned(), 3)]);
    put(&world, &Campaign { status: CampaignStatus::Active, ..campaign }).await;
    world.until("2026-01-08 12:00").await;
    assert_eq!(world.texts().len(), 6, "and so it came");
}

#[tokio::test]
async fn texts_over_the_limit_of_an_hour_follow_in_the_next_and_those_of_the_evening_on_another_day() {
    let world = world("2026-01-06 17:00", 2).await;
    for n in 1..=5 {
        world.form(&n.to_string(), "Pat", &format!("+1305555012{n}")).await;
    }
    let as_it_is = effect(&world, Intended::Resume).await;
    assert_eq!(hours(&as_it_is), [("18".to_owned(), 2), ("19".to_owned(), 2)]);
    assert_eq!((as_it_is.after.texts, as_it_is.after.later, as_it_is.affected), (4, 1, 0));
}

#[tokio::test]
async fn a_deactivation_says_who_leaves_and_a_change_of_texts_moves_nobody() {
    let world = world("2026-01-06 09:00", 100).await;
    world.form("1", "Pat", "+13055550121").await;
    let over = effect(&world, Intended::Deactivate).await;
    assert_eq!((over.after.texts, over.after.ends[&Outcome::CampaignDeleted]), (0, 1));
    let mut new = webinar(&world).await;
    new.messages[0].text = Some("Other words.".to_owned().try_into().expect("a template"));
    let new = new.replacing(Some(&webinar(&world).await)).expect("it can be changed");
    let change = effect(&world, Intended::Change(Box::new(new))).await;
    assert_eq!((change.affected, &change.before), (0, &change.after));
}

/// Moves everybody to the newest version, and gives what was found by kind.
async fn moved(world: &World, dry_run: bool) -> Vec<(String, u64, u64)> {
    let client = world.client();
    let (store, now) = (world.system.store.as_ref(), world.system.clock.now());
    let recorder = Recorder {
        ids: world.system.scheduler.ids.as_ref(),
        client: &client,
        test: false,
        run: RunId(world.system.scheduler.ids.new_id(now)),
        now,
    };
    let campaign = webinar(world).await;
    let name = name(&campaign.id, campaign.version);
    let walking = LeadScan { census: store, leads: store, walks: None, journal: store, name: &name };
    let (plan, by) = (campaign.plan(), "sam".to_owned());
    let visit = Move { leads: store, campaign: campaign.id, plan, dry_run, by: by.clone(), recorder };
    let walk = BatchJob::new(recorder.run, &by, now);
    let walk = walking.go(walk, &visit, &recorder, &mut |_, _| {}).await.expect("it walks");
    walk.found.into_iter().map(|(code, tally)| (code, tally.found, tally.mended)).collect()
}

#[tokio::test]
async fn who_is_moved_goes_on_with_the_newest_texts_and_gets_none_twice() {
    let mut world = world("2026-01-06 09:00", 100).await;
    world.form("1", "Pat", "+13055550121").await;
    world.until("2026-01-06 10:30").await;
    world.form("2", "Kim", "+13055550122").await;
    let standing = webinar(&world).await;
    let mut new = standing.clone();
    new.messages[0].text = Some("New first, {{first_name|you}}.".to_owned().try_into().expect("a template"));
    new.messages[1].text = Some("New second, {{first_name|you}}.".to_owned().try_into().expect("a template"));
    new.messages[1] = new.messages[1].clone().after_minutes(1_440);
    let new = new.replacing(Some(&standing)).expect("it can be changed");
    put(&world, &new).await;

    assert_eq!(moved(&world, true).await, [("moved".to_owned(), 2, 0)]);
    assert_eq!(world.lead("+13055550121").await.expect("Pat").enrollments[0].version, 1, "a dry run moves nobody");
    let effect = effect(&world, Intended::MoveToNewest).await;
    assert_eq!((effect.people, effect.before.texts, effect.after.texts), (2, 1, 1));
    assert_eq!(moved(&world, false).await, [("moved".to_owned(), 2, 2)]);
    assert_eq!(moved(&world, false).await, [], "once more changes nothing");
    assert_eq!(world.reasons(Event::Moved).await.len(), 2);

    world.until("2026-01-07 12:00").await;
    let mut said: Vec<String> = world.texts().into_iter().map(|text| text.2).collect();
    said.sort();
    assert_eq!(said, ["Hi Pat, it's Sam.", "New first, Kim.", "New second, Kim.", "New second, Pat."]);
    assert!(world.system.clock.now() < new_york("2026-01-08 10:00"), "a day earlier than by the version before");
}

#[tokio::test]
async fn who_has_had_every_text_of_the_newest_version_leaves_it() {
    let mut world = world("2026-01-06 09:00", 100).await;
    world.form("1", "Pat", "+13055550121").await;
    world.until("2026-01-06 10:30").await;
    let standing = webinar(&world).await;
    let mut new = standing.clone();
    new.messages.truncate(1);
    put(&world, &new.replacing(Some(&standing)).expect("it can be changed")).await;
    assert_eq!(moved(&world, false).await, [("ended".to_owned(), 1, 1)]);
    let pat = world.lead("+13055550121").await.expect("Pat");
    assert_eq!(pat.history.last().map(|past| past.outcome), Some(Outcome::Completed));
}
