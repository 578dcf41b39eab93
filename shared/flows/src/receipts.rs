//! Receipts: what a provider says of a text after it took it. One about a text of ours proves that the
//! text went out, which settles it even when the answer of its call never came. One about a text that is
//! not ours says that a person writes to the lead from the provider's own inbox: the lead is put on hold.

use chrono::TimeDelta;

use super::{
    derived_id,
    record::Recorder,
    settling::{InFlightText, Settling},
    update::Retries,
};
use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::{Client, Mode},
    event::{EventOutcome, EventState, RawEvent},
    ids::{AttemptId, AuditId},
    lead::Settled,
    message::SendOutcome,
    phone::PhoneNumber,
    receipt::{About, Delivery, Receipt, Shown},
};
use ports::{SideWrites, StoreResult, StoredLead};

/// How long the answer to a call is left to be written, before a text that is shown with other words than
/// those on their way is somebody else's.
const UNTIL_WRITTEN: TimeDelta = TimeDelta::minutes(2);
/// How long a receipt that shows no words waits for the text on its way to be found out about.
const UNTIL_FOUND_OUT: TimeDelta = TimeDelta::minutes(60);
/// How long after a text was claimed a receipt of it may come. Carriers give up after three days.
const LATEST_RECEIPT: TimeDelta = TimeDelta::days(7);
/// How often it is looked again for that long.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Why a lead is on hold to whom a person writes.
const TAKEN_OVER: &str = "someone wrote from the provider's own inbox";

/// What came of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// This, which is to be written as the event's end.
    Said {
        /// In words.
        words: String,
        /// Its audit event.
        audit: Box<AuditEvent>,
    },
    /// It was written with the lead, and the event is at its end.
    DecisionEffects(EventState),
    /// Nothing yet: whose text it is may be known later.
    NotYet {
        /// When to look again.
        until: Instant,
    },
}

/// Acts on a receipt, which came by `event`.
///
/// # Errors
/// [`StoreError`](ports::StoreError) when the store fails; it is worked on again later.
pub async fn take_receipt(
    settling: Settling<'_>,
    client: &Client,
    receipt: &Receipt,
    event: &RawEvent,
    recorder: &Recorder<'_>,
) -> StoreResult<Came> {
    match &receipt.about {
        About::Attempt { attempt, lead } => match settling.leads.lead(&client.id, *lead).await? {
            Some(stored) => of_ours(settling, client, receipt, stored, *attempt, recorder).await,
            None => Ok(ignored("a delivery receipt for a lead that is not known", recorder)),
        },
        About::Number { number, shown } => {
            let mut retries = Retries::default();
            loop {
                let stored = match settling.leads.phone(&client.id, number).await?.lead {
                    Some(id) => settling.leads.lead(&client.id, id).await?,
                    None => None,
                };
                let Some(stored) = stored else {
                    return Ok(ignored("a delivery receipt for a number that is no lead's", recorder));
                };
                let shown = shown.as_ref();
                if let Some(attempt) = whose(settling, client, receipt, &stored, (number, shown), recorder).await? {
                    return of_ours(settling, client, receipt, stored, attempt, recorder).await;
                }
                if let Some(until) = may_be_known_later(&stored, number, shown.is_some(), event, recorder.now) {
                    return Ok(Came::NotYet { until });
                }
                let came = of_nobody(settling, client, stored, number, shown, event, recorder).await;
                if !retries.again(&came) {
                    return came;
                }
            }
        }
    }
}

/// A receipt about our own attempt.
async fn of_ours(
    settling: Settling<'_>,
    client: &Client,
    receipt: &Receipt,
    stored: StoredLead,
    attempt: AttemptId,
    recorder: &Recorder<'_>,
) -> StoreResult<Came> {
    let lead = stored.lead.id;
    let status = if receipt.delivery == Delivery::Undelivered { Status::Failed } else { Status::Ok };
    let audit = recorder.about(&stored.lead, Event::ReceiptReceived, status);
    let audit = audit.because(receipt.delivery.code(), receipt.detail(attempt));
    let mut words = format!("a text is {}", receipt.delivery.code());

    let on_its_way = stored.lead.in_flight.as_ref().filter(|text| text.attempt == attempt);
    if let Some(enrollment) = on_its_way.map(|text| text.enrollment) {
        let plan = match stored.lead.enrollment(enrollment) {
            Some(live) => settling.directory.plan(&client.id, &live.campaign, live.version).await?,
            None => None,
        };
        if let Some(on) = InFlightText::of(client, plan.as_ref(), stored.lead, stored.rev) {
            let outcome = SendOutcome::Accepted { provider_id: receipt.provider_id.clone() };
            if settling.found_out(on, &outcome, recorder).await? != Settled::Already {
                words.push_str(", so it was sent");
            }
        }
    }
    if let Some(Ok(refusal)) = &receipt.problem {
        settling.did_not_arrive(client, lead, receipt.to.as_ref(), refusal, recorder).await?;
    }
    Ok(Came::Said { words, audit: Box::new(audit) })
}

/// The attempt of ours that a receipt is about which does not name it: the one that was recorded under the
/// provider's id, else the one that the receipt shows, taken or still on its way. The list of a provider and
/// its receipts need not agree on the id, and a person who settled a text may not have known it.
async fn whose(
    settling: Settling<'_>,
    client: &Client,
    receipt: &Receipt,
    stored: &StoredLead,
    (number, shown): (&PhoneNumber, Option<&Shown>),
    recorder: &Recorder<'_>,
) -> StoreResult<Option<AttemptId>> {
    let can = client.provider.capabilities();
    let since = recorder.now - LATEST_RECEIPT;
    let journey = settling.leads.journey(&client.id, stored.lead.id, since).await?;
    let taken = |event: &&AuditEvent| match event.event {
        // What the provider took and failed has its id, too.
        Event::SmsAttempt => {
            let id = event.text.as_ref().and_then(|text| text.provider_id.as_ref());
            event.status == Status::Ok || id.is_some()
        }
        // Nobody finds out what became of an answer but by this.
        Event::AnswerSent => matches!(event.status, Status::Ok | Status::Unknown),
        _ => false,
    };
    let taken: Vec<_> =
        journey.iter().filter(taken).filter_map(|event| Some((event.id, event.text.as_ref()?))).collect();
    let by_id = taken.iter().find(|(_, text)| text.provider_id.as_deref() == Some(&*receipt.provider_id));
    if let Some((id, _)) = by_id {
        return Ok(Some(AttemptId(id.0)));
    }
    let Some(shown) = shown else { return Ok(None) };
    if let Some(text) = &stored.lead.in_flight
        && text.is_shown_as(number, &shown.body, shown.at, can)
    {
        return Ok(Some(text.attempt));
    }
    let at_its_time = |id: AuditId| {
        let claimed = i64::try_from(id.0.timestamp_ms()).ok().and_then(Instant::from_timestamp_millis);
        claimed.is_some_and(|at| shown.at >= at - UNTIL_WRITTEN && shown.at <= at + UNTIL_FOUND_OUT)
    };
    let by_words = taken.iter().find(|(id, text)| at_its_time(*id) && can.same_words(&text.body, &shown.body));
    Ok(by_words.map(|(id, _)| AttemptId(id.0)))
}

/// When to look again: while a text to that number is on its way, the provider's id of it may not be
/// written yet.
fn may_be_known_later(
    stored: &StoredLead,
    number: &PhoneNumber,
    shown: bool,
    event: &RawEvent,
    now: Instant,
) -> Option<Instant> {
    stored.lead.in_flight.as_ref().filter(|text| text.to == *number)?;
    let written = event.received_at + UNTIL_WRITTEN;
    if now < written {
        return Some(written);
    }
    let found_out = event.received_at + UNTIL_FOUND_OUT;
    (!shown && now < found_out).then_some(now + LOOK_AGAIN)
}

/// A receipt about a text that is none of ours. One that shows a text from our number says that a person
/// writes there.
async fn of_nobody(
    settling: Settling<'_>,
    client: &Client,
    stored: StoredLead,
    number: &PhoneNumber,
    shown: Option<&Shown>,
    event: &RawEvent,
    recorder: &Recorder<'_>,
) -> StoreResult<Came> {
    let Some(shown) = shown else {
        return Ok(ignored("a delivery receipt of a text that is not ours; it is kept", recorder));
    };
    // Everybody's texts go to the test phone, which says nothing about whose number that is.
    let to_test_phone = matches!(&client.mode, Mode::Test { phone: Some(test), .. } if test == number);
    let StoredLead { rev, mut lead, .. } = stored;
    let since_then = lead.enrollments.iter().any(|live| live.imported_at <= shown.at);
    let answered = !to_test_phone && lead.answered_up_to(shown.at);
    let held = !to_test_phone && since_then && lead.hold(TAKEN_OVER, recorder.now);
    if !answered && !held {
        return Ok(ignored("someone wrote from the provider's own inbox; there is no sequence to pause", recorder));
    }
    let received = recorder.about(&lead, Event::EventApplied, Status::Ok).because("inbox", TAKEN_OVER);
    let mut audit = vec![derived_id::outcome(event, received)];
    if held {
        audit.push(recorder.about(&lead, Event::LeadHeld, Status::Waiting).because("inbox", TAKEN_OVER));
    }
    if answered {
        audit.push(recorder.about(&lead, Event::ReviewDone, Status::Ok).because("answered", TAKEN_OVER));
    }
    let came = if held { "on hold" } else { "its reply was answered" };
    let state = EventState::Done { result: format!("lead {}: {came}: {TAKEN_OVER}", lead.id) };
    let outcome = EventOutcome { event: event.clone(), state: state.clone() };
    settling.leads.save(&lead, Some(rev), SideWrites { audit, event: Some(outcome), ..SideWrites::default() }).await?;
    Ok(Came::DecisionEffects(state))
}

fn ignored(words: &str, recorder: &Recorder<'_>) -> Came {
    let audit = recorder.event(Event::EventIgnored, Status::Ok).because("receipt", words);
    Came::Said { words: words.to_owned(), audit: Box::new(audit) }
}
