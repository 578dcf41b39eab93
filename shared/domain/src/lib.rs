//! The domain: pure values and functions. No I/O, no clock, no randomness, no environment.

pub mod answer;
pub mod api_key;
pub mod audit;
pub mod batch_job;
pub mod booking;
pub mod campaign;
pub mod capabilities;
pub mod client;
pub mod consent;
pub mod contact_status;
pub mod conversation;
pub mod counts;
pub mod decide;
pub mod document;
pub mod email;
pub mod erasure;
pub mod event;
pub mod gate;
pub mod ids;
pub mod incoming;
pub mod input;
pub mod job;
pub mod lawful;
pub mod lead;
pub mod message;
pub mod one_text;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod person;
pub mod phone;
pub mod place;
pub mod profile;
pub mod receipt;
pub mod refusals;
pub mod reply;
pub mod report;
pub mod segments;
pub mod settings_check;
pub mod starter;
pub mod strict;
pub mod stuck;
pub mod template;
pub mod template_check;
pub mod tenants;
pub mod trigger;
pub mod window;

/// An instant in UTC. Local times exist only inside [`window`], with their zone beside them.
pub type Instant = chrono::DateTime<chrono::Utc>;

#[cfg(test)]
extern crate self as domain;
#[cfg(test)]
#[path = "../../../tests/fixtures/src/lib.rs"]
mod fixtures;
