//! Leadline's common crate: what a text may be, when it may go, and how that is remembered.
//!
//! `domain` is pure and `ports` names what the flows need from outside; both compile without the
//! `runtime` feature. `flows` use ports only. Everything that talks to the outside is behind `runtime`.

pub mod domain;
pub mod flows;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod ports;
pub mod sources;

#[cfg(feature = "runtime")]
pub mod aws;
#[cfg(feature = "runtime")]
pub mod kajabi_api;
#[cfg(feature = "runtime")]
pub mod providers;
#[cfg(feature = "runtime")]
pub mod runtime;
