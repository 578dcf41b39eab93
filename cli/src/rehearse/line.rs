//! The lines that a rehearsal prints, one JSON object each. Their fields are a promise: see
//! `docs/scenarios.md`.

use std::collections::BTreeMap;

use leadline::{
    domain::{
        Instant,
        audit::{AuditEvent, Event, Status},
        ids::{AttemptId, CampaignId, ClientId, LeadId},
    },
    ports::Journal,
};
use leadline_standins::{carrier::Accepted, fakes::Sent};
use serde::Serialize;

use crate::system::System;

/// One line.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// Something was recorded.
    Audit(AuditLine),
    /// The provider accepted a text.
    Text(TextLine),
    /// An operator got an email.
    Email(EmailLine),
    /// The end.
    Summary(Summary),
}

/// Something that was recorded.
#[derive(Debug, Clone, Serialize)]
pub struct AuditLine {
    /// When.
    pub at: Instant,
    /// Whose.
    pub client: ClientId,
    /// What, such as `enrolled`.
    pub event: String,
    /// How it went.
    pub status: Status,
    /// The kind of reason.
    pub reason: Option<String>,
    /// The reason in words.
    pub detail: Option<String>,
    /// The lead.
    pub lead: Option<LeadId>,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// The step.
    pub step: Option<u16>,
    /// The execution id.
    pub run: Option<String>,
    /// Whether it was in test mode.
    pub test: bool,
}

/// A text that the provider accepted.
#[derive(Debug, Clone, Serialize)]
pub struct TextLine {
    /// When.
    pub at: Instant,
    /// Whose.
    pub client: Option<ClientId>,
    /// To which number.
    pub to: String,
    /// What it says.
    pub body: String,
    /// The campaign.
    pub campaign: Option<CampaignId>,
    /// The step.
    pub step: Option<u16>,
    /// The lead.
    pub lead: Option<LeadId>,
}

/// An email to an operator.
#[derive(Debug, Clone, Serialize)]
pub struct EmailLine {
    /// When.
    pub at: Instant,
    /// About which client, where it can be told.
    pub client: Option<ClientId>,
    /// To whom.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The whole of it as text.
    pub text: String,
    /// The whole of it as HTML, where there is one.
    pub html: Option<String>,
}

/// What it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// When it ended.
    pub at: Instant,
    /// All clients together.
    pub client: Option<ClientId>,
    /// Leads that were created.
    pub leads: usize,
    /// Texts that the provider accepted.
    pub texts: usize,
    /// Emails to operators.
    pub emails: usize,
    /// Enrollments.
    pub enrolled: usize,
    /// Enrollments that had not ended.
    pub waiting: usize,
    /// Enrollments that ended, by outcome.
    pub ended: BTreeMap<String, usize>,
    /// Leads that were not enrolled and events that could not be used, by reason.
    pub rejected: BTreeMap<String, usize>,
}

impl Summary {
    /// Counts one event.
    pub(super) fn count(&mut self, event: &AuditEvent) {
        match event.event {
            Event::LeadCreated => self.leads += 1,
            Event::Enrolled | Event::AlsoEnrolled => self.enrolled += 1,
            Event::Rejected | Event::EventUnusable => {
                *self.rejected.entry(event.reason.clone().unwrap_or_default()).or_default() += 1;
            }
            _ => {}
        }
        if let Some(outcome) = event.ended {
            *self.ended.entry(outcome.to_string()).or_default() += 1;
        }
    }
}

impl Line {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Instant {
        match self {
            Self::Audit(line) => line.at,
            Self::Text(line) => line.at,
            Self::Email(line) => line.at,
            Self::Summary(line) => line.at,
        }
    }

    pub(super) fn audit(event: &AuditEvent) -> Self {
        Self::Audit(AuditLine {
            at: event.at,
            client: event.client.clone(),
            event: event.event.code(),
            status: event.status,
            reason: event.reason.clone(),
            detail: event.detail.clone(),
            lead: event.lead,
            campaign: event.campaign.clone(),
            step: event.step,
            run: event.run.map(|run| run.to_string()),
            test: event.test,
        })
    }

    /// A request that the webhook refused: it leaves nothing in the audit, by design.
    pub(super) fn refused(at: Instant, client: ClientId, status: u16) -> Self {
        Self::Audit(AuditLine {
            at,
            client,
            event: "request_refused".to_owned(),
            status: Status::Rejected,
            reason: Some(format!("http_{status}")),
            detail: Some(format!("the webhook answered {status} and stored nothing")),
            lead: None,
            campaign: None,
            step: None,
            run: None,
            test: false,
        })
    }
}

/// A text of the provider's ledger, with what our own record says of it.
pub(super) async fn text(text: &Accepted, system: &System) -> anyhow::Result<Line> {
    let (client, attempt) = text.status_callback.as_deref().map_or((None, None), sender_of);
    // Only some providers are given an address that names the attempt: by their own id the others are found.
    let client = client.or_else(|| client_of(text, system));
    let mut line = TextLine {
        at: text.at,
        client: client.clone(),
        to: text.to.clone(),
        body: text.body.clone(),
        campaign: None,
        step: None,
        lead: None,
    };
    if let Some(client) = client {
        let is_it = |event: &AuditEvent| match attempt {
            Some(attempt) => event.id.0 == attempt.0,
            None => event.text.as_ref().and_then(|facts| facts.provider_id.as_ref()) == Some(&text.sid),
        };
        let (from, until) = (text.at - chrono::TimeDelta::minutes(5), text.at + chrono::TimeDelta::minutes(5));
        let mut page = None;
        loop {
            let found = system.store.happened(&client, from, until, page).await?;
            if let Some(event) = found.events.iter().find(|event| is_it(event)) {
                (line.campaign, line.step, line.lead) = (event.campaign.clone(), event.step, event.lead);
            }
            page = found.next;
            if page.is_none() || line.lead.is_some() {
                break;
            }
        }
    }
    Ok(Line::Text(line))
}

/// The client whose number a text came from.
fn client_of(text: &Accepted, system: &System) -> Option<ClientId> {
    let from = |setup: &&crate::system::ClientSetup| Some(setup.own_number()) == text.from.as_deref();
    system.clients.iter().find(from).map(|setup| setup.settings.id.clone())
}

/// The client and the attempt, from the address that receipts go to.
fn sender_of(callback: &str) -> (Option<ClientId>, Option<AttemptId>) {
    let client = callback.split("/webhooks/twilio/").nth(1).and_then(|rest| rest.split('/').next());
    let attempt = callback.split("att=").nth(1).and_then(|rest| rest.split('&').next());
    (client.and_then(|id| id.parse().ok()), attempt.and_then(|id| id.parse().ok()))
}

pub(super) fn email(mail: &Sent, system: &System) -> Line {
    let about = |setup: &&crate::system::ClientSetup| {
        let settings = &setup.settings;
        mail.email.subject.contains(&settings.name) || mail.email.subject.contains(settings.id.as_str())
    };
    Line::Email(EmailLine {
        at: mail.at,
        client: system.clients.iter().find(about).map(|setup| setup.settings.id.clone()),
        to: mail.email.to.as_str().to_owned(),
        subject: mail.email.subject.clone(),
        text: mail.email.text.clone(),
        html: mail.email.html.clone(),
    })
}
