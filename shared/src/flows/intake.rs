//! Taking in a form: from a stored raw event to a lead that is enrolled, or kept with the reason why not.
//!
//! An event may be worked on twice, by the webhook and by a run that takes it up again, so every step
//! here leads to the same end when it is repeated.

use chrono::TimeDelta;

use super::{
    alerts::{Alert, Alerts},
    conclude::{Concluded, conclude, next_look, turned_away},
    record::Recorder,
    replies,
};
use crate::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        campaign::Campaign,
        client::Client,
        consent::Consent,
        decide::{Case, decide},
        email::EmailAddress,
        gate::Decision,
        ids::{AuditId, ClientId, EnrollmentId, LeadId},
        lead::{Enrollment, Lead, Waits},
        phone::{InvalidPhone, PhoneNumber},
        profile::{self, Profile},
        standing::Standing,
    },
    ports::{Also, Directory, EventState, EventStore, LeadStore, RawEvent, Rev, Source, StoreError, StoreResult},
    sources::kajabi::{self, Content, FormSubmission},
};

/// How often a lead is read again when something else was written in between.
const TRIES: usize = 8;

/// How often an event is worked on before a person must look at it. The waits add up to two days.
const EVENT_TRIES: u32 = 10;

/// Answers that are kept of one lead, all forms together.
const ANSWERS: usize = 80;

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
                        result: replies::take_reply(self.leads, &client.id, &reply, outcome_id(&event), recorder)
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
                self.note(&event, Event::EventIgnored, "receipt", "a delivery receipt, which is kept", recorder)
                    .await?;
                event.state = EventState::Done { result: "kept".to_owned() };
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
        self.alerts.journal.record(&[AuditEvent { id: outcome_id(of), ..outcome }]).await
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

    /// The lead that the form is about: by number, else by address, else a new one.
    async fn find(&self, client: &Client, form: &FormSubmission) -> StoreResult<Known> {
        let phone = PhoneNumber::parse(form.phone.as_deref().unwrap_or_default(), client.region);
        let email = form.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
        let record = match &phone {
            Ok(phone) => self.leads.phone(&client.id, phone).await?,
            Err(_) => crate::ports::PhoneRecord::default(),
        };
        let by_email = match &email {
            Some(email) => self.leads.lead_of_email(&client.id, email).await?,
            None => None,
        };
        let stored = match record.lead.or(by_email) {
            Some(id) => self.leads.lead(&client.id, id).await?,
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
            opt_out: record.opt_out,
        })
    }
}

/// A lead as far as it is known, and what the form says of it.
struct Known {
    read_at: Option<Rev>,
    lead: Lead,
    profile: Profile,
    phone: Result<PhoneNumber, InvalidPhone>,
    email: Option<EmailAddress>,
    opt_out: Option<crate::domain::standing::OptOut>,
}

impl Known {
    /// Writes what the form says into the lead, and gives the consent that this form gave.
    fn update(
        &mut self,
        client: &Client,
        event: &RawEvent,
        form: &FormSubmission,
        campaign: Option<&Campaign>,
    ) -> Option<Consent> {
        if self.read_at.is_none() {
            let id = LeadId(id_from(event, "lead"));
            self.lead = Lead::new(id, client.id.clone());
            self.profile = Profile::new(id, event.received_at);
        }
        match &self.phone {
            Ok(phone) => {
                self.lead.phone = Some(phone.clone());
                self.profile.unread_phone = None;
            }
            Err(InvalidPhone::Missing) => {}
            Err(_) if self.lead.phone.is_none() => {
                self.profile.unread_phone = form.phone.as_ref().map(|raw| raw.chars().take(64).collect());
            }
            Err(_) => {}
        }
        if let (Some(opt_out), Standing::Open | Standing::Held { .. }) = (&self.opt_out, &self.lead.standing) {
            self.lead.standing = Standing::OptedOut(opt_out.clone());
        }
        if self.email.is_some() {
            self.profile.email.clone_from(&self.email);
        }
        let named = |raw: &Option<String>| raw.as_deref().and_then(profile::name);
        self.profile.first_name = named(&form.first_name).or(self.profile.first_name.take());
        self.profile.last_name = named(&form.last_name).or(self.profile.last_name.take());
        let zone = |answer: &String| answer.parse().ok();
        self.profile.zone = form.answers.get("time_zone").and_then(zone).or(self.profile.zone);
        for (field, answer) in &form.answers {
            if self.profile.answers.len() < ANSWERS || self.profile.answers.contains_key(field) {
                self.profile.answers.insert(field.clone(), answer.clone());
            }
        }
        let given = consent(event, form, campaign);
        self.profile.consent = given.clone().or(self.profile.consent.take());
        given
    }
}

fn consent(event: &RawEvent, form: &FormSubmission, campaign: Option<&Campaign>) -> Option<Consent> {
    let form_id = form.form.as_ref()?;
    let terms = campaign?.rule(form_id)?.consent.as_ref()?;
    let how = terms.given(&form.answers)?;
    Some(Consent {
        form: form_id.clone(),
        terms: terms.version.clone(),
        at: event.received_at,
        event: event.key.0.clone(),
        how,
    })
}

/// An id that is the same for the same event of the same client, so that working on it twice makes one.
fn id_from(event: &RawEvent, what: &str) -> ulid::Ulid {
    id_of(&format!("{what}/{}/{}", event.client, event.key.0), event.received_at)
}

/// The id of the audit event that says what came of a raw event: the same however often it is
/// worked on, so that each event received has one outcome and the books balance.
fn outcome_id(event: &RawEvent) -> AuditId {
    AuditId(id_from(event, "outcome"))
}

/// The id of a lead of whom nothing is known but the number.
pub(super) fn id_of_phone(client: &ClientId, phone: &PhoneNumber, at: Instant) -> ulid::Ulid {
    id_of(&format!("phone/{client}/{}", phone.e164()), at)
}

fn id_of(what: &str, at: Instant) -> ulid::Ulid {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(what);
    let mut random = [0; 16];
    random[6..].copy_from_slice(&digest[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, u128::from_be_bytes(random))
}

/// What entering a campaign came to.
struct Entry {
    audit: Vec<AuditEvent>,
    alert: Option<Alert>,
    words: String,
}

/// Enrolls the lead, or says why not.
fn enter(
    client: &Client,
    campaign: Option<&Campaign>,
    known: &mut Known,
    given: Option<Consent>,
    event: &RawEvent,
    recorder: &Recorder<'_>,
) -> Entry {
    let own = EnrollmentId(id_from(event, "enrollment"));
    if known.lead.enrollment(own).is_some() || known.lead.history.iter().any(|past| past.id == own) {
        // This event was worked on before, up to here; its outcome is on record.
        return Entry { audit: Vec::new(), alert: None, words: "enrolled before".to_owned() };
    }
    let reject = |lead: &Lead, reason: &str, words: String| {
        let mut rejected = recorder.about(lead, Event::Rejected, Status::Rejected).because(reason, &words);
        rejected.id = outcome_id(event);
        rejected.campaign = campaign.map(|campaign| campaign.id.clone());
        Entry { audit: vec![rejected], alert: None, words }
    };
    if let Standing::OptedOut(_) = known.lead.standing {
        return reject(&known.lead, "opted_out", "the person has opted out".to_owned());
    }
    let Some(campaign) = campaign else {
        return reject(&known.lead, "unknown_form", "no campaign enrolls by this form".to_owned());
    };
    if known.lead.enrollments.iter().any(|live| live.campaign == campaign.id) {
        let words = format!("is in campaign {} already", campaign.id);
        let ignored = recorder.about(&known.lead, Event::EventIgnored, Status::Ok).because("already_enrolled", &words);
        let ignored = AuditEvent { id: outcome_id(event), ..ignored.in_campaign(&campaign.id, None) };
        return Entry { audit: vec![ignored], alert: None, words };
    }
    if known.lead.history.iter().any(|past| past.campaign == campaign.id) {
        return reject(&known.lead, "already_completed", format!("was in campaign {} before", campaign.id));
    }
    let plan = campaign.plan();
    let Some(first) = plan.first() else {
        return reject(&known.lead, "no_messages", format!("campaign {} has no active message", campaign.id));
    };
    let mut enrollment = Enrollment {
        id: own,
        campaign: campaign.id.clone(),
        version: plan.version,
        step: first.step,
        imported_at: event.received_at,
        waits: Waits::Until(event.received_at),
        sent: 0,
        last_sent_at: None,
    };
    // What this form did not give, an older consent does not replace: it was for another purpose.
    let profile = Profile { consent: given, ..known.profile.clone() };
    let case = Case {
        client: client.clone(),
        campaign: campaign.status.clone(),
        plan,
        lead: known.lead.clone(),
        profile,
        enrollment: enrollment.clone(),
    };
    let verdict = decide(&case, recorder.now);
    if let Some((reason, words)) = turned_away(&known.lead, &verdict.decision) {
        return reject(&known.lead, &reason, words);
    }
    enrollment.waits = Waits::Until(next_look(&verdict));
    let id = enrollment.id;
    known.lead.enroll(enrollment);
    let enrolled =
        recorder.about(&known.lead, Event::Enrolled, Status::Ok).in_campaign(&campaign.id, Some(case.enrollment.step));
    let mut audit = vec![AuditEvent { id: outcome_id(event), ..enrolled }];
    let (concluded, words) = match &verdict.decision {
        Decision::Send(_) => (Concluded::default(), "enrolled, due now".to_owned()),
        Decision::Wait { gate, reason, .. } => {
            audit = audit.into_iter().map(|enrolled| enrolled.because(gate.code(), reason)).collect();
            (Concluded::default(), format!("enrolled, waits: {reason}"))
        }
        Decision::End { reason, .. } => {
            (conclude(&mut known.lead, id, &verdict, recorder), format!("enrolled and ended: {reason}"))
        }
        Decision::Refuse(refusal) => {
            (conclude(&mut known.lead, id, &verdict, recorder), format!("enrolled, waits for review: {refusal}"))
        }
    };
    audit.extend(concluded.audit);
    Entry { audit, alert: concluded.alert, words }
}
