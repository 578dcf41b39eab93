//! Alerts: what cannot wait for the daily report. One email per cause and day, whatever repeats.

use chrono::TimeDelta;

use super::record::Recorder;
use domain::{
    audit::{Event, Status},
    email::EmailAddress,
};
use ports::{Email, Journal, Lease, Leases, Mailer};

/// How long a function has to send an alert that it claimed.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// What alerts need.
#[derive(Clone, Copy)]
pub struct Alerts<'a> {
    /// So that one cause makes one email.
    pub once: &'a dyn Leases,
    /// Where it leaves.
    pub mailer: &'a dyn Mailer,
    /// Where it is recorded.
    pub journal: &'a dyn Journal,
}

/// Something that an operator must know now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What makes it the same alert: `template-missing#webinar#2`.
    pub cause: String,
    /// What is wrong, in a line.
    pub subject: String,
    /// What happened, what it means, what to do.
    pub text: String,
}

impl Alerts<'_> {
    /// Emails the alert, unless its cause was emailed today. A failure is logged and never stops the caller.
    pub async fn raise(&self, alert: Alert, to: Option<&EmailAddress>, recorder: &Recorder<'_>) {
        let Some(to) = to else {
            tracing::warn!(client = %recorder.client, cause = alert.cause, "an alert has no address to go to");
            return;
        };
        let what = format!("alert#{}#{}", recorder.now.format("%Y-%m-%d"), alert.cause);
        match self.once.claim(recorder.client, &what, recorder.now, recorder.now + LEASE).await {
            Ok(Lease::Acquired | Lease::Reacquired) => {}
            Ok(Lease::HeldElsewhere | Lease::Completed) => return,
            Err(error) => {
                tracing::error!(client = %recorder.client, cause = alert.cause, %error, "an alert could not be claimed");
                return;
            }
        }
        let email = Email {
            to: to.clone(),
            subject: format!(
                "{}{}: ACT. {}",
                if recorder.test { "[TEST] " } else { "" },
                recorder.client,
                alert.subject
            ),
            text: alert.text.clone(),
            html: None,
        };
        let sent = self.mailer.send(&email).await;
        let event = match &sent {
            Ok(()) => recorder.event(Event::AlertSent, Status::Ok).because(&alert.cause, alert.subject),
            Err(error) => recorder.event(Event::AlertSent, Status::Failed).because(&alert.cause, error.to_string()),
        };
        if let Err(error) = self.journal.record(&[event]).await {
            tracing::error!(client = %recorder.client, %error, "an alert could not be recorded");
        }
        if sent.is_ok()
            && let Err(error) = self.once.finish(recorder.client, &what, "sent").await
        {
            tracing::error!(client = %recorder.client, %error, "an alert could not be marked as sent");
        }
    }
}
