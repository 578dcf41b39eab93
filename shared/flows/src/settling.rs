//! Settling a text: what can be proved of it is recorded, written on its lead, and told to whom it
//! concerns. The sender does it with an answer, a receipt or the provider's own list without one.

use chrono::TimeDelta;

use super::{
    alerts::{Alert, Alerts},
    record::Recorder,
    update::{Retries, Update, update},
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status, TextFacts},
    campaign::Plan,
    client::{Client, Sending, THROTTLED_LONG},
    contact_status::{ContactStatus, OptOut},
    ids::{AttemptId, AuditId, LeadId},
    lead::{IllegalStep, Lead, Outcome, Settled, Waits},
    message::{InFlight, ProviderRefusal, RefusalClass, SendOutcome},
    phone::PhoneNumber,
    segments,
};
use ports::{Directory, Journal, LeadStore, Rev, SideWrites, StoreError, StoreResult};

/// What settling needs.
#[derive(Clone, Copy)]
pub struct Settling<'a> {
    /// So that a refused account holds its client.
    pub directory: &'a dyn Directory,
    /// Leads.
    pub leads: &'a dyn LeadStore,
    /// Where alerts go.
    pub alerts: Alerts<'a>,
}

/// A text on its way as it was read, with all that settling it depends on.
#[derive(Debug, Clone)]
pub struct InFlightText<'a> {
    /// The client's settings.
    pub client: &'a Client,
    /// The version that its enrollment is pinned to; one that has ended needs none.
    pub plan: Option<&'a Plan>,
    /// The lead.
    pub lead: Lead,
    /// The revision that the lead was read at.
    pub rev: Rev,
    /// The text.
    pub text: InFlight,
}

impl<'a> InFlightText<'a> {
    /// The text on its way to a lead, if there is one.
    #[must_use]
    pub fn of(client: &'a Client, plan: Option<&'a Plan>, lead: Lead, rev: Rev) -> Option<Self> {
        let text = lead.in_flight.clone()?;
        Some(Self { client, plan, lead, rev, text })
    }

    /// How sending stands in the settings since this text was claimed: if it is the one that tries whether the
    /// account can send, its sender wrote that with the claim.
    fn sending(&self) -> Sending {
        let read = &self.client.sending;
        read.tried_at(self.text.at).unwrap_or_else(|| read.clone())
    }
}

impl Settling<'_> {
    /// Records the answer of a call, then writes it on the lead. The record of an acceptance comes first
    /// and alone: when the lead cannot be written it is the proof that a later look goes by. Any other
    /// outcome is recorded with the lead or not at all: a receipt may have proved more in the meantime.
    ///
    /// # Errors
    /// [`StoreError`] when the lead could not be written. The claim stands then, and nothing is sent again.
    pub async fn answered(
        &self,
        on: InFlightText<'_>,
        outcome: &SendOutcome,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Settled> {
        let record = attempt_record(&on, outcome, recorder);
        let accepted = matches!(outcome, SendOutcome::Accepted { .. });
        // One that is there was written by whoever settled the text meanwhile, and says more than ours.
        let recorded = accepted && self.alerts.journal.record_once(&record).await.is_ok();
        let settled = match self.write(&on, outcome, &record, recorded, recorder).await {
            Ok(settled) => settled,
            Err(error) => {
                tracing::error!(attempt = %on.text.attempt, %error, "a text could not be settled; its claim stands");
                let words =
                    format!("the provider answered, and the lead could not be written: {error}; nothing is sent again");
                let failed = recorder.about(&on.lead, Event::SettleFailed, Status::Failed).because("settle", words);
                note(self.alerts.journal, &AuditEvent { campaign: record.campaign, ..failed }).await;
                return Err(error);
            }
        };
        if accepted || (on.client.sending.throttled_for(recorder.now).is_some() && was_looked_at(outcome)) {
            self.lift(on.client, on.text.at, recorder).await;
        }
        self.tell(&on, &settled, recorder).await;
        Ok(settled)
    }

    /// Leaves the account alone for a while, as the provider asked to wait with the text of `attempt`, which was
    /// claimed at `at` by these settings. An operator is told once a day, and only if it goes on for long.
    pub async fn leave_alone(
        &self,
        client: &Client,
        (attempt, at): (AttemptId, Instant),
        (why, retry_after): (&str, Option<TimeDelta>),
        recorder: &Recorder<'_>,
    ) {
        let stands = client.sending.tried_at(at).unwrap_or_else(|| client.sending.clone());
        let Some(held) = client.sending.after_throttle(why, retry_after, attempt, recorder.now) else { return };
        match self.directory.set_sending(recorder.client, &stands, &held).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(client = %recorder.client, %error, "a provider that asks to wait could not be left alone");
                return;
            }
        }
        let long = held.throttled_for(recorder.now).is_some_and(|span| span >= THROTTLED_LONG);
        let Sending::OnHold { reason, since, .. } = &held else { return };
        if client.sending == Sending::On {
            let begun = recorder.event(Event::SendingHeld, Status::Waiting).because("throttled", reason);
            note(self.alerts.journal, &begun).await;
        }
        if long {
            self.alerts.raise(throttled(client, reason, *since), client.mailbox(), recorder).await;
        }
    }

    /// Writes on the lead what became of a text whose call nobody waits for any more, and with it the
    /// record of the attempt.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be written; it is tried again later.
    pub async fn found_out(
        &self,
        on: InFlightText<'_>,
        outcome: &SendOutcome,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Settled> {
        // Our own record may have said so already, and how the sequence ended with it: that is not said again.
        if matches!(outcome, SendOutcome::Accepted { .. })
            && let Some(settled) = self.by_own_record(&on, recorder).await?
        {
            return Ok(settled);
        }
        let record = attempt_record(&on, outcome, recorder);
        let settled = self.write(&on, outcome, &record, false, recorder).await?;
        self.tell(&on, &settled, recorder).await;
        Ok(settled)
    }

    /// Writes on the lead what our own record of the attempt proves, if there is one: a sender that
    /// recorded an acceptance and ended before it could write the lead left that behind.
    ///
    /// # Errors
    /// [`StoreError`] when the record could not be read or nothing written; it is tried again later.
    pub async fn by_own_record(&self, on: &InFlightText<'_>, recorder: &Recorder<'_>) -> StoreResult<Option<Settled>> {
        let id = AuditId(on.text.attempt.0);
        let Some(record) = self.alerts.journal.recorded(&on.client.id, on.lead.id, id).await? else { return Ok(None) };
        let Some(provider_id) = taken_by(&record) else { return Ok(None) };
        let settled = self.write(on, &SendOutcome::Accepted { provider_id }, &record, true, recorder).await?;
        self.tell(on, &settled, recorder).await;
        Ok(Some(settled))
    }

    /// Notes that the provider was asked and could not tell. After the last time it is told to a person.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be written, a conflict included: it is read and asked again.
    pub async fn not_found_out(
        &self,
        on: InFlightText<'_>,
        why: &str,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Settled> {
        let mut lead = on.lead.clone();
        let settled = lead.ask_again(on.text.attempt, recorder.now).map_err(|_| StoreError::Conflict)?;
        let mut audit = Vec::new();
        if matches!(settled, Settled::Unclear { ask_at: None, .. }) {
            let words = format!("nobody can say whether a text went out: {why}");
            audit.push(self.about(&on, Event::ReviewNeeded, Status::Unknown, recorder).because("unclear", words));
        }
        self.leads.save(&lead, Some(on.rev), SideWrites { audit, ..SideWrites::default() }).await?;
        self.tell(&on, &settled, recorder).await;
        Ok(settled)
    }

    /// Writes what the outcome means for the lead, and the record of the attempt where it is not there as
    /// it should be. What changed in between stays: an opt-out that came during the call is not undone by
    /// the text it came too late for, and a sequence that it ended was not ended by that text.
    async fn write(
        &self,
        on: &InFlightText<'_>,
        outcome: &SendOutcome,
        record: &AuditEvent,
        recorded: bool,
        recorder: &Recorder<'_>,
    ) -> StoreResult<Settled> {
        let (mut lead, mut rev) = (on.lead.clone(), on.rev);
        let mut retries = Retries::default();
        loop {
            let before = lead.clone();
            let settled = match lead.settle(on.text.attempt, outcome.clone(), on.plan, recorder.now) {
                Ok(settled) => settled,
                Err(IllegalStep::OtherAttempt(_) | IllegalStep::NotSentBefore(_)) => return Ok(Settled::Already),
                Err(illegal) => return Err(StoreError::Unreadable(illegal.to_string())),
            };
            let mut audit = consequences(&before, &lead, recorder);
            if let Some(Waits::ForReview { reason, .. }) = lead.enrollment(on.text.enrollment).map(|live| &live.waits) {
                audit.push(self.about(on, Event::ReviewNeeded, Status::Failed, recorder).because("failed", reason));
            }
            let ended = record.ended.filter(|_| settled != Settled::Recorded);
            if recorded && ended != record.ended {
                audit.push(AuditEvent { ended, ..record.clone() });
            }
            if !recorded {
                // The record stands on the day of the claim, whose report may be out: the end stands on its own.
                audit.push(AuditEvent { ended: None, ..record.clone() });
                audit.extend(ended.map(|outcome| {
                    let words = "the last text was sent, which was found out later";
                    self.about(on, Event::EnrollmentEnded, Status::Ok, recorder).ending(outcome, words)
                }));
            }
            let count_later = audit.is_empty();
            let also = SideWrites { audit, opt_out: new_opt_out(&before, &lead), count_later, ..SideWrites::default() };
            let saved = self.leads.save(&lead, Some(rev), also).await;
            if !retries.again(&saved) {
                return saved.map(|_| settled);
            }
            let read = self.leads.lead(&on.client.id, lead.id).await?;
            let read = read.ok_or_else(|| StoreError::Unreadable("the lead is gone".to_owned()))?;
            (lead, rev) = (read.lead, read.rev);
        }
    }

    /// Writes on the lead that a text which the provider took did not arrive, for a reason that stands.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be written; it is tried again later.
    pub async fn did_not_arrive(
        &self,
        client: &Client,
        lead: LeadId,
        to: Option<&PhoneNumber>,
        refusal: &ProviderRefusal,
        recorder: &Recorder<'_>,
    ) -> StoreResult<()> {
        let came = update(self.leads, &client.id, lead, |read| {
            let mut lead = read.lead.clone();
            if !lead.did_not_arrive(to, refusal, recorder.now) {
                return Ok::<_, StoreError>(Update::Leave(()));
            }
            let audit = consequences(&read.lead, &lead, recorder);
            let also = SideWrites { opt_out: new_opt_out(&read.lead, &lead), ..SideWrites::recording(audit) };
            Ok(Update::write(lead, also, ()))
        });
        if came.await?.is_some()
            && refusal.class == RefusalClass::Configuration
            && let Some(alert) = self.hold(client, &client.sending, refusal, false, recorder).await
        {
            self.alerts.raise(alert, client.mailbox(), recorder).await;
        }
        Ok(())
    }

    fn about(&self, on: &InFlightText<'_>, event: Event, status: Status, recorder: &Recorder<'_>) -> AuditEvent {
        let about = recorder.about(&on.lead, event, status);
        match on.lead.campaign_of(on.text.enrollment) {
            Some(campaign) => about.in_campaign(campaign, Some(on.text.step)),
            None => about,
        }
    }

    /// Alerts that an outcome asks for, and the hold on an account that cannot send.
    async fn tell(&self, on: &InFlightText<'_>, settled: &Settled, recorder: &Recorder<'_>) {
        let lead = on.lead.id;
        let campaign = on.lead.campaign_of(on.text.enrollment).map_or("?", |campaign| campaign.as_str());
        let alert = match settled {
            Settled::Advanced | Settled::Completed | Settled::Recorded | Settled::Already => return,
            Settled::Undeliverable(_) | Settled::OptedOut(_) => return,
            Settled::Retrying { .. } | Settled::Unclear { ask_at: Some(_), .. } => return,
            Settled::PutOff { why, retry_after, .. } => {
                let claimed = (on.text.attempt, on.text.at);
                return self.leave_alone(on.client, claimed, (why, *retry_after), recorder).await;
            }
            Settled::ForReview(reason) => Alert {
                cause: format!("review#{lead}"),
                subject: format!("a text failed and needs review: {reason}"),
                text: format!(
                    "Lead {lead}, campaign {campaign}: {reason}.\n\nIt is not tried again until someone decides: \
                     `leadline dead-letters` lists it, `leadline redrive` tries it again.\n"
                ),
            },
            Settled::Unclear { ask_at: None, why } => Alert {
                cause: format!("unclear#{lead}"),
                subject: "a text may or may not have gone out".to_owned(),
                text: format!(
                    "Lead {lead}, campaign {campaign}: {why}. The provider was asked and cannot tell.\n\nWhether it went \
                     out is not known, so it is not sent again. Look in the provider's log, then say which it is: \
                     `leadline settle {lead} --sent` or `--not-sent`. Until then this lead gets no further text.\n"
                ),
            },
            Settled::AccountRefused(refusal) => {
                match self.hold(on.client, &on.sending(), refusal, true, recorder).await {
                    Some(alert) => alert,
                    None => return,
                }
            }
            Settled::AccountFailed(refusal) => {
                match self.hold(on.client, &on.client.sending, refusal, false, recorder).await {
                    Some(alert) => alert,
                    None => return,
                }
            }
        };
        self.alerts.raise(alert, on.client.mailbox(), recorder).await;
    }

    /// The account refused: nothing more is sent by it until it is tried again, where its answer to a call
    /// says whether it can (`at_once`). An account that takes every text and fails it later says nothing
    /// by taking one more: only a person lifts that. Gives the alert, unless sending is on hold already.
    async fn hold(
        &self,
        client: &Client,
        stands: &Sending,
        refusal: &ProviderRefusal,
        at_once: bool,
        recorder: &Recorder<'_>,
    ) -> Option<Alert> {
        let reason = format!("the SMS account refused a text: {refusal}");
        let held = match at_once {
            true => client.sending.after_refusal(&reason, recorder.now)?,
            false if matches!(client.sending, Sending::OnHold { try_at: None, .. }) => return None,
            false => Sending::held(&reason, recorder.now),
        };
        match self.directory.set_sending(recorder.client, stands, &held).await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => tracing::error!(client = %recorder.client, %error, "sending could not be put on hold"),
        }
        note(self.alerts.journal, &recorder.event(Event::SendingHeld, Status::Failed).because("account", &reason))
            .await;
        Some(Alert {
            cause: "account-refused".to_owned(),
            subject: format!("sending is on hold: {refusal}"),
            text: format!(
                "The SMS account refused a text: {refusal}.\n\nAll sending of this client is on hold so that no lead's \
                 tries are used up. Leads wait meanwhile; a first text whose time runs out is given up and counted in \
                 the report. Correct the account, then lift the hold with `leadline resume`.{}\n",
                if at_once {
                    " Single texts are tried from time to time, too, and the first that is accepted lifts it."
                } else {
                    " It is not lifted by itself: the account takes texts and fails them later."
                }
            ),
        })
    }

    /// A text that was claimed at `at` was accepted, or of a provider that asked to wait at least looked at: an
    /// account that was only tried again by it can send.
    pub async fn lift(&self, client: &Client, at: Instant, recorder: &Recorder<'_>) {
        let Some(tried) = client.sending.tried_at(at) else { return };
        let (reason, words) = match tried.throttled_for(recorder.now) {
            Some(span) => ("throttled", format!("the SMS provider takes texts again after {} min", span.num_minutes())),
            None => ("account", "the SMS account accepted a text again".to_owned()),
        };
        match self.directory.set_sending(recorder.client, &tried, &Sending::On).await {
            Ok(true) => {
                let lifted = recorder.event(Event::SendingResumed, Status::Ok);
                note(self.alerts.journal, &lifted.because(reason, words)).await;
            }
            Ok(false) => {}
            Err(error) => tracing::error!(client = %recorder.client, %error, "the hold could not be lifted"),
        }
    }
}

/// Returns `true` if the provider refused the text for what it is or where it goes: it does not ask to wait then.
fn was_looked_at(outcome: &SendOutcome) -> bool {
    match outcome {
        SendOutcome::Refused(refusal) => refusal.class != RefusalClass::Configuration,
        SendOutcome::Accepted { .. }
        | SendOutcome::NotSent { .. }
        | SendOutcome::Throttled { .. }
        | SendOutcome::Failed { .. }
        | SendOutcome::Unknown { .. } => false,
    }
}

fn throttled(client: &Client, reason: &str, since: Instant) -> Alert {
    let since = since.with_timezone(&client.zone).format("%H:%M %Z");
    Alert {
        cause: "provider-throttled".to_owned(),
        subject: "the SMS provider has been asking to wait for more than 30 minutes".to_owned(),
        text: format!(
            "Since {since} texts are turned away: {reason}.\n\nNothing is lost: leads \
             wait, one text is tried every few minutes, and the first that is accepted lets the others go within \
             the usual limits. A first text whose time runs out is given up as expired and counted in the report.\n\n\
             If it goes on, look in the provider's console whether the account has reached a limit, and ask its \
             support to raise it. This is not sent again today.\n"
        ),
    }
}

/// Records an event; that it could not be recorded is all that can be said.
pub async fn note(journal: &dyn Journal, event: &AuditEvent) {
    if let Err(error) = journal.record(std::slice::from_ref(event)).await {
        tracing::error!(id = %event.id, event = event.event.code(), %error, "an event could not be recorded");
    }
}

/// What settling brought about, for the audit. A sequence that ends by its last text says so in the
/// record of that text.
fn consequences(before: &Lead, after: &Lead, recorder: &Recorder<'_>) -> Vec<AuditEvent> {
    let new = after.history.iter().skip(before.history.len()).filter(|past| past.outcome != Outcome::Completed);
    let ended = new.map(|past| {
        let ended = recorder.about(after, Event::EnrollmentEnded, Status::Ok);
        ended.ending(past.outcome, &past.reason).in_campaign(&past.campaign, None)
    });
    let opted_out = new_opt_out(before, after).map(|_| {
        let said = recorder.about(after, Event::OptedOut, Status::Ok);
        said.because("provider", "the provider holds an opt-out")
    });
    ended.chain(opted_out).collect()
}

fn new_opt_out(before: &Lead, after: &Lead) -> Option<OptOut> {
    match (&before.standing, &after.standing) {
        (ContactStatus::OptedOut(_), _) => None,
        (_, ContactStatus::OptedOut(opt_out)) => Some(opt_out.clone()),
        _ => None,
    }
}

/// The one record of an attempt: what was sent, why it was lawful, what can be proved of it. Its id is
/// the attempt's, so whoever finds out writes the same record.
fn attempt_record(on: &InFlightText<'_>, outcome: &SendOutcome, recorder: &Recorder<'_>) -> AuditEvent {
    let (status, reason, detail, provider_id) = match outcome {
        SendOutcome::Accepted { provider_id } => (Status::Ok, "sent".to_owned(), None, Some(provider_id.clone())),
        SendOutcome::Refused(refusal) => {
            let code = refusal.code.map_or_else(|| "refused".to_owned(), |code| format!("refused_{code}"));
            (Status::Failed, code, Some(refusal.to_string()), None)
        }
        SendOutcome::NotSent { why } => (Status::Failed, "not_sent".to_owned(), Some(why.clone()), None),
        SendOutcome::Throttled { why, .. } => (Status::Waiting, "throttled".to_owned(), Some(why.clone()), None),
        SendOutcome::Failed { provider_id, problem } => {
            let (code, words) = match problem {
                Ok(refusal) => (refusal.code, refusal.to_string()),
                Err(words) => (None, words.clone()),
            };
            let reason = code.map_or_else(|| "failed".to_owned(), |code| format!("failed_{code}"));
            (Status::Failed, reason, Some(words), Some(provider_id.clone()))
        }
        SendOutcome::Unknown { why } => (Status::Unknown, "unknown".to_owned(), Some(why.clone()), None),
    };
    let InFlightText { lead, text, plan, .. } = on;
    let live = lead.enrollment(text.enrollment);
    let campaign = lead.campaign_of(text.enrollment);
    let accepted = status == Status::Ok;
    let first = live.filter(|enrollment| enrollment.last_sent_at.is_none() && accepted);
    let last = live.is_some() && plan.is_some_and(|plan| plan.after(text.step).is_none()) && accepted;
    let mut record = recorder.about(lead, Event::SmsAttempt, status);
    record.id = AuditId(text.attempt.0);
    record.reason = Some(reason);
    record.detail = detail;
    record.campaign = campaign.cloned();
    record.step = Some(text.step);
    record.ended = last.then_some(Outcome::Completed);
    record.text = Some(TextFacts {
        body: text.text.clone(),
        template: plan.zip(campaign).map(|(plan, campaign)| plan.template_name(campaign, text.step)),
        hours: text.hours.clone(),
        provider_id,
        retry: text.tries.saturating_sub(1),
        segments: u32::try_from(segments::count(&text.text).count).unwrap_or(u32::MAX),
        minutes_from_import: first.map(|enrollment| (recorder.now - enrollment.imported_at).num_minutes()),
    });
    record
}

/// The provider's id of a text that it took, as our own record of the attempt proves it.
fn taken_by(record: &AuditEvent) -> Option<String> {
    let accepted = record.event == Event::SmsAttempt && record.status == Status::Ok;
    record.text.as_ref().filter(|_| accepted)?.provider_id.clone()
}
