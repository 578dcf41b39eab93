//! What becomes of a text whose answer never came, and when it is tried again: by the clock, from outside.

use leadline::{
    domain::{
        audit::{Event, Status},
        client::ProviderSettings,
        contact_status::ContactStatus,
        lead::{Outcome, SmsStatus},
        receipt::deliveries,
    },
    ports::Clock,
};
use leadline_standins::carrier::{Accepted, Behaviour};
use leadline_tests::world::World;

const PAT: &str = "+13055550123";

/// A world with one lead whose first text is about to go out, on Tuesday at 15:00.
async fn with_a_lead() -> World {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 14:59").await;
    world
}

/// When the texts of the first hour went out, as minutes and seconds after 15:00.
fn times(world: &World) -> Vec<String> {
    world.system.carrier.ledger().iter().map(|text| text.at.format("%M:%S").to_string()).collect()
}

async fn status(world: &World) -> SmsStatus {
    world.lead(PAT).await.expect("a lead").sms_status()
}

fn the_text(world: &World) -> Accepted {
    world.system.carrier.ledger().pop().expect("a text")
}

#[tokio::test]
async fn a_text_that_provably_did_not_go_out_is_tried_again_after_30_seconds_5_and_30_minutes() {
    for (refusals, expected) in [(1, "00:30"), (2, "05:30"), (3, "35:30")] {
        let mut world = with_a_lead().await;
        world.system.carrier.script_next(vec![Behaviour::CONGESTED; refusals]);
        world.until("2026-01-06 15:00").await;
        assert_eq!(status(&world).await, SmsStatus::RetryScheduled);
        world.until("2026-01-06 16:00").await;
        assert_eq!(times(&world), [expected], "after {refusals} refusals");
        let tries = vec!["not_sent"; refusals];
        assert_eq!(world.reasons(Event::SmsAttempt).await, [tries, vec!["sent"]].concat());
        assert_eq!(status(&world).await, SmsStatus::Sent);
    }
}

#[tokio::test]
async fn after_the_fourth_try_it_waits_for_a_person_who_is_told_once_and_its_job_is_a_dead_letter() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_default(Behaviour::CONGESTED);
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.reasons(Event::SmsAttempt).await, ["not_sent"; 4]);
    assert_eq!((world.texts().len(), status(&world).await), (0, SmsStatus::Failed));
    assert_eq!(world.lead(PAT).await.expect("a lead").processing_status(), "Error - Review Required");
    assert_eq!((world.alerts("needs review"), world.system.queue.dead_letters().len()), (1, 1));
}

#[tokio::test]
async fn a_text_whose_answer_was_lost_is_found_in_the_list_and_not_sent_again() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.until("2026-01-06 15:01").await;
    assert_eq!(status(&world).await, SmsStatus::Unclear);
    world.until("2026-01-06 15:03").await;
    assert_eq!(status(&world).await, SmsStatus::Sent, "asked after two minutes");
    let journal = world.journal().await;
    let attempt = journal.iter().find(|event| event.event == Event::SmsAttempt).expect("a record");
    let provider_id = attempt.text.as_ref().and_then(|text| text.provider_id.clone());
    assert_eq!((attempt.status, provider_id), (Status::Ok, Some(the_text(&world).sid)));
    world.until("2026-01-08 20:00").await;
    assert_eq!(world.texts().len(), 2, "each step once");
    assert_eq!(world.alerts("may or may not"), 0);
}

#[tokio::test]
async fn a_text_that_the_list_shows_as_failed_is_not_taken_for_sent_and_not_sent_again() {
    for (code, ended, held, reason) in [
        (Some(30006), Some(Outcome::Undeliverable), false, "failed_30006"),
        (Some(21610), Some(Outcome::OptedOut), false, "failed_21610"),
        (Some(30007), None, false, "failed_30007"),
        (Some(30034), None, true, "failed_30034"),
        (Some(30008), None, false, "failed"),
        (None, None, false, "failed"),
    ] {
        let mut world = with_a_lead().await;
        world.system.carrier.script_next([Behaviour::AnswerLost]);
        world.until("2026-01-06 15:01").await;
        assert!(world.system.carrier.set_status(&the_text(&world).sid, "undelivered", code));
        world.until("2026-01-06 15:03").await;
        let lead = world.lead(PAT).await.expect("a lead");
        assert_eq!(lead.history.first().map(|past| past.outcome), ended, "{code:?}");
        assert_eq!(lead.sms_status() == SmsStatus::Failed, ended.is_none(), "{code:?}: a person looks");
        assert_eq!(matches!(lead.standing, ContactStatus::OptedOut(_)), ended == Some(Outcome::OptedOut), "{code:?}");
        assert_eq!(!world.sending().await.lets_through(world.system.clock.now()), held, "{code:?}");
        assert_eq!(world.alerts("sending is on hold"), usize::from(held), "{code:?}");
        assert_eq!(world.reasons(Event::SmsAttempt).await, [reason], "{code:?}");
        assert_eq!(world.receipt(&the_text(&world), "undelivered", None).await, 204, "its receipt comes later");
        world.until("2026-01-09 20:00").await;
        assert_eq!(world.texts().len(), 1, "{code:?}");
    }
}

#[tokio::test]
async fn a_text_that_was_canceled_at_the_provider_is_for_a_person() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.until("2026-01-06 15:01").await;
    assert!(world.system.carrier.set_status(&the_text(&world).sid, "canceled", None));
    world.until("2026-01-09 20:00").await;
    let journal = world.journal().await;
    let review = journal.iter().find(|event| event.event == Event::ReviewNeeded).expect("a person looks");
    assert!(review.detail.as_deref().is_some_and(|words| words.contains("canceled")), "{review:?}");
    assert_eq!((world.texts().len(), status(&world).await), (1, SmsStatus::Failed));
}

#[tokio::test]
async fn a_text_that_comes_late_into_the_list_is_still_found() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.system.carrier.set_list_lag(chrono::TimeDelta::minutes(25));
    world.until("2026-01-06 15:29").await;
    assert_eq!(status(&world).await, SmsStatus::Unclear, "asked twice, in vain");
    world.until("2026-01-06 15:31").await;
    assert_eq!(status(&world).await, SmsStatus::Sent);
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_text_that_is_surely_absent_is_tried_again_after_half_an_hour() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::RequestLost]);
    world.until("2026-01-06 15:29").await;
    assert_eq!((world.texts().len(), status(&world).await), (0, SmsStatus::Unclear));
    world.until("2026-01-06 15:31").await;
    assert_eq!((world.texts().len(), status(&world).await), (1, SmsStatus::Sent));
}

#[tokio::test]
async fn a_text_that_was_given_to_another_account_is_not_taken_for_absent() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::RequestLost]);
    world.until("2026-01-06 15:05").await;
    world
        .change(|client| {
            let ProviderSettings::Twilio { account_sid, .. } = &mut client.provider else {
                panic!("a client of Twilio")
            };
            *account_sid = "AC00000000000000000000000000000002".to_owned();
        })
        .await;
    world.until("2026-01-06 15:45").await;
    assert_eq!((world.texts().len(), status(&world).await), (0, SmsStatus::Unclear), "its list says nothing of it");
    assert_eq!(world.alerts("may or may not"), 1);
    world.leaves_jobs();
}

#[tokio::test]
async fn what_the_provider_cannot_tell_is_for_a_person_and_never_sent_again() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.system.carrier.set_lookups_down(true);
    world.until("2026-01-06 15:29").await;
    assert_eq!(world.alerts("may or may not"), 0, "the provider is asked first");
    world.until("2026-01-06 15:31").await;
    assert_eq!((world.alerts("may or may not"), status(&world).await), (1, SmsStatus::Unclear));
    assert_eq!(world.lead(PAT).await.expect("a lead").processing_status(), "Error - Review Required");
    world.system.carrier.set_lookups_down(false);
    world.until("2026-01-09 20:00").await;
    assert_eq!((world.texts().len(), world.system.queue.dead_letters().len()), (1, 1));
}

#[tokio::test]
async fn a_receipt_settles_a_text_whose_answer_was_lost() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.system.carrier.set_lookups_down(true);
    world.until("2026-01-06 15:01").await;
    assert_eq!(status(&world).await, SmsStatus::Unclear);
    for _ in 0..2 {
        assert_eq!(world.receipt(&the_text(&world), "queued", None).await, 204);
        assert_eq!(status(&world).await, SmsStatus::Sent);
    }
    assert_eq!(world.receipt(&the_text(&world), "delivered", None).await, 204);
    assert_eq!(world.reasons(Event::ReceiptReceived).await, ["accepted", "delivered"]);
    assert_eq!(world.receipt(&the_text(&world), "sent", None).await, 204, "late");
    let journal = world.journal().await;
    let stages: Vec<&str> = deliveries(&journal).into_iter().map(|(_, delivery)| delivery.code()).collect();
    assert_eq!(stages, ["delivered"]);
    world.until("2026-01-08 20:00").await;
    assert_eq!((world.texts().len(), world.alerts("may or may not")), (2, 0));
}

#[tokio::test]
async fn a_receipt_for_a_text_that_was_taken_for_absent_stops_its_retry() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost, Behaviour::CONGESTED]);
    // Later than the provider promises: the list has it only after it was taken for absent.
    world.system.carrier.set_list_lag(chrono::TimeDelta::hours(2));
    world.until("2026-01-06 15:30").await;
    assert_eq!(status(&world).await, SmsStatus::RetryScheduled);
    world.receipt(&the_text(&world), "sent", None).await;
    world.until("2026-01-06 17:00").await;
    assert_eq!((world.texts().len(), status(&world).await), (1, SmsStatus::Sent));
}

#[tokio::test]
async fn a_receipt_that_says_unsubscribed_or_landline_ends_the_sequence() {
    for (code, outcome) in [("21610", Outcome::OptedOut), ("30006", Outcome::Undeliverable)] {
        let mut world = with_a_lead().await;
        world.until("2026-01-06 15:01").await;
        for _ in 0..2 {
            assert_eq!(world.receipt(&the_text(&world), "undelivered", Some(code)).await, 204);
        }
        let lead = world.lead(PAT).await.expect("a lead");
        assert_eq!(lead.history.iter().map(|past| past.outcome).collect::<Vec<_>>(), [outcome], "{code}");
        assert_eq!(matches!(lead.standing, ContactStatus::OptedOut(_)), outcome == Outcome::OptedOut, "{code}");
        world.until("2026-01-09 20:00").await;
        assert_eq!(world.texts().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn receipts_that_say_the_sender_is_not_registered_hold_the_client() {
    let mut world = with_a_lead().await;
    world.until("2026-01-06 15:01").await;
    world.receipt(&the_text(&world), "undelivered", Some("30034")).await;
    assert!(!world.sending().await.lets_through(world.system.clock.now()));
    assert_eq!(world.alerts("sending is on hold"), 1);
}

#[tokio::test]
async fn a_receipt_that_nobody_signed_or_that_names_no_text_of_ours_changes_nothing() {
    let mut world = with_a_lead().await;
    world.system.carrier.script_next([Behaviour::AnswerLost]);
    world.system.carrier.set_lookups_down(true);
    world.until("2026-01-06 15:01").await;
    let text = the_text(&world);
    let path = text.status_callback.clone().expect("an address");
    let path = path.trim_start_matches(leadline_tests::world::PUBLIC_URL);
    let forged = format!("MessageSid={}&MessageStatus=sent&To=%2B13055550123", text.sid);
    assert_eq!(world.post(path, forged, &[("x-twilio-signature", "AAAA")]).await, 401);
    let other = Accepted { status_callback: text.status_callback.map(|url| url.replace("att=0", "att=1")), ..text };
    assert_eq!(world.receipt(&other, "sent", None).await, 204);
    assert_eq!(status(&world).await, SmsStatus::Unclear);
    world.leaves_jobs();
}

#[tokio::test]
async fn a_retry_in_the_next_hour_takes_of_that_hours_allowance() {
    let mut client = leadline_tests::world::sample();
    client["settings"]["limits"] = serde_json::json!({"per_hour": 1});
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 14:30").await;
    world.form("2", "Kim", "3055550124").await;
    // Pat's text fails until 15:35:30 at the latest; its try there belongs to the hour that Pat's run reserved.
    world.system.carrier.script_next(vec![Behaviour::CONGESTED; 3]);
    world.until("2026-01-06 15:59").await;
    assert_eq!(world.texts().len(), 1, "{:?}", world.texts());
    world.until("2026-01-06 16:59").await;
    assert_eq!(world.texts().len(), 2, "{:?}", world.texts());
}

#[tokio::test]
async fn a_retry_that_comes_after_the_window_does_not_go_out() {
    let mut world = World::at("2026-01-06 18:30").await;
    world.form("1", "Pat", "3055550123").await;
    // Tried at 19:30, 19:30:30 and 19:35:30; the next try is at 20:05:30.
    world.system.carrier.script_next(vec![Behaviour::CONGESTED; 3]);
    world.until("2026-01-07 12:00").await;
    assert_eq!(world.reasons(Event::SmsAttempt).await, ["not_sent"; 3]);
    assert_eq!(world.texts(), [], "the window closed at 20:00, and the time of a first text is over at 21:30");
    assert_eq!(world.lead(PAT).await.expect("a lead").history[0].outcome, Outcome::Expired);
}
