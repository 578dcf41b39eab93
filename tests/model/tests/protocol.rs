//! Ours holds, and what is known to fail does.

use leadline_model::{
    check::{check, fail, shortest},
    designs::Design,
    properties::AT_MOST_ONE,
    protocol::{Protocol, Times},
};

fn ours(times: Times, workers: u8, deliveries: u8) -> Protocol {
    Protocol { times, ..Protocol::new(Design::Leadline, workers, deliveries) }
}

#[test]
fn in_every_order_of_three_workers_and_five_deliveries_ours_holds_and_every_end_is_reached() {
    let findings = check(ours(Times::default(), 3, 5));
    assert!(findings.right(), "{findings:#?}");
}

#[test]
fn ours_holds_whatever_the_spans_are_as_long_as_the_slack_covers_the_lag_and_a_call() {
    for (lease, call, lag) in [(1, 1, 1), (2, 1, 1), (2, 2, 1), (3, 1, 2), (5, 2, 1)] {
        let enough = Times { lease, call, lag, slack: call + lag };
        assert!(check(ours(enough, 2, 4)).right(), "{enough:?}");
        let short = Times { slack: call + lag - 1, ..enough };
        assert!(shortest(ours(short, 2, 4), AT_MOST_ONE).is_some(), "{short:?}");
    }
}

#[test]
fn every_design_that_is_known_to_fail_fails_in_the_property_that_it_must_break() {
    for design in Design::FAILING {
        let failure = fail(design).expect("it must break something");
        let last = failure.broken_by.last().unwrap_or_else(|| panic!("{design:?} does not fail"));
        if failure.property == AT_MOST_ONE {
            assert!(last.who == "provider" && last.what.ends_with("THE SECOND TEXT"), "{design:?}: {last:?}");
        } else {
            assert!(last.what.contains("claims"), "{design:?}: {last:?}");
        }
    }
}

#[test]
fn a_run_is_told_in_the_order_of_time_by_who_does_what() {
    let failure = fail(Design::NoClaim).expect("it must break something");
    let told = failure.broken_by.iter().map(|line| format!("{} {}: {}", line.time, line.who, line.what));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "0 worker 1: takes delivery 1",
            "0 worker 1: reads that nothing is on its way, and decides to send",
            "0 worker 1: writes the request of attempt 1",
            "0 provider: accepts attempt 1",
            "0 worker 2: takes delivery 2",
            "0 worker 2: reads that nothing is on its way, and decides to send",
            "0 worker 2: writes the request of attempt 2",
            "0 provider: accepts attempt 2: THE SECOND TEXT",
        ]
    );
}
