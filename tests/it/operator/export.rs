//! `leadline export`: everything of one client, and nothing of another.

use leadline::{aws::dynamodb::DynamoStore, domain::ids::ClientId, ports::Clock};
use leadline_cli::{
    connect::Connection,
    export::{Summary, run},
    system::TABLE,
};
use leadline_tests::world::World;

async fn export(world: &World, client: ClientId, folder: &std::path::Path) -> anyhow::Result<Summary> {
    let there = Connection {
        store: DynamoStore::new(world.system.dynamo.client(), TABLE),
        now: world.system.clock.now(),
        client,
    };
    run(&there, folder).await
}

#[tokio::test]
async fn leads_conversations_and_opt_outs_are_tables_and_everything_is_there() {
    let mut world = World::at("2026-01-06 10:00").await;
    world.form("1", "Pat", "+13055550123").await;
    world.form("2", "Kim", "+13055550124").await;
    world.until("2026-01-06 11:30").await;
    world.reply("SM000000000000000000000000000000aa", "+13055550123", "=1+1 please").await;
    world.reply("SM000000000000000000000000000000ab", "+13055550124", "STOP").await;
    let folder = tempfile::tempdir().expect("a folder");
    let into = folder.path().join("acme");
    let summary = export(&world, world.client(), &into).await.expect("exported");
    assert_eq!((summary.leads, summary.messages, summary.opt_outs, summary.unreadable), (2, 4, 1, 0));
    let read = |name: &str| std::fs::read_to_string(into.join(name)).expect(name);
    let leads = read("leads.csv");
    assert!(leads.contains("Pat") && leads.contains("+13055550124") && leads.contains("opted out"), "{leads}");
    assert!(read("conversations.csv").contains("'=1+1 please"));
    assert!(read("opt-outs.csv").contains("+13055550124,2026-01-06"), "{}", read("opt-outs.csv"));
    let lines: Vec<serde_json::Value> =
        read("everything.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len() as u64, summary.items);
    for kind in ["settings", "campaign", "plan", "lead", "profile", "happened", "event", "number"] {
        assert!(lines.iter().any(|line| line["kind"] == kind), "{kind}");
    }
    assert!(export(&world, world.client(), &into).await.is_err(), "nothing is written over");

    let other = folder.path().join("other");
    let none = export(&world, ClientId::parse("acm").expect("an id"), &other).await.expect("exported");
    assert_eq!(none.items, 0, "a client whose id begins the same");
}
