//! The decision, gate by gate, at the edges of the hours, and against a count of minutes by hand.

use crate::fixtures::client;
use std::{collections::BTreeSet, sync::LazyLock};

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeZone, Timelike, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;
use ulid::Ulid;

use super::super::{
    booking::{Booking, BookingId, BookingStatus},
    client::Mode,
    consent::Consent,
    contact_status::{OptOut, OptOutChannel},
    fixtures::campaign,
    ids::{AttemptId, ClientId, EnrollmentId, FormId, LeadId, RunId},
    message::InFlight,
    phone::{PhoneNumber, Region},
    place::State,
    window::Window,
};
use super::super::{
    campaign::LatestCounts, client::Sending, contact_status::ContactStatus, lead::Waits, message::InFlightState,
    template::Template,
};
use super::*;

mod late;

const MIAMI: &str = "+13055550123";
const LOS_ANGELES: &str = "+12135550123";
const CLEVELAND: &str = "+12165550123";
const DALLAS: &str = "+12145550123";
const PHOENIX: &str = "+14805550123";
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn utc(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// A moment by New York's wall clock: `01-06 14:00` of 2026.
fn ny(text: &str) -> Instant {
    let format = if text.len() > 11 { "%Y-%m-%d %H:%M:%S%.f" } else { "%Y-%m-%d %H:%M" };
    let local = NaiveDateTime::parse_from_str(&format!("2026-{text}"), format).expect("a local time");
    Tz::America__New_York.from_local_datetime(&local).single().expect("no clock change").to_utc()
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::default()).expect("valid")
}

fn template(text: &str) -> Option<Template> {
    Some(Template::parse(text).expect("a template"))
}

/// Pat in Miami, whose form came in on Tuesday 6 January 2026 at 14:00 New York time.
fn case() -> Case {
    let imported_at = ny("01-06 14:00");
    let id = LeadId(Ulid::from(7_u128));
    let campaign = campaign();
    let enrollment = Enrollment {
        id: EnrollmentId(Ulid::from(1_u128)),
        campaign: campaign.id.clone(),
        version: 1,
        step: 1,
        imported_at,
        waits: Waits::Until(imported_at),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    };
    let mut lead = Lead::new(id, ClientId::parse("acme").expect("an id"));
    lead.phone = Some(number(MIAMI));
    lead.enroll(enrollment.clone());
    let mut profile = Profile::new(id, imported_at);
    profile.first_name = Some("Pat".to_owned());
    profile.consent = Some(Consent {
        form: FormId::parse("2150000777").ok(),
        terms: "2026-01".to_owned(),
        at: imported_at,
        event: "kajabi:1".to_owned(),
        how: "form sent".to_owned(),
    });
    Case { client: client(), campaign: campaign.status.clone(), plan: campaign.plan(), lead, profile, enrollment }
}

/// The case of a form that came in at another time.
fn imported(text: &str) -> Case {
    let mut case = case();
    case.enrollment.imported_at = ny(text);
    case
}

/// A second text to `phone` that has been due for a month: only hours can stand against it.
fn due(phone: &str, days: &[Weekday]) -> Case {
    let mut case = case();
    case.lead.phone = Some(number(phone));
    case.client.window = Window::parse(days, "08:00", "20:00").expect("a window");
    case.enrollment.step = 2;
    case.enrollment.last_sent_at = Some(utc("2025-01-01T00:00:00Z"));
    case
}

fn in_flight(case: &Case, state: InFlightState) -> Option<InFlight> {
    Some(InFlight {
        attempt: AttemptId(Ulid::from(3_u128)),
        enrollment: case.enrollment.id,
        step: case.enrollment.step,
        to: number(MIAMI),
        text: "Hi".to_owned(),
        at: ny("01-06 15:50"),
        expires_at: ny("01-06 16:50"),
        hours: String::new(),
        run: RunId(Ulid::from(9_u128)),
        tries: 1,
        put_off: 0,
        state,
        account: None,
    })
}

/// A decision in one line, times by New York's wall clock.
fn told(decision: &Decision) -> String {
    let clock = |at: Instant| at.with_timezone(&Tz::America__New_York).format("%a %-d %b %H:%M").to_string();
    match decision {
        Decision::Send(send) => format!("send by {}", clock(send.expires_at)),
        Decision::Wait { until, gate, reason } => {
            format!("wait for {gate:?} until {}: {reason}", until.map_or_else(|| "?".to_owned(), clock))
        }
        Decision::Skip { due, next, .. } => {
            let next = next.as_ref().map_or_else(|| "nothing".to_owned(), |next| told(&next.decision));
            format!("skip what was due {}, then {next}", clock(*due))
        }
        Decision::End { outcome, reason } => format!("end {outcome}: {reason}"),
        Decision::Refuse(refusal) => format!("refuse {}: {refusal}", refusal.reason.code()),
    }
}

fn shut(verdict: &Verdict) -> Vec<Gate> {
    verdict.gates.iter().filter(|gate| !gate.open).map(|gate| gate.gate).collect()
}

fn sent(verdict: &Verdict) -> &SendNow {
    match &verdict.decision {
        Decision::Send(send) => send,
        other => panic!("not sent: {}", told(other)),
    }
}

fn sends(case: &Case, now: Instant) -> bool {
    matches!(decide(case, now).decision, Decision::Send(_))
}

type Change = fn(&mut Case);

/// Each gate by itself: what shuts it, when it is decided, what comes of it.
fn gates_shut_alone() -> Vec<(Gate, &'static str, Change, &'static str)> {
    let four = "01-06 16:00";
    vec![
        (
            Gate::Client,
            four,
            |case| {
                case.client.sending = Sending::held("no registration", ny("01-06 09:00"));
            },
            "wait for Client until ?: sending is on hold since Tue 6 Jan 2026 09:00 EST: no registration",
        ),
        (
            Gate::TestMode,
            four,
            |case| case.client.mode = Mode::Test { phone: None, email: None },
            "wait for TestMode until ?: test mode is on and no test phone is set, so no text is sent",
        ),
        (
            Gate::Campaign,
            four,
            |case| case.campaign = CampaignStatus::Paused,
            "wait for Campaign until ?: campaign webinar is paused",
        ),
        (
            Gate::Campaign,
            four,
            |case| case.campaign = CampaignStatus::Deactivated { at: ny("01-06 09:00") },
            "end campaign_deleted: campaign webinar was deactivated Tue 6 Jan 2026 09:00 EST",
        ),
        (
            Gate::Standing,
            four,
            |case| {
                case.lead.standing = ContactStatus::OptedOut(OptOut {
                    at: ny("01-06 14:30"),
                    channel: OptOutChannel::Reply,
                    words: None,
                });
            },
            "end opted_out: opted out Tue 6 Jan 2026 14:30 EST",
        ),
        (
            Gate::Standing,
            four,
            |case| {
                case.lead.standing =
                    ContactStatus::Held { reason: "a reply to read".to_owned(), since: ny("01-06 14:30") };
            },
            "wait for Standing until ?: on hold since Tue 6 Jan 2026 14:30 EST: a reply to read",
        ),
        (
            Gate::Review,
            four,
            |case| {
                case.enrollment.waits = Waits::ForReview { reason: "no text".to_owned(), since: ny("01-06 15:00") };
            },
            "wait for Review until ?: waits for review since Tue 6 Jan 2026 15:00 EST: no text",
        ),
        (Gate::Phone, four, |case| case.lead.phone = None, "refuse no_valid_phone: no phone number was given"),
        (
            Gate::Phone,
            four,
            |case| {
                case.lead.phone = None;
                case.profile.unread_phone = Some("call me".to_owned());
            },
            "refuse no_valid_phone: the phone number given is not valid",
        ),
        (
            Gate::Country,
            four,
            |case| case.lead.phone = Some(number("+442079460123")),
            "refuse country_not_served: numbers of GB are not texted for this client",
        ),
        (
            Gate::Country,
            four,
            |case| case.lead.phone = Some(number("+14165550123")),
            "refuse country_not_served: numbers of CA are not texted for this client",
        ),
        (
            Gate::State,
            four,
            |case| case.lead.phone = Some(number(DALLAS)),
            "refuse state_not_cleared: TX is not among the client's cleared states, and its law asks for a position (TX-SB140)",
        ),
        (
            Gate::Template,
            four,
            // As it was stored before such a text was refused.
            |case| case.plan.messages[0].text = serde_json::from_value("Hi *|FNAME|*".into()).ok(),
            "refuse template_invalid: `*|FNAME|*` is a merge tag of another tool and is not filled in here: write \
             {{first_name|there}}",
        ),
        (
            Gate::NumberPerDay,
            four,
            |case| {
                // The law's cap is smaller than the client's.
                case.client.limits.per_number_per_day = 5;
                case.lead.recent = vec![ny("01-05 16:30"), ny("01-05 18:00"), ny("01-06 10:00")];
            },
            "wait for NumberPerDay until Tue 6 Jan 16:30: 3 of 3 texts to this number in 24 hour(s)",
        ),
        (
            Gate::Consent,
            four,
            |case| case.profile.consent = None,
            "refuse no_consent: no consent to be texted is on record",
        ),
        (
            Gate::Template,
            four,
            |case| case.plan.messages[0].text = None,
            "refuse template_missing: step 1 of campaign webinar has no text and the client no default text",
        ),
        (
            Gate::Template,
            four,
            |case| case.plan.messages[0].text = template("Book: {{booking_link}}"),
            "refuse placeholder_empty: the placeholder booking_link has no value and no fallback",
        ),
        (
            Gate::Template,
            four,
            |case| {
                case.profile.first_name = Some("Pat".to_owned());
                case.plan.messages[0].text = template(&format!("{}{{{{first_name}}}}", "a".repeat(1_598)));
            },
            "refuse text_too_long: the text has 1601 characters, 1600 are allowed",
        ),
        (
            Gate::InFlight,
            four,
            |case| case.lead.in_flight = in_flight(case, InFlightState::Claimed { until: ny("01-06 16:01") }),
            "wait for InFlight until Tue 6 Jan 16:01: a sender has a text until Tue 6 Jan 2026 16:01 EST",
        ),
        (
            Gate::InFlight,
            four,
            |case| case.lead.in_flight = in_flight(case, InFlightState::Claimed { until: ny("01-06 16:00") }),
            "wait for InFlight until ?: a sender claimed a text and never came back",
        ),
        (
            Gate::InFlight,
            four,
            |case| case.lead.in_flight = in_flight(case, InFlightState::RetryScheduled { at: ny("01-06 16:05") }),
            "wait for InFlight until Tue 6 Jan 16:05: the last try did not go out; next try Tue 6 Jan 2026 16:05 EST",
        ),
        (
            Gate::InFlight,
            four,
            |case| {
                let state = InFlightState::Unknown {
                    since: ny("01-06 15:50"),
                    why: "timed out".to_owned(),
                    asked: 0,
                    ask_at: None,
                };
                case.lead.in_flight = in_flight(case, state);
            },
            "wait for InFlight until ?: whether a text went out Tue 6 Jan 2026 15:50 EST is not known: timed out; the provider cannot tell, so a person must",
        ),
        (
            Gate::Delay,
            "01-06 14:29:01",
            |_| {},
            "wait for Delay until Tue 6 Jan 15:00: too soon after the import: 31 minutes left, due Tue 6 Jan 2026 15:00 EST",
        ),
        (
            Gate::Window,
            four,
            |case| case.plan.window = Window::parse(&WEEK, "16:30", "18:00").ok(),
            "wait for Window until Tue 6 Jan 16:30: outside Mon–Sun 16:30–18:00 America/New_York; opens Tue 6 Jan 16:30 EST",
        ),
        (
            Gate::LawfulHours,
            "01-06 10:45",
            |case| {
                // California opens at 09:00.
                case.lead.phone = Some(number(LOS_ANGELES));
                case.enrollment.imported_at = ny("01-06 09:30");
            },
            "wait for LawfulHours until Tue 6 Jan 12:00: outside Mon–Sun 09:00–21:00 America/Los_Angeles; opens Tue 6 Jan 09:00 PST",
        ),
        (
            Gate::NumberPerHour,
            four,
            |case| {
                case.client.limits.per_number_per_hour = 1;
                case.lead.recent = vec![ny("01-06 15:20")];
            },
            "wait for NumberPerHour until Tue 6 Jan 16:20: 1 of 1 texts to this number in 1 hour(s)",
        ),
        (
            Gate::NumberPerDay,
            four,
            |case| {
                case.lead.recent = vec![ny("01-05 16:30"), ny("01-05 18:00"), ny("01-06 10:00")];
            },
            "wait for NumberPerDay until Tue 6 Jan 16:30: 3 of 3 texts to this number in 24 hour(s)",
        ),
        (
            Gate::Patience,
            "01-06 17:01",
            |_| {},
            "end expired: too late: the first text goes within 180 minutes of the import, so by Tue 6 Jan 2026 17:00 EST; it could go Tue 6 Jan 2026 17:01 EST",
        ),
    ]
}

#[test]
fn each_gate_that_is_shut_alone_decides_and_says_why() {
    for (gate, now, change, expected) in gates_shut_alone() {
        let mut case = case();
        change(&mut case);
        let verdict = decide(&case, ny(now));
        assert_eq!((told(&verdict.decision).as_str(), shut(&verdict)), (expected, vec![gate]));
    }
}

#[test]
fn with_every_gate_open_the_text_goes_to_the_lead_and_says_by_which_hours() {
    let verdict = decide(&case(), ny("01-06 15:00"));
    let send = sent(&verdict);
    assert_eq!(
        (&send.to, send.text.as_str(), send.template.as_str()),
        (&number(MIAMI), "Hi Pat, it's Sam.", "webinar/v1/step-1")
    );
    assert_eq!(
        send.hours,
        "Mon–Fri 08:00–20:00 America/New_York and Mon–Sun 08:00–20:00 America/New_York [US-FL FS501.616 (A); zone America/New_York by area code 305]"
    );
    assert_eq!((shut(&verdict), verdict.opens_at, verdict.step), (vec![], Some(ny("01-06 15:00")), 1));
}

#[test]
fn every_verdict_lists_every_gate_once_and_in_the_same_order() {
    let order: Vec<Gate> = decide(&case(), ny("01-06 16:00")).gates.iter().map(|gate| gate.gate).collect();
    let distinct: BTreeSet<String> = order.iter().map(|gate| format!("{gate:?}")).collect();
    assert_eq!((order.len(), distinct.len()), (18, 18), "all of them are there: {order:?}");
    let without_rule: Vec<Gate> = order.iter().copied().filter(|gate| *gate != Gate::LawfulHours).collect();
    for (gate, now, change, _) in gates_shut_alone() {
        let mut case = case();
        change(&mut case);
        let verdict = decide(&case, ny(now));
        let listed: Vec<Gate> = verdict.gates.iter().map(|gate| gate.gate).collect();
        let expected = if matches!(gate, Gate::Phone | Gate::Country) { &without_rule } else { &order };
        assert_eq!(&listed, expected, "{gate:?}");
        assert!(
            verdict.gates.iter().all(|gate| !gate.fact.is_empty() && !gate.source.is_empty()),
            "{gate:?}: a gate without its fact"
        );
    }
}

#[test]
fn an_end_goes_before_a_refusal_before_a_hold_before_a_time() {
    let mut case = case();
    let told_at = |case: &Case| told(&decide(case, ny("01-06 14:30")).decision);
    assert!(told_at(&case).starts_with("wait for Delay until Tue 6 Jan 15:00"));
    case.campaign = CampaignStatus::Paused;
    assert!(
        told_at(&case).starts_with("wait for Campaign until ?"),
        "a time is of no use while the campaign is paused"
    );
    assert_eq!(decide(&case, ny("01-06 14:30")).opens_at, None);
    case.profile.consent = None;
    assert!(told_at(&case).starts_with("refuse no_consent"));
    case.lead.standing =
        ContactStatus::OptedOut(OptOut { at: ny("01-06 14:10"), channel: OptOutChannel::Reply, words: None });
    assert!(told_at(&case).starts_with("end opted_out"));
}

#[test]
fn a_form_on_tuesday_afternoon_is_texted_from_15_00_on_and_given_up_after_17_00() {
    for (now, expected) in [
        ("01-06 14:00", "wait for Delay until Tue 6 Jan 15:00: too soon after the import: 60 minutes left"),
        ("01-06 14:00:01", "wait for Delay until Tue 6 Jan 15:00: too soon after the import: 60 minutes left"),
        ("01-06 14:59", "wait for Delay until Tue 6 Jan 15:00: too soon after the import: 1 minutes left"),
        ("01-06 14:59:59", "wait for Delay until Tue 6 Jan 15:00: too soon after the import: 1 minutes left"),
        ("01-06 15:00", "send by Tue 6 Jan 16:00"),
        ("01-06 15:59", "send by Tue 6 Jan 16:59"),
        ("01-06 16:30", "send by Tue 6 Jan 17:00"),
        ("01-06 16:59", "send by Tue 6 Jan 17:00"),
        ("01-06 17:00:01", "end expired: too late"),
        ("01-07 15:00", "end expired: too late"),
    ] {
        let told = told(&decide(&case(), ny(now)).decision);
        assert!(told.starts_with(expected), "{now}: {told}");
    }
}

#[test]
fn the_first_text_does_not_leave_a_millisecond_before_its_time() {
    let mut case = case();
    case.enrollment.imported_at = ny("01-06 14:00:00.500");
    assert!(!sends(&case, ny("01-06 15:00:00.000")), "59 minutes and 59.5 seconds are too soon");
    assert!(sends(&case, ny("01-06 15:00:00.500")));
}

#[test]
fn a_text_that_may_be_sent_has_time_left_in_which_to_leave() {
    for now in ["01-06 16:59:59", "01-06 17:00"] {
        let now = ny(now);
        if let Decision::Send(send) = decide(&case(), now).decision {
            assert!(send.expires_at > now, "at {now} it may leave until {}", send.expires_at);
        }
    }
}

#[test]
fn a_text_leaves_before_the_hours_close() {
    let case = due(MIAMI, &WEEK);
    for (now, by) in
        [("01-06 18:59", "Tue 6 Jan 19:59"), ("01-06 19:30", "Tue 6 Jan 20:00"), ("01-06 19:59:45", "Tue 6 Jan 20:00")]
    {
        assert_eq!(told(&decide(&case, ny(now)).decision), format!("send by {by}"));
    }
    let first = imported("01-06 18:30");
    assert_eq!(told(&decide(&first, ny("01-06 19:40")).decision), "send by Tue 6 Jan 20:00");
    assert!(!sends(&case, ny("01-06 19:59:46")), "a call may take longer than the window is open");
}

#[test]
fn a_form_on_friday_evening_expires_on_the_wall_clock_and_says_why() {
    let case = imported("01-09 19:30");
    for now in ["01-09 19:30", "01-09 20:31", "01-12 08:00"] {
        let verdict = decide(&case, ny(now));
        let told = told(&verdict.decision);
        let why = "end expired: too late: the first text goes within 180 minutes of the import, so by Fri 9 Jan 2026 22:30 EST; it could go Mon 12 Jan 2026 08:00 EST";
        assert_eq!(told, why, "{now}");
        assert!(shut(&verdict).contains(&Gate::Patience), "{now}");
    }
}

#[test]
fn counted_in_open_hours_a_form_on_friday_evening_is_texted_on_monday_morning() {
    let mut case = imported("01-09 19:30");
    case.plan.timing.latest_counts = LatestCounts::OpenHours;
    let monday = ny("01-12 08:00");
    for now in ["01-09 19:30", "01-09 20:31", "01-10 12:00", "01-12 07:59"] {
        let verdict = decide(&case, ny(now));
        let until = match &verdict.decision {
            Decision::Wait { until, .. } => *until,
            other => panic!("{now}: {}", told(other)),
        };
        assert_eq!((until, verdict.opens_at), (Some(monday), Some(monday)), "{now}");
    }
    // 30 of the 180 minutes passed on Friday.
    for (now, expected) in [
        ("01-12 08:00", "send by Mon 12 Jan 09:00"),
        ("01-12 10:29", "send by"),
        (
            "01-12 10:31",
            "end expired: too late: the first text goes within 180 minutes of open sending hours after the import; 180 of them",
        ),
    ] {
        let told = told(&decide(&case, ny(now)).decision);
        assert!(told.starts_with(expected), "{now}: {told}");
    }
}

#[test]
fn hours_open_and_close_to_the_minute_when_the_clocks_change() {
    let weekdays = &WEEK[..5];
    for (phone, days, opens, closes) in [
        // 8 March: New York from UTC-5 to UTC-4.
        (MIAMI, &WEEK[..], "2026-03-07T13:00:00Z", "2026-03-08T01:00:00Z"),
        (MIAMI, &WEEK, "2026-03-08T12:00:00Z", "2026-03-09T00:00:00Z"),
        (MIAMI, weekdays, "2026-03-06T13:00:00Z", "2026-03-07T01:00:00Z"),
        (MIAMI, weekdays, "2026-03-09T12:00:00Z", "2026-03-10T00:00:00Z"),
        // California opens at 09:00.
        (LOS_ANGELES, &WEEK, "2026-03-07T17:00:00Z", "2026-03-08T01:00:00Z"),
        (LOS_ANGELES, &WEEK, "2026-03-08T16:00:00Z", "2026-03-09T00:00:00Z"),
        // Phoenix has no clock changes: only the client's end moves.
        (PHOENIX, &WEEK, "2026-03-07T15:00:00Z", "2026-03-08T01:00:00Z"),
        (PHOENIX, &WEEK, "2026-03-08T15:00:00Z", "2026-03-09T00:00:00Z"),
        // 1 November: back to UTC-5.
        (MIAMI, &WEEK, "2026-10-31T12:00:00Z", "2026-11-01T00:00:00Z"),
        (MIAMI, &WEEK, "2026-11-01T13:00:00Z", "2026-11-02T01:00:00Z"),
        (MIAMI, weekdays, "2026-10-30T12:00:00Z", "2026-10-31T00:00:00Z"),
        (MIAMI, weekdays, "2026-11-02T13:00:00Z", "2026-11-03T01:00:00Z"),
        (LOS_ANGELES, &WEEK, "2026-10-31T16:00:00Z", "2026-11-01T00:00:00Z"),
        (LOS_ANGELES, &WEEK, "2026-11-01T17:00:00Z", "2026-11-02T01:00:00Z"),
        (PHOENIX, &WEEK, "2026-10-31T15:00:00Z", "2026-11-01T00:00:00Z"),
        (PHOENIX, &WEEK, "2026-11-01T15:00:00Z", "2026-11-02T01:00:00Z"),
    ] {
        let (case, opens, closes) = (due(phone, days), utc(opens), utc(closes));
        for (now, inside) in [(opens - minutes(1), false), (opens, true), (closes - minutes(1), true), (closes, false)]
        {
            assert_eq!(sends(&case, now), inside, "{phone} at {now}");
        }
        assert_eq!(decide(&case, opens - minutes(1)).opens_at, Some(opens), "{phone}");
        assert_eq!(sent(&decide(&case, closes - minutes(1))).expires_at, closes, "{phone}");
    }
}

#[test]
fn a_recipient_in_los_angeles_of_a_client_in_new_york_is_texted_when_both_are_open() {
    let case = due(LOS_ANGELES, &WEEK[..5]);
    for (now, expected, gates) in [
        ("01-06 07:59", "wait for LawfulHours until Tue 6 Jan 12:00", vec![Gate::Window, Gate::LawfulHours]),
        ("01-06 08:00", "wait for LawfulHours until Tue 6 Jan 12:00", vec![Gate::LawfulHours]),
        ("01-06 11:59", "wait for LawfulHours until Tue 6 Jan 12:00", vec![Gate::LawfulHours]),
        ("01-06 12:00", "send by Tue 6 Jan 13:00", vec![]),
        ("01-06 19:59", "send by Tue 6 Jan 20:00", vec![]),
        ("01-06 20:00", "wait for Window until Wed 7 Jan 12:00", vec![Gate::Window]),
        ("01-09 20:00", "wait for Window until Mon 12 Jan 12:00", vec![Gate::Window]),
    ] {
        let verdict = decide(&case, ny(now));
        let told = told(&verdict.decision);
        assert!(told.starts_with(expected), "{now}: {told}");
        assert_eq!(shut(&verdict), gates, "{now}");
    }
}

#[test]
fn a_zone_that_the_lead_stated_goes_before_the_area_code() {
    let mut case = due(LOS_ANGELES, &WEEK);
    assert!(!sends(&case, ny("01-06 10:59")));
    case.profile.zone = Some(Tz::America__New_York);
    assert!(sends(&case, ny("01-06 10:59")));
}

/// The client texts for one hour of Honolulu's noon, when it is night in London.
fn never_open() -> Case {
    let mut case = due("+442079460123", &WEEK);
    case.client.countries.push(Region::try_from("GB".to_owned()).expect("GB"));
    case.client.zone = Tz::Pacific__Honolulu;
    case.client.window = Window::parse(&WEEK, "12:00", "13:00").expect("a window");
    case
}

#[test]
fn hours_that_never_meet_are_waited_for_without_a_time_and_the_reason_says_so() {
    for hour in 0..24 {
        let verdict = decide(&never_open(), ny("01-06 00:00") + TimeDelta::hours(hour));
        let told = told(&verdict.decision);
        assert!(matches!(verdict.decision, Decision::Wait { until: None, .. }), "{told}");
        assert!(told.contains("never open together"), "at hour {hour}: {told}");
    }
}

#[test]
fn a_first_text_whose_hours_never_meet_is_given_up_when_its_time_is_over() {
    let mut case = never_open();
    (case.enrollment.step, case.enrollment.last_sent_at) = (1, None);
    let told = told(&decide(&case, ny("01-06 17:01")).decision);
    assert!(told.starts_with("end expired"), "{told}");
}

#[test]
fn a_text_that_is_with_a_sender_or_may_have_gone_out_is_not_given_up() {
    let claimed = InFlightState::Claimed { until: ny("01-06 17:01") };
    let unknown =
        InFlightState::Unknown { since: ny("01-06 16:59"), why: "timed out".to_owned(), asked: 0, ask_at: None };
    for (state, now, expected) in [
        (claimed.clone(), "01-06 17:00:30", "wait for InFlight until"),
        (claimed, "01-06 17:30", "wait for InFlight until ?"),
        (unknown, "01-06 17:30", "wait for InFlight until ?"),
    ] {
        let mut case = case();
        case.lead.in_flight = in_flight(&case, state);
        let told = told(&decide(&case, ny(now)).decision);
        assert!(told.starts_with(expected), "{now}: {told}");
    }
}

#[test]
fn in_test_mode_the_text_goes_to_the_test_phone_and_to_nobody_else() {
    let test = number("+13055550111");
    let mut case = case();
    case.client.mode = Mode::Test { phone: Some(test.clone()), email: None };
    let verdict = decide(&case, ny("01-06 15:00"));
    assert_eq!((&sent(&verdict).to, sent(&verdict).text.as_str()), (&test, "Hi Pat, it's Sam."));
    case.client.mode = Mode::Test { phone: None, email: None };
    assert!((0..300).all(|minute| !sends(&case, ny("01-06 14:00") + minutes(minute))));
}

#[test]
fn a_step_without_a_text_uses_the_clients_default_and_its_own_goes_first() {
    let mut case = case();
    case.client.default_text = template("Hello {{first_name|there}}");
    let text = |case: &Case| {
        let verdict = decide(case, ny("01-06 15:00"));
        (sent(&verdict).text.clone(), sent(&verdict).template.clone())
    };
    assert_eq!(text(&case), ("Hi Pat, it's Sam.".to_owned(), "webinar/v1/step-1".to_owned()));
    case.plan.messages[0].text = None;
    assert_eq!(text(&case), ("Hello Pat".to_owned(), "client default".to_owned()));
    case.profile.first_name = None;
    assert_eq!(text(&case), ("Hello there".to_owned(), "client default".to_owned()));
}

#[test]
fn a_text_of_1600_characters_goes() {
    let mut case = case();
    case.plan.messages[0].text = template(&format!("{}{{{{first_name}}}}", "é".repeat(1_597)));
    assert_eq!(sent(&decide(&case, ny("01-06 15:00"))).text.chars().count(), 1_600);
    case.profile.first_name = Some("Paty".to_owned());
    assert!(!sends(&case, ny("01-06 15:00")));
}

#[test]
fn caps_count_what_went_to_the_number_and_open_when_enough_of_it_is_old() {
    let four = "01-06 16:00";
    let per_hour = |limit: u32| (limit, 100);
    let per_day = |limit: u32| (100, limit);
    for (limits, recent, expected) in [
        (per_hour(2), vec!["01-06 15:30"], "send by"),
        (per_hour(2), vec!["01-06 15:00", "01-06 15:30"], "send by"),
        (per_hour(2), vec!["01-06 15:01", "01-06 15:30"], "wait for NumberPerHour until Tue 6 Jan 16:01"),
        (
            per_hour(2),
            vec!["01-06 15:40", "01-06 15:10", "01-06 15:20"],
            "wait for NumberPerHour until Tue 6 Jan 16:20",
        ),
        (per_hour(0), vec![], "wait for NumberPerHour until ?"),
        (per_day(1), vec!["01-05 16:00"], "send by"),
        (per_day(1), vec!["01-05 16:01"], "wait for NumberPerDay until Tue 6 Jan 16:01"),
        (per_day(2), vec!["01-05 16:05", "01-05 16:10", "01-06 09:00"], "wait for NumberPerDay until Tue 6 Jan 16:10"),
        (per_day(0), vec![], "wait for NumberPerDay until ?"),
        ((1, 1), vec!["01-06 15:30"], "end expired"),
    ] {
        let mut case = case();
        // The law of Ohio has no cap of its own.
        case.lead.phone = Some(number(CLEVELAND));
        (case.client.limits.per_number_per_hour, case.client.limits.per_number_per_day) = limits;
        case.lead.recent = recent.iter().map(|at| ny(at)).collect();
        let verdict = decide(&case, ny(four));
        let told = told(&verdict.decision);
        assert!(told.starts_with(expected), "{recent:?}: {told}");
        if let Decision::Wait { until: Some(until), .. } = verdict.decision {
            assert_eq!((sends(&case, until), sends(&case, until - minutes(1))), (true, false), "{recent:?}");
        }
    }
}

#[test]
fn a_retry_that_is_due_goes_and_one_of_another_campaign_is_waited_for_no_longer_than_that() {
    let mut case = case();
    case.lead.in_flight = in_flight(&case, InFlightState::RetryScheduled { at: ny("01-06 16:00") });
    assert!(sends(&case, ny("01-06 16:00")) && !sends(&case, ny("01-06 15:59")));
    case.enrollment.id = EnrollmentId(Ulid::from(2_u128));
    let decision = decide(&case, ny("01-06 15:30")).decision;
    let until = Some(ny("01-06 16:00"));
    assert!(
        matches!(&decision, Decision::Wait { until: at, gate: Gate::InFlight, .. } if *at == until),
        "{}",
        told(&decision)
    );
    assert!(sends(&case, ny("01-06 16:00")), "a retry that nobody takes up keeps no other sequence waiting");
}

#[test]
fn a_retry_of_the_first_text_is_given_up_like_the_first_text() {
    let mut case = case();
    case.lead.in_flight = in_flight(&case, InFlightState::RetryScheduled { at: ny("01-06 17:10") });
    let told = told(&decide(&case, ny("01-06 16:40")).decision);
    assert!(told.starts_with("end expired"), "{told}");
}

#[test]
fn a_first_text_that_is_given_up_says_what_kept_it_where_that_is_known() {
    let reason = |case: &Case| match decide(case, ny("01-06 18:30")).decision {
        Decision::End { outcome: Outcome::Expired, reason } => reason,
        other => panic!("{}", told(&other)),
    };
    let mut put_off = case();
    put_off.lead.in_flight = in_flight(&put_off, InFlightState::RetryScheduled { at: ny("01-06 18:00") });
    assert!(!reason(&put_off).contains("asked"), "it did not go out for another reason: {}", reason(&put_off));
    put_off.lead.in_flight.as_mut().expect("on its way").put_off = 3;
    assert!(
        reason(&put_off).ends_with("; the provider asked 3 time(s) in a row to wait with it"),
        "{}",
        reason(&put_off)
    );
    let mut held = case();
    let attempt = AttemptId(Ulid::from(1_001_u128));
    held.client.sending =
        Sending::On.after_throttle("too many requests", None, attempt, ny("01-06 16:00")).expect("a hold");
    let words = reason(&held);
    let since =
        "; sending has been on hold since Tue 6 Jan 2026 16:00 EST: the SMS provider asks to wait: too many requests";
    assert!(words.ends_with(since), "{words}");
    let told = told(&decide(&Case { client: held.client, ..case() }, ny("01-06 16:00")).decision);
    assert!(told.ends_with("too many requests; one text is tried from Tue 6 Jan 2026 16:01 EST"), "{told}");
}

#[test]
fn a_later_step_counts_its_delay_from_the_last_text_and_is_never_given_up() {
    let mut case = case();
    (case.enrollment.step, case.enrollment.sent) = (2, 1);
    case.enrollment.last_sent_at = Some(ny("01-06 15:07"));
    for (now, expected) in [
        ("01-06 15:08", "wait for Delay until Wed 7 Jan 15:07: too soon after the last text: 1439 minutes left"),
        ("01-07 15:06", "wait for Delay until Wed 7 Jan 15:07: too soon after the last text: 1 minutes left"),
        ("01-07 15:07", "send by Wed 7 Jan 16:07"),
        ("01-10 12:00", "wait for Window until Mon 12 Jan 08:00"),
        ("02-10 12:00", "send by Tue 10 Feb 13:00"),
    ] {
        let told = told(&decide(&case, ny(now)).decision);
        assert!(told.starts_with(expected), "{now}: {told}");
    }
    assert_eq!(sent(&decide(&case, ny("01-07 15:07"))).text, "Still there, Pat?");
}

#[test]
fn the_first_text_waits_for_the_longer_of_its_delay_and_the_earliest_time() {
    for (delay, earliest, due) in
        [(0, 60, "01-06 15:00"), (90, 60, "01-06 15:30"), (5, 10, "01-06 14:10"), (0, 0, "01-06 14:00")]
    {
        let mut case = case();
        case.plan.messages[0] = case.plan.messages[0].clone().after_minutes(delay);
        case.plan.timing.earliest_minutes = earliest;
        assert_eq!(decide(&case, ny("01-06 13:59")).opens_at, Some(ny(due)), "{delay} and {earliest}");
    }
}

/// The rows of `nanp_zones.csv`, read by a reader of this test's own: area code, country, zones, state.
fn area_codes() -> Vec<(&'static str, &'static str, Vec<Tz>, &'static str)> {
    let file = include_str!("../../../data/nanp_zones.csv");
    let rows = file.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        let zones = cells[3].split_whitespace().map(|zone| zone.parse().expect("a zone")).collect();
        (cells[0], cells[1], zones, cells[4])
    })
    .collect()
}

/// A state's hours and cap, as somebody would look them up: the days of the week on which it is open, from
/// and until which hour, and the cap. By hand, for the states of which the row is not the country's.
fn by_hand(state: &str, date: NaiveDate) -> (u32, u32, Option<u32>) {
    let begun = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).is_some_and(|first| first <= date);
    let (weekday, sunday) = (date.weekday(), date.weekday() == Weekday::Sun);
    let weekend = sunday || weekday == Weekday::Sat;
    match state {
        "" if sunday => (0, 0, Some(3)),
        "" => (10, 20, Some(3)),
        "FL" | "OK" | "MD" | "NJ" => (8, 20, Some(3)),
        "OR" if begun(2026, 1, 1) => (8, 20, Some(3)),
        "AL" | "LA" | "MS" | "PA" | "UT" if sunday => (0, 0, None),
        "PA" | "UT" => (8, 21, None),
        "AL" | "LA" | "MS" | "MA" | "WA" => (8, 20, None),
        "CT" | "NV" => (9, 20, None),
        "CA" | "IL" | "MI" | "MN" | "NM" => (9, 21, None),
        "KY" => (10, 21, None),
        "RI" if weekend => (10, 17, None),
        "RI" => (9, 18, None),
        "TX" if begun(2025, 9, 1) => (if sunday { 12 } else { 9 }, 21, None),
        _ => (8, 21, None),
    }
}

/// The holidays of a state by the file that has them, and of nobody else.
fn holiday(state: &str, date: NaiveDate) -> bool {
    static DAYS: LazyLock<BTreeSet<(&str, &str)>> = LazyLock::new(|| {
        let rows = include_str!("../../../data/holidays.csv").lines();
        rows.filter_map(|row| row.split_once(','))
            .map(|(day, rest)| (day, rest.split(',').next().unwrap_or("")))
            .collect()
    });
    let (day, own) = (date.to_string(), format!("US-{state}"));
    let on = |list: &str| DAYS.contains(&(day.as_str(), list));
    match state {
        "AL" | "LA" | "PA" | "RI" | "UT" => on("US") || on(&own),
        "" => on("US"),
        _ => false,
    }
}

/// A client's hours and a recipient's zones, kept as plain minutes of the day.
#[derive(Debug, Clone)]
struct Hand {
    area_code: &'static str,
    stated: Option<Tz>,
    days: u8,
    opens: u32,
    closes: u32,
    zone: Tz,
    recipient: Vec<Tz>,
    state: &'static str,
}

impl Hand {
    /// Whether a text may arrive, by the wall clocks alone.
    fn inside(&self, at: Instant) -> bool {
        let local = |zone: Tz| {
            let local = at.with_timezone(&zone);
            (local.date_naive(), local.hour() * 60 + local.minute())
        };
        let (day, own) = local(self.zone);
        let window = self.days & (1 << day.weekday().num_days_from_monday()) != 0;
        let lawful = |zone: &Tz| {
            let (day, minute) = local(*zone);
            let (opens, closes, _) = by_hand(self.state, day);
            (opens * 60..closes * 60).contains(&minute) && !holiday(self.state, day)
        };
        window && (self.opens..self.closes).contains(&own) && self.recipient.iter().all(lawful)
    }

    /// The cap of the law, where there is one.
    fn cap(&self, at: Instant) -> Option<u32> {
        self.recipient.iter().filter_map(|zone| by_hand(self.state, at.with_timezone(zone).date_naive()).2).min()
    }

    /// A case that only its times can stand against.
    fn case(&self) -> Case {
        let mut case = case();
        let on: Vec<Weekday> =
            WEEK.into_iter().filter(|day| self.days & (1 << day.num_days_from_monday()) != 0).collect();
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        case.lead.phone = Some(number(&format!("+1{}5550123", self.area_code)));
        case.profile.zone = self.stated;
        case.client.zone = self.zone;
        case.client.cleared_states = vec![State::parse("TX").expect("a state")];
        case.client.window = Window::parse(&on, &clock(self.opens), &clock(self.closes)).expect("a window");
        case
    }

    fn next_inside(&self, from: Instant) -> Option<Instant> {
        (0..28 * 1_440).map(|n| from + minutes(n)).find(|at| self.inside(*at))
    }
}

#[test]
fn the_area_codes_of_countries_that_are_not_served_are_refused() {
    let mut refused = 0;
    for (code, country, ..) in area_codes() {
        let Ok(phone) = PhoneNumber::parse(&format!("+1{code}5550123"), Region::default()) else { continue };
        if matches!(country, "US" | "") {
            continue;
        }
        let mut case = case();
        case.lead.phone = Some(phone);
        let told = told(&decide(&case, ny("01-06 15:00")).decision);
        assert_eq!(
            told,
            format!("refuse country_not_served: numbers of {country} are not texted for this client"),
            "{code}"
        );
        refused += 1;
    }
    assert!(refused > 50, "only {refused} numbers could be tried");
}

prop_compose! {
    /// Hours of a client, and a number that is texted.
    fn hours()(
        row in prop::sample::select(area_codes().into_iter().filter(|row| {
            let number = PhoneNumber::parse(&format!("+1{}5550123", row.0), Region::default());
            matches!(row.1, "US" | "") && number.is_ok_and(|number| number.country().as_deref() == Some("US"))
        }).collect::<Vec<_>>()),
        stated in prop::option::weighted(0.2, prop::sample::select(vec![Tz::Pacific__Honolulu, Tz::America__Phoenix, Tz::America__Chicago])),
        zone in prop::sample::select(vec![
            Tz::America__New_York, Tz::America__Los_Angeles, Tz::America__Phoenix, Tz::America__Havana, Tz::America__St_Johns,
            Tz::Europe__London, Tz::Australia__Lord_Howe, Tz::Asia__Kolkata, Tz::UTC,
        ]),
        days in prop_oneof![2 => Just(0b001_1111_u8), 1 => 1_u8..128],
        (opens, closes) in prop_oneof![
            1 => Just((480, 1_200)),
            2 => (0_u32..1_440).prop_flat_map(|opens| (Just(opens), opens + 1..=1_440)),
        ],
    ) -> Hand {
        let anywhere = ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"];
        let recipient = match (stated, row.2.is_empty()) {
            (Some(zone), _) => vec![zone],
            (None, false) => row.2,
            (None, true) => anywhere.iter().map(|zone| zone.parse().expect("a zone")).collect(),
        };
        Hand { area_code: row.0, stated, days, opens, closes, zone, recipient, state: row.3 }
    }
}

/// Instants of 2025 to 2028, half of them within a day and a half of a change of some clock.
fn instants() -> impl Strategy<Value = Instant> {
    let (first, last) = (utc("2025-01-01T00:00:00Z").timestamp(), utc("2029-01-01T00:00:00Z").timestamp());
    let changes = [
        "2025-03-09",
        "2025-11-02",
        "2026-03-08",
        "2026-03-29",
        "2026-11-01",
        "2027-03-14",
        "2027-04-04",
        "2028-10-29",
    ];
    let near = (
        prop::sample::select(changes.map(|day| utc(&format!("{day}T06:00:00Z")).timestamp()).to_vec()),
        -130_000_i64..130_000,
    );
    let seconds = prop_oneof![first..last, near.prop_map(|(change, seconds)| change + seconds)];
    seconds.prop_map(|seconds| Instant::from_timestamp(seconds, 0).expect("in range"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn no_text_leaves_outside_any_of_the_hours(hand in hours(), at in instants(), milliseconds in 0_i64..1_000) {
        let mut case = hand.case();
        let now = at + TimeDelta::milliseconds(milliseconds);
        case.enrollment.step = 2;
        case.enrollment.last_sent_at = Some(now - TimeDelta::days(3));
        match decide(&case, now).decision {
            Decision::Send(send) => {
                prop_assert!(send.expires_at > now && send.expires_at <= now + minutes(60));
                let last = send.expires_at - TimeDelta::milliseconds(1);
                let moments = (0..60).map(|n| (now + minutes(n)).min(last)).chain([last]);
                for moment in moments {
                    prop_assert!(hand.inside(moment), "may leave at {moment}");
                }
            }
            // A call may take fifteen seconds: so much of the window must be left.
            Decision::Wait { .. } => {
                let fits = hand.inside(now) && hand.inside(now + TimeDelta::seconds(15) - TimeDelta::milliseconds(1));
                prop_assert!(!fits, "inside, and yet it waits");
            }
            other => prop_assert!(false, "{}", told(&other)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_decision_is_the_one_that_counting_minutes_by_hand_gives(
        hand in hours(),
        at in instants(),
        (first, on_wall) in (any::<bool>(), any::<bool>()),
        ago in prop_oneof![4 => 0_i64..240, 1 => 0_i64..6_000],
        (per_hour, per_day) in (1_u32..3, 1_u32..6),
        recent in prop::collection::vec(0_i64..1_500, 0..4),
        retry in prop::option::weighted(0.2, -5_i64..40),
        between in 0_i64..10_000,
    ) {
        let (mut case, now) = (hand.case(), Instant::from_timestamp(at.timestamp() / 60 * 60, 0).expect("a whole minute"));
        let imported = now - minutes(ago);
        case.enrollment.imported_at = imported;
        if !first {
            (case.enrollment.step, case.enrollment.last_sent_at) = (2, Some(imported));
        }
        case.plan.timing.latest_counts = if on_wall { LatestCounts::WallClock } else { LatestCounts::OpenHours };
        (case.client.limits.per_number_per_hour, case.client.limits.per_number_per_day) = (per_hour, per_day);
        case.lead.recent = recent.iter().map(|ago| now - minutes(*ago)).collect();
        case.lead.in_flight = retry.and_then(|due| in_flight(&case, InFlightState::RetryScheduled { at: now + minutes(due) }));

        let capped = |at: Instant| {
            let within = |span: i64| case.lead.recent.iter().filter(|sent| at - **sent < minutes(span)).count();
            within(60) >= per_hour as usize || within(1_440) >= per_day.min(hand.cap(now).unwrap_or(per_day)) as usize
        };
        let delayed = |at: Instant| {
            at < imported + minutes(if first { 60 } else { 1_440 }) || retry.is_some_and(|due| at < now + minutes(due))
        };
        let free = (0..3_000).map(|n| now + minutes(n)).find(|at| !delayed(*at) && !capped(*at)).expect("within two days");
        let opens = hand.next_inside(free);
        // The last instant itself has a test of its own: `a_text_that_may_be_sent_has_time_left_in_which_to_leave`.
        prop_assume!(opens != Some(imported + minutes(180)));
        let waited = |opens: Instant| (0..(opens - imported).num_minutes()).filter(|n| hand.inside(imported + minutes(*n))).count();
        let late = |opens: Instant| first && if on_wall { opens > imported + minutes(180) } else { waited(opens) > 180 };

        let verdict = decide(&case, now);
        let described = told(&verdict.decision);
        match (opens, verdict.decision) {
            (Some(opens), Decision::End { outcome: Outcome::Expired, .. }) => prop_assert!(late(opens), "{described}"),
            (Some(opens), Decision::Send(_)) => prop_assert!(opens == now && !late(opens), "{described}, expected {opens}"),
            (Some(opens), Decision::Wait { until: Some(until), .. }) => {
                prop_assert!(until == opens && until > now && !late(opens), "{described}, expected {opens}");
                prop_assert!(sends(&case, until), "what was waited for does not happen: {}", told(&decide(&case, until).decision));
                let before = now + (until - now) * i32::try_from(between).expect("small") / 10_000;
                for moment in [until - minutes(1), until - TimeDelta::seconds(1), before] {
                    prop_assert!(!sends(&case, moment), "sent at {moment}, before {until}");
                }
            }
            (None, Decision::Wait { until: None, .. }) => {}
            // Over, if its time is: `a_first_text_whose_hours_never_meet_is_given_up_when_its_time_is_over`.
            (None, Decision::End { outcome: Outcome::Expired, .. }) => {
                prop_assert!(first && on_wall && now >= imported + minutes(180), "{described}");
            }
            _ => prop_assert!(false, "{described}, expected {opens:?}"),
        }
    }
}

fn booking(status: BookingStatus, starts_at: Option<Instant>) -> Booking {
    Booking { id: BookingId::of("cly", "a"), status, starts_at, said_at: ny("01-06 14:30") }
}

#[test]
fn who_has_booked_gets_no_text_until_the_appointment_is_over() {
    let mut case = case();
    case.lead.bookings = vec![booking(BookingStatus::Booked, Some(ny("01-06 15:20")))];
    let verdict = decide(&case, ny("01-06 15:10"));
    assert!(matches!(verdict.decision, Decision::End { outcome: Outcome::Booked, .. }), "{verdict:?}");
    assert!(matches!(decide(&case, ny("01-06 15:20")).decision, Decision::Send(_)));
    case.lead.bookings = vec![booking(BookingStatus::Cancelled, Some(ny("01-08 15:20")))];
    assert!(matches!(decide(&case, ny("01-06 15:10")).decision, Decision::Send(_)));
}

#[test]
fn who_has_asked_for_an_appointment_waits_for_the_answer() {
    let mut case = case();
    case.lead.bookings = vec![booking(BookingStatus::Requested, Some(ny("01-08 15:20")))];
    let verdict = decide(&case, ny("01-06 15:10"));
    assert!(matches!(verdict.decision, Decision::Wait { until: None, gate: Gate::Booking, .. }), "{verdict:?}");
}

#[test]
fn the_booking_link_in_a_text_says_whose_it_is() {
    let mut case = case();
    case.client.booking_link = Some("https://calendly.com/sam/call".to_owned());
    case.plan.messages[0].text = template("Book: {{booking_link}}");
    let Decision::Send(send) = decide(&case, ny("01-06 15:10")).decision else { panic!("it may go") };
    assert_eq!(
        send.text,
        format!("Book: https://calendly.com/sam/call?utm_source=sms&utm_content=lead_{}", case.lead.id)
    );
}
