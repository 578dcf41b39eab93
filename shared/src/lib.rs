//! Leadline's common crate: it shows the crates of `shared/` as one, and holds nothing itself.
//!
//! `domain` is pure; `ports` names what `flows` need from outside; `integrations` and `aws` are behind the ports;
//! `runtime` is the process itself. An arrow between them that is not in `tests/it/reliability/layers.rs` fails a test.

pub use domain;
pub use flows;
pub use integrations;
pub use ports;

#[cfg(feature = "runtime")]
pub use aws;
#[cfg(feature = "runtime")]
pub use runtime;
