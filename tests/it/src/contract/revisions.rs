//! Saves that race, come late or are repeated.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{Instant, ids::LeadId, lead::Lead};
use leadline::ports::{PhoneRecord, Rev, SideWrites, StoredLead};

use super::{Store, conflict, done, only_winner, samples::*, storm};

/// A lead as it is stored, which must be there.
async fn stored(store: &impl Store, id: LeadId) -> StoredLead {
    done(store.lead(&acme(), id).await).expect("the lead is there")
}

pub async fn each_save_counts_one_revision_up(store: Arc<impl Store>) {
    let mut lead = lead_due(1, at(60));
    let mut rev = done(add(&*store, &lead).await);
    for n in 2..6 {
        lead.wait(enrollment_id(1), at(60 + n));
        rev = done(store.save(&lead, Some(rev), SideWrites::default()).await);
        assert_eq!(rev.0, u64::try_from(n).expect("positive"));
        assert_eq!(stored(&*store, lead.id).await.rev, rev);
    }
}

pub async fn a_save_over_another_revision_is_a_conflict_and_writes_nothing(store: Arc<impl Store>) {
    let mut lead = lead_with_phone(1, 1);
    let first = done(store.save(&lead, None, with(profile_with_email(&lead, 1))).await);
    lead.recent.push(at(1));
    let second = done(store.save(&lead, Some(first), SideWrites::default()).await);
    let before = stored(&*store, lead.id).await;
    let late = Lead { phone: Some(phone(2)), ..lead.clone() };
    let also = SideWrites {
        profile: Some(profile_with_email(&late, 2)),
        opt_out: Some(opt_out(at(2), "STOP")),
        audit: vec![audit_of(1, at(2), &late)],
        lifted: None,
        event: None,
        count_later: false,
    };
    conflict(store.save(&late, Some(first), also.clone()).await, "it was read before the last save");
    conflict(store.save(&late, Some(Rev(second.0 + 1)), also.clone()).await, "no such revision was ever written");
    assert_eq!(stored(&*store, lead.id).await, before);
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord { lead: Some(lead.id), opt_out: None });
    assert_eq!(done(store.phone(&acme(), &phone(2)).await), PhoneRecord::default());
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), Some(lead.id));
    assert_eq!(done(store.lead_of_email(&acme(), &email(2)).await), None);
    assert_eq!(done(store.journey(&acme(), lead.id, Instant::UNIX_EPOCH).await), [], "no audit of what did not happen");
    conflict(store.save(&lead_with_phone(9, 9), Some(Rev(1)), also).await, "there is no such lead");
    assert_eq!(done(store.lead(&acme(), lead_id(9)).await), None);
}

pub async fn a_new_lead_does_not_replace_one(store: Arc<impl Store>) {
    let old = lead_due(1, at(60));
    done(add(&*store, &old).await);
    conflict(add(&*store, &lead_due(1, at(90))).await, "the lead is not new");
    assert_eq!(stored(&*store, old.id).await.lead, old);
}

pub async fn of_many_saves_over_one_revision_one_is_written(store: Arc<impl Store>) {
    let lead = lead_due(1, at(60));
    let rev = done(add(&*store, &lead).await);
    let moved = |i: u64| lead_due(1, at(100 + i64::try_from(i).expect("a small number")));
    let results = storm(&store, 16, |store, i| async move {
        let also = SideWrites { audit: vec![audit_of(i, at(1), &moved(i))], ..SideWrites::default() };
        store.save(&moved(i), Some(rev), also).await
    })
    .await;
    let winner = u64::try_from(only_winner(results)).expect("a small number");
    let now = stored(&*store, lead.id).await;
    assert_eq!((now.rev, now.lead), (Rev(2), moved(winner)));
    let told = done(store.journey(&acme(), lead.id, Instant::UNIX_EPOCH).await);
    assert_eq!(told, [audit_of(winner, at(1), &lead)], "only the winner's audit is written");
}

pub async fn a_save_repeated_after_a_lost_answer_gives_the_same_revision(store: Arc<impl Store>) {
    let mut lead = lead_with_phone(1, 1);
    let mut also = SideWrites { audit: vec![audit_of(1, at(1), &lead)], ..with(profile_with_email(&lead, 1)) };
    for time in ["first", "repeated"] {
        assert_eq!(done(store.save(&lead, None, also.clone()).await), Rev(1), "{time}");
    }
    lead.opt_out(opt_out(at(2), "STOP"), at(2));
    also = SideWrites {
        opt_out: Some(opt_out(at(2), "STOP")),
        audit: vec![audit_of(2, at(2), &lead)],
        profile: None,
        lifted: None,
        event: None,
        count_later: false,
    };
    for time in ["first", "repeated"] {
        assert_eq!(done(store.save(&lead, Some(Rev(1)), also.clone()).await), Rev(2), "{time}");
    }
    assert_eq!(stored(&*store, lead.id).await.rev, Rev(2));
    let told = done(store.journey(&acme(), lead.id, Instant::UNIX_EPOCH).await);
    assert_eq!(told, [audit_of(1, at(1), &lead), audit_of(2, at(2), &lead)], "each audit event is there once");
}

pub async fn a_repetition_is_a_conflict_once_someone_has_written_after_it(store: Arc<impl Store>) {
    let (first, second) = (lead_due(1, at(60)), lead_due(1, at(90)));
    let rev = done(add(&*store, &first).await);
    let rev = done(store.save(&second, Some(rev), SideWrites::default()).await);
    conflict(add(&*store, &first).await, "another save has come after it");
    assert_eq!(stored(&*store, first.id).await.lead, second);
    let rev = done(store.save(&first, Some(rev), SideWrites::default()).await);
    conflict(add(&*store, &first).await, "the lead is as it was, but two saves have come after it");
    assert_eq!(stored(&*store, first.id).await.rev, rev);
}

pub async fn a_save_that_only_looks_like_a_repetition_is_a_conflict(store: Arc<impl Store>) {
    let lead = lead(1);
    let rev = done(add(&*store, &lead).await);
    let written = SideWrites { audit: vec![audit_of(1, at(1), &lead)], ..with(profile_with_email(&lead, 1)) };
    done(store.save(&lead, Some(rev), written.clone()).await);
    let other_data = with(profile_with_email(&lead, 2));
    conflict(store.save(&lead, Some(rev), other_data).await, "other data would be lost in silence");
    let other_audit = SideWrites { audit: vec![audit_of(2, at(1), &lead)], ..written };
    conflict(store.save(&lead, Some(rev), other_audit).await, "another's audit would be lost in silence");
    assert_eq!(stored(&*store, lead.id).await.profile, profile_with_email(&lead, 1));
    assert_eq!(done(store.journey(&acme(), lead.id, Instant::UNIX_EPOCH).await), [audit_of(1, at(1), &lead)]);
}
