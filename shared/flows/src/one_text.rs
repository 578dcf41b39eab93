//! One text outside any sequence, that a client's own program asks for: `POST /sms/send`.
//!
//! It is an enrollment of its own, in the client's campaign [`CAMPAIGN`], whose one message is
//! `{{message}}`. So the same decision, limits, claim, settlement and audit apply as to every text, and
//! pausing that campaign stops them all.

use super::{derived_id, record::Recorder, update::Retries};
use domain::{
    audit::{Event, Status},
    client::Client,
    decide::{Case, decide},
    event::{EventOutcome, EventState, RawEvent},
    gate::Decision,
    ids::{CampaignId, EnrollmentId},
    job::SendStep,
    lead::{Enrollment, Lead, Waits},
    one_text::OneText,
};
use ports::{Directory, EventStore, LeadStore, SideWrites, StoreError, StoreResult};

/// The campaign that such texts belong to.
pub const CAMPAIGN: &str = domain::campaign::DIRECT;

/// Texts of this kind that may wait for one lead at a time.
const WAITING: usize = 3;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It may be sent now.
    Ready(SendStep),
    /// It waits.
    Waits,
    /// It is not sent.
    Refused {
        /// The code that it is counted by.
        code: String,
    },
}

/// What became of a request, with the reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What.
    pub became: Became,
    /// In words.
    pub words: String,
}

/// What taking in needs.
#[derive(Clone, Copy)]
pub struct OneTexts<'a> {
    /// The campaign.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Raw events.
    pub events: &'a dyn EventStore,
}

impl OneTexts<'_> {
    /// Decides on a request that was stored as `event`, and concludes it in the same write.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; the event stays due.
    pub async fn take(
        &self,
        client: &Client,
        event: &RawEvent,
        asked: &OneText,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Taken> {
        let id = CampaignId::parse(CAMPAIGN).map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let Some(campaign) = self.directory.campaigns(&client.id).await?.into_iter().find(|found| found.id == id)
        else {
            let words = format!("there is no campaign `{CAMPAIGN}`, whose one message is {{{{message}}}}");
            return self.refuse(event, None, "no_campaign", words, recorder).await;
        };
        let plan = campaign.plan();
        let Some(step) = plan.first().map(|step| step.step) else {
            let words = format!("campaign `{CAMPAIGN}` has no active message");
            return self.refuse(event, None, "no_messages", words, recorder).await;
        };
        let mut retries = Retries::default();
        loop {
            let known = match self.leads.phone(&client.id, &asked.to).await?.lead {
                Some(lead) => self.leads.lead(&client.id, lead).await?,
                None => None,
            };
            let Some(known) = known else {
                let words = "no lead has this number, so there is no consent on record".to_owned();
                return self.refuse(event, None, "no_consent", words, recorder).await;
            };
            let (mut lead, rev) = (known.lead, known.rev);
            let enrollment = Enrollment {
                id: EnrollmentId(derived_id::of_event(event, "enrollment")),
                campaign: id.clone(),
                version: plan.version,
                step,
                imported_at: event.received_at,
                waits: Waits::Until(event.received_at),
                sent: 0,
                last_sent_at: None,
                counts_from: None,
                message: Some(asked.text.clone()),
                parked: false,
            };
            if lead.enrollments.iter().filter(|live| live.campaign == id).count() >= WAITING {
                let words = format!("{WAITING} texts of this kind wait for this lead already");
                return self.refuse(event, Some(&lead), "too_many_waiting", words, recorder).await;
            }
            let case = Case {
                client: client.clone(),
                campaign: campaign.status.clone(),
                plan: plan.clone(),
                lead: lead.clone(),
                profile: known.profile,
                enrollment,
            };
            let verdict = decide(&case, recorder.now);
            let enrollment = case.enrollment;
            let (became, words) = match verdict.decision {
                Decision::Send(_) => (Became::Ready(job(client, &lead, &enrollment, recorder)), "goes now".to_owned()),
                Decision::Wait { reason, .. } => (Became::Waits, format!("waits: {reason}")),
                Decision::End { outcome, reason } => {
                    return self.refuse(event, Some(&lead), &outcome.to_string(), reason, recorder).await;
                }
                Decision::Skip { reason, .. } => {
                    return self.refuse(event, Some(&lead), "too_late", reason, recorder).await;
                }
                Decision::Refuse(why) => {
                    return self.refuse(event, Some(&lead), why.reason.code(), why.text, recorder).await;
                }
            };
            // What became of the ones before is in the journey; the lead itself stays small.
            let in_flight = lead.in_flight.as_ref().map(|text| text.enrollment);
            lead.history.retain(|past| past.campaign != id || Some(past.id) == in_flight);
            lead.enroll(enrollment);
            let enrolled =
                recorder.about(&lead, Event::Enrolled, Status::Ok).because("api", format!("by {}", asked.by));
            let enrolled = derived_id::outcome(event, enrolled.in_campaign(&id, Some(step)));
            let state = EventState::Done { result: format!("lead {}: {words}", lead.id) };
            let outcome = EventOutcome { event: event.clone(), state };
            let also = SideWrites { audit: vec![enrolled], event: Some(outcome), ..SideWrites::default() };
            let saved = self.leads.save(&lead, Some(rev), also).await;
            if !retries.again(&saved) {
                return saved.map(|_| Taken { became, words });
            }
        }
    }

    async fn refuse(
        &self,
        event: &RawEvent,
        lead: Option<&Lead>,
        code: &str,
        words: String,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Taken> {
        let rejected = match lead {
            Some(lead) => recorder.about(lead, Event::Rejected, Status::Rejected),
            None => recorder.event(Event::Rejected, Status::Rejected),
        };
        let rejected = derived_id::outcome(event, rejected.because(code, &words));
        let state = EventState::Done { result: format!("not sent: {words}") };
        self.events.conclude(&EventOutcome { event: event.clone(), state }, vec![rejected]).await?;
        Ok(Taken { became: Became::Refused { code: code.to_owned() }, words })
    }
}

fn job(client: &Client, lead: &Lead, enrollment: &Enrollment, recorder: &Recorder<'_>) -> SendStep {
    SendStep {
        client: client.id.clone(),
        lead: lead.id,
        enrollment: enrollment.id,
        campaign: enrollment.campaign.clone(),
        version: enrollment.version,
        step: enrollment.step,
        run: recorder.run,
        follows: false,
    }
}
