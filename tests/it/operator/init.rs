//! `leadline init`: a client in one step, that texts nobody before a person says so.

use clap::Parser;
use leadline::{
    aws::dynamodb::DynamoStore,
    domain::{
        api_key::{Presented, Scope},
        campaign::CampaignStatus,
        client::{Client, Mode},
        ids::ClientId,
    },
    ports::{Clock, Directory},
};
use leadline_cli::{
    connect::Connection,
    init::{Options, run},
    person::Person,
    system::TABLE,
};
use leadline_tests::world::{World, form};
use serde_json::Value;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    options: Options,
}

const TWILIO: &str = "init --id studio --name Studio --zone America/Chicago --admin owner@example.org \
                      --provider twilio --account AC00000000000000000000000000000002 --sender +13125550198";

async fn init(world: &World, command: &str, more: &[&str]) -> Result<String, String> {
    let words = command.split_whitespace().chain(more.iter().copied());
    let options = Command::try_parse_from(words).map_err(|error| error.to_string())?.options;
    let store = DynamoStore::new(world.system.dynamo.client(), TABLE);
    let there = Connection { store, now: world.system.clock.now(), client: options.id.clone() };
    let mut out = Vec::new();
    let sam = Person { by: Some("sam".to_owned()), yes: true };
    let done = run(&there, &options, Some("https://hooks.example.com/"), &sam, &mut out).await;
    done.map(|()| String::from_utf8(out).expect("text")).map_err(|error| format!("{error:#}"))
}

async fn settings(world: &World) -> Client {
    let id: ClientId = "studio".parse().expect("an id");
    world.system.store.client(&id).await.expect("the store").expect("settings")
}

#[tokio::test]
async fn a_client_is_set_up_in_one_step_and_its_form_comes_in_and_nobody_is_texted() {
    let mut world = World::at("2026-01-06 10:00").await;
    let consent = ["--form", "2150000888", "--consent", "Text me.", "--json"];
    let said: Value = serde_json::from_str(&init(&world, TWILIO, &consent).await.expect("set up")).expect("JSON");
    let client = settings(&world).await;
    let Mode::Test { phone: None, email: Some(email) } = &client.mode else { panic!("{:?}", client.mode) };
    assert_eq!(email.as_str(), "owner@example.org");
    assert!(client.default_text.is_some() && client.since == Some(world.system.clock.now()));
    let header = format!("Bearer {}", said["api_key"].as_str().expect("a key"));
    let (id, presented) = Presented::parse(&header).expect("a key");
    assert!(id == client.id && client.opens(presented, Scope::Send, world.system.clock.now()).is_ok());
    let campaigns = world.system.store.campaigns(&client.id).await.expect("the store");
    assert!(campaigns.len() == 2 && campaigns.iter().all(|campaign| campaign.status == CampaignStatus::Paused));
    assert_eq!(
        said["secret"]["command"],
        "aws secretsmanager create-secret --name leadline/studio --secret-string file://secret.json"
    );

    let address = said["addresses"]["Kajabi"].as_str().expect("an address");
    let path = address.strip_prefix("https://hooks.example.com").expect("under the base that was given");
    let mut event = form("1", "Pat", "+13125550123");
    event["payload"][0]["relationships"]["form"]["data"]["id"] = "2150000888".into();
    assert_eq!(world.post(path, event.to_string(), &[("content-type", "application/json")]).await, 200);
    world.until("2026-01-09 20:00").await;
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn a_client_that_is_there_is_not_touched() {
    let world = World::at("2026-01-06 10:00").await;
    let said = init(&world, TWILIO, &["--live"]).await.expect("set up");
    assert!(said.contains("is set up, live") && said.contains("/webhooks/twilio/studio/inbound"), "{said}");
    assert!(said.contains("\"twilio_auth_token\"") && !said.contains("Go live"), "{said}");
    let before = settings(&world).await;
    let error = init(&world, TWILIO, &[]).await.expect_err("it is there");
    assert!(error.contains("there is a client studio already"), "{error}");
    assert_eq!(settings(&world).await, before);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let world = World::at("2026-01-06 10:00").await;
    let simple = "init --id studio --name Studio --zone America/Chicago --admin owner@example.org \
                  --provider simpletexting --sender +13125550198";
    let openphone = "init --id studio --name Studio --zone America/Chicago --admin owner@example.org \
                     --provider openphone --account PN0demo0001 --sender +13125550198";
    for (command, more, why) in [
        (TWILIO, ["--test-phone", "12"].as_slice(), "--test-phone `12` is no phone number"),
        (TWILIO, &["--form", "7"], "--consent"),
        (TWILIO, &["--form", "7", "--consent", " "], "--consent is empty"),
        (TWILIO, &["--live", "--test-phone", "+13125550197"], "cannot be used with"),
        (TWILIO, &["--region", "Mars"], "is not a country code"),
        (simple, &["--account", "AC1"], "SimpleTexting has no --account"),
        (&openphone.replace("PN0demo0001", "XX1"), &[], "PN and letters"),
        (&TWILIO.replace("AC0", "AC"), &[], "AC and 32 hexadecimal digits"),
    ] {
        let error = init(&world, command, more).await.expect_err(why);
        assert!(error.contains(why), "{error}");
    }
    let studio: ClientId = "studio".parse().expect("an id");
    assert!(world.system.store.client(&studio).await.expect("the store").is_err());
    assert!(world.system.store.campaigns(&studio).await.expect("the store").is_empty());
    let said = init(&world, simple, &[]).await.expect("set up");
    assert!(said.contains("/webhooks/simpletexting/studio/"), "{said}");
    assert_eq!(settings(&world).await.simpletexting.token_hashes, settings(&world).await.kajabi.token_hashes);
    let said = init(&world, &openphone.replace("studio", "atelier"), &["--test-phone", "+13125550197"]).await;
    assert!(said.expect("set up").contains("openphone_webhook_secret"));
}
