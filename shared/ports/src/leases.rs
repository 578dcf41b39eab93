//! Jobs that are done once: whoever does one holds a lease on it.

use async_trait::async_trait;
use domain::{Instant, ids::ClientId};

use crate::StoreResult;

/// Things of which there must be exactly one: a day's report, an alert of one cause.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Acquires the lease on `what`. One whose holder did not finish in time can be acquired again, which
    /// [`Lease::Reacquired`] says.
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Lease>;
    /// Says that it was done, with a note that is kept (at most a few kilobytes).
    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()>;
    /// The note of something that was done.
    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>>;
}

/// What became of asking for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It is the caller's.
    Acquired,
    /// It is the caller's, but somebody held it before and may have done the job.
    Reacquired,
    /// Somebody else is doing the job.
    HeldElsewhere,
    /// The job was done.
    Completed,
}
