//! A provider that asks to wait (429): no try is used up, nobody is put in review, one operator is told once,
//! and what waited goes once the provider takes texts again.

use leadline::{
    domain::{
        audit::{AuditEvent, Event, Status},
        client::Sending,
        contact_status::ContactStatus,
        lead::{Lead, Outcome, SmsStatus},
    },
    ports::Clock,
};
use leadline_standins::carrier::Behaviour;
use leadline_tests::world::{World, sample};
use serde_json::{Value, json};

const PAT: &str = "+13055550123";

/// The sample client, whose first texts may go until so many minutes after the form.
fn client(latest_minutes: u32) -> Value {
    let mut client = sample();
    client["campaigns"][0]["timing"] = json!({"latest_minutes": latest_minutes});
    client
}

/// A world with so many leads whose first texts are due on Tuesday at 15:00.
async fn with_leads(client: Value, many: usize) -> World {
    let mut world = World::with(client, "2026-01-06 14:00").await;
    for n in 0..many {
        world.form(&(n + 1).to_string(), "Pat", &format!("30555501{n:02}")).await;
    }
    world.until("2026-01-06 14:59").await;
    world
}

async fn leads(world: &World, many: usize) -> Vec<Lead> {
    let mut leads = Vec::new();
    for n in 0..many {
        leads.push(world.lead(&format!("30555501{n:02}")).await.expect("a lead"));
    }
    leads
}

async fn attempts(world: &World, reason: &str) -> usize {
    world.reasons(Event::SmsAttempt).await.iter().filter(|found| *found == reason).count()
}

fn subjects(world: &World) -> Vec<String> {
    world.system.mailbox.sent().into_iter().map(|mail| mail.email.subject).collect()
}

async fn first(world: &World, event: Event) -> AuditEvent {
    world.journal().await.into_iter().find(|found| found.event == event).expect("recorded")
}

#[tokio::test]
async fn ninety_minutes_of_429_and_30_leads_come_to_30_texts_one_alert_and_nobody_in_review() {
    let mut world = with_leads(client(360), 30).await;
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-06 16:29").await;
    assert_eq!(world.texts(), []);
    let all = leads(&world, 30).await;
    assert!(all.iter().all(|lead| lead.in_flight.as_ref().is_none_or(|text| text.tries == 0)), "no try is used up");
    let tried = attempts(&world, "throttled").await;
    assert_eq!(tried, 8, "three in the first minutes, then one a run finds out whether it takes any");
    assert_eq!(world.system.queue.next_visible_at(), None, "no job waits on the queue");
    world.system.carrier.script_default(Behaviour::Accept);
    world.until("2026-01-06 16:30").await;
    assert_eq!((world.texts().len(), world.sending().await), (1, Sending::On), "the first one lets the others go");
    world.until("2026-01-06 16:32").await;
    assert_eq!(world.texts().len(), 30);
    let numbers: std::collections::BTreeSet<_> = world.texts().into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(numbers.len(), 30, "each once");
    assert_eq!(subjects(&world).len(), 1, "{:?}", subjects(&world));
    assert_eq!(world.alerts("the SMS provider has been asking to wait for more than 30 minutes"), 1);
    assert_eq!(world.reasons(Event::ReviewNeeded).await, [""; 0]);
    assert_eq!(world.reasons(Event::SendingHeld).await, ["throttled"]);
    assert_eq!(world.reasons(Event::SendingResumed).await, ["throttled"]);
    assert_eq!(world.system.queue.dead_letters().len(), 0);
    assert!(leads(&world, 30).await.iter().all(|lead| lead.sms_status() == SmsStatus::Sent));
}

#[tokio::test]
async fn with_the_default_timing_the_others_follow_the_first_that_is_taken_at_once() {
    let mut world = World::with(sample(), "2026-01-06 09:00").await;
    for n in 0..30 {
        world.form(&(n + 1).to_string(), "Pat", &format!("30555501{n:02}")).await;
    }
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-06 11:40").await;
    assert_eq!(world.texts(), []);
    world.system.carrier.script_default(Behaviour::Accept);
    world.until("2026-01-06 11:50").await;
    assert_eq!(world.texts().len(), 30);
}

#[tokio::test]
async fn a_single_429_is_no_news_and_costs_the_others_of_the_run_some_minutes() {
    let mut world = with_leads(client(180), 10).await;
    world.system.carrier.script_next([Behaviour::Throttled]);
    world.until("2026-01-06 15:00").await;
    assert_eq!((world.texts().len(), attempts(&world, "throttled").await), (0, 1), "the others are not even tried");
    world.until("2026-01-06 15:05").await;
    assert_eq!(world.texts().len(), 9, "one tried it, and the others followed");
    world.until("2026-01-06 15:16").await;
    assert_eq!((world.texts().len(), attempts(&world, "throttled").await), (10, 1));
    assert_eq!(subjects(&world), [""; 0]);
    assert_eq!(world.system.queue.dead_letters().len(), 0);
}

#[tokio::test]
async fn a_number_that_cannot_be_texted_shows_that_the_provider_looks_at_texts_again() {
    let mut world = with_leads(client(360), 2).await;
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-06 15:50").await;
    world.system.carrier.script_default(Behaviour::Refuse { code: 21211, http_status: 400 });
    world.until("2026-01-06 16:00").await;
    assert_eq!(world.sending().await, Sending::On);
    let ended = leads(&world, 2).await.into_iter().filter(|lead| lead.history.len() == 1).count();
    assert_eq!(ended, 1, "one text tried it");
    world.until("2026-01-06 16:02").await;
    assert!(leads(&world, 2).await.iter().all(|lead| lead.history.len() == 1), "the other followed");
}

#[tokio::test]
async fn forty_minutes_of_429_end_in_a_text_at_the_next_run() {
    let mut world = World::at("2026-01-06 13:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-06 14:40").await;
    assert_eq!(world.lead(PAT).await.expect("a lead").sms_status(), SmsStatus::RetryScheduled);
    world.system.carrier.script_default(Behaviour::Accept);
    world.until("2026-01-06 16:00").await;
    assert_eq!(world.texts(), [("2026-01-06 14:45".to_owned(), PAT.to_owned(), "Hi Pat, it's Sam.".to_owned())]);
}

#[tokio::test]
async fn tries_that_failed_before_it_asked_to_wait_still_count_after_it() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.system.carrier.script_next([
        Behaviour::CONGESTED,
        Behaviour::CONGESTED,
        Behaviour::Throttled,
        Behaviour::CONGESTED,
        Behaviour::CONGESTED,
    ]);
    world.until("2026-01-06 17:00").await;
    let reasons = world.reasons(Event::SmsAttempt).await;
    assert_eq!(reasons, ["not_sent", "not_sent", "throttled", "not_sent", "not_sent"]);
    assert_eq!(world.reasons(Event::ReviewNeeded).await, ["failed"]);
    assert!(first(&world, Event::ReviewNeeded).await.detail.is_some_and(|words| words.contains("not sent in 4 tries")));
}

#[tokio::test]
async fn a_first_text_whose_time_runs_out_meanwhile_ends_as_expired_and_names_the_cause() {
    let mut world = with_leads(client(120), 3).await;
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-06 18:00").await;
    for lead in leads(&world, 3).await {
        let past = lead.history.first().expect("it ended");
        assert_eq!(past.outcome, Outcome::Expired);
        assert!(past.reason.contains("the SMS provider asks to wait: too many requests"), "{}", past.reason);
    }
    assert_eq!(world.texts(), []);
    assert_eq!(world.reasons(Event::ReviewNeeded).await, [""; 0]);
    let ended = world.journal().await.into_iter().filter(|event| event.ended == Some(Outcome::Expired)).count();
    assert_eq!(ended, 3, "each is counted");
    world.until("2026-01-07 09:01").await;
    let subjects = subjects(&world);
    let report = subjects.iter().find(|subject| subject.contains("3 leads were given up"));
    assert!(report.is_some_and(|subject| subject.contains("ACT")), "{subjects:?}");
}

#[tokio::test]
async fn a_later_text_without_a_deadline_waits_for_as_long_as_it_takes() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-08 12:00").await;
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-09 12:00").await;
    assert_eq!(world.texts().len(), 1);
    assert!(attempts(&world, "throttled").await > 30, "all afternoon and all the next morning");
    world.system.carrier.script_default(Behaviour::Accept);
    world.until("2026-01-09 12:16").await;
    assert_eq!(world.texts().len(), 2);
    assert_eq!(world.alerts("has been asking to wait"), 2, "on the first day, and on the next");
}

#[tokio::test]
async fn the_report_shows_it_only_while_it_lasts() {
    let mut world = World::at("2026-01-05 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-07 12:00").await;
    world.system.carrier.script_default(Behaviour::Throttled);
    world.until("2026-01-08 09:01").await;
    let report = |world: &World| {
        let sent = world.system.mailbox.sent();
        sent.into_iter().rfind(|mail| mail.email.html.is_some()).expect("a report").email
    };
    let lasting = report(&world);
    assert!(lasting.text.contains("The SMS provider has been asking to wait for"), "{}", lasting.text);
    world.system.carrier.script_default(Behaviour::Accept);
    world.until("2026-01-09 09:01").await;
    let over = report(&world);
    assert!(!over.text.contains("asking to wait for"), "{}", over.text);
}

#[tokio::test]
async fn an_answer_that_is_turned_away_is_not_sent_again_and_spares_the_next_text_the_same() {
    let mut client = client(360);
    client["settings"]["answers"] = json!({"opted_out": "{{business_name}}: you get no more texts from us."});
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 15:10").await;
    world.system.carrier.script_next([Behaviour::Throttled]);
    assert_eq!(world.reply("SM00000000000000000000000000000001", PAT, "take me off your list").await, 200);
    world.until("2026-01-06 15:11").await;
    assert!(matches!(world.lead(PAT).await.expect("a lead").standing, ContactStatus::OptedOut(_)));
    let answer = first(&world, Event::AnswerSent).await;
    assert_eq!((answer.status, answer.reason.as_deref()), (Status::Failed, Some("opted_out")));
    assert!(answer.detail.is_some_and(|words| words.contains("asked to wait")));
    assert!(world.sending().await.throttled_for(world.system.clock.now()).is_some());
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.texts().len(), 1);
    // Hours later it is one text like any other that finds out.
    world.form("2", "Kim", "3055550124").await;
    world.until("2026-01-06 19:30").await;
    assert_eq!((world.texts().len(), world.sending().await), (2, Sending::On));
}
