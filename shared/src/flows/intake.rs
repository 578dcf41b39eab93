//! Taking in a form: from a stored raw event to a lead that is enrolled, or kept with the reason why not.
//!
//! An event may be worked on twice, by the webhook and by a run that takes it up again, so every step
//! here leads to the same end when it is repeated.

mod enter;
mod known;

use chrono::TimeDelta;

use super::{alerts::Alerts, derived_id, receipts::take_receipt, record::Recorder, replies, settling::Settling};
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
        Also, Directory, EventOutcome, EventState, EventStore, LeadStore, PhoneRecord, RawEvent, Source, StoreError,
        StoreResult,
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
    pub async fn resume(&self, client: &Client, event: RawEvent, recorder: &Recorder<'_>) -> StoreResult<EventState> {
        match (event.source, &event.state) {
            (_, EventState::Done { .. } | EventState::Unusable { .. }) => Ok(event.state),
            (Source::Kajabi, _) => self.kajabi(client, event, None, recorder).await,
            (Source::TwilioInbound, _) => {
                let reply = match replies::twilio(&event.body, client) {
                    Ok(reply) => reply,
                    Err(reason) => return self.unusable(event, "reply", reason, recorder).await,
                };
                let id = derived_id::outcome_of(&event);
                let result = replies::take_reply(self.leads, &client.id, &reply, id, Some(&event), recorder).await?;
                Ok(EventState::Done { result })
            }
            (Source::TwilioStatus, _) => {
                let Some(receipt) = receipt_of(&event) else {
                    let words = "a delivery receipt of a text that is not ours; it is kept";
                    return self.ignored(event, "receipt", words, recorder).await;
                };
                let settling = Settling { directory: self.directory, leads: self.leads, alerts: self.alerts };
                let (result, received) = take_receipt(settling, client, &receipt, recorder).await?;
                self.conclude(event, EventState::Done { result }, received).await
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
        event: RawEvent,
        content_type: Option<&str>,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let delivery = kajabi::read(event.body.as_bytes(), content_type, event.received_at);
        match delivery.content {
            Content::Form(form) if form.is_test => {
                let words = "a test sample of Kajabi: nobody is texted for it";
                self.ignored(event, "test_sample", words, recorder).await
            }
            Content::Form(form) => self.form(client, event, &form, recorder).await,
            Content::Other { event: kind } => {
                let words = format!("a {kind} event starts nothing");
                self.ignored(event, &kind, &words, recorder).await
            }
            Content::Unusable { reason } => self.unusable(event, "unreadable", reason, recorder).await,
        }
    }

    /// Puts an event off that could not be worked through: each time longer, and after the last try
    /// to the events that a person must look at. It keeps nobody else waiting.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written either.
    pub async fn put_off(&self, event: RawEvent, why: &StoreError, recorder: &Recorder<'_>) -> StoreResult<()> {
        let EventState::Received { tries, .. } = event.state else { return Ok(()) };
        let done = if tries + 1 < EVENT_TRIES {
            let wait = TimeDelta::minutes(15) * 2_i32.pow(tries.min(6));
            let state = EventState::Received { due: recorder.now + wait, tries: tries + 1 };
            self.events.conclude(&EventOutcome { event, state }, Vec::new()).await
        } else {
            let reason = format!("could not be worked through in {EVENT_TRIES} tries: {why}");
            self.unusable(event, "failed", reason, recorder).await.map(|_| ())
        };
        match done {
            // Someone else worked on it meanwhile.
            Err(StoreError::Conflict) => Ok(()),
            done => done,
        }
    }

    /// An event that changes nothing.
    async fn ignored(
        &self,
        event: RawEvent,
        reason: &str,
        words: &str,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let ignored = recorder.event(Event::EventIgnored, Status::Ok).because(reason, words);
        self.conclude(event, EventState::Done { result: words.to_owned() }, ignored).await
    }

    /// An event that makes no sense.
    async fn unusable(
        &self,
        event: RawEvent,
        reason: &str,
        words: String,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let unusable = recorder.event(Event::EventUnusable, Status::Rejected).because(reason, &words);
        self.conclude(event, EventState::Unusable { reason: words }, unusable).await
    }

    /// Writes an event's end and the one audit event that says what came of it.
    async fn conclude(&self, event: RawEvent, state: EventState, came: AuditEvent) -> StoreResult<EventState> {
        let came = AuditEvent { id: derived_id::outcome_of(&event), ..came };
        self.events.conclude(&EventOutcome { event, state: state.clone() }, vec![came]).await?;
        Ok(state)
    }

    /// Takes in one form, in the same write that concludes its event.
    async fn form(
        &self,
        client: &Client,
        event: RawEvent,
        form: &FormSubmission,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let Some(form_id) = &form.form else {
            let words = "the submission does not say which form it is".to_owned();
            return self.unusable(event, "no_form", words, recorder).await;
        };
        let campaign = self.directory.campaign_of_form(&client.id, form_id).await?;
        for _ in 0..TRIES {
            let mut known = self.find(client, form).await?;
            let was_new = known.read_at.is_none();
            let said = known.update(client, &event, form, campaign.as_ref());
            let mut audit = vec![recorder.about(
                &known.lead,
                if was_new { Event::LeadCreated } else { Event::LeadUpdated },
                Status::Ok,
            )];
            let entry = enter(client, campaign.as_ref(), &mut known, said, &event, recorder);
            audit.extend(entry.audit);
            let state = EventState::Done { result: format!("lead {}: {}", known.lead.id, entry.words) };
            let outcome = EventOutcome { event: event.clone(), state: state.clone() };
            let also = Also { profile: Some(known.profile.clone()), opt_out: None, audit, event: Some(outcome) };
            match self.leads.save(&known.lead, known.read_at, also).await {
                Ok(_) => {
                    if let Some(alert) = entry.alert {
                        self.alerts.raise(alert, client.mailbox(), recorder).await;
                    }
                    return Ok(state);
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
