//! A lead as far as it is known, and what an event adds to it.

use super::super::derived_id;
use domain::{
    Instant,
    booking::Booking,
    campaign::Campaign,
    client::Client,
    consent::Consent,
    contact_status::{ContactStatus, OptOut},
    email::EmailAddress,
    event::RawEvent,
    ids::LeadId,
    incoming::FormSubmission,
    lead::Lead,
    person::Person,
    phone::{InvalidPhone, PhoneNumber},
    profile::{self, Profile},
};
use ports::Rev;

/// Answers that are kept of one lead, all events together.
const ANSWERS: usize = 80;

/// A lead as far as it is known, and who the event says it is.
pub(super) struct Known {
    pub(super) read_at: Option<Rev>,
    pub(super) lead: Lead,
    pub(super) profile: Profile,
    pub(super) phone: Result<PhoneNumber, InvalidPhone>,
    pub(super) email: Option<EmailAddress>,
    /// Another lead, which has the address. The same person may be behind both.
    pub(super) other: Option<LeadId>,
    pub(super) opt_out: Option<OptOut>,
    /// A booking of another lead that has the address.
    pub(super) booked: Option<Booking>,
}

impl Known {
    /// Writes into the lead who the event says it is, as of `now`. A lead that is new gets its id.
    pub(super) fn update(&mut self, client: &Client, event: &RawEvent, person: &Person, now: Instant) {
        if self.read_at.is_none() {
            let id = LeadId(derived_id::of_event(event, "lead"));
            self.lead = Lead::new(id, client.id.clone());
            self.profile = Profile::new(id, event.received_at);
        }
        match &self.phone {
            // Found by its number, or without one until now: it never moves from one number to another.
            Ok(phone) => {
                self.lead.phone = Some(phone.clone());
                self.profile.unread_phone = None;
            }
            Err(InvalidPhone::Missing) => {}
            Err(_) if self.lead.phone.is_none() => {
                self.profile.unread_phone = person.phone.as_ref().map(|raw| raw.chars().take(64).collect());
            }
            Err(_) => {}
        }
        if let (Some(opt_out), ContactStatus::Open | ContactStatus::Held { .. }) = (&self.opt_out, &self.lead.standing)
        {
            self.lead.standing = ContactStatus::OptedOut(opt_out.clone());
        }
        if let Some(email) = &self.email {
            self.profile.change_email(email.clone());
        }
        self.describe(person, now);
    }

    /// Writes into the profile what a person is called and what they answered.
    pub(super) fn describe(&mut self, person: &Person, now: Instant) {
        let named = |raw: &Option<String>| raw.as_deref().and_then(profile::name);
        self.profile.first_name = named(&person.first_name).or(self.profile.first_name.take());
        self.profile.last_name = named(&person.last_name).or(self.profile.last_name.take());
        self.profile.locate(&person.answers, now);
        for (field, answer) in &person.answers {
            if self.profile.answers.len() < ANSWERS || self.profile.answers.contains_key(field) {
                self.profile.answers.insert(field.clone(), answer.clone());
            }
        }
    }

    /// Keeps the consent that an event gave, if it gave one, and hands it on.
    pub(super) fn consents(&mut self, given: Option<Consent>) -> Option<Consent> {
        self.profile.consent = given.clone().or(self.profile.consent.take());
        given
    }
}

/// The consent that a form gave.
pub(super) fn by_form(event: &RawEvent, form: &FormSubmission, campaign: Option<&Campaign>) -> Option<Consent> {
    let form_id = form.form.as_ref()?;
    let terms = campaign?.rule(form_id)?.consent.as_ref()?;
    let how = terms.given(&form.person.answers)?;
    Some(Consent {
        form: Some(form_id.clone()),
        terms: terms.version.clone(),
        at: event.received_at,
        event: event.key.0.clone(),
        how,
    })
}
