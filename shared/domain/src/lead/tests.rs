//! Every step of a lead's state, legal and not. Random walks at the end keep the invariants.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;
use ulid::Ulid;

use super::super::{
    campaign::Plan,
    capabilities::Capabilities,
    message::{CALL_DEADLINE, LEASE, ListedState, ListedText, LookUp, RefusalClass, SendOutcome, wait_until},
};
use super::super::{contact_status::OptOutChannel, phone::Region};
use super::*;

const TUESDAY: &str = "2026-01-06T20:00:00Z";

fn now() -> Instant {
    TUESDAY.parse().expect("an instant")
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn enrollment_id(n: u64) -> EnrollmentId {
    EnrollmentId(Ulid::from(u128::from(n)))
}

fn attempt(n: u64) -> AttemptId {
    AttemptId(Ulid::from(1_000 + u128::from(n)))
}

/// Enrollment `n` in a campaign of its own, at step 1 of 2, due at `due`.
fn enrollment(n: u64, due: Instant) -> Enrollment {
    Enrollment {
        id: enrollment_id(n),
        campaign: CampaignId::parse(&format!("campaign-{n}")).expect("an id"),
        version: 1,
        step: 1,
        imported_at: now() - minutes(60),
        waits: Waits::Until(due),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    }
}

fn number() -> PhoneNumber {
    PhoneNumber::parse("3055550123", Region::default()).expect("valid")
}

#[test]
fn a_lifted_review_is_due_at_once_and_never_lifted_while_a_text_is_on_its_way() {
    let mut lead = lead();
    let id = enrollment_id(1);
    assert_eq!(lead.lift_review(id, now()), Err(IllegalStep::NotForReview(id)));
    assert_eq!(lead.lift_review(enrollment_id(9), now()), Err(IllegalStep::NoEnrollment(enrollment_id(9))));
    lead.claim(claim_of(1, 1, 1), now()).expect("nothing is on its way");
    lead.enroll(enrollment(2, now()));
    lead.review(enrollment_id(2), "no template", now());
    assert_eq!(lead.lift_review(enrollment_id(2), now()), Err(IllegalStep::InFlight(attempt(1))));
    lead.settle(attempt(1), accepted(), Some(&plan()), now()).expect("settled");
    assert_eq!(lead.lift_review(enrollment_id(2), now() + minutes(5)), Ok("no template".to_owned()));
    assert_eq!(lead.due(), Some(now() + minutes(5)));
}

#[test]
fn who_is_parked_beside_a_review_is_looked_at_again_when_that_is_lifted() {
    let mut lead = lead();
    lead.enroll(enrollment(2, now()));
    lead.review(enrollment_id(2), "no template", now());
    assert!(lead.park(enrollment_id(1), now() + minutes(600)));
    assert!(matches!(lead.place(), Some(Place::Due(_))), "what is uncounted comes first");
    lead.uncounted.clear();
    assert!(matches!(lead.place(), Some(Place::Parked { .. })));
    lead.lift_review(enrollment_id(2), now() + minutes(5)).expect("lifted");
    assert!(lead.enrollments.iter().all(|live| !live.parked));
    assert_eq!(lead.place(), Some(Place::Due(now() + minutes(5))));
    assert!(!lead.park(enrollment_id(1), now() + minutes(600)), "not beside one that waits");
}

/// A lead in one campaign, whose first text is due now.
fn lead() -> Lead {
    let mut lead = Lead::new(LeadId(Ulid::from(7)), ClientId::parse("acme").expect("an id"));
    lead.phone = Some(number());
    lead.enroll(enrollment(1, now()));
    lead
}

fn plan() -> Plan {
    crate::fixtures::campaign().plan()
}

fn claim_of(n: u64, enrollment: u64, step: u16) -> NewClaim {
    NewClaim {
        attempt: attempt(n),
        run: RunId(Ulid::from(9)),
        enrollment: enrollment_id(enrollment),
        step,
        to: number(),
        text: "Hi Pat, it's Sam.".to_owned(),
        expires_at: now() + minutes(60),
        hours: "Mon–Fri 08:00–20:00 America/New_York".to_owned(),
    }
}

fn accepted() -> SendOutcome {
    SendOutcome::Accepted { provider_id: "SM1".to_owned() }
}

fn not_sent() -> SendOutcome {
    SendOutcome::NotSent { why: "no connection".to_owned() }
}

fn throttled() -> SendOutcome {
    SendOutcome::Throttled { why: "429".to_owned(), retry_after: None }
}

fn failed(problem: Result<ProviderRefusal, String>) -> SendOutcome {
    SendOutcome::Failed { provider_id: "SM1".to_owned(), problem }
}

fn unknown() -> SendOutcome {
    SendOutcome::Unknown { why: "timed out".to_owned() }
}

fn refusal(class: RefusalClass) -> ProviderRefusal {
    ProviderRefusal { class, code: Some(21_610), meaning: "refused".to_owned() }
}

fn refused(class: RefusalClass) -> SendOutcome {
    SendOutcome::Refused(refusal(class))
}

fn said_no() -> OptOut {
    OptOut { at: now(), channel: OptOutChannel::Reply, words: Some("STOP".to_owned()) }
}

/// A lead whose first text was claimed now by attempt 1.
fn claimed() -> Lead {
    let mut lead = lead();
    lead.claim(claim_of(1, 1, 1), now()).expect("nothing stands against it");
    lead
}

/// The same, settled now with `outcome`.
fn settled(outcome: SendOutcome) -> Lead {
    let mut lead = claimed();
    lead.settle(attempt(1), outcome, Some(&plan()), now()).expect("it is on its way");
    lead
}

/// A lead whose text may have gone out, after the provider was asked for the last time.
fn nobody_can_tell() -> Lead {
    let mut lead = settled(unknown());
    for minute in [2, 10, 30] {
        lead.ask_again(attempt(1), now() + minutes(minute)).expect("it is time to ask");
    }
    lead
}

/// A lead with a text in each state that one can be in.
fn every_state() -> [(&'static str, Lead); 5] {
    [
        ("none", lead()),
        ("claimed", claimed()),
        ("retry", settled(not_sent())),
        ("unknown", settled(unknown())),
        ("nobody can tell", nobody_can_tell()),
    ]
}

#[test]
fn a_claim_keeps_exactly_what_is_sent_and_belongs_to_its_sender_for_the_lease() {
    let mut lead = lead();
    let text = lead.claim(claim_of(1, 1, 1), now()).expect("nothing stands against it");
    assert_eq!((text.attempt(), text.campaign().map(CampaignId::as_str)), (attempt(1), Some("campaign-1")));
    assert_eq!((text.to(), text.text(), text.expires_at()), (&number(), "Hi Pat, it's Sam.", now() + minutes(60)));
    let stored = lead.in_flight.expect("it is on its way");
    assert_eq!((stored.tries, stored.at, stored.step), (1, now(), 1));
    assert_eq!(stored.state, InFlightState::Claimed { until: now() + LEASE });
}

#[test]
fn a_claim_that_the_state_does_not_allow_is_refused_and_changes_nothing() {
    let in_flight = Err(IllegalStep::InFlight(attempt(1)));
    let held = || {
        let mut lead = lead();
        lead.standing = ContactStatus::Held { reason: "a reply to read".to_owned(), since: now() };
        lead
    };
    let with_second = |mut lead: Lead| {
        lead.enroll(enrollment(2, now()));
        lead
    };
    let opted_out = || {
        let mut lead = lead();
        lead.opt_out(said_no(), now());
        lead
    };
    let (retry, unknown) = (|| settled(not_sent()), || settled(unknown()));
    let at_once = TimeDelta::zero();
    for (name, mut lead, claim, after, expected) in [
        ("in no such enrollment", lead(), claim_of(2, 5, 1), at_once, Err(IllegalStep::NoEnrollment(enrollment_id(5)))),
        ("a later step", lead(), claim_of(2, 1, 2), at_once, Err(IllegalStep::OtherStep { at: 1, asked: 2 })),
        (
            "a step that was sent",
            settled(accepted()),
            claim_of(2, 1, 1),
            minutes(5),
            Err(IllegalStep::OtherStep { at: 2, asked: 1 }),
        ),
        ("an opted-out lead", opted_out(), claim_of(2, 1, 1), at_once, Err(IllegalStep::ContactStatus)),
        ("a held lead", held(), claim_of(2, 1, 1), at_once, Err(IllegalStep::ContactStatus)),
        ("a claim that runs", claimed(), claim_of(2, 1, 1), at_once, in_flight.clone()),
        ("a claim whose lease is over", claimed(), claim_of(2, 1, 1), minutes(600), in_flight.clone()),
        ("the attempt that runs", claimed(), claim_of(1, 1, 1), at_once, in_flight.clone()),
        ("beside a claim", with_second(claimed()), claim_of(2, 2, 1), at_once, in_flight.clone()),
        ("an unknown outcome", unknown(), claim_of(2, 1, 1), minutes(600), in_flight.clone()),
        ("beside an unknown outcome", with_second(unknown()), claim_of(2, 2, 1), minutes(600), in_flight.clone()),
        ("a retry that is not due", retry(), claim_of(2, 1, 1), TimeDelta::seconds(29), in_flight.clone()),
        ("beside a retry that is not due", with_second(retry()), claim_of(2, 2, 1), TimeDelta::seconds(29), in_flight),
        ("beside a retry that is due", with_second(retry()), claim_of(2, 2, 1), TimeDelta::seconds(30), Ok(())),
        ("a retry that is due", retry(), claim_of(2, 1, 1), TimeDelta::seconds(30), Ok(())),
        ("a lead with nothing on its way", lead(), claim_of(2, 1, 1), at_once, Ok(())),
    ] {
        let before = lead.clone();
        assert_eq!(lead.claim(claim, now() + after).map(drop), expected, "{name}");
        assert_eq!(lead == before, expected.is_err(), "{name}");
    }
}

#[test]
fn only_the_attempt_on_its_way_is_settled() {
    for (name, mut lead) in every_state() {
        let before = lead.clone();
        let other = lead.settle(attempt(99), accepted(), Some(&plan()), now());
        assert_eq!((other, &lead), (Err(IllegalStep::OtherAttempt(attempt(99))), &before), "{name}");
    }
    for (name, mut lead) in [("accepted", settled(accepted())), ("refused", settled(refused(RefusalClass::Content)))] {
        let before = lead.clone();
        let again = lead.settle(attempt(1), accepted(), Some(&plan()), now());
        assert_eq!((again, &lead), (Err(IllegalStep::OtherAttempt(attempt(1))), &before), "{name}");
    }
}

#[test]
fn an_accepted_text_moves_the_enrollment_on_and_the_last_one_completes_it() {
    let mut lead = claimed();
    let sent = now() + TimeDelta::seconds(1);
    assert_eq!(lead.settle(attempt(1), accepted(), Some(&plan()), sent), Ok(Settled::Advanced));
    let enrollment = &lead.enrollments[0];
    assert_eq!((enrollment.step, enrollment.sent, enrollment.last_sent_at), (2, 1, Some(sent)));
    assert_eq!(enrollment.waits, Waits::Until(sent + minutes(1_440)));
    assert_eq!((&lead.in_flight, lead.recent.as_slice()), (&None, [sent].as_slice()));

    let next_day = sent + minutes(1_440);
    lead.claim(claim_of(2, 1, 2), next_day).expect("its turn");
    assert_eq!(lead.settle(attempt(2), accepted(), Some(&plan()), next_day), Ok(Settled::Completed));
    assert_eq!((lead.enrollments.len(), lead.due()), (0, None));
    let past = &lead.history[0];
    assert_eq!(
        (past.sent, past.outcome, past.enrolled_at, past.completed_at),
        (2, Outcome::Completed, now() - minutes(60), next_day)
    );
    assert_eq!(lead.recent, [next_day], "texts of more than a day ago are forgotten");
}

#[test]
fn a_step_that_is_not_active_is_passed_over() {
    let mut plan = plan();
    plan.messages[1].active = false;
    let mut lead = claimed();
    assert_eq!(lead.settle(attempt(1), accepted(), Some(&plan), now()), Ok(Settled::Completed));
}

#[test]
fn a_text_that_did_not_go_out_is_tried_after_30_seconds_5_and_30_minutes_and_then_reviewed() {
    let mut lead = lead();
    let mut at = now();
    for (try_no, wait) in [(1, Some(30)), (2, Some(300)), (3, Some(1_800)), (4, None)] {
        lead.claim(claim_of(try_no, 1, 1), at).expect("its turn");
        assert_eq!(lead.in_flight.as_ref().map(|text| u64::from(text.tries)), Some(try_no));
        let settled = lead.settle(attempt(try_no), not_sent(), Some(&plan()), at).expect("on its way");
        let Some(wait) = wait else {
            assert_eq!(settled, Settled::ForReview("not sent in 4 tries: no connection".to_owned()));
            break;
        };
        let next = at + TimeDelta::seconds(wait);
        assert_eq!(settled, Settled::Retrying { at: next });
        assert_eq!((lead.sms_status(), lead.due().is_some()), (SmsStatus::RetryScheduled, true));
        assert!(lead.clone().claim(claim_of(99, 1, 1), next - TimeDelta::milliseconds(1)).is_err());
        at = next;
    }
    assert_eq!((&lead.in_flight, lead.due()), (&None, None));
    let waits = Waits::ForReview { reason: "not sent in 4 tries: no connection".to_owned(), since: at };
    assert_eq!((&lead.enrollments[0].waits, lead.enrollments[0].sent), (&waits, 0));
    assert_eq!((lead.sms_status(), lead.processing_status().as_str()), (SmsStatus::Failed, "Error - Review Required"));
}

#[test]
fn a_provider_that_asks_to_wait_uses_up_no_try_however_often_it_does() {
    let mut lead = lead();
    let (mut at, mut n) = (now(), 0);
    let mut settles = |lead: &mut Lead, outcome: SendOutcome, at: &mut Instant| {
        n += 1;
        lead.claim(claim_of(n, 1, 1), *at).expect("its turn");
        let settled = lead.settle(attempt(n), outcome, Some(&plan()), *at).expect("on its way");
        *at = lead.in_flight.as_ref().and_then(InFlight::look_at).unwrap_or(*at);
        settled
    };
    for tries in 1..=4 {
        for _ in 0..100 {
            let settled = settles(&mut lead, throttled(), &mut at);
            assert!(matches!(settled, Settled::PutOff { .. }), "{settled:?}");
            let text = lead.in_flight.as_ref().expect("it waits");
            assert_eq!((text.tries, text.is_put_off(), lead.due()), (tries - 1, true, Some(at)), "a run takes it up");
        }
        let settled = settles(&mut lead, not_sent(), &mut at);
        assert_eq!(
            matches!(settled, Settled::ForReview(_)),
            tries == 4,
            "the tries of before still count: {settled:?}"
        );
        assert!(lead.in_flight.as_ref().is_none_or(|text| text.put_off == 0), "its job is on the queue");
    }
}

#[test]
fn a_text_that_is_put_off_waits_longer_each_time_and_as_long_as_the_provider_asks() {
    let wait = |times, after, n| wait_until(times, after, AttemptId(Ulid::from(n)), now()) - now();
    for (times, expected) in [(0, 1), (1, 2), (2, 4), (3, 8), (4, 12), (5, 12), (255, 12)] {
        for n in [0_u128, 17, 1_000, u128::MAX] {
            let wait = wait(times, None, n);
            assert!(minutes(expected) <= wait && wait <= minutes(expected) * 11 / 10, "{times}: {wait}");
            assert!(wait < minutes(14), "a run looks every 15 minutes");
        }
    }
    assert_ne!(wait(0, None, 1), wait(0, None, 2), "not all at once");
    assert_eq!(wait(0, Some(minutes(30)), 0), minutes(30));
    assert_eq!(wait(4, Some(minutes(3)), 0), minutes(12));
    assert_eq!(wait(0, Some(minutes(600)), 0), minutes(60), "bounded");
    assert_eq!(wait(0, Some(minutes(-5)), 0), minutes(1));
}

#[test]
fn what_is_stored_of_a_text_stays_as_it_was_unless_it_was_put_off_and_is_read_either_way() {
    let json = |lead: &Lead| serde_json::to_string(lead).expect("json");
    assert!(!json(&settled(not_sent())).contains("put_off"));
    let put_off = json(&settled(throttled()));
    assert!(put_off.contains("\"put_off\":1") && put_off.len() < 1_024, "{}", put_off.len());
    let read: Lead =
        serde_json::from_str(&put_off.replace("\"put_off\":1,", "")).expect("as a release before wrote it");
    assert_eq!(read.due(), settled(throttled()).due().map(|at| at + QUEUE_FIRST));
}

#[test]
fn a_text_that_was_taken_and_failed_is_never_sent_and_never_sent_again_by_itself() {
    use RefusalClass::{Configuration, Content, OptedOut, Recipient};
    let reason = |words: &str| format!("{TAKEN_AND_FAILED}{words}");
    let said = "refused (21610)";
    for (problem, expected, ended) in [
        (Ok(refusal(Recipient)), Settled::Undeliverable(refusal(Recipient)), Some(Outcome::Undeliverable)),
        (Ok(refusal(OptedOut)), Settled::OptedOut(refusal(OptedOut)), Some(Outcome::OptedOut)),
        (Ok(refusal(Content)), Settled::ForReview(reason(said)), None),
        (Ok(refusal(Configuration)), Settled::AccountFailed(refusal(Configuration)), None),
        (Err("no code".to_owned()), Settled::ForReview(reason("no code")), None),
    ] {
        let mut lead = settled(unknown());
        let found = lead.settle(attempt(1), failed(problem.clone()), Some(&plan()), now() + minutes(2));
        assert_eq!(found, Ok(expected), "{problem:?}");
        let counted = vec![now() + minutes(2)];
        assert_eq!(
            (&lead.in_flight, lead.due(), &lead.recent),
            (&None, None, &counted),
            "{problem:?}: it may have come"
        );
        assert_eq!(lead.history.first().map(|past| past.outcome), ended, "{problem:?}");
        if ended.is_none() {
            assert_eq!((lead.sms_status(), lead.enrollments[0].sent), (SmsStatus::Failed, 0), "{problem:?}");
        }
    }
    let mut over = settled(unknown());
    over.end_all(Outcome::Replied, "answered", now());
    assert_eq!(over.settle(attempt(1), failed(Err("x".to_owned())), None, now()), Ok(Settled::Recorded));
    let mut seen = settled(unknown());
    seen.review(enrollment_id(1), "after the restore: look", now());
    assert_eq!(seen.settle(attempt(1), failed(Err("x".to_owned())), Some(&plan()), now()), Ok(Settled::Recorded));
    let Waits::ForReview { reason, .. } = &seen.enrollments[0].waits else { panic!("a person looks") };
    assert_eq!(reason, "after the restore: look", "the first reason stays");
}

#[test]
fn the_list_proves_what_it_says_of_the_text() {
    let lead = settled(unknown());
    let text = lead.in_flight.as_ref().expect("on its way");
    let listed =
        |state| ListedText { provider_id: "SM1".to_owned(), body: "Hi Pat, it's Sam.".to_owned(), at: now(), state };
    let proof = |state| text.proof_of(&text.find_in(&[listed(state)], Capabilities::TWILIO), now() + minutes(2));
    assert_eq!(proof(ListedState::Taken), Some(accepted()));
    for problem in [Ok(refusal(RefusalClass::Recipient)), Err("no code".to_owned())] {
        assert_eq!(proof(ListedState::Failed(problem.clone())), Some(failed(problem)));
    }
}

#[test]
fn the_same_not_sent_told_twice_is_one_try() {
    let mut lead = settled(not_sent());
    let again = lead.settle(attempt(1), not_sent(), Some(&plan()), now());
    assert_eq!(again, Err(IllegalStep::NotSentBefore(attempt(1))));
    assert_eq!(lead.in_flight.map(|text| text.tries), Some(1));
}

#[test]
fn the_count_of_tries_begins_anew_with_the_next_step() {
    let mut lead = settled(not_sent());
    let later = now() + minutes(1);
    lead.claim(claim_of(2, 1, 1), later).expect("due");
    lead.settle(attempt(2), accepted(), Some(&plan()), later).expect("on its way");
    lead.claim(claim_of(3, 1, 2), later).expect("step 2");
    assert_eq!(lead.in_flight.map(|text| text.tries), Some(1));
}

#[test]
fn each_refusal_does_what_its_class_means() {
    use RefusalClass::{Configuration, Content, OptedOut, Recipient};
    let reason = "refused (21610)";
    for (class, expected, ended, standing_open, due) in [
        (Recipient, Settled::Undeliverable(refusal(Recipient)), Some(Outcome::Undeliverable), true, None),
        (OptedOut, Settled::OptedOut(refusal(OptedOut)), Some(Outcome::OptedOut), false, None),
        (Content, Settled::ForReview(reason.to_owned()), None, true, Some(now() + minutes(5))),
        (Configuration, Settled::AccountRefused(refusal(Configuration)), None, true, Some(now() + minutes(5))),
    ] {
        let mut lead = claimed();
        lead.enroll(enrollment(2, now() + minutes(5)));
        assert_eq!(lead.settle(attempt(1), refused(class), Some(&plan()), now()), Ok(expected));
        let outcomes: Vec<_> = lead.history.iter().map(|past| past.outcome).collect();
        assert_eq!(outcomes, ended.map_or(vec![], |outcome| vec![outcome; 2]), "{class:?}");
        assert_eq!((lead.standing == ContactStatus::Open, lead.due()), (standing_open, due), "{class:?}");
        assert_eq!((&lead.in_flight, &lead.recent), (&None, &vec![]), "{class:?}: nothing went out");
    }
}

#[test]
fn what_became_of_an_unknown_text_can_be_told_later() {
    for (outcome, expected) in [
        (accepted(), Settled::Advanced),
        (not_sent(), Settled::Retrying { at: now() + minutes(10) + TimeDelta::seconds(30) }),
        (unknown(), Settled::Unclear { ask_at: Some(now() + minutes(12)), why: "timed out".to_owned() }),
    ] {
        let mut lead = settled(unknown());
        assert_eq!(lead.settle(attempt(1), outcome, Some(&plan()), now() + minutes(10)), Ok(expected));
    }
}

#[test]
fn an_opt_out_ends_everything_whatever_is_on_its_way() {
    for (name, mut lead) in every_state() {
        lead.enroll(enrollment(2, now() + minutes(5)));
        let on_its_way = lead.in_flight.clone().filter(|_| name != "retry");
        let left: Vec<_> = lead.opt_out(said_no(), now()).iter().map(CampaignId::to_string).collect();
        assert_eq!(left, ["campaign-1", "campaign-2"], "{name}");
        assert_eq!(lead.enrollments, [], "{name}");
        assert!(
            lead.history.iter().all(|past| past.outcome == Outcome::OptedOut && past.completed_at == now()),
            "{name}"
        );
        assert_eq!(lead.in_flight, on_its_way, "{name}: only what may be with the provider is still remembered");
        let look = match name {
            "claimed" => Some(now() + LEASE),
            "unknown" => Some(now() + minutes(2) + QUEUE_FIRST),
            _ => None,
        };
        assert_eq!(lead.due(), look, "{name}: only to find out what became of what is on its way");
        for minute in 0..60 {
            let refused = lead.claim(claim_of(50, 1, 1), now() + minutes(minute));
            assert_eq!(refused, Err(IllegalStep::ContactStatus), "{name}");
        }
    }
}

#[test]
fn a_second_no_keeps_the_proof_of_the_first_and_a_hold_does_not_hide_it() {
    let mut lead = lead();
    lead.standing = ContactStatus::Held { reason: "a reply to read".to_owned(), since: now() };
    lead.opt_out(said_no(), now());
    let second = OptOut { at: now() + minutes(5), channel: OptOutChannel::Operator, words: None };
    assert_eq!(lead.opt_out(second, now() + minutes(5)), []);
    assert_eq!(lead.standing, ContactStatus::OptedOut(said_no()));
    assert_eq!((lead.history.len(), lead.history[0].reason.as_str()), (1, "the person asked to stop"));
}

#[test]
fn settling_after_an_opt_out_records_and_does_not_revive() {
    use RefusalClass::{Configuration, Content, OptedOut, Recipient};
    for (outcome, sent, left) in [
        (accepted(), 1, false),
        (not_sent(), 0, false),
        (unknown(), 0, true),
        (refused(Recipient), 0, false),
        (refused(OptedOut), 0, false),
        (refused(Content), 0, false),
        (refused(Configuration), 0, false),
    ] {
        let mut lead = claimed();
        lead.opt_out(said_no(), now());
        let settled = lead.settle(attempt(1), outcome.clone(), Some(&plan()), now() + minutes(1)).expect("on its way");
        if matches!(outcome, SendOutcome::Accepted { .. } | SendOutcome::NotSent { .. }) {
            assert_eq!(settled, Settled::Recorded, "{outcome:?}");
        }
        assert_eq!(
            (lead.standing.clone(), lead.enrollments.len(), lead.due().is_some()),
            (ContactStatus::OptedOut(said_no()), 0, left),
            "{outcome:?}"
        );
        assert_eq!(
            (lead.history.len(), lead.history[0].sent, lead.history[0].outcome),
            (1, sent, Outcome::OptedOut),
            "{outcome:?}"
        );
        assert_eq!((lead.recent.len(), lead.in_flight.is_some()), (usize::from(sent), left), "{outcome:?}");
        assert_eq!(lead.claim(claim_of(2, 1, 1), now() + minutes(60)), Err(IllegalStep::ContactStatus), "{outcome:?}");
    }
}

#[test]
fn a_text_that_arrives_after_the_end_is_counted_in_its_own_campaign() {
    for ended_first in [1, 2] {
        let mut lead = claimed();
        lead.enroll(enrollment(2, now()));
        lead.end(enrollment_id(ended_first), Outcome::Booked, "booked", now());
        lead.end_all(Outcome::Booked, "booked", now());
        assert_eq!(lead.settle(attempt(1), accepted(), Some(&plan()), now()), Ok(Settled::Recorded));
        let sent: BTreeMap<_, _> = lead.history.iter().map(|past| (past.campaign.as_str(), past.sent)).collect();
        assert_eq!(sent, BTreeMap::from([("campaign-1", 1), ("campaign-2", 0)]), "{ended_first} ended first");
    }
}

#[test]
fn an_opted_out_lead_that_is_enrolled_again_is_not_due() {
    let mut lead = lead();
    lead.opt_out(said_no(), now());
    lead.enroll(enrollment(2, now()));
    assert_eq!(lead.due(), None);
}

#[test]
fn an_enrollment_that_is_entered_twice_is_there_once() {
    let mut lead = lead();
    lead.enroll(enrollment(1, now() + minutes(5)));
    assert_eq!(lead.enrollments, [enrollment(1, now())]);
}

#[test]
fn a_lead_is_due_when_someone_must_look_at_it() {
    let (soon, later) = (now() + minutes(5), now() + minutes(9));
    let cases: [(&str, Lead, Option<Instant>); 9] = [
        ("never enrolled", Lead { enrollments: vec![], ..lead() }, None),
        ("waiting", Lead { enrollments: vec![enrollment(1, later), enrollment(2, soon)], ..lead() }, Some(soon)),
        ("claimed", claimed(), Some(now())),
        ("retry", settled(not_sent()), Some(now() + TimeDelta::seconds(30) + QUEUE_FIRST)),
        ("unknown", settled(unknown()), Some(now() + minutes(2) + QUEUE_FIRST)),
        ("nobody can tell", nobody_can_tell(), None),
        ("sent", settled(accepted()), Some(now() + minutes(1_440))),
        ("for review", settled(refused(RefusalClass::Content)), None),
        ("claimed and over", Lead { enrollments: vec![], ..claimed() }, Some(now() + LEASE)),
    ];
    for (name, lead, due) in cases {
        assert_eq!(lead.due(), due, "{name}");
    }
}

#[test]
fn a_claim_is_looked_at_when_its_lease_ends_whatever_the_other_campaigns_wait_for() {
    let mut lead = claimed();
    lead.enroll(enrollment(2, now() + TimeDelta::days(3)));
    lead.end(enrollment_id(1), Outcome::CampaignDeleted, "deactivated", now());
    assert_eq!(lead.due(), Some(now() + LEASE));
    assert_eq!(lead.left_alone(now() + LEASE - minutes(1)), None);
    assert_eq!(lead.left_alone(now() + LEASE).map(|text| text.attempt), Some(attempt(1)));
}

#[test]
fn the_enrollment_that_has_waited_longest_is_next() {
    let mut lead = lead();
    lead.enroll(enrollment(2, now() - minutes(3)));
    lead.enroll(enrollment(3, now() - minutes(9)));
    lead.review(enrollment_id(3), "no template", now());
    let next = |lead: &Lead, at: Instant| lead.due_enrollment(at).map(|found| found.id);
    assert_eq!(next(&lead, now()), Some(enrollment_id(2)));
    assert_eq!(next(&lead, now() - minutes(4)), None);
    lead.wait(enrollment_id(2), now() + minutes(1));
    assert_eq!(next(&lead, now()), Some(enrollment_id(1)));
    lead.wait(enrollment_id(3), now() - minutes(1));
    assert_eq!(next(&lead, now()), Some(enrollment_id(3)), "waiting again lifts the review");
}

#[test]
fn a_lost_sender_is_noticed_when_its_lease_ends_and_only_once() {
    let lease_ends = now() + LEASE;
    for (name, mut lead) in every_state() {
        let before = lead.clone();
        assert_eq!((lead.lose_track(lease_ends - TimeDelta::milliseconds(1)), &lead), (None, &before), "{name}");
        let lost = (name == "claimed").then(|| lease_ends + CALL_DEADLINE + minutes(2));
        assert_eq!(lead.lose_track(lease_ends), lost, "{name}");
        assert_eq!(lead.lose_track(lease_ends + minutes(60)), None, "{name}");
        assert_eq!(lead == before, lost.is_none(), "{name}");
    }
    let mut lead = claimed();
    lead.lose_track(lease_ends);
    assert!(
        matches!(lead.in_flight.as_ref().map(|text| &text.state), Some(InFlightState::Unknown { since, .. }) if *since == lease_ends + CALL_DEADLINE)
    );
    assert_eq!(lead.sms_status(), SmsStatus::Unclear);
    assert_eq!(lead.due(), Some(lease_ends + CALL_DEADLINE + minutes(2) + QUEUE_FIRST));
}

#[test]
fn a_provider_is_asked_three_times_and_then_a_person_must_say() {
    let mut lead = settled(unknown());
    let asked = |lead: &Lead| lead.in_flight.as_ref().and_then(InFlight::look_at);
    assert_eq!(lead.ask_again(attempt(1), now() + minutes(1)), Err(IllegalStep::TooSoon(now() + minutes(2))));
    assert_eq!(lead.ask_again(attempt(9), now() + minutes(2)), Err(IllegalStep::OtherAttempt(attempt(9))));
    for (at, next) in [(2, Some(10)), (10, Some(30)), (30, None)] {
        let next = next.map(|after| now() + minutes(after));
        let settled = lead.ask_again(attempt(1), now() + minutes(at)).expect("it is time");
        assert_eq!(settled, Settled::Unclear { ask_at: next, why: "timed out".to_owned() });
        assert_eq!(asked(&lead), next, "after {at} minutes");
    }
    assert_eq!(lead, nobody_can_tell());
    assert_eq!(lead.ask_again(attempt(1), now() + minutes(90)), Err(IllegalStep::OtherAttempt(attempt(1))));
    assert_eq!(lead.processing_status(), "Error - Review Required");
    assert_eq!(lead.settle(attempt(1), accepted(), Some(&plan()), now() + minutes(90)), Ok(Settled::Advanced));
}

#[test]
fn a_text_that_the_list_does_not_have_is_surely_absent_only_at_the_last_time_of_asking() {
    let lead = settled(unknown());
    let text = lead.in_flight.as_ref().expect("on its way");
    let found = LookUp::Found { provider_id: "SM1".to_owned(), state: ListedState::Taken };
    let cannot_tell = LookUp::CannotTell { why: "down".to_owned() };
    for minute in [0, 2, 10, 29] {
        assert_eq!(text.proof_of(&LookUp::NotListed, now() + minutes(minute)), None, "{minute} minutes");
    }
    let absent = text.proof_of(&LookUp::NotListed, now() + minutes(30));
    assert!(matches!(absent, Some(SendOutcome::NotSent { .. })), "{absent:?}");
    assert_eq!(text.proof_of(&found, now() + minutes(2)), Some(accepted()));
    assert_eq!(text.proof_of(&cannot_tell, now() + minutes(30)), None);
    for (name, lead) in every_state().into_iter().filter(|(name, _)| *name != "unknown") {
        let proof = lead.in_flight.as_ref().and_then(|text| text.proof_of(&found, now() + minutes(60)));
        assert_eq!(proof, None, "{name}: nobody asks");
    }
}

#[test]
fn a_text_is_found_in_the_list_by_its_words_and_its_time_and_two_are_no_answer() {
    let lead = settled(unknown());
    let text = lead.in_flight.as_ref().expect("on its way");
    let listed = |id: &str, body: &str, at: Instant| {
        let (provider_id, body) = (id.to_owned(), body.to_owned());
        ListedText { provider_id, body, at, state: ListedState::Taken }
    };
    let ours = || listed("SM1", "Hi Pat, it's Sam.", now());
    let other_words = || listed("SM2", "Something else", now());
    let long_before = || listed("SM3", "Hi Pat, it's Sam.", now() - minutes(5));
    let long_after = || listed("SM4", "Hi Pat, it's Sam.", now() + minutes(5));
    let found = LookUp::Found { provider_id: "SM1".to_owned(), state: ListedState::Taken };
    assert_eq!(text.find_in(&[], Capabilities::TWILIO), LookUp::NotListed);
    assert_eq!(text.find_in(&[long_before()], Capabilities::TWILIO), LookUp::NotListed);
    for could_be in [other_words(), long_after(), listed("SM5", "", now())] {
        let answer = text.find_in(&[long_before(), could_be], Capabilities::TWILIO);
        assert!(matches!(answer, LookUp::CannotTell { .. }), "changed on the way, or late: {answer:?}");
    }
    assert_eq!(text.find_in(&[other_words(), ours(), long_before()], Capabilities::TWILIO), found);
    assert!(matches!(text.find_in(&[ours(), ours()], Capabilities::TWILIO), LookUp::CannotTell { .. }));
    let claimed = claimed();
    let running = claimed.in_flight.as_ref().expect("on its way");
    assert!(
        matches!(running.find_in(&[ours()], Capabilities::TWILIO), LookUp::CannotTell { .. }),
        "its sender may still write it"
    );
}

#[test]
fn what_was_settled_as_not_sent_is_sent_only_by_proof_that_it_was() {
    let mut lead = settled(not_sent());
    for outcome in [not_sent(), throttled(), unknown(), refused(RefusalClass::Content)] {
        let before = lead.clone();
        let again = lead.settle(attempt(1), outcome, Some(&plan()), now());
        assert_eq!((again, &lead), (Err(IllegalStep::NotSentBefore(attempt(1))), &before));
    }
    assert_eq!(lead.settle(attempt(1), accepted(), Some(&plan()), now()), Ok(Settled::Advanced));
}

#[test]
fn a_live_enrollment_is_not_settled_without_its_plan_and_an_ended_one_needs_none() {
    let mut lead = claimed();
    let before = lead.clone();
    let refused = lead.settle(attempt(1), accepted(), None, now());
    assert_eq!((refused, &lead), (Err(IllegalStep::NoPlan(enrollment_id(1))), &before));
    lead.end(enrollment_id(1), Outcome::Booked, "booked", now());
    assert_eq!(lead.settle(attempt(1), accepted(), None, now()), Ok(Settled::Recorded));
    assert_eq!(lead.history[0].sent, 1);
}

#[test]
fn the_fence_lets_a_call_begin_only_if_everything_lasts_until_its_end() {
    let mut lead = lead();
    let text = lead.claim(NewClaim { expires_at: now() + minutes(1), ..claim_of(1, 1, 1) }, now()).expect("claimed");
    let second = TimeDelta::seconds(1);
    let (last, expired) = (now() + minutes(1) - CALL_DEADLINE, "the time of the text ends before the call could");
    assert_eq!(text.fence(now(), None), Ok(()));
    assert_eq!((text.fence(last, None), text.fence(last + second, None)), (Ok(()), Err(expired)));
    let function = "the function ends before the call could";
    assert_eq!(text.fence(now(), Some(now() + CALL_DEADLINE)), Ok(()));
    assert_eq!(text.fence(now() + second, Some(now() + CALL_DEADLINE)), Err(function));
    let long = claimed();
    let running = long.in_flight.as_ref().expect("on its way");
    assert_eq!(running.look_at(), Some(now() + LEASE));
    let lease = "the claim ends before the call could";
    let text = Lead { in_flight: None, ..long.clone() }.claim(claim_of(1, 1, 1), now()).expect("claimed");
    assert_eq!(text.fence(now() + LEASE - CALL_DEADLINE, None), Ok(()));
    assert_eq!(text.fence(now() + LEASE - CALL_DEADLINE + second, None), Err(lease));
}

#[test]
fn a_text_that_did_not_arrive_for_good_ends_what_the_number_was_for() {
    for (class, changed, ended, open) in [
        (RefusalClass::Recipient, true, Some(Outcome::Undeliverable), true),
        (RefusalClass::OptedOut, true, Some(Outcome::OptedOut), false),
        (RefusalClass::Content, false, None, true),
        (RefusalClass::Configuration, false, None, true),
    ] {
        let mut lead = settled(accepted());
        assert!(!lead.did_not_arrive(None, &refusal(class), now()), "{class:?}: about another number");
        assert_eq!(lead.did_not_arrive(Some(&number()), &refusal(class), now()), changed, "{class:?}");
        assert_eq!(lead.history.first().map(|past| past.outcome), ended, "{class:?}");
        assert_eq!(lead.standing == ContactStatus::Open, open, "{class:?}");
        assert!(!lead.did_not_arrive(Some(&number()), &refusal(class), now()), "{class:?}: said twice");
    }
}

#[test]
fn ending_twice_does_nothing_more() {
    for (name, mut lead) in every_state() {
        lead.end(enrollment_id(1), Outcome::Booked, "booked", now());
        assert_eq!((lead.enrollments.len(), lead.history.len()), (0, 1), "{name}");
        let once = lead.clone();
        lead.end(enrollment_id(1), Outcome::Replied, "replied", now() + minutes(1));
        assert_eq!(lead.end_all(Outcome::Abandoned, "again", now() + minutes(1)), [], "{name}");
        assert_eq!(lead, once, "{name}");
    }
}

#[test]
fn ending_one_campaign_leaves_the_retry_of_another() {
    let mut lead = settled(not_sent());
    lead.enroll(enrollment(2, now()));
    lead.end(enrollment_id(2), Outcome::Abandoned, "by hand", now());
    assert_eq!(lead.sms_status(), SmsStatus::RetryScheduled);
    lead.end(enrollment_id(1), Outcome::Abandoned, "by hand", now());
    assert_eq!(lead.in_flight, None);
}

#[test]
fn the_statuses_for_people_follow_the_state() {
    let mut over = settled(accepted());
    over.end_all(Outcome::Booked, "booked", now());
    for (name, lead, sms, processing) in [
        ("never enrolled", Lead { enrollments: vec![], ..lead() }, SmsStatus::NotSent, "Not Enrolled"),
        ("new", lead(), SmsStatus::NotSent, "New"),
        ("claimed", claimed(), SmsStatus::Sending, "New"),
        ("retry", settled(not_sent()), SmsStatus::RetryScheduled, "New"),
        ("unknown", settled(unknown()), SmsStatus::Unclear, "New"),
        ("nobody can tell", nobody_can_tell(), SmsStatus::Unclear, "Error - Review Required"),
        ("sent", settled(accepted()), SmsStatus::Sent, "In Sequence"),
        ("content", settled(refused(RefusalClass::Content)), SmsStatus::Failed, "Error - Review Required"),
        ("recipient", settled(refused(RefusalClass::Recipient)), SmsStatus::NotSent, "Ended: undeliverable"),
        ("over", over, SmsStatus::Sent, "Ended: booked"),
    ] {
        assert_eq!((lead.sms_status(), lead.processing_status().as_str()), (sms, processing), "{name}");
    }
    assert_eq!(serde_json::to_string(&SmsStatus::Failed).expect("json"), r#""Failed - Manual Review""#);
}

#[test]
fn a_lead_stored_with_nothing_but_its_ids_can_be_read() {
    let id = Ulid::from(7).to_string();
    let stored = serde_json::json!({"id": id, "client": "acme", "phone": null});
    let read: Lead = serde_json::from_value(stored).expect("a lead");
    assert_eq!(read, Lead::new(LeadId(Ulid::from(7)), ClientId::parse("acme").expect("an id")));
}

/// One thing that can happen to a lead.
#[derive(Debug, Clone)]
enum Step {
    Enroll,
    Claim { which: usize, step_off: bool },
    Settle { outcome: SendOutcome, wrong: bool },
    OptOut,
    Hold,
    End { which: usize },
    EndAll,
    LoseTrack,
    AskAgain,
    Wait { which: usize },
    Review { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    use RefusalClass::{Configuration, Content, OptedOut, Recipient};
    let outcome = prop_oneof![
        6 => Just(accepted()),
        6 => Just(not_sent()),
        6 => Just(throttled()),
        2 => Just(failed(Err("no code".to_owned()))),
        4 => Just(unknown()),
        2 => prop::sample::select(vec![Recipient, OptedOut, Content, Configuration]).prop_map(refused),
    ];
    let which = || 0_usize..4;
    prop_oneof![
        4 => Just(Step::Enroll),
        12 => (which(), prop::bool::weighted(0.1)).prop_map(|(which, step_off)| Step::Claim { which, step_off }),
        12 => (outcome, prop::bool::weighted(0.1)).prop_map(|(outcome, wrong)| Step::Settle { outcome, wrong }),
        1 => Just(Step::OptOut),
        1 => Just(Step::Hold),
        1 => which().prop_map(|which| Step::End { which }),
        1 => Just(Step::EndAll),
        2 => Just(Step::LoseTrack),
        3 => Just(Step::AskAgain),
        2 => which().prop_map(|which| Step::Wait { which }),
        2 => which().prop_map(|which| Step::Review { which }),
    ]
}

/// What must hold whatever happened, beside the lead itself.
#[derive(Default)]
struct Seen {
    accepted: BTreeMap<(EnrollmentId, u16), u32>,
    opted_out: bool,
    with_sender: Option<AttemptId>,
    ids: u64,
}

fn happen(lead: &mut Lead, seen: &mut Seen, step: Step, at: Instant) {
    let id = |lead: &Lead, which: usize| lead.enrollments.get(which).map_or(enrollment_id(0), |found| found.id);
    seen.ids += 1;
    match step {
        // Intake refuses those who said no: see `an_opted_out_lead_that_is_enrolled_again_is_not_due`.
        Step::Enroll if seen.opted_out => {}
        Step::Enroll => lead.enroll(enrollment(100 + seen.ids, at)),
        Step::Claim { which, step_off } => {
            let enrollment = id(lead, which);
            let number = lead.enrollment(enrollment).map_or(1, |found| found.step) + u16::from(step_off);
            let before = lead.in_flight.clone();
            let claim = NewClaim { enrollment, ..claim_of(seen.ids, 0, number) };
            if lead.claim(claim, at).is_ok() {
                assert!(!seen.opted_out && !step_off && lead.standing == ContactStatus::Open, "claimed after a no");
                assert_eq!(seen.with_sender, None, "two senders have a text");
                let free = before
                    .is_none_or(|text| matches!(text.state, InFlightState::RetryScheduled { at: due } if due <= at));
                assert!(free, "claimed over a text on its way");
                assert_eq!(seen.accepted.get(&(enrollment, number)), None, "claimed again after it was sent");
                seen.with_sender = Some(attempt(seen.ids));
            }
        }
        Step::Settle { outcome, wrong } => {
            let text = lead.in_flight.clone();
            let settles = if wrong { attempt(0) } else { text.as_ref().map_or(attempt(0), |text| text.attempt) };
            let result = lead.settle(settles, outcome.clone(), Some(&plan()), at);
            let accepts = matches!(outcome, SendOutcome::Accepted { .. });
            let may = text.as_ref().is_some_and(|text| !text.is_retry() || accepts);
            assert_eq!(result.is_ok(), !wrong && may);
            if let (Ok(_), Some(text)) = (result, text) {
                seen.with_sender = None;
                seen.opted_out |=
                    matches!(&outcome, SendOutcome::Refused(refusal) if refusal.class == RefusalClass::OptedOut);
                if let SendOutcome::Accepted { .. } = outcome {
                    *seen.accepted.entry((text.enrollment, text.step)).or_default() += 1;
                }
            }
        }
        Step::OptOut => {
            lead.opt_out(said_no(), at);
            seen.opted_out = true;
        }
        Step::Hold if seen.opted_out => {}
        Step::Hold => {
            lead.standing = match lead.standing {
                ContactStatus::Open => ContactStatus::Held { reason: "to look at".to_owned(), since: at },
                ContactStatus::Held { .. } | ContactStatus::OptedOut(_) => ContactStatus::Open,
            }
        }
        Step::End { which } => lead.end(id(lead, which), Outcome::Abandoned, "by hand", at),
        Step::EndAll => drop(lead.end_all(Outcome::Booked, "booked", at)),
        Step::LoseTrack => {
            if lead.lose_track(at).is_some() {
                seen.with_sender = None;
            }
        }
        Step::AskAgain => {
            let text = lead.in_flight.as_ref().map_or(attempt(0), |text| text.attempt);
            let _ = lead.ask_again(text, at);
        }
        Step::Wait { which } => lead.wait(id(lead, which), at + minutes(15)),
        Step::Review { which } => lead.review(id(lead, which), "to look at", at),
    }
}

fn invariants_hold(lead: &Lead, seen: &Seen) {
    assert!(seen.accepted.values().all(|times| *times == 1), "a step was sent twice");
    let counted = lead.enrollments.iter().map(|e| e.sent).chain(lead.history.iter().map(|past| past.sent));
    assert_eq!(counted.map(usize::from).sum::<usize>(), seen.accepted.len(), "texts are counted once each");
    assert_eq!(matches!(lead.standing, ContactStatus::OptedOut(_)), seen.opted_out);
    match lead.in_flight.as_ref().map(|text| (&text.state, text)) {
        Some((InFlightState::Claimed { .. }, text)) => assert_eq!(seen.with_sender, Some(text.attempt)),
        Some((InFlightState::RetryScheduled { .. }, text)) => {
            assert_eq!(seen.with_sender, None);
            assert!(lead.enrollment(text.enrollment).is_some(), "a retry for an enrollment that is over");
            assert!(text.tries <= 3, "the fourth try is the last");
        }
        Some((InFlightState::Unknown { ask_at, .. }, _)) => {
            assert_eq!((seen.with_sender, lead.due()), (None, ask_at.map(|at| at + QUEUE_FIRST)));
        }
        None => {
            assert_eq!(seen.with_sender, None, "a sender has a text that nobody remembers");
            let held = matches!(lead.standing, ContactStatus::Held { .. });
            let waiting = !held && lead.enrollments.iter().any(|e| matches!(e.waits, Waits::Until(_)));
            assert_eq!(lead.due().is_some(), waiting, "who waits is due and nobody else");
            assert!(!(seen.opted_out && lead.due().is_some()), "due after a no");
        }
    }
    assert!(!seen.opted_out || lead.enrollments.is_empty(), "enrolled after a no");
    let stored = serde_json::to_string(lead).expect("json");
    assert_eq!(&serde_json::from_str::<Lead>(&stored).expect("a lead"), lead);
}

proptest! {
    #[test]
    fn whatever_happens_in_whatever_order_the_invariants_hold(
        steps in prop::collection::vec((step(), prop_oneof![Just(0_i64), 1_i64..45]), 1..80),
    ) {
        let (mut lead, mut seen, mut at) = (lead(), Seen::default(), now());
        for (step, passed) in steps {
            at += minutes(passed);
            happen(&mut lead, &mut seen, step, at);
            invariants_hold(&lead, &seen);
        }
    }
}

#[test]
fn what_a_person_must_look_at_waits_for_that_person_whatever_became_of_a_text() {
    for (outcome, step) in [(accepted(), 2), (not_sent(), 1), (unknown(), 1)] {
        let mut lead = claimed();
        lead.review(enrollment_id(1), "texts that match no step", now());
        let settled = lead.settle(attempt(1), outcome.clone(), Some(&plan()), now() + minutes(1));
        assert!(!matches!(settled, Ok(Settled::Retrying { .. }) | Err(_)), "{outcome:?}: {settled:?}");
        let live = lead.enrollment(enrollment_id(1)).expect("live");
        assert!(matches!(live.waits, Waits::ForReview { .. }), "{outcome:?}");
        assert_eq!(live.step, step, "{outcome:?}");
    }
}

#[test]
fn a_retry_that_must_wait_longer_is_due_when_it_may_go() {
    let mut lead = settled(not_sent());
    assert_eq!(lead.due(), Some(now() + TimeDelta::seconds(30) + QUEUE_FIRST));
    lead.wait(enrollment_id(1), now() + TimeDelta::hours(12));
    assert_eq!(lead.due(), Some(now() + TimeDelta::hours(12)), "the next morning");
}

#[test]
fn a_lead_that_is_held_waits_for_a_person_and_is_due_again_once_released() {
    let mut lead = lead();
    let due = lead.due();
    assert!(due.is_some() && lead.hold_person("a reply that may mean no", now()));
    assert_eq!((lead.due(), lead.enrollments.len()), (None, 1));
    assert!(!lead.hold_person("another", now()), "the first reason stays");
    assert_eq!(lead.release().as_deref(), Some("a reply that may mean no"));
    assert_eq!((lead.due(), lead.release()), (due, None));
    let no = OptOut { at: now(), channel: OptOutChannel::Reply, words: None };
    lead.opt_out(no.clone(), now());
    assert!(!lead.hold_person("a no is more than a doubt", now()));
    assert_eq!((lead.release(), lead.lift_opt_out(), lead.lift_opt_out()), (None, Some(no), None));
    assert_eq!((&lead.standing, lead.enrollments.len()), (&ContactStatus::Open, 0), "what has ended stays ended");
}
