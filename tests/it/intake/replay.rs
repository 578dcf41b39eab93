//! `leadline events`: what made no sense is listed, and worked on again once it does.

use std::sync::Arc;

use leadline::{
    domain::{audit::Event, event::EventKey, ids::RunId},
    flows::{
        record::Recorder,
        replay::{NotReplayed, Replay},
    },
    ports::{Clock, Directory, IdSource},
};
use leadline_standins::fakes::SeededIds;
use leadline_tests::world::{World, new_york};
use serde_json::json;

const KEY: &str = "kj:d:form:77";

async fn again(world: &World) -> Result<(), NotReplayed> {
    let store = world.system.store.as_ref();
    let client = store.client(&world.client()).await.expect("the store").expect("settings");
    let (ids, now) = (Arc::new(SeededIds::new(3)), world.system.clock.now());
    let run = RunId(ids.new_id(now));
    let recorder = Recorder { ids: ids.as_ref(), client: &client.id, test: false, run, now };
    let replay = Replay { events: store, journal: store };
    replay.again(&client, &EventKey(KEY.to_owned()), "sam", &recorder).await
}

async fn unused(world: &World) -> Vec<(String, String)> {
    let store = world.system.store.as_ref();
    let client = store.client(&world.client()).await.expect("the store").expect("settings");
    let replay = Replay { events: store, journal: store };
    let (from, until) = (new_york("2026-01-01 00:00"), world.system.clock.now() + chrono::TimeDelta::hours(1));
    let found = replay.unused(&client, from, until, 10).await.expect("the journal");
    found.into_iter().map(|one| (one.key, one.code)).collect()
}

#[tokio::test]
async fn an_event_that_made_no_sense_is_listed_and_counts_once_more_when_it_is_worked_on_again() {
    let mut world = World::at("2026-01-06 10:00").await;
    // It does not say which form it is.
    let event =
        json!({"id": 77, "event": "form_submission", "payload": {"email": "pat@example.org", "phone": "3055550123"}});
    assert_eq!(world.kajabi(&event).await, 200);
    assert_eq!(unused(&world).await, [(KEY.to_owned(), "no_form".to_owned())]);
    again(&world).await.expect("it can be worked on again");
    assert!(matches!(again(&world).await, Err(NotReplayed::Waits(_))), "once is enough");
    assert_eq!(unused(&world).await, []);
    world.until("2026-01-06 10:30").await;
    assert_eq!(world.reasons(Event::EventUnusable).await, ["no_form", "no_form"], "it makes no sense still");
    assert_eq!(unused(&world).await.len(), 1, "found twice, one event");
    world.until("2026-01-07 12:00").await;
    assert_eq!(world.alerts("books off"), 0);
    let report =
        world.system.mailbox.sent().into_iter().map(|mail| mail.email).find(|mail| mail.subject.contains("Acme"));
    let text = report.expect("a report").text;
    assert!(!text.contains("books off"), "{text}");
}

#[tokio::test]
async fn what_was_used_is_not_used_twice() {
    let world = World::at("2026-01-06 10:00").await;
    assert!(matches!(again(&world).await, Err(NotReplayed::NoEvent(_))));
    let event = json!({"id": 77, "event": "form_submission", "payload": {"email": "pat@example.org", "phone": "3055550123", "form_id": "2150000777"}});
    assert_eq!(world.kajabi(&event).await, 200);
    assert!(matches!(again(&world).await, Err(NotReplayed::Used(_))));
}
