//! Unsubscriptions: a provider says that someone does not want our texts any more, by whatever way it
//! was said. A no is a no: it is acted on in the same write that records it.

use super::{derived_id, record::Recorder, update::Retries};
use domain::{
    audit::{Event, Status},
    contact_status::{ContactStatus, OptOut, OptOutChannel},
    event::{EventOutcome, EventState, RawEvent},
    ids::{ClientId, LeadId},
    lead::{Lead, Outcome},
    phone::PhoneNumber,
    profile::Profile,
};
use ports::{LeadStore, SideWrites, StoreResult, StoredLead};

/// Opts a number out, with the provider's event as the proof, and concludes that event. A number that
/// nobody knows becomes a lead, as its no must be kept with something.
///
/// # Errors
/// [`StoreError`](ports::StoreError) when the store fails; nothing was done then.
pub async fn take_unsubscribe(
    leads: &dyn LeadStore,
    client: &ClientId,
    phone: &PhoneNumber,
    event: &RawEvent,
    recorder: &Recorder<'_>,
) -> StoreResult<EventState> {
    let mut retries = Retries::default();
    loop {
        let record = leads.phone(client, phone).await?;
        let found = match record.lead {
            Some(id) => leads.lead(client, id).await?,
            None => None,
        };
        let (read_at, mut lead, profile) = match found {
            Some(StoredLead { rev, lead, .. }) => (Some(rev), lead, None),
            None => {
                let id = LeadId(derived_id::of_phone(client, phone, recorder.now));
                let mut lead = Lead::new(id, client.clone());
                lead.phone = Some(phone.clone());
                if let Some(no) = record.opt_out {
                    lead.standing = ContactStatus::OptedOut(no);
                }
                (None, lead, Some(Profile::new(id, recorder.now)))
            }
        };
        let said_before = matches!(lead.standing, ContactStatus::OptedOut(_));
        let proof = format!("the provider says so in its event {}", event.key.0);
        let opt_out = OptOut { at: recorder.now, channel: OptOutChannel::Provider, words: Some(proof.clone()) };
        let left = lead.opt_out(opt_out.clone(), recorder.now);
        let received = recorder.about(&lead, Event::EventApplied, Status::Ok).because("unsubscribed", &proof);
        let mut audit = vec![derived_id::outcome(event, received)];
        if read_at.is_none() {
            let new = recorder.about(&lead, Event::LeadCreated, Status::Ok);
            audit.push(new.because("unsubscribed", "a number that was not known unsubscribed with the provider"));
        }
        if !said_before {
            audit.push(recorder.about(&lead, Event::OptedOut, Status::Ok).because("provider", proof));
        }
        audit.extend(left.iter().map(|campaign| {
            let ended = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
            ended.ending(Outcome::OptedOut, "the person unsubscribed with the provider").in_campaign(campaign, None)
        }));
        let state = EventState::Done { result: format!("lead {}: opted out", lead.id) };
        let outcome = EventOutcome { event: event.clone(), state: state.clone() };
        let also = SideWrites { profile, opt_out: Some(opt_out), audit, event: Some(outcome), ..SideWrites::default() };
        let saved = leads.save(&lead, read_at, also).await;
        if !retries.again(&saved) {
            return saved.map(|_| state);
        }
    }
}
