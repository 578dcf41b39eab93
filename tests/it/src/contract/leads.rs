//! Leads and their data, as they are read.
#![allow(missing_docs, reason = "the name of a check is its rule")]

use std::sync::Arc;

use leadline::domain::{client::SettingsProblem, lead::Lead};
use leadline::ports::{PhoneRecord, Rev, SideWrites, StoredLead, TextKey};

use super::{Store, done, samples::*};

pub async fn a_new_lead_reads_back_at_revision_one(store: Arc<impl Store>) {
    let lead = Lead { phone: Some(phone(1)), ..lead_due(1, at(60)) };
    let profile = profile_with_email(&lead, 1);
    let rev = done(store.save(&lead, None, with(profile.clone())).await);
    assert_eq!(rev, Rev(1));
    let stored = StoredLead { rev, lead: lead.clone(), profile };
    assert_eq!(done(store.lead(&acme(), lead.id).await), Some(stored));
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord { lead: Some(lead.id), opt_out: None });
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), Some(lead.id));
}

pub async fn what_is_not_there_is_none(store: Arc<impl Store>) {
    assert_eq!(done(store.lead(&acme(), lead_id(1)).await), None);
    assert_eq!(done(store.leads(&acme(), &[lead_id(1)]).await), []);
    assert_eq!(done(store.leads(&acme(), &[]).await), []);
    assert_eq!(done(store.phone(&acme(), &phone(1)).await), PhoneRecord::default());
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), None);
    assert_eq!(done(store.journey(&acme(), lead_id(1), leadline::domain::Instant::UNIX_EPOCH).await), []);
}

pub async fn what_a_text_needs_is_read_at_once(store: Arc<impl Store>) {
    let (lead, webinar) = (lead_due(1, at(60)), campaign("webinar", &["1"]));
    let key = TextKey { client: acme(), lead: lead.id, campaign: webinar.id.clone(), version: 1 };
    let read = done(store.read_for_text(&key).await);
    assert_eq!(read.client, Err(SettingsProblem::Missing), "no settings yet");
    assert_eq!((read.campaign, read.plan, read.lead), (None, None, None), "nothing else yet");
    done(store.put_client(&settings(&acme())).await);
    done(put(&*store, &acme(), &webinar).await);
    done(add(&*store, &lead).await);
    let read = done(store.read_for_text(&key).await);
    assert_eq!(read.client, Ok(settings(&acme())));
    assert_eq!((read.campaign, read.plan), (Some(webinar.clone()), Some(webinar.plan())));
    assert_eq!(read.lead, done(store.lead(&acme(), lead.id).await));
    assert!(read.lead.is_some(), "the lead is there");
}

pub async fn many_leads_are_read_at_once_and_missing_ones_left_out(store: Arc<impl Store>) {
    for n in 0..130 {
        done(add(&*store, &lead(n)).await);
    }
    let asked: Vec<_> = (0..140).map(lead_id).collect();
    let mut read: Vec<_> = done(store.leads(&acme(), &asked).await).iter().map(|stored| stored.lead.id).collect();
    read.sort_unstable();
    assert_eq!(read, asked[..130]);
}

pub async fn a_profile_stays_until_a_save_brings_another(store: Arc<impl Store>) {
    let (mut lead, mut data) = (lead_with_phone(1, 1), profile_with_email(&lead(1), 1));
    let rev = done(store.save(&lead, None, with(data.clone())).await);
    lead.recent.push(at(1));
    let rev = done(store.save(&lead, Some(rev), SideWrites::default()).await);
    let stored = done(store.lead(&acme(), lead.id).await);
    assert_eq!(stored, Some(StoredLead { rev, lead: lead.clone(), profile: data.clone() }));
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), Some(lead.id));
    data.first_name = None;
    data.answers.insert("custom_1".to_owned(), "Yes".to_owned());
    let rev = done(store.save(&lead, Some(rev), with(data.clone())).await);
    let stored = done(store.lead(&acme(), lead.id).await);
    assert_eq!(stored, Some(StoredLead { rev, lead: lead.clone(), profile: data }));
    assert_eq!(done(store.lead_of_email(&acme(), &email(1)).await), Some(lead.id));
}

pub async fn clients_have_leads_of_their_own(store: Arc<impl Store>) {
    let ours = lead_with_phone(1, 1);
    let theirs = Lead { client: bolt(), ..ours.clone() };
    done(store.save(&ours, None, with(profile_with_email(&ours, 1))).await);
    assert_eq!(done(store.lead(&bolt(), theirs.id).await), None);
    assert_eq!(done(store.phone(&bolt(), &phone(1)).await), PhoneRecord::default());
    assert_eq!(done(store.lead_of_email(&bolt(), &email(1)).await), None);
    done(store.save(&theirs, None, with(profile_with_email(&theirs, 1))).await);
    let read = |stored: Option<StoredLead>| stored.map(|stored| stored.lead);
    assert_eq!(read(done(store.lead(&acme(), ours.id).await)), Some(ours));
    assert_eq!(read(done(store.lead(&bolt(), theirs.id).await)), Some(theirs));
}
