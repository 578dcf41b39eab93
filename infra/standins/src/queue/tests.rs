#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules { visibility: TimeDelta::seconds(30), max_receive_count: Some(3) };

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
}

fn queue_with(body: &str) -> Queue {
    let mut queue = Queue::new("texts", RULES);
    queue.send(at(0), body, TimeDelta::zero());
    queue
}

#[test]
fn a_message_in_flight_is_hidden_until_its_time_is_over() {
    let mut queue = queue_with("a");
    let first = queue.receive(at(0), 10);
    assert_eq!((first.len(), first[0].receive_count, first[0].body.as_str()), (1, 1, "a"));
    assert_eq!(queue.receive(at(29), 10), []);
    assert_eq!(queue.next_visible_at(), Some(at(30)));
    let second = queue.receive(at(30), 10);
    assert_eq!((second[0].id.as_str(), second[0].receive_count), (first[0].id.as_str(), 2));
    assert_eq!(second[0].first_received_at, at(0));
}

#[test]
fn a_delayed_message_waits() {
    let mut queue = Queue::new("texts", RULES);
    queue.send(at(0), "a", TimeDelta::seconds(60));
    assert_eq!(queue.receive(at(59), 1), []);
    assert_eq!(queue.census(at(59)), Census { delayed: 1, ..Census::default() });
    assert_eq!(queue.receive(at(60), 1).len(), 1);
}

#[test]
fn only_the_newest_receipt_deletes_or_changes_visibility() {
    let mut queue = queue_with("a");
    let old = queue.receive(at(0), 1).remove(0);
    let new = queue.receive(at(30), 1).remove(0);
    assert!(!queue.delete(&old.receipt));
    assert!(!queue.change_visibility(at(31), &old.receipt, TimeDelta::zero()));
    assert!(!queue.delete("nonsense"));
    assert!(queue.delete(&new.receipt));
    assert!(!queue.delete(&new.receipt));
    assert_eq!(queue.next_visible_at(), None);
}

#[test]
fn changed_visibility_counts_from_the_change() {
    let mut queue = queue_with("a");
    let received = queue.receive(at(0), 1).remove(0);
    assert!(queue.change_visibility(at(10), &received.receipt, TimeDelta::minutes(5)));
    assert_eq!(queue.next_visible_at(), Some(at(310)));
    assert!(queue.change_visibility(at(20), &received.receipt, TimeDelta::zero()));
    assert_eq!(queue.receive(at(20), 1).len(), 1);
}

#[test]
fn a_message_that_came_too_often_becomes_a_dead_letter_and_can_be_admitted_elsewhere() {
    let mut queue = queue_with("a");
    for delivery in 0..3 {
        assert_eq!(queue.receive(at(delivery * 30), 1).len(), 1);
    }
    assert_eq!(queue.dead_letters(), []);
    assert_eq!(queue.receive(at(90), 1), []);
    let letter = queue.take_dead_letters().remove(0);
    assert_eq!((letter.receive_count, letter.sent_at, letter.dead_at), (3, at(0), at(90)));
    let mut dead = Queue::new("texts-dead", Rules { max_receive_count: None, ..RULES });
    dead.admit(at(90), letter);
    let received = dead.receive(at(90), 1).remove(0);
    assert_eq!((received.id.as_str(), received.receive_count, received.sent_at), ("texts-1", 1, at(0)));
}

#[test]
fn a_duplicate_comes_even_while_in_flight_and_even_after_the_delete() {
    let mut queue = queue_with("a");
    queue.duplicate_next(1);
    let first = queue.receive(at(0), 1).remove(0);
    let again = queue.receive(at(1), 1).remove(0);
    assert_eq!((again.id.as_str(), again.receive_count), (first.id.as_str(), 2));
    assert!(!queue.delete(&first.receipt));
    assert!(queue.delete(&again.receipt));

    let mut queue = queue_with("b");
    queue.duplicate_next(1);
    let first = queue.receive(at(0), 1).remove(0);
    assert!(queue.delete(&first.receipt));
    assert!(queue.next_visible_at().is_some());
    let ghost = queue.receive(at(1), 1).remove(0);
    assert_eq!((ghost.body.as_str(), ghost.receive_count), ("b", 2));
    assert!(!queue.delete(&ghost.receipt));
    assert_eq!(queue.receive(at(100), 1), []);
}

#[derive(Debug, Clone)]
enum Step {
    Send { delay: i64 },
    Receive { max: usize, visibility: i64 },
    Delete { receipt: usize },
    Change { receipt: usize, visibility: i64 },
    Wait { seconds: i64 },
    Duplicate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..90i64).prop_map(|delay| Step::Send { delay }),
        4 => (0..4usize, 0..60i64).prop_map(|(max, visibility)| Step::Receive { max, visibility }),
        2 => (0..40usize).prop_map(|receipt| Step::Delete { receipt }),
        1 => (0..40usize, 0..60i64).prop_map(|(receipt, visibility)| Step::Change { receipt, visibility }),
        3 => (0..100i64).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Duplicate),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_is_in_two_places(steps in prop::collection::vec(step(), 1..120)) {
        let mut queue = Queue::new("q", RULES);
        let mut now = 0;
        let mut sent = BTreeSet::new();
        let mut deleted = BTreeSet::new();
        let mut buried = BTreeSet::new();
        let mut receipts: Vec<Received> = Vec::new();
        let mut hidden_until: BTreeMap<String, i64> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Send { delay } => {
                    let id = queue.send(at(now), "x", TimeDelta::seconds(delay));
                    hidden_until.insert(id.clone(), now + delay);
                    prop_assert!(sent.insert(id));
                }
                Step::Receive { max, visibility } => {
                    let got = queue.receive_for(at(now), max, TimeDelta::seconds(visibility));
                    prop_assert!(got.len() <= max);
                    for message in got {
                        prop_assert!(sent.contains(&message.id));
                        prop_assert!(message.receive_count <= 4);
                        hidden_until.insert(message.id.clone(), now + visibility);
                        receipts.push(message);
                    }
                }
                Step::Delete { receipt } => if let Some(message) = receipts.get(receipt)
                    && queue.delete(&message.receipt) {
                    prop_assert!(deleted.insert(message.id.clone()));
                },
                Step::Change { receipt, visibility } => if let Some(message) = receipts.get(receipt)
                    && queue.change_visibility(at(now), &message.receipt, TimeDelta::seconds(visibility)) {
                    hidden_until.insert(message.id.clone(), now + visibility);
                },
                Step::Wait { seconds } => now += seconds,
                Step::Duplicate => queue.duplicate_next(1),
            }
            buried.extend(queue.dead_letters().iter().map(|letter| letter.id.clone()));
            let alive: BTreeSet<String> = queue.ids().map(str::to_owned).collect();
            prop_assert_eq!(alive.len() + deleted.len() + buried.len(), sent.len());
            let everywhere: BTreeSet<_> = alive.union(&deleted).chain(&buried).cloned().collect();
            prop_assert_eq!(&everywhere, &sent);
            let visible = alive.iter().filter(|id| hidden_until[*id] <= now).count();
            let census = queue.census(at(now));
            prop_assert_eq!(census.visible, visible);
            prop_assert_eq!(census.visible + census.in_flight + census.delayed, alive.len());
            prop_assert_eq!(census.dead, buried.len());
        }
    }
}
