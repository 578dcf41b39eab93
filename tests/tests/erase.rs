//! `leadline erase`: nothing that a person is known by is left in the table but their no.

use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{audit::Event, lead::Outcome},
    ports::Clock,
};
use leadline_cli::{connect::Connection, erase::run, system::TABLE};
use leadline_tests::world::World;

const PAT: &str = "+13055550123";
const SAID: &str = "SM000000000000000000000000000000aa";

/// Everything in the table, as text.
async fn table(world: &World) -> String {
    let found = world.system.dynamo.client().scan().table_name(TABLE).send().await.expect("the table");
    assert!(found.last_evaluated_key.is_none(), "all of it");
    format!("{:?}", found.items.expect("items"))
}

async fn erase(world: &World, lead: &str) -> anyhow::Result<leadline_cli::erase::Erased> {
    let there = Connection {
        store: DynamoStore::new(world.system.dynamo.client(), TABLE),
        now: world.system.clock.now(),
        client: world.client(),
    };
    run(&there, lead, "asked by email", "sam").await
}

async fn texted() -> World {
    let mut world = World::at("2026-01-06 10:00").await;
    world.form("1", "Patricia", PAT).await;
    world.form("2", "Kimberley", "+13055550124").await;
    world.until("2026-01-06 11:30").await;
    world
}

#[tokio::test]
async fn everything_that_a_person_is_known_by_goes_and_nobody_elses_data_does() {
    let mut world = texted().await;
    world.reply(SAID, PAT, "Call me at my sister's place").await;
    let before = table(&world).await;
    for known in ["Patricia", "3055550123", "1@example.org", "sister"] {
        assert!(before.contains(known), "{known} is there before");
    }
    let erased = erase(&world, PAT).await.expect("it can be erased");
    assert_eq!(erased.events, 2, "the form and the reply");
    let after = table(&world).await;
    for known in ["Patricia", "5550123", "555-0123", "1@example.org", "sister"] {
        assert!(!after.contains(known), "{known} is left: {after}");
    }
    assert!(after.contains("Kimberley") && after.contains("3055550124"));
    assert_eq!(world.reasons(Event::Erased).await, ["request"]);
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().iter().filter(|text| text.1 == PAT).count(), 1, "nothing goes out any more");
    assert!(erase(&world, PAT).await.is_err(), "the number leads nowhere");
}

#[tokio::test]
async fn a_no_outlives_the_person_and_stands_when_the_number_comes_again() {
    let mut world = texted().await;
    world.reply(SAID, PAT, "STOP").await;
    erase(&world, PAT).await.expect("it can be erased");
    world.form("3", "Patricia", PAT).await;
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().iter().filter(|text| text.1 == PAT).count(), 1);
    assert_eq!(world.reasons(Event::Rejected).await, ["opted_out"]);
}

#[tokio::test]
async fn a_no_that_was_taken_back_goes_with_everything_else() {
    let world = texted().await;
    world.reply(SAID, PAT, "leave me alone, says my sister").await;
    world.reply("SM000000000000000000000000000000ab", PAT, "START").await;
    erase(&world, PAT).await.expect("it can be erased");
    let after = table(&world).await;
    for known in ["Patricia", "5550123", "sister"] {
        assert!(!after.contains(known), "{known} is left: {after}");
    }
}

#[tokio::test]
async fn the_sequence_ends_and_the_books_still_balance() {
    let mut world = texted().await;
    erase(&world, PAT).await.expect("it can be erased");
    let ended: Vec<Option<Outcome>> =
        world.journal().await.iter().filter(|event| event.event == Event::EnrollmentEnded).map(|e| e.ended).collect();
    assert_eq!(ended, [Some(Outcome::Abandoned)]);
    world.until("2026-01-07 12:00").await;
    assert_eq!(world.alerts("books off"), 0);
}
