//! Keys: listed without their hashes, made, and revoked.

use lambda_http::{Body, Request, Response, http::StatusCode};
use leadline::domain::{
    Instant,
    api_key::{ApiKey, Scope},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{AtWork, read::posted, settings::refused, shown};
use crate::{answer, empty, problem::Problem};

/// A key to be made.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewKey {
    /// Who has it. No two keys have the same name.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    pub name: String,
    /// What it opens.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub scopes: Vec<Scope>,
    /// After how many days it ends. Without it, never.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub days: Option<u16>,
}

/// A key as it is shown.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShownKey {
    /// Who has it.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// When it ends. Without it, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Instant>,
}

/// A key that was made.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddedKey {
    /// Who has it.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// When it ends. Without it, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Instant>,
    /// What stands after `Bearer`. It is shown now and never again.
    pub key: String,
}

/// A key without its hash.
fn key_without_hash(key: &ApiKey) -> ShownKey {
    let ApiKey { name, scopes, expires_at, .. } = key.clone();
    ShownKey { name, scopes, expires_at }
}

impl AtWork<'_> {
    pub(super) fn list_keys(&self) -> Response<Body> {
        let keys: Vec<ShownKey> = self.caller.client.api_keys.iter().map(key_without_hash).collect();
        answer(StatusCode::OK, "application/json", json!({"items": keys, "next": null}).to_string())
    }

    pub(super) async fn add_key(&self, request: &Request) -> Result<Response<Body>, Problem> {
        let new: NewKey = posted(request)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !(1..=64).contains(&new.name.len()) || !new.name.bytes().all(plain) {
            return Err(Problem::bad_at("/name", "1 to 64 letters, digits, `-`, `_` and `.`"));
        }
        if new.scopes.is_empty() {
            return Err(Problem::bad_at("/scopes", "a key that opens nothing is none"));
        }
        if new.days.is_some_and(|days| !(1..=3_650).contains(&days)) {
            return Err(Problem::bad_at("/days", "1 to 3650, or none"));
        }
        // No key gives more than it has, nor for longer.
        let own = self.caller.client.api_keys.iter().find(|key| key.name == self.caller.key);
        let surplus =
            new.scopes.iter().any(|scope| own.is_none_or(|own| !own.scopes.iter().any(|has| has.covers(*scope))));
        if surplus {
            return Err(Problem::forbidden(
                "a key makes keys of its own scopes only: others are made by `leadline keys add`",
            ));
        }
        let ends = new.days.map(|days| self.caller.now + chrono::TimeDelta::days(i64::from(days)));
        if let Some(last) = own.and_then(|own| own.expires_at)
            && ends.is_none_or(|ends| ends > last)
        {
            return Err(Problem::forbidden(
                "a key makes no key that outlives it: give `days`, or use `leadline keys add`",
            ));
        }
        let secret = (self.deps.new_secret)();
        let settings = self.settings();
        let key = settings.key(new.name, new.scopes, new.days, &secret);
        settings.add_key(&self.caller.client, &key).await.map_err(refused)?;
        let ApiKey { name, scopes, expires_at, .. } = key;
        let key = format!("{}.{secret}", self.caller.client.id);
        shown(StatusCode::CREATED, &AddedKey { name, scopes, expires_at, key })
    }

    pub(super) async fn revoke_key(&self, name: &str) -> Result<Response<Body>, Problem> {
        if name == self.caller.key {
            return Err(Problem::conflict("a key does not revoke itself: another one does, or an operator"));
        }
        let there = self.settings().revoke_key(&self.caller.client, name).await.map_err(refused)?;
        if there { Ok(empty(StatusCode::NO_CONTENT)) } else { Err(Problem::not_found()) }
    }
}
