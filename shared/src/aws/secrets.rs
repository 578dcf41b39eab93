//! Clients' credentials in Secrets Manager, one secret per client, cached in the process.

use std::{collections::BTreeMap, collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use aws_sdk_secretsmanager::{Client, error::DisplayErrorContext};
use secrecy::SecretString;

use crate::{
    domain::ids::ClientId,
    ports::{SecretError, SecretStore, Secrets},
};

/// Secrets named `PREFIX/CLIENT`, each a JSON object of texts.
pub struct AwsSecrets {
    client: Client,
    prefix: String,
    cache: Mutex<HashMap<ClientId, Secrets>>,
}

impl AwsSecrets {
    /// Secrets under `prefix`.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), cache: Mutex::default() }
    }

    fn cached(&self, client: &ClientId) -> Option<Secrets> {
        self.cache.lock().ok()?.get(client).cloned()
    }
}

#[async_trait]
impl SecretStore for AwsSecrets {
    async fn secrets(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        match self.cached(client) {
            Some(secrets) => Ok(secrets),
            None => self.refreshed(client).await,
        }
    }

    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        let got = self.client.get_secret_value().secret_id(format!("{}/{client}", self.prefix)).send().await;
        let got = got.map_err(|error| {
            let missing = error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception());
            if missing {
                SecretError::Missing(client.clone())
            } else {
                SecretError::Unavailable(DisplayErrorContext(&error).to_string())
            }
        })?;
        let text = got.secret_string.ok_or_else(|| SecretError::Unreadable(client.clone()))?;
        let values: BTreeMap<String, String> =
            serde_json::from_str(&text).map_err(|_| SecretError::Unreadable(client.clone()))?;
        let secrets: Secrets = values.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect();
        if let Ok(mut cache) = self.cache.lock() {
            cache.insert(client.clone(), secrets.clone());
        }
        Ok(secrets)
    }
}
