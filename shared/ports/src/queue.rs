//! The queue of texts, and what it gave up.

use async_trait::async_trait;
use domain::{Instant, job::Job};

/// The queue of texts.
#[async_trait]
pub trait TextQueue: Send + Sync {
    /// Puts jobs on the queue, each to be seen after its delay. Gives back those that were not taken.
    async fn enqueue(&self, jobs: Vec<(Job, std::time::Duration)>) -> Vec<Job>;
}

/// Jobs that come again at a moment of our choice.
#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Hides a job that was received, and is not done, for `span` from now; at most twelve hours.
    ///
    /// # Errors
    /// Why not, in words. The job then comes again when the queue's own time for it is over.
    async fn put_off(&self, receipt: &str, span: std::time::Duration) -> Result<(), String>;
}

/// A job that only a person can go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id, the same at every look.
    pub id: String,
    /// What it is deleted by. Another one at every look.
    pub receipt: String,
    /// The job, as it came. It may be no job at all.
    pub body: String,
    /// When it was first put on the queue.
    pub queued_at: Instant,
}

/// The jobs that were given up.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Takes up to `limit`, oldest first as far as the queue can tell, each hidden from others for `span`.
    ///
    /// # Errors
    /// Why the queue cannot be read, in words.
    async fn take(&self, limit: usize, span: std::time::Duration) -> Result<Vec<DeadLetter>, String>;
    /// Lets others see letters again that were taken.
    ///
    /// # Errors
    /// Why not, in words. They are seen again once their span is over.
    async fn put_back(&self, letters: &[DeadLetter]) -> Result<(), String>;
    /// Deletes a letter that was taken.
    ///
    /// # Errors
    /// Why not, in words. It is seen again once its span is over.
    async fn delete(&self, letter: &DeadLetter) -> Result<(), String>;
}
