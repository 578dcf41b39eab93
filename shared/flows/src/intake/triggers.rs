//! An event other than a form: what the campaigns say that it does is done. It ends enrollments,
//! enrolls, or tells more of a lead that is known; else it is kept and changes nothing.

mod happens;

use chrono::TimeDelta;

use super::Intake;
use crate::{
    record::Recorder,
    update::{Retries, Update, update},
};
use domain::{
    client::Client,
    event::{EventOutcome, EventState, RawEvent},
    ids::LeadId,
    incoming::{CommerceEvent, Reason},
};
use happens::{Ended, Happens};
use ports::{SideWrites, StoreError, StoreResult};

/// How much later than what ends a sequence the form that begins it may be worked on: they are posted by
/// themselves, and either may be put off. It is well before any first text.
const FORM_MAY_FOLLOW: TimeDelta = TimeDelta::minutes(30);

impl Intake<'_> {
    /// Works an event through to its end. What it does to the lead is one write with that end.
    pub(super) async fn happening(
        &self,
        client: &Client,
        event: RawEvent,
        happening: &CommerceEvent,
        recorder: &Recorder<'_>,
    ) -> StoreResult<EventState> {
        // Few of a client's events are no forms, so these have no keys of their own.
        let campaigns = self.directory.campaigns(&client.id).await?;
        let happens = Happens::of(client, &event, happening, &campaigns);
        if let Some(why) = happens.nothing(&campaigns) {
            return self.ignored(event, why, recorder).await;
        }
        if happening.person.is_nobody() {
            let words = format!("a {} event with neither an email address nor a phone number", happening.name);
            return self.unusable(client, event, Reason::new("nobody", words), recorder).await;
        }
        let known = self.find(client, &happening.person, recorder.now).await?;
        let until = event.received_at + FORM_MAY_FOLLOW;
        if happens.came_early(&known.lead, known.other.is_some(), recorder.now, until) {
            return self.look_again(event, until).await;
        }
        let elsewhere = match known.other {
            Some(other) if happens.ends_something() => self.end_elsewhere(other, &happens, recorder).await?,
            _ => Ended::default(),
        };
        let mut retries = Retries::default();
        loop {
            let mut known = self.find(client, &happening.person, recorder.now).await?;
            let came = happens.come_to(&mut known, elsewhere.clone(), recorder);
            let state = EventState::Done { result: came.words };
            let outcome = EventOutcome { event: event.clone(), state: state.clone() };
            let written = if came.writes_lead {
                let profile = came.writes_profile.then_some(known.profile);
                let also = SideWrites { profile, audit: came.audit, event: Some(outcome), ..SideWrites::default() };
                self.leads.save(&known.lead, known.read_at, also).await.map(|_| ())
            } else {
                self.events.conclude(&outcome, came.audit).await
            };
            if retries.again(&written) {
                continue;
            }
            written?;
            for alert in came.alerts {
                self.alerts.raise(alert, client.mailbox(), recorder).await;
            }
            return Ok(state);
        }
    }

    /// Ends what an event ends with another lead, who by the address is the same person. That is a
    /// write of its own before the event's end: a crash in between does it again, which changes nothing.
    async fn end_elsewhere(&self, other: LeadId, happens: &Happens<'_>, recorder: &Recorder<'_>) -> StoreResult<Ended> {
        let ended = update(self.leads, recorder.client, other, |stored| {
            let mut lead = stored.lead.clone();
            let (audit, words) = happens.end(&mut lead, recorder);
            if lead == stored.lead {
                return Ok::<_, StoreError>(Update::Leave(Ended::default()));
            }
            let ended = Ended { lead: Some(lead.clone()), words };
            Ok(Update::write(lead, SideWrites::recording(audit), ended))
        });
        Ok(ended.await?.unwrap_or_default())
    }
}
