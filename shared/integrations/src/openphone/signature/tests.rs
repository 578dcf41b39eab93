//! Both generations against known vectors, and against whatever may be sent instead.

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

const LEGACY_KEY: &str = "bHVtZW4tZm9sbG93LXVwLWRlbW8ta2V5LTAwMDE=";
const LEGACY_BODY: &[u8] = br#"{"id":"EV0demo01","object":"event","type":"message.received"}"#;
const LEGACY_HEADER: &str = "hmac;1;1767225600123;2aBMOrbT+3Us7byr9wcLbuP9pF8szOpunEk8xP9mOlE=";

const SECRET: &str = "whsec_bHVtZW4tZm9sbG93LXVwLWRlbW8ta2V5LTAwMDI=";
const BODY: &[u8] = br#"{"id":"EV0demo02","apiVersion":"2026-03-30","type":"message.delivered"}"#;
const ID: &str = "msg_demo_0001";
const TIME: &str = "1767225600";
const VALUE: &str = "v1,6LcfeU1/Fi30r1D5PWqy6a4UHMB5pPgC18pELX0mbu0=";

fn signed_at() -> Instant {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a time")
}

fn secrets(held: &[(&str, &str)]) -> Secrets {
    held.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

type Headers<'a> = &'a [(&'a str, &'a str)];

fn check(headers: Headers<'_>, body: &[u8], held: &[(&str, &str)], now: Instant) -> Result<(), NotSigned> {
    let header = |name: &str| headers.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
    Signatures::of(header, now)?.verify(body, &secrets(held))
}

fn legacy(header: &str, body: &[u8]) -> Result<(), NotSigned> {
    check(&[(LEGACY, header)], body, &[("openphone_signing_key", LEGACY_KEY)], signed_at())
}

fn current(id: &str, time: &str, signature: &str, body: &[u8]) -> Result<(), NotSigned> {
    let [id_name, time_name, name] = CURRENT;
    let headers = [(id_name, id), (time_name, time), (name, signature)];
    check(&headers, body, &[("openphone_webhook_secret", SECRET)], signed_at())
}

#[test]
fn the_known_vectors_of_both_generations_pass() {
    assert_eq!(legacy(LEGACY_HEADER, LEGACY_BODY), Ok(()));
    assert_eq!(current(ID, TIME, VALUE, BODY), Ok(()));
}

#[test]
fn either_key_of_a_rotation_is_accepted_and_neither_generations_key_opens_the_other() {
    let [id, time, name] = CURRENT;
    let headers = [(id, ID), (time, TIME), (name, VALUE)];
    let other = "whsec_b3RoZXI=";
    for held in [
        [("openphone_webhook_secret", SECRET), ("openphone_webhook_secret_next", other)],
        [("openphone_webhook_secret", other), ("openphone_webhook_secret_next", SECRET)],
    ] {
        assert_eq!(check(&headers, BODY, &held, signed_at()), Ok(()));
    }
    let next = [("openphone_signing_key", "b3RoZXI="), ("openphone_signing_key_next", LEGACY_KEY)];
    assert_eq!(check(&[(LEGACY, LEGACY_HEADER)], LEGACY_BODY, &next, signed_at()), Ok(()));
    let wrong_place = [("openphone_signing_key", SECRET)];
    assert_eq!(check(&headers, BODY, &wrong_place, signed_at()), Err(NotSigned::NoKey));
    let wrong_place = [("openphone_webhook_secret", LEGACY_KEY)];
    assert_eq!(check(&[(LEGACY, LEGACY_HEADER)], LEGACY_BODY, &wrong_place, signed_at()), Err(NotSigned::NoKey));
}

#[test]
fn one_of_several_signatures_is_enough() {
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(current(ID, TIME, &format!("v2,xyz v1,{zeros} {VALUE}"), BODY), Ok(()));
    assert_eq!(legacy(&format!("hmac;1;1767225600123;{zeros},{LEGACY_HEADER}"), LEGACY_BODY), Ok(()));
    assert_eq!(legacy(&format!("hmac;2;x;y, {LEGACY_HEADER}"), LEGACY_BODY), Ok(()));
}

#[test]
fn five_minutes_either_way_are_accepted_and_no_more() {
    let [id, time, name] = CURRENT;
    let headers = [(id, ID), (time, TIME), (name, VALUE)];
    for (seconds, expected) in
        [(300, Ok(())), (-300, Ok(())), (301, Err(NotSigned::Stale)), (-301, Err(NotSigned::Stale))]
    {
        let now = signed_at() + TimeDelta::seconds(seconds);
        let held = [("openphone_webhook_secret", SECRET)];
        assert_eq!(check(&headers, BODY, &held, now), expected, "{seconds}");
        // The time of the legacy header is 123 ms later.
        let held = [("openphone_signing_key", LEGACY_KEY)];
        let now = now + TimeDelta::milliseconds(123);
        assert_eq!(check(&[(LEGACY, LEGACY_HEADER)], LEGACY_BODY, &held, now), expected, "{seconds}");
    }
}

#[test]
fn another_body_id_or_time_is_wrong() {
    let wrong = Err(NotSigned::Wrong);
    assert_eq!(current(ID, TIME, VALUE, b"{}"), wrong);
    assert_eq!(current("msg_demo_0002", TIME, VALUE, BODY), wrong);
    assert_eq!(current(ID, "1767225601", VALUE, BODY), wrong);
    assert_eq!(legacy(LEGACY_HEADER, BODY), wrong);
    assert_eq!(legacy(&LEGACY_HEADER.replace("123;", "124;"), LEGACY_BODY), wrong);
    // The bytes count, not the JSON in them.
    let spaced = String::from_utf8_lossy(BODY).replace(':', ": ");
    assert_eq!(current(ID, TIME, VALUE, spaced.as_bytes()), wrong);
}

#[test]
fn without_a_readable_signature_nothing_is_checked() {
    let [id, time, name] = CURRENT;
    let held = [("openphone_webhook_secret", SECRET)];
    let of = |headers: Headers<'_>| check(headers, BODY, &held, signed_at());
    assert_eq!(of(&[]), Err(NotSigned::Missing));
    for headers in [
        vec![(id, ID), (time, TIME)],
        vec![(id, ID), (name, VALUE)],
        vec![(time, TIME), (name, VALUE)],
        vec![(id, ""), (time, TIME), (name, VALUE)],
        vec![(id, "a#b"), (time, TIME), (name, VALUE)],
        vec![(id, ID), (time, "soon"), (name, VALUE)],
        vec![(id, ID), (time, "-1"), (name, VALUE)],
        vec![(id, ID), (time, TIME), (name, "")],
        vec![(id, ID), (time, TIME), (name, "v1,AAAA")],
        vec![(id, ID), (time, TIME), (name, "v1,=")],
        vec![(LEGACY, "")],
        vec![(LEGACY, "hmac;1;;")],
        vec![(LEGACY, "hmac;1;1767225600123")],
    ] {
        assert_eq!(of(&headers), Err(NotSigned::Malformed), "{headers:?}");
    }
    let many = format!("{} {VALUE}", "v0,x ".repeat(20));
    assert_eq!(of(&[(id, ID), (time, TIME), (name, &many)]), Err(NotSigned::Malformed));
}

#[test]
fn an_empty_or_unreadable_key_opens_nothing() {
    for key in ["", "whsec_", "  ", "not base64!"] {
        let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length");
        let forged = mac.chain_update(format!("{ID}.{TIME}.")).chain_update(BODY).finalize().into_bytes();
        let [id, time, name] = CURRENT;
        let forged = format!("v1,{}", STANDARD.encode(forged));
        let headers = [(id, ID), (time, TIME), (name, forged.as_str())];
        let held = [("openphone_webhook_secret", key)];
        assert_eq!(check(&headers, BODY, &held, signed_at()), Err(NotSigned::NoKey), "{key}");
    }
}

proptest! {
    #[test]
    fn no_headers_and_no_body_break_the_check(
        id in ".{0,40}", time in "[0-9a-z;,.-]{0,20}", value in ".{0,80}", legacy_header in ".{0,120}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(current(&id, &time, &value, &body).is_err());
        prop_assert!(legacy(&legacy_header, &body).is_err());
        let scheme = format!("hmac;1;{time};{value}");
        prop_assert!(legacy(&scheme, &body).is_err());
    }

    #[test]
    fn a_signature_with_any_bit_changed_never_passes(at in 0_usize..32, bit in 0_u8..8) {
        let mut bytes = STANDARD.decode(&VALUE[3..]).expect("base64");
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(current(ID, TIME, &format!("v1,{}", STANDARD.encode(&bytes)), BODY), Err(NotSigned::Wrong));
        let value = LEGACY_HEADER.rsplit(';').next().expect("a value");
        let mut bytes = STANDARD.decode(value).expect("base64");
        bytes[at] ^= 1 << bit;
        let header = format!("hmac;1;1767225600123;{}", STANDARD.encode(&bytes));
        prop_assert_eq!(legacy(&header, LEGACY_BODY), Err(NotSigned::Wrong));
    }

    #[test]
    fn a_body_with_any_byte_changed_never_passes(at in 0..BODY.len(), by in 1_u8..=255) {
        let mut body = BODY.to_vec();
        body[at] = body[at].wrapping_add(by);
        prop_assert_eq!(current(ID, TIME, VALUE, &body), Err(NotSigned::Wrong));
        let mut body = LEGACY_BODY.to_vec();
        let at = at % body.len();
        body[at] = body[at].wrapping_add(by);
        prop_assert_eq!(legacy(LEGACY_HEADER, &body), Err(NotSigned::Wrong));
    }
}
