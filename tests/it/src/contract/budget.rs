//! Allowances that runs share.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use super::{Store, done, samples::*, storm};

/// What a run of acme's gets in the first hour, of a hundred texts.
async fn reserve(store: &impl Store, wanted: u32, run: u64) -> u32 {
    done(store.reserve(&acme(), at(0), 100, wanted, run_id(run)).await)
}

pub async fn a_run_gets_what_it_wants_up_to_what_is_left(store: Arc<impl Store>) {
    for (run, wanted, got) in [(1, 50, 50), (2, 0, 0), (3, 30, 30), (4, 50, 20), (5, 50, 0), (6, 1, 0)] {
        assert_eq!(reserve(&*store, wanted, run).await, got, "run {run}");
    }
}

pub async fn a_run_that_asks_again_gets_the_same_answer(store: Arc<impl Store>) {
    for (run, wanted, got) in [(1, 30, 30), (1, 30, 30), (1, 50, 30), (2, 100, 70), (2, 100, 70), (1, 1, 30)] {
        assert_eq!(reserve(&*store, wanted, run).await, got, "run {run} wants {wanted}");
    }
}

pub async fn a_run_that_asks_many_times_at_once_is_counted_once(store: Arc<impl Store>) {
    let answers = storm(&store, 10, |store, _| async move { reserve(&*store, 40, 1).await }).await;
    assert_eq!(answers, [40; 10]);
    assert_eq!(reserve(&*store, 100, 2).await, 60, "what is left");
}

pub async fn many_runs_at_once_never_get_more_than_the_limit(store: Arc<impl Store>) {
    let got = storm(&store, 20, |store, i| async move { reserve(&*store, 15, i).await }).await;
    let all: u32 = got.iter().sum();
    assert!(all <= 100 && got.iter().all(|got| *got <= 15), "{got:?}");
    for (run, got) in (0..).zip(got) {
        assert_eq!(reserve(&*store, 15, run).await, got, "run {run} asks again");
    }
    assert_eq!(reserve(&*store, 100, 99).await, 100 - all, "nothing was lost either");
}

pub async fn every_moment_of_a_clock_hour_draws_on_the_same_budget(store: Arc<impl Store>) {
    for (minutes, run, got) in [(0, 1, 60), (59, 2, 40), (60, 3, 60), (60, 1, 40), (-1, 4, 60)] {
        let answer = done(store.reserve(&acme(), at(minutes), 100, 60, run_id(run)).await);
        assert_eq!(answer, got, "minute {minutes}, run {run}");
    }
}

pub async fn a_lowered_limit_gives_nothing_more(store: Arc<impl Store>) {
    assert_eq!(reserve(&*store, 50, 1).await, 50);
    assert_eq!(done(store.reserve(&acme(), at(0), 20, 10, run_id(2)).await), 0);
}

pub async fn clients_have_budgets_of_their_own(store: Arc<impl Store>) {
    assert_eq!(reserve(&*store, 100, 1).await, 100);
    assert_eq!(done(store.reserve(&bolt(), at(0), 100, 70, run_id(1)).await), 70);
}
