//! `X-Cal-Signature-256`: HMAC-SHA256 over the raw body, in hexadecimal. It signs no time.
//! Source: cal.com/docs, "Webhooks"; `sendPayload.ts` in the source of cal.com.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// The header that the signature is in.
pub const HEADER: &str = "x-cal-signature-256";

/// A signature as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature([u8; 32]);

/// The event is not Cal.com's: no secret gives this signature for this body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match, or there is no secret to check it with")]
pub struct NotSigned;

impl Signature {
    /// Reads the header. A webhook that was set up without a secret says `no-secret-provided` instead,
    /// which is none.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut value = [0; 32];
        hex::decode_to_slice(header.trim(), &mut value).ok()?;
        Some(Self(value))
    }

    /// Checks that a holder of one of `secrets` signed `body`. Several may be valid, while one is
    /// replaced. Empty ones are passed over. All is compared in constant time.
    ///
    /// # Errors
    /// [`NotSigned`] when none did.
    pub fn verify<'s>(
        &self,
        body: &[u8],
        secrets: impl IntoIterator<Item = &'s SecretString>,
    ) -> Result<(), NotSigned> {
        let mut matched = Choice::from(0);
        for secret in secrets {
            let secret = secret.expose_secret().as_bytes();
            let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret) else { continue };
            if secret.is_empty() {
                continue;
            }
            matched |= mac.chain_update(body).finalize().into_bytes().as_slice().ct_eq(&self.0);
        }
        if bool::from(matched) { Ok(()) } else { Err(NotSigned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "demo-cal-secret";
    const BODY: &[u8] =
        br#"{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-01-01T00:00:00.000Z","payload":{"uid":"bk_demo_1"}}"#;
    const VALUE: &str = "a6b27f55572f30d44b0da1823c3e12b5a87daaf66682112f41c062d4f78a5d60";

    fn check(header: &str, body: &[u8], secrets: &[&str]) -> Option<Result<(), NotSigned>> {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Some(Signature::parse(header)?.verify(body, &secrets))
    }

    #[test]
    fn the_contracts_vector_passes_with_either_secret_of_a_rotation() {
        assert_eq!(check(VALUE, BODY, &[SECRET]), Some(Ok(())));
        assert_eq!(check(VALUE, BODY, &["the-next-one", SECRET]), Some(Ok(())));
        assert_eq!(check(&VALUE.to_uppercase(), BODY, &[SECRET]), Some(Ok(())));
    }

    #[test]
    fn another_body_or_secret_is_wrong_and_no_secret_opens_nothing() {
        assert_eq!(check(VALUE, b"{}", &[SECRET]), Some(Err(NotSigned)));
        assert_eq!(check(VALUE, BODY, &["another"]), Some(Err(NotSigned)));
        assert_eq!(check(VALUE, BODY, &[]), Some(Err(NotSigned)));
        let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length");
        let forged = hex::encode(mac.chain_update(BODY).finalize().into_bytes());
        assert_eq!(check(&forged, BODY, &[""]), Some(Err(NotSigned)));
    }

    #[test]
    fn a_webhook_without_a_secret_has_no_signature() {
        for bad in ["no-secret-provided", "", &VALUE[1..], &format!("{VALUE}00"), &"é".repeat(32)] {
            assert_eq!(check(bad, BODY, &[SECRET]), None, "{bad}");
        }
    }
}
