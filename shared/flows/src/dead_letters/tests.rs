use ulid::Ulid;

use super::*;
use domain::{
    ids::{AttemptId, CampaignId},
    lead::{Enrollment, NewClaim},
    message::SendOutcome,
    phone::Region,
};

fn now() -> Instant {
    "2026-01-06T15:00:00Z".parse().expect("an instant")
}

fn id() -> EnrollmentId {
    EnrollmentId(Ulid::from(1))
}

fn lead() -> Lead {
    let mut lead = Lead::new(LeadId(Ulid::from(7)), ClientId::parse("acme").expect("an id"));
    lead.phone = PhoneNumber::parse("3055550123", Region::default()).ok();
    lead.enroll(Enrollment {
        id: id(),
        campaign: CampaignId::parse("webinar").expect("an id"),
        version: 1,
        step: 1,
        imported_at: now(),
        waits: Waits::Until(now()),
        sent: 0,
        last_sent_at: None,
        counts_from: None,
        message: None,
        parked: false,
    });
    lead
}

fn step() -> SendStep {
    in_review(&reviewed(), RunId(Ulid::from(3))).remove(0).step.expect("a job")
}

fn reviewed() -> Lead {
    let mut lead = lead();
    lead.review(id(), "not sent in 4 tries: throttled", now());
    lead
}

fn claimed() -> Lead {
    let mut lead = lead();
    let claim = NewClaim {
        attempt: AttemptId(Ulid::from(9)),
        run: RunId(Ulid::from(8)),
        enrollment: id(),
        step: 1,
        to: lead.phone.clone().expect("a number"),
        text: "Hi".to_owned(),
        expires_at: now(),
        hours: String::new(),
    };
    lead.claim(claim, now()).expect("nothing is on its way");
    lead
}

fn settled(outcome: SendOutcome) -> Lead {
    let mut lead = claimed();
    let plan = fixtures::campaign().plan();
    lead.settle(AttemptId(Ulid::from(9)), outcome, Some(&plan), now()).expect("settled");
    lead
}

#[test]
fn a_letter_says_what_its_lead_says_now() {
    let accepted = settled(SendOutcome::Accepted { provider_id: "SM1".into() });
    let unknown = settled(SendOutcome::Unknown { why: "no answer".into() });
    let not_sent = settled(SendOutcome::NotSent { why: "no connection".into() });
    let mut over = lead();
    over.end(id(), Outcome::Replied, "the person replied", now());
    let cases = [
        (Some(reviewed()), "not sent in 4 tries: throttled; waits for review", true),
        (Some(claimed()), "a sender has a text of this lead, or had until a moment ago", false),
        (Some(accepted), "already sent; nothing to do", false),
        (Some(unknown), "may have gone out (no answer); the provider is asked 2026-01-06 15:02 UTC", false),
        (Some(not_sent), "did not go out; tried again 2026-01-06 15:00 UTC", true),
        (Some(lead()), "waits for nobody; a run takes it up from 2026-01-06 15:00 UTC", true),
        (Some(over), "the sequence has ended (replied); nothing to do", false),
        (None, "the lead is not there any more; nothing to do", false),
    ];
    for (lead, words, moves) in cases {
        let state = State::of(&step(), lead.as_ref());
        assert_eq!((state.to_string().as_str(), state.can_move()), (words, moves));
    }
}

#[test]
fn advice_names_the_command() {
    let unclear = State::Unclear { why: "no answer".into(), ask_at: None };
    let advice = unclear.advice("letter-1", Some(lead().id));
    assert!(advice.contains(&format!("leadline settle {} --sent", lead().id)), "{advice}");
    let failed = State::of(&step(), Some(&reviewed()));
    assert!(failed.advice("letter-1", None).ends_with("`leadline redrive letter-1`"));
}
