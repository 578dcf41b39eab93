//! What an answer of OpenPhone proves. Nothing of its own words is passed on: they repeat numbers.

use reqwest::StatusCode;
use serde_json::Value;

use crate::outbound::exchange::{by_status, refused};
use domain::message::{RefusalClass, SendOutcome};

/// The number is not registered for texting with the carriers (A2P).
const NOT_REGISTERED: u32 = 206_400;
/// Statuses that say that a text which was taken did not go its way.
pub(super) const GONE_WRONG: [&str; 2] = ["failed", "undelivered"];

/// What is proved by an answer to a create.
pub(super) fn outcome(status: StatusCode, body: &[u8]) -> SendOutcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = body.get("code").and_then(Value::as_str).and_then(|code| code.parse().ok());
    match (status.as_u16(), code) {
        (200..=299, _) => taken(status, &body),
        (400, Some(NOT_REGISTERED)) => {
            refused(RefusalClass::Configuration, code, "the number is not registered for texting (A2P)")
        }
        (400, _) if is_about_the_number(&body) => {
            refused(RefusalClass::Recipient, code, "OpenPhone does not take the number")
        }
        (400, _) => refused(RefusalClass::Content, code, "OpenPhone does not take the text"),
        (401, _) => refused(RefusalClass::Configuration, code, "the API key is not accepted"),
        (402, _) => refused(RefusalClass::Configuration, code, "no credits, or the subscription has ended"),
        (403, _) => refused(RefusalClass::Configuration, code, "the user may not use the number"),
        (404, _) => refused(RefusalClass::Configuration, code, "the number that texts come from is not known"),
        _ => by_status(status).unwrap_or_else(|| unknown(status)),
    }
}

fn taken(status: StatusCode, body: &Value) -> SendOutcome {
    let data = body.get("data");
    let field = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_str).unwrap_or_default();
    let (id, state) = (field("id"), field("status"));
    let plain = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || GONE_WRONG.contains(&state) {
        return unknown(status);
    }
    SendOutcome::Accepted { provider_id: id.to_owned() }
}

fn unknown(status: StatusCode) -> SendOutcome {
    SendOutcome::Unknown {
        why: format!("HTTP {} without a readable id of the text, or with a failure", status.as_u16()),
    }
}

/// Whether what is wrong is said of the number that the text goes to.
fn is_about_the_number(body: &Value) -> bool {
    let errors = body.get("errors").and_then(Value::as_array);
    let path = |error: &Value| error.get("path").and_then(Value::as_str).is_some_and(|path| path.starts_with("/to"));
    errors.is_some_and(|errors| errors.iter().any(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> SendOutcome {
        outcome(StatusCode::from_u16(status).expect("a status"), body.as_bytes())
    }

    fn short(outcome: &SendOutcome) -> String {
        match outcome {
            SendOutcome::Accepted { provider_id } => provider_id.clone(),
            SendOutcome::NotSent { .. } => "not sent".to_owned(),
            SendOutcome::Throttled { .. } => "later".to_owned(),
            SendOutcome::Failed { .. } => "failed".to_owned(),
            SendOutcome::Unknown { .. } => "unknown".to_owned(),
            SendOutcome::Refused(refusal) => format!("{:?} {:?}", refusal.class, refusal.code),
        }
    }

    #[test]
    fn the_recorded_answers_mean_what_they_should() {
        for (status, body, expected) in [
            (202, include_str!("../../../../../events/openphone/message_accepted.json"), "AC0demo0001"),
            (
                400,
                include_str!("../../../../../events/openphone/error_not_registered.json"),
                "Configuration Some(206400)",
            ),
            (400, include_str!("../../../../../events/openphone/error_to.json"), "Recipient Some(200400)"),
            (402, include_str!("../../../../../events/openphone/error_no_credits.json"), "Configuration Some(201402)"),
        ] {
            let outcome = of(status, body);
            assert_eq!(short(&outcome), expected);
            assert!(!format!("{outcome:?}").contains("305"), "its words hold the number: {outcome:?}");
        }
    }

    #[test]
    fn every_kind_of_answer_has_its_proof() {
        for (status, body, expected) in [
            (200, r#"{"data": {"id": "AC1"}}"#, "AC1"),
            (202, "", "unknown"),
            (202, r#"{"data": {}}"#, "unknown"),
            (202, r#"{"data": {"id": ""}}"#, "unknown"),
            (202, r#"{"data": {"id": 7}}"#, "unknown"),
            (202, r#"{"data": {"id": "AC1", "status": "failed"}}"#, "unknown"),
            (202, r#"{"data": {"id": "AC1", "status": "undelivered"}}"#, "unknown"),
            (202, r#"{"data": {"id": "AC1", "status": "teleported"}}"#, "AC1"),
            (301, "", "Configuration None"),
            (302, "", "unknown"),
            (308, "", "Configuration None"),
            (400, "", "Content None"),
            (400, "<html>", "Content None"),
            (400, r#"{"errors": [{"path": "/content"}]}"#, "Content None"),
            (400, r#"{"errors": "none"}"#, "Content None"),
            (401, r#"{"code": "0200401"}"#, "Configuration Some(200401)"),
            (401, "", "Configuration None"),
            (403, r#"{"code": "0202403"}"#, "Configuration Some(202403)"),
            (404, r#"{"code": "0200404"}"#, "Configuration Some(200404)"),
            (408, "", "unknown"),
            (409, "", "unknown"),
            (413, "", "Content None"),
            (422, "", "Content None"),
            (429, "", "later"),
            (500, r#"{"code": "0201500"}"#, "unknown"),
            (503, "", "unknown"),
        ] {
            assert_eq!(short(&of(status, body)), expected, "HTTP {status} {body}");
        }
    }
}
