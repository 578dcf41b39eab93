//! Replies. A no is acted on before anything else, and in the same write that records it.

use super::{derived_id, record::Recorder};
use crate::{
    domain::{
        audit::{AuditEvent, Event, Status},
        ids::{AuditId, ClientId, LeadId},
        lead::{Lead, Outcome},
        profile::Profile,
        reply::{self, IncomingReply, Reply},
        standing::{OptOut, OptOutChannel, Standing},
    },
    ports::{Also, EventOutcome, EventState, LeadStore, RawEvent, StoreError, StoreResult, StoredLead},
};

/// How often a lead is read again when something else was written in between.
const TRIES: usize = 8;

/// Acts on a reply, and says in words what it did. `id` is that of the audit event of the reply: the
/// same however often the reply is worked on. The raw event that the reply came by, if it did, is
/// concluded in the same write.
///
/// # Errors
/// [`StoreError`] when the store fails; nothing was done then.
pub async fn take_reply(
    leads: &dyn LeadStore,
    client: &ClientId,
    reply: &IncomingReply,
    id: AuditId,
    event: Option<&RawEvent>,
    recorder: &Recorder<'_>,
) -> StoreResult<String> {
    let stop = reply.provider_says_stop || reply::read(&reply.body) == Reply::Stop;
    for _ in 0..TRIES {
        let record = leads.phone(client, &reply.from).await?;
        let found = match record.lead {
            Some(id) => leads.lead(client, id).await?,
            None => None,
        };
        let (read_at, mut lead, profile) = match found {
            Some(StoredLead { rev, lead, .. }) => (Some(rev), lead, None),
            None => {
                let id = LeadId(derived_id::of_phone(client, &reply.from, recorder.now));
                let mut lead = Lead::new(id, client.clone());
                lead.phone = Some(reply.from.clone());
                if let Some(no) = &record.opt_out {
                    lead.standing = Standing::OptedOut(no.clone());
                }
                (None, lead, Some(Profile::new(id, recorder.now)))
            }
        };
        let received = recorder.about(&lead, Event::ReplyReceived, Status::Ok).because("reply", &reply.body);
        let mut audit = vec![AuditEvent { id, ..received }];
        if read_at.is_none() {
            let new = recorder.about(&lead, Event::LeadCreated, Status::Ok);
            audit.push(new.because("inbound_text", "a number that was not known wrote to us"));
        }
        let opt_out = stop.then(|| OptOut {
            at: recorder.now,
            channel: OptOutChannel::Reply,
            words: Some(reply.body.chars().take(500).collect()),
        });
        let (left, outcome, words) = match &opt_out {
            Some(opt_out) => {
                let left = lead.opt_out(opt_out.clone(), recorder.now);
                audit.push(
                    recorder.about(&lead, Event::OptedOut, Status::Ok).because("reply", "the person asked to stop"),
                );
                (left, Outcome::OptedOut, "opted out")
            }
            None => (lead.end_all(Outcome::Replied, "the person replied", recorder.now), Outcome::Replied, "replied"),
        };
        let ended = |campaign| -> AuditEvent {
            let event = recorder.about(&lead, Event::EnrollmentEnded, Status::Ok);
            event.ending(outcome, format!("the person {words}")).in_campaign(campaign, None)
        };
        audit.extend(left.iter().map(ended));
        let result = format!("lead {}: {words}", lead.id);
        let outcome = |event: &RawEvent| EventOutcome {
            event: event.clone(),
            state: EventState::Done { result: result.clone() },
        };
        let event = event.map(outcome);
        match leads.save(&lead, read_at, Also { profile, opt_out, audit, event }).await {
            Ok(_) => return Ok(result),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}
