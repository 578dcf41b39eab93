//! Whether a person unsubscribed with SimpleTexting, asked before each text. A no that is said
//! there reaches us as an event, or is lost; one that was said before we were connected does not.

use reqwest::StatusCode;
use serde_json::Value;

use super::{SimpleTexting, signed};
use crate::outbound::exchange::{configuration, refused, throttled};
use domain::{
    ids::ClientId,
    message::{RefusalClass, SendOutcome},
};
use ports::Secrets;

/// How often it is asked: reading changes nothing, and a try of the text is worth more.
const ASKS: usize = 2;

impl SimpleTexting {
    /// Whether the provider holds nothing against a text to a number.
    ///
    /// # Errors
    /// What is proved otherwise. The person said no there: our own opt-out. When it cannot be read, what is
    /// proved is that the text was not handed over, and nothing about the person: it was not sent.
    pub(super) async fn may_be_texted(&self, client: &ClientId, to: &str) -> Result<(), SendOutcome> {
        let url = format!("{}/api/contacts/{to}", self.base);
        let request = |http: &reqwest::Client, secrets: &Secrets, turn| signed(http.get(&url), secrets, turn);
        let mut why = String::new();
        for _ in 0..ASKS {
            match self.exchange.read(client, &request).await {
                Ok((status, body)) => match said(status, &body) {
                    Said::Nothing => return Ok(()),
                    Said::Against(outcome) => return Err(outcome),
                    Said::Unreadable(words) => why = words,
                },
                Err(words) => why = words,
            }
        }
        let why = format!("whether the person unsubscribed could not be read, so it was not handed over: {why}");
        Err(SendOutcome::NotSent { why })
    }
}

enum Said {
    Nothing,
    Against(SendOutcome),
    Unreadable(String),
}

fn said(status: StatusCode, body: &[u8]) -> Said {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = status.as_u16();
    match code {
        200 => match body.get("subscriptionStatus").and_then(Value::as_str) {
            Some("OPT_IN") => Said::Nothing,
            Some("OPT_OUT" | "REJECT_CONFIRMATION") => {
                let words = "the person has unsubscribed with SimpleTexting";
                Said::Against(refused(RefusalClass::OptedOut, None, words))
            }
            Some("WAIT_SMS_CONFIRMATION") => {
                let words = "the person has not confirmed the subscription to SimpleTexting yet";
                Said::Against(refused(RefusalClass::Content, None, words))
            }
            _ => Said::Unreadable("the contact does not say it".to_owned()),
        },
        // Nobody there by that number: our own consent stands.
        404 => Said::Nothing,
        429 => {
            Said::Against(throttled("too many requests (HTTP 429); whether the person unsubscribed could not be read"))
        }
        401..=403 => Said::Against(configuration(format!("the account may not read contacts (HTTP {code})"))),
        _ => Said::Unreadable(format!("HTTP {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(status: u16, body: &str) -> String {
        match said(StatusCode::from_u16(status).expect("a status"), body.as_bytes()) {
            Said::Nothing => "nothing".to_owned(),
            Said::Against(SendOutcome::Refused(refusal)) => format!("{:?}", refusal.class),
            Said::Against(SendOutcome::Throttled { .. }) => "later".to_owned(),
            Said::Against(other) => format!("{other:?}"),
            Said::Unreadable(_) => "unreadable".to_owned(),
        }
    }

    #[test]
    fn only_a_subscriber_and_a_stranger_have_nothing_against_a_text() {
        let opted_in = include_str!("../../../../../events/simpletexting/contact_opt_in.json");
        let opted_out = include_str!("../../../../../events/simpletexting/contact_opt_out.json");
        for (status, body, expected) in [
            (200, opted_in, "nothing"),
            (404, "", "nothing"),
            (200, opted_out, "OptedOut"),
            (200, r#"{"subscriptionStatus": "REJECT_CONFIRMATION"}"#, "OptedOut"),
            (200, r#"{"subscriptionStatus": "WAIT_SMS_CONFIRMATION"}"#, "Content"),
            (200, r#"{"subscriptionStatus": "TELEPORTED"}"#, "unreadable"),
            (200, "", "unreadable"),
            (400, "", "unreadable"),
            (401, "", "Configuration"),
            (429, "", "later"),
            (503, "", "unreadable"),
        ] {
            assert_eq!(short(status, body), expected, "HTTP {status} {body}");
        }
    }
}
