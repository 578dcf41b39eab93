//! The last write of an erasure, and what is remembered of it.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    contact_status::{ContactStatus, Lifted, ListedOptOut},
    erasure::{ErasureRecord, Identifiers},
    lead::Lead,
    profile::Profile,
};
use leadline::{
    domain::event::{EventOutcome, EventState},
    ports::{Emptied, ErasedItems, ErasureLedger, PhoneRecord, Rev, SideWrites, StoredLead},
};

use super::{Store, conflict, done, numbers::add_opted_out, samples::*};

fn emptied(stored: StoredLead) -> Emptied {
    let mut lead = stored.lead.clone();
    lead.phone = None;
    if let ContactStatus::OptedOut(no) = &stored.lead.standing {
        lead.standing = ContactStatus::OptedOut(no.without_words());
    }
    let profile = Profile::new(lead.id, stored.profile.created_at);
    let phones = stored.lead.phone.iter().chain(&stored.profile.former.phones).cloned().collect();
    let emails = stored.profile.email.iter().chain(&stored.profile.former.emails).cloned().collect();
    Emptied { stored, lead, profile, phones, emails, audit: audit(1, at(9)) }
}

async fn stored(store: &impl Store, lead: &Lead) -> StoredLead {
    done(store.lead(&acme(), lead.id).await).expect("it is there")
}

pub async fn a_number_and_addresses_lead_nowhere_after_an_erasure(store: Arc<impl Store>) {
    let lead = lead_with_phone(1, 1);
    let mut profile = profile_with_email(&lead, 1);
    profile.change_email(email(2));
    let rev = done(store.save(&lead, None, with(profile_with_email(&lead, 1))).await);
    done(store.save(&lead, Some(rev), with(profile)).await);
    let emptied = emptied(stored(&*store, &lead).await);
    let items = done(store.erase(&emptied).await);
    assert_eq!((items.numbers, items.opt_outs), (1, 0), "{items:?}");
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord::default());
    for n in [1, 2] {
        assert_eq!(done(store.lead_of_email(&acme(), &email(n)).await), None);
    }
    let left = stored(&*store, &lead).await;
    assert_eq!((left.rev, &left.lead, &left.profile), (Rev(3), &emptied.lead, &emptied.profile));
    assert_eq!(done(store.happened(&acme(), at(0), at(60), None).await).events, [audit(1, at(9))]);
    done(add(&*store, &lead_with_phone(2, 1)).await);
}

pub async fn an_opt_out_outlives_an_erasure_without_its_words(store: Arc<impl Store>) {
    let (lead, _) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    let items = done(store.erase(&emptied(stored(&*store, &lead).await)).await);
    assert_eq!(items, ErasedItems { numbers: 1, addresses: 0, opt_outs: 1 });
    let kept = opt_out(at(1), "STOP").without_words();
    let record = PhoneRecord { lead: None, opt_out: Some(kept.clone()) };
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), record);
    let listed = ListedOptOut { phone: phone(1), opt_out: kept, lifted: None };
    assert_eq!(done(store.opt_outs(&acme()).await), [listed]);
    conflict(add(&*store, &lead_with_phone(2, 1)).await, "the person behind the number has said no");
}

pub async fn an_opt_out_that_was_lifted_goes_with_its_number(store: Arc<impl Store>) {
    let (mut lead, rev) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    let no = lead.lift_opt_out().expect("it has opted out");
    let lifted = Lifted { at: at(9), by: "Kim".to_owned(), reason: "asked".to_owned(), proof: "a letter".to_owned() };
    done(store.save(&lead, Some(rev), SideWrites { lifted: Some((no, lifted)), ..SideWrites::default() }).await);
    let items = done(store.erase(&emptied(stored(&*store, &lead).await)).await);
    assert_eq!(items, ErasedItems { numbers: 1, addresses: 0, opt_outs: 0 });
    assert_eq!(done(store.opt_outs(&acme()).await), []);
    done(add(&*store, &lead_with_phone(2, 1)).await);
}

pub async fn what_another_lead_has_by_now_is_left_alone(store: Arc<impl Store>) {
    let (gone, other) = (lead_with_phone(1, 1), lead_with_phone(2, 2));
    done(add(&*store, &gone).await);
    done(store.save(&other, None, with(profile_with_email(&other, 2))).await);
    let mut emptied = emptied(stored(&*store, &gone).await);
    emptied.phones.push(phone(2));
    emptied.emails.push(email(2));
    let items = done(store.erase(&emptied).await);
    assert_eq!(items, ErasedItems { numbers: 1, addresses: 0, opt_outs: 0 });
    assert_eq!(done(store.phone(&acme(), &phone(2)).await).lead, Some(other.id));
    assert_eq!(done(store.lead_of_email(&acme(), &email(2)).await), Some(other.id));
}

pub async fn an_erasure_over_an_older_revision_is_a_conflict_and_writes_nothing(store: Arc<impl Store>) {
    let lead = lead_with_phone(1, 1);
    let rev = done(add(&*store, &lead).await);
    let emptied = emptied(stored(&*store, &lead).await);
    done(store.save(&lead, Some(rev), SideWrites::default()).await);
    conflict(store.erase(&emptied).await, "the lead was written in between");
    assert_eq!(done(store.phone(&acme(), &phone(1)).await).lead, Some(lead.id));
    assert_eq!(done(store.happened(&acme(), at(0), at(60), None).await).events, []);
}

pub async fn an_event_is_deleted_only_as_it_was_read(store: Arc<impl Store>) {
    let event = raw_event(1, at(10));
    done(store.receive(&event, audit(1, at(0))).await);
    let state = EventState::Done { result: "enrolled".to_owned() };
    done(store.conclude(&EventOutcome { event: event.clone(), state: state.clone() }, Vec::new()).await);
    conflict(store.delete_event(&event).await, "it was worked through in between");
    let read = done(store.event(&acme(), &key(1)).await).expect("it is there");
    // An event that is concluded with other words is kept with those.
    let without = leadline::domain::event::RawEvent { body: String::new(), ..read };
    done(store.conclude(&EventOutcome { event: without.clone(), state }, Vec::new()).await);
    assert_eq!(done(store.event(&acme(), &key(1)).await).as_ref(), Some(&without));
    done(store.delete_event(&without).await);
    assert_eq!(done(store.event(&acme(), &key(1)).await), None);
    assert_eq!(done(store.due(&acme(), at(1_000), 10).await), []);
}

/// What every ledger of erasures promises. It gets one that is empty.
pub async fn erasures_are_listed_by_client_since_a_moment_and_the_last_one_of_a_lead_counts(
    ledger: &impl ErasureLedger,
) {
    let record = |n: u64, client, minutes| {
        let lead = lead_with_phone(n, n);
        let person = Identifiers::of(&lead, &profile_with_email(&lead, n));
        ErasureRecord::of(client, &person, format!("salt-{n}"), at(minutes))
    };
    let (us, them) = (acme(), bolt());
    for record in [record(2, &us, 5), record(1, &us, 1), record(3, &them, 9), record(1, &us, 7)] {
        done(ledger.remember(&record).await);
    }
    assert_eq!(done(ledger.erasures(&us, at(0)).await), [record(1, &us, 7), record(2, &us, 5)]);
    assert_eq!(done(ledger.erasures(&us, at(6)).await), [record(1, &us, 7)]);
    assert_eq!(done(ledger.erasures(&them, at(9)).await), [record(3, &them, 9)]);
    assert_eq!(done(ledger.erasures(&them, at(10)).await), []);
}
