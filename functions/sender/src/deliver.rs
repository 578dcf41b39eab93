//! The life of one job. What goes on is always the proof of the step before: no case without a fresh
//! read, no claim without a decision to send, no call without a claim that was written.

use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status, TextFacts},
        client::Client,
        decide::{Case, decide},
        gate::{Decision, Gate, SendNow},
        ids::{AttemptId, AuditId, RunId},
        lead::{Lead, Outcome, Settled, Waits},
        message::{ClaimedText, InFlight, ProviderRefusal, SendOutcome},
        segments,
        standing::{OptOut, Standing},
    },
    flows::{
        alerts::{Alert, Alerts},
        conclude::{Concluded, case_of, conclude},
        record::Recorder,
    },
    ports::{Also, Rev, SendStep, StoreError, StoreResult, TextKey},
};

use crate::Deps;

/// How often a lead is read again when something else was written in between.
const TRIES: usize = 5;

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// A text was handed over, and this is what came of it.
    Settled(Settled),
    /// There was nothing to send, for this reason.
    NotNow(String),
    /// The job must come again.
    Again {
        /// Why, in words.
        why: String,
    },
}

impl std::fmt::Display for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settled(settled) => write!(f, "{settled:?}"),
            Self::NotNow(why) => write!(f, "not sent: {why}"),
            Self::Again { why } => write!(f, "again: {why}"),
        }
    }
}

/// Works on one job to its end.
///
/// # Errors
/// [`StoreError`] when the store fails before the provider was called; nothing was sent then.
pub async fn deliver(deps: &Deps, step: &SendStep, run: RunId) -> StoreResult<Delivered> {
    for _ in 0..TRIES {
        let now = deps.clock.now();
        let key = TextKey {
            client: step.client.clone(),
            lead: step.lead,
            campaign: step.campaign.clone(),
            version: step.version,
        };
        let read = deps.leads.read_for_text(&key).await?;
        let (rev, case) = match case_of(read, step.enrollment) {
            Ok(found) => found,
            Err(why) => {
                let recorder = Recorder { ids: deps.ids.as_ref(), client: &step.client, test: false, run, now };
                let mut dropped =
                    recorder.event(Event::JobFailed, Status::Rejected).because("nothing_to_send", why.to_string());
                dropped.lead = Some(step.lead);
                note(deps, &dropped).await;
                return Ok(Delivered::NotNow(why.to_string()));
            }
        };
        if case.enrollment.step != step.step {
            let why = format!("the lead is at step {}, the job is for step {}", case.enrollment.step, step.step);
            return Ok(Delivered::NotNow(why));
        }
        let recorder = Recorder { ids: deps.ids.as_ref(), client: &step.client, test: case.client.in_test(), run, now };
        let verdict = decide(&case, now);
        let Decision::Send(send) = &verdict.decision else {
            let mut lead = case.lead.clone();
            let concluded = conclude(&mut lead, step.enrollment, &verdict, &recorder);
            match turned_down(deps, &case.client, &lead, rev, concluded, &recorder).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            return Ok(match &verdict.decision {
                // A retry is minutes away: the job waits for it on the queue. Whatever is further away, such as
                // the next morning, is in the due index, and a run puts a new job on the queue then.
                Decision::Wait { gate: Gate::InFlight, reason, .. } if waits_for_retry(&case.lead) => {
                    Delivered::Again { why: reason.clone() }
                }
                other => Delivered::NotNow(reason_of(other)),
            });
        };
        // The test phone can say no, too.
        if case.lead.phone.as_ref() != Some(&send.to)
            && deps.leads.phone(&step.client, &send.to).await?.opt_out.is_some()
        {
            return Ok(Delivered::NotNow("the test phone has opted out".to_owned()));
        }
        match claim(deps, &case, rev, send, &recorder).await {
            Ok((lead, rev, claimed)) => return Ok(call(deps, case, lead, rev, send, &claimed, run).await),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Delivered::Again { why: "the lead changed each time it was read".to_owned() })
}

fn waits_for_retry(lead: &Lead) -> bool {
    lead.in_flight.as_ref().is_some_and(InFlight::is_retry)
}

fn reason_of(decision: &Decision) -> String {
    match decision {
        Decision::Send(_) => "may be sent".to_owned(),
        Decision::Wait { reason, .. } | Decision::End { reason, .. } => reason.clone(),
        Decision::Refuse(refusal) => refusal.to_string(),
    }
}

/// Writes what a decision against sending came to.
async fn turned_down(
    deps: &Deps,
    client: &Client,
    lead: &Lead,
    rev: Rev,
    concluded: Concluded,
    recorder: &Recorder<'_>,
) -> StoreResult<()> {
    if !concluded.changed {
        return Ok(());
    }
    deps.leads.save(lead, Some(rev), Also { audit: concluded.audit, ..Also::default() }).await?;
    if let Some(alert) = concluded.alert {
        alerts(deps).raise(alert, client.mailbox(), recorder).await;
    }
    Ok(())
}

fn alerts(deps: &Deps) -> Alerts<'_> {
    Alerts { once: deps.once.as_ref(), mailer: deps.mailer.as_ref(), journal: deps.journal.as_ref() }
}

/// Writes the claim. What comes back is the right to call the provider, once.
async fn claim(
    deps: &Deps,
    case: &Case,
    rev: Rev,
    send: &SendNow,
    recorder: &Recorder<'_>,
) -> StoreResult<(Lead, Rev, ClaimedText)> {
    let mut lead = case.lead.clone();
    let attempt = AttemptId(deps.ids.new_id(recorder.now));
    let claim = send.claim(attempt, recorder.run, &case.enrollment);
    // An illegal step here means that the decision and the state disagree: read both again.
    let claimed = lead.claim(claim, recorder.now).map_err(|_| StoreError::Conflict)?;
    let rev = deps.leads.save(&lead, Some(rev), Also::default()).await?;
    Ok((lead, rev, claimed))
}

/// Calls the provider and settles. From here on nothing is an error: whatever happens, the claim stands.
async fn call(
    deps: &Deps,
    case: Case,
    lead: Lead,
    rev: Rev,
    send: &SendNow,
    claimed: &ClaimedText,
    run: RunId,
) -> Delivered {
    let outcome = deps.provider.send(&case.client, claimed, deps.clock.now()).await;
    let now = deps.clock.now();
    let recorder = Recorder { ids: deps.ids.as_ref(), client: &case.client.id, test: case.client.in_test(), run, now };
    let record = attempt_record(&case, &lead, send, claimed, &outcome, &recorder);
    note(deps, &record).await;
    let settled = match settle(deps, &case, lead, rev, claimed.attempt(), &outcome, &recorder).await {
        Ok(settled) => settled,
        Err(error) => {
            tracing::error!(attempt = %claimed.attempt(), %error, "a text could not be settled; its claim stands");
            let words =
                format!("the provider answered, and the lead could not be written: {error}; nothing is sent again");
            let mut failed = recorder.about(&case.lead, Event::SettleFailed, Status::Failed).because("settle", words);
            failed.campaign = Some(case.enrollment.campaign.clone());
            note(deps, &failed).await;
            return Delivered::NotNow("sent, and not settled".to_owned());
        }
    };
    if settled == Settled::Recorded && record.ended.is_some() {
        // Something else ended the enrollment during the call: this text did not.
        note(deps, &AuditEvent { ended: None, ..record }).await;
    }
    tell(deps, &case, &settled, &recorder).await;
    match settled {
        Settled::Retrying { .. } => Delivered::Again { why: "it did not go out and is tried again".to_owned() },
        settled => Delivered::Settled(settled),
    }
}

/// Records what cannot be undone any more; that it could not be recorded is all that can be said.
async fn note(deps: &Deps, event: &AuditEvent) {
    if let Err(error) = deps.journal.record(std::slice::from_ref(event)).await {
        tracing::error!(id = %event.id, event = event.event.code(), %error, "an event could not be recorded");
    }
}

/// Writes what the outcome means for the lead. What changed in between stays: an opt-out that came
/// during the call is not undone by the text it came too late for.
async fn settle(
    deps: &Deps,
    case: &Case,
    lead: Lead,
    rev: Rev,
    attempt: AttemptId,
    outcome: &SendOutcome,
    recorder: &Recorder<'_>,
) -> StoreResult<Settled> {
    let (mut lead, mut rev) = (lead, rev);
    for _ in 0..TRIES {
        let before = lead.clone();
        let settled = lead
            .settle(attempt, outcome.clone(), &case.plan, recorder.now)
            .map_err(|illegal| StoreError::Unreadable(illegal.to_string()))?;
        let also = Also {
            audit: ended(&before, &lead, case, recorder),
            opt_out: new_opt_out(&before, &lead),
            ..Also::default()
        };
        match deps.leads.save(&lead, Some(rev), also).await {
            Ok(_) => return Ok(settled),
            Err(StoreError::Conflict) => {
                let read = deps.leads.lead(&case.client.id, lead.id).await?;
                let read = read.ok_or_else(|| StoreError::Unreadable("the lead is gone".to_owned()))?;
                (lead, rev) = (read.lead, read.rev);
            }
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// The enrollments that settling ended, for the audit. A sequence that ends by its last text does so
/// in the same write as the text.
fn ended(before: &Lead, after: &Lead, case: &Case, recorder: &Recorder<'_>) -> Vec<AuditEvent> {
    // Completion is in the record of the text itself.
    let new = after.history.iter().skip(before.history.len()).filter(|past| past.outcome != Outcome::Completed);
    let mut audit: Vec<AuditEvent> = new
        .map(|past| {
            recorder
                .about(after, Event::EnrollmentEnded, Status::Ok)
                .ending(past.outcome, &past.reason)
                .in_campaign(&past.campaign, None)
        })
        .collect();
    if new_opt_out(before, after).is_some() {
        audit.push(
            recorder.about(after, Event::OptedOut, Status::Ok).because("provider", "the provider holds an opt-out"),
        );
    }
    let review = after.enrollment(case.enrollment.id).and_then(|enrollment| match &enrollment.waits {
        Waits::ForReview { reason, .. } => Some(reason),
        Waits::Until(_) => None,
    });
    if let Some(reason) = review {
        audit.push(
            recorder
                .about(after, Event::ReviewNeeded, Status::Failed)
                .because("failed", reason)
                .in_campaign(&case.enrollment.campaign, Some(case.enrollment.step)),
        );
    }
    audit
}

fn new_opt_out(before: &Lead, after: &Lead) -> Option<OptOut> {
    match (&before.standing, &after.standing) {
        (Standing::OptedOut(_), _) => None,
        (_, Standing::OptedOut(opt_out)) => Some(opt_out.clone()),
        _ => None,
    }
}

/// The one record of an attempt: what was sent, why it was lawful, what can be proved of it.
fn attempt_record(
    case: &Case,
    lead: &Lead,
    send: &SendNow,
    claimed: &ClaimedText,
    outcome: &SendOutcome,
    recorder: &Recorder<'_>,
) -> AuditEvent {
    let (status, reason, detail, provider_id) = match outcome {
        SendOutcome::Accepted { provider_id } => (Status::Ok, "sent".to_owned(), None, Some(provider_id.clone())),
        SendOutcome::Refused(refusal) => {
            let code = refusal.code.map_or_else(|| "refused".to_owned(), |code| format!("refused_{code}"));
            (Status::Failed, code, Some(refusal.to_string()), None)
        }
        SendOutcome::NotSent { why } => (Status::Failed, "not_sent".to_owned(), Some(why.clone()), None),
        SendOutcome::Unknown { why } => (Status::Unknown, "unknown".to_owned(), Some(why.clone()), None),
    };
    let first = case.enrollment.last_sent_at.is_none() && provider_id.is_some();
    let mut record = recorder.about(lead, Event::SmsAttempt, status);
    record.id = AuditId(claimed.attempt().0);
    record.reason = Some(reason);
    record.detail = detail;
    record.campaign = Some(case.enrollment.campaign.clone());
    record.step = Some(case.enrollment.step);
    let last = case.plan.after(case.enrollment.step).is_none() && provider_id.is_some();
    record.ended = last.then_some(Outcome::Completed);
    record.text = Some(TextFacts {
        body: send.text.clone(),
        template: Some(send.template.clone()),
        hours: send.hours.clone(),
        provider_id,
        retry: lead.in_flight.as_ref().map_or(0, |text| text.tries.saturating_sub(1)),
        segments: u32::try_from(segments::count(&send.text).count).unwrap_or(u32::MAX),
        minutes_from_import: first.then(|| minutes(case.enrollment.imported_at, recorder.now)),
    });
    record
}

fn minutes(from: Instant, until: Instant) -> i64 {
    (until - from).num_minutes()
}

/// Alerts that an outcome asks for, and the hold on an account that cannot send.
async fn tell(deps: &Deps, case: &Case, settled: &Settled, recorder: &Recorder<'_>) {
    let lead = case.lead.id;
    let campaign = &case.enrollment.campaign;
    let alert = match settled {
        Settled::Advanced | Settled::Completed | Settled::Recorded | Settled::Retrying { .. } => return,
        Settled::Undeliverable(_) | Settled::OptedOut(_) => return,
        Settled::ForReview(reason) => Alert {
            cause: format!("review#{lead}"),
            subject: format!("a text failed and needs review: {reason}"),
            text: format!(
                "Lead {lead}, campaign {campaign}: {reason}.\n\nIt is not tried again until someone decides.\n"
            ),
        },
        Settled::Unclear(why) => Alert {
            cause: format!("unclear#{lead}"),
            subject: "a text may or may not have gone out".to_owned(),
            text: format!(
                "Lead {lead}, campaign {campaign}: {why}.\n\nWhether it went out is not known, so it is not sent again. \
                 Look in the provider's log. Until someone decides, this lead gets no further text.\n"
            ),
        },
        Settled::AccountRefused(refusal) => {
            hold(deps, refusal, recorder).await;
            Alert {
                cause: "account-refused".to_owned(),
                subject: format!("sending is on hold: {refusal}"),
                text: format!(
                    "The SMS account refused a text: {refusal}.\n\nAll sending of this client is on hold so that no lead's \
                     tries are used up. Leads wait meanwhile; a first text whose time runs out is given up and counted in \
                     the report. Correct the account, then lift the hold.\n"
                ),
            }
        }
    };
    alerts(deps).raise(alert, case.client.mailbox(), recorder).await;
}

async fn hold(deps: &Deps, refusal: &ProviderRefusal, recorder: &Recorder<'_>) {
    let reason = format!("the SMS account refused a text: {refusal}");
    if let Err(error) = deps.directory.hold(recorder.client, &reason, recorder.now).await {
        tracing::error!(client = %recorder.client, %error, "sending could not be put on hold");
        return;
    }
    let held = recorder.event(Event::SendingHeld, Status::Failed).because("account", reason);
    note(deps, &held).await;
}
