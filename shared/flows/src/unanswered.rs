//! Tells the business that somebody waits for its answer: at once of the first reply in a quarter of an hour, and
//! of further ones together by a later run.
//!
//! Whom nobody was told of yet stands on the lead, written with the reply itself, so a process that dies before
//! it mails loses nothing: the next run tells. What is told is claimed person by person, so that no two processes
//! tell of the same replies; in doubt people are told twice. Nothing here fails its caller.

use chrono::{TimeDelta, Timelike};

use super::{
    alerts::Alerts,
    record::Recorder,
    update::{Update, update},
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::Client,
    contact_status::ContactStatus,
    ids::LeadId,
    lead::Unanswered,
    profile::Profile,
    reply::Class,
};
use ports::{AttentionList, Email, LeadStore, Lease, SideWrites, StoreError, StoreResult, StoredLead};

mod words;

/// How long whoever claimed a mail has to send it.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// People that one mail is about. Whoever is left is in the mail of the next quarter of an hour.
const MOST_TOLD: usize = 25;
/// A minute in which quarters of an hour begin.
const QUARTER: u32 = 15;

/// What telling needs.
#[derive(Clone, Copy)]
pub struct Unheard<'a> {
    /// Leads, and what they wrote.
    pub leads: &'a dyn LeadStore,
    /// How the business is told.
    pub alerts: Alerts<'a>,
}

/// Somebody who waits for an answer, with what they wrote that nobody was told of.
struct Waiting {
    id: LeadId,
    profile: Profile,
    number: String,
    goes_on: bool,
    opted_out: bool,
    unanswered: Unanswered,
    /// When the first of them came.
    from: Instant,
    wrote: Vec<AuditEvent>,
}

impl Unheard<'_> {
    /// Tells of one person at once, if nobody was told of this client's replies in this quarter of an hour.
    pub async fn tell_at_once(&self, client: &Client, lead: LeadId, recorder: &Recorder<'_>) {
        let what = format!("replies#{}", quarter(recorder.now));
        if client.mailbox().is_none() || !self.is_ours(&what, recorder).await {
            return;
        }
        match self.waiting(client, lead).await {
            Ok(Some(waiting)) => {
                if self.tell(client, vec![waiting], recorder).await {
                    self.finish(&what, recorder).await;
                }
            }
            Ok(None) => {}
            Err(error) => failed(recorder, &error),
        }
    }

    /// Tells, in one mail, of everybody whom nobody was told of.
    pub async fn tell_the_rest(&self, list: &dyn AttentionList, client: &Client, recorder: &Recorder<'_>) {
        if client.mailbox().is_none() {
            return;
        }
        match self.everybody(list, client).await {
            Ok(all) => _ = self.tell(client, all, recorder).await,
            Err(error) => failed(recorder, &error),
        }
    }

    /// Tells of those of whom nobody else is telling, and gives whether the mail left.
    async fn tell(&self, client: &Client, all: Vec<Waiting>, recorder: &Recorder<'_>) -> bool {
        let mut ours = Vec::new();
        for waiting in all {
            match self.turn(&waiting.claim(), recorder).await {
                Some(Lease::Acquired | Lease::Reacquired) => ours.push(waiting),
                // Somebody was told, and only that was not noted.
                Some(Lease::Completed) => self.note_told(client, &waiting, recorder).await,
                Some(Lease::HeldElsewhere) | None => {}
            }
        }
        if ours.is_empty() || !self.mail(client, &ours, recorder).await {
            return false;
        }
        for waiting in &ours {
            self.finish(&waiting.claim(), recorder).await;
            self.note_told(client, waiting, recorder).await;
        }
        true
    }

    async fn everybody(&self, list: &dyn AttentionList, client: &Client) -> StoreResult<Vec<Waiting>> {
        let mut all = Vec::new();
        for listed in list.untold(&client.id, MOST_TOLD).await? {
            match self.waiting(client, listed.lead).await {
                Ok(waiting) => all.extend(waiting),
                // One that cannot be read keeps no other from being told of. The report names it.
                Err(error @ StoreError::Unreadable(_)) => {
                    tracing::error!(client = %client.id, lead = %listed.lead, %error, "a lead that waits cannot be read");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Somebody with what they wrote that nobody was told of, if there is anything.
    async fn waiting(&self, client: &Client, id: LeadId) -> StoreResult<Option<Waiting>> {
        let Some(StoredLead { lead, profile, .. }) = self.leads.lead(&client.id, id).await? else { return Ok(None) };
        let Some(unanswered) = lead.unanswered.clone() else { return Ok(None) };
        let Some(from) = unanswered.untold else { return Ok(None) };
        let mut wrote = self.leads.journey(&client.id, id, from).await?;
        let to_answer = |code: &str| Class::FOR_A_PERSON.iter().any(|class| class.code() == code);
        // One that came since the lead was read is told of by whoever sees it on the lead.
        let seen = |event: &AuditEvent| {
            i64::try_from(event.id.0.timestamp_ms()).is_ok_and(|came| came <= unanswered.last().timestamp_millis())
        };
        wrote.retain(|event| {
            event.event == Event::ReplyReceived && event.reason.as_deref().is_some_and(to_answer) && seen(event)
        });
        Ok(Some(Waiting {
            id,
            number: lead.phone.as_ref().map_or_else(|| "no number".to_owned(), |phone| phone.masked()),
            goes_on: !lead.enrollments.is_empty(),
            opted_out: matches!(lead.standing, ContactStatus::OptedOut(_)),
            profile,
            unanswered,
            from,
            wrote,
        }))
    }

    async fn is_ours(&self, what: &str, recorder: &Recorder<'_>) -> bool {
        matches!(self.turn(what, recorder).await, Some(Lease::Acquired | Lease::Reacquired))
    }

    async fn turn(&self, what: &str, recorder: &Recorder<'_>) -> Option<Lease> {
        let claimed = self.alerts.once.claim(recorder.client, what, recorder.now, recorder.now + LEASE).await;
        claimed.inspect_err(|error| failed(recorder, error)).ok()
    }

    async fn finish(&self, what: &str, recorder: &Recorder<'_>) {
        if let Err(error) = self.alerts.once.finish(recorder.client, what, "sent").await {
            failed(recorder, &error);
        }
    }

    /// Mails, and gives whether it left.
    async fn mail(&self, client: &Client, all: &[Waiting], recorder: &Recorder<'_>) -> bool {
        let Some(to) = client.mailbox() else { return false };
        let (subject, text) = (words::subject(client, all), words::text(client, all));
        let sent = self.alerts.mailer.send(&Email { to: to.clone(), subject, text, html: None }).await;
        let (status, detail) = match &sent {
            Ok(()) => (Status::Ok, words::people(all.len())),
            Err(error) => {
                tracing::error!(client = %client.id, %error, "the mail about a reply failed; the next run tries again");
                (Status::Failed, error.to_string())
            }
        };
        let event = recorder.event(Event::AlertSent, status).because("unanswered", detail);
        if let Err(error) = self.alerts.journal.record(&[event]).await {
            failed(recorder, &error);
        }
        sent.is_ok()
    }

    async fn note_told(&self, client: &Client, waiting: &Waiting, recorder: &Recorder<'_>) {
        if let Err(error) = self.write_told(client, waiting).await {
            failed(recorder, &error);
        }
    }

    async fn write_told(&self, client: &Client, waiting: &Waiting) -> StoreResult<()> {
        let told = update(self.leads, &client.id, waiting.id, |StoredLead { mut lead, .. }| {
            if !lead.told_of_replies(waiting.from, waiting.unanswered.last()) {
                return Ok::<_, StoreError>(Update::Leave(()));
            }
            Ok(Update::write(lead, SideWrites { count_later: true, ..SideWrites::default() }, ()))
        });
        told.await.map(|_| ())
    }
}

impl Waiting {
    /// Whether somebody was told of earlier replies that still wait.
    fn again(&self) -> bool {
        self.unanswered.since < self.from
    }

    /// What telling of them up to their last reply is claimed by: it is told once, by whichever process.
    fn claim(&self) -> String {
        let (from, last) = (self.from.timestamp_millis(), self.unanswered.last().timestamp_millis());
        format!("told#{}#{from}#{last}", self.id)
    }
}

/// The quarter of an hour that a moment is in, in UTC: `2026-01-06T14:15`.
fn quarter(at: Instant) -> String {
    format!("{}{:02}", at.format("%Y-%m-%dT%H:"), at.minute() / QUARTER * QUARTER)
}

fn failed(recorder: &Recorder<'_>, error: &StoreError) {
    tracing::error!(client = %recorder.client, %error, "people who wrote were not told of; the next run does it");
}
