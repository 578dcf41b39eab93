//! The main job, end to end: what a form leads to, whatever else happens.

use leadline::domain::{
    audit::{AuditEvent, Event},
    client::{Mode, Sending},
    lead::{Outcome, SmsStatus},
};
use leadline::ports::Directory;
use leadline_standins::carrier::Behaviour;
use leadline_tests::world::{World, form, sample};
use serde_json::json;

const PAT: &str = "+13055550123";

#[tokio::test]
async fn a_form_on_tuesday_at_two_gets_exactly_one_text_at_the_first_run_after_three() {
    let mut world = World::at("2026-01-06 13:50").await;
    world.until("2026-01-06 14:00").await;
    world.form("1", "Pat Rivera", "(305) 555-0123").await;
    world.until("2026-01-06 14:59").await;
    assert_eq!(world.texts(), []);
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts(), [("2026-01-06 15:00".into(), PAT.into(), "Hi Pat, it's Sam.".into())]);
    let lead = world.lead(PAT).await.expect("a lead");
    assert_eq!(lead.sms_status(), SmsStatus::Sent);
    assert_eq!(lead.processing_status(), "In Sequence");
}

#[tokio::test]
async fn the_sequence_goes_on_to_its_end_and_then_stops() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-20 20:00").await;
    let times: Vec<String> = world.texts().into_iter().map(|(at, ..)| at).collect();
    assert_eq!(times, ["2026-01-06 15:00", "2026-01-08 15:00"]);
    let lead = world.lead(PAT).await.expect("a lead");
    assert_eq!(lead.history[0].outcome, Outcome::Completed);
    assert_eq!((lead.history[0].sent, lead.due()), (2, None));
}

#[tokio::test]
async fn around_both_clock_changes_the_window_is_right_to_the_minute() {
    for (friday, monday) in [("2026-03-06", "2026-03-09"), ("2026-10-30", "2026-11-02")] {
        let mut client = sample();
        client["campaigns"][0]["timing"] = json!({"latest_counts": "open-hours"});
        let mut world = World::with(client, &format!("{friday} 19:30")).await;
        world.form("1", "Pat", "3055550123").await;
        world.until(&format!("{monday} 07:59")).await;
        assert_eq!(world.texts(), [], "too early on {monday}");
        world.until(&format!("{monday} 12:00")).await;
        assert_eq!(world.texts()[0].0, format!("{monday} 08:00"));
    }
}

#[tokio::test]
async fn a_friday_evening_form_is_given_up_on_the_wall_clock_with_the_reason() {
    let mut world = World::at("2026-01-09 19:30").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-12 20:00").await;
    assert_eq!(world.texts(), []);
    let past = world.lead(PAT).await.expect("a lead").history.remove(0);
    assert_eq!(past.outcome, Outcome::Expired);
    assert!(
        past.reason.contains("by Fri 9 Jan 2026 22:30 EST; it could go Mon 12 Jan 2026 08:00 EST"),
        "{}",
        past.reason
    );
}

#[tokio::test]
async fn a_recipient_further_west_is_not_texted_before_the_hours_begin_there() {
    let mut client = sample();
    client["campaigns"][0]["timing"] = json!({"latest_counts": "open-hours"});
    let mut world = World::with(client, "2026-01-06 07:00").await;
    world.form("1", "Pat", "(213) 555-0123").await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts()[0].0, "2026-01-06 12:00", "nine o'clock in Los Angeles, California's first");
}

#[tokio::test]
async fn the_same_event_twice_and_two_events_of_one_person_make_one_text() {
    let mut world = World::at("2026-01-06 14:00").await;
    for _ in 0..3 {
        world.form("1", "Pat", "3055550123").await;
    }
    world.form("2", "Pat", "+1 305 555 0123").await;
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reasons(Event::Enrolled).await.len(), 1);
    assert_eq!(world.reasons(Event::EventIgnored).await, ["already_enrolled"]);
}

#[tokio::test]
async fn events_of_one_person_at_the_same_moment_make_one_lead_and_one_text() {
    let mut world = World::at("2026-01-06 14:00").await;
    let events: Vec<_> = (0..8).map(|n| form(&(n + 1).to_string(), "Pat", "3055550123")).collect();
    let statuses = futures_util::future::join_all(events.iter().map(|event| world.kajabi(event))).await;
    assert_eq!(statuses, [200; 8]);
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.reasons(Event::Enrolled).await.len(), 1);
}

#[tokio::test]
async fn overlapping_runs_and_repeated_jobs_send_nothing_twice() {
    let mut world = World::at("2026-01-06 14:00").await;
    for n in 0..10 {
        world.form(&(n + 1).to_string(), "Pat", &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 14:59").await;
    world.system.clock.set(leadline_tests::world::new_york("2026-01-06 15:01"));
    let (a, b) = tokio::join!(world.system.schedule(), world.system.schedule());
    a.expect("a run");
    b.expect("a run");
    world.until("2026-01-06 20:00").await;
    assert_eq!(world.texts().len(), 10);
}

#[tokio::test]
async fn a_stop_before_the_text_stops_it_and_outlives_a_new_form() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    assert_eq!(world.reply("SM00000000000000000000000000000001", PAT, "Stop!").await, 200);
    world.form("2", "Pat", "3055550123").await;
    world.until("2026-01-08 20:00").await;
    assert_eq!(world.texts(), []);
    assert_eq!(world.reasons(Event::Rejected).await, ["opted_out"]);
}

#[tokio::test]
async fn an_answer_ends_the_sequence() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 16:00").await;
    world.reply("SM00000000000000000000000000000001", PAT, "Yes, call me").await;
    world.until("2026-01-12 20:00").await;
    assert_eq!(world.texts().len(), 1);
    assert_eq!(world.lead(PAT).await.expect("a lead").history[0].outcome, Outcome::Replied);
}

#[tokio::test]
async fn a_lost_answer_is_never_sent_again() {
    let mut world = World::at("2026-01-06 14:00").await;
    world.system.carrier.script_default(Behaviour::AnswerLost);
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-08 20:00").await;
    let bodies: Vec<String> = world.texts().into_iter().map(|(_, _, body)| body).collect();
    assert_eq!(bodies, ["Hi Pat, it's Sam.", "Still there, Pat?"], "each was accepted, and only once");
}

#[tokio::test]
async fn what_provably_did_not_go_out_is_tried_again_and_then_reviewed() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.system.carrier.script_default(Behaviour::CONGESTED);
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts(), []);
    let tries = world.reasons(Event::SmsAttempt).await;
    assert_eq!(tries, ["not_sent"; 4], "one try and three more");
    let lead = world.lead(PAT).await.expect("a lead");
    assert_eq!((lead.sms_status(), lead.processing_status().as_str()), (SmsStatus::Failed, "Error - Review Required"));
    let alerts: Vec<String> = world.system.mailbox.sent().into_iter().map(|mail| mail.email.subject).collect();
    assert!(alerts.iter().any(|subject| subject.contains("needs review")), "{alerts:?}");
}

#[tokio::test]
async fn a_refused_account_holds_the_client_and_loses_nobody() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.system.carrier.script_default(Behaviour::Refuse { code: 30034, http_status: 400 });
    for n in 0..3 {
        world.form(&(n + 1).to_string(), "Pat", &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 10:30").await;
    // The first refusal holds the others back; then one text is tried after 15 minutes and after 30 more.
    assert_eq!(world.reasons(Event::SmsAttempt).await, ["refused_30034"; 2]);
    world.until("2026-01-06 11:00").await;
    assert_eq!(world.reasons(Event::SmsAttempt).await, ["refused_30034"; 3]);
    assert_eq!(world.alerts("sending is on hold"), 1, "told once");
    world.system.carrier.script_default(Behaviour::Accept);
    let held = world.sending().await;
    assert!(world.system.store.set_sending(&world.client(), &held, &Sending::On).await.expect("the store"));
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts().len(), 3, "lifted by a person");
}

#[tokio::test]
async fn a_hold_on_an_account_that_can_send_again_lifts_by_itself() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.system.carrier.script_next([Behaviour::Refuse { code: 63038, http_status: 429 }]);
    for n in 0..3 {
        world.form(&(n + 1).to_string(), "Pat", &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 10:14").await;
    assert_eq!(world.texts(), [], "on hold");
    world.until("2026-01-06 10:15").await;
    assert_eq!(world.texts().len(), 1, "one text tries whether the account can send again");
    assert_eq!(world.sending().await, Sending::On);
    assert_eq!(world.reasons(Event::SendingResumed).await, ["account"]);
    world.until("2026-01-06 10:17").await;
    assert_eq!(world.texts().len(), 2, "another one follows it");
    world.until("2026-01-06 10:31").await;
    assert_eq!(world.texts().len(), 3, "and the one that was refused");
}

#[tokio::test]
async fn test_mode_reaches_nobody_but_the_test_phone() {
    let mut client = sample();
    client["settings"]["mode"] = json!({"test": {"phone": "+13055550111", "email": "test@example.com"}});
    let mut world = World::with(client, "2026-01-06 09:00").await;
    for n in 0..8 {
        world.form(&(n + 1).to_string(), "Pat", &format!("305555012{n}")).await;
    }
    world.until("2026-01-06 10:05").await;
    assert_eq!(world.texts().len(), 5, "five in a run");
    world.until("2026-01-07 10:00").await;
    let texts = world.texts();
    assert_eq!(texts.len(), 8);
    assert!(texts.iter().all(|(_, to, _)| to == "+13055550111"), "{texts:?}");
    assert!(world.journal().await.iter().filter(|event| event.event == Event::SmsAttempt).all(|event| event.test));
    let mails = world.system.mailbox.sent();
    assert!(!mails.is_empty() && mails.iter().all(|mail| mail.email.to.as_str() == "test@example.com"));
}

#[tokio::test]
async fn test_mode_without_a_test_phone_sends_nothing_and_says_so() {
    let mut client = sample();
    client["settings"]["mode"] = json!({"test": {"phone": null, "email": "test@example.com"}});
    let mut world = World::with(client, "2026-01-06 09:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 10:50").await;
    assert_eq!(world.texts(), []);
    let mails = world.system.mailbox.sent();
    assert!(mails.iter().any(|mail| mail.email.subject.contains("no test phone is set")), "{mails:?}");
    world.change(|client| client.mode = Mode::Live).await;
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts().len(), 1, "the lead had only waited");
}

#[tokio::test]
async fn limits_keep_back_what_is_too_much_and_lose_none_of_it() {
    let mut client = sample();
    client["settings"]["limits"] = json!({"per_run": 4, "per_hour": 6});
    let mut world = World::with(client, "2026-01-06 09:00").await;
    for n in 0..9 {
        world.form(&(n + 1).to_string(), "Pat", &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 10:14").await;
    assert_eq!(world.texts().len(), 4, "four in a run");
    world.until("2026-01-06 10:59").await;
    assert_eq!(world.texts().len(), 6, "six in an hour");
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts().len(), 9);
    let hits = world.reasons(Event::LimitHit).await;
    assert!(hits.contains(&"per_run".to_owned()) && hits.contains(&"per_hour".to_owned()), "{hits:?}");
}

#[tokio::test]
async fn a_step_without_a_text_waits_for_review_and_alerts_once() {
    let mut client = sample();
    client["campaigns"][0]["messages"][0]["text"] = json!(null);
    let mut world = World::with(client.clone(), "2026-01-06 09:00").await;
    for n in 0..3 {
        world.form(&(n + 1).to_string(), "Pat", &format!("305555010{n}")).await;
    }
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts(), []);
    assert_eq!(world.reasons(Event::TemplateMissing).await.len(), 3);
    let alerts = world.system.mailbox.sent().into_iter().filter(|mail| mail.email.subject.contains("has no text"));
    assert_eq!(alerts.count(), 1);

    client["settings"]["default_text"] = json!("Hello {{first_name|there}}, this is Acme.");
    let mut world = World::with(client, "2026-01-06 09:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts()[0].2, "Hello Pat, this is Acme.");
}

#[tokio::test]
async fn a_number_that_is_not_certain_is_texted_to_nobody_and_says_why() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.form("1", "Letter", "305-555-01O5").await;
    world.form("2", "Float", "1.3055550103E10").await;
    world.form("3", "Two", "305-555-0103 or 305-555-0104").await;
    world.form("4", "Two", "305-555-0105 / 305-555-0106").await;
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.texts(), []);
    let mut rejected = world.reasons(Event::Rejected).await;
    rejected.sort();
    assert_eq!(rejected, ["no_valid_phone", "no_valid_phone", "two_numbers", "two_numbers"]);
    let journal = world.journal().await;
    let why = |words: &str| {
        let said = |event: &&AuditEvent| event.detail.as_deref().is_some_and(|detail| detail.contains(words));
        journal.iter().filter(said).count()
    };
    assert_eq!(why("a letter or sign stands where a digit belongs"), 1);
    assert_eq!(why("it is in scientific notation"), 1);
    assert_eq!(why("it holds two different numbers"), 2);
    assert_eq!(world.alerts("two different phone numbers"), 1, "one mail a day");
    for number in ["+13055550103", "+13055550104", "+13055550105", "+13055550106"] {
        assert_eq!(world.lead(number).await, None, "nothing says whose number it is");
    }
}

#[tokio::test]
async fn a_number_is_texted_however_a_form_or_a_spreadsheet_wrote_it() {
    for raw in ["３０５５５５０１０５", "+1305.555.0105", "13055550105.0", "001-305-555-0105", "305-555-0105 (cell)"]
    {
        let mut world = World::at("2026-01-06 09:00").await;
        world.form("1", "Pat", raw).await;
        world.until("2026-01-06 12:00").await;
        let to: Vec<String> = world.texts().into_iter().map(|(_, to, _)| to).collect();
        assert_eq!(to, ["+13055550105"], "{raw}");
    }
}

#[tokio::test]
async fn a_stored_text_with_a_merge_tag_of_another_tool_is_reviewed_and_never_sent() {
    for tag in ["Hi *|FNAME|*, it's Sam.", "Hi {{first_name|there}, it's {{business_name}}.", "Hi [First Name]."] {
        let mut campaign = sample()["campaigns"][0].clone();
        campaign["messages"][0]["text"] = json!(tag);
        campaign["version"] = json!(2);
        let mut world = World::at("2026-01-06 09:00").await;
        // As it stands in the table since before such a text was refused.
        world.put_campaign(&serde_json::from_value(campaign).expect("a campaign")).await;
        for n in 0..2 {
            world.form(&(n + 1).to_string(), "Pat", &format!("305555010{n}")).await;
        }
        world.until("2026-01-06 12:00").await;
        assert_eq!(world.texts(), [], "{tag}");
        assert_eq!(world.reasons(Event::ReviewNeeded).await, ["template_invalid", "template_invalid"], "{tag}");
        let mails = world.system.mailbox.sent();
        let alerts = mails.iter().filter(|mail| mail.email.text.contains("Correct the text")).count();
        assert_eq!(alerts, 1, "{tag}: {mails:?}");
    }
}

#[tokio::test]
async fn a_client_without_an_active_campaign_is_stopped_and_alerted_once_a_day() {
    let mut client = sample();
    client["campaigns"][0]["status"] = json!({"deactivated": {"at": "2026-01-01T00:00:00Z"}});
    let mut world = World::with(client, "2026-01-06 09:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.until("2026-01-06 12:00").await;
    assert_eq!(world.reasons(Event::Rejected).await, ["campaign_deactivated"]);
    assert!(world.reasons(Event::RunStopped).await.iter().all(|reason| reason == "settings"));
    let mails = world.system.mailbox.sent();
    assert_eq!(mails.iter().filter(|mail| mail.email.subject.contains("no active campaign")).count(), 1);
}

#[tokio::test]
async fn every_lead_received_ends_in_a_text_or_a_reason() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.form("1", "Pat", "3055550123").await;
    world.form("2", "No Phone", "").await;
    world.form("3", "Bad Phone", "555-0123").await;
    world.form("4", "Far Away", "+44 20 7946 0123").await;
    let mut unknown = form("5", "Unknown Form", "3055550124");
    unknown["payload"][0]["relationships"]["form"]["data"]["id"] = json!("999");
    world.kajabi(&unknown).await;
    world.kajabi(&json!({"hello": "world"})).await;
    world.until("2026-01-07 12:00").await;
    assert_eq!(world.texts().len(), 1);
    let mut rejected = world.reasons(Event::Rejected).await;
    rejected.sort();
    assert_eq!(rejected, ["country_not_served", "no_valid_phone", "no_valid_phone", "unknown_form"]);
    assert_eq!(world.reasons(Event::EventUnusable).await.len(), 1);
    let report = world.system.mailbox.sent().into_iter().find(|mail| mail.email.subject.contains("Acme Coaching: "));
    let report = report.expect("a report").email.text;
    assert!(report.contains("Events: difference                  0"), "{report}");
}

#[tokio::test]
async fn who_came_with_two_numbers_is_in_every_report_until_a_form_names_one() {
    let mut world = World::at("2026-01-06 09:00").await;
    world.form("1", "Pat", "305-555-0103 or 305-555-0104").await;
    for (until, found) in [("2026-01-07 09:01", 1), ("2026-01-08 09:01", 2)] {
        world.until(until).await;
        let reports = world.system.mailbox.sent().into_iter().filter(|mail| mail.email.subject.contains("held"));
        assert_eq!(reports.count(), found, "{until}: {:?}", world.system.mailbox.sent().last());
    }
    let mut again = form("2", "Pat", "305-555-0104");
    again["payload"][0]["attributes"]["email"] = json!("1@example.org");
    assert_eq!(world.kajabi(&again).await, 200);
    world.until("2026-01-08 12:00").await;
    assert_eq!(world.texts().into_iter().map(|text| text.1).collect::<Vec<_>>(), ["+13055550104"]);
    assert_eq!(world.reasons(Event::LeadReleased).await, ["two_numbers"]);
}
