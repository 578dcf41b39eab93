//! When a report goes out, exactly one a day, and what stands in its way.

mod common;

use chrono::TimeDelta;
use chrono_tz::Tz;
use common::days::{FRIDAY, Telling, client};
use leadline::{
    domain::{
        audit::{Event, Status},
        client::Mode,
        email::EmailAddress,
        event::EventKey,
        ids::ClientId,
        report::Carried,
    },
    ports::{ClientEntry, DueWork},
};
use leadline_reporter::{Summary, handle};

const CHICAGO: Tz = Tz::America__Chicago;

async fn run(telling: &Telling) -> Summary {
    handle(serde_json::json!({"any": "thing"}), &telling.world.deps()).await.expect("a run")
}

fn reports(telling: &Telling) -> Vec<(Status, String)> {
    let state = telling.world.state();
    let sent = state.events.iter().filter(|event| event.event == Event::ReportSent);
    sent.map(|event| (event.status, event.reason.clone().unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_report_goes_out_once_its_hour_has_come_and_then_no_more() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    telling.world.state().now -= TimeDelta::minutes(1);
    assert_eq!(run(&telling).await, Summary { nothing_to_do: 1, ..Summary::default() });
    telling.world.state().now += TimeDelta::minutes(1);
    assert_eq!(run(&telling).await, Summary { sent: 1, ..Summary::default() });
    telling.world.state().now += TimeDelta::hours(14);
    assert_eq!(run(&telling).await, Summary { nothing_to_do: 1, ..Summary::default() });
    assert_eq!(reports(&telling), [(Status::Ok, "ok".to_owned())]);
}

#[tokio::test]
async fn each_client_has_its_own_morning() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    telling.world.add_client(client("west", Tz::America__Los_Angeles));
    telling.world.add_client(client("india", Tz::Asia__Kolkata));
    assert_eq!(run(&telling).await, Summary { sent: 2, nothing_to_do: 1, ..Summary::default() });
    telling.world.state().now += TimeDelta::hours(2);
    assert_eq!(run(&telling).await, Summary { sent: 1, nothing_to_do: 2, ..Summary::default() });
}

#[tokio::test]
async fn an_hour_that_the_clocks_skip_has_come_when_they_have_moved() {
    let telling = Telling::quiet("2026-03-07", CHICAGO);
    {
        let mut state = telling.world.state();
        let skipped = chrono::NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
        state.clients[0].1.as_mut().expect("settings").report_at = skipped;
        state.now = "2026-03-08T07:59:59Z".parse().expect("an instant");
    }
    assert_eq!(run(&telling).await.sent, 0);
    telling.world.state().now += TimeDelta::seconds(1);
    assert_eq!(run(&telling).await.sent, 1);
}

#[tokio::test]
async fn two_runs_at_once_send_one_report() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    let deps = telling.world.deps();
    let (one, other) = tokio::join!(handle(serde_json::Value::Null, &deps), handle(serde_json::Value::Null, &deps));
    let (one, other) = (one.expect("a run"), other.expect("a run"));
    assert_eq!((one.sent + other.sent, one.nothing_to_do + other.nothing_to_do), (1, 1));
    assert_eq!(telling.world.subjects().len(), 1);
}

#[tokio::test]
async fn a_report_that_was_begun_and_not_finished_is_sent_again_and_says_so() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    telling.world.state().refuse_mails = 1;
    assert_eq!(run(&telling).await, Summary { failed: 1, ..Summary::default() });
    assert_eq!(reports(&telling), [(Status::Failed, "mail".to_owned())]);
    telling.world.state().now += TimeDelta::minutes(5);
    assert_eq!(run(&telling).await, Summary { nothing_to_do: 1, ..Summary::default() });
    telling.world.state().now += TimeDelta::minutes(25);
    assert_eq!(run(&telling).await, Summary { sent: 1, repeated: 1, ..Summary::default() });
    assert_eq!(telling.world.subjects(), ["Acme Coaching: OK. 0 texts, 0 replies, 0 problems (repeat)"]);
}

#[tokio::test]
async fn reports_follow_each_other_by_number_and_a_lost_day_leaves_a_gap() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    let mut numbers = Vec::new();
    for days in [0, 1, 3] {
        telling.world.state().now = telling.period.until + TimeDelta::days(days) + TimeDelta::hours(9);
        assert_eq!(run(&telling).await.sent, 1);
        let about = telling.world.state().mails.pop().expect("an email").text.lines().nth(1).map(str::to_owned);
        numbers.push(about.and_then(|line| line.split(" · ").next().map(str::to_owned)).expect("a number"));
    }
    assert_eq!(numbers, ["Report 1", "Report 2", "Report 4"]);
}

#[tokio::test]
async fn what_fails_for_one_client_stops_no_other() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    for id in ["broken", "explosive", "last"] {
        telling.world.add_client(client(id, CHICAGO));
    }
    let id = |id| ClientId::parse(id).expect("an id");
    telling.world.state().broken.insert(id("broken"));
    telling.world.state().explosive.insert(id("explosive"));
    assert_eq!(run(&telling).await, Summary { sent: 2, failed: 2, ..Summary::default() });
    let state = telling.world.state();
    let failed: Vec<_> =
        state.events.iter().filter(|e| e.event == Event::ReportSent && e.status == Status::Failed).collect();
    let failed: Vec<_> = failed.iter().map(|event| (event.client.as_str(), event.reason.as_deref())).collect();
    assert_eq!(failed, [("broken", Some("store")), ("explosive", Some("panic"))]);
}

#[tokio::test]
async fn unreadable_settings_are_told_once_a_day_and_without_personal_data() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    let id = ClientId::parse("odd").expect("an id");
    let entry = ClientEntry { id, admin_email: EmailAddress::parse("odd@example.com").expect("an address") };
    let problem = "unknown variant `pat@example.org`, expected `live` or `test`".to_owned();
    telling.world.state().clients = vec![(entry, Err(problem))];
    assert_eq!(run(&telling).await.sent, 1);
    assert_eq!(run(&telling).await.sent, 0);
    {
        let mail = telling.world.state().mails.pop().expect("an email");
        assert_eq!((mail.to.as_str(), mail.html), ("odd@example.com", None));
        assert_eq!(mail.subject, "odd: ACT. The settings cannot be read, nothing is sent and nothing was measured");
        assert!(mail.text.contains("unknown variant •••") && !mail.text.contains("pat@"), "{}", mail.text);
    }
    telling.world.state().now += TimeDelta::days(1);
    assert_eq!(run(&telling).await.sent, 1);
}

#[tokio::test]
async fn in_test_mode_without_an_address_the_report_is_made_and_goes_nowhere() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    telling.world.state().clients[0].1.as_mut().expect("settings").mode = Mode::Test { phone: None, email: None };
    assert_eq!(run(&telling).await, Summary { unaddressed: 1, ..Summary::default() });
    assert_eq!(reports(&telling), [(Status::Rejected, "no_test_email".to_owned())]);
    let state = telling.world.state();
    let note = state.once.values().next().and_then(|(_, note)| note.clone()).expect("a note");
    assert_eq!(Carried::from_note(&note).expect("carried").number, 1);
    assert!(state.mails.is_empty());
}

#[tokio::test]
async fn books_that_were_read_while_something_moved_are_read_again() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    let waiting = DueWork::Event { key: EventKey("just now".to_owned()), due: telling.world.state().now };
    // Shown by the due index, received and concluded before the second reading.
    telling.world.state().due_at_first = Some(vec![waiting]);
    assert_eq!(run(&telling).await.sent, 1);
    assert_eq!(telling.world.subjects(), ["Acme Coaching: OK. 0 texts, 0 replies, 0 problems"]);
}

#[tokio::test]
async fn a_last_report_that_cannot_be_read_is_said_and_the_totals_begin_anew() {
    let telling = Telling::known(FRIDAY, CHICAGO);
    telling.world.state().once.values_mut().for_each(|(_, note)| *note = Some("{}".to_owned()));
    assert_eq!(run(&telling).await.sent, 1);
    let mail = telling.world.state().mails.pop().expect("an email");
    assert!(mail.subject.starts_with("Acme Coaching: LOOK. 1 thing not measured. "), "{}", mail.subject);
    assert!(mail.text.contains("Not measured: totals of the days before"), "{}", mail.text);
}
