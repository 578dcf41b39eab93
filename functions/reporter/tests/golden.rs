//! The emails, word for word. After a change that is meant:
//! `REFRESH_GOLDEN=1 cargo test -p leadline-reporter --test golden`, and read the difference.

mod common;

use std::{fs, path::PathBuf};

use chrono_tz::Tz;
use common::days::{FRIDAY, PERSONAL, Telling};
use leadline::{
    domain::{
        audit::{Event, Status},
        client::Mode,
        email::EmailAddress,
    },
    ports::Email,
};

const CHICAGO: Tz = Tz::America__Chicago;

async fn mail(telling: &Telling) -> Email {
    let summary = leadline_reporter::handle(serde_json::Value::Null, &telling.world.deps()).await.expect("a run");
    assert_eq!((summary.sent, summary.failed), (1, 0));
    telling.world.state().mails.pop().expect("an email")
}

fn golden(name: &str, mail: &Email) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
    let html = mail.html.clone().expect("HTML");
    for (file, shown) in [(format!("{name}.txt"), text), (format!("{name}.html"), html)] {
        assert!(shown.len() < 100_000, "{file} is {} bytes", shown.len());
        for personal in PERSONAL {
            assert!(!shown.contains(personal), "{file} holds {personal:?}");
        }
        let path = folder.join(&file);
        if std::env::var_os("REFRESH_GOLDEN").is_some() {
            fs::write(&path, &shown).expect("the golden file is written");
        }
        let expected =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}; see the head of this test"));
        assert!(shown == expected, "{file} differs; see the head of this test. It is now:\n{shown}");
    }
}

#[tokio::test]
async fn a_good_day() {
    let telling = Telling::known(FRIDAY, CHICAGO);
    telling.work();
    let mail = mail(&telling).await;
    assert_eq!(mail.subject, "Acme Coaching: OK. 412 texts, 31 replies, 0 problems");
    assert!(mail.text.starts_with("Everything ran. Nothing needs you.\n"), "{}", mail.text);
    let lines = mail.text.lines().count();
    assert!(lines <= 60, "{lines} lines");
    golden("good", &mail);
}

#[tokio::test]
async fn a_bad_day() {
    let telling = Telling::known(FRIDAY, CHICAGO);
    telling.work();
    telling.trouble();
    let mail = mail(&telling).await;
    assert!(mail.subject.starts_with("Acme Coaching: ACT. "), "{}", mail.subject);
    golden("bad", &mail);
}

#[tokio::test]
async fn a_day_on_which_people_wait() {
    let telling = Telling::known(FRIDAY, CHICAGO);
    telling.work();
    telling.people();
    let mail = mail(&telling).await;
    let first = mail.text.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("2 people wait for your answer, the oldest since Tue 12:00. 2 things are worth a look, "),
        "{first}"
    );
    assert!(mail.subject.starts_with("Acme Coaching: LOOK. 2 people wait for your answer, "), "{}", mail.subject);
    assert!(!mail.html.as_ref().is_some_and(|html| html.contains("<b>Ann")));
    golden("waiting", &mail);
}

#[tokio::test]
async fn an_empty_day() {
    let mail = mail(&Telling::known("2026-11-22", CHICAGO)).await;
    assert!(mail.subject.contains("0 texts, 0 replies"), "{}", mail.subject);
    golden("empty", &mail);
}

#[tokio::test]
async fn a_first_day() {
    let telling = Telling::quiet(FRIDAY, CHICAGO);
    telling.enroll(1, telling.at(9, 0));
    telling.text(1, telling.at(10, 1), 1);
    let mail = mail(&telling).await;
    assert!(mail.text.contains("This is the first report"), "{}", mail.text);
    assert_eq!(mail.subject, "Acme Coaching: OK. 1 text, 0 replies, 0 problems");
    golden("first", &mail);
}

#[tokio::test]
async fn a_day_of_25_hours() {
    let mail = mail(&Telling::quiet("2026-11-01", CHICAGO)).await;
    assert!(mail.text.contains("25 hours: the clocks changed") && mail.text.contains("100 of 100"), "{}", mail.text);
    golden("25-hours", &mail);
}

#[tokio::test]
async fn a_day_of_which_little_could_be_measured() {
    let telling = Telling::known(FRIDAY, CHICAGO);
    telling.work();
    telling.world.state().blind = true;
    telling.world.state().campaigns.clear();
    let mail = mail(&telling).await;
    assert!(mail.subject.starts_with("Acme Coaching: LOOK. "), "{}", mail.subject);
    golden("unmeasured", &mail);
}

#[tokio::test]
async fn a_day_in_test_mode() {
    let telling = Telling::known("2026-11-22", CHICAGO);
    {
        let mut state = telling.world.state();
        let client = state.clients[0].1.as_mut().expect("settings");
        client.mode = Mode::Test { phone: None, email: EmailAddress::parse("test@example.com").ok() };
        client.name = "Acme <b>\r\nBcc: x".to_owned();
    }
    let mail = mail(&telling).await;
    assert_eq!(mail.to.as_str(), "test@example.com");
    assert!(mail.subject.starts_with("[TEST] Acme <b> Bcc: x: LOOK. test mode is on. "), "{}", mail.subject);
    assert!(mail.html.as_ref().is_some_and(|html| html.contains("Acme &#60;b&#62; Bcc: x") && !html.contains("<b>")));
    golden("test-mode", &mail);
}

#[tokio::test]
async fn the_subject_and_the_first_line_tell_each_safety_fault() {
    type Plant = fn(&Telling);
    let faults: [(Plant, &str); 5] = [
        (|day| day.opt_out(5, day.at(10, 0)), "1 text after an opt-out"),
        (|day| day.text(3, day.at(21, 30), 2), "1 text outside the hours"),
        (|day| day.text(4, day.at(12, 0), 1), "1 text sent twice"),
        (|day| day.add(day.at(12, 0), Event::EventReceived, Status::Ok, common::days::from_kajabi), "books off by 1"),
        (
            |day| day.world.state().events.retain(|event| event.event != Event::SchedulerRun),
            "the scheduler did not run",
        ),
    ];
    for (plant, words) in faults {
        let telling = Telling::known(FRIDAY, CHICAGO);
        telling.work();
        plant(&telling);
        let mail = mail(&telling).await;
        assert!(mail.subject.starts_with(&format!("Acme Coaching: ACT. {words}. ")), "{}", mail.subject);
        assert_eq!(mail.text.lines().next(), Some(format!("1 thing needs you: {words}.").as_str()));
    }
}
