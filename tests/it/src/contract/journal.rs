//! The audit.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    Instant,
    audit::{AuditEvent, TextFacts},
    ids::ClientId,
};
use leadline::ports::SideWrites;

use super::{Store, done, samples::*};

/// Everything that happened in a period, page by page.
async fn happened(store: &impl Store, client: &ClientId, from: Instant, until: Instant) -> Vec<AuditEvent> {
    let (mut events, mut page) = (Vec::new(), None);
    for _ in 0..1_000 {
        let read = done(store.happened(client, from, until, page).await);
        events.extend(read.events);
        page = read.next;
        if page.is_none() {
            return events;
        }
    }
    panic!("the journal has no last page");
}

fn in_order(mut events: Vec<AuditEvent>) -> Vec<AuditEvent> {
    events.sort_by_key(|event| event.id);
    events
}

pub async fn an_event_recorded_once_leaves_the_first_under_its_id(store: Arc<impl Store>) {
    let (first, second) = (audit(1, at(0)), AuditEvent { detail: Some("other words".to_owned()), ..audit(1, at(0)) });
    assert!(done(store.record_once(&first).await));
    assert!(!done(store.record_once(&second).await));
    assert_eq!(done(store.happened(&acme(), at(0), at(1), None).await).events, [first]);
    done(store.record(std::slice::from_ref(&second)).await);
    assert_eq!(done(store.happened(&acme(), at(0), at(1), None).await).events, [second]);
}

pub async fn an_event_recorded_twice_is_there_once(store: Arc<impl Store>) {
    done(store.record(&[]).await);
    let event = AuditEvent {
        phone: Some(phone(1)),
        run: Some(run_id(1)),
        text: Some(TextFacts {
            body: "Hi Zoë 👋".to_owned(),
            template: None,
            hours: "08:00 to 20:00".to_owned(),
            provider_id: Some("SM1".to_owned()),
            retry: 1,
            segments: 1,
            minutes_from_import: Some(61),
        }),
        ..audit_of(1, at(1), &lead(1))
    };
    done(store.record(std::slice::from_ref(&event)).await);
    done(store.record(&[event.clone(), audit(2, at(2)), event.clone()]).await);
    assert_eq!(happened(&*store, &acme(), at(0), at(60)).await, [event.clone(), audit(2, at(2))]);
    let all = done(store.journey(&acme(), lead_id(1), Instant::UNIX_EPOCH).await);
    assert_eq!((&*all, all.len()), (&*done(store.journey(&acme(), lead_id(1), at(1)).await), 1));
    assert_eq!(all, [event]);
    assert_eq!(done(store.journey(&acme(), lead_id(1), at(2)).await), [], "it was before");
}

pub async fn events_are_given_in_order_of_their_ids(store: Arc<impl Store>) {
    let minutes = [7, 3, -2_000, 3, 1_500, 3, 0];
    let written: Vec<_> = (1..).zip(minutes).map(|(n, minutes)| audit(n, at(minutes))).collect();
    for event in &written {
        done(store.record(std::slice::from_ref(event)).await);
    }
    assert_eq!(happened(&*store, &acme(), at(-5_000), at(5_000)).await, in_order(written), "over several days");
}

pub async fn an_event_is_in_exactly_one_of_two_periods_that_meet(store: Arc<impl Store>) {
    // A text's event has the id of its attempt, which is older than the answer that it tells of.
    let midnight = 720;
    for n in 1..6 {
        let event = AuditEvent { at: at(midnight + 1), ..audit(n, at(midnight - 1)) };
        done(store.record(&[event]).await);
    }
    let today = happened(&*store, &acme(), at(0), at(midnight)).await;
    let tomorrow = happened(&*store, &acme(), at(midnight), at(2 * midnight)).await;
    let told: Vec<_> = today.iter().chain(&tomorrow).collect();
    assert_eq!(told.len(), 5, "each of five events is told once");
    assert!(told.is_sorted_by_key(|event| event.id), "in order");
}

pub async fn a_period_begins_with_its_first_moment_and_ends_before_its_last(store: Arc<impl Store>) {
    let written: Vec<_> = (0..6).map(|n| audit(n, at(i64::try_from(n).expect("small")))).collect();
    done(store.record(&written).await);
    assert_eq!(happened(&*store, &acme(), at(2), at(4)).await, written[2..4]);
    assert_eq!(happened(&*store, &acme(), at(4), at(9)).await, written[4..], "the next period begins where it ends");
    for (from, until) in [(3, 3), (5, 1), (60, 90)] {
        assert_eq!(happened(&*store, &acme(), at(from), at(until)).await, [], "{from} to {until}");
    }
}

pub async fn pages_give_every_event_once(store: Arc<impl Store>) {
    let moment = |n: u64| at(i64::try_from(n / 3).expect("small"));
    let written: Vec<_> = (0..1_203).map(|n| audit(n, moment(n))).collect();
    done(store.record(&written).await);
    let read = happened(&*store, &acme(), at(0), at(10_000)).await;
    assert_eq!(read.len(), written.len());
    assert!(read == in_order(written), "the same events in order");
}

pub async fn a_journey_is_everything_of_one_lead_in_order(store: Arc<impl Store>) {
    let lead = lead(1);
    let events: Vec<_> = (0..40).map(|n| audit_of(n, at(i64::try_from(40 - n).expect("small")), &lead)).collect();
    let also = SideWrites { audit: events[..3].to_vec(), ..with(profile(&lead)) };
    done(store.save(&lead, None, also).await);
    done(store.receive(&raw_event(1, at(5)), events[3].clone()).await);
    done(store.record(&events[4..]).await);
    done(store.record(&[audit_of(90, at(1), &super::samples::lead(2)), audit(91, at(1))]).await);
    assert_eq!(done(store.journey(&acme(), lead.id, Instant::UNIX_EPOCH).await), in_order(events.clone()));
    assert_eq!(happened(&*store, &acme(), at(0), at(60)).await.len(), events.len() + 2, "the client's journal has all");
}

pub async fn clients_have_journals_of_their_own(store: Arc<impl Store>) {
    let theirs = AuditEvent { client: bolt(), ..audit_of(2, at(1), &lead(1)) };
    done(store.record(&[audit_of(1, at(1), &lead(1)), theirs.clone()]).await);
    assert_eq!(happened(&*store, &acme(), at(0), at(60)).await, [audit_of(1, at(1), &lead(1))]);
    assert_eq!(happened(&*store, &bolt(), at(0), at(60)).await, std::slice::from_ref(&theirs));
    assert_eq!(done(store.journey(&bolt(), lead_id(1), Instant::UNIX_EPOCH).await), [theirs]);
}
