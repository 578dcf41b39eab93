//! Raw events.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{Instant, audit::AuditEvent, lead::Lead};
use leadline::{
    domain::event::{EventOutcome, EventState, RawEvent},
    ports::{Receipt, SideWrites, StoreError},
};

use super::{Store, conflict, done, samples::*, storm};

/// Everything in acme's journal, which must fit on a page.
async fn told(store: &impl Store) -> Vec<AuditEvent> {
    done(store.happened(&acme(), at(-60), at(60), None).await).events
}

pub async fn an_event_is_new_once_and_known_after(store: Arc<impl Store>) {
    let first = raw_event(1, at(10));
    let second = RawEvent { body: "other words".to_owned(), received_at: at(3), ..raw_event(1, at(30)) };
    assert_eq!(done(store.event(&acme(), &key(1)).await), None);
    assert_eq!(done(store.receive(&first, audit(1, at(0))).await), Receipt::New);
    assert_eq!(done(store.receive(&second, audit(2, at(0))).await), Receipt::Known);
    assert_eq!(done(store.event(&acme(), &key(1)).await), Some(first));
    assert_eq!(done(store.event(&acme(), &key(2)).await), None);
    assert_eq!(told(&*store).await, [audit(1, at(0))], "only the first one's audit is written");
    assert_eq!(done(store.due(&acme(), at(1_000), 10).await).len(), 1, "it is due once");
}

pub async fn an_event_received_many_times_at_once_is_new_once(store: Arc<impl Store>) {
    let results = storm(&store, 16, |store, i| async move {
        let minutes = i64::try_from(i).expect("a small number");
        let event = RawEvent { received_at: at(minutes), ..raw_event(1, at(10)) };
        store.receive(&event, audit(i, at(0))).await
    })
    .await;
    // One that meets another in the middle of its write may be refused: its sender comes again.
    let new = results.iter().filter(|result| matches!(result, Ok(Receipt::New))).count();
    let others = results.iter().filter(|result| matches!(result, Ok(Receipt::Known) | Err(StoreError::Conflict)));
    assert_eq!((new, others.count()), (1, 15), "{results:?}");
    assert_eq!(told(&*store).await.len(), 1);
}

pub async fn what_came_of_an_event_is_kept_with_it(store: Arc<impl Store>) {
    let mut event = raw_event(1, at(10));
    done(store.receive(&event, audit(1, at(0))).await);
    let states = [
        EventState::Received { due: at(20), tries: 3 },
        EventState::Unusable { reason: "no form id".to_owned() },
        EventState::Received { due: at(30), tries: 0 },
        EventState::Done { result: "enrolled".to_owned() },
    ];
    for state in states {
        let outcome = EventOutcome { event: event.clone(), state: state.clone() };
        done(store.conclude(&outcome, Vec::new()).await);
        done(store.conclude(&outcome, Vec::new()).await);
        event.state = state;
        assert_eq!(done(store.event(&acme(), &key(1)).await), Some(event.clone()));
        let again = store.receive(&raw_event(1, at(10)), audit(2, at(0))).await;
        assert_eq!(done(again), Receipt::Known, "whatever came of it");
    }
    assert_eq!(done(store.event(&acme(), &key(1)).await), Some(event));
}

pub async fn an_event_that_someone_else_worked_on_is_a_conflict_and_writes_nothing(store: Arc<impl Store>) {
    let event = raw_event(1, at(10));
    done(store.receive(&event, audit(1, at(0))).await);
    let outcome =
        |result: &str| EventOutcome { event: event.clone(), state: EventState::Done { result: result.to_owned() } };
    done(store.conclude(&outcome("enrolled"), vec![audit(2, at(1))]).await);
    conflict(store.conclude(&outcome("rejected"), vec![audit(3, at(2))]).await, "it was concluded");
    let stands = done(store.event(&acme(), &key(1)).await).map(|event| event.state);
    assert_eq!(stands, Some(outcome("enrolled").state));
    let recorded = done(store.happened(&acme(), at(0), at(60), None).await).events;
    assert_eq!(recorded, [audit(1, at(0)), audit(2, at(1))]);
}

pub async fn a_lead_and_the_event_that_led_to_it_are_written_together_or_not_at_all(store: Arc<impl Store>) {
    let event = raw_event(1, at(10));
    done(store.receive(&event, audit(1, at(0))).await);
    let (lead, state) = (lead_due(1, at(60)), EventState::Done { result: "enrolled".to_owned() });
    let outcome = EventOutcome { event: event.clone(), state: state.clone() };
    let also = || SideWrites { event: Some(outcome.clone()), ..with(profile(&lead)) };
    done(store.save(&lead, None, also()).await);
    assert_eq!(done(store.event(&acme(), &key(1)).await).map(|event| event.state), Some(state));
    assert_eq!(done(store.due(&acme(), at(10), 10).await), [], "the event is not due any more");
    let other = Lead { id: lead_id(2), ..lead.clone() };
    let again = SideWrites { event: Some(outcome.clone()), ..with(profile(&other)) };
    conflict(store.save(&other, None, again).await, "the event was worked through before");
    assert_eq!(done(store.lead(&acme(), other.id).await), None, "nothing was written");
}

pub async fn a_large_event_is_kept_as_it_came(store: Arc<impl Store>) {
    let event = RawEvent { body: "\u{0}\"é👋\\\n".repeat(8_000), ..raw_event(1, at(10)) };
    done(store.receive(&event, audit(1, at(0))).await);
    assert!(done(store.event(&acme(), &key(1)).await) == Some(event), "the body is another one");
}

pub async fn the_same_key_of_two_clients_is_two_events(store: Arc<impl Store>) {
    let ours = raw_event(1, at(10));
    let theirs = RawEvent { client: bolt(), received_at: Instant::UNIX_EPOCH, ..ours.clone() };
    assert_eq!(done(store.receive(&ours, audit(1, at(0))).await), Receipt::New);
    assert_eq!(done(store.event(&bolt(), &key(1)).await), None);
    let of_bolt = AuditEvent { client: bolt(), ..audit(2, at(0)) };
    assert_eq!(done(store.receive(&theirs, of_bolt).await), Receipt::New);
    assert_eq!(done(store.event(&acme(), &key(1)).await), Some(ours));
    assert_eq!(done(store.event(&bolt(), &key(1)).await), Some(theirs));
}
