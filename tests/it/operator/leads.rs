//! `leadline leads` and `leadline clients set`, over the store that the functions read.

use clap::Parser;
use leadline::{aws::dynamodb::DynamoStore, domain::audit::Event, ports::Clock};
use leadline_cli::{
    connect::Connection,
    leads::{Command, run},
    person::Person,
    settings::change,
    system::TABLE,
};
use leadline_tests::world::{World, form};
use serde_json::Value;

#[derive(Parser)]
struct Leads {
    #[command(subcommand)]
    command: Command,
}

fn there(world: &World) -> Connection {
    let store = DynamoStore::new(world.system.dynamo.client(), TABLE);
    Connection { store, now: world.system.clock.now(), client: world.client() }
}

/// What `leadline leads` prints, by somebody who was asked before.
async fn leads(world: &World, args: &[&str]) -> Result<String, String> {
    let acts = matches!(args[0], "enroll" | "hold" | "release" | "end");
    let by = if acts { ["--by", "kim", "--yes"].as_slice() } else { &[] };
    let words = ["leads"].iter().chain(args).chain(by);
    let command = Leads::try_parse_from(words).map_err(|error| error.to_string())?.command;
    let mut out = Vec::new();
    let done = run(&there(world), &command, &mut out).await;
    done.map(|()| String::from_utf8(out).expect("text")).map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn leads_are_listed_page_by_page_and_by_how_they_stand() {
    let mut world = World::at("2026-01-06 10:00").await;
    for (id, name, number) in [("1", "Pat", "0123"), ("2", "Kim", "0124"), ("3", "Lou", "0125")] {
        world.form(id, name, &format!("+1305555{number}")).await;
    }
    world.until("2026-01-06 11:30").await;
    world.reply("SM000000000000000000000000000000aa", "+13055550124", "STOP").await;
    let list = async |args: &[&str]| {
        let args: Vec<&str> = ["list", "--json"].iter().chain(args).copied().collect();
        let said = leads(&world, &args).await.expect("listed");
        said.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>()
    };
    let all = list(&[]).await;
    assert_eq!(all.len(), 3);
    let mut paged = list(&["--limit", "2"]).await;
    paged.extend(list(&["--limit", "2", "--after", paged[1]["id"].as_str().expect("an id")]).await);
    assert_eq!(paged, all, "the pages are the whole");
    let out = list(&["--status", "opted-out"]).await;
    assert_eq!((out.len(), out[0]["phone"].as_str()), (1, Some("+13055550124")));
    assert_eq!(list(&["--status", "in-sequence", "--campaign", "webinar"]).await.len(), 2);
    assert_eq!(list(&["--campaign", "other"]).await.len(), 0);
    let said = leads(&world, &["list", "--limit", "1"]).await.expect("listed");
    assert!(said.contains("There may be more: --after") && !said.contains("0123"), "numbers are masked: {said}");
    let said = leads(&world, &["list", "--limit", "3"]).await.expect("listed");
    assert!(said.contains("3 lead(s) of 3") && !said.contains("There may be more"), "{said}");
}

#[tokio::test]
async fn a_lead_is_shown_whole_and_put_on_hold_and_out_by_command() {
    let mut world = World::at("2026-01-06 10:00").await;
    world.form("1", "Pat", "+13055550123").await;
    world.until("2026-01-06 11:30").await;
    let said = leads(&world, &["show", "1@example.org"]).await.expect("shown");
    for part in ["Pat", "(305) 555-0123", "In webinar since", "step 2 is next", "words 2026-01", "Hi Pat, it's Sam."] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = leads(&world, &["hold", "(305) 555-0123", "--because", "on the phone"]).await.expect("held");
    assert!(said.contains("is on hold"), "{said}");
    let said = leads(&world, &["hold", "(305) 555-0123", "--because", "again"]).await.expect("held before");
    assert!(said.contains("on hold already: on the phone"), "{said}");
    let said = leads(&world, &["list", "--status", "held"]).await.expect("listed");
    assert!(said.contains("1 lead(s) of 1"), "{said}");
    leads(&world, &["release", "(305) 555-0123", "--because", "done"]).await.expect("lifted");
    let said = leads(&world, &["end", "(305) 555-0123", "--because", "asked for email"]).await.expect("ended");
    assert!(said.contains("has left webinar"), "{said}");
    let said = leads(&world, &["end", "(305) 555-0123", "--because", "again"]).await.expect("nothing to end");
    assert!(said.contains("Nothing was ended"), "{said}");
    let enroll =
        ["enroll", "1@example.org", "--campaign", "webinar", "--terms", "2026-01", "--basis", "asked by phone"];
    let error = leads(&world, &enroll).await.expect_err("she got texts of it");
    assert!(error.contains("was in campaign webinar before"), "{error}");
    assert_eq!(world.reasons(Event::LeadHeld).await, ["operator"]);

    // By a form that no campaign lists, Kim is a lead who is in nothing.
    let mut unknown = form("2", "Kim", "+13055550124");
    unknown["payload"][0]["relationships"]["form"]["data"]["id"] = "999".into();
    assert_eq!(world.kajabi(&unknown).await, 200);
    let enroll =
        ["enroll", "2@example.org", "--campaign", "webinar", "--terms", "2026-01", "--basis", "asked by phone"];
    let said = leads(&world, &enroll).await.expect("enrolled");
    assert!(said.contains("is in campaign webinar: enrolled, waits"), "{said}");
    world.until("2026-01-06 13:00").await;
    assert_eq!(world.texts().last().map(|text| text.2.as_str()), Some("Hi Kim, it's Sam."));
    let said = leads(&world, &["show", "2@example.org"]).await.expect("shown");
    assert!(said.contains("stated by kim: asked by phone") && said.contains("also enrolled"), "{said}");
}

#[tokio::test]
async fn a_setting_is_changed_by_its_path_with_what_changes_shown() {
    let world = World::at("2026-01-06 10:00").await;
    let sam = Person { by: Some("sam".to_owned()), yes: true };
    let set = async |path: &str, value: &str| {
        let mut out = Vec::new();
        let done = change(&there(&world), path, value, &sam, &mut out).await;
        done.map(|()| String::from_utf8(out).expect("text")).map_err(|error| format!("{error:#}"))
    };
    let said = set("limits.per_hour", "200").await.expect("changed");
    assert!(said.contains("limits.per_hour: 100 → 200") && said.contains("are written"), "{said}");
    assert!(set("limits.per_hour", "200").await.expect("the same").contains("Nothing was changed"));
    assert!(set("limits.per_hour", "many").await.is_err());
    assert_eq!(world.reasons(Event::SettingsChanged).await.len(), 1);
}
