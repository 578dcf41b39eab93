//! The due index.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    ids::CampaignId,
    lead::{Lead, Outcome},
};
use leadline::{
    domain::event::{EventOutcome, EventState, RawEvent},
    ports::{DueWork, Rev, SideWrites},
};

use super::{Store, conflict, done, samples::*};

/// All of acme's work that is due by `minutes`.
async fn due(store: &impl Store, minutes: i64) -> Vec<DueWork> {
    done(store.due(&acme(), at(minutes), 1_000).await)
}

fn lead_work(n: u64, minutes: i64) -> DueWork {
    DueWork::Lead { id: lead_id(n), due: at(minutes) }
}

fn event_work(n: u64, minutes: i64) -> DueWork {
    DueWork::Event { key: key(n), due: at(minutes) }
}

pub async fn a_lead_is_due_from_its_moment_on(store: Arc<impl Store>) {
    assert_eq!(due(&*store, 1_000).await, []);
    done(add(&*store, &lead_due(1, at(60))).await);
    for (minutes, expected) in [(59, vec![]), (60, vec![lead_work(1, 60)]), (100_000, vec![lead_work(1, 60)])] {
        assert_eq!(due(&*store, minutes).await, expected, "minute {minutes}");
    }
}

pub async fn work_is_given_oldest_first_and_no_more_than_asked_for(store: Arc<impl Store>) {
    for (n, minutes) in [(1, 50), (2, 10), (3, 40)] {
        done(add(&*store, &lead_due(n, at(minutes))).await);
    }
    for (n, minutes) in [(1, 45), (2, 5)] {
        done(store.receive(&raw_event(n, at(minutes)), audit(n, at(0))).await);
    }
    let all = [event_work(2, 5), lead_work(2, 10), lead_work(3, 40), event_work(1, 45), lead_work(1, 50)];
    for limit in 0..6 {
        let given = done(store.due(&acme(), at(60), limit).await);
        assert_eq!(given, all[..limit.min(5)], "limit {limit}");
    }
    assert_eq!(due(&*store, 44).await, all[..3], "what is not due yet is left out");
}

pub async fn a_lead_moves_in_the_index_with_every_save(store: Arc<impl Store>) {
    let mut lead = lead_due(1, at(60));
    let mut rev = done(add(&*store, &lead).await);
    for minutes in [90, 30, 30] {
        lead.wait(enrollment_id(1), at(minutes));
        lead.recent.push(at(minutes));
        rev = done(store.save(&lead, Some(rev), SideWrites::default()).await);
        assert_eq!(due(&*store, 1_000).await, [lead_work(1, minutes)], "minute {minutes}, and no other");
    }
}

pub async fn a_lead_with_nothing_to_wait_for_is_in_no_index(store: Arc<impl Store>) {
    done(add(&*store, &lead(9)).await);
    assert_eq!(due(&*store, 1_000).await, []);
    let ended = |mut lead: Lead| {
        lead.end_all(Outcome::Booked, "the person booked", at(1));
        lead
    };
    let reviewed = |mut lead: Lead| {
        lead.review(enrollment_id(2), "no template", at(1));
        lead
    };
    let leads = [lead_due(1, at(60)), lead_due(2, at(60))];
    let after = [ended(leads[0].clone()), reviewed(leads[1].clone())];
    for (lead, after) in leads.iter().zip(&after) {
        let rev = done(add(&*store, lead).await);
        assert_eq!(due(&*store, 60).await.len(), 1);
        let rev = done(store.save(after, Some(rev), SideWrites::default()).await);
        assert_eq!(due(&*store, 100_000).await, [], "out in the same write");
        let rev = done(store.save(lead, Some(rev), SideWrites::default()).await);
        assert_eq!(due(&*store, 60).await.len(), 1, "and in again");
        done(store.save(after, Some(rev), SideWrites::default()).await);
    }
}

async fn move_to(store: &impl Store, event: &mut RawEvent, state: EventState) {
    done(store.conclude(&EventOutcome { event: event.clone(), state: state.clone() }, Vec::new()).await);
    event.state = state;
}

pub async fn an_event_is_due_until_it_is_finished(store: Arc<impl Store>) {
    let mut event = raw_event(1, at(10));
    done(store.receive(&event, audit(1, at(0))).await);
    assert_eq!(due(&*store, 9).await, []);
    let finished = [
        EventState::Done { result: "enrolled".to_owned() },
        EventState::Unusable { reason: "it has no form id".to_owned() },
    ];
    for state in finished {
        assert_eq!(due(&*store, 10).await, [event_work(1, 10)]);
        move_to(&*store, &mut event, EventState::Received { due: at(20), tries: 1 }).await;
        assert_eq!(due(&*store, 1_000).await, [event_work(1, 20)], "put off, and due once");
        move_to(&*store, &mut event, state).await;
        assert_eq!(due(&*store, 100_000).await, [], "{:?}", event.state);
        move_to(&*store, &mut event, EventState::Received { due: at(10), tries: 0 }).await;
    }
}

pub async fn a_refused_save_moves_nothing_in_the_index(store: Arc<impl Store>) {
    let lead = Lead { phone: Some(phone(1)), ..lead_due(1, at(60)) };
    let rev = done(add(&*store, &lead).await);
    let rev = done(store.save(&Lead { recent: vec![at(1)], ..lead.clone() }, Some(rev), SideWrites::default()).await);
    let sooner = Lead { phone: Some(phone(1)), ..lead_due(1, at(10)) };
    let late = store.save(&sooner, Some(Rev(rev.0 - 1)), SideWrites::default()).await;
    conflict(late, "it was read before the last save");
    let rival = Lead { phone: Some(phone(1)), ..lead_due(2, at(10)) };
    conflict(add(&*store, &rival).await, "another lead has its number");
    assert_eq!(due(&*store, 1_000).await, [lead_work(1, 60)]);
}

pub async fn a_long_list_of_due_work_is_given_whole(store: Arc<impl Store>) {
    for n in 0..120 {
        let minutes = i64::try_from(n * 37 % 120).expect("a small number");
        done(add(&*store, &lead_due(n, at(minutes))).await);
    }
    let all = due(&*store, 1_000).await;
    assert_eq!(all.len(), 120);
    assert!(all.is_sorted_by_key(DueWork::since), "oldest first");
    assert_eq!(done(store.due(&acme(), at(1_000), 100).await), all[..100], "the oldest hundred");
}

pub async fn clients_have_due_work_of_their_own(store: Arc<impl Store>) {
    let theirs = Lead { client: bolt(), ..lead_due(2, at(30)) };
    done(add(&*store, &lead_due(1, at(60))).await);
    done(add(&*store, &theirs).await);
    assert_eq!(due(&*store, 1_000).await, [lead_work(1, 60)]);
    assert_eq!(done(store.due(&bolt(), at(1_000), 10).await), [lead_work(2, 30)]);
}

/// A lead that waits for the campaign of [`lead_due`] until a moment.
fn parked(n: u64, minutes: i64) -> Lead {
    let mut lead = lead_due(n, at(0));
    assert!(lead.park(enrollment_id(n), at(minutes)));
    lead
}

pub async fn who_is_parked_is_found_by_campaign_and_not_among_what_is_due(store: Arc<impl Store>) {
    let campaign = |id: &str| CampaignId::parse(id).expect("an id");
    let (webinar, other) = (campaign("webinar"), campaign("webinar-2"));
    assert_eq!(done(store.parked_for(&acme(), None).await), None);
    for (n, minutes) in [(1, 50), (2, 10), (3, 40)] {
        done(add(&*store, &parked(n, minutes)).await);
    }
    let mut second = parked(4, 20);
    second.enrollments[0].campaign = other.clone();
    let rev = done(add(&*store, &second).await);
    assert_eq!(due(&*store, 100_000).await, []);
    assert_eq!(done(store.parked_for(&acme(), None).await), Some(webinar.clone()));
    assert_eq!(done(store.parked_for(&acme(), Some(&webinar)).await), Some(other.clone()));
    assert_eq!(done(store.parked_for(&acme(), Some(&other)).await), None);
    assert_eq!(done(store.parked_for(&bolt(), None).await), None);
    let client = acme();
    let in_webinar = |until, limit| store.parked(&client, &webinar, until, limit);
    assert_eq!(done(in_webinar(None, 10).await), [lead_id(2), lead_id(3), lead_id(1)]);
    assert_eq!(done(in_webinar(Some(at(40)), 10).await), [lead_id(2), lead_id(3)]);
    assert_eq!(done(in_webinar(Some(at(9)), 10).await), []);
    assert_eq!(done(in_webinar(None, 1).await), [lead_id(2)]);
    assert_eq!(done(in_webinar(None, 0).await), []);
    assert!(second.unpark(at(30)));
    done(store.save(&second, Some(rev), SideWrites::default()).await);
    assert_eq!(done(store.parked(&acme(), &other, None, 10).await), []);
    assert_eq!(due(&*store, 30).await, [lead_work(4, 30)], "it is due again");
}
