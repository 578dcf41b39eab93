//! Whether a webhook is Twilio's: `X-Twilio-Signature`. The address is the caller's, built from
//! settings; a `Host` header must never get into it.
//! Source: twilio.com/docs/usage/security, and the validators of Twilio's own SDKs.

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
    /// The body is not the one whose hash was signed.
    #[error("the body does not have the hash that was signed")]
    Body,
    /// The signature is of something else, or by someone else.
    #[error("the signature does not match")]
    Signature,
}

/// Checks `signature` against `url`, as Twilio was told it, with query, and what was posted to it.
/// Any of `tokens` may have signed: two are valid while one is replaced.
///
/// Twilio is not consistent about the port, so the address counts with its port and without, as in
/// Twilio's SDKs. All of it is compared in constant time.
///
/// # Errors
/// [`NotSigned`] says which check failed.
pub fn verify(tokens: &[SecretString], url: &str, payload: Payload<'_>, signature: &str) -> Result<(), NotSigned> {
    // An empty token would let anyone sign.
    let tokens: Vec<&str> = tokens.iter().map(ExposeSecret::expose_secret).filter(|token| !token.is_empty()).collect();
    if tokens.is_empty() {
        return Err(NotSigned::NoToken);
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
        for token in &tokens {
            matches |= sign(token, &url, &params).as_bytes().ct_eq(signature.as_bytes());
        }
    }
    if bool::from(matches) { Ok(()) } else { Err(NotSigned::Signature) }
}

fn sign(token: &str, url: &str, params: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
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
