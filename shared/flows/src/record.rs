//! Audit events of one run for one client, with everything that all of them share.

use domain::{
    Instant,
    audit::{AuditEvent, Event, Status},
    client::Client,
    ids::{AuditId, ClientId, RunId},
    lead::Lead,
};
use ports::IdSource;

/// Makes the audit events of one run for one client at one moment.
#[derive(Clone, Copy)]
pub struct Recorder<'a> {
    /// Where ids come from.
    pub ids: &'a dyn IdSource,
    /// The client.
    pub client: &'a ClientId,
    /// Whether the client is in test mode.
    pub test: bool,
    /// The run.
    pub run: RunId,
    /// The moment.
    pub now: Instant,
}

impl<'a> Recorder<'a> {
    /// Of a run of its own for one client, at one moment.
    #[must_use]
    pub fn of(client: &'a Client, ids: &'a dyn IdSource, now: Instant) -> Self {
        Self { ids, client: &client.id, test: client.in_test(), run: RunId(ids.new_id(now)), now }
    }
}

impl Recorder<'_> {
    /// An event about the client.
    #[must_use]
    pub fn event(&self, event: Event, status: Status) -> AuditEvent {
        let id = AuditId(self.ids.new_id(self.now));
        let mut recorded = AuditEvent::new(id, self.now, self.client.clone(), event, status);
        recorded.test = self.test;
        recorded.run = Some(self.run);
        recorded
    }

    /// An event about a lead.
    #[must_use]
    pub fn about(&self, lead: &Lead, event: Event, status: Status) -> AuditEvent {
        let mut recorded = self.event(event, status);
        recorded.lead = Some(lead.id);
        recorded.phone.clone_from(&lead.phone);
        recorded
    }
}
