//! The index of what is due.

use async_trait::async_trait;
use domain::{
    Instant,
    event::EventKey,
    ids::{CampaignId, ClientId, LeadId},
};

use crate::StoreResult;

/// A piece of due work of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueWork {
    /// A lead has an enrollment that is due.
    Lead {
        /// The lead.
        id: LeadId,
        /// Since when.
        due: Instant,
    },
    /// A raw event was stored and not worked through to its end.
    Event {
        /// Its idempotency key.
        key: EventKey,
        /// Since when.
        due: Instant,
    },
}

/// The kinds of due work. Each has its own place in the index, so that neither hides the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueKind {
    /// Leads.
    Leads,
    /// Raw events, among which may be someone's no.
    Events,
}

impl DueWork {
    /// Since when.
    #[must_use]
    pub fn since(&self) -> Instant {
        match self {
            Self::Lead { due, .. } | Self::Event { due, .. } => *due,
        }
    }

    /// The lead, if it is one that is due.
    #[must_use]
    pub fn lead(&self) -> Option<LeadId> {
        match self {
            Self::Lead { id, .. } => Some(*id),
            Self::Event { .. } => None,
        }
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> DueKind {
        match self {
            Self::Lead { .. } => DueKind::Leads,
            Self::Event { .. } => DueKind::Events,
        }
    }
}

/// The due index.
#[async_trait]
pub trait DueIndex: Send + Sync {
    /// What of one kind is due by `until`, oldest first, at most `limit`.
    async fn due_of(&self, client: &ClientId, kind: DueKind, until: Instant, limit: usize)
    -> StoreResult<Vec<DueWork>>;

    /// The first campaign that leads are parked for, in the order of ids and after `after`.
    async fn parked_for(&self, client: &ClientId, after: Option<&CampaignId>) -> StoreResult<Option<CampaignId>>;

    /// The leads that are parked for a campaign and whose time has come by `until` (`None`: all), in the
    /// order of that time, at most `limit`.
    async fn parked(
        &self,
        client: &ClientId,
        campaign: &CampaignId,
        until: Option<Instant>,
        limit: usize,
    ) -> StoreResult<Vec<LeadId>>;

    /// What of either kind is due by `until`, oldest first, at most `limit`.
    async fn due(&self, client: &ClientId, until: Instant, limit: usize) -> StoreResult<Vec<DueWork>> {
        let mut all = self.due_of(client, DueKind::Leads, until, limit).await?;
        all.extend(self.due_of(client, DueKind::Events, until, limit).await?);
        all.sort_by_key(DueWork::since);
        all.truncate(limit);
        Ok(all)
    }
}
