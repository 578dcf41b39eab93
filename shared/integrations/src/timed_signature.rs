//! `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `t`, a dot and the raw body, as Calendly signs, and a
//! relay in front of Kajabi by our own convention. How old one may be is the caller's.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use domain::Instant;

/// The longest header that is read, in bytes.
const MAX_HEADER: usize = 2_048;

/// A signature as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedSignature<'a> {
    /// The time as it was signed.
    time: &'a str,
    seconds: i64,
    values: Vec<[u8; 32]>,
}

impl<'a> TimedSignature<'a> {
    /// Reads the header, which may carry several `v1`. Parts of other names are passed over, so that a `v2`
    /// can come beside `v1`.
    #[must_use]
    pub fn parse(header: &'a str) -> Option<Self> {
        if header.len() > MAX_HEADER {
            return None;
        }
        let (mut time, mut values) = (None, Vec::new());
        for part in header.split(',') {
            match part.trim().split_once('=')? {
                ("t", given) if time.is_none() && given.bytes().all(|byte| byte.is_ascii_digit()) => time = Some(given),
                ("t", _) => return None,
                ("v1", given) => {
                    let mut value = [0; 32];
                    hex::decode_to_slice(given, &mut value).ok()?;
                    values.push(value);
                }
                _ => {}
            }
        }
        let time = time?;
        let seconds = time.parse().ok()?;
        (!values.is_empty()).then_some(Self { time, seconds, values })
    }

    /// Whether a holder of one of `keys` signed `body`. Several keys may be valid, while one is replaced.
    /// Empty keys are passed over. All is compared in constant time.
    #[must_use]
    pub fn is_of<'k>(&self, body: &[u8], keys: impl IntoIterator<Item = &'k SecretString>) -> bool {
        let mut matched = Choice::from(0);
        for key in keys {
            let key = key.expose_secret().as_bytes();
            let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { continue };
            if key.is_empty() {
                continue;
            }
            let expected = mac.chain_update(self.time).chain_update(b".").chain_update(body).finalize().into_bytes();
            for given in &self.values {
                matched |= expected.as_slice().ct_eq(given);
            }
        }
        matched.into()
    }

    /// How many seconds before `now` it was made; below zero, after.
    #[must_use]
    pub fn age(&self, now: Instant) -> i64 {
        now.timestamp().saturating_sub(self.seconds)
    }
}
