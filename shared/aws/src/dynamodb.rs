//! The one table. Every access is by key or by the due index; nothing but an export scans.
//!
//! An item is its keys, a format version `v`, and its document `d`. Leads carry their revision `rev`
//! beside it, and what is due carries the keys of the due index; nothing else is in that index.

mod attention;
mod budget;
mod census;
mod directory;
mod due;
mod erase;
mod erasures;
mod events;
pub mod export;
mod item;
mod journal;
mod keys;
mod leads;
mod once;
mod refusals;
mod requests;

use std::error::Error;

use aws_sdk_dynamodb::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
};

pub use erasures::DynamoErasures;

use ports::StoreError;

/// All stores on one table.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
}

/// Names of the table's attributes and indexes, for whoever creates it.
pub mod schema {
    /// Partition key.
    pub const PK: &str = "pk";
    /// Sort key.
    pub const SK: &str = "sk";
    /// The sparse index of what is due.
    pub const DUE_INDEX: &str = "due";
    /// The sparse index of who waits for a person.
    pub const ATTENTION_INDEX: &str = "attention";
    /// The index of what happened, by client and day.
    pub const DAY_INDEX: &str = "day";
    /// Seconds since 1970 after which an item may go.
    pub const TTL: &str = "ttl";
}

impl DynamoStore {
    /// The stores on `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn unavailable<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    // The SDK's own `Display` is "service error"; the reason is in its metadata or its chain.
    let answered = error.as_service_error().map(ProvideErrorMetadata::meta);
    let words = match answered.and_then(|meta| meta.code().zip(meta.message())) {
        Some((code, message)) => format!("{code}: {message}"),
        None => DisplayErrorContext(&error).to_string(),
    };
    StoreError::Unavailable(words.into())
}
