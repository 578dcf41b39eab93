//! Taking in: from a stored raw event to what it led to. A form leads to a lead that is enrolled, or
//! kept with the reason why not.
//!
//! An event may be worked on twice, by the webhook and by a run that takes it up again, so every step
//! here leads to the same end when it is repeated.

mod bookings;
mod by_hand;
mod enter;
mod known;
mod triggers;

use chrono::TimeDelta;

use super::{
    alerts::{Alert, Alerts},
    campaigns::{Actor, Discovery},
    derived_id,
    one_text::OneTexts,
    receipts::{Came, take_receipt},
    record::Recorder,
    replies::Replies,
    settling::Settling,
    unsubscribed::take_unsubscribe,
    update::Retries,
};
pub(super) use by_hand::{Asked, Entered, enter_by_hand};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::Client,
    contact_status::ContactStatus,
    email::EmailAddress,
    event::{EventOutcome, EventState, RawEvent},
    ids::{EnrollmentId, LeadId},
    incoming::{FormSubmission, Incoming, ReadEvent, Reason},
    lead::Lead,
    person::Person,
    phone::PhoneNumber,
    profile::Profile,
    tenants::Tenants,
};
use enter::Entering;
pub use enter::TWO_NUMBERS;
use known::{Known, by_form};
use ports::{Directory, EventStore, LeadStore, PhoneRecord, SideWrites, StoreError, StoreResult, TextQueue};

/// How often an event is worked on before a person must look at it. The waits add up to two days.
const EVENT_TRIES: u32 = 10;

/// What taking in needs.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    /// How a raw event is read.
    pub read: ReadEvent,
    /// Campaigns by form.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Raw events.
    pub events: &'a dyn EventStore,
    /// Where alerts go.
    pub alerts: Alerts<'a>,
    /// Where answers to replies go; `None` where nothing is answered.
    pub queue: Option<&'a dyn TextQueue>,
    /// What one client's data may do at the others.
    pub tenants: Tenants,
}

impl Intake<'_> {
    /// Works a stored event through to its end, whoever sent it, and writes what came of it.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; the event stays due and is taken up by a later run.
    pub async fn work(&self, client: &Client, event: RawEvent, recorder: &Recorder<'_>) -> StoreResult<EventState> {
        if !matches!(event.state, EventState::Received { .. }) {
            return Ok(event.state);
        }
        match (self.read)(&event, client) {
            Ok(Incoming::Form(form)) => self.form(client, event, &form, recorder).await,
            Ok(Incoming::CommerceEvent(happening)) => self.happening(client, event, &happening, recorder).await,
            Ok(Incoming::Reply(reply)) => {
                let id = derived_id::outcome_of(&event);
                let Self { directory, leads, alerts, queue, tenants, .. } = *self;
                let replies = Replies { directory, leads, alerts, queue, tenants };
                let result = replies.take(client, &reply, id, Some(&event), recorder).await?;
                Ok(EventState::Done { result })
            }
            Ok(Incoming::Receipt(receipt)) => {
                let settling = Settling { directory: self.directory, leads: self.leads, alerts: self.alerts };
                match take_receipt(settling, client, &receipt, &event, recorder).await? {
                    Came::Said { words, audit } => {
                        self.conclude(event, EventState::Done { result: words }, *audit).await
                    }
                    Came::DecisionEffects(state) => Ok(state),
                    Came::NotYet { until } => self.look_again(event, until).await,
                }
            }
            Ok(Incoming::Unsubscribed { phone }) => {
                take_unsubscribe(self.leads, &client.id, &phone, &event, recorder).await
            }
            Ok(Incoming::Booking(news)) => self.booking(client, event, &news, recorder).await,
            Ok(Incoming::Send(asked)) => {
                let texts = OneTexts { directory: self.directory, leads: self.leads, events: self.events };
                let taken = texts.take(client, &event, &asked, recorder).await?;
                Ok(EventState::Done { result: taken.words })
            }
            Ok(Incoming::Nothing(why)) => self.ignored(event, why, recorder).await,
            Err(why) => self.unusable(client, event, why, recorder).await,
        }
    }

    /// Puts an event off that could not be worked through: each time longer, and after the last try
    /// to the events that a person must look at. It keeps nobody else waiting.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written either.
    pub async fn put_off(
        &self,
        client: &Client,
        event: RawEvent,
        why: &StoreError,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let EventState::Received { tries, .. } = event.state else { return Ok(()) };
        let done = if tries + 1 < EVENT_TRIES {
            let wait = TimeDelta::minutes(15) * 2_i32.pow(tries.min(6));
            let state = EventState::Received { due: recorder.now + wait, tries: tries + 1 };
            self.events.conclude(&EventOutcome { event, state }, Vec::new()).await
        } else {
            let words = format!("could not be worked through in {EVENT_TRIES} tries: {why}");
            self.unusable(client, event, Reason { code: "failed".to_owned(), words }, recorder).await.map(|_| ())
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
        Reason { code, words }: Reason,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let ignored = recorder.event(Event::EventIgnored, Status::Ok).because(code, &words);
        self.conclude(event, EventState::Done { result: words }, ignored).await
    }

    /// Has an event that says nothing yet looked at again at `until`. It stands in the due index from the
    /// start, so that there may be nothing to write.
    async fn look_again(&self, event: RawEvent, until: Instant) -> StoreResult<EventState> {
        let (due, tries) = match event.state {
            EventState::Received { due, tries } => (due, tries),
            state => return Ok(state),
        };
        if due >= until {
            return Ok(event.state);
        }
        let state = EventState::Received { due: until, tries: tries + 1 };
        self.events.conclude(&EventOutcome { event, state: state.clone() }, Vec::new()).await?;
        Ok(state)
    }

    /// An event that makes no sense.
    async fn unusable(
        &self,
        client: &Client,
        event: RawEvent,
        Reason { code, words }: Reason,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        let unusable = recorder.event(Event::EventUnusable, Status::Rejected).because(code, &words);
        let alert = event.key.comes_first().then(|| Alert {
            cause: "reply-unreadable".to_owned(),
            subject: "a reply or a booking could not be read, and may be a no".to_owned(),
            text: format!(
                "Event {} could not be read: {words}.\n\nIt is kept, and nobody was stopped by it. Look at it now, in the \
                 provider's own inbox or by `leadline events show`, and record a no by `leadline opt-outs add`. Further ones of \
                 today are in the report.\n",
                event.key.0
            ),
        });
        let state = self.conclude(event, EventState::Unusable { reason: words }, unusable).await?;
        if let Some(alert) = alert {
            self.alerts.raise(alert, client.mailbox(), recorder).await;
        }
        Ok(state)
    }

    /// Writes an event's end and the one audit event that says what came of it.
    async fn conclude(&self, event: RawEvent, state: EventState, came: AuditEvent) -> StoreResult<EventState> {
        let came = derived_id::outcome(&event, came);
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
            return self.unusable(client, event, Reason { code: "no_form".to_owned(), words }, recorder).await;
        };
        let actor = Actor { who: "the form itself".to_owned(), from: event.key.0.clone() };
        let discovery = Discovery { directory: self.directory, alerts: self.alerts };
        let found = discovery.campaign_of(client, form_id, form.form_title.as_deref(), &actor, recorder).await?;
        let campaign = found.that_enrolls();
        let mut retries = Retries::default();
        loop {
            let mut known = self.find(client, &form.person, recorder.now).await?;
            let was_new = known.read_at.is_none();
            known.update(client, &event, &form.person, recorder.now);
            let given = known.consents(by_form(&event, form, campaign.as_ref().ok()));
            let own = EnrollmentId(derived_id::of_event(&event, "enrollment"));
            let mut audit = vec![recorder.about(
                &known.lead,
                if was_new { Event::LeadCreated } else { Event::LeadUpdated },
                Status::Ok,
            )];
            let campaign = campaign.as_ref().map_err(String::as_str);
            let entry = Entering { client, campaign, own, given, event: &event, recorder }.enter(&mut known);
            audit.extend(entry.came);
            audit.extend(entry.audit);
            let state = EventState::Done { result: format!("lead {}: {}", known.lead.id, entry.words) };
            let outcome = EventOutcome { event: event.clone(), state: state.clone() };
            let profile = Some(known.profile.clone());
            let also = SideWrites { profile, audit, event: Some(outcome), ..SideWrites::default() };
            let saved = self.leads.save(&known.lead, known.read_at, also).await;
            if retries.again(&saved) {
                continue;
            }
            saved?;
            if let Some(alert) = entry.alert {
                self.alerts.raise(alert, client.mailbox(), recorder).await;
            }
            return Ok(state);
        }
    }

    /// The lead that a person is: the one with their number, else the one with their address if that
    /// has no other number, else a new one.
    async fn find(&self, client: &Client, person: &Person, now: Instant) -> StoreResult<Known> {
        let phone = PhoneNumber::parse(person.phone.as_deref().unwrap_or_default(), client.region);
        let email = person.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
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
                if let ContactStatus::OptedOut(no) = known.lead.standing {
                    opt_out.get_or_insert(no);
                }
                None
            }
            None => None,
        };
        // An address that another lead has stays with that lead.
        let other = by_email.filter(|owner| stored.as_ref().is_none_or(|stored| stored.lead.id != *owner));
        // Who booked with this address has booked, whichever number is named here.
        let booked = match other {
            Some(other) => {
                let owner = self.leads.lead(&client.id, other).await?.map(|stored| stored.lead);
                owner.and_then(|lead| lead.booking_ahead(now).or(lead.booking_requested(now)).cloned())
            }
            None => None,
        };
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
            email: email.filter(|_| other.is_none()),
            other,
            opt_out,
            booked,
        })
    }
}
