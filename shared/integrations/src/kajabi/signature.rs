//! `X-Kajabi-Signature: t=<unix seconds>,v1=<hex>`: the signature of a relay that stands between
//! Kajabi and us. It is our own convention; Kajabi itself signs nothing.

use secrecy::SecretString;

use super::super::timed_signature::TimedSignature;
use domain::Instant;

/// How far the signature's time may be from ours, in seconds, both ways.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("the request carries no signature")]
    Missing,
    /// The header is not `t=<unix seconds>,v1=<64 hexadecimal digits>`.
    #[error("the signature header cannot be read")]
    Malformed,
    /// It is right, and its time is too far from ours.
    #[error("the signature's time is more than {TOLERANCE_SECONDS} seconds from ours")]
    Stale,
    /// No known secret gives it for this body.
    #[error("the signature does not match")]
    Wrong,
}

/// Checks that a relay that holds one of `secrets` signed this body within five minutes of now. The header
/// may carry several `v1`, and there may be several secrets, so that either side can change its secret first.
///
/// # Errors
/// [`SignatureError`] says why it does not hold.
pub fn verify<'a>(
    header: Option<&str>,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'a SecretString>,
    now: Instant,
) -> Result<(), SignatureError> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).ok_or(SignatureError::Missing)?;
    let signature = TimedSignature::parse(header).ok_or(SignatureError::Malformed)?;
    if !signature.is_of(body, secrets) {
        return Err(SignatureError::Wrong);
    }
    if signature.age(now).unsigned_abs() > TOLERANCE_SECONDS {
        return Err(SignatureError::Stale);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;

    const SIGNED_AT: i64 = 1_767_225_600;
    const BODY: &[u8] = br#"{"id":"2150000001","event":"form_submission","payload":[]}"#;
    const VALUE: &str = "e4839709eddcebfc72b1401c74f527425ad703443a865b4f159d95783922bfca";

    fn header() -> String {
        format!("t={SIGNED_AT},v1={VALUE}")
    }

    fn check(header: &str, body: &[u8], secrets: &[&str], seconds_later: i64) -> Result<(), SignatureError> {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        let now = DateTime::from_timestamp(SIGNED_AT + seconds_later, 0).expect("a time");
        verify(Some(header), body, &secrets, now)
    }

    #[test]
    fn the_contracts_vector_passes() {
        assert_eq!(check(&header(), BODY, &["demo-relay-secret"], 0), Ok(()));
    }

    #[test]
    fn either_side_may_change_its_secret_first() {
        assert_eq!(check(&header(), BODY, &["new-secret", "demo-relay-secret"], 0), Ok(()));
        let two = format!(" t={SIGNED_AT} , v1={},v2=later,v1={VALUE}", "0".repeat(64));
        assert_eq!(check(&two, BODY, &["demo-relay-secret"], 0), Ok(()));
    }

    #[test]
    fn five_minutes_either_way_are_accepted_and_no_more() {
        for (seconds_later, result) in
            [(300, Ok(())), (-300, Ok(())), (301, Err(SignatureError::Stale)), (-301, Err(SignatureError::Stale))]
        {
            assert_eq!(check(&header(), BODY, &["demo-relay-secret"], seconds_later), result, "{seconds_later}");
        }
    }

    #[test]
    fn another_body_secret_or_time_is_wrong() {
        let altered: Vec<u8> = BODY.iter().map(|byte| if *byte == b'1' { b'2' } else { *byte }).collect();
        assert_eq!(check(&header(), &altered, &["demo-relay-secret"], 0), Err(SignatureError::Wrong));
        assert_eq!(check(&header(), b"", &["demo-relay-secret"], 0), Err(SignatureError::Wrong));
        assert_eq!(check(&header(), BODY, &["demo-relay-secret "], 0), Err(SignatureError::Wrong));
        assert_eq!(check(&header(), BODY, &[], 0), Err(SignatureError::Wrong));
        let later = format!("t={},v1={VALUE}", SIGNED_AT + 1);
        assert_eq!(check(&later, BODY, &["demo-relay-secret"], 0), Err(SignatureError::Wrong));
    }

    #[test]
    fn an_empty_secret_opens_nothing() {
        let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length");
        let value = mac.chain_update(format!("{SIGNED_AT}.")).chain_update(BODY).finalize().into_bytes();
        let forged = format!("t={SIGNED_AT},v1={}", hex::encode(value));
        assert_eq!(check(&forged, BODY, &[""], 0), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_header_that_cannot_be_read_says_so() {
        let now = DateTime::from_timestamp(SIGNED_AT, 0).expect("a time");
        for absent in [None, Some(""), Some("  ")] {
            assert_eq!(verify(absent, BODY, [], now), Err(SignatureError::Missing));
        }
        let long = format!("{},{}", header(), "v0=1,".repeat(1_000));
        for bad in [
            "nonsense",
            "t=,v1=",
            "t=1767225600",
            &format!("v1={VALUE}"),
            &format!("t=-1,v1={VALUE}"),
            &format!("t=+1767225600,v1={VALUE}"),
            &format!("t=99999999999999999999,v1={VALUE}"),
            &format!("t=1,t=1767225600,v1={VALUE}"),
            &format!("t=1767225600,v1={}", &VALUE[1..]),
            &format!("t=1767225600,v1={VALUE}00"),
            &format!("t=1767225600,v1={}", "é".repeat(32)),
            &format!("t=1767225600;v1={VALUE}"),
            &long,
        ] {
            assert_eq!(check(bad, BODY, &["demo-relay-secret"], 0), Err(SignatureError::Malformed), "{bad}");
        }
    }
}
