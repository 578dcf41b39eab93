//! Secrets Manager: secrets are seeded here and read with `GetSecretValue`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::json_rpc::{Refusal, answer, arguments, operation, required};

/// The secrets by name. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeMap<String, Vec<SecretString>>>>);

impl Secrets {
    /// Creates a secret, or gives it a new current version.
    pub fn put(&self, name: &str, value: SecretString) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.entry(name.to_owned()).or_default().push(value);
    }

    /// Serves the secrets on `listener` until the future is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: tokio::net::TcpListener) -> std::io::Result<()> {
        let routes = Router::new().route("/", post(handle)).with_state(self.clone());
        axum::serve(listener, routes).await
    }

    fn get(&self, arguments: &Value) -> Result<Value, Refusal> {
        let id = required(arguments, "SecretId")?;
        let stage = arguments["VersionStage"].as_str().unwrap_or("AWSCURRENT");
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = secrets.iter().find(|(name, _)| id == *name || id == arn(name));
        let version = found.and_then(|(name, versions)| {
            let number = match stage {
                "AWSCURRENT" => versions.len(),
                "AWSPREVIOUS" => versions.len().checked_sub(1)?,
                _ => return None,
            };
            Some((name, number, versions.get(number.checked_sub(1)?)?))
        });
        let (name, number, value) = version.ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        })?;
        Ok(json!({
            "ARN": arn(name), "Name": name, "SecretString": value.expose_secret(),
            "VersionId": format!("00000000-0000-4000-8000-{number:012}"), "VersionStages": [stage],
        }))
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf")
}

async fn handle(State(secrets): State<Secrets>, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    answer(arguments(&body).and_then(|arguments| match operation(&headers) {
        "GetSecretValue" => secrets.get(&arguments),
        other => Err(Refusal::unknown_operation(other)),
    }))
}
