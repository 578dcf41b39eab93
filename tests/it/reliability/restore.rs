//! A table restored from a backup: it sends nothing until it has learned whom it texted since, and then the
//! sequences go on where they were.

use std::{collections::BTreeMap, sync::Arc};

use leadline::{
    aws::dynamodb::{DynamoErasures, DynamoStore},
    domain::{
        Instant,
        audit::Event,
        campaign::{Campaign, CampaignStatus},
        client::{Client, Sending},
        contact_status::ContactStatus,
        ids::RunId,
        lead::{Lead, Outcome, SmsStatus, Waits},
    },
    flows::{
        by_hand::OperatorActions,
        erase::Erase,
        restored::{Found, RestoreReconciliation, Stopped, Summary},
    },
    integrations,
    ports::{Clock, Directory, ErasureLedger, IdSource},
    runtime::RandomIds,
};
use leadline_cli::{
    connect::Connection,
    erase,
    person::told_here,
    system::{ERASURES, TABLE},
};
use leadline_standins::{carrier::Behaviour, dynamo};
use leadline_tests::world::{World, new_york, sample};
use serde_json::{Value, json};

const COPY: &str = "leadline-restored";
const PAT: &str = "+13055550123";
const KIM: &str = "+13055550124";
const ANN: &str = "+13055550125";
const LEE: &str = "+13055550126";
const ZOE: &str = "+13055550127";
const MAX: &str = "+13055550128";

/// The moment of the backup.
const BACKUP: &str = "2026-01-06 16:31";

/// Four texts a day apart, and a second campaign whose texts are a week apart.
fn client() -> Value {
    let mut client = sample();
    let step = |step: u16, delay: u32| json!({"step": step, "delay_minutes": delay, "text": format!("{{{{first_name|Hi}}}}, text {step}.")});
    client["campaigns"][0]["messages"] = json!([step(1, 60), step(2, 1440), step(3, 1440), step(4, 1440)]);
    let mut slow = client["campaigns"][0].clone();
    slow["id"] = json!("slow");
    slow["forms"][0]["form"] = json!("2150000888");
    slow["messages"] = json!([step(1, 60), step(2, 10080)]);
    client["campaigns"].as_array_mut().expect("campaigns").push(slow);
    client
}

/// The system as it was until the backup: five people in the one campaign and Max in the slow one. Zoe's
/// first text is on its way, and nobody knows yet whether it went out.
async fn until_the_backup() -> World {
    let mut world = World::with(client(), "2026-01-06 14:00").await;
    for (id, name, phone) in [("1", "Pat", PAT), ("2", "Kim", KIM), ("3", "Ann", ANN), ("4", "Lee", LEE)] {
        world.form(id, name, phone).await;
    }
    let mut slow = leadline_tests::world::form("6", "Max", MAX);
    slow["payload"][0]["relationships"]["form"]["data"]["id"] = json!("2150000888");
    assert_eq!(world.kajabi(&slow).await, 200);
    world.until("2026-01-06 15:29").await;
    world.form("5", "Zoe", ZOE).await;
    world.until("2026-01-06 16:29").await;
    assert_eq!(world.texts().len(), 5);
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.until("2026-01-06 16:31").await;
    assert_eq!(world.lead(ZOE).await.expect("a lead").sms_status(), SmsStatus::Unclear);
    world
}

/// Copies every item into a second table, as a restore does.
async fn back_up(world: &World) {
    let client = world.system.dynamo.client();
    dynamo::create_table(&client, COPY).await.expect("a table");
    let mut from = None;
    loop {
        let page = client.scan().table_name(TABLE).set_exclusive_start_key(from).send().await.expect("a page");
        for item in page.items.unwrap_or_default() {
            client.put_item().table_name(COPY).set_item(Some(item)).send().await.expect("written");
        }
        from = page.last_evaluated_key;
        if from.is_none() {
            return;
        }
    }
}

/// Two days on which texts go out, Kim says stop, Ann answers, and Max says stop to a text from before.
async fn until_the_loss(world: &mut World) {
    let answers = [
        ("2026-01-07 16:00", KIM, "STOP"),
        ("2026-01-07 17:00", ANN, "Yes, please"),
        ("2026-01-08 10:00", MAX, "Stop"),
    ];
    for (at, from, body) in answers {
        world.until(at).await;
        let heard = world.system.carrier.hear(from, "+13055550199", body);
        assert_eq!(world.reply(&heard.sid, from, body).await, 200);
    }
    world.until("2026-01-08 20:00").await;
}

/// Points everything at the copy.
fn point_at_the_copy(world: &mut World) {
    let store = Arc::new(DynamoStore::new(world.system.dynamo.client(), COPY));
    let system = &mut world.system;
    system.webhook.store = store.clone();
    system.scheduler.store = store.clone();
    system.sender.store = store.clone();
    system.reporter.store = store.clone();
    system.store = store;
}

/// The system on the copy, two days after the backup.
async fn on_the_copy() -> World {
    let mut world = until_the_backup().await;
    back_up(&world).await;
    until_the_loss(&mut world).await;
    point_at_the_copy(&mut world);
    world
}

async fn settings(world: &World) -> Client {
    world.system.store.client(&world.client()).await.expect("the store").expect("settings")
}

async fn run(world: &World) -> Result<Summary, Stopped> {
    let ledger = DynamoErasures::new(world.system.dynamo.client(), ERASURES);
    run_with(world, &ledger).await
}

async fn run_with(world: &World, ledger: &dyn ErasureLedger) -> Result<Summary, Stopped> {
    let (store, client) = (world.system.store.as_ref(), settings(world).await);
    let now = world.system.clock.now();
    let restoring = RestoreReconciliation {
        directory: store,
        leads: store,
        due: store,
        alerts: told_here(store),
        erase: Erase::new(store, integrations::read, ledger),
        provider: world.system.sender.provider.as_ref(),
        ids: &RandomIds,
        client: &client,
        since: new_york(BACKUP),
        now,
        run: RunId(RandomIds.new_id(now)),
        tenants: Default::default(),
    };
    restoring.all(&mut |_, _| {}).await
}

async fn resume(world: &World) {
    let (store, now) = (world.system.store.as_ref(), world.system.clock.now());
    let hand =
        OperatorActions { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by: "Kim", now };
    hand.resume(&world.client()).await.expect("lifted");
}

async fn of(world: &World, phone: &str) -> Lead {
    world.lead(phone).await.expect("a lead")
}

async fn found(world: &World, summary: &Summary, phone: &str) -> Found {
    let id = of(world, phone).await.id;
    summary.found.iter().find(|(lead, _)| *lead == id).map(|(_, found)| found.clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_restored_table_learns_whom_it_texted_and_the_sequences_go_on_where_they_were() {
    let mut world = on_the_copy().await;
    let before = world.texts();
    world.until("2026-01-09 09:00").await;
    assert_eq!(world.texts(), before, "a copy sends nothing by itself");

    let summary = run(&world).await.expect("compared");
    let learned = [(PAT, 2, 0), (KIM, 1, 1), (ANN, 1, 1), (LEE, 2, 0), (ZOE, 3, 0), (MAX, 0, 1)];
    for (phone, texts, replies) in learned {
        let found = found(&world, &summary, phone).await;
        assert_eq!((found.texts, found.replies, found.review), (texts, replies, None), "{phone}");
    }
    assert_eq!(of(&world, PAT).await.enrollments[0].step, 4);
    assert_eq!(of(&world, ZOE).await.in_flight, None);
    for (phone, ended) in [(KIM, "opted_out"), (ANN, "replied"), (MAX, "opted_out")] {
        assert_eq!(of(&world, phone).await.processing_status(), format!("Ended: {ended}"), "{phone}");
    }
    let sent: Vec<(Instant, Option<u16>)> = world
        .journal()
        .await
        .into_iter()
        .filter(|event| {
            event.event == Event::SmsAttempt && event.phone.as_ref().is_some_and(|phone| phone.e164() == PAT)
        })
        .map(|event| (event.at, event.step))
        .collect();
    let at = |day| new_york(&format!("2026-01-{day:02} 15:00"));
    assert_eq!(
        sent,
        [(at(6), Some(1)), (at(7), Some(2)), (at(8), Some(3))],
        "the record is as if nothing had been lost"
    );

    let leads = [of(&world, PAT).await, of(&world, KIM).await, of(&world, ZOE).await];
    let again = run(&world).await.expect("compared");
    assert_eq!(again.found, [], "running it again changes nothing more");
    assert_eq!([of(&world, PAT).await, of(&world, KIM).await, of(&world, ZOE).await], leads);

    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts(), before, "a person lifts the hold");
    resume(&world).await;
    world.until("2026-01-13 17:00").await;
    let mut got: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (at, to, body) in world.texts() {
        got.entry(to).or_default().push(format!("{at} {body}"));
    }
    for (phone, name) in [(PAT, "Pat"), (LEE, "Lee"), (ZOE, "Zoe")] {
        let words: Vec<&str> = got[phone].iter().map(|text| &text[17..]).collect();
        assert_eq!(words, [1, 2, 3, 4].map(|step| format!("{name}, text {step}.")), "{phone}");
    }
    let last = got[PAT].last().map(|text| &text[..16]);
    assert_eq!(last, Some("2026-01-09 15:00"), "a day after the text before, as if nothing had been lost");
    for (phone, texts) in [(KIM, 2), (ANN, 2), (MAX, 1)] {
        assert_eq!(got[phone].len(), texts, "{:?}", got[phone]);
    }
}

#[tokio::test]
async fn a_text_that_the_list_shows_as_failed_is_none_that_the_person_got() {
    let mut world = on_the_copy().await;
    let sid = |phone: &str, words: &str| {
        let ledger = world.system.carrier.ledger();
        ledger.into_iter().find(|text| text.to == phone && text.body.contains(words)).expect("a text").sid
    };
    let (pat, lee) = (sid(PAT, "text 2"), sid(LEE, "text 2"));
    assert!(world.system.carrier.set_status(&pat, "undelivered", Some(30006)));
    assert!(world.system.carrier.set_status(&lee, "failed", None));
    let before = world.texts();
    let summary = run(&world).await.expect("compared");
    assert_eq!(of(&world, PAT).await.history.last().map(|past| past.outcome), Some(Outcome::Undeliverable));
    let why = found(&world, &summary, LEE).await.review.expect("a person looks");
    assert!(why.contains("lists a text of 2026-01-07 20:15 UTC as failed"), "{why}");
    let lead = of(&world, LEE).await;
    assert_eq!(
        (lead.enrollments[0].step, lead.enrollments[0].sent),
        (2, 1),
        "the first one counts, the second does not"
    );
    resume(&world).await;
    world.until("2026-01-13 17:00").await;
    let to = |texts: &[(String, String, String)], phone: &str| texts.iter().filter(|(_, to, _)| to == phone).count();
    for phone in [PAT, LEE] {
        assert_eq!(to(&world.texts(), phone), to(&before, phone), "{phone} gets nothing more by itself");
    }
}

#[tokio::test]
async fn without_the_procedure_sending_stays_on_hold() {
    let mut world = on_the_copy().await;
    let before = world.texts();
    let stands = settings(&world).await.sending;
    assert!(matches!(&stands, Sending::OnHold { reason, try_at: None, .. } if reason.contains("copy of leadline")));
    let client = world.client();
    let lifted = world.system.store.set_sending(&client, &stands, &Sending::On).await.expect("the store");
    assert!(!lifted, "nobody lifts it by hand");
    world.until("2026-01-10 12:00").await;
    assert_eq!(world.texts(), before);
    assert_eq!(world.system.store.copy_of(&client).await.expect("the store").as_deref(), Some(TABLE));
}

#[tokio::test]
async fn a_text_that_is_no_step_puts_the_lead_before_a_person() {
    let mut world = on_the_copy().await;
    world.change(|client| client.booking_link = Some("https://example.com/book".to_owned())).await;
    // Someone wrote to Pat from the provider's own console.
    let offer = leadline_standins::carrier::Offer {
        to: PAT.to_owned(),
        from: Some("+13055550199".to_owned()),
        body: "Call me back!".to_owned(),
        ..Default::default()
    };
    world.system.carrier.offer(offer);
    let summary = run(&world).await.expect("compared");
    let pat = found(&world, &summary, PAT).await;
    assert_eq!(pat.texts, 2);
    assert!(pat.review.is_some_and(|why| why.contains("no next step")), "{summary:?}");
    assert!(matches!(of(&world, PAT).await.enrollments[0].waits, Waits::ForReview { .. }));
    assert_eq!(run(&world).await.expect("compared").found, []);
    resume(&world).await;
    world.until("2026-01-10 12:00").await;
    let to_pat = world.texts().into_iter().filter(|(_, to, _)| to == PAT).count();
    assert_eq!(to_pat, 4, "three steps and the one by hand");
}

#[tokio::test]
async fn lists_that_cannot_be_read_put_leads_before_a_person_until_they_can_be() {
    let mut world = on_the_copy().await;
    world.system.carrier.set_lookups_down(true);
    let stopped = run(&world).await.expect_err("a list that was not read may hold a no");
    assert!(stopped.to_string().contains("cannot be read"), "{stopped}");
    assert!(!world.sending().await.lets_through(world.system.clock.now()), "it is a copy still");
    assert!(of(&world, PAT).await.enrollments.iter().all(|live| matches!(live.waits, Waits::ForReview { .. })));
    world.system.carrier.set_lookups_down(false);
    let summary = run(&world).await.expect("compared");
    assert_eq!(found(&world, &summary, PAT).await.texts, 2);
    assert!(of(&world, PAT).await.enrollments.iter().all(|live| matches!(live.waits, Waits::Until(_))));
    resume(&world).await;
    world.until("2026-01-09 17:00").await;
    for (phone, texts) in [(PAT, 4), (KIM, 2), (ANN, 2), (LEE, 4), (ZOE, 4), (MAX, 1)] {
        assert_eq!(world.texts().iter().filter(|(_, to, _)| to == phone).count(), texts, "{phone}");
    }
}

#[tokio::test]
async fn who_waited_for_a_paused_campaign_at_the_backup_is_compared_as_well() {
    let mut client = leadline_tests::world::sample();
    client["campaigns"].as_array_mut().expect("campaigns").push(serde_json::json!({
        "id": "other", "name": "Other", "messages": [{"step": 1, "delay_minutes": 60, "text": "Hi."}],
    }));
    let mut world = World::with(client, "2026-01-06 14:00").await;
    let turn = async |world: &World, status: CampaignStatus| {
        let all = world.system.store.campaigns(&world.client()).await.expect("the store");
        let webinar = all.into_iter().find(|campaign| campaign.id.as_str() == "webinar").expect("the campaign");
        world.put_campaign(&Campaign { status, ..webinar }).await;
    };
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 16:00").await;
    turn(&world, CampaignStatus::Paused).await;
    world.until("2026-01-08 16:00").await;
    assert!(world.lead(PAT).await.expect("Pat").enrollments[0].parked);
    back_up(&world).await;
    turn(&world, CampaignStatus::Active).await;
    world.until("2026-01-08 17:00").await;
    assert_eq!(world.texts().len(), 2);
    let heard = world.system.carrier.hear(PAT, "+13055550199", "STOP");
    assert_eq!(world.reply(&heard.sid, PAT, "STOP").await, 200);
    point_at_the_copy(&mut world);
    run(&world).await.expect("it compares");
    let pat = world.lead(PAT).await.expect("Pat");
    assert!(matches!(pat.standing, ContactStatus::OptedOut(_)), "{:?}", pat.standing);
    assert!(pat.enrollments.is_empty(), "and nothing goes out again");
}

async fn erased(world: &World, lead: &str) {
    let ledger = DynamoErasures::new(world.system.dynamo.client(), ERASURES);
    let conn = Connection {
        store: DynamoStore::new(world.system.dynamo.client(), TABLE),
        now: world.system.clock.now(),
        client: world.client(),
    };
    erase::run(&conn, &ledger, lead, "asked by email", "sam").await.expect("erased");
}

/// How many items of the copy hold any of these.
async fn holding(world: &World, words: &[&str]) -> usize {
    let found = world.system.dynamo.client().scan().table_name(COPY).send().await.expect("the copy");
    assert!(found.last_evaluated_key.is_none(), "all of it");
    let items = found.items.expect("items").into_iter().map(|item| format!("{item:?}").to_lowercase());
    items.filter(|item| words.iter().any(|word| item.contains(word))).count()
}

#[tokio::test]
async fn who_was_erased_is_not_brought_back_by_a_restore_and_who_comes_again_stays() {
    let mut world = until_the_backup().await;
    let pat = of(&world, PAT).await.id;
    back_up(&world).await;
    world.until("2026-01-07 16:00").await;
    erased(&world, PAT).await;
    let texted = |world: &World| world.texts().iter().filter(|(_, to, _)| to == PAT).count();
    assert_eq!(texted(&world), 2);
    point_at_the_copy(&mut world);
    let words = ["pat", "3055550123", "1@example.org"];
    assert!(holding(&world, &words).await > 3, "the copy has brought her back");

    let nowhere = DynamoErasures::new(world.system.dynamo.client(), "nowhere");
    let stopped = run_with(&world, &nowhere).await.expect_err("nobody knows who was erased");
    assert!(stopped.to_string().contains("erased people would be back"), "{stopped}");
    assert!(!world.sending().await.lets_through(world.system.clock.now()), "it is a copy still");
    let summary = run(&world).await.expect("compared");
    assert_eq!(summary.erased, 1);
    assert_eq!(holding(&world, &words).await, 0);
    assert_eq!(run(&world).await.expect("compared").erased, 1, "again, which changes nothing");

    world.until("2026-01-07 16:10").await;
    world.form("21", "Patty", PAT).await;
    assert_eq!(run(&world).await.expect("compared").erased, 1);
    let again = of(&world, PAT).await;
    assert!(again.id != pat && again.enrollments.len() == 1, "what came in after the erasure is her new word");
    resume(&world).await;
    world.until("2026-01-07 18:00").await;
    assert_eq!(texted(&world), 3);
    world.leaves_jobs();
}

#[tokio::test]
async fn who_gave_consent_again_before_the_erasure_was_repeated_is_left_to_a_person() {
    let mut world = until_the_backup().await;
    let pat = of(&world, PAT).await.id;
    back_up(&world).await;
    erased(&world, PAT).await;
    erased(&world, KIM).await;
    point_at_the_copy(&mut world);
    world.until("2026-01-07 09:00").await;
    world.form("21", "Patty", PAT).await;
    let summary = run(&world).await.expect("compared");
    assert_eq!((summary.erased, summary.came_again), (1, vec![pat]));
    assert_eq!(of(&world, PAT).await.id, pat, "her new form is in the lead that the copy brought back");
    assert_eq!(holding(&world, &["kim", "3055550124", "2@example.org"]).await, 0);
}

#[tokio::test]
async fn who_was_erased_and_is_no_lead_in_the_copy_is_searched_for_by_what_is_remembered() {
    let mut world = World::with(client(), "2026-01-06 14:00").await;
    let mut odd = leadline_tests::world::form("31", "Pat", PAT);
    odd["payload"][0]["relationships"] = json!({});
    odd["event"] = json!("contact_created");
    odd["payload"][0]["type"] = json!("contacts");
    assert_eq!(world.kajabi(&odd).await, 200);
    back_up(&world).await;
    world.until("2026-01-06 16:40").await;
    world.form("31", "Pat", PAT).await;
    world.until("2026-01-06 18:00").await;
    erased(&world, PAT).await;
    point_at_the_copy(&mut world);
    assert!(holding(&world, &["31@example.org"]).await > 0);
    assert_eq!(run(&world).await.expect("compared").erased, 1);
    assert_eq!(holding(&world, &["pat", "3055550123", "31@example.org"]).await, 0);
}
