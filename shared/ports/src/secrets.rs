//! Clients' credentials.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::ClientId;
use secrecy::SecretString;

/// What a client's secret holds: names such as `twilio_api_key` to values.
pub type Secrets = BTreeMap<String, SecretString>;

/// A secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("client {0} has no secret")]
    Missing(ClientId),
    /// It is not a JSON object of texts.
    #[error("the secret of client {0} is not a JSON object of texts")]
    Unreadable(ClientId),
    /// The store of secrets did not answer.
    #[error("the store of secrets failed: {0}")]
    Unavailable(String),
}

/// Where clients' credentials are kept.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// A client's secrets, perhaps from a cache.
    async fn secrets(&self, client: &ClientId) -> Result<Secrets, SecretError>;
    /// The same, read anew: called once after a credential was refused.
    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError>;
}
