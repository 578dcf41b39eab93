//! What an answer of Twilio proves. Nothing of Twilio's own words is passed on: they repeat numbers.

use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    outbound::exchange::throttled,
    twilio::{
        MessageSid,
        codes::{self, Class, refused},
    },
};
use domain::message::{RefusalClass, SendOutcome};

/// What is proved by an answer to a create.
pub(super) fn outcome(status: StatusCode, body: &[u8]) -> SendOutcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match status.as_u16() {
        200..=299 => taken(status, &body),
        // Only these say that the request was not acted on where it arrived. After a 302 or 303
        // it may have been.
        301 | 307 | 308 => {
            let words = format!("the provider's address in the settings is wrong: it redirects (HTTP {status})");
            refused(RefusalClass::Configuration, None, words)
        }
        400..=499 => match number(&body, "code") {
            Some(code) => codes::outcome(code),
            None => without_code(status),
        },
        // A 5xx is no proof, whatever code comes with it.
        _ => SendOutcome::Unknown { why: format!("the provider answered HTTP {}", status.as_u16()) },
    }
}

fn taken(status: StatusCode, body: &Value) -> SendOutcome {
    let Some(sid) = body.get("sid").and_then(Value::as_str).and_then(MessageSid::parse) else {
        return SendOutcome::Unknown { why: format!("HTTP {} without a readable id of the text", status.as_u16()) };
    };
    // No callback follows for the status that is in the answer, so a failure told here is told once.
    if body.get("status").and_then(Value::as_str) == Some("failed") {
        return failed_at_once(&sid, number(body, "error_code"));
    }
    SendOutcome::Accepted { provider_id: sid.as_str().to_owned() }
}

fn failed_at_once(sid: &MessageSid, code: Option<u32>) -> SendOutcome {
    let known = code.and_then(codes::find);
    match known.map(|known| known.class) {
        Some(Class::Permanent | Class::OptOut | Class::Configuration | Class::Content) => {
            codes::outcome(code.unwrap_or_default())
        }
        Some(Class::Throttled | Class::Transient | Class::Ambiguous) | None => {
            SendOutcome::Unknown { why: format!("{sid} was taken and failed at once") }
        }
    }
}

/// For 4xx answers that come from something before Twilio's API, and so have no code.
fn without_code(status: StatusCode) -> SendOutcome {
    let words = format!("refused without a code (HTTP {})", status.as_u16());
    match status.as_u16() {
        401 | 403 | 404 => refused(RefusalClass::Configuration, None, words),
        408 => SendOutcome::Unknown { why: words },
        429 => throttled(words),
        _ => refused(RefusalClass::Content, None, words),
    }
}

fn number(body: &Value, name: &str) -> Option<u32> {
    let value = body.get(name)?;
    value.as_u64().and_then(|number| u32::try_from(number).ok()).or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = include_str!("../../../../../events/twilio/message_created.json");
    const SID: &str = "SM00000000000000000000000000000001";

    fn of(status: u16, body: &str) -> SendOutcome {
        outcome(StatusCode::from_u16(status).expect("a status"), body.as_bytes())
    }

    /// The outcome in short: `accepted`, `not sent`, `unknown`, or the refusal's class and code.
    fn short(outcome: SendOutcome) -> String {
        match outcome {
            SendOutcome::Accepted { .. } => "accepted".to_owned(),
            SendOutcome::NotSent { .. } => "not sent".to_owned(),
            SendOutcome::Throttled { .. } => "later".to_owned(),
            SendOutcome::Failed { .. } => "failed".to_owned(),
            SendOutcome::Unknown { .. } => "unknown".to_owned(),
            SendOutcome::Refused(refusal) => format!("{:?} {:?}", refusal.class, refusal.code),
        }
    }

    #[test]
    fn the_recorded_answers_mean_what_they_should() {
        assert_eq!(of(201, CREATED), SendOutcome::Accepted { provider_id: SID.to_owned() });
        let invalid = of(400, include_str!("../../../../../events/twilio/error_21211.json"));
        assert!(!format!("{invalid:?}").contains("+1500"), "Twilio's words hold the number: {invalid:?}");
        assert_eq!(short(invalid), "Recipient Some(21211)");
        let unsubscribed = of(400, include_str!("../../../../../events/twilio/error_21610.json"));
        assert_eq!(short(unsubscribed), "OptedOut Some(21610)");
    }

    #[test]
    fn every_kind_of_answer_has_its_proof() {
        for (status, body, expected) in [
            (200, CREATED, "accepted"),
            (201, "", "unknown"),
            (201, r#"{"sid": "SM0000"#, "unknown"),
            (201, r#"{"sid": null}"#, "unknown"),
            (201, r#"{"sid": "AC00000000000000000000000000000001"}"#, "unknown"),
            (204, "", "unknown"),
            (301, "", "Configuration None"),
            (302, "", "unknown"),
            (303, "", "unknown"),
            (307, "", "Configuration None"),
            (308, "", "Configuration None"),
            (400, r#"{"code": 21617}"#, "Content Some(21617)"),
            (400, r#"{"code": "21610"}"#, "OptedOut Some(21610)"),
            (400, r#"{"code": 21611}"#, "later"),
            (400, r#"{"code": 30017}"#, "not sent"),
            (400, r#"{"code": 29999}"#, "Content Some(29999)"),
            (400, r#"{"code": 20500}"#, "unknown"),
            (400, "<html>", "Content None"),
            (401, r#"{"code": 20003}"#, "Configuration Some(20003)"),
            (401, "", "Configuration None"),
            (403, "", "Configuration None"),
            (404, r#"{"code": 20404}"#, "Configuration Some(20404)"),
            (404, "", "Configuration None"),
            (408, "", "unknown"),
            (413, "", "Content None"),
            (429, r#"{"code": 20429}"#, "later"),
            (429, "", "later"),
            (429, r#"{"code": null}"#, "later"),
            (429, r#"{"code": 63038}"#, "Configuration Some(63038)"),
            (500, r#"{"code": 20500}"#, "unknown"),
            (500, r#"{"code": 21211}"#, "unknown"),
            (502, "<html>", "unknown"),
            (503, r#"{"code": 20503}"#, "unknown"),
            (504, "", "unknown"),
        ] {
            assert_eq!(short(of(status, body)), expected, "HTTP {status} {body}");
        }
    }

    #[test]
    fn a_text_that_failed_at_once_is_not_taken_for_sent() {
        for (code, expected) in [
            ("21610", "OptedOut Some(21610)"),
            ("30006", "Recipient Some(30006)"),
            ("30008", "unknown"),
            ("30410", "unknown"),
            ("29999", "unknown"),
            ("null", "unknown"),
        ] {
            let body = format!(r#"{{"sid": "{SID}", "status": "failed", "error_code": {code}}}"#);
            assert_eq!(short(of(201, &body)), expected, "{code}");
        }
    }
}
