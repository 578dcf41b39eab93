//! Lists and counters of leads and opt-outs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    Instant,
    batch_job::BatchJob,
    contact_status::ListedOptOut,
    counts::Counts,
    ids::{CampaignId, ClientId, LeadId},
    lead::Need,
};

use crate::StoreResult;

/// Who there is, and how many.
#[async_trait]
pub trait Census: Send + Sync {
    /// The ids of a client's leads after one of them, oldest first, at most `limit`. Strongly consistent.
    async fn lead_ids(&self, client: &ClientId, after: Option<LeadId>, limit: usize) -> StoreResult<Vec<LeadId>>;
    /// What is counted of a campaign. Strongly consistent; somebody whose last text went out is counted by
    /// the next run.
    async fn counts(&self, client: &ClientId, campaign: &CampaignId) -> StoreResult<Counts>;
    /// Sets a campaign's counters right that say `seen` still and should say `right`.
    async fn correct(&self, client: &ClientId, campaign: &CampaignId, seen: &Counts, right: &Counts)
    -> StoreResult<()>;
}

/// Where walks over a client's leads have come to.
#[async_trait]
pub trait BatchJobs: Send + Sync {
    /// A walk by its name, if there was one: the last, which may have ended.
    async fn walk(&self, client: &ClientId, name: &str) -> StoreResult<Option<BatchJob>>;
    /// Writes where a walk has come to, whatever stood there.
    async fn put_walk(&self, client: &ClientId, name: &str, walk: &BatchJob) -> StoreResult<()>;
}

/// A lead that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLead {
    /// The lead.
    pub lead: LeadId,
    /// What it waits for, each since when, to the millisecond.
    pub needs: BTreeMap<Need, Instant>,
}

impl WaitingLead {
    /// Since when it waits for anything.
    #[must_use]
    pub fn since(&self) -> Option<Instant> {
        self.needs.values().min().copied()
    }
}

/// Who waits for a person: an index that the save of a lead keeps. A read may lag a moment behind.
#[async_trait]
pub trait AttentionList: Send + Sync {
    /// The leads that wait for a person, those first that have waited longest, at most `limit`.
    async fn waiting(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>>;
    /// Those of them with a reply that nobody was told of, in the same order, at most `limit`.
    async fn untold(&self, client: &ClientId, limit: usize) -> StoreResult<Vec<WaitingLead>>;
}

/// The opt-outs of a client, by number.
#[async_trait]
pub trait OptOuts: Send + Sync {
    /// Every number that has ever opted out with a client since its list is kept, by its last no,
    /// whether that stands or was lifted. Strongly consistent, in the order of the numbers.
    async fn opt_outs(&self, client: &ClientId) -> StoreResult<Vec<ListedOptOut>>;
}
