//! Schedules: local times, webinars, and what becomes of a step that is late.

use serde_json::{Value, json};

use super::{super::super::campaign::Campaign, *};

/// The webinar: Thursday 15 January 2026, 19:00 in New York.
const WEBINAR: &str = "2026-01-15T19:00:00-05:00";

/// Pat, whose last text went at `last`, and who is at step `step` of these.
fn at_step(messages: Value, step: u16, last: Option<&str>) -> Case {
    let mut doc = serde_json::to_value(campaign()).expect("json");
    doc["messages"] = messages;
    doc["webinar"] = json!({"at": WEBINAR, "link": "https://example.com/live"});
    let campaign: Campaign = serde_json::from_value(doc).expect("a campaign");
    assert_eq!(campaign.problems(), []);
    let mut case = Case { plan: campaign.plan(), ..case() };
    case.client.default_text = template("Hi {{first_name|there}}.");
    case.client.window = Window::parse(&WEEK, "08:00", "20:00").expect("a window");
    case.enrollment.step = step;
    case.enrollment.last_sent_at = last.map(ny);
    case.enrollment.sent = u16::from(last.is_some());
    case.lead.enrollments = vec![case.enrollment.clone()];
    case
}

fn decided(case: &Case, now: &str) -> String {
    told(&decide(case, ny(now)).decision)
}

fn source(verdict: &Verdict, gate: Gate) -> (String, String) {
    let found = verdict.gates.iter().find(|found| found.gate == gate).expect("a gate");
    (found.source.clone(), found.fact.clone())
}

#[test]
fn a_time_of_day_is_waited_for_once_the_delay_is_over() {
    let daily = json!([{"step": 1}, {"step": 2, "delay_minutes": 720, "at": "10:00"}]);
    for (last, now, expected) in [
        ("01-06 15:00", "01-07 03:00", "wait for Delay until Wed 7 Jan 10:00"),
        ("01-06 22:00", "01-07 10:00", "send by Wed 7 Jan 11:00"),
        ("01-06 22:01", "01-07 10:01", "wait for Delay until Thu 8 Jan 10:00"),
        // Late, it goes as soon as it may, as it does not say otherwise.
        ("01-06 15:00", "01-07 15:00", "send by Wed 7 Jan 16:00"),
        // Over the change of 8 March it is ten o'clock all the same.
        ("03-07 12:00", "03-08 01:00", "wait for Delay until Sun 8 Mar 10:00"),
        ("10-31 12:00", "11-01 00:30", "wait for Delay until Sun 1 Nov 10:00"),
    ] {
        let told = decided(&at_step(daily.clone(), 2, Some(last)), now);
        assert!(told.starts_with(expected), "{last} {now}: {told}");
    }
    let verdict = decide(&at_step(daily, 2, Some("01-06 15:00")), ny("01-07 03:00"));
    let (source, fact) = source(&verdict, Gate::Delay);
    assert_eq!(source, "campaign webinar, version 1, step 2");
    assert_eq!(
        fact,
        "it goes at 10:00, 720 minutes or more after the text before: 420 minutes left, due Wed 7 Jan 2026 10:00 EST"
    );
}

#[test]
fn days_of_the_week_are_waited_for() {
    let days = json!([{"step": 1}, {"step": 2, "delay_minutes": 60, "weekdays": ["Mon", "Thu"], "at": "09:30"}]);
    let case = at_step(days, 2, Some("01-06 15:00"));
    assert_eq!(decided(&case, "01-06 16:00").split(':').next(), Some("wait for Delay until Thu 8 Jan 09"));
    let any_time = json!([{"step": 1}, {"step": 2, "delay_minutes": 60, "weekdays": ["Mon", "Thu"]}]);
    // From midnight on, so when the hours open.
    let told = decided(&at_step(any_time, 2, Some("01-06 15:00")), "01-06 16:00");
    assert!(told.starts_with("wait for Delay until Thu 8 Jan 08:00"), "{told}");
}

#[test]
fn a_step_by_the_webinar_goes_by_the_webinar_whenever_the_form_came() {
    let steps = || {
        json!([
            {"step": 1, "webinar_minutes": -1_440, "text": "On {{webinar_date}} at {{webinar_time}}: {{webinar_link}}"},
            {"step": 2, "webinar_minutes": -60},
        ])
    };
    let case = at_step(steps(), 1, None);
    let told = decided(&case, "01-06 15:30");
    assert!(
        told.starts_with("wait for Delay until Wed 14 Jan 19:00: it goes 1440 minutes before the webinar"),
        "{told}"
    );
    let verdict = decide(&case, ny("01-14 19:00"));
    assert_eq!(sent(&verdict).text, "On Thursday, January 15 at 7:00 PM EST: https://example.com/live");
    // It is too late for the first, and the second is a day away: it is waited for.
    let mut late = at_step(steps(), 1, None);
    late.enrollment.imported_at = ny("01-14 22:00");
    let told = decided(&late, "01-15 08:30");
    assert!(
        told.starts_with("skip what was due Wed 14 Jan 19:00, then wait for Delay until Thu 15 Jan 18:00"),
        "{told}"
    );
}

#[test]
fn a_text_about_a_webinar_is_never_told_too_late() {
    let steps = json!([{"step": 1}, {"step": 2, "webinar_minutes": -60}]);
    let case = at_step(steps, 2, Some("01-06 15:00"));
    for (now, expected) in [
        ("01-15 18:00", "send by Thu 15 Jan 19:00"),
        ("01-15 18:59", "send by Thu 15 Jan 19:00"),
        // A call may take fifteen seconds.
        ("01-15 18:59:46", "skip what was due Thu 15 Jan 18:00, then nothing"),
        ("01-15 19:00", "skip what was due Thu 15 Jan 18:00, then nothing"),
        ("01-30 12:00", "skip what was due Thu 15 Jan 18:00, then nothing"),
    ] {
        assert_eq!(decided(&case, now), expected, "{now}");
    }
    let verdict = decide(&case, ny("01-15 19:00"));
    let (source, fact) = source(&verdict, Gate::Patience);
    assert_eq!(source, "campaign webinar, version 1, step 2");
    assert_eq!(
        fact,
        "due Thu 15 Jan 2026 18:00 EST, it is passed over if it cannot go by Thu 15 Jan 2026 19:00 EST, as it makes no sense later; it could go Thu 15 Jan 2026 19:00 EST"
    );
}

#[test]
fn of_late_texts_about_a_webinar_the_last_one_goes_and_no_two_in_a_row() {
    let steps = json!([
        {"step": 1}, {"step": 2, "webinar_minutes": -120, "latest_minutes": 600}, {"step": 3, "webinar_minutes": -60},
        {"step": 4, "webinar_minutes": -15}, {"step": 5, "webinar_minutes": 0},
    ]);
    let case = at_step(steps.clone(), 2, Some("01-06 15:00"));
    let skipped = ["skip what was due Thu 15 Jan 17:00, then ", "skip what was due Thu 15 Jan 18:00, then "].concat();
    for (now, expected) in [
        ("01-15 17:15", "send by"),
        ("01-15 18:30", "skip what was due Thu 15 Jan 17:00, then send by"),
        // Five minutes before the next one it is overtaken, and that is waited for.
        ("01-15 18:40", &format!("{skipped}wait for Delay until Thu 15 Jan 18:45")),
        ("01-15 18:50", &format!("{skipped}send by")),
        ("01-15 19:55", &format!("{skipped}skip what was due Thu 15 Jan 18:45, then send by")),
        (
            "01-15 20:00",
            &format!(
                "{skipped}skip what was due Thu 15 Jan 18:45, then skip what was due Thu 15 Jan 19:00, then nothing"
            ),
        ),
    ] {
        let told = decided(&case, now);
        assert!(told.starts_with(expected), "{now}: {told}");
    }
    // A text that came late keeps the next one off, though not by more than ten minutes.
    let mut crowded = at_step(steps, 3, Some("01-15 17:55"));
    crowded.enrollment.sent = 2;
    assert!(decided(&crowded, "01-15 18:00").starts_with("wait for Delay until Thu 15 Jan 18:05"));
}

#[test]
fn the_webinar_waits_for_no_text_that_may_be_passed_over() {
    let steps = |late: Value| {
        let mut second = json!({"step": 2, "delay_minutes": 1_440});
        second.as_object_mut().expect("an object").extend(late.as_object().expect("an object").clone());
        json!([{"step": 1}, second, {"step": 3, "webinar_minutes": -60}])
    };
    // The day after is after the webinar.
    let skipped = at_step(steps(json!({"late": "skip", "latest_minutes": 60})), 2, Some("01-15 13:00"));
    for (now, expected) in [
        ("01-15 13:00", "wait for Delay until Thu 15 Jan 17:50"),
        ("01-15 17:50", "skip what was due Fri 16 Jan 13:00, then wait for Delay until Thu 15 Jan 18:00"),
    ] {
        assert!(decided(&skipped, now).starts_with(expected), "{}", decided(&skipped, now));
    }
    assert_eq!(skipped.plan.first_look(&skipped.plan.messages[1], ny("01-15 13:00")), ny("01-15 17:50"));
    let sent = at_step(steps(json!({})), 2, Some("01-15 13:00"));
    assert!(decided(&sent, "01-15 17:50").starts_with("wait for Delay until Fri 16 Jan 13:00"));
}

#[test]
fn what_follows_a_step_that_was_passed_over_counts_from_when_that_was_due() {
    let steps = json!([
        {"step": 1}, {"step": 2, "delay_minutes": 1_440, "late": "skip", "latest_minutes": 60},
        {"step": 3, "delay_minutes": 1_440},
    ]);
    let mut case = at_step(steps, 2, Some("01-06 15:00"));
    assert_eq!(
        decided(&case, "01-07 16:30"),
        "skip what was due Wed 7 Jan 15:00, then wait for Delay until Thu 8 Jan 15:00: too soon after the step before was due, which was passed over: 1350 minutes left, due Thu 8 Jan 2026 15:00 EST"
    );
    (case.enrollment.step, case.enrollment.counts_from) = (3, Some(ny("01-07 15:00")));
    assert_eq!(not_before(&case.plan, &case.enrollment, &case.client), Some(ny("01-08 15:00")));
    // But never sooner than its own delay after a text that really went.
    case.enrollment.last_sent_at = Some(ny("01-07 18:00"));
    assert_eq!(not_before(&case.plan, &case.enrollment, &case.client), Some(ny("01-08 18:00")));
}

#[test]
fn a_person_who_is_waited_for_and_a_text_on_its_way_go_before_passing_over() {
    let steps = json!([{"step": 1}, {"step": 2, "webinar_minutes": -60}]);
    let case = at_step(steps, 2, Some("01-06 15:00"));
    let paused = Case { campaign: CampaignStatus::Paused, ..case.clone() };
    assert!(decided(&paused, "01-30 12:00").starts_with("wait for Campaign until ?"));
    for state in [
        InFlightState::Claimed { until: ny("01-30 12:01") },
        InFlightState::Unknown { since: ny("01-15 18:00"), why: "timed out".to_owned(), asked: 0, ask_at: None },
    ] {
        let mut sending = case.clone();
        sending.lead.in_flight = in_flight(&sending, state);
        assert!(decided(&sending, "01-30 12:00").starts_with("wait for InFlight"));
    }
    let mut retry = case;
    retry.lead.in_flight = in_flight(&retry, InFlightState::RetryScheduled { at: ny("01-15 18:05") });
    assert_eq!(decided(&retry, "01-30 12:00"), "skip what was due Thu 15 Jan 18:00, then nothing");
}

#[test]
fn a_step_that_shifts_waits_for_the_next_of_its_times_that_fits_the_hours() {
    let steps = |within: u32| json!([{"step": 1}, {"step": 2, "delay_minutes": 60, "at": "10:00", "late": "shift", "latest_minutes": within}]);
    let case = |within: u32| {
        let mut case = at_step(steps(within), 2, Some("01-07 15:00"));
        case.client.window = Window::parse(&WEEK[..5], "08:00", "20:00").expect("a window");
        case
    };
    for (now, expected) in [
        ("01-08 10:00", "send by Thu 8 Jan 11:00"),
        ("01-08 11:59", "send by Thu 8 Jan 12:59"),
        ("01-08 12:00", "wait for Delay until Fri 9 Jan 10:00"),
        // Friday at noon: not on the weekend.
        ("01-09 12:30", "wait for Delay until Mon 12 Jan 10:00"),
    ] {
        let told = decided(&case(120), now);
        assert!(told.starts_with(expected), "{now}: {told}");
    }
    let (_, fact) = source(&decide(&case(120), ny("01-08 12:00")), Gate::Delay);
    assert_eq!(
        fact,
        "it goes at 10:00, 60 minutes or more after the text before; too late for Thu 8 Jan 2026 10:00 EST, so it waits for the next such time: 1320 minutes left, due Fri 9 Jan 2026 10:00 EST"
    );
    // Where no such time ever fits, it goes when the hours open.
    let mut never = case(20);
    never.client.window = Window::parse(&WEEK, "12:00", "18:00").expect("a window");
    assert!(decided(&never, "01-08 12:00").starts_with("send by"));
}

#[test]
fn a_first_text_at_a_time_of_day_is_not_given_up_by_the_patience_of_the_first_text() {
    let case = at_step(json!([{"step": 1, "at": "10:00"}]), 1, None);
    assert!(decided(&case, "01-06 15:00").starts_with("wait for Delay until Wed 7 Jan 10:00"));
    assert_eq!(decided(&case, "01-07 10:00"), "send by Wed 7 Jan 11:00");
}

#[test]
fn a_plan_that_lost_its_webinar_sends_nothing_by_it() {
    let mut case = at_step(json!([{"step": 1, "webinar_minutes": -60}]), 1, None);
    case.plan.webinar = None;
    assert_eq!(not_before(&case.plan, &case.enrollment, &case.client), None);
    assert_eq!(
        decided(&case, "01-15 18:00"),
        "wait for Delay until ?: step 1 goes by a webinar, and the campaign has none"
    );
}
