//! The signatures of Twilio, Calendly and Cal.com, so that signed webhooks can be posted.
//! Sources: twilio.com/docs/usage/security, and the validators of Twilio's own SDKs;
//! developer.calendly.com (webhook signatures); cal.com/docs (webhooks).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// The `X-Twilio-Signature` of a form post to `url` with `params`: base64 of the HMAC-SHA1 of the
/// URL followed by each name and value, sorted by name and value, repeated pairs once. For a GET
/// or a JSON body `params` is empty.
pub fn sign(auth_token: &str, url: &str, params: &[(&str, &str)]) -> String {
    let mut sorted = params.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The `Calendly-Webhook-Signature` of `body`, signed at `seconds` since 1970.
#[must_use]
pub fn calendly(key: &str, seconds: i64, body: &str) -> String {
    format!("t={seconds},v1={}", sha256(key, &format!("{seconds}.{body}")))
}

/// The `X-Cal-Signature-256` of `body`.
#[must_use]
pub fn calcom(secret: &str, body: &str) -> String {
    sha256(secret, body)
}

fn sha256(key: &str, signed: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    hex::encode(mac.chain_update(signed).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn bookings_are_signed_as_the_vectors_say() {
        let body = r#"{"event":"invitee.created","payload":{"email":"pat@example.org"}}"#;
        let value = "f5e3a84cef796279650a79f180d7ee72bceb4044bd601fed56c6bea01c6bb38c";
        let signed = super::calendly("demo-calendly-signing-key", 1_767_225_600, body);
        assert_eq!(signed, format!("t=1767225600,v1={value}"));
        let body = r#"{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-01-01T00:00:00.000Z","payload":{"uid":"bk_demo_1"}}"#;
        let value = "a6b27f55572f30d44b0da1823c3e12b5a87daaf66682112f41c062d4f78a5d60";
        assert_eq!(super::calcom("demo-cal-secret", body), value);
    }

    type Params<'a> = &'a [(&'a str, &'a str)];

    const U: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const P: [(&str, &str); 5] = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];

    #[test]
    fn public_vectors_with_the_usual_params_match() {
        for (url, expected) in [
            (U, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
            ("http://mycompany.com/myapp.php?foo=1&bar=2", "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="),
            ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
            ("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            ("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", "CukzLTc1tT5dXEDIHm/tKBanW10="),
            ("https://user:pass@mycompany.com:443/myapp.php?foo=1&bar=2", "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
            ("https://user@mycompany.com/myapp.php?foo=1&bar=2", "2YRLlVAflCqxaNicjMpJcSTgzSs="),
            ("https://mycompany.com/myapp.php?foo=1&bar=2&Body=It%27s+amazing", "TfZzewPq8wqrGlMfyAud8+/IvJ0="),
        ] {
            assert_eq!(sign("12345", url, &P), expected, "{url}");
        }
    }

    #[test]
    fn public_vectors_with_other_params_match() {
        let binding = "MessagingBinding.Address";
        let mut prefixed = P.to_vec();
        prefixed.extend([("ReasonConferenceEnded", "test"), ("Reason", "Participant")]);
        let repeated =
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")];
        let json = "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let cases: [(&str, Params<'_>, &str); 6] = [
            (U, &[(binding, "+1415xxxxxxx"), (binding, "+1325xxxxxxx")], "83O6e2vORAoJHUNzJjDWN1jz+BA="),
            (U, &repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
            (U, &prefixed, "vOEb5UThFn24KEfnOFLQY2AE5FY="),
            ("http://mycompany.com/myapp.php?foo=1&bar=2", &prefixed, "n2xBNyzSW7rfYStDtOFiFMv7qNo="),
            (U, &[("property", "value"), ("boolean", "true")], "NBdBDr/T/lgjI+tlgpXjKZQZs/k="),
            (json, &[], "a9nBmqA0ju/hNViExpshrM61xv4="),
        ];
        for (url, params, expected) in cases {
            assert_eq!(sign("12345", url, params), expected, "{url} {params:?}");
        }
    }

    #[test]
    fn our_status_callback_and_inbound_stop_match() {
        let token = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let sid = "SM00000000000000000000000000000001";
        let account = [
            ("AccountSid", "AC00000000000000000000000000000001"),
            ("ApiVersion", "2010-04-01"),
            ("MessagingServiceSid", "MG00000000000000000000000000000001"),
        ];
        let mut status = account.to_vec();
        status.extend([
            ("From", "+15005550006"),
            ("MessageSid", sid),
            ("SmsSid", sid),
            ("MessageStatus", "delivered"),
            ("SmsStatus", "delivered"),
            ("RawDlrDoneDate", "2601010001"),
            ("To", "+13055550123"),
        ]);
        let url = "https://hooks.example.org/v1/twilio/status?att=01JDEMOATTEMPT0000000001";
        assert_eq!(sign(token, url, &status), "4UQPIQIIWmEggr/X1aFIVhabvas=");

        let sid = "SM00000000000000000000000000000002";
        let mut stop = account.to_vec();
        stop.extend([
            ("Body", "STOP"),
            ("From", "+13055550123"),
            ("FromCity", ""),
            ("FromCountry", "US"),
            ("FromState", "FL"),
            ("FromZip", "33101"),
            ("MessageSid", sid),
            ("SmsMessageSid", sid),
            ("SmsSid", sid),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("OptOutType", "STOP"),
            ("SmsStatus", "received"),
            ("To", "+15005550006"),
            ("ToCity", ""),
            ("ToCountry", "US"),
            ("ToState", ""),
            ("ToZip", ""),
        ]);
        let url = "https://hooks.example.org/v1/twilio/inbound";
        assert_eq!(sign(token, url, &stop), "rv0qdbqt8YqsF0sXeeB+XjFh9Vk=");
    }
}
