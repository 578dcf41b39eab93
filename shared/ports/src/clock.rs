//! The time and new identifiers.

use domain::Instant;

/// Where the time comes from. Read once per message or request, then passed on.
pub trait Clock: Send + Sync {
    /// The moment.
    fn now(&self) -> Instant;
}

/// Where new identifiers come from.
pub trait IdSource: Send + Sync {
    /// A new identifier whose time part is `at`. Sorts after the ones made for earlier moments.
    fn new_id(&self, at: Instant) -> ulid::Ulid;
}
