//! A form that no campaign knows becomes a campaign by itself: one, paused, that texts nobody before a
//! person has looked at it.

use leadline::{
    domain::ids::RunId,
    domain::{
        audit::Event,
        campaign::{Campaign, CampaignStatus, FormRule},
        consent::ConsentTerms,
    },
    flows::campaigns::{Actor, Campaigns, NotChanged, Turn},
    flows::record::Recorder,
    ports::{Directory, IdSource},
};
use leadline_standins::fakes::SeededIds;
use leadline_tests::world::{World, form, new_york, sample};
use serde_json::{Value, json};

/// A form that no campaign lists, sent by somebody.
fn unknown(id: &str, name: &str, phone: &str) -> Value {
    let mut event = form(id, name, phone);
    event["payload"][0]["relationships"]["form"]["data"]["id"] = "2150000999".into();
    let title = json!({"id": "2150000999", "type": "forms", "attributes": {"title": "Spring retreat"}});
    event["payload"].as_array_mut().expect("a payload").push(title);
    event
}

async fn campaign(world: &World, id: &str) -> Option<Campaign> {
    let all = world.system.store.campaigns(&world.client()).await.expect("campaigns");
    all.into_iter().find(|campaign| campaign.id.as_str() == id)
}

/// Why leads were turned away, in words.
async fn words(world: &World) -> Vec<String> {
    let rejected = world.journal().await.into_iter().filter(|event| event.event == Event::Rejected);
    rejected.map(|event| event.detail.unwrap_or_default()).collect()
}

#[tokio::test]
async fn an_unknown_form_becomes_a_paused_campaign_and_its_lead_is_kept_with_the_reason() {
    let mut world = World::at("2026-01-06 10:00").await;
    let event = unknown("1", "Pat", "+13055550123");
    assert_eq!(world.kajabi(&event).await, 200);
    let made = campaign(&world, "form-2150000999").await.expect("a campaign");
    assert_eq!((made.name.as_str(), &made.status), ("Spring retreat", &CampaignStatus::Paused));
    assert!(made.auto_discovered && made.awaits_review() && made.messages[0].text.is_none());
    assert_eq!(world.reasons(Event::Rejected).await, ["unknown_form"]);
    assert!(words(&world).await[0].contains("campaign form-2150000999 was made for it and waits for review"));
    assert!(world.lead("+13055550123").await.is_some_and(|lead| lead.enrollments.is_empty()));
    assert_eq!(world.alerts("a form that no campaign knows: Spring retreat"), 1);

    assert_eq!(world.kajabi(&event).await, 200, "the same event again");
    assert_eq!(world.kajabi(&unknown("2", "Kim", "+13055550124")).await, 200, "somebody else");
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.kajabi(&unknown("3", "Lee", "+13055550125")).await, 200, "on another day");
    assert_eq!(campaign(&world, "form-2150000999").await, Some(made));
    assert_eq!(world.alerts("a form that no campaign knows"), 1, "one mail for one form");
    assert_eq!(world.reasons(Event::SettingsChanged).await, ["operator"]);
    assert_eq!(world.reasons(Event::Rejected).await, ["unknown_form"; 3]);
    assert_eq!(world.texts(), []);
}

#[tokio::test]
async fn two_forms_at_once_make_one_campaign() {
    let world = World::at("2026-01-06 10:00").await;
    let (one, two) = (unknown("1", "Pat", "+13055550123"), unknown("2", "Kim", "+13055550124"));
    let (first, second) = tokio::join!(world.kajabi(&one), world.kajabi(&two));
    assert_eq!((first, second), (200, 200));
    let all = world.system.store.campaigns(&world.client()).await.expect("campaigns");
    assert_eq!(all.iter().filter(|campaign| campaign.auto_discovered).count(), 1);
    assert_eq!(world.alerts("a form that no campaign knows"), 1);
    assert_eq!(world.reasons(Event::SettingsChanged).await.len(), 1);
    assert_eq!(world.reasons(Event::Rejected).await, ["unknown_form"; 2]);
}

#[tokio::test]
async fn a_campaign_that_has_the_id_already_breaks_nothing() {
    let mut client = sample();
    let squatter = json!({"id": "form-2150000999", "name": "Mine", "messages": [{"step": 1, "text": "Hi."}]});
    client["campaigns"].as_array_mut().expect("campaigns").push(squatter);
    let world = World::with(client, "2026-01-06 10:00").await;
    let before = campaign(&world, "form-2150000999").await;
    assert_eq!(world.kajabi(&unknown("1", "Pat", "+13055550123")).await, 200);
    assert_eq!(campaign(&world, "form-2150000999").await, before);
    assert_eq!(world.reasons(Event::Rejected).await, ["unknown_form"]);
    assert!(words(&world).await[0].contains("taken off"), "{:?}", words(&world).await);
}

#[tokio::test]
async fn an_address_that_got_out_makes_a_bounded_number_of_campaigns() {
    let world = World::at("2026-01-06 10:00").await;
    for n in 0..55 {
        let mut event = unknown(&format!("{}", n + 1), "Pat", "+13055550123");
        event["payload"][0]["relationships"]["form"]["data"]["id"] = format!("77{n}").into();
        assert_eq!(world.kajabi(&event).await, 200);
    }
    let all = world.system.store.campaigns(&world.client()).await.expect("campaigns");
    assert_eq!(all.iter().filter(|campaign| campaign.auto_discovered).count(), 50);
    assert!(words(&world).await.iter().any(|words| words.contains("50 campaigns wait for review already")));
}

#[tokio::test]
async fn once_reviewed_and_resumed_it_enrolls_by_what_was_written() {
    let mut world = World::at("2026-01-06 10:00").await;
    world.kajabi(&unknown("1", "Pat", "+13055550123")).await;
    let client = world.client();
    let actor = Actor { who: "sam".to_owned(), from: "the terminal of sam".to_owned() };
    let ids = SeededIds::new(1);
    let now = new_york("2026-01-06 10:00");
    let recorder = Recorder { ids: &ids, client: &client, test: false, run: RunId(ids.new_id(now)), now };
    let store = world.system.store.clone();
    let campaigns = Campaigns { directory: store.as_ref(), journal: store.as_ref(), recorder, actor: &actor };
    let id = "form-2150000999".parse().expect("an id");
    let reviewed = campaigns.change(&id, |stands| {
        let mut new = stands.clone();
        let terms: ConsentTerms = serde_json::from_value(json!({"version": "1", "words": "Text me."})).expect("terms");
        new.forms = stands.forms.iter().map(|rule| FormRule { consent: Some(terms.clone()), ..rule.clone() }).collect();
        new.messages[0].text = Some("See you there.".to_owned().try_into().expect("a template"));
        Ok(new)
    });
    assert!(reviewed.await.expect("changed").changed);
    assert!(campaigns.turn(&id, Turn::Resume).await.expect("resumed").changed);
    assert!(!campaigns.turn(&id, Turn::Resume).await.expect("resumed").changed);
    world.kajabi(&unknown("2", "Kim", "+13055550124")).await;
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts().iter().map(|text| text.1.as_str()).collect::<Vec<_>>(), ["+13055550124"]);
    let made = campaign(&world, id.as_str()).await.expect("a campaign");
    assert!(made.auto_discovered && made.version == 2);
    campaigns.turn(&id, Turn::Deactivate).await.expect("deactivated");
    assert!(matches!(campaigns.turn(&id, Turn::Pause).await, Err(NotChanged::Over { .. })));
    world.kajabi(&unknown("3", "Lee", "+13055550125")).await;
    assert_eq!(campaign(&world, id.as_str()).await.map(|campaign| campaign.forms), Some(vec![]), "it stays over");
    let audit = world.journal().await;
    let said = audit.iter().filter(|event| event.event == Event::SettingsChanged);
    let mut said: Vec<&str> = said.filter_map(|event| event.detail.as_deref()).collect();
    said.retain(|said| said.contains("by sam"));
    said.sort_unstable();
    assert_eq!(
        said,
        [
            "campaign form-2150000999, version 1 to 2: forms, messages, by sam from the terminal of sam",
            "campaign form-2150000999, version 2: status, active, by sam from the terminal of sam",
            "campaign form-2150000999, version 2: status, deactivated, by sam from the terminal of sam",
        ]
    );
}
