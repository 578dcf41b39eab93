//! What OpenPhone posts, signed as either generation of its webhooks signs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::carrier::{Accepted, Heard};

/// A request to a webhook.
#[derive(Clone)]
pub struct Posted {
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// A body as the current generation signs it: by a `whsec_…` secret, under the id of the posting.
#[must_use]
pub fn sign(secret: &str, id: &str, at: DateTime<Utc>, body: String) -> Posted {
    let time = at.timestamp().to_string();
    let value = value(secret.trim_start_matches("whsec_"), &format!("{id}.{time}.{body}"));
    let headers =
        vec![("webhook-id", id.to_owned()), ("webhook-timestamp", time), ("webhook-signature", format!("v1,{value}"))];
    Posted { headers, body }
}

/// A body as the legacy generation signs it, by its key in base64.
#[must_use]
pub fn sign_legacy(key: &str, at: DateTime<Utc>, body: String) -> Posted {
    let time = at.timestamp_millis();
    let value = value(key, &format!("{time}.{body}"));
    Posted { headers: vec![("openphone-signature", format!("hmac;1;{time};{value}"))], body }
}

fn value(key: &str, signed: &str) -> String {
    let key = STANDARD.decode(key).unwrap_or_default();
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length of key");
    STANDARD.encode(mac.chain_update(signed).finalize().into_bytes())
}

impl Posted {
    /// A reply, of the current generation.
    #[must_use]
    pub fn reply(secret: &str, phone_number_id: &str, heard: &Heard) -> Self {
        let at = heard.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let resource = json!({
            "id": heard.sid, "from": heard.from, "to": [heard.to], "text": heard.body, "direction": "incoming",
            "status": "received", "phoneNumberId": phone_number_id, "createdAt": at,
        });
        Self::event(secret, "message.received", &heard.sid, heard.at, &resource)
    }

    /// What became of a text, of the current generation: `kind` is `delivered`, `failed` or `undelivered`.
    #[must_use]
    pub fn receipt(secret: &str, phone_number_id: &str, text: &Accepted, kind: &str, at: DateTime<Utc>) -> Self {
        let created = text.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let resource = json!({
            "id": text.sid, "from": text.from, "to": [text.to], "text": text.body, "direction": "outgoing",
            "status": kind, "phoneNumberId": phone_number_id, "createdAt": created,
        });
        Self::event(secret, &format!("message.{kind}"), &text.sid, at, &resource)
    }

    fn event(secret: &str, kind: &str, about: &str, at: DateTime<Utc>, resource: &serde_json::Value) -> Self {
        let id = format!("msg_{kind}_{about}");
        let created = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = json!({
            "id": format!("EV{about}"), "apiVersion": "2026-03-30", "createdAt": created, "type": kind,
            "data": {"resource": resource, "context": {}},
        });
        sign(secret, &id, at, body.to_string())
    }
}
