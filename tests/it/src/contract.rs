//! The contract of the stores in `leadline::ports`: one check for each promise, run on every
//! implementation by [`store_contract!`](crate::store_contract). A check gets a fresh, empty store.
//!
//! Only what the ports promise is checked, never how a store does it. Moments are whole seconds.

pub mod attention;
pub mod budget;
pub mod census;
pub mod due;
pub mod erasures;
pub mod events;
pub mod journal;
pub mod leads;
pub mod numbers;
pub mod once;
pub mod refusals;
pub mod requests;
pub mod revisions;
mod samples;
pub mod settings;

use std::future::Future;
use std::sync::Arc;

use leadline::ports::{
    AttentionList, BatchJobs, Budget, Census, Directory, DueIndex, ErasureStore, EventStore, Journal, LeadStore,
    Leases, OptOuts, Refusals, RequestLimits, SchedulerStore, SenderStore, StoreError, StoreResult, WebhookStore,
};
use tokio::sync::Barrier;

/// Everything that is stored, in one.
pub trait Store:
    Directory
    + LeadStore
    + Census
    + BatchJobs
    + OptOuts
    + DueIndex
    + AttentionList
    + Budget
    + EventStore
    + ErasureStore
    + Journal
    + Leases
    + Refusals
    + RequestLimits
    + WebhookStore
    + SchedulerStore
    + SenderStore
    + 'static
{
}

impl<
    S: Directory
        + LeadStore
        + Census
        + BatchJobs
        + OptOuts
        + DueIndex
        + AttentionList
        + Budget
        + EventStore
        + ErasureStore
        + Journal
        + Leases
        + Refusals
        + RequestLimits
        + 'static,
> Store for S
{
}

/// One test for each rule of the contract. It takes the path of a function without arguments that
/// gives, in a future, a fresh and empty [`Store`].
#[macro_export]
macro_rules! store_contract {
    ($fresh:path) => {
        $crate::store_contract! { @rules $fresh;
            attention: those_who_wait_are_listed_longest_first_with_what_for,
                a_lead_leaves_the_list_in_the_write_that_clears_it,
                a_reply_that_nobody_was_told_of_is_found_until_somebody_was,
                clients_have_people_who_wait_of_their_own,
                whatever_happened_the_list_is_what_a_walk_over_all_leads_finds;
            budget: a_run_gets_what_it_wants_up_to_what_is_left,
                a_run_that_asks_again_gets_the_same_answer,
                a_run_that_asks_many_times_at_once_is_counted_once,
                many_runs_at_once_never_get_more_than_the_limit,
                every_moment_of_a_clock_hour_draws_on_the_same_budget,
                a_lowered_limit_gives_nothing_more,
                clients_have_budgets_of_their_own;
            census: leads_are_listed_in_order_page_by_page,
                who_enters_and_leaves_is_counted_with_the_save,
                what_is_counted_later_is_carried_until_a_save_counts_it,
                a_save_repeated_counts_once,
                a_refused_save_counts_nothing,
                many_who_enter_at_once_are_all_counted,
                campaigns_and_clients_are_counted_apart,
                counters_are_set_right_only_as_they_were_seen,
                a_walk_is_read_back_as_it_was_written_last;
            due: a_lead_is_due_from_its_moment_on,
                work_is_given_oldest_first_and_no_more_than_asked_for,
                a_lead_moves_in_the_index_with_every_save,
                a_lead_with_nothing_to_wait_for_is_in_no_index,
                an_event_is_due_until_it_is_finished,
                a_refused_save_moves_nothing_in_the_index,
                a_long_list_of_due_work_is_given_whole,
                clients_have_due_work_of_their_own,
                who_is_parked_is_found_by_campaign_and_not_among_what_is_due;
            erasures: a_number_and_addresses_lead_nowhere_after_an_erasure,
                an_opt_out_outlives_an_erasure_without_its_words,
                an_opt_out_that_was_lifted_goes_with_its_number,
                what_another_lead_has_by_now_is_left_alone,
                an_erasure_over_an_older_revision_is_a_conflict_and_writes_nothing,
                an_event_is_deleted_only_as_it_was_read;
            events: an_event_is_new_once_and_known_after,
                an_event_received_many_times_at_once_is_new_once,
                what_came_of_an_event_is_kept_with_it,
                an_event_that_someone_else_worked_on_is_a_conflict_and_writes_nothing,
                a_lead_and_the_event_that_led_to_it_are_written_together_or_not_at_all,
                a_large_event_is_kept_as_it_came,
                the_same_key_of_two_clients_is_two_events;
            journal: an_event_recorded_twice_is_there_once,
                an_event_recorded_once_leaves_the_first_under_its_id,
                events_are_given_in_order_of_their_ids,
                an_event_is_in_exactly_one_of_two_periods_that_meet,
                a_period_begins_with_its_first_moment_and_ends_before_its_last,
                pages_give_every_event_once,
                a_journey_is_everything_of_one_lead_in_order,
                clients_have_journals_of_their_own;
            leads: a_new_lead_reads_back_at_revision_one,
                what_is_not_there_is_none,
                what_a_text_needs_is_read_at_once,
                many_leads_are_read_at_once_and_missing_ones_left_out,
                a_profile_stays_until_a_save_brings_another,
                clients_have_leads_of_their_own;
            numbers: a_number_of_another_lead_is_a_conflict,
                of_many_new_leads_with_one_number_one_is_written,
                an_email_of_another_lead_is_a_conflict,
                of_many_new_leads_with_one_email_one_is_written,
                a_lead_that_changes_number_and_email_frees_the_old_ones,
                leads_without_number_and_email_are_nobodys_rivals,
                an_opt_out_stays_with_the_number_that_the_lead_gave_up,
                an_opt_out_that_the_lead_does_not_know_of_is_a_conflict,
                an_opted_out_lead_is_not_reopened_by_a_save,
                the_first_opt_out_of_a_number_stays,
                every_opt_out_of_a_client_is_in_its_list_with_its_first_proof,
                an_opt_out_that_is_lifted_leaves_the_number_and_stays_in_the_list;
            once: one_of_many_claims_at_once_is_the_callers,
                a_claim_is_taken_until_its_lease_is_over,
                one_of_many_claims_after_the_lease_is_a_repeat,
                what_is_done_stays_done,
                what_was_begun_before_can_still_be_finished,
                each_thing_of_each_client_has_its_own_turn;
            refusals: what_was_turned_away_adds_up_by_source,
                only_the_clock_hours_that_are_asked_for_count,
                clients_have_refusals_of_their_own;
            requests: a_minute_admits_its_limit_and_no_more,
                of_many_requests_at_once_the_limit_is_admitted,
                clients_have_minutes_of_their_own;
            revisions: each_save_counts_one_revision_up,
                a_save_over_another_revision_is_a_conflict_and_writes_nothing,
                a_new_lead_does_not_replace_one,
                of_many_saves_over_one_revision_one_is_written,
                a_save_repeated_after_a_lost_answer_gives_the_same_revision,
                a_repetition_is_a_conflict_once_someone_has_written_after_it,
                a_save_that_only_looks_like_a_repetition_is_a_conflict;
            settings: a_client_without_a_record_is_missing,
                a_client_is_read_back_as_it_was_written_last_and_listed_once,
                a_hold_stops_sending_and_changes_nothing_else,
                sending_is_changed_only_as_it_was_read,
                settings_written_anew_leave_sending_as_it_stands,
                a_campaign_is_found_by_each_of_its_forms,
                a_campaign_keeps_what_events_do,
                a_form_of_another_campaign_is_a_conflict_and_writes_nothing,
                of_many_campaigns_with_one_form_one_is_written,
                of_many_that_create_one_campaign_one_does,
                a_campaign_is_changed_only_as_it_was_read,
                settings_are_changed_only_as_they_were_read,
                a_form_that_a_campaign_gave_up_is_free,
                a_version_once_written_never_changes,
                an_older_version_stays_readable,
                what_is_not_sent_may_change_within_a_version,
                clients_have_campaigns_of_their_own;
        }
    };
    (@rules $fresh:path; $($group:ident: $($rule:ident),+;)+) => {$(
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    $crate::store_contract!(@run $fresh, $group, $rule);
                }
            )+
        }
    )+};
    (@run $fresh:path, $group:ident, $rule:ident) => {
        $crate::contract::$group::$rule(std::sync::Arc::new($fresh().await)).await
    };
}

/// What a call that must work gave.
#[track_caller]
fn done<T>(result: StoreResult<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed a call that it must answer: {error}"),
    }
}

/// Panics unless the store refused a write because of what stood there.
#[track_caller]
fn conflict<T>(result: StoreResult<T>, because: &str) {
    match result {
        Err(StoreError::Conflict) => {}
        Ok(_) => panic!("written, although {because}"),
        Err(error) => panic!("not a conflict but {error:?}, where {because}"),
    }
}

/// Does `n` things at the same moment, and gives what came of each.
async fn storm<S: Store, T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    store: &Arc<S>,
    n: u64,
    act: impl Fn(Arc<S>, u64) -> F,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(usize::try_from(n).expect("a small number")));
    let tasks: Vec<_> = (0..n)
        .map(|i| {
            let (start, act) = (start.clone(), act(store.clone(), i));
            tokio::spawn(async move {
                start.wait().await;
                act.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no task panics"));
    }
    results
}

/// Panics unless exactly one of many writes was done and all others were conflicts. Gives its place.
#[track_caller]
fn only_winner<T>(results: Vec<StoreResult<T>>) -> usize {
    let done: Vec<_> = results.iter().enumerate().filter(|(_, result)| result.is_ok()).map(|(i, _)| i).collect();
    for result in results {
        if let Err(error) = result {
            assert!(matches!(error, StoreError::Conflict), "who loses gets a conflict, not {error:?}");
        }
    }
    assert_eq!(done.len(), 1, "exactly one write wins, not those of {done:?}");
    done[0]
}
