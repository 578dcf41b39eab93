//! Erasing a person: what they said and what was said to them goes, the proof that it was lawful stays.
//!
//! What stays, for claims that reach back years: that texts went out and when, under which consent and
//! in which hours, without words, names or numbers; and an opt-out, which lives with the number and must
//! outlive the person's data, without its words. See `docs/RUNBOOK.md`.

mod emptied;
mod others;
mod search;

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    record::Recorder,
    update::{Conflicts, Retries, Update, update},
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::Client,
    contact_status::ContactStatus,
    email::EmailAddress,
    erasure::{ErasureRecord, Identifiers},
    event::{EventKey, EventState, PROOF_KEPT, RawEvent},
    ids::LeadId,
    incoming::{Incoming, ReadEvent},
    lead::Outcome,
    person::Person,
    phone::PhoneNumber,
};
use ports::{
    Directory, ErasureLedger, ErasureStore, EventStore, Journal, LeadStore, SideWrites, StoreError, StoredLead,
};
use search::{Named, Search};

/// What erasing needs.
#[derive(Clone, Copy)]
pub struct Erase<'a> {
    /// How a raw event is read.
    pub read: ReadEvent,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Raw events.
    pub events: &'a dyn EventStore,
    /// The audit.
    pub journal: &'a dyn Journal,
    /// The last write, and the opt-outs of others.
    pub store: &'a dyn ErasureStore,
    /// Settings, whose hold on sending has a reason in words.
    pub directory: &'a dyn Directory,
    /// Where erasures are remembered.
    pub ledger: &'a dyn ErasureLedger,
}

/// Why a person cannot be erased now.
#[derive(Debug, thiserror::Error)]
pub enum NotErased {
    /// There is no such lead.
    #[error("there is no lead {0}")]
    NoLead(LeadId),
    /// A text is on its way.
    #[error("a text to this lead is on its way: try again in some minutes, or settle it first")]
    InFlightText,
    /// A message or a booking that names the person is stored and not processed yet: it may be an opt-out, which
    /// must stay. Or another lead's event is, whose work must not be lost.
    #[error(
        "a message or booking of this person has come in and is not processed yet: try again after the scheduler's \
         next run, in 15 minutes at most"
    )]
    NotProcessed,
    /// The reason would stay in the audit.
    #[error("the reason names the person, and it is kept: say it without name, number and address")]
    ReasonNames,
    /// In a restored copy the person gave consent anew after the erasure.
    #[error("the person has given consent again since the erasure")]
    CameAgain,
    /// The ledger of erasures failed.
    #[error("the erasure cannot be remembered outside the table, so no data was erased: {0}")]
    NotRemembered(#[source] StoreError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Conflicts for NotErased {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// What an erasure looked at, and what it emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Days of the client's index of what happened.
    pub days: u64,
    /// Audit records that were read in it.
    pub records_searched: usize,
    /// Audit records that were emptied.
    pub records_emptied: usize,
    /// Raw events that were read.
    pub events_searched: usize,
    /// Raw events that were emptied.
    pub events_emptied: usize,
    /// Raw events of other leads, in which only the person's number and addresses were replaced.
    pub events_redacted: usize,
    /// Items of numbers that lead nowhere any more.
    pub numbers: usize,
    /// Items of email addresses that lead nowhere any more.
    pub addresses: usize,
    /// Opt-outs that stay with their number, without their words.
    pub opt_outs: usize,
    /// Other leads whose events name the same number or address. Only that was replaced in them, or, where it could
    /// not be told apart from the rest, the event was emptied.
    pub other_leads: BTreeSet<LeadId>,
}

/// A person's request to be erased, as an operator passes it on.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The lead.
    pub lead: LeadId,
    /// Who does it.
    pub by: &'a str,
    /// Why, in words that are kept.
    pub because: &'a str,
    /// A new random text, under which numbers and addresses are remembered as hashes.
    pub salt: &'a str,
}

/// What one try goes by.
struct Asked<'a> {
    lead: LeadId,
    reason: &'static str,
    words: String,
    /// The erasure that is repeated, if it is one.
    record: Option<&'a ErasureRecord>,
    salt: &'a str,
}

impl<'a> Erase<'a> {
    /// Erasing in one store, remembered in `ledger`.
    pub fn new<S>(store: &'a S, read: ReadEvent, ledger: &'a dyn ErasureLedger) -> Self
    where
        S: LeadStore + EventStore + Journal + ErasureStore + Directory,
    {
        Self { read, leads: store, events: store, journal: store, store, directory: store, ledger }
    }
}

impl Erase<'_> {
    /// Erases a person. Can be repeated at any point: until the last write the lead can be found by its number and
    /// address, and after it by its id.
    ///
    /// # Errors
    /// [`NotErased`] says why not.
    pub async fn person(
        &self,
        client: &Client,
        request: Request<'_>,
        recorder: &Recorder<'_>,
    ) -> Result<Erased, NotErased> {
        let Request { lead, by, because, salt } = request;
        let stored = self.leads.lead(&client.id, lead).await?.ok_or(NotErased::NoLead(lead))?;
        let known = Identifiers::of(&stored.lead, &stored.profile);
        // An operator may share a first name with the person.
        if known.or_names_are_in(because) || known.are_spoken_of_in(by) {
            return Err(NotErased::ReasonNames);
        }
        let asked = Asked { lead, reason: "request", words: format!("by {by}: {because}"), record: None, salt };
        self.until_written(client, &asked, recorder).await
    }

    /// Erases again, in a restored copy, who was erased before. A lead that the copy does not have is searched for in
    /// its events by what is remembered. What came in after the erasure is the person's new word, and stays; so does
    /// a lead that gave consent anew, which is for an operator to decide on.
    ///
    /// # Errors
    /// [`NotErased`] says why not.
    pub async fn again(
        &self,
        client: &Client,
        record: &ErasureRecord,
        recorder: &Recorder<'_>,
    ) -> Result<Erased, NotErased> {
        let Some(stored) = self.leads.lead(&client.id, record.lead).await? else {
            let person = Identifiers::unknown(record.lead);
            let from = client.since.unwrap_or(record.at - PROOF_KEPT);
            let (own, record, until) = (BTreeSet::new(), Some(record), record.at);
            return Ok(Search { erase: *self, client, recorder, person: &person, own, record, from, until }
                .run()
                .await?);
        };
        if stored.profile.consent.is_some_and(|consent| consent.at > record.at) {
            return Err(NotErased::CameAgain);
        }
        let words = format!("erased on {} already, and repeated after a restore", record.at.format("%Y-%m-%d"));
        let asked = Asked { lead: record.lead, reason: "restored", words, record: Some(record), salt: "" };
        self.until_written(client, &asked, recorder).await
    }

    async fn until_written(
        &self,
        client: &Client,
        asked: &Asked<'_>,
        recorder: &Recorder<'_>,
    ) -> Result<Erased, NotErased> {
        let mut retries = Retries::default();
        loop {
            let done = self.once(client, asked, recorder).await;
            if !retries.again(&done) {
                return done;
            }
        }
    }

    async fn once(&self, client: &Client, asked: &Asked<'_>, recorder: &Recorder<'_>) -> Result<Erased, NotErased> {
        let stored = self.end(client, asked.lead, recorder).await?;
        let journey = self.leads.journey(&client.id, asked.lead, Instant::UNIX_EPOCH).await?;
        let own = own_events(&stored, &journey);
        let stored = self.learn_former(client, stored, &own, None).await?;
        let began = client.since.unwrap_or(recorder.now - PROOF_KEPT);
        let from = began.min(stored.profile.created_at);
        // Ids of this moment are still to come; of an erasure that is repeated, the person's later word stays.
        let until = asked.record.map_or(recorder.now + chrono::TimeDelta::minutes(1), |record| record.at);
        let search_for = |person| {
            let (own, record) = (own.clone(), asked.record);
            Search { erase: *self, client, recorder, person, own, record, from, until }
        };
        // An event that changed nothing may name the person by a number or an address that nothing else does.
        let known = Identifiers::of(&stored.lead, &stored.profile);
        let (named, mut others) = search_for(&known).named().await?;
        if asked.record.is_none() {
            self.all_are_processed(client, asked.lead, &named).await?;
        }
        let of_nobody_else = named.iter().filter(|(_, lead)| lead.is_none_or(|lead| lead == asked.lead));
        let unlinked = of_nobody_else.map(|(key, _)| key.clone()).collect();
        let stored = self.learn_former(client, stored, &unlinked, Some(&known)).await?;
        let person = Identifiers::of(&stored.lead, &stored.profile);
        if asked.record.is_none() {
            let record = ErasureRecord::of(&client.id, &person, asked.salt.to_owned(), recorder.now);
            self.ledger.remember(&record).await.map_err(NotErased::NotRemembered)?;
        }
        let search = search_for(&person);
        if person != known {
            others.extend(search.named().await?.1);
        }
        // Before the records go that lead to them.
        let reworded = self.what_others_said(client, &person, others).await?;
        let mut erased = search.run().await?;
        erased.other_leads.extend(reworded);
        let worded: Vec<AuditEvent> = journey.iter().filter_map(|event| emptied::own(event, &person)).collect();
        for some in worded.chunks(25) {
            self.journal.record(some).await?;
        }
        erased.records_emptied += worded.len();
        if let ContactStatus::OptedOut(opt_out) = &stored.lead.standing {
            self.same_words_elsewhere(client, opt_out, &erased.other_leads).await?;
        }
        let mut last = emptied::last_write(stored, &person, recorder);
        last.audit = last.audit.because(asked.reason, &asked.words);
        let items = self.store.erase(&last).await?;
        (erased.numbers, erased.addresses, erased.opt_outs) = (items.numbers, items.addresses, items.opt_outs);
        Ok(erased)
    }

    /// Ends every enrollment, so that nothing goes out any more.
    async fn end(&self, client: &Client, id: LeadId, recorder: &Recorder<'_>) -> Result<StoredLead, NotErased> {
        const WHY: &str = "the person's data was erased";
        let found = update(self.leads, &client.id, id, |StoredLead { mut lead, .. }| {
            let left = lead.end_all(Outcome::Abandoned, WHY, recorder.now);
            if lead.in_flight.is_some() {
                return Err(NotErased::InFlightText);
            }
            if left.is_empty() {
                return Ok(Update::Leave(()));
            }
            let ended = |campaign| {
                let ended = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
                ended.ending(Outcome::Abandoned, WHY).in_campaign(campaign, None)
            };
            let audit = left.iter().map(ended).collect();
            Ok(Update::write(lead, SideWrites::recording(audit), ()))
        });
        found.await?.ok_or(NotErased::NoLead(id))?;
        let stored = self.leads.lead(&client.id, id).await?.ok_or(NotErased::NoLead(id))?;
        match stored.lead.enrollments.is_empty() && stored.lead.in_flight.is_none() {
            true => Ok(stored),
            // It came into something since.
            false => Err(StoreError::Conflict.into()),
        }
    }

    /// Fails while a message or a booking that names the person is stored and not processed, as an opt-out would go
    /// with it; and while another lead's event is, as its work would.
    async fn all_are_processed(&self, client: &Client, person: LeadId, named: &Named) -> Result<(), NotErased> {
        for (key, lead) in named {
            let is_anothers = lead.is_some_and(|lead| lead != person);
            if !key.comes_first() && !is_anothers {
                continue;
            }
            let event = self.events.event(&client.id, key).await?;
            if event.is_some_and(|event| matches!(event.state, EventState::Received { .. })) {
                return Err(NotErased::NotProcessed);
            }
        }
        Ok(())
    }

    /// Keeps with the lead what its own events say that it was known by, unless another lead is known by it: releases
    /// of before did not keep it, and once the events are emptied nothing else says it. Of events that only name the
    /// person somewhere, those count whose sender is `known` to be the person: others mention people, too.
    async fn learn_former(
        &self,
        client: &Client,
        stored: StoredLead,
        events: &BTreeSet<EventKey>,
        known: Option<&Identifiers>,
    ) -> Result<StoredLead, NotErased> {
        let StoredLead { rev, lead, mut profile } = stored;
        let mut learned = false;
        for key in events {
            let Some(event) = self.events.event(&client.id, key).await? else { continue };
            let (phone, email) = self.named_in(&event, client);
            let is_sender = |known: &Identifiers| {
                phone.as_ref().is_some_and(|phone| known.phones.contains(phone))
                    || email.as_ref().is_some_and(|email| known.emails.contains(email))
            };
            if !known.is_none_or(is_sender) {
                continue;
            }
            if let Some(email) = email.filter(|email| profile.email.as_ref() != Some(email)) {
                let owner = self.leads.lead_of_email(&client.id, &email).await?;
                learned |= owner.is_none_or(|owner| owner == lead.id) && profile.former.add_email(&email);
            }
            if let Some(phone) = phone.filter(|phone| lead.phone.as_ref() != Some(phone)) {
                let owner = self.leads.phone(&client.id, &phone).await?.lead;
                learned |= owner.is_none_or(|owner| owner == lead.id) && profile.former.add_phone(&phone);
            }
        }
        if !learned {
            return Ok(StoredLead { rev, lead, profile });
        }
        let also = SideWrites { profile: Some(profile.clone()), ..SideWrites::default() };
        let rev = self.leads.save(&lead, Some(rev), also).await?;
        Ok(StoredLead { rev, lead, profile })
    }

    /// The number and the address that an event names its person by.
    fn named_in(&self, event: &RawEvent, client: &Client) -> (Option<PhoneNumber>, Option<EmailAddress>) {
        let of = |person: &Person| {
            let phone = person.phone.as_deref().and_then(|phone| PhoneNumber::parse(phone, client.region).ok());
            (phone, person.email.as_deref().and_then(|email| EmailAddress::parse(email).ok()))
        };
        match (self.read)(event, client) {
            Ok(Incoming::Form(form)) => of(&form.person),
            Ok(Incoming::CommerceEvent(happening)) => of(&happening.person),
            Ok(Incoming::Reply(reply)) => (Some(reply.from), None),
            Ok(Incoming::Send(asked)) => (Some(asked.to), None),
            Ok(Incoming::Unsubscribed { phone }) => (Some(phone), None),
            Ok(Incoming::Booking(news)) => (news.who.phone, news.who.email),
            // A receipt of a text in test mode is of the test phone.
            Ok(Incoming::Receipt(_) | Incoming::Nothing(_)) | Err(_) => (None, None),
        }
    }
}

/// The raw events that led to what is recorded about a lead.
fn own_events(stored: &StoredLead, journey: &[AuditEvent]) -> BTreeSet<EventKey> {
    let consent = stored.profile.consent.iter().map(|given| given.event.clone());
    let outcomes = journey.iter().filter_map(|event| event.raw.clone());
    consent.chain(outcomes).map(EventKey).collect()
}
