//! Every fault that is planted is found, and what cannot be measured is said.

use super::*;
use crate::{
    client::{Mode, Sending},
    ids::LeadId,
    lead::{Lead, Need, Outcome},
    profile::Profile,
    window::Window,
};

fn good() -> Story {
    let mut story = Story::quiet();
    for n in 0..3 {
        story.enroll(n, local("09:00"));
        story.text(n, local("10:01"), 1);
    }
    story
}

#[test]
fn a_good_day_has_no_fault() {
    let report = good().report();
    assert_eq!((report.verdict, report.actions.len(), report.not_measured.len()), (Verdict::Ok, 0, 0));
    for tested in [&report.safety.after_opt_out, &report.safety.outside_hours, &report.safety.doubles] {
        assert_eq!((tested.found, tested.unchecked, tested.of), (0, 0, 3));
    }
}

/// Plants one fault in a good day and gives what the report makes of it.
fn planted(plant: impl Fn(&mut Story)) -> Report {
    let mut story = good();
    plant(&mut story);
    story.report()
}

#[test]
fn each_safety_fault_is_red_from_the_first_one() {
    type Plant = fn(&mut Story);
    let no: Plant = |story| story.facts.leads.get_mut(&lead(1)).expect("lead 1").opted_out = Some(local("10:00"));
    let no_on_record_only: Plant = |story| story.add(local("09:59"), Event::OptedOut, Status::Ok).lead = Some(lead(1));
    let evening: Plant = |story| _ = story.text(1, local("20:00"), 2);
    let elsewhere: Plant = |story| {
        // Ten in the morning for the client and the area code, but six where the lead says it is.
        story.facts.leads.get_mut(&lead(1)).expect("lead 1").zone = Some(Tz::Pacific__Honolulu);
    };
    let own_window: Plant = |story| {
        let noon = Window::parse(&[chrono::Weekday::Fri], "12:00", "13:00").expect("a window");
        story.facts.windows.insert((campaign(), Some(1)), Some(noon));
    };
    let not_served: Plant = |story| story.facts.client.countries.clear();
    let twice: Plant = |story| _ = story.text(1, local("10:02"), 1);
    let twice_over_midnight: Plant = |story| _ = story.text(1, period().until + TimeDelta::minutes(1), 1);
    for (name, plant, check, count) in [
        ("no", no, Check::AfterOptOut, 1),
        ("no on record only", no_on_record_only, Check::AfterOptOut, 1),
        ("evening", evening, Check::OutsideHours, 1),
        ("zone of the lead", elsewhere, Check::OutsideHours, 1),
        ("campaign's own window", own_window, Check::OutsideHours, 3),
        ("country not served", not_served, Check::OutsideHours, 3),
        ("twice", twice, Check::Doubles, 1),
        ("twice over midnight", twice_over_midnight, Check::Doubles, 1),
    ] {
        let report = planted(plant);
        assert_eq!(checks(&report), [(check, Verdict::Act)], "{name}");
        assert_eq!(report.actions[0].how_many, count, "{name}");
        assert!(report.actions[0].leads.contains(&lead(1)), "{name}");
    }
}

#[test]
fn one_confirmation_of_a_no_is_no_fault_and_a_second_a_late_one_or_any_other_answer_is() {
    let answer = |story: &mut Story, at: Instant, what: &str| {
        let sent = story.add(at, Event::AnswerSent, Status::Ok);
        (sent.lead, sent.reason) = (Some(lead(7)), Some(what.to_owned()));
    };
    let no = |story: &mut Story, time: &str| story.add(local(time), Event::OptedOut, Status::Ok).lead = Some(lead(7));
    let seconds = TimeDelta::seconds;
    let good = planted(|story| {
        answer(story, local("10:30"), "help");
        no(story, "11:00");
        answer(story, local("11:04"), "opted_out");
        story.add(local("12:00"), Event::OptOutLifted, Status::Ok).lead = Some(lead(7));
        no(story, "13:00");
        answer(story, local("13:00") + seconds(9), "opted_out");
    });
    assert_eq!(good.verdict, Verdict::Ok, "{:?}", good.actions);
    for (name, at, what) in [("second", 20, "opted_out"), ("late", 301, "opted_out"), ("help", 20, "help")] {
        let bad = planted(|story| {
            no(story, "11:00");
            if name == "second" {
                answer(story, local("11:00") + seconds(3), "opted_out");
            }
            answer(story, local("11:00") + seconds(at), what);
        });
        assert_eq!(checks(&bad), [(Check::AfterOptOut, Verdict::Act)], "{name}");
    }
    let without_a_no = planted(|story| answer(story, local("11:00"), "opted_out"));
    assert_eq!(checks(&without_a_no), [(Check::AfterOptOut, Verdict::Act)]);
}

#[test]
fn who_enters_a_campaign_again_gets_its_texts_again_and_that_is_no_double() {
    let entered = |time: &'static str, again: bool| {
        planted(move |story| {
            story.text(1, local("15:00"), 1);
            story.add(local(time), Event::EventReceived, Status::Ok).reason = Some("kajabi".to_owned());
            let enrolled = story.add(local(time), Event::Enrolled, Status::Ok);
            (enrolled.lead, enrolled.campaign, enrolled.again) = (Some(lead(1)), Some(campaign()), again);
        })
    };
    assert_eq!(entered("14:00", true).verdict, Verdict::Ok, "{:?}", entered("14:00", true).actions);
    for (time, again) in [("14:00", false), ("15:30", true), ("09:30", true)] {
        assert_eq!(checks(&entered(time, again)), [(Check::Doubles, Verdict::Act)], "{time}");
    }
}

#[test]
fn a_text_after_a_no_was_taken_back_is_no_fault() {
    let report = planted(|story| {
        story.add(local("09:10"), Event::OptedOut, Status::Ok).lead = Some(lead(1));
        story.add(local("09:20"), Event::OptOutLifted, Status::Ok).lead = Some(lead(1));
    });
    assert_eq!(report.verdict, Verdict::Ok, "{:?}", report.actions);
}

/// Somebody who waits, as the report reads them.
fn waits(need: Need, n: u128) -> Facts {
    let mut lead = Lead::new(lead(n), crate::ids::ClientId::parse("acme").expect("an id"));
    match need {
        Need::Held => _ = lead.hold_person("a reply that may mean no", local("11:00")),
        Need::Unanswered | Need::Review | Need::Unclear => lead.await_answer(local("11:00")),
    }
    let profile = Profile::new(lead.id, local("11:00"));
    let listed = [(lead.id, lead.attention().expect("it waits").needs)];
    let waiting = WaitingFacts::of(&listed, true, &WaitingFacts::to_read(&listed), &[(lead, profile)]);
    Facts { waiting: Some(waiting), ..good().facts }
}

#[test]
fn who_waits_is_worth_a_look_as_long_as_they_do_whatever_the_day_says() {
    for (need, check) in [(Need::Held, Check::Held), (Need::Unanswered, Check::Unanswered)] {
        let report = planted(|story| story.facts.waiting = waits(need, 2).waiting);
        assert_eq!(checks(&report), [(check, Verdict::Look)]);
        assert_eq!(report.carried.waiting.as_ref().and_then(|waiting| waiting.get(&need)), Some(&1));
    }
    let only_of_the_day = planted(|story| {
        story.add(local("11:00"), Event::LeadHeld, Status::Waiting).lead = Some(lead(2));
        story.add(local("12:00"), Event::ReviewNeeded, Status::Rejected).lead = Some(lead(2));
    });
    assert_eq!(only_of_the_day.verdict, Verdict::Ok, "somebody decided on the same day");
}

#[test]
fn only_people_who_were_counted_as_they_stood_and_wait_no_more_are_said_to_be_cleared() {
    let before = |waiting: Option<&[(Need, u64)]>| {
        Before::Report(Carried {
            actions: vec![Check::Held, Check::Unusable],
            waiting: waiting.map(|waiting| waiting.iter().copied().collect()),
            day: day("2026-11-19"),
            until: period().from,
            ..Carried::default()
        })
    };
    let unread: Option<WaitingFacts> = None;
    for (name, waited, now, fixed) in [
        (
            "cleared",
            Some(&[(Need::Held, 1)][..]),
            Some(WaitingFacts { complete: true, ..WaitingFacts::default() }),
            true,
        ),
        ("stands", Some(&[(Need::Held, 1)][..]), waits(Need::Held, 2).waiting, false),
        ("a report of before, which counted events", None, good().facts.waiting, false),
        ("not measured", Some(&[(Need::Held, 1)][..]), unread, false),
        ("not all were counted", Some(&[(Need::Held, 1)][..]), Some(WaitingFacts::default()), false),
    ] {
        let report = planted(|story| {
            story.facts.before = before(waited);
            story.facts.waiting = now.clone();
        });
        assert_eq!(report.fixed, if fixed { vec![Check::Held] } else { vec![] }, "{name}");
    }
}

#[test]
fn campaigns_that_nobody_has_looked_at_are_named() {
    let report = planted(|story| story.facts.campaigns_to_review = Some(vec!["Spring retreat".to_owned()]));
    assert_eq!(checks(&report), [(Check::CampaignReview, Verdict::Look)]);
    assert!(report.actions[0].what.contains("Spring retreat"), "{}", report.actions[0].what);
}

#[test]
fn the_text_before_the_no_and_the_second_step_are_no_faults() {
    let report = planted(|story| {
        story.facts.leads.get_mut(&lead(1)).expect("lead 1").opted_out = Some(local("10:01"));
        story.text(2, local("19:59"), 2);
        // Its double of the day before was reported then; of the two after midnight the next report tells.
        story.text(2, period().until + TimeDelta::minutes(1), 3);
        story.text(2, period().until + TimeDelta::minutes(2), 3);
    });
    assert_eq!(report.verdict, Verdict::Ok, "{:?}", report.actions);
}

#[test]
fn an_unclear_text_is_worth_a_look_and_after_six_hours_an_act() {
    for (hours, verdict) in [(1, Verdict::Look), (7, Verdict::Act)] {
        let report = planted(|story| {
            let since = story.facts.now - TimeDelta::hours(hours);
            story.add(local("19:00"), Event::SmsAttempt, Status::Unknown).lead = Some(lead(1));
            story.facts.leads.get_mut(&lead(1)).expect("lead 1").unclear_since = Some(since);
        });
        assert_eq!(checks(&report), [(Check::Unclear, verdict)]);
        assert_eq!(report.carried.unclear, [lead(1)]);
    }
    let settled = planted(|story| story.add(local("19:00"), Event::SmsAttempt, Status::Unknown).lead = Some(lead(1)));
    assert_eq!((settled.verdict, settled.safety.unclear.found), (Verdict::Ok, 0));
}

#[test]
fn an_unclear_text_is_followed_until_it_is_settled() {
    let carried =
        Carried { unclear: vec![lead(8), lead(9)], day: day("2026-11-19"), until: period().from, ..Carried::default() };
    let report = planted(|story| {
        story.facts.before = Before::Report(carried.clone());
        story
            .facts
            .leads
            .insert(lead(8), LeadFacts { unclear_since: Some(at("2026-11-18T15:00:00Z")), ..LeadFacts::default() });
        story.facts.leads.insert(lead(9), LeadFacts::default());
    });
    assert_eq!(report.carried.unclear, [lead(8)]);
    assert_eq!(checks(&report), [(Check::Unclear, Verdict::Act)]);
}

#[test]
fn a_difference_in_the_books_is_red_either_way() {
    let lost = planted(|story| _ = story.add(local("12:00"), Event::EventReceived, Status::Ok));
    assert_eq!((checks(&lost), lost.books.difference), (vec![(Check::Books, Verdict::Act)], Some(1)));
    let twice = planted(|story| _ = story.add(local("12:00"), Event::Enrolled, Status::Ok));
    assert_eq!((checks(&twice), twice.books.difference), (vec![(Check::Books, Verdict::Act)], Some(-1)));
    let unbegun = planted(|story| {
        (0..4).for_each(|_| {
            story.add(local("12:00"), Event::EnrollmentEnded, Status::Ok).ended = Some(Outcome::Abandoned);
        })
    });
    assert_eq!((checks(&unbegun), unbegun.books.ended_unbegun), (vec![(Check::Books, Verdict::Act)], 1));
    let waits = planted(|story| {
        story.add(local("12:00"), Event::EventReceived, Status::Ok);
        story.facts.due.as_mut().expect("due").waiting = 1;
    });
    assert_eq!((waits.verdict, waits.books.difference), (Verdict::Ok, Some(0)));
}

#[test]
fn what_moved_between_two_readings_is_not_missing_and_what_did_not_is() {
    let mut story = good();
    story.add(local("11:00"), Event::EventReceived, Status::Ok);
    let then = story.ledger();
    story.add(local("11:00"), Event::EventIgnored, Status::Ok);
    story.add(local("11:01"), Event::EventReceived, Status::Ok);
    let later = story.ledger();
    // One waited at first. By the time of the look it was done, or the next one was there as well.
    for (found, waited) in [(0, Some(1)), (1, Some(1)), (2, Some(1)), (3, None)] {
        story.facts.due.as_mut().expect("was read").waiting = found;
        assert_eq!(then.waited(&story.facts, &later), waited, "{found} found waiting");
    }
    assert_eq!(then.waited(&story.facts, &then), None, "nothing moved, and three wait where one should");
}

#[test]
fn books_without_a_last_report_are_opened_anew_and_still_find_a_loss() {
    let opened = planted(|story| {
        story.facts.before = Before::Lost;
        story.facts.due.as_mut().expect("due").waiting = 2;
    });
    assert_eq!((opened.books.waited_before, opened.books.difference, opened.books.active), (2, Some(0), None));
    let lost = planted(|story| {
        story.facts.before = Before::Lost;
        story.add(local("12:00"), Event::EventReceived, Status::Ok);
    });
    assert_eq!(lost.books.difference, Some(1));
}

#[test]
fn runs_that_are_missing_are_red() {
    let gap = planted(|story| {
        story.events.retain(|event| {
            event.event != Event::SchedulerRun || !(local("12:00")..local("13:00")).contains(&event.at)
        });
    });
    assert_eq!(checks(&gap), [(Check::Runs, Verdict::Act)]);
    assert_eq!(gap.figures.runs.longest_gap, TimeDelta::minutes(75));
    let none = planted(|story| story.events.retain(|event| event.event != Event::SchedulerRun));
    assert_eq!(none.actions[0].headline, "the scheduler did not run");
}

#[test]
fn leads_that_nobody_looks_at_are_worth_a_look_and_then_an_act() {
    for (minutes, expected) in
        [(29, vec![]), (31, vec![(Check::Overdue, Verdict::Look)]), (121, vec![(Check::Overdue, Verdict::Act)])]
    {
        let report = planted(|story| {
            let since = story.facts.now - TimeDelta::minutes(minutes);
            story.facts.due.as_mut().expect("due").overdue = Overdue { leads: 37, since: Some(since) };
        });
        assert_eq!(checks(&report), expected, "{minutes}");
    }
}

#[test]
fn a_rate_is_given_from_twenty_texts_on_and_judged() {
    for (failed, rate, expected) in
        [(16, Rate::TooFew, vec![]), (17, Rate::Percent(85.0), vec![(Check::FailureRate, Verdict::Act)])]
    {
        let report = planted(|story| {
            (0..failed).for_each(|_| _ = story.add(local("10:00"), Event::SmsAttempt, Status::Failed));
        });
        assert_eq!((report.figures.failure_rate, checks(&report)), (rate, expected));
    }
}

#[test]
fn errors_far_over_the_usual_are_a_spike() {
    let past = |n| DayFigures { day: day(DAY) - TimeDelta::days(n), leads: 0, texts: 0, replies: 0, errors: 3 };
    let carried = Carried {
        history: (1..=4).map(past).collect(),
        day: day("2026-11-19"),
        until: period().from,
        ..Carried::default()
    };
    for (errors, spike) in [(9, false), (10, true)] {
        let report = planted(|story| {
            story.facts.before = Before::Report(carried.clone());
            (0..errors).for_each(|_| _ = story.add(local("10:00"), Event::JobFailed, Status::Failed));
        });
        assert_eq!(report.figures.error_spike, Some(spike), "{errors}");
        assert_eq!(report.actions.iter().any(|action| action.check == Check::ErrorSpike), spike);
    }
}

#[test]
fn holds_stopped_runs_and_test_mode_are_said() {
    let held = planted(|story| {
        let reason = "account of pat@example.org is suspended".to_owned();
        story.facts.client.sending = Sending::held(reason, local("12:00"));
        // What is due stays due, and is no second thing to do.
        story.facts.due.as_mut().expect("due").overdue = Overdue { leads: 37, since: Some(local("12:00")) };
    });
    assert_eq!(checks(&held), [(Check::OnHold, Verdict::Act)]);
    assert!(held.actions[0].what.ends_with("account of ••• is suspended"), "{}", held.actions[0].what);
    let stopped = planted(|story| {
        let run = story.add(local("12:07"), Event::RunStopped, Status::Failed);
        run.detail = Some("the client has no active campaign".to_owned());
    });
    assert_eq!(checks(&stopped), [(Check::RunStopped, Verdict::Act)]);
    assert!(
        stopped.actions[0].what.ends_with("the first: the client has no active campaign"),
        "{}",
        stopped.actions[0].what
    );
    let test = planted(|story| {
        let before = Carried {
            test_since: Some(day("2026-11-18")),
            day: day("2026-11-19"),
            until: period().from,
            ..Carried::default()
        };
        story.facts.before = Before::Report(before);
        story.facts.client.mode = Mode::Test { phone: None, email: None };
    });
    assert_eq!(checks(&test), [(Check::TestMode, Verdict::Look)]);
    assert_eq!(test.actions[0].how_many, 3);
}

#[test]
fn what_cannot_be_measured_is_said_and_never_zero() {
    let report = planted(|story| {
        story.facts.leads.remove(&lead(1));
        story.facts.due = None;
        story.facts.unread.push("leads that wait: the due index could not be read".to_owned());
        story.facts.windows.clear();
    });
    assert_eq!((report.books.waiting, report.books.difference, report.overdue), (None, None, None));
    assert!(report.safety.outside_hours.unmeasured());
    assert_eq!(
        report.not_measured,
        [
            "texts after an opt-out: 1 of 3 could not be checked",
            "texts outside the hours: 3 of 3 could not be checked",
            "leads that wait: the due index could not be read",
        ]
    );
    assert_eq!(checks(&report), [(Check::NotMeasured, Verdict::Look)]);
}

#[test]
fn a_text_without_its_lead_or_step_is_not_counted_as_safe() {
    let report = planted(|story| {
        let text = story.text(7, local("11:00"), 1);
        (text.lead, text.step) = (None::<LeadId>, None);
    });
    let unchecked =
        [&report.safety.after_opt_out, &report.safety.outside_hours, &report.safety.doubles].map(|t| t.unchecked);
    assert_eq!((unchecked, report.verdict), ([1, 1, 1], Verdict::Look));
}
