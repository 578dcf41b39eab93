//! The comparison with what Kajabi lists, once a day and before the report. Whatever goes wrong with it is
//! a line in the report, never a report that is missing.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use leadline::{
    domain::{
        Instant,
        client::Client,
        ids::{ClientId, RunId},
        report::Period,
        tenants::Tenants,
    },
    flows::{
        comparison::{Compared, Comparison},
        intake::Intake,
        record::Recorder,
    },
    ports::{Lease, StoreResult},
};

use crate::{Deps, LEASE, schedule};

/// Compares if it is this run's turn, and gives what the report is to say was not measured. `ends` is when
/// no more may be begun in this run.
pub(crate) async fn remarks(client: &Client, period: &Period, ends: Instant, deps: &Deps) -> Vec<String> {
    if client.kajabi.compare.is_none() {
        return Vec::new();
    }
    let said = |why: &str| vec![format!("forms that Kajabi lists: {why}")];
    let now = deps.clock.now();
    if now >= ends {
        return said("there was no time in this run, and the next one compares them");
    }
    let what = schedule::comparison_of(period.day);
    match deps.store.claim(&client.id, &what, now, now + LEASE).await {
        Ok(Lease::Acquired | Lease::Reacquired) => {}
        Ok(Lease::HeldElsewhere) => return said("another run is at it"),
        Ok(Lease::Completed) => return note(&client.id, &what, deps).await.unwrap_or_default().remarks,
        Err(error) => {
            tracing::error!(client = %client.id, %error, "the comparison could not be claimed");
            return said("the table could not be asked");
        }
    }
    let compared = AssertUnwindSafe(compare(client, period, ends, now, deps)).catch_unwind().await;
    let compared = match compared {
        Ok(Ok(compared)) => compared,
        Ok(Err(error)) => {
            // Not finished, so the next run tries again.
            tracing::error!(client = %client.id, %error, "the comparison failed");
            return said("the table failed, and the next run tries again");
        }
        Err(_) => {
            tracing::error!(client = %client.id, "the comparison panicked");
            Compared { remarks: said("the comparison broke off"), ..Compared::default() }
        }
    };
    tracing::info!(client = %client.id, missed = compared.missed, remarks = compared.remarks.len(), "compared");
    let written = serde_json::to_string(&compared).unwrap_or_default();
    if let Err(error) = deps.store.finish(&client.id, &what, &written).await {
        tracing::error!(client = %client.id, %error, "the comparison could not be marked as done");
    }
    compared.remarks
}

async fn compare(client: &Client, period: &Period, ends: Instant, now: Instant, deps: &Deps) -> StoreResult<Compared> {
    let before = match period.day.pred_opt() {
        Some(day) => note(&client.id, &schedule::comparison_of(day), deps).await.unwrap_or_default(),
        None => Compared::default(),
    };
    let intake = Intake {
        read: deps.read,
        directory: deps.store.as_ref(),
        leads: deps.store.as_ref(),
        events: deps.store.as_ref(),
        alerts: deps.alerts(),
        queue: None,
        // Forms alone come by it, which concern no other client.
        tenants: Tenants::default(),
    };
    let run = RunId(deps.ids.new_id(now));
    let recorder = Recorder { ids: deps.ids.as_ref(), client: &client.id, test: client.in_test(), run, now };
    let feed = deps.feed.as_ref();
    let comparison = Comparison { feed, intake, clock: deps.clock.as_ref(), ends, since: period.until };
    comparison.run(client, &before.awaited, &recorder).await
}

/// What a comparison came to, if it was made and can be read.
async fn note(client: &ClientId, what: &str, deps: &Deps) -> Option<Compared> {
    let note = deps.store.note(client, what).await.unwrap_or_else(|error| {
        tracing::error!(%client, %error, "the last comparison could not be read");
        None
    });
    serde_json::from_str(&note?).ok()
}
