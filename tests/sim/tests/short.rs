//! The simulation in short: nothing is violated, a seed gives the same trace again, and the judges see
//! what they are there for.

use chrono::TimeDelta;
use leadline_sim::{
    Asked,
    backlog::Backlog,
    faults::Without,
    judge::Violation,
    run::{Ran, run},
    shrink::shrink,
    simulate,
    spec::{Scale, Spec},
    world::Options,
};

const SMALL: Scale = Scale { people: 500, days: 9 };

const TINY: Scale = Scale { people: 60, days: 5 };

/// Of a run in which the first text that is sent twice needs no fault for it.
const SEED: u64 = 10;

fn asked(seed: u64, texts: u64, scale: Scale) -> Asked {
    Asked { seed, texts, scale, options: Options::default() }
}

fn words(violations: &[(u64, Violation)]) -> Vec<String> {
    violations.iter().map(|(world, found)| format!("world {world}: {} {}", found.judge, found.what)).collect()
}

#[test]
fn nothing_is_violated_in_some_thousand_texts() {
    let summary = simulate(&asked(20_260_101, 2_500, SMALL));
    assert_eq!(words(&summary.violations), [""; 0]);
    assert!(summary.texts >= 2_500 && summary.faults_in_all() > 1_000, "{}", summary.faults_in_all());
    assert!(summary.faults.len() >= 11, "every kind of fault is there: {:?}", summary.faults);
}

#[test]
fn a_backlog_is_emptied_in_twice_what_the_limits_allow_though_half_of_an_hours_calls_are_turned_away() {
    let backlog = Backlog { clients: 4, each: 2_500, turned_away: 5_000 };
    let drained = backlog.drain(1);
    assert_eq!((drained.texts, drained.people, drained.reviews), (10_000, 10_000, 0), "each once: {drained:?}");
    assert!(drained.took <= backlog.by_limit() * 2, "{drained:?}");
    assert!(drained.calls * 10 <= drained.texts * 12, "{drained:?}");
    assert!(drained.calls > drained.texts, "some were turned away: {drained:?}");
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    let hash = |seed| simulate(&asked(seed, 150, TINY)).trace_hash();
    assert_eq!(hash(5), hash(5));
    assert_ne!(hash(5), hash(6));
}

#[test]
fn a_provider_that_sends_twice_is_seen_and_the_trace_is_short() {
    let options = Options { broken: true, ..Options::default() };
    let twice = |ran: &Ran| ran.violations.iter().find(|found| found.judge == "never twice").cloned();
    let (number, found) = (0..20)
        .find_map(|number| Some((number, twice(&run(Spec::of(SEED, number, TINY), &options))?)))
        .expect("some text was sent twice");
    let shrunk = shrink(SEED, number, TINY, &options, &found);
    assert_eq!((shrunk.violation.judge, shrunk.people, shrunk.faults), ("never twice", 1, 0));
    let offers = shrunk.lines.iter().filter(|(_, line)| line.starts_with("provider: ")).count();
    assert!(offers >= 1 && shrunk.lines.len() < 80, "{} lines", shrunk.lines.len());
}

#[test]
fn a_world_of_one_person_is_that_persons_world() {
    let only = Without { only: Some([7].into()), ..Without::default() };
    let ran = run(Spec::of(3, 1, SMALL), &Options { without: only, lines: true, ..Options::default() });
    assert!(ran.span > TimeDelta::days(8) && ran.texts < 10);
    let names =
        ran.lines.iter().filter(|(_, line)| line.contains(" sends a form ")).map(|(_, line)| line.split(' ').next());
    assert!(names.clone().count() > 0 && names.clone().all(|name| name == Some("Pataaah")));
}
