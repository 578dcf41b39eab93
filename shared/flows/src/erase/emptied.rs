//! What records and leads are once a person's words are gone. Pure.

use super::Recorder;
use domain::{
    audit::{AuditEvent, Event, Status},
    consent::Consent,
    contact_status::ContactStatus,
    erasure::{GONE, Identifiers},
    lead::Lead,
    profile::Profile,
};
use ports::{Emptied, StoredLead};

/// What the basis of a consent that an operator stated begins with.
const STATED: &str = "stated by ";

/// The last write: nothing of the person but the consent, the opt-out and how the sequences ended.
pub(super) fn last_write(stored: StoredLead, person: &Identifiers, recorder: &Recorder<'_>) -> Emptied {
    let lead = lead(&stored.lead);
    let consent = stored.profile.consent.clone().map(|consent| without_words(consent, person));
    let profile = Profile { consent, ..Profile::new(lead.id, stored.profile.created_at) };
    let audit = AuditEvent { phone: None, ..recorder.about(&lead, Event::Erased, Status::Ok) };
    let (phones, emails) = (once(&person.phones), once(&person.emails));
    Emptied { stored, lead, profile, phones, emails, audit }
}

fn once<T: Clone + PartialEq>(all: &[T]) -> Vec<T> {
    let mut each = Vec::new();
    for one in all {
        if !each.contains(one) {
            each.push(one.clone());
        }
    }
    each
}

fn lead(stored: &Lead) -> Lead {
    let mut lead = stored.clone();
    lead.phone = None;
    lead.standing = match lead.standing {
        ContactStatus::Open => ContactStatus::Open,
        ContactStatus::OptedOut(opt_out) => ContactStatus::OptedOut(opt_out.without_words()),
        // Nobody waits for anything of somebody who is not there any more.
        ContactStatus::Held { .. } => ContactStatus::Open,
    };
    lead.answered();
    for past in &mut lead.history {
        GONE.clone_into(&mut past.reason);
    }
    lead
}

/// A consent without what an operator wrote of it, and without what names the person.
fn without_words(mut consent: Consent, person: &Identifiers) -> Consent {
    if let Some((by, _)) = consent.how.strip_prefix(STATED).and_then(|stated| stated.split_once(": ")) {
        consent.how = format!("{STATED}{by}: {GONE}");
    }
    if person.or_names_are_in(&consent.how) {
        GONE.clone_into(&mut consent.how);
    }
    if person.are_in(&consent.event) {
        GONE.clone_into(&mut consent.event);
    }
    consent
}

/// A record about the person without number and words, or `None` if it has neither.
pub(super) fn own(event: &AuditEvent, person: &Identifiers) -> Option<AuditEvent> {
    let mut without = event.clone();
    without.phone = None;
    if let Some(text) = &mut without.text {
        GONE.clone_into(&mut text.body);
    }
    let named = without.detail.as_ref().is_some_and(|detail| person.or_names_are_in(detail));
    if says_what_was_said(event.event) || named {
        without.detail = without.detail.map(|_| GONE.to_owned());
    }
    without.raw = without.raw.filter(|raw| !person.are_in(raw));
    (without != *event).then_some(without)
}

/// A record about somebody else, or about nobody, without the person in it, or `None` if it does not name them.
pub(super) fn of_others(event: &AuditEvent, person: &Identifiers) -> Option<AuditEvent> {
    let mut without = event.clone();
    without.phone = without.phone.filter(|phone| !person.phones.contains(phone));
    if let Some(text) = &mut without.text {
        text.body = unnamed(&text.body, person);
    }
    // The cause of an alert names its lead, and its subject may repeat what the lead said.
    if without.reason.as_deref().is_some_and(|reason| person.are_in(reason)) {
        without.detail = without.detail.map(|_| GONE.to_owned());
    }
    without.detail = without.detail.map(|detail| unnamed(&detail, person));
    without.raw = without.raw.filter(|raw| !person.are_in(raw));
    (without != *event).then_some(without)
}

/// What somebody else said, without the person in it.
pub(super) fn unnamed(words: &str, person: &Identifiers) -> String {
    match person.are_spoken_of_in(words) {
        true => person.unnamed(words).unwrap_or_else(|| GONE.to_owned()),
        false => words.to_owned(),
    }
}

/// What somebody else said, without the person in it. A namesake says that name of themselves, so that only what names
/// the person by a number or an address loses anything.
pub(super) fn unnamed_by(is_namesake: bool, words: &str, person: &Identifiers) -> String {
    match is_namesake && !person.are_in(words) {
        true => words.to_owned(),
        false => unnamed(words, person),
    }
}

/// Another lead without the person in what it or an operator said, or `None` if nobody spoke of them. What it is
/// called itself stays.
pub(super) fn another(StoredLead { lead, profile, .. }: &StoredLead, person: &Identifiers) -> Option<(Lead, Profile)> {
    let is_namesake = person.have_namesake(profile);
    let unnamed = |words: &str| unnamed_by(is_namesake, words, person);
    let (mut without, mut described) = (lead.clone(), profile.clone());
    without.standing = lead.standing.reworded(unnamed);
    for past in &mut without.history {
        past.reason = unnamed(&past.reason);
    }
    for answer in described.answers.values_mut() {
        *answer = unnamed(answer);
    }
    if let Some(consent) = &mut described.consent {
        consent.how = unnamed(&consent.how);
    }
    (without != *lead || described != *profile).then_some((without, described))
}

/// Whether the detail of such an event may repeat what a person wrote, or what somebody wrote of them.
fn says_what_was_said(event: Event) -> bool {
    matches!(
        event,
        Event::ReplyReceived
            | Event::EventApplied
            | Event::BookingReceived
            | Event::BookingUnmatched
            | Event::BookingCalledOff
            | Event::OptedOut
            | Event::OptOutLifted
            | Event::LeadReleased
            | Event::Rejected
            | Event::Enrolled
            | Event::AlsoEnrolled
            | Event::LeadHeld
            | Event::EventIgnored
            | Event::EventUnusable
            | Event::StepDeferred
            | Event::StepSkipped
            | Event::ReviewNeeded
            | Event::ReviewDone
            | Event::EnrollmentEnded
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::LeadId;

    #[test]
    fn a_consent_keeps_how_it_was_given_without_what_was_written_of_it() {
        let id = LeadId(ulid::Ulid::from_parts(1, 1));
        let mut profile = Profile::new(id, chrono::DateTime::UNIX_EPOCH);
        profile.first_name = Some("Pat".to_owned());
        let person = Identifiers::of(&Lead::new(id, domain::ids::ClientId::parse("acme").expect("an id")), &profile);
        for (how, kept) in [
            ("form sent", "form sent"),
            ("custom_1 answered `Yes`", "custom_1 answered `Yes`"),
            ("custom_1 answered `Pat`", GONE),
            ("stated by kim: signed at 12 Main Street", "stated by kim: (erased)"),
        ] {
            let consent = Consent {
                form: None,
                terms: "2026-01".to_owned(),
                at: chrono::DateTime::UNIX_EPOCH,
                event: "kajabi:form:1".to_owned(),
                how: how.to_owned(),
            };
            let left = without_words(consent.clone(), &person);
            assert_eq!((left.how.as_str(), &left.event, &left.terms), (kept, &consent.event, &consent.terms));
        }
    }
}
