//! What a deployed function starts with: clock, ids, settings, AWS clients, logs. The only place that
//! reads the machine's clock, its randomness or its environment.

mod clients;
mod settings;

use std::time::SystemTime;

pub use clients::AwsClients;
pub use settings::{InvalidSettings, Settings};

use crate::{
    domain::Instant,
    ports::{Clock, IdSource},
};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Instant {
        // Milliseconds are what is stored; finer parts would not survive a round trip.
        let now = Instant::from(SystemTime::now());
        chrono::DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }
}

/// Identifiers with the machine's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn new_id(&self, at: Instant) -> ulid::Ulid {
        let mut random = [0; 16];
        // Without randomness no id is safe to use, and nothing can be sent: better to stop.
        getrandom::fill(&mut random[6..]).expect("the machine has randomness");
        ulid::Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap_or(0), u128::from_be_bytes(random))
    }
}

/// Starts logging: one JSON object a line, level by `RUST_LOG`.
pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    // A second start (tests) keeps the first.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_target(false).try_init();
}
