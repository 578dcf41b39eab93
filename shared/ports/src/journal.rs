//! The audit.

use async_trait::async_trait;
use domain::{
    Instant,
    audit::AuditEvent,
    ids::{AuditId, ClientId, LeadId},
};

use crate::StoreResult;

/// The audit.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes events. One written again under its id takes the place of the first.
    async fn record(&self, events: &[AuditEvent]) -> StoreResult<()>;
    /// Writes an event unless its id is taken. Gives whether it was new, as far as can be told after a
    /// lost answer.
    async fn record_once(&self, event: &AuditEvent) -> StoreResult<bool>;
    /// What was recorded about a lead under an id, strongly consistent.
    async fn recorded(&self, client: &ClientId, lead: LeadId, id: AuditId) -> StoreResult<Option<AuditEvent>>;
    /// A page of what happened to a client from `from` up to `until`, by the time in the events' ids, in order.
    async fn happened(
        &self,
        client: &ClientId,
        from: Instant,
        until: Instant,
        page: Option<String>,
    ) -> StoreResult<JournalPage>;
}

/// A page of the journal.
#[derive(Debug, Clone, Default)]
pub struct JournalPage {
    /// The events, in order.
    pub events: Vec<AuditEvent>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}
