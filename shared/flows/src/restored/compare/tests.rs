use chrono::TimeDelta;
use fixtures::{campaign, client};
use ulid::Ulid;

use super::*;
use domain::{
    Instant,
    audit::{Status, TextFacts},
    client::Mode,
    ids::{AttemptId, CampaignId, ClientId, LeadId, RunId},
    lead::{Enrollment, NewClaim, Waits},
    message::{ListedState, SendOutcome},
    phone::{PhoneNumber, Region},
};

fn at(minutes: i64) -> Instant {
    "2026-01-06T15:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::minutes(minutes)
}

fn listed(id: &str, minutes: i64, body: &str) -> ListedText {
    ListedText { provider_id: id.to_owned(), body: body.to_owned(), at: at(minutes), state: ListedState::Taken }
}

fn number() -> PhoneNumber {
    PhoneNumber::parse("3055550123", Region::default()).expect("valid")
}

fn enrollment(n: u64, step: u16) -> Enrollment {
    Enrollment {
        id: EnrollmentId(Ulid::from(u128::from(n))),
        campaign: CampaignId::parse(&format!("campaign-{n}")).expect("an id"),
        version: 1,
        step,
        imported_at: at(-60),
        waits: Waits::Until(at(0)),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    }
}

fn lead(enrollments: &[(u64, u16)]) -> (Lead, Profile, Plans) {
    let mut lead = Lead::new(LeadId(Ulid::from(7)), ClientId::parse("acme").expect("an id"));
    lead.phone = Some(number());
    let mut plans = Plans::new();
    for (n, step) in enrollments {
        let one = enrollment(*n, *step);
        plans.insert((one.campaign.clone(), 1), campaign().plan());
        lead.enroll(one);
    }
    let mut profile = Profile::new(lead.id, at(-60));
    profile.first_name = Some("Pat".to_owned());
    (lead, profile, plans)
}

fn taken(text: &ListedText) -> AuditId {
    AuditId(Ulid::from(u128::from(text.provider_id.len() as u64)))
}

fn event(id: u64, kind: Event, minutes: i64) -> AuditEvent {
    let client = ClientId::parse("acme").expect("an id");
    AuditEvent::new(AuditId(Ulid::from(u128::from(id))), at(minutes), client, kind, Status::Ok)
}

#[test]
fn what_the_lead_knows_is_left_out_and_the_rest_comes_in_order() {
    let mut sent = event(1, Event::SmsAttempt, 0);
    sent.text = Some(TextFacts {
        body: String::new(),
        template: None,
        hours: String::new(),
        provider_id: Some("SM1".to_owned()),
        retry: 0,
        segments: 1,
        minutes_from_import: None,
    });
    let mut heard = event(2, Event::ReplyReceived, 1);
    heard.detail = Some("Yes".to_owned());
    let to = vec![listed("SM3", 9, "second"), listed("SM1", 0, "first"), listed("SM2", 5, "other")];
    let from = vec![listed("SMa", 1, "Yes "), listed("SMb", 5, "STOP")];
    let all = happened(to, from, &[sent, heard], taken);
    let expected = [
        Happened::Texted(listed("SM2", 5, "other")),
        Happened::Replied(listed("SMb", 5, "STOP")),
        Happened::Texted(listed("SM3", 9, "second")),
    ];
    assert_eq!(all, expected);
}

#[test]
fn an_answer_that_was_taken_in_from_the_list_is_not_taken_in_again() {
    let answer = listed("SMb", 5, "STOP");
    let known = AuditEvent { id: taken(&answer), ..event(2, Event::ReplyReceived, 500) };
    assert_eq!(happened(Vec::new(), vec![answer], &[known], taken), []);
}

#[test]
fn a_text_is_the_next_step_by_its_very_words() {
    let (lead, profile, plans) = lead(&[(1, 1)]);
    let of = |body: &str| match_of(&lead, &profile, &client(), &plans, &listed("SM1", 0, body));
    assert_eq!(of("Hi Pat, it's Sam."), Match::Step(EnrollmentId(Ulid::from(1))));
    for other in ["Still there, Pat?", "Hi Kim, it's Sam.", ""] {
        assert!(matches!(of(other), Match::Unexplained(_)), "{other}");
    }
}

#[test]
fn a_text_that_could_be_of_two_sequences_is_none() {
    let (lead, profile, plans) = lead(&[(1, 1), (2, 1)]);
    let text = listed("SM1", 0, "Hi Pat, it's Sam.");
    assert!(matches!(match_of(&lead, &profile, &client(), &plans, &text), Match::Unexplained(_)));
    let (lead, profile, plans) = self::lead(&[(1, 1), (2, 2)]);
    assert_eq!(match_of(&lead, &profile, &client(), &plans, &text), Match::Step(EnrollmentId(Ulid::from(1))));
}

#[test]
fn the_text_on_its_way_comes_first_unless_it_is_too_old() {
    let (mut lead, profile, plans) = lead(&[(1, 1)]);
    let claim = NewClaim {
        attempt: AttemptId(Ulid::from(9)),
        run: RunId(Ulid::from(8)),
        enrollment: EnrollmentId(Ulid::from(1)),
        step: 1,
        to: number(),
        text: "Hi Pat, it's Sam.".to_owned(),
        expires_at: at(60),
        hours: String::new(),
    };
    lead.claim(claim, at(10)).expect("nothing is on its way");
    let of = |minutes| match_of(&lead, &profile, &client(), &plans, &listed("SM1", minutes, "Hi Pat, it's Sam."));
    assert_eq!(of(40), Match::InFlightText(EnrollmentId(Ulid::from(1))));
    assert_eq!(of(2), Match::Step(EnrollmentId(Ulid::from(1))), "from before the claim");
    lead.settle(
        AttemptId(Ulid::from(9)),
        SendOutcome::Accepted { provider_id: "SM1".into() },
        Some(&campaign().plan()),
        at(40),
    )
    .expect("settled");
    let next = listed("SM2", 2_000, "Still there, Pat?");
    assert_eq!(match_of(&lead, &profile, &client(), &plans, &next), Match::Step(EnrollmentId(Ulid::from(1))));
}

#[test]
fn a_text_to_the_test_phone_may_be_anybodys() {
    let (lead, profile, plans) = lead(&[(1, 1)]);
    let mut testing = client();
    testing.mode = Mode::Test { phone: PhoneNumber::parse("3055550111", Region::default()).ok(), email: None };
    assert_eq!(match_of(&lead, &profile, &testing, &plans, &listed("SM1", 0, "Hi Kim, it's Sam.")), Match::NotOurs);
}
