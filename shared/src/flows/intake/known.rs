//! A lead as far as it is known, and what a form adds to it.

use super::super::derived_id;
use crate::{
    domain::{
        campaign::Campaign,
        client::Client,
        consent::Consent,
        email::EmailAddress,
        ids::LeadId,
        lead::Lead,
        phone::{InvalidPhone, PhoneNumber},
        profile::{self, Profile},
        standing::{OptOut, Standing},
    },
    ports::{RawEvent, Rev},
    sources::kajabi::FormSubmission,
};

/// Answers that are kept of one lead, all forms together.
const ANSWERS: usize = 80;

/// A lead as far as it is known, and what the form says of it.
pub(super) struct Known {
    pub(super) read_at: Option<Rev>,
    pub(super) lead: Lead,
    pub(super) profile: Profile,
    pub(super) phone: Result<PhoneNumber, InvalidPhone>,
    pub(super) email: Option<EmailAddress>,
    pub(super) opt_out: Option<OptOut>,
}

impl Known {
    /// Writes what the form says into the lead, and gives the consent that this form gave.
    pub(super) fn update(
        &mut self,
        client: &Client,
        event: &RawEvent,
        form: &FormSubmission,
        campaign: Option<&Campaign>,
    ) -> Option<Consent> {
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
