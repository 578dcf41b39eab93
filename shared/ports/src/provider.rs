//! SMS providers.

use async_trait::async_trait;
use domain::{
    Instant,
    client::Client,
    message::{ClaimedText, ListedText, SendOutcome},
    phone::PhoneNumber,
};

/// Which way a text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us to a number.
    To,
    /// From a number to us.
    From,
}

/// An SMS provider of one client.
#[async_trait]
pub trait SmsProvider: Send + Sync {
    /// Hands a claimed text to the provider and says what can be proved of it. Never retries by itself.
    async fn send(&self, client: &Client, text: &ClaimedText, now: Instant) -> SendOutcome;
    /// All texts that the provider lists between the client and a number since a moment, one way, in
    /// no particular order. One that was taken a moment ago may be missing.
    ///
    /// # Errors
    /// Why the list cannot be read to its end, in words.
    async fn list(
        &self,
        client: &Client,
        direction: Direction,
        number: &PhoneNumber,
        since: Instant,
    ) -> Result<Vec<ListedText>, String>;
}
