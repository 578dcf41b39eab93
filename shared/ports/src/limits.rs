//! Allowances and counters that processes share.

use async_trait::async_trait;
use domain::{
    Instant,
    event::Source,
    ids::{ClientId, RunId},
    refusals::{Refused, RefusedCounts},
};

use crate::StoreResult;

/// Allowances that runs share.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Reserves up to `wanted` texts of this clock hour's `limit` for one run, and gives how many
    /// it got. Asked again by the same run it gives the same answer.
    async fn reserve(&self, client: &ClientId, hour: Instant, limit: u32, wanted: u32, run: RunId) -> StoreResult<u32>;
}

/// How many requests a client's own programs make.
#[async_trait]
pub trait RequestLimits: Send + Sync {
    /// Counts one request in the clock minute of `at`, unless `limit` were counted in it before. Gives
    /// whether it was.
    async fn admit(&self, client: &ClientId, at: Instant, limit: u32) -> StoreResult<bool>;
}

/// Calls that were turned away because nothing proved who made them.
#[async_trait]
pub trait Refusals: Send + Sync {
    /// Counts calls of one source, of a client that exists, in the clock hour of `at`. After a lost answer they may
    /// count twice.
    async fn count_refused(
        &self,
        client: &ClientId,
        source: Source,
        at: Instant,
        more: RefusedCounts,
    ) -> StoreResult<()>;
    /// What was counted in the clock hours from that of `from` up to `until`, by source.
    async fn refused(&self, client: &ClientId, from: Instant, until: Instant) -> StoreResult<Refused>;
}
