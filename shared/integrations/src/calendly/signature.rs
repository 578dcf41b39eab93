//! `Calendly-Webhook-Signature: t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `t`, a dot and the raw body.
//! Source: developer.calendly.com, "Webhook signatures".

use secrecy::SecretString;

use super::super::timed_signature::TimedSignature;
use domain::Instant;

/// The header that the signature is in.
pub const HEADER: &str = "calendly-webhook-signature";

/// Older than this a signature is late, in seconds: the tolerance of Calendly's own sample.
pub const FRESH_SECONDS: i64 = 180;

/// The oldest that is accepted, in seconds. Calendly tries for 24 hours and then switches the
/// subscription off; whether it signs each try anew is not documented. Against replays stands the
/// event's key.
pub const OLDEST_SECONDS: i64 = 24 * 60 * 60;

/// Why an event is not taken for Calendly's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// No key gives it for this body.
    #[error("the signature does not match, or there is no key to check it with")]
    Wrong,
    /// It is right, and its time is too far from ours.
    #[error("the signature is more than {OLDEST_SECONDS} seconds old, or from the future")]
    Stale,
}

/// Checks that a holder of one of `keys` signed `body`, and gives how many seconds ago.
///
/// # Errors
/// [`NotSigned`] says which check failed.
pub fn verify<'k>(
    signature: &TimedSignature<'_>,
    body: &[u8],
    keys: impl IntoIterator<Item = &'k SecretString>,
    now: Instant,
) -> Result<i64, NotSigned> {
    if !signature.is_of(body, keys) {
        return Err(NotSigned::Wrong);
    }
    let age = signature.age(now);
    if (-FRESH_SECONDS..=OLDEST_SECONDS).contains(&age) { Ok(age) } else { Err(NotSigned::Stale) }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;
    use chrono::DateTime;

    const SIGNED_AT: i64 = 1_767_225_600;
    const KEY: &str = "demo-calendly-signing-key";
    const BODY: &[u8] = br#"{"event":"invitee.created","payload":{"email":"pat@example.org"}}"#;
    const VALUE: &str = "f5e3a84cef796279650a79f180d7ee72bceb4044bd601fed56c6bea01c6bb38c";

    fn header() -> String {
        format!("t={SIGNED_AT},v1={VALUE}")
    }

    fn check(header: &str, body: &[u8], keys: &[&str], later: i64) -> Option<Result<i64, NotSigned>> {
        let keys: Vec<SecretString> = keys.iter().map(|key| SecretString::from(*key)).collect();
        let now = DateTime::from_timestamp(SIGNED_AT + later, 0).expect("a time");
        Some(verify(&TimedSignature::parse(header)?, body, &keys, now))
    }

    #[test]
    fn the_contracts_vector_passes_with_either_key_of_a_rotation() {
        assert_eq!(check(&header(), BODY, &[KEY], 0), Some(Ok(0)));
        assert_eq!(check(&header(), BODY, &["the-next-one", KEY], 0), Some(Ok(0)));
        let two = format!("t={SIGNED_AT}, v1={},v2=later,v1={VALUE}", "0".repeat(64));
        assert_eq!(check(&two, BODY, &[KEY], 0), Some(Ok(0)));
    }

    #[test]
    fn a_try_of_a_day_ago_is_accepted_with_its_age_and_an_older_one_is_not() {
        for (later, result) in [
            (FRESH_SECONDS + 1, Ok(181)),
            (OLDEST_SECONDS, Ok(OLDEST_SECONDS)),
            (OLDEST_SECONDS + 1, Err(NotSigned::Stale)),
            (-FRESH_SECONDS, Ok(-180)),
            (-FRESH_SECONDS - 1, Err(NotSigned::Stale)),
        ] {
            assert_eq!(check(&header(), BODY, &[KEY], later), Some(result), "{later}");
        }
    }

    #[test]
    fn another_body_key_or_time_is_wrong_and_no_key_opens_nothing() {
        let wrong = Some(Err(NotSigned::Wrong));
        assert_eq!(check(&header(), b"{}", &[KEY], 0), wrong);
        assert_eq!(check(&header(), BODY, &["demo-calendly-signing-key "], 0), wrong);
        assert_eq!(check(&header(), BODY, &[], 0), wrong);
        assert_eq!(check(&format!("t={},v1={VALUE}", SIGNED_AT + 1), BODY, &[KEY], 0), wrong);
        let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length");
        let value = mac.chain_update(format!("{SIGNED_AT}.")).chain_update(BODY).finalize().into_bytes();
        assert_eq!(check(&format!("t={SIGNED_AT},v1={}", hex::encode(value)), BODY, &[""], 0), wrong);
    }

    #[test]
    fn a_header_that_cannot_be_read_is_none() {
        for bad in [
            "",
            "nonsense",
            "t=,v1=",
            &format!("t={SIGNED_AT}"),
            &format!("v1={VALUE}"),
            &format!("t=-1,v1={VALUE}"),
            &format!("t=1,t={SIGNED_AT},v1={VALUE}"),
            &format!("t={SIGNED_AT},v1={}", &VALUE[1..]),
            &format!("t={SIGNED_AT},v1={}", "é".repeat(32)),
            &format!("t=99999999999999999999,v1={VALUE}"),
            &format!("{},{}", header(), "v0=1,".repeat(1_000)),
        ] {
            assert_eq!(check(bad, BODY, &[KEY], 0), None, "{bad}");
        }
    }
}
