//! The operator's commands about clients, campaigns and keys, over the store that the functions read.

use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{
        api_key::{Presented, Scope},
        audit::Event,
        campaign::{Campaign, CampaignStatus},
    },
    ports::{Clock, Directory},
};
use leadline_cli::{
    campaigns::{self, Command},
    connect::Connection,
    person::Person,
    settings::{Keys, put, run_keys},
    system::TABLE,
    templates,
};
use leadline_tests::world::World;
use serde_json::json;

/// The campaign as an operator would write it back.
async fn webinar(world: &World) -> Campaign {
    let all = world.system.store.campaigns(&world.client()).await.expect("the store");
    all.into_iter().find(|campaign| campaign.id.as_str() == "webinar").expect("the campaign")
}

#[tokio::test]
async fn a_change_of_the_texts_is_for_who_comes_after_it_and_a_status_for_everybody() {
    let mut world = World::at("2026-01-06 10:00").await;
    world.form("1", "Pat", "+13055550123").await;
    let standing = webinar(&world).await;
    let mut changed = standing.clone();
    changed.messages[0].text = Some("Changed, {{first_name|you}}.".to_owned().try_into().expect("a template"));
    let changed = changed.replacing(Some(&standing)).expect("it can be changed");
    assert_eq!(changed.version, 2);
    world.system.store.put_campaign(&world.client(), &changed, Some(&standing)).await.expect("written");
    world.form("2", "Kim", "+13055550124").await;
    world.until("2026-01-06 11:30").await;
    let mut said: Vec<String> = world.texts().into_iter().map(|text| text.2).collect();
    said.sort();
    assert_eq!(said, ["Changed, Kim.", "Hi Pat, it's Sam."]);

    let paused = Campaign { status: CampaignStatus::Paused, ..changed.clone() };
    world.system.store.put_campaign(&world.client(), &paused, Some(&changed)).await.expect("written");
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().len(), 2, "no text while it is paused");
    let kept = webinar(&world).await.replacing(Some(&paused)).expect("it can be changed");
    assert_eq!(kept.status, CampaignStatus::Paused, "a file does not resume it");
}

/// Somebody who was asked before.
fn sam() -> Person {
    Person { by: Some("sam".to_owned()), yes: true }
}

fn there(world: &World) -> Connection {
    let store = DynamoStore::new(world.system.dynamo.client(), TABLE);
    Connection { store, now: world.system.clock.now(), client: world.client() }
}

async fn tool(world: &World, command: campaigns::Command) -> Result<String, String> {
    let mut out = Vec::new();
    let done = campaigns::run(&there(world), &command, &mut out).await;
    done.map(|()| String::from_utf8(out).expect("text")).map_err(|error| format!("{error:#}"))
}

async fn key_tool(world: &World, command: Keys) -> Result<String, String> {
    let mut out = Vec::new();
    let done = run_keys(&there(world), &command, &mut out).await;
    done.map(|()| String::from_utf8(out).expect("text")).map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn a_campaign_is_written_paused_and_deactivated_for_good() {
    let world = World::at("2026-01-06 10:00").await;
    let said = tool(&world, Command::List { json: false }).await.expect("listed");
    assert!(said.contains("webinar") && said.contains("active"), "{said}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("second.json");
    let second = |form: &str| {
        json!({
            "id": "second", "name": "A second one",
            "forms": [{"form": form, "consent": {"version": "1", "words": "Text me."}}],
            "messages": [{"step": 1, "delay_minutes": 60, "text": "Second, {{first_name|you}}."}],
        })
    };
    let put = async |form: &str| {
        std::fs::write(&file, second(form).to_string()).expect("a file");
        tool(&world, Command::Put { file: file.clone(), person: sam() }).await
    };
    let id = || "second".parse().expect("an id");
    let error = put("2150000777").await.expect_err("the form is the other campaign's");
    assert!(error.contains("another campaign's"), "{error}");
    assert!(put("list").await.expect("written").contains("version 1"));
    assert!(put("list").await.expect("the same").contains("Nothing was changed"));
    tool(&world, Command::Pause { id: id(), person: sam() }).await.expect("paused");
    tool(&world, Command::Deactivate { id: id(), person: sam() }).await.expect("deactivated");
    let error = tool(&world, Command::Resume { id: id(), person: sam() }).await.expect_err("for good");
    assert!(error.contains("for good"), "{error}");
    assert!(put("list").await.expect_err("for good").contains("deactivated"));
    assert_eq!(world.reasons(Event::SettingsChanged).await.len(), 3);
}

#[tokio::test]
async fn a_key_opens_until_it_is_revoked_and_settings_are_changed_by_name() {
    let world = World::at("2026-01-06 10:00").await;
    let add = || Keys::Add { name: "site".to_owned(), scopes: vec![Scope::Send], days: Some(30), person: sam() };
    let said = key_tool(&world, add()).await.expect("made");
    assert!(key_tool(&world, add()).await.is_err(), "one of that name is there");
    let header = format!("Bearer {}", said.lines().next().expect("a key"));
    let (client, presented) = Presented::parse(&header).expect("a key");
    let settings = async || world.system.store.client(&client).await.expect("the store").expect("settings");
    assert!(settings().await.opens(presented, Scope::Send, world.system.clock.now()).is_ok());
    key_tool(&world, Keys::Revoke { name: "site".to_owned(), person: sam() }).await.expect("revoked");
    assert!(settings().await.opens(presented, Scope::Send, world.system.clock.now()).is_err());

    let mut out = Vec::new();
    let mut new = settings().await;
    new.name = "Acme Academy".to_owned();
    put(&there(&world), new.clone(), &sam(), &mut out).await.expect("written");
    put(&there(&world), new, &sam(), &mut out).await.expect("the same");
    let said = String::from_utf8(out).expect("text");
    assert!(said.contains("are written") && said.contains("Nothing was changed"), "{said}");
    assert_eq!(settings().await.name, "Acme Academy");
    assert_eq!(world.reasons(Event::SettingsChanged).await.len(), 3);
}

#[tokio::test]
async fn a_text_that_would_not_arrive_is_not_written_and_any_text_can_be_looked_at_as_a_lead_gets_it() {
    let world = World::at("2026-01-06 10:00").await;
    world.form("1", "Pat", "+13055550123").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("second.json");
    let write = |text: &str| {
        let campaign = json!({
            "id": "second", "name": "A second one",
            "messages": [{"step": 1, "delay_minutes": 60, "text": text}],
        });
        std::fs::write(&file, campaign.to_string()).expect("a file");
    };
    let templates = async |command: templates::Command| {
        let mut out = Vec::new();
        let done = templates::run(&there(&world), &command, &mut out).await;
        (String::from_utf8(out).expect("text"), done.map_err(|error| format!("{error:#}")))
    };
    write("Acme Coaching: see bit.ly/acme. Reply STOP to end.");
    let put = || Command::Put { file: file.clone(), person: sam() };
    let error = tool(&world, put()).await.expect_err("carriers filter it");
    assert!(error.contains("/messages/0/text: carriers filter texts with links of bit.ly"), "{error}");
    let of_file = || templates::Command::Check { campaign: None, file: Some(file.clone()), json: false };
    let (said, done) = templates(of_file()).await;
    assert!(said.contains("ERROR: carriers filter texts with links of bit.ly") && done.is_err(), "{said}");
    write("It\u{2019}s here.");
    let said = tool(&world, put()).await.expect("a warning keeps nobody from writing it");
    assert!(said.contains("step 1: warning: `\u{2019}` (U+2019)") && said.contains("is written"), "{said}");
    let (said, done) = templates(of_file()).await;
    assert!(said.contains("U+2019") && said.contains("Unicode") && done.is_ok(), "{said}");
    let (said, _) = templates(templates::Command::List { campaign: None, json: true }).await;
    assert_eq!(said.lines().count(), 3, "one line for each text: {said}");

    let preview = |campaign: &str, step: u16, lead: &str| templates::Command::Preview {
        campaign: campaign.parse().expect("an id"),
        step,
        lead: lead.to_owned(),
        json: false,
    };
    let (said, _) = templates(preview("webinar", 2, "1@example.org")).await;
    assert!(said.starts_with("Still there, Pat?\n"), "{said}");
    let (_, none) = templates(preview("webinar", 9, "(305) 555-0123")).await;
    assert_eq!(none, Err("campaign webinar has no step 9; there are: 1, 2".to_owned()));
}
