//! Tests.

use chrono::TimeDelta;
use ulid::Ulid;

use super::*;
use crate::ids::ClientId;

fn at(minutes: i64) -> Instant {
    "2026-01-06T20:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::minutes(minutes)
}

fn id(n: u128) -> LeadId {
    LeadId(Ulid::from(n))
}

fn held(n: u128, minutes: i64) -> (Lead, Profile) {
    let mut lead = Lead::new(id(n), ClientId::parse("acme").expect("an id"));
    lead.hold_person("a reply that may mean no", at(minutes));
    (lead, Profile::new(id(n), at(0)))
}

fn listed(all: &[(Lead, Profile)]) -> Vec<Listed> {
    all.iter().filter_map(|(lead, _)| Some((lead.id, lead.attention()?.needs))).collect()
}

#[test]
fn all_are_counted_and_those_named_who_have_waited_longest() {
    let all: Vec<_> = (0..50).map(|n| held(n, 100 - i64::try_from(n).expect("small"))).collect();
    let listed = listed(&all);
    let asked = WaitingFacts::to_read(&listed);
    assert_eq!(asked.len(), MOST_NAMED);
    let facts = WaitingFacts::of(&listed, true, &asked, &all);
    let held = &facts.by_need[&Need::Held];
    assert_eq!((held.count, held.since, held.people.len()), (50, Some(at(51)), MOST_NAMED));
    assert_eq!(held.people[0].lead, id(49));
    assert_eq!(facts.by_need.len(), 1);
}

#[test]
fn whoever_was_read_counts_as_they_stand_and_not_as_the_index_says() {
    let mut all = vec![held(1, 1), held(2, 2)];
    let listed = listed(&all);
    all[0].0.release();
    all[0].0.await_answer(at(9));
    let asked = WaitingFacts::to_read(&listed);
    let facts = WaitingFacts::of(&listed, true, &asked, &all);
    assert_eq!(facts.by_need[&Need::Held].count, 1);
    assert_eq!(facts.by_need[&Need::Unanswered].count, 1);
    let gone = WaitingFacts::of(&listed, true, &asked, &all[..1]);
    assert_eq!(gone.by_need.get(&Need::Held), None, "a lead that is not there waits for nothing");
}

#[test]
fn a_person_is_named_shortly_and_on_one_line() {
    let mut profile = Profile::new(id(1), at(0));
    assert_eq!(short_name(&profile), "Somebody without a name");
    profile.first_name = Some("Pat\r\nBcc: x".to_owned());
    assert_eq!(short_name(&profile), "Pat Bcc: x");
    profile.first_name = Some("Pat".to_owned());
    profile.last_name = Some("Rivera".to_owned());
    assert_eq!((short_name(&profile).as_str(), named(&profile).as_str()), ("Pat R.", "Pat Rivera"));
}
