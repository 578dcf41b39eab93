//! Entering a campaign by a person's hand: through the same door as a form, with the same reasons to be
//! turned away. No raw event stands behind it, so what is recorded counts as an enrollment and as no event.

use super::{
    enter::{Entering, Entry},
    known::Known,
};
use crate::{alerts::Alert, record::Recorder};
use domain::{
    audit::{AuditEvent, Event},
    campaign::Campaign,
    client::Client,
    consent::Consent,
    contact_status::{ContactStatus, OptOut},
    event::{EventKey, RawEvent, Source},
    ids::{AuditId, EnrollmentId},
    lead::Lead,
    phone::InvalidPhone,
    profile::Profile,
};
use ports::StoredLead;

/// Who is to enter, and why they may be texted.
pub(crate) struct Asked<'a> {
    /// The campaign.
    pub(crate) campaign: &'a Campaign,
    /// The version of the words that were agreed to.
    pub(crate) terms: &'a str,
    /// How that is known.
    pub(crate) basis: &'a str,
    /// A no that stands with the number.
    pub(crate) opt_out: Option<OptOut>,
}

/// What it came to.
pub(crate) enum Entered {
    /// The lead is in the campaign.
    Now(Box<Placed>),
    /// It was before.
    Before,
    /// It may not, for this reason.
    TurnedAway(String),
}

/// A lead that entered, and what is to be written with it.
pub(crate) struct Placed {
    pub(crate) lead: Lead,
    pub(crate) profile: Profile,
    pub(crate) audit: Vec<AuditEvent>,
    pub(crate) alert: Option<Alert>,
    pub(crate) words: String,
}

/// Enrolls a lead as it stands, or says why not. Writes nothing.
pub(crate) fn enter_by_hand(
    client: &Client,
    stored: StoredLead,
    asked: Asked<'_>,
    by: &str,
    recorder: &Recorder<'_>,
) -> Entered {
    let Asked { campaign, terms, basis, opt_out } = asked;
    let own = AuditId(recorder.ids.new_id(recorder.now));
    // What was recorded of it is the proof of the consent, as a raw event is elsewhere.
    let proof = EventKey(format!("audit:{own}"));
    let given = Consent {
        form: None,
        terms: terms.to_owned(),
        at: recorder.now,
        event: proof.0.clone(),
        how: format!("stated by {by}: {basis}"),
    };
    let StoredLead { rev, mut lead, profile } = stored;
    if let (Some(no), ContactStatus::Open | ContactStatus::Held { .. }) = (&opt_out, &lead.standing) {
        lead.standing = ContactStatus::OptedOut(no.clone());
    }
    let phone = lead.phone.clone().ok_or(InvalidPhone::Missing);
    let mut known = Known { read_at: Some(rev), lead, profile, phone, email: None, other: None, opt_out, booked: None };
    let given = known.consents(Some(given));
    let stated = RawEvent::new(proof, client.id.clone(), Source::Api, String::new(), recorder.now);
    let enrollment = EnrollmentId(recorder.ids.new_id(recorder.now));
    let entering = Entering { client, campaign: Ok(campaign), own: enrollment, given, event: &stated, recorder };
    let Entry { came, audit, alert, words } = entering.enter(&mut known);
    match came.map(|came| (came.event, came)) {
        Some((Event::Enrolled, came)) => {
            let said = format!("{by}: {basis}; words {terms}; {words}");
            let came = AuditEvent { id: own, event: Event::AlsoEnrolled, raw: None, ..came };
            let mut all = vec![came.because("operator", said)];
            all.extend(audit);
            let Known { lead, profile, .. } = known;
            Entered::Now(Box::new(Placed { lead, profile, audit: all, alert, words }))
        }
        Some((Event::EventIgnored, _)) | None => Entered::Before,
        Some(_) => Entered::TurnedAway(words),
    }
}
