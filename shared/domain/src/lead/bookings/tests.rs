//! News of bookings, in order and out of it.

use chrono::TimeDelta;
use ulid::Ulid;

use super::*;
use crate::{
    booking::{Booker, BookingId},
    ids::{AttemptId, ClientId, LeadId, RunId},
    lead::{IllegalStep, NewClaim},
    message::SendOutcome,
    phone::{PhoneNumber, Region},
};

fn now() -> Instant {
    "2026-01-06T20:00:00Z".parse().expect("an instant")
}

fn hours(n: i64) -> TimeDelta {
    TimeDelta::hours(n)
}

fn enrollment_id(n: u64) -> EnrollmentId {
    EnrollmentId(Ulid::from(u128::from(n)))
}

fn lead() -> Lead {
    let mut lead = Lead::new(LeadId(Ulid::from(9_u128)), ClientId::parse("acme").expect("an id"));
    lead.phone = PhoneNumber::parse("3055550123", Region::default()).ok();
    lead.enroll(Enrollment {
        id: enrollment_id(1),
        campaign: crate::fixtures::campaign().id,
        version: 1,
        step: 1,
        imported_at: now() - hours(2),
        waits: Waits::Until(now()),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    });
    lead
}

fn id(name: &str) -> BookingId {
    BookingId::of("cly", name)
}

/// News of a booking, `minutes` after the moment. The appointment is two days later.
fn news(kind: NewsKind, name: &str, minutes: i64) -> BookingNews {
    BookingNews {
        id: id(name),
        instead_of: None,
        kind,
        starts_at: Some(now() + hours(48)),
        said_at: now() + TimeDelta::minutes(minutes),
        who: Booker::default(),
    }
}

fn instead(of: &str, mut news: BookingNews) -> BookingNews {
    news.instead_of = Some(id(of));
    news
}

fn claim(step: u16) -> NewClaim {
    NewClaim {
        attempt: AttemptId(Ulid::from(1_000_u128)),
        run: RunId(Ulid::from(5_u128)),
        enrollment: enrollment_id(1),
        step,
        to: PhoneNumber::parse("3055550123", Region::default()).expect("valid"),
        text: "Hi".to_owned(),
        expires_at: now() + hours(1),
        hours: String::new(),
    }
}

/// How a lead stands: booked, asked, sequences it is in, how those before ended.
fn stands(lead: &Lead) -> (bool, bool, usize, Vec<Outcome>) {
    let past = lead.history.iter().map(|past| past.outcome).collect();
    let (booked, asked) = (lead.booking_ahead(now()).is_some(), lead.booking_requested(now()).is_some());
    (booked, asked, lead.enrollments.len(), past)
}

/// Every order of a list.
fn orders(news: &[BookingNews]) -> Vec<Vec<BookingNews>> {
    if news.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..news.len() {
        let mut rest = news.to_vec();
        let first = rest.remove(at);
        all.extend(orders(&rest).into_iter().map(|mut order| {
            order.insert(0, first.clone());
            order
        }));
    }
    all
}

#[test]
fn a_booking_ends_every_sequence_and_takes_the_lead_out_of_the_index() {
    let mut lead = lead();
    let campaign = crate::fixtures::campaign().id;
    assert_eq!(lead.hear(&news(NewsKind::Booked, "a", 0), now()), Heard::Booked(vec![campaign]));
    assert_eq!((lead.due(), stands(&lead)), (None, (true, false, 0, vec![Outcome::Booked])));
    assert_eq!((lead.history[0].version, lead.history[0].step), (1, 1));
    assert_eq!(lead.hear(&news(NewsKind::Booked, "a", 0), now()), Heard::Nothing, "said twice");
}

#[test]
fn a_request_waits_without_ending_anything_and_a_no_to_it_lets_go() {
    let mut lead = lead();
    assert_eq!(lead.hear(&news(NewsKind::Requested, "a", 0), now()), Heard::Requested);
    assert_eq!(stands(&lead), (false, true, 1, vec![]));
    assert_eq!(lead.claim(claim(1), now()).err(), Some(IllegalStep::Booking));
    assert_eq!(lead.hear(&news(NewsKind::Rejected, "a", 1), now()), Heard::LetGo);
    assert_eq!(stands(&lead), (false, false, 1, vec![]));
    assert!(lead.claim(claim(1), now()).is_ok());
}

#[test]
fn the_order_of_news_of_one_booking_makes_no_difference() {
    let asked = news(NewsKind::Requested, "a", 0);
    let booked = news(NewsKind::Booked, "a", 5);
    let off = news(NewsKind::Cancelled, "a", 60);
    for (told, end) in [
        (vec![asked.clone(), booked.clone()], (true, false, 0, vec![Outcome::Booked])),
        (vec![asked.clone(), booked.clone(), off.clone()], (false, false, 0, vec![Outcome::Booked])),
        (vec![booked, off], (false, false, 0, vec![Outcome::Booked])),
        (vec![asked, news(NewsKind::Rejected, "a", 5)], (false, false, 1, vec![])),
    ] {
        for order in orders(&told) {
            let mut lead = lead();
            let kinds: Vec<NewsKind> = order.iter().map(|news| news.kind).collect();
            order.iter().for_each(|news| drop(lead.hear(news, now())));
            assert_eq!(stands(&lead), end, "{kinds:?}");
        }
    }
}

#[test]
fn a_move_never_unbooks_in_whatever_order_its_halves_come() {
    let booked = news(NewsKind::Booked, "old", 0);
    let away = news(NewsKind::Moved, "old", 30);
    let to = instead("old", news(NewsKind::Booked, "new", 30));
    for order in orders(&[booked, away.clone(), to.clone()]) {
        let mut lead = lead();
        for (nth, news) in order.iter().enumerate() {
            let heard = lead.hear(news, now());
            assert!(!matches!(heard, Heard::CalledOff(_) | Heard::LetGo), "{nth}: {heard:?}");
            assert!(lead.booking_ahead(now()).is_some(), "{nth}: not booked after {:?}", news.kind);
        }
        let standing: Vec<_> = lead.bookings.iter().filter(|b| b.status == BookingStatus::Booked).collect();
        assert_eq!(standing.len(), 1);
        assert_eq!(standing[0].id, id("new"), "the old one counts no more");
    }
}

#[test]
fn calling_off_the_new_one_unbooks_in_any_order_after_a_move() {
    let told = [
        news(NewsKind::Booked, "old", 0),
        news(NewsKind::Moved, "old", 30),
        instead("old", news(NewsKind::Booked, "new", 30)),
        instead("old", news(NewsKind::Cancelled, "new", 90)),
    ];
    for order in orders(&told) {
        let mut lead = lead();
        let kinds: Vec<_> = order.iter().map(|news| (news.kind, news.id.clone())).collect();
        order.iter().for_each(|news| drop(lead.hear(news, now())));
        assert_eq!(stands(&lead), (false, false, 0, vec![Outcome::Booked]), "{kinds:?}");
    }
}

#[test]
fn calling_one_of_two_bookings_off_leaves_the_person_booked() {
    let mut lead = lead();
    lead.hear(&news(NewsKind::Booked, "a", 0), now());
    lead.hear(&news(NewsKind::Booked, "b", 1), now());
    assert_eq!(lead.hear(&news(NewsKind::Cancelled, "a", 2), now()), Heard::LetGo);
    assert_eq!(lead.hear(&news(NewsKind::Cancelled, "b", 3), now()), Heard::CalledOff(vec![]));
}

#[test]
fn a_request_to_move_that_is_turned_down_leaves_the_booking_as_it_was() {
    let mut lead = lead();
    lead.hear(&news(NewsKind::Booked, "old", 0), now());
    assert_eq!(lead.hear(&instead("old", news(NewsKind::Requested, "new", 1)), now()), Heard::Requested);
    assert_eq!(lead.hear(&instead("old", news(NewsKind::Rejected, "new", 2)), now()), Heard::LetGo);
    assert_eq!(stands(&lead), (true, false, 0, vec![Outcome::Booked]));
}

#[test]
fn calling_off_what_is_over_ends_nothing_and_leads_to_nothing() {
    let late = BookingNews { starts_at: Some(now() - hours(1)), ..news(NewsKind::Cancelled, "a", 0) };
    let mut lead = lead();
    assert_eq!(lead.hear(&late, now()), Heard::LetGo);
    assert_eq!(stands(&lead), (false, false, 1, vec![]));
}

#[test]
fn an_appointment_that_is_over_keeps_nothing_back() {
    let mut lead = lead();
    lead.hear(&news(NewsKind::Booked, "a", 0), now());
    assert!(lead.booking_ahead(now() + hours(47)).is_some());
    assert!(lead.booking_ahead(now() + hours(48)).is_none());
    let timeless = BookingNews { starts_at: None, ..news(NewsKind::Booked, "b", 1) };
    lead.hear(&timeless, now());
    assert!(lead.booking_ahead(now() + hours(10_000)).is_some(), "one that does not say lies ahead");
}

#[test]
fn the_lead_stays_small_and_keeps_what_still_counts() {
    let mut lead = lead();
    lead.hear(&news(NewsKind::Booked, "stands", 0), now());
    for n in 1..10 {
        let name = format!("moved-{n}");
        lead.hear(&news(NewsKind::Booked, &name, 2 * n), now());
        lead.hear(&news(NewsKind::Cancelled, &name, 2 * n + 1), now());
        assert!(lead.booking_ahead(now()).is_some_and(|booking| booking.id == id("stands")));
    }
    assert_eq!(lead.bookings.len(), KEPT);
    let size = serde_json::to_string(&lead).expect("JSON").len();
    assert!(size < 1_000, "{size} bytes");
}

#[test]
fn a_sequence_is_taken_up_after_everything_that_may_have_gone_out() {
    let plan = crate::fixtures::campaign().plan();
    let steps: Vec<u16> = plan.messages.iter().map(|step| step.step).collect();
    let (first, second) = (steps[0], steps[1]);
    let accepted = SendOutcome::Accepted { provider_id: "SM1".to_owned() };
    let attempt = AttemptId(Ulid::from(1_000_u128));
    let next = |lead: &Lead| {
        let ended = lead.ended_by_booking().expect("one").clone();
        lead.taken_up(&ended, &plan, enrollment_id(2), now()).map(|new| new.step)
    };
    let booked = news(NewsKind::Booked, "a", 0);
    let mut untouched = lead();
    untouched.hear(&booked, now());
    assert_eq!(next(&untouched), Some(first), "nothing was sent");

    let mut on_its_way = lead();
    on_its_way.claim(claim(first), now()).expect("claimed");
    on_its_way.hear(&booked, now());
    assert_eq!(next(&on_its_way), Some(second), "it may have gone out");
    let mut sent = on_its_way.clone();
    sent.settle(attempt, accepted, None, now()).expect("settled");
    assert_eq!(next(&sent), Some(second), "it went out");
    on_its_way.settle(attempt, SendOutcome::NotSent { why: "no".to_owned() }, None, now()).expect("settled");
    assert_eq!(next(&on_its_way), Some(first), "it surely did not");

    let mut all = untouched.clone();
    all.history[0].step = steps[steps.len() - 1] + 1;
    assert_eq!(next(&all), None, "every text was sent");
}

#[test]
fn a_sequence_that_was_entered_again_is_not_taken_up_and_neither_is_one_of_a_release_before() {
    let mut lead = lead();
    lead.hear(&news(NewsKind::Booked, "a", 0), now());
    let mut older = lead.clone();
    older.history[0].version = 0;
    assert_eq!(older.ended_by_booking(), None);
    let ended = lead.ended_by_booking().expect("one").clone();
    let again =
        lead.taken_up(&ended, &crate::fixtures::campaign().plan(), enrollment_id(2), now()).expect("a step is left");
    lead.enroll(again);
    assert_eq!(lead.ended_by_booking(), None, "it is live");
    lead.end(enrollment_id(2), Outcome::Completed, "the last text was sent", now());
    assert_eq!(lead.ended_by_booking(), None, "it has ended otherwise since");
}

#[test]
fn a_lead_of_the_release_before_is_read_and_written_without_bookings() {
    let written = serde_json::to_value(lead()).expect("JSON");
    assert!(written.get("bookings").is_none());
    let mut past = lead();
    past.end_all(Outcome::Replied, "the person replied", now());
    let mut old = serde_json::to_value(past).expect("JSON");
    for field in ["version", "step"] {
        old["history"][0].as_object_mut().expect("an object").remove(field);
    }
    let read: Lead = serde_json::from_value(old).expect("a lead");
    assert_eq!((read.history[0].version, read.history[0].step), (0, 0));
}
