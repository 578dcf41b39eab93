//! Clients' credentials in Secrets Manager, one secret per client, cached in the process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use aws_sdk_secretsmanager::{Client, error::DisplayErrorContext};
use chrono::TimeDelta;
use secrecy::SecretString;

use domain::{Instant, ids::ClientId};
use ports::{Clock, SecretError, SecretStore, Secrets};

/// How long a secret is used without being read again.
const KEPT: TimeDelta = TimeDelta::minutes(15);
/// How often it is read anew at most, however often that is asked for.
const AT_MOST_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Secrets named `PREFIX/CLIENT`, each a JSON object of texts.
pub struct AwsSecrets {
    client: Client,
    prefix: String,
    clock: Arc<dyn Clock>,
    cache: Mutex<HashMap<ClientId, (Instant, Secrets)>>,
}

impl AwsSecrets {
    /// Secrets under `prefix`.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { client, prefix: prefix.into(), clock, cache: Mutex::default() }
    }

    fn cached(&self, client: &ClientId, at_most: TimeDelta) -> Option<Secrets> {
        let cache = self.cache.lock().ok()?;
        let (read_at, secrets) = cache.get(client)?;
        (self.clock.now() - *read_at < at_most).then(|| secrets.clone())
    }
}

#[async_trait]
impl SecretStore for AwsSecrets {
    async fn secrets(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        match self.cached(client, KEPT) {
            Some(secrets) => Ok(secrets),
            None => self.refreshed(client).await,
        }
    }

    async fn refreshed(&self, client: &ClientId) -> Result<Secrets, SecretError> {
        // Whoever posts wrong signatures must not make us ask, and pay, each time.
        if let Some(secrets) = self.cached(client, AT_MOST_EVERY) {
            return Ok(secrets);
        }
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
            cache.insert(client.clone(), (self.clock.now(), secrets.clone()));
        }
        Ok(secrets)
    }
}
