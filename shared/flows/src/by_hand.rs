//! What a person does by hand: puts sending on hold, lifts the hold, says what became of a text. Each is
//! recorded with who and why.

mod people;
mod sequences;

use super::{
    alerts::Alerts,
    record::Recorder,
    settling::{InFlightText, Settling},
    update::{Retries, Update, update},
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::{Client, Sending, SettingsProblem},
    ids::{ClientId, LeadId, RunId},
    lead::Settled,
    message::{ASKS, InFlightState, SendOutcome},
};
use ports::{Directory, DueIndex, DueKind, IdSource, LeadStore, SideWrites, StoreError, StoreResult, StoredLead};

pub use people::{Recorded, Verdict};
pub use sequences::{Agreed, Ended, LeadHold, MOST_WORDS, PutIn, terms_of};

/// Due leads that are counted for a person; more are only said to be more.
pub const MOST_COUNTED: usize = 1_000;

/// A provider's id where a person knows only that a text went out.
const NO_PROVIDER_ID: &str = "not-known";

/// A person at work.
#[derive(Clone, Copy)]
pub struct OperatorActions<'a> {
    /// Settings.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Where it is recorded, and who is told.
    pub alerts: Alerts<'a>,
    /// New ids.
    pub ids: &'a dyn IdSource,
    /// Who.
    pub by: &'a str,
    /// The moment.
    pub now: Instant,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings.
    #[error("the settings of client {0} cannot be used")]
    Settings(ClientId, #[source] SettingsProblem),
    /// As things stand it may not be done.
    #[error("{0}")]
    Refused(String),
}

/// What became of a hold, or of lifting one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It was done. Sending stood like this before.
    Done(Sending),
    /// It stood so before; nothing was written.
    Before(Sending),
}

/// A person's word on a text whose outcome nobody else can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It went out.
    Sent {
        /// The provider's id, if it was found.
        provider_id: Option<String>,
    },
    /// It did not.
    NotSent,
}

impl OperatorActions<'_> {
    /// Puts a client's sending on hold until a person lifts it. A hold that would lift itself becomes one.
    ///
    /// # Errors
    /// [`NotDone`] when the settings cannot be read or written.
    pub async fn hold(&self, client: &ClientId, reason: &str) -> Result<Changed, NotDone> {
        let held = Sending::held(reason, self.now);
        let to = |stands: &Sending| (!matches!(stands, Sending::OnHold { try_at: None, .. })).then_some(&held);
        self.switch(client, to, (Event::SendingHeld, reason)).await
    }

    /// Lifts any hold on a client's sending.
    ///
    /// # Errors
    /// [`NotDone`] when the settings cannot be read or written.
    pub async fn resume(&self, client: &ClientId) -> Result<Changed, NotDone> {
        let to = |stands: &Sending| (*stands != Sending::On).then_some(&Sending::On);
        self.switch(client, to, (Event::SendingResumed, "the hold was lifted")).await
    }

    /// Has sending stand otherwise than it stands, unless `to` gives nothing.
    async fn switch<'b>(
        &self,
        client: &ClientId,
        to: impl Fn(&Sending) -> Option<&'b Sending>,
        (event, why): (Event, &str),
    ) -> Result<Changed, NotDone> {
        let mut retries = Retries::default();
        loop {
            let settings = self.settings(client).await?;
            let Some(new) = to(&settings.sending) else { return Ok(Changed::Before(settings.sending)) };
            let done = match self.directory.set_sending(client, &settings.sending, new).await? {
                true => Ok(()),
                false => Err(StoreError::Conflict),
            };
            if !retries.again(&done) {
                done?;
                self.note(&settings, event, why).await?;
                return Ok(Changed::Done(settings.sending));
            }
        }
    }

    /// Writes what a person says became of a text that may have gone out.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when no text of the lead waits for a person's word.
    pub async fn settle(&self, client: &Client, id: LeadId, word: &Word, because: &str) -> Result<Settled, NotDone> {
        let refused = |why: String| Err(NotDone::Refused(why));
        let Some(stored) = self.leads.lead(&client.id, id).await? else {
            return refused(format!("client {} has no lead {id}", client.id));
        };
        let Some(text) = stored.lead.in_flight.clone() else {
            return refused("no text of this lead is on its way, so there is nothing to settle".to_owned());
        };
        match text.state {
            InFlightState::Claimed { until } if until > self.now => {
                return refused(format!("a sender has the text until {until}; ask again after that"));
            }
            InFlightState::Claimed { .. } => {
                return refused("the sender of the text is gone, and the provider is asked first".to_owned());
            }
            InFlightState::RetryScheduled { at } => {
                return refused(format!("the text did not go out, that is known; it is tried again {at}"));
            }
            InFlightState::Unknown { ask_at: Some(next), since, .. } => {
                let last = (since + ASKS[ASKS.len() - 1]).max(next);
                return refused(format!("the provider is still being asked, next {next} and for the last time {last}"));
            }
            InFlightState::Unknown { ask_at: None, .. } => {}
        }
        let plan = match stored.lead.enrollment(text.enrollment) {
            Some(live) => self.directory.plan(&client.id, &live.campaign, live.version).await?,
            None => None,
        };
        let campaign = stored.lead.campaign_of(text.enrollment).cloned();
        let Some(on) = InFlightText::of(client, plan.as_ref(), stored.lead, stored.rev) else {
            return Err(StoreError::Conflict.into());
        };
        let (outcome, said) = match word {
            Word::Sent { provider_id } => {
                let provider_id = provider_id.clone().unwrap_or_else(|| NO_PROVIDER_ID.to_owned());
                (SendOutcome::Accepted { provider_id }, "it went out")
            }
            Word::NotSent => {
                (SendOutcome::NotSent { why: format!("{} says so: {because}", self.by) }, "it did not go out")
            }
        };
        let recorder = self.recorder(client);
        let done = recorder.about(&on.lead, Event::ReviewDone, Status::Ok);
        let done = AuditEvent { campaign, step: Some(text.step), ..done };
        let settling = Settling { directory: self.directory, leads: self.leads, alerts: self.alerts };
        let settled = settling.found_out(on, &outcome, &recorder).await?;
        if settled != Settled::Already {
            let words = format!("{} says of attempt {}: {said}: {because}", self.by, text.attempt);
            self.alerts.journal.record(&[done.because("settled", words)]).await?;
        }
        Ok(settled)
    }

    /// Lifts the hold on a lead, which is decided on again by the next run. A no is not lifted. Gives what
    /// it was on hold for.
    ///
    /// # Errors
    /// [`NotDone::Refused`] when the lead is not on hold.
    pub async fn release(&self, client: &Client, id: LeadId, because: &str) -> Result<String, NotDone> {
        self.change(client, id, |StoredLead { mut lead, .. }| {
            let reason = lead.release().ok_or_else(|| NotDone::Refused("this lead is not on hold".to_owned()))?;
            let words = format!("{} lifts the hold ({reason}): {because}", self.by);
            let released = self.recorder(client).about(&lead, Event::LeadReleased, Status::Ok);
            Ok(Update::write(lead, SideWrites::recording(vec![released.because("operator", words)]), reason))
        })
        .await
    }

    /// Changes a lead that there is. The change says why it refuses.
    async fn change<T>(
        &self,
        client: &Client,
        id: LeadId,
        change: impl Fn(StoredLead) -> Result<Update<T>, NotDone>,
    ) -> Result<T, NotDone> {
        let came = update(self.leads, &client.id, id, change).await?;
        came.ok_or_else(|| NotDone::Refused(format!("client {} has no lead {id}", client.id)))
    }

    async fn settings(&self, client: &ClientId) -> Result<Client, NotDone> {
        let settings = self.directory.client(client).await?;
        settings.map_err(|problem| NotDone::Settings(client.clone(), problem))
    }

    async fn note(&self, client: &Client, event: Event, why: &str) -> StoreResult<()> {
        let event = self.recorder(client).event(event, Status::Ok).because("operator", format!("{}: {why}", self.by));
        self.alerts.journal.record(&[event]).await
    }

    fn recorder<'b>(&'b self, client: &'b Client) -> Recorder<'b> {
        let run = RunId(self.ids.new_id(self.now));
        Recorder { ids: self.ids, client: &client.id, test: client.in_test(), run, now: self.now }
    }
}

/// How many leads of a client wait for something that has come, at most [`MOST_COUNTED`].
///
/// # Errors
/// [`StoreError`] when the index cannot be read.
pub async fn leads_due(due: &dyn DueIndex, client: &ClientId, now: Instant) -> StoreResult<usize> {
    Ok(due.due_of(client, DueKind::Leads, now, MOST_COUNTED).await?.len())
}
