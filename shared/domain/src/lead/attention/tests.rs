//! Tests.

use chrono::TimeDelta;
use ulid::Ulid;

use super::super::super::{
    booking::{Booker, BookingId, BookingNews, NewsKind},
    contact_status::{OptOut, OptOutChannel},
    ids::{ClientId, LeadId},
};
use super::*;

fn at(minutes: i64) -> Instant {
    "2026-01-06T20:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::minutes(minutes)
}

fn lead() -> Lead {
    Lead::new(LeadId(Ulid::from(1_u128)), ClientId::parse("acme").expect("an id"))
}

fn replied(minutes: &[i64]) -> Lead {
    let mut lead = lead();
    minutes.iter().for_each(|minute| lead.await_answer(at(*minute)));
    lead
}

#[test]
fn who_waits_for_nothing_is_in_no_list_and_a_reply_waits_since_the_first_of_several() {
    assert_eq!(lead().attention(), None);
    let waits = replied(&[5, 9]).attention().expect("it waits");
    assert_eq!((waits.since, waits.untold), (at(5), true));
    assert_eq!(waits.needs, BTreeMap::from([(Need::Unanswered, at(5))]));
    assert_eq!(replied(&[9, 5]), replied(&[5, 9]), "whichever is worked on first");
}

#[test]
fn a_lead_that_is_held_and_has_written_waits_for_both_since_the_earlier() {
    let mut lead = replied(&[5]);
    lead.hold_person("a reply that may mean no", at(2));
    let waits = lead.attention().expect("it waits");
    assert_eq!(waits.since, at(2));
    assert_eq!(waits.needs, BTreeMap::from([(Need::Unanswered, at(5)), (Need::Held, at(2))]));
    assert!(lead.answered() && lead.release().is_some());
    assert_eq!(lead.attention(), None);
}

#[test]
fn being_told_leaves_the_reply_unanswered_and_counts_only_up_to_what_was_told() {
    let mut lead = replied(&[5]);
    assert!(lead.told_of_replies(at(5), at(5)) && !lead.told_of_replies(at(5), at(5)));
    assert_eq!(lead.attention().map(|waits| waits.untold), Some(false));
    lead.await_answer(at(8));
    assert!(!lead.told_of_replies(at(5), at(5)), "one came after it");
    assert_eq!(
        lead.unanswered.clone().map(|unanswered| (unanswered.since, unanswered.untold)),
        Some((at(5), Some(at(8))))
    );
    lead.await_answer(at(9));
    assert!(lead.told_of_replies(at(8), at(8)));
    let untold = lead.unanswered.clone().and_then(|unanswered| unanswered.untold);
    assert_eq!(
        untold,
        Some(at(8) + TimeDelta::milliseconds(1)),
        "what was told is not told again with what came later"
    );
    assert!(lead.told_of_replies(untold.expect("one is left"), at(9)));
    lead.await_answer(at(7));
    assert!(!lead.told_of_replies(at(8), at(9)), "one of before, processed late, is still to be told");
    assert!(lead.told_of_replies(at(7), at(9)));
}

fn booking(minutes: i64) -> BookingNews {
    BookingNews {
        id: BookingId::of("cal", "1"),
        instead_of: None,
        kind: NewsKind::Booked,
        starts_at: Some(at(600)),
        said_at: at(minutes),
        who: Booker::default(),
    }
}

#[test]
fn an_opt_out_a_booking_and_a_text_by_hand_after_it_answer_a_reply_and_nothing_before_it_does() {
    let mut opted_out = replied(&[5]);
    opted_out.opt_out(OptOut { at: at(6), channel: OptOutChannel::Reply, words: None }, at(6));
    let mut booked = replied(&[5]);
    booked.hear(&booking(6), at(6));
    let mut wrote_after_it = replied(&[5]);
    wrote_after_it.hear(&booking(4), at(6));
    assert!(wrote_after_it.attention().is_some(), "the booking was made before they wrote");
    let mut by_hand = replied(&[5, 9]);
    assert!(!by_hand.answered_up_to(at(8)), "the last one came after it");
    assert!(by_hand.answered_up_to(at(9)));
    for lead in [opted_out, booked, by_hand] {
        assert_eq!(lead.attention(), None);
    }
}

#[test]
fn a_told_reply_adds_few_bytes_to_what_is_written_with_every_text() {
    let mut lead = replied(&[5]);
    let bytes = |lead: &Lead| serde_json::to_string(lead).expect("JSON").len();
    lead.told_of_replies(at(5), at(5));
    assert!(bytes(&lead) - bytes(&self::lead()) <= 50, "{}", bytes(&lead) - bytes(&self::lead()));
    let before: Lead = serde_json::from_str(&serde_json::to_string(&self::lead()).expect("JSON")).expect("a lead");
    assert_eq!(before.unanswered, None, "an item of the release before has no such field");
}
