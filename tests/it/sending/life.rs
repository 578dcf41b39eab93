//! The life of a sequence through the whole system: what is late, who enters again, and how many sequences
//! one person is in.

use leadline::domain::{
    audit::Event,
    client::Sequences,
    lead::{Lead, Outcome},
};
use leadline_standins::carrier::Behaviour;
use leadline_tests::world::{World, form, sample};
use serde_json::{Value, json};

const PAT: &str = "3055550123";

/// The sample client with other texts, and what else its campaign says.
fn campaign(messages: Value, more: Value) -> Value {
    let mut client = sample();
    let campaign = &mut client["campaigns"][0];
    campaign["messages"] = messages;
    for (name, value) in more.as_object().expect("an object") {
        campaign[name] = value.clone();
    }
    client
}

/// With a second campaign, which another form enrolls into.
fn two_campaigns(sequences: &str) -> Value {
    let mut client = sample();
    let mut other = client["campaigns"][0].clone();
    (other["id"], other["forms"][0]["form"]) = (json!("course"), json!("2150000888"));
    client["campaigns"].as_array_mut().expect("a list").push(other);
    client["settings"]["sequences"] = json!(sequences);
    client
}

fn other_form(id: &str) -> Value {
    let mut form = form(id, "Pat", PAT);
    form["payload"][0]["relationships"]["form"]["data"]["id"] = json!("2150000888");
    form["payload"][0]["attributes"]["email"] = json!("1@example.org");
    form
}

async fn pat(world: &World) -> Lead {
    world.lead(PAT).await.expect("Pat is a lead")
}

fn outcomes(lead: &Lead) -> Vec<(String, Outcome)> {
    lead.history.iter().map(|past| (past.campaign.to_string(), past.outcome)).collect()
}

/// What came in and what became of it, and enrolled = active + ended; and no report has a red line.
async fn balances(world: &World) {
    let journal = world.journal().await;
    let count = |kinds: &[Event]| journal.iter().filter(|event| kinds.contains(&event.event)).count();
    let became = [Event::EventIgnored, Event::ReplyReceived, Event::Enrolled, Event::Rejected];
    assert_eq!(count(&[Event::EventReceived]), count(&became), "the books");
    let ended = journal.iter().filter(|event| event.ended.is_some()).count();
    let active = world.lead(PAT).await.map_or(0, |lead| lead.enrollments.len());
    assert_eq!(count(&[Event::Enrolled]), active + ended, "enrolled = active + ended");
    for mail in world.system.mailbox.sent() {
        for red in ["books off by", "sent twice\n"] {
            assert!(!mail.email.text.contains(red), "{}", mail.email.text);
        }
    }
}

#[tokio::test]
async fn a_retry_that_comes_too_late_is_passed_over_and_the_next_text_goes() {
    let messages = json!([
        {"step": 1, "delay_minutes": 60, "text": "Hi."},
        {"step": 2, "webinar_minutes": -60, "latest_minutes": 20, "text": "In an hour."},
        {"step": 3, "webinar_minutes": 15, "late": "send", "text": "We are live."},
    ]);
    let webinar = json!({"webinar": {"at": "2026-01-07T16:00:00-05:00", "link": "https://example.com/live"}});
    let mut world = World::with(campaign(messages, webinar), "2026-01-06 14:00").await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-07 14:50").await;
    world.system.carrier.script_for("+13055550123", Some(Behaviour::Throttled));
    world.until("2026-01-07 15:50").await;
    world.system.carrier.script_for("+13055550123", None);
    world.until("2026-01-08 12:00").await;
    let texts: Vec<_> = world.texts().into_iter().map(|(at, _, body)| (at, body)).collect();
    assert_eq!(
        texts,
        [("2026-01-06 15:00".to_owned(), "Hi.".to_owned()), ("2026-01-07 16:15".to_owned(), "We are live.".to_owned())]
    );
    let journal = world.journal().await;
    let skipped: Vec<_> = journal.iter().filter(|event| event.event == Event::StepSkipped).collect();
    assert_eq!((skipped.len(), skipped[0].step, skipped[0].reason.as_deref()), (1, Some(2), Some("too_late")));
    assert_eq!(outcomes(&pat(&world).await), [("webinar".to_owned(), Outcome::Completed)]);
    balances(&world).await;
}

#[tokio::test]
async fn who_registers_after_the_webinar_is_enrolled_and_ends_as_expired_in_one_write() {
    let messages = json!([{"step": 1, "webinar_minutes": -60, "text": "In an hour."}]);
    let webinar = json!({"webinar": {"at": "2026-01-06T10:00:00-05:00", "link": "https://example.com/live"}});
    let world = World::with(campaign(messages, webinar), "2026-01-06 14:00").await;
    world.form("1", "Pat", PAT).await;
    let lead = pat(&world).await;
    assert_eq!((outcomes(&lead), lead.due()), (vec![("webinar".to_owned(), Outcome::Expired)], None));
    balances(&world).await;
}

#[tokio::test]
async fn who_may_enter_again_gets_the_texts_again_and_nothing_looks_like_a_double() {
    let one = || json!([{"step": 1, "delay_minutes": 60, "text": "Hi."}]);
    for (rule, texts, reasons) in [
        (json!("never"), 1, vec!["already_completed", "already_completed"]),
        (json!({"after_days": 2}), 2, vec!["too_soon_again"]),
        (json!("always"), 3, vec![]),
    ] {
        let mut world = World::with(campaign(one(), json!({"re_enroll": rule})), "2026-01-06 09:00").await;
        for (id, at, until) in [
            ("1", "2026-01-06 09:00", "2026-01-06 12:00"),
            ("2", "2026-01-06 12:00", "2026-01-08 12:00"),
            ("3", "2026-01-08 12:00", "2026-01-10 12:00"),
        ] {
            world.until(at).await;
            let mut again = form(id, "Pat", PAT);
            again["payload"][0]["attributes"]["email"] = json!("1@example.org");
            assert_eq!(world.kajabi(&again).await, 200);
            world.until(until).await;
        }
        assert_eq!(world.texts().len(), texts);
        assert_eq!(world.reasons(Event::Rejected).await, reasons);
        assert!(pat(&world).await.history.len() <= 2, "the lead stays small");
        balances(&world).await;
    }
}

#[tokio::test]
async fn nobody_enters_again_after_an_opt_out_not_even_one_that_was_taken_back() {
    let one = json!([{"step": 1, "delay_minutes": 60, "text": "Hi."}]);
    let mut world = World::with(campaign(one, json!({"re_enroll": "always"})), "2026-01-06 09:00").await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 09:30").await;
    assert_eq!(world.reply("SM1", "+13055550123", "STOP").await, 200);
    world.until("2026-01-06 09:40").await;
    assert_eq!(world.reply("SM2", "+13055550123", "START").await, 200);
    world.until("2026-01-07 12:00").await;
    let mut again = form("2", "Pat", PAT);
    again["payload"][0]["attributes"]["email"] = json!("1@example.org");
    world.kajabi(&again).await;
    world.until("2026-01-08 12:00").await;
    assert_eq!((world.texts().len(), world.reasons(Event::Rejected).await), (0, vec!["already_completed".to_owned()]));
}

#[tokio::test]
async fn a_person_is_in_as_many_sequences_as_the_client_says() {
    for (sequences, live, ended, rejected) in [
        ("many", vec!["webinar", "course"], vec![], vec![]),
        ("first", vec!["webinar"], vec![], vec!["in_another_sequence"]),
        ("newest", vec!["course"], vec![("webinar".to_owned(), Outcome::Abandoned)], vec![]),
    ] {
        let mut world = World::with(two_campaigns(sequences), "2026-01-06 14:00").await;
        world.form("1", "Pat", PAT).await;
        world.until("2026-01-06 15:30").await;
        assert_eq!(world.kajabi(&other_form("2")).await, 200);
        let lead = pat(&world).await;
        let campaigns: Vec<&str> = lead.enrollments.iter().map(|live| live.campaign.as_str()).collect();
        assert_eq!((campaigns, outcomes(&lead)), (live, ended), "{sequences}");
        assert_eq!(world.reasons(Event::Rejected).await, rejected, "{sequences}");
        balances(&world).await;
        world.until("2026-01-06 15:45").await;
        assert_eq!(world.texts().len(), 1);
    }
}

#[tokio::test]
async fn a_person_who_is_turned_away_stays_in_the_sequence() {
    let mut client = two_campaigns("newest");
    client["campaigns"][1]["forms"][0]["consent"] = Value::Null;
    let mut world = World::with(client, "2026-01-06 14:00").await;
    world.form("1", "Pat", PAT).await;
    world.until("2026-01-06 15:30").await;
    assert_eq!(world.kajabi(&other_form("2")).await, 200);
    let lead = pat(&world).await;
    assert_eq!((lead.enrollments.len(), lead.history.len()), (1, 0));
    assert_eq!(world.reasons(Event::Rejected).await, ["no_consent"]);
    // What the setting says next counts for the next event.
    world.change(|client| client.sequences = Sequences::Many).await;
    balances(&world).await;
}
