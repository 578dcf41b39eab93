//! One lead's sequences by hand: into a campaign, on hold, out of it. By the same rules as everything else.

use leadline::{
    domain::{
        audit::Event,
        client::Client,
        contact_status::ContactStatus,
        ids::{CampaignId, LeadId},
        lead::Outcome,
    },
    flows::by_hand::{Agreed, Ended, LeadHold, NotDone, OperatorActions, PutIn},
    ports::{Clock, Directory, LeadStore},
    runtime::RandomIds,
};
use leadline_cli::person::told_here;

use leadline_tests::world::{World, sample};
use serde_json::json;

const PAT: &str = "+13055550123";
const AGREED: Agreed<'_> = Agreed { terms: "paper-1", basis: "paper form of the workshop on 3 January" };

/// The sample client with a second campaign, which no form that anybody sends leads into.
async fn world() -> World {
    let mut client = sample();
    let campaigns = client["campaigns"].as_array_mut().expect("campaigns");
    campaigns.push(json!({
        "id": "workshop", "name": "Workshop",
        "forms": [{"form": "paper", "consent": {"version": "paper-1", "words": "Text me about the workshop."}}],
        "messages": [{"step": 1, "delay_minutes": 60, "text": "Workshop, {{first_name|there}}."}],
    }));
    World::with(client, "2026-01-06 10:00").await
}

async fn by_hand<T>(world: &World, act: impl AsyncFnOnce(OperatorActions<'_>, Client) -> T) -> T {
    let (store, now) = (world.system.store.as_ref(), world.system.clock.now());
    let client = store.client(&world.client()).await.expect("the store").expect("settings");
    act(
        OperatorActions { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by: "kim", now },
        client,
    )
    .await
}

async fn pat(world: &World) -> LeadId {
    world.lead(PAT).await.expect("the lead").id
}

fn workshop() -> CampaignId {
    "workshop".parse().expect("an id")
}

async fn enroll(world: &World, agreed: Agreed<'_>) -> Result<PutIn, NotDone> {
    let id = pat(world).await;
    by_hand(world, async |hand, client| hand.enroll(&client, id, &workshop(), agreed).await).await
}

fn why<T: std::fmt::Debug>(done: Result<T, NotDone>) -> String {
    match done {
        Err(NotDone::Refused(why)) => why,
        other => panic!("{other:?} was not refused"),
    }
}

#[tokio::test]
async fn who_is_put_in_by_hand_is_texted_like_everybody_else_once_and_the_books_balance() {
    let mut world = world().await;
    world.form("1", "Pat", PAT).await;
    assert!(matches!(enroll(&world, AGREED).await, Ok(PutIn::Now(_))));
    assert_eq!(enroll(&world, AGREED).await.expect("nothing more"), PutIn::Before);
    let id = pat(&world).await;
    let profile = world.system.store.lead(&world.client(), id).await.expect("the store").expect("the lead").profile;
    let consent = profile.consent.expect("a consent");
    assert_eq!(
        (consent.terms.as_str(), consent.how.as_str(), consent.form),
        ("paper-1", "stated by kim: paper form of the workshop on 3 January", None)
    );
    let journal = world.journal().await;
    let entered: Vec<_> = journal.iter().filter(|event| event.event == Event::AlsoEnrolled).collect();
    assert_eq!(entered.len(), 1);
    assert_eq!(consent.event, format!("audit:{}", entered[0].id), "the consent names what proves it");
    assert!(entered[0].detail.as_deref().is_some_and(|said| said.starts_with("kim: paper form")), "{entered:?}");
    world.until("2026-01-07 09:30").await;
    let texts = world.texts().into_iter().filter(|(.., body)| body == "Workshop, Pat.").count();
    assert_eq!(texts, 1);
    let report = world.system.mailbox.sent().pop().expect("a report").email;
    assert!(report.text.contains("Events: difference                  0"), "{}", report.text);
}

#[tokio::test]
async fn who_would_be_turned_away_at_the_door_is_turned_away_by_hand_and_nothing_is_written() {
    let mut world = world().await;
    world.form("1", "Pat", PAT).await;
    let before = world.journal().await.len();
    let unknown = why(enroll(&world, Agreed { terms: "2026-01", ..AGREED }).await);
    assert!(unknown.contains("no consent words of version `2026-01`; there are: paper-1"), "{unknown}");
    assert!(why(enroll(&world, Agreed { basis: " ", ..AGREED }).await).contains("say how it is known"));
    let nobody: LeadId = "00000000000000000000000007".parse().expect("an id");
    let said = by_hand(&world, async |hand, client| hand.enroll(&client, nobody, &workshop(), AGREED).await).await;
    assert!(why(said).contains("has no lead"));
    assert_eq!(world.journal().await.len(), before);

    world.reply("SM000000000000000000000000000000aa", PAT, "STOP").await;
    assert_eq!(why(enroll(&world, AGREED).await), "not enrolled: the person has opted out");
    world.until("2026-01-09 20:00").await;
    assert_eq!(world.texts().len(), 0);
}

#[tokio::test]
async fn a_lead_on_hold_gets_nothing_until_the_hold_is_lifted() {
    let mut world = world().await;
    world.form("1", "Pat", PAT).await;
    let id = pat(&world).await;
    let hold = async |world: &World, because: &'static str| {
        by_hand(world, async |hand, client| hand.hold_lead(&client, id, because).await).await
    };
    assert_eq!(hold(&world, "talking to her today").await.expect("held"), LeadHold::Now);
    let again = hold(&world, "once more").await.expect("held");
    assert_eq!(again, LeadHold::Before("talking to her today".to_owned()));
    assert!(why(hold(&world, "").await).contains("say why"));
    assert!(matches!(enroll(&world, AGREED).await, Ok(PutIn::Now(_))), "what comes later waits, too");
    world.until("2026-01-06 12:00").await;
    assert_eq!(
        (world.texts().len(), world.reasons(Event::LeadHeld).await.as_slice()),
        (0, ["operator".to_owned()].as_slice())
    );
    by_hand(&world, async |hand, client| hand.release(&client, id, "done talking").await).await.expect("lifted");
    world.until("2026-01-06 13:30").await;
    assert_eq!(world.texts().len(), 2, "both sequences go on");
    world.reply("SM000000000000000000000000000000aa", PAT, "STOP").await;
    assert!(why(hold(&world, "after a no").await).contains("opted out"));
    assert!(matches!(world.lead(PAT).await.expect("the lead").standing, ContactStatus::OptedOut(_)));
}

#[tokio::test]
async fn what_is_ended_by_hand_sends_nothing_more_and_the_rest_goes_on() {
    let mut world = world().await;
    world.form("1", "Pat", PAT).await;
    enroll(&world, AGREED).await.expect("enrolled");
    let id = pat(&world).await;
    let end = async |world: &World, campaign: Option<CampaignId>| {
        let because = "she asked for email instead";
        by_hand(world, async |hand, client| hand.end_lead(&client, id, campaign.as_ref(), because).await).await
    };
    let ended = end(&world, Some(workshop())).await.expect("ended");
    assert_eq!(ended, Ended { campaigns: vec![workshop()], on_its_way: false });
    assert!(end(&world, Some(workshop())).await.expect("nothing more").campaigns.is_empty());
    world.until("2026-01-06 12:00").await;
    let said: Vec<String> = world.texts().into_iter().map(|(.., body)| body).collect();
    assert_eq!(said, ["Hi Pat, it's Sam."], "the other sequence goes on");
    assert_eq!(end(&world, None).await.expect("ended").campaigns.len(), 1);
    world.until("2026-01-10 12:00").await;
    assert_eq!(world.texts().len(), 1);
    let past: Vec<Outcome> = world.lead(PAT).await.expect("the lead").history.iter().map(|past| past.outcome).collect();
    assert_eq!(past, [Outcome::Abandoned, Outcome::Abandoned]);
    let ended = world.journal().await.into_iter().filter(|event| event.event == Event::EnrollmentEnded);
    assert!(
        ended.clone().count() == 2
            && ended.into_iter().all(|event| event.detail.is_some_and(|why| why.starts_with("kim: she asked")))
    );
    assert!(matches!(enroll(&world, AGREED).await, Ok(PutIn::Now(_))), "who got nothing of it may enter again");
}
