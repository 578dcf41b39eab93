//! Whether a webhook is Twilio's: `X-Twilio-Signature`. The address is the caller's, built from
//! settings; a `Host` header must never get into it.
//! A Webhooks rule makes Twilio sign with a shared key instead of the auth token, and say so in a header.
//! Source: twilio.com/docs/usage/security, twilio.com/docs/usage/webhooks/webhook-shared-keys, and the validators of
//! Twilio's own SDKs.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::Form;

/// The header that the signature is in.
pub const HEADER: &str = "X-Twilio-Signature";

/// The header that says by which shared key and how it was signed: `key=webhooks_sharedkey_…,algorithm=HMAC_SHA256`.
/// It is not signed itself: without it we ask for the auth token, so leaving it out helps nobody.
pub const SETTINGS_HEADER: &str = "X-Twilio-Webhooks-Signature-Settings";

/// The hash of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Of the auth token always, of a shared key where Twilio says so.
    HmacSha1,
    /// Of shared keys.
    HmacSha256,
}

/// How a webhook says that it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// By the account's auth token, with SHA-1.
    AuthToken,
    /// By a shared key.
    SharedKey {
        /// The hash.
        algorithm: Algorithm,
        /// The key's id, if it is given and looks like one. It is no secret, and a stranger can write it.
        key: Option<String>,
    },
}

impl SignedBy {
    /// Reads the header, if there is one. An empty one is none.
    ///
    /// # Errors
    /// [`NotSigned::Algorithm`] for a hash that we do not know.
    pub fn of(header: Option<&str>) -> Result<Self, NotSigned> {
        let Some(header) = header.map(str::trim).filter(|header| !header.is_empty()) else {
            return Ok(Self::AuthToken);
        };
        let parts = header.split(',').filter_map(|part| part.split_once('='));
        let parts: Vec<(&str, &str)> = parts.map(|(name, value)| (name.trim(), value.trim())).collect();
        let named = |name: &str| parts.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
        let algorithm = match named("algorithm").map(str::to_ascii_uppercase).as_deref() {
            None | Some("HMAC_SHA1") => Algorithm::HmacSha1,
            Some("HMAC_SHA256") => Algorithm::HmacSha256,
            Some(_) => return Err(NotSigned::Algorithm),
        };
        let is_id = |id: &&str| id.len() <= 80 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        Ok(Self::SharedKey { algorithm, key: named("key").filter(is_id).map(str::to_owned) })
    }

    /// The names of the secrets that may have signed: the present one, and the next while it is rolled out. A shared
    /// key never stands in for an auth token, nor the other way round.
    #[must_use]
    pub fn secrets(&self) -> [&'static str; 2] {
        match self {
            Self::AuthToken => ["twilio_auth_token", "twilio_auth_token_next"],
            Self::SharedKey { .. } => ["twilio_webhook_signing_key", "twilio_webhook_signing_key_next"],
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::AuthToken => Algorithm::HmacSha1,
            Self::SharedKey { algorithm, .. } => *algorithm,
        }
    }
}

/// What was posted.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// A form, decoded, with every field that came, the empty ones too. For a GET it is empty.
    Form(&'a Form),
    /// Anything else, as it came. Its hash is in the address as `bodySHA256`.
    Raw(&'a [u8]),
}

/// Why a webhook is not taken for Twilio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// There is no auth token to check with.
    #[error("there is no auth token to check the signature with")]
    NoToken,
    /// A Webhooks rule at Twilio signs with a shared key that the client's secret does not hold.
    #[error("unknown_shared_key: Twilio signs with a shared key, and the secret has no `twilio_webhook_signing_key`")]
    UnknownSharedKey,
    /// It was signed in a way that we do not know.
    #[error("the algorithm of the signature is not known")]
    Algorithm,
    /// The body is not the one whose hash was signed.
    #[error("the body does not have the hash that was signed")]
    Body,
    /// The signature is of something else, or by someone else.
    #[error("the signature does not match")]
    Signature,
}

/// Checks `signature` against `url`, as Twilio was told it, with query, and what was posted to it.
/// Any of `keys` may have signed: two are valid while one is replaced.
///
/// Twilio is not consistent about the port, so the address counts with its port and without, as in
/// Twilio's SDKs. All of it is compared in constant time.
///
/// # Errors
/// [`NotSigned`] says which check failed.
pub fn verify(
    by: &SignedBy,
    keys: &[SecretString],
    url: &str,
    payload: Payload<'_>,
    signature: &str,
) -> Result<(), NotSigned> {
    // An empty key would let anyone sign.
    let keys: Vec<&str> = keys.iter().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Err(match by {
            SignedBy::AuthToken => NotSigned::NoToken,
            SignedBy::SharedKey { .. } => NotSigned::UnknownSharedKey,
        });
    }
    let params = match payload {
        Payload::Form(form) => joined(form),
        Payload::Raw(body) => {
            has_hash(url, body)?;
            String::new()
        }
    };
    let mut matches = Choice::from(0);
    for url in spellings(url) {
        for key in &keys {
            matches |= sign(by.algorithm(), key, &url, &params).as_bytes().ct_eq(signature.as_bytes());
        }
    }
    if bool::from(matches) { Ok(()) } else { Err(NotSigned::Signature) }
}

/// The key is used as it is written, not decoded.
fn sign(algorithm: Algorithm, key: &str, url: &str, params: &str) -> String {
    match algorithm {
        Algorithm::HmacSha1 => signed::<Hmac<Sha1>>(key, url, params),
        Algorithm::HmacSha256 => signed::<Hmac<Sha256>>(key, url, params),
    }
}

fn signed<M: Mac + KeyInit>(key: &str, url: &str, params: &str) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    mac.update(params.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Names with their values, by name; of a repeated name each different value once, in order.
fn joined(form: &Form) -> String {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in form {
        values.entry(name).or_default().insert(value);
    }
    values.into_iter().flat_map(|(name, values)| values.into_iter().flat_map(move |value| [name, value])).collect()
}

fn has_hash(url: &str, body: &[u8]) -> Result<(), NotSigned> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let signed = query.split('&').find_map(|pair| pair.strip_prefix("bodySHA256=")).ok_or(NotSigned::Body)?;
    let actual = hex::encode(Sha256::digest(body));
    if bool::from(actual.as_bytes().ct_eq(signed.as_bytes())) { Ok(()) } else { Err(NotSigned::Body) }
}

/// The ways in which Twilio may have spelled an address when it signed it: with and without a port,
/// and with `'` in the query as it is or as `%27`. A fragment is never signed.
fn spellings(url: &str) -> BTreeSet<String> {
    let url = url.split('#').next().unwrap_or_default();
    let mut found = BTreeSet::from([url.to_owned()]);
    if let Some((scheme, rest)) = url.split_once("://") {
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host_at = authority.rfind('@').map_or(0, |at| at + 1);
        let port_at = authority[host_at..].rfind(':').map(|at| host_at + at).filter(|at| {
            let port = &authority[at + 1..];
            !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
        });
        match port_at {
            Some(at) => found.insert(format!("{scheme}://{}{path}", &authority[..at])),
            None => {
                let port = if scheme == "http" { 80 } else { 443 };
                found.insert(format!("{scheme}://{authority}:{port}{path}"))
            }
        };
    }
    let quoted: Vec<String> = found.iter().filter_map(|url| quote_query(url)).collect();
    found.extend(quoted);
    found
}

fn quote_query(url: &str) -> Option<String> {
    let (before, query) = url.split_once('?')?;
    query.contains('\'').then(|| format!("{before}?{}", query.replace('\'', "%27")))
}

#[cfg(test)]
mod tests;
