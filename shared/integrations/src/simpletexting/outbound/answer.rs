//! What an answer of SimpleTexting proves. It documents two shapes of errors and hardly any code, so the
//! status decides. Nothing of its own words is passed on.

use reqwest::StatusCode;
use serde_json::Value;

use crate::outbound::exchange::{by_status, refused};
use domain::message::{RefusalClass, SendOutcome};

/// What the gateway calls its own failures, whatever status it gives them.
const GATEWAY_FAILED: &str = "INTERNAL_ERROR";

/// What is proved by an answer to a create.
pub(super) fn outcome(status: StatusCode, body: &[u8]) -> SendOutcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let unknown = |why: &str| SendOutcome::Unknown { why: format!("{why} (HTTP {})", status.as_u16()) };
    match status.as_u16() {
        200..=299 => match body.get("id").and_then(Value::as_str).filter(|id| is_id(id)) {
            // The credits beside it may be below zero: the text is taken all the same.
            Some(id) => SendOutcome::Accepted { provider_id: id.to_owned() },
            None => unknown("an answer without a readable id of the text"),
        },
        400..=499 if body.get("code").and_then(Value::as_str) == Some(GATEWAY_FAILED) => {
            unknown("the provider's gateway failed")
        }
        400 | 404 | 422 => {
            refused(RefusalClass::Content, None, format!("SimpleTexting does not take it (HTTP {})", status.as_u16()))
        }
        _ => by_status(status).unwrap_or_else(|| unknown("the provider gave no answer that can be read")),
    }
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(status: u16, body: &str) -> String {
        match outcome(StatusCode::from_u16(status).expect("a status"), body.as_bytes()) {
            SendOutcome::Accepted { provider_id } => provider_id,
            SendOutcome::NotSent { .. } => "not sent".to_owned(),
            SendOutcome::Throttled { .. } => "later".to_owned(),
            SendOutcome::Failed { .. } => "failed".to_owned(),
            SendOutcome::Unknown { .. } => "unknown".to_owned(),
            SendOutcome::Refused(refusal) => format!("{:?}", refusal.class),
        }
    }

    #[test]
    fn every_kind_of_answer_has_its_proof() {
        let created = include_str!("../../../../../events/simpletexting/message_created.json");
        let unauthorized = include_str!("../../../../../events/simpletexting/error_unauthorized.json");
        let gateway = include_str!("../../../../../events/simpletexting/error_gateway.json");
        for (status, body, expected) in [
            (201, created, "65a1b2c3d4e5f60718290001"),
            (201, "", "unknown"),
            (201, r#"{"id": null}"#, "unknown"),
            (201, r#"{"id": "a b"}"#, "unknown"),
            (301, "", "Configuration"),
            (302, "", "unknown"),
            (400, "", "Content"),
            (400, gateway, "unknown"),
            (401, unauthorized, "Configuration"),
            (402, "", "Configuration"),
            (403, "", "Configuration"),
            (404, "", "Content"),
            (408, "", "unknown"),
            (409, "", "unknown"),
            (422, "", "Content"),
            (429, "", "later"),
            (500, gateway, "unknown"),
            (503, "", "unknown"),
        ] {
            assert_eq!(short(status, body), expected, "HTTP {status} {body}");
        }
    }
}
