//! Things that are done once.

use async_trait::async_trait;
use domain::{Instant, ids::ClientId};

use crate::StoreResult;

/// Things of which there must be exactly one: a day's report, an alert of one cause.
#[async_trait]
pub trait Once: Send + Sync {
    /// Claims the right to do `what`. A claim whose holder did not finish within its lease can be
    /// claimed again, which [`Turn::Repeat`] says.
    async fn claim(&self, client: &ClientId, what: &str, now: Instant, lease_until: Instant) -> StoreResult<Turn>;
    /// Says that it was done, with a note that is kept (at most a few kilobytes).
    async fn finish(&self, client: &ClientId, what: &str, note: &str) -> StoreResult<()>;
    /// The note of something that was done.
    async fn note(&self, client: &ClientId, what: &str) -> StoreResult<Option<String>>;
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The caller's.
    Yours,
    /// The caller's, but someone began before and may have done it.
    Repeat,
    /// Someone is at it.
    Taken,
    /// It was done.
    Done,
}
