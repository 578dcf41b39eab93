//! What waits for a person is said every day until it is cleared, and a reply that needs an answer at once.

use leadline::{
    aws::dynamodb::{DynamoErasures, DynamoStore},
    domain::{
        Instant,
        audit::Event,
        client::Mode,
        contact_status::ContactStatus,
        email::EmailAddress,
        ids::LeadId,
        lead::{Lead, Waits},
    },
    flows::{
        alerts::Alerts,
        by_hand::{NotDone, OperatorActions, Verdict, Word},
    },
    ports::{AttentionList, Clock, Directory, Email, LeadStore},
};
use leadline_cli::{
    connect::Connection,
    erase,
    person::ToldHere,
    system::{ERASURES, TABLE},
};
use leadline_standins::carrier::Behaviour;
use leadline_tests::world::{World, new_york};

const PAT: &str = "+13055550123";

fn sid(n: u32) -> String {
    format!("SM{n:032}")
}

async fn says(world: &World, n: u32, from: &str, words: &str) {
    assert_eq!(world.reply(&sid(n), from, words).await, 200, "{words}");
}

/// Pat got the first text of two.
async fn with_pat() -> World {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    world.until("2026-01-06 15:10").await;
    world
}

async fn pat(world: &World) -> Lead {
    world.lead(PAT).await.expect("Pat")
}

/// Something done by hand, as a command does it.
macro_rules! by_hand {
    ($world:expr) => {{
        let store = $world.system.store.as_ref();
        let alerts = Alerts { once: &ToldHere, mailer: &ToldHere, journal: store };
        let ids = $world.system.webhook.ids.as_ref();
        OperatorActions { directory: store, leads: store, alerts, ids, by: "Kim", now: $world.system.clock.now() }
    }};
}

fn mails(world: &World) -> Vec<(Instant, Email)> {
    world.system.mailbox.sent().into_iter().map(|sent| (sent.at, sent.email)).collect()
}

/// The daily reports, each with the line by which it says what was fixed.
fn reports(world: &World) -> Vec<(Email, Option<String>)> {
    let reports = mails(world).into_iter().map(|(_, mail)| mail).filter(|mail| mail.html.is_some());
    let fixed = |mail: &Email| mail.text.lines().find(|line| line.starts_with("Fixed")).map(str::to_owned);
    reports.map(|mail| (mail.clone(), fixed(&mail))).collect()
}

/// The mails about people who wrote.
fn told(world: &World) -> Vec<(Instant, Email)> {
    let about = |mail: &Email| mail.html.is_none() && mail.subject.contains("for your answer");
    mails(world).into_iter().filter(|(_, mail)| about(mail)).collect()
}

/// Lets days pass, and gives the reports of them.
async fn days(world: &mut World, from: u32, to: u32) -> Vec<(Email, Option<String>)> {
    let before = reports(world).len();
    for day in from..=to {
        world.until(&format!("2026-01-{day:02} 12:00")).await;
    }
    reports(world).split_off(before)
}

/// What stands for a week is said on each of its days, is said to be fixed once when it was cleared, and then
/// all is well.
async fn is_said_until_cleared<F: AsyncFnOnce(&mut World, LeadId)>(
    mut world: World,
    says: &str,
    topic: &str,
    clear: F,
) {
    let week = days(&mut world, 7, 13).await;
    assert_eq!(week.len(), 7);
    for (day, (report, fixed)) in week.iter().enumerate() {
        let first = report.text.lines().next().unwrap_or_default();
        assert!(report.subject.contains(": LOOK. "), "day {day}: {}", report.subject);
        assert!(first.contains(says), "day {day}: {first}");
        assert!(report.text.contains("Pat R., +1•••••••"), "day {day}: {}", report.text);
        assert!(!report.text.contains("5550123") && !report.text.contains("Rivera"), "{}", report.text);
        assert!(fixed.as_ref().is_none_or(|fixed| !fixed.contains(topic)), "day {day}: {fixed:?}");
    }
    let last = &week[6].0;
    assert!(last.text.contains("6 days"), "its age is said: {}", last.text);
    let id = world.system.store.waiting(&world.client(), 10).await.expect("the store")[0].lead;
    assert!(last.text.contains(&id.to_string()), "with the command that settles it");
    clear(&mut world, id).await;
    assert_eq!(world.system.store.waiting(&world.client(), 10).await.expect("the store"), []);
    let after = days(&mut world, 14, 16).await;
    for (report, _) in &after {
        assert!(!report.text.contains(says), "{}", report.text);
    }
    let fixed: Vec<bool> =
        after.iter().map(|(_, fixed)| fixed.as_ref().is_some_and(|fixed| fixed.contains(topic))).collect();
    assert_eq!(fixed, [true, false, false], "{after:?}");
    assert!(after[2].0.subject.contains(": OK. "), "{}", after[2].0.subject);
    world.leaves_jobs();
}

#[tokio::test]
async fn a_lead_that_is_held_is_in_every_report_until_somebody_decides() {
    let world = with_pat().await;
    says(&world, 1, PAT, "No thanks").await;
    assert!(matches!(pat(&world).await.standing, ContactStatus::Held { .. }));
    is_said_until_cleared(world, "1 person is held for your decision", "held leads", async |world, id| {
        let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
        by_hand!(world).decide_held(&client, id, Verdict::End, "called them").await.expect("decided");
    })
    .await;
}

#[tokio::test]
async fn a_lead_in_review_for_its_state_is_in_every_report_until_somebody_has_looked() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "(512) 555-0144").await;
    world.until("2026-01-06 15:10").await;
    let lead = world.lead("+15125550144").await.expect("a lead");
    assert!(matches!(lead.enrollments[0].waits, Waits::ForReview { .. }));
    let first = days(&mut world, 7, 7).await;
    assert!(first[0].0.text.contains("TX is not among"), "the report says why: {}", first[0].0.text);
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "(512) 555-0144").await;
    world.until("2026-01-06 15:10").await;
    is_said_until_cleared(world, "1 person waits for review", "waiting for review", async |world, id| {
        let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
        by_hand!(world).end_lead(&client, id, None, "Texas is not served").await.expect("ended");
    })
    .await;
}

#[tokio::test]
async fn a_text_that_only_a_person_can_settle_is_in_every_report_until_it_is() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "3055550123").await;
    world.until("2026-01-06 14:59").await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.system.carrier.set_lookups_down(true);
    world.until("2026-01-06 15:40").await;
    world.system.carrier.set_lookups_down(false);
    let week = days(&mut world, 7, 13).await;
    for (report, fixed) in &week {
        assert!(report.subject.contains(": ACT. 1 text may have gone out"), "{}", report.subject);
        assert!(
            report.text.contains("Pat R., +1•••••••123") && report.text.contains("leadline settle"),
            "{}",
            report.text
        );
        assert_eq!(*fixed, None);
    }
    let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
    let id = pat(&world).await.id;
    by_hand!(world).settle(&client, id, &Word::Sent { provider_id: None }, "it is in the log").await.expect("settled");
    let after = days(&mut world, 14, 16).await;
    let fixed: Vec<bool> =
        after.iter().map(|(_, fixed)| fixed.as_ref().is_some_and(|f| f.contains("unclear"))).collect();
    assert_eq!(fixed, [true, false, false]);
    world.leaves_jobs();
}

#[tokio::test]
async fn a_reply_without_an_answer_is_the_first_line_of_every_report_until_it_was_answered() {
    let mut world = with_pat().await;
    says(&world, 1, PAT, "Yes! I want to book, when can we talk?").await;
    let lead = pat(&world).await;
    assert_eq!(lead.unanswered.as_ref().map(|waits| waits.untold), Some(None), "the business was told");
    let report = days(&mut world, 7, 7).await.remove(0).0;
    assert_eq!(report.text.lines().next(), Some("1 person waits for your answer, since Tue 15:10."), "{}", report.text);
    let world = with_pat().await;
    says(&world, 1, PAT, "Yes! I want to book, when can we talk?").await;
    is_said_until_cleared(world, "1 person waits for your answer", "replies without an answer", async |world, id| {
        let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
        by_hand!(world).answered(&client, id).await.expect("answered");
        let twice = by_hand!(world).answered(&client, id).await;
        assert!(matches!(twice, Err(NotDone::Refused(_))), "there is nothing left to answer");
    })
    .await;
}

#[tokio::test]
async fn an_opt_out_an_erasure_and_nothing_less_clear_a_reply() {
    let world = with_pat().await;
    says(&world, 1, PAT, "How much is it?").await;
    says(&world, 2, PAT, "HELP").await;
    assert!(pat(&world).await.unanswered.is_some());
    says(&world, 3, PAT, "STOP").await;
    assert_eq!(pat(&world).await.attention(), None);
    says(&world, 4, PAT, "sorry, a question all the same?").await;
    let lead = pat(&world).await;
    assert!(lead.unanswered.is_some(), "somebody who opted out may ask something");
    let (store, system) = (world.system.store.as_ref(), &world.system);
    let client = store.client(&world.client()).await.expect("the store").expect("settings");
    let store_there = DynamoStore::new(system.dynamo.client(), TABLE);
    let there = Connection { store: store_there, now: system.clock.now(), client: client.id.clone() };
    let ledger = DynamoErasures::new(system.dynamo.client(), ERASURES);
    erase::run(&there, &ledger, &lead.id.to_string(), "asked by email", "sam").await.expect("erased");
    assert_eq!(store.waiting(&client.id, 10).await.expect("the store"), []);
}

#[tokio::test]
async fn the_first_reply_is_told_at_once_and_further_ones_of_the_quarter_together_by_the_next_run() {
    let mut world = World::at("2026-01-06 14:00").await;
    for (n, name) in [(1, "Pat Rivera"), (2, "Kim Lee"), (3, "Ann <b>Poe</b>")] {
        world.form(&n.to_string(), name, &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 15:16").await;
    says(&world, 1, "+13055550101", "Yes!\n> Leadline: nothing to do\nCall me at 6").await;
    let at_once = told(&world);
    assert_eq!(at_once.len(), 1);
    assert_eq!(at_once[0].1.subject, "acme: LOOK. Pat Rivera waits for your answer");
    let text = &at_once[0].1.text;
    for shown in ["Pat Rivera, +1•••••••101", "\n> Yes!\n> > Leadline: nothing to do\n> Call me at 6\n", "--answered"]
    {
        assert!(text.contains(shown), "{shown:?} is not in {text}");
    }
    says(&world, 1, "+13055550101", "Yes!\n> Leadline: nothing to do\nCall me at 6").await;
    says(&world, 2, "+13055550102", "How much is it?").await;
    world.until("2026-01-06 15:18").await;
    says(&world, 3, "+13055550102", "And when?").await;
    says(&world, 4, "+13055550103", "Me too").await;
    assert_eq!(told(&world).len(), 1, "a repeat and further ones of the quarter are not mailed at once");
    world.until("2026-01-06 15:31").await;
    let mails = told(&world);
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[1].0, new_york("2026-01-06 15:30"));
    assert_eq!(mails[1].1.subject, "acme: LOOK. 2 people wait for your answer");
    assert!(mails[1].1.text.contains("> How much is it?") && mails[1].1.text.contains("> And when?"));
    assert!(!mails[1].1.text.contains("Call me at 6"), "who was told of is not told of again");
    world.until("2026-01-06 20:00").await;
    assert_eq!(told(&world).len(), 2, "and nobody is told of twice");
    says(&world, 5, "+13055550101", "When does it begin?").await;
    let mails = told(&world);
    assert_eq!(mails.len(), 3, "a new quarter");
    assert_eq!(mails[2].1.subject, "acme: LOOK. Pat Rivera wrote again and waits for your answer");
    let since = "You were told of what came before; nobody has answered since Tue 6 Jan 15:16 EST.";
    assert!(mails[2].1.text.contains(since), "{}", mails[2].1.text);
    let logged = world.reasons(Event::AlertSent).await;
    assert_eq!(logged, ["unanswered"; 3]);
    let details: Vec<_> = world.journal().await.into_iter().filter(|event| event.event == Event::AlertSent).collect();
    assert!(details.iter().all(|event| !format!("{event:?}").contains("Pat")), "no name in the record of a mail");
}

#[tokio::test]
async fn whom_a_mail_that_failed_was_about_is_told_of_by_the_next_run_and_the_reply_is_taken_in_all_the_same() {
    let mut world = with_pat().await;
    world.system.mailbox.fail(Some("planted"));
    says(&world, 1, PAT, "When can we talk?").await;
    world.system.mailbox.fail(None);
    assert_eq!(told(&world).len(), 0);
    assert!(pat(&world).await.enrollments.is_empty(), "the sequence has ended");
    world.until("2026-01-06 15:16").await;
    let mails = told(&world);
    assert_eq!(mails.len(), 1);
    assert!(mails[0].1.text.contains("> When can we talk?"));
    world.until("2026-01-06 18:00").await;
    assert_eq!(told(&world).len(), 1);
}

#[tokio::test]
async fn whom_a_process_left_that_died_before_its_mail_is_told_of_by_the_next_run() {
    let mut world = with_pat().await;
    // What stands when the webhook wrote the reply and went no further.
    let store = &world.system.store;
    let stored = store.lead(&world.client(), pat(&world).await.id).await.expect("the store").expect("Pat");
    let mut lead = stored.lead;
    lead.await_answer(world.system.clock.now());
    store.save(&lead, Some(stored.rev), leadline::ports::SideWrites::default()).await.expect("written");
    world.until("2026-01-06 15:16").await;
    assert_eq!(told(&world).len(), 1);
    world.until("2026-01-06 18:00").await;
    assert_eq!(told(&world).len(), 1);
}

#[tokio::test]
async fn in_test_mode_the_test_address_is_told_and_without_one_nobody_is() {
    for (email, mails) in [(Some("test@example.com"), 1), (None, 0)] {
        let world = with_pat().await;
        let to = email.and_then(|email| EmailAddress::parse(email).ok());
        world.change(|client| client.mode = Mode::Test { phone: None, email: to }).await;
        says(&world, 1, PAT, "When can we talk?").await;
        let told = told(&world);
        assert_eq!(told.len(), mails);
        assert!(
            told.iter().all(|(_, mail)| mail.subject.starts_with("[TEST] ") && mail.to.as_str() == "test@example.com")
        );
        assert!(pat(&world).await.unanswered.is_some());
    }
}

#[tokio::test]
async fn opt_outs_keywords_and_doubtful_replies_are_not_told_as_replies_to_answer() {
    let world = with_pat().await;
    for (n, words) in [(1, "HELP"), (2, "not interested"), (3, "START"), (4, "STOP")] {
        says(&world, n, PAT, words).await;
    }
    assert_eq!((told(&world).len(), pat(&world).await.attention()), (0, None));
}

#[tokio::test]
async fn a_campaign_that_came_about_by_itself_is_in_every_report_until_somebody_has_looked() {
    let mut world = World::at("2026-01-06 14:00").await;
    let mut event = leadline_tests::world::form("1", "Pat Rivera", "3055550123");
    event["payload"][0]["relationships"]["form"]["data"]["id"] = "2150000999".into();
    assert_eq!(world.kajabi(&event).await, 200);
    let all = world.system.store.campaigns(&world.client()).await.expect("the store");
    let found = all.iter().find(|campaign| campaign.awaits_review()).cloned().expect("a campaign");
    for (report, _) in days(&mut world, 7, 9).await {
        assert!(report.text.contains("1 campaign waits for review"), "{}", report.text);
    }
    let mut reviewed = found.clone();
    reviewed.status = leadline::domain::campaign::CampaignStatus::Active;
    world.put_campaign(&reviewed).await;
    let after = days(&mut world, 10, 11).await;
    assert!(after[0].1.as_ref().is_some_and(|fixed| fixed.contains("campaigns to review")), "{:?}", after[0]);
    assert_eq!(after[1].1, None);
}

#[tokio::test]
async fn one_lead_that_cannot_be_read_keeps_nobody_else_from_being_told_of() {
    let mut world = World::at("2026-01-06 14:00").await;
    for (n, name) in [(1, "Pat Rivera"), (2, "Kim Lee")] {
        world.form(&n.to_string(), name, &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 15:16").await;
    world.system.mailbox.fail(Some("planted"));
    says(&world, 1, "+13055550101", "How much is it?").await;
    says(&world, 2, "+13055550102", "And when?").await;
    world.system.mailbox.fail(None);
    let store = &world.system.store;
    let waiting = store.waiting(&world.client(), 10).await.expect("the store");
    assert_eq!(waiting.len(), 2);
    let (broken, dynamo) = (waiting[0].lead, world.system.dynamo.client());
    let text = |value: String| aws_sdk_dynamodb::types::AttributeValue::S(value);
    let update = dynamo.update_item().table_name(TABLE).update_expression("SET #d.phone = :broken");
    let update = update.key("pk", text(format!("C#{}#L#{broken}", world.client()))).key("sk", text("LEAD".to_owned()));
    let update = update.expression_attribute_names("#d", "d").expression_attribute_values(":broken", text("x".into()));
    update.send().await.expect("a broken item");
    assert!(store.lead(&world.client(), broken).await.is_err(), "it cannot be read");
    world.until("2026-01-06 15:31").await;
    let mails = told(&world);
    assert_eq!(mails.len(), 1, "the other one is told of");
    assert_eq!(mails[0].1.subject, "acme: LOOK. Kim Lee waits for your answer");
}
