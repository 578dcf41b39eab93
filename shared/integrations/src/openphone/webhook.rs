//! OpenPhone's calls, each proved by its signature over the bytes that came. The signature's form and time are
//! checked before anything is read.

use domain::{client::Client, event::Source};
use ports::{
    Receipt, Secrets,
    inbound::{Call, InboundSource, Named, Reply, Route},
};

use super::{key, signature::Signatures};

/// OpenPhone's webhooks.
pub struct OpenPhone;

fn signatures<'a>(call: &Call<'a>) -> Result<Signatures<'a>, String> {
    Signatures::of(|name| call.header(name), call.now).map_err(|why| why.to_string())
}

impl InboundSource for OpenPhone {
    fn source(&self) -> Source {
        Source::OpenPhone
    }

    fn route<'p>(&self, parts: &[&'p str]) -> Option<Route<'p>> {
        match parts {
            ["openphone", client] => Some(Route { client, token: None }),
            _ => None,
        }
    }

    fn carries_proof(&self, call: &Call<'_>) -> Result<(), String> {
        signatures(call).map(|_| ())
    }

    fn must_be_signed(&self, _: &Call<'_>, _: &Client) -> bool {
        true
    }

    fn verify(&self, call: &Call<'_>, secrets: &Secrets) -> Result<(), String> {
        signatures(call)?.verify(call.body, secrets).map_err(|error| error.to_string())
    }

    fn name(&self, call: &Call<'_>) -> Named {
        let id = signatures(call).ok().and_then(|signatures| signatures.id);
        Named { key: key(id, &call.text()), query: None }
    }

    fn reply(&self, _: Receipt) -> Reply {
        Reply::empty(200)
    }
}
