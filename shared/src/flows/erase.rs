//! Erasing a person: what they said and what was said to them goes, the proof that it was lawful stays.
//!
//! What stays, for claims that reach back years: that texts went out and when, under which consent and
//! in which hours, without words, names or numbers; and a no, which lives with the number and must
//! outlive the person's data. See `docs/RUNBOOK.md`.

use super::record::Recorder;
use crate::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        client::Client,
        ids::LeadId,
        lead::{Lead, Outcome},
        profile::Profile,
    },
    ports::{
        Also, EventKey, EventOutcome, EventState, EventStore, Journal, LeadStore, StoreError, StoreResult, StoredLead,
    },
};

/// How often a lead is read again when something else was written in between.
const TRIES: usize = 8;

/// What stands where words were.
pub const GONE: &str = "(erased)";

/// What erasing needs.
#[derive(Clone, Copy)]
pub struct Erase<'a> {
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Raw events.
    pub events: &'a dyn EventStore,
    /// The audit.
    pub journal: &'a dyn Journal,
}

/// Why a person cannot be erased now.
#[derive(Debug, thiserror::Error)]
pub enum NotErased {
    /// There is no such lead.
    #[error("there is no lead {0}")]
    NoLead(LeadId),
    /// A text is on its way.
    #[error("a text to this lead is on its way: try again in some minutes, or settle it first")]
    OnItsWay,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A person whose words are gone, and whose name, number and address are to go last, in one write.
#[derive(Debug)]
pub struct Emptied {
    /// The lead as it stands.
    pub stored: StoredLead,
    /// The lead as it is to stand.
    pub lead: Lead,
    /// Its data as it is to stand.
    pub profile: Profile,
    /// What is to be recorded.
    pub audit: AuditEvent,
    /// Raw events that were emptied.
    pub events: usize,
    /// Audit events that were emptied.
    pub recorded: usize,
}

impl Erase<'_> {
    /// Ends what the lead is in, and empties its raw events and its audit. Can be repeated at any point:
    /// until the last write, which is the caller's, the lead can be found.
    ///
    /// # Errors
    /// [`NotErased`] says why not.
    pub async fn empty(&self, client: &Client, id: LeadId, recorder: &Recorder<'_>) -> Result<Emptied, NotErased> {
        let stored = self.end(client, id, recorder).await?;
        let journey = self.leads.journey(&client.id, id, Instant::UNIX_EPOCH).await?;
        let events = self.empty_events(client, &stored, &journey).await?;
        let worded: Vec<AuditEvent> = journey.iter().filter_map(emptied).collect();
        for some in worded.chunks(25) {
            self.journal.record(some).await?;
        }
        let mut lead = stored.lead.clone();
        lead.phone = None;
        // Nobody waits for anything of somebody who is not there any more.
        lead.answered();
        lead.release();
        let consent = stored.profile.consent.clone();
        let profile = Profile { consent, ..Profile::new(id, stored.profile.created_at) };
        let audit = AuditEvent { phone: None, ..recorder.about(&lead, Event::Erased, Status::Ok) };
        Ok(Emptied { stored, lead, profile, audit, events, recorded: worded.len() })
    }

    /// Ends every enrollment, so that nothing goes out any more.
    async fn end(&self, client: &Client, id: LeadId, recorder: &Recorder<'_>) -> Result<StoredLead, NotErased> {
        const WHY: &str = "the person's data was erased";
        for _ in 0..TRIES {
            let stored = self.leads.lead(&client.id, id).await?.ok_or(NotErased::NoLead(id))?;
            let mut lead = stored.lead.clone();
            let left = lead.end_all(Outcome::Abandoned, WHY, recorder.now);
            if lead.in_flight.is_some() {
                return Err(NotErased::OnItsWay);
            }
            if left.is_empty() {
                return Ok(stored);
            }
            let ended = |campaign| {
                let ended = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
                ended.ending(Outcome::Abandoned, WHY).in_campaign(campaign, None)
            };
            let audit = left.iter().map(ended).collect();
            match self.leads.save(&lead, Some(stored.rev), Also { audit, ..Also::default() }).await {
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Empties the raw events that led to what is recorded about a lead.
    async fn empty_events(&self, client: &Client, stored: &StoredLead, journey: &[AuditEvent]) -> StoreResult<usize> {
        let consent = stored.profile.consent.iter().map(|given| given.event.clone());
        let outcomes = journey.iter().filter_map(|event| event.raw.clone());
        let mut keys: Vec<EventKey> = consent.chain(outcomes).map(EventKey).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut emptied = 0;
        for key in keys {
            let Some(event) = self.events.event(&client.id, &key).await? else { continue };
            if !is_about(&event.body, stored) {
                continue;
            }
            let state = EventState::Done { result: GONE.to_owned() };
            let mut event = event;
            event.body.clear();
            event.query = None;
            self.events.conclude(&EventOutcome { event, state }, Vec::new()).await?;
            emptied += 1;
        }
        Ok(emptied)
    }
}

/// Whether a body names a lead: by its number, however it is written, or its address.
fn is_about(body: &str, stored: &StoredLead) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let body = body.to_lowercase();
    let by_phone = stored.lead.phone.as_ref().is_some_and(|phone| digits(&body).contains(&digits(&phone.national())));
    let by_email = stored.profile.email.as_ref().is_some_and(|email| {
        let email = email.as_str().to_lowercase();
        body.contains(&email) || body.contains(&email.replace('@', "%40"))
    });
    by_phone || by_email
}

/// An event of the audit without number and words, or `None` if it has neither.
fn emptied(event: &AuditEvent) -> Option<AuditEvent> {
    let mut without = event.clone();
    without.phone = None;
    if let Some(text) = &mut without.text {
        text.body = GONE.to_owned();
    }
    if says_what_was_said(event.event) {
        without.detail = without.detail.map(|_| GONE.to_owned());
    }
    (without != *event).then_some(without)
}

/// Whether the detail of such an event may repeat what a person wrote.
fn says_what_was_said(event: Event) -> bool {
    matches!(
        event,
        Event::ReplyReceived
            | Event::EventApplied
            | Event::BookingReceived
            | Event::BookingUnmatched
            | Event::OptedOut
            | Event::OptOutLifted
            | Event::LeadReleased
            | Event::Rejected
            | Event::Enrolled
            | Event::AlsoEnrolled
            | Event::LeadHeld
            | Event::EventIgnored
            | Event::StepDeferred
            | Event::StepSkipped
            | Event::ReviewNeeded
            | Event::EnrollmentEnded
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::ClientId,
            phone::{PhoneNumber, Region},
        },
        ports::Rev,
    };

    fn pat() -> StoredLead {
        let id = LeadId(ulid::Ulid::from_parts(1, 1));
        let mut lead = Lead::new(id, ClientId::parse("acme").expect("an id"));
        lead.phone = Some(PhoneNumber::parse("+13055550123", Region::default()).expect("a number"));
        let mut profile = Profile::new(id, chrono::DateTime::UNIX_EPOCH);
        profile.email = crate::domain::email::EmailAddress::parse("Pat@example.org").ok();
        StoredLead { rev: Rev(1), lead, profile }
    }

    #[test]
    fn a_body_is_about_a_person_however_number_and_address_are_written() {
        for (body, about) in [
            (r#"{"phone":"(305) 555-0123"}"#, true),
            ("From=%2B13055550123&Body=STOP", true),
            (r#"{"email":"PAT@example.org"}"#, true),
            ("email=pat%40example.org", true),
            (r#"{"phone":"(305) 555-0124","email":"kim@example.org"}"#, false),
            ("", false),
        ] {
            assert_eq!(is_about(body, &pat()), about, "{body}");
        }
    }
}
