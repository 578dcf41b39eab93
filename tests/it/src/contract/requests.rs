//! Requests of a client's own programs.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Store, done, samples::*, storm};

pub async fn a_minute_admits_its_limit_and_no_more(store: Arc<impl Store>) {
    for n in 0..5 {
        let moment = at(0) + TimeDelta::seconds(n * 14);
        assert_eq!(done(store.admit(&acme(), moment, 3).await), n < 3, "request {n}");
    }
    assert!(done(store.admit(&acme(), at(1), 3).await), "the next minute");
    assert!(done(store.admit(&acme(), at(0), 4).await), "a limit that was raised");
    assert!(!done(store.admit(&acme(), at(0), 2).await), "a limit that was lowered");
    assert!(!done(store.admit(&acme(), at(7), 0).await), "none is none");
}

pub async fn of_many_requests_at_once_the_limit_is_admitted(store: Arc<impl Store>) {
    let admitted = storm(&store, 20, |store, _| async move { done(store.admit(&acme(), at(0), 12).await) }).await;
    assert_eq!(admitted.iter().filter(|admitted| **admitted).count(), 12);
}

pub async fn clients_have_minutes_of_their_own(store: Arc<impl Store>) {
    assert!(done(store.admit(&acme(), at(0), 1).await));
    assert!(done(store.admit(&bolt(), at(0), 1).await));
    assert!(!done(store.admit(&bolt(), at(0), 1).await));
}
