//! What a client's site itself says was sent to it.

use async_trait::async_trait;
use domain::{client::Client, incoming::ListedForm};

/// A page of the forms that people sent, as their site lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// The forms, newest first.
    pub forms: Vec<ListedForm>,
    /// Submissions beside them without a readable id or form.
    pub unreadable: usize,
    /// Whether older ones follow on another page.
    pub more: bool,
}

/// What a client's site itself says was sent to it.
#[async_trait]
pub trait FormFeed: Send + Sync {
    /// A page; the first has number 1. Pages may overlap, and repeat what was on the one before.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    async fn page(&self, client: &Client, number: u32) -> Result<FeedPage, String>;
}
