//! The daily report: woken every half hour, it sends each client's report once its local hour has come.
//!
//! A report that arrives twice is a nuisance and one that does not arrive is an alarm, so here, unlike
//! with texts, a repeat is right: it is sent again after a crash, and says so.
//!
//! Before a report the client's forms are compared with what its Kajabi site lists, if it is set up for that.

mod build;
mod compare;
mod page;
mod render;
mod schedule;

use std::{panic::AssertUnwindSafe, sync::Arc};

use chrono::TimeDelta;
use futures_util::FutureExt;
use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        client::{Client, SettingsProblem},
        ids::{AuditId, ClientId},
        incoming::ReadEvent,
        report::Period,
    },
    flows::alerts::Alerts,
    ports::{ClientEntry, Clock, Email, FormFeed, IdSource, Lease, MailError, Mailer, ReporterStore, StoreError},
};
use serde::Serialize;

pub use render::{Unrenderable, email, settings_email};

/// How long one claim of a report is good for: longer than the function can run, shorter than the half
/// hour after which it is woken again.
const LEASE: TimeDelta = TimeDelta::minutes(10);

/// How long after its begin a run compares forms with Kajabi. What is left of its time is for the reports.
const COMPARING: TimeDelta = TimeDelta::seconds(60);

/// What the reporter needs from outside.
#[derive(Clone)]
pub struct Deps {
    /// All that is stored.
    pub store: Arc<dyn ReporterStore>,
    /// How a raw event is read.
    pub read: ReadEvent,
    /// The forms that a client's site lists.
    pub feed: Arc<dyn FormFeed>,
    /// Where reports leave.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// Whether the providers post delivery receipts, as all but stand-ins do.
    pub receipts_come: bool,
}

impl Deps {
    /// How operators are told of something.
    fn alerts(&self) -> Alerts<'_> {
        let store = self.store.as_ref();
        Alerts { once: store, mailer: self.mailer.as_ref(), journal: store }
    }
}

/// What one run did, in clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// A report was sent.
    pub sent: u32,
    /// Those of them that may have been sent before.
    pub repeated: u32,
    /// A report was made that has no address to go to.
    pub unaddressed: u32,
    /// It is too early, or the day's report was sent, or another run is at it.
    pub nothing_to_do: u32,
    /// It did not work; the next run tries again.
    pub failed: u32,
}

/// A run that could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody knows whose reports are due.
    #[error("the list of clients could not be read")]
    Clients(#[source] StoreError),
}

/// Why one client got no report in this run.
#[derive(Debug, thiserror::Error)]
enum NoReport {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Render(#[from] Unrenderable),
    #[error("the report of this client panicked")]
    Panic,
}

/// What came of one client.
enum Done {
    Nothing,
    Sent(Lease),
    Unaddressed,
}

/// Sends every report that is due and not done. What wakes it says nothing that matters.
///
/// # Errors
/// [`Error`] when the clients cannot be listed. What fails for one client is counted, logged and
/// recorded, and stops no other.
pub async fn handle(_woken_by: serde_json::Value, deps: &Deps) -> Result<Summary, Error> {
    let clients = deps.store.clients().await.map_err(Error::Clients)?;
    let mut summary = Summary::default();
    let comparing_ends = deps.clock.now() + COMPARING;
    for entry in clients {
        let done = AssertUnwindSafe(serve(&entry, comparing_ends, deps)).catch_unwind().await;
        match done.unwrap_or(Err(NoReport::Panic)) {
            Ok(Done::Nothing) => summary.nothing_to_do += 1,
            Ok(Done::Unaddressed) => summary.unaddressed += 1,
            Ok(Done::Sent(turn)) => {
                summary.sent += 1;
                summary.repeated += u32::from(turn == Lease::Reacquired);
            }
            Err(error) => {
                summary.failed += 1;
                complain(&entry.id, &error, deps).await;
            }
        }
    }
    tracing::info!(?summary, "reports");
    Ok(summary)
}

async fn serve(entry: &ClientEntry, comparing_ends: Instant, deps: &Deps) -> Result<Done, NoReport> {
    let now = deps.clock.now();
    match deps.store.client(&entry.id).await? {
        Ok(client) => match schedule::due(&client, now) {
            Some(period) => {
                let not_compared = compare::remarks(&client, &period, comparing_ends, deps).await;
                report(&client, period, not_compared, now, deps).await
            }
            None => Ok(Done::Nothing),
        },
        Err(problem) => unreadable(entry, &problem, now, deps).await,
    }
}

/// The day's report of a client whose settings can be read.
async fn report(
    client: &Client,
    period: Period,
    not_compared: Vec<String>,
    now: Instant,
    deps: &Deps,
) -> Result<Done, NoReport> {
    let what = schedule::report_of(period.day);
    let turn = deps.store.claim(&client.id, &what, now, now + LEASE).await?;
    if matches!(turn, Lease::HeldElsewhere | Lease::Completed) {
        return Ok(Done::Nothing);
    }
    let report = build::report(client, period, &not_compared, deps).await?;
    let note = report.carried.to_note();
    let detail = format!(
        "report {}{}",
        report.number,
        if turn == Lease::Reacquired { ", perhaps for the second time" } else { "" }
    );
    let mut event = audit(&client.id, Event::ReportSent, Status::Ok, deps);
    event.test = client.in_test();
    event.reason = Some(report.verdict.word().to_lowercase());
    event.detail = Some(detail);
    let done = match client.mailbox() {
        Some(to) => {
            deps.mailer.send(&email(&report, client, to.clone(), turn == Lease::Reacquired)?).await?;
            Done::Sent(turn)
        }
        None => {
            event.status = Status::Rejected;
            event.reason = Some("no_test_email".to_owned());
            event.detail = Some("test mode is on and has no test email, so the report goes nowhere".to_owned());
            Done::Unaddressed
        }
    };
    deps.store.finish(&client.id, &what, &note).await?;
    record(event, deps).await;
    Ok(done)
}

/// A few words to the operator of a client whose settings cannot be read, once a day.
async fn unreadable(
    entry: &ClientEntry,
    problem: &SettingsProblem,
    now: Instant,
    deps: &Deps,
) -> Result<Done, NoReport> {
    let Some(today) = schedule::default_due(now) else { return Ok(Done::Nothing) };
    let what = schedule::settings_report_of(today);
    let turn = deps.store.claim(&entry.id, &what, now, now + LEASE).await?;
    if matches!(turn, Lease::HeldElsewhere | Lease::Completed) {
        return Ok(Done::Nothing);
    }
    let email: Email = settings_email(entry, problem, today, turn == Lease::Reacquired)?;
    deps.mailer.send(&email).await?;
    deps.store.finish(&entry.id, &what, "sent").await?;
    let mut event = audit(&entry.id, Event::ReportSent, Status::Ok, deps);
    event.reason = Some("settings_unreadable".to_owned());
    record(event, deps).await;
    Ok(Done::Sent(turn))
}

/// Says that a client's report failed: in the log, and in the audit, which the next report is made from.
async fn complain(client: &ClientId, error: &NoReport, deps: &Deps) {
    tracing::error!(%client, error = error as &dyn std::error::Error, "a report failed");
    let mut event = audit(client, Event::ReportSent, Status::Failed, deps);
    let reason = match error {
        NoReport::Store(_) => "store",
        NoReport::Mail(_) => "mail",
        NoReport::Render(_) => "render",
        NoReport::Panic => "panic",
    };
    event.reason = Some(reason.to_owned());
    event.detail = Some(error.to_string());
    record(event, deps).await;
}

fn audit(client: &ClientId, event: Event, status: Status, deps: &Deps) -> AuditEvent {
    let now = deps.clock.now();
    AuditEvent::new(AuditId(deps.ids.new_id(now)), now, client.clone(), event, status)
}

async fn record(event: AuditEvent, deps: &Deps) {
    if let Err(error) = deps.store.record(std::slice::from_ref(&event)).await {
        tracing::error!(client = %event.client, error = &error as &dyn std::error::Error, "a report could not be recorded");
    }
}
