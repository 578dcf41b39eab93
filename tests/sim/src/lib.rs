//! The whole system in simulated time: weeks to months of many clients and leads in each of many small
//! worlds, every kind of fault at every call, and judges that go by what reached the provider.

pub mod backlog;
mod bookings;
pub mod executor;
pub mod faults;
pub mod judge;
pub mod notes;
mod older;
mod operators;
pub mod people;
pub mod provider;
mod queue;
pub mod rng;
pub mod run;
pub mod shrink;
mod simulate;
pub mod spec;
pub mod trace;
pub mod world;

pub use simulate::{Asked, Summary, simulate};
