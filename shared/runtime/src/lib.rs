//! What a deployed function starts with: clock, ids, settings, AWS clients, logs. The only place that
//! reads the machine's clock, its randomness or its environment.

mod clients;
mod endpoints;
mod settings;

use std::time::SystemTime;

pub use clients::AwsClients;
pub use endpoints::{kajabi_base, provider_endpoints};
pub use settings::{InvalidSettings, Settings};

use domain::Instant;
use ports::{Clock, IdSource};

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

/// A secret of 40 letters and digits, some 238 bits, that nobody guesses: for a token or a key.
#[must_use]
pub fn new_secret() -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut secret = String::with_capacity(40);
    while secret.len() < 40 {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).expect("the machine has randomness");
        // 248 is four times 62: what is above it would make some letters likelier.
        let even = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(LETTERS[usize::from(byte % 62)]));
        secret.extend(even.take(40 - secret.len()));
    }
    secret
}

/// Starts logging: one JSON object a line, level by `RUST_LOG`.
pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    // A second start (tests) keeps the first.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_target(false).try_init();
}
