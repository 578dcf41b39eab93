//! Raw events.

use async_trait::async_trait;
use domain::{
    audit::AuditEvent,
    event::{EventKey, EventOutcome, RawEvent},
    ids::ClientId,
};

use crate::StoreResult;

/// Whether an event is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It is, and was stored.
    New,
    /// It was stored before; nothing was written.
    Known,
}

/// Raw events.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Stores an event unless its key is known.
    async fn receive(&self, event: &RawEvent, audit: AuditEvent) -> StoreResult<Receipt>;
    /// One event.
    async fn event(&self, client: &ClientId, key: &EventKey) -> StoreResult<Option<RawEvent>>;
    /// Writes what came of an event and its audit, all or nothing. A conflict if the event does not stand
    /// as it was read any more: someone else worked on it.
    async fn conclude(&self, outcome: &EventOutcome, audit: Vec<AuditEvent>) -> StoreResult<()>;
}
