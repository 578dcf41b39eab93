//! Whose a number and an address are, and the opt-out that stays with the number.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{
    contact_status::{ContactStatus, Lifted, ListedOptOut},
    lead::Lead,
};
use leadline::ports::{PhoneRecord, Rev, SideWrites};

use super::{Store, conflict, done, only_winner, samples::*, storm};

/// Writes a new lead whose person has said no.
pub(super) async fn add_opted_out(store: &impl Store, mut lead: Lead) -> (Lead, Rev) {
    let no = opt_out(at(1), "STOP");
    lead.opt_out(no.clone(), at(1));
    let also = SideWrites { opt_out: Some(no), ..with(profile(&lead)) };
    let rev = done(store.save(&lead, None, also).await);
    (lead, rev)
}

pub async fn a_number_of_another_lead_is_a_conflict(store: Arc<impl Store>) {
    done(add(&*store, &lead_with_phone(1, 1)).await);
    let rev = done(add(&*store, &lead_with_phone(2, 2)).await);
    conflict(add(&*store, &lead_with_phone(3, 1)).await, "another lead has the number of the new one");
    let taken = lead_with_phone(2, 1);
    conflict(store.save(&taken, Some(rev), with(profile(&taken))).await, "another lead has the new number");
    assert_eq!(done(store.lead(&acme(), lead_id(3)).await), None);
    for (number, owner) in [(1, lead_id(1)), (2, lead_id(2))] {
        assert_eq!(done(store.phone(&acme(), &phone(number)).await).lead, Some(owner), "number {number}");
    }
}

pub async fn of_many_new_leads_with_one_number_one_is_written(store: Arc<impl Store>) {
    let results = storm(&store, 16, |store, i| async move { add(&*store, &lead_with_phone(i, 1)).await }).await;
    let winner = lead_id(u64::try_from(only_winner(results)).expect("a small number"));
    assert_eq!(done(store.phone(&acme(), &phone(1)).await).lead, Some(winner));
    let all: Vec<_> = (0..16).map(lead_id).collect();
    let there: Vec<_> = done(store.leads(&acme(), &all).await).iter().map(|stored| stored.lead.id).collect();
    assert_eq!(there, [winner], "nothing is left of the others");
}

pub async fn an_email_of_another_lead_is_a_conflict(store: Arc<impl Store>) {
    let [first, second, third] = [lead(1), lead(2), lead(3)];
    done(store.save(&first, None, with(profile_with_email(&first, 1))).await);
    let rev = done(store.save(&second, None, with(profile_with_email(&second, 2))).await);
    let taken = |lead: &Lead| with(profile_with_email(lead, 1));
    conflict(store.save(&third, None, taken(&third)).await, "another lead has the address of the new one");
    conflict(store.save(&second, Some(rev), taken(&second)).await, "another lead has the new address");
    assert_eq!(done(store.lead(&acme(), third.id).await), None);
    for (n, owner) in [(1, first.id), (2, second.id)] {
        assert_eq!(done(store.lead_of_email(&acme(), &email(n)).await), Some(owner), "address {n}");
    }
}

pub async fn of_many_new_leads_with_one_email_one_is_written(store: Arc<impl Store>) {
    let also = |i| with(profile_with_email(&lead(i), 1));
    let results = storm(&store, 16, |store, i| async move { store.save(&lead(i), None, also(i)).await }).await;
    let winner = lead_id(u64::try_from(only_winner(results)).expect("a small number"));
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), Some(winner));
    let all: Vec<_> = (0..16).map(lead_id).collect();
    let there: Vec<_> = done(store.leads(&acme(), &all).await).iter().map(|stored| stored.lead.id).collect();
    assert_eq!(there, [winner], "nothing is left of the others");
}

pub async fn a_lead_that_changes_number_and_email_frees_the_old_ones(store: Arc<impl Store>) {
    let (first, second) = (lead_with_phone(1, 1), lead_with_phone(2, 1));
    let rev = done(store.save(&first, None, with(profile_with_email(&first, 1))).await);
    let moved = lead_with_phone(1, 2);
    let rev = done(store.save(&moved, Some(rev), with(profile_with_email(&moved, 2))).await);
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord::default());
    assert_eq!(done(store.phone(&acme(), &phone(2)).await).lead, Some(first.id));
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), None);
    assert_eq!(done(store.lead_of_email(&acme(), &email(2)).await), Some(first.id));
    done(store.save(&second, None, with(profile_with_email(&second, 1))).await);
    assert_eq!(done(store.phone(&acme(), &phone(1)).await).lead, Some(second.id));
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), Some(second.id));
    done(store.save(&lead(1), Some(rev), with(profile(&first))).await);
    assert_eq!(done(store.phone(&acme(), &phone(2)).await), PhoneRecord::default(), "given up for none");
    assert_eq!(done(store.lead_of_email(&acme(), &email(2)).await), None, "given up for none");
}

pub async fn leads_without_number_and_email_are_nobodys_rivals(store: Arc<impl Store>) {
    for n in 1..4 {
        assert_eq!(done(add(&*store, &lead(n)).await), Rev(1), "lead {n}");
    }
}

pub async fn an_opt_out_stays_with_the_number_that_the_lead_gave_up(store: Arc<impl Store>) {
    let (mut lead, rev) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    let no = Some(opt_out(at(1), "STOP"));
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord { lead: Some(lead.id), opt_out: no.clone() });
    lead.phone = Some(phone(2));
    done(store.save(&lead, Some(rev), with(profile(&lead))).await);
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord { lead: None, opt_out: no });
    let new = done(store.phone(&acme(), &phone(2)).await);
    assert_eq!(new, PhoneRecord { lead: Some(lead.id), opt_out: None }, "nobody said no with the new number");
}

pub async fn an_opt_out_that_the_lead_does_not_know_of_is_a_conflict(store: Arc<impl Store>) {
    let (mut gone, rev) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    gone.phone = None;
    done(store.save(&gone, Some(rev), with(profile(&gone))).await);
    let mut new = lead_with_phone(2, 1);
    conflict(add(&*store, &new).await, "the person behind the number of the new lead has said no");
    assert_eq!(done(store.lead(&acme(), new.id).await), None);
    let rev = done(add(&*store, &lead(3)).await);
    let moved = store.save(&lead_with_phone(3, 1), Some(rev), with(profile(&lead(3)))).await;
    conflict(moved, "the person behind the new number has said no");
    new.standing = ContactStatus::Held { reason: "to be looked at".to_owned(), since: at(2) };
    conflict(add(&*store, &new).await, "a lead that is held does not know of it either");
    new.standing = ContactStatus::OptedOut(opt_out(at(1), "STOP"));
    done(add(&*store, &new).await);
    let record = done(store.phone(&acme(), &phone(1)).await);
    assert_eq!(record, PhoneRecord { lead: Some(new.id), opt_out: Some(opt_out(at(1), "STOP")) });
}

pub async fn an_opted_out_lead_is_not_reopened_by_a_save(store: Arc<impl Store>) {
    let (mut lead, rev) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    lead.standing = ContactStatus::Open;
    conflict(store.save(&lead, Some(rev), with(profile(&lead))).await, "the number's opt-out stands");
}

pub async fn the_first_opt_out_of_a_number_stays(store: Arc<impl Store>) {
    let (mut lead, rev) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    lead.recent.push(at(5));
    let again = SideWrites { opt_out: Some(opt_out(at(5), "stop it")), ..SideWrites::default() };
    let rev = done(store.save(&lead, Some(rev), again).await);
    let first = Some(opt_out(at(1), "STOP"));
    assert_eq!(done(store.phone(&acme(), &phone(1)).await).opt_out, first, "the first proof counts");
    lead.recent.clear();
    done(store.save(&lead, Some(rev), SideWrites::default()).await);
    let record = done(store.phone(&acme(), &phone(1)).await);
    assert_eq!(record, PhoneRecord { lead: Some(lead.id), opt_out: first }, "a save without a no takes none away");
}

pub async fn every_opt_out_of_a_client_is_in_its_list_with_its_first_proof(store: Arc<impl Store>) {
    let (second, rev) = add_opted_out(&*store, lead_with_phone(2, 2)).await;
    add_opted_out(&*store, lead_with_phone(1, 1)).await;
    done(add(&*store, &lead_with_phone(3, 3)).await);
    let again = SideWrites { opt_out: Some(opt_out(at(5), "stop it")), ..SideWrites::default() };
    done(store.save(&second, Some(rev), again).await);
    let no = |number| ListedOptOut { phone: phone(number), opt_out: opt_out(at(1), "STOP"), lifted: None };
    assert_eq!(done(store.opt_outs(&acme()).await), [no(1), no(2)]);
    let nobody = leadline::domain::ids::ClientId::parse("nobody").expect("an id");
    assert_eq!(done(store.opt_outs(&nobody).await), []);
}

pub async fn an_opt_out_that_is_lifted_leaves_the_number_and_stays_in_the_list(store: Arc<impl Store>) {
    let (mut lead, rev) = add_opted_out(&*store, lead_with_phone(1, 1)).await;
    let no = lead.lift_opt_out().expect("it has opted out");
    let by = || "Kim".to_owned();
    let lifted = Lifted { at: at(9), by: by(), reason: "wants texts again".to_owned(), proof: "an email".to_owned() };
    let also = || SideWrites { lifted: Some((no.clone(), lifted.clone())), ..SideWrites::default() };
    let rev = done(store.save(&lead, Some(rev), also()).await);
    let record = done(store.phone(&acme(), &phone(1)).await);
    assert_eq!(record, PhoneRecord { lead: Some(lead.id), opt_out: None });
    let listed = ListedOptOut { phone: phone(1), opt_out: no.clone(), lifted: Some(lifted.clone()) };
    assert_eq!(done(store.opt_outs(&acme()).await), [listed]);
    let repeated = done(store.save(&lead, Some(Rev(rev.0 - 1)), also()).await);
    assert_eq!(repeated, rev, "the same write again, after a lost answer");

    let anew = opt_out(at(20), "STOP again");
    lead.opt_out(anew.clone(), at(20));
    done(store.save(&lead, Some(rev), SideWrites { opt_out: Some(anew.clone()), ..SideWrites::default() }).await);
    assert_eq!(done(store.phone(&acme(), &phone(1)).await).opt_out, Some(anew.clone()));
    let stands = ListedOptOut { phone: phone(1), opt_out: anew, lifted: None };
    assert_eq!(done(store.opt_outs(&acme()).await), [stands], "a new no stands, whatever was lifted before");
}
