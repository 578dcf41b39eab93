//! Answers a reply, at most once: the claim of the answer is never given again, whatever becomes of the
//! sender that took it. No answer is better than two.

use leadline::{
    domain::{
        Instant,
        answer::{Answer, NoAnswer},
        audit::{AuditEvent, Event, Status, TextFacts},
        client::Client,
        ids::{AttemptId, AuditId, RunId},
        message::SendOutcome,
        segments,
    },
    flows::{
        alerts::{Alert, Alerts},
        record::Recorder,
        settling::Settling,
    },
    ports::{Lease, StoreResult, StoredLead},
};

use crate::Deps;

/// Sends an answer if it may still be sent, and says in words what came of it.
///
/// # Errors
/// [`StoreError`](leadline::ports::StoreError) when the store fails before the provider was called; nothing
/// was sent then.
pub async fn answer(deps: &Deps, answer: &Answer, run: RunId, ends: Option<Instant>) -> StoreResult<String> {
    let now = deps.clock.now();
    if !answer.in_time(now) {
        return Ok("not answered: the reply came too long ago".to_owned());
    }
    let client = match deps.store.client(&answer.client).await? {
        Ok(client) => client,
        Err(problem) => return Ok(format!("not answered: {problem}")),
    };
    let Some(StoredLead { lead, profile, .. }) = deps.store.lead(&client.id, answer.lead).await? else {
        return Ok("not answered: the lead is gone".to_owned());
    };
    let may = match answer.decide(&client, &lead, &profile, now) {
        Ok(may) => may,
        Err(why) => {
            if let NoAnswer::NoWords(problem) = &why {
                let recorder =
                    Recorder { ids: deps.ids.as_ref(), client: &client.id, test: client.in_test(), run, now };
                alerts(deps).raise(cannot_be_made(answer, problem), client.mailbox(), &recorder).await;
            }
            return Ok(format!("not answered: {why}"));
        }
    };
    // The test phone can say no, too.
    if lead.phone.as_ref() != Some(&may.to) && deps.store.phone(&client.id, &may.to).await?.opt_out.is_some() {
        return Ok("not answered: the test phone has opted out".to_owned());
    }
    // Of an account that is only tried again, one text is let through.
    if let Some(tried) = client.sending.tried_at(now)
        && !deps.store.set_sending(&client.id, &client.sending, &tried).await?
    {
        return Ok("not answered: another text tries whether the account can send".to_owned());
    }
    if deps.store.claim(&client.id, &answer.key(), now, may.until).await? != Lease::Acquired {
        return Ok("not answered: it was, or may have been, before".to_owned());
    }
    let attempt = AttemptId(deps.ids.new_id(now));
    let recorder = Recorder { ids: deps.ids.as_ref(), client: &client.id, test: client.in_test(), run, now };
    let mut record = recorder.about(&lead, Event::AnswerSent, Status::Unknown).because(answer.to.code(), "handed over");
    record.id = AuditId(attempt.0);
    record.text = Some(TextFacts {
        body: may.text.clone(),
        template: Some(format!("client answer: {}", answer.to.code())),
        hours: "an answer to a reply, within five minutes of it".to_owned(),
        provider_id: None,
        retry: 0,
        segments: u32::try_from(segments::count(&may.text).count).unwrap_or(u32::MAX),
        minutes_from_import: None,
    });
    // No record, no text.
    deps.store.record(std::slice::from_ref(&record)).await?;
    let text = may.claimed(attempt, lead.id);
    let called = deps.clock.now();
    let outcome = match text.fence(called, ends) {
        Ok(()) => deps.provider.send(&client, &text, called).await,
        Err(why) => SendOutcome::NotSent { why: why.to_owned() },
    };
    tell_account(deps, &client, (attempt, now), &outcome, &Recorder { now: deps.clock.now(), ..recorder }).await;
    let words = settle(&mut record, outcome);
    if let Err(error) = deps.store.record(&[record]).await {
        tracing::error!(client = %client.id, lead = %lead.id, %error, "what came of an answer could not be recorded");
    }
    if let Err(error) = deps.store.finish(&client.id, &answer.key(), &words).await {
        // The claim stands, and is never given again.
        tracing::warn!(client = %client.id, lead = %lead.id, %error, "an answer could not be marked as done");
    }
    Ok(words)
}

fn alerts(deps: &Deps) -> Alerts<'_> {
    deps.alerts()
}

/// A text of the settings that cannot be sent: the person who wrote gets nothing.
fn cannot_be_made(answer: &Answer, problem: &str) -> Alert {
    let which = answer.to.code();
    Alert {
        cause: format!("answer_text#{which}"),
        subject: format!("the answer `{which}` cannot be sent: {problem}"),
        text: format!(
            "Somebody was to be answered with the text of `answers` in the settings ({which}), and it cannot be made: \
             {problem}.\n\nNobody is answered with it until it is corrected. Nothing is sent later: an answer goes within \
             five minutes or not at all.\n"
        ),
    }
}

/// What the outcome says of the account. An answer is not tried again, but whoever else is texted is spared the
/// same.
async fn tell_account(
    deps: &Deps,
    client: &Client,
    claimed: (AttemptId, Instant),
    outcome: &SendOutcome,
    recorder: &Recorder<'_>,
) {
    let settling = Settling { directory: deps.store.as_ref(), leads: deps.store.as_ref(), alerts: alerts(deps) };
    match outcome {
        SendOutcome::Throttled { why, retry_after } => {
            settling.leave_alone(client, claimed, (why, *retry_after), recorder).await;
        }
        SendOutcome::Accepted { .. } => settling.lift(client, claimed.1, recorder).await,
        SendOutcome::Refused(_)
        | SendOutcome::NotSent { .. }
        | SendOutcome::Failed { .. }
        | SendOutcome::Unknown { .. } => {}
    }
}

fn settle(record: &mut AuditEvent, outcome: SendOutcome) -> String {
    let (status, words) = match outcome {
        SendOutcome::Accepted { provider_id } => {
            if let Some(text) = &mut record.text {
                text.provider_id = Some(provider_id);
            }
            (Status::Ok, "answered".to_owned())
        }
        SendOutcome::Refused(refusal) => (Status::Failed, format!("the answer was refused: {refusal}")),
        SendOutcome::NotSent { why } => (Status::Failed, format!("the answer did not go out: {why}")),
        SendOutcome::Throttled { why, .. } => {
            (Status::Failed, format!("the answer did not go out, as the provider asked to wait: {why}"))
        }
        SendOutcome::Failed { provider_id, problem } => {
            if let Some(text) = &mut record.text {
                text.provider_id = Some(provider_id);
            }
            let words = problem.map_or_else(|words| words, |refusal| refusal.to_string());
            (Status::Failed, format!("the provider took the answer, and it failed: {words}"))
        }
        SendOutcome::Unknown { why } => (Status::Unknown, format!("the answer may have gone out: {why}")),
    };
    record.status = status;
    record.detail = Some(words.clone());
    words
}
