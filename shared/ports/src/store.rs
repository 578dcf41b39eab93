//! What a store gives back, and why it could not do what it was asked to.

use serde::{Deserialize, Serialize};

/// A store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What stood there was not what the write expected. Nothing was written.
    #[error("something else was written in between")]
    Conflict,
    /// A stored item cannot be read by this release.
    #[error("a stored item cannot be read: {0}")]
    Unreadable(String),
    /// The store did not answer, or not as it should. Whether a write took effect is not known.
    #[error("the store failed: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the store gives back.
pub type StoreResult<T> = Result<T, StoreError>;

/// The revision that a lead was read at. A write under an older one is a [`StoreError::Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rev(pub u64);
