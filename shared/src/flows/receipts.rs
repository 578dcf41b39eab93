//! Receipts: what a provider says of a text after it took it. One that names our attempt proves that
//! the text went out, which settles it even when the answer of its call never came.

use super::{
    record::Recorder,
    settling::{OnItsWay, Settling},
};
use crate::{
    domain::{
        audit::{AuditEvent, Event, Status},
        client::Client,
        lead::Settled,
        message::SendOutcome,
        receipt::{Delivery, Receipt},
    },
    ports::StoreResult,
};

/// Acts on a receipt. Says in words what came of it, and gives its audit event for whoever concludes it.
///
/// # Errors
/// [`StoreError`](crate::ports::StoreError) when the store fails; it is worked on again later.
pub async fn take_receipt(
    settling: Settling<'_>,
    client: &Client,
    receipt: &Receipt,
    recorder: &Recorder<'_>,
) -> StoreResult<(String, AuditEvent)> {
    let Some(stored) = settling.leads.lead(&client.id, receipt.lead).await? else {
        let words = "a delivery receipt for a lead that is not known";
        let ignored = recorder.event(Event::EventIgnored, Status::Ok).because("receipt", words);
        return Ok((words.to_owned(), ignored));
    };
    let status = if receipt.delivery == Delivery::Undelivered { Status::Failed } else { Status::Ok };
    let received = recorder.about(&stored.lead, Event::ReceiptReceived, status);
    let received = received.because(receipt.delivery.code(), receipt.detail());
    let mut words = format!("a text is {}", receipt.delivery.code());

    let enrollment = stored.lead.in_flight.as_ref().filter(|text| text.attempt == receipt.attempt);
    if let Some(enrollment) = enrollment.map(|text| text.enrollment) {
        let plan = match stored.lead.enrollment(enrollment) {
            Some(live) => settling.directory.plan(&client.id, &live.campaign, live.version).await?,
            None => None,
        };
        if let Some(on) = OnItsWay::of(client, plan.as_ref(), stored.lead, stored.rev) {
            let outcome = SendOutcome::Accepted { provider_id: receipt.provider_id.clone() };
            if settling.found_out(on, &outcome, recorder).await? != Settled::Already {
                words.push_str(", so it was sent");
            }
        }
    }
    if let Some(Ok(refusal)) = &receipt.problem {
        settling.did_not_arrive(client, receipt.lead, receipt.to.as_ref(), refusal, recorder).await?;
    }
    Ok((words, received))
}
