//! Whether a webhook is OpenPhone's: `openphone-signature` of the legacy generation, and Standard Webhooks
//! (`webhook-id`, `webhook-timestamp`, `webhook-signature`) of the current one. Always over the raw bytes.
//! Source: openphone.com/docs, standardwebhooks.com.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::event::is_plain;
use domain::Instant;
use ports::Secrets;

/// How far the time of a signature may be from ours, in milliseconds, both ways: five minutes.
pub const TOLERANCE_MILLIS: u64 = 300_000;

/// The header of the legacy generation.
pub const LEGACY: &str = "openphone-signature";
/// The headers of the current one: id, time in seconds, signatures.
pub const CURRENT: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/// The names of the legacy keys in a client's secret: the present one, and the next while it is rolled out.
const LEGACY_KEYS: [&str; 2] = ["openphone_signing_key", "openphone_signing_key_next"];
/// The same of the current generation, each `whsec_…`.
const CURRENT_KEYS: [&str; 2] = ["openphone_webhook_secret", "openphone_webhook_secret_next"];

/// The longest header that is read, in bytes, and how many signatures of it.
const MAX_HEADER: usize = 4_096;
const MAX_SIGNATURES: usize = 16;

/// Above this a time is in milliseconds, below in seconds: the documents show both and name neither.
const MILLIS_FROM: i64 = 100_000_000_000;

/// Why a webhook is not taken for OpenPhone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// There is no signature of either generation.
    #[error("the request carries no signature")]
    Missing,
    /// The headers are there and are not what they should be.
    #[error("the signature headers cannot be read")]
    Malformed,
    /// Its time is too far from ours. It may be signed rightly all the same: the sender should post again.
    #[error("the signature's time is more than five minutes from ours")]
    Stale,
    /// There is no key to check with.
    #[error("there is no key to check the signature with")]
    NoKey,
    /// No key gives it for these bytes.
    #[error("the signature does not match")]
    Wrong,
}

/// The signatures of a request, of one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures<'a> {
    /// The id of the posting, which the current generation has.
    pub id: Option<&'a str>,
    /// Each with the time that it signs.
    given: Vec<Given<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Given<'a> {
    /// The time as it was signed.
    time: &'a str,
    value: [u8; 32],
}

impl<'a> Signatures<'a> {
    /// Reads the headers of a request, before any secret is. Those of the current generation count where
    /// both are there. A signature that is too far from `now` is left out.
    ///
    /// # Errors
    /// [`NotSigned`] when there is nothing to check.
    pub fn of(header: impl Fn(&str) -> Option<&'a str>, now: Instant) -> Result<Self, NotSigned> {
        let [id, time, signatures] = CURRENT.map(&header);
        let (id, given) = match (id, time, signatures, header(LEGACY)) {
            (None, None, None, None) => return Err(NotSigned::Missing),
            (None, None, None, Some(legacy)) => (None, legacy_of(legacy)?),
            (Some(id), Some(time), Some(signatures), _) => (Some(id), current_of(id, time, signatures)?),
            _ => return Err(NotSigned::Malformed),
        };
        if given.is_empty() {
            return Err(NotSigned::Malformed);
        }
        let given: Vec<_> = given.into_iter().filter(|given| is_fresh(given.time, now)).collect();
        if given.is_empty() { Err(NotSigned::Stale) } else { Ok(Self { id, given }) }
    }

    /// Checks that one of them is by one of the client's keys, over exactly these bytes. All are compared,
    /// in constant time.
    ///
    /// # Errors
    /// [`NotSigned`] says why none is.
    pub fn verify(&self, body: &[u8], secrets: &Secrets) -> Result<(), NotSigned> {
        let names = if self.id.is_some() { CURRENT_KEYS } else { LEGACY_KEYS };
        let keys: Vec<Vec<u8>> = names.iter().filter_map(|name| secrets.get(*name).and_then(key_of)).collect();
        if keys.is_empty() {
            return Err(NotSigned::NoKey);
        }
        let mut matched = Choice::from(0);
        for key in &keys {
            for given in &self.given {
                let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { continue };
                if let Some(id) = self.id {
                    mac.update(id.as_bytes());
                    mac.update(b".");
                }
                let mac = mac.chain_update(given.time).chain_update(b".").chain_update(body);
                matched |= mac.finalize().into_bytes().as_slice().ct_eq(&given.value);
            }
        }
        if matched.into() { Ok(()) } else { Err(NotSigned::Wrong) }
    }
}

/// `hmac;1;TIME;BASE64`, several separated by commas. Other schemes and versions are passed over.
fn legacy_of(header: &str) -> Result<Vec<Given<'_>>, NotSigned> {
    let mut given = Vec::new();
    for one in parts(header, ',')? {
        let mut fields = one.trim().split(';');
        let (scheme, version, time, value) = (fields.next(), fields.next(), fields.next(), fields.next());
        if let (Some("hmac"), Some("1"), Some(time), Some(value), None) = (scheme, version, time, value, fields.next())
        {
            given.push(Given { time: time_of(time)?, value: value_of(value)? });
        }
    }
    Ok(given)
}

/// `v1,BASE64`, several separated by spaces. Other versions are passed over.
fn current_of<'a>(id: &str, time: &'a str, signatures: &'a str) -> Result<Vec<Given<'a>>, NotSigned> {
    let time = time_of(time)?;
    if !is_plain(id) {
        return Err(NotSigned::Malformed);
    }
    let mut given = Vec::new();
    for one in parts(signatures, ' ')? {
        if let Some(("v1", value)) = one.split_once(',') {
            given.push(Given { time, value: value_of(value)? });
        }
    }
    Ok(given)
}

fn parts(header: &str, between: char) -> Result<Vec<&str>, NotSigned> {
    let parts: Vec<&str> = header.split(between).map(str::trim).filter(|part| !part.is_empty()).collect();
    let fits = header.len() <= MAX_HEADER && parts.len() <= MAX_SIGNATURES;
    if fits { Ok(parts) } else { Err(NotSigned::Malformed) }
}

fn time_of(time: &str) -> Result<&str, NotSigned> {
    let digits = (1..=16).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(time) } else { Err(NotSigned::Malformed) }
}

fn value_of(base64: &str) -> Result<[u8; 32], NotSigned> {
    let bytes = STANDARD.decode(base64).map_err(|_| NotSigned::Malformed)?;
    bytes.try_into().map_err(|_| NotSigned::Malformed)
}

fn is_fresh(time: &str, now: Instant) -> bool {
    let Ok(time) = time.parse::<i64>() else { return false };
    let millis = if time > MILLIS_FROM { time } else { time * 1_000 };
    now.timestamp_millis().abs_diff(millis) <= TOLERANCE_MILLIS
}

/// The bytes of a key: base64, of the current generation after `whsec_`. An empty one would let anyone sign.
fn key_of(secret: &SecretString) -> Option<Vec<u8>> {
    let secret = secret.expose_secret().trim();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests;
