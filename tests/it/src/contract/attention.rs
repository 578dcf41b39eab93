//! Who waits for a person.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::{collections::BTreeMap, sync::Arc};

use leadline::domain::{
    contact_status::{OptOut, OptOutChannel},
    ids::LeadId,
    lead::{Lead, Need, Outcome},
    message::{InFlight, InFlightState},
};
use leadline::ports::{Rev, SideWrites, WaitingLead};

use super::{Store, conflict, done, samples::*};

fn waits(n: u64, needs: &[(Need, i64)]) -> WaitingLead {
    WaitingLead { lead: lead_id(n), needs: needs.iter().map(|(need, minutes)| (*need, at(*minutes))).collect() }
}

async fn all(store: &impl Store) -> Vec<WaitingLead> {
    done(store.waiting(&acme(), 1_000).await)
}

fn held(n: u64, minutes: i64) -> Lead {
    let mut lead = lead(n);
    lead.hold_person("a reply that may mean no", at(minutes));
    lead
}

fn replied(n: u64, minutes: i64) -> Lead {
    let mut lead = lead(n);
    lead.await_answer(at(minutes));
    lead
}

fn reviewed(n: u64, minutes: i64) -> Lead {
    let mut lead = lead_due(n, at(0));
    lead.review(enrollment_id(n), "no template", at(minutes));
    lead
}

pub async fn those_who_wait_are_listed_longest_first_with_what_for(store: Arc<impl Store>) {
    assert_eq!(all(&*store).await, []);
    done(add(&*store, &held(1, 30)).await);
    done(add(&*store, &replied(2, 10)).await);
    done(add(&*store, &reviewed(3, 20)).await);
    done(add(&*store, &lead_due(4, at(5))).await);
    let mut both = reviewed(5, 50);
    both.hold_person("someone wrote from the provider's own inbox", at(40));
    done(add(&*store, &both).await);
    let expected = [
        waits(2, &[(Need::Unanswered, 10)]),
        waits(3, &[(Need::Review, 20)]),
        waits(1, &[(Need::Held, 30)]),
        waits(5, &[(Need::Held, 40), (Need::Review, 50)]),
    ];
    for limit in 0..6 {
        assert_eq!(done(store.waiting(&acme(), limit).await), expected[..limit.min(4)], "limit {limit}");
    }
}

pub async fn a_lead_leaves_the_list_in_the_write_that_clears_it(store: Arc<impl Store>) {
    let mut lead = held(1, 30);
    let rev = done(add(&*store, &lead).await);
    lead.recent.push(at(31));
    let rev = done(store.save(&lead, Some(rev), SideWrites::default()).await);
    assert_eq!(all(&*store).await, [waits(1, &[(Need::Held, 30)])], "once, however often it is written");
    lead.await_answer(at(40));
    let rev = done(store.save(&lead, Some(rev), SideWrites::default()).await);
    assert_eq!(all(&*store).await, [waits(1, &[(Need::Unanswered, 40), (Need::Held, 30)])]);
    let mut late = lead.clone();
    late.answered();
    conflict(store.save(&late, Some(Rev(rev.0 - 1)), SideWrites::default()).await, "it was read before the last save");
    assert_eq!(all(&*store).await.len(), 1, "a refused save clears nothing");
    lead.release();
    let rev = done(store.save(&lead, Some(rev), SideWrites::default()).await);
    assert_eq!(all(&*store).await, [waits(1, &[(Need::Unanswered, 40)])]);
    lead.answered();
    done(store.save(&lead, Some(rev), SideWrites::default()).await);
    assert_eq!(all(&*store).await, []);
}

pub async fn a_reply_that_nobody_was_told_of_is_found_until_somebody_was(store: Arc<impl Store>) {
    done(add(&*store, &held(1, 5)).await);
    let mut lead = replied(2, 10);
    let rev = done(add(&*store, &lead).await);
    let untold = async || done(store.untold(&acme(), 10).await);
    assert_eq!(untold().await, [waits(2, &[(Need::Unanswered, 10)])]);
    assert_eq!(done(store.untold(&acme(), 0).await), []);
    assert!(lead.told_of_replies(at(10), at(10)));
    done(store.save(&lead, Some(rev), SideWrites::default()).await);
    assert_eq!(untold().await, []);
    assert_eq!(all(&*store).await.len(), 2, "it waits for its answer still");
}

pub async fn clients_have_people_who_wait_of_their_own(store: Arc<impl Store>) {
    let mut theirs = Lead::new(lead_id(1), bolt());
    theirs.await_answer(at(1));
    done(add(&*store, &theirs).await);
    assert_eq!((all(&*store).await, done(store.untold(&acme(), 10).await)), (vec![], vec![]));
    assert_eq!(done(store.waiting(&bolt(), 10).await).len(), 1);
}

/// Does something to a lead, by a number.
fn change(lead: &mut Lead, n: u64, what: u64, minutes: i64) {
    match what {
        0 => _ = lead.hold_person("in doubt", at(minutes)),
        1 => drop(lead.release()),
        2 => lead.await_answer(at(minutes)),
        3 => _ = lead.told_of_replies(at(0), at(minutes)),
        4 => _ = lead.answered(),
        5 => lead.review(enrollment_id(n), "no template", at(minutes)),
        6 => drop(lead.lift_review(enrollment_id(n), at(minutes))),
        7 => drop(lead.opt_out(OptOut { at: at(minutes), channel: OptOutChannel::Operator, words: None }, at(minutes))),
        8 => drop(lead.lift_opt_out()),
        9 => drop(lead.end_all(Outcome::Abandoned, "by hand", at(minutes))),
        10 => lead.in_flight = None,
        _ => {
            let state = InFlightState::Unknown {
                since: at(minutes),
                ask_at: (minutes % 2 == 0).then(|| at(minutes)),
                asked: 3,
                why: "no answer".to_owned(),
            };
            lead.in_flight = Some(in_flight(n, state));
        }
    }
}

fn in_flight(n: u64, state: InFlightState) -> InFlight {
    InFlight {
        attempt: format!("{n:026}").parse().expect("an id"),
        enrollment: enrollment_id(n),
        step: 1,
        to: phone(n),
        text: "Hi.".to_owned(),
        at: at(0),
        expires_at: at(9),
        hours: "open".to_owned(),
        run: run_id(n),
        tries: 1,
        put_off: 0,
        state,
        account: None,
    }
}

/// The rule that the report stands on: whatever happened, the list is what a look at every lead finds.
pub async fn whatever_happened_the_list_is_what_a_walk_over_all_leads_finds(store: Arc<impl Store>) {
    let mut leads: Vec<Lead> = (1..=8).map(|n| lead_due(n, at(0))).collect();
    let mut revs = Vec::new();
    for lead in &leads {
        revs.push(done(add(&*store, lead).await));
    }
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    for minutes in 1..=300 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (which, what) = ((seed >> 33) % 8, (seed >> 43) % 12);
        let place = usize::try_from(which).expect("small");
        change(&mut leads[place], which + 1, what, minutes);
        leads[place].phone = None;
        let also = SideWrites { count_later: true, ..SideWrites::default() };
        revs[place] = done(store.save(&leads[place], Some(revs[place]), also).await);
        if minutes % 20 == 0 {
            let found: Vec<(LeadId, BTreeMap<Need, _>)> =
                all(&*store).await.into_iter().map(|waiting| (waiting.lead, waiting.needs)).collect();
            let mut walked = Vec::new();
            for id in done(store.lead_ids(&acme(), None, 100).await) {
                let lead = done(store.lead(&acme(), id).await).expect("it is there").lead;
                walked.extend(lead.attention().map(|attention| (attention.since, id, attention.needs)));
            }
            walked.sort();
            let walked: Vec<_> = walked.into_iter().map(|(_, id, needs)| (id, needs)).collect();
            assert_eq!(found, walked, "after {minutes} changes");
        }
    }
}
