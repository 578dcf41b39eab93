//! Things of which there must be exactly one.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::ports::Lease;

use super::{Store, done, samples::*, storm};

/// Claims acme's report at a minute, for ten minutes.
async fn claim(store: &impl Store, minutes: i64) -> Lease {
    done(store.claim(&acme(), "report/2026-07-02", at(minutes), at(minutes + 10)).await)
}

async fn finish(store: &impl Store, note: &str) {
    done(store.finish(&acme(), "report/2026-07-02", note).await);
}

async fn note(store: &impl Store) -> Option<String> {
    done(store.note(&acme(), "report/2026-07-02").await)
}

/// Panics unless one of many claims got `turn` and the others found it taken.
fn one_has(turn: Lease, turns: &[Lease]) {
    let count = |turn| turns.iter().filter(|got| **got == turn).count();
    assert_eq!((count(turn), count(Lease::HeldElsewhere)), (1, turns.len() - 1), "{turns:?}");
}

pub async fn one_of_many_claims_at_once_is_the_callers(store: Arc<impl Store>) {
    let turns = storm(&store, 16, |store, _| async move { claim(&*store, 0).await }).await;
    one_has(Lease::Acquired, &turns);
}

pub async fn a_claim_is_taken_until_its_lease_is_over(store: Arc<impl Store>) {
    let (taken, repeat) = (Lease::HeldElsewhere, Lease::Reacquired);
    for (minutes, turn) in [(0, Lease::Acquired), (1, taken), (9, taken), (10, repeat), (19, taken), (40, repeat)] {
        assert_eq!(claim(&*store, minutes).await, turn, "minute {minutes}");
    }
}

pub async fn one_of_many_claims_after_the_lease_is_a_repeat(store: Arc<impl Store>) {
    assert_eq!(claim(&*store, 0).await, Lease::Acquired);
    let turns = storm(&store, 16, |store, _| async move { claim(&*store, 15).await }).await;
    one_has(Lease::Reacquired, &turns);
}

pub async fn what_is_done_stays_done(store: Arc<impl Store>) {
    assert_eq!(note(&*store).await, None);
    assert_eq!(claim(&*store, 0).await, Lease::Acquired);
    assert_eq!(note(&*store).await, None, "begun is not done");
    let long = "sent 12 texts; ".repeat(250);
    finish(&*store, &long).await;
    for minutes in [1, 10, 100_000] {
        assert_eq!(claim(&*store, minutes).await, Lease::Completed, "minute {minutes}");
        assert_eq!(note(&*store).await.as_ref(), Some(&long), "the note is kept");
    }
}

pub async fn what_was_begun_before_can_still_be_finished(store: Arc<impl Store>) {
    assert_eq!(claim(&*store, 0).await, Lease::Acquired);
    assert_eq!(claim(&*store, 20).await, Lease::Reacquired);
    finish(&*store, "by the one who was slow").await;
    assert_eq!(claim(&*store, 21).await, Lease::Completed);
    assert_eq!(claim(&*store, 40).await, Lease::Completed);
}

pub async fn each_thing_of_each_client_has_its_own_turn(store: Arc<impl Store>) {
    assert_eq!(claim(&*store, 0).await, Lease::Acquired);
    finish(&*store, "sent").await;
    for (client, what) in [(acme(), "report/2026-07-03"), (bolt(), "report/2026-07-02")] {
        assert_eq!(done(store.claim(&client, what, at(0), at(10)).await), Lease::Acquired, "{client}, {what}");
        assert_eq!(done(store.note(&client, what).await), None, "{client}, {what}");
    }
}
