//! Public vectors of Twilio's SDKs, our own, and what must not pass.

use super::*;

type Params<'a> = &'a [(&'a str, &'a str)];

const TOKEN: &str = "12345";
const U: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const HTTP_U: &str = "http://mycompany.com/myapp.php?foo=1&bar=2";
const P: Params<'_> = &[
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
];
const REASONS: Params<'_> = &[
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("ReasonConferenceEnded", "test"),
    ("Reason", "Participant"),
];
const BINDING: &str = "MessagingBinding.Address";
const HASH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
const EMPTY_OBJECT_HASH: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const JSON: &[u8] = br#"{"property": "value", "boolean": true}"#;
const OUR_TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn form(params: Params<'_>) -> Vec<(String, String)> {
    params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn tokens(tokens: &[&str]) -> Vec<SecretString> {
    tokens.iter().map(|token| SecretString::from(*token)).collect()
}

fn check(url: &str, params: Params<'_>, signature: &str) -> Result<(), NotSigned> {
    verify(&SignedBy::AuthToken, &tokens(&[TOKEN]), url, Payload::Form(&form(params)), signature)
}

#[test]
fn the_public_vectors_of_forms_verify() {
    for (url, params, signature) in [
        (U, P, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:1234/myapp.php?foo=1&bar=2", P, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", P, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (U, P, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (HTTP_U, P, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", P, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", P, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (HTTP_U, P, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", P, "CukzLTc1tT5dXEDIHm/tKBanW10="),
        ("https://user:pass@mycompany.com:443/myapp.php?foo=1&bar=2", P, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
        ("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", P, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
        ("https://user@mycompany.com/myapp.php?foo=1&bar=2", P, "2YRLlVAflCqxaNicjMpJcSTgzSs="),
        (&format!("{U}&Body=It's+amazing"), P, "TfZzewPq8wqrGlMfyAud8+/IvJ0="),
        (&format!("{U}&Body=It%27s+amazing"), P, "TfZzewPq8wqrGlMfyAud8+/IvJ0="),
        (U, &[(BINDING, "+1325xxxxxxx"), (BINDING, "+1415xxxxxxx")], "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (U, &[(BINDING, "+1415xxxxxxx"), (BINDING, "+1325xxxxxxx")], "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (
            U,
            &[("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (U, REASONS, "vOEb5UThFn24KEfnOFLQY2AE5FY="),
        (HTTP_U, REASONS, "n2xBNyzSW7rfYStDtOFiFMv7qNo="),
        (U, &[("property", "value"), ("boolean", "true")], "NBdBDr/T/lgjI+tlgpXjKZQZs/k="),
    ] {
        assert_eq!(check(url, params, signature), Ok(()), "{url} {signature}");
    }
    assert_eq!(check(U, REASONS, "95+Bu0JVPi0r/SsESZCVf0dWAjw="), Err(NotSigned::Signature), "sorted wrongly");
}

#[test]
fn the_public_vectors_of_json_verify() {
    for (url, body, signature) in [
        (format!("{U}&bodySHA256={HASH}"), JSON, "a9nBmqA0ju/hNViExpshrM61xv4="),
        (format!("https://mycompany.com/myapp.php?bodySHA256={HASH}"), JSON, "y77kIzt2vzLz71DgmJGsen2scGs="),
        (format!("{U}&bodySHA256={EMPTY_OBJECT_HASH}"), b"{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc="),
        (
            format!("https://mycompany.com:443/myapp.php?foo=1&bar=2&bodySHA256={EMPTY_OBJECT_HASH}"),
            b"{}",
            "Ldidvp12m26NI7eqEvxnEpkd9Hc=",
        ),
    ] {
        let checked = |body| verify(&SignedBy::AuthToken, &tokens(&[TOKEN]), &url, Payload::Raw(body), signature);
        assert_eq!(checked(body), Ok(()), "{url}");
        assert_eq!(checked(b"{ }"), Err(NotSigned::Body), "{url}");
    }
    assert_eq!(
        verify(&SignedBy::AuthToken, &tokens(&[TOKEN]), U, Payload::Raw(b"{}"), "x"),
        Err(NotSigned::Body),
        "no hash in the address"
    );
}

#[test]
fn our_recorded_callbacks_verify() {
    for (url, body, signature) in [
        (
            "https://hooks.example.org/v1/twilio/status?att=01JDEMOATTEMPT0000000001",
            include_str!("../../../../../events/twilio/status_delivered.txt"),
            "4UQPIQIIWmEggr/X1aFIVhabvas=",
        ),
        (
            "https://hooks.example.org/v1/twilio/inbound",
            include_str!("../../../../../events/twilio/inbound_stop.txt"),
            "rv0qdbqt8YqsF0sXeeB+XjFh9Vk=",
        ),
    ] {
        let form: Vec<(String, String)> = serde_urlencoded::from_str(body.trim_end()).expect("a form");
        let checked = |url: &str, form: &Form| {
            verify(&SignedBy::AuthToken, &tokens(&[OUR_TOKEN]), url, Payload::Form(form), signature)
        };
        assert_eq!(checked(url, &form), Ok(()), "{url}");
        assert_eq!(checked(&format!("{url}#rc=3&rp=5xx"), &form), Ok(()), "a fragment is not signed");
        assert_eq!(checked(&url.replace("hooks", "evil"), &form), Err(NotSigned::Signature));
        for at in 0..form.len() {
            let mut changed = form.clone();
            changed[at].1.push('x');
            assert_eq!(checked(url, &changed), Err(NotSigned::Signature), "{} was changed", form[at].0);
            changed.remove(at);
            assert_eq!(checked(url, &changed), Err(NotSigned::Signature), "{} was left out", form[at].0);
        }
        let mut more = form.clone();
        more.push(("Added".to_owned(), String::new()));
        assert_eq!(checked(url, &more), Err(NotSigned::Signature));
    }
}

#[test]
fn either_token_of_a_rotation_may_have_signed_and_no_other() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    for (given, expected) in [
        (&["old", TOKEN][..], Ok(())),
        (&[TOKEN, "new"], Ok(())),
        (&["old", "new"], Err(NotSigned::Signature)),
        (&["", TOKEN], Ok(())),
        (&[""], Err(NotSigned::NoToken)),
        (&[], Err(NotSigned::NoToken)),
    ] {
        assert_eq!(
            verify(&SignedBy::AuthToken, &tokens(given), U, Payload::Form(&form(P)), signature),
            expected,
            "{given:?}"
        );
    }
}

/// Checked with twilio-python 9.13.0.
const SHARED: &str = "demo-shared-key-secret-0001";
const SETTINGS: &str = "key=webhooks_sharedkey_01demo,algorithm=HMAC_SHA256";
const STOP: &str = include_str!("../../../../../events/twilio/inbound_stop.txt");
const DELIVERED: &str = include_str!("../../../../../events/twilio/status_delivered.txt");

fn by(header: &str) -> SignedBy {
    SignedBy::of(Some(header)).expect("an algorithm that is known")
}

#[test]
fn what_a_shared_key_signed_verifies_with_it_and_with_nothing_else() {
    let inbound = "https://hooks.example.org/v1/twilio/inbound";
    let status = "https://hooks.example.org/v1/twilio/status?att=01JDEMOATTEMPT0000000001";
    for (url, body, signature) in [
        (status, DELIVERED, "xG5PirlZ4pv2ubWvY0DT3JrK8hsitNpQKXUXmzebiHo="),
        (inbound, STOP, "SU/55DEbodNkKb+1yxnuriDot4PmuSyQJmCSsowG0vk="),
        (inbound, STOP, "9KeMhWYB6ZnwfWGFFwaWcW9W0iCKCStIHs8Xn1MaiDw="),
    ] {
        let form: Vec<(String, String)> = serde_urlencoded::from_str(body.trim_end()).expect("a form");
        let checked = |by: &SignedBy, keys: &[&str]| verify(by, &tokens(keys), url, Payload::Form(&form), signature);
        let sha256 = by(SETTINGS);
        assert_eq!(checked(&sha256, &[SHARED]), Ok(()), "{url} {signature}");
        assert_eq!(checked(&sha256, &["next", SHARED]), Ok(()), "while it is rolled out");
        assert_eq!(checked(&sha256, &[OUR_TOKEN]), Err(NotSigned::Signature));
        assert_eq!(checked(&sha256, &[]), Err(NotSigned::UnknownSharedKey));
        assert_eq!(checked(&sha256, &[""]), Err(NotSigned::UnknownSharedKey));
        assert_eq!(checked(&by("algorithm=HMAC_SHA1"), &[SHARED]), Err(NotSigned::Signature));
        assert_eq!(checked(&SignedBy::AuthToken, &[SHARED]), Err(NotSigned::Signature));
    }
    let form: Vec<(String, String)> = serde_urlencoded::from_str(STOP.trim_end()).expect("a form");
    let sha1 = "+JfYToim/B6FEGJLdb9wcYYMWoE=";
    let checked = |by: &SignedBy| verify(by, &tokens(&[SHARED]), inbound, Payload::Form(&form), sha1);
    assert_eq!(checked(&by("key=webhooks_sharedkey_01demo")), Ok(()), "without an algorithm it is SHA-1");
    assert_eq!(checked(&by(SETTINGS)), Err(NotSigned::Signature), "the header says SHA-256");
    let hash = "5041bf1f713df204784353e82f6a4a535931cb64f1f4b4a5aeaffcb720918b22";
    let url = format!("https://hooks.example.org/v1/twilio/json?bodySHA256={hash}");
    let signature = "fnaEGAcDPbk/YTNE/cLyEmVrvyVQdGrNdzzq4lGSguo=";
    let checked = |body| verify(&by(SETTINGS), &tokens(&[SHARED]), &url, Payload::Raw(body), signature);
    assert_eq!(checked(br#"{"x":1}"#), Ok(()));
    assert_eq!(checked(br#"{"x":2}"#), Err(NotSigned::Body));
}

#[test]
fn how_it_was_signed_is_read_from_the_header() {
    let shared = |algorithm, key: Option<&str>| Ok(SignedBy::SharedKey { algorithm, key: key.map(str::to_owned) });
    for (header, expected) in [
        (None, Ok(SignedBy::AuthToken)),
        (Some(""), Ok(SignedBy::AuthToken)),
        (Some("  "), Ok(SignedBy::AuthToken)),
        (Some(SETTINGS), shared(Algorithm::HmacSha256, Some("webhooks_sharedkey_01demo"))),
        (Some(" algorithm = hmac_sha256 , key = a "), shared(Algorithm::HmacSha256, Some("a"))),
        (Some("key=a"), shared(Algorithm::HmacSha1, Some("a"))),
        (Some("nonsense"), shared(Algorithm::HmacSha1, None)),
        (Some("key=a b\u{7}c,algorithm=HMAC_SHA1"), shared(Algorithm::HmacSha1, None)),
        (Some("algorithm=HMAC_SHA512"), Err(NotSigned::Algorithm)),
        (Some("algorithm="), Err(NotSigned::Algorithm)),
    ] {
        assert_eq!(SignedBy::of(header), expected, "{header:?}");
    }
}

#[test]
fn what_is_no_signature_does_not_pass() {
    let good = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    for bad in ["", " ", "=", "RSOYDt4T1cUTdK1PDd93/VVr8B8", &format!("{good} "), &good.to_lowercase(), &good.repeat(2)]
    {
        assert_eq!(check(U, P, bad), Err(NotSigned::Signature), "{bad}");
    }
    // Signed with an empty token, which anyone can do.
    let by_anyone = sign(Algorithm::HmacSha1, "", U, &joined(&form(P)));
    assert_eq!(check(U, P, &by_anyone), Err(NotSigned::Signature));
    assert_eq!(check("not an address", P, good), Err(NotSigned::Signature));
}

proptest::proptest! {
    #[test]
    fn no_address_or_form_makes_it_panic(url in ".*", authority in "[a-z@:0-9\\[\\]é'#?/]*", name in ".*", value in ".*") {
        let params = [(name, value)];
        let _ = verify(&SignedBy::AuthToken, &tokens(&[TOKEN]), &url, Payload::Form(&params), "x");
        let _ = verify(&SignedBy::AuthToken, &tokens(&[TOKEN]), &format!("https://{authority}"), Payload::Raw(b""), "x");
    }
}
