//! What only a person can go on with: jobs that were given up, texts of unknown outcome, holds.

use std::time::Duration;

use leadline::{
    aws::sqs::SqsDeadLetters,
    domain::{
        audit::{Event, Status},
        client::Sending,
        job::Job,
        lead::{Settled, SmsStatus},
    },
    flows::{
        by_hand::{Changed, NotDone, OperatorActions, Word},
        dead_letters::{Redriven, Redriving, State, Stuck, in_review, look_at},
    },
    ports::{Clock, DeadLetters, Directory, IdSource},
    runtime::{AwsClients, RandomIds, Settings},
};
use leadline_cli::{person::told_here, system::DEAD};
use leadline_standins::{aws_services::Sqs, carrier::Behaviour};
use leadline_tests::world::{World, new_york};

const PAT: &str = "+13055550123";
const MINUTE: Duration = Duration::from_secs(60);

/// A world in which Pat's first text is due at 15:00 and the provider behaves like this.
async fn with(behaviour: Behaviour) -> World {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.system.carrier.script_default(behaviour);
    world.until("2026-01-06 14:59").await;
    world
}

async fn letters(world: &World) -> Vec<Stuck> {
    let taken = world.system.queue.take(100, MINUTE).await.expect("the queue");
    world.system.queue.put_back(&taken).await.expect("the queue");
    let mut all = Vec::new();
    for letter in taken {
        all.push(look_at(world.system.store.as_ref(), letter).await.expect("the store"));
    }
    all
}

/// Has everything tried again that is given up.
async fn redrive(world: &World, named: bool) -> Vec<Redriven> {
    let taken = world.system.queue.take(100, MINUTE).await.expect("the queue");
    let mut all = Vec::new();
    for letter in taken {
        all.push(look_at(world.system.store.as_ref(), letter).await.expect("the store"));
    }
    let done = redrive_these(world, all, named).await;
    let stays = done.iter().filter(|(_, what)| matches!(what, Redriven::Stays(_)));
    let stays: Vec<_> = stays.filter_map(|(one, _)| one.letter.clone()).collect();
    world.system.queue.put_back(&stays).await.expect("the queue");
    done.into_iter().map(|(_, what)| what).collect()
}

async fn redrive_these(world: &World, stuck: Vec<Stuck>, named: bool) -> Vec<(Stuck, Redriven)> {
    let store = world.system.store.as_ref();
    let redriving = Redriving {
        directory: store,
        leads: store,
        budget: store,
        queue: &world.system.queue,
        letters: &world.system.queue,
        ids: &RandomIds,
        by: "Kim",
        now: world.system.clock.now(),
    };
    redriving.redrive(stuck, named).await.expect("the store")
}

async fn by_hand<T>(world: &World, act: impl AsyncFnOnce(OperatorActions<'_>) -> T) -> T {
    let store = world.system.store.as_ref();
    let now = world.system.clock.now();
    act(OperatorActions { directory: store, leads: store, alerts: told_here(store), ids: &RandomIds, by: "Kim", now })
        .await
}

async fn settle(world: &World, word: Word) -> Result<Settled, NotDone> {
    let client = world.system.store.client(&world.client()).await.expect("the store").expect("settings");
    let lead = world.lead(PAT).await.expect("a lead").id;
    by_hand(world, async |hand| hand.settle(&client, lead, &word, "it is in the log").await).await
}

/// When texts were tried, to the second, in New York.
async fn tries(world: &World) -> Vec<String> {
    let tried = world.journal().await.into_iter().filter(|event| event.event == Event::SmsAttempt);
    tried.map(|event| event.at.with_timezone(&chrono_tz::America::New_York).format("%H:%M:%S").to_string()).collect()
}

#[tokio::test]
async fn a_text_that_is_turned_away_is_tried_four_times_and_then_a_person_has_it_tried_again() {
    let mut world = with(Behaviour::CONGESTED).await;
    world.until("2026-01-06 15:40").await;
    assert_eq!(tries(&world).await, ["15:00:00", "15:00:30", "15:05:30", "15:35:30"]);
    assert_eq!(world.lead(PAT).await.expect("a lead").sms_status(), SmsStatus::Failed);
    assert_eq!(world.alerts("a text failed and needs review"), 1);
    let given_up = letters(&world).await;
    assert!(matches!(&given_up[..], [Stuck { state: State::Failed { .. }, .. }]), "{given_up:?}");
    assert_eq!(given_up[0].letter.as_ref().expect("a letter").queued_at, new_york("2026-01-06 15:00"));

    world.system.carrier.script_default(Behaviour::Accept);
    let done = redrive(&world, false).await;
    assert!(matches!(&done[..], [Redriven::Moved(Some(why))] if why.contains("4 tries")), "{done:?}");
    world.until("2026-01-06 15:41").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(letters(&world).await, []);
    assert_eq!(world.reasons(Event::ReviewDone).await, ["redriven"]);
    let lifted = world.journal().await.into_iter().find(|event| event.event == Event::ReviewDone).expect("recorded");
    assert!(lifted.detail.is_some_and(|words| words.starts_with("Kim has it tried again")));
}

#[tokio::test]
async fn a_first_text_that_is_tried_again_too_late_is_not_sent() {
    let mut world = with(Behaviour::CONGESTED).await;
    world.until("2026-01-06 17:10").await;
    world.system.carrier.script_default(Behaviour::Accept);
    assert!(matches!(&redrive(&world, false).await[..], [Redriven::Moved(_)]));
    world.until("2026-01-06 18:00").await;
    assert_eq!(world.texts(), []);
    assert_eq!(world.lead(PAT).await.expect("a lead").processing_status(), "Ended: expired");
}

#[tokio::test]
async fn a_text_that_was_taken_and_failed_is_tried_again_only_if_it_is_named() {
    let mut world = with(Behaviour::AnswerLost).await;
    world.until("2026-01-06 15:01").await;
    let sid = world.system.carrier.ledger()[0].sid.clone();
    assert!(world.system.carrier.set_status(&sid, "undelivered", Some(30007)));
    world.until("2026-01-06 15:40").await;
    world.system.carrier.script_default(Behaviour::Accept);
    let all = redrive(&world, false).await;
    assert!(matches!(&all[..], [Redriven::Stays(why)] if why.contains("took its text once")), "{all:?}");
    let named = redrive(&world, true).await;
    assert!(matches!(&named[..], [Redriven::Moved(Some(_))]), "{named:?}");
    world.until("2026-01-06 15:41").await;
    assert_eq!(world.texts().len(), 2, "as a person wanted it");
}

#[tokio::test]
async fn a_lead_in_review_without_a_letter_can_be_tried_again_too() {
    let mut world = with(Behaviour::CONGESTED).await;
    world.until("2026-01-06 15:40").await;
    let letter = world.system.queue.take(1, MINUTE).await.expect("the queue").remove(0);
    world.system.queue.delete(&letter).await.expect("deleted");
    world.system.carrier.script_default(Behaviour::Accept);
    let lead = world.lead(PAT).await.expect("a lead");
    let run = leadline::domain::ids::RunId(RandomIds.new_id(world.system.clock.now()));
    let done = redrive_these(&world, in_review(&lead, run), true).await;
    assert!(matches!(&done[..], [(_, Redriven::Moved(Some(_)))]), "{done:?}");
    world.until("2026-01-06 15:41").await;
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn what_is_tried_again_counts_towards_the_hour_and_nothing_moves_while_sending_is_on_hold() {
    let mut world = with(Behaviour::CONGESTED).await;
    world.form("2", "Kim", "3055550124").await;
    world.until("2026-01-06 16:50").await;
    assert_eq!(letters(&world).await.len(), 2);
    world.system.carrier.script_default(Behaviour::Accept);
    let client = world.client();
    by_hand(&world, async |hand| hand.hold(&client, "a look first").await).await.expect("held");
    let done = redrive(&world, false).await;
    assert!(done.iter().all(|what| matches!(what, Redriven::Stays(why) if why.contains("a look first"))), "{done:?}");
    by_hand(&world, async |hand| hand.resume(&client).await).await.expect("lifted");

    world.change(|client| client.limits.per_hour = 1).await;
    world.until("2026-01-06 17:00").await;
    let done = redrive(&world, false).await;
    let moved = done.iter().filter(|what| matches!(what, Redriven::Moved(_))).count();
    assert_eq!(moved, 1, "{done:?}");
    assert_eq!(letters(&world).await.len(), 1);
    world.until("2026-01-06 17:10").await;
}

#[tokio::test]
async fn a_job_that_cannot_be_read_is_listed_and_stays() {
    let mut world = with(Behaviour::Accept).await;
    world.system.queue.inject("{\"job\":\"paint-the-fence\"}");
    world.until("2026-01-06 15:10").await;
    assert_eq!(world.texts().len(), 1, "it keeps nobody waiting");
    let given_up = letters(&world).await;
    assert!(matches!(&given_up[..], [Stuck { state: State::Unreadable(_), step: None, .. }]), "{given_up:?}");
    assert!(matches!(&redrive(&world, true).await[..], [Redriven::Stays(why)] if why.contains("cannot be read")));
    assert_eq!(letters(&world).await.len(), 1);
}

/// Pat's text may have gone out, and the provider cannot tell.
async fn unclear(behaviour: Behaviour) -> World {
    let mut world = with(behaviour).await;
    world.system.carrier.set_lookups_down(true);
    world.until("2026-01-06 15:05").await;
    let early = settle(&world, Word::NotSent).await;
    assert!(matches!(&early, Err(NotDone::Refused(why)) if why.contains("last time")), "{early:?}");
    world.until("2026-01-06 15:31").await;
    assert_eq!(world.alerts("a text may or may not have gone out"), 1);
    let given_up = letters(&world).await;
    assert!(matches!(&given_up[..], [Stuck { state: State::Unclear { ask_at: None, .. }, .. }]), "{given_up:?}");
    assert!(matches!(&redrive(&world, true).await[..], [Redriven::Stays(why)] if why.contains("leadline settle")));
    world.system.carrier.script_default(Behaviour::Accept);
    world
}

#[tokio::test]
async fn a_text_of_unknown_outcome_that_went_out_is_not_sent_again_and_the_sequence_goes_on() {
    let mut world = unclear(Behaviour::AnswerLost).await;
    let word = Word::Sent { provider_id: Some("SM00000000000000000000000000000001".to_owned()) };
    assert_eq!(settle(&world, word.clone()).await.expect("settled"), Settled::Advanced);
    assert!(matches!(settle(&world, word).await, Err(NotDone::Refused(_))), "once is enough");
    assert!(matches!(&redrive(&world, false).await[..], [Redriven::Cleared(why)] if why == "already sent"));
    world.until("2026-01-08 16:00").await;
    let texts: Vec<String> = world.texts().into_iter().map(|(at, ..)| at).collect();
    assert_eq!(texts, ["2026-01-06 15:00", "2026-01-08 15:45"]);
    let done = world.journal().await.into_iter().find(|event| event.event == Event::ReviewDone).expect("recorded");
    assert_eq!((done.status, done.step), (Status::Ok, Some(1)));
    assert!(done.detail.is_some_and(|words| words.contains("it went out: it is in the log")));
}

#[tokio::test]
async fn a_text_of_unknown_outcome_that_did_not_go_out_is_tried_again() {
    let mut world = unclear(Behaviour::RequestLost).await;
    assert!(matches!(settle(&world, Word::NotSent).await.expect("settled"), Settled::Retrying { .. }));
    assert!(matches!(&redrive(&world, false).await[..], [Redriven::Moved(None)]));
    world.until("2026-01-06 16:00").await;
    let texts: Vec<String> = world.texts().into_iter().map(|(at, ..)| at).collect();
    assert_eq!(texts, ["2026-01-06 15:31"]);
}

#[tokio::test]
async fn a_hold_and_its_end_are_done_once_and_recorded() {
    let mut world = with(Behaviour::Accept).await;
    let client = world.client();
    let first = by_hand(&world, async |hand| hand.hold(&client, "a wrong text").await).await.expect("held");
    assert_eq!(first, Changed::Done(Sending::On));
    let again = by_hand(&world, async |hand| hand.hold(&client, "another reason").await).await.expect("held");
    let Changed::Before(Sending::OnHold { reason, .. }) = again else { panic!("{again:?}") };
    assert_eq!(reason, "a wrong text");
    world.until("2026-01-06 15:10").await;
    assert_eq!(world.texts(), []);
    let lifted = by_hand(&world, async |hand| hand.resume(&client).await).await.expect("lifted");
    assert!(matches!(lifted, Changed::Done(Sending::OnHold { .. })));
    let again = by_hand(&world, async |hand| hand.resume(&client).await).await.expect("lifted");
    assert_eq!(again, Changed::Before(Sending::On));
    world.until("2026-01-06 15:20").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reasons(Event::SendingHeld).await, ["operator"]);
    assert_eq!(world.reasons(Event::SendingResumed).await, ["operator"]);
}

#[tokio::test]
async fn over_sqs_letters_are_listed_put_back_and_deleted_as_in_process() {
    let mut world = with(Behaviour::Accept).await;
    for n in 0..13 {
        world.system.queue.inject(&format!("no job {n}"));
    }
    world.until("2026-01-06 15:10").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let sqs = world.system.queue.sqs.clone();
    tokio::spawn(async move { sqs.serve(listener).await });
    let mut settings = Settings::from(move |name| match name {
        "AWS_ENDPOINT_URL_SQS" => Some(format!("http://127.0.0.1:{port}")),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        _ => Some("local".to_owned()),
    });
    let aws = AwsClients::new(&mut settings);
    let over_sqs = SqsDeadLetters::new(aws.sqs(&settings), Sqs::queue_url(port, DEAD));
    let taken = over_sqs.take(100, MINUTE).await.expect("the queue");
    assert_eq!(taken.len(), 13);
    assert!(taken.iter().all(|letter| serde_json::from_str::<Job>(&letter.body).is_err()));
    assert_eq!(over_sqs.take(100, MINUTE).await.expect("the queue"), [], "they are hidden from others");
    over_sqs.put_back(&taken).await.expect("put back");
    let some = over_sqs.take(5, MINUTE).await.expect("the queue");
    assert_eq!(some.len(), 5);
    over_sqs.delete(&some[0]).await.expect("deleted");
    over_sqs.put_back(&some[1..]).await.expect("put back");
    assert_eq!(world.system.queue.take(100, MINUTE).await.expect("the queue").len(), 12);
    let away = SqsDeadLetters::new(aws.sqs(&settings), Sqs::queue_url(port, "nowhere"));
    assert!(away.take(1, MINUTE).await.expect_err("no such queue").contains("does not exist"));
}
