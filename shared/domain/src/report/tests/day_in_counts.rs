//! What is added up, and what one report leaves for the next.

use super::*;
use crate::lead::Outcome;

#[test]
fn an_empty_day_is_a_good_day() {
    let report = Story::quiet().report();
    assert_eq!((report.verdict, report.number, report.first), (Verdict::Ok, 1, true));
    assert_eq!(report.actions, []);
    assert_eq!((report.figures.runs.done, report.figures.runs.expected), (96, 96));
    assert_eq!(report.figures.failure_rate, Rate::TooFew);
    assert_eq!(report.figures.minutes_to_first_text, None);
    assert_eq!(report.books.difference, Some(0));
}

#[test]
fn a_day_of_the_clock_change_expects_its_own_number_of_runs() {
    for (changed, runs) in [("2026-03-08", 92), ("2026-11-01", 100), ("2026-11-20", 96)] {
        let report = Story::quiet_on(Period::of(day(changed), Tz::America__New_York)).report();
        assert_eq!((report.figures.runs.done, report.figures.runs.expected), (runs, runs), "{changed}");
        assert_eq!(report.verdict, Verdict::Ok, "{changed}: {:?}", report.actions);
    }
}

#[test]
fn the_day_is_added_up() {
    let mut story = Story::quiet();
    for n in 0..30 {
        story.enroll(n, local("09:00"));
        story.text(n, local("10:01"), 1);
    }
    story.add(local("09:30"), Event::EventReceived, Status::Ok).reason = Some("kajabi".to_owned());
    story.add(local("09:30"), Event::Rejected, Status::Rejected).reason = Some("no_consent".to_owned());
    for n in 0..2 {
        let failed = story.add(local("10:02"), Event::SmsAttempt, Status::Rejected);
        failed.reason = Some("recipient".to_owned());
        failed.detail = Some("Number is a landline (30006)".to_owned());
        failed.lead = Some(lead(100 + n));
    }
    story.add(local("11:00"), Event::EventReceived, Status::Ok).reason = Some("twilio-inbound".to_owned());
    story.add(local("11:00"), Event::ReplyReceived, Status::Ok);
    for by_itself in ["reaction", "automatic"] {
        story.add(local("11:00"), Event::EventReceived, Status::Ok).reason = Some("twilio-inbound".to_owned());
        story.add(local("11:00"), Event::ReplyReceived, Status::Ok).reason = Some(by_itself.to_owned());
    }
    story.add(local("11:00"), Event::EventReceived, Status::Ok).reason = Some("twilio-status".to_owned());
    story.add(local("11:00"), Event::EventIgnored, Status::Ok).reason = Some("receipt".to_owned());
    story.add(local("11:00"), Event::OptedOut, Status::Ok);
    story.add(local("11:00"), Event::EnrollmentEnded, Status::Ok).ended = Some(Outcome::OptedOut);
    story.add(local("12:00"), Event::StepDeferred, Status::Waiting).reason = Some("lawful-hours".to_owned());
    let report = story.report();
    let figures = &report.figures;
    assert_eq!((figures.forms, figures.enrolled, figures.new_leads), (31, 30, 30));
    assert_eq!((figures.texts, figures.segments, figures.failed), (30, 60, 2));
    assert_eq!(figures.failure_rate, Rate::Percent(6.25));
    assert_eq!((figures.replies, figures.opt_outs, figures.ended[&Outcome::OptedOut]), (1, 1, 1));
    assert_eq!(figures.minutes_to_first_text, Some(61));
    assert_eq!(figures.templates, [("welcome".to_owned(), "welcome/v1/step-1".to_owned(), 30)]);
    assert_eq!(figures.last_seen[&Function::Sender], local("10:02"));
    let not_sent: Vec<_> = report.not_sent.iter().map(|row| (row.kept, row.reason.as_str(), row.count)).collect();
    let landline = (Kept::Failed, "Number is a landline (30006)", 2);
    let hours = (Kept::Deferred, "outside the recipient's lawful hours", 1);
    assert_eq!(not_sent, [landline, hours, (Kept::Rejected, "no consent to be texted", 1)]);
    assert_eq!(report.books.difference, Some(0));
    assert_eq!(report.books.active, Some(29));
    assert_eq!(checks(&report), [(Check::FailureRate, Verdict::Look)]);
}

#[test]
fn what_happens_before_or_after_the_day_is_not_of_the_day() {
    let mut story = Story::quiet();
    for when in [period().from - TimeDelta::milliseconds(1), period().until] {
        story.enroll(1, when);
        story.text(1, when, 1);
    }
    let report = story.report();
    assert_eq!((report.figures.forms, report.figures.texts), (0, 0));
    assert_eq!(report.books.totals.received, 2);
}

#[test]
fn the_totals_go_on_where_the_last_report_left_them() {
    let mut first = Story::quiet();
    first.enroll(1, local("09:00"));
    // Taken in after midnight and before the report: in the books of both reports, once.
    first.enroll(2, period().until + TimeDelta::hours(1));
    let report = first.report();
    assert_eq!((report.books.totals.received, report.carried.totals.received), (2, 1));

    let mut second = Story::quiet_on(Period::of(day("2026-11-21"), Tz::America__New_York));
    second.facts.before = Before::Report(Carried::from_note(&report.carried.to_note()).expect("the note"));
    second.enroll(2, period().until + TimeDelta::hours(1));
    let report = second.report();
    assert_eq!((report.number, report.first, report.missed.len()), (2, false, 0));
    assert_eq!((report.books.totals.received, report.books.active, report.books.difference), (2, Some(2), Some(0)));
    assert_eq!(report.verdict, Verdict::Ok, "{:?}", report.actions);
}

#[test]
fn days_without_a_report_leave_a_gap_in_the_numbers_and_none_in_the_books() {
    let before = Story::quiet().report().carried;
    let mut story = Story::quiet_on(Period::of(day("2026-11-23"), Tz::America__New_York));
    story.facts.before = Before::Report(before);
    assert_eq!(story.facts.before.from(&story.period), period().until);
    story.enroll(1, period().until + TimeDelta::hours(30));
    let report = story.report();
    assert_eq!((report.number, report.missed.clone()), (4, vec![day("2026-11-21"), day("2026-11-22")]));
    assert_eq!((report.figures.forms, report.carried.totals.received), (0, 1));
    assert_eq!(checks(&report), [(Check::Missed, Verdict::Look)]);
}

#[test]
fn the_usual_is_learned_from_four_of_the_same_weekday() {
    let past =
        |days: i64, leads| DayFigures { day: day(DAY) - TimeDelta::days(days), leads, texts: 3, replies: 0, errors: 0 };
    let mut story = Story::quiet();
    let mut carried = Carried { number: 40, day: day("2026-11-19"), until: period().from, v: 1, ..Carried::default() };
    carried.history = vec![past(28, 9), past(21, 7), past(14, 12), past(8, 900), past(7, 8)];
    story.facts.before = Before::Report(carried.clone());
    let report = story.report();
    assert_eq!(report.figures.usual_leads, Usual::Between(7, 12));
    assert_eq!(checks(&report), [(Check::Silence, Verdict::Look)]);
    carried.history.remove(0);
    story.facts.before = Before::Report(carried);
    assert_eq!(story.report().figures.usual_leads, Usual::Learning);
}

#[test]
fn the_note_stays_small_and_a_foreign_one_is_refused() {
    let mut story = Story::quiet();
    let history = (0..60).map(|n| DayFigures { day: day(DAY), leads: n, texts: n, replies: n, errors: n });
    story.facts.before = Before::Report(Carried { history: history.collect(), ..Carried::default() });
    for n in 0..200 {
        story.add(local("10:00"), Event::SmsAttempt, Status::Unknown).lead = Some(lead(n));
    }
    let carried = story.report().carried;
    assert!(carried.to_note().len() < 4096, "{}", carried.to_note().len());
    assert_eq!(Carried::from_note(&carried.to_note()).expect("its own note"), carried);
    let newer = Carried { v: 2, ..carried };
    assert!(Carried::from_note(&newer.to_note()).is_err());
    assert!(Carried::from_note("{}").is_err());
}

#[test]
fn a_report_says_what_is_new_and_what_is_fixed() {
    let mut story = Story::quiet();
    let known = vec![Check::SettleFailed, Check::Unusable, Check::OnHold];
    story.facts.before =
        Before::Report(Carried { actions: known, day: day("2026-11-19"), until: period().from, ..Carried::default() });
    for event in [Event::SettleFailed, Event::JobFailed] {
        story.add(local("10:00"), event, Status::Failed);
    }
    let report = story.report();
    let new: Vec<_> = report.actions.iter().map(|action| (action.check, action.new)).collect();
    assert_eq!(new, [(Check::JobFailed, true), (Check::SettleFailed, false)]);
    assert_eq!(report.fixed, [Check::OnHold], "that no event was unusable today fixes none of yesterday's");
}

#[test]
fn a_try_that_is_repeated_is_no_failed_text_and_the_last_one_is() {
    let mut story = Story::quiet();
    for retry in 0..4 {
        let mut event = story.text(1, local("10:00"), 1).clone();
        story.events.pop();
        (event.status, event.reason) = (Status::Failed, Some("not_sent".to_owned()));
        event.text.as_mut().expect("a text").retry = retry;
        story.events.push(event);
    }
    let figures = story.report().figures;
    assert_eq!((figures.texts, figures.failed, figures.retried), (0, 1, 3));
    assert_eq!(figures.errors["tries that did not go out"], 3);
}

#[test]
fn a_sequence_that_ends_by_its_last_text_has_ended() {
    let mut story = Story::quiet();
    story.enroll(1, local("09:00"));
    story.text(1, local("10:01"), 1).ended = Some(Outcome::Completed);
    let report = story.report();
    assert_eq!((report.books.active, report.figures.ended[&Outcome::Completed]), (Some(0), 1));
}

#[test]
fn a_text_belongs_to_the_moment_of_its_claim() {
    let mut story = Story::quiet();
    // Claimed before midnight, answered after it: the audit gives it to the day of the claim.
    story.text(1, period().until - TimeDelta::milliseconds(5), 1).at = period().until + TimeDelta::seconds(1);
    assert_eq!(story.report().figures.texts, 1);
}
