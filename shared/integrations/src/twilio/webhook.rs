//! Twilio's calls, each proved by its signature over the URL that we gave out and the form.

use domain::{
    client::{Client, ProviderSettings},
    event::{EventKey, Source},
};
use ports::{
    Receipt, Secrets,
    inbound::{Call, InboundSource, Named, Reply, Route},
};
use sha2::{Digest, Sha256};

use super::{
    inbound::Inbound,
    signature::{self, Payload, SignedBy},
    status::StatusUpdate,
};

/// What people write to a number of Twilio.
pub struct TwilioInbound;

/// Twilio's delivery receipts.
pub struct TwilioStatus;

type Fields = Vec<(String, String)>;

impl InboundSource for TwilioInbound {
    fn source(&self) -> Source {
        Source::TwilioInbound
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["twilio", client, "inbound"] => Some(Route { client, token: None }),
            _ => None,
        }
    }

    fn carries_proof(&self, call: &Call<'_>) -> Result<(), String> {
        carries_proof(call)
    }

    fn must_be_signed(&self, _: &Call<'_>, _: &Client) -> bool {
        true
    }

    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
        verify(call, secrets)
    }

    fn names_account(&self, call: &Call<'_>, client: &Client) -> bool {
        names_account(call, client)
    }

    fn name(&self, call: &Call<'_>) -> Named {
        let key = Inbound::parse(&form(call)).map_or_else(|_| of_unknown(call), |reply| reply.key());
        Named { key, query: call.query.map(str::to_owned) }
    }

    /// An empty document: any text in it would be sent to the lead.
    fn reply(&self, _: Receipt) -> Reply {
        Reply { status: 200, body: Some(("text/xml", "<Response/>")) }
    }
}

impl InboundSource for TwilioStatus {
    fn source(&self) -> Source {
        Source::TwilioStatus
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["twilio", client, "status"] => Some(Route { client, token: None }),
            _ => None,
        }
    }

    fn carries_proof(&self, call: &Call<'_>) -> Result<(), String> {
        carries_proof(call)
    }

    fn must_be_signed(&self, _: &Call<'_>, _: &Client) -> bool {
        true
    }

    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
        verify(call, secrets)
    }

    fn names_account(&self, call: &Call<'_>, client: &Client) -> bool {
        names_account(call, client)
    }

    fn name(&self, call: &Call<'_>) -> Named {
        let query: Fields = serde_urlencoded::from_str(call.query.unwrap_or_default()).unwrap_or_default();
        let key = StatusUpdate::parse(&form(call), &query).map_or_else(|_| of_unknown(call), |update| update.key());
        Named { key, query: call.query.map(str::to_owned) }
    }

    fn reply(&self, _: Receipt) -> Reply {
        Reply::empty(204)
    }
}

fn form(call: &Call<'_>) -> Fields {
    serde_urlencoded::from_bytes(call.body).unwrap_or_default()
}

fn carries_proof(call: &Call<'_>) -> Result<(), String> {
    call.header(signature::HEADER).ok_or_else(|| format!("there is no {} header", signature::HEADER))?;
    let form: Result<Fields, _> = serde_urlencoded::from_bytes(call.body);
    form.map(|_| ()).map_err(|error| format!("the body is not a form: {error}"))
}

fn verify(call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
    let given = call.header(signature::HEADER).unwrap_or_default();
    let by = SignedBy::of(call.header(signature::SETTINGS_HEADER)).map_err(|why| why.to_string())?;
    let keys: Vec<_> = by.secrets().iter().filter_map(|name| secrets.get(*name).cloned()).collect();
    signature::verify(&by, &keys, &call.url, Payload::Form(&form(call)), given).map_err(|why| match &by {
        SignedBy::SharedKey { key: Some(key), .. } => format!("{why} (key {key})"),
        SignedBy::SharedKey { key: None, .. } | SignedBy::AuthToken => why.to_string(),
    })
}

fn names_account(call: &Call<'_>, client: &Client) -> bool {
    let ProviderSettings::Twilio { account_sid, .. } = &client.provider else { return false };
    form(call).iter().any(|(name, value)| name == "AccountSid" && value == account_sid)
}

/// The key of something that Twilio signed and that we cannot read: it is kept all the same.
fn of_unknown(call: &Call<'_>) -> EventKey {
    EventKey(format!("{}{}", EventKey::TWILIO_UNREADABLE, hex::encode(Sha256::digest(call.body))))
}
