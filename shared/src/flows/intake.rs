//! Taking in a form: from a stored raw event to a lead that is enrolled, or kept with the reason why not.
//!
//! An event may be worked on twice, by the webhook and by a run that takes it up again, so every step
//! here leads to the same end when it is repeated.

mod enter;
mod known;

use chrono::TimeDelta;

use super::{alerts::Alerts, derived_id, receipts::take_receipt, record::Recorder, replies};
use crate::{
    domain::{
        audit::{AuditEvent, Event, Status},
        client::Client,
        email::EmailAddress,
        ids::LeadId,
        lead::Lead,
        phone::PhoneNumber,
        profile::Profile,
        receipt::Receipt,
        standing::Standing,
    },
    ports::{
        Also, Directory, EventState, EventStore, LeadStore, PhoneRecord, RawEvent, Source, StoreError, StoreResult,
    },
    sources::{
        kajabi::{self, Content, FormSubmission},
        twilio::status::StatusUpdate,
    },
};
use enter::enter;
use known::Known;

/// How often a lead is read again when something else was written in between.
const TRIES: usize = 8;

/// How often an event is worked on before a person must look at it. The waits add up to two days.
const EVENT_TRIES: u32 = 10;

/// What taking in needs.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    /// Campaigns by form.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Raw events.
    pub events: &'a dyn EventStore,
    /// Where alerts go.
    pub alerts: Alerts<'a>,
}

/// A delivery receipt as Twilio posts it. `None` if it is about no text of ours.
fn receipt_of(event: &RawEvent) -> Option<Receipt> {
    let fields = |text: &str| serde_urlencoded::from_str::<Vec<(String, String)>>(text).unwrap_or_default();
    let query = fields(event.query.as_deref().unwrap_or_default());
    StatusUpdate::parse(&fields(&event.body), &query).ok()?.receipt()
}

impl Intake<'_> {
    /// Works an event through that was stored before, whoever sent it.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; the event stays due.
    pub async fn resume(
        &self,
        client: &Client,
        mut event: RawEvent,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        match (event.source, &event.state) {
            (_, EventState::Done { .. } | EventState::Unusable { .. }) => Ok(event.state),
            (Source::Kajabi, _) => self.kajabi(client, event, None, recorder).await,
            (Source::TwilioInbound, _) => {
                event.state = match replies::twilio(&event.body, client) {
                    Ok(reply) => EventState::Done {
                        result: replies::take_reply(
                            self.leads,
                            &client.id,
                            &reply,
                            derived_id::outcome_of(&event),
                            recorder,
                        )
                        .await?,
                    },
                    Err(reason) => {
                        self.note(&event, Event::EventUnusable, "reply", &reason, recorder).await?;
                        EventState::Unusable { reason }
                    }
                };
                self.events.set_state(&event).await?;
                Ok(event.state)
            }
            (Source::TwilioStatus, _) => {
                let result = match receipt_of(&event) {
                    Some(receipt) => {
                        let id = derived_id::outcome_of(&event);
                        take_receipt(self.directory, self.leads, self.alerts, client, &receipt, id, recorder).await?
                    }
                    None => {
                        let words = "a delivery receipt of a text that is not ours; it is kept";
                        self.note(&event, Event::EventIgnored, "receipt", words, recorder).await?;
                        words.to_owned()
                    }
                };
                event.state = EventState::Done { result };
                self.events.set_state(&event).await?;
                Ok(event.state)
            }
        }
    }

    /// Works a stored Kajabi event through to its end and writes what came of it.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; the event stays due and is taken up by a later run.
    pub async fn kajabi(
        &self,
        client: &Client,
        mut event: RawEvent,
        content_type: Option<&str>,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let delivery = kajabi::read(event.body.as_bytes(), content_type, event.received_at);
        event.state = match delivery.content {
            Content::Form(form) if form.is_test => {
                self.note(
                    &event,
                    Event::EventIgnored,
                    "test_sample",
                    "a test sample of Kajabi: nobody is texted for it",
                    recorder,
                )
                .await?;
                EventState::Done { result: "a test sample".to_owned() }
            }
            Content::Form(form) => match self.form(client, &event, &form, recorder).await? {
                Ok(result) => EventState::Done { result },
                Err(reason) => {
                    self.note(&event, Event::EventUnusable, "no_form", &reason, recorder).await?;
                    EventState::Unusable { reason }
                }
            },
            Content::Other { event: kind } => {
                let words = format!("a {kind} event starts nothing");
                self.note(&event, Event::EventIgnored, &kind, &words, recorder).await?;
                EventState::Done { result: words }
            }
            Content::Unusable { reason } => {
                self.note(&event, Event::EventUnusable, "unreadable", &reason, recorder).await?;
                EventState::Unusable { reason }
            }
        };
        self.events.set_state(&event).await?;
        Ok(event.state)
    }

    /// Puts an event off that could not be worked through: each time longer, and after the last try
    /// to the events that a person must look at. It keeps nobody else waiting.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written either.
    pub async fn put_off(&self, mut event: RawEvent, why: &StoreError, recorder: &Recorder<'_>) -> StoreResult<()> {
        let EventState::Received { tries, .. } = event.state else { return Ok(()) };
        if tries + 1 < EVENT_TRIES {
            let wait = TimeDelta::minutes(15) * 2_i32.pow(tries.min(6));
            event.state = EventState::Received { due: recorder.now + wait, tries: tries + 1 };
        } else {
            let reason = format!("could not be worked through in {EVENT_TRIES} tries: {why}");
            self.note(&event, Event::EventUnusable, "failed", &reason, recorder).await?;
            event.state = EventState::Unusable { reason };
        }
        self.events.set_state(&event).await
    }

    async fn note(
        &self,
        of: &RawEvent,
        event: Event,
        reason: &str,
        words: &str,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let status = if event == Event::EventUnusable { Status::Rejected } else { Status::Ok };
        let outcome = recorder.event(event, status).because(reason, words);
        self.alerts.journal.record(&[AuditEvent { id: derived_id::outcome_of(of), ..outcome }]).await
    }

    /// Takes in one form. The inner error is the reason why it cannot be used.
    async fn form(
        &self,
        client: &Client,
        event: &RawEvent,
        form: &FormSubmission,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Result<String, String>> {
        let Some(form_id) = &form.form else {
            return Ok(Err("the submission does not say which form it is".to_owned()));
        };
        let campaign = self.directory.campaign_of_form(&client.id, form_id).await?;
        for _ in 0..TRIES {
            let mut known = self.find(client, form).await?;
            let was_new = known.read_at.is_none();
            let said = known.update(client, event, form, campaign.as_ref());
            let mut audit = vec![recorder.about(
                &known.lead,
                if was_new { Event::LeadCreated } else { Event::LeadUpdated },
                Status::Ok,
            )];
            let entry = enter(client, campaign.as_ref(), &mut known, said, event, recorder);
            audit.extend(entry.audit);
            let also = Also { profile: Some(known.profile.clone()), opt_out: None, audit };
            match self.leads.save(&known.lead, known.read_at, also).await {
                Ok(_) => {
                    if let Some(alert) = entry.alert {
                        self.alerts.raise(alert, client.mailbox(), recorder).await;
                    }
                    return Ok(Ok(format!("lead {}: {}", known.lead.id, entry.words)));
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// The lead that the form is about: the one with its number, else the one with its address if that
    /// has no other number, else a new one.
    async fn find(&self, client: &Client, form: &FormSubmission) -> StoreResult<Known> {
        let phone = PhoneNumber::parse(form.phone.as_deref().unwrap_or_default(), client.region);
        let email = form.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
        let record = match &phone {
            Ok(phone) => self.leads.phone(&client.id, phone).await?,
            Err(_) => PhoneRecord::default(),
        };
        let by_email = match &email {
            Some(email) => self.leads.lead_of_email(&client.id, email).await?,
            None => None,
        };
        let found = match record.lead.or(by_email) {
            Some(id) => self.leads.lead(&client.id, id).await?,
            None => None,
        };
        let mut opt_out = record.opt_out;
        let stored = match found {
            Some(known) if record.lead.is_some() || phone.is_err() || known.lead.phone.is_none() => Some(known),
            Some(known) => {
                // Another number is another lead: nobody's texts move to a number that a form merely
                // names. But a no that this address stands for is heard there too.
                if let Standing::OptedOut(no) = known.lead.standing {
                    opt_out.get_or_insert(no);
                }
                None
            }
            None => None,
        };
        // An address that another lead has stays with that lead.
        let email_is_free = by_email.is_none_or(|owner| stored.as_ref().is_some_and(|stored| stored.lead.id == owner));
        Ok(Known {
            read_at: stored.as_ref().map(|stored| stored.rev),
            lead: stored
                .as_ref()
                .map_or_else(|| Lead::new(LeadId(ulid::Ulid::nil()), client.id.clone()), |stored| stored.lead.clone()),
            profile: stored.map_or_else(
                || Profile::new(LeadId(ulid::Ulid::nil()), chrono::DateTime::UNIX_EPOCH),
                |stored| stored.profile,
            ),
            phone,
            email: email.filter(|_| email_is_free),
            opt_out,
        })
    }
}
